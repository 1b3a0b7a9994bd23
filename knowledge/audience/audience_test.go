package audience

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

var names = []string{"buyer", "creator", "affiliate"}

func TestWeigh(t *testing.T) {
	chosen := Evidence{"buyer", Chosen, "", 0}
	role := Evidence{"creator", Role, "@creators", 0}
	group := Evidence{"buyer", Group, "@customers", 0}
	channel := Evidence{"affiliate", Channel, "#affiliates", 0}
	words := Evidence{"creator", Words, "my students", 2}
	tests := []struct {
		name     string
		evidence []Evidence
		want     string
	}{
		{"nothing", nil, ""},
		{"chosen beats all", []Evidence{words, channel, role, chosen}, "buyer"},
		{"role beats channel and words", []Evidence{channel, words, {"affiliate", Words, "my link", 9}, role}, "creator"},
		{"channel beats words", []Evidence{words, words, words, channel}, "affiliate"},
		{"words alone", []Evidence{words}, "creator"},
		{"two roles", []Evidence{role, group}, ""},
		{"two roles and words", []Evidence{role, group, words}, "creator"},
		{"many channels do not outvote a role", []Evidence{channel, channel, channel, role}, "creator"},
		{"words that cancel out", []Evidence{words, {"buyer", Words, "i bought", 2}}, ""},
		{"unknown audience", []Evidence{{"staff", Chosen, "", 0}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Weigh(names, test.evidence)
			if got.Name != test.want {
				t.Errorf("guessed %q, want %q", got.Name, test.want)
			}
			if got.Confidence <= 0 || got.Confidence > 1 {
				t.Errorf("confidence %v", got.Confidence)
			}
			for _, reason := range got.Why {
				if reason.Audience != got.Name {
					t.Errorf("%q is a reason for %s", reason, reason.Audience)
				}
			}
			if got.Name == "" && len(got.Why) > 0 {
				t.Errorf("unclear because of %v", got.Why)
			}
		})
	}
}

func TestReasons(t *testing.T) {
	got := Weigh(names, []Evidence{
		{"buyer", Words, "bought", 0.4},
		{"buyer", Words, "my course", 2},
		{"buyer", Words, "the", -1},
		{"buyer", Channel, "#buyers", 0},
		{"creator", Words, "sales", 0.2},
		{"buyer", Role, "@buyers", 0},
	}).Why
	var english []string
	for _, reason := range got {
		english = append(english, reason.String())
	}
	want := []string{"the role @buyers", "the channel #buyers", `the words "my course", "bought"`}
	if diff := cmp.Diff(want, english); diff != "" {
		t.Error(diff)
	}
}

func TestReasonsQuoteNothingTwice(t *testing.T) {
	got := Weigh(names, []Evidence{
		{"affiliate", Words, "become", 0.3},
		{"affiliate", Words, "affiliate", 0.9},
		{"affiliate", Words, "become an affiliate", 0.5},
		{"affiliate", Words, "come", 0.4}, // part of a word, not of the words
		{"affiliate", Words, "link", 0.2},
	}).Why
	want := []Reason{{Words, "affiliate", `"become an affiliate", "come", "link"`}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestGuessFromWords(t *testing.T) {
	var examples []Example
	for range 20 {
		examples = append(examples,
			Example{"buyer", "en", "track a parcel and return it"},
			Example{"creator", "en", "design a landing page"},
			Example{"affiliate", "en", "share a banner"})
	}
	model := Learn(names, examples, DefaultCues())
	tests := []struct{ text, lang, want string }{
		{"I bought a course and cannot open it", "en", "buyer"},
		{"my students cannot open the lesson", "en", "creator"},
		{"where is my affiliate link?", "en", "affiliate"},
		{"comprei um curso ontem", "pt-BR", "buyer"},
		{"meus alunos não conseguem entrar", "pt-BR", "creator"},
		{"sou afiliado, cadê minha comissão?", "pt-BR", "affiliate"},
		{"quiero la devolución de mi compra", "es", "buyer"},
		{"¿dónde veo mis ventas?", "es", "creator"},
		{"mi enlace de afiliado no funciona", "es", "affiliate"},
		{"the parcel has to be returned", "en", "buyer"}, // learned from the articles
		{"change password", "en", ""},
		{"hello", "en", ""},
		{"", "", ""},
	}
	for _, test := range tests {
		if got := model.Guess(nil, test.text, test.lang); got.Name != test.want {
			t.Errorf("Guess(%q) = %+v, want %q", test.text, got, test.want)
		}
	}
}

// TestReasonsQuoteWhatWasTyped: people recognise their own words, not ours.
func TestReasonsQuoteWhatWasTyped(t *testing.T) {
	model := Learn(names, nil, DefaultCues())
	tests := []struct{ text, lang, want string }{
		{"el curso que compré ayer", "es", `"compré"`},
		{"Pedí la DEVOLUCIÓN de mi compra, que pagué ayer", "es", `"DEVOLUCIÓN", "mi compra", "pagué"`},
		{"Minha  comissão?", "pt-BR", `"Minha comissão"`},
		{"I’ve bought it", "en", `"I’ve bought"`},
		{"where is my_refund", "en", `"my refund"`},
	}
	for _, test := range tests {
		guess := model.Guess(nil, test.text, test.lang)
		if len(guess.Why) != 1 || guess.Why[0].Detail != test.want {
			t.Errorf("Guess(%q) because of %v, want %s", test.text, guess.Why, test.want)
		}
	}
}

func TestDefaultCuesIsACopy(t *testing.T) {
	DefaultCues()["buyer"] = nil
	if len(DefaultCues()["buyer"]) == 0 {
		t.Error("changing the map changed the defaults")
	}
}
