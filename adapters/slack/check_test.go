package slack

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
)

// answers is Slack as far as a check asks it: the answer to a method, or to a
// method about something. What it does not know it refuses.
type answers map[string]string

// checkedAt is when checks are run.
var checkedAt = time.Date(2026, time.November, 20, 9, 30, 0, 0, time.UTC)

// sound is a workspace in which nothing is wrong.
func sound() answers {
	return answers{
		"scopes":                scopeList(),
		"date":                  checkedAt.Format(http.TimeFormat),
		"auth.test":             `{"ok": true, "team": "Acme", "team_id": "T1", "user": "signpost", "user_id": "U9", "bot_id": "B1"}`,
		"apps.connections.open": `{"ok": true, "url": "wss://a.example/?ticket=hush"}`,
		"bots.info B1":          `{"ok": true, "bot": {"id": "B1", "app_id": "A1"}}`,
		"conversations.info C1": `{"ok": true, "channel": {"id": "C1", "name": "help", "is_member": true}}`,
		"conversations.info C2": `{"ok": true, "channel": {"id": "C2", "name": "agents", "is_member": true}}`,
		"conversations.info C3": `{"ok": true, "channel": {"id": "C3", "name": "random", "is_member": false}}`,
		"conversations.info C4": `{"ok": true, "channel": {"id": "C4", "name": "old", "is_member": true, "is_archived": true}}`,
		"conversations.info C5": `{"ok": false, "error": "channel_not_found"}`,
		"conversations.info C6": `{"ok": false, "error": "fatal_error"}`,
		"usergroups.list":       `{"ok": true, "usergroups": [{"id": "S1", "handle": "support"}, {"id": "S2", "handle": "gone", "date_delete": 1446746793}]}`,
		"users.info U1":         `{"ok": true, "user": {"id": "U1", "name": "ana"}}`,
		"users.info U2":         `{"ok": true, "user": {"id": "U2", "name": "bo", "deleted": true}}`,
		"users.info U3":         `{"ok": true, "user": {"id": "U3", "name": "robot", "is_bot": true}}`,
		"users.info U4":         `{"ok": false, "error": "user_not_found"}`,
		"users.info U5":         `{"ok": false, "error": "fatal_error"}`,
	}
}

func scopeList() string {
	var names []string
	for _, s := range scopes {
		names = append(names, s.Name)
	}
	return strings.Join(names, ",")
}

const hush = "8f742231b10e"

// RoundTrip answers a call without any network.
func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	method := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	about := ""
	for _, name := range []string{"channel", "user", "bot"} {
		if value := r.FormValue(name); value != "" {
			about = " " + value
		}
	}
	if a["broken"] == method {
		return nil, errors.New("no route to host")
	}
	if wait, limited := a["wait "+method]; limited {
		delete(a, "wait "+method)
		w.Header().Set("Retry-After", wait)
		w.WriteHeader(http.StatusTooManyRequests)
		return w.Result(), nil
	}
	answer, known := a[method+about]
	if !known {
		answer = `{"ok": false, "error": "unknown_method"}`
	}
	token := r.FormValue("token") + strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !strings.Contains(token, hush) {
		answer = `{"ok": false, "error": "not_authed"}`
	}
	w.Header().Set("Date", a["date"])
	if scopes, told := a["scopes"]; told {
		w.Header().Set("X-OAuth-Scopes", scopes)
	}
	w.Write([]byte(answer))
	return w.Result(), nil
}

// everything is a configuration that names one of each.
func everything() CheckOptions {
	return CheckOptions{
		Features: Features{Agent: true, Groups: true, Members: true},
		BotToken: "xoxb-1-" + hush, AppToken: "xapp-1-A1-1-" + hush, APIURL: "https://slack.example/api/",
		Channels: []Named{{"slack:T1:C1", "desk support"}, {"slack:T1:C1", "audience buyer"}},
		Members:  []Named{{"#C2", "desk support"}},
		Groups:   []Named{{"support", "desk support"}, {"S1", "audience staff"}},
		Accounts: []Named{{"slack:T1:U1", "person ana"}, {"slack:T1:U1", "person ana"}},
		Now:      func() time.Time { return checkedAt },
	}
}

