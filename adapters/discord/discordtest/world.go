package discordtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A User is someone who has an account, or a program that has.
type User struct {
	ID         string   // empty: a new one
	Name       string   // handle, without @
	GlobalName string   // as shown everywhere; empty: the handle
	Nick       string   // as shown in servers
	Locale     string   // en-US; empty: that
	Roles      []string // ids
	Bot        bool
	DMsClosed  bool // no direct messages from the bot
	Outside    bool // in no server of the bot's
}

// A Guild is a server of people.
type Guild struct {
	ID     string // empty: a new one
	Name   string
	Locale string // preferred; empty: en-US
}

type guild struct {
	Guild
	members map[string]time.Time // who is in, since when
	role    string               // the bot's
}

// A Role is what some people of a server are.
type Role struct {
	ID          string // empty: a new one
	Guild       string // empty: the first
	Name        string
	Position    int
	Permissions Permission
	Mentionable bool

	bot bool // the bot's own
}

// A Kind is what a channel is.
// Source: https://docs.discord.com/developers/resources/channel#channel-object-channel-types
type Kind int

const (
	Text               Kind = 0
	DM                 Kind = 1
	Voice              Kind = 2
	Category           Kind = 4
	Announcement       Kind = 5
	AnnouncementThread Kind = 10
	PublicThread       Kind = 11
	PrivateThread      Kind = 12
	Forum              Kind = 15
)

// A Channel is where people talk: a thread too.
type Channel struct {
	ID         string // empty: a new one
	Guild      string // empty: the first, but for a DM
	Name       string // without #
	Kind       Kind
	Topic      string
	Parent     string // the channel of a thread, the category of a channel
	Tags       []Tag  // of a forum
	RequireTag bool   // a post must have one
	Overwrites []Overwrite

	Members     []string // of a thread or a DM
	Owner       string   // who began the thread
	Archived    bool
	Locked      bool
	Invitable   bool
	AutoArchive int      // minutes
	Applied     []string // tags of a post

	messages   []*Message
	made       time.Time
	archivedAt time.Time // changed whenever Archived is
	said       int       // messages ever
	newest     string    // id of the last message, deleted or not
}

// A Tag is what a post can be about.
type Tag struct {
	ID        string // empty: a new one
	Name      string
	Moderated bool // only those who manage threads apply it
}

func (c *Channel) thread() bool {
	return c.Kind == AnnouncementThread || c.Kind == PublicThread || c.Kind == PrivateThread
}

func (c *Channel) has(user string) bool { return slices.Contains(c.Members, user) }

// A Message is one that stands.
type Message struct {
	ID         string
	Channel    string
	Author     string
	Type       int // 0 said, 19 a reply, 20 answers a command; others are Discord's own
	Content    string
	Components json.RawMessage
	Embeds     json.RawMessage
	Flags      int
	Files      []string // ids
	ReplyTo    string   // id of the message it replies to
	Only       string   // the one person who sees it: it is ephemeral
	Thinking   bool     // the bot said that it will answer
	Edited     time.Time
	// Reactions are who put each emoji on it.
	Reactions map[string][]string

	at          time.Time
	pings       []string // whom it mentions
	roles       []string // which roles
	everyone    bool
	nonce       string
	interaction *interaction // that it answers
	started     string       // of a thread's first message: where it stands itself
	thread      bool         // one began with it
	reloaded    bool         // the person it was for no longer sees it
}

// Types of messages, and flags.
// Source: https://docs.discord.com/developers/resources/message#message-object-message-types
const (
	typeAdded   = 1  // someone was added to a thread
	typeThread  = 18 // a thread was begun
	typeReply   = 19
	typeCommand = 20
	typeStarter = 21 // what a thread began with
	typeMenu    = 23

	flagNoEmbeds  = 1 << 2
	flagHasThread = 1 << 5
	flagEphemeral = 1 << 6
	flagLoading   = 1 << 7
	flagSilent    = 1 << 12
	flagV2        = 1 << 15
)

// copy is m for someone to keep.
func (m *Message) copy() Message {
	c := *m
	c.Files = slices.Clone(m.Files)
	c.Reactions = maps.Clone(m.Reactions)
	for name, who := range c.Reactions {
		c.Reactions[name] = slices.Clone(who)
	}
	return c
}

