package main

import (
	"context"
	"slices"

	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/search"
)

// ours is knowledge/search as the product builds it: with the glossary of every
// library. It is general, and was not written for these sets.
type ours struct{}

func (ours) name() string { return "ours" }

func (ours) build(docs []document) (index, error) {
	return oursIndex{search.Build(searchable(docs), knowledge.Glossary(), search.Settings{Anew: true})}, nil
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

type oursIndex struct{ *search.Index }

func (x oursIndex) rank(q query, k int) (found, error) {
	got := x.Rank(search.Query{Text: q.text, Lang: q.lang}, k)
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
}

func (whole) name() string { return "ours" }

func (w whole) build(docs []document) (index, error) {
	x := wholeIndex{at: map[articleKey]int{}}
	articles := make([]*knowledge.Article, len(docs))
	for i, d := range docs {
		a := *w.articles[i]
		a.Questions = slices.Clone(d.phrasings)
		articles[i] = &a
		x.at[articleKey{a.ID, a.Lang}] = i
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
	at map[articleKey]int
}

func (x wholeIndex) rank(q query, k int) (found, error) {
	answer, err := x.Find(context.Background(), knowledge.Question{Text: q.text, Locale: knowledge.Lang(q.lang), Limit: k})
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
