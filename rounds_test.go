package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// TestRoundAfterChange: tickets that were opened before a desk promised anything
// are due once the program has begun with its promises.
func TestRoundAfterChange(t *testing.T) {
	cfg := loaded(t, "desks: [{name: support, levels: [{first: 2h}]}]\n")
	log := slog.New(slog.DiscardHandler)
	store, err := openStore(t.Context(), cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	now := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	p, err := assemble(cfg, behaviour(cfg), newShelf(nil, rules(cfg)), store, nil, spool.Unmetered{}, func() time.Time { return now }, log)
	if err != nil {
		t.Fatal(err)
	}
	before := chat.Event{ID: "before", Kind: chat.Tick, At: now, Place: chat.Place{Platform: "wire", Workspace: "w", Channel: "help"}}
	if _, err := store.Accept(t.Context(), before, now); err != nil {
		t.Fatal(err)
	}
	lease, err := store.Lease(t.Context(), now, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	k := desk.New(1, &conversation.Conversation{ID: "c"}, "where is my refund?", "", now)
	k.Desk = "support"
	if err := store.Finish(t.Context(), lease, spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{{Value: k}}}, now); err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.events.Run(ctx, nil) }()
	p.begin(ctx, now, log)
	quiet := func() {
		t.Helper()
		if err := p.events.Quiet(ctx); err != nil {
			t.Fatal(err)
		}
	}
	quiet()
	if err := p.events.Fire(ctx); err != nil {
		t.Fatal(err)
	}
	quiet()
	got, err := store.Ticket(ctx, "T-1")
	if err != nil || !got.Value.DueAt.Equal(now.Add(2*time.Hour)) || !got.Value.AlarmAt.Equal(now.Add(2*time.Hour)) {
		t.Errorf("it is due at %v, and its timer at %v: %v", got.Value.DueAt, got.Value.AlarmAt, err)
	}
	if next, err := store.NextTimer(ctx); err != nil || !next.Equal(now.Add(time.Hour)) {
		t.Errorf("the next round is at %v: %v", next, err)
	}
	stop()
	if err := <-ended; err != nil && ctx.Err() == nil {
		t.Error(err)
	}
}

// TestServeBegins: a program that serves has gone its first round, and the next
// one is set.
func TestServeBegins(t *testing.T) {
	noneLeft(t)
	began := time.Now()
	s := newStand(t, loaded(t, ""), newWire())
	eventually(t, "the next round is set", func() bool {
		next, err := s.store.NextTimer(t.Context())
		return err == nil && !next.Before(began.Add(time.Hour).Truncate(time.Millisecond))
	})
	s.end(t)
}
