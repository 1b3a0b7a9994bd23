package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// What frames are for.
// Source: https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-opcodes
const (
	opDispatch       = 0
	opHeartbeat      = 1
	opIdentify       = 2
	opResume         = 6
	opReconnect      = 7
	opInvalidSession = 9
	opHello          = 10
	opHeartbeatACK   = 11
)

const (
	// helloWithin is how long HELLO may take, and readyWithin the first answer to
	// what we say then. Both are ours.
	helloWithin = 15 * time.Second
	readyWithin = time.Minute
	// shortestBeat and longestBeat bound what we take for a heartbeat's interval;
	// Discord says about 41 s.
	// Source: https://docs.discord.com/developers/events/gateway#hello-event
	shortestBeat = 2 * time.Second
	longestBeat  = 10 * time.Minute
	// maxSends is how much may be sent in a sendWindow on one connection. With the
	// shortest heartbeat a quarter of it is taken; what Discord asks for beside
	// that gets half of it.
	// Source: https://docs.discord.com/developers/events/gateway#rate-limiting
	maxSends   = 120
	sendWindow = time.Minute
	// slowDown is how long Discord is left alone that says we are too fast.
	slowDown = 5 * time.Second
	// invalidShortest and invalidLongest are how long Discord is left alone whose
	// session is not valid: a random time between them.
	// Source: https://docs.discord.com/developers/events/gateway#resuming
	invalidShortest = time.Second
	invalidLongest  = 5 * time.Second
	// leaving is the code with which we close. With 1000 and 1001 the session
	// would be over.
	// Source: https://docs.discord.com/developers/events/gateway#initiating-a-disconnect
	leaving = 4000
	// writing is how long a frame may take to be sent, and parting the last one.
	writing = 10 * time.Second
	parting = time.Second
	// maxFrame is how many bytes a frame may have. Discord names no limit; a
	// large server's GUILD_CREATE has a few megabytes.
	maxFrame = 16 << 20
	// maxQueue dispatches and maxQueued bytes are how much may have come that is
	// not taken in yet. Beyond it nothing is read. Both are ours.
	maxQueue  = 256
	maxQueued = 32 << 20
)

// A frame is what comes through a connection, of which only the outside is
// read.
type frame struct {
	Op   int             `json:"op"`
	Seq  int64           `json:"s"` // of a dispatch
	Type string          `json:"t"` // likewise
	Data json.RawMessage `json:"d"`
}

// parseFrame reads a frame. It refuses what does not say what it is for, and a
// dispatch that has no name or no number.
func parseFrame(data []byte) (frame, error) {
	f := frame{Op: -1}
	if err := json.Unmarshal(data, &f); err != nil {
		return frame{}, err
	}
	switch {
	case f.Op < 0:
		return frame{}, errors.New("frame without an op")
	case f.Op == opDispatch && (f.Type == "" || f.Seq < 1):
		return frame{}, errors.New("dispatch without a name or a number")
	}
	return f, nil
}

// parseHello is the interval of the heartbeat.
func parseHello(data []byte) (time.Duration, error) {
	var hello struct {
		Interval float64 `json:"heartbeat_interval"` // milliseconds
	}
	if err := json.Unmarshal(data, &hello); err != nil {
		return 0, fmt.Errorf("read HELLO: %w", err)
	}
	if hello.Interval < float64(shortestBeat/time.Millisecond) || hello.Interval > float64(longestBeat/time.Millisecond) {
		return 0, fmt.Errorf("discord wants a heartbeat each %g ms", hello.Interval)
	}
	return time.Duration(hello.Interval * float64(time.Millisecond)), nil
}

// What we say.
// Source: https://docs.discord.com/developers/events/gateway-events#identify and #resume
type (
	saying struct {
		Op   int `json:"op"`
		Data any `json:"d"`
	}
	identify struct {
		Token      string     `json:"token"`
		Properties properties `json:"properties"`
		Shard      [2]int     `json:"shard"`
		Intents    int        `json:"intents"`
	}
	properties struct {
		OS      string `json:"os"`
		Browser string `json:"browser"`
		Device  string `json:"device"`
	}
	resume struct {
		Token   string `json:"token"`
		Session string `json:"session_id"`
		Seq     int64  `json:"seq"`
	}
)

// A socket is one connection to the gateway. Its loop neither reads nor
// dispatches, so nothing keeps its heart from beating.
type socket struct {
	g       *gateway
	conn    *websocket.Conn
	session gatewaySession // to be resumed; without an id: begin one
	number  int64          // of the session whose dispatches come

	queue  []dispatch
	queued int // bytes

	deadline *time.Timer // by which Discord must have said something
	beat     *time.Timer
	interval time.Duration
	answered bool // the last heartbeat was
	behind   bool // since then there was a time when nothing was read
	sent     []time.Time

	greeted bool      // HELLO came
	since   time.Time // when the session began or was resumed
}

