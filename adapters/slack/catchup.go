package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"

	"github.com/signpost-bot/signpost/bot/chat"
)

// maxThreads is how many threads are looked into, the newest first.
const maxThreads = 1000

// newProgress is how far channels have been read. A cursor is the time of a
// message, and named after its place.
func newProgress(a *Adapter) *chat.Progress {
	return chat.NewProgress(chat.ProgressOptions{
		Platform: Name, Memory: a.o.Memory, At: tsOf, Time: timeOf, Read: a.catchUp, Now: a.now, Log: a.log,
	})
}

// A room is a channel that the app is in.
type room struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	IM   bool   `json:"is_im"`
	User string `json:"user"` // of direct messages
}

// A catch is one pass over what was missed.
type catch struct {
	*Adapter
	*session
	*chat.Catching
	events int
	missed []string // channels that cannot be read
}

// catchUp takes in what was said while nobody listened: in channels, in threads
// that we know of, and in direct messages.
func (a *Adapter) catchUp(ctx context.Context, of *chat.Catching) error {
	s, done, ok := a.enter()
	if !ok {
		return context.Canceled
	}
	defer done()
	c := catch{Adapter: a, session: s, Catching: of}
	channels, err := c.channels(ctx)
	if err != nil {
		return err
	}
	for _, ch := range channels {
		if err := c.channel(ctx, ch); err != nil {
			return err
		}
	}
	marked, err := a.o.Memory.Marked(ctx, Name, a.now().Add(-chat.Marking), maxThreads)
	if err != nil {
		return err
	}
	for _, thread := range marked {
		if thread.Thread == "" || thread.Workspace != s.self.team {
			continue
		}
		if err := c.thread(ctx, thread.Channel, thread.Thread, c.Start(thread.Outside().String())); err != nil {
			return err
		}
	}
	a.log.Info("caught up with what was said meanwhile", "since", c.Since(), "channels", len(channels), "messages", c.events, "unreadable", c.missed)
	return nil
}

func (c *catch) placeOf(ch room) chat.Place {
	place, _ := c.place(c.self, ch.ID, ch.User, "")
	return place
}

// channels lists what the app is in, and reports those that it should be in.
func (c *catch) channels(ctx context.Context) ([]room, error) {
	var rooms, direct []room
	for _, types := range []string{"public_channel,private_channel,mpim", "im"} {
		for cursor := ""; ; {
			var page channelList
			err := c.patiently(ctx, func(ctx context.Context) error {
				return c.client.call(ctx, "users.conversations", url.Values{
					"types": {types}, "limit": {strconv.Itoa(perPage)}, "cursor": {cursor}, "exclude_archived": {"true"},
				}, page.parse)
			})
			if err != nil {
				if isUnreadable(err) { // for want of a scope: the others can be read all the same
					c.log.Warn("channels of some types cannot be listed; what was said there meanwhile is missed",
						"types", types, "err", scrub(err), "mend", "signpost check --live says which scope is missing")
					break
				}
				return nil, err
			}
			for _, ch := range page.Channels {
				if ch.IM {
					direct = append(direct, ch)
				} else {
					rooms = append(rooms, ch)
				}
			}
			if cursor = page.Meta.Next; cursor == "" {
				break
			}
		}
	}
	for _, place := range c.o.seen() {
		if place.Workspace == c.self.team && !slices.ContainsFunc(rooms, func(ch room) bool { return ch.ID == place.Channel }) {
			rooms = append(rooms, room{ID: place.Channel})
		}
	}
	// Who wrote last is served first.
	slices.SortStableFunc(direct, func(a, b room) int {
		return -cmp.Compare(c.Cursors()[c.placeOf(a).String()], c.Cursors()[c.placeOf(b).String()])
	})
	return append(rooms, direct...), nil
}

// A channelList is a page of channels.
type channelList struct {
	head
	Channels []room `json:"channels"`
}

func (l *channelList) parse(body []byte) error {
	if err := json.Unmarshal(body, l); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return l.head.err()
}

