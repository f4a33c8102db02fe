package broker

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minirabbit/minirabbit/queue"
)

// clock is the node's time: the system's, or a bubble's, plus what the test
// has moved it forward by.
type clock struct {
	ahead  atomic.Int64 // nanoseconds
	moving sync.Mutex   // held by FastForward
	alarms sync.WaitGroup
}

func (c *clock) now() queue.Instant {
	return queue.Instant(time.Now().UnixNano() + c.ahead.Load())
}

// moveTo moves the clock to an instant, unless it is there already or beyond.
func (c *clock) moveTo(at queue.Instant) {
	if d := at - c.now(); d > 0 {
		c.ahead.Add(int64(d))
	}
}

// FastForward moves the node's clock by d, from one deadline to the next, and
// returns when everything that became due has happened, each thing at its own
// time: a message that expires into a queue with a TTL of its own expires there
// as much later. Clients get no time to react in between. It panics if d is
// negative: time does not go back.
func (n *Node) FastForward(d time.Duration) {
	if d < 0 {
		panic(fmt.Sprintf("broker: FastForward by %v: time does not go back", d))
	}
	n.clock.moving.Lock()
	defer n.clock.moving.Unlock()
	end := n.clock.now() + queue.Instant(d)
	for at := n.nextDeadline(); at != 0 && at <= end; at = n.nextDeadline() {
		n.clock.moveTo(at)
		n.wakeUp()
	}
	n.clock.moveTo(end)
	n.wakeUp() // sets the alarms by the new time
}

// nextDeadline returns the earliest deadline of all virtual hosts, zero if there
// is none.
func (n *Node) nextDeadline() (earliest queue.Instant) {
	for _, vh := range n.VHosts() {
		vh.Do(func() {
			if at := vh.timers.earliest(); !vh.closed && vh.Broken() == nil && at != 0 && (earliest == 0 || at < earliest) {
				earliest = at
			}
		})
	}
	return earliest
}

func (n *Node) wakeUp() {
	for _, vh := range n.VHosts() {
		n.Survive(vh.wakeUp)
	}
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
