package discordtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

// getChannel is Get Channel.
func getChannel(c *call) (any, error) {
	ch, err := c.channel(0)
	if err != nil {
		return nil, err
	}
	return c.s.channelJSON(ch), nil
}

// editChannel is Modify Channel: of a thread all that can be, of others the
// name and topic.
func editChannel(c *call) (any, error) {
	s := c.s
	ch, err := c.channel(0)
	if err != nil {
		return nil, err
	}
	var d struct {
		Name        *string   `json:"name"`
		Topic       *string   `json:"topic"`
		Archived    *bool     `json:"archived"`
		Locked      *bool     `json:"locked"`
		Invitable   *bool     `json:"invitable"`
		AutoArchive *int      `json:"auto_archive_duration"`
		Applied     *[]string `json:"applied_tags"`
	}
	if err := c.body(&d); err != nil {
		return nil, err
	}
	may := s.may(botID, ch)
	manages := may.has(ManageThreads)
	switch {
	case ch.Kind == DM:
		return nil, refuse(http.StatusForbidden, codeNotOnDM, "Cannot execute action on a DM channel")
	case !ch.thread() && !may.has(ManageChannels):
		return nil, errPermissions
	case ch.thread() && !manages && (ch.Owner != botID || d.Locked != nil || ch.Locked):
		return nil, errPermissions
	case ch.Archived && (d.Archived == nil || *d.Archived):
		return nil, errArchivedThread
	}
	if d.Applied != nil {
		if err := c.tags(s.channels[ch.Parent], *d.Applied); err != nil {
			return nil, err
		}
		ch.Applied = *d.Applied
	}
	if d.Name != nil && *d.Name != ch.Name || d.Topic != nil && *d.Topic != ch.Topic {
		if err := s.rename(ch); err != nil {
			return nil, err
		}
	}
	if d.Name != nil {
		ch.Name = *d.Name
	}
	if d.Topic != nil {
		ch.Topic = *d.Topic
	}
	if d.Invitable != nil {
		ch.Invitable = *d.Invitable
	}
	if d.AutoArchive != nil {
		ch.AutoArchive = *d.AutoArchive
	}
	if d.Locked != nil {
		ch.Locked = *d.Locked
	}
	switch {
	case d.Archived != nil:
		s.archive(ch, *d.Archived)
	case ch.thread():
		s.threadUpdate(ch)
	default:
		s.tellChannel("CHANNEL_UPDATE", ch)
	}
	return s.channelJSON(ch), nil
}

// rename counts a change of a channel's name or topic, and refuses the third in
// ten minutes. The lock is held.
func (s *Server) rename(ch *Channel) error {
	now := s.opts.Now()
	times := slices.DeleteFunc(s.renamed[ch.ID], func(at time.Time) bool { return now.Sub(at) >= renameWindow })
	if len(times) >= renameLimit {
		return &refusal{
			status: http.StatusTooManyRequests, code: codeRenames, message: "The write action you are performing on the channel has hit the write rate limit.",
			after: renameWindow - now.Sub(times[0]), scope: "user",
		}
	}
	s.renamed[ch.ID] = append(times, now)
	return nil
}

// deleteChannel is Delete/Close Channel.
func deleteChannel(c *call) (any, error) {
	ch, err := c.channel(0)
	if err != nil {
		return nil, err
	}
	need := ManageChannels
	if ch.thread() {
		need = ManageThreads
	}
	if ch.Kind != DM && !c.s.may(botID, ch).has(need) {
		return nil, errPermissions
	}
	answer := c.s.channelJSON(ch)
	if ch.Kind != DM { // a DM is only closed: it can be opened again
		c.s.removeChannel(ch)
	}
	return answer, nil
}

// A threadDraft is what the bot wants a thread to be.
type threadDraft struct {
	Name        string          `json:"name"`
	AutoArchive int             `json:"auto_archive_duration"`
	Type        *Kind           `json:"type"`
	Invitable   *bool           `json:"invitable"`
	Applied     []string        `json:"applied_tags"`
	Message     json.RawMessage `json:"message"`
}

