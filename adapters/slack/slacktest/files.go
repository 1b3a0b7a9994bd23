package slacktest

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// maxUpload is how many bytes of a file are taken; ours, Slack takes 1 GB.
const maxUpload = 64 << 20

// A file is one that stands in some channels.
type file struct {
	id, name, title, mime, user string
	data                        []byte
	channels                    []string
	created                     int64
}

// An upload is a file on its way: it was announced, and perhaps came.
type upload struct {
	file   *file
	length int
	came   bool
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

// fileJSON is a file as Slack tells of it.
func (s *Server) fileJSON(f *file) object {
	address := s.http.URL + "/files-pri/" + s.opts.Team + "-" + f.id + "/"
	return object{
		"id": f.id, "created": f.created, "timestamp": f.created, "name": f.name, "title": f.title, "mimetype": f.mime,
		"filetype": strings.TrimPrefix(path.Ext(f.name), "."), "pretty_type": strings.ToUpper(strings.TrimPrefix(path.Ext(f.name), ".")),
		"user": f.user, "user_team": s.users[f.user].Team, "editable": false, "size": len(f.data), "mode": "hosted", "is_external": false,
		"external_type": "", "is_public": true, "public_url_shared": false, "display_as_bot": false, "username": "",
		"url_private": address + url.PathEscape(f.name), "url_private_download": address + url.PathEscape(f.name), "permalink": "https://" + domain + ".slack.com/files/" + f.user + "/" + f.id,
		"has_rich_preview": false, "file_access": "visible",
	}
}

// canRead reports whether the app may read a file: it is the app's own, or
// stands where the bot is.
func (s *Server) canRead(f *file) bool {
	return s.scopes["files:read"] && (f.user == botUID || slices.ContainsFunc(f.channels, func(id string) bool {
		return s.channels[id] != nil && slices.Contains(s.channels[id].Members, botUID)
	}))
}

// serveFile gives a file to the bot. Who may not have it is led to the page
// where people sign in, as Slack does.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	if s.broken(w, "download", false) != nil {
		return
	}
	_, id, _ := strings.Cut(r.PathValue("id"), "-")
	s.mu.Lock()
	f := s.files[id]
	ok := f != nil && s.canRead(f) && r.Header.Get("Authorization") == "Bearer "+s.tokens.bot
	s.mu.Unlock()
	if !ok {
		s.judge.add("download: the app may not have the file")
		http.Redirect(w, r, "/signin?redir="+url.QueryEscape(r.URL.Path), http.StatusFound)
		return
	}
	if f.mime != "" {
		w.Header().Set("Content-Type", f.mime)
	}
	_, _ = w.Write(f.data) // whoever went away does not wait for it
}

// getUploadURL is files.getUploadURLExternal.
func getUploadURL(c *call) (object, error) {
	name, length := c.text("filename"), c.number("length", 0)
	if name == "" || length <= 0 || length > maxUpload {
		return nil, fail("invalid_arguments", "[ERROR] filename or length")
	}
	id := c.s.id("F")
	kind, _, _ := mime.ParseMediaType(mime.TypeByExtension(path.Ext(name))) // empty: unknown
	c.s.uploads[id] = &upload{length: length, file: &file{id: id, name: name, title: name, mime: kind, user: botUID, created: c.s.opts.Now().Unix()}}
	return object{"upload_url": c.s.http.URL + "/upload/" + id, "file_id": id}, nil
}

// serveUpload takes the bytes of a file, as a form's field or as they are.
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	if s.broken(w, "upload", false) != nil {
		return
	}
	data, err := uploaded(r)
	s.mu.Lock()
	up := s.uploads[r.PathValue("id")]
	ok := err == nil && up != nil && !up.came && len(data) == up.length
	if ok {
		up.came, up.file.data = true, data
	}
	s.mu.Unlock()
	if s.broken(w, "upload", true) != nil {
		return
	}
	if !ok {
		s.judge.add("upload: %d bytes are not what was announced", len(data))
		http.Error(w, "bad upload", http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, "OK - %d", len(data))
}

