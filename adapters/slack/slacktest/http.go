package slacktest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxAnswer is how much of an app's answer is read, in bytes; ours.
const maxAnswer = 1 << 20

// DeliverTo sends what happens to an app that listens for requests: to
// /slack/events, /slack/commands and /slack/interactions below base. An empty
// base is Socket Mode again.
func (s *Server) DeliverTo(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base = strings.TrimSuffix(base, "/")
}

// Verify asks for the challenge back, as Slack does when someone enters the
// address for events.
// Source: https://docs.slack.dev/reference/events/url_verification
func (s *Server) Verify() error {
	s.mu.Lock()
	challenge, base := s.secret(), s.base
	s.mu.Unlock()
	a := s.post(base, &delivery{kindEvent, "url_verification", object{
		"token": "verification", "challenge": challenge, "type": "url_verification",
	}}, 0, "")
	var answer struct {
		Challenge string `json:"challenge"`
	}
	switch {
	case a.failed != "":
		return fmt.Errorf("the address does not answer: %s", a.failed)
	case json.Unmarshal(a.answer, &answer) == nil && answer.Challenge == challenge, strings.TrimSpace(string(a.answer)) == challenge:
		return nil
	}
	return errors.New("the address does not answer with the challenge")
}

// Sign is the headers of a request from Slack, for its body.
// Source: https://docs.slack.dev/authentication/verifying-requests-from-slack
func (s *Server) Sign(body []byte) http.Header {
	at := strconv.FormatInt(s.opts.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(s.tokens.secret))
	fmt.Fprintf(mac, "v0:%s:%s", at, body)
	h := http.Header{}
	h.Set("X-Slack-Request-Timestamp", at)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return h
}

// post sends a delivery by HTTP.
func (s *Server) post(base string, d *delivery, n int, reason string) attempt {
	path, contentType := "/slack/events", "application/json"
	body, err := json.Marshal(d.payload)
	if err != nil {
		return attempt{failed: err.Error(), stop: true}
	}
	switch d.kind {
	case kindSlash:
		path, contentType = "/slack/commands", "application/x-www-form-urlencoded"
		form := url.Values{}
		for name, value := range d.payload {
			if value != nil {
				form.Set(name, fmt.Sprint(value))
			}
		}
		body = []byte(form.Encode())
	case kindAction:
		path, contentType = "/slack/interactions", "application/x-www-form-urlencoded"
		body = []byte(url.Values{"payload": {string(body)}}.Encode())
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.opts.AckWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+path, bytes.NewReader(body))
	if err != nil {
		return attempt{failed: "connection_failed", stop: true}
	}
	r.Header = s.Sign(body)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	if n > 0 {
		r.Header.Set("X-Slack-Retry-Num", strconv.Itoa(n))
		r.Header.Set("X-Slack-Retry-Reason", reason)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return attempt{failed: failure(ctx)}
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	switch {
	case err != nil:
		return attempt{failed: failure(ctx)}
	case answer.StatusCode/100 != 2:
		return attempt{failed: "http_error", stop: answer.Header.Get("X-Slack-No-Retry") == "1"}
	}
	return attempt{answer: body}
}

func failure(ctx context.Context) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return "http_" + timedOut
	}
	return "connection_failed"
}
