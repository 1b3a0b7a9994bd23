package discordtest

import (
	"cmp"
	"fmt"
	"slices"
)

// Post begins a post in a forum with its first message, both of one id, which
// it returns. Tags are ids.
func (s *Server) Post(user, forum, title, text string, tags []string, files ...Upload) (id string, err error) {
	s.mu.Lock()
	c, err := s.present(user, forum, ViewChannel|SendMessages)
	switch {
	case err != nil:
	case c.Kind != Forum:
		err = fmt.Errorf("%s is no forum", forum)
	case c.RequireTag && len(tags) == 0:
		err = fmt.Errorf("%s: a post needs a tag", forum)
	}
	if err != nil {
		s.mu.Unlock()
		return "", err
	}
	t := s.begin(c, &Channel{Kind: PublicThread, Name: title, Owner: user, Members: []string{user}, Applied: slices.Clone(tags)})
	w := s.read(user, t, text)
	m := &Message{ID: t.ID, Author: user, Content: w.text, pings: w.users, roles: w.roles, everyone: w.everyone}
	for _, f := range files {
		m.Files = append(m.Files, s.addFile(t.ID, f).id)
	}
	s.put(t, m)
	s.tellMessage("MESSAGE_CREATE", m)
	s.mu.Unlock()
	s.flush()
	return t.ID, nil
}

// StartThread begins a thread with a message, whose id it has.
func (s *Server) StartThread(user, channel, message, name string) (id string, err error) {
	s.mu.Lock()
	c, err := s.present(user, channel, ViewChannel|CreatePublicThreads)
	var m *Message
	if err == nil {
		m = c.find(message)
		switch {
		case m == nil || m.Only != "":
			err = fmt.Errorf("%s: %w", message, errNoMessage)
		case c.Kind != Text && c.Kind != Announcement:
			err = fmt.Errorf("%s has no threads", channel)
		case s.channels[m.ID] != nil:
			err = fmt.Errorf("%s has begun a thread already", message)
		}
	}
	if err == nil {
		s.beginFrom(c, m, &Channel{Name: name, Owner: user, Members: []string{user}})
	}
	s.mu.Unlock()
	s.flush()
	return message, err
}

// OpenThread begins a thread without a message, private or not, and returns its
// id. Others see a private one once they are in it: see [Server.Invite].
func (s *Server) OpenThread(user, channel, name string, private bool) (id string, err error) {
	s.mu.Lock()
	need, kind := CreatePublicThreads, PublicThread
	if private {
		need, kind = CreatePrivateThreads, PrivateThread
	}
	c, err := s.present(user, channel, ViewChannel|need)
	if err == nil && c.Kind != Text {
		err = fmt.Errorf("%s has no such threads", channel)
	}
	if err == nil {
		id = s.beginAlone(c, &Channel{Kind: kind, Name: name, Owner: user, Members: []string{user}, Invitable: true}).ID
	}
	s.mu.Unlock()
	s.flush()
	return id, err
}

// Invite lets someone, maybe the bot, into a thread.
func (s *Server) Invite(user, thread, other string) error {
	s.mu.Lock()
	c, err := s.present(user, thread, ViewChannel|SendInThreads)
	if err == nil && (!c.thread() || s.users[other] == nil) {
		err = fmt.Errorf("%s: %w", other, errNobody)
	}
	if err == nil && !c.has(other) {
		s.addMember(c, user, other)
	}
	s.mu.Unlock()
	s.flush()
	return err
}

// ArchiveThread puts a thread into the archive, locked or not. Its owner may,
// and who manages threads; only the latter may lock.
func (s *Server) ArchiveThread(user, thread string, lock bool) error {
	return s.moderate(user, thread, lock, func(c *Channel) {
		c.Locked = lock
		s.archive(c, true)
	})
}

// UnarchiveThread brings a thread back.
func (s *Server) UnarchiveThread(user, thread string) error {
	return s.moderate(user, thread, false, func(c *Channel) { s.archive(c, false) })
}

// Tag gives a post of a forum these tags and no others, by their ids. Its owner
// may, and who manages threads.
func (s *Server) Tag(user, post string, tags ...string) error {
	return s.moderate(user, post, false, func(c *Channel) {
		c.Applied = slices.Clone(tags)
		s.threadUpdate(c)
	})
}

