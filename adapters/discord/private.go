package discord

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A door is how an event came in, as its handle says: door/id.
type door string

const (
	byInteraction door = "int" // a command, press or form, whose token is kept in the memory
	toMessage     door = "to"  // a message in a channel, whose id it is
)

func doorOf(h chat.ReplyHandle) (d door, id string) {
	before, id, _ := strings.Cut(string(h), "/")
	return door(before), id
}

const (
	// tokenLife is for how long an interaction takes answers.
	// Source: https://docs.discord.com/developers/interactions/receiving-and-responding#followup-messages
	tokenLife = 15 * time.Minute
	// tokenUses is ours: Discord does not count them. Each try of each reply takes
	// one.
	tokenUses = 1000
	// acknowledging is for how long an interaction is waited for that Discord does
	// not know to be answered at once, and lookAgain how long between two looks,
	// ours. Discord waits no longer for that answer.
	// Source: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-callback
	acknowledging = 3 * time.Second
	lookAgain     = 100 * time.Millisecond
)

// How an interaction was answered at once.
const (
	// byCommand and byForm: with a message that says it is being thought about.
	byCommand = "command"
	byForm    = "form"
	// byPress: with nothing; the original is the message with the button.
	byPress = "component"
)

// A replyToken is what the memory keeps under a handle int/…, as JSON. It is a
// secret: whoever has it can answer.
type replyToken struct {
	App       string    `json:"app"`
	ID        string    `json:"id"` // of the interaction
	Token     string    `json:"token"`
	Kind      string    `json:"kind"`
	Message   string    `json:"message,omitempty"` // whose button was pressed
	Mark      string    `json:"mark,omitempty"`    // of that message, if it is ephemeral
	Ephemeral bool      `json:"ephemeral,omitempty"`
	Channel   string    `json:"channel"`        // where it answers: a channel, thread, or direct messages
	User      string    `json:"user,omitempty"` // who did it, and alone reads what is ephemeral
	Until     time.Time `json:"until"`          // UTC
}

// path is where the interaction is answered, a secret.
func (t replyToken) path() string { return "webhooks/" + t.App + "/" + t.Token }

// young reports whether Discord may not know yet how the interaction was
// answered at once: that is on its way while its event is handled.
func (t replyToken) young(now time.Time) bool {
	return now.Before(t.Until.Add(acknowledging - tokenLife))
}

// original is where, below its path, an interaction's first answer is.
const original = "/messages/@original"

// keepToken keeps an interaction's token, and returns the handle int/id that
// stands for it.
func (c *client) keepToken(ctx context.Context, id string, t replyToken) (chat.ReplyHandle, error) {
	t.Until = c.now().UTC().Add(tokenLife)
	secret, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("write a reply token: %w", err)
	}
	h := chat.ReplyHandle(string(byInteraction) + "/" + id)
	return h, c.memory.KeepToken(ctx, h, string(secret), tokenUses, t.Until)
}

// ephemeral begins the receipt's name of a message that only one person was
// shown, and that only answers to interactions reach: eph/MARK/ID.
const ephemeral = "eph/"

func isEphemeral(m chat.MessageID) bool { return strings.HasPrefix(string(m), ephemeral) }

// ephemeralID names an ephemeral message by its mark and Discord's own name.
func ephemeralID(mark, id string) chat.MessageID { return chat.MessageID(ephemeral + mark + "/" + id) }

// idOf is Discord's own name of a message, empty if there is none.
func idOf(m chat.MessageID) string {
	id := string(m)
	if rest, ok := strings.CutPrefix(id, ephemeral); ok {
		_, id, _ = strings.Cut(rest, "/")
	}
	if !isID(id) {
		return ""
	}
	return id
}

// markFor is the mark of the ephemeral message under a Key. Whatever can be
// pressed in it has the mark, so that a press tells which message it was in.
func markFor(k chat.Key) string {
	sum := sha256.Sum256([]byte(k))
	return hex.EncodeToString(sum[:])[:10]
}

var idMark = regexp.MustCompile(again + `[1-9][0-9]*\.([0-9a-f]{10})$`)

// markOf reads the mark of a message from the custom_id of one of its buttons;
// empty if it has none.
func markOf(customID string) string {
	m := idMark.FindStringSubmatch(customID)
	if m == nil {
		return ""
	}
	return m[1]
}

// errNoAnswer: there is no interaction, or it takes no more answers.
var errNoAnswer = errors.New("the event takes no answer")

