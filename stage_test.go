package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/tools/txtar"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
)

// A clock stands still unless it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Reach puts the clock forward to a time, if it is not that late already.
func (c *clock) Reach(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
	}
}

// A journal is what a program logs.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// take is what was logged since it was taken last.
func (j *journal) take() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.text.Reset()
	return j.text.String()
}

// stocked is a shelf with the articles that are configured. Most stages have the
// same, so those that are like others are read and learned once for all of them:
// a library is immutable.
func stocked(t testing.TB, cfg config.Config) *shelf {
	t.Helper()
	key, err := json.Marshal(rules(cfg))
	if err != nil {
		t.Fatal(err)
	}
	if dir := cfg.Knowledge.Dir; dir != "" {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			key = fmt.Appendf(key, "%q %q\n", filepath.Base(file), data)
		}
	}
	open, _ := shelves.LoadOrStore(string(key), sync.OnceValues(func() (*shelf, error) {
		list, err := articles(cfg.Knowledge.Dir, rules(cfg))
		if err != nil {
			return nil, err
		}
		return newShelf(list, rules(cfg)), nil
	}))
	like, err := open.(func() (*shelf, error))()
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{first: like.first, rules: like.rules}
	s.current.Store(like.library())
	return s
}

var shelves sync.Map // by what is on them: func() (*shelf, error)

// A house is the whole program in this process, on simulated platforms and
// with a clock of its own.
type house struct {
	*parts
	staff
	ctx     context.Context
	t       testing.TB
	config  config.Config
	tune    func(*bot.Settings) // nil: they are as configured
	working string              // the platform where people work, as accounts there begin
	clock   *clock
	store   *redis.Store
	sims    []*simulated // the first is where people ask, the last where they work
	journal journal
	stop    context.CancelFunc
	running errgroup.Group
}

// openHouse runs the program on platforms with the given manners, at most one
// of each. The world is as in a script. Whoever asks is on the first and
// whoever works on the last.
func openHouse(ctx context.Context, t testing.TB, world []txtar.File, all ...manners) *house {
	t.Helper()
	h := newHouse(ctx, t, world, all...)
	if err := h.start(); err != nil {
		t.Fatal(err)
	}
	return h
}

