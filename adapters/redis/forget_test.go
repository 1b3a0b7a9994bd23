package redis_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
)

// TestForgetDeadProcess: what a process that died had in hand is waited for, as
// long as its lease holds; and what never comes back is told.
func TestForgetDeadProcess(t *testing.T) {
	for _, test := range []struct {
		lease time.Duration
		gone  bool
	}{{30 * time.Second, true}, {time.Hour, false}} {
		synctest.Test(t, func(t *testing.T) {
			s := embedded(t)
			e := event("kim", "1")
			e.Text = "a secret"
			if _, err := s.Accept(t.Context(), e, time.Now()); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Lease(t.Context(), time.Now(), test.lease); err != nil {
				t.Fatal(err)
			}
			kim := spool.Owner{Person: chat.PersonID(e.From.Account), Accounts: []chat.AccountID{e.From.Account}}
			_, err := spool.Forget(t.Context(), s, spool.Forgetting{Owner: kim}, time.Now)
			if gone := err == nil; gone != test.gone {
				t.Errorf("leased for %s: Forget = %v", test.lease, err)
			}
			w, err := s.Lease(t.Context(), time.Now().Add(2*time.Hour), time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if kept := strings.Contains(w.Event.Text, "secret"); kept == test.gone {
				t.Errorf("leased for %s: the event is %+v", test.lease, w.Event)
			}
		})
	}
}
