package helpcentre

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/signpost-bot/signpost/knowledge"
)

var (
	// ErrLocked: another import into the same folder is under way.
	ErrLocked = errors.New("another import into this folder is under way; wait until it is done")
	// errMany: there are more pages than allowed.
	errMany = errors.New("too many pages")
	// errStumble: a library that reads pages has met what it was not made for.
	errStumble = errors.New("it is made so that it cannot be read; take it out of the list")
)

const (
	maxTitle  = 300 // characters of a title
	maxPageID = 200 // of an id
)

// An Import brings the articles of one source into a folder.
type Import struct {
	Name     string // of the source: a-z, 0-9 and -; what it keeps is called by it
	Dir      string // made if it is not there
	Source   Source
	Rules    knowledge.Rules // what articles must be like to be loaded
	Choices  Choices
	Settings string // whatever else decides what becomes of a page; if it changes, all are fetched again
	MaxPages int    // more are not imported; 0: any number
	DryRun   bool   // nothing is written

	Changed  func(Change)       // hears of every file that is made or changed; nil: nobody does
	Progress func(done, of int) // hears how far it is; of is 0 if nobody knows; nil: nobody does
	Now      func() time.Time   // nil: time.Now
}

// A Change is a file that an import makes or changes.
type Change struct {
	File string // inside the folder, with slashes
	Old  []byte // nil: it is new
	New  []byte
}

// A Failure is a page that could not be imported.
type Failure struct {
	Page string // as messages call it
	Err  error  // one line, with the mend
}

// A Report is what came of an import.
type Report struct {
	Added, Changed, Unchanged int
	Before                    int            // pages that were done when an earlier run broke off
	Skipped                   map[string]int // pages that were left out on purpose, by why
	Kept                      []string       // what was edited by hand and has changed at the help centre, too
	Failed                    []Failure
	Gone                      []string // pages that the help centre lists, but does not have
	Removed                   []string // files of articles that it no longer has; they are still there
	Whole                     bool     // everything was seen, so Removed is all there is
	Untold                    []string // files whose audience was nobody's choice
}

// Run imports. The error is of the source as a whole or of the folder: what was
// done until then is done, and another Run goes on from there. Failed pages are
// in the report alone.
func (i *Import) Run(ctx context.Context) (report Report, err error) {
	r := &running{Import: i, report: &report, seen: map[string]bool{}, taken: map[article]string{}, now: i.Now}
	if r.now == nil {
		r.now = time.Now
	}
	report.Skipped = map[string]int{}
	defer func() {
		if e := r.close(); err == nil {
			err = e
		}
	}()
	if err := r.open(); err != nil {
		return report, err
	}
	walkErr := i.Source.Walk(ctx, r.mark, func(item Item) error { return r.visit(ctx, item) })
	if errors.Is(walkErr, ErrMark) && r.mark != "" {
		r.mark = ""
		walkErr = i.Source.Walk(ctx, "", func(item Item) error { return r.visit(ctx, item) })
	}
	if i.Progress != nil {
		i.Progress(1, 1)
	}
	switch {
	case ctx.Err() != nil:
		return report, ctx.Err()
	case errors.Is(walkErr, errMany):
		walkErr = fmt.Errorf("there are more than %d pages, and the rest was left out; raise max_pages if that is meant", i.MaxPages)
	case IsFatal(walkErr), errors.As(walkErr, new(*fs.PathError)), errors.As(walkErr, new(*os.LinkError)):
		return report, walkErr
	}
	report.Whole = walkErr == nil && len(report.Failed) == 0
	return report, errors.Join(walkErr, r.finish())
}

// An article is one of the folder.
type article struct {
	id   knowledge.ArticleID
	lang knowledge.Lang
}

// A running is an import under way.
type running struct {
	*Import
	report *Report
	now    func() time.Time

	root    *os.Root // nil: a dry run into a folder that is not there
	locked  *os.File
	journal *os.File // nil: a dry run
	state   map[string]record
	was     []byte // the state's file
	anew    bool   // settings have changed, so that every page is fetched
	done    map[string]record
	mark    string // where an earlier run broke off

	seen  map[string]bool
	taken map[article]string // keys, by what they were imported as
	files map[string]bool    // of the folder, in small letters
	index map[article]string // files, by what they hold
	count int
}

func (r *running) head() header {
	var audiences []string
	for _, a := range r.Rules.Audiences {
		audiences = append(audiences, a.Name)
	}
	settings := jsonLine([]any{r.Settings, r.Choices, r.Rules.Languages, r.Rules.Topics, audiences})
	return header{Import: r.Name, Version: stateVersion, Settings: sum(string(settings))}
}

