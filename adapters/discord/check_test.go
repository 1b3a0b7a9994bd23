package discord

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
)

// checkAnswers are Discord as far as a check asks it: the answer to a path, with
// the status before it if it is not 200. What it does not know it refuses.
type checkAnswers map[string]string

// checkedAt is when checks are run.
var checkedAt = time.Date(2026, time.November, 20, 9, 30, 0, 0, time.UTC)

const (
	hush         = "8f742231b10e"
	checkedToken = "OQ.GqxYz1." + hush // of application 9
)

// knownCommands are those of this version.
func knownCommands(t testing.TB) []Definition {
	t.Helper()
	list, err := Commands([]chat.Command{
		{Door: "ask", Summary: "ask a question", Params: []chat.Param{{Name: "question", Kind: chat.TextParam}}},
		{Verb: "find", Menu: "Find an article"},
	}, plain{})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Permissions by their bits, as they travel.
const (
	viewOnly      = "66560"        // View Channels, Read Message History
	forAsking     = "343597485056" // all of [permissions] but Create Public Threads
	forAll        = "377957223424"
	publicThreads = "34359738368" // Create Public Threads
)

// sound is a server in which nothing is wrong.
func sound(t testing.TB) checkAnswers {
	t.Helper()
	known, err := json.Marshal(knownCommands(t))
	if err != nil {
		t.Fatal(err)
	}
	overwrite := func(id string, kind int, allow, deny string) string {
		return fmt.Sprintf(`{"id": %q, "type": %d, "allow": %q, "deny": %q}`, id, kind, allow, deny)
	}
	channel := func(id string, kind int, name string, overwrites ...string) string {
		return fmt.Sprintf(`{"id": %q, "type": %d, "name": %q, "guild_id": "1", "parent_id": null, "permission_overwrites": [%s]}`, id, kind, name, strings.Join(overwrites, ","))
	}
	return checkAnswers{
		"date":                     checkedAt.Format(http.TimeFormat),
		"/users/@me":               `{"id": "9", "username": "signpost", "bot": true}`,
		"/applications/@me":        `{"id": "9", "flags": 524288, "verify_key": "abcd", "interactions_endpoint_url": null, "bot_require_code_grant": false}`,
		"/users/@me/guilds":        `[{"id": "1", "name": "Acme"}]`,
		"/gateway/bot":             `{"url": "wss://a.example", "shards": 1, "session_start_limit": {"total": 1000, "remaining": 999, "reset_after": 14400000, "max_concurrency": 1}}`,
		"/applications/9/commands": string(known),
		"/guilds/1": `{"id": "1", "name": "Acme", "owner_id": "70", "roles": [
			{"id": "1", "name": "@everyone", "permissions": "` + viewOnly + `"}, {"id": "20", "name": "signpost", "permissions": "` + forAll + `"},
			{"id": "21", "name": "Support", "permissions": "0"}, {"id": "22", "name": "Bots", "permissions": "0"}]}`,
		"/guilds/1/members/9": `{"user": {"id": "9", "username": "signpost", "bot": true}, "roles": ["20", "22"], "communication_disabled_until": null}`,
		"/guilds/1/channels": "[" + strings.Join([]string{
			channel("11", 0, "help"),
			channel("12", 0, "agents", overwrite("1", 0, "0", "1024"), overwrite("20", 0, "1024", "0"), overwrite("21", 0, "1024", "0")),
			channel("13", 15, "questions", overwrite("9", 1, "0", publicThreads)),
			channel("14", 0, "secret", overwrite("1", 0, "0", "1024")),
			channel("15", 0, "quiet", overwrite("9", 1, "0", "274877906944"), overwrite("22", 0, "0", publicThreads), overwrite("1", 0, "0", "32768")),
			channel("16", 2, "lounge"),
			channel("17", 5, "news", overwrite("20", 0, "0", "68719476736")),
			channel("18", 4, "team"),
		}, ",") + "]",
		"/guilds/1/members/31": `{"user": {"id": "31", "username": "ana"}, "roles": []}`,
		"/guilds/1/members/32": `{"user": {"id": "32", "username": "robot", "bot": true}, "roles": []}`,
		"/guilds/1/members/33": `404 {"code": 10007, "message": "Unknown Member"}`,
		"/guilds/1/members/34": `403 {"code": 50001, "message": "Missing Access"}`,
		"/channels/41":         `{"id": "41", "type": 11, "name": "a thread", "guild_id": "1", "parent_id": "11"}`,
		"/channels/42":         `{"id": "42", "type": 0, "name": "help", "guild_id": "2"}`,
		"/channels/43":         `403 {"code": 50001, "message": "Missing Access"}`,
	}
}

// RoundTrip answers a call without any network.
func (a checkAnswers) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	path := strings.TrimPrefix(r.URL.Path, "/api/v10")
	if a["broken"] == path {
		return nil, errors.New("no route to host")
	}
	if limit, limited := a["limit "+path]; limited {
		if !strings.HasPrefix(limit, "always") {
			delete(a, "limit "+path)
		}
		w.WriteHeader(http.StatusTooManyRequests)
		w.Write([]byte(strings.TrimPrefix(limit, "always ")))
		return w.Result(), nil
	}
	answer, known := a[path]
	if !known {
		answer = `404 {"code": 10003, "message": "Unknown Channel"}`
	}
	if r.Header.Get("Authorization") != "Bot "+checkedToken || !strings.HasPrefix(r.Header.Get("User-Agent"), "DiscordBot (https://") {
		answer = `401 {"code": 0, "message": "401: Unauthorized"}`
	}
	w.Header().Set("Date", a["date"])
	var status int
	if n, _ := fmt.Sscanf(answer, "%d ", &status); n == 1 && status > 99 {
		w.WriteHeader(status)
		answer = answer[4:]
	}
	w.Write([]byte(answer))
	return w.Result(), nil
}

