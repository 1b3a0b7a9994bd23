package config

import (
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

var (
	nameRule     = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
	languageRule = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`)
	listenRule   = regexp.MustCompile(`^([A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\]):(0|[1-9][0-9]{0,4})$`)
	placeRule    = regexp.MustCompile(`^[a-z]+:[^:\s]+:[^:\s]+$`) // of accounts too
	membersRule  = regexp.MustCompile(`^#[A-Z0-9]+$`)
)

// maxUndo is how long a reply may be held: nobody waits a minute for nothing.
const maxUndo = time.Minute

// check reports every value that is well formed but cannot be meant.
func (l *loader) check(c *Config) {
	l.checkName("installation", c.Installation)
	if c.Knowledge.Rescan < time.Second {
		l.report("knowledge.rescan", "rescan is %v; write at least 1s", c.Knowledge.Rescan)
	}
	l.checkEmbedder(c.Knowledge.Embedder)
	l.checkLanguages(c)
	audiences := l.checkAudiences(c)
	topics := l.checkTopics(c)
	persons := l.checkPersons(c)
	l.checkDesks(c, audiences, topics, persons)
	l.checkImport(c, audiences, topics)
	l.checkSlack(c.Slack, c.Web)
	l.checkDiscord(c)
	l.checkAnswers(c.Answers)
	l.checkRetention(c.Retention)
	l.checkAudit(c.Audit)
	l.checkDrafts(c.Drafts, c.Knowledge.Dir)
	l.checkOverheard(c.Overheard)
	if c.Escalate.Misses < 1 {
		l.report("escalate.misses", "misses is %d; write at least 1", c.Escalate.Misses)
	}
	if c.Escalate.NudgeAfter < 0 {
		l.report("escalate.nudge_after", "nudge_after is %v; write 0s or more", c.Escalate.NudgeAfter)
	}
	switch e := c.Escalate; {
	case e.After < 0:
		l.report("escalate.after", "after is %v; write 0s or more", e.After)
	case e.After > 0 && e.NudgeAfter == 0:
		l.report("escalate.after", "after needs nudge_after, since we ask before a ticket is made; set it, or write after: 0s")
	case e.After > 0 && e.After <= e.NudgeAfter:
		l.report("escalate.after", "after is %v, which leaves no time to answer after nudge_after, %v; raise it", e.After, e.NudgeAfter)
	}
	if c.Resolve.Grace < 0 {
		l.report("resolve.grace", "grace is %v; write 0s or more", c.Resolve.Grace)
	}
	if c.Web.Listen != "" && !listenRule.MatchString(c.Web.Listen) {
		l.report("web.listen", "%q is not host:port; write it such as 127.0.0.1:8080, or \"\" for no web server", c.Web.Listen)
	}
	l.oneOf("log.level", "log level", c.Log.Level, "debug", "info", "warn", "error")
	l.oneOf("log.format", "log format", c.Log.Format, "text", "json")
}

func (l *loader) checkName(path, value string) {
	if !nameRule.MatchString(value) {
		l.report(path, "%s %q is not a name; write 1 to 32 of a-z, 0-9 and -", name(path), value)
	}
}

// names checks the names of list items, which are at path[i].key and unlike one
// another, and returns them.
func (l *loader) names(path, key string, n int, name func(i int) string) []string {
	var names []string
	for i := range n {
		at, value := fmt.Sprintf("%s[%d].%s", path, i, key), name(i)
		switch {
		case value == "":
			l.report(at, "%s is missing; add one", key)
		case slices.Contains(names, value):
			l.report(at, "%s %q is given twice in %s; choose another", key, value, path)
		default:
			l.checkName(at, value)
		}
		names = append(names, value)
	}
	return names
}

// oneOf reports a value that is not among the choices; none allow any.
func (l *loader) oneOf(path, what, value string, choices ...string) {
	if len(choices) > 0 && !slices.Contains(choices, value) {
		l.report(path, "unknown %s %q; %s", what, value, didYouMean(value, choices))
	}
}

// each calls check with every item of a list and its path.
func each(path string, list []string, check func(path, item string)) {
	for i, item := range list {
		check(fmt.Sprintf("%s[%d]", path, i), item)
	}
}

func (l *loader) checkLanguages(c *Config) {
	if len(c.Languages) == 0 {
		l.report("languages", "languages is empty; name at least one, such as [en]")
	}
	each("languages", c.Languages, func(path, lang string) {
		if !languageRule.MatchString(lang) {
			l.report(path, "language %q is not a language tag; write it such as en, pt-BR or zh-Hant", lang)
		} else if fmt.Sprintf("languages[%d]", slices.Index(c.Languages, lang)) != path {
			l.report(path, "language %q is given twice; remove one of the two", lang)
		}
	})
}

// checkLabel looks at labels that were set; built-in ones may be in languages
// that are not wanted.
func (l *loader) checkLabel(path string, label map[string]string, languages []string) {
	for lang, text := range label {
		at := join(path, lang)
		if _, set := l.at[at]; !set {
			continue
		}
		l.oneOf(at, "language", lang, languages...)
		if strings.TrimSpace(text) == "" {
			l.report(at, "label in %s is empty; write one or remove the key", lang)
		}
	}
}

func (l *loader) checkAudiences(c *Config) []string {
	if len(c.Audiences) == 0 {
		l.report("audiences", "audiences is empty; name at least one")
	}
	for i, a := range c.Audiences {
		path := fmt.Sprintf("audiences[%d]", i)
		l.checkLabel(path+".label", a.Label, c.Languages)
		each(path+".channels", a.Channels, l.checkPlace)
		if a.Private && len(a.Roles)+len(a.Groups) == 0 {
			l.report(path+".private", "nothing proves that someone is %q; add roles or groups, or remove private", a.Name)
		}
	}
	return l.names("audiences", "name", len(c.Audiences), func(i int) string { return c.Audiences[i].Name })
}

func (l *loader) checkTopics(c *Config) []string {
	for i, topic := range c.Topics {
		l.checkLabel(fmt.Sprintf("topics[%d].label", i), topic.Label, c.Languages)
	}
	return l.names("topics", "name", len(c.Topics), func(i int) string { return c.Topics[i].Name })
}

func (l *loader) checkPersons(c *Config) []string {
	owners := map[string]string{}
	for i, person := range c.Persons {
		each(fmt.Sprintf("persons[%d].accounts", i), person.Accounts, func(path, account string) {
			l.checkAccount(path, account)
			if owner, taken := owners[account]; taken {
				l.report(path, "account %q is already that of %s; remove one of the two", account, owner)
			}
			owners[account] = person.ID
		})
	}
	return l.names("persons", "id", len(c.Persons), func(i int) string { return c.Persons[i].ID })
}

func (l *loader) checkDesks(c *Config, audiences, topics, persons []string) {
	if len(c.Desks) == 0 {
		l.report("desks", "desks is empty; add at least one")
	}
	l.names("desks", "name", len(c.Desks), func(i int) string { return c.Desks[i].Name })
	agent := func(path, agent string) {
		switch {
		case len(agent) > 1 && agent[0] == '@': // a role or group, which only the platform knows
		case strings.HasPrefix(agent, "#"): // the members of a channel
			if !membersRule.MatchString(agent) {
				l.report(path, "%q does not name a channel by its id; write it such as \"#C024BE91L\"", agent)
			}
		case strings.Contains(agent, ":"):
			l.checkAccount(path, agent)
		case len(persons) == 0:
			l.report(path, "unknown person %q; add persons, or write an account such as slack:T1:U1", agent)
		default:
			l.oneOf(path, "person", agent, persons...)
		}
	}
	for i, desk := range c.Desks {
		path := fmt.Sprintf("desks[%d].", i)
		each(path+"agents", desk.Agents, agent)
		each(path+"leads", desk.Leads, agent)
		each(path+"audiences", desk.Audiences, func(path, name string) { l.oneOf(path, "audience", name, audiences...) })
		each(path+"topics", desk.Topics, func(path, name string) { l.oneOf(path, "topic", name, topics...) })
		l.checkRoute(path, desk, c)
		platforms := map[string]bool{}
		each(path+"channels", desk.Channels, func(path, channel string) {
			platform, _, _ := strings.Cut(channel, ":")
			switch {
			case !placeRule.MatchString(channel):
				l.report(path, "%q is not a channel; write platform:workspace:channel, such as slack:T024BE7LD:C024BE91L", channel)
			case platforms[platform]:
				l.report(path, "the desk has a channel on %s already; keep one of them", platform)
			case slices.Contains(c.Overheard.Channels, channel):
				l.report(path, "%s is in overheard.channels too, where askers are; choose another for the desk", channel)
			}
			platforms[platform] = platforms[platform] || placeRule.MatchString(channel)
		})
		if desk.Undo < 0 || desk.Undo > maxUndo {
			l.report(path+"undo", "undo is %v; write 0s to %v", desk.Undo, maxUndo)
		}
		l.checkHours(path+"hours", desk.Hours)
		l.checkLevels(path+"levels", desk.Levels, audiences)
		l.checkWaits(path, desk)
		l.checkReport(path+"report", desk)
		l.oneOf(path+"show_names", "value of show_names", desk.ShowNames, "name", "alias", "support")
	}
}

// checkReport looks at when a desk reports, and where.
func (l *loader) checkReport(path string, desk Desk) {
	if desk.Report.Day == "" {
		return
	}
	if _, ok := desk.Report.Weekday(); !ok {
		l.oneOf(path+".day", "day", desk.Report.Day, "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
	}
	if _, ok := desk.Report.Clock(); !ok {
		l.report(path+".time", "time %q is none; write it such as \"09:00\"", desk.Report.Time)
	}
	if len(desk.Channels) == 0 {
		l.report(path+".day", "the desk has no channel to report in; name one in channels, or remove the day")
	}
}

// checkRoute looks at what else brings questions to a desk, and on to its agents.
func (l *loader) checkRoute(path string, desk Desk, c *Config) {
	l.oneOf(path+"assign", "value of assign", desk.Assign, "claim", "round-robin")
	if desk.Capacity < 0 {
		l.report(path+"capacity", "capacity is %d; write 0 for any number, or more", desk.Capacity)
	}
	each(path+"languages", desk.Languages, func(path, lang string) { l.oneOf(path, "language", lang, c.Languages...) })
	each(path+"from", desk.From, func(path, channel string) {
		l.checkPlace(path, channel)
		if slices.ContainsFunc(c.Desks, func(d Desk) bool { return slices.Contains(d.Channels, channel) }) {
			l.report(path, "%s is a desk's own channel, where nobody asks; remove it", channel)
		}
	})
}

func (l *loader) checkSlack(s Slack, w Web) {
	l.oneOf("slack.mode", "mode", s.Mode, "socket", "http")
	bot := l.checkToken("slack.bot_token", s.BotToken, s.BotTokenFile, "xoxb-", "the Bot User OAuth Token")
	app := l.checkToken("slack.app_token", s.AppToken, s.AppTokenFile, "xapp-", "an app-level token")
	secret := l.checkToken("slack.signing_secret", s.SigningSecret, s.SigningSecretFile, "", "the Signing Secret")
	l.checkAPI("slack.api_url", s.APIURL, "https://slack.com/api/", "Slack")
	switch {
	case !bot && app:
		l.report(secretPath("slack.app_token", s.AppTokenFile), "bot_token is missing, so Slack stays off; add it, or remove app_token")
	case !bot && secret:
		l.report(secretPath("slack.signing_secret", s.SigningSecretFile), "bot_token is missing, so Slack stays off; add it, or remove signing_secret")
	case bot && s.Mode == "socket" && !app:
		l.report("slack.mode", "mode socket needs an app-level token; add app_token, or write mode: http")
	case bot && s.Mode == "http" && !secret:
		l.report("slack.mode", "mode http needs the signing secret, or anyone could send events; add signing_secret")
	}
	if bot && s.Mode == "http" && w.Listen == "" {
		l.report("slack.mode", "mode http needs the web server, where Slack sends its events; set web.listen")
	}
}

// checkAPI reports an address of a platform's API that is none.
func (l *loader) checkAPI(path, address, own, whose string) {
	u, err := url.Parse(address)
	if address != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" ||
		u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "") {
		l.report(path, "%s is not the plain address of an API; write it such as %s, or \"\" for %s's own", name(path), own, whose)
	}
}

// secretPath is where a secret was set: its own key, or that of its file.
func secretPath(path, file string) string {
	if file != "" {
		return path + "_file"
	}
	return path
}

// mistaken says what a text of Slack's is, by how it begins.
// Source: https://docs.slack.dev/authentication/tokens
var mistaken = []struct{ prefix, is string }{
	{"xoxb-", "a bot token, which belongs in bot_token"},
	{"xapp-", "an app-level token, which belongs in app_token"},
	{"xoxp-", "a user token, which acts as the person it is of"},
	{"xoxe", "a token of the kind that expires, which needs token rotation to be off"},
}

// checkToken reports a token of another kind, never showing it, and whether
// there is any. One whose file could not be read counts: that is reported
// already. An empty prefix stands for the signing secret, which has none.
func (l *loader) checkToken(path string, secret Secret, file, prefix, want string) bool {
	text := secret.Reveal()
	if text == "" {
		return file != ""
	}
	at, mend := secretPath(path, file), "write "+want
	if prefix != "" {
		mend += ", which begins with " + prefix
	}
	for _, m := range mistaken {
		if m.prefix != prefix && strings.HasPrefix(text, m.prefix) {
			l.report(at, "this is %s; %s", m.is, mend)
			return true
		}
	}
	if !strings.HasPrefix(text, prefix) || strings.ContainsFunc(text, unicode.IsSpace) {
		l.report(at, "%s is not as Slack gives it; %s", name(path), mend)
	}
	return true
}

var (
	discordTokenRule = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)
	publicKeyRule    = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)
	snowflakeRule    = regexp.MustCompile(`^[1-9][0-9]{0,19}$`)
)

