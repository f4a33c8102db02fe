package queue

// enter and leave keep count of the persistent messages in the queue, ready or
// unacked.

func (q *Queue) enter(m *Message) {
	if m.Persistent {
		q.persistent++
		q.persistentBytes += int64(len(m.Body))
	}
}

func (q *Queue) leave(m *Message) {
	if m.Persistent {
		q.persistent--
		q.persistentBytes -= int64(len(m.Body))
	}
}

// Persistent returns how many persistent messages are in the queue, ready or
// unacked, and how many bytes their bodies have.
func (q *Queue) Persistent() (messages, bytes int64) { return q.persistent, q.persistentBytes }
