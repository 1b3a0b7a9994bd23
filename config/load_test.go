package config

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const example = "../signpost.example.yaml"

// equal compares configurations; an empty list equals none.
var equal = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b Secret) bool { return a.Reveal() == b.Reveal() }),
}

// write makes a file of a test's own and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadNothing(t *testing.T) {
	c, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), c, equal); diff != "" {
		t.Error(diff)
	}
}

func TestExampleIsDefault(t *testing.T) {
	c, err := Load(example, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), c, equal); diff != "" {
		t.Error(diff)
	}
}

// TestExampleUncommented loads the example with its optional settings: those
// behind a # at the start of a line; prose has one space after it.
func TestExampleUncommented(t *testing.T) {
	data, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(?m)^#(\S|  )`).ReplaceAllString(string(data), "$1")
	c, err := load(example, []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Persons) != 1 || len(c.Topics) != 2 || len(c.Audiences) != 4 {
		t.Errorf("got %d persons, %d topics, %d audiences, want 1, 2, 4", len(c.Persons), len(c.Topics), len(c.Audiences))
	}
}

func TestExampleNamesEveryKey(t *testing.T) {
	data, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	var walk func(typ reflect.Type)
	walk = func(typ reflect.Type) {
		for i := range typ.NumField() {
			field := typ.Field(i)
			key := field.Tag.Get("yaml")
			if key == "" {
				t.Errorf("%s.%s has no yaml key", typ, field.Name)
			}
			if !regexp.MustCompile(`(?m)^[# -]*` + key + `:`).Match(data) {
				t.Errorf("the example does not show %s of %s", key, typ)
			}
			inner := field.Type
			if inner.Kind() == reflect.Slice {
				inner = inner.Elem()
			}
			if isSection(inner) {
				walk(inner)
			}
		}
	}
	walk(reflect.TypeFor[Config]())
}

