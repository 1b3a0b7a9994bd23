package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// write makes files in a new folder and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadTSV(t *testing.T) {
	tests := []struct {
		name, text string
		want       []line
		err        string
	}{
		{"plain", "a\tb\tc\nd\te\tf\n", []line{{"a", "b", "c"}, {"d", "e", "f"}}, ""},
		{"no last newline, empty column", "a\tb\t", []line{{"a", "b", ""}}, ""},
		{"Windows, quotes are text", "a\t\"b\tc\r\n", []line{{"a", "\"b", "c"}}, ""},
		{"empty", "", nil, ""},
		{"a column too few", "a\tb\tc\na\tb\n", nil, "x.tsv:2: 2 columns, want 3"},
	}
	for _, test := range tests {
		got, err := readTSV(filepath.Join(write(t, map[string]string{"x.tsv": test.text}), "x.tsv"))
		if test.err != "" {
			if err == nil || !strings.HasSuffix(err.Error(), test.err) {
				t.Errorf("%s: error %v, want %s", test.name, err, test.err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %q, %v, want %q", test.name, got, err, test.want)
		}
	}
}

// bank is a set with everything a set may have.
var bank = map[string]string{
	"articles.tsv":       "card\tLost card\tCall us.\npin\tNew PIN\t\n",
	"dev.tsv":            "d0\twhere is it\tcard\nd1\tboth\tcard|pin\nd2\thello\toos\n",
	"test.tsv":           "t0\tanother\tpin\n",
	"test.typo1.tsv":     "t0\tanohter\tpin\n",
	"train.tsv":          "r0\tgone\tcard\nr1\tforgot it\tpin\nr2\tbye\toos\n",
	"fewshot/k1_s1.tsv":  "p0\tgone\tcard\n",
	"fewshot/k1_s2.tsv":  "p0\tstolen\tcard\n",
	"fewshot/k5_s1.tsv":  "p0\tgone\tcard\np1\tstolen\tcard\n",
	"fewshot/k10_s1.tsv": "p0\tgone\tcard\n",
	"fewshot/notes.txt":  "",
}

func TestReadSet(t *testing.T) {
	s, err := readSet(write(t, bank))
	if err != nil {
		t.Fatal(err)
	}
	if s.split != "dev" || len(s.queries) != 3 {
		t.Errorf("%d queries from %s, want 3 from dev", len(s.queries), s.split)
	}
	if right := s.queries[1].right; !reflect.DeepEqual(right, []string{"card", "pin"}) || s.queries[2].right != nil {
		t.Errorf("right are %q, and %q of what nothing answers", right, s.queries[2].right)
	}
	var settings []string
	for _, setting := range s.settings {
		for _, docs := range setting.seeds {
			settings = append(settings, setting.name+" "+strings.Join(docs[0].phrasings, ", "))
		}
	}
	want := []string{"zero ", "k1 gone", "k1 stolen", "k5 gone, stolen", "k10 gone", "full gone"}
	if !reflect.DeepEqual(settings, want) {
		t.Errorf("settings %q, want %q", settings, want)
	}
	if card, pin := s.settings[0].seeds[0][0], s.settings[0].seeds[0][1]; card.sections[0].text != "Call us." || pin.sections != nil {
		t.Errorf("texts %v and %v", card.sections, pin.sections)
	}
	if s.typos == nil || s.typos.setting != "k10" || s.typos.clean[0].text != "another" || s.typos.slips[0] == nil || s.typos.slips[1] != nil {
		t.Errorf("typos %+v, want those of test in k10", s.typos)
	}
}

func TestReadSetWithoutQueries(t *testing.T) {
	if _, err := readSet(write(t, map[string]string{"articles.tsv": bank["articles.tsv"]})); err == nil || !strings.Contains(err.Error(), "no queries") {
		t.Errorf("error %v", err)
	}
}

func TestReadSetsOfNothing(t *testing.T) {
	if _, err := readSets(t.TempDir(), regexp.MustCompile("")); err == nil || !strings.Contains(err.Error(), "SIGNPOST_SHARED") {
		t.Errorf("error %v, want one that says what to set", err)
	}
}

func TestLanguage(t *testing.T) {
	tests := []struct{ name, want string }{
		{"lohelp-es", "es"},
		{"lohelp-pt", "pt"},
		{"gnomehelp-pt-BR", "pt-BR"},
		{"gnomehelp-en", "en"},
		{"banking77", "en"},
		{"profit", "en"},
	}
	for _, test := range tests {
		if got := language(test.name); got != test.want {
			t.Errorf("language(%s) = %s, want %s", test.name, got, test.want)
		}
	}
}
