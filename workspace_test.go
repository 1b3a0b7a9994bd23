package main

import (
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
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/tools/txtar"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/adapters/slack"
	"github.com/signpost-bot/signpost/adapters/slack/slacktest"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
)

// A workspace is the stage of Slack: the whole program in this process, with
// its real adapter, on a Slack of the same process. What people see is read
// from what that Slack shows them.
type workspace struct {
	*parts // of the program that was started last
	staff
	t       testing.TB
	ctx     context.Context
	slack   *slacktest.Server
	clock   *clock
	config  config.Config
	store   *redis.Store
	journal journal
	level   string            // that is logged
	running []*runningProgram // in the order they were started
	door    *httptest.Server  // of the newest program; nil: Socket Mode

	page    strings.Builder
	before  map[string]slacktest.Message // what stood when someone looked last
	threads map[string]string            // as scripts call them, by channel and ts
	roles   map[string][]string
	groups  map[string]string // ids by handle

	attached map[string]bool // names of files that people brought
}

// unpaced is a Slack adapter that does not wait between messages: the clock
// stands still.
type unpaced struct{ *slack.Adapter }

func (unpaced) Pace() chat.Pace { return chat.Pace{} }

// Names in a script's configuration, and what Slack calls them.
var slackNames = regexp.MustCompile(`\b(?:here|desk):(#?)([a-z0-9-]+)`)

// groupRule is where a script's configuration names roles.
var groupRule = regexp.MustCompile(`(?m)^( *)roles:`)

func slackUser(name string) string    { return "U0" + slackID(name) }
func slackChannel(name string) string { return "C0" + slackID(strings.TrimPrefix(name, "#")) }
func slackID(name string) string      { return strings.ToUpper(strings.ReplaceAll(name, "-", "")) }

// openWorkspace plays on Slack, through Socket Mode or HTTP. By HTTP direct
// messages are threads, as in the agent view.
func openWorkspace(byHTTP bool) func(ctx context.Context, t *testing.T, world []txtar.File) stage {
	return func(ctx context.Context, t *testing.T, world []txtar.File) stage {
		t.Helper()
		return newWorkspace(ctx, t, world, byHTTP)
	}
}

func newWorkspace(ctx context.Context, t testing.TB, world []txtar.File, byHTTP bool) *workspace {
	t.Helper()
	// The bot may do what the manifest asks for, and nothing else.
	features := slack.Features{Agent: byHTTP, Groups: slices.ContainsFunc(world, func(f txtar.File) bool { return groupRule.Match(f.Data) })}
	var o slacktest.Options
	for _, scope := range slack.Scopes(features) {
		o.Scopes = append(o.Scopes, scope.Name)
	}
	on := makeWorkspace(ctx, t, o, newClock())
	on.config = on.configure(world, byHTTP)
	on.store = stored(t, on.config.Installation, quietLog())
	if err := on.start(); err != nil {
		t.Fatal(err)
	}
	return on
}

// makeWorkspace makes a Slack with everyone on it, and no program.
func makeWorkspace(ctx context.Context, t testing.TB, o slacktest.Options, clock *clock) *workspace {
	on := &workspace{
		t: t, ctx: ctx, clock: clock, before: map[string]slacktest.Message{}, threads: map[string]string{},
		roles: map[string][]string{}, groups: map[string]string{}, level: "warn", attached: map[string]bool{},
	}
	o.Now = clock.Now
	on.slack = slacktest.New(o)
	for _, name := range append(slices.Clone(cast), "passerby") {
		on.slack.AddUser(slacktest.User{ID: slackUser(name), Name: name, Admin: slices.Contains(agents, name)})
	}
	return on
}

// A runningProgram is one that runs in the workspace.
type runningProgram struct {
	*parts
	stop  context.CancelFunc
	group errgroup.Group
	door  *httptest.Server // nil: Socket Mode
}

// halt stops a program that may be stopped already.
func (p *runningProgram) halt() error {
	p.stop()
	err := p.group.Wait()
	if p.door != nil {
		p.door.Close()
	}
	return err
}

