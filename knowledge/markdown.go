package knowledge

import (
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdown reads CommonMark with tables, strikethrough and {#anchor} after a
// heading. It may be used by many goroutines.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.Table, extension.Strikethrough),
	goldmark.WithParserOptions(parser.WithHeadingAttribute()),
)

var (
	htmlTag  = regexp.MustCompile(`(?s)<!--.*?-->|<[^>]*>`)
	anchorID = regexp.MustCompile(`^[^\s"<>|#]+$`)
)

// An outline cuts a page into sections of plain text.
type outline struct {
	source   []byte
	starts   []int     // of its lines; nil: nobody has asked yet
	bare     []heading // headings without text of their own above the current one
	level    int       // of the current heading, 1 to 6; 0 before the first
	line     int       // of the current heading, from 1
	current  Section
	lines    []string // of the current section
	sections []Section
	empty    []Bare // headings that were dropped
	links    []Link // as they are written
}

type heading struct {
	level int
	words string
	line  int
	lends bool // another heading stands under it
}

// outlined cuts a Markdown page at its headings. Emphasis, links, list marks
// and HTML tags are dropped, their words stay; a table row is a line, its cells
// divided by " | ". A heading with nothing under it before a deeper one lends
// it its words: "Refund deadline › Card". Otherwise it is dropped. Where links
// lead is listed apart.
func outlined(source []byte) *outline {
	o := &outline{source: source}
	page := markdown.Parser().Parse(text.NewReader(source))
	o.block(page)
	o.close()
	o.drop(0)
	o.follow(page)
	return o
}

func (o *outline) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		if _, top := n.Parent().(*ast.Document); top {
			o.open(n)
		} else {
			o.add(o.words(n))
		}
	case *ast.List:
		o.current.Steps = o.current.Steps || n.IsOrdered()
		o.current.Ways = o.current.Ways || !n.IsOrdered()
		for child := n.FirstChild(); child != nil; child = child.NextSibling() {
			o.block(child)
		}
	case *ast.Paragraph, *ast.TextBlock:
		o.add(o.words(n))
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		o.add(strings.Split(string(n.Lines().Value(o.source)), "\n")...)
	case *ast.HTMLBlock:
		// Lower types are scripts, styles, comments and declarations.
		if n.HTMLBlockType >= ast.HTMLBlockType6 {
			words := htmlTag.ReplaceAllString(string(n.Lines().Value(o.source)), " ")
			o.add(strings.Split(html.UnescapeString(words), "\n")...)
		}
	case *extast.TableHeader, *extast.TableRow:
		var cells []string
		for cell := n.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, o.words(cell))
		}
		o.add(strings.Join(cells, " | "))
	default:
		for child := n.FirstChild(); child != nil; child = child.NextSibling() {
			o.block(child)
		}
	}
}

// open starts the section under h.
func (o *outline) open(h *ast.Heading) {
	o.close()
	o.current, o.level, o.line = Section{Heading: o.words(h)}, h.Level, 1
	if lines := h.Lines(); lines.Len() > 0 {
		o.line = o.lineOf(lines.At(0).Start)
	}
	if id, ok := h.AttributeString("id"); ok {
		if id, ok := id.([]byte); ok && anchorID.Match(id) {
			o.current.Anchor = string(id)
		}
	}
}

// close ends the current section, and keeps it if it has text.
func (o *outline) close() {
	o.drop(o.level)
	if len(o.lines) == 0 {
		// A bare h1 is the title of the page, which the article has already.
		if o.level > 1 && o.current.Heading != "" {
			o.bare = append(o.bare, heading{level: o.level, words: o.current.Heading, line: o.line})
		}
		return
	}
	s := o.current
	for i, h := range slices.Backward(o.bare) {
		s.Heading = h.words + " › " + s.Heading
		o.bare[i].lends = true
	}
	s.Text = strings.Join(o.lines, "\n")
	o.sections, o.lines = append(o.sections, s), nil
}

// drop lets go of bare headings that stand no higher than level.
func (o *outline) drop(level int) {
	for len(o.bare) > 0 && o.bare[len(o.bare)-1].level >= level {
		last := o.bare[len(o.bare)-1]
		o.bare = o.bare[:len(o.bare)-1]
		if last.lends {
			continue
		}
		o.empty = append(o.empty, Bare{last.words, last.line})
		if len(o.bare) > 0 {
			o.bare[len(o.bare)-1].lends = true // has this one under it, at least
		}
	}
}

