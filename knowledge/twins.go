package knowledge

import (
	"cmp"
	"math"
	"slices"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// Two articles of a language are twins if they say nearly the same: words and
// titles agree, or words so well that the titles do not matter. The figures are
// cosines of stems, weighed by how rare each is. In the sample no two articles
// for the same people that answer different questions are more alike than 0.43,
// and none at all than 0.63, the taxes of a sale and of a purchase; a copy in
// which every seventh word is another has 0.77 or more.
const (
	alike       = 0.7
	titlesAlike = 0.4
	theSame     = 0.85 // whatever the titles
)

// A sketch is what an article says, as the stems of its title, headings and
// text and how often each stands there.
type sketch struct {
	terms []sketched // by term
	title []uint32   // likewise, each once
}

type sketched struct {
	term  uint32
	count float32
}

// sketches are those of articles, in their order. What was learned for an
// article is left out: askers' words do not change what it says.
func sketches(articles []*Article) []sketch {
	numbers := map[string]uint32{} // of terms
	list := make([]sketch, len(articles))
	for i, a := range articles {
		lang := string(a.Lang)
		counts := map[uint32]float32{}
		count := func(s string) {
			for _, stem := range text.Terms(s, lang) {
				number, ok := numbers[stem]
				if !ok {
					number = uint32(len(numbers))
					numbers[stem] = number
				}
				counts[number]++
			}
		}
		count(a.Title)
		for t := range counts {
			list[i].title = append(list[i].title, t)
		}
		slices.Sort(list[i].title)
		for _, s := range a.Sections {
			count(s.Heading)
			count(s.Text)
		}
		for t, n := range counts {
			list[i].terms = append(list[i].terms, sketched{t, n})
		}
		slices.SortFunc(list[i].terms, func(a, b sketched) int { return cmp.Compare(a.term, b.term) })
	}
	return list
}

const (
	// rareTwin is in how many articles of a language a stem is at most by which
	// twins are looked for. Comparing each article with each would take minutes
	// for 5,000; this takes a tenth of a second.
	rareTwin = 24
	// sharedTwin is how many such stems two articles share at least that are
	// compared at all.
	sharedTwin = 3
)

// A twin is an article, by its place among those of a view, and how much it
// says the same as another.
type twin struct {
	article int
	alike   float64
}

// findTwins lists for each article its twins, the nearest first. Sketches are
// those of the articles.
func findTwins(articles []*Article, list []sketch) [][]twin {
	twins := make([][]twin, len(articles))
	eachPair(articles, list, func(i, j int, near float64, titles func() float64) {
		if near >= theSame || near >= alike && titles() >= titlesAlike {
			twins[i] = append(twins[i], twin{j, near})
			twins[j] = append(twins[j], twin{i, near})
		}
	})
	for _, list := range twins {
		slices.SortFunc(list, func(a, b twin) int {
			return cmp.Or(cmp.Compare(b.alike, a.alike), cmp.Compare(a.article, b.article))
		})
	}
	return twins
}

// eachPair calls f for each two articles of a language that share enough rare
// words to be compared, by their places, the second being the smaller: with how
// much their texts agree, and a function that tells how much their titles do.
func eachPair(articles []*Article, list []sketch, f func(i, j int, near float64, titles func() float64)) {
	shelves := map[string][]int{} // by base language, the articles
	terms := uint32(0)
	for i, a := range articles {
		base := text.Base(string(a.Lang))
		shelves[base] = append(shelves[base], i)
		if n := len(list[i].terms); n > 0 {
			terms = max(terms, list[i].terms[n-1].term+1)
		}
	}
	shared := make([]int, len(articles))
	for _, shelf := range shelves {
		has := make([][]int, terms) // by term, which articles
		for _, i := range shelf {
			for _, t := range list[i].terms {
				has[t.term] = append(has[t.term], i)
			}
		}
		tells := make([]float32, terms)
		for t, articles := range has {
			if len(articles) > 0 {
				tells[t] = float32(math.Log(1 + float64(len(shelf))/float64(len(articles))))
			}
		}
		texts, titles := make(map[int]vector, len(shelf)), make(map[int]vector, len(shelf))
		for _, i := range shelf {
			texts[i], titles[i] = list[i].weigh(tells)
		}
		for _, i := range shelf {
			var met []int
			for _, t := range list[i].terms {
				if len(has[t.term]) > rareTwin {
					continue
				}
				for _, j := range has[t.term] {
					if j >= i {
						break // articles come in order
					}
					if shared[j] == 0 {
						met = append(met, j)
					}
					shared[j]++
				}
			}
			for _, j := range met {
				enough := shared[j] >= sharedTwin
				shared[j] = 0
				if enough && articles[i].ID != articles[j].ID {
					f(i, j, cosine(texts[i], texts[j]), func() float64 { return cosine(titles[i], titles[j]) })
				}
			}
		}
	}
}

// A vector holds weights by term, ascending, of length 1 together.
type vector []weighedTerm

type weighedTerm struct {
	term   uint32
	weight float32
}

// weigh makes vectors of the text and of the title. What each term tells is
// given. A word said again tells less each time.
func (s sketch) weigh(tells []float32) (whole, title vector) {
	for _, t := range s.terms {
		whole = append(whole, weighedTerm{t.term, float32(1+math.Log(float64(t.count))) * tells[t.term]})
	}
	for _, t := range s.title {
		title = append(title, weighedTerm{t, tells[t]})
	}
	for _, v := range []vector{whole, title} {
		sum := 0.0
		for _, t := range v {
			sum += float64(t.weight) * float64(t.weight)
		}
		for i := range v {
			v[i].weight /= float32(math.Sqrt(sum))
		}
	}
	return whole, title
}

// cosine is how much two vectors agree, 0 to 1.
func cosine(a, b vector) float64 {
	both := 0.0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].term < b[j].term:
			i++
		case a[i].term > b[j].term:
			j++
		default:
			both += float64(a[i].weight) * float64(b[j].weight)
			i, j = i+1, j+1
		}
	}
	return both
}

// maxAlso is how many twins an article mentions: beyond that the line is no help
// to anyone.
const maxAlso = 2

// fold takes out each match that is a twin of a better one, which mentions it,
// so that nearly the same is not shown twice. It stays if it is for someone whom
// the better one is not for: then whom they are for is what differs.
func (v *view) fold(matches []found) []found {
	kept := make([]found, 0, len(matches))
	place := map[ArticleID]int{} // in kept
	for _, m := range matches {
		if i := v.better(m.Article, kept, place); i >= 0 {
			if len(kept[i].Also) < maxAlso {
				kept[i].Also = append(kept[i].Also, m.Article)
			}
			continue
		}
		place[m.Article.ID] = len(kept)
		kept = append(kept, m)
	}
	return kept
}

// better returns which of the kept matches the article is a twin of, the best
// one; -1 if of none.
func (v *view) better(a *Article, kept []found, place map[ArticleID]int) int {
	best := -1
	for _, version := range v.versions(a.ID) {
		for _, t := range v.twins[version] {
			i, ok := place[v.articles[t.article].ID]
			if ok && (best < 0 || i < best) && servesAll(kept[i].Article, a) {
				best = i
			}
		}
	}
	return best
}

// servesAll reports whether an article is for everyone that another is for.
func servesAll(a, other *Article) bool {
	return !slices.ContainsFunc(other.Audiences, func(name string) bool { return !slices.Contains(a.Audiences, name) })
}
