package console

import (
	"bytes"
	"io"
	"sync"
	"testing"

	"github.com/signpost-bot/signpost/bot/chat/chattest"
)

// A page is what a person sees, written by many goroutines.
type page struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *page) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

func TestPlatform(t *testing.T) {
	chattest.TestPlatform(t, func(t *testing.T) chattest.Stage {
		in, lines := io.Pipe()
		shown := &page{}
		c := New(Options{In: in, Out: shown, Front: &bot{}})
		return chattest.Stage{
			Platform: c,
			Say: func(text string) {
				if _, err := io.WriteString(lines, text+"\n"); err != nil {
					t.Error(err)
				}
			},
			Seen:  shown.String,
			Leave: func() { lines.Close() },
		}
	})
}
