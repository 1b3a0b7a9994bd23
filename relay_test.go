package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
)

// An unreliable store breaks off: before a step is taken, or after it and
// before anyone is told, as a process that dies does.
type unreliable struct {
	*redis.Store
	trouble *trouble
	watch   func(spool.Work, spool.Outcome, func() error) error // commits an outcome; nil: nobody watches
}

func (u unreliable) Lease(ctx context.Context, now time.Time, d time.Duration) (spool.Work, error) {
	w, err := u.Store.Lease(ctx, now, d)
	if err == nil {
		u.trouble.begins(workID(w))
	}
	return w, err
}

func (u unreliable) LeaseReply(ctx context.Context, platform string, pace chat.Pace, now time.Time, d time.Duration) (spool.Letter, error) {
	l, err := u.Store.LeaseReply(ctx, platform, pace, now, d)
	if err == nil {
		u.trouble.begins(l.ID)
	}
	return l, err
}

func (u unreliable) Finish(ctx context.Context, w spool.Work, o spool.Outcome, now time.Time) error {
	err := u.trouble.around(func() error {
		commit := func() error { return u.Store.Finish(ctx, w, o, now) }
		if u.watch == nil {
			return commit()
		}
		return u.watch(w, o, commit)
	})
	if !errors.Is(err, spool.ErrConflict) { // which is tried again at once
		u.trouble.ends(workID(w))
	}
	return err
}

func (u unreliable) Delivered(ctx context.Context, l spool.Letter, r chat.Receipt, now time.Time) error {
	defer u.trouble.ends(l.ID)
	return u.trouble.around(func() error { return u.Store.Delivered(ctx, l, r, now) })
}

func (u unreliable) Retry(ctx context.Context, w spool.Work, cause string, until, now time.Time) error {
	defer u.trouble.ends(workID(w))
	return u.Store.Retry(ctx, w, cause, until, now)
}

func (u unreliable) Bury(ctx context.Context, w spool.Work, cause string, apology []chat.Reply, now time.Time, deeds ...desk.Deed) error {
	defer u.trouble.ends(workID(w))
	return u.Store.Bury(ctx, w, cause, apology, now, deeds...)
}

func (u unreliable) Postpone(ctx context.Context, l spool.Letter, until, now time.Time) error {
	defer u.trouble.ends(l.ID)
	return u.Store.Postpone(ctx, l, until, now)
}

func (u unreliable) Discard(ctx context.Context, l spool.Letter, cause string, now time.Time) error {
	defer u.trouble.ends(l.ID)
	return u.Store.Discard(ctx, l, cause, now)
}

// trouble is how often things go wrong; at rest never.
type trouble struct {
	mu    sync.Mutex
	dice  *rand.Rand
	share float64
	// inHand is what someone has leased and works at. Meanwhile the clock must
	// not pass the end of the lease: nobody is that slow.
	inHand map[string]bool
}

// workID is the same however often an event is leased.
func workID(w spool.Work) string {
	id, _, _ := strings.Cut(w.Token, "/")
	return id
}

func (t *trouble) begins(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inHand == nil {
		t.inHand = map[string]bool{}
	}
	t.inHand[id] = true
}

func (t *trouble) ends(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.inHand, id)
}

func (t *trouble) idle() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.inHand) == 0
}

// over ends all work: who did it is dead.
func (t *trouble) over() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.inHand)
}

func (t *trouble) strikes() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.dice.Float64() < t.share
}

func (t *trouble) set(share float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.share = share
}

func (t *trouble) around(step func() error) error {
	if t.strikes() {
		return spool.ErrUnavailable
	}
	if err := step(); err != nil {
		return err
	}
	if t.strikes() {
		return spool.ErrUnavailable
	}
	return nil
}

