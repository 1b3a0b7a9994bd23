package knowledge

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// rescan finds what no event tells: changes on network mounts, a folder that
	// was deleted and made again.
	rescan = time.Minute
	// quiet is how long a folder must rest before it is read: saving a file, or
	// unpacking many, is a burst of events.
	quiet = 200 * time.Millisecond
)

// A Watcher keeps the articles of a folder up to date.
type Watcher struct {
	Dir     string
	Rules   Rules
	Current []*Article       // the set in use; nil: the first one that loads is swapped in
	Rescan  time.Duration    // between full looks at the folder; 0 means 1 minute
	Log     *slog.Logger     // problems, once each time they change
	Swap    func([]*Article) // takes a new set; not called again before it returns

	events  <-chan fsnotify.Event // instead of the system's, for tests
	folders []string              // watched
	read    [sha256.Size]byte     // what was read last
	told    string                // problems logged last
}

// Run watches until ctx ends. A set with problems is logged and not used, so
// that a typing mistake, a half-copied folder or a deleted one leaves the old
// articles in place; so does a change that makes no difference to any article.
// Where the system cannot watch folders, the rescan alone finds changes. All
// that Run started has ended when it returns. A Watcher runs once.
func (w *Watcher) Run(ctx context.Context) {
	follow(ctx, w.Dir, w.Rescan, w.Log, w.events, w.look)
}

// Follow calls look at once, whenever a folder that look has watched has changed
// and rested, and every rescan (0 means 1 minute), until ctx ends. It is for
// folders of other things than articles.
func Follow(ctx context.Context, dir string, rescan time.Duration, log *slog.Logger, look func(watch func(dir string) error)) {
	follow(ctx, dir, rescan, log, nil, look)
}

// follow takes events instead of the system's, if there are any.
func follow(ctx context.Context, dir string, every time.Duration, log *slog.Logger, events <-chan fsnotify.Event, look func(watch func(dir string) error)) {
	watch := func(string) error { return nil }
	var failures <-chan error
	if events == nil {
		system, err := fsnotify.NewWatcher()
		if err != nil {
			log.Warn("cannot watch a folder; looking at it now and then", "dir", dir, "err", err)
		} else {
			defer system.Close()
			watch, events, failures = system.Add, system.Events, system.Errors
		}
	}

	ticker := time.NewTicker(cmp.Or(every, rescan))
	defer ticker.Stop()
	rest := time.NewTimer(quiet)
	defer rest.Stop()
	look(watch)
	for {
		select {
		case <-ctx.Done():
			return
		case <-events:
			rest.Reset(quiet)
		case err := <-failures: // lost events, say
			log.Warn("watch a folder", "dir", dir, "err", err)
			rest.Reset(quiet)
		case <-rest.C:
			look(watch)
		case <-ticker.C:
			look(watch)
		}
	}
}

// look reads the folder, swaps in what changed, and watches its folders, of
// which some may be new.
func (w *Watcher) look(watch func(dir string) error) {
	files, folders, problems := scan(os.DirFS(w.Dir))
	for _, dir := range folders {
		// Again each time: a folder may be another one under its old name. One
		// that cannot be watched is left to the rescan.
		_ = watch(filepath.Join(w.Dir, filepath.FromSlash(dir)))
	}
	if !slices.Equal(folders, w.folders) {
		// What changed after it was read but before it was watched made no event.
		w.folders = folders
		files, _, problems = scan(os.DirFS(w.Dir))
	}
	read := digest(files, problems)
	if read == w.read {
		return
	}
	w.read = read

	articles, err := build(files, problems, w.Rules)
	if err != nil {
		if err.Error() != w.told {
			w.told = err.Error()
			for _, p := range err.(Problems) {
				w.Log.Error("article refused; the old set stays in use", "problem", p.String())
			}
		}
		return
	}
	w.told = ""
	if reflect.DeepEqual(articles, w.Current) {
		return
	}
	w.Log.Info("knowledge base loaded", "articles", len(articles), "dir", w.Dir)
	w.Current = articles
	w.Swap(articles)
}

// digest tells apart what scan may return.
func digest(files []file, problems Problems) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%q %d\n", f.path, len(f.data))
		h.Write(f.data)
	}
	fmt.Fprintln(h, problems.Error())
	h.Sum(sum[:0])
	return sum
}
