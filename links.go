package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/adapters/helpcentre"
	"github.com/signpost-bot/signpost/knowledge"
)

// linked is an address that articles lead to and what came of asking for it, as
// JSON.
type linked struct {
	URL     string          `json:"url"`
	Fate    helpcentre.Fate `json:"fate"`
	Why     string          `json:"why,omitempty"`
	Moved   string          `json:"moved,omitempty"`
	Missing []string        `json:"missing,omitempty"` // anchors
	From    []string        `json:"from"`              // files, with the line if it is known
}

// follow asks for every address that articles lead to, with a bar at a terminal,
// and tells which of them lead nowhere.
func (o *checkCommand) follow(ctx context.Context, found *checked, place func(file string) string, list []*knowledge.Article, w io.Writer) ([]knowledge.Finding, error) {
	progress := &bar{w: w, what: "links", unit: "pages", on: isTerminal(w)}
	defer progress.clear()
	checker := helpcentre.NewLinkChecker(helpcentre.Options{
		Agent: "Signpost/" + version + " (link check)", AllowPrivate: o.AllowPrivate,
	})
	defer checker.Close()
	leads := knowledge.Links(list)
	links := make([]helpcentre.Link, len(leads))
	for i, l := range leads {
		links[i] = helpcentre.Link{URL: l.URL, Anchors: l.Anchors()}
	}
	progress.show(0, len(links)) // it may take a while until the first answers
	visits, err := checker.Check(ctx, links, progress.show)
	if err != nil {
		return nil, err
	}
	for i, v := range visits {
		l := linked{URL: v.URL, Fate: v.Fate, Why: v.Why, Moved: v.Moved, Missing: v.Missing}
		for _, m := range leads[i].Mentions {
			from := place(m.Article.File)
			if m.Line > 0 {
				from = fmt.Sprintf("%s:%d", from, m.Line)
			}
			if !slices.Contains(l.From, from) {
				l.From = append(l.From, from)
			}
		}
		found.Links = append(found.Links, l)
	}
	return astray(leads, visits), nil
}

// astray tells what came of links that a support lead should know of.
func astray(leads []knowledge.Linked, visits []helpcentre.Visit) (list []knowledge.Finding) {
	type reason struct{ host, why string }
	untold := map[reason][]int{}
	var reasons []reason
	for i, v := range visits {
		mentions := leads[i].Mentions
		switch {
		case v.Fate == helpcentre.Dead && mentions[0].Own:
			list = append(list, leading(knowledge.DeadLink, mentions, 1, "%s is gone (%s), and answers lead there", v.URL, v.Why))
		case v.Fate == helpcentre.Dead:
			list = append(list, leading(knowledge.DeadLink, mentions, 0.6, "%s is gone (%s)", v.URL, v.Why))
		case v.Fate == helpcentre.Untold:
			r := reason{hostOf(v.URL), v.Why}
			if untold[r] == nil {
				reasons = append(reasons, r)
			}
			untold[r] = append(untold[r], i)
		case v.Moved != "":
			list = append(list, leading(knowledge.MovedLink, mentions, 0.5, "%s has moved to %s", v.URL, v.Moved))
		}
		for _, anchor := range v.Missing {
			to := slices.DeleteFunc(slices.Clone(mentions), func(m knowledge.Mention) bool { return m.Anchor != anchor })
			list = append(list, leading(knowledge.DeadLink, to, 0.3, "%s has no place #%s, so it is read from the top", v.URL, anchor))
		}
	}
	for _, r := range reasons {
		var mentions []knowledge.Mention
		for _, i := range untold[r] {
			mentions = append(mentions, leads[i].Mentions...)
		}
		f := leading(knowledge.UnsureLink, mentions, 0, "%s: %s", visits[untold[r][0]].URL, r.why)
		if n := len(untold[r]); n > 1 {
			f.Says = fmt.Sprintf("%d addresses at %s: %s. The first is %s", n, r.host, r.why, visits[untold[r][0]].URL)
			f.Also, f.File, f.Line = append([]string{f.File}, f.Also...), "", 0
			f.Hurts = min(1, 0.01*float64(n))
		}
		list = append(list, f)
	}
	return list
}

// leading is a finding about where mentions lead: of the first file, and all
// others.
func leading(kind knowledge.Kind, mentions []knowledge.Mention, hurts float64, format string, args ...any) knowledge.Finding {
	f := knowledge.Finding{Kind: kind, File: mentions[0].Article.File, Line: mentions[0].Line, Hurts: hurts, Says: fmt.Sprintf(format, args...)}
	for _, m := range mentions[1:] {
		if m.Article.File != f.File && !slices.Contains(f.Also, m.Article.File) {
			f.Also = append(f.Also, m.Article.File)
		}
	}
	if n := len(f.Also); n > 1 {
		f.Says += fmt.Sprintf("; %d other articles lead there, too", n)
	}
	f.Says += "."
	return f
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return cmp.Or(strings.ToLower(u.Host), address)
}
