package slacktest

import (
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
}

var (
	errNoChannel = errors.New("there is no such channel")
	errNobody    = errors.New("there is no such person")
	errNotMember = errors.New("they are not in the channel")
	errNoMessage = errors.New("there is no such message")
	errArchived  = errors.New("the channel is archived")
	errNotTheirs = errors.New("they may not do that to someone else's message")
)

// present is the person and the channel that something is done in. The lock is
// held.
func (s *Server) present(user, channel string) (*User, *Channel, error) {
	u, c := s.users[user], s.channels[channel]
	switch {
	case u == nil:
		return nil, nil, fmt.Errorf("%s: %w", user, errNobody)
	case c == nil:
		return nil, nil, fmt.Errorf("%s: %w", channel, errNoChannel)
	case !slices.Contains(c.Members, user):
		return nil, nil, fmt.Errorf("%s in %s: %w", user, channel, errNotMember)
	}
	return u, c, nil
}

// Say posts what a person typed, in a thread if that is not empty, and returns
// the message's ts. Mentions are typed out (@kim, #help), or given as Slack
// writes them (<@U1>).
func (s *Server) Say(user, channel, thread, text string, files ...Upload) (ts string, err error) {
	return s.say(user, channel, thread, text, false, files)
}

// Broadcast is Say in a thread, seen in its channel too.
func (s *Server) Broadcast(user, channel, thread, text string) (ts string, err error) {
	return s.say(user, channel, thread, text, true, nil)
}

func (s *Server) say(user, channel, thread, text string, broadcast bool, files []Upload) (string, error) {
	s.mu.Lock()
	_, c, err := s.present(user, channel)
	switch {
	case err != nil:
	case c.Archived:
		err = errArchived
	case thread != "" && (c.find(thread) == nil || c.find(thread).isReply() || c.find(thread).Only != ""):
		err = fmt.Errorf("a thread of %s: %w", thread, errNoMessage)
	case text == "" && len(files) == 0:
		err = errors.New("there is nothing to say")
	case broadcast && thread == "":
		err = errors.New("only a reply can be broadcast")
	}
	if err != nil {
		s.mu.Unlock()
		return "", err
	}
	runs := s.runs(text)
	m := &Message{Thread: thread, User: user, Text: markup(runs, false), Blocks: s.rich(runs), clientID: s.secret(), broadcast: broadcast}
	for _, f := range files {
		m.Files = append(m.Files, s.addFile(user, c.ID, f).id)
	}
	if len(m.Files) > 0 {
		m.Subtype, m.clientID = "file_share", ""
	}
	if broadcast {
		m.Subtype = "thread_broadcast"
	}
	s.add(c, m)
	events := s.said(c, m, runs)
	s.mu.Unlock()
	s.deliver(events...)
	return m.TS, nil
}

// addFile keeps a file that was shared in a channel. The lock is held.
func (s *Server) addFile(user, channel string, u Upload) *file {
	kind := u.Type
	if kind == "" {
		kind, _, _ = mime.ParseMediaType(mime.TypeByExtension(path.Ext(u.Name)))
	}
	f := &file{id: s.id("F"), name: u.Name, title: u.Name, mime: kind, user: user, data: slices.Clone(u.Data), channels: []string{channel}, created: s.opts.Now().Unix()}
	s.files[f.id] = f
	return f
}

// said are the events of a new message: two, where the bot is mentioned. The
// lock is held.
func (s *Server) said(c *Channel, m *Message, runs []run) []*delivery {
	o := s.messageJSON(m)
	o["channel"], o["channel_type"], o["event_ts"] = c.ID, c.Kind.eventType(), m.TS
	switch m.Subtype {
	case "thread_broadcast":
		delete(o, "team")
		delete(o, "parent_user_id")
		if parent := c.find(m.Thread); parent != nil {
			root := s.messageJSON(parent)
			for _, name := range []string{"blocks", "client_msg_id", "files", "upload", "app_id"} {
				delete(root, name) // as the samples have it
			}
			o["root"] = root
		}
	case "file_share":
		for _, name := range []string{"team", "bot_id", "bot_profile", "app_id"} {
			delete(o, name) // even of the app's own: it is told by its user alone
		}
		o["display_as_bot"] = false
	}
	events := []*delivery{s.event("message", o, c)}
	mentioned := slices.ContainsFunc(runs, func(r run) bool { return r.kind == "user" && r.value == botUID })
	if mentioned && c.Kind != IM {
		mention := object{"user": m.User, "text": m.Text, "ts": m.TS, "team": s.users[m.User].Team, "channel": c.ID, "event_ts": m.TS}
		for _, name := range []string{"client_msg_id", "blocks", "thread_ts", "upload", "display_as_bot"} {
			if v, ok := o[name]; ok {
				mention[name] = v
			}
		}
		events = append(events, s.event("app_mention", mention, c))
	}
	return events
}

