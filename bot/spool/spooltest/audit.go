package spooltest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// deed is something that ana did to a ticket.
func (f *fixture) deed(what string, of ...string) desk.Deed {
	return desk.Deed{
		At: f.now, Who: "ana", Account: "test:w:ana", Where: "test:w:help", Door: desk.BySlash, What: what, Of: of, Result: desk.Done, Event: "test:1",
	}
}

// open lists what is not sealed, by number and what was done.
func (f *fixture) open() []string {
	f.Helper()
	lines, err := f.Unsealed(f.Context(), 1000)
	f.must(err)
	return f.told(lines)
}

func (f *fixture) told(lines []desk.AuditLine) []string {
	f.Helper()
	list := []string{}
	for _, l := range lines {
		d, err := l.Deed()
		f.must(err)
		list = append(list, strings.Join(append([]string{fmt.Sprint(l.N), d.What}, d.Of...), " "))
	}
	return list
}

// seal seals the oldest lines, at most n, with no key.
func (f *fixture) seal(n int) {
	f.Helper()
	chain, err := f.AuditChain(f.Context())
	f.must(err)
	lines, err := f.Unsealed(f.Context(), n)
	f.must(err)
	f.must(f.Seal(f.Context(), chain.Last, desk.SealKey{}.Extend(chain.Last, lines)))
}

// verify checks the whole chain, and returns it.
func (f *fixture) verify() []desk.AuditLine {
	f.Helper()
	chain, err := f.AuditChain(f.Context())
	f.must(err)
	v := desk.NewVerifier(chain.First, nil, chain.Last)
	var all []desk.AuditLine
	for {
		lines, err := f.Audited(f.Context(), v.Last().N, 2)
		f.must(err)
		if len(lines) == 0 {
			break
		}
		for _, l := range lines {
			f.must(v.Line(l, v.Last().Seal))
		}
		all = append(all, lines...)
	}
	f.must(v.End(chain.First))
	return all
}

func testAudit(f *fixture) {
	ctx := f.Context()
	chain, err := f.AuditChain(ctx)
	f.must(err)
	f.same("chain of nothing", chain, desk.Chain{})
	f.same("nothing", f.open(), []string{})
	f.seal(10)

	// A line comes with its outcome, once, or not at all.
	f.accept(message("ana", "1"))
	w := f.lease("1")
	odd := f.deed("ticket.note", "T-1", "T-1", "", "tab\there")
	o := spool.Outcome{Tickets: fresh(ticket(1)), Audit: []desk.Deed{f.deed("ticket.claim", "T-1"), odd}}
	f.finish(w, o)
	f.finish(w, o) // as after a lost answer
	f.same("once", f.open(), []string{"1 ticket.claim T-1", "2 ticket.note T-1 tab here"})
	f.accept(message("ana", "2"))
	w = f.lease("2")
	f.want("finish", f.Finish(ctx, w, o, f.now), spool.ErrConflict)
	f.same("after a conflict", len(f.open()), 2)
	f.finish(w, spool.Outcome{Audit: []desk.Deed{f.deed("ticket.release", "T-1")}})
	f.must(f.Record(ctx, "step", f.now, f.deed("serve.start")))
	f.must(f.Record(ctx, "step", f.now, f.deed("serve.start")))
	f.must(f.Record(ctx, "step 2", f.now, f.deed("serve.stop")))
	f.same("all", f.open(), []string{"1 ticket.claim T-1", "2 ticket.note T-1 tab here", "3 ticket.release T-1", "4 serve.start", "5 serve.stop"})

	lines, err := f.Unsealed(ctx, 1)
	f.must(err)
	d, err := lines[0].Deed()
	f.must(err)
	f.same("deed", d, o.Audit[0])

	f.seal(3)
	chain, err = f.AuditChain(ctx)
	f.must(err)
	f.same("sealed", chain.Last.N, int64(3))
	f.same("waiting", chain.Waiting, 2)
	f.same("left", f.open(), []string{"4 serve.start", "5 serve.stop"})
	f.same("sealed lines", f.told(f.verify()), []string{"1 ticket.claim T-1", "2 ticket.note T-1 tab here", "3 ticket.release T-1"})

	// What was sealed behind another end, or is not the next, is refused.
	lines, err = f.Unsealed(ctx, 2)
	f.must(err)
	f.want("seal", f.Seal(ctx, desk.Link{}, desk.SealKey{}.Extend(desk.Link{}, lines)), spool.ErrConflict)
	f.want("seal", f.Seal(ctx, chain.Last, desk.SealKey{}.Extend(chain.Last, lines[1:])), spool.ErrConflict)
	f.seal(10)
	f.same("sealed lines", len(f.verify()), 5)
	lines, err = f.Audited(ctx, 3, 1)
	f.must(err)
	f.same("a page", f.told(lines), []string{"4 serve.start"})
}

