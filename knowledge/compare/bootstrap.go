package main

import (
	"math"
	"math/rand/v2"
	"slices"
)

const resamples = 2000

// An interval is a mean and the bounds of its 90 % interval.
type interval struct {
	Mean  share `json:"mean"`
	Lower share `json:"lower"`
	Upper share `json:"upper"`
}

// bootstrap returns the mean of differences between pairs and its interval: the
// 5th and the 95th percentile of the means of resamples. They are the same in
// every run.
func bootstrap(differences []float64) interval {
	n := len(differences)
	if n == 0 {
		nothing := share(math.NaN())
		return interval{nothing, nothing, nothing}
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
	const tail = resamples * 5 / 100
	return interval{share(sum / float64(n)), share(means[tail-1]), share(means[resamples-tail])}
}
