package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
	"github.com/signpost-bot/signpost/knowledge"
)

// goldenConfig is a configuration with golden questions.
func goldenConfig(t *testing.T, questions string) config.Config {
	t.Helper()
	cfg := loaded(t, "")
	cfg.Knowledge.Golden = filepath.Join(t.TempDir(), "golden.txt")
	if err := os.WriteFile(cfg.Knowledge.Golden, []byte(questions), 0o644); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// Verdicts count what comes of the job.
type verdicts struct {
	spool.Unmetered
	mu      sync.Mutex
	results map[string]int
}

func (c *verdicts) Examined(result string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.results == nil {
		c.results = map[string]int{}
	}
	c.results[result]++
}

func (c *verdicts) times(result string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.results[result]
}

// examining is a replica with two articles, which nothing but their words find.
func examining(t *testing.T, cfg config.Config, store spool.Store, meter spool.Meter, log *slog.Logger) *parts {
	t.Helper()
	list := []*knowledge.Article{helpPage("refund", "Get a refund"), helpPage("wallet", "Open the wallet")}
	p, err := assemble(cfg, behaviour(cfg), newShelf(list, rules(cfg)), store, nil, meter, time.Now, log)
	if err != nil {
		t.Fatal(err)
	}
	p.examiner.rest = nil
	return p
}

func embedded(t *testing.T) *redis.Store {
	t.Helper()
	store, err := redis.Embedded(redis.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func aliasesOf(t *testing.T, store spool.Store) []string {
	t.Helper()
	list, _, err := store.Aliases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, a := range list {
		texts = append(texts, a.Text)
	}
	slices.Sort(texts)
	return texts
}

const goldenPair = "get a refund -> refund\nopen the wallet -> wallet\nzebra stripes -> none\n"

// TestGoldenReverted: of what two replicas learn, that is taken back by which a
// golden question is lost, within 5 s, and everyone who has to know is told why.
func TestGoldenReverted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := embedded(t)
		defer store.Close()
		cfg := goldenConfig(t, goldenPair)
		var journal bytes.Buffer
		var writing sync.Mutex
		log := slog.New(slog.NewTextHandler(writerFunc(func(b []byte) (int, error) {
			writing.Lock()
			defer writing.Unlock()
			return journal.Write(b)
		}), nil))
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var counts verdicts
		var replicas [2]*parts
		var running sync.WaitGroup
		for i := range replicas {
			p := examining(t, cfg, store, &counts, log)
			replicas[i] = p
			running.Go(func() { p.learner.run(ctx) })
			running.Go(func() { p.examiner.run(ctx) })
			running.Go(func() { _ = p.events.Run(ctx, nil) })
		}
		<-time.After(everywhere)

		// A ticket, and three lessons at once: one of them from it.
		teach := func(phrasing string, ticket chat.TicketID) desk.Alias {
			a := taughtBy(t, "wallet", phrasing)
			if a.At = time.Now().UTC(); ticket != "" {
				a.Ticket, a.From = ticket, "slack:T1:ana"
			}
			return a
		}
		if _, err := store.Accept(ctx, asks("1", "a ticket"), time.Now()); err != nil {
			t.Fatal(err)
		}
		work, err := store.Lease(ctx, time.Now(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		k := desk.Ticket{ID: "T-1", Number: 1, Desk: "support", State: desk.Resolved, Question: "zebra stripes", OpenedAt: time.Now().UTC()}
		k.Note(desk.Agent{ID: "ana", Name: "Ana"}, "x", time.Now())
		bad := teach("my zebra stripes", "T-1")
		if err := store.Finish(ctx, work, spool.Outcome{
			Tickets: []spool.Versioned[desk.Ticket]{{Value: k}},
			Learned: []desk.Alias{teach("quokka smile", ""), bad, teach("lemur tail", "")},
		}, time.Now()); err != nil {
			t.Fatal(err)
		}
		<-time.After(everywhere)

		if got := aliasesOf(t, store); !slices.Equal(got, []string{"lemur tail", "quokka smile"}) {
			t.Errorf("learned are %q", got)
		}
		for i, p := range replicas {
			answer, err := p.shelf.library().Find(ctx, knowledge.Question{Text: "zebra stripes"})
			if err != nil || answer.Level != knowledge.None {
				t.Errorf("replica %d is %s about what was taken back, %v", i, answer.Level, err)
			}
			if got := finds(t, p.shelf.library(), "quokka smile"); got != "wallet" {
				t.Errorf("replica %d finds %q", i, got)
			}
		}
		if counts.times(examinedReverted) != 1 || counts.times(examinedFailed) != 0 {
			t.Errorf("counted %v", counts.results)
		}
		value, err := store.Member(ctx, bot.Reverted, string(bad.ID))
		var why desk.Reverted
		if err != nil || json.Unmarshal([]byte(value), &why) != nil || why.Question != "zebra stripes" || why.Before != "" || why.After != "Open the wallet" {
			t.Errorf("the reason is %+v, %v", why, err)
		}
		held, err := store.Ticket(ctx, "T-1")
		if err != nil {
			t.Fatal(err)
		}
		if e := held.Value.Last(desk.DidRevert); e.By != desk.Signpost.ID || !strings.Contains(e.Text, "Open the wallet") {
			t.Errorf("the history ends with %+v", e)
		}
		letter, err := store.LeaseReply(ctx, "slack", chat.Pace{}, time.Now(), time.Minute)
		if err != nil || letter.Reply.Place != chat.Direct("slack:T1:ana") || !strings.Contains(letter.Reply.PlainText(), "zebra stripes") {
			t.Errorf("who taught it is told %+v, %v", letter.Reply, err)
		}
		writing.Lock()
		if !strings.Contains(journal.String(), "a learned phrasing was taken back") || strings.Contains(journal.String(), "my zebra stripes") {
			t.Errorf("the log says\n%s", &journal)
		}
		writing.Unlock()
		// What is examined is not examined again.
		before := counts.times(examinedKept) + counts.times(examinedReverted)
		<-time.After(time.Minute)
		if after := counts.times(examinedKept) + counts.times(examinedReverted); after != before {
			t.Errorf("asked %d times more", after-before)
		}
		stop()
		running.Wait()
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// A cutStore dies at some step of the job, and stays so.
type cutStore struct {
	spool.Store
	left int
}

var errCut = errors.New("killed")

func (s *cutStore) step() error {
	if s.left--; s.left < 0 {
		return errCut
	}
	return nil
}

func (s *cutStore) AliasVersion(ctx context.Context) (int64, error) {
	if err := s.step(); err != nil {
		return 0, err
	}
	return s.Store.AliasVersion(ctx)
}

func (s *cutStore) Hold(ctx context.Context, name, owner string, now time.Time, d time.Duration) (int64, error) {
	if err := s.step(); err != nil {
		return 0, err
	}
	return s.Store.Hold(ctx, name, owner, now, d)
}

func (s *cutStore) LetGo(ctx context.Context, name, owner string) error {
	if err := s.step(); err != nil {
		return err // it holds on until that runs out
	}
	return s.Store.LetGo(ctx, name, owner)
}

func (s *cutStore) Accept(ctx context.Context, e chat.Event, now time.Time) (bool, error) {
	if err := s.step(); err != nil {
		return false, err
	}
	return s.Store.Accept(ctx, e, now)
}

func (s *cutStore) Change(ctx context.Context, changes ...spool.SetChange) error {
	if err := s.step(); err != nil {
		return err
	}
	return s.Store.Change(ctx, changes...)
}

// TestGoldenKilled: wherever a replica is killed in the job, the next one does it
// to the same end, and says it once.
func TestGoldenKilled(t *testing.T) {
	for killed := range 12 {
		synctest.Test(t, func(t *testing.T) {
			store := embedded(t)
			defer store.Close()
			cfg := goldenConfig(t, goldenPair)
			log := slog.New(slog.DiscardHandler)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			examining(t, cfg, store, spool.Unmetered{}, log).examiner.look(ctx) // golden questions are there from the start
			for _, phrasing := range []string{"quokka smile", "zebra stripes", "lemur tail", "zebra with stripes"} {
				if _, err := store.AddAlias(ctx, taughtBy(t, "refund", phrasing)); err != nil {
					t.Fatal(err)
				}
			}
			examining(t, cfg, &cutStore{store, killed}, spool.Unmetered{}, log).examiner.look(ctx)
			next := examining(t, cfg, store, spool.Unmetered{}, log)
			var running sync.WaitGroup
			running.Go(func() { _ = next.events.Run(ctx, nil) })
			running.Go(func() { next.examiner.run(ctx) })
			<-time.After(examineHeld + everywhere) // the hold of the dead one runs out first
			if got := aliasesOf(t, store); !slices.Equal(got, []string{"lemur tail", "quokka smile"}) {
				t.Errorf("killed at step %d, learned are %q", killed, got)
			}
			if members, _, err := store.Set(ctx, bot.Reverted); err != nil || len(members) != 2 {
				t.Errorf("killed at step %d, taken back are %v, %v", killed, members, err)
			}
			lines, err := store.Unsealed(ctx, 100)
			if err != nil {
				t.Fatal(err)
			}
			removed := 0
			for _, l := range lines {
				if strings.Contains(l.Text, `"alias.revert"`) {
					removed++
				}
			}
			if removed != 2 {
				t.Errorf("killed at step %d, %d lines of the audit tell of it: %+v", killed, removed, lines)
			}
			stop()
			running.Wait()
		})
	}
}

// What there was before the golden questions stays as it is, and so does what is
// learned while their file is broken.
func TestGoldenBaseline(t *testing.T) {
	store := embedded(t)
	defer store.Close()
	cfg := goldenConfig(t, goldenPair)
	var journal bytes.Buffer
	var counts verdicts
	if _, err := store.AddAlias(t.Context(), taughtBy(t, "refund", "zebra stripes")); err != nil {
		t.Fatal(err)
	}
	x := examining(t, cfg, store, &counts, slog.New(slog.NewTextHandler(&journal, nil))).examiner
	now := began
	x.now = func() time.Time { return now }
	accepted := 0
	x.accept = func(context.Context, chat.Event) error { accepted++; return nil }
	x.look(t.Context())
	if accepted > 0 {
		t.Error("what was there before is taken back")
	}
	if err := os.WriteFile(cfg.Knowledge.Golden, []byte("open the wallet -> nosuch\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := store.AddAlias(t.Context(), taughtBy(t, "refund", "open the wallet, please")); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		now = now.Add(time.Second)
		x.look(t.Context())
	}
	if n := strings.Count(journal.String(), "golden questions cannot be asked"); n != 1 || counts.times(examinedFailed) != 2 {
		t.Errorf("logged %d times, counted %v:\n%s", n, counts.results, &journal)
	}
	if !strings.Contains(journal.String(), "nosuch") {
		t.Errorf("the log does not say what to mend:\n%s", &journal)
	}
	if err := os.WriteFile(cfg.Knowledge.Golden, []byte(goldenPair), 0o644); err != nil {
		t.Fatal(err)
	}
	now = now.Add(examineAgain)
	x.look(t.Context())
	if accepted > 0 || counts.times(examinedKept) != 1 {
		t.Errorf("accepted %d, counted %v", accepted, counts.results)
	}
}

// A replica keeps the job for as long as it is at it.
func TestGoldenHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := embedded(t)
		defer store.Close()
		cfg := goldenConfig(t, strings.Repeat("get a refund -> refund\n", 50))
		var counts verdicts
		one := examining(t, cfg, store, &counts, slog.New(slog.DiscardHandler)).examiner
		one.look(t.Context())
		if _, err := store.AddAlias(t.Context(), taughtBy(t, "wallet", "quokka smile")); err != nil {
			t.Fatal(err)
		}
		other := examining(t, cfg, store, &counts, slog.New(slog.DiscardHandler)).examiner
		one.rest = func(context.Context, time.Duration) {
			<-time.After(10 * time.Second)
			other.look(t.Context())
		}
		one.look(t.Context())
		if counts.times(examinedKept) != 1 || counts.times(examinedFailed) != 0 {
			t.Errorf("counted %v", counts.results)
		}
	})
}

// Why something was taken back is forgotten in time, whether something else is
// learned or not.
func TestGoldenForgetsReasons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := embedded(t)
		defer store.Close()
		for id, age := range map[string]time.Duration{"old": revertedKept + time.Hour, "new": time.Hour} {
			value, err := json.Marshal(desk.Reverted{Alias: taughtBy(t, "refund", "zebra stripes"), At: time.Now().Add(-age)})
			if err != nil {
				t.Fatal(err)
			}
			if err := store.Change(t.Context(), spool.SetChange{Set: bot.Reverted, Member: id, Value: string(value)}); err != nil {
				t.Fatal(err)
			}
		}
		x := examining(t, goldenConfig(t, goldenPair), store, spool.Unmetered{}, slog.New(slog.DiscardHandler)).examiner
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		x.run(ctx)
		members, _, err := store.Set(t.Context(), bot.Reverted)
		if _, kept := members["new"]; err != nil || !kept || len(members) != 1 {
			t.Errorf("kept are %v, %v", members, err)
		}
	})
}

// Whoever shuts down does not wait for the job.
func TestGoldenEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := embedded(t)
		defer store.Close()
		cfg := goldenConfig(t, strings.Repeat("get a refund -> refund\n", 50))
		x := examining(t, cfg, store, spool.Unmetered{}, slog.New(slog.DiscardHandler)).examiner
		x.look(t.Context())
		if _, err := store.AddAlias(t.Context(), taughtBy(t, "wallet", "quokka smile")); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		asked := 0
		x.rest = func(context.Context, time.Duration) {
			if asked++; asked == 10 {
				stop()
			}
		}
		x.run(ctx) // and it returns
		if asked > 11 {
			t.Errorf("%d questions were asked", asked)
		}
		if again := x.owner; again == "" {
			t.Error("it has no name")
		}
		// Another one need not wait for it.
		other := examining(t, cfg, store, spool.Unmetered{}, slog.New(slog.DiscardHandler)).examiner
		other.look(t.Context())
		if other.done == 0 {
			t.Error("the hold was kept")
		}
	})
}
