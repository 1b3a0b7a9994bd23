package slacktest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"github.com/signpost-bot/signpost/adapters/slack/slacktest"
)

// words are n characters.
func words(n int) string { return strings.Repeat("a", n) }

// TestJudgeMessages checks that each mistake in a message is found.
func TestJudgeMessages(t *testing.T) {
	section := func(kind, text string) string {
		return fmt.Sprintf(`[{"type":"section","text":{"type":%q,"text":%q}}]`, kind, text)
	}
	element := func(json string) string { return `[{"type":"actions","elements":[` + json + `]}]` }
	options := func(n, text, value int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`{"text":{"type":"plain_text","text":%q},"value":"%03d%s"}`, words(text), i, words(value-3)))
		}
		return strings.Join(all, ",")
	}
	repeat := func(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
	button := `{"type":"button","action_id":%q,"value":%q,"text":{"type":"plain_text","text":%q}}`
	tests := []struct {
		name, text, blocks string
		more               string // arguments, name=value
		fault              string // empty: none
	}{
		{"fine", "a", section("mrkdwn", "<https://a.example|a> <!date^1^{date}|then>"), "", ""},
		{"no text", "", section("plain_text", "a"), "", "no text beside"},
		{"blank text", " ", section("plain_text", "a"), "", "no text beside"},
		{"long text", words(4001), "", "", "text of 4001 characters"},
		{"unfurled links", "a", "", "unfurl_links=true", "unfurl_links is not false"},
		{"unfurled media", "a", "", "unfurl_media=", "unfurl_media is not false"},
		{"parsed", "a", "", "parse=full", "parse=full"},
		{"linked names", "a", "", "link_names=1", "link_names=1"},
		{"a ping in the text", "<!here> a", "", "", "pings <!here>"},
		{"a person in the text", "a <@U123>", "", "", "pings <@U123>"},
		{"a group in the text", "a <!subteam^S1|@b>", "", "", "pings <!subteam^S1|@b>"},
		{"a ping in mrkdwn", "a", section("mrkdwn", "<!channel>"), "", "pings <!channel>"},
		{"none in plain text", "a", section("plain_text", "<!channel>"), "", ""},
		{"a ping in rich text", "a", `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"user","user_id":"U1"}]}]}]`, "", "pings <@U1>"},
		{"a long section", "a", section("plain_text", words(3001)), "", "section.text of 3001"},
		{"an empty section", "a", section("plain_text", ""), "", "section.text is empty"},
		{"a section of nothing", "a", `[{"type":"section"}]`, "", "a section without text"},
		{"many fields", "a", `[{"type":"section","fields":[` + repeat(`{"type":"plain_text","text":"a"}`, 11) + `]}]`, "", "section with 11 fields"},
		{"a long field", "a", `[{"type":"section","fields":[{"type":"plain_text","text":"` + words(2001) + `"}]}]`, "", "section.fields of 2001"},
		{"a long header", "a", `[{"type":"header","text":{"type":"plain_text","text":"` + words(151) + `"}}]`, "", "header.text of 151"},
		{"many blocks", "a", "[" + repeat(`{"type":"divider"}`, 51) + "]", "", "51 blocks"},
		{"too much", "a", "[" + repeat(strings.Trim(section("plain_text", words(3000)), "[]"), 5) + "]", "", "all blocks together"},
		{"too much Markdown", "a", "[" + repeat(`{"type":"markdown","text":"`+words(6001)+`"}`, 2) + "]", "", "markdown blocks of 12002"},
		{"a long label", "a", element(fmt.Sprintf(button, "a", "v", words(76))), "", "button.text of 76"},
		{"a long value", "a", element(fmt.Sprintf(button, "a", words(2001), "b")), "", "button.value of 2001"},
		{"a long action", "a", element(fmt.Sprintf(button, words(256), "v", "b")), "", "action_id of 256"},
		{"an action twice", "a", element(repeat(fmt.Sprintf(button, "a", "v", "b"), 2)), "", `action_id "a" stands twice`},
		{"a block twice", "a", "[" + repeat(`{"type":"divider","block_id":"d"}`, 2) + "]", "", `block_id "d" stands twice`},
		{"many buttons", "a", element(repeat(`{"type":"button","text":{"type":"plain_text","text":"b"}}`, 26)), "", "actions with 26 elements"},
		{"no buttons", "a", element(""), "", "actions without elements"},
		{"many small words", "a", `[{"type":"context","elements":[` + repeat(`{"type":"plain_text","text":"a"}`, 11) + `]}]`, "", "context with 11 elements"},
		{"a good menu", "a", element(`{"type":"static_select","options":[` + options(2, 75, 150) + `]}`), "", ""},
		{"many options", "a", element(`{"type":"static_select","options":[` + options(101, 1, 3) + `]}`), "", "static_select with 101 options"},
		{"no options", "a", element(`{"type":"static_select","options":[]}`), "", "static_select without options"},
		{"a long option", "a", element(`{"type":"static_select","options":[` + options(1, 76, 3) + `]}`), "", "option.text of 76"},
		{"a long option's value", "a", element(`{"type":"static_select","options":[` + options(1, 1, 151) + `]}`), "", "option.value of 151"},
		{"an option twice", "a", element(`{"type":"static_select","options":[` + repeat(options(1, 1, 3), 2) + `]}`), "", "twice, or none"},
		{"a strange first option", "a", element(`{"type":"static_select","options":[` + options(1, 1, 3) + `],"initial_option":` + options(1, 2, 3) + `}`), "", "begins with an option it does not have"},
		{"a long confirmation", "a", element(`{"type":"button","text":{"type":"plain_text","text":"b"},"confirm":{"title":{"type":"plain_text","text":"` + words(101) + `"},"text":{"type":"plain_text","text":"b"},"confirm":{"type":"plain_text","text":"b"},"deny":{"type":"plain_text","text":"b"}}}`), "", "confirm.title of 101"},
		{"an unknown block", "a", `[{"type":"paragraph"}]`, "", `there is no type "paragraph"`},
		{"an unknown key", "a", `[{"type":"divider","colour":"red"}]`, "", "colour"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t, slacktest.Options{})
			if !s.Schema() && (test.name == "an unknown block" || test.name == "an unknown key") {
				t.Skip("not judged by Slack's types: set SIGNPOST_SHARED to the folder that holds specs/slack-blockkit.schema.json")
			}
			args := []string{"channel", s.help, "text", test.text, "unfurl_links", "false", "unfurl_media", "false"}
			if test.blocks != "" {
				args = append(args, "blocks", test.blocks)
			}
			if name, value, ok := strings.Cut(test.more, "="); ok {
				args = append(args, name, value)
			}
			s.call("chat.postMessage", args...)
			got := s.Violations()
			if test.fault == "" && len(got) > 0 || test.fault != "" && !slices.ContainsFunc(got, func(v string) bool { return strings.Contains(v, test.fault) }) {
				t.Errorf("violations %q, want %q", got, test.fault)
			}
			if pings := len(s.Pings()) > 0; pings != strings.HasPrefix(test.fault, "pings") {
				t.Errorf("pings %q", s.Pings())
			}
		})
	}
}

