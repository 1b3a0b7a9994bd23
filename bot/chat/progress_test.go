package chat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A diary is a memory with cursors and one hold.
type diary struct {
	Memory
	mu      sync.Mutex
	failed  error
	cursors map[string]string
	held    string
}

func (d *diary) Cursors(context.Context, string) (map[string]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.cursors), d.failed
}

func (d *diary) Cursor(_ context.Context, _, name string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cursors[name], d.failed
}

func (d *diary) Advance(_ context.Context, _ string, cursors map[string]string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, cursor := range cursors {
		d.cursors[name] = Later(d.cursors[name], cursor)
	}
	return d.failed
}

func (d *diary) Hold(_ context.Context, _, owner string, _ time.Time, _ time.Duration) (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.held != "" && d.held != owner {
		return 0, ErrHeld
	}
	d.held = owner
	return 1, d.failed
}

func (d *diary) LetGo(_ context.Context, _, owner string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.held == owner {
		d.held = ""
	}
	return nil
}

func (d *diary) at(name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cursors[name]
}

func second(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func moment(cursor string) time.Time {
	n, _ := strconv.ParseInt(cursor, 10, 64)
	return time.Unix(n, 0).UTC()
}

func reader(d *diary, read func(context.Context, *Catching) error) *Progress {
	return NewProgress(ProgressOptions{
		Platform: "test", Memory: d, At: second, Time: moment, Read: read, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
}

// TestProgressSave: while something may still have to be read, no cursor passes
// it, and nobody says that we listened. Who goes on after us begins where we
// did.
func TestProgressSave(t *testing.T) {
	all := []string{"channel", "note", aliveCursor}
	tests := []struct {
		name string
		do   func(p *Progress)
		want []string
	}{
		{"behind", func(*Progress) {}, []string{"note"}},
		{"caught up", func(p *Progress) { p.caughtUp() }, all},
		{"missed something meanwhile", func(p *Progress) { p.Missed(); p.caughtUp() }, []string{"note"}},
		{"missed something since", func(p *Progress) { p.caughtUp(); p.Missed() }, []string{"note"}},
		{"cannot store", func(p *Progress) { p.caughtUp(); p.Stored(errors.New("away")) }, []string{"channel", "note"}},
	}
	for _, test := range tests {
		d := &diary{cursors: map[string]string{}}
		p := reader(d, nil)
		if err := p.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.up = 1
		p.Saw("channel", "1700000300")
		p.Note("note", "1700000400")
		test.do(p)
		p.save(t.Context())
		var got []string
		for _, name := range all {
			if d.at(name) != "" {
				got = append(got, name)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%s: stored %v, want %v", test.name, got, test.want)
		}
	}
}

// TestProgressRun follows a program through its first start, a restart after
// two hours, and a connection that was away, with another replica beside it.
func TestProgressRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{cursors: map[string]string{}}
		var read []string
		begin := func() (p *Progress, stop func()) {
			p = reader(d, func(_ context.Context, c *Catching) error {
				read = append(read, "channel after "+c.Start("channel")+", other after "+c.Start("other"))
				return c.Hold(t.Context())
			})
			if err := p.Begin(t.Context()); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() { defer close(ended); p.Run(ctx) }()
			p.Connected()
			synctest.Wait()
			return p, func() { cancel(); <-ended }
		}
		p, stop := begin()
		if len(read) != 0 {
			t.Errorf("at its first start ever, it reads %v", read)
		}
		p.Saw("channel", second(time.Now()))
		heard := time.Now()
		time.Sleep(saving)
		stop()
		alive := d.at(aliveCursor)

		time.Sleep(2 * time.Hour)
		p, stop = begin()
		want := fmt.Sprintf("channel after %s, other after %s", second(heard.Add(-overlap)), second(moment(alive).Add(-overlap)))
		if len(read) != 1 || read[0] != want {
			t.Errorf("after two hours it reads %v, want %s", read, want)
		}

		p.Disconnected()
		time.Sleep(absent / 2)
		p.Connected()
		synctest.Wait()
		if len(read) != 1 {
			t.Errorf("a short while without a connection is the platform's to repeat: %v", read)
		}
		p.Disconnected()
		time.Sleep(absent)
		p.Connected()
		synctest.Wait()
		if len(read) != 2 {
			t.Errorf("after a minute without a connection it has read %d times", len(read))
		}

		p.Stored(errors.New("away"))
		time.Sleep(absent)
		p.Stored(nil)
		synctest.Wait()
		if len(read) != 3 {
			t.Errorf("after a minute in which nothing could be stored it has read %d times", len(read))
		}

		// Another replica begins meanwhile, and a third one while that one reads.
		d.mu.Lock()
		d.held = "someone"
		d.mu.Unlock()
		_, stopOther := begin()
		if len(read) != 3 {
			t.Errorf("two replicas read at once: %v", read)
		}
		d.mu.Lock()
		d.cursors[caughtCursor] = second(time.Now().Add(time.Second))
		d.mu.Unlock()
		time.Sleep(rarely)
		if len(read) != 3 {
			t.Errorf("it was read by someone else, and again: %v", read)
		}
		stopOther()
		stop()
	})
}

// TestProgressTooOld: what the store no longer remembers is not read a second
// time.
func TestProgressTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := second(time.Now())
		time.Sleep(remembered)
		c := &Catching{p: reader(&diary{}, nil), from: map[string]string{"channel": old}, since: old}
		if got := c.Start("channel"); got != old {
			t.Errorf("reading begins at %s, want %s", got, old)
		}
		if got := c.Start("never heard of"); got != old {
			t.Errorf("reading begins at %s, want %s", got, old)
		}
	})
}

