package broker

import (
	"slices"

	"github.com/minirabbit/minirabbit/wire"
)

// What follows is for tests that make the broker misbehave.

// Open says that the channel has not been closed.
func (ch *Channel) Open() bool { return slices.Contains(ch.conn.channels, ch) }

// QueueOfConsumer returns the name of the queue that a consumer takes from,
// empty if there is no such consumer.
func (ch *Channel) QueueOfConsumer(tag string) string {
	if c := ch.byTag[tag]; c != nil {
		return c.q.Name()
	}
	return ""
}

// QueueOfDelivery returns the name of the queue that a delivery which is not
// settled came from, empty if there is no such delivery.
func (ch *Channel) QueueOfDelivery(tag uint64) string {
	if d := ch.findDelivery(tag); d != nil {
		return d.q.Name()
	}
	return ""
}

// ConsumerOfDelivery returns the tag of the consumer that a delivery which is
// not settled went to, empty if there is none.
func (ch *Channel) ConsumerOfDelivery(tag uint64) string {
	if d := ch.findDelivery(tag); d != nil && d.consumer != nil {
		return d.consumer.sub.Tag
	}
	return ""
}

// findDelivery returns an unsettled delivery, for tag zero the last one: an
// acknowledgement of multiple deliveries means all of them by it.
func (ch *Channel) findDelivery(tag uint64) (found *delivery) {
	ch.unacked.each(func(d *delivery) {
		if d.tag == tag || tag == 0 {
			found = d
		}
	})
	return found
}

// Refuse answers a publishing without taking it: with a negative confirm, or if
// returned with basic.return and a positive one.
func (ch *Channel) Refuse(p Publishing, returned bool) {
	if err := ch.check(&p); err != nil {
		return
	}
	kind := MessageRefused
	if returned {
		kind = MessageReturned
	}
	if ch.vh.observed() {
		e := Event{Kind: MessagePublished, Message: p.message}
		if ch.mode == confirming {
			e.DeliveryTag = ch.published + 1
		}
		ch.observe(&e)
		ch.observe(&Event{Kind: kind, Message: p.message})
	}
	if returned {
		ch.sink.Return(wire.NoRoute, p.message)
	}
	if ch.mode == confirming {
		ch.published++
		ch.sink.Confirm(ch.published, returned)
	}
}

// CancelConsumer ends a consumer as if its queue had gone. What it has not
// settled stays unacked. It returns false if there is no such consumer.
func (ch *Channel) CancelConsumer(tag string) bool {
	c := ch.byTag[tag]
	if c == nil {
		return false
	}
	ch.removeConsumer(c)
	if ch.conn.Capability("consumer_cancel_notify") {
		ch.sink.CancelConsumer(tag)
	}
	return true
}

// TakeBack requeues a delivery without its client's knowledge: what the client
// says of it later has no effect. It returns false if there is no such delivery.
func (ch *Channel) TakeBack(tag uint64) bool {
	var one [1]delivery
	taken, ok := ch.unacked.take(one[:0], tag, false)
	if !ok {
		return false
	}
	if ch.takenBack == nil {
		ch.takenBack = make(map[uint64]bool)
	}
	ch.takenBack[tag] = true
	ch.settle(ch.settleLate(taken), nack)
	ch.watchOldest()
	return true
}

// DeliverAgain delivers a message a second time, to the consumer that has it, as
// a message of its own. It returns false if there is no such delivery.
func (ch *Channel) DeliverAgain(tag uint64) bool {
	d := ch.findDelivery(tag)
	if d == nil || d.consumer == nil || tag == 0 {
		return false
	}
	e := d.entry
	d.q.Duplicate(&e)
	d.consumer.Deliver(d.q, e)
	return true
}

// forgiven says whether a settlement is of a delivery that was taken back.
// Whatever it settles beside that is settled.
func (ch *Channel) forgiven(tag uint64, multiple bool, s settlement) bool {
	if !ch.takenBack[tag] {
		return false
	}
	delete(ch.takenBack, tag)
	if multiple {
		below := uint64(0)
		ch.unacked.each(func(d *delivery) {
			if d.tag < tag {
				below = d.tag
			}
		})
		if below != 0 {
			_ = ch.conclude(below, true, s) // it is there
		}
	}
	return true
}
