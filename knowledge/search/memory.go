package search

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"maps"
	"math"
	"sync"
	"weak"
)

// A Cache keeps what an index has learned, by a hash of what it learned from.
// It may forget at any time, and what comes back is checked.
type Cache interface {
	Get(key string) ([]byte, bool)
	Put(key string, data []byte)
}

// A memo remembers what was made last in this process, by a hash of what it was
// made from, and what was made before as long as it is in use. What it remembers
// is immutable.
type memo[T any] struct {
	mu    sync.Mutex
	byKey map[string]func() *T // each makes its thing the first time it is called
	order []string             // of keys, the oldest first
	inUse map[string]weak.Pointer[T]
}

// remembered is how many things a memo keeps.
const remembered = 8

// get returns what was made for key, or makes it. Different things are made at
// the same time, and the same one once.
func (m *memo[T]) get(key string, make func() *T) *T {
	m.mu.Lock()
	made := m.byKey[key]
	if v := m.inUse[key].Value(); made == nil && v != nil {
		m.mu.Unlock()
		return v
	}
	if made == nil {
		if m.byKey == nil {
			m.byKey = map[string]func() *T{}
		}
		made = sync.OnceValue(make)
		m.byKey[key] = made
		if m.order = append(m.order, key); len(m.order) > remembered {
			delete(m.byKey, m.order[0])
			m.order = m.order[1:]
		}
	}
	m.mu.Unlock()
	v := made()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.inUse == nil {
		m.inUse = map[string]weak.Pointer[T]{}
	}
	maps.DeleteFunc(m.inUse, func(_ string, p weak.Pointer[T]) bool { return p.Value() == nil })
	m.inUse[key] = weak.Make(v)
	return v
}

func (m *memo[T]) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.byKey, m.order, m.inUse = nil, nil, nil
}

// A library is built anew when one article changes, and most classifiers stay as
// they are; when what was learned changes, all that were trained do. For another
// view of it, or another configuration, all of it stays.
var (
	classifiers memo[classifier]
	indexes     memo[Index]
)

// maxRemembered is how many documents an index has at most that is remembered:
// more take more memory than being quick is worth.
const maxRemembered = 1000

// fingerprint is what an index is known by: what it is built of.
func fingerprint(docs []Document, related []Concept) string {
	h := sha256.New()
	encoder := json.NewEncoder(h)
	for _, v := range []any{docs, related} {
		if err := encoder.Encode(v); err != nil {
			panic(err) // plain data: cannot fail
		}
	}
	return string(h.Sum(nil))
}

// trained returns the classifier of these lessons: one that was trained before,
// if there is one.
func trained(lessons []lesson, classes, features int, settings Settings) *classifier {
	if settings.Anew {
		return train(lessons, classes, features)
	}
	key := digest(lessons, classes, features)
	return classifiers.get(key, func() *classifier {
		c := cached(settings.Cache, key, classes, features)
		if c == nil {
			c = train(lessons, classes, features)
			if settings.Cache != nil {
				settings.Cache.Put(key, c.encode())
			}
		}
		return c
	})
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
	c.arrange()
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
