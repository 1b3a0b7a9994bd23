package discordtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// TestIdentify checks whom the gateway lets in, and what it says to others.
func TestIdentify(t *testing.T) {
	tests := []struct {
		name    string
		options Options
		guilds  int
		do      func(s *scene, l *listener)
		closed  int // 0: let in
	}{
		{"as usual", Options{}, 1, func(_ *scene, l *listener) { l.identify(usual, nil) }, 0},
		{"with Bot", Options{}, 1, func(s *scene, l *listener) {
			l.send(opIdentify, object{"token": "Bot " + s.Token(), "intents": 0, "properties": object{}})
		}, 0},
		{"a wrong token", Options{}, 1, func(_ *scene, l *listener) {
			l.send(opIdentify, object{"token": "x", "intents": 0, "properties": object{}})
		}, closeToken},
		{"words that are not granted", Options{}, 1, func(_ *scene, l *listener) { l.identify(usual|intentContent, nil) }, closeForbidden},
		{"words that are", Options{MessageContent: true}, 1, func(_ *scene, l *listener) { l.identify(usual|intentContent, nil) }, 0},
		{"members that are not granted", Options{}, 1, func(_ *scene, l *listener) { l.identify(intentMembers, nil) }, closeForbidden},
		{"no such intent", Options{}, 1, func(_ *scene, l *listener) { l.identify(1<<30, nil) }, closeIntents},
		{"a shard", Options{}, 1, func(_ *scene, l *listener) { l.identify(usual, []int{1, 2}) }, 0},
		{"no such shard", Options{}, 1, func(_ *scene, l *listener) { l.identify(usual, []int{2, 2}) }, closeShard},
		{"too few shards", Options{}, 2500, func(_ *scene, l *listener) { l.identify(usual, nil) }, closeSharding},
		{"enough", Options{}, 2500, func(_ *scene, l *listener) { l.identify(usual, []int{0, 2}) }, 0},
		{"twice", Options{}, 1, func(_ *scene, l *listener) { l.identify(usual, nil); l.identify(usual, nil) }, closeAgain},
		{"nothing", Options{}, 1, func(_ *scene, l *listener) { l.send(opPresence, object{}) }, closeNobody},
		{"an unknown opcode", Options{}, 1, func(_ *scene, l *listener) { l.send(99, nil) }, closeOpcode},
		{"no opcode", Options{}, 1, func(_ *scene, l *listener) { _ = l.conn.WriteJSON("x") }, closeDecode},
		{"much", Options{}, 1, func(_ *scene, l *listener) { l.send(opPresence, strings.Repeat("a", maxSent)) }, closeDecode},
		{"often", Options{}, 1, func(_ *scene, l *listener) {
			for range sendsPerMinute + 1 {
				l.send(opHeartbeat, nil)
			}
		}, closeRate},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t, test.options)
			s.SetGuilds(test.guilds)
			l := s.dial(s.gatewayURL("/gateway"), nil)
			test.do(s, l)
			l.await(func() bool { return l.session != "" && test.closed == 0 || l.closed != 0 })
			if l.closed != test.closed {
				t.Errorf("closed with %d, want %d", l.closed, test.closed)
			}
			if n := len(s.Violations()); n > 0 != (test.closed != 0) {
				t.Errorf("violations %q", s.Violations())
			}
		})
	}
}

