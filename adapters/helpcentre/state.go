package helpcentre

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/knowledge"
)

// What an import keeps in its folder, as files whose names begin with a dot and
// the source's name: the state, which is for git, and while one is under way the
// journal, by which it goes on if it breaks off. Both are lines of JSON: first
// the header, then a record each.
const (
	stateFile   = ".signpost-import.%s.json"
	journalFile = ".signpost-import.%s.journal"
	tempFile    = ".signpost-import.%s.tmp"

	stateVersion = 1
	// fresh is how old a journal may be: what was fetched earlier is asked for
	// again, though nothing that has not changed is sent.
	fresh    = 24 * time.Hour
	maxState = 256 << 20 // bytes
)

// A header begins a state or journal.
type header struct {
	Import   string    `json:"import"` // the source's name
	Version  int       `json:"version"`
	Settings string    `json:"settings"`         // sum of what decides what becomes of a page
	Started  time.Time `json:"started,omitzero"` // of a journal
	From     string    `json:"from,omitempty"`   // of a journal: the mark where the walk began
}

// A record is what is kept of an item.
type record struct {
	Key  string `json:"key"`
	File string `json:"file,omitempty"` // empty: it was left out
	Skip string `json:"skip,omitempty"` // why
	ID   string `json:"id,omitempty"`
	Lang string `json:"lang,omitempty"`
	Known
	Sums map[string]string `json:"sums,omitempty"` // of each of [knowledge.PageKeys], as it was imported

	// Of a journal alone.
	Mark   string `json:"mark,omitempty"`
	Failed bool   `json:"failed,omitempty"`
}

// parseState reads a state or journal. A last line that was cut off is left out,
// and so are records that are none.
func parseState(data []byte) (header, []record, error) {
	var h header
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() {
		return h, nil, errors.New("is empty")
	}
	if err := json.Unmarshal(lines.Bytes(), &h); err != nil || h.Import == "" {
		return header{}, nil, errors.New("does not begin as a state of an import")
	}
	if h.Version > stateVersion {
		return header{}, nil, fmt.Errorf("is of a newer version of Signpost (%d)", h.Version)
	}
	var records []record
	for lines.Scan() {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err == nil && r.Key != "" && (r.File == "" || sound(r.File)) {
			records = append(records, r)
		}
	}
	return h, records, nil
}

// sound reports whether a file's name is one that an import gives, or somebody
// who moved the file: inside the folder, and read by [knowledge.Load].
func sound(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.ContainsAny(part, "\\:\x00") {
			return false
		}
	}
	return strings.HasSuffix(strings.ToLower(name), ".md")
}

// marshalState is the file of a state: the same for the same records.
func marshalState(h header, records map[string]record) []byte {
	var b bytes.Buffer
	b.Write(jsonLine(h))
	keys := make([]string, 0, len(records))
	for key := range records {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		r := records[key]
		r.Mark, r.Failed = "", false
		b.Write(jsonLine(r))
	}
	return b.Bytes()
}

func jsonLine(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // it is made of texts and times
	}
	return b.Bytes()
}

// sumLen is how many bytes of a hash tell one value from another.
const sumLen = 8

// sums are those of all keys of a page as it is read back from its file.
func sums(p knowledge.Page) map[string]string {
	all := map[string]string{}
	for _, key := range knowledge.PageKeys {
		if key != "questions" || len(p.Questions) > 0 {
			all[key] = sum(valueOf(p, key))
		}
	}
	return all
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:sumLen])
}

// valueOf is a key of a page as text.
func valueOf(p knowledge.Page, key string) string {
	switch key {
	case "title":
		return p.Title
	case "url":
		return p.URL
	case "id":
		return string(p.ID)
	case "lang":
		return string(p.Lang)
	case "audience":
		return strings.Join(p.Audiences, "\n")
	case "topic":
		return p.Topic
	case "questions":
		return strings.Join(p.Questions, "\n")
	case "updated":
		if p.Updated.IsZero() {
			return "unknown"
		}
		return p.Updated.UTC().Format(time.DateOnly)
	}
	return p.Body
}
