package exchange

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/internal/lists"
	"github.com/minirabbit/minirabbit/wire"
)

// A hashTable finds one destination by a hash of the message's own routing key, of a header or of a property. The
// routing key of a binding is a number, its weight: each destination owns as many consecutive buckets as its weight
// says, and the hash names a bucket. Equal values go the same way, which is that of RabbitMQ.
type hashTable struct {
	header      string // that is hashed, when byHeader
	byHeader    bool
	property    string // that is hashed, when not empty
	rules       Rules
	ring        []*bucketSpan // in order of binding
	spans       map[*target]*bucketSpan
	bucketCount uint64
	changed     bool // number is to be called
}

// A bucketSpan is the buckets of one destination, up to but not including end.
type bucketSpan struct {
	target *target
	weight uint64
	end    uint64
}

func newHashTable(arguments wire.Table, rules Rules) (*hashTable, error) {
	t := &hashTable{rules: rules, spans: map[*target]*bucketSpan{}}
	for _, name := range []string{"hash-header", "hash-property"} {
		if value, ok := arguments.Get(name); ok {
			if _, ok := value.(string); !ok {
				return nil, internalError() // RabbitMQ fails on other types than strings
			}
		}
	}
	header, byHeader := arguments.Get("hash-header")
	property, byProperty := arguments.Get("hash-property")
	switch {
	case byHeader && byProperty:
		return nil, preconditionFailed("hash-header and hash-property are mutually exclusive")
	case byHeader:
		t.header, t.byHeader = header.(string), true
	case byProperty:
		t.property = property.(string)
		if !slices.Contains([]string{"correlation_id", "message_id", "timestamp"}, t.property) {
			return nil, preconditionFailed("Unsupported property: %s", t.property)
		}
	}
	return t, nil
}

// The greatest weights: RabbitMQ's from 4.3 on, and one for the releases before, which have none and run out of memory
// somewhere.
const (
	maxWeight      = 10_000
	maxHeavyWeight = math.MaxInt32
)

func (t *hashTable) check(b *Binding) error {
	weight, err := parseInteger(b.RoutingKey)
	limit := int64(maxWeight)
	if t.rules.HeavyHashBindings {
		limit = maxHeavyWeight
	}
	switch {
	case err != nil:
		return preconditionFailed("The binding key must be an integer: %s",
			erlang.Format(b.RoutingKey, !t.rules.PlainTexts))
	case weight < 1:
		return preconditionFailed("The binding key must be greater than 0")
	case weight > limit:
		return preconditionFailed("The binding key must not exceed %d", limit)
	}
	return nil
}

// parseInteger reads what Erlang takes for a whole number: an optional sign and digits. One that is too large for an
// int64 counts as the largest.
func parseInteger(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if errors.Is(err, strconv.ErrRange) && strings.Trim(s[1:], "0123456789") == "" {
		return n, nil
	}
	return n, err
}

// add gives the destination its buckets, unless it has some by another binding: that one's weight stays.
func (t *hashTable) add(b *Binding) {
	if t.spans[b.target] != nil {
		return
	}
	weight, _ := parseInteger(b.RoutingKey)
	span := &bucketSpan{target: b.target, weight: uint64(weight)}
	t.spans[b.target] = span
	t.ring = append(t.ring, span)
	t.changed = true
}

// remove takes all the destination's buckets away, as RabbitMQ does even when another binding to it remains. Those
// behind move up.
func (t *hashTable) remove(b *Binding) {
	if span := t.spans[b.target]; span != nil {
		delete(t.spans, b.target)
		t.ring, _ = lists.Remove(t.ring, span)
		t.changed = true
	}
}

// number gives the spans their buckets, if bindings have come or gone since the last message.
func (t *hashTable) number() {
	if !t.changed {
		return
	}
	t.changed, t.bucketCount = false, 0
	for _, span := range t.ring {
		t.bucketCount += span.weight
		span.end = t.bucketCount
	}
}

func (t *hashTable) match(m *Message, r *Router) {
	if len(t.ring) == 0 {
		return
	}
	t.number()
	bucket := uint64(0)
	if t.rules.EmptyHashHeaderFails && t.byHeader && isEmptyList(lastValue(m.Headers, t.header)) {
		r.err = internalError()
		return
	}
	if t.bucketCount > 1 {
		bucket = jump(t.seed(m), t.bucketCount)
	}
	i, _ := slices.BinarySearchFunc(t.ring, bucket, func(s *bucketSpan, bucket uint64) int {
		if s.end <= bucket {
			return -1
		}
		return 1
	})
	r.reachTarget(t.ring[i].target)
}

// jump is the jump consistent hash of Lamping and Veach, with the generator that RabbitMQ draws from.
func jump(seed, buckets uint64) uint64 {
	generator := erlang.NewExs1024(seed)
	bucket, next := 0.0, 0.0
	for next < float64(buckets) {
		bucket = next
		next = math.Trunc((bucket + 1) / generator.Uniform())
	}
	return uint64(bucket)
}

// seed makes a number of what is hashed.
func (t *hashTable) seed(m *Message) uint64 {
	var hash erlang.Hash
	switch {
	case t.property != "":
		t.hashProperty(&hash, m.Properties)
	case !t.byHeader:
		hash.Binary(m.RoutingKeys[0])
	case t.rules.TypedHashHeader:
		if value, ok := m.Headers.Get(t.header); ok {
			hash.Typed(value)
		} else {
			hash.Atom("undefined")
		}
	default:
		value := lastValue(m.Headers, t.header)
		if n, ok := numberOf(value); ok && !n.float {
			return n.seed(value)
		}
		hashFirst(&hash, value)
	}
	return uint64(hash.Sum())
}

// lastValue returns the value of the last field with the key, or nil, which to RabbitMQ is the same as void.
func lastValue(t wire.Table, key string) any {
	for _, field := range slices.Backward(t) {
		if field.Key == key {
			return field.Value
		}
	}
	return nil
}

func isEmptyList(value any) bool {
	switch v := value.(type) {
	case wire.Array:
		return len(v) == 0
	case wire.Table:
		return len(v) == 0
	default:
		return false
	}
}

// seed returns a whole number, of which but the low bits count. A timestamp has become one of milliseconds.
func (n number) seed(value any) uint64 {
	if _, ok := value.(wire.Timestamp); ok {
		return n.magnitude * 1000
	}
	if n.negative {
		return -n.magnitude
	}
	return n.magnitude
}

// hashFirst hashes a value, and of a list with something in it only the first element.
func hashFirst(hash *erlang.Hash, value any) {
	switch v := value.(type) {
	case wire.Array:
		if len(v) > 0 {
			hash.Typed(v[0])
			return
		}
	case wire.Table:
		if len(v) > 0 {
			hash.Field(v[0])
			return
		}
	}
	hash.Value(value)
}

func (t *hashTable) hashProperty(hash *erlang.Hash, p *wire.Properties) {
	switch {
	case p == nil:
	case t.property == "correlation_id" && p.Flags&wire.HasCorrelationID != 0:
		hash.Binary(p.CorrelationID)
		return
	case t.property == "message_id" && p.Flags&wire.HasMessageID != 0:
		hash.Binary(p.MessageID)
		return
	case t.property == "timestamp" && p.Flags&wire.HasTimestamp != 0:
		var digits [20]byte
		hash.Binary(string(strconv.AppendUint(digits[:0], uint64(p.Timestamp), 10)))
		return
	}
	hash.Atom("undefined")
}
