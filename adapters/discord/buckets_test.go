package discord

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
)

func TestRateLimits(t *testing.T) {
	tests := []struct {
		answer string
		want   time.Duration
		whole  bool
	}{
		{`429 {"message":"You are being rate limited.","retry_after":0.3215,"global":false}`, 322 * time.Millisecond, false},
		{`429 {"retry_after":64.57,"global":true}`, 64570 * time.Millisecond, true},
		{"429 #X-RateLimit-Global: true\n{\"retry_after\":7}", 7 * time.Second, true},
		{"429 #Retry-After: 9\n{}", 9 * time.Second, false},
		{"429 #Retry-After: 9\n<html>", 9 * time.Second, true},
		{"429 <html>secret</html>", 2500 * time.Millisecond, true},
		{"429", 2500 * time.Millisecond, true},
		{`429 {"retry_after":-1}`, 2500 * time.Millisecond, false},
		{`429 {"retry_after":999999}`, time.Hour, false},
		{"429 #Retry-After: NaN\n{}", 2500 * time.Millisecond, false},
		{no(400, openingTooFast, "You are opening direct messages too fast"), 2500 * time.Millisecond, false},
	}
	for _, test := range tests {
		for call, do := range map[string]func(r *rig) error{
			"POST channels/300/messages": func(r *rig) error { _, err := r.Send(t.Context(), delivery(chat.Post, thread)); return err },
			"GET channels/200":           func(r *rig) error { _, err := r.Send(t.Context(), delivery(chat.Post, place)); return err },
			"POST users/@me/channels":    func(r *rig) error { _, err := r.Send(t.Context(), delivery(chat.Post, directly)); return err },
			"GET channels/300/messages": func(r *rig) error {
				_, _, err := r.Confirm(t.Context(), delivery(chat.Post, thread))
				return err
			},
		} {
			r := newRig(t)
			r.server.plan(call, test.answer)
			err := do(r)
			var limited *chat.RateLimitedError
			if !errors.As(err, &limited) || limited.After != test.want {
				t.Errorf("%s %s: %v, want a wait of %s", call, test.answer, err, test.want)
			}
			n := len(r.server.calls())
			other := r.do(t.Context(), "GET", "channels/1", nil, nil)
			if errors.As(other, &limited) != test.whole || (len(r.server.calls()) == n) != test.whole {
				t.Errorf("%s %s: another call: %v", call, test.answer, other)
			}
			if r.clock = noon.Add(test.want); r.do(t.Context(), "GET", "channels/1", nil, nil) != nil {
				t.Errorf("%s %s: another call later fails too", call, test.answer)
			}
			r.discreet(t, err)
		}
	}
}

// What Discord says of a bucket is kept to, for each channel on its own.
func TestBuckets(t *testing.T) {
	r := newRig(t)
	answer := func(left int, after string) string {
		return fmt.Sprintf("200 #X-RateLimit-Remaining: %d\n#X-RateLimit-Reset-After: %s\n{}", left, after)
	}
	get := func(channel string) error { return r.do(t.Context(), "GET", "channels/"+channel, nil, nil) }
	r.server.plan("GET channels/1", answer(2, "5.0"), answer(3, "4.0"), answer(0, "4.0"))
	for i, want := range []time.Duration{0, 0, 0, 4 * time.Second} {
		var limited *chat.RateLimitedError
		switch err := get("1"); {
		case want == 0 && err != nil, want != 0 && (!errors.As(err, &limited) || limited.After != want):
			t.Errorf("call %d: %v, want a wait of %s", i, err, want)
		}
	}
	if err := get("2"); err != nil {
		t.Errorf("another channel: %v", err)
	}
	if err := r.do(t.Context(), "PATCH", "channels/1", nil, nil); err != nil {
		t.Errorf("another route: %v", err)
	}
	r.clock = r.clock.Add(4 * time.Second)
	if err := get("1"); err != nil {
		t.Errorf("later: %v", err)
	}
	if n := len(r.server.calls()); n != 6 {
		t.Errorf("%d calls, want 6", n)
	}
}

// Answers overtake each other: the older does not give back what is used.
func TestBucketsOvertaken(t *testing.T) {
	l, r := newLimits(), routeOf("POST", "channels/1/messages")
	h := func(left int) http.Header {
		return http.Header{"X-Ratelimit-Remaining": {strconv.Itoa(left)}, "X-Ratelimit-Reset-After": {"5"}}
	}
	if err := errors.Join(l.told(r, 200, h(0), nil, noon), l.told(r, 200, h(1), nil, noon)); err != nil {
		t.Fatal(err)
	}
	if err := l.begin(r, noon); !errors.As(err, new(*chat.RateLimitedError)) {
		t.Errorf("begin = %v", err)
	}
}

