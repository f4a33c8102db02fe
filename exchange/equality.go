package exchange

import (
	"bytes"
	"math"
	"math/bits"

	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/wire"
)

// equalHeader compares the value of a binding's field with that of a message's header. At the top, types count only as
// far as Erlang tells the values apart: a string equals a binary of the same bytes, and whole numbers of all sizes
// compare by value. See [Rules] for what loose means.
func equalHeader(field, header any, loose bool) bool {
	if a, ok := field.(string); ok { // the common case
		if b, ok := header.(string); ok {
			return a == b
		}
	}
	if seconds, ok := header.(wire.Timestamp); ok && !loose {
		high, milliseconds := bits.Mul64(uint64(seconds), 1000)
		a, ok := numberOf(field)
		return ok && high == 0 && !a.float && a == number{magnitude: milliseconds}
	}
	return equalValues(field, header, loose)
}

// equalValues is Erlang's == when loose, and =:= otherwise.
func equalValues(a, b any, loose bool) bool {
	if x, ok := numberOf(a); ok {
		y, ok := numberOf(b)
		return ok && x.equal(y, loose)
	}
	switch x := a.(type) {
	case string:
		switch y := b.(type) {
		case string:
			return x == y
		case []byte:
			return x == string(y)
		}
		return false
	case []byte:
		switch y := b.(type) {
		case string:
			return string(x) == y
		case []byte:
			return bytes.Equal(x, y)
		}
		return false
	case wire.Array:
		y, ok := b.(wire.Array)
		return ok && equalArrays(x, y, loose) || len(x) == 0 && emptyList(b)
	case wire.Table:
		y, ok := b.(wire.Table)
		return ok && equalTables(x, y, loose) || len(x) == 0 && emptyList(b)
	default: // nil, bool and Decimal
		switch b.(type) {
		case nil, bool, wire.Decimal:
			return a == b
		}
		return false
	}
}

// equalArrays compares elements with their types, since RabbitMQ keeps both.
func equalArrays(a, b wire.Array, loose bool) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if erlang.TypeName(a[i]) != erlang.TypeName(b[i]) || !equalValues(a[i], b[i], loose) {
			return false
		}
	}
	return true
}

// equalTables compares fields with their types and in their order.
func equalTables(a, b wire.Table, loose bool) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Key != b[i].Key || erlang.TypeName(a[i].Value) != erlang.TypeName(b[i].Value) ||
			!equalValues(a[i].Value, b[i].Value, loose) {
			return false
		}
	}
	return true
}

// emptyList reports whether a value is an empty array or table, which to Erlang are one.
func emptyList(value any) bool {
	switch v := value.(type) {
	case wire.Array:
		return len(v) == 0
	case wire.Table:
		return len(v) == 0
	}
	return false
}

// A number is a value of any numeric type.
type number struct {
	float     bool
	value     float64 // of a float
	negative  bool    // of a whole number, which is not 0
	magnitude uint64
}

func numberOf(value any) (number, bool) {
	switch v := value.(type) {
	case int8:
		return wholeNumber(int64(v)), true
	case uint8:
		return number{magnitude: uint64(v)}, true
	case int16:
		return wholeNumber(int64(v)), true
	case uint16:
		return number{magnitude: uint64(v)}, true
	case int32:
		return wholeNumber(int64(v)), true
	case uint32:
		return number{magnitude: uint64(v)}, true
	case int64:
		return wholeNumber(v), true
	case wire.Timestamp:
		return number{magnitude: uint64(v)}, true
	case float32:
		return number{float: true, value: float64(v)}, true
	case float64:
		return number{float: true, value: v}, true
	}
	return number{}, false
}

func wholeNumber(v int64) number {
	if v < 0 {
		return number{negative: true, magnitude: -uint64(v)}
	}
	return number{magnitude: uint64(v)}
}

func (n number) equal(o number, loose bool) bool {
	switch {
	case n.float && o.float:
		return n.value == o.value
	case n.float != o.float && !loose:
		return false
	case n.float:
		return n.equalsWhole(o)
	case o.float:
		return o.equalsWhole(n)
	default:
		return n == o
	}
}

// equalsWhole compares a float with a whole number without rounding either, as Erlang does.
func (n number) equalsWhole(whole number) bool {
	size := math.Abs(n.value)
	return size < 1<<64 && size == math.Trunc(size) &&
		uint64(size) == whole.magnitude && (n.value < 0) == whole.negative
}
