package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/signpost-bot/signpost/config"
)

// TestScript plays every conversation in testdata/script on every platform
// that can stage it. docs/scripts.md says how they are read and written. With
// -v, each is printed as it looked.
func TestScript(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d scripts (%v)", len(files), err)
	}
	for _, p := range platforms {
		t.Run(p.name, func(t *testing.T) {
			if raced && p.variant() {
				t.Skip("played without the race detector, for which it is too much of the same; tools/test.sh does so")
			}
			for _, file := range files {
				t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
					t.Parallel()
					data, err := os.ReadFile(file)
					if err != nil {
						t.Fatal(err)
					}
					s, err := parseScript(file, data)
					if err != nil {
						t.Fatal(err)
					}
					if why := p.lacks(s); why != "" {
						t.Skip(why)
					}
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					s.steps = slices.DeleteFunc(s.steps, func(st step) bool { return st.where != "" && !slices.Contains(p.has, st.where) })
					perform(t, s, p.open(ctx, t, s.world))
				})
			}
		})
	}
}

// TestSharedScripts counts the conversations that are the same on the console, on
// Slack and on Discord: most of them. What is not is about a platform.
func TestSharedScripts(t *testing.T) {
	const least = 85
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	shared := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := parseScript(file, data)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(platforms, func(p platform) bool {
			return slices.Contains([]string{"console", "slack", "discord"}, p.name) && p.lacks(s) != ""
		}) {
			shared++
		}
	}
	if shared < least {
		t.Errorf("%d of %d conversations are the same everywhere, want at least %d", shared, len(files), least)
	}
	t.Logf("%d of %d conversations are the same everywhere", shared, len(files))
}

// A stage is a platform as people see it from outside. A script knows no more
// of a platform than this.
type stage interface {
	// play does what an act says, waits until all answers have come, and
	// returns whatever was shown to anyone. It fails if the act cannot be done,
	// for want of such a button or an open form. Time that passes is an act too,
	// and so is what befalls the program.
	play(a act) ([]sight, error)
	// stands is everything that a person finds now, oldest first. Only who works
	// a desk looks in its channels.
	stands(p player) []sight
	works(name string) bool
	// transcript is how the last act looked, for people to read.
	transcript() string
	// close ends the program, and fails if the program did.
	close() error
}

// A platform is where scripts are played.
type platform struct {
	name string
	has  []string // what scripts may need
	open func(ctx context.Context, t *testing.T, world []txtar.File) stage
}

var platforms = []platform{
	{"console", []string{"channels", "threads", "roles", "locales", "files", "time", "commands in threads", typedCommands, content}, openTerminal},
	{"alpha", slices.Concat(anywhere, []string{typedCommands, content, followUps, lostFiles}), openTheatre(alpha)},
	{"beta", slices.Concat(anywhere, onBeta, []string{typedCommands, content, lostFiles}), openTheatre(beta)},
	{"slack", slices.Concat(anywhere, []string{typedCommands, content, followUps}), openWorkspace(false)},
	{"slack by http", slices.Concat(anywhere, []string{typedCommands, content, followUps}), openWorkspace(true)},
	{"discord", slices.Concat(anywhere, onBeta, []string{content, followUps}), openGuild(true, "reply")},
	{"discord without content", slices.Concat(anywhere, onBeta, []string{noContent, followUps}), openGuild(false, "reply")},
	{"discord with threads", slices.Concat(anywhere, onBeta, []string{content, followUps}), openGuild(true, "thread")},
	// People ask on the first and work on the second; what the first has counts.
	{"alpha+beta", slices.Concat(anywhere, []string{twoPlatforms, content, followUps, lostFiles}), openTheatre(alpha, beta)},
	{"beta+alpha", slices.Concat(anywhere, onBeta, []string{twoPlatforms, content, lostFiles}), openTheatre(beta, alpha)},
	{"slack+discord", slices.Concat(anywhere, []string{twoPlatforms, content, followUps}), openPair(true)},
	{"discord+slack", slices.Concat(anywhere, onBeta, []string{twoPlatforms, content, followUps}), openPair(false)},
}

const (
	twoPlatforms = "two platforms"
	// restarts of the program, and a clock that is put back under it.
	restarts = "restarts"
	// typedCommands can be wrong: Discord's own boxes let nobody misspell them.
	typedCommands = "typed commands"
	// lostFiles break off when they are read, or weigh gigabytes.
	lostFiles = "lost files"
	// content is what people say to others than the bot, which Discord shows only
	// to whom it has granted the intent.
	content   = "message content"
	noContent = "no message content"
	// followUps are heard in a channel too: in a thread there, or in reply.
	followUps = "follow-ups in channels"
)

var (
	// anywhere is what every chat platform has, and onBeta what one has beyond.
	anywhere = []string{
		"channels", "threads", "roles", "locales", "files", "sent files", "reactions", "menus", "buttons of any message",
		"moderators", "time", restarts,
	}
	onBeta = []string{"commands in threads", "closed direct messages", "private threads", "deleted threads"}
	// needs are what a script may say it needs.
	needs = slices.Concat(anywhere, onBeta, []string{twoPlatforms, typedCommands, content, noContent, followUps, lostFiles})
)

