package discordtest

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"
)

// commands are what the bot registers.
var registered = []object{
	{"name": "ask", "description": "Find an article", "name_localizations": object{"pt-BR": "perguntar"}, "options": []object{
		{"type": 3, "name": "text", "description": "What?", "required": true, "min_length": 2, "max_length": 10},
	}},
	{"name": "ticket", "description": "Work tickets", "contexts": []int{0}, "options": []object{
		{"type": 1, "name": "queue", "description": "What waits"},
		{"type": 1, "name": "claim", "description": "Take one", "options": []object{
			{"type": 3, "name": "id", "description": "Which", "autocomplete": true},
			{"type": 6, "name": "for", "description": "Whom"},
			{"type": 3, "name": "priority", "description": "How urgent", "choices": []object{{"name": "Low", "value": "low"}, {"name": "High", "value": "high"}}},
			{"type": 4, "name": "count", "description": "How many", "min_value": 1, "max_value": 5},
			{"type": 5, "name": "quietly", "description": "Without a word"},
			{"type": 7, "name": "in", "description": "Where"},
			{"type": 8, "name": "role", "description": "Who"},
		}},
		{"type": 2, "name": "label", "description": "Labels", "options": []object{{"type": 1, "name": "add", "description": "One more"}}},
	}},
	{"name": "desk", "description": "Run the desk", "default_member_permissions": ManageMessages.String()},
	{"type": 3, "name": "Make a ticket"},
}

// register registers the commands.
func (s *scene) register() {
	s.t.Helper()
	s.call("PUT", "applications/"+s.ApplicationID()+"/commands", registered, 200, nil)
}

// respond answers an interaction, and returns the status and what was said.
func (s *scene) respond(i object, kind int, data object) (int, []byte) {
	body := object{"type": kind}
	if data != nil {
		body["data"] = data
	}
	return s.request("POST", fmt.Sprintf("interactions/%s/%s/callback", i["id"], i["token"]), body)
}

// hook is the address of an interaction's messages.
func (s *scene) hook(i object) string {
	return fmt.Sprintf("webhooks/%s/%s", s.ApplicationID(), i["token"])
}

// A desk is a bot that answers every interaction in one way, and remembers the
// last.
type desk struct {
	s      *scene
	kind   int
	data   object
	last   chan object
	status int
}

// open connects a desk.
func (s *scene) open() *desk {
	s.t.Helper()
	d := &desk{s: s, last: make(chan object, 1)}
	s.connect(usual, func(i object) {
		if d.kind != 0 {
			d.status, _ = s.respond(i, d.kind, d.data)
		}
		d.last <- i
	})
	return d
}

// answer makes the next interaction be answered so; 0: not.
func (d *desk) answer(kind int, data object) { d.kind, d.data = kind, data }

