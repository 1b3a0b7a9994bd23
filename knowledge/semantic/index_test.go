package semantic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// A table is a source that knows the vectors of some texts.
type table map[string][]float32

var errUnknown = errors.New("no vector of that")

func (t table) Model() Model { return Model{Name: "table", Version: "1", Dims: 2} }

func (t table) Embed(_ context.Context, _ Role, texts []string) ([][]float32, error) {
	if list, ok := t.Known(texts); ok {
		return list, nil
	}
	return nil, errUnknown
}

func (t table) Known(texts []string) ([][]float32, bool) {
	list := make([][]float32, len(texts))
	for i, text := range texts {
		vector, ok := t[text]
		if !ok {
			return nil, false
		}
		list[i] = vector
	}
	return list, true
}

// compass points to four sides.
var compass = table{"north": {0, 1}, "south": {0, -1}, "east": {1, 0}, "west": {-1, 0}, "nowhere": {0, 0}}

func compare(t testing.TB, x *Index, question string) *Likeness {
	t.Helper()
	l, err := x.Compare(t.Context(), question, "")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func indexed(t testing.TB, source Source, docs ...Document) *Index {
	t.Helper()
	x, ok := Build(docs, source)
	if !ok {
		t.Fatal("no index")
	}
	return x
}

func TestLikeness(t *testing.T) {
	x := indexed(t, compass,
		Document{Texts: []string{"south", "north"}, Details: []string{"west", "north"}, Phrasings: []string{"east", "north"}},
		Document{Texts: []string{"east"}},
		Document{},
		Document{Texts: []string{"nowhere"}, Details: []string{"south"}, Phrasings: []string{"south"}},
		Document{Details: []string{"north"}, Phrasings: []string{"north", "south"}},
		Document{Details: []string{"west"}, Phrasings: []string{"north"}},
	)
	tests := []struct {
		question                            string
		doc                                 int
		texts, details, phrasings, phrasing float64 // to two places
	}{
		{"north", 0, 1, 1, 0.71, 1},
		{"north", 1, 0, 0, 0, 0},
		{"north", 2, 0, 0, 0, 0},
		{"north", 3, 0, 0, 0, 0},
		{"north", 4, 0, 1, 0, 1},
		{"north", 5, 0, 0, 1, 1},
		{"south", 0, 1, 0, 0, 0},
		{"south", 3, 0, 1, 1, 1},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.question, test.doc), func(t *testing.T) {
			l := compare(t, x, test.question)
			defer l.Done()
			got := fmt.Sprintf("%.2f %.2f %.2f %.2f", l.Texts(test.doc), l.Details(test.doc), l.Phrasings(test.doc), l.Phrasing(test.doc))
			if want := fmt.Sprintf("%.2f %.2f %.2f %.2f", test.texts, test.details, test.phrasings, test.phrasing); got != want {
				t.Errorf("texts, details, phrasings, phrasing %s, want %s", got, want)
			}
		})
	}
}

// TestKnowsNothing: of a question of which the source knows nothing, there is no
// likeness; it is not unlike everything.
func TestKnowsNothing(t *testing.T) {
	l, err := indexed(t, compass, Document{Texts: []string{"north"}}).Compare(t.Context(), "nowhere", "")
	if l != nil || err != nil {
		t.Errorf("likeness %v, %v", l, err)
	}
}

// TestGoesOn: a question that goes on from one before is like what that is like, if
// less.
func TestGoesOn(t *testing.T) {
	x := indexed(t, compass, Document{Texts: []string{"north"}}, Document{Texts: []string{"east"}})
	alone := compare(t, x, "north")
	after, err := x.Compare(t.Context(), "north", "east")
	if err != nil {
		t.Fatal(err)
	}
	if alone.Texts(1) != 0 || after.Texts(1) <= 0 || after.Texts(1) >= after.Texts(0) {
		t.Errorf("alone it is %v like what was asked before, after it %v, and %v like what it asks", alone.Texts(1), after.Texts(1), after.Texts(0))
	}
}

