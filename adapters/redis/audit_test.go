package redis_test

import (
	"fmt"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/bot/desk"
)

// TestAuditNumberLost: where Redis has lost how far the audit is, it goes on behind
// its last line, and can be sealed.
func TestAuditNumberLost(t *testing.T) {
	server := ownServer(t)
	ctx, s, admin := t.Context(), opened(t, server, "main"), client(t, server)
	record := func(step string) {
		t.Helper()
		if err := s.Record(ctx, step, start, desk.Deed{At: start, Who: "ana", What: "ticket.claim"}); err != nil {
			t.Fatal(err)
		}
	}
	seal := func() desk.Chain {
		t.Helper()
		chain, err := s.AuditChain(ctx)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := s.Unsealed(ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Seal(ctx, chain.Last, desk.SealKey{}.Extend(chain.Last, lines)); err != nil {
			t.Fatal(err)
		}
		if chain, err = s.AuditChain(ctx); err != nil {
			t.Fatal(err)
		}
		return chain
	}
	record("1")
	record("2")
	seal()
	record("3")
	if err := admin.Del(ctx, "signpost:{main}:audit_number").Err(); err != nil {
		t.Fatal(err)
	}
	record("4")
	record("5")
	if chain := seal(); chain.Last.N != 5 || chain.Waiting != 0 {
		t.Errorf("the chain is %+v", chain)
	}
}

// TestSealHalf: half of a step that a crash has left is gone on with, and what
// stands in the place of a line is told.
func TestSealHalf(t *testing.T) {
	server := ownServer(t)
	ctx, s, admin := t.Context(), opened(t, server, "main"), client(t, server)
	for _, step := range []string{"1", "2", "3"} {
		if err := s.Record(ctx, step, start, desk.Deed{At: start, Who: "ana", What: "ticket.claim"}); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := s.Unsealed(ctx, 10)
	if err != nil {
		t.Fatal(err)
	}
	lines = desk.SealKey{}.Extend(desk.Link{}, lines)
	add := func(l desk.AuditLine) {
		t.Helper()
		if err := admin.XAdd(ctx, &goredis.XAddArgs{
			Stream: "signpost:{main}:audit", ID: fmt.Sprintf("%d-0", l.N), Values: []any{"line", l.Text, "seal", string(l.Seal)},
		}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	add(lines[0])
	if err := s.Seal(ctx, desk.Link{}, lines[:2]); err != nil {
		t.Fatal(err)
	}
	other := lines[2]
	other.Seal = lines[0].Seal
	add(other)
	if err := s.Seal(ctx, desk.Link{N: 2, Seal: lines[1].Seal}, lines[2:]); err == nil || !strings.Contains(err.Error(), "another line 3") {
		t.Errorf("Seal = %v", err)
	}
	chain, err := s.AuditChain(ctx)
	if err != nil || chain.Last.N != 2 || chain.Waiting != 1 {
		t.Errorf("the chain is %+v: %v", chain, err)
	}
	all, err := s.Audited(ctx, 0, 10)
	if err != nil || len(all) != 3 {
		t.Errorf("sealed are %+v: %v", all, err)
	}
}
