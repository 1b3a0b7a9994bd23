package chat

import (
	"testing"
	"time"
)

func TestParseSpan(t *testing.T) {
	tests := []struct {
		typed string
		want  time.Duration // 0: refused
	}{
		{"30m", 30 * time.Minute},
		{"45min", 45 * time.Minute},
		{" 2H ", 2 * time.Hour},
		{"14d", 14 * day},
		{"1w", 7 * day},
		{"1d12h", 36 * time.Hour},
		{"3650d", MaxSpan},
		{"3651d", 0},
		{"521w6d", 0},
		{"", 0},
		{"0d", 0},
		{"14", 0},
		{"d", 0},
		{"-1d", 0},
		{"1h1d", 0},
		{"1h1h", 0},
		{"1.5h", 0},
		{"1y", 0},
		{"99999999999999d", 0},
		{"2147483647w", 0},
	}
	for _, test := range tests {
		got, err := ParseSpan(test.typed)
		if got != test.want || (err != nil) != (test.want == 0) {
			t.Errorf("ParseSpan(%q) = %v, %v, want %v", test.typed, got, err, test.want)
		}
	}
}

func FuzzParseSpan(f *testing.F) {
	for _, s := range []string{"14d", "1d12h", "30m", "١d", "9999999w"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseSpan(s); err == nil && (d <= 0 || d > MaxSpan) {
			t.Errorf("ParseSpan(%q) = %v", s, d)
		}
	})
}
