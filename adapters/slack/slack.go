// Package slack is the adapter of Slack.
//
// What people do comes in through one of two doors, Socket Mode (socket.go) or
// HTTP (http.go), which hand it to the same code: events.go and press.go make a
// [chat.Event] of it, with what people.go knows of the person, and it is
// acknowledged once it is accepted. Replies go out through client.go: a
// [chat.Reply] becomes a message ([Render]) and a [chat.Form] a modal ([View]),
// within Slack's limits ([Limits]). Whatever people say comes as plain words
// and stays so: nothing of it formats, links or pings.
//
// home.go is the app's own page, and catchup.go reads what was said while
// nobody listened.
package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/sync/errgroup"

	"github.com/signpost-bot/signpost/bot/chat"
)

// Name is the platform's, in places and accounts.
const Name = "slack"

// Options are what an Adapter works with.
type Options struct {
	BotToken      string // xoxb-…
	AppToken      string // xapp-…, for Socket Mode; empty: events come by HTTP
	SigningSecret string // for HTTP
	APIURL        string // empty: Slack's own
	// Agent says that the app is declared an agent: direct messages are threads,
	// with suggested prompts, a status, and feedback buttons.
	Agent bool
	// Channels are those that the app should be in: where desks have their cards.
	// Watched are those where questions are heard by now; they change while it
	// runs. Nil: none.
	Channels []chat.Place
	Watched  func() []chat.Place
	// Groups are the user groups that mean something, by id or handle.
	Groups []string
	// Members are channels whose members count as a group, named # and the
	// channel's id.
	Members []string
	Front   chat.Front
	Memory  chat.Memory
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: slog.Default()
	HTTP    *http.Client     // nil: one with time limits
}

// seen are the channels that the app should be in now.
func (o Options) seen() []chat.Place { return slices.Concat(o.Watched(), o.Channels) }

// An Adapter is Slack as a [chat.Platform].
type Adapter struct {
	*client
	o        Options
	people   *people
	pages    *pages
	progress *chat.Progress
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

var _ chat.Platform = (*Adapter)(nil)

// New makes an adapter. Nothing is asked of Slack before Run.
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
	a.people = newPeople(a)
	a.pages = newPages(a)
	a.progress = newProgress(a)
	a.client.home = a.pages.answer
	return a
}

// Limits implements [chat.Platform].
func (a *Adapter) Limits() chat.Limits { return Limits }

// Run implements [chat.Platform]. It ends by itself only if Slack refuses the
// tokens.
func (a *Adapter) Run(ctx context.Context, in chat.Inbox) error {
	self, err := a.signIn(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	a.log.Info("signed in to Slack", "workspace", self.team, "as", self.name)
	a.client.identify(self.team, self.user, self.bot)
	a.people.load(ctx, self)
	if err := a.progress.Begin(ctx); err != nil {
		a.log.Warn("what was read before is not known; what was missed meanwhile is not read", "err", err)
	}
	a.mu.Lock()
	a.session = &session{ctx: ctx, in: in, self: self}
	a.mu.Unlock()
	var group errgroup.Group
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group.Go(func() error { a.people.run(ctx, self); return nil })
	group.Go(func() error { a.progress.Run(ctx); return nil })
	if a.o.AppToken != "" {
		for range sockets {
			group.Go(func() error {
				defer stop()
				return a.listen(ctx)
			})
		}
	} else {
		a.progress.Connected()
	}
	<-ctx.Done()
	a.mu.Lock()
	a.session = nil
	a.mu.Unlock()
	a.inHand.Wait()
	defer a.client.close()
	if err = group.Wait(); err == nil || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// errEnding: Run has not begun, or has ended.
var errEnding = fmt.Errorf("%w: Slack is not connected just now", chat.ErrNotSent)

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

// beside does something that nobody waits for, with a time limit, before Run
// returns. It reports whether it will: not outside of Run.
func (a *Adapter) beside(do func(ctx context.Context)) bool {
	s, done, ok := a.enter()
	if !ok {
		return false
	}
	go func() {
		defer done()
		ctx, cancel := context.WithTimeout(s.ctx, asking)
		defer cancel()
		do(ctx)
	}()
	return true
}

const (
	// asking is how long one question to Slack may take that nobody waits for.
	asking = 10 * time.Second
)

// signIn asks Slack who we are, until it answers.
func (a *Adapter) signIn(ctx context.Context) (identity, error) {
	for wait := time.Second; ; wait = min(2*wait, slowest) {
		asked, cancel := context.WithTimeout(ctx, asking)
		var answer *slack.AuthTestResponse
		err := a.ask(asked, "auth.test", func(ctx context.Context) (err error) {
			answer, err = a.api.AuthTestContext(ctx)
			return err
		})
		cancel()
		if err == nil {
			return identity{
				team: answer.TeamID, enterprise: answer.EnterpriseID, user: answer.UserID, bot: answer.BotID, name: answer.User,
			}, nil
		}
		var no *refusal
		if errors.As(err, &no) && mends[no.name] != "" {
			return identity{}, fmt.Errorf("the bot token is refused by Slack (%s): %s", no.name, mends[no.name])
		}
		var limited *chat.RateLimitedError
		if errors.As(err, &limited) {
			wait = max(wait, limited.After)
		}
		if ctx.Err() == nil {
			a.log.Warn("Slack does not answer; trying again", "in", wait, "err", err)
		}
		if !pause(ctx, wait) {
			return identity{}, ctx.Err()
		}
	}
}
