package main

import (
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/signpost-bot/signpost/adapters/discord/discordtest"
	"github.com/signpost-bot/signpost/config"
)

// TestDiscordRights works a desk with no more permissions than the invitation
// asks for: answers in threads, a card with a thread and files, and a private
// thread for someone whose direct messages are closed. The check finds nothing
// missing.
func TestDiscordRights(t *testing.T) {
	t.Parallel()
	on := openDiscord(t, discordtest.Options{MessageContent: true}, config.Discord{Mode: "gateway", Answers: "thread"},
		txtar.File{Name: "signpost.yaml", Data: []byte("desks:\n  - name: support\n    agents: [\"here:ana\"]\n    channels: [\"desk:#desk\"]\n")})
	if wrong, _ := checkDiscord(on.ctx, on.config); len(wrong) > 0 {
		t.Errorf("the check minds %+v", wrong)
	}
	asker, dora := player{name: "asker", place: "#help"}, player{name: "dora", place: "#help"}
	first, second := player{name: "ana", place: "#desk/T-1"}, player{name: "ana", place: "#desk/T-2"}

	answer := on.shows(on.does(act{who: asker, verb: "says", text: "@signpost where is my refund?"}), "within seven days of your purchase")
	if answer.place == "#help" {
		t.Error("the answer is not in a thread")
	}
	on.does(act{who: asker, verb: "presses", text: "Contact us"})
	card := on.shows(on.does(act{who: asker, verb: "sends"}), "T-1 · open")
	if card.place != "#desk" {
		t.Errorf("the card is in %s", card.place)
	}
	on.shows(on.does(act{who: asker, verb: "says", text: "my order is 77", file: "invoice.pdf", size: "2 kB"}), "Added to T-1")
	sent := on.does(act{who: first, verb: "says", text: "@signpost reply It left on Monday.", file: "receipt.pdf", size: "2 kB"})
	if got := on.shows(sent, "It left on Monday."); got.place != answer.place || !got.brings("receipt.pdf") {
		t.Errorf("the reply is in %s, with %q", got.place, got.files)
	}
	on.shows(on.does(act{who: first, verb: "says", text: "@signpost resolve"}), "T-1 · settled")

	on.does(act{who: dora, verb: "runs", text: "/ask where is my refund?"})
	on.does(act{who: dora, verb: "presses", text: "Contact us"})
	on.does(act{who: dora, verb: "sends"})
	on.does(act{who: dora, verb: "closes"})
	apart := on.shows(on.does(act{who: second, verb: "says", text: "@signpost reply Which order was it?"}), "Which order was it?")
	if apart.place != "#help/apart" || apart.only != "dora" {
		t.Errorf("the reply to dora is shown to %q in %s", apart.only, apart.place)
	}
	on.shows(on.does(act{who: player{name: "dora", place: "#help/apart"}, verb: "says", text: "number 78"}), "dora on T-2")
}
