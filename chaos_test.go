package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/adapters/web"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
)

var (
	chaosEvents = flag.Int("chaos.events", 0, "events for each fault of TestChaos; 0: the test is skipped")
	chaosKills  = flag.Int("chaos.kills", 20, "kills for each fault that kills")
	chaosFaults = flag.String("chaos.faults", "", "only faults whose name matches this expression")
	chaosSeed   = flag.Uint64("chaos.seed", 1, "seed of the weather and of the moments to kill")
)

// These are the variables with which the test binary runs as the program.
const (
	actAsRedis     = "SIGNPOST_TEST_PROGRAM_REDIS"
	actAsPlatform  = "SIGNPOST_TEST_PROGRAM_PLATFORM"  // an address, or a configuration with a Slack or a Discord
	actAsForgetful = "SIGNPOST_TEST_PROGRAM_RETENTION" // may be empty; else how long everything is kept
	actAsLearned   = "SIGNPOST_TEST_PROGRAM_LEARNED"   // may be empty; else a folder for what was learned from the articles
)

// TestMain runs the tests, or the program itself with a scripted platform, a
// fake Slack or a fake Discord: in a process of its own, it can be killed.
func TestMain(m *testing.M) {
	if os.Getenv(actAsPlatform) == "" {
		code := m.Run()
		shared.remove()
		os.RemoveAll(learned())
		os.Exit(code)
	}
	if err := actAsProgram(os.Getenv(actAsRedis), os.Getenv(actAsPlatform)); err != nil {
		fmt.Fprintln(os.Stderr, "signpost:", err)
		os.Exit(1)
	}
}

// learned is a folder where all programs of a run keep what they learned from the
// articles: most of what a start does.
var learned = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "signpost-learned-")
	if err != nil {
		return "" // then each learns anew
	}
	return dir
})

func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

// agentsAtWork is how many agents the desk of the tests has.
const agentsAtWork = 40

// wired joins the parts as serve does, with the built-in articles. An empty url
// is a Redis in memory.
func wired(ctx context.Context, url string, log io.Writer) (*redis.Store, *parts, error) {
	env := []string{"SIGNPOST_LOG_LEVEL=warn"}
	if url != "" {
		env = append(env, "SIGNPOST_REDIS_URL="+url)
	}
	cfg, err := config.Load("", env)
	if err != nil {
		return nil, nil, err
	}
	if text := os.Getenv(actAsForgetful); text != "" { // shorter than a configuration may ask for
		d, err := time.ParseDuration(text)
		if err != nil {
			return nil, nil, err
		}
		cfg.Retention = config.Retention{Conversations: d, Receipts: d, DeadLetters: d}
	}
	cfg.Knowledge.Cache = os.Getenv(actAsLearned)
	for n := range agentsAtWork {
		cfg.Desks[0].Agents = append(cfg.Desks[0].Agents, string(agentAccount(n)))
	}
	logger := newLogger(cfg.Log, log, secrets(cfg))
	list, err := articles("", rules(cfg))
	if err != nil {
		return nil, nil, err
	}
	store, err := openStore(ctx, cfg, logger)
	if err != nil {
		return nil, nil, err
	}
	p, err := assemble(cfg, behaviour(cfg), newShelf(list, rules(cfg)), store, nil, spool.Unmetered{}, time.Now, logger)
	return store, p, err
}

// actAsProgram is `signpost serve` with a scripted platform. It also ends when
// its standard input does: so it does not outlive a judge that is killed.
func actAsProgram(url, platform string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(2)
	}()
	if filepath.Ext(platform) == ".yaml" {
		return actOn(ctx, platform)
	}
	store, p, err := wired(ctx, url, os.Stderr)
	if err != nil {
		return err
	}
	defer store.Close()
	platforms := map[string]chat.Platform{scriptedName: newScriptedClient(platform)}
	return p.listen(ctx, store, platforms, nil, newLogger(config.Log{Level: "warn"}, os.Stderr, nil))
}

