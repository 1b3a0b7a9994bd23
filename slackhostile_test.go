package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/signpost-bot/signpost/adapters/slack"
	"github.com/signpost-bot/signpost/adapters/slack/slacktest"
	"github.com/signpost-bot/signpost/bot/chat"
)

// hostileInputs are how many each door gets of what no Slack would send.
const hostileInputs = 5000

// nasty are values that break what is not careful, and pinging texts. Lists and
// maps are raw: enemies that work side by side share them, and spoil no JSON.
var nasty = []any{
	nil, true, -1, 1e300, json.Number("99999999999999999999999999"), json.Number("1e-400"), "", " ", "null", "0", "..", "../../etc/passwd",
	"<!channel>", "<!here|x> <!everyone> <!subteam^S1|@all>", "<@U0ASKER> <@U0SIGNPOST|x", "&lt;!channel&gt;", "<https://evil.example|<!channel>>",
	"\u202egnp.exe\u2066<!channel>\u2069", "\x00\x01\x1b[31m", "\xff\xfe\xc3\x28", json.RawMessage(`"\ud800"`), strings.Repeat("<!channel> ", 4000), strings.Repeat("\u0301", 3000),
	"1772443800.000000", "9999999999999.999999", "17.", "C0HELP", "D0", "U0SIGNPOST", "T0OTHER", "B0SIGNPOST", "home/x", "url/x", "in/1.1",
	"contact:x", "claim:T-1", "reply:T-1:<!channel>", "undo:T-1:-1", ":::", strings.Repeat("a:", 200), `{"c":"C0HELP","t":"x","h":"url/stolen"}`, "{", "[]",
	json.RawMessage(`[]`), json.RawMessage(`{}`), json.RawMessage(`[null, 1, "x"]`), json.RawMessage(`{"": {"": null}}`), "tombstone", "message_changed", "bot_message",
	"view_submission", "block_actions", "message", "app_mention", "/ticket", "/ask", "claim T-1", "@signpost claim", pinging,
}

// A letter is a request or frame as Slack really sends it.
type letter struct {
	path, kind string // where it goes by HTTP, and how sockets call it
	payload    map[string]any
}

// A record keeps what Slack sends, on its way to the program.
type record struct {
	mu      sync.Mutex
	letters []letter
}

// relay hands requests on to where the program listens now.
func (r *record) relay(to string) http.Handler {
	kinds := map[string]string{slack.EventsPath: "events_api", slack.CommandsPath: "slash_commands", slack.InteractionsPath: "interactive"}
	return http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
		body, err := io.ReadAll(in.Body)
		if err != nil {
			return
		}
		r.keep(letter{path: in.URL.Path, kind: kinds[in.URL.Path]}, body)
		out, err := http.NewRequestWithContext(in.Context(), http.MethodPost, to+in.URL.Path, bytes.NewReader(body))
		if err != nil {
			return
		}
		out.Header = in.Header
		answer, err := http.DefaultClient.Do(out)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer answer.Body.Close()
		w.WriteHeader(answer.StatusCode)
		io.Copy(w, answer.Body)
	})
}

func (r *record) keep(l letter, body []byte) {
	if l.kind != "events_api" {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return
		}
		body = []byte(form.Get("payload"))
		if l.kind == "slash_commands" {
			l.payload = map[string]any{}
			for name := range form {
				l.payload[name] = form.Get(name)
			}
		}
	}
	if l.payload == nil && json.Unmarshal(body, &l.payload) != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.letters = append(r.letters, l)
}

// An enemy throws things at a workspace.
type enemy struct {
	*workspace
	dice    *rand.Rand
	letters []letter
	count   int
	lair    string       // an address that is not Slack's
	visits  atomic.Int64 // that it had
}

