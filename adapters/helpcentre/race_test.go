//go:build race

package helpcentre

// raced says whether the race detector is on.
const raced = true
