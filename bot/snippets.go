package bot

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/knowledge"
)

// A Snippet is an answer that agents give often, written once for each
// language.
type Snippet struct {
	File    string // path inside the folder
	Name    string // the same in all languages
	Lang    string
	Title   string // as agents find it
	Article string // id of the help article that it leads to; empty: none
	Text    string // for [markup], with {{variables}}

	articleLine int
}

//go:embed snippets/*.md
var sampleSnippets embed.FS

// SampleSnippets is a folder of snippets in English, Portuguese and Spanish that
// lead to articles of the built-in sample.
func SampleSnippets() fs.FS {
	dir, err := fs.Sub(sampleSnippets, "snippets")
	if err != nil {
		panic(err) // the name above is not a valid path
	}
	return dir
}

// snippetKeys are what the front matter of a snippet may hold.
var snippetKeys = []string{"name", "lang", "title", "article"}

// snippetVariables are what a snippet is filled in with.
var snippetVariables = []string{"agent", "article", "asker", "ticket"}

var (
	snippetName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	variable    = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)
	// foreignMark begins a line of Markdown that chats do not show.
	foreignMark = regexp.MustCompile("^(#{1,6} |\\||```|~~~|!\\[|>|<[a-zA-Z/!]|(-{3,}|\\*{3,}|_{3,})$)")
)

const (
	maxSnippet      = 16 << 10 // bytes of one file
	maxSnippetName  = 40
	maxSnippetTitle = 80
)

// LoadSnippets reads every snippet under fsys: files whose name ends in .md,
// except README.md and what begins with a dot. They come sorted by name and
// language. The error is nil or [knowledge.Problems] with every mistake in every
// file; the snippets without one are returned beside it.
func LoadSnippets(fsys fs.FS, languages []string) ([]Snippet, error) {
	var list []Snippet
	var problems knowledge.Problems
	seen := map[[2]string]string{}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			var at *fs.PathError
			if errors.As(err, &at) {
				err = at.Err
			}
			problems = append(problems, knowledge.Problem{File: name, Message: fmt.Sprintf("cannot be read: %v; check its name and permissions", err)})
			return nil
		case name != "." && strings.HasPrefix(base, ".") && entry.IsDir():
			return fs.SkipDir
		case entry.IsDir(), strings.HasPrefix(base, "."), strings.EqualFold(base, "README.md"), !strings.EqualFold(path.Ext(base), ".md"):
			return nil
		}
		s, wrong := loadSnippet(fsys, name, languages)
		if other, taken := seen[[2]string{s.Name, s.Lang}]; taken && s.Name != "" && s.Lang != "" {
			wrong = append(wrong, knowledge.Problem{File: name, Line: 1, Message: fmt.Sprintf(
				"snippet %q in %s is already in %s; give one of the two another name", s.Name, s.Lang, other)})
		}
		seen[[2]string{s.Name, s.Lang}] = name
		if problems = append(problems, wrong...); len(wrong) == 0 {
			list = append(list, s)
		}
		return nil
	})
	if err != nil {
		problems = append(problems, knowledge.Problem{File: ".", Message: err.Error()})
	}
	slices.SortFunc(list, func(a, b Snippet) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(slices.Index(languages, a.Lang), slices.Index(languages, b.Lang)))
	})
	if len(problems) > 0 {
		return list, problems
	}
	return list, nil
}

