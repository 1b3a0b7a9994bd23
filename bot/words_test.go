package bot

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/knowledge"
)

var languages = []string{"en", "pt-BR", "es"}

// A sentence is an entry of a catalogue: its forms, under "" if it has one.
type sentence map[string]string

func catalogue(t *testing.T, lang string) map[string]sentence {
	t.Helper()
	entries := map[string]any{}
	for _, file := range catalogueFiles(lang) {
		text, err := catalogues.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var area map[string]any
		if err := yaml.Unmarshal(text, &area); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for id, entry := range area {
			if _, twice := entries[id]; twice {
				t.Errorf("%s: %s is in another file, too", file, id)
			}
			entries[id] = entry
		}
	}
	sentences := map[string]sentence{}
	for id, entry := range entries {
		sentences[id] = sentence{}
		switch entry := entry.(type) {
		case string:
			sentences[id][""] = entry
		case map[string]any:
			for form, s := range entry {
				sentences[id][form] = fmt.Sprint(s)
			}
		default:
			t.Errorf("%s: %s is a %T", lang, id, entry)
		}
	}
	return sentences
}

var placeholder = regexp.MustCompile(`\{\{\.(\w+)\}\}`)

// placeholders lists what a sentence is filled in with, in any form.
func (s sentence) placeholders() []string {
	var names []string
	for _, form := range s {
		for _, match := range placeholder.FindAllStringSubmatch(form, -1) {
			// Only English has a and an.
			if name := match[1]; name != "A" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func TestCatalogues(t *testing.T) {
	english := catalogue(t, "en")
	marks := strings.NewReplacer("**", "", "`", "")
	for _, lang := range languages {
		sentences := catalogue(t, lang)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(english)), slices.Sorted(maps.Keys(sentences))); diff != "" {
			t.Errorf("%s has other ids than English:\n%s", lang, diff)
		}
		for id, s := range sentences {
			if diff := cmp.Diff(english[id].placeholders(), s.placeholders()); diff != "" {
				t.Errorf("%s: %s is filled in with other things:\n%s", lang, id, diff)
			}
			if (len(s) == 1) != (len(english[id]) == 1) {
				t.Errorf("%s: %s has the forms %v", lang, id, slices.Sorted(maps.Keys(s)))
			}
			for form, text := range s {
				if strings.TrimSpace(text) == "" || strings.Contains(text, "  ") {
					t.Errorf("%s: %s %s is %q", lang, id, form, text)
				}
				if strings.Count(text, "**")%2 != 0 || strings.Count(text, "`")%2 != 0 {
					t.Errorf("%s: %s %s opens a style and does not close it: %q", lang, id, form, text)
				}
				if rest := placeholder.ReplaceAllString(text, ""); strings.ContainsAny(rest, "{}") {
					t.Errorf("%s: %s %s has a broken placeholder: %q", lang, id, form, text)
				}
			}
		}
	}
	// Labels of buttons carry no styles, and commands stay as they are typed.
	for _, lang := range languages {
		for id, s := range catalogue(t, lang) {
			for form, text := range s {
				if strings.HasPrefix(id, "button_") && marks.Replace(text) != text {
					t.Errorf("%s: %s has styles: %q", lang, id, text)
				}
				for _, command := range regexp.MustCompile("`[^`]*`").FindAllString(text, -1) {
					if verb, _, _ := strings.Cut(strings.Trim(command, "`"), " "); !strings.HasPrefix(verb, "/") && verb != "{{.Usage}}" {
						t.Errorf("%s: %s %s shows %s as code", lang, id, form, command)
					}
				}
			}
		}
	}
}

// Whatever the number, there is a form for it.
func TestCataloguesPlurals(t *testing.T) {
	w, err := newWords()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range languages {
		for id, s := range catalogue(t, lang) {
			if len(s) == 1 && !slices.Contains(s.placeholders(), "N") {
				continue
			}
			for _, n := range []int{0, 1, 2, 3, 5, 11, 20, 100, 3000, 1_000_000} {
				got := w.line(lang, id, args{"N": n, "Ticket": "T-7", "Name": "Ana"})
				if got == id {
					t.Errorf("%s: %s has no form for %d", lang, id, n)
				}
				if n > 1 && !strings.Contains(got, strconv.Itoa(n)) {
					t.Errorf("%s: %s for %d is %q", lang, id, n, got)
				}
			}
		}
	}
}

// source is the code of a package, without its tests.
func source(t *testing.T, dir string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// constants are the string constants of a type, as the source declares them.
func constants(t *testing.T, dir, typ string) []string {
	t.Helper()
	var values []string
	for _, f := range source(t, dir) {
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if name, ok := spec.Type.(*ast.Ident); ok && name.Name == typ {
				for _, v := range spec.Values {
					values = append(values, literal(v))
				}
			}
			return true
		})
	}
	if len(values) == 0 {
		t.Fatalf("%s declares no %s", dir, typ)
	}
	return values
}

