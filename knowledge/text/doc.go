// Package text turns what people type into words that can be compared:
// normalised, split, stemmed, and told apart by language. It knows nothing of
// articles or questions; search and audience build on it.
package text