// An arrival is a frame that came, or why it could not be read.
type arrival struct {
	frame
	fault error
}

// A dispatch is something that happened, as a session tells it.
type dispatch struct {
	frame
	number int64 // of the session
}

func newSocket(g *gateway, conn *websocket.Conn, session gatewaySession) *socket {
	// The library would send Discord's close code back, but 1000 from our side
	// ends the session.
	conn.SetCloseHandler(func(int, string) error { return nil })
	return &socket{g: g, conn: conn, session: session, number: session.number, answered: true}
}

// run serves the connection until it ends, and closes it. It returns once its
// goroutines have, with what was being dispatched.
func (s *socket) run(ctx context.Context) ending {
	arrivals := make(chan arrival)
	work := make(chan dispatch)
	failed := make(chan error, 1)
	done := make(chan struct{})
	var running sync.WaitGroup
	var broken error // what reading ended with, once arrivals is closed
	running.Go(func() {
		defer close(arrivals)
		broken = s.read(arrivals, done)
	})
	running.Go(func() { s.dispatch(ctx, work, failed, done) })
	end, over := s.loop(ctx, arrivals, work, failed)
	if over {
		end = refused(broken)
	} else {
		// Whether it arrives does not matter.
		s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(leaving, ""), time.Now().Add(parting))
	}
	s.conn.Close()
	end.greeted = s.greeted
	if !s.since.IsZero() {
		end.lasted = time.Since(s.since)
		defer s.g.o.Linked(false)
	}
	if end.anew {
		s.finish(ctx, work, failed)
	}
	close(done)
	running.Wait()
	return end
}

// linked notes that the session goes on.
func (s *socket) linked() {
	if s.since.IsZero() {
		s.g.o.Linked(true)
	}
	s.since = time.Now()
}

// finish dispatches what is in hand, for a session that is over repeats
// nothing.
func (s *socket) finish(ctx context.Context, work chan<- dispatch, failed <-chan error) {
	for i, d := range s.queue {
		select {
		case work <- d:
		case err := <-failed:
			s.g.o.Log.Warn("something from Discord could not be taken in, and will not come again", "err", err, "after it", len(s.queue)-i)
			return
		case <-ctx.Done():
			return
		}
	}
}

// read hands over what comes until the line breaks or is closed, and returns
// why.
func (s *socket) read(arrivals chan<- arrival, done <-chan struct{}) error {
	for {
		_, r, err := s.conn.NextReader()
		if err != nil {
			return err
		}
		data, err := io.ReadAll(io.LimitReader(r, maxFrame+1))
		if err != nil {
			return err
		}
		var a arrival
		if len(data) <= maxFrame {
			a.frame, a.fault = parseFrame(data)
		} else {
			// It is left out, for with the connection it would only come again.
			rest, err := io.Copy(io.Discard, r)
			if err != nil {
				return err
			}
			a.fault = fmt.Errorf("frame of %d bytes", int64(len(data))+rest)
		}
		select {
		case arrivals <- a:
		case <-done:
			return nil
		}
	}
}

// dispatch hands over what happened, one after the other, until one fails.
func (s *socket) dispatch(ctx context.Context, work <-chan dispatch, failed chan<- error, done <-chan struct{}) {
	for {
		select {
		case d := <-work:
			if err := s.g.o.Dispatch(ctx, d.Type, d.Data); err != nil {
				failed <- fmt.Errorf("take in %s: %w", d.Type, err)
				return
			}
			s.g.accepted(d.number, d.Seq)
		case <-done:
			return
		}
	}
}

// loop does what there is to do until the connection is to end. Over says that
// it has ended already.
func (s *socket) loop(ctx context.Context, arrivals <-chan arrival, work chan<- dispatch, failed <-chan error) (end ending, over bool) {
	s.deadline = time.NewTimer(helloWithin)
	defer s.deadline.Stop()
	s.beat = time.NewTimer(longestBeat)
	defer s.beat.Stop()
	s.beat.Stop() // until HELLO says how fast it is
	for {
		// With too much in hand nothing is read, so no answer to a heartbeat either:
		// that one is not missed.
		in := arrivals
		if s.full() {
			in, s.behind = nil, true
		}
		var out chan<- dispatch
		var next dispatch
		if len(s.queue) > 0 {
			out, next = work, s.queue[0]
		}
		var ended *ending
		select {
		case <-ctx.Done():
			return ending{err: ctx.Err()}, false
		case err := <-failed:
			return ending{err: err}, false
		case <-s.deadline.C:
			return ending{err: errors.New("nothing was heard in time")}, false
		case <-s.beat.C:
			ended = s.beats()
		case out <- next:
			s.queue[0] = dispatch{}
			s.queue, s.queued = s.queue[1:], s.queued-len(next.Data)
		case a, ok := <-in:
			if !ok {
				return ending{}, true
			}
			ended = s.take(ctx, a)
		}
		if ended != nil {
			return *ended, false
		}
	}
}

