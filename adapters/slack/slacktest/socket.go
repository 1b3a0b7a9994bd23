package slacktest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// maxSockets is how many connections an app may have.
	// Source: https://docs.slack.dev/apis/events-api/using-socket-mode
	maxSockets = 10
	// maxAck is how long an acknowledgement may be, in bytes: longer ones are
	// dropped without a word. The reference does not name it.
	// Source: https://github.com/slack-go/slack/issues/1196
	maxAck = 20 << 10
	// pingEvery is how often a connection is pinged; ours. Clients give up one
	// that is not.
	pingEvery = 5 * time.Second
)

// A socket is one of the app's connections.
type socket struct {
	conn  *websocket.Conn
	write sync.Mutex // one writer at a time
	done  chan struct{}
}

func (c *socket) send(v any) error { return c.sendText(encode(v)) }

func (c *socket) sendText(frame []byte) error {
	c.write.Lock()
	defer c.write.Unlock()
	return c.putText(frame)
}

// put is send for who holds the lock.
func (c *socket) put(v any) error { return c.putText(encode(v)) }

func (c *socket) putText(frame []byte) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(ackWithin)); err != nil {
		return err
	}
	return c.conn.WriteMessage(websocket.TextMessage, frame)
}

// An envelope is a payload that was written to a socket.
type envelope struct {
	socket  *socket
	accepts bool // an answer
	state   envelopeState
	answer  chan []byte // of one
}

type envelopeState int

const (
	waiting envelopeState = iota
	acknowledged
	givenUp
)

// write sends a delivery to any one of the sockets.
func (s *Server) write(d *delivery, n int, reason string) attempt {
	answers := d.kind != kindEvent
	return s.exchange(answers, func(id string) []byte {
		frame := object{"envelope_id": id, "type": d.kind, "payload": d.payload, "accepts_response_payload": answers}
		if !answers {
			frame["retry_attempt"], frame["retry_reason"] = n, reason
		}
		return encode(frame)
	})
}

// Throw writes a frame to any one of the sockets as it is: for what no Slack
// would send. The frame is made for the id of an envelope. It reports whether
// the app acknowledged that in time.
func (s *Server) Throw(frame func(envelope string) []byte) bool {
	return s.exchange(true, frame).failed == ""
}

