package knowledge

import (
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/audience"
	"github.com/signpost-bot/signpost/knowledge/search"
	"github.com/signpost-bot/signpost/knowledge/text"
)

// A thread is a question as it is to be answered after what was said before it.
type thread struct {
	Question // its text is an earlier one if the new one only says for whom
	reading  reading
	before   string // what is to be read with the text, or ""
	follows  bool   // goes on from before
	again    bool   // asks what was asked before once more, for another audience
	says     string // the audience that the asker says they are, or ""
}

// thread works out what q asks for. "and for pix?" is read with the question
// before it, "i mean as an affiliate" asks that question again, for an
// affiliate, and a question that can be understood alone stands alone.
func (l *Library) thread(v *view, q Question) thread {
	t := thread{Question: q, reading: interpret(q.Text, v.index.Known)}
	if len(q.Before) == 0 {
		return t
	}
	t.Before = slices.Clone(q.Before)
	for i, s := range t.Before {
		t.Before[i] = start(s)
	}
	if named, ok := v.naming(t.Text); ok {
		if !q.Settled {
			t.Known = choose(t.Known, named.audience)
			if named.self {
				t.says = named.audience
			}
		}
		if named.rest == "" {
			last := len(t.Before) - 1
			for last >= 0 && !v.asksIn(t.Before[last]) {
				last--
			}
			if last < 0 {
				return t // nobody asked anything yet
			}
			t.Text, t.Before, t.again = t.Before[last], t.Before[:last], true
			t.reading = interpret(t.Text, v.index.Known)
			if again, ok := v.naming(t.Text); ok {
				t.Text = again.rest // as an affiliate with pix, and now as a creator
				t.reading = interpret(t.Text, v.index.Known)
			}
		} else {
			t.Text = named.rest
			t.reading = interpret(t.Text, v.index.Known)
			t.reading.follows = true
		}
	} else if !slices.ContainsFunc(q.Known, func(e audience.Evidence) bool { return e.Source == audience.Chosen }) {
		for _, s := range slices.Backward(t.Before) {
			if named, ok := v.naming(s); ok && named.self {
				t.Known = choose(t.Known, named.audience)
				break
			}
		}
	}
	t.before = l.context(v, t.Question, t.reading)
	t.follows = t.before != ""
	return t
}

// choose makes an audience the one that was chosen.
func choose(known []audience.Evidence, name string) []audience.Evidence {
	known = slices.DeleteFunc(slices.Clone(known), func(e audience.Evidence) bool { return e.Source == audience.Chosen })
	return append(known, audience.Evidence{Audience: name, Source: audience.Chosen})
}

// context returns what q goes on from, or "": the newest question that can be
// understood alone, and the newest that went on from it.
func (l *Library) context(v *view, q Question, r reading) string {
	if !l.goesOn(v, q, r) {
		return ""
	}
	between := ""
	for i, s := range slices.Backward(q.Before) {
		if !v.asksIn(s) {
			continue
		}
		earlier := Question{Text: s, Before: q.Before[:i], Locale: q.Locale}
		reading := interpret(s, v.index.Known)
		if named, ok := v.naming(s); ok {
			if earlier.Text = named.rest; named.rest == "" {
				continue
			}
			reading = interpret(named.rest, v.index.Known)
		}
		if i > 0 && l.goesOn(v, earlier, reading) && slices.ContainsFunc(q.Before[:i], v.asksIn) {
			if between == "" {
				between = earlier.Text
			}
			continue
		}
		return strings.TrimSpace(earlier.Text + "\n" + between)
	}
	return between
}

// asksIn reports whether an earlier message has something to go on from.
func (v *view) asksIn(message string) bool {
	if named, ok := v.naming(message); ok && named.rest == "" {
		return false
	}
	r := interpret(message, v.index.Known)
	return !r.idle && r.intent(true) == Asks && len(content(r)) > 0
}

const (
	// maxFollowing is how many words a message has at most that may go on from
	// the question before it although it does not say so.
	maxFollowing = 4
	// maxNew is how many words that say something a message has at most that
	// speaks of "it": whoever says more says what it is.
	maxNew = 2
	// own is how much of a short message the title of an article has, or the
	// questions for it, that is a question by itself: "change my password".
	own = 0.8
)

// goesOn reports whether q cannot be understood without the questions before
// it: it begins with "and", speaks of "it", or has few words.
func (l *Library) goesOn(v *view, q Question, r reading) bool {
	if len(q.Before) == 0 || r.idle {
		return false
	}
	said := content(r)
	short := r.words <= maxFollowing
	switch {
	case len(said) == 0:
		return r.asks() || r.follows && r.words > 1
	case r.count["agrees"] == r.words:
		return false
	case !r.follows && !short:
		return len(said) <= maxNew && slices.ContainsFunc(r.tokens, func(w string) bool { return pointers[w] })
	case len(said) < 2, r.words < 3, r.follows && (r.count["asks"] == 0 || r.words <= maxFollowing):
		return true
	}
	found, _ := l.language(v, q)
	lang := string(found)
	hits := v.index.Rank(search.Query{Text: r.rest, Lang: lang}, 1).Hits
	return len(hits) == 0 || hits[0].Titled < own
}

