package bot

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

// transcriptReport is the first part of what a reply with a transcript brings
// back: then come ticket and entry, which is 0 where an agent gets it.
const transcriptReport = "transcript/"

// transcript sends a ticket as a file: to the agent with all there is, or to the
// asker as far as it was theirs to read.
func (t *turn) transcript(in chat.Invocation) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	if in.Args["to"] == "asker" {
		k.Value.Hand(agent, t.at)
		t.source(k.Value.Newest())
		k.Value.Newest().Files = nil
		t.keepTicket(k)
		t.hand(&k.Value, len(k.Value.History), chat.Direct(k.Value.Asker.Account))
		t.tell(t.text("transcript_to_asker", args{"Ticket": k.Value.ID, "Name": k.Value.Asker.Name}))
		return nil
	}
	place := t.event.Place
	if t.event.Private {
		t.tell(t.text("transcript_here", args{"Ticket": k.Value.ID}))
	} else {
		// What goes to one person alone in a channel cannot bring files.
		place = chat.Direct(t.event.From.Account)
		t.tell(t.text("transcript_direct", args{"Ticket": k.Value.ID}))
	}
	t.post(chat.Reply{
		Place: place, Purpose: chat.Notifying, Ticket: k.Value.ID, Report: transcriptReport + string(k.Value.ID) + "/0",
		Blocks: []chat.Block{t.text("transcript_for_agent", args{"Ticket": k.Value.ID})},
		Files:  transcriptFiles(k.Value.ID, "agent/"+t.lang),
	})
	return nil
}

func (t *turn) transcriptButton(k *desk.Ticket) chat.Button {
	return chat.Button{Label: t.line("button_transcript"), Action: chat.Do("transcript", string(k.ID))}
}

// transcriptFiles are a ticket's transcript in Markdown and HTML.
func transcriptFiles(id chat.TicketID, reader string) []chat.Attachment {
	of := "transcript/" + string(id) + "/" + reader
	return []chat.Attachment{
		{File: chat.File{Name: string(id) + ".md", Type: "text/markdown"}, Made: of + "/md"},
		{File: chat.File{Name: string(id) + ".html", Type: "text/html"}, Made: of + "/html"},
	}
}

// hand sends an asker their transcript, which entry n tells of, where nobody
// else reads it.
func (t *turn) hand(k *desk.Ticket, n int, place chat.Place) {
	e := k.Entry(n)
	e.Tried = append(e.Tried[:len(e.Tried):len(e.Tried)], place)
	lang := t.words.speak(k.Trail.Lang)
	t.post(chat.Reply{
		Key: copyKey("transcript", k, n), Purpose: chat.Notifying, Place: place, Lang: lang, Ticket: k.ID,
		Report: transcriptReport + report(k, n),
		Blocks: []chat.Block{t.textIn(lang, "transcript_for_asker", args{
			"Ticket": k.ID, "Name": t.signed(k, desk.Agent{ID: e.By, Name: e.Name}),
		})},
		Files: transcriptFiles(k.ID, "asker"),
	})
}

