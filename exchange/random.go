package exchange

// A randomTable finds one binding at random, whatever the routing key. A queue with two bindings is drawn twice as
// often as one with one.
type randomTable struct {
	bindings []*Binding
}

func (t *randomTable) check(*Binding) error { return nil }

func (t *randomTable) add(b *Binding) { t.bindings = append(t.bindings, b) }

func (t *randomTable) remove(b *Binding) { t.bindings = without(t.bindings, b) }

func (t *randomTable) match(_ *Message, r *Router) {
	switch n := len(t.bindings); n {
	case 0:
	case 1:
		r.reach(t.bindings[0])
	default:
		r.reach(t.bindings[r.intN(n)])
	}
}

// A localRandomTable finds one of the queues on the publisher's node at random: here, where there is one node, any. It
// takes classic queues alone, bound with an empty routing key.
type localRandomTable struct {
	randomTable
}

func (t *localRandomTable) check(b *Binding) error {
	if b.RoutingKey != "" {
		return preconditionFailed("Non empty binding '%s' key not permitted", b.RoutingKey)
	}
	if !b.Destination.IsQueue() {
		return preconditionFailed("Destination not found")
	}
	if q, ok := b.Destination.(TypedQueue); ok && q.QueueType() != "classic" {
		return preconditionFailed("Queue type rabbit_%s_queue not valid for this exchange type", q.QueueType())
	}
	return nil
}
