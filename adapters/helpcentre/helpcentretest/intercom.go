package helpcentretest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// intercomPage is how many articles a page has unless asked, and intercomMost
	// at most.
	// Source: https://developers.intercom.com/docs/references/2.17/rest-api/api.intercom.io/articles
	intercomPage = 25
	intercomMost = 250
	// intercomWindow is what the limit of requests is counted in.
	// Source: https://developers.intercom.com/docs/references/2.17/rest-api/errors/rate-limiting
	intercomWindow = 10 * time.Second
)

// An Intercom is a help centre as the Articles API shows it.
// Source: https://developers.intercom.com/docs/references/2.14/rest-api/api.intercom.io/articles
type Intercom struct {
	Gate

	Collections []IntercomCollection
	Articles    []IntercomArticle
	Default     string // locale; empty: the help centre has one language only
	Site        string // where people read

	Token     string
	Forbidden bool // the token may not read articles
	// Cursor makes pages say where the next one starts, as versions before 2.17
	// have it; later ones give its address.
	Cursor bool
}

// An IntercomCollection holds articles and collections.
type IntercomCollection struct {
	ID, Parent int64 // 0: at the top
	Name       string
	Names      map[string]string // translated, by locale
}

// An IntercomArticle is a help page.
type IntercomArticle struct {
	ID         int64
	Collection int64 // 0: stands alone
	IntercomContent
	Translations map[string]IntercomContent // by locale, the default one too
	Segments     []int64
}

// An IntercomContent is what it says in one language.
type IntercomContent struct {
	Title, Body string
	Draft       bool
	Updated     time.Time
}

// ServeHTTP answers as the API does.
func (i *Intercom) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, left, reset := i.enter(r, intercomWindow)
	if i.Before != nil && i.Before(n, w, r) {
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+i.Token {
		// Source: https://developers.intercom.com/docs/references/2.14/rest-api/api.intercom.io/articles/listarticles
		fail(w, http.StatusUnauthorized, "unauthorized", "Access Token Invalid")
		return
	}
	if i.Limit > 0 {
		// Only those with credentials learn how much is left.
		// Source: https://developers.intercom.com/docs/references/2.17/rest-api/errors/rate-limiting
		w.Header().Set("X-RateLimit-Limit", strconv.Itoa(i.Limit))
		w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(max(left, 0)))
		w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
		if left < 0 {
			fail(w, http.StatusTooManyRequests, "rate_limit_exceeded", fmt.Sprintf("Exceeded rate limit of %d in 10_seconds", i.Limit))
			return
		}
	}
	switch {
	case i.Forbidden:
		// Source: https://developers.intercom.com/docs/references/2.17/rest-api/errors/error-codes
		fail(w, http.StatusForbidden, "action_forbidden", "The action is not authorized")
	case r.Method == http.MethodGet && r.URL.Path == "/articles":
		// "Articles will be returned in descending order on the updated_at attribute."
		list := slices.Clone(i.Articles)
		slices.SortStableFunc(list, func(a, b IntercomArticle) int { return b.Updated.Compare(a.Updated) })
		var data []object
		for _, a := range list {
			data = append(data, i.article(a))
		}
		i.page(w, r, data)
	case r.Method == http.MethodGet && r.URL.Path == "/help_center/collections":
		var data []object
		for _, c := range i.Collections {
			data = append(data, i.collection(c))
		}
		i.page(w, r, data)
	default:
		fail(w, http.StatusNotFound, "not_found", "The requested resource was not found")
	}
}

// fail answers with an error list.
// Source: https://developers.intercom.com/docs/references/2.17/rest-api/errors/error-objects
func fail(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, object{
		"type": "error.list", "request_id": "b68959ea-6328-4f70-83cb-e7913dba1542",
		"errors": []object{{"code": code, "message": message}},
	})
}

func state(draft bool) string {
	if draft {
		return "draft"
	}
	return "published"
}

