package broker

import (
	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/wire"
)

// Sender-selected distribution: the headers CC and BCC list further routing
// keys. BCC is removed before the message is delivered.
const (
	headerCC  = "CC"
	headerBCC = "BCC"
)

// checkCopies refuses a CC or BCC that is not an array, as RabbitMQ does.
func checkCopies(headers wire.Table) error {
	for _, name := range []string{headerCC, headerBCC} {
		v, set := headers.Get(name)
		if _, ok := v.(wire.Array); set && !ok {
			return Errorf(wire.PreconditionFailed, "invalid message: {unacceptable_type_in_header,%s,%s}",
				erlang.Format(name, false), erlang.TypeName(v))
		}
	}
	return nil
}

// appendCopies appends the routing keys of CC and BCC.
func appendCopies(keys []string, headers wire.Table) []string {
	if len(headers) == 0 {
		return keys
	}
	for _, name := range []string{headerCC, headerBCC} {
		v, _ := headers.Get(name)
		list, _ := v.(wire.Array)
		for _, item := range list {
			if key, ok := item.(string); ok {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// withoutBCC returns the properties without the header BCC.
func withoutBCC(properties []byte, headers wire.Table) []byte {
	if _, set := headers.Get(headerBCC); !set {
		return properties
	}
	return editHeaders(properties, func(h *wire.Table) { h.Delete(headerBCC) })
}

// editHeaders returns properties with their headers changed.
func editHeaders(properties []byte, edit func(*wire.Table)) []byte {
	var p wire.Properties
	p.Decode(wire.NewCursor(properties))
	edit(&p.Headers)
	p.Flags |= wire.HasHeaders
	return p.Append(nil)
}
