package semantic

import (
	"context"
	"sync"
)

// A Source is an Embedder that has the vectors of passages at hand.
type Source interface {
	Embedder

	// Known returns the vectors of passages without waiting for any. It is not ok
	// if there is one that is not known yet.
	Known(passages []string) (vectors [][]float32, ok bool)
}

// A speller is a source to which a mistyped word means nothing.
type speller interface {
	Source
	Knows(word string) bool
	Guess(word string) (meant string, ok bool)
}

// A Document is the texts by which a document is found.
type Document struct {
	Texts     []string // all of it, in pieces if it is long
	Details   []string // its title, its parts and their sentences
	Phrasings []string // questions that it answers
}

// Passages lists all texts of documents, for which a [Source] is asked.
func Passages(docs []Document) []string {
	var list []string
	for _, d := range docs {
		list = append(append(append(list, d.Texts...), d.Details...), d.Phrasings...)
	}
	return list
}

// MaxTexts is up to how many texts a question is compared with. It takes some 2 ms
// then; who has more needs an approximate index, or words alone.
const MaxTexts = 50_000

// An Index is what documents mean in the eyes of a source. It is immutable.
type Index struct {
	source    Source
	texts     vectorsOf
	details   vectorsOf
	phrasings vectorsOf
	asked     *Vectors  // of each document, its phrasings taken together; none if no document has any
	room      sync.Pool // of *Likeness
}

// vectorsOf are those of one kind of text.
type vectorsOf struct {
	*Vectors
	from []int // by document, and the end
}

// Build makes an index of documents. It is not ok if the source does not know all
// of them yet, or there are more than [MaxTexts].
func Build(docs []Document, source Source) (x *Index, ok bool) {
	n := 0
	for _, d := range docs {
		n += len(d.Texts) + len(d.Details) + len(d.Phrasings)
	}
	if s, own := source.(*Static); !own || s != BuiltIn() || n > maxRemembered {
		return build(docs, source)
	}
	key := fingerprintOf(docs)
	if x, ok = lately.get(key); ok {
		return x, true
	}
	if x, ok = build(docs, source); ok {
		lately.put(key, x)
	}
	return x, ok
}

func build(docs []Document, source Source) (x *Index, ok bool) {
	x = &Index{source: source}
	if x.texts, ok = vectors(docs, source, func(d Document) []string { return d.Texts }); !ok || x.texts.Len() > MaxTexts {
		return nil, false
	}
	if x.details, ok = vectors(docs, source, func(d Document) []string { return d.Details }); !ok {
		return nil, false
	}
	return x.Taught(docs)
}

// vectors are those of one kind of text of documents.
func vectors(docs []Document, source Source, of func(Document) []string) (v vectorsOf, ok bool) {
	texts, from := gather(docs, of)
	if len(texts) > MaxTexts*detailsToText {
		return v, false
	}
	list, ok := source.Known(texts)
	if !ok {
		return v, false
	}
	return vectorsOf{NewVectors(source.Model().Dims, list), from}, true
}

// gather lists texts of all documents, and where those of each begin, and the end.
// They are asked for at once: a source may have to read a file for them.
func gather(docs []Document, of func(Document) []string) (texts []string, from []int) {
	from = []int{0}
	for _, d := range docs {
		texts = append(texts, of(d)...)
		from = append(from, len(texts))
	}
	return texts, from
}

// detailsToText is how many details to a text are kept at most: they are
// compared only where a document may answer, but take as much memory.
const detailsToText = 10

// Taught returns the index with the phrasings that the same documents have now.
func (x *Index) Taught(docs []Document) (next *Index, ok bool) {
	texts, from := gather(docs, func(d Document) []string { return d.Phrasings })
	vectors, ok := x.source.Known(texts)
	if !ok {
		return nil, false
	}
	dims := x.source.Model().Dims
	var middles [][]float32
	if len(texts) > 0 {
		middles = make([][]float32, len(docs))
	}
	for i := range middles {
		middles[i] = make([]float32, dims)
		for _, v := range vectors[from[i]:from[i+1]] {
			for k, n := range v {
				middles[i][k] += n
			}
		}
	}
	next = &Index{source: x.source, texts: x.texts, details: x.details, asked: NewVectors(dims, middles)}
	next.phrasings = vectorsOf{NewVectors(dims, vectors), from}
	return next, true
}

