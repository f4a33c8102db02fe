package queue

// Ack settles an entry that was handed out: it is gone.
func (q *Queue) Ack(e *Entry) {
	if q.deleted {
		return
	}
	q.settle(e)
	q.counts.Acked++
}

// Reject settles an entry that was handed out: it is dead-lettered, or gone.
func (q *Queue) Reject(e *Entry) {
	if q.deleted {
		return
	}
	q.settle(e)
	q.drop(e, Rejected)
}

// Requeue brings an entry that was handed out back to its position. To requeue
// several, begin with the last: each then goes to the front in constant time.
// Limits and expiry apply once all are back, in Dispatch.
func (q *Queue) Requeue(e *Entry) {
	if q.deleted {
		return
	}
	q.settle(e)
	q.counts.Requeued++
	q.ready.push(*e)
	q.host.Wake(q)
}

func (q *Queue) settle(e *Entry) {
	q.unacked--
	q.unackedBytes -= int64(len(e.Message.Body))
}

// drop ends an entry that is neither ready nor unacked any more.
func (q *Queue) drop(e *Entry, reason Reason) {
	q.counts.Dropped++
	if q.settings.DeadLetter {
		q.host.DeadLetter(q, e.Message, reason)
	}
}
