package slack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// What an error of Slack's means for a reply.
func TestErrors(t *testing.T) {
	no := func(name string) string { return fmt.Sprintf(`{"ok":false,"error":%q}`, name) }
	undeliverable := []string{
		"channel_not_found", "not_in_channel", "is_archived", "thread_not_found", "user_not_found", "cannot_dm_bot", "user_disabled",
		"messages_tab_disabled", "restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_locked", "ekm_access_denied",
		"team_access_not_granted", "invalid_blocks", "msg_too_long", "msg_blocks_too_long", "no_text", "message_limit_exceeded", "metadata_too_large",
	}
	passing := []string{
		"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope", "service_unavailable", "ratelimited",
		"accesslimited", "org_login_required", "team_added_to_org",
	}
	open := []string{"internal_error", "fatal_error", "request_timeout", "something_new", "Not A Name xoxb-very-secret", ""}
	type row struct {
		answer string
		means  error // nil: nobody knows
	}
	var tests []row
	for _, name := range undeliverable {
		tests = append(tests, row{no(name), chat.ErrUndeliverable})
	}
	for _, name := range passing {
		tests = append(tests, row{no(name), chat.ErrNotSent})
	}
	for _, name := range open {
		tests = append(tests, row{no(name), nil})
	}
	tests = append(tests,
		row{"HTTP 500", nil}, row{"HTTP 502", nil}, row{"HTTP 503", nil}, row{"HTTP 408", nil}, row{"HTTP 403", chat.ErrNotSent}, row{"HTTP 404", chat.ErrNotSent},
		row{"to https://evil.example/secret", chat.ErrNotSent}, row{"cut", nil}, row{"", nil}, row{"not JSON", nil}, row{"{}", nil}, row{`{"ok":true,"ts":"soon"}`, nil},
	)
	for _, test := range tests {
		t.Run(test.answer, func(t *testing.T) {
			r := newRig(t)
			r.server.plan("chat.postMessage", test.answer)
			receipt, err := r.Send(t.Context(), delivery(chat.Post, channel))
			if err == nil || !receipt.IsZero() || errors.As(err, new(*chat.RateLimitedError)) {
				t.Fatalf("Send = %+v, %v", receipt, err)
			}
			for _, means := range []error{chat.ErrUndeliverable, chat.ErrNotSent} {
				if got := errors.Is(err, means); got != (test.means == means) {
					t.Errorf("Send = %v: is %v: %v", err, means, got)
				}
			}
			r.discreet(t, err)
			if strings.Contains(err.Error(), "://") {
				t.Errorf("Send = %v tells an address", err)
			}
		})
	}
}

