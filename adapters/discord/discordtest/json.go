package discordtest

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

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
