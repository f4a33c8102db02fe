package amqpserver

import (
	"net"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/minirabbit/minirabbit/broker"
)

// counted counts the bytes that pass a connection.
type counted struct {
	net.Conn
	direct         directWriter // of Conn, nil if it cannot
	received, sent atomic.Uint64
}

// directWriter is a network connection that can write without waiting.
type directWriter interface {
	// TryWrite writes as much as the network takes at once and returns how
	// many bytes that is. Nobody else may be writing.
	TryWrite(p []byte) (n int, err error)
}

// waitingWriter is one that can also wait.
type waitingWriter interface {
	// WriteSome writes as much as the network takes at once, and waits until that
	// is something.
	WriteSome(p []byte) (n int, err error)
}

func newCounted(nc net.Conn) *counted {
	c := &counted{Conn: nc}
	switch nc := nc.(type) {
	case directWriter:
		c.direct = nc
	case syscall.Conn:
		c.direct = newDirectSocket(nc)
	}
	return c
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.received.Add(uint64(n))
	return n, err
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Add(uint64(n))
	return n, err
}

// TryWrite implements [directWriter].
func (c *counted) TryWrite(p []byte) (n int, err error) {
	if c.direct == nil {
		return 0, nil
	}
	n, err = c.direct.TryWrite(p)
	c.sent.Add(uint64(n))
	return n, err
}

// somePiece is how much is written at least without a [waitingWriter].
const somePiece = 64 << 10

// WriteSome writes something, at least, and waits until the network takes it. least is
// how much the caller wants to have written before it is told.
func (c *counted) WriteSome(p []byte, least int) (n int, err error) {
	if w, ok := c.direct.(waitingWriter); ok {
		n, err = w.WriteSome(p)
		c.sent.Add(uint64(n))
		return n, err
	}
	return c.Write(p[:min(len(p), max(least, somePiece))])
}

// transport describes the connection to the broker.
func (c *conn) transport() broker.Transport {
	t := broker.Transport{
		Mechanism:  c.mechanism,
		ChannelMax: int(c.tuned.channelMax),
		FrameMax:   int(c.tuned.frameMax),
		Heartbeat:  c.heartbeat,
		Traffic:    c.traffic,
		Close:      c.force,
	}
	t.PeerHost, t.PeerPort = splitAddress(c.nc.RemoteAddr())
	t.Host, t.Port = splitAddress(c.nc.LocalAddr())
	return t
}

func splitAddress(a net.Addr) (host string, port int) {
	host, digits, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String(), 0
	}
	port, _ = strconv.Atoi(digits)
	return host, port
}

func (c *conn) traffic() broker.Traffic {
	return broker.Traffic{Received: c.received.Load(), Sent: c.sent.Load(),
		ReceivedBytes: c.direct.received.Load(), SentBytes: c.direct.sent.Load()}
}

// force closes the connection for a reason of the operator's.
func (c *conn) force(e *broker.ConnectionError) {
	c.interrupt(e)
	if c.resting.Load() {
		c.release()
	}
}

// begin enters the session in the broker, and takes it out again if the node
// refuses it.
func (c *conn) begin() error {
	c.session.Transport = c.transport()
	if err := c.node.Connect(c.session); err != nil {
		c.session = nil
		return err
	}
	c.session.VHost.Do(func() {
		c.session.Open()
		c.entered.Store(c.session)
	})
	return nil
}

// listen begins the wait for commands, which takes as long as it takes, unless
// somebody has closed the connection already.
func (c *conn) listen() {
	c.nc.SetReadDeadline(time.Time{})
	if c.interruption.Load() != nil {
		c.nc.SetReadDeadline(time.Unix(1, 0))
	}
}