// TestLoadProblems asserts place and words; FILE stands for the file's name.
func TestLoadProblems(t *testing.T) {
	tests := []struct {
		name, file string
		environ    []string
		want       []string
	}{
		{"three at once, and more", `
instalation: shop
knowledge:
  rescan: soon
languages: en
answers: {sure: high, articles: 2.5}
log:
  level: loud
`, nil, []string{
			`FILE:2:1: unknown key "instalation"; did you mean "installation"?`,
			`FILE:4:11: rescan "soon" is not a span of time; write it such as 30s, 5m, 48h or 14d`,
			`FILE:5:12: languages is a list; write [a, b], or one item a line after a dash`,
			`FILE:6:17: sure "high" is not a number; write it such as 0.5`,
			`FILE:6:33: articles "2.5" is not a whole number; write it such as 3`,
			`FILE:8:10: unknown log level "loud"; use one of debug, info, warn, error`,
		}},
		{"not YAML", "log:\n  level: [info\n", nil, []string{
			`FILE:2:10: is not YAML: sequence end token ']' not found; mend this line, or put its value in quotes`,
		}},
		{"two documents", "log: {}\n---\nlog: {}\n", nil, []string{`FILE: holds 2 YAML documents; keep one`}},
		{"not UTF-8", "installation: \xff", nil, []string{`FILE: is not UTF-8; save the file as UTF-8`}},
		{"a list for the file", "- a\n", nil, []string{
			`FILE:1:1: the file takes keys of its own, each on a line: ` + strings.Join(keys(reflect.ValueOf(Config{})), ", "),
		}},
		{"twice", "log: {}\nlog: {}\n", nil, []string{`FILE:2:1: key "log" is already on line 1; remove one of the two`}},
		{"an alias", "installation: &x main\nlog: {level: *x}\n", nil, []string{
			`FILE:1:15: installation takes one value, not a list, keys, an anchor or a tag; write it out`,
			`FILE:2:14: level takes one value, not a list, keys, an anchor or a tag; write it out`,
		}},
		{"names", `
installation: Main Shop
languages: [en, pt-br, en]
audiences:
  - name: buyer
  - label: {en: Nobody}
  - name: buyer
    private: perhaps
`, nil, []string{
			`FILE:2:15: installation "Main Shop" is not a name; write 1 to 32 of a-z, 0-9 and -`,
			`FILE:3:17: language "pt-br" is not a language tag; write it such as en, pt-BR or zh-Hant`,
			`FILE:3:24: language "en" is given twice; remove one of the two`,
			`FILE:6:5: name is missing; add one`,
			`FILE:7:11: name "buyer" is given twice in audiences; choose another`,
			`FILE:8:14: private "perhaps" is not a yes or no; write true or false`,
		}},
		{"references", `
topics: [{name: refunds}]
audiences:
  - {name: buyer, label: {pt: Comprador}}
  - {name: staff, private: true}
persons:
  - {id: ana, accounts: ["slack:T1:U1"]}
  - {id: bo, accounts: ["slack:T1:U1", "U2"]}
desks:
  - name: support
    agents: [anna, slack:U3]
    audiences: [byer]
    topics: [refund]
    show_names: none
    channels: ["slack:C1", "slack:T1:C1", "slack:T1:C2"]
    undo: 2m
`, nil, []string{
			`FILE:4:31: unknown language "pt"; use one of en, pt-BR, es`,
			`FILE:5:28: nothing proves that someone is "staff"; add roles or groups, or remove private`,
			`FILE:8:25: account "slack:T1:U1" is already that of ana; remove one of the two`,
			`FILE:8:40: "U2" is not an account; write platform:workspace:user, such as slack:T024BE7LD:U024BE7LH`,
			`FILE:11:14: unknown person "anna"; did you mean "ana"?`,
			`FILE:11:20: "slack:U3" is not an account; write platform:workspace:user, such as slack:T024BE7LD:U024BE7LH`,
			`FILE:12:17: unknown audience "byer"; did you mean "buyer"?`,
			`FILE:13:14: unknown topic "refund"; did you mean "refunds"?`,
			`FILE:14:17: unknown value of show_names "none"; did you mean "name"?`,
			`FILE:15:16: "slack:C1" is not a channel; write platform:workspace:channel, such as slack:T024BE7LD:C024BE91L`,
			`FILE:15:43: the desk has a channel on slack already; keep one of them`,
			`FILE:16:11: undo is 2m0s; write 0s to 1m0s`,
		}},
		{"what comes to a desk", `
languages: [en, es]
desks:
  - name: support
    channels: ["slack:T1:C1"]
    languages: [en, pt]
    from: ["slack:T1:C2", "#help", "slack:T1:C1"]
    assign: robin
    capacity: -1
`, nil, []string{
			`FILE:6:21: unknown language "pt"; use one of en, es`,
			`FILE:7:27: "#help" is not a channel; write platform:workspace:channel, such as slack:T024BE7LD:C024BE91L`,
			`FILE:7:36: slack:T1:C1 is a desk's own channel, where nobody asks; remove it`,
			`FILE:8:13: unknown value of assign "robin"; use one of claim, round-robin`,
			`FILE:9:15: capacity is -1; write 0 for any number, or more`,
		}},
		{"reports", `
desks:
  - name: support
    channels: ["slack:T1:C1"]
    report: {day: someday, time: "9 am"}
  - name: sales
    report: {day: Friday, time: "17:30"}
`, nil, []string{
			`FILE:5:19: unknown day "someday"; did you mean "monday"?`,
			`FILE:5:34: time "9 am" is none; write it such as "09:00"`,
			`FILE:7:19: the desk has no channel to report in; name one in channels, or remove the day`,
		}},
		{"silence", "escalate: {after: -1s}", nil, []string{
			`FILE:1:19: after is -1s; write 0s or more`,
		}},
		{"silence that nobody breaks", "escalate: {after: 1h, nudge_after: 0s}", nil, []string{
			`FILE:1:19: after needs nudge_after, since we ask before a ticket is made; set it, or write after: 0s`,
		}},
		{"silence that is too short", "escalate: {after: 10m}", nil, []string{
			`FILE:1:19: after is 10m0s, which leaves no time to answer after nudge_after, 10m0s; raise it`,
		}},
		{"numbers", `
knowledge: {rescan: 1ms}
answers: {sure: 0.4, unsure: 0.6, articles: 0}
escalate: {misses: 0}
resolve: {grace: -1h}
`, nil, []string{
			`FILE:2:21: rescan is 1ms; write at least 1s`,
			`FILE:3:30: unsure is 0.6, which is not below sure, 0.4; lower it`,
			`FILE:3:45: articles is 0; write 1 to 10`,
			`FILE:4:20: misses is 0; write at least 1`,
			`FILE:5:18: grace is -1h0m0s; write 0s or more`,
		}},
		{"drafts", `
knowledge: {dir: help/articles}
drafts: {dir: help/articles/drafts, keep: 1m}
`, nil, []string{
			`FILE:3:15: help/articles/drafts is inside knowledge.dir, where a draft would be taken for an article and keep the others from being read; choose a folder beside it`,
			`FILE:3:43: keep is 1m0s; write at least 1h, or 0s to keep them for good`,
		}},
		{"drafts without a folder", "drafts: {commit: true}\n", nil, []string{
			`FILE:1:18: commit needs a folder to commit in; set drafts.dir, or write commit: false`,
		}},
		{"serving", `
retention: {conversations: 30m, receipts: 0s, dead_letters: -1h, ledger: 59m, audit: 1m}
overheard: {channels: ["#help", "slack:T1:C1", "slack:T1:C1"], wait: 1m, max_age: 30s}
escalate: {nudge_after: -1s}
web: {listen: 8080, pprof: maybe}
audit: {key: short}
`, nil, []string{
			`FILE:2:28: conversations is 30m0s; write at least 1h, or 0s to keep them for good`,
			`FILE:2:61: dead_letters is -1h0m0s; write at least 1h, or 0s to keep them for good`,
			`FILE:2:74: ledger is 59m0s; write at least 1h, or 0s to keep them for good`,
			`FILE:2:86: audit is 1m0s; write at least 1h, or 0s to keep them for good`,
			`FILE:3:24: "#help" is not a channel; write platform:workspace:channel, such as slack:T024BE7LD:C024BE91L`,
			`FILE:3:48: channel "slack:T1:C1" is given twice; remove one of the two`,
			`FILE:3:83: max_age is 30s, which is less than wait, 1m0s; raise it`,
			`FILE:4:25: nudge_after is -1s; write 0s or more`,
			`FILE:5:15: "8080" is not host:port; write it such as 127.0.0.1:8080, or "" for no web server`,
			`FILE:5:28: pprof "maybe" is not a yes or no; write true or false`,
			`FILE:6:14: key has 5 bytes; write at least 32, such as head -c 32 /dev/urandom | base64 makes`,
		}},
		{"hours", `
desks:
  - name: support
    hours:
      zone: America/Sao_Paolo
      week: [mon-fri 9-17, "mon-fri 09:00-12:60", "mo 09:00-12:00", "sat 10:00-10:00", sunday, "mon 24:00-01:00"]
      holidays: [2026-02-30, 25.12.]
  - name: sales
    hours: {week: ["mon-fri 09:00-18:00"]}
  - name: night
    hours: {zone: Local, holidays: ["2026-12-25"]}
`, nil, []string{
			`FILE:5:13: unknown zone "America/Sao_Paolo"; write one of the IANA's, such as America/Sao_Paulo or Europe/Madrid`,
			`FILE:6:14: "9-17" is not from one time to another; write it such as "mon-fri 09:00-12:00 13:00-18:00"`,
			`FILE:6:28: "09:00-12:60" is beyond what a clock shows; write it such as "mon-fri 09:00-12:00 13:00-18:00"`,
			`FILE:6:51: "mo" are not days; write it such as "mon-fri 09:00-12:00 13:00-18:00"`,
			`FILE:6:69: "10:00-10:00" ends when it begins; write it such as "mon-fri 09:00-12:00 13:00-18:00"`,
			`FILE:6:88: "sunday" does not have days and times; write it such as "mon-fri 09:00-12:00 13:00-18:00"`,
			`FILE:6:96: "24:00-01:00" is beyond what a clock shows; write it such as "mon-fri 09:00-12:00 13:00-18:00"`,
			`FILE:7:18: "2026-02-30" is not a date; write it such as 2026-12-25`,
			`FILE:7:30: "25.12." is not a date; write it such as 2026-12-25`,
			`FILE:9:12: zone is missing; add the one whose clocks are meant, such as zone: America/Sao_Paulo`,
			`FILE:11:19: unknown zone "Local"; write one of the IANA's, such as America/Sao_Paulo or Europe/Madrid`,
			`FILE:11:36: week is empty, so the desk is open on holidays too; add the week, such as ["mon-fri 09:00-12:00 13:00-18:00"], or remove holidays`,
		}},
		{"levels", `
desks:
  - name: support
    levels:
      - {priority: urgnt, audience: byer, first: -1h}
      - {priority: high, warn: 1h, first: 1h, resolve: 9000h}
      - {audience: buyer, warn: -1s, step: -1s, next: 2h}
      - {warn: 5m}
      - {priority: low, first: 1h}
    lease: {after: 1h, warn: 1h}
    auto_close: {remind: 7d, after: 3d}
  - name: sales
    lease: {warn: 1h}
    auto_close: {remind: 7d, after: -1h}
  - name: night
    lease: {after: 366d}
`, nil, []string{
			`FILE:5:20: unknown priority "urgnt"; did you mean "urgent"?`,
			`FILE:5:37: unknown audience "byer"; did you mean "buyer"?`,
			`FILE:5:50: first is -1h0m0s; write 0s to 8760h0m0s`,
			`FILE:6:32: warn is 1h0m0s, which is not below first, 1h0m0s; lower it`,
			`FILE:6:56: resolve is 9000h0m0s; write 0s to 8760h0m0s`,
			`FILE:7:33: warn is -1s; write 0s or more`,
			`FILE:7:44: step is -1s; write 0s to 8760h0m0s`,
			`FILE:8:9: the level promises nothing; add first, next or resolve`,
			`FILE:9:9: levels[3] fits all that this level fits, and comes first; move it behind this one`,
			`FILE:10:30: warn is 1h0m0s, which is not below after, 1h0m0s; lower it`,
			`FILE:11:26: remind is 168h0m0s, which is not below after, 72h0m0s; lower it`,
			`FILE:13:19: after is 0s, so claims last for good and there is nothing to warn of; set after, or remove warn`,
			`FILE:14:37: after is -1h0m0s; write 0s to 8760h0m0s`,
			`FILE:16:20: after is 8784h0m0s; write 0s to 8760h0m0s`,
		}},
		{"import", `import:
  sources:
    - name: a
      kind: sitemaps
    - {name: a, kind: sitemap, path: x, key: y, every: 1m, rate: 1000}
    - {name: b, kind: csv, url: "https://x", max_pages: -1, max_bytes: -1, timeout: -1s}
    - {name: c, kind: zendesk, subdomain: acme.zendesk.com, email: a@b, segments: {"1": staff}}
    - {name: d, kind: intercom, region: uk, subdomain: x}
    - name: e
      kind: markdown
      path: docs
      link: docs/{id}
      every: 24h
      hosts: [a/b]
      audience: [staff]
      language: fr
      languages: {fr: fr}
      rules:
        - topic: x
        - url: "*"
        - {section: S, audience: [x]}
    - {name: f}
    - {name: g, kind: zendesk, subdomain: acme, url: "http://help.example", email: ana, key: "Bearer hush"}
    - {name: h, kind: zendesk, subdomain: acme, email: a@b/token, key: "a@b/token:hush", segments: {"1": buyer, x: buyer}}
    - {name: i, kind: intercom, email: a@b, key: "hu sh"}
    - {name: j, kind: csv, path: x, segments: {"1": buyer}}
`, nil, []string{
			`FILE:4:13: unknown kind "sitemaps"; did you mean "sitemap"?`,
			`FILE:5:14: name "a" is given twice in import.sources; choose another`,
			`FILE:5:23: url is missing, which kind sitemap needs; write it such as https://help.example.com`,
			`FILE:5:38: kind sitemap has no path; remove it`,
			`FILE:5:46: kind sitemap has no key; remove it`,
			`FILE:5:56: every is 1m0s; write 0s for never, or at least 15m0s`,
			`FILE:5:56: every needs a folder to import into; set knowledge.dir, or remove every`,
			`FILE:5:66: rate is 1000; write requests a second, from 0.01 to 100, or 0 for 5`,
			`FILE:6:23: path is missing, which kind csv needs; write it such as articles.csv or docs`,
			`FILE:6:33: kind csv has no url; name where it is with path, and where its articles are with link`,
			`FILE:6:57: max_pages is -1; write 0 for 5000, or up to 100000`,
			`FILE:6:72: max_bytes is -1; write 0 for 5 MiB (5242880), or up to 52428800`,
			`FILE:6:85: timeout is -1s; write 0s for 30s, or more`,
			`FILE:7:43: subdomain "acme.zendesk.com" is none; write the acme of acme.zendesk.com`,
			`FILE:7:68: email is of no use without a key; add key_file, or remove it`,
			`FILE:7:89: unknown audience "staff"; use one of buyer, creator, affiliate`,
			`FILE:8:23: key is missing, which kind intercom needs; put the access token into key_file`,
			`FILE:8:41: unknown region "uk"; did you mean "us"?`,
			`FILE:8:56: kind intercom has no subdomain; remove it`,
			`FILE:12:13: link is not the address of a web page without a password; write it such as https://help.example.com`,
			`FILE:13:14: every needs a folder to import into; set knowledge.dir, or remove every`,
			`FILE:14:15: "a/b" is not a host; write it such as help.example.com or 127.0.0.1:8080`,
			`FILE:15:18: unknown audience "staff"; use one of buyer, creator, affiliate`,
			`FILE:16:17: unknown language "fr"; use one of en, pt-BR, es`,
			`FILE:17:23: unknown language "fr"; use one of en, pt-BR, es`,
			`FILE:19:11: the rule is about all pages; name a url, section or label, or write its values beside rules`,
			`FILE:20:11: the rule says nothing; give it an audience, topic or language, or skip: true`,
			`FILE:21:35: unknown audience "x"; use one of buyer, creator, affiliate`,
			`FILE:22:14: kind is missing; write one of sitemap, zendesk, intercom, csv, markdown`,
			`FILE:23:54: the key would travel unprotected to another machine; write https`,
			`FILE:23:84: email is no address; write that of the agent whose key it is, without /token`,
			`FILE:23:94: key begins with the word before it in the header; write the key alone`,
			`FILE:24:56: email is no address; write that of the agent whose key it is, without /token`,
			`FILE:24:72: key has an email in front; write that into email, and here what stands behind /token:`,
			`FILE:24:106: the audience buyer is not private, so everyone would read what only this segment may; name a private one`,
			`FILE:24:116: segment "x" is not a number; write the one in the address of its page at the help centre, in quotes`,
			`FILE:24:116: the audience buyer is not private, so everyone would read what only this segment may; name a private one`,
			`FILE:25:40: kind intercom has no email; remove it`,
			`FILE:25:50: key is more than one word; write the key alone`,
			`FILE:26:47: kind csv has no segments; remove them`,
		}},
		{"nothing left", "languages: []\naudiences: []\ndesks: []\n", nil, []string{
			`FILE:1:12: languages is empty; name at least one, such as [en]`,
			`FILE:2:12: audiences is empty; name at least one`,
			`FILE:3:8: desks is empty; add at least one`,
		}},
		{"environment", "", []string{
			"SIGNPOST_LOG_LEVL=debug", "SIGNPOST_ANSWERS_SURE=2", "SIGNPOST_LANGUAGES=en,,es", "SIGNPOST_DESKS=a",
		}, []string{
			`SIGNPOST_ANSWERS_SURE: sure is 2; write a number from 0 to 1`,
			`SIGNPOST_DESKS: unknown variable; use one of SIGNPOST_ANSWERS_ARTICLES, SIGNPOST_ANSWERS_SURE, ` +
				`SIGNPOST_ANSWERS_UNSURE, SIGNPOST_AUDIT_KEY, SIGNPOST_AUDIT_KEY_FILE, SIGNPOST_DISCORD_ANSWERS, SIGNPOST_DISCORD_API_URL, SIGNPOST_DISCORD_GUILD, ` +
				`SIGNPOST_DISCORD_MESSAGE_CONTENT, SIGNPOST_DISCORD_MODE, SIGNPOST_DISCORD_PUBLIC_KEY, ` +
				`SIGNPOST_DISCORD_TOKEN, SIGNPOST_DISCORD_TOKEN_FILE, SIGNPOST_DRAFTS_COMMIT, SIGNPOST_DRAFTS_DIR, SIGNPOST_DRAFTS_KEEP, ` +
				`SIGNPOST_ESCALATE_AFTER, SIGNPOST_ESCALATE_MISSES, SIGNPOST_ESCALATE_NUDGE_AFTER, SIGNPOST_INSTALLATION, ` +
				`SIGNPOST_KNOWLEDGE_CACHE, SIGNPOST_KNOWLEDGE_DIR, SIGNPOST_KNOWLEDGE_EMBEDDER_DIMENSIONS, ` +
				`SIGNPOST_KNOWLEDGE_EMBEDDER_KEY, SIGNPOST_KNOWLEDGE_EMBEDDER_KEY_FILE, SIGNPOST_KNOWLEDGE_EMBEDDER_MODEL, ` +
				`SIGNPOST_KNOWLEDGE_EMBEDDER_PASSAGE_PREFIX, SIGNPOST_KNOWLEDGE_EMBEDDER_QUESTION_PREFIX, ` +
				`SIGNPOST_KNOWLEDGE_EMBEDDER_TIMEOUT, SIGNPOST_KNOWLEDGE_EMBEDDER_URL, SIGNPOST_KNOWLEDGE_GOLDEN, SIGNPOST_KNOWLEDGE_MEANING, SIGNPOST_KNOWLEDGE_RESCAN, SIGNPOST_LANGUAGES, SIGNPOST_LOG_FORMAT, ` +
				`SIGNPOST_LOG_LEVEL, SIGNPOST_OVERHEARD_CHANNELS, SIGNPOST_OVERHEARD_MAX_AGE, SIGNPOST_OVERHEARD_WAIT, ` +
				`SIGNPOST_REDIS_URL, SIGNPOST_REDIS_URL_FILE, SIGNPOST_RESOLVE_GRACE, SIGNPOST_RETENTION_AUDIT, SIGNPOST_RETENTION_CONVERSATIONS, ` +
				`SIGNPOST_RETENTION_DEAD_LETTERS, SIGNPOST_RETENTION_LEDGER, SIGNPOST_RETENTION_RECEIPTS, SIGNPOST_RETENTION_TICKETS, SIGNPOST_SLACK_AGENT_VIEW, ` +
				`SIGNPOST_SLACK_API_URL, SIGNPOST_SLACK_APP_TOKEN, SIGNPOST_SLACK_APP_TOKEN_FILE, ` +
				`SIGNPOST_SLACK_BOT_TOKEN, SIGNPOST_SLACK_BOT_TOKEN_FILE, SIGNPOST_SLACK_MODE, ` +
				`SIGNPOST_SLACK_SIGNING_SECRET, SIGNPOST_SLACK_SIGNING_SECRET_FILE, SIGNPOST_SNIPPETS_DIR, SIGNPOST_WEB_LISTEN, SIGNPOST_WEB_PPROF`,
			`SIGNPOST_LANGUAGES: language "" is not a language tag; write it such as en, pt-BR or zh-Hant`,
			`SIGNPOST_LOG_LEVL: unknown variable; did you mean "SIGNPOST_LOG_LEVEL"?`,
		}},
		{"swapped tokens", `
slack:
  bot_token: xapp-1-A1-hush
  app_token: xoxb-1-hush
  signing_secret: xoxb-1-hush
  api_url: slack.com/api
`, nil, []string{
			`FILE:3:14: this is an app-level token, which belongs in app_token; write the Bot User OAuth Token, which begins with xoxb-`,
			`FILE:4:14: this is a bot token, which belongs in bot_token; write an app-level token, which begins with xapp-`,
			`FILE:5:19: this is a bot token, which belongs in bot_token; write the Signing Secret`,
			`FILE:6:12: api_url is not the plain address of an API; write it such as https://slack.com/api/, or "" for Slack's own`,
		}},
		{"other tokens", `
slack: {bot_token: xoxp-1-hush, app_token: hush, signing_secret: hush hush, mode: sockets, api_url: "https://me:hush@a.example/"}
`, nil, []string{
			`FILE:2:20: this is a user token, which acts as the person it is of; write the Bot User OAuth Token, which begins with xoxb-`,
			`FILE:2:44: app_token is not as Slack gives it; write an app-level token, which begins with xapp-`,
			`FILE:2:66: signing_secret is not as Slack gives it; write the Signing Secret`,
			`FILE:2:83: unknown mode "sockets"; did you mean "socket"?`,
			`FILE:2:101: api_url is not the plain address of an API; write it such as https://slack.com/api/, or "" for Slack's own`,
		}},
		{"a token that expires", `slack: {bot_token: xoxe.xoxb-1-hush, app_token: xapp-1-hush}`, nil, []string{
			`FILE:1:20: this is a token of the kind that expires, which needs token rotation to be off; write the Bot User OAuth Token, which begins with xoxb-`,
		}},
		{"mode socket without its token", `slack: {bot_token: xoxb-1-hush}`, nil, []string{
			`FILE:1:8: mode socket needs an app-level token; add app_token, or write mode: http`,
		}},
		{"mode http without its secret", "slack: {bot_token: xoxb-1-hush, mode: http}\nweb: {listen: ''}", nil, []string{
			`FILE:1:39: mode http needs the signing secret, or anyone could send events; add signing_secret`,
			`FILE:1:39: mode http needs the web server, where Slack sends its events; set web.listen`,
		}},
		{"an app token alone", `slack: {app_token: xapp-1-hush}`, nil, []string{
			`FILE:1:20: bot_token is missing, so Slack stays off; add it, or remove app_token`,
		}},
		{"a signing secret alone", `slack: {signing_secret: 8f742231b10e8888abcd99yyyzzz85a5, mode: http}`, nil, []string{
			`FILE:1:25: bot_token is missing, so Slack stays off; add it, or remove signing_secret`,
		}},
		{"a bot token whose file is not there", `slack: {bot_token_file: /nowhere, app_token: xapp-1-hush}`, nil, []string{
			`FILE:1:25: bot_token_file /nowhere cannot be read: no such file or directory; check its name and permissions`,
		}},
		{"Discord", `
discord:
  token: hush
  public_key: abc
  mode: socket
  api_url: ftp://discord.com
  message_content: maybe
  answers: threads
  guild: Acme
`, nil, []string{
			`FILE:3:10: token is not as Discord gives it, three parts with dots between; copy the token from Bot in the developer portal, where Reset Token shows a new one`,
			`FILE:4:15: public_key is not 64 hex digits; copy the Public Key from General Information of the app`,
			`FILE:5:9: unknown mode "socket"; use one of gateway, http`,
			`FILE:6:12: api_url is not the plain address of an API; write it such as https://discord.com/api/v10/, or "" for Discord's own`,
			`FILE:7:20: message_content "maybe" is not a yes or no; write true or false`,
			`FILE:8:12: unknown value of answers "threads"; did you mean "thread"?`,
			`FILE:9:10: guild "Acme" is not a server's id, which has digits only; in Discord's Developer Mode, choose Copy Server ID`,
		}},
		{"a bot token of Slack's for Discord", `discord: {token: xoxb-1-hush}`, nil, []string{
			`FILE:1:18: this is a token of Slack's, which belongs in slack; copy the token from Bot in the developer portal, where Reset Token shows a new one`,
		}},
		{"an app token of Slack's for Discord", `discord: {token: xapp-1-A1-hush}`, nil, []string{
			`FILE:1:18: this is a token of Slack's, which belongs in slack; copy the token from Bot in the developer portal, where Reset Token shows a new one`,
		}},
		{"a token with the word before it", `discord: {token: Bot hush.hush.hush}`, nil, []string{
			`FILE:1:18: token begins with Bot, which does not belong to it; remove that word`,
		}},
		{"a public key for a token", `discord: {token: ` + strings.Repeat("ab", 32) + `}`, nil, []string{
			`FILE:1:18: this looks like the public key, which belongs in public_key; copy the token from Bot in the developer portal, where Reset Token shows a new one`,
		}},
		{"an id for a token", `discord: {token: 112233445566778899}`, nil, []string{
			`FILE:1:18: this looks like the application's id; copy the token from Bot in the developer portal, where Reset Token shows a new one`,
		}},
		{"a token of Discord's for Slack", `slack: {bot_token: hush.hush.hush, app_token: xapp-1-hush}`, nil, []string{
			`FILE:1:20: bot_token is not as Slack gives it; write the Bot User OAuth Token, which begins with xoxb-`,
		}},
		{"a token whose file is not there", `discord: {token_file: /nowhere, mode: http}`, nil, []string{
			`FILE:1:23: token_file /nowhere cannot be read: no such file or directory; check its name and permissions`,
			`FILE:1:39: mode http needs the public key, or anyone could send interactions; add public_key`,
		}},
		{"a public key alone", `discord: {public_key: ` + strings.Repeat("ab", 32) + `}`, nil, []string{
			`FILE:1:23: token is missing, so Discord stays off; add it, or remove public_key`,
		}},
		{"Discord by http", `
discord: {token: a.b.c, mode: http, message_content: true}
overheard: {channels: ["discord:1:2", "slack:T1:C1"]}
web: {listen: ''}
`, nil, []string{
			`FILE:2:31: mode http needs the public key, or anyone could send interactions; add public_key`,
			`FILE:2:31: mode http needs the web server, where Discord sends interactions; set web.listen`,
			`FILE:2:54: mode http brings no messages, so message_content is of no use; remove it, or write mode: gateway`,
			`FILE:3:24: mode http brings no messages of discord:1:2; remove it, or write discord.mode: gateway`,
		}},
		{"overheard without its words", `
discord: {token: a.b.c}
overheard: {channels: ["slack:T1:C1", "discord:1:2"]}
`, nil, []string{
			`FILE:3:39: Discord withholds what is said in discord:1:2; turn the Message Content intent on and set discord.message_content: true, or remove the channel`,
		}},
		{"members of a channel", `desks: [{name: support, agents: ["#help", "#"], leads: ["#C024BE91L", "#c024be91l"]}]`, nil, []string{
			`FILE:1:34: "#help" does not name a channel by its id; write it such as "#C024BE91L"`,
			`FILE:1:43: "#" does not name a channel by its id; write it such as "#C024BE91L"`,
			`FILE:1:71: "#c024be91l" does not name a channel by its id; write it such as "#C024BE91L"`,
		}},
		{"an embedding server", `
knowledge:
  embedder:
    url: ftp://embed.example/v1
    key: Bearer hush
    timeout: 5s
    dimensions: -1
`, nil, []string{
			`FILE:4:5: model is missing; write the name that the server knows it by, such as nomic-embed-text`,
			`FILE:4:10: url is not the address of an embedding server; write it such as http://127.0.0.1:11434 or https://api.openai.com/v1`,
			`FILE:5:10: key begins with Bearer, which does not belong to it; remove that word`,
			`FILE:6:14: timeout is 5s; write 10ms to 2s`,
			`FILE:7:17: dimensions is -1; write 0 for as many as the model has, or 1 to 16384`,
		}},
		{"an embedding server with its key in the address", `
knowledge: {embedder: {url: "https://me:hush@embed.example", model: m, key: "hush hush"}}
`, nil, []string{
			`FILE:2:29: url holds a name or password; remove it, and put the server's key into key_file`,
			`FILE:2:77: key is more than one word; write the key alone`,
		}},
		{"an embedding server with a question in its address", `
knowledge: {embedder: {url: "https://embed.example/v1?key=hush", model: m}}
`, nil, []string{
			`FILE:2:29: url has more than an address behind its path; write it without ? and #`,
		}},
		{"settings of an embedding server without one", `
knowledge: {embedder: {model: m, key_file: /nowhere}}
`, nil, []string{
			`FILE:2:31: url is missing, so no embedding server is asked; add it, or remove model`,
			`FILE:2:44: key_file /nowhere cannot be read: no such file or directory; check its name and permissions`,
		}},
		{"secrets", "redis: {url: 'redis://:hush@x', url_file: /nowhere}", nil, []string{
			`FILE:1:43: url and url_file are both set; remove one of the two`,
		}},
		{"secret file", "", []string{"SIGNPOST_REDIS_URL_FILE=/nowhere"}, []string{
			`SIGNPOST_REDIS_URL_FILE: url_file /nowhere cannot be read: no such file or directory; check its name and permissions`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := load("FILE", []byte(test.file), test.environ)
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("Load = %v, want Problems", err)
			}
			if diff := cmp.Diff(strings.Join(test.want, "\n"), problems.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAdvise(t *testing.T) {
	discord := Discord{Token: NewSecret("a.b.c"), Mode: "gateway", Answers: "reply"}
	threads, http := discord, discord
	threads.Answers, http.Mode = "thread", "http"
	tests := []struct {
		name    string
		after   time.Duration
		discord Discord
		want    string // a part of the only line; empty: none
	}{
		{"never", 0, discord, ""},
		{"no Discord", time.Hour, Discord{Mode: "gateway", Answers: "reply"}, ""},
		{"answered in threads", time.Hour, threads, ""},
		{"answered in the channel", time.Hour, discord, "write discord.answers: thread"},
		{"no messages", time.Hour, http, "write discord.mode: gateway"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := Default()
			c.Escalate.After, c.Discord = test.after, test.discord
			got := Advise(c)
			if test.want == "" && len(got) > 0 || test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)) {
				t.Errorf("advises %q, want %q", got, test.want)
			}
		})
	}
}

func TestAdviseEmbedder(t *testing.T) {
	tests := []struct {
		name     string
		embedder Embedder
		want     string // a part of the only line; empty: none
	}{
		{"off", Embedder{QuestionPrefix: "query:"}, ""},
		{"own machine", Embedder{URL: "http://127.0.0.1:80", Key: NewSecret("hush")}, ""},
		{"own machine by name", Embedder{URL: "http://localhost", Key: NewSecret("hush")}, ""},
		{"key in the clear", Embedder{URL: "http://embed.example", Key: NewSecret("hush")}, "write https"},
		{"no key", Embedder{URL: "http://embed.example"}, ""},
		{"prefixes", Embedder{URL: "https://embed.example", QuestionPrefix: "query: ", PassagePrefix: "passage: "}, ""},
		{"prefix without its space", Embedder{URL: "https://embed.example", PassagePrefix: "passage:"}, `write "passage: "`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := Default()
			c.Knowledge.Embedder = test.embedder
			got := Advise(c)
			if test.want == "" && len(got) > 0 || test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)) {
				t.Errorf("advises %q, want %q", got, test.want)
			}
		})
	}
}

