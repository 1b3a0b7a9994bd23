package bot

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/audience"
)

// Explain words why a question is answered as it is, for whoever looks after
// the articles: paragraphs, the most important first, in the language nearest
// to lang.
func Explain(e knowledge.Explanation, lang string, s Settings) ([]chat.Text, error) {
	words, err := newWords()
	if err != nil {
		return nil, err
	}
	t := &turn{Bot: &Bot{settings: s, words: words}, lang: words.speak(lang)}
	return t.explanation(e), nil
}

// explanation words an explanation in the language of the turn.
func (t *turn) explanation(e knowledge.Explanation) []chat.Text {
	x := &explaining{turn: t, Explanation: e}
	x.verdict()
	x.paragraph()
	if e.Answer.Intent == knowledge.Asks {
		x.words()
		x.paragraph()
		x.voices()
		x.paragraph()
		x.asker()
		x.paragraph()
		x.next()
		x.paragraph()
	}
	x.say("whence", args{"N": e.Articles, "Version": short(e.Version)})
	x.paragraph()
	return x.paragraphs
}

// explaining puts sentences together.
type explaining struct {
	*turn
	knowledge.Explanation
	paragraphs []chat.Text
	text       chat.Text // of the paragraph that is being written
}

func (x *explaining) paragraph() {
	if len(x.text) > 0 {
		x.paragraphs, x.text = append(x.paragraphs, x.text), nil
	}
}

func (x *explaining) say(id string, a ...args) {
	if len(x.text) > 0 {
		x.text = append(x.text, chat.Span{Text: " "})
	}
	x.text = append(x.text, x.turn.words.say(x.lang, id, a...)...)
}

// verdict says what was answered and how sure it is.
func (x *explaining) verdict() {
	if x.Answer.Intent != knowledge.Asks {
		x.say("took_for_" + string(x.Answer.Intent))
		if x.Answer.Intent == knowledge.Says {
			x.reads()
		}
		return
	}
	first := args{"Percent": percent(x.Answer.Confidence), "Limit": percent(x.Unsure)}
	if len(x.Cases) > 0 {
		first["Title"] = x.Cases[0].Title
	}
	switch x.Missed {
	case knowledge.NotFound:
		x.say("missed_found")
		x.lacks(nil)
		return
	case knowledge.NotForUs:
		x.say("missed_deserves", args{"Percent": percent(x.Deserves.Likely), "Limit": percent(x.Deserves.Needed)})
		x.doubts()
		x.say("nearest", first)
		return
	case knowledge.NotLikely:
		x.say("missed_right", first)
		x.grounds()
		return
	}
	if x.Answer.Level == knowledge.Sure {
		x.say("verdict_sure", first)
	} else {
		first["N"] = x.Shown
		x.say("verdict_unsure", first)
		x.held()
	}
	x.grounds()
}

// reads says what speaks against a message wanting an article.
func (x *explaining) reads() {
	var parts, quoted []string
	for _, trait := range x.Traits {
		if trait.Nats > -telling || len(parts) == 2 {
			continue
		}
		part := x.line("reads_" + trait.Name)
		if len(trait.Quotes) > 0 {
			quotes := slices.DeleteFunc(slices.Clone(trait.Quotes), func(q string) bool { return slices.Contains(quoted, q) })
			if len(quotes) == 0 {
				continue // said in other words
			}
			quoted = append(quoted, quotes...)
			part = x.line("reads_quoting", args{"Part": part, "Words": x.quoted(quotes)})
		}
		parts = append(parts, part)
	}
	if len(parts) > 0 {
		x.say("reads", args{"Parts": x.list(parts)})
	}
}

// doubts says why a message does not look like a question for us. The other
// grounds are left out on purpose: words that no article has are told of with
// those that one has, and likeness to example questions with what these say,
// which the search has counted already.
func (x *explaining) doubts() {
	for _, part := range weightiest(x.Deserves.Parts) {
		if part.Speaks > -telling {
			continue
		}
		switch part.Ground {
		case knowledge.GroundAsks:
			x.reads()
		case knowledge.GroundFound:
			x.say("doubts_found")
		case knowledge.GroundForeign:
			x.say("doubts_foreign")
		}
	}
}