// variant reports whether p is played already by another one: set up in another
// way, or for real.
func (p platform) variant() bool {
	return strings.Contains(p.name, " ") || strings.HasPrefix(p.name, "alpha") || strings.HasPrefix(p.name, "beta")
}

// lacks is why a script is not played on p; empty if it is.
func (p platform) lacks(s script) string {
	for _, need := range s.needs {
		if !slices.Contains(p.has, need) {
			return p.name + " has no " + need
		}
	}
	crosses := func(st step) bool { return st.where == twoPlatforms }
	if slices.Contains(p.has, twoPlatforms) && !slices.Contains(s.needs, twoPlatforms) && !slices.ContainsFunc(s.steps, crosses) {
		return "one platform is enough"
	}
	return ""
}

// cast are the people of every script. Ana and bo work the desk; the others
// ask.
var cast = []string{"asker", "dora", "emil", "gil", "hana", "ana", "bo"}

// private is the place where only the bot and one person are.
const private = "private"

// A player is a person in a script.
type player struct {
	name   string
	place  string // #channel, #channel/thread, #channel/T-1 (under its card), #channel/apart or private
	roles  []string
	locale string
	away   bool // on the other of two platforms
}

// side is where of two platforms a person is.
func (p player) side() side {
	if slices.Contains(agents, p.name) != p.away {
		return working
	}
	return asking
}

// A side is one of two platforms.
type side string

const (
	asking  side = "asking" // where those are who ask
	working side = "working"
)

// An act is what someone does.
type act struct {
	who   player
	verb  string            // says, runs, presses ...: see acts
	text  string            // what is said, run, pressed ...
	of    string            // in the message that it is done to; empty: the newest
	file  string            // that goes along
	size  string            // of the file: 12 MB
	fills map[string]string // by field, for sends
}

// A sight is something that was shown.
type sight struct {
	side     side // of two platforms; empty: there is one
	place    string
	only     string // the one who saw it; empty: everyone in place
	text     string
	buttons  []string
	articles []string          // title and address of each
	files    []string          // that came along
	written  map[string]string // what is written in them, by name
	gone     bool              // it was taken back; text is its beginning
	form     bool              // it is a form, open for only
}

// oneArticle is the whole help centre of scripts about something else. They run
// several times faster than with the sample.
const oneArticle = `---
title: How do I get a refund?
url: https://help.example.com/refund
id: refund
lang: en
audience: buyer
topic: refunds
---
Ask for your refund within seven days of your purchase. It comes back the way you paid.
`

// A script is a conversation, read.
type script struct {
	file  string
	needs []string
	steps []step
	world []txtar.File
}

// A step is one line of a script.
type step struct {
	line   int
	source string
	where  string // what a platform must have for it; empty: nothing
	who    string
	place  string   // after "in"; empty: where they are
	phrase string   // with X for each text
	texts  []string // in order
}

// errStep is why a line is no step.
var errStep = errors.New("not a step")

var (
	whereRule = regexp.MustCompile(`^where ([a-z -]+): (.+)$`)
	stepRule  = regexp.MustCompile(`^(\w+)(?: in (private|#[a-z0-9-]+(?:/[a-zA-Z0-9-]+)?))? (.+)$`)
	goesRule  = regexp.MustCompile(`^is in (private|#[a-z0-9-]+(?:/[a-zA-Z0-9-]+)?)$`)
	codeRule  = regexp.MustCompile(`\b[0-9A-Z]{4}-[0-9A-Z]{4}\b`)
	textRule  = regexp.MustCompile(`'[^']*'|"(?:[^"\\]|\\.)*"`)
)

// parseScript reads a script. Its error names file and line.
func parseScript(file string, data []byte) (script, error) {
	archive := txtar.Parse(data)
	s := script{file: file, world: archive.Files}
	for _, f := range s.world {
		shelved := strings.HasPrefix(f.Name, "knowledge/") || strings.HasPrefix(f.Name, "snippets/")
		if f.Name != "signpost.yaml" && (!shelved || !filepath.IsLocal(f.Name)) {
			return s, fmt.Errorf("%s: file %s is neither signpost.yaml nor in knowledge/ or snippets/", file, f.Name)
		}
	}
	line := 0
	for text := range strings.Lines(string(archive.Comment)) {
		line++
		text = strings.TrimSpace(text)
		need, isNeed := strings.CutPrefix(text, "needs ")
		switch {
		case line == 1 && !strings.HasPrefix(text, "# "):
			return s, fmt.Errorf("%s:1: a script begins with a comment that says what it shows", file)
		case text == "" || text[0] == '#':
		case text == "the help centre has one article" && len(s.steps) == 0:
			s.world = append(s.world, txtar.File{Name: "knowledge/refund.md", Data: []byte(oneArticle)})
		case isNeed && len(s.steps) == 0:
			for need := range strings.SplitSeq(need, ", ") {
				if !slices.Contains(needs, need) {
					return s, fmt.Errorf("%s:%d: no platform has %q; a script may need %s", file, line, need, strings.Join(needs, ", "))
				}
				s.needs = append(s.needs, need)
			}
		default:
			m := whereRule.FindStringSubmatch(text)
			if m != nil {
				if !slices.Contains(needs, m[1]) {
					return s, fmt.Errorf("%s:%d: no platform has %q; a step may be for where there are %s", file, line, m[1], strings.Join(needs, ", "))
				}
				text = m[2]
			}
			st, err := parseStep(text)
			if err != nil {
				return s, fmt.Errorf("%s:%d: %w", file, line, err)
			}
			if m != nil {
				st.where = m[1]
			}
			if st.phrase == crosses && st.where != twoPlatforms && !slices.Contains(s.needs, twoPlatforms) {
				return s, fmt.Errorf("%s:%d: a script with two platforms says so: needs %s", file, line, twoPlatforms)
			}
			st.line = line
			s.steps = append(s.steps, st)
		}
	}
	if len(s.steps) == 0 {
		return s, fmt.Errorf("%s: the script has no step", file)
	}
	return s, nil
}

