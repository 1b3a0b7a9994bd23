package knowledge

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// A Page is an article as it stands in a file: what front matter says of it, and
// its text as Markdown. [Load] reads files into articles; a Page is for whoever
// writes them.
type Page struct {
	Title     string
	URL       string // absolute, http or https
	ID        ArticleID
	Lang      Lang
	Audiences []string // at least one; the first is the main one
	Topic     string
	Questions []string  // may be empty
	Updated   time.Time // a day, UTC; zero if unknown
	Body      string    // Markdown, without blank lines around it
}

// PageKeys are the keys that Marshal writes, in its order, and "body" for what
// stands under them: what [EditPage] can change.
var PageKeys = []string{"title", "url", "id", "lang", "audience", "topic", "questions", "updated", "body"}

// Marshal is the file of a page: UTF-8, the same for the same page. Whatever its
// values hold stays a value: runs of white space become one space, and control
// characters go. A page with all that [Load] wants is read back as it was.
func (p Page) Marshal() []byte {
	var b bytes.Buffer
	b.WriteString("---\n")
	for _, key := range PageKeys {
		if key != "body" {
			b.WriteString(p.lines(key))
		}
	}
	b.WriteString("---\n\n")
	b.WriteString(p.body())
	return b.Bytes()
}

// isDraft is the status of a page that is not an article yet.
const isDraft = "draft"

// Draft is the file of a page that somebody has to finish. [Load] says so, and
// what else is missing, and does not take it for an article.
func (p Page) Draft() []byte {
	first, rest, _ := bytes.Cut(p.Marshal(), []byte("\n"))
	return slices.Concat(first, []byte("\nstatus: "+isDraft+"\n"), rest)
}

// Check says what [Load] would find wrong with the file of a page: [Problems]
// with no file's name.
func (p Page) Check(rules Rules) error {
	data := p.Marshal()
	if len(data) > maxArticle {
		return Problems{{Message: "is larger than 1 MiB; split it into several articles"}}
	}
	if d := parse(file{data: data}, &rules); len(d.problems) > 0 {
		return d.problems
	}
	return nil
}

// lines are those of one key of front matter; none for no questions.
func (p Page) lines(key string) string {
	list := func(values []string, quote func(string) string) []string {
		var quoted []string
		for _, v := range values {
			if q := quote(v); !slices.Contains(quoted, q) {
				quoted = append(quoted, q)
			}
		}
		return quoted
	}
	value := ""
	switch key {
	case "title":
		value = quoted(p.Title)
	case "url":
		value = plain(p.URL)
	case "id":
		value = quoted(string(p.ID))
	case "lang":
		value = plain(string(p.Lang))
	case "audience":
		names := list(p.Audiences, plain)
		if value = "[" + strings.Join(names, ", ") + "]"; len(names) == 1 {
			value = names[0]
		}
	case "topic":
		value = plain(p.Topic)
	case "questions":
		if len(p.Questions) == 0 {
			return ""
		}
		return "questions:\n  - " + strings.Join(list(p.Questions, quoted), "\n  - ") + "\n"
	case "updated":
		if value = p.Updated.UTC().Format(time.DateOnly); p.Updated.IsZero() {
			value = "unknown"
		}
	}
	return key + ": " + value + "\n"
}

func (p Page) body() string {
	return tidy(p.Body) + "\n"
}

// tidy is a body with one kind of line end and no blank lines around it.
func tidy(body string) string {
	body = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\uFFFD").Replace(strings.ToValidUTF8(body, "\uFFFD"))
	for {
		first, rest, more := strings.Cut(body, "\n")
		if strings.TrimSpace(first) != "" || !more {
			break
		}
		body = rest
	}
	return strings.TrimRightFunc(body, unicode.IsSpace)
}

// simple is what YAML takes for a text without quotes, whatever stands around it.
var simple = regexp.MustCompile(`^(?:https?://[A-Za-z0-9/._~%?=&+@:-]*[A-Za-z0-9/_=-]|[A-Za-z][A-Za-z0-9-]*)$`)

// reserved are words that YAML, or an older one, takes for something else.
var reserved = set("true false null yes no on off y n nan inf")

// plain is a value without quotes, if that can be.
func plain(value string) string {
	if value = clean(value); simple.MatchString(value) && !reserved[strings.ToLower(value)] {
		return value
	}
	return quoted(value)
}

// quoted is a value in double quotes.
func quoted(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(clean(value)) + `"`
}

// clean is a value on one line, as [Load] reads it.
func clean(value string) string {
	value = strings.ToValidUTF8(value, "\uFFFD")
	value = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) || r == '\uFEFF' {
			return -1
		}
		return r
	}, value)
	return strings.Join(strings.Fields(value), " ")
}

