package discordtest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Types of commands and of their options.
// Source: https://docs.discord.com/developers/interactions/application-commands
const (
	commandSlash   = 1
	commandUser    = 2
	commandMessage = 3

	optionSub     = 1
	optionGroup   = 2
	optionString  = 3
	optionInteger = 4
	optionBoolean = 5
	optionUser    = 6
	optionChannel = 7
	optionRole    = 8
	optionNumber  = 10
)

// Limits of commands.
// Source: https://docs.discord.com/developers/interactions/application-commands#registering-a-command
const (
	maxSlash       = 100 // in one scope
	maxMenu        = 15  // of users and of messages each
	maxCreates     = 200 // in a day and server
	maxCommand     = 8000
	maxSubs        = 25
	maxName        = 32
	maxDescription = 100
	maxChoice      = 100
)

// commandName matches the name of a slash command or of an option.
// Source: https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-naming
var commandName = regexp.MustCompile(`^[-_'\p{L}\p{N}\p{Devanagari}\p{Thai}]{1,32}$`)

// locales are those that Discord's clients have.
// Source: https://docs.discord.com/developers/reference#locales
var locales = []string{
	"id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl", "pt-BR", "ro", "fi", "sv-SE", "vi", "tr",
	"cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja", "zh-TW", "ko",
}

// A command is one that the bot registered.
type command struct {
	ID           string            `json:"-"`
	Guild        string            `json:"-"`
	Version      string            `json:"-"`
	Type         int               `json:"type"`
	Name         string            `json:"name"`
	Names        map[string]string `json:"name_localizations"`
	Description  string            `json:"description"`
	Descriptions map[string]string `json:"description_localizations"`
	Options      []option          `json:"options"`
	Permissions  *permissions      `json:"default_member_permissions"`
	InDMs        *bool             `json:"dm_permission"`
	Contexts     []int             `json:"contexts"`

	raw object
}

// permissions may be a number, or one in quotes.
type permissions Permission

func (p *permissions) UnmarshalJSON(raw []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	*p = permissions(n)
	return err
}

// An option is one of a command.
type option struct {
	Type         int               `json:"type"`
	Name         string            `json:"name"`
	Names        map[string]string `json:"name_localizations"`
	Description  string            `json:"description"`
	Descriptions map[string]string `json:"description_localizations"`
	Required     bool              `json:"required"`
	Autocomplete bool              `json:"autocomplete"`
	MinLength    int               `json:"min_length"`
	MaxLength    *int              `json:"max_length"`
	MinValue     *float64          `json:"min_value"`
	MaxValue     *float64          `json:"max_value"`
	Choices      []struct {
		Name  string            `json:"name"`
		Names map[string]string `json:"name_localizations"`
		Value any               `json:"value"`
	} `json:"choices"`
	Options []option `json:"options"`
}

// scope is the server of a call's commands, empty for all.
func (c *call) scope() (string, error) {
	if c.path("application_id") != appID {
		return "", errAccess
	}
	id := c.path("guild_id")
	if id != "" && c.s.guilds[id] == nil {
		return "", errUnknownGuild
	}
	return id, nil
}

// putCommands is Bulk Overwrite Application Commands.
func putCommands(c *call) (any, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	if err := c.body(&list); err != nil {
		return nil, err
	}
	next := []*command{}
	var faults []fault
	for i, raw := range list {
		cmd, wrong, err := readCommand(raw, []string{strconv.Itoa(i)})
		if err != nil {
			return nil, err
		}
		faults = append(faults, wrong...)
		if slices.ContainsFunc(next, func(o *command) bool { return o.Name == cmd.Name && o.Type == cmd.Type }) {
			faults = append(faults, fault{[]string{strconv.Itoa(i)}, "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique"})
		}
		next = append(next, cmd)
	}
	for kind, limit := range map[int]int{commandSlash: maxSlash, commandUser: maxMenu, commandMessage: maxMenu} {
		n := 0
		for _, cmd := range next {
			if cmd.Type == kind {
				n++
			}
		}
		if n > limit {
			faults = append(faults, fault{[]string{"_errors"}, "APPLICATION_COMMAND_TOO_MANY", fmt.Sprintf("There may be %d commands of a type.", limit)})
		}
	}
	if len(faults) > 0 {
		return nil, invalidForm(faults...)
	}
	for _, cmd := range next {
		if err := c.s.register(scope, cmd); err != nil {
			return nil, err
		}
	}
	c.s.commands[scope] = next
	c.s.change()
	return commandsJSON(next), nil
}

