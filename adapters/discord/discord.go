// Package discord is the adapter of Discord.
//
// What people do comes in through the gateway (gateway.go), or, where there is
// none, interactions alone by HTTP (http.go). events.go and press.go make a
// [chat.Event] of it, and it is acknowledged once it is accepted. Replies go
// out through client.go: a [chat.Reply] becomes a message ([Render]) and a
// [chat.Form] a modal ([Modal]), within Discord's limits ([Limits]). Whatever
// people say comes as plain words and stays so: nothing of it formats, links or
// pings.
//
// commands.go registers what can be typed or chosen, and catchup.go reads what
// was said while nobody listened.
//
// gateway.go keeps a shard connected, over one connection after the other
// (socket.go); session.go keeps what is needed to go on where it was, so that
// nothing is missed in between and only one replica has the shard; shards.go
// runs all of them, and sees to it that not too many sessions begin.
package discord

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"
	"golang.org/x/sync/errgroup"

	"github.com/signpost-bot/signpost/bot/chat"
)

// Name is the platform's, in places and accounts.
const Name = "discord"

// Options are what an Adapter works with.
type Options struct {
	Token     string // of the bot
	PublicKey string // hex, for interactions by HTTP
	APIURL    string // empty: Discord's own
	// Gateway is how everything comes in; without it only interactions do, by
	// HTTP.
	Gateway bool
	// Content says that the Message Content intent was granted: without it,
	// Discord withholds the words of messages that are not for the bot.
	Content bool
	// Threads says that questions in a channel are answered in a thread of their
	// own, and not with a reply.
	Threads bool
	// Guild is where direct messages belong; empty: the only one the bot is in.
	Guild string
	// Channels are those that the bot should see: where desks have their cards.
	// Watched are those where questions are heard by now; they change while it
	// runs.
	Channels []chat.Place
	Watched  func() []chat.Place
	Commands []chat.Command // to register
	Words    Localiser      // what they are called
	Front    chat.Front
	Memory   chat.Memory
	// Beats is how many heartbeats that Discord asks for are answered in a minute.
	// Zero: half of what Discord takes in all.
	Beats int
	Now   func() time.Time // nil: time.Now
	Log   *slog.Logger     // nil: slog.Default()
	HTTP  *http.Client     // nil: one with time limits
}

// seen are the channels that the bot should see now.
func (o Options) seen() []chat.Place { return slices.Concat(o.Watched(), o.Channels) }

// An Adapter is Discord as a [chat.Platform].
type Adapter struct {
	*client
	o        Options
	world    *world
	people   *people
	progress *chat.Progress
	heardOf  authors
	log      *slog.Logger
	now      func() time.Time

	mu      sync.Mutex
	session *session       // nil unless Run takes things in
	inHand  sync.WaitGroup // what was taken in and is not done yet
}

// A session is one Run.
type session struct {
	ctx  context.Context // ends with Run's
	in   chat.Inbox
	self identity
}

// New makes an adapter. Nothing is asked of Discord before Run.
func New(o Options) *Adapter {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Watched == nil {
		o.Watched = func() []chat.Place { return nil }
	}
	o.Log = o.Log.With("platform", Name)
	a := &Adapter{client: newClient(o), o: o, log: o.Log, now: o.Now}
	a.world = newWorld(a)
	a.people = newPeople(a)
	a.progress = newProgress(a)
	return a
}

// Limits implements [chat.Platform].
func (a *Adapter) Limits() chat.Limits { return Limits }

const (
	// asking is how long one question to Discord may take that nobody waits for.
	asking = 10 * time.Second
	// within is how long taking something in may take: an interaction has to be
	// answered within 3 s.
	// Source: https://docs.discord.com/developers/interactions/receiving-and-responding#responding-to-an-interaction
	within = 2500 * time.Millisecond
)

