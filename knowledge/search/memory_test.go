package search

import (
	"bytes"
	"reflect"
	"runtime"
	"testing"
)

// lessonsOf are three short lessons for two documents.
var lessonsOf = []lesson{
	{class: 0, features: []feature{{id: 0, count: 1}, {id: 1, count: 2, run: true}}},
	{class: 1, features: []feature{{id: 2, count: 1}}},
	{class: 1, features: []feature{{id: 0, count: 1}, {id: 2, count: 1}}},
}

func TestClassifierIsKept(t *testing.T) {
	c := train(lessonsOf, 2, 3)
	if got := decodeClassifier(c.encode(), 2, 3); !reflect.DeepEqual(got, c) {
		t.Errorf("decoded %+v, want %+v", got, c)
	}
	for _, wrong := range [][2]int{{1, 3}, {2, 4}} {
		if got := decodeClassifier(c.encode(), wrong[0], wrong[1]); got != nil {
			t.Errorf("decoded for %d documents and %d features", wrong[0], wrong[1])
		}
	}
	for i := range c.encode() {
		damaged := c.encode()
		damaged[i] ^= 1
		if decodeClassifier(damaged, 2, 3) != nil {
			t.Errorf("decoded with a bit of byte %d turned", i)
		}
	}
}

// TestTrainIsTheSame: the same lessons teach the same, bit by bit.
func TestTrainIsTheSame(t *testing.T) {
	first := train(lessonsOf, 2, 3).encode()
	for range 3 {
		if !bytes.Equal(train(lessonsOf, 2, 3).encode(), first) {
			t.Fatal("learned something else")
		}
	}
}

// shelved is a cache in memory.
type shelved map[string][]byte

func (s shelved) Get(key string) ([]byte, bool) {
	data, ok := s[key]
	return data, ok
}

func (s shelved) Put(key string, data []byte) { s[key] = data }

func TestTrainedAsksTheCache(t *testing.T) {
	cache := shelved{}
	key := digest(lessonsOf, 2, 3)
	trained(lessonsOf, 2, 3, Settings{Cache: cache})
	if decodeClassifier(cache[key], 2, 3) == nil {
		t.Fatal("the cache did not get what was learned")
	}
	classifiers.forget() // as after a restart
	other := train(lessonsOf, 2, 3)
	other.bias[0] = 42
	cache[key] = other.encode()
	if c := trained(lessonsOf, 2, 3, Settings{Cache: cache}); c.bias[0] != 42 {
		t.Errorf("learned anew, with a bias of %v; want what the cache has", c.bias[0])
	}
	classifiers.forget()
}

func FuzzDecodeClassifier(f *testing.F) {
	f.Add(train(lessonsOf, 2, 3).encode())
	f.Add([]byte("nonsense"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c := decodeClassifier(data, 2, 3); c != nil && !bytes.Equal(c.encode(), data) {
			t.Error("decoded something else than it encodes to")
		}
	})
}

func TestIndexIsRemembered(t *testing.T) {
	first := New(library, related)
	if again := New(library, related); again != first {
		t.Error("the same documents make two indexes")
	}
	changed := append([]Document{}, library...)
	changed[0].Phrasings = []string{"something else"}
	if New(changed, related) == first || New(library, nil) == first {
		t.Error("other documents or related words make the same index")
	}
	if Build(library, related, Settings{Anew: true}) == first {
		t.Error("an index that must be built anew is remembered")
	}
	var m memo[int]
	for i := range remembered + 3 {
		m.get(string(rune('a'+i)), func() *int { return &i })
	}
	if len(m.byKey) != remembered || m.byKey["a"] != nil {
		t.Errorf("remembers %d things, want the last %d", len(m.byKey), remembered)
	}
}

// TestInUseIsRemembered: what is in use is not made again, however much is made
// besides.
func TestInUseIsRemembered(t *testing.T) {
	var m memo[[]int]
	make := func() *[]int { return &[]int{1} }
	first := m.get("first", make)
	for i := range 3 * remembered {
		m.get(string(rune('a'+i)), make)
	}
	if m.get("first", make) != first {
		t.Error("it was made again")
	}
	runtime.KeepAlive(first)
}
