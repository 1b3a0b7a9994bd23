package audience

import (
	"slices"
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
		{"buyer", Words, "", 3}, // not for quoting
		{"buyer", Articles, "", 0.7},
		{"creator", Articles, "", 0.3},
		{"buyer", Role, "@buyers", 0},
	}).Why
	var english []string
	for _, reason := range got {
		english = append(english, reason.String())
	}
	want := []string{"the role @buyers", "the channel #buyers", `the words "my course", "bought"`, "the articles that fit best"}
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

func TestGuess(t *testing.T) {
	var examples []Example
	for range 20 {
		examples = append(examples,
			Example{[]string{"buyer"}, "en", []string{"track a parcel", "return a parcel"}},
			Example{[]string{"creator"}, "en", []string{"design a landing page"}},
			Example{[]string{"affiliate"}, "en", []string{"share a banner"}})
	}
	model := Learn(names, examples, DefaultCues())
	buyer, creator, affiliate := Hit{[]string{"buyer"}, 1}, Hit{[]string{"creator"}, 1}, Hit{[]string{"affiliate"}, 1}
	both := Hit{[]string{"creator", "affiliate"}, 1}
	far := func(h Hit) Hit { return Hit{h.Audiences, 0.5} }
	tests := []struct {
		name, text, lang string
		hits             []Hit
		want             string
	}{
		{"cues alone", "I bought a course last week and cannot open it", "en", nil, "buyer"},
		{"cues and articles", "where is my affiliate link?", "en", []Hit{affiliate}, "affiliate"},
		{"cues beside articles for several", "my students say that the video of the second lesson keeps stopping", "en", []Hit{both}, "creator"},
		{"first person in Portuguese", "comprei um curso ontem", "pt-BR", []Hit{buyer}, "buyer"},
		{"third person in Portuguese", "alguém comprou meu curso ontem", "pt-BR", []Hit{creator, far(buyer)}, "creator"},
		{"Portuguese", "meus alunos não conseguem entrar", "pt-BR", []Hit{creator, far(buyer)}, "creator"},
		{"Spanish", "quiero la devolución de mi compra", "es", []Hit{buyer}, "buyer"},
		{"a language of two kinds of cues", "mi enlace de afiliado no funciona", "es", []Hit{affiliate, creator}, "affiliate"},
		{"a word between", "my new students cannot get into the group", "en", []Hit{creator}, "creator"},
		{"learned words", "track the parcel and return it later today", "en", []Hit{buyer}, "buyer"},
		{"a long question and articles alone", "the picture at the top of it looks squashed on every phone that I have tried so far", "en", []Hit{creator, far(buyer)}, "creator"},
		{"articles for several", "the picture at the top of it looks squashed on every phone that I have tried so far", "en", []Hit{both}, ""},
		{"articles that do not agree", "the picture at the top of it looks squashed on every phone that I have tried so far", "en", []Hit{buyer, creator}, ""},
		{"few words", "change password", "en", []Hit{buyer}, ""},
		{"talk", "hello", "en", nil, ""},
		{"nothing", "", "", nil, ""},
		{"hits without a score", "change password", "en", []Hit{{[]string{"buyer"}, 0}}, ""},
		{"a language unknown", "wachtwoord wijzigen", "nl", nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := model.Guess(nil, Question{Text: test.text, Lang: test.lang, Hits: test.hits}); got.Name != test.want {
				t.Errorf("Guess(%q) = %+v, want %q", test.text, got, test.want)
			}
		})
	}
}

// TestGuessTalk: what asks nothing says little about who speaks.
func TestGuessTalk(t *testing.T) {
	model := Learn(names, nil, DefaultCues())
	q := Question{Text: "the picture at the top of it looks squashed on every phone that I have tried so far", Lang: "en", Hits: []Hit{{[]string{"creator"}, 1}}}
	if got := model.Guess(nil, q); got.Name != "creator" {
		t.Errorf("a question is by %+v, want creator", got)
	}
	q.Idle = true
	if got := model.Guess(nil, q); got.Name != "" {
		t.Errorf("talk is by %+v, want nobody", got)
	}
	buyer := []Evidence{{"buyer", Channel, "#buyers", 0}}
	if got := model.Guess(buyer, q); got.Name != "buyer" {
		t.Errorf("talk in the channel of buyers is by %+v", got)
	}
}

