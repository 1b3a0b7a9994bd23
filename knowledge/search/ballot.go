package search

// A ballot is what a classifier has learned, laid out so that a question, which has
// hundreds of features, looks at as few places in memory as can be: that is most of
// what asking costs.
type ballot struct {
	facts []fact // by feature
	votes []vote // of features that are not common, one list after the other

	// Of common features, which have a weight for every document. A question has
	// so many of these that they take a third of the time. A number is two weights,
	// as together makes it: one multiplication serves both.
	pairs []int64
}

// A fact is what there is to know of a feature.
type fact struct {
	idf    float32
	from   uint32 // where its votes, or pairs, begin
	n      uint16 // how many votes it has
	common bool
}

// A vote is what a feature says for a document.
type vote struct {
	class  uint16
	weight int16 // in steps of 1/unit
}

// factsOf returns what is known of features before anything is learned.
func factsOf(idf []float32) []fact {
	facts := make([]fact, len(idf))
	for id, idf := range idf {
		facts[id].idf = idf
	}
	return facts
}

// arrange makes the ballot of what c has learned.
func (c *classifier) arrange() {
	b := ballot{facts: factsOf(c.idf)}
	for id := range b.facts {
		f := &b.facts[id]
		from, to := c.from[id], c.from[id+1]
		classes, weights := c.classes[from:to], c.weights[from:to]
		if f.common = len(weights) == len(c.bias); f.common {
			f.from = uint32(len(b.pairs))
			for len(weights) > 1 {
				b.pairs = append(b.pairs, paired(weights[0], weights[1]))
				weights = weights[2:]
			}
			if len(weights) > 0 {
				b.pairs = append(b.pairs, paired(weights[0], 0))
			}
			continue
		}
		f.from, f.n = uint32(len(b.votes)), uint16(len(weights))
		for i, class := range classes {
			b.votes = append(b.votes, vote{class, weights[i]})
		}
	}
	c.ballot = b
}

// paired makes one number of two, such that sums of its multiples are sums of the
// multiples of each, as long as each fits 32 bits; see [apart].
func paired(first, second int16) int64 { return int64(first) + int64(second)<<32 }

// apart tells the two sums of a sum of pairs.
func apart(sum int64) (first, second int32) {
	first = int32(sum)
	return first, int32((sum - int64(first)) >> 32)
}

// addTimes adds v times each number of b to those of a, which are as many. Four at
// a time take half of the time that they take one by one.
func addTimes(a, b []int64, v int64) {
	for len(a) >= 4 && len(b) >= 4 {
		a[0] += v * b[0]
		a[1] += v * b[1]
		a[2] += v * b[2]
		a[3] += v * b[3]
		a, b = a[4:], b[4:]
	}
	for i := range a {
		a[i] += v * b[i]
	}
}
