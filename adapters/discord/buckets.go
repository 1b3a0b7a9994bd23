package discord

import (
	"container/list"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// maxInvalid is how many answers 401, 403 and 429 Discord gives an address in
	// invalidFor before it blocks it; those 429 do not count that others have
	// brought about.
	// Source: https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
	maxInvalid = 10_000
	invalidFor = 10 * time.Minute
	// enoughInvalid is where we stop by ourselves. Our ten minutes follow each
	// other, Discord's may lie across two of ours: so less than half.
	enoughInvalid = maxInvalid * 45 / 100

	// Ours: for how many routes limits are remembered, and for how long a
	// refusal of a whole channel is.
	maxRoutes  = 1000
	forbidding = 2 * time.Minute

	// someTime is how long Discord is left alone that does not say how long, as
	// what stands before it does not. Ours, and so is longest: the most that it is
	// taken at its word for.
	someTime = 2500 * time.Millisecond
	longest  = time.Hour
)

// A route is what Discord limits together: a kind of call on one channel, guild
// or webhook.
// Source: https://docs.discord.com/developers/topics/rate-limits
type route struct {
	name string // for people: POST channels/:id/messages
	key  string // with the one it is for; empty: it has no limit to be kept
	// token says that a token in the path is what allows it, and not the bot's.
	// Such calls are beside the limit for the whole bot.
	// Source: https://docs.discord.com/developers/topics/rate-limits#global-rate-limit
	token bool
}

// routeOf reads the route from a call. Neither name nor key tells a token.
func routeOf(method, path string) route {
	path, _, _ = strings.Cut(strings.TrimPrefix(path, "/"), "?")
	parts := strings.Split(path, "/")
	r := route{}
	whose := ""
	for i, part := range parts {
		before := ""
		if i > 0 {
			before = parts[i-1]
		}
		switch {
		case i == 1 && (before == "channels" || before == "guilds" || before == "webhooks"):
			whose, parts[i] = part, ":id"
		case i == 2 && (parts[0] == "webhooks" || parts[0] == "interactions"):
			sum := sha256.Sum256([]byte(part))
			whose += "/" + hex.EncodeToString(sum[:8])
			parts[i], r.token = ":token", true
		case before == "reactions":
			parts[i] = ":emoji"
		case isID(part):
			parts[i] = ":id"
		case !isWord(part):
			parts[i] = ":name"
		}
	}
	r.name = method + " " + strings.Join(parts, "/")
	if parts[0] != "interactions" {
		r.key = r.name + " " + whose
	}
	return r
}

// isWord reports whether s is one that Discord names a part of a path by.
func isWord(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz@-_") == ""
}

// limits are Discord's rate limits as far as it told them. A library's own
// would wait inside the call, whatever its context; here what has to wait is
// told so, as a [*chat.RateLimitedError], and the sender sees to the rest.
type limits struct {
	routes *cache[*bucket]

	mu      sync.Mutex
	all     time.Time // when the whole bot may go on
	invalid int       // answers that count against us
	since   time.Time // the first of them
}

// A bucket is how often a route may still be called.
type bucket struct {
	left      int
	resets    time.Time
	forbidden *refusal // what every call would be answered with
	until     time.Time
}

func newLimits() *limits { return &limits{routes: newCache[*bucket](maxRoutes)} }

// begin asks whether a route may be called, and counts the call.
func (l *limits) begin(r route, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.invalid >= enoughInvalid && now.Sub(l.since) < invalidFor {
		return notSent(r.name, errTooManyInvalid)
	}
	if wait := l.all.Sub(now); wait > 0 && !r.token {
		return &chat.RateLimitedError{After: wait}
	}
	b, ok := l.routes.get(r.key)
	if !ok {
		return nil
	}
	if b.forbidden != nil && now.Before(b.until) {
		return b.forbidden
	}
	if wait := b.resets.Sub(now); wait > 0 {
		if b.left <= 0 {
			return &chat.RateLimitedError{After: min(wait, longest)}
		}
		b.left--
	}
	return nil
}

