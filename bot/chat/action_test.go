package chat

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseAction(t *testing.T) {
	tests := []struct {
		text string
		want Action // zero: refused
	}{
		{"browse", Do("browse")},
		{"claim:T-7", Do("claim", "T-7")},
		{"browse:buyer:refunds:2", Do("browse", "buyer", "refunds", "2")},
		{"browse::refunds", Do("browse", "", "refunds")},
		{"claim:", Do("claim", "")},
		{"as:c1:comprador ágil", Do("as", "c1", "comprador ágil")},
		{strings.Repeat("x", MaxAction), Do(strings.Repeat("x", MaxAction))},
		{"", Action{}},
		{":T-7", Action{}},
		{strings.Repeat("x", MaxAction+1), Action{}},
		{"claim:T-7\n", Action{}},
		{"claim:\x00", Action{}},
		{"claim:\x7f", Action{}},
		{"claim:\xff", Action{}},
		{"claim:\uFFFD", Action{}},
	}
	for _, test := range tests {
		got, err := ParseAction(test.text)
		if diff := cmp.Diff(test.want, got); diff != "" || (err != nil) != test.want.IsZero() {
			t.Errorf("ParseAction(%q) = %v, %v\n%s", test.text, got, err, diff)
		}
	}
}

func FuzzParseAction(f *testing.F) {
	f.Add("claim:T-7")
	f.Add("browse::refunds:")
	f.Add("as:\xffx")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAction(s)
		if err != nil {
			return // refusing is fine; changing the meaning is not
		}
		if got := a.String(); got != s {
			t.Errorf("ParseAction(%q) prints as %q", s, got)
		}
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var back Action
		if err := json.Unmarshal(text, &back); err != nil || !cmp.Equal(back, a) {
			t.Errorf("%q comes back as %q, %v", s, back, err)
		}
	})
}

func TestActionArg(t *testing.T) {
	a := Do("browse", "buyer")
	if a.Arg(0) != "buyer" || a.Arg(1) != "" {
		t.Errorf("args = %q, %q", a.Arg(0), a.Arg(1))
	}
	if a.IsZero() || !(Action{}).IsZero() {
		t.Error("IsZero is for no action at all")
	}
	kept := Do("kept")
	if err := kept.UnmarshalText([]byte(":")); err == nil || kept.Verb != "kept" {
		t.Errorf("a refused text left %v, %v", kept, err)
	}
}
