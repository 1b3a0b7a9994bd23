package helpcentre

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/adapters/helpcentre/helpcentretest"
	"github.com/signpost-bot/signpost/knowledge"
)

const hush = "6wiIBWbGkBMo1mRDMuVwkw1EPsNkeUj95PIz2akv" // the key that nobody may see

// acme is a help centre in three languages, with all that must not be imported.
func acme() *helpcentretest.Zendesk {
	at := func(day int) time.Time { return time.Date(2026, 3, day, 9, 30, 0, 0, time.UTC) }
	return &helpcentretest.Zendesk{
		Locales: []string{"en-us", "de", "es", "pt-br"}, Site: "https://help.acme.example",
		Email: "ana@acme.example", Token: hush, OAuth: "oauth-" + hush,
		Categories: []helpcentretest.ZendeskCategory{
			{ID: 10, Names: map[string]string{"en-us": "Buyers", "es": "Compradores", "pt-br": "Compradores"}},
			{ID: 11, Names: map[string]string{"en-us": "Team", "es": "Equipo"}},
		},
		Sections: []helpcentretest.ZendeskSection{
			{ID: 20, Category: 10, Names: map[string]string{"en-us": "Refunds", "es": "Reembolsos", "pt-br": "Reembolsos"}},
			{ID: 21, Category: 11, Names: map[string]string{"en-us": "Playbooks", "es": "Manuales"}},
			{ID: 22, Category: 10, Names: map[string]string{"es": "Solo aquí"}},
		},
		Articles: []helpcentretest.ZendeskArticle{
			{ID: 9007199254740993, Section: 20, Source: "en-us", Labels: []string{"money", "orders"}, Translations: map[string]helpcentretest.ZendeskTranslation{
				"en-us": {Title: "Ask for a refund", Body: "<p>Open <b>Orders</b>.</p>", Edited: at(1)},
				"es":    {Title: "Pedir un reembolso", Body: "<p>Abre <b>Pedidos</b>.</p>", Edited: at(2)},
				"pt-br": {Title: "Pedir reembolso", Body: "<p>Abra <b>Pedidos</b>.</p>", Outdated: true, Edited: at(1)},
				"de":    {Title: "Erstattung", Body: "<p>Öffne <b>Bestellungen</b>.</p>", Edited: at(1)},
			}},
			{ID: 2, Section: 20, Source: "en-us", Translations: map[string]helpcentretest.ZendeskTranslation{
				"en-us": {Title: "Soon", Body: "<p>Not yet.</p>", Draft: true, Edited: at(3)},
				"es":    {Title: "Pronto", Body: "<p>Todavía no.</p>", Edited: at(3)},
			}},
			{ID: 3, Section: 21, Source: "en-us", Segment: 360001, Translations: map[string]helpcentretest.ZendeskTranslation{
				"en-us": {Title: "Playbook", Body: "<p>For us alone.</p>", Edited: at(4)},
			}},
			{ID: 4, Section: 21, Source: "en-us", Segments: []int64{360001, 360002}, Translations: map[string]helpcentretest.ZendeskTranslation{
				"en-us": {Title: "Second playbook", Body: "<p>For some of us.</p>", Edited: at(5)},
			}},
			{ID: 5, Section: 22, Source: "es", Translations: map[string]helpcentretest.ZendeskTranslation{
				"es": {Title: "Solo en español", Body: "<p>Aquí.</p>", Edited: at(6)},
			}},
		},
	}
}

// many adds plain English articles.
func many(z *helpcentretest.Zendesk, n int) {
	for i := range n {
		z.Articles = append(z.Articles, helpcentretest.ZendeskArticle{
			ID: int64(1000 + i), Section: 20, Source: "en-us", Translations: map[string]helpcentretest.ZendeskTranslation{
				"en-us": {Title: fmt.Sprintf("Article %d", i), Body: "<p>Text.</p>", Edited: time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC)},
			},
		})
	}
}

// client asks handlers without a network.
func client(h http.Handler, hosts ...string) *Client {
	return NewClient(Options{Hosts: hosts, Transport: helpcentretest.Transport(h)})
}