// lineOf is on which line of the source a byte stands, from 1.
func (o *outline) lineOf(offset int) int {
	if o.starts == nil {
		o.starts = []int{0}
		for i, c := range o.source {
			if c == '\n' {
				o.starts = append(o.starts, i+1)
			}
		}
	}
	line, found := slices.BinarySearch(o.starts, offset)
	if found {
		line++
	}
	return line
}

// anchor is a link in HTML.
var anchor = regexp.MustCompile(`(?i)<a\s[^>]*?\bhref\s*=\s*["']([^"'<>]+)["']`)

// follow lists the links under n. Pictures are no links: they are not shown.
func (o *outline) follow(n ast.Node) {
	inHTML := func(lines *text.Segments) {
		for i := range lines.Len() {
			segment := lines.At(i)
			for _, found := range anchor.FindAllSubmatch(segment.Value(o.source), -1) {
				o.links = append(o.links, Link{html.UnescapeString(string(found[1])), o.lineOf(segment.Start)})
			}
		}
	}
	// A visitor that returns no error has none returned.
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			o.links = append(o.links, Link{string(n.Destination), o.lineUnder(n)})
		case *ast.AutoLink:
			if n.AutoLinkType == ast.AutoLinkURL {
				o.links = append(o.links, Link{string(n.URL(o.source)), o.lineUnder(n)})
			}
		case *ast.RawHTML:
			inHTML(n.Segments)
		case *ast.HTMLBlock:
			inHTML(n.Lines())
		}
		return ast.WalkContinue, nil
	})
}

// lineUnder is on which line the words of a link begin, or else those before it
// end, or the block begins that it is in: the parser keeps no place of a link.
func (o *outline) lineUnder(link ast.Node) int {
	offset := -1
	_ = ast.Walk(link, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			offset = t.Segment.Start
			return ast.WalkStop, nil
		}
		return ast.WalkContinue, nil
	})
	if before, ok := link.PreviousSibling().(*ast.Text); ok && offset < 0 {
		offset = before.Segment.Stop
		if before.SoftLineBreak() || before.HardLineBreak() {
			offset++
		}
	}
	for n := link; n != nil && offset < 0; n = n.Parent() {
		if n.Type() == ast.TypeBlock && n.Lines() != nil && n.Lines().Len() > 0 {
			offset = n.Lines().At(0).Start
		}
	}
	if offset < 0 {
		return 0
	}
	return o.lineOf(offset)
}

// add appends lines to the current section; blank ones are dropped.
func (o *outline) add(lines ...string) {
	for _, line := range lines {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			o.lines = append(o.lines, line)
		}
	}
}

// written is what stands for another character: behind a backslash, or by name or
// number.
// Source: https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references
var written = regexp.MustCompile("\\\\[!-/:-@\\[-`{-~]|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]*);")

// asRead is a text as it is read, each character once: &amp;lt; is &lt;.
func asRead(text string) string {
	if !strings.ContainsAny(text, `\&`) {
		return text
	}
	return written.ReplaceAllStringFunc(text, func(s string) string {
		if s[0] == '\\' {
			return s[1:]
		}
		if s[1] != '#' {
			if _, known := util.LookUpHTML5EntityByName(s[1 : len(s)-1]); !known {
				return s
			}
		}
		return html.UnescapeString(s)
	})
}

// words is what a reader sees of the inline nodes under n, on one line.
func (o *outline) words(n ast.Node) string {
	var b strings.Builder
	o.inline(&b, n)
	return strings.Join(strings.Fields(b.String()), " ")
}

func (o *outline) inline(b *strings.Builder, n ast.Node) {
	for n := n.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			value := n.Segment.Value(o.source)
			if n.IsRaw() {
				b.Write(value)
			} else {
				b.WriteString(asRead(string(value)))
			}
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(o.source))
		case *ast.RawHTML:
			if tag := string(n.Segments.Value(o.source)); strings.HasPrefix(tag, "<br") {
				b.WriteByte(' ')
			}
		default:
			o.inline(b, n)
		}
	}
}
