package queue

// SetSettings replaces what is in force, as a policy does. The limits hold at
// once, as does what a stream may retain. As in RabbitMQ, messages that are in the
// queue keep the expiry that they entered with, and the time in x-expires begins
// anew. The kind of the queue, its priorities and the size of a stream's segments
// cannot change.
func (q *Queue) SetSettings(now Instant, s Settings) {
	before := q.settings
	s.Kind, s.MaxPriority, s.SingleActiveConsumer = before.Kind, before.MaxPriority, before.SingleActiveConsumer
	s.SegmentBytes = before.SegmentBytes
	if q.settings.Kind == Classic && s.Overflow != before.Overflow {
		// RabbitMQ changes one setting after the other, x-overflow last.
		q.settings.MaxLength, q.settings.MaxLengthBytes = s.MaxLength, s.MaxLengthBytes
		q.dropHead()
	}
	q.settings, q.look = s, true
	if q.stream != nil {
		q.stream.overdue = true
	}
	if s.Expires != before.Expires {
		q.Touch(now)
	}
	q.host.Wake(q)
}

// SetSegmentBytes sets the size of the segments of a stream that is being declared.
func (q *Queue) SetSegmentBytes(n int64) { q.settings.SegmentBytes = Some(n) }