// TestReady checks what a session is told at first.
func TestReady(t *testing.T) {
	s := newScene(t, Options{})
	m := s.say(s.kim, s.help, "hello")
	if err := s.thread(m); err != nil {
		t.Fatal(err)
	}
	old, err := s.OpenThread(s.kim, s.help, "old", false)
	if err := s.ArchiveThread(s.ana, must(t, old, err), false); err != nil {
		t.Fatal(err)
	}
	s.AddChannel(Channel{Name: "hidden", Overwrites: []Overwrite{{ID: s.BotRole(), Deny: ViewChannel}, {ID: s.kim, Allow: ViewChannel}}})
	s.AddChannel(Channel{Name: "talk", Kind: Voice})
	s.AddChannel(Channel{Name: "group", Kind: Category})
	news := s.AddChannel(Channel{Name: "news", Kind: Announcement})
	headline, err := s.StartThread(s.ana, news, s.say(s.ana, news, "news"), "about it")
	must(t, headline, err)
	l := s.connect(usual, nil)
	if got := l.events(0); !slices.Equal(got, []string{"READY", "GUILD_CREATE"}) {
		t.Fatalf("heard %q", got)
	}
	ready, g := l.last("READY"), l.last("GUILD_CREATE")
	if ready["resume_gateway_url"] == s.gatewayURL("/gateway") || fmt.Sprint(ready["shard"]) != "[0 1]" {
		t.Errorf("READY %v", ready)
	}
	threads := g["threads"].([]any)
	if len(g["channels"].([]any)) != 6 || len(threads) != 2 || threads[0].(object)["id"] != m || len(g["members"].([]any)) != 1 {
		t.Errorf("GUILD_CREATE %v", g)
	}
	one := s.Sessions()
	if len(one) != 1 || !one[0].Connected || one[0].Sent != 2 || one[0].Read != 2 || one[0].Intents != usual {
		t.Errorf("sessions %+v", one)
	}
	s.judged()
}

// lastRead is no number of an event: that of the last one that was read.
const lastRead = -1

// TestPeople checks that a bot with the intent hears who comes and goes.
func TestPeople(t *testing.T) {
	s := newScene(t, Options{GuildMembers: true})
	l := s.connect(usual|intentMembers, nil)
	if n := len(l.last("GUILD_CREATE")["members"].([]any)); n != 3 {
		t.Errorf("%d members", n)
	}
	since := l.count()
	bo := s.AddUser(User{Name: "bo"})
	for _, u := range []User{{ID: bo, Name: "bo", Roles: []string{s.leads}}, {ID: bo, Name: "bo", Outside: true}, {ID: bo, Name: "bo"}, {ID: s.Bot(), Name: "signpost", Nick: "Help"}} {
		if err := s.ChangeUser(u); err != nil {
			t.Fatal(err)
		}
	}
	s.AddRole(Role{ID: s.leads, Name: "leaders"})
	s.settle()
	want := []string{"GUILD_MEMBER_ADD", "GUILD_MEMBER_UPDATE", "GUILD_MEMBER_REMOVE", "GUILD_MEMBER_ADD", "GUILD_MEMBER_UPDATE", "GUILD_ROLE_UPDATE"}
	if got := l.events(since); !slices.Equal(got, want) {
		t.Errorf("heard %q", got)
	}
	s.judged()
}

// TestAtOnce checks that nothing is lost or out of order when many do something
// at once, and the connection is cut meanwhile.
func TestAtOnce(t *testing.T) {
	s := newScene(t, Options{MessageContent: true})
	l := s.connect(usual|intentContent, nil)
	since, each, people := l.count(), 10, 4
	var all sync.WaitGroup
	for range people {
		all.Go(func() {
			for range each {
				id, err := s.Say(s.kim, s.help, "hello")
				if err == nil {
					err = s.React(s.ana, s.help, id, "👀")
				}
				if status, _ := s.request("POST", "channels/"+s.help+"/messages", quiet(object{"content": "a"})); err != nil || status != 200 {
					t.Errorf("%v, %d", err, status)
				}
			}
		})
	}
	s.Kill()
	l.await(func() bool { return l.closed != 0 })
	next := l.again(l.resume, lastRead)
	all.Wait()
	missed := l.count() - since // heard before the cut
	next.await(func() bool { return len(next.heard) == people*each*3-missed+1 })
	seq, _ := l.place()
	for i, p := range next.heard {
		if p["s"] != float64(seq+1+i) {
			t.Fatalf("event %d has the number %v", i, p["s"])
		}
	}
	s.judged()
}

// again resumes the session of a listener on a new connection, after what it
// has read, or after another event.
func (l *listener) again(at string, seq int) *listener {
	l.s.t.Helper()
	if seq == lastRead {
		seq, _ = l.place()
	}
	next := l.s.dial(at, nil)
	next.send(opResume, object{"token": l.s.Token(), "session_id": l.session, "seq": seq})
	return next
}

