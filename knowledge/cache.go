package knowledge

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A folder keeps what was learned from phrasings between runs: a file each. It
// is a help, never a need: what cannot be read or written is learned anew.
type folder string

// keptFiles is how many files stay: a few languages, with and without private
// articles, for this set of articles and the one before.
const keptFiles = 16

const learnedSuffix = ".learned"

func (f folder) Get(key string) ([]byte, bool) {
	data, err := os.ReadFile(f.file(key))
	return data, err == nil
}

// Put writes a file whole or not at all, and lets the oldest go.
func (f folder) Put(key string, data []byte) {
	if os.MkdirAll(string(f), 0o700) != nil {
		return
	}
	next, err := os.CreateTemp(string(f), "next-*")
	if err != nil {
		return
	}
	defer os.Remove(next.Name())
	_, err = next.Write(data)
	if cmp.Or(err, next.Close()) == nil && os.Rename(next.Name(), f.file(key)) == nil {
		f.prune()
	}
}

func (f folder) file(key string) string { return filepath.Join(string(f), key+learnedSuffix) }

func (f folder) prune() {
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return
	}
	var kept []os.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), learnedSuffix) {
			kept = append(kept, info)
		}
	}
	slices.SortFunc(kept, func(a, b os.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, info := range kept[min(len(kept), keptFiles):] {
		os.Remove(filepath.Join(string(f), info.Name()))
	}
}
