// Package semantic tells how alike texts mean, whatever their words: an
// [Embedder] turns texts into vectors, and vectors that point the same way mean
// much the same.
package semantic
