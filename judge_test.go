package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

const (
	scriptedName = "scripted"
	// perTalk is how many events a conversation has at least.
	perTalk = 9
)

// A judge lets people have conversations with the bot, notes what each event
// must bring before it is sent, and tells in the end what is missing and what is
// there twice. It believes the platform's own record and what stands in Redis,
// and nothing that the bot says of itself.
type judge struct {
	platform *scripted
	agents   []*person
	began    time.Time
	talking  sync.WaitGroup

	mu       sync.Mutex
	dice     *rand.Rand
	intents  []*intent
	talks    []*talk
	byTicket map[chat.TicketID]*talk
	holders  map[chat.TicketID]*person // whom the bot told that a ticket is theirs
	twice    []string                  // tickets that two were told to hold
}

// A person is someone in a conversation, and where they sit.
type person struct {
	sender chat.Sender
	place  chat.Place
	alone  bool
}

// An intent is an event and what must come of it, noted before it is sent.
type intent struct {
	event chat.Event
	keys  []chat.Key // of its replies, each wanted once
}

// A talk is a conversation, as its people remember it.
type talk struct {
	number       int
	asker        *person
	conversation chat.ConversationID
	ticket       chat.TicketID // that the asker was told
	taken        chan struct{} // closed when someone was told to hold it
	opened       bool          // contact was pressed
	history      []string      // lines that the ticket must have, in the order of each speaker
	over         bool
}

func newJudge(p *scripted, agents int, seed uint64) *judge {
	j := &judge{
		platform: p, dice: rand.New(rand.NewPCG(seed, 1)), began: time.Now(),
		byTicket: map[chat.TicketID]*talk{}, holders: map[chat.TicketID]*person{},
	}
	for n := range agents {
		account := agentAccount(n)
		j.agents = append(j.agents, &person{
			sender: chat.Sender{Account: account, Name: account.User(), Locale: "en"},
			place:  chat.Direct(account), alone: true,
		})
	}
	return j
}

func agentAccount(n int) chat.AccountID {
	return chat.NewAccountID(scriptedName, "w", fmt.Sprint("agent", n))
}

// send notes what an event must bring, and emits it. For the names of replies
// see [keyOf].
func (j *judge) send(e chat.Event, by *person, replies ...string) *intent {
	j.mu.Lock()
	e.ID = chat.EventID(fmt.Sprintf("%s:%d", scriptedName, len(j.intents)+1))
	e.At, e.From, e.Place, e.Private, e.Addressed = time.Now().UTC(), by.sender, by.place, by.alone, true
	if e.Kind == chat.Message {
		e.Message = chat.MessageID(fmt.Sprint("m", len(j.intents)+1))
	}
	i := &intent{event: e}
	for _, reply := range replies {
		i.keys = append(i.keys, keyOf(e, reply))
	}
	j.intents = append(j.intents, i)
	// Inside the lock, so that lanes are sent in the order of the notes.
	j.platform.emit(e)
	j.mu.Unlock()
	return i
}

// keyOf is the Key of a reply to an event, as the bot names it: "re/1" is the
// second, and "answer" the answer to a question.
func keyOf(e chat.Event, reply string) chat.Key {
	sum := sha256.Sum256([]byte(e.Identity()))
	kind, index, indexed := strings.Cut(reply, "/")
	key := kind + "/" + hex.EncodeToString(sum[:10])
	if indexed {
		key += "/" + index
	}
	return chat.Key(key)
}

// someone is an agent, at random.
func (j *judge) someone() *person {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.agents[j.dice.IntN(len(j.agents))]
}

func spoken(text string) chat.Event { return chat.Event{Kind: chat.Message, Text: text} }

func ran(door, text string) chat.Event { return chat.Event{Kind: chat.Slash, Door: door, Text: text} }

// argOf is what the button of a verb is about; empty if there is none.
func argOf(r chat.Reply, verb string) string {
	for _, b := range r.AllButtons() {
		if b.Action.Verb == verb {
			return b.Action.Arg(0)
		}
	}
	return ""
}

