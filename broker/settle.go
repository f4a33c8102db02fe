package broker

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// settlement is what becomes of deliveries.
type settlement uint8

const (
	ack     settlement = iota
	reject             // to the dead letters by basic.reject
	discard            // to the dead letters by basic.nack
	nack               // back to the queue by basic.nack or basic.recover
	refuse             // back to the queue by basic.reject
	abandon            // back to the queue because the channel ended
)

// cause returns what a queue calls a settlement other than ack.
func (s settlement) cause() queue.Cause {
	return [...]queue.Cause{reject: queue.Refused, discard: queue.Released,
		nack: queue.Released, refuse: queue.Refused, abandon: queue.Abandoned}[s]
}

// Get takes a message from a queue; it is unacked unless m says otherwise.
func (ch *Channel) Get(m *wire.BasicGet, q *queue.Queue) (tag uint64, e queue.Entry, ok bool, err error) {
	if q.IsStream() {
		return 0, e, false, ch.vh.notForStreams("basic.get", q)
	}
	if s := q.Settings(); s.Kind == queue.Quorum && s.SingleActiveConsumer {
		return 0, e, false, Errorf(wire.ResourceLocked, "cannot obtain access to locked %s. basic.get operations are not supported by %s "+
			"with single active consumer", ch.vh.queueText(q.Name()), ch.vh.node.release.GetSingleText)
	}
	e, ok = q.Get(ch.vh.Now(), m.NoAck)
	ch.vh.watch(q)
	ch.countGot(ok, m.NoAck, ok && e.Redelivered())
	if !ok {
		return 0, e, false, nil
	}
	ch.lastTag++
	if ch.vh.observed() {
		ch.observe(&Event{Kind: MessageGot, Message: e.Message, Queue: q, DeliveryTag: ch.lastTag, Redelivered: e.Redelivered(), NoAck: m.NoAck})
	}
	ch.traceDelivered(q, &e, ch.vh.node.release.GetCountsFirst)
	if !m.NoAck {
		ch.hold(delivery{tag: ch.lastTag, q: q, entry: e})
	}
	return ch.lastTag, e, true, nil
}

// Ack settles a delivery, or with multiple all up to it.
func (ch *Channel) Ack(tag uint64, multiple bool) error {
	return ch.conclude(tag, multiple, ack)
}

// Nack gives a delivery back, or with multiple all up to it: to its queue, or to
// the dead letters.
func (ch *Channel) Nack(tag uint64, multiple, requeue bool) error {
	if requeue {
		return ch.conclude(tag, multiple, nack)
	}
	return ch.conclude(tag, multiple, discard)
}

// Reject gives one delivery back: to its queue, or to the dead letters.
func (ch *Channel) Reject(tag uint64, requeue bool) error {
	if requeue {
		return ch.conclude(tag, false, refuse)
	}
	return ch.conclude(tag, false, reject)
}

// Recover requeues everything that the channel has not settled.
func (ch *Channel) Recover() error {
	all := ch.unacked.takeAll()
	if err := ch.checkStreamSettlement(all, nack); err != nil {
		ch.unacked.putBack(all)
		return Errorf(wire.InternalError, "")
	}
	var late []delivery
	all = slices.DeleteFunc(all, func(d delivery) bool {
		if d.late {
			late = append(late, d)
		}
		return d.late
	})
	ch.unacked.putBack(late)
	ch.settle(all, nack)
	return nil
}

// conclude settles deliveries now, or when the transaction commits. An unknown
// tag is an error at once in either case.
func (ch *Channel) conclude(tag uint64, multiple bool, s settlement) error {
	var one [1]delivery
	taken, ok := ch.unacked.take(one[:0], tag, multiple)
	if !ok {
		if ch.takenBack != nil && ch.forgiven(tag, multiple, s) {
			return nil
		}
		return Errorf(wire.PreconditionFailed, "unknown delivery tag %d", tag)
	}
	taken = ch.settleLate(taken)
	if ch.mode == transactional {
		ch.settleInTx(taken, s)
	} else if err := ch.checkStreamSettlement(taken, s); err != nil {
		ch.unacked.putBack(taken)
		return err
	} else {
		ch.settle(taken, s)
	}
	ch.watchOldest()
	return nil
}

// settle ends deliveries and gives their consumers credit for the next ones.
func (ch *Channel) settle(ds []delivery, s settlement) {
	if ch.vh.observed() {
		ch.observeSettled(ds, s)
	}
	if len(ds) > 1 {
		ds = byConsumer(ds)
	}
	if s == abandon && ch.vh.node.release.ConsumersByTag {
		slices.SortStableFunc(ds, byQuorumTag)
	} else if s == abandon {
		slices.SortStableFunc(ds, byArrival)
	}
	switch s {
	case ack:
		ch.stats.Ack += uint64(len(ds))
		for i := range ds {
			ds[i].q.Ack(&ds[i].entry)
		}
	case reject, discard:
		for i := range ds {
			ds[i].q.Reject(&ds[i].entry, s.cause())
		}
	case abandon:
		requeue(ds, s.cause())
	default:
		ch.requeueByConsumer(ds, s)
		return
	}
	ch.giveCredit(ds)
}

