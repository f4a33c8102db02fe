package testkit

import (
	"maps"
	"slices"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/wire"
)

// toTable puts a table into the client library's form.
func toTable(t wire.Table) amqp.Table {
	if t == nil {
		return nil
	}
	converted := make(amqp.Table, len(t))
	for _, f := range t {
		if _, twice := converted[f.Key]; !twice { // the first one counts, as in RabbitMQ
			converted[f.Key] = toValue(f.Value)
		}
	}
	return converted
}

// toValue gives a value as the client library reads it: an empty table is not nil,
// and an empty array is.
func toValue(v any) any {
	switch v := v.(type) {
	case wire.Table:
		if v == nil {
			return amqp.Table{}
		}
		return toTable(v)
	case wire.Array:
		var values []any
		for i := range v {
			values = append(values, toValue(v[i]))
		}
		return values
	case wire.Timestamp:
		return time.Unix(int64(v), 0)
	case wire.Decimal:
		return amqp.Decimal{Scale: v.Scale, Value: v.Value}
	}
	return v
}

// fromTable is the inverse of toTable. The fields are in the order of their keys.
// What is in the table must be valid: see [amqp.Table.Validate].
func fromTable(t amqp.Table) wire.Table {
	if t == nil {
		return nil
	}
	converted := make(wire.Table, 0, len(t))
	for _, key := range slices.Sorted(maps.Keys(t)) {
		converted = append(converted, wire.Field{Key: key, Value: fromValue(t[key])})
	}
	return converted
}

// fromValue gives a value as the client library sends it: an int has 32 bits.
func fromValue(v any) any {
	switch v := v.(type) {
	case int:
		return int32(v)
	case amqp.Table:
		return fromTable(v)
	case []any:
		values := make(wire.Array, len(v))
		for i := range v {
			values[i] = fromValue(v[i])
		}
		return values
	case time.Time:
		return wire.Timestamp(v.Unix())
	case amqp.Decimal:
		return wire.Decimal{Scale: v.Scale, Value: v.Value}
	}
	return v
}

// sameIntegers returns a table whose integers are all of one type: RabbitMQ compares
// arguments by value.
func sameIntegers(t amqp.Table) amqp.Table {
	return alike(t).(amqp.Table)
}

func alike(v any) any {
	switch v := v.(type) {
	case amqp.Table:
		same := make(amqp.Table, len(v))
		for key := range v {
			same[key] = alike(v[key])
		}
		return same
	case []any:
		same := make([]any, len(v))
		for i := range v {
			same[i] = alike(v[i])
		}
		return same
	case int:
		return int64(v)
	case int8:
		return int64(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case uint8:
		return int64(v)
	case uint16:
		return int64(v)
	case uint32:
		return int64(v)
	}
	return v
}
