// Compare measures knowledge/search beside bleve and sahilm/fuzzy, on the same
// articles and questions, in one process: how often each finds the right
// article, how well it knows when there is none, how fast it is and what it
// takes. README.md tells how to read what it prints.
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
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("compare: ")
	only := flag.String("only", "", "`part` to run: quality or speed; empty means both")
	match := flag.String("set", "", "`regexp` of the sets to use; empty means all")
	file := flag.String("json", "", "`file` to write the figures to, as JSON")
	flag.Parse()
	if err := run(*only, *match, *file); err != nil {
		log.Fatal(err)
	}
}

func run(only, match, file string) error {
	if only != "" && only != "quality" && only != "speed" {
		return fmt.Errorf("-only %s: want quality or speed", only)
	}
	pattern, err := regexp.Compile(match)
	if err != nil {
		return fmt.Errorf("-set: %w", err)
	}
	shared, err := sharedFolder()
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

// sharedFolder returns the folder that the data lies in: SIGNPOST_SHARED, or
// else the neighbour of the repository. A relative path starts at the root of
// the repository, as it does for the tests.
func sharedFolder() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	root := dir
	for {
		if _, err := os.Stat(filepath.Join(root, "knowledge", "compare", "go.mod")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			return "", errors.New("run this inside the repository: make compare")
		}
		root = filepath.Dir(root)
	}
	shared := os.Getenv("SIGNPOST_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "shared")
	}
	if !filepath.IsAbs(shared) {
		shared = filepath.Join(root, shared)
	}
	return shared, nil
}
