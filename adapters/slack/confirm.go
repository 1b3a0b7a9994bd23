package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// perPage is how many messages are asked for at once, as Slack recommends at
	// most.
	// Source: https://docs.slack.dev/reference/methods/conversations.history
	perPage = 200
	// maxPages is ours: how far a delivery is looked for.
	maxPages = 5
	// skew is how far Slack's clock may be behind ours.
	skew = 5 * time.Minute
)

// said is what we read of a message, in events and in histories. Slack's
// library reads all of it, and fails at one block that it does not know, in
// anybody's message; the words are in the text anyway.
type said struct {
	Subtype string `json:"subtype"`
	TS      string `json:"ts"`
	Thread  string `json:"thread_ts"`
	User    string `json:"user"`
	Bot     string `json:"bot_id"`
	Team    string `json:"team"`
	Text    string `json:"text"`
	Edited  struct {
		TS string `json:"ts"`
	} `json:"edited"`
	Files    []file `json:"files"`
	Replies  int    `json:"reply_count"`
	Latest   string `json:"latest_reply"`
	Metadata struct {
		Type    string         `json:"event_type"`
		Payload map[string]any `json:"event_payload"`
	} `json:"metadata"`
}

// A file is what we read of an attachment.
type file struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Title    string `json:"title"`
	Mimetype string `json:"mimetype"`
	Size     int64  `json:"size"`
	Mode     string `json:"mode"`
}

// delivery is the id of the delivery that a message came of, empty if none.
func (m said) delivery() string {
	if m.Metadata.Type != eventType {
		return ""
	}
	id, _ := m.Metadata.Payload["id"].(string)
	return id
}

// A listing is a page of messages.
type listing struct {
	Messages []said
	Next     string // cursor of the next page
	More     bool
}

// list reads a page of a channel or a thread. Its errors are those of ask.
func (c *client) list(ctx context.Context, method string, query url.Values) (page listing, err error) {
	err = c.call(ctx, method, query, func(body []byte) (err error) {
		page, err = parseListing(body)
		return err
	})
	return page, err
}

// parseListing reads Slack's answer. It leaves out messages that are not as
// ours are.
func parseListing(body []byte) (listing, error) {
	var raw struct {
		head
		Messages []json.RawMessage `json:"messages"`
		More     bool              `json:"has_more"`
	}
	if err := json.Unmarshal(body, &raw); err != nil {
		return listing{}, fmt.Errorf("read the answer: %w", err)
	}
	if err := raw.err(); err != nil {
		return listing{}, err
	}
	page := listing{Next: raw.Meta.Next, More: raw.More || raw.Meta.Next != ""}
	for _, one := range raw.Messages {
		var m said
		if json.Unmarshal(one, &m) == nil && isTS(m.TS) {
			page.Messages = append(page.Messages, m)
		}
	}
	return page, nil
}

// query asks for the messages of a spot, with what they say of themselves.
func (s spot) query() (method string, q url.Values) {
	q = url.Values{"channel": {s.channel}, "limit": {strconv.Itoa(perPage)}, "include_all_metadata": {"true"}, "inclusive": {"true"}}
	if s.thread == "" {
		return "conversations.history", q
	}
	q.Set("ts", s.thread)
	return "conversations.replies", q
}

// errGone: the message is not there.
var errGone = errors.New("there is no such message")

// read reads one message by its ts; see errGone.
func (c *client) read(ctx context.Context, at spot, id string) (said, error) {
	if at.thread == "" { // replies, because history has no message of a thread
		at.thread = id
	}
	method, q := at.query()
	q.Set("oldest", id)
	q.Set("latest", id)
	page, err := c.list(ctx, method, q)
	if isRefused(err, "thread_not_found", "message_not_found") {
		return said{}, errGone
	} else if err != nil {
		return said{}, err
	}
	for _, m := range page.Messages {
		if m.TS == id {
			return m, nil
		}
	}
	return said{}, errGone
}

// tsOf is a time as Slack names messages by it.
func tsOf(t time.Time) string {
	return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/int(time.Microsecond))
}

// errSigningIn: what is ours cannot be told yet.
var errSigningIn = errors.New("not signed in to Slack yet")

// Confirm looks for a delivery where it would stand; see [chat.Platform].
func (c *client) Confirm(ctx context.Context, d chat.Delivery) (chat.Receipt, chat.Finding, error) {
	r := d.Reply
	came, _ := doorOf(r.Handle)
	self := c.self.Load()
	switch {
	case r.Deed == chat.Remove, isApart(r.Place), came == atHome && whose(r) != "" && c.home != nil:
		return chat.Receipt{}, chat.Absent, nil // doing it again does no harm, or nothing
	case isPrivate(r):
		return chat.Receipt{}, chat.Unknowable, nil
	case self == nil:
		return chat.Receipt{}, "", errSigningIn
	}
	if r.Deed == chat.Replace && c.stands(d) {
		channel, err := c.channel(ctx, d.Sent.Place)
		if err != nil {
			return chat.Receipt{}, "", err
		}
		m, err := c.read(ctx, spot{channel, d.Sent.Place.Thread}, string(d.Sent.Message))
		if err == nil && self.own(m) && m.delivery() == d.ID {
			return chat.Receipt{Place: d.Sent.Place, Message: d.Sent.Message}, chat.Found, nil
		} else if err != nil && !errors.Is(err, errGone) && !isUnreadable(err) {
			return chat.Receipt{}, "", err
		}
	}
	at, err := c.spot(ctx, d)
	if errors.Is(err, chat.ErrUndeliverable) {
		return chat.Receipt{}, chat.Absent, nil
	} else if err != nil {
		return chat.Receipt{}, "", err
	}
	return c.look(ctx, at, d)
}

