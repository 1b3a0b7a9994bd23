package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
)

// Here is how those who ask next gain by a settled ticket: its question is tied
// to an article that answers it, or an article is asked for.

// Reverted is the set of aliases that were taken back by themselves: a
// [desk.Reverted] by the alias' id.
const Reverted spool.Set = "reverted"

// revertTimer is the first part of the names of what takes an alias back.
const revertTimer = "revert/"

const (
	// noLesson and newArticle are choices beside articles. No id of an article
	// begins so that is offered.
	noLesson   = "*nothing"
	newArticle = "*new"
	// lessonsOffered is how many articles are offered: a screenful.
	lessonsOffered = 8
)

// lessonRows are what agents do for those who ask next.
func lessonRows() []command {
	return []command{
		opens(audits("ticket.teach", deskVerb("teach", "learn tie", "have a ticket's question find an article from now on", (*turn).teach, aTicket,
			chat.Param{Name: "query", Kind: chat.TextParam, Optional: true, Suggested: true})), (*opening).teachForm),
		audits("ticket.draft", deskVerb("draft", "", "ask for a new article about a ticket", (*turn).draft, aTicket)),
	}
}

// lessonButtons are beside what they answer.
func lessonButtons() []command {
	return []command{
		{Command: chat.Command{Verb: "unteach", Params: []chat.Param{aTicket, {Name: "alias", Kind: chat.WordParam}}, Role: chat.Agent, Visibility: chat.Private},
			run: (*turn).unteach},
	}
}

// teach ties a ticket's question to an article, which is named or chosen.
func (t *turn) teach(in chat.Invocation) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	if t.event.Kind == chat.Submit {
		return t.lesson(k, agent)
	}
	return t.teachBy(k, agent, in.Args["query"])
}

// lesson does what was chosen in a form for those who ask next.
func (t *turn) lesson(k *heldTicket, agent desk.Agent) error {
	if t.rephrase(&k.Value, t.event.Values["phrasing"]) {
		t.keepTicket(k)
	}
	query := oneLine(t.event.Values["query"])
	switch choice := t.event.Values["lesson"]; {
	case query != "":
		return t.teachBy(k, agent, query)
	case choice == newArticle:
		return t.askArticle(k, agent)
	case choice != noLesson && choice != "":
		return t.teachBy(k, agent, choice)
	}
	if t.verb == "teach" {
		t.tell(t.text("teach_nothing"))
	}
	return nil
}

// teachBy ties a ticket's question to the article that words name; if they name
// none for sure, they are asked about first.
func (t *turn) teachBy(k *heldTicket, agent desk.Agent, query string) error {
	if k.Value.Question == "" {
		return &refusal{id: "lesson_gone", args: args{"Ticket": k.Value.ID}}
	}
	query = oneLine(query)
	var found []*knowledge.Article
	exact, err := false, error(nil)
	if query == "" {
		found, err = t.lessons(&k.Value)
	} else {
		found, exact, err = t.findArticles(query, &k.Value)
	}
	switch {
	case err != nil:
		return err
	case exact:
		return t.learn(k, agent, found[0])
	case len(found) == 0 && query != "":
		return &refusal{id: "article_none", args: args{"Query": chat.Shorten(query, 60)}, more: []chat.Block{row(t.newArticleButton(&k.Value))}}
	}
	return t.offerLessons(found, &k.Value)
}

// offerLessons asks an agent which article it is.
func (t *turn) offerLessons(found []*knowledge.Article, k *desk.Ticket) error {
	blocks := []chat.Block{t.text("teach_which"), quote(t.phrasing(k))}
	if len(found) == 0 {
		blocks = []chat.Block{t.text("teach_none", args{"Ticket": k.ID})}
	}
	var buttons []chat.Button
	for i, a := range found {
		blocks = append(blocks, chat.Block{Layout: chat.Paragraph, Text: append(chat.Plain(fmt.Sprintf("%d. ", i+1)), chat.Link(a.Title, a.URL)...)})
		buttons = append(buttons, chat.Button{
			Label:  t.line("button_teach_this", args{"Number": fmt.Sprint(i + 1)}),
			Action: chat.Do("teach", string(k.ID), string(a.ID)),
		})
	}
	t.tell(append(blocks, rows(append(buttons, t.teachButton(k, "button_teach_else"), t.newArticleButton(k)))...)...)
	return nil
}

