package discord

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
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

// TestHandbook: the handbook names every permission and why, and shows pictures
// of what there is.
func TestHandbook(t *testing.T) {
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join("..", "..", "docs", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	handbook := read("discord.md")
	var table strings.Builder
	table.WriteString("| permission | what for |\n|---|---|\n")
	for _, p := range permissions {
		needed := ""
		if !p.when(Features{}) {
			needed = "; only with `answers: thread`, or a desk with cards or agents on Discord"
		}
		fmt.Fprintf(&table, "| %s | to %s%s |\n", p.Name, p.Why, needed)
	}
	if !strings.Contains(handbook, "\n"+table.String()+"\n") {
		t.Errorf("docs/discord.md should say:\n%s", table.String())
	}

	pictures := regexp.MustCompile(`"images/([a-z0-9-]+\.png)"`).FindAllStringSubmatch(handbook, -1)
	for _, picture := range pictures {
		if n := len(read("images/" + picture[1])); n == 0 || n > 100_000 {
			t.Errorf("%s has %d bytes", picture[1], n)
		}
	}
	sources := regexp.MustCompile(`"([a-z_-]+\.json)"`).FindAllStringSubmatch(read("blocks/discord.js"), -1)
	for _, source := range sources {
		if _, err := os.Stat(filepath.Join("testdata", "golden", source[1])); err != nil {
			t.Error(err)
		}
	}
	if len(pictures) == 0 || len(sources) == 0 {
		t.Errorf("%d pictures of %d files", len(pictures), len(sources))
	}
}
