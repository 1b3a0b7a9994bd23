package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
	"github.com/signpost-bot/signpost/knowledge"
)

// draftOf is the draft of a ticket, asked for some hours after the beginning.
func draftOf(number int64, hours int) desk.Draft {
	id := desk.NewID(number)
	page := knowledge.Page{Title: "Where is my refund?", Lang: "en", Topic: "refunds", Audiences: []string{"buyer"}, Body: fmt.Sprintf("From %s.", id)}
	return desk.Draft{
		Ticket: id, Title: page.Title, Lang: "en", Audience: "buyer", Topic: "refunds", By: "ana", At: began.Add(time.Duration(hours) * time.Hour), Page: string(page.Draft()),
	}
}

// asksFor stores drafts.
func asksFor(t *testing.T, store draftStore, drafts ...desk.Draft) {
	t.Helper()
	for _, d := range drafts {
		value, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.ChangeWith(t.Context(), nil, spool.SetChange{Set: bot.Drafts, Member: string(d.Ticket), Value: string(value)}); err != nil {
			t.Fatal(err)
		}
	}
}

// stateOf is that of a ticket's draft; empty: it has none.
func stateOf(t *testing.T, store draftStore, id chat.TicketID) string {
	t.Helper()
	list, _, err := readDrafts(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if d.Ticket == id {
			return d.State()
		}
	}
	return ""
}

