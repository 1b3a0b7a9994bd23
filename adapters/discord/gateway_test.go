package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
)

func TestGatewayIdentifies(t *testing.T) {
	play(t, func(s *scene) {
		stop := s.run(s.options())
		l := s.next()
		if l.host != firstHost || l.query.Encode() != "encoding=json&v=10" {
			s.Errorf("connected to %s with %s", l.host, l.query.Encode())
		}
		synctest.Wait()
		if len(l.said) > 0 {
			s.Error("spoke before HELLO")
		}
		l.hello()
		p := take(s, "IDENTIFY", l.said)
		want := fmt.Sprintf(`{"token":%q,"properties":{"os":%q,"browser":"signpost","device":"signpost"},"shard":[0,1],"intents":4609}`,
			testToken, runtime.GOOS)
		if p.Op != opIdentify || string(p.Data) != want {
			s.Errorf("said %d %s\nwant IDENTIFY %s", p.Op, p.Data, want)
		}
		l.ready("s1")
		l.event(2, "a")
		l.event(3, "b")
		s.saw("READY", "a", "b")
		s.began(1)
		if err := stop(); err != nil {
			s.Errorf("Run = %v", err)
		}
		l.wantLeft()
		if diff := cmp.Diff([]int{0}, s.identified); diff != "" {
			s.Error(diff)
		}
	})
}

func TestGatewayHeartbeats(t *testing.T) {
	play(t, func(s *scene) {
		s.run(s.options())
		l := s.next()
		l.hello()
		began := time.Now()
		l.wantIdentify()
		pass(interval)
		l.ready("s1")
		pass(2*interval + time.Second)
		beats := l.beaten()
		if len(beats) != 3 && len(beats) != 4 {
			s.Fatalf("%d heartbeats in three intervals", len(beats))
		}
		if first := beats[0].at.Sub(began); first >= interval {
			s.Errorf("the first heartbeat came after %s", first)
		}
		if beats[0].seq != "null" || beats[2].seq != "1" {
			s.Errorf("heartbeats tell %v", beats)
		}
		for i := range len(beats) - 1 {
			if apart := beats[i+1].at.Sub(beats[i].at); apart != interval {
				s.Errorf("two heartbeats were %s apart", apart)
			}
		}
		// One that is asked for comes at once, but not more than may be sent.
		before := len(beats)
		for range 200 {
			l.send(`{"op":1,"t":null,"s":null,"d":null}`)
		}
		synctest.Wait()
		if n := len(l.beaten()) - before; n < 10 || n > maxSends-int(sendWindow/interval)-2 {
			s.Errorf("200 heartbeats were asked for, and %d came", n)
		}
		pass(sendWindow)
		before = len(l.beaten())
		l.send(`{"op":1,"t":null,"s":null,"d":null}`)
		synctest.Wait()
		if n := len(l.beaten()); n != before+1 {
			s.Errorf("%d heartbeats came for one that was asked for", n-before)
		}
		s.quiet(10 * interval)
	})
}

