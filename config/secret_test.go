package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

func TestSecretStaysHidden(t *testing.T) {
	const hush = "hush"
	c := Config{Redis: Redis{URL: NewSecret(hush)}}
	hidden := struct{ secret Secret }{c.Redis.URL}
	shown := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown[verb] = fmt.Sprintf(verb, c.Redis.URL)
		shown[verb+" of a pointer"] = fmt.Sprintf(verb, &c.Redis.URL)
		shown[verb+" of the whole"] = fmt.Sprintf(verb, c)
		if got := fmt.Sprintf(verb, hidden); strings.Contains(got, hush) {
			t.Errorf("%s of an unexported field = %s", verb, got)
		}
	}
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	shown["JSON"] = string(data)
	if data, err = yaml.Marshal(c); err != nil {
		t.Fatal(err)
	}
	shown["YAML"] = string(data)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", c.Redis.URL)
	shown["text log"] = log.String()
	log.Reset()
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "redis", c.Redis)
	shown["JSON log"] = log.String()

	for how, got := range shown {
		if strings.Contains(got, hush) || !strings.Contains(got, redacted) {
			t.Errorf("%s shows %s", how, got)
		}
	}
	if got := c.Redis.URL.Reveal(); got != hush {
		t.Errorf("Reveal = %q, want %q", got, hush)
	}
}
