package embedding

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// vectorsSuffix is how the files of vectors end: one for each model, named
	// settings-probe-dimensions. keptFiles of them stay, those used last.
	vectorsSuffix = ".vectors"
	keptFiles     = 4
	// maxFile is how many bytes a file may have before what is not used goes: a
	// library of 20,000 sections needs 31 MB with 384 numbers a vector, 123 MB
	// with 1,536.
	maxFile = 256 << 20
	// nextPrefix is how a file's name begins while it is written anew. One that is
	// older than abandoned was left by a process that was killed.
	nextPrefix = "next-vectors-"
	abandoned  = time.Hour
)

// A file keeps vectors between runs, the probe's among them. Processes that
// share it only append, each a batch of records at a time.
type file struct {
	path  string
	probe []float32
	max   int64 // bytes; 0: maxFile
}

// A keptModel is a model of which there may be vectors.
type keptModel struct {
	version string
	path    string // empty: nowhere
	probe   []float32
}

func newModel(folder, settings string, probe []float32) keptModel {
	m := keptModel{version: versionOf(settings, probe), probe: probe}
	if folder != "" {
		m.path = filepath.Join(folder, m.version+"-"+strconv.Itoa(len(probe))+vectorsSuffix)
	}
	return m
}

// keptModels are those with certain settings, the one used last first. A file
// without the probe's vector tells nothing of its model.
func keptModels(folder, settings string) ([]keptModel, error) {
	if folder == "" {
		return nil, nil
	}
	var models []keptModel
	names, err := vectorFiles(folder)
	for _, name := range names {
		version, dims, ok := parseName(name)
		if !ok || !strings.HasPrefix(version, settings+"-") {
			continue
		}
		f := file{path: filepath.Join(folder, name), probe: make([]float32, dims)}
		want := map[key][]float32{keyOf(probeText): nil}
		if e := f.get(want); e != nil {
			err = cmp.Or(err, e)
		} else if vector := want[keyOf(probeText)]; vector != nil {
			models = append(models, keptModel{version, f.path, vector})
		}
	}
	return models, err
}

// parseName reads version and dimensions out of a file's name.
func parseName(name string) (version string, dims int, ok bool) {
	name = strings.TrimSuffix(name, vectorsSuffix)
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return "", 0, false
	}
	dims, err := strconv.Atoi(name[i+1:])
	return name[:i], dims, err == nil && dims > 0 && dims <= 1<<16
}

// vectorFiles are the names of a folder's files of vectors, the one used last
// first.
func vectorFiles(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var infos []os.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), vectorsSuffix) {
			infos = append(infos, info)
		}
	}
	slices.SortFunc(infos, func(a, b os.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	var names []string
	for _, info := range infos {
		names = append(names, info.Name())
	}
	return names, err
}

// forget removes files of models that are not used any more, and what killed
// processes have left. What cannot be removed is looked at again next time.
func forget(folder string) {
	names, _ := vectorFiles(folder)
	for _, name := range names[min(len(names), keptFiles):] {
		os.Remove(filepath.Join(folder, name))
	}
	left, _ := filepath.Glob(filepath.Join(folder, nextPrefix+"*"))
	for _, path := range left {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > abandoned {
			os.Remove(path)
		}
	}
}

// use marks the file as used just now, and sees to it that it has the probe.
func (f *file) use() error {
	want := map[key][]float32{keyOf(probeText): nil}
	if err := f.get(want); err != nil {
		return err
	}
	if want[keyOf(probeText)] == nil {
		if err := f.add(map[key][]float32{keyOf(probeText): f.probe}); err != nil {
			return err
		}
	}
	return os.Chtimes(f.path, time.Time{}, time.Now())
}

func (f *file) get(want map[key][]float32) error {
	missing := len(want)
	return f.scan(func(k key, record []byte) bool {
		if vector, wanted := want[k]; wanted && vector == nil {
			want[k] = vectorOf(record)
			missing--
		}
		return missing > 0
	})
}

// scan visits every sound record; a file that does not exist has none.
func (f *file) scan(visit func(k key, record []byte) bool) error {
	r, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer r.Close()
	return scan(r, len(f.probe), visit)
}

// add appends vectors, in one piece: so the records of two processes stand one
// behind the other. They need not be on the disk before the power fails, for
// then they are computed again.
func (f *file) add(vectors map[key][]float32) error {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return err
	}
	w, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	var data []byte
	if info, e := w.Stat(); e == nil && info.Size() == 0 && vectors[keyOf(probeText)] == nil { // someone has removed it
		data = appendRecord(data, keyOf(probeText), f.probe)
	}
	for k, vector := range vectors {
		data = appendRecord(data, k, vector)
	}
	_, err = w.Write(data)
	return cmp.Or(err, w.Close())
}

// prune writes a file that has grown too large anew: with what is to be kept, and
// as much of the newest of the rest as fits into half of the room. It takes the
// place of the old one whole or not at all. What another process appends to the
// old one in that moment is computed again.
func (f *file) prune(keep map[key]bool) error {
	info, err := os.Stat(f.path)
	if err != nil || info.Size() <= cmp.Or(f.max, maxFile) {
		return err
	}
	rest, fits := 0, int(cmp.Or(f.max, maxFile))/2/recordSize(len(f.probe))-len(keep)
	err = f.scan(func(k key, _ []byte) bool {
		if !keep[k] {
			rest++
		}
		return true
	})
	if err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(f.path), nextPrefix+"*") // for the owner only
	if err != nil {
		return err
	}
	defer os.Remove(next.Name())
	w := bufio.NewWriter(next)
	if err := cmp.Or(f.copyTo(w, keep, rest-max(0, fits)), w.Flush(), next.Close()); err != nil {
		return err
	}
	return os.Rename(next.Name(), f.path)
}

// copyTo writes the probe and every other record once, except the first few of
// those that need not be kept.
func (f *file) copyTo(next io.Writer, keep map[key]bool, drop int) error {
	if _, err := next.Write(appendRecord(nil, keyOf(probeText), f.probe)); err != nil {
		return err
	}
	written := map[key]bool{keyOf(probeText): true}
	var failed error
	err := f.scan(func(k key, record []byte) bool {
		if !keep[k] {
			if drop--; drop >= 0 {
				return true
			}
		}
		if !written[k] {
			written[k] = true
			_, failed = next.Write(record)
		}
		return failed == nil
	})
	return cmp.Or(err, failed)
}
