package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/adapters/helpcentre/helpcentretest"
)

const importHush = "6wiIBWbGkBMo1mRDMuVwkw1EPsNkeUj95PIz2akv"

// helpCentres are a help centre of each kind, with the same articles.
func helpCentres(t *testing.T) (zendesk *helpcentretest.Zendesk, intercom *helpcentretest.Intercom, at map[string]string) {
	t.Helper()
	day := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	zendesk = &helpcentretest.Zendesk{
		Locales: []string{"en-us", "es", "de"}, Site: "https://help.acme.example", Email: "ana@acme.example", Token: importHush, Closed: true,
		Categories: []helpcentretest.ZendeskCategory{{ID: 10, Names: map[string]string{"en-us": "Buyers", "es": "Compradores"}}},
		Sections:   []helpcentretest.ZendeskSection{{ID: 20, Category: 10, Names: map[string]string{"en-us": "Refunds", "es": "Reembolsos"}}},
		Articles: []helpcentretest.ZendeskArticle{
			{ID: 1, Section: 20, Source: "en-us", Translations: map[string]helpcentretest.ZendeskTranslation{
				"en-us": {Title: "Ask for a refund", Body: "<p>Open <b>Orders</b>.</p>", Edited: day},
				"es":    {Title: "Pedir un reembolso", Body: "<p>Abre <b>Pedidos</b>.</p>", Edited: day},
			}},
			{ID: 2, Section: 20, Source: "en-us", Segment: 77, Translations: map[string]helpcentretest.ZendeskTranslation{
				"en-us": {Title: "Playbook", Body: "<p>For us alone.</p>", Edited: day},
			}},
			{ID: 3, Section: 20, Source: "en-us", Translations: map[string]helpcentretest.ZendeskTranslation{
				"en-us": {Title: "Soon", Body: "<p>Not yet.</p>", Edited: day, Draft: true},
			}},
		},
	}
	content := func(title, body string) helpcentretest.IntercomContent {
		return helpcentretest.IntercomContent{Title: title, Body: body, Updated: day}
	}
	english := content("Ask for a refund", "<p>Open <b>Orders</b>.</p>")
	intercom = &helpcentretest.Intercom{
		Token: importHush, Default: "en", Site: "https://help.shop.example",
		Collections: []helpcentretest.IntercomCollection{{ID: 10, Name: "Refunds"}},
		Articles: []helpcentretest.IntercomArticle{{ID: 1, Collection: 10, IntercomContent: english, Translations: map[string]helpcentretest.IntercomContent{
			"en": english, "es": content("Pedir un reembolso", "<p>Abre <b>Pedidos</b>.</p>"), "de": content("Erstattung", "<p>Öffne <b>Bestellungen</b>.</p>"),
		}}},
	}
	at = map[string]string{}
	for name, h := range map[string]http.Handler{"zendesk": zendesk, "intercom": intercom} {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		at[name] = server.URL
	}
	return zendesk, intercom, at
}

// said runs a command and returns all that it said; the key is never in it.
func said(t *testing.T, want int, words ...string) string {
	t.Helper()
	var out strings.Builder
	if code := run(t.Context(), words, streams{strings.NewReader(""), &out, &out}); code != want {
		t.Errorf("%q: exit %d\n%s", words, code, out.String())
	}
	if strings.Contains(out.String(), importHush) {
		t.Errorf("%q tells the key:\n%s", words, out.String())
	}
	return out.String()
}

