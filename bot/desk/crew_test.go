package desk

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/signpost-bot/signpost/bot/chat"
)

func TestChoose(t *testing.T) {
	minute := func(n int) time.Time { return time.Date(2026, 3, 2, 9, n, 0, 0, time.UTC) }
	on := func(id string, load, given, since int) OnCall {
		o := OnCall{Agent: Agent{ID: chat.PersonID(id)}, Load: load, Since: minute(since)}
		if given > 0 {
			o.Given = minute(given)
		}
		return o
	}
	tests := []struct {
		name     string
		crew     []OnCall
		capacity int
		left     chat.PersonID
		want     string // empty: nobody
	}{
		{"nobody is on call", nil, 0, "", ""},
		{"the only one", []OnCall{on("ana", 0, 0, 1)}, 0, "", "ana"},
		{"who was given none yet", []OnCall{on("ana", 0, 5, 1), on("bo", 3, 0, 2)}, 0, "", "bo"},
		{"who was given none for the longest", []OnCall{on("ana", 0, 5, 1), on("bo", 3, 4, 2)}, 0, "", "bo"},
		{"who has less to do", []OnCall{on("ana", 2, 5, 1), on("bo", 1, 5, 2)}, 0, "", "bo"},
		{"who came first", []OnCall{on("ana", 1, 5, 2), on("bo", 1, 5, 1)}, 0, "", "bo"},
		{"always the same of two alike", []OnCall{on("bo", 1, 5, 1), on("ana", 1, 5, 1)}, 0, "", "ana"},
		{"who has room", []OnCall{on("ana", 2, 1, 1), on("bo", 1, 5, 1)}, 2, "", "bo"},
		{"nobody has room", []OnCall{on("ana", 2, 1, 1), on("bo", 3, 5, 1)}, 2, "", ""},
		{"not who gave it back", []OnCall{on("ana", 0, 1, 1), on("bo", 1, 5, 1)}, 2, "ana", "bo"},
		{"only who gave it back", []OnCall{on("ana", 0, 1, 1)}, 2, "ana", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if i, ok := Choose(test.crew, &Ticket{Left: []chat.PersonID{"cy", test.left}}, test.capacity); ok {
				got = string(test.crew[i].Agent.ID)
			}
			if got != test.want {
				t.Errorf("chose %q, want %q", got, test.want)
			}
		})
	}
}

// In turn means in turn: however many tickets there are, nobody is given two
// more than anyone else who has room, nor more than they may.
func TestChooseIsFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.IntRange(0, 5).Draw(t, "capacity")
		crew := make([]OnCall, rapid.IntRange(1, 6).Draw(t, "people"))
		given := make([]int, len(crew))
		at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		for i := range crew {
			crew[i] = OnCall{Agent: Agent{ID: chat.PersonID(rune('a' + i))}, Since: at}
		}
		for range rapid.IntRange(1, 40).Draw(t, "tickets") {
			if rapid.Bool().Draw(t, "later") {
				at = at.Add(time.Minute)
			}
			i, ok := Choose(crew, &Ticket{}, capacity)
			if ok == Busy(crew, capacity) {
				t.Fatalf("chosen: %t of %+v", ok, crew)
			}
			if !ok {
				continue
			}
			crew[i].Load++
			crew[i].Given = at
			given[i]++
			if capacity > 0 && crew[i].Load > capacity {
				t.Fatalf("%s has %d of %d", crew[i].Agent.ID, crew[i].Load, capacity)
			}
			if slices.Max(given)-slices.Min(given) > 1 {
				t.Fatalf("given %v", given)
			}
		}
	})
}

func TestTypical(t *testing.T) {
	now := time.Date(2026, 3, 31, 9, 0, 0, 0, time.UTC)
	waits := func(age time.Duration, minutes ...int) []Wait {
		var list []Wait
		for _, n := range minutes {
			list = append(list, Wait{At: now.Add(-age), Took: time.Duration(n) * time.Minute})
		}
		return list
	}
	day := 24 * time.Hour
	tests := []struct {
		name  string
		waits []Wait
		want  time.Duration // 0: nothing is said
	}{
		{"none", nil, 0},
		{"too few", waits(day, 1, 2, 3, 4, 5, 6, 7, 8, 9), 0},
		{"just enough", waits(day, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1), 6 * time.Minute},
		{"one in the middle", waits(day, 1, 1, 1, 1, 1, 7, 90, 90, 90, 90, 90), 7 * time.Minute},
		{"a month ago", append(waits(30*day, 1, 2, 3, 4, 5, 6, 7, 8, 9), waits(day, 10)...), 6 * time.Minute},
		{"longer ago", append(waits(30*day+1, 1, 2, 3, 4, 5, 6, 7, 8, 9), waits(day, 10)...), 0},
		{"yet to come, by a clock that was set back", append(waits(day, 1, 2, 3, 4, 5, 6, 7, 8, 9), waits(-day, 10)...), 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := Typical(test.waits, now)
			if got != test.want || ok != (test.want > 0) {
				t.Errorf("typical: %s, %t; want %s", got, ok, test.want)
			}
		})
	}
}
