package conversation

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
)

var begun = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

func at(minutes int) time.Time { return begun.Add(time.Duration(minutes) * time.Minute) }

// question found n articles.
func question(text string, minutes, n int) Asked {
	a := Asked{At: at(minutes), Message: chat.MessageID(text), Text: text}
	for range n {
		a.Shown = append(a.Shown, Shown{ID: "refunds"})
	}
	return a
}

var event = chat.Event{
	ID: "test:1", Kind: chat.Message, At: begun, Message: "m1",
	Place: chat.Place{Platform: "test", Workspace: "w", Channel: "help"},
	From:  chat.Sender{Account: "test:w:kim", Person: "kim", Name: "Kim"},
}

func TestBegin(t *testing.T) {
	want := Conversation{
		ID: NewID(event), Lane: "test:w:help/test:w:kim", Place: event.Place, Private: true, Asker: event.From,
		State: Answered, Begun: begun, Latest: begun,
	}
	if diff := cmp.Diff(want, Begin(event, true)); diff != "" {
		t.Error(diff)
	}
}

func TestNewID(t *testing.T) {
	id := NewID(event)
	copied, other := event, event
	copied.ID, other.Message = "test:repeat", "m2"
	if NewID(copied) != id {
		t.Error("a copy of the event names another conversation")
	}
	if NewID(other) == id {
		t.Error("another message names the same conversation")
	}
	if len(id) != 16 || strings.ContainsFunc(string(id), func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz234567", r) }) {
		t.Errorf("id %q is not 16 letters and digits", id)
	}
}

func TestConversation(t *testing.T) {
	tests := []struct {
		name    string
		do      func(*Conversation)
		state   State
		misses  int
		latest  int    // minutes
		pressed string // with commas
	}{
		{"found something", func(c *Conversation) { c.Ask(question("a", 1, 2)) }, Answered, 0, 1, ""},
		{"found nothing", func(c *Conversation) { c.Ask(question("a", 1, 0)) }, Answered, 1, 1, ""},
		{"found nothing twice", func(c *Conversation) { c.Ask(question("a", 1, 0)); c.Ask(question("b", 2, 0)) }, Answered, 2, 2, ""},
		{"a find ends a row of misses", func(c *Conversation) { c.Ask(question("a", 1, 0)); c.Ask(question("b", 2, 1)) }, Answered, 0, 2, ""},
		{"late events turn no clock back", func(c *Conversation) { c.Ask(question("a", 5, 1)); c.Ask(question("b", 2, 1)) }, Answered, 0, 5, ""},
		{"did not help", func(c *Conversation) { c.Ask(question("a", 1, 1)); c.Miss(at(2)) }, Answered, 1, 2, "unhelped"},
		{"helped", func(c *Conversation) { c.Ask(question("a", 1, 0)); c.Help(at(2)) }, Helped, 0, 2, "helped"},
		{"asked again after help", func(c *Conversation) { c.Help(at(1)); c.Ask(question("a", 2, 1)) }, Answered, 0, 2, "helped"},
		{"chose", func(c *Conversation) { c.Choose("buyer", at(1)) }, Answered, 0, 1, "as buyer"},
		{"escalated", func(c *Conversation) { c.Ask(question("a", 1, 0)); c.Escalate("T-7", at(2)) }, Escalated, 0, 2, "contact"},
		{"helped after escalating", func(c *Conversation) { c.Escalate("T-7", at(1)); c.Help(at(2)) }, Escalated, 0, 2, "contact,helped"},
		{"asked after escalating", func(c *Conversation) { c.Escalate("T-7", at(1)); c.Ask(question("a", 2, 0)) }, Escalated, 1, 2, "contact"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := Begin(event, false)
			test.do(&c)
			if c.State != test.state || c.Misses != test.misses || !c.Latest.Equal(at(test.latest)) {
				t.Errorf("%s with %d misses, latest %s; want %s, %d, %s", c.State, c.Misses, c.Latest, test.state, test.misses, at(test.latest))
			}
			var pressed []string
			for _, p := range c.Trail.Pressed {
				pressed = append(pressed, p.What)
			}
			if got := strings.Join(pressed, ","); got != test.pressed {
				t.Errorf("pressed %q, want %q", got, test.pressed)
			}
			if (c.State == Escalated) != (c.Ticket == "T-7") {
				t.Errorf("%s with ticket %q", c.State, c.Ticket)
			}
		})
	}
}

func TestConversationStale(t *testing.T) {
	c := Begin(event, false)
	if c.Stale(begun.Add(time.Hour), time.Hour) || !c.Stale(begun.Add(time.Hour+1), time.Hour) {
		t.Error("a conversation is stale after an hour, not before")
	}
	c.Help(at(30))
	if c.Stale(begun.Add(time.Hour+1), time.Hour) {
		t.Error("a press does not keep it fresh")
	}
}

func TestConversationShow(t *testing.T) {
	c := Begin(event, false)
	shown := make([]Shown, 1, 8) // room that someone else may use
	c.Ask(Asked{At: at(1), Text: "a", Shown: shown})
	c.Show([]Shown{{ID: "b"}}, at(2))
	if shown = shown[:2]; shown[1].ID != "" {
		t.Error("Show wrote into someone else's list")
	}
	if got := c.Newest().Shown; len(got) != 2 || got[1].ID != "b" {
		t.Errorf("shown = %v", got)
	}
	if c.Trail.Pressed[0].What != "more" || !c.Latest.Equal(at(2)) {
		t.Errorf("pressed %v, latest %s", c.Trail.Pressed, c.Latest)
	}
}

func TestConversationForget(t *testing.T) {
	c := Begin(event, false)
	if c.Newest() != nil || c.ByMessage("a") != nil {
		t.Error("nothing was asked yet")
	}
	for i, text := range []string{"a", "", "b"} { // the middle one came by command: no message
		c.Ask(question(text, i, 1))
	}
	if c.ByMessage("") != nil {
		t.Error("a question without message was found by it")
	}
	if got := c.ByMessage("b"); got == nil || got != c.Newest() {
		t.Errorf("question of message b = %v", got)
	}
	c.Forget("b")
	c.Forget("b")
	if c.ByMessage("b") != nil || len(c.Trail.Asked) != 2 || c.Newest().Text != "" {
		t.Errorf("after forgetting b: %+v", c.Trail.Asked)
	}
}

// What an agent sends counts as shown for the newest question, once.
func TestTrailSuggest(t *testing.T) {
	first := Trail{Asked: []Asked{{Text: "a"}, {Text: "b", Shown: []Shown{{ID: "seen"}}}}}
	got := first
	got.Suggest(Shown{ID: "sent", By: "ana"})
	got.Suggest(Shown{ID: "sent", By: "bo"})
	got.Suggest(Shown{ID: "seen", By: "bo"})
	if shown := got.Asked[1].Shown; len(shown) != 2 || shown[0].By != "" || shown[1] != (Shown{ID: "sent", By: "ana"}) {
		t.Errorf("shown %+v", shown)
	}
	if len(first.Asked[1].Shown) != 1 {
		t.Error("a copy of the trail was changed, too")
	}
	empty := Trail{}
	if empty.Suggest(Shown{ID: "sent"}); len(empty.Asked) != 0 {
		t.Errorf("nothing was asked, and yet there is %+v", empty.Asked)
	}
}
