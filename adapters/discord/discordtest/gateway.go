package discordtest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// Opcodes of the gateway.
// Source: https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-opcodes
const (
	opDispatch  = 0
	opHeartbeat = 1
	opIdentify  = 2
	opPresence  = 3
	opVoice     = 4
	opResume    = 6
	opReconnect = 7
	opMembers   = 8
	opInvalid   = 9
	opHello     = 10
	opAck       = 11
)

// Codes with which Discord closes a connection.
// Source: https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
const (
	closeOpcode    = 4001
	closeDecode    = 4002
	closeNobody    = 4003
	closeToken     = 4004
	closeAgain     = 4005
	closeSequence  = 4007
	closeRate      = 4008
	closeTimeout   = 4009
	closeShard     = 4010
	closeSharding  = 4011
	closeVersion   = 4012
	closeIntents   = 4013
	closeForbidden = 4014
)

// Intents say what a session wants to hear.
// Source: https://docs.discord.com/developers/events/gateway#list-of-intents
const (
	intentGuilds         = 1 << 0
	intentMembers        = 1 << 1
	intentPresences      = 1 << 8
	intentMessages       = 1 << 9
	intentReactions      = 1 << 10
	intentDMs            = 1 << 12
	intentDMReactions    = 1 << 13
	intentContent        = 1 << 15
	allIntents           = 1<<26 - 1
	mostGuildsOfOneShard = 2500 // Source: https://docs.discord.com/developers/events/gateway#sharding
	guildsPerShard       = 1000 // as Discord recommends
)

const (
	// A client may send so many frames in a minute, each so long, in bytes.
	// Source: https://docs.discord.com/developers/events/gateway#rate-limiting
	sendsPerMinute = 120
	maxSent        = 4096
	// identifyDay is how long Discord counts IDENTIFYs.
	identifyDay = 24 * time.Hour
	// writeWithin is how long a frame may take to be written; ours.
	writeWithin = 5 * time.Second
	// leaveWithin is how long a client has to go once it was told to; ours.
	leaveWithin = time.Second
	// askEvery is how often a client is asked what it has read; ours.
	askEvery = 5 * time.Millisecond
	// slack is how much later than an interval a heartbeat may come on a busy
	// machine; ours.
	slack = time.Second
)

// An event is something that happened, for those who may hear of it.
type event struct {
	name   string
	guild  string // empty: in private
	intent int    // what a session must want; 0: every session hears of it
	data   object
	bare   object // data for those from whom words are withheld; nil: the same
}

// A frame is a payload of the gateway, or the code that ends a connection.
type frame struct {
	seq  int
	body []byte
	code int
}

// A session outlives its connections.
type session struct {
	id      string
	shard   [2]int // which of how many
	intents int
	seq     int     // of the last event
	log     []frame // the last events, to be replayed
	dropped int     // the seq of the last one that no longer can be
	acked   int     // seq that the last heartbeat named
	socket  *socket // nil: not connected
	left    time.Time
}

// A Session is what Discord knows of one: see [Server.Sessions].
type Session struct {
	ID        string
	Shard     int
	Shards    int
	Intents   int
	Connected bool
	Sent      int // sequence number of the last event
	Read      int // that the bot's last heartbeat named
}

// Sessions are those that live, connected or not, in the order they began.
// Two of one shard both hear everything.
func (s *Server) Sessions() []Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	var all []Session
	for _, one := range s.sessions {
		all = append(all, Session{one.id, one.shard[0], one.shard[1], one.intents, one.socket != nil, one.seq, one.acked})
	}
	return all
}

// expire ends sessions that nobody came back to. The lock is held.
func (s *Server) expire() {
	now := s.opts.Now()
	s.sessions = slices.DeleteFunc(s.sessions, func(one *session) bool {
		return one.socket == nil && now.Sub(one.left) > s.opts.SessionLasts
	})
}

// hears reports whether a session is told of an event.
// Source: https://docs.discord.com/developers/events/gateway#sharding
func (one *session) hears(e event) bool {
	shard := int((number(e.guild) >> 22) % uint64(one.shard[1]))
	return shard == one.shard[0] && (e.intent == 0 || one.intents&e.intent != 0)
}

