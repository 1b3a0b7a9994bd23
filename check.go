package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/signpost-bot/signpost/adapters/slack"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/config"
	"github.com/signpost-bot/signpost/knowledge"
)

type checkCommand struct {
	Knowledge folderFlag `help:"Tell what hurts finding, too, of the configured articles or of those in DIR." placeholder:"[DIR]"`
	Links     bool       `help:"Ask, too, whether the pages are there that articles lead to."`
	Strict    bool       `help:"Exit with 1 for what hurts finding, too."`
	JSON      bool       `help:"Print JSON, with all that was found." name:"json"`
	Snippets  string     `help:"Folder of snippets, instead of the configured one." placeholder:"DIR"`
	Live      bool       `help:"Ask Slack and Discord, too: tokens, rights, channels, groups, roles and accounts."`

	AllowPrivate bool `help:"With --links, ask addresses in private networks, too."`
}

// A folderFlag may name a folder: --flag, --flag DIR or --flag=DIR.
type folderFlag struct {
	on  bool
	dir string // empty: none was named
}

// Decode takes the next word if it is no flag.
func (f *folderFlag) Decode(ctx *kong.DecodeContext) error {
	f.on = true
	if !ctx.Scan.Peek().IsValue() {
		return nil
	}
	return ctx.Scan.PopValueInto("folder", &f.dir)
}

// checked is what a check has found.
type checked struct {
	Problems []string `json:"problems"` // with place and mend
	Notes    []string `json:"notes"`
	Articles int      `json:"articles"`
	Snippets int      `json:"snippets"`
	From     string   `json:"from"` // where the articles are from
	Findings []advice `json:"findings,omitempty"`
	Links    []linked `json:"links,omitempty"` // with --links, all of them
}

// advice is a finding of a review, as JSON.
type advice struct {
	Kind  knowledge.Kind `json:"kind"`
	File  string         `json:"file,omitempty"`
	Line  int            `json:"line,omitempty"`
	Also  []string       `json:"also,omitempty"`
	Says  string         `json:"says"`
	Mend  string         `json:"mend"`
	Hurts float64        `json:"hurts"` // 0 to 1, among those of its kind
}

// report takes every line of an error for a problem.
func (c *checked) report(err error) {
	for line := range strings.Lines(err.Error()) {
		c.Problems = append(c.Problems, strings.TrimRight(line, "\n"))
	}
}

// Run prints every problem of configuration and articles, and of what they name
// on the platforms; and if that is asked for, what about the articles hurts
// finding.
func (o *checkCommand) Run(ctx context.Context, c *cli, s streams) error {
	found := checked{Problems: []string{}, Notes: []string{}, From: "the built-in sample"}
	cfg, err := config.Load(c.Config, os.Environ())
	if err != nil {
		found.report(err)
		cfg = config.Default() // the articles are worth checking all the same
	}
	dir := cmp.Or(o.Knowledge.dir, cfg.Knowledge.Dir)
	if dir != "" {
		found.From = dir
	}
	list, err := articles(dir, rules(cfg))
	found.Articles = len(list)
	var problems knowledge.Problems
	var library func() bot.Library // nil: what leads to articles cannot be checked
	switch {
	case errors.As(err, &problems):
		found.report(problems)
	case err != nil:
		found.report(err)
	default:
		library = func() bot.Library { return knowledge.NewLibrary(list, rules(cfg)) }
		if cfg.Knowledge.Golden == "" {
			break
		}
		if _, err := newCatalogue(list, cfg).readGolden(ctx, []string{cfg.Knowledge.Golden}); errors.As(err, &problems) {
			found.report(problems)
		}
	}
	cfg.Knowledge.Dir, cfg.Snippets.Dir = dir, cmp.Or(o.Snippets, cfg.Snippets.Dir)
	snippets, err := checkedSnippets(cfg, library)
	found.Snippets = len(snippets)
	if err != nil {
		found.report(err)
	}
	if err := checkSources(cfg); err != nil {
		found.report(err)
	}
	switch {
	case o.Live && (cfg.Slack.On() || cfg.Discord.On()):
		found.Notes = append(found.Notes, checkLive(ctx, cfg, found.report)...)
	case o.Live && len(found.Problems) == 0:
		found.Notes = append(found.Notes, "No platform is configured, so nobody was asked.")
	}
	for _, line := range config.Advise(cfg) {
		found.Notes = append(found.Notes, "Note: "+line)
	}
	if o.reviews() && library != nil {
		if err := o.review(ctx, &found, dir, list, cfg, s.err); err != nil {
			return err
		}
	}
	if err := o.print(s.out, found); err != nil {
		return err
	}
	switch n := len(found.Problems); {
	case n > 0 && o.reviews() && library == nil:
		return fmt.Errorf("%s; once these are mended, it is told what hurts finding", plural(n, "problem", "problems"))
	case n > 0:
		return errors.New(plural(n, "problem", "problems"))
	}
	sure := slices.DeleteFunc(found.Findings, func(a advice) bool { return a.Kind == knowledge.UnsureLink })
	if n := len(sure); n > 0 && o.Strict {
		return fmt.Errorf("%s, which --strict takes for problems", plural(n, "finding", "findings"))
	}
	return nil
}

