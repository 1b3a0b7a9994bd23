package bot

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// submits sends a form.
func (w *world) submits(from chat.Sender, values map[string]string, verb string, args ...string) spool.Outcome {
	w.t.Helper()
	return w.do(w.event(chat.Event{Kind: chat.Submit, Action: chat.Do(verb, args...), Values: values}, from))
}

// settles opens a ticket of someone's that ana answers and settles.
func (w *world) settles(asker chat.Sender, question string) desk.Ticket {
	w.t.Helper()
	k := w.opens(asker, question)
	w.runs(ana, "ticket", "claim "+string(k.ID))
	w.runs(ana, "ticket", "reply "+string(k.ID)+" You get it within two months.")
	w.runs(ana, "ticket", "resolve "+string(k.ID))
	return w.ticket(k.ID)
}

// newest is what was done last to a ticket.
func (w *world) newest(id chat.TicketID) desk.Entry {
	w.t.Helper()
	k := w.ticket(id)
	return *k.Newest()
}

// learned are the phrasings an outcome teaches, with their articles.
func learned(o spool.Outcome) []string {
	var list []string
	for _, a := range o.Learned {
		list = append(list, a.Article+": "+a.Text)
	}
	return list
}

// TestTeach: a question is tied to an article by every way there is, and once.
func TestTeach(t *testing.T) {
	const question = "when does my cash come back?"
	tests := []struct {
		name  string
		teach func(w *world, id string) spool.Outcome
	}{
		{"by the id of the article", func(w *world, id string) spool.Outcome { return w.runs(ana, "ticket", "teach "+id+" refund-status") }},
		{"by its title", func(w *world, id string) spool.Outcome {
			return w.runs(ana, "desk", "teach "+id+" where is my refund?")
		}},
		{"by another name of the verb", func(w *world, id string) spool.Outcome { return w.runs(cy, "ticket", "learn "+id+" refund-status") }},
		{"by a button", func(w *world, id string) spool.Outcome { return w.presses(ana, "teach", id, "refund-status") }},
		{"by a choice", func(w *world, id string) spool.Outcome {
			return w.submits(ana, map[string]string{"lesson": "refund-status"}, "teach", id)
		}},
		{"by what is typed beside it", func(w *world, id string) spool.Outcome {
			return w.submits(ana, map[string]string{"lesson": "refund", "query": "Where is my refund?"}, "teach", id)
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			k := w.settles(kim, question)
			o := test.teach(w, string(k.ID))
			if diff := cmp.Diff([]string{"refund-status: " + question}, learned(o)); diff != "" {
				t.Fatalf("it taught (-want +got):\n%s\nand said: %s", diff, spoken(o))
			}
			if said := spoken(o); !strings.Contains(said, "Learned: “"+question+"” finds Where is my refund?") {
				t.Errorf("it said %q", said)
			}
			for _, r := range o.Replies {
				if seenBy(r, kim) && strings.Contains(r.PlainText(), "Learned") {
					t.Error("the asker sees it")
				}
			}
			if e := w.newest(k.ID); e.Did != desk.DidTeach || e.Text != "Where is my refund?" || e.Article != "refund-status" {
				t.Errorf("the history ends with %+v", e)
			}
			alias := o.Learned[0]
			if alias.Ticket != k.ID || alias.From == "" || alias.By == "" {
				t.Errorf("nobody can tell where it was taught: %+v", alias)
			}
			if o = test.teach(w, string(k.ID)); len(o.Learned) > 0 || len(o.Tickets) > 0 || !strings.Contains(spoken(o), "already") {
				t.Errorf("the second time: %v, %s", learned(o), spoken(o))
			}
			if !strings.Contains(everything(o.Replies[0]), "unteach:"+string(k.ID)+":"+string(alias.ID)) {
				t.Error("who has lost the button cannot undo it")
			}
		})
	}
}

