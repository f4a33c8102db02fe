package testkit

import (
	"bytes"
	"encoding/binary"
)

// login holds back what a client sends first, until its password can be made
// illegible: the protocol header and connection.start-ok.
type login struct {
	held []byte
	over bool
}

const (
	protocolHeader = 8
	frameHeader    = 7 // type, channel and size
	frameEnd       = 1
	// maxHeldLogin is more than a client may send before connection.tune.
	maxHeldLogin = 1 << 20
)

// take takes what has arrived and returns what can be captured of it.
func (l *login) take(b []byte) []byte {
	if l.over {
		return b
	}
	l.held = append(l.held, b...)
	if len(l.held) < protocolHeader+frameHeader {
		return nil
	}
	size := binary.BigEndian.Uint32(l.held[protocolHeader+3:])
	if size > maxHeldLogin {
		return l.flush()
	}
	if first := protocolHeader + frameHeader + int(size) + frameEnd; len(l.held) < first {
		return nil
	}
	return l.flush()
}

// flush returns what was held back, without the password.
func (l *login) flush() []byte {
	held := l.held
	l.held, l.over = nil, true
	if len(held) > protocolHeader+frameHeader {
		hideResponse(held[protocolHeader+frameHeader:])
	}
	return held
}

// hideResponse overwrites the response in connection.start-ok:
//
//	| class 2 | method 2 | client-properties 4+n | mechanism 1+n | response 4+n | locale 1+n |
//
// and everything from where the arguments are not what they should be.
func hideResponse(method []byte) {
	rest := skip(method, 4)
	rest = skip(rest, 4+length(rest, 4))
	rest = skip(rest, 1+length(rest, 1))
	n := length(rest, 4)
	rest = skip(rest, 4)
	hidden := rest[:min(n, len(rest))]
	copy(hidden, bytes.Repeat([]byte{'*'}, len(hidden)))
}

// length reads a length of one or four bytes.
func length(b []byte, size int) int {
	switch {
	case len(b) < size:
		return 0
	case size == 1:
		return int(b[0])
	default:
		return int(min(binary.BigEndian.Uint32(b), maxHeldLogin))
	}
}

func skip(b []byte, n int) []byte { return b[min(n, len(b)):] }
