package redis_test

import (
	"fmt"
	"testing"

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

// fill stores open tickets, a third of them due.
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
			if n%3 == 0 {
				t.DueAt = start
			}
			o.Tickets = append(o.Tickets, spool.Versioned[desk.Ticket]{Value: t})
		}
		if err := s.Finish(b.Context(), lease(b, s), o, start); err != nil {
			b.Fatal(err)
		}
	}
}
