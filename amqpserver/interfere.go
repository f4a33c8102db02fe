package amqpserver

import (
	"errors"
	"time"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/wire"
)

// ReceiveInterference says how a command that has arrived is to be treated. Its parts apply in
// the order of the fields.
type ReceiveInterference struct {
	// Delay comes first. Everything that arrives behind the command on the connection
	// waits as well.
	Delay time.Duration
	// Rate limits what the connection is sent from now on, in bytes a second; zero
	// leaves it as it is.
	Rate int
	// Before is called ahead of the effect, with the lock of the virtual host held. On
	// channel 0 there is no lock, and the channel is nil.
	Before func(ch *broker.Channel)
	// Effect is how much of its effect the command has.
	Effect Effect
	// After is Before for the time after the effect.
	After func(ch *broker.Channel)
	// Err, as made by broker.Errorf, closes the channel or the connection, unless the
	// effect has closed it.
	Err error
	// End is what becomes of the connection.
	End End
	// Apart: see [SendInterference].
	Apart bool
}

// SendInterference says how a command that is about to be sent is to be treated. Its parts
// apply in the order of the fields.
type SendInterference struct {
	// Delay comes first. Everything that is sent behind the command on the connection
	// waits as well.
	Delay time.Duration
	// Rate limits what the connection is sent from now on, in bytes a second; zero
	// leaves it as it is.
	Rate int
	// Part is how much of the command is sent.
	Part Part
	// Instead is sent in place of a command of which nothing is sent.
	Instead []wire.Method
	// End is what becomes of the connection when that is sent.
	End End
	// After is called at the end of the critical section in which the command was sent,
	// with the lock of the virtual host held. On channel 0 there is no lock, and the
	// channel is nil.
	After func(ch *broker.Channel)
	// Err, as made by broker.Errorf, closes the channel or the connection.
	Err error
	// Apart: what the client is sent from here on, and the end, comes some nanoseconds
	// after what it was sent before, for each connection another number. In a synctest
	// bubble it is done with the one before the other begins, and so are other clients,
	// so that nothing depends on the scheduler.
	Apart bool
}

// Effect is how much of its effect a command has that has arrived.
type Effect uint8

// The effects. FullEffect is the zero value.
const (
	FullEffect Effect = iota
	Unanswered        // the full effect, but no answer is sent
	NoEffect          // none
	Nacked            // none; a publishing is answered with basic.nack
	Returned          // none; a publishing is answered with basic.return and basic.ack, as if no queue took it
)

// Part is how much of a command is sent.
type Part uint8

// The parts. All is the zero value.
const (
	All     Part = iota
	Half         // the first half of the command's bytes
	Nothing      // no byte
)

// End is what becomes of a connection.
type End uint8

// The ends. Keep is the zero value.
const (
	Keep   End = iota
	Cut        // the socket is closed without a word
	Silent     // the socket stays open; nothing more is sent, nothing more is handled
)

// errAborted says that the server ends the connection without a word.
var errAborted = errors.New("connection cut on purpose")

// receive lets the interceptor treat a command that has arrived; effect is what the server would
// do.
func (c *conn) receive(cmd Command, effect func() error) error {
	cmd.Peer, cmd.At = &c.peer, c.node.Now()
	i := c.server.interceptor.Receive(&cmd)
	if i == nil {
		return effect()
	}
	ch := cmd.ch
	if i.Delay > 0 && !c.rest(i.Delay) {
		return errAborted
	}
	if i.Rate > 0 {
		c.limit(i.Rate)
	}
	if i.Effect == Unanswered && i.End != Keep { // nor is anything else sent that comes of the effect
		c.pause(i.Apart)
		c.finish(i.End)
	}
	if i.Before != nil {
		c.pause(i.Apart)
		ch.do(i.Before)
	}
	if err := c.affect(&cmd, i.Effect, effect); err != nil {
		if i.After != nil {
			ch.do(i.After)
		}
		return err
	}
	if err := c.follow(ch, i, cmd.Method.ID()); err != nil {
		return err
	}
	if i.End == Keep {
		return nil
	}
	if i.Effect != Unanswered {
		c.pause(i.Apart)
		c.finish(i.End)
	}
	if i.End == Silent {
		return c.outlast()
	}
	return errAborted
}

