package helpcentre

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const (
	// intercomVersion is the version of the API that the answers are read as. Later
	// ones page otherwise; both ways are read.
	// Source: https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/api-versioning
	intercomVersion = "2.14"
	// intercomSize is how many items to ask for in a page: every version allows as
	// many.
	intercomSize = "50"
	// intercomPasses is how often a list that changes is gone through.
	intercomPasses = 3
)

// intercomHosts are where the API is, by region.
// Source: https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/#regional-hosting
var intercomHosts = map[string]string{
	"": "https://api.intercom.io", "us": "https://api.intercom.io", "eu": "https://api.eu.intercom.io", "au": "https://api.au.intercom.io",
}

// IntercomHost is where the API of a region is.
func IntercomHost(region string) string { return strings.TrimPrefix(intercomHosts[region], "https://") }

// IntercomOptions say which help centre to read, and how.
type IntercomOptions struct {
	Region string // us, eu or au: where the workspace is; empty: us
	URL    string // where the API is instead; empty: at the region's host
	Key    string // access token
	// Language says what one of the help centre's languages is here, and whether it
	// is wanted; nil: all are, as they are.
	Language func(theirs string) (ours string, wanted bool)
	// Segments says for which audience articles are that only some may read, by
	// the number of Intercom's segment. Articles of other segments are left out.
	Segments map[string]string
	Note     func(string) // hears what people may want to know; nil: nobody does
}

// An Intercom reads a help centre through Intercom's Articles API. Its list has
// whole articles in all languages, so no article is asked for alone.
type Intercom struct {
	api *api
	o   IntercomOptions
}

// NewIntercom is the help centre of some options.
func NewIntercom(client *Client, o IntercomOptions) (*Intercom, error) {
	address := cmp.Or(o.URL, intercomHosts[o.Region])
	if address == "" {
		return nil, errors.New("Intercom has no such region; write us, eu or au")
	}
	a, err := newAPI(client, "Intercom", address, http.Header{"Authorization": {"Bearer " + o.Key}, "Intercom-Version": {intercomVersion}})
	if err != nil {
		return nil, err
	}
	return &Intercom{api: a, o: o}, nil
}

// Walk lists the articles, in their languages. Drafts and what only some may read
// are left out. It cannot go on from a mark: the list is in order of change, so
// its pages move.
func (i *Intercom) Walk(ctx context.Context, mark string, visit func(Item) error) error {
	if mark != "" {
		return ErrMark
	}
	collections, err := i.collections(ctx)
	if err != nil {
		return err
	}
	// Who is changed moves to the front, and who is removed lets the others move
	// up: either way one may slip from a page that is yet to come to one that is
	// gone. Then as many were seen as the list has no more.
	visited, unwanted := map[id]bool{}, map[string]bool{}
	defer func() {
		if len(unwanted) > 0 && i.o.Note != nil {
			i.o.Note(leftLanguages(slices.Sorted(maps.Keys(unwanted))))
		}
	}()
	for range intercomPasses {
		seen, total, steady := map[id]bool{}, -1, true
		err := i.pages(ctx, "/articles", func(data []byte) (intercomList, error) {
			l, articles, err := decodeIntercomArticles(data)
			if err != nil {
				return l, i.api.broken("a list of articles", err)
			}
			if l.Total != nil {
				steady = steady && (total < 0 || total == *l.Total)
				total = *l.Total
			}
			for _, a := range articles {
				seen[a.ID] = true
				if visited[a.ID] {
					continue
				}
				visited[a.ID] = true
				items, other := i.items(a, collections)
				for _, locale := range other {
					unwanted[locale] = true
				}
				for _, item := range items {
					if err := visit(item); err != nil {
						return l, err
					}
				}
			}
			return l, nil
		})
		if err != nil {
			return err
		}
		if steady && (total < 0 || len(seen) == total) {
			return nil
		}
	}
	return errUnsteady
}