// Run implements [chat.Platform]. It ends by itself only if Discord refuses the
// token or what we want to hear.
func (a *Adapter) Run(ctx context.Context, in chat.Inbox) error {
	defer a.client.close()
	self, shards, err := a.signIn(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	a.log.Info("signed in to Discord", "as", self.name, "servers", len(self.guilds))
	a.client.identify(self.app, self.user)
	a.registerCommands(ctx, self)
	if err := a.progress.Begin(ctx); err != nil {
		a.log.Warn("what was read before is not known; what was missed meanwhile is not read", "err", scrub(err))
	}
	a.mu.Lock()
	a.session = &session{ctx: ctx, in: in, self: self}
	a.mu.Unlock()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var group errgroup.Group
	if a.o.Gateway {
		group.Go(func() error { a.progress.Run(ctx); return nil })
		group.Go(func() error {
			defer stop()
			return a.listen(ctx, shards)
		})
	}
	<-ctx.Done()
	a.mu.Lock()
	a.session = nil
	a.mu.Unlock()
	a.inHand.Wait()
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// errEnding: Run has not begun, or has ended.
var errEnding = fmt.Errorf("%w: Discord is not connected just now", chat.ErrNotSent)

// enter takes something up, unless nothing is taken in just now. The caller
// calls done once it is through.
func (a *Adapter) enter() (s *session, done func(), ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.session == nil {
		return nil, nil, false
	}
	a.inHand.Add(1)
	return a.session, a.inHand.Done, true
}

// beside does something that the gateway does not wait for, with a time limit,
// before Run returns.
func (a *Adapter) beside(d time.Duration, do func(ctx context.Context, s *session)) {
	s, done, ok := a.enter()
	if !ok {
		return
	}
	go func() {
		defer done()
		ctx, cancel := context.WithTimeout(s.ctx, d)
		defer cancel()
		do(ctx, s)
	}()
}

// signIn asks Discord who we are and how many connections it wants, until it
// answers.
func (a *Adapter) signIn(ctx context.Context) (identity, *discordgo.GatewayBotResponse, error) {
	for wait := time.Second; ; wait = min(2*wait, slowest) {
		asked, cancel := context.WithTimeout(ctx, asking)
		self, shards, err := a.whoAmI(asked)
		cancel()
		switch {
		case err == nil:
			return self, shards, nil
		case a.client.refused.Load():
			return self, nil, fmt.Errorf("the bot token is refused by Discord: %s", mendToken)
		}
		var limited *chat.RateLimitedError
		if errors.As(err, &limited) {
			wait = max(wait, limited.After)
		}
		if ctx.Err() == nil {
			a.log.Warn("Discord does not answer; trying again", "in", wait, "err", scrub(err))
		}
		if !pause(ctx, wait) {
			return identity{}, nil, ctx.Err()
		}
	}
}

func (a *Adapter) whoAmI(ctx context.Context) (self identity, shards *discordgo.GatewayBotResponse, err error) {
	var me struct {
		ID       string `json:"id"`
		Username string `json:"username"`
	}
	if err = a.do(ctx, http.MethodGet, "users/@me", nil, &me); err != nil {
		return self, shards, err
	}
	var app struct {
		ID string `json:"id"`
	}
	if err = a.do(ctx, http.MethodGet, "applications/@me", nil, &app); err != nil {
		return self, shards, err
	}
	var guilds []struct {
		ID string `json:"id"`
	}
	if err = a.do(ctx, http.MethodGet, "users/@me/guilds", nil, &guilds); err != nil {
		return self, shards, err
	}
	self = identity{app: app.ID, user: me.ID, name: me.Username, home: a.o.Guild}
	for _, g := range guilds {
		self.guilds = append(self.guilds, g.ID)
	}
	switch {
	case self.home == "" && len(guilds) == 1:
		self.home = guilds[0].ID
	case self.home == "" && len(guilds) > 1:
		self.home = guilds[0].ID
		a.log.Warn("the bot is in several servers; direct messages belong to the first of them", "server", self.home,
			"mend", "name the one they belong to as discord.guild")
	case len(guilds) == 0:
		a.log.Warn("the bot is in no server yet", "mend", "open the address that signpost discord invite prints")
	}
	if a.o.Gateway {
		shards, err = a.gatewayBot(ctx)
	}
	return self, shards, err
}

// registerCommands has Discord know our commands. Without, everything but them
// works.
func (a *Adapter) registerCommands(ctx context.Context, self identity) {
	want, err := Commands(a.o.Commands, a.o.Words)
	if err == nil {
		var changed bool
		changed, err = register(ctx, self.app, want, func(ctx context.Context, method, path string, body, into any) error {
			return a.do(ctx, method, strings.TrimPrefix(path, "/"), body, into)
		})
		if changed {
			a.log.Info("commands were registered", "commands", len(want))
		}
	}
	if err != nil && ctx.Err() == nil {
		a.log.Error("commands could not be registered", "err", scrub(err), "mend", "signpost check --live tells whether Discord has the newest")
	}
}

// unreadable keeps what cannot be read for someone to look at, among the dead
// letters.
func (a *Adapter) unreadable(ctx context.Context, s *session, body []byte, err error) error {
	a.log.Warn("what Discord sent cannot be read; it is among the dead letters", "err", err)
	return s.in.Accept(ctx, chat.Event{
		ID: bodyID(body), Kind: chat.Unreadable, Place: chat.Place{Platform: Name, Workspace: "0", Channel: "unreadable"},
		Text: chat.Shorten(validText(body), maxUnreadable),
	})
}
