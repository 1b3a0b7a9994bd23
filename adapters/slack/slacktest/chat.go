package slacktest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A draft is what the app wants to have posted.
type draft struct {
	text     string
	blocks   json.RawMessage
	metadata json.RawMessage
}

// draft reads and judges the arguments of a message.
func (c *call) draft() (draft, error) {
	d := draft{text: c.text("text")}
	var metadata struct {
		EventType    string `json:"event_type"`
		EventPayload object `json:"event_payload"`
	}
	if err := c.json("metadata", &metadata); err != nil {
		return d, fail("invalid_metadata_format")
	}
	if raw := c.text("metadata"); raw != "" {
		if metadata.EventType == "" || metadata.EventPayload == nil {
			return d, fail("invalid_metadata_schema")
		}
		d.metadata = json.RawMessage(raw)
	}
	if utf8.RuneCountInString(d.text) > maxText {
		return d, fail("msg_too_long")
	}
	var blocks []object
	if raw := c.text("blocks"); raw != "" {
		if json.Unmarshal([]byte(raw), &blocks) != nil {
			return d, fail("invalid_blocks_format")
		}
	}
	if len(blocks) > 0 {
		if faults := c.s.judge.blocks(blocks, messageSurface); len(faults) > 0 {
			return d, fail(blocksError(faults), faults...)
		}
		d.blocks = c.s.complete(blocks)
	}
	c.s.judge.message(c.method, c.args, blocks)
	if d.text == "" && len(blocks) == 0 {
		return d, fail("no_text")
	}
	return d, nil
}

// blocksError is what Slack calls faults in blocks.
func blocksError(faults []string) string {
	for _, f := range faults {
		if strings.HasPrefix(f, tooLong) {
			return "msg_blocks_too_long"
		}
	}
	return "invalid_blocks"
}

// writable is the channel that the app wants to write to: a channel's id, or a
// person's, whose direct messages are opened.
func (c *call) writable() (*Channel, error) {
	id := c.text("channel")
	s := c.s
	if u := s.users[id]; u != nil && u.ID != botUID && !u.Deleted {
		if u.Bot {
			return nil, fail("cannot_dm_bot")
		}
		return s.direct(id), nil
	}
	ch := s.channels[id]
	member := ch != nil && slices.Contains(ch.Members, botUID)
	switch {
	case ch == nil || !member && ch.Kind != Public:
		return nil, fail("channel_not_found")
	case ch.Archived:
		return nil, fail("is_archived")
	case !member && !(s.scopes["chat:write.public"] && c.method == "chat.postMessage"):
		return nil, fail("not_in_channel")
	}
	return ch, nil
}

// thread is where a reply to a message goes: the reply's thread, or none where
// the message was deleted.
func (c *call) thread(ch *Channel) (string, error) {
	ts := c.text("thread_ts")
	parent := ch.find(ts)
	switch {
	case ts == "" || ch.gone[ts]:
		return "", nil
	case parent == nil || parent.Only != "":
		return "", fail("thread_not_found")
	case parent.isReply():
		c.s.judge.add("%s: thread_ts is a reply's", c.method)
		return parent.Thread, nil
	}
	return ts, nil
}

// postMessage is chat.postMessage.
func postMessage(c *call) (object, error) {
	ch, err := c.writable()
	if err != nil {
		return nil, err
	}
	s := c.s
	if every := s.opts.PostEvery; every > 0 {
		if wait := every - s.opts.Now().Sub(s.posted[ch.ID]); wait > 0 {
			return nil, &refusal{"ratelimited", object{"retry_after": int(math.Ceil(wait.Seconds()))}}
		}
	}
	d, err := c.draft()
	if err != nil {
		return nil, err
	}
	thread, err := c.thread(ch)
	if err != nil {
		return nil, err
	}
	if c.text("username")+c.text("icon_url")+c.text("icon_emoji") != "" {
		if err := c.need("chat:write.customize"); err != nil {
			return nil, err
		}
	}
	s.posted[ch.ID] = s.opts.Now()
	m := s.postAs(ch, d, thread)
	if thread != "" && c.flag("reply_broadcast") {
		m.broadcast, m.Subtype = true, "thread_broadcast"
	}
	c.events = s.said(ch, m, nil)
	delete(s.status, ch.ID+" "+thread)
	return object{"channel": ch.ID, "ts": m.TS, "message": s.messageJSON(m)}, nil
}

