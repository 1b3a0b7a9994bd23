package chattest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A Sample is a reply that every platform renders.
type Sample struct {
	Name  string
	Reply chat.Reply
}

// A FormSample is a form that every platform renders.
type FormSample struct {
	Name string
	Form chat.Form
}

// Hostile is text of a stranger's that pings, links or formats on one platform
// or another, if it is taken for more than words.
const Hostile = "@everyone @here <!channel> <!subteam^S1> <@U123> <@!123> <@&5> <#C1> </ask:1> <t:0:R> <https://evil.example|bank> " +
	"[bank](https://evil.example) *bold* _i_ ~s~ **b** __u__ ~~s~~ ||spoiler|| `code` ```block``` &amp; &lt;!channel&gt; :tada: " +
	"discord.gg/x https://discord.com/invite/x\n> quote\n# head\n-# small\n- item\n1. item\r\n\u202eright\u202c \x00nul 👩‍👩‍👧 e\u0301"

// Corpus are replies as the bot writes them, and some that nobody would. They
// use every layout, tone and style.
func Corpus() []Sample {
	paragraph := func(s string) chat.Block { return chat.Block{Layout: chat.Paragraph, Text: chat.ParseBold(s)} }
	small := func(s string) chat.Block { return chat.Block{Layout: chat.Context, Text: chat.ParseBold(s)} }
	quote := func(s string) chat.Block { return chat.Block{Layout: chat.Quote, Text: chat.Plain(s)} }
	heading := func(s string) chat.Block { return chat.Block{Layout: chat.Heading, Text: chat.Plain(s)} }
	linked := func(title, id string) chat.Block {
		return chat.Block{Layout: chat.Paragraph, Text: chat.Text{{Text: title, URL: "https://help.example.com/" + id, Bold: true}}}
	}
	button := func(label, verb string, style chat.Style, arguments ...string) chat.Button {
		return chat.Button{Label: label, Action: chat.Do(verb, arguments...), Style: style}
	}
	row := func(buttons ...chat.Button) chat.Block { return chat.Block{Layout: chat.Buttons, Buttons: buttons} }
	at := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	facts := []chat.Fact{
		{Name: "Asker", Value: chat.Plain("Kim")},
		{Name: "Audience", Value: chat.Plain(`Buyer (they wrote "my refund")`)},
		{Name: "Opened", Value: chat.Text{{Text: "2 Mar 09:30 UTC", At: at}}},
		{Name: "Language", Value: chat.Plain("English")},
	}
	card := func(state string, tone chat.Tone, buttons ...chat.Button) chat.Reply {
		return chat.Reply{Tone: tone, Ticket: "T-12", Blocks: []chat.Block{
			heading("T-12 · " + state), quote("where is my refund?"), {Layout: chat.Facts, Facts: facts},
			{Layout: chat.Context, Text: chat.Text{{Text: "Already shown: ", Bold: true}, {Text: "How do I get a refund?", URL: "https://help.example.com/refund"}}},
			row(buttons...),
		}}
	}
	note, resolve, further := button("Note", "note", "", "T-12"), button("Resolve", "resolve", "", "T-12"), button("More", "show", "", "T-12")
	helped, unhelped := button("This helped", "helped", "", "c1"), button("This did not help", "unhelped", "", "c1")
	helped.Opposite = &unhelped
	answers := row(helped, button("Show more", "more", "", "c1"), button("Contact us", "contact", chat.Primary, "c1"))

	// The most that there is to tell of a week.
	figures := []chat.Block{
		small("In brackets: the 7 days before. Times are open hours."),
		{Layout: chat.Facts, Facts: []chat.Fact{
			{Name: "Questions", Value: chat.Plain("211 (198)")},
			{Name: "Answers", Value: chat.Plain("140 sure · 50 to choose from · 18 found nothing · 3 went straight to a person")},
			{Name: "How they ended", Value: chat.Plain("59 helped · 103 silent · 9 did not help · 14 asked again · 26 became tickets")},
			{Name: "Settled by articles", Value: chat.Plain("28% (25%) confirmed · 71% (66%) with those who got an article and said nothing more")},
			{Name: "Tickets", Value: chat.Plain("31 opened (28) · 29 resolved (30)")},
			{Name: "Not settled yet", Value: chat.Plain("7, of them 2 in the queue · the oldest was opened 3 days ago")},
			{Name: "First reply", Value: chat.Plain("half within 20 minutes · nine in ten within 2 hours")},
			{Name: "Until resolved", Value: chat.Plain("half within 4 hours · nine in ten within 24 hours")},
			{Name: "Promises kept", Value: chat.Plain("first reply 28 of 31 · resolved 27 of 29")},
			{Name: "Feedback", Value: chat.Plain("👍 17 · 👎 3")},
		}},
		paragraph("**By audience**"),
		{Layout: chat.Facts, Facts: []chat.Fact{
			{Name: "Buyer", Value: chat.Plain("160 questions · 30% to 74% settled · 22 tickets · first reply within 15 minutes")},
			{Name: "Audience unclear", Value: chat.Plain("51 questions · 22% to 61% settled · 9 tickets · first reply within 45 minutes")},
		}},
		paragraph("**By language**"),
		{Layout: chat.Facts, Facts: []chat.Fact{
			{Name: "English", Value: chat.Plain("180 questions · 28% to 71% settled · 27 tickets")},
			{Name: "Portuguese", Value: chat.Plain("31 questions · 29% settled · 4 tickets")},
		}},
	}

	samples := []Sample{
		{"sentence", chat.Reply{Blocks: []chat.Block{paragraph("**T-12** is yours.")}}},
		{"private", chat.Reply{Only: "x:w:kim", Blocks: []chat.Block{paragraph("`/ticket` is for the support team.")}}},
		{"sure", chat.Reply{Blocks: []chat.Block{
			small("Answering as **Buyer**, because you wrote “my refund”"), row(button("I'm a creator", "as", "", "c1", "creator")),
			linked("How do I get a refund?", "refund"), small("Buyer › Refunds"),
			quote("Ask for your refund within seven days of your purchase."), answers,
		}}},
		{"unsure", chat.Reply{Blocks: []chat.Block{
			paragraph("Is it one of these?"), linked("How do I get a refund?", "refund"), small("Buyer › Refunds"),
			linked("Where is my refund?", "refund-status"), small("Buyer › Refunds"), quote("A refund appears on your statement within two months."),
			linked("¿Cómo pido el reembolso?", "es/refund"), small("Comprador · en español"), answers,
		}}},
		{"none", chat.Reply{Blocks: []chat.Block{paragraph("I found no article for this."), row(button("Contact us", "contact", chat.Primary, "c1"))}}},
		{"card-open", card("open", chat.Waiting, button("Claim", "claim", chat.Primary, "T-12"), button("Reply", "reply", "", "T-12"), note, resolve, further)},
		{"card-claimed", card("claimed", chat.Underway, button("Reply", "reply", chat.Primary, "T-12"), note, resolve, further)},
		{"card-settled", card("settled", chat.Done, button("Reopen", "reopen", "", "T-12"), note, further)},
		{"card-closed", card("closed", chat.Over, button("Reopen", "reopen", "", "T-12"), note, further)},
		{"relayed", chat.Reply{Purpose: chat.Relaying, Blocks: []chat.Block{small("**Ana** · T-12"), paragraph("It left the bank on Monday.\n\nIt takes two days.")}}},
		{"words", chat.Reply{
			Purpose: chat.Relaying, Under: "card/T-12/x", Files: []chat.Attachment{{File: chat.File{ID: "f1", Name: "invoice.pdf", Size: 2048}}},
			Blocks: []chat.Block{small("**Kim** on **T-12**:"), paragraph("this is the invoice"), small("📎 invoice.pdf (2 kB)")},
		}},
		{"sent", chat.Reply{Under: "card/T-12/x", Blocks: []chat.Block{
			small("**Ana** → Kim"), paragraph("It left the bank on Monday."), small("✓ Delivered to Kim (T-12)."),
			row(button("Edit", "rewrite", "", "T-12", "3"), button("Take back", "unsend", "", "T-12", "3")),
		}}},
		{"late", chat.Reply{Purpose: chat.Notifying, Blocks: []chat.Block{
			{Layout: chat.Paragraph, Text: slices.Concat(chat.ParseBold("The first reply to **T-12** was due "), chat.Text{{Text: "today at 09:25", At: at.Add(-5 * time.Minute)}}, chat.Plain("."))},
			quote("where is my refund?"), row(button("Reply", "reply", chat.Primary, "T-12"), button("Show", "show", "", "T-12")),
		}}},
		{"stats", chat.Reply{Only: "x:w:ana", Blocks: slices.Concat(
			[]chat.Block{heading("The last 7 days")}, figures,
			[]chat.Block{paragraph("**By agent**"), {Layout: chat.Facts, Facts: []chat.Fact{
				{Name: "Ana", Value: chat.Plain("31 replies · 17 resolved · first reply within 20 minutes · 👍 9 👎 1")},
				{Name: "Bo", Value: chat.Plain("one reply")},
			}}},
		)}},
		{"report", chat.Reply{Purpose: chat.Notifying, Files: []chat.Attachment{
			{File: chat.File{Name: "week-2026-03-09.png", Type: "image/png"}, Made: "report/support/2026-03-09"},
		}, Blocks: slices.Concat(
			[]chat.Block{heading("support: the week from 2026-03-02 to 2026-03-08")}, figures,
			[]chat.Block{
				paragraph("**What articles missed**"), heading("Buyer · English"),
				paragraph("**4×** is there a dark mode?"), small("4 found nothing · T-12, T-9"),
				paragraph("**2×** where is my refund?"), small("2 became tickets after “How do I get a refund?” · T-11, T-7"),
				small("More of it: `/desk gaps` and `/desk stats`."),
			},
		)}},
		{"settled", chat.Reply{Blocks: []chat.Block{
			paragraph("**Ana** has settled **T-12**. Did that help?"), row(button("👍 Yes", "good", chat.Primary, "T-12"), button("👎 No", "bad", "", "T-12")),
		}}},
		{"article", chat.Reply{Blocks: []chat.Block{
			paragraph("**Ana** suggests this article for T-12:"),
			{Layout: chat.Links, Links: []chat.Linked{{Title: "How do I get a refund?", URL: "https://help.example.com/refund"}}},
		}}},
		{"links", chat.Reply{Blocks: []chat.Block{heading("Buyer › Refunds"), {Layout: chat.Links, Links: []chat.Linked{
			{Title: "How do I get a refund?", URL: "https://help.example.com/refund", Note: "Buyer"},
			{Title: "a [b] (c) | d", URL: "https://help.example.com/a_(b)?x=1&y=*2*", Note: Hostile},
		}}}}},
		{"queue", chat.Reply{Blocks: []chat.Block{
			paragraph("2 tickets are waiting:"),
			{Layout: chat.Section, Text: chat.ParseBold("**T-12** where is my refund?"), Buttons: []chat.Button{button("Claim", "claim", "", "T-12")}},
			{Layout: chat.Divider},
			{Layout: chat.Section, Text: chat.ParseBold("**T-13** I cannot log in"), Buttons: []chat.Button{button("Claim", "claim", "", "T-13")}},
		}}},
		{"choice", chat.Reply{Blocks: []chat.Block{paragraph("Change the priority?"), {Layout: chat.Choice, Select: &chat.Select{
			Label: "Priority", Action: chat.Do("priority", "T-12"), Options: []chat.Option{{Label: "low", Value: "low"}, {Label: "high", Value: "high"}},
		}}, row(button("Close for good", "close", chat.Danger, "T-12"))}}},
		{"code", chat.Reply{Blocks: []chat.Block{paragraph("It goes like this: `/ticket claim T-1`")}}},

		{"hostile", chat.Reply{Blocks: []chat.Block{
			heading(Hostile), {Layout: chat.Paragraph, Text: chat.Plain(Hostile)}, quote(Hostile), {Layout: chat.Context, Text: chat.Plain(Hostile)},
			{Layout: chat.Facts, Facts: []chat.Fact{{Name: Hostile, Value: chat.Plain(Hostile)}}},
			{Layout: chat.Paragraph, Text: chat.Text{{Text: Hostile, Bold: true}, {Text: Hostile, Code: true}, {Text: Hostile, URL: "https://help.example.com/"}}},
			row(chat.Button{Label: Hostile, Action: chat.Do("show", "T-1")}),
			{Layout: chat.Choice, Select: &chat.Select{Label: Hostile, Action: chat.Do("show"), Options: []chat.Option{{Label: Hostile, Value: "a"}}}},
		}}},
		{"addresses", chat.Reply{Blocks: []chat.Block{{Layout: chat.Paragraph, Text: chat.Text{
			{Text: "script", URL: "javascript:alert(1)"}, {Text: " data", URL: "data:text/html,x"}, {Text: " mail", URL: "mailto:help@example.com"},
			{Text: " spaces", URL: "https://example.com/a b"}, {Text: " marks", URL: "https://example.com/<!channel>|x)>"},
		}}}}},
		{"nothing", chat.Reply{Blocks: []chat.Block{{Layout: chat.Paragraph, Text: chat.Plain("   ")}, {Layout: chat.Buttons}, {Layout: chat.Facts}, paragraph("something")}}},
		{"long-words", chat.Reply{Purpose: chat.Relaying, Blocks: []chat.Block{small("**Ana** · T-12"), {Layout: chat.Paragraph, Text: chat.Plain(strings.Repeat("All work and no play. ", 180))}}}},
		{"long-heading", chat.Reply{Blocks: []chat.Block{heading(strings.Repeat("head ", 80)), paragraph("and a sentence")}}},
		{"long-label", chat.Reply{Blocks: []chat.Block{paragraph("press"), row(button(strings.Repeat("label ", 40), "show", "", "T-1"))}}},
	}
	var buttons []chat.Button
	for n := range 30 {
		buttons = append(buttons, button(fmt.Sprint("Topic ", n), "browse", "", "buyer", fmt.Sprint(n)))
	}
	var blocks []chat.Block
	for n := range 80 {
		blocks = append(blocks, paragraph(fmt.Sprintf("Paragraph %d of a reply that nobody reads to its end.", n)))
	}
	var options []chat.Option
	for n := range 120 {
		options = append(options, chat.Option{Label: fmt.Sprint("Option ", n), Value: fmt.Sprint(n)})
	}
	return append(samples,
		Sample{"many-buttons", chat.Reply{Blocks: []chat.Block{paragraph("Choose:"), row(buttons...)}}},
		Sample{"many-blocks", chat.Reply{Blocks: append(blocks, answers)}},
		Sample{"many-options", chat.Reply{Blocks: []chat.Block{paragraph("Choose:"), {Layout: chat.Choice, Select: &chat.Select{Label: "one", Action: chat.Do("browse"), Options: options}}}}},
	)
}

