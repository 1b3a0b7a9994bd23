package bot

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/knowledge"
)

const (
	// gapDays is how far back gaps are looked for.
	gapDays = 30
	// gapsRead is how many of the newest are sorted: enough to see what comes up
	// often, however many there are.
	gapsRead = 500
	// gapsShown is how many kinds are listed: a screenful or two.
	gapsShown = 10
	// gapTickets is how many tickets are named for each.
	gapTickets = 3
)

// A gap is a question that articles do not settle, as often as it was asked, by
// one audience and in one language.
type gap struct {
	audience, lang string
	question       string // the newest of its kind, masked: lists are read by more people than tickets are
	n              int
	nothing        int             // found nothing
	after          []string        // ids of the articles after which it became a ticket, most often first
	tickets        []chat.TicketID // newest first
}

// gapsOf sorts lines, newest first, into gaps, the largest first.
func gapsOf(lines []desk.Line) []gap {
	type group struct{ audience, lang string }
	groups := map[group][]desk.Line{}
	var order []group
	for _, l := range lines {
		g := group{l.Audience, l.Lang}
		if groups[g] == nil {
			order = append(order, g)
		}
		groups[g] = append(groups[g], l)
	}
	var list []gap
	for _, g := range order {
		var questions []string
		for _, l := range groups[g] {
			questions = append(questions, l.Text)
		}
		for _, kind := range knowledge.Kinds(knowledge.Lang(g.lang), questions) {
			one := gap{audience: g.audience, lang: g.lang, question: chat.Mask(questions[kind[0]]), n: len(kind)}
			after := map[string]int{}
			for _, i := range kind {
				l := groups[g][i]
				if l.Level == "none" {
					one.nothing++
				} else if after[l.Shown[0]]++; after[l.Shown[0]] == 1 {
					one.after = append(one.after, l.Shown[0])
				}
				if l.Ticket != "" && !slices.Contains(one.tickets, l.Ticket) {
					one.tickets = append(one.tickets, l.Ticket)
				}
			}
			slices.SortStableFunc(one.after, func(a, b string) int { return after[b] - after[a] })
			list = append(list, one)
		}
	}
	slices.SortStableFunc(list, func(a, b gap) int { return b.n - a.n })
	return list
}

// gaps tells what was asked of the sender's desks that articles do not settle.
func (t *turn) gaps(chat.Invocation) error {
	var blocks []chat.Block
	desks := t.access.worked(t.event.From)
	for _, d := range desks {
		lines, total, err := t.readGaps(d.Name, t.at.Add(-gapDays*day))
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			continue
		}
		if len(desks) > 1 {
			blocks = append(blocks, chat.Block{Layout: chat.Heading, Text: chat.Plain(d.Name)})
		}
		blocks = append(blocks, t.text("gaps_total", args{"N": total, "Count": gapDays}))
		blocks = append(blocks, t.gapBlocks(gapsOf(lines), gapsShown)...)
		if total > gapsRead {
			blocks = append(blocks, contextLine(t.words.say(t.lang, "gaps_newest", args{"Count": gapsRead})))
		}
	}
	if len(blocks) == 0 {
		blocks = []chat.Block{t.text("gaps_none", args{"Count": gapDays})}
	}
	t.tell(blocks...)
	return nil
}

// readGaps reads the newest gaps of a desk, and how many there are. Those of
// audiences that the one who is answered may not know of are left out.
func (t *turn) readGaps(name string, since time.Time) ([]desk.Line, int, error) {
	lines, total, err := t.view.Gaps(t.ctx, name, since, gapsRead)
	read := len(lines)
	lines = slices.DeleteFunc(lines, func(l desk.Line) bool { return !t.mayName(l.Audience) })
	return lines, total - read + len(lines), err
}

// gapBlocks lists gaps under their audience and language, the largest first.
func (t *turn) gapBlocks(gaps []gap, most int) []chat.Block {
	gaps = gaps[:min(most, len(gaps))]
	type group struct{ audience, lang string }
	var order []group
	listed := map[group][]chat.Block{}
	for _, g := range gaps {
		key := group{g.audience, g.lang}
		if listed[key] == nil {
			order = append(order, key)
		}
		listed[key] = append(listed[key],
			chat.Block{Layout: chat.Paragraph, Text: slices.Concat(t.words.say(t.lang, "gap_times", args{"Count": g.n}), chat.Plain(" "+g.question))},
			contextLine(chat.Plain(t.gapLine(g))))
	}
	var blocks []chat.Block
	for _, key := range order {
		blocks = append(blocks, chat.Block{Layout: chat.Heading, Text: chat.Plain(t.audienceName(key.audience) + " · " + t.langName(key.lang))})
		blocks = append(blocks, listed[key]...)
	}
	return blocks
}

// gapLine says what became of the questions of a gap.
func (t *turn) gapLine(g gap) string {
	var words []string
	if g.nothing > 0 {
		words = append(words, t.line("gap_nothing", args{"Count": g.nothing}))
	}
	if after := g.n - g.nothing; after > 0 {
		words = append(words, t.line("gap_after", args{"N": after, "Title": cmp.Or(t.titleFor(g), t.line("gap_article"))}))
	}
	var tickets []string
	for _, id := range g.tickets[:min(gapTickets, len(g.tickets))] {
		tickets = append(tickets, string(id))
	}
	if len(g.tickets) > gapTickets {
		tickets = append(tickets, "…")
	}
	if len(tickets) > 0 {
		words = append(words, strings.Join(tickets, ", "))
	}
	return strings.Join(words, " · ")
}

// titleFor is the title of the article that was shown most often for a gap;
// empty if there is none, or none that the one who is answered may know of.
func (t *turn) titleFor(g gap) string {
	for _, id := range g.after {
		if a, ok := t.library().Article(knowledge.ArticleID(id), knowledge.Lang(g.lang), t.private(t.event.From, t.alone)); ok {
			return a.Title
		}
	}
	return ""
}
