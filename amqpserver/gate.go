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
	paused atomic.Pointer[gate]
	alarm  atomic.Pointer[alarm]
}

// gate is what connections wait at until it opens.
type gate struct {
	opened chan struct{}
	// turns says how long each connection waits still when the gate has
	// opened: a nanosecond for each that is older. In a synctest bubble time
	// goes on when nobody has anything left to do, and so one connection is
	// served after the other, in the same order in every run.
	turns map[*conn]time.Duration
}

func newGate() *gate { return &gate{opened: make(chan struct{})} }

// open lets the connections pass that wait, the oldest first.
func (g *gate) open(conns []*conn) {
	g.turns = make(map[*conn]time.Duration, len(conns))
	for i, c := range conns {
		g.turns[c] = time.Duration(i)
	}
	close(g.opened)
}

// alarm is a shortage of something, for which publishers are blocked.
type alarm struct {
	over    *gate
	sources []string
}

// Pause stops the server as if its process were: clients stay connected, can
// connect even, and hear nothing. A second Pause has no effect.
func (s *Server) Pause() {
	s.gates.paused.CompareAndSwap(nil, newGate())
}

// Resume ends a Pause.
func (s *Server) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.gates.paused.Swap(nil); g != nil {
		g.open(s.connsLocked())
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
	next := &alarm{sources: sources, over: newGate()}
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
	conns := s.connsLocked()
	for _, c := range conns {
		if c.blocked {
			c.blocked = false
			c.tellBlocked(&wire.ConnectionUnblocked{})
		}
	}
	old.over.open(conns)
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
	return c.pass(p)
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
