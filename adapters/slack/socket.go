package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

const (
	// sockets are how many connections are open at a time: Slack closes each
	// every few hours, and the other one goes on meanwhile. Ten are allowed for
	// all replicas together.
	// Source: https://docs.slack.dev/apis/events-api/using-socket-mode
	sockets = 2
	// within is how long taking something in may take: Slack waits 3 s.
	// Source: https://docs.slack.dev/apis/events-api/
	within = 2500 * time.Millisecond
	// pressing is how many presses are taken in side by side on a connection.
	pressing = 16
	// reopening and slowest are the first and the longest wait between two tries
	// to open a connection, and calm how long one lasts that was good.
	reopening = time.Second
	slowest   = time.Minute
	calm      = time.Minute
	// alarming is a wait that tells of more than a hiccup.
	alarming = 15 * time.Second
)

// listen takes in what comes through one connection at a time, until ctx ends
// or Slack refuses the app token.
func (a *Adapter) listen(ctx context.Context) error {
	opens := opener(a.client.http, func(wait time.Duration) {
		a.log.Warn("Slack closes connections as soon as they are open", "again in", wait,
			"mend", "see whether Socket Mode is on, and whether more than ten connections are open in all")
	})
	for {
		err := a.listenWith(ctx, opens)
		if !errors.Is(err, errSlow) || ctx.Err() != nil {
			return err
		}
	}
}

// errSlow: the library would wait up to five minutes before it tries again,
// which is long for who presses a button meanwhile. A new client of it does not,
// and the throttle is ours.
var errSlow = errors.New("the next connection would come late")

// listenWith is listen with one client of the library's.
func (a *Adapter) listenWith(ctx context.Context, opens *http.Client) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	api := slack.New(a.o.BotToken, slack.OptionAppLevelToken(a.o.AppToken),
		slack.OptionAPIURL(a.client.url), slack.OptionHTTPClient(opens), slack.OptionLog(silent))
	socket := socketmode.New(api, socketmode.OptionLog(silent))
	ended := make(chan error, 1)
	go func() { ended <- socket.RunContext(ctx) }()
	var presses sync.WaitGroup
	defer presses.Wait()
	room := make(chan struct{}, pressing)
	l := link{note: a.linked}
	defer l.ended()
	slow := false
	for {
		select {
		case err := <-ended:
			switch {
			case slow:
				return errSlow
			case ctx.Err() != nil:
				return nil
			}
			return a.refused(err)
		case e := <-socket.Events:
			switch e.Type {
			case socketmode.EventTypeHello:
				l.greeted()
				a.log.Info("connected to Slack")
			case socketmode.EventTypeConnecting:
				l.ended()
			case socketmode.EventTypeConnectionError:
				if failed, ok := e.Data.(*slack.ConnectionErrorEvent); ok && ctx.Err() == nil {
					a.log.Warn("Slack cannot be reached", "err", scrub(failed.ErrorObj))
					if failed.Backoff > reopening && !errors.As(failed.ErrorObj, new(*slack.RateLimitedError)) {
						slow = true
						stop()
					}
				}
			case socketmode.EventTypeErrorWriteFailed:
				a.log.Warn("an acknowledgement was not sent; Slack will repeat itself")
			}
			frame, ok := frameOf(e)
			if !ok {
				continue
			}
			l.greeted()
			if frame.Type == "events_api" {
				a.frame(ctx, socket, frame) // one after the other: an edit comes after its message
				continue
			}
			select {
			case room <- struct{}{}:
			case <-ctx.Done():
				continue
			}
			presses.Go(func() {
				defer func() { <-room }()
				a.frame(ctx, socket, frame)
			})
		}
	}
}

// linked counts the connections through which events come in.
func (a *Adapter) linked(up bool) {
	if up {
		a.progress.Connected()
	} else {
		a.progress.Disconnected()
	}
}

// A link is one connection after the other.
type link struct {
	up   bool
	note func(up bool)
}

// greeted notes that Slack has said hello, or something else. A connection that
// was only opened is none: where Socket Mode is off, or too many are open, Slack
// closes it at once.
func (l *link) greeted() {
	if !l.up {
		l.up = true
		l.note(true)
	}
}

// ended notes that there is no connection, if there was one.
func (l *link) ended() {
	if l.up {
		l.up = false
		l.note(false)
	}
}

// A frame is what one thing comes in through a connection.
type frame struct {
	Type     string          `json:"type"`
	Envelope string          `json:"envelope_id"`
	Payload  json.RawMessage `json:"payload"`
	Answers  bool            `json:"accepts_response_payload"`
	Retry    int             `json:"retry_attempt"`
}

