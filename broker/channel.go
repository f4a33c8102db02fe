package broker

import (
	"cmp"
	"slices"

	"github.com/minirabbit/minirabbit/internal/lists"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// Sink is what a channel's messages to its client go through. All of it is
// called with the vhost's lock held and must not block.
type Sink interface {
	// Deliver sends basic.deliver with the message.
	Deliver(consumerTag string, deliveryTag uint64, redelivered bool, m *queue.Message)
	// Return sends basic.return with a message that could not be routed.
	Return(code wire.ReplyCode, m *queue.Message)
	// Confirm sends basic.ack or basic.nack for a publishing.
	Confirm(deliveryTag uint64, ack bool)
	// CancelConsumer sends basic.cancel for a consumer whose queue is gone.
	CancelConsumer(consumerTag string)
	// Fail closes the channel for an error that no command of the client's led
	// to.
	Fail(err error)
	// Writable says whether the client keeps up with what it is sent.
	Writable() bool
}

// mode says what publishings and settlements on a channel lead to.
type mode uint8

const (
	plain mode = iota
	confirming
	transactional
)

// Channel is a channel of a connection: its consumers, what they have not
// settled, and its publishing mode. It is guarded by the vhost's mutex.
type Channel struct {
	Number uint16
	conn   *Connection
	vh     *VHost
	sink   Sink

	consumers []*Consumer // in order of arrival
	byTag     map[string]*Consumer
	lastTag   uint64 // of a delivery
	unacked   unacked
	reply     replyConsumer

	prefetch       uint16 // for consumers to come, 0 for no limit
	globalPrefetch uint16 // for all consumers together, 0 for no limit
	held           int    // unacked deliveries to consumers

	mode      mode
	published uint64 // publishings since confirm.select
	tx        transaction
	stats     Stats

	timer   *channelTimer // nil until it is needed
	watched queue.Instant // the earliest time that timer was set to, zero for none

	// takenBack holds deliveries that were requeued behind the client's back,
	// see TakeBack.
	takenBack map[uint64]bool

	last alike
	met  []*queue.Queue // that know the channel as a publisher
}

var _ queue.Publisher = (*Channel)(nil)

// Met implements [queue.Publisher].
func (ch *Channel) Met(q *queue.Queue) { ch.met = append(ch.met, q) }

// OpenChannel opens a channel.
func (c *Connection) OpenChannel(number uint16, sink Sink) *Channel {
	ch := &Channel{Number: number, conn: c, vh: c.VHost, sink: sink, byTag: make(map[string]*Consumer)}
	c.channels = append(c.channels, ch)
	c.User.channels.Add(1)
	ch.vh.node.churn.ChannelCreated.Add(1)
	if ch.vh.observed() {
		ch.observe(&Event{Kind: ChannelOpened})
	}
	return ch
}

// Failed tells that the connection will end over an error of the channel. RabbitMQ
// ends that channel first, and the others in any order.
func (ch *Channel) Failed() { ch.conn.failed = ch }

// Close ends the channel: its consumers go, and what it has not settled goes
// back to where it was.
func (ch *Channel) Close() {
	var open bool
	if ch.conn.channels, open = lists.Remove(ch.conn.channels, ch); open {
		ch.conn.User.channels.Add(-1)
		ch.vh.node.churn.ChannelClosed.Add(1)
		ch.vh.stats.add(&ch.stats)
	}
	for _, q := range ch.met {
		q.Forget(ch)
	}
	for len(ch.consumers) > 0 {
		ch.removeConsumer(ch.consumers[0])
	}
	if ch.reply.tag != "" {
		ch.cancelReplies()
	}
	ch.restore(ch.tx.settled())
	ch.settle(ch.settleLate(ch.unacked.takeAll()), abandon)
	if ch.timer != nil {
		ch.timer.ch = nil
	}
	if ch.vh.observed() {
		ch.observe(&Event{Kind: ChannelClosed})
	}
}

// Qos sets the prefetch: for the consumers to come, or for all together if global.
func (ch *Channel) Qos(m *wire.BasicQos) error {
	if m.PrefetchSize != 0 {
		return Errorf(wire.NotImplemented, "prefetch_size!=0 (%d)", m.PrefetchSize)
	}
	if ch.vh.node.release.QosPerConsumer {
		ch.prefetch = m.PrefetchCount
		return nil
	}
	if !m.Global {
		// RabbitMQ takes a limit of the channel back with this, too.
		limited := ch.globalPrefetch != 0
		ch.prefetch, ch.globalPrefetch, ch.held = m.PrefetchCount, 0, 0
		if limited {
			ch.unblockAll()
		}
		return nil
	}
	// RabbitMQ begins to count when there is a limit, with all that is unacked,
	// what was got included.
	switch {
	case m.PrefetchCount == 0:
		ch.held = 0
	case ch.globalPrefetch == 0:
		ch.held = ch.unacked.count
	}
	ch.globalPrefetch = m.PrefetchCount
	ch.unblockAll()
	return nil
}

// unblockAll brings the consumers back into their rounds.
func (ch *Channel) unblockAll() {
	for _, c := range ch.inTurn() {
		c.q.Unblock(&c.sub)
	}
}

// inTurn gives the consumers of the queue first that has waited longest, and those of
// one queue in the order in which they have left their rounds. RabbitMQ begins with any
// queue, by chance, so that none waits for ever.
func (ch *Channel) inTurn() []*Consumer {
	if len(ch.consumers) < 2 {
		return ch.consumers
	}
	served := make(map[*queue.Queue]uint64) // the tag of the last delivery
	for _, c := range ch.consumers {
		served[c.q] = max(served[c.q], c.lastTag)
	}
	return slices.SortedStableFunc(slices.Values(ch.consumers), func(a, b *Consumer) int {
		return cmp.Or(cmp.Compare(served[a.q], served[b.q]), cmp.Compare(a.sub.Blocked(), b.sub.Blocked()))
	})
}

// Consumers returns the channel's consumers in order of arrival.
func (ch *Channel) Consumers() []*Consumer { return ch.consumers }

// Unacked returns the number of deliveries that are not settled.
func (ch *Channel) Unacked() int { return ch.unacked.count }