// newHouse has everything but the program that runs.
func newHouse(ctx context.Context, t testing.TB, world []txtar.File, all ...manners) *house {
	t.Helper()
	dir := t.TempDir()
	asking, working := all[0].name+":w:", all[len(all)-1].name+":w:"
	settings := "" // the built-in ones
	for _, f := range world {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		data := f.Data
		if f.Name == "signpost.yaml" {
			settings = name
			data = agentRule.ReplaceAll(data, []byte(working+"$1"))
			data = here.ReplaceAll(data, []byte(asking))
			data = deskRule.ReplaceAll(data, []byte(working))
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(settings, nil)
	if err != nil {
		t.Fatal(err)
	}
	shelve(&cfg, dir)
	h := &house{staff: staffOf(cfg), clock: newClock(), config: cfg, working: working, ctx: ctx, t: t}
	log := newLogger(config.Log{Level: "warn", Format: "text"}, &h.journal, nil)
	h.store = stored(t, cfg.Installation, log)
	for _, m := range all {
		h.sims = append(h.sims, newSimulated(m, h.clock.Now))
	}
	return h
}

// start starts the program, on what the store keeps.
func (h *house) start() error {
	platforms := map[string]chat.Platform{}
	for _, s := range h.sims {
		platforms[s.name] = s
	}
	known := behaviour(h.config, slices.Collect(maps.Keys(platforms))...)
	for _, name := range agents {
		known.Desks[0].Agents = append(known.Desks[0].Agents, h.working+name)
	}
	if h.tune != nil {
		h.tune(&known)
	}
	log := newLogger(config.Log{Level: "warn", Format: "text"}, &h.journal, nil)
	var err error
	if h.parts, err = assemble(h.config, known, stocked(h.t, h.config), h.store, platforms, spool.Unmetered{}, h.clock.Now, log); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(h.ctx)
	h.stop = stop
	h.begin(ctx, h.clock.Now(), log)
	events := h.events
	h.running.Go(func() error { return events.Run(ctx, platforms) })
	return nil
}

// restart ends the program and starts it anew on the same store. It has begun
// when it returns: with the clock put back, that would come later.
func (h *house) restart() error {
	h.stop()
	if err := h.running.Wait(); err != nil {
		return err
	}
	if err := h.start(); err != nil {
		return err
	}
	return h.events.Quiet(h.ctx)
}

// shelve points a configuration to the folders of a script's world that there
// are.
func shelve(cfg *config.Config, dir string) {
	for name, setting := range map[string]*string{"knowledge": &cfg.Knowledge.Dir, "snippets": &cfg.Snippets.Dir} {
		if at := filepath.Join(dir, name); exists(at) {
			*setting = at
		}
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// agents are those of the cast who work the desk.
var agents = []string{"ana", "bo"}

var (
	// here is how a script's configuration names an account, or a channel where
	// people ask, whatever the platform.
	here = regexp.MustCompile(`\bhere:`)
	// agentRule are the accounts of those who work the desk, wherever that is.
	agentRule = regexp.MustCompile(`\bhere:(` + strings.Join(agents, "|") + `)\b`)
	// deskRule is a channel where they work.
	deskRule = regexp.MustCompile(`\bdesk:`)
)

// close stops the program. What it logged is an error, but for what a platform
// refused by its rules.
func (h *house) close() error {
	h.stop()
	err := errors.Join(h.running.Wait(), h.store.Close())
	for line := range strings.Lines(h.journal.String()) {
		if !strings.Contains(line, `msg="reply cannot be delivered"`) {
			err = errors.Join(err, fmt.Errorf("the program logged: %s", line))
		}
	}
	for _, s := range h.sims {
		for _, ping := range s.pings {
			err = errors.Join(err, fmt.Errorf("%s shows what nobody of ours wrote: %s", s.name, ping))
		}
	}
	return err
}

// do hands over what someone did, as an adapter would: it opens a form if there
// is one, and else is accepted.
func (h *house) do(ctx context.Context, e chat.Event) (*chat.Form, error) {
	if e.Kind == chat.Press || e.Kind == chat.Slash || e.Kind == chat.Menu {
		if form, err := h.bot.Open(ctx, e); form != nil || err != nil {
			return form, err
		}
	}
	return nil, h.events.Accept(ctx, e)
}

// send hands over a form that was filled in, unless something is wrong with it:
// a sentence by field name.
func (h *house) send(ctx context.Context, e chat.Event) (wrong map[string]string, err error) {
	if wrong := h.bot.Check(e); len(wrong) > 0 {
		return wrong, nil
	}
	return nil, h.events.Accept(ctx, e)
}

// quiet waits until everything that was handed over is handled, and all
// answers have come.
func (h *house) quiet(ctx context.Context) error {
	if err := h.parts.quiet(ctx); err != nil {
		return fmt.Errorf("%w; the program logged:\n%s", err, &h.journal)
	}
	return nil
}

// pass lets time pass, and all that comes of it happen.
func (h *house) pass(ctx context.Context, d time.Duration) error {
	return elapse(ctx, d, h.clock, h.store, h.events, func() error { return h.quiet(ctx) })
}

// A theatre is the stage of simulated platforms.
type theatre struct {
	*house
	ctx     context.Context
	forms   map[string]*opened    // by person
	threads map[chat.Place]string // as scripts call them
	page    strings.Builder
}

// An opened form is one that someone has before them.
type opened struct {
	chat.Form
	place chat.Place
}

// openTheatre plays on one platform, or with askers on one and agents on
// another.
func openTheatre(all ...manners) func(ctx context.Context, t *testing.T, world []txtar.File) stage {
	return func(ctx context.Context, t *testing.T, world []txtar.File) stage {
		t.Helper()
		return &theatre{
			house: openHouse(ctx, t, world, all...), ctx: ctx,
			forms: map[string]*opened{}, threads: map[chat.Place]string{},
		}
	}
}

func (on *theatre) transcript() string { return on.page.String() }

// home is the platform where a person is.
func (on *theatre) home(p player) *simulated {
	if p.side() == working {
		return on.sims[len(on.sims)-1]
	}
	return on.sims[0]
}

// sender is a person as their platform tells of them.
func (on *theatre) sender(p player) chat.Sender {
	return chat.Sender{
		Account: chat.NewAccountID(on.home(p).name, "w", p.name), Name: p.name, Locale: p.locale, Roles: p.roles, Groups: p.roles,
	}
}

var ticketRule = regexp.MustCompile(`^T-[0-9]+$`)

// apart is what scripts call the private thread of a channel.
const apart = "apart"

// place is where a person is.
func (on *theatre) place(p player) (chat.Place, error) {
	s, who := on.home(p), on.sender(p).Account
	if p.place == private {
		return chat.Direct(who), nil
	}
	channel, thread, _ := strings.Cut(p.place, "/")
	place := chat.Place{Platform: s.name, Workspace: "w", Channel: channel}
	if thread == "" {
		return place, nil
	}
	for _, m := range slices.Backward(s.see(who)) {
		if m.place.Outside() != place {
			continue
		}
		switch {
		case ticketRule.MatchString(thread) && m.ticket == chat.TicketID(thread) && m.place == place && strings.HasPrefix(strings.TrimLeft(plain(m.text), "🟠🔵🟢⚪ "), thread+" "):
			place.Thread = string(m.id)
			return place, nil
		case m.place.Thread != "" && on.named(s, m.place) == p.place:
			return m.place, nil
		}
	}
	if thread == apart || ticketRule.MatchString(thread) {
		return place, fmt.Errorf("there is no %s", p.place)
	}
	// Someone began it with a message that is not of this story.
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.post(posted{place: place, by: &chat.Sender{}})
	first.place.Thread = string(first.id)
	s.begun[first.place] = true
	on.threads[first.place] = thread
	return first.place, nil
}

// named is a place as scripts call it.
func (on *theatre) named(s *simulated, p chat.Place) string {
	if direct(p) {
		return private
	}
	if p.Thread == "" {
		return p.Channel
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := on.threads[p]
	if first := s.find(chat.Receipt{Place: p, Message: chat.MessageID(p.Thread)}); first != nil && first.by == nil && first.ticket != "" {
		name = string(first.ticket)
	}
	if s.private[p] != "" {
		name = apart
	}
	if name == "" {
		name = p.Thread
	}
	return p.Channel + "/" + name
}

// sight is a message as people see it.
func (on *theatre) sight(s *simulated, m *posted) sight {
	v := sight{place: on.named(s, m.place), text: m.text, buttons: m.buttons(), articles: m.links, written: map[string]string{}}
	if len(on.sims) > 1 {
		v.side = map[bool]side{true: asking, false: working}[s == on.sims[0]]
	}
	s.mu.Lock()
	v.only = s.reader(m).User()
	s.mu.Unlock()
	for _, f := range m.files {
		if m.by == nil && on.attached(f.Name) {
			if want, _, _ := sum(contents(f.File)); want != f.sum {
				f.Name += " (spoilt)"
			}
		}
		v.written[f.Name] = string(f.data)
		v.files = append(v.files, f.Name)
	}
	return v
}

// attached reports whether a file of that name is one that people brought.
func (on *theatre) attached(name string) bool {
	return slices.ContainsFunc(on.sims, func(s *simulated) bool { return s.attached(name) })
}

// looked is what has come since someone looked last.
func (on *theatre) looked() []sight {
	var sights []sight
	for _, s := range on.sims {
		for _, n := range s.looked() {
			v := on.sight(s, &n.posted)
			v.gone = n.gone
			sights = append(sights, v)
			on.write(s.name, v)
		}
	}
	return sights
}

// write adds a sight to the transcript.
func (on *theatre) write(platform string, v sight) {
	head := "→ " + platform + " " + v.place
	if v.only != "" {
		head += ", only " + v.only
	}
	if v.gone {
		head += " (removed)"
	}
	fmt.Fprintf(&on.page, "%s\n%s\n", head, strings.TrimSpace(v.text))
	for _, label := range v.buttons {
		fmt.Fprintf(&on.page, "[%s] ", label)
	}
	fmt.Fprintf(&on.page, "%s\n\n", strings.Join(v.files, ", "))
}

func (on *theatre) stands(p player) []sight {
	s := on.home(p)
	var sights []sight
	for _, m := range s.see(on.sender(p).Account) {
		if v := on.sight(s, m); on.looks(p.name, v) {
			sights = append(sights, v)
		}
	}
	return sights
}

// newest is the newest message that a person sees where they are and that is
// such a one; nil if there is none.
func (on *theatre) newest(p player, is func(m *posted, v sight) bool) *posted {
	s := on.home(p)
	for _, m := range slices.Backward(s.see(on.sender(p).Account)) {
		if v := on.sight(s, m); v.seenBy(&p) && is(m, v) {
			return m
		}
	}
	return nil
}

// target is the message that an act is done to.
func (on *theatre) target(a act) (*posted, error) {
	who := on.sender(a.who).Account
	mine := func(m *posted) bool { return m.by != nil && m.by.Account == who }
	m := on.newest(a.who, func(m *posted, v sight) bool {
		says := v.says(a.of)
		switch {
		case a.verb == "edits":
			return mine(m) && says
		case a.verb == "picks":
			return slices.ContainsFunc(m.offers, func(o offer) bool { return o.option && o.label == a.text })
		case a.of != "":
			return says
		case a.verb == "presses":
			return v.offers(a.text)
		}
		return mine(m)
	})
	if m == nil {
		return nil, fmt.Errorf("%s sees no such message", a.who.name)
	}
	return m, nil
}

func (on *theatre) play(a act) ([]sight, error) {
	on.page.Reset()
	on.clock.advance(time.Millisecond)
	if done, err := befall(a, (*theatreFate)(on)); done || err != nil {
		return on.looked(), err
	}
	place, err := on.place(a.who)
	if err != nil {
		return nil, err
	}
	e, err := on.act(a, place)
	if err != nil {
		return nil, err
	}
	on.home(a.who).looked() // what people do themselves is no news
	if e.Kind == "" {
		return nil, nil
	}
	var form *chat.Form
	if e.Kind == chat.Submit {
		wrong, err := on.send(on.ctx, e)
		if err != nil {
			return nil, err
		}
		if len(wrong) > 0 {
			v := sight{only: a.who.name, form: true, text: strings.Join(slices.Sorted(maps.Values(wrong)), "\n")}
			on.write("form", v)
			return []sight{v}, nil
		}
		delete(on.forms, a.who.name)
	} else if form, err = on.do(on.ctx, e); err != nil {
		return nil, err
	}
	if form != nil {
		return on.opens(a.who, place, form)
	}
	err = on.quiet(on.ctx)
	return on.looked(), err
}

// act is what an act comes to on the person's platform; a zero event if nobody
// is told.
func (on *theatre) act(a act, place chat.Place) (e chat.Event, err error) {
	s, from := on.home(a.who), on.sender(a.who)
	var m *posted
	switch a.verb {
	case "presses", "picks", "edits", "deletes", "reacts", "menu":
		if m, err = on.target(a); err != nil {
			return e, err
		}
	}
	switch a.verb {
	case "says", "attaches":
		var files []chat.File
		if a.file != "" {
			size, err := parseSize(a.size)
			if err != nil {
				return e, err
			}
			files = append(files, s.attach(a.file, size))
		}
		e, _ = s.say(from, place, a.text, files...)
	case "runs":
		return s.run(from, place, a.text)
	case "presses", "picks":
		return s.press(from, m, a.text)
	case "edits":
		e = s.edit(m, a.text)
	case "deletes":
		e = s.delete(m)
	case "reacts":
		e = s.react(from, m, a.text)
	case "menu":
		e = s.menu(from, m, a.text)
	case "drops":
		return s.deleteThread(place)
	case "closes":
		return e, s.closeDirect(from.Account)
	case "sends":
		return on.filled(a, from)
	case "leaves":
		if on.forms[a.who.name] == nil {
			return e, errNoForm
		}
		delete(on.forms, a.who.name)
	default:
		return e, fmt.Errorf("nobody here knows how one %s", a.verb)
	}
	return e, nil
}

var errNoForm = errors.New("no form is open")

// opens puts a form before a person.
func (on *theatre) opens(who player, place chat.Place, form *chat.Form) ([]sight, error) {
	if err := on.home(who).dialog(*form); err != nil {
		return nil, err
	}
	on.forms[who.name] = &opened{*form, place}
	text := form.Title
	for _, f := range form.Fields {
		text += "\n" + f.Label + ": " + f.Value
	}
	v := sight{only: who.name, form: true, text: text}
	on.write("form", v)
	return []sight{v}, nil
}

// filled is the form that a person has open, filled in.
func (on *theatre) filled(a act, from chat.Sender) (chat.Event, error) {
	form := on.forms[a.who.name]
	if form == nil {
		return chat.Event{}, errNoForm
	}
	values := map[string]string{}
	left := maps.Clone(a.fills)
	for i := range form.Fields {
		f := &form.Fields[i]
		if value, ok := left[f.Label]; ok {
			f.Value = value
			delete(left, f.Label)
			for _, option := range f.Options {
				if option.Label == value {
					f.Value = option.Value
				}
			}
		}
		values[f.Name] = f.Value
	}
	if len(left) > 0 {
		return chat.Event{}, fmt.Errorf("the form does not have all of the fields %q", slices.Sorted(maps.Keys(a.fills)))
	}
	return on.home(a.who).submit(from, form.place, form.Action, values), nil
}

var sizeRule = regexp.MustCompile(`^([0-9]+) (B|kB|MB)$`)

// parseSize reads a size such as 12 MB, in bytes.
func parseSize(size string) (int64, error) {
	m := sizeRule.FindStringSubmatch(size)
	if m == nil {
		return 0, fmt.Errorf("%q is no size such as 12 MB", size)
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	return n * map[string]int64{"B": 1, "kB": 1000, "MB": 1000 * 1000}[m[2]], err
}

// A floor is a stage on which the real adapters run: what is done there is done
// on a platform, and looked at afterwards.
type floor interface {
	begin() // a new act
	// do does what an act says. It returns what is wrong with a form, if that is
	// all that follows, and what tells later whether a form was opened.
	do(a act) (wrong []sight, opened func() []sight, err error)
	fated
	quiet() error // blocks until all answers have come
	looked() ([]sight, error)
}

// What is fated befalls everyone there.
type fated interface {
	pass(d time.Duration) error // and all that comes of it has happened
	back(d time.Duration)       // goes the clock
	restart() error             // ends the program, and starts it anew on the same store
}

// befall lets an act happen that nobody does. It reports whether it was one.
func befall(a act, on fated) (done bool, err error) {
	if a.verb == "restarts" {
		return true, on.restart()
	}
	if a.verb != "passes" && a.verb != "goes back" {
		return false, nil
	}
	span := a.text
	days, rest, ok := strings.Cut(span, "d")
	if ok { // 1d12h
		span = cmp.Or(rest, "0s")
	}
	d, err := time.ParseDuration(span)
	if err != nil {
		return true, err
	}
	if ok {
		n, err := strconv.Atoi(days)
		if err != nil {
			return true, err
		}
		d += time.Duration(n) * 24 * time.Hour
	}
	if a.verb == "passes" {
		return true, on.pass(d)
	}
	// What has begun ends first: it is set for times that are to come again.
	if err := on.pass(0); err != nil {
		return true, err
	}
	on.back(d)
	return true, nil
}

// theatreFate is what befalls a theatre.
type theatreFate theatre

func (on *theatreFate) pass(d time.Duration) error { return on.house.pass(on.house.ctx, d) }
func (on *theatreFate) back(d time.Duration)       { on.clock.advance(-d) }
func (on *theatreFate) restart() error             { return on.house.restart() }

// play plays an act on a floor; see [stage].
func play(on floor, a act) ([]sight, error) {
	on.begin()
	if done, err := befall(a, on); err != nil {
		return nil, err
	} else if done {
		return on.looked()
	}
	sights, opened, err := on.do(a)
	if err != nil || len(sights) > 0 {
		return sights, err
	}
	if err := on.quiet(); err != nil {
		return nil, err
	}
	if sights, err = on.looked(); err != nil {
		return nil, err
	}
	return append(sights, opened()...), nil
}
