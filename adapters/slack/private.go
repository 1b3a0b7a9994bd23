package slack

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A response_url takes this many answers in this time.
// Source: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
const (
	tokenUses = 5
	tokenLife = 30 * time.Minute
)

// A replyToken is what the memory keeps under a handle url/…, as JSON. It is a
// secret: whoever has the address can answer.
type replyToken struct {
	URL     string    `json:"url"`
	Channel string    `json:"channel"`          // where it answers
	Thread  string    `json:"thread,omitempty"` // of the message that was acted on
	Mark    string    `json:"mark,omitempty"`   // of the ephemeral message whose button was pressed
	Until   time.Time `json:"until"`            // UTC
}

// keepToken keeps a response_url, and returns the handle url/id that stands for
// it.
func (c *client) keepToken(ctx context.Context, id string, t replyToken) (chat.ReplyHandle, error) {
	t.Until = c.now().UTC().Add(tokenLife)
	secret, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("write a reply token: %w", err)
	}
	h := chat.ReplyHandle(string(byURL) + "/" + id)
	return h, c.memory.KeepToken(ctx, h, string(secret), tokenUses, t.Until)
}

// ephemeral begins the receipt's name of a message that only one person was
// shown. Slack has none for it; what follows is its mark.
const ephemeral = "eph/"

func isEphemeral(m chat.MessageID) bool { return strings.HasPrefix(string(m), ephemeral) }

// markFor is the mark of the ephemeral message under a Key. Whatever can be
// pressed in it has the mark, so that a press tells which message it was in.
func markFor(k chat.Key) string {
	sum := sha256.Sum256([]byte(k))
	return hex.EncodeToString(sum[:])[:10]
}

var blockMark = regexp.MustCompile(`^([0-9a-f]{10})\.\d+$`)

// markOf reads the mark of a message from the block_id of one of its blocks;
// empty if it has none.
func markOf(blockID string) string {
	m := blockMark.FindStringSubmatch(blockID)
	if m == nil {
		return ""
	}
	return m[1]
}

// An answer is what a response_url takes.
// Source: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
type answer struct {
	Type string `json:"response_type,omitempty"`
	*Message
	Thread  string `json:"thread_ts,omitempty"`
	Replace bool   `json:"replace_original"`
	Delete  bool   `json:"delete_original,omitempty"`
}

// whisper shows a reply to one person alone: where the event was, if Slack still
// takes the answer, or else as a message of Slack's that only they see, or in
// their direct messages. It never goes where others read it.
func (c *client) whisper(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	r := d.Reply
	mark := markFor(r.Key)
	m := render(r, manner{mark: mark})
	token, err := c.replyToken(ctx, r)
	if err == nil {
		out := answer{Type: slack.ResponseTypeEphemeral, Message: &m}
		out.Replace = r.Deed == chat.Replace && token.Mark == mark
		if !out.Replace {
			out.Thread = cmp.Or(r.Place.Thread, token.Thread)
		}
		err = c.answer(ctx, token.URL, out)
	}
	if errors.Is(err, errNoAnswer) {
		if _, direct := directTo(r.Place); direct {
			return c.post(ctx, d)
		}
		err = c.postEphemeral(ctx, d, m)
	}
	switch {
	case isGone(err):
		d.Reply.Place, d.Reply.Handle, d.Reply.Under = chat.Direct(r.Only), "", ""
		return c.post(ctx, d)
	case err != nil:
		return chat.Receipt{}, err
	}
	return chat.Receipt{
		Place: r.Place, Message: chat.MessageID(ephemeral + mark), Missing: none(r.Files, "it cannot be shown to one person alone"),
	}, nil
}

// postEphemeral shows a message to one person in a channel that they are in.
func (c *client) postEphemeral(ctx context.Context, d chat.Delivery, m Message) error {
	at, err := c.spot(ctx, d)
	if err != nil {
		return err
	}
	options := []slack.MsgOption{slack.MsgOptionText(m.Text, false), slack.MsgOptionBlocks(m.Blocks.BlockSet...)}
	if at.thread != "" {
		options = append(options, slack.MsgOptionTS(at.thread))
	}
	return c.ask(ctx, "chat.postEphemeral", func(ctx context.Context) error {
		_, err := c.api.PostEphemeralContext(ctx, at.channel, d.Reply.Only.User(), options...)
		return err
	})
}

