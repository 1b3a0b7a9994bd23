package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/adapters/slack/slacktest"
	"github.com/signpost-bot/signpost/bot/chat"
)

// Slack's waits are played with seconds for minutes, so that a row is over
// soon. All rules stay as they are.
const (
	// slackShare is how many times fewer events a fault has on Slack: each of
	// them is several calls, and is waited for.
	slackShare = 4
)

// repeats are Slack's waits before it sends an event again, and the first of
// those that its Delayed Events bring.
// Source: https://docs.slack.dev/apis/events-api/#retries
var repeats = []time.Duration{0, time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second}

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
	*hall
	slack *slacktest.Server
}

func newAssembly(a *arena, c *climate) *assembly {
	s := slacktest.New(slacktest.Options{Retries: repeats, Seed: *chaosSeed})
	on := &assembly{hall: newHall(c), slack: s}
	on.found = func(at, says string, n int) bool { _, ok := on.find(at, says, n); return ok }
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

func (on *assembly) counts() (accepted, under, progress int) {
	calls := 0
	for _, method := range []string{"chat.postMessage", "chat.update", "chat.postEphemeral", "views.open"} {
		calls += on.slack.Called(method)
	}
	on.mu.Lock()
	defer on.mu.Unlock()
	return on.events, on.under, on.events + calls
}

// said is a deed: to say something.
func (on *assembly) said(user, channel, thread, text string) func() error {
	return func() error { _, err := on.slack.Say(user, channel, thread, text); return err }
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

var ticketNamed = regexp.MustCompile(`as ticket (T-\d+)`)

const refund = "https://help.example.com/refund"

// fault is what befalls a call.
func (on *assembly) fault(method string, done bool) (f slacktest.Fault) {
	f.Status, f.RetryAfter, f.Cut = on.befall(method, done)
	return f
}

// start begins the next conversation, as soon as there is a seat.
func (on *assembly) start(ctx context.Context) {
	on.begin(ctx, func(t *exchange) {
		t.asker = on.slack.AddUser(slacktest.User{Name: fmt.Sprint("asker", t.number)})
		t.channel = on.slack.AddChannel(slacktest.Channel{Name: fmt.Sprint("help-", t.number), Members: []string{t.asker}, BotIn: true})
	}, on.converse)
}

// converse has one conversation: questions in a channel and in private, a ticket
// that an agent takes, words in both directions, and the end.
func (on *assembly) converse(ctx context.Context, t *exchange) error {
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
	t.here = here
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
func (on *assembly) contact(ctx context.Context, t *exchange, here string) error {
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
	at := map[string][]stood{} // ours, by place
	var whispers []stood
	deliveries := map[string]bool{}
	for _, ch := range on.slack.Channels() {
		for _, m := range on.slack.Messages(ch.ID) {
			switch {
			case m.User != on.slack.Bot():
			case m.Only != "":
				whispers = append(whispers, stood{m.TS, m.Text, m.Only})
			default:
				at[ch.ID+"/"+under(m)] = append(at[ch.ID+"/"+under(m)], stood{m.TS, m.Text, ""})
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
			v.double("in %s, which nobody expects: %q", place, m.text)
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
