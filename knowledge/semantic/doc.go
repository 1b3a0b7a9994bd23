// Package semantic tells how alike texts mean, whatever their words: texts become
// vectors, and vectors that point the same way mean much the same.
//
//   - embedder.go is the contract of whatever makes vectors: the model in this
//     binary, or adapters/embedding, which asks a server.
//   - static.go is that model, and tokens.go cuts text for it. It needs no service
//     and no file; distill/ is how it is made.
//   - vectors.go compares a vector with many, exactly.
//   - index.go holds the vectors of documents: an [Index] compares a question with
//     them, and a [Likeness] is what came out, for knowledge/search to count as one
//     voice among others.
package semantic
