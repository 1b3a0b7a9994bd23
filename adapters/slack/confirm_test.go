package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// message is one as Slack lists it.
func message(id string, more ...string) string {
	return fmt.Sprintf(`{"type":"message","ts":%q%s}`, id, strings.Join(append([]string{""}, more...), ","))
}

const (
	ours   = `"user":"UBOT"`
	asBot  = `"bot_id":"BBOT"`
	other  = `"user":"U1"`
	withID = `"metadata":{"event_type":"signpost_reply","event_payload":{"id":"one.0"}}`
	// What Slack's library does not know, anywhere in a message.
	unknownBlock = `"blocks":[{"type":"actions","elements":[{"type":"hologram"}]}]`
)

// listed is an answer of messages; next is the cursor of the next one.
func listed(next string, messages ...string) string {
	return fmt.Sprintf(`{"ok":true,"has_more":%v,"messages":[%s],"response_metadata":{"next_cursor":%q}}`, next != "", strings.Join(messages, ","), next)
}

func TestConfirm(t *testing.T) {
	const id = "1600000000.000005"
	no := func(name string) string { return fmt.Sprintf(`{"ok":false,"error":%q}`, name) }
	inThread := func(d chat.Delivery) chat.Delivery {
		return with(d, func(r *chat.Reply) { r.Handle = "in/1500000000.000001" })
	}
	alone := func(r *chat.Reply) { r.Only = ana }
	const history, replies, open = "conversations.history", "conversations.replies", "conversations.open"
	at := func(p chat.Place) chat.Receipt { return chat.Receipt{Place: p, Message: id} }
	full := slices.Repeat([]string{listed("more", message("1600000000.000001", other))}, 6)
	tests := []struct {
		name     string
		delivery chat.Delivery
		history  []string
		replies  []string
		calls    []string
		finding  chat.Finding
		receipt  chat.Receipt
	}{
		{"in a channel", delivery(chat.Post, channel), []string{listed("", message(id, ours, withID))}, nil, []string{history}, chat.Found, at(channel)},
		{"by the bot's id", delivery(chat.Post, channel), []string{listed("", message(id, asBot, withID))}, nil, []string{history}, chat.Found, at(channel)},
		{"among others", delivery(chat.Post, channel), []string{listed("", message("1600000000.000009", other, unknownBlock), `7`, `{"ts":7}`, `{"ts":"1600000000.000008","metadata":{"event_payload":[]}}`, message(id, ours, withID))}, nil, []string{history}, chat.Found, at(channel)},
		{"on the second page", delivery(chat.Post, channel), []string{listed("more"), listed("", message(id, ours, withID))}, nil, []string{history, history}, chat.Found, at(channel)},
		{"not there", delivery(chat.Post, channel), []string{listed("", message(id, ours))}, nil, []string{history}, chat.Absent, chat.Receipt{}},
		{"another's copy", delivery(chat.Post, channel), []string{listed("", message(id, other, withID))}, nil, []string{history}, chat.Absent, chat.Receipt{}},
		{"another delivery", delivery(chat.Post, channel), []string{listed("", message(id, ours, strings.Replace(withID, "one.0", "one.1", 1)))}, nil, []string{history}, chat.Absent, chat.Receipt{}},
		{"an id that is none", delivery(chat.Post, channel), []string{listed("", message(id, ours, strings.Replace(withID, `"one.0"`, "1", 1)))}, nil, []string{history}, chat.Absent, chat.Receipt{}},
		{"too much to read", delivery(chat.Post, channel), full, nil, []string{history, history, history, history, history}, chat.Unknowable, chat.Receipt{}},
		{"more, and no cursor", delivery(chat.Post, channel), []string{`{"ok":true,"has_more":true}`}, nil, []string{history}, chat.Unknowable, chat.Receipt{}},
		{"no scope", delivery(chat.Post, channel), []string{no("missing_scope")}, nil, []string{history}, chat.Unknowable, chat.Receipt{}},
		{"not in the channel", delivery(chat.Post, channel), []string{no("not_in_channel")}, nil, []string{history}, chat.Unknowable, chat.Receipt{}},

		{"in a thread", delivery(chat.Post, thread), nil, []string{listed("", message(id, ours, withID))}, []string{replies}, chat.Found, at(thread)},
		{"not in the thread", delivery(chat.Post, thread), nil, []string{listed("")}, []string{replies}, chat.Absent, chat.Receipt{}},
		{"the thread is gone", delivery(chat.Post, thread), []string{listed("")}, []string{no("thread_not_found")}, []string{replies, history}, chat.Absent, chat.Receipt{}},
		{"beside the thread, which is gone", delivery(chat.Post, thread), []string{listed("", message(id, ours, withID))}, []string{no("thread_not_found")}, []string{replies, history, "chat.delete"}, chat.Absent, chat.Receipt{}},
		{"a private thread", delivery(chat.Post, chat.Apart(channel, ana)), nil, nil, nil, chat.Absent, chat.Receipt{}},
		{"under nothing", with(delivery(chat.Post, channel), func(r *chat.Reply) { r.Under = "card" }), nil, nil, nil, chat.Absent, chat.Receipt{}},

		{"direct", delivery(chat.Post, directly), []string{listed("", message(id, ours, withID))}, nil, []string{open, history}, chat.Found, at(directly)},
		{"direct, in a thread", inThread(delivery(chat.Post, directly)), nil, []string{listed("", message(id, ours, withID))}, []string{open, replies}, chat.Found, at(directly)},
		{"direct, beside the thread", inThread(delivery(chat.Post, directly)), []string{listed("", message(id, ours, withID))}, nil, []string{open, replies, history}, chat.Found, at(directly)},
		{"direct, and the thread is gone", inThread(delivery(chat.Post, directly)), []string{listed("", message(id, ours, withID))}, []string{no("thread_not_found")}, []string{open, replies, history}, chat.Found, at(directly)},
		{"direct, not there", inThread(delivery(chat.Post, directly)), nil, nil, []string{open, replies, history}, chat.Absent, chat.Receipt{}},

		{"for one person", with(delivery(chat.Post, channel), alone), nil, nil, nil, chat.Unknowable, chat.Receipt{}},
		{"replaced for one person", with(stands(delivery(chat.Replace, channel), channel, "eph/0123456789"), alone), nil, nil, nil, chat.Unknowable, chat.Receipt{}},
		{"the answer of a command", with(delivery(chat.Post, directly), func(r *chat.Reply) { r.Handle = handle }), nil, nil, nil, chat.Unknowable, chat.Receipt{}},
		{"removed", stands(delivery(chat.Remove, channel), channel, id), nil, nil, nil, chat.Absent, chat.Receipt{}},

		{"replaced", stands(delivery(chat.Replace, channel), channel, id), nil, []string{listed("", message(id, ours, withID))}, []string{replies}, chat.Found, at(channel)},
		{"replaced in a thread", stands(delivery(chat.Replace, thread), thread, id), nil, []string{listed("", message(thread.Thread, other), message(id, ours, withID))}, []string{replies}, chat.Found, at(thread)},
		{"replaced, direct", stands(delivery(chat.Replace, directly), directly, id), nil, []string{listed("", message(id, ours, withID))}, []string{open, replies}, chat.Found, at(directly)},
		{"not replaced", stands(delivery(chat.Replace, channel), channel, id), nil, []string{listed("", message(id, ours))}, []string{replies, history}, chat.Absent, chat.Receipt{}},
		{"posted anew", stands(delivery(chat.Replace, channel), channel, "1600000000.000001"), []string{listed("", message(id, ours, withID))}, []string{no("thread_not_found")}, []string{replies, history}, chat.Found, at(channel)},
		{"replaced where nothing can be read", stands(delivery(chat.Replace, channel), channel, id), []string{no("missing_scope")}, []string{no("missing_scope")}, []string{replies, history}, chat.Unknowable, chat.Receipt{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			r.server.plan(history, test.history...)
			r.server.plan(replies, test.replies...)
			receipt, finding, err := r.Confirm(t.Context(), test.delivery)
			if err != nil || finding != test.finding || !receipt.Same(test.receipt) {
				t.Errorf("Confirm = %+v, %s, %v; want %+v, %s", receipt, finding, err, test.receipt, test.finding)
			}
			if got := r.server.calls(); !slices.Equal(got, test.calls) {
				t.Errorf("called %q, want %q", got, test.calls)
			}
		})
	}
}