func (l *loader) checkDiscord(c *Config) {
	d := c.Discord
	l.oneOf("discord.mode", "mode", d.Mode, "gateway", "http")
	l.oneOf("discord.answers", "value of answers", d.Answers, "reply", "thread")
	l.checkAPI("discord.api_url", d.APIURL, "https://discord.com/api/v10/", "Discord")
	l.checkDiscordToken(d)
	if d.PublicKey != "" && !publicKeyRule.MatchString(d.PublicKey) {
		l.report("discord.public_key", "public_key is not 64 hex digits; copy the Public Key from General Information of the app")
	}
	if d.Guild != "" && !snowflakeRule.MatchString(d.Guild) {
		l.report("discord.guild", "guild %q is not a server's id, which has digits only; in Discord's Developer Mode, choose Copy Server ID", d.Guild)
	}
	on := d.On() || d.TokenFile != "" // a file that could not be read is reported already
	if !on && d.PublicKey != "" {
		l.report("discord.public_key", "token is missing, so Discord stays off; add it, or remove public_key")
	}
	if !on {
		return
	}
	if d.Mode == "http" {
		if d.PublicKey == "" {
			l.report("discord.mode", "mode http needs the public key, or anyone could send interactions; add public_key")
		}
		if c.Web.Listen == "" {
			l.report("discord.mode", "mode http needs the web server, where Discord sends interactions; set web.listen")
		}
		if d.MessageContent {
			l.report("discord.message_content", "mode http brings no messages, so message_content is of no use; remove it, or write mode: gateway")
		}
	}
	each("overheard.channels", c.Overheard.Channels, func(path, channel string) {
		switch {
		case !strings.HasPrefix(channel, "discord:"):
		case d.Mode == "http":
			l.report(path, "mode http brings no messages of %s; remove it, or write discord.mode: gateway", channel)
		case !d.MessageContent:
			l.report(path, "Discord withholds what is said in %s; turn the Message Content intent on and set discord.message_content: true, or remove the channel", channel)
		}
	})
}

