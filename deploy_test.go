package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDeployWords: what the shipped files start is a command that there is.
func TestDeployWords(t *testing.T) {
	for _, test := range []struct {
		file  string
		rule  string // whose group is a command line, as words or as a list
		times int
	}{
		{"compose.yaml", `command: \[(serve.*)\]`, 1},
		{"deploy/Dockerfile", `CMD \["/signpost", (.*)\]`, 1},
		{"deploy/Dockerfile", `(?m)^CMD \[(.*)\]`, 1},
		{"deploy/kubernetes/signpost.yaml", `args: \[(.*)\]`, 1},
		{"deploy/signpost.service", `ExecStart=/usr/local/bin/signpost (.*)`, 1},
	} {
		data, err := os.ReadFile(test.file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(test.rule).FindAllStringSubmatch(string(data), -1)
		if len(found) != test.times {
			t.Errorf("%s holds %d lines like %s", test.file, len(found), test.rule)
		}
		for _, line := range found {
			words := strings.Fields(strings.NewReplacer(`"`, "", ",", " ").Replace(line[1]))
			if out, code := command(t, append(words, "--help")...); code != exitOK || !strings.Contains(out, "Usage: signpost "+words[0]) {
				t.Errorf("%s: signpost %q exits with %d: %s", test.file, words, code, out)
			}
		}
	}
}

// TestProbes: what the shipped files ask the web server, it answers.
func TestProbes(t *testing.T) {
	noneLeft(t)
	s := serve(t, "--config", configured(t, "web: {listen: '127.0.0.1:0'}"), "--ephemeral")
	defer s.end(t)
	data, err := os.ReadFile("deploy/kubernetes/signpost.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`path: (/[a-z]+)`).FindAllStringSubmatch(string(data), -1)
	if len(found) != 3 {
		t.Errorf("%d probes", len(found))
	}
	for _, path := range found {
		if status, body := get(t, s.web+path[1]); status != 200 {
			t.Errorf("%s = %d %s", path[1], status, body)
		}
	}
}

// anchors are what the headings of a page can be linked by.
func anchors(page string) []string {
	var list []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		plain := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		list = append(list, strings.ReplaceAll(plain, " ", "-"))
	}
	return list
}

// TestDocumentedFiles: what the handbooks name is there.
func TestDocumentedFiles(t *testing.T) {
	named := regexp.MustCompile(`\b(?:deploy|tools)/[\w./-]*\w`)
	for _, doc := range []string{"README.md", "docs/install.md", "docs/backup.md", "docs/incidents.md", "docs/operate.md", "docs/redis.md", "compose.yaml"} {
		data, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range named.FindAllString(string(data), -1) {
			if _, err := os.Stat(name); err != nil {
				t.Errorf("%s names %s: %v", doc, name, err)
			}
		}
		for _, link := range regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`).FindAllStringSubmatch(string(data), -1) {
			at := doc
			if link[1] != "" {
				at = filepath.Join(filepath.Dir(doc), link[1])
			}
			text, err := os.ReadFile(at)
			if info, statErr := os.Stat(at); statErr != nil || err != nil && !info.IsDir() {
				t.Errorf("%s links to %s, which is not there", doc, link[1])
			}
			if link[2] != "" && !slices.Contains(anchors(string(text)), link[2]) {
				t.Errorf("%s links to %s#%s, and there is no such heading", doc, link[1], link[2])
			}
		}
	}
}

// TestInit: the folder for compose.yaml is made once, and never overwritten; the
// settings in it load once tokens are there.
func TestInit(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh")
	}
	dir := filepath.Join(t.TempDir(), "local")
	read := func(name string) string {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	tool(t, 0, nil, "init.sh", dir)
	password := read("secrets/redis_password")
	if got, want := read("secrets/redis_url"), "redis://:"+password+"@redis:6379/0\n"; len(password) != 40 || got != want {
		t.Errorf("url %q, want %q", got, want)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode of the folder: %v, %v", info.Mode(), err)
	}
	for _, name := range []string{"articles", "snippets", "backups"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !info.IsDir() {
			t.Error(err)
		}
	}
	if out, code := command(t, "--config", filepath.Join(dir, "signpost.yaml"), "check"); code != exitOK {
		t.Errorf("the settings have problems: %s", out)
	}
	for name, text := range map[string]string{"signpost.yaml": "log: {level: warn}\n", "secrets/slack_bot_token": "xoxb-mine"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tool(t, 0, nil, "init.sh", dir)
	if read("secrets/redis_password") != password || read("secrets/slack_bot_token") != "xoxb-mine" || read("signpost.yaml") != "log: {level: warn}\n" {
		t.Error("what was there was overwritten")
	}
	if err := os.Remove(filepath.Join(dir, "secrets/redis_password")); err != nil {
		t.Fatal(err)
	}
	if out := tool(t, 1, nil, "init.sh", dir); !strings.Contains(out, "redis_url is there without") {
		t.Errorf("said %s", out)
	}
}
