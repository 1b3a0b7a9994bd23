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

// timer is what an outcome sets a timer to; false if it leaves it alone.
func timer(o spool.Outcome, name string) (spool.Timer, bool) {
	i := slices.IndexFunc(o.Timers, func(t spool.Timer) bool { return t.Name == name })
	if i < 0 {
		return spool.Timer{}, false
	}
	return o.Timers[i], true
}

// rings lets the timer of a ticket come at a time, as the spool would.
func (w *world) rings(id chat.TicketID, at time.Time) spool.Outcome {
	w.t.Helper()
	w.now = at
	k := w.ticket(id)
	return w.do(chat.Event{
		ID: chat.EventID("tick/ticket/" + string(id) + "/" + at.String()), Kind: chat.Tick, Timer: ticketTimer + string(id),
		At: k.AlarmAt, Place: k.Place, From: k.Asker,
	})
}

func TestResolvedCloses(t *testing.T) {
	w := newWorld(t)
	if set, ok := timer(w.presses(kim, "contact", w.asks(kim, "where is my refund?")), "ticket/T-1"); ok {
		t.Errorf("nothing is due on a new ticket, and %+v is set", set)
	}
	resolved := w.runs(bo, "ticket", "resolve T-1")
	at := resolved.Tickets[0].Value.ResolvedAt
	set, ok := timer(resolved, "ticket/T-1")
	if !ok || !set.Due.Equal(at.Add(48*time.Hour)) || set.Event.Place != help || set.Event.From.Account != kim.Account {
		t.Fatalf("resolving sets %+v", resolved.Timers)
	}
	if o := w.presses(kim, "good", "T-1"); len(o.Timers) > 0 {
		t.Errorf("rating sets %+v", o.Timers)
	}
	closed := w.rings("T-1", set.Due)
	if k := w.ticket("T-1"); k.State != desk.Closed || k.ClosedBy != desk.Signpost.ID || !k.AlarmAt.IsZero() {
		t.Errorf("it is %s, closed by %q", k.State, k.ClosedBy)
	}
	if len(closed.Replies) > 0 || len(closed.Timers) > 0 {
		t.Errorf("closing says %q and sets %+v", spoken(closed), closed.Timers)
	}
	o := w.rings("T-1", set.Due.Add(time.Hour))
	if k := w.ticket("T-1"); len(o.Timers) > 0 || k.Count(desk.DidEnd) != 1 {
		t.Errorf("once more, it is closed %d times", k.Count(desk.DidEnd))
	}
	if o := w.presses(kim, "bad", "T-1"); w.ticket("T-1").Rating != "bad" {
		t.Errorf("rating it after that: %s", spoken(o))
	}
	if o := w.runs(bo, "ticket", "show T-1"); !strings.Contains(spoken(o), "the time to come back was over") {
		t.Errorf("the history is %s", spoken(o))
	}
}

// A timer that comes too early, by our clock, comes again.
func TestEarlyTimers(t *testing.T) {
	w := newWorld(t)
	w.opens(kim, "where is my refund?")
	o := w.runs(bo, "ticket", "resolve T-1")
	due := o.Timers[0].Due
	early := w.rings("T-1", due.Add(-time.Minute))
	if set, ok := timer(early, "ticket/T-1"); !ok || !set.Due.Equal(due) || len(early.Tickets) != 1 {
		t.Errorf("too early, it sets %+v", early.Timers)
	}
	if k := w.ticket("T-1"); k.State != desk.Resolved || !k.AlarmAt.Equal(due) {
		t.Errorf("it is %s", k.State)
	}

	w = patient(t)
	asked := w.says(kim, vague)
	nudge := asked.Timers[0]
	e := nudge.Event
	e.ID, e.Timer, e.At = "tick/1", nudge.Name, nudge.Due
	w.now = nudge.Due.Add(-time.Second)
	again := w.do(e)
	if set, ok := timer(again, nudge.Name); !ok || !set.Due.Equal(nudge.Due) || len(again.Replies) > 0 {
		t.Errorf("too early, the nudge says %q and sets %+v", spoken(again), again.Timers)
	}
	e.ID = "tick/2"
	w.now = nudge.Due
	if o := w.do(e); !strings.Contains(spoken(o), "Did that settle it?") {
		t.Errorf("in time, the nudge says %q", spoken(o))
	}

	heard := overhear(w, lee, "how do I change my password?")
	e = heard.Timers[0].Event
	e.ID, e.Timer = "tick/3", heard.Timers[0].Name
	if o := w.do(e); len(o.Timers) != 1 || len(o.Replies) > 0 {
		t.Errorf("too early, what was overheard gets %q", spoken(o))
	}
}

