package main

import (
	"testing"

	"github.com/signpost-bot/signpost/knowledge/search"
	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// TestFreeze: what is worked out beforehand ranks as what is told when asked.
func TestFreeze(t *testing.T) {
	meaning, ok := semantic.Build(meant(shop), semantic.BuiltIn())
	if !ok {
		t.Fatal("the meaning of three documents is not told")
	}
	x := search.Build(searchable(shop), nil, search.Settings{})
	for _, text := range []string{"my money back", "a paper for the tax office", "quiero mi dinero"} {
		like, err := freeze(meaning, text, len(shop))
		if err != nil {
			t.Fatal(err)
		}
		live, err := meaning.Compare(t.Context(), text, "")
		if err != nil {
			t.Fatal(err)
		}
		got, want := x.Rank(search.Query{Text: text, Lang: "en", Alike: like}, 3), x.Rank(search.Query{Text: text, Lang: "en", Alike: live}, 3)
		live.Done()
		if len(got.Hits) != len(want.Hits) || got.Confidence != want.Confidence {
			t.Fatalf("%q finds %+v, want %+v", text, got, want)
		}
		for i := range got.Hits {
			if got.Hits[i] != want.Hits[i] {
				t.Errorf("%q finds %+v, want %+v", text, got.Hits[i], want.Hits[i])
			}
		}
	}
}
