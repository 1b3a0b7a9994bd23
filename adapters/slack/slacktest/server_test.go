package slacktest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"github.com/signpost-bot/signpost/adapters/slack/slacktest"
)

// A clock stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// A scene is a workspace with two people, a channel and an app.
type scene struct {
	*slacktest.Server
	t              *testing.T
	clock          *clock
	api            *slack.Client
	ana, kim, help string
}

func newScene(t *testing.T, o slacktest.Options) *scene {
	t.Helper()
	c := newClock()
	o.Now = c.now
	s := &scene{Server: slacktest.New(o), t: t, clock: c}
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		s.Close()
	})
	s.api = slack.New(s.BotToken(), slack.OptionAPIURL(s.APIURL()), slack.OptionAppLevelToken(s.AppToken()), slack.OptionHTTPClient(client))
	s.ana = s.AddUser(slacktest.User{Name: "ana", RealName: "Ana Lima", Locale: "pt-BR", Admin: true})
	s.kim = s.AddUser(slacktest.User{Name: "kim"})
	s.help = s.AddChannel(slacktest.Channel{Name: "help", Members: []string{s.ana, s.kim}, BotIn: true})
	return s
}

// say is Say by someone who may.
func (s *scene) say(user, channel, thread, text string, files ...slacktest.Upload) string {
	s.t.Helper()
	ts, err := s.Say(user, channel, thread, text, files...)
	if err != nil {
		s.t.Fatal(err)
	}
	return ts
}

// post is a message of the app's.
func (s *scene) post(channel string, options ...slack.MsgOption) string {
	s.t.Helper()
	_, ts, err := s.api.PostMessage(channel, calm("words", options...)...)
	if err != nil {
		s.t.Fatal(err)
	}
	return ts
}

// calm is a message as the app should post it.
func calm(text string, options ...slack.MsgOption) []slack.MsgOption {
	return append([]slack.MsgOption{slack.MsgOptionText(text, false), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl()}, options...)
}

// judged checks the violations, each by a part of it, and in their order.
func (s *scene) judged(want ...string) {
	s.t.Helper()
	got := s.Violations()
	if len(got) != len(want) {
		s.t.Errorf("violations %q, want %d", got, len(want))
		return
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			s.t.Errorf("violation %q, want %q", got[i], want[i])
		}
	}
}

// An app listens at sockets, and keeps what it heard.
type app struct {
	mu    sync.Mutex
	heard []socketmode.Event
	// answer is what it acknowledges with; nil: with nothing.
	answer func(socketmode.Event) any
}