// checkDiscordToken reports what is no token of a bot, never showing it.
// Source: https://docs.discord.com/developers/reference#authentication
func (l *loader) checkDiscordToken(d Discord) {
	const mend = "copy the token from Bot in the developer portal, where Reset Token shows a new one"
	text, at := d.Token.Reveal(), secretPath("discord.token", d.TokenFile)
	switch {
	case text == "", discordTokenRule.MatchString(text):
	case strings.HasPrefix(text, "Bot "):
		l.report(at, "token begins with Bot, which does not belong to it; remove that word")
	case strings.HasPrefix(text, "xox"), strings.HasPrefix(text, "xapp-"):
		l.report(at, "this is a token of Slack's, which belongs in slack; %s", mend)
	case publicKeyRule.MatchString(text):
		l.report(at, "this looks like the public key, which belongs in public_key; %s", mend)
	case snowflakeRule.MatchString(text):
		l.report(at, "this looks like the application's id; %s", mend)
	default:
		l.report(at, "token is not as Discord gives it, three parts with dots between; %s", mend)
	}
}

func (l *loader) checkAnswers(a Answers) {
	share := func(path string, value float64) {
		if !(value >= 0 && value <= 1) { // NaN too
			l.report(path, "%s is %v; write a number from 0 to 1", name(path), value)
		}
	}
	share("answers.sure", a.Sure)
	share("answers.unsure", a.Unsure)
	if a.Sure > 0 && a.Unsure > 0 && a.Unsure >= a.Sure {
		l.report("answers.unsure", "unsure is %v, which is not below sure, %v; lower it", a.Unsure, a.Sure)
	}
	if a.Articles < 1 || a.Articles > 10 {
		l.report("answers.articles", "articles is %d; write 1 to 10", a.Articles)
	}
}

