package fault

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// Machine is what a broker runs on, for [Chaos] to stop and to start it.
type Machine interface {
	Stop()
	Kill()
	Restart()
	Pause()
	Resume()
	SetAlarm(resource string, raised bool) // "memory" or "disk"
	Running() bool
}

// Chaos is much going wrong at a broker, as a seed says.
type Chaos struct {
	engine   *Engine
	machine  Machine
	plan     plan
	injected []*Injected // at once

	once       sync.Once
	stop, done chan struct{}
}

// StartChaos has things go wrong from now on, for some minutes. Which, when and how often depends
// on the seed alone.
func StartChaos(e *Engine, m Machine, seed uint64) *Chaos {
	c := &Chaos{engine: e, machine: m, plan: drawPlan(seed), stop: make(chan struct{}), done: make(chan struct{})}
	for _, f := range c.plan.faults {
		c.injected = append(c.injected, c.inject(f))
	}
	go c.run()
	return c
}

// inject injects a fault of the plan.
func (c *Chaos) inject(f Fault) *Injected {
	in, err := c.engine.Inject(f)
	if err != nil {
		panic("fault: the plan of chaos makes no sense: " + err.Error())
	}
	return in
}

// End ends the chaos: no fault strikes any more, and the broker runs.
func (c *Chaos) End() {
	c.once.Do(func() { close(c.stop) })
	<-c.done
}

// Done is closed when everything has gone wrong that goes wrong at a time, and the broker runs
// again. Faults that wait for a method may strike still, unless End was called.
func (c *Chaos) Done() <-chan struct{} { return c.done }

// Strikes returns how often faults have struck so far.
func (c *Chaos) Strikes() (n int) {
	for _, in := range c.injected {
		n += in.State().Strikes
	}
	return n
}

// String lists what goes wrong, one line each.
func (c *Chaos) String() string {
	var s strings.Builder
	for _, in := range c.injected {
		fmt.Fprintf(&s, "  %s (struck %s)\n", in, times(in.State().Strikes))
	}
	for _, e := range c.plan.events {
		fmt.Fprintf(&s, "  after %v: %s\n", e.at, e.name)
	}
	return s.String()
}

func times(n int) string {
	if n == 1 {
		return "1 time"
	}
	return fmt.Sprintf("%d times", n)
}

// run has things go wrong in their time.
func (c *Chaos) run() {
	defer close(c.done)
	began := time.Now()
	ended := false
	for _, e := range c.plan.events {
		if ended {
			break
		}
		timer := time.NewTimer(time.Until(began.Add(e.at)))
		select {
		case <-timer.C:
			c.engine.trace.Note("chaos: " + e.name)
			e.do(c)
		case <-c.stop:
			ended = true
		}
		timer.Stop()
	}
	if ended {
		for _, in := range c.injected {
			in.Remove()
		}
	}
	c.recover()
}

// recover undoes what an event may have left behind.
func (c *Chaos) recover() {
	c.machine.SetAlarm("memory", false)
	c.machine.SetAlarm("disk", false)
	c.machine.Resume()
	if !c.machine.Running() {
		c.machine.Restart()
	}
}
