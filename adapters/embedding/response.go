package embedding

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// decode reads the answer to a request for n vectors. They may come in any
// order; each must come once. All have the same dimensions and length 1.
func decode(data []byte, n int) ([][]float32, error) {
	var answer struct {
		Data []struct {
			Index     *int
			Embedding json.RawMessage
		}
	}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("<")) {
		return nil, errors.New("it is a web page; check url")
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, notJSON(err)
	}
	if len(answer.Data) != n {
		return nil, fmt.Errorf("%d vectors instead of %d", len(answer.Data), n)
	}
	vectors := make([][]float32, n)
	for _, item := range answer.Data {
		if item.Index == nil || *item.Index < 0 || *item.Index >= n {
			return nil, errors.New("a vector without a text it belongs to")
		}
		i := *item.Index
		if vectors[i] != nil {
			return nil, fmt.Errorf("two vectors for text %d", i)
		}
		vector, err := parse(item.Embedding)
		if err == nil {
			err = normalise(vector)
		}
		if err != nil {
			return nil, fmt.Errorf("vector %d: %w", i, err)
		}
		vectors[i] = vector
	}
	for i, vector := range vectors {
		if len(vector) != len(vectors[0]) {
			return nil, fmt.Errorf("vector %d has %d numbers, vector 0 has %d", i, len(vector), len(vectors[0]))
		}
	}
	return vectors, nil
}

// notJSON leaves out what of the answer an error quotes.
func notJSON(err error) error {
	if e := (*json.SyntaxError)(nil); errors.As(err, &e) {
		return fmt.Errorf("it is not JSON, or not all of it, at byte %d", e.Offset)
	}
	return errors.New("it is not a list of vectors")
}

// parse reads the numbers of a vector. The JSON decoder would take null for 0.
func parse(raw []byte) ([]float32, error) {
	inner, ok := bytes.CutPrefix(bytes.TrimSpace(raw), []byte("["))
	if !ok {
		return nil, errors.New("it is not a list of numbers")
	}
	inner = bytes.TrimSuffix(inner, []byte("]"))
	if len(bytes.TrimSpace(inner)) == 0 {
		return nil, errors.New("it is empty")
	}
	vector := make([]float32, 0, bytes.Count(inner, []byte(","))+1)
	for field := range bytes.SplitSeq(inner, []byte(",")) {
		x, err := strconv.ParseFloat(string(bytes.TrimSpace(field)), 32)
		if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
			return nil, fmt.Errorf("number %d is none, or too large", len(vector))
		}
		vector = append(vector, float32(x))
	}
	return vector, nil
}

// normalise gives a vector the length 1.
func normalise(vector []float32) error {
	var sum float64
	for _, x := range vector {
		sum += float64(x) * float64(x)
	}
	if sum == 0 {
		return errors.New("it is all zero")
	}
	for i, x := range vector {
		vector[i] = float32(float64(x) / math.Sqrt(sum))
	}
	return nil
}