// transcriptSent notes how a transcript fared. An asker whose direct messages
// are closed gets it in a private thread; an agent finds it with the ticket's
// card.
func (t *turn) transcriptSent(of string) error {
	id, number, _ := strings.Cut(of, "/")
	k, err := t.ticket(chat.TicketID(id))
	n, _ := strconv.Atoi(number)
	if k == nil || err != nil {
		return err
	}
	failed := t.event.Kind == chat.Undeliverable
	e := k.Value.Entry(n)
	switch {
	case n == 0 && failed:
		t.forDesk(&k.Value, func(place chat.Place) {
			t.underCard(&k.Value, place, chat.Reply{
				Blocks: []chat.Block{t.text("transcript_at_card", args{"Ticket": k.Value.ID})},
				Files:  transcriptFiles(k.Value.ID, "agent/"+t.lang),
			})
		})
		return nil
	case e == nil || e.Did != desk.DidTranscript:
		return nil
	case !failed:
		k.Value.Arrive(n, t.event.Place)
		e.Missing = append(e.Missing, t.event.Missing...)
	case !direct(k.Value.Origin) && len(e.Tried) == 1:
		t.hand(&k.Value, n, chat.Apart(k.Value.Origin.Outside(), k.Value.Asker.Account))
	default:
		e.Passage, e.Cause = desk.Failed, strings.TrimPrefix(t.event.Cause, chat.ErrUndeliverable.Error()+": ")
	}
	t.keepTicket(k)
	if e.Passage == desk.Failed || len(t.event.Missing) > 0 {
		t.notify(desk.Agent{ID: e.By, Account: cmp.Or(t.accountOf(e), k.Value.HolderAs)}, func() []chat.Block {
			blocks := []chat.Block{t.text("transcript_lost", args{"Ticket": k.Value.ID, "Name": k.Value.Asker.Name})}
			if e.Cause != "" {
				blocks = append(blocks, contextLine(chat.Plain(e.Cause)))
			}
			for _, m := range t.event.Missing {
				blocks = append(blocks, contextLine(t.words.say(t.lang, "file_lost", args{"File": m.Name, "Cause": m.Cause})))
			}
			return blocks
		})
	}
	return nil
}

// errNoTranscript: a name that no reply of ours has.
var errNoTranscript = errors.New("that is no transcript")

// makeTranscript makes the file that is named T-12/asker/md or
// T-12/agent/en/html.
func (b *Bot) makeTranscript(ctx context.Context, of string) ([]byte, error) {
	parts := strings.Split(of, "/")
	if len(parts) < 3 {
		return nil, fmt.Errorf("%q: %w", of, errNoTranscript)
	}
	held, err := b.reader.Ticket(ctx, chat.TicketID(parts[0]))
	if err != nil {
		return nil, err
	}
	k := &held.Value
	var script script
	switch {
	case parts[1] == "asker":
		script = b.script(k, b.words.speak(k.Trail.Lang), true)
	case parts[1] == "agent" && len(parts) == 4:
		script = b.script(k, b.words.speak(parts[2]), false)
	default:
		return nil, fmt.Errorf("%q: %w", of, errNoTranscript)
	}
	switch parts[len(parts)-1] {
	case "md":
		return script.markdown(), nil
	case "html":
		return script.html()
	}
	return nil, fmt.Errorf("%q: %w", of, errNoTranscript)
}

// A script is a ticket as it is read from a file: everything that may be shown,
// in words.
type script struct {
	Lang, Title string
	Facts       []scriptFact
	BeforeTitle string
	Before      []scriptAsked
	SaidTitle   string
	Lines       []scriptLine
}

type scriptFact struct{ Name, Value string }

// A scriptAsked is a question from before the ticket, and the articles that were
// shown for it.
type scriptAsked struct {
	Text  string
	Shown []chat.Text
}

// A scriptLine is something that was done or said.
type scriptLine struct {
	Deed  string      // who did what, when
	Way   string      // how what was said fared
	Words []chat.Text // what was said, by paragraphs
	Files []string
	Note  bool // for agents only
}

// scriptTime is how files say a time, in the zone of the ticket's desk.
const scriptTime = "2006-01-02 15:04 MST"

