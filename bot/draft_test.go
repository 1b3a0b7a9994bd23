package bot

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/knowledge"
)

// drafted is the draft of a ticket.
func (w *world) drafted(id chat.TicketID) desk.Draft {
	w.t.Helper()
	d, err := ReadDraft(w.records.sets[Drafts][string(id)])
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// TestDraft: a draft has what was asked and what helped, and nothing that tells
// of whom it is or what agents said among themselves.
func TestDraft(t *testing.T) {
	w := newWorld(t)
	k := w.opens(kim, "Where is the refund that I, Kim, was promised? Write to kim.lee@example.com")
	id := string(k.ID)
	w.runs(ana, "ticket", "claim "+id)
	w.runs(ana, "ticket", "note "+id+" kim is a reseller, do not tell")
	w.runs(ana, "ticket", "reply "+id+" Hello Kim, Ana here. See https://help.example.com/refunds: call +1 202 555 0143\n1. Open the wallet\n- and *look*")
	w.runs(ana, "ticket", "article "+id+" refund-status")
	w.runs(ana, "ticket", "resolve "+id)
	o := w.runs(bo, "ticket", "draft "+id)
	d := w.drafted(k.ID)
	if d.Ticket != k.ID || d.By != w.Person(bo.Account) || d.Lang != "en" || d.Title == "" || d.State() != "new" {
		t.Errorf("the draft is %+v", d)
	}
	if !strings.Contains(spoken(o), d.Title) {
		t.Errorf("told %q", spoken(o))
	}
	if w.newest(k.ID).Did != desk.DidDraft {
		t.Error("the history does not tell")
	}
	const want = `<!-- A draft from ticket T-1. Write the article in place of these notes; give it a url and an id above, and whatever else is empty there; remove the line with status, and move the file to your articles. -->

## What was asked

> Where is the refund that I, \[name\], was promised? Write to \[e-mail\]

## What helped

Hello \[name\], \[name\] here. See help.example.com/refunds\: call \[phone\]
1. Open the wallet
- and \*look\*

Where is my refund?
`
	if _, body, _ := strings.Cut(d.Page, "\n---\n\n"); body != want {
		t.Errorf("the body is\n%s\nwant\n%s", body, want)
	}
	for _, secret := range []string{"kim", "Kim", "ana", "Ana", "reseller", "555", "https://"} {
		if strings.Contains(d.Page, secret) {
			t.Errorf("it tells %q:\n%s", secret, d.Page)
		}
	}

	// Once.
	o = w.runs(ana, "ticket", "draft "+id)
	if len(o.Sets) > 0 || !strings.Contains(spoken(o), "already") {
		t.Errorf("the second time: %v, %s", o.Sets, spoken(o))
	}
	// And not by whom it does not concern.
	for _, who := range []chat.Sender{kim, dan} {
		if o = w.presses(who, "draft", id); len(o.Sets) > 0 {
			t.Errorf("%s asked for an article", who.Name)
		}
	}
}

// Nobody takes a draft for an article, and check says what it wants.
func TestDraftIsNoArticle(t *testing.T) {
	w := newWorld(t)
	k := w.settles(kim, "where has my cash gone?")
	w.runs(ana, "ticket", "draft "+string(k.ID))
	_, err := knowledge.ReadPage("draft-T-1.md", []byte(w.drafted(k.ID).Page))
	var problems knowledge.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("it is read as an article: %v", err)
	}
	for _, part := range []string{"is a draft", "url is empty", "id is empty"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("nobody is told that it %s:\n%v", part, err)
		}
	}
}

// FuzzDraft: whatever was said, a draft is one page of front matter and text that
// lacks nothing but what we cannot know, has no link, no markup and nothing of
// what is masked.
func FuzzDraft(f *testing.F) {
	w := newWorld(f)
	f.Add("where is it?", "look here", "Kim")
	f.Add("---\ntitle: x\n---\n# a", "--> <script> ](http://x.example) @everyone", "---")
	f.Add("\"q\": [1, {2}] # no & *b `c`", "1. 1. 1. - - + x\n===\n---\n> y\n    code", "- ")
	f.Add("my card 4111 1111 1111 1111, ip 192.0.2.7", "me@example.com httphttp://s://x www.www.x.example", "a@b.example")
	f.Add("<!channel> <@U7|kim> hello", strings.Repeat("> ", 150)+"deep "+strings.Repeat("é", 3000), "\u202e\x00\xff")
	f.Fuzz(func(t *testing.T, asked, answered, name string) {
		asked, answered, name = chat.Shorten(asked, maxStored), chat.Shorten(answered, maxStored), chat.Shorten(name, maxStored) // as it is kept
		at := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
		k := desk.Ticket{ID: "T-12", Asker: chat.Sender{Name: name}, Question: asked, Topic: "refunds"}
		k.Trail.Lang, k.Trail.Audience = "en", "buyer"
		if asked == "" || k.Reply(desk.Agent{ID: "ana", Name: "Ana"}, answered, false, false, at) != nil {
			return
		}
		turn := &turn{Bot: w.Bot, lang: "en", at: at}
		page := turn.newDraft(&k, desk.Agent{ID: "ana"}).Page
		got, err := knowledge.ReadPage("draft.md", []byte(page))
		var problems knowledge.Problems
		if !errors.As(err, &problems) {
			t.Fatalf("it is an article, or none at all: %v", err)
		}
		for _, p := range problems {
			if !slices.ContainsFunc([]string{"is a draft", "url is empty", "id is empty"}, func(s string) bool { return strings.Contains(p.Message, s) }) {
				t.Errorf("%s\nin\n%s", p.Message, page)
			}
		}
		if got.Title == "" || got.Lang != "en" || got.Topic != "refunds" || !slices.Equal(got.Audiences, []string{"buyer"}) || len(got.Questions) > 1 {
			t.Errorf("it is read as %+v from\n%s", got, page)
		}
		if strings.Count(page, "\n## ") != 2 || strings.Count(page, "<!--") != 1 || strings.Count(page, "-->")-strings.Count(page, `-\-\>`) != 1 {
			t.Errorf("it has headings or remarks of others:\n%s", page)
		}
		for _, s := range []string{got.Title, strings.Join(got.Questions, " "), unescaped(got.Body)} {
			if masked := chat.Mask(s); masked != s {
				t.Errorf("it tells what is masked:\n%q\nreads\n%q", s, masked)
			}
		}
		if loose := strings.ToLower(unescaped(got.Body)); strings.Contains(loose, "://") || strings.Contains(loose, "www.") {
			t.Errorf("it has a link:\n%s", page)
		}
	})
}

// unescaped is Markdown of ours as it reads.
func unescaped(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
