package knowledge

import (
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/knowledge/search"
)

func TestPassage(t *testing.T) {
	index := search.New([]search.Document{{ID: 1, Lang: "en", Title: "Refunds"}, {ID: 2, Lang: "en", Title: "Cards", Parts: []search.Part{{Body: "Your money back takes ten days."}}}}, glossary)
	long := strings.Repeat("word ", 100)
	tests := []struct{ name, text, question, want string }{
		{"whole text", "Ask the seller.\nWait ten days.", "refund", "Ask the seller.\nWait ten days."},
		{"from the best line", long + "\nRefunds take ten days.\nThen write to us.", "my refund", "Refunds take ten days.\nThen write to us."},
		{"whole lines", "Refund.\n" + long, "refund", "Refund."},
		{"whole words", long, "refund", strings.TrimSpace(strings.Repeat("word ", 59)) + "…"},
		{"one endless word", strings.Repeat("é", 400), "refund", strings.Repeat("é", 299) + "…"},
		{"just fits", strings.Repeat("é", 300), "refund", strings.Repeat("é", 300)},
		{"no comma before the dots", strings.Repeat("é", 295) + ", and so on", "refund", strings.Repeat("é", 295) + "…"},
		{"empty", "", "refund", ""},
		{"the rarer word counts more", "A card and a card.\n" + long + "\nThe card of a refund.", "refund card", "The card of a refund."},
		{"a related word", long + "\nYour money back takes ten days.", "refund", "Your money back takes ten days."},
		{"a typing error", long + "\nRefunds take ten days.", "refnud", "Refunds take ten days."},
		{"from a sentence of a long line", long + "End. Refunds take ten days. Then write to us.", "refund", "Refunds take ten days. Then write to us."},
		{"steps with those before them", long + "\nOpen the page.\nAsk for a refund.", "refund", "Open the page.\nAsk for a refund."},
		{"what announces it", long + "\nTo get a refund:\nOpen the page.\nPress Refund.", "refund", "To get a refund:\nOpen the page.\nPress Refund."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := passage(test.text, index.Sense(search.Query{Text: test.question, Lang: "en"}, "en").In); got != test.want {
				t.Errorf("passage = %q, want %q", got, test.want)
			}
		})
	}
}
