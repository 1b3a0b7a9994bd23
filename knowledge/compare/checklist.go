package main

import (
	"fmt"
	"math"
	"slices"
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
	list := append([]check{r.best(), r.bounds()}, r.meaning()...)
	list = append(list, r.gainOver("banking77", "k10", "S@1", 0.04), r.gainOver("banking77", "zero", "S@1", 0.02), r.gainOver("banking77", "zero", "S@3", 0.03))

	c := check{What: "hint3-v1-curekart full: in-scope accuracy without a threshold >= 84, AUROC >= .89"}
	if s, ok := r.score("hint3-v1-curekart", "full", columnOurs); ok {
		c.Seen, c.OK = fmt.Sprintf("%v, %.3f", s.S1, s.AUROC), s.S1 >= 0.84 && s.AUROC >= 0.89
	}
	list = append(list, c)
	c = check{What: "clinc150 full: in-scope accuracy / OOS recall at the best threshold >= 91 / 62"}
	if s, ok := r.score("clinc150", "full", columnOurs); ok {
		c.Seen, c.OK = fmt.Sprintf("%v / %v", s.InScope, s.OOSRecall), s.InScope >= 0.91 && s.OOSRecall >= 0.62
	}
	list = append(list, c)
	c = check{What: "hwu64 k10: one slip costs at most 3 %"}
	for _, d := range r.Drops {
		if d.Set == "hwu64" && d.Setting == "k10" && d.System == columnOurs {
			c.Seen, c.OK = fmt.Sprintf("%v %%", d.Slips[0]), d.Slips[0] <= 0.03
		}
	}
	list = append(list, c, r.gainOver("lohelp-en", "zero", "S@1", 0.09))

	list = append(list,
		r.ratio(sizeSmall+": median by words at most 3 times bleve's", sizeSmall, 3, speed.median),
		r.ratio(sizeMedium+": median by words at most a third of bleve's", sizeMedium, 1./3, speed.median),
		r.ratio(sizeLarge+": median by words at most a third of bleve's", sizeLarge, 1./3, speed.median))
	for _, size := range []string{sizeSmall, sizeMedium, sizeLarge} {
		list = append(list, r.ratio(size+": p99 by words no worse than bleve's", size, 1, speed.p99))
	}
	list = append(list, r.ratio(sizeLarge+": heap by words at most half of bleve's", sizeLarge, 0.5, speed.heap))

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

// meaning checks what the built-in model has to be worth, and may cost.
func (r report) meaning() []check {
	list := []check{r.addsInEnglish(), r.addsToSymptoms(), r.losesNowhere()}

	reaches := func(set, setting string, s1, s3 share) {
		c := check{What: fmt.Sprintf("%s %s: S@1 >= %.0f", set, setting, 100*s1)}
		if s3 > 0 {
			c.What += fmt.Sprintf(", S@3 >= %.0f", 100*s3)
		}
		if s, ok := r.score(set, setting, columnOurs); ok {
			c.Seen, c.OK = fmt.Sprintf("%v, %v", s.S1, s.S3), s.S1 >= s1 && s.S3 >= s3
		}
		list = append(list, c)
	}
	reaches("banking77", "zero", 0.54, 0.72)
	reaches("banking77", "k10", 0.79, 0)
	reaches("sample-en", "questions", 0.72, 0.88)

	c := check{What: "sample zero, asked in a language that has no answer: S@3 >= 55"}
	if k, ok := r.kind(allLangs, "zero", "cross", columnOurs); ok {
		c.Seen, c.OK = fmt.Sprintf("%v of %d", k.S3, k.Queries), k.S3 >= 0.55
		if phrased, ok := r.kind(allLangs, "questions", "cross", columnOurs); ok {
			c.Seen += fmt.Sprintf("; with phrasings %v", phrased.S3)
		}
	}
	list = append(list, c)

	c = check{What: sizeDesk + ": meaning adds at most 60 µs to a question"}
	if s, ok := r.speed(sizeDesk, columnOurs); ok {
		if words, ok := r.speed(sizeDesk, columnWords); ok {
			c.Seen, c.OK = fmt.Sprintf("%+.1f µs to %.0f", s.Adds, words.Median), s.Texts > 0 && s.Adds <= 60
		}
	}
	list = append(list, c)

	c = check{What: "the built-in model is ready within 100 ms"}
	for _, m := range r.Models {
		if m.System == columnOurs {
			c.Seen, c.OK = fmt.Sprintf("%.1f ms", m.Load), m.Load <= 100
		}
	}
	return append(list, c)
}

func (r report) addsInEnglish() check {
	c := check{What: "sample-en zero: S@1 and S@3 >= words +7"}
	for _, a := range r.Adds {
		if a.Set == "sample-en" && a.Setting == "zero" && a.System == columnOurs {
			c.Seen, c.OK = fmt.Sprintf("%+.1f, %+.1f", 100*a.S1.Mean, 100*a.S3.Mean), a.S1.Mean >= 0.07 && a.S3.Mean >= 0.07
		}
	}
	return c
}

func (r report) addsToSymptoms() check {
	c := check{What: "sample-en zero, symptoms: S@1 >= words +12"}
	own, ok := r.kind("en", "zero", "symptom", columnOurs)
	words, both := r.kind("en", "zero", "symptom", columnWords)
	if ok && both {
		c.Seen = fmt.Sprintf("%+.1f of %d; S@3 %+.1f", 100*(own.S1-words.S1), own.Queries, 100*(own.S3-words.S3))
		c.OK = own.S1-words.S1 >= 0.12
	}
	return c
}

// losesNowhere checks that no set or setting is worse off with meaning.
func (r report) losesNowhere() check {
	c := check{What: "every set and setting: S@1 >= words -0.5"}
	var lost []string
	all := 0
	for _, a := range r.Adds {
		if a.System != columnOurs {
			continue
		}
		all++
		if a.S1.Mean < -0.005 {
			lost = append(lost, fmt.Sprintf("%s %s %+.1f", a.Set, a.Setting, 100*a.S1.Mean))
		}
	}
	if all > 0 {
		c.Seen, c.OK = fmt.Sprintf("%d of %d", all-len(lost), all), lost == nil
		if lost != nil {
			c.Seen += "; not " + strings.Join(lost, ", ")
		}
	}
	return c
}

// best checks that nobody has the right article first more often.
func (r report) best() check {
	c := check{What: "every set and setting: our S@1 >= that of every other"}
	worst, where, lost, all := share(math.Inf(1)), "", 0, 0
	for _, other := range r.Scores {
		own, ok := r.score(other.Set, other.Setting, columnOurs)
		if !ok || !slices.ContainsFunc(others, func(o system) bool { return o.name() == other.System }) {
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
	own, ok := r.score(set, setting, columnOurs)
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

// ratio checks that a figure of ours is at most so many times that of bleve, by
// words alone as bleve finds them; it tells that with meaning as well, whose own
// bound is what it adds.
func (r report) ratio(what, size string, most float64, of func(speed) float64) check {
	c := check{What: what}
	words, ok := r.speed(size, columnWords)
	other, both := r.speed(size, "bleve")
	if ok && both {
		c.Seen, c.OK = fmt.Sprintf("%.2f times", of(words)/of(other)), of(words) <= most*of(other)
		if own, ok := r.speed(size, columnOurs); ok {
			c.Seen += fmt.Sprintf("; with meaning %.2f", of(own)/of(other))
		}
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