// DeleteThread deletes a thread and all in it.
func (s *Server) DeleteThread(user, thread string) error {
	return s.moderate(user, thread, true, s.removeChannel)
}

func (s *Server) moderate(user, thread string, strict bool, do func(c *Channel)) error {
	s.mu.Lock()
	c, err := s.present(user, thread, ViewChannel)
	switch {
	case err != nil:
	case !c.thread():
		err = fmt.Errorf("%s is no thread", thread)
	case !s.may(user, c).has(ManageThreads) && (strict || c.Owner != user || c.Locked):
		err = fmt.Errorf("%s in %s: %w", user, thread, errNotThere)
	default:
		do(c)
	}
	s.mu.Unlock()
	s.flush()
	return err
}

// archive puts a thread into the archive, or takes it out, and tells of it.
// The lock is held.
func (s *Server) archive(c *Channel, in bool) {
	if c.Archived != in {
		c.Archived, c.archivedAt = in, s.opts.Now()
	}
	s.threadUpdate(c)
}

func (s *Server) threadUpdate(c *Channel) {
	s.change()
	if s.may(botID, c).has(ViewChannel) {
		s.tell(event{name: "THREAD_UPDATE", guild: c.Guild, intent: intentGuilds, data: s.channelJSON(c)})
	}
}

// begin begins a thread of a channel, and tells of it. The lock is held.
func (s *Server) begin(c *Channel, t *Channel) *Channel {
	t.ID = cmp.Or(t.ID, s.id())
	t.Guild, t.Parent, t.made = c.Guild, c.ID, s.opts.Now()
	t.AutoArchive = cmp.Or(t.AutoArchive, dayMinutes)
	s.keep(t)
	c.newest = cmp.Or(map[bool]string{true: t.ID}[c.Kind == Forum], c.newest) // a forum's last message is its last post
	if s.may(botID, t).has(ViewChannel) {
		data := s.channelJSON(t)
		data["newly_created"] = true
		s.tell(event{name: "THREAD_CREATE", guild: t.Guild, intent: intentGuilds, data: data})
	}
	return t
}

// beginFrom begins a thread with a message. Discord marks the message, which
// it tells as a change of it, and lets the thread begin with a message of its
// own. The lock is held.
func (s *Server) beginFrom(c *Channel, m *Message, t *Channel) *Channel {
	t.ID, t.Kind = m.ID, PublicThread
	if c.Kind == Announcement {
		t.Kind = AnnouncementThread
	}
	s.begin(c, t)
	m.thread = true
	m.Flags |= flagHasThread
	s.tellMessage("MESSAGE_UPDATE", m)
	first := &Message{Author: t.Owner, Type: typeStarter, started: m.ID}
	s.put(t, first)
	s.tellMessage("MESSAGE_CREATE", first)
	return t
}

// beginAlone begins a thread without a message; where it is public, Discord
// says so in the channel. The lock is held.
func (s *Server) beginAlone(c *Channel, t *Channel) *Channel {
	s.begin(c, t)
	if t.Kind == PublicThread {
		m := &Message{Author: t.Owner, Type: typeThread, Content: t.Name}
		s.put(c, m)
		s.tellMessage("MESSAGE_CREATE", m)
	}
	return t
}

// addMember lets someone into a thread, which Discord says there. The lock is
// held.
func (s *Server) addMember(c *Channel, by, other string) {
	sees := s.may(botID, c).has(ViewChannel)
	c.Members = append(c.Members, other)
	if other == botID {
		if !sees {
			s.tell(event{name: "THREAD_CREATE", guild: c.Guild, intent: intentGuilds, data: s.channelJSON(c)})
		}
		member := s.threadMember(c, botID)
		member["member"], member["presence"] = s.memberJSON(s.users[botID], s.guilds[c.Guild]), nil
		s.tell(event{name: "THREAD_MEMBERS_UPDATE", guild: c.Guild, intent: intentGuilds, data: object{
			"id": c.ID, "guild_id": c.Guild, "member_count": min(50, len(c.Members)), "added_members": []object{member}, "removed_member_ids": []string{},
		}})
	}
	if by != other {
		m := &Message{Author: by, Type: typeAdded, pings: []string{other}}
		s.put(c, m)
		s.tellMessage("MESSAGE_CREATE", m)
	}
}