// open reads what is in the folder.
func (r *running) open() error {
	if !r.DryRun {
		if err := os.MkdirAll(r.Dir, 0o755); err != nil {
			return fmt.Errorf("make the folder: %w; name another with --to", err)
		}
	}
	root, err := os.OpenRoot(r.Dir)
	r.state, r.done, r.files, r.index = map[string]record{}, map[string]record{}, map[string]bool{}, map[article]string{}
	if r.DryRun && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open the folder: %w; name another with --to", err)
	}
	r.root = root
	if r.locked, err = lock(r.Dir); err != nil {
		return err
	}
	if !r.DryRun {
		// What a run left that was killed while it wrote.
		if err := root.Remove(fmt.Sprintf(tempFile, r.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := r.survey(); err != nil {
		return err
	}
	r.was, err = r.readState(stateFile)
	if err != nil {
		return err
	}
	if r.was != nil {
		h, records, err := parseState(r.was)
		if err != nil {
			return fmt.Errorf("%s %w; take it from git, or remove it: then edits by hand are told, and kept", path.Join(r.Dir, fmt.Sprintf(stateFile, r.Name)), err)
		}
		r.anew = h.Settings != r.head().Settings
		for _, rec := range records {
			r.state[rec.Key] = rec
		}
	}
	if r.DryRun {
		return nil
	}
	return r.resume()
}

func (r *running) readState(name string) ([]byte, error) {
	f, err := r.root.Open(fmt.Sprintf(name, r.Name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxState))
}

// survey finds the articles that are in the folder already.
func (r *running) survey() error {
	return fs.WalkDir(r.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name != "." {
			return nil
		}
		if err != nil {
			return err
		}
		base := path.Base(name)
		switch {
		case name == ".":
		case strings.HasPrefix(base, "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
		case !entry.IsDir():
			r.files[strings.ToLower(name)] = true
			if !entry.Type().IsRegular() || !strings.EqualFold(path.Ext(name), ".md") || strings.EqualFold(base, "README.md") {
				break
			}
			data, err := r.root.ReadFile(name)
			if errors.Is(err, fs.ErrNotExist) {
				break // as editors and git do: there, and gone
			}
			if err != nil {
				return err
			}
			if page, _ := knowledge.ReadPage(name, data); page.ID != "" {
				r.index[article{page.ID, page.Lang}] = name
			}
		}
		return nil
	})
}

// resume takes over what a run did that broke off, and begins the journal.
func (r *running) resume() error {
	name := fmt.Sprintf(journalFile, r.Name)
	data, err := r.readState(journalFile)
	if err != nil {
		return err
	}
	h, records, err := parseState(data)
	goesOn := err == nil && h.Settings == r.head().Settings && r.now().Sub(h.Started) < fresh
	if err == nil && h.Version == stateVersion {
		whole := true // nothing failed, so it may go on in the middle
		for _, rec := range records {
			if rec.Failed {
				whole = false
				continue
			}
			r.mark = cmp.Or(rec.Mark, r.mark)
			rec.Mark = ""
			r.state[rec.Key] = rec
			if goesOn {
				r.done[rec.Key] = rec
			}
		}
		if !whole || !goesOn {
			r.mark = ""
		}
	}
	if !goesOn {
		fresh := r.head()
		fresh.Started = r.now().UTC().Truncate(time.Second)
		var begin bytes.Buffer
		begin.Write(jsonLine(fresh))
		for _, rec := range records { // what was learned stays
			if !rec.Failed {
				begin.Write(jsonLine(rec))
			}
		}
		if err := r.write(name, begin.Bytes()); err != nil {
			return err
		}
	} else if n := len(data); n > 0 && data[n-1] != '\n' {
		if err := r.write(name, data[:bytes.LastIndexByte(data, '\n')+1]); err != nil {
			return err
		}
	}
	r.journal, err = r.root.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0o644)
	return err
}

// close lets go of the folder.
func (r *running) close() error {
	var errs []error
	for _, c := range []io.Closer{closer(r.journal), closer(r.locked)} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	if r.root != nil {
		errs = append(errs, r.root.Close())
	}
	return errors.Join(errs...)
}

// closer is a file that may be none.
func closer(f *os.File) io.Closer {
	if f == nil {
		return nil
	}
	return f
}

// write makes a file appear as a whole, or not at all.
func (r *running) write(name string, data []byte) error {
	temp := fmt.Sprintf(tempFile, r.Name)
	if dir := path.Dir(name); dir != "." {
		if err := r.root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := r.root.WriteFile(temp, data, 0o644); err != nil {
		return err
	}
	return r.root.Rename(temp, name)
}

// visit imports one item.
func (r *running) visit(ctx context.Context, item Item) error {
	if r.seen[item.Key] {
		return nil
	}
	if r.MaxPages > 0 && r.count >= r.MaxPages {
		return errMany
	}
	r.seen[item.Key] = true
	r.count++
	if r.Progress != nil {
		of := 0
		if c, ok := r.Source.(interface{ Count() int }); ok {
			of = c.Count()
		}
		r.Progress(r.count-1, of)
	}
	old, had := r.state[item.Key]
	if had && old.File != "" && !r.exists(old.File) {
		// Somebody moved it, or removed it: then it is made again.
		if moved := r.index[article{knowledge.ArticleID(old.ID), knowledge.Lang(old.Lang)}]; moved != "" && r.exists(moved) {
			old.File = moved
		} else {
			had = false
		}
	}
	if is := (article{knowledge.ArticleID(old.ID), knowledge.Lang(old.Lang)}); had && old.File != "" && r.taken[is] == "" {
		r.taken[is] = item.Key
	}
	if _, done := r.done[item.Key]; done && had {
		r.report.Before++
		return nil
	}
	known := Known{}
	if had && !r.anew {
		known = old.Known
	}
	if known != (Known{}) && item.Stamp != "" && item.Stamp == known.Stamp {
		return r.unchanged(item, old)
	}
	page, fresh, err := r.fetch(ctx, item, known)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, ErrUnchanged):
		return r.unchanged(item, old)
	case IsFatal(err):
		return err
	}
	var rec record
	if err == nil {
		fresh.Stamp = cmp.Or(item.Stamp, fresh.Stamp)
		rec, err = r.take(item, page, fresh, old, had)
	}
	no := (*forbidden)(nil)
	switch why := skipped(""); {
	case errors.As(err, &no):
		// It is there, but not for us: what was imported once stays as it is.
		r.report.Skipped[no.why()]++
		if had && old.File != "" {
			old.Mark = item.Mark
			return r.note(old)
		}
		return r.note(record{Key: item.Key, Skip: no.why(), Mark: item.Mark})
	case errors.As(err, &why):
		r.report.Skipped[string(why)]++
		if had && old.File != "" {
			// It was imported once, as when an article becomes a draft: what is left of
			// it is told as removed, now and the next time, so it is asked for whole then.
			delete(r.seen, item.Key)
			old.Known = Known{}
			r.state[item.Key] = old
			return nil
		}
		return r.note(record{Key: item.Key, Skip: string(why), Known: fresh, Mark: item.Mark})
	case errors.Is(err, ErrGone):
		delete(r.seen, item.Key)
		r.report.Gone = append(r.report.Gone, short(cmp.Or(item.Name, item.Key)))
		return nil
	case errors.As(err, new(*fs.PathError)), errors.As(err, new(*os.LinkError)):
		return err
	case err != nil:
		r.report.Failed = append(r.report.Failed, Failure{short(cmp.Or(item.Name, item.Key)), err})
		return r.note(record{Key: item.Key, Failed: true})
	}
	rec.Mark = item.Mark
	return r.note(rec)
}

