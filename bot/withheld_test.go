package bot

import (
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
)

// TestWithheld follows someone where the platform keeps what does not mention
// us: they are asked once in a conversation to say it so that we can hear it,
// and what they put into the form counts as said.
func TestWithheld(t *testing.T) {
	w := newWorld(t)
	thread := chat.Place{Platform: "test", Workspace: "w", Channel: "#help", Thread: "1"}
	said := func(from chat.Sender, e chat.Event) spool.Outcome {
		e.Place, e.Kind = thread, max(e.Kind, chat.Message)
		return w.do(w.event(e, from))
	}
	hinted := func(o spool.Outcome) bool {
		for _, r := range o.Replies {
			for _, b := range r.AllButtons() {
				if b.Action.Verb == "details" {
					return true
				}
			}
		}
		return false
	}
	said(kim, chat.Event{Message: "1", Text: "where is my refund?", Addressed: true, Mentioned: true})
	if o := said(ana, chat.Event{Message: "2", Withheld: true}); hinted(o) {
		t.Error("someone else's words in the thread are none of ours")
	}
	o := said(kim, chat.Event{Message: "3", Withheld: true})
	if !hinted(o) || o.Replies[0].Only != "" {
		t.Fatalf("what kim said could not be heard: %+v", o.Replies)
	}
	if o := said(kim, chat.Event{Message: "4", Withheld: true}); len(o.Replies) > 0 {
		t.Errorf("once is enough: %+v", o.Replies)
	}
	press := w.event(chat.Event{Kind: chat.Press, Place: thread, Action: chat.Do("details", "c")}, kim)
	if form := w.open(press, kim); form == nil || form.Action.Verb != "details" || form.Again == "" {
		t.Errorf("the form is %+v", form)
	}
	o = said(kim, chat.Event{Kind: chat.Submit, Action: chat.Do("details", "c"), Values: map[string]string{"text": "how do I change my password?"}})
	if len(o.Replies) != 1 || !strings.Contains(o.Replies[0].PlainText(), "password") {
		t.Errorf("what came in the form is answered: %+v", o.Replies)
	}
	if o := said(ana, chat.Event{Kind: chat.Submit, Action: chat.Do("details", "c"), Values: map[string]string{"text": "me too"}}); len(o.Conversations) != 1 || o.Conversations[0].Value.Asker.Person != "ana" {
		t.Errorf("someone else's is an exchange of their own: %+v", o.Conversations)
	}
}

// TestWithheldReaction: an emoji on a message that cannot be read says so.
func TestWithheldReaction(t *testing.T) {
	w := newWorld(t)
	o := w.do(w.event(chat.Event{Kind: chat.Reaction, Message: "9", Emoji: "🔍", Withheld: true,
		Place: chat.Place{Platform: "test", Workspace: "w", Channel: "#help"}, About: &chat.Said{Message: "9", From: kim}}, ana))
	if len(o.Replies) != 1 || !strings.Contains(o.Replies[0].PlainText(), "mentions me") {
		t.Errorf("replies = %+v", o.Replies)
	}
}

// TestDeletedByNobody: where a platform does not tell who wrote what is gone,
// the conversation that it began does.
func TestDeletedByNobody(t *testing.T) {
	w := newWorld(t)
	place := chat.Place{Platform: "test", Workspace: "w", Channel: "#help"}
	w.do(w.event(chat.Event{Kind: chat.Message, Place: place, Message: "m1", Text: "where is my refund?", Addressed: true}, kim))
	o := w.do(w.event(chat.Event{Kind: chat.Delete, Place: place, Message: "m1"}, chat.Sender{}))
	if len(o.Replies) != 1 || o.Replies[0].Deed != chat.Remove {
		t.Errorf("replies = %+v", o.Replies)
	}
	if o := w.do(w.event(chat.Event{Kind: chat.Delete, Place: place, Message: "other"}, chat.Sender{})); len(o.Replies) != 0 {
		t.Errorf("another message: %+v", o.Replies)
	}
}
