package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A request is one that the server got.
type request struct {
	call   string // METHOD path
	query  string
	header http.Header
	body   string            // JSON
	files  map[string]string // by their name
}

// fields reads the body.
func (r request) fields(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("%s: %v in %q", r.call, err, r.body)
	}
	return v
}

// A server answers like Discord when all is well, and otherwise as a test has
// planned it.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []request
	planned  map[string][]string // answers by call, in order; see answer
	forums   []string            // channels that are
	first    string              // the flags of an interaction's first answer
	made     int
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{planned: map[string][]string{}, first: "192"}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// plan lets a call be answered so, one time after the other: JSON, or a status
// with JSON, or "cut", which cuts the connection, or "to ADDRESS".
func (s *server) plan(call string, answers ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.planned[call] = append(s.planned[call], answers...)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	got := request{call: r.Method + " " + strings.TrimPrefix(r.URL.Path, "/api/"), query: r.URL.RawQuery, header: r.Header}
	if kind, with, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		got.files = map[string]string{}
		for form := multipart.NewReader(r.Body, with["boundary"]); ; {
			part, err := form.NextPart()
			if err == io.EOF {
				break
			} else if err != nil {
				return // the client went
			}
			text, err := io.ReadAll(part)
			if err != nil {
				return
			}
			if part.FormName() == "payload_json" {
				got.body = string(text)
			} else {
				got.files[part.FormName()+" "+part.FileName()] = string(text)
			}
		}
	} else {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		got.body = string(text)
	}
	answer := s.take(got)
	status, text := 200, answer
	if n, _ := fmt.Sscanf(answer, "%d", &status); n == 1 {
		_, text, _ = strings.Cut(answer, " ")
	}
	switch {
	case answer == "cut":
		panic(http.ErrAbortHandler)
	case strings.HasPrefix(answer, "to "):
		w.Header().Set("Location", answer[len("to "):])
		w.WriteHeader(http.StatusFound)
		return
	}
	for strings.HasPrefix(text, "#") { // #Header: value
		var line string
		line, text, _ = strings.Cut(text[1:], "\n")
		name, value, _ := strings.Cut(line, ": ")
		w.Header().Set(name, value)
	}
	w.WriteHeader(status)
	fmt.Fprint(w, text)
}

// take keeps a request and says what is answered.
func (s *server) take(r request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	if list := s.planned[r.call]; len(list) > 0 {
		s.planned[r.call] = list[1:]
		return list[0]
	}
	method, path, _ := strings.Cut(r.call, " ")
	parts := strings.Split(path, "/")
	last := parts[len(parts)-1]
	switch {
	case method == "DELETE" || method == "PUT":
		return "204"
	case strings.HasSuffix(path, "@original"):
		flags := s.first
		if method == "PATCH" {
			flags = "64"
		}
		return fmt.Sprintf(`{"id":"800","channel_id":"200","author":{"id":"77"},"flags":%s}`, flags)
	case parts[0] == "webhooks" && method == "POST":
		return `{"id":"801","flags":32832}`
	case parts[0] == "webhooks":
		return fmt.Sprintf(`{"id":%q}`, last)
	case path == "users/@me/channels":
		return `201 {"id":"500","type":1}`
	case method == "GET" && len(parts) == 2 && slices.Contains(s.forums, last):
		return fmt.Sprintf(`{"id":%q,"type":15,"available_tags":[{"id":"40","moderated":true},{"id":"41"},{"id":"42"}]}`, last)
	case method == "GET" && len(parts) == 2:
		return fmt.Sprintf(`{"id":%q,"type":0}`, last)
	case method == "GET" && last == "messages":
		return "[]"
	case method == "GET" && last == "active":
		return `{"threads":[]}`
	case method == "GET":
		return `{"id":"` + last + `","author":{"id":"77"}}`
	case method == "POST" && last == "threads":
		return `201 {"id":"700"}`
	case method == "POST":
		s.made++
		return fmt.Sprintf(`{"id":"%d","channel_id":%q}`, 900+s.made, parts[1])
	}
	return fmt.Sprintf(`{"id":%q}`, last)
}

