package exchange

import (
	"cmp"
	"slices"

	"github.com/minirabbit/minirabbit/internal/erlang"
)

// A modulusTable finds one binding: of the destinations in the order of their names, that which the hash of all the
// message's routing keys names, modulo their number. Routing keys of bindings do not count.
type modulusTable struct {
	bindings []*Binding // sorted: exchanges before queues, then by name
}

func (t *modulusTable) check(*Binding) error { return nil }

func (t *modulusTable) add(b *Binding) {
	i, _ := slices.BinarySearchFunc(t.bindings, b, func(other, b *Binding) int {
		return cmp.Or(compareDestinations(other.Destination, b.Destination), -1) // behind its equals
	})
	t.bindings = slices.Insert(t.bindings, i, b)
}

func compareDestinations(a, b Destination) int {
	if a.IsQueue() != b.IsQueue() {
		if b.IsQueue() {
			return -1
		}
		return 1
	}
	return cmp.Compare(a.Name(), b.Name())
}

func (t *modulusTable) remove(b *Binding) { t.bindings = without(t.bindings, b) }

func (t *modulusTable) match(m *Message, r *Router) {
	if len(t.bindings) == 0 {
		return
	}
	var hash erlang.Hash
	for _, key := range m.RoutingKeys {
		hash.Binary(key)
	}
	hash.Nil()
	r.reach(t.bindings[int(hash.Sum())%len(t.bindings)])
}
