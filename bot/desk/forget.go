package desk

import (
	"slices"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
)

// structural is what of a history names no words of anyone's: priorities,
// labels, agents, tickets.
var structural = []Doing{
	DidAssign, DidTransfer, DidPriority, DidLabel, DidUnlabel, DidMerge, DidLink, DidHear, DidPart, DidRate,
}

// deleted stands where something was said, in any language: without it, it would
// seem to have been taken back.
const deleted = "…"

// Forget leaves of t what is the desk's own: its number, its times, who worked it
// and how it ended. Who asked, what they asked and what they were told is gone,
// for an agent's answer tells of the question. A live ticket is closed, as if its
// asker had taken it back. What t counts for stays as it was.
func (t *Ticket) Forget(at time.Time) {
	if t.Forgotten() {
		return
	}
	if t.State != Closed {
		t.State, t.ClosedAt, t.ClosedBy = Closed, at, ""
	}
	t.Conversation, t.Asker, t.Origin, t.Place, t.Private, t.Direct = "", chat.Sender{}, chat.Place{}, chat.Place{}, false, false
	t.Question, t.Detail, t.Phrasing, t.Comment = "", "", "", ""
	t.Trail = conversation.Trail{Lang: t.Trail.Lang, Audience: t.Trail.Audience}
	t.WaitUntil, t.AlarmAt, t.Untold, t.Watchers = time.Time{}, time.Time{}, nil, nil
	t.Parent, t.Children = "", nil
	t.History = slices.Clone(t.History)
	for i, e := range t.History {
		kept := Entry{
			At: e.At, By: e.By, Name: e.Name, Did: e.Did, Of: e.Of, Thanks: e.Thanks, Until: e.Until, Article: e.Article, As: e.As, Passage: e.Passage,
		}
		switch {
		case e.By == "":
			kept.Name = ""
		case e.Did == DidHear, e.Did == DidPart: // the asker of a ticket that went with it, maybe the same
			kept.By, kept.Name = "", ""
		}
		switch {
		case slices.Contains(structural, e.Did):
			kept.Text = e.Text
		case e.Text != "" || len(e.Files) > 0:
			kept.Text = deleted
		}
		t.History[i] = kept
	}
	t.note(at, Agent{}, DidForget, "")
}

// Forgotten reports whether t's asker wished to be forgotten.
func (t *Ticket) Forgotten() bool {
	return slices.ContainsFunc(t.History, func(e Entry) bool { return e.Did == DidForget })
}

// PartForgotten lets t go its own way where a ticket went with it, or it with
// that, whose asker is forgotten, and forgets their name. It reports whether there
// was anything to do.
func (t *Ticket) PartForgotten(other *Ticket, at time.Time) bool {
	changed := false
	if i := slices.IndexFunc(t.Children, func(c Child) bool { return c.ID == other.ID }); i >= 0 {
		t.Children, changed = slices.Delete(slices.Clone(t.Children), i, i+1), true
	}
	if t.Parent == other.ID {
		t.part(at)
		changed = true
	}
	theirs := func(e Entry) bool {
		return (e.Did == DidHear || e.Did == DidPart) && e.Text == string(other.ID) && (e.By != "" || e.Name != "")
	}
	if !slices.ContainsFunc(t.History, theirs) {
		return changed
	}
	t.History = slices.Clone(t.History)
	for i, e := range t.History {
		if theirs(e) {
			t.History[i].By, t.History[i].Name = "", ""
		}
	}
	return true
}