// TestGatewayGoesOn: whatever ends a connection, the next one goes on as it
// should.
func TestGatewayGoesOn(t *testing.T) {
	closed := func(code int) func(l *line) { return func(l *line) { l.close(code) } }
	tests := []struct {
		name   string
		end    func(l *line)
		anew   bool
		soon   time.Duration // the next connection comes no earlier
		late   time.Duration // and no later
		byThem bool          // Discord ended it
	}{
		{"op 7", func(l *line) { l.send(`{"op":7,"t":null,"s":null,"d":null}`) }, false, 0, 0, false},
		{"op 9 true", func(l *line) { l.send(`{"op":9,"t":null,"s":null,"d":true}`) }, false, time.Second, 5 * time.Second, false},
		{"op 9 false", func(l *line) { l.send(`{"op":9,"t":null,"s":null,"d":false}`) }, true, time.Second, 5 * time.Second, false},
		{"op 9 without a word", func(l *line) { l.send(`{"op":9}`) }, true, time.Second, 5 * time.Second, false},
		{"no acknowledgement", func(l *line) { l.mu.Lock(); l.deaf = true; l.mu.Unlock() }, false, interval, 2 * interval, false},
		{"second HELLO without sense", func(l *line) { l.send(`{"op":10,"d":{}}`); l.close(4000) }, false, 0, 0, true},
		{"4000", closed(4000), false, 0, 0, true},
		{"4001", closed(4001), false, 0, 0, true},
		{"4002", closed(4002), false, 0, 0, true},
		{"4003", closed(4003), false, 0, 0, true},
		{"4005", closed(4005), false, 0, 0, true},
		{"4007", closed(4007), true, 0, 0, true},
		{"4008", closed(4008), false, 5 * time.Second, 5 * time.Second, true},
		{"4009", closed(4009), true, 0, 0, true},
		{"1000", closed(1000), false, 0, 0, true},
		{"1001", closed(1001), false, 0, 0, true},
		{"abrupt", closed(0), false, 0, 0, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			play(t, func(s *scene) {
				l, _ := s.connect()
				l.event(2, "a")
				pass(2 * calm)
				ended := time.Now()
				test.end(l)
				next := s.next()
				if waited := time.Since(ended); waited < test.soon || waited > test.late {
					s.Errorf("connected after %s", waited)
				}
				code := take(s, "end of the line", l.left)
				if !test.byThem && code != leaving || test.byThem && code != websocket.CloseAbnormalClosure {
					s.Errorf("left with %d", code)
				}
				next.hello()
				if test.anew {
					if next.host != firstHost {
						s.Errorf("begins a session at %s", next.host)
					}
					next.wantIdentify()
					next.ready("s2")
					next.event(2, "b")
					s.saw("READY", "a", "READY", "b")
					s.began(2)
				} else {
					if next.host != resumeHost || next.query.Encode() != "encoding=json&v=10" {
						s.Errorf("resumes at %s with %s", next.host, next.query.Encode())
					}
					next.wantResume("s1", 2)
					next.event(3, "b")
					next.resumed(4)
					s.saw("READY", "a", "b", "RESUMED")
					s.began(1)
				}
			})
		})
	}
}

// TestGatewayIsRefused: where connecting again is of no use, the operator is
// told what is.
func TestGatewayIsRefused(t *testing.T) {
	tests := []struct {
		code int
		want string
	}{
		{4004, "bot token"}, {4010, "restart"}, {4011, "restart"}, {4012, "update Signpost"}, {4013, "update Signpost"},
		{4014, "Message Content Intent"},
	}
	for _, test := range tests {
		t.Run(strconv.Itoa(test.code), func(t *testing.T) {
			play(t, func(s *scene) {
				ended := make(chan error, 1)
				s.start(func(ctx context.Context) error {
					err := newGateway(s.options()).Run(ctx)
					ended <- err
					return err
				})
				l := s.next()
				l.hello()
				l.wantIdentify()
				l.close(test.code)
				err := take(s, "end", ended)
				if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), strconv.Itoa(test.code)) {
					s.Errorf("Run = %v", err)
				}
				s.quiet(time.Hour)
			})
		})
	}
}

// TestGatewayIsAskedToReconnectAtOnce: op 7 may be the first that is said after
// a resume, and again.
func TestGatewayIsAskedToReconnectAtOnce(t *testing.T) {
	play(t, func(s *scene) {
		l, _ := s.connect()
		l.close(0)
		began := time.Now()
		for range 5 {
			l = s.next()
			l.hello()
			l.wantResume("s1", 1)
			l.send(`{"op":7,"t":null,"s":null,"d":null}`)
		}
		if waited := time.Since(began); waited < 4*time.Second {
			s.Errorf("connected six times in %s", waited)
		}
		l = s.next()
		l.hello()
		l.wantResume("s1", 1)
		l.event(2, "a")
		l.resumed(3)
		s.saw("READY", "a", "RESUMED")
		s.began(1)
	})
}

