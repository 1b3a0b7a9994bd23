package search

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"sync"
)

// A Cache keeps what an index has learned, by a hash of what it learned from.
// It may forget at any time, and what comes back is checked.
type Cache interface {
	Get(key string) ([]byte, bool)
	Put(key string, data []byte)
}

// recent remembers the classifiers trained last in this process: a library is
// built anew when one article changes, and most shelves stay as they are.
var recent = struct {
	sync.Mutex
	byKey map[string]*classifier
	order []string
}{byKey: map[string]*classifier{}}

const maxRecent = 8

// trained returns the classifier of these lessons: one that was trained before,
// if there is one.
func trained(lessons []lesson, classes, features int, settings Settings) *classifier {
	if settings.Anew {
		return train(lessons, classes, features)
	}
	cache, key := settings.Cache, digest(lessons, classes, features)
	recent.Lock()
	defer recent.Unlock()
	if c := recent.byKey[key]; c != nil {
		return c
	}
	c := cached(cache, key, classes, features)
	if c == nil {
		c = train(lessons, classes, features)
		if cache != nil {
			cache.Put(key, c.encode())
		}
	}
	recent.byKey[key] = c
	recent.order = append(recent.order, key)
	if len(recent.order) > maxRecent {
		delete(recent.byKey, recent.order[0])
		recent.order = recent.order[1:]
	}
	return c
}

// edition changes whenever training or encoding does.
const edition = 1

// digest is what a classifier is known by: what it learns, and how.
func digest(lessons []lesson, classes, features int) string {
	h := sha256.New()
	var room []byte
	put := func(n uint32) { room = binary.LittleEndian.AppendUint32(room, n) }
	put(edition)
	put(uint32(classes))
	put(uint32(features))
	for _, l := range lessons {
		put(uint32(l.class))
		put(uint32(len(l.features)))
		for _, f := range l.features {
			put(f.id)
			put(math.Float32bits(f.count))
		}
		h.Write(room)
		room = room[:0]
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func cached(cache Cache, key string, classes, features int) *classifier {
	if cache == nil {
		return nil
	}
	data, ok := cache.Get(key)
	if !ok {
		return nil
	}
	return decodeClassifier(data, classes, features)
}

// parts are the fields of c in the order in which they are encoded.
func (c *classifier) parts() []any {
	l := &c.lessons
	return []any{&c.idf, &c.from, &c.classes, &c.weights, &c.bias, &l.byClass, &l.from, &l.ids, &l.weights}
}

// encode writes c as the lengths and values of its fields, in little-endian
// order, after a hash of them.
func (c *classifier) encode() []byte {
	var b bytes.Buffer
	put := func(v any) { binary.Write(&b, binary.LittleEndian, v) } // cannot fail: plain numbers, into memory
	put(c.rare)
	for _, part := range c.parts() {
		switch p := part.(type) {
		case *[]float32:
			put(uint32(len(*p)))
			put(*p)
		case *[]uint32:
			put(uint32(len(*p)))
			put(*p)
		case *[]uint16:
			put(uint32(len(*p)))
			put(*p)
		case *[]int16:
			put(uint32(len(*p)))
			put(*p)
		}
	}
	sum := sha256.Sum256(b.Bytes())
	return append(sum[:], b.Bytes()...)
}

// decodeClassifier reads what encode wrote; nil if it is damaged or for another
// number of documents or features.
func decodeClassifier(data []byte, classes, features int) *classifier {
	if len(data) < sha256.Size || sha256.Sum256(data[sha256.Size:]) != [sha256.Size]byte(data[:sha256.Size]) {
		return nil
	}
	r := bytes.NewReader(data[sha256.Size:])
	c := &classifier{}
	if binary.Read(r, binary.LittleEndian, &c.rare) != nil {
		return nil
	}
	for _, part := range c.parts() {
		ok := false
		switch p := part.(type) {
		case *[]float32:
			ok = readList(r, p)
		case *[]uint32:
			ok = readList(r, p)
		case *[]uint16:
			ok = readList(r, p)
		case *[]int16:
			ok = readList(r, p)
		}
		if !ok {
			return nil
		}
	}
	if len(c.bias) != classes || len(c.idf) != features || len(c.from) != features+1 {
		return nil
	}
	return c
}

// readList reads the length and the values of a list; false if they are not
// all there.
func readList[T float32 | uint32 | uint16 | int16](r *bytes.Reader, list *[]T) bool {
	var n uint32
	if binary.Read(r, binary.LittleEndian, &n) != nil || int(n)*binary.Size(T(0)) > r.Len() {
		return false
	}
	*list = make([]T, n)
	return binary.Read(r, binary.LittleEndian, *list) == nil
}
