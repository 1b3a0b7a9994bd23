package bot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// asksIn makes a ticket of someone's question in a thread of their own.
func (p *post) asksIn(from chat.Sender, m chat.MessageID) {
	p.t.Helper()
	place := chat.Place{Platform: "test", Workspace: "w", Channel: "help", Thread: string(m)}
	o := p.acts(from, chat.Event{Kind: chat.Message, Addressed: true, Place: place, Message: m, Text: "where is my refund?"})
	p.acts(from, chat.Event{Kind: chat.Press, Place: place, Action: chat.Do("contact", string(o.Conversations[0].Value.ID))})
}

// merged are T-1 of Kim and, merged into it, T-2 of Lee and T-3 of Sam.
func merged(t *testing.T, change ...func(*Settings)) *post {
	t.Helper()
	p := newPost(t, change...)
	p.opened()
	p.asksIn(lee, "m2")
	p.asksIn(sam, "m3")
	p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "merge T-2 T-1"})
	p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "merge T-3 T-1"})
	return p
}

const (
	atLee = "test:w:help:m2"
	atSam = "test:w:help:m3"
)

// is checks which card says what: the heading of each.
func (p *post) is(id chat.TicketID, heading string) {
	p.t.Helper()
	for _, channel := range []chat.Place{inside, abroad} {
		card := p.standing[chat.Key("card/"+string(id)+"/"+channel.String())]
		if got, _, _ := strings.Cut(card.PlainText(), "\n"); got != heading {
			p.t.Errorf("the card in %s says %q, want %q", channel, got, heading)
		}
	}
}

// What is said in the thread of the parent's card reaches everyone, and stays
// true to what the agent writes.
func TestMergedReply(t *testing.T) {
	p := merged(t)
	p.is("T-1", "T-1 · open")
	p.is("T-2", "T-2 · part of T-1")
	p.stands("Also asked by: Lee (T-2), Sam (T-3)", "test:w:desk", "other:w:desk")
	p.stands("Bo merged T-2 into this one. Lee asks:", atDesk, atOther)

	say := chat.Event{Kind: chat.Message, Place: p.cardThread(inside), Message: "a1", Mentioned: true, Addressed: true, Text: "reply two dyas"}
	p.acts(bo, say)
	p.stands("two dyas", atKim, atLee, atSam, atOther)
	p.stands("2 other askers get it too: T-2, T-3.", atDesk, atOther)
	p.stands("✓ Delivered to Kim", atDesk, atOther)
	p.stands("✓ Delivered to Lee") // which goes without saying

	say.Kind, say.Stamp, say.Text = chat.Edit, "1", "reply two days"
	p.acts(bo, say)
	p.stands("two dyas")
	p.stands("two days", atKim, atLee, atSam, atOther)

	say.Kind = chat.Delete
	p.acts(bo, say)
	p.stands("two days")
}

// One asker who cannot be reached does not hide behind the others who were.
func TestMergedUndelivered(t *testing.T) {
	p := merged(t)
	p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "claim T-1"})
	lees := chat.Place{Platform: "test", Workspace: "w", Channel: "help", Thread: "m2"}
	p.closed[lees] = "undeliverable: the thread is gone"
	p.closed[chat.Direct(lee.Account)] = "undeliverable: direct messages are closed"
	apart := chat.Apart(help, lee.Account)
	p.closed[apart] = "undeliverable: no private threads"
	p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "reply T-1 It left on Monday."})
	p.stands("It left on Monday.", atKim, atSam, atDesk, atOther)
	p.stands("✓ Delivered to Kim", atDesk, atOther, "test:w:help")
	p.stands("⚠ Lee cannot be reached in private (T-2)", atDesk, atOther)

	n := len(p.ticket("T-2").History)
	p.acts(lee, chat.Event{Kind: chat.Press, Place: help, Action: chat.Do("read", "T-2", strconv.Itoa(n))})
	if e := p.ticket("T-2").History[n-1]; e.Passage != desk.Arrived {
		t.Fatalf("entry %d of T-2 is %+v", n, e)
	}
	p.stands("⚠ Lee cannot be reached")
	p.stands("✓ Delivered to Lee", atDesk, atOther)
}