// replyToken takes one use of the token that a reply's handle stands for. With
// [errNoAnswer] there is none that answers in the reply's place.
func (c *client) replyToken(ctx context.Context, r chat.Reply) (replyToken, error) {
	var token replyToken
	came, _ := doorOf(r.Handle)
	if came != byInteraction {
		return token, errNoAnswer
	}
	kept, err := c.memory.Token(ctx, r.Handle, c.now())
	if errors.Is(err, chat.ErrNoToken) {
		return token, errNoAnswer
	} else if err != nil {
		return token, notSent("take the reply token", err)
	}
	if json.Unmarshal([]byte(kept), &token) != nil || !isID(token.App) || !tokenLike.MatchString(token.Token) {
		c.log.Error("a reply token is not one of Discord's", "handle", r.Handle)
		return token, errNoAnswer
	}
	if !c.now().Before(token.Until) && !token.Until.IsZero() {
		return token, errNoAnswer
	}
	if only := whose(r); only != "" && token.User != "" && only != token.User {
		return token, errNoAnswer
	}
	here, err := c.answersIn(ctx, token.Channel, r)
	if err != nil {
		return token, err
	}
	if !here {
		return token, errNoAnswer
	}
	return token, nil
}

// tokenLike matches what can be a part of an address and nothing more.
var tokenLike = regexp.MustCompile(`^[A-Za-z0-9_.~-]+$`)

// answersIn reports whether an answer in a channel of Discord's stands in a
// reply's place.
func (c *client) answersIn(ctx context.Context, channel string, r chat.Reply) (bool, error) {
	if user, ok := directTo(r.Place); ok {
		own, err := c.direct(ctx, user)
		return own == channel, err
	}
	if r.Under != "" {
		return false, nil
	}
	if r.Place.Thread != "" {
		return channel == r.Place.Thread, nil
	}
	return channel == r.Place.Channel, nil
}

// answer makes a call below the path of an interaction. What Discord refuses
// here, because it has ended or for another reason, is [errNoAnswer].
func (c *client) answer(ctx context.Context, t replyToken, method, at string, what any) (m said, err error) {
	it := call{method: method, path: t.path() + at, body: what, again: method != http.MethodPost}
	if method != http.MethodDelete {
		it.into = &m
	}
	err = c.make(ctx, it)
	for tries := acknowledging / lookAgain; isRefused(err, unknownWebhook) && tries > 0 && t.young(c.now()) && pause(ctx, lookAgain); tries-- {
		err = c.make(ctx, it)
	}
	if isRefused(err) && certain(err) {
		return said{}, errNoAnswer
	}
	if err == nil && it.into != nil && !isID(m.ID) {
		err = errors.New("the answer does not name the message")
	}
	return m, err
}

// first is the first answer to an interaction, as it stands.
func (c *client) first(ctx context.Context, t replyToken) (said, error) {
	m, err := c.answer(ctx, t, http.MethodGet, original, nil)
	if !errors.Is(err, errNoAnswer) {
		err = unsent(err)
	}
	return m, err
}

// fill answers an interaction where Discord shows that it is being thought
// about, if everybody in the reply's place sees that. Otherwise the receipt is
// zero, and what is thought about is left for the caller to dismiss; nil if
// nothing is.
func (c *client) fill(ctx context.Context, d chat.Delivery) (r chat.Receipt, thinking *replyToken, err error) {
	token, err := c.replyToken(ctx, d.Reply)
	if errors.Is(err, errNoAnswer) || err == nil && token.Kind == byPress {
		return chat.Receipt{}, nil, nil
	} else if err != nil {
		return chat.Receipt{}, nil, err
	}
	m, err := c.first(ctx, token)
	if errors.Is(err, errNoAnswer) {
		return chat.Receipt{}, nil, nil
	} else if err != nil {
		return chat.Receipt{}, nil, err
	}
	_, direct := directTo(d.Reply.Place)
	seen := direct || !m.ephemeral()
	switch {
	case seen && m.is(d.ID):
		return receiptOf(d.Reply, m), nil, nil
	case !m.loading():
		return chat.Receipt{}, nil, nil
	case !seen, len(d.Reply.Files) > 0:
		// Discord refuses files in an edit of such a message.
		// Source: https://github.com/discord/discord-api-docs/issues/7529
		return chat.Receipt{}, &token, nil
	}
	var as manner
	if m.ephemeral() {
		as.mark = markFor(d.Reply.Key)
	}
	m, err = c.rewrite(ctx, token, original, content(d, as), m.ephemeral())
	if errors.Is(err, errNoAnswer) {
		return chat.Receipt{}, nil, nil
	} else if err != nil {
		return chat.Receipt{}, nil, err
	}
	return receiptOf(d.Reply, m), nil, nil
}

// rewrite edits an answer to an interaction. Who sees it stays as it is.
func (c *client) rewrite(ctx context.Context, t replyToken, at string, b body, ephemeral bool) (said, error) {
	m, err := c.answer(ctx, t, http.MethodPatch, at, b)
	if ephemeral {
		m.Flags |= discordgo.MessageFlagsEphemeral
	}
	return m, err
}

