// Package discordtest is a Discord in this process, for tests: servers where
// people talk, and the two sides of Discord that a bot sees.
//
// The bot calls the REST API (rest.go and the files named after what it works
// on) and hears what happened through the gateway (gateway.go; door.go is how
// that goes wrong); what people do
// with commands, buttons and forms can come by signed requests instead
// (http.go). What people do is in people.go, threads.go and interact.go; each
// of their deeds returns once Discord has told the bot: the words are written
// to its connection, or kept for when it comes back. [Server.Settle] waits
// until the bot has read them. What people see then is in world.go.
//
// It behaves like Discord where that hurts: words are withheld without the
// Message Content intent, an interaction is answered once and within 3 s, a
// closed DM is found out by sending, a session ends when the client says
// goodbye. And it judges (judge.go): whatever the bot sends that Discord would
// refuse, or that may ping somebody nobody meant, is kept in
// [Server.Violations].
//
// It knows nothing of how the adapter works, and takes no limits from it.
package discordtest

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"
)

// How patient Discord is with a bot.
const (
	// Source: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-callback
	respondWithin = 3 * time.Second
	// tokenLasts is how long an interaction's token works.
	// Source: https://docs.discord.com/developers/interactions/receiving-and-responding#followup-messages
	tokenLasts = 15 * time.Minute
	// nonceLasts is for how long a nonce is remembered; ours, Discord says a
	// few minutes.
	// Source: https://docs.discord.com/developers/resources/message#create-message
	nonceLasts = 5 * time.Minute
	// addressLasts is how long the address of an attachment works; ours, Discord
	// does not say.
	// Source: https://docs.discord.com/developers/reference#signed-attachment-cdn-urls
	addressLasts = 24 * time.Hour
	// heartbeat is the interval that Discord asks for now; it does not promise it.
	// Source: https://docs.discord.com/developers/events/gateway#heartbeat-interval
	heartbeat = 41250 * time.Millisecond
	// sessionStarts is how often a bot may identify in a day.
	// Source: https://docs.discord.com/developers/events/gateway#session-start-limit-object
	sessionStarts = 1000
	// sessionLasts is how long a session waits for its client to resume it, and
	// replayed is how many events it keeps meanwhile; ours, Discord does not say.
	sessionLasts = 5 * time.Minute
	replayed     = 1000
	// activeThreads is how many a server may have.
	// Source: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json-json-error-codes
	activeThreads = 1000
)

// Options are what a Discord is like. The zero value is a good one.
type Options struct {
	// Now is Discord's clock, by which everything is named and tokens end. Nil:
	// time.Now.
	Now func() time.Time
	// MessageContent and GuildMembers are granted privileged intents.
	// Source: https://docs.discord.com/developers/events/gateway#privileged-intents
	MessageContent bool
	GuildMembers   bool
	// Permissions are those of the bot's own role. Zero: what the bot asks for.
	Permissions Permission
	// RespondWithin is how long, in real time, the bot has to answer an
	// interaction. Zero: 3 s, like Discord.
	RespondWithin time.Duration
	// Limit is how many requests one bucket takes in LimitEvery, and GlobalLimit
	// how many the bot may make in a second, by Discord's clock. Zero: no limit,
	// though the headers name one.
	// Source: https://docs.discord.com/developers/topics/rate-limits
	Limit       int
	LimitEvery  time.Duration // zero: 5 s
	GlobalLimit int
	// HeartbeatInterval is what the gateway asks for. Zero: 41.25 s.
	HeartbeatInterval time.Duration
	// Shards are recommended at least. Zero: by the count of servers.
	Shards int
	// MaxConcurrency is how many shards may identify in IdentifyEvery. Zero: 1.
	// Discord's IdentifyEvery is 5 s, kept here by Discord's clock. Zero: no
	// limit.
	// Source: https://docs.discord.com/developers/events/gateway#rate-limiting
	MaxConcurrency int
	IdentifyEvery  time.Duration
	// SessionStarts is how often the bot may identify in a day. Zero: 1000.
	SessionStarts int
	// SessionLasts is how long, by Discord's clock, a session without a
	// connection can be resumed, and Replayed how many events it keeps. Zero: 5
	// min and 1000.
	SessionLasts time.Duration
	Replayed     int
	// Spec is the file with Discord's description of its API,
	// discord-openapi.json. Empty: looked for in $SIGNPOST_SHARED and beside the
	// repository. What is not there does not judge, except where CI is set.
	Spec string
	// Seed chooses secrets.
	Seed uint64
}

