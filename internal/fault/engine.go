package fault

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/internal/record"
	"github.com/minirabbit/minirabbit/wire"
)

// Engine holds the faults of a broker and decides what strikes. It is the interceptor of the
// broker's server, and passes everything on to the trace.
type Engine struct {
	trace *record.Trace
	list  atomic.Pointer[[]*Injected] // in force, in order; nil while there are none

	mu sync.Mutex
	// guarded by mu
	injected int // so far
	timers   map[*time.Timer]struct{}
	closed   bool
	running  sync.WaitGroup
}

var _ amqpserver.Interceptor = (*Engine)(nil)

// NewEngine returns an engine without faults. The trace notes every command that passes, and
// each strike.
func NewEngine(trace *record.Trace) *Engine { return &Engine{trace: trace} }

// Inject has the broker misbehave from now on. The fault's name is a number.
func (e *Engine) Inject(f Fault) (*Injected, error) { return e.Put("", f) }

// Put is Inject for a fault with a name. It takes the place of the fault that had the name, if
// there is one in force, which is removed.
func (e *Engine) Put(name string, f Fault) (*Injected, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	if name != "" {
		if old := e.Find(name); old != nil {
			old.Remove()
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.injected++
	if name == "" {
		name = strconv.Itoa(e.injected)
	}
	in := newInjected(e, name, f)
	next := append(slices.Clone(e.Injected()), in)
	e.list.Store(&next)
	return in, nil
}

// Injected returns the faults in force, the oldest first.
func (e *Engine) Injected() []*Injected {
	if list := e.list.Load(); list != nil {
		return *list
	}
	return nil
}

// Find returns the fault in force that has the name, nil if there is none.
func (e *Engine) Find(name string) *Injected {
	for _, in := range e.Injected() {
		if in.name == name {
			return in
		}
	}
	return nil
}

func (e *Engine) remove(in *Injected) {
	e.mu.Lock()
	defer e.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(e.Injected()), func(other *Injected) bool { return other == in })
	if len(next) == 0 {
		e.list.Store(nil)
		return
	}
	e.list.Store(&next)
}

// consider finds the first fault that strikes at a command, if any, and has apply carry it out.
func (e *Engine) consider(cmd *amqpserver.Command, sent bool, apply func(x *strike)) {
	list := e.list.Load()
	if list == nil {
		return
	}
	method := nameOf(cmd.Method.ID(), sent)
	var c *Command
	for _, in := range *list {
		w := &in.fault.When
		if w.Method != method {
			continue
		}
		in.passed.Add(1)
		if c == nil {
			c = describe(cmd, method)
		}
		if !w.matches(c) || !in.fault.Do.concerns(c) {
			continue
		}
		if in.strike(func() { apply(&strike{e, in, cmd, c, w.Moment}) }) {
			e.trace.Note(fmt.Sprintf("fault on %s #%d at %s: %s", cmd.Peer.Name, cmd.Channel, record.Format(cmd.Method), in))
			return
		}
	}
}

// RefusesDial says whether a client is to be turned away that connects from an address. Whoever
// accepts connections asks.
func (e *Engine) RefusesDial(address string) (refused bool) {
	for _, in := range e.Injected() {
		w := &in.fault.When
		if w.Method != Dial {
			continue
		}
		in.passed.Add(1)
		if !w.matches(&Command{Method: Dial, Address: address}) {
			continue
		}
		struck := in.strike(func() {
			for _, s := range in.fault.Do {
				switch s.Kind {
				case RefuseDial:
					refused = true
				case Run:
					e.spawn(s.Func)
				}
			}
		})
		if struck {
			e.trace.Note("fault: " + in.String())
			return refused
		}
	}
	return false
}

// Armed implements [amqpserver.Interceptor].
func (e *Engine) Armed() bool { return e.list.Load() != nil }

// Watch implements [amqpserver.Interceptor].
func (e *Engine) Watch(cmd *amqpserver.Command, sent bool) { e.trace.Watch(cmd, sent) }

// Receive implements [amqpserver.Interceptor].
func (e *Engine) Receive(cmd *amqpserver.Command) (i *amqpserver.ReceiveInterference) {
	e.trace.Receive(cmd)
	e.consider(cmd, false, func(x *strike) { i = x.receive() })
	return i
}

// Send implements [amqpserver.Interceptor]. What a fault keeps from being sent is not in the
// trace, but in the line about the fault.
func (e *Engine) Send(cmd *amqpserver.Command) (i *amqpserver.SendInterference) {
	e.consider(cmd, true, func(x *strike) { i = x.send() })
	if i == nil {
		e.trace.Send(cmd)
		return nil
	}
	for _, m := range i.Instead {
		e.trace.Send(&amqpserver.Command{Peer: cmd.Peer, Channel: cmd.Channel, Method: m})
	}
	if i.Part == amqpserver.All {
		e.trace.Send(cmd)
	}
	return i
}

// spawn runs a function in a goroutine that Close waits for.
func (e *Engine) spawn(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.running.Go(f)
	}
}

// send sends a method that was held back.
func (e *Engine) send(line amqpserver.Line, m wire.Method) {
	line.Send(m, func(c *amqpserver.Command) { e.trace.Send(c) })
}

// later calls f after a time, unless the engine is closed by then.
func (e *Engine) later(d time.Duration, f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	e.running.Add(1)
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		defer e.running.Done()
		e.mu.Lock()
		delete(e.timers, timer)
		e.mu.Unlock()
		f()
	})
	if e.timers == nil {
		e.timers = make(map[*time.Timer]struct{})
	}
	e.timers[timer] = struct{}{}
}

// Close ends what the faults have begun.
func (e *Engine) Close() {
	e.mu.Lock()
	e.closed = true
	for timer := range e.timers {
		if timer.Stop() {
			e.running.Done()
		}
	}
	e.mu.Unlock()
	e.running.Wait()
}
