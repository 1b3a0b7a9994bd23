package embedding

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var probed = []float32{0.5, 0.5, 0.5, 0.5}

func vectorFile(t *testing.T) *file {
	t.Helper()
	f := &file{path: filepath.Join(t.TempDir(), "a", "s-p-4"+vectorsSuffix), probe: probed}
	must(t, f.use())
	return f
}

func some(from, to int) map[key][]float32 {
	vectors := map[key][]float32{}
	for i := from; i < to; i++ {
		vectors[keyOf(fmt.Sprint(i))] = []float32{float32(i), 1, 2, 3}
	}
	return vectors
}

// known counts which of some vectors a file has, and checks them.
func known(t *testing.T, f *file, from, to int) int {
	t.Helper()
	want, n := map[key][]float32{}, 0
	for k := range some(from, to) {
		want[k] = nil
	}
	must(t, f.get(want))
	for k, vector := range some(from, to) {
		if got := want[k]; got != nil {
			if n++; !slices.Equal(got, vector) {
				t.Errorf("vector %v, want %v", got, vector)
			}
		}
	}
	return n
}

// TestFileShared: processes that append and write anew at the same time lose at
// most what the others can compute again.
func TestFileShared(t *testing.T) {
	f := vectorFile(t)
	var all sync.WaitGroup
	for p := range 4 {
		all.Go(func() {
			mine := &file{path: f.path, probe: probed, max: 4 << 10}
			for i := range 50 {
				if err := mine.add(some(100*p+i, 100*p+i+5)); err != nil {
					t.Error(err)
				}
				if p == 0 && i%10 == 0 {
					if err := mine.prune(nil); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	must(t, f.add(some(1000, 1010)))
	if known(t, f, 0, 400) == 0 || known(t, f, 1000, 1010) != 10 {
		t.Error("vectors are lost")
	}
	names, err := vectorFiles(filepath.Dir(f.path))
	if err != nil || len(names) != 1 {
		t.Errorf("files %v, %v", names, err)
	}
}

func TestFilePrune(t *testing.T) {
	f := vectorFile(t)
	f.max = int64(100 * recordSize(4))
	for i := range 20 {
		must(t, f.add(some(10*i, 10*i+10)))
	}
	keep := map[key]bool{}
	for k := range some(0, 30) {
		keep[k] = true
	}
	must(t, f.prune(keep))
	if kept, rest := known(t, f, 0, 30), known(t, f, 30, 200); kept != 30 || rest < 18 || rest > 20 {
		t.Errorf("%d and %d are left", kept, rest)
	}
	if newest := known(t, f, 190, 200); newest != 10 {
		t.Errorf("%d of the newest are left", newest)
	}
	info, err := os.Stat(f.path)
	must(t, err)
	if info.Size() > f.max || info.Mode().Perm() != 0o600 {
		t.Errorf("%d bytes, %v", info.Size(), info.Mode())
	}
	before := info.Size()
	must(t, f.prune(nil)) // nothing to do
	if info, err = os.Stat(f.path); err != nil || info.Size() != before {
		t.Errorf("%d bytes, before %d; %v", info.Size(), before, err)
	}
}

// TestFileRemoved: whoever empties the folder makes us compute anew, no more.
func TestFileRemoved(t *testing.T) {
	f := vectorFile(t)
	must(t, f.add(some(0, 5)))
	must(t, os.RemoveAll(filepath.Dir(f.path)))
	if n := known(t, f, 0, 5); n != 0 {
		t.Errorf("%d are known", n)
	}
	must(t, f.add(some(0, 5)))
	if n := known(t, f, 0, 5); n != 5 {
		t.Errorf("%d are known", n)
	}
	models, err := keptModels(filepath.Dir(f.path), "s")
	if err != nil || len(models) != 1 || !slices.Equal(models[0].probe, probed) {
		t.Errorf("models %v, %v", models, err)
	}
}

// TestFileDamagedProbe: a file that lost the probe's vector is of no use until
// the server says that it is still its model's.
func TestFileDamagedProbe(t *testing.T) {
	folder, f, texts := t.TempDir(), &fake{}, passages(5)
	c := open(t, f, Options{Folder: folder})
	must(t, c.Fill(t.Context(), texts, nil))
	path := c.cache.(*file).path
	data, err := os.ReadFile(path)
	must(t, err)
	data[50] ^= 1
	must(t, os.WriteFile(path, data, 0o600))

	away := wire{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })}
	if _, err := Open(t.Context(), Options{URL: "http://embed.example", Transport: away, Model: "m", Folder: folder, Log: (&notes{}).log()}); err == nil {
		t.Error("no error")
	}
	open(t, f, Options{Folder: folder}) // puts it back
	asked := f.count()
	next := open(t, f, Options{Folder: folder})
	must(t, next.Fill(t.Context(), texts, nil))
	if f.count() != asked+1 { // the probe
		t.Errorf("%d more requests", f.count()-asked)
	}
	wantKnown(t, next, f, texts)
}

// TestForget: the files of a few models stay, those used last; what a killed
// process left goes after a while.
func TestForget(t *testing.T) {
	folder, f := t.TempDir(), &fake{}
	old, fresh, foreign := filepath.Join(folder, nextPrefix+"1"), filepath.Join(folder, nextPrefix+"2"), filepath.Join(folder, "x.learned")
	for _, path := range []string{old, fresh, foreign} {
		must(t, os.WriteFile(path, nil, 0o600))
	}
	must(t, os.Chtimes(old, time.Time{}, time.Now().Add(-2*abandoned)))
	for i := range keptFiles + 3 {
		f.set(func() { f.seed = fmt.Sprint(i) })
		c := open(t, f, Options{Folder: folder})
		must(t, os.Chtimes(c.cache.(*file).path, time.Time{}, time.Now().Add(time.Duration(i-100)*time.Second)))
	}
	open(t, f, Options{Folder: folder})
	names, err := vectorFiles(folder)
	if err != nil || len(names) != keptFiles {
		t.Errorf("files %v, %v", names, err)
	}
	var left []string
	entries, err := os.ReadDir(folder)
	must(t, err)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), vectorsSuffix) {
			left = append(left, e.Name())
		}
	}
	if !slices.Equal(left, []string{filepath.Base(fresh), filepath.Base(foreign)}) {
		t.Errorf("left are %v", left)
	}
}

