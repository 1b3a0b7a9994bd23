package discordtest

import (
	"context"
	"fmt"
	"slices"
)

// A gate is how the gateway receives clients.
type gate struct {
	away      bool // no connections
	silent    bool // no HELLO
	deaf      bool // no acknowledgement of heartbeats
	forgotten int  // code that ends a RESUME of a session that is gone; 0: op 9
	meet      func(op int) Welcome
}

// A Welcome is how the gateway answers an IDENTIFY (2) or a RESUME (6). The
// zero value is as usual.
type Welcome struct {
	Close     int  // a code that it closes the connection with
	Cut       bool // without a code
	Reconnect bool // it says only: reconnect (op 7)
	Invalid   bool // it says: invalid session (op 9)
	Resumable bool // of op 9
	Silent    bool // it says nothing
}

// Meet asks f how each IDENTIFY (2) or RESUME (6) is answered. A nil f answers
// as usual.
func (s *Server) Meet(f func(op int) Welcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate.meet = f
}

// RefuseSockets turns every new connection away, as while Discord is down.
func (s *Server) RefuseSockets(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate.away = on
}

// WithholdHello lets connections open, and says nothing on them.
func (s *Server) WithholdHello(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate.silent = on
}

// StopAcks leaves heartbeats without an answer: connections become zombies.
func (s *Server) StopAcks(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate.deaf = on
}

// Forget ends every session that has no connection, so that it cannot be
// resumed: who tries is closed with the code, such as 4009, or told so by op 9
// if it is zero.
func (s *Server) Forget(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate.forgotten = code
	s.sessions = slices.DeleteFunc(s.sessions, func(one *session) bool { return one.socket == nil })
}

// RequestHeartbeat asks every connection for a heartbeat at once (op 1).
func (s *Server) RequestHeartbeat() {
	s.all(func(c *socket) {
		c.say(opHeartbeat, nil)
		c.owed = true
	})
}

// Reconnect asks every connection to come again (op 7).
func (s *Server) Reconnect() { s.all(func(c *socket) { c.say(opReconnect, nil) }) }

// Invalidate tells every connection that its session is no more (op 9), unless
// it can be resumed.
func (s *Server) Invalidate(resumable bool) {
	s.all(func(c *socket) {
		c.say(opInvalid, resumable)
		if !resumable {
			s.leave(c)
		}
	})
}

// all does something to every connection that has a session.
func (s *Server) all(do func(c *socket)) {
	s.mu.Lock()
	for _, c := range s.sockets {
		if c.session != nil {
			do(c)
		}
	}
	s.mu.Unlock()
	s.flush()
}

// leave ends the session of a connection. The lock is held.
func (s *Server) leave(c *socket) {
	one := c.session
	s.sessions = slices.DeleteFunc(s.sessions, func(o *session) bool { return o == one })
	c.session = nil
	s.change()
}

// Disconnect closes every connection with a code, such as 4000.
func (s *Server) Disconnect(code int) {
	s.mu.Lock()
	for _, c := range s.sockets {
		c.hangUp(code)
	}
	s.mu.Unlock()
	s.flush()
}

// Kill cuts every connection without a word.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.sockets {
		c.conn.Close()
	}
}

// Sockets are how many connections have a session.
func (s *Server) Sockets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.sockets {
		if c.session != nil {
			n++
		}
	}
	return n
}

// WaitSockets blocks until n connections have a session, or the context ends.
func (s *Server) WaitSockets(ctx context.Context, n int) error {
	if err := s.Wait(ctx, func() bool { return s.Sockets() >= n }); err != nil {
		return fmt.Errorf("%d of %d connections: %w", s.Sockets(), n, err)
	}
	return nil
}

// Emit sends every session an event as it is: those that no deed here makes, and
// what no Discord would send. An event with a guild_id goes to the shard of
// that.
func (s *Server) Emit(name string, data object) {
	guild, _ := data["guild_id"].(string)
	s.mu.Lock()
	s.tell(event{name: name, guild: guild, data: data})
	s.mu.Unlock()
	s.flush()
}

// EmitRaw sends every connection a frame as it is, which need not be JSON.
func (s *Server) EmitRaw(body string) {
	s.all(func(c *socket) { c.queue(frame{body: []byte(body)}) })
}
