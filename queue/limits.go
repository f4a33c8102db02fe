package queue

// refuses says whether m does not fit into a queue that rejects what does not
// fit. As in RabbitMQ, unacked messages do not count against the limits, and for
// reject-publish-dlx the refused message is dead-lettered as well. A quorum queue
// refuses only while it is over its limits, so that it takes one message more.
func (q *Queue) refuses(m *Message) bool {
	if !q.rejects() {
		return false
	}
	if q.settings.Kind == Quorum {
		return q.over(q.ready.length+q.withheld, q.ready.bytes+q.withheldBytes)
	}
	if !q.over(q.ready.length+1, q.ready.bytes+q.ready.size(m)) {
		return false
	}
	if q.settings.Overflow == RejectPublishDLX && q.settings.DeadLetter {
		q.host.DeadLetter(q, m, 0, MaxLen)
	}
	return true
}

// rejects says whether the queue rejects what does not fit. A quorum queue that is
// to do reject-publish-dlx, which RabbitMQ takes and does not have, drops the head.
func (q *Queue) rejects() bool {
	return q.settings.Overflow == RejectPublish || q.settings.Overflow == RejectPublishDLX && q.settings.Kind != Quorum
}

// dropHead drops messages from the head while the queue is over its limits.
func (q *Queue) dropHead() {
	if q.rejects() {
		return
	}
	for q.ready.length > 0 && q.over(q.ready.length, q.ready.bytes) {
		e := q.ready.take()
		q.drop(&e, MaxLen)
	}
}

func (q *Queue) over(length int, bytes int64) bool {
	s := &q.settings
	return s.MaxLength.Set && int64(length) > s.MaxLength.Value ||
		s.MaxLengthBytes.Set && bytes > s.MaxLengthBytes.Value
}
