package discord

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

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
)

const here = "POST channels/200/messages"

// What an error of Discord's means for a reply.
func TestErrors(t *testing.T) {
	tests := []struct {
		answer string
		means  error // nil: nobody knows
	}{
		{no(403, missingAccess, "Missing Access"), chat.ErrUndeliverable},
		{no(403, missingPermissions, "Missing Permissions"), chat.ErrUndeliverable},
		{no(403, closedDirect, "Cannot send messages to this user"), chat.ErrUndeliverable},
		{no(403, noSharedServer, "Cannot send messages to this user due to having no mutual guilds"), chat.ErrUndeliverable},
		{no(403, 20009, "Explicit content cannot be sent to the desired recipient(s)"), chat.ErrUndeliverable},
		{no(404, unknownChannel, "Unknown Channel"), chat.ErrUndeliverable},
		{no(404, 10004, "Unknown Guild"), chat.ErrUndeliverable},
		{no(400, 50035, "Invalid Form Body"), chat.ErrUndeliverable},
		{no(400, 50006, "Cannot send an empty message"), chat.ErrUndeliverable},
		{no(400, 30033, "Maximum number of thread participants has been reached (1000)"), chat.ErrUndeliverable},
		{no(400, 160005, "Thread is locked"), chat.ErrUndeliverable},
		{no(400, 160006, "Maximum number of active threads reached"), chat.ErrUndeliverable},
		{no(400, 200000, "Message was blocked by automatic moderation"), chat.ErrUndeliverable},
		{no(413, 40005, "Request entity too large"), chat.ErrUndeliverable},
		{no(401, 0, "401: Unauthorized"), chat.ErrNotSent},
		{no(403, 40333, "Internal network error"), chat.ErrNotSent},
		{no(403, 40002, "You need to verify your account"), chat.ErrNotSent},
		{no(400, 40004, "Send messages has been temporarily disabled"), chat.ErrNotSent},
		{no(400, 40006, "This feature has been temporarily disabled"), chat.ErrNotSent},
		{no(503, 130000, "API resource is currently overloaded"), chat.ErrNotSent},
		{no(404, 0, "404: Not Found"), chat.ErrNotSent},
		{"403 <html>secret</html>", chat.ErrNotSent}, {"404", chat.ErrNotSent}, {"405", chat.ErrNotSent},
		{"to https://evil.example/secret", chat.ErrNotSent},
		{"500", nil}, {"502 <html>", nil}, {"503", nil}, {"504", nil}, {"408", nil}, {no(500, 0, "500: Internal Server Error"), nil},
		{"cut", nil}, {"200", nil}, {"200 where is my refund", nil}, {"200 {}", nil}, {`200 {"id":"soon"}`, nil}, {"200 []", nil}, {"204", nil},
	}
	for _, test := range tests {
		t.Run(test.answer, func(t *testing.T) {
			r := newRig(t)
			r.server.plan(here, test.answer, test.answer)
			receipt, err := r.Send(t.Context(), delivery(chat.Post, place))
			if err == nil || receipt.Message != "" || errors.As(err, new(*chat.RateLimitedError)) {
				t.Fatalf("Send = %+v, %v", receipt, err)
			}
			for _, means := range []error{chat.ErrUndeliverable, chat.ErrNotSent} {
				if got := errors.Is(err, means); got != (test.means == means) {
					t.Errorf("Send = %v: is %v: %v", err, means, got)
				}
			}
			r.discreet(t, err)
		})
	}
}