// TestGatewayWaitsForHello: a line on which nothing is said, or nothing of
// sense, is given up.
func TestGatewayWaitsForHello(t *testing.T) {
	tests := []struct {
		name string
		say  func(l *line)
		soon time.Duration
		late time.Duration
	}{
		{"nothing", func(*line) {}, helloWithin, helloWithin + reopening},
		{"something else", func(l *line) { l.event(2, "a"); l.send(`{"op":11}`); l.send(`{"op":1}`) }, helloWithin, helloWithin + reopening},
		{"no interval", func(l *line) { l.send(`{"op":10,"d":null}`) }, 0, reopening},
		{"a short interval", func(l *line) { l.send(`{"op":10,"d":{"heartbeat_interval":1}}`) }, 0, reopening},
		{"a long interval", func(l *line) { l.send(`{"op":10,"d":{"heartbeat_interval":1e300}}`) }, 0, reopening},
		{"a strange interval", func(l *line) { l.send(`{"op":10,"d":{"heartbeat_interval":"soon"}}`) }, 0, reopening},
		{"no answer after it", func(l *line) { l.hello(); l.wantIdentify() }, readyWithin, readyWithin + reopening},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run(s.options())
				l := s.next()
				began := time.Now()
				test.say(l)
				next := s.next()
				if waited := time.Since(began); waited < test.soon || waited > test.late {
					s.Errorf("connected again after %s", waited)
				}
				l.wantLeft()
				next.hello()
				next.wantIdentify()
				next.ready("s1")
				s.saw("READY")
				s.began(1)
			})
		})
	}
}

// TestGatewayWaitsForALine: a line that is taken and says nothing is given up,
// at once if Run is to end.
func TestGatewayWaitsForALine(t *testing.T) {
	play(t, func(s *scene) {
		s.set(func() { s.silent = true })
		began := time.Now()
		stop := s.run(s.options())
		pass(time.Second)
		s.set(func() { s.silent = false })
		s.next()
		if waited := time.Since(began); waited < dialWithin || waited > dialWithin+reopening {
			s.Errorf("connected again after %s", waited)
		}
		stop()
		s.set(func() { s.silent = true })
		stop = s.run(s.options())
		pass(time.Second)
		began = time.Now()
		if err := stop(); err != nil || time.Since(began) > 0 {
			s.Errorf("Run = %v after %s", err, time.Since(began))
		}
	})
}

// TestGatewayOutlastsDiscord: Discord is away for a minute.
func TestGatewayOutlastsDiscord(t *testing.T) {
	play(t, func(s *scene) {
		l, _ := s.connect()
		s.set(func() { s.away = true })
		l.close(0)
		pass(time.Minute)
		s.set(func() { s.away = false })
		back := time.Now()
		l = s.next()
		if waited := time.Since(back); waited > slowest {
			s.Errorf("connected %s after Discord was back", waited)
		}
		l.hello()
		l.wantResume("s1", 1)
		l.event(2, "a")
		l.resumed(3)
		s.saw("READY", "a", "RESUMED")
	})
}

// TestGatewayResumesElsewhere: where the address for resuming is of no use, the
// first one is.
func TestGatewayResumesElsewhere(t *testing.T) {
	tests := []struct {
		name, url string
		late      time.Duration
	}{
		{"nowhere", "ws://nowhere.test", time.Minute},
		{"none", "", 0},
		{"no address", "::", 0},
		{"no host", "ws:", 0},
		{"another scheme", "wss://" + resumeHost, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run(s.options())
				l := s.next()
				l.hello()
				l.wantIdentify()
				l.send(`{"op":0,"t":"READY","s":1,"d":{"session_id":"s1","resume_gateway_url":%q}}`, test.url)
				pass(2 * calm)
				l.close(4000)
				ended := time.Now()
				l = s.next()
				if waited := time.Since(ended); l.host != firstHost || waited > test.late {
					s.Errorf("resumes at %s after %s", l.host, waited)
				}
				l.hello()
				l.wantResume("s1", 1)
			})
		})
	}
}

