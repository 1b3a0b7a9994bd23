package helpcentre

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html/charset"
)

// Limits of sitemaps.
// Source: https://www.sitemaps.org/protocol.html#index
const (
	maxSitemap    = 50 << 20 // bytes, unpacked
	maxSitemapURL = 50_000   // addresses in one file
	maxLoc        = 2048     // characters of an address
)

const (
	maxSitemaps = 500       // files that one address may lead to
	maxNesting  = 3         // indexes inside indexes
	maxListing  = 256 << 20 // bytes of all these files, unpacked
)

// A Sitemap is a [Source] of web pages: those that a sitemap.xml lists, or the
// sitemaps that its index does.
type Sitemap struct {
	Client    *Client
	URL       string // of the sitemap, or of the front page, whose robots.txt tells where it is
	Selectors Selectors
	Prefer    []string            // languages: in which an article's address is looked for that names it; the first first
	Skip      func(string) bool   // addresses to leave alone; nil: none
	Note      func(string)        // hears what is not quite right; nil: nobody does
	Most      int                 // pages: of more, one is listed, and the list is called not whole; 0: any number
	pages     []sitemapPage       // what the walk has listed
	groups    map[string][]string // by address: those of the same article, itself included
}

// A sitemapPage is an address in a sitemap.
type sitemapPage struct {
	loc        string
	lastmod    string
	alternates map[string]string // by language
}

// Count is how many pages the walk under way visits.
func (s *Sitemap) Count() int { return len(s.pages) }

// Walk reads the sitemaps, then visits their pages in the order that they have
// there. A sitemap of an index that cannot be read does not keep the others from
// being visited.
func (s *Sitemap) Walk(ctx context.Context, _ string, visit func(Item) error) error {
	s.pages, s.groups = nil, map[string][]string{}
	troubles := s.list(ctx)
	if ctx.Err() != nil || len(s.pages) == 0 {
		if troubles == nil {
			troubles = fmt.Errorf("the sitemap %s lists no page; give the address of another one", short(s.URL))
		}
		return troubles
	}
	for _, page := range s.pages {
		if err := visit(s.item(page)); err != nil {
			return err
		}
	}
	return troubles
}

// list reads all sitemaps.
func (s *Sitemap) list(ctx context.Context) error {
	queue := []struct {
		url   string
		depth int
	}{}
	push := func(address string, depth int) {
		queue = append(queue, struct {
			url   string
			depth int
		}{address, depth})
	}
	u, err := url.Parse(s.URL)
	if err == nil && strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Host != "" && strings.HasPrefix(u.Scheme, "http") {
		found, err := s.named(ctx, u)
		if err != nil {
			return err
		}
		for _, address := range found {
			push(address, 0)
		}
	} else {
		push(s.URL, 0)
	}
	var troubles []error
	known, files := map[string]bool{}, map[string]bool{}
	listing := 0 // bytes
	for n := 0; len(queue) > 0; n++ {
		next := queue[0]
		queue = queue[1:]
		if files[next.url] {
			continue // an index that names itself, or twice the same
		}
		files[next.url] = true
		fault := func(format string, args ...any) {
			troubles = append(troubles, fmt.Errorf("sitemap %s: "+format, append([]any{short(next.url)}, args...)...))
		}
		if n >= maxSitemaps {
			fault("it leads to more than %d sitemaps, which may go on for ever; give the address of one of them", maxSitemaps)
			break
		}
		response, err := s.Client.Get(ctx, Request{URL: next.url, MaxBytes: maxSitemap})
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			fault("%w", err)
			if IsFatal(err) {
				return Fatal(errors.Join(troubles...))
			}
			continue
		}
		body := response.Body
		if bytes.HasPrefix(body, []byte("\x1f\x8b")) {
			if body, err = gunzip(body, maxSitemap); err != nil {
				fault("%w", err)
				continue
			}
		}
		if listing += len(body); listing > maxListing {
			fault("with those before it, it is larger than %d MiB; give the address of one of them", maxListing>>20)
			break
		}
		pages, more, err := parseSitemap(body)
		if err != nil {
			fault("%w", err)
		}
		for _, address := range more {
			if next.depth >= maxNesting {
				fault("its indexes are nested more than %d deep; give the address of the sitemap itself", maxNesting)
				break
			}
			push(address, next.depth+1)
		}
		for _, page := range pages {
			if u, err := url.Parse(page.loc); err == nil {
				page.loc = address(u)
			}
			if known[page.loc] || s.Skip != nil && s.Skip(page.loc) {
				continue
			}
			if s.Most > 0 && len(s.pages) > s.Most {
				return errors.Join(append(troubles, errMany)...)
			}
			known[page.loc] = true
			s.pages = append(s.pages, page)
			s.join(page.loc, page.alternates)
		}
	}
	return errors.Join(troubles...)
}

