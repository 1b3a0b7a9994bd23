package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/adapters/discord"
	"github.com/signpost-bot/signpost/adapters/discord/discordtest"
	"github.com/signpost-bot/signpost/bot/chat"
)

// discordShare is how many times fewer events a fault has on Discord: each of
// them is several calls, and is waited for.
const discordShare = 4

// onDiscord are the faults in which the platform is a Discord.
var onDiscord = []fault{
	{name: "discord: bot: kill -9", discord: &climate{}, kills: true, strike: killOnDiscord},
	{name: "discord: bot: kill -9 of one of two", discord: &climate{}, programs: 2, strikes: 3, strike: killProgram},
	{name: "discord: redis: kill -9, appendfsync always", discord: &climate{}, form: fsyncAlways, kills: true, strike: killRedis},
	{name: "discord: 429", discord: &climate{limited: 0.1}},
	{name: "discord: 500 and 503", discord: &climate{failing: 0.1}},
	{name: "discord: cut before and after the deed", discord: &climate{cut: 0.1}},
	{name: "discord: gateway: reconnect, invalid session, closed, cut", discord: &climate{}, strikes: 9, strike: endGateway},
	{name: "discord: gateway: no HELLO", discord: &climate{}, strikes: 1, strike: withholdHello},
	{name: "discord: down for long", discord: &climate{}, strikes: 1, strike: discordDown},
	{name: "discord: storm", discord: &climate{limited: 0.05, failing: 0.03, cut: 0.03}, programs: 2},
}

// killOnDiscord kills a program, and cuts the half a minute short for which its
// shard is still held: who comes next would only wait.
func killOnDiscord(ctx context.Context, a *arena) error {
	rest(ctx, 2*time.Second) // how far a session got is stored once a second
	if err := killProgram(ctx, a); err != nil {
		return err
	}
	return until(ctx, "end of the hold", func(ctx context.Context) error {
		return a.db.ZRem(ctx, prefix+"holds", "discord/shard/0", "discord/catch-up").Err()
	})
}

// endGateway ends the connection, in one of the ways that Discord does.
func endGateway(ctx context.Context, a *arena) error {
	d := a.discord.discord
	switch a.dice.IntN(6) {
	case 0:
		d.Reconnect()
	case 1:
		d.Invalidate(true)
	case 2:
		d.Invalidate(false)
	case 3:
		d.Disconnect(4000)
	case 4:
		d.Kill()
		d.Forget(4009)
	default:
		d.Kill()
	}
	return nil
}

// withholdHello has Discord take connections, and say nothing on them.
func withholdHello(ctx context.Context, a *arena) error {
	a.discord.discord.WithholdHello(true)
	a.discord.discord.Kill()
	rest(ctx, long())
	a.discord.discord.WithholdHello(false)
	return nil
}

// discordDown has every call fail, and no connection come about.
func discordDown(ctx context.Context, a *arena) error {
	a.discord.outage("all")
	a.discord.discord.RefuseSockets(true)
	a.discord.discord.Kill()
	rest(ctx, long())
	a.discord.outage("")
	a.discord.discord.RefuseSockets(false)
	return nil
}

// A gathering are the people of a Discord, and its judge.
type gathering struct {
	*hall
	discord *discordtest.Server

	reading sync.Mutex
	texts   map[string]string // of messages, by id and edit
}

func newGathering(a *arena, c *climate) *gathering {
	s := discordtest.New(discordtest.Options{MessageContent: true, Limit: 200, Seed: *chaosSeed})
	on := &gathering{hall: newHall(c), discord: s, texts: map[string]string{}}
	on.found = func(at, says string, n int) bool { _, ok := on.find(at, says, n); return ok }
	s.Break(func(method, route string, done bool) (f discordtest.Fault) {
		f.Status, f.RetryAfter, f.Cut = on.befall(method+" "+route, done)
		return f
	})
	var agents []string
	for n := range 8 {
		id := s.AddUser(discordtest.User{Name: fmt.Sprint("agent", n)})
		on.agents = append(on.agents, id)
		agents = append(agents, fmt.Sprintf("%q", "discord:"+s.GuildID()+":"+id))
	}
	on.desk = s.AddChannel(discordtest.Channel{Name: "desk"})
	dir := a.t.TempDir()
	on.config = filepath.Join(dir, "signpost.yaml")
	for name, text := range map[string]string{
		on.config: fmt.Sprintf(`
redis: {url: %q}
log: {level: warn}
knowledge: {dir: %q}
discord: {token: %q, api_url: %q, message_content: true}
desks: [{name: support, agents: [%s], channels: ["discord:%s:%s"]}]
`, a.url, filepath.Join(dir, "knowledge"), s.Token(), s.APIURL(), strings.Join(agents, ", "), s.GuildID(), on.desk),
		filepath.Join(dir, "knowledge", "refund.md"): oneArticle,
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o600)); err != nil {
			a.t.Fatal(err)
		}
	}
	return on
}

