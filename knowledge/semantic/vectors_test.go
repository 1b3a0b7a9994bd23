package semantic

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// someVector draws a vector of one of the shapes that strain the room of a sum.
func someVector(t *rapid.T, dims int) []float32 {
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	shape := rapid.SampledFrom([]string{"random", "most", "least", "alternating", "one", "nothing", "faint", "huge", "mixed"}).Draw(t, "shape")
	v := make([]float32, dims)
	for i := range v {
		switch shape {
		case "random":
			v[i] = float32(random.NormFloat64())
		case "most":
			v[i] = 1
		case "least":
			v[i] = -1
		case "alternating":
			v[i] = float32(1 - 2*(i%2))
		case "faint":
			v[i] = math.SmallestNonzeroFloat32 * float32(random.IntN(3))
		case "huge":
			v[i] = math.MaxFloat32 * float32(1-2*random.IntN(2))
		case "mixed":
			v[i] = float32(random.NormFloat64() * math.Pow(10, float64(random.IntN(12)-6)))
		}
	}
	if shape == "one" {
		v[random.IntN(dims)] = -3
	}
	return v
}

func someDims(t *rapid.T) int {
	return rapid.OneOf(rapid.IntRange(1, 40), rapid.SampledFrom([]int{192, 256, 384, 1024, 4095, 4096})).Draw(t, "dims")
}

// cosine is that of two vectors, and how far rounding to steps may take it: each
// number by half a step.
func cosine(a, b []float32) (cosine, slack float64) {
	var product, aa, bb, most float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		product, aa, bb = product+x*y, aa+x*x, bb+y*y
	}
	if aa == 0 || bb == 0 {
		return 0, 0
	}
	for _, v := range [][]float32{a, b} {
		steps := 1 / float64(NewNeedle(v).length)
		most += math.Sqrt(float64(len(v))) / steps
	}
	return product / math.Sqrt(aa*bb), most + 1e-6
}

// TestCosinesAreExact holds the sums that share a word to plain ones, and the
// cosines to those of the vectors before they were rounded.
func TestCosinesAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dims, count := someDims(t), rapid.IntRange(0, 10).Draw(t, "count")
		vectors := make([][]float32, count)
		for i := range vectors {
			vectors[i] = someVector(t, dims)
		}
		with := someVector(t, dims)
		v, needle := NewVectors(dims, vectors), NewNeedle(with)
		if v.Len() != count || v.Dims() != dims {
			t.Fatalf("%d vectors of %d numbers became %d of %d", count, dims, v.Len(), v.Dims())
		}
		from := rapid.IntRange(0, count).Draw(t, "from")
		like := make([]float32, rapid.IntRange(0, count-from).Draw(t, "of"))
		v.Cosines(needle, from, like)
		for i, got := range like {
			n, sum := NewNeedle(vectors[from+i]), int64(0)
			for k := range n.steps {
				sum += n.steps[k] * needle.steps[k]
			}
			if sum >= 1<<(room-1) || sum < -1<<(room-1) {
				t.Fatalf("a sum of %d does not fit %d bits", sum, room)
			}
			if want := float32(float32(float32(sum)*needle.length) * n.length); got != want {
				t.Fatalf("vector %d of %d numbers: cosine %v, by a plain sum %v", from+i, dims, got, want)
			}
			if want, slack := cosine(vectors[from+i], with); math.Abs(float64(got)-want) > slack {
				t.Fatalf("vector %d of %d numbers: cosine %v, before rounding %v", from+i, dims, got, want)
			}
		}
	})
}

func TestStepsFitTheirRoom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := someVector(t, someDims(t))
		n, square := NewNeedle(v), int64(0)
		for i, step := range n.steps {
			if step > steps || step < -steps {
				t.Fatalf("number %d is %d steps", i, step)
			}
			if float64(v[i])*float64(step) < 0 {
				t.Fatalf("number %d, %v, is %d steps", i, v[i], step)
			}
			square += step * step
		}
		if square > longest*longest {
			t.Fatalf("a length of %v steps, more than %d", math.Sqrt(float64(square)), longest)
		}
	})
}

func TestCosines(t *testing.T) {
	v := NewVectors(2, [][]float32{{1, 0}, {0, 5}, {-2, 0}, {0, 0}, {1, 1}})
	got := make([]float32, v.Len())
	v.Cosines(NewNeedle([]float32{0.1, 0}), 0, got)
	want := []float64{1, 0, -1, 0, math.Sqrt2 / 2}
	for i := range want {
		if math.Abs(float64(got[i])-want[i]) > 1e-6 {
			t.Errorf("cosines %v, want %v", got, want)
			break
		}
	}
	for _, none := range []Needle{NewNeedle([]float32{0, 0}), NewNeedle(make([]float32, 2))} {
		v.Cosines(none, 0, got)
		for i, c := range got {
			if c != 0 {
				t.Errorf("a vector of length 0 and vector %d have the cosine %v", i, c)
			}
		}
	}
}

// No embedder should return such vectors; what comes of them means nothing.
func TestVectorsThatAreNoNumbersDoNotPanic(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	bad := [][]float32{{nan, nan, nan}, {inf, 1, 0}, {-inf, inf, nan}, {0, 0, nan}}
	v := NewVectors(3, bad)
	for _, with := range append(bad, []float32{1, 2, 3}) {
		v.Cosines(NewNeedle(with), 0, make([]float32, v.Len()))
	}
}

// BenchmarkCosines compares a question with the texts of some 200 articles, and
// with those of some 4,000.
func BenchmarkCosines(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, count := range []int{1000, 20_000} {
		vectors := make([][]float32, count+1)
		for i := range vectors {
			vectors[i] = make([]float32, 192)
			for k := range vectors[i] {
				vectors[i][k] = float32(random.NormFloat64())
			}
		}
		v, needle, like := NewVectors(192, vectors[:count]), NewNeedle(vectors[count]), make([]float32, count)
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			for b.Loop() {
				v.Cosines(needle, 0, like)
			}
		})
	}
}
