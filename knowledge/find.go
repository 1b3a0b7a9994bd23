package knowledge

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/audience"
	"github.com/signpost-bot/signpost/knowledge/search"
	"github.com/signpost-bot/signpost/knowledge/semantic"
	"github.com/signpost-bot/signpost/knowledge/text"
)

// A Question is what a person asked and what is known about them.
type Question struct {
	Text   string
	Before []string // earlier questions of the same conversation, oldest first
	Topic  string   // of the article that the conversation was last answered with; empty if none
	Locale Lang     // the person's or else the channel's language; empty if unknown

	// Known is what is known of the asker apart from the words: earlier choice,
	// roles and groups, channel.
	Known []audience.Evidence
	// Private names the private audiences whose articles this asker may see
	// here. Everything else private does not exist for them.
	Private []string
	// Settled says that the asker has chosen an audience since they wrote this, by
	// which what the text says of it is overruled.
	Settled bool

	Limit int // how many matches at most; 0 means 3
}

// A Level says how far an answer may be trusted.
type Level string

const (
	Sure   Level = "sure"   // one article, short
	Unsure Level = "unsure" // up to three: is it one of these?
	None   Level = "none"   // nothing fits; offer a person
)

// An Intent is what a message wants from us.
type Intent string

const (
	Asks     Intent = "asks"     // a question or a complaint: something to find
	Greets   Intent = "greets"   // hello
	Thanks   Intent = "thanks"   // thank you, that worked
	Unhelped Intent = "unhelped" // that did not help
	Person   Intent = "person"   // wants to talk to a human
	Says     Intent = "says"     // a statement, chatter, noise: nothing to find
)

// An Answer is what the library makes of a question.
type Answer struct {
	Intent     Intent
	Level      Level
	Confidence float64 // 0 to 1: how likely the first match is right; 0 if nothing was asked
	Lang       Lang    // of the question; the locale's, then the default if it cannot be told
	Audience   audience.Guess
	Grounds    Grounds // what the confidence was made from
	Meaning    string  // the model that told what the question means; empty if none did
	Says       string  // the audience that the asker, going on from a question, says they are; empty if none
	Held       Hold    // why an answer that is likely enough is not sure after all
	Matches    []Match // best first; ranking regardless of Level, at most Limit
}

// A Match is an article that may answer, and where in it.
type Match struct {
	Article *Article
	Section *Section   // best section, for the deep link and the passage
	Passage string     // quoted from the article, never invented; at most 300 runes; … at its end if a line goes on
	Also    []*Article // at most two that say nearly the same, for the same people, and fit less well
	Score   float64    // about 0 to 1; the order of the matches
}

// defaultLimit is how many matches an answer has if the question does not say.
const defaultLimit = 3

// Find answers a question. It fails only with the error of ctx.
func (l *Library) Find(ctx context.Context, q Question) (Answer, error) {
	answer, f, err := l.find(ctx, q)
	if f.like != nil {
		f.like.Done()
	}
	return answer, err
}

// A finding is what an answer was made from.
type finding struct {
	*view
	thread
	langBy  Clue
	query   search.Query
	like    *semantic.Likeness // nil if nothing tells what the question means
	matches []found            // all of them, twins included
}

func (l *Library) find(ctx context.Context, q Question) (answer Answer, f finding, err error) {
	if err := ctx.Err(); err != nil {
		return Answer{}, finding{}, err
	}
	v := l.view(q.Private)
	q.Text = start(q.Text)
	t := l.thread(v, q)
	q, r, before := t.Question, t.reading, t.before
	answer, f = Answer{Says: t.says}, finding{view: v, thread: t}
	answer.Lang, f.langBy = l.language(v, q)
	lang := string(answer.Lang)
	f.query = search.Query{Text: r.rest, Before: before, Lang: lang}
	if f.like, answer.Meaning, err = v.alike(ctx, r.rest, before, lang); err != nil {
		return Answer{}, finding{}, err
	}
	if f.like != nil {
		f.query.Alike = f.like
	}
	result := v.index.Rank(f.query, maxHits)
	answer.Audience = v.guess(q, r, before, lang, result.Hits)
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	if !t.follows {
		q.Topic = ""
	}
	langs := l.preferred(answer.Lang, q.Locale)
	matches, parts := v.matches(result.Hits, answer, q.Topic, langs, limit)
	if answer.votedOnly() && len(matches) > 0 && divided(matches) {
		// Articles for others say as much about it: nobody knows who asks.
		answer.Audience.Name, answer.Audience.Why = "", nil
		matches, parts = v.matches(result.Hits, answer, q.Topic, langs, limit)
	}
	answer.judge(r, t.follows || t.again, result, matches, l.rules)
	f.matches = matches
	matches = v.fold(matches)
	senses := map[Lang]search.Sense{}
	for _, m := range matches[:min(limit, len(matches))] {
		v.open(&m, parts, langs)
		sense, ok := senses[m.Article.Lang]
		if !ok {
			sense = v.index.Sense(f.query, string(m.Article.Lang))
			senses[m.Article.Lang] = sense
		}
		m.Section = &m.Article.Sections[section(m.Article, parts[m.Article], sense, wanted(r))]
		m.Passage = passage(m.Section.Text, sense.In)
		answer.Matches = append(answer.Matches, m.Match)
	}
	return answer, f, nil
}

