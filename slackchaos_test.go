package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/adapters/slack"
	"github.com/signpost-bot/signpost/adapters/slack/slacktest"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
)

// Slack's waits are played with seconds for minutes, so that a row is over
// soon. All rules stay as they are.
const (
	// slackShare is how many times fewer events a fault has on Slack: each of
	// them is several calls, and is waited for.
	slackShare = 4
	// talking is how many conversations there are at a time.
	talking = 24
	// looking is how often someone looks whether an answer has come, and whether
	// a button works that did not.
	looking = 50 * time.Millisecond
)

// repeats are Slack's waits before it sends an event again, and the first of
// those that its Delayed Events bring.
// Source: https://docs.slack.dev/apis/events-api/#retries
var repeats = []time.Duration{0, time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second}

// A hurried Slack is written to twenty times as fast as the real one may be,
// and by the same rules.
type hurried struct{ *slack.Adapter }

func (h hurried) Pace() chat.Pace {
	p := h.Adapter.Pace()
	p.Place /= 20
	p.Platform /= 20
	return p
}

// actOnSlack is `signpost serve` with the configuration in a file, but hurried.
func actOnSlack(ctx context.Context, file string) error {
	cfg, err := config.Load(file, nil)
	if err != nil {
		return err
	}
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
	platforms := map[string]chat.Platform{}
	p, err := assemble(cfg, behaviour(cfg, slack.Name), list, store, platforms, spool.Unmetered{}, time.Now, log)
	if err != nil {
		return err
	}
	adapter := slackAdapter(cfg, p.bot, store, time.Now, log)
	platforms[slack.Name] = hurried{adapter}
	return p.listen(ctx, store, platforms, map[string]http.Handler{"/slack/": adapter.Handler()}, log)
}

// A climate is how Slack behaves. Shares are from 0 to 1.
type climate struct {
	byHTTP  bool
	copies  int     // how often each event comes again after it was acknowledged
	limited float64 // share of calls that are answered 429
	failing float64 // share of calls that fail with 500 or 503; half of them were done
	cut     float64 // share of calls whose connection breaks; half of them were done
}

// onSlack are the faults in which the platform is a Slack.
var onSlack = []fault{
	{name: "slack: bot: kill -9", slack: &climate{}, kills: true, strike: killProgram},
	{name: "slack: bot: kill -9 of one of two, HTTP", slack: &climate{byHTTP: true}, programs: 2, kills: true, strike: killProgram},
	{name: "slack: redis: kill -9, appendfsync always", slack: &climate{}, form: fsyncAlways, kills: true, strike: killRedis},
	{name: "slack: redis: kill -9, appendfsync always, HTTP", slack: &climate{byHTTP: true}, form: fsyncAlways, kills: true, strike: killRedis},
	{name: "slack: 429", slack: &climate{limited: 0.1}},
	{name: "slack: 500 and 503", slack: &climate{failing: 0.1}},
	{name: "slack: cut before and after the deed", slack: &climate{cut: 0.1}},
	{name: "slack: sockets refreshed, closed and cut", slack: &climate{}, strikes: 9, strike: endSockets},
	{name: "slack: opens no connection", slack: &climate{}, strikes: 1, strike: refuseSockets},
	{name: "slack: down for long", slack: &climate{}, strikes: 1, strike: slackDown},
	{name: "slack: down for long, HTTP", slack: &climate{byHTTP: true}, strikes: 1, strike: slackDown},
	{name: "slack: each event three times, to any of four sockets", slack: &climate{copies: 2}, programs: 2},
	{name: "slack: storm, HTTP", slack: &climate{byHTTP: true, copies: 1, limited: 0.05, failing: 0.03, cut: 0.03}, programs: 2},
}

// endSockets ends all connections, in one of the ways that Slack does.
func endSockets(ctx context.Context, a *arena) error {
	s := a.slack.slack
	switch a.dice.IntN(4) {
	case 0:
		s.Disconnect("refresh_requested")
	case 1: // it has a few seconds
		s.Disconnect("warning")
		rest(ctx, 200*time.Millisecond)
		s.Kill()
	case 2:
		s.Disconnect("too_many_websockets")
	default:
		s.Kill()
	}
	return nil
}