// spoil puts something nasty in a few places of a value, and calls what came
// before something new.
func (x *enemy) spoil(v map[string]any) map[string]any {
	var fresh map[string]any
	if raw, err := json.Marshal(v); err != nil || json.Unmarshal(raw, &fresh) != nil {
		x.t.Fatal(err)
	}
	x.count++
	if x.dice.IntN(3) > 0 { // else it may be a copy
		for _, name := range []string{"event_id", "trigger_id"} {
			if _, ok := fresh[name]; ok {
				fresh[name] = fmt.Sprint(name, ".", x.count)
			}
		}
	}
	if own, ok := fresh["response_url"].(string); ok && x.dice.IntN(3) == 0 {
		away := []string{x.lair, x.lair + "#" + own, strings.Replace(own, "://", "://"+strings.TrimPrefix(x.lair, "http://")+"@", 1), "file:///etc/passwd", own + "\r\nX: y"}
		fresh["response_url"] = away[x.dice.IntN(len(away))]
	}
	for range 1 + x.dice.IntN(4) {
		x.spoilOne(fresh)
	}
	return fresh
}

func (x *enemy) spoilOne(v any) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			return
		}
		name := slices.Sorted(maps.Keys(v))[x.dice.IntN(len(v))]
		switch inner := v[name]; {
		case x.dice.IntN(4) > 0 && (isMap(inner) || isList(inner)):
			x.spoilOne(inner)
		case x.dice.IntN(12) == 0:
			delete(v, name)
		default:
			v[name] = x.nasty()
		}
	case []any:
		if len(v) > 0 {
			i := x.dice.IntN(len(v))
			if isMap(v[i]) || isList(v[i]) {
				x.spoilOne(v[i])
			} else {
				v[i] = x.nasty()
			}
		}
	}
}

func isMap(v any) bool  { _, ok := v.(map[string]any); return ok }
func isList(v any) bool { _, ok := v.([]any); return ok }

func (x *enemy) nasty() any {
	switch x.dice.IntN(40) {
	case 0: // deep
		return json.RawMessage(strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000))
	case 1:
		return strings.Repeat("й", 40_000)
	}
	return nasty[x.dice.IntN(len(nasty))]
}

// bytesOf writes a payload, and now and then breaks the bytes.
func (x *enemy) bytesOf(v map[string]any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		x.t.Fatal(err)
	}
	if x.dice.IntN(8) == 0 {
		switch at := x.dice.IntN(len(raw)); x.dice.IntN(3) {
		case 0:
			raw = raw[:at]
		case 1:
			raw[at] ^= byte(1 + x.dice.IntN(255))
		default:
			raw = slices.Insert(raw, at, []byte("\x00\xff{")...)
		}
	}
	return raw
}

func (x *enemy) letter() letter { return x.letters[x.dice.IntN(len(x.letters))] }

// body is a letter as it comes by HTTP.
func (x *enemy) body(l letter, spoilt map[string]any) (body []byte, contentType string) {
	raw := x.bytesOf(spoilt)
	const form = "application/x-www-form-urlencoded"
	switch l.kind {
	case "slash_commands":
		values := url.Values{}
		for name, v := range spoilt {
			values.Set(name, strings.Trim(fmt.Sprint(v), `"`))
		}
		return []byte(values.Encode()), form
	case "interactive":
		return []byte(url.Values{"payload": {string(raw)}}.Encode()), form
	}
	return raw, "application/json"
}

