package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/adapters/slack/slacktest"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
)

// gapWorld has two watched channels, of which the bot is removed from one, and
// a desk.
const gapWorld = `
overheard: {channels: ["here:#watched", "here:#gone"], wait: 10m, max_age: 30m}
desks: [{name: support, channels: ["desk:#desk"]}]
`

// A mortal store dies: from then on nothing is kept, as of a program that was
// killed.
type mortal struct {
	*redis.Store
	before func(chat.Event) // an event is accepted
	dead   atomic.Bool
}

func (m *mortal) alive() error {
	if m.dead.Load() {
		return spool.ErrUnavailable
	}
	return nil
}

func (m *mortal) Accept(ctx context.Context, e chat.Event, now time.Time) (bool, error) {
	m.before(e)
	if err := m.alive(); err != nil {
		return false, err
	}
	return m.Store.Accept(ctx, e, now)
}

func (m *mortal) Lease(ctx context.Context, now time.Time, d time.Duration) (spool.Work, error) {
	if err := m.alive(); err != nil {
		return spool.Work{}, err
	}
	return m.Store.Lease(ctx, now, d)
}

func (m *mortal) LeaseReply(ctx context.Context, platform string, pace chat.Pace, now time.Time, d time.Duration) (spool.Letter, error) {
	if err := m.alive(); err != nil {
		return spool.Letter{}, err
	}
	return m.Store.LeaseReply(ctx, platform, pace, now, d)
}

func (m *mortal) Finish(ctx context.Context, w spool.Work, o spool.Outcome, now time.Time) error {
	if err := m.alive(); err != nil {
		return err
	}
	return m.Store.Finish(ctx, w, o, now)
}

func (m *mortal) Delivered(ctx context.Context, l spool.Letter, r chat.Receipt, now time.Time) error {
	if err := m.alive(); err != nil {
		return err
	}
	return m.Store.Delivered(ctx, l, r, now)
}

func (m *mortal) Postpone(ctx context.Context, l spool.Letter, until, now time.Time) error {
	if err := m.alive(); err != nil {
		return err
	}
	return m.Store.Postpone(ctx, l, until, now)
}

func (m *mortal) Advance(ctx context.Context, platform string, cursors map[string]string) error {
	if err := m.alive(); err != nil {
		return err
	}
	return m.Store.Advance(ctx, platform, cursors)
}

func (m *mortal) LetGo(ctx context.Context, name, owner string) error {
	if err := m.alive(); err != nil {
		return err
	}
	return m.Store.LetGo(ctx, name, owner)
}

// A gap is a while in which people talk and nobody listens.
type gap struct {
	*workspace
	began string         // ts
	want  map[string]int // our messages since, by channel/thread
}

// where names a conversation: a thread, or direct messages without one.
func where(channel, thread string) string { return channel + "/" + thread }

func (g *gap) say(user, channel, thread, text string) string {
	g.t.Helper()
	ts, err := g.slack.Say(user, channel, thread, text)
	if err != nil {
		g.t.Fatal(err)
	}
	return ts
}

func (g *gap) mention() string { return "<@" + g.slack.Bot() + "> " }

// direct has someone write a direct message, or on in a thread of them, that
// wants an answer.
func (g *gap) direct(user, thread, text string) string {
	channel := g.slack.Direct(user)
	ts := g.say(user, channel, thread, text)
	switch {
	case thread != "":
		g.want[where(channel, thread)]++
	case g.config.Slack.AgentView:
		g.want[where(channel, ts)]++
	default:
		g.want[where(channel, "")]++
	}
	return ts
}

// heard are our messages since the gap began that others can read, by
// channel/thread.
func (g *gap) heard() map[string]int {
	found := map[string]int{}
	for _, m := range g.all() {
		if m.User == g.slack.Bot() && m.Only == "" && m.TS > g.began && m.Subtype == "" {
			found[where(m.Channel, m.Thread)]++
		}
	}
	return found
}

// judge wants each answer once, and nothing else.
func (g *gap) judge(when string) {
	g.t.Helper()
	if err := g.quiet(); err != nil {
		g.t.Fatal(err)
	}
	found := g.heard()
	at := func(place string) (said []string) {
		channel, thread, _ := strings.Cut(place, "/")
		for _, m := range g.slack.Messages(channel) {
			if thread == "" || m.TS == thread || m.Thread == thread {
				said = append(said, fmt.Sprintf("%s %s %s: %.80q", m.TS, m.User, m.Only, m.Text))
			}
		}
		return said
	}
	for _, place := range slices.Sorted(maps.Keys(g.want)) {
		if n := found[place]; n != g.want[place] {
			g.t.Errorf("%s: %d of our messages in %s, want %d:\n%s", when, n, place, g.want[place], strings.Join(at(place), "\n"))
		}
		delete(found, place)
	}
	for place, n := range found {
		g.t.Errorf("%s: %d of our messages in %s, want none:\n%s", when, n, place, strings.Join(at(place), "\n"))
	}
	if len(g.slack.Violations()) > 0 {
		g.t.Errorf("%s: Slack minds %q", when, g.slack.Violations())
	}
}

