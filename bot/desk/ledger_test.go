package desk

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
)

func TestLineEnding(t *testing.T) {
	tests := []struct {
		name string
		line Line
		want Ending
		gap  bool
	}{
		{"nothing more", Line{Level: "sure", Shown: []string{"a"}}, Silent, false},
		{"nothing found", Line{Level: "none"}, Silent, true},
		{"helped", Line{Level: "sure", Shown: []string{"a"}, Helped: true}, Helped, false},
		{"did not help", Line{Level: "sure", Shown: []string{"a"}, Unhelped: true}, Unhelped, false},
		{"did, after all", Line{Level: "sure", Shown: []string{"a"}, Unhelped: true, Helped: true}, Helped, false},
		{"thanks for nothing", Line{Level: "none", Helped: true}, Silent, true},
		{"asked again though it helped", Line{Level: "sure", Shown: []string{"a"}, Helped: true, Again: true}, Again, false},
		{"a ticket after an article", Line{Level: "unsure", Shown: []string{"a"}, Helped: true, Again: true, Ticket: "T-1"}, Escalated, true},
		{"a ticket after nothing", Line{Level: "none", Ticket: "T-1"}, Escalated, true},
		{"a person was asked for", Line{Ticket: "T-1"}, Escalated, false},
		{"taken back", Line{Level: "none", Gone: true}, Silent, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.line.Ending(); got != test.want {
				t.Errorf("ending = %s, want %s", got, test.want)
			}
			if got := test.line.Gap(); got != test.gap {
				t.Errorf("gap = %t, want %t", got, test.gap)
			}
		})
	}
}

// counts is what a list of tallies says of everyone, agents apart, as text.
func counts(list []Tally) []string {
	var all []string
	for _, t := range list {
		if t.By == Everyone || t.By == OfAgent {
			all = append(all, fmt.Sprintf("%s %s %s%s %d", t.Day.Format("01-02"), t.What, t.How, t.Of, t.N))
		}
	}
	return all
}

func TestTallies(t *testing.T) {
	at := time.Date(2026, 3, 2, 23, 50, 0, 0, time.UTC)
	desk := Desk{Name: "support", Levels: []Level{{First: 20 * time.Minute, Resolve: time.Hour}}}
	ana := Agent{ID: "ana", Name: "Ana"}
	c := conversation.Begin(chat.Event{ID: "x", At: at}, false)
	c.Trail.Audience, c.Trail.Lang = "buyer", "en"
	k := New(1, &c, "help", "", at)
	k.Desk = "support"
	tick := func(minutes int, do func(at time.Time) error) {
		t.Helper()
		was := k.Standing()
		at := at.Add(time.Duration(minutes) * time.Minute)
		if err := do(at); err != nil {
			t.Fatal(err)
		}
		k.Tick(was, desk, at)
	}
	is := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, counts(k.Tallies())); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
	}
	k.Tick(Standing{}, desk, at)
	is("03-02 opened  1")
	tick(25, func(at time.Time) error { return k.Reply(ana, "hi", false, true, at) })
	is("03-02 opened  1") // it is held still
	k.Dispatch(3)
	is("03-02 opened  1", "03-03 first 30 1", "03-03 first 30ana 1", "03-03 promise first/late 1", "03-03 promise first/lateana 1", "03-03 reply ana 1")
	tick(26, func(at time.Time) error { return k.Withdraw(3, ana, false, at) })
	is("03-02 opened  1")
	tick(27, func(at time.Time) error { return k.Resolve(ana, false, "done", at) })
	is("03-02 opened  1", "03-03 first 30 1", "03-03 first 30ana 1",
		"03-03 promise first/late 1", "03-03 promise resolve/kept 1", "03-03 promise first/lateana 1", "03-03 promise resolve/keptana 1",
		"03-03 reply ana 1", "03-03 resolved 30 1", "03-03 resolved 30ana 1")
	tick(30, func(at time.Time) error { return k.Rate(true, at) })
	if got := counts(k.Tallies()); !slices.Contains(got, "03-03 rating good 1") || !slices.Contains(got, "03-03 rating goodana 1") {
		t.Errorf("rated: %v", got)
	}
	tick(40, func(at time.Time) error { return k.Add("m", "no, it is not", nil, time.Hour, at) })
	if got := counts(k.Tallies()); slices.Contains(got, "03-03 resolved 30 1") {
		t.Errorf("a ticket that is open again counts as resolved: %v", got)
	}
	// Every count is there for the audience and the language as well.
	sums := map[Facet]int{}
	for _, one := range k.Tallies() {
		if one.What != CountReply {
			sums[one.By] += one.N
		}
		if one.By == OfAudience && one.Of != "buyer" || one.By == OfLang && one.Of != "en" {
			t.Errorf("tally of %s %q", one.By, one.Of)
		}
	}
	if sums[OfAudience] != sums[Everyone] || sums[OfLang] != sums[Everyone] {
		t.Errorf("sums by facet: %v", sums)
	}
}