// affect has a command have its effect, or a part of it.
func (c *conn) affect(cmd *Command, e Effect, effect func() error) error {
	switch e {
	case NoEffect:
		return nil
	case Nacked, Returned:
		c.refusePublishing(cmd, e == Returned)
		return nil
	case Unanswered:
		if cmd.ch != nil {
			cmd.ch.struck.unanswered = true
			defer func() { cmd.ch.struck.unanswered = false }()
		}
	}
	return effect()
}

// follow does what comes after the effect of a command.
func (c *conn) follow(ch *channel, i *ReceiveInterference, id wire.MethodID) error {
	if i.After == nil && i.Err == nil {
		return nil
	}
	c.pause(i.Apart)
	if i.After != nil {
		ch.do(i.After)
	}
	if i.Err == nil || ch == nil || ch.session == nil {
		return broker.WithMethod(i.Err, id)
	}
	ch.vh.Lock()
	defer ch.vh.Unlock()
	if !ch.session.Open() {
		return nil
	}
	return ch.fail(broker.WithMethod(i.Err, id))
}

// do calls f with the lock of the virtual host held, if the channel is open or has been.
func (ch *channel) do(f func(ch *broker.Channel)) {
	if ch == nil || ch.session == nil {
		f(nil)
		return
	}
	ch.vh.Lock()
	defer ch.vh.Unlock()
	f(ch.session)
}

// refusePublishing tells a publisher that its message was not taken.
func (c *conn) refusePublishing(cmd *Command, returned bool) {
	publish, ok := cmd.Method.(*wire.BasicPublish)
	if !ok {
		return
	}
	ch := cmd.ch
	ch.vh.Lock()
	defer ch.vh.Unlock()
	ch.struck.answers = publish
	defer func() { ch.struck.answers = nil }()
	ch.session.Refuse(broker.Publishing{
		Exchange: publish.Exchange, RoutingKey: publish.RoutingKey, Mandatory: publish.Mandatory,
		Properties: cmd.Properties, Body: cmd.Body,
	}, returned)
}

// deliver lets the interceptor treat a command that is about to be sent; frames appends its
// bytes.
func (c *conn) deliver(cmd Command, frames func(buf []byte) []byte) {
	if c.unheard(&cmd) {
		return
	}
	cmd.Peer, cmd.sent, cmd.At = &c.peer, true, c.node.Now()
	i := c.server.interceptor.Send(&cmd)
	if i == nil {
		c.post(frames(c.out.begin()))
		return
	}
	if i.Delay > 0 {
		delay := i.Delay
		c.out.halt(func() bool { return c.hold(delay) })
	}
	if i.Rate > 0 {
		c.limit(i.Rate)
	}
	c.deliverPart(&cmd, i, frames)
	c.pause(i.Apart)
	if i.End != Keep {
		c.finish(i.End)
	}
	var e *broker.ChannelError
	if i.Err != nil && !errors.As(i.Err, &e) {
		c.breakOff(i.Err, i.Apart)
	}
	switch ch := cmd.ch; {
	case i.After == nil && e == nil:
	case ch == nil || ch.session == nil:
		if i.After != nil {
			i.After(nil)
		}
	default:
		if e != nil {
			ch.struck.closing.reach(closeDecided)
		}
		after := i.After
		ch.vh.Later(func() { ch.followLocked(after, e) })
	}
}

// deliverPart sends as much of a command as is to be sent.
func (c *conn) deliverPart(cmd *Command, i *SendInterference, frames func(buf []byte) []byte) {
	if i.Part == Nothing {
		if id := cmd.Method.ID(); id == wire.IDBasicAck || id == wire.IDBasicNack {
			cmd.ch.struck.gap = true
		}
		for _, m := range i.Instead {
			c.post(wire.AppendMethodFrame(c.out.begin(), cmd.Channel, m))
		}
		return
	}
	buf := c.out.begin()
	start := len(buf)
	buf = frames(buf)
	if i.Part == Half {
		buf = buf[:start+(len(buf)-start)/2]
	}
	c.post(buf)
}
