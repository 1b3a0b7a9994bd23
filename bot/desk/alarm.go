package desk

import (
	"slices"
	"time"
)

// Signpost is who acts when time does: nobody else has its id.
var Signpost = Agent{ID: "@signpost", Name: "Signpost"}

// An Alarm is something that is due on a ticket by itself.
type Alarm struct {
	Kind  AlarmKind
	At    time.Time // when it was due
	Clock ClockName // of a Promise
	Stage Stage     // likewise: how far word of it is to go
}

// An AlarmKind says what is due.
type AlarmKind string

const (
	Promise   AlarmKind = "promise"    // word of a promise that is in danger
	LeaseWarn AlarmKind = "lease_warn" // the holder is asked for a deed
	Lapse     AlarmKind = "lapse"      // the claim ends
	Wake      AlarmKind = "wake"       // it has waited until then
	Remind    AlarmKind = "remind"     // the asker is asked for a word
	Expire    AlarmKind = "expire"     // it is settled without the asker
	End       AlarmKind = "end"        // the asker cannot come back any more
)

// A ClockName names one of a ticket's clocks.
type ClockName string

const (
	FirstClock   ClockName = "first"
	NextClock    ClockName = "next"
	ResolveClock ClockName = "resolve"
)

// clock is the clock with a name.
func (t *Ticket) clock(name ClockName) *Clock {
	switch name {
	case FirstClock:
		return &t.Clocks.First
	case NextClock:
		return &t.Clocks.Next
	}
	return &t.Clocks.Resolve
}

// Next is when something is due on t by itself, to the millisecond, as timers
// are kept; zero if nothing is. A resolved ticket may come back for as long as
// grace.
func (t *Ticket) Next(d Desk, grace time.Duration) time.Time {
	next := t.first(d, grace, time.Time{}).At
	if down := next.Truncate(time.Millisecond); down.Before(next) {
		return down.Add(time.Millisecond)
	}
	return next
}

// Due is the first thing that is due on t by a time, if there is any. Once it is
// done, the next may be due too.
func (t *Ticket) Due(d Desk, grace time.Duration, at time.Time) (Alarm, bool) {
	a := t.first(d, grace, at)
	return a, !a.At.IsZero() && !a.At.After(at)
}

// first is what is due on t first. By the time at, some of it may have become
// pointless.
func (t *Ticket) first(d Desk, grace time.Duration, at time.Time) Alarm {
	if t.Parent != "" {
		return Alarm{} // it is due as its parent is
	}
	var due []Alarm
	add := func(kind AlarmKind, at time.Time) { due = append(due, Alarm{Kind: kind, At: at}) }
	switch {
	case t.State == Resolved:
		add(End, t.ResolvedAt.Add(grace))
	case t.State == Waiting && !t.WaitUntil.IsZero():
		add(Wake, t.WaitUntil)
	case t.State == Waiting && !t.Silence.Since.IsZero():
		since, p := t.Silence.Since, d.Patience
		if p.Remind > 0 && t.Silence.Told.IsZero() {
			add(Remind, since.Add(p.Remind))
		} else if p.After > 0 {
			add(Expire, t.Expires(d))
		}
	case t.State == Claimed && d.Lease.After > 0 && !t.Silence.Since.IsZero():
		since, l := t.Silence.Since, d.Lease
		if l.Warn > 0 && t.Silence.Told.IsZero() {
			add(LeaseWarn, d.Hours.After(since, l.After-l.Warn))
		} else {
			add(Lapse, t.Lapses(d))
		}
	}
	level := d.Level(t.Priority, t.Trail.Audience)
	for _, name := range []ClockName{FirstClock, NextClock, ResolveClock} {
		c := t.clock(name)
		if c.Told >= Raised {
			continue
		}
		stage := c.Told + 1
		if breach := c.reaches(Breached, level, d.Hours); stage == Warned && (level.Warn == 0 || !breach.After(at)) {
			stage = Breached // a warning would come too late
		}
		if when := c.reaches(stage, level, d.Hours); !when.IsZero() {
			due = append(due, Alarm{Promise, when, name, stage})
		}
	}
	if len(due) == 0 {
		return Alarm{}
	}
	return slices.MinFunc(due, func(a, b Alarm) int { return a.At.Compare(b.At) })
}

