package knowledge

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// A meaning is what articles mean in the eyes of a source.
type meaning struct {
	*semantic.Index
	source semantic.Source
}

// meanings are those of each source, the best first. A source that does not know
// all of the articles yet is left out, and so is what would take too long.
func meanings(articles []*Article, sources []semantic.Source) []meaning {
	var list []meaning
	docs := meant(articles)
	for _, s := range sources {
		if x, ok := semantic.Build(docs, s); ok {
			list = append(list, meaning{x, s})
		}
	}
	return list
}

// WithSources returns a library of the same articles and phrasings that goes by
// other sources, which must be comparable. Nothing else is learned again, nor is a
// source asked again that told before. l stays as it is, and answers until the new
// one is ready, private views that were asked for included.
func (l *Library) WithSources(sources ...semantic.Source) *Library {
	next := &Library{
		loaded: l.loaded, articles: l.articles, sketches: l.sketches, orphans: l.orphans,
		rules: l.rules, version: l.version, views: map[string]*view{},
	}
	next.rules.Sources = sources
	l.mu.Lock()
	built := maps.Clone(l.views)
	l.mu.Unlock()
	for key, v := range built {
		other := *v
		other.meanings = nil
		for _, s := range sources {
			if at := slices.IndexFunc(v.meanings, func(m meaning) bool { return m.source == s }); at >= 0 {
				other.meanings = append(other.meanings, v.meanings[at])
			} else {
				other.meanings = append(other.meanings, meanings(v.articles, []semantic.Source{s})...)
			}
		}
		next.views[key] = &other
	}
	return next
}

// Passages are the texts that a [semantic.Source] must know: of all articles, in
// every language and for every audience, and of what was learned for them.
func (l *Library) Passages() []string { return Passages(l.articles) }

// Passages are those of articles that no library is made of yet.
func Passages(articles []*Article) []string { return semantic.Passages(meant(articles)) }

// meant lists the texts of articles by which their meaning is told.
func meant(articles []*Article) []semantic.Document {
	docs := make([]semantic.Document, len(articles))
	for i, a := range articles {
		docs[i] = a.Meant()
	}
	return docs
}

// Meant are the texts by which the article's meaning is told.
func (a *Article) Meant() semantic.Document {
	d := semantic.Document{Details: []string{a.Title}, Phrasings: a.Questions}
	if len(a.Learned) > 0 {
		d.Phrasings = append(a.Questions[:len(a.Questions):len(a.Questions)], a.Learned...)
	}
	piece := a.Title
	for i, s := range a.Sections {
		part := strings.TrimSpace(s.Heading + "\n" + s.Text)
		if i > 0 && len(piece)+len(part) > maxPiece {
			d.Texts = append(d.Texts, piece)
			piece = "" // the title again would give long articles more chances to be like something
		}
		piece = strings.TrimSpace(piece + "\n" + part)
		d.Details = append(append(d.Details, part), spoken(s.Text)...)
	}
	d.Texts = append(d.Texts, piece)
	return d
}

// maxPiece is how long, in bytes, a piece of an article is at most that is compared
// as a whole, unless it is one section: what one is about drowns in much more.
const maxPiece = 2000

// spoken lists the sentences of a text and the lines without any, but for very
// short ones, which say nothing by themselves.
func spoken(s string) []string {
	var list []string
	add := func(said string) {
		said = strings.Trim(said, " \t\n-*.0123456789")
		if utf8.RuneCountInString(said) >= minSentence {
			list = append(list, said)
		}
	}
	for line := range strings.Lines(s) {
		from := 0
		for to := range sentences(line) {
			add(line[from:to])
			from = to
		}
		add(line[from:])
	}
	return list
}

const minSentence = 15 // runes

// alike compares a question with the articles of the view, and names the model
// that told what it means. It returns nil if none did.
func (v *view) alike(ctx context.Context, question, before, lang string) (*semantic.Likeness, string, error) {
	for _, x := range v.meanings {
		like, err := x.Compare(ctx, v.index.Mend(question, lang, x), before)
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		if err == nil && like != nil {
			return like, x.source.Model().Name, nil
		}
	}
	return nil, "", nil
}
