package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"

	"github.com/signpost-bot/signpost/bot/chat"
)

// final are Slack's names for what will be refused however often it is tried:
// the channel, the person or the message is not one that can be written to, or
// not with this. What begins with one of finalPrefixes is final too.
// Source: https://docs.slack.dev/reference/methods/chat.postMessage#errors
var (
	final = []string{
		"as_user_not_supported", "attachment_payload_limit_exceeded", "cannot_dm_bot", "cannot_reply_to_message", "cant_delete_message",
		"cant_post_message", "channel_not_found", "channel_type_not_supported", "duplicate_channel_not_found", "ekm_access_denied",
		"invalid_arguments", "invalid_blocks", "invalid_blocks_format", "invalid_metadata_format", "invalid_metadata_schema", "is_archived",
		"is_inactive", "message_not_found", "messages_tab_disabled", "metadata_too_large", "method_not_supported_for_channel_type",
		"msg_blocks_too_long", "msg_too_long", "no_text", "not_in_channel", "slack_connect_canvas_sharing_blocked",
		"slack_connect_file_link_sharing_blocked", "team_access_not_granted", "thread_not_found", "too_many_attachments", "user_disabled",
		"user_not_found", "user_not_in_channel", "user_not_visible", "users_not_found",
	}
	finalPrefixes = []string{"restricted_action", "message_limit"}
)

// passing are Slack's names for what it did not do now and may do later,
// mostly once someone has mended it.
// Source: https://docs.slack.dev/reference/methods/chat.postMessage#errors
var passing = []string{
	"access_denied", "accesslimited", "account_inactive", "deprecated_endpoint", "enterprise_is_restricted", "external_channel_migrating",
	"forbidden_team", "insecure_request", "invalid_auth", "method_deprecated", "missing_scope", "no_permission", "not_allowed_token_type",
	"not_authed", "org_login_required", "rate_limited", "ratelimited", "service_unavailable", "team_added_to_org", "token_expired",
	"token_revoked", "two_factor_setup_required",
}

// mends say what an operator does about what stops every reply.
var mends = map[string]string{
	"account_inactive":       "the app was removed from the workspace: install it again and use its new bot token",
	"invalid_auth":           "the bot token is wrong: copy it again from the app's page OAuth & Permissions",
	"missing_scope":          "give the app the scope, from a new manifest, and install it again",
	"not_allowed_token_type": "use the bot token, which begins with xoxb-",
	"not_authed":             "there is no bot token",
	"token_expired":          "turn token rotation off and install the app again",
	"token_revoked":          "install the app again and use its new bot token",
}

// A refusal is Slack's no to one call.
type refusal struct {
	method string
	name   string // Slack's own for the reason
	means  error  // [chat.ErrUndeliverable], [chat.ErrNotSent], or nil: it is open whether it was done
}

func (r *refusal) Error() string {
	switch r.means {
	case nil:
		return r.method + ": " + r.name
	case chat.ErrUndeliverable: // people read it
		return fmt.Sprintf("%v: %s", r.means, r.name)
	}
	return fmt.Sprintf("%v: %s (%s)", r.means, r.name, r.method)
}

func (r *refusal) Unwrap() error { return r.means }

// newRefusal makes an error of a name that Slack gives for a refusal.
func newRefusal(method, name string) *refusal {
	r := &refusal{method: method, name: name}
	switch {
	case !isName(name):
		r.name = "an error without a name"
	case slices.Contains(final, name), slices.ContainsFunc(finalPrefixes, func(p string) bool { return strings.HasPrefix(name, p) }):
		r.means = chat.ErrUndeliverable
	case slices.Contains(passing, name):
		r.means = chat.ErrNotSent
	}
	return r
}

var errorName = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

// isName reports whether s is like Slack's names for errors. Anything else
// could hold what must not be logged.
func isName(s string) bool { return errorName.MatchString(s) }

// isRefused reports whether an error is a refusal by one of the names.
func isRefused(err error, name ...string) bool {
	var r *refusal
	return errors.As(err, &r) && slices.Contains(name, r.name)
}