// TestResume checks that nothing is missed by a session that goes on.
func TestResume(t *testing.T) {
	s := newScene(t, Options{Replayed: 20})
	l := s.connect(usual, nil)
	s.say(s.kim, s.help, "heard")
	s.settle()
	s.Kill()
	l.await(func() bool { return l.closed != 0 })
	if l.closed != 1006 {
		t.Errorf("a cut has the code %d", l.closed)
	}
	s.say(s.kim, s.help, "missed")
	s.say(s.kim, s.help, "missed too")
	next := l.again(l.resume, lastRead)
	next.await(func() bool { return len(next.heard) > 0 && next.heard[len(next.heard)-1]["t"] == "RESUMED" })
	if got := next.events(0, "type"); !slices.Equal(got, []string{"MESSAGE_CREATE 0", "MESSAGE_CREATE 0", "RESUMED"}) {
		t.Errorf("replayed %q", got)
	}
	s.say(s.kim, s.help, "and on")
	s.settle()
	if got := next.events(3); !slices.Equal(got, []string{"MESSAGE_CREATE"}) {
		t.Errorf("then %q", got)
	}

	// Another connection takes it over, from further back: all comes again.
	third := l.again(l.resume, lastRead)
	third.await(func() bool { return len(third.heard) == 5 })
	if next.await(func() bool { return next.closed != 0 }); next.closed != 1006 {
		t.Errorf("the connection before is closed with %d", next.closed)
	}
	s.judged()
	if n := len(s.Sessions()); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// TestNoResume checks when a session is over.
func TestNoResume(t *testing.T) {
	tests := []struct {
		name   string
		end    func(s *scene, l *listener)
		seq    int
		closed int // 0: told by op 9
	}{
		{"goodbye", func(_ *scene, l *listener) { l.goodbye(1000) }, lastRead, 0},
		{"going away", func(_ *scene, l *listener) { l.goodbye(1001) }, lastRead, 0},
		{"late", func(s *scene, _ *listener) { s.Kill(); s.drained(); s.clock.advance(sessionLasts + time.Second) }, lastRead, 0},
		{"forgotten", func(s *scene, _ *listener) { s.Kill(); s.drained(); s.Forget(0) }, lastRead, 0},
		{"timed out", func(s *scene, _ *listener) { s.Kill(); s.drained(); s.Forget(closeTimeout) }, lastRead, closeTimeout},
		{"invalid", func(s *scene, l *listener) { s.Invalidate(false); s.Kill(); s.drained() }, lastRead, 0},
		{"the future", func(s *scene, _ *listener) { s.Kill() }, 99, closeSequence},
		{"too much missed", func(s *scene, _ *listener) {
			s.Kill()
			s.drained()
			for n := range 30 {
				s.say(s.kim, s.help, strconv.Itoa(n))
			}
		}, lastRead, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t, Options{Replayed: 20})
			l := s.connect(usual, nil)
			test.end(s, l)
			s.drained()
			next := l.again(l.resume, test.seq)
			next.await(func() bool { return next.closed != 0 || len(next.frames) > 1 })
			if next.closed != test.closed {
				t.Errorf("closed with %d, want %d", next.closed, test.closed)
			}
			if test.closed == 0 && (next.frames[1]["op"] != float64(opInvalid) || next.frames[1]["d"] != false) {
				t.Errorf("told %v", next.frames[1])
			}
		})
	}
}

// goodbye closes the connection with a code, and waits until Discord knows.
func (l *listener) goodbye(code int) {
	l.s.t.Helper()
	if err := l.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(writeWithin)); err != nil {
		l.s.t.Fatal(err)
	}
	l.s.drained()
}

// drained waits until no connection has a session.
func (s *scene) drained() {
	s.t.Helper()
	if err := s.Wait(s.t.Context(), func() bool { return s.Sockets() == 0 }); err != nil {
		s.t.Fatal(err)
	}
}

