package main

import (
	"fmt"
	"log"
	"runtime"
	"slices"
	"time"
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
)

// corpora returns those that can be made of some sets: banking77 with ten
// phrasings an article, all help pages in English, and many pages mixed of
// these. A help page is an article with a text.
func corpora(sets []set) []corpus {
	var list []corpus
	pages := corpus{size: sizeMedium, rounds: 4}
	for _, s := range sets {
		for _, t := range s.settings {
			if s.name == "banking77" && t.name == "k10" {
				list = append(list, corpus{sizeSmall, t.seeds[0], s.queries, 2})
			}
		}
		if docs := s.settings[0].seeds[0]; s.pool == poolSmall && docs[0].lang == "en" && docs[0].sections != nil {
			pages.docs = append(pages.docs, docs...)
			pages.queries = append(pages.queries, s.queries...)
		}
	}
	if len(pages.docs) == 0 {
		return list
	}
	many := corpus{size: sizeLarge, rounds: 2}
	many.docs, many.queries = mix(pages.docs, pages.queries, manyArticles, manyQueries)
	return append(list, pages, many)
}

// chunk is how many queries a system is asked before it is the next one's turn.
// What else the machine does then slows all of them alike.
const chunk = 50

func compareSpeed(sets []set) ([]speed, error) {
	var list []speed
	for _, c := range corpora(sets) {
		speeds, err := c.time(append(slices.Clone(others), ours{}))
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
	for i, system := range systems {
		log.Printf("%s: %d articles, %s", c.size, len(c.docs), system.name())
		speeds[i] = speed{Size: c.size, Articles: len(c.docs), System: system.name()}
		before := heap()
		start := time.Now()
		x, err := system.build(c.docs)
		if err != nil {
			return nil, err
		}
		speeds[i].Build = time.Since(start).Seconds()
		if _, err := ask(x, c.docs, c.queries[:min(chunk, len(c.queries))]); err != nil { // what is read only when needed counts, too
			return nil, err
		}
		speeds[i].HeapMB = max(0, heap()-before)
		indexes[i] = x
	}
	log.Printf("%s: asking", c.size)
	times := make([][]time.Duration, len(systems))
	for range c.rounds {
		for queries := range slices.Chunk(c.queries, chunk) {
			for i, x := range indexes {
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
