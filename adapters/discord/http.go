package discord

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	// InteractionsPath is where Discord brings interactions by HTTP.
	InteractionsPath = "/discord/interactions"
	// maxBody is how many bytes a request may have: a form with five full fields
	// comes with the message that it was opened from.
	maxBody = 1 << 20
	// freshFor is how old a request may be, and how far ahead of our clock. Discord
	// names no limit; five minutes are what Slack advises.
	freshFor = 5 * time.Minute
)

// Handler takes in interactions that Discord brings by HTTP. Whatever Discord
// has not signed is refused before anything of it is read.
// Source: https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint
func (a *Adapter) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+InteractionsPath, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			a.log.Warn("a request was refused: its body is too large or broke off", "from", r.RemoteAddr)
			http.Error(w, "too large or broken off", http.StatusRequestEntityTooLarge)
			return
		}
		if err := verify(r.Header, body, a.o.PublicKey, a.now()); err != nil {
			a.log.Warn("a request was refused", "from", r.RemoteAddr, "err", err)
			http.Error(w, "not from Discord", http.StatusUnauthorized)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), within)
		defer cancel()
		a.serve(ctx, w, body)
	})
	return mux
}

func (a *Adapter) serve(ctx context.Context, w http.ResponseWriter, body []byte) {
	var i interaction
	err := json.Unmarshal(body, &i)
	if err == nil && i.Kind == pinged { // asked when the address is entered, before anyone runs
		answerJSON(w, response{Kind: pong})
		return
	}
	s, done, ok := a.enter()
	if !ok {
		http.Error(w, "not ready, try again", http.StatusServiceUnavailable)
		return
	}
	defer done()
	if err != nil {
		if err := a.unreadable(ctx, s, body, err); err != nil {
			a.log.Warn("nor could it be kept", "err", scrub(err))
		}
		http.Error(w, "not an interaction", http.StatusBadRequest)
		return
	}
	answer := a.take(ctx, s, i, body)
	if answer == nil {
		http.Error(w, "not an interaction", http.StatusBadRequest)
		return
	}
	answerJSON(w, *answer)
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	json.NewEncoder(w).Encode(v)
}

// verify reports why a request does not come from Discord, or not from now.
func verify(h http.Header, body []byte, publicKey string, now time.Time) error {
	stamp := h.Get("X-Signature-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return errors.New("it has no time")
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > freshFor {
		return errors.New("its time is more than five minutes off")
	}
	key, err := hex.DecodeString(publicKey)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return errors.New("there is no public key to check it with")
	}
	signature, err := hex.DecodeString(h.Get("X-Signature-Ed25519"))
	if err != nil || !ed25519.Verify(key, append([]byte(stamp), body...), signature) {
		return errors.New("its signature is not Discord's")
	}
	return nil
}
