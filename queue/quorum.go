package queue

// Quorum queues differ from classic ones in what becomes of a message that
// comes back. It goes not to its old position but before all others, behind
// those that came back earlier, and the failed deliveries are counted: beyond
// the delivery limit, the message is dead-lettered.

// Priorities says how a quorum queue heeds the priority of messages.
type Priorities uint8

const (
	// NoPriorities: all messages are equal, as up to RabbitMQ 3.13.
	NoPriorities Priorities = iota
	// Interleaved: two messages of priority 5 or more go before one of a
	// lower priority, as in RabbitMQ 4.0.
	Interleaved
	// Strict: 32 levels, highest first, as in RabbitMQ 4.3. A message without
	// a priority has 4, as in AMQP 1.0.
	Strict
)

func (p Priorities) levels() int { return [...]int{1, 2, 32}[p] }

const (
	defaultPriority = 4

	highPriority = 5 // the lowest priority that Interleaved prefers
	highStreak   = 2 // how many of these go before a normal one
)

func interleavedLevel(m *Message) int {
	if m.Priority >= highPriority {
		return 1
	}
	return 0
}

// interleaved returns the level whose turn it is.
func (r *ready) interleaved() *deque {
	normal, high := &r.levels[0], &r.levels[1]
	if high.length > 0 && (r.streak < highStreak || normal.length == 0) {
		return high
	}
	return normal
}

// count notes from which of the two levels an entry is taken.
func (r *ready) count(d *deque) {
	if d == &r.levels[0] {
		r.streak = 0
	} else {
		r.streak++
	}
}

func (q *Queue) requeueQuorum(e *Entry, why Cause) {
	s := &q.settings
	if why != Released || s.ReleasedIsFailed {
		e.failures++
	}
	if limit := s.DeliveryLimit; limit.Set && limit.Value >= 0 && int64(e.failures) > limit.Value {
		q.drop(e, DeliveryLimit)
		return
	}
	if s.ReleasedToBack && why != Abandoned {
		e.position = q.nextPosition
		q.nextPosition++
		q.ready.push(*e)
		return
	}
	q.ready.pushReturned(*e)
}

// InOrder says in which order deliveries that come back together must be
// requeued: first to last in a quorum queue. In a classic queue the order is of no
// consequence, but from last to first is quick, since each goes to the front.
func (q *Queue) InOrder() bool { return q.settings.Kind == Quorum }
