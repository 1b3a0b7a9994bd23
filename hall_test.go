package main

import (
	"context"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/signpost-bot/signpost/adapters/discord"
	"github.com/signpost-bot/signpost/adapters/slack"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
)

const (
	// talking is how many conversations there are at a time.
	talking = 24
	// looking is how often someone looks whether an answer has come, and whether
	// a button works that did not.
	looking = 50 * time.Millisecond
)

// A climate is how a platform behaves. Shares are from 0 to 1.
type climate struct {
	byHTTP  bool
	copies  int     // how often each event comes again after it was acknowledged
	limited float64 // share of calls that are answered 429
	failing float64 // share of calls that fail with 500 or 503; half of them were done
	cut     float64 // share of calls whose connection breaks; half of them were done
}

// actOn is `signpost serve` with the configuration in a file, but hurried.
func actOn(ctx context.Context, file string) error {
	cfg, err := config.Load(file, nil)
	if err != nil {
		return err
	}
	cfg.Knowledge.Cache = os.Getenv(actAsLearned)
	log := newLogger(cfg.Log, os.Stderr, secrets(cfg))
	list, err := articles(cfg.Knowledge.Dir, rules(cfg))
	if err != nil {
		return err
	}
	store, err := openStore(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer store.Close()
	name := slack.Name
	if cfg.Discord.On() {
		name = discord.Name
	}
	platforms := map[string]chat.Platform{}
	p, err := assemble(cfg, behaviour(cfg, name), newShelf(list, rules(cfg)), store, platforms, spool.Unmetered{}, time.Now, log)
	if err != nil {
		return err
	}
	routes := map[string]http.Handler{}
	if cfg.Discord.On() {
		platforms[name] = hurried{discord.New(discordOptions(cfg, p.bot, store, time.Now, log))}
	} else {
		adapter := slackAdapter(cfg, p.bot, store, time.Now, log)
		platforms[name], routes["/slack/"] = hurried{adapter}, adapter.Handler()
	}
	return p.listen(ctx, store, platforms, routes, log)
}

// A hurried platform is written to twenty times as fast as the real one may be,
// and by the same rules.
type hurried struct{ chat.Platform }

func (h hurried) Pace() chat.Pace {
	p := h.Platform.Pace()
	p.Place /= 20
	p.Platform /= 20
	return p
}

// A hall is where people talk to the bot on a fake platform: what Slack and
// Discord have in common. They know what each of their deeds must bring before
// they do it, and in the end look at what stands. Of the bot they believe only
// which messages are its own.
type hall struct {
	climate *climate
	config  string // the file
	desk    string // the channel
	agents  []string
	seats   chan struct{} // one for each conversation that may go on now
	talking sync.WaitGroup
	door    *httptest.Server // between the platform and the programs; nil: none
	// found reports whether n messages of the bot's that say something stand in a
	// place.
	found func(at, says string, n int) bool

	mu     sync.Mutex
	dice   *rand.Rand
	down   string   // a method that fails, or all
	webs   []string // of the programs
	next   int      // the one that is asked next
	runs   []*program
	talks  []*exchange
	events int
	under  int
}

func newHall(c *climate) *hall {
	return &hall{climate: c, dice: rand.New(rand.NewPCG(*chaosSeed, 3)), seats: make(chan struct{}, talking)}
}

// An exchange is a conversation, as its people remember it.
type exchange struct {
	*talk
	asker, agent string // ids
	channel      string
	thread       string   // what it began with
	card         string   // the message
	here         string   // where the ticket is asked for, as in a hope
	sent         int      // how often the form was
	hopes        []hope   // what the deeds bring, in their order
	whispers     []string // likewise, what the agent alone sees
}

// A hope is a message that a deed brings.
type hope struct {
	deed int
	lane string // of the deed; empty: its order is not judged
	at   string // channel/thread
	says string
}

// What stood is a message of the bot's, in the end. Ids are ordered as they were
// given out.
type stood struct{ id, text, only string }

// run starts a program in the n-th place.
func (on *hall) run(a *arena, n int) error {
	p, err := startProgram(a.url, on.config)
	if err != nil {
		return err
	}
	a.programs[n] = p
	on.mu.Lock()
	defer on.mu.Unlock()
	on.runs = append(on.runs, p)
	if n == len(on.webs) {
		on.webs = append(on.webs, "")
	}
	on.webs[n] = p.web
	return nil
}

// balance hands requests to the programs in turn, as something does that stands
// before several. Who is away is not noticed at once.
func (on *hall) balance() http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			on.mu.Lock()
			defer on.mu.Unlock()
			if len(on.webs) > 0 {
				r.SetURL(&url.URL{Scheme: "http", Host: on.webs[on.next%len(on.webs)]})
			}
			on.next++
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		ErrorLog:     log.New(io.Discard, "", 0),
	}
}

// outage has a method fail, or all of them; empty: none.
func (on *hall) outage(method string) {
	on.mu.Lock()
	defer on.mu.Unlock()
	on.down = method
}