// TestAdviseMeaning: a server that is not asked is told of, and which of the two
// to drop.
func TestAdviseMeaning(t *testing.T) {
	c := Default()
	if !c.Knowledge.Meaning || c.Knowledge.Asks() {
		t.Errorf("by itself: %+v", c.Knowledge)
	}
	c.Knowledge.Meaning = false
	if got := Advise(c); len(got) > 0 {
		t.Errorf("off: advises %q", got)
	}
	c.Knowledge.Embedder.URL = "http://embed.example"
	c.Knowledge.Embedder.PassagePrefix = "passage:" // of no use, so not worth a word
	if got := Advise(c); len(got) != 1 || !strings.Contains(got[0], "remove embedder, or write meaning: true") || c.Knowledge.Asks() {
		t.Errorf("off, with a server: advises %q", got)
	}
	c.Knowledge.Meaning = true
	if !c.Knowledge.Asks() {
		t.Error("on, with a server, it is not asked")
	}
}

func TestLoadMissingFile(t *testing.T) {
	_, err := Load("nowhere.yaml", nil)
	const want = "nowhere.yaml: cannot be read: no such file or directory; check its name and permissions"
	if err == nil || err.Error() != want {
		t.Errorf("Load = %v, want %s", err, want)
	}
}

func TestLoadFile(t *testing.T) {
	path := write(t, `
languages: [es]
audiences:
  - {name: buyer, roles: [112233445566778899, 0123], cues: []}
  - {name: creator, cues: [my shop]}
  - name: affiliate
desks:
  - {name: sales, agents: ["slack:T1:U1"]}
redis:
log: {format: json}
`)
	c, err := Load(path, []string{"PATH=/bin", "SIGNPOST_TEST_X=1", "SIGNPOST_CONFIG=x", "SIGNPOST_SHARED=x", "SIGNPOST_IMPORT_KEY=x", "SIGNPOST_LOG_LEVEL="})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Languages = []string{"es"}
	want.Audiences[0].Roles = []string{"112233445566778899", "0123"}
	want.Audiences[0].Cues = []string{}
	want.Audiences[1].Cues = []string{"my shop"}
	want.Desks = []Desk{{Name: "sales", Agents: []string{"slack:T1:U1"}, ShowNames: "name", Assign: "claim", Report: Report{Time: "09:00"}}}
	want.Log.Format = "json"
	if diff := cmp.Diff(want, c, equal); diff != "" {
		t.Error(diff)
	}
}

