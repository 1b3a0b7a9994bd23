package bot

import (
	"cmp"
	"fmt"
	"strings"

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

// card shows a ticket to an agent: what is asked, by whom, and what to do.
func (t *turn) card(k *desk.Ticket) []chat.Block {
	facts := []chat.Fact{{Name: t.line("fact_asker"), Value: chat.Plain(k.Asker.Name)}}
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, chat.Fact{Name: t.line(name), Value: chat.Plain(value)})
		}
	}
	if k.Trail.Audience != "" {
		who := t.audienceLabel(t.lang, k.Trail.Audience)
		add("fact_audience", t.whoAndWhy(who, k.Trail))
	}
	if k.Topic != "" {
		add("fact_topic", t.topicLabel(t.lang, k.Topic))
	}
	add("fact_language", t.words.named(t.lang, "lang", k.Trail.Lang, nil))
	add("fact_opened", t.words.ago(t.lang, t.at.Sub(k.OpenedAt)))
	add("fact_holder", k.HolderName)
	if k.Priority != desk.Normal {
		add("fact_priority", t.line("priority_"+k.Priority.String()))
	}
	add("fact_labels", strings.Join(k.Labels, ", "))
	for _, asked := range k.Trail.Asked {
		for _, f := range asked.Files {
			add("fact_file", t.fileLine(f))
		}
	}

	title := fmt.Sprintf("%s · %s", k.ID, t.line("state_"+string(k.State)))
	blocks := []chat.Block{{Layout: chat.Heading, Text: chat.Plain(title)}, t.asks(k)}
	for _, e := range k.Added(addedShown) {
		blocks = append(blocks, quote(e.Text))
	}
	blocks = append(blocks, chat.Block{Layout: chat.Facts, Facts: facts})
	blocks = append(blocks, t.trail(k)...)
	return append(blocks, row(t.cardButtons(k)...))
}

// trail lists the articles that were shown before it became a ticket.
func (t *turn) trail(k *desk.Ticket) []chat.Block {
	var titles chat.Text
	listed := map[string]bool{}
	for _, asked := range k.Trail.Asked {
		for _, s := range asked.Shown {
			if listed[s.URL] || !t.mayRead(t.event.From, s) {
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
	return quote(cmp.Or(k.Question, t.line("taken_back")))
}

func (t *turn) cardButtons(k *desk.Ticket) []chat.Button {
	button := func(verb string, style chat.Style) chat.Button {
		return chat.Button{Label: t.line("button_" + verb), Action: chat.Do(verb, string(k.ID)), Style: style}
	}
	switch {
	case !k.Live():
		return []chat.Button{button("reopen", chat.Secondary), button("note", chat.Secondary)}
	case k.Holder == "":
		return []chat.Button{button("claim", chat.Primary), button("reply", chat.Secondary), button("note", chat.Secondary), button("resolve", chat.Secondary)}
	}
	return []chat.Button{button("reply", chat.Primary), button("note", chat.Secondary), button("resolve", chat.Secondary), button("release", chat.Secondary)}
}

// historyShown is how many lines of a ticket's history are shown: the newest.
const historyShown = 15

// history tells what was done to a ticket.
func (t *turn) history(k *desk.Ticket) []chat.Block {
	entries := k.History[max(0, len(k.History)-historyShown):]
	blocks := []chat.Block{t.text("history")}
	for _, e := range entries {
		a := args{"Name": e.Name, "Ago": t.words.ago(t.lang, t.at.Sub(e.At)), "Text": oneLine(e.Text)}
		id := "did_" + string(e.Did)
		switch {
		case e.Did == desk.DidPriority:
			a["Text"] = t.line("priority_" + e.Text)
		case e.Did == desk.DidRate:
			a["Text"] = t.line("rating_" + e.Text)
		case e.Did == desk.DidClose && e.Text != "":
			id = "did_close_because"
		case (e.Did == desk.DidAdd || e.Did == desk.DidEdit) && e.Text == "" && len(e.Files) == 0:
			id = "did_take_back"
		}
		blocks = append(blocks, contextLine(t.words.say(t.lang, id, a)))
		for _, f := range e.Files {
			blocks = append(blocks, contextLine(chat.Plain(t.fileLine(f))))
		}
	}
	return blocks
}

// whyShown explains to an agent why the asker was shown what they were.
func (t *turn) whyShown(in chat.Invocation) error {
	k, _, err := t.worked(in)
	if err != nil {
		return err
	}
	trail := k.Value.Trail
	blocks := []chat.Block{{Layout: chat.Heading, Text: t.words.say(t.lang, "why_title", args{"Ticket": k.Value.ID})}}
	audience := t.words.say(t.lang, "why_unclear")
	if trail.Audience != "" {
		audience = chat.Plain(t.whoAndWhy(t.audienceLabel(t.lang, trail.Audience), trail))
	}
	blocks = append(blocks, chat.Block{Layout: chat.Facts, Facts: []chat.Fact{
		{Name: t.line("fact_audience"), Value: audience},
		{Name: t.line("fact_language"), Value: chat.Plain(t.words.named(t.lang, "lang", trail.Lang, nil))},
	}})
	for _, asked := range trail.Asked {
		blocks = append(blocks, quote(cmp.Or(asked.Text, t.line("taken_back"))), contextLine(t.words.say(t.lang, "why_level_"+asked.Level,
			args{"Percent": int(asked.Confidence*100 + 0.5)})))
		for _, s := range asked.Shown {
			if !t.mayRead(t.event.From, s) {
				blocks = append(blocks, contextLine(t.words.say(t.lang, "why_hidden")))
				continue
			}
			line := chat.Text{{Text: s.Title, URL: s.URL}}
			if s.Score > 0 {
				line = append(line, chat.Span{Text: fmt.Sprintf(" · %.2f", s.Score)})
			}
			blocks = append(blocks, chat.Block{Layout: chat.Paragraph, Text: line})
		}
	}
	for _, p := range trail.Pressed {
		verb, name, _ := strings.Cut(p.What, " ")
		blocks = append(blocks, contextLine(t.words.say(t.lang, "pressed_"+verb, args{
			"What": lower(t.audienceLabel(t.lang, name)), "Ago": t.words.ago(t.lang, t.at.Sub(p.At)),
		})))
	}
	t.tell(blocks...)
	return nil
}

// fileLine names an attachment and its size.
func (t *turn) fileLine(f chat.File) string {
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