// no is how Discord refuses.
func no(status, code int, why string) string {
	return fmt.Sprintf(`%d {"code":%d,"message":%q}`, status, code, why)
}

// all are the requests so far, in order.
func (s *server) all() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// calls are the calls so far, in order.
func (s *server) calls() []string {
	var list []string
	for _, r := range s.all() {
		list = append(list, r.call)
	}
	return list
}

// last is the newest request of a call.
func (s *server) last(t *testing.T, call string) request {
	t.Helper()
	for _, r := range slices.Backward(s.all()) {
		if r.call == call {
			return r
		}
	}
	t.Fatalf("%s was never called: %q", call, s.calls())
	return request{}
}

// schemas are what Discord's specification calls the bodies of our calls, by how
// their routes end.
var schemas = map[string]string{
	"POST channels/:id/messages":                   "MessageCreateRequest",
	"PATCH channels/:id/messages/:id":              "MessageEditRequestPartial",
	"POST webhooks/:id/:token":                     "IncomingWebhookRequestPartial",
	"PATCH webhooks/:id/:token/messages/:id":       "IncomingWebhookUpdateRequestPartial",
	"PATCH webhooks/:id/:token/messages/@original": "IncomingWebhookUpdateRequestPartial",
	"POST channels/:id/messages/:id/threads":       "CreateTextThreadWithMessageRequest",
	"POST users/@me/channels":                      "CreatePrivateChannelRequest",
}

// judged holds all bodies so far against Discord's own specification, where that
// is at hand.
func (s *server) judged(t *testing.T) {
	t.Helper()
	doc, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.all() {
		method, path, _ := strings.Cut(r.call, " ")
		name := routeOf(method, path).name
		schema := schemas[name]
		if name == "POST channels/:id/threads" {
			schema = "CreateTextThreadWithoutMessageRequest"
			if strings.Contains(r.body, `"message"`) {
				schema = "CreateForumThreadRequest"
			}
		}
		if schema == "" || doc == nil {
			continue
		}
		var v any
		if err := json.Unmarshal([]byte(r.body), &v); err != nil {
			t.Fatal(err)
		}
		if err := doc.Components.Schemas[schema].Value.VisitJSON(v, openapi3.EnableJSONSchema2020()); err != nil {
			t.Errorf("Discord would refuse %s %s\n%v", r.call, r.body, err)
		}
	}
}

// A notebook is a memory of what the client asks one for.
type notebook struct {
	chat.Memory
	tokens  map[chat.ReplyHandle]string
	cursors map[string]string
	marked  []chat.Place
	uses    int
	until   time.Time
	err     error
}

func (n *notebook) KeepToken(_ context.Context, h chat.ReplyHandle, token string, uses int, until time.Time) error {
	n.tokens[h], n.uses, n.until = token, uses, until
	return n.err
}

func (n *notebook) Token(_ context.Context, h chat.ReplyHandle, _ time.Time) (string, error) {
	if n.err != nil {
		return "", n.err
	}
	token, ok := n.tokens[h]
	if !ok {
		return "", chat.ErrNoToken
	}
	return token, nil
}

func (n *notebook) Advance(_ context.Context, platform string, cursors map[string]string) error {
	for name, value := range cursors {
		n.cursors[platform+" "+name] = value
	}
	return n.err
}

func (n *notebook) Mark(_ context.Context, _ time.Time, places ...chat.Place) error {
	n.marked = append(n.marked, places...)
	return n.err
}

const (
	botToken = "very-secret.bot.token"
	ana      = chat.AccountID("discord:100:5")
	handle   = chat.ReplyHandle("int/1")
)

var (
	place    = chat.Place{Platform: Name, Workspace: "100", Channel: "200"}
	thread   = chat.Place{Platform: Name, Workspace: "100", Channel: "200", Thread: "300"}
	directly = chat.Direct(ana)
	noon     = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
)

