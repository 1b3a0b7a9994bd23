package discordtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"
	"github.com/santhosh-tekuri/jsonschema/v6"
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

// A scene is a Discord with two people, a channel, a forum and a bot.
type scene struct {
	*Server
	t              *testing.T
	clock          *clock
	client         *http.Client
	api            *discordgo.Session
	ana, kim       string // ana manages
	help, forum    string
	bug            string // a tag
	leads, unasked string // roles
}

// redirected brings requests for Discord to a fake.
type redirected struct {
	to   *url.URL
	next http.RoundTripper
}

func (r redirected) RoundTrip(q *http.Request) (*http.Response, error) {
	q = q.Clone(q.Context())
	q.URL.Scheme, q.URL.Host, q.Host = r.to.Scheme, r.to.Host, ""
	return r.next.RoundTrip(q)
}

func newScene(t *testing.T, o Options) *scene {
	t.Helper()
	c := newClock()
	o.Now = c.now
	s := &scene{Server: New(o), t: t, clock: c, client: &http.Client{Transport: &http.Transport{}}}
	watch(t, s.Server)
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		s.Close()
	})
	at, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	if s.api, err = discordgo.New("Bot " + s.Token()); err != nil {
		t.Fatal(err)
	}
	s.api.Client = &http.Client{Transport: redirected{at, s.client.Transport}}
	s.api.ShouldRetryOnRateLimit = false
	s.api.MaxRestRetries = 0
	s.leads = s.AddRole(Role{Name: "leads", Permissions: ManageMessages | ManageThreads | MentionEveryone})
	s.unasked = s.AddRole(Role{Name: "unasked"})
	s.ana = s.AddUser(User{Name: "ana", GlobalName: "Ana Lima", Nick: "Ana L", Locale: "pt-BR", Roles: []string{s.leads}})
	s.kim = s.AddUser(User{Name: "kim"})
	s.help = s.AddChannel(Channel{Name: "help", Topic: "Ask here"})
	s.forum = s.AddChannel(Channel{Name: "bugs", Kind: Forum, Tags: []Tag{{Name: "bug"}, {Name: "done", Moderated: true}}})
	f, _ := s.Channel(s.forum)
	s.bug = f.Tags[0].ID
	return s
}

// must is a deed that succeeds, and names something.
func must(t *testing.T, id string, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (s *scene) say(user, channel, text string, files ...Upload) string {
	s.t.Helper()
	id, err := s.Say(user, channel, text, files...)
	return must(s.t, id, err)
}

// quiet is what every message of the bot's has.
func quiet(o object) object {
	o["allowed_mentions"] = object{"parse": []string{}}
	return o
}

// post is a message of the bot's.
func (s *scene) post(channel string, o object) string {
	s.t.Helper()
	var m struct{ ID string }
	s.call("POST", "channels/"+channel+"/messages", quiet(o), 200, &m)
	return m.ID
}

// buttons are a message with a button of each id, and a menu.
func buttons(ids ...string) object {
	row := []object{}
	for _, id := range ids {
		row = append(row, object{"type": 2, "style": 1, "label": id, "custom_id": id})
	}
	return object{"flags": flagV2, "components": []object{{"type": 17, "components": []object{
		{"type": 10, "content": "Which?"}, {"type": 1, "components": row},
		{"type": 1, "components": []object{{"type": 3, "custom_id": "pick", "options": []object{{"label": "One", "value": "1"}, {"label": "Two", "value": "2"}}}}},
	}}}}
}

// request sends a request of the bot's, and returns the status and the answer.
func (s *scene) request(method, path string, body any) (int, []byte) {
	s.t.Helper()
	var in io.Reader
	if body != nil {
		in = bytes.NewReader(encode(body))
	}
	r, err := http.NewRequest(method, s.APIURL()+path, in)
	if err != nil {
		s.t.Fatal(err)
	}
	if !strings.HasPrefix(path, "interactions/") && !strings.HasPrefix(path, "webhooks/") {
		r.Header.Set("Authorization", "Bot "+s.Token())
	}
	r.Header.Set("User-Agent", "DiscordBot (https://signpost.example, 1)")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	w, err := s.client.Do(r)
	if err != nil {
		return 0, nil
	}
	defer w.Body.Close()
	answer, err := io.ReadAll(w.Body)
	if err != nil {
		return 0, nil
	}
	return w.StatusCode, answer
}

// call is a request that has an answer of a status.
func (s *scene) call(method, path string, body any, status int, into any) {
	s.t.Helper()
	got, answer := s.request(method, path, body)
	if got != status {
		s.t.Fatalf("%s %s = %d %s, want %d", method, path, got, answer, status)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			s.t.Fatal(err)
		}
	}
}