func TestCheckLive(t *testing.T) {
	tests := []struct {
		name string
		sow  func(a answers, o *CheckOptions) // the mistakes
		want []string
	}{
		{"nothing", func(answers, *CheckOptions) {}, nil},
		{"nothing, by HTTP", func(a answers, o *CheckOptions) { o.AppToken = ""; delete(a, "apps.connections.open") }, nil},
		{"a token that is wrong", func(a answers, o *CheckOptions) { a["auth.test"] = `{"ok": false, "error": "invalid_auth"}` },
			[]string{"the bot token is not one that Slack knows; copy the Bot User OAuth Token from OAuth & Permissions of the app"}},
		{"two tokens that are wrong", func(a answers, o *CheckOptions) {
			a["auth.test"], a["apps.connections.open"] = `{"ok": false, "error": "token_revoked"}`, `{"ok": false, "error": "invalid_auth"}`
		}, []string{
			"the bot token was revoked; copy the Bot User OAuth Token from OAuth & Permissions of the app",
			"the app-level token is not one that Slack knows; make one under Basic Information, App-Level Tokens, with the scope connections:write",
		}},
		{"a token that is refused", func(a answers, o *CheckOptions) { a["auth.test"] = `{"ok": false, "error": "access_denied"}` },
			[]string{"Slack refuses the bot token (access_denied); copy the Bot User OAuth Token from OAuth & Permissions of the app"}},
		{"scopes", func(a answers, o *CheckOptions) {
			a["scopes"] = strings.Replace(strings.Replace(scopeList(), "groups:history,", "", 1), ",usergroups:read", "", 1)
			a["usergroups.list"] = `{"ok": false, "error": "missing_scope"}`
		}, []string{
			"the scope groups:history is missing, which is needed to read questions, follow-ups and edits in private channels it was invited to, also those it missed; " + newManifest,
			"the scope usergroups:read is missing, which is needed to know agents and audiences by their user groups; " + newManifest,
		}},
		{"scopes that nothing needs", func(a answers, o *CheckOptions) {
			o.Groups, o.Features.Groups = nil, false
			a["scopes"] = strings.Replace(scopeList(), ",usergroups:read", "", 1) + ",team:read"
		}, nil},
		{"no word of scopes", func(a answers, o *CheckOptions) {
			delete(a, "scopes")
			a["usergroups.list"] = `{"ok": false, "error": "missing_scope"}`
		}, []string{"Slack refuses to tell about user groups: missing_scope; " + newManifest}},
		{"an app token without its scope", func(a answers, o *CheckOptions) {
			a["apps.connections.open"] = `{"ok": false, "error": "missing_scope"}`
		}, []string{"the app-level token may not open connections; make one under Basic Information, App-Level Tokens, with the scope connections:write"}},
		{"Socket Mode is off", func(a answers, o *CheckOptions) {
			a["apps.connections.open"] = `{"ok": false, "error": "socket_mode_off"}`
		}, []string{"Slack opens no connection for the app-level token (socket_mode_off); turn Socket Mode on in the app, or " + newManifest}},
		{"tokens of two apps", func(a answers, o *CheckOptions) { o.AppToken = "xapp-1-A2-1-" + hush },
			[]string{"the two tokens are of different apps, A1 and A2; copy both from one app"}},
		{"an app token that tells no app", func(a answers, o *CheckOptions) { o.AppToken = "xapp-" + hush }, nil},
		{"a clock that is behind", func(a answers, o *CheckOptions) {
			a["date"] = checkedAt.Add(7 * time.Minute).Format(http.TimeFormat)
		}, []string{"the clock of this machine is 7m0s behind Slack's, so that what Slack sends may be refused as too old; set it, with NTP for example"}},
		{"a clock that is ahead", func(a answers, o *CheckOptions) {
			a["date"] = checkedAt.Add(-3 * time.Minute).Format(http.TimeFormat)
		}, []string{"the clock of this machine is 3m0s ahead of Slack's, so that what Slack sends may be refused as too old; set it, with NTP for example"}},
		{"a clock that is good enough", func(a answers, o *CheckOptions) {
			a["date"] = checkedAt.Add(-time.Minute).Format(http.TimeFormat)
		}, nil},
		{"another workspace", func(a answers, o *CheckOptions) {
			o.Channels = append(o.Channels, Named{"slack:T2:C1", "overheard.channels"})
			o.Accounts = append(o.Accounts, Named{"slack:T2:U1", "person ana"})
		}, []string{
			"channel slack:T2:C1 (overheard.channels) is of workspace T2, but the bot token is of T1; write slack:T1:… or take the token of the other workspace",
			"account slack:T2:U1 (person ana) is of workspace T2, but the bot token is of T1; write slack:T1:… or take the token of the other workspace",
		}},
		{"channels", func(a answers, o *CheckOptions) {
			o.Channels = append(o.Channels, Named{"slack:T1:C3", "desk support"}, Named{"slack:T1:C4", "desk sales"}, Named{"slack:T1:C5", "audience buyer"}, Named{"slack:T1:C6", "audience buyer"})
			o.Members = append(o.Members, Named{"#C3", "desk sales"}, Named{"#C5", "desk sales"})
		}, []string{
			"the bot is not in channel #random, C3 (desk support, desk sales); write /invite @signpost in #random",
			"channel #old, C4 (desk sales), is archived; unarchive it, or name another",
			"there is no channel C5 (audience buyer, desk sales) that the bot can see; correct its id, or write /invite @signpost in it if it is private",
			"Slack refuses to tell about channel C6 (audience buyer): fatal_error; correct its id",
		}},
		{"groups", func(a answers, o *CheckOptions) {
			o.Groups = append(o.Groups, Named{"suport", "desk support"}, Named{"gone", "audience staff"}, Named{"S2", "audience staff"})
		}, []string{
			`there is no user group @suport (desk support); correct its handle, or make it (on a paid plan); on any plan a channel can name agents, such as "#C024BE91L"`,
			"user group @gone (audience staff) is disabled; enable it, or name another",
			"user group @S2 (audience staff) is disabled; enable it, or name another",
		}},
		{"accounts", func(a answers, o *CheckOptions) {
			for _, id := range []string{"U2", "U3", "U4", "U5"} {
				o.Accounts = append(o.Accounts, Named{"slack:T1:" + id, "desk support"})
			}
		}, []string{
			"account U2 (desk support) is deactivated; remove it",
			"account U3 (desk support) is a bot's; remove it: only people work tickets",
			"there is no account U4 (desk support); correct its id: in Slack, under a person's profile, Copy member ID",
			"Slack refuses to tell about account U5 (desk support): fatal_error; correct its id",
		}},
		{"accounts, unasked", func(a answers, o *CheckOptions) {
			a["scopes"] = strings.Replace(scopeList(), ",users:read", "", 1)
			a["users.info U1"] = `{"ok": false, "error": "missing_scope"}`
		}, []string{"the scope users:read is missing, which is needed to know names and languages; " + newManifest}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, o := sound(), everything()
			o.HTTP = &http.Client{Transport: a}
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
			everything, err := json.Marshal([]any{problems, summary})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(everything), hush) {
				t.Errorf("tells a token: %s", everything)
			}
		})
	}
}