// TestGatewayLosesNothing breaks the line fifty times, in every way, and at any
// moment. Discord repeats what the client says it has not.
func TestGatewayLosesNothing(t *testing.T) {
	play(t, func(s *scene) {
		l, stop := s.connect()
		var history []string // from number 2
		want := []string{"READY"}
		sent := 1
		tell := func(l *line, n int) {
			for range n {
				label := "m" + strconv.Itoa(len(history))
				history = append(history, label)
				want = append(want, label)
			}
			for ; sent < len(history)+1; sent++ {
				l.event(sent+1, history[sent-1])
			}
		}
		synctest.Wait()
		var first int
		for i := range 50 {
			tell(l, 1+i%7)
			if i%2 == 0 {
				synctest.Wait()
			}
			switch i % 5 {
			case 0:
				l.send(`{"op":7,"t":null,"s":null,"d":null}`)
			case 1:
				l.close(0) // what was told may not have come
			case 2:
				l.close(1000)
			case 3:
				l.close(4000)
			case 4:
				l.send(`{"op":9,"t":null,"s":null,"d":true}`)
			}
			l.wantLeft()
			l = s.next()
			l.hello()
			p := take(s, "RESUME", l.said)
			var from struct {
				Seq     int
				Session string `json:"session_id"`
			}
			if err := json.Unmarshal(p.Data, &from); err != nil || p.Op != opResume || from.Session != "s1" {
				s.Fatalf("said %d %s", p.Op, p.Data)
			}
			sent = from.Seq
			tell(l, 0)
			synctest.Wait()
			if now := goroutines(); i == 0 {
				first = now
			} else if now != first {
				s.Fatalf("%d goroutines on connection %d, %d on the first", now, i+1, first)
			}
		}
		s.saw(want...)
		s.began(1)
		if err := stop(); err != nil {
			s.Error(err)
		}
		if stored := s.memory.stored(); stored.id != "s1" || stored.seq != int64(len(history)+1) {
			s.Errorf("stored %+v", stored)
		}
	})
}

// goroutines is how many there are that do something of this package.
func goroutines() int {
	dump := make([]byte, 1<<20)
	n := 0
	for stack := range strings.SplitSeq(string(dump[:runtime.Stack(dump, true)]), "\n\n") {
		if strings.Contains(stack, "/adapters/discord.") {
			n++
		}
	}
	return n
}

// TestGatewayIsRefusedByTheAdapter: what is not taken in comes again, and so
// does all that follows.
func TestGatewayIsRefusedByTheAdapter(t *testing.T) {
	play(t, func(s *scene) {
		l, _ := s.connect()
		tries := 0
		s.set(func() {
			s.refuse = func(label string) error {
				if label == "b" {
					if tries++; tries < 4 {
						return errors.New("the store is away")
					}
				}
				return nil
			}
		})
		l.event(2, "a")
		l.event(3, "b")
		l.event(4, "c")
		began := time.Now()
		for range 3 {
			l.wantLeft()
			l = s.next()
			l.hello()
			l.wantResume("s1", 2)
			l.event(3, "b")
			l.event(4, "c")
			l.resumed(5)
		}
		if waited := time.Since(began); waited < 3*time.Second {
			s.Errorf("tried four times in %s", waited)
		}
		s.saw("READY", "a", "b", "c", "RESUMED")
		s.began(1)
	})
}

