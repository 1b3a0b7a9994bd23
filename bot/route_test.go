package bot

import (
	"slices"
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// channelled are the test settings with a channel for each desk.
func channelled() Settings {
	s := testSettings()
	s.Desks[0].Channels = []string{"test:w:support-desk"}
	s.Desks[1].Channels = []string{"test:w:sales-desk"}
	return s
}

// posts lists what goes to a channel, as deed and key.
func posts(o spool.Outcome, channel string) []string {
	var list []string
	for _, r := range o.Replies {
		if r.Place.Channel == channel {
			list = append(list, string(r.Deed)+" "+string(r.Key))
		}
	}
	return list
}

func TestRouteByChannelAndLanguage(t *testing.T) {
	s := testSettings()
	s.Desks = append([]desk.Desk{{Name: "first", Topics: []string{"nothing"}},
		{Name: "office", From: []string{"test:w:office"}}, {Name: "lisbon", Languages: []string{"pt-BR"}}}, s.Desks...)
	w := newWorldOf(t, s)
	if k := w.opens(kim, vague); k.Desk != "support" {
		t.Errorf("from nowhere it goes to %s", k.Desk)
	}
	office := chat.Place{Platform: "test", Workspace: "w", Channel: "office", Thread: "1"}
	o := w.do(w.event(chat.Event{Kind: chat.Message, Addressed: true, Place: office, Text: vague}, lee))
	o = w.do(w.event(chat.Event{Kind: chat.Press, Place: office, Action: chat.Do("contact", string(o.Conversations[0].Value.ID))}, lee))
	if got := o.Tickets[0].Value.Desk; got != "office" {
		t.Errorf("from a thread of the channel it goes to %s", got)
	}
	rui := sam
	rui.Roles, rui.Locale = nil, "pt-BR"
	if k := w.opens(rui, "zanzibar?"); k.Desk != "lisbon" {
		t.Errorf("in Portuguese it goes to %s", k.Desk)
	}
}

func TestMove(t *testing.T) {
	w := newWorldOf(t, channelled())
	k := w.opens(kim, vague)
	w.runs(bo, "ticket", "claim T-1")
	w.runs(bo, "ticket", "reply T-1 which zanzibar?")
	w.says(kim, "the one with the boats")
	w.runs(bo, "ticket", "note T-1 sells boats")

	o := w.runs(bo, "ticket", "move T-1 Sales")
	moved := w.ticket(k.ID)
	if moved.Desk != "sales" || moved.State != desk.Open || moved.Holder != "" || !moved.OpenedAt.Equal(k.OpenedAt) {
		t.Errorf("moved: %+v", moved)
	}
	old := posts(o, "support-desk")
	if len(old) != 2 || !strings.HasPrefix(old[0], "post ") || old[1] != "remove card/T-1/test:w:support-desk" {
		t.Errorf("the old channel gets %q", old)
	}
	now := posts(o, "sales-desk")
	if len(now) != 4 || now[0] != "replace card/T-1/test:w:sales-desk" {
		t.Errorf("the new channel gets %q", now)
	}
	var said []string
	for _, r := range o.Replies {
		if r.Under == "card/T-1/test:w:sales-desk" {
			said = append(said, r.PlainText())
		}
	}
	if all := strings.Join(said, "\n"); !slices.IsSortedFunc([]string{"which zanzibar?", "the one with the boats", "sells boats"},
		func(a, b string) int { return strings.Index(all, a) - strings.Index(all, b) }) || len(said) != 3 {
		t.Errorf("under the new card stands %q", said)
	}
	if got := spoken(o); !strings.Contains(got, "T-1 is at the desk sales now") || !strings.Contains(got, "the team that can help best") {
		t.Errorf("said: %s", got)
	}

	// It is the new desk's alone.
	if got := spoken(w.runs(bo, "ticket", "claim T-1")); !strings.Contains(got, "T-1 belongs to the desk sales") {
		t.Errorf("its old agent hears %q", got)
	}
	if got := spoken(w.runs(dan, "ticket", "next")); !strings.Contains(got, "T-1 is yours") {
		t.Errorf("its new agent hears %q", got)
	}
}

// Who watches a ticket hears no more of it where they do not work.
func TestMoveLeavesWatchers(t *testing.T) {
	s := channelled()
	s.Desks[1].Agents = append(s.Desks[1].Agents, "ana")
	w := newWorldOf(t, s)
	w.opens(kim, vague)
	w.opens(lee, vague)
	for _, who := range []chat.Sender{ana, bo, cy} {
		w.runs(who, "ticket", "watch T-1")
		w.runs(who, "ticket", "watch T-2")
	}
	o := w.runs(ana, "ticket", "move T-1 sales")
	if k := w.ticket("T-1"); len(k.Watchers) != 1 || k.Watchers[0].ID != "ana" {
		t.Errorf("after the move %v watch it", k.Watchers)
	}
	for _, who := range []chat.Sender{bo, cy} {
		if told := copied(o, who); len(told) != 1 || !strings.Contains(told[0].PlainText(), "T-1 is at the desk sales now, so you no longer watch it.") {
			t.Errorf("%s is told %v", who.Name, told)
		}
	}
	w.runs(ana, "ticket", "merge T-2 T-1")
	if k := w.ticket("T-1"); len(k.Watchers) != 1 || k.Watchers[0].ID != "ana" {
		t.Errorf("after the merge %v watch it", k.Watchers)
	}
}

func TestMoveRefused(t *testing.T) {
	w := newWorld(t)
	w.opens(kim, vague)
	w.opens(lee, vague)
	w.runs(ana, "ticket", "claim T-2")
	for text, want := range map[string]string{
		"move T-1 support":  "T-1 is at the desk support already",
		"move T-1 saless":   "There is no desk called saless",
		"move T-1":          "Please give a desk",
		"move T-2 sales":    "Nothing was changed: T-2 is with Ana",
		"move T-9 sales":    "There is no ticket T-9",
		"switch T-2 sales!": "There is no desk called sales!",
	} {
		o := w.runs(bo, "ticket", text)
		if got := spoken(o); !strings.Contains(got, want) || changed(o) {
			t.Errorf("%q says %q, want %q", text, got, want)
		}
	}
	// A lead may, and who held it is told.
	w.runs(bo, "ticket", "claim T-1")
	o := w.runs(ana, "ticket", "move T-1 sales")
	if got := spoken(o); !strings.Contains(got, "Ana took T-1, which was yours, to the desk sales") {
		t.Errorf("said: %s", got)
	}

	s := testSettings()
	s.Desks = s.Desks[:1]
	lonely := newWorldOf(t, s)
	lonely.opens(kim, vague)
	if got := spoken(lonely.runs(bo, "ticket", "move T-1 sales")); !strings.Contains(got, "There is no other desk") {
		t.Errorf("with one desk: %s", got)
	}
}

// A ticket that comes back has its card in the first channel again.
func TestMoveThereAndBack(t *testing.T) {
	s := channelled()
	s.Desks[1].Agents = append(s.Desks[1].Agents, "ana")
	w := newWorldOf(t, s)
	w.opens(kim, vague)
	w.runs(ana, "ticket", "move T-1 sales")
	o := w.runs(ana, "ticket", "move T-1 support")
	if got := posts(o, "support-desk"); len(got) != 1 || got[0] != "replace card/T-1/test:w:support-desk" {
		t.Errorf("the first channel gets %q", got)
	}
	if got := posts(o, "sales-desk"); len(got) != 2 || got[1] != "remove card/T-1/test:w:sales-desk" {
		t.Errorf("the second channel gets %q", got)
	}
}

// Two desks may share a channel, and then the card stays.
func TestMoveWithinChannel(t *testing.T) {
	s := channelled()
	s.Desks[1].Channels = s.Desks[0].Channels
	w := newWorldOf(t, s)
	w.opens(kim, vague)
	w.runs(bo, "ticket", "note T-1 boats")
	if got := posts(w.runs(bo, "ticket", "move T-1 sales"), "support-desk"); len(got) > 0 {
		t.Errorf("the shared channel gets %q", got)
	}
}

func TestMoveIsOffered(t *testing.T) {
	w := newWorld(t)
	w.opens(kim, vague)
	var found []chat.Option
	for _, b := range w.runs(bo, "ticket", "show T-1").Replies[0].Blocks {
		if b.Select != nil && b.Select.Action.Verb == "move" {
			found = b.Select.Options
		}
	}
	if len(found) != 1 || found[0].Value != "sales" {
		t.Errorf("offered: %+v", found)
	}
	if got := spoken(w.presses(bo, "move", "T-1", "sales")); !strings.Contains(got, "T-1 is at the desk sales now") {
		t.Errorf("said: %s", got)
	}
	typing := chat.Typing{Door: "ticket", Verb: "move", Param: "desk", Text: "sa", From: bo}
	if got := w.Suggest(t.Context(), typing); len(got) != 1 || got[0].Value != "sales" {
		t.Errorf("suggested: %+v", got)
	}
}
