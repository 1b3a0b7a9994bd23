// Signpost points people who ask in chat to the right help article, and brings
// what no article settles to the people who can answer.
//
// This package knows every part: it reads the command line, wires the parts
// together and runs them. What they do stands in their own packages; bot/doc.go
// is the tour.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // for machines that have no zones of their own

	"github.com/alecthomas/kong"
	"golang.org/x/sync/errgroup"

	"github.com/signpost-bot/signpost/adapters/console"
	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/audience"
)

// version is set by the release build.
var version = "dev"

// Exit codes.
const (
	exitOK    = 0
	exitBad   = 1 // something is wrong with what was given: problems, no file
	exitUsage = 2 // the command line itself
)

// cli is the command line.
type cli struct {
	Config string `help:"Configuration file. Without one, built-in settings are used." placeholder:"FILE" env:"SIGNPOST_CONFIG"`

	Chat    chatCommand    `cmd:"" help:"Try it out here in the terminal, as asker and as agent. Nothing else is needed."`
	Ask     askCommand     `cmd:"" help:"Ask one question and print which articles answer it."`
	Import  importCommand  `cmd:"" help:"Bring articles from a help centre, a table or a folder into the folder of articles."`
	Check   checkCommand   `cmd:"" help:"Check configuration and articles, and print every problem; with --knowledge also what hurts finding."`
	Test    testCommand    `cmd:"" help:"Ask golden questions again, and print what was gained and lost."`
	Eval    evalCommand    `cmd:"" help:"Measure how well a file of questions with known answers is answered."`
	Serve   serveCommand   `cmd:"" help:"Run everything that is configured, until the process is told to end."`
	Health  healthCommand  `cmd:"" help:"Ask a Signpost that runs on this machine how it is."`
	Alias   aliasCommand   `cmd:"" help:"Teach phrasings that find an article, and forget them."`
	Drafts  draftsCommand  `cmd:"" help:"List, show and write the articles that agents asked for."`
	Audit   auditCommand   `cmd:"" help:"Tell who did what, and check that nobody has changed that since."`
	Data    dataCommand    `cmd:"" help:"Write out or delete what is kept about someone."`
	Dead    deadCommand    `cmd:"" help:"Look after what was given up: events and replies that failed."`
	Slack   slackCommand   `cmd:"" help:"Set up Slack."`
	Discord discordCommand `cmd:"" help:"Set up Discord."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// streams are where the program reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run is the program without the process around it.
func run(ctx context.Context, words []string, s streams) int {
	var c cli
	done := false
	parser, err := kong.New(&c,
		kong.Name("signpost"),
		kong.Description("Signpost answers questions in chat with the right help article, and turns the rest into tickets.\n\nStart with: signpost chat"),
		kong.Writers(s.out, s.err),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(int) { done = true }), // after --help
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(s),
	)
	if err != nil {
		fmt.Fprintln(s.err, "signpost:", err)
		return exitUsage
	}
	command, err := parser.Parse(words)
	if done {
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(s.err, "signpost: %v\nTry: signpost --help\n", err)
		return exitUsage
	}
	if err := command.Run(&c); err != nil {
		fmt.Fprintf(s.err, "signpost: %v\n", err)
		return exitBad
	}
	return exitOK
}

// settings reads the configuration.
func (c *cli) settings() (config.Config, error) {
	cfg, err := config.Load(c.Config, os.Environ())
	if err != nil {
		return cfg, fmt.Errorf("the configuration has problems:\n%w", err)
	}
	return cfg, nil
}

// rules are what the configuration says of articles, with the embedding servers
// that are at hand.
func rules(cfg config.Config, servers ...*embedder) knowledge.Rules {
	r := knowledge.Rules{
		Cues: audience.DefaultCues(), Sure: cfg.Answers.Sure, Unsure: cfg.Answers.Unsure, Sources: sources(cfg, servers...), Cache: cfg.Knowledge.Cache,
	}
	for _, a := range cfg.Audiences {
		r.Audiences = append(r.Audiences, knowledge.Audience{Name: a.Name, Private: a.Private, Called: slices.Sorted(maps.Values(a.Label))})
		if a.Cues != nil {
			r.Cues[a.Name] = a.Cues
		}
	}
	for _, l := range cfg.Languages {
		r.Languages = append(r.Languages, knowledge.Lang(l))
	}
	for _, t := range cfg.Topics {
		r.Topics = append(r.Topics, t.Name)
	}
	return r
}

// articles reads the knowledge base: the folder, or the built-in sample.
func articles(dir string, r knowledge.Rules) ([]*knowledge.Article, error) {
	if dir == "" {
		list, err := knowledge.Load(knowledge.Sample(), knowledge.Rules{Audiences: r.Audiences, Languages: r.Languages})
		if err != nil {
			return nil, errors.New("the built-in sample is for buyers, creators and affiliates in en, pt-BR and es; " +
				"for other audiences or languages, set knowledge.dir to a folder of your own articles")
		}
		return list, nil
	}
	list, err := knowledge.Load(os.DirFS(dir), r)
	var problems knowledge.Problems
	if errors.As(err, &problems) {
		for i := range problems {
			problems[i].File = path.Join(filepath.ToSlash(dir), problems[i].File)
		}
		return list, fmt.Errorf("the articles have problems:\n%w", problems)
	}
	return list, err
}

// on keeps the channels of platforms that run: nothing is delivered to others.
func on(channels, platforms []string) []string {
	return slices.DeleteFunc(slices.Clone(channels), func(channel string) bool {
		platform, _, _ := strings.Cut(channel, ":")
		return !slices.Contains(platforms, platform)
	})
}

// behaviour is what the configuration says of the bot that talks through some
// platforms.
func behaviour(cfg config.Config, platforms ...string) bot.Settings {
	s := bot.Settings{
		Topics: map[string]map[string]string{}, Languages: cfg.Languages,
		Articles: cfg.Answers.Articles, Retention: spool.Retention(cfg.Retention), Misses: cfg.Escalate.Misses, Grace: cfg.Resolve.Grace,
		Deaf: deaf(cfg), Watched: cfg.Overheard.Channels, OverheardWait: cfg.Overheard.Wait, OverheardMaxAge: cfg.Overheard.MaxAge,
		NudgeAfter: cfg.Escalate.NudgeAfter, EscalateAfter: cfg.Escalate.After,
	}
	for _, a := range cfg.Audiences {
		s.Audiences = append(s.Audiences, bot.Audience{
			Name: a.Name, Labels: a.Label, Private: a.Private,
			Roles: a.Roles, Groups: a.Groups, Channels: a.Channels,
		})
	}
	for _, t := range cfg.Topics {
		s.Topics[t.Name] = t.Label
	}
	for _, d := range cfg.Desks {
		s.Desks = append(s.Desks, desk.Desk{
			Name: d.Name, Agents: d.Agents, Leads: d.Leads,
			Audiences: d.Audiences, Topics: d.Topics, Languages: d.Languages, From: d.From, Names: desk.Naming(d.ShowNames),
			Channels: on(d.Channels, platforms), Undo: d.Undo,
			Assign: desk.Assigning(d.Assign), Capacity: d.Capacity,
			Hours: hours(d.Hours), Levels: levels(d.Levels), Lease: desk.Lease(d.Lease), Patience: desk.Patience(d.AutoClose), Report: weekly(d.Report),
		})
	}
	for _, p := range cfg.Persons {
		m := bot.Member{ID: chat.PersonID(p.ID), Name: p.Name, Alias: p.Alias}
		for _, account := range p.Accounts {
			m.Accounts = append(m.Accounts, chat.AccountID(account))
		}
		s.Members = append(s.Members, m)
	}
	return s
}

// hours are a desk's, as the configuration has them.
func hours(c config.Hours) desk.Hours {
	var openings []desk.Opening
	for _, o := range c.Openings() {
		openings = append(openings, desk.Opening(o))
	}
	var holidays []desk.Day
	for _, date := range c.Dates() {
		holidays = append(holidays, desk.DayOf(date))
	}
	return desk.NewHours(c.Location(), openings, holidays)
}

// levels are a desk's promises, as the configuration has them.
func levels(c []config.Level) []desk.Level {
	var list []desk.Level
	for _, l := range c {
		level := desk.Level{Audience: l.Audience, First: l.First, Next: l.Next, Resolve: l.Resolve, Warn: l.Warn, Step: l.Step}
		if p, err := desk.ParsePriority(l.Priority); err == nil { // config has checked it
			level.Priority = &p
		}
		list = append(list, level)
	}
	return list
}

// weekly is when a desk reports, as the configuration has it.
func weekly(c config.Report) desk.Weekly {
	day, on := c.Weekday()
	at, _ := c.Clock() // config has checked it
	return desk.Weekly{On: on, Day: day, At: at}
}

// parts are what every way to run Signpost has.
type parts struct {
	bot         *bot.Bot
	events      *spool.Spool
	shelf       *shelf
	learner     *learner
	follower    *follower
	watcher     *knowledge.Watcher // nil: the articles are built in
	interpreter *interpreter       // nil: no embedding server is asked
	board       *board
	examiner    *examiner // nil: there are no golden questions
	sealer      *sealer
	fingerprint string    // of the configuration
	importer    *importer // nil: nothing is imported by itself
	drafter     *drafter
}

// begin sets off what goes on by itself.
func (p *parts) begin(ctx context.Context, at time.Time, log *slog.Logger) {
	if err := p.events.Accept(ctx, p.bot.Begin(at)); err != nil {
		log.Warn("the desks' rounds go on as they were left", "err", err)
	}
}

// quiet waits until everything is handled, and what was learned by it is known
// here.
func (p *parts) quiet(ctx context.Context) error {
	err := p.events.Quiet(ctx)
	p.learner.look(ctx)
	return err
}

// assemble joins the parts around a store. The platforms may be filled in later,
// before anything is handled.
func assemble(cfg config.Config, settings bot.Settings, shelf *shelf, store spool.Store, platforms map[string]chat.Platform, meter spool.Meter, now func() time.Time, log *slog.Logger) (*parts, error) {
	learner, follower := newLearner(store, shelf, log), newFollower(store, log, bot.Channels, bot.Links)
	board, err := newBoard(cfg, counting(shelf, meter), log)
	if err != nil {
		return nil, err
	}
	signpost, err := bot.New(settings, bot.Parts{
		Library: board.library, Snippets: board.snippets, Reader: store, Sets: follower.set, Now: now, Draw: draw, Log: log,
		Limits: func(name string) chat.Limits {
			if platform, ok := platforms[name]; ok {
				return platform.Limits()
			}
			return chat.Limits{}
		},
	})
	if err != nil {
		return nil, err
	}
	sealer, err := newSealer(store, cfg.Audit, now, log)
	if err != nil {
		return nil, err
	}
	p := &parts{bot: signpost, shelf: shelf, learner: learner, follower: follower, board: board, drafter: newDrafter(cfg.Drafts, store, now, log), sealer: sealer, fingerprint: fingerprint(cfg)}
	p.events = spool.New(followedStore{teachingStore{store, learner.soon}, follower.look}, signpost, spool.Options{
		Person: signpost.Person, Now: now, Meter: meter, Retention: spool.Retention(cfg.Retention), Log: log,
	})
	if cfg.Knowledge.Dir != "" {
		p.watcher = &knowledge.Watcher{
			Dir: cfg.Knowledge.Dir, Rules: rules(cfg), Current: shelf.first, Rescan: cfg.Knowledge.Rescan, Log: log,
			Swap: shelf.restock,
		}
	}
	if cfg.Knowledge.Golden != "" {
		p.examiner = newExaminer(cfg, p, store, meter, now, log)
	}
	if cfg.Knowledge.Asks() {
		p.interpreter = newInterpreter(cfg, shelf, log)
	}
	return p, nil
}

type chatCommand struct {
	Agents    []string `help:"Who works tickets (${default}); /as NAME makes you one of them." default:"ana,bo" placeholder:"NAMES"`
	As        string   `help:"Who you are at first (${default})." default:"asker" placeholder:"NAME"`
	Knowledge string   `help:"Folder of articles, instead of the configured one." placeholder:"DIR"`
	Snippets  string   `help:"Folder of snippets, instead of the configured one." placeholder:"DIR"`

	At time.Time `help:"What time it is, as in 2026-03-02T09:30Z; only /wait lets it pass then. Otherwise it is now." placeholder:"TIME" format:"2006-01-02T15:04Z07:00"`
}

// Run plays the whole program in the terminal: asker, agents, tickets.
func (o *chatCommand) Run(ctx context.Context, c *cli, s streams) error {
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	if o.Knowledge != "" {
		cfg.Knowledge.Dir = o.Knowledge
	}
	if o.Snippets != "" {
		cfg.Snippets.Dir = o.Snippets
	}
	log := slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	list, err := articles(cfg.Knowledge.Dir, rules(cfg))
	if err != nil {
		return err
	}
	server := consult(ctx, cfg, list, s.err)
	defer hangUp(server)
	store, err := redis.Embedded(redis.Options{Installation: cfg.Installation, Log: log})
	if err != nil {
		return fmt.Errorf("start the store in memory: %w", err)
	}
	defer store.Close()

	settings := behaviour(cfg, "console")
	for _, name := range o.Agents {
		settings.Desks[0].Agents = append(settings.Desks[0].Agents, string(console.Account(name)))
	}
	platforms := map[string]chat.Platform{}
	clock := newAheadClock(o.At)
	p, err := assemble(cfg, settings, newShelf(list, rules(cfg, server)), store, platforms, spool.Unmetered{}, clock.Now, log)
	if err != nil {
		return err
	}
	if server != nil {
		p.interpreter.with(server)
	} else {
		p.interpreter = nil // it has been said that we go on without
	}
	terminal := console.New(console.Options{
		In: s.in, Out: s.out, Front: p.bot, Quiet: p.quiet, Person: o.As, Agents: o.Agents, Now: clock.Step,
		Wait: func(ctx context.Context, d time.Duration) error {
			return elapse(ctx, d, clock, store, p.events, func() error { return p.events.Quiet(ctx) })
		},
		Notice: "Tickets here live only as long as this program runs.",
	})

	platforms["console"] = terminal

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p.begin(ctx, clock.Now(), log)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.events.Run(ctx, platforms) })
	group.Go(func() error { p.learner.run(ctx); return nil })
	group.Go(func() error { p.follower.run(ctx); return nil })
	if p.examiner != nil {
		group.Go(func() error { p.examiner.run(ctx); return nil })
	}
	if p.watcher != nil {
		group.Go(func() error { p.watcher.Run(ctx); return nil })
	}
	if p.interpreter != nil {
		group.Go(func() error { p.interpreter.run(ctx); return nil })
	}
	group.Go(func() error { p.board.run(ctx); return nil })
	group.Go(func() error {
		defer stop() // the person left: so does everything else
		return terminal.Run(ctx, p.events)
	})
	return group.Wait()
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(s streams) error {
	_, err := fmt.Fprintln(s.out, "signpost", version)
	return err
}
