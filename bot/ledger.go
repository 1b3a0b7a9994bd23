package bot

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
)

type heldLine = spool.Versioned[desk.Line]

// A book is what a turn writes into the ledger, and what counted before.
type book struct {
	lines   []*heldLine
	counted []desk.Tally // for which the lines counted when they were read
	tickets map[chat.TicketID]counted
}

// counted is what a ticket counted for when it was read.
type counted struct {
	tallies []desk.Tally
	replied bool // it had its first reply
	entries int
}

// named is what those are called who worked tickets: names by person. Figures
// name persons only by their ids.
const named spool.Set = "names"

// maxLine is how many characters of a question the ledger keeps: what it is
// about, and not what it tells.
const maxLine = 300

// lineID names the line of a question, as its answer is named.
func lineID(asked *conversation.Asked) desk.LineID {
	return desk.LineID(strings.TrimPrefix(string(asked.Answer), "answer/"))
}

// enter notes in the ledger a question that was just answered, and that the same
// person asked the same lately, if they did.
func (t *turn) enter(c *conversation.Conversation) error {
	if t.event.Kind == chat.Press {
		return nil // a copy of another's answer: they asked nothing
	}
	line := desk.Line{ID: lineID(c.Newest()), Conversation: c.ID}
	t.describe(&line, c, c.Newest())
	lately, err := t.view.Lately(t.ctx, line.Person)
	if err != nil {
		return err
	}
	for i := range lately {
		if old := &lately[i]; askedAgain(&old.Value, &line) {
			t.keepLine(old).Again = true
		}
	}
	t.book.lines = append(t.book.lines, &heldLine{Value: line})
	return nil
}

// describe notes of a question of c what was made of it.
func (t *turn) describe(l *desk.Line, c *conversation.Conversation, asked *conversation.Asked) {
	l.At, l.Person, l.Platform = asked.At.UTC(), c.Asker.Person, c.Place.Platform
	l.Audience, l.Lang, l.Level = c.Trail.Audience, c.Trail.Lang, asked.Level
	l.Text, l.Shown = chat.Shorten(oneLine(asked.Text), maxLine), nil
	for _, s := range asked.Shown {
		l.Shown = append(l.Shown, s.ID)
	}
	if l.Topic = t.topicShown(t.private(c.Asker, c.Private), asked); l.Ticket == "" {
		l.Desk = desk.Route(t.settings.Desks, desk.Asking{
			Audience: l.Audience, Topic: l.Topic, Language: l.Lang, Channel: c.Place.Outside().String(),
		}).Name
	}
}

// askedAgain reports whether a question asks for what an older one of the same
// person asked for: in like words, or with the same article for a sure answer.
// Within a conversation one question goes on from the other and may well find
// the same article.
func askedAgain(old, line *desk.Line) bool {
	switch since := line.At.Sub(old.At); {
	case old.Again, old.Gone, since < 0, since > desk.AskedAgain:
		return false
	case old.Lang == line.Lang && knowledge.Same(knowledge.Lang(line.Lang), old.Text, line.Text):
		return true
	}
	sure := line.Level == string(knowledge.Sure) && len(line.Shown) > 0 && len(old.Shown) > 0
	return sure && old.Conversation != line.Conversation && old.Shown[0] == line.Shown[0]
}

// keepLine stores a line that was read when the turn is over.
func (t *turn) keepLine(l *heldLine) *desk.Line {
	t.book.counted = append(t.book.counted, l.Value.Tallies()...)
	t.book.lines = append(t.book.lines, l)
	return &l.Value
}

