package broker

import (
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// What follows does for a user what a channel would, without a connection. The
// vhost must be locked.

// PublishAs publishes for a user and says whether the message was routed
// anywhere, and whether no queue refused it.
func (vh *VHost) PublishAs(u *User, p Publishing) (routed, accepted bool, err error) {
	ch := vh.adminChannel(u)
	defer ch.fold()
	if err := ch.check(&p); err != nil {
		return false, false, err
	}
	vh.publisher = ch
	n, accepted, err := vh.deliver(p.exchange, p.message, p.header)
	vh.publisher = nil
	for _, q := range ch.met {
		q.Forget(ch)
	}
	if err != nil {
		return false, false, err
	}
	ch.countPublished(n, true)
	ch.tracePublished(p.message)
	ch.stats.Confirm++
	return n > 0, accepted, nil
}

// AckMode says what becomes of a message that was got.
type AckMode string

// The modes by the names of the HTTP API.
const (
	AckRequeue    AckMode = "ack_requeue_true" // it goes back
	AckDrop       AckMode = "ack_requeue_false"
	RejectRequeue AckMode = "reject_requeue_true"
	RejectDrop    AckMode = "reject_requeue_false" // it may be dead-lettered
)

// Got is a message that was got.
type Got struct {
	Message     *queue.Message
	Redelivered bool
	Left        int // ready messages behind it
}

// GetAs takes up to n messages from a queue for a user; a negative n means all.
func (vh *VHost) GetAs(u *User, name string, n int, mode AckMode) ([]Got, error) {
	if err := u.Check(vh, Read, "queue", name); err != nil {
		return nil, err
	}
	q, err := vh.UseQueue(nil, name)
	if err != nil {
		return nil, err
	}
	ch := vh.adminChannel(u)
	defer ch.fold()
	var all []Got
	for n < 0 || len(all) < n {
		_, e, ok, err := ch.Get(&wire.BasicGet{Queue: name, NoAck: mode == AckDrop}, q)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		all = append(all, Got{Message: ch.Outgoing(q, &e), Redelivered: e.Redelivered(), Left: q.Len()})
	}
	switch mode {
	case AckRequeue: // RabbitMQ sends basic.nack
		ch.settle(ch.unacked.takeAll(), nack)
	case RejectRequeue:
		ch.settle(ch.unacked.takeAll(), refuse)
	case RejectDrop:
		ch.settle(ch.unacked.takeAll(), reject)
	}
	return all, nil
}

// adminChannel returns a channel for one operation: no client is behind it and
// it is in no list.
func (vh *VHost) adminChannel(u *User) *Channel {
	return &Channel{conn: &Connection{User: u, VHost: vh}, vh: vh}
}

// fold adds what the channel did to what the virtual host has seen.
func (ch *Channel) fold() { ch.vh.stats.add(&ch.stats) }

// PurgeAs empties a queue for a user.
func (vh *VHost) PurgeAs(u *User, name string) error {
	if err := u.Check(vh, Read, "queue", name); err != nil {
		return err
	}
	q, err := vh.UseQueue(nil, name)
	if err != nil {
		return err
	}
	_, err = vh.Purge(q)
	return err
}

// Consumers returns the consumers of a queue in order of arrival.
func (vh *VHost) Consumers(q *queue.Queue) []*Consumer {
	subs := q.Consumers()
	all := make([]*Consumer, 0, len(subs))
	for _, sub := range subs {
		if c, ok := sub.Receiver.(*Consumer); ok {
			all = append(all, c)
		}
	}
	return all
}

// Tag returns the consumer's tag.
func (c *Consumer) Tag() string { return c.sub.Tag }

// NoAck says that the consumer takes without acknowledgement.
func (c *Consumer) NoAck() bool { return c.sub.NoAck }

// Exclusive says that the consumer wants no other beside it.
func (c *Consumer) Exclusive() bool { return c.sub.Exclusive }

// Prefetch returns how many unsettled deliveries the consumer takes, 0 for any
// number.
func (c *Consumer) Prefetch() int { return int(c.prefetch) }

// Full says that the consumer has no credit left.
func (c *Consumer) Full() bool { return c.prefetch != 0 && c.held >= int(c.prefetch) }

// Arguments returns the arguments of basic.consume.
func (c *Consumer) Arguments() wire.Table { return c.args }

// Queue returns the queue that the consumer takes from.
func (c *Consumer) Queue() *queue.Queue { return c.q }

// Channel returns the channel that the consumer is on.
func (c *Consumer) Channel() *Channel { return c.ch }

// Active says that the queue serves the consumer: all are, unless the queue has
// a single active one.
func (c *Consumer) Active() bool { return c.q.ActiveConsumer(&c.sub) }