// held says what kept a likely answer from being sure.
func (x *explaining) held() {
	first := x.Cases[0]
	a := args{"Percent": percent(x.Sure)}
	if x.Rival != nil {
		a["Title"], a["Audience"] = x.Rival.Title, x.audiences(x.Rival.For)
	}
	switch x.Held {
	case "":
		x.say("held_below", a)
		return
	case knowledge.HeldAudience:
		a["Audience"] = x.audiences(first.For)
	case knowledge.HeldSubject:
		switch word, lacks := x.lacksSubject(); {
		case lacks:
			a["Words"] = x.quoted([]string{word})
		case !slices.ContainsFunc(first.Ideas, itself):
			x.say("held_related")
			return
		default:
			x.say("held_barely")
			return
		}
	}
	x.say("held_"+string(x.Held), a)
}

// lacksSubject returns the idea that tells most of the question, if the first
// article lacks it and another one has it.
func (x *explaining) lacksSubject() (words string, lacks bool) {
	for _, idea := range x.Cases[0].Ideas {
		if idea.Known && !idea.Before {
			return idea.Words, len(idea.Places) == 0
		}
	}
	return "", false
}

// itself reports whether an article has an idea in its own words.
func itself(idea knowledge.Idea) bool {
	return slices.ContainsFunc(idea.Places, func(p knowledge.Place) bool { return !p.Other })
}

// telling is how many nats a part of a chance has at least that is worth telling
// of.
const telling = 0.3

// told are the grounds that speak for or against a choice in words that anyone
// understands. The others are left out: "always" is the same for all, and how
// much of the question the article has, what the example questions say and in
// which language it is are told by themselves, and weighed against the search
// here, which has counted them already.
var told = []knowledge.Ground{knowledge.GroundFound, knowledge.GroundTitle, knowledge.GroundRarest, knowledge.GroundLead, knowledge.GroundMargin}

// toldBy are the grounds that a hold has told of already.
var toldBy = map[knowledge.Hold][]knowledge.Ground{
	knowledge.HeldLead:    {knowledge.GroundLead, knowledge.GroundMargin},
	knowledge.HeldSubject: {knowledge.GroundTitle, knowledge.GroundRarest},
	knowledge.HeldRival:   {knowledge.GroundLead, knowledge.GroundMargin},
}

// weightiest sorts parts by how much they speak for or against.
func weightiest(parts []knowledge.Part) []knowledge.Part {
	return slices.SortedStableFunc(slices.Values(parts), func(a, b knowledge.Part) int {
		return cmp.Compare(math.Abs(b.Speaks), math.Abs(a.Speaks))
	})
}

// grounds says what speaks for the first article being right, and what against
// it.
func (x *explaining) grounds() {
	sides := map[string][]string{}
	ahead := map[string]bool{}
	for _, part := range weightiest(x.Right.Parts) {
		side := "for"
		if part.Speaks < 0 {
			side = "against"
		}
		if !slices.Contains(told, part.Ground) || slices.Contains(toldBy[x.Held], part.Ground) || math.Abs(part.Speaks) < telling || len(sides[side]) == 2 {
			continue
		}
		if part.Ground == knowledge.GroundLead || part.Ground == knowledge.GroundMargin {
			if ahead[side] {
				continue // said once already
			}
			ahead[side] = true
		}
		sides[side] = append(sides[side], x.line(side+"_"+part.Ground.String()))
	}
	if parts := sides["for"]; len(parts) > 0 {
		x.say("grounds_for", args{"Parts": x.list(parts)})
	}
	if parts := sides["against"]; len(parts) > 0 {
		x.say("grounds_against", args{"Parts": x.list(parts)})
	}
}

// maxRelated is how many ideas are told of that the article has in other words.
const maxRelated = 2

// faint is the share of a question below which an idea is not told of.
const faint = 0.05

