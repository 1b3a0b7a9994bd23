package knowledge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

const (
	maxArticle = 1 << 20  // bytes of one file
	maxFront   = 16 << 10 // bytes of its front matter
	maxDepth   = 32       // folders inside folders
	maxNested  = 100      // quotes and lists inside one another; more take minutes to parse
)

var nested = regexp.MustCompile(fmt.Sprintf(`(?m)^(?:[ \t]*(?:>|[-+*][ \t]|[0-9]{1,9}[.)][ \t])){%d}`, maxNested+1))

// keys are what front matter may hold; required is what it must hold, with an
// example for the message.
var (
	keys     = []string{"title", "url", "id", "lang", "audience", "topic", "questions", "updated", "title_source", "status"}
	required = []struct{ key, example string }{
		{"title", "title: How do I get a refund?"},
		{"url", "url: https://help.example.com/refund"},
		{"id", "id: refund"},
		{"lang", "lang: en"},
		{"audience", "audience: buyer"},
		{"topic", "topic: refunds"},
	}
)

// Load reads every article under fsys: files whose name ends in .md, except
// README.md and whatever begins with a dot. Links are followed.
//
// Articles come sorted by file. The error is nil or [Problems] with every
// mistake in every file; the articles without one are returned beside it, and
// the caller decides whether they will do. A folder without any article is a
// problem too. Load reads whole files into memory, each at most 1 MiB.
func Load(fsys fs.FS, rules Rules) ([]*Article, error) {
	files, _, problems := scan(fsys)
	return build(files, problems, rules)
}

// A file is a Markdown file as it was read.
type file struct {
	path string
	data []byte
}

// scan reads the Markdown files under fsys, sorted by path, and names the
// folders it went through.
func scan(fsys fs.FS) (files []file, folders []string, problems Problems) {
	report := func(name, format string, args ...any) {
		problems = append(problems, Problem{File: name, Message: fmt.Sprintf(format, args...)})
	}
	var walk func(dir string, above []fs.FileInfo)
	walk = func(dir string, above []fs.FileInfo) {
		folders = append(folders, dir)
		entries, err := fs.ReadDir(fsys, dir)
		if err != nil {
			report(dir, "folder cannot be read: %v; check its name and permissions", reason(err))
		}
		for _, entry := range entries {
			name := path.Join(dir, entry.Name())
			markdown := strings.EqualFold(path.Ext(name), ".md")
			if strings.HasPrefix(entry.Name(), ".") || strings.EqualFold(entry.Name(), "README.md") {
				continue
			}
			link := entry.Type()&fs.ModeSymlink != 0
			if !markdown && !link && !entry.IsDir() {
				continue
			}
			info, err := fs.Stat(fsys, name) // follows links
			switch {
			case errors.Is(err, fs.ErrNotExist) && !link:
				// Deleted since the folder was listed.
			case err != nil:
				report(name, "cannot be read: %v; mend or remove it", reason(err))
			case info.IsDir() && markdown:
				report(name, "is a folder; rename it so that it does not end in .md")
			case info.IsDir() && slices.ContainsFunc(above, func(a fs.FileInfo) bool { return os.SameFile(a, info) }):
				report(name, "links back to a folder that holds it; remove the link")
			case info.IsDir() && len(above) == maxDepth:
				report(name, "lies more than %d folders deep; move it up", maxDepth)
			case info.IsDir():
				walk(name, append(above, info))
			case !markdown:
			case !info.Mode().IsRegular():
				report(name, "is not a regular file; remove it")
			default:
				data, err := read(fsys, name)
				switch {
				case err != nil:
					report(name, "cannot be read: %v; check its permissions", reason(err))
				case len(data) > maxArticle:
					report(name, "is larger than 1 MiB; split it into several articles")
				default:
					files = append(files, file{name, data})
				}
			}
		}
	}
	var above []fs.FileInfo
	if root, err := fs.Stat(fsys, "."); err == nil {
		above = append(above, root)
	}
	walk(".", above)
	if len(files) == 0 && len(problems) == 0 {
		report(".", "no article here; add Markdown files with front matter")
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return files, folders, problems
}

// read returns the bytes of a file, at most one more than an article may have.
func read(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxArticle+1))
}