// everything is a configuration that names one of each.
func everything(t testing.TB, a http.RoundTripper) CheckOptions {
	return CheckOptions{
		Features: Features{Threads: true, Desk: true}, Token: checkedToken, PublicKey: "ABCD", APIURL: "https://discord.example/api/v10/",
		Gateway: true, Content: true, Commands: knownCommands(t),
		Asked:    []Named{{"discord:1:11", "overheard.channels"}, {"discord:1:13", "audience buyer"}},
		Desks:    []Named{{"discord:1:12", "desk support"}},
		Roles:    []Named{{"Support", "desk support"}, {"22", "audience staff"}},
		Accounts: []Named{{"discord:1:31", "person ana"}, {"discord:1:31", "person ana"}},
		Now:      func() time.Time { return checkedAt },
		HTTP:     &http.Client{Transport: a},
	}
}

func TestCheckLive(t *testing.T) {
	const portal = " in the developer portal"
	tests := []struct {
		name string
		sow  func(a checkAnswers, o *CheckOptions) // the mistakes
		want []string
	}{
		{"nothing", func(checkAnswers, *CheckOptions) {}, nil},
		{"nothing, by HTTP", func(a checkAnswers, o *CheckOptions) {
			o.Gateway, o.Content = false, false
			a["/applications/@me"] = `{"id": "9", "flags": 0, "verify_key": "abcd", "interactions_endpoint_url": "https://signpost.example.com/discord/interactions"}`
			delete(a, "/gateway/bot")
		}, nil},
		{"a token that is wrong", func(a checkAnswers, o *CheckOptions) { o.Token = "OQ.GqxYz1.wrong" },
			[]string{"the token is not one that Discord knows; " + newToken}},
		{"a token that is refused", func(a checkAnswers, o *CheckOptions) {
			a["/users/@me"] = `403 {"code": 40001, "message": "Unauthorized"}`
		}, []string{"Discord refuses the token (40001 Unauthorized); " + newToken}},
		{"an intent that is not granted", func(a checkAnswers, o *CheckOptions) { a["/applications/@me"] = `{"id": "9", "flags": 8388608}` },
			[]string{"the Message Content intent is not granted, so Discord will refuse the connection; turn Message Content Intent on under Bot" + portal + ", or set discord.message_content: false"}},
		{"an intent that is not used", func(a checkAnswers, o *CheckOptions) { o.Content = false },
			[]string{"the Message Content intent is granted and not used, so follow-ups without a mention are not read; set discord.message_content: true, or turn Message Content Intent off under Bot" + portal}},
		{"an app that is set up for HTTP", func(a checkAnswers, o *CheckOptions) {
			a["/applications/@me"] = `{"id": "9", "flags": 262144, "verify_key": "ef", "interactions_endpoint_url": "https://a.example/x", "bot_require_code_grant": true}`
		}, []string{
			"Discord sends commands and presses by HTTP, and not over the gateway; empty Interactions Endpoint URL under General Information" + portal + ", or set discord.mode: http",
			"discord.public_key is of another app than the token; copy the Public Key from General Information of the same app",
			"nobody can add the bot to a server, since a code grant is required; turn Requires OAuth2 Code Grant off under Bot" + portal,
		}},
		{"an app that is set up for the gateway", func(a checkAnswers, o *CheckOptions) { o.Gateway, o.Content = false, false }, []string{
			"the Message Content intent is granted and of no use, since no messages come by HTTP; turn Message Content Intent off under Bot" + portal,
			"no Interactions Endpoint URL is set, so Discord sends nothing; while `signpost serve` runs, enter your address with /discord/interactions there, under General Information" + portal,
		}},
		{"a clock that is behind", func(a checkAnswers, o *CheckOptions) {
			a["date"] = checkedAt.Add(7 * time.Minute).Format(http.TimeFormat)
		}, []string{"the clock of this machine is 7m0s behind Discord's, so that what comes may be taken for too old; set it, with NTP for example"}},
		{"a clock that is ahead", func(a checkAnswers, o *CheckOptions) {
			a["date"] = checkedAt.Add(-3 * time.Minute).Format(http.TimeFormat)
		}, []string{"the clock of this machine is 3m0s ahead of Discord's, so that what comes may be taken for too old; set it, with NTP for example"}},
		{"few connections left", func(a checkAnswers, o *CheckOptions) {
			a["/gateway/bot"] = `{"session_start_limit": {"total": 1000, "remaining": 7, "reset_after": 5400000}}`
		}, []string{"only 7 of 1000 connections are left for the next 1h30m0s; beyond them Discord resets the token; stop it, and see in the log why it connects anew so often"}},
		{"other commands", func(a checkAnswers, o *CheckOptions) {
			a["/applications/9/commands"] = `[{"type": 1, "name": "old", "description": "an old one", "options": [{"type": 4, "name": "n", "description": "n", "choices": [{"name": "one", "value": 1}]}]}]`
		}, []string{"the commands that Discord knows are not those of this version; start `signpost serve`, which registers them"}},
		{"no commands yet", func(a checkAnswers, o *CheckOptions) { a["/applications/9/commands"] = `[]` }, nil},
		{"no server", func(a checkAnswers, o *CheckOptions) { a["/users/@me/guilds"] = `[]` },
			[]string{"the bot is in no server; " + newInvite}},
		{"several servers", func(a checkAnswers, o *CheckOptions) {
			a["/users/@me/guilds"] = `[{"id": "1", "name": "Acme"}, {"id": "2", "name": "Beta\n"}]`
		}, []string{"the bot is in 2 servers, and discord.guild does not say which of them direct messages belong to; set discord.guild to one of Acme (1), Beta (2)"}},
		{"several servers, and one for direct messages", func(a checkAnswers, o *CheckOptions) {
			a["/users/@me/guilds"], o.Guild = `[{"id": "1", "name": "Acme"}, {"id": "2", "name": "Beta"}]`, "1"
		}, nil},
		{"another server", func(a checkAnswers, o *CheckOptions) {
			o.Guild = "3"
			o.Desks, o.Accounts = []Named{{"discord:3:12", "desk support"}}, []Named{{"discord:3:31", "person ana"}}
		}, []string{
			"the bot is not in server 3, which discord.guild names; " + newInvite + ", or correct discord.guild",
			"channel discord:3:12 (desk support) is of server 3, where the bot is not; write discord:1:…, or add the bot to that server",
			"account discord:3:31 (person ana) is of server 3, where the bot is not; write discord:1:…, or add the bot to that server",
		}},
		{"channels that are not there", func(a checkAnswers, o *CheckOptions) {
			o.Desks = append(o.Desks, Named{"discord:1:40", "desk support"}, Named{"discord:1:41", "desk sales"}, Named{"discord:1:42", "desk legal"}, Named{"discord:1:43", "desk press"})
		}, []string{
			"there is no channel 40 (desk support) in server 1 that the bot can see; correct its id: with Discord's Developer Mode on, Copy Channel ID in its menu",
			"#a thread, 41 (desk sales), is a thread; name the channel that it is in, discord:1:11",
			"channel #help, 42 (desk legal), is of server 2, and not of 1; write discord:2:42",
			"there is no channel 43 (desk press) in server 1 that the bot can see; correct its id: with Discord's Developer Mode on, Copy Channel ID in its menu",
		}},
		{"channels of other kinds", func(a checkAnswers, o *CheckOptions) {
			o.Asked = append(o.Asked, Named{"discord:1:16", "audience buyer"})
			o.Desks = append(o.Desks, Named{"discord:1:18", "desk support"})
		}, []string{
			"#lounge, 16 (audience buyer), is a voice channel; name a text or forum channel",
			"#team, 18 (desk support), is a category; name a text or forum channel",
		}},
		{"a channel that the bot cannot see", func(a checkAnswers, o *CheckOptions) {
			o.Desks = append(o.Desks, Named{"discord:1:14", "desk support"})
		},
			[]string{"in #secret, 14 (desk support), the bot lacks View Channels, to see the channels where it is asked, and those of desks; " +
				"under Edit Channel, Permissions, add signpost and allow it View Channels; there it is denied to @everyone"}},
		{"overwrites", func(a checkAnswers, o *CheckOptions) {
			o.Desks = append(o.Desks, Named{"discord:1:15", "desk support"})
		},
			[]string{"in #quiet, 15 (desk support), the bot lacks Send Messages in Threads, to answer where it is asked in a thread, and tell agents what askers add; " +
				"Attach Files, to carry files from askers to agents and back; Create Public Threads, to begin a thread under a question or a card; " +
				"under Edit Channel, Permissions, add signpost and allow it Send Messages in Threads, Attach Files, Create Public Threads; there it is denied to the bot itself and @everyone and the role Bots"}},
		{"announcements have no private threads", func(a checkAnswers, o *CheckOptions) {
			o.Asked = append(o.Asked, Named{"discord:1:17", "audience buyer"})
		}, nil},
		{"a bot that was added with too few permissions", func(a checkAnswers, o *CheckOptions) {
			a["/guilds/1"] = strings.Replace(a["/guilds/1"], forAll, viewOnly, 1)
			o.Asked, o.Desks = []Named{{"discord:1:11", "overheard.channels"}}, nil
			o.Threads = false
		}, []string{"in #help, 11 (overheard.channels), the bot lacks Send Messages, to answer, and show tickets; " +
			"Send Messages in Threads, to answer where it is asked in a thread, and tell agents what askers add; " +
			"Attach Files, to carry files from askers to agents and back; Create Private Threads, to reach an asker whose direct messages are closed; " +
			"under Edit Channel, Permissions, add signpost and allow it Send Messages, Send Messages in Threads, Attach Files, Create Private Threads; " +
			"or add the bot anew with what `signpost discord invite` prints"}},
		{"an administrator", func(a checkAnswers, o *CheckOptions) {
			a["/guilds/1"] = strings.Replace(a["/guilds/1"], forAll, "8", 1)
			o.Desks = append(o.Desks, Named{"discord:1:14", "desk support"})
		}, nil},
		{"enough for where it is used", func(a checkAnswers, o *CheckOptions) {
			a["/guilds/1"] = strings.Replace(a["/guilds/1"], forAll, forAsking, 1)
			o.Threads, o.Desks = false, nil
		}, nil},
		{"timed out", func(a checkAnswers, o *CheckOptions) {
			a["/guilds/1/members/9"] = strings.Replace(a["/guilds/1/members/9"], "null", `"2026-11-20T10:00:00Z"`, 1)
		}, []string{"the bot is timed out in Acme (1), and may only read; end it in the server, under Members"}},
		{"a server that cannot be seen", func(a checkAnswers, o *CheckOptions) {
			a["/guilds/1/channels"] = `403 {"code": 50001, "message": "Missing Access"}`
		},
			[]string{"Discord refuses to tell about server 1: 50001 Missing Access; " + newInvite}},
		{"roles", func(a checkAnswers, o *CheckOptions) {
			o.Roles = append(o.Roles, Named{"Suport", "desk support"}, Named{"23", "audience staff"})
		}, []string{
			"there is no role Suport (desk support); correct its name, or write its id: with Discord's Developer Mode on, Copy Role ID in its menu",
			"there is no role 23 (audience staff); correct its name, or write its id: with Discord's Developer Mode on, Copy Role ID in its menu",
		}},
		{"accounts", func(a checkAnswers, o *CheckOptions) {
			for _, id := range []string{"32", "33", "34"} {
				o.Accounts = append(o.Accounts, Named{"discord:1:" + id, "desk support"})
			}
		}, []string{
			"account 32 (desk support) is a bot's; remove it: only people work tickets",
			"account 33 (desk support) is no member of server 1; correct its id: with Discord's Developer Mode on, Copy User ID in a person's menu",
			"Discord refuses to tell about account 34 (desk support): 50001 Missing Access; " + newInvite,
		}},
		{"refusals", func(a checkAnswers, o *CheckOptions) {
			no := `403 {"code": 20012, "message": "not authorized"}`
			a["/applications/@me"], a["/gateway/bot"], a["/applications/9/commands"], a["/users/@me/guilds"] = no, no, no, `403 <html>`
		}, []string{
			"Discord refuses to tell about the application: 20012 not authorized; " + newToken,
			"Discord refuses to tell about the gateway: 20012 not authorized; " + newToken,
			"Discord refuses to tell about commands: 20012 not authorized; " + newInvite,
			"Discord refuses to tell which servers the bot is in: 403; " + newToken,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := sound(t)
			o := everything(t, a)
			test.sow(a, &o)
			problems, summary, err := CheckLive(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range problems {
				got = append(got, p.What+"; "+p.Mend)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if told := fmt.Sprint(problems, summary); strings.Contains(told, hush) {
				t.Errorf("tells the token: %s", told)
			}
		})
	}
}

// TestCheckLiveRole: a role that is missing is named, for it may be a group of
// another platform.
func TestCheckLiveRole(t *testing.T) {
	a := sound(t)
	o := everything(t, a)
	o.Roles = append(o.Roles, Named{"Suport", "desk support"})
	o.Accounts = append(o.Accounts, Named{"discord:1:33", "desk support"})
	problems, _, err := CheckLive(t.Context(), o)
	if err != nil || len(problems) != 2 || problems[0].Role != "Suport" || problems[1].Role != "" {
		t.Errorf("CheckLive = %+v, %v", problems, err)
	}
}

func TestCheckLiveSummary(t *testing.T) {
	tests := []struct {
		name string
		sow  func(a checkAnswers)
		want string
	}{
		{"all is well", func(checkAnswers) {}, "Discord: @signpost in Acme (1); 3 channels, 2 roles, 1 account."},
		{"no commands yet", func(a checkAnswers) { a["/applications/9/commands"] = `[]` },
			"Discord: @signpost in Acme (1); 3 channels, 2 roles, 1 account. It knows no commands yet: `signpost serve` registers them."},
		{"two servers", func(a checkAnswers) { a["/users/@me/guilds"] = `[{"id": "1"}, {"id": "2"}]` }, "Discord: @signpost in 2 servers; 3 channels, 2 roles, 1 account."},
		{"no token", func(a checkAnswers) { a["/users/@me"] = `401 {}` }, ""},
	}
	for _, test := range tests {
		a := sound(t)
		test.sow(a)
		if _, got, err := CheckLive(t.Context(), everything(t, a)); err != nil || got != test.want {
			t.Errorf("%s: summary is %q, %v, want %q", test.name, got, err, test.want)
		}
	}
}

// TestCheckLiveManyServers: all pages of servers are read.
func TestCheckLiveManyServers(t *testing.T) {
	var pages []string
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != "/api/v10/users/@me/guilds" {
			return sound(t).RoundTrip(r)
		}
		after := r.URL.Query().Get("after")
		pages = append(pages, after)
		var page []map[string]string
		if after == "0" {
			for i := range maxGuilds {
				page = append(page, map[string]string{"id": fmt.Sprint(1000 + i)})
			}
		} else {
			page = append(page, map[string]string{"id": "1"})
		}
		w := httptest.NewRecorder()
		err := json.NewEncoder(w).Encode(page)
		return w.Result(), err
	})
	o := everything(t, transport)
	o.Guild = "1"
	problems, _, err := CheckLive(t.Context(), o)
	if err != nil || len(problems) > 0 || !slices.Equal(pages, []string{"0", "1199"}) {
		t.Errorf("CheckLive = %v, %v, asked for the pages %q", problems, err, pages)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestCheckLiveWaits: where Discord asks for a pause there is one, unless it is
// longer than anybody would sit through, or there is no end of them.
func TestCheckLiveWaits(t *testing.T) {
	tests := []struct {
		name, path, limit string
		want              time.Duration
		err               string
	}{
		{"a little", "/guilds/1/members/31", `{"message": "slow down", "retry_after": 1.5, "global": false}`, 1500 * time.Millisecond, ""},
		{"at first", "/users/@me", `{"retry_after": 30}`, 30 * time.Second, ""},
		{"unsaid", "/users/@me", `<html>too many requests</html>`, unsaidWait, ""},
		{"nonsense", "/users/@me", `{"retry_after": -7}`, unsaidWait, ""},
		{"too long", "/guilds/1", `{"retry_after": 3600}`, 0, "wants to be left alone for 1h0m0s; try again then"},
		{"without end", "/guilds/1", `always {"retry_after": 0}`, 0, "wants to be left alone for 0s; try again then"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := sound(t)
				a["limit "+test.path] = test.limit
				began := time.Now()
				problems, _, err := CheckLive(t.Context(), everything(t, a))
				if got := time.Since(began); got != test.want {
					t.Errorf("took %v, want %v", got, test.want)
				}
				if len(problems) > 0 || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
					t.Errorf("CheckLive = %v, %v, want %q", problems, err, test.err)
				}
			})
		})
	}
}

