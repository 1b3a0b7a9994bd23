// Package knowledge holds the help articles and finds the right one for a
// question: [Load] reads articles, [NewLibrary] makes them searchable, and
// [Library.Find] answers with articles, the audience it takes the asker for,
// and how sure it is.
package knowledge

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/signpost-bot/signpost/knowledge/audience"
	"github.com/signpost-bot/signpost/knowledge/search"
	"github.com/signpost-bot/signpost/knowledge/text"
)

// A Library holds the articles and answers questions about them. It is
// immutable: new articles make a new Library. All methods are safe for
// concurrent use.
//
// Methods take the private audiences whose articles the asker may see. For
// everyone else these articles do not exist: each door works on a [view] that
// was built without them.
type Library struct {
	loaded   []*Article // as they were given, by id, then language
	articles []*Article // the same with what was learned for them
	sketches []sketch   // of loaded
	orphans  []Alias    // learned for articles that are not there
	rules    Rules
	version  string

	mu    sync.Mutex
	views map[string]*view // by the private audiences they include
}

// NewLibrary builds a library of articles, which must not change any more, and
// of what was learned for them. Rules without audiences or languages take those
// of the articles.
func NewLibrary(articles []*Article, rules Rules, learned ...Alias) *Library {
	l := &Library{
		loaded: slices.Clone(articles),
		rules:  rules,
		views:  map[string]*view{},
	}
	l.rules.Audiences, l.rules.Languages = slices.Clone(rules.Audiences), slices.Clone(rules.Languages)
	if l.rules.Cues == nil {
		l.rules.Cues = audience.DefaultCues()
	}
	slices.SortStableFunc(l.loaded, func(a, b *Article) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Lang, b.Lang))
	})
	l.sketches = sketches(l.loaded)
	if len(l.rules.Audiences) == 0 {
		for _, name := range l.distinct(func(a *Article) []string { return a.Audiences }) {
			l.rules.Audiences = append(l.rules.Audiences, Audience{Name: name})
		}
	}
	if len(l.rules.Languages) == 0 {
		for _, tag := range l.distinct(func(a *Article) []string { return []string{string(a.Lang)} }) {
			l.rules.Languages = append(l.rules.Languages, Lang(tag))
		}
	}
	l.learn(learned)
	l.view(nil) // most askers see no more than this; build it before the first one comes
	return l
}

