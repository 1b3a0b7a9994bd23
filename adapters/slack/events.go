package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// An envelope is what events come in.
// Source: https://docs.slack.dev/apis/events-api/
type envelope struct {
	Type      string          `json:"type"`
	Challenge string          `json:"challenge"`
	EventID   string          `json:"event_id"`
	EventTime int64           `json:"event_time"`
	Shared    bool            `json:"is_ext_shared_channel"`
	Event     json.RawMessage `json:"event"`
}

// A messageEvent is a message event, of any subtype, or an app_mention.
type messageEvent struct {
	said
	Channel     string `json:"channel"`
	ChannelType string `json:"channel_type"`
	Message     said   `json:"message"`
	Previous    said   `json:"previous_message"`
	DeletedTS   string `json:"deleted_ts"`
	EventTS     string `json:"event_ts"`
	Upload      *bool  `json:"upload"` // there at all: files come with it
}

// spoken are the subtypes of messages in which a person says something.
// Source: https://docs.slack.dev/reference/events/message
var spoken = []string{"", "file_share", "thread_broadcast", "me_message"}

// happened takes in an event. It returns nil once the event is stored, or if
// there is nothing to store of it.
func (a *Adapter) happened(ctx context.Context, s *session, body []byte) error {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil || e.Event == nil && e.Type == "event_callback" {
		return a.unreadable(ctx, s, body, err)
	}
	var kind struct {
		Type string `json:"type"`
	}
	switch e.Type {
	case "event_callback":
		if err := json.Unmarshal(e.Event, &kind); err != nil {
			return a.unreadable(ctx, s, body, err)
		}
	case "app_rate_limited":
		a.log.Error("Slack holds events back: there were more than 30,000 in an hour",
			"mend", "let the app out of channels that it need not be in")
		return nil
	default:
		a.log.Debug("envelope of an unknown type", "type", chat.Shorten(e.Type, 40))
		return nil
	}
	var err error
	switch kind.Type {
	case "message", "app_mention":
		var m messageEvent
		if err = json.Unmarshal(e.Event, &m); err == nil {
			err = a.heard(ctx, s, e, m, kind.Type)
			if !errors.Is(err, errMalformed) {
				return err
			}
		}
	case "reaction_added":
		var r reaction
		if err = json.Unmarshal(e.Event, &r); err == nil {
			return a.reacted(ctx, s, e, r)
		}
	case "app_home_opened":
		var h homeOpened
		if err = json.Unmarshal(e.Event, &h); err == nil {
			a.pages.opened(h)
		}
	case "user_change", "subteam_created", "subteam_updated", "subteam_members_changed", "member_joined_channel", "member_left_channel":
		err = a.people.changed(kind.Type, e.Event)
	case "tokens_revoked", "app_uninstalled":
		a.log.Error("the app was uninstalled or its tokens were revoked: nothing can be said in Slack any more",
			"event", kind.Type, "mend", mends["token_revoked"])
	default:
		a.log.Debug("event of a type that is not used", "type", chat.Shorten(kind.Type, 40))
	}
	if err != nil {
		return a.unreadable(ctx, s, body, err)
	}
	return nil
}

// unreadable keeps what cannot be read for someone to look at, among the dead
// letters.
func (a *Adapter) unreadable(ctx context.Context, s *session, body []byte, err error) error {
	a.log.Warn("what Slack sent cannot be read; it is among the dead letters", "err", err)
	return s.in.Accept(ctx, chat.Event{
		ID: bodyID(body), Kind: chat.Unreadable, Place: chat.Place{Platform: Name, Workspace: s.self.team, Channel: "unreadable"},
		Text: chat.Shorten(strings.ToValidUTF8(string(body), "\uFFFD"), maxUnreadable),
	})
}

// maxUnreadable is how many runes are kept of what cannot be read.
const maxUnreadable = 4000

