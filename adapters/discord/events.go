package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/signpost-bot/signpost/bot/chat"
)

// What we want to hear from the gateway.
// Source: https://docs.discord.com/developers/events/gateway#list-of-intents
const (
	hearGuilds          = 1 << 0
	hearMessages        = 1 << 9
	hearReactions       = 1 << 10
	hearDirect          = 1 << 12
	hearContent         = 1 << 15
	maxUnreadable       = 4000
	maxHeard            = 20_000 // messages whose authors are remembered
	maxNamed            = 10     // mentions in one message
	defaultMessage      = 0
	replyMessage        = 19
	discordEpoch        = 1_420_070_400_000
	snowflakeTimestamps = 22
)

// intents are what the gateway is asked to tell.
func (o Options) intents() int {
	all := hearGuilds | hearMessages | hearReactions | hearDirect
	if o.Content {
		all |= hearContent
	}
	return all
}

// listen takes in what comes through the gateway until ctx ends, or Discord
// refuses us for good.
func (a *Adapter) listen(ctx context.Context, p *discordgo.GatewayBotResponse) error {
	budget := &starter{ask: a.gatewayBot, memory: a.o.Memory, now: a.now, log: a.log}
	return runShards(ctx, max(p.Shards, 1), gatewayOptions{
		Token: a.o.Token, Intents: a.o.intents(), URL: p.URL, Memory: a.o.Memory, Beats: a.o.Beats, Now: a.now, Log: a.log,
		Identify: budget.wait, Dispatch: a.dispatch, Fresh: func(context.Context) { a.progress.Missed() }, Linked: a.linked,
	})
}

// gatewayBot asks how Discord wants the gateway to be used.
// Source: https://docs.discord.com/developers/events/gateway#get-gateway-bot
func (a *Adapter) gatewayBot(ctx context.Context) (*discordgo.GatewayBotResponse, error) {
	var p discordgo.GatewayBotResponse
	err := a.do(ctx, http.MethodGet, "gateway/bot", nil, &p)
	return &p, err
}

// A heardMessage is a message as Discord tells of it. Components and embeds are left out:
// what is new to us in them must not cost a question.
type heardMessage struct {
	ID       string                 `json:"id"`
	Channel  string                 `json:"channel_id"`
	Guild    string                 `json:"guild_id"`
	Kind     int                    `json:"type"`
	Author   *user                  `json:"author"`
	Member   *member                `json:"member"`
	Webhook  string                 `json:"webhook_id"`
	Content  string                 `json:"content"`
	Edited   string                 `json:"edited_timestamp"`
	Files    []file                 `json:"attachments"`
	Mentions []mention              `json:"mentions"`
	Replied  *heardMessage          `json:"referenced_message"`
	Flags    discordgo.MessageFlags `json:"flags"`
}

func (m heardMessage) ephemeral() bool { return m.Flags&discordgo.MessageFlagsEphemeral != 0 }

// A mention is someone whom a message mentions.
type mention struct {
	user
	Member *member `json:"member"`
}

// A file is an attachment.
type file struct {
	ID   string `json:"id"`
	Name string `json:"filename"`
	Type string `json:"content_type"`
	Size int64  `json:"size"`
}

