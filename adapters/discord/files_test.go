package discord

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A drawer holds files by their id, and waits for those that are open.
type drawer struct {
	files map[string]string
	open  sync.WaitGroup
}

func (d *drawer) Open(_ context.Context, a chat.Attachment) (io.ReadCloser, error) {
	text, ok := d.files[a.File.ID]
	if !ok {
		return nil, errors.New("no such file")
	}
	d.open.Add(1)
	return &drawn{Reader: strings.NewReader(text), close: sync.OnceFunc(d.open.Done)}, nil
}

// drawn is an open file.
type drawn struct {
	io.Reader
	close func()
}

func (f *drawn) Close() error {
	f.close()
	return nil
}

func attach(id, name string, size int64) chat.Attachment {
	return chat.Attachment{File: chat.File{ID: id, Name: name, Size: size}}
}