// TestSlash checks what a client sends of a command, and what it does not.
func TestSlash(t *testing.T) {
	s := newScene(t, Options{})
	s.register()
	d := s.open()
	d.answer(answerLater, object{"flags": flagEphemeral})
	tests := []struct {
		who, where, command string
		options             map[string]string
		want                string // options as the bot gets them; empty: not sent
	}{
		{s.kim, s.help, "/ask", map[string]string{"text": "why?"}, `[{"name":"text","type":3,"value":"why?"}]`},
		{s.kim, s.Direct(s.kim), "/ask", map[string]string{"text": "why?"}, `[{"name":"text","type":3,"value":"why?"}]`},
		{s.kim, s.help, "/ask", nil, ""},
		{s.kim, s.help, "/ask", map[string]string{"text": "a"}, ""},
		{s.kim, s.help, "/ask", map[string]string{"text": "far too long a question"}, ""},
		{s.kim, s.help, "/ask", map[string]string{"text": "why?", "more": "a"}, ""},
		{s.kim, s.help, "/ask now", map[string]string{"text": "why?"}, ""},
		{s.kim, s.help, "/ticket", nil, ""},
		{s.kim, s.help, "/ticket queue", nil, `[{"name":"queue","options":[],"type":1}]`},
		{s.kim, s.Direct(s.kim), "/ticket queue", nil, ""},
		{s.kim, s.help, "/ticket claim", map[string]string{"id": "T-1"}, `[{"name":"claim","options":[{"name":"id","type":3,"value":"T-1"}],"type":1}]`},
		{s.kim, s.help, "/ticket claim", map[string]string{"priority": "High"}, `[{"name":"claim","options":[{"name":"priority","type":3,"value":"high"}],"type":1}]`},
		{s.kim, s.help, "/ticket claim", map[string]string{"priority": "urgent"}, ""},
		{s.kim, s.help, "/ticket claim", map[string]string{"for": "@ana"}, `[{"name":"claim","options":[{"name":"for","type":6,"value":"` + s.ana + `"}],"type":1}]`},
		{s.kim, s.help, "/ticket claim", map[string]string{"for": "@nobody"}, ""},
		{s.kim, s.help, "/ticket claim", map[string]string{"in": "#help"}, `[{"name":"claim","options":[{"name":"in","type":7,"value":"` + s.help + `"}],"type":1}]`},
		{s.kim, s.help, "/ticket claim", map[string]string{"role": "@leads"}, `[{"name":"claim","options":[{"name":"role","type":8,"value":"` + s.leads + `"}],"type":1}]`},
		{s.kim, s.help, "/ticket claim", map[string]string{"count": "3", "quietly": "true"}, `[{"name":"claim","options":[{"name":"count","type":4,"value":3},{"name":"quietly","type":5,"value":true}],"type":1}]`},
		{s.kim, s.help, "/ticket claim", map[string]string{"count": "6"}, ""},
		{s.kim, s.help, "/ticket label add", nil, `[{"name":"label","options":[{"name":"add","options":[],"type":1}],"type":2}]`},
		{s.kim, s.help, "/desk", nil, ""},
		{s.ana, s.help, "/desk", nil, `null`},
	}
	for _, test := range tests {
		err := s.Slash(test.who, test.where, test.command, test.options)
		if (err == nil) != (test.want != "") {
			t.Errorf("%s %v: %v", test.command, test.options, err)
		}
		if err != nil {
			continue
		}
		i := <-d.last
		if got := string(encode(i["data"].(object)["options"])); got != test.want {
			t.Errorf("%s %v sends %s, want %s", test.command, test.options, got, test.want)
		}
		if member, _ := i["member"].(object); (member != nil) != (test.where == s.help) || i["locale"] != map[string]string{s.kim: "en-US", s.ana: "pt-BR"}[test.who] {
			t.Errorf("%s comes from %v, %v", test.command, i["member"], i["locale"])
		}
	}
	want := []string{"/ask", "/ticket queue", "/ticket claim", "/ticket label add", "Make a ticket"}
	if got := s.Commands(s.kim, s.help); !slices.Equal(got, want) {
		t.Errorf("commands %q", got)
	}
	options, err := s.Options(s.kim, s.help, "/ticket claim")
	if err != nil || len(options) != 7 || !options[0].Autocomplete || options[2].Choices[1] != (Choice{"High", "high"}) {
		t.Errorf("options %+v, %v", options, err)
	}
	s.judged()
}

