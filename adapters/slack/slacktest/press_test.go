package slacktest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/signpost-bot/signpost/adapters/slack/slacktest"
)

// interaction is the last one that was heard.
func (a *app) interaction() slack.InteractionCallback {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range slices.Backward(a.heard) {
		if c, ok := e.Data.(slack.InteractionCallback); ok {
			return c
		}
	}
	return slack.InteractionCallback{}
}

func (a *app) command() slack.SlashCommand {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range slices.Backward(a.heard) {
		if c, ok := e.Data.(slack.SlashCommand); ok {
			return c
		}
	}
	return slack.SlashCommand{}
}

func plain(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

func option(label, value string) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(value, plain(label), nil)
}

// respond answers at a response_url, and returns the error's name.
func respond(t *testing.T, address string, m slack.WebhookMessage) string {
	t.Helper()
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(address, "application/json", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		return ""
	}
	var refused struct{ Error string }
	if err := json.NewDecoder(answer.Body).Decode(&refused); err != nil {
		t.Fatal(err)
	}
	return refused.Error
}

// TestPress checks what the app is told of a button, on each surface.
func TestPress(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	a := s.connect(1, nil)
	asked := s.say(s.kim, s.help, "", "why?")
	ts := s.post(s.help, slack.MsgOptionTS(asked), button("Go", "go"))
	if err := s.Press(s.kim, slacktest.OnMessage(s.help, ts), "go"); err != nil {
		t.Fatal(err)
	}
	c := a.interaction()
	action := c.ActionCallback.BlockActions[0]
	if action.Value != "v-go" || action.BlockID != "row" || action.Text.Text != "Go" || c.Message.Timestamp != ts || c.Container.ThreadTs != asked || c.Channel.ID != s.help || c.ResponseURL == "" || c.TriggerID == "" {
		t.Errorf("heard %+v", c)
	}

	hidden, err := s.api.PostEphemeral(s.help, s.kim, calm("psst", button("Go", "go"))...)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Press(s.ana, slacktest.OnMessage(s.help, hidden), "go"); err == nil {
		t.Error("someone else presses on an ephemeral message")
	}
	if err := s.Press(s.kim, slacktest.OnMessage(s.help, hidden), "go"); err != nil {
		t.Fatal(err)
	}
	if c := a.interaction(); !c.Container.IsEphemeral || c.Message.Text != "" || c.Container.MessageTs != hidden {
		t.Errorf("heard %+v", c)
	}

	s.publish(s.kim, "", slack.NewActionBlock("row", slack.NewButtonBlockElement("home", "h", plain("Go"))))
	if err := s.Press(s.kim, slacktest.OnHome, "home"); err != nil {
		t.Fatal(err)
	}
	if c := a.interaction(); c.View.Type != slack.VTHomeTab || c.ResponseURL != "" || c.Channel.ID != "" || c.Container.ViewID != c.View.ID {
		t.Errorf("heard %+v", c)
	}
	s.judged()
}

// publish is views.publish; it returns the view's hash.
func (s *scene) publish(user, hash string, blocks ...slack.Block) string {
	s.t.Helper()
	got, err := s.api.PublishView(user, slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: blocks}}, hash)
	if err != nil {
		s.t.Fatal(err)
	}
	return got.Hash
}

