package slacktest

import (
	"slices"
)

// How many things a method lists: unless asked otherwise, and at most.
// Source: https://docs.slack.dev/reference/methods/conversations.history and
// https://docs.slack.dev/apis/web-api/pagination
const (
	listed      = 100
	mostListed  = 1000
	mostHistory = 999
)

// readable is the channel that the app wants to read, by the argument channel.
func (c *call) readable(what string) (*Channel, error) {
	ch := c.s.channels[c.text("channel")]
	member := ch != nil && slices.Contains(ch.Members, botUID)
	if ch == nil || !member && ch.Kind != Public {
		return nil, fail("channel_not_found")
	}
	if err := c.need(ch.Kind.scope(what)); err != nil {
		return nil, err
	}
	if !member && what == "history" {
		return nil, fail("not_in_channel")
	}
	return ch, nil
}

// openConversation is conversations.open.
func openConversation(c *call) (object, error) {
	users := c.list("users")
	if id := c.text("channel"); id != "" {
		ch := c.s.channels[id]
		if ch == nil || !slices.Contains(ch.Members, botUID) {
			return nil, fail("channel_not_found")
		}
		return object{"channel": object{"id": ch.ID}, "no_op": true, "already_open": true}, nil
	}
	if len(users) == 0 {
		return nil, fail("users_list_not_supplied")
	}
	for _, id := range users {
		switch u := c.s.users[id]; {
		case u == nil:
			return nil, fail("user_not_found")
		case u.Deleted:
			return nil, fail("user_disabled")
		case u.Bot:
			return nil, fail("cannot_dm_bot")
		}
	}
	if len(users) > 1 {
		ch := c.s.several(users)
		return object{"channel": object{"id": ch.ID}}, nil
	}
	return object{"channel": object{"id": c.s.direct(users[0]).ID}}, nil
}

// several is the channel where the bot talks with some people. The lock is
// held.
func (s *Server) several(users []string) *Channel {
	members := append(slices.Clone(users), botUID)
	for _, id := range s.order {
		if c := s.channels[id]; c.Kind == MPIM && len(without(members, c.Members)) == 0 && len(without(c.Members, members)) == 0 {
			return c
		}
	}
	c := &Channel{ID: s.id("C"), Name: "mpdm-" + s.blockID(), Kind: MPIM, Members: members, BotIn: true, gone: map[string]bool{}}
	s.channels[c.ID] = c
	s.order = append(s.order, c.ID)
	return c
}

// listConversations is conversations.list, and users.conversations of the bot.
func listConversations(c *call) (object, error) {
	types := c.list("types")
	if len(types) == 0 {
		types = []string{Public.listType()}
	}
	kinds := map[string]Kind{}
	for _, k := range []Kind{Public, Private, MPIM, IM} {
		kinds[k.listType()] = k
	}
	for _, name := range types {
		k, known := kinds[name]
		if !known {
			return nil, fail("invalid_types")
		}
		if err := c.need(k.scope("read")); err != nil {
			return nil, err
		}
	}
	var all []object
	for _, id := range c.s.order {
		ch := c.s.channels[id]
		member := slices.Contains(ch.Members, botUID)
		hidden := ch.Kind != Public || c.method == "users.conversations"
		if slices.Contains(types, ch.Kind.listType()) && (member || !hidden) && !(ch.Archived && c.flag("exclude_archived")) {
			all = append(all, c.s.channelJSON(ch))
		}
	}
	list, next, err := page(c, all, listed, mostListed)
	return object{"channels": orEmpty(list), "response_metadata": next}, err
}

// orEmpty is a list that JSON shows as one.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// conversationInfo is conversations.info.
func conversationInfo(c *call) (object, error) {
	ch, err := c.readable("read")
	if err != nil {
		return nil, err
	}
	o := c.s.channelJSON(ch)
	if !c.flag("include_num_members") {
		delete(o, "num_members")
	}
	if c.flag("include_locale") {
		o["locale"] = "en-US"
	}
	return object{"channel": o}, nil
}

// conversationMembers is conversations.members.
func conversationMembers(c *call) (object, error) {
	ch, err := c.readable("read")
	if err != nil {
		return nil, err
	}
	list, next, err := page(c, ch.Members, listed, mostListed)
	return object{"members": orEmpty(list), "response_metadata": next}, err
}

// within are those of some messages whose time was asked for.
func (c *call) within(all []*Message) []*Message {
	return slices.DeleteFunc(all, func(m *Message) bool {
		return !metSince(m.TS, c.text("oldest"), c.text("latest"), c.flag("inclusive"))
	})
}

// history is conversations.history: what stands in a channel outside threads,
// the newest first.
func history(c *call) (object, error) {
	ch, err := c.readable("history")
	if err != nil {
		return nil, err
	}
	var all []*Message
	for _, m := range slices.Backward(ch.messages) {
		if m.Only == "" && (!m.isReply() || m.broadcast) {
			all = append(all, m)
		}
	}
	list, next, err := page(c, c.within(all), listed, mostHistory)
	if err != nil {
		return nil, err
	}
	return c.messages(ch, list, next), nil
}

func (c *call) messages(ch *Channel, list []*Message, next object) object {
	shown := []object{}
	for _, m := range list {
		shown = append(shown, c.s.historyJSON(ch, m, c.flag("include_all_metadata")))
	}
	return object{"messages": shown, "has_more": next["next_cursor"] != "", "pin_count": 0, "response_metadata": next}
}

// replies is conversations.replies: a message, and what replies to it, the
// oldest first. The message itself is there whatever time is asked for.
func replies(c *call) (object, error) {
	ch, err := c.readable("history")
	if err != nil {
		return nil, err
	}
	first := ch.find(c.text("ts"))
	if first == nil || first.Only != "" {
		return nil, fail("thread_not_found")
	}
	all := []*Message{first}
	if !first.isReply() {
		all = append(all, c.within(ch.replies(first.TS))...)
	}
	list, next, err := page(c, all, mostListed, mostListed)
	if err != nil {
		return nil, err
	}
	return c.messages(ch, list, next), nil
}

// usersInfo is users.info.
func usersInfo(c *call) (object, error) {
	u := c.s.users[c.text("user")]
	if u == nil {
		return nil, fail("user_not_found")
	}
	return object{"user": c.s.userJSON(u, c.flag("include_locale"))}, nil
}

// usersList is users.list: those of the workspace.
func usersList(c *call) (object, error) {
	var all []object
	for _, id := range c.s.userOrder {
		if u := c.s.users[id]; !u.Stranger {
			all = append(all, c.s.userJSON(u, c.flag("include_locale")))
		}
	}
	list, next, err := page(c, all, mostListed, mostListed)
	return object{"members": orEmpty(list), "cache_ts": c.s.opts.Now().Unix(), "response_metadata": next}, err
}

// usergroupsList is usergroups.list.
func usergroupsList(c *call) (object, error) {
	all := []object{}
	for _, id := range c.s.groupList {
		all = append(all, c.s.groupJSON(c.s.groups[id], c.flag("include_users")))
	}
	return object{"usergroups": all}, nil
}

// usergroupsUsers is usergroups.users.list.
func usergroupsUsers(c *call) (object, error) {
	g := c.s.groups[c.text("usergroup")]
	if g == nil {
		return nil, fail("no_such_subteam")
	}
	return object{"users": orEmpty(g.Members)}, nil
}
