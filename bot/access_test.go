package bot

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

func TestAccessMay(t *testing.T) {
	s := testSettings()
	s.Desks = append(s.Desks, desk.Desk{Name: "channel", Agents: []string{"#C024BE91L"}, Leads: []string{"#C024BE91L"}})
	a := newAccess(s.Desks, s.Members)
	if got := a.agents("channel"); got != nil {
		t.Errorf("a channel has no list of its members: %v", got)
	}
	who := func(s chat.Sender) chat.Sender { s.Person = a.person(s.Account); return s }
	robot := who(bo)
	robot.Bot = true
	elsewhere := who(chat.Sender{Account: "other:w:U7"}) // Ana's other account
	tests := []struct {
		name string
		who  chat.Sender
		role chat.Role
		desk string
		want bool
	}{
		{"anyone asks", who(kim), chat.Everyone, "", true},
		{"an asker is no agent", who(kim), chat.Agent, "", false},
		{"an asker is no lead", who(kim), chat.Lead, "", false},
		{"agent by person", who(ana), chat.Agent, "support", true},
		{"agent by another account of the person", elsewhere, chat.Agent, "support", true},
		{"agent by account", who(bo), chat.Agent, "support", true},
		{"agent by role", who(cy), chat.Agent, "support", true},
		{"agent by channel", who(chat.Sender{Account: account("eli"), Groups: []string{"#C024BE91L"}}), chat.Agent, "channel", true},
		{"member of another channel", who(chat.Sender{Account: account("eli"), Groups: []string{"#C024BE91M", "C024BE91L"}}), chat.Agent, "channel", false},
		{"of another organisation, with the role", who(chat.Sender{Account: account("eli"), Roles: []string{"helpers"}, External: true}), chat.Agent, "support", false},
		{"of another organisation, in the channel", who(chat.Sender{Account: account("eli"), Groups: []string{"#C024BE91L"}, External: true}), chat.Agent, "channel", false},
		{"of another organisation, and named", who(chat.Sender{Account: account("bo"), External: true}), chat.Agent, "support", true},
		{"a role named like a channel", who(chat.Sender{Account: account("eve"), Roles: []string{"#C024BE91L"}}), chat.Agent, "channel", false},
		{"agent of any desk", who(dan), chat.Agent, "", true},
		{"agent of another desk", who(dan), chat.Agent, "support", false},
		{"no such desk", who(bo), chat.Agent, "nowhere", false},
		{"lead", who(ana), chat.Lead, "support", true},
		{"agent where there is a lead", who(bo), chat.Lead, "support", false},
		{"agent where there is none", who(dan), chat.Lead, "sales", true},
		{"lead of another desk", who(ana), chat.Lead, "sales", false},
		{"a bot is nothing", robot, chat.Agent, "", false},
		{"not even an asker", robot, chat.Everyone, "", false},
		{"nobody", chat.Sender{}, chat.Agent, "", false},
		{"named like a role", chat.Sender{Account: account("helpers"), Person: "test:w:helpers", Name: "helpers"}, chat.Agent, "", false},
		{"a role named like an agent", chat.Sender{Account: account("eve"), Person: "test:w:eve", Roles: []string{"ana", string(account("bo")), "@helpers"}}, chat.Agent, "", false},
		{"called like an agent", chat.Sender{Account: account("eve"), Person: "test:w:eve", Name: "ana"}, chat.Agent, "", false},
	}
	for _, test := range tests {
		if got := a.may(test.who, test.role, test.desk); got != test.want {
			t.Errorf("%s: may = %t", test.name, got)
		}
	}
	if !a.leads(who(ana), "support") || a.leads(who(dan), "sales") || a.leads(who(ana), "sales") || a.leads(who(bo), "support") {
		t.Error("only those who are named lead a desk, and only that one")
	}
	if got := a.worked(who(dan)); len(got) != 1 || got[0].Name != "sales" {
		t.Errorf("Dan works %v", got)
	}
	if got := a.worked(who(kim)); got != nil {
		t.Errorf("Kim works %v", got)
	}
	lonely := newAccess([]desk.Desk{{Name: "one", Leads: []string{"ana"}}}, s.Members)
	if !lonely.may(who(ana), chat.Agent, "one") {
		t.Error("a lead is an agent too")
	}
}