// postAs makes a message of the app's stand.
func (s *Server) postAs(ch *Channel, d draft, thread string) *Message {
	return s.add(ch, &Message{User: botUID, BotID: botID, Text: d.text, Blocks: d.blocks, Metadata: d.metadata, Thread: thread})
}

// postEphemeral is chat.postEphemeral.
func postEphemeral(c *call) (object, error) {
	ch, err := c.writable()
	if err != nil {
		return nil, err
	}
	user := c.text("user")
	if !slices.Contains(ch.Members, user) {
		return nil, fail("user_not_in_channel")
	}
	d, err := c.draft()
	if err != nil {
		return nil, err
	}
	thread, err := c.thread(ch)
	if err != nil {
		return nil, err
	}
	m := c.s.add(ch, &Message{User: botUID, BotID: botID, Text: d.text, Blocks: d.blocks, Thread: thread, Only: user})
	return object{"message_ts": m.TS}, nil
}

// own is a message that the app wrote, by the arguments channel and ts.
func (c *call) own(refused string) (*Channel, *Message, error) {
	ch := c.s.channels[c.text("channel")]
	if ch == nil || ch.Kind != Public && !slices.Contains(ch.Members, botUID) {
		return nil, nil, fail("channel_not_found")
	}
	m := ch.find(c.text("ts"))
	switch {
	case m == nil || m.Only != "" || m.Subtype == tombstone:
		return nil, nil, fail("message_not_found")
	case m.BotID != botID:
		return nil, nil, fail(refused)
	case ch.Archived:
		return nil, nil, fail("is_archived")
	}
	return ch, m, nil
}

// updateMessage is chat.update.
func updateMessage(c *call) (object, error) {
	ch, m, err := c.own("cant_update_message")
	if err != nil {
		return nil, err
	}
	d, err := c.draft()
	if err != nil {
		return nil, err
	}
	before := m.copy()
	m.Text, m.Blocks = d.text, d.blocks // text alone takes the blocks away
	if d.metadata != nil {
		m.Metadata = d.metadata
	}
	if d.blocks == nil {
		m.Edited = c.s.ts() // with blocks, nobody sees that it was
	}
	c.events = append(c.events, c.s.changedEvent(ch, m, &before))
	c.s.change()
	return object{"channel": ch.ID, "ts": m.TS, "text": m.Text, "message": c.s.messageJSON(m)}, nil
}

// deleteMessage is chat.delete.
func deleteMessage(c *call) (object, error) {
	ch, m, err := c.own("cant_delete_message")
	if err != nil {
		return nil, err
	}
	ts := m.TS
	c.events = append(c.events, c.s.deleted(ch, m)...)
	return object{"channel": ch.ID, "ts": ts}, nil
}

// getPermalink is chat.getPermalink.
func getPermalink(c *call) (object, error) {
	ch := c.s.channels[c.text("channel")]
	if ch == nil || !slices.Contains(ch.Members, botUID) && ch.Kind != Public {
		return nil, fail("channel_not_found")
	}
	ts := c.text("message_ts")
	m := ch.find(ts)
	if m == nil || m.Only != "" {
		return nil, fail("message_not_found")
	}
	link := fmt.Sprintf("https://%s.slack.com/archives/%s/p%s", domain, ch.ID, strings.Replace(ts, ".", "", 1))
	if m.isReply() {
		link += fmt.Sprintf("?thread_ts=%s&cid=%s", m.Thread, ch.ID)
	}
	return object{"channel": ch.ID, "permalink": link}, nil
}

// addReaction and removeReaction are reactions.add and reactions.remove.
func addReaction(c *call) (object, error)    { return c.reaction(true) }
func removeReaction(c *call) (object, error) { return c.reaction(false) }