// refuseSockets has Slack close each connection at once, and then give out
// none.
func refuseSockets(ctx context.Context, a *arena) error {
	a.slack.slack.RefuseSockets("link_disabled")
	a.slack.slack.Kill()
	rest(ctx, long()/2)
	a.slack.slack.RefuseSockets("")
	a.slack.outage("apps.connections.open")
	a.slack.slack.Kill()
	rest(ctx, long()/2)
	a.slack.outage("")
	return nil
}

// slackDown has every call fail, and nothing come in.
func slackDown(ctx context.Context, a *arena) error {
	a.slack.outage("all")
	a.slack.slack.Kill()
	rest(ctx, long())
	a.slack.outage("")
	return nil
}

// An assembly are the people of a Slack, and its judge. They know what each of
// their deeds must bring before they do it, and in the end look at what stands.
// Of the bot they believe only which messages are its own.
type assembly struct {
	slack   *slacktest.Server
	climate *climate
	config  string // the file
	desk    string // the channel
	agents  []string
	seats   chan struct{} // one for each conversation that may go on now
	talking sync.WaitGroup
	door    *httptest.Server // between Slack and the programs; nil: Socket Mode

	mu     sync.Mutex
	dice   *rand.Rand
	down   string   // a method that fails, or all
	webs   []string // of the programs
	next   int      // the one that is asked next
	runs   []*program
	talks  []*slackTalk
	events int
	under  int
}

// A slackTalk is a conversation, as its people remember it.
type slackTalk struct {
	*talk
	asker, agent string // ids
	channel      string
	thread       string   // ts
	card         string   // ts
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

func newAssembly(a *arena, c *climate) *assembly {
	s := slacktest.New(slacktest.Options{Retries: repeats, Seed: *chaosSeed})
	on := &assembly{slack: s, climate: c, dice: rand.New(rand.NewPCG(*chaosSeed, 3)), seats: make(chan struct{}, talking)}
	s.Break(on.fault)
	s.Repeat(func(string) int { return c.copies })
	dir := a.t.TempDir()
	mode := "socket"
	if c.byHTTP {
		mode = "http"
		on.door = httptest.NewServer(on.balance())
		s.DeliverTo(on.door.URL)
	}
	var agents []string
	for n := range 8 {
		id := s.AddUser(slacktest.User{Name: fmt.Sprint("agent", n)})
		on.agents = append(on.agents, id)
		agents = append(agents, fmt.Sprintf("%q", "slack:"+s.Team()+":"+id))
	}
	on.desk = s.AddChannel(slacktest.Channel{Name: "desk", Members: on.agents, BotIn: true})
	on.config = filepath.Join(dir, "signpost.yaml")
	for name, text := range map[string]string{
		on.config: fmt.Sprintf(`
redis: {url: %q}
log: {level: warn}
knowledge: {dir: %q}
slack: {mode: %s, bot_token: %s, app_token: %s, signing_secret: %s, api_url: %q, agent_view: false}
desks: [{name: support, agents: [%s], channels: ["slack:%s:%s"]}]
`, a.url, filepath.Join(dir, "knowledge"), mode, s.BotToken(), s.AppToken(), s.SigningSecret(), s.APIURL(), strings.Join(agents, ", "), s.Team(), on.desk),
		filepath.Join(dir, "knowledge", "refund.md"): oneArticle,
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o600)); err != nil {
			a.t.Fatal(err)
		}
	}
	return on
}

// close ends Slack, and wants no secret in what the programs have logged, which
// have ended.
func (on *assembly) close(t *testing.T) {
	on.slack.Close()
	if on.door != nil {
		on.door.Close()
	}
	for _, p := range on.runs {
		for _, secret := range []string{on.slack.BotToken(), on.slack.AppToken(), on.slack.SigningSecret(), "/response/", "/upload/", "/socket/"} {
			if text := p.errs.String(); strings.Contains(text, secret) {
				t.Errorf("a secret is in a log: %s…", secret[:5])
			}
		}
	}
}

