package bot

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
)

func snippetFS(files ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return fsys
}

func TestLoadSnippets(t *testing.T) {
	list, err := LoadSnippets(snippetFS(
		"wait.pt-BR.md", "---\nname: wait\nlang: pt-BR\ntitle: Espere\n---\nEspere.\n",
		"deep/wait.md", "\uFEFF---\r\nname: wait\r\nlang: en\r\ntitle: \"Wait: please\"\r\narticle: 12\r\n---\r\n\r\nWait, {{ asker }}.\r\nRead {{article}}.\r\n",
		"README.md", "no snippet", "notes.txt", "nor this", ".hidden/x.md", "nor this",
	), languages)
	if err != nil {
		t.Fatal(err)
	}
	want := []Snippet{
		{File: "deep/wait.md", Name: "wait", Lang: "en", Title: "Wait: please", Article: "12", Text: "Wait, {{ asker }}.\nRead {{article}}."},
		{File: "wait.pt-BR.md", Name: "wait", Lang: "pt-BR", Title: "Espere", Text: "Espere."},
	}
	if diff := cmp.Diff(want, list, cmpopts.IgnoreUnexported(Snippet{})); diff != "" {
		t.Error(diff)
	}
}

// Every mistake is told with its file, line and mend.
func TestLoadSnippetsProblems(t *testing.T) {
	const head = "---\nname: a\nlang: en\ntitle: A\n---\n"
	tests := []struct {
		name, text, want string
	}{
		{"no front matter", "Hello", "a.md:1: has no front matter; begin the file with ---, the keys name, lang and title, and --- again"},
		{"front matter does not end", "---\nname: a\n", "a.md:1: has no front matter; begin the file with ---, the keys name, lang and title, and --- again"},
		{"nothing in it", "---\n---\nHello", "a.md:2: front matter is not a list of keys; write lines such as name: more-time"},
		{"a key", "---\nname: a\n---\nHello", "a.md:1: key \"lang\" is missing; add it\na.md:1: key \"title\" is missing; add it"},
		{"bad values", "---\nname: A b\nlang: fr\ntitle: \"\"\narticle: \"\"\n---\nHello", "a.md:2: name \"A b\" is not a name; write at most 40 of a-z, 0-9 and -, such as more-time\n" +
			"a.md:3: unknown language \"fr\"; use one of en, pt-BR, es\na.md:4: title has 0 characters; write 1 to 80\na.md:5: article is empty; name the id of an article, or remove the line"},
		{"unknown key", "---\nname: a\nlang: en\ntitle: A\nfrom: me\n---\nHello", "a.md:5: unknown key \"from\"; use name, lang, title, article"},
		{"a list", "---\nname: [a]\nlang: en\ntitle: A\n---\nHello", "a.md:2: name is not plain text; write one value, in quotes if need be\na.md:1: key \"name\" is missing; add it"},
		{"no keys", "---\n- a\n---\nHello", "a.md:2: front matter is not a list of keys; write lines such as name: more-time"},
		{"no text", head + "\n", "a.md:6: has no text under its front matter; write it there"},
		{"too long", head + strings.Repeat("a", maxSnippetText+1), "a.md:6: has 1934 characters; write at most 1933"},
		{"unknown variable", head + "\nHi {{name}}", "a.md:7: unknown variable {{name}}; use {{agent}}, {{article}}, {{asker}}, {{ticket}}"},
		{"open variable", head + "Hi {{asker}", "a.md:6: a variable is not closed; write it such as {{asker}}"},
		{"no article", head + "See {{article}}", "a.md:6: {{article}} is used, but no article is named; add a line article: with its id to the front matter"},
		{"heading", head + "## Hello", "a.md:6: a line begins with \"##\", which chats do not show; write paragraphs, lists, **bold**, `code` and [links](https://example.com)"},
		{"HTML", head + "<b>Hello</b>", "a.md:6: a line begins with \"<b\", which chats do not show; write paragraphs, lists, **bold**, `code` and [links](https://example.com)"},
		{"not UTF-8", "\xff", "a.md: is not UTF-8; save the file as UTF-8"},
		{"too large", strings.Repeat("a", maxSnippet+1), "a.md: is larger than 16 KiB; shorten it to what fits into one message"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			list, err := LoadSnippets(snippetFS("a.md", test.text), languages)
			if err == nil || err.Error() != test.want || len(list) != 0 {
				t.Errorf("%v and\n%v, want\n%s", list, err, test.want)
			}
		})
	}
	_, err := LoadSnippets(snippetFS("a.md", head+"Hello", "b.md", head+"Hello"), languages)
	if want := `b.md:1: snippet "a" in en is already in a.md; give one of the two another name`; err == nil || err.Error() != want {
		t.Errorf("twice: %v", err)
	}
}

