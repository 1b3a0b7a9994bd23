package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// draftsCommand is for articles that agents asked for.
type draftsCommand struct {
	List  draftsList  `cmd:"" default:"withargs" help:"List the articles that were asked for, the newest first; so does drafts alone."`
	Show  draftsShow  `cmd:"" help:"Print the draft of one as its file."`
	Write draftsWrite `cmd:"" help:"Write the drafts into a folder, a file each."`
	Drop  draftsDrop  `cmd:"" help:"Forget a draft for good. A file that was written stays."`
}

type draftsList struct {
	JSON bool `help:"Print JSON." name:"json"`
}

type draftsShow struct {
	JSON bool   `help:"Print JSON." name:"json"`
	ID   string `arg:"" help:"Which one, as list shows it: its ticket."`
}

type draftsWrite struct {
	JSON bool     `help:"Print JSON." name:"json"`
	To   string   `help:"Folder to write into, instead of the configured one." placeholder:"DIR"`
	IDs  []string `arg:"" optional:"" name:"id" help:"Which ones, as list shows them; all, if none is named."`
}

type draftsDrop struct {
	ID string `arg:"" help:"Which one, as list shows it: its ticket."`
}

// draftLine is a draft as JSON.
type draftLine struct {
	ID       chat.TicketID `json:"id"` // its ticket
	Title    string        `json:"title"`
	Lang     string        `json:"lang"`
	Audience string        `json:"audience"`
	Topic    string        `json:"topic"`
	By       chat.PersonID `json:"by"`
	At       time.Time     `json:"at"`
	State    string        `json:"state"` // new, written or committed
	Page     string        `json:"page,omitempty"`
}

func lineOf(d desk.Draft) draftLine {
	return draftLine{ID: d.Ticket, Title: d.Title, Lang: d.Lang, Audience: d.Audience, Topic: d.Topic, By: d.By, At: d.At, State: d.State()}
}

// A heldDraft is a draft as it is stored.
type heldDraft struct {
	desk.Draft
	value string
}

// draftStore is what drafts are read from and changed in.
type draftStore interface {
	Set(ctx context.Context, name spool.Set) (map[string]string, int64, error)
	ChangeWith(ctx context.Context, deeds []desk.Deed, changes ...spool.SetChange) error
}

// readDrafts lists them, the newest first, and the version of the list. What
// cannot be read, such as of a newer program, is left out.
func readDrafts(ctx context.Context, store draftStore) ([]heldDraft, int64, error) {
	members, version, err := store.Set(ctx, bot.Drafts)
	if err != nil {
		return nil, 0, err
	}
	var list []heldDraft
	for id, value := range members {
		if d, err := bot.ReadDraft(value); err == nil && string(d.Ticket) == id {
			list = append(list, heldDraft{d, value})
		}
	}
	slices.SortFunc(list, func(a, b heldDraft) int {
		return cmp.Or(b.At.Compare(a.At), strings.Compare(string(b.Ticket), string(a.Ticket)))
	})
	return list, version, nil
}

// oneDraft is the one that was typed.
func oneDraft(ctx context.Context, store draftStore, typed string) (heldDraft, error) {
	list, _, err := readDrafts(ctx, store)
	if err != nil {
		return heldDraft{}, err
	}
	id, err := desk.ParseID(typed)
	i := slices.IndexFunc(list, func(d heldDraft) bool { return d.Ticket == id })
	if err != nil || i < 0 {
		return heldDraft{}, fmt.Errorf("there is no draft of %s; signpost drafts shows what there is", visible(typed))
	}
	return list[i], nil
}

// replace stores a draft in the place of one that was read.
func (d heldDraft) replace(ctx context.Context, store draftStore, deed desk.Deed) error {
	value, err := json.Marshal(d.Draft)
	if err != nil {
		return err
	}
	deed.How = []string{d.State()}
	return store.ChangeWith(ctx, []desk.Deed{deed}, spool.SetChange{Set: bot.Drafts, Member: string(d.Ticket), Value: string(value), If: &d.value})
}

// forget drops a draft that was read.
func (d heldDraft) forget(ctx context.Context, store draftStore, deed desk.Deed) error {
	return store.ChangeWith(ctx, []desk.Deed{deed}, spool.SetChange{Set: bot.Drafts, Member: string(d.Ticket), Remove: true, If: &d.value})
}

// withDrafts runs an errand about drafts on the configured Redis.
func withDrafts(ctx context.Context, c *cli, s streams, do func(*redis.Store) error) error {
	return withStore(ctx, c, s, "drafts are kept there", func(store *redis.Store, _ redactor) error { return do(store) })
}