func TestCheckLiveSummary(t *testing.T) {
	a, o := sound(), everything()
	o.HTTP = &http.Client{Transport: a}
	_, got, _ := CheckLive(t.Context(), o)
	if want := "Slack: workspace Acme (T1), as @signpost; 2 channels, 2 user groups, 1 account."; got != want {
		t.Errorf("summary is %q, want %q", got, want)
	}
	o.AppToken = ""
	delete(a, "scopes")
	_, got, _ = CheckLive(t.Context(), o)
	for _, want := range []string{"did not say which scopes", "signing secret"} {
		if !strings.Contains(got, want) {
			t.Errorf("summary is %q, want %q in it", got, want)
		}
	}
	a["auth.test"] = `{"ok": false, "error": "invalid_auth"}`
	if _, got, _ = CheckLive(t.Context(), o); got != "" {
		t.Errorf("without a workspace, summary is %q", got)
	}
}

// TestCheckLiveWaits: where Slack asks for a pause there is one, unless it is
// longer than anybody would sit through.
func TestCheckLiveWaits(t *testing.T) {
	tests := []struct {
		name, method, wait string
		want               time.Duration
		err                string
	}{
		{"a little", "users.info", "7", 7 * time.Second, ""},
		{"at first", "auth.test", "30", 30 * time.Second, ""},
		{"too long", "conversations.info", "3600", 0, "wants to be left alone for 1h0m0s; try again then"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, o := sound(), everything()
				o.HTTP = &http.Client{Transport: a}
				a["wait "+test.method] = test.wait
				began := time.Now()
				problems, _, err := CheckLive(t.Context(), o)
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

// TestCheckLiveUnasked: what was found until the network failed is told.
func TestCheckLiveUnasked(t *testing.T) {
	for _, method := range []string{"auth.test", "apps.connections.open", "bots.info", "conversations.info", "usergroups.list", "users.info"} {
		a, o := sound(), everything()
		o.HTTP = &http.Client{Transport: a}
		a["scopes"], a["broken"] = "chat:write", method
		problems, _, err := CheckLive(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), "no route to host; check the network") || strings.Contains(err.Error(), hush) {
			t.Errorf("%s: err = %v", method, err)
		}
		found := slices.ContainsFunc(problems, func(p Problem) bool { return strings.Contains(p.What, "app_mentions:read") })
		if found != (method != "auth.test") {
			t.Errorf("%s: problems = %v", method, problems)
		}
	}
}

// One answer to whatever is asked.
type one string

func (o one) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.Write([]byte(o))
	return w.Result(), nil
}

// FuzzCheckLive: whatever comes for an answer, a check ends, with words for each
// problem and without a token.
func FuzzCheckLive(f *testing.F) {
	f.Add("")
	f.Add(`{"ok": true}`)
	f.Add(`{"ok": false, "error": "missing_scope"}`)
	f.Add(`{"ok": true, "team_id": "T1", "channel": null, "user": {}, "usergroups": [{}]}`)
	for _, answer := range sound() {
		f.Add(answer)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		if strings.Contains(answer, hush) {
			return
		}
		o := everything()
		o.HTTP = &http.Client{Transport: one(answer)}
		problems, summary, err := CheckLive(t.Context(), o)
		if told := fmt.Sprint(problems, summary, err); strings.Contains(told, hush) {
			t.Errorf("tells a token: %s", told)
		}
		for _, p := range problems {
			if p.What == "" || p.Mend == "" {
				t.Errorf("a problem without words: %+v", p)
			}
		}
	})
}
