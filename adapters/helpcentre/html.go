package helpcentre

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"codeberg.org/readeck/go-readability/v2"
	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/marker"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/strikethrough"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"github.com/PuerkitoBio/goquery"
	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

const (
	// maxNodes are the elements and texts of one page. A long article has some
	// thousand; what has a hundred times as many is made to be slow.
	maxNodes = 200_000
	// maxNested is how deep quotes and lists may lie in one another: a page of
	// thousands of lines takes minutes to write otherwise.
	maxNested = 32
	// maxAnchor is how many bytes an anchor may have.
	maxAnchor = 200
	// garbled is one of how many characters may be unreadable, before a page is
	// taken to lie about its encoding.
	garbled = 500
)

// Selectors say where on a web page something stands, as CSS. Empty ones leave it
// to what most help centres have.
type Selectors struct {
	Content  string // the article; all that match, one after the other
	Title    string
	Remove   string // what is inside of the content and no part of the article
	Updated  string // an element with a date: its datetime or content attribute, or its text
	Section  string
	Category string
	Labels   string // one label each
}

// Check reports a selector that is none.
func (s Selectors) Check() error {
	for name, selector := range map[string]string{"content": s.Content, "title": s.Title, "remove": s.Remove, "updated": s.Updated, "section": s.Section, "category": s.Category, "labels": s.Labels} {
		if _, err := cascadia.ParseGroup(selector); selector != "" && err != nil {
			return fmt.Errorf("%s %q is not a CSS selector (%w); write it such as .article-body", name, selector, err)
		}
	}
	return nil
}

// usual is where articles stand on most help centres' pages: the first that is on
// a page exactly once, and has text.
var usual = []string{"[itemprop=articleBody]", ".article-body", ".article__body", "article", "main", "[role=main]"}

// junk is what is never part of an article: what runs, loads, hides or leads
// elsewhere.
const junk = "script, style, noscript, template, iframe, frame, object, embed, applet, canvas, svg, math, form, input, select, textarea, button, " +
	"nav, footer, audio, video, source, link, meta, base, dialog, [hidden], [aria-hidden=true], [role=navigation], [role=search], [style*='display:none'], [style*='display: none'], [style*='visibility:hidden']"

// A webPage is what a page of the web says of an article, and of itself.
type webPage struct {
	Page
	alternates map[string]string // addresses of its translations, by language as the page writes it
	guessed    bool              // no selector fitted, so the article was found by its look
}

// readPage reads a web page that came from an address. Errors are one line, with
// the mend.
func readPage(body []byte, contentType string, from *url.URL, s Selectors) (webPage, error) {
	text, err := decode(body, contentType)
	if err != nil {
		return webPage{}, err
	}
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return webPage{}, errors.New("its HTML is nested deeper than anybody writes; take it out of the list")
	}
	if n := count(root); n > maxNodes {
		return webPage{}, fmt.Errorf("its HTML has more than %d elements; split it, or take it out of the list", maxNodes)
	}
	doc := goquery.NewDocumentFromNode(root)
	w := webPage{alternates: map[string]string{}}
	at := from
	if href, ok := doc.Find("link[rel=canonical][href]").First().Attr("href"); ok {
		// Another host's word for what is canonical is its own affair.
		if u, err := from.Parse(strings.TrimSpace(href)); err == nil && u.Host == from.Host && (u.Scheme == "http" || u.Scheme == "https") {
			at = u
		}
	}
	w.URL = address(at)
	doc.Find("link[rel=alternate][hreflang][href]").Each(func(_ int, link *goquery.Selection) {
		if u, err := from.Parse(strings.TrimSpace(link.AttrOr("href", ""))); err == nil {
			w.alternates[strings.TrimSpace(link.AttrOr("hreflang", ""))] = address(u)
		}
	})
	w.Lang = line(doc.Find("html").AttrOr("lang", ""))
	w.Updated = updated(doc, s.Updated)
	w.Section, w.Category = textOf(doc, s.Section), textOf(doc, s.Category)
	if s.Labels != "" {
		doc.Find(s.Labels).Each(func(_ int, label *goquery.Selection) {
			if text := line(label.Text()); text != "" {
				w.Labels = append(w.Labels, text)
			}
		})
	}
	w.Title = title(doc, s.Title)

	content := contentOf(doc, s)
	if content == nil {
		w.guessed = true
		article, err := readability.FromDocument(root, from)
		if err != nil || article.Node == nil {
			return webPage{}, errors.New("no article is found on it; name where it stands with --content or select.content, or take it out of the list")
		}
		content = []*html.Node{article.Node}
	}
	var out bytes.Buffer
	for _, node := range content {
		if err := html.Render(&out, node); err != nil {
			return webPage{}, fmt.Errorf("its HTML cannot be read: %w; take it out of the list", err)
		}
	}
	w.HTML = out.String()
	if s.Remove != "" {
		part, err := goquery.NewDocumentFromReader(&out)
		if err == nil {
			part.Find(s.Remove).Remove()
			w.HTML, err = part.Find("body").Html()
		}
		if err != nil {
			return webPage{}, fmt.Errorf("its HTML cannot be read: %w; take it out of the list", err)
		}
	}
	return w, nil
}

