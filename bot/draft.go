package bot

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
)

// Drafts is the set of articles that were asked for: a [desk.Draft] by the id of
// its ticket, which has one at most.
const Drafts spool.Set = "drafts"

const (
	// maxDraftTitle is how many characters of a question are the title of a draft.
	maxDraftTitle = 100
	// maxDraftPart is how many characters of a question or an answer it has.
	maxDraftPart = 2000
	// maxDraftAnswers is how many answers it has, and of what the asker added: the
	// last ones, which settled it.
	maxDraftAnswers = 5
)

// draft asks for an article about a ticket.
func (t *turn) draft(in chat.Invocation) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	return t.askArticle(k, agent)
}

// askArticle makes the draft of an article of a ticket: once.
func (t *turn) askArticle(k *heldTicket, agent desk.Agent) error {
	id := k.Value.ID
	if k.Value.Question == "" {
		return &refusal{id: "lesson_gone", args: args{"Ticket": id}}
	}
	switch _, err := t.view.Member(t.ctx, Drafts, string(id)); {
	case err == nil:
		t.tell(t.text("draft_before", args{"Ticket": id}))
		return nil
	case !errors.Is(err, spool.ErrNotFound):
		return err
	}
	d := t.newDraft(&k.Value, agent)
	value, err := json.Marshal(d)
	if err != nil {
		return err
	}
	t.out.Sets = append(t.out.Sets, spool.SetChange{Set: Drafts, Member: string(id), Value: string(value), If: new(string)})
	k.Value.AskArticle(agent, t.at)
	t.keepTicket(k)
	t.tell(t.text("drafted", args{"Title": d.Title, "Ticket": id}))
	return nil
}

// newDraft is a draft of what was asked and answered on a ticket, in the asker's
// language. It tells nobody who asked or answered, and nothing that agents said
// among themselves.
func (t *turn) newDraft(k *desk.Ticket, agent desk.Agent) desk.Draft {
	lang := t.words.speak(k.Trail.Lang)
	part := func(text string) string { return t.anonymous(text, k, maxDraftPart) }
	phrasing := t.phrasing(k)
	if utf8.RuneCountInString(phrasing) > desk.MaxPhrasing { // a story, which finds anything
		phrasing = ""
	}
	d := desk.Draft{
		Ticket: k.ID, Lang: cmp.Or(k.Trail.Lang, lang), Audience: k.Trail.Audience, Topic: k.Topic, By: agent.ID, At: t.at,
		Title: t.anonymous(oneLine(t.phrasing(k)), k, maxDraftTitle),
	}
	if d.Title == "" {
		d.Title = t.words.line(lang, "draft_untitled", args{"Ticket": k.ID})
	}
	var body strings.Builder
	fmt.Fprintf(&body, "<!-- %s -->\n\n## %s\n\n", t.words.line(lang, "draft_remark", args{"Ticket": k.ID}), t.words.line(lang, "draft_asked"))
	body.WriteString(quotation(part(k.Question)))
	for _, e := range k.Added(maxDraftAnswers) {
		body.WriteString("\n" + quotation(part(e.Text)))
	}
	fmt.Fprintf(&body, "\n## %s\n\n", t.words.line(lang, "draft_answered"))
	said := 0
	for _, answer := range answers(k) {
		if answer = part(answer); answer != "" {
			body.WriteString(unmarkedPage(answer) + "\n\n")
			said++
		}
	}
	if said == 0 {
		body.WriteString(t.words.line(lang, "draft_unanswered") + "\n")
	}
	page := knowledge.Page{Title: d.Title, Lang: knowledge.Lang(d.Lang), Topic: d.Topic, Updated: t.at, Body: body.String()}
	if d.Audience != "" {
		page.Audiences = []string{d.Audience}
	}
	if phrasing != "" {
		page.Questions = []string{phrasing}
	}
	d.Page = string(page.Draft())
	return d
}

// answers are the last of what agents said to the asker, and named of articles,
// as it reads now.
func answers(k *desk.Ticket) []string {
	var list []string
	for i, e := range k.History {
		switch {
		case e.By == "" || e.By == desk.Signpost.ID || e.Passage == desk.Withdrawn || e.Passage == desk.Failed:
		case e.Did == desk.DidReply && e.Markup:
			list = append(list, chat.Reply{Blocks: markup(k.Text(i + 1))}.PlainText())
		case e.Did == desk.DidReply:
			list = append(list, k.Text(i+1))
		case e.Did == desk.DidArticle:
			list = append(list, e.Text)
		}
	}
	return list[max(0, len(list)-maxDraftAnswers):]
}

// anonymous is a text without what tells of whom it is, at most so many
// characters long.
func (t *turn) anonymous(text string, k *desk.Ticket, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Cf, r) || r == utf8.RuneError {
			return -1 // the latter have no looks, and turn around what others say
		}
		return r
	}, text)
	// What is cut, or comes together where something was taken out, is looked at
	// anew.
	text = chat.Mask(nameless(chat.Mask(text), t.names(k), nameWord))
	return strings.TrimSpace(chat.Mask(chat.Shorten(unlinked(text), most)))
}

// nameWord stands for a name.
const nameWord = "[name]"

// scheme is what makes a link of an address without any markup.
var scheme = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*:/+|www\.|mailto:|javascript:`)

// unlinked leaves addresses as they read, so that they lead nowhere by
// themselves.
func unlinked(text string) string {
	for {
		less := scheme.ReplaceAllString(text, "")
		if less == text {
			return text
		}
		text = less
	}
}

// inMarkdown are the characters that mean something in Markdown, wherever they
// stand.
var inMarkdown = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "{", `\{`, "}", `\}`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`,
	"#", `\#`, "|", `\|`, "~", `\~`, "!", `\!`, "&", `\&`, "=", `\=`, "$", `\$`, ":", `\:`, "^", `\^`,
)

// listItem begins a line that is an item of a list, and beginning what would
// mean something else, or nest without end.
var (
	listItem  = regexp.MustCompile(`^(?:[-+]|[0-9]{1,9}[.)]) [\p{L}"'“¿¡(]`)
	beginning = regexp.MustCompile(`^([0-9]*)([-+.)])`)
)

// unmarkedPage is a text as Markdown shows it: line by line, with nothing in it
// but words and lists.
func unmarkedPage(text string) string {
	lines := strings.Split(inMarkdown.Replace(text), "\n")
	for i, line := range lines {
		line = strings.TrimSpace(line)
		if !listItem.MatchString(line) {
			line = beginning.ReplaceAllString(line, `$1\$2`)
		}
		lines[i] = line
	}
	return strings.Join(lines, "\n")
}

// quotation is a text as Markdown quotes it.
func quotation(text string) string {
	lines := strings.Split(unmarkedPage(text), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight("> "+line, " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// ReadDraft reads what [Drafts] holds of a ticket.
func ReadDraft(value string) (desk.Draft, error) {
	var d desk.Draft
	if err := json.Unmarshal([]byte(value), &d); err != nil {
		return d, fmt.Errorf("read a draft: %w", err)
	}
	return d, nil
}
