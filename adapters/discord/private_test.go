package discord

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	answers  = "webhooks/66/secret"
	first    = answers + "/messages/@original"
	thinking = "192" // flags: ephemeral and loading
)

// What is for one person alone goes by the interaction while Discord takes it,
// then as a direct message, and never where others read it.
func TestPrivate(t *testing.T) {
	const (
		read, fill, dismiss, follow = "GET " + first, "PATCH " + first, "DELETE " + first, "POST " + answers
		open, post                  = "POST users/@me/channels", "POST channels/500/messages"
	)
	mark := markFor("key/one")
	shown := func(id string) chat.Receipt {
		return chat.Receipt{Place: place, Message: chat.MessageID("eph/" + mark + "/" + id)}
	}
	told := chat.Receipt{Place: directly, Message: "901"}
	private := func(deed chat.Deed, at chat.Place) chat.Delivery {
		return changed(delivery(deed, at), func(r *chat.Reply) { r.Only, r.Handle = ana, handle })
	}
	sent := func(d chat.Delivery, id string) chat.Delivery {
		return standing(d, place, chat.MessageID("eph/"+mark+"/"+id))
	}
	token := func(kind string, change ...func(*replyToken)) *replyToken {
		token := replyToken{Kind: kind, Channel: "200", User: "5", Ephemeral: true, Until: noon.Add(time.Minute)}
		for _, c := range change {
			c(&token)
		}
		return &token
	}
	of := func(mark, message string) func(*replyToken) {
		return func(t *replyToken) { t.Mark, t.Message = mark, message }
	}
	public := func(t *replyToken) { t.Ephemeral = false }
	loading := func(flags string) string { return fmt.Sprintf(`{"id":"800","author":{"id":"77"},"flags":%s}`, flags) }
	stamp := fmt.Sprintf(`{"id":"800","author":{"id":"77"},"flags":64,"components":[{"type":17,"id":%d}]}`, stampOf("one.0"))
	ended, unknown := no(401, 50027, "Invalid Webhook Token"), no(404, unknownMessage, "Unknown Message")
	tests := []struct {
		name     string
		delivery chat.Delivery
		token    *replyToken
		plan     map[string]string
		calls    []string
		receipt  chat.Receipt
	}{
		{"a command", private(chat.Post, place), token(byCommand), nil, []string{read, fill}, shown("800")},
		{"a form", private(chat.Post, place), token(byForm), nil, []string{read, fill}, shown("800")},
		{"a command, once more", private(chat.Post, place), token(byCommand), map[string]string{read: stamp}, []string{read}, shown("800")},
		{"a command, answered before", private(chat.Post, place), token(byCommand), map[string]string{read: loading("64")}, []string{read, follow}, shown("801")},
		{"a command, dismissed before", private(chat.Post, place), token(byCommand), map[string]string{read: unknown}, []string{read, follow}, shown("801")},
		{"a command for all, answered privately", private(chat.Post, place), token(byCommand, public), map[string]string{read: loading("128")}, []string{read, dismiss, follow}, shown("801")},
		{"a command for all, which is not dismissed", private(chat.Post, place), token(byCommand, public), map[string]string{read: loading("128"), dismiss: ended}, []string{read, dismiss, open, post}, told},
		{"shown to all nevertheless", private(chat.Post, place), token(byPress), map[string]string{follow: `{"id":"801","flags":32768}`},
			[]string{follow, "DELETE " + answers + "/messages/801", open, post}, told},
		{"a press", private(chat.Post, place), token(byPress), nil, []string{follow}, shown("801")},
		{"in a thread", private(chat.Post, thread), token(byPress, func(t *replyToken) { t.Channel = "300" }), nil, []string{follow},
			chat.Receipt{Place: thread, Message: shown("801").Message}},
		{"an interaction of another channel", private(chat.Post, place), token(byPress, func(t *replyToken) { t.Channel = "300" }), nil, []string{open, post}, told},
		{"someone else's interaction", private(chat.Post, place), token(byPress, func(t *replyToken) { t.User = "6" }), nil, []string{open, post}, told},
		{"under a card", under(private(chat.Post, place), place, "300"), token(byPress), nil, []string{open, post}, told},
		{"a token that has ended", private(chat.Post, place), token(byPress, func(t *replyToken) { t.Until = noon }), nil, []string{open, post}, told},
		{"no token", private(chat.Post, place), nil, nil, []string{open, post}, told},
		{"no interaction", changed(private(chat.Post, thread), func(r *chat.Reply) { r.Handle = "to/201" }), nil, nil, []string{open, post}, told},
		{"ended", private(chat.Post, place), token(byCommand), map[string]string{read: ended, follow: ended}, []string{read, follow, open, post}, told},
		{"ended meanwhile", private(chat.Post, place), token(byCommand), map[string]string{fill: ended}, []string{read, fill, open, post}, told},
		{"too many answers", private(chat.Post, place), token(byPress), map[string]string{follow: no(400, 40094, "Too many follow-ups")}, []string{follow, open, post}, told},

		{"replaced by a press in it", sent(private(chat.Replace, place), "802"), token(byPress, of(mark, "802")), nil, []string{fill}, shown("800")},
		{"replaced by a press in it, known by its name", sent(private(chat.Replace, place), "802"), token(byPress, of("", "802")), nil, []string{fill}, shown("800")},
		{"replaced by a press in it, known by its mark", private(chat.Replace, place), token(byPress, of(mark, "802")), nil, []string{fill}, shown("800")},
		{"a message for all was pressed", sent(private(chat.Replace, place), "802"), token(byPress, public, of("", "201")), map[string]string{"PATCH " + answers + "/messages/802": unknown},
			[]string{"PATCH " + answers + "/messages/802", follow}, shown("801")},
		{"replaced by its own command", sent(private(chat.Replace, place), "800"), token(byCommand), map[string]string{read: loading("64")}, []string{read, fill}, shown("800")},
		{"replaced by the command that it followed", sent(private(chat.Replace, place), "802"), token(byCommand), map[string]string{read: loading("64")}, []string{read, "PATCH " + answers + "/messages/802"}, shown("802")},
		{"replaced too late", sent(private(chat.Replace, place), "802"), nil, nil, []string{open, post}, told},

		{"removed by a press in it", sent(private(chat.Remove, place), "802"), token(byPress, of(mark, "802")), nil, []string{dismiss}, shown("802")},
		{"removed by another", sent(private(chat.Remove, place), "802"), token(byPress, of("0123456789", "803")), nil, []string{"DELETE " + answers + "/messages/802"}, shown("802")},
		{"removed too late", sent(private(chat.Remove, place), "802"), nil, nil, nil, shown("802")},
		{"removed after its end", sent(private(chat.Remove, place), "802"), token(byPress, of(mark, "802")), map[string]string{dismiss: ended}, []string{dismiss}, shown("802")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			if test.token != nil {
				r.keep(t, *test.token)
			}
			for call, answer := range test.plan {
				r.server.plan(call, answer)
			}
			receipt, err := r.Send(t.Context(), test.delivery)
			if err != nil || !receipt.Same(test.receipt) {
				t.Errorf("Send = %+v, %v; want %+v", receipt, err, test.receipt)
			}
			if diff := cmp.Diff(test.calls, r.server.calls()); diff != "" {
				t.Error(diff)
			}
			for _, got := range r.server.all() {
				if strings.Contains(got.call, "secret") && got.header.Get("Authorization") != "" {
					t.Errorf("the bot's token went along with %s", got.call)
				}
				if flags := strings.Contains(got.body, `"flags":32832`); flags != (got.call == follow) {
					t.Errorf("%s %s", got.call, got.body)
				}
			}
			r.server.judged(t)
			r.discreet(t, err)
		})
	}
}

