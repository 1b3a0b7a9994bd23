package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	goredis "github.com/redis/go-redis/v9"
	"golang.org/x/tools/txtar"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
)

// keepsAll is because commands go by the machine's clock, and the program by its
// own.
const keepsAll = "retention: { conversations: 0s, receipts: 0s, dead_letters: 0s, ledger: 0s, audit: 0s }\n"

// A life is that of Kim, who has an account on each platform, in the whole program
// on a Redis of its own. Everything that Kim wrote, or that tells of it, has a word
// in it that is found nowhere else.
type life struct {
	*house
	t      *testing.T
	ctx    context.Context
	server *redisServer
	admin  *goredis.Client
	words  []string
	kim    chat.Sender
}

// word is the next word of Kim's.
func (l *life) word() string {
	word := fmt.Sprintf("kimzq%dx", len(l.words)+1)
	l.words = append(l.words, word)
	return word
}

func (l *life) do(e chat.Event) {
	l.t.Helper()
	form, err := l.house.do(l.ctx, e)
	if err != nil || form != nil {
		l.t.Fatalf("%s opens %v: %v", e.Kind, form, err)
	}
	l.wait()
}

func (l *life) wait() {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.ctx, 20*time.Second)
	defer cancel()
	if err := l.quiet(ctx); err != nil {
		l.t.Fatal(err)
	}
	l.clock.advance(time.Second)
}

// run is a command of someone's.
func (l *life) run(sim *simulated, who chat.Sender, place chat.Place, line string) {
	l.t.Helper()
	e, err := sim.run(who, place, line)
	if err != nil {
		l.t.Fatal(err)
	}
	l.do(e)
}

// press presses the newest button of a name that someone sees.
func (l *life) press(sim *simulated, who chat.Sender, label string) *chat.Form {
	l.t.Helper()
	for _, m := range slices.Backward(sim.see(who.Account)) {
		e, err := sim.press(who, m, label)
		if err != nil {
			continue
		}
		form, err := l.house.do(l.ctx, e)
		if err != nil {
			l.t.Fatal(err)
		}
		l.wait()
		return form
	}
	l.t.Fatalf("%s sees no %q", who.Name, label)
	return nil
}

func someone(sim *simulated, name string) chat.Sender {
	return chat.Sender{Account: chat.NewAccountID(sim.name, "w", name), Name: name, Locale: "en"}
}

