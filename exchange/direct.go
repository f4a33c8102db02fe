package exchange

// A directTable finds bindings whose routing key is one of the message's.
type directTable struct {
	byKey map[string][]*Binding
}

func newDirectTable() *directTable { return &directTable{byKey: map[string][]*Binding{}} }

func (t *directTable) check(*Binding) error { return nil }

func (t *directTable) add(b *Binding) { t.byKey[b.RoutingKey] = append(t.byKey[b.RoutingKey], b) }

func (t *directTable) remove(b *Binding) {
	if rest := without(t.byKey[b.RoutingKey], b); len(rest) > 0 {
		t.byKey[b.RoutingKey] = rest
	} else {
		delete(t.byKey, b.RoutingKey)
	}
}

func (t *directTable) match(m *Message, r *Router) {
	for _, key := range m.RoutingKeys {
		for _, b := range t.byKey[key] {
			r.reach(b)
		}
	}
}