// Words wait for an undo on the parent, and then go to all.
func TestMergedUndo(t *testing.T) {
	p := merged(t, func(s *Settings) { s.Desks[0].Undo = time.Minute })
	o := p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "reply T-1 It left on Monday."})
	p.stands("It left on Monday.", atDesk, atOther)
	p.now = p.now.Add(time.Minute)
	due := o.Timers[slices.IndexFunc(o.Timers, func(timer spool.Timer) bool { return strings.HasPrefix(timer.Name, sendTimer) })]
	due.Event.Timer = due.Name
	p.deliver(p.do(due.Event))
	p.stands("It left on Monday.", atKim, atLee, atSam, atDesk, atOther)
}

// What any of them says stands in the thread of the one card, and makes it the
// agent's turn.
func TestMergedHeard(t *testing.T) {
	p := merged(t)
	p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "reply T-1 which order?"})
	p.is("T-1", "T-1 · waiting for the asker")
	say := chat.Event{Kind: chat.Message, Place: chat.Place{Platform: "test", Workspace: "w", Channel: "help", Thread: "m2"}, Message: "m9", Text: "HP123"}
	p.acts(lee, say)
	p.stands("Lee on T-2:\nHP123", atDesk, atOther, "test:w:@bo")
	p.is("T-1", "T-1 · claimed")
	thread := p.standing[copyKey("words", ptr(p.ticket("T-2")), len(p.ticket("T-2").History), inside)]
	if thread.Under != chat.Key("card/T-1/"+inside.String()) {
		t.Errorf("it stands under %q", thread.Under)
	}

	say.Kind, say.Stamp, say.Text = chat.Edit, "1", "HP124"
	p.acts(lee, say)
	p.stands("HP123")
	p.stands("HP124", atDesk, atOther, "test:w:@bo")
}

func ptr[T any](v T) *T { return &v }

// What one of them makes of the question, or takes back, stands so in the thread
// of the one card, too.
func TestMergedQuestion(t *testing.T) {
	p := merged(t)
	p.stands("Lee asks:\n> where is my refund?", atDesk, atOther)
	e := chat.Event{Kind: chat.Edit, Place: chat.Place{Platform: "test", Workspace: "w", Channel: "help", Thread: "m2"}, Message: "m2", Stamp: "1", Text: "where is my invoice?"}
	p.acts(lee, e)
	p.stands("Lee asks:\n> where is my invoice?", atDesk, atOther)
	p.stands("Sam asks:\n> where is my refund?", atDesk, atOther)
	e.Kind = chat.Delete
	p.acts(lee, e)
	p.stands("Lee asks:\n> (taken back)", atDesk, atOther)
	p.stands("invoice")
}

// When the asker of the parent takes it back, another ticket takes its place.
func TestMergedHeir(t *testing.T) {
	p := merged(t)
	p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "claim T-1"})
	p.acts(kim, chat.Event{Kind: chat.Slash, Place: help, Door: "ask", Text: "cancel T-1"})
	p.is("T-1", "T-1 · closed")
	p.is("T-2", "T-2 · claimed")
	p.is("T-3", "T-3 · part of T-2")
	p.stands("it goes on as T-2 of Lee", atDesk, atOther, atDesk, atOther, "test:w:@bo")
	p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "resolve T-2 paid"})
	p.stands("paid", atLee, atSam, atDesk, atOther)
	if sams := p.ticket("T-3"); sams.State != desk.Resolved {
		t.Errorf("T-3 is %s", sams.State)
	}
}

// A ticket of another desk is worked where the one is that it goes with.
func TestMergeAcrossDesks(t *testing.T) {
	elsewhere := chat.Place{Platform: "test", Workspace: "w", Channel: "sales"}
	p := newPost(t, func(s *Settings) {
		s.Desks[1].Channels = []string{elsewhere.String()}
		s.Desks[1].Agents = append(s.Desks[1].Agents, "ana")
	})
	p.opened()
	p.asksIn(lee, "m2")
	held, err := p.records.Ticket(t.Context(), "T-2")
	if err != nil {
		t.Fatal(err)
	}
	held.Value.Desk = "sales"
	if err := p.records.commit(spool.Outcome{Tickets: []heldTicket{held}}); err != nil {
		t.Fatal(err)
	}
	key := chat.Key("card/T-2/" + elsewhere.String())
	p.acts(ana, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "priority T-2 high"})
	if _, ok := p.standing[key]; !ok {
		t.Fatal("it had no card")
	}
	p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "merge T-2 T-1"})
	if got := p.ticket("T-2"); got.Parent != "" {
		t.Errorf("who does not work its desk merged it into %s", got.Parent)
	}
	p.acts(ana, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "merge T-2 T-1"})
	if got := p.ticket("T-2"); got.Parent != "T-1" || got.Desk != "support" {
		t.Errorf("it goes with %q at %s", got.Parent, got.Desk)
	}
	if _, ok := p.standing[key]; ok {
		t.Error("its card is still there")
	}
	p.is("T-2", "T-2 · part of T-1")
}