// TestMenus checks menus, feedback, and fields that are heard at once.
func TestMenus(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	a := s.connect(1, func(e socketmode.Event) any {
		if c, ok := e.Data.(slack.InteractionCallback); ok && c.Type == slack.InteractionTypeBlockSuggestion {
			return slack.OptionsResponse{Options: []*slack.OptionBlockObject{option("About "+c.Value, "r1")}}
		}
		return nil
	})
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Pick"), "pick", option("A", "a"), option("B", "b"))
	search := slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plain("Search"), "search")
	ts := s.post(s.help, slack.MsgOptionBlocks(
		slack.NewActionBlock("menus", menu, search),
		slack.NewContextActionsBlock("rate", slack.NewFeedbackButtonsBlockElement("rate", slack.NewFeedbackButton(plain("Good"), "up"), slack.NewFeedbackButton(plain("Bad"), "down"))),
	))
	at := slacktest.OnMessage(s.help, ts)
	heard := func() *slack.BlockAction { return a.interaction().ActionCallback.BlockActions[0] }

	if err := s.Select(s.kim, at, "pick", "b"); err != nil || heard().SelectedOption.Value != "b" {
		t.Errorf("picked %+v, %v", heard(), err)
	}
	if s.Select(s.kim, at, "pick", "c") == nil {
		t.Error("what is not there can be picked")
	}
	if s.Choose(s.kim, at, "search", "r1") == nil {
		t.Error("what was not suggested can be chosen")
	}
	if got, err := s.Suggest(s.kim, at, "search", "re"); err != nil || got != nil {
		t.Errorf("asked too early: %v, %v", got, err)
	}
	if got, err := s.Suggest(s.kim, at, "search", "ref"); err != nil || !slices.Equal(got, []slacktest.Option{{Text: "About ref", Value: "r1"}}) {
		t.Errorf("suggested %v, %v", got, err)
	}
	if err := s.Choose(s.kim, at, "search", "r1"); err != nil || heard().SelectedOption.Text.Text != "About ref" {
		t.Errorf("chosen %+v, %v", heard(), err)
	}
	if err := s.Feedback(s.kim, at, "rate", false); err != nil || heard().Value != "down" {
		t.Errorf("rated %+v, %v", heard(), err)
	}
	if s.Press(s.kim, at, "pick") == nil {
		t.Error("a menu can be pressed")
	}

	field := slack.NewInputBlock("ask", plain("Ask"), nil, slack.NewPlainTextInputBlockElement(nil, "ask"))
	s.publish(s.kim, "", field)
	if s.Input(s.kim, slacktest.OnHome, "ask", "why?") == nil {
		t.Error("a field is heard though it should not be")
	}
	field.DispatchAction = true
	s.publish(s.kim, "", field)
	if err := s.Input(s.kim, slacktest.OnHome, "ask", "why?"); err != nil || heard().Value != "why?" || a.interaction().View.State.Values["ask"]["ask"].Value != "why?" {
		t.Errorf("entered %+v, %v", heard(), err)
	}
	s.judged()
}

// TestHome checks that a Home is only replaced by who knows how it looks.
func TestHome(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	a := s.connect(1, nil)
	first := s.publish(s.kim, "", slack.NewDividerBlock())
	second := s.publish(s.kim, first, slack.NewDividerBlock())
	if first == second {
		t.Error("a new Home has the hash of the old one")
	}
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewDividerBlock()}}}
	if _, err := s.api.PublishView(s.kim, home, first); err == nil || err.Error() != "hash_conflict" {
		t.Errorf("an old hash: %v", err)
	}
	if err := s.OpenHome(s.kim, "home"); err != nil {
		t.Fatal(err)
	}
	var heard struct {
		Event struct{ View struct{ Hash string } }
	}
	if err := json.Unmarshal(a.heard[0].Request.Payload, &heard); err != nil || heard.Event.View.Hash != second {
		t.Errorf("told of %+v, %v", heard, err)
	}
	if s.Home(s.ana) != nil || !strings.Contains(string(s.Home(s.kim)), second) {
		t.Errorf("homes: %s and %s", s.Home(s.ana), s.Home(s.kim))
	}
	s.judged()
}

// TestSlash checks commands, and the two ways of answering one.
func TestSlash(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	apart := s.AddChannel(slacktest.Channel{Name: "apart", Members: []string{s.kim}}) // without the bot
	a := s.connect(1, func(e socketmode.Event) any {
		if c, ok := e.Data.(slack.SlashCommand); ok && c.Text == "now" {
			return map[string]any{"text": "at once"}
		}
		return nil
	})
	if err := s.Slash(s.kim, apart, "/ask", "now"); err != nil {
		t.Fatal(err)
	}
	if err := s.Slash(s.kim, apart, "/ask", "for @ana & me"); err != nil {
		t.Fatal(err)
	}
	c := a.command()
	if c.Command != "/ask" || c.Text != "for <@"+s.ana+"|ana> &amp; me" || c.ChannelID != apart || c.ChannelName != "apart" || c.UserID != s.kim || c.TeamID != s.Team() || c.TriggerID == "" {
		t.Errorf("heard %+v", c)
	}
	calm := false
	uses := []slack.WebhookMessage{
		{Text: "for you"},
		{Text: "for all", ResponseType: "in_channel", UnfurlLinks: &calm, UnfurlMedia: &calm},
		{Text: "3"}, {Text: "4"}, {Text: "5"},
	}
	for _, m := range uses {
		if err := respond(t, c.ResponseURL, m); err != "" {
			t.Fatal(err)
		}
	}
	if got := respond(t, c.ResponseURL, uses[0]); got != "used_url" {
		t.Errorf("a sixth answer: %q", got)
	}
	var seen []string
	for _, m := range s.Messages(apart) {
		seen = append(seen, fmt.Sprint(m.Text, " ", m.Only == s.kim))
	}
	if want := []string{"at once true", "for you true", "for all false", "3 true", "4 true", "5 true"}; !slices.Equal(seen, want) {
		t.Errorf("there stand %q", seen)
	}
	if err := s.Slash(s.kim, apart, "/ask", "later"); err != nil {
		t.Fatal(err)
	}
	s.clock.advance(30 * time.Minute)
	if got := respond(t, a.command().ResponseURL, uses[0]); got != "expired_url" {
		t.Errorf("an answer after half an hour: %q", got)
	}
	s.judged()
}