// TestJudgeViews checks that each mistake in a view is found.
func TestJudgeViews(t *testing.T) {
	good := `"type":"home","blocks":[{"type":"divider"}]`
	tests := []struct{ name, view, fault string }{
		{"fine", good, ""},
		{"long metadata", good + `,"private_metadata":"` + words(3001) + `"`, "private_metadata of 3001"},
		{"a long name", good + `,"callback_id":"` + words(256) + `"`, "callback_id of 256"},
		{"many blocks", `"type":"home","blocks":[` + strings.Repeat(`{"type":"divider"},`, 100) + `{"type":"divider"}]`, "101 blocks"},
		{"feedback", `"type":"home","blocks":[{"type":"context_actions","elements":[{"type":"icon_button","icon":"trash","text":{"type":"plain_text","text":"a"}}]}]`, "context_actions in a home"},
	}
	for _, test := range tests {
		s := newScene(t, slacktest.Options{})
		got := s.call("views.publish", "user_id", s.kim, "view", "{"+test.view+"}")
		if got["ok"] != (test.fault == "") {
			t.Errorf("%s: %v", test.name, got)
		}
		if test.fault == "" {
			s.judged()
		} else if !strings.Contains(strings.Join(s.Violations(), "\n"), test.fault) {
			t.Errorf("%s: violations %q, want %q", test.name, s.Violations(), test.fault)
		}
	}
	s, a, _ := opened(t, nil)
	for _, test := range []struct {
		change func(v *slack.ModalViewRequest)
		fault  string
	}{
		{func(v *slack.ModalViewRequest) { v.Title = plain(words(25)) }, "title of 25"},
		{func(v *slack.ModalViewRequest) { v.Submit = plain(words(25)) }, "submit of 25"},
		{func(v *slack.ModalViewRequest) { v.Submit = nil }, "nothing to send them with"},
	} {
		if err := s.Slash(s.kim, s.help, "/ask", ""); err != nil {
			t.Fatal(err)
		}
		v := modal("Ask")
		test.change(&v)
		if _, err := s.api.OpenView(a.command().TriggerID, v); err == nil || err.Error() != "invalid_arguments" {
			t.Errorf("%s: opened with %v", test.fault, err)
		}
		if !strings.Contains(strings.Join(s.Violations(), "\n"), test.fault) {
			t.Errorf("violations %q, want %q", s.Violations(), test.fault)
		}
	}
}