// What the history is asked.
func TestConfirmAsks(t *testing.T) {
	tests := []struct {
		place  chat.Place
		since  time.Time
		method string
		want   map[string]string
	}{
		{channel, noon, "conversations.history", map[string]string{"channel": "C1", "oldest": "1772452500.000000"}},
		{channel, time.Time{}, "conversations.history", map[string]string{"channel": "C1"}},
		{thread, noon.Add(1500 * time.Microsecond), "conversations.replies", map[string]string{"channel": "C1", "ts": thread.Thread, "oldest": "1772452500.001500"}},
	}
	for _, test := range tests {
		r := newRig(t)
		d := delivery(chat.Post, test.place)
		d.Since = test.since
		r.server.plan(test.method, listed("next"))
		if _, finding, err := r.Confirm(t.Context(), d); err != nil || finding != chat.Absent {
			t.Fatalf("Confirm = %s, %v", finding, err)
		}
		got := r.server.last(t, test.method)
		if got.header.Get("Authorization") != "Bearer "+botToken {
			t.Error("asked without the token")
		}
		test.want["limit"], test.want["include_all_metadata"], test.want["inclusive"], test.want["cursor"] = "200", "true", "true", "next"
		for name, value := range test.want {
			if got.form.Get(name) != value {
				t.Errorf("%s = %q, want %q", name, got.form.Get(name), value)
			}
		}
		if len(got.form) != len(test.want) {
			t.Errorf("asked %v", got.form)
		}
	}
}

