package discord

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A front answers as it is told.
type front struct {
	form   *chat.Form
	failed error
	wrong  map[string]string
	typed  []chat.Option
}

func (f *front) Lookup(e chat.Event) (chat.Command, bool) {
	return chat.Command{Visibility: chat.Private}, e.Kind != chat.Reaction || e.Emoji == "👀"
}

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
func (f *front) Sorry(chat.Sender) string                             { return "Try again in a moment, @everyone." }

// A mind is a memory of this process: of the shards, and of the rest.
type mind struct {
	*memoryOfShards
	keeping sync.Mutex
	tokens  map[chat.ReplyHandle]string
	older   map[chat.ReplyHandle]string
	marks   []chat.Place
	room    int // after how many tokens those before are forgotten; 0: never
}

func newMind() *mind {
	return &mind{memoryOfShards: newMemoryOfShards(), tokens: map[chat.ReplyHandle]string{}}
}

func (m *mind) KeepToken(_ context.Context, h chat.ReplyHandle, token string, _ int, _ time.Time) error {
	m.keeping.Lock()
	defer m.keeping.Unlock()
	if m.room > 0 && len(m.tokens) >= m.room {
		m.older, m.tokens = m.tokens, map[chat.ReplyHandle]string{}
	}
	m.tokens[h] = token
	return nil
}

func (m *mind) Token(_ context.Context, h chat.ReplyHandle, _ time.Time) (string, error) {
	m.keeping.Lock()
	defer m.keeping.Unlock()
	for _, kept := range []map[chat.ReplyHandle]string{m.tokens, m.older} {
		if token, ok := kept[h]; ok {
			return token, nil
		}
	}
	return "", chat.ErrNoToken
}

func (m *mind) Cursors(_ context.Context, platform string) (map[string]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string]string{}
	for name, cursor := range m.cursors {
		if of, name, _ := strings.Cut(name, " "); of == platform {
			all[name] = cursor
		}
	}
	return all, m.failed
}

func (m *mind) Mark(_ context.Context, _ time.Time, places ...chat.Place) error {
	m.keeping.Lock()
	defer m.keeping.Unlock()
	if m.room == 0 {
		m.marks = append(m.marks, places...)
	}
	return nil
}

