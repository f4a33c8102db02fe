package queue

// expiry returns when m is due in this queue: the lower of the queue's
// x-message-ttl and the message's own expiration, zero if it has neither.
func (q *Queue) expiry(now Instant, m *Message) Instant {
	ttl, set := Instant(0), false
	if q.settings.MessageTTL.Set {
		ttl, set = Instant(q.settings.MessageTTL.Value)*Millisecond, true
	}
	if m.HasExpiration && (!set || m.Expiration < ttl) {
		ttl, set = m.Expiration, true
	}
	if !set {
		return 0
	}
	return now + ttl
}

// Expire drops what is due at the head. A message that is not due holds up all
// behind it, those of a lower priority too, until it gets there, as in RabbitMQ.
func (q *Queue) Expire(now Instant) {
	for q.ready.length > 0 && due(q.ready.head().expires, now) {
		e := q.ready.take()
		q.drop(&e, Expired)
	}
	q.headExpires = 0
	if q.ready.length > 0 {
		q.headExpires = q.ready.head().expires
	}
}

func due(at, now Instant) bool { return at != 0 && at <= now }

// Touch notes that the queue is in use: it was declared, or a message was got.
func (q *Queue) Touch(now Instant) { q.lastUsed = now }

// Unused says that the queue has had no consumer and was not touched for the
// time in x-expires, so it is to be deleted.
func (q *Queue) Unused(now Instant) bool { return due(q.unusedAt(), now) }

func (q *Queue) unusedAt() Instant {
	if !q.settings.Expires.Set || len(q.consumers.all) > 0 {
		return 0
	}
	return q.lastUsed + Instant(q.settings.Expires.Value)*Millisecond
}

// Deadline returns when Expire or Unused will next have an effect by the mere
// passing of time, zero for never.
func (q *Queue) Deadline() Instant {
	next := q.unusedAt()
	if head := q.headExpires; head != 0 && (next == 0 || head < next) {
		next = head
	}
	return next
}
