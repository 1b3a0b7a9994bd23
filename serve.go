package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/signpost-bot/signpost/adapters/discord"
	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/adapters/slack"
	"github.com/signpost-bot/signpost/adapters/web"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
)

const (
	// leaving is how long platforms may take to stop bringing events in before
	// everything else goes on to stop.
	leaving = 2 * time.Second
	// checking is how long the checks of the store may take at the start.
	checking = 5 * time.Second
)

var errNoRedis = errors.New("no redis.url is set, and nothing would be kept; set redis.url, redis.url_file or SIGNPOST_REDIS_URL " +
	"(or try it out with --ephemeral, which keeps everything in memory until the program ends)")

type serveCommand struct {
	Ephemeral bool `help:"Without a redis.url: keep everything in memory until the program ends."`
}

// Run runs every configured part until the process is told to end.
func (o *serveCommand) Run(ctx context.Context, c *cli, s streams) error {
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	log := newLogger(cfg.Log, s.err, secrets(cfg))
	list, err := articles(cfg.Knowledge.Dir, rules(cfg))
	switch configured := cfg.Redis.URL.Reveal() != ""; {
	case !configured && !o.Ephemeral:
		err = errors.Join(errNoRedis, err)
	case configured && o.Ephemeral:
		err = errors.Join(errors.New("redis.url is set, so --ephemeral would hide its tickets; leave out one of the two"), err)
	}
	if err = errors.Join(err, checkSources(cfg)); err != nil {
		return err
	}

	store, err := openStore(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer store.Close()
	inspect(ctx, store, log)
	if n, err := store.Upgrade(ctx, time.Now()); err != nil {
		return err
	} else if n > 0 {
		log.Info("tickets of an older version were taken over", "tickets", n)
	}

	platforms := map[string]chat.Platform{} // which need the bot, and are made below
	if cfg.Slack.On() {
		platforms[slack.Name] = nil
	}
	if cfg.Discord.On() {
		platforms[discord.Name] = nil
	}
	if len(platforms) == 0 {
		log.Warn("no platform is configured, so nobody can ask anything",
			"mend", "set slack.bot_token or discord.token, as docs/slack.md and docs/discord.md tell; or try the program with: signpost chat")
	}

	metrics := web.NewMetrics(version, statsOf(store, platforms, cfg.Desks))
	p, err := assemble(cfg, behaviour(cfg, slices.Collect(maps.Keys(platforms))...), newShelf(list, rules(cfg)), store, platforms, newMeter(metrics, log), time.Now, log)
	if err != nil {
		return err
	}
	if p.importer = newImporter(cfg, store, metrics, log); p.importer != nil {
		p.importer.record = p.sealer.record
	}
	routes := map[string]http.Handler{}
	if cfg.Slack.On() {
		adapter := slackAdapter(cfg, p.bot, store, time.Now, log)
		platforms[slack.Name] = adapter
		if cfg.Slack.Mode == "http" {
			routes["/slack/"] = adapter.Handler()
		}
	}
	if cfg.Discord.On() {
		adapter := discord.New(discordOptions(cfg, p.bot, store, time.Now, log))
		platforms[discord.Name] = adapter
		if cfg.Discord.Mode == "http" {
			routes["/discord/"] = adapter.Handler()
		}
	}
	var server *web.Server
	if cfg.Web.Listen != "" {
		server, err = web.Listen(web.Options{
			Listen: cfg.Web.Listen, Pprof: cfg.Web.Pprof, Metrics: metrics, Routes: routes, Log: log,
			Ready: func(ctx context.Context) error { _, err := store.Pending(ctx); return err },
		})
		if err != nil {
			return fmt.Errorf("%w; choose another web.listen, or \"\" for no web server", err)
		}
		defer server.Close()
	}
	running := []any{"version", version, "installation", cfg.Installation, "articles", len(list), "platforms", len(platforms)}
	if server != nil {
		running = append(running, "web", server.Addr())
	}
	log.Info("signpost runs", running...)
	err = p.serve(ctx, platforms, server, log)
	if err == nil {
		log.Info("signpost has stopped")
	}
	return err
}

// openStore opens the Redis that is configured, or one in memory.
func openStore(ctx context.Context, cfg config.Config, log *slog.Logger) (*redis.Store, error) {
	o := redis.Options{Installation: cfg.Installation, Log: log}
	if cfg.Redis.URL.Reveal() == "" {
		store, err := redis.Embedded(o)
		if err != nil {
			return nil, fmt.Errorf("start the store in memory: %w", err)
		}
		return store, nil
	}
	store, err := redis.Open(ctx, cfg.Redis.URL.Reveal(), o)
	if errors.Is(err, spool.ErrUnavailable) {
		return nil, fmt.Errorf("%w; start Redis, or correct redis.url", err)
	}
	return store, err
}

// inspect logs what is amiss with the store, and how to mend it.
func inspect(ctx context.Context, store *redis.Store, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, checking)
	defer cancel()
	warnings, err := store.Check(ctx, time.Now())
	if err != nil {
		log.Warn("the store could not be checked", "err", err)
	}
	for _, w := range warnings {
		log.Warn("redis: "+w.What, "mend", w.Mend)
	}
}

