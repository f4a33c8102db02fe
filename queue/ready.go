package queue

import (
	"iter"

	"github.com/minirabbit/minirabbit/release"
)

// ready holds the ready entries of a queue: one deque a priority, highest first
// out, and those that came back to a quorum queue before all of them.
type ready struct {
	returned   deque
	levels     []deque
	priorities release.Priorities
	// countsProperties: see Settings.
	countsProperties bool
	turn             int // how many have been taken, in threes, if Interleaved
	length           int
	bytes            int64
	mortal           int // entries that may expire
}

// init empties the structure and makes it as the settings ask.
func (r *ready) init(s *Settings) {
	*r = ready{priorities: s.Priorities, countsProperties: s.CountsProperties}
	levels := 1
	switch {
	case s.Kind == Quorum:
		levels = priorityLevels(s.Priorities)
	case s.MaxPriority.Set:
		levels += int(s.MaxPriority.Value)
	}
	r.levels = make([]deque, levels)
}

// level returns the deque for a message of this priority: RabbitMQ counts a
// priority above the queue's maximum as the maximum.
func (r *ready) level(m *Message) *deque {
	switch {
	case r.priorities == release.Interleaved:
		return &r.levels[interleavedLevel(m)]
	case r.priorities == release.Strict && !m.HasPriority:
		return &r.levels[defaultPriority]
	}
	return &r.levels[min(int(m.Priority), len(r.levels)-1)]
}

// size is what a message counts for where bytes are limited.
func (r *ready) size(m *Message) int64 {
	if r.countsProperties {
		n := len(m.Properties)
		if m.Dead {
			n = int(m.PropertyBytes)
		}
		return int64(len(m.Body) + n)
	}
	return int64(len(m.Body))
}

// push puts an entry where its position belongs.
func (r *ready) push(e Entry) {
	r.level(e.Message).insert(e)
	r.added(&e)
}

// pushReturned puts an entry behind those that came back before.
func (r *ready) pushReturned(e Entry) {
	r.returned.append(e)
	r.added(&e)
}

func (r *ready) added(e *Entry) {
	r.length++
	r.bytes += r.size(e.Message)
	if e.expires != 0 {
		r.mortal++
	}
}

// take removes the entry that is next to leave. There must be one.
func (r *ready) take() Entry { return r.takeFrom(r.next()) }

func (r *ready) takeFrom(d *deque) Entry {
	if r.priorities == release.Interleaved && d != &r.returned {
		r.countTurn()
	}
	return r.pop(d)
}

// expiring is the deque of which the first entry is the next to expire, nil for none.
// Only first entries do: where priorities are strict that of each deque, otherwise
// that which is next to leave.
func (r *ready) expiring() (soonest *deque) {
	switch {
	case r.mortal == 0:
		return nil
	case r.priorities != release.Strict:
		if d := r.next(); d.front().expires != 0 {
			return d
		}
		return nil
	}
	for d := range r.deques() {
		if d.length == 0 || d.front().expires == 0 {
			continue
		}
		if soonest == nil || d.front().expires < soonest.front().expires {
			soonest = d
		}
	}
	return soonest
}

// next is the deque that the next entry leaves.
func (r *ready) next() *deque {
	switch {
	case r.returned.length > 0:
		return &r.returned
	case r.priorities == release.Interleaved:
		return r.interleaved()
	}
	for i := len(r.levels) - 1; ; i-- {
		if r.levels[i].length > 0 {
			return &r.levels[i]
		}
	}
}

func (r *ready) pop(d *deque) Entry {
	e := d.popFront()
	r.length--
	r.bytes -= r.size(e.Message)
	if e.expires != 0 {
		r.mortal--
	}
	return e
}

// deques goes through the deques, the one that leaves first to begin with.
func (r *ready) deques() iter.Seq[*deque] {
	return func(yield func(*deque) bool) {
		if !yield(&r.returned) {
			return
		}
		for i := len(r.levels) - 1; i >= 0; i-- {
			if !yield(&r.levels[i]) {
				return
			}
		}
	}
}

// each calls f for every entry, roughly in the order in which they would leave:
// quorum queues may interleave priorities.
func (r *ready) each(f func(e *Entry)) {
	for d := range r.deques() {
		for n := range d.length {
			f(d.at(n))
		}
	}
}

// Priority is the one that a message has in a classic queue, 0 in a queue without.
func (q *Queue) Priority(m *Message) int {
	if !q.settings.MaxPriority.Set || q.settings.Kind == Quorum {
		return 0
	}
	return min(int(m.Priority), int(q.settings.MaxPriority.Value))
}