// Work that is done once for several askers counts once.
func TestTalliesOfChildren(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	ana := Agent{ID: "ana", Name: "Ana"}
	tickets := map[string]*Ticket{}
	for i, name := range []string{"parent", "child"} {
		c := conversation.Begin(chat.Event{ID: chat.EventID(name), At: at}, false)
		k := New(int64(i+1), &c, "help", "", at)
		k.Tick(Standing{}, Desk{}, at)
		tickets[name] = &k
	}
	parent, child := tickets["parent"], tickets["child"]
	if err := errors.Join(parent.Merge(ana, false, at, child), parent.Reply(ana, "hi", false, false, at), parent.Resolve(ana, false, "", at)); err != nil {
		t.Fatal(err)
	}
	child.Follow(parent, at)
	if diff := cmp.Diff([]string{"03-02 opened  1", "03-02 resolved  1"}, counts(child.Tallies())); diff != "" {
		t.Errorf("the child counts for (-want +got):\n%s", diff)
	}
	if got := counts(parent.Tallies()); !slices.Contains(got, "03-02 reply ana 1") || !slices.Contains(got, "03-02 resolved 1ana 1") {
		t.Errorf("the parent counts for %v", got)
	}
	if _, ok := child.Waited(); ok {
		t.Error("the child's wait counts")
	}
	if f := Summarise(child.Tallies())[Share{}]; f.Resolved != 1 || len(f.Work) != 0 {
		t.Errorf("figures of the child: %+v", f)
	}
}

// What is counted day by day is what there is in the end, however it came to
// be.
func TestTalliesAddUp(t *testing.T) {
	agents := []Agent{{ID: "ana", Name: "Ana"}, {ID: "bo", Name: "Bo"}}
	desk := Desk{Name: "support", Levels: []Level{{First: time.Hour, Resolve: 3 * time.Hour}}}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		c := conversation.Begin(chat.Event{ID: "x", At: at}, false)
		k := New(1, &c, "help", "", at)
		k.Desk = "support"
		k.Tick(Standing{}, desk, at)
		sum := k.Tallies()
		for range rapid.IntRange(0, 30).Draw(t, "deeds") {
			at = at.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "minutes")) * time.Minute)
			before, was := k.Tallies(), k.Standing()
			a := rapid.SampledFrom(agents).Draw(t, "agent")
			n := rapid.IntRange(1, len(k.History)).Draw(t, "entry")
			// What a rule refuses changes nothing.
			switch rapid.IntRange(0, 11).Draw(t, "deed") {
			case 0:
				_ = k.Claim(a, at)
			case 1:
				_ = k.Release(a, true, at)
			case 2:
				_ = k.Reply(a, "hi", true, rapid.Bool().Draw(t, "held"), at)
			case 3:
				k.Dispatch(n)
			case 4:
				_ = k.Withdraw(n, a, true, at)
			case 5:
				if e := k.Entry(n); e.Did == DidReply {
					k.Fail(n, "closed", at)
				}
			case 6:
				_ = k.Resolve(a, true, rapid.SampledFrom([]string{"", "bye"}).Draw(t, "text"), at)
			case 7:
				_ = k.Reopen(a, at)
			case 8:
				_ = k.Add("m", "more", nil, time.Hour, at)
			case 9:
				_ = k.Rate(rapid.Bool().Draw(t, "good"), at)
			case 10:
				_ = k.Close(a, true, "", at)
			case 11:
				k.Desk, k.Trail.Audience = rapid.SampledFrom([]string{"support", "sales"}).Draw(t, "desk"), rapid.SampledFrom([]string{"", "buyer"}).Draw(t, "audience")
			}
			k.Tick(was, desk, at)
			sum = Sum(append(sum, Change(before, k.Tallies())...))
		}
		if diff := cmp.Diff(k.Tallies(), sum); diff != "" {
			t.Fatalf("what was counted differs from what there is:\n%s", diff)
		}
	})
}

func TestBounds(t *testing.T) {
	for d, want := range map[time.Duration]time.Duration{
		-time.Hour: time.Minute, 0: time.Minute, time.Minute: time.Minute, time.Minute + 1: 2 * time.Minute,
		50 * time.Minute: time.Hour, 10000 * time.Hour: 672 * time.Hour,
	} {
		if got, ok := Bound(took(d)); got != want || !ok {
			t.Errorf("bound of %v = %v, %t; want %v", d, got, ok, want)
		}
	}
	if _, ok := Bound("7"); ok {
		t.Error("7 minutes is no bound")
	}
}