// items are an article in each language that is wanted; other are those that are
// not.
func (i *Intercom) items(a intercomArticle, collections intercomCollections) (items []Item, other []string) {
	audiences, restricted := readers("Intercom", a.Segments, i.o.Segments)
	category, section, known := collections.of(a.Parent)
	contents := map[string]intercomContent{}
	for _, c := range a.languages {
		contents[c.locale] = c
	}
	kept := []tongue{{}}
	switch _, there := contents[a.locale]; {
	case a.locale == "" && len(contents) == 0: // a help centre of one language does not name it
		contents[""] = a.intercomContent
	case a.locale != "" && !there:
		contents[a.locale] = a.intercomContent
		fallthrough
	default:
		kept, other = matching(slices.Sorted(maps.Keys(contents)), i.o.Language)
	}
	key := func(locale string) string { return string(a.ID) + "@" + locale }
	for _, t := range kept {
		c := contents[t.locale]
		switch {
		case restricted != nil:
			items = append(items, left(key(t.locale), c.URL, restricted.Error()))
		case c.State != "published":
			items = append(items, left(key(t.locale), c.URL, "a draft"))
		case !known:
			// Whatever rule there is for its collection cannot be known, either.
			items = append(items, left(key(t.locale), c.URL, "in a collection that is not listed"))
		default:
			items = append(items, held(key(t.locale), Page{
				ID: string(a.ID), Lang: t.lang, Title: c.Title, URL: c.URL, Updated: c.Updated.Time, HTML: c.Body,
				Category: category, Section: section, Audiences: audiences, Private: len(audiences) > 0,
			}))
		}
	}
	return items, other
}

// intercomCollections are the collections of a help centre.
type intercomCollections map[id]intercomCollection

// of names the collection at the top over what is in one, and that itself. It is
// false if a collection is not known, or is inside itself.
func (c intercomCollections) of(parent id) (category, section string, ok bool) {
	if parent == "" {
		return "", "", true
	}
	section = c[parent].Name
	for range len(c) {
		at, known := c[parent]
		if !known {
			return "", "", false
		}
		if at.Parent == "" {
			return at.Name, section, true
		}
		parent = at.Parent
	}
	return "", "", false
}

func (i *Intercom) collections(ctx context.Context) (intercomCollections, error) {
	all := intercomCollections{}
	err := i.pages(ctx, "/help_center/collections", func(data []byte) (intercomList, error) {
		l, list, err := decodeIntercomCollections(data)
		if err != nil {
			return l, i.api.broken("a list of collections", err)
		}
		for _, c := range list {
			all[c.ID] = c
		}
		return l, nil
	})
	return all, err
}

// pages goes through the pages of a list.
func (i *Intercom) pages(ctx context.Context, path string, each func(data []byte) (intercomList, error)) error {
	var t turner
	query := url.Values{"per_page": {intercomSize}}
	for at := path + "?" + query.Encode(); at != ""; {
		if err := t.turn(at); err != nil {
			return err
		}
		data, err := i.ask(ctx, at)
		if err != nil {
			return err
		}
		l, err := each(data)
		if err != nil {
			return err
		}
		switch {
		case l.next != "":
			if at, err = i.api.within(path, l.next); err != nil {
				return err
			}
		case l.after != "":
			query.Set("starting_after", l.after)
			at = path + "?" + query.Encode()
		default:
			at = ""
		}
	}
	return nil
}

// ask asks for a path and query.
func (i *Intercom) ask(ctx context.Context, path string) ([]byte, error) {
	return i.api.get(ctx, path, map[int]string{
		http.StatusUnauthorized: "Intercom does not accept the key at " + i.api.base.Host + "; check it, and the region: a workspace in Europe or Australia needs region: eu or au",
		http.StatusForbidden:    "Intercom does not let the key read articles; give its app the permission to read and list articles in the Developer Hub",
		http.StatusNotFound:     "Intercom has no help centre at " + i.api.base.Host + "; check the address, and that the workspace has Articles",
	})
}

// localeRule is a language as help centres write it: en, en-us, pt-BR, zh-Hant.
var localeRule = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)

