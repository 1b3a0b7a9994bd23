package spool

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// workers is how many lanes are handled side by side in one process.
	workers = 8
	// senders is how many places of one platform are served side by side.
	senders = 4
	// lease is how long a worker or sender may take. What is found leased for
	// longer belonged to a process that died.
	lease = 30 * time.Second
	// closing is how long work in hand may take after Run's context ended.
	closing = 10 * time.Second
)

// A Spool moves events from Accept to their delivered replies.
type Spool struct {
	store     Store
	handler   Handler
	person    func(chat.AccountID) chat.PersonID
	now       func() time.Time
	log       *slog.Logger
	meter     Meter
	retention Retention

	handling  *crew
	platforms map[string]chat.Platform // set by Run
	sending   map[string]*crew         // by platform; set by Run
	progress  bell                     // rings when something is done
	wishes    sync.Map                 // to be forgotten: *wish by the id of the event that asks for it
}

// Options are what a Spool can be given.
type Options struct {
	// Person says whose account it is. Nil: everyone has one account.
	Person    func(chat.AccountID) chat.PersonID
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger     // nil: slog.Default()
	Meter     Meter            // nil: Unmetered
	Retention Retention        // zero: what is over is kept for good
}

// New joins a store and a handler.
func New(store Store, handler Handler, o Options) *Spool {
	s := &Spool{
		store: store, handler: handler, person: o.Person, now: o.Now, log: o.Log, meter: o.Meter, retention: o.Retention,
		handling: newCrew("handle", workers), sending: map[string]*crew{},
	}
	if s.person == nil {
		s.person = func(a chat.AccountID) chat.PersonID { return chat.PersonID(a) }
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.meter == nil {
		s.meter = Unmetered{}
	}
	return s
}

// Accept stores an event. It implements [chat.Inbox].
func (s *Spool) Accept(ctx context.Context, e chat.Event) error {
	began := s.now()
	e.From.Person = s.person(e.From.Account)
	if e.At.IsZero() {
		e.At = began.UTC()
	}
	fresh, err := s.store.Accept(ctx, e, began)
	if err != nil {
		s.meter.Trouble("accept")
		return fmt.Errorf("accept event %s: %w", e.ID, err)
	}
	s.meter.Accepted(e, fresh, s.now().Sub(began))
	if !fresh {
		s.log.Debug("event came again", "event", e.ID, "kind", e.Kind)
		return nil
	}
	s.handling.call(1)
	return nil
}

// Run handles events, delivers replies, fires timers and trims the store until
// ctx ends. From then on nothing new is taken. Work in hand is finished before
// Run returns, at most 10 s later; the rest stays stored. Run is called once.
func (s *Spool) Run(ctx context.Context, platforms map[string]chat.Platform) error {
	s.platforms = platforms
	for name := range platforms {
		s.sending[name] = newCrew("deliver", senders)
	}
	var group errgroup.Group
	join := func(c *crew, step func(ctx context.Context, found func()) error) {
		for range c.size {
			group.Go(func() error { s.labour(ctx, c, step); return nil })
		}
	}
	join(s.handling, s.work)
	for name, platform := range platforms {
		join(s.sending[name], func(ctx context.Context, found func()) error { return s.deliver(ctx, name, platform, found) })
	}
	group.Go(func() error { s.every(ctx, "fire", fireEvery, s.Fire); return nil })
	group.Go(func() error { s.every(ctx, "trim", trimEvery, s.trim); return nil })
	return group.Wait()
}

// Quiet blocks until everything accepted so far is handled and its replies
// are delivered, or ctx ends.
func (s *Spool) Quiet(ctx context.Context) error {
	for {
		heard := s.progress.listen()
		p, err := s.store.Pending(ctx)
		if err != nil {
			return fmt.Errorf("wait for quiet: %w", err)
		}
		if p == (Pending{}) {
			return nil
		}
		if !pause(ctx, heard, poll) {
			return ctx.Err()
		}
	}
}

// queued calls those who deliver replies.
func (s *Spool) queued(replies []chat.Reply) {
	for _, r := range replies {
		if c, ok := s.sending[r.Place.Platform]; ok {
			c.call(1)
		}
	}
}