// run starts a program in the n-th place. People talk only once one was there: a
// bot that comes for the first time does not read what was said before.
func (on *gathering) run(a *arena, n int) error {
	first := len(on.runs) == 0
	if err := on.hall.run(a, n); err != nil || !first {
		return err
	}
	return on.discord.WaitSockets(a.t.Context(), 1)
}

// close ends Discord, and wants no secret in what the programs have logged,
// which have ended.
func (on *gathering) close(t *testing.T) {
	on.discord.Close()
	for _, p := range on.runs {
		if t.Failed() {
			t.Logf("a program logged\n%s", tail(p.errs.String(), 3000))
		}
		for _, secret := range []string{on.discord.Token(), "webhooks/1", "/interactions/1"} {
			if strings.Contains(p.errs.String(), secret) {
				t.Errorf("a secret is in a log: %s…", secret[:5])
			}
		}
	}
}

func (on *gathering) counts() (accepted, under, progress int) {
	calls := 0
	for _, method := range []string{http.MethodPost, http.MethodPatch} {
		calls += on.discord.Called(method, "/channels/{channel_id}/messages") + on.discord.Called(method, "/channels/{channel_id}/messages/{message_id}")
	}
	on.mu.Lock()
	defer on.mu.Unlock()
	return on.events, on.under, on.events + calls
}

// start begins the next conversation, as soon as there is a seat.
func (on *gathering) start(ctx context.Context) {
	on.begin(ctx, func(t *exchange) {
		t.asker = on.discord.AddUser(discordtest.User{Name: fmt.Sprint("asker", t.number)})
		t.channel = on.discord.AddChannel(discordtest.Channel{Name: fmt.Sprint("help-", t.number)})
	}, on.converse)
}

// said is a deed: to say something.
func (on *gathering) said(user, channel, text string) func() error {
	return func() error { _, err := on.discord.Say(user, channel, text); return err }
}

// text is a message as people read it, with its links.
func (on *gathering) text(m discordtest.Message) string {
	on.reading.Lock()
	defer on.reading.Unlock()
	key := m.ID + m.Edited.String()
	if text, known := on.texts[key]; known {
		return text
	}
	var components []any
	if json.Unmarshal(m.Components, &components) != nil {
		return ""
	}
	var s shown
	s.components(object{"components": components})
	on.texts[key] = s.text + strings.Join(s.links, "\n")
	return on.texts[key]
}

// find is the n-th message of ours that says something, in a place.
func (on *gathering) find(at, says string, n int) (discordtest.Message, bool) {
	for _, m := range on.discord.Messages(at) {
		if m.Author == on.discord.Bot() && m.Only == "" && strings.Contains(on.text(m), says) {
			if n--; n == 0 {
				return m, true
			}
		}
	}
	return discordtest.Message{}, false
}

// buttonOf is the id of the button with a label.
func buttonOf(m discordtest.Message, label string) string {
	var components []any
	if json.Unmarshal(m.Components, &components) != nil {
		return ""
	}
	var s shown
	s.components(object{"components": components})
	for _, o := range s.offers {
		if o.label == label {
			return o.id
		}
	}
	return ""
}

