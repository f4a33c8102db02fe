package queue

import (
	"slices"

	"github.com/minirabbit/minirabbit/release"
)

// Receiver is the side of a consumer that takes deliveries.
type Receiver interface {
	// Ready says whether a message may be handed over now: there is credit
	// and the connection can take it.
	Ready() bool
	// Promise says that an entry is meant for the consumer, which takes its
	// credit; Deliver follows.
	Promise()
	// Idle says whether it has settled all that it was handed.
	Idle() bool
	// Deliver hands over an entry. Unless the consumer takes without
	// acknowledgement, the receiver settles it later.
	Deliver(q *Queue, e Entry)
}

// Consumer is one subscription to a queue.
type Consumer struct {
	Tag       string
	NoAck     bool
	Exclusive bool
	// Priority is the x-priority argument, 0 by default; consumers of a
	// higher priority are served first.
	Priority int
	Receiver Receiver
	// Reader is the consumer's place in a stream; nil begins with the next message.
	Reader *Reader

	number int  // in order of arrival at the queue
	held   int  // deliveries that are unacked
	gone   bool // it was removed
	// heir goes on with what the consumer holds; see Inherit.
	heir *Consumer

	next, prev *Consumer
	list       *consumerList // where it waits for its turn, nil while blocked
	blocked    int           // its place among those that have left their round
}

// Blocked tells in which order consumers have left their rounds, because they were not
// ready: a later one has a higher number.
func (c *Consumer) Blocked() int { return c.blocked }

// Number counts the consumers of a queue in order of arrival, from one.
func (c *Consumer) Number() int { return c.number }

// Inherit has c, which is about to be added, go on for one that is gone and holds
// messages yet. In RabbitMQ's quorum queues they are the same consumer if a channel
// has both under the same tag.
func (c *Consumer) Inherit(from *Consumer) {
	for from.heir != nil {
		from = from.heir
	}
	if from.gone && from.held > 0 {
		c.held, from.held, from.heir = from.held, 0, c
	}
}

// consumers orders the consumers of a queue as RabbitMQ does: in turns within
// a priority; who has no credit leaves the round and comes back at its end.
type consumers struct {
	all    []*Consumer     // in order of arrival
	rounds []*consumerList // by descending priority
	single bool            // x-single-active-consumer
	choice release.SingleActive
	active *Consumer // the one that is served, if single
	// arrivals counts all consumers that there have been, blocks how often one has
	// left its round.
	arrivals, blocks int
}

func (cs *consumers) add(c *Consumer) {
	cs.arrivals++
	c.number = cs.arrivals
	cs.all = append(cs.all, c)
	cs.join(c)
	if cs.single && cs.active == nil {
		cs.active = c
	}
}

func (cs *consumers) remove(c *Consumer) (found bool) {
	i := indexFromEnds(cs.all, c)
	switch last := len(cs.all) - 1; i {
	case -1:
		return false
	case 0:
		cs.all = cs.all[1:]
	case last:
		cs.all = cs.all[:last:last]
	default:
		cs.all = append(cs.all[:i:i], cs.all[i+1:]...) // others may go through the list
	}
	if c.list != nil {
		c.list.remove(c)
	}
	if cs.active == c {
		cs.active = cs.successor()
	}
	return true
}

// indexFromEnds returns the place of c, -1 if there is none. It is quick near both
// ends: consumers mostly go in order of their arrival, or in the opposite one.
func indexFromEnds(all []*Consumer, c *Consumer) int {
	for i, j := 0, len(all)-1; i <= j; i, j = i+1, j-1 {
		if all[i] == c {
			return i
		}
		if all[j] == c {
			return j
		}
	}
	return -1
}

// successor is the consumer that becomes the single active one.
func (cs *consumers) successor() *Consumer {
	var best *Consumer
	for _, c := range cs.all {
		if best == nil || c.Priority > best.Priority && cs.choice != release.LongestNext {
			best = c
		}
	}
	return best
}

// passOver makes another consumer the single active one in the place of c.
func (cs *consumers) passOver(c *Consumer) {
	if !cs.single || cs.active != c {
		return
	}
	for _, other := range cs.all {
		if other != c && other.Receiver.Ready() && (cs.active == c || other.Priority > cs.active.Priority) {
			cs.active = other
		}
	}
}

// current is the single active consumer, relieved if it is to be. One that is
// relieved waits behind the others.
func (cs *consumers) current() *Consumer {
	if cs.mustYield() && cs.active.Receiver.Idle() {
		relieved := cs.active
		cs.active = cs.successor()
		i := slices.Index(cs.all, relieved)
		cs.all = append(append(cs.all[:i:i], cs.all[i+1:]...), relieved)
	}
	return cs.active
}

// mustYield says that a consumer of a higher priority than the active one waits.
func (cs *consumers) mustYield() bool {
	return cs.choice == release.HighestAtOnce && cs.active != nil && cs.successor().Priority > cs.active.Priority
}

// take returns the consumer whose turn it is and moves it to the end of its
// round. Those before it that are not ready leave the round until unblock.
func (cs *consumers) take() *Consumer {
	if cs.single {
		if c := cs.current(); c != nil && !cs.mustYield() && c.Receiver.Ready() {
			return c
		}
		return nil
	}
	for _, round := range cs.rounds {
		for round.first != nil {
			c := round.first
			round.remove(c)
			if c.Receiver.Ready() {
				round.append(c)
				return c
			}
			cs.noteBlocked(c)
		}
	}
	return nil
}

// leave takes c out of its round at once if it is not ready any more, until unblock.
func (cs *consumers) leave(c *Consumer) {
	if !cs.single && c.list != nil && !c.Receiver.Ready() {
		c.list.remove(c)
		cs.noteBlocked(c)
	}
}

func (cs *consumers) noteBlocked(c *Consumer) {
	cs.blocks++
	c.blocked = cs.blocks
}

// unblock brings c back into its round.
func (cs *consumers) unblock(c *Consumer) {
	if c.list == nil {
		cs.join(c)
	}
}

func (cs *consumers) join(c *Consumer) {
	i := 0
	for i < len(cs.rounds) && cs.rounds[i].priority > c.Priority {
		i++
	}
	if i == len(cs.rounds) || cs.rounds[i].priority != c.Priority {
		cs.rounds = append(cs.rounds, nil)
		copy(cs.rounds[i+1:], cs.rounds[i:])
		cs.rounds[i] = &consumerList{priority: c.Priority}
	}
	cs.rounds[i].append(c)
}

// consumerList is an intrusive list, so that taking turns costs the same for
// two consumers as for ten thousand.
type consumerList struct {
	priority    int
	first, last *Consumer
}

func (l *consumerList) append(c *Consumer) {
	c.list, c.prev, c.next = l, l.last, nil
	if l.last != nil {
		l.last.next = c
	} else {
		l.first = c
	}
	l.last = c
}

func (l *consumerList) remove(c *Consumer) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		l.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		l.last = c.prev
	}
	c.list, c.prev, c.next = nil, nil, nil
}