// Who ties a question to another article than the one it surely finds is told so.
func TestTeachAgainst(t *testing.T) {
	w := newWorld(t)
	k := w.settles(kim, "How do I change my password?")
	if o := w.presses(ana, "teach", string(k.ID), "refund"); len(o.Learned) != 1 || !strings.Contains(spoken(o), "surely finds “How do I change my password?”") {
		t.Errorf("learned %v: %s", learned(o), spoken(o))
	}
	if o := w.presses(ana, "teach", string(k.ID), "password"); strings.Contains(spoken(o), "surely") {
		t.Errorf("told %s", spoken(o))
	}
}

func TestTeachUndo(t *testing.T) {
	w := newWorld(t)
	k := w.settles(kim, "when does my cash come back?")
	o := w.presses(ana, "teach", string(k.ID), "refund-status")
	alias := o.Learned[0].ID
	if !strings.Contains(everything(o.Replies[0]), "unteach:"+string(k.ID)+":"+string(alias)) {
		t.Fatalf("there is no button to undo it: %s", everything(o.Replies[0]))
	}
	// Not by someone of another desk, and not on another ticket.
	if o = w.presses(dan, "unteach", string(k.ID), string(alias)); len(o.Unlearned) > 0 {
		t.Error("somebody of another desk took it back")
	}
	other := w.settles(lee, "where is the money of mine?")
	if o = w.presses(ana, "unteach", string(other.ID), string(alias)); len(o.Unlearned) > 0 {
		t.Error("it was taken back on another ticket")
	}
	if o = w.presses(bo, "unteach", string(k.ID), string(alias)); !slices.Equal(o.Unlearned, []desk.AliasID{alias}) || w.newest(k.ID).Did != desk.DidUnteach {
		t.Errorf("unlearned %v: %s", o.Unlearned, spoken(o))
	}
	if o = w.presses(bo, "unteach", string(k.ID), string(alias)); len(o.Unlearned)+len(o.Tickets) > 0 || !strings.Contains(spoken(o), "already") {
		t.Errorf("the second time: %s", spoken(o))
	}
}

// What is not exactly named is asked about, and what cannot be learned is not.
func TestTeachRefused(t *testing.T) {
	w := newWorld(t)
	k := w.settles(kim, "when does my cash come back?")
	id := string(k.ID)
	nothing := func(o spool.Outcome, says string) {
		t.Helper()
		if len(o.Learned) > 0 || !strings.Contains(spoken(o), says) {
			t.Errorf("learned %v: %s; want %q", learned(o), spoken(o), says)
		}
	}
	nothing(w.runs(ana, "ticket", "teach "+id+" refund of purchase"), "Which article answers this?")
	nothing(w.runs(ana, "ticket", "teach "+id), "Which article answers this?")
	nothing(w.runs(ana, "ticket", "teach "+id+" qqqq zzzz"), "I found no article")
	nothing(w.runs(ana, "ticket", "teach "+id+" staff-keys"), "I found no article") // nobody but the staff may read it
	nothing(w.presses(ana, "teach", id, "staff-refund"), "Which article answers this?")
	nothing(w.submits(ana, map[string]string{"lesson": "*nothing"}, "teach", id), "Then I learn nothing")
	nothing(w.runs(kim, "ticket", "teach "+id+" refund-status"), "support team")
	nothing(w.runs(dan, "ticket", "teach "+id+" coupon"), "desk")

	long := w.settles(lee, "my cash is gone "+strings.Repeat("and nobody knows where ", 20))
	o := w.presses(ana, "teach", string(long.ID), "refund-status")
	nothing(o, "no good example")
	if !strings.Contains(everything(o.Replies[0]), `"teach:`+string(long.ID)+`"`) {
		t.Error("no button leads to the form")
	}
	if o = w.submits(ana, map[string]string{"lesson": "refund-status", "phrasing": "where has my\ncash gone"}, "teach", string(long.ID)); len(o.Learned) != 1 || o.Learned[0].Text != "where has my cash gone" {
		t.Errorf("learned %v: %s", learned(o), spoken(o))
	}

	w.records.full = true
	nothing(w.presses(ana, "teach", id, "refund-status"), "no room for more")
	w.records.full = false

	gone := w.settles(sam, "please forget this")
	held, err := w.records.Ticket(t.Context(), gone.ID)
	if err != nil {
		t.Fatal(err)
	}
	held.Value.Question = ""
	if err := w.records.commit(spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{held}}); err != nil {
		t.Fatal(err)
	}
	nothing(w.presses(ana, "teach", string(gone.ID), "refund"), "took the question")
	nothing(w.presses(ana, "draft", string(gone.ID)), "took the question")
}