func TestLater(t *testing.T) {
	for _, test := range []string{"1 2", "9 10", " 1", "1700000000.000100 1700000000.000200"} {
		less, more, _ := strings.Cut(test, " ")
		if Later(less, more) != more || Later(more, less) != more {
			t.Errorf("%q is not later than %q", more, less)
		}
	}
}

// TestProgressBegins: what is missed within the first seconds of the first time
// ever is read, too.
func TestProgressBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var since []time.Time
		p := reader(&diary{cursors: map[string]string{}}, func(_ context.Context, c *Catching) error {
			since = append(since, c.Since())
			return nil
		})
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { p.Run(ctx) })
		began := time.Now().Truncate(time.Second).UTC()
		p.Connected()
		synctest.Wait()
		p.Missed()
		synctest.Wait()
		stop()
		running.Wait()
		if len(since) != 1 || !since[0].Equal(began) {
			t.Errorf("read since %v, want once, since %v", since, began)
		}
	})
}

// TestProgressStandby: a replica that has stood by for days begins where the one
// before it ended, not where that one was when it began to stand by.
func TestProgressStandby(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{cursors: map[string]string{}}
		var since []string
		p := reader(d, func(_ context.Context, c *Catching) error {
			since = append(since, c.Start("channel")+" "+c.Start("other"))
			return nil
		})
		if err := p.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { p.Run(ctx) })
		for range 2 {
			time.Sleep(48 * time.Hour)
			synctest.Wait()
			since = nil
			now := second(time.Now())
			if err := d.Advance(t.Context(), "test", map[string]string{"channel": now, aliveCursor: now}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(absent)
			p.Missed() // as of a new session
			synctest.Wait()
			p.Connected()
			synctest.Wait()
			before := second(moment(now).Add(-overlap))
			if len(since) == 0 || since[0] != before+" "+before {
				t.Errorf("read after %q, want %s", since, before)
			}
			time.Sleep(2 * saving)
			p.Disconnected()
		}
		stop()
		running.Wait()
	})
}

// TestProgressAfterDeath: whoever died while they caught up delays the next by
// little more than their hold.
func TestProgressAfterDeath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read := 0
		d := &diary{cursors: map[string]string{aliveCursor: second(time.Now())}, held: "someone dead"}
		p := reader(d, func(context.Context, *Catching) error { read++; return nil })
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { p.Run(ctx) })
		p.Connected()
		time.Sleep(holding/2 + 2*again) // the sixth try was a second ago, if each waits twice as long
		d.mu.Lock()
		d.held = ""
		d.mu.Unlock()
		time.Sleep(standby)
		synctest.Wait()
		if read != 1 {
			t.Errorf("read %d times", read)
		}
		stop()
		running.Wait()
	})
}
