package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/text"
)

// A golden conversation is a question with its known answer, and those that go
// on from it. It stands in a plain text file that a support lead edits:
// docs/knowledge.md describes it.
type golden struct {
	Lang     string // of the person; empty if it is not said
	Audience string // likewise
	Turns    []turn // at least one
}

// A turn is one question of a conversation, with what should answer it.
type turn struct {
	Line     int // from 1
	Text     string
	Expected []string // ids, addresses or titles, as they were written; empty: nothing
}

// String writes the conversation as a file has it, a line for each turn.
func (g golden) String() string {
	var b strings.Builder
	for i, t := range g.Turns {
		if i > 0 {
			b.WriteString("  > ")
		}
		b.WriteString(g.line(i) + " -> " + t.expectation() + "\n")
	}
	return b.String()
}

// line writes the i-th question without what is expected.
func (g golden) line(i int) string {
	question := inText.Replace(g.Turns[i].Text)
	if strings.IndexAny(question, atStart) == 0 {
		question = `\` + question
	}
	if i > 0 {
		return question
	}
	switch {
	case g.Lang != "" && g.Audience != "":
		return "[" + g.Lang + " as " + g.Audience + "] " + question
	case g.Lang != "":
		return "[" + g.Lang + "] " + question
	case g.Audience != "":
		return "[as " + g.Audience + "] " + question
	}
	return question
}

func (t turn) expectation() string {
	if len(t.Expected) == 0 {
		return nothing
	}
	words := make([]string, len(t.Expected))
	for i, word := range t.Expected {
		words[i] = word
		if strings.ContainsFunc(word, unicode.IsSpace) || strings.IndexAny(word, `"“#`) == 0 ||
			strings.EqualFold(word, nothing) || strings.EqualFold(word, either) {
			words[i] = `"` + inQuotes.Replace(word) + `"`
		}
	}
	return strings.Join(words, " "+either+" ")
}

