package knowledge

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var rules = Rules{
	Audiences: []Audience{{Name: "buyer"}, {Name: "creator"}, {Name: "affiliate"}},
	Languages: []Lang{"en", "pt-BR", "es"},
}

// page is a Markdown article whose title and id are id.
func page(id, body string) []byte {
	return fmt.Appendf(nil, `---
title: %[1]s
url: https://help.example.com/%[1]s
id: %[1]s
lang: en
audience: buyer
topic: refunds
---
%[2]s
`, id, body)
}

func TestSample(t *testing.T) {
	articles, err := Load(Sample(), rules)
	if err != nil {
		t.Fatal(err)
	}
	count := map[Lang]int{}
	for _, a := range articles {
		count[a.Lang]++
	}
	if count["en"] != 157 || count["pt-BR"] != 18 || count["es"] != 12 {
		t.Errorf("articles by language = %v, want 157 en, 18 pt-BR, 12 es", count)
	}
}

func TestLoadArticle(t *testing.T) {
	const text = "\uFEFF---\r\ntitle: \"Refunds: how?\"\r\nurl: https://help.example.com/a?b=c#d\r\nid: 0012\r\n" +
		"lang: en\r\naudience: [creator, buyer]\r\ntopic: refunds\r\nquestions:\r\n  - my money back\r\n  - \"refund?\"\r\n" +
		"updated: 2026-01-31\r\ntitle_source: inferred\r\n---\r\nBefore.\r\n\r\n## Steps {#steps}\r\nAsk us.\r\n"
	articles, err := Load(fstest.MapFS{"en/a.MD": {Data: []byte(text)}}, rules)
	if err != nil {
		t.Fatal(err)
	}
	want := []*Article{{
		ID:        "0012",
		Lang:      "en",
		Title:     "Refunds: how?",
		URL:       "https://help.example.com/a?b=c#d",
		Audiences: []string{"creator", "buyer"},
		Topic:     "refunds",
		Questions: []string{"my money back", "refund?"},
		Updated:   time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC),
		Sections:  []Section{{Text: "Before."}, {Heading: "Steps", Anchor: "steps", Text: "Ask us."}},
		File:      "en/a.MD",
	}}
	if diff := cmp.Diff(want, articles); diff != "" {
		t.Error(diff)
	}
}

// TestLoadBroken reads a folder in which every file but one is broken in its
// own way: all are reported at once, and the sound one is still there.
func TestLoadBroken(t *testing.T) {
	rules := rules
	rules.Topics = []string{"refunds", "wallet"}
	articles, err := Load(os.DirFS("testdata/broken"), rules)
	const want = `
en/address.md:3: url "htp:/help.example.com/address" is not an http or https address; write the full address, such as https://help.example.com/refund
en/audience.md:6: unknown audience "creater"; did you mean "creator"?
en/date.md:8: updated "last spring" is not a date; write it as 2026-01-31, or unknown
en/empty.md:9: has no text under its front matter; write the article there
en/front.md:1: has no front matter; begin the file with ---, the keys title, url, id, lang, audience and topic, and --- again
en/key.md:8:1: unknown key "audiense"; did you mean "audience"?
en/language.md:5: unknown language "pt-br"; did you mean "pt-BR"?
en/latin1.md:10: is not UTF-8; save the file as UTF-8
en/missing.md:1: key "url" is missing; add a line such as url: https://help.example.com/refund
en/several.md:2:7: title is empty; give it a value or remove the line
en/several.md:3: url "help.example.com" is not an http or https address; write the full address, such as https://help.example.com/refund
en/several.md:6: audience is an empty list; name at least one
en/several.md:8:1: key "id" is already on line 4; remove one of the two
en/several.md:9:13: questions is not plain text; write one value, in quotes if need be
en/several.md:11: has no text under its front matter; write the article there
en/topic.md:7: unknown topic "refund"; did you mean "refunds"?
en/twin.md:4: id "fine" is already that of en/fine.md in en; give one of the two another id
en/type.md:2:8: title is not plain text; write one value, in quotes if need be
en/unclosed.md:1: front matter does not end; add a line --- after its last key
en/yaml.md:2:8: front matter is not YAML: mapping value is not allowed in this context; mend this line, or put its value in quotes
folder.md: is a folder; rename it so that it does not end in .md`
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("Load = %v, want Problems", err)
	}
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), problems.Error()); diff != "" {
		t.Error(diff)
	}
	if len(articles) != 1 || articles[0].ID != "fine" {
		t.Errorf("sound articles = %v, want only fine", articles)
	}
}

