package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// TestAlertRules reads the alert rules as Prometheus does, and looks each up in
// the handbook. It stands here because this is where YAML is read.
func TestAlertRules(t *testing.T) {
	data, err := os.ReadFile("../deploy/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	handbook, err := os.ReadFile("../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert       string
				Expr        string
				For         string
				Labels      struct{ Severity string }
				Annotations struct{ Summary, Runbook string }
			}
		}
	}
	if err := yaml.UnmarshalWithOptions(data, &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, g := range file.Groups {
		for _, rule := range g.Rules {
			names = append(names, rule.Alert)
			if rule.Expr == "" || strings.Count(rule.Expr, "(") != strings.Count(rule.Expr, ")") {
				t.Errorf("%s: expr %q", rule.Alert, rule.Expr)
			}
			if _, err := time.ParseDuration(rule.For); rule.For != "" && err != nil {
				t.Errorf("%s: for: %v", rule.Alert, err)
			}
			if !slices.Contains([]string{"critical", "warning"}, rule.Labels.Severity) || rule.Annotations.Summary == "" {
				t.Errorf("%s: severity %q, summary %q", rule.Alert, rule.Labels.Severity, rule.Annotations.Summary)
			}
			if want := "docs/operate.md#" + strings.ToLower(rule.Alert); rule.Annotations.Runbook != want {
				t.Errorf("%s: runbook %q, want %q", rule.Alert, rule.Annotations.Runbook, want)
			}
		}
	}
	var explained []string
	for _, heading := range regexp.MustCompile(`(?m)^### (Signpost\w+)$`).FindAllStringSubmatch(string(handbook), -1) {
		explained = append(explained, heading[1])
	}
	if len(names) == 0 || !slices.Equal(names, explained) {
		t.Errorf("rules %q, the handbook explains %q", names, explained)
	}
}

// TestShippedSettings loads the settings of compose.yaml and of the Kubernetes
// manifests as they are, and again with everything in them that is only an
// example.
func TestShippedSettings(t *testing.T) {
	mount := regexp.MustCompile(`/run/secrets/(?:signpost/)?(\w+)`)
	for _, file := range []string{"../deploy/compose/signpost.yaml", "../deploy/kubernetes/settings.yaml"} {
		for _, all := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s all=%v", file, all), func(t *testing.T) {
				data, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				text, dir := string(data), t.TempDir()
				if all {
					text = regexp.MustCompile(`(?m)^#(\S|  )`).ReplaceAllString(text, "$1")
				}
				for _, name := range mount.FindAllStringSubmatch(text, -1) {
					secret := map[string]string{"redis_url": "redis://:x@redis:6379", "slack_bot_token": "xoxb-1", "slack_app_token": "xapp-1", "discord_token": "MTk4.Cl2FMQ.ZnCj", "audit_key": strings.Repeat("k", 44)}[name[1]]
					if err := os.WriteFile(filepath.Join(dir, name[1]), []byte(secret+"\n"), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				at := filepath.Join(dir, "signpost.yaml")
				if err := os.WriteFile(at, []byte(mount.ReplaceAllString(text, dir+"/$1")), 0o600); err != nil {
					t.Fatal(err)
				}
				c, err := Load(at, nil)
				if err != nil {
					t.Fatal(err)
				}
				if c.Slack.On() != all || c.Discord.On() != all || (c.Knowledge.Dir != "") != all {
					t.Errorf("slack %v, discord %v, articles in %q", c.Slack.On(), c.Discord.On(), c.Knowledge.Dir)
				}
			})
		}
	}
}

// TestShippedVariables: what the shipped files set in the environment exists.
func TestShippedVariables(t *testing.T) {
	ours := []string{"SIGNPOST_VERSION", "SIGNPOST_LOCAL", "SIGNPOST_PORT"} // Compose's own, and one that is talked about
	found := 0
	for _, pattern := range []string{"../compose.yaml", "../deploy/*", "../deploy/*/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				continue // a folder
			}
			for _, name := range regexp.MustCompile(`SIGNPOST_[A-Z][A-Z_]+`).FindAllString(string(data), -1) {
				if slices.Contains(ours, name) {
					continue
				}
				found++
				if _, err := Load("", []string{name + "=x"}); err != nil && strings.Contains(err.Error(), "unknown variable") {
					t.Errorf("%s: %v", file, err)
				}
			}
		}
	}
	if found < 5 {
		t.Errorf("only %d variables were found", found)
	}
}
