package main

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/signpost-bot/signpost/bot/spool"
)

// followEvery is how often a replica looks whether a set was changed on another
// one. The documentation says that it is known everywhere within 5 s.
const followEvery = time.Second

// A setStore is where a follower looks.
type setStore interface {
	Set(ctx context.Context, name spool.Set) (map[string]string, int64, error)
	SetVersion(ctx context.Context, name spool.Set) (int64, error)
}

// A follower knows some sets by heart, whichever replica changes them. Whoever
// asks gets what was read last; nobody may change it.
type follower struct {
	store setStore
	log   *slog.Logger

	looking sync.Mutex // held while it looks
	away    bool       // the store was, when it was asked last

	mu       sync.Mutex
	versions map[spool.Set]int64
	sets     map[spool.Set]map[string]string
}

func newFollower(store setStore, log *slog.Logger, names ...spool.Set) *follower {
	f := &follower{store: store, log: log, versions: map[spool.Set]int64{}, sets: map[spool.Set]map[string]string{}}
	for _, name := range names {
		f.sets[name] = nil
	}
	return f
}

// set is what is in a set, as far as is known.
func (f *follower) set(name spool.Set) map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sets[name]
}

// run looks until ctx ends.
func (f *follower) run(ctx context.Context) {
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	for {
		f.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// look asks for the version of each set, and for what is in it if it is another
// one. What cannot be read is asked for again next time.
func (f *follower) look(ctx context.Context) {
	f.looking.Lock()
	defer f.looking.Unlock()
	var failed error
	for _, name := range slices.Sorted(maps.Keys(f.sets)) {
		if err := f.renew(ctx, name); err != nil {
			failed = err
			break
		}
	}
	if failed != nil && ctx.Err() != nil {
		return
	}
	if failed != nil && !f.away {
		f.log.Warn("cannot look for linked accounts and watched channels; those that are known stay in use", "err", failed)
	}
	f.away = failed != nil
}

func (f *follower) renew(ctx context.Context, name spool.Set) error {
	version, err := f.store.SetVersion(ctx, name)
	if err != nil || version == f.versions[name] {
		return err
	}
	members, version, err := f.store.Set(ctx, name)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sets[name], f.versions[name] = members, version
	f.log.Info("a set was read anew", "set", name, "members", len(members))
	return nil
}

// A followedStore lets what an outcome changes in a set be known here at once.
type followedStore struct {
	spool.Store
	changed func(context.Context)
}

func (s followedStore) Finish(ctx context.Context, w spool.Work, o spool.Outcome, now time.Time) error {
	err := s.Store.Finish(ctx, w, o, now)
	if err == nil && len(o.Sets) > 0 {
		s.changed(ctx)
	}
	return err
}