// start begins the next conversation.
func (j *judge) start(ctx context.Context) {
	j.mu.Lock()
	t := &talk{number: len(j.talks) + 1, taken: make(chan struct{})}
	user := fmt.Sprint("asker", t.number)
	t.asker = &person{
		sender: chat.Sender{Account: chat.NewAccountID(scriptedName, "w", user), Name: user, Locale: "en"},
		place:  chat.Place{Platform: scriptedName, Workspace: "w", Channel: "help", Thread: fmt.Sprint("t", t.number)},
	}
	j.talks = append(j.talks, t)
	j.mu.Unlock()
	j.talking.Go(func() {
		if j.converse(ctx, t) == nil {
			j.mu.Lock()
			t.over = true
			j.mu.Unlock()
		}
	})
}

func (j *judge) counts() (accepted, under, progress int) { return j.platform.counts() }

// wait waits until every conversation is over, or its context has ended.
func (j *judge) wait() { j.talking.Wait() }

// converse has one conversation: a question, a ticket that somebody takes, words
// in both directions, and the end.
func (j *judge) converse(ctx context.Context, t *talk) error {
	asked := j.send(spoken("where is my refund?"), t.asker, "answer")
	answer, message, err := j.platform.await(ctx, asked.keys[0])
	if err != nil {
		return err
	}
	t.conversation = chat.ConversationID(argOf(answer, "contact"))
	j.send(ran("ask", "how do I reset my password?"), t.asker, "answer") // aside, and seen by nobody else

	t.opened = true
	t.history = append(t.history, "open where is my refund?")
	pressed := j.send(chat.Event{Kind: chat.Press, Message: message, Action: chat.Do("contact", string(t.conversation))}, t.asker, "re/0")
	told, _, err := j.platform.await(ctx, pressed.keys[0])
	if err != nil {
		return err
	}
	t.ticket = chat.TicketID(argOf(told, "cancel"))
	j.mu.Lock()
	j.byTicket[t.ticket] = t
	if j.holders[t.ticket] != nil {
		close(t.taken)
	}
	j.mu.Unlock()

	if err := j.take(ctx, t); err != nil {
		return err
	}
	select {
	case <-t.taken:
	case <-ctx.Done():
		return ctx.Err()
	}
	j.mu.Lock()
	agent := j.holders[t.ticket]
	j.mu.Unlock()
	t.history = append(t.history, "claim")

	words := fmt.Sprintf("words for talk %d", t.number)
	relayed := j.send(ran("ticket", fmt.Sprintf("reply %s %s", t.ticket, words)), agent, "relay", "ack")
	t.history = append(t.history, "reply "+words)
	if _, _, err := j.platform.await(ctx, relayed.keys[0]); err != nil {
		return err
	}

	// Both at once, so that they meet on the ticket.
	var all []*intent
	for n := range 2 {
		add, note := fmt.Sprintf("more %d of talk %d", n, t.number), fmt.Sprintf("note %d of talk %d", n, t.number)
		t.history = append(t.history, "add "+add, "note "+note)
		all = append(all,
			j.send(spoken(add), t.asker, "words/"+agent.place.String()),
			j.send(ran("ticket", fmt.Sprintf("note %s %s", t.ticket, note)), agent, "re/0"))
	}
	if err := j.seen(ctx, all...); err != nil {
		return err
	}
	t.history = append(t.history, "resolve")
	return j.seen(ctx, j.send(ran("ticket", "resolve "+string(t.ticket)), agent, "re/0", "re/1"))
}

// seen waits for all replies to some events.
func (j *judge) seen(ctx context.Context, intents ...*intent) error {
	for _, i := range intents {
		for _, key := range i.keys {
			if _, _, err := j.platform.await(ctx, key); err != nil {
				return err
			}
		}
	}
	return nil
}