// TestReplaceOriginal checks that what was pressed on can be changed, in
// private too.
func TestReplaceOriginal(t *testing.T) {
	for _, private := range []bool{false, true} {
		s := newScene(t, slacktest.Options{})
		a := s.connect(1, nil)
		ts := ""
		if private {
			var err error
			if ts, err = s.api.PostEphemeral(s.help, s.kim, calm("one", button("Go", "go"))...); err != nil {
				t.Fatal(err)
			}
		} else {
			ts = s.post(s.help, button("Go", "go"))
		}
		if err := s.Press(s.kim, slacktest.OnMessage(s.help, ts), "go"); err != nil {
			t.Fatal(err)
		}
		address := a.interaction().ResponseURL
		if err := respond(t, address, slack.WebhookMessage{Text: "two", ReplaceOriginal: true}); err != "" {
			t.Fatal(err)
		}
		if m := s.Messages(s.help); len(m) != 1 || m[0].Text != "two" || m[0].TS != ts || len(m[0].Blocks) > 0 {
			t.Errorf("private %t: replaced by %+v", private, m)
		}
		if err := respond(t, address, slack.WebhookMessage{DeleteOriginal: true}); err != "" {
			t.Fatal(err)
		}
		if m := s.Messages(s.help); len(m) != 0 {
			t.Errorf("private %t: deleted, and there stands %+v", private, m)
		}
		if got := respond(t, address, slack.WebhookMessage{Text: "three", ReplaceOriginal: true}); got != "message_not_found" {
			t.Errorf("private %t: what is gone is replaced: %q", private, got)
		}
		s.judged()
	}
}

// TestShortcut checks what the app is told of the message.
func TestShortcut(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	a := s.connect(1, nil)
	ts := s.say(s.kim, s.help, "", "why?")
	if err := s.Shortcut(s.ana, "ask_about", s.help, ts); err != nil {
		t.Fatal(err)
	}
	c := a.interaction()
	if c.Type != slack.InteractionTypeMessageAction || c.CallbackID != "ask_about" || c.Message.Text != "why?" || c.Message.User != s.kim || c.User.ID != s.ana || c.MessageTs != ts {
		t.Errorf("heard %+v", c)
	}
	if err := respond(t, c.ResponseURL, slack.WebhookMessage{Text: "because"}); err != "" {
		t.Fatal(err)
	}
	if m := s.Sees(s.ana); m[len(m)-1].Text != "because" || m[len(m)-1].Only != s.ana {
		t.Errorf("ana sees %+v", m)
	}
	s.judged()
}

// modal is one with a field that has to be filled in, a menu, and one that
// need not be.
func modal(title string) slack.ModalViewRequest {
	least := slack.NewPlainTextInputBlockElement(nil, "value")
	least.MaxLength = 10
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Pick"), "value", option("A", "a"), option("B", "b"))
	menu.InitialOption = option("A", "a")
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain(title), Submit: plain("Send"), CallbackID: "form", PrivateMetadata: "kept", NotifyOnClose: true,
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewInputBlock("question", plain("Question"), nil, least),
			slack.NewInputBlock("topic", plain("Topic"), nil, menu),
			slack.InputBlock{Type: slack.MBTInput, BlockID: "more", Label: plain("More"), Optional: true, Element: slack.NewPlainTextInputBlockElement(nil, "value")},
		}},
	}
}

