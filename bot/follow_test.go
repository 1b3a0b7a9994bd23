package bot

import (
	"context"
	"slices"
	"testing"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/audience"
)

// An ear is a library that remembers what it was asked last.
type ear struct {
	Library
	last knowledge.Question
}

func (e *ear) Find(ctx context.Context, q knowledge.Question) (knowledge.Answer, error) {
	e.last = q
	return e.Library.Find(ctx, q)
}

// newEar makes a world hear what its library is asked.
func newEar(w *world) *ear {
	e := &ear{Library: w.library()}
	w.library = func() Library { return e }
	return e
}

// A follow-up is found with what came before it, and so it is when a button
// under its answer asks again.
func TestFollowUpKeepsItsContext(t *testing.T) {
	w := newWorld(t)
	e := newEar(w)
	check := func(name, text string, before ...string) {
		t.Helper()
		if e.last.Text != text || !slices.Equal(e.last.Before, before) {
			t.Errorf("%s: asked %q after %q, want %q after %q", name, e.last.Text, e.last.Before, text, before)
		}
		if e.last.Topic != "refunds" && len(before) > 0 {
			t.Errorf("%s: the topic is %q", name, e.last.Topic)
		}
	}
	first := "how do I get a refund?"
	id := string(w.says(kim, first).Conversations[0].Value.ID)
	check("question", first)
	w.says(kim, "and when?")
	check("follow-up", "and when?", first)
	w.presses(kim, "more", id)
	check("more", "and when?", first)
	w.presses(kim, "as", id, "buyer")
	check("as", "and when?", first)
	o := w.says(kim, "change my password")
	check("something new", "change my password", first, "and when?")
	asked := o.Conversations[0].Value.Trail.Asked[1]
	w.do(w.event(chat.Event{Kind: chat.Edit, Message: asked.Message, Stamp: "2", Text: "and how?"}, kim))
	check("edit", "and how?", first)
}

// Who says who they are is that for the thread, but not for good, and a button
// overrules it.
func TestSaysWhoInAThread(t *testing.T) {
	w := newWorld(t)
	e := newEar(w)
	chosen := func() string {
		for _, known := range e.last.Known {
			if known.Source == audience.Chosen {
				return known.Audience
			}
		}
		return ""
	}
	id := string(w.says(kim, "how do I change my password?").Conversations[0].Value.ID)
	o := w.says(kim, "i mean as a creator")
	c := o.Conversations[0].Value
	if c.As != "creator" || c.Trail.Audience != "creator" || len(o.Persons) > 0 {
		t.Errorf("as %q, audience %q, %d persons", c.As, c.Trail.Audience, len(o.Persons))
	}
	w.says(kim, "how do I create a coupon?")
	if chosen() != "creator" {
		t.Errorf("later in the thread the asker is %q", chosen())
	}
	elsewhere := w.event(chat.Event{Kind: chat.Message, Addressed: true, Text: "how do I create a coupon?", Place: chat.Direct(kim.Account), Private: true}, kim)
	w.do(elsewhere)
	if chosen() != "" {
		t.Errorf("elsewhere the asker is %q", chosen())
	}
	w.says(kim, "as a creator")
	o = w.presses(kim, "as", id, "buyer")
	if got := o.Conversations[0].Value; got.As != "buyer" || got.Trail.Audience != "buyer" {
		t.Errorf("after the press the asker is %q, answered %q", got.As, got.Trail.Audience)
	}
	w.presses(kim, "more", id)
	if !e.last.Settled || chosen() != "buyer" {
		t.Errorf("more for %q, settled %t", chosen(), e.last.Settled)
	}
}

// What nobody may see is no audience to be in.
func TestSaysWhoIsNotPrivate(t *testing.T) {
	w := newWorld(t)
	w.says(kim, "how do I get a refund?")
	o := w.says(kim, "i mean as staff")
	for _, c := range o.Conversations {
		if c.Value.As != "" || c.Value.Trail.Audience == "staff" {
			t.Errorf("kim is %q, answered %q", c.Value.As, c.Value.Trail.Audience)
		}
	}
}
