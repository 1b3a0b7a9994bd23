package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/tools/txtar"

	"github.com/signpost-bot/signpost/adapters/discord"
	"github.com/signpost-bot/signpost/adapters/discord/discordtest"
	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/adapters/slack"
	"github.com/signpost-bot/signpost/adapters/slack/slacktest"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
)

// A half is one of the two platforms of a duo.
type half interface {
	floor
	person(name string) string // platform:workspace:user
	room(name string) string   // platform:workspace:channel
	stands(p player) []sight
	transcript() string
}

// A duo is the stage of Slack and Discord together: one program with both of
// its real adapters. People ask on one and work on the other.
type duo struct {
	*parts
	staff
	ctx             context.Context
	t               testing.TB
	config          config.Config
	slack           *workspace
	discord         *guild
	asking, working half
	clock           *clock
	store           *redis.Store
	journal         journal
	stop            context.CancelFunc
	running         errgroup.Group
}

func (on *workspace) person(name string) string {
	return "slack:" + on.slack.Team() + ":" + slackUser(name)
}
func (on *workspace) room(name string) string {
	return "slack:" + on.slack.Team() + ":" + on.channel(name)
}

func (on *guild) person(name string) string {
	return "discord:" + on.discord.GuildID() + ":" + on.people[name]
}
func (on *guild) room(name string) string {
	return "discord:" + on.discord.GuildID() + ":" + on.channel(name)
}

// openPair plays with askers on Slack and agents on Discord, or the other way
// round.
func openPair(onSlack bool) func(ctx context.Context, t *testing.T, world []txtar.File) stage {
	return func(ctx context.Context, t *testing.T, world []txtar.File) stage {
		t.Helper()
		clock := newClock()
		on := &duo{ctx: ctx, t: t, clock: clock}
		on.slack = makeWorkspace(ctx, t, slacktest.Options{}, clock)
		on.discord = makeGuild(ctx, t, discordtest.Options{MessageContent: true}, clock)
		on.discord.attached = on.slack.attached // whatever goes over
		on.asking, on.working = on.slack, on.discord
		if !onSlack {
			on.asking, on.working = on.discord, on.slack
		}
		on.config = on.configure(t, world)
		log := newLogger(config.Log{Level: "warn", Format: "text"}, &on.journal, nil)
		on.store = stored(t, on.config.Installation, log)
		if err := on.start(); err != nil {
			t.Fatalf("%v; the program logged\n%s", err, &on.journal)
		}
		return on
	}
}

// start starts the program, on what the store keeps.
func (on *duo) start() error {
	log := newLogger(config.Log{Level: "warn", Format: "text"}, &on.journal, secrets(on.config))
	platforms := map[string]chat.Platform{}
	var err error
	if on.parts, err = assemble(on.config, behaviour(on.config, slack.Name, discord.Name), stocked(on.t, on.config), on.store, platforms, spool.Unmetered{}, on.clock.Now, log); err != nil {
		return err
	}
	one := slackAdapter(on.config, on.bot, on.store, on.clock.Now, log)
	other := discord.New(patient(discordOptions(on.config, on.bot, on.store, on.clock.steady(), log)))
	platforms[slack.Name], platforms[discord.Name] = unpaced{one}, unhurried{other}
	on.slack.parts, on.discord.parts = on.parts, on.parts
	ctx, stop := context.WithCancel(on.ctx)
	on.stop = stop
	on.parts.begin(ctx, on.clock.Now(), log)
	events := on.events
	on.running.Go(func() error { return events.Run(ctx, platforms) })
	on.running.Go(func() error { return one.Run(ctx, events) })
	on.running.Go(func() error { return other.Run(ctx, events) })
	return errors.Join(on.slack.slack.WaitSockets(on.ctx, 2), on.discord.discord.WaitSockets(on.ctx, 1))
}