// befall is what becomes of a call before or after it is done.
func (on *hall) befall(method string, done bool) (status int, after time.Duration, cut bool) {
	on.mu.Lock()
	defer on.mu.Unlock()
	chance := func(share float64) bool { return share > 0 && on.dice.Float64() < share }
	switch c := on.climate; {
	case on.down == "all" || on.down == method:
		return http.StatusServiceUnavailable, 0, false
	case !done && chance(c.limited):
		return http.StatusTooManyRequests, time.Second, false
	case chance(c.failing / 2):
		return []int{http.StatusInternalServerError, http.StatusServiceUnavailable}[on.dice.IntN(2)], 0, false
	case chance(c.cut / 2):
		return 0, 0, true
	}
	return 0, 0, false
}

// begin begins the next conversation, as soon as there is a seat. Its people are
// made before.
func (on *hall) begin(ctx context.Context, make func(t *exchange), converse func(ctx context.Context, t *exchange) error) {
	on.mu.Lock()
	n := len(on.talks) + 1
	t := &exchange{talk: &talk{number: n}, agent: on.agents[n%len(on.agents)]}
	on.talks = append(on.talks, t)
	on.mu.Unlock()
	make(t)
	on.talking.Go(func() {
		select {
		case on.seats <- struct{}{}:
		case <-ctx.Done():
			return
		}
		defer func() { <-on.seats }()
		if converse(ctx, t) == nil {
			on.mu.Lock()
			t.over = true
			on.mu.Unlock()
		}
	})
}

func (on *hall) wait() { on.talking.Wait() }

// do does a deed, and notes before it what it must bring.
func (on *hall) do(t *exchange, deed func() error, hopes ...hope) error {
	on.expect(t, hopes...)
	return on.try(deed)
}

// expect notes what the next deed must bring.
func (on *hall) expect(t *exchange, hopes ...hope) {
	on.mu.Lock()
	defer on.mu.Unlock()
	on.events++
	for _, h := range hopes {
		h.deed = on.events
		t.hopes = append(t.hopes, h)
	}
}

// try does a deed. It is under way until the platform has told the bot, or given up.
func (on *hall) try(deed func() error) error {
	on.mu.Lock()
	on.under++
	on.mu.Unlock()
	err := deed()
	on.mu.Lock()
	defer on.mu.Unlock()
	on.under--
	return err
}

// until waits until someone who looks again and again finds what they want.
func (on *hall) until(ctx context.Context, ok func() bool) error {
	tick := time.NewTicker(looking)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// shortly waits a second for something, whether it comes or not.
func (on *hall) shortly(ctx context.Context, ok func() bool) error {
	soon, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = on.until(soon, ok)
	return ctx.Err()
}

// see waits for all that was hoped for until now.
func (on *hall) see(ctx context.Context, t *exchange) error {
	on.mu.Lock()
	hopes := slices.Clone(t.hopes)
	on.mu.Unlock()
	times := map[[2]string]int{}
	for _, h := range hopes {
		key := [2]string{h.at, h.says}
		times[key]++
		if err := on.until(ctx, func() bool { return on.found(h.at, h.says, times[key]) }); err != nil {
			return err
		}
	}
	return nil
}

// judgeHopes wants each message that was hoped for once, those of a lane in
// order, and takes them away.
func (on *hall) judgeHopes(v *verdict, t *exchange, at map[string][]stood, failed map[int]bool) {
	last := map[string]string{} // id by place and lane
	for _, h := range t.hopes {
		n := slices.IndexFunc(at[h.at], func(m stood) bool { return strings.Contains(m.text, h.says) })
		if n < 0 {
			failed[h.deed] = true
			v.lose("%q of talk %d", h.says, t.number)
			continue
		}
		ts := at[h.at][n].id
		at[h.at] = slices.Delete(at[h.at], n, n+1)
		if lane := h.at + " " + h.lane; h.lane != "" {
			if ts < last[lane] {
				v.confuse("%q of talk %d came late", h.says, t.number)
			}
			last[lane] = max(last[lane], ts)
		}
	}
	// A form that was sent again because Slack knew of no answer is answered each
	// time.
	for range t.sent - 1 {
		if n := slices.IndexFunc(at[t.here], func(m stood) bool { return strings.Contains(m.text, string(t.ticket)) }); n >= 0 {
			at[t.here] = slices.Delete(at[t.here], n, n+1)
		}
	}
}

// judgeWhispers wants each answer that only an agent sees at most once, and no
// more of them missing than were given up by the rule.
func (on *hall) judgeWhispers(v *verdict, all []stood, given int) {
	missing := 0
	for _, t := range on.talks {
		for _, says := range t.whispers {
			n := 0
			for _, m := range all {
				if m.only == t.agent && strings.Contains(m.text, says) {
					n++
				}
			}
			if n > 1 {
				v.double("%d times %q", n, says)
			}
			if n == 0 {
				missing++
			}
		}
	}
	v.Warned += given
	for range missing - given {
		v.lose("an answer that only an agent sees")
	}
}
