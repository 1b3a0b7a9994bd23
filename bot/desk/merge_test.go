package desk

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
)

// asked is a new ticket with a number, of someone of its own.
func asked(number int64) *Ticket {
	id := NewID(number)
	k := New(number, &conversation.Conversation{
		Asker: chat.Sender{Person: chat.PersonID("asker of " + id), Name: "Asker " + string(id)},
	}, "where is my refund?", "", now)
	k.Desk = "support"
	return &k
}

// merged is a parent with children, which have the numbers after its.
func merged(t *testing.T, children int) (*Ticket, []*Ticket) {
	t.Helper()
	parent := asked(1)
	var list []*Ticket
	for n := range children {
		child := asked(int64(n + 2))
		if err := parent.Merge(bo, false, now, child); err != nil {
			t.Fatal(err)
		}
		child.Follow(parent, now)
		list = append(list, child)
	}
	return parent, list
}

func TestMergeRefuses(t *testing.T) {
	full, _ := merged(t, MaxChildren)
	full.ID = "T-99"
	parent, children := merged(t, 1)
	of := func(change func(*Ticket)) *Ticket { k := asked(90); change(k); return k }
	held := of(func(k *Ticket) { _ = k.Claim(ana, now) })
	done := of(func(k *Ticket) { _ = k.Resolve(bo, false, "", now) })
	tests := []struct {
		name        string
		into, child *Ticket
		lead        bool
		err         error
	}{
		{"itself", parent, parent, false, ErrSelf},
		{"again", parent, children[0], false, ErrUnchanged},
		{"into a child", children[0], asked(91), false, ErrMerged},
		{"a child", asked(91), children[0], false, ErrMerged},
		{"too many", full, asked(91), false, ErrCrowded},
		{"too many with theirs", full, parent, false, ErrCrowded},
		{"someone else's", asked(91), held, false, ErrHeld},
		{"someone else's, as a lead", asked(91), held, true, nil},
		{"settled", asked(91), done, false, ErrResolved},
		{"into a settled one", done, asked(91), false, ErrResolved},
		{"one's own", asked(91), of(func(k *Ticket) { _ = k.Claim(bo, now) }), false, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var its []*Ticket
			for _, c := range test.child.Children {
				number := 0
				_, _ = fmt.Sscanf(string(c.ID), "T-%d", &number)
				its = append(its, asked(int64(number)))
			}
			if err := test.into.Merge(bo, test.lead, now, test.child, its...); !errors.Is(err, test.err) {
				t.Errorf("Merge = %v, want %v", err, test.err)
			}
		})
	}
}

// What is merged brings its own along, and whoever worked on it.
func TestMergeBringsAlong(t *testing.T) {
	old, children := merged(t, 2)
	if err := old.Claim(bo, now); err != nil {
		t.Fatal(err)
	}
	parent := asked(9)
	if err := parent.Merge(bo, false, now, old, children...); err != nil {
		t.Fatal(err)
	}
	if len(old.Children) != 0 || len(parent.Children) != 3 || parent.Holder != "bo" || parent.State != Claimed {
		t.Errorf("the old one has %d, the new one %d and is %s by %q", len(old.Children), len(parent.Children), parent.State, parent.Holder)
	}
	for _, k := range append(children, old) {
		if f := k.Follow(parent, now); k.Parent != "T-9" || k.Holder != "bo" || len(f.Carry) > 0 {
			t.Errorf("%s goes with %q, held by %q: %+v", k.ID, k.Parent, k.Holder, f)
		}
	}
}

// A holder who waits for the asker of one ticket owes the asker of the other a
// reply still.
func TestMergeBringsNoWaitAlong(t *testing.T) {
	child, parent := asked(1), asked(2)
	if err := child.Reply(bo, "which card?", false, false, now); err != nil {
		t.Fatal(err)
	}
	if err := parent.Merge(bo, false, now, child); err != nil {
		t.Fatal(err)
	}
	if parent.State != Claimed || parent.Holder != "bo" {
		t.Errorf("one without a reply is %s by %q", parent.State, parent.Holder)
	}

	// One that has its reply waits on, and for as long.
	friday := now.Add(96 * time.Hour)
	child, parent = asked(3), asked(4)
	err := errors.Join(child.Reply(bo, "it is on its way", false, false, now), child.Wait(bo, false, friday, now),
		parent.Reply(ana, "it is on its way", false, false, now), parent.Release(ana, false, now), parent.Merge(bo, false, now, child))
	if err != nil {
		t.Fatal(err)
	}
	if parent.State != Waiting || parent.Holder != "bo" || !parent.WaitUntil.Equal(friday) {
		t.Errorf("one with a reply is %s until %v, by %q", parent.State, parent.WaitUntil, parent.Holder)
	}
}

