package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
)

func init() {
	// Each check opens a store, or plays days at a desk. They are others each time.
	// More: go test -run 'Model|Workday' . -rapid.checks=1000
	if err := flag.Set("rapid.checks", "20"); err != nil {
		panic(err)
	}
}

// A stubLibrary answers everything with the same article.
type stubLibrary struct{}

var theArticle = &knowledge.Article{
	ID: "refund", Lang: "en", Title: "Refunds", URL: "https://help.example.com/refund", Audiences: []string{"buyer"},
	Topic: "refunds", Sections: []knowledge.Section{{Text: "Five days."}},
}

func (stubLibrary) Find(context.Context, knowledge.Question) (knowledge.Answer, error) {
	return knowledge.Answer{
		Intent: knowledge.Asks, Level: knowledge.Sure, Confidence: 1, Lang: "en",
		Matches: []knowledge.Match{{Article: theArticle, Section: &theArticle.Sections[0], Score: 1}},
	}, nil
}

func (stubLibrary) Explain(context.Context, knowledge.Question) (knowledge.Explanation, error) {
	return knowledge.Explanation{}, nil
}

func (stubLibrary) Version() string { return "1" }

func (stubLibrary) Suggest(string, knowledge.Lang, []string, int) []*knowledge.Article { return nil }

func (stubLibrary) Article(id knowledge.ArticleID, _ knowledge.Lang, _ []string) (*knowledge.Article, bool) {
	return theArticle, id == theArticle.ID
}

func (stubLibrary) Topics(string, knowledge.Lang, []string) []knowledge.Topic {
	return []knowledge.Topic{{Name: "refunds", Count: 1}}
}

func (stubLibrary) Browse(string, string, knowledge.Lang, []string) []*knowledge.Article { return nil }

// grace is how long askers may come back; tick is the least time between two
// events.
const (
	grace = 20 * time.Minute
	tick  = time.Second
	hold  = 30 * time.Second
)

// A seat is someone in the tests below, and where they sit.
type seat struct {
	sender chat.Sender
	name   string // as colleagues call them
	place  chat.Place
	alone  bool // nobody else reads there
	lead   bool
}

func newSeat(user, channel string) *seat {
	account := chat.NewAccountID("test", "w", user)
	s := &seat{
		sender: chat.Sender{Account: account, Person: chat.PersonID(account), Name: user, Locale: "en"}, name: user,
		place: chat.Place{Platform: "test", Workspace: "w", Channel: channel},
	}
	if channel == "" {
		s.place, s.alone = chat.Direct(account), true
	}
	return s
}

// A bench is a bot on an embedded store, with a clock that the test moves.
type bench struct {
	store *redis.Store
	bot   *bot.Bot
	inbox *spool.Spool
	now   time.Time
	count int // events so far
}

var began = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

func newBench(agents, leads []string) (*bench, error) {
	b := &bench{now: began}
	var err error
	log := slog.New(slog.DiscardHandler)
	if b.store, err = redis.Embedded(redis.Options{Log: log}); err != nil {
		return nil, err
	}
	b.bot, err = bot.New(bot.Settings{
		Audiences: []bot.Audience{{Name: "buyer"}}, Articles: 3, Misses: 2, Grace: grace,
		Desks: []desk.Desk{{Name: "support", Agents: agents, Leads: leads}},
	}, bot.Parts{Library: func() bot.Library { return stubLibrary{} }, Reader: b.store, Now: func() time.Time { return b.now }, Log: log})
	if err != nil {
		return nil, err
	}
	b.inbox = spool.New(b.store, b.bot, spool.Options{Person: b.bot.Person, Now: func() time.Time { return b.now }, Log: log})
	return b, nil
}

// event completes an event of someone's.
func (b *bench) event(e chat.Event, from *seat) chat.Event {
	b.count++
	b.now = b.now.Add(tick)
	e.ID, e.At, e.From, e.Addressed = chat.EventID(fmt.Sprintf("test:%d", b.count)), b.now, from.sender, true
	if e.Place == (chat.Place{}) {
		e.Place, e.Private = from.place, from.alone
	}
	if e.Kind == chat.Message {
		e.Message = chat.MessageID(fmt.Sprint("m", b.count))
	}
	return e
}

func slash(door, format string, a ...any) chat.Event {
	return chat.Event{Kind: chat.Slash, Door: door, Text: fmt.Sprintf(format, a...)}
}

// A modelTicket is what the model knows of a ticket.
type modelTicket struct {
	ID       chat.TicketID
	State    desk.State
	Holder   chat.PersonID
	Priority desk.Priority
	Opened   time.Time
	Resolved time.Time
	Asker    chat.PersonID
	Labels   []string
	History  []string // what was done, with its words

	number int64
	place  chat.Place // where its asker reads
}

func (k *modelTicket) live() bool {
	return k.State == desk.Open || k.State == desk.Claimed || k.State == desk.Waiting
}

func (k *modelTicket) did(what string, words ...string) {
	k.History = append(k.History, strings.TrimSpace(what+" "+strings.Join(words, " ")))
}

func (k *modelTicket) clone() *modelTicket {
	c := *k
	c.Labels, c.History = slices.Clone(k.Labels), slices.Clone(k.History)
	return &c
}

