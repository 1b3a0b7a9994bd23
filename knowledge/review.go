package knowledge

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// A Kind is a way in which articles keep people from an answer.
type Kind string

// The kinds, by how much they hurt, the worst first.
const (
	DeadLink    Kind = "dead-link"
	Unfound     Kind = "not-found"
	Duplicate   Kind = "near-duplicate"
	SharedAsk   Kind = "shared-question"
	HollowTitle Kind = "title"
	NoArticle   Kind = "no-article"
	NoLanguage  Kind = "language"
	OtherWords  Kind = "wording"
	NoQuestions Kind = "no-questions"
	TooLong     Kind = "long"
	NothingHere Kind = "empty-section"
	Old         Kind = "old"
	MovedLink   Kind = "moved-link"
	UnsureLink  Kind = "unsure-link"
)

// kinds tell in the order of the kinds what each is called and how it is mended.
var kinds = []struct {
	kind        Kind
	title, mend string
}{
	{DeadLink, "Links that lead nowhere", "Correct the address, or remove the link."},
	{Unfound, "Not found by their own words", "Put the question as people do, or move it to the article that it finds."},
	{Duplicate, "Articles that say nearly the same", "Merge the two, or say in both titles how they differ."},
	{SharedAsk, "Questions that two articles claim", "Keep the question where it is answered best."},
	{HollowTitle, "Titles that say nothing", "Write the title as the question that the article answers."},
	{NoArticle, "Audiences and topics without articles", "Write what is missing, or name fewer audiences and topics."},
	{NoLanguage, "Languages that are missing", "Translate these, the most asked first; until then people are shown another language."},
	{OtherWords, "Texts without the words that people use", "Use the words of these questions in title, headings or text, so that others like them are found."},
	{NoQuestions, "Articles without questions", "Give each five to ten questions as people ask them; no other work helps finding as much."},
	{TooLong, "Long stretches", "Divide them with headings that say what their section has; an answer then leads to the right one."},
	{NothingHere, "Headings with nothing under them", "Write the section, or remove its heading."},
	{Old, "Not looked at for long", "Read them again, and set the date in updated."},
	{MovedLink, "Links to pages that have moved", "Write the new address."},
	{UnsureLink, "Links that could not be told", "Open these by hand, or check them again later."},
}

// Title is what a list of findings of this kind is headed with.
func (k Kind) Title() string { return kinds[k.place()].title }

// Mend is what to do about it.
func (k Kind) Mend() string { return kinds[k.place()].mend }

func (k Kind) place() int {
	for i := range kinds {
		if kinds[i].kind == k {
			return i
		}
	}
	panic(fmt.Sprintf("knowledge: no kind of finding %q", string(k)))
}

// A Finding is something about articles that keeps people from an answer. It is
// advice: nothing is wrong with the files.
type Finding struct {
	Kind  Kind     // how to mend it, too
	File  string   // of the article; empty if none is meant more than others
	Line  int      // from 1; 0 if the file as a whole is meant
	Also  []string // files of others that it is about
	Says  string   // a sentence about it
	Hurts float64  // how much, among those of its kind: 0 to 1
}

// SortFindings puts findings in order, those that hurt most first.
func SortFindings(list []Finding) {
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Kind.place(), b.Kind.place()),
			cmp.Compare(b.Hurts, a.Hurts),
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Says, b.Says),
		)
	})
}

// Review tells what about the articles hurts finding, most first. It asks the
// library every title and every question of its articles, the longest part of
// it: progress hears how many of them are done; nil is fine. It fails only with
// the error of ctx.
func (l *Library) Review(ctx context.Context, now time.Time, progress func(done, of int)) ([]Finding, error) {
	list, err := l.reviewFinding(ctx, progress)
	if err != nil {
		return nil, err
	}
	for _, review := range []func() []Finding{l.reviewTitles, l.reviewTwins, l.reviewQuestions, l.reviewReaders, l.reviewLanguages, l.reviewText} {
		list = append(list, review()...)
	}
	list = append(list, l.reviewAge(now)...)
	SortFindings(list)
	return list, nil
}

const (
	longArticle = 15_000 // characters: some 2,500 words, ten minutes of reading
	longOpening = 2_000  // characters before the first heading: more than two screens of a phone
	oldAfter    = 3      // years
)

// reviewText looks at how articles are laid out.
func (l *Library) reviewText() (list []Finding) {
	for _, a := range l.loaded {
		size := 0
		for _, s := range a.Sections {
			size += runes(s.Text)
			if n := runes(s.Text); s.Heading == "" && n > longOpening {
				list = append(list, Finding{Kind: TooLong, File: a.File, Hurts: min(1, float64(n)/longArticle),
					Says: fmt.Sprintf("%s has %s characters under no heading.", inQuotes(a.Title), thousands(n))})
			}
		}
		if size > longArticle {
			list = append(list, Finding{Kind: TooLong, File: a.File, Hurts: 1,
				Says: fmt.Sprintf("%s has %s characters in all; several articles would each be found better.", inQuotes(a.Title), thousands(size))})
		}
		for _, h := range a.Bare {
			list = append(list, Finding{Kind: NothingHere, File: a.File, Line: h.Line, Says: fmt.Sprintf("%s has no text.", inQuotes(h.Heading))})
		}
	}
	return list
}