// ReadPage reads the file of an article. Beside [Problems], which name the file
// as given, stands what could be read.
func ReadPage(name string, data []byte) (Page, error) {
	if len(data) > maxArticle {
		return Page{}, Problems{{File: name, Message: "is larger than 1 MiB; split it into several articles"}}
	}
	d := parse(file{name, data}, &Rules{})
	a := d.article
	p := Page{Title: a.Title, URL: a.URL, ID: a.ID, Lang: a.Lang, Audiences: a.Audiences, Topic: a.Topic, Questions: a.Questions, Updated: a.Updated}
	_, body, _ := (&draft{}).cut(unify(data))
	if p.Body = tidy(string(body)); len(d.problems) > 0 {
		return p, d.problems
	}
	return p, nil
}

// unify is a file as it is read: without a byte order mark, lines ending alike.
func unify(data []byte) []byte {
	return bytes.ReplaceAll(bytes.TrimPrefix(data, []byte("\uFEFF")), []byte("\r\n"), []byte("\n"))
}

// EditPage changes some of [PageKeys] in the file of an article to those of p.
// All else stays as somebody wrote it: other keys and their order, comments
// between them, line ends. A key that is not there is added where Marshal would
// have it; questions of none go. The file must be one that [ReadPage] reads, and p
// a page that [Page.Check] finds nothing wrong with.
func EditPage(data []byte, p Page, keys ...string) ([]byte, error) {
	was, err := ReadPage("", data)
	if err != nil {
		return nil, err
	}
	mark, dos := bytes.HasPrefix(data, []byte("\uFEFF")), bytes.Contains(data, []byte("\r\n"))
	front, body, _ := (&draft{}).cut(unify(data))
	lines, ok := keyLines(front)
	if !ok {
		return was.with(p, keys).Marshal(), nil // as a whole on one line: there is nothing to keep
	}
	text := strings.SplitAfter(strings.TrimSuffix(string(front), "\n"), "\n")
	if len(text) > 0 {
		text[len(text)-1] += "\n"
	}
	for i, key := range PageKeys {
		if !slices.Contains(keys, key) || key == "body" {
			continue
		}
		now := p.lines(key)
		at, there := lines[key]
		switch {
		case there:
			text[at.from] = now
			for k := at.from + 1; k < at.to; k++ {
				text[k] = ""
			}
		default:
			after := 0 // the line behind the nearest key that comes before it
			for _, before := range slices.Backward(PageKeys[:i]) {
				if span, there := lines[before]; there {
					after = span.to
					break
				}
			}
			if after == 0 {
				text[0] = now + text[0]
			} else {
				text[after-1] += now
			}
		}
	}
	end := string(body)
	if slices.Contains(keys, "body") {
		end = "\n" + p.body()
	}
	out := "---\n" + strings.Join(text, "") + "---\n" + end
	if dos {
		out = strings.ReplaceAll(out, "\n", "\r\n")
	}
	if mark {
		out = "\uFEFF" + out
	}
	if now, err := ReadPage("", []byte(out)); err != nil || !bytes.Equal(now.Marshal(), was.with(p, keys).Marshal()) {
		return was.with(p, keys).Marshal(), nil // written so that its lines cannot be told apart
	}
	return []byte(out), nil
}

// with is a page with some keys of another.
func (p Page) with(other Page, keys []string) Page {
	for _, key := range keys {
		switch key {
		case "title":
			p.Title = other.Title
		case "url":
			p.URL = other.URL
		case "id":
			p.ID = other.ID
		case "lang":
			p.Lang = other.Lang
		case "audience":
			p.Audiences = other.Audiences
		case "topic":
			p.Topic = other.Topic
		case "questions":
			p.Questions = other.Questions
		case "updated":
			p.Updated = other.Updated
		case "body":
			p.Body = other.Body
		default:
			panic(fmt.Sprintf("knowledge: a page has no key %q", key))
		}
	}
	return p
}

// A span is some lines, from 0, without the last one.
type span struct{ from, to int }

// keyLines tells which lines of front matter are those of each key, without the
// blank lines and comments that stand before the next. It is false if keys share
// lines.
func keyLines(front []byte) (map[string]span, bool) {
	node, err := parser.ParseBytes(front, 0)
	if err != nil || len(node.Docs) != 1 {
		return nil, false
	}
	values, ok := node.Docs[0].Body.(*ast.MappingNode)
	if !ok || values.IsFlowStyle {
		return nil, false
	}
	text := strings.Split(strings.TrimSuffix(string(front), "\n"), "\n")
	spans := map[string]span{}
	for i, entry := range values.Values {
		token := entry.Key.GetToken()
		from, to := token.Position.Line-1, len(text)
		if i+1 < len(values.Values) {
			to = values.Values[i+1].Key.GetToken().Position.Line - 1
		}
		if token.Position.Column != 1 || from >= to || to > len(text) {
			return nil, false
		}
		for to > from+1 {
			if last := strings.TrimSpace(text[to-1]); last != "" && !strings.HasPrefix(last, "#") {
				break
			}
			to--
		}
		spans[token.Value] = span{from, to}
	}
	return spans, true
}
