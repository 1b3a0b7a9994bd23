package discord

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/signpost-bot/signpost/bot/chat"
)

// How fast Discord is written to. Threads are channels of their own.
const (
	// perPlace is the mean time between two messages in a channel: five in five
	// seconds, as the headers of the answers say.
	// Source: https://docs.discord.com/developers/topics/rate-limits#header-format-rate-limit-header-examples
	perPlace = time.Second
	// perBot is the mean time between any two: half of the 50 calls a second that
	// a bot may make, for one reply may take two. burst is ours.
	// Source: https://docs.discord.com/developers/topics/rate-limits#global-rate-limit
	perBot = 40 * time.Millisecond
	burst  = 40
)

const (
	// api is the base of Discord's REST API, version 10.
	// Source: https://docs.discord.com/developers/reference#api-versioning
	api = "https://discord.com/api/v10/"
	// agent names us, as Discord wants it.
	// Source: https://docs.discord.com/developers/reference#user-agent
	agent = "DiscordBot (https://github.com/signpost-bot/signpost, 1)"
)

const (
	// connecting and answering bound a call of Discord's.
	connecting = 5 * time.Second
	answering  = 15 * time.Second
	// mending is how long it may take to take back what should not stand.
	mending = 5 * time.Second
	// hops is how many redirects are followed, all of them on one host.
	hops = 3
	// maxAnswer is ours, in bytes: more than a page of the longest messages.
	maxAnswer = 32 << 20
)

const (
	// maxNonce is how long a nonce may be, in characters.
	// Source: https://docs.discord.com/developers/resources/message#create-message
	maxNonce = 25
	// maxThread is how long the name of a thread may be, in characters, and
	// archiving after how many minutes without a message Discord puts it away,
	// at most.
	// Source: https://docs.discord.com/developers/resources/channel#start-thread-from-message
	maxThread = 100
	archiving = 10080
	// privateThread is the type of a thread that is seen only by its members.
	// Source: https://docs.discord.com/developers/resources/channel#channel-object-channel-types
	privateThread = discordgo.ChannelTypeGuildPrivateThread
	mediaChannel  = discordgo.ChannelType(16)
	// Ours: how many channels, and direct messages, are remembered.
	maxKnown = 10_000
)

// A client says to Discord what replies say.
//
// It makes the calls itself and uses discordgo only for its types. The library
// keeps a bucket for every interaction and never lets go of it, waits out a rate
// limit in the call, whatever its context, cannot read a limit that comes as
// HTML, puts all answers to interactions behind one another, tells tokens in its
// errors, and knows neither nonces nor edits of components: what is left of it
// is less than this.
type client struct {
	http   *http.Client // for calls
	stream *http.Client // for files, which may take longer than a call
	token  string
	url    string // of the API, with a slash at its end
	memory chat.Memory
	now    func() time.Time
	log    *slog.Logger

	self    atomic.Pointer[identity]
	refused atomic.Bool // Discord refuses the token
	limits  *limits
	directs *cache[string]  // the channel of a person's direct messages
	known   *cache[channel] // what channels are
	begun   *cache[string]  // the private thread of a delivery that goes on
	theirs  *cache[bool]    // forums where others' topics are not ours to tag
}

// An identity is who we are on Discord.
type identity struct {
	app, user string
	name      string
	guilds    []string // the servers that it is in
	home      string   // the one where direct messages belong
}

// A channel is what we read of one.
type channel struct {
	ID     string                `json:"id"`
	Type   discordgo.ChannelType `json:"type"`
	Tags   []tag                 `json:"available_tags"` // of a forum
	Given  []string              `json:"applied_tags"`   // ids of a topic's tags
	Parent string                `json:"parent_id"`
	Owner  string                `json:"owner_id"`
}

// forum reports whether all that is said in a channel is said in threads.
func (c channel) forum() bool {
	return c.Type == discordgo.ChannelTypeGuildForum || c.Type == mediaChannel
}