// Run lists drafts.
func (o *draftsList) Run(ctx context.Context, c *cli, s streams) error {
	return withDrafts(ctx, c, s, func(store *redis.Store) error {
		list, _, err := readDrafts(ctx, store)
		if err != nil {
			return err
		}
		if o.JSON {
			lines := []draftLine{}
			for _, d := range list {
				lines = append(lines, lineOf(d.Draft))
			}
			return printJSON(s.out, lines)
		}
		if len(list) == 0 {
			_, err := fmt.Fprintln(s.out, "No article is asked for. Agents ask for one when they settle a ticket, or with /ticket draft.")
			return err
		}
		table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tLANG\tTITLE\tBY\tWHEN\tSTATE")
		for _, d := range list {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", d.Ticket, visible(d.Lang), visible(chat.Shorten(d.Title, 60)), visible(string(d.By)), moment(d.At), d.State())
		}
		return table.Flush()
	})
}

// Run prints a draft.
func (o *draftsShow) Run(ctx context.Context, c *cli, s streams) error {
	return withDrafts(ctx, c, s, func(store *redis.Store) error {
		d, err := oneDraft(ctx, store, o.ID)
		if err != nil {
			return err
		}
		if err := store.Record(ctx, rand.Text(), time.Now(), errand("draft.show", string(d.Ticket))); err != nil {
			return err
		}
		if o.JSON {
			line := lineOf(d.Draft)
			line.Page = d.Page
			return printJSON(s.out, line)
		}
		_, err = io.WriteString(s.out, strings.Map(func(r rune) rune {
			if r != '\n' && unicode.IsControl(r) {
				return -1 // a terminal might take it for an order
			}
			return r
		}, d.Page))
		return err
	})
}

// Run writes drafts into a folder.
func (o *draftsWrite) Run(ctx context.Context, c *cli, s streams) error {
	return withDrafts(ctx, c, s, func(store *redis.Store) error {
		cfg, err := c.settings()
		if err != nil {
			return err
		}
		dir := cmp.Or(o.To, cfg.Drafts.Dir)
		if dir == "" {
			return errors.New("no folder is named to write into; use --to DIR, or set drafts.dir")
		}
		list, _, err := readDrafts(ctx, store)
		if err != nil {
			return err
		}
		if len(o.IDs) > 0 {
			list = nil
			for _, id := range o.IDs {
				d, err := oneDraft(ctx, store, id)
				if err != nil {
					return err
				}
				list = append(list, d)
			}
		}
		files, kept := []string{}, []string{}
		for _, d := range list {
			name, fresh, err := writeDraft(dir, d.Draft)
			if err != nil {
				return err
			}
			if !fresh {
				kept = append(kept, name)
			} else {
				files = append(files, name)
			}
			if !d.Written.IsZero() {
				continue
			}
			d.Written = time.Now().UTC()
			if err := d.replace(ctx, store, errand("draft.write", string(d.Ticket))); err != nil && !errors.Is(err, spool.ErrConflict) {
				return err
			}
		}
		if o.JSON {
			return printJSON(s.out, struct {
				Written []string `json:"written"`
				Kept    []string `json:"kept"` // that were there already
			}{files, kept})
		}
		for _, name := range files {
			fmt.Fprintln(s.out, "written ", visible(name))
		}
		for _, name := range kept {
			fmt.Fprintln(s.out, "kept    ", visible(name), "(it was there already)")
		}
		_, err = fmt.Fprintf(s.out, "%s written, %d kept.\n", plural(len(files), "draft", "drafts"), len(kept))
		return err
	})
}

// Run forgets a draft.
func (o *draftsDrop) Run(ctx context.Context, c *cli, s streams) error {
	return withDrafts(ctx, c, s, func(store *redis.Store) error {
		d, err := oneDraft(ctx, store, o.ID)
		if err != nil {
			return err
		}
		if err := d.forget(ctx, store, errand("draft.drop", string(d.Ticket))); errors.Is(err, spool.ErrConflict) {
			return fmt.Errorf("the draft of %s was changed just now; try again", d.Ticket)
		} else if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "The draft of %s is forgotten.\n", d.Ticket)
		return err
	})
}

// writeDraft writes the file of a draft into a folder, which it makes if there is
// none. A file of that name stays as it is: somebody may be at work on it.
func writeDraft(dir string, d desk.Draft) (name string, fresh bool, err error) {
	file, err := d.File()
	if err != nil {
		return "", false, err
	}
	name = filepath.Join(dir, file)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return name, false, unwritten(err)
	}
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		info, err := os.Stat(name)
		if err != nil || info.Size() > 0 {
			return name, false, err
		}
		// Whoever made it was killed before a word was written.
		if out, err = os.OpenFile(name, os.O_WRONLY, 0); err != nil {
			return name, false, unwritten(err)
		}
	} else if err != nil {
		return name, false, unwritten(err)
	}
	_, err = out.WriteString(d.Page)
	if err = errors.Join(err, out.Close()); err != nil {
		return name, false, unwritten(errors.Join(err, os.Remove(name)))
	}
	return name, true, nil
}

// unwritten says what to do where a draft cannot be written.
func unwritten(err error) error {
	return fmt.Errorf("write a draft: %w; let Signpost write there, or choose another folder", err)
}