// literal is the value of a string literal, or of the one that a sum begins
// with; empty for anything else.
func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return s
		}
	case *ast.BinaryExpr:
		return literal(e.X)
	}
	return ""
}

// firstArgs are the literals that a function is called with, by position.
func calls(t *testing.T, dir, function string, position int) []string {
	t.Helper()
	var values []string
	for _, f := range source(t, dir) {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) <= position {
				return true
			}
			name := ""
			switch fun := call.Fun.(type) {
			case *ast.Ident:
				name = fun.Name
			case *ast.SelectorExpr:
				name = fun.Sel.Name
			}
			if v := literal(call.Args[position]); name == function && v != "" {
				values = append(values, v)
			}
			return true
		})
	}
	return values
}

// made are the ids that the code puts together while it runs, by what it puts
// together.
func made(t *testing.T) map[string][]string {
	t.Helper()
	b := newWorld(t).Bot
	var does, params, forms, menus []string
	options := map[string][]string{} // of parameters, by how their sentences begin
	for _, c := range b.table {
		for _, p := range c.Params {
			if c.Door != "" { // nobody is asked for what a button brings
				params = append(params, p.Name)
			}
			if p.Name == "do" {
				does = append(does, p.Options...)
			} else if c.Door != "" && len(p.Options) > 0 {
				options[p.Name+"_"] = p.Options
			}
		}
		if c.Menu != "" {
			menus = append(menus, c.Verb)
		}
		if verb := c.Verb; c.Door != "" && c.Door != privacyDoor {
			if verb == "" {
				verb = "question"
			}
			does = append(does, c.Door+"_"+verb)
		}
		if c.form != nil && c.Door == "ticket" {
			forms = append(forms, c.Verb)
		}
	}
	var pressed []string
	for _, what := range calls(t, "conversation", "press", 1) {
		verb, _, _ := strings.Cut(what, " ")
		pressed = append(pressed, verb)
	}
	articles, err := knowledge.Load(knowledge.Sample(), knowledge.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	var audiences, topics []string
	for _, a := range articles {
		audiences, topics = append(audiences, a.Audiences...), append(topics, a.Topic)
	}
	var grounds []string
	for _, g := range told {
		grounds = append(grounds, g.String())
	}
	ids := map[string][]string{
		"why_":       constants(t, "../knowledge/audience", "Source"),
		"did_":       constants(t, "desk", "Doing"),
		"state_":     constants(t, "desk", "State"),
		"warn_":      constants(t, "desk", "ClockName"),
		"late_":      constants(t, "desk", "ClockName"),
		"weekday_":   {"0", "1", "2", "3", "4", "5", "6"},
		"way_":       constants(t, "desk", "Passage"),
		"passage_":   append(constants(t, "desk", "Passage"), "elsewhere"),
		"own_":       constants(t, "desk", "State"),
		"priority_":  {desk.Low.String(), desk.Normal.String(), desk.High.String(), desk.Urgent.String()},
		"they_":      constants(t, "../knowledge/audience", "Source"),
		"why_level_": constants(t, "../knowledge", "Level"),
		"took_for_":  slices.DeleteFunc(constants(t, "../knowledge", "Intent"), func(s string) bool { return s == string(knowledge.Asks) }),
		"for_":       grounds,
		"against_":   grounds,
		"held_":      constants(t, "../knowledge", "Hold"),
		"missed_":    constants(t, "../knowledge", "Bar"),
		"spoken_":    constants(t, "../knowledge", "Clue"),
		"place_":     constants(t, "../knowledge", "Field"),
		"reads_":     knowledge.Traits(),
		"rating_":    {"good", "bad"},
		"needs_":     {string(chat.Agent), string(chat.Lead)},
		"pressed_":   pressed,
		"do_":        does,
		"param_":     params,
		"duty_":      {"on", "off"},
		"listen_":    {"watch", "unwatch"},
		"name_":      params,
		"about_":     params,
		"menu_":      menus,
		"door_":      {"ticket", privacyDoor},
		"form_":      forms,
		"button_":    calls(t, ".", "button", 0),
		"audience_":  audiences,
		"topic_":     append(topics, "other"),
		"lang_":      languages,
		"in_":        languages,
	}
	maps.Copy(ids, options)
	return ids
}

// Every sentence that the code names exists, and each that exists is named.
func TestCataloguesUsed(t *testing.T) {
	english := catalogue(t, "en")
	used := map[string]bool{}
	for prefix, names := range made(t) {
		for _, name := range names {
			id := prefix + name
			used[id] = true
			// Of the table's own buttons only those on cards have labels here.
			if _, ok := english[id]; !ok && prefix != "button_" {
				t.Errorf("there is no sentence %s", id)
			}
		}
	}
	for _, verb := range cardVerbs(t) {
		if _, ok := english["button_"+verb]; !ok {
			t.Errorf("there is no sentence button_%s", verb)
		}
	}
	id := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	named := map[string]int{"text": 0, "textIn": 1, "changed": 1, "showOwn": 0, "toHolder": 1, "help": 1, "line": 0, "say": 1, "find": 1, "forbidden": 0}
	for function, position := range named {
		for _, position := range []int{position, 1} {
			for _, name := range calls(t, ".", function, position) {
				if _, ok := english[name]; !ok && id.MatchString(name) {
					t.Errorf("%s is called with %s, which is no sentence", function, name)
				}
			}
		}
	}
	for _, f := range source(t, ".") {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				if name, ok := n.Type.(*ast.Ident); ok && name.Name == "refusal" {
					first := n.Elts[0]
					if pair, ok := first.(*ast.KeyValueExpr); ok {
						first = pair.Value
					}
					if s := literal(first); english[s] == nil {
						t.Errorf("a refusal says %q, which is no sentence", s)
					}
				}
			case *ast.BasicLit:
				used[literal(n)] = true
			}
			return true
		})
	}
	for id := range english {
		if !used[id] {
			t.Errorf("nothing says %s", id)
		}
	}
}