func (l *loader) checkRetention(r Retention) {
	keep := func(path string, d time.Duration) {
		if d != 0 && d < time.Hour {
			l.report(path, "%s is %v; write at least 1h, or 0s to keep them for good", name(path), d)
		}
	}
	keep("retention.conversations", r.Conversations)
	keep("retention.receipts", r.Receipts)
	keep("retention.dead_letters", r.DeadLetters)
	keep("retention.ledger", r.Ledger)
	keep("retention.audit", r.Audit)
	keep("retention.tickets", r.Tickets)
}

// leastSealKey is how many bytes a key of the audit has at least: as many as
// SHA-256 makes.
const leastSealKey = 32

func (l *loader) checkAudit(a Audit) {
	if n := len(a.Key.Reveal()); n > 0 && n < leastSealKey {
		l.report(secretPath("audit.key", a.KeyFile), "key has %d bytes; write at least %d, such as head -c 32 /dev/urandom | base64 makes", n, leastSealKey)
	}
}

func (l *loader) checkDrafts(d Drafts, articles string) {
	if d.Commit && d.Dir == "" {
		l.report("drafts.commit", "commit needs a folder to commit in; set drafts.dir, or write commit: false")
	}
	if d.Dir != "" && articles != "" {
		if to, err := filepath.Rel(filepath.Clean(articles), filepath.Clean(d.Dir)); err == nil && to != ".." && !strings.HasPrefix(to, ".."+string(filepath.Separator)) {
			l.report("drafts.dir", "%s is inside knowledge.dir, where a draft would be taken for an article and keep the others from being read; choose a folder beside it", d.Dir)
		}
	}
	if d.Keep != 0 && d.Keep < time.Hour {
		l.report("drafts.keep", "keep is %v; write at least 1h, or 0s to keep them for good", d.Keep)
	}
}

func (l *loader) checkOverheard(o Overheard) {
	if o.Wait < 0 {
		l.report("overheard.wait", "wait is %v; write 0s or more", o.Wait)
	}
	if o.MaxAge < o.Wait {
		l.report("overheard.max_age", "max_age is %v, which is less than wait, %v; raise it", o.MaxAge, o.Wait)
	}
	each("overheard.channels", o.Channels, func(path, place string) {
		l.checkPlace(path, place)
		if fmt.Sprintf("overheard.channels[%d]", slices.Index(o.Channels, place)) != path {
			l.report(path, "channel %q is given twice; remove one of the two", place)
		}
	})
}

func (l *loader) checkPlace(path, place string) {
	if !placeRule.MatchString(place) {
		l.report(path, "%q is not a channel; write platform:workspace:channel, such as slack:T024BE7LD:C024BE91L", place)
	}
}

func (l *loader) checkAccount(path, account string) {
	if !placeRule.MatchString(account) {
		l.report(path, "%q is not an account; write platform:workspace:user, such as slack:T024BE7LD:U024BE7LH", account)
	}
}
