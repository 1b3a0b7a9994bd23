package main

import (
	"bytes"
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
					for _, need := range s.needs {
						if !slices.Contains(p.has, need) {
							t.Skipf("%s has no %s", p.name, need)
						}
					}
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					perform(t, s, p.open(ctx, t, s.world))
				})
			}
		})
	}
}

// A stage is a platform as people see it from outside. A script knows no more
// of a platform than this.
type stage interface {
	// play does what an act says, waits until all answers have come, and
	// returns whatever was shown to anyone. It fails if the act cannot be done,
	// for want of such a button or an open form.
	play(a act) ([]sight, error)
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
	{"console", []string{"channels", "threads", "roles", "locales", "files"}, openTerminal},
}

// needs are what a script may say it needs.
var needs = []string{"channels", "threads", "roles", "locales", "files"}

// cast are the people of every script. Ana and bo work the desk; the others
// ask.
var cast = []string{"asker", "dora", "emil", "ana", "bo"}

// private is the place where only the bot and one person are.
const private = "private"

// A player is a person in a script.
type player struct {
	name   string
	place  string // #channel, #channel/thread or private
	roles  []string
	locale string
}

// An act is what someone does.
type act struct {
	who   player
	verb  string            // says, runs, presses, edits, deletes, attaches, reacts, sends, leaves
	text  string            // what is said, run, pressed ...
	fills map[string]string // by field, for sends
}

// A sight is something that was shown.
type sight struct {
	place    string
	only     string // the one who saw it; empty: everyone in place
	text     string
	buttons  []string
	articles []string // title and address of each
	gone     bool     // it was taken back; text is its beginning
	form     bool     // it is a form, open for only
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
	who    string
	place  string   // after "in"; empty: where they are
	phrase string   // with X for each text
	texts  []string // in order
}

// errStep is why a line is no step.
var errStep = errors.New("not a step")

var (
	stepRule = regexp.MustCompile(`^(\w+)(?: in (private|#[a-z0-9-]+(?:/[a-z0-9-]+)?))? (.+)$`)
	goesRule = regexp.MustCompile(`^is in (private|#[a-z0-9-]+(?:/[a-z0-9-]+)?)$`)
	textRule = regexp.MustCompile(`'[^']*'|"(?:[^"\\]|\\.)*"`)
)

