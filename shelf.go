package main

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// A shelf holds the library in use. Articles and what was learned for them
// change apart from each other, and neither change loses the other. Whoever
// asks gets the old library until the new one is ready.
type shelf struct {
	first   []*knowledge.Article // that it was opened with
	rules   knowledge.Rules
	current atomic.Pointer[knowledge.Library]
	changed func() // hears of new articles and aliases; nil: nobody does

	mu      sync.Mutex // held while a library is built
	list    []*knowledge.Article
	aliases []knowledge.Alias
}

func newShelf(list []*knowledge.Article, rules knowledge.Rules) *shelf {
	s := &shelf{first: list, rules: rules}
	s.restock(list)
	return s
}

func (s *shelf) library() *knowledge.Library { return s.current.Load() }

// restock takes new articles.
func (s *shelf) restock(list []*knowledge.Article) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = list
	s.put(knowledge.NewLibrary(list, s.rules, s.aliases...))
}

// stock is the library in use, and the articles it is of.
func (s *shelf) stock() ([]*knowledge.Article, *knowledge.Library) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list, s.library()
}

// put takes a library whose texts are others.
func (s *shelf) put(l *knowledge.Library) {
	s.current.Store(l)
	if s.changed != nil {
		s.changed()
	}
}

// interpret goes by other sources of what texts mean.
func (s *shelf) interpret(sources ...semantic.Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules.Sources = sources
	s.current.Store(s.library().WithSources(sources...))
}

// relearn takes all aliases there are now.
func (s *shelf) relearn(aliases []knowledge.Alias) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(aliases, s.aliases) {
		s.aliases = aliases
		s.put(s.library().WithAliases(aliases))
	}
}

// learnEvery is how often a replica looks whether something was learned on
// another one. The documentation says that it is known everywhere within 5 s:
// most of them are for reading it and for building the index of a large
// library.
const learnEvery = time.Second

// An aliasStore is where a learner looks.
type aliasStore interface {
	Aliases(ctx context.Context) ([]desk.Alias, int64, error)
	AliasVersion(ctx context.Context) (int64, error)
}

// A learner keeps the shelf up to date with what was learned, here or on
// another replica.
type learner struct {
	store aliasStore
	shelf *shelf
	log   *slog.Logger

	hint chan struct{} // something was learned here

	looking sync.Mutex // held while it looks
	version int64      // of the aliases on the shelf
	away    bool       // the store was, when it was asked last
}

func newLearner(store aliasStore, s *shelf, log *slog.Logger) *learner {
	return &learner{store: store, shelf: s, log: log, hint: make(chan struct{}, 1)}
}

// run looks until ctx ends.
func (l *learner) run(ctx context.Context) {
	ticker := time.NewTicker(learnEvery)
	defer ticker.Stop()
	for {
		l.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-l.hint:
		}
	}
}

// look asks for the version, and for the aliases if it is another one. What
// cannot be read is asked for again next time.
func (l *learner) look(ctx context.Context) {
	l.looking.Lock()
	defer l.looking.Unlock()
	version, err := l.store.AliasVersion(ctx)
	if err == nil && version != l.version {
		var list []desk.Alias
		if list, version, err = l.store.Aliases(ctx); err == nil {
			l.shelf.relearn(learnable(list))
			l.version = version
			l.log.Info("learned phrasings loaded", "aliases", len(list), "orphans", len(l.shelf.library().Orphans()))
		}
	}
	if err != nil && ctx.Err() != nil {
		return
	}
	if err != nil && !l.away {
		l.log.Warn("cannot look for learned phrasings; those that are known stay in use", "err", err)
	}
	l.away = err != nil
}

// soon makes run look at once.
func (l *learner) soon() {
	select {
	case l.hint <- struct{}{}:
	default: // it is about to
	}
}

// learnable are aliases as the library takes them.
func learnable(list []desk.Alias) []knowledge.Alias {
	var aliases []knowledge.Alias
	for _, a := range list {
		aliases = append(aliases, knowledge.Alias{Article: knowledge.ArticleID(a.Article), Lang: knowledge.Lang(a.Lang), Text: a.Text})
	}
	return aliases
}

// A teachingStore tells when an outcome has taught something.
type teachingStore struct {
	spool.Store
	taught func()
}

func (s teachingStore) Finish(ctx context.Context, w spool.Work, o spool.Outcome, now time.Time) error {
	err := s.Store.Finish(ctx, w, o, now)
	if err == nil && o.Teaches() {
		s.taught()
	}
	return err
}