// TestLearnFew: what a single article says is its subject, not its audience.
func TestLearnFew(t *testing.T) {
	list := []Example{
		{[]string{"buyer"}, "en", []string{"my parcel", "a parcel", "parcels"}},
		{[]string{"creator"}, "en", []string{"my banner", "a banner", "banners"}},
	}
	q := Question{Text: "parcel", Lang: "en"}
	if got := Learn(names, list, nil).Measure(q).Learned; got[0] != 0 {
		t.Errorf("learned %v from one article", got)
	}
	list = slices.Concat(list, list, list)
	got := Learn(names, list, nil).Measure(q).Learned
	if got[0] <= 0 || got[1] >= 0 {
		t.Errorf("learned %v from three articles", got)
	}
}

// TestWordsNeverBeatAChannel: however much is written, where it is written
// counts more.
func TestWordsNeverBeatAChannel(t *testing.T) {
	evidence := []Evidence{
		{"buyer", Channel, "#buyers", 0}, {"buyer", Words, "", -50},
		{"creator", Words, "my students", 50}, {"creator", Articles, "", 1},
	}
	if got := Weigh(names, evidence); got.Name != "buyer" {
		t.Errorf("guessed %+v, want buyer", got)
	}
}

// TestReasonsQuoteWhatWasTyped: people recognise their own words, not ours.
func TestReasonsQuoteWhatWasTyped(t *testing.T) {
	model := Learn(names, nil, DefaultCues())
	tests := []struct{ text, lang, who, want string }{
		{"ayer lo compré", "es", "buyer", `"compré"`},
		{"Pedí la DEVOLUCIÓN de mi compra, que pagué ayer", "es", "buyer", `"la DEVOLUCIÓN", "mi compra", "pagué"`},
		{"Minha  comissão?", "pt-BR", "affiliate", `"Minha comissão"`},
		{"I’ve bought it", "en", "buyer", `"I’ve bought"`},
		{"where is my_refund", "en", "buyer", `"my refund"`},
		{"my new Students", "en", "creator", `"my new Students"`},
	}
	for _, test := range tests {
		guess := model.Guess(nil, Question{Text: test.text, Lang: test.lang, Hits: []Hit{{[]string{test.who}, 1}}})
		if len(guess.Why) != 2 || guess.Why[0].Detail != test.want {
			t.Errorf("Guess(%q) because of %v, want %s", test.text, guess.Why, test.want)
		}
	}
}

func FuzzGuess(f *testing.F) {
	for _, s := range []string{"my new students", "compré", "i i i bought my my", "\xff", "ﷺ", "my\x00my"} {
		f.Add(s, "en", 0.5)
	}
	model := Learn(names, []Example{{names[:1], "en", []string{"a b c"}}, {names[1:], "pt", []string{"a b"}}}, DefaultCues())
	f.Fuzz(func(t *testing.T, s, lang string, score float64) {
		q := Question{Text: s, Lang: lang, Hits: []Hit{{names[:1], score}, {names[1:], 1}}}
		got := model.Guess(nil, q)
		if !(got.Confidence > 0 && got.Confidence <= 1) {
			t.Errorf("confidence %v", got.Confidence)
		}
		if (got.Name == "") != (len(got.Why) == 0) {
			t.Errorf("%q because of %v", got.Name, got.Why)
		}
		if again := model.Guess(nil, q); !cmp.Equal(got, again) {
			t.Errorf("guessed %v, then %v", got, again)
		}
	})
}

func TestDefaultCuesIsACopy(t *testing.T) {
	DefaultCues()["buyer"] = nil
	if len(DefaultCues()["buyer"]) == 0 {
		t.Error("changing the map changed the defaults")
	}
}
