package amqpserver

import "github.com/minirabbit/minirabbit/broker"

// survive calls f for the reader. If that panics, the batch is abandoned, and the error ends
// the connection with 541 as RabbitMQ does over a crash.
func (c *conn) survive(f func() error) error {
	var err error
	p := c.node.Survive(func() { err = c.abandoning(f) })
	if p != nil {
		return p.Reply()
	}
	return err
}

// abandoning calls f. If that panics, it unlocks the virtual host.
func (c *conn) abandoning(f func() error) error {
	defer func() {
		if value := recover(); value != nil {
			panic(c.abandonBatch(value))
		}
	}()
	return f()
}

// abandonBatch ends the batch in the midst of which the reader has panicked. The commands
// before have had their effect, and their confirms are sent.
func (c *conn) abandonBatch(value any) *broker.Panic {
	p := broker.NewPanic(value)
	vh := c.batch.vh
	if vh == nil {
		return p
	}
	for _, ch := range c.batch.confirming {
		ch.sendConfirms()
	}
	c.batch.confirming = c.batch.confirming[:0]
	c.batch.vh, c.batch.commands = nil, 0
	vh.Abandon(p)
	return p
}
