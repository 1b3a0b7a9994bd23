package knowledge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sahilm/fuzzy"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// maxTyped is how many runes of a half-typed title are matched.
const maxTyped = 80

// Suggest completes what someone is typing to at most limit articles, best
// first, each in lang if it exists, or else in the default language or any.
// Title and topic are matched, accents and case aside. Nothing typed suggests
// the first titles by name.
func (l *Library) Suggest(typed string, lang Lang, private []string, limit int) []*Article {
	articles := l.Browse("", "", lang, private)
	typed = text.Normal(strings.TrimSpace(typed))
	if runes := []rune(typed); len(runes) > maxTyped {
		typed = string(runes[:maxTyped])
	}
	if typed != "" {
		articles = complete(typed, articles)
	}
	return articles[:max(0, min(limit, len(articles)))]
}

// complete keeps the articles that contain the letters of each typed word in
// order, best first. Word by word, because the matcher wants all letters in
// the order of the title; a letter that is wrong matches nothing, and for that
// there is Find.
func complete(typed string, articles []*Article) []*Article {
	lines := make([]string, len(articles))
	for i, a := range articles {
		lines[i] = text.Normal(a.Title + " " + a.Topic)
	}
	words := strings.Fields(typed)
	type candidate struct{ article, words, whole, score int }
	candidates := make([]candidate, len(articles))
	for i := range candidates {
		candidates[i].article = i
	}
	for _, w := range words {
		for _, m := range fuzzy.FindNoSort(w, lines) {
			c := &candidates[m.Index]
			c.words++
			c.score += m.Score
			if strings.Contains(lines[m.Index], w) {
				c.whole++ // the letters together, not scattered over the line
			}
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.words, a.words), cmp.Compare(b.whole, a.whole), cmp.Compare(b.score, a.score))
	})
	var out []*Article
	for _, c := range candidates {
		if c.words < len(words) {
			break
		}
		out = append(out, articles[c.article])
	}
	return out
}
