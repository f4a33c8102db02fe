package broker

import (
	"container/heap"

	"github.com/minirabbit/minirabbit/queue"
)

// timers holds the moments at which something happens in a virtual host by the
// mere passing of time: one heap in order of deadline, then of entry, and one
// alarm for its top. An entry that has become stale is harmless: whoever is
// called looks for itself what is due.
type timers struct {
	heap  deadlines
	next  uint64
	alarm alarm
}

// timed is something that has deadlines.
type timed interface {
	// fire does what is due.
	fire(vh *VHost, now queue.Instant)
}

type deadline struct {
	at       queue.Instant
	sequence uint64
	who      timed
}

// add notes that who is to be called at an instant.
func (t *timers) add(at queue.Instant, who timed) {
	heap.Push(&t.heap, deadline{at, t.next, who})
	t.next++
}

// earliest returns the next deadline, zero if there is none.
func (t *timers) earliest() queue.Instant {
	if len(t.heap) == 0 {
		return 0
	}
	return t.heap[0].at
}

// arm sets the alarm for the earliest deadline.
func (t *timers) arm(vh *VHost) {
	if at := t.earliest(); at != t.alarm.at {
		t.alarm.set(&vh.node.clock, at, func() { vh.node.Survive(vh.wakeUp) })
	}
}

// wakeUp is called by the alarm, and when the clock has been moved.
func (vh *VHost) wakeUp() {
	vh.Lock()
	defer vh.Unlock()
	vh.timers.alarm.stop()
	if vh.closed || vh.broken.Load() != nil {
		return
	}
	for t := &vh.timers; len(t.heap) > 0 && t.heap[0].at <= vh.Now(); {
		due := heap.Pop(&t.heap).(deadline)
		due.who.fire(vh, vh.Now())
		vh.settle()
	}
}

// watch sees to it that q is looked at when its next deadline comes.
func (vh *VHost) watch(q *queue.Queue) {
	at := q.Deadline()
	if at == 0 || q.Watched != 0 && q.Watched <= at {
		return
	}
	q.Watched = at
	vh.timers.add(at, queueTimer{q})
}

// queueTimer is the deadline of a queue: of its head, or of its being unused.
type queueTimer struct{ q *queue.Queue }

func (t queueTimer) fire(vh *VHost, now queue.Instant) {
	if t.q.Deleted() {
		return
	}
	if t.q.Watched <= now {
		t.q.Watched = 0
	}
	t.q.Expire(now)
	if t.q.Unused(now) {
		vh.removeQueue(t.q)
		return
	}
	vh.watch(t.q)
}

type deadlines []deadline

func (d deadlines) Len() int { return len(d) }
func (d deadlines) Less(i, j int) bool {
	return d[i].at < d[j].at || d[i].at == d[j].at && d[i].sequence < d[j].sequence
}
func (d deadlines) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d *deadlines) Push(x any)   { *d = append(*d, x.(deadline)) }
func (d *deadlines) Pop() any {
	old := *d
	last := old[len(old)-1]
	old[len(old)-1] = deadline{}
	*d = old[:len(old)-1]
	return last
}
