package bot

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sahilm/fuzzy"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/knowledge"
)

// verbRows are the verbs that make a day shorter.
func verbRows() []command {
	return []command{
		ticket("snippet", "canned macro tag", "send one of the desk's written answers", (*turn).snippet, aTicket,
			chat.Param{Name: "snippet", Kind: chat.TextParam, Suggested: true}),
		ticket("watch", "alert", "hear in direct messages what is said on a ticket, or no more", (*turn).watch, aTicket),
		ticket("transcript", "log", "a ticket as a file, for you or its asker", (*turn).transcript, aTicket,
			chat.Param{Name: "to", Kind: chat.WordParam, Options: []string{"me", "asker"}, Optional: true}),
		lead(command{Command: chat.Command{Verb: "close_stale", Visibility: chat.Private, Params: []chat.Param{
			{Name: "desk", Kind: chat.WordParam}, {Name: "before", Kind: chat.WordParam},
		}}, run: (*turn).closeStale}),
	}
}

// snippet sends the asker one of the desk's written answers, in their language.
// What is not named exactly is offered first.
func (t *turn) snippet(in chat.Invocation) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	typed := oneLine(in.Args["snippet"])
	if typed == "" && t.event.Kind != chat.Press {
		return t.misused(&chat.UsageError{Door: "ticket", Command: &in.Command, Param: "snippet"}, in)
	}
	sets := t.snippetSets()
	if len(sets) == 0 {
		return &refusal{id: "snippet_nowhere"}
	}
	if typed == "" {
		return t.offerSnippets("", sets, &k.Value)
	}
	i := slices.IndexFunc(sets, func(set snippetSet) bool { return set.called(typed) })
	if i < 0 {
		return t.offerSnippets(typed, sets, &k.Value)
	}
	lang := t.words.speak(k.Value.Trail.Lang)
	s, text, linked := t.filled(sets[i], &k.Value, agent)
	if s.Article != "" && linked == nil {
		return &refusal{id: "snippet_article_gone", args: args{"Snippet": s.Name, "Article": s.Article}}
	}
	if err := k.Value.Reply(agent, text, false, t.undoable(&k.Value), t.at); err != nil {
		return t.explain(&k.Value, err)
	}
	k.Value.Newest().Markup, k.Value.Newest().Snippet = true, s.Name
	if linked != nil {
		sent := suggestion(linked, agent)
		k.Value.Trail.Suggest(sent)
		if err := t.suggested(&k.Value, sent); err != nil {
			return err
		}
	}
	t.keepTicket(k)
	t.relay(&k.Value, len(k.Value.History))
	if t.words.speak(s.Lang) != lang {
		t.tell(contextLine(t.words.say(t.lang, "snippet_other_language", args{
			"Snippet": s.Name, "Language": t.words.named(t.lang, "lang", s.Lang, nil), "Wanted": t.words.named(t.lang, "lang", lang, nil),
		})))
	}
	return nil
}

// filled is a snippet for the asker of a ticket, in their language if it is
// written in it, and the article that it leads to; nil if there is none such.
func (t *turn) filled(set snippetSet, k *desk.Ticket, agent desk.Agent) (s Snippet, text string, linked *knowledge.Article) {
	s = set.in(t.words.speak(k.Trail.Lang), t.settings.Languages)
	values := map[string]string{
		"asker": unmarked(k.Asker.Name), "agent": unmarked(t.signed(k, agent)), "ticket": string(k.ID),
	}
	if s.Article != "" {
		if a, ok := t.library().Article(knowledge.ArticleID(s.Article), knowledge.Lang(s.Lang), nil); ok {
			linked, values["article"] = a, linkTo(a.Title, a.URL)
		}
	}
	return s, s.fill(values), linked
}

// snippetButton leads to the snippets, if there are any.
func (t *turn) snippetButton(k *desk.Ticket) []chat.Button {
	if len(t.snippets()) == 0 {
		return nil
	}
	return []chat.Button{{Label: t.line("button_snippet"), Action: chat.Do("snippet", string(k.ID))}}
}

// offerSnippets asks an agent which snippet to send: those whose name or title
// has what was typed, else all of them.
func (t *turn) offerSnippets(typed string, sets []snippetSet, k *desk.Ticket) error {
	lang := t.words.speak(k.Trail.Lang)
	labels := make([]string, len(sets))
	for i, set := range sets {
		labels[i] = set.option(lang, t.settings.Languages).Label
	}
	var likely []snippetSet
	for _, match := range fuzzy.Find(typed, labels) {
		likely = append(likely, sets[match.Index])
	}
	blocks := []chat.Block{t.text("snippet_which", args{"Name": k.Asker.Name})}
	switch {
	case typed == "":
		likely = sets
	case len(likely) == 0:
		likely, blocks = sets, []chat.Block{t.text("snippet_none", args{"Snippet": chat.Shorten(typed, maxSnippetName)})}
	}
	rest := len(likely) - snippetsOffered
	var buttons []chat.Button
	for i, set := range likely[:min(len(likely), snippetsOffered)] {
		s := set.in(lang, t.settings.Languages)
		blocks = append(blocks, chat.Block{Layout: chat.Paragraph, Text: chat.Text{
			{Text: fmt.Sprintf("%d. ", i+1)}, {Text: s.Name, Bold: true}, {Text: " · " + s.Title},
		}}, contextLine(chat.Plain(chat.Shorten(oneLine(s.Text), listed))))
		buttons = append(buttons, chat.Button{
			Label:  t.line("button_send", args{"Number": fmt.Sprint(i + 1)}),
			Action: chat.Do("snippet", string(k.ID), s.Name),
		})
	}
	if rest > 0 {
		blocks = append(blocks, contextLine(t.words.say(t.lang, "snippet_rest", args{"N": rest})))
	}
	t.tell(append(blocks, rows(buttons)...)...)
	return nil
}

// snippetsOffered is how many snippets are offered at once: a screenful.
const snippetsOffered = 5

// snippetOptions is typeahead for snippets.
func (b *Bot) snippetOptions(lang string) []chat.Option {
	var options []chat.Option
	for _, set := range b.snippetSets() {
		option := set.option(lang, b.settings.Languages)
		option.Label = strings.TrimSpace(chat.Shorten(option.Label, maxSnippetTitle))
		options = append(options, option)
	}
	return options
}

// suggestion is an article as an agent sends it.
func suggestion(a *knowledge.Article, agent desk.Agent) conversation.Shown {
	return conversation.Shown{ID: string(a.ID), Lang: string(a.Lang), Title: a.Title, URL: a.URL, By: agent.ID}
}

// suggested counts an article that an agent sent among those that the asker has
// seen: in their conversation, as in the ticket's own trail.
func (t *turn) suggested(k *desk.Ticket, sent conversation.Shown) error {
	c, err := t.conversation(string(k.Conversation))
	if c == nil || err != nil {
		return err
	}
	c.Value.Trail.Suggest(sent)
	t.keepConversation(c)
	return nil
}