// TestGatewayTakesItsTime: while the adapter is slow, much may come, and no
// heartbeat is missed. What is in hand is taken in even if its session is over.
func TestGatewayTakesItsTime(t *testing.T) {
	play(t, func(s *scene) {
		l, _ := s.connect()
		slow := make(chan struct{})
		s.set(func() {
			s.refuse = func(string) error {
				<-slow
				return nil
			}
		})
		want := []string{"READY"}
		const much = 3 * maxQueue
		for i := range much {
			label := "m" + strconv.Itoa(i)
			l.event(i+2, label)
			want = append(want, label)
		}
		before := len(l.beaten())
		pass(10 * interval) // every answer to a heartbeat waits behind what is not read
		if n := len(l.beaten()) - before; n != 10 {
			s.Errorf("%d heartbeats in ten intervals", n)
		}
		if len(l.out) < much-maxQueue {
			s.Errorf("only %d were not read", len(l.out))
		}
		if beats := l.beaten(); beats[len(beats)-1].seq != "1" {
			s.Errorf("the heartbeat tells %s, but nothing was taken in", beats[len(beats)-1].seq)
		}
		close(slow)
		s.saw(want...)
		// Once there is room again, an answer that does not come is missed.
		pass(2 * interval)
		slow = make(chan struct{})
		l.event(much+2, "y")
		l.event(much+3, "z")
		synctest.Wait()
		l.close(closeTimedOut)
		pass(time.Second)
		close(slow)
		s.saw(append(want, "y", "z")...)
		l = s.next()
		l.hello()
		l.wantIdentify()
	})
}

// TestGatewayBytes: it is bytes, too, of which only so many are taken in hand.
func TestGatewayBytes(t *testing.T) {
	play(t, func(s *scene) {
		l, _ := s.connect()
		slow := make(chan struct{})
		s.set(func() {
			s.refuse = func(string) error {
				<-slow
				return nil
			}
		})
		const large = maxQueued / 4
		for i := range 10 {
			l.send(`{"op":0,"t":"GUILD_CREATE","s":%d,"d":{"name":"%s"}}`, i+2, strings.Repeat("x", large))
		}
		synctest.Wait()
		if len(l.out) != 3 { // one is taken in, four are in hand, one was read, one is being written
			s.Errorf("%d of ten were not read", len(l.out))
		}
		close(slow)
		synctest.Wait()
		if n := len(s.dispatched); n != 11 {
			s.Errorf("dispatched %d", n)
		}
	})
}

// TestGatewayEndures: what cannot be read is left out and does no harm, except
// that something may have been missed.
func TestGatewayEndures(t *testing.T) {
	tests := []struct {
		name, frame string
		missed      bool
	}{
		{"no JSON", "<html>" + confidence, true},
		{"nothing", "", true},
		{"null", "null", true},
		{"a list", "[]", true},
		{"no op", `{"t":"MESSAGE_CREATE","s":2,"d":{}}`, true},
		{"no name", `{"op":0,"s":2,"d":{}}`, true},
		{"no number", `{"op":0,"t":"MESSAGE_CREATE","d":{}}`, true},
		{"a strange number", `{"op":0,"t":"MESSAGE_CREATE","s":1.5,"d":{}}`, true},
		{"a negative op", `{"op":-5}`, true},
		{"an unknown op", `{"op":99,"t":null,"s":null,"d":{"a":[1]}}`, false},
		{"an op of ours", `{"op":2,"d":{}}`, false},
		{"an unknown name", `{"op":0,"t":"SOMETHING_NEW","s":2,"d":[]}`, false},
		{"a huge one", `{"op":0,"t":"GUILD_CREATE","s":2,"d":"` + strings.Repeat("x", maxFrame) + `"}`, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			play(t, func(s *scene) {
				o := s.options()
				dispatch := o.Dispatch
				o.Dispatch = func(ctx context.Context, kind string, data json.RawMessage) error {
					if kind == "SOMETHING_NEW" {
						return nil
					}
					return dispatch(ctx, kind, data)
				}
				s.run(o)
				l := s.next()
				l.hello()
				l.wantIdentify()
				l.ready("s1")
				l.out <- func() error { return l.conn.WriteMessage(websocket.BinaryMessage, []byte(test.frame)) }
				l.send("%s", test.frame)
				l.event(3, "a")
				s.saw("READY", "a")
				fresh := 1
				if test.missed {
					fresh += 2
				}
				s.began(fresh)
				s.quiet(5 * interval)
				l.close(4000)
				l = s.next()
				l.hello()
				l.wantResume("s1", 3)
			})
		})
	}
}

