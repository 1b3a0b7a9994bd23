package slack

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/chat/chattest"
)

// A request is one that the server got.
type request struct {
	method string // of the Web API, or the path for the rest
	form   url.Values
	header http.Header
	body   string
}

// A server answers like Slack when all is well, and otherwise as a test has
// planned it.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []request
	planned  map[string][]string // bodies by method, in order; "cut" cuts the connection, "HTTP 500" is a status
	posted   int
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{planned: map[string][]string{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// plan lets calls of a method be answered so, one after the other.
func (s *server) plan(method string, bodies ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.planned[method] = append(s.planned[method], bodies...)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	got := request{method: strings.TrimPrefix(r.URL.Path, "/api/"), header: r.Header, body: string(body)}
	if got.form, err = url.ParseQuery(got.body); err != nil || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		got.form = nil
	}
	answer := s.take(got)
	w.Header().Set("Content-Type", "application/json")
	switch status := 0; {
	case answer == "cut":
		panic(http.ErrAbortHandler)
	case answer == "HTML":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<html>Sign in</html>")
	case strings.HasPrefix(answer, "to "):
		w.Header().Set("Location", answer[len("to "):])
		w.WriteHeader(http.StatusFound)
	case isStatus(answer, &status):
		_, retry, _ := strings.Cut(answer, " after ")
		if retry != "" {
			w.Header().Set("Retry-After", retry)
		}
		w.WriteHeader(status)
		_, text, _ := strings.Cut(answer, ": ")
		fmt.Fprint(w, text)
	default:
		fmt.Fprint(w, answer)
	}
}

func isStatus(s string, status *int) bool {
	n, _ := fmt.Sscanf(s, "HTTP %d", status)
	return n == 1
}

// take keeps a request and says what is answered.
func (s *server) take(r request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	if list := s.planned[r.method]; len(list) > 0 {
		s.planned[r.method] = list[1:]
		return list[0]
	}
	switch r.method {
	case "chat.postMessage":
		s.posted++
		id := fmt.Sprintf("1700000000.%06d", s.posted)
		thread := ""
		if in := r.form.Get("thread_ts"); in != "" {
			thread = fmt.Sprintf(`,"thread_ts":%q`, in)
		}
		return fmt.Sprintf(`{"ok":true,"channel":%q,"ts":%q,"message":{"ts":%q%s}}`, r.form.Get("channel"), id, id, thread)
	case "chat.postEphemeral":
		return `{"ok":true,"message_ts":"1700000000.000009"}`
	case "conversations.open":
		return fmt.Sprintf(`{"ok":true,"channel":{"id":"D%s"}}`, r.form.Get("users"))
	case "conversations.history", "conversations.replies":
		return `{"ok":true,"messages":[],"has_more":false}`
	case "files.getUploadURLExternal":
		return fmt.Sprintf(`{"ok":true,"file_id":"F-%s","upload_url":"%s/upload/secret"}`, r.form.Get("filename"), s.URL)
	case "/answer/secret":
		return "ok"
	}
	return `{"ok":true}`
}

// all are the requests so far, in order.
func (s *server) all() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// calls are the names of the methods that were called, in order.
func (s *server) calls() []string {
	var list []string
	for _, r := range s.all() {
		list = append(list, r.method)
	}
	return list
}

// last is the newest request of a method.
func (s *server) last(t *testing.T, method string) request {
	t.Helper()
	for _, r := range slices.Backward(s.all()) {
		if r.method == method {
			return r
		}
	}
	t.Fatalf("%s was never called", method)
	return request{}
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

func (n *notebook) Cursor(_ context.Context, platform, name string) (string, error) {
	return n.cursors[platform+" "+name], n.err
}

func (n *notebook) Mark(_ context.Context, _ time.Time, places ...chat.Place) error {
	n.marked = append(n.marked, places...)
	return n.err
}

const (
	botToken = "xoxb-very-secret"
	ana      = chat.AccountID("slack:T1:U1")
	handle   = chat.ReplyHandle("url/1")
)

var (
	channel  = chat.Place{Platform: Name, Workspace: "T1", Channel: "C1"}
	thread   = chat.Place{Platform: Name, Workspace: "T1", Channel: "C1", Thread: "1600000000.000001"}
	directly = chat.Direct(ana)
	noon     = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
)

// A rig is a client with a server behind it.
type rig struct {
	*client
	server *server
	memory *notebook
	logged *bytes.Buffer
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{server: newServer(t), memory: &notebook{tokens: map[chat.ReplyHandle]string{}, cursors: map[string]string{}}, logged: &bytes.Buffer{}}
	r.client = newClient(Options{
		BotToken: botToken, APIURL: r.server.URL + "/api", Memory: r.memory,
		Now: func() time.Time { return noon }, Log: slog.New(slog.NewTextHandler(r.logged, nil)),
	})
	t.Cleanup(r.close)
	r.identify("T1", "UBOT", "BBOT")
	return r
}

// keep puts a reply token into the memory.
func (r *rig) keep(t *testing.T, token replyToken) {
	t.Helper()
	token.URL = cmp.Or(token.URL, r.server.URL+"/answer/secret")
	secret, err := json.Marshal(token)
	if err != nil {
		t.Fatal(err)
	}
	r.memory.tokens[handle] = string(secret)
}

// discreet checks that nothing that was told holds a secret.
func (r *rig) discreet(t *testing.T, err error) {
	t.Helper()
	for _, said := range []string{fmt.Sprint(err), r.logged.String()} {
		for _, secret := range []string{botToken, "secret", "where is my refund"} {
			if strings.Contains(said, secret) {
				t.Errorf("%q is told in %q", secret, said)
			}
		}
	}
}

// delivery is a sentence on its way.
func delivery(deed chat.Deed, place chat.Place) chat.Delivery {
	d := chat.Delivery{ID: "one.0", Try: 1, Reply: chat.Reply{Key: "key/one", Deed: deed, Place: place, Purpose: chat.Answering}}
	if deed != chat.Remove {
		d.Reply.Blocks = []chat.Block{words("where is my refund? & <!channel>"), pressed}
	}
	return d
}

var pressed = chat.Block{Layout: chat.Buttons, Buttons: []chat.Button{{Label: "Go", Action: chat.Do("go")}}}

// stands is d with a message that stands already.
func stands(d chat.Delivery, place chat.Place, id chat.MessageID) chat.Delivery {
	d.Sent = chat.Receipt{Place: place, Message: id}
	return d
}

// with is d with its reply changed.
func with(d chat.Delivery, change func(r *chat.Reply)) chat.Delivery {
	change(&d.Reply)
	return d
}

// A post goes where it belongs, and as it was rendered.
func TestPost(t *testing.T) {
	from := func(h chat.ReplyHandle) func(*chat.Reply) { return func(r *chat.Reply) { r.Handle = h } }
	under := delivery(chat.Post, channel)
	under.Reply.Under, under.Under = "card", chat.Receipt{Place: channel, Message: "1600000000.000002"}
	deeper := delivery(chat.Post, channel)
	deeper.Reply.Under, deeper.Under = "card", chat.Receipt{Place: thread, Message: "1600000000.000002"}
	const id = "1700000000.000001"
	tests := []struct {
		name     string
		delivery chat.Delivery
		agent    bool
		cursor   string
		channel  string
		thread   string
		place    chat.Place // of the receipt
		marked   string     // thread
	}{
		{"channel", delivery(chat.Post, channel), false, "", "C1", "", channel, id},
		{"thread", delivery(chat.Post, thread), false, "", "C1", thread.Thread, thread, thread.Thread},
		{"under a card", under, false, "", "C1", "1600000000.000002", chat.Place{Platform: Name, Workspace: "T1", Channel: "C1", Thread: "1600000000.000002"}, "1600000000.000002"},
		{"under a reply in a thread", deeper, false, "", "C1", thread.Thread, thread, thread.Thread},
		{"a channel, from another door", with(delivery(chat.Post, channel), from("in/1500000000.000001")), true, "", "C1", "", channel, id},
		{"a channel, from the home page", with(delivery(chat.Post, channel), from("home/1")), true, "", "C1", "", channel, id},
		{"direct", delivery(chat.Post, directly), false, "1500000000.000009", "DU1", "", directly, ""},
		{"direct, for one person", with(delivery(chat.Post, directly), func(r *chat.Reply) { r.Only = ana }), false, "", "DU1", "", directly, ""},
		{"direct, where it was said", with(delivery(chat.Post, directly), from("in/1500000000.000001")), false, "", "DU1", "1500000000.000001", directly, "1500000000.000001"},
		{"agent, where it was said", with(delivery(chat.Post, directly), from("in/1500000000.000001")), true, "1500000000.000009", "DU1", "1500000000.000001", directly, "1500000000.000001"},
		{"agent, the newest thread", delivery(chat.Post, directly), true, "1500000000.000009", "DU1", "1500000000.000009", directly, "1500000000.000009"},
		{"agent, no thread yet", delivery(chat.Post, directly), true, "", "DU1", "", directly, ""},
		{"a handle that is none", with(delivery(chat.Post, directly), from("in/now")), true, "", "DU1", "", directly, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			r.agent = test.agent
			if test.cursor != "" {
				r.memory.cursors["slack thread/slack:T1:@U1"] = test.cursor
			}
			receipt, err := r.Send(t.Context(), test.delivery)
			if err != nil {
				t.Fatal(err)
			}
			if want := (chat.Receipt{Place: test.place, Message: id}); !receipt.Same(want) || receipt.Missing != nil {
				t.Errorf("receipt = %+v, want %+v", receipt, want)
			}
			form := r.server.last(t, "chat.postMessage").form
			m := render(test.delivery.Reply, r.manner(test.delivery.Reply.Place))
			want := url.Values{
				"token": {botToken}, "channel": {test.channel}, "text": {m.Text}, "unfurl_links": {"false"}, "unfurl_media": {"false"},
				"metadata": {`{"event_type":"signpost_reply","event_payload":{"id":"one.0"}}`},
			}
			if test.thread != "" {
				want.Set("thread_ts", test.thread)
			}
			if blocks, _ := json.Marshal(m.Blocks); form.Get("blocks") != string(blocks) {
				t.Errorf("blocks = %s, want %s", form.Get("blocks"), blocks)
			}
			if form.Del("blocks"); !reflect.DeepEqual(form, want) {
				t.Errorf("sent %v, want %v", form, want)
			}
			var marked []chat.Place
			if test.marked != "" {
				marked = []chat.Place{{Platform: Name, Workspace: "T1", Channel: test.channel, Thread: test.marked}}
			}
			if !slices.Equal(r.memory.marked, marked) {
				t.Errorf("marked %v, want %v", r.memory.marked, marked)
			}
			judge(t, "SKnownBlocks", pretty(t, m.Blocks))
		})
	}
}

// The thread may be gone, or be none at all.
func TestPostWithoutThread(t *testing.T) {
	const gone, unthreaded = `{"ok":false,"error":"thread_not_found"}`, `{"ok":true,"ts":"1700000000.000007","message":{"ts":"1700000000.000007"}}`
	inThread := with(delivery(chat.Post, directly), func(r *chat.Reply) { r.Handle = "in/1500000000.000001" })
	underNothing := with(delivery(chat.Post, channel), func(r *chat.Reply) { r.Under = "card" })
	underWhisper := underNothing
	underWhisper.Under = chat.Receipt{Place: channel, Message: "eph/0123456789"}
	tests := []struct {
		name     string
		delivery chat.Delivery
		answers  []string
		calls    []string
		err      string // empty: delivered
	}{
		{"in a channel", delivery(chat.Post, thread), []string{gone}, []string{"chat.postMessage"}, "cannot be delivered: thread_not_found"},
		{"in a channel, beside it", delivery(chat.Post, thread), []string{unthreaded}, []string{"chat.postMessage", "conversations.replies", "chat.delete"}, "cannot be delivered: thread_not_found"},
		{"direct", inThread, []string{gone}, []string{"conversations.open", "chat.postMessage", "chat.postMessage"}, ""},
		{"direct, beside it", inThread, []string{unthreaded}, []string{"conversations.open", "chat.postMessage"}, ""},
		{"a private one", delivery(chat.Post, chat.Apart(channel, ana)), nil, nil, "cannot be delivered: there are no private threads on Slack"},
		{"under nothing", underNothing, nil, nil, "cannot be delivered: thread_not_found"},
		{"under what only one person saw", underWhisper, nil, nil, "cannot be delivered: thread_not_found"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			r.server.plan("chat.postMessage", test.answers...)
			r.server.plan("conversations.replies", gone)
			_, err := r.Send(t.Context(), test.delivery)
			if got := fmt.Sprint(err); got != cmp.Or(test.err, "<nil>") || test.err != "" && !errors.Is(err, chat.ErrUndeliverable) {
				t.Errorf("Send = %s, want %s", got, test.err)
			}
			if got := r.server.calls(); !slices.Equal(got, test.calls) {
				t.Errorf("called %q, want %q", got, test.calls)
			}
			if slices.Contains(test.calls, "chat.delete") {
				if form := r.server.last(t, "chat.delete").form; form.Get("channel") != "C1" || form.Get("ts") != "1700000000.000007" {
					t.Errorf("deleted %v", form)
				}
			}
		})
	}
}

