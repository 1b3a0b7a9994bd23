package main

import (
	"fmt"
	"math"
	"strings"
)

// A check is a requirement and what was seen of it.
type check struct {
	What string `json:"what"`
	Seen string `json:"seen"` // empty: it was not looked at in this run
	OK   bool   `json:"ok"`
}

// checklist holds a report to what ours has to be.
func (r report) checklist() []check {
	list := []check{r.best(), r.bounds()}
	list = append(list, r.gainOver("banking77", "k10", "S@1", 0.04), r.gainOver("banking77", "zero", "S@1", 0.02), r.gainOver("banking77", "zero", "S@3", 0.03))

	c := check{What: "hint3-v1-curekart full: in-scope accuracy without a threshold >= 84, AUROC >= .89"}
	if s, ok := r.score("hint3-v1-curekart", "full", "ours"); ok {
		c.Seen, c.OK = fmt.Sprintf("%v, %.3f", s.S1, s.AUROC), s.S1 >= 0.84 && s.AUROC >= 0.89
	}
	list = append(list, c)
	c = check{What: "clinc150 full: in-scope accuracy / OOS recall at the best threshold >= 91 / 62"}
	if s, ok := r.score("clinc150", "full", "ours"); ok {
		c.Seen, c.OK = fmt.Sprintf("%v / %v", s.InScope, s.OOSRecall), s.InScope >= 0.91 && s.OOSRecall >= 0.62
	}
	list = append(list, c)
	c = check{What: "hwu64 k10: one slip costs at most 3 %"}
	for _, d := range r.Drops {
		if d.Set == "hwu64" && d.Setting == "k10" && d.System == "ours" {
			c.Seen, c.OK = fmt.Sprintf("%v %%", d.Slips[0]), d.Slips[0] <= 0.03
		}
	}
	list = append(list, c, r.gainOver("lohelp-en", "zero", "S@1", 0.09))

	list = append(list,
		r.ratio(sizeSmall+": median at most 3 times bleve's", sizeSmall, 3, speed.median),
		r.ratio(sizeMedium+": median at most a third of bleve's", sizeMedium, 1./3, speed.median),
		r.ratio(sizeLarge+": median at most a third of bleve's", sizeLarge, 1./3, speed.median))
	for _, size := range []string{sizeSmall, sizeMedium, sizeLarge} {
		list = append(list, r.ratio(size+": p99 no worse than bleve's", size, 1, speed.p99))
	}
	list = append(list, r.ratio(sizeLarge+": heap at most half of bleve's", sizeLarge, 0.5, speed.heap))

	c = check{What: "the same ranking from four builds of each index"}
	if len(r.Repeats) > 0 {
		var differ []string
		for _, s := range r.Repeats {
			if !s.ok() {
				differ = append(differ, s.Set)
			}
		}
		c.Seen, c.OK = fmt.Sprintf("%d of %d sets", len(r.Repeats)-len(differ), len(r.Repeats)), differ == nil
		if differ != nil {
			c.Seen += "; not " + strings.Join(differ, ", ")
		}
	}
	return append(list, c)
}

// best checks that nobody has the right article first more often.
func (r report) best() check {
	c := check{What: "every set and setting: our S@1 >= that of every other"}
	worst, where, lost, all := share(math.Inf(1)), "", 0, 0
	for _, other := range r.Scores {
		own, ok := r.score(other.Set, other.Setting, "ours")
		if !ok || other.System == "ours" {
			continue
		}
		all++
		gain := own.S1 - other.S1
		if gain < 0 {
			lost++
		}
		if gain < worst {
			worst, where = gain, fmt.Sprintf("%s %s over %s", other.Set, other.Setting, other.System)
		}
	}
	if all > 0 {
		c.Seen, c.OK = fmt.Sprintf("%d of %d; least %+.1f, %s", all-lost, all, 100*worst, where), lost == 0
	}
	return c
}

// bounds checks that the gains are not by chance.
func (r report) bounds() check {
	c := check{What: "every set and setting: lower bound of the S@1 gain > 0 (small sets pooled)"}
	lost := 0
	var worst *gain
	for i, g := range r.Gains {
		if !g.ok() {
			lost++
		}
		if worst == nil || g.Lower < worst.Lower {
			worst = &r.Gains[i]
		}
	}
	if worst != nil {
		c.Seen = fmt.Sprintf("%d of %d; least %+.1f, %s %s over %s", len(r.Gains)-lost, len(r.Gains), 100*worst.Lower, worst.Set, worst.Setting, worst.Over)
		c.OK = lost == 0
	}
	return c
}

// gainOver checks that we have S@1 or S@3 of bleve and something more.
func (r report) gainOver(set, setting, figure string, least share) check {
	c := check{What: fmt.Sprintf("%s %s: %s >= bleve %+.0f", set, setting, figure, 100*least)}
	own, ok := r.score(set, setting, "ours")
	other, both := r.score(set, setting, "bleve")
	if !ok || !both {
		return c
	}
	a, b := own.S1, other.S1
	if figure == "S@3" {
		a, b = own.S3, other.S3
	}
	c.Seen, c.OK = fmt.Sprintf("%v - %v = %+.2f", a, b, 100*(a-b)), a-b >= least
	return c
}

// ratio checks that a figure of ours is at most so many times that of bleve.
func (r report) ratio(what, size string, most float64, of func(speed) float64) check {
	c := check{What: what}
	own, ok := r.speed(size, "ours")
	other, both := r.speed(size, "bleve")
	if ok && both {
		c.Seen, c.OK = fmt.Sprintf("%.2f times", of(own)/of(other)), of(own) <= most*of(other)
	}
	return c
}

func (s speed) median() float64 { return s.Median }
func (s speed) p99() float64    { return s.P99 }
func (s speed) heap() float64   { return s.HeapMB }
func (s speed) build() float64  { return s.Build }

func (r report) speed(size, system string) (speed, bool) {
	for _, s := range r.Speeds {
		if s.Size == size && s.System == system {
			return s, true
		}
	}
	return speed{}, false
}
