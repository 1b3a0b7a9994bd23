package slack

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack/socketmode"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A front answers as it is told.
type front struct {
	form   *chat.Form
	failed error
	wrong  map[string]string
	typed  []chat.Option
}

func (f *front) Lookup(e chat.Event) (chat.Command, bool) { return chat.Command{}, e.Emoji == "eyes" }
func (f *front) Parse(door, text string) (chat.Invocation, error) {
	if verb, _, _ := strings.Cut(text, " "); verb != "assign" {
		return chat.Invocation{}, &chat.UsageError{Door: door}
	}
	return chat.Invocation{}, nil
}
func (f *front) Open(context.Context, chat.Event) (*chat.Form, error) { return f.form, f.failed }
func (f *front) Check(chat.Event) map[string]string                   { return f.wrong }
func (f *front) Suggest(context.Context, chat.Typing) []chat.Option   { return f.typed }
func (f *front) Home(context.Context, chat.Sender) (chat.Home, error) { return chat.Home{}, nil }
func (f *front) Sorry(chat.Sender) string                             { return "Try again in a <moment>." }

// A mind is a memory of this process.
type mind struct {
	mu      sync.Mutex
	failed  error
	tokens  map[chat.ReplyHandle]string
	cursors map[string]string
	marks   []chat.Place
	held    string
}

func newMind() *mind {
	return &mind{tokens: map[chat.ReplyHandle]string{}, cursors: map[string]string{}}
}

func (m *mind) KeepToken(_ context.Context, h chat.ReplyHandle, token string, _ int, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tokens[h] = token
	return m.failed
}

func (m *mind) Token(_ context.Context, h chat.ReplyHandle, _ time.Time) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if token, ok := m.tokens[h]; ok {
		return token, nil
	}
	return "", chat.ErrNoToken
}

func (m *mind) Advance(_ context.Context, _ string, cursors map[string]string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, ts := range cursors {
		m.cursors[name] = chat.Later(m.cursors[name], ts)
	}
	return m.failed
}

func (m *mind) Cursor(_ context.Context, _, name string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cursors[name], m.failed
}

func (m *mind) Cursors(context.Context, string) (map[string]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string]string{}
	for name, ts := range m.cursors {
		all[name] = ts
	}
	return all, m.failed
}

func (m *mind) Mark(_ context.Context, _ time.Time, places ...chat.Place) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.marks = append(m.marks, places...)
	return m.failed
}

func (m *mind) Marked(context.Context, string, time.Time, int) ([]chat.Place, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.marks), m.failed
}

func (m *mind) Hold(_ context.Context, _, owner string, _ time.Time, _ time.Duration) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held != "" && m.held != owner {
		return 0, chat.ErrHeld
	}
	m.held = owner
	return 1, m.failed
}

func (m *mind) LetGo(context.Context, string, string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held = ""
	return nil
}

// An inbox keeps what it is given, unless it fails.
type inbox struct {
	mu     sync.Mutex
	failed error
	events []chat.Event
}

func (i *inbox) Accept(_ context.Context, e chat.Event) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.failed == nil {
		i.events = append(i.events, e)
	}
	return i.failed
}

// A desk is an adapter that takes things in, on a Slack that knows a few
// people and opens forms.
type desk struct {
	*Adapter
	front *front
	mind  *mind
	inbox *inbox
	log   *bytes.Buffer

	mu    sync.Mutex
	calls []url.Values // with the method as "method"
}

const (
	testTeam   = "T0TEAM"
	testBot    = "U0BOT"
	testSecret = "8f742231b10e8888abcd99yyyzzz85a5"
)

