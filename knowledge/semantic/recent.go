package semantic

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"slices"
	"sync"
)

// A recent keeps the indexes that were built last by the model in the binary, by
// what they were built of: whoever builds a library of the same articles again, for
// other phrasings or in the next test, need not wait for it.
type recent struct {
	mu    sync.Mutex
	order []fingerprint // the oldest first
	built map[fingerprint]*Index
}

type fingerprint [sha256.Size]byte

const (
	remembered    = 4      // indexes
	maxRemembered = 10_000 // texts of one, which are some 5 MB
)

var lately recent

func (r *recent) get(key fingerprint) (*Index, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	x, ok := r.built[key]
	return x, ok
}

func (r *recent) put(key fingerprint, x *Index) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.built == nil {
		r.built = map[fingerprint]*Index{}
	}
	if _, ok := r.built[key]; !ok {
		r.order = append(r.order, key)
	}
	r.built[key] = x
	if len(r.order) > remembered {
		delete(r.built, r.order[0])
		r.order = slices.Delete(r.order, 0, 1)
	}
}

// fingerprintOf tells documents apart by their texts.
func fingerprintOf(docs []Document) fingerprint {
	h := sha256.New()
	for _, d := range docs {
		for _, texts := range [][]string{d.Texts, d.Details, d.Phrasings} {
			writeNumber(h, len(texts))
			for _, s := range texts {
				writeNumber(h, len(s))
				h.Write([]byte(s))
			}
		}
	}
	return fingerprint(h.Sum(nil))
}

func writeNumber(h hash.Hash, n int) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:])
}
