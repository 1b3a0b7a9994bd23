package console

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A look is how text is drawn.
type look struct {
	width  int  // columns of the terminal; 0: there is none, and nothing is wrapped
	colour bool // bold and dim are understood
}

const (
	bold = "1"
	dim  = "2"
)

// blocks draws a message, without a newline at its end.
func (l look) blocks(blocks []chat.Block) string {
	var lines []string
	number := 0
	for i, block := range blocks {
		if i > 0 && apart(blocks[i-1].Layout, block.Layout) {
			lines = append(lines, "")
		}
		switch block.Layout {
		case chat.Section:
			lines = append(lines, l.lines(l.text(block.Text))...)
			lines = append(lines, l.row(l.buttons(block, &number)))
		case chat.Buttons:
			lines = append(lines, l.row(l.buttons(block, &number)))
		case chat.Choice:
			lines = append(lines, l.lines(l.paint(oneLine(block.Select.Label)+":", dim))...)
			lines = append(lines, l.row(l.buttons(block, &number)))
		case chat.Divider:
			lines = append(lines, l.paint("———", dim))
		case chat.Links:
			for _, link := range block.Links {
				line := "• " + l.text(chat.Link(oneLine(link.Title), link.URL))
				if link.Note != "" {
					line += l.paint(" · "+oneLine(link.Note), dim)
				}
				lines = append(lines, l.wrap(line, "", "  ")...)
			}
		case chat.Facts:
			lines = append(lines, l.facts(block.Facts)...)
		case chat.Quote:
			bar := "> "
			if l.width > 0 {
				bar = "│ "
			}
			for line := range strings.SplitSeq(l.text(block.Text), "\n") {
				lines = append(lines, l.wrap(line, bar, bar)...)
			}
		case chat.Heading:
			lines = append(lines, l.lines(l.text(block.Text, bold))...)
		case chat.Context:
			lines = append(lines, l.lines(l.text(block.Text, dim))...)
		default:
			lines = append(lines, l.lines(l.text(block.Text))...)
		}
	}
	return strings.Join(lines, "\n")
}

// buttons are what a block offers to press, numbered from where the last one
// stopped.
func (l look) buttons(block chat.Block, number *int) []string {
	var row []string
	for _, button := range (chat.Reply{Blocks: []chat.Block{block}}).AllButtons() {
		*number++
		label := fmt.Sprintf("[%d] %s", *number, oneLine(button.Label))
		if button.Style == chat.Primary {
			label = l.paint(label, bold)
		}
		row = append(row, label)
	}
	return row
}

// apart reports whether an empty line helps to tell b from the a before it.
func apart(a, b chat.Layout) bool {
	starts := b == chat.Paragraph || b == chat.Heading || b == chat.Section
	return starts && a != chat.Paragraph && a != chat.Heading
}

// posing matches a line that looks like a row of buttons or like someone
// speaking.
var posing = regexp.MustCompile(`^(\[\d+\] |[a-z0-9_-]{1,32}( #\S+)? › |→ )`)

// lines indents every line after the first: only what begins at the left
// margin is the console's own, so nobody's words can pass for it. A first line
// that poses as such is indented too.
func (l look) lines(s string) []string {
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		prefix := ""
		if lines != nil || posing.MatchString(line) {
			prefix = "  "
		}
		lines = append(lines, l.wrap(line, prefix, prefix)...)
	}
	return lines
}

func (l look) facts(facts []chat.Fact) []string {
	widest := 0
	for _, fact := range facts {
		widest = max(widest, columns(oneLine(fact.Name)))
	}
	hang := strings.Repeat(" ", widest+2)
	var lines []string
	for _, fact := range facts {
		name := oneLine(fact.Name)
		padded := l.paint(name, dim) + hang[columns(name):]
		value := strings.ReplaceAll(l.text(fact.Value), "\n", " ")
		lines = append(lines, l.wrap(value, padded, hang)...)
	}
	return lines
}

// row sets labels side by side, and in as many lines as they need.
func (l look) row(labels []string) string {
	var b strings.Builder
	used := 0
	for i, label := range labels {
		switch {
		case i == 0:
		case l.width > 0 && used+2+columns(label) > l.width:
			b.WriteString("\n")
			used = 0
		default:
			b.WriteString("  ")
			used += 2
		}
		b.WriteString(label)
		used += columns(label)
	}
	return b.String()
}

// text draws running text in a style. Nothing in it but newlines and the
// styles themselves controls the terminal.
func (l look) text(t chat.Text, style ...string) string {
	var b strings.Builder
	for _, span := range t {
		s := clean(span.Text)
		if span.Code {
			s = "`" + s + "`"
		}
		codes := style
		if span.Bold {
			codes = append(codes[:len(codes):len(codes)], bold)
		}
		b.WriteString(l.paint(s, codes...))
		if span.URL != "" && span.URL != span.Text {
			b.WriteString(l.paint(" ("+oneLine(span.URL)+")", style...))
		}
	}
	return b.String()
}