// Promised is until when one of t's clocks may run; zero if it does not run, or
// promises nothing.
func (t *Ticket) Promised(name ClockName, d Desk) time.Time {
	return t.clock(name).reaches(Breached, d.Level(t.Priority, t.Trail.Audience), d.Hours)
}

// Lapses is when the claim of a silent holder ends: however late they were
// warned, they have the whole time between.
func (t *Ticket) Lapses(d Desk) time.Time {
	ends := d.Hours.After(t.Silence.Since, d.Lease.After)
	if told := t.Silence.Told; !told.IsZero() {
		return later(ends, d.Hours.After(told, d.Lease.Warn))
	}
	return ends
}

// Expires is when t is settled without its silent asker; zero if it never is.
// However late they were reminded, they have the whole time between.
func (t *Ticket) Expires(d Desk) time.Time {
	p := d.Patience
	if p.After == 0 {
		return time.Time{}
	}
	ends := t.Silence.Since.Add(p.After)
	if told := t.Silence.Told; !told.IsZero() {
		return later(ends, told.Add(p.After-p.Remind))
	}
	return ends
}

// Keep renews the claim of t's holder. Someone else's returns [ErrHeld].
func (t *Ticket) Keep(a Agent, at time.Time) error {
	if err := t.mine(a, false); err != nil {
		return err
	}
	if t.State == Claimed {
		t.Silence = Silence{Since: at}
	}
	return nil
}

// Tell notes that word of a promise has gone as far as a stage.
func (t *Ticket) Tell(name ClockName, s Stage) { t.clock(name).Told = s }

// Nag notes that the one whose turn it is was asked for a word.
func (t *Ticket) Nag(at time.Time) { t.Silence.Told = at }

// Late reports whether one of the promises that t's running clocks make is
// broken, and the desk knows.
func (t *Ticket) Late() bool {
	for _, c := range []Clock{t.Clocks.First, t.Clocks.Next, t.Clocks.Resolve} {
		if !c.Since.IsZero() && c.Late() {
			return true
		}
	}
	return false
}

// Lapse ends the claim of a holder who has not been heard of: t returns to its
// old place in the queue.
func (t *Ticket) Lapse(at time.Time) {
	name := t.HolderName
	t.free()
	t.note(at, Signpost, DidLapse, name)
}

// Wait puts t off until a time, or, if that is zero, until its asker says
// something: it waits, and no clock runs. An open ticket is claimed by it.
// Someone else's returns [ErrHeld] unless a lead does it; one that waits so
// already, [ErrUnchanged].
func (t *Ticket) Wait(a Agent, lead bool, until, at time.Time) error {
	if t.Holder == "" {
		if err := t.Claim(a, at); err != nil {
			return err
		}
	}
	if err := t.mine(a, lead); err != nil {
		return err
	}
	if t.State == Waiting && t.WaitUntil.Equal(until) {
		return ErrUnchanged
	}
	t.State, t.WaitUntil = Waiting, until
	t.note(at, a, DidWait, "")
	t.Newest().Until = until
	return nil
}

// Wake makes t ours again, once it has waited until then.
func (t *Ticket) Wake(at time.Time) {
	t.ours()
	t.note(at, Signpost, DidWake, "")
}

// Expire settles t for want of a word from its asker, who may still come back.
func (t *Ticket) Expire(at time.Time) {
	t.State, t.ResolvedAt, t.Rating, t.Comment = Resolved, at, "", ""
	t.note(at, Signpost, DidExpire, "")
}

// End closes t when its asker cannot bring it back any more. Words that they
// said before still do, however late they come in.
func (t *Ticket) End(at time.Time) {
	t.State, t.ClosedAt, t.ClosedBy = Closed, at, Signpost.ID
	t.note(at, Signpost, DidEnd, "")
}

// ended reports whether it was time that closed t.
func (t *Ticket) ended() bool { return t.State == Closed && t.ClosedBy == Signpost.ID }

// Returns reports whether a word that the asker says at a time brings a settled
// ticket back: one that was said at most grace after.
func (t *Ticket) Returns(grace time.Duration, at time.Time) bool {
	return (t.State == Resolved || t.ended()) && at.Sub(t.ResolvedAt) <= grace
}
