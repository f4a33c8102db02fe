package amqpserver

import (
	"cmp"
	"errors"
	"slices"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

func (ch *channel) basicQos(m *wire.BasicQos) (wire.Method, error) {
	return &wire.BasicQosOk{}, ch.session.Qos(m)
}

func (ch *channel) basicConsume(m *wire.BasicConsume) (wire.Method, error) {
	if err := ch.session.CheckTag(m.ConsumerTag); err != nil {
		return nil, err
	}
	if m.Queue == broker.ReplyTo {
		tag, err := ch.session.ConsumeReplies(m)
		if err != nil {
			return nil, err
		}
		return reply(m.NoWait, &wire.BasicConsumeOk{ConsumerTag: tag})
	}
	if ch.vh.IsVolatileQueue(m.Queue) {
		return nil, cmp.Or(ch.may(broker.Read, "queue", m.Queue), ch.session.ConsumeVolatileError(m.Queue))
	}
	q, err := ch.read(m.Queue)
	if err != nil {
		return nil, err
	}
	tag, err := ch.session.Consume(m, q)
	if err != nil {
		return nil, err
	}
	return reply(m.NoWait, &wire.BasicConsumeOk{ConsumerTag: tag})
}

func (ch *channel) basicCancel(m *wire.BasicCancel) (wire.Method, error) {
	ch.session.Cancel(m.ConsumerTag)
	return reply(m.NoWait, &wire.BasicCancelOk{ConsumerTag: m.ConsumerTag})
}

// basicPublish publishes a complete message. Unlike other methods it has no
// reply; a confirm or a return goes through the sink.
func (ch *channel) basicPublish(p *content) error {
	if p.publish.Immediate {
		return broker.Errorf(wire.NotImplemented, "immediate=true")
	}
	if p.tooLarge {
		return broker.Errorf(wire.PreconditionFailed, "message size %d is larger than configured max size %d", p.size, ch.c.node.MaxMessageSize())
	}
	return ch.session.Publish(broker.Publishing{
		Exchange:   stripLineBreaks(p.publish.Exchange),
		RoutingKey: p.publish.RoutingKey,
		Mandatory:  p.publish.Mandatory,
		Properties: p.properties,
		Body:       p.body,
	})
}

// basicGet answers with the message, which goes out as a whole, or get-empty.
func (ch *channel) basicGet(m *wire.BasicGet) (wire.Method, error) {
	if ch.vh.IsVolatileQueue(m.Queue) {
		return nil, cmp.Or(ch.may(broker.Read, "queue", m.Queue), ch.vh.VolatileGetError(m.Queue))
	}
	q, err := ch.read(m.Queue)
	if err != nil {
		return nil, err
	}
	tag, e, ok, err := ch.session.Get(m, q)
	if err != nil {
		return nil, err
	}
	if !ok {
		return &wire.BasicGetEmpty{}, nil
	}
	ch.sendMessage(&wire.BasicGetOk{
		DeliveryTag:  tag,
		Redelivered:  e.Redelivered(),
		Exchange:     e.Message.Exchange,
		RoutingKey:   e.Message.RoutingKey,
		MessageCount: uint32(q.Len()),
	}, ch.session.Outgoing(q, &e))
	return nil, nil
}

func (ch *channel) basicRecover(m *wire.BasicRecover) (wire.Method, error) {
	_, err := ch.basicRecoverAsync(&wire.BasicRecoverAsync{Requeue: m.Requeue})
	return &wire.BasicRecoverOk{}, err
}

// basicRecoverAsync requeues what the channel holds. RabbitMQ does not redeliver
// to the same consumers, which is what requeue=false asks for.
func (ch *channel) basicRecoverAsync(m *wire.BasicRecoverAsync) (wire.Method, error) {
	if !m.Requeue {
		return nil, broker.Errorf(wire.NotImplemented, "requeue=false")
	}
	return nil, ch.session.Recover()
}

func (ch *channel) confirmSelect(m *wire.ConfirmSelect) (wire.Method, error) {
	if err := ch.session.SelectConfirm(); err != nil {
		return nil, err
	}
	return reply(m.NoWait, &wire.ConfirmSelectOk{})
}

// largeBody is the size from which on the outbox makes room for a body before it is
// appended. That is more than the rest of the message, and its frames, mostly need.
const largeBody = 16 << 10

var _ broker.Sink = (*channel)(nil)

// Deliver implements [broker.Sink].
func (ch *channel) Deliver(consumerTag string, deliveryTag uint64, redelivered bool, m *queue.Message) {
	ch.deliver = wire.BasicDeliver{
		ConsumerTag: consumerTag,
		DeliveryTag: deliveryTag,
		Redelivered: redelivered,
		Exchange:    m.Exchange,
		RoutingKey:  m.RoutingKey,
	}
	ch.sendMessage(&ch.deliver, m)
}

// Return implements [broker.Sink].
func (ch *channel) Return(code wire.ReplyCode, m *queue.Message) {
	ch.sendConfirms()
	ch.sendMessage(&wire.BasicReturn{
		ReplyCode:  code,
		ReplyText:  code.String(),
		Exchange:   m.Exchange,
		RoutingKey: m.RoutingKey,
	}, m)
}

// Confirm implements [broker.Sink]. A negative confirm of RabbitMQ speaks for
// all before it as soon as all of those are confirmed, here always, and has the
// bit requeue, which means nothing to a client.
func (ch *channel) Confirm(deliveryTag uint64, ack bool) {
	if ch.struck.unanswered {
		ch.struck.gap = true
		return
	}
	if ack && !ch.struck.gap && !ch.c.armed() {
		ch.confirm(deliveryTag)
		return
	}
	ch.sendConfirms() // those before, which else overwrite ch.ack while this one is being sent
	if ack {
		ch.ack = wire.BasicAck{DeliveryTag: deliveryTag}
		ch.send(&ch.ack)
		return
	}
	ch.nack = wire.BasicNack{DeliveryTag: deliveryTag, Multiple: !ch.struck.gap, Requeue: true}
	ch.send(&ch.nack)
}

// CancelConsumer implements [broker.Sink].
func (ch *channel) CancelConsumer(consumerTag string) {
	ch.send(&wire.BasicCancel{ConsumerTag: consumerTag, NoWait: true})
}

// Fail implements [broker.Sink].
func (ch *channel) Fail(err error) {
	var e *broker.ChannelError
	if errors.As(err, &e) {
		ch.shut(e)
	}
}

// Writable implements [broker.Sink].
func (ch *channel) Writable() bool { return ch.c.out.writable() }

// errUnsendable ends a connection that was to be sent a message whose routing key is longer than a short string can be. A key
// of any length comes from a dead letter, from the firehose or from the HTTP API. RabbitMQ's writer crashes over it: the
// connection closes with 541, what it holds is requeued, and what needs no acknowledgement is lost.
func errUnsendable() error { return broker.Errorf(wire.InternalError, "") }

// sendMessage appends method, header and body in one piece, so that nothing
// comes between them.
func (ch *channel) sendMessage(method wire.Method, m *queue.Message) {
	c := ch.c
	if len(m.RoutingKey) > wire.MaxShortString || len(m.Exchange) > wire.MaxShortString {
		c.interrupt(errUnsendable())
		return
	}
	if !c.armed() {
		ch.sent(method, m.Body)
		ch.post(ch.appendMessage(c.out.begin(), method, m))
		return
	}
	if method.ID() != wire.IDBasicDeliver && ch.struck.unanswered { // in this order: deliveries come from others, too
		return
	}
	cmd := Command{Channel: ch.number, Method: method, Properties: m.Properties, Body: m.Body, Message: m, ch: ch}
	c.deliver(cmd, func(buf []byte) []byte { return ch.appendMessage(buf, method, m) })
}

func (ch *channel) appendMessage(buf []byte, method wire.Method, m *queue.Message) []byte {
	if len(m.Body) >= largeBody {
		buf = slices.Grow(buf, len(m.Body)+largeBody) // at once, not frame by frame
	}
	buf = wire.AppendMethodFrame(buf, ch.number, method)
	buf = wire.AppendHeaderFrame(buf, ch.number, method.ID().Class(), uint64(len(m.Body)), m.Properties)
	return wire.AppendBodyFrames(buf, ch.number, m.Body, ch.c.tuned.frameMax)
}
