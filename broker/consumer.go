package broker

import (
	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/internal/lists"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// argFailover once cancelled consumers when a mirrored queue failed over.
const argFailover = "x-cancel-on-ha-failover"

// Consumer is a channel's subscription to a queue.
type Consumer struct {
	sub      queue.Consumer
	q        *queue.Queue
	ch       *Channel
	prefetch uint16 // 0 for no limit
	held     int    // unacked deliveries
	promised int    // of these, deliveries that are still to come
	args     wire.Table
	timeout  queue.Optional // for how long it may hold a message, in milliseconds
	late     int            // deliveries that were taken back, and that the client has not settled
	lastTag  uint64         // of its last delivery, 0 before the first
}

var _ queue.Receiver = (*Consumer)(nil)

// predecessor is a consumer that the channel had under a tag from a quorum queue, and
// of which there are messages that are not settled.
func (ch *Channel) predecessor(tag string, q *queue.Queue) (c *Consumer) {
	if q.Kind() != queue.Quorum {
		return nil
	}
	ch.unacked.each(func(d *delivery) {
		if d.q == q && d.consumer != nil && d.consumer.sub.Tag == tag {
			c = d.consumer
		}
	})
	return c
}

// Consume subscribes the channel to a queue and returns the consumer's tag,
// which the server makes up if m has none.
func (ch *Channel) Consume(m *wire.BasicConsume, q *queue.Queue) (tag string, err error) {
	tag = m.ConsumerTag
	if tag == "" {
		tag = generatedName("amq.ctag")
	}
	var reader *queue.Reader
	priority := 0
	if q.IsStream() {
		reader, err = ch.streamReader(m, q)
	} else {
		priority, err = ch.checkConsume(m, q)
	}
	if err != nil {
		return "", err
	}
	timeout, err := ch.consumeTimeout(m, q)
	if err != nil {
		return "", err
	}
	c := &Consumer{q: q, ch: ch, args: m.Arguments, timeout: timeout}
	if !m.NoAck {
		c.prefetch = ch.prefetch
	}
	c.sub = queue.Consumer{Tag: tag, NoAck: m.NoAck, Exclusive: m.Exclusive, Priority: priority, Receiver: c, Reader: reader}
	if before := ch.predecessor(tag, q); before != nil {
		c.sub.Inherit(&before.sub)
	}
	ch.consumers = append(ch.consumers, c)
	ch.byTag[tag] = c
	ch.observeConsumer(ConsumerStarted, c)
	q.AddConsumer(&c.sub)
	return tag, nil
}

// CheckTag refuses a consumer tag that the channel uses already. That of its
// consumer of direct replies does not count.
func (ch *Channel) CheckTag(tag string) error {
	if tag != "" && ch.byTag[tag] != nil {
		return Errorf(wire.NotAllowed, "attempt to reuse consumer tag '%s'", tag)
	}
	return nil
}

// checkConsume refuses what a queue that is not a stream does, and returns the
// consumer's priority.
func (ch *Channel) checkConsume(m *wire.BasicConsume, q *queue.Queue) (priority int, err error) {
	if err := ch.checkExclusiveConsumer(m, q); err != nil {
		return 0, err
	}
	return ch.checkConsumeArguments(m, q)
}

// checkExclusiveConsumer refuses a second consumer next to an exclusive one,
// and an exclusive one next to any and where there is a single active one.
func (ch *Channel) checkExclusiveConsumer(m *wire.BasicConsume, q *queue.Queue) error {
	if q.Settings().Kind == queue.Quorum {
		return nil // where any number of consumers may be exclusive
	}
	others := q.Consumers()
	taken := len(others) > 0 && (m.Exclusive || others[0].Exclusive)
	if !taken && !(m.Exclusive && q.Settings().SingleActiveConsumer) {
		return nil
	}
	return Errorf(wire.AccessRefused, "%s in exclusive use", ch.vh.queueText(q.Name()))
}

// checkConsumeArguments refuses what the queue's type does not support, and
// returns the consumer's priority.
func (ch *Channel) checkConsumeArguments(m *wire.BasicConsume, q *queue.Queue) (priority int, err error) {
	release, resource, kind := ch.vh.node.release, ch.vh.queueText(q.Name()), q.Kind()
	if kind == queue.Quorum && ch.globalPrefetch != 0 && !release.GlobalQos {
		return 0, Errorf(wire.NotImplemented, "%s does not support global qos", resource)
	}
	if priority, err = consumerPriority(m.Arguments, resource); err != nil {
		return 0, err
	}
	if v, set := m.Arguments.Get(argFailover); set && release.ChecksFailover && kind == queue.Classic {
		if _, isBool := v.(bool); !isBool {
			return 0, Errorf(wire.PreconditionFailed, "invalid arg '%s' for %s: {unacceptable_type,%s}", argFailover, resource, erlang.TypeName(v))
		}
	}
	if err := checkCredit(release, m.Arguments); err != nil {
		return 0, err
	}
	for _, key := range release.RefusedConsumeArguments.Of(string(kind)) {
		if _, set := m.Arguments.Get(key); set {
			return 0, Errorf(wire.PreconditionFailed, "invalid arg '%s' for %s of queue type rabbit_%s_queue", key, resource, kind)
		}
	}
	return priority, nil
}

// checkCredit refuses x-credit where RabbitMQ heeds it. It is not for clients: the
// plug-in for AMQP 1.0 uses it, and what renews the credit is no method of AMQP
// 0-9-1. Quorum queues, and values other than tables, crash over it.
func checkCredit(r *release.Release, args wire.Table) error {
	v, set := args.Get("x-credit")
	table, isTable := v.(wire.Table)
	credit, _ := table.Get("credit")
	drain, _ := table.Get("drain")
	_, isLong := credit.(int64)
	_, isBool := drain.(bool)
	if set && r.HeedsCredit && (!isTable || isLong && isBool) {
		return Errorf(wire.NotImplemented, "x-credit")
	}
	return nil
}

// consumerPriority reads the x-priority argument, 0 by default.
func consumerPriority(args wire.Table, resource string) (int, error) {
	v, set := args.Get("x-priority")
	if !set {
		return 0, nil
	}
	n, ok := integer(v)
	if !ok {
		return 0, Errorf(wire.PreconditionFailed, "invalid arg 'x-priority' for %s: \"expected integer, got %s\"", resource, erlang.TypeName(v))
	}
	return int(n), nil
}

// Cancel ends a consumer at its client's wish. A tag that is not there counts
// as cancelled. What the consumer has not settled stays unacked.
func (ch *Channel) Cancel(tag string) {
	if tag == ch.reply.tag && tag != "" {
		ch.cancelReplies()
		return
	}
	if c := ch.byTag[tag]; c != nil {
		ch.removeConsumer(c)
	}
}

// removeConsumer ends a subscription, and the queue with it if it was the last
// one of an auto-delete queue.
func (ch *Channel) removeConsumer(c *Consumer) {
	ch.forget(c)
	c.q.RemoveConsumer(ch.vh.Now(), &c.sub)
	if c.q.AutoDelete && len(c.q.Consumers()) == 0 && !c.q.Deleted() {
		ch.vh.removeQueue(c.q)
	}
}

func (ch *Channel) forget(c *Consumer) {
	ch.observeConsumer(ConsumerEnded, c)
	delete(ch.byTag, c.sub.Tag)
	ch.consumers, _ = lists.Remove(ch.consumers, c)
}

// queueDeleted ends a consumer whose queue is gone. RabbitMQ tells only those
// clients that declared that they understand it.
func (c *Consumer) queueDeleted() {
	c.ch.forget(c)
	if c.ch.conn.Capability("consumer_cancel_notify") {
		c.ch.vh.cancelled = append(c.ch.vh.cancelled, c)
	}
}

// Ready implements [queue.Receiver]. The global prefetch holds back consumers
// without acknowledgement too, as in RabbitMQ; their own does not apply to them.
func (c *Consumer) Ready() bool {
	ch := c.ch
	return c.late == 0 && (c.prefetch == 0 || c.held < int(c.prefetch)) &&
		(ch.globalPrefetch == 0 || ch.held < int(ch.globalPrefetch) || c.q.Kind() == queue.Quorum) &&
		ch.sink.Writable()
}

// Promise implements [queue.Receiver].
func (c *Consumer) Promise() {
	if !c.sub.NoAck {
		c.promised++
		c.takeCredit()
	}
}

func (c *Consumer) takeCredit() {
	c.held++
	if c.ch.globalPrefetch != 0 && c.q.Kind() != queue.Quorum {
		c.ch.held++
	}
}

// Idle implements [queue.Receiver].
func (c *Consumer) Idle() bool { return c.held == 0 }

// Deliver implements [queue.Receiver].
func (c *Consumer) Deliver(q *queue.Queue, e queue.Entry) {
	ch := c.ch
	ch.lastTag++
	c.lastTag = ch.lastTag
	ch.countDelivered(c.sub.NoAck, e.Redelivered())
	ch.traceDelivered(q, &e, false)
	if ch.vh.observed() {
		ch.observe(&Event{Kind: MessageDelivered, Message: e.Message, Queue: q, Consumer: c.sub.Tag, DeliveryTag: ch.lastTag,
			Redelivered: e.Redelivered(), NoAck: c.sub.NoAck})
	}
	if !c.sub.NoAck {
		if c.promised > 0 {
			c.promised--
		} else {
			c.takeCredit()
		}
		ch.hold(delivery{tag: ch.lastTag, q: q, consumer: c, entry: e})
	}
	ch.sink.Deliver(c.sub.Tag, ch.lastTag, e.Redelivered(), ch.vh.outgoing(q, &e, false))
}
