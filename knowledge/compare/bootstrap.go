package main

import (
	"math"
	"math/rand/v2"
	"slices"
)

const resamples = 2000

// bootstrap returns the mean of differences between pairs and the lower bound
// of its 90 % interval: the 5th percentile of the means of resamples. Both are
// the same in every run.
func bootstrap(differences []float64) (average, lower share) {
	n := len(differences)
	if n == 0 {
		return share(math.NaN()), share(math.NaN())
	}
	random := rand.New(rand.NewPCG(1, 2))
	means := make([]float64, resamples)
	for i := range means {
		sum := 0.0
		for range n {
			sum += differences[random.IntN(n)]
		}
		means[i] = sum / float64(n)
	}
	slices.Sort(means)
	sum := 0.0
	for _, d := range differences {
		sum += d
	}
	return share(sum / float64(n)), share(means[resamples*5/100-1])
}