// TestCheckLiveUnasked: what was found until Discord could not be asked is told.
func TestCheckLiveUnasked(t *testing.T) {
	for _, path := range []string{
		"/users/@me", "/applications/@me", "/gateway/bot", "/applications/9/commands", "/users/@me/guilds",
		"/guilds/1", "/guilds/1/channels", "/guilds/1/members/9", "/guilds/1/members/31", "/channels/40",
	} {
		for how, want := range map[string]string{
			"broken": "no route to host; check the network",
			"503 ":   "it answers 503; try again later",
			"<html>": "cannot be read; check discord.api_url",
		} {
			a := sound(t)
			a["date"] = checkedAt.Add(time.Hour).Format(http.TimeFormat)
			if how == "broken" {
				a["broken"] = path
			} else {
				a[path] = how
			}
			o := everything(t, a)
			o.Desks = append(o.Desks, Named{"discord:1:40", "desk support"})
			problems, _, err := CheckLive(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), hush) {
				t.Errorf("%s, %s: err = %v", path, how, err)
			}
			found := slices.ContainsFunc(problems, func(p Problem) bool { return strings.Contains(p.What, "clock") })
			if found != (path != "/users/@me") {
				t.Errorf("%s, %s: problems = %v", path, how, problems)
			}
		}
	}
	o := everything(t, sound(t))
	o.APIURL = "https://discord.example/%zz/"
	if _, _, err := CheckLive(t.Context(), o); err == nil || !strings.Contains(err.Error(), "correct it") {
		t.Errorf("with an address that is none, err = %v", err)
	}
}