func (m *mind) Marked(context.Context, string, time.Time, int) ([]chat.Place, error) {
	m.keeping.Lock()
	defer m.keeping.Unlock()
	return slices.Clone(m.marks), nil
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

// A desk is an adapter that takes things in, on a Discord that knows one server
// and a few people.
type desk struct {
	*Adapter
	front *front
	mind  *mind
	inbox *inbox
	log   *bytes.Buffer

	mu    sync.Mutex
	calls []string // METHOD path body
}

const (
	testID    = "1400000000000000000" // of a message or an interaction
	ownID     = "77"
	kimHere   = `"member":{"user":{"id":"500","username":"kim"},"nick":"Kim K","roles":["900"]}`
	kimsToken = "an-interaction-token"
)

var (
	testSeed = bytes.Repeat([]byte{7}, ed25519.SeedSize)
	testKey  = ed25519.NewKeyFromSeed(testSeed)
)

func newDesk(t testing.TB, commands ...chat.Command) *desk {
	t.Helper()
	d := &desk{front: &front{}, mind: newMind(), inbox: &inbox{}, log: &bytes.Buffer{}}
	d.Adapter = New(Options{
		Token: botToken, PublicKey: hex.EncodeToString(testKey.Public().(ed25519.PublicKey)), Content: true, Commands: commands,
		Watched: func() []chat.Place { return []chat.Place{{Platform: Name, Workspace: "100", Channel: "400"}} },
		Front:   d.front, Memory: d.mind, HTTP: &http.Client{Transport: roundTrip(d.serve)}, Now: func() time.Time { return noon },
		Log: slog.New(slog.NewTextHandler(&locked{w: d.log}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	d.session = &session{ctx: t.Context(), in: d.inbox, self: identity{app: "66", user: ownID, name: "signpost", guilds: []string{"100"}, home: "100"}}
	d.identify("66", ownID)
	t.Cleanup(d.inHand.Wait)
	err := d.dispatch(t.Context(), "GUILD_CREATE", []byte(`{"id":"100","preferred_locale":"en-US","roles":[{"id":"900","name":"buyers"}],
		"channels":[{"id":"200","type":0,"name":"help"},{"id":"400","type":15,"name":"bugs"}],
		"threads":[{"id":"300","type":11,"parent_id":"200"},{"id":"`+testID+`","type":11,"parent_id":"400"}]}`))
	if err != nil {
		t.Fatal(err)
	}
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

// serve is Discord.
func (d *desk) serve(r *http.Request) (*http.Response, error) {
	path := strings.TrimPrefix(r.URL.Path, "/api/v10/")
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body) // of this process
	}
	d.mu.Lock()
	d.calls = append(d.calls, fmt.Sprintf("%s %s %s", r.Method, path, body))
	d.mu.Unlock()
	status, answer := http.StatusOK, `{}`
	switch parts := strings.Split(path, "/"); {
	case strings.HasPrefix(path, "guilds/100/members/"):
		answer = `{"user":{"id":"500","username":"kim"},"nick":"Kim K","roles":["900"]}`
	case len(parts) == 4 && parts[2] == "messages":
		answer = `{"id":"` + testID + `","author":{"id":"500","username":"kim"},"content":"where?"}`
	case parts[0] == "channels" && len(parts) == 2 && parts[1] != "201":
		status, answer = http.StatusNotFound, `{"code":10003,"message":"Unknown Channel"}`
	case path == "channels/201":
		answer = `{"id":"201","type":0,"guild_id":"100"}`
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
}

// called are the calls that begin so.
func (d *desk) called(begin string) (list []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.calls {
		if strings.HasPrefix(c, begin) {
			list = append(list, c)
		}
	}
	return list
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return strings.ReplaceAll(string(b), "null", "[]")
}

// said is a message of kim's, with more about it.
func saidIn(channel, content, more string) string {
	return fmt.Sprintf(`{"id":"%s","channel_id":"%s","guild_id":"100","type":0,"author":{"id":"500","username":"kim"},%s,"content":%q%s}`, testID, channel, kimHere, content, more)
}

// TestHappened looks at what becomes of what the gateway tells.
func TestHappened(t *testing.T) {
	at := timeOf(testID)
	kim := chat.Sender{Account: "discord:100:500", Name: "Kim K", Roles: []string{"900", "buyers"}}
	bo := chat.Sender{Account: "discord:100:501", Name: "Bo"}
	in := func(channel, thread string) chat.Place {
		return chat.Place{Platform: Name, Workspace: "100", Channel: channel, Thread: thread}
	}
	const mentionsBo = `,"mentions":[{"id":"501","username":"bo","global_name":"Bo"},{"id":"77","username":"signpost"}]`
	message := func(e chat.Event) *chat.Event {
		e.ID = chat.EventID("discord:message/discord:100:" + e.Place.Channel + "/" + testID + "/" + e.Stamp)
		e.At, e.From, e.Message = at, kim, testID
		if e.Kind == "" {
			e.Kind = chat.Message
		}
		if e.Place.Thread == "" {
			e.Handle = "to/" + testID
		}
		return &e
	}
	tests := []struct {
		name, kind, raw string
		before          string // a message that came before
		change          func(o *Options)
		want            *chat.Event // nil: nothing comes of it
	}{
		{name: "in a channel", kind: "MESSAGE_CREATE", raw: saidIn("200", "is it 1 < 2?", ""), want: message(chat.Event{Place: in("200", ""), Text: "is it 1 < 2?"})},
		{name: "in a channel where threads are begun", kind: "MESSAGE_CREATE", raw: saidIn("200", "hi", ""), change: func(o *Options) { o.Threads = true },
			want: message(chat.Event{Place: in("200", testID), Text: "hi"})},
		{name: "in a channel that is asked for", kind: "MESSAGE_CREATE", raw: saidIn("201", "hi", ""), want: message(chat.Event{Place: in("201", ""), Text: "hi"})},
		{name: "in a channel that is gone", kind: "MESSAGE_CREATE", raw: saidIn("202", "hi", "")},
		{name: "in a thread", kind: "MESSAGE_CREATE", raw: saidIn("300", "hi", ""), want: message(chat.Event{Place: in("200", "300"), Text: "hi"})},
		{name: "a post in a watched forum", kind: "MESSAGE_CREATE", raw: saidIn(testID, "why?", ""), want: message(chat.Event{Place: in("400", testID), Text: "why?", Addressed: true})},
		{name: "mentioned", kind: "MESSAGE_CREATE", raw: saidIn("200", "<@77>, why?", ""),
			want: message(chat.Event{Place: in("200", ""), Text: "why?", Addressed: true, Mentioned: true})},
		{name: "mentioned as before", kind: "MESSAGE_CREATE", raw: saidIn("300", "why, <@!77>?", ""),
			want: message(chat.Event{Place: in("200", "300"), Text: "why, ?", Addressed: true, Mentioned: true})},
		{name: "replies to us", kind: "MESSAGE_CREATE", raw: saidIn("200", "and then?", `,"referenced_message":{"id":"9","author":{"id":"77","bot":true}}`),
			want: message(chat.Event{Place: in("200", ""), Text: "and then?", Addressed: true})},
		{name: "others are mentioned", kind: "MESSAGE_CREATE", raw: saidIn("200", "<@501> <@502> <#200> <#9> <@&900> <@&9> <:smile:1> <a:wave:2> <t:0:R> @everyone <x>", mentionsBo),
			want: message(chat.Event{Place: in("200", ""), Text: "@Bo @502 #help #9 @buyers @9 :smile: :wave: 1970-01-01 00:00 UTC @everyone <x>"})},
		{name: "a command names people by id", kind: "MESSAGE_CREATE", raw: saidIn("200", "<@77> assign T-1 <@501>", mentionsBo),
			want: message(chat.Event{Place: in("200", ""), Text: "assign T-1 @501", Addressed: true, Mentioned: true, Named: []chat.Sender{bo}})},
		{name: "files", kind: "MESSAGE_CREATE", raw: saidIn("200", "", `,"attachments":[{"id":"8","filename":"a.png","content_type":"image/png","size":7},{"id":"x"}]`),
			want: message(chat.Event{Place: in("200", ""), Files: []chat.File{{ID: "200/" + testID + "/8", Name: "a.png", Type: "image/png", Size: 7}}})},
		{name: "withheld", kind: "MESSAGE_CREATE", raw: saidIn("200", "", ""), change: func(o *Options) { o.Content = false },
			want: message(chat.Event{Place: in("200", ""), Withheld: true})},
		{name: "components that nobody knows", kind: "MESSAGE_CREATE", raw: saidIn("200", "hi", `,"components":[{"type":999},"x"],"embeds":7`),
			want: message(chat.Event{Place: in("200", ""), Text: "hi"})},
		{name: "direct", kind: "MESSAGE_CREATE", raw: `{"id":"` + testID + `","channel_id":"600","type":0,"author":{"id":"500","username":"kim"},"content":"hi"}`,
			want: &chat.Event{ID: "discord:message/discord:100:@500/" + testID + "/", Kind: chat.Message, At: at, Place: chat.Direct(kim.Account), From: kim, Message: testID, Text: "hi", Addressed: true, Private: true}},
		{name: "edited", kind: "MESSAGE_UPDATE", raw: saidIn("200", "new", `,"edited_timestamp":"2026-03-02T12:00:00+00:00"`),
			want: message(chat.Event{Kind: chat.Edit, Stamp: "2026-03-02T12:00:00+00:00", Place: in("200", ""), Text: "new"})},
		{name: "unfurled", kind: "MESSAGE_UPDATE", raw: saidIn("200", "same", `,"embeds":[{}]`)},
		{name: "deleted", kind: "MESSAGE_DELETE", before: saidIn("200", "oh", ""), raw: `{"id":"` + testID + `","channel_id":"200","guild_id":"100"}`,
			want: &chat.Event{ID: "discord:delete/discord:100:200/" + testID, Kind: chat.Delete, At: noon, Place: in("200", ""), From: kim, Message: testID}},
		{name: "deleted, of nobody knows whom", kind: "MESSAGE_DELETE", raw: `{"id":"` + testID + `","channel_id":"300","guild_id":"100"}`,
			want: &chat.Event{ID: "discord:delete/discord:100:200/" + testID, Kind: chat.Delete, At: noon, Place: in("200", "300"), Message: testID}},
		{name: "deleted with its channel", kind: "MESSAGE_DELETE", raw: `{"id":"` + testID + `","channel_id":"202","guild_id":"100"}`},
		{name: "deleted directly, long ago", kind: "MESSAGE_DELETE", raw: `{"id":"` + testID + `","channel_id":"600"}`},
		{name: "deleted with others", kind: "MESSAGE_DELETE_BULK", raw: `{"ids":["` + testID + `"],"channel_id":"200","guild_id":"100"}`,
			want: &chat.Event{ID: "discord:delete/discord:100:200/" + testID, Kind: chat.Delete, At: noon, Place: in("200", ""), Message: testID}},
		{name: "a thread is deleted", kind: "THREAD_DELETE", raw: `{"id":"300","guild_id":"100","parent_id":"200","type":11}`,
			want: &chat.Event{ID: "discord:thread/300", Kind: chat.Delete, At: noon, Place: in("200", "300")}},
		{name: "our own words", kind: "MESSAGE_CREATE", raw: `{"id":"1","channel_id":"200","guild_id":"100","author":{"id":"77"},"content":"hi"}`},
		{name: "another bot", kind: "MESSAGE_CREATE", raw: `{"id":"1","channel_id":"200","guild_id":"100","author":{"id":"7","bot":true},"content":"hi"}`},
		{name: "a webhook", kind: "MESSAGE_CREATE", raw: `{"id":"1","channel_id":"200","guild_id":"100","webhook_id":"7","author":{"id":"7"},"content":"hi"}`},
		{name: "Discord itself", kind: "MESSAGE_CREATE", raw: `{"id":"1","channel_id":"200","guild_id":"100","author":{"id":"7","system":true},"content":"hi"}`},
		{name: "someone joins", kind: "MESSAGE_CREATE", raw: `{"id":"1","channel_id":"200","guild_id":"100","type":7,"author":{"id":"500"},"content":""}`},
		{name: "of nobody", kind: "MESSAGE_UPDATE", raw: `{"id":"1","channel_id":"200","guild_id":"100","embeds":[{}]}`},
		{name: "an emoji of ours", kind: "MESSAGE_REACTION_ADD", raw: `{"user_id":"501","channel_id":"200","message_id":"` + testID + `","guild_id":"100","member":{"user":{"id":"501","global_name":"Bo"}},"emoji":{"name":"👀"}}`,
			want: &chat.Event{ID: "discord:reaction/" + testID + "/501/👀/1772452800000", Kind: chat.Reaction, At: noon, Place: in("200", ""), From: bo, Message: testID, Emoji: "👀",
				About: &chat.Said{Message: testID, From: kim, At: at, Text: "where?"}}},
		{name: "any emoji", kind: "MESSAGE_REACTION_ADD", raw: `{"user_id":"501","channel_id":"200","message_id":"1","guild_id":"100","emoji":{"name":"🎉"}}`},
		{name: "our own emoji", kind: "MESSAGE_REACTION_ADD", raw: `{"user_id":"77","channel_id":"200","message_id":"1","guild_id":"100","emoji":{"name":"👀"}}`},
		{name: "an unknown kind", kind: "HUDDLE_BEGAN", raw: `{"user":{"id":["500"]}}`},
		{name: "a message without a good id", kind: "MESSAGE_CREATE", raw: `{"id":"x:y","channel_id":"200","author":{"id":"500"}}`, want: unreadRaw(`{"id":"x:y","channel_id":"200","author":{"id":"500"}}`)},
		{name: "not as Discord writes it", kind: "MESSAGE_CREATE", raw: `{"id":1,"author":"kim"}`, want: unreadRaw(`{"id":1,"author":"kim"}`)},
		{name: "no object", kind: "CHANNEL_UPDATE", raw: `[]`, want: unreadRaw(`[]`)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t)
			if test.change != nil {
				test.change(&d.o)
			}
			if test.before != "" {
				if err := d.dispatch(t.Context(), "MESSAGE_CREATE", []byte(test.before)); err != nil {
					t.Fatal(err)
				}
				d.inbox.events = nil
			}
			if err := d.dispatch(t.Context(), test.kind, []byte(test.raw)); err != nil {
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

// unreadRaw is what is kept of something that cannot be read.
func unreadRaw(raw string) *chat.Event {
	return &chat.Event{
		ID: bodyID([]byte(raw)), Kind: chat.Unreadable, Place: chat.Place{Platform: Name, Workspace: "0", Channel: "unreadable"}, Text: raw,
	}
}

// TestNotStored: what could not be stored is an error, so that it comes again.
func TestNotStored(t *testing.T) {
	d := newDesk(t)
	d.inbox.failed = errors.New("away")
	for kind, raw := range map[string]string{
		"MESSAGE_CREATE": saidIn("200", "hi", ""), "MESSAGE_DELETE": `{"id":"1","channel_id":"200","guild_id":"100"}`,
		"THREAD_DELETE": `{"id":"300","guild_id":"100","parent_id":"200"}`, "CHANNEL_UPDATE": `[]`,
	} {
		if err := d.dispatch(t.Context(), kind, []byte(raw)); err == nil {
			t.Errorf("%s is taken for stored", kind)
		}
	}
	d.Adapter.session = nil
	if err := d.dispatch(t.Context(), "MESSAGE_CREATE", []byte(saidIn("200", "hi", ""))); !errors.Is(err, errEnding) {
		t.Errorf("before and after Run: %v", err)
	}
}

// signed is a request as Discord signs it.
func signed(body string, at time.Time, key ed25519.PrivateKey) *http.Request {
	r := httptest.NewRequest("POST", InteractionsPath, strings.NewReader(body))
	stamp := fmt.Sprint(at.Unix())
	r.Header.Set("X-Signature-Timestamp", stamp)
	r.Header.Set("X-Signature-Ed25519", hex.EncodeToString(ed25519.Sign(key, []byte(stamp+body))))
	return r
}

// interacts is an interaction of kim's.
func interacts(kind int, data, more string) string {
	return fmt.Sprintf(`{"id":"%s","application_id":"66","type":%d,"token":"%s","guild_id":"100","channel_id":"200","channel":{"id":"200","type":0},%s,"locale":"pt-BR","data":%s%s}`,
		testID, kind, kimsToken, kimHere, data, more)
}

func TestHandler(t *testing.T) {
	press := interacts(pressedPart, `{"custom_id":"claim:T-1","component_type":2}`, `,"message":{"id":"9"}`)
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize))
	changed := signed(press, noon, testKey)
	changed.Body = io.NopCloser(strings.NewReader(strings.Replace(press, "claim", "close", 1)))
	tests := []struct {
		name    string
		request *http.Request
		away    bool // nothing can be stored
		status  int
		body    string
		events  int
	}{
		{"a ping", signed(`{"type":1,"id":"1"}`, noon, testKey), false, 200, `{"type":1}`, 0},
		{"a press", signed(press, noon, testKey), false, 200, `{"type":6}`, 1},
		{"a press, store away", signed(press, noon, testKey), true, 200, `"allowed_mentions":{"parse":[]`, 0},
		{"not even JSON", signed(`{"type":`, noon, testKey), false, 400, "not an interaction", 1},
		{"of nobody", signed(`{"id":"1","type":3,"token":"x"}`, noon, testKey), false, 400, "not an interaction", 1},
		{"of a new type", signed(interacts(6, `{}`, ""), noon, testKey), false, 400, "not an interaction", 0},
		{"another key", signed(press, noon, other), false, 401, "not from Discord", 0},
		{"another body", changed, false, 401, "not from Discord", 0},
		{"five minutes old", signed(press, noon.Add(-5*time.Minute), testKey), false, 200, "", 1},
		{"older", signed(press, noon.Add(-5*time.Minute-time.Second), testKey), false, 401, "", 0},
		{"from the future", signed(press, noon.Add(6*time.Minute), testKey), false, 401, "", 0},
		{"unsigned", httptest.NewRequest("POST", InteractionsPath, strings.NewReader(press)), false, 401, "", 0},
		{"an unsigned ping", httptest.NewRequest("POST", InteractionsPath, strings.NewReader(`{"type":1}`)), false, 401, "", 0},
		{"too large", signed(strings.Repeat(" ", maxBody+1), noon, testKey), false, 413, "", 0},
		{"GET", httptest.NewRequest("GET", InteractionsPath, nil), false, 405, "", 0},
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
			for _, secret := range []string{kimsToken, botToken, test.request.Header.Get("X-Signature-Ed25519")} {
				if secret != "" && strings.Contains(d.log.String(), secret) {
					t.Errorf("the log tells a secret:\n%s", d.log)
				}
			}
		})
	}
	d := newDesk(t)
	d.Adapter.session = nil
	w := httptest.NewRecorder()
	if d.Handler().ServeHTTP(w, signed(press, noon, testKey)); w.Code != 503 {
		t.Errorf("before and after Run: %d", w.Code)
	}
	w = httptest.NewRecorder()
	if d.Handler().ServeHTTP(w, signed(`{"type":1}`, noon, testKey)); w.Code != 200 {
		t.Errorf("a ping before Run: %d", w.Code)
	}
}

// doorTable is what can be run on the desk.
var doorTable = []chat.Command{
	{Door: "ask", Params: []chat.Param{{Name: "question", Kind: chat.TextParam}}},
	{Door: "ticket", Verb: "assign", Params: []chat.Param{{Name: "ticket", Kind: chat.TicketParam}, {Name: "agent", Kind: chat.PersonParam}}},
	{Verb: "create", Menu: "Make a ticket"},
}

// TestInteracted looks at what becomes of commands, presses, menus and forms.
func TestInteracted(t *testing.T) {
	form := &chat.Form{Action: chat.Do("contact", "c1"), Title: "Contact us", Fields: []chat.Field{{Name: "question", Label: "Question", Kind: chat.Lines}}}
	const filledIn = `{"custom_id":"contact:c1","components":[{"type":18,"component":{"type":4,"custom_id":"question","value":"why?"}},
		{"type":1,"components":[{"type":3,"custom_id":"topic","values":["refunds"]}]},{"type":99,"parts":[1]}]}`
	mark := markFor("answer/1")
	tests := []struct {
		name, body string
		front      front
		away       bool
		want       string // of the event: kind, place, message, what, handle
		answer     string
	}{
		{name: "a command", body: interacts(ranCommand, `{"type":1,"name":"ask","options":[{"type":3,"name":"question","value":"why?"}]}`, ""),
			want: "slash discord:100:200  ask why? int", answer: `{"type":5,"data":{"flags":64}}`},
		{name: "a command that names someone", body: interacts(ranCommand, `{"type":1,"name":"ticket","options":[{"type":1,"name":"assign","options":[{"type":3,"name":"ticket","value":"7"},
			{"type":6,"name":"agent","value":"501"}]}],"resolved":{"users":{"501":{"id":"501","global_name":"Bo"}},"members":{"501":{"roles":["900"]}}}}`, ""),
			want: "slash discord:100:200  ticket assign #7 <@501> Bo/900,buyers int", answer: `{"type":5`},
		{name: "a command of an older version", body: interacts(ranCommand, `{"type":1,"name":"old","options":[null,{"type":3,"name":"x","value":"y"}]}`, ""),
			want: "slash discord:100:200  old y int", answer: `{"type":5`},
		{name: "a command opens a form", body: interacts(ranCommand, `{"type":1,"name":"ask"}`, ""), front: front{form: form}, answer: `{"type":9,"data":{"custom_id":"contact:c1` + again},
		{name: "a menu of a message", body: interacts(ranCommand, `{"type":3,"name":"Make a ticket","target_id":"9","resolved":{"messages":{"9":{"id":"9","author":{"id":"501","username":"bo"},"content":"help"}}}}`, ""),
			want: "menu discord:100:200 9 create int", answer: `{"type":5`},
		{name: "a menu of nobody's", body: interacts(ranCommand, `{"type":3,"name":"","target_id":"9","resolved":{"messages":{"9":{}}}}`, ""), want: "unreadable discord:0:unreadable   ", answer: `{"type":4`},
		{name: "a command of a new kind", body: interacts(ranCommand, `{"type":4,"name":"x"}`, ""), want: "unreadable discord:0:unreadable   ", answer: `{"type":4`},
		{name: "directly", body: `{"id":"` + testID + `","application_id":"66","type":2,"token":"` + kimsToken + `","channel_id":"600","user":{"id":"500","username":"kim"},"data":{"type":1,"name":"ask"}}`,
			want: "slash discord:100:@500  ask  int", answer: `{"type":5,"data":{"flags":64}}`},
		{name: "a button", body: interacts(pressedPart, `{"custom_id":"claim:T-1%#2"}`, `,"message":{"id":"9"}`), want: "press discord:100:200 9 claim:T-1 int", answer: `{"type":6}`},
		{name: "a button in a thread", body: strings.Replace(interacts(pressedPart, `{"custom_id":"claim:T-1"}`, `,"message":{"id":"9"}`),
			`"channel_id":"200","channel":{"id":"200","type":0}`, `"channel_id":"301","channel":{"id":"301","type":11,"parent_id":"200"}`, 1),
			want: "press discord:100:200:301 9 claim:T-1 int", answer: `{"type":6}`},
		{name: "a button in a channel that only this tells of", body: strings.ReplaceAll(interacts(pressedPart, `{"custom_id":"claim:T-1"}`, `,"message":{"id":"9"}`), `"200"`, `"203"`),
			want: "press discord:100:203 9 claim:T-1 int", answer: `{"type":6}`},
		{name: "a menu", body: interacts(pressedPart, `{"custom_id":"ticket:T-1","values":["close"]}`, `,"message":{"id":"9"}`), want: "press discord:100:200 9 ticket:T-1:close int", answer: `{"type":6}`},
		{name: "in what only they see", body: interacts(pressedPart, `{"custom_id":"helped:c1`+again+`1.`+mark+`"}`, `,"message":{"id":"9","flags":64}`),
			want: "press discord:100:200 eph/" + mark + "/9 helped:c1 int", answer: `{"type":6}`},
		{name: "a button of nobody's", body: interacts(pressedPart, `{"custom_id":":"}`, `,"message":{"id":"9"}`), answer: `{"type":6}`},
		{name: "a button in no message", body: interacts(pressedPart, `{"custom_id":"claim:T-1"}`, ""), want: "unreadable discord:0:unreadable   ", answer: `{"type":4`},
		{name: "a button opens a form", body: interacts(pressedPart, `{"custom_id":"contact:c1"}`, `,"message":{"id":"9"}`), front: front{form: form}, answer: `{"type":9`},
		{name: "no form can be had", body: interacts(pressedPart, `{"custom_id":"contact:c1"}`, `,"message":{"id":"9"}`), front: front{failed: errors.New("away")}, answer: `"flags":32832`},
		{name: "a form of long ago", body: interacts(pressedPart, `{"custom_id":"form-again:12"}`, `,"message":{"id":"9"}`), answer: `{"type":4`},
		{name: "a sent form", body: interacts(sentForm, filledIn, ""), want: "submit discord:100:200  contact:c1 question=why? topic=refunds int", answer: `{"type":5,"data":{"flags":64}}`},
		{name: "a form sent from a button", body: interacts(sentForm, filledIn, `,"message":{"id":"9"}`), want: "submit discord:100:200  contact:c1 question=why? topic=refunds int", answer: `{"type":6}`},
		{name: "a form that is wrong", body: interacts(sentForm, filledIn, ""), front: front{wrong: map[string]string{"question": "Say what."}}, answer: `Say what.`},
		{name: "a form, store away", body: interacts(sentForm, filledIn, ""), away: true, answer: `why?`},
		{name: "another app's form", body: interacts(sentForm, `{"custom_id":":"}`, ""), answer: `{"type":4`},
		{name: "something is typed", body: interacts(typingNow, `{"type":1,"name":"ask","options":[{"type":3,"name":"question","value":"ref","focused":true}]}`, ""),
			front:  front{typed: []chat.Option{{Label: "Refunds\nnow", Value: "Refunds"}, {Label: strings.Repeat("é", 200), Value: "long"}, {Label: "x", Value: strings.Repeat("v", 200)}}},
			answer: `{"type":8,"data":{"choices":[{"name":"Refunds now","value":"Refunds"},{"name":"é`},
		{name: "nothing is found", body: interacts(typingNow, `{"type":1,"name":"ask"}`, ""), answer: `{"type":8,"data":{"choices":[]}}`},
		{name: "nonsense is typed", body: interacts(typingNow, `7`, ""), answer: `{"type":8,"data":{"choices":[]}}`},
		{name: "a token that leads elsewhere", body: strings.Replace(interacts(pressedPart, `{"custom_id":"claim:T-1"}`, `,"message":{"id":"9"}`), kimsToken, "../../users/@me", 1), want: "unreadable discord:0:unreadable   "},
		{name: "an application that leads elsewhere", body: strings.Replace(interacts(pressedPart, `{"custom_id":"claim:T-1"}`, `,"message":{"id":"9"}`), `"66"`, `".."`, 1), want: "unreadable discord:0:unreadable   "},
		{name: "nobody", body: `{"id":"1","type":3,"token":"x"}`, want: "unreadable discord:0:unreadable   "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, doorTable...)
			*d.front = test.front
			if test.away {
				d.inbox.failed = errors.New("away")
			}
			if err := d.dispatch(t.Context(), "INTERACTION_CREATE", []byte(test.body)); err != nil {
				t.Fatal(err)
			}
			d.inHand.Wait()
			answers := d.called("POST interactions/" + testID + "/" + kimsToken + "/callback")
			if got := strings.Join(answers, "\n"); len(answers) > 1 || test.answer == "" && got != "" || !strings.Contains(got, test.answer) {
				t.Errorf("answered %s, want %s", got, test.answer)
			}
			if got := whatCame(d.inbox.events); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
			if asked := d.called("GET channels/"); len(asked) > 0 {
				t.Errorf("Discord was asked %q, of which it has told", asked)
			}
			if log := d.log.String(); strings.Contains(log, kimsToken) || strings.Contains(log, "why?") {
				t.Errorf("the log tells too much:\n%s", log)
			}
		})
	}
}

// whatCame is what matters of events: kind, place, message, what, whom, handle.
func whatCame(events []chat.Event) string {
	var all []string
	for _, e := range events {
		what := e.Action.String()
		if e.Kind == chat.Slash {
			what = e.Door + " " + e.Text
		}
		for _, name := range slices.Sorted(maps.Keys(e.Values)) {
			what += " " + name + "=" + e.Values[name]
		}
		for _, who := range e.Named {
			what += " " + who.Name + "/" + strings.Join(who.Roles, ",")
		}
		door, _ := doorOf(e.Handle)
		all = append(all, fmt.Sprintf("%s %s %s %s %s", e.Kind, e.Place, e.Message, what, door))
	}
	return strings.Join(all, "\n")
}

// nearly are things that came, or nearly.
var nearly = []string{
	saidIn("200", "<@77> \u202e@everyone \x00 <@&1>", ""), saidIn("300", strings.Repeat("<@77>", 50), `,"mentions":[{"id":"77","member":null},{"id":"x"}]`),
	`{"id":"1","channel_id":"200","guild_id":"100","author":{"id":"500"},"member":null,"content":"\ud800","attachments":[null,{"id":"1","size":-1}],"referenced_message":{"referenced_message":{}}}`,
	`{"ids":["1","x",""],"channel_id":"200","guild_id":"100"}`, `{"id":"99999999999999999999","channel_id":"200","guild_id":"100"}`,
	`{"user_id":"500","channel_id":"200","message_id":"1","guild_id":"100","member":{},"emoji":{"name":"👀"}}`,
	`{"id":"100","channels":[{"id":"1","type":-1},{}],"threads":null,"roles":[{"id":"","name":""}]}`, `{"guild_id":"","role":{"id":"1"}}`, `{"role_id":"1"}`,
	interacts(ranCommand, `{"type":1,"name":"ticket","options":[{"type":1,"name":"assign","options":[null,{"type":6,"name":"agent","value":"x"}]}],"resolved":{"users":{"x":{}}}}`, ""),
	interacts(ranCommand, `{"type":3,"name":"Make a ticket","target_id":"9","resolved":{"messages":{"9":{"author":null}}}}`, ""),
	interacts(pressedPart, `{"custom_id":"a:%","values":[""]}`, `,"message":{"id":"1"}`), interacts(pressedPart, `{"custom_id":"form-again:1"}`, `,"message":{"id":"1"}`),
	interacts(sentForm, `{"custom_id":"contact:c1","components":[{"component":{"component":{"components":[null,{"custom_id":"x","values":[]}]}}}]}`, ""),
	interacts(typingNow, `{"name":"ask","options":[{"focused":true}]}`, ""), interacts(99, `null`, ""), `{"type":1}`, `null`, `[]`, `{`, "\xff", strings.Repeat("[", 10000),
}

// FuzzDispatch: whatever the gateway tells is taken in without a panic, and an
// event that is made of it has a good place and stands for one thing.
func FuzzDispatch(f *testing.F) {
	kinds := []string{
		"MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK", "MESSAGE_REACTION_ADD", "THREAD_DELETE", "INTERACTION_CREATE",
		"GUILD_CREATE", "CHANNEL_UPDATE", "THREAD_LIST_SYNC", "CHANNEL_DELETE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE", "NEWS",
	}
	for n, seed := range nearly {
		f.Add(n%len(kinds), []byte(seed))
		f.Add(0, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, n int, raw []byte) {
		d := newDesk(t, doorTable...)
		kind := kinds[uint(n)%uint(len(kinds))]
		if err := d.dispatch(t.Context(), kind, raw); err != nil {
			t.Errorf("%s %q: %v", kind, raw, err)
		}
		d.inHand.Wait()
		d.sane(t, raw)
	})
}

// sane wants good events, and no panic in the log.
func (d *desk) sane(t *testing.T, raw []byte) {
	t.Helper()
	for _, e := range d.inbox.events {
		if again, err := chat.ParsePlace(e.Place.String()); err != nil || again != e.Place {
			t.Errorf("%q: place %q: %v", raw, e.Place, err)
		}
		if e.ID == "" || e.Kind == "" || e.Kind != chat.Unreadable && e.Kind != chat.Slash && strings.Contains(e.Text, "<@"+ownID+">") {
			t.Errorf("%q: %+v", raw, e)
		}
	}
	if log := d.log.String(); strings.Contains(log, "panic") || strings.Contains(log, kimsToken) {
		t.Fatalf("%q: %s", raw, log)
	}
}

// FuzzInteraction: whatever Discord signs gets an answer that Discord knows, or
// none, and nobody is pinged by it.
func FuzzInteraction(f *testing.F) {
	for _, seed := range nearly {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		d := newDesk(t, doorTable...)
		w := httptest.NewRecorder()
		d.Handler().ServeHTTP(w, signed(string(body), noon, testKey))
		switch w.Code {
		case http.StatusOK:
			var answer struct {
				Type int
				Data struct {
					Mentions *struct{ Parse []string } `json:"allowed_mentions"`
				}
			}
			err := json.Unmarshal(w.Body.Bytes(), &answer)
			known := slices.Contains([]int{pong, showMessage, deferMessage, deferUpdate, showChoices, showModal}, answer.Type)
			quiet := answer.Type != showMessage || answer.Data.Mentions != nil && answer.Data.Mentions.Parse != nil && len(answer.Data.Mentions.Parse) == 0
			if err != nil || !known || !quiet {
				t.Errorf("%q is answered %s: %v", body, w.Body, err)
			}
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default:
			t.Errorf("%q is answered %d", body, w.Code)
		}
		d.sane(t, body)
	})
}

// FuzzVerify: nothing but Discord's own signature of the very bytes is accepted.
func FuzzVerify(f *testing.F) {
	good := signed("{}", noon, testKey).Header
	f.Add(good.Get("X-Signature-Timestamp"), good.Get("X-Signature-Ed25519"), []byte("{}"))
	f.Add(fmt.Sprint(noon.Unix()), "00", []byte("x"))
	f.Add("", "", []byte{})
	f.Add("9223372036854775807", "zz", []byte("\x00"))
	public := testKey.Public().(ed25519.PublicKey)
	f.Fuzz(func(t *testing.T, stamp, signature string, body []byte) {
		h := http.Header{"X-Signature-Timestamp": {stamp}, "X-Signature-Ed25519": {signature}}
		raw, err := hex.DecodeString(signature)
		right := err == nil && ed25519.Verify(public, append([]byte(stamp), body...), raw)
		if err := verify(h, body, hex.EncodeToString(public), noon); err == nil && !right {
			t.Errorf("accepted %q %q %q", stamp, signature, body)
		}
		if err := verify(h, body, "", noon); err == nil {
			t.Error("accepted without a key")
		}
	})
}
