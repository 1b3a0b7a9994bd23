package semantic

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
)

// A Static model gives every token a vector, and a text the sum of those of its
// tokens. It needs no service, answers in microseconds and never fails.
type Static struct {
	about  About
	tokens *tokenizer
	scale  []float32 // by token: what a step counts
	rows   []byte    // by token, dims steps each, int8
}

// About is what the file of a model says of it.
type About struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Licence string `json:"licence"` // SPDX
	Teacher string `json:"teacher"` // the models that it was distilled from
	Dims    int    `json:"dims"`
	Tokens  int    `json:"tokens"`
	SHA256  string `json:"sha256"` // of what follows in the file, hex
}

//go:embed model/static.bin
var embedded []byte

var builtIn = sync.OnceValue(func() *Static {
	s, err := NewStatic(embedded)
	if err != nil {
		panic(fmt.Sprintf("the model in this binary is damaged: %v", err)) // the tests read the same bytes
	}
	return s
})

// BuiltIn returns the model that is part of the program. The first call takes
// some ten milliseconds.
func BuiltIn() *Static { return builtIn() }

// magic begins the file of a model. Then come the length of the header and of the
// list of tokens, each 4 bytes, little endian, like all that follows; the header, an
// [About] as JSON; the tokens, each on a line; what a step of each token counts,
// float32; and a row of steps for each token, int8.
const magic = "signpost static 1\n"

// maxHeader is how long a header or list of tokens may be, bytes.
const maxHeader = 8 << 20

// maxScale is how much a step may count; no sum or square can overflow then, and
// with its inverse as the least, none can vanish.
const maxScale = 1e6

// NewStatic reads a model, which keeps data.
func NewStatic(data []byte) (*Static, error) {
	rest, ok := bytes.CutPrefix(data, []byte(magic))
	if !ok || len(rest) < 8 {
		return nil, errors.New("not a static model")
	}
	header, list := binary.LittleEndian.Uint32(rest), binary.LittleEndian.Uint32(rest[4:])
	rest = rest[8:]
	if header > maxHeader || list > maxHeader || uint64(len(rest)) < uint64(header)+uint64(list) {
		return nil, errors.New("a static model cut short")
	}
	s := &Static{}
	if err := json.Unmarshal(rest[:header], &s.about); err != nil {
		return nil, fmt.Errorf("header of a static model: %w", err)
	}
	n, dims := s.about.Tokens, s.about.Dims
	if n < 1 || n > math.MaxInt32 || dims < 1 || dims > 4096 {
		return nil, fmt.Errorf("a static model of %d tokens with %d dimensions", n, dims)
	}
	tokens := strings.Split(strings.TrimSuffix(string(rest[header:header+list]), "\n"), "\n")
	rest = rest[header+list:]
	if len(tokens) != n || int64(len(rest)) != int64(n)*int64(4+dims) {
		return nil, fmt.Errorf("a static model of %d tokens has %d, and %d bytes of vectors", n, len(tokens), len(rest))
	}
	s.tokens = newTokenizer(tokens)
	s.scale = make([]float32, n)
	for i := range s.scale {
		s.scale[i] = math.Float32frombits(binary.LittleEndian.Uint32(rest[4*i:]))
		if x := math.Abs(float64(s.scale[i])); x != 0 && !(1/maxScale <= x && x <= maxScale) { // nor NaN
			return nil, fmt.Errorf("a static model in which %q counts %v", tokens[i], s.scale[i])
		}
	}
	s.rows = rest[4*n:]
	return s, nil
}

// About tells where the model is from.
func (s *Static) About() About { return s.about }

// Model implements [Embedder].
func (s *Static) Model() Model {
	return Model{Name: s.about.Name, Version: s.about.Version, Dims: s.about.Dims}
}

// Embed implements [Embedder]. It heeds no role, and fails only with the error of
// ctx.
func (s *Static) Embed(ctx context.Context, _ Role, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		vectors[i] = s.embed(text)
	}
	return vectors, nil
}

// Known returns the vectors of all texts at once: the model is always at hand.
func (s *Static) Known(texts []string) (vectors [][]float32, ok bool) {
	vectors, err := s.Embed(context.Background(), Passage, texts)
	return vectors, err == nil
}

// Knows reports whether a word has a vector of its own; others are made of pieces,
// and mean nothing if they are mistyped.
func (s *Static) Knows(word string) bool {
	_, ok := s.tokens.whole[fold(word)]
	return ok
}

// Guess returns the commonest word that the model knows and that differs from a
// word by one slip of the keyboard: a letter too many, missing, wrong, or in the
// other order. It is not ok for short words, which too many differ from.
func (s *Static) Guess(word string) (meant string, ok bool) {
	word = fold(word)
	if len(word) < minGuessed || len(word) > maxGuessed {
		return "", false
	}
	first := int32(math.MaxInt32)
	try := func(candidate []byte) {
		if id, known := s.tokens.whole[string(candidate)]; known && id < first {
			meant, first = string(candidate), id // common ones come first
		}
	}
	var b []byte
	for i := range len(word) + 1 {
		if i < len(word) {
			try(append(append(b[:0], word[:i]...), word[i+1:]...))
		}
		if i+1 < len(word) {
			b = append(append(b[:0], word[:i]...), word[i+1], word[i])
			try(append(b, word[i+2:]...))
		}
		for c := byte('a'); c <= 'z'; c++ {
			b = append(append(b[:0], word[:i]...), c)
			try(append(b, word[i:]...))
			if i < len(word) {
				try(append(b, word[i+1:]...))
			}
		}
	}
	return meant, meant != ""
}

// The lengths of words that are guessed at, bytes.
const (
	minGuessed = 5
	maxGuessed = 14
)

// What is read of a text: what it is about is said by then.
const (
	maxTokens = 512
	maxText   = 8 << 10 // bytes
)

func (s *Static) embed(text string) []float32 {
	dims := s.about.Dims
	vector := make([]float32, dims)
	read := 0
	s.tokens.each(text[:min(len(text), maxText)], func(id int32) {
		if read++; id == unknown || read > maxTokens {
			return
		}
		add(vector, s.scale[id], s.rows[int(id)*dims:][:dims])
	})
	normalise(vector)
	return vector
}

// add adds a row of steps to a vector, which its caller alone has: nothing for the
// race detector, see sums.
//
//go:norace
func add(vector []float32, scale float32, row []byte) {
	vector = vector[:len(row)]
	for k, step := range row {
		vector[k] += float32(scale * float32(int8(step)))
	}
}

// normalise makes a vector one of length 1, if it has any.
func normalise(vector []float32) {
	square := float32(0)
	for _, x := range vector {
		square += float32(x * x)
	}
	if square == 0 {
		return
	}
	by := float32(1 / math.Sqrt(float64(square)))
	for i := range vector {
		vector[i] *= by
	}
}
