package spool

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestBackoff(t *testing.T) {
	tests := []struct {
		failures int
		most     time.Duration
	}{
		{0, time.Second}, {1, time.Second}, {2, 2 * time.Second}, {4, 8 * time.Second}, {7, time.Minute}, {1000, time.Minute},
	}
	for _, test := range tests {
		seen := map[time.Duration]bool{}
		for range 100 {
			got := backoff(test.failures)
			if got < test.most/2 || got > test.most {
				t.Fatalf("backoff(%d) = %s, want %s to %s", test.failures, got, test.most/2, test.most)
			}
			seen[got] = true
		}
		if len(seen) < 50 {
			t.Errorf("backoff(%d) took %d values in 100", test.failures, len(seen))
		}
	}
}

func TestGraceful(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(context.WithValue(t.Context(), testKey{}, "kept"))
		late, cancel := graceful(ctx, time.Minute)
		defer cancel()
		if late.Value(testKey{}) != "kept" {
			t.Error("the values of the context are gone")
		}
		end()
		began := time.Now()
		synctest.Wait()
		if late.Err() != nil {
			t.Fatal("ended together with its context")
		}
		<-late.Done()
		if took := time.Since(began); took != time.Minute {
			t.Errorf("ended after %s, want a minute", took)
		}
	})
}

type testKey struct{}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var b bell
		heard := b.listen()
		go b.ring()
		if !pause(t.Context(), heard, time.Hour) || time.Since(began) != 0 {
			t.Error("the bell did not wake the listener at once")
		}
		b.ring() // nobody listens
		if !pause(t.Context(), b.listen(), time.Second) || time.Since(began) != time.Second {
			t.Error("without a bell the pause is not a second")
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if pause(ended, nil, time.Hour) || time.Since(began) != time.Second {
			t.Error("the pause outlived its context")
		}
	})
}
