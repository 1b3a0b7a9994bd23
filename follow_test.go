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

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
)

// TestFollowedEverywhere: a channel that a lead lets be watched on one of two
// replicas is watched there at once, and on the other within 5 s.
func TestFollowedEverywhere(t *testing.T) {
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
			if replicas[i], err = assemble(cfg, behaviour(cfg), newShelf([]*knowledge.Article{helpPage("refund", "Get a refund")}, rules(cfg)), store, nil, spool.Unmetered{}, time.Now, log); err != nil {
				t.Fatal(err)
			}
			running.Go(func() { replicas[i].follower.run(ctx) })
		}
		watched := func(when string, want ...string) {
			t.Helper()
			synctest.Wait()
			for i, p := range replicas {
				if got := strings.Join(p.bot.Watched(), " "); got != want[i] {
					t.Errorf("%s, replica %d watches %q, want %q", when, i, got, want[i])
				}
			}
		}
		const office = "slack:T1:C1"
		change := func(id string, c spool.SetChange) {
			t.Helper()
			if _, err := store.Accept(ctx, asks(id, "watch"), time.Now()); err != nil {
				t.Fatal(err)
			}
			work, err := store.Lease(ctx, time.Now(), time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			here := followedStore{store, replicas[0].follower.look}
			if err := here.Finish(ctx, work, spool.Outcome{Sets: []spool.SetChange{c}}, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		watched("at first", "", "")
		change("1", spool.SetChange{Set: bot.Channels, Member: office, Value: "on"})
		watched("at once", office, "")
		<-time.After(everywhere)
		watched("5 s later", office, office)
		change("2", spool.SetChange{Set: bot.Channels, Member: office, Value: "off"})
		<-time.After(everywhere)
		watched("5 s after it was taken back", "", "")
		stop()
		running.Wait()
	})
}

// An unreadableStore fails as long as it is told to.
type unreadableStore struct {
	setStore
	down bool
}

func (s *unreadableStore) SetVersion(ctx context.Context, name spool.Set) (int64, error) {
	if s.down {
		return 0, errors.New("connection refused")
	}
	return s.setStore.SetVersion(ctx, name)
}

// What is known stays in use while the store is away, which is logged once.
func TestFollowerStoreAway(t *testing.T) {
	store, err := redis.Embedded(redis.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	away := &unreadableStore{setStore: store}
	var log bytes.Buffer
	f := newFollower(away, slog.New(slog.NewTextHandler(&log, nil)), bot.Channels)
	if _, err := store.Accept(t.Context(), asks("1", "watch"), began); err != nil {
		t.Fatal(err)
	}
	work, err := store.Lease(t.Context(), began, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	change := spool.SetChange{Set: bot.Channels, Member: "slack:T1:C1", Value: "on"}
	if err := store.Finish(t.Context(), work, spool.Outcome{Sets: []spool.SetChange{change}}, began); err != nil {
		t.Fatal(err)
	}
	f.look(t.Context())
	away.down = true
	f.look(t.Context())
	f.look(t.Context())
	if got := f.set(bot.Channels)["slack:T1:C1"]; got != "on" {
		t.Errorf("it is %q", got)
	}
	if n := strings.Count(log.String(), "cannot look"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, &log)
	}
	away.down = false
	f.look(t.Context())
	if f.away {
		t.Error("it is away still")
	}
}
