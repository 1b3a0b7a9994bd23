package slacktest_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/signpost-bot/signpost/adapters/slack/slacktest"
)

// TestMentionComesTwice checks that a mention is two events, with an id each,
// of one message.
func TestMentionComesTwice(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	a := s.connect(2, nil)
	ts := s.say(s.kim, s.help, "", "@signpost why?")
	if got := a.events("ts"); !slices.Equal(got, []string{ts, ts}) {
		t.Errorf("heard of %q", got)
	}
	if ids := a.ids(); len(ids) != 2 || ids[0] == ids[1] {
		t.Errorf("event ids %q", ids)
	}
	s.judged()
}

// ids are the ids of the events that were heard.
func (a *app) ids() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []string
	for _, e := range a.heard {
		var outer struct {
			ID string `json:"event_id"`
		}
		if err := json.Unmarshal(e.Request.Payload, &outer); err != nil {
			panic(err)
		}
		all = append(all, outer.ID)
	}
	return all
}

// TestOneSocket checks that each event comes through one of the connections,
// and through any.
func TestOneSocket(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	one, two := s.connect(1, nil), s.connect(2, nil)
	for range 20 {
		s.say(s.kim, s.help, "", "hello")
	}
	a, b := len(one.events()), len(two.events())
	if a+b != 20 || a == 0 || b == 0 {
		t.Errorf("heard %d and %d", a, b)
	}
	s.judged()
}

// TestRepeat checks that events come again under their ids.
func TestRepeat(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	a := s.connect(1, nil)
	s.Repeat(func(event string) int { return map[string]int{"message": 2}[event] })
	s.say(s.kim, s.help, "", "hello")
	if ids := a.ids(); len(ids) != 3 || ids[0] != ids[1] || ids[1] != ids[2] {
		t.Errorf("event ids %q", ids)
	}
	s.judged()
}