// tell tells every session of an event. The lock is held.
func (s *Server) tell(e event) {
	if g := s.guilds[e.guild]; g != nil && e.name != "GUILD_DELETE" {
		if _, in := g.members[botID]; !in {
			return
		}
	}
	s.expire()
	for _, one := range s.sessions {
		if !one.hears(e) {
			continue
		}
		data := e.data
		if e.bare != nil && (!s.opts.MessageContent || one.intents&intentContent == 0) {
			data = e.bare
		}
		s.dispatch(one, e.name, data)
	}
	s.change()
}

// tellGuild tells every session all about a server. The lock is held.
func (s *Server) tellGuild(g *guild) {
	for _, one := range s.sessions {
		if one.hears(event{guild: g.ID, intent: intentGuilds}) {
			s.dispatch(one, "GUILD_CREATE", s.guildEvent(g, one.intents))
		}
	}
	s.change()
}

// dispatch numbers an event of a session, keeps it, and sends it if there is a
// connection. The lock is held.
func (s *Server) dispatch(one *session, name string, data object) {
	one.seq++
	payload := object{"op": opDispatch, "s": one.seq, "t": name}
	if data != nil {
		payload["d"] = data
	}
	f := frame{seq: one.seq, body: encode(payload)}
	one.log = append(one.log, f)
	if len(one.log) > s.opts.Replayed {
		one.dropped = one.log[0].seq
		one.log = slices.Delete(one.log, 0, 1)
	}
	if s.sent != nil {
		s.sent(payload)
	}
	if one.socket != nil {
		one.socket.queue(f)
	}
}

// flush waits until what was told is on its way to every connection. The lock
// is not held.
func (s *Server) flush() {
	_ = s.Wait(s.ctx, func() bool { // whoever waits for more has closed the server
		s.mu.Lock()
		defer s.mu.Unlock()
		return !slices.ContainsFunc(s.sockets, func(c *socket) bool { return c.writing || len(c.out) > 0 })
	})
}

// A socket is a connection to the gateway.
type socket struct {
	s      *Server
	conn   *websocket.Conn
	resume bool // it came to the address for that
	done   chan struct{}

	// Under the server's lock.
	out     []frame
	writing bool
	wake    chan struct{} // one at most
	session *session
	ended   bool        // with a code: the client is to go
	asked   int         // seq up to which a heartbeat was asked for
	owed    bool        // the client owes one
	sends   []time.Time // in the last minute
}

