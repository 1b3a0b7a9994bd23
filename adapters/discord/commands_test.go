package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bwmarrin/discordgo"
	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/chat/chattest"
)

// A table is what the bot says of its commands; TestDiscordTable at the root
// keeps it true.
type table []struct {
	Command chat.Command
	Words   map[string]chat.Wording
}

func readTable(t testing.TB) table {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "golden", "table.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all table
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("the bot has %d commands", len(all))
	}
	return all
}

// commands are the bot's, without what stands for the verbs of a door.
func (all table) commands() []chat.Command {
	verbs := map[string]bool{}
	for _, entry := range all {
		if c := entry.Command; c.Verb != "" {
			verbs[c.Door], verbs[c.Under] = true, true
		}
	}
	var list []chat.Command
	for _, entry := range all {
		if c := entry.Command; c.Verb != "" || len(c.Params) > 0 || !verbs[c.Door] {
			list = append(list, c)
		}
	}
	return list
}

// Describe implements [Localiser].
func (all table) Describe(lang string, c chat.Command) chat.Wording {
	for _, entry := range all {
		if o := entry.Command; o.Door == c.Door && o.Verb == c.Verb && len(o.Params) == len(c.Params) {
			return entry.Words[lang]
		}
	}
	return chat.Wording{}
}

// plain words every command by its own English.
type plain struct{}

func (plain) Describe(_ string, c chat.Command) chat.Wording {
	w := chat.Wording{Summary: c.Summary, Menu: c.Menu}
	if c.Verb == "" && len(c.Params) == 0 {
		w.Summary = "a door"
	}
	for _, p := range c.Params {
		w.Params = append(w.Params, chat.ParamWording{Name: p.Name, Summary: "about " + p.Name, Options: p.Options})
	}
	return w
}

// TestCommands registers what the bot has, and holds it to Discord's rules.
func TestCommands(t *testing.T) {
	all := readTable(t)
	got, err := Commands(all.commands(), all)
	if err != nil {
		t.Fatal(err)
	}
	chattest.Golden(t, "commands.json", pretty(t, got))
	for _, d := range got {
		judge(t, "ApplicationCommandUpdateRequest", pretty(t, d))
	}
}

// TestCommandsUnder: a verb that is under another name than its door's means the
// same there.
func TestCommandsUnder(t *testing.T) {
	list := []chat.Command{
		{Door: "ticket", Verb: "claim", Summary: "do something"},
		{Door: "ticket", Under: "desk", Verb: "stats", Summary: "do something"},
		{Door: "ticket", Verb: "help", Summary: "do something"},
	}
	got, err := Commands(list, plain{})
	if err != nil {
		t.Fatal(err)
	}
	var shape []string
	for _, d := range got {
		shape = append(shape, fmt.Sprintf("%s: %d from %s", d.Name, len(d.Options), d.Options[0].Name))
	}
	if want := []string{"ticket: 2 from claim", "desk: 1 from stats"}; !slices.Equal(shape, want) {
		t.Errorf("commands %q, want %q", shape, want)
	}
	for under, verb := range map[string]string{"ticket": "help", "desk": "stats"} {
		if door, text := commandText(list, ran(under, verb)); door != "ticket" || text != verb {
			t.Errorf("/%s %s is /%s %s", under, verb, door, text)
		}
	}
}

