package bot

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// Here is what people see of what is kept about them, how they take it along, and
// how they have it forgotten. Everyone may, for themselves alone.

// privacyDoor is a command without verbs.
const privacyDoor = "privacy"

func privacyRows() []command {
	return []command{unaudited(command{Command: chat.Command{
		Door: privacyDoor, Role: chat.Everyone, Visibility: chat.Private, Summary: "see, take along or delete what I keep about you",
	}, run: (*turn).privacy})}
}

// privacyButtons name the account that they are for: a copy of them is good for
// nobody else.
func privacyButtons() []command {
	return []command{
		audits("data.export", button("export_me", chat.Private, (*turn).exportMe)),
		unaudited(button("forget_me", chat.Private, (*turn).forgetMe)),
		audits("data.forget", button("forget_sure", chat.Private, (*turn).forgetSure)),
	}
}

// asksPrivacy reports whether a message says no more than what the command is
// called, in any of our languages, which is that of the answer if nobody told the
// sender's.
func (t *turn) asksPrivacy() bool {
	said := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(t.event.Text)), "/")
	i := slices.IndexFunc(t.words.tags, func(tag language.Tag) bool {
		return slices.Contains(strings.Split(t.words.line(tag.String(), "privacy_words"), ", "), said)
	})
	if i >= 0 && t.event.From.Locale == "" {
		t.lang = t.words.tags[i].String()
	}
	return i >= 0
}

// privacy tells the sender what is kept about them, and for how long.
func (t *turn) privacy(chat.Invocation) error {
	p, err := t.sender()
	if err != nil {
		return err
	}
	asked, err := t.view.Asked(t.ctx, t.event.From.Person, maxCounted)
	if err != nil {
		return err
	}
	you, a := "privacy_you", args{"Platform": t.platform(t.event.From.Account)}
	if chosen := p.Value.Audience; chosen != "" {
		label := t.audienceLabel(t.lang, chosen)
		you, a["Audience"], a["A"] = "privacy_you_as", lower(label), article(label)
	}
	keeps := t.settings.Retention
	facts := []chat.Fact{{Name: t.line("privacy_name_you"), Value: t.words.say(t.lang, you, a)}}
	add := func(name, value string) {
		facts = append(facts, chat.Fact{Name: t.line(name), Value: chat.Plain(value)})
	}
	if accounts := t.accounts(t.event.From.Person); len(accounts) > 1 {
		var platforms []string
		for _, account := range accounts {
			platforms = append(platforms, t.platform(account))
		}
		add("privacy_name_accounts", strings.Join(platforms, ", "))
	}
	conversations := t.span(keeps.Conversations)
	if keeps.Conversations > 0 {
		conversations = t.line("privacy_asked", args{"Span": conversations})
	}
	add("privacy_name_asked", conversations)
	add("privacy_name_ledger", t.span(keeps.Ledger))
	var tickets string
	switch kept := keeps.Tickets == 0; {
	case len(asked) == 0 && kept:
		tickets = "privacy_tickets_none_kept"
	case len(asked) == 0:
		tickets = "privacy_tickets_none"
	case kept:
		tickets = "privacy_tickets_kept"
	default:
		tickets = "privacy_tickets"
	}
	add("privacy_name_tickets", t.line(tickets, args{"Count": countedUp(len(asked)), "Span": t.span(keeps.Tickets)}))
	add("privacy_name_failed", t.span(keeps.DeadLetters))
	t.tell(
		t.text("privacy_lead"), chat.Block{Layout: chat.Facts, Facts: facts}, contextLine(t.words.say(t.lang, "privacy_figures")),
		row(t.selfButton("export_me", chat.Primary), t.selfButton("forget_me", chat.Danger)),
	)
	return nil
}

// maxCounted is how many tickets are counted: from then on there are "100+".
const maxCounted = 100

func countedUp(n int) string {
	if n >= maxCounted {
		return fmt.Sprintf("%d+", maxCounted)
	}
	return fmt.Sprint(n)
}

