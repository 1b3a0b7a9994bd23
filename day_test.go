package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// dayWorld has two desks, with channels on both platforms and agents on both.
const dayWorld = `desks:
  - name: support
    agents: ["here:cy"]
    leads: ["here:ana"]
    channels: ["desk:#desk", "here:#office"]
  - name: sales
    agents: ["here:ana", "here:cy"]
    audiences: ["affiliate"]
    channels: ["desk:#sales"]
`

// An office is when a desk is open, in the plainest of ways: what a clock on its
// wall shows.
type office struct {
	zone     *time.Location
	week     map[time.Weekday][][2]int // minutes since midnight
	holidays []string                  // 2026-03-06
}

// hours are the same, as the desk has them.
func (o office) hours() desk.Hours {
	var openings []desk.Opening
	for day, list := range o.week {
		for _, span := range list {
			openings = append(openings, desk.Opening{Day: day, From: time.Duration(span[0]) * time.Minute, To: time.Duration(span[1]) * time.Minute})
		}
	}
	var holidays []desk.Day
	for _, date := range o.holidays {
		day, err := time.Parse(time.DateOnly, date)
		if err != nil {
			panic(err)
		}
		holidays = append(holidays, desk.DayOf(day))
	}
	return desk.NewHours(o.zone, openings, holidays)
}

// open looks at the wall.
func (o office) open(at time.Time) bool {
	if len(o.week) == 0 {
		return true
	}
	wall := at.In(o.zone)
	if slices.Contains(o.holidays, wall.Format(time.DateOnly)) {
		return false
	}
	minute := wall.Hour()*60 + wall.Minute()
	return slices.ContainsFunc(o.week[wall.Weekday()], func(span [2]int) bool { return span[0] <= minute && minute < span[1] })
}

// between counts open time, minute by minute. Nothing opens, closes or jumps
// within one.
func (o office) between(a, b time.Time) (open time.Duration) {
	for a.Before(b) {
		next := a.Truncate(time.Minute).Add(time.Minute)
		if next.After(b) {
			next = b
		}
		if o.open(a) {
			open += next.Sub(a)
		}
		a = next
	}
	return open
}

// after counts until the desk has been open for d since a.
func (o office) after(a time.Time, d time.Duration) time.Time {
	for d > 0 {
		next := a.Truncate(time.Minute).Add(time.Minute)
		if o.open(a) {
			if next.Sub(a) >= d {
				return a.Add(d)
			}
			d -= next.Sub(a)
		}
		a = next
	}
	return a
}

// offices are where clocks jump soon after scripts begin, or never, or by half
// an hour.
var offices = []struct {
	zone  string
	begin time.Time
}{
	{"America/New_York", time.Date(2026, 3, 6, 20, 30, 0, 0, time.UTC)},  // Friday; clocks go forward on Sunday
	{"America/New_York", time.Date(2026, 10, 31, 15, 0, 0, 0, time.UTC)}, // Saturday; back on Sunday
	{"Europe/Lisbon", time.Date(2026, 3, 27, 17, 0, 0, 0, time.UTC)},     // Friday; forward on Sunday
	{"Australia/Lord_Howe", time.Date(2026, 4, 4, 9, 0, 0, 0, time.UTC)}, // back by half an hour on Sunday
	{"America/Sao_Paulo", time.Date(2026, 3, 2, 11, 30, 0, 0, time.UTC)}, // never
	{"Asia/Kolkata", time.Date(2026, 2, 28, 20, 0, 0, 0, time.UTC)},      // five and a half hours ahead
	{"America/New_York", time.Date(2026, 11, 1, 5, 30, 30, 0, time.UTC)}, // the hour that comes twice
	{"Africa/Casablanca", time.Date(2026, 2, 14, 23, 0, 0, 0, time.UTC)}, // around Ramadan
}

// drawOffice makes one up.
func drawOffice(t *rapid.T) (o office, begin time.Time) {
	at := rapid.SampledFrom(offices).Draw(t, "office")
	zone, err := time.LoadLocation(at.zone)
	if err != nil {
		t.Fatal(err)
	}
	o = office{zone: zone, week: map[time.Weekday][][2]int{}}
	switch rapid.SampledFrom([]string{"always", "weekdays", "nights", "any"}).Draw(t, "hours") {
	case "weekdays": // with a lunch break
		for day := time.Monday; day <= time.Friday; day++ {
			o.week[day] = [][2]int{{9 * 60, 12 * 60}, {13 * 60, 18 * 60}}
		}
	case "nights": // when clocks jump
		for day := time.Sunday; day <= time.Saturday; day++ {
			o.week[day] = [][2]int{{0, 3*60 + 15}, {22 * 60, 24 * 60}}
		}
	case "any":
		for day := time.Sunday; day <= time.Saturday; day++ {
			if from := rapid.IntRange(0, 23*60).Draw(t, "from"); rapid.Bool().Draw(t, "open") {
				o.week[day] = [][2]int{{from, rapid.IntRange(from+1, 24*60).Draw(t, "to")}}
			}
		}
	}
	if len(o.week) > 0 && rapid.Bool().Draw(t, "holiday") {
		o.holidays = []string{at.begin.AddDate(0, 0, rapid.IntRange(0, 3).Draw(t, "day")).In(zone).Format(time.DateOnly)}
	}
	return o, at.begin
}