// Files are not shown to one person alone, but go with direct messages.
func TestPrivateFiles(t *testing.T) {
	for name, test := range map[string]struct {
		deed    chat.Deed
		token   bool
		missing []chat.Missing
	}{
		"answered":                  {chat.Post, true, []chat.Missing{{Name: "a.txt", Cause: "it cannot be shown to one person alone"}}},
		"an edit":                   {chat.Replace, true, nil},
		"in direct messages":        {chat.Post, false, nil},
		"an edit, too late for one": {chat.Replace, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			if test.token {
				r.keep(t, replyToken{Kind: byPress, Channel: "200"})
			}
			from := &drawer{files: map[string]string{"a": "aaa"}}
			d := changed(delivery(test.deed, place), func(r *chat.Reply) {
				r.Only, r.Handle, r.Files = ana, handle, []chat.Attachment{attach("a", "a.txt", 3)}
			})
			d.Open = from.Open
			receipt, err := r.Send(t.Context(), d)
			if err != nil || !cmp.Equal(receipt.Missing, test.missing) {
				t.Errorf("Send = %+v, %v; want %v missing", receipt, err, test.missing)
			}
			all := r.server.all()
			if sent := len(all[len(all)-1].files) > 0; sent != (name == "in direct messages") {
				t.Errorf("sent with files: %v", sent)
			}
			r.close()
			from.open.Wait()
		})
	}
}