// span words how long something is kept; 0: for good.
func (t *turn) span(d time.Duration) string {
	switch {
	case d == 0:
		return t.line("privacy_ever")
	case d%day == 0:
		return t.line("lasts_days", args{"N": int(d / day)})
	}
	return t.line("lasts_hours", args{"N": int(d / time.Hour)})
}

// selfButton is a button for the sender's own account.
func (t *turn) selfButton(verb string, style chat.Style) chat.Button {
	return chat.Button{Label: t.line("button_" + verb), Action: chat.Do(verb, string(t.event.From.Account)), Style: style}
}

// forSelf refuses a button that is someone else's.
func (t *turn) forSelf() error {
	if t.event.Action.Arg(0) != string(t.event.From.Account) {
		return &refusal{id: "privacy_not_yours", denied: true}
	}
	return nil
}

// exportMe sends the sender what is kept about them, where nobody else reads.
func (t *turn) exportMe(chat.Invocation) error {
	if err := t.forSelf(); err != nil {
		return err
	}
	of := "data/" + url.PathEscape(string(t.event.From.Person)) + "/" + t.lang
	files := []chat.Attachment{
		{File: chat.File{Name: "signpost.md", Type: "text/markdown"}, Made: of + "/md"},
		{File: chat.File{Name: "signpost.json", Type: "application/json"}, Made: of + "/json"},
	}
	if t.event.Private {
		t.post(chat.Reply{Place: t.event.Place, Purpose: chat.Notifying, Blocks: []chat.Block{t.text("export_here")}, Files: files})
		return nil
	}
	// What goes to one person alone in a channel cannot bring files.
	t.tell(t.text("export_sent"))
	t.post(chat.Reply{
		Place: chat.Direct(t.event.From.Account), Purpose: chat.Notifying, Blocks: []chat.Block{t.text("export_direct")}, Files: files,
	})
	return nil
}

// forgetMe asks the sender whether they mean it.
func (t *turn) forgetMe(chat.Invocation) error {
	if err := t.forSelf(); err != nil {
		return err
	}
	asked, err := t.view.Asked(t.ctx, t.event.From.Person, maxCounted)
	if err != nil {
		return err
	}
	live := 0
	for i := range asked {
		if asked[i].Live() {
			live++
		}
	}
	blocks := []chat.Block{t.text("forget_ask"), t.text("forget_goes")}
	if live > 0 {
		blocks = append(blocks, t.text("forget_open", args{"N": live}))
	}
	blocks = append(blocks, contextLine(t.words.say(t.lang, "forget_stays", args{"Platform": t.platform(t.event.From.Account)})),
		contextLine(t.words.say(t.lang, "forget_first")),
		row(t.selfButton("forget_sure", chat.Danger), t.selfButton("export_me", chat.Secondary)))
	t.tell(blocks...)
	return nil
}

// forgetSure forgets the sender. It is done before the outcome is committed.
func (t *turn) forgetSure(chat.Invocation) error {
	if err := t.forSelf(); err != nil {
		return err
	}
	f, err := t.Forgetting(t.ctx, t.event.From.Person)
	if err != nil {
		return err
	}
	f.Event = t.event.ID
	t.out.Forget = append(t.out.Forget, f)
	t.tell(t.text("forgot"))
	return nil
}

// Forgetting is the wish of a person to be forgotten, with all of their accounts.
func (b *Bot) Forgetting(ctx context.Context, person chat.PersonID) (spool.Forgetting, error) {
	f := spool.Forgetting{Owner: spool.Owner{Person: person, Accounts: b.accounts(person)}, Cards: b.forgottenCards}
	for _, account := range f.Accounts {
		f.Links = append(f.Links, spool.SetChange{Set: Links, Member: string(account), Remove: true})
	}
	tickets := map[chat.TicketID]bool{}
	for _, id := range f.Persons() {
		asked, err := b.reader.Asked(ctx, id, maxAsked)
		if err != nil {
			return f, err
		}
		for _, k := range asked {
			tickets[k.ID] = true
		}
	}
	// What was to become of their tickets' questions, and codes that they asked for.
	for set, theirs := range map[spool.Set]func(value []byte) bool{
		Drafts: func(value []byte) bool {
			var d desk.Draft
			return json.Unmarshal(value, &d) == nil && tickets[d.Ticket]
		},
		Reverted: func(value []byte) bool {
			var r desk.Reverted
			return json.Unmarshal(value, &r) == nil && tickets[r.Alias.Ticket]
		},
		codes: func(value []byte) bool {
			var o desk.Offer
			return json.Unmarshal(value, &o) == nil && slices.Contains(f.Accounts, o.Account)
		},
	} {
		members, _, err := b.reader.Set(ctx, set)
		if err != nil {
			return f, err
		}
		for member, value := range members {
			if theirs([]byte(value)) {
				f.Sets = append(f.Sets, spool.SetChange{Set: set, Member: member, Remove: true})
			}
		}
	}
	return f, nil
}