// reviews reports whether it is asked what hurts finding.
func (o *checkCommand) reviews() bool { return o.Knowledge.on || o.Links || o.Strict }

// review tells what about the articles hurts finding, with a bar at a terminal.
func (o *checkCommand) review(ctx context.Context, found *checked, dir string, list []*knowledge.Article, cfg config.Config, w io.Writer) error {
	progress := &bar{w: w, what: "articles", unit: "titles and questions", on: isTerminal(w)}
	defer progress.clear()
	findings, err := knowledge.NewLibrary(list, rules(cfg)).Review(ctx, time.Now(), progress.show)
	if err != nil {
		return err
	}
	place := func(file string) string {
		if file == "" {
			return ""
		}
		return path.Join(filepath.ToSlash(dir), file)
	}
	if o.Links {
		dead, err := o.follow(ctx, found, place, list, w)
		if err != nil {
			return err
		}
		findings = append(findings, dead...)
		knowledge.SortFindings(findings)
	}
	for _, f := range findings {
		a := advice{Kind: f.Kind, File: place(f.File), Line: f.Line, Says: f.Says, Mend: f.Kind.Mend(), Hurts: f.Hurts}
		for _, file := range f.Also {
			a.Also = append(a.Also, place(file))
		}
		found.Findings = append(found.Findings, a)
	}
	return nil
}

// maxAdvice is how many findings of a kind are printed. More are not read.
const maxAdvice = 10

func (o *checkCommand) print(w io.Writer, found checked) error {
	if o.JSON {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(found)
	}
	var b strings.Builder
	for _, line := range slices.Concat(found.Problems, found.Notes) {
		fmt.Fprintln(&b, line)
	}
	for rest := found.Findings; len(rest) > 0; {
		kind, n := rest[0].Kind, 1
		for n < len(rest) && rest[n].Kind == kind {
			n++
		}
		fmt.Fprintf(&b, "\n%s (%d)\n", kind.Title(), n)
		for _, a := range rest[:min(n, maxAdvice)] {
			fmt.Fprintf(&b, "  %s\n", a)
			if len(a.Also) == 1 {
				fmt.Fprintf(&b, "    with %s\n", a.Also[0])
			}
		}
		if n > maxAdvice {
			fmt.Fprintf(&b, "  and %d more; --json shows all\n", n-maxAdvice)
		}
		fmt.Fprintf(&b, "  → %s\n", kind.Mend())
		rest = rest[n:]
	}
	if len(found.Findings) > 0 {
		b.WriteByte('\n')
	}
	if len(found.Problems) == 0 {
		fmt.Fprintf(&b, "All good: configuration, %s (%s) and %s.",
			plural(found.Articles, "article", "articles"), found.From, plural(found.Snippets, "snippet", "snippets"))
		switch {
		case len(found.Findings) > 0:
			fmt.Fprintf(&b, " %s above: advice, nothing is broken.", plural(len(found.Findings), "finding", "findings"))
		case o.reviews():
			b.WriteString(" Nothing hurts finding.")
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, strings.TrimPrefix(b.String(), "\n"))
	return err
}

// String writes the finding on a line, with its place in front.
func (a advice) String() string {
	switch {
	case a.File == "":
		return a.Says
	case a.Line == 0:
		return a.File + ": " + a.Says
	}
	return fmt.Sprintf("%s:%d: %s", a.File, a.Line, a.Says)
}

// A mismatch is something on a platform that does not fit the configuration,
// with its mend.
type mismatch struct {
	platform, what string
	group          string // the group or role that is not there
}

// checkLive asks every platform that is on whether the configuration fits it.
// It reports each mismatch, and returns what it found for the last lines. No
// secret gets into either.
func checkLive(ctx context.Context, cfg config.Config, report func(error)) (summaries []string) {
	var mismatches []mismatch
	hide, asked := secrets(cfg), 0
	for _, platform := range []struct {
		on    bool
		check func(context.Context, config.Config) ([]mismatch, string)
	}{{cfg.Slack.On(), checkSlack}, {cfg.Discord.On(), checkDiscord}} {
		if !platform.on {
			continue
		}
		found, summary := platform.check(ctx, cfg)
		mismatches = append(mismatches, found...)
		if asked++; summary != "" {
			summaries = append(summaries, hide.redact(summary))
		}
	}
	for _, m := range mismatches {
		if m.group == "" || isNowhere(m, cfg, mismatches, asked) {
			report(errors.New(hide.redact(m.platform + ": " + m.what)))
		}
	}
	return summaries
}

// isNowhere reports whether a group or role that is missing on one platform is
// not on the other either. Agents that are written as @name are a group of one
// or a role of the other, as it happens; audiences tell the two apart.
func isNowhere(m mismatch, cfg config.Config, all []mismatch, asked int) bool {
	missing := 0
	for _, other := range all {
		if other.group == m.group {
			missing++
		}
	}
	return missing == asked || slices.ContainsFunc(cfg.Audiences, func(a config.Audience) bool {
		if m.platform == slack.Name {
			return slices.Contains(a.Groups, m.group)
		}
		return slices.Contains(a.Roles, m.group)
	})
}