// A modelConversation is what the model knows of a conversation.
type modelConversation struct {
	id     chat.ConversationID
	asker  *seat
	place  chat.Place
	hidden bool // only its asker sees the answers
	latest time.Time
	ticket chat.TicketID
}

// A deed is an event as the model understands it.
type deed struct {
	event  chat.Event
	by     *seat
	verb   string
	ticket chat.TicketID
	talk   chat.ConversationID
	to     *seat
	words  string
	rank   desk.Priority
}

// An effect is what a deed changes, by the model.
type effect struct {
	ticket *modelTicket       // as it will be; nil: none changes
	opens  bool               // ticket is new, its number still open
	moved  bool               // and goes on in direct messages
	talk   *modelConversation // likewise
	anew   bool               // talk is new: its id is still open
	aside  bool               // and not where its asker goes on
	relay  string             // words that the asker of ticket sees
}

// A model is the desk in plain Go: no store, no versions, no redoing.
type model struct {
	tickets map[chat.TicketID]*modelTicket
	talks   map[chat.ConversationID]*modelConversation
	newest  map[*seat]chat.ConversationID
	head    chat.TicketID // reserved by a `next` that is being handled
}

// queue is what waits, in the order it is worked.
func (m *model) queue() []*modelTicket {
	var open []*modelTicket
	for _, k := range m.tickets {
		if k.State == desk.Open {
			open = append(open, k)
		}
	}
	slices.SortFunc(open, func(a, b *modelTicket) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), a.Opened.Compare(b.Opened), cmp.Compare(a.number, b.number))
	})
	return open
}

// decide says what a deed changes, seen from now. outer: it is the one that
// others may come between, whose reservation lasts.
func (m *model) decide(d deed, now time.Time, outer bool) effect {
	if d.verb == "next" {
		head := m.head
		if !outer || head == "" || m.tickets[head].State != desk.Open {
			head = ""
			for _, k := range m.queue() {
				if k.ID != m.head || outer {
					head = k.ID
					break
				}
			}
		}
		if outer {
			m.head = head
		}
		if head == "" {
			return effect{}
		}
		d.verb, d.ticket = "claim", head
	}
	switch d.verb {
	case "question":
		return m.question(d, now)
	case "contact":
		return m.contact(d, now)
	}
	old := m.tickets[d.ticket]
	if old == nil {
		return effect{}
	}
	k := old.clone()
	own, holds, free := k.Asker == d.by.sender.Person, k.Holder == d.by.sender.Person, k.Holder == ""
	agent := d.by.place.Channel == "desk"
	take := func(s *seat) { k.Holder, k.State = s.sender.Person, desk.Claimed }
	relay := ""
	changed := false
	switch d.verb {
	case "add":
		changed = own && m.add(k, d)
	case "cancel":
		if changed = own && k.live(); changed {
			k.State = desk.Closed
			k.did("cancel")
		}
	case "claim":
		if changed = agent && k.live() && free; changed {
			take(d.by)
			k.did("claim")
		}
	case "release":
		if changed = agent && k.live() && !free && (holds || d.by.lead); changed {
			k.Holder, k.State = "", desk.Open
			k.did("release")
		}
	case "assign":
		if changed = d.by.lead && k.live() && k.Holder != d.to.sender.Person; changed {
			take(d.to)
			k.did("assign", d.to.name)
		}
	case "transfer":
		if changed = agent && k.live() && !free && (holds || d.by.lead) && k.Holder != d.to.sender.Person; changed {
			take(d.to)
			k.did("transfer", d.to.name)
			k.did("note", d.words)
		}
	case "reply", "resolve":
		changed = agent && k.live() && (free || holds || d.by.lead && d.verb == "resolve" && d.words == "")
		if !changed {
			break
		}
		if free {
			take(d.by)
			k.did("claim")
		}
		if d.words != "" {
			k.State, relay = desk.Waiting, d.words
			k.did("reply", d.words)
		}
		if d.verb == "resolve" {
			k.State, k.Resolved = desk.Resolved, now
			k.did("resolve")
		}
	case "note":
		if changed = agent; changed {
			k.did("note", d.words)
		}
	case "close":
		if changed = agent && k.State != desk.Closed && (free || holds || d.by.lead); changed {
			k.State = desk.Closed
			k.did("close", d.words)
		}
	case "reopen":
		if changed = agent && !k.live(); changed {
			k.reopen()
		}
	case "priority":
		if changed = agent && k.live() && k.Priority != d.rank; changed {
			k.Priority = d.rank
			k.did("priority", d.rank.String())
		}
	case "label":
		if changed = agent && !slices.Contains(k.Labels, d.words); changed {
			k.Labels = append(k.Labels, d.words)
			slices.Sort(k.Labels)
			k.did("label", d.words)
		}
	}
	if !changed {
		return effect{}
	}
	return effect{ticket: k, relay: relay}
}

func (k *modelTicket) reopen() {
	k.State, k.Resolved = desk.Open, time.Time{}
	if k.Holder != "" {
		k.State = desk.Claimed
	}
	k.did("reopen")
}