// register gives a command its id: that of the one of its name, or a new one.
// The lock is held.
func (s *Server) register(scope string, cmd *command) error {
	cmd.Guild, cmd.Version = scope, s.id()
	for _, old := range s.commands[scope] {
		if old.Name == cmd.Name && old.Type == cmd.Type {
			cmd.ID = old.ID
			return nil
		}
	}
	now := s.opts.Now()
	times := slices.DeleteFunc(s.created[scope], func(at time.Time) bool { return now.Sub(at) >= identifyDay })
	if len(times) >= maxCreates {
		return &refusal{
			status: http.StatusTooManyRequests, code: codeTooManyCreates, message: "Max number of daily application command creates has been reached (200)",
			after: identifyDay - now.Sub(times[0]), scope: "user",
		}
	}
	s.created[scope] = append(times, now)
	cmd.ID = s.id()
	return nil
}

// postCommand is Create Application Command.
func postCommand(c *call) (any, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	cmd, faults, err := readCommand(c.raw, nil)
	if err != nil {
		return nil, err
	}
	if len(faults) > 0 {
		return nil, invalidForm(faults...)
	}
	if err := c.s.register(scope, cmd); err != nil {
		return nil, err
	}
	c.status = http.StatusCreated
	list := slices.DeleteFunc(c.s.commands[scope], func(o *command) bool {
		if o.ID == cmd.ID {
			c.status = http.StatusOK
		}
		return o.ID == cmd.ID
	})
	c.s.commands[scope] = append(list, cmd)
	c.s.change()
	return cmd.json(), nil
}

// getCommands is Get Application Commands.
func getCommands(c *call) (any, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	return commandsJSON(c.s.commands[scope]), nil
}

// command is that of a call. The lock is held.
func (c *call) command() (*command, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	for _, cmd := range c.s.commands[scope] {
		if cmd.ID == c.path("command_id") {
			return cmd, nil
		}
	}
	return nil, errUnknownCommand
}

// getCommand is Get Application Command.
func getCommand(c *call) (any, error) {
	cmd, err := c.command()
	if err != nil {
		return nil, err
	}
	return cmd.json(), nil
}

// deleteCommand is Delete Application Command.
func deleteCommand(c *call) (any, error) {
	cmd, err := c.command()
	if err != nil {
		return nil, err
	}
	c.s.commands[cmd.Guild] = slices.DeleteFunc(c.s.commands[cmd.Guild], func(o *command) bool { return o == cmd })
	c.s.change()
	return nil, nil
}

func commandsJSON(list []*command) []object {
	all := []object{}
	for _, cmd := range list {
		all = append(all, cmd.json())
	}
	return all
}

// json is the command as Discord tells of it.
func (cmd *command) json() object {
	o := object{
		"id": cmd.ID, "application_id": appID, "version": cmd.Version, "type": cmd.Type, "name": cmd.Name, "description": cmd.Description,
		"default_member_permissions": nil, "dm_permission": true, "nsfw": false, "integration_types": []int{0}, "contexts": nil,
		"name_localizations": nil, "description_localizations": nil,
	}
	for name, v := range cmd.raw {
		if v != nil {
			o[name] = v
		}
	}
	if cmd.Permissions != nil {
		o["default_member_permissions"] = Permission(*cmd.Permissions).String()
	}
	if cmd.Guild != "" {
		o["guild_id"] = cmd.Guild
		delete(o, "dm_permission")
	}
	return o
}

