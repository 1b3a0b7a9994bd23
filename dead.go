package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
)

// deadCommand is for what was given up: events that could not be handled,
// replies that could not be delivered.
type deadCommand struct {
	List   deadList   `cmd:"" help:"List what was given up, the newest first."`
	Show   deadShow   `cmd:"" help:"Show one of these, without what people wrote."`
	Replay deadReplay `cmd:"" help:"Try one of these again."`
	Drop   deadDrop   `cmd:"" help:"Forget one of these for good."`
}

type deadList struct {
	Limit int `help:"How many at most (${default})." default:"50"`
}

type deadShow struct {
	ID   string `arg:"" help:"Which one, as list shows it."`
	Text bool   `help:"Show what people wrote, too."`
}

type deadReplay struct {
	ID string `arg:"" help:"Which one, as list shows it."`
}

type deadDrop struct {
	ID string `arg:"" help:"Which one, as list shows it."`
}

// withStore opens the configured Redis for one errand. kept says what it is
// needed for.
func withStore(ctx context.Context, c *cli, s streams, kept string, errand func(*redis.Store, redactor) error) error {
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	if cfg.Redis.URL.Reveal() == "" {
		return fmt.Errorf("no redis.url is set, and %s; set redis.url, redis.url_file or SIGNPOST_REDIS_URL", kept)
	}
	hide := secrets(cfg)
	store, err := openStore(ctx, cfg, newLogger(cfg.Log, s.err, hide))
	if err != nil {
		return err
	}
	defer store.Close()
	return errand(store, hide)
}

// deadLetters is what withStore says of them.
const deadLetters = "dead letters are kept there"

// named explains the error of an errand about one dead letter.
func named(id string, err error) error {
	if errors.Is(err, spool.ErrNotFound) {
		return fmt.Errorf("there is no dead letter %s; signpost dead list shows what there is", visible(id))
	}
	return err
}

// Run lists dead letters as a table.
func (o *deadList) Run(ctx context.Context, c *cli, s streams) error {
	return withStore(ctx, c, s, deadLetters, func(store *redis.Store, hide redactor) error {
		letters, err := store.DeadLetters(ctx, max(1, o.Limit))
		if err != nil {
			return err
		}
		if len(letters) == 0 {
			fmt.Fprintln(s.out, "No dead letters.")
			return nil
		}
		table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tWHEN\tWHAT\tCAUSE")
		for _, l := range letters {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", visible(l.ID), moment(l.At), what(l), chat.Shorten(visible(hide.redact(l.Cause)), 100))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		if len(letters) == o.Limit {
			fmt.Fprintf(s.out, "There may be more; --limit shows them.\n")
		}
		return nil
	})
}

// Run shows one dead letter.
func (o *deadShow) Run(ctx context.Context, c *cli, s streams) error {
	return withStore(ctx, c, s, deadLetters, func(store *redis.Store, hide redactor) error {
		l, err := store.DeadLetter(ctx, o.ID)
		if err != nil {
			return named(o.ID, err)
		}
		if o.Text { // what others wrote
			if err := store.Record(ctx, rand.Text(), time.Now(), errand("dead.show", o.ID)); err != nil {
				return err
			}
		}
		return showLetter(s.out, l, o.Text, hide)
	})
}

// Run tries a dead letter again.
func (o *deadReplay) Run(ctx context.Context, c *cli, s streams) error {
	return withStore(ctx, c, s, deadLetters, func(store *redis.Store, _ redactor) error {
		if err := store.Replay(ctx, o.ID, time.Now(), errand("dead.replay", o.ID)); err != nil {
			return named(o.ID, err)
		}
		fmt.Fprintf(s.out, "%s is tried again, after what waits in its place.\n", visible(o.ID))
		return nil
	})
}

// Run forgets a dead letter.
func (o *deadDrop) Run(ctx context.Context, c *cli, s streams) error {
	return withStore(ctx, c, s, deadLetters, func(store *redis.Store, _ redactor) error {
		if err := store.Drop(ctx, o.ID, errand("dead.drop", o.ID)); err != nil {
			return named(o.ID, err)
		}
		fmt.Fprintf(s.out, "%s is gone.\n", visible(o.ID))
		return nil
	})
}

// what says in a few words what was given up.
func what(l spool.DeadLetter) string {
	switch {
	case l.Event != nil && l.Event.Kind == chat.Tick:
		return "timer " + visible(l.Event.Timer)
	case l.Event != nil:
		return fmt.Sprintf("%s in %s", visible(string(l.Event.Kind)), visible(l.Event.Place.String()))
	case l.Reply != nil:
		return fmt.Sprintf("reply to %s", visible(l.Reply.Place.String()))
	}
	return "unreadable"
}

// showLetter prints a line for each thing that is known. Reply handles stand
// for secrets and are left out; so is what people wrote, unless text is wanted.
func showLetter(w io.Writer, l spool.DeadLetter, text bool, hide redactor) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(table, "%s\t%s\n", name, visible(hide.redact(value)))
		}
	}
	words := func(name, value string) {
		switch {
		case value == "":
		case text:
			for part := range strings.SplitSeq(value, "\n") {
				line(name, part)
				name = " "
			}
		default:
			line(name, fmt.Sprintf("%d characters; --text shows them", utf8.RuneCountInString(value)))
		}
	}
	line("id", l.ID)
	line("when", moment(l.At))
	line("cause", l.Cause)
	if e := l.Event; e != nil {
		line("event", string(e.ID))
		line("kind", string(e.Kind))
		line("at", moment(e.At))
		line("place", e.Place.String())
		line("from", string(e.From.Account))
		line("person", string(e.From.Person))
		line("message", string(e.Message))
		line("door", e.Door)
		line("action", e.Action.String())
		line("emoji", e.Emoji)
		line("timer", e.Timer)
		line("report", e.Report)
		line("reason", e.Cause)
		words("text", e.Text)
		for _, field := range slices.Sorted(maps.Keys(e.Values)) {
			words("field "+visible(field), e.Values[field])
		}
		for _, f := range e.Files {
			line("file", fmt.Sprintf("%s, %d bytes", f.ID, f.Size))
		}
	}
	if r := l.Reply; r != nil {
		line("reply", string(r.Key))
		line("deed", string(r.Deed))
		line("purpose", string(r.Purpose))
		line("place", r.Place.String())
		line("only", string(r.Only))
		line("report", r.Report)
		words("text", r.PlainText())
	}
	return table.Flush()
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// visible makes a text harmless on a terminal: one line, and no control
// characters, which outsiders may have chosen.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, s)
}
