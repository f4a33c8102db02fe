// Package memnet is a network within the process: a listener and connections
// without a socket. A connection buffers what is written, so that two peers that
// write at the same time do not wait for each other as over net.Pipe.
//
// It works inside a testing/synctest bubble: it waits only on conditions, and its
// deadlines follow the bubble's time.
package memnet
