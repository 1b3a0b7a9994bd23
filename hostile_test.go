package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// hostileWorld has a desk whose tickets dan, of another desk, has no business
// with.
const hostileWorld = `desks:
  - name: support
    audiences: [buyer]
    channels: ["desk:#desk", "here:#office"]
  - name: sales
    agents: ["here:dan"]
    audiences: [creator]
`

// secret stands in everything internal.
const secret = "she-is-lying"

// pinging is a name and a text that calls people on either platform.
const pinging = "@everyone <!channel> <!here> <@U1> <@!1> <@&2> <#C1> discord.gg/x **x** [y](https://evil.example)"

// verbsOf lists every verb of the bot's table, as its sources name them.
func verbsOf(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("bot/*.go")
	if err != nil {
		t.Fatal(err)
	}
	verb := regexp.MustCompile(`\b(?:ask|ticket|deskVerb|button|entry|menu)\("(\w+)"|Verb: "(\w+)"`)
	var verbs []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range verb.FindAllSubmatch(source, -1) {
			verbs = append(verbs, string(m[1])+string(m[2]))
		}
	}
	slices.Sort(verbs)
	verbs = slices.Compact(verbs)
	signpost, err := bot.New(behaviour(loaded(t, "")), bot.Parts{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range signpost.Commands() {
		if c.Verb != "" && !slices.Contains(verbs, c.Verb) {
			t.Fatalf("%s is not among the verbs %q", c.Verb, verbs)
		}
	}
	return verbs
}

// TestHostile lets an asker, and people who are no agents of the desk, try
// every door to a ticket with forged and replayed payloads. Nothing of it
// changes, nothing internal is shown, all answers are for them alone, and
// nobody is pinged.
func TestHostile(t *testing.T) {
	verbs := verbsOf(t)
	for _, pair := range [][]manners{{alpha, beta}, {beta, alpha}} {
		t.Run(pair[0].name+"+"+pair[1].name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			h := openHouse(ctx, t, []txtar.File{
				{Name: "signpost.yaml", Data: []byte(hostileWorld)}, {Name: "knowledge/refund.md", Data: []byte(oneArticle)},
			}, pair...)
			defer func() {
				if err := h.close(); err != nil {
					t.Error(err)
				}
			}()
			x := &hostile{t: t, ctx: ctx, house: h, sim: h.sims[0]}
			x.prepare()
			for _, who := range x.attackers() {
				for _, verb := range verbs {
					entries := []string{"3"}
					if slices.Contains([]string{"undo", "rewrite", "unsend", "read"}, verb) {
						entries = []string{"", "-1", "1", "2", "3", "4", "1e9", "999999999999"}
					}
					for _, entry := range entries {
						x.attack(who, chat.Event{Kind: chat.Press, Action: chat.Do(verb, "T-1", entry)})
						x.attack(who, chat.Event{Kind: chat.Submit, Action: chat.Do(verb, "T-1", entry), Values: map[string]string{
							"text": pinging, "question": strings.Repeat("x\x00\u202e", 2000), "topic": "staff", "ticket": "T-1", "entry": entry, "agent": "ana", "note": pinging,
						}})
					}
					x.attack(who, chat.Event{Kind: chat.Press, Action: chat.Do(verb, string(x.talk))})
					x.attack(who, chat.Event{Kind: chat.Slash, Door: "ticket", Text: verb + " T-1 " + pinging})
					x.attack(who, chat.Event{Kind: chat.Menu, Action: chat.Do(verb), Message: "m1"})
					for _, channel := range x.threads {
						x.attack(who, chat.Event{Kind: chat.Message, Mentioned: true, Addressed: true, Place: channel, Text: verb + " " + pinging})
					}
					x.judge(who, verb)
				}
				for _, emoji := range []string{"👀", "eyes", "✅", "🚨", "white_check_mark"} {
					for _, m := range x.sim.see(who.Account) {
						x.attack(who, chat.Event{Kind: chat.Reaction, Place: m.place, Message: m.id, Emoji: emoji})
					}
				}
				for _, channel := range x.threads { // an edit of what an agent said
					x.attack(who, chat.Event{Kind: chat.Edit, Mentioned: true, Place: channel, Message: x.reply, Stamp: "9", Text: "reply " + pinging})
				}
				x.judge(who, "emoji and edits")
			}
		})
	}
}

// A hostile is whoever attacks, and what they attack.
type hostile struct {
	*house
	t       *testing.T
	ctx     context.Context
	sim     *simulated
	talk    chat.ConversationID
	threads []chat.Place
	reply   chat.MessageID
	before  string // the ticket, as it was prepared
	count   int
}

func (x *hostile) sender(sim *simulated, name string) chat.Sender {
	return chat.Sender{Account: chat.NewAccountID(sim.name, "w", name), Name: name, Locale: "en"}
}

func (x *hostile) do(e chat.Event) {
	x.t.Helper()
	if err := x.events.Accept(x.ctx, e); err != nil {
		x.t.Fatal(err)
	}
	if err := x.quiet(x.ctx); err != nil {
		x.t.Fatal(err)
	}
	x.clock.advance(time.Millisecond)
}