// frameOf is the frame of a library's event. What the library does not know is
// read from the raw one.
func frameOf(e socketmode.Event) (f frame, ok bool) {
	if e.Type == socketmode.EventTypeErrorBadMessage {
		bad, ok := e.Data.(*socketmode.ErrorBadMessage)
		if !ok || json.Unmarshal(bad.Message, &f) != nil {
			return f, false
		}
		return f, f.Envelope != ""
	}
	if e.Request == nil || e.Request.EnvelopeID == "" {
		return f, false
	}
	return frame{e.Request.Type, e.Request.EnvelopeID, e.Request.Payload, e.Request.AcceptsResponsePayload, e.Request.RetryAttempt}, true
}

// frame takes a frame in and acknowledges it, unless it has to come again.
func (a *Adapter) frame(ctx context.Context, socket *socketmode.Client, f frame) {
	s, done, ok := a.enter()
	if !ok {
		return
	}
	defer done()
	taking, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	answer, err := a.take(taking, s, f.Type, f.Payload)
	if err != nil {
		a.log.Warn("an event could not be stored; Slack will repeat it", "err", scrub(err))
		return
	}
	if !f.Answers {
		answer = nil
	}
	if err := socket.AckCtx(ctx, f.Envelope, answer); err != nil && ctx.Err() == nil {
		a.log.Warn("an answer did not get back in time", "err", scrub(err))
		socket.AckCtx(ctx, f.Envelope, nil)
	}
}

// take takes in what has come, through whichever door. An error means that it
// was not stored, and is to come again.
func (a *Adapter) take(ctx context.Context, s *session, kind string, body []byte) (answer any, err error) {
	defer func() {
		if p := recover(); p != nil {
			a.log.Error("panic while taking something in", "type", kind, "panic", p, "stack", string(debug.Stack()))
			answer, err = nil, a.unreadable(ctx, s, body, fmt.Errorf("panic: %v", p))
		}
	}()
	switch kind {
	case "events_api":
		err = a.happened(ctx, s, body)
		a.progress.Stored(err)
		return nil, err
	case "slash_commands":
		var c command
		if err := json.Unmarshal(body, &c); err != nil {
			return nil, a.unreadable(ctx, s, body, err)
		}
		return a.ran(ctx, s, c, body)
	case "interactive":
		return a.interacted(ctx, s, body)
	}
	a.log.Debug("a frame of an unknown type was acknowledged", "type", kind)
	return nil, nil
}

// refused says why no connection can be had.
func (a *Adapter) refused(err error) error {
	err = scrub(err)
	mend := map[string]string{
		"invalid_auth":  "slack.app_token is not an app-level token; make one with connections:write under Basic Information",
		"not_authed":    "slack.app_token is not an app-level token; make one with connections:write under Basic Information",
		"token_revoked": "the app-level token was revoked; make a new one under Basic Information",
	}[err.Error()]
	if mend == "" {
		mend = "see whether Socket Mode is on in the app's settings"
	}
	return fmt.Errorf("slack opens no connection (%w): %s", err, mend)
}

// A throttle keeps connections from being opened in a hot loop: after one that
// did not last, the next waits, twice as long each time.
type throttle struct {
	next  http.RoundTripper
	path  string
	limit time.Duration // of a call, once it has waited; 0: none
	now   func() time.Time
	pause func(context.Context, time.Duration) bool
	warn  func(wait time.Duration) // that this has gone on for a while

	mu   sync.Mutex
	last time.Time
	wait time.Duration
}

// opener is c for asking Slack for connections. What the throttle makes a call
// wait does not count against the time limit of c: it may be longer.
func opener(c *http.Client, warn func(wait time.Duration)) *http.Client {
	o := *c
	o.Timeout = 0
	o.Transport = &throttle{next: transport(c), path: "apps.connections.open", limit: c.Timeout, now: time.Now, pause: pause, warn: warn}
	return &o
}

// RoundTrip implements [http.RoundTripper].
func (t *throttle) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/"+t.path) {
		wait := t.due()
		if wait >= alarming {
			t.warn(wait)
		}
		if wait > 0 && !t.pause(r.Context(), wait) {
			return nil, r.Context().Err()
		}
	}
	if t.limit == 0 {
		return t.next.RoundTrip(r)
	}
	ctx, cancel := context.WithTimeout(r.Context(), t.limit)
	response, err := t.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	response.Body = timedBody{response.Body, cancel}
	return response, nil
}

// A timedBody is one that has to be read in time.
type timedBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b timedBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// due is how long to wait before the next try, which is counted.
func (t *throttle) due() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	wait := time.Duration(0)
	if !t.last.IsZero() && now.Sub(t.last) < calm {
		t.wait = min(max(2*t.wait, reopening), slowest)
		wait = t.wait
	} else {
		t.wait = 0
	}
	t.last = now.Add(wait)
	return wait
}

// silent takes the library's own log, which tells more than a log should.
var silent = log.New(io.Discard, "", 0)

func transport(c *http.Client) http.RoundTripper {
	if c.Transport != nil {
		return c.Transport
	}
	return http.DefaultTransport
}
