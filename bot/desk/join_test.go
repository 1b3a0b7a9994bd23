package desk

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
)

func TestCode(t *testing.T) {
	code := NewCode([codeLength]byte{0, 1, 2, 31, 32, 33, 255, 7})
	if code != "012Z-01Z7" {
		t.Fatalf("the code is %s", code)
	}
	for _, typed := range []string{code, " 012z-01z7 ", "o1Lz", "o12z01z7", "OI2Z–0lZ7", "012Z 01Z7"} {
		got, ok := ParseCode(typed)
		want := len(typed) > 4
		if ok != want || ok && got != code {
			t.Errorf("ParseCode(%q) = %q, %t", typed, got, ok)
		}
	}
	for _, typed := range []string{"", "off", "012Z-01Z", "012Z-01Z77", "U12Z-01Z7", "012Z_01Z7", strings.Repeat("-", 1000)} {
		if got, ok := ParseCode(typed); ok {
			t.Errorf("ParseCode(%q) = %q", typed, got)
		}
	}
}

// FuzzParseCode: what is taken for a code is one, and is read the same again.
func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"012Z-01Z7", "o12z01z7", "off", "", "0000 0000", "T-12"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, ok := ParseCode(s)
		if !ok {
			return
		}
		again, ok := ParseCode(code)
		if !ok || again != code || len(code) != codeLength+1 || strings.Trim(code, codeLetters+"-") != "" {
			t.Errorf("ParseCode(%q) = %q, and that is %q, %t", s, code, again, ok)
		}
	})
}

func TestJoin(t *testing.T) {
	p := Person{ID: "a", Accounts: []chat.AccountID{"a"}, Audience: "buyer", OnCall: map[string]Duty{"support": {Account: "a"}}}
	other := Person{
		ID: "b", Accounts: []chat.AccountID{"b", "a"}, Audience: "creator", Drafts: map[chat.TicketID]string{"T-1": "hm"},
		OnCall:  map[string]Duty{"support": {Account: "b"}, "sales": {Account: "b"}},
		Blocked: &Block{Since: now, Until: now.Add(time.Hour)},
	}
	p.Join(&other)
	want := Person{
		ID: "a", Accounts: []chat.AccountID{"a", "b"}, Audience: "buyer", Drafts: map[chat.TicketID]string{"T-1": "hm"},
		OnCall:  map[string]Duty{"support": {Account: "a"}, "sales": {Account: "b"}},
		Blocked: &Block{Since: now, Until: now.Add(time.Hour)},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Person{ID: "b"}, other); diff != "" {
		t.Errorf("the other one keeps\n%s", diff)
	}

	apart := p.Part("b")
	if !slices.Equal(p.Accounts, []chat.AccountID{"a"}) || len(p.OnCall) != 1 || apart.ID != "b" || !apart.IsBlocked(now) || !p.IsBlocked(now) {
		t.Errorf("apart again, they are %+v and %+v", p, apart)
	}
}

// Nobody rids themselves of a block by joining accounts.
func TestJoinBlocked(t *testing.T) {
	hour, day, good := &Block{Since: now, Until: now.Add(time.Hour)}, &Block{Since: now, Until: now.Add(24 * time.Hour)}, &Block{Since: now}
	for _, pair := range [][3]*Block{{nil, hour, hour}, {hour, nil, hour}, {hour, day, day}, {day, hour, day}, {good, day, good}, {day, good, good}} {
		p, other := Person{Blocked: pair[0]}, Person{Blocked: pair[1]}
		if p.Join(&other); p.Blocked != pair[2] {
			t.Errorf("%+v and %+v make %+v", pair[0], pair[1], p.Blocked)
		}
	}
}

func TestRehome(t *testing.T) {
	k := *asked(1)
	k.Asker.Account = "test:w:kim"
	if err := k.Reply(ana, "hello", false, false, now); err != nil {
		t.Fatal(err)
	}
	asker := k.Asker.Person
	before := k
	k.Rehome(asker, "kim", "other:w:kim")
	if k.Asker.Person != asker {
		t.Error("what another account asked is moved")
	}
	k.Rehome(asker, "kim", "test:w:kim")
	k.Rehome("ana", "anna", "")
	if k.Asker.Person != "kim" || k.Holder != "anna" || k.Newest().By != "anna" || k.History[0].By != "" {
		t.Errorf("it is asked by %q, held by %q, and its newest entry is by %q", k.Asker.Person, k.Holder, k.Newest().By)
	}
	if before.Newest().By != "ana" {
		t.Error("what was read has changed")
	}
}
