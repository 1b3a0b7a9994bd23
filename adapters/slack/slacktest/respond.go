package slacktest

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// A hook is a response_url: where the app may answer what someone did.
type hook struct {
	user, channel string
	original      string // ts of the message that was acted on, empty if none
	uses          int
	until         time.Time
}

// hook makes a response_url. The lock is held.
func (s *Server) hook(user, channel, original string) string {
	id := s.secret()
	s.hooks[id] = &hook{user: user, channel: channel, original: original, uses: responseUses, until: s.opts.Now().Add(responseLasts)}
	return s.http.URL + "/response/" + id
}

// serveHook takes an answer at a response_url.
func (s *Server) serveHook(w http.ResponseWriter, r *http.Request) {
	const name = "response_url"
	if s.broken(w, name, false) != nil {
		return
	}
	args, err := decodeArgs(r)
	var c *call
	if err == nil {
		c = &call{s: s, method: name, args: args}
		s.mu.Lock()
		err = s.useHook(s.hooks[r.PathValue("id")], c)
		s.mu.Unlock()
		s.deliverLater(c.events...)
	}
	if s.broken(w, name, true) != nil {
		return
	}
	var refused *refusal
	if errors.As(err, &refused) {
		status := http.StatusNotFound
		if refused.code != "expired_url" && refused.code != "used_url" && refused.code != "message_not_found" {
			status = http.StatusBadRequest
		}
		writeJSON(w, status, object{"ok": false, "error": refused.code})
		return
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write([]byte("ok")) // whoever went away does not wait for it
}

// useHook does what an answer says, if it may. The lock is held.
func (s *Server) useHook(h *hook, c *call) error {
	switch {
	case h == nil:
		return fail("no_service")
	case !s.opts.Now().Before(h.until):
		return fail("expired_url")
	case h.uses == 0:
		return fail("used_url")
	}
	h.uses--
	return s.respond(h, c)
}

// respond posts, replaces or deletes, as an answer says. The lock is held.
func (s *Server) respond(h *hook, c *call) error {
	ch := s.channels[h.channel]
	original := ch.find(h.original)
	if c.flag("delete_original") {
		if original != nil {
			s.changeOriginal(ch, original, nil, c)
		}
		return nil
	}
	d, err := c.draft()
	if err != nil {
		return err
	}
	if c.flag("replace_original") && h.original != "" {
		if original == nil && ch.gone[h.original] {
			return fail("message_not_found")
		}
		if original != nil { // else it was ephemeral, and nobody knows whether it is still seen
			s.changeOriginal(ch, original, &d, c)
		}
		return nil
	}
	thread, err := c.thread(ch)
	if err != nil {
		return err
	}
	if c.text("response_type") == "in_channel" {
		c.events = append(c.events, s.said(ch, s.postAs(ch, d, thread), nil)...)
		return nil
	}
	s.add(ch, &Message{User: botUID, BotID: botID, Text: d.text, Blocks: d.blocks, Thread: thread, Only: h.user})
	return nil
}

// changeOriginal replaces the message that was acted on, or deletes it. The
// lock is held.
func (s *Server) changeOriginal(ch *Channel, m *Message, d *draft, c *call) {
	switch {
	case d == nil && m.Only != "":
		ch.remove(m)
	case d == nil:
		c.events = append(c.events, s.deleted(ch, m)...)
	default:
		before := m.copy()
		m.Text, m.Blocks = d.text, d.blocks
		if m.Only == "" {
			c.events = append(c.events, s.changedEvent(ch, m, &before))
		}
	}
	s.change()
}

// respondAtOnce takes the answer to a command that came with its
// acknowledgement: JSON, or words. The lock is held.
func (s *Server) respondAtOnce(h *hook, answer []byte) (*call, error) {
	c := &call{s: s, method: "response", args: object{}}
	if len(answer) == 0 || string(answer) == "null" {
		return c, nil
	}
	if json.Unmarshal(answer, &c.args) != nil {
		c.args = object{"text": string(answer)}
	}
	if len(c.args) == 0 {
		return c, nil
	}
	return c, s.respond(h, c)
}
