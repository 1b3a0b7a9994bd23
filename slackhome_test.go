package main

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/signpost-bot/signpost/adapters/slack/slacktest"
)

// openSlack is the whole program on Slack, with one article, for tests of what
// no other platform has.
func openSlack(t *testing.T, byHTTP bool) *workspace {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	on := newWorkspace(ctx, t, []txtar.File{{Name: "knowledge/refund.md", Data: []byte(oneArticle)}}, byHTTP)
	t.Cleanup(func() {
		if err := on.close(); err != nil {
			t.Error(err)
		}
	})
	return on
}

// page is what a person finds on the app's own page.
func (on *workspace) home(name string) (shown, json.RawMessage) {
	on.t.Helper()
	var view struct{ Blocks json.RawMessage }
	if raw := on.slack.Home(slackUser(name)); raw != nil {
		if err := json.Unmarshal(raw, &view); err != nil {
			on.t.Fatal(err)
		}
	}
	s, err := on.see(slacktest.Message{Text: "-", Blocks: view.Blocks})
	if err != nil {
		on.t.Fatal(err)
	}
	return s, view.Blocks
}

// homeSays waits until someone's page says something.
func (on *workspace) homeSays(name, text string) shown {
	on.t.Helper()
	var s shown
	on.await("the page of "+name+" says "+text, func() bool {
		s, _ = on.home(name)
		return strings.Contains(plain(s.text), text)
	})
	return s
}

func (on *workspace) must(err error) {
	on.t.Helper()
	if err != nil {
		on.t.Fatal(err)
	}
}

// onHome presses what has a label on someone's page.
func (on *workspace) onHome(name, label string) {
	on.t.Helper()
	_, blocks := on.home(name)
	e := elementOf(blocks, label)
	if e.kind != "button" {
		on.t.Fatalf("the page of %s has no button %q", name, label)
	}
	on.must(on.slack.Press(slackUser(name), slacktest.OnHome, e.id))
}

// TestSlackHome goes through the app's own page: what is asked there is
// answered there, by typing, by finding a title, and by browsing; Contact us
// opens a form; and an agent finds the queue.
func TestSlackHome(t *testing.T) {
	t.Parallel()
	on := openSlack(t, false)
	asker := slackUser("asker")
	on.must(on.slack.OpenHome(asker, "home"))
	on.homeSays("asker", "Browse the help centre")

	on.must(on.slack.Input(asker, slacktest.OnHome, "ask", "where is my refund?"))
	s := on.homeSays("asker", "Ask for your refund within seven days")
	if !slices.Contains(s.buttons(), "Contact us") || !slices.ContainsFunc(s.links, func(l string) bool { return strings.HasPrefix(l, "How do I get a refund?") }) {
		t.Errorf("the answer on the page has the buttons %q and the links %q", s.buttons(), s.links)
	}
	if direct := on.slack.Messages(on.slack.Direct(asker)); len(direct) > 0 {
		t.Errorf("it was answered elsewhere too: %+v", direct)
	}

	options, err := on.slack.Suggest(asker, slacktest.OnHome, "find", "refu")
	on.must(err)
	if len(options) != 1 || options[0].Text != "How do I get a refund?" {
		t.Fatalf("for refu, the search offers %+v", options)
	}
	on.must(on.slack.OpenHome(asker, "home")) // a fresh page, without the answer
	on.await("a fresh page", func() bool { s, _ := on.home("asker"); return !strings.Contains(s.text, "seven days") })
	_, err = on.slack.Suggest(asker, slacktest.OnHome, "find", "refu")
	on.must(err)
	on.must(on.slack.Choose(asker, slacktest.OnHome, "find", options[0].Value))
	on.homeSays("asker", "Ask for your refund within seven days")

	on.onHome("asker", "Contact us")
	if form := formText(string(on.slack.Modal(asker))); !strings.Contains(form, "How do I get a refund?") {
		t.Errorf("the form is not filled in: %s", form)
	}
	wrong, err := on.slack.Submit(asker, map[string]string{"question": "  \u00a0 "})
	on.must(err)
	if wrong["question"] == "" {
		t.Errorf("an empty question is wrong: %q", wrong)
	}
	_, err = on.slack.Submit(asker, map[string]string{"question": "It never came."})
	on.must(err)
	on.homeSays("asker", "T-1")

	ana := slackUser("ana")
	on.must(on.slack.OpenHome(ana, "home"))
	on.homeSays("ana", "It never came.")
	on.onHome("ana", "Claim")
	on.homeSays("ana", "T-1 is yours")
	on.must(on.slack.OpenHome(ana, "home"))
	if s := on.homeSays("ana", "Yours"); strings.Contains(s.text, "Your tickets") {
		t.Errorf("ana has asked nothing, and her page says %s", s.text)
	}
	on.must(on.quiet())
}

// TestSlackAgentView looks at what is special where direct messages are threads
// of an agent: suggested questions, the status while an answer is looked for,
// and an answer in the thread that asked.
func TestSlackAgentView(t *testing.T) {
	t.Parallel()
	on := openSlack(t, true)
	asker := slackUser("asker")
	direct := on.slack.Direct(asker)
	on.must(on.slack.OpenHome(asker, "messages"))
	on.await("questions are suggested", func() bool {
		return slices.Contains(on.slack.Prompts(direct), "How do I get a refund?")
	})
	for _, question := range []string{"where is my refund?", "how long does a refund take?"} {
		ts, err := on.slack.Say(asker, direct, "", question)
		on.must(err)
		on.must(on.quiet())
		var answers int
		for _, m := range on.slack.Messages(direct) {
			if m.User == on.slack.Bot() && m.Thread == ts {
				answers++
			}
		}
		if answers != 1 {
			t.Errorf("%q has %d answers in its thread", question, answers)
		}
		on.await("the status is back", func() bool { return on.slack.Status(direct, ts) == "active" })
	}
}

// TestSlackRace lets two agents claim a ticket at once: one of them gets it, and
// the other one is told who.
func TestSlackRace(t *testing.T) {
	t.Parallel()
	on := openSlack(t, false)
	asker := slackUser("asker")
	on.must(on.slack.Slash(asker, on.channel("#help"), "/ask", "where is my refund?"))
	on.must(on.quiet())
	answer, err := on.newest(player{name: "asker", place: "#help"}, func(_ slacktest.Message, v sight) bool { return v.offers("Contact us") })
	on.must(err)
	on.must(on.slack.Press(asker, slacktest.OnMessage(answer.Channel, answer.TS), elementOf(answer.Blocks, "Contact us").id))
	_, err = on.slack.Submit(asker, nil)
	on.must(err)
	on.must(on.quiet())
	done := make(chan error, 2)
	for _, name := range agents {
		go func() { done <- on.slack.Slash(slackUser(name), on.channel("#help"), "/ticket", "claim T-1") }()
	}
	on.must(<-done)
	on.must(<-done)
	on.must(on.quiet())
	won, lost := 0, 0
	for i, name := range agents {
		for _, m := range on.slack.Sees(slackUser(name)) {
			s, err := on.see(m)
			on.must(err)
			if strings.Contains(s.text, "T-1 is yours") {
				won++
			}
			if strings.Contains(plain(s.text), "T-1 is with "+agents[1-i]) {
				lost++
			}
		}
	}
	if won != 1 || lost != 1 {
		t.Errorf("%d won and %d lost", won, lost)
	}
}
