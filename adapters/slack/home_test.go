package slack

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/chat/chattest"
)

// aHome is a page as the bot makes it for an agent.
func aHome() chat.Home {
	bold := func(words, rest string) chat.Text { return chat.Text{{Text: words, Bold: true}, {Text: rest}} }
	press := func(label string, verb string, args ...string) chat.Button {
		return chat.Button{Label: label, Action: chat.Do(verb, args...)}
	}
	return chat.Home{
		Lang: "en", Ask: chat.Field{Name: "question", Label: "Ask a question"}, Find: "Find an article by its title",
		Blocks: []chat.Block{
			{Layout: chat.Heading, Text: chat.Plain("Hi! How can I help?")},
			{Layout: chat.Paragraph, Text: chat.Text{{Text: "Here as "}, {Text: "Creator", Bold: true}, {Text: ", because you are in @creators."}}},
			{Layout: chat.Buttons, Buttons: []chat.Button{press("I'm a buyer", "iam", "buyer"), press("I'm an affiliate", "iam", "affiliate")}},
			{Layout: chat.Divider},
			{Layout: chat.Heading, Text: chat.Plain("Browse the help centre")},
			{Layout: chat.Buttons, Buttons: []chat.Button{
				press("Account", "browse", "creator", "account"), press("Sales", "browse", "creator", "sales"), press("Wallet", "browse", "creator", "wallet"),
			}},
			{Layout: chat.Divider},
			{Layout: chat.Heading, Text: chat.Plain("The queue")},
			{Layout: chat.Section, Text: bold("T-7", " The coupon does not work"), Buttons: []chat.Button{press("Show", "show", "T-7")}},
			{Layout: chat.Context, Text: chat.Plain("Kim · 12 minutes ago · Buyer")},
			{Layout: chat.Buttons, Buttons: []chat.Button{{Label: "Claim", Action: chat.Do("claim", "T-7"), Style: chat.Primary}}},
		},
	}
}

// TestHomeBlocks looks at the page as Slack is sent it: as it is opened, and
// with an answer on it.
func TestHomeBlocks(t *testing.T) {
	answer := chat.Reply{Key: "answer/1", Handle: "home/1", Blocks: []chat.Block{
		{Layout: chat.Paragraph, Text: chat.Text{{Text: "How do I get paid?", URL: "https://help.example.com/paid", Bold: true}}},
		{Layout: chat.Quote, Text: chat.Plain("Each Friday, by bank transfer.")},
		{Layout: chat.Buttons, Buttons: []chat.Button{{Label: "This helped", Action: chat.Do("helped", "c1")}}},
	}}
	for name, replies := range map[string][]chat.Reply{"home": nil, "home-answer": {answer}} {
		view := map[string]any{"type": "home", "blocks": homeBlocks(aHome(), replies, "0")}
		got := pretty(t, view)
		chattest.Golden(t, name+".json", got)
		judge(t, "SHomeView", got)
	}
}

// TestHomeFull: however much there is, Slack takes the page.
func TestHomeFull(t *testing.T) {
	home := aHome()
	for i := range 300 {
		home.Blocks = append(home.Blocks, chat.Block{Layout: chat.Section, Text: chat.Plain(strings.Repeat("long ", 900)), Buttons: []chat.Button{
			{Label: "Show", Action: chat.Do("show", fmt.Sprint(i%3))},
		}})
	}
	reply := chat.Reply{Blocks: home.Blocks}
	blocks := homeBlocks(home, []chat.Reply{reply, reply, reply}, "0")
	if len(blocks) > maxPage {
		t.Errorf("the page has %d blocks", len(blocks))
	}
	raw := pretty(t, map[string]any{"type": "home", "blocks": blocks})
	var view struct {
		Blocks []struct {
			Accessory struct {
				ID string `json:"action_id"`
			} `json:"accessory"`
		} `json:"blocks"`
	}
	if err := json.Unmarshal(raw, &view); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, b := range view.Blocks {
		if id := b.Accessory.ID; id != "" && seen[id] {
			t.Errorf("action_id %s stands twice", id)
		} else {
			seen[id] = true
		}
	}
	judge(t, "SHomeView", raw)
}
