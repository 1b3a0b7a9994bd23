package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/adapters/discord"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/config"
)

// discordCommand are the commands that help to set Discord up.
type discordCommand struct {
	Invite discordInviteCommand `cmd:"" help:"Print the address where someone adds the bot to a server, for the configuration at hand."`
}

type discordInviteCommand struct {
	App string `help:"The Application ID, if it should not be read from the token." placeholder:"ID"`
}

// Run prints the address. Nothing is asked of Discord: the token begins with the
// application's id.
func (o *discordInviteCommand) Run(c *cli, s streams) error {
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	app := o.App
	switch {
	case strings.Trim(app, "0123456789") != "":
		return fmt.Errorf("%q is not an Application ID, which has digits only; copy it from General Information in the developer portal", app)
	case app == "" && !cfg.Discord.On():
		return errors.New("no discord.token is set; set it, discord.token_file or SIGNPOST_DISCORD_TOKEN, or name the application with --app")
	case app == "":
		if app, err = discord.ApplicationID(cfg.Discord.Token.Reveal()); err != nil {
			return errors.New("discord.token does not tell its application; copy it from Bot in the developer portal, or name the application with --app")
		}
	}
	_, err = fmt.Fprintln(s.out, discord.Invite(app, discordFeatures(cfg)))
	return err
}

// discordOptions are what the adapter that the configuration describes works
// with.
func discordOptions(cfg config.Config, signpost *bot.Bot, memory chat.Memory, now func() time.Time, log *slog.Logger) discord.Options {
	o := discord.Options{
		Token: cfg.Discord.Token.Reveal(), PublicKey: cfg.Discord.PublicKey, APIURL: cfg.Discord.APIURL,
		Gateway: cfg.Discord.Mode == "gateway", Content: cfg.Discord.MessageContent, Threads: cfg.Discord.Answers == "thread",
		Guild: cfg.Discord.Guild, Commands: signpost.Commands(), Words: signpost, Front: signpost, Memory: memory, Now: now, Log: log,
	}
	o.Watched = func() []chat.Place { return placesOn(discord.Name, signpost.Watched()) }
	for _, d := range cfg.Desks {
		o.Channels = append(o.Channels, placesOn(discord.Name, d.Channels)...)
	}
	return o
}

// discordFeatures are the parts of Signpost that the configuration uses.
func discordFeatures(cfg config.Config) discord.Features {
	here := func(entry string) bool {
		return strings.HasPrefix(entry, discord.Name+":") || strings.HasPrefix(entry, "@")
	}
	return discord.Features{
		Threads: cfg.Discord.Answers == "thread",
		Desk: slices.ContainsFunc(cfg.Desks, func(d config.Desk) bool {
			return slices.ContainsFunc(slices.Concat(d.Channels, d.Agents, d.Leads), here)
		}),
	}
}

// discordNamed lists everything of Discord's that the configuration names, and
// where it does.
func discordNamed(cfg config.Config) (asked, desks, roles, accounts []discord.Named) {
	ours := func(list []discord.Named, text, where string) []discord.Named {
		if strings.HasPrefix(text, discord.Name+":") {
			list = append(list, discord.Named{Text: text, Where: where})
		}
		return list
	}
	for _, a := range cfg.Audiences {
		where := "audience " + a.Name
		for _, channel := range a.Channels {
			asked = ours(asked, channel, where)
		}
		for _, role := range a.Roles {
			roles = append(roles, discord.Named{Text: role, Where: where})
		}
	}
	for _, d := range cfg.Desks {
		where := "desk " + d.Name
		for _, channel := range d.Channels {
			desks = ours(desks, channel, where)
		}
		for _, entry := range slices.Concat(d.Agents, d.Leads) {
			if role, ok := strings.CutPrefix(entry, "@"); ok {
				roles = append(roles, discord.Named{Text: role, Where: where})
			} else {
				accounts = ours(accounts, entry, where)
			}
		}
	}
	for _, channel := range cfg.Overheard.Channels {
		asked = ours(asked, channel, "overheard.channels")
	}
	for _, p := range cfg.Persons {
		for _, account := range p.Accounts {
			accounts = ours(accounts, account, "person "+p.ID)
		}
	}
	return asked, desks, roles, accounts
}

// checkDiscord asks Discord whether the configuration fits it. It returns what
// does not, and what it found for the last line.
func checkDiscord(ctx context.Context, cfg config.Config) ([]mismatch, string) {
	o := discord.CheckOptions{
		Features: discordFeatures(cfg), Token: cfg.Discord.Token.Reveal(), PublicKey: cfg.Discord.PublicKey, APIURL: cfg.Discord.APIURL,
		Gateway: cfg.Discord.Mode == "gateway", Content: cfg.Discord.MessageContent, Guild: cfg.Discord.Guild,
	}
	o.Asked, o.Desks, o.Roles, o.Accounts = discordNamed(cfg)
	signpost, err := bot.New(behaviour(cfg, discord.Name), bot.Parts{})
	if err == nil {
		o.Commands, err = discord.Commands(signpost.Commands(), signpost)
	}
	if err != nil {
		return []mismatch{{platform: discord.Name, what: err.Error()}}, ""
	}
	problems, summary, err := discord.CheckLive(ctx, o)
	var mismatches []mismatch
	for _, p := range problems {
		mismatches = append(mismatches, mismatch{discord.Name, p.What + "; " + p.Mend, p.Role})
	}
	if err != nil {
		mismatches = append(mismatches, mismatch{platform: discord.Name, what: err.Error()})
	}
	return mismatches, summary
}

// deaf are the platforms that keep from us what does not mention us.
func deaf(cfg config.Config) []string {
	if cfg.Discord.Mode == "http" || !cfg.Discord.MessageContent {
		return []string{discord.Name}
	}
	return nil
}
