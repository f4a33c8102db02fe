package broker

import "github.com/minirabbit/minirabbit/queue"

// Timer calls a function at instants of the node's clock, with the lock of a virtual
// host held, and so also when the clock is moved forward. The function must not block.
// Its methods are called with the lock held.
type Timer struct {
	vh *VHost
	f  func(now queue.Instant) // nil once stopped
}

// NewTimer returns a timer that is not set.
func (vh *VHost) NewTimer(f func(now queue.Instant)) *Timer { return &Timer{vh: vh, f: f} }

// Set has the function called at an instant, besides those that are set already.
func (t *Timer) Set(at queue.Instant) { t.vh.timers.add(at, t) }

// Stop has the function not called any more.
func (t *Timer) Stop() { t.f = nil }

func (t *Timer) fire(_ *VHost, now queue.Instant) {
	if t.f != nil {
		t.f(now)
	}
}