// ask makes one call of Slack's, and says what its failure means for a reply:
// a [*chat.RateLimitedError], [chat.ErrUndeliverable], [chat.ErrNotSent], or
// another error if the call may have been done. No error holds an address, for
// some of Slack's are secrets.
func (c *client) ask(ctx context.Context, method string, call func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return notSent(method, err)
	}
	var wanted, reached atomic.Bool
	err := call(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { wanted.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { reached.Store(true) },
	}))
	var (
		no      slack.SlackErrorResponse
		limited *slack.RateLimitedError
		status  slack.StatusCodeError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &no):
		r := newRefusal(method, no.Err)
		c.log.Debug("Slack refuses a call", "method", method, "error", r.name, "why", no.ResponseMetadata.Messages)
		c.complain(r, no.Needed)
		return r
	case errors.As(err, &limited):
		return &chat.RateLimitedError{After: leftAlone(limited.RetryAfter)}
	case errors.As(err, &status):
		return statusError(method, status.Code)
	case wanted.Load() && !reached.Load(): // no connection, so nothing went through it
		return notSent(method, scrub(err))
	}
	return fmt.Errorf("%s: %w", method, scrub(err))
}

func notSent(method string, err error) error {
	return fmt.Errorf("%w: %s: %w", chat.ErrNotSent, method, err)
}

// unsent is an error of what comes before a reply is sent: whatever became of
// that, the reply was not.
func unsent(method string, err error) error {
	if err == nil || errors.As(err, new(*chat.RateLimitedError)) || errors.Is(err, chat.ErrUndeliverable) || errors.Is(err, chat.ErrNotSent) {
		return err
	}
	return notSent(method, err)
}

// statusError is what an HTTP status means that is not 200. Slack answers so
// rarely; whatever stands between us and Slack may.
func statusError(method string, code int) error {
	err := fmt.Errorf("%s: HTTP status %d", method, code)
	switch {
	case code == http.StatusTooManyRequests:
		return &chat.RateLimitedError{After: leftAlone(0)}
	case code >= 300 && code < 500 && code != http.StatusRequestTimeout:
		return fmt.Errorf("%w: %w", chat.ErrNotSent, err)
	}
	return err
}

// A head is what every answer of the Web API has.
type head struct {
	OK     bool   `json:"ok"`
	Error  string `json:"error"`
	Needed string `json:"needed"` // scopes
	Meta   struct {
		Next string `json:"next_cursor"`
	} `json:"response_metadata"`
}

func (h head) err() error {
	if h.OK {
		return nil
	}
	return slack.SlackErrorResponse{Err: h.Error, Needed: h.Needed}
}

// badStatus is the library's error for an HTTP status.
func badStatus(code int, h http.Header) error {
	if code == http.StatusTooManyRequests {
		seconds, _ := strconv.Atoi(h.Get("Retry-After"))
		return &slack.RateLimitedError{RetryAfter: time.Duration(min(seconds, int(longest/time.Second))) * time.Second}
	}
	return slack.StatusCodeError{Code: code}
}

const (
	// someTime is how long Slack is left alone that does not say how long.
	someTime = 30 * time.Second
	// longest is the most that Slack is taken at its word for.
	longest = time.Hour
)

// leftAlone is how long Slack is left alone that wants to be for d.
func leftAlone(d time.Duration) time.Duration {
	if d <= 0 {
		return someTime
	}
	return min(d, longest)
}

// scrub takes the address out of an error: a response_url, or where a file is
// uploaded to, is a secret.
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

// complain tells the operator once of what stops every reply until it is
// mended.
func (c *client) complain(r *refusal, needed string) {
	mend, ok := mends[r.name]
	if !ok {
		return
	}
	if !neededScopes.MatchString(needed) {
		needed = ""
	}
	if _, told := c.told.LoadOrStore(r.name+" "+needed, true); !told {
		c.log.Error("Slack refuses the app", "method", r.method, "error", r.name, "needed", needed, "mend", mend)
	}
}

// neededScopes matches a list of Slack's scopes, as an error names those that lack.
var neededScopes = regexp.MustCompile(`^[a-z:.]+(,[a-z:.]+)*$`)