// A rig is a client with a server behind it, and a clock that stands.
type rig struct {
	*client
	server *server
	memory *notebook
	logged *bytes.Buffer
	clock  time.Time
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{
		server: newServer(t), memory: &notebook{tokens: map[chat.ReplyHandle]string{}, cursors: map[string]string{}},
		logged: &bytes.Buffer{}, clock: noon,
	}
	r.client = newClient(Options{
		Token: botToken, APIURL: r.server.URL + "/api", Memory: r.memory,
		Now: func() time.Time { return r.clock }, Log: slog.New(slog.NewTextHandler(r.logged, nil)),
	})
	t.Cleanup(r.close)
	r.identify("66", "77")
	return r
}

// keep puts a reply token into the memory.
func (r *rig) keep(t *testing.T, token replyToken) {
	t.Helper()
	token.App, token.Token = "66", "secret"
	secret, err := json.Marshal(token)
	if err != nil {
		t.Fatal(err)
	}
	r.memory.tokens[handle] = string(secret)
}

// discreet checks that nothing that was told holds a secret.
func (r *rig) discreet(t *testing.T, err error) {
	t.Helper()
	for _, told := range []string{fmt.Sprint(err), r.logged.String()} {
		for _, secret := range []string{botToken, "secret", "where is my refund", "://"} {
			if strings.Contains(told, secret) {
				t.Errorf("%q is told in %q", secret, told)
			}
		}
	}
}

// delivery is a sentence on its way.
func delivery(deed chat.Deed, at chat.Place) chat.Delivery {
	d := chat.Delivery{ID: "one.0", Try: 1, Reply: chat.Reply{Key: "key/one", Deed: deed, Place: at, Purpose: chat.Answering}}
	if deed != chat.Remove {
		d.Reply.Blocks = []chat.Block{words("where is my refund? & @everyone"), pressed}
	}
	return d
}

var pressed = chat.Block{Layout: chat.Buttons, Buttons: []chat.Button{{Label: "Go", Action: chat.Do("go")}}}

// standing is d with a message that stands already.
func standing(d chat.Delivery, at chat.Place, id chat.MessageID) chat.Delivery {
	d.Sent = chat.Receipt{Place: at, Message: id}
	return d
}

// changed is d with its reply changed.
func changed(d chat.Delivery, change func(r *chat.Reply)) chat.Delivery {
	change(&d.Reply)
	return d
}

// under is d below a message that stands.
func under(d chat.Delivery, at chat.Place, id chat.MessageID) chat.Delivery {
	d.Reply.Under, d.Under = "card", chat.Receipt{Place: at, Message: id}
	return d
}

func inThread(id string) chat.Place {
	p := place
	p.Thread = id
	return p
}

