package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/signpost-bot/signpost/adapters/discord"
	"github.com/signpost-bot/signpost/adapters/discord/discordtest"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/config"
)

// raids are how much of what no Discord would send comes in each of four ways.
const raids = 2500

// poisons are values that break what is not careful, and pinging texts.
var poisons = []any{
	nil, true, -1, 1e300, json.Number("99999999999999999999999999"), "", " ", "0", "..", "../../etc/passwd", "99999999999999999999", "18446744073709551615",
	"@everyone", "@here <@&1> <@1> <@!1>", "<@&1000000000000000002>", "[x](https://evil.example) @everyone", "\u202egnp.exe\u2066@everyone\u2069", "@\u200beveryone",
	"\x00\x01\x1b[31m", "\xff\xfe\xc3\x28", json.RawMessage(`"\ud800"`), strings.Repeat("@everyone ", 4000), strings.Repeat("\u0301", 3000), strings.Repeat("\u0439", 40_000),
	"contact:x", "claim:T-1", "reply:T-1:@everyone", "form-again:1", "undo:T-1:-1", ":::", strings.Repeat("a:", 200), "{", "<@1000000000000000001> claim T-1",
	json.RawMessage(`[]`), json.RawMessage(`{}`), json.RawMessage(`[null,1,"x"]`), json.RawMessage(`{"":{"":null}}`), json.RawMessage(strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000)),
	json.RawMessage(`{"type":999,"components":[{"type":1000}]}`), "@signpost claim", pinging,
}

// A raid is whoever throws things at a guild.
type raid struct {
	*guild
	dice         *rand.Rand
	interactions []object // as Discord really sends them
	dispatches   map[string]object
	count        int
}

// poison puts poisons in a few places of a value, and now and then calls it by
// a new id.
func (x *raid) poison(v object) []byte {
	var fresh map[string]any
	raw, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(raw, &fresh)
	}
	if err != nil {
		x.t.Fatal(err)
	}
	if x.count++; x.dice.IntN(3) > 0 { // else it may be a copy
		fresh["id"] = fmt.Sprint(1500000000000000000 + x.count)
	}
	for range 1 + x.dice.IntN(3) {
		var at any = fresh
		for deep := x.dice.IntN(5); ; deep-- {
			switch inner := at.(type) {
			case map[string]any:
				if len(inner) == 0 {
					break
				}
				name := slices.Sorted(maps.Keys(inner))[x.dice.IntN(len(inner))]
				if next, ok := inner[name].(map[string]any); ok && deep > 0 {
					at = next
					continue
				}
				if next, ok := inner[name].([]any); ok && deep > 0 && len(next) > 0 {
					at = next
					continue
				}
				inner[name] = poisons[x.dice.IntN(len(poisons))]
			case []any:
				n := x.dice.IntN(len(inner))
				if next, ok := inner[n].(map[string]any); ok && deep > 0 {
					at = next
					continue
				}
				inner[n] = poisons[x.dice.IntN(len(poisons))]
			}
			break
		}
	}
	if raw, err = json.Marshal(fresh); err != nil {
		x.t.Fatal(err)
	}
	return raw
}

// spoil breaks the bytes now and then, too.
func (x *raid) spoil(raw []byte) []byte {
	switch at := x.dice.IntN(len(raw)); x.dice.IntN(16) {
	case 0:
		return raw[:at]
	case 1:
		raw[at] ^= byte(1 + x.dice.IntN(255))
	case 2:
		return slices.Insert(raw, at, []byte("\x00\xff{")...)
	}
	return raw
}

// post brings a request to the door, and returns the status.
func (x *raid) post(body []byte, h http.Header) int {
	x.t.Helper()
	r, err := http.NewRequestWithContext(x.ctx, http.MethodPost, x.running[0].door.URL+discord.InteractionsPath, bytes.NewReader(body))
	if err != nil {
		x.t.Fatal(err)
	}
	r.Header = h
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		x.t.Fatal(err)
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, answer.Body) // so that the connection goes on
	return answer.StatusCode
}

