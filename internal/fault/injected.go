package fault

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Injected is a fault that an [Engine] holds.
type Injected struct {
	engine *Engine
	name   string
	fault  Fault
	passed atomic.Int64 // commands of its method

	mu sync.Mutex
	// guarded by mu
	state   State
	removed bool
	held    heldConfirms
	changed chan struct{} // closed and replaced when the state changes
}

// State is how far a fault has come.
type State struct {
	Passed  int // commands of its method
	Matched int // of these, where it waits
	Strikes int // so far
	Left    int // strikes to come, [Always] for no end
}

func newInjected(e *Engine, name string, f Fault) *Injected {
	in := &Injected{engine: e, name: name, fault: f, changed: make(chan struct{})}
	in.state.Left = max(1, f.Times) * f.Do.span()
	if f.Times == Always {
		in.state.Left = Always
	}
	return in
}

// Name tells the faults of an engine apart.
func (in *Injected) Name() string { return in.name }

// Fault returns the fault.
func (in *Injected) Fault() Fault { return in.fault }

// String describes the fault.
func (in *Injected) String() string { return in.fault.String() }

// Wanted is how many strikes there will be, or 1 if there is no end.
func (in *Injected) Wanted() int { return max(1, in.fault.Times*in.fault.Do.span()) }

// State returns how far the fault has come.
func (in *Injected) State() State {
	s, _ := in.Watch()
	return s
}

// Watch is State, and returns a channel that is closed when the fault has struck again or is
// removed.
func (in *Injected) Watch() (State, <-chan struct{}) {
	in.mu.Lock()
	defer in.mu.Unlock()
	s := in.state
	s.Passed = int(in.passed.Load())
	return s, in.changed
}

// Await waits until the fault has struck n times or more. It returns an error if the context ends
// before, or if the fault is removed.
func (in *Injected) Await(ctx context.Context, n int) error {
	for {
		in.mu.Lock()
		strikes, removed, changed := in.state.Strikes, in.removed, in.changed
		in.mu.Unlock()
		switch {
		case strikes >= n:
			return nil
		case removed:
			return fmt.Errorf("the fault %q was removed when it had struck %d times of %d", in, strikes, n)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("the fault %q has struck %d times of %d: %w", in, strikes, n, context.Cause(ctx))
		}
	}
}

// Remove ends the fault. What it holds back, such as confirms for a batch, is sent.
func (in *Injected) Remove() {
	in.engine.remove(in)
	in.mu.Lock()
	in.state.Left = 0
	if !in.removed {
		in.removed = true
		close(in.changed)
		in.changed = make(chan struct{})
	}
	left := in.held.take()
	in.mu.Unlock()
	for i, b := range left {
		if i > 0 {
			time.Sleep(time.Nanosecond) // in a bubble, one client after the other
		}
		for _, m := range b.confirms {
			in.engine.send(b.line, m)
		}
	}
}

// strike counts a command that matched and, if the fault strikes, calls apply. Once the fault is
// removed, that is over.
func (in *Injected) strike(apply func()) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.state.Left == 0 {
		return false
	}
	in.state.Matched++
	if !in.fault.When.strikesAt(in.state.Matched) {
		return false
	}
	if in.state.Left > 0 {
		in.state.Left--
	}
	in.state.Strikes++
	apply()
	close(in.changed)
	in.changed = make(chan struct{})
	return true
}