// parseScript reads a script. Its error names file and line.
func parseScript(file string, data []byte) (script, error) {
	archive := txtar.Parse(data)
	s := script{file: file, world: archive.Files}
	for _, f := range s.world {
		if f.Name != "signpost.yaml" && (!strings.HasPrefix(f.Name, "knowledge/") || !filepath.IsLocal(f.Name)) {
			return s, fmt.Errorf("%s: file %s is neither signpost.yaml nor in knowledge/", file, f.Name)
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
			st, err := parseStep(text)
			if err != nil {
				return s, fmt.Errorf("%s:%d: %w", file, line, err)
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
	_, asserts := assertions[st.phrase]
	switch {
	case !acts && !asserts:
		return st, fmt.Errorf("%w: %s; docs/scripts.md lists all steps", errStep, line)
	case asserts && st.place != "":
		return st, fmt.Errorf("%w: %s; a person sees what is where they are", errStep, line)
	case st.who == "nobody" && asserts:
	case !slices.Contains(cast, st.who):
		return st, fmt.Errorf("%w: who is %s? The cast is %s", errStep, st.who, strings.Join(cast, ", "))
	}
	return st, nil
}

// acts are the steps that do something, and the verb of each. Those without a
// verb only change who a person is, or prepare what they do.
var acts = map[string]string{
	"says X":          "says",
	"runs X":          "runs",
	"presses X":       "presses",
	"edits to X":      "edits",
	"deletes":         "deletes",
	"attaches X":      "attaches",
	"reacts with X":   "reacts",
	"sends the form":  "sends",
	"leaves the form": "leaves",
	"fills X with X":  "",
	"has the role X":  "",
	"speaks X":        "",
	"is in PLACE":     "",
}

// assertions are the steps about what was seen: each says whether a sight is
// such a one, and whether there has to be one.
var assertions = map[string]struct {
	is    func(s sight, text string) bool
	there bool
}{
	"sees X":            {sight.says, true},
	"sees no X":         {sight.says, false},
	"sees the button X": {sight.offers, true},
	"sees no button X":  {sight.offers, false},
	"sees an article X": {sight.links, true},
	"sees no article X": {sight.links, false},
	"sees the form":     {func(s sight, _ string) bool { return s.form }, true},
	"sees no form":      {func(s sight, _ string) bool { return s.form }, false},
	"sees nothing":      {func(sight, string) bool { return true }, false},
	"no longer sees X":  {func(s sight, text string) bool { return s.gone && strings.Contains(plain(s.text), plain(text)) }, true},
}

func (s sight) says(text string) bool {
	return !s.gone && strings.Contains(plain(s.text), plain(text))
}

func (s sight) offers(label string) bool { return slices.Contains(s.buttons, label) }

func (s sight) links(text string) bool {
	return slices.ContainsFunc(s.articles, func(a string) bool { return strings.Contains(plain(a), plain(text)) })
}

// plain makes one space of every gap, so that layout does not matter.
func plain(s string) string { return strings.Join(strings.Fields(s), " ") }

// perform plays a script on a stage, and reports every assertion that fails.
func perform(t *testing.T, s script, on stage) {
	defer func() {
		if err := on.close(); err != nil {
			t.Errorf("%s: %v", s.file, err)
		}
	}()
	people := map[string]*player{}
	for _, name := range cast {
		people[name] = &player{name: name, place: private}
	}
	var sights []sight
	fills := map[string]string{}
	for _, st := range s.steps {
		at := fmt.Sprintf("%s:%d: %s", s.file, st.line, st.source)
		if testing.Verbose() {
			fmt.Fprintf(t.Output(), "· %s\n", st.source)
		}
		if want, ok := assertions[st.phrase]; ok {
			text := strings.Join(st.texts, "")
			seen := slices.ContainsFunc(sights, func(v sight) bool {
				return (st.who == "nobody" || v.seenBy(people[st.who])) && want.is(v, text)
			})
			// "nobody sees" turns the meaning round.
			if seen != (want.there != (st.who == "nobody")) {
				t.Errorf("%s\nbut this is what followed:\n%s", at, indent(on.transcript()))
			}
			continue
		}
		who := people[st.who]
		if st.place != "" {
			who.place = st.place
		}
		switch st.phrase {
		case "has the role X":
			who.roles = append(who.roles, st.texts[0])
		case "speaks X":
			who.locale = st.texts[0]
		case "fills X with X":
			fills[st.texts[0]] = st.texts[1]
		}
		verb := acts[st.phrase]
		if verb == "" {
			continue
		}
		var err error
		sights, err = on.play(act{who: *who, verb: verb, text: strings.Join(st.texts, ""), fills: fills})
		if err != nil {
			t.Fatalf("%s\nbut %v\n%s", at, err, indent(on.transcript()))
		}
		fills = map[string]string{}
		if testing.Verbose() {
			fmt.Fprint(t.Output(), indent(on.transcript()))
		}
	}
}

// seenBy reports whether a person sees it: it is theirs, or is where they are.
func (s sight) seenBy(p *player) bool {
	return s.only == p.name || s.only == "" && s.place == p.place
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
	lines chan string
	idle  chan struct{} // the program wants a line: what it had to say is said
	done  chan struct{} // it has ended
	code  int
	rest  string // of the line being read

	mu      sync.Mutex // guards what follows, which the program writes
	written []string   // by the line typed last, piece by piece
	log     bytes.Buffer

	people   map[string]player // as the program knows them
	current  player
	page     strings.Builder // the transcript of the last act
	filling  string          // whose form is open
	field    string          // that is asked for
	standing []sight         // oldest first
}

// here is how a script's configuration names an account or channel, whatever
// the platform.
var here = regexp.MustCompile(`\bhere:`)

func openTerminal(ctx context.Context, t *testing.T, world []txtar.File) stage {
	t.Helper()
	dir := t.TempDir()
	var words []string
	for _, f := range world {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		data := f.Data
		if f.Name == "signpost.yaml" {
			data = here.ReplaceAll(data, []byte("console:local:"))
			words = append(words, "--config="+name)
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	words = append(words, "chat", "--as=asker", "--agents=ana,bo")
	if _, err := os.Stat(filepath.Join(dir, "knowledge")); err == nil {
		words = append(words, "--knowledge="+filepath.Join(dir, "knowledge"))
	}
	on := &terminal{
		lines: make(chan string), idle: make(chan struct{}), done: make(chan struct{}),
		current: player{name: "asker"}, people: map[string]player{},
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
	if err := on.become(a.who); err != nil {
		return nil, err
	}
	switch a.verb {
	case "says":
		if strings.HasPrefix(a.text, "/") || on.newest().offers(a.text) {
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
		return on.line("/attach " + a.text + " 2048")
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
		if _, err := on.enter("/in " + strings.Replace(who.place, private, "dm", 1)); err != nil {
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
		s := on.read(strings.TrimSuffix(piece, "\n\n"))
		on.stand(s)
		sights = append(sights, s)
	}
	return sights, nil
}

var (
	goneRule   = regexp.MustCompile(`^(?:(→ .+) )?\(removed: (.*)\)$`)
	buttonRule = regexp.MustCompile(`\[\d+\] (.+?)(?:  |$)`)
	linkRule   = regexp.MustCompile(` \(https?://\S+\)`)
	fieldRule  = regexp.MustCompile(`^(.+?)(?: \(optional\))?(?: \[.*\])?\n`)
)

// read makes a sight of a message as it was printed.
func (on *terminal) read(message string) sight {
	s := sight{}
	head, body, _ := strings.Cut(message, "\n")
	if m := goneRule.FindStringSubmatch(message); m != nil {
		s.gone, head, body = true, m[1], m[2]
	}
	head, updated := strings.CutSuffix(head, "(updated)")
	to, labelled := strings.CutPrefix(strings.TrimSpace(head), "→ ")
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
		default:
			text = append(text, line)
			if linkRule.MatchString(line) {
				s.articles = append(s.articles, line)
			}
		}
	}
	s.text = strings.Join(text, "")
	return s
}

// stand remembers which messages stand, to know the newest.
func (on *terminal) stand(s sight) {
	if !s.gone {
		on.standing = append(on.standing, s)
		return
	}
	beginning := strings.TrimSuffix(plain(s.text), "…")
	for i, old := range slices.Backward(on.standing) {
		if old.place == s.place && old.only == s.only && strings.HasPrefix(plain(old.text), beginning) {
			on.standing = slices.Delete(on.standing, i, i+1)
			return
		}
	}
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
		{"unknown step", "# A.\n\nasker shouts 'hi'\n", "a.txtar:3: not a step: asker shouts 'hi'; docs/scripts.md lists all steps"},
		{"text missing", "# A.\nasker says\n", "a.txtar:2: not a step: asker says; docs/scripts.md lists all steps"},
		{"unknown person", "# A.\naksed says 'hi'\n", "a.txtar:2: not a step: who is aksed? The cast is asker, dora, emil, ana, bo"},
		{"nobody acts", "# A.\nnobody says 'hi'\n", "a.txtar:2: not a step: who is nobody? The cast is asker, dora, emil, ana, bo"},
		{"seen elsewhere", "# A.\nasker in #help sees 'hi'\n", "a.txtar:2: not a step: asker in #help sees 'hi'; a person sees what is where they are"},
		{"bad text", "# A.\nasker says \"\\z\"\n", `a.txtar:2: not a step: "\z" is no text: invalid syntax`},
		{"one word", "# A.\nhello\n", "a.txtar:2: not a step: hello"},
		{"unknown need", "# A.\nneeds magic\n", `a.txtar:2: no platform has "magic"; a script may need channels, threads, roles, locales, files`},
		{"late frame", "# A.\nasker says 'hi'\nthe help centre has one article\n", "a.txtar:3: not a step: the help centre has one article; docs/scripts.md lists all steps"},
		{"strange file", "# A.\nasker says 'hi'\n-- notes.md --\n", "a.txtar: file notes.md is neither signpost.yaml nor in knowledge/"},
		{"file elsewhere", "# A.\nasker says 'hi'\n-- knowledge/../../x.md --\n", "a.txtar: file knowledge/../../x.md is neither signpost.yaml nor in knowledge/"},
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
