package slacktest

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
	ID       string // empty: one like Slack's
	Name     string // handle, without @
	RealName string // empty: the handle
	Locale   string // en-US; empty: that
	Team     string // empty: ours. Another one: a stranger's, who is here through Slack Connect
	TZ       string // Europe/Amsterdam; empty: UTC
	Bot      bool
	Admin    bool // may delete what others said
	Stranger bool // of another workspace; set where Team is another
	Deleted  bool
}

// A Kind is what a channel is to those who read it.
type Kind string

const (
	Public  Kind = "public"
	Private Kind = "private"
	MPIM    Kind = "mpim" // direct messages of several people
	IM      Kind = "im"   // direct messages of two
)

// eventType is how events call the kind.
func (k Kind) eventType() string {
	return map[Kind]string{Public: "channel", Private: "group", MPIM: "mpim", IM: "im"}[k]
}

// listType is how conversations.list calls the kind.
func (k Kind) listType() string {
	return map[Kind]string{Public: "public_channel", Private: "private_channel", MPIM: "mpim", IM: "im"}[k]
}

// scope names what is allowed in channels of the kind: history, read, write.
func (k Kind) scope(what string) string {
	return map[Kind]string{Public: "channels:", Private: "groups:", MPIM: "mpim:", IM: "im:"}[k] + what
}

// A Channel is where people talk.
type Channel struct {
	ID        string // empty: one like Slack's
	Name      string // without #
	Kind      Kind   // empty: public
	Members   []string
	BotIn     bool // the bot is a member too
	ExtShared bool // shared with another organisation
	Archived  bool

	messages []*Message
	gone     map[string]bool // names of deleted messages
}

// A Group is a user group.
type Group struct {
	ID      string // empty: one like Slack's
	Handle  string // without @
	Name    string
	Members []string

	updated int64
}

// A Message is one that stands.
type Message struct {
	Channel  string
	TS       string // its name and its time
	Thread   string // the ts of the message it replies to, or its own if there are replies
	User     string
	BotID    string
	Subtype  string
	Text     string // as Slack has it: escaped
	Blocks   json.RawMessage
	Files    []string // ids
	Metadata json.RawMessage
	Only     string // the one person who sees it: it is ephemeral
	Edited   string // when, in Slack's way; empty: never
	// Reactions are who put each emoji on it, by its name.
	Reactions map[string][]string

	clientID  string
	parent    string // who wrote the message it replies to
	broadcast bool   // a reply that is seen in the channel too
}

func (m *Message) isReply() bool { return m.Thread != "" && m.Thread != m.TS }

// copy is m for someone to keep.
func (m *Message) copy() Message {
	c := *m
	c.Reactions = maps.Clone(m.Reactions)
	for name, who := range c.Reactions {
		c.Reactions[name] = slices.Clone(who)
	}
	return c
}

// AddUser lets someone into the workspace, and returns their id.
func (s *Server) AddUser(u User) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	u.ID = cmp.Or(u.ID, s.id("U"))
	u.Name = cmp.Or(u.Name, strings.ToLower(u.ID))
	u.RealName = cmp.Or(u.RealName, u.Name)
	u.Team = cmp.Or(u.Team, s.opts.Team)
	u.Stranger = u.Stranger || u.Team != s.opts.Team
	if s.users[u.ID] == nil {
		s.userOrder = append(s.userOrder, u.ID)
	}
	s.users[u.ID] = &u
	return u.ID
}

// ChangeUser changes a person's profile, of whom the app then hears.
func (s *Server) ChangeUser(u User) error {
	s.mu.Lock()
	if s.users[u.ID] == nil {
		s.mu.Unlock()
		return fmt.Errorf("nobody is %s", u.ID)
	}
	s.mu.Unlock()
	s.AddUser(u)
	s.mu.Lock()
	e := s.event("user_change", object{"user": s.userJSON(s.users[u.ID], true), "cache_ts": s.opts.Now().Unix()}, nil)
	s.mu.Unlock()
	s.deliver(e)
	return nil
}