// channel takes in what was said in a channel, and in threads that began since.
func (c *catch) channel(ctx context.Context, ch room) error {
	place := c.placeOf(ch)
	from := c.Start(place.String())
	all, err := c.historyOf(ctx, "conversations.history", url.Values{"channel": {ch.ID}, "oldest": {from}})
	if err != nil {
		return c.unreadable(ctx, ch, err)
	}
	slices.SortStableFunc(all, func(a, b said) int { return cmp.Compare(a.TS, b.TS) })
	for _, m := range all {
		if err := c.take(ctx, ch.ID, m, from); err != nil {
			return err
		}
		if m.Replies > 0 && m.Latest > from {
			if err := c.thread(ctx, ch.ID, m.TS, from); err != nil {
				return err
			}
		}
	}
	if n := len(all); n > 0 {
		c.progress.Saw(place.String(), all[n-1].TS)
	}
	return c.Hold(ctx)
}

// unreadable reports a channel that cannot be read; other errors stay errors.
func (c *catch) unreadable(ctx context.Context, ch room, err error) error {
	if !isUnreadable(err) {
		return err
	}
	c.missed = append(c.missed, ch.ID)
	c.log.Warn("a channel cannot be read; what was said there meanwhile is missed", "channel", ch.ID, "err", scrub(err),
		"mend", "invite the app to the channel, or take it out of the configuration")
	return c.Hold(ctx)
}

// thread takes in what was said in a thread.
func (c *catch) thread(ctx context.Context, channel, ts, from string) error {
	all, err := c.historyOf(ctx, "conversations.replies", url.Values{"channel": {channel}, "ts": {ts}, "oldest": {from}})
	if err != nil {
		if isUnreadable(err) || isRefused(err, "thread_not_found") {
			c.log.Info("a thread cannot be read any more", "channel", channel, "err", scrub(err))
			return nil
		}
		return err
	}
	slices.SortStableFunc(all, func(a, b said) int { return cmp.Compare(a.TS, b.TS) })
	for _, m := range all {
		if m.TS == ts {
			continue // its beginning is the channel's
		}
		if err := c.take(ctx, channel, m, from); err != nil {
			return err
		}
	}
	return c.Hold(ctx)
}

// take takes in a message as it stands now, and what it was changed to.
func (c *catch) take(ctx context.Context, channel string, m said, from string) error {
	e, err := c.Adapter.said(ctx, c.session, channel, m, false)
	if err != nil {
		return nil // nothing is to be made of it
	}
	id := channel + "/" + m.TS
	if m.TS > from {
		e.ID = eventID("history/" + id)
		if err := c.in.Accept(ctx, e); err != nil {
			return err
		}
		c.events++
	}
	if edited := m.Edited.TS; edited > from {
		e.ID, e.Kind, e.Stamp = eventID("history/"+id+"/"+edited), chat.Edit, edited
		return c.in.Accept(ctx, e)
	}
	return nil
}

// pages reads all pages of a history.
func (a *Adapter) historyOf(ctx context.Context, method string, args url.Values) ([]said, error) {
	var all []said
	args = maps.Clone(args)
	args.Set("limit", strconv.Itoa(perPage))
	for {
		var page listing
		err := a.patiently(ctx, func(ctx context.Context) (err error) {
			page, err = a.client.list(ctx, method, args)
			return err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, page.Messages...)
		if page.Next == "" {
			return all, nil
		}
		args.Set("cursor", page.Next)
	}
}

// patiently asks Slack for something, again as soon as it may be asked.
func (a *Adapter) patiently(ctx context.Context, do func(ctx context.Context) error) error {
	for {
		asked, cancel := context.WithTimeout(ctx, asking)
		err := do(asked)
		cancel()
		var limited *chat.RateLimitedError
		if !errors.As(err, &limited) {
			return err
		}
		if !pause(ctx, limited.After) {
			return ctx.Err()
		}
	}
}
