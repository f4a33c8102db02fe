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

// Expire drops what is due, if it is time to look. As RabbitMQ's, a classic queue
// looks at its head when the head changed by which something left or came back, and
// when what it last saw there is due. A message that has overtaken the head, by its
// priority, is not looked at until then: though it is due it can be got.
func (q *Queue) Expire(now Instant) {
	if q.bringBack(now) {
		q.host.Wake(q)
	}
	if q.settings.Kind == Quorum || due(q.headExpires, now) {
		q.dropDue(now)
	}
}

// dropDue drops what is due at the head. A message that is not due holds up those
// behind it until it gets there, in a classic queue and in the quorum queues of
// RabbitMQ up to 4.0 those of a lower priority too, in those of 4.3 only those of
// its own priority.
func (q *Queue) dropDue(now Instant) {
	for d := q.seeHead(); d != nil && due(q.headExpires, now); d = q.seeHead() {
		e := q.ready.takeFrom(d)
		q.drop(&e, Expired)
	}
}

// seeHead notes when it will be time to look, and returns the deque to look at.
func (q *Queue) seeHead() *deque {
	d := q.ready.expiring()
	q.headExpires = 0
	if d != nil {
		q.headExpires = d.front().expires
	}
	return d
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
	for _, at := range []Instant{q.headExpires, q.backAt()} {
		if at != 0 && (next == 0 || at < next) {
			next = at
		}
	}
	return next
}