// TestDrafts lists, shows, writes and drops drafts at the command line.
func TestDrafts(t *testing.T) {
	d := newDatabase(t, "")
	file := configured(t, fmt.Sprintf("redis: {url: %q}", d.url))
	drafts := func(want int, words ...string) string {
		t.Helper()
		out, code := command(t, append([]string{"--config", file, "drafts"}, words...)...)
		if code != want {
			t.Fatalf("drafts %v = %d %s", words, code, out)
		}
		return out
	}
	if out := drafts(exitOK); !strings.Contains(out, "No article is asked for.") {
		t.Errorf("it says %q", out)
	}
	if out := drafts(exitOK, "--json"); out != "[]\n" {
		t.Errorf("it says %q", out)
	}
	store, err := redis.Open(t.Context(), d.url, redis.Options{Installation: "main", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	asksFor(t, store, draftOf(7, 1), draftOf(12, 2))
	if out := drafts(exitOK); !regexp.MustCompile(`(?s)^ID +LANG +TITLE +BY +WHEN +STATE\nT-12 +en +Where is my refund\? +ana +\S+Z +new\nT-7 .*new\n$`).MatchString(out) {
		t.Errorf("list =\n%s", out)
	}
	var lines []draftLine
	if err := json.Unmarshal([]byte(drafts(exitOK, "list", "--json")), &lines); err != nil || len(lines) != 2 || lines[0].ID != "T-12" || lines[0].Audience != "buyer" || lines[0].Page != "" {
		t.Errorf("list --json = %+v, %v", lines, err)
	}
	if out := drafts(exitOK, "show", "t-7"); out != draftOf(7, 1).Page {
		t.Errorf("show = %s", out)
	}
	if out := drafts(exitBad, "show", "T-8"); !strings.Contains(out, "there is no draft of T-8; signpost drafts shows what there is") {
		t.Errorf("show = %s", out)
	}
	if out := drafts(exitBad, "write"); !strings.Contains(out, "use --to DIR") {
		t.Errorf("write = %s", out)
	}
	dir := filepath.Join(t.TempDir(), "new", "drafts")
	if out := drafts(exitOK, "write", "7", "--to", dir); !strings.Contains(out, "1 draft written, 0 kept.") {
		t.Errorf("write = %s", out)
	}
	edited := filepath.Join(dir, "draft-T-7.md")
	if err := os.WriteFile(edited, []byte("mine now"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := drafts(exitOK, "write", "--to", dir); !strings.Contains(out, "1 draft written, 1 kept.") {
		t.Errorf("write = %s", out)
	}
	if data, err := os.ReadFile(edited); err != nil || string(data) != "mine now" {
		t.Errorf("what somebody wrote is %q now, %v", data, err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "draft-T-12.md")); err != nil || string(data) != draftOf(12, 2).Page {
		t.Errorf("the file is %q, %v", data, err)
	}
	if got := stateOf(t, store, "T-12"); got != "written" {
		t.Errorf("it is %s", got)
	}
	drafts(exitOK, "drop", "T-12")
	if out := drafts(exitBad, "drop", "T-12"); !strings.Contains(out, "no draft of T-12") {
		t.Errorf("drop = %s", out)
	}
}

// A repository is a git folder for tests.
type repository struct {
	t   *testing.T
	dir string
}

func newRepository(t *testing.T) repository {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	r := repository{t, t.TempDir()}
	r.git("init", "--quiet")
	return r
}

func (r repository) git(words ...string) string {
	r.t.Helper()
	out, err := exec.Command("git", append([]string{"-C", r.dir, "-c", "user.name=Pat", "-c", "user.email=pat@example.com"}, words...)...).CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", words, err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestDrafterCommits: what agents ask for is written and committed, alone, by the
// name of the program, and no hook is run. What is in the way loses nothing.
func TestDrafterCommits(t *testing.T) {
	r := newRepository(t)
	store := embedded(t)
	defer store.Close()
	var journal bytes.Buffer
	now := began.Add(10 * time.Hour)
	dir := filepath.Join(r.dir, "drafts")
	d := newDrafter(config.Drafts{Dir: dir, Commit: true}, store, func() time.Time { return now }, slog.New(slog.NewTextHandler(&journal, nil)))
	hook := filepath.Join(r.dir, ".git", "hooks", "pre-commit")
	if err := os.WriteFile(hook, []byte("#!/bin/sh\ntouch hooked\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, "mine.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	looks := func(want map[chat.TicketID]string) {
		t.Helper()
		now = now.Add(draftAgain)
		d.look(t.Context())
		for id, state := range want {
			if got := stateOf(t, store, id); got != state {
				t.Errorf("the draft of %s is %q, want %q; the log says\n%s", id, got, state, &journal)
			}
		}
	}
	asksFor(t, store, draftOf(1, 1), draftOf(2, 2))
	looks(map[chat.TicketID]string{"T-1": "committed", "T-2": "committed"})
	if got := r.git("log", "--format=%an <%ae> %s", "--name-only"); got != "Signpost <signpost@localhost> Draft of an article from T-2\n\ndrafts/draft-T-2.md\nSignpost <signpost@localhost> Draft of an article from T-1\n\ndrafts/draft-T-1.md" {
		t.Errorf("the log of git is\n%s", got)
	}
	if got := r.git("status", "--porcelain"); got != "?? mine.txt" {
		t.Errorf("the folder has\n%s", got)
	}

	// Somebody is about to commit something: that is theirs.
	r.git("add", "mine.txt")
	asksFor(t, store, draftOf(3, 3))
	looks(map[chat.TicketID]string{"T-3": "written"})
	looks(map[chat.TicketID]string{"T-3": "written"})
	if n := strings.Count(journal.String(), "has staged changes"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, &journal)
	}
	if got := r.git("diff", "--cached", "--name-only"); got != "mine.txt" {
		t.Errorf("staged is %s", got)
	}
	r.git("commit", "--quiet", "--no-verify", "-m", "mine")
	looks(map[chat.TicketID]string{"T-3": "committed"})

	// Killed between git and Redis: it is found to be done, whoever has changed it.
	asksFor(t, store, draftOf(3, 3))
	if err := os.WriteFile(filepath.Join(dir, "draft-T-3.md"), []byte("better"), 0o600); err != nil {
		t.Fatal(err)
	}
	looks(map[chat.TicketID]string{"T-3": "committed"})
	if got := r.git("status", "--porcelain"); got != "M drafts/draft-T-3.md" {
		t.Errorf("the folder has\n%s", got)
	}
	// Killed between the two steps of git: it goes on.
	asksFor(t, store, draftOf(4, 4))
	if _, _, err := writeDraft(dir, draftOf(4, 4)); err != nil {
		t.Fatal(err)
	}
	r.git("add", "drafts/draft-T-4.md")
	looks(map[chat.TicketID]string{"T-4": "committed"})
	// What git will not have is in the folder all the same, and left unstaged.
	if err := os.WriteFile(filepath.Join(r.dir, ".gitignore"), []byte("draft-T-5.md\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	asksFor(t, store, draftOf(5, 5))
	looks(map[chat.TicketID]string{"T-5": "written"})
	if !strings.Contains(journal.String(), "ignored") || r.git("diff", "--cached", "--name-only") != "" {
		t.Errorf("the log says\n%s", &journal)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "hooked")); err == nil {
		t.Error("a hook was run")
	}
}

// Where there is no git, or no repository, drafts are in the folder, and the log
// says what to do.
func TestDrafterWithoutGit(t *testing.T) {
	for name, says := range map[string]string{"no git": "git is not installed", "no repository": "not a git repository"} {
		t.Run(name, func(t *testing.T) {
			if name == "no git" {
				t.Setenv("PATH", t.TempDir())
			} else {
				newRepository(t) // or there is no git
			}
			store := embedded(t)
			defer store.Close()
			var journal bytes.Buffer
			dir, now := t.TempDir(), began
			d := newDrafter(config.Drafts{Dir: dir, Commit: true}, store, func() time.Time { return now }, slog.New(slog.NewTextHandler(&journal, nil)))
			asksFor(t, store, draftOf(1, 0), draftOf(2, 0))
			d.look(t.Context())
			if stateOf(t, store, "T-1") != "written" || stateOf(t, store, "T-2") != "written" {
				t.Error("a draft is not written")
			}
			if !strings.Contains(journal.String(), says) {
				t.Errorf("the log says\n%s", &journal)
			}
			// What somebody has made an article of does not come back.
			if err := os.Remove(filepath.Join(dir, "draft-T-1.md")); err != nil {
				t.Fatal(err)
			}
			now = now.Add(draftAgain)
			d.look(t.Context())
			if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 1 {
				t.Errorf("the folder has %v, %v", left, err)
			}
		})
	}
}

// Whoever shuts down while git is at work leaves a repository that others can
// work in.
func TestDrafterCutShort(t *testing.T) {
	r := newRepository(t)
	begun, end := filepath.Join(t.TempDir(), "begun"), filepath.Join(t.TempDir(), "end")
	if out, err := exec.Command("mkfifo", begun, end).CombinedOutput(); err != nil {
		t.Skipf("there are no named pipes: %v %s", err, out)
	}
	r.git("config", "filter.slow.clean", fmt.Sprintf("cat; echo x >%s; read x <%s", begun, end))
	if err := os.WriteFile(filepath.Join(r.dir, ".gitattributes"), []byte("*.md filter=slow\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := writeDraft(r.dir, draftOf(1, 0)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := commitDraft(ctx, r.dir, "draft-T-1.md", "a draft"); !errors.Is(err, context.Canceled) {
			t.Errorf("it ends with %v", err)
		}
	})
	if _, err := os.ReadFile(begun); err != nil { // git adds the file
		t.Fatal(err)
	}
	stop()
	running.Wait()
	release, err := os.OpenFile(end, os.O_RDWR, 0) // or it waits for a reader, which may be gone
	if err != nil {
		t.Fatal(err)
	}
	defer release.Close()
	if _, err := release.WriteString("x\n"); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(r.dir, ".git", "*.lock")); err != nil || len(left) > 0 {
		t.Errorf("git is locked by %v, %v", left, err)
	}
}

// TestDraftsEverywhere: of two replicas one writes, and what is old is forgotten.
func TestDraftsEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := embedded(t)
		defer store.Close()
		dir := t.TempDir()
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for range 2 {
			d := newDrafter(config.Drafts{Dir: dir, Keep: 24 * time.Hour}, store, time.Now, slog.New(slog.DiscardHandler))
			running.Go(func() { d.run(ctx) })
		}
		synctest.Wait()
		one := draftOf(1, 0)
		one.At = time.Now().UTC()
		asksFor(t, store, one)
		<-time.After(2 * draftEvery)
		if got := stateOf(t, store, "T-1"); got != "written" {
			t.Errorf("it is %q", got)
		}
		if data, err := os.ReadFile(filepath.Join(dir, "draft-T-1.md")); err != nil || string(data) != one.Page {
			t.Errorf("the file is %q, %v", data, err)
		}
		<-time.After(26 * time.Hour)
		if got := stateOf(t, store, "T-1"); got != "" {
			t.Errorf("a day later it is %q", got)
		}
		stop()
		running.Wait()
	})
}

// A file that was begun and not written is written, and names are of ids alone.
func TestWriteDraft(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "draft-T-1.md"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, fresh, err := writeDraft(dir, draftOf(1, 0)); err != nil || !fresh {
		t.Errorf("fresh = %t, %v", fresh, err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "draft-T-1.md")); err != nil || string(data) != draftOf(1, 0).Page {
		t.Errorf("the file is %q, %v", data, err)
	}
	for _, id := range []chat.TicketID{"", "../../x", "T-1/../x", "t-1", "T-01", "1"} {
		d := draftOf(1, 0)
		d.Ticket = id
		if name, _, err := writeDraft(dir, d); err == nil {
			t.Errorf("the draft of %q is written to %s", id, name)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("the folder has %v, %v", left, err)
	}
	if _, _, err := writeDraft(filepath.Join(dir, "draft-T-1.md", "no folder"), draftOf(2, 0)); err == nil || !strings.Contains(err.Error(), "choose another folder") {
		t.Errorf("where nothing can be written, it says %v", err)
	}
}