// words says what of the question the first article has, and where.
func (x *explaining) words() {
	if x.Again != "" {
		x.say("again", args{"Words": x.quoted([]string{chat.Shorten(oneLine(x.Again), 100)})})
	}
	if x.Follows != "" {
		x.say("follows", args{"Words": x.quoted([]string{chat.Shorten(oneLine(x.Follows), 100)})})
	}
	var typos []string
	for _, typo := range x.Typos {
		typos = append(typos, x.line("typo", args{"Typed": typo.Typed, "Meant": typo.Meant}))
	}
	if len(typos) > 0 {
		x.say("typos", args{"Typos": x.list(typos)})
	}
	if len(x.Cases) == 0 {
		return
	}
	first := x.Cases[0]
	same := map[knowledge.Field][]string{} // ideas by their best place
	related := 0
	for _, idea := range first.Ideas {
		if len(idea.Places) == 0 || idea.Share < faint {
			continue
		}
		best := idea.Places[0]
		if best.As != "" && best.Other && related < maxRelated {
			related++
			x.say("related", args{"Words": idea.Words, "As": best.As, "Places": x.places(alike(idea.Places, best.As))})
			continue
		}
		same[best.Field] = append(same[best.Field], idea.Words)
	}
	for _, field := range []knowledge.Field{knowledge.InTitle, knowledge.InQuestions, knowledge.InLearned, knowledge.InHeadings, knowledge.InText} {
		list := same[field]
		if len(list) == 0 {
			continue
		}
		places := x.line("place_" + string(field))
		if len(list) == 1 {
			places = x.places(placesOf(first, list[0]))
		}
		id := "stands"
		if len(list) > 1 {
			id = "stand"
		}
		x.say(id, args{"Words": x.quoted(list), "Places": places})
	}
	missing := x.missing(first)
	if word, lacks := x.lacksSubject(); lacks && x.Held == knowledge.HeldSubject {
		missing = slices.DeleteFunc(missing, func(w string) bool { return w == word }) // it was the first thing said
	}
	x.lacks(missing)
}

// alike are the places where the same words stand.
func alike(places []knowledge.Place, as string) []knowledge.Place {
	return slices.DeleteFunc(slices.Clone(places), func(p knowledge.Place) bool { return p.As != as })
}

func placesOf(c knowledge.Case, words string) []knowledge.Place {
	for _, idea := range c.Ideas {
		if idea.Words == words {
			return idea.Places
		}
	}
	return nil
}

// maxPlaces is how many places are named of a word: the most telling.
const maxPlaces = 2

// places names places: in the title and in 6 of its 10 example questions.
func (x *explaining) places(places []knowledge.Place) string {
	var parts []string
	for _, p := range places[:min(len(places), maxPlaces)] {
		if p.Field == knowledge.InQuestions {
			parts = append(parts, x.line("place_of_questions", args{"Count": p.Count, "Of": p.Of}))
			continue
		}
		parts = append(parts, x.line("place_"+string(p.Field)))
	}
	return x.list(parts)
}

// missing are the ideas that other articles have and this one has not, the
// most telling first.
func (x *explaining) missing(c knowledge.Case) []string {
	var list []string
	for _, idea := range c.Ideas {
		if len(idea.Places) == 0 && idea.Known && !idea.Before {
			list = append(list, idea.Words)
		}
	}
	return list
}

// maxMissing is how many words are said to be missing.
const maxMissing = 3

// lacks says what the first article lacks, and what all articles do.
func (x *explaining) lacks(missing []string) {
	var unknown []string
	for _, idea := range x.Ideas {
		if !idea.Known && !idea.Before {
			unknown = append(unknown, idea.Words)
		}
	}
	if len(missing) > 0 {
		x.say("lacks", args{"Words": x.either(missing[:min(len(missing), maxMissing)])})
	}
	if len(unknown) > 0 {
		x.say("unknown_words", args{"Words": x.either(unknown[:min(len(unknown), maxMissing)])})
	}
}

// alikeEnough is from where on it is told how alike question and article mean:
// texts that have nothing to do with each other are seldom that alike.
const alikeEnough = 0.35

// voices says what else speaks for the first article.
func (x *explaining) voices() {
	if len(x.Cases) == 0 {
		return
	}
	first, second := x.Cases[0], 0.0
	for _, c := range x.Cases[1:] {
		second = max(second, c.Voted)
	}
	if n := percent(first.Voted); n >= 5 {
		a := args{"Percent": n, "Second": percent(second), "Words": x.quoted(first.Votes)}
		switch {
		case first.Voted < second:
			x.say("voted_other", a)
		case len(first.Votes) == 0:
			x.say("voted", a)
		default:
			x.say("voted_by", a)
		}
	}
	if percent(first.Paired) >= 5 {
		x.say("together", args{"Words": x.quoted(first.Pairs)})
	}
	if n := percent(first.Letters); n >= 5 {
		x.say("letters", args{"Percent": n})
	}
	if first.Alike >= alikeEnough {
		x.say("meant", args{"Percent": percent(first.Alike)})
	}
}