// A card that was deleted, with its thread, comes back as the one that is worked.
func TestMergedDeskGone(t *testing.T) {
	p := merged(t)
	p.closed[inside] = "undeliverable: the thread is gone"
	p.do(p.world.event(chat.Event{
		Kind: chat.Message, Message: "m9", Text: "HP123", Place: chat.Place{Platform: "test", Workspace: "w", Channel: "help", Thread: "m2"},
	}, lee))
	n := len(p.ticket("T-2").History)
	gone := p.do(p.world.event(chat.Event{Kind: chat.Undeliverable, Place: inside, Report: report(ptr(p.ticket("T-2")), n), Cause: "gone"}, chat.Sender{}))
	var keys []chat.Key
	for _, r := range gone.Replies {
		keys = append(keys, r.Key)
	}
	if want := chat.Key("card/T-1/" + inside.String()); !slices.Contains(keys, want) {
		t.Errorf("the replies are %q, want one of %s", keys, want)
	}
}

// BenchmarkMergedReply is one reply to as many askers as may be answered as one.
func BenchmarkMergedReply(b *testing.B) {
	s := testSettings()
	s.Desks[0].Channels = []string{inside.String()}
	w := newWorldOf(b, s)
	for n := range desk.MaxChildren + 1 {
		asker := chat.Sender{Account: account(fmt.Sprint("asker", n)), Name: fmt.Sprint("Asker ", n), Locale: "en"}
		w.opens(asker, "where is my refund?")
		if n > 0 {
			w.runs(ana, "ticket", fmt.Sprintf("merge T-%d T-1", n+1))
		}
	}
	e := w.event(chat.Event{Kind: chat.Slash, Door: "ticket", Text: "reply T-1 It left on Monday."}, ana)
	b.ReportAllocs()
	for b.Loop() {
		if o := w.try(e); len(o.Tickets) != desk.MaxChildren+1 {
			b.Fatalf("%d tickets are changed", len(o.Tickets))
		}
	}
}

// What cannot be done to a ticket that is settled with another is refused in
// words, through every door.
func TestMergedSettled(t *testing.T) {
	p := merged(t)
	p.asksIn(chat.Sender{Account: account("ned"), Name: "Ned", Locale: "en"}, "m4")
	p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "resolve T-1 paid"})
	for text, want := range map[string]string{
		"close T-2": "T-2 is part of T-1", "watch T-2": "T-2 is part of T-1", "merge T-2 T-4": "T-2 is part of T-1", "merge T-2 T-3": "is part of T-1",
		"merge T-2 T-1": "T-2 is part of T-1 already", "merge T-1 T-2": "T-2 is part of T-1 already", "merge T-4 T-2": "T-1 is settled already",
		"merge T-4 T-1": "T-1 is settled already", "merge T-1 T-4": "T-1 is settled already", "merge T-4 T-4": "cannot be merged into itself",
		"claim T-2": "T-2 is settled already", "resolve T-1": "T-1 is settled already", "resolve T-2": "T-2 is settled already",
		"merge T-4 T-99": "There is no ticket T-99", "transfer T-2 @ana": "T-2 is settled already", "wait T-2": "T-2 is settled already",
		"priority T-2 high": "T-2 is settled already", "move T-2 sales": "T-2 is settled already", "article T-2 refund": "T-2 is settled already",
	} {
		e := p.world.event(chat.Event{Kind: chat.Slash, Door: "ticket", Text: text}, bo)
		o, err := p.Handle(t.Context(), e, fakeView{p.records, e.Lane()})
		if err != nil || len(o.Tickets) > 0 || !strings.Contains(spoken(o), want) {
			t.Errorf("%s: %v, %d tickets, %s", text, err, len(o.Tickets), spoken(o))
		}
	}
}
