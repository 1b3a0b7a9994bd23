package search

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestPairs: the sums of pairs are those of what was paired.
func TestPairs(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		var first, second, sum int64
		for range 1 + random.IntN(40) {
			a, b := int16(random.Uint32()), int16(random.Uint32())
			v := int64(random.IntN(1 << 9))
			first, second = first+v*int64(a), second+v*int64(b)
			sum += v * paired(a, b)
		}
		if a, b := apart(sum); int64(a) != first || int64(b) != second {
			t.Fatalf("apart: %d, %d; want %d, %d", a, b, first, second)
		}
	}
	for _, most := range []int64{math.MaxInt32, math.MinInt32} {
		if a, b := apart(most + most<<32); int64(a) != most || int64(b) != most {
			t.Errorf("apart: %d, %d; want twice %d", a, b, most)
		}
	}
}

// TestBallot: it says what the lists say, of documents even and odd in number.
func TestBallot(t *testing.T) {
	for classes := 1; classes < 12; classes++ {
		var lessons []lesson
		for class := range classes {
			lessons = append(lessons, lesson{class: uint16(class), features: []feature{
				{id: 0, count: 1}, {id: uint32(1 + class%3), count: 1, run: true}, {id: uint32(4 + class), count: 2},
			}})
		}
		c := train(lessons, classes, 4+classes)
		d := &scratch{logits: make([]float32, classes), learned: make([]float32, classes)}
		for _, l := range lessons {
			c.guess(l.features, 1, d)
			for class := range classes {
				sum := int32(0)
				for i, f := range l.features {
					for k := c.from[f.id]; k < c.from[f.id+1]; k++ {
						if int(c.classes[k]) == class {
							sum += rounded(float64(d.vector[i])*(1<<8)) * int32(c.weights[k])
						}
					}
				}
				if d.votes[class] != sum {
					t.Fatalf("%d documents: votes %d for %d, want %d", classes, d.votes[class], class, sum)
				}
			}
		}
	}
}