// The words in which an agent would have it learned hold for the buttons that
// follow, too.
func TestTeachRephrased(t *testing.T) {
	w := newWorld(t)
	k := w.settles(kim, "it is not there, kim@example.com")
	o := w.submits(ana, map[string]string{"query": "refund of purchase", "phrasing": "my cash is not there, +1 202 555 0143"}, "teach", string(k.ID))
	if len(o.Learned) > 0 || !strings.Contains(spoken(o), "Which article") {
		t.Fatalf("learned %v: %s", learned(o), spoken(o))
	}
	o = w.presses(ana, "teach", string(k.ID), "refund-status")
	if got := learned(o); !slices.Equal(got, []string{"refund-status: my cash is not there,"}) {
		t.Errorf("learned %q", got)
	}
}

// TestPhrasing: what is learned of a question tells nobody who asked.
func TestPhrasing(t *testing.T) {
	w := newWorld(t)
	tests := []struct{ asked, want string }{
		{"Where is my refund?", "Where is my refund?"},
		{"Where\nis my   refund?", "Where is my refund?"},
		{"Hi, I am Kim, kim@example.com here. When does the cash from my sales land on my account?", "When does the cash from my sales land on my account?"},
		{"Kim here: the code 4111 1111 1111 1111 is refused.", "here: the code is refused."},
		{"@U7 can you help KIM?", "can you help?"},
		{"<@U7> where is it <!channel>?", "where is it?"},
		{"My account kim@example.com is locked. Can you help me?", "My account is locked. Can you help me?"},
		{strings.Repeat("I tried all I could and it fails. ", 8) + "How do I change my password? Thanks!", "How do I change my password?"},
	}
	for _, test := range tests {
		k := desk.Ticket{Asker: kim, Question: test.asked}
		if got := w.phrasing(&k); got != test.want {
			t.Errorf("phrasing of %q\nis   %q\nwant %q", test.asked, got, test.want)
		}
	}
	joao := desk.Ticket{Asker: chat.Sender{Name: "João dos Santos"}, Question: "João aqui. Onde vejo os dados dos meus clientes?"}
	if got, want := w.phrasing(&joao), "Onde vejo os dados dos meus clientes?"; got != want {
		t.Errorf("of someone whose name has a common word it is %q, want %q", got, want)
	}
	k := desk.Ticket{Asker: kim, Question: "where is it?\n\nI am in a hurry", Detail: "I am in a hurry"}
	if got := w.phrasing(&k); got != "where is it?" {
		t.Errorf("with a detail it is %q", got)
	}
}

