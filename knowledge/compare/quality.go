package main

import (
	"fmt"
	"log"
	"math"
	"slices"
)

// quality is what was found out about how well the systems answer.
type quality struct {
	Scores  []score  `json:"scores"`
	Drops   []drops  `json:"drops"`
	Gains   []gain   `json:"gains"`
	Adds    []adds   `json:"adds"`
	Kinds   []kind   `json:"kinds"`
	Repeats []repeat `json:"repeats"`
}

// A score is how a system does on a set in a setting, on the mean of its seeds.
type score struct {
	Set        string `json:"set"`
	Split      string `json:"split"`
	Setting    string `json:"setting"`
	System     string `json:"system"`
	Queries    int    `json:"queries"`
	Answerable int    `json:"answerable"` // queries that are in scope
	figures

	firsts, threes []float64 // by in-scope query: share of the seeds with the right article first, or among three
}

// drops are what slips of the keyboard cost a system.
type drops struct {
	Set     string   `json:"set"`
	Setting string   `json:"setting"`
	System  string   `json:"system"`
	Slips   [2]share `json:"slips"` // with one slip, with two
}

// A gain is how much more often than another system we have the right article
// first, query by query. Sets with few queries are counted together: a query
// then counts with its mean over the settings of its set.
type gain struct {
	Set     string `json:"set"`
	Setting string `json:"setting"`
	Over    string `json:"over"`
	Queries int    `json:"queries"` // in scope
	interval
}

func (g gain) ok() bool { return g.Mean >= 0 && g.Lower > 0 }

// fewQueries is below how many a set is counted together with others.
const fewQueries = 500

// others are what we are compared with.
var others = []system{bleveSystem{}, fuzzySystem{}}

func compareQuality(sets []set, voices []voice) (quality, error) {
	var q quality
	for _, s := range sets {
		for _, t := range s.settings {
			log.Printf("%s %s: %d articles, %d queries", s.name, t.name, len(t.seeds[0]), len(s.queries))
			systems := slices.Clone(others)
			for _, v := range voices {
				systems = append(systems, s.ours(v))
			}
			for _, system := range systems {
				scored, dropped, err := s.score(t, system)
				if err != nil {
					return q, fmt.Errorf("%s %s: %w", s.name, t.name, err)
				}
				q.Scores = append(q.Scores, scored)
				if dropped != nil {
					q.Drops = append(q.Drops, *dropped)
				}
			}
		}
		r, err := s.repeat()
		if err != nil {
			return q, fmt.Errorf("%s: %w", s.name, err)
		}
		q.Repeats = append(q.Repeats, r)
	}
	for _, other := range others {
		q.Gains = append(q.Gains, q.gains(sets, other.name())...)
	}
	q.Adds, q.Kinds = q.adds(), q.kinds(sets)
	return q, nil
}

// gains returns what we gain over another system, the pools last.
func (q quality) gains(sets []set, other string) []gain {
	var list []gain
	pools := map[string][]float64{}
	for _, s := range sets {
		var sum []float64 // by in-scope query, over the settings
		for _, t := range s.settings {
			own, _ := q.score(s.name, t.name, columnOurs)
			their, _ := q.score(s.name, t.name, other)
			d := differences(own.firsts, their.firsts)
			if len(d) >= fewQueries {
				list = append(list, newGain(s.name, t.name, other, d))
				continue
			}
			if sum == nil {
				sum = make([]float64, len(d))
			}
			for i := range d {
				sum[i] += d[i] / float64(len(s.settings))
			}
		}
		pools[s.pool] = append(pools[s.pool], sum...)
	}
	for _, pool := range []string{poolSmall, poolSample} {
		if d := pools[pool]; len(d) > 0 {
			list = append(list, newGain("pooled "+pool, "all", other, d))
		}
	}
	return list
}

// score returns how a system does on a set in a setting, if it was asked.
func (q quality) score(set, setting, system string) (score, bool) {
	for _, s := range q.Scores {
		if s.Set == set && s.Setting == setting && s.System == system {
			return s, true
		}
	}
	return score{}, false
}

func newGain(set, setting, over string, d []float64) gain {
	return gain{set, setting, over, len(d), bootstrap(d)}
}

func differences(a, b []float64) []float64 {
	d := make([]float64, len(a))
	for i := range d {
		d[i] = a[i] - b[i]
	}
	return d
}

// score asks a system the queries of s in a setting; in that of the typos also
// those, else the drops are nil.
func (s set) score(t setting, system system) (score, *drops, error) {
	scored := score{Set: s.name, Split: s.split, Setting: t.name, System: system.name(), Queries: len(s.queries)}
	slipping := s.typos != nil && s.typos.setting == t.name
	var all, clean []figures
	var slipped [2][]figures
	for _, docs := range t.seeds {
		x, err := system.build(docs)
		if err != nil {
			return scored, nil, err
		}
		outcomes, err := ask(x, docs, s.queries)
		if err != nil {
			return scored, nil, err
		}
		all = append(all, measure(outcomes))
		scored.addQueries(outcomes, len(t.seeds))
		if slipping {
			for i, queries := range append([][]query{s.typos.clean}, s.typos.slips[:]...) {
				outcomes, err := ask(x, docs, queries)
				if err != nil {
					return scored, nil, err
				}
				if i == 0 {
					clean = append(clean, measure(outcomes))
				} else {
					slipped[i-1] = append(slipped[i-1], measure(outcomes))
				}
			}
		}
		if err := x.close(); err != nil {
			return scored, nil, fmt.Errorf("close the index of %s: %w", system.name(), err)
		}
	}
	scored.figures = mean(all)
	if !slipping {
		return scored, nil, nil
	}
	dropped := &drops{Set: s.name, Setting: t.name, System: system.name()}
	for i := range slipped {
		dropped.Slips[i] = drop(mean(clean).S1, mean(slipped[i]).S1)
	}
	return scored, dropped, nil
}

// addQueries adds which in-scope queries had the right article first, or among
// three, with one of the given number of seeds.
func (s *score) addQueries(outcomes []outcome, seeds int) {
	outcomes = slices.DeleteFunc(slices.Clone(outcomes), func(o outcome) bool { return !o.in })
	s.Answerable = len(outcomes)
	if s.firsts == nil {
		s.firsts, s.threes = make([]float64, len(outcomes)), make([]float64, len(outcomes))
	}
	for i, o := range outcomes {
		if o.rank == 0 {
			s.firsts[i] += 1 / float64(seeds)
		}
		if o.rank >= 0 && o.rank < 3 {
			s.threes[i] += 1 / float64(seeds)
		}
	}
}

// ask asks an index of docs every query.
func ask(x index, docs []document, queries []query) ([]outcome, error) {
	outcomes := make([]outcome, len(queries))
	for i, q := range queries {
		found, err := x.rank(q, depth)
		if err != nil {
			return nil, fmt.Errorf("ask %q: %w", q.text, err)
		}
		outcomes[i] = outcome{in: len(q.right) > 0, rank: rank(found.hits, docs, q.right), confidence: found.confidence}
		if len(found.hits) == 0 {
			outcomes[i].confidence = math.Inf(-1)
		}
	}
	return outcomes, nil
}

// rank returns where the first right document stands, from 0, translations
// counting as one; -1 if it was not found.
func rank(hits []hit, docs []document, right []string) int {
	var seen []string
	for _, h := range hits {
		id := docs[h.doc].id
		if slices.Contains(right, id) {
			return len(seen)
		}
		if !slices.Contains(seen, id) {
			seen = append(seen, id)
		}
	}
	return -1
}