// maxThreadName is how long the name of a thread may be.
// Source: https://docs.discord.com/developers/resources/channel#start-thread-from-message
const maxThreadName = 100

// thread reads and judges what the bot wants a thread to be. The lock is held.
func (c *call) thread(ch *Channel) (threadDraft, error) {
	var d threadDraft
	if err := c.body(&d); err != nil {
		return d, err
	}
	if n := utf8.RuneCountInString(d.Name); n < 1 || n > maxThreadName {
		return d, invalidForm(fault{[]string{"name"}, "BASE_TYPE_BAD_LENGTH", fmt.Sprintf("Must be between 1 and %d in length.", maxThreadName)})
	}
	if d.AutoArchive != 0 && !slices.Contains([]int{60, 1440, 4320, 10080}, d.AutoArchive) {
		return d, invalidForm(fault{[]string{"auto_archive_duration"}, "BASE_TYPE_CHOICES", "Value must be one of {60, 1440, 4320, 10080}."})
	}
	active := 0
	for _, id := range c.s.order {
		if t := c.s.channels[id]; t.thread() && !t.Archived && t.Guild == ch.Guild {
			active++
		}
	}
	if active >= activeThreads {
		return d, refuse(http.StatusBadRequest, codeTooManyThreads, "Maximum number of active threads reached")
	}
	return d, nil
}

// threadFromMessage is Start Thread from Message.
func threadFromMessage(c *call) (any, error) {
	ch, err := c.channel(CreatePublicThreads)
	if err != nil {
		return nil, err
	}
	if ch.Kind != Text && ch.Kind != Announcement {
		return nil, errChannelType
	}
	m, err := c.message(ch)
	if err != nil {
		return nil, err
	}
	if c.s.channels[m.ID] != nil || m.thread {
		return nil, refuse(http.StatusBadRequest, codeThreadExists, "A thread has already been created for this message")
	}
	d, err := c.thread(ch)
	if err != nil {
		return nil, err
	}
	c.status = http.StatusCreated
	t := c.s.beginFrom(ch, m, &Channel{Name: d.Name, Owner: botID, Members: []string{botID}, AutoArchive: d.AutoArchive})
	return c.s.channelJSON(t), nil
}

// createThread is Start Thread without Message, and Start Thread in Forum.
func createThread(c *call) (any, error) {
	s := c.s
	ch, err := c.channel(0)
	if err != nil {
		return nil, err
	}
	may := s.may(botID, ch)
	d, err := c.thread(ch)
	if err != nil {
		return nil, err
	}
	c.status = http.StatusCreated
	t := &Channel{Name: d.Name, Owner: botID, Members: []string{botID}, AutoArchive: d.AutoArchive, Invitable: d.Invitable == nil || *d.Invitable}
	switch ch.Kind {
	case Forum:
		return c.post(ch, t, d)
	case Text, Announcement:
		t.Kind = PrivateThread // as Discord has it where nobody says
		if d.Type != nil {
			t.Kind = *d.Type
		}
	default:
		return nil, errChannelType
	}
	switch {
	case t.Kind == PrivateThread && ch.Kind == Text && may.has(CreatePrivateThreads):
	case t.Kind == PublicThread && ch.Kind == Text && may.has(CreatePublicThreads), t.Kind == AnnouncementThread && ch.Kind == Announcement && may.has(CreatePublicThreads):
	case t.Kind == PrivateThread && ch.Kind == Text, t.Kind == PublicThread && ch.Kind == Text:
		return nil, errPermissions
	default:
		return nil, invalidForm(fault{[]string{"type"}, "BASE_TYPE_CHOICES", "There are no such threads in the channel."})
	}
	return s.channelJSON(s.beginAlone(ch, t)), nil
}