// TestCommands checks which commands Discord registers.
func TestCommands(t *testing.T) {
	s := newScene(t, Options{})
	option := func(o object) []object {
		return []object{{"name": "a", "description": "a", "options": []object{o}}}
	}
	many := func(n int, o object) []object {
		var all []object
		for i := range n {
			one := object{}
			for k, v := range o {
				one[k] = v
			}
			one["name"] = fmt.Sprint("n", i)
			all = append(all, one)
		}
		return all
	}
	slash := object{"description": "a"}
	tests := []struct {
		name string
		list []object
		ok   bool
	}{
		{"some", registered, true},
		{"none", []object{}, true},
		{"upper case", []object{{"name": "Ask", "description": "a"}}, false},
		{"a space", []object{{"name": "ask me", "description": "a"}}, false},
		{"a long name", []object{{"name": strings.Repeat("a", 33), "description": "a"}}, false},
		{"no description", []object{{"name": "ask"}}, false},
		{"a long description", []object{{"name": "ask", "description": strings.Repeat("a", 101)}}, false},
		{"twice", []object{{"name": "ask", "description": "a"}, {"name": "ask", "description": "b"}}, false},
		{"a hundred", many(100, slash), true},
		{"more", many(101, slash), false},
		{"menus", many(15, object{"type": 3}), true},
		{"more menus", many(16, object{"type": 3}), false},
		{"a menu with a description", []object{{"type": 3, "name": "Ask", "description": "a"}}, false},
		{"no such locale", []object{{"name": "ask", "description": "a", "name_localizations": object{"pt": "a"}}}, false},
		{"upper case in a locale", []object{{"name": "ask", "description": "a", "name_localizations": object{"de": "Frage"}}}, false},
		{"required after optional", []object{{"name": "a", "description": "a", "options": []object{
			{"type": 3, "name": "a", "description": "a"}, {"type": 3, "name": "b", "description": "b", "required": true},
		}}}, false},
		{"beside a subcommand", []object{{"name": "a", "description": "a", "options": []object{
			{"type": 3, "name": "a", "description": "a"}, {"type": 1, "name": "b", "description": "b"},
		}}}, false},
		{"an option twice", []object{{"name": "a", "description": "a", "options": []object{
			{"type": 3, "name": "a", "description": "a"}, {"type": 3, "name": "a", "description": "b"},
		}}}, false},
		{"deep", option(object{"type": 1, "name": "a", "description": "a", "options": []object{{"type": 1, "name": "a", "description": "a"}}}), false},
		{"many options", []object{{"name": "a", "description": "a", "options": many(26, object{"type": 3, "description": "a"})}}, false},
		{"choices and autocomplete", option(object{"type": 3, "name": "a", "description": "a", "autocomplete": true, "choices": []object{{"name": "a", "value": "a"}}}), false},
		{"large", []object{{"name": "a", "description": "a", "options": many(25, object{"type": 3, "description": strings.Repeat("a", 100), "choices": []object{
			{"name": strings.Repeat("a", 100), "value": strings.Repeat("b", 100)}, {"name": strings.Repeat("a", 99), "value": strings.Repeat("c", 100)},
		}})}}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.clock.advance(identifyDay) // so that the day's creates do not run out
			before := len(s.Violations())
			status, answer := s.request("PUT", "applications/"+s.ApplicationID()+"/guilds/"+s.GuildID()+"/commands", test.list)
			if (status == 200) != test.ok {
				t.Errorf("got %d %s", status, answer)
			}
			if after := s.Violations(); len(after) > before == test.ok {
				t.Errorf("violations %q", after[before:])
			}
		})
	}
}

