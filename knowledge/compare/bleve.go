package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/blevesearch/bleve/v2"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/de" // analyzers, each named for its base language
	_ "github.com/blevesearch/bleve/v2/analysis/lang/en"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/es"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/fr"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/it"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/pt"
	"github.com/blevesearch/bleve/v2/index/scorch"
	blevesearch "github.com/blevesearch/bleve/v2/search/query"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// bleveFields are what bleve is asked for and the boost of each: the title, and
// everything of an article together.
//
// Chosen on the dev queries of banking77, clinc150, hwu64, arduino, gnomehelp-en
// and lohelp-en, by the mean of S@1 over sets: 59.3 %. With phrasings and body
// as fields of their own instead of all, 57.6 % at best (title 1, phrasings 4,
// body 1), and 52.7 to 56.2 % with the title at 2 to 4. All alone: 53.4 %. With
// phrasings at 0.25 besides: 59.4 %, but a third field to search. bleve's other
// scoring, bm25: 57.6 % at best.
var bleveFields = []struct {
	name  string
	boost float64
}{{"title", 0.25}, {"all", 1}}

// bleveForeign is by what the boost of fields in another language than the
// query's is multiplied. Between 0 and 1 it makes little difference to the
// sample, which alone has several languages.
const bleveForeign = 0.5

// bleveBatch is how many documents are indexed at a time. Of 1,000, 10,000 and
// 100,000 it was the fastest to build and to ask with 100,000 articles; larger
// ones take up to half less heap.
const bleveBatch = 1000

// bleveSystem is bleve with its scorch index. The index lies in memory, as ours
// does, which was also faster than files.
type bleveSystem struct{}

func (bleveSystem) name() string { return "bleve" }

func (bleveSystem) build(docs []document) (index, error) {
	x := bleveIndex{}
	mapping := bleve.NewIndexMapping()
	mapping.DefaultMapping.Dynamic = false
	for _, d := range docs {
		base := text.Base(d.lang)
		if slices.Contains(x.langs, base) {
			continue
		}
		x.langs = append(x.langs, base)
		for _, f := range bleveFields {
			field := bleve.NewTextFieldMapping()
			field.Analyzer = base
			field.Store, field.DocValues = false, false
			field.IncludeInAll, field.IncludeTermVectors = false, false
			mapping.DefaultMapping.AddFieldMappingsAt(bleveField(f.name, base), field)
		}
	}
	var err error
	if x.Index, err = bleve.NewUsing("", mapping, scorch.Name, scorch.Name, nil); err != nil {
		return nil, fmt.Errorf("bleve: %w", err)
	}
	for first := 0; first < len(docs); first += bleveBatch {
		batch := x.NewBatch()
		for i, d := range docs[first:min(first+bleveBatch, len(docs))] {
			base := text.Base(d.lang)
			fields := map[string]any{bleveField("title", base): d.title, bleveField("all", base): d.all()}
			if err := batch.Index(strconv.Itoa(first+i), fields); err != nil {
				return nil, fmt.Errorf("bleve: %w", err)
			}
		}
		if err := x.Batch(batch); err != nil {
			return nil, fmt.Errorf("bleve: %w", err)
		}
	}
	return x, nil
}

// bleveField names a field of the documents in a language: each has its own
// analyzer.
func bleveField(name, base string) string { return name + "_" + base }

// all is everything a document says.
func (d document) all() string {
	words := append([]string{d.title}, d.phrasings...)
	for _, s := range d.sections {
		words = append(words, s.heading, s.text)
	}
	return strings.Join(words, "\n")
}

type bleveIndex struct {
	bleve.Index
	langs []string // base languages of the documents
}

func (x bleveIndex) rank(q query, k int) (found, error) {
	var matches []blevesearch.Query
	for _, base := range x.langs {
		for _, f := range bleveFields {
			match := bleve.NewMatchQuery(q.text)
			match.SetField(bleveField(f.name, base))
			match.SetBoost(f.boost)
			if base != text.Base(q.lang) {
				match.SetBoost(f.boost * bleveForeign)
			}
			matches = append(matches, match)
		}
	}
	result, err := x.Search(bleve.NewSearchRequestOptions(bleve.NewDisjunctionQuery(matches...), k, 0, false))
	if err != nil {
		return found{}, fmt.Errorf("bleve: %w", err)
	}
	var out found
	for _, h := range result.Hits {
		doc, err := strconv.Atoi(h.ID)
		if err != nil {
			return found{}, fmt.Errorf("bleve: %w", err)
		}
		out.hits = append(out.hits, hit{doc, h.Score})
	}
	// A batch is analysed in any order, and bleve leaves ties in that. Else S@1
	// of short titles would differ by up to two points from run to run.
	slices.SortFunc(out.hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.doc, b.doc))
	})
	out.confidence = result.MaxScore
	return out, nil
}

func (x bleveIndex) close() error { return x.Close() }