// receiptOf is the receipt of an answer to an interaction.
func receiptOf(r chat.Reply, m said) chat.Receipt {
	receipt := chat.Receipt{Place: r.Place, Message: chat.MessageID(m.ID)}
	if m.ephemeral() {
		receipt.Message = ephemeralID(markFor(r.Key), m.ID)
	}
	return receipt
}

// dismiss takes away what Discord shows while something is thought about, once
// the answer stands elsewhere. Otherwise it would say that there was none.
func (c *client) dismiss(ctx context.Context, t replyToken) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mending)
	defer cancel()
	if _, err := c.answer(ctx, t, http.MethodDelete, original, nil); err != nil && !errors.Is(err, errNoAnswer) {
		c.log.Warn("an interaction that was answered elsewhere seems to be thought about", "err", err)
	}
}

// whisper shows a reply to one person only: by the token of the interaction it
// answers while Discord takes it, and otherwise in their direct messages; never
// where others read it.
func (c *client) whisper(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	r := d.Reply
	token, err := c.replyToken(ctx, r)
	var m said
	if err == nil {
		m, err = c.whisperBy(ctx, d, token)
	}
	switch {
	case errors.Is(err, errNoAnswer):
		d.Reply.Place, d.Reply.Handle, d.Reply.Under = chat.Direct(r.Only), "", ""
		return c.post(ctx, d)
	case err != nil:
		return chat.Receipt{}, err
	}
	receipt := receiptOf(r, m)
	if r.Deed == chat.Post {
		receipt.Missing = none(r.Files, "it cannot be shown to one person alone")
	}
	return receipt, nil
}

// whisperBy answers an interaction so that only who did it sees it.
func (c *client) whisperBy(ctx context.Context, d chat.Delivery, t replyToken) (said, error) {
	r := d.Reply
	mark, sent := markFor(r.Key), idOf(d.Sent.Message)
	out := content(d, manner{mark: mark})
	replaces := r.Deed == chat.Replace && isEphemeral(d.Sent.Message) && sent != ""
	if t.Kind == byPress {
		if r.Deed == chat.Replace && t.Ephemeral && (t.Mark == mark || replaces && t.Message == sent) {
			return c.rewrite(ctx, t, original, out, true)
		}
	} else {
		m, err := c.first(ctx, t)
		switch {
		case errors.Is(err, errNoAnswer): // it was dismissed, or takes no more
		case err != nil:
			return said{}, err
		case m.ephemeral() && m.is(d.ID):
			return m, nil
		case m.ephemeral() && (m.loading() || replaces && m.ID == sent):
			return c.rewrite(ctx, t, original, out, true)
		case m.loading():
			// A new message would be put in its place, for all to see.
			// Source: https://docs.discord.com/developers/interactions/receiving-and-responding#create-followup-message
			if _, err := c.answer(ctx, t, http.MethodDelete, original, nil); err != nil {
				return said{}, unsent(err)
			}
		}
	}
	if replaces { // it may be a later answer to the same interaction
		m, err := c.rewrite(ctx, t, "/messages/"+sent, out, true)
		if !errors.Is(err, errNoAnswer) {
			return m, err
		}
	}
	out.Flags |= discordgo.MessageFlagsEphemeral
	m, err := c.answer(ctx, t, http.MethodPost, "", out)
	if err == nil && !m.ephemeral() {
		c.log.Error("Discord shows an answer for one person to all; it is taken back", "message", m.ID)
		if _, err := c.answer(ctx, t, http.MethodDelete, "/messages/"+m.ID, nil); err != nil {
			return said{}, err
		}
		return said{}, errNoAnswer
	}
	return m, err
}

// takeBack deletes an ephemeral message, which only an answer to an interaction
// can, and mostly only to a press in it. Otherwise it stays until the person
// dismisses it, and there is nothing to be done.
func (c *client) takeBack(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	token, err := c.replyToken(ctx, d.Reply)
	sent := idOf(d.Sent.Message)
	switch {
	case err != nil:
	case token.Kind == byPress && token.Ephemeral && (token.Mark == markFor(d.Reply.Key) || sent != "" && token.Message == sent):
		_, err = c.answer(ctx, token, http.MethodDelete, original, nil)
	case sent != "":
		_, err = c.answer(ctx, token, http.MethodDelete, "/messages/"+sent, nil)
	}
	if err != nil && !errors.Is(err, errNoAnswer) {
		return chat.Receipt{}, err
	}
	return d.Sent, nil
}

// none are files that were left out for one reason.
func none(files []chat.Attachment, cause string) []chat.Missing {
	var missing []chat.Missing
	for _, a := range files {
		missing = append(missing, chat.Missing{Name: a.File.Name, Cause: cause})
	}
	return missing
}
