package main

import (
	"context"
	"slices"

	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/search"
	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// ours is knowledge/search as the product builds it: with the glossary of every
// library. It is general, and was not written for these sets.
type ours struct {
	voice
	anew bool // learn it anew, whatever else has learned from the same
}

func (o ours) build(docs []document) (index, error) {
	return o.over(search.Build(searchable(docs), knowledge.Glossary(), search.Settings{Anew: o.anew}), docs)
}

// over adds to an index of documents what they mean. Where they have too many
// texts for that, they are found by words alone, as in the product.
func (o ours) over(x *search.Index, docs []document) (oursIndex, error) {
	if o.source == nil {
		return oursIndex{Index: x}, nil
	}
	m, err := o.means(docs)
	return oursIndex{x, m}, err
}

// searchable returns documents as knowledge/search takes them, each with its
// place as its ID.
func searchable(docs []document) []search.Document {
	list := make([]search.Document, len(docs))
	for i, d := range docs {
		list[i] = search.Document{ID: i, Lang: d.lang, Title: d.title, Phrasings: d.phrasings}
		for _, s := range d.sections {
			list[i].Parts = append(list[i].Parts, search.Part{Heading: s.heading, Body: s.text})
		}
	}
	return list
}

type oursIndex struct {
	*search.Index
	meaning *semantic.Index // nil: nothing tells
}

func (x oursIndex) rank(q query, k int) (found, error) {
	asks := search.Query{Text: q.text, Lang: q.lang}
	if x.meaning != nil {
		like, err := x.meaning.Compare(context.Background(), x.Mend(q.text, q.lang, x.meaning), "")
		if err != nil {
			return found{}, err
		}
		if like != nil {
			defer like.Done()
			asks.Alike = like
		}
	}
	got := x.Rank(asks, k)
	out := found{confidence: got.Confidence}
	for _, h := range got.Hits {
		out.hits = append(out.hits, hit{h.ID, h.Score})
	}
	return out, nil
}

func (oursIndex) close() error { return nil }

// whole is the knowledge package as the bot asks it: with glossary, audiences
// and its own reading of a message. The documents it builds of must be the
// articles, in their order.
type whole struct {
	articles []*knowledge.Article
	rules    knowledge.Rules
	voice
}

func (w whole) build(docs []document) (index, error) {
	x := wholeIndex{at: map[articleKey]int{}, voice: w.voice}
	articles := make([]*knowledge.Article, len(docs))
	meant := make([]semantic.Document, len(docs))
	for i, d := range docs {
		a := *w.articles[i]
		a.Questions = slices.Clone(d.phrasings)
		articles[i], meant[i] = &a, a.Meant()
		x.at[articleKey{a.ID, a.Lang}] = i
	}
	if w.source != nil {
		if err := w.learn(meant); err != nil {
			return nil, err
		}
		w.rules.Sources = []semantic.Source{w.source}
	}
	x.Library = knowledge.NewLibrary(articles, w.rules)
	return x, nil
}

type articleKey struct {
	id   knowledge.ArticleID
	lang knowledge.Lang
}

type wholeIndex struct {
	*knowledge.Library
	at    map[articleKey]int
	voice voice
}

func (x wholeIndex) rank(q query, k int) (found, error) {
	answer, err := x.Find(context.Background(), knowledge.Question{Text: q.text, Locale: knowledge.Lang(q.lang), Limit: k})
	if err == nil {
		err = x.voice.failed() // the library goes on without a source that fails
	}
	if err != nil {
		return found{}, err
	}
	out := found{confidence: answer.Confidence}
	for _, m := range answer.Matches {
		out.hits = append(out.hits, hit{x.at[articleKey{m.Article.ID, m.Article.Lang}], m.Score})
	}
	return out, nil
}

func (wholeIndex) close() error { return nil }