// What comes before the reply leaves no doubt that it was not sent.
func TestErrorsBefore(t *testing.T) {
	gone := no(404, unknownChannel, "Unknown Channel")
	for _, test := range []struct {
		delivery chat.Delivery
		call     string
	}{
		{delivery(chat.Post, place), "GET channels/200"},
		{delivery(chat.Post, directly), "POST users/@me/channels"},
		{delivery(chat.Post, thread), "POST channels/200/messages/300/threads"},
		{delivery(chat.Post, chat.Apart(place, ana)), "POST channels/200/threads"},
		{delivery(chat.Post, chat.Apart(place, ana)), "PUT channels/700/thread-members/5"},
		{standing(delivery(chat.Replace, place), place, "201"), "GET channels/200"},
	} {
		for _, answer := range []string{"500", "cut", `429 {"retry_after":1}`, no(403, missingPermissions, "Missing Permissions")} {
			r := newRig(t)
			r.server.plan("POST channels/300/messages", gone)
			r.server.plan(test.call, answer, answer, answer)
			if _, err := r.Send(t.Context(), test.delivery); !certain(err) {
				t.Errorf("%s %s: Send = %v", test.call, answer, err)
			}
		}
	}
}

// People read why something cannot be delivered.
func TestErrorWords(t *testing.T) {
	tests := []struct {
		status int
		body   string
		want   string
	}{
		{403, `{"code":50007,"message":"Cannot send messages to this user"}`, "cannot be delivered: Cannot send messages to this user (50007)"},
		{403, `{"code":50007,"message":"https://evil.example"}`, "cannot be delivered: HTTP status 403 (50007)"},
		{401, `{"code":0,"message":"401: Unauthorized"}`, "was not sent: POST x: HTTP status 401"},
		{500, ``, "POST x: HTTP status 500"},
		{503, `{"code":130000,"message":"API resource is currently overloaded. Try again a little later"}`, "was not sent: POST x: API resource is currently overloaded. Try again a little later (130000)"},
	}
	for _, test := range tests {
		if got := newRefusal("POST x", test.status, []byte(test.body)).Error(); got != test.want {
			t.Errorf("%d %s: %q, want %q", test.status, test.body, got, test.want)
		}
	}
}

// Discord in trouble is asked once more at once, if nothing can come of it
// twice.
func TestAgain(t *testing.T) {
	const status = "503"
	tests := []struct {
		name     string
		delivery chat.Delivery
		call     string
		tries    int
	}{
		{"a post, by its nonce", delivery(chat.Post, place), here, 2},
		{"an edit", standing(delivery(chat.Replace, place), place, "201"), "PATCH channels/200/messages/201", 2},
		{"removing", standing(delivery(chat.Remove, place), place, "201"), "DELETE channels/200/messages/201", 2},
		{"opening direct messages", delivery(chat.Post, directly), "POST users/@me/channels", 2},
		{"beginning a private thread", delivery(chat.Post, chat.Apart(place, ana)), "POST channels/200/threads", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			r.server.plan(test.call, status)
			_, err := r.Send(t.Context(), test.delivery)
			if (err == nil) != (test.tries == 2) {
				t.Errorf("Send = %v", err)
			}
			tries := 0
			for _, call := range r.server.calls() {
				if call == test.call {
					tries++
				}
			}
			if tries != test.tries {
				t.Errorf("%d tries, want %d", tries, test.tries)
			}
		})
	}
	t.Run("no more than once", func(t *testing.T) {
		r := newRig(t)
		r.server.plan(here, status, status)
		if _, err := r.Send(t.Context(), delivery(chat.Post, place)); err == nil || certain(err) {
			t.Errorf("Send = %v", err)
		}
	})
	t.Run("with the same nonce", func(t *testing.T) {
		r := newRig(t)
		r.server.plan(here, status)
		if _, err := r.Send(t.Context(), delivery(chat.Post, place)); err != nil {
			t.Fatal(err)
		}
		all := r.server.all()
		if diff := cmp.Diff(all[len(all)-2].body, all[len(all)-1].body); diff != "" {
			t.Error(diff)
		}
	})
}

// A refused token stops everything, and the operator is told once.
func TestRefusedToken(t *testing.T) {
	r := newRig(t)
	r.server.plan("GET channels/200", no(401, 0, "401: Unauthorized"))
	for range 3 {
		if _, err := r.Send(t.Context(), delivery(chat.Post, place)); !errors.Is(err, chat.ErrNotSent) {
			t.Errorf("Send = %v", err)
		}
	}
	if diff := cmp.Diff([]string{"GET channels/200"}, r.server.calls()); diff != "" {
		t.Error(diff)
	}
	if logged := r.logged.String(); strings.Count(logged, "level=ERROR") != 1 || !strings.Contains(logged, "mend=") {
		t.Errorf("logged %s", logged)
	}
	r.discreet(t, nil)
}