// Knows reports whether the source need not have a word mended: it knows it, or
// makes something of mistyped ones.
func (x *Index) Knows(word string) bool {
	s, ok := x.source.(speller)
	return !ok || s.Knows(word)
}

// Guess returns what is probably meant by a word that the source does not know.
func (x *Index) Guess(word string) (meant string, ok bool) {
	if s, ok := x.source.(speller); ok {
		return s.Guess(word)
	}
	return "", false
}

// Compare compares a question with all documents. If it goes on from one before,
// that counts as well; empty: it stands alone. It returns nil if the source knows
// nothing of what is asked, and fails as the source does.
func (x *Index) Compare(ctx context.Context, question, before string) (*Likeness, error) {
	texts := []string{question}
	if before != "" {
		texts = append(texts, before)
	}
	vectors, err := x.source.Embed(ctx, Question, texts)
	if err != nil {
		return nil, err
	}
	if before != "" {
		for k, n := range vectors[1] {
			vectors[0][k] += saidBefore * n
		}
	}
	needle := NewNeedle(vectors[0])
	if needle.length == 0 {
		return nil, nil
	}
	l, ok := x.room.Get().(*Likeness)
	if !ok {
		l = &Likeness{Index: x, text: make([]float32, x.texts.Len()), phrased: make([]float32, x.asked.Len())}
	}
	l.question = needle
	x.texts.Cosines(l.question, 0, l.text)
	x.asked.Cosines(l.question, 0, l.phrased)
	l.usual = 0
	for _, c := range l.text {
		l.usual += c
	}
	l.usual /= float32(len(l.text) + few)
	return l, nil
}

// saidBefore is what a question counts against the one that goes on from it.
const saidBefore = 0.5

// few texts do not tell how alike a question and just any text are.
const few = 20

// A Likeness is how alike a question and the documents of an index mean, by their
// places: 0 to 1. It is not safe for concurrent use.
type Likeness struct {
	*Index
	question Needle
	usual    float32   // the cosine of the question and just any text: high for some models
	text     []float32 // by text
	phrased  []float32 // by document
	some     []float32 // of the document at hand
}

// Done gives back the room that l took; l must not be used any more.
func (l *Likeness) Done() { l.room.Put(l) }

// Texts tells how alike the question and a document are, or the likest piece of
// it.
func (l *Likeness) Texts(doc int) float64 {
	return l.beyond(most(l.text[l.texts.from[doc]:l.texts.from[doc+1]]))
}

// Details does so for the likest detail of it; they are compared only now.
func (l *Likeness) Details(doc int) float64 { return l.beyond(l.likest(l.details, doc)) }

// Phrasing does so for the likest of its phrasings; they are compared only now.
func (l *Likeness) Phrasing(doc int) float64 { return l.beyond(l.likest(l.phrasings, doc)) }

// likest is the highest cosine of the question and texts of a document; -1 if it
// has none.
func (l *Likeness) likest(of vectorsOf, doc int) float32 {
	from, to := of.from[doc], of.from[doc+1]
	if cap(l.some) < to-from {
		l.some = make([]float32, to-from)
	}
	l.some = l.some[:to-from]
	of.Cosines(l.question, from, l.some)
	return most(l.some)
}

// Phrasings does so for its phrasings, all taken together; 0 if it has none.
func (l *Likeness) Phrasings(doc int) float64 {
	if l.phrasings.from[doc] == l.phrasings.from[doc+1] {
		return 0
	}
	return l.beyond(l.phrased[doc])
}

// beyond is how much more alike the question and a text are than it and just any
// text.
func (l *Likeness) beyond(cosine float32) float64 {
	return min(max(0, float64(float32(cosine-l.usual)/float32(1-l.usual))), 1)
}

// most is the highest of cosines.
func most(cosines []float32) float32 {
	highest := float32(-1)
	for _, c := range cosines {
		highest = max(highest, c)
	}
	return highest
}
