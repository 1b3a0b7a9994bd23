package bot

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
)

// whoAndWhy is an audience and how it was known.
func (t *turn) whoAndWhy(label string, trail conversation.Trail) string {
	if why := t.why("they_", trail); why != "" {
		return t.line("fact_because", args{"Audience": label, "Why": why})
	}
	return label
}

// addedShown is how many of the asker's later messages stand on a card: the
// newest.
const addedShown = 3

// tones colour a card by the state of its ticket.
var tones = map[desk.State]chat.Tone{
	desk.Open: chat.Waiting, desk.Claimed: chat.Underway, desk.Waiting: chat.Underway, desk.Resolved: chat.Done, desk.Closed: chat.Over,
}

// cardKey names the card of a ticket in a desk channel.
func cardKey(k *desk.Ticket, channel chat.Place) chat.Key {
	return chat.Key("card/" + string(k.ID) + "/" + channel.String())
}

// cardPlaces are the channels where a ticket has a card.
func (t *turn) cardPlaces(k *desk.Ticket) []chat.Place {
	return channelsOf(t.access.desk(k.Desk))
}

// channelsOf are the channels of a desk.
func channelsOf(d desk.Desk) []chat.Place {
	var places []chat.Place
	for _, channel := range d.Channels {
		if place, err := chat.ParsePlace(channel); err == nil { // config has checked it
			places = append(places, place)
		}
	}
	return places
}

// forDesk does something for each channel where a ticket has a card, in the
// language that agents share.
func (t *turn) forDesk(k *desk.Ticket, do func(channel chat.Place)) {
	lang := t.lang
	t.lang = t.words.speak(t.settings.Languages[0])
	for _, place := range t.cardPlaces(k) {
		do(place)
	}
	t.lang = lang
}

// underCard says something in the thread of a ticket's card: of the one that it
// goes with, if it does.
func (t *turn) underCard(k *desk.Ticket, channel chat.Place, r chat.Reply) {
	k = onCard(k)
	r.Place, r.Under, r.Ticket = channel, cardKey(k, channel), k.ID
	r.Purpose = cmp.Or(r.Purpose, chat.Notifying)
	t.post(r)
}

// deskCard is a ticket's card in a desk channel. It says what is stored of the
// ticket and nothing else, whatever happened and whoever did it.
func (t *turn) deskCard(k *desk.Ticket, channel chat.Place) chat.Reply {
	absolute := func(at time.Time) chat.Text {
		return chat.Text{{Text: at.UTC().Format("2 Jan 15:04 UTC"), At: at}}
	}
	return chat.Reply{
		Key: cardKey(k, channel), Deed: chat.Replace, Purpose: chat.Notifying, Place: channel, Lang: t.lang, Ticket: k.ID,
		Tone: tone(k), Blocks: append(t.face(k, chat.Sender{}, absolute, 0), row(t.cardButtons(k, true)...)), Marks: t.ticketMarks(k),
	}
}

// newCard takes a card away and makes another, with a thread of its own.
func (t *turn) newCard(k *desk.Ticket, channel chat.Place) {
	t.post(chat.Reply{Key: cardKey(k, channel), Deed: chat.Remove, Purpose: chat.Notifying, Place: channel, Ticket: k.ID})
	t.post(t.deskCard(k, channel))
}

// card shows a ticket to the agent whose turn it is, and what to do.
func (t *turn) card(k *desk.Ticket) []chat.Block {
	ago := func(at time.Time) chat.Text {
		if at.After(t.at) {
			return t.when(at, k)
		}
		return chat.Plain(t.words.ago(t.lang, t.at.Sub(at)))
	}
	return append(t.face(k, t.event.From, ago, addedShown), row(t.cardButtons(k, t.verb != "show")...))
}