// configure writes a script's world down for the two platforms.
func (on *duo) configure(t *testing.T, world []txtar.File) config.Config {
	t.Helper()
	dir := t.TempDir()
	settings := ""
	for _, f := range world {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		data := f.Data
		if f.Name == "signpost.yaml" {
			settings = name
			data = slackNames.ReplaceAllFunc(data, func(found []byte) []byte {
				m := slackNames.FindSubmatch(found)
				who := string(m[2])
				switch at := on.asking; {
				case len(m[1]) == 0 && (slices.Contains(agents, who) || strings.HasPrefix(string(found), "desk:")):
					return []byte(on.working.person(who))
				case len(m[1]) == 0:
					return []byte(at.person(who))
				case strings.HasPrefix(string(found), "desk:"):
					return []byte(on.working.room("#" + who))
				default:
					return []byte(at.room("#" + who))
				}
			})
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(settings, slices.Concat(on.slack.environment(false), on.discord.environment(true)))
	if err != nil {
		t.Fatal(err)
	}
	shelve(&cfg, dir)
	w := staffOf(cfg)
	for _, id := range w.agents {
		on.agents = append(on.agents, strings.ToLower(strings.TrimPrefix(on.discord.name(id), "U0")))
	}
	for _, id := range w.channels {
		if name := on.discord.called(on.discord.channels, id); name != id {
			on.channels = append(on.channels, name)
		} else {
			on.channels = append(on.channels, "#"+strings.ToLower(strings.TrimPrefix(id, "C0")))
		}
	}
	on.slack.staff, on.discord.staff = on.staff, on.staff
	on.discord.config = cfg
	on.discord.invite(0)
	for _, name := range agents {
		cfg.Desks[0].Agents = append(cfg.Desks[0].Agents, on.working.person(name))
	}
	return cfg
}

// home is the platform where a person is.
func (on *duo) home(p player) half {
	if p.side() == working {
		return on.working
	}
	return on.asking
}

func (on *duo) transcript() string { return on.asking.transcript() + on.working.transcript() }

func (on *duo) stands(p player) []sight { return on.home(p).stands(p) }

func (on *duo) close() error {
	on.stop()
	err := on.running.Wait()
	on.slack.slack.Close()
	on.discord.discord.Close()
	err = errors.Join(err, on.store.Close())
	for line := range strings.Lines(on.journal.String()) {
		if !strings.Contains(line, `msg="reply cannot be delivered"`) {
			err = errors.Join(err, fmt.Errorf("the program logged: %s", line))
		}
	}
	for _, v := range slices.Concat(on.slack.slack.Violations(), on.discord.discord.Violations()) {
		err = errors.Join(err, fmt.Errorf("a platform minds: %s", v))
	}
	return err
}

func (on *duo) quiet() error {
	for range 2 {
		err := errors.Join(on.slack.slack.Settle(on.ctx), on.discord.discord.Settle(on.ctx), on.parts.quiet(on.ctx))
		if err != nil {
			return fmt.Errorf("%w; the program logged:\n%s", err, &on.journal)
		}
	}
	return nil
}

func (on *duo) looked() ([]sight, error) {
	var sights []sight
	for i, half := range []half{on.asking, on.working} {
		list, err := half.looked()
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			s.side = []side{asking, working}[i]
			sights = append(sights, s)
		}
	}
	return sights, nil
}

func (on *duo) begin() {
	on.asking.begin()
	on.working.begin()
}

func (on *duo) do(a act) (wrong []sight, opened func() []sight, err error) {
	return on.home(a.who).do(a)
}

func (on *duo) pass(d time.Duration) error {
	return elapse(on.ctx, d, on.clock, on.store, on.events, on.quiet)
}

func (on *duo) back(d time.Duration) { on.clock.advance(-d) }

func (on *duo) restart() error {
	on.stop()
	if err := errors.Join(on.running.Wait(), on.slack.left(), on.discord.left()); err != nil {
		return err
	}
	if err := on.start(); err != nil {
		return err
	}
	return on.events.Quiet(on.ctx)
}

func (on *duo) play(a act) ([]sight, error) { return play(on, a) }
