package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/signpost-bot/signpost/adapters/helpcentre"
	"github.com/signpost-bot/signpost/config"
)

// importCommand brings articles from elsewhere into a folder.
type importCommand struct {
	Sitemap  importSitemap  `cmd:"" help:"The pages of a web site, as its sitemap lists them."`
	Zendesk  importZendesk  `cmd:"" help:"A help centre of Zendesk, through its API."`
	Intercom importIntercom `cmd:"" help:"A help centre of Intercom, through its API."`
	CSV      importCSV      `cmd:"" name:"csv" help:"A table with a row for each article."`
	Markdown importMarkdown `cmd:"" help:"A folder of Markdown that was written for something else."`
	Run      importRun      `cmd:"" help:"The sources of the configuration."`
}

// importFlags are those of every source. What is not given is as the source of
// that name, or at that place, has it in the configuration.
type importFlags struct {
	To       string   `help:"Folder to import into, instead of the configured one." placeholder:"DIR"`
	Name     string   `help:"What the source is called; what is kept between imports is named by it." placeholder:"NAME"`
	Audience []string `help:"For whom the articles are that no rule is about; else the first audience." placeholder:"NAMES"`
	Topic    string   `help:"What they are about; else their section, a part of their address, or general." placeholder:"NAME"`
	Language string   `help:"What pages are written in that do not tell; else the first language." placeholder:"LANG"`
	MaxPages int      `help:"The most pages; else 5000." placeholder:"N"`
	DryRun   bool     `help:"Write nothing; print what would change."`
}

// webFlags are those of sources that are asked over the network.
type webFlags struct {
	Host         []string      `help:"Another host that may be asked, as host or host:port." placeholder:"HOST"`
	AllowPrivate bool          `help:"The hosts may be in a private network or on this machine."`
	Rate         float64       `help:"Requests a second; else 5." placeholder:"N"`
	Timeout      time.Duration `help:"How long a request may take; else 30s." placeholder:"TIME"`
	MaxBytes     int           `help:"The most bytes of a page; else 5 MiB." placeholder:"N"`
}

type importSitemap struct {
	importFlags
	webFlags
	Content string `help:"CSS selector of the article on a page." placeholder:"CSS"`
	Title   string `help:"CSS selector of its title." placeholder:"CSS"`
	Remove  string `help:"CSS selector of what is inside of the article and no part of it." placeholder:"CSS"`
	Section string `help:"CSS selector of the section that it is in." placeholder:"CSS"`
	URL     string `arg:"" help:"Address of the sitemap, or of the site."`
}

type importZendesk struct {
	importFlags
	webFlags
	URL       string `help:"Another address of the API." placeholder:"URL"`
	Email     string `help:"Whose API token it is." placeholder:"EMAIL"`
	KeyFile   string `help:"File with an API token, or an OAuth token if there is no --email; SIGNPOST_IMPORT_KEY may hold it instead. Without one, what everyone may read is imported." placeholder:"FILE"`
	Subdomain string `arg:"" help:"The acme of acme.zendesk.com."`
}

type importIntercom struct {
	importFlags
	webFlags
	URL     string `help:"Another address of the API." placeholder:"URL"`
	Region  string `help:"Where the workspace is: us, eu or au." placeholder:"REGION"`
	KeyFile string `help:"File with the access token; SIGNPOST_IMPORT_KEY may hold it instead." placeholder:"FILE"`
}

type importCSV struct {
	importFlags
	Link string `help:"Address of articles without one; {id} and {lang} stand for theirs." placeholder:"URL"`
	File string `arg:"" help:"The table: the first row names id, lang, title, url, body and others."`
}

type importMarkdown struct {
	importFlags
	Link string `help:"Address of articles without one; {id}, {lang} and {path} stand for theirs." placeholder:"URL"`
	Dir  string `arg:"" help:"The folder."`
}

type importRun struct {
	DryRun bool     `help:"Write nothing; print what would change."`
	To     string   `help:"Folder to import into, instead of the configured one." placeholder:"DIR"`
	Names  []string `arg:"" optional:"" help:"Which sources; else all."`
}