// face is what a reader sees of a ticket: what is asked, by whom, and who works
// on it. when words a time; added is how many of the asker's later messages
// stand there, which a desk's card has in its thread.
func (t *turn) face(k *desk.Ticket, reader chat.Sender, when func(time.Time) chat.Text, added int) []chat.Block {
	var facts []chat.Fact
	add := func(name string, value chat.Text) {
		if value.String() != "" {
			facts = append(facts, chat.Fact{Name: t.line(name), Value: value})
		}
	}
	add("fact_asker", chat.Plain(k.Asker.Name))
	if k.Trail.Audience != "" {
		add("fact_audience", chat.Plain(t.whoAndWhy(t.audienceLabel(t.lang, k.Trail.Audience), k.Trail)))
	}
	if k.Topic != "" {
		add("fact_topic", chat.Plain(t.topicLabel(t.lang, k.Topic)))
	}
	add("fact_language", chat.Plain(t.words.named(t.lang, "lang", k.Trail.Lang, nil)))
	add("fact_opened", when(k.OpenedAt))
	switch {
	case k.Late() && !k.DueAt.IsZero():
		add("fact_late", when(k.DueAt))
	case !k.DueAt.IsZero() && k.Live():
		add("fact_due", when(k.DueAt))
	case !k.WaitUntil.IsZero():
		add("fact_until", when(k.WaitUntil))
	}
	add("fact_holder", chat.Plain(k.HolderName))
	if k.Priority != desk.Normal {
		add("fact_priority", chat.Plain(t.line("priority_"+k.Priority.String())))
	}
	add("fact_watchers", chat.Plain(t.watchersLine(k)))
	add("fact_labels", chat.Plain(strings.Join(k.Labels, ", ")))
	for _, asked := range k.Trail.Asked {
		for _, f := range asked.Files {
			add("fact_file", chat.Plain(t.fileLine(f)))
		}
	}

	add("fact_also", t.alsoAsked(k))
	if k.Rating != "" {
		add("fact_rating", chat.Plain(t.line("rating_"+k.Rating)))
	}

	title := fmt.Sprintf("%s · %s", k.ID, t.stateOf(k))
	if k.Parent != "" {
		title = t.line("title_merged", args{"Ticket": k.ID, "Parent": k.Parent})
	}
	blocks := []chat.Block{{Layout: chat.Heading, Text: chat.Plain(title)}, t.asks(k)}
	for _, e := range k.Added(added) {
		blocks = append(blocks, quote(chat.Defuse(e.Text)))
	}
	blocks = append(blocks, chat.Block{Layout: chat.Facts, Facts: facts})
	return append(blocks, t.trail(k, reader)...)
}

// trail lists the articles that were shown before it became a ticket.
func (t *turn) trail(k *desk.Ticket, reader chat.Sender) []chat.Block {
	var titles chat.Text
	listed := map[string]bool{}
	for _, asked := range k.Trail.Asked {
		for _, s := range asked.Shown {
			if listed[s.URL] || !t.mayRead(reader, s) {
				continue
			}
			listed[s.URL] = true
			if len(titles) > 0 {
				titles = append(titles, chat.Span{Text: " · "})
			}
			titles = append(titles, chat.Span{Text: s.Title, URL: s.URL})
		}
	}
	if len(titles) == 0 {
		return []chat.Block{contextLine(t.words.say(t.lang, "trail_none"))}
	}
	return []chat.Block{contextLine(append(t.words.say(t.lang, "trail"), append(chat.Text{{Text: " "}}, titles...)...))}
}

// asks is the question of a ticket.
func (t *turn) asks(k *desk.Ticket) chat.Block {
	if k.Forgotten() {
		return contextLine(t.words.say(t.lang, "forgotten_card"))
	}
	return quote(cmp.Or(chat.Defuse(k.Question), t.line("taken_back")))
}

// cardButtons are what is done to a ticket most; more leads to the rest.
func (t *turn) cardButtons(k *desk.Ticket, more bool) []chat.Button {
	button := func(verb string, style chat.Style) chat.Button {
		return chat.Button{Label: t.line("button_" + verb), Action: chat.Do(verb, string(k.ID)), Style: style}
	}
	var buttons []chat.Button
	switch {
	case k.Parent != "" && k.Live():
		buttons = []chat.Button{button("note", chat.Secondary)}
	case k.Forgotten():
		buttons = []chat.Button{button("note", chat.Secondary)}
	case !k.Live():
		buttons = []chat.Button{button("reopen", chat.Secondary), button("note", chat.Secondary)}
	case k.Holder == "":
		buttons = []chat.Button{button("claim", chat.Primary), button("reply", chat.Secondary), button("note", chat.Secondary), button("resolve", chat.Secondary)}
	default:
		buttons = []chat.Button{button("reply", chat.Primary), button("note", chat.Secondary), button("resolve", chat.Secondary)}
	}
	if more {
		buttons = append(buttons, chat.Button{Label: t.line("button_further"), Action: chat.Do("show", string(k.ID))})
	}
	return buttons
}

