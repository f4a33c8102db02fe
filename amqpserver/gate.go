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
// there is one, a connection on which basic.publish arrives is blocked: nothing
// more is read from it, the message neither, until there is none. As in RabbitMQ,
// that is also when it hears of it, with connection.blocked, if it declared that
// capability, and once, whatever else becomes scarce. Those who do not publish
// notice nothing.
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
	slices.Sort(sources)
	next := &alarm{sources: sources, over: make(chan struct{})}
	if old != nil {
		next.over = old.over
	}
	s.gates.alarm.Store(next)
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

func (c *conn) tellBlocked(m wire.Method) {
	if c.session.Capability("connection.blocked") {
		c.send(0, m)
	}
}

// gate has the reader wait while the server is paused. It returns false if the
// connection ended.
func (c *conn) gate() bool {
	p := c.server.gates.paused.Load()
	if p == nil {
		return true
	}
	c.endBatch()
	return c.pass(*p)
}

// admit has the reader wait before a publishing while there is an alarm. It
// returns false if the connection ended.
func (c *conn) admit() bool {
	if c.server.gates.alarm.Load() == nil {
		return true
	}
	c.endBatch()
	c.server.mu.Lock()
	a := c.server.gates.alarm.Load()
	if a != nil && !c.blocked {
		c.blocked = true
		c.tellBlocked(&wire.ConnectionBlocked{Reason: "low on " + strings.Join(a.sources, " & ")})
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
