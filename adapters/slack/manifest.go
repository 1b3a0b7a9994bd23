package slack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/bot/chat"
)

// Limits of a manifest, in characters unless said otherwise. Slack's schema
// names some that the reference does not: github.com/slackapi/manifest-schema.
// Source: https://docs.slack.dev/reference/app-manifest
const (
	maxAppName          = 35
	maxAppDescription   = 140
	maxBotName          = 80
	maxAgentDescription = 300
	maxCommands         = 50 // slash commands of an app
	maxCommand          = 32 // with the slash
	maxCommandText      = 2000
	maxUsageHint        = 1000
	maxCommandURL       = 3000
	maxShortcuts        = 10 // shortcuts of an app
	maxShortcut         = 24 // the name of one
	maxShortcutText     = 150
	maxRequestURL       = 3500
	maxEvents           = 100 // kinds of events
	maxScopes           = 255
)

// What the app is called, and says of itself.
const (
	appName          = "Signpost"
	appDescription   = "Points you to the right help article, or to a person who knows."
	botName          = "signpost"
	agentDescription = "Ask how something works. You get the help article that answers it, or your question goes to a person who can."
)

// Where Slack sends what happens, below the public address.
const (
	EventsPath       = "/slack/events"
	CommandsPath     = "/slack/commands"
	InteractionsPath = "/slack/interactions"
)

// Features are the parts of Signpost that ask more of Slack than the rest.
type Features struct {
	Agent   bool // the app is declared an agent
	Groups  bool // agents or audiences are named by user group
	Members bool // agents are named by a channel they are in
}

// A Scope is something that the app may do, and why it has to.
type Scope struct {
	Name string
	Why  string // ends a sentence that begins with "to"
	when func(Features) bool
}

func always(Features) bool       { return true }
func agents(f Features) bool     { return f.Agent }
func groups(f Features) bool     { return f.Groups }
func membership(f Features) bool { return f.Members }

// scopes are all that any feature needs.
// Source: https://docs.slack.dev/reference/scopes
var scopes = []Scope{
	{"app_mentions:read", "hear when someone calls the bot by its name", always},
	{"assistant:write", "be an agent: suggested questions, and a sign that an answer is looked for", agents},
	{"channels:history", "read questions, follow-ups and edits in public channels it was invited to, also those it missed", always},
	{"channels:read", "know public channels by their ids, and who is in those that name agents", always},
	{"chat:write", "answer", always},
	{"commands", "offer /ask, /ticket and the entries in a message's menu", always},
	{"files:read", "carry files from askers to agents and back", always},
	{"files:write", "carry files from askers to agents and back", always},
	{"groups:history", "read questions, follow-ups and edits in private channels it was invited to, also those it missed", always},
	{"groups:read", "know private channels by their ids, and who is in those that name agents", always},
	{"im:history", "read what people write to it directly", always},
	{"im:read", "know a direct message by its id", always},
	{"im:write", "write to askers and agents directly", always},
	{"mpim:history", "read questions, follow-ups and edits in group messages it was invited to, also those it missed", always},
	{"mpim:read", "know a group message by its id", always},
	{"reactions:read", "take an emoji on a message as a command: 🎫 👀 ✅ 🚨 🔍", always},
	{"usergroups:read", "know agents and audiences by their user groups", groups},
	{"users:read", "know names and languages", always},
}

// Scopes are what the bot token needs for some features, by name.
func Scopes(f Features) []Scope {
	var list []Scope
	for _, s := range scopes {
		if s.when(f) {
			list = append(list, s)
		}
	}
	return list
}

// events are what Slack tells us of, and the scope that lets it; empty: none.
// Source: https://docs.slack.dev/reference/events
var events = []struct {
	name, scope string
	when        func(Features) bool
}{
	{"app_home_opened", "", always},
	{"app_mention", "app_mentions:read", always},
	{"app_uninstalled", "", always},
	{"member_joined_channel", "channels:read", membership},
	{"member_left_channel", "channels:read", membership},
	{"message.channels", "channels:history", always},
	{"message.groups", "groups:history", always},
	{"message.im", "im:history", always},
	{"message.mpim", "mpim:history", always},
	{"reaction_added", "reactions:read", always},
	{"subteam_members_changed", "usergroups:read", groups},
	{"subteam_updated", "usergroups:read", groups},
	{"tokens_revoked", "", always},
	{"user_change", "users:read", always},
}