// forge is the headers of a request that Discord has not signed, or not now.
func (x *raid) forge(body []byte) http.Header {
	const stamp, signature = "X-Signature-Timestamp", "X-Signature-Ed25519"
	h := x.discord.Sign(body)
	good := h.Get(signature)
	_, other, err := ed25519.GenerateKey(nil)
	if err != nil {
		x.t.Fatal(err)
	}
	unix := func(d time.Duration) string { return fmt.Sprint(x.clock.Now().Add(d).Unix()) }
	changes := []func(){
		func() { h.Del(signature) },
		func() { h.Del(stamp) },
		func() { h = http.Header{} },
		func() { h.Set(stamp, unix(time.Second)) },
		func() { h.Set(stamp, unix(-time.Hour)) },
		func() { h.Set(stamp, "0"+h.Get(stamp)) },
		func() { h.Set(stamp, "99999999999999999999") },
		func() { h.Set(stamp, "-1") },
		func() { h.Set(stamp, "now") },
		func() { h.Set(signature, good[2:]) },
		func() { h.Set(signature, good+"00") },
		func() { h.Set(signature, strings.Repeat("0", len(good))) },
		func() { h.Set(signature, "\u202e") },
		func() {
			h.Set(signature, hex.EncodeToString(ed25519.Sign(other, append([]byte(h.Get(stamp)), body...))))
		},
		func() { h = x.discord.Sign(append(slices.Clone(body), ' ')) }, // of another body
	}
	changes[x.dice.IntN(len(changes))]()
	return h
}

// TestHostileDiscord throws ten thousand things at the whole program, through
// both of Discord's doors: forged, replayed, broken, huge and deep ones. It does
// not fall, nobody is pinged, no secret gets into the log, and what Discord has
// not signed is not even read. Then it answers a question.
func TestHostileDiscord(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	on := newGuild(ctx, t, discordtest.Options{MessageContent: true, Limit: 1 << 30, Replayed: 1 << 20}, config.Discord{Mode: "gateway", Answers: "reply"}, []txtar.File{
		{Name: "signpost.yaml", Data: []byte("desks: [{name: support, channels: ['desk:#desk']}]\n")}, {Name: "knowledge/refund.md", Data: []byte(oneArticle)},
	})
	x := &raid{guild: on, dice: rand.New(rand.NewPCG(8, 8))}
	x.record()
	if err := on.running[0].halt(); err != nil {
		t.Fatal(err)
	}
	// The program that is attacked tells what it takes in.
	on.journal.take()
	on.level, on.running = "info", nil
	var accepted atomic.Int64
	store := &mortal{Store: on.store, before: func(chat.Event) { accepted.Add(1) }}
	on.parts = on.launch(store).parts
	on.await("it has caught up", func() bool { return strings.Contains(on.journal.String(), "caught up with") })
	if err := on.quiet(); err != nil {
		t.Fatal(err)
	}
	x.unsigned(&accepted)
	x.signed()
	x.gateway()
	if n := accepted.Load(); n < raids/2 {
		t.Errorf("only %d of all that was events", n)
	}
	x.judge()
}

