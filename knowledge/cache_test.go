package knowledge

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCache: what was learned is kept where it can be read again. That it is, and
// learned anew if it is damaged, is tested where it is learned.
func TestCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	articles := []*Article{article("1", "en", "Refunds", "buyer"), article("2", "en", "Passwords", "buyer")}
	articles[0].Questions, articles[1].Questions = []string{"give me my money"}, []string{fmt.Sprint("cannot get in at ", dir)}
	find := func() ArticleID {
		t.Helper()
		answer, err := NewLibrary(articles, Rules{Cache: dir}).Find(t.Context(), Question{Text: "I want my money"})
		if err != nil || len(answer.Matches) == 0 {
			t.Fatal(answer, err)
		}
		return answer.Matches[0].Article.ID
	}
	if id := find(); id != "1" {
		t.Errorf("found %s, want 1", id)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"+learnedSuffix))
	if err != nil || len(files) != 1 {
		t.Fatalf("kept %v, %v; want one file", files, err)
	}
	key := strings.TrimSuffix(filepath.Base(files[0]), learnedSuffix)
	if data, ok := folder(dir).Get(key); !ok || len(data) == 0 {
		t.Errorf("cannot read what was kept: %d bytes, %t", len(data), ok)
	}
}

func TestCacheForgets(t *testing.T) {
	f := folder(t.TempDir())
	for i := range keptFiles + 3 {
		f.Put(fmt.Sprint(i), []byte("x"))
	}
	entries, err := os.ReadDir(string(f))
	if err != nil || len(entries) != keptFiles {
		t.Errorf("%d files, %v; want %d", len(entries), err, keptFiles)
	}
	if data, ok := f.Get("missing"); ok {
		t.Errorf("got %q for a key that nothing was put under", data)
	}
	folder(filepath.Join(string(f), entries[0].Name())).Put("1", nil) // no folder: nothing happens
}
