// Compare measures knowledge/search beside bleve and sahilm/fuzzy, on the same
// articles and questions, in one process: how often each finds the right
// article, how well it knows when there is none, how fast it is and what it
// takes. With -fit it finds the numbers of the ranking instead. README.md tells
// how to read what it prints.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("compare: ")
	only := flag.String("only", "", "`part` to run: quality or speed, or with -fit weights or signs; empty means both")
	match := flag.String("set", "", "`regexp` of the sets to use; empty means all")
	file := flag.String("json", "", "`file` to write the figures to, as JSON")
	fits := flag.Bool("fit", false, "fit the numbers of knowledge/search/weights.go")
	flag.Parse()
	run := func() error { return compare(*only, *match, *file) }
	if *fits {
		run = func() error { return fitNumbers(*only, *match, *file) }
	}
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func compare(only, match, file string) error {
	if only != "" && only != "quality" && only != "speed" {
		return fmt.Errorf("-only %s: want quality or speed", only)
	}
	pattern, err := regexp.Compile(match)
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
		return fmt.Errorf("-set %s: no set has such a name", match)
	}
	var r report
	if only != "speed" {
		if r.quality, err = compareQuality(sets); err != nil {
			return err
		}
	}
	if only != "quality" {
		if r.Speeds, err = compareSpeed(sets); err != nil {
			return err
		}
	}
	r.Checks = r.checklist()
	if file != "" {
		data, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, append(data, '\n'), 0o644); err != nil {
			return err
		}
	}
	return r.print(os.Stdout)
}

func fitNumbers(only, match, file string) error {
	if only != "" && only != partWeights && only != partSigns {
		return fmt.Errorf("-only %s: want weights or signs", only)
	}
	if file != "" {
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
	if only != partWeights && !slices.ContainsFunc(trials, func(t trial) bool { return t.unanswerable() > 0 }) {
		return fmt.Errorf("-set %s: the signs need sets in which some queries have no answer; leave them with -only weights", match)
	}
	return fit(trials, only).print(os.Stdout)
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