// TestResolveLesson: the form that settles a ticket asks what is learned from it.
func TestResolveLesson(t *testing.T) {
	w := newWorld(t)
	k := w.opens(kim, "where is my refund")
	w.runs(ana, "ticket", "claim "+string(k.ID))
	form := w.open(press("resolve", string(k.ID)), ana)
	var names []string
	for _, f := range form.Fields {
		names = append(names, f.Name)
	}
	if !slices.Equal(names, []string{"text", "lesson", "query", "phrasing"}) {
		t.Fatalf("it asks for %v", names)
	}
	lesson := form.Fields[1]
	if lesson.Options[0].Value != "*nothing" || lesson.Options[1].Value != "refund-status" || lesson.Options[len(lesson.Options)-1].Value != "*new" {
		t.Errorf("it offers %v", lesson.Options)
	}
	if form.Fields[3].Value != "where is my refund" {
		t.Errorf("it would learn %q", form.Fields[3].Value)
	}
	o := w.submits(ana, map[string]string{"text": "Here it is.", "lesson": "refund-status", "phrasing": "where is my refund"}, "resolve", string(k.ID))
	if w.ticket(k.ID).State != desk.Resolved || !slices.Equal(learned(o), []string{"refund-status: where is my refund"}) {
		t.Errorf("it is %s, and learned %v: %s", w.ticket(k.ID).State, learned(o), spoken(o))
	}
	if strings.Contains(everything(o.Replies[0])+everything(o.Replies[len(o.Replies)-1]), "teach:"+string(k.ID)+`"`) {
		t.Error("who has filled in the form is asked again")
	}

	// It is settled even if nothing can be learned.
	k = w.opens(lee, "my cash, where is it")
	o = w.submits(ana, map[string]string{"text": "", "query": "qqqq zzzz"}, "resolve", string(k.ID))
	if w.ticket(k.ID).State != desk.Resolved || !strings.Contains(spoken(o), "I found no article") {
		t.Errorf("it is %s: %s", w.ticket(k.ID).State, spoken(o))
	}
	// And the draft can be asked for in it.
	k = w.opens(sam, "my cash, where has it gone")
	o = w.submits(ana, map[string]string{"text": "", "lesson": "*new"}, "resolve", string(k.ID))
	if w.ticket(k.ID).State != desk.Resolved || w.records.sets[Drafts][string(k.ID)] == "" {
		t.Errorf("it is %s, without a draft: %s", w.ticket(k.ID).State, spoken(o))
	}
}

// An agent whose form comes after somebody else's ✅ can teach all the same.
func TestResolveLate(t *testing.T) {
	w := newWorld(t)
	k := w.opens(kim, "where is my refund")
	w.runs(cy, "ticket", "resolve "+string(k.ID))
	o := w.submits(cy, map[string]string{"text": "Here it is.", "lesson": "refund-status"}, "resolve", string(k.ID))
	if said := spoken(o); !strings.Contains(said, "settled already") || !strings.Contains(said, "Here it is.") {
		t.Errorf("told %s", said)
	}
	if !strings.Contains(everything(o.Replies[0]), "teach:"+string(k.ID)) {
		t.Error("no button leads to the lesson")
	}
	if o = w.runs(cy, "ticket", "resolve "+string(k.ID)); strings.Contains(everything(o.Replies[0]), "teach:") {
		t.Error("who had nothing to teach is asked")
	}
}

// Without a form, an agent is asked once, alone.
func TestResolveOffers(t *testing.T) {
	w := newWorld(t)
	k := w.opens(kim, "where is my refund")
	o := w.runs(ana, "ticket", "resolve "+string(k.ID))
	offers := func(o spool.Outcome) bool {
		for _, r := range o.Replies {
			if strings.Contains(everything(r), "teach:"+string(k.ID)) {
				if seenBy(r, kim) || seenBy(r, bo) {
					t.Error("others are asked, too")
				}
				return true
			}
		}
		return false
	}
	if !offers(o) {
		t.Errorf("she is not asked: %s", spoken(o))
	}
	w.runs(ana, "ticket", "reopen "+string(k.ID))
	if offers(w.runs(ana, "ticket", "resolve "+string(k.ID))) {
		t.Error("she is asked again")
	}
}