// What every question is like says nothing of a document.
func TestLikenessIsBeyondTheUsual(t *testing.T) {
	docs := make([]Document, 200)
	for i := range docs {
		docs[i].Texts = []string{"northeast"}
	}
	docs[7].Texts = []string{"north"}
	source := table{"north": {0, 1}, "northeast": {1, 1}}
	l := compare(t, indexed(t, source, docs...), "north")
	defer l.Done()
	if same, usual := l.Texts(7), l.Texts(8); same < 0.99 || usual > 0.25 {
		t.Errorf("the same text is %v alike, one like all others %v", same, usual)
	}
}

func TestNoDocuments(t *testing.T) {
	l := compare(t, indexed(t, compass), "north")
	l.Done()
}

func TestBuildNeedsEveryVector(t *testing.T) {
	tests := []struct {
		name string
		doc  Document
	}{
		{"text", Document{Texts: []string{"north", "up"}}},
		{"sentence", Document{Details: []string{"up"}}},
		{"phrasing", Document{Phrasings: []string{"up"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, ok := Build([]Document{{Texts: []string{"north"}}, test.doc}, compass); ok {
				t.Error("an index without a vector")
			}
		})
	}
}

func TestBuildHasRoomForMaxTexts(t *testing.T) {
	many := func(n int) []string { return strings.Split(strings.Repeat("north ", n-1)+"north", " ") }
	tests := []struct {
		name string
		doc  Document
		ok   bool
	}{
		{"texts", Document{Texts: many(MaxTexts)}, true},
		{"one more", Document{Texts: many(MaxTexts + 1)}, false},
		{"sentences", Document{Details: many(MaxTexts * detailsToText)}, true},
		{"one more sentence", Document{Details: many(MaxTexts*detailsToText + 1)}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, ok := Build([]Document{test.doc}, compass); ok != test.ok {
				t.Errorf("ok %v, want %v", ok, test.ok)
			}
		})
	}
}

func TestTaught(t *testing.T) {
	docs := []Document{{Texts: []string{"north"}}, {Texts: []string{"south"}}}
	x := indexed(t, compass, docs...)
	docs[1].Phrasings = []string{"east"}
	next, ok := x.Taught(docs)
	if !ok {
		t.Fatal("not taught")
	}
	before, after := compare(t, x, "east"), compare(t, next, "east")
	if got := before.Phrasings(1); got != 0 {
		t.Errorf("the old index has learned: %v", got)
	}
	if got := after.Phrasings(1); got < 0.99 {
		t.Errorf("the phrasing is %v alike", got)
	}
	if got := after.Phrasings(0); got != 0 {
		t.Errorf("the other document's phrasings are %v alike", got)
	}
	docs[0].Phrasings = []string{"up"}
	if _, ok := x.Taught(docs); ok {
		t.Error("taught a phrasing whose vector is not known")
	}
}

func TestCompareFailsAsTheSourceDoes(t *testing.T) {
	x := indexed(t, compass, Document{Texts: []string{"north"}})
	if _, err := x.Compare(t.Context(), "up", ""); !errors.Is(err, errUnknown) {
		t.Errorf("err = %v, want %v", err, errUnknown)
	}
}

func TestPassages(t *testing.T) {
	got := Passages([]Document{{Texts: []string{"a"}, Details: []string{"b"}, Phrasings: []string{"c"}}, {Texts: []string{"d"}}})
	if fmt.Sprint(got) != "[a b c d]" {
		t.Errorf("passages %v", got)
	}
}

// TestLikenessRange draws any documents and any question.
func TestLikenessRange(t *testing.T) {
	s := BuiltIn()
	texts := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"refund my order", "reembolso", "how do I pay?", ""})), 0, 4)
	rapid.Check(t, func(rt *rapid.T) {
		docs := make([]Document, rapid.IntRange(1, 5).Draw(rt, "documents"))
		for i := range docs {
			docs[i] = Document{Texts: texts.Draw(rt, "texts"), Details: texts.Draw(rt, "sentences"), Phrasings: texts.Draw(rt, "phrasings")}
		}
		question := rapid.OneOf(rapid.String(), rapid.Just("how do I pay?")).Draw(rt, "question")
		l := compare(t, indexed(t, s, docs...), question)
		if l == nil {
			return // nothing is known of what is asked
		}
		defer l.Done()
		for i := range docs {
			for _, x := range []float64{l.Texts(i), l.Details(i), l.Phrasings(i), l.Phrasing(i)} {
				if !(x >= 0 && x <= 1) {
					rt.Fatalf("document %d is %v alike", i, x)
				}
			}
		}
	})
}