// dial opens a socket by hand.
func (s *scene) dial() *websocket.Conn {
	s.t.Helper()
	_, address, err := s.api.StartSocketModeContext(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	conn, _, err := websocket.DefaultDialer.DialContext(s.t.Context(), address, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	if _, _, err := websocket.DefaultDialer.DialContext(s.t.Context(), address, nil); err == nil {
		s.t.Error("an address works twice")
	}
	return conn
}

// A frame is what comes through a socket.
type frame struct {
	Type       string `json:"type"`
	ID         string `json:"envelope_id"`
	Reason     string `json:"reason"`
	Attempt    int    `json:"retry_attempt"`
	Connection int    `json:"num_connections"`
	Why        string `json:"retry_reason"`
	Accepts    bool   `json:"accepts_response_payload"`
}

func read(t *testing.T, conn *websocket.Conn) frame {
	t.Helper()
	var f frame
	if err := conn.ReadJSON(&f); err != nil {
		t.Fatal(err)
	}
	return f
}

// saying is say meanwhile; what it returns waits for its end.
func (s *scene) saying(text string) (said func()) {
	done := make(chan error, 1)
	go func() {
		_, err := s.Say(s.kim, s.help, "", text)
		done <- err
	}()
	return func() {
		s.t.Helper()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
	}
}

// TestUnacknowledged checks that an event is sent again in an envelope of its
// own, and then given up.
func TestUnacknowledged(t *testing.T) {
	s := newScene(t, slacktest.Options{AckWithin: 20 * time.Millisecond, Retries: []time.Duration{0, time.Millisecond}})
	conn := s.dial()
	if f := read(t, conn); f.Type != "hello" || f.Connection != 1 {
		t.Fatalf("greeted with %+v", f)
	}
	said := s.saying("hello")
	ids := map[string]bool{}
	for n := range 3 {
		f := read(t, conn)
		if f.Type != "events_api" || f.Attempt != n || (f.Why == "timeout") != (n > 0) || f.Accepts {
			t.Errorf("attempt %d: %+v", n, f)
		}
		ids[f.ID] = true
	}
	said()
	if len(ids) != 3 {
		t.Errorf("envelopes %v", ids)
	}
	s.judged()
}

// TestAcknowledgements checks which of them are faults.
func TestAcknowledgements(t *testing.T) {
	tests := []struct {
		name  string
		acks  func(id string) []string
		fault string
	}{
		{"once", func(id string) []string { return []string{`{"envelope_id":"` + id + `"}`} }, ""},
		{"twice", func(id string) []string { return slices.Repeat([]string{`{"envelope_id":"` + id + `"}`}, 2) }, "acknowledged twice"},
		{"with a payload", func(id string) []string { return []string{`{"envelope_id":"` + id + `","payload":{"text":"a"}}`} }, "answered with a payload"},
		{"of nothing", func(id string) []string { return []string{`{"envelope_id":"x"}`, `{"envelope_id":"` + id + `"}`} }, "unknown envelope"},
		{"too long", func(id string) []string {
			return []string{`{"envelope_id":"` + id + `","payload":"` + strings.Repeat("a", 20<<10) + `"}`, `{"envelope_id":"` + id + `"}`}
		}, "bytes is dropped"},
		{"no JSON", func(id string) []string { return []string{`?`, `{"envelope_id":"` + id + `"}`} }, "no acknowledgement"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t, slacktest.Options{})
			conn := s.dial()
			read(t, conn)
			said := s.saying("hello")
			for _, ack := range test.acks(read(t, conn).ID) {
				if err := conn.WriteMessage(websocket.TextMessage, []byte(ack)); err != nil {
					t.Fatal(err)
				}
			}
			said()
			// What was written before is read before.
			said = s.saying("again")
			if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"envelope_id":"`+read(t, conn).ID+`"}`)); err != nil {
				t.Fatal(err)
			}
			said()
			if test.fault == "" {
				s.judged()
			} else {
				s.judged(test.fault)
			}
		})
	}
}

// TestDisconnect checks the ways in which connections end.
func TestDisconnect(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	conn := s.dial()
	read(t, conn)
	s.Disconnect("warning")
	if f := read(t, conn); f.Type != "disconnect" || f.Reason != "warning" || s.Sockets() != 1 {
		t.Errorf("%+v, and %d connections", f, s.Sockets())
	}
	s.Disconnect("refresh_requested")
	if f := read(t, conn); f.Reason != "refresh_requested" {
		t.Errorf("%+v", f)
	}
	if _, _, err := conn.ReadMessage(); err == nil {
		t.Error("the connection goes on")
	}
	if err := s.Wait(t.Context(), func() bool { return s.Sockets() == 0 }); err != nil {
		t.Fatal(err)
	}
	s.RefuseSockets("link_disabled")
	if f := read(t, s.dial()); f.Type != "disconnect" || f.Reason != "link_disabled" {
		t.Errorf("%+v", f)
	}
	s.RefuseSockets("")
	for range 10 {
		read(t, s.dial())
	}
	if f := read(t, s.dial()); f.Reason != "too_many_websockets" {
		t.Errorf("an eleventh connection: %+v", f)
	}
}

// TestKill checks that what was on its way comes again once the app is back.
func TestKill(t *testing.T) {
	s := newScene(t, slacktest.Options{Retries: []time.Duration{time.Millisecond, 50 * time.Millisecond, 10 * time.Second}})
	first := true
	a := s.connect(1, func(socketmode.Event) any {
		if first {
			first = false
			s.Kill()
		}
		return nil
	})
	s.say(s.kim, s.help, "", "hello")
	ids := a.ids()
	if len(ids) < 2 || ids[0] != ids[1] {
		t.Errorf("event ids %q", ids)
	}
}

// A listener is an app that takes requests.
type listener struct {
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
	answer   http.HandlerFunc
	secret   string
	bad      []error
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	l.mu.Lock()
	l.requests, l.bodies = append(l.requests, r), append(l.bodies, string(body))
	if err == nil {
		var v slack.SecretsVerifier
		if v, err = slack.NewSecretsVerifier(r.Header, l.secret); err == nil {
			_, _ = v.Write(body) // a hash takes everything
			err = v.Ensure()
		}
	}
	if err != nil {
		l.bad = append(l.bad, err)
	}
	l.mu.Unlock()
	if l.answer != nil {
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		l.answer(w, r)
	}
}

// heard are the requests that came, and their bodies.
func (l *listener) heard() ([]*http.Request, []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.requests), slices.Clone(l.bodies)
}

// slowly is long enough for a request to arrive, and short enough to wait for.
const slowly = 200 * time.Millisecond

// listen is a scene whose app takes requests. Its clock is the real one, by
// which signatures are checked.
func listen(t *testing.T, o slacktest.Options, answer http.HandlerFunc) (*scene, *listener) {
	t.Helper()
	s := newScene(t, o)
	s.clock.at = time.Now()
	l := &listener{answer: answer, secret: s.SigningSecret()}
	srv := httptest.NewServer(l)
	t.Cleanup(srv.Close)
	s.DeliverTo(srv.URL)
	t.Cleanup(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.bad) > 0 {
			t.Errorf("badly signed: %v", l.bad)
		}
	})
	return s, l
}

// TestHTTP checks what an app hears as requests.
func TestHTTP(t *testing.T) {
	s, l := listen(t, slacktest.Options{}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slack/commands" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"text":"here you are"}`) // the test sees it there or not
		}
	})
	s.say(s.kim, s.help, "", "hello")
	if err := s.Slash(s.kim, s.help, "/ask", "why, @ana?"); err != nil {
		t.Fatal(err)
	}
	ts := s.post(s.help, button("Go", "go"))
	if err := s.Press(s.kim, slacktest.OnMessage(s.help, ts), "go"); err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	var paths []string
	requests, bodies := l.heard()
	for i, r := range requests {
		paths = append(paths, r.URL.Path)
		switch r.URL.Path {
		case "/slack/commands":
			form, err := url.ParseQuery(bodies[i])
			if err != nil || form.Get("text") != "why, <@"+s.ana+"|ana>?" || form.Get("channel_id") != s.help || form.Has("thread_ts") {
				t.Errorf("command %q, %v", form, err)
			}
		case "/slack/interactions":
			form, err := url.ParseQuery(bodies[i])
			var c slack.InteractionCallback
			if err == nil {
				err = json.Unmarshal([]byte(form.Get("payload")), &c)
			}
			if err != nil || c.Type != slack.InteractionTypeBlockActions || c.ActionCallback.BlockActions[0].ActionID != "go" || c.User.ID != s.kim {
				t.Errorf("interaction %q, %v", form, err)
			}
		}
	}
	slices.Sort(paths)
	if want := []string{"/slack/commands", "/slack/events", "/slack/events", "/slack/interactions"}; !slices.Equal(paths, want) {
		t.Errorf("requests %q", paths)
	}
	seen := s.Sees(s.kim)
	if m := seen[1]; m.Text != "here you are" || m.Only != s.kim {
		t.Errorf("the answer stands as %+v", m)
	}
	s.judged()
}