// TestRegister checks that commands keep their ids, and can be got and deleted.
func TestRegister(t *testing.T) {
	s := newScene(t, Options{})
	app := s.ApplicationID()
	first, err := s.api.ApplicationCommandBulkOverwrite(app, "", []*discordgo.ApplicationCommand{{Name: "a", Description: "a"}, {Name: "b", Description: "b"}})
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.api.ApplicationCommandBulkOverwrite(app, "", []*discordgo.ApplicationCommand{{Name: "b", Description: "c"}})
	if err != nil || len(second) != 1 || second[0].ID != first[1].ID || second[0].Version == first[1].Version {
		t.Fatalf("second %+v, %v", second, err)
	}
	made, err := s.api.ApplicationCommandCreate(app, s.GuildID(), &discordgo.ApplicationCommand{Name: "c", Description: "c"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.api.ApplicationCommand(app, s.GuildID(), made.ID); err != nil || got.Name != "c" {
		t.Errorf("got %+v, %v", got, err)
	}
	if all, err := s.api.ApplicationCommands(app, ""); err != nil || len(all) != 1 {
		t.Errorf("%d commands, %v", len(all), err)
	}
	if err := s.api.ApplicationCommandDelete(app, s.GuildID(), made.ID); err != nil {
		t.Error(err)
	}
	if got := s.Commands(s.kim, s.help); !slices.Equal(got, []string{"/b"}) {
		t.Errorf("commands %q", got)
	}
	s.judged()
}

// fields are a form, with a field in a label and another as forms once were.
func fields(required bool) object {
	return object{"custom_id": "form", "title": "Ask", "components": []object{
		{"type": 18, "label": "Why", "component": object{"type": 4, "style": 1, "custom_id": "why", "value": "so", "required": required, "max_length": 5}},
		{"type": 1, "components": []object{{"type": 4, "style": 2, "custom_id": "more", "label": "More", "required": false}}},
		{"type": 18, "label": "Topic", "component": object{"type": 3, "custom_id": "topic", "required": false, "options": []object{{"label": "One", "value": "1"}, {"label": "Two", "value": "2", "default": true}}}},
		{"type": 18, "label": "Who", "component": object{"type": 5, "custom_id": "who", "required": false}},
	}}
}

// failSoon is how long people wait for what will not come.
const failSoon = 50 * time.Millisecond

// TestAnswers checks with what each interaction can be answered, and what
// people then see.
func TestAnswers(t *testing.T) {
	text := func(flags int) object { return quiet(object{"content": "answer", "flags": flags}) }
	const ok, form = 204, 400
	tests := []struct {
		name   string
		do     func(s *scene, m string) error
		kind   int
		data   object
		status int
		sees   string // what kim sees besides, or instead of, Which?
		others string // what ana sees
	}{
		{"a command, answered", runs, answerMessage, text(0), ok, "Which? answer", "Which? answer"},
		{"privately", runs, answerMessage, text(flagEphemeral), ok, "Which? answer", "Which?"},
		{"later", runs, answerLater, nil, ok, "Which? …", "Which? …"},
		{"later, privately", runs, answerLater, object{"flags": flagEphemeral}, ok, "Which? …", "Which?"},
		{"with a form", runs, answerModal, fields(true), ok, "Which? (form)", "Which?"},
		{"without a message", runs, answerNothing, nil, form, "Which?", "Which?"},
		{"with an update", runs, answerUpdate, text(0), form, "Which?", "Which?"},
		{"empty", runs, answerMessage, quiet(object{"content": ""}), form, "Which?", "Which?"},
		{"with a form of nothing", runs, answerModal, object{"custom_id": "form", "title": "Ask", "components": []object{}}, form, "Which?", "Which?"},
		{"a button, answered", presses, answerMessage, text(0), ok, "Which? answer", "Which? answer"},
		{"changed", presses, answerUpdate, quiet(object{"components": []object{{"type": 10, "content": "That."}}}), ok, "That.", "That."},
		{"changed later", presses, answerNothing, nil, ok, "Which?", "Which?"},
		{"with a form from a button", presses, answerModal, fields(true), ok, "Which? (form)", "Which?"},
		{"with choices", presses, answerChoices, object{"choices": []object{}}, form, "Which?", "Which?"},
		{"a menu, answered", chooses, answerMessage, text(flagEphemeral), ok, "Which? answer", "Which?"},
		{"a message's menu", opens, answerMessage, text(flagEphemeral), ok, "Which? answer", "Which?"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t, Options{})
			s.register()
			m := s.post(s.help, buttons("go"))
			d := s.open()
			d.answer(test.kind, test.data)
			if test.status != ok {
				s.opts.RespondWithin = failSoon
			}
			err := test.do(s, m)
			<-d.last
			if (err == nil) != (test.status == ok) {
				t.Errorf("deed = %v", err)
			}
			if d.status != test.status && d.status != 404 { // 404: it had failed before
				t.Errorf("status %d, want %d", d.status, test.status)
			}
			if got := s.shown(s.kim); got != test.sees {
				t.Errorf("kim sees %q, want %q", got, test.sees)
			}
			if got := s.shown(s.ana); got != test.others {
				t.Errorf("ana sees %q, want %q", got, test.others)
			}
			if test.status == ok {
				s.judged()
			}
		})
	}
}

