package discord

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// gatewayVersion and gatewayEncoding are the only ones that we speak.
	// Source: https://docs.discord.com/developers/reference#api-versioning
	gatewayVersion  = "10"
	gatewayEncoding = "json"
	// dialWithin is how long connecting may take, ours.
	dialWithin = 15 * time.Second
	// reopening and slowest are the first and the longest wait between two tries
	// to connect, and calm how long a connection lasts that was good: after one
	// the next try comes at once.
	reopening = time.Second
	slowest   = time.Minute
	calm      = time.Minute
	// faithful is how many connections in a row may come to nothing at the address
	// where Discord wants to be asked for a session, before its first address is
	// tried in turn.
	faithful = 3
)

// Close codes of the gateway that call for more than resuming.
// Source: https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
const (
	closeToken            = 4004
	closeSequence         = 4007
	closeTooFast          = 4008
	closeTimedOut         = 4009
	closeShard            = 4010
	closeSharding         = 4011
	closeVersion          = 4012
	closeIntents          = 4013
	closeIntentsForbidden = 4014
)

// gatewayMends say what helps against the close codes after which connecting
// again is of no use.
var gatewayMends = map[int]string{
	closeToken:            "the bot token is wrong or was reset; copy it again from the developer portal, under Bot",
	closeShard:            "Discord does not know this shard; restart, so that the number of shards is asked again",
	closeSharding:         "the bot is in too many servers for so few shards; restart, so that the number of shards is asked again",
	closeVersion:          "Discord no longer speaks version " + gatewayVersion + " of its gateway; update Signpost",
	closeIntents:          "Discord does not know what Signpost wants to hear; update Signpost",
	closeIntentsForbidden: "switch on Message Content Intent in the developer portal, under Bot, or set discord.message_content: false",
}

// gatewayOptions are what a gateway works with. Only Dial, Log and Linked may be
// nil.
type gatewayOptions struct {
	Token   string
	Intents int
	Shard   int    // of Shards, from 0
	Shards  int    // at least 1
	URL     string // from GET /gateway/bot
	Memory  chat.Memory
	Beats   int // zero: half of maxSends
	Now     func() time.Time
	Log     *slog.Logger // nil: slog.Default()
	// Dial connects to where the gateway is. Nil: by TCP, through the proxy of the
	// environment if there is one.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Identify waits until a session of the shard may begin.
	Identify func(ctx context.Context, shard int) error
	// Dispatch takes in one thing that happened, READY and RESUMED among them. It
	// is called for one after the other. With an error it was not stored, and
	// comes again after a while, together with what came after it: so what cannot
	// be understood is no error. It does not panic, and has its own time limits.
	Dispatch func(ctx context.Context, kind string, data json.RawMessage) error
	// Fresh notes that something may have been missed, because a new session began
	// or something could not be read. It is called before anything of the new
	// session is dispatched, and returns at once. A process that has just started
	// and resumes its last session is not told.
	Fresh func(ctx context.Context)
	// Linked notes that a session has begun or was resumed, and later that its
	// connection is gone. Nil: nobody wants to know.
	Linked func(up bool)
}

// A gateway keeps one shard connected, as long as no other replica does.
//
// Discord repeats what was not accepted when a session is resumed. So a
// connection may break at any time, and a process end, and nothing is missed:
// the session goes on where it was, if that is within the few minutes for which
// Discord keeps it.
type gateway struct {
	o gatewayOptions
	*tenure
}

// newGateway makes a gateway. Nothing is asked of anyone before Run.
func newGateway(o gatewayOptions) *gateway {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Linked == nil {
		o.Linked = func(bool) {}
	}
	o.Log = o.Log.With("shard", o.Shard)
	return &gateway{o, &tenure{
		o:    o,
		hold: "discord/shard/" + strconv.Itoa(o.Shard),
		// A session keeps the intents and the sharding that it began with.
		name:  fmt.Sprintf("session/%d/%d/%d", o.Shard, o.Shards, o.Intents),
		owner: rand.Text(),
	}}
}

