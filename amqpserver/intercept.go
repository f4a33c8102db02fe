package amqpserver

import (
	"errors"
	"time"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// Interceptor is told of every command that clients send and every command that
// they are sent, and may interfere. Without one, the server asks nobody.
type Interceptor interface {
	// Armed says whether the interceptor may want to interfere, or to look at
	// more of a command than its method and body. While it does not, Watch is
	// called instead of Receive and Send, and the commands that have come
	// together are carried out together, which is quicker.
	Armed() bool
	// Watch is told of a command that has arrived or is about to be sent. It
	// is called with the lock of the virtual host held: it must not block and
	// must not call back into the broker. The command is valid during the call
	// only.
	Watch(c *Command, sent bool)
	// Receive is told of a command that has arrived whole and has had no effect
	// yet. It is called by the connection's reader, without locks; whatever it
	// waits for, the connection waits for.
	Receive(c *Command) *Interference
	// Send is told of a command that the server is about to send. It is called
	// with the lock of the virtual host held: it must not block and must not
	// call back into the broker. The command is valid during the call only.
	Send(c *Command) *Interference
}

// Peer is a client, as interceptors see it.
type Peer struct {
	// Name tells connections apart: both addresses.
	Name string
	conn *conn
}

// ClientProperties returns what the client said of itself. They are empty until
// it did.
func (p *Peer) ClientProperties() wire.Table { return p.conn.client }

// Command is a method with its content, on its way.
type Command struct {
	Peer    *Peer
	Channel uint16
	Method  wire.Method
	// Properties and Body are those of the message, if the method has one.
	Properties []byte
	Body       []byte
	// Message is the message of basic.deliver, basic.get-ok and basic.return.
	Message *queue.Message
	// Publishing is what a confirm answers, nil for other methods.
	Publishing *wire.BasicPublish
	// At is when it happens, by the broker's clock.
	At queue.Instant

	ch   *channel
	sent bool // the vhost's lock is held
}

// Queue returns the name of the queue that the command concerns: the one that it
// names, or that of the delivery that it brings or settles. It is empty if there
// is none.
func (c *Command) Queue() string {
	if c.ch == nil || c.ch.session == nil {
		return ""
	}
	if !c.sent {
		c.ch.vh.Lock()
		defer c.ch.vh.Unlock()
	}
	session := c.ch.session
	switch m := c.Method.(type) {
	case *wire.BasicDeliver:
		return session.QueueOfConsumer(m.ConsumerTag)
	case *wire.BasicCancel:
		return session.QueueOfConsumer(m.ConsumerTag)
	case *wire.BasicAck:
		if !c.sent {
			return session.QueueOfDelivery(m.DeliveryTag)
		}
	case *wire.BasicNack:
		if !c.sent {
			return session.QueueOfDelivery(m.DeliveryTag)
		}
	case *wire.BasicReject:
		return session.QueueOfDelivery(m.DeliveryTag)
	case *wire.BasicGet:
		return m.Queue
	case *wire.BasicConsume:
		return m.Queue
	case *wire.QueueDeclare:
		return m.Queue
	case *wire.QueueDeclareOk:
		return m.Queue
	case *wire.QueueBind:
		return m.Queue
	case *wire.QueueUnbind:
		return m.Queue
	case *wire.QueuePurge:
		return m.Queue
	case *wire.QueueDelete:
		return m.Queue
	}
	return ""
}

// ConsumerTag returns the tag of the consumer that the command concerns, empty
// if there is none.
func (c *Command) ConsumerTag() string {
	switch m := c.Method.(type) {
	case *wire.BasicDeliver:
		return m.ConsumerTag
	case *wire.BasicCancel:
		return m.ConsumerTag
	case *wire.BasicCancelOk:
		return m.ConsumerTag
	case *wire.BasicConsume:
		return m.ConsumerTag
	case *wire.BasicConsumeOk:
		return m.ConsumerTag
	}
	if c.sent || c.ch == nil || c.ch.session == nil {
		return ""
	}
	tag := uint64(0)
	switch m := c.Method.(type) {
	case *wire.BasicAck:
		tag = m.DeliveryTag
	case *wire.BasicNack:
		tag = m.DeliveryTag
	case *wire.BasicReject:
		tag = m.DeliveryTag
	default:
		return ""
	}
	c.ch.vh.Lock()
	defer c.ch.vh.Unlock()
	return c.ch.session.ConsumerOfDelivery(tag)
}

// End is what becomes of a connection.
type End uint8

// The ends. Keep is the zero value.
const (
	Keep   End = iota
	Cut        // the socket is closed without a word
	Tear       // half of the command's bytes are sent, then the socket is closed
	Silent     // the socket stays open; nothing more is sent, nothing more is handled
)

// Interference says how a command is to be treated. Its parts apply in the order
// of the fields.
type Interference struct {
	// Delay comes first. Everything behind the command on the connection, in
	// its direction, waits as well.
	Delay time.Duration
	// Rate limits what the connection is sent from now on, in bytes a second;
	// zero leaves it as it is.
	Rate int
	// Skip: the command has no effect, or is not sent.
	Skip bool
	// Instead is sent in place of a command to be sent that is skipped.
	Instead []wire.Method
	// Answer replaces the effect of a publishing that is skipped.
	Answer Answer
	// Mute: the command has its effect, and its answer is not sent. For
	// commands that are received.
	Mute bool
	// Do is called with the lock of the virtual host held, once the command
	// has had its effect or is sent. On channel 0 there is no lock, and the
	// channel is nil.
	Do func(ch *broker.Channel)
	// Err, as made by broker.Errorf, closes the channel or the connection.
	Err error
	// End is what becomes of the connection. Before says that a command to be
	// sent must not leave any more.
	End    End
	Before bool
	// Apart: what the client is sent from here on, and the end, comes some
	// nanoseconds after what it was sent before, for each connection another
	// number. In a synctest bubble it is done with the one before the other
	// begins, and so are other clients, so that nothing hangs on the scheduler.
	Apart bool
}

// Answer is what a publisher is told of a message that the broker has not taken.
type Answer uint8

// The answers.
const (
	NoAnswer Answer = iota
	Nacked          // basic.nack
	Returned        // basic.return, then basic.ack, as for a message without a queue
)

// errAborted says that the server ends the connection without a word.
var errAborted = errors.New("connection cut on purpose")

// SetInterceptor has an interceptor asked from now on. It must be called before
// Serve.
func (s *Server) SetInterceptor(i Interceptor) { s.interceptor = i }

// armed says whether the interceptor may interfere.
func (c *conn) armed() bool { return c.server.interceptor != nil && c.server.interceptor.Armed() }

// watch tells the interceptor of a command of the connection while it is not
// armed.
func (c *conn) watch(cmd Command) {
	if c.server.interceptor != nil {
		cmd.Peer, cmd.At = &c.peer, c.node.Now()
		c.server.interceptor.Watch(&cmd, cmd.sent)
	}
}

// receive lets the interceptor treat a command that has arrived; effect is what
// the server would do.
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
	if i.Mute && i.End != Keep {
		c.pause(i)
		c.finish(i.End)
	}
	if i.Skip {
		if err := c.answer(&cmd, i.Answer); err != nil {
			return err
		}
	} else {
		if ch != nil {
			ch.muted = i.Mute
		}
		err := effect()
		if ch != nil {
			ch.muted = false
		}
		if err != nil {
			return err
		}
	}
	if err := c.follow(ch, i, cmd.Method.ID()); err != nil {
		return err
	}
	if i.End == Keep {
		return nil
	}
	if !i.Mute {
		c.pause(i)
		c.finish(i.End)
	}
	if i.End == Silent {
		return c.outlast()
	}
	return errAborted
}

