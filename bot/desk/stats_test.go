package desk

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSummarise(t *testing.T) {
	question := func(how string, n int) Tally { return Tally{What: CountQuestion, How: how, N: n} }
	buyer := question("sure/helped", 2)
	buyer.By, buyer.Of = OfAudience, "buyer"
	all := Summarise([]Tally{
		question("sure/helped", 2), question("sure/silent", 3), question("unsure/silent", 1), question("none/silent", 2),
		question("none/escalated", 1), question("/escalated", 1), buyer,
		{What: CountOpened, N: 2}, {What: CountResolved, How: "60", N: 1}, {What: CountFirst, How: "5", N: 1}, {What: CountFirst, How: "120", N: 1},
		{What: CountPromise, How: "first/kept", N: 1}, {What: CountPromise, How: "first/late", N: 1},
		{What: CountReply, By: OfAgent, Of: "ana", N: 4}, {What: CountRating, How: "good", N: 1}, {What: CountRating, How: "bad", N: 2},
	})
	want := &Figures{
		Questions: 10, Levels: map[string]int{"sure": 5, "unsure": 1, "none": 3, "": 1},
		Endings:  map[Ending]int{Helped: 2, Silent: 6, Escalated: 2},
		Accepted: 4, Opened: 2, Resolved: 1, Replies: 4, Good: 1, Bad: 2,
		First: Times{5 * time.Minute: 1, 2 * time.Hour: 1}, Work: Times{time.Hour: 1},
		Promises: map[ClockName]Promised{FirstClock: {Kept: 1, Late: 1}},
	}
	if diff := cmp.Diff(want, all[Share{}]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := all[Share{}]; got.Strict() != 0.2 || got.Loose() != 0.6 {
		t.Errorf("strict %v, loose %v; want 0.2 and 0.6", got.Strict(), got.Loose())
	}
	if got := all[Share{OfAudience, "buyer"}]; got.Questions != 2 || got.Strict() != 1 {
		t.Errorf("buyers: %+v", got)
	}
	if got := all[Share{OfAgent, "ana"}].Replies; got != 4 {
		t.Errorf("ana sent %d replies", got)
	}
	if none := Summarise(nil)[Share{}]; none.Strict() != 0 || none.Loose() != 0 {
		t.Error("nothing was asked, and something settled")
	}
}

func TestWithin(t *testing.T) {
	times := Times{time.Minute: 1, 5 * time.Minute: 2, time.Hour: 6, 24 * time.Hour: 1}
	for part, want := range map[float64]time.Duration{0.05: time.Minute, 0.3: 5 * time.Minute, 0.5: time.Hour, 0.9: time.Hour, 0.95: 24 * time.Hour, 1: 24 * time.Hour} {
		if got, ok := times.Within(part); got != want || !ok {
			t.Errorf("within %v = %v, %t; want %v", part, got, ok, want)
		}
	}
	if _, ok := (Times{}).Within(0.5); ok {
		t.Error("there was nothing")
	}
}