// converse has one conversation: questions in a channel and a thread, a ticket
// that an agent takes, words in both directions, and the end. Nobody asks in
// private: whoever does so for the first time while a session is lost is not
// found, for Discord does not list direct messages.
func (on *gathering) converse(ctx context.Context, t *exchange) error {
	const asking, working = "asker", "agent"
	call := "<@" + on.discord.Bot() + "> "
	if err := on.do(t, on.said(t.asker, t.channel, call+"how do I get a refund?"), hope{0, "", t.channel, refund}); err != nil {
		return err
	}
	thread, err := on.discord.OpenThread(t.asker, t.channel, "refunds", false)
	if err != nil {
		return err
	}
	t.here = thread
	for _, question := range []string{call + "how do I get a refund?", "how do I get a refund for a cancelled order?"} {
		if err := on.do(t, on.said(t.asker, thread, question), hope{0, asking, thread, refund}); err != nil {
			return err
		}
	}
	if err := on.see(ctx, t); err != nil {
		return err
	}
	if err := on.contact(ctx, t); err != nil {
		return err
	}
	name := string(t.ticket)
	card := t.card // its thread is called as it is
	// Agents name the ticket: that the card stands is seen before the bot knows it.
	t.whispers = append(t.whispers, name+" is yours.", "Noted on "+name+".", name+" is settled.")
	t.history = append(t.history, "claim")
	if err := on.do(t, on.said(t.agent, card, call+"claim "+name), hope{0, working, thread, "is on " + name + " now"}); err != nil {
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
			on.do(t, on.said(t.agent, card, call+"reply "+name+" "+words), hope{0, working, thread, words}, hope{0, "", card, "Delivered to"}),
			on.do(t, on.said(t.agent, card, call+"note "+name+" "+note)))
	})
	for _, text := range more {
		if err = on.do(t, on.said(t.asker, thread, text), hope{0, asking, card, text}, hope{0, asking, on.discord.Direct(t.agent), text}); err != nil {
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
	if err := on.do(t, on.said(t.agent, card, call+"resolve "+name), hope{0, working, thread, "has settled " + name}); err != nil {
		return err
	}
	return on.see(ctx, t)
}

// contact presses Contact us and sends the form, each again until it works:
// Discord tells a person at once that it did not, and repeats nothing. What the
// bot could not take in it gives back: behind a button, or to be copied.
func (on *gathering) contact(ctx context.Context, t *exchange) error {
	m, _ := on.find(t.here, refund, 2)
	id := buttonOf(m, "Contact us")
	action, err := discord.ParseID(id)
	if err != nil {
		return err
	}
	t.conversation = chat.ConversationID(action.Arg(0))
	opened := func() bool { return on.discord.Modal(t.asker) != nil }
	press := func(message, id string) error {
		for !opened() {
			err := on.try(func() error {
				_ = on.discord.Press(t.asker, t.here, message, id) // it says whether it worked, and so does the form
				return on.shortly(ctx, opened)
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	if err := press(m.ID, id); err != nil {
		return err
	}
	on.expect(t)
	t.opened = true
	question := fmt.Sprintf("where is it (talk %d)?", t.number)
	t.history = append(t.history, "open "+question)
	on.expect(t, hope{0, "asker", t.here, "as ticket T-"}, hope{0, "", on.desk, question})
	given := map[string]bool{} // messages with the form given back, or, where that cannot be had, its words
	back := func() (notice, message, button string) {
		for _, told := range on.discord.Messages(t.here) {
			if told.Only != t.asker || given[told.ID] {
				continue
			}
			if again := buttonOf(told, "Edit"); again != "" {
				return told.ID, told.ID, again
			}
			if strings.Contains(on.text(told), question) {
				return told.ID, m.ID, id
			}
		}
		return "", "", ""
	}
	done := func() bool {
		notice, _, _ := back()
		return notice != "" || on.found(t.here, "as ticket T-", 1)
	}
	for opened() {
		t.sent++
		err := on.try(func() error {
			_ = on.discord.Submit(t.asker, map[string]string{"question": question}) // likewise
			return on.shortly(ctx, func() bool { return !opened() })
		})
		if err != nil {
			return err
		}
		if opened() {
			continue
		}
		if err := on.until(ctx, done); err != nil {
			return err
		}
		if notice, message, id := back(); notice != "" {
			given[notice] = true
			t.sent-- // it was not taken in
			if err := press(message, id); err != nil {
				return err
			}
		}
	}
	if err := on.see(ctx, t); err != nil {
		return err
	}
	told, _ := on.find(t.here, "as ticket T-", 1)
	t.ticket = chat.TicketID(ticketNamed.FindStringSubmatch(on.text(told))[1])
	shown, _ := on.find(on.desk, question, 1)
	t.card = shown.ID
	if _, err := on.discord.StartThread(t.agent, on.desk, t.card, string(t.ticket)); err != nil && ctx.Err() == nil {
		if _, there := on.discord.Channel(t.card); !there { // the bot may have begun it
			return err
		}
	}
	return nil
}

// verdict compares what was hoped for with what stands in Discord and in Redis.
func (on *gathering) verdict(c *census) *verdict {
	on.mu.Lock()
	defer on.mu.Unlock()
	v := &verdict{Events: on.events, Asked: on.discord.Called(http.MethodGet, "/channels/{channel_id}/messages")}
	at := map[string][]stood{} // ours, by place
	var whispers []stood
	var talks []*talk
	for _, ch := range on.discord.Channels() {
		of := "" // the agent whose direct messages these are
		if ch.Kind == discordtest.DM {
			if n := slices.IndexFunc(ch.Members, func(id string) bool { return slices.Contains(on.agents, id) }); n >= 0 {
				of = ch.Members[n]
			}
		}
		for _, m := range on.discord.Messages(ch.ID) {
			text := on.text(m)
			switch {
			case m.Author != on.discord.Bot() || m.Only != "" || text == "":
			case of != "" && on.whispered(of, text):
				whispers = append(whispers, stood{m.ID, text, of})
			default:
				at[ch.ID] = append(at[ch.ID], stood{m.ID, text, ""})
			}
		}
	}
	failed := map[int]bool{} // deeds
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
		ruled := strings.HasPrefix(letter, "reply") && strings.Contains(letter, `"only":"discord:`)
		if ruled {
			given++
		}
		return ruled
	})
	on.judgeWhispers(v, whispers, given)
	v.Outcomes = v.Events - len(failed)
	for _, what := range on.discord.Violations() {
		v.double("Discord minds: %s", what)
	}
	return v
}

// whispered reports whether a text is one that an agent alone is to see. The
// lock is held.
func (on *gathering) whispered(agent, text string) bool {
	return slices.ContainsFunc(on.talks, func(t *exchange) bool {
		return t.agent == agent && slices.ContainsFunc(t.whispers, func(says string) bool { return strings.Contains(text, says) })
	})
}
