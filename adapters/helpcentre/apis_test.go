package helpcentre

import (
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/adapters/helpcentre/helpcentretest"
	"github.com/signpost-bot/signpost/knowledge"
)

// into is an import of a source, with a rule that is about everything and must
// not open what only some may read.
func into(dir string, s Source) *Import {
	return &Import{
		Name: "centre", Dir: dir, Source: s,
		Rules: knowledge.Rules{
			Languages: []knowledge.Lang{"en", "es", "pt-BR"}, Topics: []string{"refunds", "general"},
			Audiences: []knowledge.Audience{{Name: "buyer"}, {Name: "staff", Private: true}},
		},
		Choices: Choices{Rules: []Rule{{Section: "Refunds", Topic: "refunds"}, {Section: "*", Audiences: []string{"buyer"}, Topic: "general"}}},
	}
}

// folder is what is in a folder, with the times of its articles.
func folder(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(os.DirFS(dir), name)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		all[name] = string(data) + info.ModTime().String()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestImportZendesk imports a help centre as its team does: at first, again, and
// when something has changed.
func TestImportZendesk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, dir := acme(), t.TempDir()
		options := ZendeskOptions{
			Language: ours("en", "es", "pt-BR"), Email: "ana@acme.example", Key: hush, Segments: map[string]string{"360001": "staff"},
		}
		report, err := into(dir, zendesk(t, fake, options)).Run(t.Context())
		if err != nil || report.Added != 5 || !report.Whole || len(report.Failed) > 0 {
			t.Fatalf("%+v, %v", report, err)
		}
		before := folder(t, dir)
		for name, want := range map[string]string{
			"en/ask-for-a-refund-9007199254740993.md": "---\ntitle: \"Ask for a refund\"\nurl: https://help.acme.example/hc/en-us/articles/9007199254740993-Ask-for-a-refund\n" +
				"id: \"9007199254740993\"\nlang: en\naudience: buyer\ntopic: refunds\nupdated: 2026-03-01\n---\n\nOpen **Orders**.\n",
			"en/playbook-3.md": "audience: staff\ntopic: general\n",
		} {
			if !strings.Contains(before[name], want) {
				t.Errorf("%s is\n%s", name, before[name])
			}
		}

		report, err = into(dir, zendesk(t, fake, options)).Run(t.Context())
		if err != nil || report.Unchanged != 5 || report.Added+report.Changed+len(report.Removed) > 0 {
			t.Fatalf("again: %+v, %v", report, err)
		}
		if diff := cmp.Diff(before, folder(t, dir)); diff != "" {
			t.Errorf("the second import changed files:\n%s", diff)
		}

		// What becomes a draft, goes, or is closed to some is told as removed.
		spanish := fake.Articles[1].Translations["es"]
		spanish.Draft = true
		fake.Articles[1].Translations["es"] = spanish
		fake.Articles[2].Segment = 360009
		fake.Articles = fake.Articles[:4]
		report, err = into(dir, zendesk(t, fake, options)).Run(t.Context())
		if err != nil || report.Unchanged != 2 {
			t.Fatalf("changed: %+v, %v", report, err)
		}
		if diff := cmp.Diff([]string{"en/playbook-3.md", "es/pronto-2.md", "es/solo-en-espanol-5.md"}, report.Removed); diff != "" {
			t.Errorf("removed (-want +got):\n%s", diff)
		}
	})
}

// TestImportPrivate: an audience that everybody belongs to is none for what only
// some may read.
func TestImportPrivate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		report, err := into(dir, zendesk(t, acme(), ZendeskOptions{
			Language: ours("en"), Email: "ana@acme.example", Key: hush, Segments: map[string]string{"360001": "buyer"},
		})).Run(t.Context())
		if err != nil || report.Added != 1 || len(report.Failed) != 1 || !strings.Contains(report.Failed[0].Err.Error(), "its audience buyer is not private") {
			t.Fatalf("%+v, %v", report, err)
		}
	})
}