// takeBack deletes an ephemeral message, which only a press in it allows.
// Otherwise it stays until the person reloads, and there is nothing to be done.
func (c *client) takeBack(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	token, err := c.replyToken(ctx, d.Reply)
	if err == nil && token.Mark == markFor(d.Reply.Key) {
		err = c.answer(ctx, token.URL, answer{Delete: true})
	}
	if err != nil && !errors.Is(err, errNoAnswer) {
		return chat.Receipt{}, err
	}
	return d.Sent, nil
}

// errNoAnswer: there is no response_url, or it takes no more.
var errNoAnswer = errors.New("the event takes no answer")

// replyToken takes one use of the token that a reply's handle stands for. With
// [errNoAnswer] there is none that answers in the reply's place.
func (c *client) replyToken(ctx context.Context, r chat.Reply) (replyToken, error) {
	var token replyToken
	came, _ := doorOf(r.Handle)
	if came != byURL {
		return token, errNoAnswer
	}
	kept, err := c.memory.Token(ctx, r.Handle, c.now())
	if errors.Is(err, chat.ErrNoToken) {
		return token, errNoAnswer
	} else if err != nil {
		return token, notSent("take the reply token", err)
	}
	if json.Unmarshal([]byte(kept), &token) != nil || !c.trusts(token.URL) {
		c.log.Error("a reply token does not lead to Slack", "handle", r.Handle)
		return token, errNoAnswer
	}
	if token.Channel != "" && !answersIn(token.Channel, r.Place) {
		return token, errNoAnswer
	}
	return token, nil
}

// answersIn reports whether an answer in a channel stands in a place.
func answersIn(channel string, p chat.Place) bool {
	if _, direct := directTo(p); direct {
		return strings.HasPrefix(channel, "D") // the person's own
	}
	return channel == p.Channel
}

// answer posts to a response_url. What Slack refuses here, because the address
// has ended or for another reason, is [errNoAnswer].
func (c *client) answer(ctx context.Context, address string, a answer) error {
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	return c.ask(ctx, "response_url", func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
		if err != nil {
			return errNoAnswer
		}
		request.Header.Set("Content-Type", "application/json; charset=utf-8")
		response, err := c.http.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		said, err := io.ReadAll(io.LimitReader(response.Body, maxVerdict))
		if err != nil {
			return err
		}
		return verdict(response.StatusCode, response.Header, said)
	})
}

// maxVerdict is ours, in bytes: a response_url answers with a word.
const maxVerdict = 4096

// verdict is what the answer of a response_url means: ok, or {"ok": false,
// "error": name}, or only the name. Nothing of it but a name is quoted.
func verdict(status int, h http.Header, body []byte) error {
	var said struct {
		OK    bool   `json:"ok"`
		Error string `json:"error"`
	}
	name := strings.TrimSpace(string(body))
	if json.Unmarshal(body, &said) == nil {
		name = said.Error
	}
	switch {
	case status >= 300 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests:
		return errNoAnswer
	case status != http.StatusOK:
		return badStatus(status, h)
	case said.OK || name == "ok" || !isName(name):
		return nil
	case newRefusal("response_url", name).means != nil || name == "expired_url" || name == "used_url":
		return errNoAnswer
	}
	return slack.SlackErrorResponse{Err: name}
}

// tell says a sentence to a person who did something that could not be taken
// in.
func (c *client) tell(ctx context.Context, address, thread, sentence string) error {
	if !c.trusts(address) {
		return errNoAnswer
	}
	m := Render(chat.Reply{Blocks: []chat.Block{{Layout: chat.Paragraph, Text: chat.Plain(sentence)}}})
	return c.answer(ctx, address, answer{Type: slack.ResponseTypeEphemeral, Message: &m, Thread: thread})
}

// none are files that were left out for one reason.
func none(files []chat.Attachment, cause string) []chat.Missing {
	var missing []chat.Missing
	for _, a := range files {
		missing = append(missing, chat.Missing{Name: a.File.Name, Cause: cause})
	}
	return missing
}