// message is what a reply should look like on its way.
func message(t *testing.T, d chat.Delivery, as manner) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(pretty(t, content(d, as)), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// A post goes where it belongs, and begins what there is not yet.
func TestPost(t *testing.T) {
	const (
		kind   = "GET channels/200"
		here   = "POST channels/200/messages"
		there  = "POST channels/300/messages"
		begin  = "POST channels/200/messages/300/threads"
		open   = "POST users/@me/channels"
		topic  = "POST channels/200/threads"
		member = "PUT channels/700/thread-members/5"
	)
	gone := no(404, unknownChannel, "Unknown Channel")
	apart := chat.Apart(place, ana)
	tests := []struct {
		name     string
		delivery chat.Delivery
		forum    bool
		plan     map[string][]string
		calls    []string
		receipt  chat.Receipt
		marked   chat.Place
	}{
		{"channel", delivery(chat.Post, place), false, nil, []string{kind, here}, chat.Receipt{Place: place, Message: "901"}, inThread("901")},
		{"for what is gone", standing(delivery(chat.Replace, place), place, ""), false, nil, []string{kind, here}, chat.Receipt{Place: place, Message: "901"}, inThread("901")},
		{"thread", delivery(chat.Post, thread), false, nil, []string{there}, chat.Receipt{Place: thread, Message: "901"}, thread},
		{"a thread to be begun", delivery(chat.Post, thread), false, map[string][]string{there: {gone}}, []string{there, begin, there},
			chat.Receipt{Place: thread, Message: "901"}, thread},
		{"a thread that someone else begins", delivery(chat.Post, thread), false, map[string][]string{there: {gone}, begin: {no(400, threadExists, "A thread has already been created for this message")}},
			[]string{there, begin, there}, chat.Receipt{Place: thread, Message: "901"}, thread},
		{"under a card", under(delivery(chat.Post, place), place, "300"), false, nil, []string{there}, chat.Receipt{Place: thread, Message: "901"}, thread},
		{"under a card, the first", under(delivery(chat.Post, place), place, "300"), false, map[string][]string{there: {gone}}, []string{there, begin, there},
			chat.Receipt{Place: thread, Message: "901"}, thread},
		{"under a message in a thread", under(delivery(chat.Post, place), thread, "301"), false, nil, []string{there}, chat.Receipt{Place: thread, Message: "901"}, thread},
		{"direct", delivery(chat.Post, directly), false, nil, []string{open, "POST channels/500/messages"}, chat.Receipt{Place: directly, Message: "901"}, chat.Place{}},
		{"apart", delivery(chat.Post, apart), false, nil, []string{topic, member, "POST channels/700/messages"}, chat.Receipt{Place: inThread("700"), Message: "901"}, inThread("700")},
		{"forum", delivery(chat.Post, place), true, map[string][]string{topic: {`201 {"id":"700","message":{"id":"700"}}`}}, []string{kind, topic},
			chat.Receipt{Place: place, Message: "700"}, inThread("700")},
		{"a forum that wants a tag", delivery(chat.Post, place), true, map[string][]string{topic: {no(400, tagRequired, "A tag is required")}}, []string{kind, topic, kind, topic},
			chat.Receipt{Place: place, Message: "700"}, inThread("700")},
		{"an answer to a message", changed(delivery(chat.Post, place), func(r *chat.Reply) { r.Handle = "to/201" }), false, nil, []string{kind, here},
			chat.Receipt{Place: place, Message: "901"}, inThread("901")},
		{"an answer where nothing can be read", changed(delivery(chat.Post, place), func(r *chat.Reply) { r.Handle = "to/201" }), false,
			map[string][]string{here: {no(400, noHistory, "Cannot reply without permission to read message history")}}, []string{kind, here, here},
			chat.Receipt{Place: place, Message: "901"}, inThread("901")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			if test.forum {
				r.server.forums = []string{"200"}
			}
			for call, answers := range test.plan {
				r.server.plan(call, answers...)
			}
			receipt, err := r.Send(t.Context(), test.delivery)
			if err != nil || !receipt.Same(test.receipt) || receipt.Missing != nil {
				t.Errorf("Send = %+v, %v; want %+v", receipt, err, test.receipt)
			}
			if diff := cmp.Diff(test.calls, r.server.calls()); diff != "" {
				t.Error(diff)
			}
			var marked []chat.Place
			if test.marked.Thread != "" {
				marked = append(marked, test.marked)
			}
			if diff := cmp.Diff(marked, r.memory.marked); diff != "" {
				t.Error(diff)
			}
			r.server.judged(t)
			for _, got := range r.server.all() {
				if got.header.Get("Authorization") != "Bot "+botToken || !strings.HasPrefix(got.header.Get("User-Agent"), "DiscordBot (http") {
					t.Errorf("header %v", got.header)
				}
			}
		})
	}
}

