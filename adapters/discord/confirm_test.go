package discord

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
)

// listed is a message as Discord lists it.
func listed(id, author, delivery string) string {
	return fmt.Sprintf(`{"id":%q,"author":{"id":%q},"flags":32768,"components":[{"type":17,"id":%d,"components":[{"type":10,"id":1}]}]}`, id, author, stampOf(delivery))
}

func paged(messages ...string) string { return "[" + strings.Join(messages, ",") + "]" }

// full is a page of other messages, the newest first, up to one.
func full(last int) string {
	var page []string
	for i := range perPage {
		page = append(page, listed(fmt.Sprint(last-i), "5", "two.0"))
	}
	return paged(page...)
}

func TestConfirm(t *testing.T) {
	const (
		kind, here, there, open, direct = "GET channels/200", "GET channels/200/messages", "GET channels/300/messages", "POST users/@me/channels", "GET channels/500/messages"
		read, active                    = "GET " + first, "GET guilds/100/threads/active"
		edited                          = "GET channels/200/messages/201"
	)
	mine := listed("901", "77", "one.0")
	alone := func(h chat.ReplyHandle) func(*chat.Reply) { return func(r *chat.Reply) { r.Only, r.Handle = ana, h } }
	at := func(p chat.Place) chat.Receipt { return chat.Receipt{Place: p, Message: "901"} }
	original := func(flags int, delivery string) string {
		return fmt.Sprintf(`{"id":"800","author":{"id":"77"},"flags":%d,"components":[{"id":%d}]}`, flags, stampOf(delivery))
	}
	threads := func(list ...string) string { return `{"threads":[` + strings.Join(list, ",") + `]}` }
	// ids of threads begun at noon, and long before
	now, old := idAt(noon), idAt(noon.Add(-time.Hour))
	of := func(id, parent, owner string, kind int) string {
		return fmt.Sprintf(`{"id":%q,"parent_id":%q,"owner_id":%q,"type":%d}`, id, parent, owner, kind)
	}
	inNow := "GET channels/" + now + "/messages"
	apart := chat.Apart(place, ana)
	var many []string
	for i := range maxThreads + 1 {
		many = append(many, of(idAt(noon.Add(time.Duration(i)*time.Second)), "200", "77", 12))
	}
	tests := []struct {
		name     string
		delivery chat.Delivery
		plan     map[string][]string
		calls    []string
		finding  chat.Finding
		receipt  chat.Receipt
	}{
		{"in a channel", delivery(chat.Post, place), map[string][]string{here: {paged(mine)}}, []string{kind, here}, chat.Found, at(place)},
		{"among others", delivery(chat.Post, place), map[string][]string{here: {paged("7", `{"id":7}`, `{"id":"1","components":[{"id":"x"}]}`, `{"id":"2","author":null}`, listed("903", "77", "one.1"), listed("902", "5", "one.0"), mine)}},
			[]string{kind, here}, chat.Found, at(place)},
		{"not there", delivery(chat.Post, place), nil, []string{kind, here}, chat.Absent, chat.Receipt{}},
		{"another delivery", delivery(chat.Post, place), map[string][]string{here: {paged(listed("901", "77", "one.1"))}}, []string{kind, here}, chat.Absent, chat.Receipt{}},
		{"another's message", delivery(chat.Post, place), map[string][]string{here: {paged(listed("901", "5", "one.0"))}}, []string{kind, here}, chat.Absent, chat.Receipt{}},
		{"on the second page", delivery(chat.Post, place), map[string][]string{here: {full(700), paged(mine)}}, []string{kind, here, here}, chat.Found, at(place)},
		{"too much to read", delivery(chat.Post, place), map[string][]string{here: slices.Repeat([]string{full(700)}, 9)}, []string{kind, here, here, here, here, here}, chat.Unknowable, chat.Receipt{}},
		{"not to be read", delivery(chat.Post, place), map[string][]string{here: {no(403, missingAccess, "Missing Access")}}, []string{kind, here}, chat.Unknowable, chat.Receipt{}},
		{"the channel is gone", delivery(chat.Post, place), map[string][]string{kind: {no(404, unknownChannel, "Unknown Channel")}}, []string{kind}, chat.Absent, chat.Receipt{}},

		{"in a thread", delivery(chat.Post, thread), map[string][]string{there: {paged(mine)}}, []string{there}, chat.Found, at(thread)},
		{"a thread that was not begun", delivery(chat.Post, thread), map[string][]string{there: {no(404, unknownChannel, "Unknown Channel")}}, []string{there}, chat.Absent, chat.Receipt{}},
		{"under a card", under(delivery(chat.Post, place), place, "300"), map[string][]string{there: {paged(mine)}}, []string{there}, chat.Found, at(thread)},
		{"under nothing", under(delivery(chat.Post, place), place, ""), nil, nil, chat.Absent, chat.Receipt{}},
		{"direct", delivery(chat.Post, directly), map[string][]string{direct: {paged(mine)}}, []string{open, direct}, chat.Found, at(directly)},
		{"direct, and closed", delivery(chat.Post, directly), map[string][]string{open: {no(403, closedDirect, "Cannot send messages to this user")}}, []string{open}, chat.Absent, chat.Receipt{}},

		{"a topic", delivery(chat.Post, place), map[string][]string{kind: {`{"type":15}`}, active: {threads(of(old, "200", "77", 11), of(now, "200", "77", 11))}, inNow: {paged(listed(now, "77", "one.0"))}},
			[]string{kind, active, inNow}, chat.Found, chat.Receipt{Place: place, Message: chat.MessageID(now)}},
		{"no topic", delivery(chat.Post, place), map[string][]string{kind: {`{"type":16}`}, active: {threads(of(now, "200", "77", 11))}}, []string{kind, active, inNow}, chat.Absent, chat.Receipt{}},
		{"apart", delivery(chat.Post, apart), map[string][]string{active: {threads(of(now, "200", "77", 12))}, inNow: {paged(mine)}}, []string{active, inNow}, chat.Found, at(inThread(now))},
		{"apart, and not there", delivery(chat.Post, apart), map[string][]string{active: {threads(of(now, "200", "77", 11), of(now, "201", "77", 12), of(now, "200", "5", 12), of("x", "200", "77", 12))}}, []string{active}, chat.Absent, chat.Receipt{}},
		{"apart, and too many", delivery(chat.Post, apart), map[string][]string{active: {threads(many...)}}, append([]string{active}, inEach(many)...), chat.Unknowable, chat.Receipt{}},
		{"apart, and not to be read", delivery(chat.Post, apart), map[string][]string{active: {no(403, missingAccess, "Missing Access")}}, []string{active}, chat.Unknowable, chat.Receipt{}},

		{"for one person, by interaction", changed(delivery(chat.Post, place), alone(handle)), map[string][]string{read: {original(64, "one.0")}}, []string{read}, chat.Found,
			chat.Receipt{Place: place, Message: ephemeralID(markFor("key/one"), "800")}},
		{"for one person, thought about", changed(delivery(chat.Post, place), alone(handle)), map[string][]string{read: {original(192, "")}}, []string{read}, chat.Absent, chat.Receipt{}},
		{"for one person, a later answer", changed(delivery(chat.Post, place), alone(handle)), map[string][]string{read: {original(64, "one.1")}}, []string{read}, chat.Unknowable, chat.Receipt{}},
		{"for one person, ended", changed(delivery(chat.Post, place), alone(handle)), map[string][]string{read: {no(404, 10015, "Unknown Webhook")}}, []string{read}, chat.Unknowable, chat.Receipt{}},
		{"for one person, no token", changed(delivery(chat.Post, place), alone("int/2")), nil, nil, chat.Unknowable, chat.Receipt{}},
		{"for one person, direct", changed(delivery(chat.Post, place), alone("")), map[string][]string{direct: {paged(mine)}}, []string{open, direct}, chat.Found, at(directly)},
		{"for one person, not there", changed(delivery(chat.Post, place), alone("")), nil, []string{open, direct}, chat.Absent, chat.Receipt{}},

		{"removed", standing(delivery(chat.Remove, place), place, "201"), nil, nil, chat.Absent, chat.Receipt{}},
		{"replaced", standing(delivery(chat.Replace, place), place, "201"), map[string][]string{edited: {listed("201", "77", "one.0")}}, []string{kind, edited}, chat.Found, chat.Receipt{Place: place, Message: "201"}},
		{"not replaced", standing(delivery(chat.Replace, place), place, "201"), map[string][]string{edited: {listed("201", "77", "zero.0")}}, []string{kind, edited}, chat.Absent, chat.Receipt{}},
		{"posted anew", standing(delivery(chat.Replace, place), place, "201"), map[string][]string{edited: {no(404, unknownMessage, "Unknown Message")}, here: {paged(mine)}}, []string{kind, edited, here}, chat.Found, at(place)},
		{"replaced where nothing can be read", standing(delivery(chat.Replace, place), place, "201"), map[string][]string{edited: {no(403, missingAccess, "Missing Access")}}, []string{kind, edited}, chat.Absent, chat.Receipt{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			r.keep(t, replyToken{Kind: byCommand, Channel: "200", User: "5"})
			for call, answers := range test.plan {
				r.server.plan(call, answers...)
			}
			test.delivery.Since = noon
			receipt, finding, err := r.Confirm(t.Context(), test.delivery)
			if err != nil || finding != test.finding || !receipt.Same(test.receipt) {
				t.Errorf("Confirm = %+v, %s, %v; want %+v, %s", receipt, finding, err, test.receipt, test.finding)
			}
			if diff := cmp.Diff(test.calls, r.server.calls()); diff != "" {
				t.Error(diff)
			}
			if _, direct := directTo(test.receipt.Place); finding == chat.Found && direct != (len(r.memory.cursors) > 0) {
				t.Errorf("remembered %v, marked %v", r.memory.cursors, r.memory.marked)
			}
		})
	}
}

