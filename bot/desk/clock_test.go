package desk

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/signpost-bot/signpost/bot/chat"
)

var urgent = Urgent

// office is a desk that is open from 9 to 12 and from 13 to 18 on weekdays, and
// has promises.
func office() Desk {
	return Desk{
		Name:  "support",
		Hours: NewHours(time.UTC, weekdays([2]time.Duration{hm(9, 0), hm(12, 0)}, [2]time.Duration{hm(13, 0), hm(18, 0)}), nil),
		Levels: []Level{
			{Priority: &urgent, First: 30 * time.Minute, Resolve: 4 * time.Hour, Warn: 10 * time.Minute, Step: 5 * time.Minute},
			{Audience: "creator", First: time.Hour},
			{First: 2 * time.Hour, Next: time.Hour, Resolve: 8 * time.Hour, Warn: 15 * time.Minute, Step: 10 * time.Minute},
		},
		Lease:    Lease{After: 2 * time.Hour, Warn: 30 * time.Minute},
		Patience: Patience{Remind: 24 * time.Hour, After: 72 * time.Hour},
	}
}

// monday is a time on Monday 2 March 2026.
func monday(hours, minutes int) time.Time {
	return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).Add(hm(hours, minutes))
}

// worked is a ticket that was opened on Monday at 9:30, and what was done to it.
type story struct {
	t Ticket
	d Desk
}

func begin(d Desk) *story {
	s := &story{t: Ticket{
		ID: "T-7", Number: 7, State: Open, OpenedAt: monday(9, 30), Asker: chat.Sender{Name: "Kim"}, Question: "where?",
		History: []Entry{{At: monday(9, 30), Name: "Kim", Did: DidOpen, Text: "where?", Message: "m1"}},
	}, d: d}
	s.t.Tick(Standing{}, d, monday(9, 30))
	return s
}

// at does something to the ticket, and brings its clocks there.
func (s *story) at(at time.Time, do func(*Ticket) error) error {
	was := s.t.Standing()
	err := do(&s.t)
	s.t.Tick(was, s.d, at)
	return err
}

func TestLevel(t *testing.T) {
	d := office()
	tests := []struct {
		priority Priority
		audience string
		first    time.Duration
	}{
		{Urgent, "creator", 30 * time.Minute}, {Normal, "creator", time.Hour}, {Low, "buyer", 2 * time.Hour}, {High, "", 2 * time.Hour},
	}
	for _, test := range tests {
		if got := d.Level(test.priority, test.audience).First; got != test.first {
			t.Errorf("%s, %q: first = %v, want %v", test.priority, test.audience, got, test.first)
		}
	}
	if got := (Desk{Levels: d.Levels[:2]}).Level(Normal, "buyer"); got != (Level{}) {
		t.Errorf("none fits, and %+v does", got)
	}
}