// requeueByConsumer brings deliveries back in RabbitMQ's order: those of one
// consumer at a time, by queue and tag, after what was got. The queue hands out
// again what it can before the next ones come. A quorum queue that sends them to its
// end takes back one at a time.
func (ch *Channel) requeueByConsumer(ds []delivery, s settlement) {
	if len(ds) == 1 {
		ch.bringBack(ds, s)
		return
	}
	for len(ds) > 0 {
		n := 1
		single := ds[0].q.Settings().GoesToBack()
		for n < len(ds) && !single && ds[n].q == ds[0].q && ds[n].consumer != nil && ds[n].consumerTag() == ds[0].consumerTag() {
			n++
		}
		some := make([]delivery, n) // a copy, lest ds escape
		copy(some, ds)
		ch.vh.Later(func() { ch.bringBack(some, s) })
		ds = ds[n:]
	}
}

// byArrival orders deliveries of a quorum queue as they come back when their channel
// ends: by arrival of their consumers, and then what was got, by delivery tag.
func byArrival(a, b delivery) int {
	number := func(d *delivery) int {
		if d.consumer == nil {
			return math.MaxInt
		}
		return d.consumer.sub.Number()
	}
	if a.q != b.q {
		return strings.Compare(a.q.Name(), b.q.Name())
	}
	if a.q.Kind() != queue.Quorum {
		return 0
	}
	if order := cmp.Compare(number(&a), number(&b)); order != 0 || a.consumer != nil {
		return order
	}
	return strings.Compare(a.quorumTag(), b.quorumTag())
}

// byQuorumTag is byArrival for RabbitMQ 3.10, where the order is that of the tags.
func byQuorumTag(a, b delivery) int {
	if a.q != b.q {
		return strings.Compare(a.q.Name(), b.q.Name())
	}
	if a.q.Kind() != queue.Quorum {
		return 0
	}
	return strings.Compare(a.quorumTag(), b.quorumTag())
}

// quorumTag is what a quorum queue calls the consumer of a delivery: basic.get is one
// whose tag is the delivery's. The tags are in order of their letters, 10 before 9.
func (d *delivery) quorumTag() string {
	if d.consumer == nil {
		return strconv.FormatUint(d.tag, 10)
	}
	return d.consumer.sub.Tag
}

// byConsumer orders deliveries as RabbitMQ settles them: by queue, and by the tags
// of their consumers, after what was got. What a consumer had from a classic queue
// with priorities goes in their order.
func byConsumer(ds []delivery) []delivery {
	sorted := make([]delivery, len(ds))
	copy(sorted, ds)
	slices.SortStableFunc(sorted, func(a, b delivery) int {
		order := cmp.Or(strings.Compare(a.q.Name(), b.q.Name()), strings.Compare(a.consumerTag(), b.consumerTag()))
		if order != 0 || a.consumer == nil || a.q != b.q {
			return order
		}
		return cmp.Compare(b.q.Priority(b.entry.Message), a.q.Priority(a.entry.Message))
	})
	return sorted
}

func (ch *Channel) bringBack(ds []delivery, s settlement) {
	requeue(ds, s.cause())
	ch.releaseCredit(ds)
	if ch.globalPrefetch != 0 {
		// Consumers that the global prefetch has blocked hear that they may go
		// on after the queue has handed out again what came back.
		ch.vh.Later(ch.unblockAll)
	}
}

// consumerTag is empty for a message that was got.
func (d *delivery) consumerTag() string {
	if d.consumer == nil {
		return ""
	}
	return d.consumer.sub.Tag
}

// requeue brings deliveries back to their queues.
func requeue(ds []delivery, why queue.Cause) {
	for i := range ds {
		if d := &ds[i]; d.q.InOrder() {
			d.q.Requeue(&d.entry, why)
		}
	}
	for i := len(ds) - 1; i >= 0; i-- {
		if d := &ds[i]; !d.q.InOrder() {
			d.q.Requeue(&d.entry, why)
		}
	}
}

// giveCredit gives back the credit that deliveries took.
func (ch *Channel) giveCredit(ds []delivery) {
	ch.releaseCredit(ds)
	if ch.globalPrefetch != 0 {
		ch.unblockAll()
	}
}

// releaseCredit is giveCredit without telling those that the global prefetch blocks.
func (ch *Channel) releaseCredit(ds []delivery) {
	for i := range ds {
		c := ds[i].consumer
		if c == nil {
			continue
		}
		ch.held = max(ch.held-1, 0)
		// Credit is counted by tag: it goes to a consumer that was started
		// again under the tag of the one that had the message.
		c = ch.byTag[c.sub.Tag]
		if c == nil || c.q != ds[i].q {
			continue
		}
		c.held--
		if c.prefetch != 0 && ch.globalPrefetch == 0 {
			c.q.Unblock(&c.sub)
		}
	}
}
