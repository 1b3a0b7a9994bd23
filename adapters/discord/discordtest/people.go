package discordtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"path"
	"slices"
)

// An Upload is a file that someone puts on a message.
type Upload struct {
	Name string
	Type string // MIME; empty: by the name
	Data []byte

	at string // its number among the files of a request
}

var (
	errNoChannel = errors.New("there is no such channel")
	errNobody    = errors.New("there is no such person")
	errNotThere  = errors.New("they may not do that there")
	errNoMessage = errors.New("there is no such message")
	errNotTheirs = errors.New("they may not do that to someone else's message")
	errLocked    = errors.New("the thread is locked")
)

// present is the channel in which someone may do something. The lock is held.
func (s *Server) present(user, channel string, need Permission) (*Channel, error) {
	c := s.channels[channel]
	switch {
	case s.users[user] == nil:
		return nil, fmt.Errorf("%s: %w", user, errNobody)
	case c == nil:
		return nil, fmt.Errorf("%s: %w", channel, errNoChannel)
	case !s.may(user, c).has(need):
		return nil, fmt.Errorf("%s in %s: %w", user, channel, errNotThere)
	}
	return c, nil
}

// speaking is what it takes to speak in a channel.
func speaking(c *Channel) Permission {
	if c != nil && c.thread() {
		return ViewChannel | SendInThreads
	}
	return ViewChannel | SendMessages
}

// Say posts what a person typed, and returns the message's id. Mentions are
// typed out (@kim, #help), or given as Discord writes them (<@1>).
func (s *Server) Say(user, channel, text string, files ...Upload) (id string, err error) {
	return s.say(user, channel, text, "", false, files)
}

// Reply is Say in answer to a message, whose author is pinged if the person
// leaves that on.
func (s *Server) Reply(user, channel, to, text string, ping bool, files ...Upload) (id string, err error) {
	return s.say(user, channel, text, to, ping, files)
}

func (s *Server) say(user, channel, text, to string, ping bool, files []Upload) (string, error) {
	s.mu.Lock()
	m, err := s.utter(user, channel, text, to, ping, files)
	s.mu.Unlock()
	if err != nil {
		return "", err
	}
	s.flush()
	return m.ID, nil
}

// utter is say. The lock is held.
func (s *Server) utter(user, channel, text, to string, ping bool, files []Upload) (*Message, error) {
	c, err := s.present(user, channel, speaking(s.channels[channel]))
	var answered *Message
	if err == nil && to != "" {
		answered = c.find(to)
	}
	switch {
	case err != nil:
		return nil, err
	case c.Kind == Forum || c.Kind == Category || c.Kind == Voice:
		return nil, fmt.Errorf("%s: nothing can be said there", channel)
	case text == "" && len(files) == 0:
		return nil, errors.New("there is nothing to say")
	case to != "" && (answered == nil || answered.Only != ""):
		return nil, fmt.Errorf("%s: %w", to, errNoMessage)
	case c.Locked && !s.may(user, c).has(ManageThreads):
		return nil, errLocked
	}
	w := s.read(user, c, text)
	m := &Message{Author: user, Content: w.text, ReplyTo: to, pings: w.users, roles: w.roles, everyone: w.everyone}
	if to != "" {
		m.Type = typeReply
		// What answers a command is not the bot's own message in this.
		if ping && answered.interaction == nil && !slices.Contains(m.pings, answered.Author) {
			m.pings = append(m.pings, answered.Author)
		}
	}
	for _, f := range files {
		m.Files = append(m.Files, s.addFile(channel, f).id)
	}
	s.enter(c, user)
	s.put(c, m)
	s.tellMessage("MESSAGE_CREATE", m)
	return m, nil
}

// enter makes someone who speaks in a thread a member of it, and takes it out
// of the archive. The lock is held.
// Source: https://docs.discord.com/developers/topics/threads#active-&-archived-threads
func (s *Server) enter(c *Channel, user string) {
	if !c.thread() {
		return
	}
	if c.Archived {
		s.archive(c, false)
	}
	if !c.has(user) {
		c.Members = append(c.Members, user)
	}
}

