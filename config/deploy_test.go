package config

import (
	"os"
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
