package slack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"

	"github.com/signpost-bot/signpost/bot/chat"
)

// How fast Slack is written to.
const (
	// perPlace is the least time between two messages in a channel, its threads
	// included.
	// Source: https://docs.slack.dev/apis/web-api/rate-limits#posting-messages
	perPlace = time.Second
	// perWorkspace is the mean time between any two: the same page says several
	// hundred a minute, and burst is ours.
	perWorkspace = 200 * time.Millisecond
	burst        = 20
)

const (
	// connecting and answering bound a call of Slack's.
	connecting = 5 * time.Second
	answering  = 15 * time.Second
	// mending is how long it may take to take back what should not stand.
	mending = 5 * time.Second
	// hops is how many redirects are followed, all of them on one host.
	hops = 3
)

// A client says to Slack what replies say.
type client struct {
	api    *slack.Client
	http   *http.Client // for calls
	stream *http.Client // for files, which may take longer than a call
	token  string
	url    string // of the Web API, with a slash at its end
	agent  bool
	memory chat.Memory
	now    func() time.Time
	log    *slog.Logger

	// home shows a reply on a person's App Home page.
	home func(ctx context.Context, user string, d chat.Delivery) (chat.Receipt, error)

	self atomic.Pointer[identity]
	told sync.Map // what the operator has been told of

	mu      sync.Mutex
	directs map[string]string // the channel of a person's direct messages
	persons map[string]string // and the other way round
}

// An identity is who we are on Slack.
type identity struct {
	team, user, bot string
	enterprise      string // empty outside of Enterprise Grid
	name            string
}

func newClient(o Options) *client {
	c := &client{
		token: o.BotToken, url: strings.TrimSuffix(cmp.Or(o.APIURL, slack.APIURL), "/") + "/", agent: o.Agent,
		memory: o.Memory, now: o.Now, log: o.Log, directs: map[string]string{}, persons: map[string]string{},
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.Default()
	}
	calls := http.Client{Timeout: answering, Transport: newTransport()}
	if o.HTTP != nil {
		calls = *o.HTTP
	}
	calls.CheckRedirect = sameHost
	files := calls
	files.Timeout = 0 // the context bounds it
	c.http, c.stream = &calls, &files
	c.api = slack.New(o.BotToken, slack.OptionAPIURL(c.url), slack.OptionHTTPClient(c.http), slack.OptionAppLevelToken(o.AppToken))
	return c
}

func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: connecting, KeepAlive: 30 * time.Second}).DialContext
	t.TLSHandshakeTimeout = connecting
	t.ResponseHeaderTimeout = answering
	t.MaxIdleConnsPerHost = burst
	return t
}

// sameHost follows a redirect within a host only: what is sent, the token
// first, is for Slack.
func sameHost(next *http.Request, via []*http.Request) error {
	if first := via[0].URL; len(via) > hops || next.URL.Scheme != first.Scheme || next.URL.Host != first.Host {
		return http.ErrUseLastResponse
	}
	return nil
}

// close ends the connections that are kept open between calls.
func (c *client) close() { c.http.CloseIdleConnections() }

// identify tells who we are. It comes before anything is confirmed.
func (c *client) identify(team, user, bot string) {
	c.self.Store(&identity{team: team, user: user, bot: bot})
}

// trusts reports whether an address is Slack's own, or that of the API that was
// configured: what is ours alone goes nowhere else.
func (c *client) trusts(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	if api, err := url.Parse(c.url); err == nil && u.Scheme == api.Scheme && u.Host == api.Host {
		return true
	}
	if api, err := url.Parse(c.url); err == nil && loopback(api) && loopback(u) && u.Scheme == api.Scheme && u.Port() == api.Port() {
		return true // a Slack of this machine, by another of its names
	}
	host := "." + strings.ToLower(u.Hostname())
	return u.Scheme == "https" && (strings.HasSuffix(host, ".slack.com") || strings.HasSuffix(host, ".slack-gov.com"))
}

// loopback reports whether an address is of this machine.
func loopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// Pace is Slack's advice for messages.
func (c *client) Pace() chat.Pace {
	return chat.Pace{Place: perPlace, Whole: true, Platform: perWorkspace, Burst: burst}
}

// A door is how an event came in, as its handle says: door/id.
type door string