// parseStep reads one line.
func parseStep(line string) (step, error) {
	st := step{source: line}
	var bad error
	pattern := textRule.ReplaceAllStringFunc(line, func(quoted string) string {
		text := quoted[1 : len(quoted)-1]
		if quoted[0] == '"' {
			var err error
			if text, err = strconv.Unquote(quoted); err != nil {
				bad = fmt.Errorf("%w: %s is no text: %w", errStep, quoted, err)
			}
		}
		st.texts = append(st.texts, text)
		return "X"
	})
	m := stepRule.FindStringSubmatch(pattern)
	switch {
	case bad != nil:
		return st, bad
	case m == nil:
		return st, fmt.Errorf("%w: %s", errStep, line)
	}
	st.who, st.place, st.phrase = m[1], m[2], m[3]
	if to := goesRule.FindStringSubmatch(st.phrase); to != nil && st.place == "" {
		st.place, st.phrase = to[1], "is in PLACE"
	}
	_, acts := acts[st.phrase]
	want, asserts := assertions[st.phrase]
	switch {
	case !acts && !asserts:
		return st, fmt.Errorf("%w: %s; docs/scripts.md lists all steps", errStep, line)
	case asserts && st.place != "":
		return st, fmt.Errorf("%w: %s; a person sees what is where they are", errStep, line)
	case want.all != (st.who == "nobody") && (want.all || want.once):
		return st, fmt.Errorf("%w: %s; that is for %s", errStep, line, map[bool]string{true: "nobody", false: "one person"}[want.all])
	case st.who == "nobody" && asserts:
	case (st.who == "time") != (st.phrase == "passes X"):
		return st, fmt.Errorf("%w: %s; it is time that passes", errStep, line)
	case (st.who == "the") != (st.phrase == "program restarts" || st.phrase == "clock goes back X"):
		return st, fmt.Errorf("%w: %s; it is the program that restarts, and the clock that goes back", errStep, line)
	case (st.who == "time" || st.who == "the") && st.place == "":
	case !slices.Contains(cast, st.who):
		return st, fmt.Errorf("%w: who is %s? The cast is %s", errStep, st.who, strings.Join(cast, ", "))
	}
	return st, nil
}

// acts are the steps that do something, and the verb of each. Those without a
// verb only change who a person is, or prepare what they do.
var acts = map[string]string{
	"says X":                          "says",
	"says X with X of X":              "says",
	"attaches X":                      "attaches",
	"attaches X of X":                 "attaches",
	"edits to X":                      "edits",
	"edits X to X":                    "edits",
	"deletes":                         "deletes",
	"deletes X":                       "deletes",
	"deletes the thread":              "drops",
	"runs X":                          "runs",
	"presses X":                       "presses",
	"presses X under X":               "presses",
	"picks X":                         "picks",
	"opens the menu of X and picks X": "menu",
	"reacts with X":                   "reacts",
	"reacts with X to X":              "reacts",
	"sends the form":                  "sends",
	"leaves the form":                 "leaves",
	"closes their direct messages":    "closes",
	"passes X":                        "passes",
	"program restarts":                "restarts",
	"clock goes back X":               "goes back",
	"fills X with X":                  "",
	"has the role X":                  "",
	"speaks X":                        "",
	"is in PLACE":                     "",
	crosses:                           "",
}

// crosses is what someone does who goes on on the other of two platforms.
const crosses = "goes to the other platform"

// An assertion says something of what is seen: whether a sight is such a one,
// and whether there has to be one.
type assertion struct {
	is     func(s sight, text string) bool
	inside bool // what there is to see is in a file
	there  bool
	stands bool // it is about all that stands, not only about what has newly come
	once   bool // there has to be one and no more
	all    bool // it is about all who ask, not about one person
}

