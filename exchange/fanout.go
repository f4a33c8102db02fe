package exchange

// A fanoutTable finds all bindings.
type fanoutTable struct {
	bindings []*Binding
}

func (t *fanoutTable) check(*Binding) error { return nil }

func (t *fanoutTable) add(b *Binding) { t.bindings = append(t.bindings, b) }

func (t *fanoutTable) remove(b *Binding) { t.bindings = without(t.bindings, b) }

func (t *fanoutTable) match(_ *Message, r *Router) {
	for _, b := range t.bindings {
		r.reach(b)
	}
}