func runs(s *scene, _ string) error {
	return s.Slash(s.kim, s.help, "/ask", map[string]string{"text": "why?"})
}
func presses(s *scene, m string) error { return s.Press(s.kim, s.help, m, "go") }
func chooses(s *scene, m string) error { return s.Select(s.kim, s.help, m, "pick", "2") }
func opens(s *scene, m string) error   { return s.Menu(s.kim, "Make a ticket", s.help, m) }

// shown is what a person sees, in short.
func (s *scene) shown(user string) string {
	var all []string
	for _, m := range s.Sees(user) {
		if m.Thinking {
			all = append(all, "…")
		} else {
			all = append(all, m.Text())
		}
	}
	if s.Modal(user) != nil {
		all = append(all, "(form)")
	}
	return strings.Join(all, " ")
}

// TestOnce checks that an interaction is answered once and in time, and goes on
// for a while.
func TestOnce(t *testing.T) {
	s := newScene(t, Options{})
	s.register()
	d := s.open()
	d.answer(answerLater, object{"flags": flagEphemeral})
	if err := runs(s, ""); err != nil {
		t.Fatal(err)
	}
	i := <-d.last
	original := s.hook(i) + "/messages/@original"
	answer := quiet(object{"flags": flagV2, "components": []object{{"type": 10, "content": "first"}}})
	steps := []struct {
		name         string
		do           func() (int, []byte)
		status, code int
		sees         string
	}{
		{"again", func() (int, []byte) { return s.respond(i, answerMessage, quiet(object{"content": "a"})) }, 400, codeAcknowledged, "…"},
		{"read", func() (int, []byte) { return s.request("GET", original, nil) }, 200, 0, "…"},
		{"filled in", func() (int, []byte) { return s.request("PATCH", original, answer) }, 200, 0, "first"},
		{"more", func() (int, []byte) {
			return s.request("POST", s.hook(i), quiet(object{"content": "second", "flags": flagEphemeral}))
		}, 200, 0, "first second"},
		{"changed", func() (int, []byte) {
			return s.request("PATCH", s.hook(i)+"/messages/"+s.Messages(s.help)[1].ID, quiet(object{"content": "third"}))
		}, 200, 0, "first third"},
		{"no such message", func() (int, []byte) {
			return s.request("PATCH", s.hook(i)+"/messages/1", quiet(object{"content": "third"}))
		}, 404, codeUnknownMessage, "first third"},
		{"not to be found in the channel", func() (int, []byte) {
			return s.request("GET", "channels/"+s.help+"/messages/"+s.Messages(s.help)[0].ID, nil)
		}, 404, codeUnknownMessage, "first third"},
		{"reloaded", func() (int, []byte) { s.Reload(s.kim); return s.request("GET", original, nil) }, 200, 0, ""},
		{"deleted", func() (int, []byte) { return s.request("DELETE", original, nil) }, 204, 0, ""},
		{"too late", func() (int, []byte) {
			s.clock.advance(tokenLasts)
			return s.request("POST", s.hook(i), quiet(object{"content": "a"}))
		}, 401, codeToken, ""},
	}
	for _, step := range steps {
		status, body := step.do()
		if status != step.status || step.code != 0 && code(body) != step.code {
			t.Errorf("%s: %d %s", step.name, status, body)
		}
		if got := s.shown(s.kim); got != step.sees {
			t.Errorf("%s: kim sees %q, want %q", step.name, got, step.sees)
		}
	}
	s.judged()
}

