package spooltest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// kim is who is forgotten: one person with two accounts.
var kim = spool.Owner{Person: "kim", Accounts: []chat.AccountID{"test:w:kim", "test:w:kim2"}}

// wish is that of kim to be forgotten.
func wish() spool.Forgetting {
	return spool.Forgetting{
		Owner: kim, Sets: []spool.SetChange{{Set: "drafts", Member: "T-1", Remove: true}}, Links: []spool.SetChange{{Set: "links", Member: "test:w:kim2", Remove: true}},
		Cards: func(k desk.Ticket) []chat.Reply {
			card := reply("desk", "card/"+string(k.ID))
			card.Deed, card.Ticket, card.Blocks = chat.Replace, k.ID, []chat.Block{{Layout: chat.Paragraph, Text: chat.Plain("forgotten")}}
			return []chat.Reply{card}
		},
	}
}

// forget goes through the store until nothing of kim's is left.
func (f *fixture) forget(w spool.Forgetting) spool.Forgotten {
	f.Helper()
	done, err := spool.Forget(f.Context(), f.Store, w, func() time.Time { return f.now })
	f.must(err)
	return done
}

// ofKim is a ticket that kim asked, and what was said on it.
func ofKim(n int64) desk.Ticket {
	c := begin(message("kim", fmt.Sprint("asked ", n)))
	c.Asker.Person = "kim"
	k := desk.New(n, &c, "a secret question of kim", "", start)
	k.Desk = "support"
	_ = k.Add("m", "a secret addition of kim", nil, 0, start)
	return k
}