// TestCloseKeeps checks that other codes leave a session to be resumed.
func TestCloseKeeps(t *testing.T) {
	s := newScene(t, Options{})
	l := s.connect(usual, nil)
	l.goodbye(4000)
	next := l.again(l.resume, lastRead)
	next.await(func() bool { return len(next.heard) == 1 })
	s.Disconnect(4000)
	if next.await(func() bool { return next.closed != 0 }); next.closed != 4000 {
		t.Errorf("closed with %d", next.closed)
	}
	elsewhere := l.again(s.gatewayURL("/gateway"), lastRead)
	elsewhere.await(func() bool { return len(elsewhere.heard) > 0 })
	s.judged("another address")
}

// TestOrders checks what Discord asks of a client.
func TestOrders(t *testing.T) {
	s := newScene(t, Options{})
	l := s.connect(usual, nil)
	_, since := l.place()
	s.RequestHeartbeat()
	s.Reconnect()
	s.Invalidate(true)
	s.EmitRaw(`{"op":77}`)
	var ops []any
	l.await(func() bool {
		ops = nil
		for _, f := range l.frames[since:] {
			if f["op"] != float64(opAck) {
				ops = append(ops, f["op"], f["d"])
			}
		}
		return len(ops) == 8
	})
	if got := fmt.Sprint(ops); got != "[1 <nil> 7 <nil> 9 true 77 <nil>]" {
		t.Errorf("asked %s", got)
	}
	count := func(op int) int {
		n := 0
		for _, f := range l.frames {
			if f["op"] == float64(op) {
				n++
			}
		}
		return n
	}
	acks := 0
	l.await(func() bool { acks = count(opAck); return acks == count(opHeartbeat) })
	s.StopAcks(true)
	l.send(opHeartbeat, 1)
	if err := s.Wait(t.Context(), func() bool { return s.Sessions()[0].Read == 1 }); err != nil {
		t.Fatal(err)
	}
	s.Reconnect()
	l.await(func() bool { return l.frames[len(l.frames)-1]["op"] == float64(opReconnect) })
	after := 0
	if l.await(func() bool { after = count(opAck); return true }); after != acks {
		t.Error("a zombie acknowledges")
	}
	s.judged()
}