// TestSettings: whatever makes vectors others makes another model.
func TestSettings(t *testing.T) {
	folder, f := t.TempDir(), &fake{}
	versions := map[string]bool{}
	for _, o := range []Options{
		{}, {QuestionPrefix: "q"}, {PassagePrefix: "q"}, {Dimensions: 8}, {URL: "http://other.example", Transport: wire{f}},
	} {
		o.Folder = folder
		c := open(t, f, o)
		versions[c.Model().Version] = true
	}
	if len(versions) != 5 {
		t.Errorf("versions %v", versions)
	}
}

// TestFolderOfNoUse: without room to keep vectors, questions are asked all the
// same.
func TestFolderOfNoUse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	log := &notes{}
	c := open(t, &fake{}, Options{Folder: filepath.Join(file, "folder"), Log: log.log()})
	_, err := ask(c, "?")
	must(t, err)
	if err := c.Fill(t.Context(), passages(1), nil); err == nil || !strings.Contains(log.String(), "cannot be") {
		t.Errorf("error %v, log %s", err, log)
	}
}

// BenchmarkKnown reads the vectors of a library of 20,000 sections with the
// dimensions of a small model, as each start does.
func BenchmarkKnown(b *testing.B) {
	f := &file{path: filepath.Join(b.TempDir(), "s-p-384"+vectorsSuffix), probe: make([]float32, 384)}
	vectors := map[key][]float32{}
	for i := range 20_000 {
		vectors[keyOf(fmt.Sprint(i))] = make([]float32, 384)
	}
	if err := f.add(vectors); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for k := range vectors {
			vectors[k] = nil
		}
		if err := f.get(vectors); err != nil {
			b.Fatal(err)
		}
	}
}
