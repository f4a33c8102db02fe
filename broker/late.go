package broker

import "github.com/minirabbit/minirabbit/queue"

// What follows is what RabbitMQ 4.3 does when the consumer of a quorum queue
// holds a message for too long. The message goes back to the queue, but the
// client still has to settle it, which then has no effect on the message. Until
// it has settled all of these, the consumer gets nothing. The client is told with
// basic.cancel, although the consumer keeps its tag and may be served again.

// takeLate takes back what the client is late with.
func (ch *Channel) takeLate(now queue.Instant) {
	var late []delivery
	var told []*Consumer
	orphan := false // late with a message that no consumer answers for
	next := queue.Instant(0)
	look := func(d *delivery) {
		at := ch.deadline(d)
		switch {
		case at == 0 || d.late:
			return
		case at > now:
			if next == 0 || at < next {
				next = at
			}
			return
		}
		late = append(late, *d)
		d.late = true
		c := d.consumer
		if c == nil || ch.byTag[c.sub.Tag] != c || !ch.conn.Capability("consumer_cancel_notify") {
			orphan = true
			return
		}
		if c.late++; len(told) == 0 || told[len(told)-1] != c {
			told = append(told, c)
		}
	}
	ch.unacked.each(look)
	for _, s := range ch.tx.settlements { // of which the queue knows nothing yet
		for i := range s.deliveries {
			look(&s.deliveries[i])
		}
	}
	if ch.vh.observed() {
		ch.observeSettled(late, nack)
	}
	requeue(late, queue.Released)
	if orphan {
		ch.sink.Fail(ch.lateError(-1)) // so says RabbitMQ, where the channel does not know the time
		return
	}
	for _, c := range told {
		c.q.PassOver(&c.sub)
		ch.vh.cancelled = append(ch.vh.cancelled, c)
	}
	ch.lookAt(next)
}

// settleLate takes those out of deliveries that were taken back before their
// client settled them.
func (ch *Channel) settleLate(ds []delivery) []delivery {
	for i := range ds {
		if ds[i].late {
			return ch.withoutLate(ds)
		}
	}
	return ds
}

func (ch *Channel) withoutLate(ds []delivery) []delivery {
	var late, rest []delivery
	for _, d := range ds {
		if !d.late {
			rest = append(rest, d)
			continue
		}
		late = append(late, d)
		if d.consumer != nil {
			d.consumer.late--
		}
	}
	ch.giveCredit(late)
	for _, d := range late {
		if c := d.consumer; c != nil && c.late == 0 && ch.byTag[c.sub.Tag] == c {
			c.q.Unblock(&c.sub)
		}
	}
	return rest
}
