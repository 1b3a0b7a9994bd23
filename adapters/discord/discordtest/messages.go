package discordtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A nonce is what the bot named a message.
type nonce struct {
	channel, message string
	at               time.Time
}

// maxNonce is how long a nonce may be.
// Source: https://docs.discord.com/developers/resources/message#create-message
const maxNonce = 25

// A draft is what the bot wants a message to be.
type draft struct {
	Content    *string         `json:"content"`
	Embeds     json.RawMessage `json:"embeds"`
	Components json.RawMessage `json:"components"`
	Flags      *int            `json:"flags"`
	Mentions   *allowed        `json:"allowed_mentions"`
	Attached   *[]attachment   `json:"attachments"`
	Nonce      any             `json:"nonce"`
	Enforce    bool            `json:"enforce_nonce"`
	Reference  *struct {
		Type    int    `json:"type"`
		Message string `json:"message_id"`
		Channel string `json:"channel_id"`
		Strict  *bool  `json:"fail_if_not_exists"`
	} `json:"message_reference"`
}

// allowed says which mentions ping. Without it all do.
// Source: https://docs.discord.com/developers/resources/message#allowed-mentions-object
type allowed struct {
	Parse   *[]string `json:"parse"`
	Users   []string  `json:"users"`
	Roles   []string  `json:"roles"`
	Replied bool      `json:"replied_user"`
}

// given reports whether a field is there, be it null.
func given(raw json.RawMessage) bool { return raw != nil }

// empty reports whether a field holds nothing.
func empty(raw json.RawMessage) bool {
	text := string(bytes.TrimSpace(raw))
	return text == "" || text == "null" || text == "[]"
}

// flagsAllowed are those that a bot may set.
const flagsAllowed = flagNoEmbeds | flagEphemeral | flagSilent | flagV2

// compose makes a message of a draft, or changes it. The lock is held.
func (c *call) compose(m *Message, d draft, fresh bool) error {
	s := c.s
	next := m.copy()
	if d.Flags != nil {
		if *d.Flags&^flagsAllowed != 0 {
			return invalidForm(fault{[]string{"flags"}, "MESSAGE_FLAGS_INVALID", "These flags cannot be set."})
		}
		next.Flags = next.Flags&^(flagNoEmbeds|flagSilent) | *d.Flags&(flagNoEmbeds|flagSilent|flagV2)
		if !fresh && m.Flags&flagV2 != 0 && *d.Flags&flagV2 == 0 {
			return invalidForm(fault{[]string{"flags"}, "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG", "The components v2 flag cannot be removed."})
		}
	}
	v2 := next.Flags&flagV2 != 0
	if d.Content != nil {
		next.Content = *d.Content
	}
	if given(d.Embeds) {
		next.Embeds = nil
		if !empty(d.Embeds) {
			next.Embeds = d.Embeds
		}
	}
	if v2 && (next.Content != "" || len(next.Embeds) > 0) {
		return invalidForm(fault{[]string{"content"}, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "The content and embeds fields cannot be used with components v2."})
	}
	if n := utf8.RuneCountInString(next.Content); n > maxContent {
		return invalidForm(fault{[]string{"content"}, "BASE_TYPE_MAX_LENGTH", fmt.Sprintf("Must be %d or fewer in length.", maxContent)})
	}
	if n := embedded(next.Embeds); n > maxEmbedded {
		return invalidForm(fault{[]string{"embeds"}, "MAX_EMBED_SIZE_EXCEEDED", fmt.Sprintf("Embed size exceeds maximum size of %d", maxEmbedded)})
	}
	i := inspect(d.Components, v2)
	if len(i.faults) > 0 {
		return invalidForm(i.faults...)
	}
	files, err := c.take(m.Channel, d.Attached, m.Files)
	if err != nil {
		return err
	}
	next.Files = files
	find := func(name string) *file {
		for _, id := range files {
			if f := s.files[id]; f != nil && f.name == name {
				return f
			}
		}
		return nil
	}
	referred := 0
	for _, at := range i.files {
		if name, ours := strings.CutPrefix(at, "attachment://"); ours {
			if find(name) == nil {
				return invalidForm(fault{[]string{"components"}, "ATTACHMENT_NOT_FOUND", "The referenced attachment was not found."})
			}
			referred++
		}
	}
	if v2 && fresh && referred < len(files) {
		c.judge("%d of %d files are shown by no component", len(files)-referred, len(files))
	}
	if given(d.Components) {
		next.Components = nil
		if !empty(d.Components) {
			next.Components = complete(d.Components, func(name string) object {
				f := find(name)
				o := s.fileJSON(f)
				return object{"url": o["url"], "proxy_url": o["proxy_url"], "name": f.name, "size": len(f.data), "attachment_id": f.id, "id": f.id}
			})
		}
	}
	if strings.TrimSpace(next.Content) == "" && len(next.Embeds) == 0 && len(next.Components) == 0 && len(next.Files) == 0 {
		return refuse(http.StatusBadRequest, codeEmpty, "Cannot send an empty message")
	}
	next.Thinking = false
	next.Flags &^= flagLoading
	for _, id := range files {
		s.files[id].ephemeral = next.Only != ""
	}
	c.mention(&next, d.Mentions)
	*m = next
	return nil
}

