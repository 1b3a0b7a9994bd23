package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/signpost-bot/signpost/adapters/helpcentre"
	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/config"
)

// A fakeHold is a hold that one owner has.
type fakeHold struct {
	mu    sync.Mutex
	owner string
	until time.Time
}

func (h *fakeHold) Hold(_ context.Context, _, owner string, now time.Time, d time.Duration) (int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.owner != "" && h.owner != owner && now.Before(h.until) {
		return 0, chat.ErrHeld
	}
	h.owner, h.until = owner, now.Add(d)
	return 1, nil
}

func (h *fakeHold) LetGo(_ context.Context, _, owner string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.owner == owner {
		h.owner = ""
	}
	return nil
}

// TestSchedule: two replicas import from two sources for two days, never at the
// same time, each as often as they say, and end with their context.
func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := config.Default()
		cfg.Knowledge.Dir = "articles"
		cfg.Import.Sources = []config.ImportSource{{Name: "often", Every: time.Hour}, {Name: "daily", Every: 24 * time.Hour}, {Name: "never"}}
		var mu sync.Mutex
		ran, busy := map[string]int{}, 0
		var log bytes.Buffer
		told := slog.New(slog.NewTextHandler(&log, nil))
		hold := &fakeHold{}
		ctx, cancel := context.WithCancel(t.Context())
		var replicas sync.WaitGroup
		for _, name := range []string{"a", "b"} {
			i := newImporter(cfg, hold, nil, told)
			i.owner = name
			i.meter = func(source, result string, articles map[string]int) {
				if result != "ok" && source == "often" || result != "partly" && source == "daily" {
					t.Errorf("%s ended %s", source, result)
				}
			}
			i.one = func(ctx context.Context, src config.ImportSource) (helpcentre.Report, error) {
				mu.Lock()
				ran[name+" "+src.Name]++
				busy++
				if busy > 1 {
					t.Error("both import at once")
				}
				mu.Unlock()
				wait(ctx, 5*time.Minute) // longer than the hold lasts without a word
				mu.Lock()
				busy--
				mu.Unlock()
				if src.Name == "daily" {
					return helpcentre.Report{Failed: []helpcentre.Failure{{Page: "/x", Err: errors.New("no")}}, Removed: []string{"en/y.md"}}, nil
				}
				return helpcentre.Report{Added: 1}, nil
			}
			replicas.Go(func() { i.run(ctx) })
		}
		wait(t.Context(), 48*time.Hour) // on the clock of the bubble
		cancel()
		replicas.Wait()
		for _, name := range []string{"a", "b"} {
			if n := ran[name+" often"]; n < 40 || n > 48 {
				t.Errorf("%s imported %d times in 48 hours", name, n)
			}
			if n := ran[name+" daily"]; n != 2 && n != 3 {
				t.Errorf("%s imported %d times in 2 days", name, n)
			}
		}
		if len(ran) != 4 {
			t.Errorf("ran %v", ran)
		}
		for _, want := range []string{"a page could not be imported", "page=/x", "file=en/y.md", "result=partly"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log has no %q", want)
			}
		}
	})
}

// TestScheduleAgain: a source that is in trouble is not given up for the day.
func TestScheduleAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := config.Default()
		cfg.Import.Sources = []config.ImportSource{{Name: "daily", Every: 24 * time.Hour}}
		i := newImporter(cfg, &fakeHold{}, nil, quietLog())
		i.meter = func(string, string, map[string]int) {}
		ran := 0
		i.one = func(context.Context, config.ImportSource) (helpcentre.Report, error) {
			if ran++; ran <= 2 {
				return helpcentre.Report{}, errors.New("away")
			}
			return helpcentre.Report{}, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Hour)
		defer cancel()
		i.run(ctx)
		if ran != 3 {
			t.Errorf("imported %d times in 12 hours, want 3: two that failed, and one", ran)
		}
	})
}

// TestScheduleLost: who lost the hold stops.
func TestScheduleLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := config.Default()
		cfg.Import.Sources = []config.ImportSource{{Name: "a", Every: time.Hour}}
		hold := &fakeHold{}
		var log bytes.Buffer
		i := newImporter(cfg, hold, nil, slog.New(slog.NewTextHandler(&log, nil)))
		i.meter = func(string, string, map[string]int) {}
		i.one = func(ctx context.Context, _ config.ImportSource) (helpcentre.Report, error) {
			hold.mu.Lock()
			hold.owner, hold.until = "other", time.Now().Add(time.Hour)
			hold.mu.Unlock()
			<-ctx.Done()
			return helpcentre.Report{}, ctx.Err()
		}
		if i.imported(t.Context(), cfg.Import.Sources[0]) {
			t.Error("it is said to be done")
		}
		if !strings.Contains(log.String(), "another replica began one") || hold.owner != "other" {
			t.Errorf("held by %q; %s", hold.owner, log.String())
		}
	})
}

// TestScheduleStore takes turns by the real store.
func TestScheduleStore(t *testing.T) {
	store, err := redis.Embedded(redis.Options{Installation: "main"})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	cfg := config.Default()
	cfg.Import.Sources = []config.ImportSource{{Name: "a", Every: time.Hour}}
	a, b := newImporter(cfg, store, nil, quietLog()), newImporter(cfg, store, nil, quietLog())
	if !a.hasTurn(t.Context()) || b.hasTurn(t.Context()) {
		t.Error("both have the turn, or none")
	}
	if newImporter(config.Default(), store, nil, quietLog()) != nil {
		t.Error("nothing is to be imported, and something is")
	}
}

// TestScheduleServes: what imports by itself ends with everything else.
func TestScheduleServes(t *testing.T) {
	noneLeft(t)
	s := serve(t, "--ephemeral", "--config", configured(t, "web: {listen: '127.0.0.1:0'}\nimport: {sources: [{name: help, kind: sitemap, url: 'https://help.example.com', every: 15m}]}"))
	s.end(t)
}