// record keeps one of each thing that Discord sends.
func (x *raid) record() {
	x.t.Helper()
	var mu sync.Mutex
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var o object
		if err != nil || json.Unmarshal(body, &o) != nil {
			return
		}
		mu.Lock()
		x.interactions = append(x.interactions, o)
		mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		out, err := http.NewRequestWithContext(r.Context(), r.Method, x.running[0].door.URL+r.URL.Path, bytes.NewReader(body))
		if err != nil {
			return
		}
		out.Header = r.Header
		answer, err := http.DefaultClient.Do(out)
		if err != nil {
			return
		}
		defer answer.Body.Close()
		w.WriteHeader(answer.StatusCode)
		io.Copy(w, answer.Body) // or Discord gives up
	}))
	defer door.Close()
	x.discord.DeliverTo(door.URL)
	defer x.discord.DeliverTo("")
	must := func(err error) {
		x.t.Helper()
		if err != nil {
			x.t.Fatal(err)
		}
		if err := x.quiet(); err != nil {
			x.t.Fatal(err)
		}
	}
	asker, ana, help := x.people["asker"], x.people["ana"], x.channel("#help")
	id, err := x.discord.Say(asker, help, "<@"+x.discord.Bot()+"> how do I get a refund?")
	must(err)
	must(x.discord.Slash(asker, help, "/ask", map[string]string{"question": "how do I get a refund?"}))
	for _, m := range slices.Clone(x.discord.Messages(help)) {
		s, err := x.see(m)
		must(err)
		if i := slices.IndexFunc(s.offers, func(o offer) bool { return o.label == "Contact us" }); i >= 0 && m.Only == "" && x.discord.Modal(asker) == nil {
			must(x.discord.Press(asker, help, m.ID, s.offers[i].id))
			must(x.discord.Submit(asker, nil))
		}
		if i := slices.IndexFunc(s.offers, func(o offer) bool { return o.label == "This helped" }); i >= 0 && m.Only == asker { // an ephemeral one
			must(x.discord.Press(asker, help, m.ID, s.offers[i].id))
		}
	}
	for _, c := range x.bot.Commands() {
		if c.Menu != "" {
			must(x.discord.Menu(ana, c.Menu, help, id))
		}
	}
	_, err = x.discord.Autocomplete(asker, help, "/ask", "question", "ref")
	must(err)
	must(x.discord.Slash(ana, help, "/ticket claim", map[string]string{"ticket": "T-1"}))
	kinds := map[string]bool{}
	for _, o := range x.interactions {
		kinds[fmt.Sprint(o["type"])] = true
	}
	if len(kinds) < 4 || len(x.interactions) < 7 {
		x.t.Fatalf("Discord has only brought %d interactions, of the types %q", len(x.interactions), slices.Sorted(maps.Keys(kinds)))
	}
	x.dispatches = map[string]object{}
	in := func(more object) object {
		o := object{"channel_id": help, "guild_id": x.discord.GuildID()}
		maps.Copy(o, more)
		return o
	}
	author := object{"id": asker, "username": "asker", "global_name": pinging}
	said := in(object{
		"id": "1500000000000000000", "type": 0, "content": "<@" + x.discord.Bot() + "> how do I get a refund? " + pinging, "author": author,
		"member": object{"nick": "\u202e@everyone", "roles": []any{x.discord.GuildID()}}, "mentions": []any{author},
		"attachments": []any{object{"id": "7", "filename": "a.png", "size": 1}}, "referenced_message": object{"id": "8", "author": object{"id": x.discord.Bot()}},
		"components": []any{object{"type": 17, "components": []any{}}}, "embeds": []any{object{}}, "edited_timestamp": "2026-03-02T12:00:00+00:00",
	})
	thread := in(object{"id": "1500000000000000001", "type": 11, "parent_id": help, "name": "@everyone", "owner_id": asker})
	x.dispatches = map[string]object{
		"MESSAGE_CREATE": said, "MESSAGE_UPDATE": said, "MESSAGE_DELETE": in(object{"id": id}), "MESSAGE_DELETE_BULK": in(object{"ids": []any{id, "1"}}),
		"MESSAGE_REACTION_ADD": in(object{"user_id": ana, "message_id": id, "member": object{"user": author}, "emoji": object{"name": "🎫"}}),
		"THREAD_CREATE":        thread, "THREAD_UPDATE": thread, "THREAD_DELETE": thread, "CHANNEL_UPDATE": thread,
		"GUILD_CREATE":      object{"id": "7", "channels": []any{thread}, "threads": []any{thread}, "roles": []any{object{"id": "1", "name": "@everyone"}}},
		"GUILD_ROLE_UPDATE": object{"guild_id": "7", "role": object{"id": "1", "name": "x"}}, "GUILD_ROLE_DELETE": object{"guild_id": "7", "role_id": "1"},
		"SOMETHING_NEW": said, "": said,
	}
}

