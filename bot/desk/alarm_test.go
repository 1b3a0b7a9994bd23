package desk

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// do does what is due, as the handler of alarms does when all of them are told.
func (s *story) do(at time.Time) (done []Alarm) {
	for {
		a, ok := s.t.Due(s.d, grace, at)
		if !ok {
			return done
		}
		done = append(done, a)
		_ = s.at(at, func(k *Ticket) error {
			switch a.Kind {
			case Promise:
				k.Tell(a.Clock, a.Stage)
			case LeaseWarn, Remind:
				k.Nag(at)
			case Lapse:
				k.Lapse(at)
			case Wake:
				k.Wake(at)
			case Expire:
				k.Expire(at)
			case End:
				k.End(at)
			}
			return nil
		})
	}
}

// told are alarms as one word each: first/2 is the second stage of a promise.
func told(alarms []Alarm) (words []string) {
	for _, a := range alarms {
		if a.Kind == Promise {
			words = append(words, fmt.Sprintf("%s/%d", a.Clock, a.Stage))
		} else {
			words = append(words, string(a.Kind))
		}
	}
	return words
}

// Each alarm comes once, at its time, and the next one is known.
func TestAlarms(t *testing.T) {
	type moment struct {
		at   time.Time
		want string
	}
	promises := office()
	promises.Lease, promises.Patience = Lease{}, Patience{}
	quiet := office()
	quiet.Levels = nil
	tests := []struct {
		name string
		desk Desk
		do   func(*Ticket) error // on Monday at 9:30
		want []moment
	}{
		{"nobody comes", promises, func(*Ticket) error { return nil }, []moment{
			{monday(11, 15), "first/1"}, {monday(11, 30), "first/2"}, {monday(11, 40), "first/3"}, {monday(11, 50), "first/4"},
			{monday(24+9, 15), "resolve/1"}, {monday(24+9, 30), "resolve/2"}, {monday(24+9, 40), "resolve/3"}, {monday(24+9, 50), "resolve/4"},
		}},
		{"an audience without a warning", promises, func(k *Ticket) error { k.Trail.Audience = "creator"; return nil }, []moment{
			{monday(10, 30), "first/2"}, {monday(10, 30), "first/3"}, {monday(10, 30), "first/4"},
		}},
		{"a silent holder", quiet, func(k *Ticket) error { return k.Claim(ana, monday(9, 30)) }, []moment{
			{monday(11, 0), "lease_warn"}, {monday(11, 30), "lapse"},
		}},
		{"put off", quiet, func(k *Ticket) error { return k.Wait(ana, false, monday(20, 0), monday(9, 30)) }, []moment{
			{monday(20, 0), "wake"}, {monday(24+10, 30), "lease_warn"}, {monday(24+11, 0), "lapse"},
		}},
		{"a silent asker", quiet, func(k *Ticket) error { return k.Reply(ana, "here", false, false, monday(9, 30)) }, []moment{
			{monday(24+9, 30), "remind"}, {monday(72+9, 30), "expire"}, {monday(72+9, 30).Add(grace), "end"},
		}},
		{"resolved", office(), func(k *Ticket) error { return k.Resolve(ana, false, "", monday(9, 30)) }, []moment{
			{monday(9, 30).Add(grace), "end"},
		}},
		{"closed", office(), func(k *Ticket) error { return k.Close(ana, false, "", monday(9, 30)) }, nil},
		{"nothing is promised", Desk{}, func(k *Ticket) error { return k.Claim(ana, monday(9, 30)) }, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := begin(test.desk)
			if err := s.at(monday(9, 30), test.do); err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(test.want); {
				at := test.want[i].at
				if next := s.t.Next(s.d, grace); !next.Equal(at) {
					t.Fatalf("next is %v, want %v", next, at)
				}
				if early := s.do(at.Add(-time.Millisecond)); len(early) > 0 {
					t.Fatalf("%v come too early", told(early))
				}
				for _, word := range told(s.do(at)) {
					if i == len(test.want) || test.want[i].want != word {
						t.Fatalf("%s comes at %v as number %d", word, at, i)
					}
					i++
				}
			}
			if next := s.t.Next(s.d, grace); !next.IsZero() {
				t.Errorf("after all that, something is due at %v: %v", next, told(s.do(next)))
			}
		})
	}
}

