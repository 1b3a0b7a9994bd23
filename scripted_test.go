package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A weather is how a scripted platform behaves. Shares are from 0 to 1.
type weather struct {
	Copies   int           // how often each event is sent; 0: once
	Late     float64       // share of events that come again, a second after they were acknowledged
	Lost     float64       // share of events whose first sending gets lost
	Shuffled time.Duration // events of different lanes overtake each other by up to this
	Slow     time.Duration // an answer takes up to this
	Limited  float64       // share of sends answered 429, with a time to wait
	Failing  float64       // share of sends answered 500
	Cut      float64       // share of sends that are stored, and then the connection is cut
	Mute     float64       // share of deliveries of which nobody can say what became of them
}

// resend is how long a scripted platform waits for an acknowledgement.
const resend = 1500 * time.Millisecond

// A frame is a line of what the bot and a scripted platform say to each other.
// A connection is for one of two things, which its first frame says: events, of
// which each is acknowledged, or calls, of which each is answered.
type frame struct {
	For      string         `json:"for,omitempty"` // first: events or calls
	Event    *chat.Event    `json:"event,omitempty"`
	Ack      chat.EventID   `json:"ack,omitempty"`
	Confirm  bool           `json:"confirm,omitempty"` // a call: what became of the delivery?
	Delivery *chat.Delivery `json:"delivery,omitempty"`
	Status   int            `json:"status,omitempty"` // of an answer: 200, 429 or 500
	After    time.Duration  `json:"after,omitempty"`  // nanoseconds, with 429
	Receipt  chat.Receipt   `json:"receipt,omitzero"`
	Finding  chat.Finding   `json:"finding,omitempty"`
}

// A scripted is a chat platform for tests. It lives in a process that nobody
// kills, is reached over loopback, and keeps a record of its own. Like a real
// platform it repeats an event until that is acknowledged, and sends a person's
// events in one place one after the other.
type scripted struct {
	weather weather
	address string
	ended   context.Context
	end     context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex
	dice     *rand.Rand
	listener net.Listener // nil: down
	conns    map[net.Conn]bool
	streams  []*stream
	lanes    map[chat.Lane][]*parcel // not acknowledged, in order; the first is under way
	waiting  map[chat.EventID]*parcel
	accepted int
	progress int // counts acknowledgements and stored replies

	messages int                      // ever posted
	places   map[chat.Place][]message // what stands there, in the order it came
	stored   map[string]chat.Receipt  // by delivery
	confirms int                      // how often Confirm was asked
	unknown  map[chat.Key]int         // deliveries that nobody could say anything of
	arrived  map[chat.Key]*arrival
}

// A stream is a connection that takes events.
type stream struct {
	out  chan chat.Event
	gone bool
}

// A parcel is an event on its way to the bot.
type parcel struct {
	event chat.Event
	by    *stream // nil: nobody has it
	at    time.Time
	tries int
}

// A message is what a scripted platform has stored.
type message struct {
	delivery string
	at       chat.MessageID
	reply    chat.Reply
}

// An arrival is the first message under a Key.
type arrival struct {
	done  chan struct{}
	reply chat.Reply
	at    chat.Receipt
}

func newScripted(w weather, seed uint64) (*scripted, error) {
	ended, end := context.WithCancel(context.Background())
	s := &scripted{
		weather: w, ended: ended, end: end, dice: rand.New(rand.NewPCG(seed, seed)),
		conns: map[net.Conn]bool{}, lanes: map[chat.Lane][]*parcel{}, waiting: map[chat.EventID]*parcel{},
		places: map[chat.Place][]message{}, stored: map[string]chat.Receipt{},
		unknown: map[chat.Key]int{}, arrived: map[chat.Key]*arrival{},
	}
	if err := s.up(); err != nil {
		return nil, err
	}
	s.running.Go(s.redeliver)
	return s, nil
}

// up takes connections again, at the same address.
func (s *scripted) up() error {
	l, err := net.Listen("tcp", cmp.Or(s.address, "127.0.0.1:0"))
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.listener, s.address = l, l.Addr().String()
	s.mu.Unlock()
	s.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			open := s.listener == l
			if open {
				s.conns[conn] = true
			}
			s.mu.Unlock()
			if !open {
				conn.Close()
				return
			}
			s.running.Go(func() { s.serve(conn) })
		}
	})
	return nil
}