// Forms are forms as the bot opens them, and one that nobody would.
func Forms() []FormSample {
	return []FormSample{
		{"contact", chat.Form{Action: chat.Do("contact", "c1"), Title: "Contact us", Submit: "Send", Fields: []chat.Field{
			{Name: "question", Label: "Your question", Kind: chat.Lines, Value: "where is my refund?", Max: 3000},
			{Name: "topic", Label: "What is it about?", Kind: chat.Pick, Value: "refunds", Options: []chat.Option{
				{Label: "Refunds", Value: "refunds"}, {Label: "Something else", Value: "*"},
			}},
			{Name: "detail", Label: "Anything else we should know?", Kind: chat.Lines, Optional: true, Max: 3000},
		}}},
		{"resolve", chat.Form{Action: chat.Do("resolve", "T-12"), Title: "Resolve T-12", Submit: "Resolve", Fields: []chat.Field{
			{Name: "text", Label: "A last word to the asker", Kind: chat.Lines, Optional: true, Max: 3000},
		}}},
		{"line", chat.Form{Action: chat.Do("label", "T-12"), Title: "Label T-12", Submit: "Save", Fields: []chat.Field{
			{Name: "label", Label: "Label", Kind: chat.Line, Max: 40},
		}}},
		{"hostile", chat.Form{Action: chat.Do("contact", "c1"), Title: Hostile, Submit: Hostile, Fields: []chat.Field{
			{Name: "question", Label: Hostile, Kind: chat.Lines, Value: strings.Repeat(Hostile, 20), Max: 3000},
			{Name: "topic", Label: strings.Repeat("label ", 40), Kind: chat.Pick, Value: "a", Options: []chat.Option{{Label: Hostile, Value: "a"}}},
		}}},
	}
}