// named is where the sitemaps of a site are: as its robots.txt says, or at the
// usual place.
func (s *Sitemap) named(ctx context.Context, u *url.URL) ([]string, error) {
	robots, err := s.Client.Robots(ctx, u)
	if err != nil {
		return nil, err
	}
	if len(robots.Sitemaps) > 0 {
		return robots.Sitemaps, nil
	}
	return []string{u.Scheme + "://" + u.Host + "/sitemap.xml"}, nil
}

// parseSitemap reads a sitemap or an index of some. Beside an error stands what
// was read before it.
func parseSitemap(body []byte) (pages []sitemapPage, sitemaps []string, err error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = charset.NewReaderLabel
	d.Strict = true
	var where []string // the elements around
	var page sitemapPage
	var text strings.Builder
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) && len(where) > 0 {
			err = errors.New("it ends in the middle")
		}
		if errors.Is(err, io.EOF) {
			return pages, sitemaps, nil
		}
		if err != nil {
			return pages, sitemaps, fmt.Errorf("it is not a sitemap: %w; mend it, or give the address of another one", xmlReason(err))
		}
		switch t := token.(type) {
		case xml.Directive:
			if bytes.Contains(bytes.ToUpper(t), []byte("ENTITY")) {
				return pages, sitemaps, errors.New("it declares entities, which may grow without end; serve it without a DOCTYPE")
			}
		case xml.StartElement:
			name := t.Name.Local
			if len(where) == 0 {
				if name == "html" {
					return nil, nil, errors.New("it is a web page, not a sitemap; give the address of the sitemap, or of the site's front page")
				}
				if name != "urlset" && name != "sitemapindex" {
					return nil, nil, fmt.Errorf("it is not a sitemap, since it begins with <%s>; give the address of another one", short(name))
				}
			}
			if len(where) >= 8 {
				return pages, sitemaps, errors.New("it is not a sitemap, since its elements are nested too deep; give the address of another one")
			}
			where = append(where, name)
			text.Reset()
			switch {
			case len(where) == 2:
				page = sitemapPage{}
			case len(where) == 3 && name == "link":
				lang, href := "", ""
				for _, a := range t.Attr {
					switch a.Name.Local {
					case "hreflang":
						lang = strings.TrimSpace(a.Value)
					case "href":
						href = strings.TrimSpace(a.Value)
					}
				}
				if u, err := url.Parse(href); err == nil && lang != "" && u.Host != "" && len(href) <= maxLoc && len(page.alternates) < 200 {
					if page.alternates == nil {
						page.alternates = map[string]string{}
					}
					page.alternates[lang] = address(u)
				}
			}
		case xml.CharData:
			if text.Len()+len(t) <= 2*maxLoc {
				text.Write(t)
			}
		case xml.EndElement:
			if len(where) == 0 || where[len(where)-1] != t.Name.Local {
				return pages, sitemaps, errors.New("it is not a sitemap: its elements end in another order than they begin; mend it, or give the address of another one")
			}
			value := strings.TrimSpace(text.String())
			switch name := t.Name.Local; {
			case len(where) == 3 && name == "loc":
				page.loc = value
			case len(where) == 3 && name == "lastmod":
				page.lastmod = value
			case len(where) == 2 && page.loc != "" && len(page.loc) <= maxLoc:
				if len(pages)+len(sitemaps) >= maxSitemapURL {
					return pages, sitemaps, fmt.Errorf("it lists more than %d addresses, which no sitemap may; divide it", maxSitemapURL)
				}
				if where[0] == "sitemapindex" {
					sitemaps = append(sitemaps, page.loc)
				} else {
					pages = append(pages, page)
				}
			}
			where = where[:len(where)-1]
		}
	}
}

// xmlReason is an error of the decoder in few words.
func xmlReason(err error) error {
	if e := (*xml.SyntaxError)(nil); errors.As(err, &e) {
		return fmt.Errorf("line %d: %s", e.Line, cut(line(e.Msg), 80))
	}
	return errors.New(cut(line(err.Error()), 80))
}