const (
	byURL    door = "url"  // with a response_url, kept in the memory
	inThread door = "in"   // in a thread of direct messages, whose ts is the id
	atHome   door = "home" // on the App Home page
)

func doorOf(h chat.ReplyHandle) (d door, id string) {
	before, id, _ := strings.Cut(string(h), "/")
	return door(before), id
}

// whose is the person who alone reads a reply, empty if others may.
func whose(r chat.Reply) string {
	if user, ok := directTo(r.Place); ok {
		return user
	}
	return r.Only.User()
}

// directTo is the person whose direct messages a place is.
func directTo(p chat.Place) (user string, ok bool) { return strings.CutPrefix(p.Channel, "@") }

// isPrivate reports whether a reply is shown to one person only in a place
// that others may read, or where Slack answered a command: such messages leave
// no trace.
func isPrivate(r chat.Reply) bool {
	if _, ok := directTo(r.Place); ok {
		came, _ := doorOf(r.Handle)
		return came == byURL
	}
	return r.Only != ""
}

// errApart: Slack has no threads that only some read.
var errApart = fmt.Errorf("%w: there are no private threads on Slack", chat.ErrUndeliverable)

func isApart(p chat.Place) bool { return strings.HasPrefix(p.Thread, "@") }

// Send does what a reply says; see [chat.Platform].
func (c *client) Send(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	r := d.Reply
	if came, _ := doorOf(r.Handle); came == atHome && whose(r) != "" && c.home != nil {
		return c.home(ctx, whose(r), d)
	}
	switch {
	case r.Deed == chat.Remove && isEphemeral(d.Sent.Message):
		return c.takeBack(ctx, d)
	case r.Deed == chat.Remove:
		return c.remove(ctx, d)
	case isApart(r.Place):
		return chat.Receipt{}, errApart
	case r.Deed == chat.Replace && c.stands(d):
		receipt, err := c.update(ctx, d)
		if !isRefused(err, unchangeable...) {
			return receipt, err
		}
	}
	if isPrivate(r) {
		return c.whisper(ctx, d)
	}
	return c.post(ctx, d)
}

// stands reports whether there is a message to be updated. What one person
// alone may read is never put into one that others read.
func (c *client) stands(d chat.Delivery) bool {
	_, direct := directTo(d.Sent.Place)
	return isTS(string(d.Sent.Message)) && (direct || whose(d.Reply) == "")
}

// unchangeable are Slack's names for a message that cannot be updated, or is
// gone.
// Source: https://docs.slack.dev/reference/methods/chat.update#errors
var unchangeable = []string{"message_not_found", "cant_update_message", "edit_window_closed"}

// ts matches Slack's name for a message: its time.
var ts = regexp.MustCompile(`^\d{1,12}\.\d{1,9}$`)

func isTS(s string) bool { return ts.MatchString(s) }

// eventType names our metadata: it holds nothing but the id of the delivery,
// for everyone in the channel can read it.
const eventType = "signpost_reply"

// content is a message as it is posted, and updated. Its text is escaped
// already, and neither parse nor link_names is set.
func content(m Message, id string) slack.MsgOption {
	return slack.MsgOptionCompose(
		slack.MsgOptionText(m.Text, false),
		slack.MsgOptionBlocks(m.Blocks.BlockSet...),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: eventType, EventPayload: map[string]any{"id": id}}),
	)
}

