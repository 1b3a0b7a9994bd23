package discord

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/signpost-bot/signpost/bot/chat"
)

var loadOf = flag.Int("load.interactions", 5000, "how many interactions TestLoad brings through each door")

const (
	// abreast is how many interactions wait for their answer at a time.
	abreast = 16
	// answerWithin is how long an interaction waits.
	// Source: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-callback
	answerWithin = 3 * time.Second
	// mayGrow is by how many bytes the heap may, from a fifth of the load to its
	// end: what is remembered of the newest people and messages is still filling
	// up in a short run.
	mayGrow = 4 << 20
)

// A crowd is a Discord in which everyone does something at once. It knows only
// what the adapter needs, so that nothing grows but the adapter.
type crowd struct {
	t        *testing.T
	http     *httptest.Server
	adapter  *Adapter
	mind     *mind
	log      *locked
	logged   *bytes.Buffer
	letters  chan chat.Event // accepted, and to be replied to
	open     atomic.Int64    // how many of them are not replied to yet
	answered chan string     // ids, through the gateway

	mu       sync.Mutex
	line     *websocket.Conn // the gateway's
	up       chan struct{}   // closed once there is one
	seq      int
	accepted int
}

// Accept implements [chat.Inbox].
func (c *crowd) Accept(_ context.Context, e chat.Event) error {
	c.mu.Lock()
	c.accepted++
	c.mu.Unlock()
	if e.Handle != "" && e.Kind != chat.Message {
		c.open.Add(1)
		c.letters <- e
	}
	return nil
}

// A busyFront opens a form for contact, and finds fault with each.
type busyFront struct{ *front }

func (busyFront) Open(_ context.Context, e chat.Event) (*chat.Form, error) {
	if e.Action.Verb != "contact" {
		return nil, nil
	}
	return &chat.Form{Action: chat.Do("contact", "c1"), Title: "Contact us", Again: "Again", Fields: []chat.Field{{Name: "question", Label: "Question", Kind: chat.Lines}}}, nil
}

func (busyFront) Check(chat.Event) map[string]string {
	return map[string]string{"question": "Say a little more."}
}

// openCrowd starts an adapter on a crowd, and the one that replies.
func openCrowd(t *testing.T, gateway bool) (c *crowd, stop func()) {
	t.Helper()
	c = &crowd{
		t: t, mind: newMind(), logged: &bytes.Buffer{}, letters: make(chan chat.Event, 2*abreast), answered: make(chan string, 2*abreast), up: make(chan struct{}),
	}
	c.mind.room = 1000 // as what Redis keeps ends after a quarter of an hour
	c.log = &locked{w: c.logged}
	all := readTable(t)
	c.http = httptest.NewServer(c)
	c.adapter = New(Options{
		Token: botToken, PublicKey: hex.EncodeToString(testKey.Public().(ed25519.PublicKey)), APIURL: c.http.URL, Gateway: gateway, Content: true,
		Front: busyFront{&front{typed: []chat.Option{{Label: "Refunds", Value: "Refunds"}}}}, Memory: c.mind, Commands: all.commands(), Words: all,
		Log: slog.New(slog.NewTextHandler(c.log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := c.adapter.Run(ctx, c); err != nil {
			t.Error(err)
		}
	})
	for range 4 {
		running.Go(func() { c.reply(ctx) })
	}
	return c, func() {
		cancel()
		running.Wait()
		c.http.CloseClientConnections()
		c.http.Close()
	}
}

// reply answers what was accepted, as the sender does: by its token.
func (c *crowd) reply(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-c.letters:
			key := "answer/" + string(e.ID)
			_, err := c.adapter.Send(ctx, chat.Delivery{ID: key + ".0", Try: 1, Reply: chat.Reply{
				Key: chat.Key(key), Deed: chat.Post, Purpose: chat.Answering, Place: e.Place, Only: e.From.Account, Handle: e.Handle, Blocks: []chat.Block{words("This should settle it.")},
			}})
			c.open.Add(-1)
			if err != nil && ctx.Err() == nil {
				c.t.Errorf("a reply: %v", err)
			}
		}
	}
}

// ServeHTTP is Discord's API and its gateway.
func (c *crowd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the adapter went
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	w.Header().Set("X-RateLimit-Remaining", "4")
	w.Header().Set("X-RateLimit-Reset-After", "5.000")
	answer := `{}`
	switch {
	case parts[0] == "ws":
		c.gateway(w, r)
		return
	case parts[0] == "interactions":
		c.told(body)
		c.answered <- parts[1]
		w.WriteHeader(http.StatusNoContent)
		return
	case parts[0] == "webhooks":
		answer = `{"id":"9","channel_id":"200","author":{"id":"77"},"flags":192,"components":[]}`
	case parts[0] == "channels":
		answer = fmt.Sprintf(`{"id":%q,"guild_id":"100","type":0}`, parts[1])
	case r.URL.Path == "/users/@me":
		answer = `{"id":"77","username":"signpost"}`
	case r.URL.Path == "/applications/@me":
		answer = `{"id":"66"}`
	case r.URL.Path == "/users/@me/guilds":
		answer = `[{"id":"100"}]`
	case r.URL.Path == "/gateway/bot":
		answer = fmt.Sprintf(`{"url":"ws%s/ws","shards":1,"session_start_limit":{"total":1000,"remaining":999,"max_concurrency":1}}`, strings.TrimPrefix(c.http.URL, "http"))
	case parts[0] == "applications", strings.HasSuffix(r.URL.Path, "/channels"):
		answer = `[]`
	}
	io.WriteString(w, answer)
}