var testNow = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{front: &front{}, mind: newMind(), inbox: &inbox{}, log: &bytes.Buffer{}}
	server := httptest.NewServer(http.HandlerFunc(d.serve))
	t.Cleanup(server.Close)
	d.Adapter = New(Options{
		BotToken: "xoxb-secret", SigningSecret: testSecret, APIURL: server.URL + "/", Front: d.front, Memory: d.mind,
		Now: func() time.Time { return testNow }, Log: slog.New(slog.NewTextHandler(&locked{w: d.log}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	d.session = &session{ctx: t.Context(), in: d.inbox, self: identity{team: testTeam, user: testBot, bot: "B0BOT", name: "signpost"}}
	t.Cleanup(d.inHand.Wait)
	return d
}

type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (d *desk) serve(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	d.mu.Lock()
	defer d.mu.Unlock()
	call := url.Values{"method": {strings.Trim(r.URL.Path, "/")}}
	for k, v := range r.Form {
		call[k] = v
	}
	if raw, _ := io.ReadAll(r.Body); len(raw) > 0 {
		call.Set("body", string(raw))
	}
	d.calls = append(d.calls, call)
	switch call.Get("method") {
	case "users.info":
		user := r.Form.Get("user")
		if strings.HasPrefix(user, "U0") {
			fmt.Fprintf(w, `{"ok":true,"user":{"id":%q,"team_id":%q,"name":"n","real_name":"Kim %s","locale":"pt-BR"}}`, user, testTeam, user[2:])
			return
		}
		if strings.HasPrefix(user, "U9") {
			fmt.Fprintf(w, `{"ok":true,"user":{"id":%q,"team_id":"T9","name":"n","is_stranger":true}}`, user)
			return
		}
		io.WriteString(w, `{"ok":false,"error":"user_not_found"}`)
	case "conversations.replies":
		fmt.Fprintf(w, `{"ok":true,"messages":[{"type":"message","user":"U0KIM","text":"where?","ts":%q}]}`, r.Form.Get("ts"))
	default:
		io.WriteString(w, `{"ok":true}`)
	}
}

func (d *desk) called(method string) (list []url.Values) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.calls {
		if c.Get("method") == method {
			list = append(list, c)
		}
	}
	return list
}

// event wraps the inner part of an event.
func event(inner string) string {
	return `{"type":"event_callback","team_id":"T0TEAM","event_id":"Ev1","event_time":1764072000,"event":` + inner + `}`
}

func TestHappened(t *testing.T) {
	const ts = "1764072000.000100"
	kim := chat.Sender{Account: "slack:T0TEAM:U0KIM", Name: "Kim KIM", Locale: "pt-BR"}
	at := time.Date(2025, 11, 25, 12, 0, 0, 100_000, time.UTC)
	in := func(thread string) chat.Place {
		return chat.Place{Platform: "slack", Workspace: testTeam, Channel: "C1", Thread: thread}
	}
	tests := []struct {
		name, inner string
		agent       bool
		want        *chat.Event // nil: nothing comes of it
	}{
		{"in a channel", `{"type":"message","channel":"C1","user":"U0KIM","text":"is it 1 &lt; 2?","ts":"` + ts + `"}`, false,
			&chat.Event{ID: "slack:Ev1", Kind: chat.Message, At: at, Place: in(ts), From: kim, Message: ts, Text: "is it 1 < 2?"}},
		{"in a thread", `{"type":"message","channel":"C1","user":"U0KIM","text":"hi","ts":"` + ts + `","thread_ts":"1764000000.000001"}`, false,
			&chat.Event{ID: "slack:Ev1", Kind: chat.Message, At: at, Place: in("1764000000.000001"), From: kim, Message: ts, Text: "hi"}},
		{"mentioned", `{"type":"app_mention","channel":"C1","user":"U0KIM","text":"<@U0BOT>, why?","ts":"` + ts + `"}`, false,
			&chat.Event{ID: "slack:Ev1", Kind: chat.Message, At: at, Place: in(ts), From: kim, Message: ts, Text: "why?", Addressed: true, Mentioned: true}},
		{"mentioned by an edit", `{"type":"app_mention","channel":"C1","user":"U0KIM","text":"<@U0BOT|signpost> why?","ts":"` + ts + `","edited":{"user":"U0KIM","ts":"1764072009.000000"}}`, false,
			&chat.Event{ID: "slack:Ev1", Kind: chat.Edit, Stamp: "1764072009.000000", At: at, Place: in(ts), From: kim, Message: ts, Text: "why?", Addressed: true, Mentioned: true}},
		{"others are mentioned", `{"type":"message","channel":"C1","user":"U0KIM","text":"ask <@U0BO> or <@U0BOTTLE> <!here> <#C2|help>","ts":"` + ts + `"}`, false,
			&chat.Event{ID: "slack:Ev1", Kind: chat.Message, At: at, Place: in(ts), From: kim, Message: ts, Text: "ask @Kim BO or @Kim BOTTLE @here #help"}},
		{"a command names people by id", `{"type":"message","channel":"C1","user":"U0KIM","text":"<@U0BOT> assign T-1 <@U0BO>","ts":"` + ts + `"}`, false,
			&chat.Event{ID: "slack:Ev1", Kind: chat.Message, At: at, Place: in(ts), From: kim, Message: ts, Text: "assign T-1 @U0BO", Addressed: true, Mentioned: true,
				Named: []chat.Sender{{Account: "slack:T0TEAM:U0BO", Name: "Kim BO", Locale: "pt-BR"}}}},
		{"direct", `{"type":"message","channel":"D1","channel_type":"im","user":"U0KIM","text":"hi","ts":"` + ts + `"}`, false,
			&chat.Event{ID: "slack:Ev1", Kind: chat.Message, At: at, Place: chat.Direct(kim.Account), From: kim, Message: ts, Text: "hi", Addressed: true, Private: true}},
		{"direct, to an agent", `{"type":"message","channel":"D1","channel_type":"im","user":"U0KIM","text":"hi","ts":"` + ts + `"}`, true,
			&chat.Event{ID: "slack:Ev1", Kind: chat.Message, At: at, Place: chat.Direct(kim.Account), From: kim, Message: ts, Text: "hi", Addressed: true, Private: true, Handle: "in/" + ts}},
		{"files", `{"type":"message","subtype":"file_share","channel":"C1","user":"U0KIM","text":"","ts":"` + ts + `","files":[{"id":"F1","name":"a.png","mimetype":"image/png","size":7},{"id":"F2","mode":"tombstone"}]}`, false,
			&chat.Event{ID: "slack:Ev1", Kind: chat.Message, At: at, Place: in(ts), From: kim, Message: ts, Files: []chat.File{{ID: "F1", Name: "a.png", Type: "image/png", Size: 7}}}},
		{"edited", `{"type":"message","subtype":"message_changed","channel":"C1","event_ts":"1764072010.000000","message":{"user":"U0KIM","text":"new","ts":"` + ts + `","edited":{"ts":"1764072009.000000"}},"previous_message":{"user":"U0KIM","text":"old","ts":"` + ts + `"}}`, false,
			&chat.Event{ID: "slack:Ev1", Kind: chat.Edit, Stamp: "1764072009.000000", At: at, Place: in(ts), From: kim, Message: ts, Text: "new"}},
		{"unfurled", `{"type":"message","subtype":"message_changed","channel":"C1","message":{"user":"U0KIM","text":"same","ts":"` + ts + `","attachments":[{"x":1}]},"previous_message":{"user":"U0KIM","text":"same","ts":"` + ts + `"}}`, false, nil},
		{"deleted", `{"type":"message","subtype":"message_deleted","channel":"C1","deleted_ts":"` + ts + `","previous_message":{"user":"U0KIM","text":"old","ts":"` + ts + `"}}`, false,
			&chat.Event{ID: "slack:Ev1", Kind: chat.Delete, At: testNow, Place: in(ts), From: kim, Message: ts}},
		{"deleted above replies", `{"type":"message","subtype":"message_changed","channel":"C1","message":{"subtype":"tombstone","user":"USLACKBOT","ts":"` + ts + `"},"previous_message":{"user":"U0KIM","text":"old","ts":"` + ts + `"}}`, false,
			&chat.Event{ID: "slack:Ev1", Kind: chat.Delete, At: testNow, Place: in(ts), From: kim, Message: ts}},
		{"one of ours deleted", `{"type":"message","subtype":"message_deleted","channel":"C1","deleted_ts":"` + ts + `","previous_message":{"user":"U0BOT","bot_id":"B0BOT","text":"card","ts":"` + ts + `"}}`, false,
			&chat.Event{ID: "slack:Ev1", Kind: chat.Delete, At: testNow, Place: in(""), Message: ts}},
		{"our own words", `{"type":"message","channel":"C1","user":"U0BOT","bot_id":"B0BOT","text":"hi","ts":"` + ts + `"}`, false, nil},
		{"another bot", `{"type":"message","channel":"C1","user":"U7","bot_id":"B7","text":"hi","ts":"` + ts + `"}`, false, nil},
		{"someone joins", `{"type":"message","subtype":"channel_join","channel":"C1","user":"U0KIM","text":"joined","ts":"` + ts + `"}`, false, nil},
		{"Slack itself", `{"type":"message","channel":"D1","user":"USLACKBOT","text":"hi","ts":"` + ts + `"}`, false, nil},
		{"an emoji of ours", `{"type":"reaction_added","user":"U0ANA","reaction":"eyes::skin-tone-2","item_user":"U0KIM","item":{"type":"message","channel":"C1","ts":"` + ts + `"},"event_ts":"` + ts + `"}`, false,
			&chat.Event{ID: "slack:Ev1", Kind: chat.Reaction, At: at, Place: in(ts), From: chat.Sender{Account: "slack:T0TEAM:U0ANA", Name: "Kim ANA", Locale: "pt-BR"}, Message: ts, Emoji: "eyes",
				About: &chat.Said{Message: ts, From: kim, At: at, Text: "where?"}}},
		{"any emoji", `{"type":"reaction_added","user":"U0ANA","reaction":"tada","item_user":"U0KIM","item":{"type":"message","channel":"C1","ts":"` + ts + `"}}`, false, nil},
		{"an unknown type", `{"type":"huddle_began","user":{"id":"U0KIM"}}`, false, nil},
		{"blocks that nobody knows", `{"type":"message","channel":"C1","user":"U0KIM","text":"hi","ts":"` + ts + `","blocks":[{"type":7},"x"]}`, false,
			&chat.Event{ID: "slack:Ev1", Kind: chat.Message, At: at, Place: in(ts), From: kim, Message: ts, Text: "hi"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t)
			d.o.Agent = test.agent
			if _, err := d.take(t.Context(), d.session, "events_api", []byte(event(test.inner))); err != nil {
				t.Fatal(err)
			}
			var want []chat.Event
			if test.want != nil {
				want = []chat.Event{*test.want}
			}
			if got, want := text(d.inbox.events), text(want); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return strings.ReplaceAll(string(b), "null", "[]")
}

func TestExternal(t *testing.T) {
	tests := []struct {
		user, team string
		shared     bool
		want       bool
	}{
		{"U0KIM", "", false, false},
		{"U0KIM", "T9", true, false}, // what Slack tells of them counts
		{"U9EVE", "", false, true},
		{"U5", "T9", false, true}, // of whom nothing is told
		{"U5", testTeam, true, false},
		{"U5", "", true, true},
		{"U5", "", false, false},
	}
	for _, test := range tests {
		d := newDesk(t)
		d.people.groups = map[string]group{"S1": {"agents", set([]string{test.user})}}
		d.people.members["#C1"] = set([]string{test.user})
		got := d.people.sender(t.Context(), d.session.self, test.user, "", test.team, test.shared)
		if got.External != test.want || got.External == (len(got.Groups) > 0) {
			t.Errorf("%+v: external %t, groups %q", test, got.External, got.Groups)
		}
	}
}

// signed is a request as Slack signs it.
func signed(path, kind, body string, at time.Time, secret string) *http.Request {
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	stamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	io.WriteString(mac, "v0:"+stamp+":"+body)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return r
}

const formType = "application/x-www-form-urlencoded"

func TestHandler(t *testing.T) {
	message := event(`{"type":"message","channel":"C1","user":"U0KIM","text":"hi","ts":"1764072000.000100"}`)
	slash := url.Values{"command": {"/ask"}, "text": {"why?"}, "user_id": {"U0KIM"}, "channel_id": {"C1"}, "response_url": {"https://hooks.slack.com/x"}, "trigger_id": {"1.2"}}.Encode()
	press := url.Values{"payload": {`{"type":"block_actions","user":{"id":"U0KIM"},"container":{"type":"message","message_ts":"1764072000.000100","channel_id":"C1"},"actions":[{"type":"button","value":"helped:c1"}]}`}}.Encode()
	tests := []struct {
		name    string
		request *http.Request
		away    bool // nothing can be stored
		status  int
		body    string
		events  int
	}{
		{"an event", signed("/slack/events", "application/json", message, testNow, testSecret), false, 200, "", 1},
		{"a challenge", signed("/slack/events", "application/json", `{"type":"url_verification","challenge":"c<1"}`, testNow, testSecret), false, 200, "c<1", 0},
		{"a command", signed("/slack/commands", formType, slash, testNow, testSecret), false, 200, "", 1},
		{"a press", signed("/slack/interactions", formType, press, testNow, testSecret), false, 200, "", 1},
		{"an event, store away", signed("/slack/events", "application/json", message, testNow, testSecret), true, 503, "try again", 0},
		{"a command, store away", signed("/slack/commands", formType, slash, testNow, testSecret), true, 200, "Try again in a \\u0026lt;moment", 0},
		{"a press, store away", signed("/slack/interactions", formType, press, testNow, testSecret), true, 200, "", 0},
		{"not even JSON", signed("/slack/events", "application/json", `{"type":`, testNow, testSecret), false, 200, "", 1},
		{"no payload", signed("/slack/interactions", formType, "x=1", testNow, testSecret), false, 400, "no payload", 0},
		{"a payload beside the body", signed("/slack/interactions?"+press, formType, "x=1", testNow, testSecret), false, 400, "no payload", 0},
		{"a command that is no form", signed("/slack/commands", "application/json", slash, testNow, testSecret), false, 400, "not a form", 0},
		{"another secret", signed("/slack/events", "application/json", message, testNow, "other"), false, 401, "not from Slack", 0},
		{"five minutes old", signed("/slack/events", "application/json", message, testNow.Add(-5*time.Minute), testSecret), false, 200, "", 1},
		{"older", signed("/slack/events", "application/json", message, testNow.Add(-5*time.Minute-time.Second), testSecret), false, 401, "", 0},
		{"from the future", signed("/slack/events", "application/json", message, testNow.Add(6*time.Minute), testSecret), false, 401, "", 0},
		{"unsigned", httptest.NewRequest("POST", "/slack/events", strings.NewReader(message)), false, 401, "", 0},
		{"too large", signed("/slack/events", "application/json", strings.Repeat(" ", maxBody+1), testNow, testSecret), false, 413, "", 0},
		{"GET", httptest.NewRequest("GET", "/slack/events", nil), false, 405, "", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t)
			if test.away {
				d.inbox.failed = errors.New("away")
			}
			w := httptest.NewRecorder()
			d.Handler().ServeHTTP(w, test.request)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) || len(d.inbox.events) != test.events {
				t.Errorf("%d %q and %d events, want %d %q and %d", w.Code, w.Body, len(d.inbox.events), test.status, test.body, test.events)
			}
			if strings.Contains(d.log.String(), "hooks.slack.com") || strings.Contains(d.log.String(), testSecret) {
				t.Errorf("the log tells a secret:\n%s", d.log)
			}
		})
	}
	d := newDesk(t)
	d.session = nil
	w := httptest.NewRecorder()
	if d.Handler().ServeHTTP(w, signed("/slack/events", "application/json", message, testNow, testSecret)); w.Code != 503 {
		t.Errorf("before and after Run: %d", w.Code)
	}
}

// TestInteracted looks at what becomes of presses, menus and forms.
// TestRan: behind every door but that of questions, people who are mentioned are
// known by their ids.
func TestRan(t *testing.T) {
	for door, want := range map[string]string{"ask": "who is @bo?", "ticket": "who is @U0BO?", "desk": "who is @U0BO?"} {
		d := newDesk(t)
		body, err := json.Marshal(command{Command: "/" + door, Text: "who is <@U0BO|bo>?", User: "U0KIM", Channel: "C1"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.take(t.Context(), d.session, "slash_commands", body); err != nil {
			t.Fatal(err)
		}
		if e := d.inbox.events; len(e) != 1 || e[0].Door != door || e[0].Text != want || len(e[0].Named) > 0 == (door == "ask") {
			t.Errorf("/%s came as %+v, want %q", door, e, want)
		}
	}
}

func TestInteracted(t *testing.T) {
	const ts, thread = "1764072000.000100", "1764000000.000001"
	const user = `"user":{"id":"U0KIM","name":"kim","team_id":"T0TEAM"},"trigger_id":"1.2","response_url":"https://hooks.slack.com/x",`
	form := &chat.Form{Action: chat.Do("contact", "c1"), Title: "Contact us", Submit: "Send", Fields: []chat.Field{{Name: "question", Kind: chat.Lines}}}
	ephemeral := markFor("answer/1") + ".0"
	tests := []struct {
		name, body string
		front      front
		away       bool
		want       string // of the event: kind, place, message, what, handle
		answer     string
		opens      int
	}{
		{name: "a button", body: `{"type":"block_actions",` + user + `"container":{"type":"message","message_ts":"` + ts + `","channel_id":"C1","thread_ts":"` + thread + `"},"actions":[{"type":"button","action_id":"claim:T-1%#2","value":"claim:T-1"}]}`,
			want: "press slack:T0TEAM:C1:" + thread + " " + ts + " claim:T-1 url"},
		{name: "a menu", body: `{"type":"block_actions",` + user + `"container":{"type":"message","message_ts":"` + ts + `","channel_id":"C1"},"actions":[{"type":"static_select","action_id":"ticket:T-1","selected_option":{"value":"close"}}]}`,
			want: "press slack:T0TEAM:C1 " + ts + " ticket:T-1:close url"},
		{name: "thumbs", body: `{"type":"block_actions",` + user + `"container":{"type":"message","message_ts":"` + ts + `","channel_id":"D1"},"actions":[{"type":"feedback_buttons","action_id":"x","value":"unhelped:c1"}]}`,
			want: "press slack:T0TEAM:@U0KIM " + ts + " unhelped:c1 "},
		{name: "in what only they see", body: `{"type":"block_actions",` + user + `"container":{"type":"message","message_ts":"` + ts + `","channel_id":"C1","is_ephemeral":true},"actions":[{"type":"button","block_id":"` + ephemeral + `","value":"helped:c1"}]}`,
			want: "press slack:T0TEAM:C1 eph/" + markFor("answer/1") + " helped:c1 url"},
		{name: "on the page", body: `{"type":"block_actions",` + user + `"view":{"type":"home"},"container":{"type":"view"},"actions":[{"type":"button","value":"browse:buyer"}]}`,
			want: "press slack:T0TEAM:@U0KIM  browse:buyer home"},
		{name: "asked on the page", body: `{"type":"block_actions",` + user + `"view":{"type":"home"},"container":{"type":"view"},"actions":[{"type":"plain_text_input","action_id":"ask","value":" why? "}]}`,
			want: "slash slack:T0TEAM:@U0KIM  ask why? home"},
		{name: "found on the page", body: `{"type":"block_actions",` + user + `"view":{"type":"home"},"container":{"type":"view"},"actions":[{"type":"external_select","action_id":"find","selected_option":{"value":"Refunds"}}]}`,
			want: "slash slack:T0TEAM:@U0KIM  ask Refunds home"},
		{name: "a button of nobody's", body: `{"type":"block_actions",` + user + `"container":{"type":"message","message_ts":"` + ts + `","channel_id":"C1"},"actions":[{"type":"button","value":":"}]}`},
		{name: "a form opens", body: `{"type":"block_actions",` + user + `"container":{"type":"message","message_ts":"` + ts + `","channel_id":"C1"},"actions":[{"type":"button","value":"contact:c1"}]}`,
			front: front{form: form}, opens: 1},
		{name: "a message's menu", body: `{"type":"message_action","callback_id":"create",` + user + `"channel":{"id":"C1"},"message_ts":"` + ts + `","message":{"user":"U0BO","text":"help","ts":"` + ts + `"}}`,
			want: "menu slack:T0TEAM:C1:" + ts + " " + ts + " create url"},
		{name: "a sent form", body: `{"type":"view_submission",` + user + `"view":{"type":"modal","callback_id":"contact:c1","private_metadata":"{\"c\":\"C1\",\"t\":\"` + thread + `\",\"h\":\"url/1\"}","blocks":[{"type":"input","block_id":"question"}],"state":{"values":{"question":{"question":{"type":"plain_text_input","value":"why?"}},"topic":{"topic":{"type":"static_select","selected_option":{"value":"refunds"}}}}}}}`,
			want: "submit slack:T0TEAM:C1:" + thread + "  contact:c1 question=why? topic=refunds url"},
		{name: "a form that is wrong", body: `{"type":"view_submission",` + user + `"view":{"type":"modal","callback_id":"contact:c1","private_metadata":"{}","blocks":[{"type":"input","block_id":"question"}]}}`,
			front: front{wrong: map[string]string{"question": "Say what.", "gone": "Never."}}, answer: `"response_action":"errors"`},
		{name: "a form, store away", body: `{"type":"view_submission",` + user + `"view":{"type":"modal","callback_id":"contact:c1","private_metadata":"{}","blocks":[{"type":"input","block_id":"question"}]}}`,
			away: true, answer: `{"question":"Try again in a`},
		{name: "another app's form", body: `{"type":"view_submission",` + user + `"view":{"type":"modal","callback_id":"","private_metadata":""}}`},
		{name: "something is typed", body: `{"type":"block_suggestion",` + user + `"action_id":"find","value":"ref"}`,
			front:  front{typed: []chat.Option{{Label: "Refunds", Value: "Refunds"}, {Label: strings.Repeat("é", 200), Value: "long"}, {Label: "x", Value: strings.Repeat("v", 200)}}},
			answer: `{"options":[{"text":{"type":"plain_text","text":"Refunds"`},
		{name: "nothing is found", body: `{"type":"block_suggestion",` + user + `"action_id":"find","value":"zzz"}`, answer: `{"options":[]}`},
		{name: "nobody", body: `{"type":"block_actions"}`, want: "unreadable slack:T0TEAM:unreadable   "},
		{name: "closed", body: `{"type":"view_closed",` + user + `"view":{}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t)
			*d.front = test.front
			if test.away {
				d.inbox.failed = errors.New("away")
			}
			answer, err := d.take(t.Context(), d.session, "interactive", []byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if got := text(answer); test.answer == "" && answer != nil || !strings.Contains(got, test.answer) {
				t.Errorf("answered %s, want %s", got, test.answer)
			}
			got := ""
			for _, e := range d.inbox.events {
				what := e.Action.String()
				if e.Kind == chat.Slash {
					what = e.Door + " " + e.Text
				}
				for _, field := range []string{"question", "topic"} {
					if e.Values[field] != "" {
						what += " " + field + "=" + e.Values[field]
					}
				}
				door, _ := doorOf(e.Handle)
				got += fmt.Sprintf("%s %s %s %s %s", e.Kind, e.Place, e.Message, what, door)
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if got := len(d.called("views.open")); got != test.opens {
				t.Errorf("%d forms were opened, want %d", got, test.opens)
			}
		})
	}
}

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		warned := 0
		throttle := &throttle{
			next: roundTripper(func(*http.Request) (*http.Response, error) { return &http.Response{Body: http.NoBody}, nil }),
			path: "apps.connections.open", now: time.Now, pause: pause, warn: func(time.Duration) { warned++ },
		}
		began := time.Now()
		open := func() time.Duration {
			throttle.RoundTrip(httptest.NewRequest("POST", "/api/apps.connections.open", nil))
			return time.Since(began)
		}
		var got []time.Duration
		for range 9 {
			got = append(got, open())
		}
		if want := []time.Duration{0, 1, 3, 7, 15, 31, 63, 123, 183}; !slices.EqualFunc(got, want, func(a, b time.Duration) bool { return a == b*time.Second }) {
			t.Errorf("a hot loop opens at %v, want %v s", got, want)
		}
		if warned != 4 {
			t.Errorf("it was told %d times that this goes on, want 4", warned)
		}
		time.Sleep(2 * calm)
		if before := time.Since(began); open() != before {
			t.Error("after a good connection, the next waits")
		}
		throttle.RoundTrip(httptest.NewRequest("POST", "/api/chat.postMessage", nil))
	})
}

// TestOpener: a connection is asked for again as long as it takes, however long
// the throttle makes us wait; and one call does not take longer than any other.
func TestOpener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []time.Duration
		hangs := false
		began := time.Now()
		c := opener(&http.Client{Timeout: answering, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			asked = append(asked, time.Since(began))
			if hangs {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("{}"))}, nil
		})}, func(time.Duration) {})
		for range 9 {
			response, err := c.Post("https://slack.example/api/apps.connections.open", "", nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(response.Body); err != nil || string(body) != "{}" {
				t.Errorf("the answer is %q, %v", body, err)
			}
			response.Body.Close()
		}
		if want := []time.Duration{0, 1, 3, 7, 15, 31, 63, 123, 183}; !slices.EqualFunc(asked, want, func(a, b time.Duration) bool { return a == b*time.Second }) {
			t.Errorf("Slack is asked at %v, want %v s", asked, want)
		}
		hangs = true
		_, err := c.Post("https://slack.example/api/apps.connections.open", "", nil)
		if took := time.Since(began) - asked[9]; !errors.Is(err, context.DeadlineExceeded) || took != answering {
			t.Errorf("a call that hangs ends after %v with %v", took, err)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestFrameOf(t *testing.T) {
	tests := []struct {
		name  string
		event socketmode.Event
		want  string
		ok    bool
	}{
		{"known", socketmode.Event{Request: &socketmode.Request{Type: "events_api", EnvelopeID: "e1"}}, "e1", true},
		{"hello", socketmode.Event{Request: &socketmode.Request{Type: "hello"}}, "", false},
		{"connecting", socketmode.Event{Type: socketmode.EventTypeConnecting}, "", false},
		{"unknown to the library", bad(`{"type":"new_kind","envelope_id":"e2","payload":{}}`), "e2", true},
		{"without an envelope", bad(`{"type":"new_kind"}`), "", false},
		{"not JSON", bad(`{`), "", false},
	}
	for _, test := range tests {
		if got, ok := frameOf(test.event); got.Envelope != test.want || ok != test.ok {
			t.Errorf("%s: %+v, %t", test.name, got, ok)
		}
	}
}

func bad(raw string) socketmode.Event {
	return socketmode.Event{Type: socketmode.EventTypeErrorBadMessage, Data: &socketmode.ErrorBadMessage{Message: json.RawMessage(raw)}}
}

func TestTimeOf(t *testing.T) {
	tests := []struct {
		ts   string
		want string
	}{
		{"1764072000.000100", "2025-11-25T12:00:00.0001Z"},
		{"1.5", "1970-01-01T00:00:01.5Z"},
		{"", ""}, {"1764072000", ""}, {".1", ""}, {"1.", ""}, {"-1.1", ""}, {"1e3.1", ""}, {"1.2.3", ""}, {strings.Repeat("9", 30) + ".1", ""},
	}
	for _, test := range tests {
		got := timeOf(test.ts)
		if test.want == "" && !got.IsZero() || test.want != "" && got.Format(time.RFC3339Nano) != test.want {
			t.Errorf("timeOf(%q) = %v, want %s", test.ts, got, test.want)
		}
	}
	if got := tsOf(timeOf("1764072000.000100")); got != "1764072000.000100" {
		t.Errorf("there and back: %s", got)
	}
}

// FuzzTake: whatever is verified and comes in is taken in without a panic, and
// an event that is made of it has a good place and stands for one thing.
func FuzzTake(f *testing.F) {
	for _, seed := range []string{
		event(`{"type":"message","channel":"C1","user":"U0KIM","text":"<@U0BOT> hi","ts":"1764072000.000100"}`),
		event(`{"type":"message","subtype":"message_changed","channel":"C1","message":{},"previous_message":{}}`),
		event(`{"type":"reaction_added","reaction":"eyes","item":{"type":"message","channel":"C1","ts":"1.1"}}`),
		event(`{"type":"user_change","user":"U1"}`), event(`[]`), event(`null`), `{"type":"event_callback"}`, `null`, `{`,
		`{"command":"/ask","text":"<@U1|x> <!channel>","user_id":"U0KIM","channel_id":"C1"}`,
		`{"type":"block_actions","user":{"id":"U0KIM"},"actions":[{"type":"button","value":"a:%"}],"container":{"channel_id":"D1","message_ts":"1.1"}}`,
		`{"type":"view_submission","user":{"id":"U1"},"view":{"callback_id":"contact:c","private_metadata":"{\"c\":\"x y:z\"}","state":{"values":{"a":{"value":{}}}}}}`,
		`{"type":"message_action","user":{"id":"U1"},"callback_id":"create","channel":{"id":"C1"},"message":{"ts":"1.1","text":"\u0000\u202e"}}`,
		`{"type":"block_suggestion","user":{"id":"U1"},"value":"x"}`,
	} {
		for kind := range 3 {
			f.Add(kind, []byte(seed))
		}
	}
	d := newDesk(f)
	d.people.o.HTTP = nil
	f.Fuzz(func(t *testing.T, kind int, body []byte) {
		d.inbox.events = nil
		name := []string{"events_api", "slash_commands", "interactive"}[uint(kind)%3]
		if _, err := d.take(t.Context(), d.session, name, body); err != nil && t.Context().Err() == nil {
			t.Fatalf("%s %q: %v", name, body, err)
		}
		for _, e := range d.inbox.events {
			if again, err := chat.ParsePlace(e.Place.String()); err != nil || again != e.Place {
				t.Errorf("%s %q: place %q: %v", name, body, e.Place, err)
			}
			if e.ID == "" || e.Kind == "" || e.Kind != chat.Unreadable && strings.Contains(e.Text, "<@"+testBot+">") {
				t.Errorf("%s %q: %+v", name, body, e)
			}
		}
		if strings.Contains(d.log.String(), "panic") {
			t.Fatalf("%s %q: %s", name, body, d.log)
		}
		d.log.Reset()
	})
}

// FuzzVerify: nothing but Slack's own signature of the very bytes is accepted.
func FuzzVerify(f *testing.F) {
	f.Add("1764072000", "v0=00", []byte("x"))
	f.Add("", "", []byte{})
	f.Add("9223372036854775807", "v0=zz", []byte("\x00"))
	f.Fuzz(func(t *testing.T, stamp, signature string, body []byte) {
		h := http.Header{"X-Slack-Request-Timestamp": {stamp}, "X-Slack-Signature": {signature}}
		mac := hmac.New(sha256.New, []byte(testSecret))
		fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
		right := strings.EqualFold(strings.TrimPrefix(signature, "v0="), hex.EncodeToString(mac.Sum(nil)))
		if err := verify(h, body, testSecret, testNow); err == nil && !right {
			t.Errorf("accepted %q %q %q", stamp, signature, body)
		}
	})
}
