package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"
)

// A Cursor reads the protocol's values from a byte slice, one after another. After its first error nothing is left to
// read and it answers zero values; Err returns that error. The zero Cursor reads from an empty slice.
//
// The cursor refers to the slice until the next Reset, but none of the values it returns does, except that of Rest.
type Cursor struct {
	// StrictText refuses short strings of methods that are not UTF-8, as RabbitMQ does with what clients send: all but
	// those of basic.publish.
	StrictText bool

	// Strings, if set, supplies the short strings that occur again and again, so that they are allocated once.
	Strings *Interner

	b      []byte
	off    int
	depth  int // of the table or array being read
	method MethodID
	err    error
}

// NewCursor returns a cursor at the start of b.
func NewCursor(b []byte) *Cursor { return &Cursor{b: b} }

// Reset moves the cursor to the start of b and forgets the error. The Interner stays.
func (c *Cursor) Reset(b []byte) {
	c.b, c.off, c.depth, c.method = b, 0, 0, 0
	if c.err != nil { // rarely, and a pointer costs more to write than to look at
		c.err = nil
	}
}

// Err returns the first error: a *DecodeError or an *UnknownMethodError.
func (c *Cursor) Err() error { return c.err }

// Len returns how many bytes are left to read.
func (c *Cursor) Len() int { return len(c.b) - c.off }

// Offset returns how many bytes have been read.
func (c *Cursor) Offset() int { return c.off }

// Finish fails if there are bytes left. RabbitMQ refuses a method with bytes behind its last argument.
func (c *Cursor) Finish() {
	if c.err == nil && c.Len() > 0 {
		c.failf(c.off, "%d bytes after the last value, expected none", c.Len())
	}
}

// Rest returns the bytes not read yet and moves behind them. Unlike all other values it is a view of the slice under
// the cursor.
func (c *Cursor) Rest() []byte {
	if c.err != nil {
		return nil
	}
	rest := c.b[c.off:len(c.b):len(c.b)]
	c.off = len(c.b)
	return rest
}

// Uint8 reads an octet.
func (c *Cursor) Uint8() uint8 {
	if b := c.take(1, "an octet"); b != nil {
		return b[0]
	}
	return 0
}

// Uint16 reads a short integer.
func (c *Cursor) Uint16() uint16 {
	if b := c.take(2, "a short integer"); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// Uint32 reads a long integer.
func (c *Cursor) Uint32() uint32 {
	if b := c.take(4, "a long integer"); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// Uint64 reads a long long integer.
func (c *Cursor) Uint64() uint64 {
	if b := c.take(8, "a long long integer"); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// Bit reads an octet that holds a single bit, in its lowest position. RabbitMQ does not look at the other seven.
func (c *Cursor) Bit() bool { return c.Uint8()&1 != 0 }

// ShortString reads a string of up to 255 bytes behind an octet with its length.
func (c *Cursor) ShortString() string {
	b := c.shortBytes("a short string")
	if len(b) == 0 {
		return ""
	}
	if c.StrictText && c.method != 0 && c.method != IDBasicPublish && !utf8.Valid(b) {
		c.fail(&DecodeError{Fault: FaultUTF8, Method: c.method, Offset: c.off - len(b), Problem: "short string that is not UTF-8"})
		return ""
	}
	if c.Strings != nil {
		return c.Strings.Intern(b)
	}
	return string(b)
}

// LongString reads the bytes behind a long integer with their count. The result is a copy, nil when empty.
func (c *Cursor) LongString() []byte {
	b := c.longBytes("a long string")
	if len(b) == 0 {
		return nil
	}
	return append([]byte(nil), b...)
}

// uniqueShortString reads a short string that is not worth interning, such as a message id.
func (c *Cursor) uniqueShortString() string { return string(c.shortBytes("a short string")) }

func (c *Cursor) skipShort()       { c.take(2, "a short integer") }
func (c *Cursor) skipBits()        { c.take(1, "an octet") }
func (c *Cursor) skipShortString() { c.shortBytes("a short string") }
func (c *Cursor) skipLongString()  { c.longBytes("a long string") }

// shortBytes reads a length octet and returns a view of as many bytes.
func (c *Cursor) shortBytes(what string) []byte {
	start := c.off
	n := int(c.Uint8())
	return c.takeCounted(start, uint32(n), what)
}

// longBytes reads a length of four octets and returns a view of as many bytes.
func (c *Cursor) longBytes(what string) []byte {
	start := c.off
	n := c.Uint32()
	return c.takeCounted(start, n, what)
}

// take returns a view of the next n bytes, or nil.
func (c *Cursor) take(n int, what string) []byte {
	if c.err == nil && len(c.b)-c.off >= n {
		b := c.b[c.off : c.off+n]
		c.off += n
		return b
	}
	c.short(n, what)
	return nil
}

// takeCounted returns a view of the next n bytes; n was read from the bytes themselves, at start.
func (c *Cursor) takeCounted(start int, n uint32, what string) []byte {
	if c.err == nil && uint64(c.Len()) >= uint64(n) {
		b := c.b[c.off : c.off+int(n)]
		c.off += int(n)
		return b
	}
	c.failf(start, "%s of %d bytes, but only %d left", what, n, c.Len())
	return nil
}

func (c *Cursor) short(n int, what string) {
	c.failf(c.off, "%d bytes left, expected %s of %d", c.Len(), what, n)
}

func (c *Cursor) failf(offset int, format string, args ...any) {
	if c.err == nil {
		c.fail(&DecodeError{Method: c.method, Offset: offset, Problem: fmt.Sprintf(format, args...)})
	}
}

// fail keeps the first error and leaves nothing to read.
func (c *Cursor) fail(err error) {
	if c.err == nil {
		c.err = err
		c.off = len(c.b)
	}
}

// MaxShortString is the length of the longest short string, in bytes: its length is one octet.
const MaxShortString = math.MaxUint8

// appendShortString appends a short string, of which it keeps the first 255 bytes: no text, wherever it comes from, stops the
// encoder. Who must not send a part asks for the length before.
func appendShortString(dst []byte, s string) []byte {
	if len(s) > MaxShortString {
		s = s[:MaxShortString]
	}
	dst = append(dst, byte(len(s)))
	return append(dst, s...)
}

func appendLongString[T string | []byte](dst []byte, s T) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(s)))
	return append(dst, s...)
}
