package amqpserver

import (
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/wire"
)

// batch is what the commands have in common that came with one read from the
// network: they share the lock of the virtual host, their confirms are sent
// together, and what clients are sent because of them is written at its end. Each
// command still takes full effect before the next one is looked at.
type batch struct {
	vh         *broker.VHost // locked, nil if not
	confirming []*channel    // with confirms that are not sent yet
	replied    bool          // something waits in the outbox that nobody writes
	commands   int           // so far
}

// maxBatch is how many commands share a lock at most, so that other connections wait for a flood no longer than these
// take.
const maxBatch = 64

// input is what a connection's frames are read from. It ends the batch whenever the
// reader has to turn to the network: when it would wait.
type input conn

func (in *input) Read(p []byte) (int, error) {
	c := (*conn)(in)
	c.received.Store(c.frames) // before clients hear of what the frames have led to
	c.endBatch()
	return c.nc.Read(p)
}

// enter locks the virtual host for a command.
func (c *conn) enter(vh *broker.VHost) {
	if c.batch.vh == nil {
		vh.Lock()
		c.batch.vh = vh
	}
}

// next ends a command. The lock is kept for the next one, unless somebody may
// interfere with that: he is asked without locks.
func (c *conn) next() {
	if c.armed() {
		c.leave()
		return
	}
	if c.batch.commands++; c.batch.commands == maxBatch {
		c.leave()
		return
	}
	c.batch.vh.Next()
}

// leave sends the confirms of the batch and unlocks the virtual host.
func (c *conn) leave() {
	vh := c.batch.vh
	if vh == nil {
		return
	}
	for _, ch := range c.batch.confirming {
		ch.sendConfirms()
	}
	c.batch.confirming = c.batch.confirming[:0]
	c.batch.vh, c.batch.commands = nil, 0
	vh.Unlock()
}

// endBatch ends the batch. The reader calls it before it waits for anything.
func (c *conn) endBatch() {
	c.leave()
	if c.batch.replied {
		c.batch.replied = false
		c.Flush()
	}
}

// reply is send for the reader: it is written at the end of the batch.
func (c *conn) reply(m wire.Method) {
	if c.armed() {
		c.send(0, m)
		return
	}
	c.watch(Command{Method: m, sent: true})
	c.put(wire.AppendMethodFrame(c.out.begin(), 0, m))
	c.batch.replied = true
}

// confirms are those of a channel that are not sent yet: positive ones, in a row.
type confirms struct {
	last  uint64 // delivery tag
	count int
}

// confirm notes a positive confirm. RabbitMQ sends those together that it has when
// it has nothing else to do, as one basic.ack with multiple.
func (ch *channel) confirm(deliveryTag uint64) {
	p := &ch.pending
	if p.count == 0 {
		ch.c.batch.confirming = append(ch.c.batch.confirming, ch)
	}
	p.last = deliveryTag
	p.count++
}

// sendConfirms sends the confirms that were noted.
func (ch *channel) sendConfirms() {
	p := &ch.pending
	if p.count == 0 {
		return
	}
	ch.ack = wire.BasicAck{DeliveryTag: p.last, Multiple: p.count > 1}
	p.count = 0
	ch.sendNow(&ch.ack)
}