// maxHits is how many articles are looked at, translations counted: an audience
// may lift one that stands further down.
const maxHits = 64

// maxText is how many bytes of a message are read. Chat platforms allow a few
// thousand; what a question is about is said in the first lines.
const maxText = 4000

func start(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "")
}

// language tells the language of a question: by its words, or else by those of
// the questions before, or else by the locale if there are articles in it, or
// else the default. Words that two languages share still rule out the others. A
// few words after a question are in its language if they can be: "e pix?".
func (l *Library) language(v *view, q Question) (Lang, Clue) {
	var likely []Lang
	for _, before := range slices.Backward(q.Before) {
		if lang := v.detector.Detect(start(before), string(q.Locale)); lang != "" {
			likely = append(likely, Lang(lang))
			break
		}
	}
	speaks := v.detector.Speaks(q.Text)
	if len(likely) > 0 && len(strings.Fields(q.Text)) <= maxFollowing && slices.Contains(speaks, string(likely[0])) {
		return likely[0], ByBefore
	}
	if lang := v.detector.Detect(q.Text, string(q.Locale)); lang != "" {
		return Lang(lang), ByWords
	}
	before := len(likely)
	for _, lang := range l.rules.Languages {
		if q.Locale != "" && text.Base(string(lang)) == text.Base(string(q.Locale)) {
			likely = append(likely, lang)
		}
	}
	local := len(likely)
	if len(speaks) == 0 {
		speaks = v.detector.Close(q.Text, string(q.Locale))
		for _, lang := range speaks {
			likely = append(likely, Lang(lang)) // the words leave it open, but rule out the rest
		}
	}
	open := len(likely)
	likely = append(likely, l.rules.Languages...)
	likely = append(likely, q.Locale)
	best := max(slices.IndexFunc(likely, func(lang Lang) bool { return slices.Contains(speaks, string(lang)) }), 0)
	switch {
	case best < before:
		return likely[best], ByBefore
	case best < local:
		return likely[best], ByLocale
	case best < open:
		return likely[best], ByWords
	}
	return likely[best], ByDefault
}

// A found match carries what judging it needs.
type found struct {
	Match
	covered, titled, telling, learned float64 // of [search.Hit], the best over its languages
	said                              bool    // likewise
	foreign                           bool    // the best hit is in another language than the question
}

// elsewhere is what is left of the score of an article that is not for the
// guessed audience: enough to win if it is clearly the better one.
const elsewhere = 0.8

// elsewhereChosen is likewise what is left if the asker said who they are: what
// is for others is no answer then, if there is one for them.
const elsewhereChosen = 0.4

// matches turns hits into articles, best first, each once, and tells the best
// part of each. The first limit of them are open.
func (v *view) matches(hits []search.Hit, answer Answer, topic string, langs []Lang, limit int) (all []found, parts map[*Article]int) {
	at := map[ArticleID]int{}
	parts = map[*Article]int{}
	others := elsewhere
	if slices.ContainsFunc(answer.Audience.Why, func(r audience.Reason) bool { return r.Source == audience.Chosen }) {
		others = elsewhereChosen
	}
	for _, hit := range hits {
		a := v.articles[hit.ID]
		parts[a] = hit.Part
		if i, ok := at[a.ID]; ok {
			all[i].covered = max(all[i].covered, hit.Covered)
			all[i].titled = max(all[i].titled, hit.Titled)
			all[i].telling = max(all[i].telling, hit.Telling)
			all[i].learned = max(all[i].learned, hit.Learned)
			all[i].said = all[i].said || hit.Said
			continue
		}
		score := hit.Score
		if answer.Audience.Name != "" && !slices.Contains(a.Audiences, answer.Audience.Name) {
			score *= others
		}
		if topic != "" && a.Topic == topic {
			score *= sameTopic
		}
		at[a.ID] = len(all)
		all = append(all, found{Match{Article: a, Score: score}, hit.Covered, hit.Titled, hit.Telling, hit.Learned, hit.Said, text.Base(string(a.Lang)) != text.Base(string(answer.Lang))})
	}
	slices.SortStableFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Article.ID, b.Article.ID))
	})
	for i := range all[:min(limit, len(all))] {
		v.open(&all[i], parts, langs)
	}
	return all, parts
}

// open turns a match, and what it mentions, to the first of langs that there is,
// and to the best section.
func (v *view) open(m *found, parts map[*Article]int, langs []Lang) {
	m.Article, _ = v.article(m.Article.ID, langs)
	m.Section = &m.Article.Sections[parts[m.Article]]
	for i, a := range m.Also {
		m.Also[i], _ = v.article(a.ID, langs)
	}
}