// Words that were said in time bring a ticket back, however late they come in;
// thanks do not.
func TestLateWordsReopen(t *testing.T) {
	tests := []struct {
		name, text string
		said       time.Duration // after it was resolved
		state      desk.State
		says       string
	}{
		{"in time", "it is still not there", 47 * time.Hour, desk.Claimed, "I've reopened T-1"},
		{"too late", "where is my refund?", 49 * time.Hour, desk.Closed, "This should settle it"},
		{"thanks, in time", "thank you!", 47 * time.Hour, desk.Closed, "Glad"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.opens(kim, "where is my refund?")
			o := w.runs(bo, "ticket", "resolve T-1")
			resolved := o.Tickets[0].Value.ResolvedAt
			w.rings("T-1", o.Timers[0].Due)
			w.now = resolved.Add(72 * time.Hour)
			e := w.event(chat.Event{Kind: chat.Message, Addressed: true, Text: test.text}, kim)
			e.At = resolved.Add(test.said)
			said := spoken(w.do(e))
			if k := w.ticket("T-1"); k.State != test.state || !strings.Contains(said, test.says) {
				t.Errorf("it is %s, and the asker reads %q", k.State, said)
			}
		})
	}
}

// A platform that is read again, when copies are no longer known, brings nothing
// back that the ticket has.
func TestOldWordsAgain(t *testing.T) {
	w := newWorld(t)
	question := w.event(chat.Event{Kind: chat.Message, Addressed: true, Text: "where is my refund?"}, kim)
	id := string(w.do(question).Conversations[0].Value.ID)
	w.presses(kim, "contact", id)
	more := w.event(chat.Event{Kind: chat.Message, Addressed: true, Text: "I paid by card"}, kim)
	w.do(more)
	w.runs(bo, "ticket", "resolve T-1")
	for _, e := range []chat.Event{question, more} {
		w.now = w.now.Add(26 * time.Hour)
		if o := w.do(e); changed(o) || len(o.Replies) > 0 {
			t.Errorf("%q, once more, says %q", e.Text, spoken(o))
		}
	}
}

// Whatever is done to a ticket, its timer is set to what is due next.
func TestTimerIsNext(t *testing.T) {
	w := newWorld(t)
	w.opens(kim, "where is my refund?")
	armed := time.Time{}
	for _, do := range []func() spool.Outcome{
		func() spool.Outcome { return w.runs(bo, "ticket", "claim T-1") },
		func() spool.Outcome { return w.runs(bo, "ticket", "reply T-1 two days") },
		func() spool.Outcome { return w.runs(bo, "ticket", "resolve T-1") },
		func() spool.Outcome { return w.says(kim, "it is not there") },
		func() spool.Outcome { return w.runs(bo, "ticket", "resolve T-1 now it is") },
		func() spool.Outcome { return w.runs(bo, "ticket", "close T-1") },
		func() spool.Outcome { return w.runs(bo, "ticket", "reopen T-1") },
	} {
		o := do()
		if set, ok := timer(o, "ticket/T-1"); ok {
			armed = set.Due
		}
		k := w.ticket("T-1")
		if next := k.Next(w.access.desk(k.Desk), w.settings.Grace); !next.Equal(armed) || !k.AlarmAt.Equal(armed) {
			t.Errorf("a %s ticket has its timer at %v, and %v is next", k.State, armed, next)
		}
	}
}