// A merged ticket is not worked by itself, but its asker can be answered alone
// by who works it.
func TestMergedAlone(t *testing.T) {
	parent, children := merged(t, 1)
	child := children[0]
	refused := map[string]error{
		"claim": child.Claim(ana, now), "assign": child.Assign(ana, bo, now), "resolve": child.Resolve(ana, true, "", now),
		"close": child.Close(ana, true, "", now), "priority": child.SetPriority(ana, Urgent, now), "reply": child.Reply(ana, "hi", true, false, now),
		"release": child.Release(ana, true, now), "transfer": child.Transfer(ana, bo, true, "", now), "move": child.Move(ana, true, "sales", now),
	}
	for what, err := range refused {
		if !errors.Is(err, ErrMerged) {
			t.Errorf("%s = %v, want ErrMerged", what, err)
		}
	}
	if _, err := child.Watch(ana); !errors.Is(err, ErrMerged) {
		t.Errorf("watch = %v", err)
	}
	if err := parent.Claim(ana, now); err != nil {
		t.Fatal(err)
	}
	child.Follow(parent, now)
	if err := child.Reply(ana, "which order?", false, false, now); err != nil {
		t.Errorf("reply of its holder = %v", err)
	}
	if err := child.Reply(bo, "which order?", false, false, now); !errors.Is(err, ErrHeld) {
		t.Errorf("reply of someone else = %v", err)
	}
}

