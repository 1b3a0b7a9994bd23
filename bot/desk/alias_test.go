package desk

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
)

var learned = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

func TestNewAlias(t *testing.T) {
	tests := []struct {
		name, phrasing string
		want           string // Text; empty if it is refused
		err            error
	}{
		{"plain", "where is my money", "where is my money", nil},
		{"untidy", "  where\tis\nmy \x00 money  ", "where is my money", nil},
		{"accents", "¿Dónde está?", "¿Dónde está?", nil},
		{"bad UTF-8", "mon\xffey", "money", nil},
		{"no Latin letters", "деньги", "деньги", nil},
		{"a number", "404", "404", nil},
		{"nothing", "  ", "", ErrNoWords},
		{"no words", "?! 🙂", "", ErrNoWords},
		{"a mark alone", "\u093e", "", ErrNoWords},
		{"as long as may be", strings.Repeat("é", MaxPhrasing), strings.Repeat("é", MaxPhrasing), nil},
		{"too long", strings.Repeat("é", MaxPhrasing+1), "", ErrTooLong},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, err := NewAlias("refund", "en", test.phrasing, "ana", learned)
			if !errors.Is(err, test.err) {
				t.Fatalf("NewAlias = %v, want %v", err, test.err)
			}
			if err == nil && a.Text != test.want {
				t.Errorf("phrasing = %q, want %q", a.Text, test.want)
			}
		})
	}
	for _, names := range [][2]string{
		{"", "en"}, {"refund", ""}, {"a\nb", "en"}, {"refund", "e n "}, {strings.Repeat("x", maxAliasName+1), "en"},
	} {
		if a, err := NewAlias(names[0], names[1], "money", "", learned); err == nil {
			t.Errorf("NewAlias(%q) = %+v, want an error", names, a)
		}
	}
	if _, err := NewAlias("refund", "en", "money", chat.PersonID(strings.Repeat("x", maxAliasName+1)), learned); err == nil {
		t.Error("a person with too long a name taught an alias")
	}
}

func TestAliasID(t *testing.T) {
	id := func(article, lang, phrasing string) AliasID {
		a, err := NewAlias(article, lang, phrasing, "", learned)
		if err != nil {
			t.Fatal(err)
		}
		return a.ID
	}
	first := id("refund", "es", "¿Dónde está mi dinero?")
	for _, same := range []string{"donde esta mi dinero", "DÓNDE  ESTÁ — mi dinero!!", "Do\u0301nde esta\u0301 mi dinero"} {
		if got := id("refund", "es", same); got != first {
			t.Errorf("%q is another alias", same)
		}
	}
	for _, apostrophe := range []string{"'", "’", "´"} {
		if id("refund", "en", "I can"+apostrophe+"t pay") != id("refund", "en", "i cant pay") {
			t.Errorf("%s makes another alias", apostrophe)
		}
	}
	for name, other := range map[string]AliasID{
		"phrasing": id("refund", "es", "donde esta el dinero"),
		"language": id("refund", "en", "donde esta mi dinero"),
		"article":  id("invoice", "es", "donde esta mi dinero"),
	} {
		if other == first {
			t.Errorf("another %s is the same alias", name)
		}
	}
	if len(first) != 16 {
		t.Errorf("id %q has %d characters", first, len(first))
	}
}

// FuzzNewAlias: what is learned can be stored, and reads as it was.
func FuzzNewAlias(f *testing.F) {
	f.Add("refund", "en", "where is my money?", "ana")
	f.Add("360061973392", "pt-BR", "cadê\u00a0meu dinheiro\x00", "slack:T1:U1")
	f.Add("a", "es", "\xff’'\u0301", "")
	f.Fuzz(func(t *testing.T, article, lang, phrasing, by string) {
		a, err := NewAlias(article, lang, phrasing, chat.PersonID(by), learned)
		if err != nil {
			return // refusing is fine; changing the meaning is not
		}
		data, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var again Alias
		if err := json.Unmarshal(data, &again); err != nil {
			t.Fatalf("%s cannot be read again: %v", data, err)
		}
		if diff := cmp.Diff(a, again); diff != "" {
			t.Errorf("stored (-was +is):\n%s", diff)
		}
	})
}

// FuzzAlias: whatever stands in the store, what is read is an alias.
func FuzzAlias(f *testing.F) {
	f.Add([]byte(`{"id":"abc","article":"refund","lang":"en","text":"my money","at":"2026-03-02T09:30:00Z"}`))
	f.Add([]byte(`{"id":"abc","article":"refund","lang":"en","text":"my\nmoney"}`))
	f.Add([]byte(`{"id":"","text":"\u0000"}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var a Alias
		if err := json.Unmarshal(data, &a); err != nil {
			return
		}
		made, err := NewAlias(a.Article, a.Lang, a.Text, a.By, a.At)
		if err != nil {
			t.Fatalf("%+v was read, and is refused: %v", a, err)
		}
		if made.Text != a.Text || strings.ContainsAny(a.Text+a.Article+a.Lang+string(a.ID)+string(a.By), "\n\r\x00\x1b") {
			t.Errorf("read %+v", a)
		}
	})
}
