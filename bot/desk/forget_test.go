package desk

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
)

// TestForget: nothing that an asker wrote or was told stays, and all that counts
// does.
func TestForget(t *testing.T) {
	asker := chat.Sender{Account: "slack:T:secret", Person: "slack:T:secret", Name: "Secret Name"}
	c := &conversation.Conversation{Asker: asker, Place: chat.Direct(asker.Account), Trail: conversation.Trail{
		Lang: "es", Audience: "buyer", Asked: []conversation.Asked{{Text: "a secret", Files: []chat.File{{Name: "secret.pdf"}}}},
	}}
	k := New(7, c, "my secret question", "refunds", now)
	k.Desk = "support"
	k.Explain("a secret detail")
	for _, err := range []error{
		k.Reply(ana, "your secret is 42", false, false, now.Add(time.Minute)),
		k.Add("m2", "more secrets", []chat.File{{Name: "secret.png"}}, 0, now.Add(time.Hour)),
		k.Resolve(ana, false, "the last secret", now.Add(2*time.Hour)),
		k.Rate(true, now.Add(3*time.Hour)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	k.Note(bo, "a secret between us", now)
	k.Comment, k.Watchers = "secretly good", []Agent{bo}
	counts := k.Tallies()

	k.Forget(now.Add(4 * time.Hour))
	text, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.ToLower(string(text)), "secret") {
		t.Errorf("it still has %s", text)
	}
	if diff := cmp.Diff(counts, k.Tallies()); diff != "" {
		t.Errorf("it counts otherwise:\n%s", diff)
	}
	if k.ID != "T-7" || k.State != Closed || k.Holder != ana.ID || !k.ClosedAt.Equal(now.Add(4*time.Hour)) || !k.Forgotten() {
		t.Errorf("it is %+v", k)
	}
	for i, e := range k.History {
		said := slices.Contains([]Doing{DidOpen, DidReply, DidAdd, DidNote}, e.Did)
		if (e.Text == deleted) != said {
			t.Errorf("entry %d, %s, reads %q", i+1, e.Did, e.Text)
		}
	}
	before := len(k.History)
	if k.Forget(now.Add(5 * time.Hour)); len(k.History) != before {
		t.Error("it was forgotten twice")
	}
	if err := k.Reopen(ana, now); err != ErrForgotten {
		t.Errorf("Reopen = %v", err)
	}
}

func TestForgetLive(t *testing.T) {
	for _, state := range []State{Open, Claimed, Waiting} {
		k := asked(1)
		k.State = state
		if k.Forget(now); k.Live() || !k.ResolvedAt.IsZero() || k.State != Closed {
			t.Errorf("%s became %s", state, k.State)
		}
	}
}

// TestForgetFamily: who asked a ticket that went with it, often the same person, is
// named no more either.
func TestForgetFamily(t *testing.T) {
	parent, children := merged(t, 2)
	parent.Hear(children[0], now)
	parent.Leave(children[1], now)
	parent.Forget(now)
	text, err := json.Marshal(parent)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range children {
		if c.Asker.Name == "" || strings.Contains(string(text), `"`+c.Asker.Name+`"`) {
			t.Errorf("%q is in %s", c.Asker.Name, text)
		}
	}
}

func TestPartForgotten(t *testing.T) {
	parent, children := merged(t, 2)
	parent.Hear(children[0], now)
	forgotten := *children[0]
	if !parent.PartForgotten(&forgotten, now) || parent.PartForgotten(&forgotten, now) {
		t.Error("a parent parts otherwise than once")
	}
	text, err := json.Marshal(parent)
	if err != nil {
		t.Fatal(err)
	}
	if len(parent.Children) != 1 || strings.Contains(string(text), forgotten.Asker.Name) {
		t.Errorf("the parent is %s", text)
	}
	if !children[1].PartForgotten(parent, now) || children[1].Parent != "" {
		t.Errorf("the child is %+v", children[1])
	}
}