func zendesk(t *testing.T, h http.Handler, o ZendeskOptions) *Zendesk {
	t.Helper()
	o.Subdomain = "acme"
	z, err := NewZendesk(client(h, "acme.zendesk.com"), o)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// A walked is what a walk brought.
type walked struct {
	pages []Page
	marks []string
	left  map[string]int // by why
	err   error
}

// walk goes through a source to its end.
func walk(ctx context.Context, s Source, mark string) walked {
	w := walked{left: map[string]int{}}
	keys := map[string]bool{}
	w.err = s.Walk(ctx, mark, func(item Item) error {
		if keys[item.Key] {
			return fmt.Errorf("%s was visited twice", item.Key)
		}
		keys[item.Key] = true
		page, _, err := item.Fetch(ctx, Known{})
		if why := skipped(""); errors.As(err, &why) {
			w.left[string(why)]++
			return nil
		}
		w.pages, w.marks = append(w.pages, page), append(w.marks, item.Mark)
		return err
	})
	return w
}

// ours are languages that are wanted.
func ours(languages ...knowledge.Lang) func(string) (string, bool) {
	return func(theirs string) (string, bool) { return Choices{}.Wants(theirs, languages) }
}

func titles(list []Page) (all []string) {
	for _, p := range list {
		all = append(all, p.Lang+" "+p.Title)
	}
	return all
}

func TestZendesk(t *testing.T) {
	only := func(segment string) string {
		return "only for Zendesk's segment " + segment + "; to import them, write a private audience for it under segments"
	}
	tests := []struct {
		name    string
		options ZendeskOptions
		want    []string
		left    map[string]int
		notes   []string
	}{
		{
			"anonymous", ZendeskOptions{Language: ours("en", "pt-BR", "es")},
			[]string{"en Ask for a refund", "es Pedir un reembolso", "es Pronto", "es Solo en español"},
			map[string]int{"a translation that is out of date": 1}, []string{"left out what is in de; to import it, add it to languages"},
		},
		{
			"with a token", ZendeskOptions{Language: ours("en", "pt-BR", "es"), Email: "ana@acme.example", Key: hush},
			[]string{"en Ask for a refund", "es Pedir un reembolso", "es Pronto", "es Solo en español"},
			map[string]int{"a translation that is out of date": 1, "a draft": 1, only("360001"): 2}, []string{"left out what is in de; to import it, add it to languages"},
		},
		{
			"a segment has an audience", ZendeskOptions{Language: ours("en"), Key: "oauth-" + hush, Segments: map[string]string{"360001": "staff"}},
			[]string{"en Ask for a refund", "en Playbook"},
			map[string]int{"a draft": 1, only("360002"): 1}, []string{"left out what is in de, es, pt-br; to import it, add it to languages"},
		},
		{
			"any language", ZendeskOptions{},
			[]string{"en-us Ask for a refund", "de Erstattung", "es Pedir un reembolso", "es Pronto", "es Solo en español"},
			map[string]int{"a translation that is out of date": 1}, nil,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var notes []string
				test.options.Note = func(note string) { notes = append(notes, note) }
				w := walk(t.Context(), zendesk(t, acme(), test.options), "")
				if w.err != nil {
					t.Fatal(w.err)
				}
				if diff := cmp.Diff(test.want, titles(w.pages)); diff != "" {
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

func TestZendeskPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := walk(t.Context(), zendesk(t, acme(), ZendeskOptions{Language: ours("en", "es"), Key: "oauth-" + hush, Segments: map[string]string{"360001": "staff"}}), "")
		list := w.pages
		if w.err != nil || len(list) != 5 {
			t.Fatal(titles(list), w.err)
		}
		want := []Page{
			{
				ID: "9007199254740993", Lang: "en", Title: "Ask for a refund", URL: "https://help.acme.example/hc/en-us/articles/9007199254740993-Ask-for-a-refund",
				Updated: time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC), HTML: "<p>Open <b>Orders</b>.</p>",
				Category: "Buyers", Section: "Refunds", Labels: []string{"money", "orders"},
			},
			{
				ID: "3", Lang: "en", Title: "Playbook", URL: "https://help.acme.example/hc/en-us/articles/3-Playbook",
				Updated: time.Date(2026, 3, 4, 9, 30, 0, 0, time.UTC), HTML: "<p>For us alone.</p>",
				Category: "Team", Section: "Playbooks", Labels: []string{}, Audiences: []string{"staff"}, Private: true,
			},
			{ // rules name sections as the first language does
				ID: "9007199254740993", Lang: "es", Title: "Pedir un reembolso", URL: "https://help.acme.example/hc/es/articles/9007199254740993-Pedir-un-reembolso",
				Updated: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC), HTML: "<p>Abre <b>Pedidos</b>.</p>",
				Category: "Buyers", Section: "Refunds", Labels: []string{"money", "orders"},
			},
		}
		if diff := cmp.Diff(want, list[:3]); diff != "" {
			t.Errorf("pages (-want +got):\n%s", diff)
		}
		if last := list[4]; last.Section != "Solo aquí" || last.Category != "Buyers" {
			t.Errorf("a section of one language is %q in %q", last.Section, last.Category)
		}
	})
}