// AddUser makes someone, in the first server unless they are outside, and
// returns their id.
func (s *Server) AddUser(u User) string {
	s.mu.Lock()
	u.ID = cmp.Or(u.ID, s.id())
	u.Name = cmp.Or(u.Name, "user"+u.ID)
	u.Roles = slices.Clone(u.Roles)
	if s.users[u.ID] == nil {
		s.userOrder = append(s.userOrder, u.ID)
	}
	s.users[u.ID] = &u
	if !u.Outside {
		s.join(u.ID, s.guilds[guildID])
	}
	s.mu.Unlock()
	s.flush()
	return u.ID
}

// join lets someone into a server. The lock is held.
func (s *Server) join(user string, g *guild) {
	if _, in := g.members[user]; in {
		return
	}
	g.members[user] = s.opts.Now()
	data := s.memberJSON(s.users[user], g)
	data["guild_id"] = g.ID
	s.tell(event{name: "GUILD_MEMBER_ADD", guild: g.ID, intent: intentMembers, data: data})
}

// ChangeUser changes a person's profile or roles, of which the bot hears if it
// may.
func (s *Server) ChangeUser(u User) error {
	s.mu.Lock()
	old := s.users[u.ID]
	if old == nil {
		s.mu.Unlock()
		return fmt.Errorf("%s: %w", u.ID, errNobody)
	}
	u.Name, u.Bot = cmp.Or(u.Name, old.Name), old.Bot
	u.Roles = slices.Clone(u.Roles)
	s.users[u.ID] = &u
	for _, id := range s.guildOrder {
		g := s.guilds[id]
		if _, in := g.members[u.ID]; !in {
			continue
		}
		if u.Outside {
			delete(g.members, u.ID)
			s.tell(event{name: "GUILD_MEMBER_REMOVE", guild: id, intent: intentMembers, data: object{"guild_id": id, "user": s.userJSON(&u)}})
			continue
		}
		data := s.memberJSON(&u, g)
		data["guild_id"] = id
		intent := intentMembers
		if u.ID == botID {
			intent = 0
		}
		s.tell(event{name: "GUILD_MEMBER_UPDATE", guild: id, intent: intent, data: data})
	}
	if !u.Outside {
		s.join(u.ID, s.guilds[guildID])
	}
	s.mu.Unlock()
	s.flush()
	return nil
}

// AddGuild makes another server, with the bot and some people in it, and
// returns its id.
func (s *Server) AddGuild(g Guild, members ...string) string {
	s.mu.Lock()
	made := s.addGuild(g)
	for _, id := range members {
		if s.users[id] != nil {
			made.members[id] = s.opts.Now()
		}
	}
	s.tellGuild(made)
	s.mu.Unlock()
	s.flush()
	return made.ID
}

// addGuild is AddGuild. The lock is held, or nobody else is there.
func (s *Server) addGuild(g Guild) *guild {
	g.ID = cmp.Or(g.ID, s.id())
	g.Name = cmp.Or(g.Name, "A server")
	g.Locale = cmp.Or(g.Locale, "en-US")
	made := &guild{Guild: g, members: map[string]time.Time{botID: s.opts.Now()}, role: botRole}
	if g.ID != guildID {
		made.role = s.id()
	}
	s.guilds[g.ID] = made
	s.guildOrder = append(s.guildOrder, g.ID)
	for _, r := range []*Role{
		{ID: g.ID, Guild: g.ID, Name: "@everyone", Permissions: ordinary},
		{ID: made.role, Guild: g.ID, Name: "Signpost", Position: 1, Permissions: s.opts.Permissions, bot: true},
	} {
		s.roles[r.ID] = r
		s.roleOrder = append(s.roleOrder, r.ID)
	}
	return made
}

// RemoveGuild takes the bot out of a server, of which it then hears.
func (s *Server) RemoveGuild(id string) {
	s.mu.Lock()
	if g := s.guilds[id]; g != nil {
		delete(g.members, botID)
		s.tell(event{name: "GUILD_DELETE", guild: id, intent: intentGuilds, data: object{"id": id}})
	}
	s.mu.Unlock()
	s.flush()
}

// SetGuilds says in how many servers the bot is, of most of which nothing else
// is known.
func (s *Server) SetGuilds(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.others = max(0, n-len(s.guildOrder))
}

