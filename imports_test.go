package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/signpost-bot/signpost"

// arrows is which of our packages a part may import: the table of the house.
// "x/..." means x and everything in it. A part with its own line is not covered
// by its parent's.
var arrows = map[string][]string{
	".":                   {"./..."},
	"bot":                 {"bot/...", "knowledge", "knowledge/audience"},
	"bot/chat":            {},
	"bot/conversation":    {"bot/chat"},
	"bot/desk":            {"bot/chat", "bot/conversation"},
	"bot/spool":           {"bot/chat", "bot/conversation", "bot/desk"},
	"knowledge":           {"knowledge/..."},
	"knowledge/text":      {},
	"knowledge/search":    {"knowledge/text"},
	"knowledge/audience":  {"knowledge/text"},
	"knowledge/semantic":  {"knowledge/text"},
	"adapters/slack":      {"bot/chat"},
	"adapters/discord":    {"bot/chat"},
	"adapters/console":    {"bot/chat"},
	"adapters/web":        {"bot/chat"},
	"adapters/embedding":  {"knowledge/semantic"},
	"adapters/helpcentre": {"knowledge"},
	"adapters/redis":      {"bot/chat", "bot/conversation", "bot/desk", "bot/spool"},
	"config":              {},
}

// foreign is where a module of someone else may be imported, tests included.
// Modules that are not named here may be anywhere.
var foreign = map[string][]string{
	"github.com/redis/go-redis":       {"adapters/redis"},
	"github.com/alicebob/miniredis":   {"adapters/redis"},
	"github.com/yuin/gopher-lua":      {"adapters/redis"},
	"github.com/slack-go/slack":       {"adapters/slack"},
	"github.com/bwmarrin/discordgo":   {"adapters/discord"},
	"github.com/getkin/kin-openapi":   {"adapters/discord"},
	"github.com/alecthomas/kong":      {"."},
	"github.com/prometheus":           {"adapters/web"},
	"github.com/sony/gobreaker":       {"adapters/embedding"},
	"github.com/PuerkitoBio/goquery":  {"adapters/helpcentre"},
	"codeberg.org/readeck":            {"adapters/helpcentre"},
	"github.com/JohannesKaufmann":     {"adapters/helpcentre"},
	"github.com/cenkalti/backoff":     {"adapters/helpcentre"},
	"golang.org/x/term":               {"adapters/console"},
	"github.com/goccy/go-yaml":        {"bot", "config", "knowledge"},
	"github.com/nicksnyder/go-i18n":   {"bot"},
	"github.com/yuin/goldmark":        {"knowledge"},
	"github.com/blevesearch":          {"knowledge/text"},
	"github.com/fsnotify/fsnotify":    {"knowledge"},
	"github.com/go-analyze/charts":    {"."},
	"github.com/rogpeppe/go-internal": {"."},
}

// inside are the standard packages by which a part would do I/O: types and
// rules have none.
var inside = map[string][]string{
	"net":      {"adapters/...", "."},
	"net/http": {"adapters/...", "."},
	"os":       {"adapters/...", ".", "config", "knowledge"},
	"os/exec":  {"adapters/...", "."},
}

// A goFile is a Go file of ours and what it imports.
type goFile struct {
	name    string // slashes, from the root
	part    string // its folder
	imports []string
}

func (f goFile) test() bool { return strings.HasSuffix(f.name, "_test.go") }

// goFiles reads every Go file under a folder that a person wrote. Nested
// modules are other houses.
func goFiles(t *testing.T, fsys fs.FS) []goFile {
	t.Helper()
	var files []goFile
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			base := path.Base(name)
			if name != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata") {
				return fs.SkipDir
			}
			if _, err := fs.Stat(fsys, path.Join(name, "go.mod")); err == nil && name != "." {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, data, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		if ast.IsGenerated(parsed) {
			return nil
		}
		f := goFile{name: name, part: path.Dir(name)}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, imported)
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// covers reports whether a pattern, name or name/..., means a part.
func covers(pattern, part string) bool {
	parent, whole := strings.CutSuffix(pattern, "/...")
	return part == parent || whole && (parent == "." || strings.HasPrefix(part, parent+"/"))
}

func allowed(patterns []string, part string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return covers(pattern, part) })
}

// faults says what is wrong with the arrows of some files.
func faults(files []goFile) []string {
	var list []string
	for _, f := range files {
		rule, known := arrows[f.part]
		// A test package lies in its parent and is like the tests of it.
		tests := !known && strings.HasSuffix(f.part, "test")
		part := f.part
		if tests {
			part = path.Dir(f.part)
			rule, known = arrows[part]
		}
		if !known {
			list = append(list, fmt.Sprintf("%s: the table of the house has no package %s", f.name, f.part))
			continue
		}
		if tests || f.test() {
			rule = append(slices.Clone(rule), part, part+"/...") // itself from outside, and its test packages
		}
		for _, imported := range f.imports {
			ours, is := strings.CutPrefix(imported, module)
			if ours = strings.TrimPrefix(ours, "/"); is {
				if ours == "" {
					ours = "."
				}
				// Tests may use the test package of a part that they may use.
				if !allowed(rule, ours) && !(f.test() && strings.HasSuffix(ours, "test") && allowed(rule, path.Dir(ours))) {
					list = append(list, fmt.Sprintf("%s: %s must not import %s", f.name, f.part, ours))
				}
				continue
			}
			for prefix, where := range foreign {
				if f.test() && part == "." && prefix == "github.com/redis/go-redis" {
					continue // the judge of the chaos tests reads Redis past the store
				}
				if (imported == prefix || strings.HasPrefix(imported, prefix+"/")) && !allowed(where, part) {
					list = append(list, fmt.Sprintf("%s: %s must not import %s; only %s may", f.name, f.part, imported, strings.Join(where, ", ")))
				}
			}
			if where, ok := inside[imported]; ok && !allowed(where, part) && !f.test() && !tests {
				list = append(list, fmt.Sprintf("%s: %s must not import %s: it does no I/O", f.name, f.part, imported))
			}
		}
	}
	return list
}

