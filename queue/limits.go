package queue

import "slices"

// refuses says whether m, which from publishes, does not fit into a queue that rejects what does not
// fit. As in RabbitMQ, unacked messages do not count against the limits, and for
// reject-publish-dlx the refused message is dead-lettered as well. A quorum queue
// refuses only while it is over its limits, so that it takes one message more.
func (q *Queue) refuses(m *Message, from Publisher) bool {
	if !q.rejects() {
		return false
	}
	if q.settings.Kind == Quorum {
		blocked := q.blocks()
		if from == nil {
			return false
		}
		q.meet(from)
		return blocked && !q.exempt[from]
	}
	if !q.over(q.ready.length+1, q.ready.bytes+q.ready.size(m)) {
		return false
	}
	if q.settings.Overflow == RejectPublishDLX && q.settings.DeadLetter {
		q.host.DeadLetter(q, m, 0, MaxLen, false)
	}
	return true
}

// rejects says whether the queue rejects what does not fit. A quorum queue that is
// to do reject-publish-dlx, which RabbitMQ takes and does not have, drops the head.
func (q *Queue) rejects() bool {
	return q.settings.Overflow == RejectPublish || q.settings.Overflow == RejectPublishDLX && q.settings.Kind != Quorum
}

// dropHead drops messages from the head while the queue is over its limits, and
// says whether there were any.
func (q *Queue) dropHead() (dropped bool) {
	if q.rejects() {
		return false
	}
	var reversed []Entry
	for q.ready.length > 0 && q.over(q.ready.length+len(q.delayed), q.ready.bytes+q.delayedBytes) {
		e := q.ready.take()
		if dropped = true; q.settings.DropsReversed {
			reversed = append(reversed, e)
		} else {
			q.drop(&e, MaxLen)
		}
	}
	for i := range slices.Backward(reversed) {
		q.drop(&reversed[i], MaxLen)
	}
	return dropped
}

// blocks says whether a quorum queue refuses messages. It begins to when it is over
// its limits, with a message that it has taken, and ends when it has fallen to four
// fifths of them.
func (q *Queue) blocks() bool {
	s, length, bytes := &q.settings, q.ready.length+q.withheld+len(q.delayed), q.ready.bytes+q.withheldBytes+q.delayedBytes
	low := func(limit Optional) int64 { return limit.Value * 4 / 5 }
	switch {
	case q.over(length, bytes):
		q.blocked = true
		clear(q.exempt)
	case (!s.MaxLength.Set || int64(length) <= low(s.MaxLength)) && (!s.MaxLengthBytes.Set || bytes <= low(s.MaxLengthBytes)):
		q.blocked = false
	}
	return q.blocked
}

// Publisher is who publishes to a queue, as long as it can.
type Publisher interface {
	// Met tells that the queue knows the publisher, until Forget.
	Met(q *Queue)
}

// meet makes a publisher known to a quorum queue that refuses. Those that it knows are
// told when it goes over its limits, and when it has fallen below. One that comes in
// between is told only if the queue is over its limits at that moment.
func (q *Queue) meet(from Publisher) {
	if q.publishers[from] {
		return
	}
	if q.publishers == nil {
		q.publishers, q.exempt = make(map[Publisher]bool), make(map[Publisher]bool)
	}
	q.publishers[from] = true
	from.Met(q)
	if q.blocked && !q.over(q.ready.length+q.withheld, q.ready.bytes+q.withheldBytes) {
		q.exempt[from] = true
	}
}

// Forget tells that a publisher is gone.
func (q *Queue) Forget(from Publisher) {
	delete(q.publishers, from)
	delete(q.exempt, from)
}

// noteLimits is blocks where nothing is published: what falls below the limits and
// rises again between two messages does count.
func (q *Queue) noteLimits() {
	if q.settings.Kind == Quorum && q.rejects() {
		q.blocks()
	}
}

func (q *Queue) over(length int, bytes int64) bool {
	s := &q.settings
	return s.MaxLength.Set && int64(length) > s.MaxLength.Value ||
		s.MaxLengthBytes.Set && bytes > s.MaxLengthBytes.Value
}