// post sends a request to the program, and returns the status.
func (x *enemy) post(path string, body []byte, contentType string, h http.Header) int {
	x.t.Helper()
	r, err := http.NewRequestWithContext(x.ctx, http.MethodPost, x.door.URL+path, bytes.NewReader(body))
	if err != nil {
		x.t.Fatal(err)
	}
	r.Header = h
	r.Header.Set("Content-Type", contentType)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		x.t.Fatal(err)
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// forge is the headers of a request that Slack has not signed, or not now.
func (x *enemy) forge(body []byte) http.Header {
	now := x.clock.Now()
	h := x.slack.Sign(body)
	const stamp, signature = "X-Slack-Request-Timestamp", "X-Slack-Signature"
	sign := func(secret, at string) {
		mac := hmac.New(sha256.New, []byte(secret))
		fmt.Fprintf(mac, "v0:%s:%s", at, body)
		h.Set(stamp, at)
		h.Set(signature, "v0="+hex.EncodeToString(mac.Sum(nil)))
	}
	unix := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	good := h.Get(signature)
	right := x.slack.SigningSecret()
	for _, change := range []func(){
		func() { h.Del(signature) },
		func() { h.Del(stamp) },
		func() { h = http.Header{} },
		func() { sign("", unix(0)) },
		func() { sign(right[1:], unix(0)) },
		func() { sign(strings.ToUpper(right), unix(0)) },
		func() { sign(right, unix(-6*time.Minute)) }, // replayed
		func() { sign(right, unix(6*time.Minute)) },
		func() { sign(right, unix(-100*365*24*time.Hour)) },
		func() { sign(right, "0") },
		func() { sign(right, "-1") },
		func() { sign(right, "9223372036854775807") },
		func() { sign(right, "99999999999999999999") },
		func() { sign(right, unix(0)+".0") },
		func() { sign(right, "now") },
		func() { h.Set(stamp, unix(time.Second)) },
		func() { h.Set(signature, good[:len(good)-2]) },
		func() { h.Set(signature, "v1="+good[3:]) },
		func() { h.Set(signature, "v0="+strings.Repeat("0", 64)) },
		func() { h.Set(signature, "v0=\u202e") },
		func() { h.Set(signature, good+good[3:]) },
		func() { h = x.slack.Sign(append(slices.Clone(body), ' ')) }, // of another body
	}[x.dice.IntN(22):][:1] {
		change()
	}
	return h
}

// TestHostileSlack throws ten thousand things at the whole program, through both
// of Slack's doors: forged, replayed, broken, huge and deep ones. It does not
// fall, nobody is pinged, nothing of it gets into the log that should not, and
// what Slack has not signed is not even read. Then it answers a question.
func TestHostileSlack(t *testing.T) {
	for _, byHTTP := range []bool{true, false} {
		t.Run(map[bool]string{true: "HTTP", false: "Socket Mode"}[byHTTP], func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			on := newWorkspace(ctx, t, []txtar.File{
				{Name: "signpost.yaml", Data: []byte("desks: [{name: support, channels: ['desk:#desk']}]\n")}, {Name: "knowledge/refund.md", Data: []byte(oneArticle)},
			}, true)
			x := &enemy{workspace: on, dice: rand.New(rand.NewPCG(8, 8)), letters: lettersOf(t, on)}
			lair := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { x.visits.Add(1) }))
			defer lair.Close()
			x.lair = lair.URL
			// The program that is attacked tells what it takes in.
			if err := on.running[0].halt(); err != nil {
				t.Fatal(err)
			}
			on.journal.take()
			on.level = "info"
			var accepted atomic.Int64
			store := &mortal{Store: on.store, before: func(chat.Event) { accepted.Add(1) }}
			if !byHTTP {
				on.config.Slack.Mode = "socket"
				on.slack.DeliverTo("")
			}
			on.parts = on.launch(store).parts
			on.await("it has caught up", func() bool { return strings.Contains(on.journal.String(), "caught up with") })
			if byHTTP {
				on.await("the adapter takes things in", on.open)
				x.unsigned(&accepted)
				x.signed()
			} else {
				if err := on.slack.WaitSockets(ctx, 2); err != nil {
					t.Fatal(err)
				}
				x.frames()
			}
			if accepted.Load() < hostileInputs/10 {
				t.Errorf("only %d of all that was events", accepted.Load())
			}
			x.judge()
		})
	}
}

