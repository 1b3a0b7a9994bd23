package main

import (
	"log"
	"math"
	"reflect"
	"slices"
	"strconv"

	"github.com/signpost-bot/signpost/knowledge/search"
)

// A knob is a number that is looked for. It is above 0.
type knob struct {
	name string
	most float64
	held bool // it stays as it is
}

// shares are the weights that are between 0 and 1: what counts less than the
// word itself, what is left of something, or a mix of two.
var shares = []string{
	"B", "Function", "Faint", "Related", "Translated", "Phrase", "Typo", "Before", "Whole", "Asked", "Foreign",
	"Believed",
}

// ofMeaning are the weights that count where it is known what queries mean. There
// is no other use for them.
var ofMeaning = []string{"Alike", "Taught", "Believed", "Both", "Keen"}

// knobs are the weights of the ranking, in the order of their fields: those of
// meaning can be turned, or all others.
func knobs(meaning bool) []knob {
	var list []knob
	for _, name := range weightNames() {
		k := knob{name: name, most: math.Inf(1), held: slices.Contains(ofMeaning, name) != meaning}
		if slices.Contains(shares, name) {
			k.most = 1
		}
		list = append(list, k)
	}
	return list
}

func weightNames() []string {
	var names []string
	for f := range reflect.TypeFor[search.Weights]().Fields() {
		names = append(names, f.Name)
	}
	return names
}

// values returns the fields of w in their order.
func values(w search.Weights) []float64 {
	v := reflect.ValueOf(w)
	list := make([]float64, v.NumField())
	for i := range list {
		list[i] = v.Field(i).Float()
	}
	return list
}

// weightsOf undoes values.
func weightsOf(list []float64) search.Weights {
	var w search.Weights
	v := reflect.ValueOf(&w).Elem()
	for i, x := range list {
		v.Field(i).SetFloat(x)
	}
	return w
}

// factors are by how much knobs are turned, a round each, and then by the last
// one until a round finds nothing better.
var factors = []float64{1.3, 1.15, 1.07}

// worthwhile is what a turn must save to be kept: about four queries of 500 that
// have their right article first, in one of forty trials. Less is chance, and
// lets one number creep on and on.
const worthwhile = 1e-4

// descend turns one knob after the other, up or else down, and keeps what costs
// less. It begins at the given values, and ends where no turn helps: in a
// valley, which need not be the deepest. The same data gives the same values.
// keep hears of every setting that is kept.
func descend(knobs []knob, from []float64, cost func([]float64) float64, keep func([]float64)) []float64 {
	at := slices.Clone(from)
	least := cost(at)
	log.Printf("cost %.5f", least)
	for round := 0; ; round++ {
		factor := factors[min(round, len(factors)-1)]
		found := false
		for i, k := range knobs {
			for _, next := range []float64{k.turn(at[i], factor), k.turn(at[i], 1/factor)} {
				if next == at[i] {
					continue
				}
				tried := slices.Clone(at)
				tried[i] = next
				if c := cost(tried); c < least-worthwhile {
					log.Printf("round %d: %s %v → %v: cost %.5f", round+1, k.name, at[i], next, c)
					at, least, found = tried, c, true
					keep(at)
					break
				}
			}
		}
		log.Printf("round %d done: cost %.5f", round+1, least)
		if !found && round >= len(factors)-1 {
			return at
		}
	}
}

// turn multiplies a value, within the bounds. What comes out has three digits:
// as it is tried, so it is printed.
func (k knob) turn(value, factor float64) float64 {
	if k.held {
		return value
	}
	digits, _ := strconv.ParseFloat(strconv.FormatFloat(value*factor, 'g', 3, 64), 64) // of a number just written
	return min(digits, k.most)
}
