package slack

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/adapters/slack/slacktest"
	"github.com/signpost-bot/signpost/bot/chat/chattest"
)

// TestPlatform holds the adapter to the contract of platforms, through both
// doors.
func TestPlatform(t *testing.T) {
	for name, open := range map[string]func(*testing.T) chattest.Stage{
		"socket": func(t *testing.T) chattest.Stage { return stage(t, false) },
		"http":   func(t *testing.T) chattest.Stage { return stage(t, true) },
	} {
		t.Run(name, func(t *testing.T) { chattest.TestPlatform(t, open) })
	}
}

// stage is a Slack with kim in front of it, who writes direct messages.
func stage(t *testing.T, byHTTP bool) chattest.Stage {
	t.Helper()
	s := slacktest.New(slacktest.Options{})
	leave := s.Close
	kim := s.AddUser(slacktest.User{Name: "kim"})
	o := Options{
		BotToken: s.BotToken(), SigningSecret: s.SigningSecret(), APIURL: s.APIURL(), Agent: byHTTP,
		Front: &front{}, Memory: newMind(), Log: slog.New(slog.DiscardHandler),
	}
	if !byHTTP {
		o.AppToken = s.AppToken()
	}
	a := New(o)
	if byHTTP {
		door := httptest.NewServer(a.Handler())
		s.DeliverTo(door.URL)
		leave = func() { s.Close(); door.Close() }
	}
	t.Cleanup(func() {
		for _, v := range s.Violations() {
			t.Error("Slack minds:", v)
		}
	})
	ready := func() bool {
		if !byHTTP {
			return s.Sockets() == sockets
		}
		_, done, ok := a.enter()
		if ok {
			done()
		}
		return ok
	}
	return chattest.Stage{
		Platform: a,
		Leave:    leave,
		Say: func(text string) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if err := until(ctx, ready); err != nil {
				t.Fatal("the adapter does not take anything in")
			}
			if _, err := s.Say(kim, s.Direct(kim), "", text); err != nil {
				t.Fatal(err)
			}
		},
		Seen: func() string {
			var all strings.Builder
			for _, m := range s.Sees(kim) {
				all.WriteString(m.Text + "\n")
				textsOf(&all, m.Blocks)
			}
			return all.String()
		},
	}
}

// until polls for a condition.
func until(ctx context.Context, so func() bool) error {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for !so() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// textsOf writes all that blocks say.
func textsOf(out *strings.Builder, raw json.RawMessage) {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return
	}
	var look func(v any)
	look = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if text, ok := v["text"].(string); ok {
				out.WriteString(text)
			}
			for _, part := range v {
				look(part)
			}
		case []any:
			for _, part := range v {
				look(part)
			}
		}
	}
	look(v)
	out.WriteString("\n")
}