// While nothing can be learned, nothing is said.
func TestConfirmFails(t *testing.T) {
	for _, answer := range []string{"cut", "HTTP 500", "HTTP 429 after 5", "{", `{"ok":false,"error":"internal_error"}`, `{"ok":false}`} {
		r := newRig(t)
		r.server.plan("conversations.history", answer)
		_, finding, err := r.Confirm(t.Context(), delivery(chat.Post, channel))
		if err == nil || finding != "" {
			t.Errorf("%s: Confirm = %s, %v", answer, finding, err)
		}
		r.discreet(t, err)

		r.server.plan("conversations.replies", answer)
		if _, finding, err := r.Confirm(t.Context(), stands(delivery(chat.Replace, channel), channel, "1600000000.000005")); err == nil || finding != "" {
			t.Errorf("%s: Confirm of a Replace = %s, %v", answer, finding, err)
		}
		r.server.plan("conversations.open", answer)
		if _, finding, err := r.Confirm(t.Context(), delivery(chat.Post, directly)); err == nil || finding != "" {
			t.Errorf("%s: Confirm of a direct message = %s, %v", answer, finding, err)
		}
	}
	r := newRig(t)
	r.self.Store(nil)
	if _, _, err := r.Confirm(t.Context(), delivery(chat.Post, channel)); err == nil {
		t.Error("confirmed before it was known who we are")
	}
}