// queue sends a frame after those before it. The lock is held.
func (c *socket) queue(f frame) {
	if c.ended && f.code == 0 {
		return
	}
	c.out = append(c.out, f)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// say sends a payload that is not an event. The lock is held.
func (c *socket) say(op int, data any) {
	payload := object{"op": op, "s": nil, "t": nil}
	if data != nil {
		payload["d"] = data
	}
	if c.s.sent != nil {
		c.s.sent(payload)
	}
	c.queue(frame{body: encode(payload)})
}

// settled reports whether the client has read all it was told, and asks it, once
// for each state. The lock is held.
func (c *socket) settled() bool {
	if c.session == nil || c.session.acked >= c.session.seq {
		return true
	}
	if c.asked < c.session.seq {
		c.asked = c.session.seq
		c.say(opHeartbeat, nil)
		c.owed = true
	}
	return false
}

// askAgain lets a client that has not read all be asked again, after a while.
func (c *socket) askAgain() {
	wait := time.NewTimer(askEvery)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-c.done:
		return
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.asked = 0
	c.s.change()
}

// hangUp ends a connection with a code, after all that is to be written before:
// the session stays. The lock is held.
func (c *socket) hangUp(code int) {
	if c.ended {
		return
	}
	c.ended = true
	if c.session != nil {
		c.session.socket, c.session.left = nil, c.s.opts.Now()
		c.session = nil
	}
	c.queue(frame{code: code})
	c.s.change()
}

// serveGateway connects a client.
func (s *Server) serveGateway(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	away, silent := s.gate.away, s.gate.silent
	s.mu.Unlock()
	if away {
		http.Error(w, "no gateway", http.StatusServiceUnavailable)
		return
	}
	q := r.URL.Query()
	version := q.Get("v")
	if q.Get("encoding") != "json" || version == "" {
		s.judge.add("gateway: the address lacks v or encoding=json")
	}
	if q.Get("compress") != "" {
		s.judge.add("gateway: asks for compression, which is not served here")
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // the client was told
	}
	c := &socket{s: s, conn: conn, resume: strings.HasPrefix(r.URL.Path, "/resume"), done: make(chan struct{}), wake: make(chan struct{}, 1)}
	s.mu.Lock()
	s.sockets = append(s.sockets, c)
	if !silent {
		c.say(opHello, object{"heartbeat_interval": s.opts.HeartbeatInterval.Milliseconds(), "_trace": []string{}})
	}
	s.change()
	s.mu.Unlock()
	if !s.background(func() { s.listen(c, version) }) {
		s.drop(c)
		conn.Close()
		return
	}
	s.background(c.write)
}

// write sends what is to be sent, until the connection ends.
func (c *socket) write() {
	for {
		c.s.mu.Lock()
		batch := c.out
		c.out, c.writing = nil, len(batch) > 0
		if len(batch) == 0 {
			c.s.change()
		}
		c.s.mu.Unlock()
		for _, f := range batch {
			if f.code != 0 {
				c.dismiss(f.code)
				continue
			}
			err := c.conn.SetWriteDeadline(time.Now().Add(writeWithin))
			if err == nil {
				err = c.conn.WriteMessage(websocket.TextMessage, f.body)
			}
			if err != nil {
				c.conn.Close() // the reader ends it
				break
			}
		}
		if len(batch) > 0 {
			continue
		}
		select {
		case <-c.wake:
		case <-c.done:
			return
		}
	}
}

// dismiss tells the client to go. The connection is not closed at once: that
// might take the code away before it is read.
func (c *socket) dismiss(code int) {
	_ = c.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(writeWithin)) // gone already, or not
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.wait(leaveWithin)
}

// wait says how long the client may be silent. The lock is held.
func (c *socket) wait(d time.Duration) {
	if c.conn.NetConn().SetReadDeadline(time.Now().Add(d)) != nil {
		c.conn.Close() // it is gone
	}
}

// drop forgets a connection that has ended.
func (s *Server) drop(c *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets = slices.DeleteFunc(s.sockets, func(o *socket) bool { return o == c })
	if c.session != nil {
		c.session.socket, c.session.left = nil, s.opts.Now()
	}
	c.out, c.writing = nil, false
	close(c.done)
	s.change()
}

// listen takes what a client sends, until the connection ends.
func (s *Server) listen(c *socket, version string) {
	defer s.drop(c) // once the lock is given back
	defer c.conn.Close()
	if s.ctx.Err() != nil {
		return // closing, and maybe past those that were cut
	}
	if version != "9" && version != "10" {
		s.mu.Lock()
		c.hangUp(closeVersion)
		s.mu.Unlock()
	}
	patience := 2*s.opts.HeartbeatInterval + slack
	beat := true
	for {
		s.mu.Lock()
		if beat && !c.ended {
			c.wait(patience)
		}
		s.mu.Unlock()
		_, body, err := c.conn.ReadMessage()
		if err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() && !c.ended && !s.gate.silent {
				s.judge.add("gateway: no heartbeat for %s", patience)
			}
			if websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway) && c.session != nil {
				s.leave(c)
			}
			return
		}
		var code int
		if code, beat = s.take(c, body); code == closed {
			return
		} else if code != 0 {
			s.judge.add("gateway: closed with %d", code)
			s.mu.Lock()
			c.hangUp(code)
			s.mu.Unlock()
		}
	}
}

// closed is no code: the connection ends without one.
const closed = -1

