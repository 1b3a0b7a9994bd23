package discordtest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const (
	// maxAnswer is how much of a bot's answer is read, in bytes; ours.
	maxAnswer = 1 << 20
	// interactionsPath is where a bot listens for interactions.
	interactionsPath = "/discord/interactions"
)

// DeliverTo sends interactions to a bot that listens for requests, to
// /discord/interactions below base, and no longer through the gateway; Discord
// sends all else through that alone. An empty base is the gateway again.
func (s *Server) DeliverTo(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base = strings.TrimSuffix(base, "/")
}

// Verify does what Discord does when someone enters the address: it sends a
// ping, and another whose signature is wrong.
// Source: https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint
func (s *Server) Verify() error {
	s.mu.Lock()
	base := s.base
	body := encode(object{
		"id": s.id(), "application_id": appID, "type": kindPing, "token": s.secret(), "version": 1, "entitlements": []object{},
		"authorizing_integration_owners": object{}, "app_permissions": Permission(0).String(), "attachment_size_limit": maxFile, "user": s.userJSON(s.users[botID]),
	})
	s.mu.Unlock()
	header := s.Sign(body)
	status, answer, err := s.send(base, header, body)
	var pong struct {
		Type int `json:"type"`
	}
	switch {
	case err != nil:
		return err
	case status != http.StatusOK || json.Unmarshal(answer, &pong) != nil || pong.Type != answerPong:
		return fmt.Errorf("a ping is answered with %d", status)
	}
	header.Set("X-Signature-Ed25519", strings.Repeat("0", 2*ed25519.SignatureSize))
	if status, _, err = s.send(base, header, body); err == nil && status != http.StatusUnauthorized {
		err = fmt.Errorf("a wrong signature is answered with %d", status)
	}
	return err
}

// Sign is the headers of a request from Discord, for its body.
// Source: https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint-validating-security-request-headers
func (s *Server) Sign(body []byte) http.Header {
	at := strconv.FormatInt(s.opts.Now().Unix(), 10)
	h := http.Header{}
	h.Set("X-Signature-Timestamp", at)
	h.Set("X-Signature-Ed25519", hex.EncodeToString(ed25519.Sign(s.key, append([]byte(at), body...))))
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "Discord-Interactions/1.0 (+https://discord.com)")
	return h
}

// send sends a signed request, and returns what the bot answered.
func (s *Server) send(base string, header http.Header, body []byte) (status int, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.opts.RespondWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+interactionsPath, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header = header
	w, err := s.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer w.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(w.Body, maxAnswer))
	return w.StatusCode, answer, err
}

// post sends an interaction by HTTP. What is answered at once is its first
// answer; 202 leaves that for later.
func (s *Server) post(base string, i *interaction, payload object) {
	body := encode(payload)
	status, answer, err := s.send(base, s.Sign(body), body)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil, status == http.StatusAccepted, status == http.StatusNoContent:
		return // or Discord was told by a request
	case status != http.StatusOK:
		s.judge.add("POST %s: answered with %d", interactionsPath, status)
		return
	}
	c := &call{s: s, method: http.MethodPost, route: interactionsPath, raw: answer}
	if _, err := c.respond(i); err != nil {
		var r *refusal
		if errors.As(err, &r) && r.code != codeUnknownInteraction {
			c.judge("%s %s", r.message, encode(r.errors))
		}
	}
}