// dispatch takes in one thing that the gateway tells. It returns nil once that
// is stored, or if there is nothing to store of it.
func (a *Adapter) dispatch(ctx context.Context, kind string, raw json.RawMessage) (err error) {
	s, done, ok := a.enter()
	if !ok {
		return errEnding
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			a.log.Error("panic while taking something in", "type", kind, "panic", p, "stack", stack())
			err = a.unreadable(ctx, s, raw, fmt.Errorf("panic: %v", p))
		}
	}()
	switch kind {
	case "MESSAGE_CREATE", "MESSAGE_UPDATE":
		var m heardMessage
		if err = json.Unmarshal(raw, &m); err == nil {
			err = a.heard(ctx, s, kind, m)
		}
	case "MESSAGE_DELETE":
		var m heardMessage
		if err = json.Unmarshal(raw, &m); err == nil {
			err = a.deleted(ctx, s, m)
		}
	case "MESSAGE_DELETE_BULK":
		var all struct {
			IDs     []string `json:"ids"`
			Channel string   `json:"channel_id"`
			Guild   string   `json:"guild_id"`
		}
		if err = json.Unmarshal(raw, &all); err == nil {
			for _, id := range all.IDs {
				if err = a.deleted(ctx, s, heardMessage{ID: id, Channel: all.Channel, Guild: all.Guild}); err != nil {
					break
				}
			}
		}
	case "MESSAGE_REACTION_ADD":
		var r reaction
		if err = json.Unmarshal(raw, &r); err == nil {
			err = a.reacted(ctx, s, r)
		}
	case "THREAD_DELETE":
		var r room
		if err = json.Unmarshal(raw, &r); err == nil {
			err = a.threadDeleted(ctx, s, r)
		}
	case "INTERACTION_CREATE":
		a.beside(within, func(ctx context.Context, s *session) { a.interacted(ctx, s, raw) })
	default:
		err = a.world.changed(kind, raw)
	}
	var malformed *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	if errors.As(err, &malformed) || errors.As(err, &syntax) || errors.Is(err, errMalformed) {
		err = a.unreadable(ctx, s, raw, err)
	}
	a.progress.Stored(err)
	return err
}

var (
	// errSilent: nothing is to be made of a message.
	errSilent = errors.New("nothing is to be made of it")
	// errMalformed: it is not as Discord's messages are.
	errMalformed = errors.New("it has no good id or channel")
)

// timeOf is when something that has an id was made.
func timeOf(id string) time.Time {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(int64(n>>snowflakeTimestamps) + discordEpoch).UTC()
}

// heard takes in what was said or changed.
func (a *Adapter) heard(ctx context.Context, s *session, kind string, m heardMessage) error {
	e, err := a.said(ctx, s, m)
	switch {
	case errors.Is(err, errSilent):
		return nil
	case isGone(err): // else it would come again for ever, and nothing after it
		a.log.Info("something was said in a channel that is gone, or that we do not see", "channel", m.Channel)
		return nil
	case err != nil:
		return err
	}
	if kind == "MESSAGE_UPDATE" {
		if m.Edited == "" {
			return nil // a link was unfurled
		}
		e.Kind, e.Stamp = chat.Edit, m.Edited
	}
	e.ID = chat.EventID(Name + ":" + e.Identity())
	a.heardOf.put(m.ID, author{e.From, e.Place, e.Private})
	if err := s.in.Accept(ctx, e); err != nil {
		return err
	}
	a.progress.Saw(cursorOf(e.Place, m.Channel), m.ID)
	return nil
}

// said makes an event of a person's message, as it stands.
func (a *Adapter) said(ctx context.Context, s *session, m heardMessage) (chat.Event, error) {
	if m.Author == nil || m.Author.Bot || m.Author.System || m.Webhook != "" || m.Author.ID == s.self.user || m.Kind != defaultMessage && m.Kind != replyMessage {
		return chat.Event{}, errSilent
	}
	if !isID(m.ID) || !isID(m.Channel) || !isID(m.Author.ID) || m.Guild != "" && !isID(m.Guild) {
		return chat.Event{}, errMalformed
	}
	e := chat.Event{Kind: chat.Message, At: timeOf(m.ID), Message: chat.MessageID(m.ID), Files: files(m)}
	e.Text, e.Mentioned, e.Named = a.words(ctx, s.self, m)
	if m.Guild == "" {
		guild := a.home(ctx, s.self, m.Author.ID)
		e.From = a.people.sender(ctx, guild, *m.Author, nil)
		e.Place, e.Private, e.Addressed = chat.Direct(e.From.Account), true, true
		a.client.learn(m.Author.ID, m.Channel)
		return e, nil
	}
	place, r, err := a.world.place(ctx, m.Guild, m.Channel, m.ID)
	if err != nil {
		return chat.Event{}, err
	}
	e.Place = place
	e.From = a.people.sender(ctx, m.Guild, *m.Author, cmp.Or(m.Member, &member{}))
	toUs := m.Replied != nil && m.Replied.Author != nil && m.Replied.Author.ID == s.self.user
	e.Addressed = e.Mentioned || toUs && (place.Thread == "" || place.Thread == m.ID)
	if e.Withheld = a.withheld(s.self, m); e.Withheld {
		e.Text = "" // of a post its title is known, which is less than what was asked
	}
	if begins(m) && r.thread() && a.watches(place) && !e.Withheld { // a new post of a forum is a question
		e.Addressed = true
	}
	if place.Thread == "" {
		e.Handle = chat.ReplyHandle("to/" + m.ID)
	}
	return e, nil
}

