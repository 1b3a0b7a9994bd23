// Package slacktest is a Slack in this process, for tests: a workspace where
// people talk, and the two sides of Slack that an app sees.
//
// The app calls the Web API (api.go and the files named after its methods) and
// hears what happened through one of two doors: a socket (socket.go), or signed
// requests (http.go). What people do is in people.go and press.go; each of
// their deeds returns once Slack has told the app, or has given up. What they
// see then is in world.go.
//
// It behaves like Slack where that hurts: a mention comes twice, events come
// again, a reply to a deleted message loses its thread, a trigger works once
// and a response_url five times. And it judges (judge.go): whatever the app
// sends that Slack would refuse, or that reads or pings in a way nobody meant,
// is kept in [Server.Violations].
//
// It knows nothing of how the adapter works, and takes no limits from it.
package slacktest

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"
)

// How patient Slack is with an app.
const (
	// Source: https://docs.slack.dev/apis/events-api
	ackWithin = 3 * time.Second
	// Source: https://docs.slack.dev/interactivity/handling-user-interaction
	triggerLasts = 3 * time.Second
	// responseLasts is how long a response_url works, responseUses how often.
	// Source: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
	responseLasts = 30 * time.Minute
	responseUses  = 5
)

// Options are what a workspace is like. The zero value is a good one.
type Options struct {
	// Now is the workspace's clock, by which messages are named and triggers
	// end. Nil: time.Now.
	Now func() time.Time
	// Team is the workspace's id. Empty: T0SIGNPOST.
	Team string
	// Scopes are granted to the bot. Nil: all that it could ask for.
	Scopes []string
	// Retries are the waits before an event that was not acknowledged is sent
	// again. Slack sends it again at once, after a minute, and after five.
	// Nil: three times at once.
	// Source: https://docs.slack.dev/apis/events-api
	Retries []time.Duration
	// AckWithin is how long the app has to acknowledge. Zero: 3 s, like Slack.
	AckWithin time.Duration
	// PostEvery is the least time, by the workspace's clock, between two
	// messages of the app in one channel; sooner ones are refused. Slack: 1 s.
	// Zero: no limit.
	// Source: https://docs.slack.dev/apis/web-api/rate-limits
	PostEvery time.Duration
	// Schema is the file with Slack's types, slack-blockkit.schema.json. Empty:
	// looked for in $SIGNPOST_SHARED and beside the repository. What is not there
	// does not judge, except where CI is set.
	Schema string
	// Seed chooses the socket and the order of events.
	Seed uint64
}

// A Server is a workspace and its Slack. All methods are safe to call at once.
type Server struct {
	opts   Options
	http   *httptest.Server
	client *http.Client // for delivering by HTTP
	ctx    context.Context
	end    context.CancelFunc

	closing sync.Mutex
	closed  bool
	work    sync.WaitGroup // deliveries in the background, and sockets

	judge judge

	mu      sync.Mutex
	changed chan struct{} // closed and made anew whenever something changed
	random  *rand.Rand
	count   int   // of ids made
	last    int64 // the latest message's name, in microseconds
	scopes  map[string]bool
	base    string // where HTTP deliveries go; empty: sockets
	fault   func(method string, done bool) Fault
	repeat  func(event string) int
	calls   map[string]int
	tokens  tokens

	users     map[string]*User
	userOrder []string
	channels  map[string]*Channel
	order     []string // of channels
	groups    map[string]*Group
	groupList []string
	files     map[string]*file
	uploads   map[string]*upload
	homes     map[string]*view
	modals    map[string][]*view // by person, the one on top last
	triggers  map[string]*trigger
	hooks     map[string]*hook
	offered   map[string][]object // options last suggested, by person and action
	posted    map[string]time.Time
	status    map[string]string
	titles    map[string]string
	prompts   map[string][]string

	sockets   []*socket
	tickets   map[string]bool // for sockets to be opened
	refuse    string          // the reason every socket is closed with at once
	envelopes map[string]*envelope
	pending   int // deliveries on their way

	// sent is told every payload that is delivered; for our own tests.
	sent func(kind string, payload object)
}

// tokens are what app and Slack know each other by.
type tokens struct{ bot, app, secret string }

// The app's own names in the workspace.
const (
	appID  = "A0SIGNPOST"
	botID  = "B0SIGNPOST"
	botUID = "U0SIGNPOST"
	// slackbot is in every workspace.
	slackbot = "USLACKBOT"
	domain   = "signpost-test"
)