// full reports whether nothing more can be taken in hand.
func (s *socket) full() bool { return len(s.queue) >= maxQueue || s.queued >= maxQueued }

// beats sends the heartbeat that is due, unless the one before was not
// answered: then the line is dead, though nothing says so.
// Source: https://docs.discord.com/developers/events/gateway#sending-heartbeats
func (s *socket) beats() *ending {
	if !s.answered && !s.behind {
		return &ending{err: errors.New("a heartbeat was not answered")}
	}
	s.answered, s.behind = false, false
	s.beat.Reset(s.interval)
	return s.say(opHeartbeat, s.progress())
}

// progress is what a heartbeat tells. Discord may forget what it was told to
// have arrived, so it is told no more than what was accepted.
func (s *socket) progress() any {
	if session := s.g.current(); session.seq > 0 {
		return session.seq
	}
	return nil
}

// take does what a frame is for. It returns how the connection is to end, if it
// is.
func (s *socket) take(ctx context.Context, a arrival) *ending {
	if a.fault != nil {
		s.g.o.Log.Warn("something from Discord could not be read and is left out", "err", a.fault)
		s.g.o.Fresh(ctx)
		return nil
	}
	switch a.Op {
	case opHello:
		return s.hello(a.frame)
	case opDispatch:
		s.happened(ctx, a.frame)
	case opHeartbeat:
		if s.room() {
			return s.say(opHeartbeat, s.progress())
		}
	case opHeartbeatACK:
		s.answered = true
	case opReconnect:
		return &ending{err: errors.New("we are to connect anew")}
	case opInvalidSession:
		var resumable bool
		if err := json.Unmarshal(a.Data, &resumable); err != nil {
			resumable = false
		}
		return &ending{
			err:  errors.New("the session is not valid"),
			anew: !resumable,
			wait: invalidShortest + mathrand.N(invalidLongest-invalidShortest),
		}
	}
	return nil
}

// hello answers HELLO: it resumes the session, or begins one.
func (s *socket) hello(f frame) *ending {
	if s.greeted {
		return nil
	}
	interval, err := parseHello(f.Data)
	if err != nil {
		return &ending{err: err}
	}
	if !s.g.sure() {
		return &ending{err: errors.New("the shard may be another replica's by now"), wait: 2 * saving} // it is looked until then
	}
	s.greeted = true
	s.deadline.Reset(readyWithin)
	s.interval = interval
	s.beat.Reset(mathrand.N(interval)) // so that not all hearts beat at once
	if s.session.id != "" {
		return s.say(opResume, resume{s.g.o.Token, s.session.id, s.session.seq})
	}
	return s.say(opIdentify, identify{
		Token:      s.g.o.Token,
		Properties: properties{runtime.GOOS, "signpost", "signpost"},
		Shard:      [2]int{s.g.o.Shard, s.g.o.Shards},
		Intents:    s.g.o.Intents,
	})
}

// happened takes a dispatch in hand.
func (s *socket) happened(ctx context.Context, f frame) {
	if !s.greeted {
		return
	}
	s.deadline.Stop()
	switch f.Type {
	case "READY":
		var ready struct {
			Session string `json:"session_id"`
			URL     string `json:"resume_gateway_url"`
		}
		if err := json.Unmarshal(f.Data, &ready); err != nil {
			s.g.o.Log.Warn("the new session cannot be resumed later", "err", err)
		}
		s.number = s.g.begin(ready.Session, s.g.resumable(ready.URL))
		s.linked()
		s.g.o.Log.Info("connected to Discord", "session", "new")
		s.g.o.Fresh(ctx)
	case "RESUMED":
		s.linked()
		s.g.o.Log.Info("connected to Discord", "session", "resumed")
	}
	s.queue = append(s.queue, dispatch{f, s.number})
	s.queued += len(f.Data)
}

// say sends something.
func (s *socket) say(op int, what any) *ending {
	data, err := json.Marshal(saying{op, what})
	if err == nil {
		err = s.conn.SetWriteDeadline(time.Now().Add(writing))
	}
	if err == nil {
		err = s.conn.WriteMessage(websocket.TextMessage, data)
	}
	if err != nil {
		return &ending{err: fmt.Errorf("write to Discord: %w", err)}
	}
	s.sent = append(s.sent, time.Now())
	return nil
}

// room reports whether something may be sent that is not due by itself. It
// leaves enough for what is.
func (s *socket) room() bool {
	s.sent = slices.DeleteFunc(s.sent, func(at time.Time) bool { return time.Since(at) >= sendWindow })
	return s.greeted && len(s.sent) < cmp.Or(s.g.o.Beats, maxSends/2)
}