// withheld reports whether Discord keeps a message's words from us. What mentions
// us it shows, a reply only if it pings.
// Source: https://docs.discord.com/developers/events/gateway#message-content-intent
func (a *Adapter) withheld(self identity, m heardMessage) bool {
	return !a.o.Content && m.Content == "" && len(m.Files) == 0 &&
		!slices.ContainsFunc(m.Mentions, func(who mention) bool { return who.ID == self.user })
}

// begins reports whether a message is one that a post of a forum begins with,
// which has the post's id.
// Source: https://docs.discord.com/developers/topics/threads#forums
func begins(m heardMessage) bool { return m.ID == m.Channel }

// watches reports whether questions are heard in a channel.
func (a *Adapter) watches(p chat.Place) bool {
	return slices.Contains(a.o.Watched(), p.Outside())
}

// home is the guild where someone's direct messages belong: the one from which
// we wrote to them last, or else ours.
func (a *Adapter) home(ctx context.Context, self identity, user string) string {
	if len(self.guilds) < 2 {
		return self.home
	}
	last, err := a.o.Memory.Cursor(ctx, Name, directNote+user)
	if err != nil {
		a.log.Warn("where someone's direct messages belong is not known just now", "err", scrub(err))
	}
	if _, guild, ok := strings.Cut(last, "/"); ok && isID(guild) {
		return guild
	}
	return self.home
}

// formatted matches what Discord makes of mentions.
// Source: https://docs.discord.com/developers/reference#message-formatting
var formatted = regexp.MustCompile(`<(@[!&]?|#)([0-9]{1,20})>|<a?(:[A-Za-z0-9_]+:)[0-9]{1,20}>|<t:(-?[0-9]{1,13})(?::[a-zA-Z])?>`)

// words reads what was typed: without the bot's own name, and with others'
// names as people read them. In a command they stay as they are, and it is told
// who they are.
func (a *Adapter) words(ctx context.Context, self identity, m heardMessage) (words string, mentioned bool, named []chat.Sender) {
	text := m.Content
	for _, own := range []string{"<@" + self.user + ">", "<@!" + self.user + ">"} {
		for {
			before, after, found := strings.Cut(text, own)
			if !found {
				break
			}
			mentioned = true
			text = before + strings.TrimLeft(after, ",: ")
		}
	}
	text = strings.TrimSpace(text)
	names := map[string]string{}
	for _, who := range m.Mentions[:min(len(m.Mentions), maxNamed)] {
		names[who.ID] = cmp.Or(oneLine(who.Global), oneLine(who.Username), who.ID)
		if who.Member != nil {
			names[who.ID] = cmp.Or(oneLine(who.Member.Nick), names[who.ID])
		}
	}
	if mentioned {
		typed := formatted.ReplaceAllString(text, "@$2")
		if _, err := a.o.Front.Parse("ticket", typed); err == nil {
			for _, who := range m.Mentions[:min(len(m.Mentions), maxNamed)] {
				if who.ID != self.user {
					named = append(named, a.people.sender(ctx, m.Guild, who.user, cmp.Or(who.Member, &member{})))
				}
			}
			return typed, true, named
		}
	}
	text = formatted.ReplaceAllStringFunc(text, func(tag string) string { return a.readTag(ctx, m.Guild, names, tag) })
	return a.titled(ctx, m, text), mentioned, nil
}