// addFile keeps a file of a message. The lock is held.
func (s *Server) addFile(channel string, u Upload) *file {
	kind := u.Type
	if kind == "" {
		kind, _, _ = mime.ParseMediaType(mime.TypeByExtension(path.Ext(u.Name)))
	}
	f := &file{id: s.id(), channel: channel, name: u.Name, mime: kind, data: slices.Clone(u.Data)}
	s.files[f.id] = f
	return f
}

// tellMessage tells of a message, if the bot can see it there. The lock is held.
func (s *Server) tellMessage(kind string, m *Message) {
	c := s.channels[m.Channel]
	if m.Only != "" || !s.may(botID, c).has(ViewChannel) {
		return
	}
	s.tell(event{
		name: kind, guild: c.Guild, intent: messageIntent(c), data: s.messageEvent(m, false), bare: s.messageEvent(m, s.foreign(m)),
	})
}

func messageIntent(c *Channel) int {
	if c.Kind == DM {
		return intentDMs
	}
	return intentMessages
}

func reactionIntent(c *Channel) int {
	if c.Kind == DM {
		return intentDMReactions
	}
	return intentReactions
}

// messageEvent is a message as the gateway tells of it. The lock is held.
func (s *Server) messageEvent(m *Message, withheld bool) object {
	c := s.channels[m.Channel]
	o := s.messageJSON(m, withheld)
	o["channel_type"] = c.Kind
	g := s.guilds[c.Guild]
	if g == nil {
		return o
	}
	o["guild_id"] = g.ID
	if _, in := g.members[m.Author]; in {
		o["member"] = s.partMember(s.users[m.Author], g)
	}
	mentions := []object{}
	for _, id := range m.pings {
		who := s.userJSON(s.users[id])
		if _, in := g.members[id]; in {
			who["member"] = s.partMember(s.users[id], g)
		}
		mentions = append(mentions, who)
	}
	o["mentions"] = mentions
	return o
}

// Edit changes what a person said.
func (s *Server) Edit(user, channel, id, text string) error {
	s.mu.Lock()
	c, err := s.present(user, channel, ViewChannel)
	var m *Message
	if err == nil {
		m, err = theirs(c, user, id)
	}
	if err != nil {
		s.mu.Unlock()
		return err
	}
	w := s.read(user, c, text)
	m.Content, m.roles, m.Edited = w.text, w.roles, s.opts.Now()
	if to := c.find(m.ReplyTo); to != nil && slices.Contains(m.pings, to.Author) && !slices.Contains(w.users, to.Author) {
		w.users = append(w.users, to.Author) // it was pinged as the one who is answered
	}
	m.pings = w.users
	s.tellMessage("MESSAGE_UPDATE", m)
	s.mu.Unlock()
	s.flush()
	return nil
}

// theirs is a message that a person wrote.
func theirs(c *Channel, user, id string) (*Message, error) {
	m := c.find(id)
	switch {
	case m == nil || m.Only != "":
		return nil, fmt.Errorf("%s: %w", id, errNoMessage)
	case m.Author != user:
		return nil, errNotTheirs
	}
	return m, nil
}

// Embed is Discord's own doing: it adds a preview of an address to a message,
// which it tells as a change of the message.
func (s *Server) Embed(channel, id, address string) error {
	s.mu.Lock()
	c := s.channels[channel]
	if c == nil || c.find(id) == nil {
		s.mu.Unlock()
		return fmt.Errorf("%s: %w", id, errNoMessage)
	}
	m := c.find(id)
	m.Embeds = encode([]object{{"type": "link", "url": address, "title": "A page"}})
	s.tellMessage("MESSAGE_UPDATE", m)
	s.mu.Unlock()
	s.flush()
	return nil
}

// Delete takes back what a person said.
func (s *Server) Delete(user, channel, id string) error { return s.delete(user, channel, id, false) }

// DeleteAny deletes what anyone said, the bot too. It takes the permission to
// manage messages.
func (s *Server) DeleteAny(user, channel, id string) error { return s.delete(user, channel, id, true) }

