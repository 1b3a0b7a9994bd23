package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/signpost-bot/signpost/adapters/discord"
	"github.com/signpost-bot/signpost/adapters/discord/discordtest"
	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
)

// A guild is the stage of Discord: the whole program in this process, with its
// real adapter, on a Discord of the same process. What people see is read from
// what that Discord shows them.
type guild struct {
	*parts // of the program that was started last
	staff
	t       testing.TB
	ctx     context.Context
	discord *discordtest.Server
	clock   *clock
	config  config.Config
	store   *redis.Store
	journal journal
	level   string            // that is logged
	logs    string            // what else than a failed delivery may be logged
	running []*runningProgram // in the order they were started
	door    *httptest.Server  // of the newest program; nil: everything comes through the gateway

	page     strings.Builder
	before   map[string]sight
	people   map[string]string // ids by name
	channels map[string]string // likewise
	roles    map[string]string // likewise
	threads  map[string]string // as scripts call them, by id
	has      map[string][]string
	attached map[string]bool // names of files that people brought

	member, moderators string // ids of roles: everyone's, and that of who may delete what others said
}

// unhurried is a Discord adapter that does not wait between messages: the clock
// stands still.
type unhurried struct{ *discord.Adapter }

func (unhurried) Pace() chat.Pace { return chat.Pace{} }

// patient are options of an adapter that tells at once what it has read, however
// often it is asked: a stage asks after each act.
func patient(o discord.Options) discord.Options {
	o.Beats = 1 << 20
	return o
}

// openGuild plays on a Discord that shows the words of messages or not, with
// answers: reply or thread.
func openGuild(content bool, answers string) func(context.Context, *testing.T, []txtar.File) stage {
	return func(ctx context.Context, t *testing.T, world []txtar.File) stage {
		t.Helper()
		return newGuild(ctx, t, discordtest.Options{MessageContent: content}, config.Discord{Mode: "gateway", Answers: answers}, world)
	}
}

// newGuild plays on a Discord with some options, whose clock is set here. Of the
// settings, Mode and Answers count.
func newGuild(ctx context.Context, t testing.TB, o discordtest.Options, settings config.Discord, world []txtar.File) *guild {
	t.Helper()
	on := makeGuild(ctx, t, o, newClock())
	on.configure(world, o.MessageContent, settings)
	on.invite(o.Permissions)
	on.store = stored(t, on.config.Installation, quietLog())
	if err := on.start(); err != nil {
		t.Fatalf("%v; the program logged\n%s", err, &on.journal)
	}
	return on
}

// launch starts the program, on what a store keeps.
func (on *guild) launch(store spool.Store) *runningProgram {
	on.t.Helper()
	log := newLogger(config.Log{Level: on.level, Format: "text"}, &on.journal, secrets(on.config))
	platforms := map[string]chat.Platform{}
	p := &runningProgram{}
	var err error
	if p.parts, err = assemble(on.config, behaviour(on.config, discord.Name), stocked(on.t, on.config), store, platforms, spool.Unmetered{}, on.clock.Now, log); err != nil {
		on.t.Fatal(err)
	}
	adapter := discord.New(patient(discordOptions(on.config, p.bot, store, on.clock.steady(), log)))
	platforms[discord.Name] = unhurried{adapter}
	ctx, stop := context.WithCancel(on.ctx)
	p.stop = stop
	p.begin(ctx, on.clock.Now(), log)
	p.group.Go(func() error { return p.events.Run(ctx, platforms) })
	p.group.Go(func() error { return adapter.Run(ctx, p.events) })
	p.door = httptest.NewServer(adapter.Handler()) // where nothing comes unless Discord is told so
	if on.config.Discord.Mode == "http" {
		on.door = p.door
		on.discord.DeliverTo(p.door.URL)
	}
	on.running = append(on.running, p)
	return p
}

// open reports whether the door by HTTP is: until then, all is to be tried again.
func (on *guild) open() bool {
	unknown := []byte(`{"type": 99, "id": "1", "application_id": "1", "token": "t", "user": {"id": "1"}}`)
	r, err := http.NewRequestWithContext(on.ctx, http.MethodPost, on.door.URL+discord.InteractionsPath, bytes.NewReader(unknown))
	if err != nil {
		on.t.Fatal(err)
	}
	r.Header = on.discord.Sign(unknown)
	w, err := on.door.Client().Do(r)
	if err != nil {
		on.t.Fatal(err)
	}
	w.Body.Close()
	return w.StatusCode != http.StatusServiceUnavailable
}