// A public answer takes the place of what is thought about, if all see that, and
// otherwise dismisses it.
func TestPublicAnswer(t *testing.T) {
	const (
		read, fill, dismiss          = "GET " + first, "PATCH " + first, "DELETE " + first
		kind, post, open, postDirect = "GET channels/200", "POST channels/200/messages", "POST users/@me/channels", "POST channels/500/messages"
	)
	answer := func(at chat.Place) chat.Delivery {
		return changed(delivery(chat.Post, at), func(r *chat.Reply) { r.Handle = handle })
	}
	here := replyToken{Kind: byCommand, Channel: "200", User: "5"}
	inDirect := replyToken{Kind: byCommand, Channel: "500", User: "5", Ephemeral: true}
	press := replyToken{Kind: byPress, Channel: "200"}
	original := func(flags int, more string) string {
		return fmt.Sprintf(`{"id":"800","author":{"id":"77"},"flags":%d%s}`, flags, more)
	}
	stamp := fmt.Sprintf(`,"components":[{"id":%d}]`, stampOf("one.0"))
	eph := ephemeralID(markFor("key/one"), "800")
	files := changed(answer(place), func(r *chat.Reply) { r.Files = []chat.Attachment{attach("none", "a.txt", 3)} })
	tests := []struct {
		name     string
		delivery chat.Delivery
		token    replyToken
		plan     map[string]string
		calls    []string
		receipt  chat.Receipt
	}{
		{"thought about by all", answer(place), here, map[string]string{read: original(128, ""), fill: original(0, "")}, []string{read, fill}, chat.Receipt{Place: place, Message: "800"}},
		{"once more", answer(place), here, map[string]string{read: original(0, stamp)}, []string{read}, chat.Receipt{Place: place, Message: "800"}},
		{"answered before", answer(place), here, map[string]string{read: original(0, "")}, []string{read, kind, post}, chat.Receipt{Place: place, Message: "901"}},
		{"thought about by one", answer(place), here, map[string]string{read: original(192, "")}, []string{read, kind, post, dismiss}, chat.Receipt{Place: place, Message: "901"}},
		{"dismissed in vain", answer(place), here, map[string]string{read: original(192, ""), dismiss: `429 {"retry_after":1}`}, []string{read, kind, post, dismiss}, chat.Receipt{Place: place, Message: "901"}},
		{"with files", files, here, map[string]string{read: original(128, "")}, []string{read, kind, post, dismiss}, chat.Receipt{Place: place, Message: "901"}},
		{"ended", answer(place), here, map[string]string{read: no(404, 10015, "Unknown Webhook")}, []string{read, kind, post}, chat.Receipt{Place: place, Message: "901"}},
		{"ended meanwhile", answer(place), here, map[string]string{read: original(128, ""), fill: no(404, 10015, "Unknown Webhook")}, []string{read, fill, kind, post}, chat.Receipt{Place: place, Message: "901"}},
		{"a press", answer(place), press, nil, []string{kind, post}, chat.Receipt{Place: place, Message: "901"}},
		{"elsewhere", answer(thread), here, nil, []string{"POST channels/300/messages"}, chat.Receipt{Place: thread, Message: "901"}},
		{"in direct messages", answer(directly), inDirect, map[string]string{read: original(192, "")}, []string{open, read, fill}, chat.Receipt{Place: directly, Message: eph}},
		{"in direct messages, later", answer(directly), inDirect, map[string]string{read: original(64, "")}, []string{open, read, postDirect}, chat.Receipt{Place: directly, Message: "901"}},
		{"a word in direct messages", answer(directly), here, nil, []string{open, postDirect}, chat.Receipt{Place: directly, Message: "901"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			r.keep(t, test.token)
			for call, answer := range test.plan {
				r.server.plan(call, answer)
			}
			receipt, err := r.Send(t.Context(), test.delivery)
			if err != nil || !receipt.Same(test.receipt) {
				t.Errorf("Send = %+v, %v; want %+v", receipt, err, test.receipt)
			}
			if diff := cmp.Diff(test.calls, r.server.calls()); diff != "" {
				t.Error(diff)
			}
			r.server.judged(t)
			r.discreet(t, err)
		})
	}
}

