package amqpserver

import (
	"time"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/wire"
)

// How an interceptor ends a channel or a connection.

// pause keeps what follows in the outbox apart from what is in it.
func (c *conn) pause(i *Interference) {
	if i.Apart {
		c.out.halt(func() bool { return c.hold(time.Duration(c.number)) })
	}
}

// breakOff has the reader close the connection with i.Err, and nothing count until
// then.
func (c *conn) breakOff(i *Interference) {
	c.over.Store(true)
	if !i.Apart {
		c.interrupt(i.Err)
		return
	}
	err := i.Err
	c.out.halt(func() bool {
		c.interrupt(err)
		return true
	})
}

// unheard says that a command comes behind what ends its channel or connection,
// and is not sent.
func (c *conn) unheard(cmd *Command) bool {
	if c.cut.Load() || c.over.Load() && cmd.Channel != 0 {
		return true
	}
	id := cmd.Method.ID()
	return cmd.ch != nil && cmd.ch.doomed && id != wire.IDChannelClose && id != wire.IDChannelCloseOk
}

// followLocked does what comes after a command was sent.
func (ch *channel) followLocked(do func(ch *broker.Channel), e *broker.ChannelError) {
	if !ch.session.Open() {
		return
	}
	if do != nil {
		do(ch.session)
	}
	if e != nil {
		ch.shut(e)
	}
}

// finish has the connection end when what is in the outbox is sent.
func (c *conn) finish(e End) {
	c.out.halt(c.ending(e))
	c.cut.Store(true)
	c.over.Store(true)
}

// ending returns what the writer does to end the connection.
func (c *conn) ending(e End) func() bool {
	if e == Silent {
		return func() bool {
			c.mute.Store(true)
			<-c.readerDone
			return false
		}
	}
	return func() bool {
		c.abort()
		return false
	}
}
