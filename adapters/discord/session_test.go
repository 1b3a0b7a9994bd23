package discord

import (
	"strings"
	"testing"
	"time"
)

// TestSessionGrows: of two stored sessions the one that is to stay is the
// greater, for a cursor never goes back.
func TestSessionGrows(t *testing.T) {
	short := func(number, seq int64) gatewaySession { return gatewaySession{number, "s", "wss://a", seq} }
	long := func(number, seq int64) gatewaySession {
		return gatewaySession{number, strings.Repeat("z", 32), "wss://gateway-us-east1-b.discord.gg", seq}
	}
	steps := []struct {
		name    string
		session gatewaySession
		fence   int64
	}{
		{"nothing", gatewaySession{}, 1},
		{"first", long(1, 1), 1},
		{"further", short(1, 2), 1},
		{"much further", long(1, 10), 1},
		{"over", gatewaySession{number: 2}, 1},
		{"new", short(3, 1), 1},
		{"taken over", short(3, 1), 2},
		{"taken over by one who knew less", long(1, 1), 10},
		{"the last one there can be", long(1<<62, 1<<62), 1 << 62},
	}
	for i := 1; i < len(steps); i++ {
		a, b := steps[i-1], steps[i]
		before, after := a.session.text(a.fence), b.session.text(b.fence)
		if len(before) != len(after) || before >= after {
			t.Errorf("%s is stored as %q\nthen %s as %q", a.name, before, b.name, after)
		}
	}
}

func TestSessionIsStored(t *testing.T) {
	tests := []struct {
		name    string
		session gatewaySession
		want    gatewaySession
	}{
		{"all", gatewaySession{3, "id", "wss://a", 7}, gatewaySession{3, "id", "wss://a", 7}},
		{"no address", gatewaySession{3, "id", "", 7}, gatewaySession{3, "id", "", 7}},
		{"nothing accepted", gatewaySession{3, "id", "wss://a", 0}, gatewaySession{number: 3}},
		{"none", gatewaySession{}, gatewaySession{}},
		{"too long", gatewaySession{3, strings.Repeat("x", sessionRoom), "wss://a", 7}, gatewaySession{number: 3, seq: 7}},
		{"a space", gatewaySession{3, "i d", "wss://a", 7}, gatewaySession{number: 3, seq: 7}},
		{"not ASCII", gatewaySession{3, "id", "wss://é", 7}, gatewaySession{number: 3, seq: 7}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := test.session.text(5)
			got, fence, err := parseSession(text)
			if got != test.want || fence != 5 || err != nil {
				t.Errorf("%q is read as %+v, %d, %v", text, got, fence, err)
			}
		})
	}
}

// TestTenureIsFenced: from the moment on when another replica has the shard,
// the one before stores in vain.
func TestTenureIsFenced(t *testing.T) {
	play(t, func(s *scene) {
		a, b := newGateway(s.options()), newGateway(s.options())
		if err := a.take(s.Context()); err != nil {
			s.Fatal(err)
		}
		n := a.begin("s1", "ws://"+resumeHost)
		a.accepted(n, 3)
		if err := a.save(s.Context()); err != nil {
			s.Fatal(err)
		}
		if !a.sure() {
			s.Error("not sure of what was taken just now")
		}
		pass(holding)
		if a.sure() {
			s.Error("sure of what another replica may have")
		}
		if err := b.take(s.Context()); err != nil {
			s.Fatal(err)
		}
		a.accepted(n, 4)
		if err := a.save(s.Context()); err != nil {
			s.Error(err)
		}
		if got := s.memory.stored(); got != b.current() || got.seq != 3 {
			s.Errorf("stored %+v, the new holder knows %+v", got, b.current())
		}
	})
}

// TestTenureCounts: what an old session took in is not counted for the new one,
// and nothing counts back.
func TestTenureCounts(t *testing.T) {
	a := newGateway(gatewayOptions{Now: time.Now})
	first := a.begin("s1", "")
	a.accepted(first, 9)
	second := a.begin("s2", "")
	a.accepted(first, 10)
	if got := a.current().seq; got != 0 {
		t.Errorf("the new session begins at %d", got)
	}
	a.accepted(second, 4)
	a.accepted(second, 2)
	if got := a.current().seq; got != 4 {
		t.Errorf("the session is at %d, want 4", got)
	}
}

func FuzzParseSession(f *testing.F) {
	f.Add(gatewaySession{3, "0123456789abcdef", "wss://gateway-us-east1-b.discord.gg", 7}.text(5))
	f.Add(gatewaySession{}.text(0))
	f.Add("")
	f.Add("///")
	f.Fuzz(func(t *testing.T, text string) {
		s, fence, err := parseSession(text)
		if err != nil {
			return
		}
		if again := s.text(fence); again != text {
			t.Errorf("%q is stored as %q", text, again)
		}
		if s.number < 0 || s.seq < 0 || fence < 0 {
			t.Errorf("%q has negative numbers: %+v, %d", text, s, fence)
		}
	})
}
