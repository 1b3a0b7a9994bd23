package spooltest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
)

// token takes a use of the token under a handle; want is empty if there is none.
func (f *fixture) token(h chat.ReplyHandle, want string) {
	f.Helper()
	got, err := f.Token(f.Context(), h, f.now)
	if want == "" {
		f.want(fmt.Sprintf("token of %q", h), err, chat.ErrNoToken)
		return
	}
	f.must(err)
	f.same("token", got, want)
}

func testTokens(f *fixture) {
	ctx := f.Context()
	end := f.now.Add(15 * time.Minute)
	f.token("h", "")
	f.must(f.KeepToken(ctx, "h", "secret \xff\n1", 2, end))
	f.must(f.KeepToken(ctx, "another", "secret 2", 1, end))
	f.token("h", "secret \xff\n1")
	f.must(f.KeepToken(ctx, "h", "secret 3", 5, end.Add(time.Hour)))
	f.token("h", "secret \xff\n1")
	f.token("h", "")
	f.must(f.KeepToken(ctx, "h", "secret 1", 2, end))
	f.token("h", "") // its uses do not come back
	f.token("another", "secret 2")
	f.must(f.KeepToken(ctx, "useless", "secret 4", 0, end))
	f.token("useless", "")

	f.must(f.KeepToken(ctx, "ends", "secret 5", 9, end))
	f.now = end.Add(-time.Millisecond)
	f.token("ends", "secret 5")
	f.now = end
	f.token("ends", "")

	// Only the time that is given counts, whatever a server's clock says.
	for _, year := range []int{2001, 2101} {
		f.now = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		h := chat.ReplyHandle(fmt.Sprint(year))
		f.must(f.KeepToken(ctx, h, "secret 6", 9, f.now.Add(time.Hour)))
		f.token(h, "secret 6")
	}
}

// testTokenUses lets many replicas take from one token at once.
func testTokenUses(f *fixture) {
	const uses = 5
	f.must(f.KeepToken(f.Context(), "h", "secret", uses, f.now.Add(time.Hour)))
	var taken atomic.Int32
	var group errgroup.Group
	for range 4 * uses {
		group.Go(func() error {
			_, err := f.Token(f.Context(), "h", f.now)
			switch {
			case errors.Is(err, chat.ErrNoToken):
				return nil
			case err == nil:
				taken.Add(1)
			}
			return err
		})
	}
	f.must(group.Wait())
	f.same("uses taken", int(taken.Load()), uses)
}

func testCursors(f *fixture) {
	ctx := f.Context()
	cursors := func(platform string, want map[string]string) {
		f.Helper()
		all, err := f.Cursors(ctx, platform)
		f.must(err)
		f.same("cursors of "+platform, all, want)
	}
	cursors("test", map[string]string{})
	f.must(f.Advance(ctx, "test", nil))
	f.must(f.Advance(ctx, "test", map[string]string{"help": ""}))
	cursors("test", map[string]string{})

	steps := []struct{ to, stands string }{
		{"1772443800.000200", "1772443800.000200"},
		{"1772443800.000100", "1772443800.000200"}, // earlier
		{"1772443800.000200", "1772443800.000200"}, // again
		{"1772443801.000000", "1772443801.000000"},
		{"9", "1772443801.000000"}, // shorter
		{"99999999999999999", "99999999999999999"},
		{"100000000000000000", "100000000000000000"}, // longer, as an id that gains a digit
		{"99999999999999999", "100000000000000000"},
		{"10000000000000000a", "10000000000000000a"},
		{"10000000000000000B", "10000000000000000a"}, // bytes, not letters
		{"10000000000000000.", "10000000000000000a"},
	}
	for _, step := range steps {
		f.must(f.Advance(ctx, "test", map[string]string{"help": step.to}))
		got, err := f.Cursor(ctx, "test", "help")
		f.must(err)
		f.same("after "+step.to, got, step.stands)
	}

	// Each goes its own way, on its own platform.
	f.must(f.Advance(ctx, "test", map[string]string{"help": "1", "desk": "7", "a:b c": "8"}))
	f.must(f.Advance(ctx, "other", map[string]string{"desk": "5"}))
	cursors("test", map[string]string{"help": "10000000000000000a", "desk": "7", "a:b c": "8"})
	cursors("other", map[string]string{"desk": "5"})
	none, err := f.Cursor(ctx, "other", "help")
	f.must(err)
	f.same("cursor that was never set", none, "")
}