// unsigned sends what Discord has not signed, or not now. Nothing of it is read.
func (x *raid) unsigned(accepted *atomic.Int64) {
	x.t.Helper()
	before := accepted.Load()
	for range raids {
		body := x.spoil(x.poison(x.interactions[x.dice.IntN(len(x.interactions))]))
		if x.dice.IntN(20) == 0 {
			body = []byte(`{"type":1}`)
		}
		h := x.forge(body)
		if status := x.post(body, h); status != http.StatusUnauthorized {
			x.t.Fatalf("%.300q with %v is answered %d", body, h, status)
		}
	}
	if n := accepted.Load() - before; n != 0 {
		x.t.Errorf("%d events of what was not signed", n)
	}
}

// signed sends what is signed, and hostile all the same.
func (x *raid) signed() {
	x.t.Helper()
	for range raids {
		body := x.spoil(x.poison(x.interactions[x.dice.IntN(len(x.interactions))]))
		switch status := x.post(body, x.discord.Sign(body)); status {
		case http.StatusOK, http.StatusBadRequest:
		default:
			x.t.Fatalf("%.300q is answered %d; the program logged\n%s", body, status, tail(x.journal.String(), 2000))
		}
	}
}

// gateway has Discord tell what did not happen, and write what is no frame.
func (x *raid) gateway() {
	x.t.Helper()
	names := slices.Sorted(maps.Keys(x.dispatches))
	for n := range 2 * raids {
		name, what := "INTERACTION_CREATE", x.interactions[x.dice.IntN(len(x.interactions))]
		if x.dice.IntN(3) > 0 {
			name = names[x.dice.IntN(len(names))]
			what = x.dispatches[name]
		}
		var fresh object
		raw := x.poison(what)
		if x.dice.IntN(50) == 0 {
			x.discord.EmitRaw(string(x.spoil(fmt.Appendf(nil, `{"op":%d,"t":%q,"d":%s}`, []int{0, 3, 11, 12, 99, -1}[x.dice.IntN(6)], name, raw))))
			continue
		}
		if err := json.Unmarshal(raw, &fresh); err != nil {
			x.t.Fatalf("%.300q: %v", raw, err)
		}
		x.discord.Emit(name, fresh)
		if n%100 == 0 {
			// Discord is not asked what was read: so many heartbeats would be too many.
			if err := x.events.Quiet(x.ctx); err != nil {
				x.t.Fatal(err)
			}
		}
	}
}

// judge looks at what has come of it all.
func (x *raid) judge() {
	x.t.Helper()
	channel := x.channel("#later")
	id, err := x.discord.Say(x.people["dora"], channel, "<@"+x.discord.Bot()+"> how do I get a refund?")
	if err != nil {
		x.t.Fatal(err)
	}
	answers := func() (n int) {
		for _, m := range x.discord.Messages(channel) {
			if m.Author == x.discord.Bot() && m.ReplyTo == id && strings.Contains(string(m.Components), "https://help.example.com/refund") {
				n++
			}
		}
		return n
	}
	x.await("the question is answered", func() bool { return answers() > 0 })
	if err := x.events.Quiet(x.ctx); err != nil {
		x.t.Fatal(err)
	}
	answered := answers()
	if answered != 1 {
		x.t.Errorf("a question is answered %d times; the program logged\n%s", answered, tail(x.journal.String(), 2000))
	}
	if pings := x.discord.Pings(); len(pings) > 0 {
		x.t.Errorf("it pings %q", pings)
	}
	for _, v := range x.discord.Violations() {
		x.t.Errorf("Discord minds: %.500s", v)
	}
	log := x.journal.take()
	for line := range strings.Lines(log) {
		if strings.Contains(line, "panic") {
			x.t.Errorf("the program logged: %.1000s", line)
		}
	}
	secrets := []string{x.discord.Token(), "webhooks/1", x.discord.URL()}
	for _, o := range x.interactions {
		if token, _ := o["token"].(string); token != "" {
			secrets = append(secrets, token)
		}
	}
	for _, secret := range secrets {
		if i := strings.Index(log, secret); i >= 0 {
			x.t.Errorf("a secret is in the log: %.300s", log[max(0, i-200):])
		}
	}
	for _, p := range x.running {
		if err := p.halt(); err != nil {
			x.t.Error(err)
		}
	}
	x.discord.Close()
	if err := x.store.Close(); err != nil {
		x.t.Error(err)
	}
}