// doors say what a slash command is for where none of its verbs can stand for
// all.
var doors = map[string]string{
	"ticket": "Work on tickets: take one, answer it, settle it",
	"desk":   "Look after the desk: what was asked, who works, who may ask",
}

// ManifestOptions say what a manifest is for.
type ManifestOptions struct {
	Features
	// URL is the public https address where Slack sends what happens; empty:
	// Socket Mode.
	URL string
	// Commands are what can be typed or chosen from a message's menu.
	Commands []chat.Command
}

// A manifest is what Slack makes an app of. The library's own leaves out what
// is false, and Slack's defaults are not all false.
// Source: https://docs.slack.dev/reference/app-manifest
type manifest struct {
	Display struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	} `json:"display_information"`
	Features struct {
		Home struct {
			Tab      bool `json:"home_tab_enabled"`
			Messages bool `json:"messages_tab_enabled"`
			ReadOnly bool `json:"messages_tab_read_only_enabled"`
		} `json:"app_home"`
		Bot struct {
			Name   string `json:"display_name"`
			Online bool   `json:"always_online"`
		} `json:"bot_user"`
		Agent     *agentView     `json:"agent_view,omitempty"`
		Shortcuts []shortcut     `json:"shortcuts,omitempty"`
		Commands  []slashCommand `json:"slash_commands,omitempty"`
	} `json:"features"`
	OAuth struct {
		Scopes struct {
			Bot []string `json:"bot"`
		} `json:"scopes"`
	} `json:"oauth_config"`
	Settings struct {
		Events struct {
			URL string   `json:"request_url,omitempty"`
			Bot []string `json:"bot_events"`
		} `json:"event_subscriptions"`
		Interactivity struct {
			On         bool   `json:"is_enabled"`
			URL        string `json:"request_url,omitempty"`
			OptionsURL string `json:"message_menu_options_url,omitempty"`
		} `json:"interactivity"`
		OrgDeploy     bool `json:"org_deploy_enabled"`
		Socket        bool `json:"socket_mode_enabled"`
		TokenRotation bool `json:"token_rotation_enabled"`
	} `json:"settings"`
}

type agentView struct {
	Description string `json:"agent_description"`
}

type shortcut struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	CallbackID  string `json:"callback_id"`
	Description string `json:"description"`
}

type slashCommand struct {
	Command     string `json:"command"`
	URL         string `json:"url,omitempty"`
	Description string `json:"description"`
	UsageHint   string `json:"usage_hint,omitempty"`
	Escape      bool   `json:"should_escape"` // people typed after it come as ids
}

// Manifest is what an app of one's own is made of, as JSON. It fails if the
// address is not one that Slack can send to, or something is beyond Slack's
// limits, naming all of it.
func Manifest(o ManifestOptions) ([]byte, error) {
	base := strings.TrimRight(o.URL, "/")
	if err := checkPublic(base); err != nil {
		return nil, err
	}
	at := func(path string) string {
		if base == "" {
			return ""
		}
		return base + path
	}
	var m manifest
	m.Display.Name, m.Display.Description = appName, appDescription
	m.Features.Home.Tab, m.Features.Home.Messages = true, true
	m.Features.Bot.Name, m.Features.Bot.Online = botName, true
	if o.Agent {
		m.Features.Agent = &agentView{Description: agentDescription}
	}
	m.Features.Shortcuts = shortcuts(o.Commands)
	m.Features.Commands = slashCommands(o.Commands, at(CommandsPath))
	for _, s := range Scopes(o.Features) {
		m.OAuth.Scopes.Bot = append(m.OAuth.Scopes.Bot, s.Name)
	}
	for _, e := range events {
		if e.when(o.Features) {
			m.Settings.Events.Bot = append(m.Settings.Events.Bot, e.name)
		}
	}
	m.Settings.Events.URL = at(EventsPath)
	m.Settings.Interactivity.On = true
	m.Settings.Interactivity.URL = at(InteractionsPath)
	m.Settings.Interactivity.OptionsURL = at(InteractionsPath)
	m.Settings.Socket = base == ""
	if err := m.check(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(m)
	return b.Bytes(), err
}

// checkPublic refuses an address that Slack cannot send to; none is fine.
// Source: https://docs.slack.dev/apis/events-api/using-http-request-urls
func checkPublic(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q is not an address that Slack can send to; write the public one, such as https://signpost.example.com", address)
	}
	return nil
}