// A Server is a Discord. All methods are safe to call at once.
type Server struct {
	opts   Options
	http   *httptest.Server
	client *http.Client // for delivering by HTTP
	ctx    context.Context
	end    context.CancelFunc

	closing sync.Mutex
	closed  bool
	work    sync.WaitGroup // connections and deliveries in the background

	judge judge
	key   ed25519.PrivateKey

	mu      sync.Mutex
	changed chan struct{} // closed and made anew whenever something changed
	random  *rand.Rand
	last    uint64 // the newest id
	token   string
	base    string // where interactions are delivered by HTTP; empty: the gateway
	fault   func(method, route string, done bool) Fault
	calls   map[string]int

	users      map[string]*User
	userOrder  []string
	guilds     map[string]*guild
	guildOrder []string
	others     int // servers the bot is in that nothing is known of
	roles      map[string]*Role
	roleOrder  []string
	channels   map[string]*Channel
	order      []string // of channels
	files      map[string]*file
	nonces     map[string]nonce

	commands     map[string][]*command // by server; empty: everywhere
	created      map[string][]time.Time
	interactions map[string]*interaction // by token
	modals       map[string]*modal       // by person
	pending      int                     // interactions that wait for an answer, and requests on their way

	buckets  map[string]*bucket
	renamed  map[string][]time.Time
	invalid  []time.Time // requests that were refused, see Invalid
	refused  bool        // the token was, once
	sessions []*session
	sockets  []*socket
	starts   []time.Time    // of sessions
	started  map[int]window // by rate limit key
	gate     gate

	// sent is told every payload on its way to the bot; for our own tests.
	sent func(payload any)
	// told is told every answer to a request; for our own tests.
	told func(method, route string, status int, answer any)
}

// A window counts what was done since.
type window struct {
	since time.Time
	count int
}

// New opens a Discord with one server, whose only member is the bot. Close ends
// it.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Permissions = cmp.Or(o.Permissions, asked)
	o.RespondWithin = cmp.Or(o.RespondWithin, respondWithin)
	o.LimitEvery = cmp.Or(o.LimitEvery, bucketLasts)
	o.HeartbeatInterval = cmp.Or(o.HeartbeatInterval, heartbeat)
	o.MaxConcurrency = cmp.Or(o.MaxConcurrency, 1)
	o.SessionStarts = cmp.Or(o.SessionStarts, sessionStarts)
	o.SessionLasts = cmp.Or(o.SessionLasts, sessionLasts)
	o.Replayed = cmp.Or(o.Replayed, replayed)
	ctx, end := context.WithCancel(context.Background())
	s := &Server{
		opts: o, ctx: ctx, end: end, changed: make(chan struct{}), random: rand.New(rand.NewPCG(o.Seed, o.Seed)), calls: map[string]int{},
		users: map[string]*User{}, guilds: map[string]*guild{}, roles: map[string]*Role{}, channels: map[string]*Channel{},
		files: map[string]*file{}, nonces: map[string]nonce{}, commands: map[string][]*command{}, created: map[string][]time.Time{},
		interactions: map[string]*interaction{}, modals: map[string]*modal{}, buckets: map[string]*bucket{},
		renamed: map[string][]time.Time{}, started: map[int]window{},
	}
	s.client = &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	seed := make([]byte, ed25519.SeedSize)
	for i := range ed25519.SeedSize / 8 {
		binary.LittleEndian.PutUint64(seed[i*8:], s.random.Uint64())
	}
	s.key = ed25519.NewKeyFromSeed(seed)
	s.token = s.newToken()
	s.judge.open(o.Spec)
	s.users[botID] = &User{ID: botID, Name: "signpost", Bot: true}
	s.userOrder = []string{botID}
	s.addGuild(Guild{ID: guildID, Name: "Signpost test"})
	s.http = httptest.NewServer(s.routes())
	return s
}