// ledgered is the line of a question, to be changed; nil if there is none, or
// none any more.
func (t *turn) ledgered(id desk.LineID) (*desk.Line, error) {
	for _, l := range t.book.lines {
		if l.Value.ID == id {
			return &l.Value, nil
		}
	}
	l, err := t.view.Line(t.ctx, id)
	switch {
	case errors.Is(err, spool.ErrNotFound), err == nil && l.Value.Gone:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return t.keepLine(&l), nil
}

// amend changes the line of a question, if there is one.
func (t *turn) amend(asked *conversation.Asked, change func(*desk.Line)) error {
	if asked == nil {
		return nil
	}
	l, err := t.ledgered(lineID(asked))
	if l != nil {
		change(l)
	}
	return err
}

// confirmed notes that the newest answer helped.
func (t *turn) confirmed(c *conversation.Conversation) error {
	return t.amend(c.Newest(), func(l *desk.Line) { l.Helped = true })
}

// disputed notes that the newest answer did not help.
func (t *turn) disputed(c *conversation.Conversation) error {
	return t.amend(c.Newest(), func(l *desk.Line) { l.Unhelped = true })
}

// corrected notes what answers a question now.
func (t *turn) corrected(c *conversation.Conversation, asked *conversation.Asked) error {
	return t.amend(asked, func(l *desk.Line) { t.describe(l, c, asked) })
}

// escalated notes the ticket that c has become: for the newest question, and for
// those right before it that nothing settled either. Words that were no question
// until then are one now.
func (t *turn) escalated(c *conversation.Conversation, k *desk.Ticket) error {
	newest := c.Newest()
	if newest == nil {
		return nil
	}
	becomes := func(l *desk.Line) { l.Ticket, l.Desk = k.ID, k.Desk }
	l, err := t.ledgered(lineID(newest))
	if err != nil {
		return err
	}
	if l == nil {
		line := &heldLine{Value: desk.Line{ID: lineID(newest), Conversation: c.ID}}
		l = &line.Value
		if t.describe(l, c, newest); len(l.Shown) == 0 {
			l.Level = "" // no article was looked for
		}
		t.book.lines = append(t.book.lines, line)
	}
	becomes(l)
	before := c.Trail.Asked[:len(c.Trail.Asked)-1]
	for i := len(before) - 1; i >= max(0, len(before)-desk.MaxLately+1); i-- {
		if newest.At.Sub(before[i].At) > fresh || settledBetween(c, before[i].At, newest.At) {
			break
		}
		if err := t.amend(&before[i], becomes); err != nil {
			return err
		}
	}
	return nil
}

// settledBetween reports whether an answer helped, or a ticket was opened, in
// between.
func settledBetween(c *conversation.Conversation, from, to time.Time) bool {
	return slices.ContainsFunc(c.Trail.Pressed, func(p conversation.Press) bool {
		return slices.Contains([]string{"helped", "contact", "nothing"}, p.What) && p.At.After(from) && p.At.Before(to)
	})
}

// forgotten takes a question out of the ledger that its asker took back.
func (t *turn) forgotten(id desk.LineID) error {
	l, err := t.ledgered(id)
	if l != nil {
		l.Forget()
	}
	return err
}

// readTicket remembers what a ticket counts for, before anything is done to it.
func (t *turn) readTicket(k *desk.Ticket) {
	if _, ok := t.book.tickets[k.ID]; ok {
		return
	}
	if t.book.tickets == nil {
		t.book.tickets = map[chat.TicketID]counted{}
	}
	t.book.tickets[k.ID] = counted{k.Tallies(), k.FirstReply() != nil, len(k.History)}
}

// count adds to the outcome what its lines and tickets count for that they did
// not before.
func (t *turn) count() {
	before, after := t.book.counted, []desk.Tally(nil)
	for _, l := range t.book.lines {
		after = append(after, l.Value.Tallies()...)
		t.out.Lines = append(t.out.Lines, *l)
	}
	for _, k := range t.tickets {
		was, read := t.book.tickets[k.Value.ID]
		if k.Version > 0 && !read {
			continue // nobody knows what it counted for
		}
		before, after = append(before, was.tallies...), append(after, k.Value.Tallies()...)
		if wait, ok := k.Value.Waited(); ok && !was.replied {
			t.out.Waits = append(t.out.Waits, wait)
		}
		for _, e := range k.Value.History[min(was.entries, len(k.Value.History)):] {
			if (e.Did == desk.DidReply || e.Did == desk.DidArticle || e.Did == desk.DidResolve) && e.By != "" && e.By != desk.Signpost.ID {
				t.out.Sets = append(t.out.Sets, spool.SetChange{Set: named, Member: string(e.By), Value: e.Name})
			}
		}
	}
	t.out.Tallies = desk.Change(before, after)
}
