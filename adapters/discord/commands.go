package discord

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/bwmarrin/discordgo"

	"github.com/signpost-bot/signpost/bot/chat"
)

// Limits of commands, in characters unless said otherwise.
// Source: https://docs.discord.com/developers/interactions/application-commands
const (
	maxCommandName  = 32 // of a command, a subcommand or an option
	maxDescription  = 100
	maxCommandParts = 25 // subcommands or options of a command
	maxChoices      = 25 // of an option, and how many are suggested
	maxChoice       = 100
	maxCommandText  = 8000 // names, descriptions and values of a command, by the longest language of each
	maxSlash        = 100  // slash commands of an app
	maxMenus        = 15   // commands of an app in a message's menu
)

// locales are Discord's names for the languages that commands are worded in,
// besides English.
// Source: https://docs.discord.com/developers/reference#locales
var locales = []discordgo.Locale{discordgo.PortugueseBR, discordgo.SpanishES, discordgo.SpanishLATAM}

// A Localiser words commands in people's languages.
type Localiser interface {
	// Describe words a command in the language nearest to lang. One that is only
	// a door, without verb and parameters, is what all of its verbs are for.
	Describe(lang string, c chat.Command) chat.Wording
}

// A Definition is a command as Discord registers it. The library's own has
// fields that Discord does not give back, so that the two could not be compared.
// Source: https://docs.discord.com/developers/interactions/application-commands#application-command-object
type Definition struct {
	Type discordgo.ApplicationCommandType `json:"type"`
	wording
	Options []parameter `json:"options,omitempty"`
	// Permissions are what a member needs to see the command. There are none:
	// the bot looks at everyone itself, and whoever became an agent by a role
	// would not see /ticket until someone else had allowed it in the server's
	// settings. There it can be hidden, too.
	Permissions *string `json:"default_member_permissions"`
	// Contexts and Installs are where it can be used: in servers that the bot was
	// added to, and in direct messages with it.
	Contexts []discordgo.InteractionContextType     `json:"contexts"`
	Installs []discordgo.ApplicationIntegrationType `json:"integration_types"`
}

// A parameter is an option of a command: a subcommand, or something to be
// filled in.
type parameter struct {
	Type discordgo.ApplicationCommandOptionType `json:"type"`
	wording
	Required     bool        `json:"required,omitempty"`
	Autocomplete bool        `json:"autocomplete,omitempty"`
	Choices      []choice    `json:"choices,omitempty"`
	Options      []parameter `json:"options,omitempty"`
}

// A wording is what a command or option is called and said to be, in English
// and in other languages as far as they differ.
type wording struct {
	Name         string    `json:"name"`
	Names        localised `json:"name_localizations,omitempty"`
	Description  string    `json:"description"` // empty for a message's menu
	Descriptions localised `json:"description_localizations,omitempty"`
}

type choice struct {
	Name  string    `json:"name"`
	Names localised `json:"name_localizations,omitempty"`
	Value any       `json:"value"` // a string; others may have registered numbers
}

type localised map[discordgo.Locale]string

// A placed command is one with the command of Discord's that it is under. With
// bare set, that has no subcommands.
type placed struct {
	chat.Command
	under string
	bare  bool
}

// placeCommands puts every command that can be typed under one of Discord's. A door
// that takes words without a verb, as /ask does, is a command with one text,
// whose first word may be a verb: Discord has none bare beside subcommands. Any
// other door has its verbs as subcommands, some of them under another name.
func placeCommands(commands []chat.Command) []placed {
	var list []placed
	for _, c := range commands {
		if c.Door == "" {
			continue
		}
		p := placed{Command: c, under: cmp.Or(c.Under, c.Door)}
		p.bare = slices.ContainsFunc(commands, func(o chat.Command) bool { return o.Door == c.Door && o.Verb == "" })
		list = append(list, p)
	}
	return list
}

