package main

import (
	"fmt"
	"log"
	"runtime"
	"slices"
	"time"

	"github.com/signpost-bot/signpost/knowledge/search"
)

// A speed is how fast a system finds something among articles, and what its
// index takes.
type speed struct {
	Size     string  `json:"size"`
	Articles int     `json:"articles"`
	System   string  `json:"system"`
	Asked    int     `json:"asked"`    // queries that were timed, repetitions included
	Median   float64 `json:"median"`   // µs a query
	P99      float64 `json:"p99"`      // µs a query
	Build    float64 `json:"build"`    // s
	HeapMB   float64 `json:"heap_mib"` // of the index; the text of the articles is not counted

	// Of a column of ours that heeds meaning:
	Texts     int     `json:"texts"`       // that a question is compared with; 0: too many, it goes by words alone
	VectorsMB float64 `json:"vectors_mib"` // part of the heap
	Adds      float64 `json:"adds"`        // µs a query on the median over the same query by words alone
}

// A corpus is articles to be fast on.
type corpus struct {
	size    string
	docs    []document
	queries []query
	rounds  int // how often the queries are asked
}

const (
	manyArticles = 100_000
	manyQueries  = 500
)

// The sizes that speed is measured at.
const (
	sizeSmall  = "77 x 10 phrasings"
	sizeMedium = "help pages"
	sizeLarge  = "100,000 pages"
	sizeDesk   = "1,000 sections"
)

// deskSections are the sections of a help desk of some size.
const deskSections = 1000

// corpora returns those that can be made of some sets: banking77 with ten
// phrasings an article, the sample, all help pages in English, and many pages
// mixed of these. A help page is an article with a text.
func corpora(sets []set) []corpus {
	var list []corpus
	desk := corpus{size: sizeDesk, rounds: 10}
	pages := corpus{size: sizeMedium, rounds: 4}
	for _, s := range sets {
		for _, t := range s.settings {
			if s.name == "banking77" && t.name == "k10" {
				list = append(list, corpus{sizeSmall, t.seeds[0], s.queries, 2})
			}
		}
		if s.pool == poolSample {
			phrased := s.settings[len(s.settings)-1]
			desk.docs = lengthen(phrased.seeds[0], deskSections)
			desk.queries = append(desk.queries, s.queries...)
		}
		if docs := s.settings[0].seeds[0]; s.pool == poolSmall && docs[0].lang == "en" && docs[0].sections != nil {
			pages.docs = append(pages.docs, docs...)
			pages.queries = append(pages.queries, s.queries...)
		}
	}
	if len(desk.docs) > 0 {
		list = append(list, desk)
	}
	if len(pages.docs) == 0 {
		return list
	}
	many := corpus{size: sizeLarge, rounds: 2}
	many.docs, many.queries = mix(pages.docs, pages.queries, manyArticles, manyQueries)
	return append(list, pages, many)
}

// lengthen gives documents n sections in all, the first few less or more: those
// that lack come from the next documents in the same language.
func lengthen(docs []document, n int) []document {
	docs = slices.Clone(docs)
	byLang := map[string][]section{}
	for i := range docs {
		d := &docs[i]
		d.sections = slices.Clone(d.sections[:min(n, len(d.sections))])
		n -= len(d.sections)
		byLang[d.lang] = append(byLang[d.lang], d.sections...)
	}
	for turn := 0; n > 0; turn++ {
		for i := 0; i < len(docs) && n > 0; i++ {
			d := &docs[i]
			from := byLang[d.lang]
			d.sections = append(d.sections, from[(7*i+turn)%len(from)]) // 7: not its own
			n--
		}
	}
	return docs
}

// chunk is how many queries a system is asked before it is the next one's turn.
// What else the machine does then slows all of them alike.
const chunk = 50

func compareSpeed(sets []set, voices []voice) ([]speed, error) {
	systems := slices.Clone(others)
	for _, v := range voices {
		if v.label != columnTeacher { // nobody could run it
			systems = append(systems, ours{v, true})
		}
	}
	var list []speed
	for _, c := range corpora(sets) {
		speeds, err := c.time(systems)
		if err != nil {
			return nil, err
		}
		list = append(list, speeds...)
	}
	return list, nil
}