// TestImports keeps the house as it was designed: every arrow between our
// packages is in the table, tests included.
func TestImports(t *testing.T) {
	files := goFiles(t, os.DirFS("."))
	if len(files) < 30 {
		t.Fatalf("found only %d Go files", len(files))
	}
	for _, fault := range faults(files) {
		t.Error(fault)
	}
}

// TestTopLevel: Go code at the top level is the program and four folders.
func TestTopLevel(t *testing.T) {
	for _, f := range goFiles(t, os.DirFS(".")) {
		top, _, _ := strings.Cut(f.part, "/")
		if !slices.Contains([]string{".", "bot", "adapters", "knowledge", "config"}, top) {
			t.Errorf("%s: the top level has no place for the package %s", f.name, top)
		}
	}
}

// TestArrows checks the checker.
func TestArrows(t *testing.T) {
	tests := []struct {
		file, imported string
		want           string // empty: fine
	}{
		{"main.go", module + "/adapters/redis", ""},
		{"main_test.go", module + "/bot/spool", ""},
		{"bot/bot.go", module + "/bot/desk", ""},
		{"bot/bot.go", module + "/adapters/redis", "bot/bot.go: bot must not import adapters/redis"},
		{"bot/bot.go", module + "/knowledge/search", "bot/bot.go: bot must not import knowledge/search"},
		{"bot/bot_test.go", module + "/adapters/redis", "bot/bot_test.go: bot must not import adapters/redis"},
		{"bot/chat/chat.go", module + "/bot/desk", "bot/chat/chat.go: bot/chat must not import bot/desk"},
		{"bot/chat/chat_test.go", module + "/bot/chat", ""},
		{"bot/desk/desk.go", module + "/bot/spool", "bot/desk/desk.go: bot/desk must not import bot/spool"},
		{"bot/spool/spooltest/store.go", module + "/bot/spool", ""},
		{"bot/spool/spooltest/store.go", module + "/bot/desk", ""},
		{"bot/spool/spooltest/store.go", module + "/bot", "bot/spool/spooltest/store.go: bot/spool/spooltest must not import bot"},
		{"bot/spool/spool.go", module + "/bot/spool/spooltest", "bot/spool/spool.go: bot/spool must not import bot/spool/spooltest"},
		{"adapters/redis/redis_test.go", module + "/bot/spool/spooltest", ""},
		{"adapters/redis/redis.go", module + "/bot/spool/spooltest", "adapters/redis/redis.go: adapters/redis must not import bot/spool/spooltest"},
		{"adapters/console/console_test.go", module + "/bot/spool/spooltest", "adapters/console/console_test.go: adapters/console must not import bot/spool/spooltest"},
		{"adapters/console/console.go", module + "/adapters/redis", "adapters/console/console.go: adapters/console must not import adapters/redis"},
		{"adapters/console/console.go", module, "adapters/console/console.go: adapters/console must not import ."},
		{"knowledge/text/text.go", module + "/knowledge", "knowledge/text/text.go: knowledge/text must not import knowledge"},
		{"util/util.go", "fmt", "util/util.go: the table of the house has no package util"},
		{"bot/models/m.go", "fmt", "bot/models/m.go: the table of the house has no package bot/models"},
		{"bot/bot.go", "github.com/redis/go-redis/v9", "bot/bot.go: bot must not import github.com/redis/go-redis/v9; only adapters/redis may"},
		{"bot/chat/chat.go", "github.com/slack-go/slack/socketmode", "bot/chat/chat.go: bot/chat must not import github.com/slack-go/slack/socketmode; only adapters/slack may"},
		{"adapters/slack/slack.go", "github.com/slack-go/slack", ""},
		{"bot/bot.go", "github.com/bwmarrin/discordgo", "bot/bot.go: bot must not import github.com/bwmarrin/discordgo; only adapters/discord may"},
		{"bot/desk/desk.go", "net/http", "bot/desk/desk.go: bot/desk must not import net/http: it does no I/O"},
		{"bot/desk/desk_test.go", "os", ""},
	}
	for _, test := range tests {
		got := strings.Join(faults([]goFile{{test.file, path.Dir(test.file), []string{test.imported}}}), "\n")
		if got != test.want {
			t.Errorf("%s imports %s: %q, want %q", test.file, test.imported, got, test.want)
		}
	}
}

// TestGoFiles checks what is read and what is left out.
func TestGoFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.go":           "package a\nimport _ \"fmt\"\n",
		"a_test.go":      "package a_test\nimport (\n\tx \"os\"\n\t. \"net\"\n)\n",
		"gen.go":         "// Code generated by hand. DO NOT EDIT.\n\npackage a\nimport \"nowhere\"\n",
		"nested/go.mod":  "module nested\n",
		"nested/b.go":    "package b\n",
		"testdata/c.go":  "not Go at all",
		".hidden/d.go":   "nor this",
		"deep/er/e.go":   "package er\n",
		"deep/readme.md": "",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, f := range goFiles(t, os.DirFS(dir)) {
		got = append(got, fmt.Sprint(f.name, f.imports))
	}
	if want := []string{"a.go[fmt]", "a_test.go[os net]", "deep/er/e.go[]"}; !slices.Equal(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
}
