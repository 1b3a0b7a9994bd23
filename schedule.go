package main

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	mathrand "math/rand/v2"
	"time"

	"github.com/signpost-bot/signpost/adapters/helpcentre"
	"github.com/signpost-bot/signpost/adapters/web"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/config"
)

const (
	// importHold is what a replica holds while it imports, so that help centres are
	// asked by one at a time; importHolding is how long it may be silent meanwhile.
	importHold    = "import"
	importHolding = time.Minute
	// firstImport is until when the first import begins after a start, at the
	// latest: what came in while nothing ran should not wait for a day.
	firstImport = 10 * time.Minute
	// importAgain is after how long a source is tried again that was away or sent us
	// away, if that is before its time.
	importAgain = time.Hour
	// importLate is how long there is to give the hold back.
	importLate = 2 * time.Second
)

// A holder keeps what only one replica may do at a time.
type holder interface {
	Hold(ctx context.Context, name, owner string, now time.Time, d time.Duration) (int64, error)
	LetGo(ctx context.Context, name, owner string) error
}

var _ holder = chat.Memory(nil)

// An importer imports articles every now and then, while Signpost serves.
type importer struct {
	cfg   config.Config
	hold  holder
	owner string
	log   *slog.Logger
	meter func(source, result string, articles map[string]int)
	// record tells the audit of an import; nil: it is not told.
	record func(context.Context, desk.Deed) error
	// one imports from a source; tests put another there.
	one func(ctx context.Context, src config.ImportSource) (helpcentre.Report, error)
}

// newImporter is nil if nothing is to be imported by itself.
func newImporter(cfg config.Config, hold holder, metrics *web.Metrics, log *slog.Logger) *importer {
	i := &importer{cfg: cfg, hold: hold, owner: rand.Text(), log: log, meter: metrics.Imported}
	i.one = func(ctx context.Context, src config.ImportSource) (helpcentre.Report, error) {
		run, let, err := newImport(cfg, src, cfg.Knowledge.Dir, func(text string) { log.Warn("import", "source", src.Name, "note", text) })
		defer let()
		if err != nil {
			return helpcentre.Report{}, err
		}
		return run.Run(ctx)
	}
	for _, src := range cfg.Import.Sources {
		if src.Every > 0 {
			return i
		}
	}
	return nil
}

// run imports from each source as often as it says, one after the other, until
// ctx ends.
func (i *importer) run(ctx context.Context) {
	type due struct {
		source config.ImportSource
		at     time.Time
	}
	var list []*due
	for _, src := range i.cfg.Import.Sources {
		if src.Every > 0 {
			list = append(list, &due{src, time.Now().Add(someTime(min(src.Every, firstImport)/10, min(src.Every, firstImport)))})
		}
	}
	for {
		next := list[0]
		for _, d := range list {
			if d.at.Before(next.at) {
				next = d
			}
		}
		if !wait(ctx, time.Until(next.at)) {
			return
		}
		if !i.hasTurn(ctx) {
			next.at = time.Now().Add(someTime(importHolding/2, importHolding))
			continue
		}
		every := next.source.Every
		if !i.imported(ctx, next.source) {
			every = min(every, importAgain)
		}
		// Replicas and installations that started together drift apart.
		next.at = time.Now().Add(someTime(every-every/20, every+every/20))
	}
}

// someTime is a span of time drawn from others.
func someTime(least, most time.Duration) time.Duration {
	return least + mathrand.N(max(most-least, 1))
}

// wait is false if ctx has ended first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// hasTurn reports whether no other replica imports.
func (i *importer) hasTurn(ctx context.Context) bool {
	_, err := i.hold.Hold(ctx, importHold, i.owner, time.Now(), importHolding)
	if err != nil && !errors.Is(err, chat.ErrHeld) && ctx.Err() == nil {
		i.log.Warn("articles are not imported now, since the store does not answer; it is tried again", "err", err)
	}
	return err == nil
}

// imported imports from a source and tells of it, while nobody else does. It is
// false if the source was away, or sent us away.
func (i *importer) imported(ctx context.Context, src config.ImportSource) bool {
	running, stop := context.WithCancel(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		for wait(running, importHolding/3) {
			if _, err := i.hold.Hold(running, importHold, i.owner, time.Now(), importHolding); errors.Is(err, chat.ErrHeld) {
				i.log.Warn("an import stops, since another replica began one", "source", src.Name)
				stop()
			}
		}
	}()
	began := time.Now()
	report, err := i.one(running, src)
	stop()
	<-kept
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), importLate)
	defer cancel()
	if e := i.hold.LetGo(last, importHold, i.owner); e != nil {
		i.log.Warn("importing could not be handed back", "err", e)
	}
	i.tell(ctx, src, report, err, time.Since(began))
	if i.record != nil {
		d := imported(src.Name, err)
		d.Who, d.Door = desk.Signpost.ID, desk.ByServe
		if err := i.record(last, d); err != nil {
			i.log.Warn("the audit does not tell of an import", "source", src.Name, "err", err)
		}
	}
	return err == nil || !helpcentre.IsFatal(err) && report.Added+report.Changed+report.Unchanged > 0
}

// imported is the deed of importing from a source.
func imported(source string, err error) desk.Deed {
	d := errand("import.run", source)
	if err != nil {
		d.Result = desk.Erred
	}
	return d
}

// maxTold is how many pages or files of a kind are logged.
const maxTold = 10

func (i *importer) tell(ctx context.Context, src config.ImportSource, r helpcentre.Report, err error, took time.Duration) {
	result := "ok"
	switch {
	case ctx.Err() != nil:
		i.log.Info("an import was cut off by the end of the program; the next one goes on from there", "source", src.Name)
		return
	case err != nil:
		result = "failed"
		i.log.Error("articles could not be imported", "source", src.Name, "err", err)
	case len(r.Failed) > 0:
		result = "partly"
	}
	for _, f := range r.Failed[:min(len(r.Failed), maxTold)] {
		i.log.Warn("a page could not be imported", "source", src.Name, "page", f.Page, "err", f.Err)
	}
	for _, what := range r.Kept[:min(len(r.Kept), maxTold)] {
		i.log.Warn("edited by hand, and kept", "source", src.Name, "what", what)
	}
	for _, file := range r.Removed[:min(len(r.Removed), maxTold)] {
		i.log.Warn("no longer at the help centre, or left out now, but still here and shown to people; delete it if nobody should read it", "source", src.Name, "file", file)
	}
	left := 0
	for _, n := range r.Skipped {
		left += n
	}
	i.log.Info("articles imported", "source", src.Name, "result", result, "new", r.Added, "changed", r.Changed, "unchanged", r.Unchanged, "left_out", left,
		"failed", len(r.Failed), "removed", len(r.Removed), "took", took.Round(time.Millisecond))
	i.meter(src.Name, result, map[string]int{"new": r.Added, "changed": r.Changed, "failed": len(r.Failed)})
}