// Commands are what Discord is to register: commands that can be typed, each
// with its verbs, and those of a message's menu. Doors and verbs are called the
// same in all languages, since sentences of ours name them; all else is in
// people's own. It fails if something is beyond Discord's limits, naming all of
// it.
func Commands(commands []chat.Command, words Localiser) ([]Definition, error) {
	var list []Definition
	define := func(kind discordgo.ApplicationCommandType, w wording) *Definition {
		list = append(list, Definition{
			Type: kind, wording: w,
			Contexts: []discordgo.InteractionContextType{discordgo.InteractionContextGuild, discordgo.InteractionContextBotDM},
			Installs: []discordgo.ApplicationIntegrationType{discordgo.ApplicationIntegrationGuildInstall},
		})
		return &list[len(list)-1]
	}
	for _, p := range placeCommands(commands) {
		i := slices.IndexFunc(list, func(d Definition) bool { return d.Name == p.under })
		switch {
		case p.bare && p.Verb == "":
			define(discordgo.ChatApplicationCommand, summary(words, p.Door, p.Command)).Options = parameters(words, p.Command)
		case p.bare: // typed as the text
		case i < 0:
			d := define(discordgo.ChatApplicationCommand, summary(words, p.under, chat.Command{Door: p.Door}))
			d.Options = append(d.Options, subcommand(words, p.Command))
		default:
			list[i].Options = append(list[i].Options, subcommand(words, p.Command))
		}
	}
	for _, c := range commands {
		if c.Menu != "" {
			in := func(lang string) string { return words.Describe(lang, c).Menu }
			define(discordgo.MessageApplicationCommand, wording{Name: c.Menu, Names: localise(c.Menu, in)})
		}
	}
	return list, checkCommands(list)
}

// localise words something in every language in which it is not what it is in
// English.
func localise(english string, in func(lang string) string) localised {
	var all localised
	for _, locale := range locales {
		if s := in(string(locale)); s != english {
			if all == nil {
				all = localised{}
			}
			all[locale] = s
		}
	}
	return all
}

const english = "en"

// summary is a command's wording under a name.
func summary(words Localiser, name string, c chat.Command) wording {
	in := func(lang string) string { return words.Describe(lang, c).Summary }
	return wording{Name: name, Description: in(english), Descriptions: localise(in(english), in)}
}

func subcommand(words Localiser, c chat.Command) parameter {
	return parameter{
		Type: discordgo.ApplicationCommandOptionSubCommand, wording: summary(words, c.Verb, c), Options: parameters(words, c),
	}
}

// parameters are what a command takes. Discord wants those first that are
// required; see [commandText]. Words that a form would ask for may be left out,
// for only in the form they can have several lines.
func parameters(words Localiser, c chat.Command) []parameter {
	var list []parameter
	for i, p := range c.Params {
		of := func(lang string) chat.ParamWording { return words.Describe(lang, c).Params[i] }
		about := of(english).Summary
		parameter := parameter{
			Type: discordgo.ApplicationCommandOptionString, Required: !p.Optional && !(c.Opens && p.Kind == chat.TextParam),
			wording: wording{
				Name: p.Name, Names: localise(p.Name, func(lang string) string { return of(lang).Name }),
				Description: about, Descriptions: localise(about, func(lang string) string { return of(lang).Summary }),
			},
		}
		switch {
		case p.Kind == chat.PersonParam:
			parameter.Type = discordgo.ApplicationCommandOptionUser
		case p.Kind == chat.TicketParam, p.Suggested:
			parameter.Autocomplete = true
		}
		for j, word := range p.Options {
			name := of(english).Options[j]
			in := func(lang string) string { return of(lang).Options[j] }
			parameter.Choices = append(parameter.Choices, choice{Name: name, Names: localise(name, in), Value: word})
		}
		list = append(list, parameter)
	}
	slices.SortStableFunc(list, func(a, b parameter) int {
		switch {
		case a.Required == b.Required:
			return 0
		case a.Required:
			return -1
		}
		return 1
	})
	return list
}