// exchange writes a frame, for the id of its envelope, to any one of the
// sockets, and waits for the acknowledgement.
func (s *Server) exchange(answers bool, frame func(id string) []byte) attempt {
	s.mu.Lock()
	if len(s.sockets) == 0 {
		s.mu.Unlock()
		return attempt{failed: "connection_failed"}
	}
	c := s.sockets[s.random.IntN(len(s.sockets))]
	id := s.secret()
	e := &envelope{socket: c, accepts: answers, answer: make(chan []byte, 1)}
	s.envelopes[id] = e
	s.mu.Unlock()

	failed := "connection_failed"
	if c.sendText(frame(id)) == nil {
		limit := time.NewTimer(s.opts.AckWithin)
		defer limit.Stop()
		select {
		case answer := <-e.answer:
			return attempt{answer: answer}
		case <-limit.C:
			failed = timedOut
		case <-c.done:
		case <-s.ctx.Done():
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.state == acknowledged { // in the very moment
		return attempt{answer: <-e.answer}
	}
	e.state = givenUp
	return attempt{failed: failed}
}

// acknowledge takes what the app wrote to a socket.
func (s *Server) acknowledge(c *socket, frame []byte) {
	if len(frame) >= maxAck {
		s.judge.add("an acknowledgement of %d bytes is dropped", len(frame))
		return
	}
	var ack struct {
		EnvelopeID string          `json:"envelope_id"`
		Payload    json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(frame, &ack); err != nil {
		s.judge.add("what came through a socket is no acknowledgement")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.envelopes[ack.EnvelopeID]
	answers := len(ack.Payload) > 0 && string(ack.Payload) != "null"
	switch {
	case e == nil:
		s.judge.add("an unknown envelope is acknowledged")
	case e.state == acknowledged:
		s.judge.add("an envelope is acknowledged twice")
	case e.state == givenUp: // too late: it was sent again
	case e.socket != c:
		s.judge.add("an envelope is acknowledged through another socket")
	default:
		if answers && !e.accepts {
			s.judge.add("an event is answered with a payload")
		}
		e.state = acknowledged
		e.answer <- ack.Payload
	}
}

// serveSocket connects the app, once for each address that was given out.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	known := s.tickets[r.PathValue("ticket")]
	delete(s.tickets, r.PathValue("ticket"))
	s.mu.Unlock()
	if !known {
		http.Error(w, "unknown ticket", http.StatusForbidden)
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // the client was told
	}
	c := &socket{conn: conn, done: make(chan struct{})}
	if !s.background(func() { s.listen(c) }) {
		conn.Close()
	}
}

// listen greets the app and takes its acknowledgements, until the connection
// ends.
func (s *Server) listen(c *socket) {
	defer c.conn.Close()
	c.write.Lock() // nothing comes before the greeting
	s.mu.Lock()
	refuse, count := s.refuse, len(s.sockets)+1
	if count > maxSockets {
		refuse = "too_many_websockets"
	}
	if s.ctx.Err() != nil {
		refuse = "refresh_requested"
	}
	if refuse == "" {
		s.sockets = append(s.sockets, c)
		s.change()
	}
	s.mu.Unlock()
	greeting := farewell(refuse)
	if refuse == "" {
		greeting = object{"type": "hello", "num_connections": count, "connection_info": object{"app_id": appID}, "debug_info": object{
			"host": "applink-1", "build_number": 1, "approximate_connection_time": 18060,
		}}
	}
	err := c.put(greeting)
	c.write.Unlock()
	if refuse != "" {
		return
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sockets = slices.DeleteFunc(s.sockets, func(o *socket) bool { return o == c })
		close(c.done)
		s.change()
	}()
	s.background(func() { s.ping(c) })
	for err == nil {
		var frame []byte
		if _, frame, err = c.conn.ReadMessage(); err == nil {
			s.acknowledge(c, frame)
		}
	}
}

// ping shows that Slack is there.
func (s *Server) ping(c *socket) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		if c.conn.WriteControl(websocket.PingMessage, []byte("ping"), time.Now().Add(ackWithin)) != nil {
			return
		}
		select {
		case <-tick.C:
		case <-c.done:
			return
		}
	}
}

func farewell(reason string) object {
	return object{"type": "disconnect", "reason": reason, "debug_info": object{"host": "applink-1"}}
}

// Sockets are how many connections the app has.
func (s *Server) Sockets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets)
}

// WaitSockets blocks until the app has n connections, or the context ends.
func (s *Server) WaitSockets(ctx context.Context, n int) error {
	if err := s.Wait(ctx, func() bool { return s.Sockets() >= n }); err != nil {
		return fmt.Errorf("%d of %d connections: %w", s.Sockets(), n, err)
	}
	return nil
}

// Disconnect tells every connection to end, as Slack does for a reason: warning
// (it ends soon, see Kill), refresh_requested, link_disabled or
// too_many_websockets.
func (s *Server) Disconnect(reason string) {
	s.mu.Lock()
	all := slices.Clone(s.sockets)
	s.mu.Unlock()
	for _, c := range all {
		if c.send(farewell(reason)) != nil || reason != "warning" {
			c.conn.Close()
		}
	}
}

// Kill cuts every connection without a word.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.sockets {
		c.conn.Close()
	}
}

// RefuseSockets ends every new connection at once, for a reason such as
// link_disabled. An empty reason lets them be.
func (s *Server) RefuseSockets(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = reason
}

// openSocket is apps.connections.open: the address of one connection.
func openSocket(c *call) (object, error) {
	ticket := c.s.secret()
	c.s.tickets[ticket] = true
	return object{"url": "ws" + strings.TrimPrefix(c.s.http.URL, "http") + "/socket/" + ticket}, nil
}