// FuzzCheckLive: whatever comes for an answer, a check ends, with words for each
// problem and without the token.
func FuzzCheckLive(f *testing.F) {
	f.Add("")
	f.Add(`{"id": "9"}`)
	f.Add(`[null]`)
	f.Add(`{"id": "9", "roles": [null], "permissions": "8"}`)
	for _, answer := range sound(f) {
		f.Add(answer)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		if strings.Contains(answer, hush) {
			return
		}
		// Who the bot is and where is known, or nothing else would be asked.
		for _, known := range [][]string{{"/users/@me", "/users/@me/guilds", "/guilds/1"}, {"/users/@me", "/users/@me/guilds"}, {"/users/@me"}, nil} {
			o := everything(t, roundTrip(func(r *http.Request) (*http.Response, error) {
				if slices.Contains(known, strings.TrimPrefix(r.URL.Path, "/api/v10")) {
					return sound(t).RoundTrip(r)
				}
				w := httptest.NewRecorder()
				w.Write([]byte(answer))
				return w.Result(), nil
			}))
			problems, summary, err := CheckLive(t.Context(), o)
			if told := fmt.Sprint(problems, summary, err); strings.Contains(told, hush) {
				t.Errorf("tells the token: %s", told)
			}
			for _, p := range problems {
				if p.What == "" || p.Mend == "" {
					t.Errorf("a problem without words: %+v", p)
				}
			}
		}
	})
}

// FuzzPauseFor: a pause is never negative, whatever is in the answer.
func FuzzPauseFor(f *testing.F) {
	f.Add([]byte(`{"retry_after": 1.5}`))
	f.Add([]byte(`{"retry_after": 1e300}`))
	f.Add([]byte(`<html>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if wait := pauseFor(body); wait < 0 || wait > 24*time.Hour {
			t.Errorf("waits %v", wait)
		}
	})
}