// fetch has a page fetched. What it makes the program stumble over is its fault
// alone.
func (r *running) fetch(ctx context.Context, item Item, known Known) (p Page, k Known, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = errStumble
		}
	}()
	return item.Fetch(ctx, known)
}

func (r *running) exists(name string) bool {
	if r.root == nil {
		return false
	}
	info, err := r.root.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

func (r *running) unchanged(item Item, old record) error {
	if old.File == "" {
		r.report.Skipped[old.Skip]++
	} else {
		r.report.Unchanged++
	}
	old.Mark = item.Mark
	return r.note(old)
}

// note keeps what came of an item, so that it need not be done again.
func (r *running) note(rec record) error {
	if !rec.Failed {
		kept := rec
		kept.Mark = ""
		r.state[rec.Key] = kept
	}
	if r.journal == nil {
		return nil
	}
	_, err := r.journal.Write(jsonLine(rec))
	return err
}

// finish makes the state of the journal, and finds what was removed.
func (r *running) finish() error {
	owned := map[string]bool{}
	for key, rec := range r.state {
		owned[rec.File] = owned[rec.File] || r.seen[key]
	}
	for key, rec := range r.state {
		if r.seen[key] {
			continue
		}
		switch {
		case r.done[key].Key != "" && r.mark != "":
			r.seen[key] = true // before the mark
			if rec.File != "" {
				r.report.Before++
			}
		case rec.File == "" || owned[rec.File] || !r.exists(rec.File):
			if r.report.Whole {
				delete(r.state, key)
			}
		case r.report.Whole:
			r.report.Removed = append(r.report.Removed, rec.File)
		}
	}
	slices.Sort(r.report.Removed)
	if r.DryRun {
		return nil
	}
	if now := marshalState(r.head(), r.state); !bytes.Equal(now, r.was) {
		if err := r.write(fmt.Sprintf(stateFile, r.Name), now); err != nil {
			return err
		}
	}
	err := r.journal.Close()
	r.journal = nil
	if err != nil {
		return err
	}
	return r.root.Remove(fmt.Sprintf(journalFile, r.Name))
}

// take writes a page into its file.
func (r *running) take(item Item, p Page, known Known, old record, had bool) (record, error) {
	to, err := r.article(p, old, had)
	if err != nil {
		return record{}, err
	}
	is := article{to.ID, to.Lang}
	if other, twice := r.taken[is]; twice && other != item.Key {
		if prior := r.state[other]; prior.Sums["url"] == sum(to.URL) {
			return record{}, skipped("the same page as another address")
		}
		return record{}, fmt.Errorf("it is article %s in %s, as %s is; take one of the two out of the list", short(string(to.ID)), to.Lang, short(other))
	}
	file := r.index[is]
	if !had && file != "" {
		old, had = r.owner(is, file) // its address has changed, and with it its key
	}
	if had && old.File != "" && old.Lang == string(to.Lang) && old.ID == string(to.ID) {
		file = old.File
	} else {
		old.Sums = nil
	}
	if file == "" {
		file = r.name(to)
	}
	sums := sums(to)
	rec := record{Key: item.Key, File: file, ID: string(to.ID), Lang: string(to.Lang), Known: known, Sums: sums}
	if !touched(sums, old.Sums) && old.Sums != nil {
		rec.Sums = old.Sums
	}
	r.taken[is] = item.Key

	var data []byte
	if r.exists(file) {
		if data, err = r.root.ReadFile(file); err != nil {
			return rec, err
		}
	}
	if data == nil {
		made := to.Marshal()
		r.index[is], r.files[strings.ToLower(file)] = file, true
		r.report.Added++
		if len(p.Audiences) == 0 && r.defaulted(p) {
			r.report.Untold = append(r.report.Untold, file)
		}
		return rec, r.change(Change{File: file, New: made})
	}
	current, err := knowledge.ReadPage(file, data)
	if err != nil {
		return rec, fmt.Errorf("its file cannot be read, and was left as it is: %s", firstLine(err))
	}
	if old.Sums == nil && current.URL != to.URL {
		return rec, fmt.Errorf("its id %s in %s is that of %s already, which came from elsewhere (%s); give one of the two another id, or import into another folder", short(string(to.ID)), to.Lang, file, short(current.URL))
	}
	var keys []string
	for _, key := range knowledge.PageKeys {
		value := valueOf(to, key)
		switch was, imported := old.Sums[key]; {
		case key == "questions" && len(to.Questions) == 0, rec.Sums[key] == was, value == valueOf(current, key):
		case imported && sum(valueOf(current, key)) == was:
			keys = append(keys, key)
		default:
			r.report.Kept = append(r.report.Kept, fmt.Sprintf("%s: %s was edited by hand, and has changed at %s, too; yours is kept", file, key, short(to.URL)))
		}
	}
	if len(keys) == 0 {
		r.report.Unchanged++
		return rec, nil
	}
	edited, err := knowledge.EditPage(data, to, keys...)
	if err != nil {
		return rec, err
	}
	if len(edited) > 1<<20 {
		return rec, errors.New("with what was added by hand it is larger than 1 MiB; split it")
	}
	r.report.Changed++
	return rec, r.change(Change{File: file, Old: data, New: edited})
}

// owner is what is kept of an article of this source.
func (r *running) owner(is article, file string) (record, bool) {
	for _, rec := range r.state {
		if rec.File == file && rec.ID == string(is.id) && rec.Lang == string(is.lang) {
			return rec, true
		}
	}
	return record{}, false
}

// touched reports whether a page has changed. A time alone is no change: servers
// say all kinds.
func touched(now, was map[string]string) bool {
	for key, s := range now {
		if key != "updated" && was[key] != s {
			return true
		}
	}
	return false
}

// defaulted reports whether no rule said whom a page is for.
func (r *running) defaulted(p Page) bool {
	return len(r.Choices.Audiences) == 0 && !slices.ContainsFunc(r.Choices.Rules, func(rule Rule) bool { return len(rule.Audiences) > 0 && rule.fits(p) })
}

func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

// change writes a file.
func (r *running) change(c Change) error {
	if r.Changed != nil {
		r.Changed(c)
	}
	if r.DryRun {
		return nil
	}
	return r.write(c.File, c.New)
}

// article is a page as its file will have it, or why it cannot be.
func (r *running) article(p Page, old record, had bool) (to knowledge.Page, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = errStumble
		}
	}()
	to.Title, to.Updated = cut(line(p.Title), maxTitle), p.Updated
	at, err := url.Parse(strings.TrimSpace(p.URL))
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" || at.User != nil {
		return to, fmt.Errorf("its address %s is not one of http or https; mend it", short(p.URL))
	}
	to.URL = strings.NewReplacer(`"`, "%22", "<", "%3C", ">", "%3E", "|", "%7C", " ", "%20").Replace(at.String())
	if err := r.Choices.choose(p, &to, r.Rules); err != nil {
		return to, err
	}
	for i, name := range to.Audiences {
		to.Audiences[i] = line(name)
	}
	to.ID = knowledge.ArticleID(line(p.ID))
	for _, key := range p.Translations {
		if other := r.state[key]; other.ID != "" {
			to.ID = knowledge.ArticleID(other.ID)
			break
		}
	}
	if had && old.ID != "" {
		to.ID = knowledge.ArticleID(old.ID)
	}
	for _, q := range p.Questions {
		if q = cut(line(q), maxTitle); q != "" {
			to.Questions = append(to.Questions, q)
		}
	}
	if to.Body = plainMarkdown(p.Markdown, at); p.HTML != "" {
		if to.Body, err = markdownOf(p.HTML, p.Title, at); err != nil {
			return to, err
		}
	}
	switch {
	case to.ID == "":
		return to, errors.New("it has no id; give it one")
	case len([]rune(string(to.ID))) > maxPageID:
		return to, fmt.Errorf("its id has more than %d characters; give it a shorter one", maxPageID)
	case to.Title == "":
		return to, errors.New("it has no title; name where it stands with --title or select.title, or give it one")
	case !strings.ContainsFunc(to.Body, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }):
		return to, errors.New("it has no text; name where it stands with --content or select.content, or take it out of the list")
	}
	if problems := (knowledge.Problems)(nil); errors.As(to.Check(r.Rules), &problems) {
		return to, errors.New(problems[0].Message)
	}
	if what := knowledge.Foreign(to.Body); what != "" {
		return to, fmt.Errorf("its text has %s, in a form that cannot be taken out; write it in words there", what)
	}
	return knowledge.ReadPage("", to.Marshal())
}

