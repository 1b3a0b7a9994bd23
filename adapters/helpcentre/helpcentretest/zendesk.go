package helpcentretest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// zendeskPage is how many items a page of the offset kind has unless asked.
	// Source: https://developer.zendesk.com/documentation/api-basics/pagination/paginating-through-lists-using-cursor-pagination/
	zendeskPage = 30
	// zendeskMost is how many it has at most, and one of the cursor kind, too.
	// Source: https://developer.zendesk.com/api-reference/introduction/pagination/
	zendeskMost = 100
	// zendeskDeep is the last item that pages of the offset kind reach.
	// Source: https://support.zendesk.com/hc/en-us/articles/5591904358938
	zendeskDeep = 10_000
	// zendeskWindow is what the limit of requests is counted in.
	// Source: https://developer.zendesk.com/api-reference/introduction/rate-limits/
	zendeskWindow = time.Minute
)

// A Zendesk is a help centre as the Help Center API shows it. Requests may be
// made while a test changes it between two of them, not during one.
// Source: https://developer.zendesk.com/api-reference/help_center/help-center-api/introduction/
type Zendesk struct {
	Gate

	Locales    []string // that are enabled, as en-us; the first is the default
	Categories []ZendeskCategory
	Sections   []ZendeskSection
	Articles   []ZendeskArticle
	Site       string // where people read; empty: the address of the API

	Email, Token string // an agent's API token
	OAuth        string // or OAuth access token
	Closed       bool   // who reads must sign in
	Disabled     bool   // no help centre was set up
	Maintenance  time.Duration
	Offset       bool // knows pages of the offset kind only
}

// A ZendeskCategory holds sections.
type ZendeskCategory struct {
	ID    int64
	Names map[string]string // by locale
}

// A ZendeskSection holds articles.
type ZendeskSection struct {
	ID, Category int64
	Parent       int64 // a section that holds it; 0: none
	Names        map[string]string
}

// A ZendeskArticle is a help page.
type ZendeskArticle struct {
	ID, Section  int64
	Source       string // locale
	Segment      int64  // who may read it; 0: everyone
	Segments     []int64
	Labels       []string
	Translations map[string]ZendeskTranslation // by locale
}

// A ZendeskTranslation is what it says in one locale.
type ZendeskTranslation struct {
	Title, Body     string
	Draft, Outdated bool
	Edited          time.Time
}

// ServeHTTP answers as the API does.
func (z *Zendesk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, left, reset := z.enter(r, zendeskWindow)
	switch {
	case z.Before != nil && z.Before(n, w, r):
		return
	case z.Maintenance > 0:
		// Source: https://developer.zendesk.com/api-reference/introduction/requests/
		w.Header().Set("Retry-After", seconds(z.Maintenance))
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
		return
	case z.Limit > 0 && left < 0:
		// Source: https://developer.zendesk.com/api-reference/introduction/rate-limits/
		w.Header().Set("Retry-After", seconds(reset.Sub(z.now())))
		http.Error(w, "Number of allowed API requests per minute exceeded", http.StatusTooManyRequests)
		return
	case z.Limit > 0:
		w.Header().Set("X-Rate-Limit", strconv.Itoa(z.Limit))
		w.Header().Set("X-Rate-Limit-Remaining", strconv.Itoa(left))
	}
	agent, ok := z.reader(r)
	switch {
	case !ok || z.Closed && !agent:
		// Source: https://developer.zendesk.com/api-reference/introduction/security-and-auth/
		answer(w, http.StatusUnauthorized, map[string]any{"error": "Couldn't authenticate you"})
	case r.Method != http.MethodGet || z.Disabled:
		notFound(w)
	default:
		z.serve(w, r, agent)
	}
}

func (z *Zendesk) serve(w http.ResponseWriter, r *http.Request, agent bool) {
	path, ok := strings.CutPrefix(r.URL.Path, "/api/v2/help_center/")
	path = strings.TrimSuffix(path, ".json")
	if !ok {
		notFound(w)
		return
	}
	if path == "locales" {
		// Source: https://developer.zendesk.com/api-reference/help_center/help-center-api/translations/
		answer(w, http.StatusOK, map[string]any{"locales": z.Locales, "default_locale": z.Locales[0]})
		return
	}
	locale, kind, localized := strings.Cut(path, "/")
	if !localized {
		// "The {locale} is required only for end users and anonymous users. Admins
		// and agents can omit it." What it then is, is the default one.
		locale, kind = z.Locales[0], path
	}
	if !slices.Contains(z.Locales, locale) || !localized && !agent {
		notFound(w)
		return
	}
	switch kind {
	case "categories":
		z.page(w, r, kind, z.categories(r, locale))
	case "sections":
		z.page(w, r, kind, z.sections(r, locale))
	case "articles":
		z.page(w, r, kind, z.articles(r, locale, agent))
	default:
		notFound(w)
	}
}

// reader says whether an agent asks; false if the credentials are wrong.
// Source: https://developer.zendesk.com/api-reference/introduction/security-and-auth/
func (z *Zendesk) reader(r *http.Request) (agent, ok bool) {
	credentials := r.Header.Get("Authorization")
	if credentials == "" {
		return false, true
	}
	if z.OAuth != "" && credentials == "Bearer "+z.OAuth {
		return true, true
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(z.Email+"/token:"+z.Token))
	ok = z.Token != "" && credentials == basic
	return ok, ok
}

type object = map[string]any

func (z *Zendesk) categories(r *http.Request, locale string) []object {
	var list []object
	for _, c := range z.Categories {
		if name, ok := c.Names[locale]; ok {
			list = append(list, object{
				"id": c.ID, "name": name, "locale": locale, "source_locale": z.Locales[0], "description": "", "outdated": false, "position": 0,
				"url": fmt.Sprintf("%s/api/v2/help_center/%s/categories/%d.json", base(r), locale, c.ID),
			})
		}
	}
	return list
}