// After a long pause, everything that still matters is done, in order.
func TestAlarmsLate(t *testing.T) {
	s := begin(office())
	if got := fmt.Sprint(told(s.do(monday(7*24+10, 0)))); got != "[first/2 first/3 first/4 resolve/2 resolve/3 resolve/4]" {
		t.Errorf("a week later: %s", got)
	}
	s = begin(office())
	s.d.Levels = nil
	if err := s.at(monday(9, 30), func(k *Ticket) error { return k.Claim(ana, monday(9, 30)) }); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(told(s.do(monday(7*24+10, 0)))); got != "[lease_warn]" {
		t.Errorf("a silent holder, a week later: %s", got)
	}
	if next := s.t.Next(s.d, grace); !next.Equal(monday(7*24+10, 30)) {
		t.Errorf("they have until %v", next)
	}
}

func TestLeaseIsRenewed(t *testing.T) {
	s := begin(office())
	s.d.Levels = nil
	deeds := []struct {
		at time.Time
		do func(*Ticket) error
	}{
		{monday(9, 30), func(k *Ticket) error { return k.Claim(ana, monday(9, 30)) }},
		{monday(11, 10), func(k *Ticket) error { k.Note(ana, "on it", monday(11, 10)); return nil }},
		{monday(13, 30), func(k *Ticket) error { return k.AddLabel(ana, "card", monday(13, 30)) }},
	}
	for _, deed := range deeds {
		s.do(deed.at)
		if err := s.at(deed.at, deed.do); err != nil {
			t.Fatal(err)
		}
		if want := s.d.Hours.After(deed.at, 90*time.Minute); !s.t.Next(s.d, grace).Equal(want) {
			t.Errorf("after a deed at %v the warning is due at %v, want %v", deed.at, s.t.Next(s.d, grace), want)
		}
	}
	// Others' deeds, and the asker's nagging, are none of the holder's.
	next := s.t.Next(s.d, grace)
	_ = s.at(monday(14, 0), func(k *Ticket) error { k.Note(bo, "?", monday(14, 0)); return nil })
	_ = s.at(monday(14, 10), func(k *Ticket) error { return k.Add("", "hello?", nil, grace, monday(14, 10)) })
	if got := s.t.Next(s.d, grace); !got.Equal(next) {
		t.Errorf("the warning is due at %v, want %v", got, next)
	}
	// Whoever gets it has the whole lease.
	if err := s.at(monday(14, 20), func(k *Ticket) error { return k.Transfer(ana, bo, false, "", monday(14, 20)) }); err != nil {
		t.Fatal(err)
	}
	if got := s.t.Next(s.d, grace); !got.Equal(monday(15, 50)) {
		t.Errorf("for its new holder the warning is due at %v", got)
	}
}

func TestLapseKeepsThePlace(t *testing.T) {
	s := begin(office())
	rank := s.t.Rank()
	_ = s.at(monday(9, 40), func(k *Ticket) error { return k.Claim(ana, monday(9, 40)) })
	_ = s.at(monday(12, 0), func(k *Ticket) error { k.Lapse(monday(12, 0)); return nil })
	if s.t.State != Open || s.t.Holder != "" || s.t.Rank() != rank {
		t.Errorf("it is %s with %q at %d, want open at %d", s.t.State, s.t.Holder, s.t.Rank(), rank)
	}
	if e := s.t.Newest(); e.By != Signpost.ID || e.Text != "Ana" {
		t.Errorf("the history says %+v", e)
	}
}

func TestWait(t *testing.T) {
	friday := monday(4*24+9, 0)
	tests := []struct {
		name string
		from State
		by   Agent
		lead bool
		err  error
	}{
		{"open", Open, bo, false, nil},
		{"one's own", Claimed, ana, false, nil},
		{"someone else's", Claimed, bo, false, ErrHeld},
		{"as lead", Claimed, bo, true, nil},
		{"the asker's turn", Waiting, ana, false, nil},
		{"resolved", Resolved, ana, false, ErrResolved},
		{"closed", Closed, ana, false, ErrClosed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k := in(test.from)
			if err := k.Wait(test.by, test.lead, friday, now); !errors.Is(err, test.err) {
				t.Fatalf("Wait = %v, want %v", err, test.err)
			}
			if test.err != nil {
				return
			}
			if k.State != Waiting || !k.WaitUntil.Equal(friday) || k.Holder == "" || !k.Newest().Until.Equal(friday) {
				t.Errorf("it is %s until %v, with %q", k.State, k.WaitUntil, k.Holder)
			}
			if err := k.Wait(test.by, true, friday, now); !errors.Is(err, ErrUnchanged) {
				t.Errorf("again: %v", err)
			}
			// The asker's word ends it.
			was := k.Standing()
			if err := k.Add("", "hello?", nil, grace, now); err != nil {
				t.Fatal(err)
			}
			if k.Tick(was, Desk{}, now); k.State != Claimed || !k.WaitUntil.IsZero() {
				t.Errorf("a word leaves it %s until %v", k.State, k.WaitUntil)
			}
		})
	}
}

