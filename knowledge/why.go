package knowledge

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/signpost-bot/signpost/knowledge/search"
	"github.com/signpost-bot/signpost/knowledge/text"
)

// An Explanation is why a question is answered the way it is. It is data; bot
// puts it into words. Nothing in it is hidden from the asker.
type Explanation struct {
	Answer   Answer  `json:"-"`                 // with some more matches than the question asked for
	Shown    int     `json:"shown"`             // how many of the matches are an answer
	Follows  string  `json:"follows,omitempty"` // the question that it goes on from; empty if it stands alone
	Again    string  `json:"again,omitempty"`   // the earlier question that is answered, if the new one only says who asks
	LangBy   Clue    `json:"langBy"`
	Meaning  string  `json:"meaning,omitempty"` // the model that told what question and articles mean; empty if none did
	Wants    float64 `json:"wants"`             // how likely it wants an article, by how it is put: 0 to 1
	Traits   []Trait `json:"traits,omitempty"`  // of how it is put, the weightiest first
	Ideas    []Idea  `json:"ideas,omitempty"`   // of the question, the most telling first
	Typos    []Typo  `json:"typos,omitempty"`   // in the order of the question
	Cases    []Case  `json:"cases,omitempty"`   // what speaks for the first matches, in their order
	Deserves Chance  `json:"deserves"`          // that the message deserves an article
	Right    Chance  `json:"right"`             // that the first match is right if it does; with the other, the confidence
	Missed   Bar     `json:"missed,omitempty"`  // why there is no answer; empty if there is one, or nothing was asked
	Held     Hold    `json:"held,omitempty"`    // why a likely answer is not sure; empty if the confidence is too low, or high enough
	Rival    *Rival  `json:"rival,omitempty"`   // the article that held it; nil if none did
	Sure     float64 `json:"sure"`              // the confidence from which on an answer may be sure
	Unsure   float64 `json:"unsure"`            // the one from which on there is an answer
	Version  string  `json:"version"`           // of the library
	Articles int     `json:"articles"`          // that the asker may see, each translation counted
}

// A Chance is how likely something is, and what that was made of.
type Chance struct {
	Likely float64 `json:"likely"` // 0 to 1
	Needed float64 `json:"needed"` // for an answer, by itself, unless nearly all of the message is in a title; 0 if it only counts with the other
	Parts  []Part  `json:"parts,omitempty"`
}

// A Part is what a ground adds to a chance.
type Part struct {
	Ground Ground  `json:"ground"`
	Nats   float64 `json:"nats"`
	Speaks float64 `json:"speaks"` // how many of them are for the chance, in comparison with a middling message; against it, if less than 0
}

// groundNames are for programs and catalogues.
var groundNames = [grounds]string{
	GroundAlways: "always", GroundFound: "found", GroundAsks: "asks", GroundFollows: "follows", GroundTitle: "title",
	GroundMeaning: "meaning", GroundRarest: "rarest", GroundPhrasings: "phrasings", GroundUnheard: "unheard",
	GroundStrange: "strange", GroundAlike: "alike", GroundDecided: "decided", GroundForeign: "foreign",
	GroundLead: "lead", GroundMargin: "margin",
}

// String returns the name of a ground: found, asks, title.
func (g Ground) String() string { return groundNames[g] }

// MarshalText writes a ground by its name.
func (g Ground) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// middling is how much there is of each ground where it tells nothing: about
// half way between first articles that are right and those that are wrong, or
// messages that deserve one and those that do not, in questions/dev.jsonl.
var middling = Grounds{
	GroundAlways: 1, GroundFound: 1.7, GroundAsks: 0.8, GroundTitle: 0.56, GroundMeaning: 0.64, GroundRarest: 0.49, GroundPhrasings: 0.52,
	GroundUnheard: 0.2, GroundStrange: 0.1, GroundAlike: 0.2, GroundDecided: 0.4, GroundForeign: 0.12, GroundLead: 0.39, GroundMargin: 0.54,
}

// chance is that of these grounds by weights.
func (g *Grounds) chance(weights *Grounds) Chance {
	c := Chance{Likely: g.weigh(weights)}
	for i, v := range g {
		if weights[i] != 0 {
			c.Parts = append(c.Parts, Part{Ground(i), v * weights[i], (v - middling[i]) * weights[i]})
		}
	}
	return c
}

// A Rival is an article that makes the first match less than sure.
type Rival struct {
	Title string   `json:"title"`
	For   []string `json:"for"` // audiences
}