// down closes everything, as an outage does.
func (s *scripted) down() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		s.listener.Close()
		s.listener = nil
	}
	for conn := range s.conns {
		conn.Close()
	}
}

func (s *scripted) close() {
	s.end()
	s.down()
	s.running.Wait()
}

// chance is true in a share of all cases. The lock is held.
func (s *scripted) chance(share float64) bool { return share > 0 && s.dice.Float64() < share }

// upTo is a time below d. The lock is held.
func (s *scripted) upTo(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(s.dice.Int64N(int64(d)))
}

// emit sends an event when those before it in its lane are acknowledged.
func (s *scripted) emit(e chat.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &parcel{event: e}
	lane := e.Lane()
	s.lanes[lane] = append(s.lanes[lane], p)
	if len(s.lanes[lane]) == 1 {
		s.waiting[e.ID] = p
		s.send(p)
	}
}

// send gives an event to someone, or leaves it to [scripted.redeliver]. The
// lock is held.
func (s *scripted) send(p *parcel) {
	p.tries++
	p.at, p.by = time.Now(), nil
	if p.tries == 1 && s.chance(s.weather.Lost) {
		return
	}
	if wait := s.upTo(s.weather.Shuffled); p.tries == 1 && wait > 0 {
		time.AfterFunc(wait, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.hand(p)
		})
		return
	}
	s.hand(p)
}

// hand gives an event to whoever takes events. The lock is held.
func (s *scripted) hand(p *parcel) {
	for range max(s.weather.Copies, 1) {
		if len(s.streams) == 0 {
			return
		}
		to := s.streams[s.dice.IntN(len(s.streams))]
		select {
		case to.out <- p.event:
			p.by = to
		default: // it is slow; later
		}
	}
}

// redeliver sends again what nobody acknowledged.
func (s *scripted) redeliver() {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.ended.Done():
			return
		case <-tick.C:
		}
		s.mu.Lock()
		for _, p := range s.waiting {
			if p.by != nil && p.by.gone || time.Since(p.at) > resend {
				s.send(p)
			}
		}
		s.mu.Unlock()
	}
}

// acknowledged notes that the bot has an event, and sends the next of its lane.
func (s *scripted) acknowledged(id chat.EventID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.waiting[id]
	if p == nil {
		return // a copy
	}
	delete(s.waiting, id)
	s.accepted++
	s.progress++
	if s.chance(s.weather.Late) {
		time.AfterFunc(time.Second, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.hand(&parcel{event: p.event})
		})
	}
	lane := p.event.Lane()
	s.lanes[lane] = s.lanes[lane][1:]
	if len(s.lanes[lane]) == 0 {
		delete(s.lanes, lane)
		return
	}
	next := s.lanes[lane][0]
	s.waiting[next.event.ID] = next
	s.send(next)
}

