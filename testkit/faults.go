package testkit

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/record"
	"github.com/minirabbit/minirabbit/wire"
)

// strike is one strike of a fault.
type strike struct {
	faults  *faults
	cmd     *amqpserver.Command
	command *Command
	sent    bool // by the broker
	after   bool
}

// faults holds the faults of a broker.
type faults struct {
	trace *record.Trace
	list  atomic.Pointer[[]*Injected] // nil while there are none

	mu sync.Mutex
	// guarded by mu
	timers  map[*time.Timer]struct{}
	closed  bool
	running sync.WaitGroup
}

func (f *faults) add(in *Injected) {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := []*Injected{in}
	if old := f.list.Load(); old != nil {
		next = append(slices.Clone(*old), in)
	}
	f.list.Store(&next)
}

func (f *faults) remove(in *Injected) {
	f.mu.Lock()
	defer f.mu.Unlock()
	old := f.list.Load()
	if old == nil {
		return
	}
	next := slices.DeleteFunc(slices.Clone(*old), func(other *Injected) bool { return other == in })
	if len(next) == 0 {
		f.list.Store(nil)
		return
	}
	f.list.Store(&next)
}

// consider finds the fault that strikes at a command, if any.
func (f *faults) consider(cmd *amqpserver.Command, sent bool) *interference {
	list := f.list.Load()
	if list == nil {
		return nil
	}
	method := methodOf(cmd.Method, sent)
	var c *Command
	for _, in := range *list {
		w := &in.fault.When
		if w.method != method {
			continue
		}
		if c == nil {
			c = describe(cmd, method)
		}
		if !w.matches(c) {
			continue
		}
		i := &interference{Before: !w.after, Apart: in.fault.chaos}
		if !in.strike(func() { in.fault.Do.apply(&strike{f, cmd, c, sent, w.after}, i) }) {
			continue
		}
		f.trace.Note(fmt.Sprintf("fault on %s #%d at %s: %s", cmd.Peer.Name, cmd.Channel, record.Format(cmd.Method), in))
		return i
	}
	return nil
}

// refusesDial says whether a fault turns a client away.
func (f *faults) refusesDial(address string) bool {
	list := f.list.Load()
	if list == nil {
		return false
	}
	for _, in := range *list {
		w := &in.fault.When
		if w.method == Dial && w.matches(&Command{Method: Dial, Address: address}) && in.strike(func() {}) {
			f.trace.Note("fault: " + in.String())
			return true
		}
	}
	return false
}

// spawn runs f in a goroutine that close waits for.
func (f *faults) spawn(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.running.Go(do)
	}
}

// send sends a method that was held back.
func (f *faults) send(line amqpserver.Line, m wire.Method) {
	line.Send(m, func(c *amqpserver.Command) { f.trace.Send(c) })
}

// later calls do after a time, unless the broker has ended by then.
func (f *faults) later(d time.Duration, do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.running.Add(1)
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		defer f.running.Done()
		f.mu.Lock()
		delete(f.timers, timer)
		f.mu.Unlock()
		do()
	})
	if f.timers == nil {
		f.timers = make(map[*time.Timer]struct{})
	}
	f.timers[timer] = struct{}{}
}

// close ends what the faults have begun.
func (f *faults) close() {
	f.mu.Lock()
	f.closed = true
	for timer := range f.timers {
		if timer.Stop() {
			f.running.Done()
		}
	}
	f.mu.Unlock()
	f.running.Wait()
}

// tap is what the broker's server tells of every command.
type tap struct {
	trace  *record.Trace
	faults *faults
}

var _ amqpserver.Interceptor = tap{}

// Armed implements [amqpserver.Interceptor].
func (t tap) Armed() bool { return t.faults.list.Load() != nil }

// Watch implements [amqpserver.Interceptor].
func (t tap) Watch(cmd *amqpserver.Command, sent bool) { t.trace.Watch(cmd, sent) }

// Receive implements [amqpserver.Interceptor].
func (t tap) Receive(cmd *amqpserver.Command) *amqpserver.ReceiveInterference {
	t.trace.Receive(cmd)
	return t.faults.consider(cmd, false).received()
}

// Send implements [amqpserver.Interceptor]. What a fault keeps from being sent is
// not in the trace, but in the line about the fault.
func (t tap) Send(cmd *amqpserver.Command) *amqpserver.SendInterference {
	i := t.faults.consider(cmd, true)
	if i == nil {
		t.trace.Send(cmd)
		return nil
	}
	for _, m := range i.Instead {
		t.trace.Send(&amqpserver.Command{Peer: cmd.Peer, Channel: cmd.Channel, Method: m})
	}
	if !i.Skip && (i.End == amqpserver.Keep || !i.Before) {
		t.trace.Send(cmd)
	}
	return i.sent()
}

// interference is what a strike does, in either direction.
type interference struct {
	Delay   time.Duration
	Rate    int
	Skip    bool
	Instead []wire.Method
	Answer  amqpserver.Effect
	Mute    bool
	Do      func(ch *broker.Channel)
	Err     error
	End     amqpserver.End
	Half    bool
	Before  bool
	Apart   bool
}

func (i *interference) received() *amqpserver.ReceiveInterference {
	if i == nil {
		return nil
	}
	r := &amqpserver.ReceiveInterference{Delay: i.Delay, Rate: i.Rate, After: i.Do, Err: i.Err, End: i.End, Apart: i.Apart}
	switch {
	case i.Answer != amqpserver.FullEffect:
		r.Effect = i.Answer
	case i.Skip:
		r.Effect = amqpserver.NoEffect
	case i.Mute:
		r.Effect = amqpserver.Unanswered
	}
	return r
}

func (i *interference) sent() *amqpserver.SendInterference {
	if i == nil {
		return nil
	}
	r := &amqpserver.SendInterference{Delay: i.Delay, Rate: i.Rate, Instead: i.Instead, After: i.Do, Err: i.Err, End: i.End, Apart: i.Apart}
	switch {
	case i.Half:
		r.Part = amqpserver.Half
	case i.Skip, i.End != amqpserver.Keep && i.Before:
		r.Part = amqpserver.Nothing
	}
	return r
}
