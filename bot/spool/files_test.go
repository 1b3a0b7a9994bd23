package spool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A filing platform has one file, takes some, and panics for another.
type filing struct {
	stubPlatform
	limit int64
}

func (p filing) Limits() chat.Limits { return chat.Limits{File: p.limit} }

func (p filing) Fetch(_ context.Context, a chat.Attachment) (io.ReadCloser, error) {
	if a.File.Name == "panic" {
		panic("no file")
	}
	return io.NopCloser(strings.NewReader("1234")), nil
}

// A file comes from its own platform, and no more of it than the other takes.
func TestOpenFiles(t *testing.T) {
	from := chat.Place{Platform: "here"}
	tests := []struct {
		name  string
		file  chat.Attachment
		limit int64
		read  string
		fails bool
	}{
		{"fits", chat.Attachment{From: from}, 4, "1234", false},
		{"no limit", chat.Attachment{From: from}, 0, "1234", false},
		{"too long, whatever it says", chat.Attachment{From: from, File: chat.File{Size: 1}}, 3, "", true},
		{"from nowhere", chat.Attachment{From: chat.Place{Platform: "elsewhere"}}, 4, "", true},
		{"panics", chat.Attachment{From: from, File: chat.File{Name: "panic"}}, 4, "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			log := slog.New(slog.DiscardHandler)
			d := delivery{
				Spool:    &Spool{platforms: map[string]chat.Platform{"here": filing{}}, log: log},
				platform: filing{limit: test.limit}, log: log,
			}
			var got []byte
			file, err := d.open(t.Context(), test.file)
			if err == nil {
				got, err = io.ReadAll(file)
			}
			if (err != nil) != test.fails || !test.fails && string(got) != test.read {
				t.Errorf("read %q, %v", got, err)
			}
		})
	}
}

// A making handler makes one file, fails at the others, and finds no store for
// one of them.
type making struct{ stubHandler }

func (making) Make(_ context.Context, made string) ([]byte, error) {
	switch made {
	case "list/1":
		return []byte("12345"), nil
	case "away":
		return nil, fmt.Errorf("read it: %w", ErrUnavailable)
	case "panic":
		panic("no file")
	}
	return nil, errors.New("there is none such")
}

// A reading platform reads the files that it is sent.
type reading struct {
	filing
	read *[]string
}

func (p reading) Send(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	for _, a := range d.Reply.Files {
		said := "cannot be opened"
		if file, err := d.Open(ctx, a); err == nil {
			data, err := io.ReadAll(file)
			said = fmt.Sprintf("%d bytes: %s %v", a.File.Size, data, err)
		}
		*p.read = append(*p.read, a.File.Name+" "+said)
	}
	return chat.Receipt{}, nil
}

// Files of ours are made when they are sent; their size is known then. Without
// the store they wait, and so do the words; whatever else is wrong with one, the
// rest goes.
func TestMadeFiles(t *testing.T) {
	attach := func(name, made string) chat.Attachment {
		a := chat.Attachment{File: chat.File{Name: name}, Made: made}
		if made == "" {
			a.From, a.File.Size = chat.Place{Platform: "here"}, 4
		}
		return a
	}
	said, list := attach("said", ""), attach("list", "list/1")
	tests := []struct {
		name  string
		deed  chat.Deed
		files []chat.Attachment
		read  string // as the platform reads them; empty: it is sent nothing
	}{
		{"made", chat.Post, []chat.Attachment{list}, "list 5 bytes: 12345 <nil>"},
		{"beside others", chat.Post, []chat.Attachment{said, list}, "said 4 bytes: 1234 <nil>, list 5 bytes: 12345 <nil>"},
		{"unknown", chat.Post, []chat.Attachment{attach("odd", "odd"), list}, "odd cannot be opened, list 5 bytes: 12345 <nil>"},
		{"panics", chat.Post, []chat.Attachment{attach("odd", "panic"), list}, "odd cannot be opened, list 5 bytes: 12345 <nil>"},
		{"store is away", chat.Post, []chat.Attachment{list, attach("odd", "away")}, ""},
		{"none but for a new message", chat.Replace, []chat.Attachment{list}, "list cannot be opened"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var read []string
			log := slog.New(slog.DiscardHandler)
			p := reading{read: &read}
			d := delivery{Spool: &Spool{platforms: map[string]chat.Platform{"here": p}, handler: making{}, log: log}, platform: p, log: log}
			d.letter.Open = d.open
			_, err := d.send(t.Context(), chat.Reply{Deed: test.deed, Files: test.files})
			if got := strings.Join(read, ", "); got != test.read {
				t.Errorf("read %q, want %q", got, test.read)
			}
			if waits := errors.Is(err, chat.ErrNotSent); waits != (test.read == "") || err != nil && !waits {
				t.Errorf("send = %v", err)
			}
			if test.files[0].Made != "" && test.files[0].File.Size != 0 {
				t.Error("the stored reply was changed")
			}
		})
	}
}
