package spool

import (
	"context"
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