// TestWithResponse checks that an answer tells what it made, where that is
// asked for.
func TestWithResponse(t *testing.T) {
	s := newScene(t, Options{})
	s.register()
	heard := make(chan object, 1)
	s.connect(usual, func(i object) { heard <- i })
	done := make(chan error)
	go func() { done <- runs(s, "") }()
	i := <-heard
	var answer struct {
		Interaction struct {
			Message string `json:"response_message_id"`
			Loading bool   `json:"response_message_loading"`
			Private bool   `json:"response_message_ephemeral"`
		}
		Resource struct{ Message struct{ ID string } }
	}
	s.call("POST", fmt.Sprintf("interactions/%s/%s/callback?with_response=true", i["id"], i["token"]), object{"type": answerLater, "data": object{"flags": flagEphemeral}}, 200, &answer)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	m := s.Messages(s.help)[0]
	if a := answer.Interaction; a.Message != m.ID || !a.Loading || !a.Private {
		t.Errorf("answer %+v", answer)
	}
	go func() { done <- runs(s, "") }()
	now := <-heard
	s.call("POST", fmt.Sprintf("interactions/%s/%s/callback?with_response=true", now["id"], now["token"]), object{"type": answerMessage, "data": quiet(object{"content": "now"})}, 200, &answer)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if a := answer; a.Interaction.Loading || a.Interaction.Private || a.Resource.Message.ID != a.Interaction.Message {
		t.Errorf("answer %+v", a)
	}
	// The first message after a deferral fills that in, and stays private.
	s.call("POST", s.hook(i), quiet(object{"content": "answer"}), 200, nil)
	if all := s.Messages(s.help); len(all) != 2 || all[0].Content != "answer" || all[0].Only != s.kim || all[0].Thinking {
		t.Errorf("messages %+v", all)
	}
	s.judged()
}

// TestLate checks that nobody waits for ever.
func TestLate(t *testing.T) {
	s := newScene(t, Options{RespondWithin: 10 * time.Millisecond})
	s.register()
	m := s.post(s.help, buttons("go"))
	if err := presses(s, m); !errors.Is(err, ErrFailed) { // there is no bot
		t.Errorf("Press = %v", err)
	}
	d := s.open()
	for _, do := range []func(s *scene, m string) error{runs, presses, chooses, opens} {
		if err := do(s, m); !errors.Is(err, ErrFailed) {
			t.Errorf("deed = %v", err)
		}
		i := <-d.last
		if status, body := s.respond(i, answerMessage, quiet(object{"content": "a"})); status != 404 || code(body) != codeUnknownInteraction {
			t.Errorf("answered %d %s", status, body)
		}
		if status, body := s.request("POST", s.hook(i), quiet(object{"content": "a"})); status != 404 || code(body) != codeUnknownWebhook {
			t.Errorf("followed up %d %s", status, body)
		}
	}
	// By Discord's clock it is late, too, however quick the machine.
	s.opts.RespondWithin = time.Minute
	done := make(chan error)
	go func() { done <- presses(s, m) }()
	i := <-d.last
	s.clock.advance(respondWithin + time.Millisecond)
	if status, _ := s.respond(i, answerNothing, nil); status != 404 {
		t.Errorf("answered %d", status)
	}
	s.end() // so that the person need not wait
	if err := <-done; !errors.Is(err, ErrFailed) {
		t.Errorf("Press = %v", err)
	}
}

