package main

import (
	"context"

	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/search"
	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// meant returns the texts by which the meaning of documents is told, as a library
// takes them.
func meant(docs []document) []semantic.Document {
	list := make([]semantic.Document, len(docs))
	for i, d := range docs {
		a := knowledge.Article{Title: d.title, Questions: d.phrasings}
		for _, s := range d.sections {
			a.Sections = append(a.Sections, knowledge.Section{Heading: s.heading, Text: s.text})
		}
		list[i] = a.Meant()
	}
	return list
}

// A frozen likeness is how alike a query and each document mean, worked out
// beforehand for who asks the same again and again.
type frozen struct{ texts, details, phrasings, phrasing []float32 }

var _ search.Likeness = frozen{}

func (f frozen) Texts(doc int) float64     { return float64(f.texts[doc]) }
func (f frozen) Details(doc int) float64   { return float64(f.details[doc]) }
func (f frozen) Phrasings(doc int) float64 { return float64(f.phrasings[doc]) }
func (f frozen) Phrasing(doc int) float64  { return float64(f.phrasing[doc]) }

// freeze compares a text with n documents. It returns nil if nothing tells what the
// text means.
func freeze(x *semantic.Index, text string, n int) (search.Likeness, error) {
	like, err := x.Compare(context.Background(), text, "")
	if like == nil {
		return nil, err
	}
	defer like.Done()
	f := frozen{make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)}
	for doc := range n {
		f.texts[doc], f.details[doc] = float32(like.Texts(doc)), float32(like.Details(doc))
		f.phrasings[doc], f.phrasing[doc] = float32(like.Phrasings(doc)), float32(like.Phrasing(doc))
	}
	return f, nil
}