// launch starts the program, on what a store keeps. Whatever Slack sends by
// HTTP goes to the newest one.
func (on *workspace) launch(store spool.Store) *runningProgram {
	on.t.Helper()
	log := newLogger(config.Log{Level: on.level, Format: "text"}, &on.journal, secrets(on.config))
	platforms := map[string]chat.Platform{}
	p := &runningProgram{}
	var err error
	if p.parts, err = assemble(on.config, behaviour(on.config, slack.Name), stocked(on.t, on.config), store, platforms, spool.Unmetered{}, on.clock.Now, log); err != nil {
		on.t.Fatal(err)
	}
	adapter := slackAdapter(on.config, p.bot, store, on.clock.Now, log)
	platforms[slack.Name] = unpaced{adapter}
	ctx, stop := context.WithCancel(on.ctx)
	p.stop = stop
	p.begin(ctx, on.clock.Now(), log)
	p.group.Go(func() error { return p.events.Run(ctx, platforms) })
	p.group.Go(func() error { return adapter.Run(ctx, p.events) })
	if on.config.Slack.Mode == "http" {
		p.door = httptest.NewServer(adapter.Handler())
		on.door = p.door
		on.slack.DeliverTo(p.door.URL)
	}
	on.running = append(on.running, p)
	return p
}

// configure writes a script's world down, and makes the channels that it names.
func (on *workspace) configure(world []txtar.File, byHTTP bool) config.Config {
	on.t.Helper()
	dir := on.t.TempDir()
	settings := ""
	for _, f := range world {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		data := f.Data
		if f.Name == "signpost.yaml" {
			settings = name
			data = slackNames.ReplaceAllFunc(data, func(found []byte) []byte {
				m := slackNames.FindSubmatch(found)
				if len(m[1]) > 0 {
					return []byte("slack:" + on.slack.Team() + ":" + on.channel(string(m[2])))
				}
				return []byte("slack:" + on.slack.Team() + ":" + slackUser(string(m[2])))
			})
			data = groupRule.ReplaceAll(data, []byte("${1}groups:")) // which Slack has instead
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, data, 0o644)); err != nil {
			on.t.Fatal(err)
		}
	}
	cfg, err := config.Load(settings, on.environment(byHTTP))
	if err != nil {
		on.t.Fatal(err)
	}
	shelve(&cfg, dir)
	w := staffOf(cfg)
	for _, id := range w.agents {
		on.agents = append(on.agents, strings.ToLower(strings.TrimPrefix(id, "U0")))
	}
	for _, id := range w.channels {
		on.channels = append(on.channels, "#"+strings.ToLower(strings.TrimPrefix(id, "C0")))
	}
	for _, name := range agents {
		cfg.Desks[0].Agents = append(cfg.Desks[0].Agents, "slack:"+on.slack.Team()+":"+slackUser(name))
	}
	return cfg
}

// environment is how the program comes to this Slack.
func (on *workspace) environment(byHTTP bool) []string {
	mode := "socket"
	if byHTTP {
		mode = "http"
	}
	return []string{
		"SIGNPOST_SLACK_BOT_TOKEN=" + on.slack.BotToken(), "SIGNPOST_SLACK_APP_TOKEN=" + on.slack.AppToken(),
		"SIGNPOST_SLACK_SIGNING_SECRET=" + on.slack.SigningSecret(), "SIGNPOST_SLACK_API_URL=" + on.slack.APIURL(),
		"SIGNPOST_SLACK_MODE=" + mode, fmt.Sprintf("SIGNPOST_SLACK_AGENT_VIEW=%t", byHTTP),
	}
}

// channel is one where everyone is, made when it is first named.
func (on *workspace) channel(name string) string {
	id := slackChannel(name)
	if !slices.ContainsFunc(on.slack.Channels(), func(c slacktest.Channel) bool { return c.ID == id }) {
		var all []string
		for _, name := range append(slices.Clone(cast), "passerby") {
			all = append(all, slackUser(name))
		}
		on.slack.AddChannel(slacktest.Channel{ID: id, Name: strings.TrimPrefix(name, "#"), Members: all, BotIn: true})
	}
	return id
}