// maxAsked is far more tickets than anyone ever asked.
const maxAsked = 100_000

// accounts are all that are known to be a person's.
func (b *Bot) accounts(person chat.PersonID) []chat.AccountID {
	var accounts []chat.AccountID
	if account := chat.AccountID(person); account.User() != "" {
		accounts = append(accounts, account)
	}
	if m, ok := b.access.member(person); ok {
		accounts = append(accounts, m.Accounts...)
	}
	for account := range b.access.links() {
		if b.Person(chat.AccountID(account)) == person && !slices.Contains(accounts, chat.AccountID(account)) {
			accounts = append(accounts, chat.AccountID(account))
		}
	}
	slices.Sort(accounts)
	return slices.Compact(accounts)
}

// Find is the person whom someone means by an account or a person's id; false if
// the configuration and the links know of none such, and it is no account.
func (b *Bot) Find(typed string) (chat.PersonID, bool) {
	if account := chat.AccountID(typed); strings.Count(typed, ":") == 2 && account.User() != "" {
		return b.Person(account), true
	}
	_, ok := b.access.member(chat.PersonID(typed))
	return chat.PersonID(typed), ok
}

// forgottenCards take the place of a ticket's cards.
func (b *Bot) forgottenCards(k desk.Ticket) []chat.Reply {
	lang := b.words.speak(b.settings.Languages[0])
	var cards []chat.Reply
	for _, place := range channelsOf(b.access.desk(k.Desk)) {
		cards = append(cards, chat.Reply{
			Key: cardKey(&k, place), Deed: chat.Replace, Purpose: chat.Notifying, Place: place, Lang: lang, Ticket: k.ID, Tone: chat.Over,
			Blocks: []chat.Block{
				{Layout: chat.Heading, Text: chat.Plain(fmt.Sprintf("%s · %s", k.ID, b.words.line(lang, "state_closed")))},
				contextLine(b.words.say(lang, "forgotten_card")),
			},
		})
	}
	return cards
}

// makeData makes the file that is named PERSON/en/md or PERSON/en/json.
func (b *Bot) makeData(ctx context.Context, of string) ([]byte, error) {
	parts := strings.Split(of, "/")
	if len(parts) != 3 {
		return nil, fmt.Errorf("%q: %w", of, errNoExport)
	}
	person, err := url.PathUnescape(parts[0])
	if err != nil {
		return nil, fmt.Errorf("%q: %w", of, errNoExport)
	}
	x, err := b.Export(ctx, chat.PersonID(person), parts[1])
	switch {
	case err != nil:
		return nil, err
	case parts[2] == "md":
		return x.Markdown(), nil
	case parts[2] == "json":
		return x.JSON()
	}
	return nil, fmt.Errorf("%q: %w", of, errNoExport)
}

// errNoExport: a name that no reply of ours has.
var errNoExport = errors.New("that is no export")

// An Export is what is kept of someone, for themselves: their own words as they
// are, and of others what reached them.
type Export struct {
	Person        chat.PersonID      `json:"person"`
	At            time.Time          `json:"at"`
	Accounts      []exportedAccount  `json:"accounts"`
	Audience      string             `json:"audience,omitempty"` // that they chose
	Blocked       bool               `json:"blocked,omitempty"`
	Conversations []exportedExchange `json:"conversations"`
	Tickets       []exportedTicket   `json:"tickets"`
	Questions     []exportedQuestion `json:"questions"` // of the ledger
	Phrasings     []string           `json:"phrasings"` // learned on their tickets

	lang    string
	words   *words
	scripts []script
}

