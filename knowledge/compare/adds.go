package main

import (
	"slices"
	"strings"
)

// adds is what a column of ours that heeds meaning has more than the words alone,
// query by query.
type adds struct {
	Set     string   `json:"set"`
	Setting string   `json:"setting"`
	System  string   `json:"system"`
	Queries int      `json:"queries"` // in scope
	S1      interval `json:"s1"`
	S3      interval `json:"s3"`
}

// adds compares all columns that heed meaning with the words.
func (q quality) adds() []adds {
	var list []adds
	for _, s := range q.Scores {
		if !slices.Contains(meaningColumns, s.System) {
			continue
		}
		if words, ok := q.score(s.Set, s.Setting, columnWords); ok {
			list = append(list, adds{
				s.Set, s.Setting, s.System, s.Answerable,
				bootstrap(differences(s.firsts, words.firsts)),
				bootstrap(differences(s.threes, words.threes)),
			})
		}
	}
	return list
}

// A kind is how a column does on the questions of a kind about the sample.
type kind struct {
	Lang    string `json:"lang"` // BCP 47 tag, or allLangs
	Setting string `json:"setting"`
	Kind    string `json:"kind"` // or allKinds
	System  string `json:"system"`
	Queries int    `json:"queries"` // in scope
	S1      share  `json:"s1"`
	S3      share  `json:"s3"`
}

// What is counted together.
const (
	allLangs = "all"
	allKinds = "all"
)

// kindsOf are the kinds of questions, as questions/README.md tells them apart, in
// the order of the tables.
var kindsOf = []string{"plain", "messy", "symptom", "short", "cross"}

// kinds counts the sample's questions by their kinds.
func (q quality) kinds(sets []set) []kind {
	var list []kind
	at := map[kind]int{} // by what tells them apart
	add := func(k kind, first, three float64) {
		i, ok := at[k]
		if !ok {
			i = len(list)
			at[k] = i
			list = append(list, k)
		}
		list[i].Queries++
		list[i].S1 += share(first)
		list[i].S3 += share(three)
	}
	for _, s := range sets {
		lang, ok := strings.CutPrefix(s.name, samplePrefix)
		if !ok {
			continue
		}
		var in []query
		for _, q := range s.queries {
			if len(q.right) > 0 {
				in = append(in, q)
			}
		}
		for _, scored := range q.Scores {
			if scored.Set != s.name {
				continue
			}
			for i, asked := range in {
				for _, l := range []string{lang, allLangs} {
					for _, k := range []string{asked.kind, allKinds} {
						add(kind{Lang: l, Setting: scored.Setting, Kind: k, System: scored.System}, scored.firsts[i], scored.threes[i])
					}
				}
			}
		}
	}
	for i := range list {
		list[i].S1 /= share(list[i].Queries)
		list[i].S3 /= share(list[i].Queries)
	}
	return list
}

// kind returns how a column does on questions of a kind, if there were any.
func (q quality) kind(lang, setting, name, system string) (kind, bool) {
	for _, k := range q.Kinds {
		if k.Lang == lang && k.Setting == setting && k.Kind == name && k.System == system {
			return k, true
		}
	}
	return kind{}, false
}
