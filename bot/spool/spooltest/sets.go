package spooltest

import (
	"fmt"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// put is a change that puts a member into a set.
func put(set spool.Set, member, value string) spool.SetChange {
	return spool.SetChange{Set: set, Member: member, Value: value}
}

func testSets(f *fixture) {
	ctx := f.Context()
	versions := map[spool.Set]int64{}
	// holds checks what is in a set, and that its version is another one than
	// before exactly if changed says so.
	holds := func(set spool.Set, changed bool, want map[string]string) {
		f.Helper()
		got, version, err := f.Set(ctx, set)
		f.must(err)
		f.same("set", got, want)
		told, err := f.SetVersion(ctx, set)
		f.must(err)
		f.same("version", told, version)
		if changed != (version != versions[set]) {
			f.Errorf("the version of %s was %d and is %d; changed should be %t", set, versions[set], version, changed)
		}
		versions[set] = version
		for member, value := range want {
			got, err := f.Member(ctx, set, member)
			f.must(err)
			f.same(member, got, value)
		}
	}
	change := func(changes ...spool.SetChange) {
		f.Helper()
		f.commit(spool.Outcome{Sets: changes})
	}
	none := map[string]string{}
	holds("watched", false, none)
	_, err := f.Member(ctx, "watched", "slack:w:help")
	f.want("member", err, spool.ErrNotFound)

	change(put("watched", "slack:w:help", "ana"), put("links", "slack:w:ana", "ana <b> & \"é\""))
	holds("watched", true, map[string]string{"slack:w:help": "ana"})
	holds("links", true, map[string]string{"slack:w:ana": "ana <b> & \"é\""})
	change(put("watched", "slack:w:help", "ana"))
	holds("watched", false, map[string]string{"slack:w:help": "ana"})
	change(put("watched", "slack:w:help", "bo"), put("watched", "slack:w:other", ""))
	holds("watched", true, map[string]string{"slack:w:help": "bo", "slack:w:other": ""})
	holds("links", false, map[string]string{"slack:w:ana": "ana <b> & \"é\""})
	change(spool.SetChange{Set: "watched", Member: "slack:w:help", Remove: true})
	holds("watched", true, map[string]string{"slack:w:other": ""})
	change(spool.SetChange{Set: "watched", Member: "slack:w:help", Remove: true})
	holds("watched", false, map[string]string{"slack:w:other": ""})
	// In this order; and the version never goes back.
	change(put("links", "slack:w:ana", "x"), spool.SetChange{Set: "links", Member: "slack:w:ana", Remove: true})
	holds("links", true, none)
}

// Outside an outcome, sets change in one step, too, or not at all.
func testSetsChange(f *fixture) {
	ctx := f.Context()
	is := func(value string) *string { return &value }
	f.must(f.Change(ctx, put("drafts", "T-1", "new"), put("seen", "T-1", "é <b>")))
	f.must(f.Change(ctx, put("drafts", "T-1", "new"), put("seen", "T-1", "é <b>"))) // as after a lost answer
	_, version, err := f.Set(ctx, "drafts")
	f.must(err)
	f.same("version", version, int64(1))

	written := spool.SetChange{Set: "drafts", Member: "T-1", Value: "written", If: is("new")}
	f.want("another value", f.Change(ctx, put("seen", "T-2", "x"), spool.SetChange{Set: "drafts", Member: "T-1", Remove: true, If: is("old")}), spool.ErrConflict)
	_, err = f.Member(ctx, "seen", "T-2")
	f.want("what came with it", err, spool.ErrNotFound)
	f.must(f.Change(ctx, written))
	f.want("once more", f.Change(ctx, written), spool.ErrConflict)
	f.must(f.Change(ctx, spool.SetChange{Set: "drafts", Member: "T-1", Remove: true, If: is("written")}, put("drafts", "T-2", "")))
	got, version, err := f.Set(ctx, "drafts")
	f.must(err)
	f.same("drafts", got, map[string]string{"T-2": ""})
	f.same("version", version, int64(4))
}

// What was read must still be so, or nothing of the outcome is kept.
func testSetsIf(f *fixture) {
	ctx := f.Context()
	is := func(value string) *string { return &value }
	f.commit(spool.Outcome{Sets: []spool.SetChange{put("codes", "k7", "ana")}})
	use := func(name string, changes ...spool.SetChange) error {
		f.Helper()
		f.accept(message("bo", name))
		w := f.lease(name)
		o := spool.Outcome{Sets: changes, Tickets: fresh(ticket(f.now.UnixMilli())), Replies: []chat.Reply{reply("help", name)}}
		err := f.Finish(ctx, w, o, f.now)
		if err == nil {
			f.must(f.Finish(ctx, w, o, f.now)) // as after a lost answer
			f.must(f.Delivered(ctx, f.leaseReply(name), chat.Receipt{}, f.now))
		} else {
			f.noReply()
			f.finish(w, spool.Outcome{})
		}
		return err
	}
	taken := spool.SetChange{Set: "codes", Member: "k7", Remove: true, If: is("ana")}
	f.want("another value", use("1", put("links", "bo", "x"), spool.SetChange{Set: "codes", Member: "k7", Remove: true, If: is("zoe")}), spool.ErrConflict)
	f.want("not there", use("2", spool.SetChange{Set: "codes", Member: "k8", Remove: true, If: is("ana")}), spool.ErrConflict)
	f.want("there", use("3", spool.SetChange{Set: "codes", Member: "k7", Value: "bo", If: is("")}), spool.ErrConflict)
	_, err := f.Member(ctx, "links", "bo")
	f.want("what came with it", err, spool.ErrNotFound)
	_, err = f.Ticket(ctx, desk.NewID(f.now.UnixMilli()))
	f.want("what came with it", err, spool.ErrNotFound)

	f.must(use("4", put("links", "bo", "ana"), taken))
	f.now = f.now.Add(time.Millisecond)
	f.want("used", use("5", taken), spool.ErrConflict)
	f.now = f.now.Add(time.Millisecond)
	f.must(use("6", spool.SetChange{Set: "codes", Member: "k7", Value: "bo", If: is("")}))
	value, err := f.Member(ctx, "codes", "k7")
	f.must(err)
	f.same("code", value, "bo")
}

// A full set takes no more, and the rest of an outcome is kept.
func testSetsFull(f *fixture) {
	ctx := f.Context()
	for from := 0; from < spool.MaxMembers; from += 1000 {
		var o spool.Outcome
		for n := from; n < from+1000; n++ {
			o.Sets = append(o.Sets, put("watched", fmt.Sprint("channel ", n), "x"))
		}
		f.commit(o)
	}
	f.commit(spool.Outcome{Tickets: fresh(ticket(1)), Sets: []spool.SetChange{put("watched", "more", "x"), put("watched", "channel 0", "y")}})
	_, err := f.Ticket(ctx, "T-1")
	f.must(err)
	_, err = f.Member(ctx, "watched", "more")
	f.want("one too many", err, spool.ErrNotFound)
	got, _, err := f.Set(ctx, "watched")
	f.must(err)
	f.same("members", len(got), spool.MaxMembers)
	f.same("one of them", got["channel 0"], "y")
}
