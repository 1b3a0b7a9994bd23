package knowledge

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestAliasHistory: what was learned and forgotten before, and the order in
// which it was learned, make no difference. Indexes of the same documents are
// one.
func TestAliasHistory(t *testing.T) {
	articles := slices.Clone(aliasArticles)
	asked := *articles[0]
	asked.Questions = []string{"Where is my money?", "they charged me twice"}
	articles[0] = &asked
	some := []Alias{{"refund", "en", "my zebra vanished"}, {"refund", "en", "give it back"}, {"password", "en", "locked out again"}}
	plain := NewLibrary(articles, aliasRules)
	want := NewLibrary(articles, aliasRules, some...)
	got := plain.WithAliases([]Alias{{"factura", "es", "quokka"}}).WithAliases(some[1:])
	slices.Reverse(some)
	got = got.WithAliases(some)
	if got.view(nil).index != want.view(nil).index {
		t.Error("another history makes another index")
	}
	if got = got.WithAliases(nil); got.view(nil).index != plain.view(nil).index {
		t.Error("the index remembers what was forgotten")
	}
}

// TestLearnedLikeWritten takes a phrasing out of each third article of the sample
// and has it learned: it must be found, with slips, too, and other questions be
// answered as well as if the article still had it.
func TestLearnedLikeWritten(t *testing.T) {
	var without []*Article
	var learned []Alias
	for i, a := range sampleArticles(t) {
		if n := len(a.Questions); i%3 == 0 && n > 1 {
			a := *a
			learned = append(learned, Alias{a.ID, a.Lang, a.Questions[i%n]})
			a.Questions = slices.Delete(slices.Clone(a.Questions), i%n, i%n+1)
			without = append(without, &a)
			continue
		}
		without = append(without, a)
	}
	written, taught := sampleLibrary(t), NewLibrary(without, sampleRules, learned...)
	questions := readQuestions(t, filepath.Join("testdata", "everyday.jsonl"))
	right := func(l *Library) (n int) {
		for _, q := range questions {
			if slices.Contains(q.Articles, first(t, l, q.Text)) {
				n++
			}
		}
		return n
	}
	if is, was := right(taught), right(written); is < was-2 { // of a hundred, that is chance
		t.Errorf("%d questions are answered right after learning, want about %d", is, was)
	} else {
		t.Logf("%d questions are answered right after learning, %d if all is written", is, was)
	}
	own := func(l *Library, change func(string) string) (n int) {
		for _, a := range learned {
			if first(t, l, change(a.Text)) == a.Article {
				n++
			}
		}
		return n
	}
	for name, change := range map[string]func(string) string{
		"as it was learned":   func(s string) string { return s },
		"with a slip":         slipped,
		"with more around it": func(s string) string { return "hello, " + s + " please, it is urgent" },
		"cut short":           func(s string) string { return strings.Join(strings.Fields(s)[:len(strings.Fields(s))*3/4], " ") },
	} {
		is, was := own(taught, change), own(written, change)
		t.Logf("%s: %d of %d find their article, %d if all is written", name, is, len(learned), was)
		if is < was-2 { // of sixty, that is chance
			t.Errorf("%s: %d of %d phrasings find their article, want about %d", name, is, len(learned), was)
		}
	}
}

// slipped swaps two letters in the middle of the longest word.
func slipped(s string) string {
	words := strings.Fields(s)
	longest := 0
	for i, w := range words {
		if len(w) > len(words[longest]) {
			longest = i
		}
	}
	letters := []rune(words[longest])
	if at := len(letters) / 2; at > 0 {
		letters[at-1], letters[at] = letters[at], letters[at-1]
	}
	words[longest] = string(letters)
	return strings.Join(words, " ")
}

// TestFirstAlias: where no article has a phrasing, the first that is learned
// leaves other questions alone.
func TestFirstAlias(t *testing.T) {
	var plain []*Article
	for _, a := range sampleArticles(t) {
		a := *a
		a.Questions = nil
		plain = append(plain, &a)
	}
	before := NewLibrary(plain, sampleRules)
	after := before.WithAliases([]Alias{{"360061973392", "en", "this was a rip off and i feel cheated"}})
	if got := first(t, after, "i was cheated, what a rip off"); got != "360061973392" {
		t.Errorf("found %q by what was learned", got)
	}
	changed := 0
	questions := readQuestions(t, filepath.Join("testdata", "everyday.jsonl"))
	for _, q := range questions {
		if first(t, before, q.Text) != first(t, after, q.Text) {
			changed++
		}
	}
	if changed > len(questions)/50 {
		t.Errorf("%d of %d questions are answered otherwise", changed, len(questions))
	}
}

// manyArticles are 1,000 of a language with ten phrasings each: those of the
// sample, over and over, with a third of the words changed, as changed does.
func manyArticles(tb testing.TB) (articles []*Article, changed func(string) string) {
	tb.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	changed = func(s string) string {
		words := strings.Fields(s)
		for i := range words {
			if random.IntN(3) == 0 {
				words[i] += string([]rune{'a' + random.Int32N(26), 'a' + random.Int32N(26)})
			}
		}
		return strings.Join(words, " ")
	}
	english := slices.DeleteFunc(sampleArticles(tb), func(a *Article) bool { return a.Lang != "en" })
	for i := range 1000 {
		like := english[i%len(english)]
		a := *like
		a.ID, a.Title, a.Questions, a.Sections = ArticleID(fmt.Sprint(i)), changed(a.Title), nil, nil
		for _, q := range like.Questions {
			a.Questions = append(a.Questions, changed(q))
		}
		for _, s := range like.Sections {
			a.Sections = append(a.Sections, Section{Heading: changed(s.Heading), Text: changed(s.Text)})
		}
		articles = append(articles, &a)
	}
	return articles, changed
}

// BenchmarkLearn is what each replica does after a change of what was learned:
// 1,000 articles with ten phrasings each, and so many learned. They are those of
// the sample, over and over, with a third of the words changed.
func BenchmarkLearn(b *testing.B) {
	articles, changed := manyArticles(b)
	english := slices.DeleteFunc(sampleArticles(b), func(a *Article) bool { return a.Lang != "en" })
	var aliases []Alias
	for i := range 10_000 {
		a := english[i%1000%len(english)]
		aliases = append(aliases, Alias{ArticleID(fmt.Sprint(i % 1000)), "en", changed(a.Questions[i%len(a.Questions)])})
	}
	library := NewLibrary(articles, sampleRules)
	for _, n := range []int{1, 100, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				learned := slices.Clone(aliases[:n])
				learned[0].Text = fmt.Sprint("where is parcel ", i) // each time something else
				library.WithAliases(learned)
			}
		})
	}
}
