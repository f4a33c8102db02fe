package record

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/wire"
)

// KeepMethods is how many methods a [Trace] remembers.
const KeepMethods = 1000

// traceBody is how many bytes of a body it remembers.
const traceBody = 64

// Trace remembers the last methods in both directions. The zero value is one that
// is empty. It is an [amqpserver.Interceptor] that never interferes.
type Trace struct {
	mu sync.Mutex
	// guarded by mu
	ring    []tracedMethod
	total   int
	changed chan struct{} // nil while nobody waits
}

var _ amqpserver.Interceptor = (*Trace)(nil)

// Armed implements [amqpserver.Interceptor].
func (t *Trace) Armed() bool { return false }

// Watch implements [amqpserver.Interceptor].
func (t *Trace) Watch(cmd *amqpserver.Command, sent bool) { t.add(cmd, sent) }

// Receive implements [amqpserver.Interceptor].
func (t *Trace) Receive(cmd *amqpserver.Command) *amqpserver.ReceiveInterference {
	t.add(cmd, false)
	return nil
}

// Send implements [amqpserver.Interceptor].
func (t *Trace) Send(cmd *amqpserver.Command) *amqpserver.SendInterference {
	t.add(cmd, true)
	return nil
}

// tracedMethod is a method in the ring. Nearly all have their bytes in themselves:
// every method that passes is written there, which mostly costs the memory that has
// to be fetched.
type tracedMethod struct {
	at      int64 // nanoseconds since the Unix epoch
	client  string
	more    *tracedMore // nil unless there is a note, or more bytes than data has room for
	size    int         // of the whole body
	channel uint16
	sent    bool // by the broker
	content bool
	method  uint8 // bytes of data, and of the body behind them
	body    uint8
	data    [208]byte
}

type tracedMore struct {
	note         string
	method, body []byte
}

// add notes a command that was received or is about to be sent.
func (t *Trace) add(cmd *amqpserver.Command, sent bool) {
	at := int64(cmd.At)
	if at == 0 {
		at = time.Now().UnixNano() // held back by a fault
	}
	body := cmd.Body[:min(len(cmd.Body), traceBody)]
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.nextLocked()
	e.at, e.client, e.channel, e.sent = at, cmd.Peer.Name, cmd.Channel, sent
	e.content, e.size = cmd.Method.ID().HasContent(), len(cmd.Body)
	if e.more != nil {
		e.more = nil
	}
	method := cmd.Method.Append(e.data[:0]) // or elsewhere, if it is too long
	if len(method)+len(body) > len(e.data) {
		if len(method) <= len(e.data) {
			method = slices.Clone(method)
		}
		e.more = &tracedMore{method: method, body: slices.Clone(body)}
		return
	}
	e.method, e.body = uint8(len(method)), uint8(copy(e.data[len(method):], body))
}

// Note adds a line of the owner's own.
func (t *Trace) Note(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.nextLocked()
	*e = tracedMethod{at: time.Now().UnixNano(), more: &tracedMore{note: text}}
}

func (t *Trace) nextLocked() *tracedMethod {
	t.total++
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
	if len(t.ring) < KeepMethods {
		t.ring = append(t.ring, tracedMethod{})
		return &t.ring[len(t.ring)-1]
	}
	return &t.ring[(t.total-1)%KeepMethods]
}

// Lines returns the last methods, at most n, one line each.
func (t *Trace) Lines(n int) []string {
	t.mu.Lock()
	total := t.total
	t.mu.Unlock()
	methods := t.After(max(0, total-n), n)
	lines := make([]string, len(methods))
	for i, m := range methods {
		lines[i] = m.String()
	}
	return lines
}

// Method is a method that was traced, or a note between methods.
type Method struct {
	// Number counts what was traced, from 1.
	Number  int
	Time    time.Time
	Client  string // both addresses
	Channel uint16
	Sent    bool   // by the broker
	Note    string // what was noted; the rest is empty then
	// Text is the method with its arguments, without passwords.
	Text string
	// HasBody says that the method carries a message, whose body is Size bytes
	// long and begins with Body.
	HasBody bool
	Size    int
	Body    []byte
}

// After returns what was traced after the first number methods, as far as it is
// remembered: the oldest come first, and of more than n only the latest.
func (t *Trace) After(number, n int) []Method {
	t.mu.Lock()
	defer t.mu.Unlock()
	n = max(0, min(n, t.total-number, len(t.ring)))
	all := make([]Method, n)
	for i := range all {
		before := t.total - n + i
		all[i] = t.ring[before%KeepMethods].describe()
		all[i].Number = before + 1
	}
	return all
}

// Await returns a channel that is closed once more than number methods have been
// traced.
func (t *Trace) Await(number int) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.total > number {
		done := make(chan struct{})
		close(done)
		return done
	}
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return t.changed
}

func (e *tracedMethod) describe() Method {
	m := Method{Time: time.Unix(0, e.at), Client: e.client, Channel: e.channel, Sent: e.sent}
	method, body := e.data[:e.method], e.data[e.method:e.method+e.body]
	if e.more != nil {
		method, body = e.more.method, e.more.body
		if m.Note = e.more.note; m.Note != "" {
			return m
		}
	}
	m.Text = fmt.Sprintf("method %#x", binary.BigEndian.Uint32(method))
	if decoded, err := wire.DecodeMethod(method); err == nil {
		m.Text = Format(decoded)
	}
	m.HasBody, m.Size, m.Body = e.content, e.size, slices.Clone(body)
	return m
}

// String returns the line for a method:
//
//	12:30:00.000 127.0.0.1:40312 -> 127.0.0.1:5672 #1  >  basic.publish exchange="x" routing-key="k"  5 bytes "hello"
//
// The arrow after the channel points to the right for what the client sent.
func (m Method) String() string {
	at := m.Time.Format("15:04:05.000")
	if m.Note != "" {
		return at + " *** " + m.Note
	}
	arrow := ">"
	if m.Sent {
		arrow = "<"
	}
	line := fmt.Sprintf("%s %s #%d  %s  %s", at, m.Client, m.Channel, arrow, m.Text)
	if m.HasBody {
		line += fmt.Sprintf("  %d bytes %q", m.Size, m.Body)
		if m.Size > len(m.Body) {
			line += "…"
		}
	}
	return line
}
