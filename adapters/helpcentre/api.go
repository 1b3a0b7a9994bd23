package helpcentre

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
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
	if err != nil || base.Host == "" || base.User != nil || base.Scheme != "https" && base.Scheme != "http" {
		return nil, fmt.Errorf("%s's address is none; write it such as https://acme.zendesk.com", whose)
	}
	header.Set("Accept", "application/json")
	return &api{client: client, whose: whose, base: base, header: header}, nil
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

// notes count what was left out, by why.
type notes map[string]int

func (n notes) add(why string) { n[why]++ }

// lines are for people, the most frequent first.
func (n notes) lines() []string {
	var list []string
	for _, why := range slices.SortedFunc(maps.Keys(n), func(a, b string) int {
		return cmp.Or(n[b]-n[a], strings.Compare(a, b))
	}) {
		list = append(list, fmt.Sprintf("left out %d: %s", n[why], why))
	}
	return list
}

// A tongue is a language of a help centre, and what it is here.
type tongue struct{ locale, lang string }

// matching are the languages of a help centre that are wanted, as they are wanted,
// and those that are not. Of several that stand for the same one, such as en-us
// and en-gb for en, the first counts.
func matching(has, want []string) (kept []tongue, other []string) {
	taken := map[string]bool{}
	take := func(language string, fits func(has, want string) bool) bool {
		i := slices.IndexFunc(has, func(l string) bool { return !taken[l] && fits(l, language) })
		if i >= 0 {
			taken[has[i]] = true
			kept = append(kept, tongue{has[i], language})
		}
		return i >= 0
	}
	if len(want) == 0 {
		want = has
	}
	for _, language := range want {
		_ = take(language, strings.EqualFold) || take(language, means)
	}
	return kept, slices.DeleteFunc(slices.Clone(has), func(l string) bool { return taken[l] })
}

// means reports whether a help centre's language stands for one that is wanted:
// en-us for en, pt for pt-BR, but not pt-pt for pt-BR.
func means(has, want string) bool {
	has, want = strings.ToLower(has), strings.ToLower(want)
	return strings.HasPrefix(has, want+"-") || strings.HasPrefix(want, has+"-")
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
		return nil, err
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
