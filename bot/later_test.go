package bot

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// patient is a world that watches its help channel and nudges.
func patient(t *testing.T) *world {
	w := newWorld(t)
	w.settings.Watched = []string{help.String()}
	w.settings.OverheardWait, w.settings.OverheardMaxAge = 30*time.Second, 15*time.Minute
	w.settings.NudgeAfter = 10 * time.Minute
	return w
}

func overhear(w *world, from chat.Sender, text string) spool.Outcome {
	return w.do(w.event(chat.Event{Kind: chat.Message, Text: text}, from))
}

// comes lets the one timer that an outcome has set come due.
func comes(t *testing.T, w *world, o spool.Outcome) spool.Outcome {
	t.Helper()
	if len(o.Timers) != 1 || o.Timers[0].Due.IsZero() {
		t.Fatalf("timers = %+v, want one that is set", o.Timers)
	}
	w.now = o.Timers[0].Due
	e := o.Timers[0].Event
	e.ID, e.Timer = "tick/1", o.Timers[0].Name
	if e.Kind != chat.Tick {
		t.Fatalf("the timer brings a %s", e.Kind)
	}
	return w.do(e)
}

func TestOverheard(t *testing.T) {
	tests := []struct {
		name, text string
		before     func(*world)
		says       string // empty: silence
	}{
		{"sure", "how do I change my password?", nil, "How do I change my password?"},
		{"not sure", "what about money", nil, ""},
		{"no question", "good morning everyone", nil, ""},
		{"asked of us meanwhile", "how do I change my password?", func(w *world) {
			w.do(w.event(chat.Event{Kind: chat.Message, Addressed: true, Message: "heard", Text: "how do I change my password?"}, kim))
		}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := patient(t)
			e := w.event(chat.Event{Kind: chat.Message, Message: "heard", Text: test.text}, kim)
			heard := w.do(e)
			if len(heard.Replies) > 0 || changed(heard) {
				t.Fatalf("said at once: %s", spoken(heard))
			}
			if due := heard.Timers[0].Due; !due.Equal(start.Add(30 * time.Second)) {
				t.Errorf("due at %s", due)
			}
			if test.before != nil {
				test.before(w)
			}
			got := spoken(comes(t, w, heard))
			if test.says == "" && got != "" || !strings.Contains(got, test.says) {
				t.Errorf("said %q, want %q", got, test.says)
			}
		})
	}
}

func TestOverheardIsCalledOff(t *testing.T) {
	w := patient(t)
	heard := overhear(w, kim, "how do I change my password?")
	other := overhear(w, lee, "in your account, I think")
	if len(other.Timers) != 1 || other.Timers[0].Name != heard.Timers[0].Name {
		t.Errorf("another word leaves %+v, and does not take the place of %q", other.Timers, heard.Timers[0].Name)
	}
}

func TestOverheardNowhereElse(t *testing.T) {
	w := patient(t)
	old := w.event(chat.Event{Kind: chat.Message, Text: "how do I change my password?"}, kim)
	old.At = w.now.Add(-time.Hour)
	if o := w.do(old); len(o.Timers) != 1 || !o.Timers[0].Due.IsZero() {
		t.Errorf("an old message sets %+v", o.Timers)
	}
	elsewhere := w.event(chat.Event{Kind: chat.Message, Text: "how do I change my password?"}, kim)
	elsewhere.Place.Channel = "random"
	if o := w.do(elsewhere); len(o.Timers) > 0 {
		t.Errorf("an unwatched place sets %+v", o.Timers)
	}
}

// vague is a question that is not answered surely.
const vague = "something about the zanzibar thing?"

func TestNudge(t *testing.T) {
	w := patient(t)
	asked := w.says(kim, vague)
	nudged := comes(t, w, asked)
	if got := spoken(nudged); !strings.Contains(got, "Did that settle it?") || nudged.Replies[0].Place != help {
		t.Fatalf("the nudge says %q", got)
	}
	if o := w.says(kim, vague); len(o.Timers) > 0 {
		t.Errorf("a second nudge is set: %+v", o.Timers)
	}
}