// A Bar is what keeps a question from having an answer.
type Bar string

const (
	NotFound  Bar = "found"    // no article has any of it
	NotForUs  Bar = "deserves" // it does not read like a question that articles answer
	NotLikely Bar = "right"    // the first match is not likely enough
)

// A Clue is how the language of a question was known.
type Clue string

const (
	ByWords   Clue = "words"   // its own
	ByBefore  Clue = "before"  // those of the question before
	ByLocale  Clue = "locale"  // what the person or the channel is set to
	ByDefault Clue = "default" // nothing told it
)

// A Trait is something about how a message is put.
type Trait struct {
	Name   string   `json:"name"`             // one of [Traits]
	Nats   float64  `json:"nats"`             // for the message wanting an article; against it, if less than 0
	Quotes []string `json:"quotes,omitempty"` // the phrases that show it, at most three
}

// Traits lists the names of all traits: small_talk, question_mark.
func Traits() []string {
	names := make([]string, len(traits))
	for i, t := range traits {
		names[i] = traitName(t.name)
	}
	return names
}

func traitName(name string) string {
	return strings.NewReplacer(" ", "_", "'", "").Replace(name)
}

// A Typo is a word that was taken for another one.
type Typo struct {
	Typed string `json:"typed"`
	Meant string `json:"meant"`
}

// An Idea is a word of a question, or a phrase that means one thing.
type Idea struct {
	Words  string  `json:"words"`            // as they were meant
	Share  float64 `json:"share"`            // of what the question tells, 0 to 1
	Before bool    `json:"before"`           // said in the question before
	Known  bool    `json:"known"`            // some article has it, in whatever language
	Places []Place `json:"places,omitempty"` // where the article has it; of the question itself, none
}

// A Field is a part of an article.
type Field string

const (
	InTitle     Field = "title"
	InQuestions Field = "questions"
	InLearned   Field = "learned" // phrasings that were learned; they are counted, not quoted
	InHeadings  Field = "headings"
	InText      Field = "text"
)

// fieldOrder lists the fields, the most telling first.
var fieldOrder = []Field{InTitle, InQuestions, InLearned, InHeadings, InText}

// A Place says that an article has an idea, and where.
type Place struct {
	Field Field  `json:"field"`
	As    string `json:"as"`    // the words there; empty for what was learned, or is mistyped there
	Other bool   `json:"other"` // they are not those of the question, and mean much the same
	Count int    `json:"count"` // titles, questions, phrasings, headings or sections with them
	Of    int    `json:"of"`    // that there are
}

// A Case is what speaks for an article.
type Case struct {
	ID      ArticleID `json:"id"`
	Lang    Lang      `json:"lang"`
	Title   string    `json:"title"`
	For     []string  `json:"for"`             // audiences
	Apart   bool      `json:"apart"`           // not for the audience of the asker, which costs it some of its score
	Score   float64   `json:"score"`           // about 0 to 1
	Words   float64   `json:"words"`           // share of the best possible match of words, 0 to 1
	Letters float64   `json:"ngrams"`          // share of the runs of letters that question and article have in common, 0 to 1
	Voted   float64   `json:"voted"`           // how far the classifier, which learns from questions and phrasings, is for it: 0 to 1
	Votes   []string  `json:"votes,omitempty"` // the words that the classifier goes by, the strongest first, at most three
	Pairs   []string  `json:"pairs,omitempty"` // words that stand side by side in question and article, the most telling first, at most two
	Paired  float64   `json:"paired"`          // what all such pairs tell, as a share of what the question tells: 0 to 1
	Alike   float64   `json:"alike"`           // how alike question and article mean, whatever their words: 0 to 1; 0 if nothing tells
	Ideas   []Idea    `json:"ideas,omitempty"` // the most telling first
}

// maxPairs is how many pairs of words are named of an article.
const maxPairs = 2

// runnersUp is how many articles are explained beyond those of the answer.
const runnersUp = 3

