package search

import "math"

// letterVoice compares letters instead of words: the cosine between the runs
// of letters of a question and those of a title with its headings and
// phrasings. It hears typos, compounds and words of a related language.
type letterVoice struct {
	docs  int
	lists []letterList // by feature; empty for other features than letters, and for common runs
}

type letterList struct {
	postings
	weight []uint8 // of a unit vector, in steps of most/full
	most   float32
	idf    float32
}

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
	v := letterVoice{docs: len(docs), lists: make([]letterList, features)}
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
	total := 0
	for i, n := range n {
		v.lists[i].idf = float32(math.Log(1 + float64(len(docs))/float64(n+1)))
		if n <= most {
			total += n
		}
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
	each := func(f func(l *letterList, doc int, weight float64)) {
		for doc, list := range docs {
			for _, feature := range list {
				if feature.letters && n[feature.id] <= most {
					f(&v.lists[feature.id], doc, v.weight(feature)/lengths[doc])
				}
			}
		}
	}
	each(func(l *letterList, _ int, weight float64) { l.most = max(l.most, float32(weight)) })
	low, weights := make([]uint16, total), make([]uint8, total)
	for i, n := range n {
		if n <= most {
			l := &v.lists[i]
			l.low, l.weight = low[:0:n], weights[:0:n]
			low, weights = low[n:], weights[n:]
		}
	}
	each(func(l *letterList, doc int, weight float64) {
		l.add(uint32(doc))
		l.weight = append(l.weight, uint8(max(1, math.Round(weight/float64(l.most)*full))))
	})
	return v
}

func (v letterVoice) weight(f feature) float64 {
	return float64(dampened(f.count) * float64(v.lists[f.id].idf))
}

// dampened is what count times the same feature count together.
func dampened(count float32) float64 {
	if count == 1 {
		return 1
	}
	return 1 + math.Log(float64(count))
}

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
	length = math.Sqrt(length)
	for i, f := range question {
		l := &v.lists[f.id]
		if !f.letters || len(l.low) == 0 {
			continue
		}
		w := max(1, int32(math.Round(d.weights[i]/length*float64(l.most)*wholeCosine/full)))
		from := uint32(0)
		for high, upTo := range l.upTo {
			base := uint32(high) << 16
			for i, low := range l.low[from:upTo] {
				doc := base | uint32(low)
				if d.letters[doc] == 0 {
					d.heard = append(d.heard, doc)
				}
				d.letters[doc] += w * int32(l.weight[int(from)+i])
			}
			from = upTo
		}
	}
}

// wholeCosine is a cosine of 1.
const wholeCosine = 1 << 24
