package slack

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxBody is how many bytes a request may have. A message of 40,000 characters
// comes three times over: as text, as blocks, and as it was.
const maxBody = 1 << 20

// Handler takes in what Slack brings by HTTP. Whatever is not signed by Slack
// within the last five minutes is refused before anything of it is read.
func (a *Adapter) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+EventsPath, a.verified(a.serveEvent))
	mux.HandleFunc("POST "+CommandsPath, a.verified(a.serveCommand))
	mux.HandleFunc("POST "+InteractionsPath, a.verified(a.serveInteraction))
	return mux
}

// verified lets only bodies through that Slack has signed.
func (a *Adapter) verified(serve func(ctx context.Context, w http.ResponseWriter, r *http.Request, body []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			a.log.Warn("a request was refused: its body is too large or broke off", "path", r.URL.Path, "from", r.RemoteAddr)
			http.Error(w, "too large or broken off", http.StatusRequestEntityTooLarge)
			return
		}
		if err := verify(r.Header, body, a.o.SigningSecret, a.now()); err != nil {
			a.log.Warn("a request was refused", "path", r.URL.Path, "from", r.RemoteAddr, "err", err)
			http.Error(w, "not from Slack", http.StatusUnauthorized)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), within)
		defer cancel()
		serve(ctx, w, r, body)
	}
}

// serveEvent takes in an event. One that could not be stored gets a 503, and
// Slack brings it again: at once, after 1 and after 5 minutes.
// Source: https://docs.slack.dev/apis/events-api/#retries
func (a *Adapter) serveEvent(ctx context.Context, w http.ResponseWriter, r *http.Request, body []byte) {
	var e envelope
	if json.Unmarshal(body, &e) == nil && e.Type == "url_verification" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, e.Challenge)
		return
	}
	if n := r.Header.Get("X-Slack-Retry-Num"); n != "" {
		a.log.Info("an event comes again", "times", oneLine(n), "reason", oneLine(r.Header.Get("X-Slack-Retry-Reason")))
	}
	a.serve(ctx, w, "events_api", body)
}

// serveCommand takes in a slash command, which comes as a form.
func (a *Adapter) serveCommand(ctx context.Context, w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := formOf(r, body)
	if err != nil {
		http.Error(w, "not a form", http.StatusBadRequest)
		return
	}
	values := map[string]string{}
	for name := range form {
		values[name] = form.Get(name)
	}
	body, err = json.Marshal(values)
	if err != nil {
		http.Error(w, "not a form", http.StatusBadRequest)
		return
	}
	a.serve(ctx, w, "slash_commands", body)
}

// serveInteraction takes in an interaction, which comes as a field of a form.
func (a *Adapter) serveInteraction(ctx context.Context, w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := formOf(r, body)
	if err != nil || form.Get("payload") == "" {
		http.Error(w, "no payload", http.StatusBadRequest)
		return
	}
	a.serve(ctx, w, "interactive", []byte(form.Get("payload")))
}

// formOf reads a form from a body, and from nowhere else: the address of a
// request is not signed.
func formOf(r *http.Request, body []byte) (url.Values, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/x-www-form-urlencoded" {
		return nil, errors.New("not a form")
	}
	return url.ParseQuery(string(body))
}

func (a *Adapter) serve(ctx context.Context, w http.ResponseWriter, kind string, body []byte) {
	s, done, ok := a.enter()
	if !ok {
		http.Error(w, "not ready, try again", http.StatusServiceUnavailable)
		return
	}
	defer done()
	answer, err := a.take(ctx, s, kind, body)
	switch {
	case err != nil:
		a.log.Warn("an event could not be stored; Slack will repeat it", "err", scrub(err))
		http.Error(w, "try again", http.StatusServiceUnavailable)
	case answer != nil:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		json.NewEncoder(w).Encode(answer)
	}
}

// fresh is how old a request may be, and how far ahead of our clock.
// Source: https://docs.slack.dev/authentication/verifying-requests-from-slack
const fresh = 5 * time.Minute

// verify reports why a request does not come from Slack, or not from now. The
// library's own check goes by the clock of the machine.
func verify(h http.Header, body []byte, secret string, now time.Time) error {
	stamp := h.Get("X-Slack-Request-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return errors.New("it has no time")
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > fresh {
		return errors.New("its time is more than five minutes off")
	}
	if secret == "" {
		return errors.New("there is no signing secret to check it with")
	}
	mac := hmac.New(sha256.New, []byte(secret))
	io.WriteString(mac, "v0:"+stamp+":")
	mac.Write(body)
	given, err := hex.DecodeString(strings.TrimPrefix(h.Get("X-Slack-Signature"), "v0="))
	if err != nil || !hmac.Equal(given, mac.Sum(nil)) {
		return errors.New("its signature is not Slack's")
	}
	return nil
}
