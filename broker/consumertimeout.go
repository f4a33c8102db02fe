package broker

import (
	"math"
	"time"

	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// A client that holds a message for too long loses it. The time is the node's,
// 30 minutes by default, unless the queue or the consumer has one of its own.
// RabbitMQ up to 4.0 looks once a minute, so that a channel may live up to a
// minute longer than here, where the time is exact; 4.3 is exact too.

// DefaultConsumerTimeout is how long a client may hold a message unless
// something else is set, as in RabbitMQ.
const DefaultConsumerTimeout = 30 * time.Minute

// noTimeout is the consumer timeout, in milliseconds, that never comes.
const noTimeout = math.MaxInt64

// readConsumerTimeout reads x-consumer-timeout where it is not checked: a value
// that is no number stands for no timeout.
func readConsumerTimeout(r *release.Release, args wire.Table, s *queue.Settings) {
	v, set := args.Get(argConsumerTimeout)
	if !set || r.ConsumerTimeouts != release.QueuedChannelTimeouts {
		return
	}
	n, ok := integer(v)
	if !ok {
		n = noTimeout
	}
	s.ConsumerTimeout = queue.Some(n)
}

// consumerTimeout returns for how long messages of q may be held, in
// milliseconds.
func (vh *VHost) consumerTimeout(q *queue.Queue) queue.Optional {
	if t := q.ConsumerTimeout(); t.Set && vh.node.release.ConsumerTimeouts != release.ChannelTimeouts && !q.Deleted() {
		return t
	}
	return queue.Some(vh.node.consumerTimeout.Load())
}

// consumeTimeout reads the timeout that a consumer asks for, which only 4.3
// looks at.
func (ch *Channel) consumeTimeout(m *wire.BasicConsume, q *queue.Queue) (queue.Optional, error) {
	v, set := m.Arguments.Get(argConsumerTimeout)
	if !set || ch.vh.node.release.ConsumerTimeouts != release.QueueTimeouts {
		return ch.vh.consumerTimeout(q), nil
	}
	resource := ch.vh.queueText(q.Name())
	if q.Kind() != queue.Quorum {
		return queue.Optional{}, Errorf(wire.PreconditionFailed, "invalid arg '%s' for %s of queue type rabbit_%s_queue",
			argConsumerTimeout, resource, q.Kind())
	}
	n, ok := integer(v)
	if !ok {
		return queue.Optional{}, Errorf(wire.PreconditionFailed, "invalid arg '%s' for %s: \"expected integer, got %s\"",
			argConsumerTimeout, resource, erlang.TypeName(v))
	}
	if n < 0 {
		return queue.Optional{}, Errorf(wire.PreconditionFailed, "invalid arg '%s' for %s: {value_negative,%d}", argConsumerTimeout, resource, n)
	}
	return queue.Some(n), nil
}

// hold notes that the client has a message which it must settle.
func (ch *Channel) hold(d delivery) {
	d.at = ch.vh.Now()
	ch.unacked.add(d)
	switch {
	case ch.vh.node.release.ConsumerTimeouts == release.QueueTimeouts:
		ch.lookAt(ch.deadline(&d))
	case ch.unacked.count == 1:
		ch.watchOldest()
	}
}

// deadline returns when the client is late with a delivery, zero for never.
func (ch *Channel) deadline(d *delivery) queue.Instant {
	timeout := ch.vh.consumerTimeout(d.q)
	if ch.vh.node.release.ConsumerTimeouts == release.QueueTimeouts {
		if d.q.Kind() != queue.Quorum {
			return 0
		}
		if d.consumer != nil {
			timeout = d.consumer.timeout
		}
	}
	if timeout.Value > (math.MaxInt64-int64(d.at))/int64(queue.Millisecond) {
		return 0
	}
	return max(d.at, d.at+queue.Instant(timeout.Value)*queue.Millisecond)
}

// watchOldest sees to it that the channel is looked at when its client is late
// with the oldest message.
func (ch *Channel) watchOldest() {
	if d := ch.unacked.oldest(); d != nil && ch.vh.node.release.ConsumerTimeouts != release.QueueTimeouts {
		ch.lookAt(ch.deadline(d))
	}
}

// lookAt has the channel looked at then, unless it will be before anyway.
func (ch *Channel) lookAt(at queue.Instant) {
	if at == 0 || ch.sink == nil || ch.watched != 0 && ch.watched <= at {
		return
	}
	ch.watched = at
	if ch.timer == nil {
		ch.timer = &channelTimer{ch}
	}
	ch.vh.timers.add(at, ch.timer)
}

// channelTimer is the moment at which a channel's client is late with a
// message. It lets go of the channel when that is closed.
type channelTimer struct{ ch *Channel }

func (t *channelTimer) fire(_ *VHost, now queue.Instant) {
	ch := t.ch
	if ch == nil {
		return
	}
	if ch.watched <= now {
		ch.watched = 0
	}
	if ch.vh.node.release.ConsumerTimeouts == release.QueueTimeouts {
		ch.takeLate(now)
		return
	}
	if d := ch.unacked.oldest(); d != nil {
		if at := ch.deadline(d); at != 0 && at <= now {
			ch.sink.Fail(ch.lateError(ch.vh.consumerTimeout(d.q).Value))
			return
		}
		ch.watchOldest()
	}
}

// lateError closes a channel whose client held a message for too long.
func (ch *Channel) lateError(timeout int64) error {
	return Errorf(wire.PreconditionFailed, "delivery acknowledgement on channel %d timed out. Timeout value used: %d ms. "+
		"This timeout value can be configured, see consumers doc guide to learn more", ch.Number, timeout)
}