// newLife plays it, up to where the program is stopped with things on their way.
func newLife(t *testing.T) *life {
	t.Helper()
	needRedis(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	l := &life{t: t, ctx: ctx, server: startRedis(t)}
	l.admin = l.server.admin(t)
	l.house = newHouse(ctx, t, []txtar.File{
		{Name: "signpost.yaml", Data: []byte(relayWorld + keepsAll)}, {Name: "knowledge/refund.md", Data: []byte(oneArticle)},
	}, alpha, beta)
	_ = l.store.Close()
	var err error
	log := newLogger(config.Log{Level: "warn", Format: "text"}, &l.journal, nil)
	if l.store, err = redis.Open(ctx, "redis://"+l.server.addr(), redis.Options{Installation: "main", Log: log}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.store.Close() })
	if err := l.start(); err != nil {
		t.Fatal(err)
	}
	here, there := l.sims[0], l.sims[1]
	l.kim = someone(here, "kim")
	lee, ana := someone(here, "lee"), someone(there, "ana")
	help := chat.Place{Platform: here.name, Workspace: "w", Channel: "#help"}

	// Someone else has a ticket before and after, and a question.
	e, _ := here.say(lee, chat.Direct(lee.Account), "where is my refund, says leezq")
	l.do(e)
	l.contact(here, lee, "where is my refund, says leezq", "")

	// A question, changed and followed up, that becomes a ticket.
	e, m := here.say(l.kim, help, "@signpost where is my refund "+l.word()+"?")
	l.do(e)
	l.do(here.edit(m, "@signpost where is my refund of monday "+l.word()+"?"))
	thread := m.place
	e, _ = here.say(l.kim, thread, "how do I get a refund with a card "+l.word()+"?")
	l.do(e)
	stranger := someone(here, "eve")
	l.press(here, stranger, "This helped") // asks the same, for herself
	l.contact(here, l.kim, "where is my refund "+l.word()+"?", "more on that: "+l.word())
	e, _ = here.say(l.kim, thread, "I paid on monday "+l.word(), here.attach(l.word()+".pdf", 2048))
	l.do(e)
	inside := chat.Place{Platform: there.name, Workspace: "w", Channel: "#desk"}
	for _, line := range []string{
		"/ticket claim T-2", "/ticket reply T-2 you wrote " + l.word(), "/ticket note T-2 Kim says " + l.word(), "/ticket draft T-2", "/ticket resolve T-2 so it was " + l.word(),
	} {
		l.run(there, ana, inside, line)
	}
	learned, err := desk.NewAlias("refund", "en", "how do I get a refund with a card "+l.words[2], "ana", l.clock.Now())
	learned.Ticket = "T-2"
	kept, err2 := desk.NewAlias("refund", "en", "paid twice by mistake", "ana", l.clock.Now())
	kept.Ticket = "T-2"
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	for _, a := range []desk.Alias{learned, kept} {
		if _, err := l.store.AddAlias(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	l.do(here.submit(l.kim, thread, chat.Do("comment", "T-2"), map[string]string{"text": "not well: " + l.word()}))

	// The other account is the same person, and has an open ticket.
	other := someone(there, "kim2")
	if err := l.store.Change(ctx, spool.SetChange{Set: bot.Links, Member: string(other.Account), Value: string(l.kim.Account)}); err != nil {
		t.Fatal(err)
	}
	l.follower.look(ctx)
	e, _ = there.say(other, chat.Direct(other.Account), "when is my refund paid "+l.word()+"?")
	l.do(e)
	l.contact(there, other, "when is my refund paid "+l.word()+"?", "")
	l.run(there, ana, inside, "/ticket queue")

	// A letter that died, one who waits, a reply and a timer on their way.
	l.do(chat.Event{ID: "alpha:dead", Kind: chat.Unreadable, At: l.clock.Now(), Place: help, From: l.kim, Text: "{" + l.word()})
	l.stop()
	if err := l.running.Wait(); err != nil {
		t.Fatal(err)
	}
	person := l.bot.Person(l.kim.Account)
	from := l.kim
	from.Person = person
	setup := chat.Event{ID: "alpha:setup", Kind: chat.Tick, At: l.clock.Now(), Place: inside}
	if _, err := l.store.Accept(ctx, setup, l.clock.Now()); err != nil {
		t.Fatal(err)
	}
	work, err := l.store.Lease(ctx, l.clock.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	say := func(text string) []chat.Block {
		return []chat.Block{{Layout: chat.Paragraph, Text: chat.Plain(text)}}
	}
	if err := l.store.Finish(ctx, work, spool.Outcome{
		Replies: []chat.Reply{
			{Key: "words/on/their/way", Deed: chat.Post, Purpose: chat.Relaying, Place: inside, Ticket: "T-3", Blocks: say("Kim: " + l.word())},
			{Key: "re/kim", Deed: chat.Post, Purpose: chat.Answering, Place: chat.Direct(other.Account), Blocks: say("you said " + l.word())},
			{Key: "re/list", Deed: chat.Post, Purpose: chat.Answering, Place: inside, Only: ana.Account, Blocks: say("T-3 when is my refund paid " + l.words[len(l.words)-6] + "?")},
		},
		Timers: []spool.Timer{{Name: "overheard/" + help.String(), Due: l.clock.Now().Add(time.Hour), Event: chat.Event{Place: help, From: from, Text: "did anyone see " + l.word()}}},
	}, l.clock.Now()); err != nil {
		t.Fatal(err)
	}
	waits := chat.Event{ID: "alpha:waits", Kind: chat.Message, At: l.clock.Now(), Place: help, From: from, Message: "m-waits", Addressed: true, Text: "and this " + l.word()}
	if _, err := l.store.Accept(ctx, waits, l.clock.Now()); err != nil {
		t.Fatal(err)
	}
	return l
}

// contact opens a ticket through the form under the newest answer.
func (l *life) contact(sim *simulated, who chat.Sender, question, detail string) {
	l.t.Helper()
	form := l.press(sim, who, "Contact us")
	if form == nil {
		l.t.Fatal("no form")
	}
	place := chat.Direct(who.Account)
	for _, m := range slices.Backward(sim.see(who.Account)) {
		if _, err := sim.press(who, m, "Contact us"); err == nil {
			place = m.place
			break
		}
	}
	e := sim.submit(who, place, form.Action, map[string]string{"question": question, "topic": "refunds", "detail": detail})
	if wrong, err := l.send(l.ctx, e); err != nil || len(wrong) > 0 {
		l.t.Fatalf("the form: %v, %v", wrong, err)
	}
	l.wait()
}

// traces scans every key of the installation, of every type, for some words, and
// says where they are.
func (l *life) traces(words ...string) []string {
	l.t.Helper()
	var found []string
	look := func(key, text string) {
		for _, word := range words {
			if strings.Contains(text, word) {
				found = append(found, key+" has "+word)
			}
		}
	}
	keys := l.admin.Scan(l.ctx, 0, "*", 1000).Iterator()
	for keys.Next(l.ctx) {
		key := keys.Val()
		look(key, key)
		var err error
		var all any
		switch kind := l.admin.Type(l.ctx, key).Val(); kind {
		case "string":
			all, err = l.admin.Get(l.ctx, key).Result()
		case "hash":
			all, err = l.admin.HGetAll(l.ctx, key).Result()
		case "list":
			all, err = l.admin.LRange(l.ctx, key, 0, -1).Result()
		case "set":
			all, err = l.admin.SMembers(l.ctx, key).Result()
		case "zset":
			all, err = l.admin.ZRange(l.ctx, key, 0, -1).Result()
		case "stream":
			all, err = l.admin.XRange(l.ctx, key, "-", "+").Result()
		default:
			err = fmt.Errorf("%s is a %s", key, kind)
		}
		if err != nil {
			l.t.Fatal(err)
		}
		look(key, fmt.Sprintf("%+v", all))
	}
	if err := keys.Err(); err != nil {
		l.t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

// A whole is what must stay as it was: the queue without Kim's, what was counted,
// the audit, and what is kept of someone else.
type whole struct {
	Queue   []int64
	Tallies []desk.Tally
	Waits   []desk.Wait
	Audit   []string
	Others  spool.Belongings
	Number  string
}

func (l *life) whole() whole {
	l.t.Helper()
	var w whole
	queue, _, err := l.store.Queue(l.ctx, "support", l.clock.Now(), 100)
	for _, k := range queue {
		if k.Asker.Account == "alpha:w:lee" {
			w.Queue = append(w.Queue, k.Number)
		}
	}
	day := l.clock.Now().Truncate(24 * time.Hour)
	var err2, err3, err4, err5, err6 error
	w.Tallies, err2 = l.store.Tallies(l.ctx, "support", day, day.Add(48*time.Hour))
	w.Waits, err3 = l.store.Waits(l.ctx, "support")
	w.Others, err4 = l.store.Belongings(l.ctx, spool.Owner{Person: "alpha:w:lee", Accounts: []chat.AccountID{"alpha:w:lee"}})
	lines, err5 := l.store.Unsealed(l.ctx, 10_000)
	for _, line := range lines {
		w.Audit = append(w.Audit, line.Text)
	}
	w.Number, err6 = l.admin.Get(l.ctx, "signpost:{main}:number").Result()
	if err := errors.Join(err, err2, err3, err4, err5, err6); err != nil {
		l.t.Fatal(err)
	}
	return w
}

// judge checks that nothing is left of Kim, and everything of all others.
func (l *life) judge(before whole) {
	l.t.Helper()
	if found := l.traces(l.words...); len(found) > 0 {
		l.t.Errorf("these are left:\n%s", strings.Join(found, "\n"))
	}
	after := l.whole()
	if len(after.Audit) < len(before.Audit) {
		l.t.Errorf("the audit has %d lines, and had %d", len(after.Audit), len(before.Audit))
	}
	after.Audit = after.Audit[:len(before.Audit)]
	if diff := cmp.Diff(before, after); diff != "" {
		l.t.Errorf("what must stay has changed:\n%s", diff)
	}
	for _, id := range []chat.TicketID{"T-2", "T-3"} {
		k, err := l.store.Ticket(l.ctx, id)
		if err != nil || !k.Value.Forgotten() || k.Value.State != desk.Closed {
			l.t.Errorf("%s is %+v: %v", id, k.Value, err)
		}
	}
	aliases, _, err := l.store.Aliases(l.ctx)
	if err != nil || len(aliases) != 1 || aliases[0].Text != "paid twice by mistake" {
		l.t.Errorf("learned are %+v: %v", aliases, err)
	}
}

// seen checks that no message of ours has Kim's words where the desk works.
func (l *life) seen() {
	l.t.Helper()
	for _, sim := range l.sims {
		for _, m := range sim.see("") {
			text, err := json.Marshal(m.text)
			if err != nil {
				l.t.Fatal(err)
			}
			for _, word := range l.words {
				if m.by == nil && m.only == "" && strings.Contains(string(text), word) {
					l.t.Errorf("%s shows in %s: %s", sim.name, m.place, text)
				}
			}
		}
	}
}

// goOn starts the program again, until all is quiet.
func (l *life) goOn() {
	l.t.Helper()
	if err := l.start(); err != nil {
		l.t.Fatal(err)
	}
	l.follower.look(l.ctx)
	l.wait()
}

// command is the configuration file of this life, and how a command is run.
func (l *life) command(in string, words ...string) (out string, code int) {
	l.t.Helper()
	file := filepath.Join(l.t.TempDir(), "signpost.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, "redis: { url: \"redis://%s\" }\n", l.server.addr()), 0o600); err != nil {
		l.t.Fatal(err)
	}
	var said, wrong strings.Builder
	code = run(l.ctx, append([]string{"--config", file}, words...), streams{strings.NewReader(in), &said, io.MultiWriter(&said, &wrong)})
	return said.String(), code
}

// TestForgetByCommand forgets someone while the program is stopped.
func TestForgetByCommand(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	if found := l.traces(l.words...); len(found) < len(l.words) {
		t.Fatalf("of %d words only these are stored:\n%s", len(l.words), strings.Join(found, "\n"))
	}
	for _, word := range l.words[1:] { // the first was edited away
		if len(l.traces(word)) == 0 {
			t.Errorf("%s is stored nowhere", word)
		}
	}
	before := l.whole()

	out := filepath.Join(t.TempDir(), "kim.md")
	if said, code := l.command("", "data", "export", "--user", "beta:w:kim2", "--out", out); code != 0 {
		t.Fatalf("export: %s", said)
	}
	text, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(text), l.words[3]) || strings.Contains(string(text), l.words[8]) {
		t.Errorf("the export has not what Kim wrote, or a note: %v\n%s", err, text)
	}
	if said, code := l.command("no\n", "data", "forget", "--user", "alpha:w:kim"); code == 0 || !strings.Contains(said, "1 open") {
		t.Errorf("exit %d: %s", code, said)
	}
	if said, code := l.command("", "data", "forget", "--user", "alpha:w:kim", "--dry-run"); code != 0 || len(l.traces(l.words...)) == 0 {
		t.Errorf("exit %d: %s", code, said)
	}
	if said, code := l.command("yes\n", "data", "forget", "--user", "alpha:w:kim"); code != 0 {
		t.Fatalf("exit %d: %s", code, said)
	}
	l.judge(before)
	if said, code := l.command("", "data", "forget", "--yes", "--user", "alpha:w:kim"); code == 0 || !strings.Contains(said, "nothing is kept") {
		t.Errorf("again: exit %d: %s", code, said)
	}

	l.clock.Reach(time.Now().Add(time.Second)) // by which the command told the time
	l.goOn()
	l.seen()
	if found := l.traces(l.words...); len(found) > 0 {
		t.Errorf("these came back:\n%s", strings.Join(found, "\n"))
	}
	l.stop()
	if err := l.running.Wait(); err != nil {
		t.Fatal(err)
	}
}

// TestForgetInChat has someone forget themselves, on one platform for both.
func TestForgetInChat(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	before := l.whole()
	l.goOn()
	here, there := l.sims[0], l.sims[1]
	other := someone(there, "kim2")
	l.run(there, other, chat.Direct(other.Account), "/privacy")
	l.press(there, other, "Delete my data")
	// Nobody else can press it, whatever they send.
	l.do(there.submit(someone(here, "lee"), chat.Direct("alpha:w:lee"), chat.Do("forget_sure", string(other.Account)), nil))
	if found := l.traces(l.words...); len(found) < len(l.words)/2 {
		t.Fatal("a stranger had Kim forgotten")
	}
	l.press(there, other, "Yes, delete it all")
	if err := until(l.ctx, "nothing is left", func(context.Context) error {
		if found := l.traces(l.words...); len(found) > 0 {
			return errors.New(strings.Join(found, "\n"))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	l.seen()
	after := l.whole()
	if diff := cmp.Diff(before.Queue, after.Queue); diff != "" {
		t.Errorf("the queue is another:\n%s", diff)
	}
	if diff := cmp.Diff(before.Others, after.Others); diff != "" {
		t.Errorf("Lee has another life:\n%s", diff)
	}
	cards := 0
	for _, sim := range l.sims {
		for _, m := range sim.see("") {
			if m.by == nil && strings.Contains(m.text, "at the asker's wish") {
				cards++
			}
		}
	}
	if cards != 4 { // two tickets, a channel on each platform
		t.Errorf("%d cards say that a ticket was deleted, want 4", cards)
	}
	l.stop()
	if err := l.running.Wait(); err != nil {
		t.Fatal(err)
	}
}

// A dying context ends the process, as far as it is concerned, after it was asked
// a number of times.
type dying struct {
	context.Context
	left *atomic.Int64
	end  context.CancelFunc
}

func (d dying) Done() <-chan struct{} {
	if d.left.Add(-1) == 0 {
		d.end()
	}
	return d.Context.Done()
}

// TestForgetKilled kills it again and again, each time a little later.
func TestForgetKilled(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	before := l.whole()
	killed := 0
	for steps := int64(1); steps < 4000; steps = steps*5/4 + 7 {
		ctx, end := context.WithCancel(l.ctx)
		left := new(atomic.Int64)
		left.Store(steps)
		wish, err := l.bot.Forgetting(l.ctx, l.bot.Person(l.kim.Account))
		if err != nil {
			t.Fatal(err)
		}
		_, err = spool.Forget(dying{ctx, left, end}, l.store, wish, l.clock.Now)
		end()
		if err == nil {
			break
		}
		killed++
	}
	if killed < 3 {
		t.Errorf("it was killed only %d times", killed)
	}
	l.judge(before)
}
