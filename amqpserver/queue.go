package amqpserver

import (
	"cmp"
	"strings"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// stripLineBreaks removes what RabbitMQ removes from names.
func stripLineBreaks(name string) string {
	if !strings.ContainsAny(name, "\r\n") {
		return name
	}
	return strings.NewReplacer("\r", "", "\n", "").Replace(name)
}

func (ch *channel) queueDeclare(m *wire.QueueDeclare) (wire.Method, error) {
	m.Queue = stripLineBreaks(m.Queue)
	if broker.IsReplyTo(m.Queue) {
		return ch.queueDeclareReplyTo(m)
	}
	if m.Passive {
		return ch.queueDeclarePassive(m)
	}
	if m.Queue == "" {
		m.Queue = broker.ServerNamedQueue()
	} else if err := broker.CheckQueueName(m.Queue); err != nil {
		return nil, err
	}
	if err := ch.may(broker.Configure, "queue", m.Queue); err != nil {
		return nil, err
	}
	q, err := ch.vh.DeclareQueue(ch.c.session, m)
	if err != nil {
		return nil, err
	}
	return ch.declared(q, m.NoWait)
}

// queueDeclareReplyTo answers for the pseudo-queue of direct reply-to: it is
// there if somebody consumes from it.
func (ch *channel) queueDeclareReplyTo(m *wire.QueueDeclare) (wire.Method, error) {
	exists, err := ch.vh.ReplyToExists(m.Queue)
	if !exists && err == nil {
		_, err = ch.vh.UseQueue(ch.c.session, m.Queue)
	}
	if err != nil {
		return nil, err
	}
	ch.lastQueue = m.Queue
	return reply(m.NoWait, &wire.QueueDeclareOk{Queue: m.Queue, ConsumerCount: 1})
}

// queueDeclarePassive looks a queue up, which is a use of it as far as x-expires is
// concerned. Unlike elsewhere, an empty name does not stand for the queue declared
// last.
func (ch *channel) queueDeclarePassive(m *wire.QueueDeclare) (wire.Method, error) {
	if err := ch.c.session.CheckPassive("queue", m.Queue); err != nil {
		return nil, err
	}
	q, err := ch.vh.UseQueue(ch.c.session, m.Queue)
	if err != nil {
		return nil, err
	}
	q.Touch(ch.vh.Now())
	return ch.declared(q, m.NoWait)
}

// declared remembers the queue for the methods that name none, and describes it.
func (ch *channel) declared(q *queue.Queue, noWait bool) (wire.Method, error) {
	ch.lastQueue = q.Name()
	messages := q.Len()
	if q.IsStream() {
		messages = q.Span() // some seconds late, in RabbitMQ
	}
	return reply(noWait, &wire.QueueDeclareOk{
		Queue:         q.Name(),
		MessageCount:  uint32(messages),
		ConsumerCount: uint32(q.ConsumerCount()),
	})
}

func (ch *channel) queueBind(m *wire.QueueBind) (wire.Method, error) {
	m.Exchange = stripLineBreaks(m.Exchange)
	name, key, err := ch.mayBindQueue(m.Exchange, m.Queue, m.RoutingKey)
	if err != nil {
		return nil, err
	}
	x, err := ch.vh.UseExchange(m.Exchange)
	if err != nil {
		return nil, err
	}
	q, err := ch.vh.UseQueue(ch.c.session, name)
	if err != nil {
		return nil, cmp.Or(ch.vh.CheckBinding(x, name, key, m.Arguments), err)
	}
	if err := ch.vh.Bind(x, q, key, m.Arguments); err != nil {
		return nil, err
	}
	return reply(m.NoWait, &wire.QueueBindOk{})
}

// queueUnbind removes a binding. It answers unbind-ok if there is none, and even
// if the exchange or the queue is not there.
func (ch *channel) queueUnbind(m *wire.QueueUnbind) (wire.Method, error) {
	m.Exchange = stripLineBreaks(m.Exchange)
	name, key, err := ch.mayBindQueue(m.Exchange, m.Queue, m.RoutingKey)
	if err != nil {
		return nil, err
	}
	x, q := ch.vh.Exchange(m.Exchange), ch.vh.Queue(name)
	if x == nil || q == nil || !x.Bound(q, key, m.Arguments) {
		return &wire.QueueUnbindOk{}, nil
	}
	if _, err := ch.vh.UseQueue(ch.c.session, name); err != nil {
		return nil, err
	}
	ch.vh.Unbind(x, q, key, m.Arguments)
	return &wire.QueueUnbindOk{}, nil
}

// mayBindQueue refuses what may not be bound, or unbound, by this user. Without
// a queue name and a key, the queue declared last is meant, by its own name as
// the key.
func (ch *channel) mayBindQueue(source, name, key string) (queueName, routingKey string, err error) {
	if name == "" && key == "" {
		key = ch.lastQueue
	}
	if name, err = ch.queueName(name); err != nil {
		return "", "", err
	}
	if err := ch.may(broker.Write, "queue", name); err != nil {
		return "", "", err
	}
	if err := broker.CheckNotDefault(source); err != nil {
		return "", "", err
	}
	if err := ch.may(broker.Read, "exchange", source); err != nil {
		return "", "", err
	}
	if err := ch.c.session.CheckTopic(broker.Read, source, key); err != nil {
		return "", "", err
	}
	return name, key, ch.vh.CheckReplyBinding(name)
}

// queueName returns the name that is meant: an empty one stands for the queue
// that the channel declared last.
func (ch *channel) queueName(name string) (string, error) {
	if name != "" {
		return stripLineBreaks(name), nil
	}
	if ch.lastQueue == "" {
		return "", broker.Errorf(wire.NotFound, "no previously declared queue")
	}
	return ch.lastQueue, nil
}

// read finds a queue that the channel may take messages from.
func (ch *channel) read(name string) (*queue.Queue, error) {
	name, err := ch.queueName(name)
	if err != nil {
		return nil, err
	}
	if err := ch.may(broker.Read, "queue", name); err != nil {
		return nil, err
	}
	return ch.vh.UseQueue(ch.c.session, name)
}

func (ch *channel) queuePurge(m *wire.QueuePurge) (wire.Method, error) {
	if ch.vh.IsVolatileQueue(m.Queue) {
		if err := ch.may(broker.Read, "queue", m.Queue); err != nil {
			return nil, err
		}
		return reply(m.NoWait, &wire.QueuePurgeOk{})
	}
	q, err := ch.read(m.Queue)
	if err != nil {
		return nil, err
	}
	n, err := ch.vh.Purge(q)
	if err != nil {
		return nil, err
	}
	return reply(m.NoWait, &wire.QueuePurgeOk{MessageCount: uint32(n)})
}

func (ch *channel) queueDelete(m *wire.QueueDelete) (wire.Method, error) {
	name, err := ch.queueName(m.Queue)
	if err != nil {
		return nil, err
	}
	m.Queue = name
	if err := ch.may(broker.Configure, "queue", name); err != nil {
		return nil, err
	}
	messages, err := ch.vh.DeleteQueue(ch.c.session, m)
	if err != nil {
		return nil, err
	}
	return reply(m.NoWait, &wire.QueueDeleteOk{MessageCount: uint32(messages)})
}