// embedded is how long the text of embeds is.
func embedded(raw json.RawMessage) int {
	var all []struct {
		Title, Description string
		Footer             struct{ Text string }
		Author             struct{ Name string }
		Fields             []struct{ Name, Value string }
	}
	if len(raw) == 0 || json.Unmarshal(raw, &all) != nil {
		return 0
	}
	n := 0
	for _, e := range all {
		n += utf8.RuneCountInString(e.Title + e.Description + e.Footer.Text + e.Author.Name)
		for _, f := range e.Fields {
			n += utf8.RuneCountInString(f.Name + f.Value)
		}
	}
	return n
}

// mentions match what calls people in the text of a message.
// Source: https://docs.discord.com/developers/reference#message-formatting
var mentions = regexp.MustCompile(`<@[!&]?(\d+)>|@(?:everyone|here)`)

// mention judges which mentions a message allows, and finds those that ping.
// The lock is held.
func (c *call) mention(m *Message, a *allowed) {
	switch {
	case a == nil:
		c.judge("no allowed_mentions")
		a = &allowed{Parse: &[]string{"users", "roles", "everyone"}, Replied: true}
	case a.Parse == nil:
		c.judge("allowed_mentions without parse")
		a.Parse = &[]string{}
	case len(*a.Parse) > 0:
		c.judge("allowed_mentions with parse %q", *a.Parse)
	}
	m.pings, m.roles, m.everyone = nil, nil, false
	rings := func(found string) {
		if m.Only == "" { // nobody is called by what is shown to one person
			c.s.judge.ping(found)
		}
	}
	for _, at := range mentions.FindAllStringSubmatch(m.Text(), -1) {
		found, id := at[0], at[1]
		switch {
		case id == "":
			if slices.Contains(*a.Parse, "everyone") {
				m.everyone = true
				rings(found)
			}
		case strings.HasPrefix(found, "<@&"):
			if (slices.Contains(*a.Parse, "roles") || slices.Contains(a.Roles, id)) && c.s.roles[id] != nil && !slices.Contains(m.roles, id) {
				m.roles = append(m.roles, id)
				rings(found)
			}
		case c.s.users[id] != nil && (slices.Contains(*a.Parse, "users") || slices.Contains(a.Users, id)) && !slices.Contains(m.pings, id):
			m.pings = append(m.pings, id)
			rings(found)
		}
	}
	if to := c.s.channels[m.Channel].find(m.ReplyTo); to != nil && a.Replied && to.Author != botID && !slices.Contains(m.pings, to.Author) {
		m.pings = append(m.pings, to.Author)
		rings("<@" + to.Author + ">")
	}
}

// channel is the channel of a call, if the bot may do something in it. The lock
// is held.
func (c *call) channel(need Permission) (*Channel, error) {
	ch := c.s.channels[c.path("channel_id")]
	if ch == nil {
		return nil, errUnknownChannel
	}
	switch may := c.s.may(botID, ch); {
	case !may.has(ViewChannel):
		return nil, errAccess
	case !may.has(need):
		return nil, errPermissions
	}
	return ch, nil
}

// message is the message of a call. The lock is held.
func (c *call) message(ch *Channel) (*Message, error) {
	m := ch.find(c.path("message_id"))
	if m == nil || m.Only != "" {
		return nil, errUnknownMessage
	}
	return m, nil
}

// writable reports whether the bot may write in a thread, and takes it out of
// the archive if so. The lock is held.
func (c *call) writable(ch *Channel) error {
	if !ch.thread() {
		return nil
	}
	if ch.Locked && !c.s.may(botID, ch).has(ManageThreads) {
		return refuse(http.StatusForbidden, codeThreadLocked, "Thread is locked")
	}
	c.s.enter(ch, botID)
	return nil
}