// further is what is done to a ticket now and then.
func (t *turn) further(k *desk.Ticket) []chat.Block {
	if k.Parent != "" {
		return []chat.Block{row(t.parentButton(k))}
	}
	if !k.Live() {
		return []chat.Block{row(t.transcriptButton(k))}
	}
	var options []chat.Option
	for _, p := range []desk.Priority{desk.Low, desk.Normal, desk.High, desk.Urgent} {
		if p != k.Priority {
			options = append(options, chat.Option{Label: t.line("priority_" + p.String()), Value: p.String()})
		}
	}
	blocks := []chat.Block{{Layout: chat.Choice, Select: &chat.Select{
		Label: t.line("choice_priority"), Action: chat.Do("priority", string(k.ID)), Options: options,
	}}}
	blocks = append(blocks, t.deskChoice(k)...)
	var buttons []chat.Button
	if k.Holder != "" {
		buttons = append(buttons, chat.Button{Label: t.line("button_release"), Action: chat.Do("release", string(k.ID))})
	}
	buttons = append(append(buttons, t.snippetButton(k)...), t.watchButton(k), t.transcriptButton(k))
	return append(blocks, row(append(buttons, chat.Button{
		Label: t.line("button_close"), Action: chat.Do("close", string(k.ID)), Style: chat.Danger,
	})...))
}

// historyShown is how many lines of a ticket's history are shown: the newest.
const historyShown = 15

// history tells what was done to a ticket.
func (t *turn) history(k *desk.Ticket) []chat.Block {
	entries := k.History[max(0, len(k.History)-historyShown):]
	blocks := []chat.Block{t.text("history")}
	for _, e := range entries {
		line := t.deed(t.lang, e, t.words.ago(t.lang, t.at.Sub(e.At)), t.when(e.Until, k))
		if e.Passage != "" {
			line = append(line, chat.Span{Text: " · " + t.line("way_"+string(e.Passage))})
		}
		blocks = append(blocks, contextLine(line))
		for _, f := range e.Files {
			blocks = append(blocks, contextLine(chat.Plain(t.fileLine(f))))
		}
	}
	return blocks
}

// deed says who did what, and when; until words what it was to wait for.
func (b *Bot) deed(lang string, e desk.Entry, when string, until chat.Text) chat.Text {
	a := args{"Name": cmp.Or(e.Name, b.words.line(lang, "someone")), "Ago": when, "Text": oneLine(e.Text)}
	id := "did_" + string(e.Did)
	switch {
	case e.Did == desk.DidAssign && e.By == desk.Signpost.ID:
		id = "did_given"
	case e.Did == desk.DidPriority:
		a["Text"] = b.words.line(lang, "priority_"+e.Text)
	case e.Did == desk.DidRate:
		a["Text"] = b.words.line(lang, "rating_"+e.Text)
	case e.Did == desk.DidWait && !e.Until.IsZero():
		id, a["When"] = "did_wait_until", until
	case e.Did == desk.DidClose && e.Text != "":
		id = "did_close_because"
	case (e.Did == desk.DidAdd || e.Did == desk.DidEdit) && e.Text == "" && len(e.Files) == 0:
		id = "did_take_back"
	}
	return b.words.say(lang, id, a)
}

// fileLine names an attachment and its size.
func (b *Bot) fileLine(f chat.File) string {
	const kilo = 1000.0
	size := fmt.Sprintf("%d B", f.Size)
	switch {
	case f.Size >= kilo*kilo:
		size = fmt.Sprintf("%.1f MB", float64(f.Size)/(kilo*kilo))
	case f.Size >= kilo:
		size = fmt.Sprintf("%.0f kB", float64(f.Size)/kilo)
	}
	return "📎 " + f.Name + " (" + size + ")"
}