// catchUp starts the program and waits until it has caught up.
func (g *gap) catchUp(store spool.Store) *runningProgram {
	g.t.Helper()
	const done = "caught up with what was said meanwhile"
	before := strings.Count(g.journal.String(), done)
	p := g.launch(store)
	g.await("it has caught up", func() bool { return strings.Count(g.journal.String(), done) > before })
	return p
}

// A talk that is open when the gap begins.
type openTalk struct{ user, channel, thread string }

// TestCatchUp lets people talk for two hours while nobody listens and Slack
// gives up on every event. Then each of them who spoke to the bot is answered
// once, where they spoke, whatever befalls the program that catches up.
func TestCatchUp(t *testing.T) {
	tests := []struct {
		name   string
		byHTTP bool
		ends   bool // the program is told to stop midway
		dies   bool // it is killed there
		two    bool // two programs start at once
	}{
		{name: "Socket Mode"},
		{name: "HTTP", byHTTP: true},
		{name: "told to stop midway", ends: true},
		{name: "told to stop midway, HTTP", ends: true, byHTTP: true},
		{name: "killed midway", dies: true},
		{name: "killed midway, HTTP", dies: true, byHTTP: true},
		{name: "two at once", two: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			g := &gap{want: map[string]int{}, workspace: newWorkspace(ctx, t, []txtar.File{
				{Name: "signpost.yaml", Data: []byte(gapWorld)}, {Name: "knowledge/refund.md", Data: []byte(oneArticle)},
			}, test.byHTTP)}
			defer func() {
				g.judgeLog(test.dies)
				if err := g.close(); err != nil {
					t.Error(err)
				}
			}()
			g.level = "info"
			recent := g.pass2Hours(g.openTalks())
			g.whileCatchingUp()

			if test.ends || test.dies {
				g.breakOff(test.dies)
			}
			if test.two {
				g.launch(g.store)
			}
			g.parts = g.catchUp(g.store).parts
			g.clock.advance(5 * time.Second) // for what was begun when one was killed, and could not be confirmed at once
			g.judge("after catching up")

			if err := g.pass(11 * time.Minute); err != nil {
				t.Fatal(err)
			}
			maps.Copy(g.want, recent)
			g.judge("after the wait for others to answer")

			for _, p := range g.running {
				if err := p.halt(); err != nil && !test.dies {
					t.Error(err)
				}
			}
			g.clock.advance(time.Minute)
			g.parts = g.catchUp(g.store).parts
			g.judge("after another start")
		})
	}
}

// openTalks are nine conversations in as many channels, each with its asker.
// The second has a ticket. Then everything stops.
func (g *gap) openTalks() (talks []openTalk) {
	g.t.Helper()
	for n := range 9 {
		talk := openTalk{user: slackUser([]string{"asker", "dora", "emil"}[n%3]), channel: g.channel(fmt.Sprint("help-", n+1))}
		talk.thread = g.say(talk.user, talk.channel, "", g.mention()+"how do I get a refund?")
		talks = append(talks, talk)
	}
	direct := g.slack.Direct(slackUser("emil"))
	g.say(slackUser("emil"), direct, g.say(slackUser("emil"), direct, "", "how do I get a refund?"), "and for a cancelled order?")
	if err := g.quiet(); err != nil {
		g.t.Fatal(err)
	}
	dora := talks[1]
	for _, m := range g.slack.Messages(dora.channel) {
		if e := elementOf(m.Blocks, "Contact us"); e.kind == "button" {
			if err := g.slack.Press(dora.user, slacktest.OnMessage(dora.channel, m.TS), e.id); err != nil {
				g.t.Fatal(err)
			}
		}
	}
	if wrong, err := g.slack.Submit(dora.user, nil); err != nil || len(wrong) > 0 {
		g.t.Fatal(wrong, err)
	}
	if err := g.quiet(); err != nil {
		g.t.Fatal(err)
	}
	g.clock.advance(time.Hour) // long enough that nobody would find these talks by chance
	for _, talk := range talks {
		g.say(slackUser("passerby"), talk.channel, "", "good morning, everyone")
	}
	g.say(slackUser("emil"), direct, "", "how do I get a refund?")
	if err := g.quiet(); err != nil {
		g.t.Fatal(err)
	}
	g.clock.advance(time.Second)
	if err := g.running[0].halt(); err != nil {
		g.t.Fatal(err)
	}
	g.began = fmt.Sprint(g.clock.Now().Unix())
	return talks
}

