package discord

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/bot/chat"
)

// maxTags is how many tags a topic of a forum may have.
// Source: https://docs.discord.com/developers/resources/channel#channel-object
const maxTags = 5

// A tag is one that a forum has for its topics.
type tag struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Moderated bool   `json:"moderated"` // only who manages threads gives it
}

// in is what marks say of a tag, if they name it.
func (t tag) in(marks map[string]bool) (on, named bool) {
	on, named = marks[strings.ToLower(strings.TrimSpace(t.Name))]
	return on, named
}

// tagged are the tags of a topic that had some, as its marks say. In a topic of
// ours, tags that only moderators give are left as they are.
func tagged(all []tag, given []string, marks map[string]bool, ours bool) []string {
	now := slices.Clone(given)
	for _, t := range all {
		on, marked := t.in(marks)
		has := slices.Contains(now, t.ID)
		switch {
		case !marked || on == has || ours && t.Moderated:
		case !on:
			now = slices.DeleteFunc(now, func(id string) bool { return id == t.ID })
		default:
			now = append(now, t.ID)
		}
	}
	return now[:min(len(now), maxTags)]
}

// retag gives the topic that a delivered reply is in the tags of its marks, if
// its forum has such, and takes those that are true no longer. A topic of ours is
// ours to tag, one of someone else's only with the permission Manage Threads.
// What comes of it does not count: the reply stands.
func (c *client) retag(ctx context.Context, d chat.Delivery, r chat.Receipt) {
	place := d.Reply.Place
	thread := place.Thread
	if thread == "" && r.Same(d.Sent) { // a new topic came with its tags
		thread = string(r.Message)
	}
	if _, direct := directTo(place); direct || d.Reply.Under != "" || !isID(thread) {
		return
	}
	forum, err := c.channel(ctx, place.Channel)
	if err != nil || !slices.ContainsFunc(forum.Tags, func(t tag) bool { _, named := t.in(d.Reply.Marks); return named }) {
		return
	}
	var topic channel // as it is now: people tag it too
	if err := c.do(ctx, http.MethodGet, "channels/"+thread, nil, &topic); err != nil {
		c.log.Warn("a topic's tags cannot be read", "topic", thread, "err", err)
		return
	}
	self := c.self.Load()
	ours := self != nil && topic.Owner == self.user
	if _, denied := c.theirs.get(place.Channel); denied && !ours {
		return
	}
	now := tagged(forum.Tags, topic.Given, d.Reply.Marks, ours)
	if slices.Equal(now, topic.Given) {
		return
	}
	err = c.do(ctx, http.MethodPatch, "channels/"+thread, map[string]any{"applied_tags": now}, nil)
	switch {
	case isRefused(err, missingPermissions) && !ours:
		c.theirs.put(place.Channel, true)
	case err != nil && !isRefused(err, tagRequired):
		c.log.Warn("a topic could not be tagged", "topic", thread, "err", err)
	}
}
