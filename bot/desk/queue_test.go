package desk

import (
	"cmp"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTicketBefore(t *testing.T) {
	ticket := func(number int64, p Priority, age, due time.Duration) Ticket {
		k := Ticket{Number: number, Priority: p, OpenedAt: now.Add(-age)}
		if due != 0 {
			k.DueAt = now.Add(due)
		}
		return k
	}
	tests := []struct {
		name          string
		first, second Ticket
	}{
		{"older", ticket(2, Normal, 2*time.Hour, 0), ticket(1, Normal, time.Hour, 0)},
		{"same age, lower number", ticket(1, Normal, time.Hour, 0), ticket(2, Normal, time.Hour, 0)},
		{"priority beats age", ticket(2, High, time.Minute, 0), ticket(1, Normal, 1000*time.Hour, 0)},
		{"a hundred years", ticket(2, High, time.Minute, 0), ticket(1, Normal, 100*365*24*time.Hour, 0)},
		{"low comes last", ticket(2, Normal, 0, 0), ticket(1, Low, time.Hour, 0)},
		{"due beats priority", ticket(2, Low, 0, -time.Minute), ticket(1, Urgent, time.Hour, 0)},
		{"due just now", ticket(2, Low, 0, -time.Nanosecond), ticket(1, Urgent, time.Hour, 0)},
		{"more overdue", ticket(2, Low, 0, -time.Hour), ticket(1, Urgent, time.Hour, -time.Minute)},
		{"equally overdue, priority", ticket(2, High, 0, -time.Hour), ticket(1, Normal, time.Hour, -time.Hour)},
		{"not due yet counts for nothing", ticket(2, High, 0, 0), ticket(1, Normal, time.Hour, time.Minute)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if !test.first.Before(&test.second, now) {
				t.Error("the first is not before the second")
			}
			if test.second.Before(&test.first, now) {
				t.Error("the second is before the first")
			}
		})
	}
}

func TestTicketDueAt(t *testing.T) {
	k := Ticket{DueAt: now}
	if !k.due(now) || k.due(now.Add(-1)) || (&Ticket{}).due(now) {
		t.Error("a ticket is due from its due time on, and never without one")
	}
}

// The order is one that can be sorted by, and a double holds every rank.
func TestTicketOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) *Ticket {
			k := &Ticket{
				Number:   rapid.Int64Range(1, 4).Draw(t, label),
				Priority: Priority(rapid.IntRange(-1, 2).Draw(t, "priority")),
				OpenedAt: now.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "opened")) * time.Millisecond),
			}
			if rapid.Bool().Draw(t, "has due time") {
				k.DueAt = now.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "due")) * time.Millisecond)
			}
			return k
		}
		a, b, c := draw("a"), draw("b"), draw("c")
		if a.Before(a, now) || a.Before(b, now) && b.Before(a, now) {
			t.Fatalf("%+v and %+v are each before the other", a, b)
		}
		if a.Before(b, now) && b.Before(c, now) && !a.Before(c, now) {
			t.Fatal("a before b before c, but not a before c")
		}
		if r := a.Rank(); int64(float64(r)) != r || r >= 1<<53 {
			t.Fatalf("rank %d is too large for a double", r)
		}
		if a.due(now) || b.due(now) {
			return
		}
		want := cmp.Or(cmp.Compare(b.Priority, a.Priority), a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.Number, b.Number))
		if got := a.Before(b, now); got != (want < 0) {
			t.Fatalf("before = %t for %+v and %+v", got, a, b)
		}
	})
}