// prepare opens the asker's ticket, held by ana, with something internal
// wherever there can be.
func (x *hostile) prepare() {
	x.t.Helper()
	working := x.sims[1]
	asker, ana := x.sender(x.sim, "asker"), x.sender(working, "ana")
	e, _ := x.sim.say(asker, chat.Direct(asker.Account), "where is my refund?")
	x.do(e)
	for _, m := range x.sim.see(asker.Account) {
		if press, err := x.sim.press(asker, m, "Contact us"); err == nil {
			x.talk = chat.ConversationID(press.Action.Arg(0))
			x.do(press)
		}
	}
	k := x.ticket()
	for _, channel := range []chat.Place{{Platform: working.name, Workspace: "w", Channel: "#desk"}, {Platform: x.sim.name, Workspace: "w", Channel: "#office"}} {
		for _, sim := range x.sims {
			for _, m := range sim.see("") {
				if m.by == nil && m.place == channel {
					thread := channel
					thread.Thread = string(m.id)
					x.threads = append(x.threads, thread)
				}
			}
		}
	}
	if len(x.threads) != 2 {
		x.t.Fatalf("%s has %d cards", k.ID, len(x.threads))
	}
	for _, text := range []string{"claim", "note " + secret, "reply It left on Monday.", "label add " + secret} {
		e, m := working.say(ana, x.threads[0], "@signpost "+text)
		if strings.HasPrefix(text, "reply") {
			x.reply = m.id
		}
		x.do(e)
	}
	e, _ = working.say(ana, x.threads[0], "between us: "+secret)
	x.do(e)
	x.before = x.stored()
	for _, sim := range x.sims {
		sim.looked()
	}
}

func (x *hostile) ticket() desk.Ticket {
	x.t.Helper()
	k, err := x.store.Ticket(x.ctx, "T-1")
	if err != nil {
		x.t.Fatal(err)
	}
	return k.Value
}

func (x *hostile) stored() string {
	x.t.Helper()
	text, err := json.Marshal(x.ticket())
	if err != nil {
		x.t.Fatal(err)
	}
	return string(text)
}

// attackers are people who may nothing, whatever they call themselves; other
// ones on either platform.
func (x *hostile) attackers() []chat.Sender {
	eve := x.sender(x.sim, "eve")
	eve.Name, eve.Roles, eve.Groups = "ana", []string{"ana", "agents", "support"}, []string{"ana", "agents", "support"}
	mallory := x.sender(x.sim, "mallory")
	mallory.Name = pinging + strings.Repeat("x", 5000)
	stranger := x.sender(x.sim, "stranger")
	stranger.External = true
	robot := x.sender(x.sims[1], "robot")
	robot.Bot = true
	if x.sim.name == alpha.name {
		return []chat.Sender{x.sender(x.sim, "asker"), x.sender(x.sim, "dan"), eve}
	}
	return []chat.Sender{stranger, mallory, robot}
}

// own are what an asker may do to their own ticket, and what is about nobody's.
var own = []string{"add", "cancel", "contact", "help", "status"}

// attack hands an event over twice.
func (x *hostile) attack(who chat.Sender, e chat.Event) {
	x.t.Helper()
	if len(e.Action.String()) > chat.MaxAction {
		return // it does not come through any adapter
	}
	verb := e.Action.Verb
	if who.Account.User() == "asker" && slices.Contains(own, verb) {
		return
	}
	home := x.sim
	if who.Account.Platform() != home.name {
		home = x.sims[1]
	}
	if e.Place == (chat.Place{}) {
		e.Place = chat.Place{Platform: home.name, Workspace: "w", Channel: "#help"}
	}
	e.From, e.At, e.Addressed = who, x.clock.Now(), e.Kind != chat.Reaction && e.Kind != chat.Edit
	if e.Kind == chat.Message {
		x.count++
		e.Message = chat.MessageID(fmt.Sprint("hostile", x.count))
	}
	x.count++
	e.ID = chat.EventID(fmt.Sprint("hostile:", x.count))
	if e.Kind == chat.Press || e.Kind == chat.Slash || e.Kind == chat.Menu {
		form, err := x.bot.Open(x.ctx, e)
		if err != nil {
			x.t.Fatal(err)
		}
		agents := []string{"reply", "note", "rewrite", "resolve", "reply_anyway"}
		if text, _ := json.Marshal(form); strings.Contains(string(text), secret) || form != nil && slices.Contains(agents, verb) {
			x.t.Errorf("%s opens a form with %s: %s", who.Account, verb, text)
		}
	}
	for range 2 {
		if err := x.events.Accept(x.ctx, e); err != nil {
			x.t.Fatal(err)
		}
	}
}

// judge looks at what has come of someone's attacks.
func (x *hostile) judge(who chat.Sender, what string) {
	x.t.Helper()
	// A round that came due must be over: the clock goes on past its lease.
	if err := errors.Join(x.events.Fire(x.ctx), x.quiet(x.ctx)); err != nil {
		x.t.Fatal(err)
	}
	// The store forgets which events it knows, so that it stays quick.
	x.clock.advance(spool.Remembered + time.Hour)
	for n := 1; n > 0; {
		var err error
		if n, err = x.store.Trim(x.ctx, spool.Retention{}, x.clock.Now()); err != nil {
			x.t.Fatal(err)
		}
	}
	if after := x.stored(); after != x.before {
		x.t.Fatalf("%s by %s changed the ticket\n%s\nto\n%s", what, who.Account, x.before, after)
	}
	for _, sim := range x.sims {
		for _, n := range sim.looked() {
			if strings.Contains(n.text, secret) {
				x.t.Errorf("%s by %s shows %q", what, who.Account, n.text)
			}
			// Details are a question of their own, and asked where everyone reads it.
			if reader := sim.readBy(&n.posted); reader != who.Account && (what != "details" || reader != "") {
				x.t.Errorf("%s by %s is answered to %q in %s: %q", what, who.Account, reader, n.place, n.text)
			}
		}
	}
}
