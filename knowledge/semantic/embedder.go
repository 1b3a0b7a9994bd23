package semantic

import "context"

// A Model says which vectors are comparable: those of the same model.
type Model struct {
	Name    string // such as "signpost-static"
	Version string // changes whenever a text's vector may
	Dims    int    // numbers in a vector
}

// A Role is what a text is to be compared as. Some models put questions and
// the passages that answer them together only if they are told which is which.
type Role int

const (
	Question Role = iota
	Passage
)

// An Embedder turns texts into vectors whose angle says how alike they mean.
// Its methods are safe for concurrent use.
type Embedder interface {
	// Model is the same for as long as the Embedder lives.
	Model() Model

	// Embed returns a vector of Model().Dims numbers for each text, in their
	// order, of length 1; of length 0 for a text of which the model knows
	// nothing. On an error there are no vectors.
	Embed(ctx context.Context, role Role, texts []string) ([][]float32, error)
}
