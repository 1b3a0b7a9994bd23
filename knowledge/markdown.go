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
	bare     []heading // headings without text of their own above the current one
	level    int       // of the current heading, 1 to 6; 0 before the first
	current  Section
	lines    []string // of the current section
	sections []Section
}

type heading struct {
	level int
	words string
}

// sections cuts a Markdown page at its headings. Emphasis, links, list marks
// and HTML tags are dropped, their words stay; a table row is a line, its cells
// divided by " | ". A heading with nothing under it before a deeper one lends
// it its words: "Refund deadline › Card". Otherwise it is dropped.
func sections(source []byte) []Section {
	o := &outline{source: source}
	o.block(markdown.Parser().Parse(text.NewReader(source)))
	o.close()
	return o.sections
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
	o.current, o.level = Section{Heading: o.words(h)}, h.Level
	if id, ok := h.AttributeString("id"); ok {
		if id, ok := id.([]byte); ok && anchorID.Match(id) {
			o.current.Anchor = string(id)
		}
	}
}

// close ends the current section, and keeps it if it has text.
func (o *outline) close() {
	for len(o.bare) > 0 && o.bare[len(o.bare)-1].level >= o.level {
		o.bare = o.bare[:len(o.bare)-1]
	}
	if len(o.lines) == 0 {
		// A bare h1 is the title of the page, which the article has already.
		if o.level > 1 && o.current.Heading != "" {
			o.bare = append(o.bare, heading{o.level, o.current.Heading})
		}
		return
	}
	s := o.current
	for _, h := range slices.Backward(o.bare) {
		s.Heading = h.words + " › " + s.Heading
	}
	s.Text = strings.Join(o.lines, "\n")
	o.sections, o.lines = append(o.sections, s), nil
}

// add appends lines to the current section; blank ones are dropped.
func (o *outline) add(lines ...string) {
	for _, line := range lines {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			o.lines = append(o.lines, line)
		}
	}
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
				b.WriteString(html.UnescapeString(string(util.UnescapePunctuations(value))))
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
