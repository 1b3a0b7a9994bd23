package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/adapters/slack"
	"github.com/signpost-bot/signpost/adapters/slack/slacktest"
)

// TestCheckPlanted plants a mistake of each kind in a workspace, and wants all
// of them named with their mend, and nothing else.
func TestCheckPlanted(t *testing.T) {
	var granted []string
	for _, scope := range slack.Scopes(slack.Features{Agent: true, Groups: true}) {
		if scope.Name != "files:read" {
			granted = append(granted, scope.Name)
		}
	}
	s := slacktest.New(slacktest.Options{Scopes: granted})
	defer s.Close()
	s.Break(func(method string, done bool) (f slacktest.Fault) {
		if method == "apps.connections.open" { // a token without connections:write
			f.Error = "missing_scope"
		}
		return f
	})
	s.AddUser(slacktest.User{ID: "U0ANA", Name: "ana"})
	s.AddUser(slacktest.User{ID: "U0GONE", Name: "gone", Deleted: true})
	s.AddGroup(slacktest.Group{Handle: "support"})
	s.AddChannel(slacktest.Channel{ID: "C0HELP", Name: "help", BotIn: true})
	s.AddChannel(slacktest.Channel{ID: "C0DESK", Name: "desk"})
	s.AddChannel(slacktest.Channel{ID: "C0OLD", Name: "old", BotIn: true, Archived: true})
	dir := files(t, map[string]string{"signpost.yaml": `
slack: {bot_token: ` + s.BotToken() + `, app_token: ` + s.AppToken() + `, api_url: "` + s.APIURL() + `"}
overheard: {channels: ["slack:T0SIGNPOST:C0HELP", "slack:T0SIGNPOST:C0OLD", "slack:T0SIGNPOST:C0NONE"]}
desks: [{name: support, channels: ["slack:T0SIGNPOST:C0DESK"], agents: [
  "@support", "@suport", "slack:T0SIGNPOST:U0ANA", "slack:T0SIGNPOST:U0GONE", "slack:T0OTHER:U0ANA"]}]
`})
	code, out, errs := signpost(t, "check", "--live", "--config", filepath.Join(dir, "signpost.yaml"))
	for _, want := range []string{
		"the scope files:read is missing",
		"the app-level token may not open connections; make one",
		"the bot is not in channel #desk, C0DESK (desk support); write /invite @signpost in #desk",
		"channel #old, C0OLD (overheard.channels), is archived; unarchive it",
		"there is no channel C0NONE (overheard.channels) that the bot can see; correct its id",
		"there is no user group @suport (desk support); correct its handle",
		"account U0GONE (desk support) is deactivated; remove it",
		"account slack:T0OTHER:U0ANA (desk support) is of workspace T0OTHER, but the bot token is of T0SIGNPOST; write slack:T0SIGNPOST:",
	} {
		if !strings.Contains("\n"+out, "\nslack: "+want) {
			t.Errorf("no word of %q", want)
		}
	}
	if n := strings.Count("\n"+out, "\nslack: "); n != 8 || code != exitBad || !strings.Contains(errs, "8 problems") {
		t.Errorf("exit %d with %d problems, want 8: %s", code, n, errs)
	}
	for _, token := range []string{s.BotToken(), s.AppToken()} {
		if strings.Contains(out+errs, token) {
			t.Error("a token is told")
		}
	}
	if len(s.Violations()) > 0 {
		t.Errorf("Slack minds %q", s.Violations())
	}
	if t.Failed() {
		t.Log(out)
	}
}

// TestFiveSteps does what docs/slack.md tells: the manifest is printed and
// granted, the tokens are set, it is checked and served, and the first question
// is answered.
func TestFiveSteps(t *testing.T) {
	noneLeft(t)
	// 1. Create the app.
	code, manifest, errs := signpost(t, "slack", "manifest")
	if code != exitOK {
		t.Fatal(errs)
	}
	var app struct {
		Features struct {
			BotUser struct {
				Name string `json:"display_name"`
			} `json:"bot_user"`
		}
		OAuth struct {
			Scopes struct{ Bot []string }
		} `json:"oauth_config"`
		Settings struct {
			Socket bool `json:"socket_mode_enabled"`
		}
	}
	if err := json.Unmarshal([]byte(manifest), &app); err != nil {
		t.Fatal(err)
	}
	if app.Features.BotUser.Name != "signpost" || !app.Settings.Socket {
		t.Errorf("the manifest makes another app than the documentation tells of:\n%s", manifest)
	}
	// 2. Install it, with what it asks for. 3. Make a token for the connection.
	s := slacktest.New(slacktest.Options{Scopes: app.OAuth.Scopes.Bot})
	defer s.Close()
	kim := s.AddUser(slacktest.User{Name: "kim"})
	help := s.AddChannel(slacktest.Channel{Name: "help", Members: []string{kim}})
	// 4. Run it.
	t.Setenv("SIGNPOST_SLACK_BOT_TOKEN", s.BotToken())
	t.Setenv("SIGNPOST_SLACK_APP_TOKEN", s.AppToken())
	t.Setenv("SIGNPOST_SLACK_API_URL", s.APIURL())
	t.Setenv("SIGNPOST_WEB_LISTEN", "127.0.0.1:0")
	if code, out, errs := signpost(t, "check", "--live"); code != exitOK || !strings.Contains(out, "as @signpost") {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	program := serve(t, "--ephemeral")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.WaitSockets(ctx, 2); err != nil {
		t.Fatal(err)
	}
	// 5. Invite it, and ask.
	if err := s.Join(s.Bot(), help); err != nil {
		t.Fatal(err)
	}
	asked, err := s.Say(kim, help, "", "<@"+s.Bot()+"> how do I get a refund?")
	if err != nil {
		t.Fatal(err)
	}
	err = s.Wait(ctx, func() bool {
		for _, m := range s.Messages(help) {
			if m.User == s.Bot() && m.Thread == asked && strings.Contains(m.Text, "refund") {
				return true
			}
		}
		return false
	})
	if err != nil {
		t.Errorf("no answer; the program logged\n%s", program.log)
	}
	program.end(t)
	if len(s.Violations()) > 0 {
		t.Errorf("Slack minds %q", s.Violations())
	}
	for _, secret := range []string{s.BotToken(), s.AppToken()} {
		if strings.Contains(program.log.String(), secret) {
			t.Error("a token is in the log")
		}
	}
}
