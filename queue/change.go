package queue

// SetSettings replaces what is in force, as a policy does. The limits hold at
// once, as does what a stream may retain. As in RabbitMQ, messages that are in the queue keep the expiry that they
// entered with, and the time in x-expires begins anew. The kind of the queue and
// its priorities cannot change.
func (q *Queue) SetSettings(now Instant, s Settings) {
	before := q.settings
	s.Kind, s.MaxPriority, s.SingleActiveConsumer = before.Kind, before.MaxPriority, before.SingleActiveConsumer
	q.settings = s
	if q.stream != nil {
		q.stream.overdue = true
	}
	if s.Expires != before.Expires {
		q.Touch(now)
	}
	q.host.Wake(q)
}