// TestGatewayWithoutASession: a session that Discord does not name cannot be
// resumed.
func TestGatewayWithoutASession(t *testing.T) {
	for _, ready := range []string{`null`, `{}`, `{"session_id":5}`, `[]`} {
		t.Run(ready, func(t *testing.T) {
			play(t, func(s *scene) {
				o := s.options()
				o.Dispatch = func(context.Context, string, json.RawMessage) error { return nil }
				s.run(o)
				l := s.next()
				l.hello()
				l.wantIdentify()
				l.send(`{"op":0,"t":"READY","s":1,"d":%s}`, ready)
				synctest.Wait()
				l.close(4000)
				l = s.next()
				l.hello()
				l.wantIdentify()
				s.began(1)
			})
		})
	}
}

// TestGatewayMayNotBegin: without leave to begin a session there is none.
func TestGatewayMayNotBegin(t *testing.T) {
	play(t, func(s *scene) {
		o := s.options()
		tries := 0
		o.Identify = func(context.Context, int) error {
			if tries++; tries < 4 {
				return errors.New("nobody answers")
			}
			return nil
		}
		began := time.Now()
		s.run(o)
		s.next()
		if waited := time.Since(began); waited < 3*time.Second || waited > 8*time.Second {
			s.Errorf("connected after %s", waited)
		}
	})
}

// TestGatewayIsRestarted: a process ends, and the next one goes on where it was.
func TestGatewayIsRestarted(t *testing.T) {
	play(t, func(s *scene) {
		l, stop := s.connect()
		l.event(2, "a")
		l.event(3, "b")
		s.set(func() {
			s.refuse = func(label string) error {
				if label == "c" {
					return errors.New("the store is away")
				}
				return nil
			}
		})
		l.event(4, "c")
		l.wantLeft()
		if err := stop(); err != nil {
			s.Fatal(err)
		}
		s.set(func() { s.refuse = func(string) error { return nil } })
		stop = s.run(s.options())
		l = s.next()
		if l.host != resumeHost {
			s.Errorf("resumes at %s", l.host)
		}
		l.hello()
		l.wantResume("s1", 3)
		l.event(4, "c")
		l.resumed(5)
		s.saw("READY", "a", "b", "c", "RESUMED")
		s.began(1)

		// A session that Discord has forgotten meanwhile is followed by a new one,
		// whose numbers begin anew.
		stop()
		l.wantLeft()
		stop = s.run(s.options())
		l = s.next()
		l.hello()
		l.wantResume("s1", 5)
		l.send(`{"op":9,"t":null,"s":null,"d":false}`)
		l = s.next()
		l.hello()
		l.wantIdentify()
		l.ready("s2")
		s.saw("READY", "a", "b", "c", "RESUMED", "READY")
		s.began(2)
		stop()
		if stored := s.memory.stored(); stored.id != "s2" || stored.seq != 1 {
			s.Errorf("stored %+v", stored)
		}

		// With other intents the session is another one.
		o := s.options()
		o.Intents = 37377
		s.run(o)
		l = s.next()
		l.hello()
		l.wantIdentify()
	})
}

// TestGatewayIsKilled: what was stored last is what a killed process leaves.
func TestGatewayIsKilled(t *testing.T) {
	play(t, func(s *scene) {
		l, _ := s.connect()
		l.event(2, "a")
		pass(2 * saving)
		if stored := s.memory.stored(); stored.id != "s1" || stored.url != "ws://"+resumeHost || stored.seq != 2 {
			s.Errorf("stored %+v", stored)
		}
		s.set(func() { s.refuse = func(string) error { return errors.New("the store is away") } })
		l.event(3, "b")
		pass(2 * saving)
		if stored := s.memory.stored(); stored.seq != 2 {
			s.Errorf("stored %+v, but the third was not taken in", stored)
		}
	})
}