// open reports whether the adapter takes in what comes by HTTP.
func (on *workspace) open() bool {
	body := `{"type":"event_callback","event_id":"Ev0","event":{"type":"hello"}}`
	r, err := http.NewRequest("POST", on.door.URL+slack.EventsPath, strings.NewReader(body))
	if err != nil {
		on.t.Fatal(err)
	}
	r.Header = on.slack.Sign([]byte(body))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// await waits until something is so.
func (on *workspace) await(what string, so func() bool) {
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

func (on *workspace) transcript() string { return on.page.String() }

func (on *workspace) close() error {
	var err error
	for _, p := range on.running {
		err = errors.Join(err, p.halt())
	}
	on.slack.Close()
	err = errors.Join(err, on.store.Close())
	for line := range strings.Lines(on.journal.String()) {
		if !strings.Contains(line, `msg="reply cannot be delivered"`) {
			err = errors.Join(err, fmt.Errorf("the program logged: %s", line))
		}
	}
	for _, v := range on.slack.Violations() {
		err = errors.Join(err, fmt.Errorf("Slack minds: %s", v))
	}
	return err
}

// quiet waits until all that was done is handled, all answers have come, and
// the program has heard of them.
func (on *workspace) quiet() error {
	for range 2 {
		if err := on.parts.quiet(on.ctx); err != nil {
			return fmt.Errorf("%w; the program logged:\n%s", err, &on.journal)
		}
		if err := on.slack.Settle(on.ctx); err != nil {
			return err
		}
	}
	return nil
}

func (on *workspace) pass(d time.Duration) error {
	return elapse(on.ctx, d, on.clock, on.store, on.events, on.quiet)
}

func (on *workspace) back(d time.Duration) { on.clock.advance(-d) }

func (on *workspace) restart() error {
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
func (on *workspace) left() error {
	return on.slack.Wait(on.ctx, func() bool { return on.slack.Sockets() == 0 })
}

// start starts the program on the store, and waits until Slack has it.
func (on *workspace) start() error {
	on.parts = on.launch(on.store).parts
	if on.door != nil {
		on.await("the adapter takes things in", on.open)
		return nil
	}
	return on.slack.WaitSockets(on.ctx, 2)
}

// become lets Slack tell who a person is.
func (on *workspace) become(p player) error {
	id := slackUser(p.name)
	if p.locale != "" {
		if err := on.slack.ChangeUser(slacktest.User{ID: id, Name: p.name, Locale: p.locale, Admin: slices.Contains(agents, p.name)}); err != nil {
			return err
		}
	}
	for _, role := range p.roles[len(on.roles[p.name]):] {
		if on.groups[role] == "" {
			on.groups[role] = on.slack.AddGroup(slacktest.Group{Handle: role})
		}
		asked := on.slack.Called("usergroups.list")
		for i := range 2 { // once the second is read, the first is known
			if err := on.slack.SetGroupMembers(on.groups[role], id); err != nil {
				return err
			}
			on.await("groups are read", func() bool { return on.slack.Called("usergroups.list") > asked+i })
		}
	}
	on.roles[p.name] = p.roles
	return nil
}

// heading matches the heading of a ticket's card.
var heading = regexp.MustCompile(`^(?:[🟠🔵🟢⚪] )?(T-[0-9]+) ·`)

// see is a message as people see it.
func (on *workspace) see(m slacktest.Message) (shown, error) {
	var blocks []any
	if len(m.Blocks) > 0 {
		if err := json.Unmarshal(m.Blocks, &blocks); err != nil {
			return shown{}, err
		}
	}
	if len(blocks) == 0 {
		return readSlack(object{"blocks": []any{object{"type": "section", "text": object{"type": "mrkdwn", "text": m.Text}}}})
	}
	return readSlack(object{"text": m.Text, "blocks": blocks})
}

// named is where a message stands, as scripts call it; only is who alone reads
// there.
func (on *workspace) named(m slacktest.Message) (place, only string) {
	for _, c := range on.slack.Channels() {
		if c.ID != m.Channel {
			continue
		}
		if c.Kind == slacktest.IM {
			for _, user := range c.Members {
				if user != on.slack.Bot() {
					only = on.name(user)
				}
			}
			return private, only
		}
		place = "#" + c.Name
	}
	if m.Thread == "" || m.Thread == m.TS {
		return place, on.name(m.Only)
	}
	name := m.Thread
	for _, first := range on.slack.Messages(m.Channel) {
		if first.TS != m.Thread {
			continue
		}
		if s, err := on.see(first); err == nil && first.User == on.slack.Bot() {
			if card := heading.FindStringSubmatch(s.text); card != nil {
				name = card[1]
			}
		}
	}
	if called := on.threads[m.Channel+m.Thread]; called != "" {
		name = called
	}
	return place + "/" + name, on.name(m.Only)
}

func (on *workspace) name(user string) string {
	return strings.ToLower(strings.TrimPrefix(user, "U0"))
}

func (on *workspace) sight(m slacktest.Message) (sight, error) {
	s, err := on.see(m)
	v := sight{text: s.text, buttons: s.buttons(), articles: s.links, written: map[string]string{}}
	v.place, v.only = on.named(m)
	for _, id := range m.Files {
		name, data, ok := on.slack.File(id)
		if !ok {
			name += " (lost)"
		} else if want, _ := io.ReadAll(contents(chat.File{Name: name, Size: int64(len(data))})); m.User == on.slack.Bot() && on.attached[name] && string(want) != string(data) {
			name += " (spoilt)"
		}
		v.written[name] = string(data)
		v.files = append(v.files, name)
	}
	return v, err
}

// all is everything that stands anywhere, oldest first.
func (on *workspace) all() []slacktest.Message {
	var list []slacktest.Message
	for _, c := range on.slack.Channels() {
		list = append(list, on.slack.Messages(c.ID)...)
	}
	slices.SortStableFunc(list, func(a, b slacktest.Message) int { return strings.Compare(a.TS, b.TS) })
	return list
}

// looked is what has come from the bot since someone looked last.
func (on *workspace) looked() ([]sight, error) {
	var sights []sight
	now := map[string]slacktest.Message{}
	add := func(m slacktest.Message, gone bool) error {
		v, err := on.sight(m)
		v.gone = gone
		sights = append(sights, v)
		on.write(v)
		return err
	}
	for _, m := range on.all() {
		if m.User != on.slack.Bot() {
			continue
		}
		id := m.Channel + m.TS + m.Only
		now[id] = m
		old, stood := on.before[id]
		if !stood || string(old.Blocks) != string(m.Blocks) || old.Text != m.Text || !slices.Equal(old.Files, m.Files) {
			if err := add(m, false); err != nil {
				return nil, err
			}
		}
	}
	for id, m := range on.before {
		if _, stands := now[id]; !stands {
			if err := add(m, true); err != nil {
				return nil, err
			}
		}
	}
	on.before = now
	return sights, nil
}

func (on *workspace) write(v sight) { writeSight(&on.page, v) }

// writeSight adds a sight to a transcript.
func writeSight(page *strings.Builder, v sight) {
	head := "→ " + v.place
	if v.only != "" {
		head += ", only " + v.only
	}
	if v.gone {
		head += " (removed)"
	}
	fmt.Fprintf(page, "%s\n%s\n", head, strings.TrimSpace(v.text))
	for _, label := range v.buttons {
		fmt.Fprintf(page, "[%s] ", label)
	}
	fmt.Fprintf(page, "%s\n\n", strings.Join(v.files, ", "))
}

func (on *workspace) stands(p player) []sight {
	var sights []sight
	for _, m := range on.slack.Sees(slackUser(p.name)) {
		if v, err := on.sight(m); err == nil && on.looks(p.name, v) {
			sights = append(sights, v)
		}
	}
	return sights
}

// spot is where a person is: a channel, and a thread in it or none.
func (on *workspace) spot(p player) (channel, thread string, err error) {
	if p.place == private {
		return on.slack.Direct(slackUser(p.name)), "", nil
	}
	name, called, _ := strings.Cut(p.place, "/")
	channel = on.channel(name)
	if called == "" {
		return channel, "", nil
	}
	for _, m := range slices.Backward(on.slack.Messages(channel)) {
		if ticketRule.MatchString(called) {
			if s, err := on.see(m); err == nil && m.User == on.slack.Bot() && (m.Thread == "" || m.Thread == m.TS) {
				if card := heading.FindStringSubmatch(s.text); card != nil && card[1] == called {
					return channel, m.TS, nil
				}
			}
		} else if on.threads[channel+m.TS] == called || m.TS == called {
			return channel, m.TS, nil
		}
	}
	if ticketRule.MatchString(called) {
		return channel, "", fmt.Errorf("there is no %s", p.place)
	}
	// Someone began it with a message that is not of this story.
	ts, err := on.slack.Say(slackUser("passerby"), channel, "", "Hello.")
	on.threads[channel+ts] = called
	return channel, ts, err
}

// newest is the newest message that a person sees where they are and that is
// such a one.
func (on *workspace) newest(p player, is func(m slacktest.Message, v sight) bool) (slacktest.Message, error) {
	for _, m := range slices.Backward(on.slack.Sees(slackUser(p.name))) {
		if v, err := on.sight(m); err == nil && v.seenBy(&p) && is(m, v) {
			return m, nil
		}
	}
	return slacktest.Message{}, fmt.Errorf("%s sees no such message", p.name)
}

func (on *workspace) begin() {
	on.page.Reset()
	on.clock.advance(time.Millisecond)
}

func (on *workspace) play(a act) ([]sight, error) { return play(on, a) }

// do does what an act says. It returns what is wrong with a form, if that is
// all that follows, and what tells later whether a form was opened.
func (on *workspace) do(a act) (wrong []sight, opened func() []sight, err error) {
	if err := on.become(a.who); err != nil {
		return nil, nil, err
	}
	user := slackUser(a.who.name)
	before := string(on.slack.Modal(user))
	said, err := on.act(a, user)
	if err != nil {
		return nil, nil, err
	}
	if len(said) > 0 {
		v := sight{only: a.who.name, form: true, text: strings.Join(slices.Sorted(maps.Values(said)), "\n")}
		on.write(v)
		return []sight{v}, nil, nil
	}
	return nil, func() []sight {
		form := string(on.slack.Modal(user))
		if form == "" || form == before {
			return nil
		}
		v := sight{only: a.who.name, form: true, text: formText(form)}
		on.write(v)
		return []sight{v}
	}, nil
}

// act does what an act says, and returns what is wrong with a form that was
// sent.
func (on *workspace) act(a act, user string) (wrong map[string]string, err error) {
	channel, thread, err := on.spot(a.who)
	if err != nil {
		return nil, err
	}
	var m slacktest.Message
	mine := func(m slacktest.Message) bool { return m.User == user }
	switch a.verb {
	case "presses", "picks", "edits", "deletes", "reacts", "menu":
		m, err = on.newest(a.who, func(m slacktest.Message, v sight) bool {
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
			return nil, err
		}
	}
	switch a.verb {
	case "says", "attaches":
		var files []slacktest.Upload
		if a.file != "" {
			size, err := parseSize(a.size)
			if err != nil {
				return nil, err
			}
			data, err := io.ReadAll(contents(chat.File{Name: a.file, Size: size}))
			if err != nil {
				return nil, err
			}
			files = append(files, slacktest.Upload{Name: a.file, Data: data})
			on.attached[a.file] = true
		}
		if thread == "" && a.who.place != private && !mentionRule.MatchString(a.text) {
			thread = on.answered(a.who, channel)
		}
		_, err = on.slack.Say(user, channel, thread, a.text, files...)
	case "runs":
		if thread != "" {
			return nil, errNoCommand
		}
		command, text, _ := strings.Cut(a.text, " ")
		err = on.slack.Slash(user, channel, command, text)
	case "presses", "picks":
		at := slacktest.OnMessage(m.Channel, m.TS)
		switch e := elementOf(m.Blocks, a.text); e.kind {
		case "button":
			err = on.slack.Press(user, at, e.id)
		case "option":
			err = on.slack.Select(user, at, e.id, e.value)
		case "positive_button", "negative_button":
			err = on.slack.Feedback(user, at, e.id, e.kind == "positive_button")
		default:
			err = errNotOffered
		}
	case "edits":
		err = on.slack.Edit(user, m.Channel, m.TS, a.text)
	case "deletes":
		if mine(m) {
			err = on.slack.Delete(user, m.Channel, m.TS)
		} else {
			err = on.slack.DeleteAny(user, m.Channel, m.TS)
		}
	case "reacts":
		name := a.text
		if known := alpha.emoji[a.text]; known != "" {
			name = known
		}
		err = on.slack.React(user, m.Channel, m.TS, name)
	case "menu":
		err = on.slack.Shortcut(user, a.text, m.Channel, m.TS)
	case "sends":
		return on.send(user, a.fills)
	case "leaves":
		err = on.slack.Dismiss(user)
	default:
		err = fmt.Errorf("nobody on Slack knows how one %s", a.verb)
	}
	return nil, err
}

// answered is the thread of someone's own in which the bot has just answered
// them: people go on where they were answered.
func (on *workspace) answered(p player, channel string) string {
	for _, m := range slices.Backward(on.slack.Sees(slackUser(p.name))) {
		if m.Channel != channel {
			continue
		}
		for _, first := range on.slack.Messages(channel) {
			if first.TS == m.Thread && m.User == on.slack.Bot() && first.User == slackUser(p.name) {
				return m.Thread
			}
		}
		return ""
	}
	return ""
}

// An element is something to press or pick.
type element struct{ kind, id, value string }

// elementOf finds what has a label in a message; zero if there is no such
// thing.
func elementOf(blocks json.RawMessage, label string) (found element) {
	var v any
	if json.Unmarshal(blocks, &v) != nil {
		return found
	}
	is := func(o object) bool { return found.kind == "" && o.object("text").text("text") == label }
	var look func(v any)
	look = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, one := range v {
				look(one)
			}
		case map[string]any:
			o := object(v)
			if o.text("type") == "button" && is(o) {
				found = element{kind: "button", id: o.text("action_id")}
			}
			for _, name := range []string{"positive_button", "negative_button"} {
				if is(o.object(name)) {
					found = element{kind: name, id: o.text("action_id")}
				}
			}
			for _, one := range o.list("options") {
				if option, _ := one.(map[string]any); is(option) {
					found = element{"option", o.text("action_id"), object(option).text("value")}
				}
			}
			for _, name := range []string{"elements", "accessory", "blocks"} {
				look(v[name])
			}
		}
	}
	look(v)
	return found
}

// A modal is what is read of one.
type modal struct {
	Title  struct{ Text string }
	Blocks []struct {
		ID    string `json:"block_id"`
		Label struct{ Text string }
		Input struct {
			Initial string `json:"initial_value"`
			Option  struct {
				Text  struct{ Text string }
				Value string
			} `json:"initial_option"`
			Options []struct {
				Text  struct{ Text string }
				Value string
			}
		} `json:"element"`
	}
}

// formText is a form as it reads.
func formText(raw string) string {
	var m modal
	if err := json.Unmarshal([]byte(raw), &m); err != nil {
		return err.Error()
	}
	text := m.Title.Text
	for _, b := range m.Blocks {
		text += "\n" + b.Label.Text + ": " + b.Input.Initial + b.Input.Option.Text.Text
	}
	return text
}

// send fills in the form that a person has open, and sends it.
func (on *workspace) send(user string, fills map[string]string) (map[string]string, error) {
	var m modal
	raw := on.slack.Modal(user)
	if raw == nil {
		return nil, errNoForm
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, err
	}
	values, left := map[string]string{}, maps.Clone(fills)
	for _, b := range m.Blocks {
		value, ok := left[b.Label.Text]
		if !ok {
			continue
		}
		delete(left, b.Label.Text)
		for _, o := range b.Input.Options {
			if o.Text.Text == value {
				value = o.Value
			}
		}
		values[b.ID] = value
	}
	if len(left) > 0 {
		return nil, fmt.Errorf("the form does not have all of the fields %q", slices.Sorted(maps.Keys(fills)))
	}
	wrong, err := on.slack.Submit(user, values)
	if err != nil && strings.Contains(err.Error(), "has to be filled in") {
		return map[string]string{"": err.Error()}, nil // as Slack itself says
	}
	return wrong, err
}