// nameRule is for the name of a slash command and of an option; they are in
// lower case, too.
// Source: https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-naming
var nameRule = regexp.MustCompile(`^[-_'\p{L}\p{N}]{1,32}$`)

// checkCommands names everything that Discord would refuse.
func checkCommands(list []Definition) error {
	var c commandChecker
	count := map[discordgo.ApplicationCommandType]int{}
	names := map[string]bool{}
	for _, d := range list {
		what := "/" + d.Name
		if d.Type == discordgo.MessageApplicationCommand {
			what = fmt.Sprintf("the menu's %q", d.Name)
		}
		if names[what] {
			c.add("%s is there twice", what)
		}
		names[what] = true
		if count[d.Type]++; d.Type == discordgo.MessageApplicationCommand {
			c.lengths(what, "name", d.Name, d.Names, maxCommandName)
		} else {
			c.wording(what, d.wording)
			c.parameters(what, d.Options)
		}
		if n := wordingText(d.wording) + parametersText(d.Options); n > maxCommandText {
			c.add("%s has %d characters in all; Discord takes %d", what, n, maxCommandText)
		}
	}
	c.count("", "slash commands", count[discordgo.ChatApplicationCommand], maxSlash)
	c.count("", "commands for the menu", count[discordgo.MessageApplicationCommand], maxMenus)
	return errors.Join(c.wrong...)
}

type commandChecker struct{ wrong []error }

func (c *commandChecker) add(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Errorf(format, args...))
}

func (c *commandChecker) count(of, what string, n, limit int) {
	if n > limit {
		c.add("%sthere are %d %s; Discord takes %d", of, n, what, limit)
	}
}

func (c *commandChecker) lengths(what, part, text string, other localised, limit int) {
	for _, s := range append([]string{text}, slices.Sorted(maps.Values(other))...) {
		if n := units(s); n == 0 || n > limit {
			c.add("the %s %q of %s has %d characters; Discord takes 1 to %d", part, s, what, n, limit)
		}
	}
}

func (c *commandChecker) wording(what string, w wording) {
	for _, s := range append([]string{w.Name}, slices.Sorted(maps.Values(w.Names))...) {
		if !nameRule.MatchString(s) || strings.ToLower(s) != s {
			c.add("%q, the name of %s, is not 1 to %d letters and digits in lower case", s, what, maxCommandName)
		}
	}
	c.lengths(what, "description", w.Description, w.Descriptions, maxDescription)
}

func (c *commandChecker) parameters(what string, list []parameter) {
	c.count(what+": ", "subcommands or options", len(list), maxCommandParts)
	names := map[string]bool{}
	for _, p := range list {
		part := what + " " + p.Name
		for _, name := range append([]string{p.Name}, localNames(p.Names)...) {
			if names[name] {
				c.add("%s is there twice, as %s", part, name)
			}
			names[name] = true
		}
		c.wording(part, p.wording)
		c.parameters(part, p.Options)
		c.count(part+": ", "choices", len(p.Choices), maxChoices)
		for _, choice := range p.Choices {
			c.lengths(part, "choice", choice.Name, choice.Names, maxChoice)
			c.lengths(part, "value", fmt.Sprint(choice.Value), nil, maxChoice)
		}
	}
}

// localNames are a name in each language, with the language before it, so that
// only names of one language can be the same.
func localNames(names localised) []string {
	var list []string
	for locale, name := range names {
		list = append(list, string(locale)+" "+name)
	}
	slices.Sort(list)
	return list
}

// wordingText is how much of [maxCommandText] a wording takes.
func wordingText(w wording) int {
	return longestOf(w.Name, w.Names) + longestOf(w.Description, w.Descriptions)
}