// await waits until something is so.
func (on *guild) await(what string, so func() bool) {
	on.t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for !so() {
		select {
		case <-ticker.C:
		case <-on.ctx.Done():
			on.t.Fatalf("in vain: %s; the program logged\n%s", what, &on.journal)
		}
	}
}

// makeGuild makes a Discord with everyone on it, and no program.
func makeGuild(ctx context.Context, t testing.TB, o discordtest.Options, clock *clock) *guild {
	on := &guild{
		t: t, ctx: ctx, clock: clock, before: map[string]sight{}, people: map[string]string{}, channels: map[string]string{},
		roles: map[string]string{}, threads: map[string]string{}, has: map[string][]string{}, attached: map[string]bool{}, level: "warn",
	}
	o.Now, o.Limit = clock.Now, cmp.Or(o.Limit, 1000) // in five seconds that never pass
	on.discord = discordtest.New(o)
	on.member = on.discord.AddRole(discordtest.Role{Name: "member", Permissions: people})
	for _, name := range append(slices.Clone(cast), "passerby") {
		on.people[name] = on.discord.AddUser(discordtest.User{Name: name, Roles: on.ranks(name)})
	}
	return on
}

// ranks are the roles that a person always has: agents may delete what others
// said.
func (on *guild) ranks(name string) []string {
	if name != "passerby" && !slices.Contains(agents, name) {
		return []string{on.member}
	}
	if on.moderators == "" {
		on.moderators = on.discord.AddRole(discordtest.Role{Name: "moderators", Permissions: discordtest.ManageMessages | discordtest.ManageThreads})
	}
	return []string{on.member, on.moderators}
}

// environment is how the program comes to this Discord.
func (on *guild) environment(content bool) []string {
	return []string{
		"SIGNPOST_DISCORD_TOKEN=" + on.discord.Token(), "SIGNPOST_DISCORD_API_URL=" + on.discord.APIURL(),
		fmt.Sprintf("SIGNPOST_DISCORD_MESSAGE_CONTENT=%t", content),
	}
}

// steady is a clock that does not jump, for whoever keeps a connection: after a
// jump they would think that they had slept, and let go of it.
func (c *clock) steady() func() time.Time {
	began, start := time.Now(), c.Now()
	return func() time.Time { return start.Add(time.Since(began)) }
}

// people is what those may do who are no bots.
const people = discordtest.ViewChannel | discordtest.SendMessages | discordtest.SendInThreads | discordtest.ReadMessageHistory |
	discordtest.AttachFiles | discordtest.AddReactions | discordtest.UseCommands | discordtest.CreatePublicThreads | discordtest.CreatePrivateThreads

// invite lets the bot do what its invitation asks for, and nothing but what is
// given beside: what everyone may do does not help it.
func (on *guild) invite(beside discordtest.Permission) {
	invited := discordtest.Role{ID: on.discord.BotRole(), Name: "Signpost", Position: 1, Permissions: beside}
	for _, p := range discord.Permissions(discordFeatures(on.config)) {
		invited.Permissions |= discordtest.Permission(p.Bit)
	}
	on.discord.AddRole(invited)
	on.discord.AddRole(discordtest.Role{ID: on.discord.GuildID(), Name: "@everyone"})
}

// configure writes a script's world down, and makes the channels and roles that
// it names.
func (on *guild) configure(world []txtar.File, content bool, discord config.Discord) {
	on.t.Helper()
	dir := on.t.TempDir()
	settings := ""
	prefix := "discord:" + on.discord.GuildID() + ":"
	for _, f := range world {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		data := f.Data
		if f.Name == "signpost.yaml" {
			settings = name
			data = slackNames.ReplaceAllFunc(data, func(found []byte) []byte {
				m := slackNames.FindSubmatch(found)
				if len(m[1]) > 0 {
					return []byte(prefix + on.channel("#"+string(m[2])))
				}
				return []byte(prefix + on.people[string(m[2])])
			})
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, data, 0o644)); err != nil {
			on.t.Fatal(err)
		}
	}
	cfg, err := config.Load(settings, append(on.environment(content), "SIGNPOST_DISCORD_ANSWERS="+discord.Answers,
		"SIGNPOST_DISCORD_MODE="+discord.Mode, "SIGNPOST_DISCORD_PUBLIC_KEY="+on.discord.PublicKey()))
	if err != nil {
		on.t.Fatal(err)
	}
	shelve(&cfg, dir)
	w := staffOf(cfg)
	for _, id := range w.agents {
		on.staff.agents = append(on.staff.agents, on.name(id))
	}
	for _, id := range w.channels {
		on.staff.channels = append(on.staff.channels, on.called(on.channels, id))
	}
	for _, name := range agents {
		cfg.Desks[0].Agents = append(cfg.Desks[0].Agents, prefix+on.people[name])
	}
	on.config = cfg
}

