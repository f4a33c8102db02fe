//go:build unix

package amqpserver

import "syscall"

// directSocket writes to a socket without waiting.
type directSocket struct {
	raw syscall.RawConn
	// attempt and insist are write and writeSome.
	attempt, insist func(fd uintptr) (done bool)

	// of the present attempt
	p   []byte
	n   int
	err error
}

// newDirectSocket returns nil if the connection has no socket.
func newDirectSocket(c syscall.Conn) directWriter {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	s := &directSocket{raw: raw}
	s.attempt, s.insist = s.write, s.writeSome
	return s
}

// write makes one attempt. That it is done means that nobody waits for room.
func (s *directSocket) write(fd uintptr) (done bool) {
	n, err := syscall.Write(int(fd), s.p)
	s.n = max(n, 0)
	if err != syscall.EAGAIN && err != syscall.EINTR {
		s.err = err
	}
	return true
}

// writeSome makes one attempt, after which the caller waits for room if there was none.
func (s *directSocket) writeSome(fd uintptr) (done bool) {
	s.write(fd)
	return s.n > 0 || s.err != nil
}

// TryWrite implements [directWriter].
func (s *directSocket) TryWrite(p []byte) (int, error) {
	return s.do(s.attempt, p)
}

// WriteSome implements [waitingWriter].
func (s *directSocket) WriteSome(p []byte) (int, error) {
	return s.do(s.insist, p)
}

func (s *directSocket) do(write func(fd uintptr) (done bool), p []byte) (int, error) {
	s.p, s.n, s.err = p, 0, nil
	err := s.raw.Write(write)
	s.p = nil
	if err == nil {
		err = s.err
	}
	return s.n, err
}
