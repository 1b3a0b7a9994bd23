package embedding

import (
	"maps"
	"sync"
)

// maxMemory is how many vectors are kept without a folder: of 1,024 numbers
// each, 200 MB.
const maxMemory = 50_000

// A memory keeps vectors as long as the process runs.
type memory struct {
	mu      sync.Mutex
	vectors map[key][]float32
}

func (m *memory) get(want map[key][]float32) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k := range want {
		want[k] = m.vectors[k]
	}
	return nil
}

func (m *memory) add(vectors map[key][]float32) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.vectors == nil {
		m.vectors = map[key][]float32{}
	}
	maps.Copy(m.vectors, vectors)
	return nil
}

func (m *memory) prune(keep map[key]bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.vectors) > maxMemory {
		maps.DeleteFunc(m.vectors, func(k key, _ []float32) bool { return !keep[k] })
	}
	return nil
}