// AddChannel opens a channel, and returns its id.
func (s *Server) AddChannel(c Channel) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Kind = cmp.Or(c.Kind, Public)
	letter := "C"
	if c.Kind == IM {
		letter = "D"
	}
	c.ID = cmp.Or(c.ID, s.id(letter))
	c.Members = slices.Clone(c.Members)
	if c.BotIn && !slices.Contains(c.Members, botUID) {
		c.Members = append(c.Members, botUID)
	}
	c.BotIn = slices.Contains(c.Members, botUID)
	c.messages, c.gone = nil, map[string]bool{}
	if s.channels[c.ID] == nil {
		s.order = append(s.order, c.ID)
	}
	s.channels[c.ID] = &c
	return c.ID
}

// AddGroup makes a user group, and returns its id.
func (s *Server) AddGroup(g Group) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	g.ID = cmp.Or(g.ID, s.id("S"))
	g.Name = cmp.Or(g.Name, g.Handle)
	g.Members = slices.Clone(g.Members)
	g.updated = s.opts.Now().Unix()
	if s.groups[g.ID] == nil {
		s.groupList = append(s.groupList, g.ID)
	}
	s.groups[g.ID] = &g
	return g.ID
}

// SetGroupMembers says who is in a user group, of which the app then hears.
func (s *Server) SetGroupMembers(id string, members ...string) error {
	s.mu.Lock()
	g := s.groups[id]
	if g == nil {
		s.mu.Unlock()
		return fmt.Errorf("there is no group %s", id)
	}
	added, removed := without(members, g.Members), without(g.Members, members)
	before := g.updated
	g.Members, g.updated = slices.Clone(members), s.opts.Now().Unix()
	events := []*delivery{
		s.event("subteam_members_changed", object{
			"subteam_id": id, "team_id": s.opts.Team, "date_previous_update": before, "date_update": g.updated,
			"added_users": added, "added_users_count": len(added), "removed_users": removed, "removed_users_count": len(removed),
			"event_ts": s.ts(),
		}, nil),
		s.event("subteam_updated", object{"subteam": s.groupJSON(g, true), "event_ts": s.ts()}, nil),
	}
	s.mu.Unlock()
	s.deliver(events...)
	return nil
}

// without are those of a that are not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(append([]string{}, a...), func(id string) bool { return slices.Contains(b, id) })
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
		if c := s.channels[id]; c.Kind == IM && slices.Contains(c.Members, user) {
			return c
		}
	}
	c := &Channel{ID: s.id("D"), Kind: IM, Members: []string{user, botUID}, BotIn: true, gone: map[string]bool{}}
	s.channels[c.ID] = c
	s.order = append(s.order, c.ID)
	return c
}

// Archive closes a channel: it can still be read.
func (s *Server) Archive(channel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.channels[channel]; c != nil {
		c.Archived = true
	}
}

// Channels are all channels there are, in the order they were made.
func (s *Server) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Channel
	for _, id := range s.order {
		c := *s.channels[id]
		c.Members = slices.Clone(c.Members)
		list = append(list, c)
	}
	return list
}

// Messages are all that stand in a channel, ephemeral ones too, the oldest
// first.
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Message
	if c := s.channels[channel]; c != nil {
		for _, m := range c.messages {
			all = append(all, m.copy())
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
	slices.SortStableFunc(all, func(a, b Message) int { return strings.Compare(a.TS, b.TS) })
	return all
}

// sees reports whether a person can read a message. The lock is held.
func (s *Server) sees(user string, m *Message) bool {
	if m.Only != "" {
		return m.Only == user
	}
	return slices.Contains(s.channels[m.Channel].Members, user)
}

// Reload is what a person does to lose the ephemeral messages they see.
func (s *Server) Reload(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.channels {
		c.messages = slices.DeleteFunc(c.messages, func(m *Message) bool { return m.Only == user })
	}
	s.change()
}

// Status is what the app says it is doing in a thread, empty if nothing; Title
// is what it named the thread, and Prompts are what it suggests to ask in a
// channel.
func (s *Server) Status(channel, thread string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status[channel+" "+thread]
}

func (s *Server) Title(channel, thread string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.titles[channel+" "+thread]
}

func (s *Server) Prompts(channel string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.prompts[channel])
}