// What time has closed comes back by what was said in time, however late that
// is heard; what someone has closed does not.
func TestLateWords(t *testing.T) {
	resolved := func() Ticket { return in(Resolved) } // at 9:30
	ended := resolved()
	ended.End(opened.Add(grace))
	closed := resolved()
	if err := closed.Close(ana, false, "", opened.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		ticket Ticket
		said   time.Duration // after it was resolved
		err    error
	}{
		{"resolved, in time", resolved(), grace, nil},
		{"resolved, too late", resolved(), grace + 1, ErrClosed},
		{"closed by time, said in time", ended, grace, nil},
		{"closed by time, said too late", ended, grace + 1, ErrClosed},
		{"closed by someone", closed, 0, ErrClosed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k := test.ticket
			if returns := k.Returns(grace, opened.Add(test.said)); returns != (test.err == nil) {
				t.Errorf("Returns = %t", returns)
			}
			if err := k.Add("", "still there", nil, grace, opened.Add(test.said)); !errors.Is(err, test.err) {
				t.Fatalf("Add = %v, want %v", err, test.err)
			}
			if want := test.err == nil; (k.State == Claimed) != want || want && (!k.ClosedAt.IsZero() || k.ClosedBy != "") {
				t.Errorf("it is %s, closed by %q at %v", k.State, k.ClosedBy, k.ClosedAt)
			}
		})
	}
	if err := ended.Rate(true, opened); err != nil || ended.Rating != "good" {
		t.Errorf("rating what time has closed: %v", err)
	}
	if err := closed.Rate(true, opened); !errors.Is(err, ErrClosed) {
		t.Errorf("rating what someone has closed: %v", err)
	}
}

func TestAim(t *testing.T) {
	s := begin(office())
	s.do(monday(11, 45))
	if c := s.t.Clocks.First; c.Told != Paged {
		t.Fatalf("told as far as %d", c.Told)
	}
	set := func(p Priority, at time.Time) Stage {
		t.Helper()
		if err := s.at(at, func(k *Ticket) error { return k.SetPriority(ana, p, at) }); err != nil {
			t.Fatal(err)
		}
		return s.t.Clocks.First.Told
	}
	if got := set(Urgent, monday(11, 46)); got != Paged {
		t.Errorf("a shorter promise is broken too, and told as far as %d", got)
	}
	s.d.Levels[2].First = 24 * time.Hour
	if got := set(Normal, monday(11, 47)); got != Untold {
		t.Errorf("a longer promise holds, and is told as far as %d", got)
	}
}

// Nothing comes before its time, and nothing twice, however clocks step: a
// promise's stages climb, and what the rest is due for is done away with.
func TestAlarmsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := begin(office())
		now := monday(9, 30)
		stage := map[string]Stage{}
		for i := range rapid.IntRange(1, 20).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(-120, 900).Draw(t, fmt.Sprint("minutes", i))) * time.Minute)
			for _, a := range s.do(now) {
				if a.At.After(now) {
					t.Fatalf("%+v comes at %v", a, now)
				}
				if a.Kind == Promise {
					name := fmt.Sprint(a.Clock, s.t.clock(a.Clock).Of)
					if a.Stage <= stage[name] {
						t.Fatalf("%+v comes after stage %d", a, stage[name])
					}
					stage[name] = a.Stage
				}
			}
			if next := s.t.Next(s.d, grace); !next.IsZero() && !next.After(now) {
				t.Fatalf("next is %v, which is over at %v", next, now)
			}
			do := rapid.SampledFrom([]string{"claim", "reply", "add", "wait", "resolve", "nothing"}).Draw(t, fmt.Sprint("do", i))
			_ = s.at(now, func(k *Ticket) error {
				switch do {
				case "claim":
					return k.Claim(ana, now)
				case "reply":
					return k.Reply(ana, "here", true, false, now)
				case "add":
					return k.Add("", "more", nil, grace, now)
				case "wait":
					return k.Wait(ana, true, now.Add(hm(3, 0)), now)
				case "resolve":
					return k.Resolve(ana, true, "", now)
				}
				return nil
			})
		}
	})
}