func testMarks(f *fixture) {
	ctx := f.Context()
	thread := func(name string) chat.Place {
		return chat.Place{Platform: "test", Workspace: "w", Channel: "help", Thread: name}
	}
	elsewhere := chat.Place{Platform: "other", Workspace: "w", Channel: "help"}
	marked := func(platform string, since time.Duration, limit int, want ...chat.Place) {
		f.Helper()
		places, err := f.Marked(ctx, platform, start.Add(since), limit)
		f.must(err)
		f.same("marked", places, want)
	}
	at := func(d time.Duration, places ...chat.Place) {
		f.Helper()
		f.must(f.Mark(ctx, start.Add(d), places...))
	}
	marked("test", 0, 10)
	at(0)
	at(0, thread("1"))
	at(time.Minute, thread("2"), elsewhere)
	at(2*time.Minute, thread("3").Outside())
	marked("test", 0, 10, thread("3").Outside(), thread("2"), thread("1"))
	marked("test", 0, 2, thread("3").Outside(), thread("2"))
	marked("test", 0, 0)
	marked("test", time.Minute, 10, thread("3").Outside(), thread("2"))
	marked("test", time.Minute+time.Millisecond, 10, thread("3").Outside())
	marked("test", time.Hour, 10)
	marked("other", 0, 10, elsewhere)
	marked("a third", 0, 10)

	at(3*time.Minute, thread("1"))
	at(time.Minute, thread("1")) // a step that was repeated late
	marked("test", 0, 1, thread("1"))
	marked("test", 3*time.Minute, 10, thread("1"))

	if err := f.Mark(ctx, f.now, thread("4"), chat.Place{Platform: "test"}); err == nil {
		f.Error("what is no place was marked")
	}
	marked("test", 0, 10, thread("1"), thread("3").Outside(), thread("2"))
}

// Trim drops what a Memory need not keep, and nothing else.
func testTrimMemory(f *fixture) {
	ctx := f.Context()
	const many = 300
	place := func(n int) chat.Place {
		return chat.Place{Platform: "test", Workspace: "w", Channel: "help", Thread: fmt.Sprint(n)}
	}
	trim := func(want int) {
		f.Helper()
		dropped := 0
		for {
			n, err := f.Trim(ctx, spool.Retention{}, f.now)
			f.must(err)
			if n == 0 {
				break
			}
			dropped += n
		}
		f.same("dropped", dropped, want)
	}
	for n := range many {
		f.must(f.KeepToken(ctx, chat.ReplyHandle(fmt.Sprint(n)), "secret", 1, start.Add(time.Minute)))
		f.must(f.Mark(ctx, start, place(n)))
	}
	f.must(f.KeepToken(ctx, "lasts", "secret", 1, start.Add(chat.Marking+time.Minute)))
	f.must(f.Advance(ctx, "test", map[string]string{"help": "1"}))
	f.now = start.Add(time.Minute)
	trim(0)
	f.now = f.now.Add(time.Millisecond)
	trim(many)
	f.now = start.Add(chat.Marking)
	trim(0)
	places, err := f.Marked(ctx, "test", start, 2*many)
	f.must(err)
	f.same("marked", len(places), many)

	f.must(f.Mark(ctx, f.now, place(0)))
	f.now = f.now.Add(time.Millisecond)
	trim(many - 1)
	places, err = f.Marked(ctx, "test", start, 2*many)
	f.must(err)
	f.same("marked", places, []chat.Place{place(0)})
	f.token("lasts", "secret")
	cursor, err := f.Cursor(ctx, "test", "help")
	f.must(err)
	f.same("cursor", cursor, "1")

	// What is kept and marked drops what is over, as Trim does.
	f.must(f.Mark(ctx, f.now.Add(chat.Marking), place(1)))
	places, err = f.Marked(ctx, "test", start, 2*many)
	f.must(err)
	f.same("marked", places, []chat.Place{place(1)})
}

func testHold(f *fixture) {
	ctx := f.Context()
	take := func(name, owner string) int64 {
		f.Helper()
		fence, err := f.Hold(ctx, name, owner, f.now, hold)
		f.must(err)
		return fence
	}
	refused := func(name, owner string) {
		f.Helper()
		_, err := f.Hold(ctx, name, owner, f.now, hold)
		f.want("hold by "+owner, err, chat.ErrHeld)
	}
	a := take("shard", "a")
	f.same("kept", take("shard", "a"), a)
	refused("shard", "b")
	take("another", "b")
	f.now = f.now.Add(hold - time.Millisecond)
	refused("shard", "b")
	f.same("kept for longer", take("shard", "a"), a)
	f.now = f.now.Add(time.Second)
	refused("shard", "b")

	f.now = f.now.Add(hold)
	b := take("shard", "b")
	if b <= a {
		f.Errorf("fence %d follows %d", b, a)
	}
	refused("shard", "a")
	f.must(f.LetGo(ctx, "shard", "a")) // it has nothing to give
	refused("shard", "a")
	f.must(f.LetGo(ctx, "shard", "b"))
	f.must(f.LetGo(ctx, "shard", "b"))
	if c := take("shard", "a"); c <= b {
		f.Errorf("fence %d follows %d", c, b)
	}
}
