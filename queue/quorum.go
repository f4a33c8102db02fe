package queue

import (
	"cmp"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/release"
)

// Quorum queues differ from classic ones in what becomes of a message that
// comes back. It goes not to its old position but before all others, behind
// those that came back earlier, and the failed deliveries are counted: beyond
// the delivery limit, the message is dead-lettered.

// priorityLevels is how many levels of priority a quorum queue tells apart.
func priorityLevels(p release.Priorities) int { return [...]int{1, 2, 32}[p] }

const (
	defaultPriority = 4

	highPriority = 5 // the lowest priority that Interleaved prefers
	olderTurn    = 2 // every third turn, an older normal one goes before these
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
	switch {
	case high.length == 0:
		return normal
	case normal.length == 0, r.turn != olderTurn, high.front().position < normal.front().position:
		return high
	}
	return normal
}

// countTurn counts the entries that are taken, of whichever level, in threes.
func (r *ready) countTurn() { r.turn = (r.turn + 1) % (olderTurn + 1) }

func (q *Queue) requeueQuorum(e *Entry, why Cause) {
	s := &q.settings
	failed := why != Released || s.ReleasedIsFailed
	if failed {
		e.failures++
	}
	if s.limitsDeliveries() && int64(e.failures) > s.DeliveryLimit.Value {
		q.drop(e, DeliveryLimit)
		return
	}
	if delay := s.retryDelay(e.failures, failed); delay > 0 {
		q.holdBack(e, delay)
		return
	}
	if s.GoesToBack() && why != Abandoned {
		e.position = q.nextPosition
		q.nextPosition++
		q.ready.push(*e)
		return
	}
	q.ready.pushReturned(*e)
}

// dispatchQuorum is Dispatch for a quorum queue. It chooses a consumer for each
// message first and then hands over, one consumer after the other: what one step
// of RabbitMQ's queue has for a channel with several arrives in that order.
func (q *Queue) dispatchQuorum(now Instant) {
	type handed struct {
		to *Consumer
		e  Entry
	}
	var batch []handed
	q.bringBack(now)
	for q.dropDue(now); q.ready.length > 0; q.dropDue(now) {
		c := q.consumers.take()
		if c == nil {
			break
		}
		c.Receiver.Promise()
		batch = append(batch, handed{c, q.ready.take()})
	}
	slices.SortStableFunc(batch, func(a, b handed) int {
		if q.settings.ConsumersByTag {
			return strings.Compare(a.to.Tag, b.to.Tag)
		}
		return cmp.Compare(a.to.number, b.to.number)
	})
	for _, h := range batch {
		q.deliver(h.to, h.e)
	}
}

// InOrder says in which order deliveries that come back together must be
// requeued: first to last in a quorum queue. In a classic queue the order is of no
// consequence, but from last to first is quick, since each goes to the front.
func (q *Queue) InOrder() bool { return q.settings.Kind == Quorum }
