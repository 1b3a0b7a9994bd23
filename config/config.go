// Package config reads one YAML file and the environment into one checked
// Config. It finds every mistake in one run, each with its place and its mend.
package config

import (
	"strings"
	"time"
)

// A Config is everything that can be set. signpost.example.yaml explains each
// key; [Default] gives the values of keys that are left out.
type Config struct {
	Installation string     `yaml:"installation"` // part of every key in Redis
	Knowledge    Knowledge  `yaml:"knowledge"`
	Import       Import     `yaml:"import"`
	Snippets     Snippets   `yaml:"snippets"`
	Drafts       Drafts     `yaml:"drafts"`
	Languages    []string   `yaml:"languages"` // BCP 47 tags; the first is the default
	Audiences    []Audience `yaml:"audiences"`
	Topics       []Topic    `yaml:"topics"` // empty: any topic is accepted
	Answers      Answers    `yaml:"answers"`
	Desks        []Desk     `yaml:"desks"`
	Persons      []Person   `yaml:"persons"`
	Slack        Slack      `yaml:"slack"`
	Discord      Discord    `yaml:"discord"`
	Redis        Redis      `yaml:"redis"`
	Retention    Retention  `yaml:"retention"`
	Audit        Audit      `yaml:"audit"`
	Overheard    Overheard  `yaml:"overheard"`
	Escalate     Escalate   `yaml:"escalate"`
	Resolve      Resolve    `yaml:"resolve"`
	Web          Web        `yaml:"web"`
	Log          Log        `yaml:"log"`
}

// Knowledge says where the articles are.
type Knowledge struct {
	Cache    string        `yaml:"cache"`    // folder for what was learned; empty: learned at every start
	Dir      string        `yaml:"dir"`      // empty: the built-in sample
	Rescan   time.Duration `yaml:"rescan"`   // at least 1 s
	Golden   string        `yaml:"golden"`   // file of golden questions, asked again when something was learned; empty: none
	Meaning  bool          `yaml:"meaning"`  // articles are found by what they mean, too
	Embedder Embedder      `yaml:"embedder"` // off unless it has a url
}

// Asks reports whether an embedding server is asked.
func (k Knowledge) Asks() bool { return k.Meaning && k.Embedder.On() }

// An Embedder is a server that turns texts into vectors, so that a question
// finds an article which says the same in other words.
type Embedder struct {
	URL            string        `yaml:"url"`   // its base, with or without /v1 or /v1/embeddings; empty: none
	Model          string        `yaml:"model"` // as the server calls it
	Key            Secret        `yaml:"key"`   // empty: it asks for none
	KeyFile        string        `yaml:"key_file"`
	Timeout        time.Duration `yaml:"timeout"`         // how long a question waits for it; 10 ms to 2 s
	QuestionPrefix string        `yaml:"question_prefix"` // what the model wants before a question
	PassagePrefix  string        `yaml:"passage_prefix"`  // and before a passage of an article
	Dimensions     int           `yaml:"dimensions"`      // numbers to ask for in a vector; 0: as many as the model has
}

// On reports whether there is a server.
func (e Embedder) On() bool { return e.URL != "" }

// Import says where articles come from: what `signpost import` brings into
// knowledge.dir, and `signpost serve` every now and then.
type Import struct {
	Sources []ImportSource `yaml:"sources"`
}

// An ImportSource is a help centre, or a file or folder of articles.
type ImportSource struct {
	Name         string        `yaml:"name"`
	Kind         string        `yaml:"kind"`  // sitemap, zendesk, intercom, csv or markdown
	Every        time.Duration `yaml:"every"` // how often serve imports it; 0: never
	URL          string        `yaml:"url"`   // sitemap: its address, or the site's; zendesk and intercom: another one of the API
	Path         string        `yaml:"path"`  // csv: the file; markdown: the folder
	Link         string        `yaml:"link"`  // csv and markdown: address of articles without one; {id}, {lang} and {path} stand for theirs
	Subdomain    string        `yaml:"subdomain"`
	Region       string        `yaml:"region"` // intercom: us, eu or au
	Email        string        `yaml:"email"`  // zendesk: whose key it is
	Key          Secret        `yaml:"key"`
	KeyFile      string        `yaml:"key_file"`
	Hosts        []string      `yaml:"hosts"` // host or host:port, besides that of url
	AllowPrivate bool          `yaml:"allow_private"`
	Rate         float64       `yaml:"rate"`    // requests a second; 0: 5
	Timeout      time.Duration `yaml:"timeout"` // of a request; 0: 30 s
	MaxPages     int           `yaml:"max_pages"`
	MaxBytes     int           `yaml:"max_bytes"` // of a page

	Select    Select            `yaml:"select"`
	Rules     []ImportRule      `yaml:"rules"`     // the first that fits and says something of it counts
	Audience  []string          `yaml:"audience"`  // for what no rule names one
	Topic     string            `yaml:"topic"`     // likewise
	Language  string            `yaml:"language"`  // of pages that do not tell
	Languages map[string]string `yaml:"languages"` // ours, by how the help centre writes them
	Segments  map[string]string `yaml:"segments"`  // audiences, by the numbers of the segments that may read
}