// opened is a scene where kim has a modal open, and whose app answers what it
// is told.
func opened(t *testing.T, answer func(slack.InteractionCallback) any) (*scene, *app, slack.View) {
	t.Helper()
	s := newScene(t, slacktest.Options{})
	a := s.connect(1, func(e socketmode.Event) any {
		if c, ok := e.Data.(slack.InteractionCallback); ok && answer != nil {
			return answer(c)
		}
		return nil
	})
	if err := s.Slash(s.kim, s.help, "/ask", ""); err != nil {
		t.Fatal(err)
	}
	v, err := s.api.OpenView(a.command().TriggerID, modal("Ask"))
	if err != nil {
		t.Fatal(err, s.Violations())
	}
	return s, a, v.View
}

// TestTrigger checks that a trigger works once, and not for long.
func TestTrigger(t *testing.T) {
	s, a, _ := opened(t, nil)
	used := a.command().TriggerID
	for _, title := range []string{"Ask", "Other"} {
		if _, err := s.api.OpenView(used, modal(title)); err == nil || err.Error() != "exchanged_trigger_id" {
			t.Errorf("a second time, %s: %v", title, err)
		}
	}
	s.judged("one trigger for two views")
	if err := s.Slash(s.kim, s.help, "/ask", ""); err != nil {
		t.Fatal(err)
	}
	s.clock.advance(3*time.Second + time.Millisecond)
	if _, err := s.api.OpenView(a.command().TriggerID, modal("Ask")); err == nil || err.Error() != "expired_trigger_id" {
		t.Errorf("too late: %v", err)
	}
}

// TestSubmit checks what is sent, and what people cannot send.
func TestSubmit(t *testing.T) {
	s, a, v := opened(t, nil)
	for name, values := range map[string]map[string]string{
		"nothing":    nil,
		"too long":   {"question": "why, oh why?"},
		"no option":  {"question": "why?", "topic": "c"},
		"no field":   {"question": "why?", "name": "kim"},
		"empty":      {"question": ""},
		"only other": {"more": "please"},
	} {
		if _, err := s.Submit(s.kim, values); err == nil {
			t.Errorf("%s: can be sent", name)
		}
	}
	faults, err := s.Submit(s.kim, map[string]string{"question": "why?", "topic": "b", "more": ""})
	if err != nil || faults != nil {
		t.Fatal(faults, err)
	}
	c := a.interaction()
	values := c.View.State.Values
	if c.Type != slack.InteractionTypeViewSubmission || c.View.ID != v.ID || c.View.CallbackID != "form" || c.View.PrivateMetadata != "kept" || c.User.ID != s.kim ||
		values["question"]["value"].Value != "why?" || values["topic"]["value"].SelectedOption.Value != "b" || values["more"]["value"].Value != "" {
		t.Errorf("sent %+v", c)
	}
	if s.Modal(s.kim) != nil {
		t.Error("the modal is open still")
	}
	s.judged()
}