// listen serves, with a web server on loopback whose address it prints.
func (p *parts) listen(ctx context.Context, store *redis.Store, platforms map[string]chat.Platform, routes map[string]http.Handler, log *slog.Logger) error {
	server, err := web.Listen(web.Options{
		Listen: "127.0.0.1:0", Log: quietLog(), Routes: routes,
		Metrics: web.NewMetrics("test", statsOf(store, nil, nil)),
		Ready:   func(ctx context.Context) error { _, err := store.Pending(ctx); return err },
	})
	if err != nil {
		return err
	}
	defer server.Close()
	fmt.Println(server.Addr())
	return p.serve(ctx, platforms, server, log)
}

// A program is a process that runs the program.
type program struct {
	cmd   *exec.Cmd
	stdin io.Closer
	web   string // where it answers /metrics
	ended chan struct{}
	errs  *bytes.Buffer // what it logged; whole only when it has ended
}

// startProgram returns when the program runs.
func startProgram(url, platform string) (*program, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &program{cmd: exec.Command(self), ended: make(chan struct{}), errs: &bytes.Buffer{}}
	p.cmd.Env = append(os.Environ(), actAsRedis+"="+url, actAsPlatform+"="+platform, actAsLearned+"="+learned())
	p.cmd.Stderr = p.errs
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	if err != nil {
		<-p.ended
		return nil, fmt.Errorf("the program does not start: %s", p.errs)
	}
	p.web = strings.TrimSpace(line)
	return p, nil
}

// kill is kill -9.
func (p *program) kill() {
	p.cmd.Process.Kill()
	<-p.ended
	p.stdin.Close()
}

// failed tells how a program ended by itself, nil if it did not.
func (p *program) failed() error {
	select {
	case <-p.ended:
		return fmt.Errorf("the program ended by itself: %v\n%s", p.cmd.ProcessState, tail(p.errs.String(), 4000))
	default:
		return nil
	}
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// An arena is where a fault is let loose: a Redis, programs and a platform.
type arena struct {
	t        *testing.T
	dice     *rand.Rand
	url      string
	db       goredis.UniversalClient // for the judge
	redis    *redisServer            // standalone
	pair     *pair                   // Sentinel and Cluster
	platform *scripted               // nil: on another
	slack    *assembly               // likewise
	discord  *gathering              // likewise
	programs []*program
}

// A crowd are people who have conversations with the bot, and who know in the
// end what came of them.
type crowd interface {
	start(ctx context.Context) // begins the next conversation
	wait()                     // until all are over, or their context has ended
	verdict(*census) *verdict
	counted
}

// What is counted are events that were acknowledged and that were not, and a
// number that changes whenever something happens.
type counted interface {
	counts() (accepted, under, progress int)
}

// A fault is what a row of the table is about.
type fault struct {
	name     string
	form     func(*arena) // how Redis is run; nil: standalone
	programs int          // 0: one
	weather  weather
	slack    *climate // nil: it is not on Slack
	discord  *climate // nil: it is not on Discord
	kills    bool     // its strikes are kills, as many as are asked for
	strikes  int      // else
	strike   func(ctx context.Context, a *arena) error
}

// long is how long the platform is down: a minute in a full run.
func long() time.Duration {
	if *chaosEvents >= 5000 {
		return time.Minute
	}
	return 3 * time.Second
}

var calamities = append([]fault{
	{name: "bot: kill -9", kills: true, strike: killProgram},
	{name: "bot: kill -9 of one of two", programs: 2, kills: true, strike: killProgram},
	{name: "redis: kill -9, appendfsync always", form: fsyncAlways, kills: true, strike: killRedis},
	{name: "redis: full (OOM)", strikes: 3, strike: fillRedis},
	{name: "redis: hangs", strikes: 3, strike: stopRedis},
	{name: "platform: down for long", strikes: 1, strike: func(ctx context.Context, a *arena) error {
		a.platform.down()
		rest(ctx, long())
		return a.platform.up()
	}},
	{name: "platform: each event three times", programs: 2, weather: weather{Copies: 3, Late: 0.1}},
	{name: "platform: cut after storing", weather: weather{Cut: 0.1}},
	{name: "platform: cut, and cannot tell", weather: weather{Cut: 0.1, Mute: 1}},
	{name: "platform: storm", programs: 2, weather: storm},
	{name: "sentinel: planned failover", form: underSentinel, strikes: 3, strike: func(ctx context.Context, a *arena) error {
		err := until(ctx, "failover", func(ctx context.Context) error { return a.pair.sentinel.Failover(ctx, "mymaster").Err() })
		if err == nil {
			err = a.pair.succeed(ctx)
		}
		if err != nil {
			return err
		}
		return a.pair.ready(ctx)
	}},
	{name: "sentinel: master kill -9, replicas=1", form: underSentinel, kills: true, strike: func(ctx context.Context, a *arena) error {
		return a.pair.killMaster(ctx, replicaOf)
	}},
	{name: "cluster: master kill -9, replicas=1", form: inCluster, kills: true, strike: func(ctx context.Context, a *arena) error {
		return a.pair.killMaster(ctx, func(*redisServer) []string { return nil })
	}},
}, slices.Concat(onSlack, onDiscord)...)

func standalone(a *arena) { a.alone() }

func fsyncAlways(a *arena) { a.alone("--appendfsync", "always") }

func (a *arena) alone(args ...string) {
	a.redis = startRedis(a.t, args...)
	a.url = "redis://" + a.redis.addr() + "/0"
	a.db = a.redis.admin(a.t)
}

func underSentinel(a *arena) {
	pair, guard := startSentinel(a.t)
	a.pair = pair
	a.url = "redis+sentinel://" + guard.addr() + "/mymaster?replicas=1"
	a.db = goredis.NewFailoverClient(&goredis.FailoverOptions{MasterName: "mymaster", SentinelAddrs: []string{guard.addr()}})
	a.t.Cleanup(func() { a.db.Close() })
}

func inCluster(a *arena) {
	pair, addrs := startCluster(a.t)
	a.pair = pair
	a.url = "redis+cluster://" + strings.Join(addrs, ",") + "?replicas=1"
	a.db = goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: addrs})
	a.t.Cleanup(func() { a.db.Close() })
}

