package search

import "math"

// letterVoice compares letters instead of words: the cosine between the runs
// of letters of a question and those of a title with its headings and
// phrasings. It hears typos, compounds and words of a related language.
type letterVoice struct {
	docs  int
	lists []letterList // by feature; empty for other features than letters
	most  int          // a run that more documents have is not looked up
}

type letterList struct {
	docs   []uint32 // ascending
	weight []uint16 // of a unit vector, in steps of 1/fullWeight
	idf    float32
}

const fullWeight = math.MaxUint16

// A run of letters that a sixteenth of very many documents have costs much and
// tells little.
const (
	manyDocs    = 4096
	commonShare = 16
)

// newLetterVoice makes the voice of documents that have the given runs, each
// once and with its count.
func newLetterVoice(docs [][]feature, features int) letterVoice {
	v := letterVoice{docs: len(docs), lists: make([]letterList, features), most: len(docs)}
	if len(docs) > manyDocs {
		v.most = len(docs) / commonShare
	}
	n := make([]int, features)
	total := 0
	for _, list := range docs {
		for _, f := range list {
			if f.letters {
				n[f.id]++
				total++
			}
		}
	}
	ids, weights := make([]uint32, total), make([]uint16, total)
	for i, n := range n {
		l := &v.lists[i]
		l.docs, l.weight, l.idf = ids[:0:n], weights[:0:n], float32(math.Log(1+float64(len(docs))/float64(n+1)))
		ids, weights = ids[n:], weights[n:]
	}
	for doc, list := range docs {
		length := 0.0
		for _, f := range list {
			if f.letters {
				w := v.weight(f)
				length += float64(w * w)
			}
		}
		length = math.Sqrt(length)
		for _, f := range list {
			if f.letters {
				l := &v.lists[f.id]
				l.docs = append(l.docs, uint32(doc))
				l.weight = append(l.weight, max(1, uint16(math.Round(v.weight(f)/length*fullWeight))))
			}
		}
	}
	return v
}

func (v letterVoice) weight(f feature) float64 {
	return float64((1 + math.Log(float64(f.count))) * float64(v.lists[f.id].idf))
}

// hear adds the cosine of a question with each document to d.letters, in steps
// of 1/(unit*fullWeight), and notes which documents it touched. Runs that no
// document has make it less like any.
func (v letterVoice) hear(question []feature, d *scratch) {
	unheard := math.Log(1 + float64(v.docs))
	length := float64(unheard*unheard) * float64(d.unknown.letters)
	for _, f := range question {
		if f.letters {
			w := v.weight(f)
			length += float64(w * w)
		}
	}
	if length == 0 {
		return
	}
	length = math.Sqrt(length)
	for _, f := range question {
		if !f.letters || len(v.lists[f.id].docs) > v.most {
			continue
		}
		l := &v.lists[f.id]
		w := max(1, int32(math.Round(v.weight(f)/length*unit)))
		for i, doc := range l.docs {
			if d.letters[doc] == 0 {
				d.heard = append(d.heard, doc)
			}
			d.letters[doc] += w * int32(l.weight[i])
		}
	}
}