// noUnfurl keeps links from being followed by previews.
func noUnfurl() slack.MsgOption {
	return slack.MsgOptionCompose(slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
}

// manner is how messages look in a place.
func (c *client) manner(p chat.Place) manner {
	_, direct := directTo(p)
	return manner{native: direct && c.agent}
}

// A spot is where on Slack a message stands: a channel or direct messages by
// their id, and the thread, if it is in one.
type spot struct{ channel, thread string }

// spot is where a new reply comes to stand.
func (c *client) spot(ctx context.Context, d chat.Delivery) (spot, error) {
	r := d.Reply
	if user, ok := directTo(r.Place); ok {
		channel, err := c.direct(ctx, user)
		if err != nil {
			return spot{}, err
		}
		thread, err := c.directThread(ctx, r)
		return spot{channel, thread}, err
	}
	if r.Under == "" {
		return spot{r.Place.Channel, r.Place.Thread}, nil
	}
	thread := cmp.Or(d.Under.Place.Thread, string(d.Under.Message))
	if !isTS(thread) { // nothing that a thread can begin with
		return spot{}, newRefusal("chat.postMessage", "thread_not_found")
	}
	return spot{r.Place.Channel, thread}, nil
}

// directThread is the thread of someone's direct messages that a reply belongs
// to: where the event was said, or else, as every conversation with an agent is
// a thread, the newest one.
func (c *client) directThread(ctx context.Context, r chat.Reply) (string, error) {
	if came, id := doorOf(r.Handle); came == inThread && isTS(id) {
		return id, nil
	}
	if !c.agent {
		return "", nil
	}
	thread, err := c.memory.Cursor(ctx, Name, threadCursor(r.Place))
	if err != nil {
		return "", notSent("find the thread", err)
	}
	if !isTS(thread) {
		return "", nil
	}
	return thread, nil
}

// threadCursor names the newest thread of someone's direct messages.
func threadCursor(direct chat.Place) string { return "thread/" + direct.String() }

// channel is what Slack calls the channel, or the direct messages, of a place.
func (c *client) channel(ctx context.Context, p chat.Place) (string, error) {
	if user, ok := directTo(p); ok {
		return c.direct(ctx, user)
	}
	return p.Channel, nil
}

// direct is the channel of someone's direct messages, which it opens.
func (c *client) direct(ctx context.Context, user string) (string, error) {
	c.mu.Lock()
	known := c.directs[user]
	c.mu.Unlock()
	if known != "" {
		return known, nil
	}
	var channel *slack.Channel
	const method = "conversations.open"
	err := c.ask(ctx, method, func(ctx context.Context) (err error) {
		channel, _, _, err = c.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{user}})
		return err
	})
	if err == nil && (channel == nil || channel.ID == "") {
		err = errors.New("the answer names no channel")
	}
	if isRefused(err, "missing_scope", "unknown_method") {
		return user, nil // posting to the person opens them too
	}
	if err != nil {
		return "", unsent(method, err)
	}
	c.learn(user, channel.ID)
	return channel.ID, nil
}

// learn keeps the channel of someone's direct messages.
func (c *client) learn(user, channel string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.directs[user] = channel
	c.persons[channel] = user
}

// isDirect reports whether a channel is the direct messages of two.
func (c *client) isDirect(channel string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.HasPrefix(channel, "D") || c.persons[channel] != ""
}

// post makes a new message, and then shares the reply's files where it stands.
func (c *client) post(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	at, err := c.spot(ctx, d)
	if err != nil {
		return chat.Receipt{}, err
	}
	files, missing := c.upload(ctx, d)
	place := d.Reply.Place
	_, direct := directTo(place)
	id, thread, err := c.say(ctx, at, render(d.Reply, c.manner(place)), d.ID)
	if direct && isRefused(err, "thread_not_found") { // the thread was our choice; the person reads it anyway
		at.thread = ""
		id, thread, err = c.say(ctx, at, render(d.Reply, c.manner(place)), d.ID)
	}
	if err != nil {
		return chat.Receipt{}, err
	}
	switch said := at.thread == "" || thread != ""; {
	case said:
	case direct:
		at.thread = ""
	case c.astray(ctx, at, id):
		c.retract(ctx, at.channel, id)
		return chat.Receipt{}, newRefusal("chat.postMessage", "thread_not_found")
	}
	c.mark(ctx, place, at, id)
	if !direct {
		place.Thread = at.thread
	}
	missing = append(missing, c.share(ctx, at, files)...)
	return chat.Receipt{Place: place, Message: chat.MessageID(id), Missing: missing}, nil
}

// say posts a message, and returns its ts and the thread that it came to stand
// in.
func (c *client) say(ctx context.Context, at spot, m Message, delivery string) (id, thread string, err error) {
	options := []slack.MsgOption{content(m, delivery), noUnfurl()}
	if at.thread != "" {
		options = append(options, slack.MsgOptionTS(at.thread))
	}
	const method = "chat.postMessage"
	err = c.ask(ctx, method, func(ctx context.Context) error {
		var posted slack.Message
		var err error
		_, id, posted, err = c.api.PostMessageWithResponseContext(ctx, at.channel, options...)
		thread = posted.ThreadTimestamp
		return err
	})
	if err == nil && !isTS(id) {
		err = fmt.Errorf("%s: the answer does not name the message", method)
	}
	return id, thread, err
}

