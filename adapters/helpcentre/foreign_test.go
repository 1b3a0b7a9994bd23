package helpcentre

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestForeignMarkdown: Markdown from elsewhere loses what runs, loads or is not
// seen; where it is written so that it cannot be taken out, the page is refused.
func TestForeignMarkdown(t *testing.T) {
	tests := []struct{ body, want, err string }{
		{"<p style=\"color:red\" onclick=alert(1) id=a>Press <a href=\"javascript:x\">here</a> or <a title=b href='/c?d=e'>there</a>.</p>", "<p id=\"a\">Press <a>here</a> or <a href=\"https://docs.example.com/c?d=e\">there</a>.</p>", ""},
		{"Seen <!-- not\nseen --> again <?php x ?>.", "Seen   again  .", ""},
		{"````\n```\n<script>code</script>\n````\n<script>x</script> End", "````\n```\n<script>code</script>\n````\n  End", ""},
		{"![a[b]](https://evil.example/x.png)", "", "its text has a picture, in a form that cannot be taken out; write it in words there"},
		{"- a\n\n  ```\n<script>x</script>", "", "its text has HTML that runs or loads something"},
		{"[a b\\]]: javascript:x\n[a b\\]]", "", "its text has a link to something else than a web page"},
	}
	for _, test := range tests {
		from, to := t.TempDir(), t.TempDir()
		if err := os.WriteFile(filepath.Join(from, "a.md"), []byte("---\ntitle: A\n---\n\n"+test.body+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		i := into(to, &Folder{Dir: from, Link: "https://docs.example.com/{path}"})
		i.Choices.Audiences, i.Choices.Topic = []string{"buyer"}, "general"
		report, err := i.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if test.err != "" {
			if len(report.Failed) != 1 || !strings.Contains(report.Failed[0].Err.Error(), test.err) {
				t.Errorf("%q: %+v", test.body, report)
			}
			continue
		}
		data, err := os.ReadFile(filepath.Join(to, "en", "a.md"))
		if _, got, _ := strings.Cut(string(data), "---\n\n"); strings.TrimSpace(got) != test.want || err != nil {
			t.Errorf("%q became\n%q, want\n%q (%v, %+v)", test.body, got, test.want, err, report)
		}
	}
}