// pointers stand for what was spoken of before.
var pointers = set(`it its this that them they those these one
	isso isto ele ela eles elas dele dela disso nisso deste desse dessa essa esse
	eso esto ello ellos ellas ese esa esos esas lo`)

// content are the words of a reading that say something.
func content(r reading) []string {
	var words []string
	for _, w := range r.tokens {
		if !text.IsSmall(w) {
			words = append(words, w)
		}
	}
	return words
}

// sameTopic is how much better an article fits a message that goes on from the
// question before it if it is on the topic of the article that answered that.
const sameTopic = 1.06

// A request says for whom an answer should be.
type request struct {
	audience string
	self     bool   // the asker says that they are that themselves
	rest     string // what it says besides, or ""
}

// The words by which a message says for whom it asks, in the languages that
// have function words: "no, i mean as an affiliate". What has others says more.
var (
	selfWords  = set("as im am being mean meant sou como sendo digo dizer soy siendo decir")
	aboutWords = set("for about para pra pros pras pro")
	frameWords = set(`and or but so oh ah well ok sorry actually i a an the if what how please only just instead rather then now me my myself yes hmm
		e mas ou entao eu um uma o os as se na no verdade desculpa quero quis caso por favor agora sim
		y pero pues yo un una el la los las si en realidad perdon quiero quise caso ahora`)
	// links may stand between "as" and the audience.
	links = set("a an the um uma o un una el la")
)

// maxNaming is how many words a message has at most that says for whom it
// asks, and what else besides.
const maxNaming = 8

// naming reads a message that goes on from a question with whom it is for: "i
// mean as an affiliate", "e como afiliado?", "soy creador". It knows audiences
// by their names, by what configuration calls them, and by words of the
// glossary.
func (v *view) naming(message string) (request, bool) {
	words := text.Words(message)
	if len(words) == 0 || len(words) > maxNaming {
		return request{}, false
	}
	if (words[0] == "no" || words[0] == "nao") && apart(message) {
		words = words[1:] // "no, as an affiliate"
	}
	var out request
	var rest []string
	self, about, deny := false, false, false
	for i, w := range words {
		name := v.called[text.Normal(w)]
		switch {
		case name != "" && deny:
			deny = false
		case name != "" && out.audience != "" && out.audience != name:
			return request{}, false // "as affiliate or creator"
		case name != "" && (out.audience != "" || direct(words[:i]) || len(words) == 1 || about):
			out.audience = name
		case name != "":
			rest = append(rest, w)
		case w == "not", w == "nao", w == "no" && i+1 < len(words) && (words[i+1] == "soy" || words[i+1] == "como"):
			deny = true // in Portuguese, "no" is "in the"
		case w == "no":
		case selfWords[w]:
			self = true
		case aboutWords[w]:
			about = true
		case frameWords[w]:
		default:
			rest = append(rest, w)
		}
	}
	if out.audience == "" {
		return request{}, false
	}
	if len(rest) > 0 {
		// Besides it asks something, so only who plainly says "as an affiliate" is
		// heard, and the rest is short.
		if !self || len(rest) > maxNew+1 {
			return request{}, false
		}
		out.rest = strings.Join(rest, " ")
	}
	out.self = self || len(words) == 1
	return out, true
}

// direct reports whether words end in "as", or in "as an".
func direct(words []string) bool {
	n := len(words)
	if n > 0 && links[words[n-1]] {
		n--
	}
	return n > 0 && selfWords[words[n-1]]
}

// apart reports whether the first word of a message is set apart from the rest.
func apart(message string) bool {
	i := strings.IndexAny(message, ",.;:!-—")
	return i > 0 && len(strings.Fields(message[:i])) == 1
}

// calls lists what audiences are called: their names, what configuration calls
// them, and the words that the glossary has for these, each in every form that
// differs from another by an ending.
func calls(audiences []Audience) map[string]string {
	called := map[string]string{}
	add := func(word, name string) {
		words := text.Words(word)
		if len(words) != 1 || text.IsSmall(words[0]) {
			return
		}
		for _, form := range forms(words[0]) {
			if other, ok := called[form]; ok && other != name {
				name = "" // said of two, it names none
			}
			called[form] = name
		}
	}
	for _, a := range audiences {
		for _, word := range append([]string{a.Name}, a.Called...) {
			add(word, a.Name)
		}
		for _, concept := range glossary {
			if !slices.ContainsFunc(concept["en"], func(word string) bool { return text.Normal(word) == text.Normal(a.Name) }) {
				continue
			}
			for _, words := range concept {
				for _, word := range words {
					add(word, a.Name)
				}
			}
		}
	}
	return called
}

// forms are a word, its plural and, in Portuguese and Spanish, the same of a
// woman: criador, criadora, criadores, criadoras.
func forms(word string) []string {
	list := []string{word, word + "s"}
	if strings.HasSuffix(word, "or") {
		list = append(list, word+"a", word+"as", word+"es")
	}
	if strings.HasSuffix(word, "o") {
		list = append(list, strings.TrimSuffix(word, "o")+"a", strings.TrimSuffix(word, "o")+"as")
	}
	return list
}