type exportedAccount struct {
	Account chat.AccountID `json:"account"`
	Names   []string       `json:"names,omitempty"` // that are stored with it
}

type exportedExchange struct {
	Begun  time.Time       `json:"begun"`
	Place  string          `json:"place"`
	Lang   string          `json:"lang,omitempty"`
	Reader string          `json:"audience,omitempty"` // whom we took them for
	Asked  []exportedAsked `json:"asked"`
}

type exportedAsked struct {
	At    time.Time `json:"at"`
	Text  string    `json:"text"`
	Files []string  `json:"files,omitempty"`
	Shown []string  `json:"shown,omitempty"` // titles
}

type exportedTicket struct {
	Ticket   chat.TicketID  `json:"ticket"`
	State    desk.State     `json:"state"`
	Opened   time.Time      `json:"opened"`
	Closed   time.Time      `json:"closed,omitzero"`
	Question string         `json:"question"`
	Said     []exportedLine `json:"said"`
	Rating   string         `json:"rating,omitempty"`
	Comment  string         `json:"comment,omitempty"`
}

type exportedLine struct {
	What  string   `json:"what"` // who did what, when
	Text  string   `json:"text,omitempty"`
	Files []string `json:"files,omitempty"`
}

type exportedQuestion struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// Export gathers what is kept of a person, in words of a language.
func (b *Bot) Export(ctx context.Context, person chat.PersonID, lang string) (Export, error) {
	lang = b.words.speak(lang)
	owner := spool.Owner{Person: person, Accounts: b.accounts(person)}
	x := Export{
		Person: person, At: b.now().UTC().Truncate(time.Second), lang: lang, words: b.words,
		Conversations: []exportedExchange{}, Tickets: []exportedTicket{}, Questions: []exportedQuestion{}, Phrasings: []string{},
	}
	kept, err := b.reader.Belongings(ctx, owner)
	if err != nil {
		return x, err
	}
	names := map[chat.AccountID][]string{}
	called := func(s chat.Sender) {
		if s.Name != "" && !slices.Contains(names[s.Account], s.Name) {
			names[s.Account] = append(names[s.Account], s.Name)
		}
	}
	for _, c := range kept.Conversations {
		called(c.Asker)
		x.Conversations = append(x.Conversations, b.exchange(c))
	}
	for i := range kept.Tickets {
		k := &kept.Tickets[i]
		called(k.Asker)
		s := b.script(k, lang, true)
		x.scripts = append(x.scripts, s)
		one := exportedTicket{
			Ticket: k.ID, State: k.State, Opened: k.OpenedAt, Closed: k.ClosedAt, Question: k.Question, Said: []exportedLine{}, Rating: k.Rating, Comment: k.Comment,
		}
		for _, l := range s.Lines {
			var text []string
			for _, words := range l.Words {
				text = append(text, words.String())
			}
			one.Said = append(one.Said, exportedLine{What: l.Deed, Text: strings.Join(text, "\n"), Files: l.Files})
		}
		x.Tickets = append(x.Tickets, one)
	}
	for _, p := range kept.Persons {
		x.Audience = cmp.Or(x.Audience, p.Audience)
		x.Blocked = x.Blocked || p.IsBlocked(x.At)
	}
	for _, l := range kept.Lines {
		if !l.Gone {
			x.Questions = append(x.Questions, exportedQuestion{l.At, l.Text})
		}
	}
	for _, a := range kept.Aliases {
		x.Phrasings = append(x.Phrasings, a.Text)
	}
	for _, account := range owner.Accounts {
		x.Accounts = append(x.Accounts, exportedAccount{account, names[account]})
	}
	return x, nil
}