func (o *importSitemap) Run(ctx context.Context, c *cli, s streams) error {
	return o.importFlags.run(ctx, c, s, config.ImportSource{Kind: "sitemap", URL: o.URL, Select: config.Select{
		Content: o.Content, Title: o.Title, Remove: o.Remove, Section: o.Section,
	}}, o.webFlags)
}

func (o *importZendesk) Run(ctx context.Context, c *cli, s streams) error {
	return o.importFlags.run(ctx, c, s, config.ImportSource{Kind: "zendesk", Subdomain: o.Subdomain, URL: o.URL, Email: o.Email, KeyFile: o.KeyFile}, o.webFlags)
}

func (o *importIntercom) Run(ctx context.Context, c *cli, s streams) error {
	return o.importFlags.run(ctx, c, s, config.ImportSource{Kind: "intercom", Region: o.Region, URL: o.URL, KeyFile: o.KeyFile}, o.webFlags)
}

func (o *importCSV) Run(ctx context.Context, c *cli, s streams) error {
	return o.importFlags.run(ctx, c, s, config.ImportSource{Kind: "csv", Path: o.File, Link: o.Link}, webFlags{})
}

func (o *importMarkdown) Run(ctx context.Context, c *cli, s streams) error {
	return o.importFlags.run(ctx, c, s, config.ImportSource{Kind: "markdown", Path: o.Dir, Link: o.Link}, webFlags{})
}

// importKey is the variable that may hold the key of a source that the command
// line names; an argument would show it to whoever lists processes.
const importKey = "SIGNPOST_IMPORT_KEY"

// run imports from the source that the command line names.
func (o *importFlags) run(ctx context.Context, c *cli, s streams, src config.ImportSource, web webFlags) error {
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	named := src
	for _, known := range cfg.Import.Sources {
		if known.Kind == src.Kind && (o.Name == known.Name || o.Name == "" && known.URL == src.URL && known.Path == src.Path && known.Subdomain == src.Subdomain) {
			src = known
			break
		}
	}
	if named.URL != "" && named.URL != src.URL || named.Subdomain != src.Subdomain || helpcentre.IntercomHost(cmp.Or(named.Region, src.Region)) != helpcentre.IntercomHost(src.Region) {
		src.Key, src.Email, src.URL = config.Secret{}, "", "" // which are of another place
	}
	src.URL, src.Path, src.Subdomain = cmp.Or(named.URL, src.URL), cmp.Or(named.Path, src.Path), cmp.Or(named.Subdomain, src.Subdomain)
	src.Link, src.Email, src.Region = cmp.Or(named.Link, src.Link), cmp.Or(named.Email, src.Email), cmp.Or(named.Region, src.Region)
	src.Select.Content, src.Select.Title = cmp.Or(named.Select.Content, src.Select.Content), cmp.Or(named.Select.Title, src.Select.Title)
	src.Select.Remove, src.Select.Section = cmp.Or(named.Select.Remove, src.Select.Remove), cmp.Or(named.Select.Section, src.Select.Section)
	src.Name = cmp.Or(o.Name, src.Name, nameOf(src))
	if !sourceName.MatchString(src.Name) {
		return fmt.Errorf("--name %q is not a name; write 1 to 32 of a-z, 0-9 and -", src.Name)
	}
	if len(o.Audience) > 0 {
		src.Audience = o.Audience
	}
	src.Topic, src.Language = cmp.Or(o.Topic, src.Topic), cmp.Or(o.Language, src.Language)
	src.MaxPages, src.MaxBytes = cmp.Or(o.MaxPages, src.MaxPages), cmp.Or(web.MaxBytes, src.MaxBytes)
	src.Rate, src.Timeout = cmp.Or(web.Rate, src.Rate), cmp.Or(web.Timeout, src.Timeout)
	src.Hosts, src.AllowPrivate = append(slices.Clone(src.Hosts), web.Host...), src.AllowPrivate || web.AllowPrivate
	if named.KeyFile != "" {
		if src.Key, err = config.ReadSecret(named.KeyFile); err != nil {
			return fmt.Errorf("--key-file %s %w", named.KeyFile, err)
		}
	}
	if hush := os.Getenv(importKey); hush != "" && src.Key.Reveal() == "" && (src.Kind == "zendesk" || src.Kind == "intercom") {
		src.Key = config.NewSecret(hush)
	}
	if src.Kind == "intercom" && src.Key.Reveal() == "" {
		return errors.New("an access token is missing, without which Intercom tells nothing; put it into a file and name that with --key-file, or set " + importKey)
	}
	if err := cfg.CheckSource(src); err != nil {
		return err
	}
	dir, err := importDir(o.To, cfg)
	if err != nil {
		return err
	}
	return runImport(ctx, cfg, src, dir, o.DryRun, s)
}