// People read why something cannot be delivered.
func TestErrorWords(t *testing.T) {
	for name, want := range map[string]string{
		"is_archived":    "cannot be delivered: is_archived",
		"token_revoked":  "was not sent: token_revoked (chat.postMessage)",
		"internal_error": "chat.postMessage: internal_error",
		"<secret>":       "chat.postMessage: an error without a name",
	} {
		if got := newRefusal("chat.postMessage", name).Error(); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestRateLimits(t *testing.T) {
	tests := []struct {
		answer string
		want   time.Duration
	}{
		{"HTTP 429 after 7", 7 * time.Second},
		{"HTTP 429 after 0", 30 * time.Second},
		{"HTTP 429 after -5", 30 * time.Second},
		{"HTTP 429 after 999999", time.Hour},
		{"HTTP 429", 30 * time.Second},
	}
	for _, test := range tests {
		for method, do := range map[string]func(r *rig) error{
			"chat.postMessage": func(r *rig) error {
				_, err := r.Send(t.Context(), delivery(chat.Post, channel))
				return err
			},
			"conversations.open": func(r *rig) error {
				_, err := r.Send(t.Context(), delivery(chat.Post, directly))
				return err
			},
			"conversations.history": func(r *rig) error {
				_, _, err := r.Confirm(t.Context(), delivery(chat.Post, channel))
				return err
			},
			"/answer/secret": func(r *rig) error {
				r.keep(t, replyToken{})
				_, err := r.Send(t.Context(), with(delivery(chat.Post, channel), func(r *chat.Reply) { r.Only, r.Handle = ana, handle }))
				return err
			},
		} {
			r := newRig(t)
			r.server.plan(method, test.answer)
			err := do(r)
			var limited *chat.RateLimitedError
			if !errors.As(err, &limited) || limited.After != test.want {
				t.Errorf("%s %s: %v, want a wait of %s", method, test.answer, err, test.want)
			}
		}
	}
}

// A reply that did not get as far as Slack can be sent again.
func TestNotReached(t *testing.T) {
	t.Run("nobody listens", func(t *testing.T) {
		r := newRig(t)
		r.server.Close()
		_, err := r.Send(t.Context(), delivery(chat.Post, channel))
		if !errors.Is(err, chat.ErrNotSent) {
			t.Errorf("Send = %v", err)
		}
		r.discreet(t, err)
	})
	t.Run("no certificate", func(t *testing.T) {
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		s.Config.ErrorLog = log.New(io.Discard, "", 0) // it would tell of the refused handshake
		s.StartTLS()
		defer s.Close()
		c := newClient(Options{BotToken: botToken, APIURL: s.URL + "/api"})
		defer c.close()
		if _, err := c.Send(t.Context(), delivery(chat.Post, channel)); !errors.Is(err, chat.ErrNotSent) {
			t.Errorf("Send = %v", err)
		}
	})
	t.Run("already over", func(t *testing.T) {
		r := newRig(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := r.Send(ctx, delivery(chat.Post, channel))
		if !errors.Is(err, chat.ErrNotSent) || !errors.Is(err, context.Canceled) || len(r.server.calls()) > 0 {
			t.Errorf("Send = %v after %q", err, r.server.calls())
		}
	})
}

// Once a reply is on its way, its end is open.
func TestCancelledUnderWay(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil { // then the server sees the client go
			t.Error(err)
		}
		cancel()
		<-r.Context().Done()
	}))
	defer s.Close()
	c := newClient(Options{BotToken: botToken, APIURL: s.URL + "/api"})
	defer c.close()
	_, err := c.Send(ctx, delivery(chat.Post, channel))
	if !errors.Is(err, context.Canceled) || errors.Is(err, chat.ErrNotSent) || errors.Is(err, chat.ErrUndeliverable) {
		t.Errorf("Send = %v", err)
	}
}

// A redirect with the message in it is not followed to another host.
func TestRedirect(t *testing.T) {
	asked := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer other.Close()
	r := newRig(t)
	r.server.plan("chat.postMessage", "to "+other.URL)
	if _, err := r.Send(t.Context(), delivery(chat.Post, channel)); !errors.Is(err, chat.ErrNotSent) || asked {
		t.Errorf("Send = %v; followed: %v", err, asked)
	}
	r.server.plan("chat.postMessage", "to /api/a", "to /api/b")
	r.server.plan("a", "to /api/b")
	r.server.plan("b", "to /api/c")
	r.server.plan("c", "to /api/d")
	if _, err := r.Send(t.Context(), delivery(chat.Post, channel)); !errors.Is(err, chat.ErrNotSent) {
		t.Errorf("Send = %v after too many redirects", err)
	}
}

// The operator is told once what to mend.
func TestMends(t *testing.T) {
	r := newRig(t)
	for range 2 {
		r.server.plan("chat.postMessage", `{"ok":false,"error":"missing_scope","needed":"chat:write"}`, `{"ok":false,"error":"missing_scope","needed":"xoxb-very-secret"}`)
	}
	r.server.plan("chat.postMessage", `{"ok":false,"error":"service_unavailable"}`)
	for range 5 {
		if _, err := r.Send(t.Context(), delivery(chat.Post, channel)); !errors.Is(err, chat.ErrNotSent) {
			t.Errorf("Send = %v", err)
		}
	}
	logged := r.logged.String()
	if strings.Count(logged, "level=ERROR") != 2 || strings.Count(logged, "needed=chat:write ") != 1 || !strings.Contains(logged, "mend=") {
		t.Errorf("logged %s", logged)
	}
	r.discreet(t, nil)
}