var (
	// errSilent: nothing is to be made of a message.
	errSilent = errors.New("nothing is to be made of it")
	// errMalformed: it is not as Slack's messages are.
	errMalformed = errors.New("it has no good channel, user or time")
)

// id matches what Slack calls channels and people.
var id = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

func isID(s string) bool { return id.MatchString(s) }

// heard takes in what was said, changed or deleted.
func (a *Adapter) heard(ctx context.Context, s *session, in envelope, m messageEvent, kind string) error {
	if m.ChannelType == "im" && m.User != "" && m.User != s.self.user && m.Bot == "" {
		a.client.learn(m.User, m.Channel)
	}
	if kind == "app_mention" && m.Upload != nil && len(m.Files) == 0 && isID(m.Channel) && isTS(m.TS) {
		m.Files = a.unsaid(ctx, m)
	}
	e, err := a.message(ctx, s, m, in.Shared)
	switch {
	case errors.Is(err, errSilent):
		return nil
	case err != nil:
		return err
	}
	e.ID = eventID(cmp.Or(in.EventID, e.Identity()))
	if kind == "app_mention" && m.Edited.TS != "" {
		e.Kind, e.Stamp = chat.Edit, m.Edited.TS
	}
	if err := s.in.Accept(ctx, e); err != nil {
		return err
	}
	a.progress.Saw(e.Place.Outside().String(), string(e.Message))
	a.searching(e)
	return nil
}

// unsaid are the files of a mention. The event says that there are some, and not
// which; if the message's own event comes second, it comes to nothing.
// Source: https://docs.slack.dev/reference/events/app_mention
func (a *Adapter) unsaid(ctx context.Context, m messageEvent) []file {
	ctx, stop := context.WithTimeout(ctx, readingWithin)
	defer stop()
	full, err := a.client.read(ctx, spot{m.Channel, m.Thread}, m.TS)
	if err != nil {
		a.log.Warn("the files of a message cannot be read; it is taken in without them", "channel", m.Channel, "err", scrub(err))
	}
	return full.Files
}

// readingWithin is how long the files of a mention may take to read: what came
// is acknowledged within three seconds.
// Source: https://docs.slack.dev/apis/events-api/#responding
const readingWithin = time.Second

// message makes an event of what was said, changed or deleted, or returns
// [errSilent].
func (a *Adapter) message(ctx context.Context, s *session, m messageEvent, shared bool) (chat.Event, error) {
	switch m.Subtype {
	case "message_changed":
		old, now := m.Previous, m.Message
		if now.Subtype == "tombstone" { // deleted, with replies left below it
			return a.deleted(ctx, s, m.Channel, old, cmp.Or(old.TS, now.TS), shared)
		}
		if now.Text == old.Text && sameFiles(now.Files, old.Files) {
			return chat.Event{}, errSilent // a link was unfurled, a reply counted
		}
		e, err := a.said(ctx, s, m.Channel, now, shared)
		e.Kind, e.Stamp = chat.Edit, cmp.Or(now.Edited.TS, m.EventTS)
		return e, err
	case "message_deleted":
		return a.deleted(ctx, s, m.Channel, m.Previous, cmp.Or(m.DeletedTS, m.Previous.TS), shared)
	}
	return a.said(ctx, s, m.Channel, m.said, shared)
}

func sameFiles(a, b []file) bool {
	return slices.EqualFunc(a, b, func(a, b file) bool { return a.ID == b.ID && a.Mode == b.Mode })
}

