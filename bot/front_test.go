package bot

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
)

// open asks for the form of an event, as adapters do: nobody has said yet
// whose account it is.
func (w *world) open(e chat.Event, from chat.Sender) *chat.Form {
	w.t.Helper()
	e = w.event(e, from)
	e.From.Person = ""
	form, err := w.Open(context.Background(), e)
	if err != nil {
		w.t.Fatal(err)
	}
	return form
}

func press(verb string, args ...string) chat.Event {
	return chat.Event{Kind: chat.Press, Action: chat.Do(verb, args...)}
}

func slash(door, text string) chat.Event {
	return chat.Event{Kind: chat.Slash, Door: door, Text: text}
}

func TestOpenContact(t *testing.T) {
	w := newWorld(t)
	c := w.asks(kim, "where is my refund?")
	form := w.open(press("contact", c), kim)
	if form == nil || form.Action.String() != "contact:"+c || len(form.Fields) != 3 {
		t.Fatalf("form = %+v", form)
	}
	question, topic, detail := form.Fields[0], form.Fields[1], form.Fields[2]
	if question.Name != "question" || question.Value != "where is my refund?" || question.Max != maxFormText {
		t.Errorf("question = %+v", question)
	}
	want := []chat.Option{{Label: "Account", Value: "account"}, {Label: "Refunds", Value: "refunds"}, {Label: "Something else", Value: otherTopic}}
	if diff := cmp.Diff(want, topic.Options); diff != "" || topic.Value != "refunds" {
		t.Errorf("topic is %q of:\n%s", topic.Value, diff)
	}
	if detail.Name != "detail" || detail.Value != "" || !detail.Optional || detail.Kind != chat.Lines {
		t.Errorf("detail = %+v", detail)
	}
	for name, who := range map[string]chat.Sender{"a stranger": lee, "an agent": bo} {
		if form := w.open(press("contact", c), who); form != nil {
			t.Errorf("%s gets the form of someone else's question: %+v", name, form)
		}
	}
	for _, arg := range []string{"", "nosuchconversation"} {
		if form := w.open(press("contact", arg), kim); form != nil {
			t.Errorf("a form for the conversation %q", arg)
		}
	}

	// What the form brings becomes the ticket.
	submit := chat.Event{Kind: chat.Submit, Action: form.Action, Values: map[string]string{"question": " where is my money? ", "topic": "account", "detail": " \norder 77\n"}}
	o := w.do(w.event(submit, kim))
	if len(o.Tickets) != 1 || o.Tickets[0].Value.Question != "where is my money?\n\norder 77" || o.Tickets[0].Value.Topic != "account" {
		t.Fatalf("tickets = %+v", o.Tickets)
	}
	if form := w.open(press("contact", c), kim); form != nil {
		t.Error("a form though there is a ticket already")
	}
	w.runs(kim, "ask", "cancel T-1")
	if form := w.open(press("contact", c), kim); form == nil {
		t.Error("no form though the ticket is closed")
	}
}

func TestOpenText(t *testing.T) {
	w := newWorld(t)
	k := w.opens(kim, "where is my refund?")
	w.opens(lee, "where is my refund?")
	tests := []struct {
		name  string
		event chat.Event
		who   chat.Sender
		want  string // the form's action; empty: none
	}{
		{"reply", press("reply", "T-1"), bo, "reply:T-1"},
		{"note", press("note", "T-1"), ana, "note:T-1"},
		{"by role", press("note", "T-1"), cy, "note:T-1"},
		{"no agent", press("reply", "T-1"), lee, ""},
		{"not even the asker", press("note", "T-1"), kim, ""},
		{"agent of another desk", press("reply", "T-1"), dan, ""},
		{"no such ticket", press("reply", "T-99"), bo, ""},
		{"no ticket at all", press("reply", "refund"), bo, ""},
		{"which one", press("reply"), bo, ""},
		{"command with nothing to say", slash("ticket", "reply T-1"), bo, "reply:T-1"},
		{"by alias and number", slash("ticket", "r #1"), bo, "reply:T-1"},
		{"command with words", slash("ticket", "reply T-1 here"), bo, ""},
		{"command of no agent", slash("ticket", "reply T-1"), kim, ""},
		{"a press that asks nothing", press("claim", "T-1"), bo, ""},
		{"a command that asks nothing", slash("ticket", "queue"), bo, ""},
		{"no such verb", slash("ticket", "rply"), bo, ""},
		{"unknown action", press("launch"), bo, ""},

		{"add to one's own", press("add", "T-1"), kim, "add:T-1"},
		{"add to someone else's", press("add", "T-1"), lee, ""},
		{"add as agent", press("add", "T-1"), bo, ""},
		{"add to none", press("add", "T-99"), kim, ""},
		{"add by command", slash("ask", "add T-1"), kim, "add:T-1"},
		{"add by command, typed otherwise", slash("ask", "add #1"), kim, "add:T-1"},
		{"add by command, in small letters", slash("ask", "add t-1"), kim, "add:T-1"},
	}
	for _, test := range tests {
		form := w.open(test.event, test.who)
		got := ""
		if form != nil {
			got = form.Action.String()
		}
		if got != test.want {
			t.Errorf("%s: form %q, want %q", test.name, got, test.want)
		}
	}
	// The one ticket that an agent holds need not be named.
	w.runs(bo, "ticket", "claim "+string(k.ID))
	if form := w.open(slash("ticket", "reply"), bo); form == nil || form.Action.String() != "reply:T-1" {
		t.Errorf("form for the one held = %+v", form)
	}
	// What the form brings is said.
	o := w.do(w.event(chat.Event{Kind: chat.Submit, Action: chat.Do("reply", "T-1"), Values: map[string]string{"text": "soon"}}, bo))
	if len(o.Tickets) != 1 || o.Tickets[0].Value.History[2].Text != "soon" {
		t.Errorf("a sent form made %+v", o.Tickets)
	}
}

