package helpcentre

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// maxPages is how many pages a list may have: of 50 items and more, that is far
// above what any help centre holds.
const maxPages = 1000

// An api asks one host, whose key goes nowhere else.
type api struct {
	client *Client
	whose  string // name for people
	base   *url.URL
	header http.Header // credentials and all else that goes with each request
}

func newAPI(client *Client, whose, address string, header http.Header) (*api, error) {
	base, err := url.Parse(strings.TrimSuffix(address, "/"))
	switch credentials := header.Get("Authorization"); {
	case err != nil || base.Host == "" || base.User != nil || base.Path != "" || base.RawQuery != "" || base.Scheme != "https" && base.Scheme != "http":
		return nil, fmt.Errorf("%s's address is none; write it such as https://acme.zendesk.com", whose)
	case strings.ContainsFunc(credentials, unicode.IsControl) || strings.Count(credentials, " ") > 1:
		return nil, fmt.Errorf("%s's key is more than one word; write the key alone, without what goes before it in a header", whose)
	case credentials != "" && base.Scheme == "http" && !local(base.Hostname()):
		return nil, fmt.Errorf("the key would travel unprotected to %s; write https", base.Host)
	}
	header.Set("Accept", "application/json")
	return &api{client: client, whose: whose, base: base, header: header}, nil
}

// local reports whether a host is this machine.
func local(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// within is the path and query of an address that a response names, if it is on
// the same host and under a path; else an error.
func (a *api) within(path, address string) (string, error) {
	u, err := a.base.Parse(address)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s's list goes on at an address that is none; try again later", a.whose)
	case u.Scheme != a.base.Scheme || u.Host != a.base.Host || u.User != nil:
		return "", fmt.Errorf("%s's list goes on at another host, where the key does not belong; check the address, and tell %s if it is right", a.whose, a.whose)
	case strings.TrimSuffix(u.EscapedPath(), ".json") != path:
		return "", fmt.Errorf("%s's list goes on at another path; try again later", a.whose)
	}
	return u.RequestURI(), nil
}

// broken says that a response is not as documented.
func (a *api) broken(what string, err error) error {
	return Fatal(fmt.Errorf("%s's answer cannot be read as %s: %w; try again later, and check the address if it stays so", a.whose, what, err))
}

// A turner goes through the pages of a list and sees to it that they end.
type turner struct {
	seen  map[string]bool // the pages' addresses
	pages int
}

// turn says whether a page may be asked for.
func (t *turner) turn(at string) error {
	if t.seen == nil {
		t.seen = map[string]bool{}
	}
	if t.pages++; t.seen[at] || t.pages > maxPages {
		return errors.New("the list goes round in circles, or never ends; try again later")
	}
	t.seen[at] = true
	return nil
}

// errUnsteady: something was added or removed between two pages of a list that
// counts them, so that one may have been skipped.
var errUnsteady = errors.New("articles came or went while they were listed; run it again to see all of them")

// left is an item that is left out on purpose.
func left(key, name, why string) Item {
	return Item{Key: key, Name: name, Fetch: func(context.Context, Known) (Page, Known, error) { return Page{}, Known{}, skipped(why) }}
}

// held is an item that the list held as a whole.
func held(key string, page Page) Item {
	switch {
	case page.URL == "":
		return left(key, page.Title, "without an address, as in a help centre that is not switched on")
	case !hasText(page.HTML):
		return left(key, page.URL, "without text, such as a picture alone")
	}
	return Item{Key: key, Name: page.URL, Fetch: func(context.Context, Known) (Page, Known, error) { return page, Known{}, nil }}
}

// hasText reports whether HTML has any words.
func hasText(source string) bool {
	for z, inside := html.NewTokenizer(strings.NewReader(source)), false; ; {
		switch z.Next() {
		case html.ErrorToken:
			return false
		case html.StartTagToken:
			name, _ := z.TagName()
			inside = string(name) == "script" || string(name) == "style"
		case html.EndTagToken:
			inside = false
		case html.TextToken:
			if !inside && strings.ContainsFunc(string(z.Text()), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
				return true
			}
		}
	}
}

// readers are for whom an article is that only some may read, by their segments;
// an error if there is none for one of them.
func readers(whose string, segments []id, audiences map[string]string) ([]string, error) {
	var list []string
	for _, segment := range segments {
		audience := audiences[string(segment)]
		if audience == "" {
			return nil, skipped(fmt.Sprintf("only for %s's segment %s; to import them, write a private audience for it under segments", whose, segment))
		}
		if !slices.Contains(list, audience) {
			list = append(list, audience)
		}
	}
	return list, nil
}

// A tongue is a language of a help centre, and what it is here.
type tongue struct{ locale, lang string }

// matching are the languages of a help centre that are wanted, and those that are
// not. Of several that are the same here, such as en-us and en-gb, the one that is
// called as here counts, else the first. language tells what one is here, if it is
// wanted; nil: as it is.
func matching(has []string, language func(string) (string, bool)) (kept []tongue, other []string) {
	if language == nil {
		language = func(locale string) (string, bool) { return locale, true }
	}
	chosen := map[string]string{}
	for _, locale := range has {
		lang, ok := language(locale)
		if was, taken := chosen[lang]; ok && (!taken || strings.EqualFold(locale, lang) && !strings.EqualFold(was, lang)) {
			chosen[lang] = locale
		}
	}
	for _, locale := range has {
		if lang, _ := language(locale); chosen[lang] == locale {
			kept = append(kept, tongue{locale, lang})
		} else {
			other = append(other, locale)
		}
	}
	return kept, other
}

// leftLanguages says that some are left out.
func leftLanguages(locales []string) string {
	return fmt.Sprintf("left out what is in %s; to import it, add it to languages", strings.Join(locales, ", "))
}

// maxAnswer is how many bytes a page of a list may have: a hundred articles of
// 320 KiB, with their HTML.
const maxAnswer = 32 << 20

// get asks for a path and query of the API. Errors are of the whole source, and
// name the mend; mends are those for some statuses.
func (a *api) get(ctx context.Context, path string, mends map[int]string) ([]byte, error) {
	response, err := a.client.Get(ctx, Request{URL: a.base.String() + path, Header: a.header, MaxBytes: maxAnswer})
	status := (*StatusError)(nil)
	switch {
	case errors.As(err, &status) && mends[status.Status] != "":
		return nil, Fatal(&refusal{status, mends[status.Status]})
	case errors.As(err, new(*strayError)):
		return nil, Fatal(fmt.Errorf("%s sends us on to another address, where the key does not belong; check the address: %s", a.whose, a.base))
	case err != nil:
		return nil, Fatal(err) // then the next import goes on from here
	}
	if kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, Fatal(fmt.Errorf("%s answers with something else than JSON, such as a web page; check the address: %s", a.whose, a.base))
	}
	return response.Body, nil
}

// A refusal is a status and what to do about it.
type refusal struct {
	status *StatusError
	mend   string
}

func (r *refusal) Error() string { return r.mend }
func (r *refusal) Unwrap() error { return r.status }

// lost reports whether an error says that there is no such page of a list, any
// more.
func lost(err error) bool {
	status := (*StatusError)(nil)
	return errors.As(err, &status) && slices.Contains([]int{http.StatusBadRequest, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity}, status.Status)
}
