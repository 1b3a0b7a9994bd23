package slack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/chat/chattest"
)

// sampleCommands are of every kind that a manifest tells apart.
var sampleCommands = []chat.Command{
	{Door: "ask", Summary: "ask a question; only you see the answer", Params: []chat.Param{{Name: "question", Kind: chat.TextParam}}},
	{Door: "ask", Verb: "status", Summary: "your tickets"},
	{Door: "ticket", Verb: "next", Summary: "take the first ticket in line"},
	{Door: "ticket", Verb: "claim", Summary: "make a ticket yours", Emoji: []string{"👀"}},
	{Door: "ticket", Under: "desk", Verb: "stats", Summary: "how the desk is doing"},
	{Verb: "create", Menu: "Create a ticket", Summary: "make a ticket of this message"},
}

func TestManifest(t *testing.T) {
	tests := []struct {
		name string
		o    ManifestOptions
	}{
		{"socket", ManifestOptions{Features: Features{Agent: true, Groups: true, Members: true}, Commands: sampleCommands}},
		{"http", ManifestOptions{Features: Features{Agent: true}, URL: "https://signpost.example.com/", Commands: sampleCommands}},
		{"least", ManifestOptions{Commands: sampleCommands[:1]}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Manifest(test.o)
			if err != nil {
				t.Fatal(err)
			}
			chattest.Golden(t, "manifest_"+test.name+".json", got)
			// The library knows Slack's own words for everything in a manifest.
			d := json.NewDecoder(bytes.NewReader(got))
			d.DisallowUnknownFields()
			var m slack.Manifest
			if err := d.Decode(&m); err != nil {
				t.Errorf("no manifest of Slack's: %v", err)
			}
			if m.Settings.SocketModeEnabled != (test.o.URL == "") {
				t.Errorf("Socket Mode is %t", m.Settings.SocketModeEnabled)
			}
			if bytes.Contains(got, []byte("http")) != (test.o.URL != "") {
				t.Error("there are addresses in Socket Mode, or none in HTTP mode")
			}
		})
	}
}

func TestManifestRefuses(t *testing.T) {
	long := strings.Repeat("x", 200)
	menu := func(c chat.Command) ManifestOptions { return ManifestOptions{Commands: []chat.Command{c}} }
	tests := []struct {
		name string
		o    ManifestOptions
		want string
	}{
		{"plain http", ManifestOptions{URL: "http://a.example"}, "not an address that Slack can send to"},
		{"no host", ManifestOptions{URL: "https://"}, "not an address"},
		{"no scheme", ManifestOptions{URL: "a.example"}, "not an address"},
		{"a query", ManifestOptions{URL: "https://a.example/?a=1"}, "not an address"},
		{"a password", ManifestOptions{URL: "https://me:hush@a.example"}, "not an address"},
		{"a long address", ManifestOptions{URL: "https://a.example/" + strings.Repeat("x", 3500)}, "the address for events has 3531 characters; Slack takes 3500"},
		{"a long name in a menu", menu(chat.Command{Verb: "x", Menu: "Create a ticket from this message", Summary: "s"}), "has 33 characters; Slack takes 1 to 24"},
		{"a menu without a summary", menu(chat.Command{Verb: "x", Menu: "M"}), `the description of the shortcut "M" has 0 characters; Slack takes 1 to 150`},
		{"a long summary in a menu", menu(chat.Command{Verb: "x", Menu: "M", Summary: long}), "Slack takes 1 to 150"},
		{"many menus", ManifestOptions{Commands: slices.Repeat([]chat.Command{{Verb: "x", Menu: "M", Summary: "s"}}, 11)}, "there are 11 shortcuts; Slack takes 10"},
		{"a long door", menu(chat.Command{Door: long, Verb: "x", Summary: "s"}), "has 201 characters; Slack takes 1 to 32"},
		{"many verbs", ManifestOptions{Commands: slices.Repeat([]chat.Command{{Door: "ask", Verb: long, Summary: "s"}}, 5)}, "the usage of /ask has 1012 characters; Slack takes 1 to 1000"},
	}
	for _, test := range tests {
		got, err := Manifest(test.o)
		if err == nil || !strings.Contains(err.Error(), test.want) || got != nil {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

// TestEventsHaveScopes: whatever is on, Slack lets us hear what we ask to hear.
func TestEventsHaveScopes(t *testing.T) {
	for i := range 8 {
		f := Features{Agent: i&1 > 0, Groups: i&2 > 0, Members: i&4 > 0}
		names := map[string]bool{"": true}
		for _, s := range Scopes(f) {
			if names[s.Name] || s.Why == "" {
				t.Errorf("%+v: scope %s is there twice, or without a reason", f, s.Name)
			}
			names[s.Name] = true
		}
		for _, e := range events {
			if e.when(f) && !names[e.scope] {
				t.Errorf("%+v: %s needs %s", f, e.name, e.scope)
			}
		}
	}
}

// TestHandbook: the handbook names every scope and why, and shows pictures of
// what there is.
func TestHandbook(t *testing.T) {
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join("..", "..", "docs", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	handbook := read("slack.md")
	var table strings.Builder
	table.WriteString("| scope | what for |\n|---|---|\n")
	for _, s := range scopes {
		needed := ""
		if !s.when(Features{}) {
			needed = map[string]string{"assistant:write": "; only with `agent_view`", "usergroups:read": "; only if the configuration names a group"}[s.Name]
		}
		fmt.Fprintf(&table, "| `%s` | to %s%s |\n", s.Name, s.Why, needed)
	}
	if !strings.Contains(handbook, "\n"+table.String()+"\n") {
		t.Errorf("docs/slack.md should say:\n%s", table.String())
	}

	pictures := regexp.MustCompile(`"images/([a-z0-9-]+\.png)"`).FindAllStringSubmatch(handbook, -1)
	for _, picture := range pictures {
		if read("images/"+picture[1]) == "" {
			t.Errorf("%s is empty", picture[1])
		}
	}
	sources := regexp.MustCompile(`"([a-z_-]+\.json)"`).FindAllStringSubmatch(read("blocks/slack.js"), -1)
	for _, source := range sources {
		if _, err := os.Stat(filepath.Join("testdata", "golden", source[1])); err != nil {
			t.Error(err)
		}
	}
	if len(pictures) == 0 || len(sources) == 0 {
		t.Errorf("%d pictures of %d files", len(pictures), len(sources))
	}
}
