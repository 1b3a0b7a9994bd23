package helpcentre

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxCSV      = 100 << 20 // bytes of a table
	maxMarkdown = 1 << 20   // bytes of a file, as of an article of ours
	maxFolders  = 32        // folders inside folders
)

// A CSV is a [Source] of articles in a table: a row each, the first row naming
// the columns.
type CSV struct {
	File string
	Link string // address of an article without a url: {id} and {lang} stand for its own; empty: none
	rows int
}

// columns are what a table may hold, by the names that a column can have.
var columns = map[string]string{
	"id": "id", "article id": "id", "slug": "id",
	"lang": "lang", "language": "lang", "locale": "lang",
	"title": "title", "name": "title", "url": "url", "link": "url", "html_url": "url",
	"body": "body", "content": "body", "html": "html", "markdown": "markdown", "text": "markdown",
	"updated": "updated", "updated_at": "updated", "updated at": "updated", "last updated": "updated",
	"section": "section", "category": "category", "collection": "category",
	"labels": "labels", "tags": "labels", "audience": "audience", "audiences": "audience", "topic": "topic", "questions": "questions",
}

// Count is how many rows the walk under way has.
func (c *CSV) Count() int { return c.rows }

// Walk visits the rows.
func (c *CSV) Walk(_ context.Context, _ string, visit func(Item) error) error {
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("the table cannot be read: %w", fileReason(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxCSV+1))
	if err != nil {
		return fmt.Errorf("the table cannot be read: %w", fileReason(err))
	}
	if len(data) > maxCSV {
		return fmt.Errorf("the table is larger than %s; divide it", size(maxCSV))
	}
	items, err := parseCSV(data, path.Base(c.File), c.Link)
	c.rows = len(items)
	for _, item := range items {
		if err := visit(item); err != nil {
			return err
		}
	}
	return err
}

// fileReason is an error without the path.
func fileReason(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// parseCSV reads a table. Beside an error stand the rows before it.
func parseCSV(data []byte, name, link string) ([]Item, error) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		text, err := decode(data, "text/csv")
		if err != nil {
			return nil, errors.New("the table is not UTF-8; export it as UTF-8")
		}
		data = []byte(text)
	}
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	if !utf8.Valid(data) {
		return nil, errors.New("the table is not UTF-8; export it as “CSV UTF-8”")
	}
	first, _, _ := bytes.Cut(data, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(data))
	for _, comma := range ";\t" {
		if strings.Count(string(first), string(comma)) > strings.Count(string(first), string(r.Comma)) {
			r.Comma = comma
		}
	}
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if err != nil {
		return nil, errors.New("the table is empty; its first row names the columns: id, lang, title, url, body")
	}
	at := map[string]int{}
	var unknown []string
	for i, cell := range head {
		if column := columns[strings.ToLower(line(cell))]; column == "" {
			unknown = append(unknown, short(line(cell)))
		} else if _, twice := at[column]; !twice {
			at[column] = i
		}
	}
	_, body := at["body"]
	_, html := at["html"]
	_, markdown := at["markdown"]
	if _, titled := at["title"]; !titled || !body && !html && !markdown {
		return nil, fmt.Errorf("the table needs the columns title and body (or html, or markdown); it has %s", cmp.Or(strings.Join(unknown, ", "), "others"))
	}
	var items []Item
	keys := map[string]bool{}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return items, nil
		}
		if err != nil {
			return items, fmt.Errorf("the table cannot be read from here on: %w; mend the quotes there", err)
		}
		n, _ := r.FieldPos(0)
		if !slices.ContainsFunc(row, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
			continue
		}
		get := func(column string) string {
			if i, ok := at[column]; ok && i < len(row) {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		item := rowItem(get, fmt.Sprintf("%s:%d", name, n), link)
		if keys[item.Key] {
			item.Key = item.Name // the same again, or another one by mistake: it is told
		}
		keys[item.Key] = true
		items = append(items, item)
	}
}