// reachable reports whether a person takes direct messages. The lock is held.
func (c *call) reachable(ch *Channel) error {
	if ch.Kind != DM {
		return nil
	}
	for _, id := range ch.Members {
		switch {
		case id == botID:
		case !c.s.shared(id):
			return refuse(http.StatusForbidden, codeNoShared, "Cannot send messages to this user due to having no mutual guilds")
		case c.s.users[id].DMsClosed:
			return refuse(http.StatusForbidden, codeClosed, "Cannot send messages to this user")
		}
	}
	return nil
}

// createMessage is Create Message.
func createMessage(c *call) (any, error) {
	s := c.s
	ch, err := c.channel(0)
	if err != nil {
		return nil, err
	}
	if !s.may(botID, ch).has(speaking(ch)) {
		return nil, errPermissions
	}
	if ch.Kind == Forum || ch.Kind == Category {
		return nil, refuse(http.StatusBadRequest, codeNoText, "Cannot send messages in a non-text channel")
	}
	if err := c.reachable(ch); err != nil {
		return nil, err
	}
	if len(c.files) > 0 && !s.may(botID, ch).has(AttachFiles) {
		return nil, errPermissions
	}
	var d draft
	if err := c.body(&d); err != nil {
		return nil, err
	}
	if d.Flags != nil && *d.Flags&flagEphemeral != 0 {
		return nil, invalidForm(fault{[]string{"flags"}, "MESSAGE_FLAGS_INVALID", "Only the answer to an interaction can be ephemeral."})
	}
	name := ""
	switch v := d.Nonce.(type) {
	case string:
		name = v
	case float64:
		name = strconv.FormatFloat(v, 'f', -1, 64)
	}
	if len(name) > maxNonce {
		return nil, invalidForm(fault{[]string{"nonce"}, "NONCE_TYPE_TOO_LONG", fmt.Sprintf("Must be %d or fewer in length.", maxNonce)})
	}
	if d.Enforce && name != "" {
		if n, known := s.nonces[name]; known && s.opts.Now().Sub(n.at) < nonceLasts {
			if n.channel != ch.ID {
				c.judge("one nonce for two channels")
			}
			if first := s.channels[n.channel]; first != nil && first.find(n.message) != nil {
				return s.messageJSON(first.find(n.message), false), nil
			}
		}
	}
	m := &Message{Channel: ch.ID, Author: botID, nonce: name}
	if r := d.Reference; r != nil && r.Type == 0 && r.Message != "" {
		to := ch.find(r.Message)
		switch {
		case !s.may(botID, ch).has(ReadMessageHistory):
			return nil, refuse(http.StatusForbidden, codeNoHistory, "Cannot reply without permission to read message history")
		case to != nil && to.Only == "":
			m.Type, m.ReplyTo = typeReply, r.Message
		case r.Strict == nil || *r.Strict:
			return nil, invalidForm(fault{[]string{"message_reference"}, "REPLIES_UNKNOWN_MESSAGE", "Unknown message"})
		}
	}
	if err := c.compose(m, d, true); err != nil {
		return nil, err
	}
	if err := c.writable(ch); err != nil {
		return nil, err
	}
	s.put(ch, m)
	if name != "" {
		s.nonces[name] = nonce{ch.ID, m.ID, s.opts.Now()}
	}
	s.tellMessage("MESSAGE_CREATE", m)
	return s.messageJSON(m, false), nil
}

// getMessages is Get Channel Messages: the newest first.
func getMessages(c *call) (any, error) {
	ch, err := c.channel(0)
	if err != nil {
		return nil, err
	}
	if ch.Kind == Forum || ch.Kind == Category {
		return nil, refuse(http.StatusBadRequest, codeNoText, "Cannot send messages in a non-text channel")
	}
	limit, err := c.limit(50, 100)
	if err != nil {
		return nil, err
	}
	answer := []object{}
	if !c.s.may(botID, ch).has(ReadMessageHistory) {
		return answer, nil // as Discord does
	}
	all := slices.DeleteFunc(slices.Clone(ch.messages), func(m *Message) bool { return m.Only != "" })
	before, after, around := number(c.query("before")), number(c.query("after")), number(c.query("around"))
	at := func(id uint64) int {
		i, _ := slices.BinarySearchFunc(all, id, func(m *Message, id uint64) int { return compareIDs(m.ID, strconv.FormatUint(id, 10)) })
		return i
	}
	from, to := max(0, len(all)-limit), len(all)
	switch {
	case around > 0:
		from = max(0, at(around)-limit/2)
		to = min(len(all), from+limit)
	case before > 0:
		to = at(before)
		from = max(0, to-limit)
	case after > 0:
		from = at(after + 1)
		to = min(len(all), from+limit)
	}
	for _, m := range slices.Backward(all[from:to]) {
		answer = append(answer, c.s.messageJSON(m, c.s.withheld(m)))
	}
	return answer, nil
}

