//go:build !race

package management_test

// slowdown is how much longer things may take with the race detector: it is off.
const slowdown = 1