// YAML that is none is told, whatever its parser says of it.
func TestLoadSnippetsNotYAML(t *testing.T) {
	_, err := LoadSnippets(snippetFS("a.md", "---\nname: [a\n---\nHello"), languages)
	if err == nil || !strings.Contains(err.Error(), "front matter is not YAML") {
		t.Errorf("%v", err)
	}
}

// The sample is without fault, in all its languages, and leads to articles of
// the sample.
func TestSampleSnippets(t *testing.T) {
	list, err := LoadSnippets(SampleSnippets(), languages)
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	articles, err := knowledge.Load(knowledge.Sample(), knowledge.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]int{}
	for _, s := range list {
		written[s.Name]++
		found := s.Article == ""
		for _, a := range articles {
			found = found || string(a.ID) == s.Article
		}
		if !found {
			t.Errorf("%s leads to an article that is not there", s.File)
		}
	}
	for name, n := range written {
		if n != len(languages) {
			t.Errorf("%s is written in %d languages", name, n)
		}
	}
}

func TestCheckSnippets(t *testing.T) {
	list, err := LoadSnippets(snippetFS(
		"open.md", "---\nname: open\nlang: en\ntitle: A\narticle: refund\n---\nHello",
		"gone.md", "---\nname: gone\nlang: en\narticle: nowhere\ntitle: A\n---\nHello",
		"private.md", "---\nname: private\nlang: en\ntitle: A\narticle: staff-refund\n---\nHello",
	), languages)
	if err != nil {
		t.Fatal(err)
	}
	want := "gone.md:4: there is no article \"nowhere\" that every asker may read; name another, or remove the line\n" +
		"private.md:5: there is no article \"staff-refund\" that every asker may read; name another, or remove the line"
	if err := CheckSnippets(list, testLibrary()); err == nil || err.Error() != want {
		t.Errorf("%v, want\n%s", err, want)
	}
}

// FuzzLoadSnippet: any bytes are a snippet or problems of that file, never both.
func FuzzLoadSnippet(f *testing.F) {
	f.Add([]byte("---\nname: a\nlang: en\ntitle: A\n---\nHello {{asker}}"))
	f.Add([]byte("---\n? : [\n---\n{{}}"))
	f.Add([]byte("---\nname: &x a\nlang: *x\n---\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := LoadSnippets(fstest.MapFS{"a.md": {Data: data}}, languages)
		if (err == nil) != (len(list) == 1) {
			t.Fatalf("%v and %v", list, err)
		}
		var problems knowledge.Problems
		if errors.As(err, &problems) {
			for _, p := range problems {
				if p.File != "a.md" || p.Line < 0 || p.Line > strings.Count(string(data), "\n")+2 {
					t.Errorf("%q: %v", data, p)
				}
			}
			return
		}
		text := list[0].fill(map[string]string{"asker": unmarked("{{agent}}"), "article": "[a](https://x.example)"})
		if strings.Contains(text, "{{asker}}") {
			t.Errorf("%q is filled in as %q", data, text)
		}
	})
}

// withSnippets is a world with some snippets.
func withSnippets(t *testing.T, files ...string) *world {
	t.Helper()
	w := newWorld(t)
	list, err := LoadSnippets(snippetFS(files...), languages)
	if err != nil {
		t.Fatal(err)
	}
	w.snippets = func() []Snippet { return list }
	return w
}

const (
	helloEnglish = "---\nname: hello\nlang: en\ntitle: Say hello\n---\nHello **{{asker}}**, {{agent}} here, about {{ticket}}."
	helloSpanish = "---\nname: hello\nlang: es\ntitle: Saludar\n---\nHola {{asker}}."
	howTo        = "---\nname: how-to\nlang: en\ntitle: How to get a refund\narticle: refund\n---\nPlease read this."
)

