package bot

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
)

// One line under an article mentions what says nearly the same.
func TestSeeAlso(t *testing.T) {
	const text = "Ask the seller for a refund of your purchase within seven days, with the transaction number from the email."
	w := newWorld(t,
		page("refund", "How do I get a refund?", "refunds", text, "buyer"),
		page("refund-again", "How do you get a refund for a purchase?", "refunds", text, "buyer"),
		page("staff-refund", "How does one get a refund?", "refunds", text, "staff"),
		page("password", "How do I change my password?", "account", "Open your account and choose a new password.", "buyer"),
	)
	for _, test := range []struct {
		who  chat.Sender
		text string
		want string
	}{
		{kim, "how do I get a refund?", "See also:"},
		{chat.Sender{Account: account("pia"), Name: "Pia", Locale: "pt-BR"}, "reembolso", "Veja também:"},
		{chat.Sender{Account: account("eva"), Name: "Eva", Locale: "es"}, "reembolso", "Ver también:"},
	} {
		var lines []chat.Text
		for _, b := range w.says(test.who, test.text).Replies[0].Blocks {
			if b.Layout == chat.Context && len(b.Text) > 1 && b.Text[len(b.Text)-1].URL != "" {
				lines = append(lines, b.Text)
			}
		}
		want := []chat.Text{{{Text: test.want}, {Text: " "}, {Text: "How do you get a refund for a purchase?", URL: "https://help.example.com/refund-again"}}}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Errorf("%s: %s", test.text, diff)
		}
	}
}
