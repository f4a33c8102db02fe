package queue

// Duplicate counts in a second copy of an entry that was handed out, for its
// receiver to have both.
func (q *Queue) Duplicate(e *Entry) {
	if q.stream != nil { // it is only read again
		e.deliveries = 0
		q.handOut(e, false)
		return
	}
	e.position = q.nextPosition
	q.nextPosition++
	q.counts.Published++
	q.enter(e.Message)
	q.handOut(e, false)
}