// contentOf is where the article stands; nil: nobody knows.
func contentOf(doc *goquery.Document, s Selectors) []*html.Node {
	if s.Content != "" {
		if found := doc.Find(s.Content); found.Length() > 0 {
			// What lies inside of another match is there already.
			return found.FilterFunction(func(_ int, one *goquery.Selection) bool {
				return one.ParentsFiltered(s.Content).Length() == 0
			}).Nodes
		}
	}
	for _, selector := range usual {
		if found := doc.Find(selector); found.Length() == 1 && len(strings.TrimSpace(found.Text())) > 0 {
			return found.Nodes
		}
	}
	return nil
}

func textOf(doc *goquery.Document, selector string) string {
	if selector == "" {
		return ""
	}
	return line(doc.Find(selector).First().Text())
}

// title is what a page is called: its only or first h1, or what it tells others.
func title(doc *goquery.Document, selector string) string {
	if text := textOf(doc, selector); text != "" {
		return text
	}
	if text := textOf(doc, "h1"); text != "" {
		return text
	}
	if text := line(doc.Find("meta[property='og:title']").AttrOr("content", "")); text != "" {
		return text
	}
	text := textOf(doc, "head title")
	// "How do I get a refund? – Help Center": what stands behind the last divider
	// is the site.
	end := -1
	for _, divider := range []string{" | ", " – ", " — ", " - "} {
		end = max(end, strings.LastIndex(text, divider))
	}
	if end > 0 {
		text = text[:end]
	}
	return text
}

var modifiedRule = regexp.MustCompile(`"dateModified"\s*:\s*"([0-9T:.Z+-]{10,35})"`)

// updated is when a page says that it was changed.
func updated(doc *goquery.Document, selector string) time.Time {
	if selector != "" {
		found := doc.Find(selector).First()
		for _, text := range []string{found.AttrOr("datetime", ""), found.AttrOr("content", ""), found.Text()} {
			if at := parseTime(text); !at.IsZero() {
				return at
			}
		}
	}
	for _, s := range []string{"meta[property='article:modified_time']", "meta[property='og:updated_time']", "meta[itemprop=dateModified]", "meta[name=last-modified]", "meta[name='dcterms.modified']"} {
		if at := parseTime(doc.Find(s).First().AttrOr("content", "")); !at.IsZero() {
			return at
		}
	}
	if at := parseTime(doc.Find("time[itemprop=dateModified]").First().AttrOr("datetime", "")); !at.IsZero() {
		return at
	}
	if found := modifiedRule.FindStringSubmatch(doc.Find("script[type='application/ld+json']").Text()); found != nil {
		return parseTime(found[1])
	}
	return time.Time{}
}

// parseTime reads the times that web pages, sitemaps and tables write; zero if it
// is none, or none that an article can have.
func parseTime(text string) time.Time {
	text = strings.TrimSpace(text)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04:05 MST", time.DateOnly, time.RFC1123, time.RFC1123Z, "January 2, 2006", "2 January 2006", "Jan 2, 2006"} {
		if at, err := time.Parse(layout, text); err == nil && at.Year() >= 1990 && at.Year() < 2200 {
			return at.UTC()
		}
	}
	return time.Time{}
}