// add takes the asker's words in, if it is not too late.
func (m *model) add(k *modelTicket, d deed) bool {
	switch {
	case k.State == desk.Closed, k.State == desk.Resolved && d.event.At.Sub(k.Resolved) > grace:
		return false
	case k.State == desk.Resolved:
		k.reopen()
	case k.State == desk.Waiting:
		k.State = desk.Claimed
	}
	k.did("add", d.words)
	return true
}

// question is something an asker says: to their ticket, or to the bot.
func (m *model) question(d deed, now time.Time) effect {
	talk := m.talks[m.newest[d.by]]
	if talk != nil && talk.ticket != "" {
		k := m.tickets[talk.ticket].clone()
		if m.add(k, d) {
			return effect{ticket: k}
		}
		talk = nil
	}
	if talk == nil || now.Sub(talk.latest) > time.Hour {
		return m.begin(d, d.by.alone)
	}
	on := *talk
	on.latest = d.event.At
	return effect{talk: &on}
}

func (m *model) begin(d deed, hidden bool) effect {
	return effect{talk: &modelConversation{asker: d.by, place: d.event.Place, hidden: hidden, latest: d.event.At}, anew: true}
}

// contact opens the one ticket of a conversation. A stranger's press is a
// question of their own.
func (m *model) contact(d deed, now time.Time) effect {
	talk := m.talks[d.talk]
	switch {
	case talk == nil:
		return effect{}
	case talk.asker != d.by && talk.hidden:
		return effect{} // nobody else has seen its buttons
	case talk.asker != d.by && d.by.place.Channel != "desk":
		e := m.begin(d, true)
		e.aside = true
		return e
	}
	if k := m.tickets[talk.ticket]; k != nil && k.live() {
		return effect{}
	}
	k := &modelTicket{State: desk.Open, Opened: now, Asker: talk.asker.sender.Person, place: talk.place, History: []string{"open"}}
	moved := talk.hidden && talk.place != chat.Direct(talk.asker.sender.Account)
	if moved {
		k.place = chat.Direct(talk.asker.sender.Account)
	}
	on := *talk
	on.latest = now
	return effect{talk: &on, ticket: k, opens: true, moved: moved}
}

// A game plays random events on a bench and on the model.
type game struct {
	*rapid.T
	*bench
	ctx     context.Context
	model   model
	askers  []*seat
	agents  []*seat
	past    []deed                 // that were finished
	numbers map[int64]chat.EventID // that events have reserved

	queued    map[chat.Place][]chat.Key // replies of committed outcomes, in order
	delivered map[chat.Place][]chat.Key
	letters   map[string]bool
	relays    map[chat.Place][]string // words of agents that each place should see
	seen      map[chat.Place][]string
}

// TestModel plays the desk against a model of it. Workers die, come late,
// finish twice and get into each other's way; at rest the store is what the
// model says, and everything was done and said once.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kim, lee := newSeat("kim", "help"), newSeat("lee", "")
		ana, bo, cy := newSeat("ana", "desk"), newSeat("bo", "desk"), newSeat("cy", "desk")
		ana.lead = true
		b, err := newBench([]string{string(bo.sender.Account), string(cy.sender.Account)}, []string{string(ana.sender.Account)})
		if err != nil {
			rt.Fatal(err)
		}
		defer b.store.Close()
		g := &game{
			T: rt, bench: b, ctx: t.Context(), askers: []*seat{kim, lee}, agents: []*seat{ana, bo, cy},
			model: model{
				tickets: map[chat.TicketID]*modelTicket{}, talks: map[chat.ConversationID]*modelConversation{},
				newest: map[*seat]chat.ConversationID{},
			},
			numbers: map[int64]chat.EventID{}, queued: map[chat.Place][]chat.Key{}, delivered: map[chat.Place][]chat.Key{},
			letters: map[string]bool{}, relays: map[chat.Place][]string{}, seen: map[chat.Place][]string{},
		}
		for _, asker := range g.askers { // something to begin with
			g.play(g.complete(deed{by: asker, verb: "question", words: "where is my refund?"}))
			g.play(g.complete(deed{by: asker, verb: "contact", talk: g.model.newest[asker]}))
		}
		rt.Repeat(map[string]func(*rapid.T){
			"event":   func(*rapid.T) { g.play(g.deed(nil)) },
			"event 2": func(*rapid.T) { g.play(g.deed(nil)) },
			"event 3": func(*rapid.T) { g.play(g.deed(nil)) },
			"again":   func(*rapid.T) { g.again() },
			"wait": func(*rapid.T) {
				g.now = g.now.Add(time.Duration(rapid.IntRange(1, 25).Draw(g.T, "minutes")) * time.Minute)
			},
			"deliver": func(*rapid.T) { g.deliver() },
			"compare": func(*rapid.T) { g.compare() },
		})
		g.deliver()
		g.compare()
		g.atRest()
	})
}