func (b *Bot) exchange(c conversation.Conversation) exportedExchange {
	one := exportedExchange{Begun: c.Begun, Place: c.Place.String(), Lang: c.Trail.Lang, Reader: c.Trail.Audience, Asked: []exportedAsked{}}
	for _, asked := range c.Trail.Asked {
		said := exportedAsked{At: asked.At, Text: asked.Text}
		for _, f := range asked.Files {
			said.Files = append(said.Files, f.Name)
		}
		for _, s := range asked.Shown {
			said.Shown = append(said.Shown, s.Title)
		}
		one.Asked = append(one.Asked, said)
	}
	return one
}

// Empty reports whether nothing is kept but the accounts that were asked for.
func (x Export) Empty() bool {
	return len(x.Conversations)+len(x.Tickets)+len(x.Questions)+len(x.Phrasings) == 0 && x.Audience == "" && !x.Blocked
}

// JSON is the export for programs.
func (x Export) JSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(x)
	return b.Bytes(), err
}

// Markdown is the export to be read, as CommonMark.
func (x Export) Markdown() []byte {
	var b strings.Builder
	line := func(id string, a ...args) string { return plainMarkdown(x.words.line(x.lang, id, a...)) }
	heading := func(id string) { fmt.Fprintf(&b, "\n## %s\n\n", line(id)) }
	quoted := func(text string) {
		for l := range strings.SplitSeq(strings.TrimSpace(chat.Defuse(text)), "\n") {
			b.WriteString(strings.TrimRight("> "+lineMarkdown(plainMarkdown(l)), " ") + "  \n")
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "# %s\n\n%s\n", line("export_title"), line("export_made", args{"Time": x.At.Format(scriptTime)}))
	heading("export_you")
	for _, a := range x.Accounts {
		names := ""
		if len(a.Names) > 0 {
			names = " (" + strings.Join(a.Names, ", ") + ")"
		}
		fmt.Fprintf(&b, "- %s: %s\n", line("export_account"), plainMarkdown(chat.Defuse(oneLine(string(a.Account)+names))))
	}
	if x.Audience != "" {
		fmt.Fprintf(&b, "- %s: %s\n", line("export_audience"), plainMarkdown(x.Audience))
	}
	if x.Blocked {
		fmt.Fprintf(&b, "- %s\n", line("export_blocked"))
	}
	if x.Empty() {
		fmt.Fprintf(&b, "\n%s\n", line("export_nothing"))
		return []byte(b.String())
	}
	if len(x.Conversations) > 0 {
		heading("export_conversations")
	}
	for _, c := range x.Conversations {
		for _, asked := range c.Asked {
			fmt.Fprintf(&b, "**%s** · %s\n\n", asked.At.UTC().Format(scriptTime), plainMarkdown(c.Place))
			quoted(asked.Text)
			for _, name := range asked.Files {
				fmt.Fprintf(&b, "- 📎 %s\n", plainMarkdown(chat.Defuse(oneLine(name))))
			}
			if len(asked.Shown) > 0 {
				fmt.Fprintf(&b, "- %s: %s\n", line("export_shown"), plainMarkdown(chat.Defuse(oneLine(strings.Join(asked.Shown, " · ")))))
			}
			b.WriteString("\n")
		}
	}
	if len(x.scripts) > 0 {
		heading("export_tickets")
		fmt.Fprintf(&b, "%s\n\n", line("export_note"))
	}
	for _, s := range x.scripts {
		// One level further in than a transcript by itself.
		for l := range strings.Lines(string(s.markdown())) {
			if strings.HasPrefix(l, "#") {
				l = "##" + l
			}
			b.WriteString(l)
		}
		b.WriteString("\n")
	}
	if len(x.Questions) > 0 {
		heading("export_ledger")
		fmt.Fprintf(&b, "%s\n\n", line("export_ledger_why"))
		for _, q := range x.Questions {
			fmt.Fprintf(&b, "- %s: %s\n", q.At.UTC().Format(scriptTime), plainMarkdown(chat.Defuse(oneLine(q.Text))))
		}
	}
	if len(x.Phrasings) > 0 {
		heading("export_learned")
		for _, p := range x.Phrasings {
			fmt.Fprintf(&b, "- %s\n", plainMarkdown(chat.Defuse(oneLine(p))))
		}
	}
	return []byte(b.String())
}