// look looks in the thread that a reply was meant for, and beside it, where
// Slack puts a reply whose thread is gone.
func (c *client) look(ctx context.Context, at spot, d chat.Delivery) (chat.Receipt, chat.Finding, error) {
	_, direct := directTo(d.Reply.Place)
	m, finding, err := c.find(ctx, at, d)
	beside := at.thread != "" && (direct && finding == chat.Absent || errors.Is(err, errGone))
	if beside {
		at.thread = ""
		m, finding, err = c.find(ctx, at, d)
	}
	switch {
	case err != nil:
		return chat.Receipt{}, "", err
	case finding != chat.Found:
		return chat.Receipt{}, finding, nil
	case beside && !direct:
		c.retract(ctx, at.channel, m.TS)
		return chat.Receipt{}, chat.Absent, nil
	}
	receipt := chat.Receipt{Place: d.Reply.Place, Message: chat.MessageID(m.TS)}
	c.mark(ctx, receipt.Place, at, m.TS)
	if !direct {
		receipt.Place.Thread = at.thread
	}
	if d.Reply.Deed == chat.Post && len(d.Reply.Files) > 0 {
		shown, err := c.filesAfter(ctx, at, m.TS)
		if err != nil {
			return chat.Receipt{}, "", err
		}
		receipt.Missing = unseen(d.Reply.Files, shown)
	}
	return receipt, chat.Found, nil
}

// find looks for a delivery among the messages of a spot. A thread that is gone
// is errGone.
func (c *client) find(ctx context.Context, at spot, d chat.Delivery) (said, chat.Finding, error) {
	method, q := at.query()
	if !d.Since.IsZero() {
		q.Set("oldest", tsOf(d.Since.Add(-skew)))
	}
	for range maxPages {
		page, err := c.list(ctx, method, q)
		switch {
		case isRefused(err, "thread_not_found"):
			return said{}, chat.Absent, errGone
		case isUnreadable(err):
			return said{}, chat.Unknowable, nil
		case err != nil:
			return said{}, "", err
		}
		for _, m := range page.Messages {
			if m.delivery() == d.ID && c.self.Load().own(m) {
				return m, chat.Found, nil
			}
		}
		if !page.More {
			return said{}, chat.Absent, nil
		}
		if page.Next == "" {
			break
		}
		q.Set("cursor", page.Next)
	}
	return said{}, chat.Unknowable, nil
}

// isUnreadable reports whether the app may write to a channel that it cannot
// read.
func isUnreadable(err error) bool {
	return isRefused(err, "missing_scope", "not_in_channel", "channel_not_found")
}

// filesAfter are the messages of ours that carry the files of the one at id:
// those right after it, and before any other reply. Files are shared by a call
// of their own, and such messages have no metadata.
func (c *client) filesAfter(ctx context.Context, at spot, id string) ([]said, error) {
	method, q := at.query()
	q.Set("oldest", id)
	q.Set("latest", after(id))
	page, err := c.list(ctx, method, q)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(page.Messages, func(a, b said) int { return strings.Compare(a.TS, b.TS) })
	var list []said
	for _, m := range page.Messages {
		if m.TS <= id || !c.self.Load().own(m) {
			continue
		}
		if m.delivery() != "" {
			break
		}
		if len(m.Files) > 0 {
			list = append(list, m)
		}
	}
	return list, nil
}

// after is a ts by which the files of a message stand, if they ever do.
func after(id string) string {
	seconds, fraction, _ := strings.Cut(id, ".")
	n, _ := strconv.ParseInt(seconds, 10, 64)
	return fmt.Sprintf("%d.%s", n+int64(skew/time.Second), fraction)
}

// unseen are the files that no message shows.
func unseen(files []chat.Attachment, shown []said) []chat.Missing {
	left := map[string]int{}
	for _, m := range shown {
		for _, f := range m.Files {
			left[f.Name]++
		}
	}
	var missing []chat.Missing
	for _, a := range files {
		name := fileName(a.File.Name)
		if left[name] == 0 {
			missing = append(missing, chat.Missing{Name: a.File.Name, Cause: unknown})
			continue
		}
		left[name]--
	}
	return missing
}

// unknown is the cause where a call that shares files was cut off.
const unknown = "nobody knows whether it arrived"