// asker says who seems to ask, in which language, and how that is known.
func (x *explaining) asker() {
	if len(x.settings.Audiences) > 1 {
		trail := conversation.Trail{Audience: x.Answer.Audience.Name, Why: reasons(x.Answer.Audience)}
		for i := range trail.Why {
			trail.Why[i].Detail = curled(trail.Why[i].Detail)
		}
		label := lower(x.audienceLabel(x.lang, trail.Audience))
		switch why := x.why("they_", trail); {
		case trail.Audience == "":
			x.say("asker_unclear")
		case why == "":
			x.say("asker", args{"Audience": label, "A": article(label)})
		default:
			x.say("asker_because", args{"Audience": label, "A": article(label), "Why": why})
		}
	}
	lang := x.turn.words.named(x.lang, "lang", string(x.Answer.Lang), nil)
	x.say("spoken_"+string(x.LangBy), args{"Lang": inSentence(x.lang, lang)})
	if len(x.Cases) > 0 && string(x.Cases[0].Lang) != string(x.Answer.Lang) {
		in := func(lang knowledge.Lang) string { return x.turn.words.named(x.lang, "in", string(lang), nil) }
		x.say("foreign", args{"Not": in(x.Answer.Lang), "In": in(x.Cases[0].Lang)})
	}
}

// curled writes quotation marks as the other sentences have them.
func curled(s string) string {
	mark := "”"
	for strings.Contains(s, `"`) {
		if mark == "”" {
			mark = "“"
		} else {
			mark = "”"
		}
		s = strings.Replace(s, `"`, mark, 1)
	}
	return s
}

// inSentence is the name of a language as it stands in a sentence: only
// English has a capital there.
func inSentence(lang, name string) string {
	if lang == "en" {
		return name
	}
	return lower(name)
}

// runnersUp is how many articles are said to come next.
const runnersUp = 3

// next says which articles come next, how near, and what they lack that the
// first has.
func (x *explaining) next() {
	if len(x.Cases) < 2 || x.Cases[0].Score <= 0 {
		return
	}
	first := x.Cases[0]
	missing := x.missing(first)
	x.say("next")
	for i, c := range x.Cases[1:min(len(x.Cases), runnersUp+1)] {
		if i > 0 {
			x.text = append(x.text, chat.Span{Text: ";"})
		}
		a := args{"Title": c.Title, "Percent": percent(c.Score / first.Score), "Words": "", "Audience": x.audiences(c.For)}
		lacks := slices.DeleteFunc(x.missing(c), func(w string) bool { return slices.Contains(missing, w) })
		switch {
		case len(lacks) > 0:
			a["Words"] = x.quoted(lacks[:min(len(lacks), 2)])
			x.say("next_without", a)
		case c.Apart:
			x.say("next_apart", a)
		default:
			x.say("next_one", a)
		}
	}
	x.text = append(x.text, chat.Span{Text: "."})
}

// audiences lists the labels of audiences.
func (x *explaining) audiences(names []string) string {
	var labels []string
	for _, name := range names {
		labels = append(labels, lower(x.audienceLabel(x.lang, name)))
	}
	return x.list(labels)
}

// quoted lists words, each in quotation marks.
func (x *explaining) quoted(words []string) string { return x.list(inQuotes(words)) }

// either lists words of which none is there.
func (x *explaining) either(words []string) string {
	return join(inQuotes(words), x.line("list_or"))
}

func inQuotes(words []string) []string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "“" + w + "”"
	}
	return quoted
}

// list joins parts of a sentence: a, b and c.
func (x *explaining) list(parts []string) string { return join(parts, x.line("why_and")) }

func join(parts []string, last string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	n := len(parts) - 1
	return strings.Join(parts[:n], ", ") + " " + last + " " + parts[n]
}

// short is as much of a version as people compare.
func short(version string) string { return version[:min(len(version), 8)] }

// percent rounds a share; only what is certain is 0 or 100.
func percent(share float64) int {
	switch {
	case share <= 0:
		return 0
	case share >= 1:
		return 100
	}
	return min(max(int(share*100+0.5), 1), 99)
}

// explained is how many questions of a ticket are explained: the newest. More
// do not fit into a message.
const explained = 2