// TestEarlyAnswer: what is handled faster than Discord learns that it was
// acknowledged is answered all the same, in the place where it should be.
func TestEarlyAnswer(t *testing.T) {
	const read, fill, follow = "GET " + first, "PATCH " + first, "POST webhooks/66/secret"
	early, loading := no(404, unknownWebhook, "Unknown Webhook"), `{"id":"800","author":{"id":"77"},"flags":192}`
	tests := []struct {
		kind  string
		plan  map[string][]string
		calls []string
	}{
		{byCommand, map[string][]string{read: {early, early, loading}, fill: {loading}}, []string{read, read, read, fill}},
		{byPress, map[string][]string{follow: {early, `{"id":"800","author":{"id":"77"},"flags":64}`}}, []string{follow, follow}},
	}
	for _, test := range tests {
		t.Run(test.kind, func(t *testing.T) {
			r := newRig(t)
			r.keep(t, replyToken{Kind: test.kind, Channel: "200", User: "5", Ephemeral: true, Until: noon.Add(tokenLife)})
			for call, answers := range test.plan {
				r.server.plan(call, answers...)
			}
			receipt, err := r.Send(t.Context(), changed(delivery(chat.Post, place), func(r *chat.Reply) { r.Only, r.Handle = ana, handle }))
			if want := ephemeralID(markFor("key/one"), "800"); err != nil || receipt.Message != want {
				t.Errorf("Send = %+v, %v; want %s", receipt, err, want)
			}
			if diff := cmp.Diff(test.calls, r.server.calls()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What can be pressed in a message for one person brings back which it was.
func TestMarks(t *testing.T) {
	mark := markFor("key/one")
	d := delivery(chat.Post, place)
	long := chat.Do("go", strings.Repeat("x", 90))
	d.Reply.Blocks = append(d.Reply.Blocks, pressed, chat.Block{Layout: chat.Buttons, Buttons: []chat.Button{{Label: "Long", Action: long}}},
		chat.Block{Layout: chat.Choice, Select: &chat.Select{Action: chat.Do("pick"), Options: []chat.Option{{Label: "A", Value: "a"}}}})
	want := map[string]bool{"go%#1." + mark: true, "go%#2." + mark: true, long.String(): true, "pick%#1." + mark: true}
	text := string(pretty(t, content(d, manner{mark: mark})))
	for id := range want {
		if !strings.Contains(text, fmt.Sprintf("%q", id)) {
			t.Errorf("%s is not in %s", id, text)
		}
		action, err := ParseID(id)
		if err != nil || action.Verb != "go" && action.Verb != "pick" {
			t.Errorf("ParseID(%q) = %v, %v", id, action, err)
		}
		if got := markOf(id); got != mark && id != long.String() {
			t.Errorf("markOf(%q) = %q", id, got)
		}
	}
	rules(t, []byte(text))
	if plain := string(pretty(t, content(d, manner{}))); strings.Contains(plain, mark) {
		t.Error("a message for all has a mark")
	}
}

func TestMarkOf(t *testing.T) {
	for id, want := range map[string]string{
		"go%#1.0123456789": "0123456789", "go%#12.abcdefabcd": "abcdefabcd",
		"go": "", "go%#2": "", "go%#0.0123456789": "", "go%#1.012345678": "", "go%#1.01234567890": "", "go%#1.0123456789 ": "", "go%25#1.0123456789": "",
	} {
		if got := markOf(id); got != want {
			t.Errorf("markOf(%q) = %q, want %q", id, got, want)
		}
	}
}

func TestIDOf(t *testing.T) {
	for id, want := range map[chat.MessageID]string{
		"800": "800", "eph/0123456789/800": "800", "eph/0123456789": "", "eph/0123456789/": "", "eph//800": "800", "": "", "x": "", "eph/a/../x": "",
	} {
		if got := idOf(id); got != want {
			t.Errorf("idOf(%q) = %q, want %q", id, got, want)
		}
	}
}

func TestKeepToken(t *testing.T) {
	r := newRig(t)
	given := replyToken{App: "66", ID: "1", Token: "secret", Kind: byForm, Message: "201", Mark: "0123456789", Ephemeral: true, Channel: "200", User: "5"}
	h, err := r.keepToken(t.Context(), "1", given)
	if err != nil || h != handle || r.memory.uses != tokenUses || !r.memory.until.Equal(noon.Add(15*time.Minute)) {
		t.Errorf("keepToken = %s, %v; %d uses until %s", h, err, r.memory.uses, r.memory.until)
	}
	given.Until = noon.Add(15 * time.Minute)
	var kept replyToken
	if err := json.Unmarshal([]byte(r.memory.tokens[handle]), &kept); err != nil || kept != given {
		t.Errorf("kept %+v, %v", kept, err)
	}
}

// A reply waits while the memory is away, and a token that is not one of
// Discord's is not used.
func TestReplyToken(t *testing.T) {
	d := changed(delivery(chat.Post, place), func(r *chat.Reply) { r.Only, r.Handle = ana, handle })
	t.Run("memory away", func(t *testing.T) {
		r := newRig(t)
		r.memory.err = errors.New("away")
		if _, err := r.Send(t.Context(), d); !errors.Is(err, chat.ErrNotSent) || len(r.server.calls()) > 0 {
			t.Errorf("Send = %v after %q", err, r.server.calls())
		}
	})
	for _, kept := range []string{"{", `{"app":"66","token":"secret/../x","channel":"200"}`, `{"app":"x","token":"secret","channel":"200"}`, `{"app":"66","token":"","channel":"200"}`} {
		r := newRig(t)
		r.memory.tokens[handle] = kept
		receipt, err := r.Send(t.Context(), d)
		if err != nil || receipt.Place != directly || len(r.server.calls()) != 2 {
			t.Errorf("%s: Send = %+v, %v after %q", kept, receipt, err, r.server.calls())
		}
		r.discreet(t, err)
	}
}

// Whatever goes wrong with an answer to an interaction, it says whether it may
// have been given.
func TestPrivateErrors(t *testing.T) {
	const read, fill, follow = "GET " + first, "PATCH " + first, "POST " + answers
	tests := []struct {
		call, answer string
		kind         string
		certain      bool
	}{
		{read, "cut", byCommand, true}, {read, "{", byCommand, true}, {read, "{}", byCommand, true},
		{read, `429 {"retry_after":1}`, byCommand, true},
		{fill, "cut", byCommand, false}, {fill, "{}", byCommand, false},
		{fill, `429 {"retry_after":1}`, byCommand, true},
		{follow, "cut", byPress, false}, {follow, "500", byPress, false}, {follow, "{}", byPress, false},
		{follow, `429 {"retry_after":1}`, byPress, true},
	}
	for _, test := range tests {
		r := newRig(t)
		r.keep(t, replyToken{Kind: test.kind, Channel: "200"})
		r.server.plan(test.call, test.answer, test.answer)
		d := changed(delivery(chat.Post, place), func(r *chat.Reply) { r.Only, r.Handle = ana, handle })
		_, err := r.Send(t.Context(), d)
		if err == nil || certain(err) != test.certain {
			t.Errorf("%s %s: Send = %v", test.call, test.answer, err)
		}
		r.discreet(t, err)
	}
}

// FuzzMarkOf: a mark is read only from what ends with one, and the action stays
// what it was.
func FuzzMarkOf(f *testing.F) {
	f.Add("claim:T-1", "key/one")
	f.Add("%#1.0123456789", "")
	f.Fuzz(func(t *testing.T, id, key string) {
		if mark := markOf(id); mark != "" && (len(mark) != 10 || !strings.HasSuffix(id, "."+mark)) {
			t.Errorf("markOf(%q) = %q", id, mark)
		}
		action, err := chat.ParseAction(id)
		if err != nil {
			return
		}
		p := page{ids: map[string]int{}, mark: markFor(chat.Key(key))}
		for range 2 {
			made := p.id(action)
			if made == "" {
				continue
			}
			if got, err := ParseID(made); err != nil || got.String() != action.String() || len(made) > maxID {
				t.Errorf("%q comes back from %q as %v, %v", id, made, got, err)
			}
			if mark := markOf(made); mark != p.mark && len(id)+14 <= maxID {
				t.Errorf("markOf(%q) = %q", made, mark)
			}
		}
	})
}
