package discord

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// saving is how often it is looked whether there is something to store.
	saving = time.Second
	// holding is how long a shard is held at a time, and renewing how old the hold
	// is when it is renewed. Where that fails, the shard is left once the hold is
	// doubtful: before another replica can have it.
	holding  = 30 * time.Second
	renewing = 10 * time.Second
	doubtful = 20 * time.Second
	// standby is how often a replica asks for a shard that another one holds.
	standby = 5 * time.Second
	// storing is how long one question to the memory may take. Together with
	// doubtful it stays well below holding.
	storing = 3 * time.Second
	// sessions is whose cursors the sessions are. They are not among the adapter's
	// own, which say how far channels were read.
	sessions = "discord/gateway"
)

// A gatewaySession is what is needed to take up a session again.
type gatewaySession struct {
	number int64  // counts the sessions of a shard
	id     string // empty: there is none, so the next connection begins one
	url    string // where to resume; empty: at the gateway's own address
	seq    int64  // of the last dispatch that was accepted; 0: none
}

// sessionRoom is how many bytes a stored session has for its id and its
// address, which take about 70. It is ours.
const sessionRoom = 256

// text is the session as a cursor of the given holder. A cursor only moves to
// what is greater, in byte order, so everything that must win stands in front,
// and all are of one length: the fence, so that whoever held the shard before
// can write no more; then the number of the session, for a new one counts from
// 1 again; then how far it got.
//
// A session of which nothing was accepted yet, or which does not fit, is stored
// as none.
func (s gatewaySession) text(fence int64) string {
	rest := s.id + " " + s.url
	if s.id == "" || s.seq == 0 || len(rest) > sessionRoom || strings.ContainsFunc(s.id+s.url, outsideASCII) {
		rest = ""
	}
	return fmt.Sprintf("%019d/%019d/%019d/%-*s", fence, s.number, s.seq, sessionRoom, rest)
}

func outsideASCII(r rune) bool { return r <= ' ' || r > '~' }

// parseSession reads what text writes.
func parseSession(text string) (s gatewaySession, fence int64, err error) {
	parts := strings.SplitN(text, "/", 4)
	if len(parts) != 4 || len(parts[3]) != sessionRoom {
		return s, 0, errors.New("no session was stored here")
	}
	var numbers [3]int64
	for i := range numbers {
		if len(parts[i]) != 19 || parts[i][0] < '0' {
			return s, 0, errors.New("a number of the stored session is not as it was written")
		}
		if numbers[i], err = strconv.ParseInt(parts[i], 10, 64); err != nil {
			return s, 0, fmt.Errorf("read the stored session: %w", err)
		}
	}
	s = gatewaySession{number: numbers[1], seq: numbers[2]}
	s.id, s.url, _ = strings.Cut(strings.TrimRight(parts[3], " "), " ")
	if s.text(numbers[0]) != text {
		return gatewaySession{}, 0, errors.New("the stored session is not as it was written")
	}
	return s, numbers[0], nil
}

// A tenure is a replica's hold on a shard, and the session that goes with it.
type tenure struct {
	o     gatewayOptions
	hold  string // name of the hold
	name  string // of the session's cursor
	owner string

	mu      sync.Mutex
	fence   int64 // 0: the shard was never held
	renewed time.Time
	session gatewaySession
	saved   string // the session as it was stored last
}

// acquire waits until the shard is held and its session is known. It is false
// if ctx ended before.
func (t *tenure) acquire(ctx context.Context) bool {
	for waiting := false; ; waiting = true {
		err := t.take(ctx)
		switch {
		case err == nil:
			return true
		case ctx.Err() != nil:
			return false
		case !errors.Is(err, chat.ErrHeld):
			t.o.Log.Warn("the shard cannot be held", "err", err, "again in", standby)
		case !waiting:
			t.o.Log.Info("another replica has the shard; standing by")
		}
		if !pause(ctx, standby) {
			return false
		}
	}
}

