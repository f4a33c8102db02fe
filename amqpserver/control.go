package amqpserver

import (
	"io"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// rest has the reader wait. It returns false if the connection ended meanwhile.
func (c *conn) rest(d time.Duration) bool {
	c.resting.Store(true)
	defer c.resting.Store(false)
	return c.hold(d)
}

// pass has the reader wait until a gate opens. It returns false if the
// connection ended meanwhile.
func (c *conn) pass(g *gate) bool {
	c.resting.Store(true)
	defer c.resting.Store(false)
	return c.through(g)
}

// through waits until a gate opens, and it is the connection's turn. It returns
// false if the connection ended meanwhile.
func (c *conn) through(g *gate) bool {
	select {
	case <-g.opened:
	case <-c.gone:
		select {
		case <-g.opened: // when the server stops, both happen
		default:
			return false
		}
	}
	if turn := g.turns[c]; turn > 0 {
		time.Sleep(turn)
	}
	return true
}

// hold waits. In the writer, everything waits that is to be sent. It returns false
// if the connection ended meanwhile.
func (c *conn) hold(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.gone:
		return false
	}
}

// reset closes the socket as RabbitMQ does, whose listeners have the option
// {linger, {true, 0}}: the client sees a reset where another server's connections end
// in order. It can still read what has arrived. A server that stops has less patience
// than RabbitMQ, and ends in order: a late client must not fail to write before it has
// read why.
func (c *conn) reset() {
	socket, ok := c.direct.Conn.(interface{ SetLinger(seconds int) error })
	if ok && !c.server.closed.Load() {
		_ = socket.SetLinger(0) // if that fails, it ends in order
	}
	c.nc.Close()
}

// abort ends the connection without a word, and in order, as a fault.
func (c *conn) abort() {
	c.ending.reach(cut)
	c.nc.Close()
	c.release()
}

// release ends all waits on purpose.
func (c *conn) release() { c.releaseOnce.Do(func() { close(c.gone) }) }

// outlast ends the reader of a connection that is over, when the writer has come so
// far that it cuts or interrupts it, or the client hangs up. What the client sends
// until then is dropped.
func (c *conn) outlast() error {
	c.endBatch()
	io.Copy(io.Discard, c.nc)
	return errAborted
}

// interrupt has the reader end the connection for a reason of somebody else's.
func (c *conn) interrupt(err error) {
	c.interruption.Store(&err)
	c.ending.reach(over)
	c.nc.SetReadDeadline(time.Unix(1, 0))
}

// interrupted returns the reason that interrupt was given, or else err.
func (c *conn) interrupted(err error) error {
	if why := c.interruption.Load(); why != nil {
		return *why
	}
	return err
}

// Line is a channel to a client that an interceptor can send on later. Lines are
// equal if they are the same channel of the same connection.
type Line struct{ ch *channel }

// Line returns the channel that the command is on.
func (c *Command) Line() Line { return Line{c.ch} }

// Send sends a method, past the interceptor, unless the channel or its connection has
// ended. It takes the lock of the virtual host, and tells of what it sends before.
func (l Line) Send(m wire.Method, tell func(c *Command)) {
	c := l.ch.c
	l.ch.vh.Lock()
	defer l.ch.vh.Unlock()
	if l.ch.session.Open() && c.ending.phase() == alive {
		tell(&Command{Peer: &c.peer, Channel: l.ch.number, Method: m})
		c.post(wire.AppendMethodFrame(c.out.begin(), l.ch.number, m))
	}
}

// EndConnection ends the connection of this name: with connection.close if err
// is a *broker.ConnectionError, without a word if err is nil. It returns false
// if there is none.
func (s *Server) EndConnection(name string, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.connsLocked() {
		if c.name != name {
			continue
		}
		if err == nil {
			c.abort()
		} else {
			c.interrupt(err)
		}
		return true
	}
	return false
}

// Abort cuts all connections without a word. Close must follow.
func (s *Server) Abort() {
	s.mu.Lock()
	conns := s.connsLocked()
	s.mu.Unlock()
	for _, c := range conns {
		c.ending.reach(cut)
	}
	endSessions(conns)
	for _, c := range conns {
		c.abort()
	}
}
