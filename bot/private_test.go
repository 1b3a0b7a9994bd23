package bot

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
)

func init() {
	// Each check builds libraries. More: go test ./bot -rapid.checks=1000
	if err := flag.Set("rapid.checks", "30"); err != nil {
		panic(err)
	}
}

// hidden stands in the title of every article that only the staff may read.
const hidden = "zanzibar"

// TestPrivateArticles: whatever the articles are and whatever is done, nobody
// sees the title of a private article who lacks the role, and nobody at all
// where others read along.
func TestPrivateArticles(t *testing.T) {
	nouns := []string{"refund", "password", "coupon", "invoice", "wallet"}
	outsider := lee
	outsider.External, outsider.Roles = true, []string{"staff"} // of another organisation
	rapid.Check(t, func(rt *rapid.T) {
		var articles []*knowledge.Article
		for n := range rapid.IntRange(1, 10).Draw(rt, "articles") {
			noun := rapid.SampledFrom(nouns).Draw(rt, "noun")
			audiences := rapid.SampledFrom([][]string{{"buyer"}, {"creator"}, {"staff"}, {"staff"}, {"staff", "buyer"}}).Draw(rt, "audiences")
			title := fmt.Sprintf("Where is my %s %d?", noun, n)
			if len(audiences) == 1 && audiences[0] == "staff" {
				title = fmt.Sprintf("Where is my %s %s %d?", hidden, noun, n)
			}
			a := page(fmt.Sprint("a", n), title, rapid.SampledFrom(nouns).Draw(rt, "topic"), "It is about your "+noun+".", audiences...)
			a.Questions = []string{"where is my " + noun}
			if audiences[0] == "staff" && len(audiences) == 1 {
				a.ID = knowledge.ArticleID(fmt.Sprint(hidden, n))
			}
			articles = append(articles, a)
		}
		w := newWorld(rt, articles...)
		people := []chat.Sender{kim, outsider, bo, sam}
		conversations := []string{"nosuchconversation"}
		step := func(e chat.Event, who chat.Sender) {
			o := w.do(w.event(e, who))
			for _, c := range o.Conversations {
				conversations = append(conversations, string(c.Value.ID))
			}
			noLeak(rt, e, who, o)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"ask": func(rt *rapid.T) {
				who := rapid.SampledFrom(people).Draw(rt, "who")
				text := "where is my " + rapid.SampledFrom(append(nouns, hidden)).Draw(rt, "noun") + "?"
				switch rapid.IntRange(0, 2).Draw(rt, "door") {
				case 0:
					step(chat.Event{Kind: chat.Message, Addressed: true, Text: text}, who)
				case 1:
					step(slash("ask", text), who)
				case 2:
					step(chat.Event{Kind: chat.Message, Addressed: true, Text: text, Place: chat.Direct(who.Account), Private: true}, who)
				}
			},
			"press": func(rt *rapid.T) {
				who := rapid.SampledFrom(people).Draw(rt, "who")
				c := rapid.SampledFrom(conversations).Draw(rt, "conversation")
				verb := rapid.SampledFrom([]string{"more", "share", "as", "helped", "unhelped"}).Draw(rt, "verb")
				args := []string{c}
				if verb == "as" {
					args = append(args, rapid.SampledFrom([]string{"buyer", "creator", "staff"}).Draw(rt, "audience"))
				}
				e := press(verb, args...)
				if rapid.Bool().Draw(rt, "forged in direct messages") {
					e.Place, e.Private = chat.Direct(who.Account), true
				}
				step(e, who)
			},
			"browse": func(rt *rapid.T) {
				who := rapid.SampledFrom(people).Draw(rt, "who")
				args := []string{
					rapid.SampledFrom([]string{"", "buyer", "staff"}).Draw(rt, "audience"),
					rapid.SampledFrom(append(nouns, "")).Draw(rt, "topic"),
					rapid.SampledFrom([]string{"", "0", "1"}).Draw(rt, "page"),
				}
				step(press("browse", args...), who)
			},
			"article": func(rt *rapid.T) {
				k := fmt.Sprint("T-", rapid.IntRange(1, max(1, int(w.records.number))).Draw(rt, "ticket"))
				query := rapid.SampledFrom(append(nouns, hidden, hidden+"0", hidden+"1", "a0", "a1")).Draw(rt, "query")
				step(slash("ticket", "article "+k+" "+query), bo)
			},
			"teach": func(rt *rapid.T) {
				k := fmt.Sprint("T-", rapid.IntRange(1, max(1, int(w.records.number))).Draw(rt, "ticket"))
				query := rapid.SampledFrom(append(nouns, "", hidden, hidden+"0", hidden+"1", "a0", "a1")).Draw(rt, "query")
				switch rapid.IntRange(0, 3).Draw(rt, "door") {
				case 0:
					step(slash("ticket", "teach "+k+" "+query), bo)
				case 1:
					step(press("teach", k, query), bo)
				case 2:
					step(slash("ticket", "draft "+k), bo)
				case 3:
					if form := w.open(press("teach", k), bo); form != nil && strings.Contains(fmt.Sprint(form.Fields[0]), hidden) {
						rt.Fatalf("Bo is offered %+v", form)
					}
				}
				for _, a := range w.records.aliases {
					if strings.Contains(a.Article, hidden) {
						rt.Fatalf("%+v was taught", a)
					}
				}
			},
			"why": func(rt *rapid.T) {
				k := fmt.Sprint("T-", rapid.IntRange(1, max(1, int(w.records.number))).Draw(rt, "ticket"))
				step(slash("ticket", "why "+k), bo)
			},
			"contact": func(rt *rapid.T) {
				who := rapid.SampledFrom(people[:2]).Draw(rt, "who") // who have nothing private in their trail
				step(press("contact", rapid.SampledFrom(conversations).Draw(rt, "conversation")), who)
			},
			"suggest": func(rt *rapid.T) {
				who := rapid.SampledFrom(people).Draw(rt, "who")
				q := chat.Typing{From: who, Place: help, Door: "ask", Param: "question", Text: rapid.SampledFrom(append(nouns, hidden, "")).Draw(rt, "typed")}
				if rapid.Bool().Draw(rt, "query") {
					q.Door, q.Verb, q.Param = "ticket", "article", "query"
				}
				for _, option := range w.Suggest(rt.Context(), q) {
					if strings.Contains(option.Label+option.Value, hidden) {
						rt.Fatalf("%s is offered %q", who.Name, option.Label)
					}
				}
			},
			"form": func(rt *rapid.T) {
				who := rapid.SampledFrom(people).Draw(rt, "who")
				form := w.open(press("contact", rapid.SampledFrom(conversations).Draw(rt, "conversation")), who)
				if form != nil && who.Name != "Sam" && strings.Contains(fmt.Sprint(form.Fields[1:]), hidden) {
					rt.Fatalf("%s is offered %+v", who.Name, form)
				}
			},
		})
	})
}