func TestClocks(t *testing.T) {
	claim := func(at time.Time) func(*Ticket) error { return func(k *Ticket) error { return k.Claim(ana, at) } }
	reply := func(at time.Time) func(*Ticket) error {
		return func(k *Ticket) error { return k.Reply(ana, "here", false, false, at) }
	}
	add := func(at time.Time) func(*Ticket) error {
		return func(k *Ticket) error { return k.Add("m2", "more", nil, grace, at) }
	}
	resolve := func(at time.Time) func(*Ticket) error {
		return func(k *Ticket) error { return k.Resolve(ana, false, "", at) }
	}
	thank := func(at time.Time) func(*Ticket) error {
		return func(k *Ticket) error { k.Thank("m3", "thanks", at); return nil }
	}
	undo := func(at time.Time) func(*Ticket) error {
		return func(k *Ticket) error { return k.Withdraw(len(k.History), ana, false, at) }
	}
	fail := func(at time.Time) func(*Ticket) error {
		return func(k *Ticket) error { k.Fail(len(k.History), "closed", at); return nil }
	}
	wait := func(at time.Time) func(*Ticket) error {
		return func(k *Ticket) error { return k.Wait(ana, false, time.Time{}, at) }
	}
	unsay := func(at time.Time) func(*Ticket) error {
		return func(k *Ticket) error { k.TakeBack("m2", at); return nil }
	}
	type step struct {
		hours, minutes int // on Monday
		do             func(time.Time) func(*Ticket) error
	}
	tests := []struct {
		name                 string
		steps                []step
		first, next, resolve time.Duration // at 14:00
	}{
		{"nobody comes", nil, hm(3, 30), 0, hm(3, 30)},
		{"claimed", []step{{10, 0, claim}}, hm(3, 30), 0, hm(3, 30)},
		{"replied", []step{{10, 0, reply}}, hm(0, 30), 0, hm(0, 30)},
		{"replied, and more to say", []step{{10, 0, reply}, {11, 30, add}}, hm(0, 30), hm(1, 30), hm(2, 0)},
		{"more to say, twice", []step{{10, 0, reply}, {11, 30, add}, {13, 30, add}}, hm(0, 30), hm(1, 30), hm(2, 0)},
		{"more to say, replied, more", []step{{10, 0, reply}, {11, 0, add}, {11, 10, reply}, {13, 50, add}}, hm(0, 30), hm(0, 10), hm(0, 50)},
		{"more to say before the first reply", []step{{9, 50, add}, {10, 0, reply}}, hm(0, 30), 0, hm(0, 30)},
		{"more to say, and taken back", []step{{10, 0, reply}, {11, 0, add}, {11, 10, unsay}}, hm(0, 30), hm(0, 10), hm(2, 30)},
		{"thanks", []step{{10, 0, reply}, {11, 0, thank}}, hm(0, 30), 0, hm(0, 30)},
		{"replied, and called back", []step{{10, 0, reply}, {10, 10, undo}}, hm(3, 20), 0, hm(3, 20)},
		{"replied, which did not arrive", []step{{10, 0, reply}, {10, 10, fail}}, hm(3, 20), 0, hm(3, 20)},
		{"a second reply that did not arrive", []step{{10, 0, reply}, {11, 0, add}, {11, 10, reply}, {11, 20, fail}}, hm(0, 30), hm(1, 50), hm(2, 20)},
		{"put off", []step{{10, 0, wait}, {13, 0, add}}, hm(1, 30), 0, hm(1, 30)},
		{"resolved and back", []step{{10, 0, resolve}, {13, 30, add}}, hm(1, 0), 0, hm(1, 0)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := begin(office())
			for _, step := range test.steps {
				at := monday(step.hours, step.minutes)
				if err := s.at(at, step.do(at)); err != nil {
					t.Fatal(err)
				}
			}
			c := s.t.Clocks
			for _, clock := range []struct {
				name      string
				got, want time.Duration
			}{
				{"first", c.First.Time(s.d.Hours, monday(14, 0)), test.first},
				{"next", c.Next.Time(s.d.Hours, monday(14, 0)), test.next},
				{"resolve", c.Resolve.Time(s.d.Hours, monday(14, 0)), test.resolve},
			} {
				if clock.got != clock.want {
					t.Errorf("%s has run %v, want %v", clock.name, clock.got, clock.want)
				}
			}
		})
	}
}