// shortcuts are the commands that stand in a message's menu. Their id is the
// verb.
func shortcuts(commands []chat.Command) []shortcut {
	var list []shortcut
	for _, c := range commands {
		if c.Menu != "" {
			list = append(list, shortcut{Name: c.Menu, Type: "message", CallbackID: c.Verb, Description: sentence(c.Summary)})
		}
	}
	return list
}

// slashCommands are the doors of the commands, each with its verbs. One that
// goes by another name besides is there twice.
func slashCommands(commands []chat.Command, address string) []slashCommand {
	var list []slashCommand
	for _, c := range commands {
		if c.Door == "" {
			continue
		}
		verb := c.Verb
		if verb == "" {
			verb = strings.TrimSpace(strings.TrimPrefix(c.Usage(), "/"+c.Door))
		}
		for _, door := range []string{c.Door, c.Under} {
			if door == "" {
				continue
			}
			i := slices.IndexFunc(list, func(s slashCommand) bool { return s.Command == "/"+door })
			if i < 0 {
				i = len(list)
				list = append(list, slashCommand{Command: "/" + door, URL: address, Description: doors[door], UsageHint: verb, Escape: true})
			} else {
				list[i].UsageHint += " | " + verb
			}
			if list[i].Description == "" {
				list[i].Description = sentence(c.Summary)
			}
		}
	}
	return list
}

// sentence is a summary as a sentence begins.
func sentence(summary string) string {
	if summary == "" {
		return ""
	}
	first, n := utf8.DecodeRuneInString(summary)
	return strings.ToUpper(string(first)) + summary[n:]
}

// check names everything in a manifest that Slack would refuse.
func (m manifest) check() error {
	var wrong []error
	length := func(what, text string, limit int) {
		if n := utf8.RuneCountInString(text); n == 0 || n > limit {
			wrong = append(wrong, fmt.Errorf("%s has %d characters; Slack takes 1 to %d", what, n, limit))
		}
	}
	address := func(what, text string, limit int) {
		if len(text) > limit {
			wrong = append(wrong, fmt.Errorf("%s has %d characters; Slack takes %d", what, len(text), limit))
		}
	}
	count := func(what string, n, limit int) {
		if n > limit {
			wrong = append(wrong, fmt.Errorf("there are %d %s; Slack takes %d", n, what, limit))
		}
	}
	length("the name", m.Display.Name, maxAppName)
	length("the description", m.Display.Description, maxAppDescription)
	length("the name of the bot", m.Features.Bot.Name, maxBotName)
	if m.Features.Agent != nil {
		length("the description of the agent", m.Features.Agent.Description, maxAgentDescription)
	}
	count("shortcuts", len(m.Features.Shortcuts), maxShortcuts)
	for _, s := range m.Features.Shortcuts {
		length(fmt.Sprintf("the shortcut %q", s.Name), s.Name, maxShortcut)
		length(fmt.Sprintf("the id of the shortcut %q", s.Name), s.CallbackID, maxID)
		length(fmt.Sprintf("the description of the shortcut %q", s.Name), s.Description, maxShortcutText)
	}
	count("slash commands", len(m.Features.Commands), maxCommands)
	for _, c := range m.Features.Commands {
		length("the command "+c.Command, c.Command, maxCommand)
		length("the description of "+c.Command, c.Description, maxCommandText)
		if c.UsageHint != "" { // one without words to type needs none
			length("the usage of "+c.Command, c.UsageHint, maxUsageHint)
		}
		address("the address of "+c.Command, c.URL, maxCommandURL)
	}
	address("the address for events", m.Settings.Events.URL, maxRequestURL)
	address("the address for interactions", m.Settings.Interactivity.URL, maxRequestURL)
	count("kinds of events", len(m.Settings.Events.Bot), maxEvents)
	count("scopes", len(m.OAuth.Scopes.Bot), maxScopes)
	return errors.Join(wrong...)
}
