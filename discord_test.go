package main

import (
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/adapters/discord"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/chat/chattest"
	"github.com/signpost-bot/signpost/config"
)

// A tabled command is one of the bot's, and how it reads in each language of
// Discord's that we have words in.
type tabled struct {
	Command chat.Command
	Words   map[string]chat.Wording
}

// fixtures are where the tests of the Discord adapter, which does not know the
// bot, find what the bot has for it.
const fixtures = "../../adapters/discord/testdata/golden/"

// TestDiscordTable keeps what the tests of the Discord adapter take for the
// bot's commands; they hold it to Discord's rules. After a change of the table,
// run both with -update, this one first.
func TestDiscordTable(t *testing.T) {
	signpost, err := bot.New(behaviour(config.Default(), discord.Name), bot.Parts{})
	if err != nil {
		t.Fatal(err)
	}
	var table []tabled
	for _, c := range append(signpost.Commands(), chat.Command{Door: "ticket"}) {
		words := map[string]chat.Wording{}
		for _, lang := range []string{"en", "pt-BR", "es-ES", "es-419"} {
			words[lang] = signpost.Describe(lang, c)
		}
		table = append(table, tabled{c, words})
	}
	got, err := json.MarshalIndent(table, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	chattest.Golden(t, fixtures+"table.json", append(got, '\n'))
}

// TestDiscordTexts: what the adapter makes of a command that Discord has taken
// apart means to the bot what it meant to the person.
func TestDiscordTexts(t *testing.T) {
	signpost, err := bot.New(behaviour(config.Default(), discord.Name), bot.Parts{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("adapters/discord/testdata/golden/texts.json")
	if err != nil {
		t.Fatal(err)
	}
	var texts []struct {
		Door, Text, Verb string
		Args             map[string]string
	}
	if err := json.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	typed := 0
	for _, c := range signpost.Commands() {
		if c.Door == "ticket" || c.Door != "" && c.Verb == "" {
			typed++
		}
	}
	if len(texts) < typed {
		t.Errorf("%d texts for %d commands", len(texts), typed)
	}
	for _, text := range texts {
		in, err := signpost.Parse(text.Door, text.Text)
		var usage *chat.UsageError
		if errors.As(err, &usage) && usage.Command != nil && usage.Command.Opens && usage.Param == "text" {
			continue // a form asks for it
		}
		if err != nil {
			t.Errorf("%s %q: %v", text.Door, text.Text, err)
			continue
		}
		if in.Command.Verb != text.Verb {
			t.Errorf("%s %q is %q, want %q", text.Door, text.Text, in.Command.Verb, text.Verb)
		}
		if diff := cmp.Diff(text.Args, in.Args); diff != "" {
			t.Errorf("%s %q:\n%s", text.Door, text.Text, diff)
		}
	}
}
