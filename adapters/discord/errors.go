package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/signpost-bot/signpost/bot/chat"
)

// Discord's codes for what went wrong, as far as we act on them.
// Source: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
const (
	unknownChannel     = 10003
	unknownMessage     = 10008
	unknownWebhook     = 10015 // an interaction that has ended, or was not answered yet
	openingTooFast     = 40003 // direct messages
	tagRequired        = 40067
	missingAccess      = 50001
	closedDirect       = 50007
	missingPermissions = 50013
	archivedThread     = 50083
	noSharedServer     = 50278
	noHistory          = 160002 // to reply to a message one must be able to read it
	threadExists       = 160004
)

// Lists of codes; the source is the same.
var (
	// passing is what Discord did not do now and may do later.
	passing = []int{
		40002,  // the bot's owner has to verify something
		40004,  // sending messages has been temporarily disabled
		40006,  // this feature has been temporarily disabled
		40333,  // blocked before it came to Discord
		50014,  // invalid authentication token
		130000, // overloaded
	}
	// hurried is what may be done again after a while, whatever the status.
	hurried = []int{
		20016, 20022, 20028, 20029, // slow mode, and limits of writing
		30046,                 // edits of messages older than an hour
		openingTooFast, 40062, // limits of the service
	}
	// general is what every call of a route to the same channel is refused with.
	general = []int{missingAccess, missingPermissions, closedDirect, noSharedServer}
	// onlyFiles is what a message with files is refused with that may be taken
	// without them.
	onlyFiles = []int{missingPermissions, 40005, 50045, 50046}
)

// A refusal is Discord's no to one call.
type refusal struct {
	call  string // as [route] names it
	code  int    // Discord's own for the reason; 0: it gave none
	name  string // in Discord's words
	means error  // [chat.ErrUndeliverable], [chat.ErrNotSent], or nil: it is open whether it was done
}

func (r *refusal) Error() string {
	name := r.name
	if r.code != 0 {
		name = fmt.Sprintf("%s (%d)", r.name, r.code)
	}
	switch r.means {
	case nil:
		return r.call + ": " + name
	case chat.ErrUndeliverable: // people read it
		return fmt.Sprintf("%v: %s", r.means, name)
	}
	return fmt.Sprintf("%v: %s: %s", r.means, r.call, name)
}

func (r *refusal) Unwrap() error { return r.means }

// newRefusal makes an error of an answer with a status that is not fine. Nothing
// of the answer is quoted but a sentence that looks like one of Discord's.
func newRefusal(call string, status int, body []byte) *refusal {
	var said struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &said) != nil {
		said.Code = 0
	}
	r := &refusal{call: call, code: said.Code, name: said.Message}
	if said.Code == 0 || !errorName.MatchString(said.Message) {
		r.name = fmt.Sprintf("HTTP status %d", status)
	}
	switch {
	case status == http.StatusUnauthorized, slices.Contains(passing, said.Code):
		r.means = chat.ErrNotSent
	case status >= 500 || status == http.StatusRequestTimeout:
	case status < 400 || said.Code == 0: // whatever stands between us and Discord
		r.means = chat.ErrNotSent
	default:
		r.means = chat.ErrUndeliverable
	}
	return r
}

var errorName = regexp.MustCompile(`^[A-Z][A-Za-z ,.'’()-]{1,99}$`)

// isRefused reports whether an error is a refusal by one of the codes, or by
// any if there are none.
func isRefused(err error, codes ...int) bool {
	var r *refusal
	return errors.As(err, &r) && (len(codes) == 0 || slices.Contains(codes, r.code))
}

var (
	errTooManyInvalid = errors.New("so much was refused that Discord would block us")
	errRefusedToken   = errors.New("the bot's token is refused")
)

// mendToken says what an operator does about a token that is refused.
const mendToken = "copy the token again, or make a new one, on the app's page Bot, and start again"

// ask makes one call, and says what its failure means for a reply: a
// [*chat.RateLimitedError], [chat.ErrUndeliverable], [chat.ErrNotSent], or
// another error if the call may have been done. No error holds an address, for
// some of Discord's are secrets.
func (c *client) ask(ctx context.Context, name string, call func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return notSent(name, err)
	}
	var wanted, reached atomic.Bool
	err := call(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { wanted.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { reached.Store(true) },
	}))
	switch {
	case err == nil, isRefused(err), errors.As(err, new(*chat.RateLimitedError)):
		return err
	case wanted.Load() && !reached.Load(): // no connection, so nothing went through it
		return notSent(name, scrub(err))
	}
	return fmt.Errorf("%s: %w", name, scrub(err))
}

func notSent(name string, err error) error {
	return fmt.Errorf("%w: %s: %w", chat.ErrNotSent, name, err)
}

// unsent is an error of what comes before a reply is sent: whatever became of
// that, the reply was not.
func unsent(err error) error {
	if err == nil || certain(err) {
		return err
	}
	return fmt.Errorf("%w: %w", chat.ErrNotSent, err)
}

// certain reports whether an error tells that nothing was done.
func certain(err error) bool {
	return errors.As(err, new(*chat.RateLimitedError)) || errors.Is(err, chat.ErrUndeliverable) || errors.Is(err, chat.ErrNotSent)
}

// undeliverable is a refusal of ours, in words for people.
func undeliverable(why string) error { return fmt.Errorf("%w: %s", chat.ErrUndeliverable, why) }

// scrub takes the address out of an error: with an interaction's token in it, it
// is a secret.
func scrub(err error) error {
	var at *url.Error
	if !errors.As(err, &at) {
		return err
	}
	if at.Op == "parse" || strings.Contains(at.Err.Error(), "Location header") { // they quote an address
		return errors.New("the address is malformed")
	}
	return at.Err
}

// judge takes in an answer's status. Nil: it is fine.
func (c *client) judge(r route, status int, h http.Header, body []byte) error {
	now := c.now()
	if err := c.limits.told(r, status, h, body, now); err != nil {
		return err
	}
	if status >= 200 && status < 300 {
		return nil
	}
	no := newRefusal(r.name, status, body)
	c.log.Debug("Discord refuses a call", "call", r.name, "status", status, "code", no.code, "error", no.name)
	switch {
	case status == http.StatusUnauthorized && !r.token:
		if !c.refused.Swap(true) {
			c.log.Error("Discord refuses the bot's token; nothing is sent any more", "call", r.name, "mend", mendToken)
		}
	case slices.Contains(hurried, no.code):
		wait, _ := leftAlone(h, body)
		return &chat.RateLimitedError{After: wait}
	}
	return no
}