func TestLoadProblems(t *testing.T) {
	tests := []struct {
		name, text string
		want       string // after x.md
	}{
		{"empty file", "", "1: front matter does not end; add a line --- after its last key"},
		{"too large", strings.Repeat("x", maxArticle+1), " is larger than 1 MiB; split it into several articles"},
		{"large front matter", "---\n" + strings.Repeat("# x\n", maxFront/4+1) + "---\nText.", "1: front matter is larger than 16 KiB; keep only the keys there"},
		{"front matter is a list", "---\n- title\n---\nText.", "2: front matter is not a list of keys; write lines such as title: How do I get a refund?"},
		{"space in the address", strings.Replace(string(page("x", "Text.")), "com/x", "com/x y|z", 1),
			`3: url "https://help.example.com/x y|z" holds a space or one of "<>|; write them as %20, %22, %3C, %3E and %7C`},
		{"address without host", strings.Replace(string(page("x", "Text.")), "help.example.com/x", "/x", 1),
			`3: url "https:///x" is not an http or https address; write the full address, such as https://help.example.com/refund`},
		{"nested quotes", string(page("x", "Text.\n"+strings.Repeat("> ", maxNested+1))), "10: nests more than 100 quotes or lists in one line; write it flat"},
		{"an alias", strings.Replace(string(page("x", "Text.")), "buyer", "*x", 1), `6:11: audience is not plain text; write one value, in quotes if need be`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load(fstest.MapFS{"x.md": {Data: []byte(test.text)}}, rules)
			if err == nil {
				t.Fatal("Load found no problem")
			}
			if diff := cmp.Diff("x.md:"+test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestLoadFolder meets what file systems hold besides articles.
func TestLoadFolder(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"..v1/en/a.md":  page("a", "Through two links, as Kubernetes mounts files."),
		"b.md":          page("b", "Plain."),
		".hidden/c.md":  nil,
		".d.md":         nil,
		"readme.md":     nil,
		"notes.txt":     nil,
		"pictures/x.md": page("x", "Text."),
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"..data": "..v1", "en": "..data/en", // as Kubernetes does it
		"pictures/up": "..", "self": "self", "gone.md": "nowhere",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.md"), 0o644); err != nil {
		t.Fatal(err)
	}

	articles, err := Load(os.DirFS(dir), rules)
	const want = `gone.md: cannot be read: no such file or directory; mend or remove it
pictures/up: links back to a folder that holds it; remove the link
pipe.md: is not a regular file; remove it
self: cannot be read: too many levels of symbolic links; mend or remove it`
	if err == nil || err.Error() != want {
		t.Errorf("Load = %v\nwant %s", err, want)
	}
	var files []string
	for _, a := range articles {
		files = append(files, a.File)
	}
	if diff := cmp.Diff([]string{"b.md", "en/a.md", "pictures/x.md"}, files); diff != "" {
		t.Error(diff)
	}
}

func TestLoadNothing(t *testing.T) {
	tests := []struct {
		name string
		fsys fs.FS
		want string
	}{
		{"empty", fstest.MapFS{}, ".: no article here; add Markdown files with front matter"},
		{"missing", os.DirFS("testdata/nowhere"), ".: folder cannot be read: no such file or directory; check its name and permissions"},
		{"locked file", locked{fstest.MapFS{"x.md": {Data: page("x", "Text.")}}}, "x.md: cannot be read: permission denied; check its permissions"},
		{"deep", fstest.MapFS{strings.Repeat("d/", maxDepth+1) + "x.md": {}}, strings.Repeat("d/", maxDepth-1) + "d: lies more than 32 folders deep; move it up"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			articles, err := Load(test.fsys, rules)
			if err == nil || err.Error() != test.want || len(articles) > 0 {
				t.Errorf("Load = %d articles, %v, want %s", len(articles), err, test.want)
			}
		})
	}
}

// locked refuses to open articles.
type locked struct{ fstest.MapFS }

func (l locked) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, ".md") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.MapFS.Open(name)
}

// FuzzParse: whatever a file holds, it is refused with words, or what comes out
// can be shown and linked.
func FuzzParse(f *testing.F) {
	f.Add(page("refund", "Ask.\n\n## Steps {#steps}\n1. Write.\n2. Wait."))
	f.Add([]byte("---\ntitle: |\n  a\nid: [a]\n---\n<p>x</p>\n\n|a|b|\n|-|-|\n|`c`|&amp;|\n"))
	f.Add([]byte("---\r\n---\r\n\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := parse(file{"x.md", data}, &Rules{})
		for _, p := range d.problems {
			if p.File != "x.md" || p.Line < 1 || p.Message == "" {
				t.Errorf("problem without place or words: %#v", p)
			}
		}
		if len(d.problems) > 0 {
			return
		}
		a := d.article
		if !utf8.ValidString(fmt.Sprint(a)) {
			t.Errorf("not UTF-8: %q", fmt.Sprint(a))
		}
		if !strings.HasPrefix(strings.ToLower(a.URL), "http://") && !strings.HasPrefix(strings.ToLower(a.URL), "https://") {
			t.Errorf("url = %q", a.URL)
		}
		if a.Title == "" || a.ID == "" || a.Lang == "" || len(a.Audiences) == 0 || len(a.Sections) == 0 {
			t.Errorf("accepted %#v", a)
		}
		for _, s := range a.Sections {
			if strings.TrimSpace(s.Text) == "" {
				t.Errorf("section without text: %#v", s)
			}
		}
	})
}

// BenchmarkLoad5000 loads 5,000 articles of 2 KB, a large help centre.
func BenchmarkLoad5000(b *testing.B) {
	dir := b.TempDir()
	body := strings.Repeat("## A heading\nA sentence that *says* something, with a [link](https://example.com).\n\n- one\n- two\n\n", 20)
	for i := range 5000 {
		id := fmt.Sprintf("a%04d", i)
		if err := os.WriteFile(filepath.Join(dir, id+".md"), page(id, body), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		articles, err := Load(os.DirFS(dir), rules)
		if err != nil || len(articles) != 5000 {
			b.Fatalf("Load = %d articles, %v", len(articles), err)
		}
	}
}