// deed draws what someone does, of anybody but one.
func (g *game) deed(but *seat) deed {
	seats := slices.DeleteFunc(slices.Concat(g.askers, g.agents, g.agents), func(s *seat) bool { return s == but })
	d := deed{by: rapid.SampledFrom(seats).Draw(g.T, "by")}
	verbs := []string{"next", "claim", "release", "assign", "transfer", "reply", "note", "resolve", "resolve", "reopen", "close", "priority", "label", "contact"}
	if asks := d.by.place.Channel != "desk"; asks {
		verbs = []string{"question", "question", "contact", "contact", "contact", "add", "cancel", "note", "claim"}
	}
	d.verb = rapid.SampledFrom(verbs).Draw(g.T, "verb")
	d.ticket = desk.NewID(int64(rapid.IntRange(1, len(g.model.tickets)+1).Draw(g.T, "ticket")))
	d.words = fmt.Sprintf("words-%d", g.count+1)
	switch d.verb {
	case "contact":
		ids := append(slices.Sorted(maps.Keys(g.model.talks)), "nosuchconversation")
		d.talk = rapid.SampledFrom(ids).Draw(g.T, "talk")
	case "assign", "transfer":
		d.to = rapid.SampledFrom(g.agents).Draw(g.T, "to")
	case "resolve":
		// A lead has no last word on a colleague's ticket here.
		if d.by.lead || rapid.Bool().Draw(g.T, "silently") {
			d.words = ""
		}
	case "priority":
		d.rank = desk.Priority(rapid.IntRange(-1, 2).Draw(g.T, "priority"))
	case "label":
		d.words = rapid.SampledFrom([]string{"vip", "spam"}).Draw(g.T, "label")
	}
	return g.complete(d)
}

// complete makes the event of a deed.
func (g *game) complete(d deed) deed {
	switch d.verb {
	case "question":
		d.event = chat.Event{Kind: chat.Message, Text: d.words}
	case "contact":
		d.event = chat.Event{Kind: chat.Press, Action: chat.Do("contact", string(d.talk))}
	case "add":
		d.event = slash("ask", "add %s %s", d.ticket, d.words)
	case "cancel":
		d.event = chat.Event{Kind: chat.Press, Action: chat.Do("cancel", string(d.ticket))}
	case "next":
		d.event = slash("ticket", "next")
	case "assign", "transfer":
		d.event = slash("ticket", "%s %s %s %s", d.verb, d.ticket, d.to.name, d.words)
		if d.verb == "assign" {
			d.event = slash("ticket", "assign %s %s", d.ticket, d.to.name)
		}
	case "resolve":
		d.event = slash("ticket", "resolve %s %s", d.ticket, d.words)
	case "priority":
		d.event = slash("ticket", "priority %s %s", d.ticket, d.rank)
	case "label":
		d.event = slash("ticket", "label %s add %s", d.ticket, d.words)
	case "claim", "release", "reopen":
		d.event = chat.Event{Kind: chat.Press, Action: chat.Do(d.verb, string(d.ticket))}
	case "reply", "note":
		d.event = chat.Event{Kind: chat.Submit, Action: chat.Do(d.verb, string(d.ticket)), Values: map[string]string{"text": d.words}}
	case "close":
		d.event = slash("ticket", "close %s %s", d.ticket, d.words)
	}
	d.event = g.event(d.event, d.by)
	return d
}

func (g *game) accept(d deed, want bool) {
	fresh, err := g.store.Accept(g.ctx, d.event, g.now)
	if err != nil || fresh != want {
		g.Fatalf("accept %s %s = %t, %v", d.verb, d.event.ID, fresh, err)
	}
}

// again sends a copy of an earlier event.
func (g *game) again() {
	if len(g.past) == 0 {
		return
	}
	d := rapid.SampledFrom(g.past).Draw(g.T, "again")
	g.accept(d, false)
	if w, err := g.store.Lease(g.ctx, g.now, hold); !errors.Is(err, spool.ErrNothing) {
		g.Fatalf("a copy of %s is leased: %+v, %v", d.event.ID, w.Event, err)
	}
}

// Ways in which handling an event goes wrong.
const (
	fine        = iota
	diesAtOnce  // the worker, having leased it
	diesHandled // having handled it
	crossed     // someone else's event is finished between Handle and Finish
	overtaken   // someone else's event is finished between Lease and Handle
)

// play accepts an event and handles it, come what may.
func (g *game) play(d deed) {
	g.accept(d, true)
	g.model.head = ""
	var late []func()
	for troubles := 0; ; troubles++ {
		fault := fine
		if troubles < 3 {
			fault = rapid.IntRange(fine, overtaken).Draw(g.T, "fault")
		}
		w := g.lease(d)
		for _, finish := range late {
			finish() // who died comes back, and is too late
		}
		late = nil
		if fault == diesAtOnce {
			g.now = g.now.Add(hold)
			continue
		}
		want := g.model.decide(d, g.now, true)
		if fault == overtaken && d.verb == "question" {
			// The lease brought along what the asker's words go to.
			g.cross(d)
		}
		o := g.handle(d, w, &want)
		switch fault {
		case diesHandled:
			late = append(late, func() {
				if err := g.store.Finish(g.ctx, w, o, g.now); !errors.Is(err, spool.ErrLost) {
					g.Fatalf("a late worker's Finish of %s = %v", d.verb, err)
				}
			})
			g.now = g.now.Add(hold)
			continue
		case crossed:
			g.cross(d)
		}
		for !g.finish(d, w, o, want) {
			g.now = g.now.Add(tick)
			w.View = g.store.Fresh(w)
			want = g.model.decide(d, g.now, true)
			o = g.handle(d, w, &want)
		}
		if rapid.Bool().Draw(g.T, "finish again") {
			if err := g.store.Finish(g.ctx, w, o, g.now.Add(tick)); err != nil {
				g.Fatalf("a repeated Finish of %s = %v", d.verb, err)
			}
		}
		g.past = append(g.past, d)
		return
	}
}

