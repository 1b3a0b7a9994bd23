package slacktest_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/signpost-bot/signpost/adapters/slack/slacktest"
)

// samples are Slack's own payloads with every value blanked: all keys that are
// legal. They are kept outside the repository, at $SIGNPOST_SHARED or beside
// it.
func samples(t *testing.T) string {
	t.Helper()
	shared := os.Getenv("SIGNPOST_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "..", "shared")
	}
	dir := filepath.Join(shared, "specs", "slack-samples")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
		t.Skip("not held to Slack's samples: set SIGNPOST_SHARED to the folder that holds specs/slack-samples")
	} else if err != nil {
		t.Fatal(err)
	}
	return dir
}

// keys are the paths of all keys in a payload, lists left out. What holds
// anything, such as blocks, is not looked into.
func keys(v any, path string, into map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			keys(one, path, into)
		}
	case map[string]any:
		for name, value := range v {
			at := path + "." + name
			into[at] = true
			if !slices.Contains([]string{"blocks", "attachments", "values", "metadata"}, name) {
				keys(value, at, into)
			}
		}
	}
}

// sampleKeys are those of a sample, of an event with its envelope or of another
// payload.
func sampleKeys(t *testing.T, file string) map[string]bool {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	keys(v, "", all)
	return all
}

// unsampled are keys that Slack sends today though its samples lack them, by
// a part of their paths, and where they are documented.
var unsampled = map[string]string{
	".app_id":                           "https://docs.slack.dev/reference/methods/chat.postMessage",
	".context_team_id":                  "https://docs.slack.dev/apis/events-api",
	".context_enterprise_id":            "https://docs.slack.dev/apis/events-api",
	".view.state.values":                "https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload",
	".state.values":                     "https://docs.slack.dev/reference/interaction-payloads/block_actions-payload",
	".subteam.auto_type":                "https://docs.slack.dev/reference/events/subteam_updated",
	"message.files":                     "https://docs.slack.dev/reference/events/message/message_changed",
	".view.blocks":                      "https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload",
	"BlockActionPayload.json.action_id": "https://docs.slack.dev/reference/interaction-payloads",
	"BlockActionPayload.json.block_id":  "https://docs.slack.dev/reference/interaction-payloads",
	"BlockActionPayload.json.value":     "https://docs.slack.dev/reference/interaction-payloads",
}

// TestVocabulary plays a day at a workspace: every key that the app is sent is
// in Slack's own sample of that payload.
func TestVocabulary(t *testing.T) {
	dir := samples(t)
	s := newScene(t, slacktest.Options{})
	a := s.connect(1, func(e socketmode.Event) any {
		if c, ok := e.Data.(slack.InteractionCallback); ok && c.Type == slack.InteractionTypeBlockSuggestion {
			return slack.OptionsResponse{Options: []*slack.OptionBlockObject{option("A", "a")}}
		}
		return nil
	})
	var mu sync.Mutex
	seen := map[string]map[string]bool{} // by sample
	s.OnSend(func(kind string, payload map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		raw, err := json.Marshal(payload)
		if err != nil {
			t.Error(err)
			return
		}
		var plain map[string]any
		if err := json.Unmarshal(raw, &plain); err != nil {
			t.Error(err)
			return
		}
		file := sampleOf(kind, plain)
		if seen[file] == nil {
			seen[file] = map[string]bool{}
		}
		keys(plain, "", seen[file])
	})
	s.aDay(a)

	used := map[string]bool{}
	for file, got := range seen {
		want := sampleKeys(t, filepath.Join(dir, filepath.FromSlash(file)))
		for key := range got {
			if want[key] {
				continue
			}
			excused := false
			for part := range unsampled {
				if strings.Contains(file+key+".", part+".") {
					excused, used[part] = true, true
				}
			}
			if !excused {
				t.Errorf("%s has no %s", file, key)
			}
		}
	}
	for part := range unsampled {
		if !used[part] {
			t.Errorf("the samples have %s", part)
		}
	}
	if len(seen) < 20 {
		t.Errorf("the day had %d kinds of payloads", len(seen))
	}
}

// sampleOf is the file with the sample of a payload.
func sampleOf(kind string, payload map[string]any) string {
	switch kind {
	case "slash_commands":
		return "app-backend/slash-commands/SlashCommandPayload.json"
	case "interactive":
		return map[string]string{
			"block_actions":    "app-backend/interactive-components/BlockActionPayload.json",
			"block_suggestion": "app-backend/interactive-components/BlockActionPayload.json",
			"message_action":   "app-backend/interactive-components/MessageShortcutPayload.json",
			"view_submission":  "app-backend/views/ViewSubmissionPayload.json",
			"view_closed":      "app-backend/views/ViewClosedPayload.json",
		}[payload["type"].(string)]
	}
	event := payload["event"].(map[string]any)
	name := event["type"].(string)
	if sub, _ := event["subtype"].(string); sub != "" {
		name = sub
		if !strings.HasPrefix(sub, "message_") {
			name = "message_" + strings.Replace(sub, "group_", "channel_", 1)
		}
	}
	var camel strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		camel.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return "events/" + camel.String() + "Payload.json"
}

