package testkit

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/wire"
)

const (
	keepMethods = 1000 // of the trace
	logMethods  = 100  // when a test fails
	traceBody   = 64   // bytes of a body
)

// trace remembers the last methods in both directions. Its lock is a leaf.
type trace struct {
	mu sync.Mutex
	// guarded by mu
	ring  []tracedMethod
	total int
}

// tracedMethod is a method in the ring. Its slices are used again.
type tracedMethod struct {
	at      time.Time
	client  string
	channel uint16
	sent    bool // by the broker
	note    string
	method  []byte
	body    []byte
	size    int
	content bool
}

// add notes a command that was received or is about to be sent.
func (t *trace) add(cmd *amqpserver.Command, sent bool) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.nextLocked()
	e.at, e.client, e.channel, e.sent, e.note = now, cmd.Peer.Name, cmd.Channel, sent, ""
	e.method = cmd.Method.Append(e.method[:0])
	e.content = cmd.Method.ID().HasContent()
	e.size = len(cmd.Body)
	e.body = append(e.body[:0], cmd.Body[:min(len(cmd.Body), traceBody)]...)
}

// note adds a line of the test's own.
func (t *trace) note(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.nextLocked()
	*e = tracedMethod{at: time.Now(), note: text}
}

func (t *trace) nextLocked() *tracedMethod {
	t.total++
	if len(t.ring) < keepMethods {
		t.ring = append(t.ring, tracedMethod{})
		return &t.ring[len(t.ring)-1]
	}
	return &t.ring[(t.total-1)%keepMethods]
}

// lines returns the last methods, at most n.
func (t *trace) lines(n int) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	n = min(n, len(t.ring))
	lines := make([]string, n)
	for i := range n {
		lines[i] = t.ring[(t.total-n+i)%keepMethods].String()
	}
	return lines
}

// String returns the line for a method:
//
//	12:30:00.000 127.0.0.1:40312 -> 127.0.0.1:5672 #1  >  basic.publish exchange="x" routing-key="k"  5 bytes "hello"
//
// The arrow after the channel points to the right for what the client sent.
func (e *tracedMethod) String() string {
	at := e.at.Format("15:04:05.000")
	if e.note != "" {
		return at + " *** " + e.note
	}
	arrow := ">"
	if e.sent {
		arrow = "<"
	}
	text := fmt.Sprintf("method %#x", binary.BigEndian.Uint32(e.method))
	if m, err := wire.DecodeMethod(e.method); err == nil {
		text = wire.Format(redact(m))
	}
	line := fmt.Sprintf("%s %s #%d  %s  %s", at, e.client, e.channel, arrow, text)
	if e.content {
		line += fmt.Sprintf("  %d bytes %q", e.size, e.body)
		if e.size > len(e.body) {
			line += "…"
		}
	}
	return line
}

// redact takes passwords out of what is printed.
func redact(m wire.Method) wire.Method {
	switch m := m.(type) {
	case *wire.ConnectionStartOk:
		m.Response = []byte("…")
	case *wire.ConnectionSecureOk:
		m.Response = []byte("…")
	case *wire.ConnectionUpdateSecret:
		m.NewSecret = []byte("…")
	}
	return m
}

// Trace returns the last methods that clients and broker have sent each other,
// one line each, the latest last: at most 1,000. The last 100 of them are logged
// when the test fails.
func (b *Broker) Trace() []string {
	b.t.Helper()
	b.needRecording("the trace of methods")
	return b.trace.lines(keepMethods)
}

func (b *Broker) logTrace() {
	if lines := b.trace.lines(logMethods); len(lines) > 0 {
		b.t.Logf("the last %d methods (> from client, < from broker):\n  %s", len(lines), strings.Join(lines, "\n  "))
	}
}