func testAuditErrands(f *fixture) {
	ctx := f.Context()
	money := f.alias("where is my money")
	for range 2 {
		_, err := f.AddAlias(ctx, money, f.deed("alias.add", string(money.ID)))
		f.must(err)
	}
	for range 2 {
		_, err := f.RemoveAlias(ctx, money.ID, f.deed("alias.remove"))
		f.must(err)
	}
	f.accept(message("ana", "1"), message("bo", "2"))
	f.must(f.Bury(ctx, f.lease("1"), "boom", nil, f.now))
	f.must(f.Bury(ctx, f.lease("2"), "boom", nil, f.now))
	letters, err := f.DeadLetters(ctx, 2)
	f.must(err)
	f.must(f.Replay(ctx, letters[0].ID, f.now, f.deed("dead.replay"), f.deed("dead.more")))
	f.want("replay", f.Replay(ctx, letters[0].ID, f.now, f.deed("dead.replay")), spool.ErrNotFound)
	f.must(f.Drop(ctx, letters[1].ID, f.deed("dead.drop")))
	f.want("drop", f.Drop(ctx, letters[1].ID, f.deed("dead.drop")), spool.ErrNotFound)
	change := put("drafts", "T-1", "new")
	change.If = new(string)
	f.must(f.ChangeWith(ctx, []desk.Deed{f.deed("draft.write", "T-1")}, change))
	f.want("change", f.ChangeWith(ctx, []desk.Deed{f.deed("draft.write", "T-1")}, change), spool.ErrConflict)
	f.same("lines", f.open(), []string{"1 alias.add " + string(money.ID), "2 alias.remove", "3 dead.replay", "4 dead.more", "5 dead.drop", "6 draft.write T-1"})
}

// Many lanes write, and many replicas seal, and none is in another's way: every
// line is sealed once, in its order.
func testAuditCrowd(f *fixture) {
	const total, sealers = 200, 4
	var group errgroup.Group
	group.SetLimit(16)
	for n := range total {
		group.Go(func() error {
			return f.Record(f.Context(), fmt.Sprint("step ", n), f.now, f.deed("ticket.claim", fmt.Sprint("T-", n)))
		})
	}
	for range sealers {
		group.Go(func() error {
			for {
				chain, err := f.AuditChain(f.Context())
				if err != nil || chain.Last.N == total {
					return err
				}
				lines, err := f.Unsealed(f.Context(), 7)
				if err == nil {
					err = f.Seal(f.Context(), chain.Last, desk.SealKey{}.Extend(chain.Last, lines))
				}
				if err != nil && !errors.Is(err, spool.ErrConflict) {
					return err
				}
			}
		})
	}
	f.must(group.Wait())
	seen := map[string]bool{}
	for i, l := range f.verify() {
		d, err := l.Deed()
		f.must(err)
		f.same("number", l.N, int64(i+1))
		seen[d.Of[0]] = true
	}
	f.same("lines", len(seen), total)
}

// What is old and sealed is dropped, and the rest verifies from there.
func testTrimAudit(f *fixture) {
	const total = 500
	const day = 24 * time.Hour
	ctx := f.Context()
	for n := range total {
		f.now = start.Add(time.Duration(n) * day)
		f.must(f.Record(ctx, fmt.Sprint(n), f.now, f.deed("ticket.claim")))
	}
	trim := func(r spool.Retention) {
		f.Helper()
		for {
			n, err := f.Trim(ctx, r, f.now)
			f.must(err)
			if n == 0 {
				return
			}
		}
	}
	trim(spool.Retention{Audit: day})
	f.same("unsealed", len(f.open()), total)
	f.seal(total)
	trim(spool.Retention{})
	f.same("kept for good", len(f.verify()), total)
	// One of 100 days ago is not older than that.
	trim(spool.Retention{Audit: 100 * day})
	lines := f.verify()
	f.same("kept", len(lines), 101)
	f.same("first", lines[0].N, int64(total-100))
	chain, err := f.AuditChain(ctx)
	f.must(err)
	f.same("dropped", chain.First.N, int64(total-101))
	f.now = f.now.Add(1000 * day)
	trim(spool.Retention{Audit: 100 * day})
	f.same("all dropped", len(f.verify()), 0)
	f.must(f.Record(ctx, "last", f.now, f.deed("ticket.claim")))
	f.seal(1)
	f.same("goes on", f.told(f.verify()), []string{"501 ticket.claim"})
}