// TestConcurrentCompare finds with -race what many askers at once share.
func TestConcurrentCompare(t *testing.T) {
	x := indexed(t, BuiltIn(), articles(t, 40)...)
	questions := []string{"where is my refund?", "quero cancelar", "no puedo entrar", "change my address"}
	want := make([]string, len(questions))
	tell := func(question string) string {
		l, err := x.Compare(context.Background(), question, "")
		if err != nil {
			return err.Error()
		}
		defer l.Done()
		var told strings.Builder
		for doc := range 40 {
			fmt.Fprint(&told, l.Texts(doc), l.Details(doc), l.Phrasings(doc), " ")
		}
		return told.String()
	}
	for i, q := range questions {
		want[i] = tell(q)
	}
	var wait sync.WaitGroup
	for range 4 {
		for i, q := range questions {
			wait.Go(func() {
				for range 20 {
					if got := tell(q); got != want[i] {
						t.Errorf("%q is compared to another end beside others", q)
						return
					}
				}
			})
		}
	}
	wait.Wait()
}

// articles returns help articles that were written for the model to learn from:
// short ones, in English.
func articles(t testing.TB, count int) []Document {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("distill", "pairs", "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var docs []Document
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			var topic struct {
				En struct {
					Title            string
					Lines, Questions []string
				}
			}
			if err := json.Unmarshal(line, &topic); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			a := topic.En
			if len(docs) == count {
				return docs
			}
			texts := append([]string{a.Title, a.Title + "\n" + strings.Join(a.Lines, "\n")}, a.Lines...)
			docs = append(docs, Document{Texts: texts, Details: a.Lines, Phrasings: a.Questions})
		}
	}
	t.Fatalf("%d articles in distill/pairs, want %d", len(docs), count)
	return nil
}

// BenchmarkCompare compares a question with 1,000 texts, those of some 190
// articles: what the built-in model adds to a question before candidates are
// looked at.
func BenchmarkCompare(b *testing.B) {
	docs, texts := articles(b, 300), 0
	for i, d := range docs {
		if texts += len(d.Texts); texts >= 1000 {
			docs = docs[:i+1]
			break
		}
	}
	x := indexed(b, BuiltIn(), docs...)
	b.ReportAllocs()
	for b.Loop() {
		l, err := x.Compare(b.Context(), twelveWords, "")
		if err != nil {
			b.Fatal(err)
		}
		l.Done()
	}
	b.ReportMetric(float64(texts), "texts")
	b.ReportMetric(float64(len(docs)), "articles")
}

// TestBuildAgain: what was built of the same documents is there, and what has one
// word more is not taken for it.
func TestBuildAgain(t *testing.T) {
	docs := []Document{{Texts: []string{"refunds"}, Details: []string{"ask for it"}}, {Texts: []string{"passwords"}}}
	first, ok := Build(docs, BuiltIn())
	again, okAgain := Build(docs, BuiltIn())
	if !ok || !okAgain || first != again {
		t.Errorf("built %p, then %p", first, again)
	}
	others := [][]Document{
		{{Texts: []string{"refunds", "ask for it"}}, {Texts: []string{"passwords"}}},
		{{Texts: []string{"refunds"}, Details: []string{"ask for it"}}, {Texts: []string{"passwords"}, Phrasings: []string{"locked out"}}},
	}
	for _, other := range others {
		if x, ok := Build(other, BuiltIn()); !ok || x == first {
			t.Errorf("%v is taken for %v", other, docs)
		}
	}
	for i := range remembered {
		Build([]Document{{Texts: []string{"number", string(rune('a' + i))}}}, BuiltIn())
	}
	if len(lately.built) > remembered || len(lately.order) != len(lately.built) {
		t.Errorf("%d indexes are kept, %d in order", len(lately.built), len(lately.order))
	}
}