// punctual is a world whose support desk is open from 9 to 18 in Lisbon, on
// weekdays, promises much, and has a channel.
func punctual(t *testing.T, change func(*desk.Desk)) *world {
	t.Helper()
	lisbon, err := time.LoadLocation("Europe/Lisbon")
	if err != nil {
		t.Fatal(err)
	}
	var week []desk.Opening
	for day := time.Monday; day <= time.Friday; day++ {
		week = append(week, desk.Opening{Day: day, From: 9 * time.Hour, To: 18 * time.Hour})
	}
	s := testSettings()
	d := &s.Desks[0]
	d.Hours = desk.NewHours(lisbon, week, nil)
	d.Levels = []desk.Level{{First: 2 * time.Hour, Next: time.Hour, Resolve: 20 * time.Hour, Warn: 15 * time.Minute, Step: 10 * time.Minute}}
	d.Lease = desk.Lease{After: 4 * time.Hour, Warn: time.Hour}
	d.Patience = desk.Patience{Remind: 72 * time.Hour, After: 168 * time.Hour}
	d.Channels = []string{"test:w:desk"}
	if change != nil {
		change(d)
	}
	return newWorldOf(t, s)
}

// due lets what is due next on a ticket happen.
func (w *world) due(id chat.TicketID) spool.Outcome {
	w.t.Helper()
	return w.rings(id, w.ticket(id).AlarmAt)
}

// heads are what an outcome says, by where: the first line of each.
func heads(o spool.Outcome) (all []string) {
	for _, r := range o.Replies {
		if !strings.HasPrefix(string(r.Key), "card/") {
			all = append(all, r.Place.Channel+": "+strings.Split(r.PlainText(), "\n")[0])
		}
	}
	return all
}

func TestPromises(t *testing.T) {
	w := punctual(t, func(d *desk.Desk) { d.Lease = desk.Lease{} })
	w.opens(kim, "where is my refund?") // at 9:30
	w.runs(bo, "ticket", "claim T-1")
	tests := []struct {
		at   time.Duration // after 9:30
		says []string
	}{
		{105 * time.Minute, []string{"@bo: The first reply to T-1 is due today at 11:30."}},
		{120 * time.Minute, []string{"@bo: The first reply to T-1 was due today at 11:30."}},
		// Nobody is on call.
		{130 * time.Minute, []string{"desk: The first reply to T-1 was due today at 11:30."}},
	}
	for _, test := range tests {
		o := w.due("T-1")
		if got := o.Tickets[0].Value; w.now.Sub(start.Add(test.at)).Abs() > 10*time.Second {
			t.Errorf("%v comes at %v", heads(o), w.now)
		} else if !slices.Equal(heads(o), test.says) {
			t.Errorf("after %v it says %q, want %q", test.at, heads(o), test.says)
		} else if got.Late() != (test.at >= 2*time.Hour) {
			t.Errorf("after %v it is late: %t", test.at, got.Late())
		}
	}
	if o := w.runs(bo, "ticket", "show T-1"); !strings.Contains(spoken(o), "Was due") {
		t.Errorf("the card does not say that it is late: %s", spoken(o))
	}
	if o := w.runs(bo, "ticket", "mine"); !strings.Contains(spoken(o), "overdue") {
		t.Errorf("the list does not say that it is late: %s", spoken(o))
	}
	o := w.runs(bo, "ticket", "reply T-1 two days")
	if k := w.ticket("T-1"); k.Late() || !k.DueAt.IsZero() {
		t.Errorf("after a reply it is late: %t, and due at %v", k.Late(), k.DueAt)
	}
	if set, ok := timer(o, "ticket/T-1"); !ok || set.Due.Sub(w.now) < 71*time.Hour {
		t.Errorf("then the asker has until %+v", set)
	}
}

