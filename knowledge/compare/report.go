package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
)

// A report is all that a run found out.
type report struct {
	quality
	Speeds []speed `json:"speeds"`
	Checks []check `json:"checks"`
}

// columns are the systems in the order of the tables.
var columns = []string{"fuzzy", "bleve", "ours"}

// print writes the report for a person.
func (r report) print(w io.Writer) error {
	b := &strings.Builder{}
	r.printScores(b)
	r.printOutOfScope(b)
	r.printDrops(b)
	r.printGains(b)
	r.printRepeats(b)
	r.printSpeeds(b)
	table(b, "Checklist (bleve and fuzzy as they are set up in bleve.go and fuzzy.go)", "\trequirement\tseen", func(row func(...any)) {
		for _, c := range r.Checks {
			if c.Seen == "" {
				row("–", c.What, "not part of this run")
				continue
			}
			row(verdict(c.OK), c.What, c.Seen)
		}
	})
	_, err := io.WriteString(w, b.String())
	return err
}

func verdict(ok bool) string {
	if ok {
		return "ok"
	}
	return "NOT ok"
}

// table writes a table: its title, its heads with tabs between them, and the
// rows that fill gives; nothing if there are none.
func table(b *strings.Builder, title, heads string, fill func(row func(cells ...any))) {
	var rows []string
	fill(func(cells ...any) {
		texts := make([]string, len(cells))
		for i, c := range cells {
			texts[i] = fmt.Sprint(c)
		}
		rows = append(rows, strings.Join(texts, "\t"))
	})
	if rows == nil {
		return
	}
	fmt.Fprintf(b, "%s\n\n", title)
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, row := range append([]string{heads}, rows...) {
		fmt.Fprintf(t, "  %s\n", row)
	}
	t.Flush() // into memory, where nothing fails
	b.WriteString("\n")
}

// across returns a cell for each system.
func across(cell func(system string) any) []any {
	var cells []any
	for _, system := range columns {
		cells = append(cells, cell(system))
	}
	return cells
}

// heads returns the heads of a figure for all systems.
func heads(figure string) string {
	return figure + ": " + strings.Join(columns, "\t")
}

// ours returns the scores of ours, one for each set and setting.
func (r report) ours() []score {
	var list []score
	for _, s := range r.Scores {
		if s.System == "ours" {
			list = append(list, s)
		}
	}
	return list
}

func (r report) printScores(b *strings.Builder) {
	title := "Right articles, % of the queries that have one"
	table(b, title, strings.Join([]string{"set\tqueries\tsetting", heads("S@1"), "", heads("S@3"), heads("MRR@10")}, "\t"), func(row func(...any)) {
		for _, s := range r.ours() {
			of := func(figure func(score) share) []any {
				return across(func(system string) any {
					other, _ := r.score(s.Set, s.Setting, system)
					return figure(other)
				})
			}
			best := true
			for _, system := range columns {
				other, _ := r.score(s.Set, s.Setting, system)
				best = best && s.S1 >= other.S1
			}
			cells := []any{s.Set, fmt.Sprintf("%d %s", s.Answerable, s.Split), s.Setting}
			cells = append(cells, of(func(s score) share { return s.S1 })...)
			cells = append(cells, verdict(best))
			cells = append(cells, of(func(s score) share { return s.S3 })...)
			cells = append(cells, of(func(s score) share { return s.MRR10 })...)
			row(cells...)
		}
	})
}

func (r report) printOutOfScope(b *strings.Builder) {
	title := "Queries that nothing answers: AUROC of the confidence; in-scope accuracy, %, without a threshold; in-scope accuracy / recall of these, %, at the best overall threshold"
	table(b, title, strings.Join([]string{"set\tof these\tsetting", heads("AUROC"), heads("without"), heads("at best")}, "\t"), func(row func(...any)) {
		for _, s := range r.ours() {
			if s.Queries == s.Answerable {
				continue
			}
			of := func(cell func(score) any) []any {
				return across(func(system string) any {
					other, _ := r.score(s.Set, s.Setting, system)
					return cell(other)
				})
			}
			cells := []any{s.Set, s.Queries - s.Answerable, s.Setting}
			cells = append(cells, of(func(s score) any { return fmt.Sprintf("%.3f", s.AUROC) })...)
			cells = append(cells, of(func(s score) any { return s.S1 })...)
			cells = append(cells, of(func(s score) any { return fmt.Sprintf("%v/%v", s.InScope, s.OOSRecall) })...)
			row(cells...)
		}
	})
}

func (r report) printDrops(b *strings.Builder) {
	table(b, "Typo drop: what slips of the keyboard cost of S@1, %", "set\tsetting\t"+heads("one slip")+"\t"+heads("two slips"), func(row func(...any)) {
		for _, own := range r.Drops {
			if own.System != "ours" {
				continue
			}
			cells := []any{own.Set, own.Setting}
			for slips := range own.Slips {
				cells = append(cells, across(func(system string) any {
					for _, d := range r.Drops {
						if d.Set == own.Set && d.System == system {
							return d.Slips[slips]
						}
					}
					return share(math.NaN())
				})...)
			}
			row(cells...)
		}
	})
}

func (r report) printGains(b *strings.Builder) {
	title := fmt.Sprintf("Gain in S@1, points, and the lower bound of its 90 %% interval (paired bootstrap, %d resamples; sets under %d queries pooled)", resamples, fewQueries)
	table(b, title, "set\tqueries\tsetting\tover\tgain\tlower\t", func(row func(...any)) {
		for _, g := range r.Gains {
			row(g.Set, g.Queries, g.Setting, g.Over, fmt.Sprintf("%+.1f", 100*g.Mean), fmt.Sprintf("%+.1f", 100*g.Lower), verdict(g.ok()))
		}
	})
}

func (r report) printRepeats(b *strings.Builder) {
	title := "Our rankings, scores included, from four builds of an index: two in turn, two at once"
	table(b, title, "set\tsetting\thash\t", func(row func(...any)) {
		for _, s := range r.Repeats {
			if s.ok() {
				row(s.Set, s.Setting, s.Hashes[0], verdict(true))
			} else {
				row(s.Set, s.Setting, strings.Join(s.Hashes, " "), verdict(false))
			}
		}
	})
}

func (r report) printSpeeds(b *strings.Builder) {
	title := "Speed and heap; in brackets, times bleve's"
	table(b, title, "size\tarticles\tsystem\tasked\tmedian µs\tp99 µs\tbuild s\theap MiB", func(row func(...any)) {
		for _, s := range r.Speeds {
			bleve, _ := r.speed(s.Size, "bleve")
			cell := func(format string, of func(speed) float64) string {
				text := fmt.Sprintf(format, of(s))
				if s.System == "bleve" {
					return text
				}
				return fmt.Sprintf("%s (%.2f)", text, of(s)/of(bleve))
			}
			row(s.Size, s.Articles, s.System, s.Asked, cell("%.0f", speed.median), cell("%.0f", speed.p99), cell("%.1f", speed.build), cell("%.1f", speed.heap))
		}
	})
}
