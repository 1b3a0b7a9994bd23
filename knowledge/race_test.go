//go:build race

package knowledge

// raced says whether the race detector is on.
const raced = true