// TestDoor checks how clients can be kept out.
func TestDoor(t *testing.T) {
	s := newScene(t, Options{})
	s.RefuseSockets(true)
	if status, _ := s.request("GET", "../../gateway?v=10&encoding=json", nil); status != 503 {
		t.Errorf("status %d", status)
	}
	s.RefuseSockets(false)
	s.WithholdHello(true)
	mute := s.dial(s.gatewayURL("/gateway"), nil)
	s.WithholdHello(false)
	l := s.connect(usual, nil)
	if _, n := mute.place(); n != 0 {
		t.Errorf("%d frames where nothing should be said", n)
	}
	s.Kill()
	s.drained()
	welcomes := []Welcome{{Reconnect: true}, {Invalid: true, Resumable: true}, {Close: 4000}, {Cut: true}}
	asked := 0
	s.Meet(func(op int) Welcome {
		if op != opResume {
			t.Errorf("asked for %d", op)
		}
		asked++
		return welcomes[asked-1]
	})
	for i, want := range []string{"7 <nil>", "9 true", "closed 4000", "closed 1006"} {
		next := l.again(l.resume, lastRead)
		next.await(func() bool { return next.closed != 0 || len(next.frames) > 1 })
		got := fmt.Sprintf("closed %d", next.closed)
		if next.closed == 0 {
			got = fmt.Sprintf("%v %v", next.frames[1]["op"], next.frames[1]["d"])
		}
		if got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
	s.Meet(nil)
	next := l.again(l.resume, lastRead)
	next.await(func() bool { return len(next.heard) == 1 })
	s.judged()
}

// TestShards checks that a server's events go to its shard, and what is private
// to the first.
func TestShards(t *testing.T) {
	s := newScene(t, Options{IdentifyEvery: 5 * time.Second})
	here := int(number(s.GuildID()) >> 22 % 2)
	both := []*listener{s.dial(s.gatewayURL("/gateway"), nil), s.dial(s.gatewayURL("/gateway"), nil)}
	for i, l := range both {
		l.identify(usual, []int{i, 2})
		l.await(func() bool { return l.session != "" })
		s.clock.advance(5 * time.Second)
	}
	s.settle()
	counts := func() [2]int { return [2]int{both[0].count(), both[1].count()} }
	before := counts()
	s.say(s.kim, s.help, "hello")
	s.settle()
	if after := counts(); after[here] != before[here]+1 || after[1-here] != before[1-here] {
		t.Errorf("a server's event: %v after %v", after, before)
	}
	before = counts()
	s.say(s.kim, s.Direct(s.kim), "hello")
	s.settle()
	if after := counts(); after[0] != before[0]+1 || after[1] != before[1] {
		t.Errorf("a private event: %v after %v", after, before)
	}
	// A second session of a shard hears all too.
	twin := s.dial(s.gatewayURL("/gateway"), nil)
	twin.identify(usual, []int{here, 2})
	twin.await(func() bool { return twin.session != "" })
	if n := len(s.Sessions()); n != 3 {
		t.Errorf("%d sessions", n)
	}
	s.judged()
}

// TestStarts checks that sessions cannot begin too often.
func TestStarts(t *testing.T) {
	s := newScene(t, Options{IdentifyEvery: 5 * time.Second, SessionStarts: 2, MaxConcurrency: 2})
	ready := func(shard int) bool {
		l := s.dial(s.gatewayURL("/gateway"), nil)
		l.identify(0, []int{shard, 4})
		l.await(func() bool { return l.session != "" || len(l.frames) > 1 })
		return l.session != ""
	}
	if !ready(0) || !ready(1) {
		t.Error("two at once are too many")
	}
	if ready(2) {
		t.Error("more than the day's")
	}
	var g struct {
		Limit struct {
			Total, Remaining int
			After            int `json:"reset_after"`
			Concurrency      int `json:"max_concurrency"`
		} `json:"session_start_limit"`
	}
	s.call("GET", "gateway/bot", nil, 200, &g)
	if g.Limit.Total != 2 || g.Limit.Remaining != 0 || g.Limit.After != 86_400_000 || g.Limit.Concurrency != 2 {
		t.Errorf("limit %+v", g.Limit)
	}
	s.clock.advance(identifyDay)
	if !ready(0) || ready(2) {
		t.Error("0 and 2 have one key")
	}
	s.judged("more than 2 IDENTIFYs", "within 5s")
}

// TestHeartbeats checks that a client has to show that it lives.
func TestHeartbeats(t *testing.T) {
	s := newScene(t, Options{HeartbeatInterval: time.Millisecond})
	l := s.connect(usual, nil)
	l.send(opHeartbeat, 99)
	l.await(func() bool { return l.closed != 0 }) // it sends no more
	s.judged("names event 99", "no heartbeat for")
}

// TestRevoke checks that a token can lose its worth.
func TestRevoke(t *testing.T) {
	s := newScene(t, Options{})
	l := s.connect(usual, nil)
	s.RevokeToken()
	if l.await(func() bool { return l.closed != 0 }); l.closed != closeToken {
		t.Errorf("closed with %d", l.closed)
	}
	if _, err := s.api.User("@me"); err == nil {
		t.Error("the old token works")
	}
	if status, _ := s.request("GET", "users/@me", nil); status != 200 {
		t.Errorf("the new one: %d", status)
	}
}

// FuzzTake reads anything that a client may send.
func FuzzTake(f *testing.F) {
	f.Add(`{"op":1,"d":null}`)
	f.Add(`{"op":2,"d":{"token":"x","shard":[1]}}`)
	f.Add(`{"op":6,"d":{"seq":-1}}`)
	f.Fuzz(func(t *testing.T, text string) {
		s := &Server{opts: Options{Now: time.Now}, changed: make(chan struct{}), token: "secret"}
		c := &socket{s: s, wake: make(chan struct{}, 1)}
		s.take(c, []byte(text))
		if c.session != nil {
			t.Errorf("%q begins a session", text)
		}
	})
}
