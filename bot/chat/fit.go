package chat

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Fit is r as one message of a platform holds it. Blocks that show nothing go.
// Long blocks become several, rows too, and headings and labels are shortened.
// If it is too much as a whole, the longest quotes are shortened first, then
// other texts, then blocks before the last row of buttons go. Nothing is cut
// within a character or a link. r itself stays as it is.
func Fit(r Reply, l Limits) Reply {
	var blocks []Block
	for _, b := range r.Blocks {
		blocks = append(blocks, l.split(b)...)
	}
	blocks = l.rows(blocks)
	blocks = l.total(blocks)
	if l.Blocks > 0 && len(blocks) > l.Blocks {
		last := blocks[len(blocks)-1]
		blocks = append(slices.Clone(blocks[:l.Blocks-2]), Block{Layout: Paragraph, Text: Plain("…")}, last)
	}
	r.Blocks = blocks
	if l.Files > 0 && len(r.Files) > l.Files {
		r.Files = r.Files[:l.Files:l.Files]
	}
	return r
}

// within shortens s to a limit, if there is one.
func within(s string, limit int) string {
	if limit == 0 {
		return s
	}
	return Shorten(s, limit)
}

// split is one block in as many as it needs; none if it shows nothing.
func (l Limits) split(b Block) []Block {
	switch b.Layout {
	case Divider:
		return []Block{b}
	case Buttons:
		var list []Block
		for row := range slices.Chunk(l.labels(b.Buttons), max(1, or(l.Row, len(b.Buttons)))) {
			list = append(list, Block{Layout: Buttons, Buttons: row})
		}
		return list
	case Facts:
		var facts []Fact
		for _, f := range b.Facts {
			if f.Name = within(f.Name, l.Label); strings.TrimSpace(f.Value.String()) != "" {
				f.Value = f.Value.cut(l.Block)
				facts = append(facts, f)
			}
		}
		var list []Block
		for part := range slices.Chunk(facts, max(1, or(l.Facts, len(facts)))) {
			list = append(list, Block{Layout: Facts, Facts: part})
		}
		return list
	case Links:
		if len(b.Links) == 0 {
			return nil
		}
		return []Block{b}
	case Choice:
		if b.Select == nil || len(b.Select.Options) == 0 {
			return nil
		}
		s := *b.Select
		s.Label = within(s.Label, l.Option)
		s.Options = slices.Clone(s.Options[:min(len(s.Options), or(l.Options, len(s.Options)))])
		for i := range s.Options {
			s.Options[i].Label = within(s.Options[i].Label, l.Option)
		}
		b.Select = &s
		return []Block{b}
	}
	if strings.TrimSpace(b.Text.String()) == "" {
		return nil
	}
	switch b.Layout {
	case Heading:
		b.Text = b.Text.cut(l.Heading)
		return []Block{b}
	case Section:
		b.Text, b.Buttons = b.Text.cut(l.Block), l.labels(b.Buttons)
		return []Block{b}
	}
	var list []Block
	for _, part := range b.Text.parts(l.Block) {
		list = append(list, Block{Layout: b.Layout, Text: part})
	}
	return list
}

func or(n, other int) int {
	if n == 0 {
		return other
	}
	return n
}

func (l Limits) labels(buttons []Button) []Button {
	list := slices.Clone(buttons)
	for i := range list {
		list[i].Label = within(list[i].Label, l.Label)
	}
	return list
}

// rows keeps as many rows of buttons and menus as there may be: the first ones,
// and the last, where the way out is.
func (l Limits) rows(blocks []Block) []Block {
	rows := 0
	for _, b := range blocks {
		if b.Layout == Buttons || b.Layout == Choice {
			rows++
		}
	}
	at := 0
	return slices.DeleteFunc(blocks, func(b Block) bool {
		if b.Layout != Buttons && b.Layout != Choice {
			return false
		}
		at++
		return l.Rows > 0 && at >= l.Rows && at < rows
	})
}

