package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
	"github.com/signpost-bot/signpost/knowledge"
)

// examined is the set of what golden questions have been asked about: the
// aliases that cost none of them, by alias/ID, and the version of all aliases
// when that was found out.
const examined spool.Set = "golden"

const (
	examinedVersion = "version"
	examinedAlias   = "alias/" // and its id
)

const (
	// examineEvery is how often a replica looks whether something was learned.
	examineEvery = time.Second
	// examineAgain is how long it waits after golden questions could not be asked.
	examineAgain = time.Minute
	// examineHeld is how long a replica keeps the job without a word: longer than
	// the largest index takes to be built.
	examineHeld = 2 * time.Minute
	// examineShare is how many times as long as a question took the job rests
	// before the next: it takes a fifth of a core.
	examineShare = 4
	// examineTidy is how often it looks for what was taken back long ago.
	examineTidy = time.Hour
	// examineNotes is how many aliases are noted in one step.
	examineNotes = 1000
)

// What came of a job.
const (
	examinedKept     = "kept"     // no golden question was lost
	examinedReverted = "reverted" // what one was lost by is taken back
	examinedFailed   = "failed"   // the questions could not be asked
)

// An examiner asks the golden questions again when something was learned, and
// takes back what one of them is lost by.
type examiner struct {
	store  spool.Store
	shelf  *shelf
	config config.Config
	accept func(context.Context, chat.Event) error
	revert func(a desk.Alias, r bot.Regression, mark string, at time.Time) chat.Event
	count  func(result string)
	now    func() time.Time
	rest   func(ctx context.Context, d time.Duration) // nil in tests: it does not
	log    *slog.Logger

	owner  string
	done   int64     // version of the aliases that are examined
	looked bool      // done is known
	until  time.Time // before which it does not try again
	tidy   time.Time // when to look for what was taken back long ago
	told   string    // trouble logged last
}

