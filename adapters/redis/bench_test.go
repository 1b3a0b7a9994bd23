package redis_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// BenchmarkEvent takes one question all the way: accepted, leased, finished
// with a conversation and an answer, and the answer delivered.
func BenchmarkEvent(b *testing.B) {
	for _, store := range stores {
		b.Run(store.name, func(b *testing.B) {
			s := store.open(b)
			for n := 0; b.Loop(); n++ {
				accept(b, s, event(fmt.Sprint("user ", n), fmt.Sprint(n)))
				w := lease(b, s)
				o := outcome("help")
				o.Conversations = []spool.Versioned[conversation.Conversation]{{Value: conversation.Begin(w.Event, false)}}
				if err := s.Finish(b.Context(), w, o, start); err != nil {
					b.Fatal(err)
				}
				deliver(b, s)
			}
		})
	}
}

// BenchmarkHead reserves the next ticket of a desk, a fresh event each time: 20
// tickets in front are reserved by others.
func BenchmarkHead(b *testing.B) {
	for _, store := range stores {
		for _, size := range []int{1_000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", store.name, size), func(b *testing.B) {
				s := store.open(b)
				fill(b, s, size)
				for n := range 20 {
					accept(b, s, event(fmt.Sprint("busy ", n), fmt.Sprint("busy ", n)))
					head(b, s)
				}
				for n := 0; b.Loop(); n++ {
					b.StopTimer()
					accept(b, s, event(fmt.Sprint("agent ", n), fmt.Sprint(n)))
					w := lease(b, s)
					b.StartTimer()
					if _, err := w.View.Head(b.Context(), "support", start, 1); err != nil {
						b.Fatal(err)
					}
					b.StopTimer()
					if err := s.Finish(b.Context(), w, spool.Outcome{}, start); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
				}
			})
		}
	}
}

func head(b *testing.B, s *redis.Store) {
	b.Helper()
	if _, err := lease(b, s).View.Head(b.Context(), "support", start, 1); err != nil {
		b.Fatal(err)
	}
}

// fill stores open tickets, all of them due in time and a third of them by now,
// each with its question, a gap of the last two weeks.
func fill(b *testing.B, s *redis.Store, size int) {
	b.Helper()
	for from := 0; from < size; from += 1000 {
		accept(b, s, event("setup", fmt.Sprint("setup ", from)))
		var o spool.Outcome
		for n := from + 1; n <= from+1000; n++ {
			t := desk.Ticket{
				ID: desk.NewID(int64(n)), Number: int64(n), Desk: "support", State: desk.Open, OpenedAt: start,
				Asker: chat.Sender{Person: "ana"}, Question: "where is my refund?",
			}
			t.DueAt = start.Add(time.Second)
			if n%3 == 0 {
				t.DueAt = start
			}
			l := desk.Line{
				ID: desk.LineID(fmt.Sprint("line ", n)), At: start.AddDate(0, 0, -n%14), Desk: "support", Person: "ana",
				Audience: []string{"buyer", "creator", "affiliate"}[n%3], Lang: []string{"en", "es"}[n%2], Level: "none", Text: "where is my refund?",
			}
			o.Lines = append(o.Lines, spool.Versioned[desk.Line]{Value: l})
			o.Tallies = append(o.Tallies, l.Tallies()...)
			o.Tickets = append(o.Tickets, spool.Versioned[desk.Ticket]{Value: t})
		}
		o.Tallies = desk.Sum(o.Tallies)
		if err := s.Finish(b.Context(), lease(b, s), o, start); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAhead counts the tickets ahead of a new one, all of the others due.
func BenchmarkAhead(b *testing.B) {
	growing(b, func(b *testing.B, s *redis.Store) {
		k := desk.Ticket{ID: "T-1000000", Number: 1_000_000, Desk: "support", State: desk.Open, OpenedAt: start.Add(time.Hour)}
		if n, err := s.Ahead(b.Context(), k, start.Add(time.Hour)); err != nil || n == 0 {
			b.Fatal(n, err)
		}
	})
}

// BenchmarkQueue lists a screenful of a desk's queue.
func BenchmarkQueue(b *testing.B) {
	growing(b, func(b *testing.B, s *redis.Store) {
		if list, _, err := s.Queue(b.Context(), "support", start, 10); err != nil || len(list) != 10 {
			b.Fatal(len(list), err)
		}
	})
}

// BenchmarkStats reads the tallies of two weeks.
func BenchmarkStats(b *testing.B) {
	growing(b, func(b *testing.B, s *redis.Store) {
		day := start.Truncate(24 * time.Hour)
		if list, err := s.Tallies(b.Context(), "support", day.AddDate(0, 0, -13), day.AddDate(0, 0, 1)); err != nil || len(list) == 0 {
			b.Fatal(len(list), err)
		}
	})
}

// BenchmarkGaps reads the newest 500 gaps.
func BenchmarkGaps(b *testing.B) {
	growing(b, func(b *testing.B, s *redis.Store) {
		if list, _, err := s.Gaps(b.Context(), "support", start.AddDate(0, 0, -30), 500); err != nil || len(list) != 500 {
			b.Fatal(len(list), err)
		}
	})
}

// growing runs a read on a desk with 1,000 open tickets and with 100,000, on a
// real server: the one inside the process counts a sorted set one by one.
func growing(b *testing.B, read func(b *testing.B, s *redis.Store)) {
	for _, size := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := onServer(b)
			fill(b, s, size)
			for b.Loop() {
				read(b, s)
			}
		})
	}
}

