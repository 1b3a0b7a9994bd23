package knowledge

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// An Alias is a phrasing that was learned for an article, in the language that
// someone put it in.
type Alias struct {
	Article ArticleID
	Lang    Lang
	Text    string
}

// WithAliases returns a library of the same articles that knows these aliases
// and no others. Nothing is read or parsed again, and l stays as it is, so it
// answers until the new one is ready: private views that were asked for
// included.
func (l *Library) WithAliases(learned []Alias) *Library {
	next := &Library{loaded: l.loaded, sketches: l.sketches, rules: l.rules, views: map[string]*view{}}
	next.learn(learned)
	l.mu.Lock()
	built := maps.Clone(l.views)
	l.mu.Unlock()
	for key, v := range built {
		next.views[key] = v.relearned(next.articles, next.rules)
	}
	return next
}

// Orphans are the aliases of articles that the library does not have, by
// article, language and text. They change no answer.
func (l *Library) Orphans() []Alias { return slices.Clone(l.orphans) }

// learn gives each article what was learned for it. An alias belongs to the
// article in its own language if there is one, or else in the default language
// or any, and goes wherever that article goes: whoever may not see the one has
// no use of the other. What an article says by itself is not learned again.
func (l *Library) learn(learned []Alias) {
	learned = slices.Clone(learned)
	slices.SortFunc(learned, func(a, b Alias) int { // replicas need not list them alike
		return cmp.Or(cmp.Compare(a.Article, b.Article), cmp.Compare(a.Lang, b.Lang), cmp.Compare(a.Text, b.Text))
	})
	phrasings := map[*Article][]string{}
	for _, alias := range learned {
		versions := versionsOf(l.loaded, alias.Article)
		if len(versions) == 0 {
			l.orphans = append(l.orphans, alias)
			continue
		}
		a := versions[bestVersion(versions, l.preferred(alias.Lang))]
		phrasings[a] = append(phrasings[a], alias.Text)
	}
	l.articles = slices.Clone(l.loaded)
	for i, a := range l.articles {
		if phrasings[a] != nil {
			l.articles[i] = a.taught(phrasings[a])
		}
	}
	l.version = version(l.articles)
}

// taught returns the article with those of some phrasings that are news to it,
// each once.
func (a *Article) taught(phrasings []string) *Article {
	words := func(s string) string { return strings.Join(text.Words(s), " ") }
	known := map[string]bool{"": true, words(a.Title): true}
	for _, q := range a.Questions {
		known[words(q)] = true
	}
	taught := *a
	for _, p := range phrasings {
		if w := words(p); !known[w] {
			known[w] = true
			taught.Learned = append(taught.Learned, p)
		}
	}
	return &taught
}