func (z *Zendesk) sections(r *http.Request, locale string) []object {
	var list []object
	for _, s := range z.Sections {
		if name, ok := s.Names[locale]; ok {
			o := object{
				"id": s.ID, "category_id": s.Category, "parent_section_id": nil, "name": name, "locale": locale, "source_locale": z.Locales[0],
				"description": "", "outdated": false, "position": 0,
				"url": fmt.Sprintf("%s/api/v2/help_center/%s/sections/%d.json", base(r), locale, s.ID),
			}
			if s.Parent != 0 {
				o["parent_section_id"] = s.Parent
			}
			list = append(list, o)
		}
	}
	return list
}

// articles are those with a translation in a locale that the asker may read:
// "Responses are always filtered according to the permissions of the user".
// Source: https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/
func (z *Zendesk) articles(r *http.Request, locale string, agent bool) []object {
	var list []object
	for _, a := range z.Articles {
		t, ok := a.Translations[locale]
		if !ok || !agent && (t.Draft || a.Segment != 0 || len(a.Segments) > 0) {
			continue
		}
		outdated := []string{}
		for _, l := range slices.Sorted(maps.Keys(a.Translations)) {
			if a.Translations[l].Outdated {
				outdated = append(outdated, l)
			}
		}
		site := z.Site
		if site == "" {
			site = base(r)
		}
		o := object{
			"id": a.ID, "section_id": a.Section, "title": t.Title, "name": t.Title, "body": t.Body, "draft": t.Draft,
			"locale": locale, "source_locale": a.Source,
			// Deprecated, and always false: the source is never out of date.
			"outdated": false, "outdated_locales": outdated,
			"label_names": append([]string{}, a.Labels...), "user_segment_id": nil, "user_segment_ids": append([]int64{}, a.Segments...),
			"created_at": "2024-01-01T00:00:00Z", "updated_at": t.Edited.UTC().Add(time.Hour).Format(time.RFC3339),
			"edited_at": t.Edited.UTC().Format(time.RFC3339), "author_id": 1, "permission_group_id": 1, "position": 0, "promoted": false,
			"comments_disabled": false, "vote_sum": 0, "vote_count": 0, "content_tag_ids": []string{},
			"url":      fmt.Sprintf("%s/api/v2/help_center/%s/articles/%d.json", base(r), locale, a.ID),
			"html_url": fmt.Sprintf("%s/hc/%s/articles/%d-%s", site, locale, a.ID, slug(t.Title)),
		}
		if a.Segment != 0 {
			o["user_segment_id"] = a.Segment
		}
		list = append(list, o)
	}
	return list
}

// page answers with the part of a list that was asked for: of the cursor kind if
// the request names a size, else of the offset kind.
// Source: https://developer.zendesk.com/api-reference/introduction/pagination/
func (z *Zendesk) page(w http.ResponseWriter, r *http.Request, kind string, list []object) {
	next := func(values ...string) string {
		u, q := *r.URL, r.URL.Query()
		for i := 0; i < len(values); i += 2 {
			q.Set(values[i], values[i+1])
		}
		u.RawQuery = q.Encode()
		return base(r) + u.RequestURI()
	}
	if size := number(r, "page[size]", 1, zendeskMost, 0); size > 0 && !z.Offset {
		from := 0
		if after := r.URL.Query().Get("page[after]"); after != "" {
			var id int64
			if _, err := fmt.Sscanf(after, "after-%d", &id); err != nil {
				answer(w, http.StatusBadRequest, object{"error": "InvalidPaginationParameter", "description": "page[after] is not valid"})
				return
			}
			from = 1 + slices.IndexFunc(list, func(o object) bool { return o["id"] == id })
		}
		to := min(from+size, len(list))
		meta := object{"has_more": to < len(list), "after_cursor": nil, "before_cursor": nil}
		links := object{"next": nil, "prev": nil}
		if to < len(list) {
			cursor := fmt.Sprintf("after-%d", list[to-1]["id"])
			meta["after_cursor"], links["next"] = cursor, next("page[after]", cursor)
			w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next"`, links["next"]))
		}
		answer(w, http.StatusOK, object{kind: append([]object{}, list[from:to]...), "meta": meta, "links": links})
		return
	}
	size, page := number(r, "per_page", 1, zendeskMost, zendeskPage), number(r, "page", 1, 1<<30, 1)
	if page*size > zendeskDeep {
		answer(w, http.StatusBadRequest, object{"error": "InvalidPaginationDepth", "description": "Pagination limit exceeded"})
		return
	}
	from := min((page-1)*size, len(list))
	to := min(from+size, len(list))
	body := object{
		kind: append([]object{}, list[from:to]...), "count": len(list), "page": page, "per_page": size,
		"page_count": (len(list) + size - 1) / size, "next_page": nil, "previous_page": nil,
	}
	if to < len(list) {
		body["next_page"] = next("page", strconv.Itoa(page+1), "per_page", strconv.Itoa(size))
	}
	answer(w, http.StatusOK, body)
}

// notFound is what a help centre answers that is not there, or has no such
// thing.
// Source: https://developer.zendesk.com/api-reference/introduction/requests/
func notFound(w http.ResponseWriter) {
	answer(w, http.StatusNotFound, object{"error": "RecordNotFound", "description": "Not found"})
}

// seconds is a wait as Retry-After has it, at least one.
func seconds(d time.Duration) string {
	return strconv.Itoa(max(1, int((d+time.Second-1)/time.Second)))
}

func slug(title string) string { return url.PathEscape(strings.ReplaceAll(title, " ", "-")) }