// script puts a ticket into words of a language. An asker's has what they said
// and what reached them, as it reads now, and nothing of what is between agents;
// the other has all of it, changes too.
func (b *Bot) script(k *desk.Ticket, lang string, forAsker bool) script {
	s := script{
		Lang: lang, Title: fmt.Sprintf("%s · %s", k.ID, b.words.line(lang, "state_"+string(k.State))),
		BeforeTitle: b.words.line(lang, "transcript_before"), SaidTitle: b.words.line(lang, "transcript_said"),
	}
	add := func(id, value string) {
		if value = chat.Defuse(value); value != "" {
			s.Facts = append(s.Facts, scriptFact{b.words.line(lang, id), value})
		}
	}
	add("fact_asker", oneLine(k.Asker.Name))
	if k.Trail.Audience != "" && !forAsker {
		add("fact_audience", b.audienceLabel(lang, k.Trail.Audience))
	}
	if k.Topic != "" {
		add("fact_topic", b.topicLabel(lang, k.Topic))
	}
	zone := b.access.desk(k.Desk).Hours.Zone()
	add("fact_opened", k.OpenedAt.In(zone).Format(scriptTime))
	if zone != time.UTC {
		add("transcript_zone", zone.String()) // not all have short names
	}
	if !forAsker {
		add("fact_language", b.words.named(lang, "lang", k.Trail.Lang, nil))
		add("fact_holder", oneLine(k.HolderName))
		if k.Priority != desk.Normal {
			add("fact_priority", b.words.line(lang, "priority_"+k.Priority.String()))
		}
		add("fact_labels", strings.Join(k.Labels, ", "))
	}
	for _, asked := range k.Trail.Asked {
		before := scriptAsked{Text: chat.Defuse(asked.Text)}
		for _, shown := range asked.Shown {
			if shown.By == "" && (forAsker || b.mayRead(chat.Sender{}, shown)) {
				before.Shown = append(before.Shown, linked(shown.Title, shown.URL))
			}
		}
		if before.Text != "" || len(before.Shown) > 0 {
			s.Before = append(s.Before, before)
		}
	}
	now := map[int]string{} // what was changed since, as it reads now
	for i := range k.History {
		if e := &k.History[i]; e.Did == desk.DidEdit {
			now[e.Of] = e.Text
		}
	}
	for n := range k.History {
		if line, ok := b.scriptLine(k, n+1, now, lang, forAsker); ok {
			s.Lines = append(s.Lines, line)
		}
	}
	return s
}

// linked is a title that leads somewhere, if that is an address.
func linked(title, address string) chat.Text {
	if !isAddress(address) {
		return chat.Plain(chat.Defuse(title))
	}
	return chat.Link(chat.Defuse(title), address)
}

// forAskers is what an asker reads of a ticket's history. Whatever comes to be
// done besides is not for them until it is named here.
var forAskers = []desk.Doing{
	desk.DidOpen, desk.DidReply, desk.DidArticle, desk.DidAdd, desk.DidResolve, desk.DidClose, desk.DidCancel, desk.DidReopen, desk.DidRate, desk.DidComment, desk.DidExpire,
}

// wordy is what has words of someone's own, which stand below it.
var wordy = []desk.Doing{desk.DidOpen, desk.DidReply, desk.DidNote, desk.DidAdd, desk.DidEdit, desk.DidComment}

// scriptLine is entry n in words; false if it is not shown.
func (b *Bot) scriptLine(k *desk.Ticket, n int, now map[int]string, lang string, forAsker bool) (scriptLine, bool) {
	e := *k.Entry(n)
	text := e.Text
	line := scriptLine{Note: e.Did == desk.DidNote}
	if forAsker {
		unread := e.Passage == desk.Held || e.Passage == desk.Withdrawn || e.Passage == desk.Failed
		if !slices.Contains(forAskers, e.Did) || e.By != "" && unread {
			return line, false
		}
		if e.By != "" {
			agent := desk.Agent{ID: e.By, Name: e.Name}
			e.Name = cmp.Or(b.access.signature(k.Desk, agent), b.words.line(lang, "support"))
		}
		switch e.Did {
		case desk.DidOpen:
			text = k.Question
		case desk.DidReply, desk.DidAdd:
			if changed, ok := now[n]; ok {
				text = changed
			}
		case desk.DidClose:
			e.Text = "" // why is between agents
		}
		if text == "" && len(e.Files) == 0 && (e.Did == desk.DidOpen || e.Did == desk.DidAdd) {
			return line, false // they took it back
		}
	} else if e.Of > 0 {
		line.Note = k.Entry(e.Of) != nil && k.Entry(e.Of).Did == desk.DidNote
	}
	if e.Passage != "" && !forAsker {
		line.Way = b.words.line(lang, "way_"+string(e.Passage))
	}
	said := slices.Contains(wordy, e.Did)
	if said && text != "" {
		e.Text = " " // it stands below, and was not taken back
	}
	zone := b.access.desk(k.Desk).Hours.Zone()
	deed := b.deed(lang, e, e.At.In(zone).Format(scriptTime), chat.Plain(e.Until.In(zone).Format(scriptTime)))
	line.Deed = strings.TrimRight(chat.Defuse(oneLine(deed.String())), ": ")
	markedUp := e.Markup || e.Of > 0 && k.Entry(e.Of) != nil && k.Entry(e.Of).Markup
	switch {
	case e.Did == desk.DidArticle:
		line.Words = []chat.Text{linked(e.Text, e.URL)}
	case said && text != "" && markedUp:
		for _, block := range markup(text) {
			line.Words = append(line.Words, block.Text)
		}
	case said && text != "":
		line.Words = []chat.Text{chat.Plain(chat.Defuse(text))}
	}
	for _, f := range e.Files {
		line.Files = append(line.Files, chat.Defuse(oneLine(b.fileLine(f))))
	}
	return line, true
}