// CheckSnippets says which snippets lead to articles that askers cannot read.
func CheckSnippets(list []Snippet, library Library) error {
	var problems knowledge.Problems
	for _, s := range list {
		if s.Article == "" {
			continue
		}
		if _, ok := library.Article(knowledge.ArticleID(s.Article), knowledge.Lang(s.Lang), nil); !ok {
			problems = append(problems, knowledge.Problem{File: s.File, Line: s.articleLine, Message: fmt.Sprintf(
				"there is no article %q that every asker may read; name another, or remove the line", s.Article)})
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

// A snippetDraft is a snippet that is being read, and what is wrong with it.
type snippetDraft struct {
	Snippet
	problems knowledge.Problems
}

func (d *snippetDraft) report(line int, format string, a ...any) {
	d.problems = append(d.problems, knowledge.Problem{File: d.File, Line: line, Message: fmt.Sprintf(format, a...)})
}

func loadSnippet(fsys fs.FS, name string, languages []string) (Snippet, knowledge.Problems) {
	d := &snippetDraft{Snippet: Snippet{File: name}}
	data, err := fs.ReadFile(fsys, name)
	switch {
	case err != nil:
		d.report(0, "cannot be read; check its permissions")
	case len(data) > maxSnippet:
		d.report(0, "is larger than 16 KiB; shorten it to what fits into one message")
	case !utf8.Valid(data):
		d.report(0, "is not UTF-8; save the file as UTF-8")
	default:
		d.parse(data, languages)
	}
	return d.Snippet, d.problems
}

// parse reads front matter and text.
func (d *snippetDraft) parse(data []byte, languages []string) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF")) // byte order mark
	lines := strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	end := -1
	for i, line := range lines {
		if strings.TrimRight(line, " \t") == "---" && i > 0 {
			end = i
			break
		}
	}
	if strings.TrimRight(lines[0], " \t") != "---" || end < 0 {
		d.report(1, "has no front matter; begin the file with ---, the keys name, lang and title, and --- again")
		return
	}
	d.front(strings.Join(lines[1:end], "\n"), languages)
	d.text(lines[end+1:], end+2)
}

// front reads the keys.
func (d *snippetDraft) front(source string, languages []string) {
	node, err := parser.ParseBytes([]byte(source), 0)
	if err != nil {
		line, message := 1, err.Error()
		if e := yaml.Error(nil); errors.As(err, &e) {
			message = e.GetMessage()
			if token := e.GetToken(); token != nil {
				line = token.Position.Line + 1
			}
		}
		d.report(line, "front matter is not YAML: %s; mend this line, or put its value in quotes", message)
		return
	}
	at := map[string]int{}
	for _, doc := range node.Docs {
		values, ok := doc.Body.(*ast.MappingNode)
		if !ok || len(node.Docs) != 1 {
			d.report(2, "front matter is not a list of keys; write lines such as name: more-time")
			return
		}
		for _, entry := range values.Values {
			key, line := entry.Key.GetToken().Value, entry.Key.GetToken().Position.Line+1
			if !slices.Contains(snippetKeys, key) {
				d.report(line, "unknown key %q; use %s", key, strings.Join(snippetKeys, ", "))
				continue
			}
			value, ok := plainValue(entry.Value)
			if !ok {
				d.report(line, "%s is not plain text; write one value, in quotes if need be", key)
				continue
			}
			at[key] = line
			d.set(key, value, line, languages)
		}
	}
	for _, key := range []string{"name", "lang", "title"} {
		if at[key] == 0 {
			d.report(1, "key %q is missing; add it", key)
		}
	}
}

// plainValue is a value as it was written, on one line.
func plainValue(node ast.Node) (string, bool) {
	switch node := node.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return oneLine(node.GetToken().Value), true
	case *ast.LiteralNode:
		return oneLine(node.Value.Value), true
	}
	return "", false
}

func (d *snippetDraft) set(key, value string, line int, languages []string) {
	switch key {
	case "name":
		d.Name = value
		if !snippetName.MatchString(value) || len(value) > maxSnippetName {
			d.report(line, "name %q is not a name; write at most %d of a-z, 0-9 and -, such as more-time", value, maxSnippetName)
		}
	case "lang":
		d.Lang = value
		if !slices.Contains(languages, value) {
			d.report(line, "unknown language %q; use one of %s", value, strings.Join(languages, ", "))
		}
	case "title":
		d.Title = value
		if n := utf8.RuneCountInString(value); n == 0 || n > maxSnippetTitle {
			d.report(line, "title has %d characters; write 1 to %d", n, maxSnippetTitle)
		}
	case "article":
		d.Article, d.articleLine = value, line
		if value == "" {
			d.report(line, "article is empty; name the id of an article, or remove the line")
		}
	}
}

// text reads what is sent. Lines are counted from first.
func (d *snippetDraft) text(lines []string, first int) {
	for i, line := range lines {
		if mark := foreignMark.FindString(strings.TrimSpace(line)); mark != "" {
			d.report(first+i, "a line begins with %q, which chats do not show; write paragraphs, lists, **bold**, `code` and [links](https://example.com)", strings.TrimSpace(mark))
		}
		for _, found := range variable.FindAllStringSubmatch(line, -1) {
			switch name := found[1]; {
			case !slices.Contains(snippetVariables, name):
				d.report(first+i, "unknown variable {{%s}}; use {{%s}}", name, strings.Join(snippetVariables, "}}, {{"))
			case name == "article" && d.Article == "":
				d.report(first+i, "{{article}} is used, but no article is named; add a line article: with its id to the front matter")
			}
		}
		if rest := variable.ReplaceAllString(line, ""); strings.Contains(rest, "{{") || strings.Contains(rest, "}}") {
			d.report(first+i, "a variable is not closed; write it such as {{asker}}")
		}
	}
	d.Text = strings.TrimSpace(strings.Join(lines, "\n"))
	switch n := utf8.RuneCountInString(d.Text); {
	case n == 0:
		d.report(first, "has no text under its front matter; write it there")
	case n > maxSnippetText:
		d.report(first, "has %d characters; write at most %d", n, maxSnippetText)
	}
}

// maxSnippetText is how many runes a snippet may have: with what it is filled in
// with it is still one message.
const maxSnippetText = maxStored * 2 / 3

// fill puts in the variables. Their values are words for [markup].
func (s *Snippet) fill(values map[string]string) string {
	text := variable.ReplaceAllStringFunc(s.Text, func(found string) string {
		return values[strings.TrimSpace(strings.Trim(found, "{}"))]
	})
	if link := values["article"]; link != "" && !strings.Contains(text, link) {
		text += "\n\n" + link
	}
	return text
}

// A snippetSet is a snippet in its languages.
type snippetSet struct {
	name   string
	byLang map[string]Snippet
}

// snippetSets are all snippets by name.
func (b *Bot) snippetSets() []snippetSet {
	byName := map[string]map[string]Snippet{}
	for _, s := range b.snippets() {
		if byName[s.Name] == nil {
			byName[s.Name] = map[string]Snippet{}
		}
		byName[s.Name][s.Lang] = s
	}
	var sets []snippetSet
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		sets = append(sets, snippetSet{name, byName[name]})
	}
	return sets
}

// in is the snippet in a language, else in the first of those that the
// installation speaks and it is written in.
func (set snippetSet) in(lang string, languages []string) Snippet {
	base, _, _ := strings.Cut(lang, "-")
	for _, wanted := range append([]string{lang, base}, languages...) {
		if s, ok := set.byLang[wanted]; ok {
			return s
		}
		for _, have := range slices.Sorted(maps.Keys(set.byLang)) {
			if other, _, _ := strings.Cut(have, "-"); other == wanted {
				return set.byLang[have]
			}
		}
	}
	return set.byLang[slices.Sorted(maps.Keys(set.byLang))[0]]
}

// called reports whether what was typed is exactly the set: its name, or its
// title in any language.
func (set snippetSet) called(typed string) bool {
	if strings.EqualFold(typed, set.name) {
		return true
	}
	for _, s := range set.byLang {
		if strings.EqualFold(typed, s.Title) {
			return true
		}
	}
	return false
}

// option is what typeahead shows of a set.
func (set snippetSet) option(lang string, languages []string) chat.Option {
	return chat.Option{Label: set.name + " · " + set.in(lang, languages).Title, Value: set.name}
}