// run starts a program in the n-th place.
func (on *assembly) run(a *arena, n int) error {
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
func (on *assembly) balance() http.Handler {
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
func (on *assembly) outage(method string) {
	on.mu.Lock()
	defer on.mu.Unlock()
	on.down = method
}

// fault is what befalls a call.
func (on *assembly) fault(method string, done bool) (f slacktest.Fault) {
	on.mu.Lock()
	defer on.mu.Unlock()
	chance := func(share float64) bool { return share > 0 && on.dice.Float64() < share }
	switch c := on.climate; {
	case on.down == "all" || on.down == method:
		f.Status = http.StatusServiceUnavailable
	case !done && chance(c.limited):
		f.Status, f.RetryAfter = http.StatusTooManyRequests, time.Second
	case chance(c.failing / 2):
		f.Status = []int{http.StatusInternalServerError, http.StatusServiceUnavailable}[on.dice.IntN(2)]
	case chance(c.cut / 2):
		f.Cut = true
	}
	return f
}

func (on *assembly) counts() (accepted, under, progress int) {
	calls := 0
	for _, method := range []string{"chat.postMessage", "chat.update", "chat.postEphemeral", "views.open"} {
		calls += on.slack.Called(method)
	}
	on.mu.Lock()
	defer on.mu.Unlock()
	return on.events, on.under, on.events + calls
}

// start begins the next conversation, as soon as there is a seat.
func (on *assembly) start(ctx context.Context) {
	on.mu.Lock()
	n := len(on.talks) + 1
	t := &slackTalk{talk: &talk{number: n}, agent: on.agents[n%len(on.agents)]}
	on.talks = append(on.talks, t)
	on.mu.Unlock()
	t.asker = on.slack.AddUser(slacktest.User{Name: fmt.Sprint("asker", n)})
	t.channel = on.slack.AddChannel(slacktest.Channel{Name: fmt.Sprint("help-", n), Members: []string{t.asker}, BotIn: true})
	on.talking.Go(func() {
		select {
		case on.seats <- struct{}{}:
		case <-ctx.Done():
			return
		}
		defer func() { <-on.seats }()
		if on.converse(ctx, t) == nil {
			on.mu.Lock()
			t.over = true
			on.mu.Unlock()
		}
	})
}

func (on *assembly) wait() { on.talking.Wait() }

// do does a deed, and notes before it what it must bring.
func (on *assembly) do(t *slackTalk, deed func() error, hopes ...hope) error {
	on.expect(t, hopes...)
	return on.try(deed)
}

// expect notes what the next deed must bring.
func (on *assembly) expect(t *slackTalk, hopes ...hope) {
	on.mu.Lock()
	defer on.mu.Unlock()
	on.events++
	for _, h := range hopes {
		h.deed = on.events
		t.hopes = append(t.hopes, h)
	}
}

// try does a deed. It is under way until Slack has told the bot, or given up.
func (on *assembly) try(deed func() error) error {
	on.mu.Lock()
	on.under++
	on.mu.Unlock()
	err := deed()
	on.mu.Lock()
	defer on.mu.Unlock()
	on.under--
	return err
}

// said is a deed: to say something.
func (on *assembly) said(user, channel, thread, text string) func() error {
	return func() error { _, err := on.slack.Say(user, channel, thread, text); return err }
}

// until waits until someone who looks again and again finds what they want.
func (on *assembly) until(ctx context.Context, ok func() bool) error {
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
func (on *assembly) shortly(ctx context.Context, ok func() bool) error {
	soon, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = on.until(soon, ok)
	return ctx.Err()
}

// find is the n-th message of ours that says something, in a place.
func (on *assembly) find(at, says string, n int) (slacktest.Message, bool) {
	channel, thread, _ := strings.Cut(at, "/")
	for _, m := range on.slack.Messages(channel) {
		if m.User == on.slack.Bot() && m.Only == "" && under(m) == thread && strings.Contains(m.Text, says) {
			if n--; n == 0 {
				return m, true
			}
		}
	}
	return slacktest.Message{}, false
}

// under is the thread that a message is a reply in, empty if it is none.
func under(m slacktest.Message) string {
	if m.Thread == m.TS {
		return ""
	}
	return m.Thread
}

// see waits for all that was hoped for until now.
func (on *assembly) see(ctx context.Context, t *slackTalk) error {
	on.mu.Lock()
	hopes := slices.Clone(t.hopes)
	on.mu.Unlock()
	times := map[[2]string]int{}
	for _, h := range hopes {
		key := [2]string{h.at, h.says}
		times[key]++
		if err := on.until(ctx, func() bool { _, ok := on.find(h.at, h.says, times[key]); return ok }); err != nil {
			return err
		}
	}
	return nil
}

var ticketNamed = regexp.MustCompile(`as ticket (T-\d+)`)

const refund = "https://help.example.com/refund"

// converse has one conversation: questions in a channel and in private, a ticket
// that an agent takes, words in both directions, and the end.
func (on *assembly) converse(ctx context.Context, t *slackTalk) error {
	const asking, working = "asker", "agent"
	call := "<@" + on.slack.Bot() + "> "
	err := on.try(func() (err error) {
		t.thread, err = on.slack.Say(t.asker, t.channel, "", call+"how do I get a refund?")
		return err
	})
	if err != nil {
		return err
	}
	here := t.channel + "/" + t.thread
	on.expect(t, hope{0, asking, here, refund})
	if err := on.do(t, on.said(t.asker, t.channel, t.thread, "how do I get a refund for a cancelled order?"), hope{0, asking, here, refund}); err != nil {
		return err
	}
	direct := on.slack.Direct(t.asker)
	if err := on.do(t, on.said(t.asker, direct, "", "how do I get a refund?"), hope{0, "direct", direct + "/", refund}); err != nil {
		return err
	}
	if err := on.see(ctx, t); err != nil {
		return err
	}
	if err := on.contact(ctx, t, here); err != nil {
		return err
	}
	name := string(t.ticket)
	card := on.desk + "/" + t.card
	// Agents name the ticket: that the card stands is seen before the bot knows it.
	t.whispers = append(t.whispers, name+" is yours.", "Noted on "+name+".", name+" is settled.")
	t.history = append(t.history, "claim")
	if err := on.do(t, on.said(t.agent, on.desk, t.card, call+"claim "+name), hope{0, working, here, "is on " + name + " now"}); err != nil {
		return err
	}
	if err := on.see(ctx, t); err != nil {
		return err
	}

	// Both at once, so that they meet on the ticket.
	var agent sync.WaitGroup
	words, note := fmt.Sprintf("answer of talk %d.", t.number), fmt.Sprintf("note of talk %d.", t.number)
	more := []string{fmt.Sprintf("more 0 of talk %d.", t.number), fmt.Sprintf("more 1 of talk %d.", t.number)}
	t.history = append(t.history, "reply "+words, "note "+note, "add "+more[0], "add "+more[1])
	var agentErr error
	agent.Go(func() {
		agentErr = errors.Join(
			on.do(t, on.said(t.agent, on.desk, t.card, call+"reply "+name+" "+words), hope{0, working, here, words}, hope{0, "", card, "Delivered to"}),
			on.do(t, on.said(t.agent, on.desk, t.card, call+"note "+name+" "+note)))
	})
	for _, text := range more {
		if err = on.do(t, on.said(t.asker, t.channel, t.thread, text), hope{0, asking, card, text}, hope{0, asking, on.slack.Direct(t.agent) + "/", text}); err != nil {
			break
		}
	}
	agent.Wait()
	if err := errors.Join(err, agentErr); err != nil {
		return err
	}
	if err := on.see(ctx, t); err != nil {
		return err
	}
	t.history = append(t.history, "resolve")
	if err := on.do(t, on.said(t.agent, on.desk, t.card, call+"resolve "+name), hope{0, working, here, "has settled " + name}); err != nil {
		return err
	}
	return on.see(ctx, t)
}

// contact presses Contact us and sends the form, each again until it works: Slack
// tells a person at once that it did not, and repeats nothing.
func (on *assembly) contact(ctx context.Context, t *slackTalk, here string) error {
	m, _ := on.find(here, refund, 2)
	button := elementOf(m.Blocks, "Contact us")
	_, id, _ := strings.Cut(button.id, ":")
	t.conversation = chat.ConversationID(id)
	opened := func() bool { return on.slack.Modal(t.asker) != nil }
	for !opened() {
		err := on.try(func() error {
			_ = on.slack.Press(t.asker, slacktest.OnMessage(m.Channel, m.TS), button.id)
			return on.shortly(ctx, opened)
		})
		if err != nil {
			return err
		}
	}
	on.expect(t)
	t.opened = true
	question := fmt.Sprintf("where is it (talk %d)?", t.number)
	t.history = append(t.history, "open "+question)
	on.expect(t, hope{0, "asker", here, "as ticket T-"}, hope{0, "", on.desk + "/", question})
	for opened() {
		t.sent++
		err := on.try(func() error {
			_, _ = on.slack.Submit(t.asker, map[string]string{"question": question})
			return on.shortly(ctx, func() bool { return !opened() })
		})
		if err != nil {
			return err
		}
	}
	if err := on.see(ctx, t); err != nil {
		return err
	}
	told, _ := on.find(here, "as ticket T-", 1)
	t.ticket = chat.TicketID(ticketNamed.FindStringSubmatch(told.Text)[1])
	shown, _ := on.find(on.desk+"/", question, 1)
	t.card = shown.TS
	return nil
}

// verdict compares what was hoped for with what stands in Slack and in Redis.
func (on *assembly) verdict(c *census) *verdict {
	on.mu.Lock()
	defer on.mu.Unlock()
	v := &verdict{Events: on.events, Asked: on.slack.Called("conversations.history") + on.slack.Called("conversations.replies")}
	at := map[string][]slacktest.Message{} // ours, by place
	var whispers []slacktest.Message
	deliveries := map[string]bool{}
	for _, ch := range on.slack.Channels() {
		for _, m := range on.slack.Messages(ch.ID) {
			switch {
			case m.User != on.slack.Bot():
			case m.Only != "":
				whispers = append(whispers, m)
			default:
				at[ch.ID+"/"+under(m)] = append(at[ch.ID+"/"+under(m)], m)
				if id := string(m.Metadata); deliveries[id] {
					v.double("two messages of one delivery: %q", m.Text)
				} else {
					deliveries[id] = true
				}
			}
		}
	}
	failed := map[int]bool{} // deeds
	var talks []*talk
	for _, t := range on.talks {
		talks = append(talks, t.talk)
		on.judgeHopes(v, t, at, failed)
	}
	for place, left := range at {
		for _, m := range left {
			v.double("in %s, which nobody expects: %q", place, m.Text)
		}
	}
	judgeTickets(v, c, talks)
	given := 0
	judgeRest(v, c, func(letter string) bool { // only what one person alone would have seen
		ruled := strings.HasPrefix(letter, "reply") && strings.Contains(letter, `"only":"slack:`)
		if ruled {
			given++
		}
		return ruled
	})
	on.judgeWhispers(v, whispers, given)
	v.Outcomes = v.Events - len(failed)
	for _, what := range on.slack.Violations() {
		v.double("Slack minds: %s", what)
	}
	return v
}

// judgeHopes wants each message that was hoped for once, those of a lane in
// order, and takes them away.
func (on *assembly) judgeHopes(v *verdict, t *slackTalk, at map[string][]slacktest.Message, failed map[int]bool) {
	last := map[string]string{} // ts by place and lane
	for _, h := range t.hopes {
		n := slices.IndexFunc(at[h.at], func(m slacktest.Message) bool { return strings.Contains(m.Text, h.says) })
		if n < 0 {
			failed[h.deed] = true
			v.lose("%q of talk %d", h.says, t.number)
			continue
		}
		ts := at[h.at][n].TS
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
		here := t.channel + "/" + t.thread
		if n := slices.IndexFunc(at[here], func(m slacktest.Message) bool { return strings.Contains(m.Text, string(t.ticket)) }); n >= 0 {
			at[here] = slices.Delete(at[here], n, n+1)
		}
	}
}

// judgeWhispers wants each answer that only an agent sees at most once, and no
// more of them missing than were given up by the rule.
func (on *assembly) judgeWhispers(v *verdict, all []slacktest.Message, given int) {
	missing := 0
	for _, t := range on.talks {
		for _, says := range t.whispers {
			n := 0
			for _, m := range all {
				if m.Only == t.agent && strings.Contains(m.Text, says) {
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
