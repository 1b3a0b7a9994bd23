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

	"github.com/signpost-bot/signpost/adapters/discord/discordtest"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
)

// An absence is a while in which people talk on Discord and nobody listens.
type absence struct {
	*guild
	began string         // the id of the last message before it
	want  map[string]int // our messages since, by where they stand
}

// whereTo names what a message is an answer to: the place, and the message that
// it replies to if it does.
func whereTo(channel, message string) string { return channel + "/" + message }

func (g *absence) say(user, channel, text string) string {
	g.t.Helper()
	id, err := g.discord.Say(user, channel, text)
	if err != nil {
		g.t.Fatal(err)
	}
	return id
}

func (g *absence) mention() string { return "<@" + g.discord.Bot() + "> " }

// answered is where the answer to what was asked in a channel is wanted.
func (g *absence) answered(channel, message string) string {
	if g.config.Discord.Answers == "thread" {
		return whereTo(message, "")
	}
	return whereTo(channel, message)
}

// ask has someone ask in a channel, and wants an answer.
func (g *absence) ask(user, channel, text string) string {
	g.t.Helper()
	id := g.say(user, channel, g.mention()+text)
	g.want[g.answered(channel, id)]++
	return id
}

// tell has someone say something where an answer is wanted to whatever they
// say: in a thread, or directly.
func (g *absence) tell(user, channel, text string) {
	g.t.Helper()
	g.say(user, channel, text)
	g.want[whereTo(channel, "")]++
}

// thread opens a thread in a channel, in which someone has asked.
func (g *absence) thread(user, channel, name string) string {
	g.t.Helper()
	id, err := g.discord.OpenThread(user, channel, name, false)
	if err != nil {
		g.t.Fatal(err)
	}
	g.say(user, id, g.mention()+"how do I get a refund?")
	return id
}

// heard are our messages since the absence began, by where they stand.
func (g *absence) heard() map[string]int {
	found := map[string]int{}
	for _, m := range g.all() {
		if m.Author == g.discord.Bot() && chat.Later(m.ID, g.began) == m.ID && m.ID != g.began && len(m.Components) > 0 {
			found[whereTo(m.Channel, m.ReplyTo)]++
		}
	}
	return found
}

// judge wants each answer once, and nothing else.
func (g *absence) judge(when string) {
	g.t.Helper()
	if err := g.quiet(); err != nil {
		g.t.Fatal(err)
	}
	found := g.heard()
	for _, place := range slices.Sorted(maps.Keys(g.want)) {
		if n := found[place]; n != g.want[place] {
			g.t.Errorf("%s: %d of our messages to %s, want %d:\n%s", when, n, place, g.want[place], g.said(place))
		}
		delete(found, place)
	}
	for place, n := range found {
		g.t.Errorf("%s: %d of our messages to %s, want none:\n%s", when, n, place, g.said(place))
	}
	for _, v := range g.discord.Violations() {
		g.t.Errorf("%s: Discord minds: %s", when, v)
	}
}

// said is what stands in a place, the newest last.
func (g *absence) said(place string) string {
	channel, _, _ := strings.Cut(place, "/")
	var lines []string
	for _, m := range g.discord.Messages(channel) {
		s, _ := g.see(m)
		lines = append(lines, fmt.Sprintf("%s %s to %q: %.80q", m.ID, g.name(m.Author), m.ReplyTo, s.text))
	}
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}

// catchUp starts the program and waits until it has caught up.
func (g *absence) catchUp(store spool.Store) *runningProgram {
	g.t.Helper()
	const done = "caught up with what was said meanwhile"
	before := strings.Count(g.journal.String(), done)
	p := g.launch(store)
	g.await("it has caught up", func() bool { return strings.Count(g.journal.String(), done) > before })
	return p
}