// TestSubmitAnswers checks what becomes of a modal by the app's answer.
func TestSubmitAnswers(t *testing.T) {
	other := modal("Other")
	tests := []struct {
		name   string
		answer any
		faults map[string]string
		title  string // of what is open then
		judged []string
	}{
		{"nothing", nil, nil, "", nil},
		{"clear", slack.NewClearViewSubmissionResponse(), nil, "", nil},
		{"errors", slack.NewErrorsViewSubmissionResponse(map[string]string{"question": "too short"}), map[string]string{"question": "too short"}, "Ask", nil},
		{"errors elsewhere", slack.NewErrorsViewSubmissionResponse(map[string]string{"name": "too short"}), map[string]string{"name": "too short"}, "Ask", []string{"an error under name"}},
		{"update", slack.NewUpdateViewSubmissionResponse(&other), nil, "Other", nil},
		{"push", slack.NewPushViewSubmissionResponse(&other), nil, "Other", nil},
		{"anything", map[string]string{"response_action": "explode"}, nil, "Ask", []string{`response_action "explode"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, _, _ := opened(t, func(slack.InteractionCallback) any { return test.answer })
			faults, err := s.Submit(s.kim, map[string]string{"question": "why?"})
			if err != nil || !maps.Equal(faults, test.faults) {
				t.Errorf("errors %v, %v", faults, err)
			}
			if got := title(t, s.Modal(s.kim)); got != test.title {
				t.Errorf("open is %q, want %q", got, test.title)
			}
			s.judged(test.judged...)
		})
	}
}

func title(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	if raw == nil {
		return ""
	}
	var v struct{ Title struct{ Text string } }
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v.Title.Text
}

// TestStack checks modals on top of each other, and that changes need to know
// how they look.
func TestStack(t *testing.T) {
	s, a, v := opened(t, nil)
	if _, err := s.api.UpdateView(modal("Asked"), "", v.Hash, v.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.api.UpdateView(modal("Asked"), "", v.Hash, v.ID); err == nil || err.Error() != "hash_conflict" {
		t.Errorf("an old hash: %v", err)
	}
	withButton := modal("Asked")
	withButton.Blocks.BlockSet = append(withButton.Blocks.BlockSet, slack.NewActionBlock("row", slack.NewButtonBlockElement("deeper", "d", plain("Deeper"))))
	if _, err := s.api.UpdateView(withButton, "", "", v.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Press(s.kim, slacktest.OnModal, "deeper"); err != nil {
		t.Fatal(err)
	}
	top, err := s.api.PushView(a.interaction().TriggerID, modal("Deeper"))
	if err != nil || top.PreviousViewID != v.ID || top.RootViewID != v.ID {
		t.Fatalf("pushed %+v, %v", top, err)
	}
	if got := title(t, s.Modal(s.kim)); got != "Deeper" {
		t.Errorf("on top is %q", got)
	}
	if err := s.Dismiss(s.kim); err != nil {
		t.Fatal(err)
	}
	if c := a.interaction(); c.Type != slack.InteractionTypeViewClosed || c.View.ID != top.ID {
		t.Errorf("heard %+v", c)
	}
	if got := title(t, s.Modal(s.kim)); got != "Asked" {
		t.Errorf("beneath is %q", got)
	}
	s.judged()
}

// TestModalIsRefused checks that a bad modal is not opened.
func TestModalIsRefused(t *testing.T) {
	s, a, _ := opened(t, nil)
	if err := s.Slash(s.kim, s.help, "/ask", ""); err != nil {
		t.Fatal(err)
	}
	_, err := s.api.OpenView(a.command().TriggerID, modal("A title that is much too long"))
	var refused slack.SlackErrorResponse
	if !errors.As(err, &refused) || refused.Err != "invalid_arguments" || len(refused.ResponseMetadata.Messages) == 0 {
		t.Errorf("refused with %v", err)
	}
	if len(s.Violations()) == 0 {
		t.Error("nothing is said of it")
	}
}

// TestAgent checks what an agent shows beside its messages.
func TestAgent(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	dm := s.Direct(s.kim)
	ts := s.say(s.kim, dm, "", "why?")
	if err := s.api.SetAssistantThreadsStatus(slack.AssistantThreadsSetStatusParameters{ChannelID: dm, ThreadTS: ts, Status: "searching"}); err != nil || s.Status(dm, ts) != "searching" {
		t.Errorf("status %q, %v", s.Status(dm, ts), err)
	}
	s.post(dm, slack.MsgOptionTS(ts))
	if got := s.Status(dm, ts); got != "" {
		t.Errorf("after the answer the status is %q", got)
	}
	if _, err := s.api.SetAgentSessionStatus(slack.AgentSessionSetStatusParameters{ChannelID: dm, ThreadTS: ts, Status: "processing", Title: "Refund"}); err != nil || s.Status(dm, ts) != "processing" || s.Title(dm, ts) != "Refund" {
		t.Errorf("session %q, %q, %v", s.Status(dm, ts), s.Title(dm, ts), err)
	}
	if err := s.api.SetAssistantThreadsTitle(slack.AssistantThreadsSetTitleParameters{ChannelID: dm, ThreadTS: ts, Title: "Refunds"}); err != nil || s.Title(dm, ts) != "Refunds" {
		t.Errorf("title %q, %v", s.Title(dm, ts), err)
	}
	p := slack.AssistantThreadsSetSuggestedPromptsParameters{ChannelID: dm}
	p.AddPrompt("Refunds", "How do refunds work?")
	if err := s.api.SetAssistantThreadsSuggestedPrompts(p); err != nil || !slices.Equal(s.Prompts(dm), []string{"How do refunds work?"}) {
		t.Errorf("prompts %q, %v", s.Prompts(dm), err)
	}
	s.judged()
	p.ThreadTS = ts
	p.AddPrompt("Wallet", "Where is my wallet?")
	if err := s.api.SetAssistantThreadsSuggestedPrompts(p); err != nil || len(s.Prompts(dm)) != 1 {
		t.Errorf("in a thread: %q, %v", s.Prompts(dm), err)
	}
	s.judged("thread_ts makes it do nothing")
}