// Select says by CSS selectors where on a web page something stands.
type Select struct {
	Content  string `yaml:"content"`
	Title    string `yaml:"title"`
	Remove   string `yaml:"remove"`
	Updated  string `yaml:"updated"`
	Section  string `yaml:"section"`
	Category string `yaml:"category"`
	Labels   string `yaml:"labels"`
}

// An ImportRule is about pages that fit all it names; * stands for anything.
type ImportRule struct {
	URL      string   `yaml:"url"`
	Section  string   `yaml:"section"` // or category
	Label    string   `yaml:"label"`
	Audience []string `yaml:"audience"`
	Topic    string   `yaml:"topic"`
	Language string   `yaml:"language"`
	Skip     bool     `yaml:"skip"`
}

// Snippets says where the answers are that agents give often.
type Snippets struct {
	Dir string `yaml:"dir"` // empty: the built-in sample beside the built-in articles, else none
}

// Drafts says where articles that agents asked for go.
type Drafts struct {
	Dir    string        `yaml:"dir"`    // folder they are written into; empty: they stay in Redis
	Commit bool          `yaml:"commit"` // to the git repository that the folder is in
	Keep   time.Duration `yaml:"keep"`   // how long Redis has them; 0: for good, else at least 1 h
}

// An Audience is a kind of reader, and how one is known.
type Audience struct {
	Name     string            `yaml:"name"`
	Label    map[string]string `yaml:"label"`    // by language
	Private  bool              `yaml:"private"`  // only for those who prove it
	Roles    []string          `yaml:"roles"`    // Discord roles: ids or names
	Groups   []string          `yaml:"groups"`   // Slack user groups: ids or handles
	Channels []string          `yaml:"channels"` // platform:workspace:channel, where one asks as such
	Cues     []string          `yaml:"cues"`     // words and phrases that hint at it
}

// A Topic is a subject that articles name.
type Topic struct {
	Name  string            `yaml:"name"`
	Label map[string]string `yaml:"label"` // by language
}

// Answers say how sure is sure. A threshold of 0 means the built-in one.
type Answers struct {
	Sure     float64 `yaml:"sure"`     // 0 to 1
	Unsure   float64 `yaml:"unsure"`   // 0 to 1, below Sure
	Articles int     `yaml:"articles"` // 1 to 10, at most in one answer
}

// A Desk is one queue of tickets and the people who work it. It takes tickets
// of the audiences, topics, languages and channels it names; an empty list
// names all.
type Desk struct {
	Name      string        `yaml:"name"`
	Agents    []string      `yaml:"agents"` // persons, accounts, @roles and @groups, or #channels, whose members count
	Leads     []string      `yaml:"leads"`  // likewise; agents too
	Audiences []string      `yaml:"audiences"`
	Topics    []string      `yaml:"topics"`
	Languages []string      `yaml:"languages"`  // BCP 47 tags
	From      []string      `yaml:"from"`       // platform:workspace:channel, where it is asked
	Channels  []string      `yaml:"channels"`   // platform:workspace:channel, where its cards are; at most one a platform
	ShowNames string        `yaml:"show_names"` // what askers see of an agent: name, alias or support
	Undo      time.Duration `yaml:"undo"`       // in which a reply can be called back before it is sent; 0: none
	Assign    string        `yaml:"assign"`     // how tickets come to agents: claim or round-robin
	Capacity  int           `yaml:"capacity"`   // how many one is given to work on; 0: any number

	Hours     Hours     `yaml:"hours"`
	Levels    []Level   `yaml:"levels"` // the first that fits counts
	Lease     Lease     `yaml:"lease"`
	AutoClose AutoClose `yaml:"auto_close"`
	Report    Report    `yaml:"report"`
}

// A Level is what a desk promises for tickets of a priority and an audience, in
// open hours; empty: of any.
type Level struct {
	Priority string        `yaml:"priority"` // low, normal, high or urgent
	Audience string        `yaml:"audience"`
	First    time.Duration `yaml:"first"`   // until the first reply; 0: no promise
	Next     time.Duration `yaml:"next"`    // until each later one
	Resolve  time.Duration `yaml:"resolve"` // until it is settled
	Warn     time.Duration `yaml:"warn"`    // before the end, somebody is warned; 0: not
	Step     time.Duration `yaml:"step"`    // after the end, until the next one is told; 0: 10m
}

// Lease says how long a claim lasts without a deed of its holder, in open hours.
type Lease struct {
	After time.Duration `yaml:"after"` // 0: for good
	Warn  time.Duration `yaml:"warn"`  // before the end; 0: not
}