// TestHTTPRetries checks when a request comes again, and how it is named.
func TestHTTPRetries(t *testing.T) {
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   []string // num and reason of each request
	}{
		{"fine", func(w http.ResponseWriter, r *http.Request) {}, []string{""}},
		{"refused", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) }, []string{"", "1 http_error", "2 http_error"}},
		{"moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }, []string{"", "1 http_error", "2 http_error"}},
		{"no more", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Slack-No-Retry", "1")
			w.WriteHeader(503)
		}, []string{""}},
		{"cut", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, []string{"", "1 connection_failed", "2 connection_failed"}},
		{"slow", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, []string{"", "1 http_timeout", "2 http_timeout"}},
		{"better", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Slack-Retry-Num") == "" {
				w.WriteHeader(500)
			}
		}, []string{"", "1 http_error"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			within := time.Minute
			if test.name == "slow" {
				within = slowly
			}
			s, l := listen(t, slacktest.Options{AckWithin: within, Retries: []time.Duration{0, 0}}, test.answer)
			s.say(s.kim, s.help, "", "hello")
			var got []string
			requests, _ := l.heard()
			for _, r := range requests {
				got = append(got, strings.TrimSpace(r.Header.Get("X-Slack-Retry-Num")+" "+r.Header.Get("X-Slack-Retry-Reason")))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("requests %q, want %q", got, test.want)
			}
		})
	}
}

// TestUnanswered checks what people read when the app does not answer.
func TestUnanswered(t *testing.T) {
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   error
	}{
		{"slow", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, slacktest.ErrTimeout},
		{"refused", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) }, slacktest.ErrDispatch},
	}
	for _, test := range tests {
		s, l := listen(t, slacktest.Options{AckWithin: slowly}, test.answer)
		if err := s.Slash(s.kim, s.help, "/ask", "why?"); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		if requests, _ := l.heard(); len(requests) != 1 {
			t.Errorf("%s: asked %d times", test.name, len(requests))
		}
	}
	s := newScene(t, slacktest.Options{})
	if err := s.Slash(s.kim, s.help, "/ask", "why?"); !errors.Is(err, slacktest.ErrDispatch) {
		t.Errorf("with no app at all: %v", err)
	}
}

// TestVerify checks the handshake of an address for events.
func TestVerify(t *testing.T) {
	good := func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Challenge string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			panic(err)
		}
		_, _ = io.WriteString(w, body.Challenge) // whoever asked reads it or not
	}
	s, _ := listen(t, slacktest.Options{}, good)
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
	s, _ = listen(t, slacktest.Options{}, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	if s.Verify() == nil {
		t.Error("any answer will do")
	}
}

// button is a block with one.
func button(label, action string) slack.MsgOption {
	return slack.MsgOptionBlocks(slack.NewActionBlock("row", slack.NewButtonBlockElement(action, "v-"+action, slack.NewTextBlockObject(slack.PlainTextType, label, false, false))))
}