// A message that was found may have lost its files.
func TestConfirmFiles(t *testing.T) {
	const id = "1600000000.000005"
	files := func(names ...string) string {
		var list []string
		for _, name := range names {
			list = append(list, fmt.Sprintf(`{"id":"F1","name":%q}`, name))
		}
		return `"files":[` + strings.Join(list, ",") + `]`
	}
	lost := func(names ...string) []chat.Missing {
		var list []chat.Missing
		for _, name := range names {
			list = append(list, chat.Missing{Name: name, Cause: "nobody knows whether it arrived"})
		}
		return list
	}
	tests := []struct {
		name  string
		after []string // messages
		want  []chat.Missing
	}{
		{"all there", []string{message(id, ours, withID), message("1600000000.000006", ours, files("a.txt", "b.txt", "b.txt"))}, nil},
		{"in two messages", []string{message("1600000000.000007", ours, files("b.txt", "a.txt")), message("1600000000.000006", asBot, files("b.txt"))}, nil},
		{"none", []string{message(id, ours, withID)}, lost("/srv/a.txt", "b.txt", "b.txt")},
		{"one", []string{message("1600000000.000006", ours, files("b.txt"))}, lost("/srv/a.txt", "b.txt")},
		{"someone else's", []string{message("1600000000.000006", other, files("a.txt", "b.txt", "b.txt"))}, lost("/srv/a.txt", "b.txt", "b.txt")},
		{"of another reply", []string{message("1600000000.000006", ours, strings.Replace(withID, "one", "two", 1)), message("1600000000.000007", ours, files("a.txt", "b.txt", "b.txt"))}, lost("/srv/a.txt", "b.txt", "b.txt")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			d := with(delivery(chat.Post, channel), func(r *chat.Reply) {
				for _, name := range []string{"/srv/a.txt", "b.txt", "b.txt"} {
					r.Files = append(r.Files, chat.Attachment{File: chat.File{Name: name}})
				}
			})
			r.server.plan("conversations.history", listed("", message(id, ours, withID)), listed("", test.after...))
			receipt, finding, err := r.Confirm(t.Context(), d)
			if err != nil || finding != chat.Found || !slices.Equal(receipt.Missing, test.want) {
				t.Errorf("Confirm = %+v, %s, %v; want %v missing", receipt, finding, err, test.want)
			}
			if form := r.server.last(t, "conversations.history").form; form.Get("oldest") != id || form.Get("latest") != "1600000300.000005" {
				t.Errorf("asked %v", form)
			}
		})
	}
	r := newRig(t)
	r.server.plan("conversations.history", listed("", message(id, ours, withID)), "HTTP 500")
	d := with(delivery(chat.Post, channel), func(r *chat.Reply) { r.Files = []chat.Attachment{{}} })
	if _, _, err := r.Confirm(t.Context(), d); err == nil {
		t.Error("confirmed without knowing of the files")
	}
}

// FuzzListing: whatever Slack answers, only messages that can be named are
// kept, and a refusal is told by its name.
func FuzzListing(f *testing.F) {
	for _, body := range []string{
		listed("", message("1600000000.000005", ours, withID)), listed("x", message("1600000000.000005", unknownBlock)), `{"ok":true,"messages":[{"ts":"x"},7,null]}`,
		`{"ok":false,"error":"missing_scope","needed":"channels:history"}`, `{"ok":true,"messages":{}}`, `{"ok":false,"error":"xoxb-secret"}`, "{", "", "null",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := parseListing(body)
		if err != nil {
			if len(got.Messages) > 0 {
				t.Errorf("an error, and %d messages", len(got.Messages))
			}
			return
		}
		if !json.Valid(body) {
			t.Errorf("read from what is no JSON: %+v", got)
		}
		for _, m := range got.Messages {
			if !isTS(m.TS) || m.delivery() != "" && m.Metadata.Type != eventType {
				t.Errorf("a message %+v", m)
			}
		}
	})
}

func TestReadGone(t *testing.T) {
	r := newRig(t)
	r.server.plan("conversations.replies", listed(""), `{"ok":false,"error":"message_not_found"}`, "HTTP 500")
	for _, want := range []bool{true, true, false} {
		if _, err := r.read(t.Context(), spot{channel: "C1"}, "1600000000.000005"); err == nil || errors.Is(err, errGone) != want {
			t.Errorf("read = %v, want gone: %v", err, want)
		}
	}
}