// testForget: what someone wrote goes, wherever it is, and all else stays.
func testForget(f *fixture) {
	ctx := f.Context()
	const secret = "secret"
	asked := message("kim", "1")
	asked.Text, asked.From.Person = "a secret question of kim", "kim"
	c := begin(asked)
	copied := message("bo", "2")
	copied.Text = asked.Text
	other := begin(copied)
	other.Lane += "/aside/test:w:bo"
	pointedAt := message("bo", "0")
	pointedAt.Text = "a secret remark to nobody"
	remark := begin(pointedAt)
	remark.Lane += "/aside/test:w:bo"
	remark.Trail.Asked[0].By = kim.Accounts[1]
	theirs, kept := ofKim(1), ticket(2)
	f.must(theirs.Add("m2", "cancel kim@example.com please, secret", nil, 0, start))
	c.Ticket, theirs.Conversation = theirs.ID, c.ID
	line1, line2 := line(1), line(2)
	line1.Person, line1.Text = "kim", "a secret line"
	alias := f.alias("how is a secret question asked")
	alias.Ticket = theirs.ID
	gappy := f.alias("cancel please")
	gappy.Ticket = theirs.ID
	own, words := reply("desk", "words/x/desk"), reply("desk", "card/T-1")
	words.Deed, words.Ticket, own.Ticket = chat.Replace, theirs.ID, theirs.ID
	words.Blocks[0].Text, own.Blocks[0].Text = chat.Plain("secret card"), chat.Plain("secret words")
	f.commit(spool.Outcome{
		Conversations: fresh(c, other, remark), Tickets: fresh(theirs, kept), Lines: fresh(line1, line2),
		Persons: fresh(desk.Person{ID: "kim", Accounts: kim.Accounts, Audience: "buyer"}, desk.Person{ID: "bo", Audience: "creator"},
			desk.Person{ID: "lea", Drafts: map[chat.TicketID]string{"T-1": "an unsent secret", "T-2": "unsent"}}),
		Replies: []chat.Reply{words, own}, Learned: []desk.Alias{alias, gappy, f.alias("an unrelated phrasing")},
		Sets:    []spool.SetChange{put("links", "test:w:kim2", "kim"), put("links", "test:w:bo", "bo"), put("drafts", "T-1", "a secret draft"), put("drafts", "T-2", "a draft")},
		Tallies: []desk.Tally{{Day: start.Truncate(24 * time.Hour), Desk: "support", What: desk.CountOpened, N: 2}},
	})
	for i, key := range []string{"card/T-1", "words/x/desk"} {
		l := f.leaseReply(key)
		f.must(f.Delivered(ctx, l, chat.Receipt{Place: l.Reply.Place, Message: chat.MessageID(fmt.Sprint(17 + i))}, f.now))
	}
	before, err := f.Belongings(ctx, kim)
	f.must(err)
	f.same("belongings", []int{len(before.Persons), len(before.Conversations), len(before.Tickets), len(before.Lines), len(before.Aliases)}, []int{1, 1, 1, 1, 2})

	// On its way: an event, a timer, replies, dead letters. One of somebody else
	// stays, though it begins like what Kim wrote, and one that repeats it goes.
	for i, text := range []string{"a secret question of kind people", "fwd: a secret question of kim"} {
		alike := message("bo", fmt.Sprint("dead ", i))
		alike.Text = text
		f.accept(alike)
		f.must(f.Bury(ctx, f.lease(""), "poison", nil, f.now))
	}
	dead := message("kim", "3")
	dead.Text, dead.From.Person = "a secret that died", "kim"
	f.accept(dead)
	f.must(f.Bury(ctx, f.lease("3"), "poison", nil, f.now))
	direct, list, news := reply("desk", "re/1"), reply("desk", "re/2"), reply("desk", "re/3")
	direct.Place = chat.Direct("test:w:kim2")
	list.Blocks[0].Text, direct.Blocks[0].Text, news.Ticket = chat.Plain("T-1 a secret question of k…"), chat.Plain("a secret answer"), "T-2"
	tick := timer("overheard/x", time.Hour)
	tick.Event.From, tick.Event.Text = asked.From, "a secret remark"
	f.commit(spool.Outcome{Replies: []chat.Reply{list, direct, news}, Timers: []spool.Timer{tick, timer("other", time.Hour)}})
	waits, behind := message("kim", "4"), message("kim", "5")
	waits.Text, waits.From.Person = "a secret that waits", "kim"
	pointed := message("bo", "6")
	pointed.Kind, pointed.About = chat.Menu, &chat.Said{Message: "1", From: asked.From, Text: "a secret said"}
	behind.Place.Thread, waits.Place.Thread = "t", "t"
	behind.From = message("bo", "5").From
	f.accept(waits, behind, pointed)

	done := f.forget(wish())
	if done.Conversations != 3 || done.Tickets != 1 || done.Lines != 1 || done.Aliases != 2 || done.Busy {
		f.Errorf("forgot %+v", done)
	}
	after, err := f.Belongings(ctx, kim)
	f.must(err)
	if !after.Empty() {
		f.Errorf("kept %+v", after)
	}
	if again := f.forget(wish()); again.Sum() != 0 {
		f.Errorf("forgot again %+v", again)
	}

	// The queue is whole, and the ticket is closed.
	queue, n, err := f.Queue(ctx, "support", f.now, 10)
	f.must(err)
	f.same("queue", numbers(queue), []int64{2})
	f.same("queue in all", n, 1)
	gone, err := f.Ticket(ctx, "T-1")
	f.must(err)
	if !gone.Value.Forgotten() || gone.Value.State != desk.Closed || strings.Contains(fmt.Sprintf("%+v", gone.Value), secret) {
		f.Errorf("T-1 is %+v", gone.Value)
	}
	tallies, err := f.Tallies(ctx, "support", start.Truncate(24*time.Hour), start.Add(24*time.Hour))
	f.must(err)
	f.same("tallies", len(tallies), 1)
	lately, err := f.Lately(ctx, "test:w:ana")
	f.must(err)
	f.same("lines of others", len(lately), 1)
	copy, err := f.Conversation(ctx, other.ID)
	f.must(err)
	f.same("words in another's conversation", copy.Value.Trail.Asked[0].Text, "")
	copy, err = f.Conversation(ctx, remark.ID)
	f.must(err)
	f.same("words that another pointed at", copy.Value.Trail.Asked[0].Text, "")
	lea, err := f.Person(ctx, "lea")
	f.must(err)
	f.same("unsent words", lea.Value.Drafts, map[chat.TicketID]string{"T-2": "unsent"})
	_, err = f.Conversation(ctx, c.ID)
	f.want("conversation", err, spool.ErrNotFound)
	aliases, _, err := f.Aliases(ctx)
	f.must(err)
	f.same("aliases", len(aliases), 1)
	links, _, err := f.Set(ctx, "links")
	f.must(err)
	f.same("links", links, map[string]string{"test:w:bo": "bo"})
	drafts, _, err := f.Set(ctx, "drafts")
	f.must(err)
	f.same("drafts", drafts, map[string]string{"T-2": "a draft"})
	letters, err := f.DeadLetters(ctx, 10)
	f.must(err)
	if len(letters) != 1 || letters[0].Event.Text != "a secret question of kind people" {
		f.Errorf("dead letters %+v", letters)
	}

	// What waited comes in its order, and says nothing.
	for _, want := range []chat.Kind{chat.Menu, chat.Tick, chat.Message} {
		w := f.lease("")
		if w.Event.Kind != want || w.Event.Kind != chat.Message && (strings.Contains(w.Event.Text, secret) || w.Event.About != nil) {
			f.Errorf("event %+v, want kind %s", w.Event, want)
		}
		f.finish(w, spool.Outcome{})
		if want == chat.Tick {
			f.same("timer", w.Event.Timer, spool.ForgottenTimer)
		}
	}
	f.idle()
	var deeds []string
	for {
		l, err := f.LeaseReply(ctx, "test", chat.Pace{}, f.now, hold)
		if errors.Is(err, spool.ErrNothing) {
			break
		}
		f.must(err)
		text, err := json.Marshal(l.Reply)
		f.must(err)
		if strings.Contains(string(text), secret) {
			f.Errorf("reply %s", text)
		}
		deeds = append(deeds, string(l.Reply.Deed)+" "+string(l.Reply.Key))
		f.must(f.Delivered(ctx, l, l.Sent, f.now))
	}
	slices.Sort(deeds)
	f.same("replies", deeds, []string{"post re/3", "remove re/1", "remove re/2", "remove words/x/desk", "replace card/T-1"})
	f.now = start.Add(2 * time.Hour)
	f.fire(1)
	f.finish(f.lease("about other"), spool.Outcome{})
	f.pending(0, 0)
}