// decode turns the bytes of a page into text.
func decode(body []byte, contentType string) (string, error) {
	if bytes.IndexByte(body, 0) >= 0 && !bytes.HasPrefix(body, []byte("\xfe\xff")) && !bytes.HasPrefix(body, []byte("\xff\xfe")) {
		return "", errors.New("it is not text; take it out of the list")
	}
	encoding, name, _ := charset.DetermineEncoding(body, contentType)
	text := string(body)
	if name != "utf-8" {
		plain, err := encoding.NewDecoder().Bytes(body)
		if err != nil {
			return "", fmt.Errorf("it is not in the encoding that it names (%s); serve it as UTF-8", name)
		}
		text = string(plain)
	}
	bad := 0
	for rest := text; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		if r == utf8.RuneError {
			bad++
		}
		rest = rest[size:]
	}
	if bad*garbled > utf8.RuneCountInString(text) {
		return "", fmt.Errorf("it is not in the encoding that it names (%s); serve it as UTF-8", name)
	}
	return strings.ToValidUTF8(text, "\uFFFD"), nil
}

// count is how many nodes are under n, and n.
func count(n *html.Node) int {
	sum := 1
	for range n.Descendants() {
		sum++
	}
	return sum
}

// measure is how many bytes of text are in what is under n, and how deep quotes and
// lists lie in one another there, being so deep at n.
func measure(n *html.Node, at int) (text, deep int) {
	switch {
	case n.Type == html.TextNode:
		return len(n.Data), at
	case n.DataAtom == atom.Blockquote || n.DataAtom == atom.Ul || n.DataAtom == atom.Ol:
		at++
	}
	deep = at
	for child := range n.ChildNodes() {
		t, d := measure(child, at)
		text, deep = text+t, max(deep, d)
	}
	return text, deep
}

// address is a URL without its fragment.
func address(u *url.URL) string {
	plain := *u
	plain.Fragment, plain.RawFragment = "", ""
	plain.Host = strings.ToLower(plain.Host)
	return plain.String()
}

var toMarkdown = newConverter()

// newConverter makes Markdown as knowledge reads it: headings with their anchors,
// tables with a line each row.
func newConverter() *converter.Converter {
	c := converter.NewConverter(converter.WithPlugins(
		base.NewBasePlugin(),
		commonmark.NewCommonmarkPlugin(commonmark.WithBulletListMarker("-")),
		strikethrough.NewStrikethroughPlugin(),
		table.NewTablePlugin(table.WithHeaderPromotion(true), table.WithSkipEmptyRows(true), table.WithCellPaddingBehavior(table.CellPaddingBehaviorMinimal), table.WithPresentationTables(true)),
	))
	c.Register.TextTransformer(func(_ converter.Context, text string) string {
		return reference.ReplaceAllString(text, "&amp;$1") // else it would be read as the character that it names
	}, converter.PriorityEarly)
	// Else a line is searched for the other bracket from each of them on, which takes
	// minutes where there are many.
	c.Register.UnEscaper(func(text []byte, at int) int {
		if text[at] == '[' {
			return 1
		}
		return -1
	}, converter.PriorityEarly)
	for i := 1; i <= 6; i++ {
		c.Register.RendererFor(fmt.Sprintf("h%d", i), converter.TagTypeBlock, func(ctx converter.Context, w converter.Writer, n *html.Node) converter.RenderStatus {
			var b bytes.Buffer
			ctx.RenderChildNodes(ctx, &b, n)
			text := strings.Join(strings.Fields(b.String()), " ")
			if text == "" {
				return converter.RenderSuccess
			}
			// A brace would begin attributes, and a last # end the heading.
			text = strings.ReplaceAll(text, "{", `\{`)
			if before, ok := strings.CutSuffix(text, "#"); ok {
				text = strings.TrimSuffix(before, string(marker.MarkerEscaping)) + `\#`
			}
			anchor := ""
			if id := attribute(n, "id"); id != "" {
				anchor = " {#" + id + "}"
			}
			fmt.Fprintf(w, "\n\n%s %s%s\n\n", strings.Repeat("#", i), text, anchor)
			return converter.RenderSuccess
		}, converter.PriorityEarly)
	}
	return c
}

// reference is what Markdown takes for a character by name or number.
var reference = regexp.MustCompile(`&(#[0-9]{1,7};|#[xX][0-9A-Fa-f]{1,6};|[A-Za-z][A-Za-z0-9]*;)`)

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// anchorRule is what Markdown takes for an anchor and a link for a fragment.
var anchorRule = regexp.MustCompile(`^[\p{L}\p{N}_:.-]+$`)

