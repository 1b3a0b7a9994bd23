package search

import "slices"

// adjacency says which words stand side by side in a document, in whichever
// order, function words aside. The words of a question do so in the document
// that is about them together: "support by e-mail" is not any support and any
// e-mail.
//
// A pair is known by 16 bits, so that a page of a hundred words takes two
// hundred bytes. In one of a thousand words, one pair in sixty-five is there by
// chance, and counts only if both words are there, too. Of more than [few]
// documents of a language no pairs are kept: they would be a third of the index.
type adjacency struct {
	from  []uint32 // by document, where its pairs begin; one more at the end
	pairs []uint16 // ascending within a document
}

// pairOf is the pair of two stems, by their stemHash.
func pairOf(a, b uint64) uint16 {
	return uint16(key(a^b) >> 16)
}

// stemHash tells stems apart.
func stemHash(stem string) uint64 { return key(hash(start(pairFeature), stem)) }

// add adds a document with these pairs.
func (a *adjacency) add(pairs []uint16) {
	if a.from == nil {
		a.from = []uint32{0}
	}
	slices.Sort(pairs)
	a.pairs = append(a.pairs, slices.Compact(pairs)...)
	a.from = append(a.from, uint32(len(a.pairs)))
}

// has reports whether a document has a pair.
func (a *adjacency) has(doc uint32, pair uint16) bool {
	if a.from == nil {
		return false
	}
	_, ok := slices.BinarySearch(a.pairs[a.from[doc]:a.from[doc+1]], pair)
	return ok
}
