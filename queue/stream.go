package queue

import "fmt"

// Offset returns an entry's place in its stream.
func (e *Entry) Offset() int64 { return int64(e.position) }

// IsStream says that the queue is a stream: what is read stays, and settling a
// delivery does no more than give credit.
func (q *Queue) IsStream() bool { return q.stream != nil }

// Span returns how many offsets a stream has from its first to its last. That is
// what RabbitMQ gives as the number of messages.
func (q *Queue) Span() int { return q.stream.span() }

// Segments returns how many segments a stream has.
func (q *Queue) Segments() int { return len(q.stream.segments) }

// CaughtUp says that every consumer of a stream has been handed all that there is
// for it. It is true of other queues if they have no ready messages.
func (q *Queue) CaughtUp() bool {
	if q.stream == nil {
		return q.ready.length == 0
	}
	for _, c := range q.consumers.all {
		if _, _, ok := c.Reader.read(q.stream); ok {
			return false
		}
	}
	return true
}

// publishToStream writes m. It is read once the critical section ends.
func (q *Queue) publishToStream(now Instant, m *Message) {
	size := int64(defaultSegment)
	if q.settings.SegmentBytes.Set {
		size = q.settings.SegmentBytes.Value
	}
	q.stream.append(now, m, size)
	q.counts.Published++
	q.enter(m)
	q.host.Wake(q)
}

// dispatchStream ends the chunk that is open and hands every consumer what it has
// credit for.
func (q *Queue) dispatchStream(now Instant) {
	q.stream.open = false
	if q.stream.overdue {
		q.retain(now)
	}
	for _, c := range q.consumers.all {
		for {
			e, begun, ok := c.Reader.read(q.stream)
			if !ok || !(begun && c.Reader.WholeChunks) && !c.Receiver.Ready() {
				break
			}
			c.Reader.advance(q.stream)
			q.deliver(c, e)
		}
	}
}

func (q *Queue) retain(now Instant) {
	q.stream.retain(now, &q.settings, func(m *Message) {
		q.counts.Dropped++
		q.leave(m)
		if q.OnDrop != nil {
			q.OnDrop(m, Retention)
		}
	})
}

// checkStream is Check for a stream: every message that entered is there unless
// it was dropped, and every delivery is unacked or settled.
func (q *Queue) checkStream() error {
	c := &q.counts
	if kept := uint64(q.stream.length); c.Published != kept+c.Dropped {
		return fmt.Errorf("stream %q: %d messages entered, but %d are there and %d dropped", q.name, c.Published, kept, c.Dropped)
	}
	if q.unacked < 0 || c.Delivered != c.Acked+uint64(q.unacked) {
		return fmt.Errorf("stream %q: %d messages were delivered, but %d are unacked and %d acked", q.name, c.Delivered, q.unacked, c.Acked)
	}
	return nil
}