// relayed is what an outcome carries to the asker.
func relayed(o spool.Outcome) (replies []chat.Reply) {
	for _, r := range o.Replies {
		if r.Purpose == chat.Relaying {
			replies = append(replies, r)
		}
	}
	return replies
}

// A snippet goes out filled in; an asker's name is no markup.
func TestSnippet(t *testing.T) {
	w := withSnippets(t, "a.md", helloEnglish, "b.md", helloSpanish)
	star := kim
	star.Name = "**Kim** [x](https://evil.example)"
	k := w.opens(star, "I want to talk to a human")
	w.runs(ana, "ticket", "claim "+string(k.ID))
	o := w.runs(ana, "ticket", "snippet HELLO")
	sent := relayed(o)
	if len(sent) != 1 {
		t.Fatalf("sent %d: %s", len(sent), spoken(o))
	}
	want := chat.Text{{Text: "Hello "}, {Text: star.Name, Bold: true}, {Text: ", Ana here, about " + string(k.ID) + "."}}
	if diff := cmp.Diff(want, sent[0].Blocks[len(sent[0].Blocks)-1].Text); diff != "" {
		t.Error(diff)
	}
	if k := w.ticket(k.ID); k.State != desk.Waiting {
		t.Errorf("the ticket is %s", k.State)
	}
	// It can be rewritten as it was written.
	n := string(rune('0' + len(w.ticket(k.ID).History)))
	o = w.do(w.event(chat.Event{Kind: chat.Submit, Action: chat.Do("rewrite", string(k.ID), n), Values: map[string]string{"text": "Now **really**."}}, ana))
	if sent := relayed(o); len(sent) != 1 || !cmp.Equal(sent[0].Blocks[len(sent[0].Blocks)-1].Text, chat.Text{{Text: "Now "}, {Text: "really", Bold: true}, {Text: "."}}) {
		t.Errorf("rewritten: %+v", sent)
	}
}

// An article that a snippet leads to counts as shown, to the ticket and to the
// conversation; so does one that is sent by itself.
func TestSuggested(t *testing.T) {
	for _, line := range []string{"snippet how-to", "article refund"} {
		t.Run(line, func(t *testing.T) {
			w := withSnippets(t, "a.md", howTo)
			k := w.opens(kim, "qqqq zzzz") // finds nothing
			w.runs(ana, "ticket", "claim "+string(k.ID))
			o := w.runs(ana, "ticket", line)
			if text := spoken(o); !strings.Contains(text, "How do I get a refund? (https://help.example.com/refund)") {
				t.Errorf("said %s", text)
			}
			c, err := w.records.Conversation(t.Context(), k.Conversation)
			if err != nil {
				t.Fatal(err)
			}
			now := w.ticket(k.ID)
			for _, trail := range [][]string{{shownIDs(now.Trail.Asked[0].Shown), "ticket"}, {shownIDs(c.Value.Trail.Asked[0].Shown), "conversation"}} {
				if trail[0] != "refund by ana" {
					t.Errorf("the %s has shown %q", trail[1], trail[0])
				}
			}
			w.runs(ana, "ticket", line) // again: it was shown already
			if now := w.ticket(k.ID); len(now.Trail.Asked[0].Shown) != 1 {
				t.Errorf("shown twice: %+v", now.Trail.Asked[0].Shown)
			}
		})
	}
}

// What is not named exactly is offered, and goes out when its button is pressed.
func TestSnippetOffer(t *testing.T) {
	w := withSnippets(t, "a.md", helloEnglish, "b.md", helloSpanish, "c.md", howTo)
	es := kim
	es.Locale = "es"
	k := w.opens(es, "quiero hablar con una persona")
	w.runs(ana, "ticket", "claim "+string(k.ID))
	o := w.runs(ana, "ticket", "snippet refu")
	if text := spoken(o); !strings.Contains(text, "how-to · How to get a refund") || strings.Contains(text, "hello") || len(relayed(o)) != 0 {
		t.Errorf("refu: %s", text)
	}
	o = w.runs(ana, "ticket", "snippet zzz")
	if text := spoken(o); !strings.Contains(text, "no snippet called zzz") || !strings.Contains(text, "hello · Saludar") {
		t.Errorf("zzz: %s", text)
	}
	o = w.presses(ana, "snippet", string(k.ID), "hello")
	if sent := relayed(o); len(sent) != 1 || !strings.Contains(sent[0].PlainText(), "Hola Kim.") || sent[0].Lang != "es" {
		t.Errorf("sent %s", spoken(o))
	}
	// One that is not written in the asker's language goes in another, and the agent is told.
	o = w.runs(ana, "ticket", "tag how-to")
	if text := spoken(o); !strings.Contains(text, "how-to went out in English: it is not written in Spanish yet.") {
		t.Errorf("another language: %s", text)
	}
}

