package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/knowledge"
)

type testCommand struct {
	JSON      bool     `help:"Print JSON." name:"json"`
	Knowledge string   `help:"Folder of articles, instead of the configured one." placeholder:"DIR"`
	Save      bool     `help:"Accept what is found now, and compare with it from now on."`
	Strict    bool     `help:"Fail if any question is not answered right, not just if one no longer is."`
	Files     []string `arg:"" name:"file" help:"Golden questions, one a line: question -> article, or none."`
}

// savedSuffix is what the name of a saved result has more than that of its
// questions.
const savedSuffix = ".result"

// A finding is what was found for a golden question.
type finding struct {
	Right   bool                `json:"right"`
	Level   knowledge.Level     `json:"level"`
	Article knowledge.ArticleID `json:"article,omitempty"` // the first; empty at level none, which shows nothing
	Title   string              `json:"title,omitempty"`
	Place   int                 `json:"place,omitempty"` // of the best one expected, from 1; 0: not among evalDepth
}

// A saved finding is a line of a saved result. Lines stand in the order of the
// questions, so that a diff shows what changed and nothing else.
type saved struct {
	Asked []string `json:"asked"` // the question, and those before it that it goes on from
	finding
}

// A change is what became of a question since the result was saved.
type change string

const (
	unsaved   change = "new"
	lost      change = "lost"    // it was answered right
	gained    change = "gained"  // it was not
	changed   change = "changed" // right or not as before, by another article or at another level
	unchanged change = "same"
)

// A replayed question is one that was asked again.
type replayed struct {
	File     string                `json:"file"`
	Line     int                   `json:"line"`
	Asked    []string              `json:"asked"`
	Expected []knowledge.ArticleID `json:"expected"` // empty: nothing
	Change   change                `json:"change"`
	Now      finding               `json:"now"`
	Before   *finding              `json:"before,omitempty"`
}

// A replay is what test prints.
type replay struct {
	Right     int            `json:"right"`
	Wrong     int            `json:"wrong"`
	Changes   map[change]int `json:"changes"`
	Gone      int            `json:"gone"` // saved, and not asked any more
	Questions []replayed     `json:"questions"`
}