// TestZendeskPaging goes through both kinds of pages, at a limit of requests.
func TestZendeskPaging(t *testing.T) {
	for _, offset := range []bool{false, true} {
		t.Run(fmt.Sprintf("offset %v", offset), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := acme()
				many(fake, 499)
				fake.Offset, fake.Limit = offset, 6
				w := walk(t.Context(), zendesk(t, fake, ZendeskOptions{Language: ours("en")}), "")
				list, marks := w.pages, w.marks
				if w.err != nil || len(list) != 500 {
					t.Fatal(len(list), w.err)
				}
				if offset {
					return
				}
				// Broken off after the third page, it goes on with the fourth, and knows
				// what sections there are.
				mark := marks[299]
				if mark == "" || marks[298] != "" || marks[499] != "" {
					t.Fatalf("the marks are %q, %q and %q", marks[298], mark, marks[499])
				}
				fake.Forget()
				w = walk(t.Context(), zendesk(t, fake, ZendeskOptions{Language: ours("en")}), mark)
				if w.err != nil || len(w.pages) != 200 || w.pages[0].Title != list[300].Title {
					t.Fatal(len(w.pages), w.err)
				}
				asked := 0
				for _, r := range fake.Requests() {
					if strings.Contains(r.URL.Path, "/articles") {
						asked++
					}
				}
				if asked > 3 { // two pages, and one more where the limit was met
					t.Errorf("it asked for %d pages of articles", asked)
				}
			})
		})
	}
}

func TestZendeskMark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, mark := range []string{
			"fr /api/v2/help_center/fr/articles?page%5Bsize%5D=100", "en-us https://evil.example/api/v2/help_center/en-us/articles",
			"en-us /api/v2/users", "en-us /api/v2/help_center/en-us/articles?page%5Bsize%5D=100&page%5Bafter%5D=gone", "nonsense",
		} {
			if w := walk(t.Context(), zendesk(t, acme(), ZendeskOptions{}), mark); !errors.Is(w.err, ErrMark) || len(w.pages) > 0 {
				t.Errorf("from %q: %d articles, %v", mark, len(w.pages), w.err)
			}
		}
		// The end of one language is the beginning of the next.
		if w := walk(t.Context(), zendesk(t, acme(), ZendeskOptions{Language: ours("en", "es")}), "es "); w.err != nil || len(w.pages) != 3 {
			t.Errorf("from the second language: %v, %v", titles(w.pages), w.err)
		}
	})
}