// Nothing is sent that would lead nowhere, and nothing by who does not hold the
// ticket.
func TestSnippetRefused(t *testing.T) {
	w := withSnippets(t, "a.md", helloEnglish, "b.md", strings.Replace(howTo, "article: refund", "article: staff-refund", 1))
	k := w.opens(kim, "I want to talk to a human")
	w.runs(ana, "ticket", "claim "+string(k.ID))
	for line, want := range map[string]string{
		"snippet how-to": "leads to the article staff-refund, which askers cannot read",
		"snippet":        "give a snippet: /ticket snippet [ticket] <snippet>\nhello · how-to",
	} {
		if o := w.runs(ana, "ticket", line); !strings.Contains(spoken(o), want) || len(relayed(o)) != 0 {
			t.Errorf("%s: %s", line, spoken(o))
		}
	}
	if o := w.runs(bo, "ticket", "snippet "+string(k.ID)+" hello"); !strings.Contains(spoken(o), "Nothing was sent") || len(relayed(o)) != 0 {
		t.Errorf("bo: %s", spoken(o))
	}
	w.snippets = func() []Snippet { return nil }
	if o := w.runs(ana, "ticket", "snippet hello"); !strings.Contains(spoken(o), "There are no snippets yet") {
		t.Errorf("none: %s", spoken(o))
	}
}

func TestSnippetTypeahead(t *testing.T) {
	w := withSnippets(t, "a.md", helloEnglish, "b.md", helloSpanish, "c.md", howTo)
	got := w.Suggest(t.Context(), chat.Typing{From: ana, Door: "ticket", Verb: "macro", Param: "snippet", Text: "hel"})
	if want := []chat.Option{{Label: "hello · Say hello", Value: "hello"}}; !cmp.Equal(got, want) {
		t.Errorf("suggested %+v", got)
	}
}

func shownIDs(list []conversation.Shown) string {
	var ids []string
	for _, s := range list {
		ids = append(ids, s.ID+" by "+string(s.By))
	}
	return strings.Join(ids, ", ")
}

// The button on a ticket leads to all snippets, a screenful of them.
func TestSnippetButton(t *testing.T) {
	files := []string{"a.md", helloEnglish}
	for _, name := range []string{"b", "c", "d", "e", "f", "g"} {
		files = append(files, name+".md", strings.Replace(howTo, "how-to", "how-to-"+name, 1))
	}
	w := withSnippets(t, files...)
	k := w.opens(kim, "Where is my refund?")
	labels := func(o spool.Outcome) (list []string) {
		for _, b := range o.Replies[0].AllButtons() {
			list = append(list, b.Label)
		}
		return list
	}
	if o := w.runs(ana, "ticket", "show "+string(k.ID)); !slices.Contains(labels(o), "Snippets") || !slices.Contains(labels(o), "Watch") || !slices.Contains(labels(o), "Transcript") {
		t.Errorf("show has %q", labels(o))
	}
	o := w.presses(ana, "snippet", string(k.ID))
	if got := labels(o); len(got) != snippetsOffered || !strings.Contains(spoken(o), "Which one should go to Kim?") || !strings.Contains(spoken(o), "2 more fit.") {
		t.Errorf("pressed: %q, %s", got, spoken(o))
	}
	w.runs(ana, "ticket", "watch "+string(k.ID))
	w.runs(ana, "ticket", "close "+string(k.ID))
	if got := labels(w.runs(ana, "ticket", "show "+string(k.ID))); !slices.Contains(got, "Transcript") || slices.Contains(got, "Snippets") {
		t.Errorf("a closed one has %q", got)
	}
	w.snippets = func() []Snippet { return nil }
	w.runs(ana, "ticket", "reopen "+string(k.ID))
	if got := labels(w.runs(ana, "ticket", "show "+string(k.ID))); slices.Contains(got, "Snippets") || !slices.Contains(got, "Watch no more") {
		t.Errorf("without snippets it has %q", got)
	}
}
