package discord

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/bwmarrin/discordgo"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// maxMarked is how many threads that are archived are looked into, the newest
	// first, and pageSize how many messages are read at a time.
	// Source: https://docs.discord.com/developers/resources/message#get-channel-messages
	maxMarked = 1000
	pageSize  = 100
)

// newProgress is how far channels have been read. A cursor is the id of a
// message, and cursorOf its name.
func newProgress(a *Adapter) *chat.Progress {
	return chat.NewProgress(chat.ProgressOptions{
		Platform: Name, Memory: a.o.Memory, At: idAt, Time: timeOf, Read: a.catchUp, Now: a.now, Log: a.log,
	})
}

// cursorOf names the cursor of a channel, a thread, or someone's direct
// messages.
func cursorOf(place chat.Place, channel string) string {
	if _, direct := directTo(place); direct {
		return place.String()
	}
	return "channel/" + channel
}

// A catch is one pass over what was missed.
type catch struct {
	*Adapter
	*session
	*chat.Catching
	events int
	missed []string // channels that cannot be read
}

// catchUp takes in what was said while nobody listened: in channels, in
// threads, and in direct messages that we know of.
func (a *Adapter) catchUp(ctx context.Context, of *chat.Catching) error {
	s, done, ok := a.enter()
	if !ok {
		return context.Canceled
	}
	defer done()
	c := catch{Adapter: a, session: s, Catching: of}
	rooms, err := c.rooms(ctx)
	if err != nil {
		return err
	}
	for _, r := range rooms {
		if err := c.room(ctx, r); err != nil {
			return err
		}
	}
	for user, place := range c.correspondents() {
		if err := c.directly(ctx, place, user); err != nil {
			return err
		}
	}
	a.log.Info("caught up with what was said meanwhile", "since", c.Since(), "channels", len(rooms), "messages", c.events, "unreadable", c.missed)
	return nil
}

// rooms are the channels and threads where something may have been said: those
// of the servers, and threads that we have written in and that are archived.
func (c *catch) rooms(ctx context.Context) ([]room, error) {
	found := map[string]room{}
	for _, guild := range c.self.guilds {
		var channels []room
		if err := c.patiently(ctx, http.MethodGet, "guilds/"+guild+"/channels", &channels); err != nil {
			return nil, err
		}
		var active struct {
			Threads []room `json:"threads"`
		}
		if err := c.patiently(ctx, http.MethodGet, "guilds/"+guild+"/threads/active", &active); err != nil {
			return nil, err
		}
		for _, r := range slices.Concat(channels, active.Threads) {
			r.Guild = guild
			c.world.mu.Lock()
			c.world.keep(r)
			c.world.mu.Unlock()
			if r.readable() {
				found[r.ID] = r
			}
		}
	}
	marked, err := c.o.Memory.Marked(ctx, Name, c.now().Add(-chat.Marking), maxMarked)
	if err != nil {
		return nil, err
	}
	for _, place := range marked {
		if _, known := found[place.Thread]; place.Thread != "" && !known && isID(place.Thread) {
			found[place.Thread] = room{ID: place.Thread, Guild: place.Workspace, Parent: place.Channel, Kind: discordgo.ChannelTypeGuildPublicThread}
		}
	}
	for _, place := range c.o.seen() {
		if _, known := found[place.Channel]; !known {
			if r, err := c.world.room(ctx, place.Channel); err != nil || !r.forum() {
				found[place.Channel] = room{ID: place.Channel, Guild: place.Workspace, Kind: discordgo.ChannelTypeGuildText}
			}
		}
	}
	list := slices.Collect(maps.Values(found))
	slices.SortFunc(list, func(a, b room) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

// room takes in what was said in a channel or thread.
func (c *catch) room(ctx context.Context, r room) error {
	name := "channel/" + r.ID
	after := c.Start(name)
	if r.Latest != "" && chat.Later(r.Latest, after) == after {
		return c.Hold(ctx) // nothing has come since
	}
	return c.read(ctx, name, r.ID, r.Guild, after)
}

// correspondents are the direct messages that we know of, by person: of those
// who wrote to us, and of those to whom we wrote and who may have answered since.
func (c *catch) correspondents() map[string]chat.Place {
	known := map[string]chat.Place{}
	for name, last := range c.Cursors() {
		if user, noted := strings.CutPrefix(name, directNote); noted {
			if _, guild, _ := strings.Cut(last, "/"); known[user] == (chat.Place{}) && isID(user) && isID(guild) {
				known[user] = chat.Direct(chat.NewAccountID(Name, guild, user))
			}
			continue
		}
		place, err := chat.ParsePlace(name)
		if user, direct := directTo(place); err == nil && direct {
			known[user] = place
		}
	}
	return known
}

// directly takes in someone's direct messages.
func (c *catch) directly(ctx context.Context, place chat.Place, user string) error {
	channel, err := c.client.direct(ctx, user)
	if isGone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.read(ctx, place.String(), channel, "", c.Start(place.String()))
}

// read takes in the messages of a channel after one, the oldest first.
func (c *catch) read(ctx context.Context, name, channel, guild, after string) error {
	for {
		var page []heardMessage
		err := c.patiently(ctx, http.MethodGet, "channels/"+channel+"/messages?"+url.Values{
			"after": {after}, "limit": {strconv.Itoa(pageSize)},
		}.Encode(), &page)
		if isGone(err) {
			if !strings.HasPrefix(name, "channel/") || slices.ContainsFunc(c.o.seen(), func(p chat.Place) bool { return p.Channel == channel }) {
				c.missed = append(c.missed, channel)
				c.log.Warn("a channel cannot be read; what was said there meanwhile is missed", "channel", channel, "err", scrub(err),
					"mend", "let the bot see the channel and its history, or take it out of the configuration")
			}
			return c.Hold(ctx)
		}
		if err != nil {
			return err
		}
		slices.SortFunc(page, func(a, b heardMessage) int { // numbers, of which some are of one millisecond
			return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
		})
		for _, m := range page {
			m.Guild, m.Channel = guild, channel
			if err := c.take(ctx, m, after); err != nil {
				return err
			}
			after = chat.Later(after, m.ID)
		}
		if err := c.Hold(ctx); err != nil {
			return err
		}
		if len(page) < pageSize {
			c.progress.Saw(name, after)
			return nil
		}
	}
}

// take takes in a message as it stands now.
func (c *catch) take(ctx context.Context, m heardMessage, after string) error {
	e, err := c.Adapter.said(ctx, c.session, m)
	if err != nil {
		if errors.Is(err, errSilent) || errors.Is(err, errMalformed) || isGone(err) {
			return nil
		}
		return err
	}
	e.ID = chat.EventID(Name + ":" + e.Identity())
	c.heardOf.put(m.ID, author{e.From, e.Place, e.Private})
	c.events++
	return c.in.Accept(ctx, e)
}

// isGone reports whether there is nothing to be read where something was, or
// not by us.
func isGone(err error) bool {
	return isRefused(err, unknownChannel, unknownMessage, missingAccess, missingPermissions)
}

// patiently asks Discord for something, again as soon as it may be asked.
func (a *Adapter) patiently(ctx context.Context, method, path string, into any) error {
	for {
		asked, cancel := context.WithTimeout(ctx, asking)
		err := a.do(asked, method, path, nil, into)
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