// reason is err without the path, which the message names already.
func reason(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// build parses the files on all cores, then checks what no file can tell alone.
func build(files []file, problems Problems, rules Rules) ([]*Article, error) {
	drafts := make([]draft, len(files))
	var next atomic.Int64
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(files)); i = next.Add(1) - 1 {
				drafts[i] = parse(files[i], &rules)
			}
		})
	}
	group.Wait()

	type key struct {
		lang Lang
		id   ArticleID
	}
	first := make(map[key]string, len(drafts))
	var articles []*Article
	for i := range drafts {
		d := &drafts[i]
		if k := (key{d.article.Lang, d.article.ID}); k.lang != "" && k.id != "" {
			if other, taken := first[k]; taken {
				d.report(d.idLine, "id %q is already that of %s in %s; give one of the two another id", k.id, other, k.lang)
			} else {
				first[k] = d.article.File
			}
		}
		if problems = append(problems, d.problems...); len(d.problems) == 0 {
			articles = append(articles, &d.article)
		}
	}
	if len(problems) > 0 {
		problems.sort()
		return articles, problems
	}
	return articles, nil
}

// A draft is an article that is being read, and what is wrong with it.
type draft struct {
	article  Article
	idLine   int
	problems Problems
	rules    *Rules
}

func (d *draft) report(line int, format string, args ...any) {
	d.reportAt(line, 0, format, args...)
}

func (d *draft) reportAt(line, column int, format string, args ...any) {
	d.problems = append(d.problems, Problem{d.article.File, line, column, fmt.Sprintf(format, args...)})
}

// parse reads one file and finds all that is wrong with it. The article may be
// used if there are no problems.
func parse(f file, rules *Rules) draft {
	d := draft{article: Article{File: f.path}, rules: rules}
	data := f.data
	if !utf8.Valid(data) {
		line := 1
		for rest := data; ; {
			r, size := utf8.DecodeRune(rest)
			if r == utf8.RuneError && size == 1 {
				break
			}
			if r == '\n' {
				line++
			}
			rest = rest[size:]
		}
		d.report(line, "is not UTF-8; save the file as UTF-8")
		data = bytes.ToValidUTF8(data, []byte("\uFFFD"))
	}
	data = bytes.TrimPrefix(data, []byte("\uFEFF")) // byte order mark
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	front, body, line := d.cut(data)
	d.front(front)
	if deep := nested.FindIndex(body); deep != nil {
		d.report(line+bytes.Count(body[:deep[0]], []byte("\n")), "nests more than %d quotes or lists in one line; write it flat", maxNested)
	} else if d.body(body, line); len(d.article.Sections) == 0 && line > 0 {
		d.report(line, "has no text under its front matter; write the article there")
	}
	return d
}

// body takes over what stands under the front matter; its first line is given.
func (d *draft) body(source []byte, line int) {
	o := outlined(source)
	d.article.Sections, d.article.Bare = o.sections, o.empty
	for i := range d.article.Bare {
		d.article.Bare[i].Line += line - 1
	}
	base, err := url.Parse(d.article.URL)
	if err != nil {
		return // it has been reported
	}
	for _, link := range o.links {
		to, err := base.Parse(strings.TrimSpace(link.URL))
		if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Hostname() == "" {
			continue // mailto, tel and the like
		}
		if link.Line > 0 {
			link.Line += line - 1
		}
		d.article.Links = append(d.article.Links, Link{to.String(), link.Line})
	}
}

// cut divides a page into front matter and body, and says on which line the
// body starts; 0 if it cannot tell.
func (d *draft) cut(data []byte) (front, body []byte, line int) {
	rest := data
	for line = 1; len(rest) > 0; line++ {
		text, after, _ := bytes.Cut(rest, []byte("\n"))
		marker := string(bytes.TrimRight(text, " \t")) == "---"
		switch {
		case line == 1 && !marker:
			d.report(1, "has no front matter; begin the file with ---, the keys title, url, id, lang, audience and topic, and --- again")
			return nil, data, 1
		case line == 1:
			data = after
		case marker:
			front = data[:len(data)-len(rest)]
			if len(front) > maxFront {
				d.report(1, "front matter is larger than 16 KiB; keep only the keys there")
				return nil, after, line + 1
			}
			return front, after, line + 1
		}
		rest = after
	}
	d.report(1, "front matter does not end; add a line --- after its last key")
	return nil, nil, 0
}

