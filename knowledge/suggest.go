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

// complete keeps the articles in which each typed word begins a word or, with
// letters left out, may stand for one; best first. Letters scattered over a
// title match nothing, nor does a wrong one, and for that there is Find.
func complete(typed string, articles []*Article) []*Article {
	lines := make([]string, len(articles))
	for i, a := range articles {
		lines[i] = " " + text.Normal(a.Title+" "+a.Topic)
	}
	words := strings.Fields(typed)
	type candidate struct{ article, words, begun, score int }
	candidates := make([]candidate, len(articles))
	for i := range candidates {
		candidates[i].article = i
	}
	for _, w := range words {
		for i, line := range lines {
			if strings.Contains(line, " "+w) {
				candidates[i].words++
				candidates[i].begun++
			}
		}
		for _, m := range fuzzy.FindNoSort(w, lines) {
			c := &candidates[m.Index]
			first, last := m.MatchedIndexes[0], m.MatchedIndexes[len(m.MatchedIndexes)-1]
			if line := lines[m.Index]; !strings.Contains(line, " "+w) && !strings.Contains(line[first:last], " ") {
				c.words++
				c.score += m.Score
			}
		}
	}
	candidates = slices.DeleteFunc(candidates, func(c candidate) bool { return c.words < len(words) })
	slices.SortStableFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.begun, a.begun), cmp.Compare(b.score, a.score))
	})
	var out []*Article
	for _, c := range candidates {
		out = append(out, articles[c.article])
	}
	return out
}