// cross plays someone else's event from end to end, smoothly.
func (g *game) cross(main deed) {
	d := g.deed(main.by)
	g.accept(d, true)
	w := g.lease(d)
	want := g.model.decide(d, g.now, false)
	o := g.handle(d, w, &want)
	if !g.finish(d, w, o, want) {
		g.Fatalf("%s conflicts with nobody", d.verb)
	}
	g.past = append(g.past, d)
}

func (g *game) lease(d deed) spool.Work {
	w, err := g.store.Lease(g.ctx, g.now, hold)
	if err != nil {
		g.Fatal(err)
	}
	if w.Event.ID != d.event.ID || w.Tries != 0 {
		g.Fatalf("leased %s after %d failures, want %s", w.Event.ID, w.Tries, d.event.ID)
	}
	return w
}

// handle runs the bot and compares the outcome with what the model wants.
func (g *game) handle(d deed, w spool.Work, want *effect) spool.Outcome {
	o, err := g.bot.Handle(g.ctx, w.Event, w.View)
	if err != nil {
		g.Fatal(err)
	}
	if len(o.Replies) == 0 {
		g.Fatalf("%s by %s is not answered", d.verb, d.by.name)
	}
	talks := 0
	if want.talk != nil {
		talks = 1
	}
	if want.moved {
		talks = 2 // the ticket goes on in direct messages
	}
	if (len(o.Tickets) == 1) != (want.ticket != nil) || len(o.Conversations) != talks {
		g.Fatalf("%s of %s by %s changes %d tickets and %d conversations, want %+v: %s",
			d.verb, d.ticket, d.by.name, len(o.Tickets), len(o.Conversations), *want, o.Replies[0].PlainText())
	}
	if want.ticket != nil {
		if want.opens {
			got := o.Tickets[0].Value
			for number, by := range g.numbers {
				if (number == got.Number) != (by == d.event.ID) {
					g.Fatalf("event %s opens %s, event %s had reserved the number %d", d.event.ID, got.ID, by, number)
				}
			}
			g.numbers[got.Number] = d.event.ID
			want.ticket.ID, want.ticket.number = got.ID, got.Number
		}
		g.same(d.verb, want.ticket, o.Tickets[0].Value)
	}
	if want.talk != nil {
		got := o.Conversations[0].Value.ID
		if _, known := g.model.talks[got]; known == want.anew || !want.anew && got != want.talk.id {
			g.Fatalf("%s by %s goes to the conversation %s, want %+v", d.verb, d.by.name, got, *want.talk)
		}
		want.talk.id = got
	}
	return o
}

// finish commits an outcome, and reports false on a conflict. There is one if,
// and only if, a record that it changes has changed since.
func (g *game) finish(d deed, w spool.Work, o spool.Outcome, want effect) bool {
	conflict := false
	for _, k := range o.Tickets {
		conflict = conflict || g.version(g.store.Ticket(g.ctx, k.Value.ID)) != k.Version
	}
	for _, c := range o.Conversations {
		stored, err := g.store.Conversation(g.ctx, c.Value.ID)
		if err != nil && !errors.Is(err, spool.ErrNotFound) {
			g.Fatal(err)
		}
		conflict = conflict || stored.Version != c.Version
	}
	switch err := g.store.Finish(g.ctx, w, o, g.now); {
	case conflict && errors.Is(err, spool.ErrConflict):
		return false
	case conflict || err != nil:
		g.Fatalf("finish %s = %v, conflict = %t", d.verb, err, conflict)
	}
	if want.talk != nil {
		if want.opens {
			want.talk.ticket = want.ticket.ID
		}
		g.model.talks[want.talk.id] = want.talk
		if want.anew && !want.aside {
			g.model.newest[d.by] = want.talk.id
		}
	}
	if want.ticket != nil {
		g.model.tickets[want.ticket.ID] = want.ticket
	}
	if want.relay != "" {
		g.relays[want.ticket.place] = append(g.relays[want.ticket.place], want.relay)
	}
	for _, r := range o.Replies {
		g.queued[r.Place] = append(g.queued[r.Place], r.Key)
		g.sees(d, want, r)
	}
	return true
}

func (g *game) version(k spool.Versioned[desk.Ticket], err error) int64 {
	if err != nil && !errors.Is(err, spool.ErrNotFound) {
		g.Fatal(err)
	}
	return k.Version
}