// learn ties a ticket's question to an article.
func (t *turn) learn(k *heldTicket, agent desk.Agent, article *knowledge.Article) error {
	lang := cmp.Or(k.Value.Trail.Lang, t.settings.Languages[0])
	alias, err := desk.NewAlias(string(article.ID), lang, t.phrasing(&k.Value), agent.ID, t.at)
	switch {
	case errors.Is(err, desk.ErrTooLong), errors.Is(err, desk.ErrNoWords):
		return &refusal{id: "teach_unclear", args: args{"Count": desk.MaxPhrasing}, more: []chat.Block{row(t.teachButton(&k.Value, "button_teach_words"))}}
	case err != nil:
		return fmt.Errorf("teach on %s: %w", k.Value.ID, err)
	}
	alias.Ticket, alias.From = k.Value.ID, agent.Account
	a := args{"Phrasing": alias.Text, "Title": chat.Link(article.Title, article.URL)}
	switch known, err := t.view.Alias(t.ctx, alias.ID); {
	case err == nil:
		blocks := []chat.Block{t.text("taught_before", a)}
		if known.Ticket == k.Value.ID {
			blocks = append(blocks, row(t.unteachButton(alias)))
		}
		t.tell(blocks...)
		return nil
	case errors.Is(err, spool.ErrFull):
		return &refusal{id: "teach_full", args: args{"Count": desk.MaxAliases}}
	case !errors.Is(err, spool.ErrNotFound):
		return err
	}
	against, err := t.against(alias, article)
	if err != nil {
		return err
	}
	t.of(string(alias.ID))
	t.out.Learned = append(t.out.Learned, alias)
	t.out.Sets = append(t.out.Sets, spool.SetChange{Set: Reverted, Member: string(alias.ID), Remove: true})
	k.Value.Teach(agent, string(article.ID), article.Title, t.at)
	t.keepTicket(k)
	t.tell(slices.Concat([]chat.Block{t.text("taught", a)}, against, []chat.Block{row(t.unteachButton(alias))})...)
	return nil
}

func (t *turn) unteachButton(a desk.Alias) chat.Button {
	return chat.Button{Label: t.line("button_undo"), Action: chat.Do("unteach", string(a.Ticket), string(a.ID))}
}

// against says that a phrasing surely finds another article so far: one example
// may not outweigh that.
func (t *turn) against(alias desk.Alias, article *knowledge.Article) ([]chat.Block, error) {
	ans, err := t.library().Find(t.ctx, knowledge.Question{Text: alias.Text, Locale: knowledge.Lang(alias.Lang), Limit: t.settings.Articles})
	if err != nil || ans.Level != knowledge.Sure || ans.Matches[0].Article.ID == article.ID {
		return nil, err
	}
	return []chat.Block{contextLine(t.words.say(t.lang, "taught_against", args{"Title": ans.Matches[0].Article.Title}))}, nil
}

// unteach takes back what was learned on a ticket.
func (t *turn) unteach(in chat.Invocation) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	alias, err := t.view.Alias(t.ctx, desk.AliasID(in.Args["alias"]))
	switch {
	case errors.Is(err, spool.ErrNotFound), err == nil && alias.Ticket != k.Value.ID:
		t.tell(t.text("untaught_before"))
		return nil
	case err != nil:
		return err
	}
	t.of(string(alias.ID))
	t.out.Unlearned = append(t.out.Unlearned, alias.ID)
	k.Value.Unteach(agent, t.at)
	t.keepTicket(k)
	t.tell(t.text("untaught", args{"Phrasing": alias.Text}))
	return nil
}

// offerLesson asks an agent who has settled a ticket without a form what those
// who ask next shall find: once, and not if there is nothing to learn from.
func (t *turn) offerLesson(k *desk.Ticket) []chat.Block {
	if k.Question == "" || k.Parent != "" || k.Count(desk.DidResolve) > 1 || k.Count(desk.DidTeach)+k.Count(desk.DidDraft) > 0 {
		return nil
	}
	return []chat.Block{contextLine(t.words.say(t.lang, "teach_offer")), row(t.teachButton(k, "button_teach"), t.newArticleButton(k))}
}

