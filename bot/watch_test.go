package bot

import (
	"fmt"
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// copied is what an outcome tells someone in their direct messages.
func copied(o spool.Outcome, who chat.Sender) (replies []chat.Reply) {
	for _, r := range o.Replies {
		if r.Place == chat.Direct(who.Account) && r.Purpose == chat.Notifying {
			replies = append(replies, r)
		}
	}
	return replies
}

// Watchers hear of words as they are said, changed and taken back, and whoever
// says them or holds the ticket hears nothing twice.
func TestWatch(t *testing.T) {
	w := newWorld(t)
	k := w.opens(kim, "Where is my refund?")
	id := string(k.ID)
	w.runs(ana, "ticket", "claim "+id)
	w.runs(bo, "ticket", "watch "+id)
	w.runs(ana, "ticket", "watch "+id)

	said := w.event(chat.Event{Kind: chat.Message, Addressed: true, Text: "order 4711"}, kim)
	o := w.do(said)
	first := copied(o, bo)
	if len(first) != 1 || !strings.Contains(first[0].PlainText(), "order 4711") || len(copied(o, ana)) != 0 {
		t.Fatalf("said: %s", spoken(o))
	}
	edit := said
	edit.Kind, edit.Text, edit.Stamp = chat.Edit, "order 4712", "2"
	o = w.do(w.event(edit, kim))
	if now := copied(o, bo); len(now) != 1 || now[0].Deed != chat.Replace || now[0].Key != first[0].Key || !strings.Contains(now[0].PlainText(), "order 4712") {
		t.Errorf("edited: %s", spoken(o))
	}

	o = w.runs(ana, "ticket", "reply "+id+" on its way")
	reply := copied(o, bo)
	if len(reply) != 1 || !strings.Contains(reply[0].PlainText(), "on its way") {
		t.Fatalf("replied: %s", spoken(o))
	}
	n := len(w.ticket(k.ID).History)
	o = w.presses(ana, "unsend", id, fmt.Sprint(n))
	if now := copied(o, bo); len(now) != 1 || now[0].Key != reply[0].Key || strings.Contains(now[0].PlainText(), "on its way") {
		t.Errorf("taken back: %s", spoken(o))
	}
	// Notes are for who reads the ticket, not for who listens.
	if o := w.runs(ana, "ticket", "note "+id+" between us"); len(copied(o, bo)) != 0 {
		t.Errorf("noted: %s", spoken(o))
	}
	if o := w.runs(ana, "ticket", "close "+id); len(copied(o, bo)) != 1 || len(copied(o, ana)) != 0 {
		t.Errorf("closed: %s", spoken(o))
	}
	if o := w.runs(bo, "ticket", "watch "+id); !strings.Contains(spoken(o), "no longer watch") || len(w.ticket(k.ID).Watchers) != 1 {
		t.Errorf("no more: %s", spoken(o))
	}
}

func TestWatchFull(t *testing.T) {
	w := newWorld(t)
	k := desk.Ticket{History: []desk.Entry{{Did: desk.DidOpen}}}
	for i := range desk.MaxWatchers {
		k.Watchers = append(k.Watchers, desk.Agent{ID: chat.PersonID(fmt.Sprint(i))})
	}
	w.stores(1, kim, k)
	if o := w.runs(bo, "ticket", "watch T-1"); !strings.Contains(spoken(o), "20 watchers already") || changed(o) {
		t.Errorf("one too many: %s", spoken(o))
	}
}

// Who watches a ticket hears of it as long as they work its desk: not when it
// has gone to another, by a move or with the one that it is merged into.
func TestWatchElsewhere(t *testing.T) {
	w := newWorld(t)
	w.opens(kim, "Where is my refund?")
	w.opens(lee, "How do I create a coupon?")
	w.runs(bo, "ticket", "watch T-1")
	w.runs(cy, "ticket", "watch T-1")
	w.runs(ana, "ticket", "move T-1 sales")
	if k := w.ticket("T-1"); k.Desk != "sales" {
		t.Fatalf("it is at %s", k.Desk)
	}
	for what, o := range map[string]spool.Outcome{
		"said":    w.do(w.event(chat.Event{Kind: chat.Message, Addressed: true, Text: "order 4711"}, kim)),
		"replied": w.runs(dan, "ticket", "reply T-1 on its way"),
		"settled": w.runs(dan, "ticket", "resolve T-1"),
	} {
		if len(copied(o, bo)) != 0 || len(copied(o, cy)) != 0 {
			t.Errorf("%s: %s", what, spoken(o))
		}
	}
	if o := w.runs(dan, "ticket", "show T-1"); strings.Contains(spoken(o), "Watched by") {
		t.Errorf("shown: %s", spoken(o))
	}
}
