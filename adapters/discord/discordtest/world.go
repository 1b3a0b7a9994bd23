package discordtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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
	Type       int // 0 said, 19 a reply, 20 answers a command, 23 a menu; others are Discord's own
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
