// Package load measures what a broker costs under much load, and what a client notices of others that flood it. It has
// benchmarks only:
//
//	go test ./internal/load -run '^$' -bench . -benchtime 1x
//
// Broker and clients are in one process and talk over memory. docs/reliability.md has the figures.
package load