// told takes in what an answer says of the limits, and returns for how long
// Discord wants to be left alone, if it does.
func (l *limits) told(r route, status int, h http.Header, body []byte, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	limited := status == http.StatusTooManyRequests
	shared := h.Get("X-RateLimit-Scope") == "shared"
	if limited && !shared || status == http.StatusUnauthorized || status == http.StatusForbidden {
		if now.Sub(l.since) >= invalidFor {
			l.invalid, l.since = 0, now
		}
		l.invalid++
	}
	if limited {
		wait, whole := leftAlone(h, body)
		if whole {
			l.all = now.Add(wait)
		} else {
			l.keep(r, 0, now.Add(wait), now)
		}
		return &chat.RateLimitedError{After: wait}
	}
	left, err := strconv.Atoi(h.Get("X-RateLimit-Remaining"))
	after := seconds(h.Get("X-RateLimit-Reset-After"))
	if err == nil && after > 0 {
		l.keep(r, left, now.Add(after), now)
	}
	return nil
}

// keep keeps how often a route may be called until when. Answers overtake each
// other, so within that time the least counts.
func (l *limits) keep(r route, left int, resets, now time.Time) {
	if r.key == "" {
		return
	}
	b, ok := l.routes.get(r.key)
	if !ok {
		b = &bucket{}
		l.routes.put(r.key, b)
	}
	if now.Before(b.resets) {
		left = min(left, b.left)
	}
	b.left, b.resets = left, resets
}

// forbid remembers a refusal that holds for all calls of a route.
func (l *limits) forbid(r route, no *refusal, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.routes.get(r.key)
	if !ok {
		b = &bucket{}
		l.routes.put(r.key, b)
	}
	b.forbidden, b.until = no, now.Add(forbidding)
}

// leftAlone reads an answer 429: how long Discord, or what stands before it,
// wants to be left alone, and whether by the whole bot.
// Source: https://docs.discord.com/developers/topics/rate-limits#exceeding-a-rate-limit
func leftAlone(h http.Header, body []byte) (wait time.Duration, whole bool) {
	var said struct {
		After  float64 `json:"retry_after"`
		Global bool    `json:"global"`
	}
	parsed := json.Unmarshal(body, &said) == nil
	wait = duration(said.After)
	if !parsed || wait <= 0 {
		wait = seconds(h.Get("Retry-After"))
	}
	if wait <= 0 {
		wait = someTime
	}
	// What is not Discord's own answer comes of a block of our address.
	return wait, !parsed || said.Global || h.Get("X-RateLimit-Global") == "true"
}

// seconds reads a number of seconds, 0 if it is none.
func seconds(s string) time.Duration {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return duration(n)
}

// duration is so many seconds, within reason.
func duration(n float64) time.Duration {
	switch {
	case math.IsNaN(n) || n <= 0:
		return 0
	case n >= longest.Seconds():
		return longest
	}
	return time.Duration(math.Ceil(n*1000)) * time.Millisecond
}

// A cache keeps what was used last, up to a number.
type cache[V any] struct {
	mu    sync.Mutex
	size  int
	order *list.List // of *kept[V], the newest first
	items map[string]*list.Element
}

type kept[V any] struct {
	key   string
	value V
}

func newCache[V any](size int) *cache[V] {
	return &cache[V]{size: size, order: list.New(), items: map[string]*list.Element{}}
}

func (c *cache[V]) get(key string) (v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[key]
	if !ok {
		return v, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*kept[V]).value, true
}

func (c *cache[V]) put(key string, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.items[key]; ok {
		e.Value.(*kept[V]).value = v
		c.order.MoveToFront(e)
		return
	}
	c.items[key] = c.order.PushFront(&kept[V]{key, v})
	if c.order.Len() > c.size {
		last := c.order.Back()
		c.order.Remove(last)
		delete(c.items, last.Value.(*kept[V]).key)
	}
}

func (c *cache[V]) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.items[key]; ok {
		c.order.Remove(e)
		delete(c.items, key)
	}
}
