package amqpserver

import (
	"sync/atomic"
	"time"
)

// phase is how far a connection has come towards its end.
type phase uint32

const (
	alive    phase = iota
	over           // what the client sends counts no more, nor what has arrived already
	stopping       // the same, since the server is being stopped
	closing        // connection.close or its answer was sent, and nothing but an answer follows
	cut            // a fault ends it: nothing more is sent
)

// ending is a connection's phase. Anybody may take it further; it never goes back.
type ending struct{ reached atomic.Uint32 }

func (e *ending) phase() phase { return phase(e.reached.Load()) }

// reach takes the connection to a phase. It returns false if it is there already, or
// further.
func (e *ending) reach(p phase) bool {
	for {
		before := e.reached.Load()
		if before >= uint32(p) {
			return false
		}
		if e.reached.CompareAndSwap(before, uint32(p)) {
			return true
		}
	}
}

// What follows is how an interceptor ends a channel or a connection.

// pause keeps what follows in the outbox apart from what is in it.
func (c *conn) pause(apart bool) {
	if apart {
		c.out.halt(func() bool { return c.hold(time.Duration(c.number)) })
	}
}

// breakOff has the reader close the connection with err, and nothing count until
// then.
func (c *conn) breakOff(err error, apart bool) {
	if !apart {
		c.interrupt(err)
		return
	}
	c.ending.reach(over)
	c.out.halt(func() bool {
		c.interrupt(err)
		return true
	})
}

// finish has the connection end when what is in the outbox is sent. While it is
// silent, its writer waits here, and with it the heartbeats.
func (c *conn) finish(e End) {
	c.out.halt(func() bool {
		if e == Silent {
			<-c.readerDone
		} else {
			c.abort()
		}
		return false
	})
	c.ending.reach(cut)
}