// What cannot be taken back is told to the operator.
func TestRetractFails(t *testing.T) {
	r := newRig(t)
	r.server.plan("chat.postMessage", `{"ok":true,"ts":"1700000000.000007","message":{}}`)
	r.server.plan("chat.delete", "HTTP 500")
	_, err := r.Send(t.Context(), delivery(chat.Post, thread))
	if !errors.Is(err, chat.ErrUndeliverable) || !strings.Contains(r.logged.String(), "a reply to a thread that is gone stands in the channel") {
		t.Errorf("Send = %v, logged %s", err, r.logged)
	}
	r.discreet(t, err)
}

func TestMarkFails(t *testing.T) {
	r := newRig(t)
	r.memory.err = errors.New("the store is down")
	if _, err := r.Send(t.Context(), delivery(chat.Post, channel)); err != nil || !strings.Contains(r.logged.String(), "will not be caught up on") {
		t.Errorf("Send = %v, logged %s", err, r.logged)
	}
}

func TestReplaceAndRemove(t *testing.T) {
	const id = "1600000000.000005"
	no := func(name string) string { return fmt.Sprintf(`{"ok":false,"error":%q}`, name) }
	tests := []struct {
		name     string
		delivery chat.Delivery
		answer   string // of the first call of chat.update or chat.delete
		calls    []string
		receipt  chat.Receipt
	}{
		{"replace", stands(delivery(chat.Replace, channel), channel, id), "", []string{"chat.update"}, chat.Receipt{Place: channel, Message: id}},
		{"replace in a thread", stands(delivery(chat.Replace, thread), thread, id), "", []string{"chat.update"}, chat.Receipt{Place: thread, Message: id}},
		{"replace, direct", stands(delivery(chat.Replace, directly), directly, id), "", []string{"conversations.open", "chat.update"}, chat.Receipt{Place: directly, Message: id}},
		{"replace what went as a direct message", with(stands(delivery(chat.Replace, channel), directly, id), func(r *chat.Reply) { r.Only = ana }), "", []string{"conversations.open", "chat.update"}, chat.Receipt{Place: directly, Message: id}},
		{"replace nothing", delivery(chat.Replace, channel), "", []string{"chat.postMessage"}, chat.Receipt{Place: channel, Message: "1700000000.000001"}},
		{"replace what is gone", stands(delivery(chat.Replace, channel), channel, id), no("message_not_found"), []string{"chat.update", "chat.postMessage"}, chat.Receipt{Place: channel, Message: "1700000000.000001"}},
		{"replace what cannot be", stands(delivery(chat.Replace, channel), channel, id), no("cant_update_message"), []string{"chat.update", "chat.postMessage"}, chat.Receipt{Place: channel, Message: "1700000000.000001"}},
		{"replace what is too old", stands(delivery(chat.Replace, channel), channel, id), no("edit_window_closed"), []string{"chat.update", "chat.postMessage"}, chat.Receipt{Place: channel, Message: "1700000000.000001"}},
		{"replace what others read", with(stands(delivery(chat.Replace, channel), channel, id), func(r *chat.Reply) { r.Only = ana }), "", []string{"chat.postEphemeral"}, chat.Receipt{Place: channel, Message: "eph/" + chat.MessageID(markFor("key/one"))}},
		{"replace what others read, direct", stands(delivery(chat.Replace, directly), channel, id), "", []string{"conversations.open", "chat.postMessage"}, chat.Receipt{Place: directly, Message: "1700000000.000001"}},
		{"replace what one person saw, for all", stands(delivery(chat.Replace, channel), channel, "eph/0123456789"), "", []string{"chat.postMessage"}, chat.Receipt{Place: channel, Message: "1700000000.000001"}},
		{"remove", stands(delivery(chat.Remove, channel), channel, id), "", []string{"chat.delete", "conversations.history"}, chat.Receipt{Place: channel, Message: id}},
		{"remove in a thread", stands(delivery(chat.Remove, thread), thread, id), "", []string{"chat.delete", "conversations.replies"}, chat.Receipt{Place: thread, Message: id}},
		{"remove, direct", stands(delivery(chat.Remove, directly), directly, id), "", []string{"conversations.open", "conversations.replies", "chat.delete", "conversations.history"}, chat.Receipt{Place: directly, Message: id}},
		{"remove what is gone", stands(delivery(chat.Remove, channel), channel, id), no("message_not_found"), []string{"chat.delete", "conversations.history"}, chat.Receipt{Place: channel, Message: id}},
		{"remove nothing", delivery(chat.Remove, channel), "", nil, chat.Receipt{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			if test.answer != "" {
				r.server.plan("chat."+map[chat.Deed]string{chat.Replace: "update", chat.Remove: "delete"}[test.delivery.Reply.Deed], test.answer)
			}
			receipt, err := r.Send(t.Context(), test.delivery)
			if err != nil || !receipt.Same(test.receipt) {
				t.Errorf("Send = %+v, %v; want %+v", receipt, err, test.receipt)
			}
			if got := r.server.calls(); !slices.Equal(got, test.calls) {
				t.Errorf("called %q, want %q", got, test.calls)
			}
		})
	}
}