// reviewAge looks for articles that nobody has looked at for years.
func (l *Library) reviewAge(now time.Time) (list []Finding) {
	for _, a := range l.loaded {
		if !a.Updated.IsZero() && a.Updated.Before(now.AddDate(-oldAfter, 0, 0)) {
			years := now.Sub(a.Updated).Hours() / 24 / 365
			list = append(list, Finding{Kind: Old, File: a.File, Hurts: min(1, years/20),
				Says: fmt.Sprintf("%s was updated on %s.", inQuotes(a.Title), a.Updated.Format(time.DateOnly))})
		}
	}
	return list
}

// reviewQuestions looks for articles without questions, and for questions that
// several have.
func (l *Library) reviewQuestions() (list []Finding) {
	byLang := map[Lang][]*Article{}
	for _, a := range l.loaded {
		byLang[a.Lang] = append(byLang[a.Lang], a)
	}
	for lang, articles := range byLang {
		silent := slices.DeleteFunc(slices.Clone(articles), func(a *Article) bool { return len(a.Questions) > 0 })
		if n := len(silent); n == len(articles) && n > 1 {
			list = append(list, Finding{Kind: NoQuestions, Also: filesOf(silent), Hurts: 1,
				Says: fmt.Sprintf("None of the %d articles in %s has questions.", n, lang)})
			continue
		}
		for _, a := range silent {
			list = append(list, Finding{Kind: NoQuestions, File: a.File, Says: fmt.Sprintf("%s has none.", inQuotes(a.Title))})
		}
	}
	return append(list, l.sharedQuestions()...)
}

// sharedQuestions looks for questions that articles for the same people have in
// common.
func (l *Library) sharedQuestions() (list []Finding) {
	type claimed struct {
		question string
		articles []*Article
	}
	shared := map[string]*claimed{}
	var order []*claimed
	for _, a := range l.loaded {
		for _, q := range a.Questions {
			key := string(a.Lang) + "\x00" + strings.Join(sameWordsOf(q, a.Lang), " ")
			s := shared[key]
			if s == nil {
				s = &claimed{question: q}
				shared[key], order = s, append(order, s)
			}
			if !slices.Contains(s.articles, a) {
				s.articles = append(s.articles, a)
			}
		}
	}
	for _, s := range order {
		for i, a := range s.articles[:len(s.articles)-1] {
			also := slices.DeleteFunc(slices.Clone(s.articles[i+1:]), func(b *Article) bool { return a.ID == b.ID || !overlap(a, b) })
			if len(also) > 0 {
				list = append(list, Finding{Kind: SharedAsk, File: a.File, Also: filesOf(also), Hurts: min(1, float64(len(also))/10),
					Says: fmt.Sprintf("%s is a question of %s and of %s.", inQuotes(s.question), inQuotes(a.Title), titlesOf(also))})
				break
			}
		}
	}
	return list
}

// sameWordsOf is what two questions have in common that are put in nearly the same
// words: the stems that say something, in any order, or else all words.
func sameWordsOf(question string, lang Lang) []string {
	terms := text.Terms(question, string(lang))
	if len(terms) == 0 {
		return text.Words(question)
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

// overlap reports whether two articles have an audience in common.
func overlap(a, b *Article) bool {
	return slices.ContainsFunc(a.Audiences, func(name string) bool { return slices.Contains(b.Audiences, name) })
}

func filesOf(articles []*Article) []string {
	files := make([]string, len(articles))
	for i, a := range articles {
		files[i] = a.File
	}
	return files
}

// maxNamed is how many things are named in a sentence; the rest is counted.
const maxNamed = 3

func titlesOf(articles []*Article) string {
	titles := make([]string, len(articles))
	for i, a := range articles {
		titles[i] = inQuotes(a.Title)
	}
	return some(titles)
}

// some lists the first few of what there is: "a, b, c and 4 more".
func some(list []string) string {
	switch n := len(list); {
	case n == 0:
		return ""
	case n == 1:
		return list[0]
	case n <= maxNamed:
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	default:
		return fmt.Sprintf("%s and %d more", strings.Join(list[:maxNamed], ", "), n-maxNamed)
	}
}

// maxQuoted is how many characters of a title or question are quoted.
const maxQuoted = 100

func inQuotes(s string) string {
	if r := []rune(s); len(r) > maxQuoted {
		s = strings.TrimRight(string(r[:maxQuoted]), " ") + "…"
	}
	return "“" + s + "”"
}

func runes(s string) int { return len([]rune(s)) }

// thousands writes a number with a comma before its last three digits.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