// Edit changes what a person said.
func (s *Server) Edit(user, channel, ts, text string) error {
	s.mu.Lock()
	_, c, err := s.present(user, channel)
	var m *Message
	if err == nil {
		m, err = theirs(c, user, ts)
	}
	if err != nil {
		s.mu.Unlock()
		return err
	}
	before := m.copy()
	runs := s.runs(text)
	m.Text, m.Blocks, m.Edited = markup(runs, false), s.rich(runs), s.ts()
	events := []*delivery{s.changedEvent(c, m, &before)}
	s.change()
	s.mu.Unlock()
	s.deliver(events...)
	return nil
}

// theirs is a message that a person wrote.
func theirs(c *Channel, user, ts string) (*Message, error) {
	m := c.find(ts)
	switch {
	case m == nil || m.Only != "" || m.Subtype == tombstone:
		return nil, fmt.Errorf("%s: %w", ts, errNoMessage)
	case m.User != user || m.BotID != "":
		return nil, errNotTheirs
	}
	return m, nil
}

// changedEvent tells that a message reads otherwise. The lock is held.
func (s *Server) changedEvent(c *Channel, m, before *Message) *delivery {
	at := s.ts()
	return s.event("message", object{
		"subtype": "message_changed", "channel": c.ID, "channel_type": c.Kind.eventType(), "hidden": true, "ts": at, "event_ts": at,
		"message": s.changeJSON(c, m), "previous_message": s.changeJSON(c, before),
	}, c)
}

// changeJSON is a message as events of its change show it. The lock is held.
func (s *Server) changeJSON(c *Channel, m *Message) object {
	o := s.historyJSON(c, m, false)
	for _, name := range []string{"reactions", "reply_users"} {
		delete(o, name)
	}
	return o
}

// Delete takes back what a person said.
func (s *Server) Delete(user, channel, ts string) error { return s.delete(user, channel, ts, false) }

// DeleteAny deletes what anyone said, the bot too. Only an admin may.
func (s *Server) DeleteAny(user, channel, ts string) error { return s.delete(user, channel, ts, true) }

func (s *Server) delete(user, channel, ts string, any bool) error {
	s.mu.Lock()
	u, c, err := s.present(user, channel)
	var m *Message
	if err == nil {
		if m, err = theirs(c, user, ts); errors.Is(err, errNotTheirs) && any && u.Admin {
			m, err = c.find(ts), nil
		}
	}
	if err != nil {
		s.mu.Unlock()
		return err
	}
	events := s.deleted(c, m)
	s.mu.Unlock()
	s.deliver(events...)
	return nil
}

// tombstone is what stands in the place of a message with replies that was
// deleted, until they are. The reference hardly names it; this is as others
// recorded it.
// Source: https://github.com/slack-edge/slack-edge/pull/10 and
// https://github.com/42wim/matterbridge/issues/600
const tombstone = "tombstone"

// deleted takes a message away; with replies, something stays in its place. It
// returns the events. The lock is held.
func (s *Server) deleted(c *Channel, m *Message) []*delivery {
	defer s.change()
	before := m.copy()
	if !m.isReply() && len(c.replies(m.TS)) > 0 {
		c.gone[m.TS] = true
		*m = Message{Channel: c.ID, TS: m.TS, Thread: m.Thread, User: slackbot, Subtype: tombstone, Text: "This message was deleted."}
		d := s.changedEvent(c, m, &before)
		if d != nil {
			d.payload["event"].(object)["message"].(object)["hidden"] = true
		}
		return []*delivery{d}
	}
	previous := s.changeJSON(c, &before)
	c.remove(m)
	at := s.ts()
	events := []*delivery{s.event("message", object{
		"subtype": "message_deleted", "channel": c.ID, "channel_type": c.Kind.eventType(), "hidden": true, "ts": at, "event_ts": at,
		"deleted_ts": m.TS, "previous_message": previous,
	}, c)}
	if parent := c.find(m.Thread); m.isReply() && parent != nil && parent.Subtype == tombstone && len(c.replies(m.Thread)) == 0 {
		events = append(events, s.deleted(c, parent)...)
	}
	return events
}

