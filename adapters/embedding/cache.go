package embedding

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
)

// A key stands for a passage: the hash of what is sent of it.
type key [sha256.Size]byte

func keyOf(text string) key {
	if empty(text) {
		return key{}
	}
	return sha256.Sum256([]byte(cut(text, maxText)))
}

// A cache keeps the vectors of passages of one model. Its methods are safe for
// concurrent use, also by other processes.
type cache interface {
	// get puts the vectors it has into want, whose keys tell which are wanted.
	get(want map[key][]float32) error
	add(vectors map[key][]float32) error
	// prune makes room if there is too much, and leaves what is to be kept.
	prune(keep map[key]bool) error
}

// settingsLen and probeLen are how many bytes of a hash stand in the name of a
// model's file.
const (
	settingsLen = 8
	probeLen    = 8
)

// fingerprint tells some texts from others.
func fingerprint(texts ...string) string {
	h := sha256.New()
	for _, text := range texts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text)))) // so that "ab", "c" is not "a", "bc"
		h.Write([]byte(text))
	}
	return hex.EncodeToString(h.Sum(nil)[:settingsLen])
}

// versionOf names a model by its settings and the vector of the probe, rounded
// to 0.01. Where a server computes it a little differently the second time, the
// name may change with it; so [same] decides first, with what is kept.
func versionOf(settings string, probe []float32) string {
	h := sha256.New()
	for _, x := range probe {
		h.Write([]byte{byte(int8(math.Round(float64(x) * 100)))})
	}
	return settings + "-" + hex.EncodeToString(h.Sum(nil)[:probeLen])
}

// likeness is the cosine from which two vectors of one text are of one model.
// A model built for another processor, or asked in another batch, keeps it above
// 0.9999; weights of fewer bits already take it below 0.99.
const likeness = 0.999

// same reports whether two vectors of the probe are of one model.
func same(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	var dot float64
	for i := range a {
		dot += float64(a[i]) * float64(b[i])
	}
	return dot >= likeness
}
