package embedding

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// wantKnown looks that a client knows passages, and has them right.
func wantKnown(t *testing.T, c *Client, f *fake, texts []string) {
	t.Helper()
	vectors, ok := c.Known(texts)
	if !ok {
		t.Fatal("not all are known")
	}
	for i, text := range texts {
		want := make([]float32, 8)
		if !empty(text) {
			want = f.vector(c.o.PassagePrefix + text)
			must(t, normalise(want))
		}
		if !slices.Equal(vectors[i], want) {
			t.Fatalf("passage %d has %v, want %v", i, vectors[i], want)
		}
	}
}

func TestFill(t *testing.T) {
	for _, folder := range []string{"", filepath.Join(t.TempDir(), "cache")} {
		f := &fake{}
		c := open(t, f, Options{Folder: folder, PassagePrefix: "passage: "})
		texts := append(passages(70), "", "passage number 3 of an article", "  ")
		if _, ok := c.Known(texts); ok {
			t.Fatal("known before")
		}
		var heard []int
		must(t, c.Fill(t.Context(), texts, func(done, of int) {
			if of != 71 { // and the one without a word
				t.Errorf("of %d", of)
			}
			heard = append(heard, done)
		}))
		if !slices.Equal(heard, []int{1, 32, 63, 71}) {
			t.Errorf("heard %v", heard)
		}
		asked := f.count()
		wantKnown(t, c, f, texts)
		must(t, c.Fill(t.Context(), texts, nil))
		if f.count() != asked {
			t.Error("what is known was asked for")
		}
		vectors, err := c.Embed(t.Context(), semantic.Passage, texts)
		must(t, err)
		if known, _ := c.Known(texts); !slices.EqualFunc(vectors, known, slices.Equal) {
			t.Error("vectors differ from those that are kept")
		}
		if folder == "" {
			continue
		}

		// Another run, with the server away: what is kept will do.
		f.set(func() {
			f.trouble = func(w http.ResponseWriter, _ *http.Request, _ int) bool { w.WriteHeader(502); return true }
		})
		next := open(t, f, Options{Folder: folder, PassagePrefix: "passage: "})
		if next.Model() != c.Model() {
			t.Errorf("model %+v, before %+v", next.Model(), c.Model())
		}
		wantKnown(t, next, f, texts)
		for _, path := range []string{folder, c.cache.(*file).path} {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: %v %v", path, info.Mode(), err)
			}
		}
	}
}

// TestFillResumes: what was computed before the end is not computed again.
func TestFillResumes(t *testing.T) {
	folder, f, texts := t.TempDir(), &fake{}, passages(100)
	c := open(t, f, Options{Folder: folder})
	ctx, kill := context.WithCancel(t.Context())
	err := c.Fill(ctx, texts, func(done, _ int) {
		if done >= 62 {
			kill()
		}
	})
	wantErr(t, err, context.Canceled)
	next := open(t, f, Options{Folder: folder})
	must(t, next.Fill(t.Context(), texts, nil))
	wantKnown(t, next, f, texts)
	if got := len(f.texts()); got != 100 {
		t.Errorf("%d passages were computed, want 100", got)
	}
}

// TestFillBounds: a request has a bounded number of texts and bytes.
func TestFillBounds(t *testing.T) {
	f := &fake{}
	c := open(t, f, Options{})
	var texts []string
	for i := range 5 {
		texts = append(texts, strings.Repeat(string(rune('a'+i)), 30<<10))
	}
	texts = append(texts, strings.Repeat("é", 100<<10))
	must(t, c.Fill(t.Context(), append(texts, passages(80)...), nil))
	for _, a := range f.requests {
		if size := len(strings.Join(a.Input, "")); len(a.Input) > maxBatch+1 || size > maxBatchBytes+len(probeText) {
			t.Errorf("a request has %d texts and %d bytes", len(a.Input), size)
		}
	}
}