func parametersText(list []parameter) int {
	n := 0
	for _, p := range list {
		n += wordingText(p.wording) + parametersText(p.Options)
		for _, c := range p.Choices {
			n += longestOf(c.Name, c.Names) + units(fmt.Sprint(c.Value))
		}
	}
	return n
}

func longestOf(text string, other localised) int {
	n := units(text)
	for _, s := range other {
		n = max(n, units(s))
	}
	return n
}

// A caller makes a call of Discord's API: it sends body as JSON, nil for none,
// and reads the answer into into.
type caller func(ctx context.Context, method, path string, body, into any) error

// commandsPath is where an app's commands are.
// Source: https://docs.discord.com/developers/interactions/application-commands#endpoints
func commandsPath(app string) string { return "applications/" + app + "/commands" }

// register has Discord know just these commands, and reports whether it had
// known others. It asks first, since every change counts against a daily limit
// and makes people's Discord load all of them anew. They are the app's own, for
// all servers and for direct messages; a server's would be there faster, but
// not in direct messages.
func register(ctx context.Context, app string, want []Definition, call caller) (changed bool, err error) {
	var have []Definition
	if err := call(ctx, http.MethodGet, commandsPath(app)+"?with_localizations=true", nil, &have); err != nil {
		return false, fmt.Errorf("read the commands that Discord knows: %w", err)
	}
	if sameCommands(have, want) {
		return false, nil
	}
	if err := call(ctx, http.MethodPut, commandsPath(app), want, nil); err != nil {
		return false, fmt.Errorf("register commands: %w", err)
	}
	return true, nil
}

// sameCommands reports whether two lists of commands are the same but for their
// order.
func sameCommands(a, b []Definition) bool {
	normal := func(list []Definition) []Definition {
		list = slices.Clone(list)
		for i := range list {
			list[i].Contexts = slices.Sorted(slices.Values(list[i].Contexts))
			list[i].Installs = slices.Sorted(slices.Values(list[i].Installs))
			list[i].wording = list[i].wording.normal()
			list[i].Options = normalParameters(list[i].Options)
		}
		slices.SortFunc(list, func(a, b Definition) int {
			return cmp.Or(cmp.Compare(a.Type, b.Type), strings.Compare(a.Name, b.Name))
		})
		return list
	}
	return reflect.DeepEqual(normal(a), normal(b))
}

// normal is a wording without what says nothing.
func (w wording) normal() wording {
	w.Names, w.Descriptions = w.Names.normal(w.Name), w.Descriptions.normal(w.Description)
	return w
}

func (l localised) normal(text string) localised {
	l = maps.Clone(l)
	maps.DeleteFunc(l, func(_ discordgo.Locale, s string) bool { return s == text })
	if len(l) == 0 {
		return nil
	}
	return l
}

func normalParameters(list []parameter) []parameter {
	var normal []parameter
	for _, p := range list {
		p.wording = p.wording.normal()
		p.Options = normalParameters(p.Options)
		var choices []choice
		for _, c := range p.Choices {
			c.Names = c.Names.normal(c.Name)
			choices = append(choices, c)
		}
		p.Choices = choices
		normal = append(normal, p)
	}
	return normal
}

var (
	// ticketRule matches what can only be a ticket, or a number that stands for
	// one.
	ticketRule = regexp.MustCompile(`^#?(?:[tT]-)?0*[1-9][0-9]{0,13}$`)
	numberRule = regexp.MustCompile(`^[0-9]+$`)
)

// unread stands before words that would be read as a ticket and are not meant
// for one. Nobody sees it.
const unread = "\u200b"