// formula is a cell that a spreadsheet was to compute.
var formula = regexp.MustCompile(`^=\s*[-+@A-Za-z(]`)

// rowItem is the article of a row.
func rowItem(get func(string) string, name, link string) Item {
	p := Page{
		ID: line(get("id")), Lang: line(get("lang")), Title: get("title"), URL: line(get("url")), Updated: parseTime(get("updated")),
		Section: line(get("section")), Category: line(get("category")), Topic: line(get("topic")),
		Labels: split(get("labels"), ",|\n"), Audiences: split(get("audience"), ",|\n"), Questions: split(get("questions"), "|\n"),
		HTML: get("html"), Markdown: get("markdown"),
	}
	if body := get("body"); p.HTML == "" && p.Markdown == "" {
		if looksHTML.MatchString(body) {
			p.HTML = body
		} else {
			p.Markdown = body
		}
	}
	if p.URL == "" && link != "" && (p.ID != "" || !strings.Contains(link, "{id}")) {
		p.URL = linkTo(link, p.ID, p.Lang, "")
	}
	if p.ID == "" && p.URL != "" {
		p.ID = idOf(p.URL)
	}
	key := p.ID + "/" + strings.ToLower(p.Lang)
	return Item{Key: key, Name: name, Fetch: func(context.Context, Known) (Page, Known, error) {
		for _, column := range []string{"id", "lang", "title", "url", "topic", "audience"} {
			if value := get(column); formula.MatchString(value) {
				return Page{}, Known{}, fmt.Errorf("its %s is a formula (%s); export values instead of formulas", column, short(value))
			}
		}
		switch {
		case p.URL == "" && p.ID == "":
			return Page{}, Known{}, errors.New("it has neither id nor url; add one of the columns, and for an id say with --link where articles are, such as https://help.example.com/{id}")
		case p.URL == "":
			return Page{}, Known{}, errors.New("it has no url; add the column, or say with --link where articles are, such as https://help.example.com/{id}")
		}
		return p, Known{}, nil
	}}
}

// looksHTML is a text with elements that Markdown has its own marks for.
var looksHTML = regexp.MustCompile(`(?i)<(p|div|h[1-6]|ul|ol|li|br|table|span|strong|em)\b[^>]*>`)

// split divides a cell into its values.
func split(text, by string) (values []string) {
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(by, r) }) {
		if part = line(part); part != "" {
			values = append(values, part)
		}
	}
	return values
}

// linkTo is an address by a template.
func linkTo(template, id, lang, path string) string {
	escape := func(text string) string { return strings.ReplaceAll(url.PathEscape(text), "%2F", "/") }
	return strings.NewReplacer("{id}", escape(id), "{lang}", escape(lang), "{path}", escape(path)).Replace(template)
}

// A Folder is a [Source] of Markdown that was written for something else, such as
// the site of a documentation: other front matter, or none.
type Folder struct {
	Dir   string
	Link  string // address of an article without one: {id}, {lang} and {path} stand for its own
	files int
}

// Count is how many files the walk under way has.
func (f *Folder) Count() int { return f.files }