// take does what a client sent. It returns the code that it is closed with, if
// so, and whether it was a heartbeat.
func (s *Server) take(c *socket, body []byte) (code int, beat bool) {
	var p struct {
		Op *int            `json:"op"`
		D  json.RawMessage `json:"d"`
	}
	if len(body) > maxSent || json.Unmarshal(body, &p) != nil || p.Op == nil {
		return closeDecode, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.change()
	if c.ended {
		return 0, false
	}
	now := time.Now()
	c.sends = slices.DeleteFunc(c.sends, func(at time.Time) bool { return now.Sub(at) > time.Minute })
	if c.owed && *p.Op == opHeartbeat {
		c.owed = false // what was asked for does not count
	} else if c.sends = append(c.sends, now); len(c.sends) > sendsPerMinute {
		return closeRate, false
	}
	switch *p.Op {
	case opHeartbeat:
		s.heartbeat(c, p.D)
		return 0, true
	case opIdentify, opResume:
		if c.session != nil {
			return closeAgain, false
		}
		if s.gate.meet != nil {
			if w := s.gate.meet(*p.Op); w != (Welcome{}) {
				return s.receive(c, w), false
			}
		}
		if *p.Op == opResume {
			return s.resume(c, p.D), false
		}
		return s.identify(c, p.D), false
	case opPresence, opVoice, opMembers:
		if c.session == nil {
			return closeNobody, false
		}
		return 0, false // nothing here depends on it
	default:
		return closeOpcode, false
	}
}

// receive answers as a test wants it. The lock is held.
func (s *Server) receive(c *socket, w Welcome) int {
	switch {
	case w.Cut:
		return closed
	case w.Reconnect:
		c.say(opReconnect, nil)
	case w.Invalid:
		c.say(opInvalid, w.Resumable)
	case w.Close != 0:
		c.hangUp(w.Close) // it is no fault of the client's
	}
	return 0
}

// heartbeat takes the sign of life of a client. The lock is held.
func (s *Server) heartbeat(c *socket, raw json.RawMessage) {
	var seq *int
	if err := json.Unmarshal(raw, &seq); err != nil {
		s.judge.add("gateway: a heartbeat with %s", raw)
	}
	if one := c.session; one != nil {
		read := 0 // nothing yet
		if seq != nil {
			read = *seq
		}
		if read > one.seq {
			s.judge.add("gateway: a heartbeat names event %d of %d", read, one.seq)
		}
		one.acked = read
		if read < one.seq && c.asked > 0 {
			s.background(c.askAgain)
		}
	}
	if !s.gate.deaf {
		c.say(opAck, nil)
	}
}

// identify begins a session. The lock is held.
func (s *Server) identify(c *socket, raw json.RawMessage) int {
	var d struct {
		Token      string            `json:"token"`
		Intents    *int              `json:"intents"`
		Shard      []int             `json:"shard"`
		Properties map[string]string `json:"properties"`
	}
	if json.Unmarshal(raw, &d) != nil {
		return closeDecode
	}
	if strings.TrimPrefix(d.Token, "Bot ") != s.token {
		return closeToken
	}
	if d.Properties == nil {
		s.judge.add("gateway: IDENTIFY without properties")
	}
	shard := [2]int{0, 1}
	if d.Shard != nil {
		if len(d.Shard) != 2 || d.Shard[1] < 1 || d.Shard[0] < 0 || d.Shard[0] >= d.Shard[1] {
			return closeShard
		}
		shard = [2]int(d.Shard)
	}
	switch {
	case s.guildCount() >= mostGuildsOfOneShard*shard[1]:
		return closeSharding
	case d.Intents == nil || *d.Intents < 0 || *d.Intents > allIntents:
		return closeIntents
	case *d.Intents&intentPresences != 0, *d.Intents&intentMembers != 0 && !s.opts.GuildMembers, *d.Intents&intentContent != 0 && !s.opts.MessageContent:
		return closeForbidden
	}
	if !s.start(shard[0]) {
		c.say(opInvalid, false)
		return 0
	}
	one := &session{id: s.secret(), shard: shard, intents: *d.Intents, socket: c}
	s.sessions = append(s.sessions, one)
	c.session = one
	guilds, told := []object{}, []*guild{}
	for _, g := range s.ours() {
		if one.hears(event{guild: g.ID}) {
			guilds = append(guilds, object{"id": g.ID, "unavailable": true})
			told = append(told, g)
		}
	}
	flags := s.flags()
	s.dispatch(one, "READY", object{
		"v": 10, "user": s.selfJSON(), "guilds": guilds, "session_id": one.id, "resume_gateway_url": s.gatewayURL("/resume"), "shard": shard,
		"application": object{"id": appID, "flags": flags, "flags_new": fmt.Sprint(flags)}, "private_channels": []object{}, "session_type": "normal",
	})
	if one.intents&intentGuilds != 0 {
		for _, g := range told {
			s.dispatch(one, "GUILD_CREATE", s.guildEvent(g, one.intents))
		}
	}
	return 0
}

// start counts an IDENTIFY, and reports whether it may be. The lock is held.
// Source: https://docs.discord.com/developers/events/gateway#rate-limiting
func (s *Server) start(shard int) bool {
	now := s.opts.Now()
	s.starts = slices.DeleteFunc(s.starts, func(at time.Time) bool { return now.Sub(at) >= identifyDay })
	if len(s.starts) >= s.opts.SessionStarts {
		s.judge.add("gateway: more than %d IDENTIFYs in a day", s.opts.SessionStarts)
		return false
	}
	s.starts = append(s.starts, now)
	if s.opts.IdentifyEvery == 0 {
		return true
	}
	key := shard % s.opts.MaxConcurrency
	if w := s.started[key]; w.count > 0 && now.Sub(w.since) < s.opts.IdentifyEvery {
		s.judge.add("gateway: IDENTIFY of shard %d within %s", shard, s.opts.IdentifyEvery)
		return false
	}
	s.started[key] = window{now, 1}
	return true
}

// resume goes on with a session: what was missed comes first. The lock is held.
// Source: https://docs.discord.com/developers/events/gateway#resuming
func (s *Server) resume(c *socket, raw json.RawMessage) int {
	var d struct {
		Token   string `json:"token"`
		Session string `json:"session_id"`
		Seq     int    `json:"seq"`
	}
	if json.Unmarshal(raw, &d) != nil {
		return closeDecode
	}
	if strings.TrimPrefix(d.Token, "Bot ") != s.token {
		return closeToken
	}
	if !c.resume {
		s.judge.add("gateway: RESUME at another address than resume_gateway_url")
	}
	s.expire()
	i := slices.IndexFunc(s.sessions, func(one *session) bool { return one.id == d.Session })
	if i < 0 || d.Seq < s.sessions[i].dropped {
		if s.gate.forgotten != 0 {
			c.hangUp(s.gate.forgotten)
			return 0
		}
		c.say(opInvalid, false)
		return 0
	}
	one := s.sessions[i]
	if d.Seq < 0 || d.Seq > one.seq {
		return closeSequence
	}
	if old := one.socket; old != nil { // the client has given it up
		old.session = nil
		old.conn.Close()
	}
	one.socket, c.session = c, one
	one.acked = d.Seq
	for _, f := range one.log {
		if f.seq > d.Seq {
			c.queue(f)
		}
	}
	s.dispatch(one, "RESUMED", nil)
	return 0
}

// gatewayURL is where the gateway is.
func (s *Server) gatewayURL(path string) string {
	return "ws" + strings.TrimPrefix(s.http.URL, "http") + path
}

// getGateway and getGatewayBot tell where the gateway is.
func getGateway(c *call) (any, error) { return object{"url": c.s.gatewayURL("/gateway")}, nil }

func getGatewayBot(c *call) (any, error) {
	s := c.s
	now := s.opts.Now()
	s.starts = slices.DeleteFunc(s.starts, func(at time.Time) bool { return now.Sub(at) >= identifyDay })
	var reset time.Duration
	if len(s.starts) > 0 {
		reset = identifyDay - now.Sub(s.starts[0])
	}
	return object{
		"url": s.gatewayURL("/gateway"), "shards": max(cmp.Or(s.opts.Shards, 1), (s.guildCount()+guildsPerShard-1)/guildsPerShard),
		"session_start_limit": object{
			"total": s.opts.SessionStarts, "remaining": max(0, s.opts.SessionStarts-len(s.starts)), "reset_after": reset.Milliseconds(),
			"max_concurrency": s.opts.MaxConcurrency,
		},
	}, nil
}

// encode is v as JSON. It panics where that cannot be.
func encode(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}