// Run keeps the shard connected until ctx ends, and returns once its goroutines
// have. The session can be resumed afterwards, by whichever replica. Run ends by
// itself only if Discord refuses us for good: the error says what helps.
func (g *gateway) Run(ctx context.Context) error {
	for g.acquire(ctx) {
		err := g.serve(ctx)
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// serve stays connected while the shard is held.
func (g *gateway) serve(ctx context.Context) error {
	held, lose := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	keeping.Go(func() { g.keep(held, lose) })
	err := g.stay(held)
	lost := held.Err() != nil && ctx.Err() == nil
	lose()
	keeping.Wait()
	if !lost {
		g.release(context.WithoutCancel(ctx))
	}
	return err
}

// stay connects again and again until ctx ends or Discord refuses us for good.
func (g *gateway) stay(ctx context.Context) error {
	wait := time.Duration(0)
	mute := 0 // connections in a row on which Discord did not say a word
	for ctx.Err() == nil {
		end := g.connect(ctx, mute)
		if end.anew {
			g.end()
		}
		if end.fatal {
			return end.err
		}
		if mute++; end.greeted {
			mute = 0
		}
		level := slog.LevelWarn
		if wait = min(max(2*wait, reopening), slowest); end.lasted >= calm {
			wait, level = 0, slog.LevelInfo
		}
		pausing := max(someOf(wait), end.wait)
		if ctx.Err() == nil {
			g.o.Log.Log(ctx, level, "there is no connection to Discord", "cause", end.err, "again in", pausing, "resuming", g.current().id != "")
		}
		if !pause(ctx, pausing) {
			break
		}
	}
	return nil
}

// An ending is how a connection ended, and what follows from it.
type ending struct {
	err     error         // why
	fatal   bool          // Discord refuses us for good
	anew    bool          // the session is over
	wait    time.Duration // before the next connection, at least
	greeted bool          // HELLO came
	lasted  time.Duration // since the session began or was resumed
}

// connect keeps one connection as long as it lasts.
func (g *gateway) connect(ctx context.Context, mute int) ending {
	session := g.current()
	address := g.o.URL
	if session.id == "" {
		if err := g.o.Identify(ctx, g.o.Shard); err != nil {
			return ending{err: fmt.Errorf("no session may begin: %w", err)}
		}
	} else if session.url != "" && (mute < faithful || mute%2 == 0) {
		address = session.url
	}
	conn, err := g.dial(ctx, address)
	if err != nil {
		return ending{err: fmt.Errorf("connect to Discord: %w", err)}
	}
	return newSocket(g, conn, session).run(ctx)
}

// dial opens a connection.
func (g *gateway) dial(ctx context.Context, address string) (*websocket.Conn, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	query := u.Query()
	query.Set("v", gatewayVersion)
	query.Set("encoding", gatewayEncoding)
	u.RawQuery = query.Encode()
	if u.Path == "" {
		u.Path = "/"
	}
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	var dialer websocket.Dialer
	dial := g.o.Dial
	if dial == nil {
		dial, dialer.Proxy = (&net.Dialer{}).DialContext, http.ProxyFromEnvironment
	}
	stop := func() bool { return true }
	dialer.NetDialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		line, err := dial(ctx, network, addr)
		if err == nil { // from here on the library does not look whether ctx has ended
			stop = context.AfterFunc(ctx, func() { line.Close() })
		}
		return line, err
	}
	conn, answer, err := dialer.DialContext(ctx, u.String(), nil)
	if err != nil && answer != nil {
		return nil, fmt.Errorf("%w: %s", err, answer.Status)
	}
	if err != nil {
		return nil, err
	}
	if !stop() {
		conn.Close()
		return nil, context.Cause(ctx)
	}
	return conn, nil
}

// resumable is the address to resume at, empty if it is none that we would tell
// the token: it must not be less safe than the first one.
func (g *gateway) resumable(address string) string {
	at, err := url.Parse(address)
	if err != nil || at.Host == "" {
		return ""
	}
	if first, err := url.Parse(g.o.URL); err != nil || at.Scheme != first.Scheme {
		return ""
	}
	return address
}

// refused is what follows from how Discord closed a connection.
func refused(err error) ending {
	end := ending{err: err}
	var refusal *websocket.CloseError
	if !errors.As(err, &refusal) {
		return end
	}
	switch refusal.Code {
	case closeSequence, closeTimedOut:
		end.anew = true
	case closeTooFast:
		end.wait = slowDown
	default:
		if mend, ok := gatewayMends[refusal.Code]; ok {
			end.fatal = true
			end.err = fmt.Errorf("discord refuses the connection (close code %d): %s", refusal.Code, mend)
		}
	}
	return end
}

// someOf is between half of d and d, so that replicas and shards do not come
// all at once.
func someOf(d time.Duration) time.Duration { return d/2 + mathrand.N(d/2+1) }

// pause waits for d. It is false if ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