// BenchmarkFinishAudited finishes an event that changes a ticket and answers, as
// most commands do, without a line of the audit and with one.
func BenchmarkFinishAudited(b *testing.B) {
	deed := desk.Deed{
		At: start, Who: "slack:T024BE7LD:U012AB3CD", Account: "slack:T024BE7LD:U012AB3CD", Where: "slack:T024BE7LD:C024BE91L", Door: desk.ByButton,
		What: "ticket.priority", Of: []string{"T-1042"}, How: []string{"urgent"}, Result: desk.Done, Event: "slack:Ev0PV52K25",
	}
	for _, store := range stores {
		for _, deeds := range [][]desk.Deed{nil, {deed}} {
			b.Run(fmt.Sprintf("%s/%d", store.name, len(deeds)), func(b *testing.B) {
				s := store.open(b)
				for n := 0; b.Loop(); n++ {
					b.StopTimer()
					accept(b, s, event(fmt.Sprint("user ", n), fmt.Sprint(n)))
					w := lease(b, s)
					o := outcome("help")
					o.Tickets = []spool.Versioned[desk.Ticket]{{Value: desk.Ticket{
						ID: "T-1", Number: 1, Desk: "support", State: desk.Open, OpenedAt: start, Asker: chat.Sender{Person: "ana"}, Question: "where is my refund?",
					}, Version: int64(n)}}
					o.Audit = deeds
					b.StartTimer()
					if err := s.Finish(b.Context(), w, o, start); err != nil {
						b.Fatal(err)
					}
					b.StopTimer()
					deliver(b, s)
					b.StartTimer()
				}
			})
		}
	}
}

// BenchmarkSeal seals 500 lines, as many as one step does.
func BenchmarkSeal(b *testing.B) {
	for _, store := range stores {
		b.Run(store.name, func(b *testing.B) {
			s := store.open(b)
			deeds := make([]desk.Deed, 500)
			for i := range deeds {
				deeds[i] = desk.Deed{At: start, Who: "slack:T024BE7LD:U012AB3CD", Door: desk.ByButton, What: "ticket.claim", Of: []string{"T-1042"}, Result: desk.Done}
			}
			for n := 0; b.Loop(); n++ {
				b.StopTimer()
				if err := s.Record(b.Context(), fmt.Sprint(n), start, deeds...); err != nil {
					b.Fatal(err)
				}
				chain, err := s.AuditChain(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				lines, err := s.Unsealed(b.Context(), len(deeds))
				if err != nil {
					b.Fatal(err)
				}
				if err := s.Seal(b.Context(), chain.Last, desk.SealKey{}.Extend(chain.Last, lines)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