// TestFillRefused: some servers take few texts at a time, and none that their
// model does not read to its end.
func TestFillRefused(t *testing.T) {
	for _, status := range []int{400, 413, 422, 500} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{}
			c := open(t, f, Options{})
			f.set(func() {
				f.trouble = func(w http.ResponseWriter, _ *http.Request, n int) bool {
					f.mu.Lock()
					input := f.requests[n-1].Input
					f.mu.Unlock()
					if len(input) <= 4 && !slices.ContainsFunc(input, func(text string) bool { return len(text) > 2000 }) {
						return false
					}
					http.Error(w, "too much", status)
					return true
				}
			})
			texts := slices.Insert(passages(20), 7, strings.Repeat("long ", 1000))
			must(t, c.Fill(t.Context(), texts, nil))
			if _, ok := c.Known(texts); !ok {
				t.Errorf("%d: not all are known", status)
			}

			f.set(func() {
				f.trouble = func(w http.ResponseWriter, _ *http.Request, _ int) bool { w.WriteHeader(status); return true }
			})
			begun := time.Now()
			err := c.Fill(t.Context(), []string{strings.Repeat("new ", 1000)}, nil)
			if took := time.Since(begun); !tooMuch(err) || took > 10*time.Second {
				t.Errorf("%d: error %v after %v", status, err, took)
			}
		})
	}
}

// TestFillRetries: a server in trouble is asked again, when it wants to be.
func TestFillRetries(t *testing.T) {
	tests := []struct {
		name        string
		status      int
		after       string // Retry-After
		troubles    int    // how many requests fail
		least, most time.Duration
		fails       bool
	}{
		{"once", 500, "", 1, firstWait / 2, firstWait, false},
		{"a few times", 503, "", 3, 3 * time.Second, 7 * time.Second, false},
		{"too often", 503, "", tries, 15 * time.Second, 31 * time.Second, true},
		{"in seconds", 429, "7", 1, 7 * time.Second, 7 * time.Second, false},
		{"at a time", 503, time.Date(2000, 1, 1, 0, 0, 20, 0, time.UTC).Format(http.TimeFormat), 1, 19 * time.Second, 20 * time.Second, false},
		{"at a time gone by", 503, time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC).Format(http.TimeFormat), 1, firstWait / 2, firstWait, false},
		{"nonsense", 429, "soon", 1, firstWait / 2, firstWait, false},
		{"tomorrow", 429, "86400", 1, 0, 0, true},
		{"never", 404, "", 1, 0, 0, true},
		{"another key", 401, "", 1, 0, 0, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				c := open(t, f, Options{})
				f.set(func() {
					f.trouble = func(w http.ResponseWriter, _ *http.Request, n int) bool {
						if n > 1+test.troubles { // one was the probe
							return false
						}
						w.Header().Set("Retry-After", test.after)
						w.WriteHeader(test.status)
						return true
					}
				})
				begun := time.Now()
				err := c.Fill(t.Context(), passages(3), nil)
				took := time.Since(begun)
				if (err != nil) != test.fails || took < test.least || took > test.most {
					t.Errorf("took %v, want %v to %v; error %v, wanted: %t", took, test.least, test.most, err, test.fails)
				}
			})
		})
	}
}

func TestFillEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		c := open(t, f, Options{})
		f.set(func() { f.trouble = silent })
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Second) // in the second try
		defer cancel()
		begun := time.Now()
		wantErr(t, c.Fill(ctx, passages(3), nil), context.DeadlineExceeded)
		if took := time.Since(begun); took != 150*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// TestFillChanged: no vector of another model gets among those that are kept.
func TestFillChanged(t *testing.T) {
	folder, f, texts := t.TempDir(), &fake{}, passages(100)
	c := open(t, f, Options{Folder: folder})
	err := c.Fill(t.Context(), texts, func(done, _ int) {
		if done >= maxBatch {
			f.set(func() { f.seed = "another" })
		}
	})
	wantErr(t, err, ErrChanged)
	second := open(t, f, Options{Folder: folder})
	must(t, second.Fill(t.Context(), texts, nil))
	wantKnown(t, second, f, texts)

	f.set(func() { f.seed = "" }) // and back
	third := open(t, f, Options{Folder: folder})
	if third.Model() != c.Model() {
		t.Errorf("model %+v, before %+v", third.Model(), c.Model())
	}
	wantKnown(t, third, f, texts[:maxBatch])
}

// TestFillTogether: who fills at the same time computes nothing twice.
func TestFillTogether(t *testing.T) {
	f := &fake{}
	c := open(t, f, Options{Folder: t.TempDir()})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := c.Fill(t.Context(), passages(50), nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := len(f.texts()); got != 50 {
		t.Errorf("%d passages were computed, want 50", got)
	}
}
