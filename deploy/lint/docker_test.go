package lint

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// TestDockerfile reads the Dockerfile by BuildKit's parser, which warns of what is
// doubtful in an instruction, and looks at what the image will be.
func TestDockerfile(t *testing.T) {
	data, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.Parse(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range file.Warnings {
		t.Errorf("%s (%s)", w.Short, w.URL)
	}
	lint := linter.New(&linter.Config{Warn: func(rule, _, url, message string, at []parser.Range) {
		t.Errorf("%s: %s (%s) %v", rule, message, url, at)
	}})
	stages, _, err := instructions.Parse(file.AST, lint)
	if err != nil {
		t.Fatal(err)
	}
	last := stages[len(stages)-1]
	if last.BaseName != "scratch" {
		t.Errorf("the image is built on %s", last.BaseName)
	}
	found := map[string]bool{}
	for _, c := range last.Commands {
		found[c.Name()] = true
		switch c := c.(type) {
		case *instructions.UserCommand:
			if strings.Trim(c.User, "0123456789:") != "" || strings.HasPrefix(c.User, "0") {
				t.Errorf("the user is %q: Kubernetes tells only by a number that it is not root", c.User)
			}
		case *instructions.RunCommand:
			t.Error("there is no shell to run anything with")
		case *instructions.EntrypointCommand:
			if c.PrependShell {
				t.Error("the entrypoint needs a shell")
			}
		case *instructions.CmdCommand:
			if c.PrependShell {
				t.Error("the command needs a shell")
			}
		case *instructions.HealthCheckCommand:
			if c.Health.Test[0] != "CMD" {
				t.Errorf("the health check needs a shell: %q", c.Health.Test)
			}
		}
	}
	for _, name := range []string{"USER", "ENTRYPOINT", "HEALTHCHECK", "LABEL", "COPY"} {
		if !found[name] && !found[strings.ToLower(name)] {
			t.Errorf("there is no %s", name)
		}
	}
}

// TestContext: what the build reads is not held back by .dockerignore, and what
// nobody else should have is.
func TestContext(t *testing.T) {
	file, err := os.Open(filepath.Join(root, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	patterns, err := ignorefile.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	ignored := func(name string) bool {
		no, err := patternmatcher.MatchesOrParentMatches(name, patterns)
		if err != nil {
			t.Fatal(err)
		}
		return no
	}
	for _, name := range []string{"local/secrets/slack_bot_token", ".git/config", "dist/signpost", "main_test.go"} {
		if !ignored(name) {
			t.Errorf("%s goes into the build", name)
		}
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=Dir,GoFiles,EmbedFiles,Module", ".")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for in := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Dir                 string
			GoFiles, EmbedFiles []string
			Module              *struct{ Main bool }
		}
		if err := in.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Module == nil || !p.Module.Main {
			continue
		}
		for _, name := range slices.Concat(p.GoFiles, p.EmbedFiles) {
			at, err := filepath.Rel(top, filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if seen++; ignored(at) {
				t.Errorf("%s is needed, and .dockerignore holds it back", at)
			}
		}
	}
	for _, name := range []string{"go.mod", "go.sum", "LICENSE", "NOTICE"} {
		if ignored(name) {
			t.Errorf("%s is needed, and .dockerignore holds it back", name)
		}
	}
	if seen < 100 {
		t.Errorf("only %d files are part of the program", seen)
	}
}