// paint puts s in a style, line by line.
func (l look) paint(s string, codes ...string) string {
	if !l.colour || len(codes) == 0 {
		return s
	}
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = "\x1b[" + strings.Join(codes, ";") + "m" + line + "\x1b[0m"
		}
	}
	return strings.Join(lines, "\n")
}

// wrap breaks s between words so that it fits the width, with first before its
// first line and hang before the others. A word that is too long, most likely
// an address, stays whole: the terminal breaks it and can still open it.
func (l look) wrap(s, first, hang string) []string {
	if l.width == 0 {
		return []string{first + s}
	}
	var lines []string
	line, empty := first, true
	for word := range strings.SplitSeq(s, " ") {
		if !empty && columns(line)+1+columns(word) > l.width {
			lines = append(lines, line)
			line, empty = hang, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	return append(lines, line)
}

// columns is how wide s is, counting a character as one column and our own
// styles as none.
func columns(s string) int {
	n := 0
	for {
		before, after, styled := strings.Cut(s, "\x1b[")
		n += utf8.RuneCountInString(before)
		if !styled {
			return n
		}
		_, s, _ = strings.Cut(after, "m")
	}
}

// clean makes s harmless on a terminal: what could move the cursor, start a
// command or turn the reading order round is dropped or becomes a space. Only
// newlines stay.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsSpace(r) && (unicode.IsControl(r) || r == '\u2028' || r == '\u2029'):
			return ' '
		case unicode.IsControl(r), '\u202A' <= r && r <= '\u202E', '\u2066' <= r && r <= '\u2069':
			return -1
		}
		return r
	}, s)
}

// oneLine is s, clean and without newlines.
func oneLine(s string) string { return strings.ReplaceAll(clean(s), "\n", " ") }

// announcement is a message as it is printed: who and where it is for unless
// that is plain, and an empty line after it. The caller holds mu.
func (c *Console) announcement(m *message, updated bool) string {
	l := c.look()
	head := c.label(m)
	if head == "" && m.only != "" && !isDirect(m.place) {
		head = "(only you see this)"
	}
	if updated {
		head = strings.TrimSpace(head + " (updated)")
	}
	if head != "" {
		head = l.paint(head, dim) + "\n"
	}
	body := l.blocks(m.blocks)
	for _, f := range m.files {
		body += "\n📎 " + oneLine(f.File.Name)
	}
	return head + body + "\n\n"
}

// removal says that a message is gone. The caller holds mu.
func (c *Console) removal(m *message) string {
	words := oneLine(chat.Reply{Blocks: m.blocks}.PlainText())
	gone := "(removed: " + chat.Shorten(words, 40) + ")"
	return c.look().paint(strings.TrimSpace(c.label(m)+" "+gone), dim) + "\n\n"
}

// label says whom a message is for and where, empty if it is the current
// person where they are. The caller holds mu.
func (c *Console) label(m *message) string {
	here := m.place == c.current.place
	switch {
	case here && (m.only == "" && m.ticket == "" || isDirect(m.place) || m.place.Thread != "" || m.only == Account(c.current.name)):
		return ""
	case isDirect(m.place):
		return "→ " + oneLine(m.place.Channel[1:]) + " (dm)"
	case m.only != "":
		name := strings.TrimPrefix(string(m.only), string(Account("")))
		return "→ " + oneLine(name) + " (" + placeName(m.place) + ")"
	}
	if m.ticket != "" && m.place.Thread == "" {
		return "→ " + placeName(m.place) + " (its thread: " + placeName(m.place) + "/" + string(m.id) + ")"
	}
	return "→ " + placeName(m.place)
}

// prompt is what stands before the line of the current person.
func (c *Console) prompt() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if isDirect(c.current.place) {
		return c.current.name + " › "
	}
	return c.current.name + " " + placeName(c.current.place) + " › "
}

func (c *Console) look() look {
	l := look{colour: c.colour}
	if c.screen != nil {
		l.width, _ = c.size()
	}
	return l
}

// notice prints a sentence of the console's own.
func (c *Console) notice(format string, args ...any) {
	c.write(c.look().paint(oneLine(fmt.Sprintf(format, args...)), dim) + "\n")
}

// write prints s.
func (c *Console) write(s string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.print(s)
}

// print writes s unless an earlier write failed. The caller holds mu.
func (c *Console) print(s string) {
	if c.failed != nil {
		return
	}
	if c.editing {
		_, c.failed = c.editor.Write([]byte(s))
	} else {
		_, c.failed = c.o.Out.Write([]byte(s))
	}
}

// broken is the error of the first write that failed.
func (c *Console) broken() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed != nil {
		return fmt.Errorf("console: write: %w", c.failed)
	}
	return nil
}
