package helpcentre

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/adapters/helpcentre/helpcentretest"
	"github.com/signpost-bot/signpost/knowledge"
)

var rules = knowledge.Rules{
	Audiences: []knowledge.Audience{{Name: "buyer"}, {Name: "creator"}, {Name: "affiliate"}},
	Languages: []knowledge.Lang{"en", "pt-BR", "es"},
}

// importing is an import of a centre's sitemap into a folder.
func importing(t *testing.T, c *helpcentretest.Centre, dir string) *Import {
	client := NewClient(Options{Hosts: []string{c.Host()}, AllowPrivate: true, Rate: 1e6, Robots: true, Tries: 2, Timeout: 5 * time.Second, MaxBytes: 1 << 20})
	t.Cleanup(client.Close)
	i := &Import{Name: "help", Dir: dir, Rules: rules, MaxPages: 5000}
	i.Source = &Sitemap{Client: client, URL: c.URL, Prefer: []string{"en"}, Skip: i.Choices.Skips, Selectors: Selectors{Section: ".section"}}
	return i
}

// A stamped is a file with its time.
type stamped struct {
	Text string
	At   time.Time
}

// tree is every file of a folder.
func tree(t *testing.T, dir string) map[string]stamped {
	t.Helper()
	files := map[string]stamped{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		files[filepath.ToSlash(rel)] = stamped{string(data), info.ModTime()}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func run(t *testing.T, i *Import) Report {
	t.Helper()
	report, err := i.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// loaded is what knowledge finds in a folder.
func loaded(t *testing.T, dir string) map[string]*knowledge.Article {
	t.Helper()
	articles, err := knowledge.Load(os.DirFS(dir), rules)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*knowledge.Article{}
	for _, a := range articles {
		all[a.File] = a
	}
	return all
}

// TestImportTwice imports 500 articles in three languages, with all that goes
// wrong on the way, and then once more: the second time no file changes.
func TestImportTwice(t *testing.T) {
	if raced {
		t.Skip("imports 1,500 pages twice, which takes the race detector a minute; tools/test.sh runs it without")
	}
	c := helpcentretest.New(t, 500)
	next := func(n int, lang string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			r = r.Clone(r.Context())
			r.URL.Path = helpcentretest.Path(n, lang)
			c.ServeHTTP(w, r)
		}
	}
	c.Hurdle("/moved", helpcentretest.Redirect("/moved-again"))
	c.Hurdle("/moved-again", helpcentretest.Redirect(helpcentretest.Path(7, "en")))
	c.Hurdle("/gone", helpcentretest.Status(404))
	c.Hurdle("/hc/en/private/1", helpcentretest.HTML("secret"))
	c.Hurdle("/busy", helpcentretest.Busy(0, helpcentretest.HTML("<html lang=en><title>Busy</title><article><p>We are back.</p></article>")))
	c.Hurdle("/slow", helpcentretest.Slow(50*time.Millisecond, next(3, "es")))
	c.Hurdle("/broken", helpcentretest.Broken())
	c.Hurdle("/trouble", helpcentretest.Status(500))

	dir := t.TempDir()
	report := run(t, importing(t, c, dir))
	if report.Added != 1501 {
		t.Errorf("%d articles were added, want 1500 and one that was busy", report.Added)
	}
	host := c.Host()
	if diff := cmp.Diff(map[string]int{
		"the same page as another address": 3,
		"the robots.txt of " + host + " forbids them; to import them, allow the user agent Signpost there": 1,
	}, report.Skipped); diff != "" {
		t.Error(diff)
	}
	var failed []string
	for _, f := range report.Failed {
		failed = append(failed, strings.TrimPrefix(f.Page, c.URL)+": "+f.Err.Error())
	}
	if diff := cmp.Diff([]string{
		"/broken: the answer broke off: unexpected EOF; run it again later",
		"/trouble: the server says 500 Internal Server Error; run it again later",
	}, failed); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{c.URL + "/gone"}, report.Gone); diff != "" {
		t.Error(diff)
	}
	articles := loaded(t, dir)
	a := articles["en/how-do-i-get-a-refund-0-360000000.md"]
	if len(articles) != 1501 || a == nil {
		t.Fatalf("%d articles load, such as %v", len(articles), slices.Sorted(maps.Keys(articles))[:3])
	}
	want := &knowledge.Article{
		ID: "360000000", Lang: "en", Title: "How do I get a refund (0)?", URL: c.URL + helpcentretest.Path(0, "en"), Audiences: []string{"buyer"}, Topic: "refunds",
		Updated: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), File: a.File,
		Sections: []knowledge.Section{
			{Text: "You have 30 days from the purchase. More"},
			{Heading: "Choose the order in your account.", Anchor: "steps", Text: "Choose the order in your account.\nThe money is back on your next statement.", Steps: true},
			{Heading: "0", Anchor: "h_0", Text: "A | B\n0 | The money is back on your next statement."},
		},
	}
	want.Links = []knowledge.Link{{URL: c.URL + "/hc/en/articles/360000000-x", Line: 11}}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}

	before := tree(t, dir)
	c.Asked()
	report = run(t, importing(t, c, dir))
	all, unchanged := c.Asked()
	if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
		t.Errorf("the second run changed files:\n%s", diff)
	}
	if report.Added+report.Changed != 0 || report.Unchanged != 1501 {
		t.Errorf("the second run: %d added, %d changed, %d unchanged", report.Added, report.Changed, report.Unchanged)
	}
	t.Logf("the second run asked for %d pages, of which %d were unchanged", all, unchanged)
	if unchanged < 1500 || all > 1530 {
		t.Errorf("%d of %d requests were conditional and saved the page", unchanged, all)
	}
}