func TestLoadEnvironment(t *testing.T) {
	path := write(t, "languages: [en]\nresolve: {grace: 1h}\n")
	secret := write(t, "redis://:hush@example.com\r\n")
	c, err := Load(path, []string{
		"SIGNPOST_LANGUAGES=es, pt-BR", "SIGNPOST_RESOLVE_GRACE=2h", "SIGNPOST_REDIS_URL_FILE=" + secret,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Languages = []string{"es", "pt-BR"}
	want.Resolve.Grace = 2 * time.Hour
	want.Redis = Redis{URL: NewSecret("redis://:hush@example.com"), URLFile: secret}
	if diff := cmp.Diff(want, c, equal); diff != "" {
		t.Error(diff)
	}
}

// TestLoadTimes: what a desk promises, and when it is open.
func TestLoadTimes(t *testing.T) {
	c, err := load("FILE", []byte(`
desks:
  - name: support
    hours:
      zone: Europe/Lisbon
      week: ["Mon,wed-thu 9:00-12:30", "fri-sat 22:00-02:00 00:00-01:00", "sun 00:00-24:00"]
      holidays: [2026-12-25]
    levels: [{priority: urgent, audience: buyer, next: 30m}, {first: 1d2h, step: 5m}]
    auto_close: {remind: 3d, after: 7d}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	d := c.Desks[0]
	at := func(day time.Weekday, from, to float64) Opening {
		return Opening{day, time.Duration(from * float64(time.Hour)), time.Duration(to * float64(time.Hour))}
	}
	openings := []Opening{
		at(time.Monday, 9, 12.5), at(time.Wednesday, 9, 12.5), at(time.Thursday, 9, 12.5),
		at(time.Friday, 22, 24), at(time.Saturday, 0, 2), at(time.Saturday, 22, 24), at(time.Sunday, 0, 2),
		at(time.Friday, 0, 1), at(time.Saturday, 0, 1), at(time.Sunday, 0, 24),
	}
	if diff := cmp.Diff(openings, d.Hours.Openings()); diff != "" {
		t.Error(diff)
	}
	if dates := d.Hours.Dates(); len(dates) != 1 || !dates[0].Equal(time.Date(2026, 12, 25, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("holidays are %v", dates)
	}
	if d.Hours.Location().String() != "Europe/Lisbon" {
		t.Errorf("the zone is %s", d.Hours.Location())
	}
	if l := d.Levels; l[0].Step != 10*time.Minute || l[1].Step != 5*time.Minute || l[1].First != 26*time.Hour {
		t.Errorf("levels are %+v", l)
	}
	if d.AutoClose != (AutoClose{Remind: 72 * time.Hour, After: 168 * time.Hour}) {
		t.Errorf("auto_close is %+v", d.AutoClose)
	}
}

// FuzzOpenings: whatever is written, it is refused, or lies within days.
func FuzzOpenings(f *testing.F) {
	for _, line := range []string{"mon-fri 09:00-12:00 13:00-18:00", "sat,sun-mon 22:00-06:00", "x", "mon 99:99-00:00", "MON 00:00-24:00"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		openings, err := parseOpenings(line)
		if err == nil && len(openings) == 0 {
			t.Errorf("%q is accepted, and is never open", line)
		}
		for _, o := range openings {
			if o.Day < time.Sunday || o.Day > time.Saturday || o.From < 0 || o.From >= o.To || o.To > day {
				t.Errorf("%q makes %+v", line, o)
			}
		}
	})
}

// FuzzSpan: days are 24 hours, and the rest is Go's.
func FuzzSpan(f *testing.F) {
	for _, text := range []string{"14d", "1d12h", "-1d", "99999d", "1d-30h", "48h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseSpan(text)
		if err != nil {
			return
		}
		if again, err := parseSpan(d.String()); err != nil || again != d {
			t.Errorf("%q is %v, which is %v: %v", text, d, again, err)
		}
	})
}

// TestLoadSlack: everything about Slack can come from the environment and from
// files of its own.
func TestLoadSlack(t *testing.T) {
	app := write(t, "xapp-1-A1-hush\n")
	c, err := Load(write(t, "slack: {api_url: 'http://127.0.0.1:1/api', agent_view: false}"), []string{
		"SIGNPOST_SLACK_BOT_TOKEN=xoxb-1-hush", "SIGNPOST_SLACK_APP_TOKEN_FILE=" + app,
		"SIGNPOST_SLACK_SIGNING_SECRET=hush", "SIGNPOST_SLACK_MODE=http",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Slack{
		BotToken: NewSecret("xoxb-1-hush"), AppToken: NewSecret("xapp-1-A1-hush"), AppTokenFile: app,
		SigningSecret: NewSecret("hush"), Mode: "http", APIURL: "http://127.0.0.1:1/api/",
	}
	if diff := cmp.Diff(want, c.Slack, equal); diff != "" {
		t.Error(diff)
	}
	if !c.Slack.On() || Default().Slack.On() {
		t.Error("Slack is on with a bot token, and only then")
	}
}

// TestLoadDiscord: everything about Discord can come from the environment and
// from a file of its own.
func TestLoadDiscord(t *testing.T) {
	token := write(t, "MTE.hush.hush\n")
	key := strings.Repeat("aB", 32)
	c, err := Load(write(t, "discord: {api_url: 'http://127.0.0.1:1/api/v10', answers: thread, guild: 112233445566778899}"), []string{
		"SIGNPOST_DISCORD_TOKEN_FILE=" + token, "SIGNPOST_DISCORD_MESSAGE_CONTENT=true", "SIGNPOST_DISCORD_PUBLIC_KEY=" + key,
		"SIGNPOST_OVERHEARD_CHANNELS=discord:1:2",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Discord{
		Token: NewSecret("MTE.hush.hush"), TokenFile: token, PublicKey: key, Mode: "gateway",
		APIURL: "http://127.0.0.1:1/api/v10/", MessageContent: true, Answers: "thread", Guild: "112233445566778899",
	}
	if diff := cmp.Diff(want, c.Discord, equal); diff != "" {
		t.Error(diff)
	}
	if !c.Discord.On() || Default().Discord.On() {
		t.Error("Discord is on with a token, and only then")
	}
	c, err = Load("", []string{"SIGNPOST_DISCORD_TOKEN=a.b.c", "SIGNPOST_DISCORD_MODE=http", "SIGNPOST_DISCORD_PUBLIC_KEY=" + key})
	if err != nil || c.Discord.Mode != "http" {
		t.Errorf("by HTTP: %+v, %v", c.Discord, err)
	}
}

// TestLoadSlackTokenFile: a wrong token in a file is placed where the file is
// named.
func TestLoadSlackTokenFile(t *testing.T) {
	_, err := load("FILE", []byte("slack:\n  bot_token_file: "+write(t, "xapp-1-hush")+"\n  app_token: xapp-1-hush\n"), nil)
	const want = "FILE:2:19: this is an app-level token, which belongs in app_token; write the Bot User OAuth Token, which begins with xoxb-"
	if err == nil || err.Error() != want {
		t.Errorf("Load = %v, want %s", err, want)
	}
}

// FuzzLoad: whatever the file holds, it is refused with a place and words, or
// what comes out keeps the promises others build on.
func FuzzLoad(f *testing.F) {
	data, err := os.ReadFile(example)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("log: {level: loud}\nanswers: {sure: .nan}\n"))
	f.Add([]byte("a: &x [*x]\n? b\n<<: {}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 8<<10 {
			return // deep nesting takes the YAML package quadratic time
		}
		c, err := load("f.yaml", data, nil)
		if err != nil {
			var problems Problems
			if !errors.As(err, &problems) || len(problems) == 0 {
				t.Fatalf("Load = %#v, want Problems", err)
			}
			for _, p := range problems {
				if p.File == "" || p.Message == "" {
					t.Errorf("problem without file or words: %#v", p)
				}
			}
			return
		}
		if len(c.Languages) == 0 || len(c.Audiences) == 0 || len(c.Desks) == 0 || c.Answers.Articles < 1 {
			t.Errorf("accepted %#v", c)
		}
		if _, err := json.Marshal(c); err != nil {
			t.Error(err)
		}
	})
}