// said makes an event of a person's message, as it stands.
func (a *Adapter) said(ctx context.Context, s *session, channel string, m said, shared bool) (chat.Event, error) {
	if m.Bot != "" || m.User == "" || m.User == s.self.user || m.User == slackbot || !slices.Contains(spoken, m.Subtype) {
		return chat.Event{}, errSilent
	}
	if !isTS(m.TS) || !isID(channel) || !isID(m.User) || m.Thread != "" && !isTS(m.Thread) {
		return chat.Event{}, errMalformed
	}
	e := chat.Event{Kind: chat.Message, At: timeOf(m.TS), Message: chat.MessageID(m.TS), Files: files(m.Files)}
	e.From = a.people.sender(ctx, s.self, m.User, "", m.Team, shared)
	e.Place, e.Private = a.place(s.self, channel, m.User, cmp.Or(m.Thread, m.TS))
	e.Text, e.Mentioned, e.Named = a.words(ctx, s.self, m.Text)
	e.Addressed = e.Mentioned || e.Private
	if e.Private {
		e.Handle = a.inside(s.self, m.User, cmp.Or(m.Thread, m.TS), m.Thread != "")
	}
	return e, nil
}

// deleted makes an event of a message that is gone.
func (a *Adapter) deleted(ctx context.Context, s *session, channel string, old said, ts string, shared bool) (chat.Event, error) {
	if !isTS(ts) || !isID(channel) || old.User != "" && !isID(old.User) || old.Thread != "" && !isTS(old.Thread) {
		return chat.Event{}, errMalformed
	}
	e := chat.Event{Kind: chat.Delete, At: a.now().UTC(), Message: chat.MessageID(ts)}
	thread := old.Thread
	if own := old.User == s.self.user || old.Bot != ""; own || old.User == "" {
		if a.client.isDirect(channel) {
			return chat.Event{}, errSilent // whose messages they were is not told
		}
	} else {
		e.From = a.people.sender(ctx, s.self, old.User, "", old.Team, shared)
		thread = cmp.Or(thread, ts) // where it stood
	}
	e.Place, e.Private = a.place(s.self, channel, old.User, thread)
	e.Addressed = e.Private
	return e, nil
}

// place is where something happened. A thread is told apart only in channels:
// someone's direct messages are one place, in whichever thread they stand.
func (a *Adapter) place(self identity, channel, user, thread string) (p chat.Place, private bool) {
	if a.client.isDirect(channel) {
		return chat.Direct(self.account(user)), true
	}
	return chat.Place{Platform: Name, Workspace: self.team, Channel: channel, Thread: thread}, false
}

func (i identity) account(user string) chat.AccountID { return chat.NewAccountID(Name, i.team, user) }

// slackbot is Slack's own bot, which has no bot_id.
const slackbot = "USLACKBOT"

// inside is the handle of a direct message, so that its answer comes into the
// same thread. Where direct messages are no threads, only who writes in one is
// answered there.
func (a *Adapter) inside(self identity, user, thread string, threaded bool) chat.ReplyHandle {
	switch {
	case a.o.Agent:
		a.progress.Note(threadCursor(chat.Direct(self.account(user))), thread)
	case !threaded:
		return ""
	}
	return chat.ReplyHandle(string(inThread) + "/" + thread)
}

// words reads what was typed: without the bot's own name, and with others'
// names as people read them. In a command they stay as they are, and it is told
// who they are.
func (a *Adapter) words(ctx context.Context, self identity, text string) (words string, mentioned bool, named []chat.Sender) {
	mention := "<@" + self.user
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, mention)
		b.WriteString(before)
		if !found {
			break
		}
		rest, ok := closesMention(after)
		if !ok { // a longer id that begins like ours
			b.WriteString(mention)
			text = after
			continue
		}
		mentioned = true
		text = strings.TrimLeft(rest, ",: ")
	}
	typed := strings.TrimSpace(b.String())
	if mentioned {
		if _, err := a.o.Front.Parse("ticket", Unescape(typed)); err == nil {
			return Unescape(typed), true, a.people.mentioned(ctx, self, typed)
		}
	}
	return Unescape(a.people.named(ctx, typed)), mentioned, nil
}

// closesMention is what follows a mention whose id has just been read.
func closesMention(s string) (rest string, ok bool) {
	if strings.HasPrefix(s, ">") {
		return s[1:], true
	}
	if strings.HasPrefix(s, "|") {
		if end := strings.IndexByte(s, '>'); end >= 0 {
			return s[end+1:], true
		}
	}
	return s, false
}