var assertions = map[string]assertion{
	"sees X":                  {is: sight.says, there: true},
	"sees no X":               {is: sight.says},
	"sees the button X":       {is: sight.offers, there: true},
	"sees no button X":        {is: sight.offers},
	"sees an article X":       {is: sight.links, there: true},
	"sees no article X":       {is: sight.links},
	"sees the file X":         {is: sight.brings, there: true},
	"sees no file X":          {is: sight.brings},
	"sees X in the file X":    {is: sight.contains, there: true, inside: true},
	"sees no X in the file X": {is: sight.contains, inside: true},
	"sees the form":           {is: func(s sight, _ string) bool { return s.form }, there: true},
	"sees no form":            {is: func(s sight, _ string) bool { return s.form }},
	"sees nothing":            {is: func(sight, string) bool { return true }},
	"no longer sees X":        {is: func(s sight, text string) bool { return s.gone && strings.Contains(plain(s.text), plain(text)) }, there: true},
	"sees X once":             {is: sight.says, there: true, stands: true, once: true},
	"finds X":                 {is: sight.says, there: true, stands: true},
	"finds no X":              {is: sight.says, stands: true},
	"but agents finds X":      {is: sight.says, there: true, stands: true, all: true},
}

func (s sight) says(text string) bool {
	return !s.gone && strings.Contains(plain(s.text), plain(text))
}

func (s sight) offers(label string) bool { return slices.Contains(s.buttons, label) }

func (s sight) links(text string) bool {
	return slices.ContainsFunc(s.articles, func(a string) bool { return strings.Contains(plain(a), plain(text)) })
}

func (s sight) brings(name string) bool { return !s.gone && slices.Contains(s.files, name) }

// contains reports whether a file has a text, given as name, line break, text.
func (s sight) contains(text string) bool {
	name, text, _ := strings.Cut(text, "\n")
	return !s.gone && strings.Contains(plain(s.written[name]), plain(text))
}

// plain makes one space of every gap, so that layout does not matter, and
// leaves out what has no width.
func plain(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\u200b", "")), " ")
}

// perform plays a script on a stage, and reports every assertion that fails.
func perform(t *testing.T, s script, on stage) {
	defer func() {
		if err := on.close(); err != nil {
			t.Errorf("%s: %v", s.file, err)
		}
	}()
	p := performance{on: on, people: map[string]*player{"time": {}, "the": {}}}
	for _, name := range cast {
		p.people[name] = &player{name: name, place: private}
	}
	var err error
	fills := map[string]string{}
	for _, st := range s.steps {
		at := fmt.Sprintf("%s:%d: %s", s.file, st.line, st.source)
		if testing.Verbose() {
			fmt.Fprintf(t.Output(), "· %s\n", st.source)
		}
		if _, ok := assertions[st.phrase]; ok {
			if !p.holds(st) {
				t.Errorf("%s\nbut this is what followed:\n%s", at, indent(on.transcript()))
			}
			continue
		}
		who := p.people[st.who]
		if st.place != "" {
			who.place = st.place
		}
		switch st.phrase {
		case "has the role X":
			who.roles = append(who.roles, st.texts[0])
		case "speaks X":
			who.locale = st.texts[0]
		case crosses:
			who.away, who.place = !who.away, private
		case "fills X with X":
			fills[st.texts[0]] = st.texts[1]
		}
		if acts[st.phrase] == "" {
			continue
		}
		a := st.act(*who, fills)
		a.text = strings.ReplaceAll(a.text, "{code}", p.code)
		p.sights, err = on.play(a)
		if err != nil {
			t.Fatalf("%s\nbut %v\n%s", at, err, indent(on.transcript()))
		}
		for _, s := range p.sights {
			p.code = cmp.Or(codeRule.FindString(s.text), p.code)
		}
		fills = map[string]string{}
		if testing.Verbose() {
			fmt.Fprint(t.Output(), indent(on.transcript()))
		}
	}
}

// A performance is a script while it is played.
type performance struct {
	on     stage
	people map[string]*player
	sights []sight // of the last act
	code   string  // that was shown last
}

// A staff is who works the desks, and in which channels. Only they look there.
type staff struct{ agents, channels []string }

// staffOf reads it from the configuration. Ana and bo always work the desk.
func staffOf(cfg config.Config) staff {
	w := staff{agents: slices.Clone(agents)}
	name := func(full string) string { return full[strings.LastIndex(full, ":")+1:] }
	for _, d := range cfg.Desks {
		for _, agent := range slices.Concat(d.Agents, d.Leads) {
			w.agents = append(w.agents, name(agent))
		}
		for _, channel := range d.Channels {
			w.channels = append(w.channels, name(channel))
		}
	}
	return w
}

func (w staff) works(name string) bool { return slices.Contains(w.agents, name) }

// looks reports whether a person looks where a sight is.
func (w staff) looks(name string, s sight) bool {
	channel, _, _ := strings.Cut(s.place, "/")
	return w.works(name) || !slices.Contains(w.channels, channel)
}