// called is the name of an id; the id itself if it has none.
func (on *guild) called(names map[string]string, id string) string {
	for name, other := range names {
		if other == id {
			return name
		}
	}
	return id
}

func (on *guild) name(id string) string { return on.called(on.people, id) }

// channel is one where everyone is, made when it is first named.
func (on *guild) channel(name string) string {
	if on.channels[name] == "" {
		c := forums[name]
		c.Name = strings.TrimPrefix(name, "#")
		on.channels[name] = on.discord.AddChannel(c)
	}
	return on.channels[name]
}

func (on *guild) transcript() string { return on.page.String() }

func (on *guild) close() error {
	var err error
	for _, p := range on.running {
		err = errors.Join(err, p.halt())
	}
	on.discord.Close()
	err = errors.Join(err, on.store.Close())
	for line := range strings.Lines(on.journal.String()) {
		if !strings.Contains(line, `msg="reply cannot be delivered"`) && (on.logs == "" || !strings.Contains(line, on.logs)) {
			err = errors.Join(err, fmt.Errorf("the program logged: %s", line))
		}
	}
	for _, v := range on.discord.Violations() {
		err = errors.Join(err, fmt.Errorf("Discord minds: %s", v))
	}
	return err
}

func (on *guild) quiet() error {
	for range 2 {
		if err := on.discord.Settle(on.ctx); err != nil {
			return fmt.Errorf("%w; the program logged:\n%s", err, &on.journal)
		}
		if err := on.parts.quiet(on.ctx); err != nil {
			return fmt.Errorf("%w; the program logged:\n%s", err, &on.journal)
		}
	}
	return nil
}

func (on *guild) pass(d time.Duration) error {
	return elapse(on.ctx, d, on.clock, on.store, on.events, on.quiet)
}

func (on *guild) back(d time.Duration) { on.clock.advance(-d) }

func (on *guild) restart() error {
	err := on.running[len(on.running)-1].halt()
	if err == nil {
		err = on.left()
	}
	if err != nil {
		return err
	}
	if err := on.start(); err != nil {
		return err
	}
	return on.events.Quiet(on.ctx)
}

// left waits until nobody is connected any more.
func (on *guild) left() error {
	return on.discord.Wait(on.ctx, func() bool { return on.discord.Sockets() == 0 })
}

// start starts the program on the store, and waits until Discord has it.
func (on *guild) start() error {
	on.parts = on.launch(on.store).parts
	if on.door != nil {
		on.await("the adapter takes things in", on.open)
		return nil
	}
	return on.discord.WaitSockets(on.ctx, 1)
}

// become lets Discord tell who a person is.
func (on *guild) become(p player) error {
	for _, role := range p.roles[len(on.has[p.name]):] {
		if on.roles[role] == "" {
			on.roles[role] = on.discord.AddRole(discordtest.Role{Name: role})
		}
	}
	on.has[p.name] = p.roles
	u := discordtest.User{ID: on.people[p.name], Name: p.name, Locale: p.locale, Roles: on.ranks(p.name)}
	for _, role := range p.roles {
		u.Roles = append(u.Roles, on.roles[role])
	}
	return on.discord.ChangeUser(u)
}

// see is a message as people see it.
func (on *guild) see(m discordtest.Message) (shown, error) {
	var s shown
	if m.Content != "" {
		s.lines(m.Content, discordLines, s.discordInline)
	}
	if len(m.Components) > 0 {
		var components []any
		if err := json.Unmarshal(m.Components, &components); err != nil {
			return s, err
		}
		s.components(object{"components": components})
	}
	return s, nil
}