func TestUpdateSendsAll(t *testing.T) {
	r := newRig(t)
	d := stands(delivery(chat.Replace, channel), channel, "1600000000.000005")
	if _, err := r.Send(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	m := Render(d.Reply)
	blocks, err := json.Marshal(m.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"token": {botToken}, "channel": {"C1"}, "ts": {"1600000000.000005"}, "text": {m.Text}, "blocks": {string(blocks)},
		"metadata": {`{"event_type":"signpost_reply","event_payload":{"id":"one.0"}}`},
	}
	if got := r.server.last(t, "chat.update").form; !reflect.DeepEqual(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
}

func TestUpdateRefused(t *testing.T) {
	r := newRig(t)
	r.server.plan("chat.update", `{"ok":false,"error":"msg_too_long"}`)
	_, err := r.Send(t.Context(), stands(delivery(chat.Replace, channel), channel, "1600000000.000005"))
	if !errors.Is(err, chat.ErrUndeliverable) || len(r.server.calls()) != 1 {
		t.Errorf("Send = %v after %q", err, r.server.calls())
	}
}

// A reply to an act on the home page is shown there, and there alone.
func TestHome(t *testing.T) {
	wanted := chat.Receipt{Place: directly, Message: "home"}
	for name, d := range map[string]chat.Delivery{
		"direct":  delivery(chat.Post, directly),
		"private": with(delivery(chat.Post, channel), func(r *chat.Reply) { r.Only = ana }),
	} {
		d.Reply.Handle = "home/1"
		r := newRig(t)
		var shown string
		r.home = func(_ context.Context, user string, d chat.Delivery) (chat.Receipt, error) {
			shown = user + " " + d.ID
			return wanted, nil
		}
		if receipt, err := r.Send(t.Context(), d); err != nil || !receipt.Same(wanted) || shown != "U1 one.0" || len(r.server.calls()) > 0 {
			t.Errorf("%s: Send = %+v, %v; shown %q, called %q", name, receipt, err, shown, r.server.calls())
		}
		if _, finding, err := r.Confirm(t.Context(), d); err != nil || finding != chat.Absent {
			t.Errorf("%s: Confirm = %s, %v", name, finding, err)
		}
	}
}

func TestDirect(t *testing.T) {
	r := newRig(t)
	for range 2 {
		if got, err := r.direct(t.Context(), "U1"); err != nil || got != "DU1" {
			t.Errorf("direct = %s, %v", got, err)
		}
	}
	r.learn("U2", "D2")
	if got, err := r.direct(t.Context(), "U2"); err != nil || got != "D2" {
		t.Errorf("direct = %s, %v", got, err)
	}
	if calls := r.server.calls(); len(calls) != 1 {
		t.Errorf("called %q, want once", calls)
	}
	r.server.plan("conversations.open", `{"ok":true}`)
	if _, err := r.direct(t.Context(), "U3"); !errors.Is(err, chat.ErrNotSent) {
		t.Errorf("direct = %v, want that nothing was sent", err)
	}
}

// Whatever becomes of opening direct messages, nothing was sent; and a cursor
// that cannot be read is no reason to post beside the thread.
func TestNothingSentYet(t *testing.T) {
	for _, answer := range []string{"cut", "HTTP 500", `{"ok":false,"error":"internal_error"}`, "{"} {
		r := newRig(t)
		r.server.plan("conversations.open", answer)
		_, err := r.Send(t.Context(), delivery(chat.Post, directly))
		if !errors.Is(err, chat.ErrNotSent) {
			t.Errorf("%s: Send = %v, want that nothing was sent", answer, err)
		}
		r.discreet(t, err)
	}
	r := newRig(t)
	r.agent, r.memory.err = true, errors.New("the store is down")
	if _, err := r.Send(t.Context(), delivery(chat.Post, directly)); !errors.Is(err, chat.ErrNotSent) || slices.Contains(r.server.calls(), "chat.postMessage") {
		t.Errorf("Send = %v after %q", err, r.server.calls())
	}
}

func TestPace(t *testing.T) {
	want := chat.Pace{Place: time.Second, Whole: true, Platform: 200 * time.Millisecond, Burst: 20}
	if got := newRig(t).Pace(); got != want {
		t.Errorf("Pace = %+v, want %+v", got, want)
	}
}

func TestTrusts(t *testing.T) {
	own := newClient(Options{APIURL: "http://127.0.0.1:8080/api"})
	slacks := newClient(Options{})
	tests := []struct {
		address    string
		slack, own bool
	}{
		{"https://hooks.slack.com/actions/T1/2/x", true, true},
		{"https://files.slack.com/files-pri/x", true, true},
		{"https://slack.com/x", true, true},
		{"https://FILES.SLACK.COM/x", true, true},
		{"https://hooks.slack-gov.com/x", true, true},
		{"http://hooks.slack.com/x", false, false},
		{"https://evilslack.com/x", false, false},
		{"https://slack.com.evil.example/x", false, false},
		{"https://slack.com@evil.example/x", false, false},
		{"https://me@slack.com/x", false, false},
		{"http://127.0.0.1:8080/upload", false, true},
		{"http://localhost:8080/upload", false, true}, // another name of it
		{"http://127.0.0.1:8081/upload", false, false},
		{"https://localhost:8080/upload", false, false},
		{"http://10.0.0.1:8080/upload", false, false},
		{"//slack.com/x", false, false},
		{"", false, false},
		{"https://slack.com/%zz", false, false},
	}
	for _, test := range tests {
		if got := slacks.trusts(test.address); got != test.slack {
			t.Errorf("trusts(%q) = %v", test.address, got)
		}
		if got := own.trusts(test.address); got != test.own {
			t.Errorf("trusts(%q) = %v with an API of its own", test.address, got)
		}
	}
}

func TestNewClient(t *testing.T) {
	c := newClient(Options{})
	if c.url != "https://slack.com/api/" || c.http.Timeout <= 0 || c.stream.Timeout != 0 || c.now == nil || c.log == nil {
		t.Errorf("client = %+v", c)
	}
	own := &http.Client{Timeout: time.Minute}
	if c = newClient(Options{HTTP: own, APIURL: "http://a/b/"}); c.http.Timeout != time.Minute || c.url != "http://a/b/" || own.CheckRedirect != nil {
		t.Errorf("client = %+v; one's own %+v", c, own)
	}
}

// Buttons with an opposite become Slack's own for feedback, in conversations
// with an agent.
func TestNative(t *testing.T) {
	helped := chat.Button{Label: "This helped", Action: chat.Do("helped", "c1"), Opposite: &chat.Button{Label: "This did not help", Action: chat.Do("unhelped", "c1")}}
	row := func(buttons ...chat.Button) chat.Reply {
		return chat.Reply{Key: "key/one", Deed: chat.Post, Place: directly, Blocks: []chat.Block{words("Ask for your refund."), {Layout: chat.Buttons, Buttons: buttons}}}
	}
	answered := row(helped, chat.Button{Label: "Contact us", Action: chat.Do("contact", "c1"), Style: chat.Primary})
	alone := row(helped)
	bad := helped
	bad.Opposite = &chat.Button{Label: "", Action: chat.Do("unhelped")}
	many := row(slices.Repeat([]chat.Button{helped}, 7)...)
	full := answered
	full.Blocks = append(slices.Repeat([]chat.Block{words("word")}, 49), full.Blocks[1])
	for name, reply := range map[string]chat.Reply{"native": answered, "native-alone": alone, "native-many": many} {
		m := render(reply, manner{native: true})
		chattest.Golden(t, name+".json", pretty(t, m))
		rules(t, m)
	}
	tests := []struct {
		name   string
		reply  chat.Reply
		native bool
		want   int // pairs
	}{
		{"native", answered, true, 1},
		{"elsewhere", answered, false, 0},
		{"an opposite without a label", row(bad), true, 0},
		{"more than fit", many, true, 5},
		{"a full message", full, true, 1},
	}
	for _, test := range tests {
		m := render(test.reply, manner{native: test.native})
		rules(t, m)
		if got := bytes.Count(pretty(t, m.Blocks), []byte(`"type": "feedback_buttons"`)); got != test.want {
			t.Errorf("%s: %d pairs, want %d", test.name, got, test.want)
		}
	}

	r := newRig(t)
	r.agent = true
	for place, want := range map[chat.Place]bool{directly: true, channel: false} {
		answered.Place = place
		if _, err := r.Send(t.Context(), chat.Delivery{ID: "one.0", Reply: answered}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(r.server.last(t, "chat.postMessage").form.Get("blocks"), "feedback_buttons"); got != want {
			t.Errorf("feedback buttons in %s: %v", place, got)
		}
	}
	judge(t, "SKnownBlocks", pretty(t, render(many, manner{native: true}).Blocks))
}