// Those on call are told after the holder, and before everyone.
func TestPromisesOnCall(t *testing.T) {
	w := punctual(t, func(d *desk.Desk) { d.Lease = desk.Lease{} })
	w.runs(ana, "ticket", "oncall on")
	w.runs(bo, "ticket", "oncall on")
	w.opens(kim, "where is my refund?")
	w.opens(lee, "where is my refund?")
	w.runs(bo, "ticket", "claim T-1")
	for _, test := range []struct {
		ticket chat.TicketID
		says   []string
	}{
		{"T-1", []string{"@bo: The first reply to T-1 is due today at 11:30."}},
		{"T-1", []string{"@bo: The first reply to T-1 was due today at 11:30."}},
		{"T-1", []string{"@ana: The first reply to T-1 was due today at 11:30."}},
		{"T-1", []string{"desk: The first reply to T-1 was due today at 11:30."}},
		{"T-2", []string{"@ana: The first reply to T-2 is due today at 11:30.", "@bo: The first reply to T-2 is due today at 11:30."}},
		{"T-2", []string{"@ana: The first reply to T-2 was due today at 11:30.", "@bo: The first reply to T-2 was due today at 11:30."}},
		{"T-2", []string{"desk: The first reply to T-2 was due today at 11:30."}},
	} {
		got := heads(w.due(test.ticket))
		if slices.Sort(got); !slices.Equal(got, test.says) {
			t.Errorf("%s: it says %q, want %q", test.ticket, got, test.says)
		}
	}
}

// With nobody to tell, the next one is told at once.
func TestPromisesOfNobody(t *testing.T) {
	w := punctual(t, nil)
	w.opens(kim, "where is my refund?")
	if got := heads(w.due("T-1")); !slices.Equal(got, []string{"desk: The first reply to T-1 is due today at 11:30."}) {
		t.Errorf("the warning says %q", got)
	}
	if got := heads(w.due("T-1")); !slices.Equal(got, []string{"desk: The first reply to T-1 was due today at 11:30."}) {
		t.Errorf("in the end it says %q", got)
	}
	if k := w.ticket("T-1"); k.Clocks.First.Told != desk.Raised {
		t.Errorf("it was told as far as %d", k.Clocks.First.Told)
	}

	w = punctual(t, func(d *desk.Desk) { d.Channels = nil })
	w.opens(kim, "where is my refund?")
	w.due("T-1")
	if o := w.due("T-1"); len(o.Replies) > 0 || o.Tickets[0].Value.Clocks.First.Told != desk.Raised {
		t.Errorf("with no channel, it says %q", heads(o))
	}
}

// What comes due within a minute, and waits for whoever takes it, is one message.
func TestPromisesTogether(t *testing.T) {
	w := punctual(t, nil)
	w.opens(kim, "where is my refund?")
	w.opens(lee, "where is my refund?")
	w.opens(sam, "where is my refund?")
	w.runs(bo, "ticket", "claim T-3")
	first := w.due("T-1").Replies[0]
	at := w.now
	second := w.rings("T-2", at.Add(10*time.Second)).Replies[0]
	if got := second.PlainText(); !strings.HasPrefix(got, "2 tickets are due soon:") || !strings.Contains(got, "T-1") || !strings.Contains(got, "T-2") || strings.Contains(got, "T-3") {
		t.Errorf("the second warning says %q", got)
	}
	if first.Key != second.Key || first.Deed != chat.Replace || second.Deed != chat.Replace {
		t.Errorf("the warnings are %s %q and %s %q", first.Deed, first.Key, second.Deed, second.Key)
	}
	w.rings("T-1", at.Add(15*time.Minute))
	late := w.rings("T-2", at.Add(15*time.Minute+10*time.Second))
	if got := heads(late); !slices.Equal(got, []string{"desk: 2 tickets are overdue:"}) {
		t.Errorf("in the end it says %q", got)
	}
}