// titled puts the title of a forum's post before the words that it begins with:
// often it is the question. A title is no content that Discord would withhold.
func (a *Adapter) titled(ctx context.Context, m heardMessage, text string) string {
	if !begins(m) {
		return text
	}
	post, err := a.world.room(ctx, m.Channel)
	title := oneLine(post.Name)
	if err != nil || blank(title) || strings.HasPrefix(strings.ToLower(text), strings.ToLower(title)) {
		return text
	}
	return strings.TrimSpace(title + "\n" + text)
}

// readTag is what people read where a tag stands.
func (a *Adapter) readTag(ctx context.Context, guild string, names map[string]string, tag string) string {
	t := formatted.FindStringSubmatch(tag)
	switch {
	case t[3] != "":
		return t[3]
	case t[4] != "":
		seconds, _ := strconv.ParseInt(t[4], 10, 64)
		return time.Unix(seconds, 0).UTC().Format("2006-01-02 15:04 MST")
	case t[1] == "#":
		a.world.mu.Lock()
		defer a.world.mu.Unlock()
		return "#" + cmp.Or(a.world.rooms[t[2]].Name, t[2])
	case t[1] == "@&":
		a.world.mu.Lock()
		defer a.world.mu.Unlock()
		return "@" + cmp.Or(a.world.roles[guild][t[2]], t[2])
	}
	return "@" + cmp.Or(names[t[2]], t[2])
}

// files are a message's attachments. Their addresses end, so they are named by
// where they can be found again.
func files(m heardMessage) []chat.File {
	var list []chat.File
	for _, f := range m.Files {
		if isID(f.ID) {
			list = append(list, chat.File{
				ID: m.Channel + "/" + m.ID + "/" + f.ID, Name: cmp.Or(oneLine(f.Name), "file"), Type: f.Type, Size: f.Size,
			})
		}
	}
	return list
}

// deleted takes in that a message is gone. Discord does not tell whose it was.
func (a *Adapter) deleted(ctx context.Context, s *session, m heardMessage) error {
	if !isID(m.ID) || !isID(m.Channel) || m.Guild != "" && !isID(m.Guild) {
		return errMalformed
	}
	e := chat.Event{Kind: chat.Delete, At: a.now().UTC(), Message: chat.MessageID(m.ID)}
	if by, ok := a.heardOf.get(m.ID); ok {
		e.From, e.Place, e.Private = by.from, by.place, by.private
	} else if m.Guild == "" {
		return nil // one of ours, or of long ago
	} else {
		place, _, err := a.world.place(ctx, m.Guild, m.Channel, "")
		if isGone(err) {
			return nil // with its channel
		}
		if err != nil {
			return err
		}
		e.Place = place
	}
	e.Addressed = e.Private
	e.ID = chat.EventID(Name + ":" + e.Identity())
	return s.in.Accept(ctx, e)
}

// threadDeleted takes in that a thread and all that was in it is gone.
func (a *Adapter) threadDeleted(ctx context.Context, s *session, r room) error {
	if !isID(r.ID) || !isID(r.Guild) || !isID(r.Parent) {
		return errMalformed
	}
	return s.in.Accept(ctx, chat.Event{
		ID: chat.EventID(Name + ":thread/" + r.ID), Kind: chat.Delete, At: a.now().UTC(),
		Place: chat.Place{Platform: Name, Workspace: r.Guild, Channel: r.Parent, Thread: r.ID},
	})
}

// A reaction is an emoji that was put on a message.
type reaction struct {
	User    string  `json:"user_id"`
	Channel string  `json:"channel_id"`
	Message string  `json:"message_id"`
	Guild   string  `json:"guild_id"`
	Member  *member `json:"member"`
	Emoji   struct {
		Name string `json:"name"`
	} `json:"emoji"`
}

