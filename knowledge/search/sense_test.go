package search

import "testing"

func TestSense(t *testing.T) {
	index := New(library, related)
	tests := []struct {
		name, query, lang string
		more, less        string // texts in English, of which the first has more of the query
	}{
		{"the word", "refund", "en", "Ask for a refund.", "Ask for a password."},
		{"another form", "refunded", "en", "Ask for a refund.", "Ask the bank."},
		{"a typing error", "my pasword", "en", "A new password.", "A new link."},
		{"a related word", "learners", "en", "Students download it.", "Download it."},
		{"another language", "quero meu dinheiro de volta", "pt-BR", "Ask for a refund.", "Ask the bank."},
		{"the rarer word", "refund invoice", "en", "A refund.", "An invoice."},
	}
	sum := func(list []float64) float64 {
		all := 0.0
		for _, x := range list {
			all += x
		}
		return all
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sense := index.Sense(Query{Text: test.query, Lang: test.lang}, "en")
			more, less := sum(sense.In(test.more)), sum(sense.In(test.less))
			if more <= less || more > sum(sense.Tells()) {
				t.Errorf("%.2f in %q, %.2f in %q, of %.2f", more, test.more, less, test.less, sum(sense.Tells()))
			}
		})
	}
	if got := index.Sense(Query{Text: "refund", Lang: "en"}, "fr").In("refund"); len(got) > 0 {
		t.Errorf("no document is French, and yet %v", got)
	}
}