// sees checks who sees a reply: words for an asker come to them, and as
// privately as they asked; agents are answered alone; notes stay inside.
func (g *game) sees(d deed, want effect, r chat.Reply) {
	text := r.PlainText()
	switch {
	case r.Purpose == chat.Relaying && strings.HasPrefix(string(r.Key), "words/"):
		// The asker's words, for whoever holds the ticket.
		if want.ticket == nil || d.words == "" || !strings.Contains(text, d.words) || r.Place != chat.Direct(chat.AccountID(want.ticket.Holder)) {
			g.Fatalf("%s: %q goes to %s", d.verb, text, r.Place)
		}
	case r.Purpose == chat.Relaying:
		if want.relay == "" || !strings.Contains(text, want.relay) || r.Place != want.ticket.place || r.Only != "" {
			g.Fatalf("%s: %q goes to %s, only %q", d.verb, text, r.Place, r.Only)
		}
	}
	if (d.verb == "note" || d.verb == "transfer") && d.words != "" && strings.Contains(text, d.words) && r.Place.Channel[0] != '@' {
		g.Fatalf("%s shows the note in %s", d.verb, r.Place)
	}
	if d.by.place.Channel == "desk" && d.verb != "contact" && r.Purpose == chat.Answering && r.Only != d.by.sender.Account {
		g.Fatalf("%s answers %q for all to see", d.verb, text)
	}
}

// reports handles what replies that were delivered have reported, and says
// whether there was any.
func (g *game) reports() bool {
	for any := false; ; any = true {
		w, err := g.store.Lease(g.ctx, g.now, hold)
		if errors.Is(err, spool.ErrNothing) {
			return any
		} else if err != nil {
			g.Fatal(err)
		}
		if w.Event.Kind != chat.Delivered {
			g.Fatalf("leased %s, which nobody has sent", w.Event.ID)
		}
		o, err := g.bot.Handle(g.ctx, w.Event, w.View)
		if err == nil {
			err = g.store.Finish(g.ctx, w, o, g.now)
		}
		if err != nil {
			g.Fatal(err)
		}
		for _, r := range o.Replies {
			g.queued[r.Place] = append(g.queued[r.Place], r.Key)
		}
	}
}

// deliver sends what is queued. Senders die, too.
func (g *game) deliver() {
	for tries := 0; ; tries++ {
		l, err := g.store.LeaseReply(g.ctx, "test", chat.Pace{}, g.now, hold)
		if errors.Is(err, spool.ErrNothing) {
			if g.reports() {
				continue
			}
			return
		} else if err != nil {
			g.Fatal(err)
		}
		if tries < 5 && rapid.IntRange(0, 3).Draw(g.T, "sender dies") == 0 {
			g.now = g.now.Add(hold)
			again, err := g.store.LeaseReply(g.ctx, "test", chat.Pace{}, g.now, hold)
			if err != nil {
				g.Fatal(err)
			}
			if again.ID == l.ID {
				if err := g.store.Delivered(g.ctx, l, chat.Receipt{Place: l.Reply.Place, Message: "late"}, g.now); !errors.Is(err, spool.ErrLost) {
					g.Fatalf("a late sender's Delivered = %v", err)
				}
			}
			l = again
		}
		receipt := chat.Receipt{Place: l.Reply.Place, Message: chat.MessageID(l.ID)}
		if err := g.store.Delivered(g.ctx, l, receipt, g.now); err != nil {
			g.Fatal(err)
		}
		if g.letters[l.ID] {
			g.Fatalf("%s is delivered twice", l.ID)
		}
		g.letters[l.ID] = true
		place := l.Reply.Place
		g.delivered[place] = append(g.delivered[place], l.Reply.Key)
		if l.Reply.Purpose == chat.Relaying && !strings.HasPrefix(string(l.Reply.Key), "words/") {
			words := strings.Split(l.Reply.PlainText(), "\n")
			g.seen[place] = append(g.seen[place], words[len(words)-1])
		}
	}
}

// same compares a ticket with the model's.
func (g *game) same(what string, want *modelTicket, got desk.Ticket) {
	k := modelTicket{
		ID: got.ID, State: got.State, Holder: got.Holder, Priority: got.Priority, Opened: got.OpenedAt,
		Resolved: got.ResolvedAt, Asker: got.Asker.Person, Labels: got.Labels,
	}
	for _, e := range got.History {
		if e.Did == desk.DidOpen {
			e.Text = "" // the question
		}
		k.did(string(e.Did), e.Text)
	}
	ignore := gocmp.FilterPath(func(p gocmp.Path) bool {
		return slices.Contains([]string{"number", "place", "only"}, strings.TrimPrefix(p.Last().String(), "."))
	}, gocmp.Ignore())
	wanted := *want
	if len(wanted.Labels) == 0 {
		wanted.Labels = got.Labels[:0]
	}
	if diff := gocmp.Diff(wanted, k, ignore); diff != "" {
		g.Fatalf("%s: %s is not as in the model (-want +got):\n%s", what, got.ID, diff)
	}
	if (got.Holder == "") != (got.State == desk.Open || got.State == desk.Closed && got.Holder == "") {
		g.Fatalf("%s is %s with %q", got.ID, got.State, got.Holder)
	}
}

