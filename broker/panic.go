package broker

import (
	"fmt"
	"os"
	"runtime/debug"

	"github.com/minirabbit/minirabbit/wire"
)

// Panic is a panic that the broker has survived: a bug in it, or in an observer. It is
// an error, and the value of the panic that goes on up the stack from a critical section.
type Panic struct {
	Value any
	Stack []byte // of the goroutine, from where it panicked

	reported bool
}

var _ error = (*Panic)(nil)

func (p *Panic) Error() string { return fmt.Sprintf("minirabbit panicked: %v", p.Value) }

// Reply is what ends the connection whose command panicked.
func (p *Panic) Reply() *ConnectionError {
	return &ConnectionError{Reply{Code: wire.InternalError, Reason: p.Error()}}
}

// NewPanic returns what was recovered as a *Panic, which it may be already. It is called by
// the deferred function that has recovered it, so that the stack is still that of the panic.
func NewPanic(value any) *Panic {
	if p, ok := value.(*Panic); ok {
		return p
	}
	return &Panic{Value: value, Stack: debug.Stack()}
}

// Panicked reports a panic, unless a critical section has done so on the way. It is called
// with the value that recover returned, by the deferred function that called recover.
func (n *Node) Panicked(value any) *Panic {
	p := NewPanic(value)
	n.report(p)
	return p
}

// Survive calls f. If that panics, the panic is reported and returned.
func (n *Node) Survive(f func()) (p *Panic) {
	defer func() {
		if value := recover(); value != nil {
			p = n.Panicked(value)
		}
	}()
	f()
	return nil
}

func (n *Node) report(p *Panic) {
	if p.reported {
		return
	}
	p.reported = true
	n.log.Error("panic", "value", fmt.Sprint(p.Value))
	if n.onPanic != nil {
		n.onPanic(p)
		return
	}
	fmt.Fprintf(os.Stderr, "%v\n\n%s\n", p, p.Stack)
}

// Broken returns why the virtual host refuses everything, nil if it does not: a critical section
// panicked, and left behind what does not add up. It may be called without the lock.
func (vh *VHost) Broken() *ConnectionError { return vh.broken.Load() }

// Abandon ends a critical section that was entered with Lock and that has panicked. Nobody
// else sees what it leaves behind before that is checked. If it adds up, the virtual host
// goes on. Otherwise it refuses everything from now on, and its connections end.
func (vh *VHost) Abandon(p *Panic) {
	vh.recoverFrom(p)
	vh.release()
	vh.node.report(p)
}

func (vh *VHost) recoverFrom(p *Panic) {
	vh.publisher = nil
	if vh.closed || vh.broken.Load() != nil {
		return
	}
	if err := vh.addsUp(); err != nil {
		vh.condemn(p, err)
	}
}

// addsUp does what the commands of this critical section left to do, and checks the books.
func (vh *VHost) addsUp() (err error) {
	defer func() {
		if again := recover(); again != nil {
			err = fmt.Errorf("what was left to do panicked, too: %v", again)
		}
	}()
	if err := vh.check(); err != nil {
		return err
	}
	vh.timers.arm(vh)
	return nil
}

// condemn has the virtual host refuse everything, and ends its connections.
func (vh *VHost) condemn(p *Panic, problem error) {
	vh.node.log.Error("virtual host is out of order", "vhost", vh.name, "panic", fmt.Sprint(p.Value), "problem", problem)
	why := &ConnectionError{Reply{Code: wire.InternalError,
		Reason: fmt.Sprintf("virtual host '%s' is out of order since minirabbit panicked: %v", vh.name, p.Value)}}
	vh.broken.Store(why)
	vh.cancelled, vh.deadLetters, vh.awake, vh.later = nil, nil, nil, nil
	vh.timers.alarm.stop()
	for _, c := range vh.connections {
		if c.Transport.Close != nil {
			c.Transport.Close(why)
		}
	}
}