// article is one as lists have it. Only those of multilingual help centres name
// a default locale.
// Source: https://github.com/intercom/Intercom-OpenAPI, article_list_item
func (i *Intercom) article(a IntercomArticle) object {
	o := object{
		"type": "article", "id": strconv.FormatInt(a.ID, 10), "workspace_id": "hfi1bx4l", "author_id": 5017691, "description": "",
		"title": a.Title, "body": a.Body, "state": state(a.Draft),
		"created_at": 1672928359, "updated_at": a.Updated.Unix(), "url": i.url(a.ID, "en", a.IntercomContent),
		"parent_id": nil, "parent_ids": []int64{}, "parent_type": nil,
	}
	if a.Collection != 0 {
		o["parent_id"], o["parent_ids"], o["parent_type"] = a.Collection, []int64{a.Collection}, "collection"
	}
	if a.Segments != nil {
		o["content_segment_ids"] = a.Segments
	}
	if i.Default != "" {
		translated := object{"type": "article_translated_content", "ar": nil}
		for locale, c := range a.Translations {
			translated[locale] = object{
				"type": "article_content", "title": c.Title, "description": "", "body": c.Body, "author_id": 5017691, "state": state(c.Draft),
				"created_at": 1672928359, "updated_at": c.Updated.Unix(), "url": i.url(a.ID, locale, c),
			}
		}
		o["default_locale"], o["translated_content"], o["url"] = i.Default, translated, i.url(a.ID, i.Default, a.IntercomContent)
	}
	return o
}

// url is where people read, null for what they cannot.
func (i *Intercom) url(id int64, locale string, c IntercomContent) any {
	if c.Draft {
		return nil
	}
	return fmt.Sprintf("%s/%s/articles/%d-%s", i.Site, locale, id, slug(strings.ToLower(c.Title)))
}

// collection is one as lists have it.
// Source: https://developers.intercom.com/docs/references/2.14/rest-api/api.intercom.io/help-center/listallcollections
func (i *Intercom) collection(c IntercomCollection) object {
	o := object{
		"id": strconv.FormatInt(c.ID, 10), "workspace_id": "hfi1bx4l", "name": c.Name, "description": "", "icon": "book-bookmark", "order": 1,
		"created_at": 1672928359, "updated_at": 1672928610, "parent_id": nil, "help_center_id": 81,
	}
	if c.Parent != 0 {
		o["parent_id"] = strconv.FormatInt(c.Parent, 10)
	}
	if i.Default != "" {
		translated := object{"type": "group_translated_content"}
		for locale, name := range c.Names {
			translated[locale] = object{"type": "group_content", "name": name, "description": ""}
		}
		o["default_locale"], o["translated_content"] = i.Default, translated
	}
	return o
}

// page answers with the part of a list that was asked for. "A response that does
// not contain a next link does not have further data to fetch."
// Source: https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/pagination/
func (i *Intercom) page(w http.ResponseWriter, r *http.Request, list []object) {
	size, page := number(r, "per_page", 1, intercomMost, intercomPage), number(r, "page", 1, 1<<30, 1)
	if after := r.URL.Query().Get("starting_after"); i.Cursor && after != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(after, "page-"))
		if err != nil {
			fail(w, http.StatusBadRequest, "parameter_invalid", "starting_after is not valid")
			return
		}
		page = n
	}
	from := min((page-1)*size, len(list))
	to := min(from+size, len(list))
	pages := object{"type": "pages", "page": page, "per_page": size, "total_pages": (len(list) + size - 1) / size}
	switch {
	case to == len(list):
	case i.Cursor:
		pages["next"] = object{"per_page": size, "starting_after": fmt.Sprintf("page-%d", page+1)}
	default:
		pages["next"] = fmt.Sprintf("%s%s?per_page=%d&page=%d", base(r), r.URL.Path, size, page+1)
	}
	answer(w, http.StatusOK, object{"type": "list", "pages": pages, "total_count": len(list), "data": append([]object{}, list[from:to]...)})
}