// holds reports whether an assertion is true.
func (p *performance) holds(st step) bool {
	want, text := assertions[st.phrase], strings.Join(st.texts, "")
	if want.inside {
		text = st.texts[1] + "\n" + st.texts[0]
	}
	who := []string{st.who}
	switch {
	case want.all:
		who = slices.DeleteFunc(slices.Clone(cast), p.on.works)
	case st.who == "nobody":
		who = cast
	}
	n := 0
	for _, name := range who {
		if !want.stands {
			break
		}
		for _, s := range p.on.stands(*p.people[name]) {
			if want.is(s, text) {
				n++
			}
		}
	}
	for _, s := range p.sights {
		if !want.stands && (st.who == "nobody" || s.seenBy(p.people[st.who])) && want.is(s, text) {
			n++
		}
	}
	// "nobody sees" turns the meaning round.
	there := want.there != (st.who == "nobody")
	return there == (n > 0) && !(want.once && n > 1)
}

// act is what a step lets someone do.
func (st step) act(who player, fills map[string]string) act {
	a := act{who: who, verb: acts[st.phrase], fills: fills}
	switch x := append(slices.Clone(st.texts), "", "", ""); st.phrase {
	case "says X with X of X":
		a.text, a.file, a.size = x[0], x[1], x[2]
	case "attaches X", "attaches X of X":
		a.file, a.size = x[0], cmp.Or(x[1], "2048 B")
	case "edits X to X", "opens the menu of X and picks X":
		a.of, a.text = x[0], x[1]
	case "deletes X":
		a.of = x[0]
	default:
		a.text, a.of = x[0], x[1]
	}
	return a
}

// seenBy reports whether a person sees it: it is theirs, or is where they are.
func (s sight) seenBy(p *player) bool {
	if s.side != "" && s.side != p.side() {
		return false
	}
	return s.only == p.name || s.only == "" && (s.place == p.place || strings.HasPrefix(s.place, p.place+"/"))
}

// indent sets a transcript off from what is said about it.
func indent(s string) string {
	if s == "" {
		return ""
	}
	return "    " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ") + "\n"
}

// A terminal is the stage of the console: it types lines into `signpost chat`
// and reads what that prints.
type terminal struct {
	staff
	lines chan string
	idle  chan struct{} // the program wants a line: what it had to say is said
	done  chan struct{} // it has ended
	code  int
	rest  string // of the line being read

	mu      sync.Mutex // guards what follows, which the program writes
	written []string   // by the line typed last, piece by piece
	log     bytes.Buffer

	people   map[string]player // as the program knows them
	threads  map[string]string // of cards, as scripts call them: #desk/T-1
	current  player
	page     strings.Builder // the transcript of the last act
	filling  string          // whose form is open
	field    string          // that is asked for
	standing []sight         // oldest first
}

