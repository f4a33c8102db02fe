package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// capacity is how many unread bytes one direction holds before Write waits. It
// is large: it limits the memory that a peer who never reads can take, not
// the traffic.
const capacity = 64 << 20

// conn is one end of a connection.
type conn struct {
	in, out       *stream
	local, remote net.Addr
}

var _ net.Conn = (*conn)(nil)

func pipe(a, b net.Addr) (*conn, *conn) {
	ab, ba := newStream(), newStream()
	return &conn{in: ba, out: ab, local: a, remote: b}, &conn{in: ab, out: ba, local: b, remote: a}
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.wrap("read", err)
}

func (c *conn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	return n, c.wrap("write", err)
}

// TryWrite writes what there is room for and does not wait.
func (c *conn) TryWrite(p []byte) (int, error) {
	n, err := c.out.tryWrite(p)
	return n, c.wrap("write", err)
}

// Close ends both directions. The peer can still read what was written before.
func (c *conn) Close() error {
	c.in.closeReader()
	c.out.closeWriter()
	return nil
}

func (c *conn) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: "memory", Source: c.local, Addr: c.remote, Err: err}
}

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) SetDeadline(t time.Time) error {
	c.in.reader.setDeadline(t)
	c.out.writer.setDeadline(t)
	return nil
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.in.reader.setDeadline(t)
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.out.writer.setDeadline(t)
	return nil
}

// stream is one direction of a connection.
type stream struct {
	mu sync.Mutex
	// guarded by mu
	buf     []byte // buf[start:] is not read yet
	start   int
	ended   bool // the writer closed
	refused bool // the reader closed
	reader  side
	writer  side
}

func newStream() *stream {
	s := &stream{}
	s.reader.init(&s.mu)
	s.writer.init(&s.mu)
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.refused:
			return 0, net.ErrClosed
		case s.reader.expired():
			return 0, os.ErrDeadlineExceeded
		case s.start < len(s.buf):
			n := copy(p, s.buf[s.start:])
			s.consume(n)
			return n, nil
		case s.ended:
			return 0, io.EOF
		case len(p) == 0:
			return 0, nil
		}
		s.reader.wait()
	}
}

// consume drops n bytes from the front.
func (s *stream) consume(n int) {
	wasFull := len(s.buf)-s.start >= capacity
	s.start += n
	if s.start == len(s.buf) {
		s.start = 0
		s.buf = s.buf[:0]
		if cap(s.buf) > keepBuffer {
			s.buf = nil
		}
	}
	if wasFull {
		s.writer.cond.Broadcast()
	}
}

// keepBuffer is the largest empty buffer that is kept for reuse.
const keepBuffer = 1 << 20

func (s *stream) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	written := 0
	for {
		switch {
		case s.ended:
			return written, net.ErrClosed
		case s.writer.expired():
			return written, os.ErrDeadlineExceeded
		case s.refused:
			return written, io.ErrClosedPipe
		case len(p) == 0:
			return written, nil
		}
		if room := capacity - (len(s.buf) - s.start); room > 0 {
			n := min(room, len(p))
			s.append(p[:n])
			written += n
			p = p[n:]
			continue
		}
		s.writer.wait()
	}
}

// tryWrite is write without waiting.
func (s *stream) tryWrite(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended:
		return 0, net.ErrClosed
	case s.refused:
		return 0, io.ErrClosedPipe
	}
	n := min(capacity-(len(s.buf)-s.start), len(p))
	s.append(p[:n])
	return n, nil
}

func (s *stream) append(p []byte) {
	if s.start > 0 && len(s.buf)+len(p) > cap(s.buf) {
		s.buf = s.buf[:copy(s.buf, s.buf[s.start:])]
		s.start = 0
	}
	s.buf = append(s.buf, p...)
	s.reader.cond.Broadcast()
}

func (s *stream) closeReader() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = true
	s.buf, s.start = nil, 0
	s.reader.stop()
	s.reader.cond.Broadcast()
	s.writer.cond.Broadcast()
}

func (s *stream) closeWriter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.writer.stop()
	s.reader.cond.Broadcast()
	s.writer.cond.Broadcast()
}

// side is what the reader or the writer of a stream waits with.
type side struct {
	cond     sync.Cond
	deadline time.Time
	// timer wakes the side up at armed, which may be earlier than the
	// deadline: a deadline that moves on with every frame then costs nothing.
	timer *time.Timer
	armed time.Time
}

func (d *side) init(mu *sync.Mutex) { d.cond.L = mu }

func (d *side) setDeadline(t time.Time) {
	d.cond.L.Lock()
	defer d.cond.L.Unlock()
	d.deadline = t
	d.cond.Broadcast()
}

func (d *side) expired() bool {
	return !d.deadline.IsZero() && !time.Now().Before(d.deadline)
}

// wait waits until something has changed, or the deadline may have passed.
func (d *side) wait() {
	if !d.deadline.IsZero() && (d.timer == nil || d.armed.After(d.deadline)) {
		d.stop()
		d.armed = d.deadline
		d.timer = time.AfterFunc(time.Until(d.deadline), d.wake)
	}
	d.cond.Wait()
}

func (d *side) wake() {
	d.cond.L.Lock()
	defer d.cond.L.Unlock()
	d.timer = nil
	d.cond.Broadcast()
}

func (d *side) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}
