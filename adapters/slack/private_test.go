package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/signpost-bot/signpost/bot/chat"
)

// What is for one person alone goes by the response_url while Slack takes it,
// then as an ephemeral message, then as a direct message, and never where
// others read it.
func TestPrivate(t *testing.T) {
	mark := markFor("key/one")
	eph := chat.MessageID("eph/" + mark)
	const posted = "1700000000.000001"
	private := func(deed chat.Deed, place chat.Place) chat.Delivery {
		return with(delivery(deed, place), func(r *chat.Reply) { r.Only, r.Handle = ana, handle })
	}
	unasked := func(place chat.Place) chat.Delivery {
		return with(delivery(chat.Post, place), func(r *chat.Reply) { r.Only = ana })
	}
	command := with(delivery(chat.Post, directly), func(r *chat.Reply) { r.Handle = handle })
	here := replyToken{Channel: "C1"}
	of := func(mark string) *replyToken { return &replyToken{Channel: "C1", Mark: mark} }
	no := func(name string) string { return fmt.Sprintf(`{"ok":false,"error":%q}`, name) }
	const url, ephemerally, open, post = "/answer/secret", "chat.postEphemeral", "conversations.open", "chat.postMessage"
	shown, told := chat.Receipt{Place: channel, Message: eph}, chat.Receipt{Place: directly, Message: posted}
	tests := []struct {
		name     string
		delivery chat.Delivery
		token    *replyToken
		plan     map[string]string
		calls    []string
		receipt  chat.Receipt
	}{
		{"answered", private(chat.Post, channel), &here, nil, []string{url}, shown},
		{"answered in JSON", private(chat.Post, channel), &here, map[string]string{url: `{"ok":true}`}, []string{url}, shown},
		{"answered in a thread", private(chat.Post, thread), &here, nil, []string{url}, chat.Receipt{Place: thread, Message: eph}},
		{"a token of another channel", private(chat.Post, channel), &replyToken{Channel: "C2"}, nil, []string{ephemerally}, shown},
		{"a token that leads elsewhere", private(chat.Post, channel), &replyToken{URL: "https://evil.example/secret", Channel: "C1"}, nil, []string{ephemerally}, shown},
		{"a token used up", private(chat.Post, channel), nil, nil, []string{ephemerally}, shown},
		{"no token", unasked(channel), nil, nil, []string{ephemerally}, shown},
		{"ended", private(chat.Post, channel), &here, map[string]string{url: "HTTP 404: " + no("expired_url")}, []string{url, ephemerally}, shown},
		{"ended with status 200", private(chat.Post, channel), &here, map[string]string{url: no("used_url")}, []string{url, ephemerally}, shown},
		{"refused for another reason", private(chat.Post, channel), &here, map[string]string{url: "channel_not_found"}, []string{url, ephemerally}, shown},
		{"not in the channel", unasked(channel), nil, map[string]string{ephemerally: no("user_not_in_channel")}, []string{ephemerally, open, post}, told},
		{"the bot is not in the channel", unasked(channel), nil, map[string]string{ephemerally: no("not_in_channel")}, []string{ephemerally, open, post}, told},
		{"no such channel for us", private(chat.Post, thread), nil, map[string]string{ephemerally: no("channel_not_found")}, []string{ephemerally, open, post}, told},

		{"replaced", stands(private(chat.Replace, channel), channel, eph), of(mark), nil, []string{url}, shown},
		{"another message was pressed", stands(private(chat.Replace, channel), channel, eph), of("0123456789"), nil, []string{url}, shown},
		{"no message was pressed", stands(private(chat.Replace, channel), channel, eph), &here, nil, []string{url}, shown},
		{"replaced too late", stands(private(chat.Replace, channel), channel, eph), nil, nil, []string{ephemerally}, shown},
		{"removed", stands(private(chat.Remove, channel), channel, eph), of(mark), nil, []string{url}, shown},
		{"another is not removed", stands(private(chat.Remove, channel), channel, eph), of("0123456789"), nil, nil, shown},
		{"removed too late", stands(private(chat.Remove, channel), channel, eph), nil, nil, nil, shown},
		{"removed after its end", stands(private(chat.Remove, channel), channel, eph), of(mark), map[string]string{url: no("expired_url")}, []string{url}, shown},

		{"a command in direct messages", command, &replyToken{Channel: "D1"}, nil, []string{url}, chat.Receipt{Place: directly, Message: eph}},
		{"a command in a channel", command, &here, nil, []string{open, post}, told},
		{"a command too long ago", command, nil, nil, []string{open, post}, told},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			if test.token != nil {
				r.keep(t, *test.token)
			}
			for method, answer := range test.plan {
				r.server.plan(method, answer)
			}
			receipt, err := r.Send(t.Context(), test.delivery)
			if err != nil || !receipt.Same(test.receipt) {
				t.Errorf("Send = %+v, %v; want %+v", receipt, err, test.receipt)
			}
			if got := r.server.calls(); !slices.Equal(got, test.calls) {
				t.Errorf("called %q, want %q", got, test.calls)
			}
			if slices.Contains(test.calls, post) && r.server.last(t, post).form.Get("channel") != "DU1" {
				t.Errorf("posted %v", r.server.last(t, post).form)
			}
			r.discreet(t, err)
		})
	}
}