// Run imports from the sources of the configuration.
func (o *importRun) Run(ctx context.Context, c *cli, s streams) error {
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	sources := cfg.Import.Sources
	if len(sources) == 0 {
		return errors.New("no source is configured; add some to import.sources, as docs/import.md tells, or name one here: signpost import sitemap URL")
	}
	var names []string
	for _, src := range sources {
		names = append(names, src.Name)
	}
	for _, name := range o.Names {
		if !slices.Contains(names, name) {
			return fmt.Errorf("no source is called %q; use one of %s", name, strings.Join(names, ", "))
		}
	}
	dir, err := importDir(o.To, cfg)
	if err != nil {
		return err
	}
	var errs []error
	for _, src := range sources {
		if len(o.Names) > 0 && !slices.Contains(o.Names, src.Name) {
			continue
		}
		if err := runImport(ctx, cfg, src, dir, o.DryRun, s); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", src.Name, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// importDir is the folder to import into.
func importDir(to string, cfg config.Config) (string, error) {
	if dir := cmp.Or(to, cfg.Knowledge.Dir); dir != "" {
		return dir, nil
	}
	return "", errors.New("there is no folder to import into; name one with --to, or set knowledge.dir")
}

var (
	sourceName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
	noName     = regexp.MustCompile(`[^a-z0-9]+`)
)

// nameOf is what a source is called that has no name: always the same for the
// same place.
func nameOf(src config.ImportSource) string {
	text := src.Kind
	switch src.Kind {
	case "sitemap":
		if u, err := url.Parse(src.URL); err == nil {
			text = u.Host + strings.TrimSuffix(strings.TrimSuffix(u.Path, ".gz"), "sitemap.xml")
		}
	case "zendesk":
		text = "zendesk-" + src.Subdomain
	case "csv", "markdown":
		text = src.Kind + "-" + strings.TrimSuffix(filepath.Base(src.Path), filepath.Ext(src.Path))
	}
	name := strings.Trim(noName.ReplaceAllString(strings.ToLower(text), "-"), "-")
	return cmp.Or(strings.Trim(name[:min(len(name), 32)], "-"), src.Kind)
}

// newImport is the import of a source into a folder, and what lets go of it.
func newImport(cfg config.Config, src config.ImportSource, dir string, note func(string)) (*helpcentre.Import, func(), error) {
	i := &helpcentre.Import{
		Name: src.Name, Dir: dir, Rules: rules(cfg), MaxPages: cmp.Or(src.MaxPages, maxImported),
		Choices: helpcentre.Choices{Languages: src.Languages, Audiences: src.Audience, Topic: src.Topic, Language: src.Language},
	}
	for _, r := range src.Rules {
		i.Choices.Rules = append(i.Choices.Rules, helpcentre.Rule{
			URL: r.URL, Section: r.Section, Label: r.Label, Audiences: r.Audience, Topic: r.Topic, Language: r.Language, Skip: r.Skip,
		})
	}
	language := func(theirs string) (string, bool) { return i.Choices.Wants(theirs, i.Rules.Languages) }
	o := helpcentre.Options{
		Hosts: src.Hosts, AllowPrivate: src.AllowPrivate, Agent: "Signpost/" + version + " (+https://github.com/signpost-bot/signpost)",
		Rate: src.Rate, Timeout: src.Timeout, MaxBytes: int64(src.MaxBytes), Robots: src.Kind == "sitemap",
	}
	address := src.URL
	if src.Kind == "zendesk" && address == "" {
		address = "https://" + src.Subdomain + ".zendesk.com"
	}
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		o.Hosts = append([]string{u.Host}, o.Hosts...)
	}
	if src.Kind == "intercom" && src.URL == "" {
		o.Hosts = append(o.Hosts, helpcentre.IntercomHost(src.Region))
	}
	client := helpcentre.NewClient(o)
	selectors := helpcentre.Selectors(src.Select)
	settings, err := json.Marshal([]any{selectors, src.Segments})
	if err != nil {
		panic(err) // it is made of texts
	}
	i.Settings = string(settings)
	switch src.Kind {
	case "sitemap":
		err = selectors.Check()
		i.Source = &helpcentre.Sitemap{Client: client, URL: src.URL, Selectors: selectors, Prefer: cfg.Languages, Skip: i.Choices.Skips, Note: note, Most: i.MaxPages}
	case "zendesk":
		i.Source, err = helpcentre.NewZendesk(client, helpcentre.ZendeskOptions{
			Subdomain: src.Subdomain, URL: src.URL, Email: src.Email, Key: src.Key.Reveal(), Language: language, Segments: src.Segments, Note: note,
		})
	case "intercom":
		i.Source, err = helpcentre.NewIntercom(client, helpcentre.IntercomOptions{
			Region: src.Region, URL: src.URL, Key: src.Key.Reveal(), Language: language, Segments: src.Segments, Note: note,
		})
	case "csv":
		i.Source = &helpcentre.CSV{File: src.Path, Link: src.Link}
	case "markdown":
		i.Source = &helpcentre.Folder{Dir: src.Path, Link: src.Link}
	}
	return i, client.Close, err
}

// checkSources reports what the configuration alone does not tell of its sources.
func checkSources(cfg config.Config) error {
	var errs []error
	for _, src := range cfg.Import.Sources {
		_, let, err := newImport(cfg, src, cfg.Knowledge.Dir, nil)
		let()
		if err != nil {
			errs = append(errs, fmt.Errorf("import.sources: %s: %w", src.Name, err))
		}
	}
	return errors.Join(errs...)
}

// maxImported is how many pages are imported unless it is told.
const maxImported = 5000

// progressEvery is how often a line tells how far an import is, where there is no
// terminal to show a bar.
const progressEvery = 10 * time.Second

// runImport imports, and tells of it.
func runImport(ctx context.Context, cfg config.Config, src config.ImportSource, dir string, dry bool, s streams) error {
	progress := &bar{w: s.err, what: src.Name, unit: "pages", on: isTerminal(s.err)}
	i, closeImport, err := newImport(cfg, src, dir, func(text string) { fmt.Fprintln(progress, text) })
	defer closeImport()
	if err != nil {
		return err
	}
	i.DryRun = dry
	began := time.Now()
	told := began
	i.Progress = func(done, of int) {
		progress.show(done, of)
		if now := time.Now(); !progress.on && now.Sub(told) >= progressEvery && done != of {
			told = now
			if of > 0 {
				fmt.Fprintf(s.err, "%s: %d of %d pages\n", src.Name, done, of)
			} else {
				fmt.Fprintf(s.err, "%s: %s\n", src.Name, plural(done, "page", "pages"))
			}
		}
	}
	if dry {
		colours := isTerminal(s.out)
		i.Changed = func(c helpcentre.Change) {
			progress.clear()
			printDiff(s.out, c, colours)
		}
	}
	hidden := secrets(cfg)
	if key := src.Key.Reveal(); key != "" {
		hidden = append(hidden, key)
	}
	report, err := i.Run(ctx)
	progress.clear()
	if !dry {
		tellAudit(ctx, cfg, s.err, imported(src.Name, err))
	}
	if err == nil || report.Added+report.Changed+report.Unchanged+report.Before+len(report.Failed) > 0 {
		tellImport(s.out, i, report, time.Since(began), dry)
	}
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted; run the same command again, and it goes on from there")
	case err != nil:
		return errors.New(hidden.redact(err.Error()))
	case len(report.Failed) > 0:
		return fmt.Errorf("%s could not be imported", plural(len(report.Failed), "page", "pages"))
	}
	return nil
}

