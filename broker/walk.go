package broker

import (
	"cmp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
)

// Walk looks at many things in a virtual host in several critical sections, each
// of bounded length, so that clients do not wait for the whole of it. What is
// looked at may change between two sections.
type Walk struct {
	vh    *VHost
	began time.Time
	steps int
}

const (
	// walkTime is how long a critical section of a walk lasts, and a step more.
	walkTime = 250 * time.Microsecond
	// walkSteps is how many steps it has at most.
	walkSteps = 1024
	// walkLook is after how many steps the walk looks at the clock.
	walkLook = 16
)

// Walk begins a walk, and with it a critical section.
func (vh *VHost) Walk() *Walk {
	vh.Lock()
	return &Walk{vh: vh, began: time.Now()}
}

// Step is to be called after each thing that was looked at. From time to time it
// ends the critical section and begins another one.
func (w *Walk) Step() {
	w.steps++
	if w.steps%walkLook == 0 && (w.steps >= walkSteps || time.Since(w.began) >= walkTime) {
		w.vh.Unlock()
		runtime.Gosched()
		w.vh.Lock()
		w.steps, w.began = 0, time.Now()
	}
}

// End ends the walk and its last critical section. It is deferred, as Unlock is.
func (w *Walk) End() { w.vh.exit(recover()) }

// The methods below take the lock themselves. What they return was there at some
// moment while they ran.

// SnapshotQueues returns the queues by name.
func (vh *VHost) SnapshotQueues() []*queue.Queue {
	var all []*queue.Queue
	vh.WalkQueues(func(q *queue.Queue) { all = append(all, q) })
	slices.SortFunc(all, func(a, b *queue.Queue) int { return strings.Compare(a.Name(), b.Name()) })
	return all
}

// WalkQueues looks at each queue, in no order, under the lock.
func (vh *VHost) WalkQueues(look func(q *queue.Queue)) {
	w := vh.Walk()
	defer w.End()
	for _, q := range vh.queues {
		look(q)
		w.Step()
	}
}

// SnapshotExchanges returns the exchanges by name.
func (vh *VHost) SnapshotExchanges() []*exchange.Exchange {
	var all []*exchange.Exchange
	vh.WalkExchanges(func(x *exchange.Exchange) { all = append(all, x) })
	slices.SortFunc(all, func(a, b *exchange.Exchange) int { return strings.Compare(a.Name(), b.Name()) })
	return all
}

// WalkExchanges looks at each exchange, in no order, under the lock.
func (vh *VHost) WalkExchanges(look func(x *exchange.Exchange)) {
	w := vh.Walk()
	defer w.End()
	for _, x := range vh.exchanges {
		look(x)
		w.Step()
	}
}

// WalkChannels looks at each connection and at each of its channels under the
// lock, in order of opening.
func (vh *VHost) WalkChannels(connection func(c *Connection), channel func(ch *Channel)) {
	w := vh.Walk()
	defer w.End()
	for _, c := range vh.Connections() {
		connection(c)
		w.Step()
		for _, ch := range c.Channels() {
			channel(ch)
			w.Step()
		}
	}
}

// SnapshotBindings returns the bindings from an exchange by destination and
// routing key. Bindings do not change: to look at them takes no lock.
func (vh *VHost) SnapshotBindings(x *exchange.Exchange) []*exchange.Binding {
	all := vh.walkBindings(x)
	SortBindings(all)
	return all
}

func (vh *VHost) walkBindings(x *exchange.Exchange) []*exchange.Binding {
	w := vh.Walk()
	defer w.End()
	all := make([]*exchange.Binding, 0, x.BindingCount())
	for b := range x.All() {
		all = append(all, b)
		w.Step()
	}
	return all
}

// SortBindings sorts bindings from one exchange by destination and routing key.
func SortBindings(all []*exchange.Binding) {
	slices.SortStableFunc(all, func(a, b *exchange.Binding) int {
		return cmp.Or(strings.Compare(a.Destination.Name(), b.Destination.Name()), strings.Compare(a.RoutingKey, b.RoutingKey))
	})
}

// Sources returns the exchanges from which bindings lead to a destination, by
// name. The lock is held.
func (vh *VHost) Sources(to exchange.Destination) []*exchange.Exchange {
	all := slices.Clone(vh.sources[to])
	slices.SortFunc(all, func(a, b *exchange.Exchange) int { return strings.Compare(a.Name(), b.Name()) })
	return slices.Compact(all)
}