//go:embed transcript.html
var transcriptPage string

var transcriptTemplate = template.Must(template.New("transcript").Parse(transcriptPage))

// html is the script as a page that needs nothing beside it.
func (s script) html() ([]byte, error) {
	var page bytes.Buffer
	if err := transcriptTemplate.Execute(&page, s); err != nil {
		return nil, fmt.Errorf("write a transcript: %w", err)
	}
	return page.Bytes(), nil
}

// markdown is the script as CommonMark.
func (s script) markdown() []byte {
	var b strings.Builder
	quoted := func(t chat.Text) {
		for line := range strings.SplitSeq(strings.TrimSpace(spansMarkdown(t)), "\n") {
			b.WriteString(strings.TrimRight("> "+lineMarkdown(line), " ") + "  \n")
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "# %s\n\n", plainMarkdown(s.Title))
	for _, f := range s.Facts {
		fmt.Fprintf(&b, "- %s: %s\n", plainMarkdown(f.Name), plainMarkdown(f.Value))
	}
	if len(s.Before) > 0 {
		fmt.Fprintf(&b, "\n## %s\n\n", plainMarkdown(s.BeforeTitle))
	}
	for _, asked := range s.Before {
		quoted(chat.Plain(asked.Text))
		for _, shown := range asked.Shown {
			b.WriteString("- " + spansMarkdown(shown) + "\n")
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "\n## %s\n\n", plainMarkdown(s.SaidTitle))
	for _, line := range s.Lines {
		b.WriteString("**" + plainMarkdown(line.Deed) + "**")
		if line.Way != "" {
			b.WriteString(" · " + plainMarkdown(line.Way))
		}
		b.WriteString("\n\n")
		for _, words := range line.Words {
			quoted(words)
		}
		for _, f := range line.Files {
			b.WriteString("- " + plainMarkdown(f) + "\n\n")
		}
	}
	return []byte(strings.TrimRight(b.String(), "\n") + "\n")
}

// spansMarkdown writes text with its styles.
func spansMarkdown(t chat.Text) string {
	var b strings.Builder
	for _, span := range t {
		text := plainMarkdown(span.Text)
		if span.Bold && strings.TrimSpace(text) == text && text != "" {
			text = "**" + text + "**"
		}
		if span.URL != "" {
			text = "[" + text + "](<" + span.URL + ">)"
		}
		b.WriteString(text)
	}
	return b.String()
}

// markdownMarks mean something anywhere in a line, and startMarks at its start.
var (
	markdownMarks = strings.NewReplacer(`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`, `<`, `\<`, `>`, `\>`, `&`, `\&`, `|`, `\|`, `~`, `\~`, `!`, `\!`, "\r", " ")
	startMarks    = regexp.MustCompile(`^([-+#=]|[0-9]+[.)])`)
)

// plainMarkdown makes words mean just themselves in Markdown.
func plainMarkdown(s string) string { return markdownMarks.Replace(s) }

// lineMarkdown makes a line mean no more than its words do, and keeps how far it
// is moved in.
func lineMarkdown(s string) string {
	rest := strings.TrimLeft(s, " \t")
	indent := strings.Repeat("\u00a0", len(s)-len(rest))
	if mark := startMarks.FindString(rest); mark != "" {
		rest = mark[:len(mark)-1] + `\` + rest[len(mark)-1:]
	}
	return indent + rest
}