// A commit is a ticket as an outcome left it.
type commit struct {
	version int64 // that was read
	at      time.Time
	timer   string // that brought it; empty: someone did
	kept    bool   // its holder said that they are still there
	ticket  desk.Ticket
}

// A setting is a timer that is set.
type setting struct {
	due time.Time
	by  string // the id of the record that set it, with which a tick's ends
}

// A dayLog is what was committed, as it happened.
type dayLog struct {
	now func() time.Time

	mu      sync.Mutex
	handled map[chat.EventID]time.Time // last
	done    map[string]bool            // by token: finishing again changes nothing
	commits map[chat.TicketID][]commit
	timers  map[string]setting
	ticks   map[chat.EventID]int // how often each was handled
	wrong   []string
}

// A watched bot notes when it handled what. It does so anew if the clock was
// moved meanwhile.
type watchedBot struct {
	*bot.Bot
	log *dayLog
}

func (b watchedBot) Handle(ctx context.Context, e chat.Event, v spool.View) (spool.Outcome, error) {
	began := b.log.now()
	o, err := b.Bot.Handle(ctx, e, v)
	if !b.log.now().Equal(began) {
		return o, spool.ErrConflict
	}
	b.log.mu.Lock()
	defer b.log.mu.Unlock()
	b.log.handled[e.ID] = began
	return o, err
}

// take commits an outcome and notes it, one after the other.
func (l *dayLog) take(w spool.Work, o spool.Outcome, save func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := save(); err != nil || l.done[w.Token] {
		return err
	}
	l.done[w.Token] = true
	now := l.handled[w.Event.ID]
	if w.Event.Kind == chat.Tick {
		if l.ticks[w.Event.ID]++; l.ticks[w.Event.ID] > 1 {
			l.wrong = append(l.wrong, fmt.Sprintf("the timer %s came twice", w.Event.ID))
		}
		// It may have been set anew since it came due.
		if s, ok := l.timers[w.Event.Timer]; ok && strings.HasSuffix(string(w.Event.ID), "/"+s.by) {
			delete(l.timers, w.Event.Timer)
		}
	}
	for _, k := range o.Tickets {
		l.commits[k.Value.ID] = append(l.commits[k.Value.ID], commit{
			k.Version, now, w.Event.Timer, w.Event.Action.Verb == "keep" && w.Event.From.Person == k.Value.Holder, k.Value,
		})
	}
	for _, timer := range o.Timers {
		if timer.Due.IsZero() {
			delete(l.timers, timer.Name)
			continue
		}
		l.timers[timer.Name] = setting{timer.Due, workID(w)}
	}
	return nil
}

// A workday is people at work on two platforms, while hours pass, clocks are put
// right and the program dies.
type workday struct {
	hurricane
	log    *dayLog
	office office
	desks  []desk.Desk
	grace  time.Duration
	verbs  []string
}

// TestWorkday lets people ask and work on two platforms, through hours and
// days, while clocks jump and the program dies; it looks from outside. No ticket
// is lost, each is in one state and stands where that state does; every timer
// comes once, none is missed and nothing is done before its time; and clocks
// show what counting minutes does.
func TestWorkday(t *testing.T) {
	t.Parallel()
	seed := uint64(0)
	rapid.Check(t, func(rt *rapid.T) {
		seed++
		pair := []manners{alpha, beta}
		if rapid.Bool().Draw(rt, "turned round") {
			slices.Reverse(pair)
		}
		newWorkday(t, rt, seed, pair...).run()
	})
}

