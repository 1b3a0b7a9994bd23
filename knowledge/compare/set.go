package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A set is articles, and questions of which it is known what answers them.
type set struct {
	name     string
	split    string // where the queries come from: dev or test
	queries  []query
	settings []setting
	typos    *typos             // nil: none
	ours     func(voice) system // what stands for us
	pool     string             // the sets it is counted with if it has few queries
}

// A setting says what of a set's phrasings the systems get.
type setting struct {
	name  string       // zero, k1, k5, k10, full, questions
	seeds [][]document // the articles, with the phrasings that each seed chose
}

// typos are queries, and the same with slips of the keyboard.
type typos struct {
	setting string // in which they are asked
	clean   []query
	slips   [2][]query // with one, with two; nil: none
}

// A line is one of a data file: id, text and label, or id, title and body.
type line [3]string

// out is the label of a query that nothing answers.
const out = "oos"

// splits are the files that may hold a set's queries, the first that exists
// being taken.
var splits = []string{"dev", "test"}

// The pools of sets with few queries.
const (
	poolSmall  = "small sets"
	poolSample = "sample"
)

// fewshot is the name of a file of n phrasings an article, chosen by a seed.
var fewshot = regexp.MustCompile(`^(k[0-9]+)_s[0-9]+\.tsv$`)

// readSets reads every set under shared whose name matches.
func readSets(shared string, match *regexp.Regexp) ([]set, error) {
	dirs, err := filepath.Glob(filepath.Join(shared, "retrieval", "data", "*", "articles.tsv"))
	if err != nil {
		return nil, err
	}
	if len(dirs) == 0 {
		return nil, fmt.Errorf("no data sets in %s; set SIGNPOST_SHARED to the folder that holds retrieval/data", filepath.Join(shared, "retrieval", "data"))
	}
	var sets []set
	for _, name := range dirs {
		dir := filepath.Dir(name)
		if !match.MatchString(filepath.Base(dir)) {
			continue
		}
		s, err := readSet(dir)
		if err != nil {
			return nil, err
		}
		sets = append(sets, s)
	}
	return sets, nil
}

// readSet reads a folder of the shape that retrieval/README.md describes.
func readSet(dir string) (set, error) {
	s := set{name: filepath.Base(dir), ours: func(v voice) system { return ours{voice: v} }, pool: poolSmall}
	lang := language(s.name)
	articles, err := readArticles(filepath.Join(dir, "articles.tsv"), lang)
	if err != nil {
		return s, err
	}
	for _, split := range splits {
		s.queries, err = readQueries(filepath.Join(dir, split+".tsv"), lang)
		s.split = split
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return s, fmt.Errorf("%s has no queries: %w", dir, err)
	}
	if s.settings, err = readSettings(dir, articles); err != nil {
		return s, err
	}
	s.typos, err = readTypos(dir, lang, s.settings)
	return s, err
}

// language tells the language of a set by the end of its name; English if it
// does not say.
func language(name string) string {
	for _, lang := range []string{"en", "es", "pt", "pt-BR", "fr", "de", "it"} {
		if strings.HasSuffix(name, "-"+lang) {
			return lang
		}
	}
	return "en"
}

func readQueries(name, lang string) ([]query, error) {
	lines, err := readTSV(name)
	if err != nil {
		return nil, err
	}
	var queries []query
	for _, l := range lines {
		q := query{text: l[1], lang: lang}
		if l[2] != out {
			q.right = strings.Split(l[2], "|")
		}
		queries = append(queries, q)
	}
	return queries, nil
}

// readSettings returns the settings of a set, the poorest first.
func readSettings(dir string, articles []document) ([]setting, error) {
	settings := []setting{{"zero", [][]document{articles}}}
	files, err := os.ReadDir(filepath.Join(dir, "fewshot"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, f := range files {
		name := fewshot.FindStringSubmatch(f.Name())
		if name == nil {
			continue
		}
		phrased, err := readPhrasings(filepath.Join(dir, "fewshot", f.Name()), articles)
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(settings, func(s setting) bool { return s.name == name[1] })
		if at < 0 {
			at = len(settings)
			settings = append(settings, setting{name: name[1]})
		}
		settings[at].seeds = append(settings[at].seeds, phrased)
	}
	slices.SortStableFunc(settings[1:], func(a, b setting) int { return len(a.name) - len(b.name) }) // k5 before k10
	full, err := readPhrasings(filepath.Join(dir, "train.tsv"), articles)
	if errors.Is(err, fs.ErrNotExist) {
		return settings, nil
	}
	return append(settings, setting{"full", [][]document{full}}), err
}

func readArticles(name, lang string) ([]document, error) {
	lines, err := readTSV(name)
	if err != nil {
		return nil, err
	}
	var articles []document
	for _, l := range lines {
		d := document{id: l[0], lang: lang, title: l[1]}
		if l[2] != "" {
			d.sections = []section{{text: l[2]}}
		}
		articles = append(articles, d)
	}
	if len(articles) == 0 {
		return nil, fmt.Errorf("%s has no articles", name)
	}
	return articles, nil
}

// readPhrasings returns the articles with the phrasings of a file. Lines that
// nothing answers are no phrasings.
func readPhrasings(name string, articles []document) ([]document, error) {
	lines, err := readTSV(name)
	if err != nil {
		return nil, err
	}
	byID := map[string][]string{}
	for _, l := range lines {
		for id := range strings.SplitSeq(l[2], "|") {
			byID[id] = append(byID[id], l[1])
		}
	}
	delete(byID, out)
	phrased := slices.Clone(articles)
	for i := range phrased {
		phrased[i].phrasings = byID[phrased[i].id]
	}
	return phrased, nil
}

// readTypos returns the first split of a set that also exists with slips; nil
// if none does. They are asked where the articles have most phrasings, all that
// there are left aside.
func readTypos(dir, lang string, settings []setting) (*typos, error) {
	for _, split := range splits {
		var t typos
		for i := range t.slips {
			slipped, err := readQueries(filepath.Join(dir, fmt.Sprintf("%s.typo%d.tsv", split, i+1)), lang)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			t.slips[i] = slipped
		}
		if t.slips[0] == nil && t.slips[1] == nil {
			continue
		}
		var err error
		if t.clean, err = readQueries(filepath.Join(dir, split+".tsv"), lang); err != nil {
			return nil, err
		}
		for _, s := range settings {
			if s.name != "full" {
				t.setting = s.name
			}
		}
		return &t, nil
	}
	return nil, nil
}

// readTSV reads a file of three columns. There is no quoting.
func readTSV(name string) ([]line, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var lines []line
	n := 0
	for text := range strings.Lines(string(data)) {
		n++
		columns := strings.Split(strings.TrimRight(text, "\r\n"), "\t")
		if len(columns) != len(line{}) {
			return nil, fmt.Errorf("%s:%d: %d columns, want %d", name, n, len(columns), len(line{}))
		}
		lines = append(lines, line(columns))
	}
	return lines, nil
}
