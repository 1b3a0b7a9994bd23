package main

import (
	"slices"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/signpost-bot/signpost/adapters/discord/discordtest"
	"github.com/signpost-bot/signpost/config"
)

// forums are the channels that are, by name.
var forums = map[string]discordtest.Channel{
	"#help-forum": {Kind: discordtest.Forum, Tags: []discordtest.Tag{{ID: "11", Name: "Refunds"}, {ID: "12", Name: "Solved"}}},
	"#desk-forum": {Kind: discordtest.Forum, RequireTag: true, Tags: []discordtest.Tag{
		{ID: "21", Name: "Open"}, {ID: "22", Name: "Claimed"}, {ID: "23", Name: "resolved"}, {ID: "24", Name: "URGENT"}, {ID: "25", Name: "Later"},
	}},
}

// tags are the names of those that a post has.
func (on *guild) tags(forum, post string) []string {
	on.t.Helper()
	c, ok := on.discord.Channel(post)
	if !ok {
		on.t.Fatalf("there is no post %s", post)
	}
	var names []string
	for _, tag := range forums[forum].Tags {
		if slices.Contains(c.Applied, tag.ID) {
			names = append(names, tag.Name)
		}
	}
	return names
}

// posts begins a post of a forum, and returns its id and what came of it.
func (on *guild) posts(name, forum, title, text string, tags ...string) (post string, sights []sight) {
	on.t.Helper()
	post, err := on.discord.Post(on.people[name], on.channel(forum), title, text, tags)
	if err == nil {
		err = on.quiet()
	}
	if err == nil {
		sights, err = on.looked()
	}
	if err != nil {
		on.t.Fatal(err)
	}
	return post, sights
}

// TestDiscordForum asks in a forum, where a post is a question and its title a
// part of it, and works a desk that is a forum, where a ticket is a post. Tags
// tell how things stand: of the bot's own posts always, of people's if it may
// manage threads.
func TestDiscordForum(t *testing.T) {
	for name, test := range map[string]struct {
		beside discordtest.Permission
		solved []string // tags of a post that is
	}{
		"as invited":       {0, []string{"Refunds"}},
		"managing threads": {discordtest.ManageThreads, []string{"Refunds", "Solved"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			on := openDiscord(t, discordtest.Options{MessageContent: true, Permissions: test.beside}, config.Discord{Mode: "gateway", Answers: "reply"},
				txtar.File{Name: "signpost.yaml", Data: []byte(`
overheard: {channels: ["here:#help-forum"]}
desks: [{name: support, agents: ["here:ana"], channels: ["desk:#desk-forum"]}]
`)})
			tagged := func(forum, post string, want ...string) {
				t.Helper()
				if got := on.tags(forum, post); !slices.Equal(got, want) {
					t.Errorf("the post in %s has the tags %q, want %q", forum, got, want)
				}
			}
			post, sights := on.posts("asker", "#help-forum", "Where is my refund?", "How do I get it?", "11")
			if at := on.shows(sights, "within seven days of your purchase").place; at != "#help-forum/"+post {
				t.Errorf("the post is answered in %s", at)
			}
			asker, ana := player{name: "asker", place: "#help-forum/" + post}, player{name: "ana", place: "#desk-forum/T-1"}
			on.does(act{who: asker, verb: "presses", text: "Contact us"})
			card := on.shows(on.does(act{who: asker, verb: "sends"}), "T-1 · open")
			if card.place != "#desk-forum/T-1" || !card.says("Where is my refund? > How do I get it?") {
				t.Errorf("the card is in %s:\n%s", card.place, card.text)
			}
			all := on.discord.Channels()
			ticket := all[len(all)-1]
			tagged("#desk-forum", ticket.ID, "Open")

			on.shows(on.does(act{who: ana, verb: "says", text: "@signpost claim"}), "T-1 · claimed")
			tagged("#desk-forum", ticket.ID, "Claimed")
			if err := on.discord.Tag(on.people["passerby"], ticket.ID, "22", "25"); err != nil {
				t.Fatal(err)
			}
			on.shows(on.does(act{who: ana, verb: "says", text: "@signpost priority urgent"}), "Priority urgent")
			tagged("#desk-forum", ticket.ID, "Claimed", "URGENT", "Later")
			if seen := on.does(act{who: ana, verb: "says", text: "they always write twice"}); len(seen) > 0 {
				t.Errorf("words between agents went on: %+v", seen)
			}
			if at := on.shows(on.does(act{who: ana, verb: "says", text: "@signpost reply It left on Monday."}), "It left on Monday.").place; at != asker.place {
				t.Errorf("the reply is in %s", at)
			}
			on.shows(on.does(act{who: ana, verb: "says", text: "@signpost resolve"}), "T-1 · settled")
			tagged("#desk-forum", ticket.ID, "resolved", "URGENT", "Later")
			tagged("#help-forum", post, test.solved...)

			on.shows(on.does(act{who: asker, verb: "says", text: "It is still not there."}), "reopened T-1")
			tagged("#desk-forum", ticket.ID, "Claimed", "URGENT", "Later")
			tagged("#help-forum", post, "Refunds")

			// An exchange of someone else's does not settle the post.
			dora := player{name: "dora", place: asker.place}
			on.shows(on.does(act{who: dora, verb: "says", text: "@signpost how do I get a refund?"}), "within seven days of your purchase")
			on.shows(on.does(act{who: dora, verb: "says", text: "@signpost thanks a lot!"}), "Glad I could help")
			tagged("#help-forum", post, "Refunds")

			other, _ := on.posts("dora", "#help-forum", "Refund", "How do I get a refund?", "11")
			on.shows(on.does(act{who: player{name: "dora", place: "#help-forum/" + other}, verb: "presses", text: "This helped"}), "Glad I could help")
			tagged("#help-forum", other, test.solved...)
			if c, _ := on.discord.Channel(other); c.Name != "Refund" {
				t.Errorf("the post is now called %s", c.Name)
			}
			if c, _ := on.discord.Channel(ticket.ID); c.Name != ticket.Name {
				t.Errorf("the ticket's post is now called %s, and not %s", c.Name, ticket.Name)
			}
		})
	}
}
