package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// perPage is how many messages are asked for at once, at most.
	// Source: https://docs.discord.com/developers/resources/message#get-channel-messages
	perPage = 100
	// maxPages and maxThreads are ours: how far a delivery is looked for.
	maxPages   = 5
	maxThreads = 10
	// skew is how far Discord's clock may be behind ours.
	skew = 5 * time.Minute
	// epoch is the first millisecond that Discord's names tell, which have the
	// time in all bits but the lowest.
	// Source: https://docs.discord.com/developers/reference#snowflakes
	epoch    = 1_420_070_400_000
	timeBits = 22
)

// idAt is the least name that something has which was made at t.
func idAt(t time.Time) string {
	return strconv.FormatUint(uint64(max(0, t.UnixMilli()-epoch))<<timeBits, 10)
}

// compareIDs orders names by their time.
func compareIDs(a, b string) int {
	if d := len(a) - len(b); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

// errSigningIn: what is ours cannot be told yet.
var errSigningIn = errors.New("not signed in to Discord yet")

// Confirm looks for a delivery where it would stand; see [chat.Platform].
//
// It looks for the stamp of the delivery and not for its nonce, which Discord
// does not list, nor for its words, which are the same in many messages.
func (c *client) Confirm(ctx context.Context, d chat.Delivery) (chat.Receipt, chat.Finding, error) {
	r := d.Reply
	self := c.self.Load()
	switch {
	case r.Deed == chat.Remove:
		return chat.Receipt{}, chat.Absent, nil // doing it again does no harm
	case self == nil:
		return chat.Receipt{}, "", errSigningIn
	case isPrivate(r):
		return c.confirmPrivate(ctx, d)
	}
	if r.Deed == chat.Replace && c.stands(d) {
		found, err := c.replaced(ctx, d)
		switch {
		case err == nil && found:
			return chat.Receipt{Place: d.Sent.Place, Message: d.Sent.Message}, chat.Found, nil
		case err == nil: // it is still there to be replaced
			return chat.Receipt{}, chat.Absent, nil
		case !isRefused(err, unchangeable...):
			return chat.Receipt{}, "", err
		}
	}
	return c.look(ctx, d)
}

// replaced reports whether the message that stands shows a delivery.
func (c *client) replaced(ctx context.Context, d chat.Delivery) (bool, error) {
	at, err := c.where(ctx, d.Sent)
	if err != nil {
		return false, err
	}
	m, err := c.read(ctx, at, string(d.Sent.Message))
	if isUnreadable(err) {
		return false, nil
	}
	return c.own(m) && m.is(d.ID), err
}

// read reads one message.
func (c *client) read(ctx context.Context, channel, id string) (m said, err error) {
	err = c.do(ctx, http.MethodGet, messages(channel)+"/"+id, nil, &m)
	return m, err
}

// own reports whether a message is ours.
func (c *client) own(m said) bool {
	self := c.self.Load()
	return self != nil && self.user != "" && m.Author.ID == self.user
}

// isUnreadable reports whether we may write to a channel that we cannot read.
func isUnreadable(err error) bool { return isRefused(err, missingAccess, missingPermissions) }

// confirmPrivate looks for what only one person was shown. The first answer to
// an interaction can be read as long as it takes answers, later ones cannot.
func (c *client) confirmPrivate(ctx context.Context, d chat.Delivery) (chat.Receipt, chat.Finding, error) {
	came, _ := doorOf(d.Reply.Handle)
	if came != byInteraction {
		d.Reply.Place, d.Reply.Handle, d.Reply.Under = chat.Direct(d.Reply.Only), "", ""
		return c.look(ctx, d)
	}
	token, err := c.replyToken(ctx, d.Reply)
	if err == nil {
		var m said
		m, err = c.first(ctx, token)
		switch {
		case err != nil:
		case m.ephemeral() && c.own(m) && m.is(d.ID):
			return receiptOf(d.Reply, m), chat.Found, nil
		case m.loading():
			return chat.Receipt{}, chat.Absent, nil // whatever came first would stand there
		}
	}
	if err != nil && !errors.Is(err, errNoAnswer) {
		return chat.Receipt{}, "", err
	}
	return chat.Receipt{}, chat.Unknowable, nil
}

// look looks for a delivery where a new message would have come to stand.
func (c *client) look(ctx context.Context, d chat.Delivery) (chat.Receipt, chat.Finding, error) {
	r := d.Reply
	if _, ok := apartFor(r.Place); ok {
		return c.lookInThreads(ctx, d, func(t channel) bool { return t.Type == privateThread })
	}
	place := r.Place
	at := place.Channel
	if user, ok := directTo(place); ok {
		own, err := c.direct(ctx, user)
		if err != nil {
			return absent(err)
		}
		at = own
	} else {
		thread, err := threadOf(d)
		if err != nil {
			return absent(err)
		}
		if thread != "" {
			at, place.Thread = thread, thread
		} else if kind, err := c.channel(ctx, at); err != nil {
			return absent(err)
		} else if kind.forum() {
			return c.lookInThreads(ctx, d, func(channel) bool { return true })
		}
	}
	m, finding, err := c.find(ctx, at, d)
	if finding != chat.Found || err != nil {
		return chat.Receipt{}, finding, err
	}
	return c.found(ctx, place, m), chat.Found, nil
}

// absent is what an error means that comes before a reply would be sent.
func absent(err error) (chat.Receipt, chat.Finding, error) {
	if errors.Is(err, chat.ErrUndeliverable) {
		return chat.Receipt{}, chat.Absent, nil
	}
	return chat.Receipt{}, "", err
}

// found is the receipt of a message that was found.
func (c *client) found(ctx context.Context, place chat.Place, m said) chat.Receipt {
	receipt := chat.Receipt{Place: place, Message: chat.MessageID(m.ID)}
	if _, ok := directTo(place); ok {
		c.remember(ctx, place)
		return receipt
	}
	c.mark(ctx, receipt)
	return receipt
}

// find looks for a delivery among the messages of a channel, from before it was
// first tried on. Files stand with the message.
func (c *client) find(ctx context.Context, at string, d chat.Delivery) (said, chat.Finding, error) {
	path := fmt.Sprintf("%s?limit=%d", messages(at), perPage)
	if d.Since.IsZero() {
		page, err := c.list(ctx, path)
		return c.among(page, d, err, len(page) < perPage)
	}
	before := skew
	if came, _ := doorOf(d.Reply.Handle); came == byInteraction {
		before = tokenLife // the message was there already when it was filled
	}
	after := idAt(d.Since.Add(-before))
	for range maxPages {
		page, err := c.list(ctx, path+"&after="+after)
		last := len(page) < perPage
		m, finding, err := c.among(page, d, err, true)
		if err != nil || finding != chat.Absent || last {
			return m, finding, err
		}
		after = slices.MaxFunc(page, func(a, b said) int { return compareIDs(a.ID, b.ID) }).ID
	}
	return said{}, chat.Unknowable, nil
}

// among says whether a delivery is on a page.
func (c *client) among(page []said, d chat.Delivery, err error, all bool) (said, chat.Finding, error) {
	switch {
	case isRefused(err, unknownChannel):
		return said{}, chat.Absent, nil // a thread that was never begun
	case isUnreadable(err):
		return said{}, chat.Unknowable, nil
	case err != nil:
		return said{}, "", err
	}
	for _, m := range page {
		if c.own(m) && m.is(d.ID) {
			return m, chat.Found, nil
		}
	}
	if !all {
		return said{}, chat.Unknowable, nil
	}
	return said{}, chat.Absent, nil
}

// list reads a page of messages.
func (c *client) list(ctx context.Context, path string) ([]said, error) {
	var raw []json.RawMessage
	if err := c.do(ctx, http.MethodGet, path, nil, &raw); err != nil {
		return nil, err
	}
	return parseMessages(raw), nil
}

// parseMessages reads a page of messages. Those that are not as ours are count
// too, by their id, but hold nothing.
func parseMessages(raw []json.RawMessage) []said {
	var page []said
	for _, one := range raw {
		var m said
		if json.Unmarshal(one, &m) != nil {
			var name struct {
				ID string `json:"id"`
			}
			if json.Unmarshal(one, &name) != nil {
				name.ID = ""
			}
			m = said{ID: name.ID}
		}
		if !isID(m.ID) {
			m = said{ID: "0"}
		}
		page = append(page, m)
	}
	return page
}

// lookInThreads looks for a delivery that would have begun a thread of a
// channel: of a forum, or for one person.
func (c *client) lookInThreads(ctx context.Context, d chat.Delivery, like func(channel) bool) (chat.Receipt, chat.Finding, error) {
	var active struct {
		Threads []channel `json:"threads"`
	}
	place := d.Reply.Place
	err := c.do(ctx, http.MethodGet, "guilds/"+place.Workspace+"/threads/active", nil, &active)
	if isUnreadable(err) {
		return chat.Receipt{}, chat.Unknowable, nil
	} else if err != nil {
		return absent(err)
	}
	after := "0"
	if !d.Since.IsZero() {
		after = idAt(d.Since.Add(-skew))
	}
	self := c.self.Load()
	threads := slices.DeleteFunc(active.Threads, func(t channel) bool {
		return t.Parent != place.Channel || t.Owner != self.user || !isID(t.ID) || !like(t) || compareIDs(t.ID, after) < 0
	})
	slices.SortFunc(threads, func(a, b channel) int { return compareIDs(a.ID, b.ID) })
	for i, t := range threads {
		if i == maxThreads {
			return chat.Receipt{}, chat.Unknowable, nil
		}
		m, finding, err := c.find(ctx, t.ID, d)
		if err != nil {
			return chat.Receipt{}, "", err
		}
		if finding != chat.Found {
			continue
		}
		if _, ok := apartFor(place); ok {
			place.Thread = t.ID
		}
		return c.found(ctx, place, m), chat.Found, nil
	}
	return chat.Receipt{}, chat.Absent, nil
}
