package wire

import (
	"encoding/binary"
	"strconv"
)

// A MethodID names a method: its class id in the upper 16 bits, its method id in the lower.
type MethodID uint32

// Class returns the class id, such as 60 for basic.
func (id MethodID) Class() uint16 { return uint16(id >> 16) }

// Method returns the method id within its class, such as 40 for basic.publish.
func (id MethodID) Method() uint16 { return uint16(id) }

// String returns the specification's name, such as "basic.publish", or the two numbers, such as "60.999", for an id
// that is not in the protocol.
func (id MethodID) String() string {
	if name := id.traits().name; name != "" {
		return name
	}
	return strconv.Itoa(int(id.Class())) + "." + strconv.Itoa(int(id.Method()))
}

// Synchronous reports whether the sender waits for an answer with a method of its own: true for queue.declare, false
// for queue.declare-ok and basic.publish. (The specification's XML marks the answers, too; RabbitMQ does not.)
func (id MethodID) Synchronous() bool { return id.traits().flags&isSynchronous != 0 }

// HasContent reports whether a content header and a body follow the method.
func (id MethodID) HasContent() bool { return id.traits().flags&hasContent != 0 }

// FromClient reports whether a client may send the method.
func (id MethodID) FromClient() bool { return id.traits().flags&fromClient != 0 }

// FromServer reports whether a server may send the method.
func (id MethodID) FromServer() bool { return id.traits().flags&fromServer != 0 }

// methodTraits is what the table of methods says about one of them.
type methodTraits struct {
	name  string
	flags methodFlags
}

type methodFlags uint8

const (
	isSynchronous methodFlags = 1 << iota
	hasContent
	fromClient
	fromServer
)

// A Method is one method of the protocol with its arguments. The pointers to this package's method structs implement
// it, such as *BasicPublish.
type Method interface {
	// ID returns the class and method id.
	ID() MethodID

	// Append appends the payload of a method frame: class id, method id and arguments. It cuts short strings of more
	// than 255 bytes, and panics if a table holds a value whose type tables cannot hold.
	Append(dst []byte) []byte

	// Decode reads the arguments, which follow the ids, and overwrites every field. It leaves errors in the cursor.
	Decode(c *Cursor)
}

// DecodeMethod decodes the payload of a method frame, which it must fill to the last byte. The error is a *DecodeError
// or an *UnknownMethodError. To reuse a struct or an Interner, use a [Cursor] instead.
func DecodeMethod(payload []byte) (Method, error) {
	c := Cursor{b: payload}
	m := c.Method()
	return m, c.err
}

// Method reads a whole method: ids, arguments, and the end of the bytes behind them. It returns nil when it fails.
func (c *Cursor) Method() Method {
	id := c.MethodID()
	if c.err != nil {
		return nil
	}
	m := decodeMethod(id, c)
	if m == nil {
		c.fail(&UnknownMethodError{Method: id})
		return nil
	}
	if c.Finish(); c.err != nil {
		return nil
	}
	return m
}

// MethodID reads the class id and the method id that begin a method frame. A caller that decodes a frequent method
// into a struct of its own reads the id, calls that struct's Decode, then Finish.
func (c *Cursor) MethodID() MethodID {
	id := MethodID(c.Uint32())
	c.method = id
	return id
}

func appendMethodID(dst []byte, id MethodID) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(id))
}

// flag returns an octet with the bit at position set if value holds. Bits in a row share an octet, the first in the lowest
// position (specification 4.2.5.2).
func flag(value bool, position uint) byte {
	if value {
		return 1 << position
	}
	return 0
}