// What agents hold and let go late is told one by one: nothing takes the place of
// what was said of another.
func TestPromisesOfHolders(t *testing.T) {
	w := punctual(t, func(d *desk.Desk) { d.Lease = desk.Lease{} })
	w.opens(kim, "where is my refund?")
	w.opens(lee, "where is my refund?")
	w.runs(bo, "ticket", "claim T-1")
	w.runs(bo, "ticket", "claim T-2")
	keys := map[chat.Key]bool{}
	var said []string
	at := w.ticket("T-2").DueAt.Add(20 * time.Minute)
	for _, id := range []chat.TicketID{"T-1", "T-2"} {
		for _, r := range w.rings(id, at).Replies {
			if r.Place.Channel == "desk" && !strings.HasPrefix(string(r.Key), "card/") {
				keys[r.Key] = true
				said = append(said, strings.Split(r.PlainText(), "\n")[0])
			}
		}
	}
	if len(keys) != 2 || len(said) != 2 || !strings.Contains(said[0], "T-1 was due") || !strings.Contains(said[1], "T-2 was due") {
		t.Errorf("under %d keys the channel hears %q", len(keys), said)
	}
}

func TestLease(t *testing.T) {
	w := punctual(t, func(d *desk.Desk) { d.Levels = nil })
	w.opens(kim, "where is my refund?")
	w.runs(bo, "ticket", "claim T-1")
	warned := w.due("T-1")
	if got := heads(warned); !slices.Equal(got, []string{"@bo: Are you still on T-1? If nothing happens, it goes back into the queue today at 13:30."}) {
		t.Errorf("the warning says %q", got)
	}
	kept := w.presses(bo, "keep", "T-1")
	if !strings.Contains(spoken(kept), "T-1 stays with you.") {
		t.Errorf("keeping it says %q", spoken(kept))
	}
	if o := w.presses(ana, "keep", "T-1"); changed(o) {
		t.Errorf("someone else keeps it: %q", spoken(o))
	}
	if set, ok := timer(kept, "ticket/T-1"); !ok || set.Due.Sub(w.now).Round(time.Minute) != 3*time.Hour {
		t.Errorf("then the next warning is at %v", set.Due)
	}
	w.due("T-1")
	lapsed := w.due("T-1")
	want := []string{
		"@bo: T-1 is back at its old place in the queue, for nothing was heard from you. You can take it again.",
		"desk: Nothing was heard from Bo, so T-1 is back in the queue.",
	}
	if got := heads(lapsed); !slices.Equal(got, want) {
		t.Errorf("the end says %q", got)
	}
	if k := w.ticket("T-1"); k.State != desk.Open || k.Holder != "" || !k.AlarmAt.IsZero() {
		t.Errorf("it is %s, with %q, and due at %v", k.State, k.Holder, k.AlarmAt)
	}
	if o := w.runs(ana, "ticket", "show T-1"); !strings.Contains(spoken(o), "it went back into the queue, for Bo was silent") {
		t.Errorf("the history is %s", spoken(o))
	}
}

