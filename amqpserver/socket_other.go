//go:build !unix

package amqpserver

import "syscall"

// newDirectSocket returns nil: sockets are written to by the writer only.
func newDirectSocket(syscall.Conn) directWriter { return nil }
