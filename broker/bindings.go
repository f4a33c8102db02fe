package broker

import (
	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/internal/lists"
	"github.com/minirabbit/minirabbit/wire"
)

// CheckBinding says what is wrong with a binding to a queue that is there, if the
// exchange refuses it. RabbitMQ asks the exchange before it looks whether the queue
// is somebody else's.
func (vh *VHost) CheckBinding(x *exchange.Exchange, queue, key string, args wire.Table) error {
	q := vh.queues[queue]
	if q == nil {
		return nil
	}
	if err := x.Check(q, key, args); err != nil {
		return vh.exchangeError(err)
	}
	return nil
}

// Bind binds a destination to an exchange. A binding that is there stays.
func (vh *VHost) Bind(x *exchange.Exchange, to exchange.Destination, key string, args wire.Table) error {
	added, err := x.Bind(to, key, args)
	if err != nil {
		return vh.exchangeError(err)
	}
	if !added {
		return nil
	}
	vh.sources[to] = append(vh.sources[to], x)
	if to.IsQueue() || !vh.node.release.UndoesReplay {
		return vh.replay(x, to)
	}
	undo := vh.histories()
	if err := vh.replay(x, to); err != nil {
		x.Unbind(to, key, args)
		vh.forgetSource(to, x)
		undo()
		return err
	}
	return nil
}

// histories returns a function that has all exchanges keep what they keep now.
func (vh *VHost) histories() (restore func()) {
	kept := make(map[*exchange.Exchange]exchange.History)
	for _, x := range vh.exchanges {
		if h, ok := x.History(); ok {
			kept[x] = h
		}
	}
	return func() {
		for x, h := range kept {
			x.SetHistory(h)
		}
	}
}

// Unbind removes a binding. One that is not there counts as removed.
func (vh *VHost) Unbind(x *exchange.Exchange, to exchange.Destination, key string, args wire.Table) {
	if x.Unbind(to, key, args) {
		vh.forgetSource(to, x)
		vh.autoDeleteExchange(x)
	}
}

// forgetSource notes that one binding from x to a destination is gone.
func (vh *VHost) forgetSource(to exchange.Destination, x *exchange.Exchange) {
	all, _ := lists.Remove(vh.sources[to], x)
	if len(all) == 0 {
		delete(vh.sources, to)
		return
	}
	vh.sources[to] = all
}

// removeBindingsTo removes the bindings to a destination that is being deleted,
// and the auto-delete exchanges that lost their last one.
func (vh *VHost) removeBindingsTo(to exchange.Destination) {
	all := vh.sources[to]
	delete(vh.sources, to)
	for _, x := range all {
		if len(x.RemoveDestination(to)) > 0 {
			vh.autoDeleteExchange(x)
		}
	}
}

// autoDeleteExchange deletes an auto-delete exchange whose last binding has gone.
func (vh *VHost) autoDeleteExchange(x *exchange.Exchange) {
	if x.AutoDelete && x.BindingCount() == 0 && vh.exchanges[x.Name()] == x {
		vh.removeExchange(x)
	}
}