func TestNudgeIsCalledOff(t *testing.T) {
	tests := []struct {
		name string
		do   func(w *world, id string) spool.Outcome
	}{
		{"helped", func(w *world, id string) spool.Outcome { return w.presses(kim, "helped", id) }},
		{"thanks", func(w *world, id string) spool.Outcome { return w.says(kim, "thanks!") }},
		{"contact", func(w *world, id string) spool.Outcome { return w.presses(kim, "contact", id) }},
		{"a sure answer", func(w *world, id string) spool.Outcome { return w.says(kim, "how do I change my password?") }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := patient(t)
			asked := w.says(kim, vague)
			o := test.do(w, string(asked.Conversations[0].Value.ID))
			if len(o.Timers) != 1 || o.Timers[0].Name != asked.Timers[0].Name || !o.Timers[0].Due.IsZero() {
				t.Errorf("timers = %+v", o.Timers)
			}
			if test.name != "a sure answer" { // which is answered, and nudged no more by its timer alone
				if late := spoken(comes(t, w, asked)); late != "" {
					t.Errorf("a late nudge says %q", late)
				}
			}
		})
	}
}

func TestNudgeInThread(t *testing.T) {
	w := patient(t)
	thread := help
	thread.Thread = "77"
	asked := w.do(w.event(chat.Event{Kind: chat.Message, Addressed: true, Place: thread, Text: vague}, kim))
	human := w.do(w.event(chat.Event{Kind: chat.Message, Place: thread, Text: "ask Lee"}, lee))
	off := human.Timers
	if len(off) == 0 || off[0].Name != asked.Timers[0].Name || !off[0].Due.IsZero() {
		t.Errorf("a human reply leaves %+v", off)
	}
}

func TestNoNudgeInPrivate(t *testing.T) {
	w := patient(t)
	if o := w.runs(kim, "ask", vague); len(o.Timers) > 0 {
		t.Errorf("timers = %+v", o.Timers)
	}
}

func TestDoubt(t *testing.T) {
	w := patient(t)
	r := w.Doubt(chat.Reply{Lang: "es", Blocks: []chat.Block{quote("hola")}})
	if got := r.PlainText(); !strings.HasPrefix(got, "⚠ Quizá") || !strings.HasSuffix(got, "> hola") {
		t.Errorf("doubt reads %q", got)
	}
}

// In a thread, its asker speaks to us and anyone else to them, unless we are
// called by name.
func TestOwnThread(t *testing.T) {
	const question = "how do I change my password?"
	thread := help
	thread.Thread = "77"
	tests := []struct {
		name   string
		from   chat.Sender
		place  chat.Place
		called bool
		want   bool // an answer
	}{
		{"the asker", kim, thread, false, true},
		{"someone else", lee, thread, false, false},
		{"someone else, by name", lee, thread, true, true},
		{"an agent", bo, thread, false, false},
		{"the asker in another thread", kim, chat.Place{Platform: "test", Workspace: "w", Channel: help.Channel, Thread: "78"}, false, false},
		{"the asker outside", kim, help, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := patient(t)
			w.do(w.event(chat.Event{Kind: chat.Message, Addressed: true, Mentioned: true, Place: thread, Text: "how do I get a refund?"}, kim))
			o := w.do(w.event(chat.Event{Kind: chat.Message, Addressed: test.called, Mentioned: test.called, Place: test.place, Text: question}, test.from))
			if answered := len(o.Replies) > 0; answered != test.want {
				t.Errorf("said %q, want an answer: %t", spoken(o), test.want)
			}
			heard := slices.ContainsFunc(o.Timers, func(timer spool.Timer) bool {
				return timer.Name == overheardTimer+test.place.String() && !timer.Due.IsZero()
			})
			if heard == test.want {
				t.Errorf("timers = %+v", o.Timers)
			}
		})
	}
}