// The bot's own ids, and that of the first server: older than anything that is
// made later.
const (
	botID   = "1000000000000000001"
	appID   = botID // as it is for every app made since 2016
	botRole = "1000000000000000003"
	guildID = "1000000000000000002"
)

// Close ends Discord, and returns once nothing of it runs any more.
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

// APIURL is where the REST API is, version 10, with the slash at its end.
// Version 9 is beside it.
func (s *Server) APIURL() string { return s.http.URL + "/api/v10/" }

// URL is where everything is, without a slash at its end.
func (s *Server) URL() string { return s.http.URL }

// Token is the bot's, without the word Bot before it.
func (s *Server) Token() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token
}

// ApplicationID, Bot and GuildID are ids: the app's, that of the bot's account,
// and the first server's.
func (s *Server) ApplicationID() string { return appID }
func (s *Server) Bot() string           { return botID }
func (s *Server) GuildID() string       { return guildID }

// PublicKey is what signed requests are verified with, in hexadecimal.
func (s *Server) PublicKey() string {
	return hex.EncodeToString(s.key.Public().(ed25519.PublicKey))
}

// RevokeToken makes the bot's token worthless, as a reset in the portal does:
// every connection ends.
func (s *Server) RevokeToken() {
	s.mu.Lock()
	s.token = s.newToken()
	s.sessions = nil
	s.mu.Unlock()
	s.Disconnect(closeToken)
}

// A Fault is how a request breaks. The zero value is none.
type Fault struct {
	// Status is of the answer, such as 429 or 503. Its body is JSON as Discord
	// has it, or with HTML a page as the proxies before it have it.
	Status int
	HTML   bool
	// RetryAfter and Global are of a 429; Shared says that others used it up.
	RetryAfter time.Duration
	Global     bool
	Shared     bool
	// Code and Message are what a JSON body names as its error, where Discord
	// would not have Status's own words.
	Code    int
	Message string
	// Cut closes the connection without an answer.
	Cut bool
}

// Break asks f before and after each request whether it breaks: before it,
// nothing has been done. The route is Discord's, such as
// /channels/{channel_id}/messages; a download has the method GET and the route
// /attachments. A nil f breaks nothing.
func (s *Server) Break(f func(method, route string, done bool) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Called is how often a route was called, faults included: see [Server.Break].
func (s *Server) Called(method, route string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method+" "+route]
}

// Wait blocks until ok is true, and asks again whenever something has changed:
// a message, a connection, a request. It returns the context's error if that
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

// Settle blocks until the bot has read all it was told, and nobody waits for
// its answer. It asks each connection for a heartbeat, which names the last
// event that was read: the answer comes once the bot's reading got there.
func (s *Server) Settle(ctx context.Context) error {
	return s.Wait(ctx, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		settled := s.pending == 0
		for _, c := range s.sockets {
			settled = c.settled() && settled
		}
		return settled
	})
}

// change tells those who wait. The lock is held.
func (s *Server) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// The first millisecond of 2015, from which ids count.
// Source: https://docs.discord.com/developers/reference#snowflakes
const epoch = 1420070400000

// id is a new one: the time, and unlike any before. The lock is held, or nobody
// else is there.
func (s *Server) id() string {
	s.last = max(uint64(s.opts.Now().UnixMilli()-epoch)<<22, s.last+1)
	return strconv.FormatUint(s.last, 10)
}

// number is an id as a number, zero if it is none.
func number(id string) uint64 {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// compareIDs orders ids by their age.
func compareIDs(a, b string) int { return cmp.Compare(number(a), number(b)) }

// stamp is a time as Discord writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000-07:00") }

// secret is a word that cannot be guessed from others. The lock is held, or
// nobody else is there.
func (s *Server) secret() string {
	return fmt.Sprintf("%016x%016x", s.random.Uint64(), s.random.Uint64())
}

// newToken looks like a bot's.
func (s *Server) newToken() string {
	return strings.Join([]string{"MTAwMDAwMDAwMDAwMDAwMDAwMQ", s.secret()[:6], s.secret() + s.secret()[:6]}, ".")
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
