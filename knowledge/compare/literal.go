package main

import (
	"strconv"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/search"
)

// signNames are the names of the signs.
var signNames = [len(search.Signs{})]string{
	search.Always: "Always", search.Word: "Word", search.Meaning: "Meaning", search.Title: "Title",
	search.Rarest: "Rarest", search.Spelling: "Spelling", search.Voted: "Voted", search.Decided: "Decided",
	search.Lead: "Lead", search.Margin: "Margin", search.Agreement: "Agreement", search.Brevity: "Brevity",
	search.Logit: "Logit", search.Near: "Near", search.NearThree: "NearThree", search.Strange: "Strange",
	search.Unheard: "Unheard", search.Length: "Length", search.Alike: "Alike",
	search.Semantic: "Semantic", search.SemanticLead: "SemanticLead",
}

// lineLength is how long the lines of a literal are at most, about.
const lineLength = 100

// literal writes a Go literal as gofmt would, without what is 0.
func literal(name string, names []string, values []float64, indent string) string {
	b := &strings.Builder{}
	b.WriteString(name + "{")
	line := lineLength // full: begin one
	for i, v := range values {
		if v == 0 {
			continue
		}
		field := names[i] + ": " + strconv.FormatFloat(v, 'f', -1, 64) + ","
		if line+len(field) >= lineLength {
			b.WriteString("\n" + indent + "\t")
			line = 0
		} else {
			b.WriteString(" ")
		}
		b.WriteString(field)
		line += len(field) + 1
	}
	b.WriteString("\n" + indent + "}")
	return b.String()
}
