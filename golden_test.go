package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseGolden(t *testing.T) {
	one := func(text string, expected ...string) []golden {
		return []golden{{Turns: []turn{{1, text, expected}}}}
	}
	hinted := func(lang, audience string) []golden {
		return []golden{{lang, audience, []turn{{1, "money back", []string{"1"}}}}}
	}
	tests := []struct {
		name, file string
		want       []golden
	}{
		{"an id", "money back -> 360061973392", one("money back", "360061973392")},
		{"another arrow", "money back → refunds", one("money back", "refunds")},
		{"nothing", "hello -> None", one("hello")},
		{"several", "money back -> 1 or 2 OR 3", one("money back", "1", "2", "3")},
		{"no spaces", "money back->1", one("money back", "1")},
		{"aligned", "  money back     ->   1  \t", one("money back", "1")},
		{"a title", `money back -> "How do I get a refund?"`, one("money back", "How do I get a refund?")},
		{"a title in curly quotes", `money back -> “How do I get a "refund"?” or 2`, one("money back", `How do I get a "refund"?`, "2")},
		{"a title with quotes, an arrow and an or", `settings -> "The \"menu\" -> or \\ not"`, one("settings", `The "menu" -> or \ not`)},
		{"an article called none", `x -> "none" or "or"`, one("x", "none", "or")},
		{"an address", "money back -> https://help.example.com/a#b", one("money back", "https://help.example.com/a#b")},
		{"a comment behind", `money back -> 1 # not 2 -> see "above`, one("money back", "1")},
		{"a number sign in the question", "order #5 is late -> 1", one("order #5 is late", "1")},
		{"signs that are part of the question", `\#5 -> 1` + "\n" + `\[urgent] a \-> b \→ c -> none` + "\n" + `\> me -> 1` + "\n" + `\\ C:\dir -> 1`, []golden{
			{Turns: []turn{{1, "#5", []string{"1"}}}},
			{Turns: []turn{{2, "[urgent] a -> b → c", nil}}},
			{Turns: []turn{{3, "> me", []string{"1"}}}},
			{Turns: []turn{{4, `\ C:\dir`, []string{"1"}}}},
		}},
		{"a language", "[es] money back -> 1", hinted("es", "")},
		{"an audience", "[as creator] money back -> 1", hinted("", "creator")},
		{"both", "[es as creator] money back -> 1", hinted("es", "creator")},
		{"both the other way round", "[ As creator, es ]money back -> 1", hinted("es", "creator")},
		{"a conversation", "[es] a -> 1\n  > b -> none\n\n# and\n>c -> 2\nd -> 3", []golden{
			{Lang: "es", Turns: []turn{{1, "a", []string{"1"}}, {2, "b", nil}, {5, "c", []string{"2"}}}},
			{Turns: []turn{{6, "d", []string{"3"}}}},
		}},
		{"of a Windows editor", "\uFEFF# Refunds\r\n\r\nmoney back -> 1\r\n", []golden{{Turns: []turn{{3, "money back", []string{"1"}}}}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, problems := parseGolden("q.txt", test.file)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestParseGoldenProblems reads a file in which every line is wrong in its own
// way, but for those that go on from one that is.
func TestParseGoldenProblems(t *testing.T) {
	lines := []struct{ line, problem string }{
		{"> and? -> 1", "no question above"},
		{"money back", "has no arrow"},
		{`settings \-> payments`, "has no arrow"},
		{" > that goes on from a wrong one -> 1", ""},
		{"-> 1", "no question before the arrow"},
		{"a ->", "nothing after the arrow"},
		{"a -> # none", "nothing after the arrow"},
		{"a -> 1, 2", `"2" follows "1,"; put or`},
		{"a -> How do I", `"do" follows "How"`},
		{"a -> 1 or", "ends with or"},
		{"a -> or 1", "no article stands in front of or"},
		{"a -> 1 or or 2", "no article stands in front of or"},
		{"a -> none or 1", "none stands alone"},
		{`a -> "How do I`, "quotes are not closed"},
		{`a -> “How do I"`, "quotes are not closed"},
		{`a -> " "`, "quotes hold nothing"},
		{"[es a -> 1", "bracket is not closed"},
		{"[] a -> 1", "brackets are empty"},
		{"[as] a -> 1", "[as] is no hint"},
		{"[es pt] a -> 1", "[es pt] is no hint"},
		{"[es] [as buyer] a -> 1", "two pairs of brackets"},
		{"[es] -> 1", "no question before the arrow"},
		{"caf\xe9 -> 1", "not UTF-8"},
		{"fine -> 1", ""},
		{"> [es] and? -> 1", "brackets stand in front of the question"},
	}
	var file []string
	for _, l := range lines {
		file = append(file, l.line)
	}
	list, problems := parseGolden("q.txt", strings.Join(file, "\n"))
	next := 0
	for i, l := range lines {
		if l.problem == "" {
			continue
		}
		if next == len(problems) {
			t.Fatalf("no problem is reported from line %d on", i+1)
		}
		if p := problems[next]; p.File != "q.txt" || p.Line != i+1 || !strings.Contains(p.Message, l.problem) {
			t.Errorf("%q: %v, want line %d: … %s", l.line, p, i+1, l.problem)
		}
		next++
	}
	if next < len(problems) {
		t.Errorf("too many problems: %v", problems[next:])
	}
	if len(list) != 1 || len(list[0].Turns) != 1 || list[0].Turns[0].Text != "fine" {
		t.Errorf("what is left = %+v", list)
	}
	if _, problems := parseGolden("q.txt", "\n# nothing\n"); len(problems) != 1 || !strings.HasPrefix(problems[0].String(), "q.txt: has no questions") {
		t.Errorf("no questions: %v", problems)
	}
}

// FuzzParseGolden holds that what was read is read again as it is printed.
func FuzzParseGolden(f *testing.F) {
	f.Add("# Refunds\nmoney back -> 1 or \"A title?\"\n[es as buyer] hola → none # small talk\n  > y -> “b”\n")
	f.Add("\\[a] \\-> \\\\ -> \"none\" or \"\\\"\"\n\\\\-> -> #\n->\n[as as] \\→ -> or")
	f.Fuzz(func(t *testing.T, file string) {
		list, _ := parseGolden("q.txt", file)
		var printed strings.Builder
		for _, g := range list {
			printed.WriteString(g.String())
		}
		again, problems := parseGolden("q.txt", printed.String())
		if len(problems) > 0 && len(list) > 0 {
			t.Fatalf("%q\nprints as\n%q\nwhich has problems:\n%v", file, printed.String(), problems)
		}
		if diff := cmp.Diff(list, again, cmpopts.IgnoreFields(turn{}, "Line"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q\nprints as\n%q\n%s", file, printed.String(), diff)
		}
	})
}
