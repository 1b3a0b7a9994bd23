package console

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestParseSpan(t *testing.T) {
	tests := []struct {
		span string
		want time.Duration // 0: refused
	}{
		{"30s", 30 * time.Second}, {"1h30m", 90 * time.Minute}, {"3d", 72 * time.Hour}, {"1d12h", 36 * time.Hour}, {"366d", longest},
		{"", 0}, {"0s", 0}, {"0d", 0}, {"5", 0}, {"d", 0}, {"-1h", 0}, {"1d-5h", 0}, {"+1h", 0}, {"366d1ms", 0}, {"65535d", 0},
		{"70000d", 0}, {"1d1d", 0}, {"tomorrow", 0}, {"1d2562047h", 0},
	}
	for _, test := range tests {
		if got, err := parseSpan(test.span); got != test.want || (err == nil) != (test.want > 0) {
			t.Errorf("parseSpan(%q) = %s, %v; want %s", test.span, got, err, test.want)
		}
	}
}

// FuzzParseSpan checks that no span is longer than a year or goes back.
func FuzzParseSpan(f *testing.F) {
	f.Add("1d12h")
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := parseSpan(s); err == nil && (got <= 0 || got > longest) {
			t.Errorf("parseSpan(%q) = %s", s, got)
		}
	})
}

// TestWaitFails says so where time cannot be put forward, or not all has
// happened.
func TestWaitFails(t *testing.T) {
	broken := func(context.Context, time.Duration) error { return errors.New("the store is away") }
	for wait, want := range map[*func(context.Context, time.Duration) error]string{
		new(func(context.Context, time.Duration) error): "Here time passes by itself.\n", &broken: "Please go on, it will.\nNow it is Friday 2026-01-02",
	} {
		var out strings.Builder
		c := New(Options{In: strings.NewReader("/wait 1h\n"), Out: &out, Front: &bot{}, Wait: *wait, Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }})
		if err := c.Run(t.Context(), &bot{}); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("printed %q, want %q", out.String(), want)
		}
	}
}
