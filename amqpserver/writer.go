package amqpserver

import (
	"errors"
	"io"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// write sends what the outbox gathers until the connection ends, and keeps the
// heartbeats. It is the connection's writer goroutine.
func (c *conn) write() {
	defer close(c.writerDone)
	if p := c.node.Survive(c.writeUntilDone); p != nil {
		c.reset() // the reader notices
	}
}

func (c *conn) writeUntilDone() {
	var beat <-chan time.Time
	var ticker *time.Ticker
	defer func() {
		if ticker != nil {
			ticker.Stop()
		}
	}()
	for {
		select {
		case <-c.out.wake:
			if !c.flush() {
				return
			}
		case interval := <-c.startHeartbeats:
			ticker = time.NewTicker(interval / 2)
			beat = ticker.C
		case <-beat:
			if !c.beat() {
				return
			}
		case <-c.readerDone:
			c.flush()
			return
		}
	}
}

// flush writes until the outbox is empty. It returns false if the connection
// is broken; the reader notices too.
func (c *conn) flush() bool {
	for {
		batch, resumed, act := c.out.take()
		if act != nil {
			if !act() {
				return false
			}
			c.out.done(nil, 0)
			continue
		}
		if len(batch) == 0 {
			return true
		}
		if err := c.transmit(batch); err != nil {
			// A client in memory that has hung up is heard to the end: whether
			// its last command counts must not hang on who of us comes first.
			if !errors.Is(err, io.ErrClosedPipe) {
				c.nc.Close()
			}
			return false
		}
		c.sent.Add(1)
		c.out.done(batch, len(batch))
		if resumed {
			c.resume()
		}
	}
}

// Flush implements [broker.Flusher]: whoever has something sent writes it, if it is
// little and the network takes it at once, which saves waking up the writer.
func (c *conn) Flush() {
	for {
		if c.rate.Load() > 0 || c.server.gates.paused.Load() != nil {
			c.out.signal()
			return
		}
		batch, forWriter := c.out.takeSmall()
		if forWriter {
			c.out.signal()
		}
		if len(batch) == 0 {
			return
		}
		n, err := c.direct.TryWrite(batch)
		c.sent.Add(1)
		if more := c.out.done(batch, n); !more {
			return
		}
		if n < len(batch) || err != nil {
			c.out.signal() // the writer meets the error, too
			return
		}
	}
}

// Wake implements [broker.Flusher].
func (c *conn) Wake() { c.out.signal() }

// resume lets the consumers go on that were passed over.
func (c *conn) resume() {
	if p := c.node.Survive(func() { c.session.VHost.Do(c.session.Resume) }); p != nil {
		c.interrupt(p.Reply())
	}
}

// beat is called twice in a heartbeat interval. As RabbitMQ does, it sends a
// heartbeat if nothing else was sent since, and gives the peer up after two
// whole intervals of silence.
func (c *conn) beat() bool {
	if c.server.gates.paused.Load() != nil {
		return true
	}
	if sent := c.sent.Load(); sent == c.sentAtBeat {
		c.post(wire.AppendHeartbeat(c.out.begin()))
	} else {
		c.sentAtBeat = sent
	}
	c.beats++
	if c.beats%2 != 0 {
		return true
	}
	received := c.received.Load()
	if received != c.receivedAtBeat || c.resting.Load() {
		c.receivedAtBeat, c.silent = received, 0
		return true
	}
	c.silent++
	if c.silent < 2 {
		return true
	}
	c.log.Warn("missed heartbeats from client", "connection", c.name, "timeout", c.heartbeat)
	c.reset()
	return false
}