// Explain answers a question as [Library.Find] does, and says why. It fails
// only with the error of ctx. It costs some hundred times what finding does.
func (l *Library) Explain(ctx context.Context, q Question) (Explanation, error) {
	limit := cmp.Or(max(q.Limit, 0), defaultLimit)
	q.Limit = limit + runnersUp
	answer, f, err := l.find(ctx, q)
	if err != nil {
		return Explanation{}, err
	}
	e := Explanation{
		Answer: answer, Follows: f.before, LangBy: f.langBy, Meaning: answer.Meaning, Wants: f.reading.wants,
		Version: l.Version(), Articles: len(f.articles),
	}
	if f.again {
		e.Again = f.Text
	}
	switch answer.Level {
	case Sure:
		e.Shown = min(1, len(answer.Matches))
	case Unsure:
		e.Shown = min(limit, len(answer.Matches))
	}
	for _, hint := range f.reading.features() {
		e.Traits = append(e.Traits, Trait{traitName(hint.trait), hint.weight, hint.because})
	}
	e.Ideas, e.Typos = f.ideas(f.query)
	for _, m := range answer.Matches {
		if err := ctx.Err(); err != nil {
			return Explanation{}, err
		}
		e.Cases = append(e.Cases, f.plead(f.query, m, answer.Audience.Name, e.Ideas))
	}
	byDeserves, byRight := answer.judging()
	e.Deserves, e.Right = answer.Grounds.chance(byDeserves), answer.Grounds.chance(byRight)
	e.Deserves.Needed = deserving
	e.Sure, e.Unsure = l.rules.levels()
	switch {
	case answer.Intent != Asks || answer.Level != None:
	case len(answer.Matches) == 0:
		e.Missed = NotFound
	case e.Deserves.Likely < deserving && !f.reading.titled(f.matches):
		e.Missed = NotForUs
	default:
		e.Missed = NotLikely
	}
	place := 0
	switch e.Held = answer.Held; e.Held {
	case HeldLead:
		place = 1
	case HeldRival:
		place = rival(f.matches)
	case HeldWho:
		place = answer.hinges(f.matches)
	}
	if place > 0 {
		a, _ := f.article(f.matches[place].Article.ID, l.preferred(answer.Lang, q.Locale))
		e.Rival = &Rival{a.Title, a.Audiences}
	}
	return e, nil
}

// ideas are those of a question, and what was mistyped in it. Each language of
// articles has a look, that of the question first: what one does not know,
// another may.
func (v *view) ideas(q search.Query) ([]Idea, []Typo) {
	base := text.Base(q.Lang)
	looked := map[string]bool{}
	var ideas []Idea
	var typos []Typo
	look := func(id int, a *Article) {
		looked[text.Base(string(a.Lang))] = true
		for _, found := range v.index.Explain(q, a.document(id)).Ideas {
			words, mistyped := corrected(found.Typed, found.Meant)
			at := slices.IndexFunc(ideas, func(i Idea) bool { return i.Words == words })
			if at >= 0 {
				ideas[at].Known = ideas[at].Known || found.Known
				continue
			}
			if len(looked) > 1 {
				continue // the first language has divided the question already
			}
			ideas = append(ideas, Idea{Words: words, Share: found.Share, Before: found.Before, Known: found.Known})
			typos = append(typos, mistyped...)
		}
	}
	for _, own := range []bool{true, false} {
		for id, a := range v.articles {
			lang := text.Base(string(a.Lang))
			if !looked[lang] && (lang == base) == own {
				look(id, a)
			}
		}
	}
	sortIdeas(ideas)
	return ideas, typos
}

func sortIdeas(ideas []Idea) {
	slices.SortStableFunc(ideas, func(a, b Idea) int { return cmp.Compare(b.Share, a.Share) })
}

// corrected puts the words that were meant in the place of those that were
// typed: each in that of the word it is most like.
func corrected(typed, meant string) (string, []Typo) {
	words := strings.Fields(typed)
	var typos []Typo
	from := 0
	rest := strings.Fields(meant)
	for i, m := range rest {
		best, least := -1, math.MaxInt
		for at := from; at <= len(words)-(len(rest)-i); at++ {
			if d := levenshtein.ComputeDistance(words[at], m); d < least {
				best, least = at, d
			}
		}
		if best < 0 {
			break
		}
		typos = append(typos, Typo{words[best], m})
		words[best] = m
		from = best + 1
	}
	return strings.Join(words, " "), typos
}

