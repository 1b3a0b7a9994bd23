// Package search ranks documents for a question. It knows text, languages and
// related words, not articles: a document has a number, a title, phrasings and
// parts.
//
//   - index.go builds an immutable [Index], a shelf for each language.
//   - query.go turns a question into slots: a word with everything that may
//     stand for it on a shelf (its stem, related words, a likely typo).
//   - Three voices put documents up: postings.go by words (BM25 over fields,
//     and adjacent.go for those side by side),
//     grams.go by letters, classifier.go by what phrasings taught it. A fourth
//     comes with the query, if anything knows how alike texts mean: a [Likeness].
//   - rank.go is the one place where the voices are combined, by the fitted
//     numbers of weights.go; confidence.go says how far to believe them, and
//     explain.go says why.
//
// Rankings are the same on every machine: sums are of integers, or of
// floating-point products that are converted, so that no compiler fuses them.
package search