func TestWaitUntil(t *testing.T) {
	w := punctual(t, nil)
	w.opens(kim, "where is my refund?")
	for typed, says := range map[string]string{
		"wait T-1 whenever": "I don't know when that is", "wait T-1 today 8:00": "That is over already", "wait T-1 2030-01-01": "more than a year away",
	} {
		if o := w.runs(bo, "ticket", typed); changed(o) || !strings.Contains(spoken(o), says) {
			t.Errorf("%s: %q", typed, spoken(o))
		}
	}
	put := w.runs(bo, "ticket", "wait T-1 until tomorrow 14:00")
	if got := spoken(put); !strings.Contains(got, "T-1 is put off, and back tomorrow at 14:00.") {
		t.Fatalf("wait says %q", got)
	}
	until := start.Add(28*time.Hour + 30*time.Minute)
	if set, ok := timer(put, "ticket/T-1"); !ok || !set.Due.Equal(until) {
		t.Errorf("its timer is %+v", set)
	}
	if o := w.runs(bo, "ticket", "wait T-1 tomorrow 14:00"); changed(o) {
		t.Errorf("once more: %q", spoken(o))
	}
	if o := w.runs(kim, "ask", "status"); !strings.Contains(spoken(o), "Bo comes back to it tomorrow at 14:00") {
		t.Errorf("its asker reads %q", spoken(o))
	}
	if o := w.runs(bo, "ticket", "show T-1"); !strings.Contains(spoken(o), "T-1 · put off") || !strings.Contains(spoken(o), "Bo put it off: back tomorrow at 14:00") {
		t.Errorf("show says %q", spoken(o))
	}
	woken := w.due("T-1")
	if got := heads(woken); !slices.Equal(got, []string{"@bo: T-1 is back, as you asked."}) {
		t.Errorf("in the end it says %q", got)
	}
	if k := w.ticket("T-1"); k.State != desk.Claimed || k.Holder != w.Person(bo.Account) || !k.WaitUntil.IsZero() {
		t.Errorf("it is %s with %q until %v", k.State, k.Holder, k.WaitUntil)
	}
	if o := w.runs(bo, "ticket", "wait"); !strings.Contains(spoken(o), "put off until Kim answers") {
		t.Errorf("without a time: %q", spoken(o))
	}
}

func TestSilentAsker(t *testing.T) {
	for _, test := range []struct{ locale, reminded, ends, expired string }{
		{"en", "Bo is waiting for your answer on T-1.", "Without one, I take it as settled", "so I take it as settled"},
		{"pt-BR", "Bo espera a sua resposta no T-1.", "Sem ela, dou o assunto por resolvido", "então o dou por resolvido"},
		{"es", "Bo espera tu respuesta en T-1.", "Sin ella, lo doy por resuelto", "así que lo doy por resuelto"},
	} {
		t.Run(test.locale, func(t *testing.T) {
			w := punctual(t, func(d *desk.Desk) { d.Levels = nil })
			asker := kim
			asker.Locale = test.locale
			question := map[string]string{"en": "where is my refund?", "pt-BR": "onde está o meu reembolso? quero saber", "es": "¿dónde está mi reembolso? quiero saberlo"}[test.locale]
			w.opens(asker, question)
			replied := w.now
			w.runs(bo, "ticket", "reply T-1 which card?")
			w.runs(cy, "ticket", "watch T-1")
			reminded := w.due("T-1")
			if got := spoken(reminded); !strings.Contains(got, test.reminded) || !strings.Contains(got, test.ends) {
				t.Errorf("the reminder says %q", got)
			}
			if w.now.Sub(replied) < 72*time.Hour || reminded.Replies[0].Place != help {
				t.Errorf("it comes at %v in %v", w.now, reminded.Replies[0].Place)
			}
			expired := w.due("T-1")
			if got := spoken(expired); !strings.Contains(got, test.expired) || !strings.Contains(got, "T-1 is settled: Kim did not answer.") {
				t.Errorf("in the end it says %q", got)
			}
			for _, who := range []chat.Sender{bo, cy} { // who holds it, and who watches
				if told := copied(expired, who); len(told) != 1 {
					t.Errorf("%s is told %d times", who.Name, len(told))
				}
			}
			if k := w.ticket("T-1"); k.State != desk.Resolved || w.now.Sub(replied).Round(time.Hour) != 168*time.Hour {
				t.Errorf("it is %s at %v", k.State, w.now)
			}
			w.presses(asker, "good", "T-1")
			w.now = w.now.Add(time.Hour)
			w.says(asker, "my card ends with 12")
			if k := w.ticket("T-1"); k.State != desk.Claimed {
				t.Errorf("a word leaves it %s", k.State)
			}
		})
	}
}

