package main

// A document is an article as every system gets it.
type document struct {
	id        string // translations of an article share it
	lang      string // BCP 47 tag
	title     string
	phrasings []string // questions that should find it
	sections  []section
}

// A section is a passage of a document.
type section struct {
	heading string
	text    string
}

// A query is a question with its known answer.
type query struct {
	text  string
	lang  string   // BCP 47 tag
	right []string // documents, any of which is right; nil: nothing answers it
	kind  string   // how it is asked; empty: nobody said
}

// A system makes documents findable.
type system interface {
	name() string
	build(docs []document) (index, error)
}

// An index ranks the documents it was built of. It may be asked concurrently.
type index interface {
	// rank returns at most k documents, best first.
	rank(q query, k int) (found, error)
	close() error
}

// found is what an index has for a query.
type found struct {
	hits       []hit
	confidence float64 // in the first hit, on the system's own scale
}

// A hit is a document that was found.
type hit struct {
	doc   int // its place among those the index was built of
	score float64
}