// plead says what speaks for a match, all its translations together: places
// are those of the language it is shown in, or else of another one.
func (v *view) plead(q search.Query, m Match, audience string, asked []Idea) Case {
	c := Case{
		ID: m.Article.ID, Lang: m.Article.Lang, Title: m.Article.Title, For: m.Article.Audiences, Score: m.Score,
		Apart: audience != "" && !slices.Contains(m.Article.Audiences, audience),
	}
	for _, idea := range asked {
		idea.Places = nil
		c.Ideas = append(c.Ideas, idea)
	}
	first, _ := slices.BinarySearchFunc(v.articles, m.Article.ID, func(a *Article, id ArticleID) int { return cmp.Compare(a.ID, id) })
	versions := versionsOf(v.articles, m.Article.ID)
	for _, shown := range []bool{true, false} {
		for i, a := range versions {
			if (a == m.Article) == shown {
				c.add(v.index.Explain(q, a.document(first+i)), a)
			}
		}
	}
	return c
}

// add adds what speaks for one translation.
func (c *Case) add(e search.Explanation, a *Article) {
	c.Words, c.Letters, c.Alike = max(c.Words, e.Hit.Words), max(c.Letters, e.Hit.Letters), max(c.Alike, e.Hit.Alike)
	if len(e.Votes) > 0 && e.Hit.Learned > c.Voted {
		c.Voted, c.Votes = e.Hit.Learned, nil
		strongest := 0.0
		for _, vote := range e.Votes {
			if text.IsFunction(vote.Word, text.Base(string(a.Lang))) {
				continue
			}
			strongest = max(strongest, vote.Nats)
			if len(c.Votes) < maxBecause && vote.Nats > strongest/3 && !slices.Contains(c.Votes, vote.Word) {
				c.Votes = append(c.Votes, vote.Word)
			}
		}
	}
	if e.Hit.Adjacent > c.Paired {
		c.Paired, c.Pairs = e.Hit.Adjacent, nil
		for _, p := range e.Pairs[:min(len(e.Pairs), maxPairs)] {
			c.Pairs = append(c.Pairs, p.Words)
		}
	}
	for _, found := range e.Ideas {
		words, _ := corrected(found.Typed, found.Meant)
		at := slices.IndexFunc(c.Ideas, func(i Idea) bool { return i.Words == words })
		if at < 0 || len(c.Ideas[at].Places) > 0 {
			continue
		}
		for _, p := range found.Found {
			c.Ideas[at].Places = append(c.Ideas[at].Places, a.places(p, words)...)
		}
		slices.SortStableFunc(c.Ideas[at].Places, func(x, y Place) int {
			return cmp.Compare(slices.Index(fieldOrder, x.Field), slices.Index(fieldOrder, y.Field))
		})
	}
}

// places finds what the index calls a place: where the article has it, and in
// how many of its texts of that kind.
func (a *Article) places(p search.Place, words string) []Place {
	var headings, bodies []string
	for _, s := range a.Sections {
		headings, bodies = append(headings, s.Heading), append(bodies, s.Text)
	}
	base := text.Base(string(a.Lang))
	stems := stemmed(text.Words(p.As), base)
	if strings.Contains(p.As, " ") {
		stems = p.As // phrases are listed by their stems
	}
	look := func(field Field, texts []string) []Place {
		out := Place{Field: field, Of: len(texts)}
		for _, t := range texts {
			if as := passageOf(t, stems, base); as != "" {
				out.Count++
				out.As = cmp.Or(out.As, as)
			}
		}
		if out.Count == 0 {
			return nil
		}
		out.Other = stems != stemmed(strings.Fields(words), base)
		return []Place{out}
	}
	switch p.Field {
	case search.InTitle:
		return look(InTitle, []string{a.Title})
	case search.InPhrasings:
		list := append(look(InQuestions, a.Questions), look(InLearned, a.Learned)...)
		if len(list) == 0 && len(a.Questions) > 0 { // mistyped there
			list = []Place{{Field: InQuestions, Other: !p.Same, Count: min(p.Times, len(a.Questions)), Of: len(a.Questions)}}
		}
		for i := range list {
			if list[i].Field == InLearned {
				list[i].As = "" // another asker's own words, perhaps
			}
		}
		return list
	case search.InHeadings:
		return look(InHeadings, headings)
	}
	return look(InText, bodies)
}

func stemmed(words []string, base string) string {
	stems := make([]string, len(words))
	for i, w := range words {
		stems[i] = text.Stem(w, base)
	}
	return strings.Join(stems, " ")
}

// passageOf returns the words of a text that have the given stems, which are
// joined by spaces; empty if it has none such.
func passageOf(s, stems, base string) string {
	words := text.Words(s)
	n := strings.Count(stems, " ") + 1
	for i := range len(words) - n + 1 {
		if stemmed(words[i:i+n], base) == stems {
			return strings.Join(words[i:i+n], " ")
		}
	}
	return ""
}