// serve speaks with the bot on one connection.
func (s *scripted) serve(conn net.Conn) {
	defer func() {
		conn.Close()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
	in, out := json.NewDecoder(conn), json.NewEncoder(conn)
	var hello frame
	if in.Decode(&hello) != nil {
		return
	}
	if hello.For == "events" {
		s.stream(conn, in, out)
		return
	}
	for {
		var call frame
		if in.Decode(&call) != nil || call.Delivery == nil {
			return
		}
		answer, slow, cut := s.answer(call)
		if slow > 0 {
			timer := time.NewTimer(slow)
			select {
			case <-timer.C:
			case <-s.ended.Done():
				return
			}
		}
		if cut || out.Encode(answer) != nil {
			return
		}
	}
}

func (s *scripted) stream(conn net.Conn, in *json.Decoder, out *json.Encoder) {
	to := &stream{out: make(chan chat.Event, 256)}
	s.mu.Lock()
	s.streams = append(s.streams, to)
	for _, p := range s.waiting {
		if p.by == nil {
			s.hand(p)
		}
	}
	s.mu.Unlock()
	read := make(chan struct{})
	s.running.Go(func() {
		for {
			select {
			case e := <-to.out:
				if out.Encode(frame{Event: &e}) != nil {
					conn.Close()
					return
				}
			case <-read:
				return
			}
		}
	})
	for {
		var f frame
		if in.Decode(&f) != nil {
			break
		}
		s.acknowledged(f.Ack)
	}
	close(read)
	s.mu.Lock()
	defer s.mu.Unlock()
	to.gone = true
	s.streams = slices.DeleteFunc(s.streams, func(other *stream) bool { return other == to })
}

// answer does what a call says, as far as the weather allows.
func (s *scripted) answer(call frame) (answer frame, slow time.Duration, cut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := *call.Delivery
	slow = s.upTo(s.weather.Slow)
	receipt, known := s.stored[d.ID]
	if call.Confirm {
		s.confirms++
	}
	switch {
	case call.Confirm && s.mute(d.ID):
		s.unknown[d.Reply.Key]++
		return frame{Status: 200, Finding: chat.Unknowable}, slow, false
	case call.Confirm && known:
		return frame{Status: 200, Finding: chat.Found, Receipt: receipt}, slow, false
	case call.Confirm:
		return frame{Status: 200, Finding: chat.Absent}, slow, false
	case s.chance(s.weather.Limited):
		return frame{Status: 429, After: 20*time.Millisecond + s.upTo(200*time.Millisecond)}, slow, false
	case s.chance(s.weather.Failing):
		return frame{Status: 500}, slow, false
	}
	receipt = s.store(d)
	return frame{Status: 200, Receipt: receipt}, slow, s.chance(s.weather.Cut)
}

// mute says of the same deliveries every time that nobody knows.
func (s *scripted) mute(delivery string) bool {
	sum := fnv.New32a()
	sum.Write([]byte(delivery))
	return float64(sum.Sum32()%1000) < s.weather.Mute*1000
}

// store does what a delivery says. The lock is held.
func (s *scripted) store(d chat.Delivery) chat.Receipt {
	s.progress++
	place := d.Reply.Place
	s.messages++ // what is sent again is another message, with an id of its own
	receipt := chat.Receipt{Place: place, Message: chat.MessageID(fmt.Sprintf("b%d", s.messages))}
	old := -1
	if d.Reply.Deed != chat.Post && d.Sent.Message != "" {
		receipt = d.Sent
		old = slices.IndexFunc(s.places[place], func(m message) bool { return m.at == receipt.Message })
	}
	s.stored[d.ID] = receipt
	m := message{delivery: d.ID, at: receipt.Message, reply: d.Reply}
	if old >= 0 {
		s.places[place][old] = m
	} else {
		s.places[place] = append(s.places[place], m)
	}
	if a := s.arrival(d.Reply.Key); a.at.IsZero() {
		a.reply, a.at = d.Reply, receipt
		close(a.done)
	}
	return receipt
}

// arrival is what there is, or will be, under a Key. The lock is held.
func (s *scripted) arrival(key chat.Key) *arrival {
	a := s.arrived[key]
	if a == nil {
		a = &arrival{done: make(chan struct{})}
		s.arrived[key] = a
	}
	return a
}

// await waits for the first message under a Key.
func (s *scripted) await(ctx context.Context, key chat.Key) (chat.Reply, chat.MessageID, error) {
	s.mu.Lock()
	a := s.arrival(key)
	s.mu.Unlock()
	select {
	case <-a.done:
		return a.reply, a.at.Message, nil
	case <-ctx.Done():
		return chat.Reply{}, "", fmt.Errorf("no reply %s: %w", key, ctx.Err())
	}
}

// counts tells how many events were acknowledged and how many were not, and a
// number that changes whenever something happens.
func (s *scripted) counts() (accepted, under, progress int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted, len(s.waiting), s.progress
}

// A scriptedClient is the bot's side of a scripted platform.
type scriptedClient struct {
	address string
	idle    chan net.Conn // for calls
}

var _ chat.Platform = (*scriptedClient)(nil)

func newScriptedClient(address string) *scriptedClient {
	return &scriptedClient{address: address, idle: make(chan net.Conn, 8)}
}

func (c *scriptedClient) Pace() chat.Pace { return chat.Pace{} }

func (*scriptedClient) Limits() chat.Limits { return chat.Limits{} }

func (*scriptedClient) Fetch(context.Context, chat.Attachment) (io.ReadCloser, error) {
	return nil, errors.New("there are no files here")
}

// Run takes events until ctx ends, and comes back after every outage.
func (c *scriptedClient) Run(ctx context.Context, in chat.Inbox) error {
	retry := time.NewTicker(50 * time.Millisecond)
	defer retry.Stop()
	for ctx.Err() == nil {
		_ = c.take(ctx, in) // the platform is away, or closed the connection
		select {
		case <-retry.C:
		case <-ctx.Done():
		}
	}
	return nil
}

// take accepts the events that come over one connection.
func (c *scriptedClient) take(ctx context.Context, in chat.Inbox) error {
	conn, err := c.dial(ctx, "events")
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer conn.Close()
	var group errgroup.Group
	group.SetLimit(32)
	var writing sync.Mutex
	decoder, encoder := json.NewDecoder(conn), json.NewEncoder(conn)
	for {
		var f frame
		if err := decoder.Decode(&f); err != nil {
			return errors.Join(err, group.Wait())
		}
		group.Go(func() error {
			if in.Accept(ctx, *f.Event) != nil {
				return nil // it comes again
			}
			writing.Lock()
			defer writing.Unlock()
			return encoder.Encode(frame{Ack: f.Event.ID})
		})
	}
}

func (c *scriptedClient) dial(ctx context.Context, what string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.address)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(conn).Encode(frame{For: what}); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// call asks and waits for the answer. A connection that fails is not used again.
func (c *scriptedClient) call(ctx context.Context, ask frame) (answer frame, err error) {
	var conn net.Conn
	select {
	case conn = <-c.idle:
	default:
		if conn, err = c.dial(ctx, "calls"); err != nil {
			return answer, err
		}
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	if err = json.NewEncoder(conn).Encode(ask); err == nil {
		err = json.NewDecoder(conn).Decode(&answer)
	}
	if !stop() || err != nil {
		conn.Close()
		return answer, errors.Join(err, ctx.Err())
	}
	select {
	case c.idle <- conn:
	default:
		conn.Close()
	}
	return answer, nil
}

func (c *scriptedClient) Send(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	answer, err := c.call(ctx, frame{Delivery: &d})
	switch {
	case err != nil:
		return chat.Receipt{}, err
	case answer.Status == 429:
		return chat.Receipt{}, &chat.RateLimitedError{After: answer.After}
	case answer.Status != 200:
		return chat.Receipt{}, fmt.Errorf("the platform answered %d", answer.Status)
	}
	return answer.Receipt, nil
}

func (c *scriptedClient) Confirm(ctx context.Context, d chat.Delivery) (chat.Receipt, chat.Finding, error) {
	answer, err := c.call(ctx, frame{Confirm: true, Delivery: &d})
	return answer.Receipt, answer.Finding, err
}

// storm is everything at once.
var storm = weather{
	Copies: 2, Late: 0.2, Lost: 0.02, Shuffled: 20 * time.Millisecond, Slow: 20 * time.Millisecond,
	Limited: 0.05, Failing: 0.02, Cut: 0.02,
}

// TestScripted lets a few people have their conversations through a storm, with
// everything in this process. `make chaos` does so with processes that die.
func TestScripted(t *testing.T) {
	platform, err := newScripted(storm, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer platform.close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ctx, stop := context.WithCancel(ctx)
	store, p, err := wired(ctx, "", t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var group errgroup.Group
	group.Go(func() error {
		return p.serve(ctx, map[string]chat.Platform{scriptedName: newScriptedClient(platform.address)}, nil, quietLog())
	})
	j := newJudge(platform, 4, 1)
	for range 6 {
		j.start(ctx)
	}
	j.wait()
	err = p.events.Quiet(ctx)
	stop()
	if err := errors.Join(err, group.Wait()); err != nil {
		t.Fatal(err)
	}
	v := j.verdict(nil)
	if v.Events < 6*9 || v.Outcomes != v.Events || v.wrong() {
		t.Errorf("%+v\n%v", v, v.complaints)
	}
}