// TestJudgeSuggestions checks that bad options are found, and not shown.
func TestJudgeSuggestions(t *testing.T) {
	for fault, answer := range map[string]string{
		"option.text of 76":         `{"options":[{"text":{"type":"plain_text","text":"` + words(76) + `"},"value":"a"}]}`,
		"option.value of 151":       `{"options":[{"text":{"type":"plain_text","text":"a"},"value":"` + words(151) + `"}]}`,
		"an option without a value": `{"options":[{"text":{"type":"plain_text","text":"a"}}]}`,
		"an option without plain":   `{"options":[{"text":{"type":"mrkdwn","text":"a"},"value":"a"}]}`,
		"101 options":               `{"options":[` + strings.TrimSuffix(strings.Repeat(`{"text":{"type":"plain_text","text":"a"},"value":"a"},`, 101), ",") + `]}`,
		"the answer is no JSON":     `?`,
	} {
		s, _ := listen(t, slacktest.Options{}, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) })
		ts := s.post(s.help, slack.MsgOptionBlocks(slack.NewActionBlock("row", slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plain("Search"), "search"))))
		if got, err := s.Suggest(s.kim, slacktest.OnMessage(s.help, ts), "search", "why"); err == nil {
			t.Errorf("%s: shown as %v", fault, got)
		}
		s.judged(fault)
	}
}

// TestJudgeRequests checks what is found beside messages and views.
func TestJudgeRequests(t *testing.T) {
	s := newScene(t, slacktest.Options{Scopes: []string{"chat:write"}})
	s.call("chat.everything")
	s.call("users.list")
	answer, err := http.Get(s.APIURL() + "auth.test?token=" + s.BotToken())
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	s.judged("chat.everything: unknown_method", "users.list: missing_scope users:read", "a token in the address")
	for _, v := range s.Violations() {
		if strings.Contains(v, s.BotToken()) {
			t.Errorf("%q tells the token", v)
		}
	}
}

// TestSchemaFile checks that a file of types that cannot be read is told, and
// that one that is not there judges nothing, except in CI.
func TestSchemaFile(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.json")
	if err := os.WriteFile(broken, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	newScene(t, slacktest.Options{Schema: broken}).judged("no PlainTextOption")
	for _, ci := range []string{"", "true"} {
		t.Setenv("CI", ci)
		s := newScene(t, slacktest.Options{Schema: filepath.Join(t.TempDir(), "none.json")})
		if s.Schema() || (len(s.Violations()) > 0) != (ci != "") {
			t.Errorf("CI=%s: %q", ci, s.Violations())
		}
	}
}

// FuzzArgs reads any request: what is read as JSON is what JSON says.
func FuzzArgs(f *testing.F) {
	f.Add("application/json", "", []byte(`{"channel":"C1","text":"a"}`))
	f.Add("application/x-www-form-urlencoded", "token=a", []byte("channel=C1&text=%3C"))
	f.Add("text/plain", "a=%", []byte("a"))
	f.Fuzz(func(t *testing.T, kind, query string, body []byte) {
		args, err := slacktest.ParseArgs(kind, query, body)
		if err != nil || kind != "application/json" || query != "" {
			return
		}
		var want map[string]any
		_ = json.Unmarshal(body, &want) // nothing is nothing
		if len(args) != len(want) {
			t.Errorf("%q has %d arguments, want %d", body, len(args), len(want))
		}
	})
}

// FuzzInspect looks at any blocks: what is wrong with some of them is wrong
// with all.
func FuzzInspect(f *testing.F) {
	f.Add([]byte(`[{"type":"section","text":{"type":"mrkdwn","text":"a"},"accessory":{"type":"button","action_id":"a","text":{"type":"plain_text","text":"a"}}}]`))
	f.Add([]byte(`[{"type":"actions","elements":[{"type":"static_select","options":[{"text":{"text":""},"value":1}],"initial_option":{}}]},{"type":"input","element":[]}]`))
	f.Add([]byte(`[{"type":"context_actions","elements":[{"type":"feedback_buttons","positive_button":{"text":1}}]},null]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var blocks []map[string]any
		if json.Unmarshal(raw, &blocks) != nil {
			return
		}
		all := slacktest.Inspect(blocks)
		if len(blocks) > 0 && len(all) == 0 && len(slacktest.Inspect(blocks[:1])) > 0 {
			t.Errorf("%s: the first is wrong, and all are right", raw)
		}
	})
}

// FuzzMarkup types anything: nothing pings that was not picked or typed out,
// and what Slack escapes stays escaped.
func FuzzMarkup(f *testing.F) {
	s := slacktest.New(slacktest.Options{})
	f.Cleanup(s.Close)
	f.Add("a < b & <!subteam^S1> <@U1|x> <https://a.example|b>")
	f.Add("(@signpost #none :tada: https://a.example/<b>) @here")
	f.Add("<@U0SIGNPOST> <!channel>\n@signpost.")
	f.Fuzz(func(t *testing.T, text string) {
		got, pings := s.Markup(text)
		for _, ping := range pings {
			word := strings.Trim(ping, "<!>")
			if ping != "<@"+s.Bot()+">" && ping != "<@USLACKBOT>" && !strings.Contains(text, "@"+word) && !strings.Contains(text, ping) {
				t.Errorf("%q pings %s", text, ping)
			}
		}
		if strings.Count(got, "<") != strings.Count(got, ">") {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}
