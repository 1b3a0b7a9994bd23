package embedding

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/signpost-bot/signpost/knowledge/semantic"
)

func TestQuestion(t *testing.T) {
	f := &fake{}
	c := open(t, f, Options{QuestionPrefix: "query: ", PassagePrefix: "passage: "})
	vectors, err := c.Embed(t.Context(), semantic.Question, []string{"where is it?", " \n"})
	must(t, err)
	want := f.vector("query: where is it?")
	must(t, normalise(want))
	if !slices.Equal(vectors[0], want) || !slices.Equal(vectors[1], make([]float32, 8)) {
		t.Errorf("vectors %v, want %v and zeros", vectors, want)
	}
	if got := f.texts(); !slices.Equal(got, []string{"query: where is it?"}) {
		t.Errorf("asked for %q", got)
	}
	last := f.requests[len(f.requests)-1]
	if last.Model != "m" || last.Encoding != "float" || last.Dimensions != 0 || last.key != "Bearer "+hush {
		t.Errorf("request %+v", last)
	}
	if m := c.Model(); m.Name != "m" || m.Dims != 8 || m.Version == "" {
		t.Errorf("model %+v", m)
	}
}

// TestPlugPulled pulls the plug in the middle of 200 questions, in ways that a
// server can be away, and puts it back. No question takes a second; while the
// server is away they take no time at all once that is known.
func TestPlugPulled(t *testing.T) {
	tests := []struct {
		name    string
		trouble func(w http.ResponseWriter, r *http.Request, n int) bool
		longest time.Duration // of all questions that are asked in vain
	}{
		{"silent", silent, failures * 300 * time.Millisecond},
		{"failing", func(w http.ResponseWriter, _ *http.Request, _ int) bool { w.WriteHeader(500); return true }, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				c := open(t, f, Options{})
				var waited time.Duration
				var rested int
				for i := range 200 {
					if i == 100 {
						f.set(func() { f.trouble = test.trouble })
					}
					begun := time.Now()
					_, err := ask(c, fmt.Sprint("question ", i))
					took := time.Since(begun)
					if took > time.Second || (err != nil) != (i >= 100) {
						t.Fatalf("question %d took %v: %v", i, took, err)
					}
					if waited += took; errors.Is(err, ErrResting) {
						rested++
					}
				}
				if waited != test.longest || rested != 100-failures {
					t.Errorf("questions waited %v and %d were not asked, want %v and %d", waited, rested, test.longest, 100-failures)
				}

				f.set(func() { f.trouble = nil })
				time.Sleep(rest + time.Second)
				_, err := ask(c, "the first one after the rest has the server looked at")
				wantErr(t, err, ErrResting)
				synctest.Wait()
				_, err = ask(c, "and the next one is asked")
				must(t, err)
			})
		})
	}
}

// TestQuestionsTogether: who asks about two texts at once makes one request, and
// waits no longer for it.
func TestQuestionsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		c := open(t, f, Options{})
		before := f.count()
		vectors, err := c.Embed(t.Context(), semantic.Question, []string{"and when?", "", "where is my refund?"})
		must(t, err)
		want := f.vector("where is my refund?")
		must(t, normalise(want))
		if n := f.count() - before; n != 1 || !slices.Equal(vectors[2], want) || !slices.Equal(vectors[1], make([]float32, 8)) {
			t.Errorf("%d requests made for %v", n, vectors)
		}
		f.set(func() { f.trouble = silent })
		begun := time.Now()
		_, err = c.Embed(t.Context(), semantic.Question, []string{"and when?", "where is my refund?"})
		if took := time.Since(begun); err == nil || took != defaultTimeout {
			t.Errorf("it took %v: %v", took, err)
		}
	})
}

// TestPlugPulledWhileAsked: many wait at the same time as the server falls
// silent.
func TestPlugPulledWhileAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		c := open(t, f, Options{Timeout: 200 * time.Millisecond})
		f.set(func() { f.trouble = silent })
		var late atomic.Int64
		for i := range 200 {
			go func() {
				time.Sleep(time.Duration(i) * 5 * time.Millisecond)
				begun := time.Now()
				if _, err := ask(c, "?"); err == nil || time.Since(begun) > 200*time.Millisecond {
					late.Add(1)
				}
			}()
		}
		time.Sleep(time.Minute)
		if late.Load() != 0 || f.count() > 60 {
			t.Errorf("%d questions were late or answered, %d requests made", late.Load(), f.count())
		}
	})
}

// TestSlowToWake: a server that loads its model for longer than a question
// waits comes back all the same.
func TestSlowToWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		c := open(t, f, Options{})
		begun := time.Now()
		f.set(func() {
			f.trouble = func(_ http.ResponseWriter, r *http.Request, _ int) bool {
				if time.Since(begun) > 20*time.Second {
					return false
				}
				select {
				case <-time.After(5 * time.Second): // it begins again when nobody waits
					begun = time.Time{}
				case <-r.Context().Done():
				}
				return r.Context().Err() != nil
			}
		})
		for range 20 {
			ask(c, "?")
			time.Sleep(time.Second)
		}
		_, err := ask(c, "?")
		must(t, err)
	})
}

// TestNotTheServersFault: what a caller gives up, and a text that the server
// refuses, do not speak against it.
func TestNotTheServersFault(t *testing.T) {
	f := &fake{}
	c := open(t, f, Options{})
	given, giveUp := context.WithCancel(t.Context())
	giveUp()
	for range 2 * failures {
		_, err := c.Embed(given, semantic.Question, []string{"?"})
		wantErr(t, err, context.Canceled)
	}
	f.set(func() {
		f.trouble = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			http.Error(w, `{"error":"input must have less than 512 tokens"}`, http.StatusRequestEntityTooLarge)
			return true
		}
	})
	for range 2 * failures {
		if _, err := ask(c, "?"); err == nil || !strings.Contains(err.Error(), "512 tokens") {
			t.Fatalf("error %v", err)
		}
	}
	f.set(func() { f.trouble = nil })
	_, err := ask(c, "?")
	must(t, err)
}

// TestChanged: another model behind the same name is noticed within minutes, and
// its vectors are never compared with those of the one before.
func TestChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		c := open(t, f, Options{})
		_, err := ask(c, "?")
		must(t, err)
		f.set(func() { f.seed = "another" })
		time.Sleep(checkEvery + time.Second)
		ask(c, "?") // has it looked at
		synctest.Wait()
		_, err = ask(c, "?")
		wantErr(t, err, ErrChanged)
		wantErr(t, c.Fill(t.Context(), passages(1), nil), ErrChanged)
		if next := open(t, f, Options{}); next.Model().Version == c.Model().Version {
			t.Errorf("both models are %+v", next.Model())
		}
	})
}

func TestChangedDimensions(t *testing.T) {
	f := &fake{}
	c := open(t, f, Options{})
	f.set(func() { f.dims = 16 })
	_, err := ask(c, "?")
	wantErr(t, err, ErrChanged)
	if !strings.Contains(err.Error(), "16 numbers, before 8") {
		t.Errorf("error %v", err)
	}
}
