package queue

// A dead letter of a quorum queue that dead-letters at least once is withheld
// until it has arrived: it is neither ready nor unacked any more, but counts
// against the queue's limits, and survives a restart.

// DeadLettersAtLeastOnce says whether dead letters are withheld. As in RabbitMQ,
// that takes an overflow of reject-publish; otherwise they are published at most
// once.
func (s *Settings) DeadLettersAtLeastOnce() bool {
	return s.AtLeastOnce && s.Kind == Quorum && s.DeadLetter && s.Overflow == RejectPublish
}

// Withhold notes that m is withheld.
func (q *Queue) Withhold(m *Message) {
	q.withheld++
	q.withheldBytes += q.ready.size(m)
}

// LetGo notes that m, which was withheld, has arrived.
func (q *Queue) LetGo(m *Message) {
	q.withheld--
	q.withheldBytes -= q.ready.size(m)
}

// Withheld returns how many dead letters are withheld.
func (q *Queue) Withheld() int { return q.withheld }
