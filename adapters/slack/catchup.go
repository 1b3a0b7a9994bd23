package slack

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// saving is how often it is stored how far we have read.
	saving = 5 * time.Second
	// absent is how long nobody may listen before what was missed is read:
	// Slack itself repeats for about six minutes what it could not deliver.
	absent = time.Minute
	// overlap is how far before a cursor reading begins: events may overtake each
	// other. What was stored before is known again, for that is not as old as
	// the store remembers.
	overlap    = 10 * time.Minute
	remembered = 24 * time.Hour
	// maxThreads is how many threads are looked into, the newest first.
	maxThreads = 1000
	// holding is how long a replica may be silent that catches up.
	holding = time.Minute

	// What cursors are called that are of no channel: when we listened last, and
	// when catching up was done last. Names of someone's newest thread of direct
	// messages begin with threads.
	aliveCursor  = "alive"
	caughtCursor = "caught"
	threads      = "thread/"
	catchUpHold  = "slack/catch-up"
)

// A progress is how far every channel has been read; it reads what was
// missed while nobody listened.
type progress struct {
	*Adapter
	owner string
	due   chan struct{} // has one if something may have been missed

	mu       sync.Mutex
	from     map[string]string // cursors as they were when something may have been missed
	upto     map[string]string // how far what came in went since, by place
	behind   bool              // we are not caught up: until then no cursor may pass what is still to be read
	up       int               // connections
	downAt   time.Time         // since when there is none
	failedAt time.Time         // since when nothing can be stored
}

func newProgress(a *Adapter) *progress {
	return &progress{
		Adapter: a, due: make(chan struct{}, 1), owner: rand.Text(),
		from: map[string]string{}, upto: map[string]string{}, behind: true,
	}
}

// begin reads the cursors, before anything comes in.
func (p *progress) begin(ctx context.Context, _ identity) error {
	asked, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	from, err := p.o.Memory.Cursors(asked, Name)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.from = from
	p.behind = true
	return nil
}

// saw notes that what stands at ts has come in.
func (p *progress) saw(place chat.Place, ts string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := place.Outside().String()
	p.upto[name] = later(p.upto[name], ts)
}

// threaded notes the newest thread of someone's direct messages.
func (p *progress) threaded(user, ts string) {
	s, done, ok := p.enter()
	if !ok {
		return
	}
	defer done()
	p.mu.Lock()
	defer p.mu.Unlock()
	name := threadCursor(chat.Direct(s.self.account(user)))
	p.upto[name] = later(p.upto[name], ts)
}

// later is the greater of two times of messages.
func later(a, b string) string {
	if len(a) != len(b) {
		if len(a) > len(b) {
			return a
		}
		return b
	}
	return max(a, b)
}

// connected and disconnected count the connections. By HTTP there is always
// one.
func (p *progress) connected() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.up++
	if p.behind || !p.downAt.IsZero() && p.now().Sub(p.downAt) >= absent {
		p.missed()
	}
	p.downAt = time.Time{}
}

func (p *progress) disconnected() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.up--; p.up == 0 {
		p.downAt = p.now()
	}
}

// stored notes whether something could be stored. What could not for a while is
// read again.
func (p *progress) stored(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err != nil && p.failedAt.IsZero():
		p.failedAt = p.now()
	case err == nil && !p.failedAt.IsZero():
		if p.now().Sub(p.failedAt) >= absent {
			p.missed()
		}
		p.failedAt = time.Time{}
	}
}

// missed asks for catching up. mu is held.
func (p *progress) missed() {
	p.behind = true
	select {
	case p.due <- struct{}{}:
	default:
	}
}

// run stores how far we have read, and catches up when something was missed,
// until ctx ends.
func (p *progress) run(ctx context.Context) {
	var catching sync.WaitGroup
	defer catching.Wait()
	catching.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-p.due:
			}
			p.catchUp(ctx)
		}
	})
	ticker := time.NewTicker(saving)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.save(ctx)
		case <-ctx.Done():
			late, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
			p.save(late)
			cancel()
			return
		}
	}
}