// noLeak checks that a private title is only seen by Sam, alone.
func noLeak(t *rapid.T, e chat.Event, who chat.Sender, o spool.Outcome) {
	for _, r := range o.Replies {
		alone := r.Only == sam.Account || r.Place == chat.Direct(sam.Account)
		if text := everything(r); strings.Contains(text, hidden) && !alone && !quoted(r) {
			t.Fatalf("%s %s %q by %s in %s shows %q in %s:\n%s", e.Kind, e.Action, e.Text, who.Name, e.Place, r.Only, r.Place, r.PlainText())
		}
	}
}

// quoted reports whether the word is only what a person wrote themselves.
func quoted(r chat.Reply) bool {
	r.Blocks = slices.DeleteFunc(slices.Clone(r.Blocks), func(b chat.Block) bool {
		text := strings.ToLower(b.Text.String())
		said := b.Layout == chat.Quote || r.Purpose == chat.Relaying && strings.HasPrefix(string(r.Key), "words/")
		if strings.Contains(text, "together with the one before") || strings.Contains(text, "“where is my "+hidden+"?”") { // which is quoted
			return !strings.Contains(strings.NewReplacer("where is my "+hidden+"?", "", "“"+hidden+"”", "").Replace(text), hidden)
		}
		return said && strings.Contains(text, "where is my "+hidden+"?") || strings.Contains(text, "“"+hidden)
	})
	return !strings.Contains(everything(r), hidden)
}

// Who has the role sees private articles where nobody reads along.
func TestPrivateArticlesShown(t *testing.T) {
	w := newWorld(t)
	const question = "where is the master password?"
	sees := func(o spool.Outcome) bool { return strings.Contains(spoken(o), "Handbook") }
	direct := w.event(chat.Event{Kind: chat.Message, Addressed: true, Text: question, Place: chat.Direct(sam.Account), Private: true}, sam)
	if !sees(w.do(direct)) || !sees(w.runs(sam, "ask", question)) || !sees(w.presses(sam, "browse", "staff", "keys")) {
		t.Error("the staff does not see its articles")
	}
	// What they share, everyone may see.
	for _, question := range []string{question, "where is my refund?"} {
		c := w.runs(sam, "ask", question).Conversations[0].Value
		if len(c.Newest().Shown) == 0 {
			t.Errorf("nothing to share for %q", question)
		}
		if o := w.presses(sam, "share", string(c.ID)); sees(o) || len(o.Replies) == 0 {
			t.Errorf("shared: %s", spoken(o))
		}
	}
	external := sam
	external.External = true
	if sees(w.says(sam, question)) || sees(w.runs(kim, "ask", question)) || sees(w.runs(external, "ask", question)) {
		t.Error("others see the articles of the staff")
	}
}