// TestForm checks what comes of a form that is filled in.
func TestForm(t *testing.T) {
	s := newScene(t, Options{})
	s.register()
	m := s.post(s.help, buttons("go"))
	d := s.open()
	open := func() {
		t.Helper()
		d.answer(answerModal, fields(true))
		if err := presses(s, m); err != nil {
			t.Fatal(err)
		}
		<-d.last
	}
	open()
	d.answer(answerUpdate, quiet(object{"components": []object{{"type": 10, "content": "That."}}}))
	for name, values := range map[string]map[string]string{
		"nothing where something has to be": {"why": ""}, "too long": {"why": "because"}, "no such field": {"x": "y"}, "no such option": {"topic": "3"}, "nobody": {"who": "x"},
	} {
		if err := s.Submit(s.kim, values); err == nil || errors.Is(err, ErrFailed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Submit(s.kim, map[string]string{"more": "words", "topic": "1", "who": "@ana"}); err != nil {
		t.Fatal(err)
	}
	i := <-d.last
	var sent struct {
		ID         string `json:"custom_id"`
		Components []struct {
			Component  struct{ Value, Values any }
			Components []struct{ Value any }
		}
		Resolved struct{ Users map[string]any }
	}
	if err := json.Unmarshal(encode(i["data"]), &sent); err != nil {
		t.Fatal(err)
	}
	c := sent.Components
	got := fmt.Sprintf("%s: %v, %v, %v, %v, %d", sent.ID, c[0].Component.Value, c[1].Components[0].Value, c[2].Component.Values, c[3].Component.Values, len(sent.Resolved.Users))
	if got != "form: so, words, [1], ["+s.ana+"], 1" {
		t.Errorf("sent %s", got)
	}
	if i["message"].(object)["id"] != m || s.shown(s.kim) != "That." {
		t.Errorf("kim sees %q", s.shown(s.kim))
	}
	s.judged()

	// A form does not follow a form, and stays open where that is tried.
	s.call("PATCH", "channels/"+s.help+"/messages/"+m, quiet(buttons("go")), 200, nil)
	open()
	s.opts.RespondWithin = failSoon
	if err := s.Submit(s.kim, nil); !errors.Is(err, ErrFailed) || s.Modal(s.kim) == nil {
		t.Errorf("Submit = %v", err)
	}
	<-d.last
	s.judged("cannot be answered with type 9")
	if err := s.Dismiss(s.kim); err != nil || s.Modal(s.kim) != nil {
		t.Errorf("Dismiss = %v", err)
	}
}

// TestFormOfCommand checks a form that no message had a part in.
func TestFormOfCommand(t *testing.T) {
	s := newScene(t, Options{RespondWithin: time.Minute})
	s.register()
	d := s.open()
	d.answer(answerModal, object{"custom_id": "form", "title": "Ask", "components": []object{
		{"type": 18, "label": "Which", "component": object{"type": 21, "custom_id": "which", "options": []object{{"label": "One", "value": "1"}, {"label": "Two", "value": "2"}}}},
	}})
	if err := runs(s, ""); err != nil {
		t.Fatal(err)
	}
	<-d.last
	var shown form
	if err := json.Unmarshal(s.Modal(s.kim), &shown); err != nil || shown.Title != "Ask" {
		t.Errorf("modal %s, %v", s.Modal(s.kim), err)
	}
	d.answer(answerMessage, quiet(object{"content": "thanks", "flags": flagEphemeral}))
	if err := s.Submit(s.kim, nil); err == nil {
		t.Error("nothing was chosen")
	}
	if err := s.Submit(s.kim, map[string]string{"which": "2"}); err != nil {
		t.Fatal(err)
	}
	i := <-d.last
	if i["message"] != nil || !strings.Contains(string(encode(i["data"])), `"value":"2"`) || s.Modal(s.kim) != nil || s.shown(s.kim) != "thanks" {
		t.Errorf("sent %s; kim sees %q", encode(i), s.shown(s.kim))
	}
	s.judged()
}

// TestSelects checks what is chosen in menus of each kind.
func TestSelects(t *testing.T) {
	s := newScene(t, Options{RespondWithin: time.Minute})
	menus := []object{}
	for _, kind := range []int{componentUsers, componentRoles, componentMentionable, componentChannels} {
		menus = append(menus, object{"type": 1, "components": []object{{"type": kind, "custom_id": fmt.Sprint("m", kind), "max_values": 2}}})
	}
	m := s.post(s.help, object{"content": "Which?", "components": menus})
	d := s.open()
	d.answer(answerNothing, nil)
	tests := []struct {
		id     string
		values []string
		want   string // empty: it cannot be
	}{
		{"m5", []string{"@ana", "kim"}, `["` + s.ana + `","` + s.kim + `"]`},
		{"m6", []string{"@leads"}, `["` + s.leads + `"]`},
		{"m7", []string{s.ana}, `["` + s.ana + `"]`},
		{"m8", []string{"#help"}, `["` + s.help + `"]`},
		{"m5", []string{"@nobody"}, ""},
		{"m5", nil, ""},
		{"m5", []string{"@ana", "@kim", "@signpost"}, ""},
		{"m9", []string{"@ana"}, ""},
	}
	for _, test := range tests {
		err := s.Select(s.kim, s.help, m, test.id, test.values...)
		if (err == nil) != (test.want != "") {
			t.Errorf("%s %q: %v", test.id, test.values, err)
		}
		if err != nil {
			continue
		}
		data := (<-d.last)["data"].(object)
		if got := string(encode(data["values"])); got != test.want || len(data["resolved"].(object)) == 0 {
			t.Errorf("%s %q: %s", test.id, test.values, encode(data))
		}
	}
	if err := s.Press(s.kim, s.help, m, "m5"); err == nil {
		t.Error("a menu is pressed")
	}
	s.judged()
}

// TestAutocomplete checks what is offered while someone types.
func TestAutocomplete(t *testing.T) {
	s := newScene(t, Options{})
	s.register()
	d := s.open()
	d.answer(answerChoices, object{"choices": []object{{"name": "T-1: why?", "value": "T-1"}}})
	got, err := s.Autocomplete(s.kim, s.help, "/ticket claim", "id", "T")
	if err != nil || !slices.Equal(got, []Choice{{"T-1: why?", "T-1"}}) {
		t.Errorf("got %v, %v", got, err)
	}
	i := <-d.last
	if got := string(encode(i["data"].(object)["options"])); got != `[{"name":"claim","options":[{"focused":true,"name":"id","type":3,"value":"T"}],"type":1}]` {
		t.Errorf("sent %s", got)
	}
	if _, err := s.Autocomplete(s.kim, s.help, "/ask", "text", "a"); err == nil {
		t.Error("nothing is offered there")
	}
	s.judged()
	s.opts.RespondWithin = failSoon
	d.answer(answerChoices, object{"choices": slices.Repeat([]object{{"name": "a", "value": "a"}}, 26)})
	if _, err := s.Autocomplete(s.kim, s.help, "/ticket claim", "id", "T"); !errors.Is(err, ErrFailed) {
		t.Errorf("26 choices: %v", err)
	}
	<-d.last
	if len(s.Violations()) != 1 {
		t.Errorf("violations %q", s.Violations())
	}
}

// TestHTTP checks that interactions can come by signed requests.
func TestHTTP(t *testing.T) {
	s := newScene(t, Options{})
	s.register()
	key, err := hex.DecodeString(s.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	var later chan object
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !discordgo.VerifyInteraction(r, key) {
			http.Error(w, "not from Discord", http.StatusUnauthorized)
			return
		}
		body, err := io.ReadAll(r.Body)
		var i object
		if err != nil || json.Unmarshal(body, &i) != nil || r.URL.Path != interactionsPath {
			http.Error(w, "what?", http.StatusBadRequest)
			return
		}
		switch {
		case i["type"] == float64(kindPing):
			fmt.Fprint(w, `{"type":1}`)
		case later != nil:
			later <- i
			w.WriteHeader(http.StatusAccepted)
		default:
			w.Write(encode(object{"type": answerMessage, "data": quiet(object{"content": "answer"})}))
		}
	}))
	defer app.Close()
	s.DeliverTo(app.URL + "/")
	if err := s.Verify(); err != nil {
		t.Fatal(err)
	}
	if err := runs(s, ""); err != nil {
		t.Fatal(err)
	}
	later = make(chan object, 1)
	go func() {
		i := <-later
		s.respond(i, answerMessage, quiet(object{"content": "later"}))
	}()
	if err := runs(s, ""); err != nil {
		t.Fatal(err)
	}
	if got := s.shown(s.kim); got != "answer later" {
		t.Errorf("kim sees %q", got)
	}
	s.judged()
	s.opts.RespondWithin = failSoon
	s.DeliverTo(app.URL + "/elsewhere")
	if err := runs(s, ""); !errors.Is(err, ErrFailed) {
		t.Errorf("Slash = %v", err)
	}
	if err := s.Verify(); err == nil {
		t.Error("an address that does not answer is taken")
	}
}