// An interaction that has ended says nothing of the bot's token.
func TestEndedInteraction(t *testing.T) {
	r := newRig(t)
	r.keep(t, replyToken{Kind: byPress, Channel: "200"})
	r.server.plan("POST "+answers, no(401, 50027, "Invalid Webhook Token"))
	d := changed(delivery(chat.Post, place), func(r *chat.Reply) { r.Only, r.Handle = ana, handle })
	if _, err := r.Send(t.Context(), d); err != nil {
		t.Errorf("Send = %v", err)
	}
	if r.refused.Load() {
		t.Error("everything has stopped")
	}
}

// A reply that did not get as far as Discord can be sent again.
func TestNotReached(t *testing.T) {
	d := delivery(chat.Post, thread)
	t.Run("nobody listens", func(t *testing.T) {
		r := newRig(t)
		r.server.Close()
		_, err := r.Send(t.Context(), d)
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
		c := newClient(Options{Token: botToken, APIURL: s.URL + "/api"})
		defer c.close()
		if _, err := c.Send(t.Context(), d); !errors.Is(err, chat.ErrNotSent) {
			t.Errorf("Send = %v", err)
		}
	})
	t.Run("already over", func(t *testing.T) {
		r := newRig(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := r.Send(ctx, d)
		if !errors.Is(err, chat.ErrNotSent) || !errors.Is(err, context.Canceled) || len(r.server.calls()) > 0 {
			t.Errorf("Send = %v after %q", err, r.server.calls())
		}
	})
	t.Run("no address", func(t *testing.T) {
		r := newRig(t)
		err := r.do(t.Context(), "GET", "webhooks/66/secret\x00", nil, nil)
		if err == nil {
			t.Error("do takes a path that is none")
		}
		r.discreet(t, err)
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
	c := newClient(Options{Token: botToken, APIURL: s.URL + "/api"})
	defer c.close()
	_, err := c.Send(ctx, delivery(chat.Post, thread))
	if !errors.Is(err, context.Canceled) || certain(err) {
		t.Errorf("Send = %v", err)
	}
}

// A redirect with the message in it is not followed to another host.
func TestRedirect(t *testing.T) {
	asked := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer other.Close()
	r := newRig(t)
	r.server.plan("POST channels/300/messages", "to "+other.URL)
	if _, err := r.Send(t.Context(), delivery(chat.Post, thread)); !errors.Is(err, chat.ErrNotSent) || asked {
		t.Errorf("Send = %v; followed: %v", err, asked)
	}
}

// FuzzRefusal: whatever is answered, nothing of it is told but a plain sentence,
// and what may have been done is not called undeliverable.
func FuzzRefusal(f *testing.F) {
	f.Add(403, []byte(`{"code":50007,"message":"Cannot send messages to this user"}`))
	f.Add(502, []byte("<html>"))
	f.Add(500, []byte(`{"code":50007,"message":"Cannot send messages to this user"}`))
	f.Add(400, []byte(`{"code":1e99,"message":7}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		no := newRefusal("POST x", status, body)
		if no.name != fmt.Sprintf("HTTP status %d", status) && (!errorName.MatchString(no.name) || no.code == 0) {
			t.Errorf("tells %q", no.name)
		}
		if status >= 500 && errors.Is(no, chat.ErrUndeliverable) {
			t.Errorf("%d %s: %v", status, body, no)
		}
	})
}

// Nobody is left waiting for an answer that never ends.
func TestTimeLimit(t *testing.T) {
	if c := newClient(Options{}); c.http.Timeout != answering || c.stream.Timeout != 0 || answering > 15*time.Second {
		t.Errorf("time limits %s and %s", c.http.Timeout, c.stream.Timeout)
	}
}