// front reads the front matter; nil if there is none to read.
func (d *draft) front(source []byte) {
	if source == nil {
		return
	}
	node, err := parser.ParseBytes(source, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		line, column, message := 1, 0, err.Error()
		if e := yaml.Error(nil); errors.As(err, &e) {
			message = e.GetMessage()
			if token := e.GetToken(); token != nil {
				line, column = token.Position.Line+1, token.Position.Column
			}
		}
		d.reportAt(line, column, "front matter is not YAML: %s; mend this line, or put its value in quotes", message)
		return
	}
	if len(node.Docs) != 1 {
		d.report(1, "front matter is %d YAML documents; keep one", len(node.Docs))
		return
	}
	values, ok := node.Docs[0].Body.(*ast.MappingNode)
	if !ok {
		values = &ast.MappingNode{}
		if node.Docs[0].Body != nil {
			d.report(2, "front matter is not a list of keys; write lines such as title: How do I get a refund?")
			return
		}
	}
	seen := map[string]int{}
	for _, entry := range values.Values {
		at := entry.Key.GetToken().Position
		key := entry.Key.GetToken().Value
		line := at.Line + 1 // after the first ---
		switch first, twice := seen[key]; {
		case !slices.Contains(keys, key):
			d.reportAt(line, at.Column, "unknown key %q; %s", key, didYouMean(key, keys))
		case twice:
			d.reportAt(line, at.Column, "key %q is already on line %d; remove one of the two", key, first)
		default:
			seen[key] = line
			d.set(key, line, entry.Value)
		}
	}
	for _, r := range required {
		if seen[r.key] == 0 {
			d.report(1, "key %q is missing; add a line such as %s", r.key, r.example)
		}
	}
}

// set takes over one key of the front matter.
func (d *draft) set(key string, line int, node ast.Node) {
	a := &d.article
	list, many := node.(*ast.SequenceNode)
	if key == "audience" || key == "questions" {
		nodes := []ast.Node{node}
		if many {
			nodes = list.Values
		}
		var values []string
		for _, n := range nodes {
			if value, ok := d.scalar(key, n); ok && !slices.Contains(values, value) {
				values = append(values, value)
				if key == "audience" {
					d.known(line, key, value, d.audiences())
				}
			}
		}
		if key == "audience" {
			a.Audiences = values
		} else {
			a.Questions = values
		}
		if key == "audience" && many && len(nodes) == 0 {
			d.report(line, "audience is an empty list; name at least one")
		}
		return
	}
	value, ok := d.scalar(key, node)
	if !ok {
		return
	}
	switch key {
	case "title":
		a.Title = value
	case "url":
		a.URL = value
		d.checkURL(line)
	case "id":
		a.ID, d.idLine = ArticleID(value), line
	case "lang":
		a.Lang = Lang(value)
		languages := make([]string, len(d.rules.Languages))
		for i, lang := range d.rules.Languages {
			languages[i] = string(lang)
		}
		d.known(line, "language", value, languages)
	case "topic":
		a.Topic = value
		d.known(line, key, value, d.rules.Topics)
	case "status":
		if value == isDraft {
			d.report(line, "is a draft; write the article, and remove this line when it is done")
		} else {
			d.report(line, "status %q is none; only a draft has one, so remove the line", value)
		}
	case "updated":
		if value == "unknown" {
			return
		}
		date, err := time.Parse(time.DateOnly, value)
		if err != nil {
			d.report(line, "updated %q is not a date; write it as 2026-01-31, or unknown", value)
		}
		a.Updated = date
	}
}

// scalar is the text of a value as it was written, on one line. It reports a
// value that is missing, a list or a map.
func (d *draft) scalar(key string, node ast.Node) (string, bool) {
	at := node.GetToken().Position
	var value string
	switch node := node.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		value = node.GetToken().Value
	case *ast.LiteralNode:
		value = node.Value.Value
	case *ast.NullNode:
	default:
		d.reportAt(at.Line+1, at.Column, "%s is not plain text; write one value, in quotes if need be", key)
		return "", false
	}
	value = strings.Join(strings.Fields(value), " ")
	if value == "" {
		d.reportAt(at.Line+1, at.Column, "%s is empty; give it a value or remove the line", key)
	}
	return value, value != ""
}

func (d *draft) audiences() []string {
	names := make([]string, len(d.rules.Audiences))
	for i, a := range d.rules.Audiences {
		names[i] = a.Name
	}
	return names
}

// known reports a value that is not among the choices; no choices allow any.
func (d *draft) known(line int, what, value string, choices []string) {
	if len(choices) > 0 && !slices.Contains(choices, value) {
		d.report(line, "unknown %s %q; %s", what, value, didYouMean(value, choices))
	}
}

func (d *draft) checkURL(line int) {
	const mend = "write the full address, such as https://help.example.com/refund"
	address := d.article.URL
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		d.report(line, "url %q is not an http or https address; %s", address, mend)
	case strings.ContainsAny(address, " \"<>|"):
		// Chat platforms end a link at these.
		d.report(line, "url %q holds a space or one of \"<>|; write them as %%20, %%22, %%3C, %%3E and %%7C", address)
	}
}
