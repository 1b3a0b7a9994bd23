package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"sync"

	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// A taught source has the vectors of a file, by text: what a model says that is
// asked beforehand, elsewhere.
type taught struct {
	file  string
	model semantic.Model
	rows  map[[sha256.Size]byte][]float32
}

// vectorsMagic begins such a file, which knowledge/semantic/distill/ask_teacher.py
// writes. Then comes a line of JSON, the name of the model and how many numbers
// its vectors have, and for each text its SHA-256 and its vector, float32, little
// endian.
const vectorsMagic = "signpost vectors 1\n"

func readTaught(file string) (*taught, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(data, []byte(vectorsMagic))
	header, rest, cut := bytes.Cut(rest, []byte("\n"))
	if !ok || !cut {
		return nil, fmt.Errorf("%s is no file of vectors", file)
	}
	var about struct {
		Name string
		Dims int
	}
	if err := json.Unmarshal(header, &about); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	size := sha256.Size + 4*about.Dims
	if about.Dims < 1 || len(rest)%size != 0 {
		return nil, fmt.Errorf("%s: %d bytes are no vectors of %d numbers", file, len(rest), about.Dims)
	}
	t := &taught{file, semantic.Model{Name: about.Name, Dims: about.Dims}, map[[sha256.Size]byte][]float32{}}
	for row := range slices.Chunk(rest, size) {
		vector := make([]float32, about.Dims)
		for i := range vector {
			vector[i] = math.Float32frombits(binary.LittleEndian.Uint32(row[sha256.Size+4*i:]))
		}
		t.rows[[sha256.Size]byte(row)] = vector
	}
	return t, nil
}

func (t *taught) Model() semantic.Model { return t.model }

func (t *taught) Embed(_ context.Context, _ semantic.Role, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	missing := 0
	for i, text := range texts {
		if vectors[i] = t.rows[sha256.Sum256([]byte(text))]; vectors[i] == nil {
			missing++
		}
	}
	if missing > 0 {
		return nil, fmt.Errorf("%s lacks %d of %d texts: list them with -texts, and ask the teacher", t.file, missing, len(texts))
	}
	return vectors, nil
}

func (t *taught) Known(passages []string) ([][]float32, bool) {
	vectors, err := t.Embed(context.Background(), semantic.Passage, passages)
	return vectors, err == nil
}

// learn complains of what the file lacks.
func (t *taught) learn(passages []string) error {
	_, err := t.Embed(context.Background(), semantic.Passage, passages)
	return err
}

// A lister is a source that knows nothing and lists what it is asked for.
type lister struct {
	mu    sync.Mutex
	seen  map[string]bool
	texts []string
}

func (*lister) Model() semantic.Model { return semantic.Model{Name: "list", Dims: 1} }

func (l *lister) Embed(_ context.Context, _ semantic.Role, texts []string) ([][]float32, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		if vectors[i] = []float32{0}; !l.seen[text] {
			l.seen[text] = true
			l.texts = append(l.texts, text)
		}
	}
	return vectors, nil
}

func (l *lister) Known(passages []string) ([][]float32, bool) {
	vectors, err := l.Embed(context.Background(), semantic.Passage, passages)
	return vectors, err == nil
}

func (l *lister) learn(passages []string) error {
	_, err := l.Embed(context.Background(), semantic.Passage, passages)
	return err
}

// listTexts writes to a file the texts of which sets need vectors, each a JSON
// string on a line.
func listTexts(sets []set, file string) error {
	l := &lister{seen: map[string]bool{}}
	for _, s := range sets {
		for _, t := range s.settings {
			if _, _, err := s.score(t, s.ours(voice{"texts", l})); err != nil {
				return fmt.Errorf("%s %s: %w", s.name, t.name, err)
			}
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	for _, text := range l.texts {
		if err := encoder.Encode(text); err != nil {
			return err
		}
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}
