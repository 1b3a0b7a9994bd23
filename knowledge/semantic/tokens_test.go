package semantic

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// unzipped returns the lines of a file in testdata.
func unzipped(t testing.TB, name string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(plain), "\n"), "\n")
}

// A cut is a line of testdata/tokens.gz, which distill/tokens_golden.py writes: a
// text, and hashes of its tokens by the teacher's own tokenizer, and by a
// reference with the vocabulary of the model.
type cut struct {
	teacher, own string
	text         string
}

// cuts returns all of them, and the SHA-256 of the vocabulary they were made with.
func cuts(t testing.TB) (list []cut, vocabulary string) {
	t.Helper()
	lines := unzipped(t, "tokens.gz")
	for _, line := range lines[1:] {
		parts := strings.SplitN(line, " ", 3)
		c := cut{teacher: parts[0], own: parts[1]}
		if err := json.Unmarshal([]byte(parts[2]), &c.text); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		list = append(list, c)
	}
	return list, lines[0]
}

// vocabulary returns the tokens of a model by their numbers.
func vocabulary(s *Static) []string {
	names := make([]string, s.About().Tokens)
	for name, id := range s.tokens.whole {
		names[id] = name
	}
	for name, id := range s.tokens.inside {
		names[id] = goesOn + name
	}
	return names
}

// spelled returns the tokens of a text, and "[UNK]" for a word that has none.
func spelled(tokens *tokenizer, names []string, text string) []string {
	var list []string
	tokens.each(text, func(id int32) {
		if id == unknown {
			list = append(list, "[UNK]")
		} else {
			list = append(list, names[id])
		}
	})
	return list
}

func hashed(list []string) string {
	sum := sha256.Sum256([]byte(strings.Join(list, "\n")))
	return hex.EncodeToString(sum[:])
}

// short is how much of a hash stands in testdata/tokens.gz.
const short = 8

func TestTokensAreTheTeachers(t *testing.T) {
	names := unzipped(t, "teacher.gz")
	tokens := newTokenizer(names)
	list, _ := cuts(t)
	if len(list) != 10_000 {
		t.Fatalf("%d texts, want 10,000", len(list))
	}
	for _, c := range list {
		if got := spelled(tokens, names, c.text); hashed(got)[:short] != c.teacher {
			t.Errorf("%+q is cut to %q, and not so by the teacher", c.text, got)
		}
	}
}

func TestTokensAreThoseOfTheReference(t *testing.T) {
	s := BuiltIn()
	names := vocabulary(s)
	list, want := cuts(t)
	if hashed(names) != want {
		t.Fatal("the model has other tokens than testdata/tokens.gz is for: run distill/tokens_golden.py as distill/README.md says")
	}
	for _, c := range list {
		if got := spelled(s.tokens, names, c.text); hashed(got)[:short] != c.own {
			t.Errorf("%+q is cut to %q, and not so by the reference", c.text, got)
		}
	}
}

func TestTokensOfAWord(t *testing.T) {
	names := []string{"a", "ab", "##b", "##c", "##bc", "é", "!", "中", "##", ""}
	tokens := newTokenizer(names)
	tests := []struct {
		name string
		text string
		want []string
	}{
		{"the longest piece first", "abc", []string{"ab", "##c"}},
		{"no piece is left over", "abx", []string{"[UNK]"}},
		{"accents are gone, so a token with one is never met", "é", []string{"[UNK]"}},
		{"upper case", "ABC", []string{"ab", "##c"}},
		{"marks part words", "a!b", []string{"a", "!", "[UNK]"}},
		{"ideographs part words", "a中a", []string{"a", "中", "a"}},
		{"control characters are nothing", "a\x00\x0b\u200bb", []string{"ab"}},
		{"white space", "a\t\u00a0\u2028a", []string{"a", "a"}},
		{"an unassigned character is a letter", "a\U000e0fffb", []string{"[UNK]"}},
		{"as many runes as a word may have", "a" + strings.Repeat("b", maxWord-1), append([]string{"ab"}, slices.Repeat([]string{"##b"}, maxWord-2)...)},
		{"one more", "a" + strings.Repeat("b", maxWord), []string{"[UNK]"}},
		{"bytes that are no text", "a\xff\xc3b", []string{"ab"}},
		{"nothing", "", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := spelled(tokens, names, test.text); !slices.Equal(got, test.want) {
				t.Errorf("%+q is cut to %q, want %q", test.text, got, test.want)
			}
		})
	}
}