const (
	maxAlike = 5  // pages are named that have the same fault
	maxWhys  = 10 // reasons are told for leaving pages out
)

// tellImport prints what came of an import.
func tellImport(w io.Writer, i *helpcentre.Import, r helpcentre.Report, took time.Duration, dry bool) {
	into, verb := i.Dir, "Imported"
	if dry {
		verb = "Nothing was written. Would import"
	}
	fmt.Fprintf(w, "%s %s into %s: %d new, %d changed, %d as they were", verb, i.Name, into, r.Added, r.Changed, r.Unchanged)
	if r.Before > 0 {
		fmt.Fprintf(w, ", %d done before it broke off", r.Before)
	}
	fmt.Fprintf(w, " (%s).\n", took.Round(100*time.Millisecond))
	// Most first: a help centre in many languages has as many reasons.
	whys := slices.SortedFunc(maps.Keys(r.Skipped), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.Skipped[b], r.Skipped[a]), cmp.Compare(a, b))
	})
	for _, why := range whys[:min(len(whys), maxWhys)] {
		fmt.Fprintf(w, "Left out %s: %s.\n", plural(r.Skipped[why], "page", "pages"), why)
	}
	others := 0
	for _, why := range whys[min(len(whys), maxWhys):] {
		others += r.Skipped[why]
	}
	if others > 0 {
		fmt.Fprintf(w, "Left out %s for %s like these.\n", plural(others, "more page", "more pages"), plural(len(whys)-maxWhys, "reason", "reasons"))
	}
	if len(r.Kept) > 0 {
		fmt.Fprintf(w, "Edited by hand, and kept as it is:\n  %s\n", strings.Join(r.Kept, "\n  "))
	}
	if len(r.Gone) > 0 {
		fmt.Fprintf(w, "Listed, but not there (404 or 410), %s:\n", plural(len(r.Gone), "page", "pages"))
		for _, page := range r.Gone[:min(len(r.Gone), maxAlike)] {
			fmt.Fprintf(w, "  %s\n", page)
		}
		tellMore(w, len(r.Gone))
	}
	if len(r.Failed) > 0 {
		fmt.Fprintf(w, "Not imported, %s:\n", plural(len(r.Failed), "page", "pages"))
		alike := map[string]int{}
		for _, f := range r.Failed {
			if alike[f.Err.Error()]++; alike[f.Err.Error()] <= maxAlike {
				fmt.Fprintf(w, "  %s: %v\n", f.Page, f.Err)
			}
		}
		for _, why := range slices.Sorted(maps.Keys(alike)) {
			if n := alike[why] - maxAlike; n > 0 {
				fmt.Fprintf(w, "  and %d more: %s\n", n, why)
			}
		}
	}
	if len(r.Failed) > 0 && r.Unchanged+r.Changed > 0 {
		fmt.Fprintln(w, "What the help centre no longer has cannot be told while pages fail.")
	}
	if len(r.Removed) > 0 {
		fmt.Fprintf(w, "No longer at the help centre, or left out now, but still here and shown to people, %s; delete those that nobody should read:\n", plural(len(r.Removed), "file", "files"))
		for _, file := range r.Removed {
			fmt.Fprintf(w, "  %s\n", filepath.Join(into, filepath.FromSlash(file)))
		}
	}
	if n := len(r.Untold); n > 0 && len(i.Rules.Audiences) > 1 {
		fmt.Fprintf(w, "%s for %s, the first audience, since nothing says for whom; --audience or rules choose another.\n", newOnes(n), i.Rules.Audiences[0].Name)
	}
	if r.Added > 0 && !dry {
		fmt.Fprintf(w, "Next: signpost check --knowledge %s\n", into)
	}
}

func newOnes(n int) string {
	if n == 1 {
		return "1 new article is"
	}
	return fmt.Sprintf("%d new articles are", n)
}

func tellMore(w io.Writer, n int) {
	if n > maxAlike {
		fmt.Fprintf(w, "  and %d more\n", n-maxAlike)
	}
}

// printDiff prints what would change in a file.
func printDiff(w io.Writer, c helpcentre.Change, colours bool) {
	old := c.File
	if c.Old == nil {
		old = "/dev/null"
	}
	for _, line := range bytes.SplitAfter(diff.Diff(old, c.Old, c.File, c.New), []byte("\n")) {
		colour := ""
		if colours && len(line) > 0 {
			colour = map[byte]string{'+': "\x1b[32m", '-': "\x1b[31m", '@': "\x1b[36m"}[line[0]]
		}
		if colour == "" {
			w.Write(line)
			continue
		}
		fmt.Fprintf(w, "%s%s\x1b[0m\n", colour, bytes.TrimSuffix(line, []byte("\n")))
	}
}
