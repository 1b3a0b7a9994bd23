package knowledge

import (
	"embed"
	"io/fs"
)

//go:embed sample
var sample embed.FS

// Sample is the built-in knowledge base: 187 articles in English, Portuguese
// and Spanish for the audiences buyer, creator and affiliate.
func Sample() fs.FS {
	dir, err := fs.Sub(sample, "sample")
	if err != nil {
		panic(err) // the name above is not a valid path
	}
	return dir
}
