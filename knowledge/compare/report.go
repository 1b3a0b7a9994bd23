package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// A report is all that a run found out.
type report struct {
	quality
	Models []model `json:"models"`
	Speeds []speed `json:"speeds"`
	Checks []check `json:"checks"`
}

// columnsOf are all columns that there may be, in the order of the tables.
var columnsOf = []string{"fuzzy", "bleve", columnWords, columnOurs, columnServer, columnTeacher}

// columns returns those of a run.
func (r report) columns() []string {
	return slices.DeleteFunc(slices.Clone(columnsOf), func(column string) bool {
		return !slices.ContainsFunc(r.Scores, func(s score) bool { return s.System == column })
	})
}

// print writes the report for a person.
func (r report) print(w io.Writer) error {
	b := &strings.Builder{}
	r.printScores(b)
	r.printOutOfScope(b)
	r.printDrops(b)
	r.printGains(b)
	r.printAdds(b)
	r.printKinds(b)
	r.printRepeats(b)
	r.printSpeeds(b)
	r.printCosts(b)
	r.printModels(b)
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
func (r report) across(cell func(system string) any) []any {
	var cells []any
	for _, system := range r.columns() {
		cells = append(cells, cell(system))
	}
	return cells
}

// heads returns the heads of a figure for all systems.
func (r report) heads(figure string) string {
	return figure + ": " + strings.Join(r.columns(), "\t")
}

// ours returns the scores of ours, one for each set and setting.
func (r report) ours() []score {
	var list []score
	for _, s := range r.Scores {
		if s.System == columnOurs {
			list = append(list, s)
		}
	}
	return list
}

func (r report) printScores(b *strings.Builder) {
	title := "Right articles, % of the queries that have one"
	table(b, title, strings.Join([]string{"set\tqueries\tsetting", r.heads("S@1"), "", r.heads("S@3"), r.heads("MRR@10")}, "\t"), func(row func(...any)) {
		for _, s := range r.ours() {
			of := func(figure func(score) share) []any {
				return r.across(func(system string) any {
					other, _ := r.score(s.Set, s.Setting, system)
					return figure(other)
				})
			}
			best := true
			for _, o := range others {
				other, ok := r.score(s.Set, s.Setting, o.name())
				best = best && (!ok || s.S1 >= other.S1)
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
	table(b, title, strings.Join([]string{"set\tof these\tsetting", r.heads("AUROC"), r.heads("without"), r.heads("at best")}, "\t"), func(row func(...any)) {
		for _, s := range r.ours() {
			if s.Queries == s.Answerable {
				continue
			}
			of := func(cell func(score) any) []any {
				return r.across(func(system string) any {
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
	table(b, "Typo drop: what slips of the keyboard cost of S@1, %", "set\tsetting\t"+r.heads("one slip")+"\t"+r.heads("two slips"), func(row func(...any)) {
		for _, own := range r.Drops {
			if own.System != columnOurs {
				continue
			}
			cells := []any{own.Set, own.Setting}
			for slips := range own.Slips {
				cells = append(cells, r.across(func(system string) any {
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

func (r report) printAdds(b *strings.Builder) {
	title := fmt.Sprintf("What meaning adds to words, points, and its 90 %% interval (paired bootstrap, %d resamples)", resamples)
	table(b, title, "set\tqueries\tsetting\tcolumn\tS@1\tfrom\tto\tS@3\tfrom\tto", func(row func(...any)) {
		for _, a := range r.Adds {
			cells := []any{a.Set, a.Queries, a.Setting, a.System}
			for _, x := range []interval{a.S1, a.S3} {
				for _, s := range []share{x.Mean, x.Lower, x.Upper} {
					cells = append(cells, fmt.Sprintf("%+.1f", 100*s))
				}
			}
			row(cells...)
		}
	})
}

func (r report) printKinds(b *strings.Builder) {
	var langs []string
	for _, k := range r.Kinds {
		if k.Lang != allLangs && !slices.Contains(langs, k.Lang) {
			langs = append(langs, k.Lang)
		}
	}
	if len(langs) > 1 {
		langs = append(langs, allLangs)
	}
	title := "The sample's questions by kind, %"
	table(b, title, strings.Join([]string{"language\tsetting\tkind\tqueries", r.heads("S@1"), r.heads("S@3")}, "\t"), func(row func(...any)) {
		for _, lang := range langs {
			for _, setting := range sampleSettingNames {
				for _, name := range append(slices.Clone(kindsOf), allKinds) {
					own, ok := r.kind(lang, setting, name, columnOurs)
					if !ok {
						continue
					}
					cells := []any{lang, setting, name, own.Queries}
					for _, of := range []func(kind) share{func(k kind) share { return k.S1 }, func(k kind) share { return k.S3 }} {
						cells = append(cells, r.across(func(system string) any {
							k, _ := r.kind(lang, setting, name, system)
							return of(k)
						})...)
					}
					row(cells...)
				}
			}
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

func (r report) printCosts(b *strings.Builder) {
	title := "What meaning costs: µs a question more than by words alone, on the median; the vectors' part of the heap"
	table(b, title, "size\tarticles\ttexts\tcolumn\twords µs\tmedian µs\tmore µs\tvectors MiB", func(row func(...any)) {
		for _, s := range r.Speeds {
			words, ok := r.speed(s.Size, columnWords)
			if !ok || !slices.Contains(meaningColumns, s.System) {
				continue
			}
			if s.Texts == 0 {
				row(s.Size, s.Articles, "too many", s.System, fmt.Sprintf("%.0f", words.Median), "–", "–", "–")
				continue
			}
			row(s.Size, s.Articles, s.Texts, s.System, fmt.Sprintf("%.0f", words.Median), fmt.Sprintf("%.0f", s.Median), fmt.Sprintf("%+.1f", s.Adds), fmt.Sprintf("%.1f", s.VectorsMB))
		}
	})
}

func (r report) printModels(b *strings.Builder) {
	table(b, "What tells meaning, by itself", "column\tmodel\tversion\tnumbers\tready in ms\theap MiB\ta question µs", func(row func(...any)) {
		for _, m := range r.Models {
			load, heap := "–", "–"
			if m.Load > 0 {
				load, heap = fmt.Sprintf("%.1f", m.Load), fmt.Sprintf("%.1f", m.HeapMB)
			}
			row(m.System, m.Name, m.Version, m.Dims, load, heap, fmt.Sprintf("%.1f", m.Question))
		}
	})
}
