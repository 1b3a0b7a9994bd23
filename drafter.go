package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
)

const (
	// draftEvery is how often a replica looks whether an article was asked for.
	draftEvery = 5 * time.Second
	// draftAgain is how long it waits after one could not be written or
	// committed, and draftTidy until it looks for old ones.
	draftAgain = time.Minute
	draftTidy  = time.Hour
	// draftHeld is how long a replica keeps the job without a word: longer than
	// one draft takes.
	draftHeld = 2 * time.Minute
	// gitWait is how long git may take for one draft.
	gitWait = 30 * time.Second
)

// draftHold names the hold of the job.
const draftHold = "drafts"

// A drafter writes the articles that agents ask for into a folder, commits them
// if it is told to, and forgets them in time.
type drafter struct {
	store  spool.Store
	config config.Drafts
	now    func() time.Time
	log    *slog.Logger

	owner string
	seen  int64     // version of the drafts that all is done of
	next  time.Time // when to look whatever the version
	told  string    // trouble logged last
}

func newDrafter(cfg config.Drafts, store spool.Store, now func() time.Time, log *slog.Logger) *drafter {
	return &drafter{store: store, config: cfg, now: now, log: log, owner: rand.Text()}
}

// run looks until ctx ends.
func (d *drafter) run(ctx context.Context) {
	ticker := time.NewTicker(draftEvery)
	defer ticker.Stop()
	for {
		d.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// look does what is to be done of drafts, if any has changed or time has passed.
func (d *drafter) look(ctx context.Context) {
	version, err := d.store.SetVersion(ctx, bot.Drafts)
	if err == nil && version == d.seen && d.now().Before(d.next) {
		return
	}
	if err == nil {
		_, err = d.store.Hold(ctx, draftHold, d.owner, d.now(), draftHeld)
	}
	if errors.Is(err, chat.ErrHeld) {
		return // another replica is at it
	}
	if err == nil {
		version, err = d.work(ctx)
		_ = d.store.LetGo(context.WithoutCancel(ctx), draftHold, d.owner) // or it runs out
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		d.seen, d.next = version, d.now().Add(draftAgain)
		if err.Error() != d.told {
			d.log.Warn("a draft of an article waits in Redis; signpost drafts shows it", "err", err)
		}
		d.told = err.Error()
	default:
		d.seen, d.next, d.told = version, d.now().Add(draftTidy), ""
	}
}

// work goes through all drafts. One that cannot be dealt with does not keep the
// others waiting. The version is that of the drafts it went through.
func (d *drafter) work(ctx context.Context) (version int64, failed error) {
	list, version, err := readDrafts(ctx, d.store)
	if err != nil {
		return d.seen, err
	}
	slices.Reverse(list) // the oldest first
	for _, draft := range list {
		if d.config.Keep > 0 && d.now().Sub(draft.At) > d.config.Keep {
			failed = cmp.Or(failed, draft.forget(ctx, d.store, d.deed("draft.drop", draft)))
			continue
		}
		if err := d.put(ctx, draft); err != nil && !errors.Is(err, spool.ErrConflict) { // dropped meanwhile, say
			failed = cmp.Or(failed, err)
		}
	}
	return version, failed
}

// deed is something that the program does to a draft by itself.
func (d *drafter) deed(what string, draft heldDraft) desk.Deed {
	return desk.Deed{At: d.now(), Who: desk.Signpost.ID, Door: desk.ByServe, What: what, Of: []string{string(draft.Ticket)}, Result: desk.Done}
}

// put writes and commits a draft, as far as that is not done.
func (d *drafter) put(ctx context.Context, draft heldDraft) error {
	if d.config.Dir == "" || draft.Committed || !draft.Written.IsZero() && !d.config.Commit {
		return nil
	}
	if _, err := d.store.Hold(ctx, draftHold, d.owner, d.now(), draftHeld); err != nil {
		return err
	}
	before := draft.State()
	file, err := draft.File()
	if err != nil {
		return err
	}
	name := filepath.Join(d.config.Dir, file)
	if draft.Written.IsZero() {
		if _, _, err := writeDraft(d.config.Dir, draft.Draft); err != nil {
			return err
		}
		draft.Written = d.now().UTC()
	} else if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return nil // somebody has made an article of it, or wants none
	}
	if d.config.Commit {
		err = commitDraft(ctx, d.config.Dir, file, "Draft of an article from "+string(draft.Ticket))
		draft.Committed = err == nil
	}
	if draft.State() != before {
		err = errors.Join(err, draft.replace(ctx, d.store, d.deed("draft.write", draft)))
		d.log.Info("a draft of an article was put into its folder", "ticket", draft.Ticket, "file", name, "state", draft.State())
	}
	return err
}

// commitDraft commits one file of a folder, and nothing else, to the repository
// that the folder is in. It runs no hook, signs nothing and pushes nothing.
func commitDraft(ctx context.Context, dir, file, message string) error {
	ctx, cancel := context.WithTimeout(ctx, gitWait)
	defer cancel()
	tracked, err := git(ctx, dir, "ls-files", "--", file)
	if err != nil {
		return err
	}
	staged, err := git(ctx, dir, "diff", "--cached", "--name-only", "--", file)
	if err != nil || tracked != "" && staged == "" {
		return err // with none, it is committed already, and changed since at most
	}
	// Whatever somebody has staged stays theirs to commit.
	others, err := git(ctx, dir, "diff", "--cached", "--name-only", "--", ":/", ":(exclude)"+file)
	if err != nil {
		return err
	}
	if others != "" {
		return fmt.Errorf("%s has staged changes, so nothing is committed there; commit or unstage them, and the draft follows", dir)
	}
	if _, err = git(ctx, dir, "add", "--", file); err == nil {
		_, err = git(ctx, dir, "commit", "--quiet", "--no-verify", "-m", message, "--", file)
	}
	if err != nil {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), gitWait)
		defer cancel()
		_, _ = git(after, dir, "rm", "--quiet", "--cached", "--ignore-unmatch", "--", file) // the file itself stays
	}
	return err
}

// git runs git in a folder, with what could make it run something else turned
// off, and returns what it prints.
func git(ctx context.Context, dir string, words ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{
		"-C", dir, "-c", "core.hooksPath=" + os.DevNull, "-c", "core.fsmonitor=false", "-c", "commit.gpgSign=false", "-c", "gc.auto=0",
		"-c", "user.name=Signpost", "-c", "user.email=signpost@localhost",
	}, words...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // killed at once, it would leave its lock behind
	cmd.WaitDelay = time.Second
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GIT_") || strings.HasPrefix(v, "SIGNPOST_") }),
		"GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	var out, trouble bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &trouble
	err := cmd.Run()
	switch first, _, _ := strings.Cut(strings.TrimSpace(trouble.String()), "\n"); {
	case errors.Is(err, exec.ErrNotFound):
		return "", errors.New("git is not installed, so drafts are not committed; install it, or write drafts.commit: false")
	case ctx.Err() != nil:
		return "", fmt.Errorf("git %s took too long, or was cut short: %w", words[0], ctx.Err())
	case err != nil:
		return "", fmt.Errorf("git %s in %s: %s; mend the repository, or write drafts.commit: false", words[0], dir, visible(cmp.Or(first, err.Error())))
	}
	return strings.TrimSpace(out.String()), nil
}