// reacted takes in an emoji that does something.
func (a *Adapter) reacted(ctx context.Context, s *session, r reaction) error {
	if r.User == s.self.user {
		return nil
	}
	if !isID(r.User) || !isID(r.Channel) || !isID(r.Message) || r.Guild != "" && !isID(r.Guild) {
		return errMalformed
	}
	e := chat.Event{Kind: chat.Reaction, At: a.now().UTC(), Message: chat.MessageID(r.Message), Emoji: r.Emoji.Name}
	if _, ours := a.o.Front.Lookup(e); !ours {
		return nil
	}
	var m heardMessage
	if err := a.do(ctx, http.MethodGet, "channels/"+r.Channel+"/messages/"+r.Message, nil, &m); err != nil {
		a.log.Warn("a message that someone put an emoji on cannot be read", "channel", r.Channel, "err", scrub(err))
	}
	own := m.Author != nil && m.Author.ID == s.self.user
	if r.Guild == "" {
		e.From = a.people.sender(ctx, a.home(ctx, s.self, r.User), user{ID: r.User}, nil)
		e.Place, e.Private = chat.Direct(e.From.Account), true
	} else {
		who := user{ID: r.User}
		if r.Member != nil {
			who = r.Member.User
			who.ID = r.User
		}
		e.From = a.people.sender(ctx, r.Guild, who, cmp.Or(r.Member, &member{}))
		at := r.Message
		if own {
			at = "" // a thread of ours begins below it, if it has one
		}
		place, _, err := a.world.place(ctx, r.Guild, r.Channel, at)
		if isGone(err) {
			return nil
		}
		if err != nil {
			return err
		}
		e.Place = place
	}
	if m.Author != nil {
		m.Guild, m.Channel = r.Guild, r.Channel
		e.About = a.about(ctx, s.self, m)
		e.Withheld = !a.o.Content && !own && e.About.Text == "" && len(e.About.Files) == 0
	}
	e.ID = chat.EventID(fmt.Sprintf("%s:reaction/%s/%s/%s/%d", Name, r.Message, r.User, r.Emoji.Name, e.At.UnixMilli()))
	return s.in.Accept(ctx, e)
}

// about is a message as events carry it that someone else than its author
// brings about.
func (a *Adapter) about(ctx context.Context, self identity, m heardMessage) *chat.Said {
	about := &chat.Said{Message: chat.MessageID(m.ID), At: timeOf(m.ID), Files: files(m)}
	about.Text, _, _ = a.words(ctx, self, m)
	who := user{Bot: true}
	if m.Author != nil {
		who = *m.Author
		who.Bot = who.Bot || m.Webhook != ""
	}
	guild := m.Guild
	if guild == "" {
		guild = a.home(ctx, self, who.ID)
	}
	about.From = a.people.sender(ctx, guild, who, m.Member)
	return about
}

// An author is who wrote a message, and where.
type author struct {
	from    chat.Sender
	place   chat.Place
	private bool
}

// authors remember who wrote the newest messages: Discord does not tell when
// one is deleted.
type authors struct {
	mu    sync.Mutex
	by    map[string]author
	order []string // ids, the oldest first, in a ring
	next  int
}

func (l *authors) put(id string, a author) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.by == nil {
		l.by, l.order = map[string]author{}, make([]string, maxHeard)
	}
	if _, known := l.by[id]; !known {
		delete(l.by, l.order[l.next])
		l.order[l.next] = id
		l.next = (l.next + 1) % maxHeard
	}
	l.by[id] = a
}

func (l *authors) get(id string) (author, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ok := l.by[id]
	return a, ok
}

// linked counts the connections through which events come in.
func (a *Adapter) linked(up bool) {
	if up {
		a.progress.Connected()
	} else {
		a.progress.Disconnected()
	}
}