// readCommand reads a command, and says what is wrong with it.
func readCommand(raw []byte, path []string) (*command, []fault, error) {
	cmd := &command{}
	if err := errors.Join(json.Unmarshal(raw, cmd), json.Unmarshal(raw, &cmd.raw)); err != nil {
		return nil, nil, invalidForm(fault{path, "BASE_TYPE_BAD_TYPE", "Could not interpret the value."})
	}
	cmd.Type = cmp.Or(cmd.Type, commandSlash)
	cmd.raw["type"] = cmd.Type
	delete(cmd.raw, "id")
	k := &naming{}
	k.named(path, cmd.Name, cmd.Names, cmd.Type == commandSlash)
	if cmd.Type == commandSlash {
		k.described(path, cmd.Description, cmd.Descriptions)
		k.options(append(slices.Clone(path), "options"), cmd.Options, 0)
	} else if cmd.Description != "" || len(cmd.Options) > 0 {
		k.fault(append(slices.Clone(path), "description"), "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_SET", "Context menu commands cannot have description")
	}
	if k.size > maxCommand {
		k.fault(path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (%d)", maxCommand)
	}
	return cmd, k.faults, nil
}

// naming checks the names in a command, and adds up how long they are.
type naming struct {
	faults []fault
	size   int
}

func (k *naming) fault(path []string, code, format string, args ...any) {
	k.faults = append(k.faults, fault{slices.Clone(path), code, fmt.Sprintf(format, args...)})
}

// longest is the longest of a text and its translations, which is what counts.
func longest(text string, translated map[string]string) int {
	n := utf8.RuneCountInString(text)
	for _, t := range translated {
		n = max(n, utf8.RuneCountInString(t))
	}
	return n
}

func (k *naming) named(path []string, name string, names map[string]string, slash bool) {
	path = append(slices.Clone(path), "name")
	k.size += longest(name, names)
	check := func(path []string, name string) {
		switch n := utf8.RuneCountInString(name); {
		case n < 1 || n > maxName:
			k.fault(path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and %d in length.", maxName)
		case slash && (!commandName.MatchString(name) || strings.ToLower(name) != name):
			k.fault(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
		}
	}
	check(path, name)
	k.translated(path, names, check)
}

func (k *naming) described(path []string, text string, texts map[string]string) {
	path = append(slices.Clone(path), "description")
	k.size += longest(text, texts)
	check := func(path []string, text string) {
		if n := utf8.RuneCountInString(text); n < 1 || n > maxDescription {
			k.fault(path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and %d in length.", maxDescription)
		}
	}
	check(path, text)
	k.translated(path, texts, check)
}

func (k *naming) translated(path []string, texts map[string]string, check func([]string, string)) {
	for locale, text := range texts {
		at := append(slices.Clone(path[:len(path)-1]), path[len(path)-1]+"_localizations", locale)
		if !slices.Contains(locales, locale) {
			k.fault(at, "BASE_TYPE_CHOICES", "There is no such locale.")
		}
		check(at, text)
	}
}

// options checks those of a command (in is 0), a group or a subcommand.
func (k *naming) options(path []string, options []option, in int) {
	if len(options) > maxSubs {
		k.fault(path, "BASE_TYPE_MAX_LENGTH", "Must be %d or fewer in length.", maxSubs)
	}
	names := map[string]bool{}
	loose, subs, optional := 0, 0, false
	for i, o := range options {
		at := append(slices.Clone(path), strconv.Itoa(i))
		k.named(at, o.Name, o.Names, true)
		k.described(at, o.Description, o.Descriptions)
		if names[o.Name] {
			k.fault(append(at, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name already exists")
		}
		names[o.Name] = true
		if o.Type == optionSub || o.Type == optionGroup {
			subs++
			if in == optionSub || in == optionGroup && o.Type == optionGroup {
				k.fault(append(at, "type"), "APPLICATION_COMMAND_INVALID_NESTING", "Subcommands cannot lie that deep.")
			}
			k.options(append(at, "options"), o.Options, o.Type)
			continue
		}
		loose++
		if o.Required && optional {
			k.fault(at, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", "Required options must be placed before non-required options")
		}
		optional = optional || !o.Required
		if o.Autocomplete && len(o.Choices) > 0 {
			k.fault(append(at, "autocomplete"), "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES", "Autocomplete and choices exclude each other.")
		}
		if len(o.Choices) > maxOptions {
			k.fault(append(at, "choices"), "BASE_TYPE_MAX_LENGTH", "Must be %d or fewer in length.", maxOptions)
		}
		for j, c := range o.Choices {
			value := fmt.Sprint(c.Value)
			k.size += longest(c.Name, c.Names) + utf8.RuneCountInString(value)
			if n := utf8.RuneCountInString(c.Name); n < 1 || n > maxChoice || utf8.RuneCountInString(value) > maxChoice {
				k.fault(append(append(slices.Clone(at), "choices"), strconv.Itoa(j)), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and %d in length.", maxChoice)
			}
		}
	}
	if loose > 0 && subs > 0 {
		k.fault(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-command and sub-command group option types are mutually exclusive to all other types")
	}
}