// find is a message of a channel, nil if there is none. The lock is held.
func (c *Channel) find(ts string) *Message {
	i, found := slices.BinarySearchFunc(c.messages, ts, func(m *Message, ts string) int { return strings.Compare(m.TS, ts) })
	if !found {
		return nil
	}
	return c.messages[i]
}

// remove takes a message away. The lock is held.
func (c *Channel) remove(m *Message) {
	c.messages = slices.DeleteFunc(c.messages, func(o *Message) bool { return o == m })
	c.gone[m.TS] = true
}

// replies are the messages of a thread but its first, the oldest first. The
// lock is held.
func (c *Channel) replies(thread string) []*Message {
	var all []*Message
	for _, m := range c.messages {
		if m.Thread == thread && m.TS != thread && m.Only == "" {
			all = append(all, m)
		}
	}
	return all
}

// add makes a new message stand. The lock is held.
func (s *Server) add(c *Channel, m *Message) *Message {
	m.Channel, m.TS = c.ID, s.ts()
	if m.Thread != "" {
		if parent := c.find(m.Thread); parent != nil {
			m.parent = parent.User
			if m.Only == "" {
				parent.Thread = parent.TS
			}
		}
	}
	c.messages = append(c.messages, m)
	s.change()
	return m
}

// messageJSON is a message as every part of Slack shows it. The lock is held.
func (s *Server) messageJSON(m *Message) object {
	o := object{"type": "message", "user": m.User, "text": m.Text, "ts": m.TS, "team": s.users[m.User].Team}
	set := func(name, value string) {
		if value != "" {
			o[name] = value
		}
	}
	set("subtype", m.Subtype)
	set("client_msg_id", m.clientID)
	set("thread_ts", m.Thread)
	if m.isReply() {
		set("parent_user_id", m.parent)
	}
	if m.BotID != "" {
		o["bot_id"], o["app_id"], o["bot_profile"] = m.BotID, appID, s.botProfile()
	}
	if len(m.Blocks) > 0 {
		o["blocks"] = m.Blocks
	}
	if m.Edited != "" {
		o["edited"] = object{"user": m.User, "ts": m.Edited}
	}
	if len(m.Files) > 0 {
		files := []object{}
		for _, id := range m.Files {
			if f := s.files[id]; f != nil {
				files = append(files, s.fileJSON(f))
			}
		}
		o["files"], o["upload"] = files, false
	}
	return o
}

// historyJSON is a message as the Web API lists it, with what became of it. The
// lock is held.
func (s *Server) historyJSON(c *Channel, m *Message, metadata bool) object {
	o := s.messageJSON(m)
	if replies := c.replies(m.TS); len(replies) > 0 {
		var who []string
		for _, r := range replies {
			if !slices.Contains(who, r.User) {
				who = append(who, r.User)
			}
		}
		o["reply_count"], o["reply_users_count"], o["reply_users"] = len(replies), len(who), who
		o["latest_reply"], o["is_locked"], o["subscribed"] = replies[len(replies)-1].TS, false, false
	}
	if len(m.Reactions) > 0 {
		list := []object{}
		for _, name := range slices.Sorted(maps.Keys(m.Reactions)) {
			list = append(list, object{"name": name, "users": m.Reactions[name], "count": len(m.Reactions[name])})
		}
		o["reactions"] = list
	}
	if metadata && len(m.Metadata) > 0 {
		o["metadata"] = m.Metadata
	}
	return o
}

