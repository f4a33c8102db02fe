package broker

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/minirabbit/minirabbit/queue"
)

// clock is the node's time: the system's, or a bubble's, plus what the test
// has moved it forward by.
type clock struct {
	ahead  atomic.Int64 // nanoseconds
	alarms sync.WaitGroup
}

func (c *clock) now() queue.Instant {
	return queue.Instant(time.Now().UnixNano() + c.ahead.Load())
}

// alarm calls f at an instant of this clock, in a goroutine of its own, until
// it is stopped.
type alarm struct {
	clock *clock
	timer *time.Timer
	at    queue.Instant
}

// set replaces the instant at which f will be called; zero means never.
func (a *alarm) set(c *clock, at queue.Instant, f func()) {
	if a.at == at {
		return
	}
	a.stop()
	a.clock, a.at = c, at
	if at == 0 {
		return
	}
	c.alarms.Add(1)
	a.timer = time.AfterFunc(time.Duration(at-c.now()), func() {
		defer c.alarms.Done()
		f()
	})
}

func (a *alarm) stop() {
	if a.timer != nil && a.timer.Stop() {
		a.clock.alarms.Done()
	}
	a.timer, a.at = nil, 0
}
