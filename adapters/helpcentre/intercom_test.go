package helpcentre

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/adapters/helpcentre/helpcentretest"
)

// shop is a help centre in two languages, with all that must not be imported.
func shop() *helpcentretest.Intercom {
	at := func(day int) time.Time { return time.Date(2026, 3, day, 9, 30, 0, 0, time.UTC) }
	type content = helpcentretest.IntercomContent
	refund := content{Title: "Ask for a refund", Body: "<p>Open <b>Orders</b>.</p>", Updated: at(5)}
	soon := content{Title: "Soon", Body: "<p>Not yet.</p>", Draft: true, Updated: at(4)}
	return &helpcentretest.Intercom{
		Token: hush, Default: "en", Site: "https://help.shop.example",
		Collections: []helpcentretest.IntercomCollection{
			{ID: 10, Name: "Buyers", Names: map[string]string{"es": "Compradores"}},
			{ID: 11, Parent: 10, Name: "Refunds", Names: map[string]string{"es": "Reembolsos"}},
			{ID: 12, Parent: 13, Name: "Round"},
			{ID: 13, Parent: 12, Name: "And round"},
		},
		Articles: []helpcentretest.IntercomArticle{
			{ID: 1, Collection: 11, IntercomContent: refund, Translations: map[string]content{
				"en": refund, "es": {Title: "Pedir un reembolso", Body: "<p>Abre <b>Pedidos</b>.</p>", Updated: at(6)},
				"de": {Title: "Erstattung", Body: "<p>Öffne <b>Bestellungen</b>.</p>", Updated: at(1)},
			}},
			{ID: 2, Collection: 10, IntercomContent: soon, Translations: map[string]content{
				"en": soon, "es": {Title: "Pronto", Body: "<p>Todavía no.</p>", Updated: at(4)},
			}},
			{ID: 3, IntercomContent: content{Title: "Alone", Body: "<p>In no collection.</p>", Updated: at(3)}},
			{ID: 4, Collection: 10, Segments: []int64{77}, IntercomContent: content{Title: "For some", Body: "<p>Secret.</p>", Updated: at(2)}},
			{ID: 5, Collection: 12, IntercomContent: content{Title: "Dizzy", Body: "<p>Lost.</p>", Updated: at(1)}},
			{ID: 6, Collection: 99, IntercomContent: content{Title: "Nowhere", Body: "<p>Lost.</p>", Updated: at(1)}},
		},
	}
}

// crowd adds plain articles, the newest first.
func crowd(i *helpcentretest.Intercom, n int) {
	for k := range n {
		i.Articles = append(i.Articles, helpcentretest.IntercomArticle{ID: int64(1000 + k), IntercomContent: helpcentretest.IntercomContent{
			Title: fmt.Sprintf("Article %d", k), Body: "<p>Text.</p>", Updated: time.Date(2025, 1, 1, 0, 0, n-k, 0, time.UTC),
		}})
	}
}