// save stores how far we have read, once we are caught up. A channel that is
// read to its end is no reason to do so earlier: old threads in it are not.
func (p *progress) save(ctx context.Context) {
	p.mu.Lock()
	cursors := map[string]string{}
	for name, ts := range p.upto {
		if strings.HasPrefix(name, threads) || !p.behind {
			cursors[name] = ts
		}
	}
	if !p.behind && p.up > 0 && p.failedAt.IsZero() {
		cursors[aliveCursor] = tsOf(p.now())
	}
	p.mu.Unlock()
	if len(cursors) == 0 {
		return
	}
	if err := p.o.Memory.Advance(ctx, Name, cursors); err != nil {
		p.log.Warn("how far channels were read could not be stored", "err", scrub(err))
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, ts := range cursors {
		if name != aliveCursor {
			p.from[name] = later(p.from[name], ts)
		}
		if p.upto[name] == ts {
			delete(p.upto, name)
		}
	}
}

// catchUp reads what was said while nobody listened. Only one replica does so
// at a time; the others see whether it was done.
func (p *progress) catchUp(ctx context.Context) {
	began := tsOf(p.now())
	for wait := time.Second; ; wait = min(2*wait, slowest) {
		_, err := p.o.Memory.Hold(ctx, catchUpHold, p.owner, p.now(), holding)
		if err == nil {
			err = p.catchUpSince(ctx, began)
			late, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
			if e := p.o.Memory.LetGo(late, catchUpHold, p.owner); e != nil {
				p.log.Warn("catching up could not be handed back", "err", scrub(e))
			}
			cancel()
		} else if errors.Is(err, chat.ErrHeld) {
			if caught, e := p.o.Memory.Cursor(ctx, Name, caughtCursor); e == nil && later(caught, began) == caught && caught != "" {
				p.caughtUp()
				return
			}
		}
		if err == nil || ctx.Err() != nil {
			return
		}
		if !errors.Is(err, chat.ErrHeld) {
			p.log.Warn("catching up broke off", "err", scrub(err), "again in", wait)
		}
		if !pause(ctx, wait) {
			return
		}
	}
}

// caughtUp notes that everything is read, unless something has been missed
// again meanwhile.
func (p *progress) caughtUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behind = len(p.due) > 0
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
	*progress
	*session
	from   map[string]string
	since  string // when we listened last
	began  string
	events int
	missed []string // channels that cannot be read
}

func (p *progress) catchUpSince(ctx context.Context, began string) error {
	s, done, ok := p.enter()
	if !ok {
		return context.Canceled
	}
	defer done()
	p.mu.Lock()
	c := catch{progress: p, session: s, from: maps.Clone(p.from), began: began}
	p.mu.Unlock()
	c.since = c.from[aliveCursor]
	if c.since == "" { // the first time ever
		p.caughtUp()
		return c.finish(ctx)
	}
	channels, err := c.channels(ctx)
	if err != nil {
		return err
	}
	for _, ch := range channels {
		if err := c.channel(ctx, ch); err != nil {
			return err
		}
	}
	marked, err := p.o.Memory.Marked(ctx, Name, p.now().Add(-chat.Marking), maxThreads)
	if err != nil {
		return err
	}
	for _, thread := range marked {
		if thread.Thread == "" || thread.Workspace != s.self.team {
			continue
		}
		if err := c.thread(ctx, thread.Channel, thread.Thread, c.start(thread.Outside().String())); err != nil {
			return err
		}
	}
	p.caughtUp()
	p.log.Info("caught up with what was said meanwhile", "since", timeOf(c.since), "channels", len(channels), "messages", c.events, "unreadable", c.missed)
	return c.finish(ctx)
}

func (c *catch) finish(ctx context.Context) error {
	return c.o.Memory.Advance(ctx, Name, map[string]string{caughtCursor: c.began, aliveCursor: c.began})
}

func (c *catch) placeOf(ch room) chat.Place {
	place, _ := c.place(c.self, ch.ID, ch.User, "")
	return place
}

// start is from when on a place has to be read.
func (c *catch) start(name string) string {
	from := later(c.from[name], "")
	if from == "" {
		from = c.since
	}
	if at := timeOf(from); c.now().Sub(at) < remembered-overlap {
		return tsOf(at.Add(-overlap))
	}
	return from
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
	for _, place := range c.o.Channels {
		if place.Workspace == c.self.team && !slices.ContainsFunc(rooms, func(ch room) bool { return ch.ID == place.Channel }) {
			rooms = append(rooms, room{ID: place.Channel})
		}
	}
	// Who wrote last is served first.
	slices.SortStableFunc(direct, func(a, b room) int {
		return -cmp.Compare(c.from[c.placeOf(a).String()], c.from[c.placeOf(b).String()])
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
	from := c.start(place.String())
	all, err := c.pages(ctx, "conversations.history", url.Values{"channel": {ch.ID}, "oldest": {from}})
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
		c.saw(place, all[n-1].TS)
	}
	return c.hold(ctx)
}

// hold keeps what only one replica does.
func (c *catch) hold(ctx context.Context) error {
	_, err := c.o.Memory.Hold(ctx, catchUpHold, c.owner, c.now(), holding)
	return err
}

// unreadable reports a channel that cannot be read; other errors stay errors.
func (c *catch) unreadable(ctx context.Context, ch room, err error) error {
	if !isUnreadable(err) {
		return err
	}
	c.missed = append(c.missed, ch.ID)
	c.log.Warn("a channel cannot be read; what was said there meanwhile is missed", "channel", ch.ID, "err", scrub(err),
		"mend", "invite the app to the channel, or take it out of the configuration")
	return c.hold(ctx)
}

// thread takes in what was said in a thread.
func (c *catch) thread(ctx context.Context, channel, ts, from string) error {
	all, err := c.pages(ctx, "conversations.replies", url.Values{"channel": {channel}, "ts": {ts}, "oldest": {from}})
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
	return c.hold(ctx)
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
func (p *progress) pages(ctx context.Context, method string, args url.Values) ([]said, error) {
	var all []said
	args = maps.Clone(args)
	args.Set("limit", strconv.Itoa(perPage))
	for {
		var page listing
		err := p.patiently(ctx, func(ctx context.Context) (err error) {
			page, err = p.client.list(ctx, method, args)
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
func (p *progress) patiently(ctx context.Context, do func(ctx context.Context) error) error {
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