// stillTeach offers an agent whose form comes after somebody else's has settled
// the ticket to learn from it all the same.
func (t *turn) stillTeach(k *desk.Ticket, err error) error {
	var no *refusal
	if t.event.Kind == chat.Submit && k.State == desk.Resolved && errors.As(err, &no) {
		no.more = append(no.more, t.offerLesson(k)...)
	}
	return err
}

func (t *turn) teachButton(k *desk.Ticket, label string) chat.Button {
	return chat.Button{Label: t.line(label), Action: chat.Do("teach", string(k.ID))}
}

func (t *turn) newArticleButton(k *desk.Ticket) chat.Button {
	return chat.Button{Label: t.line("button_draft"), Action: chat.Do("draft", string(k.ID))}
}

// teachForm asks which article it is, and in which words it shall be found.
func (o *opening) teachForm(in chat.Invocation) (*chat.Form, error) {
	if in.Args["query"] != "" {
		return nil, nil
	}
	k, err := o.which(o.ctx, o.reader, o.event.From, in)
	if err != nil || k.Value.Question == "" {
		return nil, err
	}
	fields, err := o.lessonFields(&k.Value)
	if err != nil {
		return nil, err
	}
	return &chat.Form{
		Action: chat.Do("teach", string(k.Value.ID)),
		Title:  o.words.line(o.lang, "form_teach", args{"Ticket": k.Value.ID}),
		Submit: o.words.line(o.lang, "button_teach_learn"),
		Fields: fields,
	}, nil
}

// lessonFields ask what those who ask next shall find.
func (o *opening) lessonFields(k *desk.Ticket) ([]chat.Field, error) {
	found, err := o.lessonsFor(o.ctx, k)
	if err != nil {
		return nil, err
	}
	options := []chat.Option{{Label: o.words.line(o.lang, "lesson_nothing"), Value: noLesson}}
	for _, a := range found {
		options = append(options, chat.Option{Label: chat.Shorten(a.Title, maxLessonLabel), Value: string(a.ID)})
	}
	options = append(options, chat.Option{Label: o.words.line(o.lang, "button_draft"), Value: newArticle})
	return []chat.Field{
		{Name: "lesson", Label: o.words.line(o.lang, "form_lesson"), Kind: chat.Pick, Value: noLesson, Options: options, Optional: true},
		{Name: "query", Label: o.words.line(o.lang, "form_query"), Kind: chat.Line, Optional: true, Max: desk.MaxPhrasing},
		{Name: "phrasing", Label: o.words.line(o.lang, "form_phrasing"), Kind: chat.Line, Optional: true, Value: chat.Shorten(o.phrasing(k), desk.MaxPhrasing), Max: desk.MaxPhrasing},
	}, nil
}

// maxLessonLabel is how many characters of a title stand in a list to choose
// from: what Slack takes of an option.
// Source: https://docs.slack.dev/reference/block-kit/composition-objects/option-object
const maxLessonLabel = 75

// lessons are the articles that may be what a ticket's question is about.
func (t *turn) lessons(k *desk.Ticket) ([]*knowledge.Article, error) { return t.lessonsFor(t.ctx, k) }

// lessonsFor lists those that the asker was shown or sent, the newest first, and
// those found for the question: what everybody may read, since everybody will
// find it.
func (b *Bot) lessonsFor(ctx context.Context, k *desk.Ticket) ([]*knowledge.Article, error) {
	lang := knowledge.Lang(k.Trail.Lang)
	var list []*knowledge.Article
	add := func(id knowledge.ArticleID) {
		a, ok := b.library().Article(id, lang, nil)
		action := chat.Do("teach", string(k.ID), string(id))
		known := slices.ContainsFunc(list, func(o *knowledge.Article) bool { return o.ID == id })
		if ok && !known && len(list) < lessonsOffered && len(action.String()) <= chat.MaxAction {
			list = append(list, a)
		}
	}
	for _, sent := range []bool{true, false} { // by an agent, who knows best
		for _, asked := range slices.Backward(k.Trail.Asked) {
			for _, s := range asked.Shown {
				if (s.By != "") == sent {
					add(knowledge.ArticleID(s.ID))
				}
			}
		}
	}
	found, _, err := b.findPublic(ctx, b.phrasing(k), k)
	for _, a := range found {
		add(a.ID)
	}
	return list, err
}