// post begins a post in a forum. The lock is held.
func (c *call) post(ch, t *Channel, d threadDraft) (any, error) {
	s := c.s
	if !s.may(botID, ch).has(SendMessages) {
		return nil, errPermissions
	}
	if err := c.tags(ch, d.Applied); err != nil {
		return nil, err
	}
	var first draft
	if err := json.Unmarshal(d.Message, &first); err != nil {
		return nil, invalidForm(fault{[]string{"message"}, "BASE_TYPE_REQUIRED", "This field is required."})
	}
	t.ID, t.Kind, t.Applied, t.Guild, t.Parent = s.id(), PublicThread, d.Applied, ch.Guild, ch.ID
	m := &Message{ID: t.ID, Channel: t.ID, Author: botID}
	s.channels[t.ID] = t // the message is read against it
	err := c.compose(m, first, true)
	delete(s.channels, t.ID)
	if err != nil {
		return nil, err
	}
	s.begin(ch, t)
	s.put(t, m)
	s.tellMessage("MESSAGE_CREATE", m)
	answer := s.channelJSON(t)
	answer["message"] = s.messageJSON(m, false)
	return answer, nil
}

// maxTags is how many tags a post may have.
// Source: https://docs.discord.com/developers/resources/channel#channel-object
const maxTags = 5

// tags checks those of a post. The lock is held.
func (c *call) tags(forum *Channel, tags []string) error {
	if forum == nil || forum.Kind != Forum {
		if len(tags) > 0 {
			return errChannelType
		}
		return nil
	}
	if forum.RequireTag && len(tags) == 0 {
		return refuse(http.StatusBadRequest, codeTagRequired, "A tag is required to create a forum post in this channel")
	}
	if len(tags) > maxTags {
		return invalidForm(fault{[]string{"applied_tags"}, "BASE_TYPE_MAX_LENGTH", fmt.Sprintf("Must be %d or fewer in length.", maxTags)})
	}
	for _, id := range tags {
		i := slices.IndexFunc(forum.Tags, func(t Tag) bool { return t.ID == id })
		if i < 0 {
			return invalidForm(fault{[]string{"applied_tags"}, "BASE_TYPE_CHOICES", "There is no such tag."})
		}
		if forum.Tags[i].Moderated && !c.s.may(botID, forum).has(ManageThreads) {
			return errPermissions
		}
	}
	return nil
}

// member is the thread of a call. The lock is held.
func (c *call) member() (*Channel, error) {
	ch, err := c.channel(0)
	switch {
	case err != nil:
		return nil, err
	case !ch.thread():
		return nil, errChannelType
	}
	return ch, nil
}

// addThreadMember is Add Thread Member.
func addThreadMember(c *call) (any, error) {
	ch, err := c.member()
	user := c.path("user_id")
	switch {
	case err != nil:
		return nil, err
	case ch.Archived:
		return nil, errArchivedThread
	case !c.s.may(botID, ch).has(SendInThreads):
		return nil, errPermissions
	case c.s.users[user] == nil:
		return nil, errUnknownUser
	case !c.s.may(user, c.s.channels[ch.Parent]).has(ViewChannel):
		return nil, errAccess
	case !ch.has(user):
		c.s.addMember(ch, botID, user)
	}
	return nil, nil
}

// removeThreadMember is Remove Thread Member.
func removeThreadMember(c *call) (any, error) {
	ch, err := c.member()
	user := c.path("user_id")
	switch {
	case err != nil:
		return nil, err
	case ch.Archived:
		return nil, errArchivedThread
	case user != botID && !c.s.may(botID, ch).has(ManageThreads) && (ch.Owner != botID || ch.Kind != PrivateThread):
		return nil, errPermissions
	case !ch.has(user):
		return nil, errUnknownMember
	}
	ch.Members = slices.DeleteFunc(ch.Members, func(id string) bool { return id == user })
	c.s.change()
	return nil, nil
}