// TestRevert: what a golden question is lost by is taken back, once, and who
// taught it hears why.
func TestRevert(t *testing.T) {
	w := newWorld(t)
	k := w.settles(kim, "when does my cash come back?")
	alias := w.presses(ana, "teach", string(k.ID), "refund-status").Learned[0]
	event := w.Revert(alias, Regression{Question: "my cash?", Before: "How do I get a refund?"}, "7", w.now)
	if again := w.Revert(alias, Regression{Question: "my cash?", Before: "How do I get a refund?"}, "7", w.now); again.ID != event.ID {
		t.Error("it would come twice")
	}
	o := w.do(event)
	if !slices.Equal(o.Unlearned, []desk.AliasID{alias.ID}) {
		t.Errorf("unlearned %v", o.Unlearned)
	}
	if len(o.Replies) != 1 || o.Replies[0].Place != chat.Direct(ana.Account) {
		t.Fatalf("told %+v", o.Replies)
	}
	for _, part := range []string{"when does my cash come back?", "Where is my refund?", "my cash?", "How do I get a refund?", "nothing", "teach:" + string(k.ID)} {
		if !strings.Contains(spoken(o)+everything(o.Replies[0]), part) {
			t.Errorf("%q is missing in %q", part, spoken(o))
		}
	}
	e := w.newest(k.ID)
	if e.Did != desk.DidRevert || e.By != desk.Signpost.ID || !strings.Contains(e.Text, "my cash?") {
		t.Errorf("the history ends with %+v", e)
	}
	if w.records.sets[Reverted][string(alias.ID)] == "" {
		t.Error("nobody can look it up")
	}
	if o = w.do(event); len(o.Unlearned)+len(o.Replies)+len(o.Tickets) > 0 {
		t.Errorf("the second time: %s", spoken(o))
	}

	// Taught anew, it is another lesson, which the old event does not touch.
	o = w.presses(ana, "teach", string(k.ID), "refund-status")
	if len(o.Learned) != 1 || w.records.sets[Reverted][string(alias.ID)] != "" {
		t.Errorf("learned %v", learned(o))
	}
	if o = w.do(event); len(o.Unlearned) > 0 {
		t.Error("an old event took a new lesson back")
	}
	// What only some may know of is not told.
	secret := w.presses(ana, "teach", string(k.ID), "refund").Learned[0]
	o = w.do(w.Revert(secret, Regression{Question: "where is the safe?", Before: "Handbook", Private: true}, "9", w.now))
	if said := spoken(o) + w.newest(k.ID).Text; len(o.Unlearned) != 1 || strings.Contains(said, "safe") || strings.Contains(said, "Handbook") {
		t.Errorf("unlearned %v, told %s", o.Unlearned, said)
	}
	// What nobody here taught is taken back all the same.
	plain, err := desk.NewAlias("refund", "en", "cash please", "someone", w.now)
	if err != nil {
		t.Fatal(err)
	}
	w.records.aliases[plain.ID] = plain
	if o = w.do(w.Revert(plain, Regression{Question: "x", After: "y"}, "8", w.now)); len(o.Unlearned) != 1 || len(o.Replies) > 0 {
		t.Errorf("unlearned %v, told %s", o.Unlearned, spoken(o))
	}
}

// FuzzPhrasing: whatever was asked, what is learned of it is plain, or refused;
// nothing in it is masked, and nobody is named.
func FuzzPhrasing(f *testing.F) {
	b := newWorld(f).Bot
	f.Add("Hi, I am Kim Lee, kim@example.com. Where is my refund?", "Kim Lee")
	f.Add("4111 kim 1111 kim 1111 kim 1111", "kim")
	f.Add("[name] [e-mail][[phone]] <@U1|x> @x @@ ???", "[e-mail]")
	f.Add("\x00\xff\u202e\n\t"+strings.Repeat("why? ", 200), "why")
	f.Fuzz(func(t *testing.T, asked, name string) {
		asked, name = chat.Shorten(asked, maxStored), chat.Shorten(name, maxStored) // as it is kept
		k := desk.Ticket{Question: asked, Asker: chat.Sender{Name: name}}
		alias, err := desk.NewAlias("refund", "en", b.phrasing(&k), "ana", start)
		if err != nil {
			return // it is refused, and the agent asked for other words
		}
		if masked := chat.Mask(alias.Text); masked != alias.Text {
			t.Errorf("learned is %q, which reads %q", alias.Text, masked)
		}
		for _, word := range wordsOf(alias.Text) {
			if len([]rune(word)) >= 3 && !slices.Contains(particles, strings.ToLower(word)) && slices.ContainsFunc(wordsOf(name), func(n string) bool { return strings.EqualFold(n, word) }) {
				t.Errorf("learned is %q of %q, who is %q", alias.Text, asked, name)
			}
		}
	})
}