// lettersOf is one of each thing that Slack sends, with a ticket that is open.
func lettersOf(t *testing.T, on *workspace) []letter {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if err := on.quiet(); err != nil {
			t.Fatal(err)
		}
	}
	said := func(ts string, err error) string { t.Helper(); must(err); return ts }
	r := &record{}
	door := httptest.NewServer(r.relay(on.door.URL))
	defer door.Close()
	on.slack.DeliverTo(door.URL)
	defer on.slack.DeliverTo(on.door.URL)
	asker, ana, help, call := slackUser("asker"), slackUser("ana"), on.channel("help"), "<@"+on.slack.Bot()+"> "
	for _, name := range []string{pinging, "\u202e<!channel>", strings.Repeat("<!here>", 500)} {
		on.slack.AddUser(slacktest.User{Name: name})
	}
	ts := said(on.slack.Say(asker, help, "", call+"how do I get a refund?"))
	said(on.slack.Say(asker, on.slack.Direct(asker), "", "how do I get a refund?", slacktest.Upload{Name: "photo.png", Data: []byte("x")}))
	said(on.slack.Broadcast(asker, help, ts, "and for a cancelled order?"))
	other := said(on.slack.Say(asker, help, "", "never mind"))
	must(on.slack.Edit(asker, help, ts, call+"how do I get a refund now?"))
	must(on.slack.Delete(asker, help, other))
	must(on.slack.React(asker, help, ts, "mag"))
	must(on.slack.Slash(asker, help, "/ask", "how do I get a refund?"))
	must(on.slack.OpenHome(asker, "home"))
	must(on.slack.OpenHome(asker, "messages"))
	must(on.slack.ChangeUser(slacktest.User{ID: asker, Name: "asker"}))
	must(on.slack.Join(on.slack.AddUser(slacktest.User{Name: "new"}), help))
	for _, m := range on.slack.Messages(help) {
		if e := elementOf(m.Blocks, "Contact us"); e.kind == "button" && m.Only == "" {
			must(on.slack.Press(asker, slacktest.OnMessage(help, m.TS), e.id))
			break
		}
	}
	_, err := on.slack.Submit(asker, nil)
	must(err)
	for _, m := range on.slack.Messages(help) {
		if m.Only == asker { // an ephemeral one
			if e := elementOf(m.Blocks, "This helped"); e.kind != "" {
				must(on.slack.Press(asker, slacktest.OnMessage(help, m.TS), e.id))
			}
		}
	}
	_, err = on.slack.Suggest(asker, slacktest.OnHome, "find", "refund")
	must(err)
	must(on.slack.Shortcut(ana, "create", help, ts))
	must(on.slack.Slash(ana, help, "/ticket", "claim T-1"))
	must(on.slack.Slash(ana, help, "/ticket", "reply T-1"))
	kinds := map[string]bool{}
	for _, l := range r.letters {
		kind, _ := l.payload["type"].(string)
		if e, ok := l.payload["event"].(map[string]any); ok {
			kind = fmt.Sprint(e["type"], e["subtype"])
		}
		kinds[l.kind+" "+kind] = true
	}
	if len(kinds) < 15 {
		t.Fatalf("Slack has only sent %q", slices.Sorted(maps.Keys(kinds)))
	}
	return r.letters
}

// unsigned sends what Slack has not signed, or not now. Nothing of it is read.
func (x *enemy) unsigned(accepted *atomic.Int64) {
	x.t.Helper()
	before := accepted.Load()
	for range hostileInputs / 2 {
		l := x.letter()
		body, contentType := x.body(l, x.spoil(l.payload))
		want := http.StatusUnauthorized
		h := x.forge(body)
		if len(body) > 1<<20 {
			want = http.StatusRequestEntityTooLarge
		}
		if status := x.post(l.path, body, contentType, h); status != want {
			x.t.Fatalf("%s with %v is answered %d, want %d", l.path, h, status, want)
		}
	}
	if n := accepted.Load() - before; n != 0 {
		x.t.Errorf("%d events of what was not signed", n)
	}
}

