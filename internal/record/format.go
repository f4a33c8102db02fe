package record

import (
	"cmp"
	"slices"

	"github.com/minirabbit/minirabbit/wire"
)

// Format describes a method with its arguments, as wire.Format does, but without
// passwords, and with tables in the order of their keys: clients keep them in
// maps, and send them in another order each time.
func Format(m wire.Method) string {
	hidden := []byte("…")
	switch original := m.(type) {
	case *wire.ConnectionStart:
		c := *original
		c.ServerProperties = inOrder(c.ServerProperties)
		m = &c
	case *wire.ConnectionStartOk:
		c := *original
		c.ClientProperties, c.Response = inOrder(c.ClientProperties), hidden
		m = &c
	case *wire.ConnectionSecureOk:
		c := *original
		c.Response = hidden
		m = &c
	case *wire.ConnectionUpdateSecret:
		c := *original
		c.NewSecret = hidden
		m = &c
	case *wire.ExchangeDeclare:
		c := *original
		c.Arguments = inOrder(c.Arguments)
		m = &c
	case *wire.ExchangeBind:
		c := *original
		c.Arguments = inOrder(c.Arguments)
		m = &c
	case *wire.ExchangeUnbind:
		c := *original
		c.Arguments = inOrder(c.Arguments)
		m = &c
	case *wire.QueueDeclare:
		c := *original
		c.Arguments = inOrder(c.Arguments)
		m = &c
	case *wire.QueueBind:
		c := *original
		c.Arguments = inOrder(c.Arguments)
		m = &c
	case *wire.QueueUnbind:
		c := *original
		c.Arguments = inOrder(c.Arguments)
		m = &c
	case *wire.BasicConsume:
		c := *original
		c.Arguments = inOrder(c.Arguments)
		m = &c
	}
	return wire.Format(m)
}

// inOrder returns a table with its fields, and those of the tables in it, in the
// order of their keys.
func inOrder(t wire.Table) wire.Table {
	sorted := slices.Clone(t)
	slices.SortStableFunc(sorted, func(a, b wire.Field) int { return cmp.Compare(a.Key, b.Key) })
	for i := range sorted {
		if nested, ok := sorted[i].Value.(wire.Table); ok {
			sorted[i].Value = inOrder(nested)
		}
	}
	return sorted
}
