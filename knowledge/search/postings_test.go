package search

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// lists makes n lists of random documents below docs, some of them rare.
func lists(random *rand.Rand, n int, docs uint32) []list {
	all := make([]list, n)
	for i := range all {
		l, share := &all[i], 0.3/float64(1+random.IntN(200))
		for doc := range docs {
			if random.Float64() < share {
				l.add(doc)
				l.whole = append(l.whole, uint8(1+random.IntN(full)))
				l.most = max(l.most, l.whole[len(l.whole)-1])
			}
		}
	}
	return all
}

// walkersOf has slots of one to three lists.
func walkersOf(random *rand.Rand, all []list) []walker {
	var walkers []walker
	for len(all) > 0 {
		n := min(1+random.IntN(3), len(all))
		w := walker{weight: int32(1 + random.IntN(10*unit))}
		for i := range all[:n] {
			weight := int64(1 + random.IntN(unit))
			w.cursors = append(w.cursors, stemCursor{all[i].start(), &all[i], weight})
			w.most = max(w.most, int32(int64(w.weight)*weight*int64(all[i].most)/(full*unit)))
		}
		walkers, all = append(walkers, w), all[n:]
	}
	return walkers
}

func sorted(heap []scored) []scored {
	out := slices.Clone(heap)
	slices.SortFunc(out, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.doc, b.doc))
	})
	return out
}

// TestBestIsSums: skipping what cannot be among the best finds the same as
// adding everything up.
func TestBestIsSums(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		docs := uint32(1 + random.IntN(few))
		all := lists(random, 1+random.IntN(12), docs)
		d := &scratch{gain: make([]int32, docs), sum: make([]int32, docs)}
		n := 1 + random.IntN(30)
		sums(walkersOf(rand.New(rand.NewPCG(seed, 2)), all), n, d)
		got := best(walkersOf(rand.New(rand.NewPCG(seed, 2)), all), n, nil)
		if !slices.Equal(sorted(got), sorted(d.heap)) {
			t.Fatalf("seed %d: best finds %v, adding up %v", seed, sorted(got), sorted(d.heap))
		}
	}
}

// TestMeet: a list meets the candidates that are in it, be it short or long, in
// one high half or in several.
func TestMeet(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	draw := func(n, docs int) []int {
		drawn := make([]int, n)
		for i := range drawn {
			drawn[i] = random.IntN(docs)
		}
		slices.Sort(drawn)
		return slices.Compact(drawn)
	}
	for range 300 {
		docs := []int{50, 1 << 16, 3 << 16}[random.IntN(3)]
		d := &scratch{seats: make([]uint16, docs)}
		for i, doc := range draw(1+random.IntN(20), docs) {
			d.candidates = append(d.candidates, candidate{doc: uint32(doc)})
			d.seats[doc] = uint16(i + 1)
		}
		var p postings
		var want []meeting
		for at, doc := range draw(1+random.IntN(400), docs) {
			p.add(uint32(doc))
			if seat := d.seats[doc]; seat > 0 {
				want = append(want, meeting{int(seat) - 1, at})
			}
		}
		if got := d.meet(&p); !slices.Equal(got, want) {
			t.Fatalf("of %d documents: met %v, want %v", docs, got, want)
		}
	}
}

// TestCursorSeek: whatever the steps, a cursor stops at the first document that
// is not before the one sought, on both sides of where the high half changes.
func TestCursorSeek(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var p postings
	var docs []uint32
	for doc := uint32(0); doc < 5<<16; doc += uint32(1 + random.IntN(300)) {
		if doc>>16 == 2 {
			continue // a half without a document
		}
		docs = append(docs, doc)
		p.add(doc)
	}
	for range 200 {
		c := p.start()
		for sought := uint32(0); c.doc != none; {
			sought += uint32(random.IntN([]int{500, 4000, 40000}[random.IntN(3)]))
			c.seek(sought)
			want := uint32(none)
			if i, _ := slices.BinarySearch(docs, sought); i < len(docs) {
				want = docs[i]
			}
			if c.doc != want {
				t.Fatalf("seek(%d) stops at %d, want %d", sought, c.doc, want)
			}
		}
	}
	if c := (&postings{}).start(); c.doc != none {
		t.Errorf("a cursor without documents stands at %d", c.doc)
	}
}