// getMessage is Get Channel Message.
func getMessage(c *call) (any, error) {
	ch, err := c.channel(ReadMessageHistory)
	if err != nil {
		return nil, err
	}
	m, err := c.message(ch)
	if err != nil {
		return nil, err
	}
	return c.s.messageJSON(m, c.s.withheld(m)), nil
}

// editMessage is Edit Message.
func editMessage(c *call) (any, error) {
	ch, err := c.channel(0)
	if err != nil {
		return nil, err
	}
	m, err := c.message(ch)
	switch {
	case err != nil:
		return nil, err
	case m.Author != botID:
		return nil, refuse(http.StatusForbidden, codeNotTheirs, "Cannot edit a message authored by another user")
	case ch.Archived:
		return nil, errArchivedThread
	}
	var d draft
	if err := c.body(&d); err != nil {
		return nil, err
	}
	return c.change(m, d)
}

// change changes a message of the bot's. The lock is held.
func (c *call) change(m *Message, d draft) (any, error) {
	waited := m.Thinking
	if err := c.compose(m, d, false); err != nil {
		return nil, err
	}
	if !waited {
		m.Edited = c.s.opts.Now()
	}
	c.s.change()
	c.s.tellMessage("MESSAGE_UPDATE", m)
	return c.s.messageJSON(m, false), nil
}

// deleteMessage is Delete Message.
func deleteMessage(c *call) (any, error) {
	ch, err := c.channel(0)
	if err != nil {
		return nil, err
	}
	m, err := c.message(ch)
	switch {
	case err != nil:
		return nil, err
	case m.Author != botID && ch.Kind == DM:
		return nil, refuse(http.StatusForbidden, codeNotOnDM, "Cannot execute action on a DM channel")
	case m.Author != botID && !c.s.may(botID, ch).has(ManageMessages):
		return nil, errPermissions
	case ch.Archived:
		return nil, errArchivedThread
	}
	c.s.deleted(ch, m)
	return nil, nil
}

// emojiName matches one of a server's own emoji.
var emojiName = regexp.MustCompile(`^\w+:\d+$`)

// reaction is the message and emoji of a call. The lock is held.
func (c *call) reaction() (ch *Channel, m *Message, emoji string, err error) {
	if ch, err = c.channel(ReadMessageHistory); err == nil {
		m, err = c.message(ch)
	}
	emoji = c.path("emoji_name")
	r, _ := utf8.DecodeRuneInString(emoji)
	if known := emojiName.MatchString(emoji); err == nil && (known || r < 0xA9 && !strings.ContainsRune("#*0123456789", r)) {
		err = errUnknownEmoji // no server here has any of its own
	}
	return ch, m, emoji, err
}

// addReaction is Create Reaction.
func addReaction(c *call) (any, error) {
	ch, m, emoji, err := c.reaction()
	switch {
	case err != nil:
		return nil, err
	case ch.Archived:
		return nil, errArchivedThread
	case len(m.Reactions[emoji]) == 0 && !c.s.may(botID, ch).has(AddReactions):
		return nil, errPermissions
	}
	c.s.reacted(ch, m, botID, emoji, true)
	return nil, nil
}

// removeReaction is Delete Own Reaction.
func removeReaction(c *call) (any, error) {
	ch, m, emoji, err := c.reaction()
	if err != nil {
		return nil, err
	}
	c.s.reacted(ch, m, botID, emoji, false)
	return nil, nil
}

// getReactions is Get Reactions.
func getReactions(c *call) (any, error) {
	_, m, emoji, err := c.reaction()
	if err != nil {
		return nil, err
	}
	limit, err := c.limit(25, 100)
	if err != nil {
		return nil, err
	}
	who := []object{}
	for _, id := range m.Reactions[emoji] {
		if compareIDs(id, c.query("after")) > 0 && len(who) < limit {
			who = append(who, c.s.userJSON(c.s.users[id]))
		}
	}
	return who, nil
}

// typing is Trigger Typing Indicator.
func typing(c *call) (any, error) {
	ch, err := c.channel(0)
	if err != nil {
		return nil, err
	}
	if !c.s.may(botID, ch).has(speaking(ch)) {
		return nil, errPermissions
	}
	return nil, nil
}
