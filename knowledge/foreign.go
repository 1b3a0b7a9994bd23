package knowledge

import (
	"html"
	"net/url"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

var (
	// active are elements that run, load, or ask for something.
	active = regexp.MustCompile(`(?i)<\s*/?(?:script|style|iframe|frame|frameset|object|embed|applet|svg|math|form|input|button|select|textarea|video|audio|source|track|picture|img|image|link|meta|base|template|noscript|portal)\b`)
	// loading are attributes that do.
	loading = regexp.MustCompile(`(?i)[\s"'/](?:on[a-z]+|style|src|srcset|background|poster|action|formaction|ping|xlink:href)\s*=`)
	// unseen is what readers of the page do not see.
	unseen = regexp.MustCompile(`<[!?]`)
	// leading is where an element leads.
	leading = regexp.MustCompile(`(?i)[\s"'/]href\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)`)
)

// Foreign says what a body has that does not belong into an article from
// elsewhere, however it is written: pictures, HTML that runs or loads something
// or is not seen, links to anything but web pages, mailboxes and telephones.
// Empty: nothing.
func Foreign(body string) string {
	source := []byte(body)
	found := ""
	inHTML := func(markup string) {
		switch {
		case active.MatchString(markup) || loading.MatchString(markup):
			found = "HTML that runs or loads something"
		case unseen.MatchString(markup):
			found = "HTML that is not seen"
		}
		for _, at := range leading.FindAllStringSubmatch(markup, -1) {
			if !harmless(strings.Trim(at[1], `"'`)) {
				found = "a link to something else than a web page"
			}
		}
	}
	// A visitor that returns no error has none returned.
	_ = ast.Walk(markdown.Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Image:
			found = "a picture"
		case *ast.Link:
			if !harmless(string(n.Destination)) {
				found = "a link to something else than a web page"
			}
		case *ast.AutoLink:
			if !harmless(string(n.URL(source))) {
				found = "a link to something else than a web page"
			}
		case *ast.RawHTML:
			inHTML(string(n.Segments.Value(source)))
		case *ast.HTMLBlock:
			markup := string(n.Lines().Value(source))
			if n.HasClosure() {
				markup += string(n.ClosureLine.Value(source))
			}
			inHTML(markup)
		}
		if found != "" {
			return ast.WalkStop, nil
		}
		return ast.WalkContinue, nil
	})
	return found
}

// harmless reports whether a link leads to a web page, a mailbox or a telephone,
// or is relative to where it stands. What browsers leave out of an address is
// left out before they are asked.
func harmless(to string) bool {
	to = html.UnescapeString(to)
	to = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7F {
			return -1
		}
		return r
	}, to)
	scheme, _, found := strings.Cut(to, ":")
	if !found || strings.ContainsAny(scheme, "/?#") {
		return true // relative
	}
	if plain, err := url.PathUnescape(scheme); err == nil {
		scheme = plain
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "mailto", "tel":
		return true
	}
	return false
}