// guildCount is in how many servers the bot is. The lock is held.
func (s *Server) guildCount() int { return len(s.ours()) + s.others }

// ours are the servers that the bot is in. The lock is held.
func (s *Server) ours() []*guild {
	var all []*guild
	for _, id := range s.guildOrder {
		if _, in := s.guilds[id].members[botID]; in {
			all = append(all, s.guilds[id])
		}
	}
	return all
}

// AddRole makes a role, and returns its id.
func (s *Server) AddRole(r Role) string {
	s.mu.Lock()
	r.ID = cmp.Or(r.ID, s.id())
	r.Guild = cmp.Or(r.Guild, guildID)
	kind := "GUILD_ROLE_UPDATE"
	if old := s.roles[r.ID]; old == nil {
		s.roleOrder = append(s.roleOrder, r.ID)
		kind = "GUILD_ROLE_CREATE"
	} else {
		r.bot = old.bot
	}
	s.roles[r.ID] = &r
	s.tell(event{name: kind, guild: r.Guild, intent: intentGuilds, data: object{"guild_id": r.Guild, "role": s.roleJSON(&r)}})
	s.mu.Unlock()
	s.flush()
	return r.ID
}

// BotRole is the bot's own role in the first server: to be used in overwrites.
func (s *Server) BotRole() string { return botRole }

// AddChannel opens a channel, and returns its id. A thread is begun with
// [Server.Post] and its like.
func (s *Server) AddChannel(c Channel) string {
	s.mu.Lock()
	if c.Kind != DM {
		c.Guild = cmp.Or(c.Guild, guildID)
	}
	c.ID = cmp.Or(c.ID, s.id())
	c.Tags = slices.Clone(c.Tags)
	for i := range c.Tags {
		c.Tags[i].ID = cmp.Or(c.Tags[i].ID, s.id())
	}
	c.Members, c.Overwrites = slices.Clone(c.Members), slices.Clone(c.Overwrites)
	c.messages, c.made = nil, s.opts.Now()
	s.keep(&c)
	s.tellChannel("CHANNEL_CREATE", &c)
	s.mu.Unlock()
	s.flush()
	return c.ID
}

// keep adds a channel to those there are. The lock is held.
func (s *Server) keep(c *Channel) {
	if s.channels[c.ID] == nil {
		s.order = append(s.order, c.ID)
	}
	s.channels[c.ID] = c
	s.change()
}

// Overwrite changes what a role or a person may do in a channel; the one who
// had an overwrite gets another. Where the bot gains access, Discord tells it
// of the threads there.
func (s *Server) Overwrite(channel string, o Overwrite) error {
	s.mu.Lock()
	c := s.channels[channel]
	if c == nil {
		s.mu.Unlock()
		return fmt.Errorf("%s: %w", channel, errNoChannel)
	}
	saw := s.may(botID, c).has(ViewChannel)
	c.Overwrites = append(slices.DeleteFunc(c.Overwrites, func(old Overwrite) bool { return old.ID == o.ID }), o)
	s.tellChannel("CHANNEL_UPDATE", c)
	if !saw && s.may(botID, c).has(ViewChannel) {
		threads, members := []object{}, []object{}
		for _, id := range s.order {
			if t := s.channels[id]; t.Parent == channel && t.thread() && !t.Archived && s.may(botID, t).has(ViewChannel) {
				threads = append(threads, s.channelJSON(t))
				if t.has(botID) {
					members = append(members, s.threadMember(t, botID))
				}
			}
		}
		s.tell(event{name: "THREAD_LIST_SYNC", guild: c.Guild, intent: intentGuilds, data: object{
			"guild_id": c.Guild, "channel_ids": []string{channel}, "threads": threads, "members": members,
		}})
	}
	s.mu.Unlock()
	s.flush()
	return nil
}

// DeleteChannel deletes a channel and its threads.
func (s *Server) DeleteChannel(channel string) {
	s.mu.Lock()
	if c := s.channels[channel]; c != nil {
		s.removeChannel(c)
	}
	s.mu.Unlock()
	s.flush()
}