// pass2Hours lets people talk, and returns what else is wanted once nobody has
// answered the questions that were overheard.
func (g *gap) pass2Hours(talks []openTalk) (recent map[string]int) {
	g.t.Helper()
	const times, question = 300, "how do I get a refund?"
	recent = map[string]int{}
	watched, gone, desk := g.channel("watched"), g.channel("gone"), g.channel("desk")
	passerby, emil := slackUser("passerby"), slackUser("emil")
	var later []func() error // edits and deletions
	g.say(passerby, gone, "", g.mention()+question)
	if err := g.slack.Leave(g.slack.Bot(), gone); err != nil {
		g.t.Fatal(err)
	}
	dora := talks[1] // her ticket, and its card
	g.say(dora.user, dora.channel, dora.thread, "It has been a week now.")
	for _, m := range g.slack.Messages(desk) {
		if m.User == g.slack.Bot() && (m.Thread == "" || m.Thread == m.TS) {
			g.say(slackUser("ana"), desk, m.TS, g.mention()+"reply It is on its way.")
			g.want[where(desk, m.TS)] = 2 // her words, and that ana's were delivered
		}
	}
	g.want[where(dora.channel, dora.thread)] = 2 // that hers are added, and the answer
	for n := range times {
		g.clock.advance(2 * time.Hour / times)
		talk := talks[n/10%len(talks)]
		if talk == dora {
			talk = talks[0]
		}
		channel := talks[n%len(talks)].channel
		switch n % 10 {
		case 0:
			g.want[where(channel, g.say(passerby, channel, "", g.mention()+question))] = 1
		case 1:
			g.say(passerby, channel, "", "good morning, everyone")
		case 2:
			ts := g.say(passerby, watched, "", question)
			if n > times*3/4 { // less than half an hour before the end
				recent[where(watched, ts)] = 1
			}
		case 3:
			g.say(talk.user, talk.channel, talk.thread, "how do I get a refund for a cancelled order?")
			g.want[where(talk.channel, talk.thread)]++
		case 4:
			g.say(passerby, talk.channel, talk.thread, "I had that, too.")
		case 5:
			g.direct(emil, "", question)
		case 6:
			g.direct(g.slack.AddUser(slacktest.User{Name: fmt.Sprint("new", n)}), "", question)
		case 7:
			ts := g.say(passerby, channel, "", g.mention()+"good morning")
			later = append(later, func() error { return g.slack.Edit(passerby, channel, ts, g.mention()+question) })
			g.want[where(channel, ts)] = 1
		case 8:
			ts := g.say(passerby, channel, "", g.mention()+question)
			if n%20 < 10 { // something is left in its place
				g.say(emil, channel, ts, "I wonder, too.")
			}
			later = append(later, func() error { return g.slack.Delete(passerby, channel, ts) })
		case 9:
			ts := g.say(emil, channel, "", "has anyone an idea?")
			g.say(passerby, channel, ts, g.mention()+question)
			g.want[where(channel, ts)] = 1
		}
	}
	for _, m := range g.slack.Messages(g.slack.Direct(emil))[:1] { // a thread that began long ago
		g.direct(emil, m.TS, "how do I get a refund for a cancelled order?")
	}
	for range 250 { // more than a page
		g.say(emil, talks[8].channel, "", "you will not believe it")
	}
	for _, do := range later {
		if err := do(); err != nil {
			g.t.Fatal(err)
		}
	}
	g.clock.advance(time.Second)
	return recent
}

// whileCatchingUp has someone speak to the bot when the third channel is read,
// and Slack ask for a pause at the fifth.
func (g *gap) whileCatchingUp() {
	var mu sync.Mutex
	reads := 0
	channel := g.channel("help-4")
	g.slack.Break(func(method string, done bool) (f slacktest.Fault) {
		if method != "conversations.history" || done {
			return f
		}
		mu.Lock()
		reads++
		n := reads
		mu.Unlock()
		switch n {
		case 3:
			ts, err := g.slack.Say(slackUser("asker"), channel, "", g.mention()+"how do I get a refund?")
			if err != nil {
				g.t.Error(err)
			}
			g.want[where(channel, ts)] = 1
		case 5:
			f.Status, f.RetryAfter = 429, time.Second
		}
		return f
	})
}

// breakOff starts the program, and ends it when it has caught up with a hundred
// messages. Two minutes later nobody waits for it any more.
func (g *gap) breakOff(kill bool) {
	g.t.Helper()
	halfway, ended := make(chan struct{}), make(chan struct{})
	var left atomic.Int32
	left.Store(100)
	store := &mortal{Store: g.store, before: func(e chat.Event) {
		if strings.HasPrefix(string(e.ID), "slack:history/") && left.Add(-1) == 0 {
			close(halfway)
			<-ended
		}
	}}
	p := g.launch(store)
	select {
	case <-halfway:
	case <-g.ctx.Done():
		g.t.Fatalf("it never got halfway:\n%s", &g.journal)
	}
	store.dead.Store(kill)
	p.stop()
	close(ended)
	if err := p.halt(); err != nil && !kill {
		g.t.Error(err)
	}
	g.clock.advance(2 * time.Minute)
}

// judgeLog wants the channel that cannot be read named with its mend, and no
// other complaint, unless the program was killed.
func (g *gap) judgeLog(killed bool) {
	named := false
	for line := range strings.Lines(g.journal.take()) {
		switch {
		case strings.Contains(line, "a channel cannot be read") && strings.Contains(line, "channel="+slackChannel("gone")):
			named = strings.Contains(line, "mend=\"invite the app to the channel")
		case !killed && (strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR")):
			g.t.Errorf("the program logged: %s", line)
		}
	}
	if !named {
		g.t.Error("nobody is told of the channel that cannot be read")
	}
}
