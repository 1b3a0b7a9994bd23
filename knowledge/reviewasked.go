package knowledge

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/signpost-bot/signpost/knowledge/audience"
)

const (
	// fewQuestions is how many an article has at least of which it is told that its
	// text lacks their words: chance makes one or two fail.
	fewQuestions = 4
	// wordless is which share of them is not found then.
	wordless = 0.6
)

// A trial is a title or question of an article, asked of the library.
type trial struct {
	article *Article
	text    string // as it was asked
	titled  bool   // it is the title
	alone   bool   // asked of articles without their questions
	failed  string // what came of it, as the end of a sentence; empty: it was found
}

// reviewFinding asks every title and question as someone of the article's first
// audience would, in its language, and tells which do not find it.
//
// What an article is asked with it has learned, so few fail, and each of these
// is a contradiction. To tell how other words would fare, each phrasing should
// be asked of articles that have all but this one; that would be a training for
// each. Instead all are asked of articles that have none, which costs nothing
// to build: on the sample 82 % are found then, and 85 % when a fifth at a time is
// left out, and much the same articles do worst.
func (l *Library) reviewFinding(ctx context.Context, progress func(done, of int)) ([]Finding, error) {
	bare := make([]*Article, len(l.loaded))
	var trials []trial
	for i, a := range l.loaded {
		without := *a
		without.Questions = nil
		bare[i] = &without
		trials = append(trials, trial{article: a, text: a.Title, titled: true})
		for _, q := range a.Questions {
			trials = append(trials, trial{article: a, text: q})
		}
		if len(a.Questions) >= fewQuestions {
			for _, q := range a.Questions {
				trials = append(trials, trial{article: a, text: q, alone: true})
			}
		}
	}
	plain := NewLibrary(bare, l.rules)
	if err := eachOf(ctx, len(trials), progress, func(i int) error {
		library := l
		if trials[i].alone {
			library = plain
		}
		return library.try(ctx, &trials[i])
	}); err != nil {
		return nil, err
	}
	var list []Finding
	for len(trials) > 0 {
		n := 1
		for n < len(trials) && trials[n].article == trials[0].article {
			n++
		}
		list = append(list, judgeTrials(trials[:n])...)
		trials = trials[n:]
	}
	return list, nil
}

// eachOf calls f with 0 to n-1, on all cores, and tells progress how many are done.
func eachOf(ctx context.Context, n int, progress func(done, of int), f func(i int) error) error {
	var next atomic.Int64
	var group sync.WaitGroup
	var mu sync.Mutex
	var failed error
	done := 0
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				err := f(i)
				mu.Lock()
				if done++; progress != nil {
					progress(done, n)
				}
				if err != nil && failed == nil {
					failed = err
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if failed != nil {
		return failed
	}
	return ctx.Err()
}

// try asks, and notes what came of it.
func (l *Library) try(ctx context.Context, t *trial) error {
	q := Question{Text: t.text, Locale: t.article.Lang}
	if len(t.article.Audiences) > 0 {
		who := t.article.Audiences[0]
		q.Known = []audience.Evidence{{Audience: who, Source: audience.Chosen}}
		if slices.ContainsFunc(l.rules.Audiences, func(a Audience) bool { return a.Name == who && a.Private }) {
			q.Private = []string{who}
		}
	}
	ans, err := l.Find(ctx, q)
	if err != nil {
		return err
	}
	place := slices.IndexFunc(ans.Matches, func(m Match) bool {
		return m.Article.ID == t.article.ID || slices.ContainsFunc(m.Also, func(a *Article) bool { return a.ID == t.article.ID })
	})
	switch {
	case ans.Intent == Person:
		// Who asks for a person gets one, whatever the articles say.
	case t.alone:
		if place < 0 {
			t.failed = instead(ans)
		}
	case ans.Intent != Asks:
		t.failed = "is taken for talk, not for a question"
	case ans.Level == None:
		t.failed = "is too unclear to be answered"
	case (place < 0 || place > 0 && ans.Level == Sure) && !t.claimedBy(ans):
		t.failed = instead(ans)
	}
	return nil
}

// claimedBy reports whether the article that was found instead has the same
// question, which is told of both.
func (t *trial) claimedBy(ans Answer) bool {
	if len(ans.Matches) == 0 {
		return false
	}
	other, words := ans.Matches[0].Article, sameWordsOf(t.text, t.article.Lang)
	return other.Lang == t.article.Lang && overlap(other, t.article) &&
		slices.ContainsFunc(other.Questions, func(q string) bool { return slices.Equal(words, sameWordsOf(q, other.Lang)) })
}

func instead(ans Answer) string {
	if len(ans.Matches) == 0 {
		return "finds nothing"
	}
	return "finds " + inQuotes(ans.Matches[0].Article.Title)
}

// judgeTrials tells what came of the trials of an article.
func judgeTrials(trials []trial) (list []Finding) {
	a := trials[0].article
	var own, alone []string
	asked := 0
	for _, t := range trials {
		if !t.titled && !t.alone {
			asked++
		}
		switch {
		case t.failed == "":
		case t.titled:
			list = append(list, Finding{Kind: Unfound, File: a.File, Hurts: 1, Says: fmt.Sprintf("Its own title %s %s.", inQuotes(t.text), t.failed)})
		case t.alone:
			alone = append(alone, inQuotes(t.text))
		default:
			own = append(own, inQuotes(t.text)+" "+t.failed)
		}
	}
	switch n := len(own); {
	case n == 1:
		list = append(list, Finding{Kind: Unfound, File: a.File, Hurts: 0.9 / float64(asked), Says: fmt.Sprintf("Its own question %s.", own[0])})
	case n > 1:
		said := strings.Join(own[:min(n, maxNamed)], ", ")
		if n > maxNamed {
			said += " and so on"
		}
		list = append(list, Finding{Kind: Unfound, File: a.File, Hurts: 0.9 * float64(n) / float64(asked),
			Says: fmt.Sprintf("%d of its own %d questions do not find it: %s.", n, asked, said)})
	}
	if n := len(alone); n > 0 && float64(n) >= wordless*float64(asked) {
		list = append(list, Finding{Kind: OtherWords, File: a.File, Hurts: float64(n) / float64(asked),
			Says: fmt.Sprintf("%d of the %d questions of %s find it only because they stand there: %s.", n, asked, inQuotes(a.Title), some(alone))})
	}
	return list
}