// removeChannel is DeleteChannel, for a thread too. The lock is held.
func (s *Server) removeChannel(c *Channel) {
	for _, id := range slices.Clone(s.order) {
		if t := s.channels[id]; t.thread() && t.Parent == c.ID {
			s.removeChannel(t)
		}
	}
	if c.thread() {
		if s.may(botID, c).has(ViewChannel) {
			s.tell(event{name: "THREAD_DELETE", guild: c.Guild, intent: intentGuilds, data: object{
				"id": c.ID, "guild_id": c.Guild, "parent_id": c.Parent, "type": c.Kind,
			}})
		}
	} else {
		s.tellChannel("CHANNEL_DELETE", c)
	}
	delete(s.channels, c.ID)
	s.order = slices.DeleteFunc(s.order, func(id string) bool { return id == c.ID })
	s.change()
}

// tellChannel tells of a channel, even one that the bot cannot see into. The
// lock is held.
func (s *Server) tellChannel(kind string, c *Channel) {
	if c.Kind != DM {
		s.tell(event{name: kind, guild: c.Guild, intent: intentGuilds, data: s.channelJSON(c)})
	}
}

// Direct is the channel of a person's direct messages with the bot, opened if
// it was not.
func (s *Server) Direct(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.direct(user).ID
}

// direct is Direct. The lock is held.
func (s *Server) direct(user string) *Channel {
	for _, id := range s.order {
		if c := s.channels[id]; c.Kind == DM && c.has(user) {
			return c
		}
	}
	c := &Channel{ID: s.id(), Kind: DM, Members: []string{user, botID}, made: s.opts.Now()}
	s.keep(c)
	return c
}

// shared reports whether a person is in a server of the bot's. The lock is held.
func (s *Server) shared(user string) bool {
	return slices.ContainsFunc(s.ours(), func(g *guild) bool { _, in := g.members[user]; return in })
}

// Channels are all there are, threads too, in the order they were made.
func (s *Server) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Channel
	for _, id := range s.order {
		list = append(list, s.channels[id].copy())
	}
	return list
}

// Channel is one of them. False: there is none.
func (s *Server) Channel(id string) (Channel, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.channels[id]; c != nil {
		return c.copy(), true
	}
	return Channel{}, false
}

func (c *Channel) copy() Channel {
	kept := *c
	kept.Members, kept.Tags = slices.Clone(c.Members), slices.Clone(c.Tags)
	kept.Overwrites, kept.Applied = slices.Clone(c.Overwrites), slices.Clone(c.Applied)
	kept.messages = nil
	return kept
}

// Messages are all that stand in a channel, ephemeral ones too, the oldest
// first.
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Message
	if c := s.channels[channel]; c != nil {
		for _, m := range c.messages {
			if !m.reloaded {
				all = append(all, m.copy())
			}
		}
	}
	return all
}