// TestImportAPIs imports a help centre of each kind as its team does, twice.
func TestImportAPIs(t *testing.T) {
	zendesk, _, at := helpCentres(t)
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte(importHush+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := configured(t, "import:\n  sources:\n"+
		fmt.Sprintf("    - {name: acme, kind: zendesk, subdomain: acme, url: %q, allow_private: true, rate: 100, email: ana@acme.example, key_file: %q,\n", at["zendesk"], key)+
		"       segments: {\"77\": staff}, rules: [{section: Refunds, audience: [buyer], topic: refunds}]}\n"+
		fmt.Sprintf("    - {name: shop, kind: intercom, url: %q, allow_private: true, rate: 100, key_file: %q, topic: refunds}\n", at["intercom"], key)+
		"audiences: [{name: buyer}, {name: staff, private: true, roles: [team]}]")
	for _, test := range []struct {
		source, want string
		again        string
	}{
		{
			"acme", "left out what is in de; to import it, add it to languages\nImported acme into DIR: 3 new, 0 changed, 0 as they were (TIME).\nLeft out 1 page: a draft.\nNext: signpost check --knowledge DIR\n",
			"left out what is in de; to import it, add it to languages\nImported acme into DIR: 0 new, 0 changed, 3 as they were (TIME).\nLeft out 1 page: a draft.\n",
		},
		{
			"shop", "left out what is in de; to import it, add it to languages\nImported shop into DIR: 2 new, 0 changed, 0 as they were (TIME).\n" +
				"2 new articles are for buyer, the first audience, since nothing says for whom; --audience or rules choose another.\nNext: signpost check --knowledge DIR\n",
			"left out what is in de; to import it, add it to languages\nImported shop into DIR: 0 new, 0 changed, 2 as they were (TIME).\n",
		},
	} {
		to := filepath.Join(dir, test.source)
		for _, want := range []string{test.want, test.again} {
			got := strings.ReplaceAll(said(t, exitOK, "--config", settings, "import", "run", test.source, "--to", to), to, "DIR")
			if at, end := strings.Index(got, "("), strings.Index(got, ")"); at >= 0 && end > at {
				got = got[:at+1] + "TIME" + got[end:]
			}
			if got != want {
				t.Errorf("%s says\n%s\nwant\n%s", test.source, got, want)
			}
		}
	}
	private, err := os.ReadFile(filepath.Join(dir, "acme", "en", "playbook-2.md"))
	if err != nil || !strings.Contains(string(private), "\naudience: staff\n") {
		t.Errorf("what only some may read is\n%s%v", private, err)
	}
	said(t, exitOK, "--config", settings, "check")

	// By the command line alone, the key in a variable.
	t.Setenv(importKey, importHush)
	t.Setenv("SIGNPOST_CONFIG", "")
	for _, words := range [][]string{
		{"import", "zendesk", "acme", "--url", at["zendesk"], "--email", "ana@acme.example"},
		{"import", "intercom", "--url", at["intercom"]},
	} {
		to := filepath.Join(t.TempDir(), "out")
		if got := said(t, exitOK, append(words, "--allow-private", "--rate", "100", "--to", to)...); !strings.Contains(got, ": 2 new, 0 changed") {
			t.Errorf("%q says\n%s", words, got)
		}
	}

	// A source lends its settings by its name, but its key to no other place.
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if key := r.Header.Get("Authorization"); key != "" {
			t.Errorf("the key of another place was sent: %s", key)
		}
		http.Error(w, "sign in", http.StatusUnauthorized)
	}))
	defer other.Close()
	t.Setenv(importKey, "")
	for _, words := range [][]string{
		{"import", "zendesk", "acme", "--name", "acme", "--url", other.URL},
		{"import", "zendesk", "acme2", "--name", "acme", "--url", other.URL},
	} {
		if got := said(t, exitBad, append(words, "--config", settings, "--to", t.TempDir())...); !strings.Contains(got, "wants a sign-in") {
			t.Errorf("%q says\n%s", words, got)
		}
	}
	t.Setenv(importKey, importHush)

	// What is wrong is told with its mend, and exits with 1.
	for _, test := range []struct {
		words []string
		want  string
	}{
		{[]string{"import", "zendesk", "acme", "--url", at["zendesk"], "--allow-private"}, "Zendesk does not accept the key"},
		{[]string{"import", "zendesk", "acme", "--url", at["zendesk"]}, "allow it with --allow-private"},
		{[]string{"import", "zendesk", "acme.zendesk.com"}, "write the acme of acme.zendesk.com"},
		{[]string{"import", "zendesk", "acme", "--url", "http://help.example", "--email", "a@b"}, "the key would travel unprotected to help.example; write https"},
		{[]string{"import", "intercom", "--region", "mars"}, "write us, eu or au"},
	} {
		if got := said(t, exitBad, append(test.words, "--to", t.TempDir())...); !strings.Contains(got, test.want) {
			t.Errorf("%q says\n%s\nwant %q", test.words, got, test.want)
		}
	}
	for _, r := range zendesk.Requests() {
		if strings.Contains(r.URL.String(), importHush) {
			t.Errorf("the key is in the address %s", r.URL)
		}
	}
}