// mark notes that replies may come to a message: it has, or is in, a thread.
// Direct messages are read by their channel, and only their threads are noted.
func (c *client) mark(ctx context.Context, place chat.Place, at spot, id string) {
	if _, direct := directTo(place); direct && at.thread == "" {
		return
	}
	place.Channel, place.Thread = at.channel, cmp.Or(at.thread, id)
	if err := c.memory.Mark(ctx, c.now(), place); err != nil {
		c.log.Warn("a thread will not be caught up on", "place", place, "err", err)
	}
}

// astray reports whether a message of ours stands beside the thread that it
// belongs to, of which the answer said nothing: Slack posts a reply to a message
// that is gone into the channel.
func (c *client) astray(ctx context.Context, at spot, id string) bool {
	_, err := c.read(ctx, at, id)
	return errors.Is(err, errGone)
}

// retract deletes a message that came to stand beside its thread, where people
// read it whom it is not for.
func (c *client) retract(ctx context.Context, channel, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mending)
	defer cancel()
	if err := c.delete(ctx, channel, id); err != nil {
		c.log.Error("a reply to a thread that is gone stands in the channel", "channel", channel, "message", id, "err", err)
	}
}

// update puts a reply in place of the message that stands.
func (c *client) update(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	channel, err := c.channel(ctx, d.Sent.Place)
	if err != nil {
		return chat.Receipt{}, err
	}
	m := render(d.Reply, c.manner(d.Sent.Place))
	err = c.ask(ctx, "chat.update", func(ctx context.Context) error {
		_, _, _, err := c.api.UpdateMessageContext(ctx, channel, string(d.Sent.Message), content(m, d.ID))
		return err
	})
	if err != nil {
		return chat.Receipt{}, err
	}
	return chat.Receipt{Place: d.Sent.Place, Message: d.Sent.Message}, nil
}

// remove deletes the message that stands, with the files that came with it.
func (c *client) remove(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	if !isTS(string(d.Sent.Message)) {
		return d.Sent, nil
	}
	channel, err := c.channel(ctx, d.Sent.Place)
	if err != nil {
		return chat.Receipt{}, err
	}
	at, id := spot{channel, d.Sent.Place.Thread}, string(d.Sent.Message)
	if _, direct := directTo(d.Sent.Place); direct { // whose place does not tell the thread
		if m, err := c.read(ctx, at, id); err == nil {
			at.thread = m.Thread
		}
	}
	if err := c.delete(ctx, channel, id); err != nil {
		return chat.Receipt{}, err
	}
	c.removeFiles(ctx, at, id)
	return d.Sent, nil
}

// delete deletes a message of ours. That it is gone already is fine.
func (c *client) delete(ctx context.Context, channel, id string) error {
	err := c.ask(ctx, "chat.delete", func(ctx context.Context) error {
		_, _, err := c.api.DeleteMessageContext(ctx, channel, id)
		return err
	})
	if isRefused(err, "message_not_found") {
		return nil
	}
	return err
}

// call makes a call that Slack's library does not make as we need it, and lets
// parse read the answer. Its errors are those of ask.
func (c *client) call(ctx context.Context, method string, query url.Values, parse func(body []byte) error) error {
	return c.ask(ctx, method, func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+method, strings.NewReader(query.Encode()))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Authorization", "Bearer "+c.token)
		response, err := c.http.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return badStatus(response.StatusCode, response.Header)
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
		if err != nil {
			return err
		}
		return parse(body)
	})
}

// maxAnswer is ours, in bytes: more than a page of the longest messages.
const maxAnswer = 32 << 20

// own reports whether a message is ours.
func (i *identity) own(m said) bool {
	return i.user != "" && m.User == i.user || i.bot != "" && m.Bot == i.bot
}

// isGone reports whether Slack cannot show the person anything in a channel.
func isGone(err error) bool {
	return isRefused(err, "user_not_in_channel", "not_in_channel", "channel_not_found")
}