// Walk visits the files in the order of their names. Links are not followed.
func (f *Folder) Walk(_ context.Context, _ string, visit func(Item) error) error {
	root, err := os.OpenRoot(f.Dir)
	if err != nil {
		return fmt.Errorf("the folder cannot be read: %w", fileReason(err))
	}
	defer root.Close()
	var names []string
	err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch base := path.Base(name); {
		case err != nil:
			return err
		case name != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") && entry.IsDir() || base == "node_modules"):
			if entry.IsDir() {
				return fs.SkipDir
			}
		case entry.IsDir() && strings.Count(name, "/") >= maxFolders:
			return fs.SkipDir
		case entry.Type().IsRegular() && slices.Contains([]string{".md", ".mdx", ".markdown"}, strings.ToLower(path.Ext(name))) && !strings.EqualFold(base, "README.md"):
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("the folder cannot be read: %w", fileReason(err))
	}
	if len(names) == 0 {
		return errors.New("the folder has no Markdown; name another one")
	}
	f.files = len(names)
	for _, name := range names {
		err := visit(Item{Key: name, Fetch: func(context.Context, Known) (Page, Known, error) {
			data, err := readSome(root, name)
			if err != nil {
				return Page{}, Known{}, err
			}
			p, err := foreignPage(name, data, f.Link)
			return p, Known{}, err
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

func readSome(root *os.Root, name string) ([]byte, error) {
	file, err := root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("it cannot be read: %w", fileReason(err))
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxMarkdown+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("it cannot be read: %w", fileReason(err))
	case len(data) > maxMarkdown:
		return nil, fmt.Errorf("it is larger than %s; split it", size(maxMarkdown))
	case !utf8.Valid(data):
		return nil, errors.New("it is not UTF-8; save it as UTF-8")
	}
	return data, nil
}

// foreignPage reads Markdown with the front matter of Hugo, Jekyll, Docusaurus,
// MkDocs and the like: YAML or TOML, of which plain values and lists are read.
func foreignPage(name string, data []byte, link string) (Page, error) {
	text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\uFEFF"), "\r\n", "\n")
	front := map[string][]string{}
	for _, fence := range []string{"---\n", "+++\n"} {
		if rest, ok := strings.CutPrefix(text, fence); ok {
			if head, body, found := strings.Cut("\n"+rest, "\n"+fence); found {
				front, text = looseFront(head), body
			} else if head, ok := strings.CutSuffix(rest, "\n"+fence[:3]); ok {
				front, text = looseFront(head), ""
			}
		}
	}
	get := func(keys ...string) string {
		for _, key := range keys {
			if values := front[key]; len(values) > 0 && values[0] != "" {
				return values[0]
			}
		}
		return ""
	}
	all := func(keys ...string) (list []string) {
		for _, key := range keys {
			list = append(list, front[key]...)
		}
		return list
	}
	if strings.EqualFold(get("draft"), "true") || strings.EqualFold(get("published"), "false") {
		return Page{}, skipped("a draft")
	}
	lang, plain := langOf(name)
	p := Page{
		ID: get("id", "slug"), Lang: cmp.Or(get("lang", "language", "locale"), lang), Title: get("title"),
		URL: get("url", "canonical", "canonical_url", "permalink"), Section: get("section", "category", "categories"),
		Labels: all("tags", "labels", "keywords"), Audiences: all("audience", "audiences"), Topic: get("topic"), Questions: front["questions"],
	}
	p.Updated = parseTime(get("updated", "lastmod", "last_updated", "last_modified_at", "modified", "date"))
	if parent := path.Dir(plain); p.Section == "" && parent != "." {
		p.Section = path.Base(parent)
	}
	p.ID = strings.Trim(cmp.Or(p.ID, plain), "/")
	if at := firstHeading.FindStringSubmatchIndex(text); at != nil {
		if heading := text[at[2]:at[3]]; p.Title == "" || strings.EqualFold(line(heading), line(p.Title)) {
			p.Title = cmp.Or(p.Title, heading)
			text = text[:at[0]] + text[at[1]:]
		}
	}
	p.Title = cmp.Or(p.Title, strings.ReplaceAll(path.Base(plain), "-", " "))
	p.Markdown = text
	if u, err := url.Parse(p.URL); err != nil || u.Host == "" {
		if link == "" {
			return Page{}, errors.New("it has no url; add the key, or say with --link where articles are, such as https://docs.example.com/{path}")
		}
		p.URL = linkTo(link, p.ID, p.Lang, plain)
	}
	return p, nil
}

var firstHeading = regexp.MustCompile(`^\s*#[ \t]+(.+?)[ \t]*#*[ \t]*(?:\{[^}\n]*\})?[ \t]*(?:\n|$)`)

// langOf is the language that a file's name tells, and the name without it and
// its ending.
func langOf(name string) (lang, plain string) {
	plain = strings.TrimSuffix(name, path.Ext(name))
	if ext := path.Ext(plain); languagePart.MatchString(strings.TrimPrefix(ext, ".")) && ext != "" {
		return ext[1:], strings.TrimSuffix(plain, ext)
	}
	parts := strings.Split(plain, "/")
	for i, part := range parts[:len(parts)-1] {
		if languagePart.MatchString(part) {
			return part, strings.Join(append(slices.Clone(parts[:i]), parts[i+1:]...), "/")
		}
	}
	return "", plain
}

var (
	frontKey  = regexp.MustCompile(`^"?([A-Za-z_][A-Za-z0-9_ -]*)"?\s*[:=]\s*(.*)$`)
	frontItem = regexp.MustCompile(`^\s*-\s+(.*)$`)
)

// looseFront reads plain values and lists of front matter, and leaves out the
// rest. Nothing in it can refer to anything, so nothing can grow.
func looseFront(text string) map[string][]string {
	front := map[string][]string{}
	key := ""
	for row := range strings.SplitSeq(text, "\n") {
		if found := frontKey.FindStringSubmatch(row); found != nil {
			key = strings.ToLower(strings.TrimSpace(found[1]))
			value := strings.TrimSpace(found[2])
			if inner, ok := strings.CutPrefix(value, "["); ok {
				inner, _, _ = strings.Cut(inner, "]")
				for _, part := range strings.Split(inner, ",") {
					if part = unquote(part); part != "" {
						front[key] = append(front[key], part)
					}
				}
				continue
			}
			if value = unquote(value); value != "" && !strings.ContainsAny(value[:1], "|>&*!{") {
				front[key] = append(front[key], value)
			}
			continue
		}
		if found := frontItem.FindStringSubmatch(row); found != nil && key != "" {
			if value := unquote(found[1]); value != "" {
				front[key] = append(front[key], value)
			}
		}
	}
	return front
}

// unquote is a value without its quotes, or the comment behind it.
func unquote(value string) string {
	value = strings.TrimSpace(value)
	for _, q := range []string{`"`, `'`} {
		if inner, ok := strings.CutPrefix(value, q); ok {
			if end := strings.LastIndex(inner, q); end >= 0 {
				return line(strings.NewReplacer(`\"`, `"`, `\\`, `\`, `''`, `'`).Replace(inner[:end]))
			}
		}
	}
	value, _, _ = strings.Cut(value, " #")
	return line(value)
}

var (
	mdxLine    = regexp.MustCompile(`^(?:import\s.+\sfrom\s+['"].*|import\s+['"].*|export\s+(?:const|default|function)\b.*|:{3,}.*|\{:.*\}|<!--.*-->)$`)
	shortcodes = regexp.MustCompile(`\{\{[<%].*?[%>]\}\}|\{%.*?%\}`)
	images     = regexp.MustCompile(`!\[[^\]\n]*\](?:\([^)\n]*\)|\[[^\]\n]*\])`)
	links      = regexp.MustCompile(`\[([^\]\n]*)\]\(\s*<?([^)>\s]*)>?[^)\n]*\)`)
	defines    = regexp.MustCompile(`^( {0,3}\[[^\]\n]+\]:\s*)<?([^\s>]*)>?.*$`)
	schemes    = regexp.MustCompile(`(?i)\]\(\s*<?\s*(?:javascript|data|vbscript|file):`)
	fences     = regexp.MustCompile("^(`{3,}|~{3,})(.*)$")
	unseen     = regexp.MustCompile(`(?s)<!--.*?(?:-->|\z)|<\?.*?(?:\?>|\z)|<!\[CDATA\[.*?(?:\]\]>|\z)|<![A-Za-z][^>]*>`)
	tags       = regexp.MustCompile(`<[A-Za-z][A-Za-z0-9-]*[\s/"'][^<>]*>`)
	attributes = regexp.MustCompile(`([A-Za-z_:][A-Za-z0-9_:.-]*)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?`)
	autolinks  = regexp.MustCompile(`(?i)<(?:javascript|data|vbscript|file):[^>\s]*>`)
	runs       = regexp.MustCompile(`(?is)<(script|style|iframe|object|embed|svg|form|video|audio|noscript|template)\b[^>]*>.*?(?:</\s*(?:script|style|iframe|object|embed|svg|form|video|audio|noscript|template)\s*>|\z)|</?(?:script|style|iframe|object|embed|svg|form|video|audio|noscript|template|img|link|meta|base|input|button|source|picture)\b[^>]*(?:>|\z)`)
)

// plainMarkdown is Markdown without what only a site's own program understands,
// and without what runs, loads or leads to anything but web pages. Code stays.
func plainMarkdown(text string, at *url.URL) string {
	text = visible(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text))
	var out, plain strings.Builder
	flush := func() {
		words := runs.ReplaceAllString(unseen.ReplaceAllString(plain.String(), " "), " ")
		out.WriteString(tags.ReplaceAllStringFunc(schemes.ReplaceAllString(words, "]("), func(tag string) string { return plainTag(tag, at) }))
		plain.Reset()
	}
	fence := ""
	for row := range strings.SplitAfterSeq(text, "\n") {
		trimmed := strings.TrimSpace(row)
		found := fences.FindStringSubmatch(trimmed)
		if found != nil && found[1][0] == '`' && strings.Contains(found[2], "`") {
			found = nil // code within a line
		}
		switch {
		case fence != "":
			out.WriteString(row)
			// It ends at as many marks of the same kind, or more.
			if found != nil && found[2] == "" && strings.HasPrefix(found[1], fence) {
				fence = ""
			}
			continue
		case found != nil:
			flush()
			fence = found[1]
			out.WriteString(row)
			continue
		case mdxLine.MatchString(trimmed):
			continue
		}
		row = images.ReplaceAllString(shortcodes.ReplaceAllString(row, ""), "")
		row = links.ReplaceAllStringFunc(row, func(link string) string {
			found := links.FindStringSubmatch(link)
			if to := webLink(found[2], at); to != "" {
				return "[" + found[1] + "](" + to + ")"
			}
			return found[1]
		})
		if found := defines.FindStringSubmatch(strings.TrimRight(row, "\n")); found != nil {
			to := webLink(found[2], at)
			if to == "" {
				continue
			}
			row = found[1] + to + "\n"
		}
		plain.WriteString(autolinks.ReplaceAllString(row, ""))
	}
	flush()
	return strings.TrimSpace(out.String())
}

// plainTag is an element of HTML in Markdown with the attributes that say how it
// reads; whatever runs, loads or paints goes.
func plainTag(tag string, at *url.URL) string {
	name := tag[1 : 1+strings.IndexFunc(tag[1:], func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' })]
	out := "<" + name
	for _, a := range attributes.FindAllStringSubmatch(tag[1+len(name):], -1) {
		value := html.UnescapeString(strings.Trim(a[2], `"'`))
		switch key := strings.ToLower(a[1]); {
		case key == "href":
			if to := webLink(value, at); to != "" {
				out += ` href="` + html.EscapeString(to) + `"`
			}
		case slices.Contains([]string{"id", "name", "colspan", "rowspan", "start"}, key):
			out += " " + key + `="` + html.EscapeString(value) + `"`
		}
	}
	return out + ">"
}

// webLink is where a link leads, if that is a web page or a mailbox.
func webLink(to string, at *url.URL) string {
	u, err := at.Parse(strings.TrimSpace(to))
	if err != nil || u.User != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" {
		return ""
	}
	return strings.NewReplacer("(", "%28", ")", "%29").Replace(u.String())
}