// TestZendeskTrouble: what fails as documented, and what is not as documented,
// ends in one line with the mend, and never looks like a list that is whole.
func TestZendeskTrouble(t *testing.T) {
	instead := func(part, kind string, status int, body string) func(*helpcentretest.Zendesk) {
		return func(z *helpcentretest.Zendesk) {
			z.Before = func(_ int, w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, part) {
					return false
				}
				w.Header().Set("Content-Type", kind)
				w.WriteHeader(status)
				w.Write([]byte(body))
				return true
			}
		}
	}
	articles := func(body string) func(*helpcentretest.Zendesk) {
		return instead("/articles", "application/json", 200, body)
	}
	tests := []struct {
		name  string
		spoil func(*helpcentretest.Zendesk)
		key   string
		want  string
	}{
		{"closed", func(z *helpcentretest.Zendesk) { z.Closed = true }, "", "acme.zendesk.com wants a sign-in; give an OAuth access token with --key-file or key_file"},
		{"wrong key", func(*helpcentretest.Zendesk) {}, "wrong", "Zendesk does not accept the key for acme.zendesk.com; check email and key"},
		{"forbidden", instead("/locales", "application/json", 403, `{"error":"Forbidden"}`), hush, "needs the scope hc:read"},
		{"no help centre", func(z *helpcentretest.Zendesk) { z.Disabled = true }, "", "there is no help centre at acme.zendesk.com, or it is not activated; check the subdomain"},
		{"maintenance", func(z *helpcentretest.Zendesk) { z.Maintenance = time.Hour }, "", "acme.zendesk.com says 503 and to come back in 1h0m0s"},
		{"web page", instead("/locales", "text/html", 200, "<html>Oops"), "", "Zendesk answers with something else than JSON, such as a web page; check the address: https://acme.zendesk.com"},
		{"no languages", instead("/locales", "application/json", 200, `{"locales":[]}`), "", "cannot be read as a list of languages: it has no locales"},
		{"languages that are paths", instead("/locales", "application/json", 200, `{"locales":["../../users"]}`), "", "one of its locales is none"},
		{"cut off", articles(`{"articles":[{"id":1,"locale":"en-us"`), "", "the JSON ends too early"},
		{"no JSON", articles(`{"articles":<script>`), "", "it is not JSON at byte 13"},
		{"another type", articles(`{"articles":{"id":1}}`), "", `"articles" is of another type than documented`},
		{"no list", articles(`{"error":"try again"}`), "", "it has no list of articles"},
		{"no id", articles(`{"articles":[{"title":"x"}]}`), "", "an article has no id or no locale"},
		{"an id that is a path", articles(`{"articles":[{"id":"../../etc/passwd","locale":"en-us"}]}`), "", "an id is not a number"},
		{"more, but where", articles(`{"articles":[],"meta":{"has_more":true},"links":{}}`), "", "it says that there is more, but not where"},
		{"another host", articles(`{"articles":[],"meta":{"has_more":true},"links":{"next":"https://evil.example/api/v2/help_center/en-us/articles"}}`), hush, "goes on at another host, where the key does not belong"},
		{"another scheme", articles(`{"articles":[],"next_page":"http://acme.zendesk.com/api/v2/help_center/en-us/articles"}`), hush, "goes on at another host"},
		{"another path", articles(`{"articles":[],"next_page":"https://acme.zendesk.com/api/v2/users.json"}`), hush, "goes on at another path"},
		{"in circles", articles(`{"articles":[],"next_page":"/api/v2/help_center/en-us/articles?page=2"}`), "", "goes round in circles, or never ends"},
		{"huge", articles(`{"articles":["` + strings.Repeat("x", maxAnswer) + `"]}`), "", "larger than 32 MiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := acme()
				test.spoil(fake)
				err := walk(t.Context(), zendesk(t, fake, ZendeskOptions{Email: "ana@acme.example", Key: test.key}), "").err
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

// TestZendeskEndless: pages that bring ever new articles end, too.
func TestZendeskEndless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := acme()
		fake.Before = func(n int, w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/articles") {
				return false
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"articles":[{"id":%d,"locale":"en-us","title":"x","body":"<p>x</p>","html_url":"https://a.example/x","section_id":20}],"next_page":"%s?page=%d"}`, n, r.URL.Path, n)
			return true
		}
		if w := walk(t.Context(), zendesk(t, fake, ZendeskOptions{}), ""); w.err == nil || !strings.Contains(w.err.Error(), "never ends") || len(w.pages) != maxPages {
			t.Errorf("%d articles, %v", len(w.pages), w.err)
		}
	})
}

// TestZendeskUnsteady: of pages that are counted, one may slip by while articles
// come and go.
func TestZendeskUnsteady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := acme()
		many(fake, 250)
		fake.Offset = true
		fake.Before = func(_ int, _ http.ResponseWriter, r *http.Request) bool {
			if r.URL.Query().Get("page") == "2" {
				fake.Articles = fake.Articles[1:]
			}
			return false
		}
		if err := walk(t.Context(), zendesk(t, fake, ZendeskOptions{Language: ours("en")}), "").err; !errors.Is(err, errUnsteady) {
			t.Errorf("err = %v", err)
		}
	})
}

// TestAPIAddress: what cannot be an API is refused before anything is asked.
func TestAPIAddress(t *testing.T) {
	tests := []struct{ subdomain, url, email, key, want string }{
		{"acme", "", "", "", ""},
		{"", "http://127.0.0.1:80/", "", hush, ""},
		{"", "http://localhost:80", "", hush, ""},
		{"", "http://help.example", "", "", ""},
		{"", "http://help.example", "", hush, "the key would travel unprotected to help.example; write https"},
		{"acme.zendesk.com", "", "", "", "acme.zendesk.com is no subdomain; write the acme of acme.zendesk.com"},
		{"evil.example/#", "", "", hush, "is no subdomain"},
		{"", "https://a:b@help.example", "", "", "Zendesk's address is none"},
		{"", "https://help.example/api", "", "", "Zendesk's address is none"},
		{"", "ftp://help.example", "", "", "Zendesk's address is none"},
		{"acme", "", "", "Bearer " + hush, "Zendesk's key is more than one word"},
		{"acme", "", "", hush + "\nX: y", "Zendesk's key is more than one word"},
	}
	for _, test := range tests {
		_, err := NewZendesk(nil, ZendeskOptions{Subdomain: test.subdomain, URL: test.url, Email: test.email, Key: test.key})
		if got := fmt.Sprint(err); test.want == "" && err != nil || !strings.Contains(got, test.want) || strings.Contains(got, hush) {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

// TestZendeskKey: the key goes to the API's own host alone, over redirects, too.
func TestZendeskKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, location := range []string{
			"https://evil.example/api/v2/help_center/locales", "http://acme.zendesk.com/api/v2/help_center/locales",
			"https://acme.zendesk.com.evil.example/", "https://acme.zendesk.com:8443/", "//evil.example/", "https://user@evil.example/",
		} {
			var elsewhere []string
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Scheme != "https" || r.Host != "acme.zendesk.com" {
					elsewhere = append(elsewhere, r.URL.String()+" "+r.Header.Get("Authorization"))
				}
				http.Redirect(w, r, location, http.StatusFound)
			})
			err := walk(t.Context(), zendesk(t, h, ZendeskOptions{Email: "ana@acme.example", Key: hush}), "").err
			if err == nil || len(elsewhere) > 0 {
				t.Errorf("to %s: %v, asked %q", location, err, elsewhere)
			}
			t.Log(err)
		}
	})
}

// TestHeld: what cannot be an article though its help centre has it is left out;
// it would fail every import, and keep what was removed from being told.
func TestHeld(t *testing.T) {
	tests := []struct {
		name string
		page Page
		want string
	}{
		{"words", Page{URL: "https://a.example", HTML: "<p>Words</p>"}, ""},
		{"a number in a table", Page{URL: "https://a.example", HTML: "<script>x()</script><table><tr><td>7"}, ""},
		{"a picture", Page{URL: "https://a.example", HTML: `<p><img src="x.png" alt="words"> &nbsp;</p><style>p {}</style>`}, "without text, such as a picture alone"},
		{"nothing", Page{URL: "https://a.example"}, "without text, such as a picture alone"},
		{"no address", Page{Title: "A", HTML: "<p>Words</p>"}, "without an address, as in a help centre that is not switched on"},
	}
	for _, test := range tests {
		_, _, err := held("1@en", test.page).Fetch(t.Context(), Known{})
		if got := fmt.Sprint(err); test.want == "" && err != nil || test.want != "" && got != test.want {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func FuzzDecodeZendesk(f *testing.F) {
	f.Add("articles", []byte(`{"articles":[{"id":1,"locale":"en-us","title":"x","body":"<p>","user_segment_id":null,"edited_at":"2026-03-01T00:00:00Z"}],"meta":{"has_more":false},"links":{"next":null}}`))
	f.Add("sections", []byte(`{"sections":[{"id":"7","name":"x","category_id":2}],"next_page":null,"count":1}`))
	f.Add("locales", []byte(`{"locales":["en-us"],"default_locale":"en-us"}`))
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		if l, err := decodeLocales(data); err == nil {
			for _, locale := range l.Locales {
				if strings.ContainsAny(locale, "/.?#% ") {
					t.Errorf("a locale is %q", locale)
				}
			}
		}
		l, err := decodeZendesk(kind, data)
		if err != nil {
			return // refusing is fine; what is taken must be whole
		}
		for _, a := range l.Articles {
			if a.ID == "" || strings.Trim(string(a.ID), "0123456789") != "" {
				t.Errorf("an article's id is %q", a.ID)
			}
		}
		if l.Meta != nil && l.Meta.More && l.next() == "" {
			t.Error("there is more, but nowhere")
		}
	})
}