func TestFollow(t *testing.T) {
	parent, children := merged(t, 1)
	child := children[0]
	follows := func(what string, want Following) {
		t.Helper()
		if diff := cmp.Diff(want, child.Follow(parent, now)); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
		if again := child.Follow(parent, now); len(again.Carry)+len(again.Again)+len(again.Unsay)+len(again.News) > 0 {
			t.Errorf("%s, again: %+v", what, again)
		}
		if child.State != parent.State || child.Holder != parent.Holder {
			t.Errorf("%s: %s by %q, and the parent %s by %q", what, child.State, child.Holder, parent.State, parent.Holder)
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	as := Agent{ID: "ana", Name: "Ana"}
	do(parent.Claim(ana, now))
	follows("claimed", Following{News: []News{Taken}, By: as})
	do(parent.Release(ana, false, now))
	follows("released", Following{})
	do(parent.Claim(ana, now))
	follows("claimed again", Following{})

	do(parent.Reply(ana, "tomorow", false, true, now))
	reply := len(parent.History)
	parent.Newest().Mark = "m1"
	follows("held", Following{})
	parent.Dispatch(reply)
	said := len(child.History) + 1
	follows("sent", Following{Carry: []int{said}})
	if e := child.Entry(said); e.As != reply || e.By != "ana" || e.Passage != Sending || e.Mark != "m1/T-2" {
		t.Errorf("it says %+v", e)
	}
	do(parent.Rewrite(reply, ana, false, "tomorrow", now))
	follows("rewritten", Following{Again: []int{said}})
	if child.Text(said) != "tomorrow" {
		t.Errorf("it reads %q", child.Text(said))
	}
	do(parent.Withdraw(reply, ana, false, now))
	follows("taken back", Following{Unsay: []int{said}})

	do(parent.Move(ana, false, "sales", now))
	follows("moved", Following{News: []News{Moved}})
	do(parent.Claim(ana, now))
	follows("claimed there", Following{})

	do(parent.Resolve(ana, false, "done", now))
	follows("resolved", Following{Carry: []int{len(child.History) + 1}, News: []News{Settled}, By: as})
	do(parent.Reopen(ana, now))
	follows("reopened by an agent", Following{News: []News{Back}, By: as})
	do(parent.Close(ana, false, "spam", now))
	follows("closed", Following{News: []News{Ended}, By: as})
}

// What a snippet says to a child's asker is worded for them, and stays so unless
// the agent changes it.
func TestFollowSnippet(t *testing.T) {
	parent, children := merged(t, 1)
	child := children[0]
	if err := parent.Reply(ana, "Hello Kim", false, false, now); err != nil {
		t.Fatal(err)
	}
	reply := len(parent.History)
	parent.Newest().Markup, parent.Newest().Snippet = true, "hello"
	f := child.Follow(parent, now)
	if len(f.Carry) != 1 || len(f.News) != 0 { // who speaks is there
		t.Fatalf("sent: %+v", f)
	}
	n := f.Carry[0]
	mine := child.Entry(n)
	if !mine.Markup || mine.Snippet != "hello" {
		t.Errorf("it repeats %+v", mine)
	}
	mine.Text = "Olá Lee"
	for _, text := range []string{"", "Hello you", "Hello Kim"} {
		want := Following{Again: []int{n}}
		if text == "" {
			want = Following{}
			parent.Note(ana, "between us", now)
		} else if err := parent.Rewrite(reply, ana, false, text, now); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, child.Follow(parent, now)); diff != "" {
			t.Errorf("%q:\n%s", text, diff)
		}
		if got := child.Text(n); text == "Hello you" && got != text || text != "Hello you" && got != "Olá Lee" {
			t.Errorf("%q: it reads %q", text, got)
		}
	}

	// One that is changed before it leaves is the agent's own.
	if err := parent.Reply(ana, "Hello Kim", false, true, now); err != nil {
		t.Fatal(err)
	}
	reply = len(parent.History)
	parent.Newest().Markup, parent.Newest().Snippet = true, "hello"
	if err := parent.Rewrite(reply, ana, false, "Hello all", now); err != nil {
		t.Fatal(err)
	}
	parent.Dispatch(reply)
	f = child.Follow(parent, now)
	if e := child.Entry(f.Carry[0]); e.Text != "Hello all" || e.Snippet != "" || !e.Markup {
		t.Errorf("changed before: %+v", e)
	}
}

// Who comes back comes back alone.
func TestFollowNoMore(t *testing.T) {
	resolved := func() (*Ticket, *Ticket) {
		parent, children := merged(t, 1)
		if err := parent.Resolve(ana, false, "", now); err != nil {
			t.Fatal(err)
		}
		children[0].Follow(parent, now)
		return parent, children[0]
	}
	parent, child := resolved()
	if err := parent.Add("m9", "still broken", nil, time.Hour, now); err != nil {
		t.Fatal(err)
	}
	f := child.Follow(parent, now)
	if !slices.Equal(f.News, []News{Parted}) || child.Parent != "" || len(parent.Children) != 0 || child.State != Resolved || !parent.Live() {
		t.Errorf("after the parent's asker came back: %v, child of %q is %s, parent is %s", f.News, child.Parent, child.State, parent.State)
	}

	parent, child = resolved()
	if err := child.Add("m9", "still broken", nil, time.Hour, now); err != nil {
		t.Fatal(err)
	}
	parent.Leave(child, now)
	if child.Parent != "" || child.Holder != "ana" || child.State != Claimed || len(parent.Children) != 0 || parent.State != Resolved {
		t.Errorf("after its asker came back: child of %q is %s by %q, parent is %s", child.Parent, child.State, child.Holder, parent.State)
	}
}

// When a parent's asker wants it no more, the others still do.
func TestSucceed(t *testing.T) {
	parent, children := merged(t, 3)
	if err := parent.Claim(ana, now); err != nil {
		t.Fatal(err)
	}
	for _, child := range children {
		child.Follow(parent, now)
	}
	if err := parent.Cancel(now); err != nil {
		t.Fatal(err)
	}
	parent.Succeed(children[0], children[1:], now)
	heir := children[0]
	if len(parent.Children) != 0 || heir.Parent != "" || len(heir.Children) != 2 || heir.Holder != "ana" || !heir.Live() {
		t.Errorf("the heir goes with %q, is held by %q and has %d", heir.Parent, heir.Holder, len(heir.Children))
	}
	for _, child := range children[1:] {
		if f := child.Follow(heir, now); child.Parent != heir.ID || !child.Live() || len(f.News) > 0 {
			t.Errorf("%s goes with %q, is %s and hears %v", child.ID, child.Parent, child.State, f.News)
		}
	}
}

func TestHear(t *testing.T) {
	parent, children := merged(t, 1)
	child := children[0]
	if err := parent.Reply(ana, "which order?", false, false, now); err != nil {
		t.Fatal(err)
	}
	child.Follow(parent, now)
	if err := child.Add("m2", "HP123", nil, time.Hour, now); err != nil {
		t.Fatal(err)
	}
	parent.Hear(child, now)
	if e := parent.Newest(); parent.State != Claimed || e.Did != DidHear || e.Text != "T-2" || e.By == "" {
		t.Errorf("after words, the parent is %s: %+v", parent.State, e)
	}
}

// Time moves a parent, and its children as it does.
func TestFollowTime(t *testing.T) {
	parent, children := merged(t, 1)
	child := children[0]
	d := Desk{Patience: Patience{After: time.Hour}, Levels: []Level{{First: time.Minute}}}
	if err := parent.Reply(ana, "which order?", false, false, now); err != nil {
		t.Fatal(err)
	}
	both := func(was Standing, at time.Time) {
		parent.Tick(was, d, at)
		child.Tick(child.Standing(), d, at)
	}
	child.Follow(parent, now)
	both(Standing{}, now)
	if next := child.Next(d, grace); !next.IsZero() || !child.DueAt.IsZero() {
		t.Errorf("a child is due at %s and has an alarm at %s", child.DueAt, next)
	}
	parent.Nag(now.Add(time.Minute))
	if f := child.Follow(parent, now.Add(time.Minute)); !slices.Equal(f.News, []News{Nagged}) {
		t.Errorf("when a word is waited for, it hears %v", f.News)
	}
	both(parent.Standing(), now.Add(time.Minute))
	if f := child.Follow(parent, now.Add(time.Minute)); len(f.News) > 0 {
		t.Errorf("again, it hears %v", f.News)
	}
	at := now.Add(time.Hour)
	if a, _ := parent.Due(d, grace, at); a.Kind != Expire {
		t.Fatalf("the parent is due to %s", a.Kind)
	}
	parent.Expire(at)
	if f := child.Follow(parent, at); child.State != Resolved || !slices.Equal(f.News, []News{Expired}) || f.By.ID != Signpost.ID {
		t.Errorf("it is %s and hears %v by %s", child.State, f.News, f.By.ID)
	}
	parent.End(at.Add(grace))
	if f := child.Follow(parent, at.Add(grace)); child.State != Closed || !child.ended() || len(f.News) > 0 {
		t.Errorf("it is %s and hears %v", child.State, f.News)
	}
	// Words that were said in time bring it back, alone.
	if err := child.Add("m9", "still broken", nil, grace, at.Add(time.Minute)); err != nil || !child.Live() {
		t.Errorf("late words = %v, it is %s", err, child.State)
	}

	// Both in one turn, should the clock have jumped.
	parent, children = merged(t, 1)
	child = children[0]
	parent.Expire(now)
	parent.End(now)
	if f := child.Follow(parent, now); child.State != Closed || !slices.Equal(f.News, []News{Expired}) {
		t.Errorf("it is %s and hears %v", child.State, f.News)
	}
}

// Who is merged into what was answered already has not been answered.
func TestMergeOwes(t *testing.T) {
	parent := asked(1)
	if err := parent.Reply(ana, "tomorrow", false, false, now); err != nil {
		t.Fatal(err)
	}
	answered, waits := asked(2), asked(3)
	if err := answered.Reply(ana, "tomorrow", false, false, now); err != nil {
		t.Fatal(err)
	}
	if err := parent.Merge(ana, false, now, answered); err != nil || parent.State != Waiting || parent.owed() != 0 {
		t.Errorf("with one that was answered: %v, it is %s and owes %d", err, parent.State, parent.owed())
	}
	if err := parent.Merge(ana, false, now, waits); err != nil || parent.State != Claimed || parent.owed() == 0 {
		t.Errorf("with one that was not: %v, it is %s and owes %d", err, parent.State, parent.owed())
	}
}

// Who watches one of two tickets hears of both once they are one.
func TestMergeWatched(t *testing.T) {
	parent, child := asked(1), asked(2)
	for k, who := range map[*Ticket]Agent{parent: ana, child: bo} {
		if _, err := k.Watch(who); err != nil {
			t.Fatal(err)
		}
	}
	if err := parent.Merge(zoe, false, now, child); err != nil {
		t.Fatal(err)
	}
	child.Follow(parent, now)
	if len(parent.Watchers) != 2 || len(child.Watchers) != 2 {
		t.Errorf("they are watched by %v and %v", parent.Watchers, child.Watchers)
	}
	was := parent.Course()
	if _, err := parent.Watch(bo); err != nil || parent.Course() == was {
		t.Errorf("one leaves: %v, and there is nothing to follow", err)
	}
	if child.Follow(parent, now); len(child.Watchers) != 1 {
		t.Errorf("then the child is watched by %v", child.Watchers)
	}
}

// Whatever is done, what goes with a ticket is live as it is, each of its
// agents' words reaches everyone once, and following again changes nothing.
func TestFollowModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parent := asked(1)
		var children []*Ticket
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			entry := rapid.IntRange(1, len(parent.History)).Draw(t, "entry")
			agent := rapid.SampledFrom([]Agent{ana, bo}).Draw(t, "agent")
			switch rapid.SampledFrom([]string{"merge", "reply", "hold", "dispatch", "rewrite", "withdraw", "resolve", "reopen", "close", "claim", "release", "fail"}).Draw(t, "does") {
			case "merge":
				child := asked(int64(len(children) + 2))
				if parent.Merge(agent, true, now, child) == nil {
					children = append(children, child)
				}
			case "reply":
				_ = parent.Reply(agent, "words", true, false, now)
			case "hold":
				_ = parent.Reply(agent, "words", true, true, now)
			case "dispatch":
				parent.Dispatch(entry)
			case "rewrite":
				_ = parent.Rewrite(entry, agent, true, rapid.StringN(1, 3, 9).Draw(t, "text"), now)
			case "withdraw":
				_ = parent.Withdraw(entry, agent, true, now)
			case "resolve":
				_ = parent.Resolve(agent, true, "", now)
			case "reopen":
				_ = parent.Reopen(agent, now)
			case "close":
				_ = parent.Close(agent, true, "", now)
			case "claim":
				_ = parent.Claim(agent, now)
			case "release":
				_ = parent.Release(agent, true, now)
			case "fail":
				if e := parent.Entry(entry); e.Did == DidReply && e.Passage == Sending {
					parent.Fail(entry, "closed", now)
				}
			}
			for i, child := range children {
				was := parent.Course()
				child.Follow(parent, now)
				length := len(child.History)
				if f := child.Follow(parent, now); len(child.History) != length || len(f.News) > 0 || parent.Course() != was {
					t.Fatalf("%s follows again: %+v", child.ID, f)
				}
				if child.State != parent.State || child.Holder != parent.Holder {
					t.Fatalf("%s is %s by %q, the parent %s by %q", child.ID, child.State, child.Holder, parent.State, parent.Holder)
				}
				for n := parent.Children[i].After + 1; n <= len(parent.History); n++ {
					e, count := parent.Entry(n), 0
					for m := range child.History {
						if mine := &child.History[m]; mine.As == n {
							count++
							if (mine.Passage == Withdrawn) != (e.Passage == Withdrawn) || child.Text(m+1) != parent.Text(n) && e.Passage != Withdrawn {
								t.Fatalf("%s says %q %s, the parent %q %s", child.ID, child.Text(m+1), mine.Passage, parent.Text(n), e.Passage)
							}
						}
					}
					if want := e.Did == DidReply && e.Passage != Held && e.Passage != Withdrawn; want && count != 1 || count > 1 {
						t.Fatalf("%s says entry %d %d times: %+v", child.ID, n, count, e)
					}
				}
			}
		}
	})
}