// rephrase notes in which words an agent would have a ticket's question learned,
// and reports whether that is news.
func (t *turn) rephrase(k *desk.Ticket, typed string) bool {
	typed = withoutMasks(oneLine(typed))
	if typed == "" || typed == chat.Shorten(t.phrasing(k), desk.MaxPhrasing) {
		return false
	}
	k.Phrasing = chat.Shorten(typed, desk.MaxPhrasing)
	return true
}

// phrasing is a ticket's question as it is learned: on one line, without what
// tells who asked. A long story is told by the sentence of it that asks.
func (b *Bot) phrasing(k *desk.Ticket) string {
	if k.Phrasing != "" {
		return k.Phrasing
	}
	text := b.told(k)
	if utf8.RuneCountInString(text) <= desk.MaxPhrasing {
		return text
	}
	for _, sentence := range sentences(text) {
		if strings.HasSuffix(sentence, "?") && utf8.RuneCountInString(sentence) <= desk.MaxPhrasing {
			return sentence
		}
	}
	return text
}

// told is what was asked, without names and what is masked. Sentences that lose
// something by that say who asks, and go if what is left still asks enough.
func (b *Bot) told(k *desk.Ticket) string {
	var all, others []string
	names := b.names(k)
	for _, sentence := range sentences(oneLine(k.Asks())) {
		bare := withoutMasks(nameless(withoutMasks(sentence), names, ""))
		bare = loose.ReplaceAllString(bare, "$1")
		all = append(all, bare)
		if bare == sentence {
			others = append(others, bare)
		}
	}
	if rest := strings.Join(others, " "); strings.HasSuffix(rest, "?") && len(strings.Fields(rest)) >= asksEnough {
		return rest
	}
	return oneLine(strings.Join(all, " "))
}

// asksEnough is how many words say what somebody wants: with fewer, it may be no
// more than "Can you help me, please?"
const asksEnough = 6

// loose is a mark in front of which something was taken out.
var loose = regexp.MustCompile(`\s+([,;:.!?])`)

// sentences parts a text on one line after each mark that ends one.
func sentences(text string) []string {
	var list []string
	begun := 0
	words := strings.Fields(text)
	for i, word := range words {
		if i == len(words)-1 || strings.ContainsAny(word[len(word)-1:], ".!?") || strings.HasSuffix(word, "…") {
			list = append(list, strings.Join(words[begun:i+1], " "))
			begun = i + 1
		}
	}
	return list
}

// maskWord is what [chat.Mask] leaves in the place of what it masks, and what
// stands for names.
var maskWord = regexp.MustCompile(`\[(?:[a-z-]+)\]`)

// withoutMasks leaves out what is masked in a text: nobody asks for it. What
// comes together so is looked at anew.
func withoutMasks(text string) string {
	for {
		masked := oneLine(maskWord.ReplaceAllString(chat.Mask(text), " "))
		if masked == text {
			return text
		}
		text = masked
	}
}

// mention is someone or somewhere in the markup of a platform.
var mention = regexp.MustCompile(`<[@!#][^>\s]{0,80}>?|\B@[^\s@]+`)

// particles stand in names, and between any other words: João dos Santos.
var particles = []string{"das", "del", "dos", "las", "los", "van", "von", "der", "den"}

// names are those of whom a ticket knows, word by word in lower case.
func (b *Bot) names(k *desk.Ticket) map[string]bool {
	names := map[string]bool{}
	add := func(name string) {
		for _, word := range wordsOf(strings.ToLower(name)) {
			if utf8.RuneCountInString(word) >= 3 && !slices.Contains(particles, word) { // shorter ones are words more often than names
				names[word] = true
			}
		}
	}
	add(k.Asker.Name)
	add(k.Asker.Account.User())
	for _, e := range k.History {
		if e.By != desk.Signpost.ID {
			add(e.Name)
		}
		if m, ok := b.access.member(e.By); ok {
			add(m.Name)
			add(m.Alias)
		}
	}
	return names
}