// What a message is sent with beside what it says.
func TestPostBody(t *testing.T) {
	from := func(h chat.ReplyHandle, at chat.Place) chat.Delivery {
		return changed(delivery(chat.Post, at), func(r *chat.Reply) { r.Handle = h })
	}
	tests := []struct {
		name     string
		delivery chat.Delivery
		call     string
		refers   string
	}{
		{"post", delivery(chat.Post, place), "POST channels/200/messages", ""},
		{"answer", from("to/201", place), "POST channels/200/messages", "201"},
		{"an answer in a thread", from("to/201", thread), "POST channels/300/messages", ""},
		{"a handle that is none", from("to/me", place), "POST channels/200/messages", ""},
		{"direct", from("to/201", directly), "POST channels/500/messages", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			if _, err := r.Send(t.Context(), test.delivery); err != nil {
				t.Fatal(err)
			}
			got := r.server.last(t, test.call).fields(t)
			nonce, _ := got["nonce"].(string)
			if len(nonce) < 16 || len(nonce) > 25 || got["enforce_nonce"] != true {
				t.Errorf("nonce %q, %v", nonce, got["enforce_nonce"])
			}
			want := message(t, test.delivery, manner{})
			want["nonce"], want["enforce_nonce"] = nonce, true
			if test.refers != "" {
				want["message_reference"] = map[string]any{"message_id": test.refers, "fail_if_not_exists": false}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if mentions := fmt.Sprint(got["allowed_mentions"]); mentions != "map[parse:[] replied_user:false]" {
				t.Errorf("mentions %s", mentions)
			}
			if first := got["components"].([]any)[0].(map[string]any); first["id"] != float64(stampOf("one.0")) {
				t.Errorf("stamp %v", first["id"])
			}
		})
	}
}

// A repeat has the nonce of the first try, and no other message has.
func TestNonce(t *testing.T) {
	seen := map[string]bool{}
	for _, delivery := range []string{"one.0", "one.1", "two.0"} {
		for _, channel := range []string{"200", "300"} {
			nonce := nonceOf(delivery, channel)
			if seen[nonce] || nonce != nonceOf(delivery, channel) || len(nonce) > maxNonce {
				t.Errorf("nonce of %s in %s: %q", delivery, channel, nonce)
			}
			seen[nonce] = true
		}
	}
}