// Sees are the messages that a person can read, the oldest first.
func (s *Server) Sees(user string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Message
	for _, id := range s.order {
		for _, m := range s.channels[id].messages {
			if s.sees(user, m) {
				all = append(all, m.copy())
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Message) int { return compareIDs(a.ID, b.ID) })
	return all
}

// sees reports whether a person can read a message. The lock is held.
func (s *Server) sees(user string, m *Message) bool {
	if m.Only != "" {
		return m.Only == user && !m.reloaded
	}
	return s.may(user, s.channels[m.Channel]).has(ViewChannel | ReadMessageHistory)
}

// Reload is what a person does to lose the ephemeral messages they see, and the
// form they have open.
func (s *Server) Reload(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.channels {
		for _, m := range c.messages {
			m.reloaded = m.reloaded || m.Only == user
		}
	}
	delete(s.modals, user)
	s.change()
}

// find is a message of a channel, nil if there is none. The lock is held.
func (c *Channel) find(id string) *Message {
	i, found := slices.BinarySearchFunc(c.messages, id, func(m *Message, id string) int { return compareIDs(m.ID, id) })
	if !found {
		return nil
	}
	return c.messages[i]
}

// put lets a message stand, which gets an id unless it has one. The lock is
// held.
func (s *Server) put(c *Channel, m *Message) {
	m.ID = cmp.Or(m.ID, s.id())
	m.Channel, m.at = c.ID, s.opts.Now()
	i, _ := slices.BinarySearchFunc(c.messages, m.ID, func(m *Message, id string) int { return compareIDs(m.ID, id) })
	c.messages = slices.Insert(c.messages, i, m)
	if m.Only == "" {
		c.newest = m.ID
		c.said++
	}
	s.change()
}

// remove takes a message away. The lock is held.
func (s *Server) remove(c *Channel, m *Message) {
	c.messages = slices.DeleteFunc(c.messages, func(o *Message) bool { return o == m })
	s.change()
}

// rolesOf are the roles of someone in a server, without everyone's. The lock is
// held.
func (s *Server) rolesOf(user, guild string) []string {
	all := []string{}
	if user == botID && s.guilds[guild] != nil {
		all = append(all, s.guilds[guild].role)
	}
	if u := s.users[user]; u != nil {
		for _, id := range u.Roles {
			if r := s.roles[id]; r != nil && r.Guild == guild && id != guild {
				all = append(all, id)
			}
		}
	}
	return all
}

// userJSON is a person as Discord tells of them.
func (s *Server) userJSON(u *User) object {
	o := object{
		"id": u.ID, "username": u.Name, "global_name": nil, "discriminator": "0", "avatar": nil, "public_flags": 0, "flags": 0,
		"banner": nil, "accent_color": nil, "avatar_decoration_data": nil, "collectibles": nil, "primary_guild": nil,
	}
	if u.GlobalName != "" {
		o["global_name"] = u.GlobalName
	}
	if u.Bot {
		o["bot"] = true
	}
	return o
}

// memberJSON is a member of a server as Discord tells of them. The lock is
// held.
func (s *Server) memberJSON(u *User, g *guild) object {
	o := object{
		"user": s.userJSON(u), "nick": nil, "avatar": nil, "banner": nil, "roles": s.rolesOf(u.ID, g.ID), "joined_at": stamp(g.members[u.ID]),
		"premium_since": nil, "deaf": false, "mute": false, "flags": 0, "pending": false, "communication_disabled_until": nil,
	}
	if u.Nick != "" {
		o["nick"] = u.Nick
	}
	return o
}

// partMember is a member without the user. The lock is held.
func (s *Server) partMember(u *User, g *guild) object {
	o := s.memberJSON(u, g)
	delete(o, "user")
	return o
}

func (s *Server) roleJSON(r *Role) object {
	o := object{
		"id": r.ID, "name": r.Name, "color": 0, "colors": object{"primary_color": 0, "secondary_color": nil, "tertiary_color": nil},
		"hoist": false, "icon": nil, "unicode_emoji": nil, "position": r.Position, "permissions": r.Permissions.String(), "managed": r.bot,
		"mentionable": r.Mentionable, "flags": 0,
	}
	if r.bot {
		o["tags"] = object{"bot_id": botID}
	}
	return o
}

// nilEmpty is nil for nothing: null, as Discord writes it.
func nilEmpty(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// channelJSON is a channel, or a thread, as Discord tells of it. The lock is
// held.
func (s *Server) channelJSON(c *Channel) object {
	o := object{"id": c.ID, "type": c.Kind, "last_message_id": nilEmpty(c.newest), "flags": 0}
	if c.Kind == DM {
		others := []object{}
		for _, id := range c.Members {
			if id != botID {
				others = append(others, s.userJSON(s.users[id]))
			}
		}
		o["recipients"], o["name"] = others, nil
		delete(o, "name") // Discord leaves it out
		return o
	}
	maps.Copy(o, object{"guild_id": c.Guild, "name": c.Name, "parent_id": nilEmpty(c.Parent), "rate_limit_per_user": 0})
	if c.thread() {
		archived := c.archivedAt
		if archived.IsZero() {
			archived = c.made
		}
		data := object{
			"archived": c.Archived, "auto_archive_duration": cmp.Or(c.AutoArchive, dayMinutes), "archive_timestamp": stamp(archived), "locked": c.Locked,
			"create_timestamp": stamp(c.made),
		}
		if c.Kind == PrivateThread {
			data["invitable"] = c.Invitable
		}
		said := max(0, c.said-1) // what it began with does not count
		maps.Copy(o, object{
			"owner_id": c.Owner, "thread_metadata": data, "message_count": said, "member_count": min(50, len(c.Members)), "total_message_sent": said,
		})
		if p := s.channels[c.Parent]; p != nil && p.Kind == Forum {
			o["applied_tags"] = append([]string{}, c.Applied...)
		}
		if c.has(botID) {
			o["member"] = s.threadMember(c, botID)
		}
		return o
	}
	overwrites := []object{}
	for _, w := range c.Overwrites {
		kind := 0
		if s.users[w.ID] != nil {
			kind = 1
		}
		overwrites = append(overwrites, object{"id": w.ID, "type": kind, "allow": w.Allow.String(), "deny": w.Deny.String()})
	}
	maps.Copy(o, object{"position": slices.Index(s.order, c.ID), "permission_overwrites": overwrites, "topic": nilEmpty(c.Topic), "nsfw": false})
	switch c.Kind {
	case Text, Announcement:
		o["last_pin_timestamp"] = nil
	case Forum:
		tags := []object{}
		for _, t := range c.Tags {
			tags = append(tags, object{"id": t.ID, "name": t.Name, "moderated": t.Moderated, "emoji_id": nil, "emoji_name": nil})
		}
		maps.Copy(o, object{"available_tags": tags, "default_reaction_emoji": nil, "default_sort_order": nil, "default_forum_layout": 0})
		if c.RequireTag {
			o["flags"] = flagRequireTag
		}
	case Category:
		for _, name := range []string{"last_message_id", "topic", "rate_limit_per_user"} {
			delete(o, name)
		}
	case Voice:
		delete(o, "topic")
		maps.Copy(o, object{"bitrate": 64000, "user_limit": 0, "rtc_region": nil})
	}
	return o
}

// flagRequireTag is a channel's flag.
// Source: https://docs.discord.com/developers/resources/channel#channel-object-channel-flags
const flagRequireTag = 1 << 4

// dayMinutes is what Discord takes where nobody says after how long a thread
// goes to the archive.
const dayMinutes = 1440

func (s *Server) threadMember(c *Channel, user string) object {
	return object{"id": c.ID, "user_id": user, "join_timestamp": stamp(c.made), "flags": 1}
}

// guildJSON is a server as the REST API tells of it. The lock is held.
func (s *Server) guildJSON(g *guild) object {
	roles := []object{}
	for _, id := range s.roleOrder {
		if r := s.roles[id]; r.Guild == g.ID {
			roles = append(roles, s.roleJSON(r))
		}
	}
	o := object{
		"id": g.ID, "name": g.Name, "owner_id": g.ID, "preferred_locale": g.Locale, "roles": roles, "features": []string{}, "emojis": []object{}, "stickers": []object{},
		"afk_timeout": 300, "default_message_notifications": 0, "explicit_content_filter": 0, "mfa_level": 0, "nsfw_level": 0, "nsfw": false, "premium_tier": 0,
		"premium_subscription_count": 0, "premium_progress_bar_enabled": false, "system_channel_flags": 0, "verification_level": 0,
		"max_members": 500000, "max_presences": nil, "max_video_channel_users": 25, "max_stage_video_channel_users": 50, "region": "deprecated",
		"widget_enabled": false,
	}
	for _, name := range []string{
		"afk_channel_id", "application_id", "banner", "description", "discovery_splash", "hub_type", "icon", "home_header", "incidents_data", "public_updates_channel_id",
		"rules_channel_id", "safety_alerts_channel_id", "splash", "system_channel_id", "vanity_url_code", "widget_channel_id", "latest_onboarding_question_id",
	} {
		o[name] = nil
	}
	return o
}

// guildEvent is a server as the gateway tells of it at first, for someone with
// some intents. The lock is held.
func (s *Server) guildEvent(g *guild, intents int) object {
	o := s.guildJSON(g)
	channels, threads, members := []object{}, []object{}, []object{}
	for _, id := range s.order {
		c := s.channels[id]
		switch {
		case c.Guild != g.ID:
		case !c.thread():
			channels = append(channels, s.channelJSON(c)) // those that the bot cannot see into too
		case !s.may(botID, c).has(ViewChannel):
		case !c.Archived && (c.Kind != PrivateThread || c.has(botID)):
			threads = append(threads, s.channelJSON(c))
		}
	}
	for _, id := range s.userOrder {
		if _, in := g.members[id]; in && (id == botID || intents&intentMembers != 0) {
			members = append(members, s.memberJSON(s.users[id], g))
		}
	}
	maps.Copy(o, object{
		"channels": channels, "threads": threads, "members": members, "member_count": len(g.members), "joined_at": stamp(g.members[botID]), "large": false,
		"presences": []object{}, "voice_states": []object{}, "stage_instances": []object{}, "guild_scheduled_events": []object{}, "soundboard_sounds": []object{},
		"unavailable": false,
	})
	delete(o, "nsfw")
	return o
}

// messageJSON is a message as Discord tells of it: all of it, unless words are
// withheld. The lock is held.
func (s *Server) messageJSON(m *Message, withheld bool) object {
	c := s.channels[m.Channel]
	mentions := []object{}
	for _, id := range m.pings {
		mentions = append(mentions, s.userJSON(s.users[id]))
	}
	o := object{
		"id": m.ID, "channel_id": m.Channel, "type": m.Type, "author": s.userJSON(s.users[m.Author]), "content": m.Content, "timestamp": stamp(m.at),
		"edited_timestamp": nil, "tts": false, "mention_everyone": m.everyone, "mentions": mentions, "mention_roles": append([]string{}, m.roles...),
		"attachments": s.filesJSON(m), "embeds": rawOr(m.Embeds, "[]"), "components": rawOr(m.Components, "[]"), "pinned": false, "flags": m.Flags,
	}
	if !m.Edited.IsZero() {
		o["edited_timestamp"] = stamp(m.Edited)
	}
	if withheld {
		o["content"], o["attachments"], o["embeds"], o["components"] = "", []object{}, []object{}, []object{}
	}
	if m.nonce != "" {
		o["nonce"] = m.nonce
	}
	if m.ReplyTo != "" {
		reference := object{"type": 0, "channel_id": m.Channel, "message_id": m.ReplyTo}
		if c.Guild != "" {
			reference["guild_id"] = c.Guild
		}
		o["message_reference"], o["referenced_message"] = reference, nil
		if to := c.find(m.ReplyTo); to != nil {
			quoted := s.messageJSON(to, s.withheld(to))
			delete(quoted, "referenced_message") // it goes one deep
			o["referenced_message"] = quoted
		}
	}
	if m.started != "" {
		o["message_reference"] = object{"type": 0, "channel_id": c.Parent, "message_id": m.started, "guild_id": c.Guild}
		o["referenced_message"] = nil
		if p := s.channels[c.Parent]; p != nil {
			if first := p.find(m.started); first != nil {
				o["referenced_message"] = s.messageJSON(first, s.withheld(first))
			}
		}
	}
	if t := s.channels[m.ID]; m.thread && t != nil && t.thread() {
		o["thread"] = s.channelJSON(t)
	}
	if i := m.interaction; i != nil {
		o["interaction_metadata"], o["application_id"], o["webhook_id"] = s.metadataJSON(i), appID, appID
	}
	if c.thread() {
		o["position"] = max(0, slices.Index(c.messages, m))
	}
	if len(m.Reactions) > 0 {
		list := []object{}
		for _, name := range slices.Sorted(maps.Keys(m.Reactions)) {
			n := len(m.Reactions[name])
			list = append(list, object{
				"emoji": emojiJSON(name), "count": n, "count_details": object{"burst": 0, "normal": n}, "burst_colors": []string{}, "me_burst": false,
				"me": slices.Contains(m.Reactions[name], botID), "burst_me": false, "burst_count": 0,
			})
		}
		o["reactions"] = list
	}
	return o
}

func rawOr(raw json.RawMessage, otherwise string) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage(otherwise)
	}
	return raw
}

// withheld reports whether the words of a message are kept from a bot without
// the Message Content intent. The lock is held.
// Source: https://docs.discord.com/developers/events/gateway#message-content-intent
func (s *Server) withheld(m *Message) bool {
	return !s.opts.MessageContent && s.foreign(m)
}

// foreign reports whether a message is none of those that every bot can read.
// The lock is held.
func (s *Server) foreign(m *Message) bool {
	c := s.channels[m.Channel]
	return m.Author != botID && c.Kind != DM && !slices.Contains(m.pings, botID)
}

// emojiJSON is an emoji by its character, or by name and id.
func emojiJSON(name string) object {
	if word, id, custom := strings.Cut(name, ":"); custom {
		return object{"id": id, "name": word}
	}
	return object{"id": nil, "name": name}
}