// whyShown tells an agent what the asker was shown, and why.
func (t *turn) whyShown(in chat.Invocation) error {
	k, _, err := t.worked(in)
	if err != nil {
		return err
	}
	trail := k.Value.Trail
	blocks := []chat.Block{{Layout: chat.Heading, Text: t.words.say(t.lang, "why_title", args{"Ticket": k.Value.ID})}}
	audience := t.words.say(t.lang, "why_unclear")
	if trail.Audience != "" {
		audience = chat.Plain(t.whoAndWhy(t.audienceLabel(t.lang, trail.Audience), trail))
	}
	blocks = append(blocks, chat.Block{Layout: chat.Facts, Facts: []chat.Fact{
		{Name: t.line("fact_audience"), Value: audience},
		{Name: t.line("fact_language"), Value: chat.Plain(t.words.named(t.lang, "lang", trail.Lang, nil))},
	}})
	for i, asked := range trail.Asked {
		blocks = append(blocks, quote(cmp.Or(asked.Text, t.line("taken_back"))))
		blocks = append(blocks, t.shownFor(asked)...)
		if asked.Text == "" || i < len(trail.Asked)-explained {
			continue
		}
		why, err := t.whyNow(&k.Value, i)
		if err != nil {
			return err
		}
		blocks = append(blocks, why...)
	}
	if len(trail.Asked) > explained {
		blocks = append(blocks, contextLine(t.words.say(t.lang, "why_rest")))
	}
	for _, p := range trail.Pressed {
		verb, name, _ := strings.Cut(p.What, " ")
		blocks = append(blocks, contextLine(t.words.say(t.lang, "pressed_"+verb, args{
			"What": lower(t.audienceLabel(t.lang, name)), "Ago": t.words.ago(t.lang, t.at.Sub(p.At)),
		})))
	}
	t.tell(blocks...)
	return nil
}

// shownFor is what was shown for a question at the time, as far as the sender
// may see it.
func (t *turn) shownFor(asked conversation.Asked) []chat.Block {
	visible := slices.DeleteFunc(slices.Clone(asked.Shown), func(s conversation.Shown) bool { return !t.mayRead(t.event.From, s) })
	if len(visible) == 0 && len(asked.Shown) > 0 {
		return nil // how sure it was would tell that there is one
	}
	blocks := []chat.Block{contextLine(t.words.say(t.lang, "why_level_"+asked.Level, args{"Percent": percent(asked.Confidence)}))}
	for _, s := range visible {
		line := chat.Text{{Text: s.Title, URL: s.URL}}
		if s.Score > 0 {
			line = append(line, chat.Span{Text: fmt.Sprintf(" · %.2f", s.Score)})
		}
		blocks = append(blocks, chat.Block{Layout: chat.Paragraph, Text: line})
	}
	return blocks
}

// whyNow explains the i-th question of a ticket by the articles of today, of
// which only those count that asker and sender both may see.
func (t *turn) whyNow(k *desk.Ticket, i int) ([]chat.Block, error) {
	asked := k.Trail.Asked[i]
	mine := t.private(t.event.From, true)
	q := knowledge.Question{
		Text: asked.Text, Limit: t.settings.Articles, Locale: knowledge.Lang(k.Asker.Locale), Known: proven(k.Trail), Settled: asked.Settled,
		Private: slices.DeleteFunc(t.private(k.Asker, k.Private), func(name string) bool { return !slices.Contains(mine, name) }),
	}
	for _, before := range k.Trail.Asked[max(0, i-contextQuestions):i] {
		q.Before = append(q.Before, before.Text)
		q.Locale = knowledge.Lang(k.Trail.Lang)
		q.Topic = cmp.Or(t.topicShown(q.Private, &before), q.Topic)
	}
	e, err := t.library().Explain(t.ctx, q)
	if err != nil {
		return nil, err
	}
	var blocks []chat.Block
	switch asked.Knowledge {
	case e.Version:
	case "":
		blocks = append(blocks, contextLine(t.words.say(t.lang, "why_today")))
	default:
		blocks = append(blocks, contextLine(t.words.say(t.lang, "why_changed")))
	}
	for _, p := range t.explanation(e) {
		blocks = append(blocks, chat.Block{Layout: chat.Paragraph, Text: p})
	}
	return blocks, nil
}

// proven is what was known of an asker apart from the words.
func proven(trail conversation.Trail) []audience.Evidence {
	var known []audience.Evidence
	for _, r := range trail.Why {
		switch source := audience.Source(r.Source); source {
		case audience.Chosen, audience.Role, audience.Group, audience.Channel:
			known = append(known, audience.Evidence{Audience: r.Audience, Source: source, Detail: r.Detail})
		}
	}
	return known
}
