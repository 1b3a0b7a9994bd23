package search

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// phrased are documents with phrasings, one of them with a slip: corse.
func phrased() []Document {
	docs := []Document{
		document(1, "en", "Payouts", strings.Repeat("A course, a course. ", 4)), document(2, "en", "Fees"),
		document(3, "en", "Invoices", "Anyone may download it."),
	}
	docs[0].Phrasings = []string{"when does my money arrive", "how long until i am paid", "where is my money"}
	docs[1].Phrasings = []string{"how much money do you keep", "what do you charge me", "what does a corse cost me"}
	docs[2].Phrasings = []string{"i need a paper for my boss", "send me the bill"}
	return docs
}

// withLearned are the same documents with phrasings learned, too. Alone they would
// make corse a word, being more than one in five of the courses.
func withLearned() []Document {
	docs := phrased()
	docs[0].Learned = []string{"the corse money never landed", "my dough is late"}
	docs[2].Learned = []string{"corse receipts", "dowload it"}
	return docs
}

// TestTaughtOnTop: what was learned later is learned, and nothing that was
// trained before depends on it.
func TestTaughtOnTop(t *testing.T) {
	before, after := Build(phrased(), related, Settings{Anew: true}), Build(withLearned(), related, Settings{Anew: true})
	if !bytes.Equal(after.shelves[0].trained.encode(), before.shelves[0].learned.encode()) {
		t.Error("something else was trained")
	}
	c := after.shelves[0].learned
	if got := decodeClassifier(c.encode(), 3, int(after.shelves[0].features.count)); !reflect.DeepEqual(got, c) {
		t.Error("what was taught is no whole classifier")
	}
	for text, id := range map[string]int{"late dough": 1, "is my dough late?": 1, "receipts of a course": 3, "what do you charge": 2, "send the bill": 3} {
		hits := after.Rank(Query{Text: text, Lang: "en"}, 3).Hits
		if len(hits) == 0 || hits[0].ID != id {
			t.Errorf("Rank(%q) = %+v, want %d first", text, hits, id)
		}
	}
	query := Query{Text: "dough late", Lang: "en"}
	if was, is := learnedOf(before, query, 1), learnedOf(after, query, 1); is < was+0.2 {
		t.Errorf("the classifier gives %.2f, and gave %.2f before it was taught", is, was)
	}
}

// learnedOf is how likely the classifier takes a document for a query.
func learnedOf(x *Index, q Query, id int) float64 {
	for _, h := range x.Rank(q, 10).Hits {
		if h.ID == id {
			return h.Learned
		}
	}
	return 0
}

// TestTaughtIsTheSame: the same documents are taught the same, bit by bit,
// whatever was taught before and in whichever order they come.
func TestTaughtIsTheSame(t *testing.T) {
	first := Build(withLearned(), related, Settings{Anew: true})
	other := withLearned()
	other[1].Learned = []string{"something else"}
	Build(other, related, Settings{})
	docs := withLearned()
	slices.Reverse(docs)
	for _, settings := range []Settings{{}, {Anew: true}} {
		if again := Build(docs, related, settings); !reflect.DeepEqual(again.shelves, first.shelves) {
			t.Errorf("%+v: another index", settings)
		}
	}
}

// TestTeachHolds: features that many documents have and biases stay as they are,
// so that a document does not become likelier whatever is asked.
func TestTeachHolds(t *testing.T) {
	var lessons []lesson
	for class := range uint16(heldFrom) { // feature 0 is common, the others tell documents apart
		lessons = append(lessons, lesson{class: class, features: []feature{{id: 0, count: 1}, {id: 1 + uint32(class), count: 1}}})
	}
	c := train(lessons, heldFrom, heldFrom+1)
	before := c.encode()
	later := []lesson{{class: 2, features: []feature{{id: 0, count: 1}, {id: 1, count: 1}, {id: heldFrom + 1, count: 1}}}}
	got := c.teach(later, heldFrom+2)
	if !bytes.Equal(c.encode(), before) {
		t.Error("what was taught changed what it was taught on top of")
	}
	if !slices.Equal(got.bias, c.bias) || !slices.Equal(got.weights[:got.from[1]], c.weights[:c.from[1]]) {
		t.Error("biases or a common feature moved")
	}
	if from := got.from[heldFrom+1]; !slices.Equal(got.classes[from:], []uint16{2}) || got.weights[from] <= 0 {
		t.Errorf("a new feature speaks for %v by %v, want for 2", got.classes[from:], got.weights[from:])
	}
	if from, to := got.lessons.byClass[2], got.lessons.byClass[3]; to-from != 2 {
		t.Errorf("document 2 has %d lessons, want 2", to-from)
	}
}

// TestLearnedAlone: without phrasings, what was learned counts for words and
// letters, and there is no classifier.
func TestLearnedAlone(t *testing.T) {
	docs := withLearned()
	for i := range docs {
		docs[i].Phrasings = nil
	}
	index := New(docs, related)
	if index.shelves[0].learned != nil {
		t.Error("a classifier was trained")
	}
	if hits := index.Rank(Query{Text: "late dough", Lang: "en"}, 3).Hits; len(hits) == 0 || hits[0].ID != 1 {
		t.Errorf("found %+v, want 1 first", hits)
	}
}

// TestMistypedLearned: slips in what was learned are mended, and do not decide
// what is a slip in phrasings.
func TestMistypedLearned(t *testing.T) {
	docs := withLearned()
	docs[2].Parts[0].Body = strings.Repeat("Anyone may download it. ", 5)
	index := New(docs, nil)
	for typed, meant := range map[string]string{"corse": "course", "dowload": "download", "dough": "dough"} {
		if got := index.tokens(typed, "en", &reading{})[0].word; got != meant {
			t.Errorf("%q is read as %q, want %q", typed, got, meant)
		}
	}
	if e := index.Explain(Query{Text: "course", Lang: "en"}, docs[0]); len(e.Ideas) != 1 || len(e.Ideas[0].Found) == 0 || e.Ideas[0].Found[0].Field != InPhrasings {
		t.Errorf("course is not among the phrasings: %+v", e.Ideas)
	}
}
