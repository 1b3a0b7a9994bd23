package discordtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// Source: https://docs.discord.com/developers/reference#uploading-files
	maxFile = 10 << 20 // bytes
	// Source: https://docs.discord.com/developers/resources/message#create-message
	maxFiles = 10
)

// A file is one that stands on a message.
type file struct {
	id, channel, name, mime, about string
	data                           []byte
	ephemeral                      bool
}

// File is what a file holds, and its name. False: there is none.
func (s *Server) File(id string) (name string, data []byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[id]
	if f == nil {
		return "", nil, false
	}
	return f.name, bytes.Clone(f.data), true
}

// fileJSON is a file as Discord tells of it, with an address that ends. The
// lock is held.
func (s *Server) fileJSON(f *file) object {
	now := s.opts.Now()
	path := "/attachments/" + f.channel + "/" + f.id + "/" + url.PathEscape(f.name)
	ends := strconv.FormatInt(now.Add(addressLasts).Unix(), 16)
	address := s.http.URL + path + "?ex=" + ends + "&is=" + strconv.FormatInt(now.Unix(), 16) + "&hm=" + s.sign(path, ends) + "&"
	o := object{"id": f.id, "filename": f.name, "size": len(f.data), "url": address, "proxy_url": address, "content_scan_version": 0}
	if f.mime != "" {
		o["content_type"] = f.mime
	}
	if f.about != "" {
		o["description"] = f.about
	}
	if f.ephemeral {
		o["ephemeral"] = true
	}
	return o
}

// filesJSON are the files of a message. The lock is held.
func (s *Server) filesJSON(m *Message) []object {
	all := []object{}
	for _, id := range m.Files {
		if f := s.files[id]; f != nil {
			all = append(all, s.fileJSON(f))
		}
	}
	return all
}

// sign makes the address of a file one that nobody else can make.
func (s *Server) sign(path, ends string) string {
	sum := sha256.Sum256([]byte(path + ends + string(s.key)))
	return hex.EncodeToString(sum[:])
}

// serveFile gives a file to whoever has its address.
// Source: https://docs.discord.com/developers/reference#signed-attachment-cdn-urls
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	const method, route = "GET", "/attachments"
	if s.broken(w, method, route, false) {
		return
	}
	if r.Header.Get("Authorization") != "" {
		s.judge.add("%s %s: the bot's token for what needs none", method, route)
	}
	q := r.URL.Query()
	ends, err := strconv.ParseInt(q.Get("ex"), 16, 64)
	s.mu.Lock()
	f := s.files[r.PathValue("id")]
	now := s.opts.Now()
	s.mu.Unlock()
	ok := err == nil && f != nil && f.channel == r.PathValue("channel") && q.Get("hm") == s.sign(r.URL.EscapedPath(), q.Get("ex")) && now.Before(time.Unix(ends, 0))
	if s.broken(w, method, route, true) {
		return
	}
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "This content is no longer available.")
		return
	}
	if f.mime != "" {
		w.Header().Set("Content-Type", f.mime)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(f.data)))
	_, _ = w.Write(f.data) // whoever went away does not wait for it
}

// An attachment is a file as the bot names it in a message.
type attachment struct {
	ID          any     `json:"id"`
	Filename    string  `json:"filename"`
	Description *string `json:"description"`
}

func (a attachment) id() string {
	switch id := a.ID.(type) {
	case string:
		return id
	case float64:
		return strconv.FormatFloat(id, 'f', -1, 64)
	}
	return ""
}

// take keeps the files of a call, as its message names them, and those of
// before that it keeps. The lock is held.
func (c *call) take(channel string, named *[]attachment, before []string) ([]string, error) {
	if len(c.files) > maxFiles {
		return nil, invalidForm(fault{[]string{"attachments"}, "BASE_TYPE_MAX_LENGTH", fmt.Sprintf("Must be %d or fewer in length.", maxFiles)})
	}
	kept := slices.Clone(before)
	if named != nil {
		kept = nil
		for _, a := range *named {
			if id := a.id(); slices.Contains(before, id) {
				kept = append(kept, id)
			}
		}
	}
	for _, u := range c.files {
		if len(u.Data) > maxFile {
			return nil, refuse(http.StatusRequestEntityTooLarge, codeTooLarge, "Request entity too large")
		}
		u.Name = strings.ReplaceAll(u.Name, " ", "_") // as Discord does
		about := ""
		if named != nil {
			i := slices.IndexFunc(*named, func(a attachment) bool { return a.id() == u.at })
			if i < 0 {
				return nil, invalidForm(fault{[]string{"attachments"}, "ATTACHMENT_NOT_FOUND", "A file is in no attachment."})
			}
			if a := (*named)[i]; a.Filename != "" {
				u.Name = a.Filename
			}
			if d := (*named)[i].Description; d != nil {
				about = *d
			}
		}
		f := c.s.addFile(channel, u)
		f.about = about
		kept = append(kept, f.id)
	}
	return kept, nil
}

// fingerprint tells strings apart.
func fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
