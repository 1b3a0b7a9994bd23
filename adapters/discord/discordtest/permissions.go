package discordtest

import "strconv"

// A Permission is something that may be done, or several such things.
// Source: https://docs.discord.com/developers/topics/permissions#permissions-bitwise-permission-flags
type Permission int64

const (
	Administrator        Permission = 1 << 3
	ManageChannels       Permission = 1 << 4
	AddReactions         Permission = 1 << 6
	ViewChannel          Permission = 1 << 10
	SendMessages         Permission = 1 << 11
	ManageMessages       Permission = 1 << 13
	EmbedLinks           Permission = 1 << 14
	AttachFiles          Permission = 1 << 15
	ReadMessageHistory   Permission = 1 << 16
	MentionEveryone      Permission = 1 << 17
	UseCommands          Permission = 1 << 31
	ManageThreads        Permission = 1 << 34
	CreatePublicThreads  Permission = 1 << 35
	CreatePrivateThreads Permission = 1 << 36
	SendInThreads        Permission = 1 << 38
)

const (
	// asked is what the bot's invitation asks for.
	asked = ViewChannel | SendMessages | EmbedLinks | AttachFiles | ReadMessageHistory | AddReactions | ManageThreads |
		CreatePublicThreads | CreatePrivateThreads | SendInThreads
	// ordinary is what everyone may do in a server of people.
	ordinary = ViewChannel | SendMessages | EmbedLinks | AttachFiles | ReadMessageHistory | AddReactions | UseCommands |
		CreatePublicThreads | CreatePrivateThreads | SendInThreads
	everything = Permission(1<<53 - 1)
)

func (p Permission) has(all Permission) bool { return p&all == all }

// String is the permission as it travels.
func (p Permission) String() string { return strconv.FormatInt(int64(p), 10) }

// An Overwrite changes in one channel what a role or a person may do. The id of
// the server is everyone's role.
type Overwrite struct {
	ID    string
	Allow Permission
	Deny  Permission
}

// may is what someone may do in a channel; in a thread, what they may do in its
// channel, and nothing where they cannot see it. The lock is held.
// Source: https://docs.discord.com/developers/topics/permissions#permission-overwrites
func (s *Server) may(user string, c *Channel) Permission {
	if c.Kind == DM {
		for _, id := range c.Members {
			if id == user {
				return ordinary
			}
		}
		return 0
	}
	top := c
	if c.thread() {
		if top = s.channels[c.Parent]; top == nil {
			return 0
		}
	}
	g := s.guilds[c.Guild]
	if _, in := g.members[user]; !in {
		return 0
	}
	p := s.roles[g.ID].Permissions
	var allow, deny Permission
	for _, id := range s.rolesOf(user, g.ID) {
		p |= s.roles[id].Permissions
	}
	if p.has(Administrator) {
		return everything
	}
	for _, o := range top.Overwrites {
		if o.ID == g.ID {
			p = p&^o.Deny | o.Allow
		}
	}
	for _, o := range top.Overwrites {
		for _, id := range s.rolesOf(user, g.ID) {
			if o.ID == id {
				allow, deny = allow|o.Allow, deny|o.Deny
			}
		}
	}
	p = p&^deny | allow
	for _, o := range top.Overwrites {
		if o.ID == user {
			p = p&^o.Deny | o.Allow
		}
	}
	if !p.has(ViewChannel) || c.Kind == PrivateThread && !p.has(ManageThreads) && !c.has(user) {
		return 0
	}
	return p
}