// An intercomList is a page of a list. Next is either the address of the next
// one or where it starts, depending on the version; null or missing: there is
// none.
// Source: https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/pagination/
type intercomList struct {
	Type  string `json:"type"`
	Pages *struct {
		Next json.RawMessage `json:"next"`
	} `json:"pages"`
	Total *int            `json:"total_count"`
	Data  json.RawMessage `json:"data"`

	next, after string // the next page's address, or where it starts
}

// An intercomArticle is an article in all its languages.
// Source: https://developers.intercom.com/docs/references/2.14/rest-api/api.intercom.io/articles/listarticles
type intercomArticle struct {
	ID       id                         `json:"id"`
	Parent   id                         `json:"parent_id"`
	Default  string                     `json:"default_locale"` // multilingual help centres have one
	Segments []id                       `json:"content_segment_ids"`
	Contents map[string]json.RawMessage `json:"translated_content"`
	intercomContent

	languages []intercomContent // of Contents, by locale
}

// An intercomContent is an article in one language.
type intercomContent struct {
	Title   string `json:"title"`
	Body    string `json:"body"`  // HTML
	State   string `json:"state"` // published or draft
	URL     string `json:"url"`
	Updated unix   `json:"updated_at"`

	locale string
}

// An intercomCollection holds articles and collections.
// Source: https://developers.intercom.com/docs/references/2.14/rest-api/api.intercom.io/help-center/listallcollections
type intercomCollection struct {
	ID     id     `json:"id"`
	Name   string `json:"name"` // in the default language, so that rules are true of all
	Parent id     `json:"parent_id"`
}

// decodeIntercom reads a page of a list, without what is in it. Whatever is no
// list is refused: taken for an empty one, it would make every article look
// removed.
func decodeIntercom(data []byte) (intercomList, error) {
	var l intercomList
	if err := readJSON(data, &l); err != nil {
		return intercomList{}, err
	}
	if l.Type != "list" || !begins(l.Data, '[') {
		return intercomList{}, errors.New("it is not a list")
	}
	if l.Pages == nil || len(l.Pages.Next) == 0 || string(l.Pages.Next) == "null" {
		return l, nil
	}
	if !begins(l.Pages.Next, '{') {
		return l, readJSON(l.Pages.Next, &l.next)
	}
	var start struct {
		After string `json:"starting_after"`
	}
	err := readJSON(l.Pages.Next, &start)
	l.after = start.After
	return l, err
}

func begins(data json.RawMessage, with byte) bool { return len(data) > 0 && data[0] == with }

// decodeIntercomArticles reads what is in a list of articles.
func decodeIntercomArticles(data []byte) (intercomList, []intercomArticle, error) {
	l, err := decodeIntercom(data)
	var list []intercomArticle
	if err == nil {
		err = readJSON(l.Data, &list)
	}
	if err != nil {
		return intercomList{}, nil, err
	}
	for i := range list {
		a := &list[i]
		if a.ID == "" {
			return intercomList{}, nil, errors.New("an article has no id")
		}
		if a.Default != "" && !localeRule.MatchString(a.Default) {
			return intercomList{}, nil, fmt.Errorf("the default language of article %s is none, such as en", a.ID)
		}
		a.locale = a.Default
		for locale, raw := range a.Contents {
			var c intercomContent
			if !begins(raw, '{') || !localeRule.MatchString(locale) {
				continue // "type", and null for languages that it is not in
			}
			if err := readJSON(raw, &c); err != nil {
				return intercomList{}, nil, err
			}
			c.locale = locale
			a.languages = append(a.languages, c)
		}
		slices.SortFunc(a.languages, func(x, y intercomContent) int { return strings.Compare(x.locale, y.locale) })
	}
	return l, list, nil
}

// decodeIntercomCollections reads what is in a list of collections.
func decodeIntercomCollections(data []byte) (intercomList, []intercomCollection, error) {
	l, err := decodeIntercom(data)
	var list []intercomCollection
	if err == nil {
		err = readJSON(l.Data, &list)
	}
	if err != nil {
		return intercomList{}, nil, err
	}
	for _, c := range list {
		if c.ID == "" {
			return intercomList{}, nil, errors.New("a collection has no id")
		}
	}
	return l, list, nil
}