// join notes which addresses are one article.
func (s *Sitemap) join(loc string, alternates map[string]string) {
	if len(alternates) == 0 {
		return
	}
	group := []string{loc}
	for _, other := range alternates {
		if !slices.Contains(group, other) {
			group = append(group, other)
		}
	}
	s.groups[loc] = group
}

// item is a page of the sitemap.
func (s *Sitemap) item(p sitemapPage) Item {
	return Item{Key: p.loc, Fetch: func(ctx context.Context, known Known) (Page, Known, error) {
		// Where the server has no marks of its own, a sitemap that tells the time of
		// day is believed. A mere day is not: there may be two changes on one.
		if known.ETag == "" && known.LastModified == "" && known.Stamp != "" && known.Stamp == p.lastmod && strings.ContainsRune(p.lastmod, 'T') {
			return Page{}, known, ErrUnchanged
		}
		response, err := s.Client.Get(ctx, Request{URL: p.loc, Known: known, Types: []string{"text/html", "application/xhtml+xml"}})
		if err != nil {
			return Page{}, known, err
		}
		w, err := readPage(response.Body, response.Header.Get("Content-Type"), response.URL, s.Selectors)
		if err != nil {
			return Page{}, known, err
		}
		if w.guessed && s.Selectors.Content != "" && s.Note != nil {
			s.Note(fmt.Sprintf("%s: nothing there is %s, so the article was found by its look; mend --content or select.content if it is wrong", short(p.loc), s.Selectors.Content))
		}
		for lang, other := range p.alternates {
			w.alternates[lang] = other
		}
		page := w.Page
		page.Lang = s.language(p.loc, w)
		page.ID = s.id(w)
		for _, other := range w.alternates {
			if other != p.loc && !slices.Contains(page.Translations, other) {
				page.Translations = append(page.Translations, other)
			}
		}
		slices.Sort(page.Translations)
		if page.Updated.IsZero() {
			page.Updated = parseTime(p.lastmod)
		}
		if page.Updated.IsZero() {
			page.Updated = parseTime(response.Known.LastModified)
		}
		fresh := response.Known
		fresh.Stamp = p.lastmod
		return page, fresh, nil
	}}
}

// language is that of a page: as its alternates have it, else as the page itself
// does, else as its address does.
func (s *Sitemap) language(loc string, w webPage) string {
	langs := make([]string, 0, len(w.alternates))
	for lang := range w.alternates {
		langs = append(langs, lang)
	}
	slices.Sort(langs)
	for _, lang := range langs {
		if lang != "x-default" && (w.alternates[lang] == loc || w.alternates[lang] == w.URL) {
			return lang
		}
	}
	if w.Lang != "" {
		return w.Lang
	}
	if u, err := url.Parse(loc); err == nil {
		for part := range strings.SplitSeq(u.Path, "/") {
			if languagePart.MatchString(part) {
				return part
			}
		}
	}
	return ""
}

var (
	languagePart = regexp.MustCompile(`(?i)^[a-z]{2}([-_][a-z]{2}|[-_][a-z]{4})?$`)
	numbered     = regexp.MustCompile(`(?:^|[/_-])([0-9]{5,20})(?:[/_-]|$)`)
)

// id names the article of a page. Most help centres have a number in all its
// addresses. Elsewhere it is the address in the language preferred, so that
// translations agree on it.
func (s *Sitemap) id(w webPage) string {
	main := w.URL
	if len(w.alternates) > 0 {
		all := []string{}
		for _, other := range w.alternates {
			all = append(all, other)
		}
		slices.Sort(all)
		main = all[0]
		if other, ok := w.alternates["x-default"]; ok {
			main = other
		}
		for _, lang := range slices.Backward(s.Prefer) {
			for _, as := range sorted(w.alternates) {
				if strings.EqualFold(as, lang) || strings.EqualFold(strings.Split(as, "-")[0], lang) {
					main = w.alternates[as]
				}
			}
		}
	}
	return idOf(main)
}

func sorted(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// idOf makes an id of an address.
func idOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	if found := numbered.FindStringSubmatch(strings.TrimSuffix(u.Path, path.Ext(u.Path))); found != nil {
		return found[1]
	}
	var parts []string
	for part := range strings.SplitSeq(strings.TrimSuffix(u.Path, path.Ext(u.Path)), "/") {
		if part != "" && !languagePart.MatchString(part) {
			parts = append(parts, part)
		}
	}
	if u.RawQuery != "" {
		parts = append(parts, u.RawQuery)
	}
	if len(parts) == 0 {
		return "home"
	}
	return strings.Join(parts, "/")
}