// cardVerbs are the verbs of the buttons on a ticket in any state.
func cardVerbs(t *testing.T) []string {
	t.Helper()
	turn := &turn{Bot: newWorld(t).Bot, lang: "en"}
	var verbs []string
	for _, state := range constants(t, "desk", "State") {
		k := desk.Ticket{State: desk.State(state)}
		if state != string(desk.Open) {
			k.Holder = "ana"
		}
		for _, b := range turn.cardButtons(&k, false) {
			verbs = append(verbs, b.Action.Verb)
		}
	}
	return verbs
}

// What is put into a sentence means just itself.
func TestWordsEscape(t *testing.T) {
	w, err := newWords()
	if err != nil {
		t.Fatal(err)
	}
	const name = "**Kim** `x` \\ {{.Ticket}} <b>"
	for _, lang := range languages {
		got := w.say(lang, "asker_cancelled", args{"Name": name, "Ticket": "T-7"})
		if len(got) < 3 || got[0] != (chat.Span{Text: name, Bold: true}) {
			t.Errorf("%s: %+v", lang, got)
		}
	}
	if got := w.line("en", "no such sentence"); got != "no such sentence" {
		t.Errorf("a sentence that is missing shows %q", got)
	}
}

func TestWordsSpeak(t *testing.T) {
	w, err := newWords()
	if err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]string{
		"en": "en", "en-GB": "en", "pt-BR": "pt-BR", "pt": "pt-BR", "pt-PT": "pt-BR", "es-MX": "es",
		"fr": "en", "": "en", "!": "en",
	} {
		if got := w.speak(tag); got != want {
			t.Errorf("speak(%q) = %s, want %s", tag, got, want)
		}
	}
}

func TestWordsAgo(t *testing.T) {
	w, err := newWords()
	if err != nil {
		t.Fatal(err)
	}
	for d, want := range map[time.Duration]string{
		-time.Hour: "just now", 0: "just now", time.Minute - 1: "just now",
		time.Minute: "a minute ago", 59 * time.Minute: "59 minutes ago", time.Hour: "an hour ago",
		47 * time.Hour: "47 hours ago", 48 * time.Hour: "2 days ago", 240 * time.Hour: "10 days ago",
	} {
		if got := w.ago("en", d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

func TestWordsNamed(t *testing.T) {
	w, err := newWords()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		lang, name string
		labels     map[string]string
		want       string
	}{
		{"en", "buyer", map[string]string{"en": "Shopper"}, "Shopper"},
		{"pt-BR", "buyer", map[string]string{"pt": "Cliente"}, "Cliente"},
		{"es", "buyer", map[string]string{"en": "Shopper"}, "Comprador"},
		{"en", "buyer", nil, "Buyer"},
		{"en", "big-spender_s", nil, "Big spender s"},
		{"en", "ávido", nil, "Ávido"},
		{"en", "", nil, ""},
	}
	for _, test := range tests {
		if got := w.named(test.lang, "audience", test.name, test.labels); got != test.want {
			t.Errorf("%s %q = %q, want %q", test.lang, test.name, got, test.want)
		}
	}
	for label, want := range map[string]string{"Buyer": "buyer", "FAQ": "FAQ", "Único": "único", "x": "x"} {
		if got := lower(label); got != want {
			t.Errorf("lower(%q) = %q, want %q", label, got, want)
		}
	}
	for word, want := range map[string]string{"affiliate": "an", "Italian": "an", "buyer": "a", "": "a"} {
		if got := article(word); got != want {
			t.Errorf("article(%q) = %q, want %q", word, got, want)
		}
	}
}