func TestAccessAgent(t *testing.T) {
	s := testSettings()
	a := newAccess(s.Desks, s.Members)
	if got := a.agent(chat.Sender{Person: "ana", Name: "ana.2", Account: account("ana")}); got.Name != "Ana" || got.ID != "ana" {
		t.Errorf("Ana works as %+v", got)
	}
	if got := a.agent(chat.Sender{Person: "x:y:z", Name: "Zed", Account: "x:y:z"}); got.Name != "Zed" {
		t.Errorf("Zed works as %+v", got)
	}
}

func TestAccessColleague(t *testing.T) {
	s := testSettings()
	a := newAccess(s.Desks, s.Members)
	tests := []struct {
		typed, desk string
		want        chat.PersonID // empty: not found
	}{
		{"Ana", "support", "ana"}, {"@ana", "support", "ana"}, {" ANA ", "support", "ana"}, {"<@ana>", "support", "ana"}, {"<@!ana>", "support", "ana"},
		{"bo", "support", "test:w:bo"}, {"@bo", "support", "test:w:bo"}, {"<@bo>", "support", "test:w:bo"}, {"test:w:bo", "support", "test:w:bo"},
		{"U7", "support", "ana"},
		{"<@U7>", "support", ""}, // a user of another platform
		{"dan", "support", ""}, {"dan", "sales", "test:w:dan"}, {"dan", "", "test:w:dan"},
		{"kim", "support", ""}, {"helpers", "support", ""}, {"cy", "support", ""}, {"", "support", ""}, {"@", "support", ""}, {"<@>", "support", ""},
	}
	for _, test := range tests {
		got, ok := a.colleague(test.typed, test.desk, account("cy"))
		if got.ID != test.want || ok != (test.want != "") {
			t.Errorf("%q of %s is %+v, want %q", test.typed, test.desk, got, test.want)
		}
	}
	if got, _ := a.colleague("<@U7>", "support", "other:w:X"); got.ID != "ana" || got.Account != "other:w:U7" {
		t.Errorf("a mention on the other platform is %+v", got)
	}
}

func TestAccessSignature(t *testing.T) {
	s := testSettings()
	s.Desks = append(s.Desks, desk.Desk{Name: "shy", Names: desk.AsSupport}, desk.Desk{Name: "masked", Names: desk.ByAlias}, desk.Desk{Name: "plain", Names: desk.ByName})
	a := newAccess(s.Desks, s.Members)
	anaAgent, boAgent := desk.Agent{ID: "ana", Name: "Ana"}, desk.Agent{ID: "test:w:bo", Name: "Bo"}
	tests := []struct {
		desk  string
		agent desk.Agent
		want  string
	}{
		{"support", anaAgent, "Ana"}, {"plain", boAgent, "Bo"},
		{"masked", anaAgent, "A."}, {"masked", boAgent, ""},
		{"shy", anaAgent, ""}, {"gone", anaAgent, ""},
	}
	for _, test := range tests {
		if got := a.signature(test.desk, test.agent); got != test.want {
			t.Errorf("%s at %s signs %q, want %q", test.agent.Name, test.desk, got, test.want)
		}
	}
}

func TestNewWithoutDesk(t *testing.T) {
	if _, err := New(Settings{}, Parts{}); err == nil {
		t.Error("a bot without a desk was made")
	}
}

// A refusal is logged: who, and why, and not what they wrote.
func TestRefusalsAreLogged(t *testing.T) {
	for _, who := range []chat.Sender{kim, dan} {
		var log bytes.Buffer
		w := newWorld(t)
		w.opens(kim, "where is my refund?")
		w.log = slog.New(slog.NewTextHandler(&log, nil))
		w.runs(who, "ticket", "note T-1 "+secret)
		if text := log.String(); !strings.Contains(text, "refused") || !strings.Contains(text, string(who.Account)) || strings.Contains(text, secret) {
			t.Errorf("logged %q", text)
		}
	}
}
