package helpcentre

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	// zendeskPath is where the Help Center API is on a help centre's host.
	// Source: https://developer.zendesk.com/api-reference/help_center/help-center-api/introduction/
	zendeskPath = "/api/v2/help_center/"
	// zendeskSize is how many items a page has at most.
	// Source: https://developer.zendesk.com/api-reference/introduction/pagination/
	zendeskSize = "100"
)

// subdomainRule is what Zendesk calls a help centre.
var subdomainRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,62}$`)

// ZendeskOptions say which help centre to read, and how.
type ZendeskOptions struct {
	Subdomain string // the acme of acme.zendesk.com; each brand has its own
	URL       string // where the API is instead; empty: at the subdomain
	// Email and Key are an agent's address and API token; Key alone is an OAuth
	// access token. Without a key, what everyone may read is read.
	Email, Key string
	// Language says what one of the help centre's languages is here, and whether it
	// is wanted; nil: all are, as they are.
	Language func(theirs string) (ours string, wanted bool)
	// Segments says for which audience articles are that only some may read, by
	// the number of Zendesk's user segment. Articles of other segments are left out.
	Segments map[string]string
	Note     func(string) // hears what people may want to know; nil: nobody does
}

// A Zendesk reads a help centre through Zendesk's Help Center API. Its lists have
// whole articles, a hundred in a request, so no article is asked for alone.
type Zendesk struct {
	api *api
	o   ZendeskOptions
}

// NewZendesk is the help centre of some options.
func NewZendesk(client *Client, o ZendeskOptions) (*Zendesk, error) {
	if o.URL == "" && !subdomainRule.MatchString(o.Subdomain) {
		return nil, fmt.Errorf("%s is no subdomain; write the acme of acme.zendesk.com", short(o.Subdomain))
	}
	header := http.Header{}
	switch {
	case o.Key != "" && o.Email != "":
		// Source: https://developer.zendesk.com/api-reference/introduction/security-and-auth/
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(o.Email+"/token:"+o.Key)))
	case o.Key != "":
		header.Set("Authorization", "Bearer "+o.Key)
	}
	a, err := newAPI(client, "Zendesk", cmp.Or(o.URL, "https://"+o.Subdomain+".zendesk.com"), header)
	if err != nil {
		return nil, err
	}
	return &Zendesk{a, o}, nil
}

// Walk lists the articles of one language after the other. Drafts, translations
// that are out of date, and what only some may read are left out.
func (z *Zendesk) Walk(ctx context.Context, mark string, visit func(Item) error) error {
	tongues, err := z.tongues(ctx)
	if err != nil {
		return err
	}
	groups, err := z.groups(ctx, tongues)
	if err != nil {
		return err
	}
	locale, from, _ := strings.Cut(mark, " ")
	if mark != "" {
		i := slices.IndexFunc(tongues, func(t tongue) bool { return t.locale == locale })
		if i < 0 {
			return ErrMark
		}
		tongues = tongues[i:]
	}
	for i, t := range tongues {
		after := ""
		if i+1 < len(tongues) {
			after = tongues[i+1].locale + " "
		}
		if err := z.articles(ctx, t, from, after, groups, visit); err != nil {
			return err
		}
		from = ""
	}
	return nil
}

// articles lists those of one language, from a page on. The mark of the last one
// is after.
func (z *Zendesk) articles(ctx context.Context, t tongue, from, after string, groups zendeskGroups, visit func(Item) error) error {
	seen := map[id]bool{}
	return z.pages(ctx, t.locale, "articles", from, func(l zendeskList, next string) error {
		var items []Item
		for _, a := range l.Articles {
			// One that is not translated is listed in the language that it has.
			if seen[a.ID] || !strings.EqualFold(a.Locale, t.locale) {
				continue
			}
			seen[a.ID] = true
			items = append(items, z.item(a, t, groups))
		}
		if len(items) > 0 {
			last := &items[len(items)-1]
			if last.Mark = after; next != "" {
				last.Mark = t.locale + " " + next
			}
		}
		for _, item := range items {
			if err := visit(item); err != nil {
				return err
			}
		}
		return nil
	})
}

// item is an article in one language.
func (z *Zendesk) item(a zendeskArticle, t tongue, groups zendeskGroups) Item {
	key := string(a.ID) + "@" + t.locale
	segments := a.Segments
	if a.Segment != "" && !slices.Contains(segments, a.Segment) {
		segments = append(segments, a.Segment)
	}
	audiences, err := readers("Zendesk", segments, z.o.Segments)
	category, section, known := groups.of(a.Section)
	switch {
	case err != nil:
		return left(key, a.URL, err.Error())
	case a.Draft:
		return left(key, a.URL, "a draft")
	case a.outdated():
		return left(key, a.URL, "a translation that is out of date")
	case !known:
		// Whatever rule there is for its section cannot be known, either.
		return left(key, a.URL, "in a section that is not listed")
	}
	return held(key, Page{
		ID: string(a.ID), Lang: t.lang, Title: a.Title, URL: a.URL, HTML: a.Body, Updated: cmp.Or(a.Edited, a.Updated),
		Category: category, Section: section, Labels: a.Labels, Audiences: audiences, Private: len(audiences) > 0,
	})
}

// tongues are the languages to list.
func (z *Zendesk) tongues(ctx context.Context) ([]tongue, error) {
	data, err := z.ask(ctx, zendeskPath+"locales")
	if err != nil {
		return nil, err
	}
	l, err := decodeLocales(data)
	if err != nil {
		return nil, z.api.broken("a list of languages", err)
	}
	has := l.Locales
	if i := slices.Index(has, l.Default); i > 0 { // it stands for its language before others do
		has = append([]string{l.Default}, slices.Delete(has, i, i+1)...)
	}
	kept, other := matching(has, z.o.Language)
	if len(kept) == 0 {
		return nil, Fatal(fmt.Errorf("the help centre is in %s, of which none is one of languages; add it there", strings.Join(has, ", ")))
	}
	if len(other) > 0 && z.o.Note != nil {
		z.o.Note(leftLanguages(other))
	}
	return kept, nil
}

// groups are the sections and categories, by the names that they have in the
// first language that has them, so that a rule which names one is true of all
// translations.
func (z *Zendesk) groups(ctx context.Context, tongues []tongue) (zendeskGroups, error) {
	g := zendeskGroups{sections: map[id]zendeskGroup{}, categories: map[id]string{}}
	for _, t := range tongues {
		err := z.pages(ctx, t.locale, "sections", "", func(l zendeskList, _ string) error {
			for _, s := range l.Sections {
				if _, known := g.sections[s.ID]; !known {
					g.sections[s.ID] = s
				}
			}
			return nil
		})
		if err == nil {
			err = z.pages(ctx, t.locale, "categories", "", func(l zendeskList, _ string) error {
				for _, c := range l.Categories {
					g.categories[c.ID] = cmp.Or(g.categories[c.ID], c.Name)
				}
				return nil
			})
		}
		if err != nil {
			return zendeskGroups{}, err
		}
	}
	return g, nil
}

// pages goes through the pages of a list, from a path and query on; empty: from
// the first. each gets a page, and where the next one is.
func (z *Zendesk) pages(ctx context.Context, locale, kind, from string, each func(l zendeskList, next string) error) error {
	path := zendeskPath + locale + "/" + kind
	// A help centre that knows no pages of the first kind counts them, as many to
	// each.
	query := url.Values{"page[size]": {zendeskSize}, "per_page": {zendeskSize}}
	at := path + "?" + query.Encode()
	if from != "" {
		if at, err := z.api.within(path, from); err != nil || at != from {
			return ErrMark
		}
		at = from
	}
	var t turner
	count, steady := -1, true
	for at != "" {
		if err := t.turn(at); err != nil {
			return err
		}
		data, err := z.ask(ctx, at)
		switch {
		case err != nil && at == from && lost(err):
			return ErrMark
		case err != nil:
			return err
		}
		l, err := decodeZendesk(kind, data)
		if err != nil {
			return z.api.broken("a list of "+kind, err)
		}
		if l.Count != nil {
			steady = steady && (count < 0 || count == *l.Count)
			count = *l.Count
		}
		next := l.next()
		if next != "" {
			if next, err = z.api.within(path, next); err != nil {
				return err
			}
		}
		if err := each(l, next); err != nil {
			return err
		}
		at = next
	}
	if !steady {
		return errUnsteady
	}
	return nil
}

// ask asks for a path and query.
func (z *Zendesk) ask(ctx context.Context, path string) ([]byte, error) {
	host := z.api.base.Host
	signIn := host + " wants a sign-in; give an OAuth access token with --key-file or key_file, or an agent's API token, and whose it is with --email or email"
	if z.api.header.Get("Authorization") != "" {
		signIn = "Zendesk does not accept the key for " + host + "; check email and key, and that the key was not removed in Zendesk's Admin Center"
	}
	return z.api.get(ctx, path, map[int]string{
		http.StatusUnauthorized: signIn,
		http.StatusForbidden:    "Zendesk does not let the key read the help centre; an OAuth access token needs the scope hc:read, and an agent access to Knowledge",
		http.StatusNotFound:     "there is no help centre at " + host + ", or it is not activated; check the subdomain: each brand has its own",
	})
}

// zendeskGroups are the sections and categories of a help centre.
type zendeskGroups struct {
	sections   map[id]zendeskGroup
	categories map[id]string
}

// of names the category and the section of what is in a section: the upmost one
// and the one itself. It is false if the section is not known.
func (g zendeskGroups) of(section id) (category, name string, ok bool) {
	s, ok := g.sections[section]
	if !ok {
		return "", "", section == ""
	}
	return g.categories[s.Category], s.Name, true
}

// A zendeskList is a page of a list, of whichever kind.
// Source: https://developer.zendesk.com/api-reference/introduction/pagination/
type zendeskList struct {
	Articles   []zendeskArticle `json:"articles"`
	Sections   []zendeskGroup   `json:"sections"`
	Categories []zendeskGroup   `json:"categories"`

	// Pages by cursor have meta and links, the older ones by number the rest.
	Meta *struct {
		More bool `json:"has_more"`
	} `json:"meta"`
	Links struct {
		Next string `json:"next"`
	} `json:"links"`
	NextPage string `json:"next_page"`
	Count    *int   `json:"count"`
}

// next is the address of the next page; empty: this is the last one.
func (l zendeskList) next() string {
	switch {
	case l.Meta == nil:
		return l.NextPage
	case l.Meta.More:
		return l.Links.Next
	}
	return ""
}

// A zendeskArticle is an article in one locale.
// Source: https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#json-format
type zendeskArticle struct {
	ID       id        `json:"id"`
	Section  id        `json:"section_id"`
	Title    string    `json:"title"`
	Body     string    `json:"body"` // HTML
	Locale   string    `json:"locale"`
	Draft    bool      `json:"draft"` // in this locale
	Outdated []string  `json:"outdated_locales"`
	Labels   []string  `json:"label_names"`
	URL      string    `json:"html_url"`
	Segment  id        `json:"user_segment_id"`  // who may read it; empty: everyone
	Segments []id      `json:"user_segment_ids"` // likewise, on Enterprise plans
	Edited   time.Time `json:"edited_at"`        // in this locale
	Updated  time.Time `json:"updated_at"`       // anything of it, votes and labels too
}

// A zendeskGroup is a section or a category in one locale.
type zendeskGroup struct {
	ID       id     `json:"id"`
	Name     string `json:"name"`
	Category id     `json:"category_id"`
	Parent   id     `json:"parent_section_id"`
}

// decodeZendesk reads a page of the list of a kind: articles, sections or
// categories. A page without its list is refused: taken for an empty one, it
// would make every article look removed.
func decodeZendesk(kind string, data []byte) (zendeskList, error) {
	var l zendeskList
	if err := readJSON(data, &l); err != nil {
		return zendeskList{}, err
	}
	there := map[string]bool{"articles": l.Articles != nil, "sections": l.Sections != nil, "categories": l.Categories != nil}
	if !there[kind] {
		return zendeskList{}, fmt.Errorf("it has no list of %s", kind)
	}
	if l.Meta != nil && l.Meta.More && l.Links.Next == "" {
		return zendeskList{}, errors.New("it says that there is more, but not where")
	}
	for _, a := range l.Articles {
		if a.ID == "" || a.Locale == "" {
			return zendeskList{}, errors.New("an article has no id or no locale")
		}
	}
	for _, g := range append(l.Sections, l.Categories...) {
		if g.ID == "" {
			return zendeskList{}, fmt.Errorf("one of the %s has no id", kind)
		}
	}
	return l, nil
}

// A zendeskLocales tells the languages of a help centre.
// Source: https://developer.zendesk.com/api-reference/help_center/help-center-api/translations/#list-enabled-locales-and-default-locale
type zendeskLocales struct {
	Locales []string `json:"locales"`
	Default string   `json:"default_locale"`
}

func decodeLocales(data []byte) (zendeskLocales, error) {
	var l zendeskLocales
	if err := readJSON(data, &l); err != nil {
		return zendeskLocales{}, err
	}
	if len(l.Locales) == 0 {
		return zendeskLocales{}, errors.New("it has no locales")
	}
	for _, locale := range l.Locales {
		// A locale becomes a part of a path.
		if !localeRule.MatchString(locale) {
			return zendeskLocales{}, errors.New("one of its locales is none, such as en-us")
		}
	}
	return l, nil
}

func (a zendeskArticle) outdated() bool {
	for _, locale := range a.Outdated {
		if strings.EqualFold(locale, a.Locale) {
			return true
		}
	}
	return false
}