// nameless puts something else in the place of names.
func nameless(text string, names map[string]bool, instead string) string {
	text = mention.ReplaceAllString(text, instead)
	var out strings.Builder
	for len(text) > 0 {
		start := strings.IndexFunc(text, inName)
		if start < 0 {
			start = len(text)
		}
		out.WriteString(text[:start])
		text = text[start:]
		end := strings.IndexFunc(text, func(r rune) bool { return !inName(r) })
		if end < 0 {
			end = len(text)
		}
		if names[strings.ToLower(text[:end])] {
			out.WriteString(instead)
		} else {
			out.WriteString(text[:end])
		}
		text = text[end:]
	}
	return out.String()
}

func inName(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

func wordsOf(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !inName(r) })
}

// A Regression is what an alias has done to a golden question.
type Regression struct {
	Question string
	Before   string // title of the article that answered it; empty: rightly none
	After    string // with the alias; empty: none
	// Private: it is asked as somebody who may read what others may not know of.
	Private bool
}

// Revert is the event that takes an alias back because of what it has done. Mark
// tells the times apart that it is found out: the same one comes once.
func (b *Bot) Revert(a desk.Alias, r Regression, mark string, at time.Time) chat.Event {
	private := ""
	if r.Private {
		private = "yes"
	}
	return chat.Event{
		ID: chat.EventID(revertTimer + string(a.ID) + "/" + mark), Kind: chat.Tick, Timer: revertTimer + string(a.ID), At: at, Place: deskLane(""),
		Values: map[string]string{"question": r.Question, "before": r.Before, "after": r.After, "private": private, "taught": a.At.Format(time.RFC3339Nano)},
	}
}

// revert takes an alias back, and tells who taught it why.
func (t *turn) revert(id string) error {
	alias, err := t.view.Alias(t.ctx, desk.AliasID(id))
	switch {
	case errors.Is(err, spool.ErrNotFound):
		return nil // somebody was faster
	case err != nil:
		return err
	case alias.At.Format(time.RFC3339Nano) != t.event.Values["taught"]:
		return nil // it was taught anew since
	}
	why := desk.Reverted{
		Alias: alias, Question: t.event.Values["question"], Before: t.event.Values["before"], After: t.event.Values["after"], At: t.at,
	}
	value, err := json.Marshal(why)
	if err != nil {
		return err
	}
	t.out.Unlearned = append(t.out.Unlearned, alias.ID)
	t.out.Sets = append(t.out.Sets, spool.SetChange{Set: Reverted, Member: id, Value: string(value)})
	t.log.Warn("a learned phrasing was taken back: with it, a golden question is not answered right any more",
		"alias", alias.ID, "article", alias.Article, "question", why.Question, "before", why.Before, "after", why.After, "ticket", alias.Ticket)
	t.lang = t.words.speak(t.settings.Languages[0])
	reason := t.reason(why, t.event.Values["private"] != "")
	var next []chat.Block
	if alias.Ticket != "" {
		k, err := t.ticket(alias.Ticket)
		if err != nil {
			return err
		}
		if k != nil {
			k.Value.Revert(reason, t.at)
			t.keepTicket(k)
			next = []chat.Block{row(t.teachButton(&k.Value, "button_teach_words"))}
		}
	}
	title := alias.Article
	if a, ok := t.library().Article(knowledge.ArticleID(alias.Article), knowledge.Lang(alias.Lang), nil); ok {
		title = a.Title
	}
	t.notify(desk.Agent{ID: alias.By, Account: alias.From}, func() []chat.Block {
		return append([]chat.Block{
			t.text("reverted", args{"Phrasing": alias.Text, "Title": title}),
			contextLine(t.words.say(t.lang, "reverted_why", args{"Reason": reason})),
		}, next...)
	})
	return nil
}

// reason words what an alias has done, in the turn's language, for agents who may
// not know of what is private.
func (t *turn) reason(r desk.Reverted, private bool) string {
	a := args{"Question": r.Question, "Before": r.Before, "After": r.After}
	switch {
	case private:
		return t.line("revert_private")
	case r.Before == "":
		return t.line("revert_found", a)
	case r.After == "":
		return t.line("revert_lost", a)
	}
	return t.line("revert_other", a)
}