// TestImportBreaksOff cancels an import in the middle, and goes on.
func TestImportBreaksOff(t *testing.T) {
	c := helpcentretest.New(t, 20)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	c.Gate(func(string) {
		if n++; n == 30 {
			cancel()
		}
	})
	if _, err := importing(t, c, dir).Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("Run = %v", err)
	}
	c.Gate(nil)
	first := len(loaded(t, dir))
	if first != 29 {
		t.Errorf("%d articles before it was cut off, want 29", first)
	}
	report := run(t, importing(t, c, dir))
	if report.Before != 29 || report.Added != 31 || !report.Whole {
		t.Errorf("after that %d were done before, %d added", report.Before, report.Added)
	}
	for n := range 20 {
		for _, lang := range helpcentretest.Languages {
			if got := c.Requests(helpcentretest.Path(n, lang)); got != 1 && !(got == 2 && n == 9 && lang == "pt-BR") {
				t.Errorf("%s was asked for %d times", helpcentretest.Path(n, lang), got)
			}
		}
	}
	for name := range tree(t, dir) {
		if strings.HasPrefix(name, ".") && name != ".signpost-import.help.json" {
			t.Errorf("%s was left behind", name)
		}
	}
}

// TestImportEdits: what somebody changed stays, what the help centre changed
// comes in, and where both did so it is told, once.
func TestImportEdits(t *testing.T) {
	c := helpcentretest.New(t, 5)
	dir := t.TempDir()
	run(t, importing(t, c, dir))
	edit := func(file, old, new string) {
		t.Helper()
		name := filepath.Join(dir, file)
		data, err := os.ReadFile(name)
		if err != nil || !strings.Contains(string(data), old) {
			t.Fatalf("%s has no %q: %v", file, old, err)
		}
		if err := os.WriteFile(name, []byte(strings.Replace(string(data), old, new, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const refund, order, password = "en/how-do-i-get-a-refund-0-360000000.md", "en/where-is-my-order-1-360000001.md", "en/how-do-i-change-my-password-2-360000002.md"
	edit(refund, "topic: refunds\n", "# by hand\ntopic: returns\nquestions:\n  - my money back\n")
	edit(order, "Choose the order in your account.", "Ask us.")
	if err := os.Rename(filepath.Join(dir, password), filepath.Join(dir, "password.md")); err != nil {
		t.Fatal(err)
	}
	c.Edit(0, "en", "New words.")
	c.Edit(1, "en", "New words.")
	c.Edit(2, "en", "New words.")
	report := run(t, importing(t, c, dir))
	if report.Changed != 2 || report.Added != 0 {
		t.Errorf("%d were changed, %d added", report.Changed, report.Added)
	}
	if diff := cmp.Diff([]string{order + ": body was edited by hand, and has changed at " + c.URL + helpcentretest.Path(1, "en") + ", too; yours is kept"}, report.Kept); diff != "" {
		t.Error(diff)
	}
	files := tree(t, dir)
	if text := files[refund].Text; !strings.Contains(text, "# by hand\ntopic: returns\nquestions:\n  - my money back\nupdated:") || !strings.Contains(text, "New words.") {
		t.Errorf("%s", text)
	}
	if text := files[order].Text; !strings.Contains(text, "Ask us.") || strings.Contains(text, "New words.") {
		t.Errorf("%s", text)
	}
	if text := files["password.md"].Text; !strings.Contains(text, "New words.") || files[password].Text != "" {
		t.Errorf("what was moved: %q", text)
	}
	if report = run(t, importing(t, c, dir)); len(report.Kept) > 0 || report.Changed > 0 {
		t.Errorf("the next time: %v kept, %d changed", report.Kept, report.Changed)
	}

	// Without what an import keeps, everything is taken for edited, and kept.
	if err := os.Remove(filepath.Join(dir, ".signpost-import.help.json")); err != nil {
		t.Fatal(err)
	}
	if report = run(t, importing(t, c, dir)); len(report.Kept) != 2 || report.Changed > 0 || report.Added > 0 {
		t.Errorf("without a state: %v kept, %d changed, %d added", report.Kept, report.Changed, report.Added)
	}
}

// TestImportRemoved: what the help centre no longer has is told, not deleted, and
// only if everything was seen.
func TestImportRemoved(t *testing.T) {
	c := helpcentretest.New(t, 3)
	dir := t.TempDir()
	run(t, importing(t, c, dir))
	c.Remove(1, "en")
	c.Hurdle("/trouble", helpcentretest.Status(500))
	if report := run(t, importing(t, c, dir)); len(report.Removed) > 0 {
		t.Errorf("%v is called removed though not everything was seen", report.Removed)
	}
	c.Hurdle("/trouble", helpcentretest.Status(404))
	const file = "en/where-is-my-order-1-360000001.md"
	for range 2 {
		if report := run(t, importing(t, c, dir)); !slices.Equal(report.Removed, []string{file}) {
			t.Errorf("removed: %v", report.Removed)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
		t.Error(err)
	}
	if err := os.Remove(filepath.Join(dir, file)); err != nil {
		t.Fatal(err)
	}
	if report := run(t, importing(t, c, dir)); len(report.Removed) > 0 {
		t.Errorf("removed, and deleted: %v", report.Removed)
	}
	i := importing(t, c, dir)
	i.MaxPages = 2
	if report, err := i.Run(t.Context()); err == nil || err.Error() != "there are more than 2 pages, and the rest was left out; raise max_pages if that is meant" || len(report.Removed) > 0 {
		t.Errorf("beyond max_pages: %v, removed %v", err, report.Removed)
	}
}

// TestImportLeftOutLater: what is left out that was imported once is told as
// removed every time, though it has not changed since.
func TestImportLeftOutLater(t *testing.T) {
	c := helpcentretest.New(t, 2)
	dir := t.TempDir()
	run(t, importing(t, c, dir))
	for n := range 3 {
		i := importing(t, c, dir)
		i.Choices.Rules = []Rule{{Section: "Orders", Skip: true}}
		report := run(t, i)
		if len(report.Removed) != 3 || report.Skipped["left out by a rule"] != 3 || report.Unchanged != 3 {
			t.Errorf("run %d: removed %v, skipped %v, %d unchanged", n, report.Removed, report.Skipped, report.Unchanged)
		}
	}
}

// TestImportForbidden: a page that robots.txt forbids is left out, and what was
// imported of it stays; neither keeps what was removed from being told.
func TestImportForbidden(t *testing.T) {
	dir := t.TempDir()
	page := func(id string, err error) Item {
		p := Page{ID: id, Lang: "en", Title: id, URL: "https://help.example.com/" + id, HTML: "<p>x</p>"}
		return Item{Key: id, Fetch: func(context.Context, Known) (Page, Known, error) { return p, Known{}, err }}
	}
	run(t, &Import{Name: "h", Dir: dir, Rules: rules, Source: fixed{page("a", nil), page("b", nil)}})
	no := &forbidden{"help.example.com", "Signpost"}
	for range 2 {
		report := run(t, &Import{Name: "h", Dir: dir, Rules: rules, Source: fixed{page("a", no), page("c", no)}})
		if !slices.Equal(report.Removed, []string{"en/b.md"}) || report.Skipped[no.why()] != 2 || len(report.Failed) > 0 || !report.Whole {
			t.Errorf("%+v", report)
		}
	}
	if got := len(loaded(t, dir)); got != 2 {
		t.Errorf("%d articles", got)
	}
}

// TestImportMoved: an article at another address is the same one.
func TestImportMoved(t *testing.T) {
	dir := t.TempDir()
	item := func(key, body string) Item {
		p := Page{ID: "12345", Lang: "en", Title: "Title", URL: "https://help.example.com/" + key, HTML: body}
		return Item{Key: key, Fetch: func(context.Context, Known) (Page, Known, error) { return p, Known{}, nil }}
	}
	run(t, &Import{Name: "h", Dir: dir, Rules: rules, Source: fixed{item("old", "<p>x</p>")}})
	for range 2 {
		report := run(t, &Import{Name: "h", Dir: dir, Rules: rules, Source: fixed{item("new", "<p>y</p>")}})
		if len(report.Failed)+len(report.Removed)+len(report.Kept)+report.Added > 0 {
			t.Errorf("%+v", report)
		}
	}
	if a := loaded(t, dir)["en/title-12345.md"]; a == nil || a.URL != "https://help.example.com/new" || a.Sections[0].Text != "y" {
		t.Errorf("%+v", a)
	}
	// Both at once are one too many.
	report := run(t, &Import{Name: "h", Dir: dir, Rules: rules, Source: fixed{item("new", "<p>y</p>"), item("old", "<p>z</p>")}})
	if len(report.Failed) != 1 || report.Failed[0].Err.Error() != "it is article 12345 in en, as new is; take one of the two out of the list" {
		t.Errorf("%+v", report.Failed)
	}
	// So is one of another source.
	other := item("new", "<p>y</p>")
	report = run(t, &Import{Name: "other", Dir: dir, Rules: rules, Source: fixed{{Key: "x", Fetch: func(ctx context.Context, k Known) (Page, Known, error) {
		p, k, err := other.Fetch(ctx, k)
		p.URL = "https://other.example.com/"
		return p, k, err
	}}}})
	if len(report.Failed) != 1 || !strings.HasPrefix(report.Failed[0].Err.Error(), "its id 12345 in en is that of en/title-12345.md already, which came from elsewhere (https://help.example.com/new)") {
		t.Errorf("%+v", report.Failed)
	}
}

// TestImportDry writes nothing, and tells what it would.
func TestImportDry(t *testing.T) {
	c := helpcentretest.New(t, 2)
	dir := filepath.Join(t.TempDir(), "articles")
	i := importing(t, c, dir)
	i.DryRun = true
	var changes []string
	i.Changed = func(change Change) { changes = append(changes, change.File) }
	if report := run(t, i); report.Added != 6 || len(changes) != 6 {
		t.Errorf("%d added, told %v", report.Added, changes)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is there: %v", err)
	}
	run(t, importing(t, c, dir))
	before := tree(t, dir)
	c.Edit(0, "es", "Nuevo.")
	i = importing(t, c, dir)
	i.DryRun = true
	i.Changed = func(change Change) {
		if !strings.Contains(string(change.New), "Nuevo.") || strings.Contains(string(change.Old), "Nuevo.") {
			t.Errorf("%s", change.New)
		}
	}
	if report := run(t, i); report.Changed != 1 {
		t.Errorf("%d changed", report.Changed)
	}
	if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestImportLocked(t *testing.T) {
	c := helpcentretest.New(t, 1)
	dir := t.TempDir()
	c.Gate(func(string) {
		if _, err := importing(t, c, dir).Run(t.Context()); !errors.Is(err, ErrLocked) {
			t.Errorf("a second import: %v", err)
		}
	})
	run(t, importing(t, c, dir))
}

// TestImportRules chooses audience, topic and language by rules, and says which
// one is missing.
func TestImportRules(t *testing.T) {
	c := helpcentretest.New(t, 5)
	dir := t.TempDir()
	i := importing(t, c, dir)
	i.Rules.Topics = []string{"refunds", "money"}
	i.Choices = Choices{Rules: []Rule{
		{URL: "*/hc/es/*", Skip: true},
		{Section: "wallet", Topic: "money", Audiences: []string{"creator", "affiliate"}},
		{Section: "Pay*", Topic: "money"},
		{Section: "Orders", Topic: "orders"},
	}}
	i.Source.(*Sitemap).Skip = i.Choices.Skips
	report := run(t, i)
	if report.Added != 6 || len(report.Failed) != 4 {
		t.Fatalf("%d added, failed %v", report.Added, report.Failed)
	}
	for n, want := range map[int]string{
		0: "its topic orders is not one of topics in the configuration; add it there, or a rule that gives another",
		1: `no rule gives it one of topics (refunds, money); its section is "Account", its address ` + c.URL + helpcentretest.Path(2, "en") + `: add a rule such as {section: "Account", topic: refunds}, or topic: for all others`,
	} {
		if got := report.Failed[n].Err.Error(); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	a := loaded(t, dir)["en/how-do-i-withdraw-from-my-wallet-3-360000003.md"]
	if a == nil || a.Topic != "money" || !slices.Equal(a.Audiences, []string{"creator", "affiliate"}) {
		t.Errorf("by rules: %+v", a)
	}
	// Other rules apply to what is there, too, though no page has changed.
	i = importing(t, c, dir)
	i.Choices = Choices{Rules: []Rule{{URL: "*/hc/es/*", Skip: true}, {Section: "wallet", Topic: "wallet"}}}
	i.Source.(*Sitemap).Skip = i.Choices.Skips
	if report := run(t, i); report.Changed != 4 || report.Added != 4 {
		t.Errorf("by other rules %d changed, %d added", report.Changed, report.Added)
	}
}

func TestLanguage(t *testing.T) {
	c := Choices{Languages: map[string]string{"zh-tw": "en"}}
	for theirs, want := range map[string]knowledge.Lang{
		"en": "en", "EN-us": "en", "pt-br": "pt-BR", "pt_BR": "pt-BR", "pt": "pt-BR", "es-419": "es", "zh-TW": "en", "": "en", "pt-PT": "", "fr": "", "x\x1b": "",
	} {
		if got, ok := c.language(theirs, rules.Languages); got != want || ok != (want != "") {
			t.Errorf("language(%q) = %q, %v", theirs, got, ok)
		}
	}
}

func TestName(t *testing.T) {
	r := &running{files: map[string]bool{"en/taken.md": true}}
	for want, p := range map[string]knowledge.Page{
		"en/a-b.md": {Lang: "en", ID: "a/b"}, "en/taken-" + sum("taken")[:6] + ".md": {Lang: "en", ID: "taken"},
		"pt-BR/" + strings.Repeat("word-", 13) + "1234567890123.md": {Lang: "pt-BR", ID: "1234567890123", Title: strings.Repeat("Word ", 20)},
		"en/article-" + sum("日本")[:6] + ".md":                       {Lang: "en", ID: "日本", Title: "日本"}, "en/article-" + sum("README")[:6] + ".md": {Lang: "en", ID: "README"},
		"lang-" + sum("../x")[:6] + "/a.md":    {Lang: "../x", ID: "a"},
		"en/article-" + sum("CON")[:6] + ".md": {Lang: "en", ID: "CON"}, "en/article-" + sum("lpt1")[:6] + ".md": {Lang: "en", ID: "lpt1"}, "en/console.md": {Lang: "en", ID: "console"},
	} {
		if got := r.name(p); got != want {
			t.Errorf("%q is named %s, want %s", p.ID, got, want)
		}
	}
}

func TestSlug(t *testing.T) {
	for text, want := range map[string]string{
		"How do I get a refund?": "how-do-i-get-a-refund", "Peço “já”, São Paulo": "peco-ja-sao-paulo", "../../etc/passwd": "etc-passwd", "日本": "", "Straße": "strasse", "don't": "dont",
		strings.Repeat("a-", 100): strings.TrimSuffix(strings.Repeat("a-", 40), "-"),
	} {
		if got := slug(text); got != want {
			t.Errorf("slug(%q) = %q, want %q", text, got, want)
		}
	}
}

// BenchmarkImport makes articles of 100 pages that were fetched.
func BenchmarkImport(b *testing.B) {
	page := "<article><h1>Title</h1>" + strings.Repeat("<h2 id=x>Steps</h2><ol><li>One <b>bold</b> word</li><li>Two</li></ol><p>"+strings.Repeat("Some words. ", 30)+"</p>", 10) + "</article>"
	for b.Loop() {
		i := &Import{Name: "b", Dir: b.TempDir(), Rules: rules, Source: alike(100, page)}
		if report, err := i.Run(b.Context()); err != nil || report.Added != 100 {
			b.Fatal(report, err)
		}
	}
}

// A fixed source has some items.
type fixed []Item

func (f fixed) Walk(_ context.Context, _ string, visit func(Item) error) error {
	for _, item := range f {
		if err := visit(item); err != nil {
			return err
		}
	}
	return nil
}

// alike is a source of pages that differ in their ids alone.
func alike(n int, html string) fixed {
	var items fixed
	for i := range n {
		p := Page{ID: fmt.Sprintf("a%d", i), Lang: "en", Title: "Title", URL: fmt.Sprintf("https://help.example.com/a%d", i), HTML: html}
		items = append(items, Item{Key: p.ID, Fetch: func(context.Context, Known) (Page, Known, error) { return p, Known{}, nil }})
	}
	return items
}