// Run asks the golden questions again and compares the answers with the saved
// results.
func (o *testCommand) Run(ctx context.Context, c *cli, s streams) error {
	list, cfg, err := openArticles(c, o.Knowledge)
	if err != nil {
		return err
	}
	server := consult(ctx, cfg, list, s.err)
	defer hangUp(server)
	articles := newCatalogue(list, cfg, server)
	files, err := articles.readGolden(ctx, o.Files)
	if err != nil {
		return err
	}
	results := make([]map[string]finding, len(files))
	var problems []error
	for i, f := range files {
		if results[i], err = readSaved(f.name + savedSuffix); err != nil && !o.Save {
			problems = append(problems, err)
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("the saved results have problems:\n%w", errors.Join(problems...))
	}

	r := replay{Changes: map[change]int{unsaved: 0, lost: 0, gained: 0, changed: 0, unchanged: 0}, Questions: []replayed{}}
	for i, f := range files {
		if err := r.ask(ctx, articles, f, results[i]); err != nil {
			return err
		}
	}
	if o.Save {
		for _, f := range files {
			if err := writeLines(f.name+savedSuffix, r.saved(f.name)); err != nil {
				return err
			}
		}
	}
	if o.JSON {
		encoder := json.NewEncoder(s.out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(r)
	} else {
		err = r.print(s.out, articles, o.Save, o.Strict)
	}
	switch {
	case err != nil:
		return err
	case o.Strict && r.Wrong > 0:
		return fmt.Errorf("%s not answered right", plural(r.Wrong, "question is", "questions are"))
	case !o.Save && r.Changes[lost] > 0:
		return fmt.Errorf("%s not answered right any more", plural(r.Changes[lost], "question is", "questions are"))
	}
	return nil
}

// ask asks the questions of a file and compares with its saved result.
func (r *replay) ask(ctx context.Context, articles *catalogue, f goldenFile, before map[string]finding) error {
	asked := map[string]bool{}
	for _, q := range f.questions {
		ans, err := articles.library.Find(ctx, q.question)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", f.name, q.line, err)
		}
		one := replayed{
			File: f.name, Line: q.line, Asked: q.asked, Expected: append([]knowledge.ArticleID{}, q.expected...),
			Change: unsaved, Now: q.judge(ans),
		}
		if old, ok := before[key(q.asked)]; ok {
			one.Before, one.Change = &old, since(old, one.Now)
		}
		asked[key(q.asked)] = true
		r.Right += count(one.Now.Right)
		r.Wrong += count(!one.Now.Right)
		r.Changes[one.Change]++
		r.Questions = append(r.Questions, one)
	}
	for question := range before {
		r.Gone += count(!asked[question])
	}
	return nil
}

// judge compares an answer with what is expected: an expected article first, or
// nothing at all.
func (q goldenQuestion) judge(ans knowledge.Answer) finding {
	f := finding{Level: ans.Level, Right: len(q.expected) == 0 && ans.Level == knowledge.None}
	for i, m := range ans.Matches {
		if slices.Contains(q.expected, m.Article.ID) {
			f.Place = i + 1
			break
		}
	}
	if ans.Level != knowledge.None {
		f.Article, f.Title = ans.Matches[0].Article.ID, ans.Matches[0].Article.Title
		f.Right = f.Place == 1
	}
	return f
}

// since tells what became of a question. If the answer is the same and only
// whether it is right is not, someone expects something else now: then it is as
// good as new.
func since(before, now finding) change {
	switch same := before.Article == now.Article && before.Level == now.Level; {
	case same && before.Right != now.Right:
		return unsaved
	case before.Right && !now.Right:
		return lost
	case !before.Right && now.Right:
		return gained
	case same:
		return unchanged
	}
	return changed
}

// saved is the result of a file as it is kept.
func (r *replay) saved(name string) []saved {
	var lines []saved
	asked := map[string]bool{}
	for _, q := range r.Questions {
		if q.File == name && !asked[key(q.Asked)] {
			asked[key(q.Asked)] = true
			lines = append(lines, saved{q.Asked, q.Now})
		}
	}
	return lines
}

// readSaved reads a saved result, or reports every line that is none. A result
// that was never saved is empty.
func readSaved(name string) (map[string]finding, error) {
	data, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	results := map[string]finding{}
	var problems []error
	number := 0
	for line := range bytes.Lines(data) {
		number++
		var s saved
		if err := json.Unmarshal(line, &s); err != nil || len(s.Asked) == 0 {
			problems = append(problems, fmt.Errorf("%s:%d: is no line of a saved result; after a merge, save it anew with --save", name, number))
			continue
		}
		results[key(s.Asked)] = s.finding
	}
	return results, errors.Join(problems...)
}

// print tells a person what changed, and what to do about it.
func (r *replay) print(w io.Writer, articles *catalogue, save, strict bool) error {
	b := bufio.NewWriter(w)
	told := 0
	for _, change := range []change{lost, unsaved, unchanged, changed, gained} {
		for _, q := range r.Questions {
			known := change == unsaved && q.Now.Right || change == unchanged && (q.Now.Right || !strict)
			if q.Change == change && !known {
				q.print(b, articles)
				told++
			}
		}
	}
	if told > 0 {
		fmt.Fprintln(b)
	}
	fmt.Fprintf(b, "%s: %d right, %d wrong.", plural(len(r.Questions), "question", "questions"), r.Right, r.Wrong)
	var parts []string
	for _, change := range []change{lost, gained, changed, unsaved} {
		if n := r.Changes[change]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, change))
		}
	}
	if r.Gone > 0 {
		parts = append(parts, fmt.Sprintf("%d gone", r.Gone))
	}
	switch {
	case r.Changes[unsaved] == len(r.Questions) && r.Gone == 0:
		fmt.Fprint(b, " No result was saved before.")
	case len(parts) == 0:
		fmt.Fprint(b, " All as saved.")
	default:
		fmt.Fprintf(b, " Since the saved result: %s.", strings.Join(parts, ", "))
	}
	fmt.Fprintln(b)
	switch {
	case save:
		fmt.Fprintln(b, "Saved. The next run compares with this one.")
	case len(parts) > 0:
		fmt.Fprintln(b, "To accept this and compare with it from now on, run it again with --save.")
	}
	return b.Flush()
}

// print tells of one question.
func (q replayed) print(w io.Writer, articles *catalogue) {
	label := string(q.Change)
	if q.Change == unsaved || q.Change == unchanged {
		label = "wrong"
	}
	fmt.Fprintf(w, "%-8s %s:%d: %s\n", label, q.File, q.Line, visible(strings.Join(q.Asked, " > ")))
	type row struct{ what, id, title string }
	var rows []row
	add := func(what string, id knowledge.ArticleID, title string) {
		if id == "" {
			id = nothing
		}
		rows = append(rows, row{what, visible(string(id)), visible(title)})
	}
	if len(q.Expected) == 0 {
		add("expected", "", "")
	}
	for i, id := range q.Expected {
		add([]string{"expected", either}[min(i, 1)], id, articles.title(id, knowledge.Question{}))
	}
	add("found", q.Now.Article, q.Now.words())
	if q.Before != nil && q.Change != unchanged && q.Change != unsaved {
		add("before", q.Before.Article, q.Before.words())
	}
	width := 0
	for _, r := range rows {
		width = max(width, utf8.RuneCountInString(r.id))
	}
	for _, r := range rows {
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("  %-8s  %-*s  %s", r.what, width, r.id, r.title), " "))
	}
}

// words are the title of what was found, how sure it was, and where the right
// article stands if it is not the first.
func (f finding) words() string {
	var notes []string
	if f.Article != "" {
		notes = append(notes, string(f.Level))
	}
	if !f.Right && f.Place > 0 {
		notes = append(notes, fmt.Sprintf("the right one in place %d", f.Place))
	}
	if len(notes) == 0 {
		return f.Title
	}
	return strings.TrimSpace(f.Title + " (" + strings.Join(notes, "; ") + ")")
}

// plural is a number and what it counts.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