// AutoClose says how long a ticket waits for its asker.
type AutoClose struct {
	Remind time.Duration `yaml:"remind"` // until they are reminded; 0: never
	After  time.Duration `yaml:"after"`  // until it is settled without them; 0: never
}

// Report says when a desk tells in its channels how it has been doing.
type Report struct {
	Day  string `yaml:"day"`  // monday to sunday; empty: never
	Time string `yaml:"time"` // 15:04, on the clocks of the desk's zone
}

// Weekday is the day, and whether there is one.
func (r Report) Weekday() (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(r.Day, d.String()) {
			return d, true
		}
	}
	return 0, false
}

// Clock is the time since midnight; false if it is none.
func (r Report) Clock() (time.Duration, bool) {
	at, err := time.Parse("15:04", r.Time)
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, err == nil
}

// A Person is a human with accounts on one or more platforms.
type Person struct {
	ID       string   `yaml:"id"`
	Name     string   `yaml:"name"`
	Alias    string   `yaml:"alias"`
	Accounts []string `yaml:"accounts"` // platform:workspace:user
}

// Slack is on when there is a bot token.
type Slack struct {
	BotToken          Secret `yaml:"bot_token"` // xoxb-…
	BotTokenFile      string `yaml:"bot_token_file"`
	AppToken          Secret `yaml:"app_token"` // xapp-…, for mode socket
	AppTokenFile      string `yaml:"app_token_file"`
	SigningSecret     Secret `yaml:"signing_secret"` // for mode http
	SigningSecretFile string `yaml:"signing_secret_file"`
	Mode              string `yaml:"mode"`       // socket or http
	APIURL            string `yaml:"api_url"`    // ends in a slash; empty: Slack's own
	AgentView         bool   `yaml:"agent_view"` // the app is declared an agent
}

// On reports whether there is a bot token.
func (s Slack) On() bool { return s.BotToken.Reveal() != "" }

// Discord is on when there is a token.
type Discord struct {
	Token          Secret `yaml:"token"` // of the bot
	TokenFile      string `yaml:"token_file"`
	PublicKey      string `yaml:"public_key"`      // 64 hex digits, for mode http
	Mode           string `yaml:"mode"`            // gateway or http
	APIURL         string `yaml:"api_url"`         // ends in a slash; empty: Discord's own
	MessageContent bool   `yaml:"message_content"` // the Message Content intent is granted
	Answers        string `yaml:"answers"`         // to what is asked in a channel: reply or thread
	Guild          string `yaml:"guild"`           // where direct messages belong; empty: the only one the bot is in
}

// On reports whether there is a token.
func (d Discord) On() bool { return d.Token.Reveal() != "" }

// Redis says where tickets are kept.
type Redis struct {
	URL     Secret `yaml:"url"` // empty: none; only what needs no store runs
	URLFile string `yaml:"url_file"`
}

// Retention says how long what is over is kept: 0 for good, else at least 1 h.
type Retention struct {
	Conversations time.Duration `yaml:"conversations"` // after their newest word
	Receipts      time.Duration `yaml:"receipts"`      // of replies, after delivery
	DeadLetters   time.Duration `yaml:"dead_letters"`
	Ledger        time.Duration `yaml:"ledger"`  // questions and how they ended
	Audit         time.Duration `yaml:"audit"`   // who did what
	Tickets       time.Duration `yaml:"tickets"` // after they were closed
}

// Audit is about who did what.
type Audit struct {
	Key     Secret `yaml:"key"` // that its lines are sealed with; empty: none
	KeyFile string `yaml:"key_file"`
}

// Overheard is about questions that were not asked of the bot.
type Overheard struct {
	Channels []string      `yaml:"channels"` // platform:workspace:channel, where we listen
	Wait     time.Duration `yaml:"wait"`     // for a person to answer first
	MaxAge   time.Duration `yaml:"max_age"`  // older ones are left alone; at least Wait
}

// Escalate says when a person is offered.
type Escalate struct {
	Misses     int           `yaml:"misses"`      // questions without an article, at least 1
	NudgeAfter time.Duration `yaml:"nudge_after"` // until we ask whether it helped; 0: never
	After      time.Duration `yaml:"after"`       // until it is a ticket if nobody says anything; 0: never, else more than NudgeAfter
}

// Resolve is about tickets that are done.
type Resolve struct {
	Grace time.Duration `yaml:"grace"` // how long an asker may reopen one; 0 closes at once
}

// Web is the server for health and metrics.
type Web struct {
	Listen string `yaml:"listen"` // host:port; empty: none
	Pprof  bool   `yaml:"pprof"`  // offer Go's profiles, too
}

// Log says what is logged, and how.
type Log struct {
	Level  string `yaml:"level"`  // debug, info, warn or error
	Format string `yaml:"format"` // text or json
}
