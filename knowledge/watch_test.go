package knowledge

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

// save writes a file as careful editors do: beside it, then renamed over it.
func save(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+"~", data, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		t.Fatal(err)
	}
}

// A journal is a buffer that one goroutine writes and another reads.
type journal struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buffer.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buffer.String()
}

// TestWatcher runs minutes of watching, with events made up, in fake time.
func TestWatcher(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kb")
	path := filepath.Join(dir, "en", "a.md")
	save(t, path, page("a", "One."))

	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		events := make(chan fsnotify.Event)
		var told journal
		w := &Watcher{
			Dir: dir, Rules: rules, events: events,
			Log:  slog.New(slog.NewTextHandler(&told, nil)),
			Swap: func(set []*Article) { fmt.Fprintf(&told, "swap %s\n", set[0].Sections[0].Text) },
		}
		ended := make(chan struct{})
		go func() { defer close(ended); w.Run(ctx) }()

		after := func(d time.Duration, swapsWant string, problems int) {
			t.Helper()
			<-time.After(d)
			synctest.Wait()
			var swaps []string // the text of the article
			var refused int
			for line := range strings.Lines(told.String()) {
				if text, ok := strings.CutPrefix(line, "swap "); ok {
					swaps = append(swaps, strings.TrimSpace(text))
				}
				refused += strings.Count(line, "article refused")
			}
			if strings.Join(swaps, " ") != swapsWant || refused != problems {
				t.Fatalf("swapped in %q, logged %d problems, want %q, %d\n%s", swaps, refused, swapsWant, problems, told.String())
			}
		}
		event := func() { events <- fsnotify.Event{Name: path, Op: fsnotify.Write} }

		after(0, "One.", 0)
		save(t, path, page("a", "One.\n")) // no difference to the article
		event()
		after(quiet, "One.", 0)

		save(t, path, page("a", "Two."))
		for range 5 {
			event()
			after(quiet/2, "One.", 0)
		}
		after(quiet/2, "One. Two.", 0)

		save(t, path, page("a", ""))
		event()
		after(quiet, "One. Two.", 1)
		after(3*rescan, "One. Two.", 1) // told once
		save(t, path, page("a", "Two."))
		after(rescan, "One. Two.", 1) // back to what is in use
		save(t, path, page("a", ""))
		after(rescan, "One. Two.", 2) // told anew

		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		event()
		after(quiet, "One. Two.", 3)
		after(3*rescan, "One. Two.", 3)
		save(t, path, page("a", "Three.")) // nothing tells
		after(rescan, "One. Two. Three.", 3)

		cancel()
		<-ended
	})
}

func TestWatcherKeepsCurrent(t *testing.T) {
	dir := t.TempDir()
	save(t, filepath.Join(dir, "a.md"), page("a", "One."))
	current, err := Load(os.DirFS(dir), rules)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
		defer cancel()
		w := &Watcher{
			Dir: dir, Rules: rules, Current: current, Rescan: time.Hour, Log: slog.New(slog.DiscardHandler),
			Swap:   func([]*Article) { t.Error("swapped in the set already in use") },
			events: make(chan fsnotify.Event),
		}
		w.Run(ctx)
	})
}

// TestWatcherEvents relies on the events of the real system alone.
func TestWatcherEvents(t *testing.T) {
	dir := t.TempDir()
	// Kubernetes mounts en -> ..data/en, ..data -> ..v1 and swaps ..data.
	save(t, filepath.Join(dir, "..v1", "en", "a.md"), page("a", "One."))
	save(t, filepath.Join(dir, "..v2", "en", "a.md"), page("a", "Two."))
	for link, target := range map[string]string{"en": "..data/en", "..data": "..v1"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	swaps := make(chan []*Article)
	ctx, cancel := context.WithCancel(t.Context())
	w := &Watcher{
		Dir: dir, Rules: rules, Rescan: time.Hour, Log: slog.New(slog.DiscardHandler),
		Swap: func(set []*Article) { swaps <- set },
	}
	ended := make(chan struct{})
	go func() { defer close(ended); w.Run(ctx) }()

	next := func(want string) {
		t.Helper()
		select {
		case set := <-swaps:
			var got []string
			for _, a := range set {
				got = append(got, a.Sections[0].Text)
			}
			if strings.Join(got, " ") != want {
				t.Fatalf("swapped in %q, want %q", got, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("nothing swapped in, want %q", want)
		}
	}
	next("One.")
	for _, target := range []string{"..v2", "..v1"} {
		fresh := filepath.Join(dir, "..tmp")
		if err := os.Symlink(target, fresh); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(fresh, filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
		next(map[string]string{"..v1": "One.", "..v2": "Two."}[target])
	}
	save(t, filepath.Join(dir, "..v1", "en", "a.md"), page("a", "Three.")) // behind the links
	next("Three.")
	if err := os.MkdirAll(filepath.Join(dir, "es", "new"), 0o755); err != nil {
		t.Fatal(err)
	}
	save(t, filepath.Join(dir, "es", "new", "b.md"), page("b", "Four."))
	next("Three. Four.")
	save(t, filepath.Join(dir, "es", "new", "b.md"), page("b", "Five.")) // in a folder made while watching
	next("Three. Five.")

	cancel()
	<-ended
}