// inEach are the calls that read the first threads of a list.
func inEach(threads []string) []string {
	var calls []string
	for _, one := range threads[:maxThreads] {
		var c channel
		if err := json.Unmarshal([]byte(one), &c); err != nil {
			panic(err)
		}
		calls = append(calls, "GET channels/"+c.ID+"/messages")
	}
	return calls
}

// What a list of messages is asked for.
func TestConfirmAsks(t *testing.T) {
	d := delivery(chat.Post, thread)
	tests := []struct {
		name  string
		since time.Time
		h     chat.ReplyHandle
		want  []string
	}{
		{"five minutes before", noon, "", []string{"limit=100&after=" + idAt(noon.Add(-5*time.Minute)), "limit=100&after=700"}},
		{"an interaction's answer stands earlier", noon, "int/2", []string{"limit=100&after=" + idAt(noon.Add(-15*time.Minute)), "limit=100&after=700"}},
		{"nobody knows since when", time.Time{}, "", []string{"limit=100"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			r.server.plan("GET channels/300/messages", full(700))
			d.Since, d.Reply.Handle = test.since, test.h
			_, finding, err := r.Confirm(t.Context(), d)
			if want := map[bool]chat.Finding{true: chat.Unknowable, false: chat.Absent}[test.since.IsZero()]; finding != want || err != nil {
				t.Errorf("Confirm = %s, %v; want %s", finding, err, want)
			}
			var got []string
			for _, r := range r.server.all() {
				got = append(got, r.query)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A name that tells a time, from Discord's documentation.
func TestIDAt(t *testing.T) {
	at := time.UnixMilli(1462015105796)
	if got := idAt(at); compareIDs(got, "175928847299117063") > 0 || compareIDs(idAt(at.Add(time.Millisecond)), "175928847299117063") <= 0 {
		t.Errorf("idAt = %s", got)
	}
	if got := idAt(time.Time{}); got != "0" {
		t.Errorf("before all time: %s", got)
	}
}

// What was sent is found by what it was sent with, whatever its first part is.
func TestConfirmFindsWhatWasSent(t *testing.T) {
	for name, blocks := range map[string][]chat.Block{
		"a sentence": {words("Hello")}, "a card": {words("Hello"), pressed}, "buttons": {pressed}, "nothing": nil,
		"a line": {{Layout: chat.Divider}, words("Hello")}, "a section": {{Layout: chat.Section, Text: chat.Plain("a"), Buttons: pressed.Buttons}},
	} {
		r := newRig(t)
		d := delivery(chat.Post, thread)
		d.Reply.Blocks = blocks
		if _, err := r.Send(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		r.server.judged(t)
		stands := r.server.last(t, "POST channels/300/messages").fields(t)
		stands["id"], stands["author"] = "901", map[string]any{"id": "77"}
		text, err := json.Marshal([]any{stands})
		if err != nil {
			t.Fatal(err)
		}
		r.server.plan("GET channels/300/messages", string(text))
		receipt, finding, err := r.Confirm(t.Context(), d)
		if err != nil || finding != chat.Found || receipt.Message != "901" {
			t.Errorf("%s: Confirm = %+v, %s, %v", name, receipt, finding, err)
		}
	}
}

func TestConfirmErrors(t *testing.T) {
	for _, test := range []struct {
		name     string
		delivery chat.Delivery
		call     string
	}{
		{"channel", delivery(chat.Post, place), "GET channels/200"},
		{"messages", delivery(chat.Post, place), "GET channels/200/messages"},
		{"direct", delivery(chat.Post, directly), "POST users/@me/channels"},
		{"private", changed(delivery(chat.Post, place), func(r *chat.Reply) { r.Only, r.Handle = ana, handle }), "GET " + first},
		{"edited", standing(delivery(chat.Replace, thread), thread, "301"), "GET channels/300/messages/301"},
		{"where", standing(delivery(chat.Replace, place), place, "201"), "GET channels/200"},
		{"threads", delivery(chat.Post, chat.Apart(place, ana)), "GET guilds/100/threads/active"},
	} {
		for _, answer := range []string{"500", `429 {"retry_after":1}`, "200 {"} {
			r := newRig(t)
			r.keep(t, replyToken{Kind: byCommand, Channel: "200"})
			r.server.plan(test.call, answer, answer)
			if receipt, finding, err := r.Confirm(t.Context(), test.delivery); err == nil || finding != "" || !receipt.IsZero() {
				t.Errorf("%s %s: Confirm = %+v, %q, %v", test.name, answer, receipt, finding, err)
			}
		}
	}
	r := newRig(t)
	r.self.Store(nil)
	if _, _, err := r.Confirm(t.Context(), delivery(chat.Post, place)); !errors.Is(err, errSigningIn) {
		t.Errorf("Confirm = %v before anything is known of us", err)
	}
}

// FuzzMessages: whatever a page holds, reading it does not fail, and what has no
// name of a message is no message.
func FuzzMessages(f *testing.F) {
	f.Add([]byte(paged(listed("901", "77", "one.0"), "7", "null", `{"id":"1","components":[{"id":"x"}]}`)))
	f.Add([]byte(`[{"id":"901","author":{"id":"77"},"components":[{"id":1e30}]}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var raw []json.RawMessage
		if json.Unmarshal(body, &raw) != nil {
			return
		}
		page := parseMessages(raw)
		if len(page) != len(raw) {
			t.Errorf("%d of %d messages", len(page), len(raw))
		}
		for _, m := range page {
			if !isID(m.ID) {
				t.Errorf("id %q", m.ID)
			}
			for _, file := range m.files() {
				if !isID(file.ID) || plainName(file.Name) != file.Name {
					t.Errorf("file %+v", file)
				}
			}
		}
	})
}
