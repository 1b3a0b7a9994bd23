package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSlackManifest(t *testing.T) {
	dir := files(t, map[string]string{
		"plain.yaml":    "slack: {agent_view: false}\n",
		"groups.yaml":   "desks: [{name: support, agents: ['@support']}]\n",
		"audience.yaml": "audiences: [{name: staff, private: true, groups: [staff]}]\n",
		"members.yaml":  "desks: [{name: support, leads: ['#C024BE91L']}]\n",
		"http.yaml":     "slack: {mode: http}\n",
		"wrong.yaml":    "slack: {mode: htp}\n",
	})
	tests := []struct {
		name       string
		words      []string
		have, lack []string
	}{
		{"built-in settings", nil, []string{`"assistant:write"`, `"/ask"`, `"/ticket"`, `"callback_id": "create"`, `"socket_mode_enabled": true`}, []string{"usergroups:read", "member_joined", "https://"}},
		{"no agent view", []string{"--config", "plain.yaml"}, []string{`"commands"`}, []string{"assistant:write", "agent_view"}},
		{"agents by group", []string{"--config", "groups.yaml"}, []string{`"usergroups:read"`, `"subteam_updated"`}, []string{"member_joined"}},
		{"an audience by group", []string{"--config", "audience.yaml"}, []string{`"usergroups:read"`}, nil},
		{"agents by channel", []string{"--config", "members.yaml"}, []string{`"member_joined_channel"`}, []string{"usergroups:read"}},
		{"HTTP", []string{"--config", "http.yaml", "--http", "https://signpost.example.com"}, []string{`"https://signpost.example.com/slack/events"`, `"socket_mode_enabled": false`}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, out, errs := signpost(t, append([]string{"slack", "manifest"}, filesIn(dir, test.words)...)...)
			if code != exitOK || errs != "" || !json.Valid([]byte(out)) {
				t.Fatalf("exit %d: %s\n%s", code, errs, out)
			}
			for _, want := range test.have {
				if !strings.Contains(out, want) {
					t.Errorf("no %s in\n%s", want, out)
				}
			}
			for _, other := range test.lack {
				if strings.Contains(out, other) {
					t.Errorf("%s is in\n%s", other, out)
				}
			}
		})
	}
	for want, words := range map[string][]string{
		"add --http https://": {"--config", "http.yaml"},
		"not an address":      {"--http", "http://signpost.example.com"},
		"unknown mode":        {"--config", "wrong.yaml"},
	} {
		code, out, errs := signpost(t, append([]string{"slack", "manifest"}, filesIn(dir, words)...)...)
		if code != exitBad || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%q: exit %d, %q, want %q", words, code, errs, want)
		}
	}
}

// filesIn puts the files that words name into their folder.
func filesIn(dir string, words []string) []string {
	words = slices.Clone(words)
	for i, word := range words {
		if strings.HasSuffix(word, ".yaml") {
			words[i] = filepath.Join(dir, word)
		}
	}
	return words
}