// What a response_url is sent.
func TestAnswer(t *testing.T) {
	mark := markFor("key/one")
	tests := []struct {
		name  string
		deed  chat.Deed
		place chat.Place
		token replyToken
		want  map[string]any // beside text and blocks
	}{
		{"post", chat.Post, channel, replyToken{}, map[string]any{"response_type": "ephemeral", "replace_original": false}},
		{"post in a thread", chat.Post, thread, replyToken{Thread: "1500000000.000001"}, map[string]any{"response_type": "ephemeral", "replace_original": false, "thread_ts": thread.Thread}},
		{"post in the thread of the press", chat.Post, channel, replyToken{Thread: "1500000000.000001"}, map[string]any{"response_type": "ephemeral", "replace_original": false, "thread_ts": "1500000000.000001"}},
		{"replace", chat.Replace, channel, replyToken{Mark: mark, Thread: "1500000000.000001"}, map[string]any{"response_type": "ephemeral", "replace_original": true}},
		{"replace another", chat.Replace, channel, replyToken{Mark: "0123456789"}, map[string]any{"response_type": "ephemeral", "replace_original": false}},
		{"remove", chat.Remove, channel, replyToken{Mark: mark}, map[string]any{"replace_original": false, "delete_original": true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			r.keep(t, test.token)
			d := with(stands(delivery(test.deed, test.place), test.place, chat.MessageID("eph/"+mark)), func(r *chat.Reply) { r.Only, r.Handle = ana, handle })
			if _, err := r.Send(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			sent := r.server.last(t, "/answer/secret")
			if sent.header.Get("Authorization") != "" || strings.Contains(sent.body, botToken) {
				t.Errorf("the token went along: %v", sent)
			}
			var got map[string]any
			if err := json.Unmarshal([]byte(sent.body), &got); err != nil {
				t.Fatal(err)
			}
			if test.deed != chat.Remove {
				m := render(d.Reply, manner{mark: mark})
				if got["text"] != m.Text || string(pretty(t, got["blocks"])) != string(pretty(t, m.Blocks)) {
					t.Errorf("sent %s", sent.body)
				}
			}
			delete(got, "text")
			delete(got, "blocks")
			if string(pretty(t, got)) != string(pretty(t, test.want)) {
				t.Errorf("sent %v, want %v", got, test.want)
			}
		})
	}
}

// What chat.postEphemeral is sent.
func TestPostEphemeral(t *testing.T) {
	r := newRig(t)
	d := with(delivery(chat.Post, thread), func(r *chat.Reply) { r.Only = ana })
	if _, err := r.Send(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	m := render(d.Reply, manner{mark: markFor("key/one")})
	blocks, err := json.Marshal(m.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	got := r.server.last(t, "chat.postEphemeral").form
	want := map[string]string{"token": botToken, "channel": "C1", "user": "U1", "thread_ts": thread.Thread, "text": m.Text, "blocks": string(blocks)}
	for name, value := range want {
		if got.Get(name) != value {
			t.Errorf("%s = %q, want %q", name, got.Get(name), value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("sent %v", got)
	}
}

// An answer whose end is open is not given again by another way.
func TestAnswerUncertain(t *testing.T) {
	for _, answer := range []string{"cut", "HTTP 500", "HTTP 408", "to http://[::1/secret", "internal_error", `{"ok":false,"error":"fatal_error"}`} {
		r := newRig(t)
		r.keep(t, replyToken{})
		d := with(delivery(chat.Post, channel), func(r *chat.Reply) { r.Only, r.Handle = ana, handle })
		r.server.plan("/answer/secret", answer)
		_, err := r.Send(t.Context(), d)
		if err == nil || errors.Is(err, chat.ErrNotSent) || errors.Is(err, chat.ErrUndeliverable) || len(r.server.calls()) != 1 {
			t.Errorf("%s: Send = %v after %q", answer, err, r.server.calls())
		}
		r.discreet(t, err)
	}
}

// A response_url is in no error, however the answer fails.
func TestAnswerIsDiscreet(t *testing.T) {
	r := newRig(t)
	r.keep(t, replyToken{})
	r.server.Close()
	_, err := r.Send(t.Context(), with(delivery(chat.Post, channel), func(r *chat.Reply) { r.Only, r.Handle = ana, handle }))
	if !errors.Is(err, chat.ErrNotSent) {
		t.Errorf("Send = %v", err)
	}
	r.discreet(t, err)

	r.memory.tokens[handle] = `{"url":"https://slack.com/secret","until":"secret"}`
	if _, err := r.replyToken(t.Context(), chat.Reply{Place: channel, Handle: handle}); !errors.Is(err, errNoAnswer) {
		t.Errorf("replyToken = %v", err)
	}
	r.discreet(t, err)

	r.memory.err = errors.New("the store is down")
	if _, err := r.replyToken(t.Context(), chat.Reply{Place: channel, Handle: handle}); !errors.Is(err, chat.ErrNotSent) {
		t.Errorf("replyToken = %v", err)
	}
}

func TestPrivateFiles(t *testing.T) {
	r := newRig(t)
	d := with(delivery(chat.Post, channel), func(r *chat.Reply) {
		r.Only, r.Files = ana, []chat.Attachment{{File: chat.File{ID: "F1", Name: "invoice.pdf", Size: 3}}}
	})
	receipt, err := r.Send(t.Context(), d)
	want := []chat.Missing{{Name: "invoice.pdf", Cause: "it cannot be shown to one person alone"}}
	if err != nil || !slices.Equal(receipt.Missing, want) {
		t.Errorf("Send = %+v, %v", receipt, err)
	}
}

func TestKeepToken(t *testing.T) {
	r := newRig(t)
	h, err := r.keepToken(t.Context(), "7", replyToken{URL: r.server.URL + "/answer/secret", Channel: "C1", Mark: "0123456789"})
	if err != nil || h != "url/7" || r.memory.uses != 5 || !r.memory.until.Equal(noon.Add(30*time.Minute)) {
		t.Errorf("keepToken = %s, %v; %d uses until %s", h, err, r.memory.uses, r.memory.until)
	}
	got, err := r.replyToken(t.Context(), chat.Reply{Place: channel, Handle: h})
	if want := (replyToken{URL: r.server.URL + "/answer/secret", Channel: "C1", Mark: "0123456789", Until: noon.Add(30 * time.Minute)}); err != nil || got != want {
		t.Errorf("replyToken = %+v, %v; want %+v", got, err, want)
	}
}

// Whatever can be pressed in an ephemeral message tells which one it is.
func TestMark(t *testing.T) {
	mark := markFor("key/one")
	reply := chat.Reply{Blocks: []chat.Block{
		words("word"), pressed,
		{Layout: chat.Section, Text: chat.Plain("T-1"), Buttons: pressed.Buttons},
		{Layout: chat.Section, Text: chat.Plain("T-2")},
		{Layout: chat.Choice, Select: &chat.Select{Label: "one", Action: chat.Do("pick"), Options: []chat.Option{{Label: "A", Value: "a"}}}},
	}}
	var blocks []any
	if err := json.Unmarshal(pretty(t, render(reply, manner{mark: mark}).Blocks), &blocks); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, b := range (object{"blocks": blocks}).list("blocks") {
		canBePressed := b.text("type") == "actions" || b.object("accessory") != nil
		if id := b.text("block_id"); canBePressed != (markOf(id) == mark) || ids[id] && canBePressed {
			t.Errorf("%s has the block_id %q", b.text("type"), id)
		} else {
			ids[id] = true
		}
	}
	if len(ids) != 4 { // three, and none
		t.Errorf("block_ids %v", ids)
	}
	tests := []struct{ id, want string }{
		{mark + ".1", mark}, {"0123456789.25", "0123456789"}, {"", ""}, {mark, ""}, {mark + ".", ""}, {mark + ".x", ""}, {"x" + mark + ".1", ""}, {"ABCDEF0123.1", ""}, {"question", ""},
	}
	for _, test := range tests {
		if got := markOf(test.id); got != test.want {
			t.Errorf("markOf(%q) = %q, want %q", test.id, got, test.want)
		}
	}
}

// FuzzVerdict: whatever a response_url answers, what is told of it is a name.
func FuzzVerdict(f *testing.F) {
	for _, body := range []string{"ok", `{"ok":true}`, `{"ok":false,"error":"used_url"}`, "invalid_payload", "internal_error", "", "{", "null", "<html>", `{"ok":false,"error":"https://hooks.slack.com/x"}`} {
		for _, status := range []int{200, 302, 404, 408, 429, 500, 0} {
			f.Add(status, "5", []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, status int, after string, body []byte) {
		err := verdict(status, http.Header{"Retry-After": {after}}, body)
		if status != http.StatusOK && err == nil {
			t.Errorf("status %d is fine", status)
		}
		switch err := err.(type) {
		case slack.SlackErrorResponse:
			if !isName(err.Err) {
				t.Errorf("verdict = %v", err)
			}
		case slack.StatusCodeError, *slack.RateLimitedError:
		default:
			if err != nil && err != errNoAnswer {
				t.Errorf("verdict = %v", err)
			}
		}
	})
}

// FuzzMarkOf: a mark is read only from what begins with one.
func FuzzMarkOf(f *testing.F) {
	f.Add("0123456789.1")
	f.Add("question")
	f.Fuzz(func(t *testing.T, id string) {
		if mark := markOf(id); mark != "" && (len(mark) != 10 || !strings.HasPrefix(id, mark+".")) {
			t.Errorf("markOf(%q) = %q", id, mark)
		}
	})
}
