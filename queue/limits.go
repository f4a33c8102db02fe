package queue

// refuses says whether m does not fit into a queue that rejects what does not
// fit. As in RabbitMQ, only ready messages count against the limits, and for
// reject-publish-dlx the refused message is dead-lettered as well.
func (q *Queue) refuses(m *Message) bool {
	if q.settings.Overflow != RejectPublish && q.settings.Overflow != RejectPublishDLX {
		return false
	}
	if !q.over(q.ready.length+1, q.ready.bytes+q.ready.size(m)) {
		return false
	}
	if q.settings.Overflow == RejectPublishDLX && q.settings.DeadLetter {
		q.host.DeadLetter(q, m, 0, MaxLen)
	}
	return true
}

// dropHead drops messages from the head while the queue is over its limits.
func (q *Queue) dropHead() {
	if q.settings.Overflow == RejectPublish || q.settings.Overflow == RejectPublishDLX {
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
