package queue

import "sort"

// ready holds the ready entries of a queue: one deque a priority, highest
// first out. A queue without priorities has one.
type ready struct {
	levels []deque
	length int
	bytes  int64
}

// level returns the deque for a message of this priority: RabbitMQ counts a
// priority above the queue's maximum as the maximum.
func (r *ready) level(m *Message) *deque {
	return &r.levels[min(int(m.Priority), len(r.levels)-1)]
}

func (r *ready) push(e Entry) {
	r.level(e.Message).insert(e)
	r.length++
	r.bytes += int64(len(e.Message.Body))
}

// head returns the level whose front is next to leave, nil if there is none.
func (r *ready) head() *deque {
	for i := len(r.levels) - 1; i >= 0; i-- {
		if r.levels[i].length > 0 {
			return &r.levels[i]
		}
	}
	return nil
}

func (r *ready) pop(d *deque) Entry {
	e := d.popFront()
	r.length--
	r.bytes -= int64(len(e.Message.Body))
	return e
}

// each calls f for every entry in the order in which they would leave.
func (r *ready) each(f func(e *Entry)) {
	for i := len(r.levels) - 1; i >= 0; i-- {
		d := &r.levels[i]
		for n := range d.length {
			f(d.at(n))
		}
	}
}

// deque is a ring of entries in order of position.
type deque struct {
	ring   []Entry // length zero or a power of two
	start  int
	length int
}

func (d *deque) at(i int) *Entry { return &d.ring[(d.start+i)&(len(d.ring)-1)] }

func (d *deque) front() *Entry { return d.at(0) }

// insert puts e where its position belongs. New entries go to the back and
// requeued ones mostly to the front; both take constant time.
func (d *deque) insert(e Entry) {
	if d.length == len(d.ring) {
		d.resize(max(8, 2*len(d.ring)))
	}
	switch {
	case d.length == 0 || e.position > d.at(d.length-1).position:
		d.length++
		*d.at(d.length - 1) = e
	case e.position < d.front().position:
		d.start = (d.start - 1) & (len(d.ring) - 1)
		d.length++
		*d.front() = e
	default:
		i := sort.Search(d.length, func(i int) bool { return d.at(i).position > e.position })
		d.length++
		for n := d.length - 1; n > i; n-- {
			*d.at(n) = *d.at(n - 1)
		}
		*d.at(i) = e
	}
}

func (d *deque) popFront() Entry {
	slot := d.front()
	e := *slot
	*slot = Entry{}
	d.start = (d.start + 1) & (len(d.ring) - 1)
	d.length--
	if len(d.ring) > 1024 && d.length < len(d.ring)/4 {
		d.resize(len(d.ring) / 2)
	}
	return e
}

func (d *deque) resize(size int) {
	ring := make([]Entry, size)
	for i := range d.length {
		ring[i] = *d.at(i)
	}
	d.ring, d.start = ring, 0
}