// TestCatchUpOnDiscord lets people talk for two hours while nobody listens and
// Discord forgets the session. Then each of them who spoke to the bot is
// answered once, where they spoke, whatever befalls the program that catches up.
func TestCatchUpOnDiscord(t *testing.T) {
	tests := []struct {
		name    string
		threads bool // questions are answered in threads
		ends    bool // the program is told to stop midway
		dies    bool // it is killed there
		two     bool // two programs start at once
	}{
		{name: "replies"},
		{name: "threads", threads: true},
		{name: "told to stop midway", ends: true},
		{name: "killed midway", dies: true},
		{name: "killed midway, threads", dies: true, threads: true},
		{name: "two at once", two: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			answers := "reply"
			if test.threads {
				answers = "thread"
			}
			g := &absence{want: map[string]int{}, guild: newGuild(ctx, t, discordtest.Options{MessageContent: true}, config.Discord{Mode: "gateway", Answers: answers}, []txtar.File{
				{Name: "signpost.yaml", Data: []byte(gapWorld)}, {Name: "knowledge/refund.md", Data: []byte(oneArticle)},
			})}
			defer func() {
				g.judgeLog(test.dies)
				if err := g.close(); err != nil {
					t.Error(err)
				}
			}()
			g.level = "info"
			late := g.pass2Hours(g.openTalks())
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
			g.want[late]++
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

// The talks that are open when an absence begins.
type openTalks struct {
	channels []string // nine, with a talk in a thread of each
	threads  []string
	askers   []string // of each
	ticket   string   // the thread in which there is one, dora's
	card     string   // its card's thread, which is ana's
}

// openTalks are nine conversations in threads of as many channels. One has a
// ticket, which ana holds: the bot was the first to write to her. Then
// everything stops.
func (g *absence) openTalks() (talks openTalks) {
	g.t.Helper()
	settle := func() {
		g.t.Helper()
		if err := g.quiet(); err != nil {
			g.t.Fatal(err)
		}
	}
	for n := range 9 {
		asker := g.people[[]string{"asker", "emil"}[n%2]]
		channel := g.channel(fmt.Sprint("#help-", n+1))
		talks.channels, talks.askers = append(talks.channels, channel), append(talks.askers, asker)
		talks.threads = append(talks.threads, g.thread(asker, channel, "refunds"))
	}
	emil, dora, ana := g.people["emil"], g.people["dora"], g.people["ana"]
	g.say(emil, g.discord.Direct(emil), "how do I get a refund?")
	talks.ticket = g.thread(dora, g.channel("#help-10"), "mine")
	settle()
	for _, m := range g.discord.Messages(talks.ticket) {
		s, err := g.see(m)
		if err != nil {
			g.t.Fatal(err)
		}
		if i := slices.IndexFunc(s.offers, func(o offer) bool { return o.label == "Contact us" }); i >= 0 {
			if err := g.discord.Press(dora, talks.ticket, m.ID, s.offers[i].id); err != nil {
				g.t.Fatal(err)
			}
		}
	}
	settle()
	if err := g.discord.Submit(dora, nil); err != nil {
		g.t.Fatal(err)
	}
	settle()
	desk := g.channel("#desk")
	for _, m := range g.discord.Messages(desk) {
		if m.Author == g.discord.Bot() {
			thread, err := g.discord.StartThread(ana, desk, m.ID, "T-1")
			if err != nil {
				g.t.Fatal(err)
			}
			talks.card = thread
		}
	}
	g.say(ana, talks.card, g.mention()+"claim")
	settle()
	g.say(dora, talks.ticket, "It has been a day now.") // which ana is told directly
	settle()
	if n := len(g.discord.Messages(g.discord.Direct(ana))); n == 0 {
		g.t.Fatal("nobody has told ana")
	}
	if err := g.running[0].halt(); err != nil {
		g.t.Fatal(err)
	}
	// An hour later, long enough that nobody would find these talks by chance,
	// it runs again: its clock does not jump.
	g.clock.advance(time.Hour)
	g.parts = g.catchUp(g.store).parts
	for _, channel := range talks.channels {
		g.say(g.people["passerby"], channel, "good morning, everyone")
	}
	settle()
	if err := g.running[1].halt(); err != nil {
		g.t.Fatal(err)
	}
	g.clock.advance(time.Second)
	g.began = g.say(g.people["passerby"], talks.channels[0], "is anyone here?")
	return talks
}

// pass2Hours lets people talk, and returns where an answer is wanted once nobody
// has answered what was overheard last.
func (g *absence) pass2Hours(talks openTalks) (late string) {
	g.t.Helper()
	const times, question = 300, "how do I get a refund?"
	watched, gone := g.channel("#watched"), g.channel("#gone")
	passerby, emil, dora, ana := g.people["passerby"], g.people["emil"], g.people["dora"], g.people["ana"]
	var later []func() error // edits, deletions, and threads that are put away
	g.say(passerby, gone, g.mention()+question)
	deny := discordtest.Overwrite{ID: g.discord.BotRole(), Deny: discordtest.ViewChannel | discordtest.ReadMessageHistory}
	if err := g.discord.Overwrite(gone, deny); err != nil {
		g.t.Fatal(err)
	}
	g.say(dora, talks.ticket, "It has been a week now.")
	g.say(ana, talks.card, g.mention()+"reply It is on its way.")
	g.tell(ana, g.discord.Direct(ana), question)
	g.want[whereTo(talks.ticket, "")] = 1        // the answer
	g.want[whereTo(talks.card, "")] = 2          // her words, and that ana's were delivered
	g.want[whereTo(g.discord.Direct(ana), "")]++ // hers, too
	for n := range times {
		g.clock.advance(2 * time.Hour / times)
		talk := n / 10 % len(talks.threads)
		channel := talks.channels[n%len(talks.channels)]
		switch n % 10 {
		case 0:
			g.ask(passerby, channel, question)
		case 1:
			g.say(passerby, channel, "good morning, everyone")
		case 2:
			if n < times*3/4 { // half an hour before the end
				g.say(passerby, watched, question)
			}
		case 3:
			g.tell(talks.askers[talk], talks.threads[talk], "how do I get a refund for a cancelled order?")
		case 4:
			g.say(passerby, talks.threads[talk], "I had that, too.")
		case 5:
			g.tell(emil, g.discord.Direct(emil), question)
		case 6:
			if err := g.discord.React(passerby, channel, g.say(passerby, channel, "has anyone seen this?"), "👍"); err != nil {
				g.t.Fatal(err)
			}
		case 7:
			id := g.ask(passerby, channel, "good morning")
			later = append(later, func() error { return g.discord.Edit(passerby, channel, id, g.mention()+question) })
		case 8:
			id := g.say(passerby, channel, g.mention()+question)
			later = append(later, func() error { return g.discord.Delete(passerby, channel, id) })
		case 9:
			id, err := g.discord.OpenThread(emil, channel, "ideas", false)
			if err != nil {
				g.t.Fatal(err)
			}
			g.say(emil, id, "has anyone an idea?")
			g.tell(passerby, id, g.mention()+question)
			g.tell(passerby, id, "how do I get a refund for a cancelled order?") // in the same millisecond
		}
	}
	for range 250 { // more than a page
		g.say(emil, talks.channels[8], "you will not believe it")
	}
	for n, thread := range talks.threads[:4] { // found all the same
		later = append(later, func() error { return g.discord.ArchiveThread(talks.askers[n], thread, false) })
	}
	for _, do := range later {
		if err := do(); err != nil {
			g.t.Fatal(err)
		}
	}
	id := g.say(passerby, watched, question)
	g.clock.advance(time.Second)
	if g.config.Discord.Answers == "thread" {
		return whereTo(id, "")
	}
	return whereTo(watched, id)
}

// whileCatchingUp has someone speak to the bot when the third channel is read,
// and Discord ask for a pause at the fifth.
func (g *absence) whileCatchingUp() {
	var mu sync.Mutex
	reads := 0
	channel := g.channel("#help-4")
	g.discord.Break(func(method, route string, done bool) (f discordtest.Fault) {
		if method != "GET" || route != "/channels/{channel_id}/messages" || done {
			return f
		}
		mu.Lock()
		reads++
		n := reads
		mu.Unlock()
		switch n {
		case 3:
			g.ask(g.people["asker"], channel, "how do I get a refund?")
		case 5:
			f.Status, f.RetryAfter = 429, time.Second
		}
		return f
	})
}

// breakOff starts the program, and ends it when it has caught up with a hundred
// messages. Two minutes later nobody waits for it any more.
func (g *absence) breakOff(kill bool) {
	g.t.Helper()
	halfway, ended := make(chan struct{}), make(chan struct{})
	var left atomic.Int32
	left.Store(100)
	store := &mortal{Store: g.store, before: func(chat.Event) {
		if left.Add(-1) == 0 {
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
func (g *absence) judgeLog(killed bool) {
	named := false
	for line := range strings.Lines(g.journal.take()) {
		switch {
		case strings.Contains(line, "a channel cannot be read") && strings.Contains(line, "channel="+g.channel("#gone")):
			named = strings.Contains(line, "mend=\"let the bot see the channel")
		case strings.Contains(line, "the session is not valid"): // after so long
		case !killed && (strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR")):
			g.t.Errorf("the program logged: %s", line)
		}
	}
	if !named {
		g.t.Error("nobody is told of the channel that cannot be read")
	}
}