// markdownOf turns the HTML of an article into Markdown: words, headings, lists,
// tables, code, and links to web pages. Whatever runs, loads or hides is left
// out. A first heading that says the title again goes, too.
func markdownOf(source, title string, at *url.URL) (string, error) {
	root, err := html.Parse(strings.NewReader(visible(source)))
	if err != nil {
		return "", errors.New("its HTML is nested deeper than anybody writes; split it, or take it out of the list")
	}
	if n := count(root); n > maxNodes {
		return "", fmt.Errorf("its HTML has more than %d elements; split it", maxNodes)
	}
	doc := goquery.NewDocumentFromNode(root)
	doc.Find(junk).Remove()
	switch text, deep := measure(root, 0); {
	case deep > maxNested:
		return "", fmt.Errorf("it nests more than %d quotes or lists; write it flat", maxNested)
	case text > maxMarkdown:
		return "", fmt.Errorf("its text is larger than %s; split it into several articles", size(maxMarkdown))
	}
	headings := doc.Find("h1, h2, h3, h4, h5, h6")
	headings.Each(func(_ int, h *goquery.Selection) {
		h.SetAttr("id", anchorOf(h))
	})
	if first := headings.First(); first.Length() > 0 && strings.EqualFold(line(first.Text()), line(title)) && strings.HasPrefix(line(doc.Text()), line(first.Text())) {
		first.Remove()
	}
	doc.Find("img, picture, map, area").Remove() // they would tell a server who reads the file
	doc.Find("summary").Each(func(_ int, s *goquery.Selection) { rename(s, "h3") })
	doc.Find("dt").Each(func(_ int, s *goquery.Selection) {
		rename(s, "p")
		s.WrapInnerHtml("<strong></strong>")
	})
	doc.Find("dd").Each(func(_ int, s *goquery.Selection) { rename(s, "p") })
	doc.Find("details, dl, font, center").Each(func(_ int, s *goquery.Selection) { rename(s, "div") })
	doc.Find("table").Each(func(_ int, t *goquery.Selection) {
		if t.Find("table, h1, h2, h3, h4, h5, h6, pre").Length() > 0 || t.Find("td, th").Length() < 2 {
			t.Find("td, th, tr, tbody, thead, tfoot, caption, colgroup, col").Each(func(_ int, s *goquery.Selection) { rename(s, "div") })
			rename(t, "div") // it only lays things out
			return
		}
		t.Find("td p, td div, td li, td br, th p, th div, th li, th br").Each(func(_ int, s *goquery.Selection) { s.AfterHtml(" ") })
		t.Find("td, th").Each(func(_ int, cell *goquery.Selection) {
			cell.Find("p, div, ul, ol, li, br, blockquote, hr, section").Each(func(_ int, s *goquery.Selection) { rename(s, "span") })
		})
	})
	doc.Find("a").Each(func(_ int, a *goquery.Selection) {
		href := ""
		if u, err := at.Parse(strings.TrimSpace(a.AttrOr("href", ""))); err == nil {
			switch {
			case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil, u.Scheme == "mailto":
				href = u.String()
			}
		}
		text := line(a.Text())
		if href == "" || text == "" {
			rename(a, "span")
			return
		}
		a.SetAttr("href", href)
	})
	for n := range root.Descendants() {
		keep := map[string]string{"a": "href", "h1": "id", "h2": "id", "h3": "id", "h4": "id", "h5": "id", "h6": "id", "ol": "start"}[n.Data]
		n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return n.Type != html.ElementNode || a.Key != keep || a.Val == "" })
	}
	out, err := toMarkdown.ConvertNode(root)
	if err != nil {
		return "", fmt.Errorf("its HTML cannot be turned into Markdown: %w; take it out of the list", err)
	}
	return strings.TrimSpace(visible(string(out))), nil
}

// anchorOf is what a link to a heading ends in: its id, or that of an anchor in it
// or before it.
func anchorOf(h *goquery.Selection) string {
	inside, before := h.Find("a[id], a[name], span[id]").First(), h.Prev().Filter("a[id], a[name]")
	for _, id := range []string{h.AttrOr("id", ""), inside.AttrOr("id", ""), inside.AttrOr("name", ""), before.AttrOr("id", ""), before.AttrOr("name", "")} {
		if id != "" && len(id) <= maxAnchor && anchorRule.MatchString(id) {
			return id
		}
	}
	return ""
}

// rename makes another element of one.
func rename(s *goquery.Selection, name string) {
	for _, n := range s.Nodes {
		n.Data, n.DataAtom = name, atom.Lookup([]byte(name))
		if name != "h3" {
			n.Attr = nil
		}
	}
}
