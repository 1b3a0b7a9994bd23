package discord

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func TestInvite(t *testing.T) {
	const least = 1<<10 | 1<<11 | 1<<15 | 1<<16 | 1<<36 | 1<<38
	tests := []struct {
		name string
		f    Features
		want int64
	}{
		{"least", Features{}, least},
		{"threads", Features{Threads: true}, least | 1<<35},
		{"a desk", Features{Desk: true}, least | 1<<35},
		{"everything", Features{Threads: true, Desk: true}, least | 1<<35},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u, err := url.Parse(Invite("112233445566778899", test.f))
			if err != nil {
				t.Fatal(err)
			}
			q := u.Query()
			if u.Host != "discord.com" || u.Path != "/oauth2/authorize" || q.Get("client_id") != "112233445566778899" || q.Get("scope") != "bot applications.commands" {
				t.Errorf("invite is %s", u)
			}
			if got := q.Get("permissions"); got != strconv.FormatInt(test.want, 10) {
				t.Errorf("permissions = %s, want %d", got, test.want)
			}
		})
	}
}

// TestPermissions: each is there once, with a reason, and none lets the bot do
// to others what it has no use for.
func TestPermissions(t *testing.T) {
	var all int64
	for _, p := range permissions {
		if p.Bit&(p.Bit-1) != 0 || p.Bit == 0 || all&p.Bit != 0 || p.Name == "" || p.Why == "" {
			t.Errorf("permission %+v is none, there twice, or without a reason", p)
		}
		all |= p.Bit
	}
	// Administrator, Manage Channels, Manage Server, Manage Messages, Mention
	// Everyone, Manage Roles, Manage Webhooks, Manage Threads.
	if powers := int64(1<<3 | 1<<4 | 1<<5 | 1<<13 | 1<<17 | 1<<28 | 1<<29 | 1<<34); all&powers != 0 {
		t.Errorf("the bot asks for %b", all&powers)
	}
}

func TestApplicationID(t *testing.T) {
	first := base64.RawStdEncoding.EncodeToString([]byte("80351110224678912"))
	tests := []struct {
		name, token, want string
	}{
		{"a token", first + ".Xyz-12.hush_hush", "80351110224678912"},
		{"padded", first + "=.Xyz-12.hush", "80351110224678912"},
		{"no token", "hush", ""},
		{"only the first part", first, ""},
		{"another first part", "hush.hush.hush", ""},
		{"a name for an id", base64.RawStdEncoding.EncodeToString([]byte("signpost")) + ".a.b", ""},
		{"nothing", "", ""},
	}
	for _, test := range tests {
		got, err := ApplicationID(test.token)
		if got != test.want || (test.want == "") != errors.Is(err, ErrToken) {
			t.Errorf("%s: ApplicationID = %q, %v, want %q", test.name, got, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: the token is told: %v", test.name, err)
		}
	}
}

// FuzzApplicationID: what comes out can stand in an address.
func FuzzApplicationID(f *testing.F) {
	f.Add("ODAzNTExMTAyMjQ2Nzg5MTI.Xyz.hush")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		id, err := ApplicationID(token)
		if err != nil {
			return
		}
		if u, err := url.Parse(Invite(id, Features{})); err != nil || u.Query().Get("client_id") != id {
			t.Errorf("%q gives the address %v, %v", token, u, err)
		}
	})
}