// take has an agent take a ticket, which need not be that of t: as many are
// taken as there are. For every third, two agents race.
func (j *judge) take(ctx context.Context, t *talk) error {
	if t.number%3 == 0 {
		a, b := j.someone(), j.someone()
		for b == a {
			b = j.someone()
		}
		var race [2]*intent
		for n, agent := range []*person{a, b} {
			race[n] = j.send(ran("ticket", "claim "+string(t.ticket)), agent, "re/0")
		}
		won := false
		for n, agent := range []*person{a, b} {
			card, _, err := j.platform.await(ctx, race[n].keys[0])
			if err != nil {
				return err
			}
			if argOf(card, "reply") != "" {
				j.holds(agent, t.ticket, race[n])
				won = true
			}
		}
		if won {
			return nil
		}
	}
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		agent := j.someone()
		next := j.send(ran("ticket", "next"), agent, "re/0")
		card, _, err := j.platform.await(ctx, next.keys[0])
		if err != nil {
			return err
		}
		if id := argOf(card, "reply"); id != "" {
			j.holds(agent, chat.TicketID(id), next)
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// holds notes that an agent was told to hold a ticket, of which its asker is
// told too.
func (j *judge) holds(agent *person, id chat.TicketID, by *intent) {
	j.mu.Lock()
	defer j.mu.Unlock()
	by.keys = append(by.keys, keyOf(by.event, "re/1"))
	if j.holders[id] != nil {
		j.twice = append(j.twice, string(id))
		return
	}
	j.holders[id] = agent
	if t := j.byTicket[id]; t != nil {
		close(t.taken)
	}
}

// A storedTicket is what the judge reads of a ticket.
type storedTicket struct {
	ID           chat.TicketID       `json:"id"`
	Number       int64               `json:"number"`
	Conversation chat.ConversationID `json:"conversation"`
	State        string              `json:"state"`
	History      []struct {
		Did  string `json:"did"`
		Text string `json:"text"`
	} `json:"history"`
}

// A census is what stands in Redis.
type census struct {
	keys    int
	tickets map[chat.ConversationID][]storedTicket
	numbers map[int64]int // how many tickets have a number
	left    []string      // events and replies that are not done
	dead    []string
	pending map[string]string
	audit   []desk.AuditLine // sealed ones with their seals
}

const prefix = "signpost:{main}:"

// count reads all keys of the installation. In a cluster, it asks every master.
func takeCensus(ctx context.Context, db goredis.UniversalClient) (*census, error) {
	c := &census{tickets: map[chat.ConversationID][]storedTicket{}, numbers: map[int64]int{}}
	if cluster, ok := db.(*goredis.ClusterClient); ok {
		var mu sync.Mutex
		return c, cluster.ForEachMaster(ctx, func(ctx context.Context, node *goredis.Client) error {
			mu.Lock()
			defer mu.Unlock()
			return c.read(ctx, node)
		})
	}
	return c, c.read(ctx, db)
}

func (c *census) read(ctx context.Context, db goredis.UniversalClient) error {
	keys := db.Scan(ctx, 0, prefix+"*", 1000).Iterator()
	known := map[string]bool{} // SCAN may list a key twice
	for keys.Next(ctx) {
		key := keys.Val()
		if known[key] {
			continue
		}
		known[key] = true
		c.keys++
		kind, name, _ := strings.Cut(strings.TrimPrefix(key, prefix), ":")
		switch kind {
		case "event", "reply":
			c.left = append(c.left, kind+" "+name)
		case "dead":
			if name == "" {
				continue
			}
			letter, err := db.HMGet(ctx, key, "kind", "value", "cause").Result()
			if err != nil {
				return err
			}
			c.dead = append(c.dead, fmt.Sprint(letter...))
		case "audit":
			sealed, err := db.XRange(ctx, key, "-", "+").Result()
			if err != nil {
				return err
			}
			for _, m := range sealed {
				line, _ := m.Values["line"].(string)
				seal, _ := m.Values["seal"].(string)
				c.audit = append(c.audit, desk.AuditLine{Text: line, Seal: desk.Seal(seal)})
			}
		case "audit_open":
			open, err := db.LRange(ctx, key, 0, -1).Result()
			if err != nil {
				return err
			}
			for _, line := range open {
				c.audit = append(c.audit, desk.AuditLine{Text: line})
			}
		case "pending":
			var err error
			if c.pending, err = db.HGetAll(ctx, key).Result(); err != nil {
				return err
			}
		case "ticket":
			value, err := db.HGet(ctx, key, "value").Result()
			if err == goredis.Nil {
				continue // it is only reserved
			}
			if err != nil {
				return err
			}
			var t storedTicket
			if err := json.Unmarshal([]byte(value), &t); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
			c.tickets[t.Conversation] = append(c.tickets[t.Conversation], t)
			c.numbers[t.Number]++
		}
	}
	return keys.Err()
}

// idle reports whether Redis says that nothing is left to do.
func idle(ctx context.Context, db goredis.UniversalClient) bool {
	pending, err := db.HGetAll(ctx, prefix+"pending").Result()
	if err != nil {
		return false
	}
	for _, n := range pending {
		if n, err := strconv.Atoi(n); err != nil || n > 0 {
			return false
		}
	}
	return true
}

// A verdict is what the judge found.
type verdict struct {
	Events     int // accepted
	Outcomes   int // events whose replies were all seen
	Lost       int // replies, tickets, lines of a history, and events that are given up or left
	Doubled    int // likewise
	Disordered int // replies and lines that came before an earlier one
	Warned     int // replies that came twice or not at all as their rule says, where nobody could tell
	Asked      int // deliveries that the platform was asked about
	complaints []string
}

func (v *verdict) wrong() bool { return v.Lost+v.Doubled+v.Disordered > 0 }

func (v *verdict) lose(format string, a ...any)    { v.complain(&v.Lost, "lost: "+format, a...) }
func (v *verdict) double(format string, a ...any)  { v.complain(&v.Doubled, "doubled: "+format, a...) }
func (v *verdict) confuse(format string, a ...any) { v.complain(&v.Disordered, "order: "+format, a...) }

func (v *verdict) complain(count *int, format string, a ...any) {
	*count++
	if len(v.complaints) < 30 {
		v.complaints = append(v.complaints, fmt.Sprintf(format, a...))
	}
}

// verdict compares the notes with the platform's record and a census of Redis.
// Without a census only the record counts.
func (j *judge) verdict(c *census) *verdict {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.platform.mu.Lock()
	defer j.platform.mu.Unlock()
	v := &verdict{Events: j.platform.accepted, Asked: j.platform.confirms}
	j.judgeReplies(v)
	j.judgeOrder(v)
	for _, id := range j.twice {
		v.double("two agents were told to hold %s", id)
	}
	if c != nil {
		judgeTickets(v, c, j.talks)
		judgeAudit(v, c, j.intents)
		given := 0
		for key, n := range j.platform.unknown {
			if n > 0 && strings.HasPrefix(string(key), "answer/") {
				given++
			}
		}
		judgeRest(v, c, func(letter string) bool {
			given--
			return given >= 0 && strings.HasPrefix(letter, "reply")
		})
	}
	return v
}

// judgeReplies wants each reply once, or as its rule says if nobody can tell
// what became of it: see docs/delivery.md.
func (j *judge) judgeReplies(v *verdict) {
	copies := map[chat.Key][]chat.Reply{}
	for _, messages := range j.platform.places {
		for _, m := range messages {
			copies[m.reply.Key] = append(copies[m.reply.Key], m.reply)
		}
	}
	all := maps.Clone(copies)
	came := func(i *intent) (texts []string) {
		for _, key := range i.keys {
			for _, r := range all[key] {
				texts = append(texts, r.PlainText())
			}
		}
		return texts
	}
	for _, i := range j.intents {
		complete := true
		for _, key := range i.keys {
			found, unknown := copies[key], j.platform.unknown[key]
			delete(copies, key)
			switch {
			case len(found) == 1:
			case len(found) == 0:
				// Only a private answer is rather lost than doubled.
				if unknown > 0 && i.event.Door == "ask" {
					v.Warned++
					continue
				}
				complete = false
				v.lose("%s of %s %q, of which came %q", key, i.event.ID, i.event.Text, came(i))
			case len(found) <= 1+unknown && asRuled(found):
				v.Warned += len(found) - 1
			default:
				v.Doubled += len(found) - 2
				v.double("%d times %s of %s %q", len(found), key, i.event.ID, i.event.Text)
			}
		}
		if complete {
			v.Outcomes++
		}
	}
	for key, found := range copies {
		v.double("%s, which nobody expects: %q", key, found[0].PlainText())
	}
}

// asRuled reports whether a reply may come again: words between people only with
// a remark, a private answer never.
func asRuled(found []chat.Reply) bool {
	return !slices.ContainsFunc(found[1:], func(again chat.Reply) bool {
		switch {
		case again.Purpose == chat.Relaying:
			return !strings.HasPrefix(again.PlainText(), "⚠")
		case again.Purpose == chat.Answering:
			return again.Only != ""
		}
		return false
	})
}

// judgeOrder wants the replies to the events of a lane in their order, at each
// place. Copies do not count.
func (j *judge) judgeOrder(v *verdict) {
	type position struct {
		lane chat.Lane
		at   int
	}
	positions := map[chat.Key]position{}
	for n, i := range j.intents {
		for k, key := range i.keys {
			positions[key] = position{i.event.Lane(), n*10 + k}
		}
	}
	for place, messages := range j.platform.places {
		last := map[chat.Lane]int{}
		seen := map[chat.Key]bool{}
		for _, m := range messages {
			p, expected := positions[m.reply.Key]
			if !expected || seen[m.reply.Key] {
				continue
			}
			seen[m.reply.Key] = true
			if p.at < last[p.lane] {
				v.confuse("%s came late to %s", m.reply.Key, place)
			}
			last[p.lane] = max(last[p.lane], p.at)
		}
	}
}

// judgeTickets wants one ticket for each conversation that pressed contact, with
// the number that its asker was told, and its whole history.
func judgeTickets(v *verdict, c *census, talks []*talk) {
	for number, tickets := range c.numbers {
		if tickets > 1 {
			v.double("%d tickets have the number %d", tickets, number)
		}
	}
	for _, t := range talks {
		found := c.tickets[t.conversation]
		switch {
		case !t.opened:
			continue
		case len(found) == 0:
			v.lose("the ticket of talk %d", t.number)
			continue
		case len(found) > 1:
			v.double("%d tickets of talk %d", len(found), t.number)
		}
		k := found[0]
		if t.ticket != "" && k.ID != t.ticket || k.ID != chat.TicketID(fmt.Sprint("T-", k.Number)) {
			v.double("talk %d was told %s, and has %s", t.number, t.ticket, k.ID)
		}
		if t.over && k.State != "resolved" {
			v.lose("%s is %s", k.ID, k.State)
		}
		var has []string
		for _, e := range k.History {
			has = append(has, strings.TrimSpace(e.Did+" "+e.Text))
		}
		judgeHistory(v, t, has)
	}
}

func judgeHistory(v *verdict, t *talk, has []string) {
	times := map[string]int{}
	for _, line := range has {
		times[line]++
	}
	last := map[string]int{}
	for _, line := range t.history {
		switch n := times[line]; {
		case n == 0:
			v.lose("%q of %s; it has %q", line, t.ticket, has)
			continue
		case n > 1:
			v.double("%q of %s", line, t.ticket)
		}
		delete(times, line)
		did, _, _ := strings.Cut(line, " ")
		at := slices.Index(has, line)
		if at < last[did] {
			v.confuse("%q of %s", line, t.ticket)
		}
		last[did] = at
	}
	for line := range times {
		if line != "claim" || t.over { // of a talk that was broken off
			v.double("%q of %s, which nobody expects", line, t.ticket)
		}
	}
}

// judgeAudit wants one line for each command and each press of contact, numbers
// without a gap, and a chain that holds.
func judgeAudit(v *verdict, c *census, intents []*intent) {
	numbered := map[int64]desk.AuditLine{}
	times := map[chat.EventID]int{}
	for _, l := range c.audit {
		var said struct {
			N     int64        `json:"n"`
			Event chat.EventID `json:"event"`
		}
		if err := json.Unmarshal([]byte(l.Text), &said); err != nil {
			v.lose("a line of the audit: %v", err)
			continue
		}
		l.N = said.N
		numbered[l.N] = l
		if times[said.Event]++; said.Event != "" && times[said.Event] > 1 {
			v.double("line %d of the audit: %s", l.N, l.Text)
		}
	}
	chain := desk.NewVerifier(desk.Link{}, nil)
	for n := int64(1); n <= int64(len(c.audit)); n++ {
		l, ok := numbered[n]
		switch {
		case !ok:
			v.lose("line %d of the audit", n)
		case l.Seal != "":
			if err := chain.Line(l, chain.Last().Seal); err != nil {
				v.confuse("the audit: %v", err)
				return
			}
		}
	}
	for _, i := range intents {
		if e := i.event; (e.Kind == chat.Slash && e.Door == "ticket" || e.Kind == chat.Press && e.Action.Verb == "contact") && times[e.ID] == 0 {
			v.lose("the line of %s %q in the audit", e.ID, e.Text)
		}
	}
}

// judgeRest wants nothing left to do, and nothing given up but by a rule.
func judgeRest(v *verdict, c *census, ruled func(letter string) bool) {
	for _, what := range c.left {
		v.lose("%s is not done", what)
	}
	for _, what := range c.dead {
		if !ruled(what) {
			v.lose("given up: %s", what)
		}
	}
	for field, n := range c.pending {
		if n != "0" {
			v.confuse("pending says %s of %s, and none is there", n, field)
		}
	}
}
