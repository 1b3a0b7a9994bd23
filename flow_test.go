package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
	"github.com/signpost-bot/signpost/knowledge"
)

var flowConversations = flag.Int("flow.conversations", 0, "conversations of TestFlow; 0: the test is skipped")

// flowAskers is how many people wait for an answer at the same time, and how
// many clients add to the bare stream.
const flowAskers = 16

// The targets of the flow.
const (
	maxTrips  = 6    // sequential round trips for one event
	maxServer = 150  // Redis server time, times that of XADD and XACK
	minRate   = 0.08 // events a second, of that of XADD and XACK
	maxGrowth = 3    // of the cost of next, queue, stats and gaps, from 1,000 to 100,000 tickets
)

// An instant is a platform that delivers at once.
type instant struct {
	mu      sync.Mutex
	waiting map[chat.Key]chan struct{}
}

func (*instant) Run(context.Context, chat.Inbox) error { return nil }
func (*instant) Pace() chat.Pace                       { return chat.Pace{} }

func (*instant) Limits() chat.Limits { return chat.Limits{} }

func (*instant) Fetch(context.Context, chat.Attachment) (io.ReadCloser, error) {
	return nil, errors.New("there are no files here")
}
func (*instant) Confirm(context.Context, chat.Delivery) (chat.Receipt, chat.Finding, error) {
	return chat.Receipt{}, chat.Absent, nil
}

func (p *instant) Send(_ context.Context, d chat.Delivery) (chat.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if done, ok := p.waiting[d.Reply.Key]; ok {
		close(done)
		delete(p.waiting, d.Reply.Key)
	}
	return chat.Receipt{Place: d.Reply.Place, Message: chat.MessageID(d.ID)}, nil
}

// expect is closed when a reply has come.
func (p *instant) expect(key chat.Key) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	done := make(chan struct{})
	p.waiting[key] = done
	return done
}

// A flow is a bot on a Redis, with a platform that delivers at once.
type flow struct {
	t        *testing.T
	store    *redis.Store
	bot      *bot.Bot
	inbox    *spool.Spool
	platform *instant
	admin    *goredis.Client
	events   atomic.Int64
}

var flows atomic.Int64

// newFlow opens an empty installation. With matching, questions are answered
// from the built-in articles, else all alike.
func newFlow(t *testing.T, addr string, matching bool) *flow {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	cfg := config.Default()
	for n := range 100 {
		cfg.Desks[0].Agents = append(cfg.Desks[0].Agents, string(agentAccount(n)))
	}
	f := &flow{t: t, platform: &instant{waiting: map[chat.Key]chan struct{}{}}, admin: goredis.NewClient(&goredis.Options{Addr: addr})}
	t.Cleanup(func() { f.admin.Close() })
	var err error
	f.store, err = redis.Open(t.Context(), "redis://"+addr+"/0", redis.Options{
		Installation: fmt.Sprint("flow", flows.Add(1)), Log: quietLog(),
	})
	must(err)
	t.Cleanup(func() { f.store.Close() })
	var library bot.Library = stubLibrary{}
	if matching {
		list, err := articles("", rules(cfg))
		must(err)
		library = knowledge.NewLibrary(list, rules(cfg))
	}
	f.bot, err = bot.New(behaviour(cfg), bot.Parts{
		Library: func() bot.Library { return library }, Reader: f.store, Now: time.Now, Log: quietLog(),
	})
	must(err)
	f.inbox = spool.New(f.store, f.bot, spool.Options{Person: f.bot.Person, Log: quietLog()})
	return f
}

// run lets the spool work until stop is called.
func (f *flow) run() (stop func()) {
	ctx, cancel := context.WithCancel(f.t.Context())
	done := make(chan error, 1)
	go func() { done <- f.inbox.Run(ctx, map[string]chat.Platform{scriptedName: f.platform}) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			f.t.Error(err)
		}
	}
}

// complete gives an event its id, time and sender.
func (f *flow) complete(e chat.Event, from chat.AccountID, place chat.Place) chat.Event {
	n := f.events.Add(1)
	e.ID, e.At, e.Addressed, e.Place = chat.EventID(fmt.Sprint("flow:", n)), time.Now().UTC(), true, place
	e.From = chat.Sender{Account: from, Name: from.User(), Locale: "en"}
	e.Private = place == chat.Direct(from)
	if e.Kind == chat.Message {
		e.Message = chat.MessageID(fmt.Sprint("m", n))
	}
	return e
}

