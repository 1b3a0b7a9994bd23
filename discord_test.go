package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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

// discordToken is of application 112233445566778899, and says so.
const discordToken = "MTEyMjMzNDQ1NTY2Nzc4ODk5.GqxYz1.8f742231b10e"

func TestDiscordInvite(t *testing.T) {
	t.Setenv("SIGNPOST_DISCORD_TOKEN", "")
	dir := files(t, map[string]string{
		"plain.yaml":   "discord: {token: " + discordToken + "}\n",
		"threads.yaml": "discord: {token: " + discordToken + ", answers: thread}\n",
		"desk.yaml":    "discord: {token: " + discordToken + "}\ndesks: [{name: support, channels: ['discord:1:2']}]\n",
		"slack.yaml":   "discord: {token: " + discordToken + "}\ndesks: [{name: support, channels: ['slack:T1:C2']}]\n",
		"odd.yaml":     "discord: {token: odd.odd.8f742231b10e}\n",
	})
	const least, beside = "343597485056", "377957223424"
	address := func(app, permissions string) string {
		return "https://discord.com/oauth2/authorize?client_id=" + app + "&scope=bot+applications.commands&permissions=" + permissions + "\n"
	}
	const app = "112233445566778899"
	tests := []struct {
		name  string
		words []string
		want  string // of an error, a part
		code  int
	}{
		{"least", []string{"--config", "plain.yaml"}, address(app, least), exitOK},
		{"threads", []string{"--config", "threads.yaml"}, address(app, beside), exitOK},
		{"a desk", []string{"--config", "desk.yaml"}, address(app, beside), exitOK},
		{"a desk in Slack", []string{"--config", "slack.yaml"}, address(app, least), exitOK},
		{"another application", []string{"--config", "plain.yaml", "--app", "42"}, address("42", least), exitOK},
		{"no token, and an application", []string{"--app", "42"}, address("42", least), exitOK},
		{"no token", nil, "no discord.token is set", exitBad},
		{"a token that tells nothing", []string{"--config", "odd.yaml"}, "does not tell its application", exitBad},
		{"no id", []string{"--app", "Signpost"}, "has digits only", exitBad},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, out, errs := signpost(t, append([]string{"discord", "invite"}, filesIn(dir, test.words)...)...)
			if code != test.code || !strings.Contains(out+errs, test.want) || test.code == exitOK && out != test.want {
				t.Errorf("exit %d: %s%s, want %s", code, out, errs, test.want)
			}
			if strings.Contains(out+errs, "8f742231b10e") {
				t.Error("the token is told")
			}
		})
	}
}

// TestDiscordOptions: what is configured reaches the adapter.
func TestDiscordOptions(t *testing.T) {
	cfg := config.Default()
	cfg.Discord = config.Discord{
		Token: config.NewSecret(discordToken), PublicKey: "ab", Mode: "gateway", APIURL: "https://a.example/", MessageContent: true,
		Answers: "thread", Guild: "1",
	}
	cfg.Overheard.Channels = []string{"discord:1:11", "slack:T1:C1"}
	cfg.Desks[0].Channels = []string{"slack:T1:C2", "discord:1:12"}
	signpost, err := bot.New(behaviour(cfg, discord.Name), bot.Parts{})
	if err != nil {
		t.Fatal(err)
	}
	o := discordOptions(cfg, signpost, nil, time.Now, slog.Default())
	if o.Token != discordToken || o.PublicKey != "ab" || o.APIURL != "https://a.example/" || !o.Gateway || !o.Content || !o.Threads || o.Guild != "1" {
		t.Errorf("options = %+v", o)
	}
	want := []chat.Place{{Platform: "discord", Workspace: "1", Channel: "11"}, {Platform: "discord", Workspace: "1", Channel: "12"}}
	if diff := cmp.Diff(want, slices.Concat(o.Watched(), o.Channels)); diff != "" {
		t.Error(diff)
	}
	if list, err := discord.Commands(o.Commands, o.Words); err != nil || len(list) < 4 {
		t.Errorf("commands: %v, %v", list, err)
	}
	cfg.Discord.Mode, cfg.Discord.Answers, cfg.Discord.MessageContent = "http", "reply", false
	if o := discordOptions(cfg, signpost, nil, time.Now, slog.Default()); o.Gateway || o.Content || o.Threads {
		t.Errorf("by HTTP, options = %+v", o)
	}
}