func TestCommandsRefuse(t *testing.T) {
	long := strings.Repeat("x", 101)
	verb := func(c chat.Command) []chat.Command {
		c.Door = "ticket"
		if c.Summary == "" {
			c.Summary = "s"
		}
		return []chat.Command{c}
	}
	param := func(p chat.Param) []chat.Command { return verb(chat.Command{Verb: "v", Params: []chat.Param{p}}) }
	many := func(n int, c func(i int) chat.Command) []chat.Command {
		var list []chat.Command
		for i := range n {
			list = append(list, c(i))
		}
		return list
	}
	tests := []struct {
		name string
		list []chat.Command
		want string
	}{
		{"a name in capitals", verb(chat.Command{Verb: "Claim"}), `"Claim", the name of /ticket Claim, is not 1 to 32 letters and digits in lower case`},
		{"a name with a space", verb(chat.Command{Verb: "claim it"}), `"claim it", the name of`},
		{"a long name", verb(chat.Command{Verb: long[:33]}), "is not 1 to 32 letters"},
		{"a name of an option", param(chat.Param{Name: "Who"}), `"Who", the name of /ticket v Who, is not`},
		{"a long description", verb(chat.Command{Verb: "v", Summary: long}), "of /ticket v has 101 characters; Discord takes 1 to 100"},
		{"a verb twice", slices.Repeat(verb(chat.Command{Verb: "v"}), 2), "/ticket v is there twice"},
		{"an option twice", verb(chat.Command{Verb: "v", Params: []chat.Param{{Name: "a"}, {Name: "a"}}}), "/ticket v a is there twice"},
		{"many options", verb(chat.Command{Verb: "v", Params: slices.Repeat([]chat.Param{{Name: "a"}}, 26)}), "/ticket v: there are 26 subcommands or options; Discord takes 25"},
		{"many choices", param(chat.Param{Name: "a", Options: slices.Repeat([]string{"b"}, 26)}), "/ticket v a: there are 26 choices; Discord takes 25"},
		{"a long choice", param(chat.Param{Name: "a", Options: []string{long}}), "of /ticket v a has 101 characters; Discord takes 1 to 100"},
		{"many verbs", many(26, func(i int) chat.Command { return verb(chat.Command{Verb: fmt.Sprint("v", i)})[0] }), "/ticket: there are 26 subcommands or options; Discord takes 25"},
		{"many doors", many(101, func(i int) chat.Command { return chat.Command{Door: fmt.Sprint("d", i), Verb: "v", Summary: "s"} }), "there are 101 slash commands; Discord takes 100"},
		{"many in the menu", many(16, func(i int) chat.Command { return chat.Command{Verb: "v", Menu: fmt.Sprint("M", i)} }), "there are 16 commands for the menu; Discord takes 15"},
		{"a long name in the menu", []chat.Command{{Verb: "v", Menu: long[:33]}}, "has 33 characters; Discord takes 1 to 32"},
		{"the menu's name twice", slices.Repeat([]chat.Command{{Verb: "v", Menu: "M"}}, 2), `the menu's "M" is there twice`},
		{"too much in all", many(25, func(i int) chat.Command {
			c := chat.Command{Door: "d", Verb: fmt.Sprint("v", i), Summary: long[:100]}
			for j := range 10 {
				c.Params = append(c.Params, chat.Param{Name: fmt.Sprint(long[:20], j)})
			}
			return c
		}), "characters in all; Discord takes 8000"},
	}
	for _, test := range tests {
		if _, err := Commands(test.list, plain{}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

// An option as Discord sends it.
type sent = discordgo.ApplicationCommandInteractionDataOption

// filled is an option that was filled in.
func filled(name, value string) *sent {
	return &sent{Name: name, Type: discordgo.ApplicationCommandOptionString, Value: value}
}

// ran is a subcommand with its options.
func ran(under, verb string, options ...*sent) discordgo.ApplicationCommandInteractionData {
	return discordgo.ApplicationCommandInteractionData{Name: under, Options: []*sent{
		{Name: verb, Type: discordgo.ApplicationCommandOptionSubCommand, Options: options},
	}}
}

// A spoken command is what a text should mean.
type spoken struct {
	Door, Text, Verb string
	Args             map[string]string
}

// TestCommandTexts fills in every command of the bot's, all of it and as little
// as Discord lets one, in the order in which Discord shows the options. What
// the texts mean to the bot, TestDiscordTexts at the root looks at.
func TestCommandTexts(t *testing.T) {
	commands := readTable(t).commands()
	defined, err := Commands(commands, plain{})
	if err != nil {
		t.Fatal(err)
	}
	fill := map[string]string{
		"ticket": "T-7", "agent": "80351110224678912", "text": "here you go", "note": "please take it", "reason": "spam",
		"query": "refunds", "question": "where is my refund?", "priority": "high", "do": "add", "label": "billing",
		"desk": "sales", "duty": "on",
		"snippet": "more-time", "to": "asker", "count": "3", "stale": "14d", "all": "all",
		"until": "tomorrow 9:30", "into": "T-8", "user": "80351110224678913", "for": "7d", "listen": "watch", "code": "012Z-01Z7",
	}
	means := maps.Clone(fill)
	means["agent"] = "<@80351110224678912>"
	means["user"] = "<@80351110224678913>"
	var all []spoken
	say := func(under, verb string, options []parameter) {
		for _, least := range []bool{false, true} {
			var given []*sent
			args := map[string]string{}
			for _, o := range options {
				if least && !o.Required {
					continue
				}
				option := filled(o.Name, fill[o.Name])
				option.Type = o.Type
				given = append(given, option)
				args[o.Name] = means[o.Name]
				if fill[o.Name] == "" {
					t.Errorf("nothing to fill %s with", o.Name)
				}
			}
			data := ran(under, verb, given...)
			if verb == "" {
				data.Options = given
			}
			door, text := commandText(commands, data)
			all = append(all, spoken{door, text, verb, args})
		}
	}
	for _, d := range defined {
		switch {
		case d.Type == discordgo.MessageApplicationCommand:
		case len(d.Options) > 0 && d.Options[0].Type == discordgo.ApplicationCommandOptionSubCommand:
			for _, o := range d.Options {
				say(d.Name, o.Name, o.Options)
			}
		default:
			say(d.Name, "", d.Options)
		}
	}
	chattest.Golden(t, "texts.json", pretty(t, all))
}

// TestCommandTextsApart: what Discord has kept apart is not taken for something
// else.
func TestCommandTextsApart(t *testing.T) {
	commands := readTable(t).commands()
	person := &sent{Name: "agent", Type: discordgo.ApplicationCommandOptionUser, Value: "42"}
	tests := []struct {
		name string
		data discordgo.ApplicationCommandInteractionData
		want string
	}{
		{"in another order", ran("ticket", "transfer", filled("note", "thanks"), person, filled("ticket", "T-1")), "ticket transfer T-1 <@42> thanks"},
		{"a number for a ticket", ran("ticket", "reply", filled("text", "hello"), filled("ticket", "12")), "ticket reply #12 hello"},
		{"a ticket in other letters", ran("ticket", "claim", filled("ticket", " t-012 ")), "ticket claim t-012"},
		{"no ticket, and words that begin like one", ran("ticket", "reply", filled("text", "T-3 is done")), "ticket reply " + unread + "T-3 is done"},
		{"no ticket, and words that begin with a number", ran("ticket", "resolve", filled("text", "12 refunds were sent")), "ticket resolve " + unread + "12 refunds were sent"},
		{"a ticket, and words that begin like one", ran("ticket", "note", filled("ticket", "T-1"), filled("text", "T-3 is the same")), "ticket note T-1 T-3 is the same"},
		{"a word for a ticket, and words", ran("ticket", "reply", filled("ticket", "refund"), filled("text", "hello")), "ticket show refund"},
		{"a sentence for a ticket", ran("ticket", "close", filled("ticket", "T-1 where is it")), "ticket show T-1 where is it"},
		{"a word for a ticket alone", ran("ticket", "claim", filled("ticket", "close")), "ticket claim close"},
		{"nothing but space", ran("ticket", "resolve", filled("text", "  ")), "ticket resolve"},
		{"no ticket and nobody, and a span without its unit", ran("desk", "block", filled("for", "7")), "ticket block " + unread + "7"},
		{"a ticket, and a span without its unit", ran("desk", "block", filled("for", "7"), filled("ticket", "T-1")), "ticket block T-1 7"},
		{"no ticket, and a span", ran("desk", "block", filled("for", "7d")), "ticket block 7d"},
		{"a question", discordgo.ApplicationCommandInteractionData{Name: "ask", Options: []*sent{filled("question", " T-3 and then? ")}}, "ask T-3 and then?"},
		{"a verb as a question", discordgo.ApplicationCommandInteractionData{Name: "ask", Options: []*sent{filled("question", "status")}}, "ask status"},
		{"nothing to ask", discordgo.ApplicationCommandInteractionData{Name: "ask"}, "ask "},
		{"a command of another version", ran("ticket", "escalate", filled("ticket", "T-1"), nil, &sent{Name: "n", Value: 1.0}), "ticket escalate T-1"},
		{"nothing at all", discordgo.ApplicationCommandInteractionData{Options: []*sent{nil}}, " "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			door, text := commandText(commands, test.data)
			if got := door + " " + text; got != test.want {
				t.Errorf("commandText = %q, want %q", got, test.want)
			}
		})
	}
	flagged := []chat.Command{{Door: "ticket", Under: "desk", Verb: "close", Params: []chat.Param{
		{Name: "text", Kind: chat.TextParam, Optional: true}, {Name: "stale", Kind: chat.SpanParam, Optional: true, Flag: true},
	}}}
	if door, text := commandText(flagged, ran("desk", "close", filled("text", "no answer"), filled("stale", "14d"))); door != "ticket" || text != "close --stale 14d no answer" {
		t.Errorf("with a flag, it is /%s %s", door, text)
	}
	lonely := []chat.Command{{Door: "ticket", Verb: "close", Params: []chat.Param{
		{Name: "ticket", Kind: chat.TicketParam}, {Name: "text", Kind: chat.TextParam, Optional: true},
	}}}
	if _, text := commandText(lonely, ran("ticket", "close", filled("ticket", "close"))); text != unread+"close" {
		t.Errorf("with no other command, the text is %q", text)
	}
}

func TestTyping(t *testing.T) {
	commands := readTable(t).commands()
	typed := filled("ticket", " ref")
	typed.Focused = true
	asked := filled("question", "how d")
	asked.Focused = true
	tests := []struct {
		name string
		data discordgo.ApplicationCommandInteractionData
		want chat.Typing
	}{
		{"a ticket", ran("ticket", "reply", filled("text", "hello"), typed), chat.Typing{Door: "ticket", Verb: "reply", Param: "ticket", Text: "ref"}},
		{"a question", discordgo.ApplicationCommandInteractionData{Name: "ask", Options: []*sent{asked}}, chat.Typing{Door: "ask", Param: "question", Text: "how d"}},
		{"nothing", ran("ticket", "claim"), chat.Typing{Door: "ticket", Verb: "claim"}},
		{"a command of another version", ran("tickets", "claim", nil, typed), chat.Typing{Door: "tickets", Verb: "claim", Param: "ticket", Text: "ref"}},
	}
	for _, test := range tests {
		test.want.Limit = maxChoices
		if diff := cmp.Diff(test.want, typing(commands, test.data)); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
	list := []chat.Command{{Door: "ticket", Under: "desk", Verb: "stats"}}
	if got := typing(list, ran("desk", "stats")); got.Door != "ticket" {
		t.Errorf("under /desk, the door is %q", got.Door)
	}
}

// FuzzCommandText: whatever Discord sends, it is taken apart; a ticket that was
// filled in is never read as words, nor words as a ticket.
func FuzzCommandText(f *testing.F) {
	commands := readTable(f).commands()
	for _, data := range []any{
		ran("ticket", "reply", filled("ticket", "T-1"), filled("text", "hello")),
		ran("ticket", "assign", &sent{Name: "agent", Value: "42"}),
		discordgo.ApplicationCommandInteractionData{Name: "ask", Options: []*sent{filled("question", "why?")}},
	} {
		seed, err := json.Marshal(data)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(seed), "T-1", "T-2 and more")
	}
	f.Add(`{"name": "ticket", "options": [{"name": "claim", "type": 1, "options": [null, {"name": "ticket", "value": [1]}]}]}`, "7", " #9")
	f.Fuzz(func(t *testing.T, payload, ticket, words string) {
		var data discordgo.ApplicationCommandInteractionData
		if json.Unmarshal([]byte(payload), &data) == nil {
			door, text := commandText(commands, data)
			if door != data.Name {
				t.Errorf("/%s became /%s", data.Name, door)
			}
			if text != strings.TrimSpace(text) {
				t.Errorf("text %q", text)
			}
			typing(commands, data)
		}
		_, said := commandText(commands, ran("ticket", "reply", filled("ticket", ticket), filled("text", words)))
		verb, rest, _ := strings.Cut(said, " ")
		first, _, _ := strings.Cut(rest, " ")
		given := !blank(strings.TrimSpace(ticket))
		switch isTicket := ticketRule.MatchString(first); {
		case verb == "reply" && given != isTicket:
			t.Errorf("ticket %q and words %q became %q", ticket, words, said)
		case verb != "reply" && ticketRule.MatchString(strings.TrimSpace(ticket)):
			t.Errorf("ticket %q was refused: %q", ticket, said)
		}
	})
}

// registry is Discord's list of commands, as far as register asks for it.
type registry struct {
	have   []byte
	asked  []string
	broken string // the method that fails
}

func (r *registry) call(_ context.Context, method, path string, body, into any) error {
	r.asked = append(r.asked, method+" "+path)
	if r.broken == method {
		return errors.New("no route to host")
	}
	if method == http.MethodPut {
		var err error
		r.have, err = json.Marshal(body)
		return err
	}
	return json.Unmarshal(r.have, into)
}

// givenBack is how Discord gives commands back: in an order of its own, with
// ids, and with nothing where nothing was said.
func givenBack(t *testing.T, list []Definition) []byte {
	t.Helper()
	var all []map[string]any
	if err := json.Unmarshal(pretty(t, list), &all); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(all)
	for i, d := range all {
		d["id"], d["application_id"], d["version"], d["nsfw"], d["dm_permission"] = fmt.Sprint(i), "9", "1", false, true
		d["contexts"] = []int{1, 0}
		for _, key := range []string{"name_localizations", "description_localizations"} {
			if _, ok := d[key]; !ok {
				d[key] = nil
			}
		}
		if options, ok := d["options"].([]any); ok {
			for _, o := range options {
				if o := o.(map[string]any); o["name_localizations"] == nil {
					o["name_localizations"] = map[string]string{}
				}
			}
		}
	}
	return pretty(t, all)
}

func TestRegister(t *testing.T) {
	all := readTable(t)
	want, err := Commands(all.commands(), all)
	if err != nil {
		t.Fatal(err)
	}
	const path = "applications/9/commands"
	get, put := "GET "+path+"?with_localizations=true", "PUT "+path
	fewer := want[1:]
	reworded := slices.Clone(want)
	reworded[0].Descriptions = maps.Clone(reworded[0].Descriptions)
	reworded[0].Descriptions[discordgo.SpanishES] = "otra cosa"
	hidden := slices.Clone(want)
	nobody := "0"
	hidden[1].Permissions = &nobody
	tests := []struct {
		name  string
		have  []byte
		asked []string
	}{
		{"nothing", []byte(`[]`), []string{get, put}},
		{"just these", givenBack(t, want), []string{get}},
		{"fewer", givenBack(t, fewer), []string{get, put}},
		{"others too", givenBack(t, append(slices.Clone(want), Definition{Type: discordgo.ChatApplicationCommand, wording: wording{Name: "old"}})), []string{get, put}},
		{"in other words", givenBack(t, reworded), []string{get, put}},
		{"with other permissions", givenBack(t, hidden), []string{get, put}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &registry{have: test.have}
			changed, err := register(t.Context(), "9", want, r.call)
			if err != nil || changed != (len(test.asked) == 2) {
				t.Errorf("register = %t, %v", changed, err)
			}
			if !slices.Equal(r.asked, test.asked) {
				t.Errorf("asked %q, want %q", r.asked, test.asked)
			}
			// What was registered is not registered again.
			if changed, err := register(t.Context(), "9", want, r.call); err != nil || changed {
				t.Errorf("again, register = %t, %v", changed, err)
			}
		})
	}
	for _, method := range []string{http.MethodGet, http.MethodPut} {
		r := &registry{have: []byte(`[]`), broken: method}
		if changed, err := register(t.Context(), "9", want, r.call); err == nil || changed || !strings.Contains(err.Error(), "no route to host") {
			t.Errorf("%s fails: register = %t, %v", method, changed, err)
		}
	}
}