func (f *flow) question() chat.Event {
	user := chat.NewAccountID(scriptedName, "w", fmt.Sprint("asker", f.events.Load()))
	e := f.complete(spoken("where is my refund?"), user, chat.Place{
		Platform: scriptedName, Workspace: "w", Channel: "help", Thread: fmt.Sprint("t", f.events.Load(), "-", time.Now().UnixNano()),
	})
	e.From.Person = f.bot.Person(user) // as the spool has it, when it accepts
	return e
}

// A pass is what a number of events took.
type pass struct {
	rate   float64         // events a second
	waits  []time.Duration // from accepted to delivered, sorted
	server time.Duration   // of Redis, for each event
	calls  float64         // scripts for each event, those that find nothing to do included
}

func (p pass) quantile(q float64) time.Duration { return p.waits[int(float64(len(p.waits)-1)*q)] }

// measure has some people send so many events each, every one after the
// delivery of the one before.
func (f *flow) measure(people, each int, next func(who int) (e chat.Event, reply string)) pass {
	f.t.Helper()
	ctx := f.t.Context()
	if err := f.admin.ConfigResetStat(ctx).Err(); err != nil {
		f.t.Fatal(err)
	}
	var mu sync.Mutex
	var group errgroup.Group
	p := pass{}
	began := time.Now()
	for who := range people {
		group.Go(func() error {
			for range each {
				e, reply := next(who)
				done := f.platform.expect(keyOf(e, reply))
				if err := f.inbox.Accept(ctx, e); err != nil {
					return err
				}
				accepted := time.Now()
				select {
				case <-done:
				case <-time.After(30 * time.Second):
					return fmt.Errorf("no reply to %s", e.ID)
				}
				wait := time.Since(accepted)
				mu.Lock()
				p.waits = append(p.waits, wait)
				mu.Unlock()
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		f.t.Fatal(err)
	}
	n := float64(people * each)
	p.rate = n / time.Since(began).Seconds()
	if err := f.inbox.Quiet(ctx); err != nil { // what was delivered is also noted
		f.t.Fatal(err)
	}
	slices.Sort(p.waits)
	calls, took := scriptStats(f.t, f.admin, "evalsha")
	p.calls, p.server = calls/n, took/time.Duration(people*each)
	return p
}

var statLine = regexp.MustCompile(`cmdstat_(\S+?):calls=(\d+),usec=(\d+)`)

// scriptStats adds up what some commands took on the server. Commands within a
// script count as the script's time.
func scriptStats(t *testing.T, admin *goredis.Client, names ...string) (calls float64, took time.Duration) {
	t.Helper()
	info, err := admin.Info(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range statLine.FindAllStringSubmatch(info, -1) {
		if slices.Contains(names, m[1]) {
			n, _ := strconv.ParseFloat(m[2], 64)
			usec, _ := strconv.ParseInt(m[3], 10, 64)
			calls, took = calls+n, took+time.Duration(usec)*time.Microsecond
		}
	}
	return calls, took
}

// bare is the same number of events as plain XADD and XACK, one after the other.
func (f *flow) bare(clients, each int) pass {
	f.t.Helper()
	ctx := f.t.Context()
	db := goredis.NewClient(&goredis.Options{Addr: f.admin.Options().Addr, MaxRetries: -1, ContextTimeoutEnabled: true, DisableIdentity: true})
	defer db.Close()
	e := f.question()
	value := fmt.Sprintf("%+v", e)
	if err := db.XGroupCreateMkStream(ctx, "bare", "group", "$").Err(); err != nil {
		f.t.Fatal(err)
	}
	if err := f.admin.ConfigResetStat(ctx).Err(); err != nil {
		f.t.Fatal(err)
	}
	var group errgroup.Group
	began := time.Now()
	for range clients {
		group.Go(func() error {
			for range each {
				id, err := db.XAdd(ctx, &goredis.XAddArgs{Stream: "bare", Values: []any{"event", value}}).Result()
				if err != nil {
					return err
				}
				if err := db.XAck(ctx, "bare", "group", id).Err(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		f.t.Fatal(err)
	}
	n := clients * each
	p := pass{rate: float64(n) / time.Since(began).Seconds()}
	_, took := scriptStats(f.t, f.admin, "xadd", "xack")
	p.server = took / time.Duration(n)
	db.Del(ctx, "bare")
	return p
}

// A flowStep is one of those that an event takes.
type flowStep struct {
	name   string
	take   func(now time.Time) error
	server time.Duration // of Redis
}

// trips counts the round trips of one event from Accept to Delivered, each step
// after the other, as seen by a relay before Redis.
func trips(t *testing.T, addr string) (count int, steps []flowStep) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var asked atomic.Int64
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", addr)
			if err != nil {
				from.Close()
				return
			}
			go func() { io.Copy(from, to); from.Close() }()
			go func() {
				defer to.Close()
				buffer := make([]byte, 64<<10)
				for {
					n, err := from.Read(buffer) // one command, or some that go together
					if err != nil {
						return
					}
					asked.Add(1)
					if _, err := to.Write(buffer[:n]); err != nil {
						return
					}
				}
			}()
		}
	}()
	f := newFlow(t, l.Addr().String(), true)
	admin := goredis.NewClient(&goredis.Options{Addr: addr}) // past the relay
	defer admin.Close()
	ctx := t.Context()
	var w spool.Work
	var o spool.Outcome
	var letter spool.Letter
	steps = []flowStep{
		{name: "accept", take: func(now time.Time) error { _, err := f.store.Accept(ctx, f.question(), now); return err }},
		{name: "lease", take: func(now time.Time) (err error) { w, err = f.store.Lease(ctx, now, time.Minute); return err }},
		{name: "handle", take: func(time.Time) (err error) { o, err = f.bot.Handle(ctx, w.Event, w.View); return err }},
		{name: "finish", take: func(now time.Time) error { return f.store.Finish(ctx, w, o, now) }},
		{name: "lease the reply", take: func(now time.Time) (err error) {
			letter, err = f.store.LeaseReply(ctx, scriptedName, chat.Pace{}, now, time.Minute)
			return err
		}},
		{name: "delivered", take: func(now time.Time) error {
			return f.store.Delivered(ctx, letter, chat.Receipt{Place: letter.Reply.Place, Message: "1"}, now)
		}},
	}
	const rounds = 200
	for round := range rounds + 1 { // the first also loads the scripts
		count = 0
		for i := range steps {
			before, began := asked.Load(), time.Now()
			_, server := scriptStats(t, admin, "evalsha")
			if err := steps[i].take(began); err != nil {
				t.Fatalf("%s: %v", steps[i].name, err)
			}
			count += int(asked.Load() - before)
			if _, after := scriptStats(t, admin, "evalsha"); round > 0 {
				steps[i].server += (after - server) / rounds
			}
		}
	}
	return count, steps
}

// fill stores open tickets, a third of them due, each with its question in the
// ledger, and counts as many that were answered and resolved in the last two
// weeks.
func (f *flow) fill(size int) {
	f.t.Helper()
	ctx, now := f.t.Context(), time.Now().UTC()
	const step = 250 // at once: Redis does nothing else meanwhile
	for from := 0; from < size; from += step {
		if _, err := f.store.Accept(ctx, f.question(), now); err != nil {
			f.t.Fatal(err)
		}
		w, err := f.store.Lease(ctx, now, time.Minute)
		if err != nil {
			f.t.Fatal(err)
		}
		var o spool.Outcome
		for n := from + 1; n <= from+step; n++ {
			k := desk.Ticket{
				ID: desk.NewID(int64(n)), Number: int64(n), Desk: "support", State: desk.Open, OpenedAt: now.Add(time.Duration(n) * time.Millisecond),
				Asker: w.Event.From, Place: w.Event.Place, Question: "where is my refund?",
			}
			if n%3 == 0 {
				k.DueAt = now
			}
			o.Tickets = append(o.Tickets, spool.Versioned[desk.Ticket]{Value: k})
			line, done := past(n, now)
			line.Ticket = k.ID
			o.Lines = append(o.Lines, spool.Versioned[desk.Line]{Value: line})
			o.Tallies = append(append(o.Tallies, line.Tallies()...), done.Tallies()...)
		}
		o.Tallies = desk.Sum(o.Tallies)
		if err := f.store.Finish(ctx, w, o, now); err != nil {
			f.t.Fatal(err)
		}
	}
}

// past is the nth question of the last two weeks, and a ticket that was worked
// then: of four audiences, three languages and ten agents.
func past(n int, now time.Time) (desk.Line, desk.Ticket) {
	at := now.Add(-time.Duration(n%14) * 24 * time.Hour)
	audience, lang := []string{"", "buyer", "creator", "affiliate"}[n%4], []string{"en", "pt-BR", "es"}[n%3]
	line := desk.Line{
		ID: desk.LineID(fmt.Sprint("line", n)), At: at, Desk: "support", Person: chat.PersonID(fmt.Sprint("asker", n%1000)),
		Audience: audience, Lang: lang, Level: []string{"sure", "unsure", "none"}[n%3], Text: fmt.Sprintf("where is my %s number %d?", audience, n%50),
	}
	if line.Level != "none" {
		line.Shown = []string{"refund"}
	}
	agent := chat.PersonID(agentAccount(n % 10))
	took := time.Duration(n%300) * time.Minute
	done := desk.Ticket{
		Desk: "support", State: desk.Resolved, OpenedAt: at, ResolvedAt: at, Rating: "good",
		History: []desk.Entry{{At: at, By: agent, Did: desk.DidReply}, {At: at, By: agent, Did: desk.DidResolve}, {At: at, Did: desk.DidRate}},
		Clocks:  desk.Clocks{First: desk.Clock{Spent: took}, Resolve: desk.Clock{Spent: 5 * took}},
	}
	done.Trail.Audience, done.Trail.Lang = audience, lang
	return line, done
}

// TestFlow measures how fast events flow and what Redis does for it.
//
//	make bench-flow
func TestFlow(t *testing.T) {
	if *flowConversations == 0 {
		t.Skip("make bench-flow")
	}
	needRedis(t)
	endWithUs()
	server := startRedis(t) // appendonly, appendfsync everysec
	var page strings.Builder
	w := tabwriter.NewWriter(&page, 0, 0, 2, ' ', 0)
	each := (*flowConversations + flowAskers - 1) / flowAskers
	ask := func(f *flow) func(int) (chat.Event, string) {
		return func(int) (chat.Event, string) { return f.question(), "answer" }
	}
	passes := map[bool]pass{}
	for _, matching := range []bool{true, false} {
		f := newFlow(t, server.addr(), matching)
		stop := f.run()
		f.measure(flowAskers, 20, ask(f)) // to warm up
		passes[matching] = f.measure(flowAskers, each, ask(f))
		stop()
	}
	bare := newFlow(t, server.addr(), false).bare(flowAskers, each)
	on, off := passes[true], passes[false]
	n, steps := trips(t, server.addr())

	fmt.Fprintf(w, "%d conversations, %d at a time\tevents/s\tp50\tp99\tRedis time per event\tscripts per event\n", each*flowAskers, flowAskers)
	for _, row := range []struct {
		name string
		pass
	}{{"with matching", on}, {"without", off}} {
		fmt.Fprintf(w, "%s\t%.0f\t%s\t%s\t%s\t%.1f\n", row.name, row.rate,
			row.quantile(.5).Round(10*time.Microsecond), row.quantile(.99).Round(10*time.Microsecond), row.server, row.calls)
	}
	fmt.Fprintf(w, "bare XADD and XACK\t%.0f\t\t\t%s\t\n", bare.rate, bare.server)
	for _, s := range steps {
		fmt.Fprintf(w, "  of which %s, alone\t\t\t\t%s\t\n", s.name, s.server)
	}
	fmt.Fprintln(w)

	check := func(what string, got, limit float64, good bool) {
		word := "met"
		if !good {
			word = "MISSED"
			t.Errorf("%s: %.3g, target %.3g", what, got, limit)
		}
		fmt.Fprintf(w, "%s\t%.3g\ttarget %.3g\t%s\n", what, got, limit, word)
	}
	check("sequential round trips, at most", float64(n), maxTrips, n <= maxTrips)
	times := float64(off.server) / float64(bare.server)
	check("Redis time, times that of XADD and XACK, at most", times, maxServer, times <= maxServer)
	share := off.rate / bare.rate
	check("rate without matching, of that of XADD and XACK, at least", share, minRate, share >= minRate)

	for _, verb := range []string{"next", "queue", "stats", "gaps"} {
		var costs [2]pass
		for i, size := range []int{1_000, 100_000} {
			f := newFlow(t, server.addr(), false)
			f.fill(size)
			stop := f.run()
			command := func(who int) (chat.Event, string) {
				return f.complete(ran("ticket", verb), agentAccount(who), chat.Direct(agentAccount(who))), "re/0"
			}
			f.measure(100, 1, command) // to warm up
			costs[i] = f.measure(100, 5, command)
			stop()
			fmt.Fprintf(w, "%s by 100 agents, %d tickets\t%.0f/s\tp50 %s\tRedis %s\n", verb, size, costs[i].rate,
				costs[i].quantile(.5).Round(10*time.Microsecond), costs[i].server)
		}
		waits := costs[0].rate / costs[1].rate
		check(verb+": time at 100,000 tickets, times that at 1,000, at most", waits, maxGrowth, waits <= maxGrowth)
		load := float64(costs[1].server) / float64(costs[0].server)
		check(verb+": Redis time likewise", load, maxGrowth, load <= maxGrowth)
	}
	w.Flush()
	fmt.Fprint(t.Output(), "\n"+page.String())
}
