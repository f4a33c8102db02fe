package wire

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Append appends the table behind a long integer with its length in bytes. It cuts a key of more than 255 bytes and
// panics on a value whose type a table cannot hold; Validate finds both.
func (t Table) Append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for i := range t {
		dst = appendShortString(dst, t[i].Key)
		dst = appendValue(dst, t[i].Value)
	}
	return patchLength(dst, start)
}

// appendValue appends the tag and the value.
func appendValue(dst []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendLongString(append(dst, 'S'), v)
	case int32:
		return binary.BigEndian.AppendUint32(append(dst, 'I'), uint32(v))
	case int64:
		return binary.BigEndian.AppendUint64(append(dst, 'l'), uint64(v))
	case bool:
		return append(dst, 't', flag(v, 0))
	case Table:
		return v.Append(append(dst, 'F'))
	case Array:
		return v.append(append(dst, 'A'))
	case nil:
		return append(dst, 'V')
	case int8:
		return append(dst, 'b', byte(v))
	case uint8:
		return append(dst, 'B', v)
	case int16:
		return binary.BigEndian.AppendUint16(append(dst, 's'), uint16(v))
	case uint16:
		return binary.BigEndian.AppendUint16(append(dst, 'u'), v)
	case uint32:
		return binary.BigEndian.AppendUint32(append(dst, 'i'), v)
	case float32:
		return binary.BigEndian.AppendUint32(append(dst, 'f'), math.Float32bits(v))
	case float64:
		return binary.BigEndian.AppendUint64(append(dst, 'd'), math.Float64bits(v))
	case Decimal:
		return binary.BigEndian.AppendUint32(append(dst, 'D', v.Scale), uint32(v.Value))
	case Timestamp:
		return binary.BigEndian.AppendUint64(append(dst, 'T'), uint64(v))
	case []byte:
		return appendLongString(append(dst, 'x'), v)
	default:
		panic(fmt.Sprintf("wire: a field table cannot hold a value of type %T", value))
	}
}

func (a Array) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for _, value := range a {
		dst = appendValue(dst, value)
	}
	return patchLength(dst, start)
}

// patchLength writes the count of the bytes that follow the four at start into those four.
func patchLength(dst []byte, start int) []byte {
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst
}

// Table reads a field table behind its length. An empty table is nil.
func (c *Cursor) Table() Table {
	outer := c.enter("a table")
	var t Table
	if n := c.Len(); n > 0 {
		t = make(Table, 0, guessCount(n))
	}
	for c.Len() > 0 {
		t = append(t, Field{Key: c.ShortString(), Value: c.value()})
		if c.err != nil {
			return nil
		}
	}
	c.leave(outer)
	return t
}

// array reads a field array behind its length. An empty array is not nil, so that it stays one when it is sent on.
func (c *Cursor) array() Array {
	outer := c.enter("an array")
	a := make(Array, 0, guessCount(c.Len()))
	for c.Len() > 0 {
		a = append(a, c.value())
		if c.err != nil {
			return nil
		}
	}
	c.leave(outer)
	return a
}

// guessCount returns how many fields n bytes may hold: few enough for their memory to stay in proportion.
func guessCount(n int) int { return min((n+15)/16, 32) }

// enter reads the length of a table or array and puts the bytes behind its end out of reach, so that a value which
// crosses the end fails. It returns the bytes for leave. After an error nothing is left to read.
func (c *Cursor) enter(what string) (outer []byte) {
	start := c.off
	n := c.Uint32()
	switch {
	case c.err != nil:
	case uint64(n) > uint64(c.Len()):
		c.failf(start, "%s of %d bytes, but only %d left", what, n, c.Len())
	case c.depth == MaxNesting:
		c.failf(start, "%s nested deeper than %d levels", what, MaxNesting)
	default:
		outer = c.b
		c.b = c.b[:c.off+int(n)]
		c.depth++
	}
	return outer
}

func (c *Cursor) leave(outer []byte) {
	if c.err == nil {
		c.b = outer
		c.depth--
	}
}

// value reads a tag and its value. The tags are those of RabbitMQ's parser, which also reads L, as l; it never sends
// it.
func (c *Cursor) value() any {
	start := c.off
	switch tag := c.Uint8(); tag {
	case 'S':
		return string(c.longBytes("a long string"))
	case 'I':
		return int32(c.Uint32())
	case 'l', 'L':
		return int64(c.Uint64())
	case 't':
		return c.Uint8() != 0
	case 'F':
		return c.Table()
	case 'A':
		return c.array()
	case 'V':
		return nil
	case 'b':
		return int8(c.Uint8())
	case 'B':
		return c.Uint8()
	case 's':
		return int16(c.Uint16())
	case 'u':
		return c.Uint16()
	case 'i':
		return c.Uint32()
	case 'f':
		return c.float32()
	case 'd':
		return c.float64()
	case 'D':
		return Decimal{Scale: c.Uint8(), Value: int32(c.Uint32())}
	case 'T':
		return Timestamp(c.Uint64())
	case 'x':
		return append([]byte{}, c.longBytes("a byte array")...)
	default:
		c.failValue(start, "table value has type %q, expected one of %s", tag, valueTags)
		return nil
	}
}

const valueTags = "tbBsuIilfdDSATFVx"

// float32 and float64 refuse infinities and what is not a number: Erlang has none, so RabbitMQ cannot read them.
func (c *Cursor) float32() float32 {
	start := c.off
	f := math.Float32frombits(c.Uint32())
	if !finite(float64(f)) {
		c.failValue(start, "float is %v, expected a finite number", f)
	}
	return f
}

func (c *Cursor) float64() float64 {
	start := c.off
	f := math.Float64frombits(c.Uint64())
	if !finite(f) {
		c.failValue(start, "double is %v, expected a finite number", f)
	}
	return f
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// failValue is failf for a value that is complete but does not exist.
func (c *Cursor) failValue(offset int, format string, args ...any) {
	c.fail(&DecodeError{Fault: FaultValue, Method: c.method, Offset: offset, Problem: fmt.Sprintf(format, args...)})
}
