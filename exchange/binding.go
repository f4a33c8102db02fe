package exchange

import (
	"cmp"
	"slices"

	"github.com/minirabbit/minirabbit/wire"
)

// A Destination is what an exchange is bound to: another *Exchange, or the broker's queue. Destinations are told apart
// by ==, so that a queue is best a pointer.
type Destination interface {
	Name() string
	IsQueue() bool
}

// A TypedQueue is a queue that knows its type: "classic", "quorum" or "stream". An x-local-random exchange asks for it
// and takes classic queues only; it takes a queue that does not say for a classic one.
type TypedQueue interface {
	Destination
	QueueType() string
}

// A Binding leads from an exchange to a destination. It is read-only.
type Binding struct {
	Source      *Exchange
	Destination Destination
	RoutingKey  string
	Arguments   wire.Table // sorted by key, as RabbitMQ keeps them

	target         *target
	previous, next *Binding // in the order of Exchange.Bindings
}

// A target is one destination of one exchange, with the bindings that lead there.
type target struct {
	destination Destination
	exchange    *Exchange // the destination, when it is one
	bindings    []*Binding
	pass        uint64 // the last pass over the exchange that reached it
}

// A bindingID tells bindings of one exchange apart.
type bindingID struct {
	destination Destination
	routingKey  string
	arguments   string
}

// newBindingID says when two bindings are the same: destination and routing key are, and the arguments have the same
// keys, types and values. Their order does not matter, except within a table or array among them.
func newBindingID(destination Destination, routingKey string, sorted wire.Table) bindingID {
	id := bindingID{destination: destination, routingKey: routingKey}
	if len(sorted) > 0 {
		id.arguments = sorted.Identity()
	}
	return id
}

// sortedByKey returns a sorted copy. Fields with the same key keep their order.
func sortedByKey(t wire.Table) wire.Table {
	sorted := slices.Clone(t)
	slices.SortStableFunc(sorted, compareKeys)
	return sorted
}

func compareKeys(a, b wire.Field) int { return cmp.Compare(a.Key, b.Key) }
