package discordtest

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Flags of an app: what it may hear in fewer than 100 servers.
// Source: https://docs.discord.com/developers/resources/application#application-object-application-flags
const (
	flagMembersLimited = 1 << 15
	flagContentLimited = 1 << 19
)

// flags are the app's. The lock is held.
func (s *Server) flags() int {
	n := 0
	if s.opts.GuildMembers {
		n |= flagMembersLimited
	}
	if s.opts.MessageContent {
		n |= flagContentLimited
	}
	return n
}

// selfJSON is the bot as it sees itself. The lock is held.
func (s *Server) selfJSON() object {
	o := s.userJSON(s.users[botID])
	o["verified"], o["mfa_enabled"], o["email"], o["locale"] = true, false, nil, "en-US"
	return o
}

// getApplication is Get Current Application.
func getApplication(c *call) (any, error) {
	s := c.s
	o := object{
		"id": appID, "name": "Signpost", "icon": nil, "description": "", "type": nil, "bot": s.userJSON(s.users[botID]), "bot_public": true,
		"bot_require_code_grant": false, "verify_key": hex.EncodeToString(s.key.Public().(ed25519.PublicKey)), "flags": s.flags(), "flags_new": fmt.Sprint(s.flags()),
		"redirect_uris": []string{}, "interactions_endpoint_url": nil, "role_connections_verification_url": nil, "team": nil,
		"owner":                   object{"id": "1000000000000000009", "username": "owner", "avatar": nil, "discriminator": "0", "public_flags": 0, "flags": 0, "global_name": nil, "primary_guild": nil},
		"approximate_guild_count": s.guildCount(), "approximate_user_install_count": 0, "approximate_user_authorization_count": 0,
		"explicit_content_filter": 0, "eligible_oauth2_scopes": []string{}, "integration_types_config": object{"0": object{}},
	}
	if s.base != "" {
		o["interactions_endpoint_url"] = s.base + interactionsPath
	}
	return o, nil
}

// getSelf is Get Current User, and getUser Get User.
func getSelf(c *call) (any, error) { return c.s.selfJSON(), nil }

func getUser(c *call) (any, error) {
	u := c.s.users[c.path("user_id")]
	if u == nil {
		return nil, errUnknownUser
	}
	return c.s.userJSON(u), nil
}

// getGuilds is Get Current User Guilds.
func getGuilds(c *call) (any, error) {
	limit, err := c.limit(200, 200)
	if err != nil {
		return nil, err
	}
	all := []object{}
	for _, g := range c.s.ours() {
		if compareIDs(g.ID, c.query("after")) > 0 && len(all) < limit {
			all = append(all, object{
				"id": g.ID, "name": g.Name, "icon": nil, "banner": nil, "owner": false, "permissions": (ordinary | c.s.opts.Permissions).String(),
				"features": []string{},
			})
		}
	}
	return all, nil
}

// openDirect is Create DM.
func openDirect(c *call) (any, error) {
	var d struct {
		Recipient string `json:"recipient_id"`
	}
	if err := c.body(&d); err != nil {
		return nil, err
	}
	if u := c.s.users[d.Recipient]; u == nil || u.Bot {
		return nil, refuse(http.StatusBadRequest, codeRecipient, "Invalid Recipient(s)")
	}
	return c.s.channelJSON(c.s.direct(d.Recipient)), nil
}

// guild is the server of a call. The lock is held.
func (c *call) guild() (*guild, error) {
	g := c.s.guilds[c.path("guild_id")]
	if g == nil {
		return nil, errUnknownGuild
	}
	if _, in := g.members[botID]; !in {
		return nil, errAccess
	}
	return g, nil
}

// getGuild is Get Guild.
func getGuild(c *call) (any, error) {
	g, err := c.guild()
	if err != nil {
		return nil, err
	}
	o := c.s.guildJSON(g)
	if c.flag("with_counts") {
		o["approximate_member_count"], o["approximate_presence_count"] = len(g.members), len(g.members)
	}
	return o, nil
}

// getChannels is Get Guild Channels: without threads.
func getChannels(c *call) (any, error) {
	g, err := c.guild()
	if err != nil {
		return nil, err
	}
	all := []object{}
	for _, id := range c.s.order {
		if ch := c.s.channels[id]; ch.Guild == g.ID && !ch.thread() {
			all = append(all, c.s.channelJSON(ch)) // those that the bot cannot see too
		}
	}
	return all, nil
}

// getRoles is Get Guild Roles.
func getRoles(c *call) (any, error) {
	g, err := c.guild()
	if err != nil {
		return nil, err
	}
	return c.s.guildJSON(g)["roles"], nil
}

// getMember is Get Guild Member.
func getMember(c *call) (any, error) {
	g, err := c.guild()
	if err != nil {
		return nil, err
	}
	u := c.s.users[c.path("user_id")]
	if u == nil {
		return nil, errUnknownUser
	}
	if _, in := g.members[u.ID]; !in {
		return nil, errUnknownMember
	}
	return c.s.memberJSON(u, g), nil
}

// getMembers is List Guild Members, for bots that may hear of them.
func getMembers(c *call) (any, error) {
	if !c.s.opts.GuildMembers {
		return nil, errAccess
	}
	return c.members(func(*User) bool { return true })
}

// searchMembers is Search Guild Members: by how a name begins.
func searchMembers(c *call) (any, error) {
	query := strings.ToLower(c.query("query"))
	if query == "" {
		return nil, invalidForm(fault{[]string{"query"}, "BASE_TYPE_REQUIRED", "This field is required."})
	}
	return c.members(func(u *User) bool {
		return slices.ContainsFunc([]string{u.Name, u.GlobalName, u.Nick}, func(name string) bool { return strings.HasPrefix(strings.ToLower(name), query) })
	})
}

func (c *call) members(such func(u *User) bool) (any, error) {
	g, err := c.guild()
	if err != nil {
		return nil, err
	}
	limit, err := c.limit(1, 1000)
	if err != nil {
		return nil, err
	}
	all := []object{}
	ids := slices.SortedFunc(slices.Values(c.s.userOrder), compareIDs)
	for _, id := range ids {
		_, in := g.members[id]
		if u := c.s.users[id]; in && such(u) && compareIDs(id, c.query("after")) > 0 && len(all) < limit {
			all = append(all, c.s.memberJSON(u, g))
		}
	}
	return all, nil
}