func TestDirectIsRemembered(t *testing.T) {
	r := newRig(t)
	for range 2 {
		if _, err := r.Send(t.Context(), delivery(chat.Post, directly)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.server.calls()); n != 3 {
		t.Errorf("%d calls, want one that opens the direct messages and two posts", n)
	}
	want := map[string]string{"discord dm/5": "00000001772452800000/100"}
	if diff := cmp.Diff(want, r.memory.cursors); diff != "" {
		t.Error(diff)
	}
	if body := r.server.last(t, "POST users/@me/channels").body; body != `{"recipient_id":"5"}` {
		t.Errorf("opened %s", body)
	}
}

// What cannot be noted does not take back what was sent.
func TestMemoryFails(t *testing.T) {
	for _, at := range []chat.Place{place, directly} {
		r := newRig(t)
		r.memory.err = errors.New("away")
		if receipt, err := r.Send(t.Context(), delivery(chat.Post, at)); err != nil || receipt.Message == "" || !strings.Contains(r.logged.String(), "caught up") {
			t.Errorf("Send = %+v, %v; logged %s", receipt, err, r.logged)
		}
	}
}

func TestThreadBodies(t *testing.T) {
	tests := []struct {
		name     string
		delivery chat.Delivery
		forum    bool
		call     string
		want     map[string]any // message aside
	}{
		{"apart", delivery(chat.Post, chat.Apart(place, ana)), false, "POST channels/200/threads",
			map[string]any{"name": "where is my refund? & @everyone", "type": 12.0, "invitable": false, "auto_archive_duration": 10080.0}},
		{"from a message", delivery(chat.Post, thread), false, "POST channels/200/messages/300/threads",
			map[string]any{"name": "where is my refund? & @everyone", "auto_archive_duration": 10080.0}},
		{"topic", delivery(chat.Post, place), true, "POST channels/200/threads",
			map[string]any{"name": "where is my refund? & @everyone", "auto_archive_duration": 10080.0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			r.server.plan("POST channels/300/messages", no(404, unknownChannel, "Unknown Channel"))
			if test.forum {
				r.server.forums = []string{"200"}
			}
			if _, err := r.Send(t.Context(), test.delivery); err != nil {
				t.Fatal(err)
			}
			got := r.server.last(t, test.call).fields(t)
			if test.forum {
				if diff := cmp.Diff(any(message(t, test.delivery, manner{})), got["message"]); diff != "" {
					t.Error(diff)
				}
			}
			delete(got, "message")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("tags", func(t *testing.T) {
		r := newRig(t)
		r.server.forums = []string{"200"}
		r.server.plan("POST channels/200/threads", no(400, tagRequired, "A tag is required"))
		if _, err := r.Send(t.Context(), delivery(chat.Post, place)); err != nil {
			t.Fatal(err)
		}
		if tags := fmt.Sprint(r.server.last(t, "POST channels/200/threads").fields(t)["applied_tags"]); tags != "[41]" {
			t.Errorf("tags %s", tags)
		}
	})
}

// A thread's name tells what will stay true, and nothing of the ticket's state.
func TestThreadName(t *testing.T) {
	heading := chat.Block{Layout: chat.Heading, Text: chat.Plain("T-7 · open")}
	small := chat.Block{Layout: chat.Context, Text: chat.Plain("small print")}
	tests := []struct {
		name  string
		reply chat.Reply
		want  string
	}{
		{"words", chat.Reply{Blocks: []chat.Block{words("Where is\nmy refund?"), words("more")}}, "Where is my refund?"},
		{"a heading", chat.Reply{Blocks: []chat.Block{{Layout: chat.Heading, Text: chat.Plain("Buyer › Refunds")}}}, "Buyer › Refunds"},
		{"a card", chat.Reply{Ticket: "T-7", Blocks: []chat.Block{heading, words("Where is my refund?")}}, "T-7 · Where is my refund?"},
		{"a card without words", chat.Reply{Ticket: "T-7", Blocks: []chat.Block{heading}}, "T-7"},
		{"small print", chat.Reply{Blocks: []chat.Block{small, words("Refunds")}}, "Refunds"},
		{"long words", chat.Reply{Blocks: []chat.Block{words(strings.Repeat("word ", 100))}}, strings.TrimSpace(strings.Repeat("word ", 20)) + "…"},
		{"nothing", chat.Reply{Blocks: []chat.Block{words(" \x00\n")}}, "…"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := threadName(test.reply)
			if got != test.want || utf8.RuneCountInString(got) > maxThread {
				t.Errorf("name = %q, want %q", got, test.want)
			}
		})
	}
}

// A private thread that nobody can be brought into is not left behind, and a
// second try goes on with the thread of the first.
func TestApart(t *testing.T) {
	const begin, member, post, abandon = "POST channels/200/threads", "PUT channels/700/thread-members/5", "POST channels/700/messages", "DELETE channels/700"
	tests := []struct {
		name  string
		plan  map[string]string
		means error // nil: nobody knows
		calls []string
		again []string // calls of a second try
	}{
		{"no private threads there", map[string]string{begin: no(400, 50024, "Cannot execute action on this channel type")}, chat.ErrUndeliverable, []string{begin}, nil},
		{"no permission", map[string]string{begin: no(403, missingPermissions, "Missing Permissions")}, chat.ErrUndeliverable, []string{begin}, nil},
		{"not a member of the server", map[string]string{member: no(404, 10013, "Unknown User")}, chat.ErrUndeliverable, []string{begin, member, abandon}, []string{begin, member, post}},
		{"not to be written in", map[string]string{post: no(403, missingPermissions, "Missing Permissions")}, chat.ErrUndeliverable, []string{begin, member, post, abandon}, nil},
		{"a member later", map[string]string{member: "500"}, chat.ErrNotSent, []string{begin, member, member, post}, nil},
		{"cut off", map[string]string{post: "cut"}, nil, []string{begin, member, post}, []string{member, post}},
		{"limited", map[string]string{post: `429 {"retry_after":0.001}`}, &chat.RateLimitedError{}, []string{begin, member, post}, []string{member, post}},
		{"no thread in the answer", map[string]string{begin: "201 {}"}, chat.ErrNotSent, []string{begin}, []string{begin, member, post}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			for call, answer := range test.plan {
				r.server.plan(call, answer)
			}
			_, err := r.Send(t.Context(), delivery(chat.Post, chat.Apart(place, ana)))
			if test.name == "a member later" { // Discord was in trouble for a moment
				if err != nil {
					t.Error(err)
				}
			} else if err == nil || certain(err) != (test.means != nil) || errors.Is(err, chat.ErrUndeliverable) != (test.means == chat.ErrUndeliverable) {
				t.Errorf("Send = %v", err)
			}
			if diff := cmp.Diff(test.calls, r.server.calls()); diff != "" {
				t.Error(diff)
			}
			if test.again == nil {
				return
			}
			r.clock = r.clock.Add(time.Second)
			n := len(r.server.calls())
			if receipt, err := r.Send(t.Context(), delivery(chat.Post, chat.Apart(place, ana))); err != nil || receipt.Place.Thread != "700" {
				t.Errorf("Send = %+v, %v", receipt, err)
			}
			if diff := cmp.Diff(test.again, r.server.calls()[n:]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReplaceAndRemove(t *testing.T) {
	gone, archived := no(404, unknownMessage, "Unknown Message"), no(400, archivedThread, "This thread is archived")
	const edit, inside, kind, open = "PATCH channels/200/messages/201", "PATCH channels/300/messages/301", "GET channels/200", "POST users/@me/channels"
	const remove, outOf, unarchive = "DELETE channels/200/messages/201", "DELETE channels/300/messages/301", "PATCH channels/300"
	at := func(p chat.Place, id chat.MessageID) chat.Receipt { return chat.Receipt{Place: p, Message: id} }
	tests := []struct {
		name     string
		delivery chat.Delivery
		forum    bool
		plan     map[string][]string
		calls    []string
		receipt  chat.Receipt
	}{
		{"replaced", standing(delivery(chat.Replace, place), place, "201"), false, nil, []string{kind, edit}, at(place, "201")},
		{"replaced in a thread", standing(delivery(chat.Replace, thread), thread, "301"), false, nil, []string{inside}, at(thread, "301")},
		{"replaced in a private thread", standing(delivery(chat.Replace, chat.Apart(place, ana)), thread, "301"), false, nil, []string{inside}, at(thread, "301")},
		{"replaced in a thread that was put away", standing(delivery(chat.Replace, thread), thread, "301"), false, map[string][]string{inside: {archived}},
			[]string{inside, unarchive, inside}, at(thread, "301")},
		{"replaced in direct messages", standing(delivery(chat.Replace, directly), directly, "501"), false, nil, []string{open, "PATCH channels/500/messages/501"}, at(directly, "501")},
		{"replaced in a forum", standing(delivery(chat.Replace, place), place, "201"), true, nil, []string{kind, "PATCH channels/201/messages/201"}, at(place, "201")},
		{"gone", standing(delivery(chat.Replace, place), place, "201"), false, map[string][]string{edit: {gone}}, []string{kind, edit, "POST channels/200/messages"}, at(place, "901")},
		{"gone with its thread", under(standing(delivery(chat.Replace, place), thread, "301"), place, "300"), false,
			map[string][]string{inside: {no(404, unknownChannel, "Unknown Channel")}}, []string{inside, "POST channels/300/messages"}, at(thread, "901")},
		{"a name that is none", standing(delivery(chat.Replace, place), place, "secret"), false, nil, []string{kind, "POST channels/200/messages"}, at(place, "901")},

		{"removed", standing(delivery(chat.Remove, place), place, "201"), false, nil, []string{kind, remove}, at(place, "201")},
		{"removed already", standing(delivery(chat.Remove, place), place, "201"), false, map[string][]string{remove: {gone}}, []string{kind, remove}, at(place, "201")},
		{"removed from a thread that was put away", standing(delivery(chat.Remove, thread), thread, "301"), false, map[string][]string{outOf: {archived}},
			[]string{outOf, unarchive, outOf}, at(thread, "301")},
		{"removed with its channel", standing(delivery(chat.Remove, place), place, "201"), false, map[string][]string{kind: {no(404, unknownChannel, "Unknown Channel")}}, []string{kind}, at(place, "201")},
		{"nothing to remove", delivery(chat.Remove, place), false, nil, nil, chat.Receipt{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			if test.forum {
				r.server.forums = []string{"200"}
			}
			for call, answers := range test.plan {
				r.server.plan(call, answers...)
			}
			receipt, err := r.Send(t.Context(), test.delivery)
			if err != nil || !receipt.Same(test.receipt) {
				t.Errorf("Send = %+v, %v; want %+v", receipt, err, test.receipt)
			}
			if diff := cmp.Diff(test.calls, r.server.calls()); diff != "" {
				t.Error(diff)
			}
			for _, got := range r.server.all() {
				if strings.HasPrefix(got.call, "PATCH") && got.call != unarchive {
					if diff := cmp.Diff(message(t, test.delivery, manner{}), got.fields(t)); diff != "" {
						t.Error(diff)
					}
				}
			}
			r.server.judged(t)
		})
	}
}

// A private answer is never put into a message that others read, whatever
// stands under its key.
func TestPrivateIsNotPutIntoPublic(t *testing.T) {
	r := newRig(t)
	d := changed(standing(delivery(chat.Replace, place), place, "201"), func(r *chat.Reply) { r.Only = ana })
	receipt, err := r.Send(t.Context(), d)
	if want := (chat.Receipt{Place: directly, Message: "901"}); err != nil || !receipt.Same(want) {
		t.Errorf("Send = %+v, %v", receipt, err)
	}
	if diff := cmp.Diff([]string{"POST users/@me/channels", "POST channels/500/messages"}, r.server.calls()); diff != "" {
		t.Error(diff)
	}
}

func TestPace(t *testing.T) {
	c := newClient(Options{})
	if p := c.Pace(); p.Place != time.Second || p.Whole || p.Platform*25 != time.Second || p.Burst < 1 {
		t.Errorf("pace = %+v", p)
	}
	if c.Limits() != Limits || c.url != "https://discord.com/api/v10/" {
		t.Errorf("limits %+v of %s", c.Limits(), c.url)
	}
}

func TestTrusts(t *testing.T) {
	c := newClient(Options{APIURL: "http://127.0.0.1:8080/api"})
	for address, want := range map[string]bool{
		"https://cdn.discordapp.com/attachments/1/2/a.txt?ex=1": true, "https://media.discordapp.net/a": true, "http://127.0.0.1:8080/files/1": true,
		"http://cdn.discordapp.com/a": false, "https://cdn.discordapp.com.evil.example/a": false, "https://evil.example": false,
		"https://a@cdn.discordapp.com/a": false, "http://127.0.0.1:8081/a": false, "": false, ":": false,
	} {
		if got := c.trusts(address); got != want {
			t.Errorf("trusts(%q) = %v", address, got)
		}
	}
}

// FuzzRouteOf: whatever the path, nothing in the third part of a webhook's, the
// token, is in what is told or kept.
func FuzzRouteOf(f *testing.F) {
	f.Add("channels/1/messages/2?limit=1", "aW50ZXJhY3Rpb24")
	f.Add("webhooks/66/x/messages/@original", "A-b_C.d")
	f.Add("reactions/👍/@me", "Üx")
	f.Fuzz(func(t *testing.T, path, token string) {
		routeOf("GET", path)
		token = "T" + strings.NewReplacer("/", "", "?", "").Replace(token)
		for _, begins := range []string{"webhooks/66/", "interactions/66/"} {
			r := routeOf("POST", begins+token+"/messages/1")
			name := "POST " + strings.Replace(begins, "66", ":id", 1) + ":token/messages/:id"
			if !r.token || r.name != name || r.key != "" && !regexp.MustCompile(`^ 66/[0-9a-f]{16}$`).MatchString(strings.TrimPrefix(r.key, name)) {
				t.Errorf("route of %s… is %+v", begins, r)
			}
		}
	})
}