func newClient(o Options) *client {
	c := &client{
		token: o.Token, url: strings.TrimSuffix(cmp.Or(o.APIURL, api), "/") + "/",
		memory: o.Memory, now: o.Now, log: o.Log, limits: newLimits(),
		directs: newCache[string](maxKnown), known: newCache[channel](maxKnown), begun: newCache[string](maxKnown),
		theirs: newCache[bool](maxKnown),
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
// first, is for Discord.
func sameHost(next *http.Request, via []*http.Request) error {
	if first := via[0].URL; len(via) > hops || next.URL.Scheme != first.Scheme || next.URL.Host != first.Host {
		return http.ErrUseLastResponse
	}
	return nil
}

// close ends the connections that are kept open between calls.
func (c *client) close() { c.http.CloseIdleConnections() }

// identify tells who we are: the application and its user. It comes before
// anything is confirmed.
func (c *client) identify(app, user string) { c.self.Store(&identity{app: app, user: user}) }

// trusts reports whether an address is where Discord keeps files, or of the API
// that was configured.
func (c *client) trusts(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	if api, err := url.Parse(c.url); err == nil && u.Scheme == api.Scheme && u.Host == api.Host {
		return true
	}
	return u.Scheme == "https" && (u.Host == "cdn.discordapp.com" || u.Host == "media.discordapp.net")
}

// Pace is what Discord's limits for messages come to.
func (c *client) Pace() chat.Pace {
	return chat.Pace{Place: perPlace, Platform: perBot, Burst: burst}
}

// Limits implements [chat.Platform].
func (c *client) Limits() chat.Limits { return Limits }

// A call is one that is made to Discord.
type call struct {
	method, path string
	body         any     // written as JSON; nil: none
	files        *upload // in place of body
	into         any     // read from JSON; nil: the answer does not matter
	again        bool    // doing it twice is like doing it once
}

// do makes a call of the REST API, such as GET channels/1, with a body and for
// an answer in JSON, either of which may be nil. Its errors are those of ask.
func (c *client) do(ctx context.Context, method, path string, body, into any) error {
	return c.make(ctx, call{method: method, path: path, body: body, into: into, again: method != http.MethodPost})
}

// make makes a call, and once more at once if Discord is in trouble and nothing
// can come of it twice.
func (c *client) make(ctx context.Context, it call) error {
	r := routeOf(it.method, it.path)
	if c.refused.Load() && !r.token {
		return notSent(r.name, errRefusedToken)
	}
	try := func() (status int, err error) {
		if err := c.limits.begin(r, c.now()); err != nil {
			return 0, err
		}
		err = c.ask(ctx, r.name, func(ctx context.Context) (err error) {
			status, err = c.once(ctx, r, it)
			return err
		})
		return status, err
	}
	status, err := try()
	if status >= 500 && it.again && it.files == nil {
		_, err = try()
	}
	var no *refusal
	if errors.As(err, &no) && it.files == nil && slices.Contains(general, no.code) {
		c.limits.forbid(r, no, c.now())
	}
	return err
}

// once makes a call, and returns the answer's status.
func (c *client) once(ctx context.Context, r route, it call) (status int, err error) {
	var body io.Reader
	kind, length, through := "", int64(0), c.http
	switch {
	case it.files != nil:
		it.files.handed = true
		body, kind, length, through = it.files, it.files.kind, it.files.size, c.stream
	case it.body != nil:
		text, err := json.Marshal(it.body)
		if err != nil {
			return 0, fmt.Errorf("write the call: %w", err)
		}
		body, kind, length = bytes.NewReader(text), "application/json", int64(len(text))
	}
	request, err := http.NewRequestWithContext(ctx, it.method, c.url+strings.TrimPrefix(it.path, "/"), body)
	if err != nil {
		if it.files != nil {
			it.files.Close()
		}
		return 0, err
	}
	request.ContentLength = length
	request.Header.Set("User-Agent", agent)
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	if !r.token {
		request.Header.Set("Authorization", "Bot "+c.token)
	}
	response, err := through.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return 0, err
	}
	if err := c.judge(r, response.StatusCode, response.Header, answer); err != nil {
		return response.StatusCode, err
	}
	if it.into == nil {
		return response.StatusCode, nil
	}
	if err := json.Unmarshal(answer, it.into); err != nil {
		return response.StatusCode, errors.New("the answer cannot be read")
	}
	return response.StatusCode, nil
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

// apartFor is the person whom a private thread is for that is not begun yet.
func apartFor(p chat.Place) (user string, ok bool) { return strings.CutPrefix(p.Thread, "@") }

// isPrivate reports whether a reply is shown to one person only in a place that
// others may read.
func isPrivate(r chat.Reply) bool {
	_, direct := directTo(r.Place)
	return r.Only != "" && !direct
}

// isID reports whether s is like Discord's names for everything: a number, whose
// upper bits are the time.
// Source: https://docs.discord.com/developers/reference#snowflakes
func isID(s string) bool {
	return len(s) > 0 && len(s) <= 20 && strings.Trim(s, "0123456789") == ""
}

// Send does what a reply says, and marks its thread; see [chat.Platform].
func (c *client) Send(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	receipt, err := c.perform(ctx, d)
	if err == nil && len(d.Reply.Marks) > 0 {
		c.retag(ctx, d, receipt)
	}
	return receipt, err
}

func (c *client) perform(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	r := d.Reply
	switch {
	case r.Deed == chat.Remove && isEphemeral(d.Sent.Message):
		return c.takeBack(ctx, d)
	case r.Deed == chat.Remove:
		return c.remove(ctx, d)
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

// stands reports whether there is a message to be edited. What one person alone
// may read is never put into one that others read.
func (c *client) stands(d chat.Delivery) bool {
	_, direct := directTo(d.Sent.Place)
	return isID(string(d.Sent.Message)) && (direct || whose(d.Reply) == "")
}

// unchangeable are Discord's codes for a message that is gone, alone or with its
// channel.
var unchangeable = []int{unknownChannel, unknownMessage}

// A body is a message as it is created, and edited. Nobody is pinged by it.
type body struct {
	Message
	Nonce       string       `json:"nonce,omitempty"`
	Enforce     bool         `json:"enforce_nonce,omitempty"`
	Reference   *reference   `json:"message_reference,omitempty"`
	Attachments []attachment `json:"attachments,omitempty"`
}

// A reference makes a message a reply to another.
type reference struct {
	Message string `json:"message_id"`
	Fail    bool   `json:"fail_if_not_exists"`
}

// content is what a reply says, with the stamp of its delivery.
func content(d chat.Delivery, as manner) body {
	m := render(d.Reply, as)
	m.Components = slices.Clone(m.Components)
	m.Components[0] = stamped{m.Components[0], stampOf(d.ID)}
	return body{Message: m}
}

// stampOf is the id that the first component of a delivery's message has, by
// which the message can be told later on: Discord gives nonces back only at
// once, but components always. A number of 31 bits is enough among the messages
// of a quarter of an hour; the upper one is set, for Discord itself counts from 1.
// Source: https://docs.discord.com/developers/components/reference#anatomy-of-a-component
func stampOf(delivery string) int {
	sum := sha256.Sum256([]byte(delivery))
	return int(binary.BigEndian.Uint32(sum[:])&0x3fffffff | 0x40000000)
}

// A stamped component has an id of ours. Not all of discordgo's can have one.
type stamped struct {
	discordgo.MessageComponent
	id int
}

// MarshalJSON adds the id.
func (s stamped) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(s.MessageComponent)
	if err != nil || len(text) < 3 || text[0] != '{' {
		return text, err
	}
	return append(fmt.Appendf(nil, `{"id":%d,`, s.id), text[1:]...), nil
}

// nonceOf makes Discord answer a repeated call with the message that it made of
// the first, for some minutes.
// Source: https://docs.discord.com/developers/resources/message#create-message
func nonceOf(delivery, channel string) string {
	sum := sha256.Sum256([]byte(delivery + " " + channel))
	return hex.EncodeToString(sum[:])[:maxNonce-1]
}

// said is what we read of a message. discordgo reads all of it, and fails at one
// component that it does not know, in anybody's message.
type said struct {
	ID      string `json:"id"`
	Channel string `json:"channel_id"`
	Author  struct {
		ID string `json:"id"`
	} `json:"author"`
	Flags      discordgo.MessageFlags `json:"flags"`
	Components []struct {
		ID    int                     `json:"id"`
		Type  discordgo.ComponentType `json:"type"`
		File  shownFile               `json:"file"`
		Name  string                  `json:"name"` // of a file
		Items []struct {
			Media shownFile `json:"media"`
		} `json:"items"` // pictures
	} `json:"components"`
	Attachments []struct {
		ID   string `json:"id"`
		Name string `json:"filename"`
		URL  string `json:"url"`
	} `json:"attachments"`
}

// A shownFile is a file as a component names it.
type shownFile struct {
	Attachment string `json:"attachment_id"`
	URL        string `json:"url"`
}

// is reports whether a message came of a delivery.
func (m said) is(delivery string) bool {
	return len(m.Components) > 0 && m.Components[0].ID == stampOf(delivery)
}

func (m said) loading() bool   { return m.Flags&discordgo.MessageFlagsLoading != 0 }
func (m said) ephemeral() bool { return m.Flags&discordgo.MessageFlagsEphemeral != 0 }

// messages is the path of a channel's messages.
func messages(channel string) string { return "channels/" + channel + "/messages" }

// channel reads what a channel is.
func (c *client) channel(ctx context.Context, id string) (channel, error) {
	if known, ok := c.known.get(id); ok {
		return known, nil
	}
	var got channel
	if err := c.do(ctx, http.MethodGet, "channels/"+id, nil, &got); err != nil {
		return channel{}, unsent(err)
	}
	c.known.put(id, got)
	return got, nil
}

// direct is the channel of someone's direct messages, which it opens.
func (c *client) direct(ctx context.Context, user string) (string, error) {
	if known, ok := c.directs.get(user); ok {
		return known, nil
	}
	var got channel
	err := c.make(ctx, call{
		method: http.MethodPost, path: "users/@me/channels", body: map[string]string{"recipient_id": user}, into: &got, again: true,
	})
	if err == nil && !isID(got.ID) {
		err = errors.New("the answer names no channel")
	}
	if err != nil {
		return "", unsent(err)
	}
	c.learn(user, got.ID)
	return got.ID, nil
}

// learn keeps the channel of someone's direct messages.
func (c *client) learn(user, channel string) { c.directs.put(user, channel) }

// post makes a new message. Where it answers an interaction that Discord shows
// as being thought about, it takes that place.
func (c *client) post(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	receipt, thinking, err := c.fill(ctx, d)
	if err != nil {
		return chat.Receipt{}, err
	}
	if receipt.IsZero() {
		if receipt, err = c.create(ctx, d); err != nil {
			return chat.Receipt{}, err
		}
		if thinking != nil {
			c.dismiss(ctx, *thinking)
		}
	}
	if _, ok := directTo(d.Reply.Place); ok {
		c.remember(ctx, d.Reply.Place)
	} else {
		c.mark(ctx, receipt)
	}
	return receipt, nil
}

// create makes a new message where a reply belongs.
func (c *client) create(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	r := d.Reply
	if user, ok := apartFor(r.Place); ok {
		return c.createApart(ctx, d, user)
	}
	if user, ok := directTo(r.Place); ok {
		at, err := c.direct(ctx, user)
		if err != nil {
			return chat.Receipt{}, err
		}
		m, missing, err := c.say(ctx, at, d)
		return chat.Receipt{Place: r.Place, Message: chat.MessageID(m.ID), Missing: missing}, err
	}
	thread, err := threadOf(d)
	switch {
	case err != nil:
		return chat.Receipt{}, err
	case thread != "":
		return c.createIn(ctx, d, thread)
	}
	at, err := c.channel(ctx, r.Place.Channel)
	if err != nil {
		return chat.Receipt{}, err
	}
	if at.forum() {
		return c.createTopic(ctx, d)
	}
	m, missing, err := c.say(ctx, r.Place.Channel, d)
	return chat.Receipt{Place: r.Place, Message: chat.MessageID(m.ID), Missing: missing}, err
}

// threadOf is the thread that a reply belongs into, empty if into none. A thread
// that began with a message has its id.
func threadOf(d chat.Delivery) (string, error) {
	thread := d.Reply.Place.Thread
	if d.Reply.Under != "" {
		thread = cmp.Or(d.Under.Place.Thread, string(d.Under.Message))
		if !isID(thread) { // nothing that a thread can begin with
			return "", undeliverable("the message it belongs under is not one that a thread can begin with")
		}
	}
	return thread, nil
}

// createIn makes a message in a thread, which it begins from the message of that
// id if there is none yet.
func (c *client) createIn(ctx context.Context, d chat.Delivery, thread string) (chat.Receipt, error) {
	place := d.Reply.Place
	m, missing, err := c.say(ctx, thread, d)
	if isRefused(err, unknownChannel) {
		if err = c.begin(ctx, place.Channel, thread, threadName(d.Reply)); err == nil {
			m, missing, err = c.say(ctx, thread, d)
		}
	}
	place.Thread = thread
	return chat.Receipt{Place: place, Message: chat.MessageID(m.ID), Missing: missing}, err
}

// begin begins a thread from a message. That there is one already is fine.
func (c *client) begin(ctx context.Context, channel, message, name string) error {
	err := c.make(ctx, call{
		method: http.MethodPost, path: messages(channel) + "/" + message + "/threads", again: true,
		body: map[string]any{"name": name, "auto_archive_duration": archiving},
	})
	if isRefused(err, threadExists) {
		return nil
	}
	return unsent(err)
}

// createApart makes a message in a private thread that it begins for a person.
func (c *client) createApart(ctx context.Context, d chat.Delivery, user string) (chat.Receipt, error) {
	place := d.Reply.Place
	thread, ok := c.begun.get(d.ID)
	if !ok {
		var got channel
		err := c.do(ctx, http.MethodPost, "channels/"+place.Channel+"/threads", map[string]any{
			"name": threadName(d.Reply), "type": privateThread, "invitable": false, "auto_archive_duration": archiving,
		}, &got)
		if err == nil && !isID(got.ID) {
			err = errors.New("the answer names no thread")
		}
		if err != nil {
			return chat.Receipt{}, unsent(err)
		}
		thread = got.ID
		c.begun.put(d.ID, thread)
	}
	var m said
	var missing []chat.Missing
	err := unsent(c.do(ctx, http.MethodPut, "channels/"+thread+"/thread-members/"+user, nil, nil))
	if err == nil {
		m, missing, err = c.say(ctx, thread, d)
	}
	if errors.Is(err, chat.ErrUndeliverable) { // nobody will ever say anything there
		c.begun.drop(d.ID)
		c.abandon(ctx, thread)
	}
	place.Thread = thread
	return chat.Receipt{Place: place, Message: chat.MessageID(m.ID), Missing: missing}, err
}

// abandon deletes a thread of ours that has nothing in it. To delete it takes a
// permission that we do not ask for, to put it away does not.
func (c *client) abandon(ctx context.Context, thread string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mending)
	defer cancel()
	err := c.do(ctx, http.MethodDelete, "channels/"+thread, nil, nil)
	if isRefused(err) {
		err = c.do(ctx, http.MethodPatch, "channels/"+thread, map[string]bool{"archived": true}, nil)
	}
	if err != nil {
		c.log.Warn("a thread is left with nothing in it", "thread", thread, "err", err)
	}
}

// createTopic makes a message that a thread of a forum begins with. Its thread
// has its id, as one that was begun from a message.
func (c *client) createTopic(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	topic := map[string]any{"name": threadName(d.Reply), "auto_archive_duration": archiving}
	forum, err := c.channel(ctx, d.Reply.Place.Channel)
	if err != nil {
		return chat.Receipt{}, err
	}
	if given := tagged(forum.Tags, nil, d.Reply.Marks, true); len(given) > 0 {
		topic["applied_tags"] = given
	}
	post := func() (got channel, missing []chat.Missing, err error) {
		missing, err = c.send(ctx, d, call{method: http.MethodPost, path: "channels/" + d.Reply.Place.Channel + "/threads", into: &got},
			func(b body) any {
				topic["message"] = b
				return topic
			})
		return got, missing, err
	}
	got, missing, err := post()
	if isRefused(err, tagRequired) {
		c.known.drop(d.Reply.Place.Channel) // the tags may be new
		var at channel
		if at, err = c.channel(ctx, d.Reply.Place.Channel); err != nil {
			return chat.Receipt{}, err
		}
		if len(at.Tags) == 0 {
			return chat.Receipt{}, undeliverable("the forum wants a tag and has none")
		}
		i := max(0, slices.IndexFunc(at.Tags, func(t tag) bool { return !t.Moderated }))
		topic["applied_tags"] = []string{at.Tags[i].ID}
		got, missing, err = post()
	}
	if err == nil && !isID(got.ID) {
		err = errors.New("the answer does not name the thread")
	}
	return chat.Receipt{Place: d.Reply.Place, Message: chat.MessageID(got.ID), Missing: missing}, err
}

// say posts a reply to a channel, with its files.
func (c *client) say(ctx context.Context, at string, d chat.Delivery) (m said, missing []chat.Missing, err error) {
	var to *reference
	if came, id := doorOf(d.Reply.Handle); came == toMessage && isID(id) && at == d.Reply.Place.Channel {
		to = &reference{Message: id}
	}
	post := func() error {
		m = said{}
		missing, err = c.send(ctx, d, call{method: http.MethodPost, path: messages(at), into: &m, again: true}, func(b body) any {
			b.Nonce, b.Enforce, b.Reference = nonceOf(d.ID, at), true, to
			return b
		})
		return err
	}
	err = post()
	if to != nil && isRefused(err, noHistory) {
		to = nil
		err = post()
	}
	if err == nil && !isID(m.ID) {
		err = errors.New("the answer does not name the message")
	}
	return m, missing, err
}

// mark notes that replies may come to a message: it has, or is in, a thread.
func (c *client) mark(ctx context.Context, r chat.Receipt) {
	place := r.Place
	if place.Thread = cmp.Or(place.Thread, string(r.Message)); !isID(place.Thread) {
		return
	}
	if err := c.memory.Mark(ctx, c.now(), place); err != nil {
		c.log.Warn("a thread will not be caught up on", "place", place, "err", err)
	}
}

// directNote begins the name of the cursor that remember writes, before a
// person's id.
const directNote = "dm/"

// remember notes that there are direct messages with a person, and of which
// guild: when was written last, then a slash and the guild.
func (c *client) remember(ctx context.Context, direct chat.Place) {
	user, _ := directTo(direct)
	note := fmt.Sprintf("%020d/%s", c.now().UnixMilli(), direct.Workspace)
	if err := c.memory.Advance(ctx, Name, map[string]string{directNote + user: note}); err != nil {
		c.log.Warn("direct messages will not be caught up on", "place", direct, "err", err)
	}
}

// where is the channel that a delivered message stands in.
func (c *client) where(ctx context.Context, r chat.Receipt) (string, error) {
	if user, ok := directTo(r.Place); ok {
		return c.direct(ctx, user)
	}
	if r.Place.Thread != "" {
		return r.Place.Thread, nil
	}
	at, err := c.channel(ctx, r.Place.Channel)
	if err != nil {
		return "", err
	}
	if at.forum() {
		return string(r.Message), nil
	}
	return r.Place.Channel, nil
}

// update puts a reply in place of the message that stands.
func (c *client) update(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	at, err := c.where(ctx, d.Sent)
	if err != nil {
		return chat.Receipt{}, err
	}
	path := messages(at) + "/" + string(d.Sent.Message)
	b := content(d, manner{})
	if d.Reply.Purpose == chat.Relaying { // only such have come with files
		if b, err = c.withFiles(ctx, at, d); err != nil {
			return chat.Receipt{}, err
		}
	}
	err = c.unarchived(ctx, at, func() error { return c.do(ctx, http.MethodPatch, path, b, nil) })
	if err != nil {
		return chat.Receipt{}, err
	}
	return chat.Receipt{Place: d.Sent.Place, Message: d.Sent.Message}, nil
}

// remove deletes the message that stands, with its files.
func (c *client) remove(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	if !isID(string(d.Sent.Message)) {
		return d.Sent, nil
	}
	at, err := c.where(ctx, d.Sent)
	if err == nil {
		err = c.unarchived(ctx, at, func() error { return c.delete(ctx, at, string(d.Sent.Message)) })
	}
	if err != nil && !isRefused(err, unchangeable...) {
		return chat.Receipt{}, err
	}
	return d.Sent, nil
}

func (c *client) delete(ctx context.Context, channel, id string) error {
	return c.do(ctx, http.MethodDelete, messages(channel)+"/"+id, nil, nil)
}

// unarchived changes something in a channel. A thread that was put away is taken
// out again for that.
func (c *client) unarchived(ctx context.Context, channel string, change func() error) error {
	err := change()
	if !isRefused(err, archivedThread) {
		return err
	}
	if err := c.do(ctx, http.MethodPatch, "channels/"+channel, map[string]bool{"archived": false}, nil); err != nil {
		return err
	}
	return change()
}

// threadName is what a thread is called that begins with a reply: after the
// ticket, if it is about one, and its first words. A heading of a ticket tells
// its state, which will not stay.
func threadName(r chat.Reply) string {
	name := oneLine(string(r.Ticket))
	for _, block := range r.Blocks {
		words := oneLine(block.Text.String())
		heading := block.Layout == chat.Heading
		if blank(words) || block.Layout == chat.Context || heading && name != "" {
			continue
		}
		if name != "" {
			name += " · "
		}
		name += words
		break
	}
	return cmp.Or(shorten(name, maxThread), "…")
}