// code is the error code of an answer.
func code(answer []byte) int {
	var e struct{ Code int }
	if json.Unmarshal(answer, &e) != nil {
		return -1
	}
	return e.Code
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

// gatewaySchemas are Discord's types of what the gateway sends, by the event.
var gatewaySchemas = sync.OnceValues(func() (func(name string) (*jsonschema.Schema, error), error) {
	raw, err := os.ReadFile(shared("discord-gateway.schema.json"))
	if errors.Is(err, os.ErrNotExist) && os.Getenv("CI") == "" {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("gateway.json", doc); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	known := map[string]*jsonschema.Schema{}
	return func(name string) (*jsonschema.Schema, error) {
		mu.Lock()
		defer mu.Unlock()
		if known[name] == nil {
			schema, err := c.Compile("gateway.json#/definitions/" + name)
			if err != nil {
				return nil, err
			}
			known[name] = schema
		}
		return known[name], nil
	}, nil
})

// definition is what the schema calls a payload of the gateway.
func definition(payload object) string {
	switch payload["op"] {
	case opHello:
		return "GatewayHello"
	case opAck:
		return "GatewayHeartbeatAck"
	case opHeartbeat:
		return "GatewayHeartbeatRequest"
	case opInvalid:
		return "GatewayInvalidSession"
	case opReconnect:
		return "GatewayReconnect"
	case nil:
		return "APIInteraction" // by HTTP
	}
	name := ""
	for word := range strings.SplitSeq(strings.ToLower(payload["t"].(string)), "_") {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return "Gateway" + name + "Dispatch"
}

// kinds are the interactions by type: errors about any of them would fill a
// page.
var kinds = map[any]string{
	kindComponent: "APIMessageComponentInteraction", kindSubmit: "APIModalSubmitInteraction", kindAutocomplete: "APIApplicationCommandAutocompleteInteraction",
}

// watch holds all that a Discord sends against Discord's own types, where they
// are there.
func watch(t *testing.T, s *Server) {
	t.Helper()
	find, err := gatewaySchemas()
	if err != nil {
		t.Fatal(err)
	}
	if find == nil || s.judge.spec == nil {
		t.Log("not judged by Discord's types: set SIGNPOST_SHARED to the folder that holds specs/")
		return
	}
	check := func(what string, schema *jsonschema.Schema, v any) {
		if schema == nil {
			t.Errorf("%s has no schema", what)
			return
		}
		if err := against(schema, encode(v)); err != nil {
			var r *refusal
			errors.As(err, &r)
			t.Errorf("%s is not Discord's: %s\n%.3000s", what, encode(r.errors), encode(v))
		}
	}
	s.sent = func(v any) {
		payload := v.(object)
		name := definition(payload)
		if payload["t"] == "ANYTHING" {
			return
		}
		data, _ := payload["d"].(object)
		if name == "APIInteraction" {
			data = payload
		}
		if kind := kinds[data["type"]]; name == "APIInteraction" || payload["t"] == "INTERACTION_CREATE" {
			if kind == "" {
				inner := data["data"].(object)
				kind = map[any]string{commandSlash: "APIChatInputApplicationCommandInteraction", commandMessage: "APIMessageApplicationCommandInteraction"}[inner["type"]]
			}
			schema, err := find(kind)
			if err != nil {
				t.Error(err)
				return
			}
			check(fmt.Sprintf("interaction %s", kind), schema, data)
			return
		}
		schema, err := find(name)
		if err != nil {
			t.Error(err)
			return
		}
		check(name, schema, payload)
	}
	s.told = func(method, route string, status int, answer any) {
		responses := within(s.judge.spec.paths, route, strings.ToLower(method), "responses")
		if responses == nil {
			return
		}
		key := fmt.Sprint(status)
		if responses[key] == nil {
			key = "4XX"
		}
		response, _ := responses[key].(object)
		if response["$ref"] != nil {
			return // errors, of one shape
		}
		schema, err := s.judge.spec.schema(route, strings.ToLower(method), "responses", key, "content", "application/json", "schema")
		if err != nil {
			t.Error(err)
			return
		}
		if schema == nil {
			t.Errorf("%s %s: %d is no answer of Discord's", method, route, status)
			return
		}
		check(method+" "+route, schema, answer)
	}
}

// A listener is a small client of the gateway.
type listener struct {
	s    *scene
	conn *websocket.Conn
	done chan struct{}

	mu      sync.Mutex
	heard   []object // events
	frames  []object // all else
	seq     int
	session string
	resume  string
	closed  int // the code that it was closed with; 1006: none
	deaf    bool
	answer  func(i object) // to interactions
}

// gatewayAddress is an address with what a client adds.
func gatewayAddress(at string) string { return at + "?v=10&encoding=json" }

// dial connects a listener, which says nothing yet.
func (s *scene) dial(at string, answer func(i object)) *listener {
	s.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(gatewayAddress(at), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	l := &listener{s: s, conn: conn, done: make(chan struct{}), answer: answer}
	go l.listen()
	s.t.Cleanup(func() {
		conn.Close()
		<-l.done
	})
	return l
}

// connect is a listener with a session.
func (s *scene) connect(intents int, answer func(i object)) *listener {
	s.t.Helper()
	l := s.dial(s.gatewayURL("/gateway"), answer)
	l.identify(intents, nil)
	l.await(func() bool { return l.session != "" })
	if err := s.Settle(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return l
}

func (l *listener) send(op int, d any) {
	l.s.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.conn.WriteJSON(object{"op": op, "d": d}) // where it is closed, the reader says so
}

func (l *listener) identify(intents int, shard []int) {
	d := object{"token": l.s.Token(), "intents": intents, "properties": object{"os": "linux", "browser": "x", "device": "x"}}
	if shard != nil {
		d["shard"] = shard
	}
	l.send(opIdentify, d)
}

func (l *listener) listen() {
	defer close(l.done)
	var work sync.WaitGroup
	defer work.Wait()
	for {
		var p object
		if err := l.conn.ReadJSON(&p); err != nil {
			var c *websocket.CloseError
			l.mu.Lock()
			l.closed = 1006
			if errors.As(err, &c) {
				l.closed = c.Code
			}
			l.mu.Unlock()
			l.s.mu.Lock()
			l.s.change()
			l.s.mu.Unlock()
			return
		}
		op := int(p["op"].(float64))
		l.mu.Lock()
		if op == opDispatch {
			l.seq = int(p["s"].(float64))
			l.heard = append(l.heard, p)
			if d, _ := p["d"].(object); p["t"] == "READY" {
				l.session, l.resume = d["session_id"].(string), d["resume_gateway_url"].(string)
			}
		} else {
			l.frames = append(l.frames, p)
		}
		deaf, seq, answer := l.deaf, l.seq, l.answer
		l.mu.Unlock()
		switch {
		case op == opHeartbeat && !deaf:
			l.send(opHeartbeat, seq)
		case p["t"] == "INTERACTION_CREATE" && answer != nil:
			work.Go(func() { answer(p["d"].(object)) })
		}
		l.s.mu.Lock()
		l.s.change()
		l.s.mu.Unlock()
	}
}

// await waits until something is so of the listener.
func (l *listener) await(so func() bool) {
	l.s.t.Helper()
	err := l.s.Wait(l.s.t.Context(), func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return so()
	})
	if err != nil {
		l.s.t.Fatal(err)
	}
}

// events are the names of the events that were heard since some of them, with
// the values of some keys.
func (l *listener) events(since int, keys ...string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := []string{}
	for _, p := range l.heard[since:] {
		text := p["t"].(string)
		for _, key := range keys {
			if d, _ := p["d"].(object); d[key] != nil {
				text += fmt.Sprintf(" %v", d[key])
			}
		}
		all = append(all, text)
	}
	return all
}

// place is the last event that was read, and how many other frames were.
func (l *listener) place() (seq, frames int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seq, len(l.frames)
}

func (l *listener) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.heard)
}

// last is the data of the last event of a name.
func (l *listener) last(name string) object {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range slices.Backward(l.heard) {
		if p["t"] == name {
			return p["d"].(object)
		}
	}
	return nil
}

// settle waits until all was heard.
func (s *scene) settle() {
	s.t.Helper()
	if err := s.Settle(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}
