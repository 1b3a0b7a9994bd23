package bot

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/chat/chattest"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/knowledge"
)

// storied makes a ticket on which everything has happened.
func storied(t *testing.T, w *world) desk.Ticket {
	t.Helper()
	k := w.opens(kim, "Where is my refund?")
	id := string(k.ID)
	w.runs(ana, "ticket", "claim "+id)
	w.runs(ana, "ticket", "note "+id+" she called before")
	w.runs(ana, "ticket", "reply "+id+" Which card was it?")
	w.says(kim, "The blue one <b>with</b> *stars*\n\n    and a second line")
	w.runs(ana, "ticket", "reply "+id+" never mind")
	w.presses(ana, "unsend", id, "6")
	w.runs(ana, "ticket", "article "+id+" refund")
	w.runs(ana, "ticket", "snippet "+id+" hello")
	w.runs(ana, "ticket", "priority "+id+" high")
	w.runs(ana, "ticket", "label "+id+" add bank")
	w.runs(ana, "ticket", "resolve "+id+" It is on its way.")
	w.runs(ana, "ticket", "close "+id+" twice the same")
	return w.ticket(k.ID)
}

func (w *world) file(name string) string {
	w.t.Helper()
	data, err := w.Make(w.t.(*testing.T).Context(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}

// Files as they look, for either reader.
func TestTranscriptGolden(t *testing.T) {
	w := withSnippets(t, "a.md", helloEnglish)
	k := storied(t, w)
	of := "transcript/" + string(k.ID)
	for name, made := range map[string]string{
		"asker.md": of + "/asker/md", "asker.html": of + "/asker/html", "agent.md": of + "/agent/pt-BR/md", "agent.html": of + "/agent/en/html",
	} {
		chattest.Golden(t, "transcript/"+name, []byte(w.file(made)))
	}
}

// An asker's transcript has nothing of what is between agents, and what reached
// them as it reads now.
func TestTranscriptForAsker(t *testing.T) {
	w := withSnippets(t, "a.md", helloEnglish)
	k := storied(t, w)
	for _, kind := range []string{"md", "html"} {
		text := w.file("transcript/" + string(k.ID) + "/asker/" + kind)
		for _, internal := range []string{"she called before", "never mind", "bank", "twice the same", "High", "claimed", "noted", "priority"} {
			if strings.Contains(text, internal) {
				t.Errorf("%s has %q:\n%s", kind, internal, text)
			}
		}
		for _, theirs := range []string{"Which card was it?", "and a second line", "It is on its way.", "https://help.example.com/refund", "closed it", "Hello "} {
			if !strings.Contains(text, theirs) {
				t.Errorf("%s lacks %q:\n%s", kind, theirs, text)
			}
		}
	}
}

// Nothing that is done besides is an asker's to read until somebody says so.
func TestTranscriptOfAnything(t *testing.T) {
	w := newWorld(t)
	k := desk.Ticket{ID: "T-1", Number: 1, Desk: "support", Asker: kim, State: desk.Open, History: []desk.Entry{
		{By: "ana", Name: "Ana", Did: desk.DidNote, Text: "secret"},
		{By: "ana", Name: "Ana", Did: desk.DidEdit, Text: "secret", Of: 1},
		{By: "ana", Name: "Ana", Did: "whatever", Text: "secret"},
		{By: "ana", Name: "Ana", Did: desk.DidReply, Text: "secret", Passage: desk.Held},
		{By: "ana", Name: "Ana", Did: desk.DidReply, Text: "secret", Passage: desk.Failed},
		{By: "ana", Name: "Ana", Did: desk.DidReply, Text: "secret", Passage: desk.Withdrawn},
	}}
	if s := w.script(&k, "en", true); len(s.Lines) != 0 {
		t.Errorf("the asker reads %+v", s.Lines)
	}
	if s := w.script(&k, "en", false); len(s.Lines) != 6 || !s.Lines[0].Note || !s.Lines[1].Note {
		t.Errorf("an agent reads %+v", s.Lines)
	}
}

// A private article that the asker was shown is named to them alone.
func TestTranscriptPrivate(t *testing.T) {
	w := newWorld(t)
	k := desk.Ticket{ID: "T-1", Number: 1, Desk: "support", Asker: sam, State: desk.Open, History: []desk.Entry{{Did: desk.DidOpen, Text: "a"}},
		Trail: conversation.Trail{Asked: []conversation.Asked{{Text: "a", Shown: []conversation.Shown{
			{ID: "staff-keys", Lang: "en", Title: "Handbook", URL: "https://help.example.com/staff-keys"},
			{ID: "refund", Lang: "en", Title: "Refund", URL: "https://help.example.com/refund"},
		}}}}}
	for forAsker, want := range map[bool]int{true: 2, false: 1} {
		if s := w.script(&k, "en", forAsker); len(s.Before[0].Shown) != want {
			t.Errorf("for the asker %t: %+v", forAsker, s.Before)
		}
	}
}

// Times are those of the desk's clocks, whatever they showed then, and say so.
func TestTranscriptZone(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Lisbon")
	if err != nil {
		t.Fatal(err)
	}
	s := testSettings()
	s.Desks[0].Hours = desk.NewHours(zone, nil, nil)
	w := newWorldOf(t, s)
	spring := time.Date(2026, 3, 29, 0, 59, 0, 0, time.UTC) // the minute before clocks go from 1:00 to 2:00
	k := desk.Ticket{ID: "T-1", Number: 1, Desk: "support", Asker: kim, State: desk.Open, OpenedAt: spring, History: []desk.Entry{
		{At: spring, Name: "Kim", Did: desk.DidOpen, Text: "a"},
		{At: spring.Add(time.Minute), By: "ana", Name: "Ana", Did: desk.DidWait, Until: spring.Add(time.Hour)},
	}}
	text := string(w.script(&k, "en", false).markdown())
	for _, want := range []string{"Opened: 2026-03-29 00:59 WET", "Time zone: Europe/Lisbon", "2026-03-29 00:59 WET, Kim asked", "2026-03-29 02:00 WEST, Ana", "back 2026-03-29 02:59 WEST"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	if k.Desk = "sales"; strings.Contains(string(w.script(&k, "en", true).markdown()), "Time zone") {
		t.Error("UTC is said twice")
	}
}

// Where a transcript goes: to the agent alone; to the asker where nobody else
// reads it.
func TestTranscriptSent(t *testing.T) {
	w := newWorld(t)
	k := w.opens(kim, "Where is my refund?")
	id := string(k.ID)
	files := func(o []chat.Reply) (found []chat.Reply) {
		for _, r := range o {
			if len(r.Files) > 0 {
				found = append(found, r)
			}
		}
		return found
	}
	sent := files(w.runs(ana, "ticket", "log "+id).Replies)
	if len(sent) != 1 || sent[0].Place != chat.Direct(ana.Account) || sent[0].Files[0].Made != "transcript/"+id+"/agent/en/md" || sent[0].Files[1].File.Name != id+".html" {
		t.Fatalf("sent %+v", sent)
	}
	report := func(r chat.Reply, kind chat.Kind, cause string, missing ...chat.Missing) []chat.Reply {
		return w.do(w.event(chat.Event{Kind: kind, Place: r.Place, Report: r.Report, Cause: cause, Missing: missing}, kim)).Replies
	}
	if o := report(sent[0], chat.Delivered, ""); len(o) != 0 {
		t.Errorf("delivered: %+v", o)
	}

	sent = files(w.runs(ana, "ticket", "transcript "+id+" asker").Replies)
	if len(sent) != 1 || sent[0].Place != chat.Direct(kim.Account) || sent[0].Files[0].Made != "transcript/"+id+"/asker/md" {
		t.Fatalf("sent %+v", sent)
	}
	again := files(report(sent[0], chat.Undeliverable, "cannot be delivered: closed"))
	if len(again) != 1 || again[0].Place != chat.Apart(help.Outside(), kim.Account) {
		t.Fatalf("tried %+v", again)
	}
	told := report(again[0], chat.Undeliverable, "cannot be delivered: no private threads")
	if len(told) != 1 || told[0].Place != chat.Direct(ana.Account) || !strings.Contains(told[0].PlainText(), "no private threads") {
		t.Errorf("told %+v", told)
	}
	if now := w.ticket(k.ID); now.Newest().Did != desk.DidTranscript || now.Newest().Passage != desk.Failed || now.State != desk.Open {
		t.Errorf("noted %+v", now.Newest())
	}

	sent = files(w.runs(ana, "ticket", "transcript "+id+" asker").Replies)
	told = report(sent[0], chat.Delivered, "", chat.Missing{Name: id + ".md", Cause: "too large"})
	if now := w.ticket(k.ID); len(told) != 1 || !strings.Contains(told[0].PlainText(), "too large") || now.Newest().Passage != desk.Arrived {
		t.Errorf("told %+v, noted %+v", told, now.Newest())
	}
}

func TestMakeUnknown(t *testing.T) {
	w := newWorld(t)
	k := w.opens(kim, "Where is my refund?")
	for _, made := range []string{"", "transcript", "picture/1", "transcript/T-9/asker/md", "transcript/" + string(k.ID) + "/asker", "transcript/" + string(k.ID) + "/anyone/md", "transcript/" + string(k.ID) + "/asker/exe"} {
		if data, err := w.Make(t.Context(), made); err == nil {
			t.Errorf("Make(%q) = %s", made, data)
		}
	}
}

var tag = regexp.MustCompile(`<[^>]*>`)

// FuzzTranscript: whatever people say is words in either file. In HTML it opens
// no tag, and in Markdown it reads as it was said.
func FuzzTranscript(f *testing.F) {
	w := newWorld(f)
	for _, s := range []string{
		"hello", "<script>alert(1)</script>", "# a\n- b\n> c\n1. d\n===\n---", "*a* **b** _c_ `d` [e](https://x.example) <https://y.example> ![f](g)",
		"| a | b |\n|---|---|\n| c | d |", "&lt;b&gt; &#60;", "    code\n\ttab", "[x]: https://x.example", "\\", "```\nx\n```", "~~a~~", "a\n\nb", "{{.}}", "*", "1) a", "\u202eabc",
	} {
		f.Add(s)
	}
	story := func(s string) *desk.Ticket {
		sender := chat.Sender{Account: account("kim"), Name: s}
		return &desk.Ticket{ID: "T-1", Number: 1, Desk: "support", Asker: sender, State: desk.Open, Question: s, History: []desk.Entry{
			{Did: desk.DidOpen, Name: s, Text: s}, {Did: desk.DidAdd, Name: s, Text: s, Files: []chat.File{{Name: s}}},
			{Did: desk.DidReply, By: "ana", Name: "Ana", Text: s, Markup: true}, {Did: desk.DidArticle, By: "ana", Name: "Ana", Text: s, URL: "https://help.example.com/" + s},
			{Did: desk.DidLabel, By: "ana", Name: "Ana", Text: s},
		}, Trail: conversation.Trail{Asked: []conversation.Asked{{Text: s}}}}
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // the platforms' adapters have seen to it
		}
		page, err := w.script(story(s), "en", false).html()
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range tag.FindAllString(string(page), -1) {
			name := strings.Trim(strings.Fields(strings.TrimLeft(found, "</") + " ")[0], ">/")
			if !strings.Contains(" html head meta title style body h1 h2 dl dt dd ol ul li div span blockquote a code strong !DOCTYPE ", " "+name+" ") {
				t.Errorf("%q makes the tag %s", s, found)
			}
		}
		if n := strings.Count(string(page), "<a "); n > strings.Count(s, "](http")+1 {
			t.Errorf("%q makes %d links", s, n)
		}
		// As the question is read from the file.
		text := chat.Defuse(s)
		if strings.TrimSpace(text) == "" || strings.Contains(text, "\x00") {
			return
		}
		written := script{Title: "T", SaidTitle: "S", Lines: []scriptLine{{Deed: "D", Words: []chat.Text{chat.Plain(text)}}}}.markdown()
		front := "---\ntitle: t\nurl: https://x.example\nid: x\nlang: en\naudience: buyer\ntopic: t\n---\n"
		articles, err := knowledge.Load(fstest.MapFS{"a.md": {Data: append([]byte(front), written...)}}, knowledge.Rules{})
		if err != nil || len(articles) != 1 {
			t.Fatalf("%q: %v\n%s", s, err, written)
		}
		got, _ := strings.CutPrefix(articles[0].Sections[len(articles[0].Sections)-1].Text, "D\n")
		if want := squeezed(text); squeezed(got) != want {
			t.Errorf("%q reads %q\n%s", want, got, written)
		}
	})
}

// squeezed is text without what layout makes of gaps.
func squeezed(s string) string { return strings.Join(strings.Fields(s), " ") }
