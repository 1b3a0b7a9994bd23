package knowledge

import (
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/knowledge/text"
)

func TestPassage(t *testing.T) {
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
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := passage(test.text, text.Terms(test.question, "en"), "en"); got != test.want {
				t.Errorf("passage = %q, want %q", got, test.want)
			}
		})
	}
}
