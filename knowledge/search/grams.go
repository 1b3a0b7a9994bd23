package search

import (
	"math"
	"slices"
)

// letterVoice compares letters instead of words: the cosine between the runs
// of letters of a question and those of a title with its headings and
// phrasings. It hears typos, compounds and words of a related language.
type letterVoice struct {
	docs   int
	scales []letterScale // by feature
	banks  []letterBank  // of 65,536 documents each
}

// A letterScale is how much a run of letters tells.
type letterScale struct {
	idf  float32
	most float32 // of its weights in unit vectors, of which they are kept in steps of 1/full
}

// A letterBank says which of its documents have which runs. The lists lie one
// after the other, since a question looks at hundreds of short ones: what is
// close together is read at once.
type letterBank struct {
	from   []uint32 // by feature, where its list begins; one more at the end
	docs   []uint16 // ascending within a list
	weight []uint8
}

// bankDocs is how many documents a bank has.
const bankDocs = 1 << 16

// A run of letters that a sixteenth of many documents have, or more than
// mostDocs, costs much and tells little.
const (
	manyDocs    = 512
	commonShare = 16
	mostDocs    = 1000
)

// newLetterVoice makes the voice of documents that have the given runs, each
// once and with its count.
func newLetterVoice(docs [][]feature, features int) letterVoice {
	v := letterVoice{docs: len(docs), scales: make([]letterScale, features)}
	most := len(docs)
	if len(docs) > manyDocs {
		most = min(len(docs)/commonShare, mostDocs)
	}
	n := make([]int, features)
	for _, list := range docs {
		for _, f := range list {
			if f.letters {
				n[f.id]++
			}
		}
	}
	for i, n := range n {
		v.scales[i].idf = float32(math.Log(1 + float64(len(docs))/float64(n+1)))
	}
	lengths := make([]float64, len(docs))
	for i, list := range docs {
		for _, f := range list {
			if f.letters {
				w := v.weight(f)
				lengths[i] += float64(w * w)
			}
		}
		lengths[i] = math.Sqrt(lengths[i])
	}
	each := func(from int, docs [][]feature, f func(id uint32, doc int, weight float64)) {
		for doc, list := range docs {
			for _, feature := range list {
				if feature.letters && n[feature.id] <= most {
					f(feature.id, doc, v.weight(feature)/lengths[from+doc])
				}
			}
		}
	}
	each(0, docs, func(id uint32, _ int, weight float64) {
		v.scales[id].most = max(v.scales[id].most, float32(weight))
	})
	for from := 0; from < len(docs); from += bankDocs {
		some := docs[from:min(from+bankDocs, len(docs))]
		b := letterBank{from: make([]uint32, features+1)}
		each(from, some, func(id uint32, _ int, _ float64) { b.from[id+1]++ })
		for id := range features {
			b.from[id+1] += b.from[id]
		}
		b.docs, b.weight = make([]uint16, b.from[features]), make([]uint8, b.from[features])
		next := slices.Clone(b.from)
		each(from, some, func(id uint32, doc int, weight float64) {
			b.docs[next[id]] = uint16(doc)
			b.weight[next[id]] = uint8(max(1, math.Round(weight/float64(v.scales[id].most)*full)))
			next[id]++
		})
		v.banks = append(v.banks, b)
	}
	return v
}

func (v letterVoice) weight(f feature) float64 {
	return float64(dampened(f.count) * float64(v.scales[f.id].idf))
}

// dampened is what count times the same feature count together.
func dampened(count float32) float64 {
	if n := int(count); n < len(dampening) && float32(n) == count {
		return dampening[n]
	}
	return 1 + math.Log(float64(count))
}

// dampening are the first whole counts: nearly all there are.
var dampening = func() (of [16]float64) {
	for n := range of {
		of[n] = 1 + math.Log(float64(n))
	}
	return of
}()

// hear adds the cosine of a question with each document to d.letters, in steps
// of 1/wholeCosine, and notes which documents it touched. Runs that no document
// has make it less like any.
func (v letterVoice) hear(question []feature, d *scratch) {
	unheard := math.Log(1 + float64(v.docs))
	length := float64(unheard*unheard) * float64(d.unknown.letters)
	d.weights = d.weights[:0]
	for _, f := range question {
		w := 0.0
		if f.letters {
			w = v.weight(f)
		}
		length += float64(w * w)
		d.weights = append(d.weights, w)
	}
	if length == 0 {
		return
	}
	scale := wholeCosine / full / math.Sqrt(length)
	for i, f := range question {
		if !f.letters {
			continue
		}
		w := max(1, rounded(d.weights[i]*scale*float64(v.scales[f.id].most)))
		for at := range v.banks {
			b := &v.banks[at]
			from, to := b.from[f.id], b.from[f.id+1]
			weights := b.weight[from:to]
			for k, low := range b.docs[from:to] {
				doc := uint32(at)*bankDocs + uint32(low)
				if d.letters[doc] == 0 {
					d.heard = append(d.heard, doc)
				}
				d.letters[doc] += w * int32(weights[k])
			}
		}
	}
}

// wholeCosine is a cosine of 1.
const wholeCosine = 1 << 24