// total shortens texts until all of them together fit.
func (l Limits) total(blocks []Block) []Block {
	if l.Text == 0 {
		return blocks
	}
	sum := 0
	for _, b := range blocks {
		sum += b.size()
	}
	for _, quotes := range []bool{true, false} {
		for sum > l.Text {
			longest := -1
			for i, b := range blocks {
				cuttable := b.Layout == Quote || !quotes && (b.Layout == Paragraph || b.Layout == Context)
				if cuttable && b.Text.size() > least && (longest < 0 || b.Text.size() > blocks[longest].Text.size()) {
					longest = i
				}
			}
			if longest < 0 {
				break
			}
			b := &blocks[longest]
			before := b.Text.size()
			b.Text = b.Text.cut(max(least, before-(sum-l.Text)))
			if b.Text.size() == before { // it is all one link
				b.Text = Plain("…")
			}
			sum -= before - b.Text.size()
		}
	}
	for i := len(blocks) - 1; i >= 0 && sum > l.Text; i-- {
		if b := blocks[i]; b.Layout != Buttons && b.Layout != Choice {
			sum -= b.size()
			blocks = slices.Delete(blocks, i, i+1)
		}
	}
	return blocks
}

// least is how much of a text is left where much must go: a line.
const least = 80

// size is how many runes a block shows, buttons aside.
func (b Block) size() int {
	n := b.Text.size()
	for _, f := range b.Facts {
		n += utf8.RuneCountInString(f.Name) + f.Value.size()
	}
	for _, l := range b.Links {
		n += utf8.RuneCountInString(l.Title) + utf8.RuneCountInString(l.Note)
	}
	return n
}

func (t Text) size() int { return utf8.RuneCountInString(t.String()) }

// cut is the beginning of t, with an ellipsis if anything is missing; 0 means
// all of it.
func (t Text) cut(limit int) Text {
	if limit == 0 || t.size() <= limit {
		return t
	}
	first := t.parts(limit - 1)[0]
	return append(slices.Clone(first), Span{Text: "…"})
}

// parts breaks t into texts of at most limit runes: between paragraphs, lines
// or words where it can, and never within a link, which is shortened if it is
// too long for itself.
func (t Text) parts(limit int) []Text {
	if limit == 0 || t.size() <= limit {
		return []Text{t}
	}
	var list []Text
	var part Text
	room := limit
	flush := func() {
		if len(part) > 0 {
			list = append(list, part)
		}
		part, room = nil, limit
	}
	for _, span := range t {
		for rest := span.Text; rest != ""; {
			n := utf8.RuneCountInString(rest)
			if n <= room {
				span.Text = rest
				part, room = append(part, span), room-n
				break
			}
			if span.URL != "" || !span.At.IsZero() {
				if n <= limit {
					flush()
					continue
				}
				rest = Shorten(rest, limit)
				continue
			}
			head := breakAt(rest, room)
			if head == "" || room < limit/4 && n > room && len(part) > 0 && !strings.ContainsAny(head, " \n") {
				if len(part) > 0 {
					flush()
					continue
				}
				head = string([]rune(rest)[:room])
			}
			span.Text = head
			part = append(part, span)
			rest = strings.TrimLeft(rest[len(head):], " \n")
			flush()
		}
	}
	flush()
	return list
}

// breakAt is the longest beginning of s of at most n runes that ends between
// paragraphs, lines or words, in this order; empty if there is none. A
// character that follows a joiner belongs to the one before it.
func breakAt(s string, n int) string {
	end := len(s)
	for i := range s {
		if n == 0 {
			end = i
			break
		}
		n--
	}
	head := s[:end]
	if end < len(s) && (s[end] == ' ' || s[end] == '\n') && !strings.Contains(head, "\n") {
		return head
	}
	for _, mark := range []string{"\n\n", "\n", " "} {
		if i := strings.LastIndex(head, mark); i > len(head)/2 {
			return head[:i]
		}
	}
	if i := strings.LastIndexAny(head, " \n"); i > 0 {
		return head[:i]
	}
	return ""
}
