package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
)

// everywhere is within what time the documentation says that a change of the
// aliases is known.
const everywhere = 5 * time.Second

// helpPage is an article that its own words alone find.
func helpPage(id, title string) *knowledge.Article {
	return &knowledge.Article{
		ID: knowledge.ArticleID(id), Lang: "en", Title: title, URL: "https://help.example.com/" + id, Audiences: []string{"buyer"},
		Topic: "refunds", Sections: []knowledge.Section{{Text: title + "."}},
	}
}

func taughtBy(t *testing.T, article, phrasing string) desk.Alias {
	t.Helper()
	a, err := desk.NewAlias(article, "en", phrasing, "ana", began)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// finds is the id of the article that a question finds first; empty: none.
func finds(t *testing.T, l *knowledge.Library, question string) string {
	t.Helper()
	answer, err := l.Find(t.Context(), knowledge.Question{Text: question})
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Matches) == 0 {
		return ""
	}
	return string(answer.Matches[0].Article.ID)
}

// TestLearnedEverywhere: what is learned on one of two replicas is found on the
// other within 5 s, and what is unlearned is gone.
func TestLearnedEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := slog.New(slog.DiscardHandler)
		store, err := redis.Embedded(redis.Options{Log: log})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		cfg := loaded(t, "")
		ctx, stop := context.WithCancel(t.Context())
		var replicas [2]*parts
		var running sync.WaitGroup
		for i := range replicas {
			page := []*knowledge.Article{helpPage("refund", "Get a refund")}
			if replicas[i], err = assemble(cfg, behaviour(cfg), newShelf(page, rules(cfg)), store, nil, spool.Unmetered{}, time.Now, log); err != nil {
				t.Fatal(err)
			}
			running.Go(func() { replicas[i].learner.run(ctx) })
		}
		known := func(when string, want ...string) {
			t.Helper()
			synctest.Wait()
			for i, p := range replicas {
				if got := finds(t, p.shelf.library(), "zebra stripes"); got != want[i] {
					t.Errorf("%s, replica %d finds %q, want %q", when, i, got, want[i])
				}
			}
		}
		known("at first", "", "")

		// One replica handles an event whose outcome teaches.
		e := asks("1", "teach it")
		if _, err := store.Accept(ctx, e, time.Now()); err != nil {
			t.Fatal(err)
		}
		work, err := store.Lease(ctx, time.Now(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		alias := taughtBy(t, "refund", "my zebra stripes")
		here := teachingStore{store, replicas[0].learner.soon}
		if err := here.Finish(ctx, work, spool.Outcome{Learned: []desk.Alias{alias}}, time.Now()); err != nil {
			t.Fatal(err)
		}
		known("at once", "refund", "")
		<-time.After(everywhere)
		known("5 s later", "refund", "refund")

		// And someone else, at the command line say, takes it away again.
		if found, err := store.RemoveAlias(ctx, alias.ID); err != nil || !found {
			t.Fatalf("remove = %t, %v", found, err)
		}
		<-time.After(everywhere)
		known("5 s after it was removed", "", "")

		stop()
		running.Wait()
	})
}

// TestShelf: a change of articles keeps what was learned, and the reverse,
// whichever comes first.
func TestShelf(t *testing.T) {
	refund, moved := helpPage("refund", "Get a refund"), helpPage("refund", "Money back")
	s := newShelf([]*knowledge.Article{refund}, knowledge.Rules{})
	aliases := []knowledge.Alias{{Article: "refund", Lang: "en", Text: "zebra stripes"}, {Article: "later", Lang: "en", Text: "quokka smile"}}
	s.relearn(aliases)
	if got := finds(t, s.library(), "zebra"); got != "refund" {
		t.Errorf("found %q", got)
	}
	if got := len(s.library().Orphans()); got != 1 {
		t.Errorf("%d orphans, want 1", got)
	}
	same := s.library()
	s.relearn(append([]knowledge.Alias{}, aliases...))
	if s.library() != same {
		t.Error("the same aliases made another library")
	}
	s.restock([]*knowledge.Article{moved, helpPage("later", "It came later")})
	for question, want := range map[string]string{"zebra": "refund", "money back": "refund", "quokka": "later"} {
		if got := finds(t, s.library(), question); got != want {
			t.Errorf("%s finds %q after new articles, want %q", question, got, want)
		}
	}
	if got := len(s.library().Orphans()); got != 0 {
		t.Errorf("%d orphans after their article came", got)
	}
	s.relearn(nil)
	for question, want := range map[string]string{"zebra": "", "money back": "refund"} {
		if got := finds(t, s.library(), question); got != want {
			t.Errorf("%s finds %q with nothing learned, want %q", question, got, want)
		}
	}
}

// TestShelfAtOnce: articles and aliases that change at the same time are both
// on the shelf in the end.
func TestShelfAtOnce(t *testing.T) {
	s := newShelf(nil, knowledge.Rules{})
	var changes sync.WaitGroup
	changes.Go(func() { s.restock([]*knowledge.Article{helpPage("refund", "Get a refund")}) })
	changes.Go(func() { s.relearn([]knowledge.Alias{{Article: "refund", Lang: "en", Text: "zebra stripes"}}) })
	changes.Wait()
	if got := finds(t, s.library(), "zebra"); got != "refund" {
		t.Errorf("found %q", got)
	}
}

// A flakyStore is away when the test says so.
type flakyStore struct {
	away    atomic.Bool
	version atomic.Int64
	reads   atomic.Int64 // of the whole list
	list    []desk.Alias
}

func (s *flakyStore) AliasVersion(context.Context) (int64, error) {
	if s.away.Load() {
		return 0, fmt.Errorf("version: %w", spool.ErrUnavailable)
	}
	return s.version.Load(), nil
}

func (s *flakyStore) Aliases(context.Context) ([]desk.Alias, int64, error) {
	s.reads.Add(1)
	if s.away.Load() {
		return nil, 0, errors.New("away")
	}
	return s.list, s.version.Load(), nil
}

// TestLearnerAway: while the store is away what was learned stays in use, the
// log says so once, and the list is read only when it has changed.
func TestLearnerAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &flakyStore{list: []desk.Alias{taughtBy(t, "refund", "zebra stripes")}}
		store.version.Store(7)
		var log bytes.Buffer
		s := newShelf([]*knowledge.Article{helpPage("refund", "Get a refund")}, knowledge.Rules{})
		l := newLearner(store, s, slog.New(slog.NewTextHandler(&log, nil)))
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { l.run(ctx) })
		check := func(what, want string, reads int64, warnings int) {
			t.Helper()
			<-time.After(time.Minute)
			synctest.Wait()
			if got := finds(t, s.library(), "zebra"); got != want {
				t.Errorf("%s: found %q, want %q", what, got, want)
			}
			if got := store.reads.Load(); got != reads {
				t.Errorf("%s: the list was read %d times, want %d", what, got, reads)
			}
			if got := strings.Count(log.String(), "cannot look"); got != warnings {
				t.Errorf("%s: %d warnings, want %d:\n%s", what, got, warnings, &log)
			}
		}
		check("at first", "refund", 1, 0)
		store.away.Store(true)
		check("away", "refund", 1, 1)
		store.away.Store(false)
		check("back", "refund", 1, 1)
		store.list = nil
		store.version.Store(0) // someone emptied the Redis
		check("emptied", "", 2, 1)
		store.away.Store(true)
		check("away again", "", 2, 2)
		l.soon()
		l.soon()
		stop()
		running.Wait()
	})
}