// TestGatewayStandsBy: of two replicas one is connected. When it leaves, or
// falls silent, the other one goes on with its session.
func TestGatewayStandsBy(t *testing.T) {
	play(t, func(s *scene) {
		l, stop := s.connect()
		l.event(2, "a")
		others := s.run(s.options())
		s.quiet(10 * time.Minute)
		began := time.Now()
		stop()
		l.wantLeft()
		l = s.next()
		if waited := time.Since(began); waited > standby {
			s.Errorf("taken over after %s", waited)
		}
		l.hello()
		l.wantResume("s1", 2)
		l.event(3, "b")
		l.resumed(4)
		s.saw("READY", "a", "b", "RESUMED")
		s.began(1)
		if diff := cmp.Diff([]int{0}, s.identified); diff != "" {
			s.Errorf("sessions begun: %s", diff)
		}

		// Now the second one no longer reaches the memory.
		s.memory.fail(errors.New("no route to memory"))
		l.event(5, "c")
		left := time.Now()
		l.wantLeft()
		if waited := time.Since(left); waited < doubtful-renewing || waited > holding-storing {
			s.Errorf("left the shard after %s", waited)
		}
		s.quiet(time.Minute)
		s.memory.fail(nil)
		l = s.next()
		l.hello()
		l.wantResume("s1", 5) // as it knows by itself, for nobody had the shard meanwhile
		others()
		l.wantLeft()
	})
}

// TestGatewayIsTakenOver: a replica that was held up for so long that another
// one got its shard leaves, and what it stores is not heard. Once the other one
// is gone, it goes on where that one was.
func TestGatewayIsTakenOver(t *testing.T) {
	for _, there := range []bool{true, false} {
		t.Run(fmt.Sprintf("the other is there %t", there), func(t *testing.T) {
			play(t, func(s *scene) {
				l, _ := s.connect()
				synctest.Wait()
				s.memory.mu.Lock()
				s.memory.fence++
				s.memory.cursors[sessions+" session/0/1/4609"] = gatewaySession{1, "s1", "ws://" + resumeHost, 7}.text(s.memory.fence)
				if there {
					s.memory.holds["discord/shard/0"] = hold{"another", time.Now().Add(holding), s.memory.fence}
				} else {
					delete(s.memory.holds, "discord/shard/0")
				}
				s.memory.mu.Unlock()
				l.event(20, "a")
				l.wantLeft()
				if stored := s.memory.stored(); stored.seq != 7 {
					s.Errorf("stored %+v after the shard was taken over", stored)
				}
				l = s.next()
				l.hello()
				l.wantResume("s1", 7)
			})
		})
	}
}

// TestGatewayIsNotSure: a replica that does not know any more whether it has the
// shard says nothing to Discord.
func TestGatewayIsNotSure(t *testing.T) {
	play(t, func(s *scene) {
		var mu sync.Mutex
		slept := time.Duration(0)
		o := s.options()
		o.Now = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return time.Now().Add(slept)
		}
		s.run(o)
		l := s.next()
		synctest.Wait()
		mu.Lock()
		slept = time.Hour // the machine did, and nothing has noticed it yet
		mu.Unlock()
		l.hello()
		l.wantLeft()
		if len(l.said) > 0 {
			s.Error("said something")
		}
		l = s.next() // the hold was renewed, for nobody else wanted it
		l.hello()
		l.wantIdentify()
	})
}

// TestGatewayByTCP connects as it does where nothing is played.
func TestGatewayByTCP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/full" {
			http.Error(w, confidence, http.StatusServiceUnavailable)
			return
		}
		var upgrader websocket.Upgrader
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		conn.WriteJSON(r.URL.String())
	}))
	defer server.Close()
	g := newGateway(gatewayOptions{Token: testToken})
	at := "ws" + strings.TrimPrefix(server.URL, "http")
	conn, err := g.dial(t.Context(), at+"?v=9&compress=no")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var got string
	if err := conn.ReadJSON(&got); err != nil || got != "/?compress=no&encoding=json&v=10" {
		t.Errorf("asked for %s, %v", got, err)
	}
	for _, test := range []struct{ at, want string }{
		{at + "/full", "503 Service Unavailable"}, {"ftp://a", "malformed"}, {":", "missing protocol scheme"},
	} {
		if _, err := g.dial(t.Context(), test.at); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), confidence) {
			t.Errorf("dial(%s) = %v, want one about %q", test.at, err, test.want)
		}
	}
}