func TestOpenRobot(t *testing.T) {
	w := newWorld(t)
	w.opens(kim, "where is my refund?")
	robot := bo
	robot.Bot = true
	if form := w.open(press("reply", "T-1"), robot); form != nil {
		t.Error("a bot opens forms")
	}
}

func TestCheck(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("é", maxFormText)
	tests := []struct {
		values map[string]string
		wrong  []string
	}{
		{nil, nil},
		{map[string]string{"question": "where?", "topic": "refunds"}, nil},
		{map[string]string{"text": long}, nil},
		{map[string]string{"text": long + "é"}, []string{"text"}},
		{map[string]string{"question": " \n", "topic": ""}, []string{"question"}},
		{map[string]string{"text": "", "question": ""}, []string{"question", "text"}},
		{map[string]string{"topic": long + "é"}, []string{"topic"}},
		{map[string]string{"question": "where?", "detail": "order 77\n"}, nil},
		{map[string]string{"question": "where?", "detail": long}, []string{"detail"}}, // together they are too long
		{map[string]string{"question": "where?", "detail": long[:2*(maxFormText-8)] + " \n"}, nil},
		{map[string]string{"question": long, "detail": ""}, nil},
		{map[string]string{"question": long, "detail": "é"}, []string{"detail"}},
		{map[string]string{"question": long + "é", "detail": "é"}, []string{"question"}},
	}
	for i, test := range tests {
		var wrong []string
		for name, why := range w.Check(chat.Event{Kind: chat.Submit, From: kim, Values: test.values}) {
			wrong = append(wrong, name)
			if why == "" || strings.Contains(why, "form_") {
				t.Errorf("%d: %s is wrong because %q", i, name, why)
			}
		}
		slices.Sort(wrong)
		if !slices.Equal(wrong, test.wrong) {
			t.Errorf("%d: wrong are %v, want %v", i, wrong, test.wrong)
		}
	}
}

func TestSuggest(t *testing.T) {
	w := newWorld(t)
	w.opens(kim, "where is my refund?")
	w.opens(lee, "how do I change my password?")
	w.runs(bo, "ticket", "claim T-2")
	tests := []struct {
		name string
		q    chat.Typing
		who  chat.Sender
		want string // values
	}{
		{"verbs", chat.Typing{Door: "ask"}, kim, "status add cancel help"},
		{"a verb", chat.Typing{Door: "ticket", Text: "cla"}, bo, "claim"},
		{"at most", chat.Typing{Door: "ticket", Limit: 2}, bo, "queue mine"},
		{"verbs for no agent", chat.Typing{Door: "ticket"}, kim, ""},
		{"one's own tickets", chat.Typing{Door: "ask", Verb: "cancel", Param: "ticket"}, kim, "T-1"},
		{"none of others", chat.Typing{Door: "ask", Verb: "add", Param: "ticket"}, sam, ""},
		{"an agent's, then those that wait", chat.Typing{Door: "ticket", Verb: "show", Param: "ticket"}, bo, "T-2 T-1"},
		{"by alias", chat.Typing{Door: "ticket", Verb: "take", Param: "ticket", Text: "refund"}, bo, "T-1"},
		{"tickets for no agent", chat.Typing{Door: "ticket", Verb: "show", Param: "ticket"}, kim, ""},
		{"tickets of another desk", chat.Typing{Door: "ticket", Verb: "show", Param: "ticket"}, dan, ""},
		{"colleagues", chat.Typing{Door: "ticket", Verb: "assign", Param: "agent", Text: "an"}, bo, "@ana @dan"},
		{"options", chat.Typing{Door: "ticket", Verb: "prio", Param: "priority"}, bo, "low normal high urgent"},
		{"an option", chat.Typing{Door: "ticket", Verb: "label", Param: "do", Text: "rem"}, bo, "remove"},
		{"titles to ask", chat.Typing{Door: "ask", Param: "question", Text: "coupon"}, kim, "How do I create a coupon?"},
		{"titles to send", chat.Typing{Door: "ticket", Verb: "article", Param: "query", Text: "coupon"}, bo, "coupon"},
		{"titles to send, for no agent", chat.Typing{Door: "ticket", Verb: "article", Param: "query", Text: "coupon"}, kim, ""},
		{"nothing private", chat.Typing{Door: "ask", Param: "question", Text: "handbook"}, sam, ""},
		{"no such verb", chat.Typing{Door: "ticket", Verb: "launch", Param: "ticket"}, bo, ""},
		{"no such parameter", chat.Typing{Door: "ticket", Verb: "claim", Param: "colour"}, bo, ""},
		{"nothing like it", chat.Typing{Door: "ticket", Verb: "prio", Param: "priority", Text: "zzz"}, bo, ""},
	}
	for _, test := range tests {
		test.q.From, test.q.Place = test.who, help
		var values []string
		for _, option := range w.Suggest(t.Context(), test.q) {
			values = append(values, option.Value)
			if option.Label == "" {
				t.Errorf("%s: %q has no label", test.name, option.Value)
			}
		}
		if got := strings.Join(slices.Compact(values), " "); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
