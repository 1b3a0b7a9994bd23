package main

import (
	"context"
	"time"

	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// A model is what tells what texts mean, and what that takes by itself.
type model struct {
	System   string  `json:"system"`
	Name     string  `json:"name"`
	Version  string  `json:"version"`
	Dims     int     `json:"dims"`
	Load     float64 `json:"load"`     // ms until it is ready; 0: it is not ours to load
	HeapMB   float64 `json:"heap_mib"` // likewise; its rows stay where the program lies
	Question float64 `json:"question"` // µs until a question has its vector, on the median
}

// loadShipped loads the model that is part of the program, which must be the first
// to ask for it.
func loadShipped() model {
	before := heap()
	start := time.Now()
	about := semantic.BuiltIn().Model()
	load := float64(time.Since(start).Microseconds()) / 1000
	return model{System: columnOurs, Name: about.Name, Version: about.Version, Dims: about.Dims, Load: load, HeapMB: max(0, heap()-before)}
}

// fewAsked is how many questions tell how long a model takes for one.
const fewAsked = 200

// embed measures how long a source takes for a question.
func (m *model) embed(source semantic.Source, queries []query) error {
	var times []time.Duration
	for _, q := range spread(queries, fewAsked) {
		start := time.Now()
		if _, err := source.Embed(context.Background(), semantic.Question, []string{q.text}); err != nil {
			return err
		}
		times = append(times, time.Since(start))
	}
	m.Question = percentile(times, 50)
	return nil
}

// models tells of all voices that the product can have.
func models(voices []voice, shipped model, sets []set) ([]model, error) {
	var queries []query
	for _, s := range sets {
		queries = append(queries, s.queries...)
	}
	var list []model
	for _, v := range voices {
		m := shipped
		source := v.source
		switch v.label {
		case columnOurs:
		case columnServer:
			source = source.(*mindful).Source // so that it is asked
			about := source.Model()
			m = model{System: v.label, Name: about.Name, Version: about.Version, Dims: about.Dims}
		default:
			continue
		}
		if err := m.embed(source, queries); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}
