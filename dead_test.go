package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
)

// command runs the program and returns what it prints and its exit code.
func command(t *testing.T, words ...string) (string, int) {
	t.Helper()
	out := &notes{}
	code := run(t.Context(), words, streams{strings.NewReader(""), out, out})
	return out.String(), code
}

var (
	deadEvent = chat.Event{
		ID: "slack:Ev1", Kind: chat.Submit, At: began, Place: chat.Place{Platform: "slack", Workspace: "T1", Channel: "C1"},
		From:   chat.Sender{Account: "slack:T1:U1", Person: "ana", Name: "Ana Lima"},
		Action: chat.Do("contact", "c1"), Text: "my card is 4242\nand a second line", Values: map[string]string{"question": "why?\x1b[2J"},
		Handle: "handle-of-a-token",
	}
	deadReply = chat.Reply{
		Key: "relay/slack:Ev1", Deed: chat.Post, Purpose: chat.Relaying, Place: chat.Direct("slack:T1:U1"), Handle: "handle-of-a-token",
		Blocks: []chat.Block{{Layout: chat.Paragraph, Text: chat.Text{{Text: "your money is on its way"}}}},
	}
)

func TestDeadShow(t *testing.T) {
	tests := []struct {
		name   string
		letter spool.DeadLetter
		text   bool
		want   string
	}{
		{"an event", spool.DeadLetter{ID: "1", At: began, Cause: "AUTH hush failed", Event: &deadEvent}, false, `
id              1
when            2026-03-02T09:30:00Z
cause           AUTH [redacted] failed
event           slack:Ev1
kind            submit
at              2026-03-02T09:30:00Z
place           slack:T1:C1
from            slack:T1:U1
person          ana
action          contact:c1
text            33 characters; --text shows them
field question  8 characters; --text shows them
`},
		{"an event with text", spool.DeadLetter{ID: "1", At: began, Cause: "x", Event: &deadEvent}, true, `
id              1
when            2026-03-02T09:30:00Z
cause           x
event           slack:Ev1
kind            submit
at              2026-03-02T09:30:00Z
place           slack:T1:C1
from            slack:T1:U1
person          ana
action          contact:c1
text            my card is 4242
                and a second line
field question  why?` + "\uFFFD" + `[2J
`},
		{"a reply", spool.DeadLetter{ID: "2", At: began, Cause: "the channel is gone", Reply: &deadReply}, false, `
id       2
when     2026-03-02T09:30:00Z
cause    the channel is gone
reply    relay/slack:Ev1
deed     post
purpose  relaying
place    slack:T1:@U1
text     24 characters; --text shows them
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			if err := showLetter(&out, test.letter, test.text, redactor{"hush"}); err != nil {
				t.Fatal(err)
			}
			if got := out.String(); got != strings.TrimPrefix(test.want, "\n") {
				t.Errorf("shows\n%s\nwant%s", got, test.want)
			}
		})
	}
}

// TestDead: letters are listed, shown, tried again and dropped, with neither
// text nor tokens.
func TestDead(t *testing.T) {
	d := newDatabase(t, "")
	noneLeft(t)
	more := fmt.Sprintf("redis: {url: %q}", d.url)
	file := configured(t, more)
	dead := func(words ...string) (string, int) {
		t.Helper()
		return command(t, append([]string{"--config", file, "dead"}, words...)...)
	}
	if out, code := dead("list"); code != exitOK || !strings.Contains(out, "No dead letters.") {
		t.Errorf("list = %d %s", code, out)
	}

	store, err := openStore(t.Context(), loaded(t, more), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ctx, now := t.Context(), time.Now()
	if _, err := store.Accept(ctx, deadEvent, now); err != nil {
		t.Fatal(err)
	}
	work, err := store.Lease(ctx, now, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Bury(ctx, work, "no such\nthing", []chat.Reply{deadReply}, now); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Second)
	letter, err := store.LeaseReply(ctx, "slack", chat.Pace{}, now, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Discard(ctx, letter, "the channel is gone", now); err != nil {
		t.Fatal(err)
	}
	letters, err := store.DeadLetters(ctx, 10)
	if err != nil || len(letters) != 2 || letters[0].Reply == nil || letters[1].Event == nil {
		t.Fatalf("dead letters = %+v, %v", letters, err)
	}
	reply, event := letters[0].ID, letters[1].ID

	out, code := dead("list")
	if code != exitOK {
		t.Errorf("list = %d %s", code, out)
	}
	for _, want := range []string{"ID ", reply + " ", event + " ", "submit in slack:T1:C1", "reply to slack:T1:@U1", "no such\uFFFDthing", "the channel is gone"} {
		if !strings.Contains(out, want) {
			t.Errorf("list does not show %q:\n%s", want, out)
		}
	}
	shown, code := dead("show", event)
	if code != exitOK || !strings.Contains(shown, "contact:c1") {
		t.Errorf("show = %d %s", code, shown)
	}
	for _, hidden := range []string{"4242", "why?", "handle-of-a-token", "Ana Lima"} {
		if strings.Contains(out+shown, hidden) {
			t.Errorf("%q is shown:\n%s%s", hidden, out, shown)
		}
	}
	if out, code := dead("show", event, "--text"); code != exitOK || !strings.Contains(out, "4242") || strings.Contains(out, "handle-of-a-token") {
		t.Errorf("show --text = %d %s", code, out)
	}

	if out, code := dead("replay", event); code != exitOK {
		t.Errorf("replay = %d %s", code, out)
	}
	if work, err := store.Lease(ctx, time.Now(), time.Minute); err != nil || work.Event.ID != deadEvent.ID || work.Tries != 0 {
		t.Errorf("after replay, work = %+v, %v", work, err)
	}
	if out, code := dead("drop", reply); code != exitOK {
		t.Errorf("drop = %d %s", code, out)
	}
	for _, words := range [][]string{{"show", event}, {"replay", event}, {"drop", reply}, {"show", "nothing\x1b"}} {
		if out, code := dead(words...); code != exitBad || !strings.Contains(out, "there is no dead letter") || strings.Contains(out, "\x1b") {
			t.Errorf("%s = %d %q", words, code, out)
		}
	}
	if out, _ := dead("list"); !strings.Contains(out, "No dead letters.") {
		t.Errorf("list = %s", out)
	}
}

func TestDeadNeedsRedis(t *testing.T) {
	file := configured(t, "")
	for _, words := range [][]string{{"list"}, {"show", "1"}, {"replay", "1"}, {"drop", "1"}} {
		if out, code := command(t, append([]string{"--config", file, "dead"}, words...)...); code != exitBad || !strings.Contains(out, "no redis.url is set") {
			t.Errorf("%s = %d %s", words, code, out)
		}
	}
	if out, code := command(t, "dead", "show"); code != exitUsage {
		t.Errorf("show without an id = %d %s", code, out)
	}
}
