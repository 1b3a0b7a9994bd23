package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/knowledge"
)

// sampleRules are those of the sample.
var sampleRules = knowledge.Rules{
	Audiences: []knowledge.Audience{{Name: "buyer"}, {Name: "creator"}, {Name: "affiliate"}},
	Languages: []knowledge.Lang{"en", "pt-BR", "es"},
}

// samplePrefix begins the names of the sample's sets; what follows is the language
// of the questions.
const samplePrefix = "sample-"

// readSample returns the built-in articles as a set for each language that
// questions/dev.jsonl asks in, if its name matches. Every set has the articles
// of all languages.
func readSample(shared string, match *regexp.Regexp) ([]set, error) {
	articles, settings, err := sampleSettings()
	if err != nil {
		return nil, err
	}
	asked, err := readQuestions(filepath.Join(shared, "questions", "dev.jsonl"))
	if err != nil {
		return nil, err
	}
	var sets []set
	for _, lang := range sampleRules.Languages {
		s := set{
			name:     samplePrefix + string(lang),
			split:    "dev",
			settings: settings,
			ours:     func(v voice) system { return whole{articles, sampleRules, v} },
			pool:     poolSample,
		}
		for _, q := range asked {
			if q.lang == string(lang) {
				s.queries = append(s.queries, q)
			}
		}
		if match.MatchString(s.name) {
			sets = append(sets, s)
		}
	}
	return sets, nil
}

// sampleSettingNames are the settings of the sample: without phrasings, and with
// those in the articles.
var sampleSettingNames = [...]string{"zero", "questions"}

// sampleSettings returns the built-in articles of all languages, and the settings
// they are asked in.
func sampleSettings() ([]*knowledge.Article, []setting, error) {
	articles, err := knowledge.Load(knowledge.Sample(), sampleRules)
	if err != nil {
		return nil, nil, err
	}
	var plain []document
	for _, a := range articles {
		d := document{id: string(a.ID), lang: string(a.Lang), title: a.Title}
		for _, s := range a.Sections {
			d.sections = append(d.sections, section{s.Heading, s.Text})
		}
		plain = append(plain, d)
	}
	phrased := slices.Clone(plain)
	for i, a := range articles {
		phrased[i].phrasings = a.Questions
	}
	return articles, []setting{{sampleSettingNames[0], [][]document{plain}}, {sampleSettingNames[1], [][]document{phrased}}}, nil
}

// readQuestions reads a file of the form that questions/README.md describes.
func readQuestions(name string) ([]query, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("no questions for the sample: %w; set SIGNPOST_SHARED to the folder that holds questions/dev.jsonl", err)
	}
	var queries []query
	for text := range strings.Lines(string(data)) {
		var q struct {
			Text     string
			Lang     string
			Articles []string
			Kind     string
		}
		if err := json.Unmarshal([]byte(text), &q); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, len(queries)+1, err)
		}
		queries = append(queries, query{text: q.Text, lang: q.Lang, right: q.Articles, kind: q.Kind})
	}
	return queries, nil
}
