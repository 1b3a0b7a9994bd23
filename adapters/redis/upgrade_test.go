package redis_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// TestUpgrade: tickets that were stored before desks had rounds, capacity and
// stale tickets stand where those look, once the new version has begun.
func TestUpgrade(t *testing.T) {
	server := ownServer(t)
	ctx, s, admin := t.Context(), opened(t, server, "main"), client(t, server)
	const prefix = "signpost:{main}:"
	old := func(n int, rest string, indexes map[string]float64) {
		id, member := fmt.Sprintf("T-%d", n), fmt.Sprintf("%015d", n)
		fields := map[string]any{"version": 3, "value": fmt.Sprintf(
			`{"id":%q,"number":%d,"desk":"support","asker":{"person":"test:w:kim"},"opened_at":"2026-03-02T09:30:00Z",%s,"history":null}`, id, n, rest)}
		for index, score := range indexes {
			admin.ZAdd(ctx, prefix+index, goredis.Z{Score: score, Member: member})
			fields["in:"+prefix+index] = member
		}
		if err := admin.HSet(ctx, prefix+"ticket:"+id, fields).Err(); err != nil {
			t.Fatal(err)
		}
	}
	opened := float64(start.UnixMilli())
	old(1, `"state":"open"`, map[string]float64{"live": opened, "asker:test:w:kim": opened, "rank:support": 2e12})
	old(2, `"state":"claimed","holder":"ana","claimed_at":"2026-03-02T09:30:00Z"`,
		map[string]float64{"live": opened, "asker:test:w:kim": opened, "holder:ana": opened})
	old(3, `"state":"closed"`, map[string]float64{"asker:test:w:kim": opened})

	// What the new version has stored is left alone.
	fresh := desk.Ticket{ID: "T-4", Number: 4, Desk: "support", State: desk.Open, OpenedAt: start}
	duty := desk.Person{ID: "ana", OnCall: map[string]desk.Duty{"support": {Name: "Ana", Since: start}}}
	accept(t, s, event("kim", "1"))
	if err := s.Finish(ctx, lease(t, s), spool.Outcome{
		Tickets: []spool.Versioned[desk.Ticket]{{Value: fresh}}, Persons: []spool.Versioned[desk.Person]{{Value: duty}},
	}, start); err != nil {
		t.Fatal(err)
	}

	for _, want := range []int{3, 0} {
		if n, err := s.Upgrade(ctx, start); n != want || err != nil {
			t.Fatalf("Upgrade = %d, %v, want %d", n, err, want)
		}
	}
	if list, n, err := s.LiveOf(ctx, "support", 0, 10); n != 3 || len(list) != 3 || err != nil {
		t.Errorf("%d of %d live tickets are listed: %v", len(list), n, err)
	}
	if list, n, err := s.Idle(ctx, "support", start.Add(time.Second), 10); n != 3 || len(list) != 3 || err != nil {
		t.Errorf("%d of %d idle tickets are listed: %v", len(list), n, err)
	}
	if crew, err := s.OnCall(ctx, "support"); err != nil || len(crew) != 1 || crew[0].Load != 1 {
		t.Errorf("on call are %+v: %v", crew, err)
	}

	// An older version that still runs beside it closes tickets, too.
	for i, want := range []int{1, 1, 0} {
		n := 5 + i
		old(n, `"state":"closed"`, map[string]float64{"asker:test:w:kim": opened})
		if n, err := s.Upgrade(ctx, start.Add(time.Duration(i)*25*time.Hour)); n != want || err != nil {
			t.Fatalf("Upgrade = %d, %v, want %d", n, err, want)
		}
	}

	if _, err := s.Trim(ctx, spool.Retention{Tickets: time.Hour}, start.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Ticket(ctx, "T-3"); !errors.Is(err, spool.ErrNotFound) {
		t.Errorf("a closed ticket is kept beyond its time: %v", err)
	}

	// They leave again like any other.
	k, err := s.Ticket(ctx, "T-2")
	if err != nil || k.Version != 3 {
		t.Fatalf("T-2 is of version %d: %v", k.Version, err)
	}
	k.Value.State = desk.Closed
	accept(t, s, event("kim", "2"))
	if err := s.Finish(ctx, lease(t, s), spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{k}}, start); err != nil {
		t.Fatal(err)
	}
	if _, n, err := s.LiveOf(ctx, "support", 0, 10); n != 2 || err != nil {
		t.Errorf("%d tickets are live, want 2: %v", n, err)
	}
	if crew, err := s.OnCall(ctx, "support"); err != nil || crew[0].Load != 0 {
		t.Errorf("on call are %+v: %v", crew, err)
	}
}