// joinThread is Join Thread.
func joinThread(c *call) (any, error) {
	ch, err := c.member()
	switch {
	case err != nil:
		return nil, err
	case ch.Archived:
		return nil, errArchivedThread
	case !ch.has(botID):
		c.s.addMember(ch, botID, botID)
	}
	return nil, nil
}

// leaveThread is Leave Thread.
func leaveThread(c *call) (any, error) {
	ch, err := c.member()
	if err != nil {
		return nil, err
	}
	ch.Members = slices.DeleteFunc(ch.Members, func(id string) bool { return id == botID })
	return nil, nil
}

// getThreadMembers is List Thread Members, and getThreadMember Get Thread
// Member.
func getThreadMembers(c *call) (any, error) {
	ch, err := c.member()
	if err != nil {
		return nil, err
	}
	all := []object{}
	for _, id := range ch.Members {
		all = append(all, c.s.threadMember(ch, id))
	}
	return all, nil
}

func getThreadMember(c *call) (any, error) {
	ch, err := c.member()
	switch {
	case err != nil:
		return nil, err
	case !ch.has(c.path("user_id")):
		return nil, errUnknownMember
	}
	return c.s.threadMember(ch, c.path("user_id")), nil
}

// getActiveThreads is List Active Guild Threads.
func getActiveThreads(c *call) (any, error) {
	g, err := c.guild()
	if err != nil {
		return nil, err
	}
	list := c.threads(func(t *Channel) bool { return t.Guild == g.ID && !t.Archived })
	return c.listed(list, len(list)), nil
}

// threads are those that the bot sees and that are such ones, the newest
// first. The lock is held.
func (c *call) threads(such func(t *Channel) bool) []*Channel {
	var all []*Channel
	for _, id := range slices.Backward(c.s.order) {
		if t := c.s.channels[id]; t.thread() && c.s.may(botID, t).has(ViewChannel) && such(t) {
			all = append(all, t)
		}
	}
	return all
}

// listed tells of the first of some threads. The lock is held.
func (c *call) listed(list []*Channel, limit int) object {
	all, members := []object{}, []object{}
	for _, t := range list[:min(limit, len(list))] {
		all = append(all, c.s.channelJSON(t))
		if t.has(botID) {
			members = append(members, c.s.threadMember(t, botID))
		}
	}
	return object{"threads": all, "members": members, "has_more": len(list) > limit}
}

// archivedPublic, archivedPrivate and archivedJoined list threads in the
// archive.
func archivedPublic(c *call) (any, error) {
	return c.archived(0, func(t *Channel) bool { return t.Kind != PrivateThread })
}

func archivedPrivate(c *call) (any, error) {
	return c.archived(ManageThreads, func(t *Channel) bool { return t.Kind == PrivateThread })
}

func archivedJoined(c *call) (any, error) {
	return c.archived(0, func(t *Channel) bool { return t.Kind == PrivateThread && t.has(botID) })
}

func (c *call) archived(need Permission, such func(t *Channel) bool) (any, error) {
	ch, err := c.channel(need)
	if err != nil {
		return nil, err
	}
	limit, err := c.limit(50, 100)
	if err != nil {
		return nil, err
	}
	if !c.s.may(botID, ch).has(ReadMessageHistory) {
		return nil, errPermissions
	}
	var before time.Time
	if text := c.query("before"); text != "" {
		if before, err = time.Parse(time.RFC3339, text); err != nil {
			id := number(text) // the joined ones go by id
			if id == 0 {
				return nil, invalidForm(fault{[]string{"before"}, "DATE_TIME_TYPE_PARSE", "Could not parse the time."})
			}
			before = time.UnixMilli(int64(id>>22) + epoch)
		}
	}
	list := c.threads(func(t *Channel) bool {
		return t.Parent == ch.ID && t.Archived && such(t) && (before.IsZero() || t.archivedAt.Before(before))
	})
	slices.SortStableFunc(list, func(a, b *Channel) int { return b.archivedAt.Compare(a.archivedAt) })
	return c.listed(list, limit), nil
}