// fault is what goes wrong with a delivery.
func (t *trouble) fault(_ chat.Delivery, done bool) error {
	switch {
	case !t.strikes():
		return nil
	case done:
		return errors.New("the connection broke")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return []error{
		fmt.Errorf("%w: no connection", chat.ErrNotSent), &chat.RateLimitedError{After: time.Second}, errors.New("the platform answered 500"),
	}[t.dice.IntN(3)]
}

// relayWorld has a desk with a card on both platforms, and agents on both.
const relayWorld = `desks:
  - name: support
    agents: ["here:cy"]
    channels: ["desk:#desk", "here:#office"]
`

// A hurricane is people at work while things go wrong, and what must stand in the
// end.
type hurricane struct {
	*house
	t       *rapid.T
	ctx     context.Context
	trouble *trouble
	watch   func(spool.Work, spool.Outcome, func() error) error // see unreliable
	handler spool.Handler                                       // nil: the bot
	words   int
	said    map[string]*word // by what it says
	tickets int
}

// A word is a text that is found nowhere else, and where it may stand.
type word struct {
	text     string
	internal bool    // never where an asker reads
	by       *posted // the message that said it; nil: a form or command
	at       *simulated
	gone     bool
}

// TestRelayThroughStorm lets askers and agents on two platforms write, change
// and take back while deliveries fail and the program dies, and looks at rest:
// each card shows its ticket, on both platforms; every relayed message stands
// exactly once in its current text or carries its ⚠; and nothing internal
// ever reached an asker.
func TestRelayThroughStorm(t *testing.T) {
	for _, pair := range [][]manners{{alpha, beta}, {beta, alpha}} {
		t.Run(pair[0].name+"+"+pair[1].name, func(t *testing.T) {
			t.Parallel()
			seed := uint64(0)
			rapid.Check(t, func(rt *rapid.T) {
				seed++
				world := []txtar.File{
					{Name: "signpost.yaml", Data: []byte(relayWorld)}, {Name: "knowledge/refund.md", Data: []byte(oneArticle)},
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				h := openHouse(ctx, t, world, pair...)
				s := &hurricane{
					house: h, t: rt, ctx: ctx, said: map[string]*word{},
					trouble: &trouble{dice: rand.New(rand.NewPCG(seed, uint64(rapid.IntRange(0, 1<<30).Draw(rt, "seed"))))},
				}
				for _, sim := range h.sims {
					sim.fault = s.trouble.fault
				}
				s.restart(false)
				defer func() {
					h.stop()
					if err := errors.Join(h.running.Wait(), h.store.Close()); err != nil {
						t.Error(err)
					}
				}()
				s.play()
				s.rest()
				s.judge()
			})
		})
	}
}

// restart ends the program, as if it died if things go wrong just now, and
// starts it anew on the same store.
func (s *hurricane) restart(troubled bool) {
	if troubled {
		s.trouble.set(1)
	}
	s.stop()
	if err := s.running.Wait(); err != nil {
		s.t.Fatal(err)
	}
	s.trouble.set(0)
	s.trouble.over()
	platforms := map[string]chat.Platform{}
	for _, sim := range s.sims {
		platforms[sim.name] = sim
	}
	handler := s.handler
	if handler == nil {
		handler = s.bot
	}
	s.events = spool.New(unreliable{s.store, s.trouble, s.watch}, handler, spool.Options{
		Person: s.bot.Person, Now: s.clock.Now, Log: newLogger(config.Log{Level: "warn", Format: "text"}, &s.journal, nil),
	})
	ctx, stop := context.WithCancel(s.ctx)
	s.stop = stop
	events := s.events
	s.running.Go(func() error { return events.Run(ctx, platforms) })
}

// rest lets time pass until nothing is left to do.
func (s *hurricane) rest() {
	s.t.Helper()
	s.trouble.set(0)
	for range 2000 {
		if err := s.events.Fire(s.ctx); err != nil { // which wakes whoever is to handle them
			s.t.Fatal(err)
		}
		p, err := s.store.Pending(s.ctx)
		if err != nil {
			s.t.Fatal(err)
		}
		if p == (spool.Pending{}) {
			due, err := s.store.NextTimer(s.ctx)
			if err != nil {
				s.t.Fatal(err)
			}
			if due.IsZero() || due.After(s.clock.Now()) {
				return
			}
			continue // it was set since we looked
		}
		s.pass(10 * time.Second)
		<-time.After(5 * time.Millisecond)
	}
	p, _ := s.store.Pending(s.ctx)
	s.t.Fatalf("it does not come to rest: %+v", p)
}

// pass lets time pass while nobody is at work.
func (s *hurricane) pass(d time.Duration) {
	for range 1000 {
		if s.trouble.idle() {
			break
		}
		<-time.After(time.Millisecond)
	}
	s.clock.advance(d)
}

func (s *hurricane) sender(sim *simulated, name string) chat.Sender {
	return chat.Sender{Account: chat.NewAccountID(sim.name, "w", name), Name: name, Locale: "en"}
}

// word is a new one.
func (s *hurricane) word(internal bool) *word {
	s.words++
	w := &word{text: fmt.Sprintf("w%dw", s.words), internal: internal}
	s.said[w.text] = w
	return w
}

func (s *hurricane) do(e chat.Event) {
	s.t.Helper()
	if _, err := s.house.do(s.ctx, e); err != nil {
		s.t.Fatal(err)
	}
	s.pass(time.Second)
}

// say says a word in a place, with something before it.
func (s *hurricane) say(sim *simulated, name string, place chat.Place, before string, w *word) {
	e, m := sim.say(s.sender(sim, name), place, before+w.text)
	w.by, w.at = m, sim
	s.do(e)
}

// opens makes a ticket of a question of someone's and waits for it.
func (s *hurricane) opens(name string, public bool) {
	sim := s.sims[0]
	from := s.sender(sim, name)
	place := chat.Direct(from.Account)
	question := "where is my refund?"
	if public {
		place = chat.Place{Platform: sim.name, Workspace: "w", Channel: "#help"}
		question = "@signpost " + question
	}
	e, _ := sim.say(from, place, question)
	s.do(e)
	s.rest()
	for _, m := range slices.Backward(sim.see(from.Account)) {
		if press, err := sim.press(from, m, "Contact us"); err == nil {
			s.do(sim.submit(from, m.place, press.Action, map[string]string{"question": "where is my refund?", "topic": "*"}))
			s.tickets++
			s.rest()
			return
		}
	}
	s.t.Fatal("nothing offers to contact us")
}

func (s *hurricane) ticket(n int) desk.Ticket {
	k, err := s.store.Ticket(s.ctx, desk.NewID(int64(n)))
	if err != nil {
		s.t.Fatal(err)
	}
	return k.Value
}

// channels are the desk's.
func (s *hurricane) channels() []chat.Place {
	asking, working := s.sims[0].name, s.sims[1].name
	return []chat.Place{{Platform: working, Workspace: "w", Channel: "#desk"}, {Platform: asking, Workspace: "w", Channel: "#office"}}
}

// card is the card of a ticket that stands in a channel; nil if none does.
func (s *hurricane) card(n int, channel chat.Place) (cards []*posted) {
	for _, sim := range s.sims {
		if sim.name != channel.Platform {
			continue
		}
		for _, m := range sim.see("") {
			if m.by == nil && m.place == channel && m.only == "" && strings.Contains(m.text, fmt.Sprintf("T-%d ·", n)) {
				cards = append(cards, m)
			}
		}
	}
	return cards
}

// thread is where agents talk of a ticket, on one of the platforms.
func (s *hurricane) thread(n, side int) (*simulated, string, chat.Place, bool) {
	channel := s.channels()[side]
	sim, name := s.sims[1], "ana"
	if side == 1 {
		sim, name = s.sims[0], "cy"
	}
	cards := s.card(n, channel)
	if len(cards) == 0 {
		return sim, name, channel, false
	}
	channel.Thread = string(cards[0].id)
	return sim, name, channel, true
}

// play lets people do what they like.
func (s *hurricane) play() {
	askers := []string{"asker", "dora"}
	s.opens(askers[0], true)
	s.opens(askers[1], rapid.Bool().Draw(s.t, "public"))
	s.trouble.set(rapid.SampledFrom([]float64{0, 0.1, 0.3}).Draw(s.t, "trouble"))
	steps := rapid.IntRange(5, 25).Draw(s.t, "steps")
	share := s.trouble.share
	for range steps {
		n := rapid.IntRange(1, s.tickets).Draw(s.t, "ticket")
		sim, agent, thread, there := s.thread(n, rapid.IntRange(0, 1).Draw(s.t, "side"))
		asker := s.sender(s.sims[0], askers[n-1])
		own := func(by string) []*word {
			var list []*word
			for i := range s.words {
				w := s.said[fmt.Sprintf("w%dw", i+1)]
				if w.by != nil && !w.gone && w.by.by.Name == by {
					list = append(list, w)
				}
			}
			return list
		}
		switch action := rapid.SampledFrom([]string{
			"reply", "reply", "note", "talk", "say", "say", "edit", "edit", "delete", "claim", "resolve", "reopen", "thanks",
			"close", "drop", "drop card", "die", "rest",
		}).Draw(s.t, "action"); action {
		case "reply", "note", "claim", "resolve", "reopen":
			if !there {
				continue
			}
			w := s.word(action == "note")
			if action == "reply" || action == "note" {
				s.say(sim, agent, thread, "@signpost "+action+" ", w)
			} else {
				e, _ := sim.say(s.sender(sim, agent), thread, "@signpost "+action)
				s.do(e)
			}
		case "talk":
			if there {
				s.say(sim, agent, thread, "I think that reply ", s.word(true))
			}
		case "say":
			k := s.ticket(n)
			s.say(s.sims[0], asker.Name, k.Place, "and now ", s.word(false))
		case "thanks":
			e, _ := s.sims[0].say(asker, s.ticket(n).Place, "thank you!")
			s.do(e)
		case "edit", "delete":
			who := rapid.SampledFrom([]string{asker.Name, agent}).Draw(s.t, "who")
			list := own(who)
			if len(list) == 0 {
				continue
			}
			w := rapid.SampledFrom(list).Draw(s.t, "word")
			if !w.at.stands(chat.Receipt{Place: w.by.place, Message: w.by.id}) {
				continue // it went with its thread
			}
			w.gone = true
			if action == "delete" {
				s.do(w.at.delete(w.by))
				continue
			}
			again := s.word(w.internal)
			again.by, again.at = w.by, w.at
			s.do(w.at.edit(w.by, strings.Replace(w.by.text, w.text, again.text, 1)))
		case "close":
			_ = s.sims[0].closeDirect(asker.Account) // where it can be
		case "drop":
			if k := s.ticket(n); k.Place.Thread != "" {
				if e, err := s.sims[0].deleteThread(k.Place); err == nil {
					s.do(e)
				}
			}
		case "drop card":
			if cards := s.card(n, thread.Outside()); len(cards) > 0 {
				s.do(sim.delete(cards[0]))
			}
		case "die":
			s.restart(true)
			s.trouble.set(share)
		case "rest":
			s.rest()
			s.trouble.set(share)
		}
	}
}

// standing is where a text stands, and who reads it.
func (s *hurricane) standing(text string) (list []*posted) {
	for _, sim := range s.sims {
		sim.mu.Lock()
		for _, m := range sim.standing {
			if strings.Contains(m.text, text) {
				seen := *m
				list = append(list, &seen)
			}
		}
		sim.mu.Unlock()
	}
	return list
}

// inside reports whether only agents read a message.
func (s *hurricane) inside(m *posted) bool {
	reader := s.sims[0].readBy(m)
	agent := strings.HasSuffix(string(reader), ":ana") || strings.HasSuffix(string(reader), ":bo") || strings.HasSuffix(string(reader), ":cy")
	return agent || slices.Contains(s.channels(), m.place.Outside())
}

// judge looks at what stands.
func (s *hurricane) judge() {
	s.t.Helper()
	states := map[desk.State]string{
		desk.Open: "open", desk.Claimed: "claimed", desk.Waiting: "waiting for the asker", desk.Resolved: "settled", desk.Closed: "closed",
	}
	for n := 1; n <= s.tickets; n++ {
		k := s.ticket(n)
		for _, channel := range s.channels() {
			cards := s.card(n, channel)
			if len(cards) != 1 {
				s.t.Errorf("%d cards of %s stand in %s", len(cards), k.ID, channel)
				continue
			}
			text := plain(cards[0].text)
			if !strings.Contains(text, fmt.Sprintf("%s · %s >", k.ID, states[k.State])) {
				s.t.Errorf("%s is %s, and its card in %s says %q", k.ID, k.State, channel, text)
			}
			if holder := "Holder " + k.HolderName; (k.HolderName != "") != strings.Contains(text, "Holder") || k.HolderName != "" && !strings.Contains(text, holder) {
				s.t.Errorf("%s is with %q, and its card in %s says %q", k.ID, k.HolderName, channel, text)
			}
		}
		for i, e := range k.History {
			s.judgeEntry(&k, i+1, e)
		}
	}
	for text, w := range s.said {
		for _, m := range s.standing(text) {
			if w.internal && !s.inside(m) {
				s.t.Errorf("%s is internal, and stands in %s: %q", text, m.place, m.text)
			}
		}
	}
}

// judgeEntry looks at one line of a ticket's history: words, and where they
// have come to.
func (s *hurricane) judgeEntry(k *desk.Ticket, n int, e desk.Entry) {
	text := k.Text(n)
	if i := strings.LastIndex(text, "w"); i < 0 || !strings.HasPrefix(text[strings.LastIndex(text, " ")+1:], "w") {
		return
	}
	text = text[strings.LastIndex(text, " ")+1:]
	outside, cards, doubted := 0, map[chat.Place]int{}, 0
	for _, m := range s.standing(text) {
		switch {
		case m.by != nil:
		case !s.inside(m):
			outside++
			if strings.Contains(m.text, "⚠") {
				doubted++
			}
		case slices.Contains(s.channels(), m.place.Outside()) && m.place.Thread != "":
			cards[m.place.Outside()]++
		}
	}
	taken := slices.ContainsFunc(k.History, func(later desk.Entry) bool { return later.Of == n && later.Did == desk.DidTakeBack })
	switch e.Did {
	case desk.DidReply:
		want := 1
		if e.Passage != desk.Arrived {
			want = 0
		}
		if e.Passage == desk.Sending || e.Passage == desk.Held {
			s.t.Errorf("at rest, %q is %s", text, e.Passage)
		}
		// A copy with a remark that it may be there already is as documented.
		if outside-doubted > want || outside < want {
			s.t.Errorf("%q is %s, and stands %d times before the asker, %d of them with a remark", text, e.Passage, outside, doubted)
		}
		if e.Passage == desk.Failed || e.Passage == desk.Called {
			if !slices.ContainsFunc(s.standing("⚠"), s.inside) {
				s.t.Errorf("%q is %s, and no ⚠ tells the desk", text, e.Passage)
			}
		}
	case desk.DidAdd:
		for _, channel := range s.channels() {
			if got := cards[channel]; taken && got != 0 || !taken && got != 1 {
				s.t.Errorf("%q (taken back: %t) stands %d times in %s; %s/%d is %+v, and the program logged\n%s",
					text, taken, got, channel, k.ID, n, e, &s.journal)
			}
		}
	}
}
