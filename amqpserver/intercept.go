package amqpserver

import (
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
	Receive(c *Command) *ReceiveInterference
	// Send is told of a command that the server is about to send. It is called
	// with the lock of the virtual host held: it must not block and must not
	// call back into the broker. The command is valid during the call only.
	Send(c *Command) *SendInterference
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

// VHost returns the name of the client's virtual host. It is empty until the client
// has opened one.
func (p *Peer) VHost() string {
	if session := p.conn.entered.Load(); session != nil {
		return session.VHost.Name()
	}
	return ""
}

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
