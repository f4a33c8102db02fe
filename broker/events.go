package broker

import (
	"github.com/minirabbit/minirabbit/queue"
)

// EventKind says what an [Event] tells.
type EventKind uint8

// What happens to messages, and to those who send and take them.
const (
	MessagePublished    EventKind = iota + 1 // by a channel, or by the server itself
	MessageReturned                          // no queue took it, and it was mandatory
	MessageRouted                            // to a queue, which it enters unless MessageRefused follows
	MessageRefused                           // by a queue that is full
	MessageDelivered                         // to a consumer
	MessageGot                               // by basic.get
	MessageAcked                             // by its consumer
	MessageRejected                          // by its consumer; MessageDropped follows
	MessageRequeued                          // back to where it was
	MessageDropped                           // left its queue for the reason given
	MessageDeadLettered                      // published again as Dead
	ConnectionOpened
	ConnectionClosed
	ChannelOpened
	ChannelClosed
	ConsumerStarted
	ConsumerEnded
)

// Reasons for which messages leave a queue without a dead letter.
const (
	reasonPurged  queue.Reason = "purged"
	reasonDeleted queue.Reason = "queue deleted"
	reasonRestart queue.Reason = "lost in restart"
)

// Event is something that has just happened in a virtual host. What does not
// apply is zero.
type Event struct {
	Kind EventKind
	// NoAck: the delivery needs no acknowledgement.
	NoAck       bool
	Redelivered bool
	// Channel and Connection are who did it; a nil connection is the server.
	Channel    uint16
	Connection *Connection
	Time       queue.Instant
	VHost      *VHost
	Message    *queue.Message // the same for all queues that it was routed to
	Queue      *queue.Queue
	// Consumer is a tag. DeliveryTag is that of the delivery, or in
	// MessagePublished the number of the publishing if it is to be confirmed.
	Consumer    string
	DeliveryTag uint64
	Reason      queue.Reason
	Dead        *queue.Message
}

// Observer is told what happens in a node, while it happens: with the lock of
// the virtual host held. It must not block and must not call back. The event is
// valid during the call only.
type Observer interface {
	Observe(e *Event)
}

// observed says whether anybody wants to know.
func (vh *VHost) observed() bool { return vh.node.observer != nil }

// observe tells the observer, who is there.
func (vh *VHost) observe(e *Event) {
	vh.event = *e // which is then not allocated
	vh.event.Time, vh.event.VHost = vh.Now(), vh
	vh.node.observer.Observe(&vh.event)
}

// observe tells the observer what happened on a channel.
func (ch *Channel) observe(e *Event) {
	e.Connection, e.Channel = ch.conn, ch.Number
	ch.vh.observe(e)
}

func (ch *Channel) observeConsumer(kind EventKind, c *Consumer) {
	if ch.vh.observed() {
		ch.observe(&Event{Kind: kind, Queue: c.q, Consumer: c.sub.Tag, NoAck: c.sub.NoAck})
	}
}

// observeSettled tells what is about to become of deliveries.
func (ch *Channel) observeSettled(ds []delivery, s settlement) {
	kind := MessageAcked
	switch s {
	case reject, discard:
		kind = MessageRejected
	case nack, refuse, abandon:
		kind = MessageRequeued
	}
	for i := range ds {
		if ds[i].q.Deleted() || ds[i].q.IsStream() && s == abandon {
			continue
		}
		kind := kind
		if ds[i].q.IsStream() {
			kind = MessageAcked // there is nothing else
		}
		e := Event{Kind: kind, Message: ds[i].entry.Message, Queue: ds[i].q, DeliveryTag: ds[i].tag}
		if ds[i].consumer != nil {
			e.Consumer = ds[i].consumer.sub.Tag
		}
		ch.observe(&e)
	}
}

// observeQueue has the queue tell which messages leave it, if somebody wants to
// know.
func (vh *VHost) observeQueue(q *queue.Queue) {
	if vh.observed() {
		q.OnDrop = func(m *queue.Message, reason queue.Reason) {
			vh.observe(&Event{Kind: MessageDropped, Message: m, Queue: q, Reason: reason})
		}
	}
}

// observeReady tells that all ready messages of a queue leave it.
func (vh *VHost) observeReady(q *queue.Queue, reason queue.Reason) {
	if vh.observed() {
		q.Each(func(e *queue.Entry) {
			vh.observe(&Event{Kind: MessageDropped, Message: e.Message, Queue: q, Reason: reason})
		})
	}
}

// Purge removes the ready messages of a queue and returns how many there were.
func (vh *VHost) Purge(q *queue.Queue) (messages int, err error) {
	if q.IsStream() {
		return 0, vh.notForStreams("queue.purge", q)
	}
	q.Expire(vh.Now())
	vh.observeReady(q, reasonPurged)
	purged := q.Purge(vh.Now())
	if vh.node.release.PurgeCountsWithheld {
		purged += q.Withheld()
	}
	return purged, nil
}