// uploaded are the bytes of a request.
func uploaded(r *http.Request) ([]byte, error) {
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // none: as they are
	if kind != "multipart/form-data" {
		return io.ReadAll(io.LimitReader(r.Body, maxUpload+1))
	}
	parts := multipart.NewReader(r.Body, params["boundary"])
	for {
		part, err := parts.NextPart()
		if err != nil {
			return nil, err
		}
		if part.FileName() != "" {
			data, err := io.ReadAll(io.LimitReader(part, maxUpload+1))
			if err != nil {
				return nil, err
			}
			_, err = parts.NextPart() // the whole form came
			if err != io.EOF {
				return nil, fmt.Errorf("after the file: %w", err)
			}
			return data, nil
		}
	}
}

// completeUpload is files.completeUploadExternal: the files are shared, with
// one message in each channel.
func completeUpload(c *call) (object, error) {
	s := c.s
	var wanted []struct{ ID, Title string }
	if err := c.json("files", &wanted); err != nil {
		return nil, err
	}
	if len(wanted) == 0 {
		return nil, fail("invalid_arguments", "[ERROR] no files")
	}
	targets := c.list("channels")
	if id := c.text("channel_id"); id != "" {
		targets = append(targets, id)
	}
	var channels []*Channel
	for _, id := range targets {
		ch := s.channels[id]
		switch {
		case ch == nil || !slices.Contains(ch.Members, botUID):
			return nil, fail("invalid_channel")
		case ch.Archived:
			return nil, fail("is_archived")
		}
		channels = append(channels, ch)
	}
	var files []*file
	for _, one := range wanted {
		up := s.uploads[one.ID]
		if up == nil || !up.came {
			return nil, fail("file_not_found")
		}
		if one.Title != "" {
			up.file.title = one.Title
		}
		files = append(files, up.file)
	}
	shown := []object{}
	for _, f := range files {
		delete(s.uploads, f.id)
		s.files[f.id] = f
		f.channels = append(f.channels, targets...)
		shown = append(shown, s.fileJSON(f))
	}
	for _, ch := range channels {
		thread, err := c.thread(ch)
		if err != nil {
			return nil, err
		}
		m := &Message{User: botUID, BotID: botID, Subtype: "file_share", Text: c.text("initial_comment"), Thread: thread}
		for _, f := range files {
			m.Files = append(m.Files, f.id)
		}
		s.judge.pings("files.completeUploadExternal", m.Text)
		s.add(ch, m)
		c.events = append(c.events, s.said(ch, m, nil)...)
	}
	return object{"files": shown}, nil
}

// filesInfo is files.info.
func filesInfo(c *call) (object, error) {
	f := c.s.files[c.text("file")]
	if f == nil || !c.s.canRead(f) {
		return nil, fail("file_not_found")
	}
	return object{"file": c.s.fileJSON(f), "comments": []object{}, "response_metadata": object{"next_cursor": ""}}, nil
}

// filesDelete is files.delete, of the app's own.
func filesDelete(c *call) (object, error) {
	f := c.s.files[c.text("file")]
	switch {
	case f == nil:
		return nil, fail("file_not_found")
	case f.user != botUID:
		return nil, fail("cant_delete_file")
	}
	delete(c.s.files, f.id)
	for _, id := range f.channels {
		ch := c.s.channels[id]
		for _, m := range slices.Clone(ch.messages) {
			if !slices.Contains(m.Files, f.id) {
				continue
			}
			if m.Files = without(m.Files, []string{f.id}); len(m.Files) == 0 && m.Text == "" {
				c.events = append(c.events, c.s.deleted(ch, m)...)
			}
		}
	}
	c.s.change()
	return object{}, nil
}