// TestImportBrokenOff: what fails in the middle makes nothing look removed, and
// the next import goes on from there.
func TestImportBrokenOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, dir := acme(), t.TempDir()
		many(fake, 499)
		options := ZendeskOptions{Language: ours("en")}
		run := func() (Report, error) {
			client := client(fake, "acme.zendesk.com")
			z, err := NewZendesk(client, ZendeskOptions{Subdomain: "acme", Language: options.Language})
			if err != nil {
				t.Fatal(err)
			}
			return into(dir, z).Run(t.Context())
		}
		away := func(after string) func(int, http.ResponseWriter, *http.Request) bool {
			return func(_ int, w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Query().Get("page[after]") != after {
					return false
				}
				http.Error(w, "Database Timeout", http.StatusServiceUnavailable)
				return true
			}
		}
		fake.Before = away("after-1298") // the fourth page
		report, err := run()
		if err == nil || report.Added != 300 || len(report.Removed) > 0 {
			t.Fatalf("broken off: %+v, %v", report, err)
		}
		if strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "run it again later") {
			t.Errorf("err = %v", err)
		}
		fake.Before = nil
		fake.Forget()
		report, err = run()
		if err != nil || report.Added != 200 || report.Before != 300 || !report.Whole || len(report.Removed) > 0 {
			t.Fatalf("resumed: %+v, %v", report, err)
		}
		if asked := articlePages(fake.Requests()); asked != 2 {
			t.Errorf("resumed with %d pages of articles, of which 2 were left", asked)
		}

		// The same in a later import: the files stay, and nothing is told as removed.
		fake.Before = away("after-1098")
		if report, err := run(); err == nil || report.Unchanged != 100 || len(report.Removed) > 0 {
			t.Fatalf("a later one broken off: %+v, %v", report, err)
		}
		fake.Before = nil
		if report, err := run(); err != nil || report.Unchanged != 400 || report.Before != 100 || !report.Whole || len(report.Removed) > 0 {
			t.Fatalf("a later one resumed: %+v, %v", report, err)
		}
	})
}

func articlePages(requests []*http.Request) (n int) {
	for _, r := range requests {
		if strings.HasSuffix(r.URL.Path, "/articles") {
			n++
		}
	}
	return n
}

// TestImportIntercom is the same for Intercom, whose list starts over.
func TestImportIntercom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, dir := shop(), t.TempDir()
		crowd(fake, 120)
		options := IntercomOptions{Key: hush, Language: ours("en", "es")}
		fake.Before = func(_ int, w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Query().Get("page") != "3" {
				return false
			}
			http.Error(w, `{"type":"error.list","errors":[{"code":"service_unavailable"}]}`, http.StatusServiceUnavailable)
			return true
		}
		report, err := into(dir, intercom(t, fake, options)).Run(t.Context())
		if err == nil || report.Added == 0 || len(report.Removed) > 0 {
			t.Fatalf("broken off: %+v, %v", report, err)
		}
		some := report.Added
		fake.Before = nil
		report, err = into(dir, intercom(t, fake, options)).Run(t.Context())
		if err != nil || report.Added != 124-some || report.Before < some || !report.Whole || len(report.Removed)+len(report.Failed) > 0 {
			t.Fatalf("resumed: %+v, %v", report, err)
		}
		before := folder(t, dir)
		report, err = into(dir, intercom(t, fake, options)).Run(t.Context())
		if err != nil || report.Unchanged != 124 {
			t.Fatalf("again: %+v, %v", report, err)
		}
		if diff := cmp.Diff(before, folder(t, dir)); diff != "" {
			t.Errorf("the second import changed files:\n%s", diff)
		}
		// One changes, and is changed here; one goes.
		fake.Articles[0].Translations["es"] = helpcentretest.IntercomContent{
			Title: "Pedir un reembolso", Body: "<p>Abre <b>Compras</b>.</p>", Updated: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
		}
		fake.Articles = fake.Articles[:len(fake.Articles)-1]
		report, err = into(dir, intercom(t, fake, options)).Run(t.Context())
		if err != nil || report.Changed != 1 || report.Unchanged != 122 || len(report.Removed) != 1 {
			t.Fatalf("changed: %+v, %v", report, err)
		}
		if now := folder(t, dir)["es/pedir-un-reembolso-1.md"]; !strings.Contains(now, "updated: 2026-04-01\n---\n\nAbre **Compras**.\n") {
			t.Errorf("the file is now\n%s", now)
		}
	})
}