func (on *guild) sight(m discordtest.Message) (sight, error) {
	s, err := on.see(m)
	v := sight{text: s.text, buttons: s.buttons(), articles: s.links, only: on.name(m.Only), written: map[string]string{}}
	if m.Only == "" {
		v.only = ""
	}
	c, _ := on.discord.Channel(m.Channel)
	switch {
	case c.Kind == discordtest.DM:
		v.place = private
		for _, id := range c.Members {
			if id != on.discord.Bot() {
				v.only = on.name(id)
			}
		}
	case c.Parent != "" && on.isThread(c):
		v.place = on.called(on.channels, c.Parent) + "/" + on.threadName(c)
		if c.Kind == discordtest.PrivateThread {
			v.place = on.called(on.channels, c.Parent) + "/" + apart
			for _, id := range c.Members {
				if id != on.discord.Bot() {
					v.only = on.name(id)
				}
			}
		}
	default:
		v.place = on.called(on.channels, m.Channel)
	}
	for _, id := range m.Files {
		name, data, ok := on.discord.File(id)
		if !ok {
			name += " (lost)"
		} else if want, _ := io.ReadAll(contents(chat.File{Name: name, Size: int64(len(data))})); m.Author == on.discord.Bot() && on.attached[name] && string(want) != string(data) {
			name += " (spoilt)"
		}
		v.written[name] = string(data)
		v.files = append(v.files, name)
	}
	return v, err
}

func (on *guild) isThread(c discordtest.Channel) bool {
	return c.Kind == discordtest.PublicThread || c.Kind == discordtest.PrivateThread
}

// threadName is what scripts call a thread.
func (on *guild) threadName(c discordtest.Channel) string {
	if name := on.threads[c.ID]; name != "" {
		return name
	}
	for _, first := range append(on.discord.Messages(c.Parent), on.discord.Messages(c.ID)...) { // a forum's is in the thread
		if first.ID != c.ID || first.Author != on.discord.Bot() {
			continue
		}
		if s, err := on.see(first); err == nil {
			if card := heading.FindStringSubmatch(s.text); card != nil {
				return card[1]
			}
		}
	}
	return c.ID
}

// isSaid reports whether someone wrote a message: Discord itself tells that a
// thread begins, and the like.
func isSaid(m discordtest.Message) bool {
	return !m.Thinking && slices.Contains([]int{0, 19, 20, 23}, m.Type)
}

