package knowledge

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// TestLinksOfArticles: each address is there once, with all that lead there, and
// the lines are those of the files.
func TestLinksOfArticles(t *testing.T) {
	const front = "---\ntitle: T\nurl: https://help.example.com/en/a?x=1#start\nid: a\nlang: en\naudience: buyer\ntopic: t\n---\n"
	articles, err := Load(fstest.MapFS{
		"a.md": {Data: []byte(front + "See [b](b#card), [up](/fees), [mail](mailto:a@b.example) and\n<https://other.example/#/state>.\n\n## Card {#card}\nAnd [b again](../en/b#pix), [itself](#card).\n")},
	}, Rules{})
	if err != nil {
		t.Fatal(err)
	}
	a := articles[0]
	want := []Linked{
		{"https://help.example.com/en/a?x=1", []Mention{
			{Article: a, Anchor: "start", Own: true}, {Article: a, Anchor: "card", Own: true}, {Article: a, Line: 13, Anchor: "card"},
		}},
		{"https://help.example.com/en/b", []Mention{{Article: a, Line: 9, Anchor: "card"}, {Article: a, Line: 13, Anchor: "pix"}}},
		{"https://help.example.com/fees", []Mention{{Article: a, Line: 9}}},
		{"https://other.example/", []Mention{{Article: a, Line: 10}}},
	}
	if diff := cmp.Diff(want, Links(articles)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"start", "card"}, Links(articles)[0].Anchors()); diff != "" {
		t.Error(diff)
	}
}

func TestPlaceOnPage(t *testing.T) {
	for fragment, want := range map[string]string{"": "", "card": "card", "top": "", "/route": "", "!bang": "", "tab=2": "", "card:~:text=x": "card", ":~:text=a%20b": "", "café": "café"} {
		if got := placeOnPage(fragment); got != want {
			t.Errorf("%q is %q, want %q", fragment, got, want)
		}
	}
}
