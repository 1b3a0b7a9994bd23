package desk

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var audited = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

func sealKey(t testing.TB, secret string) SealKey {
	t.Helper()
	k, err := NewSealKey([]byte(strings.Repeat(secret, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// chainOf is a sealed chain of n lines.
func chainOf(t testing.TB, k SealKey, n int) []AuditLine {
	t.Helper()
	var lines []AuditLine
	for i := 1; i <= n; i++ {
		text, err := json.Marshal(Deed{At: audited.Add(time.Duration(i) * time.Second), Who: "ana", Door: BySlash, What: "ticket.claim", Of: []string{fmt.Sprint("T-", i)}, Result: Done})
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, AuditLine{N: int64(i), Text: fmt.Sprintf(`{"n":%d,%s`, i, text[1:])})
	}
	return k.Extend(Link{}, lines)
}

// checked verifies lines as they are stored, one behind the other.
func checked(lines []AuditLine, keys []SealKey, heads ...Link) error {
	v := NewVerifier(Link{}, keys, heads...)
	for _, l := range lines {
		if err := v.Line(l, v.Last().Seal); err != nil {
			return err
		}
	}
	return v.End(Link{})
}

func head(lines []AuditLine) Link {
	last := lines[len(lines)-1]
	return Link{last.N, last.Seal}
}

// Any change of one byte of what is stored of a sealed line is found, and so is
// a byte too few or too many; with a key and without.
func TestVerifyEveryByte(t *testing.T) {
	for _, k := range []SealKey{{}, sealKey(t, "a")} {
		keys := []SealKey{k}
		lines := chainOf(t, k, 5)
		if err := checked(lines, keys, head(lines)); err != nil {
			t.Fatal(err)
		}
		tried := 0
		try := func(i int, change AuditLine) {
			t.Helper()
			changed := slices.Clone(lines)
			changed[i] = change
			if err := checked(changed, keys, head(lines)); err == nil {
				t.Fatalf("a change of line %d was not found: %+v", i, change)
			}
			tried++
		}
		for i, l := range lines {
			for at := range len(l.Text) {
				for _, b := range []byte{l.Text[at] ^ 1, l.Text[at] ^ 0x20, ' ', 0, 0xff} {
					if b != l.Text[at] {
						try(i, AuditLine{l.N, l.Text[:at] + string([]byte{b}) + l.Text[at+1:], l.Seal})
					}
				}
				try(i, AuditLine{l.N, l.Text[:at] + l.Text[at+1:], l.Seal})
				try(i, AuditLine{l.N, l.Text[:at] + " " + l.Text[at:], l.Seal})
			}
			for at := range len(l.Seal) {
				try(i, AuditLine{l.N, l.Text, l.Seal[:at] + "0" + l.Seal[at:]})
				try(i, AuditLine{l.N, l.Text, l.Seal[:at] + l.Seal[at+1:]})
				try(i, AuditLine{l.N, l.Text, l.Seal[:at] + Seal([]byte{l.Seal[at] ^ 1}) + l.Seal[at+1:]})
			}
			try(i, AuditLine{l.N + 1, l.Text, l.Seal})
			try(i, AuditLine{l.N, l.Text, k.Seal("", l.Text+" ")})
		}
		if tried < 1000 {
			t.Errorf("only %d changes were tried", tried)
		}
	}
}

func TestVerify(t *testing.T) {
	k, other := sealKey(t, "a"), sealKey(t, "b")
	plain, keyed := chainOf(t, SealKey{}, 5), chainOf(t, k, 5)
	forged := chainOf(t, SealKey{}, 5)
	forged[2].Text = strings.Replace(forged[2].Text, "ana", "eve", 1)
	forged = SealKey{}.Extend(Link{}, forged)
	grown := slices.Concat(plain[:3], k.Extend(head(plain[:3]), keyed[3:]))
	swapped := slices.Clone(plain)
	swapped[1], swapped[2] = swapped[2], swapped[1]
	tests := []struct {
		name  string
		lines []AuditLine
		keys  []SealKey
		heads []Link
		want  error
	}{
		{"whole", plain, nil, []Link{head(plain), head(plain[:2])}, nil},
		{"whole, with a key", keyed, []SealKey{k}, []Link{head(keyed)}, nil},
		{"nothing", nil, nil, nil, nil},
		{"nothing, and once something", nil, nil, []Link{head(plain)}, ErrBroken},
		{"removed", slices.Delete(slices.Clone(plain), 2, 3), nil, nil, ErrBroken},
		{"several removed", slices.Delete(slices.Clone(plain), 1, 4), nil, nil, ErrBroken},
		{"first removed", plain[1:], nil, nil, ErrBroken},
		{"put in", slices.Insert(slices.Clone(plain), 2, plain[1]), nil, nil, ErrBroken},
		{"another order", swapped, nil, nil, ErrBroken},
		{"end cut off", plain[:3], nil, []Link{head(plain)}, ErrBroken},
		{"end cut off, with nothing to compare", plain[:3], nil, nil, nil}, // this is what heads are for
		{"forged as a whole", forged, nil, nil, nil},                       // likewise, and keys
		{"forged as a whole, and once another", forged, nil, []Link{head(plain)}, ErrBroken},
		{"forged without the key", slices.Concat(keyed[:2], SealKey{}.Extend(head(keyed[:2]), keyed[2:])), []SealKey{k}, nil, ErrBroken},
		{"forged with another key", slices.Concat(keyed[:2], other.Extend(head(keyed[:2]), keyed[2:])), []SealKey{k}, nil, ErrUnchecked},
		{"no key at hand", keyed, nil, nil, ErrUnchecked},
		{"sealed with a key from some time on", grown, []SealKey{k}, nil, nil},
		{"two keys", slices.Concat(keyed[:2], other.Extend(head(keyed[:2]), keyed[2:])), []SealKey{k, other}, nil, nil},
	}
	for _, test := range tests {
		if err := checked(test.lines, test.keys, test.heads...); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	v := NewVerifier(head(plain[:2]), nil, head(plain[:1]))
	for _, l := range plain[2:] {
		if err := v.Line(l, v.Last().Seal); err != nil {
			t.Error(err)
		}
	}
	if err := v.End(head(plain[:2])); !errors.Is(err, ErrUnchecked) || v.Lines != 3 {
		t.Errorf("against what was dropped: %v, %d lines", err, v.Lines)
	}
}

func TestSealKey(t *testing.T) {
	if _, err := NewSealKey(make([]byte, 31)); err == nil {
		t.Error("a short key was taken")
	}
	if k := sealKey(t, "a"); k.Name() == "" || strings.Contains(string(k.Seal("", "x")), "aaaa") {
		t.Errorf("key %q", k.Name())
	}
}

func TestParseLink(t *testing.T) {
	lines := chainOf(t, sealKey(t, "a"), 12)
	for _, l := range []Link{{}, head(lines), head(chainOf(t, SealKey{}, 1))} {
		if got, err := ParseLink(l.String()); got != l || err != nil {
			t.Errorf("%s reads as %v, %v", l, got, err)
		}
	}
	for _, s := range []string{"", "12", "12:", "x:" + string(lines[0].Seal), "0:" + string(lines[0].Seal), "-1:" + string(lines[0].Seal), "1:sha256-00", " " + head(lines).String()} {
		if l, err := ParseLink(s); err == nil {
			t.Errorf("%q reads as %v", s, l)
		}
	}
}

// An exported audit verifies by itself, and so does a part of one.
func TestExport(t *testing.T) {
	k := sealKey(t, "a")
	lines, before := chainOf(t, k, 6), Seal("")
	var texts []string
	for _, l := range lines {
		text := l.Export(before)
		if !json.Valid([]byte(text)) {
			t.Fatalf("%s is no JSON", text)
		}
		got, prev, err := ParseExport(text)
		if err != nil || prev != before {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(l, got); diff != "" {
			t.Error(diff)
		}
		texts, before = append(texts, text), l.Seal
	}
	check := func(loose bool, texts ...string) (*Verifier, error) {
		v := NewVerifier(Link{}, []SealKey{k})
		v.Loose = loose
		for _, text := range texts {
			l, before, err := ParseExport(text)
			if err != nil {
				return v, err
			}
			if err := v.Line(l, before); err != nil {
				return v, err
			}
		}
		return v, nil
	}
	if v, err := check(true, texts[1], texts[2], texts[5]); err != nil || v.Skipped != 2 || v.Lines != 3 {
		t.Errorf("a part: %v, %d missing", err, v.Skipped)
	}
	if _, err := check(false, texts[0], texts[2]); !errors.Is(err, ErrBroken) {
		t.Errorf("with one missing: %v", err)
	}
	if _, err := check(true, texts[2], texts[1]); !errors.Is(err, ErrBroken) {
		t.Errorf("in another order: %v", err)
	}
	if _, err := check(true, texts[0], strings.Replace(texts[1], "ana", "eve", 1)); !errors.Is(err, ErrBroken) {
		t.Errorf("changed: %v", err)
	}
	if _, err := check(true, texts[0], strings.Replace(texts[1], `"prev":"hmac`, `"prev":"hmad`, 1)); err == nil {
		t.Error("another one before it was not found")
	}
}

// What was not exported is refused, and what was is read as it was written.
func FuzzParseExport(f *testing.F) {
	before := Seal("")
	for _, l := range chainOf(f, SealKey{}, 2) {
		f.Add(l.Export(before))
		before = l.Seal
	}
	f.Add(`{"n":1,"prev":"","hash":""}`)
	f.Fuzz(func(t *testing.T, s string) {
		l, before, err := ParseExport(s)
		if err != nil {
			return
		}
		if got := l.Export(before); got != s {
			t.Errorf("%q comes back as %q", s, got)
		}
		if _, err := l.Deed(); err != nil {
			t.Error(err)
		}
	})
}

func TestDeed(t *testing.T) {
	long := strings.Repeat("é", 150)
	text, err := json.Marshal(Deed{
		At: audited.Add(1234567), Who: "ana\n", What: "ticket.claim", Of: []string{"T-1", "", "T-1", long}, Result: Refused, Why: "held", Where: "a:b:\xffc",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"at":"2026-03-02T09:30:00.001Z","who":"ana","where":"a:b:c","door":"","what":"ticket.claim","of":["T-1","` + long[:200] + `"],"result":"refused","why":"held"}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	for _, test := range []struct {
		deed Deed
		is   string
		want bool
	}{
		{Deed{What: "ticket.claim"}, "ticket.claim", true}, {Deed{What: "ticket.claim"}, "ticket", true}, {Deed{What: "ticket.claim"}, "ticket.", true},
		{Deed{What: "ticket.claim"}, "ticket.c", false}, {Deed{What: "tickets"}, "ticket", false},
		{Deed{What: Denied, Tried: "ticket.claim"}, "ticket", true}, {Deed{What: Denied, Tried: "ticket.claim"}, "access", true},
	} {
		if got := test.deed.Is(test.is); got != test.want {
			t.Errorf("%+v is %s: %t", test.deed, test.is, got)
		}
	}
}
