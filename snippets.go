package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/config"
	"github.com/signpost-bot/signpost/knowledge"
)

// snippets reads the folder of snippets; the built-in sample, whose links lead
// to the built-in articles; or nothing.
func snippets(cfg config.Config) ([]bot.Snippet, error) {
	dir := cfg.Snippets.Dir
	if dir == "" && cfg.Knowledge.Dir != "" {
		return nil, nil
	}
	if dir == "" {
		list, err := bot.LoadSnippets(bot.SampleSnippets(), config.Default().Languages)
		return slices.DeleteFunc(list, func(s bot.Snippet) bool { return !slices.Contains(cfg.Languages, s.Lang) }), err
	}
	return bot.LoadSnippets(os.DirFS(dir), cfg.Languages)
}

// checkedSnippets reads them and looks where they lead, too, if there is a
// library to look in. Its error names every problem with its file.
func checkedSnippets(cfg config.Config, library func() bot.Library) ([]bot.Snippet, error) {
	list, err := snippets(cfg)
	var all, more knowledge.Problems
	if !errors.As(err, &all) && err != nil {
		return list, err
	}
	leads := slices.ContainsFunc(list, func(s bot.Snippet) bool { return s.Article != "" })
	if cfg.Snippets.Dir != "" && library != nil && leads { // those of the sample lead to its articles
		if errors.As(bot.CheckSnippets(list, library()), &more) {
			all = append(all, more...)
		}
	}
	for i := range all {
		all[i].File = path.Join(filepath.ToSlash(cfg.Snippets.Dir), all[i].File)
	}
	if len(all) > 0 {
		return list, all
	}
	return list, nil
}

// A board holds the snippets in use, and keeps them up to date.
type board struct {
	cfg     config.Config
	library func() bot.Library
	log     *slog.Logger
	current atomic.Pointer[[]bot.Snippet]
	told    string // problems logged last
}

func newBoard(cfg config.Config, library func() bot.Library, log *slog.Logger) (*board, error) {
	b := &board{cfg: cfg, library: library, log: log}
	list, err := checkedSnippets(cfg, library)
	if err != nil {
		return nil, fmt.Errorf("the snippets have problems:\n%w", err)
	}
	b.current.Store(&list)
	return b, nil
}

func (b *board) snippets() []bot.Snippet { return *b.current.Load() }

// run follows the folder until ctx ends. Snippets with problems are logged and
// not used: the old ones stay.
func (b *board) run(ctx context.Context) {
	if b.cfg.Snippets.Dir == "" {
		return
	}
	knowledge.Follow(ctx, b.cfg.Snippets.Dir, b.cfg.Knowledge.Rescan, b.log, b.look)
}

func (b *board) look(watch func(dir string) error) {
	_ = filepath.WalkDir(b.cfg.Snippets.Dir, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			_ = watch(name) // one that cannot be watched is left to the rescan
		}
		return nil
	})
	list, err := checkedSnippets(b.cfg, b.library)
	if err != nil {
		if err.Error() != b.told {
			b.told = err.Error()
			b.log.Error("snippets refused; the old ones stay in use", "problems", b.told)
		}
		return
	}
	if b.told = ""; !reflect.DeepEqual(list, b.snippets()) {
		b.current.Store(&list)
		b.log.Info("snippets loaded", "snippets", len(list), "dir", b.cfg.Snippets.Dir)
	}
}