// gone are the modes of files that cannot be had any more.
var gone = []string{"tombstone", "hidden_by_limit"}

func files(all []file) []chat.File {
	var list []chat.File
	for _, f := range all {
		if f.ID == "" || slices.Contains(gone, f.Mode) {
			continue
		}
		list = append(list, chat.File{ID: f.ID, Name: cmp.Or(oneLine(f.Name), oneLine(f.Title), "file"), Type: f.Mimetype, Size: f.Size})
	}
	return list
}

// A reaction is an emoji that was put on something.
type reaction struct {
	User     string `json:"user"`
	Reaction string `json:"reaction"`
	ItemUser string `json:"item_user"`
	Item     struct {
		Type    string `json:"type"`
		Channel string `json:"channel"`
		TS      string `json:"ts"`
	} `json:"item"`
	EventTS string `json:"event_ts"`
}

// reacted takes in an emoji that does something.
func (a *Adapter) reacted(ctx context.Context, s *session, in envelope, r reaction) error {
	if r.Item.Type != "message" || !isTS(r.Item.TS) || !isID(r.Item.Channel) || !isID(r.User) || r.User == s.self.user {
		return nil
	}
	name, _, _ := strings.Cut(r.Reaction, "::") // thumbsup::skin-tone-2
	e := chat.Event{
		ID: eventID(in.EventID), Kind: chat.Reaction, At: cmp.Or(timeOf(r.EventTS), time.Unix(in.EventTime, 0).UTC()),
		Message: chat.MessageID(r.Item.TS), Emoji: name,
	}
	if _, ours := a.o.Front.Lookup(e); !ours {
		return nil
	}
	e.From = a.people.sender(ctx, s.self, r.User, "", "", in.Shared)
	m, err := a.client.read(ctx, spot{channel: r.Item.Channel}, r.Item.TS)
	if err != nil {
		a.log.Warn("a message that someone put an emoji on cannot be read", "channel", r.Item.Channel, "err", scrub(err))
	}
	thread := m.Thread
	if own := r.ItemUser == s.self.user || m.User == s.self.user; !own {
		thread = cmp.Or(thread, r.Item.TS)
	}
	e.Place, e.Private = a.place(s.self, r.Item.Channel, r.User, thread)
	if m.TS != "" {
		e.About = a.about(ctx, s.self, m, in.Shared)
	}
	return s.in.Accept(ctx, e)
}

// about is a message as events carry it that someone else than its author
// brings about.
func (a *Adapter) about(ctx context.Context, self identity, m said, shared bool) *chat.Said {
	about := &chat.Said{Message: chat.MessageID(m.TS), At: timeOf(m.TS), Files: files(m.Files)}
	switch {
	case m.User == self.user || m.Bot != "" && m.Bot == self.bot:
		about.From = chat.Sender{Account: self.account(self.user), Name: self.name, Bot: true}
	case m.Bot != "" || m.User == "":
		about.From = chat.Sender{Account: self.account(cmp.Or(m.User, m.Bot, slackbot)), Bot: true}
	default:
		about.From = a.people.sender(ctx, self, m.User, "", m.Team, shared)
	}
	about.Text, _, _ = a.words(ctx, self, m.Text)
	return about
}

// eventID is an event's name among all platforms'.
func eventID(id string) chat.EventID { return chat.EventID(Name + ":" + id) }

// timeOf is when a message was said; zero if ts is none.
func timeOf(ts string) time.Time {
	if !isTS(ts) {
		return time.Time{}
	}
	seconds, counter, _ := strings.Cut(ts, ".")
	sec, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}
	}
	micro, _ := strconv.ParseInt((counter + "000000")[:6], 10, 64)
	return time.Unix(sec, micro*1000).UTC()
}