func TestDueAt(t *testing.T) {
	s := begin(office())
	due := func(want time.Time) {
		t.Helper()
		if !s.t.DueAt.Equal(want) {
			t.Errorf("due at %v, want %v", s.t.DueAt, want)
		}
	}
	due(monday(11, 30)) // two hours for the first reply
	if err := s.at(monday(10, 0), func(k *Ticket) error { return k.SetPriority(ana, Urgent, monday(10, 0)) }); err != nil {
		t.Fatal(err)
	}
	due(monday(10, 0)) // half an hour, which is over
	if err := s.at(monday(10, 0), func(k *Ticket) error { return k.SetPriority(ana, Low, monday(10, 0)) }); err != nil {
		t.Fatal(err)
	}
	if err := s.at(monday(10, 30), func(k *Ticket) error { return k.Reply(ana, "here", false, false, monday(10, 30)) }); err != nil {
		t.Fatal(err)
	}
	due(time.Time{}) // the asker's turn
	if err := s.at(monday(17, 30), func(k *Ticket) error { return k.Add("", "more", nil, grace, monday(17, 30)) }); err != nil {
		t.Fatal(err)
	}
	due(monday(24+9, 30)) // an hour for the next one
	if err := s.at(monday(17, 40), func(k *Ticket) error { return k.Close(ana, false, "", monday(17, 40)) }); err != nil {
		t.Fatal(err)
	}
	due(time.Time{})
}

// Whatever is done and whenever, also by a clock that steps back, clocks show
// what counting minutes does.
func TestClocksAreWhatMinutesAddUpTo(t *testing.T) {
	type segment struct {
		from         time.Time
		first, round bool // what is owed
		ours         bool
	}
	rapid.Check(t, func(t *rapid.T) {
		d := office()
		s := begin(d)
		round := 0 // since when the next reply has been owed, by entry
		replied := false
		var rounds int
		log := []segment{{monday(9, 30), true, false, true}}
		now := monday(9, 30)
		var roundFrom int // segment in which the round began
		for i := range rapid.IntRange(1, 15).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(-60, 600).Draw(t, fmt.Sprint("minutes", i))) * time.Minute)
			_ = s.at(now, func(k *Ticket) error {
				switch rapid.SampledFrom([]string{"claim", "release", "reply", "add", "thank", "wait", "resolve", "reopen", "note"}).Draw(t, fmt.Sprint("do", i)) {
				case "claim":
					return k.Claim(ana, now)
				case "release":
					return k.Release(ana, true, now)
				case "reply":
					err := k.Reply(ana, "here", true, false, now)
					if err == nil {
						replied, round = true, 0
					}
					return err
				case "add":
					err := k.Add("", "more", nil, grace, now)
					if err == nil && replied && round == 0 {
						round, rounds, roundFrom = len(k.History), rounds+1, len(log)
					}
					return err
				case "thank":
					k.Thank("", "thanks", now)
				case "wait":
					return k.Wait(ana, true, time.Time{}, now)
				case "resolve":
					return k.Resolve(ana, true, "", now)
				case "reopen":
					return k.Reopen(ana, now)
				case "note":
					k.Note(bo, "hm", now)
				}
				return nil
			})
			log = append(log, segment{now, !replied, round > 0, s.t.State == Open || s.t.State == Claimed})
		}
		end := now.Add(hm(5, 0))
		count := func(from int, runs func(segment) bool) time.Duration {
			var sum time.Duration
			since := time.Time{}
			for i, g := range append(log[from:len(log):len(log)], segment{from: end}) {
				on := i < len(log)-from && runs(g)
				if on && since.IsZero() {
					since = g.from
				}
				if !on && !since.IsZero() {
					sum += slowBetween(d.Hours, since, g.from)
					since = time.Time{}
				}
			}
			return sum
		}
		first := count(0, func(g segment) bool { return g.ours && g.first })
		resolve := count(0, func(g segment) bool { return g.ours })
		var next time.Duration
		if rounds > 0 {
			next = count(roundFrom, func(g segment) bool { return g.ours && g.round })
		}
		c := s.t.Clocks
		if got := c.First.Time(d.Hours, end); got != first {
			t.Errorf("first has run %v, want %v", got, first)
		}
		if got := c.Next.Time(d.Hours, end); got != next {
			t.Errorf("next has run %v, want %v", got, next)
		}
		if got := c.Resolve.Time(d.Hours, end); got != resolve {
			t.Errorf("resolve has run %v, want %v", got, resolve)
		}
	})
}
