package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/adapters/discord"
	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/adapters/slack"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
)

// dataCommand is for what is kept of someone: what /privacy is for in chat.
type dataCommand struct {
	Export dataExport `cmd:"" help:"Write all that is kept about someone."`
	Forget dataForget `cmd:"" help:"Delete all that is kept about someone."`
}

type dataExport struct {
	User string `help:"Whose: an account such as slack:T024BE7LD:U024BE7LH, or a person of the configuration." required:"" placeholder:"ACCOUNT"`
	Out  string `help:"Write it into this file instead of printing it." placeholder:"FILE" type:"path"`
	JSON bool   `help:"Write JSON." name:"json"`
	Lang string `help:"Language of the words around it (${default})." default:"en" placeholder:"LANG"`
}

type dataForget struct {
	User   string `help:"Whose: an account such as slack:T024BE7LD:U024BE7LH, or a person of the configuration." required:"" placeholder:"ACCOUNT"`
	Yes    bool   `help:"Don't ask."`
	DryRun bool   `help:"Only count."`
}

// withPerson runs an errand about someone on the configured Redis.
func withPerson(ctx context.Context, c *cli, s streams, typed string, do func(*bot.Bot, *redis.Store, chat.PersonID) error) error {
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	return withStore(ctx, c, s, "what people wrote is kept there", func(store *redis.Store, hide redactor) error {
		log := newLogger(cfg.Log, s.err, hide)
		links := newFollower(store, log, bot.Links)
		links.look(ctx)
		var platforms []string // where cards are
		if cfg.Slack.On() {
			platforms = append(platforms, slack.Name)
		}
		if cfg.Discord.On() {
			platforms = append(platforms, discord.Name)
		}
		// No article is looked for, so there is no library.
		b, err := bot.New(behaviour(cfg, platforms...), bot.Parts{
			Reader: store, Sets: links.set, Now: time.Now, Log: log,
		})
		if err != nil {
			return err
		}
		person, ok := b.Find(strings.TrimSpace(typed))
		if !ok {
			return fmt.Errorf("%q is neither an account nor a person of the configuration; write platform:workspace:user, such as slack:T024BE7LD:U024BE7LH", visible(typed))
		}
		return do(b, store, person)
	})
}

// unknownPerson says that nothing is kept of someone.
func unknownPerson(typed string) error {
	return fmt.Errorf("nothing is kept about %s; if they wrote to Signpost, check the workspace and the id in the account", visible(typed))
}

// Run writes what is kept about someone. Their own words are not masked: they are
// theirs.
func (o *dataExport) Run(ctx context.Context, c *cli, s streams) error {
	return withPerson(ctx, c, s, o.User, func(b *bot.Bot, store *redis.Store, person chat.PersonID) error {
		x, err := b.Export(ctx, person, o.Lang)
		if err != nil {
			return err
		}
		if x.Empty() {
			return unknownPerson(o.User)
		}
		if err := store.Record(ctx, rand.Text(), time.Now(), errand("data.export", string(person))); err != nil {
			return err
		}
		text := x.Markdown()
		if o.JSON {
			if text, err = x.JSON(); err != nil {
				return err
			}
		}
		if o.Out == "" {
			_, err := s.out.Write(text)
			return err
		}
		// Nobody but who runs this is to read it, and nothing is written over.
		file, err := os.OpenFile(o.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, os.ErrExist) {
			return fmt.Errorf("%s is there already; name another file", o.Out)
		}
		if err != nil {
			return err
		}
		_, err = file.Write(text)
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "All that is kept about %s is in %s.\n", visible(o.User), o.Out)
		return err
	})
}

// Run deletes what is kept about someone, beside a running program or without it.
// It may be killed and run again.
func (o *dataForget) Run(ctx context.Context, c *cli, s streams) error {
	return withPerson(ctx, c, s, o.User, func(b *bot.Bot, store *redis.Store, person chat.PersonID) error {
		wish, err := b.Forgetting(ctx, person)
		if err != nil {
			return err
		}
		kept, err := store.Belongings(ctx, wish.Owner)
		if err != nil {
			return err
		}
		live := 0
		for i := range kept.Tickets {
			if kept.Tickets[i].Live() {
				live++
			}
		}
		if o.DryRun && kept.Empty() {
			return unknownPerson(o.User)
		}
		fmt.Fprintf(s.out, "Kept about %s, accounts: %d; %d conversations, %d tickets (%d open), %d questions in the ledger, %d phrasings taught on their tickets.\n",
			visible(o.User), len(wish.Accounts), len(kept.Conversations), len(kept.Tickets), live, len(kept.Lines), len(kept.Aliases))
		if o.DryRun {
			return nil
		}
		if !o.Yes {
			if err := confirm(s, live); err != nil {
				return err
			}
		}
		if wish, err = b.Forgetting(ctx, person); err != nil { // what came while they made up their mind goes, too
			return err
		}
		// Before it is done: whoever is killed in the middle has a line, too.
		if err := store.Record(ctx, rand.Text(), time.Now(), errand("data.forget", string(person))); err != nil {
			return err
		}
		done, err := spool.Forget(ctx, store, wish, time.Now)
		if err != nil {
			return fmt.Errorf("%w; what is gone is gone, run it again for the rest", err)
		}
		if done.Sum() == 0 {
			return unknownPerson(o.User)
		}
		_, err = fmt.Fprintf(s.out, "Deleted: %d conversations, %d tickets (their numbers stay), %d questions, %d phrasings, %d on their way. "+
			"%d messages are taken back as soon as the program runs. What they wrote on the platforms themselves, and old backups, are yours to see to: docs/privacy.md.\n",
			done.Conversations, done.Tickets, done.Lines, done.Aliases, done.Waiting, done.Messages+done.Tickets)
		return err
	})
}

// confirm asks at the terminal.
func confirm(s streams, live int) error {
	if live > 0 {
		fmt.Fprintf(s.out, "%d tickets are open; they will be closed, and nobody will answer them.\n", live)
	}
	fmt.Fprint(s.out, "Delete it for good? Type yes: ")
	answer, err := bufio.NewReader(s.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(answer) != "yes" {
		return errors.New("nothing was deleted; type yes, or use --yes")
	}
	return nil
}
