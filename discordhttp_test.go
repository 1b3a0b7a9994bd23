package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/signpost-bot/signpost/adapters/discord"
	"github.com/signpost-bot/signpost/adapters/discord/discordtest"
	"github.com/signpost-bot/signpost/config"
)

// openDiscord is the whole program on Discord, with one article, for tests of
// what no other platform has.
func openDiscord(t *testing.T, o discordtest.Options, settings config.Discord, world ...txtar.File) *guild {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	on := newGuild(ctx, t, o, settings, append(world, txtar.File{Name: "knowledge/refund.md", Data: []byte(oneArticle)}))
	t.Cleanup(func() {
		if err := on.close(); err != nil {
			t.Error(err)
		}
	})
	return on
}

// does plays an act that has to be possible, and returns what came of it.
func (on *guild) does(a act) []sight {
	on.t.Helper()
	sights, err := on.play(a)
	if err != nil {
		on.t.Fatalf("%s %s %q: %v\n%s", a.who.name, a.verb, a.text, err, on.transcript())
	}
	return sights
}

// shows checks that something of it says so, and returns that.
func (on *guild) shows(sights []sight, text string) sight {
	on.t.Helper()
	for _, s := range sights {
		if s.says(text) {
			return s
		}
	}
	on.t.Fatalf("no word of %q:\n%s", text, on.transcript())
	return sight{}
}

// TestDiscordHTTP works with Discord without a connection: commands, buttons,
// forms and suggestions come by requests, and nothing else does.
func TestDiscordHTTP(t *testing.T) {
	t.Parallel()
	on := openDiscord(t, discordtest.Options{}, config.Discord{Mode: "http", Answers: "reply"})
	on.logs = `err="its signature is not Discord's"`
	if err := on.discord.Verify(); err != nil {
		t.Errorf("Discord would not save the address: %v", err)
	}
	if n := on.discord.Sockets(); n != 0 {
		t.Errorf("there are %d connections", n)
	}
	asker, ana := player{name: "asker", place: "#help"}, player{name: "ana", place: "#help"}
	help := on.channel("#help")
	offered, err := on.discord.Autocomplete(on.people["asker"], help, "/ask", "question", "refu")
	if err != nil || len(offered) != 1 || offered[0].Name != "How do I get a refund?" {
		t.Fatalf("for refu, /ask offers %+v, %v", offered, err)
	}
	answer := on.shows(on.does(act{who: asker, verb: "runs", text: "/ask " + offered[0].Value}), "within seven days of your purchase")
	if answer.only != "asker" {
		t.Errorf("/ask is answered to %q", answer.only)
	}

	on.does(act{who: asker, verb: "presses", text: "Contact us"})
	wrong := on.shows(on.does(act{who: asker, verb: "sends", fills: map[string]string{
		"Your question": " \u00a0 ", "Anything else we should know?": "It was the watercolour course.",
	}}), "Please write a few words")
	if wrong.only != "asker" || !wrong.offers("Edit") {
		t.Errorf("what is wrong with the form is told to %q, with the buttons %q", wrong.only, wrong.buttons)
	}
	form := on.shows(on.does(act{who: asker, verb: "presses", text: "Edit"}), "It was the watercolour course.")
	if !form.form {
		t.Errorf("Edit opens no form, but %+v", form)
	}
	on.shows(on.does(act{who: asker, verb: "sends", fills: map[string]string{"Your question": "It never came."}}), "ticket T-1")

	on.shows(on.does(act{who: ana, verb: "runs", text: "/ticket claim T-1"}), "It never came.")
	told := on.shows(on.does(act{who: ana, verb: "runs", text: "/ticket reply T-1 It left on Monday."}), "It left on Monday.")
	if told.place != private || told.only != "asker" {
		t.Errorf("the reply is shown to %q in %q", told.only, told.place)
	}
	on.shows(on.does(act{who: asker, verb: "runs", text: "/ask status"}), "T-1")

	// What Discord did not sign is none of Discord's.
	body := []byte(`{"type": 1}`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, on.door.URL+discord.InteractionsPath, strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = on.discord.Sign([]byte(`{"type": 1 }`))
	w, err := on.door.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	if w.StatusCode != http.StatusUnauthorized {
		t.Errorf("another body than the signed one is answered with %s", w.Status)
	}
}
