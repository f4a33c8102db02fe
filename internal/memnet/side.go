package memnet

import (
	"sync"
	"time"
)

// side is what the reader or the writer of a stream waits with.
type side struct {
	cond     sync.Cond
	waiting  int // how many do
	deadline time.Time
	// timer wakes the side up at armed, which may be earlier than the
	// deadline: a deadline that moves on with every frame then costs nothing.
	timer *time.Timer
	armed time.Time
}

func (d *side) init(mu *sync.Mutex) { d.cond.L = mu }

func (d *side) setDeadline(t time.Time) {
	d.cond.L.Lock()
	defer d.cond.L.Unlock()
	d.deadline = t
	d.wake()
}

// wake has those look again who wait.
func (d *side) wake() {
	if d.waiting > 0 {
		d.cond.Broadcast()
	}
}

func (d *side) expired() bool {
	return !d.deadline.IsZero() && time.Until(d.deadline) <= 0 // which reads one clock, time.Now two
}

// wait waits until something has changed, or the deadline may have passed.
func (d *side) wait() {
	if !d.deadline.IsZero() && (d.timer == nil || d.armed.After(d.deadline)) {
		d.stop()
		d.armed = d.deadline
		d.timer = time.AfterFunc(time.Until(d.deadline), d.expire)
	}
	d.waiting++
	d.cond.Wait()
	d.waiting--
}

func (d *side) expire() {
	d.cond.L.Lock()
	defer d.cond.L.Unlock()
	d.timer = nil
	d.wake()
}

func (d *side) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}
