package broker

import (
	"slices"
	"strings"

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
			return Errorf(wire.PreconditionFailed, "invalid message: {unacceptable_type_in_header,%q,%s}", name, erlang.TypeName(v))
		}
	}
	return nil
}

// appendCopies appends the routing keys in the headers of these names.
func appendCopies(keys []string, headers wire.Table, names ...string) []string {
	for _, name := range names {
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

// withoutBCC returns the properties without the header BCC, and removes it from
// the decoded header as well. Of several, the first holds the keys; the others
// stay, as in RabbitMQ.
func withoutBCC(properties []byte, header *wire.Properties) []byte {
	i := slices.IndexFunc(header.Headers, func(f wire.Field) bool { return f.Key == headerBCC })
	if i < 0 {
		return properties
	}
	header.Headers = slices.Delete(header.Headers, i, i+1)
	return header.Append(nil)
}

// setSorted sets a header as RabbitMQ does, which sorts the headers whenever it
// sets one.
func setSorted(headers *wire.Table, key string, value any) {
	headers.Set(key, value)
	slices.SortStableFunc(*headers, func(a, b wire.Field) int { return strings.Compare(a.Key, b.Key) })
}

// withSortedHeaders returns the properties with the headers sorted by name, of
// which the first counts if it stands there twice. Tables inside stay as they are.
func withSortedHeaders(properties []byte, header *wire.Properties) []byte {
	inOrder := func(a, b wire.Field) int { return strings.Compare(a.Key, b.Key) }
	sorted := slices.IsSortedFunc(header.Headers, inOrder)
	if sorted && !repeats(header.Headers) {
		return properties
	}
	slices.SortStableFunc(header.Headers, inOrder)
	header.Headers = slices.CompactFunc(header.Headers, func(a, b wire.Field) bool { return a.Key == b.Key })
	return header.Append(make([]byte, 0, len(properties)))
}

// repeats says whether a name stands twice in sorted headers.
func repeats(t wire.Table) bool {
	for i := 1; i < len(t); i++ {
		if t[i].Key == t[i-1].Key {
			return true
		}
	}
	return false
}