// React puts an emoji on a message, by its name without colons; Unreact takes
// it away.
func (s *Server) React(user, channel, ts, emoji string) error {
	return s.react(user, channel, ts, emoji, true)
}

func (s *Server) Unreact(user, channel, ts, emoji string) error {
	return s.react(user, channel, ts, emoji, false)
}

func (s *Server) react(user, channel, ts, emoji string, on bool) error {
	s.mu.Lock()
	_, c, err := s.present(user, channel)
	var event *delivery
	if err == nil {
		event, err = s.reacted(c, user, ts, emoji, on)
	}
	s.mu.Unlock()
	s.deliver(event)
	return err
}

// Why an emoji cannot be put on a message or taken away, in Slack's words.
var (
	errReacted    = fail("already_reacted")
	errNoReaction = fail("no_reaction")
)

// reacted puts an emoji on a message, or takes it away. The lock is held.
func (s *Server) reacted(c *Channel, user, ts, emoji string, on bool) (*delivery, error) {
	m := c.find(ts)
	if m == nil || m.Only != "" {
		return nil, fail("message_not_found")
	}
	has := slices.Contains(m.Reactions[emoji], user)
	kind := "reaction_added"
	switch {
	case on && has:
		return nil, errReacted
	case !on && !has:
		return nil, errNoReaction
	case on:
		if m.Reactions == nil {
			m.Reactions = map[string][]string{}
		}
		m.Reactions[emoji] = append(m.Reactions[emoji], user)
	default:
		kind = "reaction_removed"
		m.Reactions[emoji] = without(m.Reactions[emoji], []string{user})
		maps.DeleteFunc(m.Reactions, func(_ string, who []string) bool { return len(who) == 0 })
	}
	s.change()
	return s.event(kind, object{
		"user": user, "reaction": emoji, "item_user": m.User, "event_ts": s.ts(), "item": object{"type": "message", "channel": c.ID, "ts": ts},
	}, c), nil
}

// Join lets someone into a channel, the bot too.
func (s *Server) Join(user, channel string) error { return s.move(user, channel, true) }

// Leave takes someone out of a channel, the bot too, who then no longer hears
// of it.
func (s *Server) Leave(user, channel string) error { return s.move(user, channel, false) }

func (s *Server) move(user, channel string, in bool) error {
	s.mu.Lock()
	u, c := s.users[user], s.channels[channel]
	var err error
	switch {
	case u == nil:
		err = errNobody
	case c == nil:
		err = errNoChannel
	case in == slices.Contains(c.Members, user):
		err = errors.New("they are where they should be")
	}
	if err != nil {
		s.mu.Unlock()
		return fmt.Errorf("%s in %s: %w", user, channel, err)
	}
	letter, subtype := "C", "channel_"
	if c.Kind != Public {
		letter, subtype = "G", "group_"
	}
	// The app hears of the one who leaves while it is there itself.
	tell := func(kind, subtype, text string) []*delivery {
		m := s.add(c, &Message{User: user, Subtype: subtype, Text: "<@" + user + "> " + text})
		o := s.messageJSON(m)
		o["channel"], o["channel_type"], o["event_ts"] = c.ID, c.Kind.eventType(), m.TS
		return []*delivery{
			s.event("message", o, c),
			s.event(kind, object{"user": user, "channel": c.ID, "channel_type": letter, "team": u.Team, "event_ts": s.ts()}, c),
		}
	}
	var events []*delivery
	if in {
		c.Members = append(c.Members, user)
		events = tell("member_joined_channel", subtype+"join", "has joined the channel")
	} else {
		events = tell("member_left_channel", subtype+"leave", "has left the channel")
		c.Members = without(c.Members, []string{user})
		if user == botUID {
			kind := "group_left"
			if c.Kind == Public {
				kind = "channel_left"
			}
			events = []*delivery{s.event(kind, object{"channel": c.ID, "actor_id": user, "event_ts": s.ts()}, nil)}
		}
	}
	c.BotIn = slices.Contains(c.Members, botUID)
	s.change()
	s.mu.Unlock()
	s.deliver(events...)
	return nil
}
