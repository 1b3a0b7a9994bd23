package spooltest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// alias is a phrasing that ana taught for the article about refunds.
func (f *fixture) alias(phrasing string) desk.Alias {
	f.Helper()
	a, err := desk.NewAlias("refund", "en", phrasing, "ana", start)
	f.must(err)
	return a
}

// learned checks which aliases there are, in any order, and that the version is
// another one than before exactly if changed says so.
func (f *fixture) learned(changed bool, want ...desk.Alias) {
	f.Helper()
	list, version, err := f.Aliases(f.Context())
	f.must(err)
	got, byID := map[desk.AliasID]desk.Alias{}, map[desk.AliasID]desk.Alias{}
	for i, a := range list {
		if got[a.ID] = a; i > 0 && list[i-1].ID >= a.ID {
			f.Errorf("%s is listed before %s", list[i-1].ID, a.ID)
		}
	}
	for _, a := range want {
		byID[a.ID] = a
		told, err := f.Alias(f.Context(), a.ID)
		f.must(err)
		f.same("alias", told, a)
	}
	f.same("aliases", got, byID)
	told, err := f.AliasVersion(f.Context())
	f.must(err)
	f.same("version", told, version)
	if changed != (version != f.aliases) {
		f.Errorf("the version was %d and is %d; changed should be %t", f.aliases, version, changed)
	}
	f.aliases = version
}

func (f *fixture) add(a desk.Alias, want bool) {
	f.Helper()
	fresh, err := f.AddAlias(f.Context(), a)
	f.must(err)
	f.same("fresh", fresh, want)
}

func (f *fixture) remove(id desk.AliasID, want bool) {
	f.Helper()
	found, err := f.RemoveAlias(f.Context(), id)
	f.must(err)
	f.same("found", found, want)
}

func testAliases(f *fixture) {
	money, owed := f.alias("where is my money"), f.alias("¿dónde está? <b>\"what\" you & owe</b>")
	owed.Ticket, owed.From = "T-12", "slack:w:ana"
	f.learned(false)
	_, err := f.Alias(f.Context(), money.ID)
	f.want("alias", err, spool.ErrNotFound)
	f.remove(money.ID, false)
	f.learned(false)

	f.add(money, true)
	f.learned(true, money)
	again, err := desk.NewAlias("refund", "en", "Where is my MONEY?", "bo", start.Add(time.Hour))
	f.must(err)
	f.same("id", again.ID, money.ID)
	f.add(again, false) // the first one stays
	f.learned(false, money)
	f.add(owed, true)
	f.learned(true, money, owed)

	f.remove(money.ID, true)
	f.learned(true, owed)
	f.remove(money.ID, false)
	f.learned(false, owed)
	f.remove(owed.ID, true)
	f.learned(true) // the version does not go back to what it was
	f.add(again, true)
	f.learned(true, again)

	if _, err := f.AddAlias(f.Context(), desk.Alias{ID: "x", Article: "refund", Lang: "en", Text: "two\nlines"}); err == nil {
		f.Error("an alias was added that cannot be read again")
	}
	f.learned(false, again)
}

// An outcome teaches in one step with everything else, and once.
func testAliasesFinish(f *fixture) {
	money, owed, lost := f.alias("where is my money"), f.alias("what you owe me"), f.alias("lost words")
	f.add(lost, true)
	f.learned(true, lost)

	f.accept(message("ana", "1"))
	w := f.lease("1")
	o := spool.Outcome{
		Tickets: fresh(ticket(1)), Learned: []desk.Alias{money, owed}, Unlearned: []desk.AliasID{lost.ID, "nothing"},
		Replies: []chat.Reply{reply("help", "learned")},
	}
	f.same("teaches", o.Teaches(), true)
	f.finish(w, o)
	f.learned(true, money, owed)
	f.remove(owed.ID, true)
	f.learned(true, money)
	f.finish(w, o) // as after a lost answer
	f.learned(false, money)
	f.leaseReply("learned")

	// What is refused teaches nothing.
	f.accept(message("ana", "2"))
	w = f.lease("2")
	f.want("finish", f.Finish(f.Context(), w, spool.Outcome{
		Tickets: fresh(ticket(1)), Learned: []desk.Alias{owed}, Unlearned: []desk.AliasID{money.ID},
	}, f.now), spool.ErrConflict)
	f.learned(false, money)
	f.finish(w, spool.Outcome{Learned: []desk.Alias{money}, Unlearned: []desk.AliasID{owed.ID}}) // nothing new
	f.learned(false, money)

	f.commit(spool.Outcome{Learned: []desk.Alias{owed}, Unlearned: []desk.AliasID{owed.ID}}) // in this order
	f.learned(true, money)
}

// Many replicas that learn the same at once learn it once, and nothing past the
// limit.
func testAliasLimit(f *fixture) {
	const short = 3 // of the limit
	var fresh, known, full atomic.Int32
	add := func(aliases ...desk.Alias) {
		f.Helper()
		var group errgroup.Group
		group.SetLimit(16)
		for _, a := range aliases {
			group.Go(func() error {
				ok, err := f.AddAlias(f.Context(), a)
				switch {
				case errors.Is(err, spool.ErrFull):
					full.Add(1)
					return nil
				case ok:
					fresh.Add(1)
				case err == nil:
					known.Add(1)
				}
				return err
			})
		}
		f.must(group.Wait())
	}
	var many, more []desk.Alias
	for n := range desk.MaxAliases - short {
		many = append(many, f.alias(fmt.Sprint("phrasing ", n)))
	}
	for n := range 4 * (short + 2) {
		more = append(more, f.alias(fmt.Sprint("more ", n/4)))
	}
	add(many...)
	f.same("fresh", int(fresh.Load()), len(many))
	add(more...)
	f.same("fresh", int(fresh.Load()), desk.MaxAliases)
	f.same("known", int(known.Load()), 3*short)
	f.same("refused", int(full.Load()), 4*2)
	list, version, err := f.Aliases(f.Context())
	f.must(err)
	f.same("aliases", len(list), desk.MaxAliases)

	// An outcome is committed all the same.
	left := f.alias("left out")
	if _, err := f.Alias(f.Context(), left.ID); !errors.Is(err, spool.ErrNotFound) || !errors.Is(err, spool.ErrFull) {
		f.Errorf("read an alias for which there is no room: %v", err)
	}
	f.commit(spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{{Value: ticket(1)}}, Learned: []desk.Alias{left}})
	_, err = f.Ticket(f.Context(), "T-1")
	f.must(err)
	now, err := f.AliasVersion(f.Context())
	f.must(err)
	f.same("version", now, version)
	f.commit(spool.Outcome{Learned: []desk.Alias{list[0]}, Unlearned: []desk.AliasID{list[0].ID}})
	f.add(left, true)
}