// distinct returns the values that of gives for the articles, the most
// frequent first.
func (l *Library) distinct(of func(*Article) []string) []string {
	counts := map[string]int{}
	var values []string
	for _, a := range l.loaded {
		for _, v := range of(a) {
			if counts[v] == 0 {
				values = append(values, v)
			}
			counts[v]++
		}
	}
	slices.SortFunc(values, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return values
}

// version hashes what the articles say.
func version(articles []*Article) string {
	hash := sha256.New()
	encoder := json.NewEncoder(hash)
	for _, a := range articles {
		if err := encoder.Encode(a); err != nil {
			panic(err) // plain data: cannot fail
		}
	}
	return hex.EncodeToString(hash.Sum(nil))[:16]
}

// Version changes when, and only when, an article does or what was learned for
// one: 16 hex digits.
func (l *Library) Version() string { return l.version }

// Languages returns the languages of the library, the default first.
func (l *Library) Languages() []Lang { return slices.Clone(l.rules.Languages) }

// Audiences returns the audiences that are open to all and those of private,
// in their configured order.
func (l *Library) Audiences(private []string) []Audience {
	var visible []Audience
	for _, a := range l.rules.Audiences {
		if !a.Private || slices.Contains(private, a.Name) {
			visible = append(visible, a)
		}
	}
	return visible
}

// Article returns the article with this id in lang, or else in the default
// language, or else in any.
func (l *Library) Article(id ArticleID, lang Lang, private []string) (*Article, bool) {
	return l.view(private).article(id, l.preferred(lang))
}

// preferred is the order in which languages are wanted.
func (l *Library) preferred(first ...Lang) []Lang {
	return append(slices.Clone(first), l.rules.Languages...)
}

// A view is the library as someone with certain private audiences sees it.
// Index, word models and languages are its own, so that not even a ranking
// tells that there is more.
type view struct {
	names    []string          // of the audiences
	articles []*Article        // by id, then language
	twins    [][]twin          // of each article
	called   map[string]string // audiences, by what people call them
	index    *search.Index
	meanings []meaning
	model    *audience.Model
	detector *text.Detector
}

// view returns the view that includes the given private audiences. Names that
// are unknown or not private make no difference, which bounds their number.
func (l *Library) view(private []string) *view {
	visible := l.Audiences(private)
	names := make([]string, len(visible))
	for i, a := range visible {
		names[i] = a.Name
	}
	key := strings.Join(names, "\x00")
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.views[key]
	if v == nil {
		v = newView(names, l.articles, l.sketches, l.rules)
		v.called = calls(visible)
		l.views[key] = v
	}
	return v
}

func newView(names []string, articles []*Article, drawn []sketch, rules Rules) *view {
	v := &view{names: names}
	texts := map[string][]string{} // by language
	var examples []audience.Example
	var seen []sketch
	for i, a := range articles {
		a := a.visible(names)
		if a == nil {
			continue
		}
		words := []string{a.Title}
		for _, s := range a.Sections {
			words = append(words, s.Heading, s.Text)
		}
		all := strings.Join(words, "\n")
		texts[string(a.Lang)] = append(texts[string(a.Lang)], all)
		examples = append(examples, audience.Example{Audiences: a.Audiences, Lang: string(a.Lang), Texts: append([]string{a.Title}, a.Questions...)})
		v.articles, seen = append(v.articles, a), append(seen, drawn[i])
	}
	samples := map[string]string{}
	for lang, all := range texts {
		samples[lang] = strings.Join(all, "\n")
	}
	v.index = newIndex(v.articles, rules)
	v.meanings = meanings(v.articles, rules.Sources)
	v.twins = findTwins(v.articles, seen)
	v.model = audience.Learn(names, examples, rules.Cues)
	v.detector = text.NewDetector(samples, glossaryWords)
	return v
}

// relearned returns the view of the same articles with other phrasings learned,
// on which only what questions are compared with depends.
func (v *view) relearned(articles []*Article, rules Rules) *view {
	next := *v
	next.articles = nil
	for _, a := range articles {
		if a := a.visible(v.names); a != nil {
			next.articles = append(next.articles, a)
		}
	}
	next.index = newIndex(next.articles, rules)
	next.meanings = nil
	docs := meant(next.articles)
	for _, x := range v.meanings {
		if taught, ok := x.Taught(docs); ok {
			next.meanings = append(next.meanings, meaning{taught, x.source})
		}
	}
	return &next
}

// newIndex builds the index of articles, which knows them by their places.
func newIndex(articles []*Article, rules Rules) *search.Index {
	settings := search.Settings{}
	if rules.Cache != "" {
		settings.Cache = folder(rules.Cache)
	}
	docs := make([]search.Document, len(articles))
	for i, a := range articles {
		docs[i] = a.document(i)
	}
	return search.Build(docs, glossary, settings)
}

// document is the article as the index knows it.
func (a *Article) document(id int) search.Document {
	doc := search.Document{ID: id, Lang: string(a.Lang), Title: a.Title, Phrasings: a.Questions, Learned: a.Learned}
	for _, s := range a.Sections {
		doc.Parts = append(doc.Parts, search.Part{Heading: s.Heading, Body: s.Text})
	}
	return doc
}

// visible returns the article as someone sees it who may see the named
// audiences: without the names of others, and nil if none is left.
func (a *Article) visible(names []string) *Article {
	hidden := func(name string) bool { return !slices.Contains(names, name) }
	if !slices.ContainsFunc(a.Audiences, hidden) && len(a.Audiences) > 0 {
		return a
	}
	audiences := slices.DeleteFunc(slices.Clone(a.Audiences), hidden)
	if len(audiences) == 0 {
		return nil
	}
	shown := *a
	shown.Audiences = audiences
	return &shown
}

// article returns the article with this id in the first of langs it exists in,
// or else in any.
func (v *view) article(id ArticleID, langs []Lang) (*Article, bool) {
	versions := versionsOf(v.articles, id)
	if len(versions) == 0 {
		return nil, false
	}
	return versions[bestVersion(versions, langs)], true
}

// versions returns where in the view the languages of an article are.
func (v *view) versions(id ArticleID) []int {
	from, to := versionsAt(v.articles, id)
	var places []int
	for i := from; i < to; i++ {
		places = append(places, i)
	}
	return places
}

// versionsOf returns the languages of an article; articles are by id.
func versionsOf(articles []*Article, id ArticleID) []*Article {
	from, to := versionsAt(articles, id)
	return articles[from:to]
}

func versionsAt(articles []*Article, id ArticleID) (from, to int) {
	first, _ := slices.BinarySearchFunc(articles, id, func(a *Article, id ArticleID) int {
		return cmp.Compare(a.ID, id)
	})
	end := first
	for end < len(articles) && articles[end].ID == id {
		end++
	}
	return first, end
}

// bestVersion returns the index of the version in the first of langs that
// there is: of the same tag, or else of the same language.
func bestVersion(versions []*Article, langs []Lang) int {
	for _, lang := range langs {
		for i, a := range versions {
			if a.Lang == lang {
				return i
			}
		}
		for i, a := range versions {
			if text.Base(string(a.Lang)) == text.Base(string(lang)) {
				return i
			}
		}
	}
	return 0
}