func newWorkday(t *testing.T, rt *rapid.T, seed uint64, pair ...manners) *workday {
	world := []txtar.File{
		{Name: "signpost.yaml", Data: []byte(dayWorld)}, {Name: "knowledge/refund.md", Data: []byte(oneArticle)},
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	h := newHouse(ctx, t, world, pair...)
	s := &workday{
		hurricane: hurricane{
			house: h, t: rt, ctx: ctx, said: map[string]*word{},
			trouble: &trouble{dice: rand.New(rand.NewPCG(seed, uint64(rapid.IntRange(0, 1<<30).Draw(rt, "seed"))))},
		},
		log: &dayLog{
			now: h.clock.Now, done: map[string]bool{}, commits: map[chat.TicketID][]commit{}, timers: map[string]setting{},
			ticks: map[chat.EventID]int{}, handled: map[chat.EventID]time.Time{},
		},
	}
	var begin time.Time
	s.office, begin = drawOffice(rt)
	h.clock.advance(begin.Sub(h.clock.Now()))
	h.tune = func(settings *bot.Settings) {
		for i := range settings.Desks {
			s.open(&settings.Desks[i])
		}
		s.desks, s.grace = settings.Desks, settings.Grace
	}
	for _, sim := range h.sims {
		sim.fault = s.trouble.fault
	}
	if err := h.start(); err != nil {
		t.Fatal(err)
	}
	s.watch, s.handler = s.log.take, watchedBot{h.bot, s.log}
	s.restart(false)
	rt.Cleanup(func() {
		h.stop()
		if err := errors.Join(h.running.Wait(), h.store.Close()); err != nil {
			t.Error(err)
		}
		cancel()
	})
	for _, c := range h.bot.Commands() {
		if c.Door == "ticket" && !slices.Contains(looks, c.Verb) {
			s.verbs = append(s.verbs, c.Verb)
		}
	}
	return s
}

// open sets the hours of a desk, what it promises and how patient it is.
func (s *workday) open(d *desk.Desk) {
	d.Hours = s.office.hours()
	span := func(what string, list ...time.Duration) time.Duration { return rapid.SampledFrom(list).Draw(s.t, what) }
	level := func() desk.Level {
		return desk.Level{
			First: span("first", 0, 30*time.Minute, 2*time.Hour, 9*time.Hour), Next: span("next", 0, time.Hour),
			Resolve: span("resolve", 0, 8*time.Hour, 30*time.Hour), Warn: span("warn", 0, 10*time.Minute), Step: 10 * time.Minute,
		}
	}
	urgent, some := level(), level()
	urgent.Priority, some.Audience = new(desk.Urgent), "buyer"
	d.Levels = []desk.Level{urgent, some, level()}
	d.Lease.After = span("lease", 0, 2*time.Hour, 8*time.Hour)
	d.Patience.After = span("patience", 0, 3*24*time.Hour)
	if d.Lease.After > 0 {
		d.Lease.Warn = span("warn", 0, 30*time.Minute)
	}
	d.Patience.Remind = span("remind", 0, 24*time.Hour)
	d.Undo = span("undo", 0, 10*time.Second)
	if rapid.Bool().Draw(s.t, "in turn") {
		d.Assign, d.Capacity = desk.RoundRobin, rapid.IntRange(0, 2).Draw(s.t, "capacity")
	}
}

// run lets people do what they like, and looks at it twice: in the middle of
// things, and when time has done all it can.
func (s *workday) run() {
	s.play()
	s.rest()
	s.judge()
	for range 8 {
		s.leap(36 * time.Hour)
		s.rest()
	}
	s.judge()
}

// leap moves the clock at once, as for a machine that slept, or whose clock was
// wrong.
func (s *workday) leap(d time.Duration) { s.pass(d) }

// askers are on both platforms, and so are agents.
func (s *workday) askers() []seatAt {
	return []seatAt{{s.sims[0], "asker"}, {s.sims[0], "dora"}, {s.sims[1], "emil"}}
}

func (s *workday) workers() []seatAt {
	return []seatAt{{s.sims[1], "ana"}, {s.sims[1], "bo"}, {s.sims[0], "cy"}}
}

// A seatAt is someone on a platform.
type seatAt struct {
	on   *simulated
	name string
}

// one is one of some people.
func (s *workday) one(what string, list []seatAt) seatAt {
	return list[rapid.IntRange(0, len(list)-1).Draw(s.t, what)]
}

func (s *workday) play() {
	for _, a := range s.askers()[:2] {
		s.asks(a, rapid.Bool().Draw(s.t, "public"))
	}
	share := rapid.SampledFrom([]float64{0, 0.1, 0.3}).Draw(s.t, "trouble")
	s.trouble.set(share)
	for range rapid.IntRange(20, 60).Draw(s.t, "steps") {
		asker, agent := s.one("asker", s.askers()), s.one("agent", s.workers())
		switch rapid.SampledFrom([]string{
			"work", "work", "work", "work", "say", "say", "thank", "press", "press", "ask", "pass", "pass", "pass", "leap", "back", "hasty", "die", "rest",
		}).Draw(s.t, "action") {
		case "work":
			s.command(agent, s.line())
		case "say":
			e, _ := asker.on.say(s.sender(asker.on, asker.name), s.where(asker), "and now "+s.word(false).text)
			s.do(e)
		case "thank":
			e, _ := asker.on.say(s.sender(asker.on, asker.name), s.where(asker), "thank you!")
			s.do(e)
		case "press":
			s.presses(s.one("who", []seatAt{asker, agent}))
		case "ask":
			s.asks(asker, rapid.Bool().Draw(s.t, "public"))
			s.trouble.set(share)
		case "pass":
			s.leap(rapid.SampledFrom([]time.Duration{
				time.Minute, 7 * time.Minute, 29*time.Minute + 59*time.Second, time.Hour, 5 * time.Hour, 26 * time.Hour, 73 * time.Hour,
			}).Draw(s.t, "time"))
			if err := s.events.Fire(s.ctx); err != nil {
				s.t.Fatal(err)
			}
		case "leap": // past many timers at once
			s.leap(time.Duration(rapid.IntRange(1, 6*24*60).Draw(s.t, "minutes")) * time.Minute)
		case "back":
			s.leap(-time.Duration(rapid.IntRange(1, 60).Draw(s.t, "minutes")) * time.Minute)
		case "hasty": // another replica, whose clock is ahead
			ahead := rapid.SampledFrom([]time.Duration{time.Minute, 29 * time.Minute, 2 * time.Hour}).Draw(s.t, "ahead")
			if _, err := s.store.Fire(s.ctx, s.clock.Now().Add(ahead)); err != nil {
				s.t.Fatal(err)
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

// created is how many tickets there are.
func (s *workday) created() int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return len(s.log.commits)
}

// asks lets someone ask, and press Contact us.
func (s *workday) asks(who seatAt, public bool) {
	from := s.sender(who.on, who.name)
	place, question := chat.Direct(from.Account), "where is my refund?"
	if public {
		place, question = chat.Place{Platform: who.on.name, Workspace: "w", Channel: "#help"}, "@signpost "+question
	}
	e, _ := who.on.say(from, place, question)
	s.do(e)
	s.rest()
	for _, m := range slices.Backward(who.on.see(from.Account)) {
		if press, err := who.on.press(from, m, "Contact us"); err == nil {
			s.do(who.on.submit(from, m.place, press.Action, map[string]string{"question": question, "topic": "*"}))
			s.rest()
			return
		}
	}
}

// where someone is answered.
func (s *workday) where(who seatAt) chat.Place {
	from := s.sender(who.on, who.name)
	list, err := s.store.Asked(s.ctx, s.bot.Person(from.Account), 10)
	if err != nil {
		s.t.Fatal(err)
	}
	if len(list) == 0 {
		return chat.Direct(from.Account)
	}
	return list[rapid.IntRange(0, len(list)-1).Draw(s.t, "ticket")].Place
}

func (s *workday) command(who seatAt, line string) {
	from := s.sender(who.on, who.name)
	e, err := who.on.run(from, chat.Direct(from.Account), line)
	if err != nil {
		s.t.Fatal(err)
	}
	s.do(e)
}

// looks are verbs that change nothing; others are more of a danger.
var looks = []string{"queue", "mine", "show", "why", "help", "stats", "gaps"}

// line is a command about some ticket, which may be refused.
func (s *workday) line() string {
	id := func() string { return fmt.Sprintf(" T-%d", rapid.IntRange(1, max(1, s.created())).Draw(s.t, "ticket")) }
	any := func(list ...string) string { return " " + rapid.SampledFrom(list).Draw(s.t, "argument") }
	person := func() string { return any("ana", "bo", "cy") }
	verb := rapid.SampledFrom(s.verbs).Draw(s.t, "verb")
	line := "/ticket " + verb
	switch verb {
	case "release":
		line += any(strings.TrimSpace(id()), "all")
	case "claim", "resolve", "reopen", "close", "why", "show", "watch":
		line += id()
	case "assign":
		line += id() + person()
	case "transfer":
		line += id() + person() + " " + s.word(true).text
	case "reply", "note":
		line += id() + " " + s.word(verb == "note").text
	case "move":
		line += id() + any("support", "sales")
	case "wait":
		line += id() + any("", "2h", "3d", "tomorrow")
	case "priority":
		line += id() + any("low", "normal", "high", "urgent")
	case "label":
		line += any("add", "remove") + any("red", "blue")
	case "merge":
		line += id() + id()
	case "next":
		line += any("", "2", "3")
	case "oncall":
		line += any("on", "off")
	case "block", "unblock":
		line += id()
	}
	return line
}

// presses lets someone press any button that they see, and send what opens.
func (s *workday) presses(who seatAt) {
	from := s.sender(who.on, who.name)
	var seen []*posted
	for _, m := range who.on.see(from.Account) {
		if inside := slices.ContainsFunc(s.desks, func(d desk.Desk) bool { return slices.Contains(d.Channels, m.place.Outside().String()) }); inside && !slices.Contains(s.workers(), who) {
			continue
		}
		if len(m.offers) > 0 {
			seen = append(seen, m)
		}
	}
	if len(seen) == 0 {
		return
	}
	m := seen[rapid.IntRange(0, len(seen)-1).Draw(s.t, "message")]
	e, err := who.on.press(from, m, m.offers[rapid.IntRange(0, len(m.offers)-1).Draw(s.t, "button")].label)
	if err != nil {
		return // another that looks the same
	}
	form, err := s.house.do(s.ctx, e)
	if err != nil {
		s.t.Fatal(err)
	}
	if form == nil {
		return
	}
	values := map[string]string{}
	for _, f := range form.Fields {
		if values[f.Name] = f.Value; f.Value == "" && len(f.Options) == 0 {
			values[f.Name] = s.word(true).text
		}
	}
	if _, err := s.house.send(s.ctx, who.on.submit(from, m.place, form.Action, values)); err != nil {
		s.t.Fatal(err)
	}
}

// judge looks at what there is, at rest.
func (s *workday) judge() {
	s.t.Helper()
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	for _, wrong := range s.log.wrong {
		s.t.Error(wrong)
	}
	now := s.clock.Now()
	found := s.places(now)
	for _, id := range slices.Sorted(maps.Keys(s.log.commits)) {
		k, err := s.store.Ticket(s.ctx, id)
		if err != nil {
			s.t.Errorf("%s is lost: %v", id, err)
			continue
		}
		history := s.log.commits[id]
		slices.SortFunc(history, func(a, b commit) int { return int(a.version - b.version) })
		if len(history) != int(k.Version) {
			s.t.Errorf("%s was saved %d times and is of version %d", id, len(history), k.Version)
			continue
		}
		s.judgeStates(id, history)
		quiet := s.judgeTime(history)
		if want := standsIn(&k.Value); !slices.Equal(found[id], want) {
			s.t.Errorf("%s is %s, held by %q, and stands in %q; want %q", id, k.Value.State, k.Value.Holder, found[id], want)
		}
		s.judgeFamily(&k.Value)
		s.judgeCard(&k.Value)
		s.judgeClocks(history, now)
		s.judgeAlarm(&k.Value, quiet, now)
	}
	if _, err := s.store.Ticket(s.ctx, desk.NewID(int64(len(s.log.commits)+1))); !errors.Is(err, spool.ErrNotFound) {
		s.t.Errorf("there is a ticket that nobody has opened (%v)", err)
	}
	for name, timer := range s.log.timers {
		if !timer.due.After(now) {
			s.t.Errorf("it is %s, and the timer %s of %s never came", now, name, timer.due)
		}
	}
	stats, err := s.store.Stats(s.ctx, nil, nil, now)
	if err != nil {
		s.t.Fatal(err)
	}
	if stats.Timers != len(s.log.timers) {
		s.t.Errorf("%d timers are set, want %d: %v", stats.Timers, len(s.log.timers), slices.Sorted(maps.Keys(s.log.timers)))
	}
	dead, err := s.store.DeadLetters(s.ctx, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, d := range dead { // of replies, some are given up by their rules
		if d.Event != nil {
			s.t.Errorf("%s was given up: %s; the program logged\n%s", d.Event.ID, d.Cause, &s.journal)
		}
	}
}

// places are where tickets stand by what can be listed.
func (s *workday) places(now time.Time) map[chat.TicketID][]string {
	const most = 1000
	places := map[chat.TicketID][]string{}
	list := func(place string, tickets []desk.Ticket, err error) {
		if err != nil {
			s.t.Fatal(err)
		}
		for _, k := range tickets {
			places[k.ID] = append(places[k.ID], place)
		}
	}
	for _, d := range s.desks {
		tickets, n, err := s.store.Queue(s.ctx, d.Name, now, most)
		if n != len(tickets) {
			s.t.Errorf("%d tickets are in the queue of %s, and %d are listed", n, d.Name, len(tickets))
		}
		for i := range tickets[:max(0, len(tickets)-1)] {
			if tickets[i+1].Before(&tickets[i], now) {
				s.t.Errorf("%s is before %s", tickets[i].ID, tickets[i+1].ID)
			}
		}
		list("queue of "+d.Name, tickets, err)
	}
	for _, who := range slices.Concat(s.workers(), s.askers()) {
		person := s.bot.Person(s.sender(who.on, who.name).Account)
		tickets, err := s.store.Held(s.ctx, person, most)
		list("held by "+string(person), tickets, err)
		tickets, err = s.store.Asked(s.ctx, person, most)
		list("asked by "+string(person), tickets, err)
	}
	return places
}

// standsIn is where a ticket should stand.
func standsIn(k *desk.Ticket) []string {
	asked := "asked by " + string(k.Asker.Person)
	switch {
	case k.Parent != "": // it is worked with another
	case k.State == desk.Open:
		return []string{"queue of " + k.Desk, asked}
	case k.Live() && k.Holder != "": // else it was handed back, and waits for its asker
		return []string{"held by " + string(k.Holder), asked}
	}
	return []string{asked}
}

// judgeStates goes through everything that was done to a ticket.
func (s *workday) judgeStates(id chat.TicketID, history []commit) {
	var before desk.Ticket
	for i, c := range history {
		k := c.ticket
		if c.version != int64(i) {
			s.t.Errorf("%s of version %d was saved from version %d", id, i, c.version)
		}
		if k.State == desk.Open && k.Holder != "" || k.State == desk.Claimed && k.Holder == "" {
			s.t.Errorf("%s is %s, and its holder is %q", id, k.State, k.Holder)
		}
		if len(k.History) < len(before.History) {
			s.t.Fatalf("%s lost a part of its history: %+v, then %+v", id, before.History, k.History)
		}
		for n, e := range before.History {
			if later := k.History[n]; later.Did != e.Did || later.By != e.By || !later.At.Equal(e.At) {
				s.t.Errorf("%s/%d was %+v and is %+v", id, n+1, e, later)
			}
		}
		if done := k.History[len(before.History):]; k.Parent == "" && before.Parent == "" && !follows(before.State, k.State, done) {
			s.t.Errorf("%s was %q, and is %s after %+v", id, before.State, k.State, done)
		}
		before = k
	}
}

// judgeFamily wants a ticket that goes with another to stand as that does.
func (s *workday) judgeFamily(k *desk.Ticket) {
	for _, child := range k.Children {
		if c, err := s.store.Ticket(s.ctx, child.ID); err != nil || c.Value.Parent != k.ID || k.Parent != "" {
			s.t.Errorf("%s goes with %s (%q), and that one with %q: %v", child.ID, k.ID, c.Value.Parent, k.Parent, err)
		}
	}
	if k.Parent == "" {
		return
	}
	parent, err := s.store.Ticket(s.ctx, k.Parent)
	if err != nil {
		s.t.Fatal(err)
	}
	p := &parent.Value
	if !slices.ContainsFunc(p.Children, func(c desk.Child) bool { return c.ID == k.ID }) {
		s.t.Errorf("%s goes with %s, which does not know", k.ID, p.ID)
	}
	if k.State != p.State || k.Holder != p.Holder || k.Desk != p.Desk {
		s.t.Errorf("%s is %s, with %q at %s, and %s, with which it goes, is %s, with %q at %s", k.ID, k.State, k.Holder, k.Desk, p.ID, p.State, p.Holder, p.Desk)
	}
}

// judgeTime wants nothing done by time before its time, and only by the ticket's
// own timer. It returns since when the one whose turn it is has been silent.
func (s *workday) judgeTime(history []commit) (quiet time.Time) {
	for i, c := range history {
		if i == 0 {
			quiet = c.at
			continue
		}
		before := &history[i-1].ticket
		if c.ticket.Parent != "" { // it follows another
			continue
		}
		for _, e := range c.ticket.History[len(before.History):] {
			var due time.Time
			switch e.Did {
			case desk.DidEnd:
				due = before.ResolvedAt.Add(s.grace)
			case desk.DidWake:
				due = before.WaitUntil
			case desk.DidExpire, desk.DidLapse:
				due = s.runsOut(before, quiet)
			default:
				continue
			}
			if c.timer != "ticket/"+string(before.ID) {
				s.t.Errorf("%s: %s was done by %q", before.ID, e.Did, c.timer)
			}
			if c.at.Before(due) {
				s.t.Errorf("%s: %s was done at %s, and was due at %s", before.ID, e.Did, c.at, due)
			}
		}
		quiet = speaks(before, c, quiet)
		for _, clock := range clocks {
			was, is := clock.of(before), clock.of(&c.ticket)
			if same := was.Of == is.Of && was.Target == is.Target; same && is.Told < was.Told {
				s.t.Errorf("%s: word of %s had gone as far as %d, and then only %d", before.ID, clock.name, was.Told, is.Told)
			}
			if is.Told > was.Told && c.timer == "" {
				s.t.Errorf("%s: word of %s went out, and no timer came", before.ID, clock.name)
			}
		}
	}
	return quiet
}

// speaks is since when the one whose turn it is has been silent, after a commit.
func speaks(before *desk.Ticket, c commit, quiet time.Time) time.Time {
	k := &c.ticket
	spoke := k.State != before.State || k.State == desk.Claimed && k.Holder != before.Holder || before.Parent != "" || c.kept
	for _, e := range k.History[len(before.History):] {
		switch k.State {
		case desk.Claimed:
			spoke = spoke || e.By == k.Holder && e.Did != desk.DidFail
		case desk.Waiting:
			spoke = spoke || e.By == "" || e.Did == desk.DidReply || e.Did == desk.DidArticle || e.Did == desk.DidWait
		}
	}
	if spoke {
		return c.at
	}
	return quiet
}

// clocks are a ticket's.
var clocks = []struct {
	name   string
	of     func(*desk.Ticket) desk.Clock
	target func(desk.Level) time.Duration
}{
	{"first", func(k *desk.Ticket) desk.Clock { return k.Clocks.First }, func(l desk.Level) time.Duration { return l.First }},
	{"next", func(k *desk.Ticket) desk.Clock { return k.Clocks.Next }, func(l desk.Level) time.Duration { return l.Next }},
	{"resolve", func(k *desk.Ticket) desk.Clock { return k.Clocks.Resolve }, func(l desk.Level) time.Duration { return l.Resolve }},
}

// leaves is how a ticket stands after something was done to it; whatever is not
// here leaves it as it is.
var leaves = map[desk.Doing][]desk.State{
	desk.DidOpen: {desk.Open}, desk.DidClaim: {desk.Claimed}, desk.DidRelease: {desk.Open}, desk.DidAssign: {desk.Claimed}, desk.DidTransfer: {desk.Claimed},
	desk.DidReply: {desk.Waiting}, desk.DidArticle: {desk.Waiting}, desk.DidResolve: {desk.Resolved}, desk.DidClose: {desk.Closed}, desk.DidCancel: {desk.Closed},
	desk.DidReopen: {desk.Open, desk.Claimed}, desk.DidWait: {desk.Waiting}, desk.DidWake: {desk.Open, desk.Claimed}, desk.DidLapse: {desk.Open},
	desk.DidMove: {desk.Open}, desk.DidExpire: {desk.Resolved}, desk.DidEnd: {desk.Closed},
}

// follows reports whether a ticket may get from a state to another by what was
// done. The asker's words, and a reply that was taken back or never arrived, make
// a ticket that waits the agent's turn again, or the desk's if nobody holds it.
func follows(from, to desk.State, done []desk.Entry) bool {
	may := []desk.State{from}
	for _, e := range done {
		switch {
		case e.Did == desk.DidRelease && slices.Contains(may, desk.Waiting): // alone, or with all that they hold
			may = []desk.State{desk.Open, desk.Waiting}
		case leaves[e.Did] != nil:
			may = leaves[e.Did]
		case e.Did == desk.DidAdd && !e.Thanks && slices.Equal(may, []desk.State{desk.Waiting}):
			may = []desk.State{desk.Open, desk.Claimed}
		case e.Did == desk.DidHear && slices.Contains(may, desk.Waiting):
			may = []desk.State{desk.Open, desk.Claimed}
		case e.Did == desk.DidLink: // it may bring its holder along, and wants an answer
			may = []desk.State{from, desk.Open, desk.Claimed, desk.Waiting}
		case (e.Did == desk.DidTakeBack || e.Did == desk.DidFail) && slices.Contains(may, desk.Waiting):
			may = []desk.State{desk.Open, desk.Waiting, desk.Claimed}
		}
	}
	return slices.Contains(may, to)
}

// judgeCard wants one card in each channel of a ticket's desk, which says how it
// stands.
func (s *workday) judgeCard(k *desk.Ticket) {
	states := map[desk.State]string{
		desk.Open: "open", desk.Claimed: "claimed", desk.Waiting: "waiting for the asker", desk.Resolved: "settled", desk.Closed: "closed",
	}
	for _, d := range s.desks {
		for _, channel := range d.Channels {
			platform, name, _ := strings.Cut(channel, ":w:")
			cards := s.card(int(k.Number), chat.Place{Platform: platform, Workspace: "w", Channel: name})
			want := 0
			if d.Name == k.Desk {
				want = 1
			}
			if len(cards) != want {
				s.t.Errorf("%d cards of %s stand in %s, want %d", len(cards), k.ID, channel, want)
				continue
			}
			for _, card := range cards {
				state := states[k.State]
				switch {
				case k.Parent != "":
					state = "part of " + string(k.Parent)
				case !k.WaitUntil.IsZero():
					state = "put off"
				}
				if text := plain(card.text); !strings.Contains(text, fmt.Sprintf("%s · %s >", k.ID, state)) {
					s.t.Errorf("%s is %s, and its card in %s says %q", k.ID, k.State, channel, text)
				}
			}
		}
	}
}

// A stretch is a time in which a clock runs; no end: it runs still.
type stretch struct{ from, to time.Time }

// spent adds runs up.
func (s *workday) spent(runs []stretch, now time.Time) (open time.Duration) {
	for _, r := range runs {
		if r.to.IsZero() {
			r.to = now
		}
		open += s.office.between(r.from, r.to)
	}
	return open
}

// owes is the number of the first words, of the asker's or of those who ask
// with them, that no reply has followed; 0 if there are none.
func owes(k *desk.Ticket) int {
	answered, taken := 0, map[int]bool{}
	for i, e := range k.History {
		switch {
		case (e.Did == desk.DidReply || e.Did == desk.DidArticle) && e.Passage != desk.Withdrawn && e.Passage != desk.Failed:
			answered = i + 1
		case e.Did == desk.DidTakeBack:
			taken[e.Of] = true
		}
	}
	for i, e := range k.History[answered:] {
		if n := answered + i + 1; (e.Did == desk.DidOpen || (e.Did == desk.DidAdd || e.Did == desk.DidHear || e.Did == desk.DidLink) && !e.Thanks) && !taken[n] {
			return n
		}
	}
	return 0
}

// level is the first promise that fits.
func (s *workday) level(k *desk.Ticket) desk.Level {
	for _, l := range s.desk(k).Levels {
		if (l.Priority == nil || *l.Priority == k.Priority) && (l.Audience == "" || l.Audience == k.Trail.Audience) {
			return l
		}
	}
	return desk.Level{}
}

// judgeClocks counts what a ticket's clocks should show, minute by minute, when
// the first of them runs out, and how far word of that must have gone.
func (s *workday) judgeClocks(history []commit, now time.Time) {
	runs := map[string][]stretch{}
	set := func(name string, on bool, at time.Time) {
		list := runs[name]
		last := len(list) - 1
		switch running := last >= 0 && list[last].to.IsZero(); {
		case on && !running:
			runs[name] = append(list, stretch{from: at})
		case !on && running:
			list[last].to = at
		}
	}
	round := 0 // the words that the next reply is owed to
	for i := range history {
		c := &history[i]
		ours, owed := c.ticket.Parent == "" && (c.ticket.State == desk.Open || c.ticket.State == desk.Claimed), owes(&c.ticket)
		if owed > 1 && owed > round {
			round, runs["next"] = owed, nil
		}
		set("first", ours && owed == 1, c.at)
		set("next", ours && owed > 1, c.at)
		set("resolve", ours, c.at)
	}
	k := &history[len(history)-1].ticket
	level, hours := s.level(k), s.desk(k).Hours
	var due time.Time
	for _, clock := range clocks {
		c, list := clock.of(k), runs[clock.name]
		want := s.spent(list, now)
		if got := c.Time(hours, now); got != want {
			s.t.Errorf("%s: its %s clock shows %s, and by the minute it is %s; it is %s, and its history is %+v", k.ID, clock.name, got, want, now, k.History)
		}
		target := clock.target(level)
		if c.Target != target {
			s.t.Errorf("%s: its %s clock runs to %s, and %s is promised", k.ID, clock.name, c.Target, target)
		}
		if last := len(list) - 1; target > 0 && last >= 0 && list[last].to.IsZero() {
			breach := s.office.after(list[last].from, target-s.spent(list[:last], now))
			if due.IsZero() || breach.Before(due) {
				due = breach
			}
			told := desk.Untold
			switch {
			case want >= target+2*level.Step:
				told = desk.Raised
			case want >= target+level.Step:
				told = desk.Paged
			case want >= target:
				told = desk.Breached
			case level.Warn > 0 && want >= target-level.Warn:
				told = desk.Warned
			}
			if c.Told < told {
				s.t.Errorf("%s: its %s clock shows %s of %s, and word of that has gone as far as %d, want %d", k.ID, clock.name, want, target, c.Told, told)
			}
			if most := target - level.Warn; c.Told > desk.Untold && want < most {
				s.t.Errorf("%s: its %s clock shows %s of %s, and word of that went out", k.ID, clock.name, want, target)
			}
		}
	}
	if !k.DueAt.Equal(due) {
		s.t.Errorf("%s is due at %s, and by the minute at %s", k.ID, k.DueAt, due)
	}
}

func (s *workday) desk(k *desk.Ticket) desk.Desk {
	for _, d := range s.desks {
		if d.Name == k.Desk {
			return d
		}
	}
	return desk.Desk{}
}

// runsOut is when the patience with someone ends who has been silent for a while.
// However late they were reminded, they have the whole time after it.
func (s *workday) runsOut(k *desk.Ticket, quiet time.Time) time.Time {
	d, told := s.desk(k), k.Silence.Told
	var due, late time.Time
	if k.State == desk.Waiting {
		due, late = quiet.Add(d.Patience.After), told.Add(d.Patience.After-d.Patience.Remind)
	} else {
		due, late = s.office.after(quiet, d.Lease.After), s.office.after(told, d.Lease.Warn)
	}
	if late.After(due) && !told.IsZero() {
		return late
	}
	return due
}

// judgeAlarm wants a ticket's timer set to when something is due on it, and
// nothing left undone that was.
func (s *workday) judgeAlarm(k *desk.Ticket, quiet, now time.Time) {
	next, timer := k.Next(s.desk(k), s.grace), s.log.timers["ticket/"+string(k.ID)]
	if !timer.due.Equal(next) {
		s.t.Errorf("%s is due at %s, and its timer is set to %s", k.ID, next, timer.due)
	}
	d, told := s.desk(k), k.Silence.Told
	due, what := time.Time{}, ""
	switch {
	case k.Parent != "": // it follows another
	case k.State == desk.Resolved:
		due, what = k.ResolvedAt.Add(s.grace), "closed"
	case k.State == desk.Waiting && !k.WaitUntil.IsZero():
		due, what = k.WaitUntil, "woken"
	case k.State == desk.Waiting && d.Patience.Remind > 0 && told.IsZero():
		due, what = quiet.Add(d.Patience.Remind), "brought to its asker's mind"
	case k.State == desk.Waiting && d.Patience.After > 0:
		due, what = s.runsOut(k, quiet), "settled without its asker"
	case k.State == desk.Claimed && d.Lease.Warn > 0 && told.IsZero():
		due, what = s.office.after(quiet, d.Lease.After-d.Lease.Warn), "brought to its holder's mind"
	case k.State == desk.Claimed && d.Lease.After > 0:
		due, what = s.runsOut(k, quiet), "given back"
	}
	if what != "" && !due.After(now) {
		s.t.Errorf("it is %s, and %s is not %s, for which it was time at %s: %+v", now, k.ID, what, due, k)
	}
	if !told.IsZero() && told.Before(quiet) {
		s.t.Errorf("%s was brought to mind at %s, and there was a word at %s", k.ID, told, quiet)
	}
}