func killProgram(_ context.Context, a *arena) error {
	n := a.dice.IntN(len(a.programs))
	a.programs[n].kill()
	return a.run(n)
}

// run starts a program in the n-th place.
func (a *arena) run(n int) error {
	switch {
	case a.slack != nil:
		return a.slack.run(a, n)
	case a.discord != nil:
		return a.discord.run(a, n)
	}
	p, err := startProgram(a.url, a.platform.address)
	if err == nil {
		a.programs[n] = p
	}
	return err
}

func killRedis(ctx context.Context, a *arena) error {
	a.redis.kill()
	rest(ctx, time.Duration(a.dice.IntN(300))*time.Millisecond)
	return errors.Join(a.redis.mend(), a.redis.start())
}

func fillRedis(ctx context.Context, a *arena) error {
	if err := a.db.ConfigSet(ctx, "maxmemory", "1mb").Err(); err != nil {
		return err
	}
	rest(ctx, 3*time.Second)
	return a.db.ConfigSet(ctx, "maxmemory", "0").Err()
}

// stopRedis halts Redis for longer than the bot waits for an answer.
func stopRedis(ctx context.Context, a *arena) error {
	if err := a.redis.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	rest(ctx, 4*time.Second)
	return a.redis.cmd.Process.Signal(syscall.SIGCONT)
}

// rest waits, or until ctx ends.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// A tableRow is a row of the table.
type tableRow struct {
	fault string
	*verdict
	kills int
	took  time.Duration
}

// TestChaos lets each fault loose on a bot under load and prints what the judge
// found. Nothing may be lost, doubled or out of order.
//
//	make chaos
//	go test -run TestChaos . -chaos.events=300 -chaos.kills=3 -chaos.faults='^bot'
func TestChaos(t *testing.T) {
	if *chaosEvents == 0 {
		t.Skip("make chaos")
	}
	needRedis(t)
	endWithUs()
	logging.Disable() // what fails comes back as an error
	only, err := regexp.Compile(*chaosFaults)
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]*tableRow, len(calamities))
	t.Run("fault", func(t *testing.T) {
		for n, f := range calamities {
			if !only.MatchString(f.name) {
				continue
			}
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				rows[n] = f.unleash(t)
			})
		}
	})
	rows = slices.DeleteFunc(rows, func(r *tableRow) bool { return r == nil })
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "fault\tevents\toutcomes\tlost\tdoubled\tdisordered\t⚠\tasked\tkills\ttook")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", r.fault, r.Events, r.Outcomes, r.Lost, r.Doubled, r.Disordered,
			r.Warned, r.Asked, r.kills, r.took.Round(time.Second))
	}
	w.Flush()
	fmt.Fprint(t.Output(), "\n"+table.String())
}