// statsOf asks the store what the web server shows.
func statsOf(store spool.Store, platforms map[string]chat.Platform, desks []config.Desk) func(context.Context) (web.Stats, error) {
	var of, at []string
	for name := range platforms {
		of = append(of, name)
	}
	slices.Sort(of)
	for _, d := range desks {
		at = append(at, d.Name)
	}
	return func(ctx context.Context) (web.Stats, error) {
		s, err := store.Stats(ctx, of, at, time.Now())
		return web.Stats{
			Lanes: s.Lanes, Events: s.Events, EventAge: s.EventAge,
			Replies: s.Replies, ReplyAge: s.ReplyAge, Tickets: s.Open, TicketAge: s.OpenAge,
			Timers: s.Timers, DeadLetters: s.DeadLetters,
		}, err
	}
}

// serve runs every part until ctx ends or one of them fails, and then stops
// them in order: what brings events in; the spool, which first finishes what it
// has in hand and leaves the rest to whoever comes next; the web server, which
// has said meanwhile that we are not ready. A nil server is none.
func (p *parts) serve(ctx context.Context, platforms map[string]chat.Platform, server *web.Server, log *slog.Logger) error {
	p.follower.look(ctx)
	p.learner.look(ctx) // what was missed while nothing ran is answered as soon as the platforms run
	p.begin(ctx, time.Now(), log)
	p.noted(ctx, log, "serve.start")
	defer func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), checking)
		defer cancel()
		p.noted(late, log, "serve.stop")
		p.sealer.finish(late)
	}()
	group, intake := errgroup.WithContext(ctx)
	handling, stopHandling := context.WithCancel(context.WithoutCancel(ctx))
	defer stopHandling()
	answering, stopAnswering := context.WithCancel(context.WithoutCancel(ctx))
	defer stopAnswering()

	if server != nil {
		group.Go(func() error { return server.Run(answering) })
	}
	group.Go(func() error { p.learner.run(intake); return nil })
	group.Go(func() error { p.follower.run(intake); return nil })
	if p.examiner != nil {
		group.Go(func() error { p.examiner.run(intake); return nil })
	}
	group.Go(func() error { p.drafter.run(intake); return nil })
	group.Go(func() error { p.sealer.run(answering); return nil })
	if p.importer != nil {
		group.Go(func() error { p.importer.run(intake); return nil })
	}
	if p.watcher != nil {
		group.Go(func() error { p.watcher.Run(intake); return nil })
	}
	if p.interpreter != nil {
		group.Go(func() error { p.interpreter.run(answering); return nil }) // until the last question is answered
	}
	group.Go(func() error { p.board.run(intake); return nil })
	var bringing sync.WaitGroup
	for name, platform := range platforms {
		bringing.Add(1)
		group.Go(func() error {
			defer bringing.Done()
			err := platform.Run(intake, p.events)
			switch {
			case intake.Err() != nil && (err == nil || errors.Is(err, intake.Err())):
				return nil
			case err == nil:
				err = errors.New("it ended by itself")
			}
			return fmt.Errorf("%s: %w", name, err)
		})
	}
	handled := make(chan struct{})
	group.Go(func() error {
		defer close(handled)
		if err := p.events.Run(handling, platforms); err != nil && handling.Err() == nil {
			return fmt.Errorf("handle events: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		defer stopAnswering()
		<-intake.Done()
		log.Info("shutting down")
		if server != nil {
			server.Drain()
		}
		left := make(chan struct{})
		go func() { bringing.Wait(); close(left) }()
		select {
		case <-left:
		case <-time.After(leaving):
			log.Warn("a platform is slow to stop; going on without it")
		}
		stopHandling()
		<-handled
		return nil
	})
	return group.Wait()
}

// noted leaves in the audit that the program starts or stops, with which version
// and configuration.
func (p *parts) noted(ctx context.Context, log *slog.Logger, what string) {
	if err := p.sealer.note(ctx, what, version, p.fingerprint); err != nil {
		log.Warn("the audit does not tell of this", "what", what, "err", err)
	}
}

// newLogger writes as the configuration says. It is the last to look that none
// of the secrets is written, and nothing that names a person, whoever put it into
// an error.
func newLogger(c config.Log, w io.Writer, r redactor) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cmp.Or(c.Level, "info"))); err != nil {
		level = slog.LevelInfo // config has checked it
	}
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch v := a.Value.Any().(type) {
		case string:
			a.Value = slog.StringValue(r.redact(v))
		case error:
			a.Value = slog.StringValue(maskLog(r.redact(v.Error())))
		}
		return a
	}}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// addresses are those of machines, with which operators find what failed.