func (s *Server) botProfile() object {
	return object{"id": botID, "deleted": false, "name": "Signpost", "updated": 1_700_000_000, "app_id": appID, "team_id": s.opts.Team,
		"icons": object{"image_36": s.http.URL + "/36.png", "image_48": s.http.URL + "/48.png", "image_72": s.http.URL + "/72.png"}}
}

// userJSON is a person as the Web API tells of them; of strangers it tells
// less.
func (s *Server) userJSON(u *User, locale bool) object {
	zone, err := time.LoadLocation(cmp.Or(u.TZ, "UTC"))
	if err != nil {
		zone = time.UTC
	}
	_, offset := s.opts.Now().In(zone).Zone()
	first, last, _ := strings.Cut(u.RealName, " ")
	o := object{
		"id": u.ID, "team_id": u.Team, "name": u.Name, "deleted": u.Deleted, "is_bot": u.Bot, "is_app_user": false, "updated": 1_700_000_000,
		"profile": object{"real_name": u.RealName, "real_name_normalized": u.RealName, "display_name": u.Name, "display_name_normalized": u.Name, "team": u.Team, "avatar_hash": "g0"},
	}
	if u.Stranger {
		o["is_stranger"] = true
		return o
	}
	profile := o["profile"].(object)
	profile["first_name"], profile["last_name"] = first, last
	o["real_name"], o["color"] = u.RealName, "9f69e7"
	o["tz"], o["tz_label"], o["tz_offset"] = zone.String(), zone.String(), offset
	for _, flag := range []string{"is_owner", "is_primary_owner", "is_restricted", "is_ultra_restricted"} {
		o[flag] = false
	}
	o["is_admin"] = u.Admin
	if locale {
		o["locale"] = cmp.Or(u.Locale, "en-US")
	}
	return o
}

// channelJSON is a channel as the Web API tells of it.
func (s *Server) channelJSON(c *Channel) object {
	o := object{
		"id": c.ID, "created": 1_700_000_000, "is_archived": c.Archived, "is_im": c.Kind == IM, "is_org_shared": false,
		"context_team_id": s.opts.Team, "updated": 1_700_000_000_000,
	}
	if c.Kind == IM {
		for _, id := range c.Members {
			if id != botUID {
				o["user"] = id
			}
		}
		o["is_user_deleted"], o["priority"] = false, 0
		return o
	}
	maps.Copy(o, object{
		"name": c.Name, "name_normalized": c.Name, "is_channel": c.Kind == Public, "is_group": c.Kind == Private, "is_mpim": c.Kind == MPIM,
		"is_private": c.Kind != Public, "is_general": false, "is_shared": c.ExtShared, "is_ext_shared": c.ExtShared, "is_pending_ext_shared": false,
		"is_member": slices.Contains(c.Members, botUID), "creator": botUID, "unlinked": 0, "shared_team_ids": []string{s.opts.Team},
		"topic": object{"value": "", "creator": "", "last_set": 0}, "purpose": object{"value": "", "creator": "", "last_set": 0},
		"num_members": len(c.Members),
	})
	return o
}

// groupJSON is a user group as Slack tells of it.
func (s *Server) groupJSON(g *Group, members bool) object {
	o := object{
		"id": g.ID, "team_id": s.opts.Team, "is_usergroup": true, "is_subteam": true, "name": g.Name, "description": "", "handle": g.Handle,
		"is_external": false, "date_create": 1_700_000_000, "date_update": g.updated, "date_delete": 0, "auto_type": nil, "auto_provision": false,
		"enterprise_subteam_id": "", "created_by": botUID, "updated_by": botUID, "deleted_by": nil, "user_count": len(g.Members),
		"prefs": object{"channels": []string{}, "groups": []string{}},
	}
	if members {
		o["users"] = g.Members
	}
	return o
}