// Answers to interactions are beside the limit of the whole bot, and no two
// share a bucket.
func TestBucketsOfInteractions(t *testing.T) {
	r := newRig(t)
	r.server.plan("GET channels/1", `429 {"retry_after":5,"global":true}`)
	r.server.plan("POST webhooks/66/a", `429 {"retry_after":5}`)
	post := func(token string) error { return r.do(t.Context(), "POST", "webhooks/66/"+token, nil, nil) }
	err := r.do(t.Context(), "GET", "channels/1", nil, nil)
	for i, got := range []error{err, post("a"), post("a"), post("b")} {
		if limited := errors.As(got, new(*chat.RateLimitedError)); limited != (i < 3) {
			t.Errorf("call %d: %v", i, got)
		}
	}
	for range 2 {
		if err := r.do(t.Context(), "POST", "interactions/1/secret/callback", nil, nil); err != nil {
			t.Errorf("callback: %v", err)
		}
	}
}

// A channel that is closed to us is left alone for a while, and then tried
// again.
func TestForbidden(t *testing.T) {
	const post = "POST channels/300/messages"
	for code, kept := range map[int]bool{missingPermissions: true, missingAccess: true, closedDirect: true, noSharedServer: true, 20009: false, 40333: false} {
		r := newRig(t)
		r.server.plan(post, no(403, code, "Missing Permissions"))
		send := func() error { _, err := r.Send(t.Context(), delivery(chat.Post, thread)); return err }
		before := send()
		again := send()
		if (again != nil) != kept || kept && again.Error() != before.Error() {
			t.Errorf("%d: Send = %v, and then %v", code, before, again)
		}
		if n := len(r.server.calls()); kept != (n == 1) {
			t.Errorf("%d: %d calls", code, n)
		}
		r.clock = r.clock.Add(forbidding)
		if err := send(); err != nil {
			t.Errorf("%d: later, Send = %v", code, err)
		}
	}
}

// Before Discord blocks our address for too many refusals we stop.
func TestInvalidRequests(t *testing.T) {
	r := routeOf("GET", "channels/1")
	tests := []struct {
		name   string
		status int
		scope  string
		stops  bool
	}{
		{"forbidden", 403, "", true}, {"unauthorized", 401, "", true}, {"limited", 429, "user", true},
		{"limited by what others do", 429, "shared", false}, {"gone", 404, "", false}, {"fine", 200, "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := newLimits()
			for range enoughInvalid {
				if err := l.begin(routeOf("GET", "channels/2"), noon); err != nil {
					t.Fatal(err)
				}
				_ = l.told(r, test.status, http.Header{"X-Ratelimit-Scope": {test.scope}}, []byte(`{"retry_after":0.001}`), noon)
			}
			later := noon.Add(time.Second)
			if err := l.begin(r, later); errors.Is(err, chat.ErrNotSent) != test.stops {
				t.Errorf("begin = %v", err)
			}
			if err := l.begin(r, noon.Add(invalidFor)); err != nil {
				t.Errorf("begin = %v after %s", err, invalidFor)
			}
		})
	}
}

// Two windows of ours do not add up to what Discord allows in one of its.
func TestInvalidWindows(t *testing.T) {
	if 2*enoughInvalid >= maxInvalid {
		t.Errorf("two times %d is not less than %d", enoughInvalid, maxInvalid)
	}
}

func TestCache(t *testing.T) {
	c := newCache[int](2)
	c.put("a", 1)
	c.put("b", 2)
	c.put("a", 3)
	c.put("c", 4) // b was used last the longest ago
	c.drop("none")
	got := map[string]int{}
	for _, key := range []string{"a", "b", "c"} {
		if v, ok := c.get(key); ok {
			got[key] = v
		}
	}
	if diff := cmp.Diff(map[string]int{"a": 3, "c": 4}, got); diff != "" {
		t.Error(diff)
	}
	c.drop("a")
	if _, ok := c.get("a"); ok {
		t.Error("what was dropped is there")
	}
}

// FuzzLeftAlone: whatever is said of a limit, it is kept to for some time, and
// not for ever.
func FuzzLeftAlone(f *testing.F) {
	f.Add("1.5", "true", []byte(`{"retry_after":0.5,"global":false}`))
	f.Add("NaN", "", []byte("<html>"))
	f.Add("1e400", "", []byte(`{"retry_after":1e308}`))
	f.Add("-1", "0", []byte(`{"retry_after":-1e-308}`))
	f.Fuzz(func(t *testing.T, after, left string, body []byte) {
		h := http.Header{"Retry-After": {after}, "X-Ratelimit-Reset-After": {after}, "X-Ratelimit-Remaining": {left}}
		if wait, _ := leftAlone(h, body); wait <= 0 || wait > longest {
			t.Errorf("wait = %s", wait)
		}
		l, r := newLimits(), routeOf("GET", "channels/1")
		if err := l.told(r, 200, h, body, noon); err != nil {
			t.Errorf("told = %v", err)
		}
		var limited *chat.RateLimitedError
		if err := l.begin(r, noon); err != nil && (!errors.As(err, &limited) || limited.After <= 0 || limited.After > longest) {
			t.Errorf("begin = %v", err)
		}
		if err := l.begin(r, noon.Add(longest)); err != nil {
			t.Errorf("begin = %v after the longest wait", err)
		}
	})
}