// The words and signs of the file. In front of a sign that means something, a
// backslash makes it part of the question.
const (
	nothing = "none"
	either  = "or"
	as      = "as"
	atStart = `#[>\`
)

var (
	inText    = strings.NewReplacer("->", `\->`, "→", `\→`)
	outOfText = strings.NewReplacer(`\->`, "->", `\→`, "→")
	inQuotes  = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
)

// parseGolden reads a file of golden questions. It returns what it could read
// beside the problems of all other lines; the questions that go on from one
// that could not be read are left out.
func parseGolden(name, file string) ([]golden, knowledge.Problems) {
	var list []golden
	var problems knowledge.Problems
	sound, number := false, 0 // whether there is a question to go on from
	for line := range strings.Lines(strings.TrimPrefix(file, "\uFEFF")) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		line, follows := strings.CutPrefix(line, ">")
		g, err := parseGoldenLine(line, follows)
		if err == nil && follows && len(list) == 0 && len(problems) == 0 {
			err = errors.New("there is no question above to go on from; begin the line without >")
		}
		if err != nil {
			problems = append(problems, knowledge.Problem{File: name, Line: number, Message: err.Error()})
			sound = sound && follows
			continue
		}
		g.Turns[0].Line = number
		switch {
		case !follows:
			list, sound = append(list, g), true
		case sound:
			last := &list[len(list)-1]
			last.Turns = append(last.Turns, g.Turns[0])
		}
	}
	if len(list) == 0 && len(problems) == 0 {
		problems = append(problems, knowledge.Problem{File: name, Message: "has no questions; write one a line: question -> article"})
	}
	return list, problems
}

// parseGoldenLine reads one question as a conversation of its own.
func parseGoldenLine(line string, follows bool) (golden, error) {
	var g golden
	if !utf8.ValidString(line) {
		return g, errors.New("is not UTF-8 text; save the file as UTF-8")
	}
	question, answer, found := cutArrow(line)
	if !found {
		return g, errors.New("has no arrow; write: question -> article, or: question -> none")
	}
	question = strings.TrimSpace(question)
	if strings.HasPrefix(question, "[") {
		const mend = `; a question that begins with [ is written \[`
		hints, rest, closed := strings.Cut(question[1:], "]")
		question = strings.TrimSpace(rest)
		var err error
		switch {
		case follows:
			return g, errors.New("brackets stand in front of the question that this one goes on from, and hold for both" + mend)
		case !closed:
			return g, errors.New("the bracket is not closed; write [es], [as buyer] or [es as buyer] in front of the question" + mend)
		case strings.HasPrefix(question, "["):
			return g, errors.New("two pairs of brackets; write both hints in one, such as [es as buyer]" + mend)
		}
		if g.Lang, g.Audience, err = parseHints(hints); err != nil {
			return g, errors.New(err.Error() + mend)
		}
	}
	if len(question) > 1 && question[0] == '\\' && strings.IndexByte(atStart, question[1]) >= 0 {
		question = question[1:]
	}
	if question == "" {
		return g, errors.New("has no question before the arrow; write one, or remove the line")
	}
	expected, err := parseExpected(answer)
	g.Turns = []turn{{Text: outOfText.Replace(question), Expected: expected}}
	return g, err
}

// cutArrow cuts a line around the first arrow without a backslash in front.
func cutArrow(line string) (before, after string, found bool) {
	for i := range line {
		for _, arrow := range []string{"->", "→"} {
			if strings.HasPrefix(line[i:], arrow) && (i == 0 || line[i-1] != '\\') {
				return line[:i], line[i+len(arrow):], true
			}
		}
	}
	return line, "", false
}

// parseHints reads what stands in brackets: a language, "as" and an audience,
// or both.
func parseHints(s string) (lang, audience string, err error) {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	for i := 0; i < len(words); i++ {
		isAs := strings.EqualFold(words[i], as)
		switch {
		case isAs && i+1 < len(words) && audience == "":
			i++
			audience = words[i]
		case !isAs && lang == "":
			lang = words[i]
		default:
			return "", "", fmt.Errorf("[%s] is no hint; write a language as [es], an audience as [as buyer], both as [es as buyer]", s)
		}
	}
	if len(words) == 0 {
		return "", "", errors.New("the brackets are empty; remove them, or write [es], [as buyer] or [es as buyer]")
	}
	return lang, audience, nil
}

// parseExpected reads what stands after the arrow.
func parseExpected(s string) ([]string, error) {
	var list []string
	none, wanted, last := false, true, ""
	for {
		word, quoted, rest, err := nextExpected(s)
		if err != nil {
			return nil, err
		}
		isOr := !quoted && strings.EqualFold(word, either)
		switch {
		case word == "" && last == "":
			return nil, errors.New("has nothing after the arrow; name an article, or write none")
		case word == "" && wanted:
			return nil, errors.New("ends with or; name another article, or remove it")
		case word == "" && none && len(list) > 0:
			return nil, errors.New("none stands alone; name the articles, or write none if nothing should answer")
		case word == "":
			return list, nil
		case isOr && wanted:
			return nil, errors.New("no article stands in front of or; name one, or remove it")
		case !isOr && !wanted:
			return nil, fmt.Errorf("%q follows %q; put or between articles, quotes around a title, and # in front of a comment", word, last)
		case isOr:
			wanted = true
		case !quoted && strings.EqualFold(word, nothing):
			none, wanted = true, false
		default:
			list, wanted = append(list, word), false
		}
		s, last = rest, word
	}
}

// nextExpected reads a word, or a title in quotes, typed or curly. The word is
// empty at the end and before a comment.
func nextExpected(s string) (word string, quoted bool, rest string, err error) {
	s = strings.TrimSpace(s)
	if s == "" || s[0] == '#' {
		return "", false, "", nil
	}
	closing := ""
	switch {
	case strings.HasPrefix(s, `"`):
		closing = `"`
	case strings.HasPrefix(s, "“"):
		closing = "”"
	default:
		if end := strings.IndexFunc(s, unicode.IsSpace); end >= 0 {
			return s[:end], false, s[end:], nil
		}
		return s, false, "", nil
	}
	_, size := utf8.DecodeRuneInString(s)
	var b strings.Builder
	for rest = s[size:]; !strings.HasPrefix(rest, closing); rest = rest[size:] {
		if strings.HasPrefix(rest, `\\`) || strings.HasPrefix(rest, `\`+closing) {
			rest = rest[1:]
		}
		if rest == "" {
			return "", false, "", fmt.Errorf("the quotes are not closed; write %s after the title", closing)
		}
		_, size = utf8.DecodeRuneInString(rest)
		b.WriteString(rest[:size])
	}
	if word = strings.TrimSpace(b.String()); word == "" {
		return "", false, "", errors.New("the quotes hold nothing; write a title between them")
	}
	return word, true, rest[len(closing):], nil
}

// A goldenFile is a file of golden questions, ready to be asked.
type goldenFile struct {
	name      string
	questions []goldenQuestion
}

// A goldenQuestion is one turn, ready to be asked.
type goldenQuestion struct {
	line     int
	asked    []string // the questions of the conversation up to this one, as lines
	question knowledge.Question
	expected []knowledge.ArticleID // any of them is right; empty: nothing is
}

// readGolden reads files of golden questions and finds the articles they name.
// It reports every problem of every file at once, as [knowledge.Problems].
func (c *catalogue) readGolden(ctx context.Context, names []string) ([]goldenFile, error) {
	var files []goldenFile
	var problems knowledge.Problems
	for _, name := range names {
		if plain, is := strings.CutSuffix(name, savedSuffix); is {
			problems = append(problems, knowledge.Problem{File: name, Message: "is a saved result; name the questions instead: " + plain})
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			if e := (*fs.PathError)(nil); errors.As(err, &e) {
				err = e.Err // the name stands in front already
			}
			problems = append(problems, knowledge.Problem{File: name, Message: fmt.Sprintf("cannot be read: %v; check its name and permissions", err)})
			continue
		}
		conversations, faults := parseGolden(name, string(data))
		questions, more := c.questions(ctx, name, conversations)
		faults = append(faults, more...)
		slices.SortStableFunc(faults, func(a, b knowledge.Problem) int { return cmp.Compare(a.Line, b.Line) })
		files, problems = append(files, goldenFile{name, questions}), append(problems, faults...)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("the golden questions have problems:\n%w", problems)
	}
	return files, nil
}

// questions makes the conversations of a file ready to be asked.
func (c *catalogue) questions(ctx context.Context, name string, conversations []golden) ([]goldenQuestion, knowledge.Problems) {
	var list []goldenQuestion
	var problems knowledge.Problems
	first := map[string]goldenQuestion{} // of those that were asked in the same words
	for _, g := range conversations {
		report := func(line int, err error) {
			problems = append(problems, knowledge.Problem{File: name, Line: line, Message: err.Error()})
		}
		q := knowledge.Question{Limit: evalDepth}
		if err := c.hint(&q, g); err != nil {
			report(g.Turns[0].Line, err)
			q.Private = c.every // so that the articles are checked all the same
		}
		var asked []string
		for i, t := range g.Turns {
			asked = append(asked, g.line(i))
			q.Text = t.Text
			golden := goldenQuestion{line: t.Line, asked: slices.Clone(asked), question: q}
			q.Before = append(slices.Clip(q.Before), t.Text)
			for _, word := range t.Expected {
				id, err := c.article(ctx, word, golden.question)
				if err != nil {
					report(t.Line, err)
					continue
				}
				golden.expected = append(golden.expected, id)
			}
			if len(golden.expected) < len(t.Expected) {
				continue
			}
			if other, again := first[key(golden.asked)]; !again {
				first[key(golden.asked)] = golden
			} else if !slices.Equal(slices.Sorted(slices.Values(other.expected)), slices.Sorted(slices.Values(golden.expected))) {
				report(t.Line, fmt.Errorf("is asked in line %d, too, and answered otherwise there; keep one of the two", other.line))
			}
			list = append(list, golden)
		}
	}
	return list, problems
}

// key tells questions apart: those in other words, or after other ones.
func key(asked []string) string { return strings.Join(asked, "\n") }

// hint tells q what stands in brackets.
func (c *catalogue) hint(q *knowledge.Question, g golden) error {
	if g.Lang != "" {
		if !slices.ContainsFunc(c.config.Languages, func(tag string) bool { return text.Base(tag) == text.Base(g.Lang) }) {
			return fmt.Errorf(`unknown language %q; use one of %s, write an audience as [as buyer], and a question that begins with [ as \[`,
				g.Lang, strings.Join(c.config.Languages, ", "))
		}
		q.Locale = knowledge.Lang(g.Lang)
	}
	if g.Audience != "" && !askAs(q, g.Audience, c.config) {
		names := make([]string, len(c.config.Audiences))
		for i, a := range c.config.Audiences {
			names[i] = a.Name
		}
		return fmt.Errorf("unknown audience %q; use one of %s", g.Audience, strings.Join(names, ", "))
	}
	return nil
}