// testForgetBusy: what somebody has in hand is forgotten when they are done.
func testForgetBusy(f *fixture) {
	ctx := f.Context()
	e := message("kim", "1")
	e.Text, e.From.Person = "a secret in hand", "kim"
	f.accept(e)
	w := f.lease("1")
	some, err := f.Forget(ctx, wish(), f.now)
	f.must(err)
	if !some.Busy || some.Sum() != 0 {
		f.Errorf("forgot %+v of what is in hand", some)
	}
	// The wish itself is in hand, too.
	itself := wish()
	itself.Event = e.ID
	some, err = f.Forget(ctx, itself, f.now)
	f.must(err)
	f.same("forgot of the wish", some, spool.Forgotten{})

	// A card that was about to be made anew says the new thing at once.
	card := reply("desk", "card/T-1")
	card.Deed, card.Ticket = chat.Replace, "T-1"
	c := begin(e)
	words := reply("desk", "words/x")
	words.Blocks[0].Text, words.Ticket = chat.Plain("secret words"), "T-1"
	f.finish(w, spool.Outcome{Conversations: fresh(c), Tickets: fresh(ofKim(1)), Replies: []chat.Reply{words, card}})

	// What leads to a reply in hand stays until that is found again.
	l := f.leaseReply("words/x")
	some, err = f.Forget(ctx, wish(), f.now)
	f.must(err)
	if !some.Busy || some.Tickets != 0 {
		f.Errorf("forgot %+v of what is in hand", some)
	}
	f.must(f.Postpone(ctx, l, f.now, f.now))
	f.forget(wish())
	if l = f.leaseReply("words/x"); l.Reply.Deed != chat.Remove || l.Reply.PlainText() != "" {
		f.Errorf("words on their way are %+v", l.Reply)
	}
	f.must(f.Delivered(ctx, l, l.Sent, f.now))
	b, err := f.Belongings(ctx, kim)
	f.must(err)
	if !b.Empty() {
		f.Errorf("kept %+v", b)
	}
	for range 2 {
		l := f.leaseReply("card/T-1")
		f.same("card", l.Reply.PlainText(), "forgotten")
		f.must(f.Delivered(ctx, l, chat.Receipt{Place: l.Reply.Place, Message: "17"}, f.now))
	}
	f.noReply()
}

// testForgetKeeps: a block stays, and what went with a forgotten ticket is worked
// by itself again.
func testForgetKeeps(f *fixture) {
	ctx := f.Context()
	parent, child := ofKim(1), ticket(2)
	agent := desk.Agent{ID: "lea", Name: "Lea"}
	f.must(parent.Merge(agent, true, start, &child))
	child.Follow(&parent, start)
	duty := desk.Person{ID: "kim", Accounts: kim.Accounts, Audience: "buyer", OnCall: map[string]desk.Duty{"support": {Name: "Kim", Since: start}}}
	blocked := desk.Person{ID: "test:w:kim2"}
	blocked.Block("Lea", 0, start)
	f.commit(spool.Outcome{Tickets: fresh(parent, child), Persons: fresh(duty, blocked)})
	f.forget(wish())
	k, err := f.Ticket(ctx, "T-2")
	f.must(err)
	f.same("parent", k.Value.Parent, chat.TicketID(""))
	queue, _, err := f.Queue(ctx, "support", f.now, 10)
	f.must(err)
	f.same("queue", numbers(queue), []int64{2})
	crew, err := f.OnCall(ctx, "support")
	f.must(err)
	f.same("on call", len(crew), 1)
	for _, id := range kim.Persons() {
		p, err := f.Person(ctx, id)
		f.must(err)
		if !p.Value.IsBlocked(f.now) || p.Value.Audience != "" {
			f.Errorf("%s is %+v", id, p.Value)
		}
	}
	f.same("forgot again", f.forget(wish()), spool.Forgotten{})
}