func openTerminal(ctx context.Context, t *testing.T, world []txtar.File) stage {
	t.Helper()
	dir := t.TempDir()
	var words []string
	settings := "" // the built-in ones
	for _, f := range world {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		data := f.Data
		if f.Name == "signpost.yaml" {
			data = deskRule.ReplaceAll(here.ReplaceAll(data, []byte("console:local:")), []byte("console:local:"))
			words, settings = append(words, "--config="+name), name
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(settings, nil)
	if err != nil {
		t.Fatal(err)
	}
	words = append(words, "chat", "--at="+newClock().Now().Format("2006-01-02T15:04Z07:00"), "--as=asker", "--agents="+strings.Join(agents, ","))
	for _, name := range []string{"knowledge", "snippets"} {
		if at := filepath.Join(dir, name); exists(at) {
			words = append(words, "--"+name+"="+at)
		}
	}
	on := &terminal{
		staff: staffOf(cfg), lines: make(chan string), idle: make(chan struct{}), done: make(chan struct{}),
		current: player{name: "asker"}, people: map[string]player{}, threads: map[string]string{},
	}
	go func() {
		defer close(on.done)
		on.code = run(ctx, words, streams{on, (*screen)(on), (*errorLog)(on)})
	}()
	if err := on.wait(); err != nil {
		t.Fatal(err)
	}
	return on
}

// Read gives the program its next line, once it wants one.
func (on *terminal) Read(p []byte) (int, error) {
	if on.rest == "" {
		select {
		case on.idle <- struct{}{}:
		case <-on.done:
			return 0, io.EOF
		}
		line, ok := <-on.lines
		if !ok {
			return 0, io.EOF
		}
		on.rest = line + "\n"
	}
	n := copy(p, on.rest)
	on.rest = on.rest[n:]
	return n, nil
}

// A screen takes what the program prints. The console writes each message in
// one piece, which tells a message with empty lines in it from two.
type screen terminal

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = append(s.written, string(p))
	return len(p), nil
}

// An errorLog takes what the program logs.
type errorLog terminal

func (l *errorLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.Write(p)
}

// wait waits until the program wants a line.
func (on *terminal) wait() error {
	select {
	case <-on.idle:
		return nil
	case <-on.done:
		return fmt.Errorf("the program ended with %d\n%s%s", on.code, strings.Join(on.written, ""), &on.log)
	}
}

// enter types a line and returns what was printed after it, in pieces.
func (on *terminal) enter(line string) ([]string, error) {
	on.mu.Lock()
	on.written = nil
	on.mu.Unlock()
	select {
	case on.lines <- line:
	case <-on.done:
	}
	err := on.wait()
	on.mu.Lock()
	defer on.mu.Unlock()
	for _, piece := range on.written {
		on.page.WriteString(piece)
	}
	pieces := on.written
	if len(pieces) > 0 && strings.Contains(pieces[0], " ›") { // the line itself, echoed
		pieces = pieces[1:]
	}
	return pieces, err
}

// stands is what a person finds on the screen.
func (on *terminal) stands(p player) []sight {
	return slices.DeleteFunc(slices.Clone(on.standing), func(s sight) bool {
		return s.only != "" && s.only != p.name || !on.looks(p.name, s)
	})
}

func (on *terminal) transcript() string { return on.page.String() }

func (on *terminal) close() error {
	close(on.lines)
	<-on.done
	if on.code != 0 || on.log.Len() > 0 {
		return fmt.Errorf("the program ended with %d and logged:\n%s", on.code, &on.log)
	}
	return nil
}

func (on *terminal) play(a act) ([]sight, error) {
	on.page.Reset()
	if on.filling != "" && (on.filling != a.who.name || a.verb != "sends" && a.verb != "leaves") {
		return nil, fmt.Errorf("%s has a form open, which comes first on the console", on.filling)
	}
	if a.verb == "passes" {
		sights, err := on.line("/wait " + a.text)
		if len(sights) == 0 || !strings.HasPrefix(sights[len(sights)-1].text, "Now it is ") {
			return nil, errors.Join(err, fmt.Errorf("the console lets no %q pass", a.text))
		}
		return sights[:len(sights)-1], err
	}
	if a.of != "" {
		return nil, errors.New("on the console nobody points at a message")
	}
	if err := on.become(a.who); err != nil {
		return nil, err
	}
	switch a.verb {
	case "says":
		if a.file != "" || strings.HasPrefix(a.text, "/") || on.newest().offers(a.text) {
			return nil, errors.New("on the console that is more than words")
		}
		return on.line(a.text)
	case "runs":
		if !strings.HasPrefix(a.text, "/ask") && !strings.HasPrefix(a.text, "/ticket") {
			return nil, errors.New("that is no command")
		}
		return on.line(a.text)
	case "presses":
		if newest := on.newest(); !newest.offers(a.text) {
			return nil, fmt.Errorf("the newest message has the buttons %q, and others cannot be pressed on the console", newest.buttons)
		}
		return on.line(a.text)
	case "edits":
		return on.line("/edit " + a.text)
	case "deletes":
		return on.line("/delete")
	case "attaches":
		size, err := parseSize(a.size)
		if err != nil {
			return nil, err
		}
		return on.line(fmt.Sprintf("/attach %s %d", a.file, size))
	case "reacts":
		return on.line("/react " + a.text)
	case "sends":
		return on.send(a.fills)
	case "leaves":
		if on.filling == "" {
			return nil, errors.New("no form is open")
		}
		on.filling = ""
		return on.line("/cancel")
	}
	return nil, fmt.Errorf("the console does not know how one %s", a.verb)
}

// become lets a person speak, as who they are now and from where they are.
func (on *terminal) become(who player) error {
	before, known := on.people[who.name]
	if !known {
		before = player{name: who.name, place: private}
	}
	if on.current.name != who.name || before.locale != who.locale || !slices.Equal(before.roles, who.roles) {
		line := "/as " + who.name
		for _, role := range who.roles {
			line += " @" + role
		}
		if who.locale != "" {
			line += " lang:" + who.locale
		}
		if _, err := on.enter(line); err != nil {
			return err
		}
	}
	on.current, on.people[who.name] = who, who
	if before.place != who.place {
		place := strings.Replace(who.place, private, "dm", 1)
		if _, called, _ := strings.Cut(place, "/"); ticketRule.MatchString(called) {
			if place = on.threads[place]; place == "" {
				return fmt.Errorf("there is no %s", who.place)
			}
		}
		if _, err := on.enter("/in " + place); err != nil {
			return err
		}
	}
	on.page.Reset()
	return nil
}

// line types a line of the current person and reads what comes of it.
func (on *terminal) line(line string) ([]sight, error) {
	pieces, err := on.enter(line)
	if err != nil {
		return nil, err
	}
	var sights []sight
	for i, piece := range pieces {
		if !strings.HasSuffix(piece, "\n\n") { // the console's own words
			s := sight{only: on.current.name, text: piece}
			if strings.HasPrefix(piece, "An empty line keeps") && i+1 < len(pieces) {
				on.filling, s.form = on.current.name, true
				on.field = fieldName(pieces[i+1])
			}
			sights = append(sights, s)
			continue
		}
		s, updated := on.read(strings.TrimSuffix(piece, "\n\n"))
		on.stand(s, updated)
		sights = append(sights, s)
	}
	return sights, nil
}

var (
	threadRule = regexp.MustCompile(`^(#\S+) \(its thread: (\S+)\)$`)
	goneRule   = regexp.MustCompile(`^(?:(→ .+) )?\(removed: (.*)\)$`)
	buttonRule = regexp.MustCompile(`\[\d+\] (.+?)(?:  |$)`)
	linkRule   = regexp.MustCompile(` \(https?://\S+\)`)
	fieldRule  = regexp.MustCompile(`^(.+?)(?: \(optional\))?(?: \[.*\])?\n`)
)

// read makes a sight of a message as it was printed, and tells whether it takes
// the place of an older one.
func (on *terminal) read(message string) (s sight, updated bool) {
	head, body, _ := strings.Cut(message, "\n")
	if m := goneRule.FindStringSubmatch(message); m != nil {
		s.gone, head, body = true, m[1], m[2]
	}
	head, updated = strings.CutSuffix(head, "(updated)")
	to, labelled := strings.CutPrefix(strings.TrimSpace(head), "→ ")
	if m := threadRule.FindStringSubmatch(to); m != nil {
		to = m[1]
		if card := heading.FindStringSubmatch(body); card != nil {
			on.threads[to+"/"+card[1]] = m[2]
		}
	}
	name, place, one := strings.Cut(strings.TrimSuffix(to, ")"), " (")
	switch {
	case labelled && one:
		s.only, s.place = name, strings.Replace(place, "dm", private, 1)
	case labelled:
		s.place = to
	case head == "(only you see this)" || on.current.place == private:
		s.only, s.place = on.current.name, on.current.place
	default:
		s.place = on.current.place
	}
	if !labelled && !updated && head != "(only you see this)" && !s.gone {
		body = message // it has no head
	}
	var text []string
	for line := range strings.Lines(body) {
		switch {
		case strings.HasPrefix(line, "> "):
			text = append(text, line)
		case strings.HasPrefix(line, fmt.Sprintf("[%d] ", len(s.buttons)+1)):
			for _, m := range buttonRule.FindAllStringSubmatch(strings.TrimSpace(line), -1) {
				s.buttons = append(s.buttons, m[1])
			}
		case strings.HasPrefix(line, "📎 "):
			s.files = append(s.files, strings.TrimSpace(strings.TrimPrefix(line, "📎 ")))
			text = append(text, line) // it may be one that is only named
		default:
			text = append(text, line)
			if linkRule.MatchString(line) {
				s.articles = append(s.articles, line)
			}
		}
	}
	s.text = strings.Join(text, "")
	for called, thread := range on.threads {
		if s.place == thread {
			s.place = called
		}
	}
	return s, updated
}

// stand remembers which messages stand, to know the newest. One that takes the
// place of another is most likely about the same ticket, or begins like it: the
// console does not tell.
func (on *terminal) stand(s sight, updated bool) {
	old := -1
	switch begins := plain(s.text); {
	case s.gone:
		begins = strings.TrimSuffix(begins, "…")
		old = on.last(s, func(text string) bool { return strings.HasPrefix(plain(text), begins) })
	case updated:
		about := beginning(s.text)
		if old = on.last(s, func(text string) bool { return beginning(text) == about }); old < 0 {
			old = on.last(s, func(string) bool { return true })
		}
	}
	if old >= 0 {
		on.standing = slices.Delete(on.standing, old, old+1)
	}
	if !s.gone {
		on.standing = append(on.standing, s)
	}
}

// last is the place of the last text that stands where s does, and is such a
// one; -1 if there is none.
func (on *terminal) last(s sight, is func(text string) bool) int {
	for i, old := range slices.Backward(on.standing) {
		if old.place == s.place && old.only == s.only && is(old.text) {
			return i
		}
	}
	return -1
}

// beginning is the ticket that a message is the card of, or else its first line.
func beginning(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	if card := heading.FindStringSubmatch(line); card != nil {
		return card[1]
	}
	return line
}

// newest is the newest message that the current person sees where they are.
func (on *terminal) newest() sight {
	for _, s := range slices.Backward(on.standing) {
		if s.place == on.current.place && (s.only == "" || s.only == on.current.name) {
			return s
		}
	}
	return sight{}
}

// fieldName is the name of the field that a question asks for.
func fieldName(question string) string {
	if m := fieldRule.FindStringSubmatch(question); m != nil {
		return m[1]
	}
	return question
}

// send answers a form's fields one by one. What is not filled in stays what it
// is. If the form is refused, it stays open.
func (on *terminal) send(fills map[string]string) ([]sight, error) {
	if on.filling == "" {
		return nil, errors.New("no form is open")
	}
	var sights []sight
	for left := maps.Clone(fills); ; {
		value := left[on.field]
		delete(left, on.field)
		more, err := on.line(value)
		if err != nil {
			return nil, err
		}
		sights = append(sights, more...)
		asked := slices.DeleteFunc(slices.Clone(more), func(s sight) bool { return s.place != "" })
		switch n := len(asked); {
		case n == 0:
			on.filling = ""
			if len(left) > 0 {
				return nil, fmt.Errorf("the form does not have all of the fields %q", slices.Sorted(maps.Keys(fills)))
			}
			return sights, nil
		case n > 1:
			on.field = fieldName(asked[n-1].text)
			return append(sights, sight{only: on.filling, form: true}), nil
		case refused(asked[0].text):
			return append(sights, sight{only: on.filling, form: true}), nil
		}
		on.field = fieldName(asked[0].text)
	}
}

// refused reports whether the console does not take a value.
func refused(notice string) bool {
	return strings.HasPrefix(notice, "This one is needed") || strings.HasPrefix(notice, "Please pick") ||
		strings.HasPrefix(notice, "That is ")
}

// TestParseScript checks that whatever is no step is refused, with its place.
func TestParseScript(t *testing.T) {
	tests := []struct{ name, script, err string }{
		{"fine", "# Says something.\nneeds channels, roles\n\nasker in #help/t1 says 'hi'\nnobody sees \"it's\\n\"\n", ""},
		{"no comment", "asker says 'hi'\n", "a.txtar:1: a script begins with a comment that says what it shows"},
		{"no step", "# Nothing.\n", "a.txtar: the script has no step"},
		{"pointing", "# A.\nneeds reactions, time\nana in #desk/T-1 reacts with '👀' to 'T-1'\ntime passes '15s'\nasker sees 'a' once\nnobody but agents finds 'a'\n", ""},
		{"unknown step", "# A.\n\nasker shouts 'hi'\n", "a.txtar:3: not a step: asker shouts 'hi'; docs/scripts.md lists all steps"},
		{"text missing", "# A.\nasker says\n", "a.txtar:2: not a step: asker says; docs/scripts.md lists all steps"},
		{"unknown person", "# A.\naksed says 'hi'\n", "a.txtar:2: not a step: who is aksed? The cast is asker, dora, emil, gil, hana, ana, bo"},
		{"nobody acts", "# A.\nnobody says 'hi'\n", "a.txtar:2: not a step: who is nobody? The cast is asker, dora, emil, gil, hana, ana, bo"},
		{"seen elsewhere", "# A.\nasker in #help sees 'hi'\n", "a.txtar:2: not a step: asker in #help sees 'hi'; a person sees what is where they are"},
		{"time says", "# A.\ntime says 'hi'\n", "a.txtar:2: not a step: time says 'hi'; it is time that passes"},
		{"time and program", "# A.\nneeds time, restarts\ntime passes '1d12h'\nthe program restarts\nthe clock goes back '1h'\n", ""},
		{"other restarts", "# A.\nana restarts the program\n", "a.txtar:2: not a step: ana restarts the program; docs/scripts.md lists all steps"},
		{"time restarts", "# A.\ntime program restarts\n", "a.txtar:2: not a step: time program restarts; it is time that passes"},
		{"people restart", "# A.\nana program restarts\n", "a.txtar:2: not a step: ana program restarts; it is the program that restarts, and the clock that goes back"},
		{"crossing", "# A.\nneeds two platforms\ndora goes to the other platform\n", ""},
		{"where", "# A.\nwhere two platforms: dora goes to the other platform\nwhere restarts: the program restarts\n", ""},
		{"nowhere", "# A.\nwhere pigs fly: the program restarts\n", `a.txtar:2: no platform has "pigs fly"; a step may be for where there are ` + strings.Join(needs, ", ")},
		{"where nothing", "# A.\nwhere restarts: \n", "a.txtar:2: not a step: where restarts:; docs/scripts.md lists all steps"},
		{"crossing alone", "# A.\ndora goes to the other platform\n", "a.txtar:2: a script with two platforms says so: needs two platforms"},
		{"people pass", "# A.\nasker passes '15s'\n", "a.txtar:2: not a step: asker passes '15s'; it is time that passes"},
		{"nobody once", "# A.\nnobody sees 'a' once\n", "a.txtar:2: not a step: nobody sees 'a' once; that is for one person"},
		{"one but agents", "# A.\nasker but agents finds 'a'\n", "a.txtar:2: not a step: asker but agents finds 'a'; that is for nobody"},
		{"bad text", "# A.\nasker says \"\\z\"\n", `a.txtar:2: not a step: "\z" is no text: invalid syntax`},
		{"one word", "# A.\nhello\n", "a.txtar:2: not a step: hello"},
		{"unknown need", "# A.\nneeds magic\n", `a.txtar:2: no platform has "magic"; a script may need ` + strings.Join(needs, ", ")},
		{"late frame", "# A.\nasker says 'hi'\nthe help centre has one article\n", "a.txtar:3: not a step: the help centre has one article; docs/scripts.md lists all steps"},
		{"strange file", "# A.\nasker says 'hi'\n-- notes.md --\n", "a.txtar: file notes.md is neither signpost.yaml nor in knowledge/ or snippets/"},
		{"file elsewhere", "# A.\nasker says 'hi'\n-- knowledge/../../x.md --\n", "a.txtar: file knowledge/../../x.md is neither signpost.yaml nor in knowledge/ or snippets/"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := parseScript("a.txtar", []byte(test.script))
			if got := fmt.Sprint(err); err == nil && test.err != "" || err != nil && got != test.err {
				t.Errorf("error = %v\nwant    %s", err, test.err)
			}
		})
	}
}