// all is everything that stands anywhere, oldest first.
func (on *guild) all() []discordtest.Message {
	var list []discordtest.Message
	for _, c := range on.discord.Channels() {
		list = append(list, on.discord.Messages(c.ID)...)
	}
	slices.SortStableFunc(list, func(a, b discordtest.Message) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// looked is what has come from the bot since someone looked last.
func (on *guild) looked() ([]sight, error) {
	var sights []sight
	now := map[string]sight{}
	for _, m := range on.all() {
		if m.Author != on.discord.Bot() || !isSaid(m) {
			continue
		}
		v, err := on.sight(m)
		if err != nil {
			return nil, err
		}
		id := m.Channel + m.ID
		now[id] = v
		if old, stood := on.before[id]; !stood || fmt.Sprint(old) != fmt.Sprint(v) {
			sights = append(sights, v)
			on.write(v)
		}
	}
	for id, v := range on.before {
		if _, stands := now[id]; !stands {
			v.gone = true
			sights = append(sights, v)
			on.write(v)
		}
	}
	on.before = now
	return sights, nil
}

func (on *guild) write(v sight) { writeSight(&on.page, v) }

func (on *guild) stands(p player) []sight {
	var sights []sight
	for _, m := range on.discord.Sees(on.people[p.name]) {
		if v, err := on.sight(m); err == nil && isSaid(m) && on.looks(p.name, v) {
			sights = append(sights, v)
		}
	}
	return sights
}

// spot is the channel or thread where a person is.
func (on *guild) spot(p player) (string, error) {
	if p.place == private {
		return on.discord.Direct(on.people[p.name]), nil
	}
	name, called, _ := strings.Cut(p.place, "/")
	channel := on.channel(name)
	if called == "" {
		return channel, nil
	}
	for _, c := range slices.Backward(on.discord.Channels()) {
		if c.Parent != channel || !on.isThread(c) {
			continue
		}
		if called == apart && c.Kind == discordtest.PrivateThread && slices.Contains(c.Members, on.people[p.name]) || on.threadName(c) == called {
			return c.ID, nil
		}
	}
	if ticketRule.MatchString(called) {
		for _, m := range slices.Backward(on.discord.Messages(channel)) {
			if s, err := on.see(m); err == nil && m.Author == on.discord.Bot() {
				if card := heading.FindStringSubmatch(s.text); card != nil && card[1] == called {
					return on.discord.StartThread(on.people[p.name], channel, m.ID, called)
				}
			}
		}
	}
	if ticketRule.MatchString(called) || called == apart {
		return channel, fmt.Errorf("there is no %s", p.place)
	}
	id, err := on.discord.OpenThread(on.people["passerby"], channel, called, false)
	on.threads[id] = called
	return id, err
}

// newest is the newest message that a person sees where they are and that is
// such a one.
func (on *guild) newest(p player, is func(m discordtest.Message, v sight) bool) (discordtest.Message, error) {
	for _, m := range slices.Backward(on.discord.Sees(on.people[p.name])) {
		if v, err := on.sight(m); err == nil && isSaid(m) && v.seenBy(&p) && is(m, v) {
			return m, nil
		}
	}
	return discordtest.Message{}, fmt.Errorf("%s sees no such message", p.name)
}

func (on *guild) begin() {
	on.page.Reset()
	on.clock.advance(time.Millisecond)
}

func (on *guild) play(a act) ([]sight, error) { return play(on, a) }

// do does what an act says, as on Slack.
func (on *guild) do(a act) (wrong []sight, opened func() []sight, err error) {
	if err := on.become(a.who); err != nil {
		return nil, nil, err
	}
	user := on.people[a.who.name]
	before := string(on.discord.Modal(user))
	if err := on.act(a, user); err != nil {
		if a.verb == "sends" && strings.Contains(err.Error(), "has to be filled in") {
			v := sight{only: a.who.name, form: true, text: err.Error()} // as Discord itself says
			on.write(v)
			return []sight{v}, nil, nil
		}
		return nil, nil, err
	}
	return nil, func() []sight {
		form := string(on.discord.Modal(user))
		if form == "" || form == before {
			return nil
		}
		v := sight{only: a.who.name, form: true, text: discordForm(form)}
		on.write(v)
		return []sight{v}
	}, nil
}

// act does what an act says.
func (on *guild) act(a act, user string) error {
	channel, err := on.spot(a.who)
	if err != nil {
		return err
	}
	var m discordtest.Message
	mine := func(m discordtest.Message) bool { return m.Author == user }
	switch a.verb {
	case "presses", "picks", "edits", "deletes", "reacts", "menu":
		m, err = on.newest(a.who, func(m discordtest.Message, v sight) bool {
			switch {
			case a.verb == "edits":
				return mine(m) && v.says(a.of)
			case a.verb == "picks", a.verb == "presses" && a.of == "":
				return v.offers(a.text)
			case a.of != "":
				return v.says(a.of)
			}
			return mine(m)
		})
		if err != nil {
			return err
		}
	}
	switch a.verb {
	case "says", "attaches":
		to := ""
		if a.who.place != private && !mentionRule.MatchString(a.text) {
			channel, to = on.answered(user, channel)
		}
		var files []discordtest.Upload
		if a.file != "" {
			size, err := parseSize(a.size)
			if err != nil {
				return err
			}
			data, err := io.ReadAll(contents(chat.File{Name: a.file, Size: size}))
			if err != nil {
				return err
			}
			files = append(files, discordtest.Upload{Name: a.file, Data: data})
			on.attached[a.file] = true
		}
		if to != "" {
			_, err = on.discord.Reply(user, channel, to, a.text, true, files...)
		} else {
			_, err = on.discord.Say(user, channel, a.text, files...)
		}
	case "runs":
		err = on.runs(user, channel, a.text)
	case "presses", "picks":
		s, seeErr := on.see(m)
		if seeErr != nil {
			return seeErr
		}
		i := slices.IndexFunc(s.offers, func(o offer) bool { return o.label == a.text })
		switch {
		case i < 0:
			err = errNotOffered
		case s.offers[i].option:
			err = on.discord.Select(user, m.Channel, m.ID, s.offers[i].id, s.offers[i].value)
		default:
			err = on.discord.Press(user, m.Channel, m.ID, s.offers[i].id)
		}
	case "edits":
		err = on.discord.Edit(user, m.Channel, m.ID, a.text)
	case "deletes":
		if mine(m) {
			err = on.discord.Delete(user, m.Channel, m.ID)
		} else {
			err = on.discord.DeleteAny(user, m.Channel, m.ID)
		}
	case "reacts":
		err = on.discord.React(user, m.Channel, m.ID, a.text)
	case "menu":
		for _, c := range on.bot.Commands() {
			if c.Menu != "" && c.Verb == a.text {
				return on.discord.Menu(user, c.Menu, m.Channel, m.ID)
			}
		}
		err = fmt.Errorf("no menu has %s", a.text)
	case "drops":
		err = on.discord.DeleteThread(on.people["passerby"], channel)
	case "closes":
		err = on.discord.ChangeUser(discordtest.User{ID: user, Name: a.who.name, Roles: []string{on.member}, DMsClosed: true})
	case "sends":
		return on.send(user, a.fills)
	case "leaves":
		err = on.discord.Dismiss(user)
	default:
		err = fmt.Errorf("nobody on Discord knows how one %s", a.verb)
	}
	return err
}

// answered is where someone goes on talking who is in a channel: in the thread of
// their own where the bot has just answered them, or else in reply to its answer,
// which pings, as Discord's client has it. If the newest that they see there is
// something else, they only talk.
func (on *guild) answered(user, channel string) (where, to string) {
	for _, m := range slices.Backward(on.discord.Sees(user)) {
		c, _ := on.discord.Channel(m.Channel)
		if c.ID != channel && c.Parent != channel {
			continue
		}
		for _, asked := range on.discord.Messages(channel) {
			switch {
			case asked.Author != user || m.Author != on.discord.Bot():
			case asked.ID == c.ID:
				return c.ID, ""
			case asked.ID == m.ReplyTo && c.ID == channel:
				return channel, m.ID
			}
		}
		break
	}
	return channel, ""
}

// runs fills in a slash command as Discord's client lets one do it.
func (on *guild) runs(user, channel, line string) error {
	door, text, _ := strings.Cut(strings.TrimPrefix(line, "/"), " ")
	in, err := on.bot.Parse(door, text)
	var usage *chat.UsageError
	if errors.As(err, &usage) && usage.Command != nil && usage.Param != "" {
		in.Command, err = *usage.Command, nil // what is missing shows when it is sent
	}
	if err != nil {
		return fmt.Errorf("%s cannot be typed on Discord: %w", line, err)
	}
	options := map[string]string{}
	if door == "ask" {
		options["question"] = strings.TrimSpace(text)
		return on.discord.Slash(user, channel, "/ask", options)
	}
	for _, p := range in.Command.Params {
		value, given := in.Args[p.Name]
		if !given {
			continue
		}
		if p.Kind == chat.PersonParam {
			value = strings.TrimPrefix(value, "@")
		}
		options[p.Name] = value
	}
	return on.discord.Slash(user, channel, "/"+cmp.Or(in.Command.Under, door)+" "+in.Command.Verb, options)
}

// A dialog is what is read of a modal.
type dialog struct {
	Title      string
	Components []struct {
		Label     string
		Component struct {
			ID      string `json:"custom_id"`
			Value   string
			Options []struct {
				Label, Value string
				Default      bool
			}
		}
	}
}

func readDialog(raw string) (dialog, error) {
	var d dialog
	err := json.Unmarshal([]byte(raw), &d)
	return d, err
}

// discordForm is a form as it reads.
func discordForm(raw string) string {
	d, err := readDialog(raw)
	if err != nil {
		return err.Error()
	}
	text := d.Title
	for _, c := range d.Components {
		value := c.Component.Value
		for _, o := range c.Component.Options {
			if o.Default {
				value = o.Label
			}
		}
		text += "\n" + c.Label + ": " + value
	}
	return text
}

// send fills in the form that a person has open, and sends it.
func (on *guild) send(user string, fills map[string]string) error {
	raw := on.discord.Modal(user)
	if raw == nil {
		return errNoForm
	}
	d, err := readDialog(string(raw))
	if err != nil {
		return err
	}
	values, left := map[string]string{}, maps.Clone(fills)
	for _, c := range d.Components {
		value, ok := left[c.Label]
		if !ok {
			continue
		}
		delete(left, c.Label)
		for _, o := range c.Component.Options {
			if o.Label == value {
				value = o.Value
			}
		}
		values[c.Component.ID] = value
	}
	if len(left) > 0 {
		return fmt.Errorf("the form does not have all of the fields %q", slices.Sorted(maps.Keys(fills)))
	}
	return on.discord.Submit(user, values)
}