// newSlack is a Slack that can be asked what `check` asks. It knows one
// workspace, in which little is as a careless configuration says.
func newSlack(t *testing.T) string {
	answers := map[string]string{
		"auth.test":             `{"ok": true, "team": "Acme", "team_id": "T1", "user": "signpost", "user_id": "U9", "bot_id": "B1"}`,
		"apps.connections.open": `{"ok": false, "error": "not_allowed_token_type"}`,
		"conversations.info C1": `{"ok": true, "channel": {"id": "C1", "name": "help", "is_member": true}}`,
		"conversations.info C2": `{"ok": true, "channel": {"id": "C2", "name": "agents", "is_member": false}}`,
		"conversations.info C3": `{"ok": true, "channel": {"id": "C3", "name": "old", "is_archived": true}}`,
		"usergroups.list":       `{"ok": true, "usergroups": [{"id": "S1", "handle": "support"}]}`,
		"users.info U1":         `{"ok": true, "user": {"id": "U1"}}`,
		"users.info U2":         `{"ok": true, "user": {"id": "U2", "deleted": true}}`,
	}
	scopes := "app_mentions:read,assistant:write,channels:history,channels:read,chat:write,commands,files:read,files:write,groups:read," +
		"im:history,im:read,im:write,mpim:history,mpim:read,reactions:read,usergroups:read,users:read"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := strings.TrimSpace(strings.TrimPrefix(r.URL.Path, "/api/") + " " + r.FormValue("channel") + r.FormValue("user"))
		answer, known := answers[asked]
		if !known {
			answer = fmt.Sprintf(`{"ok": false, "error": %q}`, map[bool]string{true: "user_not_found", false: "channel_not_found"}[strings.HasPrefix(asked, "users")])
		}
		w.Header().Set("X-OAuth-Scopes", scopes)
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		fmt.Fprintln(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/api"
}

// TestCheckLive checks a configuration in which much is wrong: everything is
// named at once, with its mend, and no token is told.
func TestCheckLive(t *testing.T) {
	const hush = "8f742231b10e"
	dir := files(t, map[string]string{"signpost.yaml": `
slack: {bot_token: xoxb-1-8f742231b10e, app_token: xapp-1-A1-1-8f742231b10e, api_url: "` + newSlack(t) + `"}
audiences:
  - {name: buyer, channels: ["slack:T1:C1"]}
  - {name: creator, channels: ["slack:T2:C1", "discord:1:2"]}
  - {name: affiliate, groups: [afiliates]}
persons: [{id: ana, accounts: ["slack:T1:U1", "discord:1:2"]}, {id: bo, accounts: ["slack:T1:U2"]}]
desks: [{name: support, agents: [ana, "@support", "#C4", "slack:T1:U3"], channels: ["slack:T1:C2"]}]
overheard: {channels: ["slack:T1:C3"]}
`})
	name := filepath.Join(dir, "signpost.yaml")
	code, out, errs := signpost(t, "check", "--live", "--config", name)
	if code != exitBad {
		t.Errorf("exit %d, want %d", code, exitBad)
	}
	for _, want := range []string{
		"slack: the clock of this machine is 1h0m",
		"slack: the scope groups:history is missing",
		"slack: the app-level token may not open connections; make one",
		"slack: channel slack:T2:C1 (audience creator) is of workspace T2, but the bot token is of T1; write slack:T1:",
		"slack: the bot is not in channel #agents, C2 (desk support); write /invite @signpost in #agents",
		"slack: channel #old, C3 (overheard.channels), is archived; ",
		"slack: there is no channel C4 (desk support) that the bot can see; ",
		"slack: there is no user group @afiliates (audience affiliate); ",
		"slack: account U2 (person bo) is deactivated; ",
		"slack: there is no account U3 (desk support); ",
		"\nSlack: workspace Acme (T1), as @signpost; 5 channels, 2 user groups, 3 accounts.\n",
	} {
		if !strings.Contains("\n"+out, want) {
			t.Errorf("no word of %q", want)
		}
	}
	if n := strings.Count("\n"+out, "\nslack: "); n != 10 || !strings.Contains(errs, "10 problems") {
		t.Errorf("%d problems, want 10: %s", n, errs)
	}
	if strings.Contains(out+errs, hush) {
		t.Error("a token is told")
	}
	if t.Failed() {
		t.Log(out)
	}

	// Without --live nobody is asked.
	if code, out, errs := signpost(t, "check", "--config", name); code != exitOK || !strings.HasPrefix(out, "All good") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	// Nor without a token, which is said.
	if code, out, _ := signpost(t, "check", "--live"); code != exitOK || !strings.Contains(out, "No platform is configured") || !strings.Contains(out, "\nAll good") {
		t.Errorf("exit %d\n%s", code, out)
	}
}
