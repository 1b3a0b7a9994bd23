package desk

import (
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// Clocks measure how long a ticket has been ours to answer, in open hours. None
// of them runs while it waits for its asker, or is done.
type Clocks struct {
	First   Clock `json:"first,omitzero"`   // while the question has no reply
	Next    Clock `json:"next,omitzero"`    // while what the asker added has none
	Resolve Clock `json:"resolve,omitzero"` // while there is work to do
}

// A Clock measures open time.
type Clock struct {
	Spent  time.Duration `json:"spent,omitempty"`  // until it stopped last
	Since  time.Time     `json:"since,omitzero"`   // it runs since then; zero: it stands
	Of     int           `json:"of,omitempty"`     // the entry that it waits for a reply to
	Target time.Duration `json:"target,omitempty"` // what is promised; 0: nothing
	Told   Stage         `json:"told,omitempty"`   // of that promise
}

// A Stage is how far word of a promise that is in danger has gone.
type Stage int

const (
	Untold   Stage = iota
	Warned         // that it will be broken soon
	Breached       // it is broken: its holder was told
	Paged          // and those who are on call
	Raised         // and everyone at the desk
)

// Time is how long a clock has run by a time.
func (c Clock) Time(h Hours, at time.Time) time.Duration {
	if c.Since.IsZero() {
		return c.Spent
	}
	return c.Spent + h.Between(c.Since, at)
}

// Late reports whether word went out that a promise is broken.
func (c Clock) Late() bool { return c.Told >= Breached }

// run starts or stops a clock.
func (c *Clock) run(on bool, h Hours, at time.Time) {
	switch {
	case on && c.Since.IsZero():
		c.Since = at
	case !on:
		c.Spent, c.Since = c.Time(h, at), time.Time{}
	}
}

// aim takes a promise up. What was told of another one counts as far as it holds
// for this one too.
func (c *Clock) aim(target time.Duration, l Level, h Hours, at time.Time) {
	if target == c.Target {
		return
	}
	c.Target = target
	for reached := c.Time(h, at); c.Told > Untold && (target == 0 || reached < target+l.lag(c.Told)); {
		c.Told--
	}
}

// lag is how long after its end a promise has come to a stage; negative: before.
func (l Level) lag(s Stage) time.Duration {
	if s == Warned {
		return -l.Warn
	}
	return time.Duration(s-Breached) * l.Step
}

// reaches is when a clock that runs on comes to a stage; zero if it does not
// run, or promises nothing.
func (c Clock) reaches(s Stage, l Level, h Hours) time.Time {
	if c.Since.IsZero() || c.Target == 0 {
		return time.Time{}
	}
	return h.After(c.Since, c.Target+l.lag(s)-c.Spent)
}

// A Silence is how long the one whose turn it is has not been heard of.
type Silence struct {
	Since time.Time `json:"since,omitzero"` // zero: it is nobody's turn
	Told  time.Time `json:"told,omitzero"`  // when they were asked to say something
}

// A Standing is what makes a ticket's clocks run.
type Standing struct {
	State   State
	Holder  chat.PersonID
	Entries int
}

// Standing is how t stands now.
func (t *Ticket) Standing() Standing { return Standing{t.State, t.Holder, len(t.History)} }

// Tick brings t's clocks to a time, after all that was done to it since it stood
// so. A new ticket has no standing.
func (t *Ticket) Tick(was Standing, d Desk, at time.Time) {
	if t.State != Waiting {
		t.WaitUntil = time.Time{}
	}
	t.hush(was, at)
	ours, owed := t.Parent == "" && (t.State == Open || t.State == Claimed), t.owed()
	if owed > 1 && owed > t.Clocks.Next.Of {
		t.Clocks.Next = Clock{Of: owed}
	}
	level := d.Level(t.Priority, t.Trail.Audience)
	t.DueAt = time.Time{}
	for _, c := range []struct {
		*Clock
		runs   bool
		target time.Duration
	}{
		{&t.Clocks.First, ours && owed == 1, level.First},
		{&t.Clocks.Next, ours && owed > 1, level.Next},
		{&t.Clocks.Resolve, ours, level.Resolve},
	} {
		c.run(c.runs, d.Hours, at)
		c.aim(c.target, level, d.Hours, at)
		if due := c.reaches(Breached, level, d.Hours); !due.IsZero() && (t.DueAt.IsZero() || due.Before(t.DueAt)) {
			t.DueAt = due
		}
	}
}

// hush notes since when the one whose turn it is has been silent.
func (t *Ticket) hush(was Standing, at time.Time) {
	said := func(by func(Entry) bool) bool {
		for _, e := range t.History[min(was.Entries, len(t.History)):] {
			if by(e) {
				return true
			}
		}
		return false
	}
	anew := t.State != was.State
	switch {
	case t.Parent != "":
		return // its parent's
	case t.State == Claimed:
		anew = anew || t.Holder != was.Holder || said(func(e Entry) bool { return e.By == t.Holder && e.Did != DidFail })
	case t.State == Waiting && t.WaitUntil.IsZero():
		anew = anew || said(func(e Entry) bool { return e.By == "" || e.Did == DidReply || e.Did == DidArticle || e.Did == DidWait })
	default:
		t.Silence = Silence{}
		return
	}
	if anew || t.Silence.Since.IsZero() {
		t.Silence = Silence{Since: at}
	}
}

// owed is the number of the first entry of the asker's, or of those who are
// answered with them, that no reply has followed; 0 if there is none. Thanks ask
// for nothing, nor does what was taken back; a reply that was taken back or
// failed is none.
func (t *Ticket) owed() int {
	gone := map[int]bool{}
	for _, e := range t.History {
		if e.Did == DidTakeBack {
			gone[e.Of] = true
		}
	}
	owed := 0
	for i, e := range t.History {
		switch {
		case e.Did == DidOpen, (e.Did == DidAdd || e.Did == DidHear || e.Did == DidLink) && !e.Thanks:
			if owed == 0 && !gone[i+1] {
				owed = i + 1
			}
		case (e.Did == DidReply || e.Did == DidArticle) && e.Passage != Withdrawn && e.Passage != Failed:
			owed = 0
		}
	}
	return owed
}