// testForgetCrowd: a ticket that went with a forgotten one goes its own way, also
// if it is saved all the while.
func testForgetCrowd(f *fixture) {
	ctx := f.Context()
	agent := desk.Agent{ID: "lea", Name: "Lea"}
	for n := int64(1); n < 16; n += 2 {
		parent, child := ofKim(n), ticket(n+1)
		f.must(parent.Merge(agent, true, start, &child))
		child.Follow(&parent, start)
		f.commit(spool.Outcome{Tickets: fresh(parent, child)})
		var saving errgroup.Group
		saving.Go(func() error {
			for i := range 20 {
				e := message("setup", fmt.Sprint("save ", n, i))
				e.ID += "/saved"
				if _, err := f.Accept(ctx, e, f.now); err != nil {
					return err
				}
				w, err := f.Lease(ctx, f.now, hold)
				for err == nil {
					var k spool.Versioned[desk.Ticket]
					if k, err = f.Ticket(ctx, child.ID); err == nil {
						err = f.Finish(ctx, w, spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{k}}, f.now)
					}
					if !errors.Is(err, spool.ErrConflict) {
						break
					}
					err = nil
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		f.forget(wish())
		f.must(saving.Wait())
		k, err := f.Ticket(ctx, child.ID)
		f.must(err)
		if k.Value.Parent != "" {
			f.Fatalf("%s still goes with %s", child.ID, k.Value.Parent)
		}
	}
}

// testTrimClosed: a closed ticket goes with its time, a live one never, and no
// number is used twice.
func testTrimClosed(f *fixture) {
	ctx := f.Context()
	const day = 24 * time.Hour
	closed, live, later := ticket(1), ticket(2), ticket(3)
	closed.State, closed.ClosedAt = desk.Closed, start.Add(day)
	later.State, later.ClosedAt = desk.Resolved, time.Time{}
	tally := desk.Tally{Day: start.Truncate(day), Desk: "support", What: desk.CountOpened, N: 3}
	f.accept(message("setup", "number"))
	w := f.lease("")
	n, err := w.View.Number(ctx)
	f.must(err)
	f.finish(w, spool.Outcome{Tickets: fresh(closed, live, later), Tallies: []desk.Tally{tally}})
	trim := func(keep time.Duration) {
		f.Helper()
		for n := 1; n > 0; {
			n, err = f.Trim(ctx, spool.Retention{Tickets: keep}, f.now)
			f.must(err)
		}
	}
	f.now = start.Add(31 * day)
	trim(0)
	trim(30 * day)
	_, err = f.Ticket(ctx, closed.ID)
	f.must(err)
	f.now = f.now.Add(time.Second)
	trim(30 * day)
	_, err = f.Ticket(ctx, closed.ID)
	f.want("ticket", err, spool.ErrNotFound)
	mine, err := f.Asked(ctx, "ana", 10)
	f.must(err)
	f.same("asked", numbers(mine), []int64{3, 2})
	tallies, err := f.Tallies(ctx, "support", tally.Day, tally.Day.Add(day))
	f.must(err)
	f.same("tallies", tallies, []desk.Tally{tally})
	f.accept(message("setup", "next number"))
	w = f.lease("")
	next, err := w.View.Number(ctx)
	f.must(err)
	f.same("next number", next, n+1)
	f.finish(w, spool.Outcome{})

	// One that is closed later goes later, and one that came back stays.
	k, err := f.Ticket(ctx, "T-3")
	f.must(err)
	k.Value.State, k.Value.ClosedAt = desk.Closed, f.now
	f.commit(spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{k}})
	k, err = f.Ticket(ctx, "T-3")
	f.must(err)
	k.Value.State, k.Value.ClosedAt = desk.Open, time.Time{}
	f.commit(spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{k}})
	f.now = f.now.Add(400 * day)
	trim(time.Hour)
	mine, err = f.Asked(ctx, "ana", 10)
	f.must(err)
	f.same("asked", numbers(mine), []int64{3, 2})
}