// cut is a text of at most n characters.
func cut(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return strings.TrimSpace(string(runes[:n-1])) + "…"
	}
	return text
}

// devices are what Windows takes for one whatever its ending, so that a checkout
// of the folder would fail there.
// Source: https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
var devices = regexp.MustCompile(`^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$`)

var folderRule = regexp.MustCompile(`^[A-Za-z0-9]+(-[A-Za-z0-9]+){0,4}$`)

// name is that of a new file: its language, then words that tell what it is. No
// part of it is an outsider's word as such.
func (r *running) name(p knowledge.Page) string {
	folder := string(p.Lang)
	if !folderRule.MatchString(folder) || len(folder) > 35 {
		folder = "lang-" + sum(folder)[:6]
	}
	base := slug(string(p.ID))
	if !strings.ContainsFunc(base, unicode.IsLetter) {
		title := slug(p.Title)
		if room := max(maxSlug-len(base)-1, 0); len(title) > room {
			title = title[:max(strings.LastIndexByte(title[:room], '-'), 0)]
		}
		base = strings.Trim(title+"-"+base, "-")
	}
	if base == "" || base == "readme" || devices.MatchString(base) {
		base = "article-" + sum(string(p.ID))[:6]
	}
	if len(base) > maxSlug {
		base = strings.Trim(base[:maxSlug], "-") + "-" + sum(string(p.ID))[:6]
	}
	name := folder + "/" + base + ".md"
	if r.files[strings.ToLower(name)] {
		name = folder + "/" + base + "-" + sum(string(p.ID))[:6] + ".md"
	}
	return name
}