// follow does what comes after the effect of a command.
func (c *conn) follow(ch *channel, i *Interference, id wire.MethodID) error {
	if i.Do == nil && i.Err == nil {
		return nil
	}
	c.pause(i)
	if ch == nil || ch.session == nil {
		if i.Do != nil {
			i.Do(nil)
		}
		return broker.WithMethod(i.Err, id)
	}
	ch.vh.Lock()
	defer ch.vh.Unlock()
	if i.Do != nil {
		i.Do(ch.session)
	}
	if i.Err == nil || !ch.session.Open() {
		return nil
	}
	return ch.fail(broker.WithMethod(i.Err, id))
}

// answer tells a publisher what did not become of its message.
func (c *conn) answer(cmd *Command, a Answer) error {
	publish, ok := cmd.Method.(*wire.BasicPublish)
	if !ok || a == NoAnswer {
		return nil
	}
	ch := cmd.ch
	ch.vh.Lock()
	defer ch.vh.Unlock()
	ch.answers = publish
	defer func() { ch.answers = nil }()
	ch.session.Refuse(broker.Publishing{
		Exchange: publish.Exchange, RoutingKey: publish.RoutingKey, Mandatory: publish.Mandatory,
		Properties: cmd.Properties, Body: cmd.Body,
	}, a == Returned)
	return nil
}

// deliver lets the interceptor treat a command that is about to be sent; frames
// appends its bytes.
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
	if i.End != Keep && i.Before && i.End != Tear {
		c.pause(i)
		c.finish(i.End)
	}
	if i.Skip && (cmd.Method.ID() == wire.IDBasicAck || cmd.Method.ID() == wire.IDBasicNack) {
		cmd.ch.withheld = true
	}
	for _, m := range i.Instead {
		c.post(wire.AppendMethodFrame(c.out.begin(), cmd.Channel, m))
	}
	if !i.Skip {
		buf := c.out.begin()
		start := len(buf)
		buf = frames(buf)
		if i.End == Tear {
			buf = buf[:start+(len(buf)-start)/2]
		}
		c.post(buf)
	}
	c.pause(i)
	if i.End != Keep && (!i.Before || i.End == Tear) {
		c.finish(i.End)
	}
	var e *broker.ChannelError
	if i.Err != nil && !errors.As(i.Err, &e) {
		c.breakOff(i)
	}
	if cmd.ch == nil && i.Do != nil {
		i.Do(nil)
	}
	if ch := cmd.ch; ch != nil && (i.Do != nil || e != nil) {
		ch.doomed = e != nil
		do := i.Do
		ch.vh.Later(func() { ch.followLocked(do, e) })
	}
}
