package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// TestMeant: documents mean what the same articles do.
func TestMeant(t *testing.T) {
	articles, settings, err := sampleSettings()
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range meant(settings[1].seeds[0]) {
		if want := articles[i].Meant(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%s means\n%q, want\n%q", articles[i].ID, got, want)
		}
	}
}

// vectorsFile writes a file as the teacher's script does, with a vector for each
// text.
func vectorsFile(t *testing.T, texts ...string) string {
	t.Helper()
	b := bytes.NewBufferString(vectorsMagic + `{"name": "a teacher", "dims": 2}` + "\n")
	for i, text := range texts {
		sum := sha256.Sum256([]byte(text))
		b.Write(sum[:])
		if err := binary.Write(b, binary.LittleEndian, []float32{float32(1 - i%2), float32(i % 2)}); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "vectors")
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestReadTaught(t *testing.T) {
	source, err := readTaught(vectorsFile(t, "north", "east"))
	if err != nil {
		t.Fatal(err)
	}
	vectors, ok := source.Known([]string{"east", "north"})
	if m := source.Model(); !ok || m.Dims != 2 || m.Name != "a teacher" || fmt.Sprint(vectors) != "[[0 1] [1 0]]" {
		t.Errorf("%v, known: %t, of %+v", vectors, ok, m)
	}
	if _, ok := source.Known([]string{"north", "west"}); ok {
		t.Error("a text that is not in the file is known")
	}
	if _, err := source.Embed(t.Context(), semantic.Question, []string{"west"}); err == nil || !strings.Contains(err.Error(), "-texts") {
		t.Errorf("error %v, want one that says what to do", err)
	}
}

func TestReadTaughtOfNonsense(t *testing.T) {
	for _, data := range []string{
		"", "signpost static 1\n{}\n", vectorsMagic, vectorsMagic + "{\n", vectorsMagic + `{"dims": 0}` + "\n",
		vectorsMagic + `{"dims": 2}` + "\ncut short",
	} {
		dir := write(t, map[string]string{"vectors": data})
		if _, err := readTaught(filepath.Join(dir, "vectors")); err == nil {
			t.Errorf("%q is read", data)
		}
	}
}

// TestListTexts: with vectors for the texts that are listed, and for no others,
// every question can be asked; both of documents and of the whole library.
func TestListTexts(t *testing.T) {
	articles := []*knowledge.Article{
		{ID: "refund", Lang: "en", Title: "Get a refund", Audiences: []string{"buyer"}, Sections: []knowledge.Section{{Text: "The money comes back within ten days."}}},
		{ID: "invoice", Lang: "en", Title: "Download an invoice", Audiences: []string{"buyer"}, Sections: []knowledge.Section{{Text: "Open Billing."}}},
	}
	docs := []document{
		{id: "refund", lang: "en", title: "Get a refund", phrasings: []string{"i want my money"}},
		{id: "invoice", lang: "en", title: "Download an invoice"},
	}
	queries := []query{{text: "hi, where is my money?", lang: "en", right: []string{"refund"}}, {text: "a receipt", lang: "en", right: []string{"invoice"}}}
	for name, own := range map[string]func(voice) system{
		"documents": func(v voice) system { return ours{voice: v} },
		"library":   func(v voice) system { return whole{articles, knowledge.Rules{}, v} },
	} {
		t.Run(name, func(t *testing.T) {
			s := set{name: "shop", queries: queries, settings: []setting{{"zero", [][]document{docs}}}, ours: own}
			file := filepath.Join(t.TempDir(), "texts")
			if err := listTexts([]set{s}, file); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for line := range strings.Lines(string(data)) {
				var text string
				if err := json.Unmarshal([]byte(line), &text); err != nil {
					t.Fatal(err)
				}
				texts = append(texts, text)
			}
			for lacks := range 2 {
				source, err := readTaught(vectorsFile(t, texts[:len(texts)-lacks]...))
				if err != nil {
					t.Fatal(err)
				}
				_, _, err = s.score(s.settings[0], s.ours(voice{columnTeacher, &mindful{Source: source}}))
				if (err != nil) != (lacks > 0) {
					t.Errorf("with all of %q but %d: error %v", texts, lacks, err)
				}
			}
		})
	}
}

// A counter has a vector for each question but "nothing", and counts them.
type counter struct{ asked int }

func (*counter) Model() semantic.Model              { return semantic.Model{Name: "counter", Dims: 1} }
func (*counter) Known([]string) ([][]float32, bool) { return nil, false }
func (c *counter) Embed(_ context.Context, _ semantic.Role, texts []string) ([][]float32, error) {
	if c.asked++; texts[0] == "nothing" {
		return nil, errors.New("no vector")
	}
	return [][]float32{{1}}, nil
}

func TestMindful(t *testing.T) {
	var c counter
	m := &mindful{Source: &c}
	v := voice{columnServer, m}
	for range 3 {
		if _, err := m.Embed(t.Context(), semantic.Question, []string{"money"}); err != nil {
			t.Fatal(err)
		}
	}
	if c.asked != 1 || v.failed() != nil {
		t.Errorf("asked %d times, want once; failed: %v", c.asked, v.failed())
	}
	if _, err := m.Embed(t.Context(), semantic.Question, []string{"nothing"}); err == nil || v.failed() == nil {
		t.Errorf("error %v, failed: %v", err, v.failed())
	}
}

// TestTooManyTexts: documents with more texts than are compared are found by their
// words.
func TestTooManyTexts(t *testing.T) {
	docs := make([]document, semantic.MaxTexts+1)
	for i := range docs {
		docs[i] = document{lang: "en", title: "page"}
	}
	if x, err := shipped().means(docs); x != nil || err != nil {
		t.Errorf("%v, %v, want nothing", x, err)
	}
}