func newExaminer(cfg config.Config, p *parts, store spool.Store, meter spool.Meter, now func() time.Time, log *slog.Logger) *examiner {
	count := func(string) {}
	if counter, ok := meter.(interface{ Examined(result string) }); ok {
		count = counter.Examined
	}
	return &examiner{
		store: store, shelf: p.shelf, config: cfg, accept: p.events.Accept, revert: p.bot.Revert, count: count, now: now, rest: pause, log: log,
		owner: rand.Text(),
	}
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// run looks until ctx ends.
func (x *examiner) run(ctx context.Context) {
	ticker := time.NewTicker(examineEvery)
	defer ticker.Stop()
	for {
		x.look(ctx)
		if now := x.now(); !now.Before(x.tidy) {
			x.tidy = now.Add(examineTidy)
			x.forgetReverted(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// look asks the golden questions if something was learned that no replica has
// asked them about. What a killed process has left is begun anew: nothing is
// noted before it is settled.
func (x *examiner) look(ctx context.Context) {
	if x.now().Before(x.until) {
		return
	}
	version, err := x.store.AliasVersion(ctx)
	if err == nil && x.looked && version == x.done {
		return
	}
	if err == nil {
		err = x.hold(ctx)
	}
	if errors.Is(err, chat.ErrHeld) {
		return // another replica is at it
	}
	if err == nil {
		err = x.examine(ctx)
		_ = x.store.LetGo(context.WithoutCancel(ctx), examineHold, x.owner) // or it runs out
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		x.until = x.now().Add(examineAgain)
		x.count(examinedFailed)
		if err.Error() != x.told {
			x.log.Error("golden questions cannot be asked; what was learned stays, and is looked at later", "file", x.config.Knowledge.Golden, "err", err)
		}
		x.told = err.Error()
	default:
		x.told = ""
	}
}

// examineHold names the hold of the job.
const examineHold = "golden"

func (x *examiner) hold(ctx context.Context) error {
	_, err := x.store.Hold(ctx, examineHold, x.owner, x.now(), examineHeld)
	return err
}

// examine asks about what is new since the last time. What an installation has
// learned before it had golden questions is taken as it is.
func (x *examiner) examine(ctx context.Context) error {
	known, _, err := x.store.Set(ctx, examined)
	if err != nil {
		return err
	}
	list, version, err := x.store.Aliases(ctx)
	if err != nil {
		return err
	}
	mark := strconv.FormatInt(version, 10)
	if known[examinedVersion] == mark {
		x.done, x.looked = version, true
		return nil
	}
	var base, fresh []desk.Alias
	for _, a := range list {
		if _, old := known[examinedAlias+string(a.ID)]; old || known[examinedVersion] == "" {
			base = append(base, a)
		} else {
			fresh = append(fresh, a)
		}
	}
	var culprits []culprit
	if len(fresh) > 0 {
		slices.SortFunc(fresh, func(a, b desk.Alias) int { // what was there first may stay
			return cmp.Or(a.At.Compare(b.At), strings.Compare(string(a.ID), string(b.ID)))
		})
		began := x.now()
		if base, culprits, err = x.sift(ctx, base, fresh); err != nil {
			return err
		}
		for _, c := range culprits {
			if err := x.accept(ctx, x.revert(c.alias, c.regression, mark, x.now())); err != nil {
				return err
			}
		}
		result := examinedKept
		if len(culprits) > 0 {
			result = examinedReverted
		}
		x.count(result)
		x.log.Info("golden questions were asked again", "new", len(fresh), "taken_back", len(culprits), "took", x.now().Sub(began))
	}
	if err := x.note(ctx, known, base, mark); err != nil {
		return err
	}
	x.done, x.looked = version, true
	return nil
}

// revertedKept is how long it can be looked up why something was taken back.
const revertedKept = 180 * 24 * time.Hour

// forgetReverted forgets what was taken back long ago. What cannot be forgotten
// now is another time.
func (x *examiner) forgetReverted(ctx context.Context) {
	members, _, err := x.store.Set(ctx, bot.Reverted)
	var old []spool.SetChange
	for id, value := range members {
		var r desk.Reverted
		if json.Unmarshal([]byte(value), &r) == nil && x.now().Sub(r.At) > revertedKept {
			old = append(old, spool.SetChange{Set: bot.Reverted, Member: id, Remove: true, If: &value})
		}
	}
	for some := range slices.Chunk(old, examineNotes) {
		err = errors.Join(err, x.store.Change(ctx, some...))
	}
	if err != nil && !errors.Is(err, spool.ErrConflict) && ctx.Err() == nil { // another replica may have
		x.log.Warn("what was taken back long ago is still listed", "err", err)
	}
}

// note keeps what was found out: which aliases may stay, and then up to which
// version that is all.
func (x *examiner) note(ctx context.Context, known map[string]string, kept []desk.Alias, version string) error {
	var changes []spool.SetChange
	gone := maps.Clone(known)
	delete(gone, examinedVersion)
	for _, a := range kept {
		member := examinedAlias + string(a.ID)
		if _, old := known[member]; !old {
			changes = append(changes, spool.SetChange{Set: examined, Member: member, Value: "kept"})
		}
		delete(gone, member)
	}
	for member := range gone { // forgotten since; taught again, it is new
		changes = append(changes, spool.SetChange{Set: examined, Member: member, Remove: true})
	}
	changes = append(changes, spool.SetChange{Set: examined, Member: examinedVersion, Value: version})
	for some := range slices.Chunk(changes, examineNotes) {
		if err := x.store.Change(ctx, some...); err != nil {
			return err
		}
	}
	return nil
}

// A culprit is an alias that a golden question is lost by.
type culprit struct {
	alias      desk.Alias
	regression bot.Regression
}

// sift adds new aliases to those that are kept, but for those by which a golden
// question is lost: few, so they are looked for in ever smaller halves.
func (x *examiner) sift(ctx context.Context, kept, fresh []desk.Alias) ([]desk.Alias, []culprit, error) {
	list, library := x.shelf.stock()
	articles := catalogueOf(library, list, x.config)
	files, err := articles.readGolden(ctx, []string{x.config.Knowledge.Golden})
	if err != nil {
		return nil, nil, err
	}
	questions := files[0].questions
	before, err := x.ask(ctx, library.WithAliases(learnable(kept)), questions)
	if err != nil {
		return nil, nil, err
	}
	var culprits []culprit
	var add func([]desk.Alias) error
	add = func(group []desk.Alias) error {
		with := slices.Concat(kept, group)
		after, err := x.ask(ctx, library.WithAliases(learnable(with)), questions)
		if err != nil {
			return err
		}
		lost := firstLost(before, after)
		switch {
		case lost < 0:
			kept, before = with, after
			return nil
		case len(group) == 1:
			asked := questions[lost]
			culprits = append(culprits, culprit{group[0], bot.Regression{
				Question: asked.question.Text, Before: before[lost].Title, After: after[lost].Title, Private: len(asked.question.Private) > 0,
			}})
			return nil
		}
		if err := add(group[:len(group)/2]); err != nil {
			return err
		}
		return add(group[len(group)/2:])
	}
	err = add(fresh)
	return kept, culprits, err
}

// firstLost is the first question that was answered right and is not; -1: none.
func firstLost(before, after []finding) int {
	for i := range before {
		if before[i].Right && !after[i].Right {
			return i
		}
	}
	return -1
}

// ask puts golden questions to a library, slowly: people wait for their answers
// meanwhile.
func (x *examiner) ask(ctx context.Context, library *knowledge.Library, questions []goldenQuestion) ([]finding, error) {
	list := make([]finding, len(questions))
	var held time.Time
	for i, q := range questions {
		if now := x.now(); now.Sub(held) > examineHeld/4 { // with many questions it takes longer
			if err := x.hold(ctx); err != nil {
				return nil, err
			}
			held = now
		}
		began := time.Now()
		answer, err := library.Find(ctx, q.question)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		list[i] = q.judge(answer)
		if x.rest != nil {
			x.rest(ctx, examineShare*time.Since(began))
		}
	}
	return list, nil
}
