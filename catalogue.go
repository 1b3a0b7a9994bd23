package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"

	"github.com/signpost-bot/signpost/config"
	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/text"
)

// A catalogue knows articles by what people call them: id, address or title.
type catalogue struct {
	library *knowledge.Library
	config  config.Config
	every   []string              // private audiences
	ids     []knowledge.ArticleID // sorted
	called  map[string][]knowledge.ArticleID
	titles  map[knowledge.ArticleID][]string // in every language
}

func newCatalogue(list []*knowledge.Article, cfg config.Config, servers ...*embedder) *catalogue {
	return catalogueOf(knowledge.NewLibrary(list, rules(cfg, servers...)), list, cfg)
}

// catalogueOf is a catalogue of articles of which there is a library.
func catalogueOf(library *knowledge.Library, list []*knowledge.Article, cfg config.Config) *catalogue {
	c := &catalogue{
		library: library, config: cfg,
		called: map[string][]knowledge.ArticleID{}, titles: map[knowledge.ArticleID][]string{},
	}
	for _, a := range cfg.Audiences {
		if a.Private {
			c.every = append(c.every, a.Name)
		}
	}
	for _, a := range list {
		c.titles[a.ID] = append(c.titles[a.ID], a.Title)
		c.ids = append(c.ids, a.ID)
		for _, name := range []string{address(a.URL), plainly(a.Title)} {
			if name != "" && !slices.Contains(c.called[name], a.ID) {
				c.called[name] = append(c.called[name], a.ID)
			}
		}
	}
	slices.Sort(c.ids)
	c.ids = slices.Compact(c.ids)
	return c
}

// address is a URL as it is compared: without its fragment and last slash.
func address(url string) string {
	url, _, _ = strings.Cut(url, "#")
	return strings.TrimSuffix(url, "/")
}

// plainly is a title as it is compared: case, accents and punctuation aside.
func plainly(title string) string { return strings.Join(text.Words(title), " ") }

// article finds the article that a word means: its id, address or title.
func (c *catalogue) article(ctx context.Context, word string, q knowledge.Question) (knowledge.ArticleID, error) {
	id := knowledge.ArticleID(word)
	if _, known := slices.BinarySearch(c.ids, id); !known {
		ids := c.called[address(word)]
		if len(ids) == 0 {
			ids = c.called[plainly(word)]
		}
		switch {
		case len(ids) > 1:
			return "", fmt.Errorf("%q is what %s are called; write one of these ids", word, join(ids, " and "))
		case len(ids) == 0:
			return "", fmt.Errorf("there is no article %q; %s", word, c.nearest(ctx, word, q))
		}
		id = ids[0]
	}
	if _, seen := c.library.Article(id, q.Locale, q.Private); !seen {
		a, _ := c.library.Article(id, q.Locale, c.every)
		return "", fmt.Errorf("%s is not shown to whoever asks here, but to %s; write [as %s] in front of the question",
			c.named(id, q), strings.Join(a.Audiences, ", "), a.Audiences[0])
	}
	return id, nil
}

// nearest suggests what was meant by a word that no article is called: one
// whose id or title is much like it, or that it finds, or else the question.
func (c *catalogue) nearest(ctx context.Context, word string, q knowledge.Question) string {
	typed := plainly(word)
	best, distance := knowledge.ArticleID(""), 2+utf8.RuneCountInString(typed)/6
	consider := func(id knowledge.ArticleID, name string) {
		if d := levenshtein.ComputeDistance(typed, plainly(name)); d < distance {
			best, distance = id, d
		}
	}
	for _, id := range c.ids {
		if _, seen := c.library.Article(id, q.Locale, q.Private); !seen {
			continue
		}
		consider(id, string(id))
		for _, title := range c.titles[id] {
			consider(id, title)
		}
	}
	if best != "" {
		return "did you mean " + c.named(best, q) + "?"
	}
	about := q
	about.Text, about.Before = typed, nil
	for _, q := range []knowledge.Question{about, q} {
		if ans, err := c.library.Find(ctx, q); err == nil && len(ans.Matches) > 0 {
			return "the nearest is " + c.named(ans.Matches[0].Article.ID, q)
		}
	}
	return "signpost ask shows the ids of articles with --json"
}

// named is an article by its id and title.
func (c *catalogue) named(id knowledge.ArticleID, q knowledge.Question) string {
	return fmt.Sprintf("%s (%s)", id, c.title(id, q))
}

// title is that of an article, in the language of whoever asks if there is one.
func (c *catalogue) title(id knowledge.ArticleID, q knowledge.Question) string {
	a, found := c.library.Article(id, q.Locale, c.every)
	if !found {
		return ""
	}
	return a.Title
}

func join(ids []knowledge.ArticleID, between string) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	return strings.Join(words, between)
}