// aDay is everything that can happen.
func (s *scene) aDay(a *app) {
	s.t.Helper()
	do := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	said := func(_ string, err error) { s.t.Helper(); do(err) }
	secret := s.AddChannel(slacktest.Channel{Name: "secret", Kind: slacktest.Private, Members: []string{s.kim}, BotIn: true})
	stranger := s.AddUser(slacktest.User{Name: "max", Team: "T0OTHER"})
	shared := s.AddChannel(slacktest.Channel{Name: "shared", ExtShared: true, Members: []string{stranger}, BotIn: true})
	agents := s.AddGroup(slacktest.Group{Handle: "agents"})
	file := slacktest.Upload{Name: "a.pdf", Data: []byte("a")}

	asked := s.say(s.kim, s.help, "", "@signpost why, @kim? https://a.example :tada:")
	s.say(s.ana, s.help, asked, "hm", file)
	s.say(stranger, shared, "", "@signpost why?")
	do(s.Edit(s.kim, s.help, s.say(s.kim, s.help, "", "@signpost look", file), "look"))
	s.say(s.kim, s.Direct(s.kim), "", "hello")
	said(s.Broadcast(s.ana, s.help, asked, "hm!"))
	do(s.Edit(s.kim, s.help, asked, "why not?"))
	do(s.React(s.ana, s.help, asked, "eyes"))
	do(s.Unreact(s.ana, s.help, asked, "eyes"))
	do(s.Slash(s.kim, s.help, "/ask", "why?"))
	do(s.Shortcut(s.ana, "ask", s.help, asked))
	do(s.OpenHome(s.kim, "messages"))

	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Pick"), "pick", option("A", "a"))
	search := slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plain("Search"), "search")
	ts := s.post(s.help, slack.MsgOptionTS(asked), slack.MsgOptionBlocks(
		slack.NewActionBlock("row", slack.NewButtonBlockElement("go", "go", plain("Go")), menu, search),
		slack.NewContextActionsBlock("rate", slack.NewFeedbackButtonsBlockElement("rate", slack.NewFeedbackButton(plain("Good"), "up"), slack.NewFeedbackButton(plain("Bad"), "down"))),
	))
	at := slacktest.OnMessage(s.help, ts)
	do(s.Press(s.kim, at, "go"))
	do(s.Select(s.kim, at, "pick", "a"))
	if _, err := s.Suggest(s.kim, at, "search", "why"); err != nil {
		s.t.Fatal(err)
	}
	do(s.Choose(s.kim, at, "search", "a"))
	do(s.Feedback(s.kim, at, "rate", true))
	if _, _, _, err := s.api.UpdateMessage(s.help, ts, slack.MsgOptionText("b", false)); err != nil {
		s.t.Fatal(err)
	}
	if _, _, err := s.api.DeleteMessage(s.help, ts); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.api.UploadFile(slack.UploadFileParameters{Reader: strings.NewReader("a"), FileSize: 1, Filename: "a.txt", Channel: s.help}); err != nil {
		s.t.Fatal(err)
	}
	s.publish(s.kim, "", slack.NewActionBlock("row", slack.NewButtonBlockElement("go", "go", plain("Go"))))
	do(s.OpenHome(s.kim, "home"))
	do(s.Press(s.kim, slacktest.OnHome, "go"))

	open := func() {
		s.t.Helper()
		do(s.Slash(s.kim, s.help, "/ask", ""))
		if _, err := s.api.OpenView(a.command().TriggerID, modal("Ask")); err != nil {
			s.t.Fatal(err)
		}
	}
	open()
	if _, err := s.Submit(s.kim, map[string]string{"question": "why?"}); err != nil {
		s.t.Fatal(err)
	}
	open()
	do(s.Dismiss(s.kim))

	do(s.SetGroupMembers(agents, s.ana))
	do(s.ChangeUser(slacktest.User{ID: s.kim, Name: "kim", Locale: "de-DE"}))
	do(s.Leave(s.kim, s.help))
	do(s.Join(s.kim, s.help))
	do(s.Leave(s.Bot(), secret))
	do(s.Leave(s.Bot(), shared))
	do(s.Delete(s.kim, s.help, asked))
	do(s.Delete(s.kim, s.help, s.say(s.kim, s.help, "", "never mind")))
	do(s.Settle(s.t.Context()))
}