// The asker's word is another word: what a helper asked before it is left to
// them.
func TestOwnThreadCallsOff(t *testing.T) {
	w := patient(t)
	thread := help
	thread.Thread = "77"
	w.do(w.event(chat.Event{Kind: chat.Message, Addressed: true, Place: thread, Text: vague}, kim))
	heard := w.do(w.event(chat.Event{Kind: chat.Message, Place: thread, Text: "how do I change my password?"}, lee))
	answer := w.do(w.event(chat.Event{Kind: chat.Message, Place: thread, Text: "that is not it"}, kim))
	name := overheardTimer + thread.String()
	set := func(o spool.Outcome, due bool) bool {
		return slices.ContainsFunc(o.Timers, func(timer spool.Timer) bool { return timer.Name == name && !timer.Due.IsZero() == due })
	}
	if !set(heard, true) || !set(answer, false) {
		t.Errorf("timers = %+v, then %+v", heard.Timers, answer.Timers)
	}
}

// silent is a patient world that makes tickets of what stays without a word,
// and a thread in it.
func silent(t *testing.T) (*world, chat.Place) {
	w := patient(t)
	w.settings.EscalateAfter = time.Hour
	thread := help
	thread.Thread = "77"
	return w, thread
}

func in(w *world, place chat.Place, from chat.Sender, text string, addressed bool) spool.Outcome {
	return w.do(w.event(chat.Event{Kind: chat.Message, Addressed: addressed, Place: place, Text: text}, from))
}

// due is when an outcome has a timer come; zero if it is only taken away.
func due(t *testing.T, o spool.Outcome, prefix string) (at time.Time, found bool) {
	t.Helper()
	for _, timer := range o.Timers {
		if strings.HasPrefix(timer.Name, prefix) {
			at, found = timer.Due, true
		}
	}
	return at, found
}

func TestSilenceEscalates(t *testing.T) {
	w, thread := silent(t)
	asked := in(w, thread, kim, vague, true)
	nudged := comes(t, w, asked)
	if at, _ := due(t, nudged, silenceTimer); !at.Equal(start.Add(time.Hour)) {
		t.Errorf("due at %s", at)
	}
	opened := comes(t, w, nudged)
	if len(opened.Tickets) != 1 {
		t.Fatalf("made %d tickets", len(opened.Tickets))
	}
	k := opened.Tickets[0].Value
	if k.Question != vague || k.Asker.Name != "Kim" || k.State != desk.Open {
		t.Errorf("ticket: %+v", k)
	}
	said := opened.Replies[len(opened.Replies)-1]
	if got := everything(said); !strings.Contains(got, "Nobody has answered here yet") || !strings.Contains(got, "Cancel T-1") || said.Place != thread {
		t.Errorf("said %q", got)
	}
	if got := spoken(w.runs(bo, "ticket", "why T-1")); !strings.Contains(got, "nobody had said a word") {
		t.Errorf("why says %q", got)
	}
	// It happens once.
	if o := comes(t, w, nudged); changed(o) || len(o.Replies) > 0 {
		t.Errorf("again: %s", spoken(o))
	}
}

func TestSilenceIsBroken(t *testing.T) {
	tests := []struct {
		name string
		do   func(w *world, id string, thread chat.Place) spool.Outcome
	}{
		{"helped", func(w *world, id string, _ chat.Place) spool.Outcome { return w.presses(kim, "helped", id) }},
		{"thanks", func(w *world, _ string, thread chat.Place) spool.Outcome { return in(w, thread, kim, "thanks!", true) }},
		{"contact", func(w *world, id string, _ chat.Place) spool.Outcome { return w.presses(kim, "contact", id) }},
		{"a sure answer", func(w *world, _ string, thread chat.Place) spool.Outcome {
			return in(w, thread, kim, "how do I change my password?", true)
		}},
		{"someone else's word", func(w *world, _ string, thread chat.Place) spool.Outcome {
			return in(w, thread, lee, "look behind the boats", false)
		}},
		{"an agent's word", func(w *world, _ string, thread chat.Place) spool.Outcome {
			return in(w, thread, bo, "I'm on it", false)
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, thread := silent(t)
			asked := in(w, thread, kim, vague, true)
			comes(t, w, asked)
			o := test.do(w, string(asked.Conversations[0].Value.ID), thread)
			if at, found := due(t, o, silenceTimer); !found || !at.IsZero() {
				t.Errorf("timers = %+v", o.Timers)
			}
		})
	}
}