func (c *call) reaction(on bool) (object, error) {
	ch := c.s.channels[c.text("channel")]
	if ch == nil || !slices.Contains(ch.Members, botUID) {
		return nil, fail("channel_not_found")
	}
	if strings.ContainsAny(c.text("name"), ":") || c.text("name") == "" {
		return nil, fail("invalid_name")
	}
	event, err := c.s.reacted(ch, botUID, c.text("timestamp"), c.text("name"), on)
	if err != nil {
		return nil, err
	}
	c.events = append(c.events, event)
	return object{}, nil
}

// maxPrompts is how many questions may be suggested.
// Source: https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts
const maxPrompts = 4

// session is the thread that an agent works in, by channel_id and thread_ts.
func (c *call) session() (string, error) {
	ch := c.s.channels[c.text("channel_id")]
	if ch == nil || !slices.Contains(ch.Members, botUID) {
		return "", fail("channel_not_found")
	}
	return ch.ID + " " + c.text("thread_ts"), nil
}

// setStatus is assistant.threads.setStatus: what people read while they wait.
func setStatus(c *call) (object, error) {
	at, err := c.session()
	if err == nil {
		c.s.status[at] = c.text("status")
		c.s.change()
	}
	return object{}, err
}

// setTitle is assistant.threads.setTitle and agents.sessions.rename.
func setTitle(c *call) (object, error) {
	at, err := c.session()
	if err == nil {
		c.s.titles[at] = c.text("title")
		c.s.change()
	}
	return object{"title": c.text("title")}, err
}

// setPrompts is assistant.threads.setSuggestedPrompts. The app is an agent, and
// for those a call that names a thread does nothing, without a word.
// Source: https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts
func setPrompts(c *call) (object, error) {
	if _, err := c.session(); err != nil {
		return nil, err
	}
	if c.text("thread_ts") != "" {
		c.s.judge.add("%s: thread_ts makes it do nothing", c.method)
		return object{}, nil
	}
	var prompts []struct{ Title, Message string }
	if err := c.json("prompts", &prompts); err != nil {
		return nil, err
	}
	if len(prompts) == 0 || len(prompts) > maxPrompts {
		return nil, fail("invalid_arguments", fmt.Sprintf("[ERROR] %d prompts", len(prompts)))
	}
	var all []string
	for _, p := range prompts {
		if p.Title == "" || p.Message == "" {
			return nil, fail("invalid_arguments", "[ERROR] a prompt without title or message")
		}
		all = append(all, p.Message)
	}
	c.s.prompts[c.text("channel_id")] = all
	c.s.change()
	return object{}, nil
}

// setSession is agents.sessions.setStatus.
// Source: https://docs.slack.dev/reference/methods/agents.sessions.setStatus
func setSession(c *call) (object, error) {
	at, err := c.session()
	if err != nil {
		return nil, err
	}
	status := c.text("status")
	if !slices.Contains([]string{"active", "processing", "suspended", "closed"}, status) {
		return nil, fail("invalid_arguments", "[ERROR] status")
	}
	c.s.status[at] = status
	c.s.change()
	if title := c.text("title"); title != "" {
		c.s.titles[at] = title
	}
	return object{"status": status, "agent_status": status}, nil
}

// metSince reports whether a message's time is within what was asked for. An
// empty bound is none.
func metSince(ts, oldest, latest string, inclusive bool) bool {
	at := moment(ts)
	after := oldest == "" || at > moment(oldest) || inclusive && at == moment(oldest)
	before := latest == "" || at < moment(latest) || inclusive && at == moment(latest)
	return after && before
}

// moment is a ts in microseconds, so that 17.5 and 17.500000 are the same.
func moment(ts string) int64 {
	seconds, rest, _ := strings.Cut(ts, ".")
	var n int64
	if _, err := fmt.Sscan(seconds, &n); err != nil {
		return 0
	}
	var micros int64
	if rest = (rest + "000000")[:6]; rest != "" {
		_, _ = fmt.Sscan(strings.TrimLeft(rest, "0"), &micros) // nothing left: 0
	}
	return n*int64(time.Second/time.Microsecond) + micros
}
