package semantic

import "math"

// Vectors are vectors that can be searched, each number rounded to one of 255
// steps. They are immutable.
//
// A question is compared with all of them, which is exact and needs no index.
// Three vectors are compared at a time: their steps share a word, with room for
// every sum that can be, so that one multiplication serves all three. On a
// machine of 2023 that is some 20 µs for 1,000 vectors of 192 numbers, and under
// a millisecond for 20,000; beyond that, an approximate index would begin to pay.
type Vectors struct {
	dims   int
	words  []int64   // dims to each three vectors
	length []float32 // of each vector's steps, inverted; 0 for one of length 0
}

const (
	abreast = 3                // vectors to a word
	room    = 21               // bits of a sum of products
	steps   = 127              // of a number, either way
	longest = 1<<(room/2) - 64 // length of a vector, in steps: products of such fit the room
)

// NewVectors returns vectors of the given dimensions, as many as there are.
func NewVectors(dims int, vectors [][]float32) *Vectors {
	v := &Vectors{dims: dims, length: make([]float32, len(vectors))}
	v.words = make([]int64, (len(vectors)+abreast-1)/abreast*dims)
	for i, vector := range vectors {
		n := NewNeedle(vector)
		v.length[i] = n.length
		words := v.words[i/abreast*dims:][:dims]
		for k, step := range n.steps {
			words[k] += step << (i % abreast * room)
		}
	}
	return v
}

// Len is how many vectors there are.
func (v *Vectors) Len() int { return len(v.length) }

// Dims is how many numbers each has.
func (v *Vectors) Dims() int { return v.dims }

// A Needle is a vector that is looked for.
type Needle struct {
	steps  []int64
	length float32
}

// NewNeedle makes a vector, of whatever length, one to look for.
func NewNeedle(vector []float32) Needle {
	most, square := 0.0, 0.0
	for _, x := range vector {
		most = max(most, math.Abs(float64(x)))
		square += float64(x) * float64(x)
	}
	n := Needle{steps: make([]int64, len(vector))}
	if most == 0 || math.IsNaN(square) || math.IsInf(square, 0) {
		return n // no direction
	}
	scale := min(steps/most, (longest-math.Sqrt(float64(len(vector))))/math.Sqrt(square))
	sum := int64(0)
	for i, x := range vector {
		step := int64(math.Round(float64(float64(x) * scale)))
		n.steps[i] = step
		sum += step * step
	}
	if sum > 0 {
		n.length = float32(1 / math.Sqrt(float64(sum)))
	}
	return n
}

// Cosines sets like to the cosines of n and the vectors from the given one on, as
// many as like has: 1 for the same direction, 0 for nothing in common.
func (v *Vectors) Cosines(n Needle, from int, like []float32) {
	if len(like) == 0 {
		return
	}
	last := (from + len(like) - 1) / abreast
	for three := from / abreast; three <= last; three += 4 {
		a, b, c, d := sums(v.row(three), v.row(min(three+1, last)), v.row(min(three+2, last)), v.row(min(three+3, last)), n.steps)
		for i, sum := range [...]int64{a, b, c, d} {
			v.tell(n, three+i, sum, from, like)
		}
	}
}

// row is the words of three vectors.
func (v *Vectors) row(three int) []int64 { return v.words[three*v.dims:][:v.dims] }

// sums multiplies four times three vectors with steps, which are looked up once
// then: that takes less than half as long as one after the other. The race detector,
// which makes it take twenty times as long, has nothing to find in numbers that are
// never written again.
//
//go:norace
func sums(w, x, y, z, with []int64) (a, b, c, d int64) {
	w, x, y, z = w[:len(with)], x[:len(with)], y[:len(with)], z[:len(with)]
	for i, step := range with {
		a += w[i] * step
		b += x[i] * step
		c += y[i] * step
		d += z[i] * step
	}
	return a, b, c, d
}

// tell takes the sums of three vectors apart, and sets like for those of them
// that it is about: from the given one on.
func (v *Vectors) tell(n Needle, three int, sum int64, from int, like []float32) {
	const up = 64 - room
	for at := three * abreast; at < (three+1)*abreast; at++ {
		product := sum << up >> up
		sum = (sum - product) >> room
		if i := at - from; 0 <= i && i < len(like) {
			like[i] = float32(float32(float32(product)*n.length) * v.length[at])
		}
	}
}