// compare compares the store's records and lists with the model.
func (g *game) compare() {
	for id, want := range g.model.tickets {
		got, err := g.store.Ticket(g.ctx, id)
		if err != nil {
			g.Fatal(err)
		}
		if got.Value.ID != desk.NewID(got.Value.Number) {
			g.Fatalf("%s has number %d", got.Value.ID, got.Value.Number)
		}
		g.same("stored", want, got.Value)
	}
	list := func(what string, want []*modelTicket, got []desk.Ticket, err error) {
		if err != nil {
			g.Fatal(err)
		}
		wantIDs, gotIDs := []chat.TicketID{}, []chat.TicketID{}
		for _, k := range want {
			wantIDs = append(wantIDs, k.ID)
		}
		for _, k := range got {
			gotIDs = append(gotIDs, k.ID)
		}
		if what != "queue" {
			slices.Sort(wantIDs)
			slices.Sort(gotIDs)
		}
		if diff := gocmp.Diff(wantIDs, gotIDs); diff != "" {
			g.Fatalf("%s (-want +got):\n%s", what, diff)
		}
	}
	const all = 1000
	got, total, err := g.store.Queue(g.ctx, "support", g.now, all)
	list("queue", g.model.queue(), got, err)
	if total != len(got) {
		g.Fatalf("%d of %d tickets are queued", len(got), total)
	}
	of := func(wanted func(*modelTicket) bool) []*modelTicket {
		return slices.DeleteFunc(slices.Collect(maps.Values(g.model.tickets)), func(k *modelTicket) bool { return !wanted(k) })
	}
	for _, s := range g.agents {
		got, err := g.store.Held(g.ctx, s.sender.Person, all)
		list("held by "+s.name, of(func(k *modelTicket) bool { return k.live() && k.Holder == s.sender.Person }), got, err)
	}
	for _, s := range g.askers {
		got, err := g.store.Asked(g.ctx, s.sender.Person, all)
		list("asked by "+s.name, of(func(k *modelTicket) bool { return k.Asker == s.sender.Person }), got, err)
	}
}

// atRest checks that nothing is left to do, and that every reply was delivered
// once, in the order of its place.
func (g *game) atRest() {
	if p, err := g.store.Pending(g.ctx); err != nil || p != (spool.Pending{}) {
		g.Fatalf("pending = %+v, %v", p, err)
	}
	if diff := gocmp.Diff(g.queued, g.delivered); diff != "" {
		g.Fatalf("replies (-queued +delivered):\n%s", diff)
	}
	if diff := gocmp.Diff(g.relays, g.seen); diff != "" {
		g.Fatalf("words of agents (-said +seen):\n%s", diff)
	}
}

// A worker that dies after Handle leaves no trace: what it wanted is done once.
func TestRedo(t *testing.T) {
	kim, lee, bo := newSeat("kim", "help"), newSeat("lee", "help"), newSeat("bo", "desk")
	tests := []struct {
		text    string
		history []desk.Doing // after open
	}{
		{"next", []desk.Doing{desk.DidClaim}},
		{"resolve T-1 all set", []desk.Doing{desk.DidClaim, desk.DidReply, desk.DidResolve}},
		{"note T-1 hm", []desk.Doing{desk.DidNote}},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			b, err := newBench([]string{string(bo.sender.Account)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer b.store.Close()
			ctx := t.Context()
			do := func(e chat.Event, from *seat) (spool.Work, spool.Outcome) {
				t.Helper()
				if err := b.inbox.Accept(ctx, b.event(e, from)); err != nil {
					t.Fatal(err)
				}
				w, err := b.store.Lease(ctx, b.now, hold)
				if err != nil {
					t.Fatal(err)
				}
				o, err := b.bot.Handle(ctx, w.Event, w.View)
				if err != nil {
					t.Fatal(err)
				}
				return w, o
			}
			for _, asker := range []*seat{kim, lee} {
				w, o := do(chat.Event{Kind: chat.Message, Text: "where is my refund?"}, asker)
				if err := b.store.Finish(ctx, w, o, b.now); err != nil {
					t.Fatal(err)
				}
				talk := string(o.Conversations[0].Value.ID)
				w, o = do(chat.Event{Kind: chat.Press, Action: chat.Do("contact", talk)}, asker)
				if err := b.store.Finish(ctx, w, o, b.now); err != nil {
					t.Fatal(err)
				}
			}
			dead, lost := do(slash("ticket", "%s", test.text), bo)
			b.now = b.now.Add(hold)
			w, err := b.store.Lease(ctx, b.now, hold)
			if err != nil || w.Event.ID != dead.Event.ID {
				t.Fatalf("lease = %s, %v", w.Event.ID, err)
			}
			o, err := b.bot.Handle(ctx, w.Event, w.View)
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range o.Replies {
				if r.Key != lost.Replies[i].Key {
					t.Errorf("reply %d is %s at first and %s when done again", i, lost.Replies[i].Key, r.Key)
				}
			}
			for range 2 {
				if err := b.store.Finish(ctx, w, o, b.now); err != nil {
					t.Fatal(err)
				}
			}
			if err := b.store.Finish(ctx, dead, lost, b.now); !errors.Is(err, spool.ErrLost) {
				t.Errorf("the dead worker's Finish = %v", err)
			}
			if err := b.inbox.Accept(ctx, w.Event); err != nil {
				t.Errorf("a copy of the event = %v", err)
			}
			if _, err := b.store.Lease(ctx, b.now, hold); !errors.Is(err, spool.ErrNothing) {
				t.Errorf("lease of a copy = %v", err)
			}

			k, err := b.store.Ticket(ctx, "T-1")
			if err != nil {
				t.Fatal(err)
			}
			var did []desk.Doing
			for _, e := range k.Value.History[1:] {
				did = append(did, e.Did)
			}
			if diff := gocmp.Diff(test.history, did); diff != "" {
				t.Error(diff)
			}
			if other, err := b.store.Ticket(ctx, "T-2"); err != nil || len(other.Value.History) != 1 {
				t.Errorf("T-2 = %+v, %v", other.Value.History, err)
			}
			p, err := b.store.Pending(ctx)
			if want := (spool.Pending{Replies: 4 + len(o.Replies)}); err != nil || p != want {
				t.Errorf("pending = %+v, %v, want %+v", p, err, want)
			}
		})
	}
}

