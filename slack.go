package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/adapters/slack"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/config"
)

// slackCommand are the commands that help to set Slack up.
type slackCommand struct {
	Manifest slackManifestCommand `cmd:"" help:"Print the manifest that makes the Slack app, for the configuration at hand."`
}

type slackManifestCommand struct {
	HTTP string `name:"http" help:"Have Slack send events to this public address, instead of Socket Mode." placeholder:"URL"`
}

// Run prints the manifest.
func (o *slackManifestCommand) Run(c *cli, s streams) error {
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	if cfg.Slack.Mode == "http" && o.HTTP == "" {
		return errors.New("slack.mode is http, so Slack has to know your public address; add --http https://signpost.example.com")
	}
	signpost, err := bot.New(behaviour(cfg, slack.Name), bot.Parts{})
	if err != nil {
		return err
	}
	text, err := slack.Manifest(slack.ManifestOptions{Features: slackFeatures(cfg), URL: o.HTTP, Commands: signpost.Commands()})
	if err != nil {
		return err
	}
	_, err = s.out.Write(text)
	return err
}

// slackAdapter is the one that the configuration describes.
func slackAdapter(cfg config.Config, signpost *bot.Bot, memory chat.Memory, now func() time.Time, log *slog.Logger) *slack.Adapter {
	o := slack.Options{
		BotToken: cfg.Slack.BotToken.Reveal(), SigningSecret: cfg.Slack.SigningSecret.Reveal(), APIURL: cfg.Slack.APIURL,
		Agent: cfg.Slack.AgentView, Front: signpost, Memory: memory, Now: now, Log: log,
	}
	if cfg.Slack.Mode == "socket" {
		o.AppToken = cfg.Slack.AppToken.Reveal()
	}
	o.Watched = func() []chat.Place { return placesOn(slack.Name, signpost.Watched()) }
	for _, d := range cfg.Desks {
		o.Channels = append(o.Channels, placesOn(slack.Name, d.Channels)...)
	}
	_, members, groups, _ := slackNamed(cfg)
	for _, m := range members {
		o.Members = append(o.Members, m.Text)
	}
	for _, g := range groups {
		o.Groups = append(o.Groups, g.Text)
	}
	return slack.New(o)
}

// slackFeatures are the parts of Signpost that the configuration uses.
func slackFeatures(cfg config.Config) slack.Features {
	f := slack.Features{Agent: cfg.Slack.AgentView}
	for _, d := range cfg.Desks {
		for _, entry := range slices.Concat(d.Agents, d.Leads) {
			f.Groups = f.Groups || strings.HasPrefix(entry, "@")
			f.Members = f.Members || strings.HasPrefix(entry, "#")
		}
	}
	for _, a := range cfg.Audiences {
		f.Groups = f.Groups || len(a.Groups) > 0
	}
	return f
}

// slackNamed lists everything of Slack's that the configuration names, and
// where it does.
func slackNamed(cfg config.Config) (channels, members, groups, accounts []slack.Named) {
	ours := func(list []slack.Named, text, where string) []slack.Named {
		if strings.HasPrefix(text, slack.Name+":") {
			list = append(list, slack.Named{Text: text, Where: where})
		}
		return list
	}
	for _, a := range cfg.Audiences {
		where := "audience " + a.Name
		for _, channel := range a.Channels {
			channels = ours(channels, channel, where)
		}
		for _, group := range a.Groups {
			groups = append(groups, slack.Named{Text: group, Where: where})
		}
	}
	for _, d := range cfg.Desks {
		where := "desk " + d.Name
		for _, channel := range d.Channels {
			channels = ours(channels, channel, where)
		}
		for _, entry := range slices.Concat(d.Agents, d.Leads) {
			switch {
			case strings.HasPrefix(entry, "@"):
				groups = append(groups, slack.Named{Text: entry[1:], Where: where})
			case strings.HasPrefix(entry, "#"):
				members = append(members, slack.Named{Text: entry, Where: where})
			default:
				accounts = ours(accounts, entry, where)
			}
		}
	}
	for _, channel := range cfg.Overheard.Channels {
		channels = ours(channels, channel, "overheard.channels")
	}
	for _, p := range cfg.Persons {
		for _, account := range p.Accounts {
			accounts = ours(accounts, account, "person "+p.ID)
		}
	}
	return channels, members, groups, accounts
}

// checkSlack asks Slack whether the configuration fits it. It returns what does
// not, and what it found for the last line.
func checkSlack(ctx context.Context, cfg config.Config) ([]mismatch, string) {
	o := slack.CheckOptions{
		BotToken: cfg.Slack.BotToken.Reveal(), APIURL: cfg.Slack.APIURL, Features: slackFeatures(cfg),
	}
	if cfg.Slack.Mode == "socket" {
		o.AppToken = cfg.Slack.AppToken.Reveal()
	}
	o.Channels, o.Members, o.Groups, o.Accounts = slackNamed(cfg)
	problems, summary, err := slack.CheckLive(ctx, o)
	var mismatches []mismatch
	for _, p := range problems {
		mismatches = append(mismatches, mismatch{slack.Name, p.What + "; " + p.Mend, p.Group})
	}
	if err != nil {
		mismatches = append(mismatches, mismatch{platform: slack.Name, what: err.Error()})
	}
	return mismatches, summary
}
