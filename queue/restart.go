package queue

// Restart does to a durable queue what the restart of its node does: a classic
// queue loses the messages that are not persistent, a quorum queue or a stream none. lost is
// called for each; they are not dead-lettered. Nothing may be unacked, and there
// may be no consumers.
func (q *Queue) Restart(now Instant, lost func(m *Message)) {
	if q.stream != nil {
		return
	}
	var kept []Entry
	q.Each(func(e *Entry) {
		if e.Message.Persistent || q.settings.Kind == Quorum {
			kept = append(kept, *e)
			return
		}
		q.counts.Dropped++
		lost(e.Message)
	})
	returned := q.ready.returned.length // they come first, and are kept
	q.ready.init(&q.settings)
	for i, e := range kept {
		if i < returned {
			q.ready.pushReturned(e)
		} else {
			q.ready.push(e)
		}
	}
	q.Touch(now)
	q.seeHead()
}
