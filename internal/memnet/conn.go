package memnet

import (
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// capacity is how many unread bytes one direction holds before Write waits, and
// roomAgain how much must be free before it goes on: about what a loopback
// connection of Linux holds, and a third of it, as there.
const (
	capacity  = 4 << 20
	roomAgain = capacity / 3
)

// conn is one end of a connection.
type conn struct {
	in, out       *stream
	local, remote net.Addr
	resets        atomic.Bool // see SetLinger
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

// WriteSome writes what there is room for, and waits until there is some.
func (c *conn) WriteSome(p []byte) (int, error) {
	n, err := c.out.writeSome(p)
	return n, c.wrap("write", err)
}

// Close ends both directions. The peer can still read what was written before.
func (c *conn) Close() error {
	c.in.closeReader()
	end := io.EOF
	if c.resets.Load() {
		end = syscall.ECONNRESET
	}
	c.out.closeWriter(end)
	return nil
}

// SetLinger is that of [net.TCPConn]: with 0, the peer reads an error that wraps
// syscall.ECONNRESET when the connection is closed, instead of io.EOF.
func (c *conn) SetLinger(seconds int) error {
	c.resets.Store(seconds == 0)
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
