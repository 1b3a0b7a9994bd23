package spool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

const (
	// handling is how long a handler may take: its outcome must be stored while
	// the lease holds.
	handling = lease - 5*time.Second
	// maxTries is how many failures bury an event.
	maxTries = 5
	// maxConflicts is far more than ever meet on one record.
	maxConflicts = 1000
)

// work handles one event. It returns nil if there was one, however it went.
func (s *Spool) work(ctx context.Context, found func()) error {
	began := s.now()
	w, err := s.store.Lease(ctx, began, lease)
	if err != nil {
		return err
	}
	found()
	log := s.log.With("event", w.Event.ID, "kind", w.Event.Kind)
	o, err := s.finish(ctx, w)
	var failed *failure
	switch {
	case err == nil:
		s.meter.Finished(w.Event, o, max(0, began.Sub(w.At)), s.now().Sub(began))
		s.queued(o.Replies)
	case errors.As(err, &failed):
		err = s.failed(ctx, w, err, log.With(s.whose(ctx, w)...))
	}
	if errors.Is(err, ErrLost) {
		log.Warn("another worker took the event over")
		return nil
	}
	return err
}

// failed leaves the event for later, or buries it.
func (s *Spool) failed(ctx context.Context, w Work, cause error, log *slog.Logger) error {
	tries := w.Tries + 1
	if tries < maxTries && w.Event.Kind != chat.Unreadable { // which will never be anything else
		log.Error("event failed and will be tried again", "tries", tries, "err", cause)
		s.meter.Failed(w.Event, false)
		now := s.now()
		return s.store.Retry(ctx, w, cause.Error(), now.Add(backoff(tries)), now)
	}
	log.Error("event is buried", "tries", tries, "err", cause)
	apology, deeds := s.apologise(w.Event)
	err := s.store.Bury(ctx, w, cause.Error(), apology, s.now(), deeds...)
	if err == nil {
		s.meter.Failed(w.Event, true)
		s.queued(apology)
	}
	return err
}

// finish handles an event until its outcome is committed. A conflict means
// that someone else got ahead, so it is handled again; that many in a row are
// a mistake of the handler's.
func (s *Spool) finish(ctx context.Context, w Work) (Outcome, error) {
	var o Outcome
	var err error
	for range maxConflicts {
		o, err = s.handle(ctx, w)
		for _, f := range o.Forget {
			if err == nil {
				err = s.forget(ctx, w, f)
			}
		}
		if err == nil {
			if err = s.store.Finish(ctx, w, o, s.now()); err == nil && len(o.Forget) > 0 {
				s.wishes.Delete(w.Event.ID)
			}
		}
		var failed *failure
		switch {
		case errors.Is(err, ErrConflict):
			w.View = s.store.Fresh(w)
		case err == nil, errors.As(err, &failed), errors.Is(err, ErrLost), errors.Is(err, ErrUnavailable), ctx.Err() != nil:
			return o, err
		default:
			return o, &failure{fmt.Errorf("finish: %w", err)} // the outcome was refused
		}
	}
	return Outcome{}, &failure{err}
}

// A wish is a forgetting under way, or done.
type wish struct {
	sync.Mutex
	done bool
}

// forget forgets someone. If we are killed meanwhile, the event that asks for it
// is handled again, and so is this. In a large store it outlasts the lease: then
// whoever takes the event over does not begin anew, and leaves it again with
// [ErrLost], until it is done.
func (s *Spool) forget(ctx context.Context, w Work, f Forgetting) error {
	found, _ := s.wishes.LoadOrStore(w.Event.ID, new(wish))
	asked := found.(*wish)
	if !asked.TryLock() {
		return ErrLost
	}
	defer asked.Unlock()
	if asked.done {
		return nil
	}
	done, err := Forget(ctx, s.store, f, s.now)
	if err == nil {
		asked.done = true
		s.log.Info("someone was forgotten", "tickets", done.Tickets, "conversations", done.Conversations, "took", done.Sum())
		for name := range s.sending {
			s.sending[name].call(done.Tickets + done.Messages)
		}
	}
	return err
}

// A failure is an error of the handler's own, which counts towards burying.
type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func (s *Spool) handle(ctx context.Context, w Work) (o Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("handler panicked", "event", w.Event.ID, "panic", p, "stack", string(debug.Stack()))
			err = &failure{fmt.Errorf("panic: %v", p)}
		}
	}()
	timely, cancel := context.WithTimeout(ctx, handling)
	defer cancel()
	o, err = s.handler.Handle(timely, w.Event, w.View)
	ours := errors.Is(err, ErrUnavailable) || errors.Is(err, ErrLost) || errors.Is(err, ErrConflict)
	if err != nil && !ours && ctx.Err() == nil {
		err = &failure{err}
	}
	return o, err
}

// apologise buries without a word if the words cannot be found.
func (s *Spool) apologise(e chat.Event) (replies []chat.Reply, deeds []desk.Deed) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("apology panicked", "event", e.ID, "panic", p, "stack", string(debug.Stack()))
			replies, deeds = nil, nil
		}
	}()
	return s.handler.Apologise(e), s.handler.Failed(e)
}

// whose names the conversation and ticket of an event's lane, for the log.
func (s *Spool) whose(ctx context.Context, w Work) []any {
	here, ok, err := w.View.Here(ctx) // which the lease has brought along
	if err != nil || !ok {
		return nil
	}
	names := []any{"conversation", here.Value.ID}
	if here.Value.Ticket != "" {
		names = append(names, "ticket", here.Value.Ticket)
	}
	return names
}