// unleash runs a fault, and returns its row.
func (f fault) unleash(t *testing.T) *tableRow {
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	a := &arena{t: t, dice: rand.New(rand.NewPCG(*chaosSeed, 2))}
	if f.form == nil {
		f.form = standalone
	}
	f.form(a)
	events, people := *chaosEvents, crowd(nil)
	switch {
	case f.slack != nil:
		events = (events + slackShare - 1) / slackShare
		a.slack = newAssembly(a, f.slack)
		defer a.slack.close(t)
		people = a.slack
	case f.discord != nil:
		events = (events + discordShare - 1) / discordShare
		a.discord = newGathering(a, f.discord)
		defer a.discord.close(t)
		people = a.discord
	default:
		var err error
		if a.platform, err = newScripted(f.weather, *chaosSeed); err != nil {
			t.Fatal(err)
		}
		defer a.platform.close()
		people = newJudge(a.platform, agentsAtWork, *chaosSeed)
	}
	a.programs = make([]*program, max(f.programs, 1))
	defer func() {
		for _, p := range a.programs {
			if p == nil {
				continue
			}
			if p.kill(); t.Failed() {
				t.Logf("a program logged\n%s", tail(p.errs.String(), 8000))
			}
		}
	}()
	for n := range a.programs {
		if err := a.run(n); err != nil {
			t.Fatal(err)
		}
	}
	if f.kills {
		f.strikes = *chaosKills
	}
	row := &tableRow{fault: f.name}
	began := time.Now()
	talks := (events + perTalk - 1) / perTalk
	load, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var watching sync.WaitGroup
	over := make(chan struct{})
	// A share of the load for each strike, and one after the last.
	for n := range f.strikes + 1 {
		for range talks*(n+1)/(f.strikes+1) - talks*n/(f.strikes+1) {
			people.start(load)
		}
		if n == f.strikes {
			break
		}
		rest(ctx, 10*time.Millisecond+time.Duration(a.dice.IntN(200))*time.Millisecond)
		if err := f.strike(ctx, a); err != nil {
			stop(fmt.Errorf("the fault itself failed: %w", err))
			break
		}
		if f.kills {
			row.kills++
		}
	}
	watching.Go(func() { a.watch(ctx, people, over, stop) })
	people.wait()
	close(over)
	watching.Wait()
	if why := context.Cause(load); why != nil {
		t.Errorf("some conversations were broken off: %v", why)
	}
	err := nothingLeft(ctx, people, a.db)
	for _, p := range a.programs {
		err = errors.Join(err, p.failed())
	}
	c, countErr := takeCensus(ctx, a.db)
	if err := errors.Join(err, countErr); err != nil {
		t.Error(err)
	}
	row.verdict, row.took = people.verdict(c), time.Since(began)
	if row.wrong() || row.Outcomes != row.Events {
		t.Errorf("%s:\n%s", f.name, strings.Join(row.complaints, "\n"))
	}
	if row.Events < events {
		t.Errorf("only %d events were accepted", row.Events)
	}
	return row
}

// nothingLeft waits until every event is accepted, handled and answered.
func nothingLeft(ctx context.Context, people counted, db goredis.UniversalClient) error {
	return until(ctx, "rest", func(ctx context.Context) error {
		if _, under, _ := people.counts(); under > 0 || !idle(ctx, db) {
			return errors.New("there is something left to do")
		}
		return nil
	})
}

// watch breaks the conversations off if nothing happens any more although
// nothing is left to do: someone waits for a reply that never comes.
func (a *arena) watch(ctx context.Context, people counted, over <-chan struct{}, stop context.CancelCauseFunc) {
	patience := 6 // seconds; more than redelivery and repeats take
	if a.slack != nil || a.discord != nil {
		patience = 90 // after an outage it takes a minute until a connection is tried, and what was missed is read
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	quiet, last := 0, -1
	for quiet < patience {
		select {
		case <-over:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, under, progress := people.counts()
		if progress != last || under > 0 || !idle(ctx, a.db) {
			quiet = 0
		} else {
			quiet++
		}
		last = progress
	}
	stop(errors.New("nothing is left to do, and they still wait"))
}
