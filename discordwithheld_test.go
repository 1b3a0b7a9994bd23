package main

import (
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/signpost-bot/signpost/adapters/discord/discordtest"
	"github.com/signpost-bot/signpost/config"
)

// TestDiscordWithheld looks at what no script does without the Message Content
// intent: a reply to the bot that pings nobody cannot be read, which it says, and
// a post in a forum is left to people.
func TestDiscordWithheld(t *testing.T) {
	t.Parallel()
	on := openDiscord(t, discordtest.Options{}, config.Discord{Mode: "gateway", Answers: "reply"},
		txtar.File{Name: "signpost.yaml", Data: []byte(`audiences: [{name: buyer, channels: ["here:#help-forum"]}]`)})
	asker := player{name: "asker", place: "#help"}
	on.does(act{who: asker, verb: "says", text: "@signpost where is my refund?"})
	answer, err := on.newest(asker, func(_ discordtest.Message, v sight) bool { return v.offers("Contact us") })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := on.discord.Reply(on.people["asker"], answer.Channel, answer.ID, "and when does it come?", false); err != nil {
		t.Fatal(err)
	}
	if err := on.quiet(); err != nil {
		t.Fatal(err)
	}
	sights, err := on.looked()
	if err != nil {
		t.Fatal(err)
	}
	if s := on.shows(sights, "I can't read that"); !s.offers("Add details") {
		t.Errorf("what cannot be read can be told with %q", s.buttons)
	}
	if _, sights := on.posts("asker", "#help-forum", "Where is my refund?", "How do I get it?"); len(sights) > 0 {
		t.Errorf("a post that cannot be read is answered: %+v", sights)
	}
	if post, sights := on.posts("asker", "#help-forum", "Where is my refund?", "@signpost How do I get it?"); len(sights) == 0 ||
		on.shows(sights, "within seven days of your purchase").place != "#help-forum/"+post {
		t.Errorf("a post that mentions the bot is answered with %+v", sights)
	}
}