// Who asks on has the whole time again.
func TestSilenceBeginsAnew(t *testing.T) {
	w, thread := silent(t)
	comes(t, w, in(w, thread, kim, vague, true))
	w.now = w.now.Add(20 * time.Minute)
	at := w.now
	o := in(w, thread, kim, "and the other zanzibar thing?", true)
	if got, _ := due(t, o, silenceTimer); !got.Equal(at.Add(time.Hour)) {
		t.Errorf("due at %s", got)
	}
}

// What comes too late finds that there is nothing to be done.
func TestSilenceComesTooLate(t *testing.T) {
	tests := []struct {
		name string
		do   func(w *world, thread chat.Place, e chat.Event)
	}{
		{"taken back", func(w *world, thread chat.Place, e chat.Event) {
			w.do(w.event(chat.Event{Kind: chat.Delete, Place: thread, Message: e.Message}, kim))
		}},
		{"edited", func(w *world, thread chat.Place, e chat.Event) {
			w.do(w.event(chat.Event{Kind: chat.Edit, Addressed: true, Place: thread, Message: e.Message, Stamp: "2", Text: "how do I change my password?"}, kim))
		}},
		{"thanked", func(w *world, thread chat.Place, _ chat.Event) { in(w, thread, kim, "thanks!", true) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, thread := silent(t)
			e := w.event(chat.Event{Kind: chat.Message, Addressed: true, Place: thread, Text: vague}, kim)
			nudged := comes(t, w, w.do(e))
			test.do(w, thread, e)
			if o := comes(t, w, nudged); changed(o) || len(o.Replies) > 0 {
				t.Errorf("said: %s", spoken(o))
			}
		})
	}
}

func TestSilenceElsewhere(t *testing.T) {
	w, _ := silent(t)
	if o := comes(t, w, w.says(kim, vague)); len(o.Timers) > 0 {
		t.Errorf("in a channel: %+v", o.Timers)
	}
	if o := w.runs(kim, "ask", vague); len(o.Timers) > 0 {
		t.Errorf("in private: %+v", o.Timers)
	}
	direct := chat.Direct(kim.Account)
	direct.Thread = "5"
	if o := w.do(w.event(chat.Event{Kind: chat.Message, Addressed: true, Private: true, Place: direct, Text: vague}, kim)); len(o.Timers) > 0 {
		t.Errorf("in direct messages: %+v", o.Timers)
	}
	w, thread := silent(t)
	w.settings.EscalateAfter = 0
	if o := comes(t, w, in(w, thread, kim, vague, true)); len(o.Timers) > 0 {
		t.Errorf("where it is not wanted: %+v", o.Timers)
	}
}

// A clock that was set back since brings a timer again in its time.
func TestTimerComesEarly(t *testing.T) {
	w, thread := silent(t)
	timer := in(w, thread, kim, vague, true).Timers[0]
	e := timer.Event
	e.ID, e.Timer, e.At = "tick/1", timer.Name, timer.Due
	w.now = timer.Due.Add(-time.Second)
	o := w.do(e)
	if len(o.Replies) > 0 || changed(o) {
		t.Errorf("early, and says %q", spoken(o))
	}
	again := o.Timers[0]
	if len(o.Timers) != 1 || again.Name != timer.Name || !again.Due.Equal(timer.Due) || again.Event.Lane() != timer.Event.Lane() {
		t.Fatalf("timers = %+v, want %+v", o.Timers, timer)
	}
	if got := spoken(comes(t, w, o)); !strings.Contains(got, "Did that settle it?") {
		t.Errorf("in its time it says %q", got)
	}
}