var addresses = regexp.MustCompile(`\b(?:\d{1,3}\.){3}\d{1,3}\b|\[[0-9a-fA-F:.]+\]`)

// dialled says that an address follows which this program called: a Redis', or a
// platform's.
var dialled = regexp.MustCompile(`\bdial (?:tcp|udp)[46]? $`)

// maskLog is [chat.Mask] for what an error quotes. Addresses of our own networks,
// and of what we call, stay: they are no person's.
func maskLog(text string) string {
	var b strings.Builder
	end := 0
	for _, at := range addresses.FindAllStringIndex(text, -1) {
		address, err := netip.ParseAddr(strings.Trim(text[at[0]:at[1]], "[]"))
		if err == nil && (address.IsPrivate() || address.IsLoopback() || address.IsUnspecified() || dialled.MatchString(text[max(0, at[0]-len("  dial tcp4 ")):at[0]])) {
			b.WriteString(chat.Mask(text[end:at[0]]) + text[at[0]:at[1]])
			end = at[1]
		}
	}
	return b.String() + chat.Mask(text[end:])
}

// A redactor takes secrets out of text.
type redactor []string

func (r redactor) redact(text string) string {
	for _, secret := range r {
		text = strings.ReplaceAll(text, secret, "[redacted]")
	}
	return text
}

// secrets are the texts that no log may show, longest first. What is shorter
// than a word would tear other words apart.
func secrets(cfg config.Config) redactor {
	text := cfg.Redis.URL.Reveal()
	found := []string{text, cfg.Slack.BotToken.Reveal(), cfg.Slack.AppToken.Reveal(), cfg.Slack.SigningSecret.Reveal(), cfg.Discord.Token.Reveal(), cfg.Knowledge.Embedder.Key.Reveal(), cfg.Audit.Key.Reveal()}
	for _, source := range cfg.Import.Sources {
		found = append(found, source.Key.Reveal())
	}
	_, rest, _ := strings.Cut(text, "://")
	rest, query, _ := strings.Cut(rest, "?")
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		_, password, _ := strings.Cut(rest[:at], ":")
		found = append(found, password)
	}
	for setting := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(setting, "="); strings.HasSuffix(name, "password") {
			found = append(found, value)
		}
	}
	for _, escaped := range found {
		if plain, err := url.PathUnescape(escaped); err == nil {
			found = append(found, plain)
		}
	}
	found = slices.DeleteFunc(found, func(s string) bool { return len(s) < 4 })
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return slices.Compact(found)
}

// placesOn are those of some channels that are on a platform.
func placesOn(platform string, channels []string) []chat.Place {
	var places []chat.Place
	for _, channel := range channels {
		if place, err := chat.ParsePlace(channel); err == nil && place.Platform == platform {
			places = append(places, place)
		}
	}
	return places
}