func intercom(t *testing.T, h http.Handler, o IntercomOptions) *Intercom {
	t.Helper()
	i, err := NewIntercom(client(h, "api.intercom.io", "api.eu.intercom.io"), o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestIntercom(t *testing.T) {
	const (
		lost = "in a collection that is not listed"
		only = "only for Intercom's segment 77; to import them, write a private audience for it under segments"
	)
	tests := []struct {
		name    string
		change  func(*helpcentretest.Intercom)
		options IntercomOptions
		want    []string
		left    map[string]int
		notes   []string
	}{
		{
			"wanted languages", nil, IntercomOptions{Language: ours("en", "pt-BR", "es")},
			[]string{"es Pedir un reembolso", "en Ask for a refund", "es Pronto", "en Alone"},
			map[string]int{lost: 2, "a draft": 1, only: 1}, []string{"left out what is in de; to import it, add it to languages"},
		},
		{
			"a segment has an audience", nil, IntercomOptions{Language: ours("en"), Segments: map[string]string{"77": "staff"}},
			[]string{"en Ask for a refund", "en Alone", "en For some"},
			map[string]int{lost: 2, "a draft": 1}, []string{"left out what is in de, es; to import it, add it to languages"},
		},
		{
			"one language, unnamed", func(i *helpcentretest.Intercom) { i.Default = "" }, IntercomOptions{Language: ours("pt-BR")},
			[]string{" Ask for a refund", " Alone"},
			map[string]int{lost: 2, "a draft": 1, only: 1}, nil,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := shop()
				if test.change != nil {
					test.change(fake)
				}
				var notes []string
				test.options.Key, test.options.Note = hush, func(note string) { notes = append(notes, note) }
				w := walk(t.Context(), intercom(t, fake, test.options), "")
				if w.err != nil {
					t.Fatal(w.err)
				}
				if diff := cmp.Diff(slices.Sorted(slices.Values(test.want)), slices.Sorted(slices.Values(titles(w.pages)))); diff != "" {
					t.Errorf("articles (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(test.left, w.left); diff != "" {
					t.Errorf("left out (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(test.notes, notes); diff != "" {
					t.Errorf("notes (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestIntercomPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := shop()
		w := walk(t.Context(), intercom(t, fake, IntercomOptions{Key: hush, Region: "eu", Language: ours("es")}), "")
		list := w.pages
		if w.err != nil || len(list) != 2 {
			t.Fatal(titles(list), w.err)
		}
		want := Page{
			ID: "1", Lang: "es", Title: "Pedir un reembolso", URL: "https://help.shop.example/es/articles/1-pedir-un-reembolso",
			Updated: time.Date(2026, 3, 6, 9, 30, 0, 0, time.UTC), HTML: "<p>Abre <b>Pedidos</b>.</p>", Category: "Buyers", Section: "Refunds",
		}
		if diff := cmp.Diff(want, list[0]); diff != "" {
			t.Errorf("page (-want +got):\n%s", diff)
		}
		for _, r := range fake.Requests() {
			if r.Host != "api.eu.intercom.io" || r.Header.Get("Intercom-Version") != intercomVersion {
				t.Errorf("asked %s as version %q", r.Host, r.Header.Get("Intercom-Version"))
			}
		}
	})
	if _, err := NewIntercom(nil, IntercomOptions{Region: "mars"}); err == nil {
		t.Error("mars is a region")
	}
}

// TestIntercomPaging goes through both kinds of pages, at a limit of requests.
func TestIntercomPaging(t *testing.T) {
	for _, cursor := range []bool{false, true} {
		t.Run(fmt.Sprintf("cursor %v", cursor), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := shop()
				crowd(fake, 497)
				fake.Cursor, fake.Limit = cursor, 4
				start := time.Now()
				w := walk(t.Context(), intercom(t, fake, IntercomOptions{Key: hush, Language: ours("en")}), "")
				if w.err != nil || len(w.pages) != 499 {
					t.Fatal(len(w.pages), w.err)
				}
				if strings.Join(w.marks, "") != "" {
					t.Error("it has marks, though its pages move")
				}
				// 12 requests, 4 in every 10 s: each window costs one that is refused and
				// told when to come back.
				if n, took := len(fake.Requests()), time.Since(start); n > 15 || took > 40*time.Second {
					t.Errorf("it took %d requests and %v", n, took)
				}
			})
		})
	}
}

// TestIntercomMoving: articles that change or go while they are listed let no
// other one slip by.
func TestIntercomMoving(t *testing.T) {
	for name, move := range map[string]func(*helpcentretest.Intercom){
		"changed": func(i *helpcentretest.Intercom) { i.Articles[len(i.Articles)-1].Updated = time.Now() },
		"removed": func(i *helpcentretest.Intercom) { i.Articles = i.Articles[1:] },
		"added": func(i *helpcentretest.Intercom) {
			i.Articles = append(i.Articles, helpcentretest.IntercomArticle{ID: 7, IntercomContent: helpcentretest.IntercomContent{Title: "New", Body: "<p>New.</p>", Updated: time.Now()}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := &helpcentretest.Intercom{Token: hush}
				crowd(fake, 120)
				moved := false
				fake.Before = func(_ int, _ http.ResponseWriter, r *http.Request) bool {
					if r.URL.Query().Get("page") == "2" && !moved {
						moved = true
						move(fake)
					}
					return false
				}
				w := walk(t.Context(), intercom(t, fake, IntercomOptions{Key: hush}), "")
				if w.err != nil {
					t.Fatal(w.err)
				}
				seen := map[string]bool{}
				for _, p := range w.pages {
					seen[p.ID] = true
				}
				for _, a := range fake.Articles {
					if !seen[fmt.Sprint(a.ID)] {
						t.Errorf("article %d slipped by", a.ID)
					}
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		fake := &helpcentretest.Intercom{Token: hush}
		crowd(fake, 120)
		fake.Before = func(_ int, _ http.ResponseWriter, r *http.Request) bool {
			if r.URL.Query().Get("page") == "2" {
				fake.Articles = fake.Articles[1:]
			}
			return false
		}
		if err := walk(t.Context(), intercom(t, fake, IntercomOptions{Key: hush}), "").err; !errors.Is(err, errUnsteady) {
			t.Errorf("of a list that never rests: %v", err)
		}
	})
}

func TestIntercomTrouble(t *testing.T) {
	instead := func(part, kind string, status int, body string) func(*helpcentretest.Intercom) {
		return func(i *helpcentretest.Intercom) {
			i.Before = func(_ int, w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != part {
					return false
				}
				w.Header().Set("Content-Type", kind)
				w.WriteHeader(status)
				w.Write([]byte(body))
				return true
			}
		}
	}
	articles := func(body string) func(*helpcentretest.Intercom) {
		return instead("/articles", "application/json", 200, body)
	}
	tests := []struct {
		name  string
		spoil func(*helpcentretest.Intercom)
		want  string
	}{
		{"wrong key", func(i *helpcentretest.Intercom) { i.Token = "other" }, "Intercom does not accept the key at api.intercom.io; check it, and the region"},
		{"forbidden", func(i *helpcentretest.Intercom) { i.Forbidden = true }, "give its app the permission to read and list articles"},
		{"not there", instead("/articles", "application/json", 404, `{}`), "Intercom has no help centre at api.intercom.io"},
		{"web page", articles("<html>"), "it is not JSON at byte 1"},
		{"web page by its type", instead("/articles", "text/html", 200, "<html>"), "something else than JSON"},
		{"an error that says 200", articles(`{"type":"error.list","errors":[{"code":"x","message":"y"}]}`), "it is not a list"},
		{"no list", articles(`{"type":"list","data":null}`), "it is not a list"},
		{"cut off", articles(`{"type":"list","data":[{"id":"1"`), "the JSON ends too early"},
		{"another type", articles(`{"type":"list","data":[7]}`), "is of another type than documented"},
		{"no id", articles(`{"type":"list","data":[{"title":"x"}]}`), "an article has no id"},
		{"an id that is a path", articles(`{"type":"list","data":[{"id":"../x"}]}`), "an id is not a number"},
		{"a time of the far future", articles(`{"type":"list","data":[{"id":"1","updated_at":99999999999999}]}`), "a time is not in seconds since 1970"},
		{"a language that is a path", articles(`{"type":"list","data":[{"id":"1","default_locale":"../.."}]}`), "the default language of article 1 is none"},
		{"another host", articles(`{"type":"list","data":[],"pages":{"next":"https://evil.example/articles?page=2"}}`), "goes on at another host"},
		{"another path", articles(`{"type":"list","data":[],"pages":{"next":"https://api.intercom.io/contacts"}}`), "goes on at another path"},
		{"next is a number", articles(`{"type":"list","data":[],"pages":{"next":7}}`), "is of another type than documented"},
		{"in circles", articles(`{"type":"list","data":[],"pages":{"next":{"starting_after":"again"}}}`), "goes round in circles, or never ends"},
		{"no collections", instead("/help_center/collections", "application/json", 200, `{}`), "cannot be read as a list of collections: it is not a list"},
		{"huge", articles(`{"type":"list","data":["` + strings.Repeat("x", maxAnswer) + `"]}`), "larger than 32 MiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := shop()
				test.spoil(fake)
				err := walk(t.Context(), intercom(t, fake, IntercomOptions{Key: hush}), "").err
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Fatalf("err = %v\nwant %q", err, test.want)
				}
				if strings.Contains(err.Error(), hush) || strings.Contains(err.Error(), "\n") {
					t.Errorf("err = %q", err)
				}
				t.Log(err)
			})
		})
	}
}

func FuzzDecodeIntercom(f *testing.F) {
	f.Add([]byte(`{"type":"list","total_count":1,"pages":{"type":"pages","next":{"starting_after":"x"}},"data":[{"id":"1","title":"x","state":"published","updated_at":1672928610,"parent_id":7,"default_locale":"en","translated_content":{"type":"article_translated_content","en":{"title":"x"},"ar":null}}]}`))
	f.Add([]byte(`{"type":"list","pages":{"next":"https://api.intercom.io/articles?page=2"},"data":[{"id":7,"name":"x","parent_id":null}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, articles, err := decodeIntercomArticles(data)
		if err == nil && l.next != "" && l.after != "" {
			t.Error("a list goes on in two ways")
		}
		for _, a := range articles {
			if a.ID == "" || strings.Trim(string(a.ID), "0123456789") != "" {
				t.Errorf("an article's id is %q", a.ID)
			}
			for _, c := range a.languages {
				if strings.ContainsAny(c.locale, "/.?#% ") {
					t.Errorf("a language is %q", c.locale)
				}
			}
		}
		_, list, _ := decodeIntercomCollections(data)
		all := intercomCollections{}
		for _, c := range list {
			all[c.ID] = c
		}
		for _, c := range list {
			all.of(c.ID) // must end
		}
	})
}
