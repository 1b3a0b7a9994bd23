package discord

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/bwmarrin/discordgo"
)

// Features are the parts of Signpost that ask more of Discord than the rest.
type Features struct {
	Threads bool // questions in a channel are answered in a thread of their own
	Desk    bool // a desk has its cards, or agents, on Discord
}

// A Permission is something that the bot may do, as the server's settings call
// it, and why it has to.
type Permission struct {
	Bit  int64
	Name string
	Why  string // ends a sentence that begins with "to"
	when func(Features) bool
}

func always(Features) bool   { return true }
func beside(f Features) bool { return f.Threads || f.Desk }

// permissions are all that any feature needs.
// Source: https://docs.discord.com/developers/topics/permissions#permissions-bitwise-permission-flags
var permissions = []Permission{
	{discordgo.PermissionViewChannel, "View Channels", "see the channels where it is asked, and those of desks", always},
	{discordgo.PermissionSendMessages, "Send Messages", "answer, and show tickets", always},
	{discordgo.PermissionSendMessagesInThreads, "Send Messages in Threads", "answer where it is asked in a thread, and tell agents what askers add", always},
	{discordgo.PermissionReadMessageHistory, "Read Message History", "reply to a message, and read what it missed", always},
	{discordgo.PermissionAttachFiles, "Attach Files", "carry files from askers to agents and back", always},
	{discordgo.PermissionCreatePrivateThreads, "Create Private Threads", "reach an asker whose direct messages are closed", always},
	{discordgo.PermissionCreatePublicThreads, "Create Public Threads", "begin a thread under a question or a card", beside},
}

// Permissions are what the bot needs for some features.
func Permissions(f Features) []Permission {
	var list []Permission
	for _, p := range permissions {
		if p.when(f) {
			list = append(list, p)
		}
	}
	return list
}

// Invite is the address where someone adds an application's bot to a server,
// with no more permissions than the features need.
// Source: https://docs.discord.com/developers/topics/oauth2#bot-authorization-flow
func Invite(app string, f Features) string {
	var bits int64
	for _, p := range Permissions(f) {
		bits |= p.Bit
	}
	return fmt.Sprintf("https://discord.com/oauth2/authorize?client_id=%s&scope=bot+applications.commands&permissions=%d", app, bits)
}

// idRule matches an id of Discord's.
// Source: https://docs.discord.com/developers/reference#snowflakes
var idRule = regexp.MustCompile(`^[1-9][0-9]{0,19}$`)

// ErrToken means that a text is not the token of a bot.
var ErrToken = errors.New("this is not the token of a bot")

// ApplicationID is the application whose bot a token is of: its first part is
// the bot's id in base64, and the two are the same for all applications that
// were made since 2016. It returns [ErrToken] for what is no token.
// Source: https://docs.discord.com/developers/reference#authentication
func ApplicationID(token string) (string, error) {
	first, rest, _ := strings.Cut(token, ".")
	id, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(first, "="))
	if err != nil || rest == "" || !idRule.Match(id) {
		return "", ErrToken
	}
	return string(id), nil
}