// newDiscord is a Discord that can be asked what `check` asks. It knows one
// server, in which little is as a careless configuration says.
func newDiscord(t *testing.T) string {
	answers := map[string]string{
		"/users/@me":        `{"id": "9", "username": "signpost", "bot": true}`,
		"/applications/@me": `{"id": "112233445566778899", "flags": 0}`,
		"/users/@me/guilds": `[{"id": "1", "name": "Acme"}]`,
		"/gateway/bot":      `{"session_start_limit": {"total": 1000, "remaining": 3, "reset_after": 3600000}}`,
		"/applications/112233445566778899/commands": `[{"type": 1, "name": "old"}]`,
		"/guilds/1":            `{"id": "1", "name": "Acme", "roles": [{"id": "1", "name": "@everyone", "permissions": "377957223424"}, {"id": "20", "name": "support", "permissions": "0"}]}`,
		"/guilds/1/members/9":  `{"user": {"id": "9"}, "roles": []}`,
		"/guilds/1/members/31": `{"user": {"id": "31"}, "roles": []}`,
		"/guilds/1/channels": `[{"id": "11", "type": 0, "name": "help", "permission_overwrites": []},
			{"id": "12", "type": 0, "name": "agents", "permission_overwrites": [{"id": "1", "type": 0, "allow": "0", "deny": "1024"}]}]`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, known := answers[strings.TrimPrefix(r.URL.Path, "/api/v10")]
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		switch {
		case r.Header.Get("Authorization") != "Bot "+discordToken:
			http.Error(w, `{"message": "401: Unauthorized"}`, http.StatusUnauthorized)
		case !known:
			http.Error(w, `{"code": 10003, "message": "Unknown"}`, http.StatusNotFound)
		default:
			fmt.Fprintln(w, answer)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/api/v10"
}

// TestCheckLiveDiscord checks a configuration in which much is wrong: everything
// is named at once, with its mend, and no token is told.
func TestCheckLiveDiscord(t *testing.T) {
	config := `
discord: {token: ` + discordToken + `, api_url: "` + newDiscord(t) + `", message_content: true}
audiences:
  - {name: buyer, channels: ["discord:2:11"]}
  - {name: creator, roles: [Creators], channels: ["slack:T1:C1"]}
  - {name: affiliate}
persons: [{id: ana, accounts: ["discord:1:31"]}, {id: bo, accounts: ["discord:1:32"]}]
desks: [{name: support, agents: [ana, "@support", "@agents", "discord:1:33"], channels: ["discord:1:12"]}]
overheard: {channels: ["discord:1:11", "discord:1:13"]}
`
	dir := files(t, map[string]string{"signpost.yaml": config})
	code, out, errs := signpost(t, "check", "--live", "--config", filepath.Join(dir, "signpost.yaml"))
	if code != exitBad {
		t.Errorf("exit %d, want %d", code, exitBad)
	}
	for _, want := range []string{
		"discord: the clock of this machine is 1h0m",
		"discord: the Message Content intent is not granted, so Discord will refuse the connection; turn",
		"discord: only 3 of 1000 connections are left for the next 1h0m0s",
		"discord: the commands that Discord knows are not those of this version; start",
		"discord: channel discord:2:11 (audience buyer) is of server 2, where the bot is not; write discord:1:",
		"discord: in #agents, 12 (desk support), the bot lacks View Channels, to see",
		"discord: there is no channel 13 (overheard.channels) in server 1 that the bot can see; ",
		"discord: there is no role Creators (audience creator); ",
		"discord: there is no role agents (desk support); ",
		"discord: account 32 (person bo) is no member of server 1; ",
		"discord: account 33 (desk support) is no member of server 1; ",
		"\nDiscord: @signpost in Acme (1); 4 channels, 3 roles, 3 accounts.\n",
	} {
		if !strings.Contains("\n"+out, want) {
			t.Errorf("no word of %q", want)
		}
	}
	if n := strings.Count("\n"+out, "\ndiscord: "); n != 11 || !strings.Contains(errs, "11 problems") {
		t.Errorf("%d problems, want 11: %s", n, errs)
	}
	if strings.Contains(out+errs, "8f742231b10e") {
		t.Error("the token is told")
	}
	if t.Failed() {
		t.Log(out)
	}

	// Beside Slack, a name that either knows is fine on a desk.
	both := filepath.Join(files(t, map[string]string{"signpost.yaml": config + `
slack: {bot_token: xoxb-1-8f742231b10e, app_token: xapp-1-A1-1-8f742231b10e, api_url: "` + newSlack(t) + `"}
`}), "signpost.yaml")
	_, out, _ = signpost(t, "check", "--live", "--config", both)
	for want, told := range map[string]bool{
		"slack: there is no user group @agents":  true,
		"discord: there is no role agents":       true,
		"discord: there is no role Creators":     true,
		"slack: there is no user group @support": false,
		"\nSlack: workspace Acme":                true,
		"\nDiscord: @signpost":                   true,
	} {
		if strings.Contains(out, want) != told {
			t.Errorf("told %q: %t, want %t", want, !told, told)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

func TestIsNowhere(t *testing.T) {
	cfg := config.Default()
	cfg.Audiences[0].Roles, cfg.Audiences[1].Groups = []string{"mods"}, []string{"staff"}
	tests := []struct {
		name  string
		m     mismatch
		other string // what the other platform lacks
		asked int
		want  bool
	}{
		{"one platform", mismatch{"slack", "", "support"}, "", 1, true},
		{"the other has it", mismatch{"slack", "", "support"}, "agents", 2, false},
		{"neither has it", mismatch{"slack", "", "support"}, "support", 2, true},
		{"an audience's role", mismatch{"discord", "", "mods"}, "", 2, true},
		{"an audience's role, as a group", mismatch{"slack", "", "mods"}, "", 2, false},
		{"an audience's group", mismatch{"slack", "", "staff"}, "", 2, true},
		{"an audience's group, as a role", mismatch{"discord", "", "staff"}, "", 2, false},
	}
	for _, test := range tests {
		all := []mismatch{test.m, {"", "something else", ""}}
		if test.other != "" {
			all = append(all, mismatch{group: test.other})
		}
		if got := isNowhere(test.m, cfg, all, test.asked); got != test.want {
			t.Errorf("%s: isNowhere = %t, want %t", test.name, got, test.want)
		}
	}
}

// What works only in part is noted, and is no problem.
func TestCheckAdvises(t *testing.T) {
	name := filepath.Join(t.TempDir(), "signpost.yaml")
	settings := "discord: {token: a.b.c}\nescalate: {after: 1h}\n"
	if err := os.WriteFile(name, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ := signpost(t, "check", "--config", name)
	if code != exitOK || !strings.HasPrefix(out, "Note: escalate.after: ") || !strings.Contains(out, "\nAll good") {
		t.Errorf("exit %d\n%s", code, out)
	}
}