func (s *Server) delete(user, channel, id string, any bool) error {
	s.mu.Lock()
	c, err := s.present(user, channel, ViewChannel)
	var m *Message
	if err == nil {
		m, err = theirs(c, user, id)
		if any && errors.Is(err, errNotTheirs) && s.may(user, c).has(ManageMessages) {
			m, err = c.find(id), nil
		}
	}
	if err != nil {
		s.mu.Unlock()
		return err
	}
	s.deleted(c, m)
	s.mu.Unlock()
	s.flush()
	return nil
}

// deleted takes a message away, and tells of it. The lock is held.
func (s *Server) deleted(c *Channel, m *Message) {
	s.remove(c, m)
	if m.Only != "" || !s.may(botID, c).has(ViewChannel) {
		return
	}
	data := object{"id": m.ID, "channel_id": c.ID}
	if c.Guild != "" {
		data["guild_id"] = c.Guild
	}
	s.tell(event{name: "MESSAGE_DELETE", guild: c.Guild, intent: messageIntent(c), data: data})
}

// React puts an emoji on a message; Unreact takes it away.
func (s *Server) React(user, channel, id, emoji string) error {
	return s.react(user, channel, id, emoji, true)
}

func (s *Server) Unreact(user, channel, id, emoji string) error {
	return s.react(user, channel, id, emoji, false)
}

func (s *Server) react(user, channel, id, emoji string, on bool) error {
	s.mu.Lock()
	c, err := s.present(user, channel, ViewChannel|ReadMessageHistory)
	if err == nil {
		m := c.find(id)
		switch {
		case m == nil || m.Only != "":
			err = fmt.Errorf("%s: %w", id, errNoMessage)
		case on && len(m.Reactions[emoji]) == 0 && !s.may(user, c).has(AddReactions):
			err = errNotThere
		case on == slices.Contains(m.Reactions[emoji], user):
			err = errors.New("the emoji is as it should be")
		default:
			s.reacted(c, m, user, emoji, on)
		}
	}
	s.mu.Unlock()
	s.flush()
	return err
}

// reacted puts an emoji on a message, or takes it away. The lock is held.
func (s *Server) reacted(c *Channel, m *Message, user, emoji string, on bool) {
	if on == slices.Contains(m.Reactions[emoji], user) {
		return
	}
	kind := "MESSAGE_REACTION_ADD"
	data := object{"user_id": user, "channel_id": c.ID, "message_id": m.ID, "emoji": emojiJSON(emoji), "burst": false, "type": 0}
	if on {
		if m.Reactions == nil {
			m.Reactions = map[string][]string{}
		}
		m.Reactions[emoji] = append(m.Reactions[emoji], user)
		data["message_author_id"] = m.Author
	} else {
		kind = "MESSAGE_REACTION_REMOVE"
		m.Reactions[emoji] = slices.DeleteFunc(m.Reactions[emoji], func(id string) bool { return id == user })
		maps.DeleteFunc(m.Reactions, func(_ string, who []string) bool { return len(who) == 0 })
	}
	if g := s.guilds[c.Guild]; g != nil {
		data["guild_id"] = g.ID
		if _, in := g.members[user]; in && on {
			data["member"] = s.memberJSON(s.users[user], g)
		}
	}
	s.change()
	if s.may(botID, c).has(ViewChannel) {
		s.tell(event{name: kind, guild: c.Guild, intent: reactionIntent(c), data: data})
	}
}

// Text is all that a message says: its words, or the words in its components,
// one after the other.
func (m Message) Text() string {
	text := m.Content
	for _, p := range parts(m.Components) {
		if p.Type == componentText {
			if text != "" {
				text += "\n"
			}
			text += p.Content
		}
	}
	return text
}

// parts are the components of a message or a form, each followed by what is in
// it. Nothing is read of what cannot be.
func parts(raw json.RawMessage) []part {
	var top []part
	if len(raw) == 0 || json.Unmarshal(raw, &top) != nil {
		return nil
	}
	var all []part
	var walk func(list []part)
	walk = func(list []part) {
		for _, p := range list {
			all = append(all, p)
			walk(p.Components)
			for _, inner := range []*part{p.Accessory, p.Component} {
				if inner != nil {
					walk([]part{*inner})
				}
			}
		}
	}
	walk(top)
	return all
}