// A listener is a platform that only counts.
type listener struct {
	mu      sync.Mutex
	replies map[chat.Key]int
}

func (l *listener) Pace() chat.Pace { return chat.Pace{} }

func (*listener) Limits() chat.Limits { return chat.Limits{} }

func (*listener) Fetch(context.Context, chat.Attachment) (io.ReadCloser, error) {
	return nil, errors.New("there are no files here")
}

func (l *listener) Run(context.Context, chat.Inbox) error { return nil }

func (l *listener) Send(_ context.Context, d chat.Delivery) (chat.Receipt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.replies[d.Reply.Key]++
	return chat.Receipt{Place: d.Reply.Place, Message: chat.MessageID(d.ID)}, nil
}

func (l *listener) Confirm(context.Context, chat.Delivery) (chat.Receipt, chat.Finding, error) {
	return chat.Receipt{}, chat.Unknowable, nil
}

// TestNextTogether lets 200 agents, who are ones by role, take the first in
// line all at once until 1,000 tickets are gone: each is claimed once.
func TestNextTogether(t *testing.T) {
	agents, each := 200, 5
	if testing.Short() {
		agents = 20
	}
	b, err := newBench([]string{"@team"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.store.Close()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()

	kim := newSeat("kim", "help")
	const batch = 100
	for n := 0; n < agents*each; n += batch {
		if _, err := b.store.Accept(ctx, b.event(chat.Event{Kind: chat.Message, Text: "?"}, kim), b.now); err != nil {
			t.Fatal(err)
		}
		w, err := b.store.Lease(ctx, b.now, hold)
		if err != nil {
			t.Fatal(err)
		}
		var o spool.Outcome
		for i := n + 1; i <= n+batch; i++ {
			c := conversation.Conversation{Asker: kim.sender, Place: kim.place, Trail: conversation.Trail{Lang: "en"}}
			k := desk.New(int64(i), &c, "where is my refund?", "", b.now)
			k.Desk = "support"
			o.Tickets = append(o.Tickets, spool.Versioned[desk.Ticket]{Value: k})
		}
		if err := b.store.Finish(ctx, w, o, b.now); err != nil {
			t.Fatal(err)
		}
	}

	commands := make([][]chat.Event, agents)
	for n := range commands {
		s := newSeat(fmt.Sprint("agent-", n), fmt.Sprint("desk-", n))
		s.sender.Roles = []string{"team"}
		for range each + 1 { // once more than there are tickets
			commands[n] = append(commands[n], b.event(slash("ticket", "next"), s))
		}
	}
	heard := &listener{replies: map[chat.Key]int{}}
	running, end := context.WithCancel(ctx)
	var run errgroup.Group
	run.Go(func() error { return b.inbox.Run(running, map[string]chat.Platform{"test": heard}) })
	group, accepting := errgroup.WithContext(ctx)
	for _, events := range commands {
		group.Go(func() error {
			for _, e := range events {
				if err := b.inbox.Accept(accepting, e); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := errors.Join(group.Wait(), b.inbox.Quiet(ctx)); err != nil {
		t.Fatal(err)
	}
	end()
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}

	held := 0
	for n := range agents {
		list, err := b.store.Held(ctx, chat.PersonID(chat.NewAccountID("test", "w", fmt.Sprint("agent-", n))), agents*each)
		if err != nil {
			t.Fatal(err)
		}
		held += len(list)
		for _, k := range list {
			if k.State != desk.Claimed || len(k.History) != 2 || k.History[1].By != k.Holder {
				t.Errorf("%s is %s, %+v", k.ID, k.State, k.History)
			}
		}
	}
	if _, left, err := b.store.Queue(ctx, "support", b.now, 1); held != agents*each || left != 0 || err != nil {
		t.Errorf("%d of %d tickets are held, %d are left, %v", held, agents*each, left, err)
	}
	// Each command is answered, and each asker told who has their ticket.
	if want := agents*(each+1) + agents*each; len(heard.replies) != want {
		t.Errorf("%d of %d replies came", len(heard.replies), want)
	}
	for key, n := range heard.replies {
		if n != 1 {
			t.Errorf("%s was sent %d times", key, n)
		}
	}
}