// New opens a workspace whose only member is the app's bot. Close ends it.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Team = cmp.Or(o.Team, "T0SIGNPOST")
	o.AckWithin = cmp.Or(o.AckWithin, ackWithin)
	if o.Retries == nil {
		o.Retries = []time.Duration{0, 0, 0}
	}
	if o.Scopes == nil {
		o.Scopes = allScopes
	}
	ctx, end := context.WithCancel(context.Background())
	s := &Server{
		opts: o, ctx: ctx, end: end, changed: make(chan struct{}),
		random: rand.New(rand.NewPCG(o.Seed, o.Seed)), scopes: map[string]bool{}, calls: map[string]int{},
		users: map[string]*User{}, channels: map[string]*Channel{}, groups: map[string]*Group{},
		files: map[string]*file{}, uploads: map[string]*upload{}, homes: map[string]*view{}, modals: map[string][]*view{},
		triggers: map[string]*trigger{}, hooks: map[string]*hook{}, offered: map[string][]object{},
		posted: map[string]time.Time{}, status: map[string]string{}, titles: map[string]string{}, prompts: map[string][]string{},
		tickets: map[string]bool{}, envelopes: map[string]*envelope{},
	}
	s.client = &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, scope := range o.Scopes {
		s.scopes[scope] = true
	}
	s.tokens = tokens{"xoxb-" + s.secret(), "xapp-" + s.secret(), s.secret()}
	s.judge.open(o.Schema)
	s.users[botUID] = &User{ID: botUID, Name: "signpost", RealName: "Signpost", Team: o.Team, Bot: true}
	s.users[slackbot] = &User{ID: slackbot, Name: "slackbot", RealName: "Slackbot", Team: o.Team, Bot: true}
	s.userOrder = []string{botUID, slackbot}
	s.http = httptest.NewServer(s.routes())
	return s
}

// routes are everything that Slack answers.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.serveAPI)
	mux.HandleFunc("GET /socket/{ticket}", s.serveSocket)
	mux.HandleFunc("POST /response/{id}", s.serveHook)
	mux.HandleFunc("POST /upload/{id}", s.serveUpload)
	mux.HandleFunc("GET /files-pri/{id}/{name}", s.serveFile)
	mux.HandleFunc("GET /signin", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!DOCTYPE html><title>Sign in</title>")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, prefix := range []string{"xoxb-", "xapp-"} {
			if strings.Contains(r.URL.String(), prefix) {
				s.judge.add("%s: a token in the address", r.URL.Path)
			}
		}
		mux.ServeHTTP(w, r)
	})
}

// Close ends the workspace, and returns once nothing of it runs any more.
func (s *Server) Close() {
	s.closing.Lock()
	s.closed = true
	s.closing.Unlock()
	s.end()
	s.Kill()
	s.work.Wait()
	s.http.CloseClientConnections()
	s.http.Close()
	s.client.CloseIdleConnections()
}

// APIURL is where the Web API is, with the slash that clients want.
func (s *Server) APIURL() string { return s.http.URL + "/api/" }

// BotToken is the bot's, AppToken is for Socket Mode, and SigningSecret is what
// requests are signed with.
func (s *Server) BotToken() string      { return s.tokens.bot }
func (s *Server) AppToken() string      { return s.tokens.app }
func (s *Server) SigningSecret() string { return s.tokens.secret }

// Team, Bot and App are ids: the workspace's, that of the bot's account, and
// the app's.
func (s *Server) Team() string { return s.opts.Team }
func (s *Server) Bot() string  { return botUID }
func (s *Server) App() string  { return appID }

// A Fault is how a call breaks. The zero value is none.
type Fault struct {
	// Status is of the answer, such as 429 or 503; its body is no JSON.
	Status int
	// RetryAfter goes with 429, in whole seconds.
	RetryAfter time.Duration
	// Error is what the answer names as its error.
	Error string
	// Cut closes the connection without an answer.
	Cut bool
}

// Break asks f before and after each call whether it breaks: before it, nothing
// has been done. The method is Slack's, or response_url, upload or download. A
// nil f breaks nothing.
func (s *Server) Break(f func(method string, done bool) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Repeat asks f of each event, by its type, how often it is delivered again
// after it was acknowledged. A nil f repeats nothing.
func (s *Server) Repeat(f func(event string) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.repeat = f
}

// Called is how often a method was called, faults included.
func (s *Server) Called(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// Wait blocks until ok is true, and asks again whenever something has changed:
// a message, a view, a socket, a call. It returns the context's error if that
// ends first.
func (s *Server) Wait(ctx context.Context, ok func() bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if ok() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Settle blocks until no event is on its way to the app any more: those that
// the app itself set off are delivered in the background.
func (s *Server) Settle(ctx context.Context) error {
	return s.Wait(ctx, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.pending == 0
	})
}

// change tells those who wait. The lock is held.
func (s *Server) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// id is a new one, as Slack's look. The lock is held, or nobody else is there.
func (s *Server) id(kind string) string {
	s.count++
	const nine = 36 * 36 * 36 * 36 * 36 * 36 * 36 * 36 // the least number of nine digits
	return kind + "0" + strings.ToUpper(strconv.FormatInt(nine+int64(s.count)*7919, 36))
}

// secret is a word that cannot be guessed from others. The lock is held, or
// nobody else is there.
func (s *Server) secret() string {
	return fmt.Sprintf("%016x%016x", s.random.Uint64(), s.random.Uint64())
}

// ts names a new message: the time in seconds and microseconds, later than any
// before. The lock is held.
func (s *Server) ts() string {
	s.last = max(s.opts.Now().UnixMicro(), s.last+1)
	return fmt.Sprintf("%d.%06d", s.last/1e6, s.last%1e6)
}

// background runs f, and Close waits for it. Once the server ends it does
// nothing, and says so.
func (s *Server) background(f func()) bool {
	s.closing.Lock()
	defer s.closing.Unlock()
	if !s.closed {
		s.work.Go(f)
	}
	return !s.closed
}

// An object is JSON as it travels.
type object = map[string]any