func TestTeamIsBack(t *testing.T) {
	w := punctual(t, nil)
	o := w.presses(kim, "contact", w.asks(kim, "where is my refund?"))
	if strings.Contains(spoken(o), "away") {
		t.Errorf("open, it says %q", spoken(o))
	}
	w.now = time.Date(2026, 3, 6, 20, 0, 0, 0, time.UTC) // a Friday
	o = w.presses(lee, "contact", w.asks(lee, "where is my refund?"))
	if !strings.Contains(spoken(o), "The team is away now, and back Monday at 09:00.") {
		t.Errorf("closed, it says %q", spoken(o))
	}
	if o := w.runs(lee, "ask", "status"); !strings.Contains(spoken(o), "back Monday at 09:00") {
		t.Errorf("closed, the status is %q", spoken(o))
	}
	if at := w.ticket("T-2").DueAt; !at.Equal(time.Date(2026, 3, 9, 11, 0, 0, 0, time.UTC)) {
		t.Errorf("the first reply is due at %v", at)
	}
	w.runs(bo, "ticket", "reply T-2 which card?")
	if o := w.runs(lee, "ask", "status"); strings.Contains(spoken(o), "away") {
		t.Errorf("when it is the asker's turn, the status is %q", spoken(o))
	}
}

func TestMoment(t *testing.T) {
	w, err := newWords()
	if err != nil {
		t.Fatal(err)
	}
	lisbon, err := time.LoadLocation("Europe/Lisbon")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 4, 10, 0, 0, 0, lisbon)
	tests := []struct {
		at         time.Time
		en, pt, es string
	}{
		{now.Add(time.Hour), "today at 11:00", "hoje às 11:00", "hoy a las 11:00"},
		{now.Add(14 * time.Hour), "tomorrow at 00:00", "amanhã às 00:00", "mañana a las 00:00"},
		{now.Add(-24 * time.Hour), "yesterday at 10:00", "ontem às 10:00", "ayer a las 10:00"},
		{now.Add(48 * time.Hour), "Friday at 10:00", "sexta-feira às 10:00", "el viernes a las 10:00"},
		{now.Add(30 * 24 * time.Hour), "3 Apr at 11:00", "03/04 às 11:00", "el 03/04 a las 11:00"}, // in summer time
		{now.Add(-4 * 24 * time.Hour), "28 Feb at 10:00", "28/02 às 10:00", "el 28/02 a las 10:00"},
		{now.Add(365 * 24 * time.Hour), "4 Mar 2027 at 10:00", "04/03/2027 às 10:00", "el 04/03/2027 a las 10:00"},
	}
	for _, test := range tests {
		for lang, want := range map[string]string{"en": test.en, "pt-BR": test.pt, "es": test.es} {
			if got := w.moment(lang, test.at.In(lisbon), now); got != want {
				t.Errorf("%s: %v is %q, want %q", lang, test.at, got, want)
			}
		}
	}
	if got := w.moment("en", now.UTC(), now.UTC()); got != "today at 10:00 UTC" {
		t.Errorf("with no zone it is %q", got)
	}
}

// What is put into a sentence as a text keeps its time, and the sentence its
// styles.
func TestWordsFill(t *testing.T) {
	w, err := newWords()
	if err != nil {
		t.Fatal(err)
	}
	at := start
	got := w.say("en", "put_off_until", args{"Ticket": "T-1 \ue000When\ue001", "When": chat.Text{{Text: "today", At: at}}})
	if want := "T-1 When is put off, and back today."; got.String() != want {
		t.Errorf("it reads %q", got)
	}
	if len(got) < 4 || !got[0].Bold || !got[len(got)-2].At.Equal(at) {
		t.Errorf("it is %+v", got)
	}
}