// signed sends what is signed, and hostile all the same.
func (x *enemy) signed() {
	x.t.Helper()
	for range hostileInputs / 2 {
		l := x.letter()
		body, contentType := x.body(l, x.spoil(l.payload))
		path := l.path
		switch x.dice.IntN(10) {
		case 0: // through another door
			path = x.letter().path
		case 1: // what is in the address is not signed
			path += "?payload=" + url.QueryEscape(string(body))
		}
		switch status := x.post(path, body, contentType, x.slack.Sign(body)); status {
		case http.StatusOK, http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default:
			x.t.Fatalf("%s %.300q is answered %d; the program logged\n%s", path, body, status, tail(x.journal.String(), 2000))
		}
	}
}

// frames writes to the sockets. What is an envelope is acknowledged, whatever is
// in it.
func (x *enemy) frames() {
	x.t.Helper()
	for range hostileInputs {
		l := x.letter()
		kind := l.kind
		if x.dice.IntN(20) == 0 {
			kind = []string{"", "hello", "workflow_step", "events_api\x00", strings.Repeat("x", 5000)}[x.dice.IntN(5)]
		}
		payload, err := json.Marshal(x.spoil(l.payload))
		if err != nil {
			x.t.Fatal(err)
		}
		switch x.dice.IntN(20) {
		case 0:
			payload = []byte([]string{"null", "[]", `""`, "1e999", "true", "[[[[{}]]]]"}[x.dice.IntN(6)])
		}
		var frame []byte
		acknowledged := x.slack.Throw(func(envelope string) []byte {
			name, _ := json.Marshal(kind)
			frame = fmt.Appendf(nil, `{"envelope_id":%q,"type":%s,"accepts_response_payload":true,"payload":%s}`, envelope, name, payload)
			return frame
		})
		if !acknowledged {
			x.t.Fatalf("%.600q is not acknowledged; the program logged\n%s", frame, tail(x.journal.String(), 2000))
		}
	}
}

var triggers = regexp.MustCompile(`trigger_id\.\d+`)

// judge looks at what has come of it all.
func (x *enemy) judge() {
	x.t.Helper()
	if err := x.quiet(); err != nil {
		x.t.Fatal(err)
	}
	help := x.channel("help")
	ts, err := x.slack.Say(slackUser("dora"), help, "", "<@"+x.slack.Bot()+"> how do I get a refund?")
	if err != nil {
		x.t.Fatal(err)
	}
	if err := x.quiet(); err != nil {
		x.t.Fatal(err)
	}
	answered := 0
	for _, m := range x.slack.Messages(help) {
		if m.Thread == ts && m.User == x.slack.Bot() && strings.Contains(m.Text, "https://help.example.com/refund") {
			answered++
		}
	}
	if answered != 1 {
		x.t.Errorf("a question is answered %d times", answered)
	}
	if pings := x.slack.Pings(); len(pings) > 0 {
		x.t.Errorf("it pings %q", pings)
	}
	for _, what := range x.slack.Violations() {
		if what != "views.open: one trigger for two views" { // which a copy of a press has
			x.t.Errorf("Slack minds: %s", what)
		}
	}
	if n := x.visits.Load(); n > 0 {
		x.t.Errorf("%d answers went to who is not Slack", n)
	}
	log := x.journal.take()
	for line := range strings.Lines(log) {
		if strings.Contains(line, "panic") {
			x.t.Errorf("the program logged: %.1000s", line)
		}
	}
	secrets := []string{x.slack.BotToken(), x.slack.AppToken(), x.slack.SigningSecret(), "/response/", "xoxb", "xapp", strings.TrimPrefix(x.lair, "http://")}
	for _, l := range x.letters {
		for _, name := range []string{"trigger_id", "response_url"} {
			if secret, _ := l.payload[name].(string); secret != "" {
				secrets = append(secrets, secret)
			}
		}
	}
	for _, secret := range secrets {
		if i := strings.Index(log, secret); i >= 0 {
			x.t.Errorf("a secret is in the log: %.200s", log[max(0, i-100):])
		}
	}
	if m := triggers.FindString(log); m != "" {
		x.t.Errorf("a trigger is in the log: %s", m)
	}
	x.close()
}