// commandText is what someone would have typed for a slash command that Discord
// has taken apart: the door, and the words behind it. An option that should be a
// ticket and is none must not be taken for words to someone: the text is then
// one that is refused for its ticket.
func commandText(commands []chat.Command, data discordgo.ApplicationCommandInteractionData) (door, text string) {
	options := present(data.Options)
	verb := ""
	if len(options) > 0 && options[0].Type == discordgo.ApplicationCommandOptionSubCommand {
		verb, options = options[0].Name, present(options[0].Options)
	}
	c, known := findCommand(commands, data.Name, verb)
	if !known { // of an older version: the bot says so
		words := []string{verb}
		for _, o := range options {
			words = append(words, filledIn(o))
		}
		return data.Name, strings.TrimSpace(strings.Join(words, " "))
	}
	given := map[string]string{}
	for _, o := range options {
		if v := filledIn(o); !blank(v) {
			given[o.Name] = v
		}
	}
	words := []string{verb}
	for _, p := range c.Params {
		if v, ok := given[p.Name]; ok && p.Flag {
			words = append(words, "--"+p.Name, v)
		}
	}
	begun := false // a word stands behind the verb
	for i, p := range c.Params {
		v, ok := given[p.Name]
		switch {
		case !ok, p.Flag:
			continue
		case p.Kind == chat.PersonParam:
			v = "<@" + v + ">"
		case p.Kind == chat.TicketParam && !ticketRule.MatchString(v):
			return c.Door, noTicket(commands, c, v)
		case p.Kind == chat.TicketParam && numberRule.MatchString(v):
			v = "#" + v
		case (p.Kind == chat.TextParam || p.Kind == chat.SpanParam) && i > 0 && c.Params[0].Kind == chat.TicketParam && !begun:
			if first := strings.Fields(v); ticketRule.MatchString(first[0]) {
				v = unread + v
			}
		}
		begun = true
		words = append(words, v)
	}
	return c.Door, strings.TrimSpace(strings.Join(words, " "))
}

// present leaves out options that are not there.
func present(options []*discordgo.ApplicationCommandInteractionDataOption) []*discordgo.ApplicationCommandInteractionDataOption {
	return slices.DeleteFunc(slices.Clone(options), func(o *discordgo.ApplicationCommandInteractionDataOption) bool { return o == nil })
}

// filledIn is what an option was filled in with. All of ours are texts or ids.
func filledIn(o *discordgo.ApplicationCommandInteractionDataOption) string {
	s, _ := o.Value.(string)
	return strings.TrimSpace(s)
}

// findCommand is the command that Discord knows by a name and, unless it is bare, by a
// verb.
func findCommand(commands []chat.Command, under, verb string) (chat.Command, bool) {
	for _, p := range placeCommands(commands) {
		if p.under == under && p.Verb == verb {
			return p.Command, true
		}
	}
	return chat.Command{}, false
}

// noTicket is a text that does nothing but have the person told what a ticket
// looks like: a command of the same door that takes just a ticket, with what is
// none.
func noTicket(commands []chat.Command, c chat.Command, v string) string {
	only := func(o chat.Command) bool {
		return o.Door == c.Door && len(o.Params) == 1 && o.Params[0].Kind == chat.TicketParam
	}
	if only(c) {
		return c.Verb + " " + v
	}
	if i := slices.IndexFunc(commands, only); i >= 0 {
		return commands[i].Verb + " " + v
	}
	return unread + v // no verb at all
}

// typing is what someone is about to fill in, of a slash command that Discord
// wants suggestions for. Who types, and where, is not in it.
func typing(commands []chat.Command, data discordgo.ApplicationCommandInteractionData) chat.Typing {
	t := chat.Typing{Door: data.Name, Limit: maxChoices}
	options := present(data.Options)
	if len(options) > 0 && options[0].Type == discordgo.ApplicationCommandOptionSubCommand {
		t.Verb, options = options[0].Name, present(options[0].Options)
	}
	if c, known := findCommand(commands, data.Name, t.Verb); known {
		t.Door = c.Door
	}
	for _, o := range options {
		if o.Focused {
			t.Param, t.Text = o.Name, filledIn(o)
		}
	}
	return t
}