// take takes the shard once.
func (t *tenure) take(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storing)
	defer cancel()
	at := t.o.Now()
	fence, err := t.o.Memory.Hold(ctx, t.hold, t.owner, at, holding)
	if err != nil {
		return err
	}
	t.mu.Lock()
	held := t.fence
	t.mu.Unlock()
	if fence == held { // nobody had it in between
		t.mu.Lock()
		t.renewed = at
		t.mu.Unlock()
		return nil
	}
	stored, err := t.o.Memory.Cursor(ctx, sessions, t.name)
	if err != nil {
		return err
	}
	var session gatewaySession
	if stored != "" {
		if session, _, err = parseSession(stored); err != nil {
			t.o.Log.Warn("the last session is not known any more; a new one begins", "err", err)
		}
	}
	// From here on whoever had the shard before writes in vain.
	text := session.text(fence)
	if err := t.o.Memory.Advance(ctx, sessions, map[string]string{t.name: text}); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fence, t.renewed, t.session, t.saved = fence, at, session, text
	return nil
}

// keep renews the hold and stores the session until ctx ends, and calls lose
// if the shard is not ours any more.
func (t *tenure) keep(ctx context.Context, lose func()) {
	ticker := time.NewTicker(saving)
	defer ticker.Stop()
	troubled, unsaved := false, false // told once
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if t.age() >= renewing {
			err := t.renew(ctx)
			switch {
			case ctx.Err() != nil:
				return
			case errors.Is(err, chat.ErrHeld):
				t.o.Log.Warn("another replica has taken the shard over")
				lose()
				return
			case err != nil && t.age() >= doubtful:
				t.o.Log.Warn("the hold on the shard could not be renewed; the shard is left", "err", err)
				lose()
				return
			case err != nil && !troubled:
				t.o.Log.Warn("the hold on the shard could not be renewed", "err", err)
			}
			troubled = err != nil
		}
		err := t.save(ctx)
		if err != nil && !unsaved && ctx.Err() == nil {
			t.o.Log.Warn("how far the session got could not be stored", "err", err)
		}
		unsaved = err != nil
	}
}

// renew makes the hold last longer. It fails with [chat.ErrHeld] also if
// someone else had the shard meanwhile.
func (t *tenure) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storing)
	defer cancel()
	at := t.o.Now()
	fence, err := t.o.Memory.Hold(ctx, t.hold, t.owner, at, holding)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if fence != t.fence {
		return chat.ErrHeld
	}
	t.renewed = at
	return nil
}

// release stores the session for the last time and gives the shard to whoever
// stands by.
func (t *tenure) release(ctx context.Context) {
	if err := t.save(ctx); err != nil {
		t.o.Log.Warn("how far the session got could not be stored; some of it will come again", "err", err)
	}
	ctx, cancel := context.WithTimeout(ctx, storing)
	defer cancel()
	if err := t.o.Memory.LetGo(ctx, t.hold, t.owner); err != nil {
		t.o.Log.Warn("the shard could not be handed back; it is free once the hold has run out", "err", err)
	}
}

// save stores the session if it changed.
func (t *tenure) save(ctx context.Context) error {
	t.mu.Lock()
	text := t.session.text(t.fence)
	same := text == t.saved
	t.mu.Unlock()
	if same {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, storing)
	defer cancel()
	if err := t.o.Memory.Advance(ctx, sessions, map[string]string{t.name: text}); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.saved = text
	return nil
}

// age is how old the hold is, by the clock that says more: while a machine
// sleeps, the one that only goes forward may stand still.
func (t *tenure) age() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.o.Now()
	return max(now.Sub(t.renewed), now.Round(0).Sub(t.renewed.Round(0)))
}

// sure reports whether no other replica can have the shard.
func (t *tenure) sure() bool { return t.age() < doubtful+storing }

// current is the session as it is.
func (t *tenure) current() gatewaySession {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.session
}

// begin notes that a session began, and returns its number.
func (t *tenure) begin(id, url string) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.session = gatewaySession{number: t.session.number + 1, id: id, url: url}
	return t.session.number
}

// end notes that the session is over.
func (t *tenure) end() { t.begin("", "") }

// accepted notes that a dispatch of a session is taken care of.
func (t *tenure) accepted(number, seq int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if number == t.session.number {
		t.session.seq = max(t.session.seq, seq)
	}
}