// connect runs an app with some connections until the test ends.
func (s *scene) connect(n int, answer func(socketmode.Event) any) *app {
	s.t.Helper()
	a := &app{answer: answer}
	ctx, cancel := context.WithCancel(s.t.Context())
	var all sync.WaitGroup
	s.t.Cleanup(func() {
		cancel()
		all.Wait()
	})
	for range n {
		client := socketmode.New(s.api)
		all.Go(func() { _ = client.RunContext(ctx) }) // it ends with the test
		all.Go(func() {
			for {
				select {
				case e := <-client.Events:
					a.hear(client, e)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	if err := s.WaitSockets(s.t.Context(), n); err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (a *app) hear(client *socketmode.Client, e socketmode.Event) {
	if e.Request == nil || e.Request.EnvelopeID == "" {
		return
	}
	a.mu.Lock()
	a.heard = append(a.heard, e)
	a.mu.Unlock()
	var answer []any
	if a.answer != nil {
		if v := a.answer(e); v != nil {
			answer = []any{v}
		}
	}
	_ = client.Ack(*e.Request, answer...) // what is not acknowledged comes again
}

// events are the inner events that were heard, as name=value of some keys.
func (a *app) events(keys ...string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []string
	for _, e := range a.heard {
		if outer, ok := e.Data.(slackevents.EventsAPIEvent); ok {
			var inner map[string]any
			if err := json.Unmarshal(*outer.Data.(*slackevents.EventsAPICallbackEvent).InnerEvent, &inner); err != nil {
				panic(err)
			}
			var words []string
			for _, key := range keys {
				if v, _ := inner[key].(string); v != "" {
					words = append(words, v)
				}
			}
			all = append(all, strings.Join(words, " "))
		}
	}
	return all
}

// TestClose checks that nothing runs once a workspace is closed, whatever was
// on its way.
func TestClose(t *testing.T) {
	s := slacktest.New(slacktest.Options{Retries: []time.Duration{time.Hour}, AckWithin: time.Hour})
	api := slack.New(s.BotToken(), slack.OptionAPIURL(s.APIURL()), slack.OptionAppLevelToken(s.AppToken()))
	kim := s.AddUser(slacktest.User{Name: "kim"})
	help := s.AddChannel(slacktest.Channel{Name: "help", Members: []string{kim}, BotIn: true})
	client := socketmode.New(api)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = client.RunContext(ctx) // it ends with the context
	}()
	if err := s.WaitSockets(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if _, _, err := api.PostMessage(help, calm("words")...); err != nil { // its echo is never acknowledged
		t.Fatal(err)
	}
	said := make(chan struct{})
	go func() {
		defer close(said)
		_, _ = s.Say(kim, help, "", "hello") // given up when the workspace closes
	}()
	for len(s.Messages(help)) < 2 {
		runtime.Gosched()
	}
	s.Close()
	<-said
	cancel()
	<-ended
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "slacktest.(*Server)") {
			t.Errorf("still running:\n%s", stack)
		}
	}
}

// TestEvents checks what the app hears of what people do.
func TestEvents(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	secret := s.AddChannel(slacktest.Channel{Name: "secret", Kind: slacktest.Private, Members: []string{s.kim}, BotIn: true})
	three := s.AddChannel(slacktest.Channel{Name: "three", Kind: slacktest.MPIM, Members: []string{s.kim, s.ana}, BotIn: true})
	apart := s.AddChannel(slacktest.Channel{Name: "apart", Members: []string{s.kim}})
	agents := s.AddGroup(slacktest.Group{Handle: "agents", Members: []string{s.ana}})
	a := s.connect(2, nil)
	var ts string
	tests := []struct {
		name string
		do   func() error
		want []string // sorted: type, subtype, channel_type
	}{
		{"words", func() (err error) { ts, err = s.Say(s.kim, s.help, "", "hello"); return }, []string{"message channel"}},
		{"a mention", func() error { _, err := s.Say(s.kim, s.help, "", "<@"+s.Bot()+"> why?"); return err }, []string{"app_mention", "message channel"}},
		{"by name", func() error { _, err := s.Say(s.kim, three, "", "why, @signpost?"); return err }, []string{"app_mention", "message mpim"}},
		{"a mention in private", func() error { _, err := s.Say(s.kim, s.Direct(s.kim), "", "@signpost"); return err }, []string{"message im"}},
		{"in a private channel", func() error { _, err := s.Say(s.kim, secret, "", "hello"); return err }, []string{"message group"}},
		{"where the bot is not", func() error { _, err := s.Say(s.kim, apart, "", "@signpost"); return err }, nil},
		{"a file", func() error {
			_, err := s.Say(s.kim, s.help, "", "see", slacktest.Upload{Name: "a.txt", Data: []byte("a")})
			return err
		}, []string{"message file_share channel"}},
		{"a reply", func() error { _, err := s.Say(s.ana, s.help, ts, "because"); return err }, []string{"message channel"}},
		{"a reply for all", func() error { _, err := s.Broadcast(s.ana, s.help, ts, "because"); return err }, []string{"message thread_broadcast channel"}},
		{"an edit", func() error { return s.Edit(s.kim, s.help, ts, "hello!") }, []string{"message message_changed channel"}},
		{"an emoji", func() error { return s.React(s.ana, s.help, ts, "eyes") }, []string{"reaction_added"}},
		{"an emoji gone", func() error { return s.Unreact(s.ana, s.help, ts, "eyes") }, []string{"reaction_removed"}},
		{"deleted with replies", func() error { return s.Delete(s.kim, s.help, ts) }, []string{"message message_changed channel"}},
		{"the last replies of what is deleted", func() error {
			for _, m := range s.Messages(s.help) {
				if m.Thread == ts && m.TS != ts {
					if err := s.Delete(s.ana, s.help, m.TS); err != nil {
						return err
					}
				}
			}
			return nil
		}, []string{"message message_deleted channel", "message message_deleted channel", "message message_deleted channel"}},
		{"home", func() error { return s.OpenHome(s.kim, "home") }, []string{"app_home_opened"}},
		{"left", func() error { return s.Leave(s.kim, s.help) }, []string{"member_left_channel C", "message channel_leave channel"}},
		{"joined", func() error { return s.Join(s.kim, s.help) }, []string{"member_joined_channel C", "message channel_join channel"}},
		{"a group", func() error { return s.SetGroupMembers(agents, s.kim) }, []string{"subteam_members_changed", "subteam_updated"}},
		{"a profile", func() error { return s.ChangeUser(slacktest.User{ID: s.kim, Name: "kim", Locale: "de-DE"}) }, []string{"user_change"}},
		{"the bot leaves", func() error { return s.Leave(s.Bot(), secret) }, []string{"group_left"}},
		{"anything", func() error { s.Emit(map[string]any{"type": "app_uninstalled"}); return nil }, []string{"app_uninstalled"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := len(a.events())
			if err := test.do(); err != nil {
				t.Fatal(err)
			}
			got := a.events("type", "subtype", "channel_type")[before:]
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("heard %q, want %q", got, test.want)
			}
		})
	}
	s.judged()
}

// TestText checks what becomes of what people type.
func TestText(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	agents := s.AddGroup(slacktest.Group{Handle: "agents"})
	tests := []struct{ typed, want string }{
		{"a < b & c > d", "a &lt; b &amp; c &gt; d"},
		{"@kim and (@agents) in #help", "<@" + s.kim + "> and (<!subteam^" + agents + ">) in <#" + s.help + "|help>"},
		{"<@" + s.kim + "> <!here> <@UNOBODY>", "<@" + s.kim + "> <!here> &lt;@UNOBODY&gt;"},
		{"see https://a.example/?b&c.", "see <https://a.example/?b&amp;c>."},
		{"kim@kim.example @nobody :tada:", "kim@kim.example @nobody :tada:"},
	}
	for _, test := range tests {
		ts := s.say(s.ana, s.help, "", test.typed)
		all := s.Messages(s.help)
		if m := all[len(all)-1]; m.TS != ts || m.Text != test.want {
			t.Errorf("%q becomes %q, want %q", test.typed, m.Text, test.want)
		}
	}
}

// TestRefused checks that people can only do what Slack lets them.
func TestRefused(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	ts := s.say(s.kim, s.help, "", "hello")
	reply := s.say(s.kim, s.help, ts, "and")
	apart := s.AddChannel(slacktest.Channel{Kind: slacktest.Private, Members: []string{s.ana}})
	closed := s.AddChannel(slacktest.Channel{Name: "old", Members: []string{s.ana}, Archived: true})
	tests := map[string]func() error{
		"nobody":                  func() error { _, err := s.Say("UNOBODY", s.help, "", "a"); return err },
		"no channel":              func() error { _, err := s.Say(s.kim, "CNONE", "", "a"); return err },
		"not a member":            func() error { _, err := s.Say(s.kim, apart, "", "a"); return err },
		"archived":                func() error { _, err := s.Say(s.ana, closed, "", "a"); return err },
		"no thread":               func() error { _, err := s.Say(s.kim, s.help, "1.000000", "a"); return err },
		"a reply's thread":        func() error { _, err := s.Say(s.kim, s.help, reply, "a"); return err },
		"nothing":                 func() error { _, err := s.Say(s.kim, s.help, "", ""); return err },
		"another's":               func() error { return s.Edit(s.ana, s.help, ts, "a") },
		"deleting another's":      func() error { return s.DeleteAny(s.kim, s.help, s.post(s.help)) },
		"twice":                   func() error { return errTwice(func() error { return s.React(s.kim, s.help, ts, "eyes") }) },
		"nothing to take away":    func() error { return s.Unreact(s.kim, s.help, ts, "tada") },
		"a command elsewhere":     func() error { return s.Slash(s.kim, apart, "/ask", "") },
		"no such button":          func() error { return s.Press(s.kim, slacktest.OnMessage(s.help, ts), "go") },
		"no home":                 func() error { return s.Press(s.kim, slacktest.OnHome, "go") },
		"no modal":                func() error { _, err := s.Submit(s.kim, nil); return err },
		"nothing to close":        func() error { return s.Dismiss(s.kim) },
		"in already":              func() error { return s.Join(s.kim, s.help) },
		"a menu of nothing there": func() error { return s.Shortcut(s.kim, "ask", s.help, "1.000000") },
		"no such tab":             func() error { return s.OpenHome(s.kim, "about") },
	}
	for name, do := range tests {
		if do() == nil {
			t.Errorf("%s: Slack lets them", name)
		}
	}
	if err := s.DeleteAny(s.ana, s.help, s.post(s.help)); err != nil {
		t.Errorf("an admin cannot delete: %v", err)
	}
}

func errTwice(f func() error) error {
	if err := f(); err != nil {
		panic(err)
	}
	return f()
}

// TestSees checks who reads what.
func TestSees(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	apart := s.AddChannel(slacktest.Channel{Name: "apart", Members: []string{s.ana}})
	s.say(s.kim, s.help, "", "1")
	s.say(s.ana, apart, "", "2")
	s.say(s.kim, s.Direct(s.kim), "", "3")
	if _, err := s.api.PostEphemeral(s.help, s.kim, calm("4")...); err != nil {
		t.Fatal(err)
	}
	seen := func(user string) string {
		var all []string
		for _, m := range s.Sees(user) {
			all = append(all, m.Text)
		}
		return strings.Join(all, " ")
	}
	if got := seen(s.kim); got != "1 3 4" {
		t.Errorf("kim sees %s", got)
	}
	if got := seen(s.ana); got != "1 2" {
		t.Errorf("ana sees %s", got)
	}
	s.Reload(s.kim)
	if got := seen(s.kim); got != "1 3" {
		t.Errorf("after a reload kim sees %s", got)
	}
	s.judged()
}