// told wants an answer that is none that something went wrong.
func (c *crowd) told(answer []byte) {
	if bytes.Contains(answer, []byte("Try again in a moment")) {
		c.t.Errorf("an interaction is answered %s", answer)
	}
}

// gateway is one connection, on which heartbeats are answered.
func (c *crowd) gateway(w http.ResponseWriter, r *http.Request) {
	var upgrader websocket.Upgrader
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the adapter went
	}
	defer conn.Close()
	c.mu.Lock()
	c.line = conn
	c.mu.Unlock()
	c.frame(`{"op":10,"d":{"heartbeat_interval":40000}}`)
	for {
		var p packet
		if conn.ReadJSON(&p) != nil {
			return
		}
		switch p.Op {
		case opIdentify:
			c.dispatch("READY", `{"session_id":"s1","resume_gateway_url":"ws://127.0.0.1:1"}`)
			close(c.up)
		case opHeartbeat:
			c.frame(`{"op":11}`)
		}
	}
}

// frame writes a frame. What cannot be written is never answered.
func (c *crowd) frame(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.line.WriteMessage(websocket.TextMessage, []byte(text))
}

func (c *crowd) dispatch(kind, data string) {
	c.mu.Lock()
	c.seq++
	seq := c.seq
	c.line.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"op":0,"t":%q,"s":%d,"d":%s}`, kind, seq, data))
	c.mu.Unlock()
}

// loadID is the id of the n-th interaction of a load.
func loadID(n int) string {
	return strconv.FormatInt((noon.UnixMilli()-discordEpoch)<<snowflakeTimestamps+int64(n), 10)
}

// loadItem is the n-th interaction: everyone is someone else, and in one of a
// thousand channels.
func loadItem(n int) string {
	kind, data, more := ranCommand, `{"type":1,"name":"ask","options":[{"type":3,"name":"question","value":"how do I get a refund?"}]}`, ""
	switch n % 5 {
	case 1:
		kind, data, more = pressedPart, `{"custom_id":"claim:T-1"}`, `,"message":{"id":"9"}`
	case 2:
		kind, data, more = pressedPart, `{"custom_id":"contact:c1"}`, `,"message":{"id":"9"}`
	case 3:
		kind, data = sentForm, `{"custom_id":"contact:c1`+again+loadID(n-1)+`","components":[{"type":18,"component":{"type":4,"custom_id":"question","value":"why?"}}]}`
	case 4:
		kind, data = typingNow, `{"type":1,"name":"ask","options":[{"type":3,"name":"question","value":"ref","focused":true}]}`
	}
	channel := strconv.Itoa(10_000 + n%1000)
	return fmt.Sprintf(`{"id":%q,"application_id":"66","type":%d,"token":"token-of-%d","guild_id":"100","channel_id":%q,"channel":{"id":%q,"type":0},
		"member":{"user":{"id":"%d","username":"someone %d"},"roles":["900"]},"locale":"pt-BR","data":%s%s}`, loadID(n), kind, n, channel, channel, 1_000_000+n, n, data, more)
}

// bring brings the interactions from one to another, so many at a time, and
// returns how long each waited for its answer.
func (c *crowd) bring(from, to int, gateway bool, waited []time.Duration) []time.Duration {
	if gateway {
		return c.bringByGateway(from, to, waited)
	}
	door := c.adapter.Handler()
	next := make(chan int)
	times := make(chan time.Duration)
	var running sync.WaitGroup
	for range abreast {
		running.Go(func() {
			for n := range next {
				r, w := signed(loadItem(n), time.Now(), testKey), httptest.NewRecorder()
				began := time.Now()
				door.ServeHTTP(w, r)
				times <- time.Since(began)
				if w.Code != http.StatusOK {
					c.t.Errorf("interaction %d is answered %d", n, w.Code)
				}
				c.told(w.Body.Bytes())
			}
		})
	}
	running.Go(func() {
		for n := from; n < to; n++ {
			next <- n
		}
		close(next)
	})
	for range to - from {
		waited = append(waited, <-times)
	}
	running.Wait()
	return waited
}

func (c *crowd) bringByGateway(from, to int, waited []time.Duration) []time.Duration {
	began := map[string]time.Time{}
	for n := from; n < to || len(began) > 0; {
		if n < to && len(began) < abreast {
			c.dispatch("MESSAGE_CREATE", strings.Replace(saidIn(strconv.Itoa(10_000+n%1000), "hi", ""), testID, loadID(n), 1)) // people also talk
			began[loadID(n)] = time.Now()
			c.dispatch("INTERACTION_CREATE", loadItem(n))
			n++
			continue
		}
		select {
		case id := <-c.answered:
			waited = append(waited, time.Since(began[id]))
			delete(began, id)
		case <-time.After(2 * answerWithin):
			c.t.Fatalf("%d interactions were never answered; the log says\n%s", len(began), c.logged)
		}
	}
	return waited
}

// settle waits until everything that came is done.
func (c *crowd) settle() {
	c.adapter.inHand.Wait()
	for c.open.Load() > 0 {
		runtime.Gosched()
	}
}

// A footprint is what an adapter takes.
type footprint struct {
	heap       uint64 // bytes, after a collection
	goroutines int    // of this package
}

func (c *crowd) footprint() footprint {
	c.settle()
	runtime.GC()
	runtime.GC() // what the first one has finalised
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return footprint{m.HeapAlloc, goroutines()}
}

// TestLoad brings a steady load of interactions through each door: nothing
// grows, and each is answered in time.
//
//	go test -run TestLoad -v ./adapters/discord -load.interactions=100000
func TestLoad(t *testing.T) {
	for _, gateway := range []bool{false, true} {
		t.Run(map[bool]string{false: "HTTP", true: "gateway"}[gateway], func(t *testing.T) {
			c, stop := openCrowd(t, gateway)
			defer stop()
			waitFor(t, "Run to begin", func() bool {
				_, done, ok := c.adapter.enter()
				if ok {
					done()
				}
				return ok
			})
			if gateway {
				<-c.up
			}
			total := *loadOf
			waited := make([]time.Duration, 0, total)
			began := time.Now()
			waited = c.bring(0, total/5, gateway, waited)
			early := c.footprint()
			waited = c.bring(total/5, total, gateway, waited)
			late := c.footprint()
			took := time.Since(began)
			slices.Sort(waited)
			mb := func(n uint64) float64 { return float64(n) / 1e6 }
			t.Logf("%d interactions in %v, %d at a time: half are answered within %v, 99 %% within %v, all within %v; heap %.1f MB after a fifth, %.1f MB in the end; %d and %d goroutines",
				total, took.Round(time.Millisecond), abreast, waited[total/2].Round(time.Microsecond), waited[total*99/100].Round(time.Microsecond),
				waited[total-1].Round(time.Microsecond), mb(early.heap), mb(late.heap), early.goroutines, late.goroutines)
			if slowest := waited[total-1]; slowest >= answerWithin {
				t.Errorf("one was answered after %v", slowest)
			}
			if late.heap > early.heap+mayGrow {
				t.Errorf("the heap grew from %d to %d bytes", early.heap, late.heap)
			}
			if late.goroutines > early.goroutines {
				t.Errorf("there were %d goroutines, and are %d", early.goroutines, late.goroutines)
			}
			c.bounds(total, gateway)
			if c.logged.Len() > 0 {
				t.Errorf("the adapter logged %.2000s", c.logged)
			}
		})
	}
}

// bounds looks at everything that is remembered.
func (c *crowd) bounds(total int, gateway bool) {
	c.t.Helper()
	a := c.adapter
	for _, it := range []struct {
		what        string
		have, bound int
	}{
		{"routes", len(a.limits.routes.items), maxRoutes}, {"routes in order", a.limits.routes.order.Len(), maxRoutes},
		{"languages", len(a.people.locales), maxPeople}, {"members", len(a.people.members), 0}, {"channels", len(a.world.rooms), 1000},
		{"authors", len(a.heardOf.by), maxHeard}, {"direct messages", len(a.directs.items), 0}, {"kinds of channels", len(a.known.items), 0}, {"threads begun", len(a.begun.items), 0},
	} {
		if it.have > it.bound {
			c.t.Errorf("%d %s are remembered, want at most %d", it.have, it.what, it.bound)
		}
	}
	// Two of five are stored, and everyone is told apart; through the gateway
	// someone says something each time.
	want := total / 5 * 2
	if gateway {
		want += total
	}
	if c.accepted < want {
		c.t.Errorf("only %d events were accepted, want %d", c.accepted, want)
	}
	if len(a.people.locales) != min(total, maxPeople) {
		c.t.Errorf("%d people are known, want %d", len(a.people.locales), min(total, maxPeople))
	}
}

// waitFor waits for something that is soon so.
func waitFor(t *testing.T, what string, so func() bool) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for range 10_000 {
		if so() {
			return
		}
		<-ticker.C
	}
	t.Fatalf("in vain: %s", what)
}