// time builds an index of each system and asks them in turn.
func (c corpus) time(systems []system) ([]speed, error) {
	speeds := make([]speed, len(systems))
	indexes := make([]index, len(systems))
	var shared words
	for i, system := range systems {
		log.Printf("%s: %d articles, %s", c.size, len(c.docs), system.name())
		var err error
		if o, ok := system.(ours); ok {
			indexes[i], speeds[i], err = c.buildOurs(o, &shared)
		} else {
			indexes[i], speeds[i], err = c.build(func() (index, error) { return system.build(c.docs) })
		}
		if err != nil {
			return nil, err
		}
		speeds[i].Size, speeds[i].Articles, speeds[i].System = c.size, len(c.docs), system.name()
	}
	log.Printf("%s: asking", c.size)
	times := make([][]time.Duration, len(systems))
	for round := range c.rounds {
		for queries := range slices.Chunk(c.queries, chunk) {
			for i := range indexes {
				if round%2 > 0 {
					i = len(indexes) - 1 - i // who comes second finds things in the processor's caches
				}
				x := indexes[i]
				runtime.GC()                                         // of what others left
				if _, err := x.rank(queries[0], depth); err != nil { // not timed: it fills what the collection emptied
					return nil, fmt.Errorf("ask %q: %w", queries[0].text, err)
				}
				asked := queries
				if systems[i] == (fuzzySystem{}) && len(c.docs) >= manyArticles {
					asked = queries[:len(queries)/5] // tens of milliseconds each
				}
				for _, q := range asked {
					start := time.Now()
					if _, err := x.rank(q, depth); err != nil {
						return nil, fmt.Errorf("ask %q: %w", q.text, err)
					}
					times[i] = append(times[i], time.Since(start))
				}
			}
		}
	}
	alone := slices.IndexFunc(speeds, func(s speed) bool { return s.System == columnWords })
	for i := range speeds {
		if alone >= 0 && speeds[i].Texts > 0 {
			speeds[i].Adds = medianDifference(times[i], times[alone])
		}
	}
	for i, x := range indexes {
		speeds[i].Asked = len(times[i])
		speeds[i].Median, speeds[i].P99 = percentile(times[i], 50), percentile(times[i], 99)
		if err := x.close(); err != nil {
			return nil, fmt.Errorf("close the index of %s: %w", systems[i].name(), err)
		}
	}
	runtime.KeepAlive(c.docs) // else their text might leave the heap between two looks at it
	return speeds, nil
}

// words are the part of ours that all its columns share, and what it took.
type words struct {
	index *search.Index
	took  speed
}

// buildOurs builds an index of ours. The part that columns share is built once,
// and counted for each.
func (c corpus) buildOurs(o ours, shared *words) (index, speed, error) {
	if shared.index == nil {
		x, took, err := c.build(func() (index, error) { return ours{anew: true}.build(c.docs) })
		if err != nil {
			return nil, took, err
		}
		*shared = words{x.(oursIndex).Index, took}
	}
	if o.source == nil {
		return oursIndex{Index: shared.index}, shared.took, nil
	}
	x, took, err := c.build(func() (index, error) { return o.over(shared.index, c.docs) })
	if err != nil {
		return nil, took, err
	}
	if m := x.(oursIndex).meaning; m != nil {
		for _, d := range meant(c.docs) {
			took.Texts += len(d.Texts)
		}
		took.VectorsMB = took.HeapMB
	}
	took.Build += shared.took.Build
	took.HeapMB += shared.took.HeapMB
	if _, ok := o.source.(*mindful); ok { // so that the wait for a server is not timed
		if _, err := ask(x, c.docs, c.queries); err != nil {
			return nil, took, err
		}
	}
	return x, took, nil
}

// build tells how long an index takes to build, and how much of the heap.
func (c corpus) build(build func() (index, error)) (index, speed, error) {
	before := heap()
	start := time.Now()
	x, err := build()
	if err != nil {
		return nil, speed{}, err
	}
	took := speed{Build: time.Since(start).Seconds()}
	if _, err := ask(x, c.docs, c.queries[:min(chunk, len(c.queries))]); err != nil { // what is read only when needed counts, too
		return nil, took, err
	}
	took.HeapMB = max(0, heap()-before)
	return x, took, nil
}

// medianDifference returns how many µs longer a took than b, query by query.
func medianDifference(a, b []time.Duration) float64 {
	differences := make([]time.Duration, len(a))
	for i := range a {
		differences[i] = a[i] - b[i]
	}
	return percentile(differences, 50)
}

// heap returns how many MiB of the heap are in use.
func heap() float64 {
	runtime.GC()
	runtime.GC() // the first leaves what pools hold
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc) / (1 << 20)
}

// percentile returns the smallest of the times, in µs, that p percent of them
// do not exceed. It sorts them.
func percentile(times []time.Duration, p int) float64 {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return float64(times[max(0, (len(times)*p+99)/100-1)].Nanoseconds()) / 1000
}
