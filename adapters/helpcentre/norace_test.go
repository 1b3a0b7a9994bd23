//go:build !race

package helpcentre

const raced = false
