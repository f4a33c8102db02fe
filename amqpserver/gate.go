package amqpserver

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// gates is what can stop the connections of a server. Nothing stops them while
// both are nil.
type gates struct {
	paused atomic.Pointer[chan struct{}]
	alarm  atomic.Pointer[alarm]
}

// alarm is a shortage of something, for which publishers are blocked.
type alarm struct {
	over    chan struct{}
	sources []string
}

// Pause stops the server as if its process were: clients stay connected, can
// connect even, and hear nothing. A second Pause has no effect.
func (s *Server) Pause() {
	gate := make(chan struct{})
	s.gates.paused.CompareAndSwap(nil, &gate)
}

// Resume ends a Pause.
func (s *Server) Resume() {
	if gate := s.gates.paused.Swap(nil); gate != nil {
		close(*gate)
	}
}

// SetAlarm raises or clears the alarm of a resource: "memory" or "disk". While
// there is one, connections that publish are not read from. RabbitMQ tells them
// with connection.blocked, if they declared that capability: at once if they have
// published before, otherwise after their first publishing.
func (s *Server) SetAlarm(resource string, raised bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sources []string
	old := s.gates.alarm.Load()
	if old != nil {
		sources = slices.DeleteFunc(slices.Clone(old.sources), func(r string) bool { return r == resource })
	}
	if raised {
		sources = append(sources, resource)
	}
	if len(sources) == 0 {
		s.clearAlarmLocked(old)
		return
	}
	next := &alarm{sources: sources, over: make(chan struct{})}
	if old != nil {
		next.over = old.over
	}
	s.gates.alarm.Store(next)
	for _, c := range s.connsLocked() {
		if c.publishes.Load() {
			c.blockLocked(next)
		}
	}
}

func (s *Server) clearAlarmLocked(old *alarm) {
	if old == nil {
		return
	}
	s.gates.alarm.Store(nil)
	for _, c := range s.connsLocked() {
		if c.blocked {
			c.blocked = false
			c.tellBlocked(&wire.ConnectionUnblocked{})
		}
	}
	close(old.over)
}

// blockLocked tells a publisher that it is blocked, once.
func (c *conn) blockLocked(a *alarm) {
	if c.blocked {
		return
	}
	c.blocked = true
	c.tellBlocked(&wire.ConnectionBlocked{Reason: "low on " + strings.Join(a.sources, " & ")})
}

func (c *conn) tellBlocked(m wire.Method) {
	if c.session.Capability("connection.blocked") {
		c.send(0, m)
	}
}

// gate has the reader wait while the server is paused, and while there is an
// alarm if the client publishes. It returns false if the connection ended.
func (c *conn) gate() bool {
	g := &c.server.gates
	if p := g.paused.Load(); p != nil {
		c.endBatch()
		if !c.pass(*p) {
			return false
		}
	}
	if a := g.alarm.Load(); a != nil && c.publishes.Load() {
		c.endBatch()
		return c.awaitNoAlarm()
	}
	return true
}

func (c *conn) awaitNoAlarm() bool {
	c.server.mu.Lock()
	a := c.server.gates.alarm.Load()
	if a != nil {
		c.blockLocked(a)
	}
	c.server.mu.Unlock()
	return a == nil || c.pass(a.over)
}

// writeSlowly writes at the connection's rate, in steps of a tenth of a second.
func (c *conn) writeSlowly(batch []byte, rate int64) error {
	step := int(max(1, rate/10))
	for len(batch) > 0 {
		n := min(step, len(batch))
		if _, err := c.nc.Write(batch[:n]); err != nil {
			return err
		}
		batch = batch[n:]
		if !c.hold(time.Duration(n) * time.Second / time.Duration(rate)) {
			return errAborted
		}
	}
	return nil
}
