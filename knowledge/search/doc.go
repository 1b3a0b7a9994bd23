// Package search ranks documents for a question. It knows text, languages and
// related words, not articles: a document has a number, a title, phrasings and
// parts.
//
//   - index.go builds an immutable [Index], a shelf for each language.
//   - query.go turns a question into slots: a word with everything that may
//     stand for it on a shelf (its stem, related words, a likely typo).
//   - bm25.go and grams.go are the two voices that score documents.
//   - rank.go is the one place where the voices are combined.
package search
