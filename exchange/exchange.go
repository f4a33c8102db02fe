package exchange

import (
	"iter"
	"slices"

	"github.com/minirabbit/minirabbit/internal/lists"
	"github.com/minirabbit/minirabbit/wire"
)

// An Exchange holds bindings. It is not safe for concurrent use, and neither is routing through it.
type Exchange struct {
	// Durable, AutoDelete and Internal are kept for the broker; they have no effect here.
	Durable, AutoDelete, Internal bool

	// DeclaredBy is the user who declared the exchange, for the broker; empty for the broker itself.
	DeclaredBy string

	// PublishIn and PublishOut count, for the broker, the messages that were published here and the queues that they
	// were routed to.
	PublishIn, PublishOut uint64

	// Arguments are those of the declaration. Of later changes only that of alternate-exchange has an effect.
	Arguments wire.Table

	name            string
	kind            Kind
	table           table
	policyAlternate string

	bindings    map[bindingID]*Binding
	first, last *Binding
	targets     map[Destination]*target

	pass        uint64  // counts the passes of any router over this exchange
	visitor     *Router // the router that was here last,
	visitorWalk uint64  // and on which of its walks
}

var _ Destination = (*Exchange)(nil)

// An Option is an optional part of an exchange's declaration.
type Option func(*options)

type options struct {
	arguments wire.Table
	rules     Rules
}

// WithArguments declares the exchange with arguments. The kinds that start with x- read theirs from here; see
// [Exchange.Arguments].
func WithArguments(arguments wire.Table) Option {
	return func(o *options) { o.arguments = arguments }
}

// WithRules makes the exchange behave as that of a certain release. Without it, [Rules]' zero value counts.
func WithRules(rules Rules) Option {
	return func(o *options) { o.rules = rules }
}

// New returns an exchange without bindings. The error is an *[UnknownKindError], or an *[Error] when an argument is not
// what the kind takes. An alternate exchange is not looked at: it need not exist.
func New(name string, kind Kind, opts ...Option) (*Exchange, error) {
	var o options
	for _, option := range opts {
		option(&o)
	}
	table, err := newTable(kind, o.arguments, o.rules)
	if err != nil {
		return nil, err
	}
	return &Exchange{
		Arguments: o.arguments,
		name:      name,
		kind:      kind,
		table:     table,
		bindings:  map[bindingID]*Binding{},
		targets:   map[Destination]*target{},
	}, nil
}

// Name returns the name, which is empty for the default exchange.
func (x *Exchange) Name() string { return x.name }

// IsQueue returns false.
func (x *Exchange) IsQueue() bool { return false }

// Kind returns the exchange type.
func (x *Exchange) Kind() Kind { return x.kind }

// Alternate returns the name of the exchange that gets the messages for which no binding is found: that of the
// argument alternate-exchange or, without the argument, of SetAlternate. It is empty when there is none.
func (x *Exchange) Alternate() string {
	if value, ok := x.Arguments.Get("alternate-exchange"); ok {
		name, _ := value.(string)
		return name
	}
	return x.policyAlternate
}

// SetAlternate names the alternate exchange that a policy asks for. An empty name takes it away. As in RabbitMQ, the
// argument alternate-exchange goes before it.
func (x *Exchange) SetAlternate(name string) { x.policyAlternate = name }

// Bind adds a binding. A binding that exists already stays as it is, and added is false. The error is an *[Error] with
// RabbitMQ's objection to the routing key, the arguments or the destination.
func (x *Exchange) Bind(destination Destination, routingKey string, arguments wire.Table) (added bool, err error) {
	sorted := sortedByKey(arguments)
	b := &Binding{Source: x, Destination: destination, RoutingKey: routingKey, Arguments: sorted}
	if err := x.table.check(b); err != nil {
		return false, err
	}
	id := newBindingID(destination, routingKey, sorted)
	if _, ok := x.bindings[id]; ok {
		return false, nil
	}
	x.bindings[id] = b
	b.target = x.targets[destination]
	if b.target == nil {
		b.target = &target{destination: destination}
		b.target.exchange, _ = destination.(*Exchange)
		x.targets[destination] = b.target
	}
	b.target.bindings = append(b.target.bindings, b)
	b.previous = x.last
	if x.last == nil {
		x.first = b
	} else {
		x.last.next = b
	}
	x.last = b
	x.table.add(b)
	return true, nil
}

// Check returns the error that Bind would return for such a binding.
func (x *Exchange) Check(destination Destination, routingKey string, arguments wire.Table) error {
	return x.table.check(&Binding{Source: x, Destination: destination, RoutingKey: routingKey, Arguments: sortedByKey(arguments)})
}

// Bound says whether there is a binding with exactly these properties.
func (x *Exchange) Bound(destination Destination, routingKey string, arguments wire.Table) bool {
	_, ok := x.bindings[newBindingID(destination, routingKey, sortedByKey(arguments))]
	return ok
}

// Unbind removes the binding with exactly these properties. It returns false when there is none, which RabbitMQ does
// not mind.
func (x *Exchange) Unbind(destination Destination, routingKey string, arguments wire.Table) (removed bool) {
	id := newBindingID(destination, routingKey, sortedByKey(arguments))
	b, ok := x.bindings[id]
	if !ok {
		return false
	}
	x.remove(id, b)
	b.target.bindings = without(b.target.bindings, b)
	if len(b.target.bindings) == 0 {
		delete(x.targets, destination)
	}
	return true
}

// RemoveDestination removes all bindings to a destination, as is due when that is deleted, and returns them in the
// order in which they were added.
func (x *Exchange) RemoveDestination(d Destination) (removed []*Binding) {
	t, ok := x.targets[d]
	if !ok {
		return nil
	}
	delete(x.targets, d)
	for _, b := range t.bindings {
		x.remove(newBindingID(d, b.RoutingKey, b.Arguments), b)
	}
	return t.bindings
}

// remove takes b out of everything but its target.
func (x *Exchange) remove(id bindingID, b *Binding) {
	x.table.remove(b)
	delete(x.bindings, id)
	if b.previous == nil {
		x.first = b.next
	} else {
		b.previous.next = b.next
	}
	if b.next == nil {
		x.last = b.previous
	} else {
		b.next.previous = b.previous
	}
}

// Bindings returns the bindings from this exchange in the order in which they were added.
func (x *Exchange) Bindings() []*Binding {
	return slices.AppendSeq(make([]*Binding, 0, len(x.bindings)), x.All())
}

// BindingsTo returns the bindings that lead to a destination, in the order in which they were added.
func (x *Exchange) BindingsTo(d Destination) []*Binding {
	if t, ok := x.targets[d]; ok {
		return slices.Clone(t.bindings)
	}
	return nil
}

// BindingCount returns the number of bindings from this exchange. An auto-delete exchange ends when it comes back to
// zero.
func (x *Exchange) BindingCount() int { return len(x.bindings) }

// All iterates over the bindings from this exchange in the order in which they were added. Bindings may come and go
// meanwhile: one that goes may still be seen.
func (x *Exchange) All() iter.Seq[*Binding] {
	return func(yield func(*Binding) bool) {
		for b := x.first; b != nil; b = b.next {
			if !yield(b) {
				return
			}
		}
	}
}

// without removes b from a list that holds it, in place.
func without(list []*Binding, b *Binding) []*Binding {
	rest, _ := lists.Remove(list, b)
	return rest
}
