package erlang

import (
	"fmt"
	"math"

	"github.com/minirabbit/minirabbit/wire"
)

// A Hash computes erlang:phash2/1, a term at a time, in the order in which Erlang visits a term: a tuple before its
// elements, a list as its elements and then [Hash.Nil]. The zero Hash is ready; it allocates nothing.
type Hash struct{ state uint32 }

// Sum returns the hash of what was added: 27 bits, as phash2 gives without a range.
func (h *Hash) Sum() uint32 { return h.state & (1<<27 - 1) }

// Each kind of term is mixed with a multiple of the golden ratio of its own.
const golden = 0x9e3779b9

const (
	atomSalt        uint32 = 3 * golden & math.MaxUint32
	integerSalt     uint32 = golden
	nilSalt         uint32 = 2 * golden & math.MaxUint32
	tupleSalt       uint32 = 9 * golden & math.MaxUint32
	negativeBigSalt uint32 = 10 * golden & math.MaxUint32
	positiveBigSalt uint32 = 11 * golden & math.MaxUint32
	floatSalt       uint32 = 12 * golden & math.MaxUint32
	binarySalt      uint32 = 13 * golden & math.MaxUint32
)

// Atom adds an atom with an ASCII name.
func (h *Hash) Atom(name string) {
	value := atomHash(name)
	if h.state == 0 {
		h.state = value
		return
	}
	h.word(value, atomSalt)
}

// atomHash is the classic hash of P. J. Weinberger, by which Erlang's atom table is kept.
func atomHash(name string) uint32 {
	var hash uint32
	for i := range len(name) {
		hash = hash<<4 + uint32(name[i])
		if high := hash & 0xf0000000; high != 0 {
			hash ^= high >> 24
			hash ^= high
		}
	}
	return hash
}

// Nil adds the empty list.
func (h *Hash) Nil() {
	if h.state == 0 {
		h.state = 3468870702
		return
	}
	h.word(2, nilSalt) // 2 stands for the empty list
}

// Tuple adds a tuple of n elements, which follow.
func (h *Hash) Tuple(n int) { h.word(uint32(n), tupleSalt) }

// Integer adds a whole number.
func (h *Hash) Integer(v int64) {
	if v < 0 {
		h.whole(true, -uint64(v))
		return
	}
	h.whole(false, uint64(v))
}

func (h *Hash) whole(negative bool, magnitude uint64) {
	const small = 1 << 27 // numbers of 28 bits are mixed as one word
	switch {
	case !negative && magnitude < small:
		h.word(uint32(magnitude), integerSalt)
	case negative && magnitude <= small:
		h.word(uint32(magnitude), integerSalt) // Erlang mixes negative numbers twice
		h.word(-uint32(magnitude), integerSalt)
	case negative:
		h.words(uint32(magnitude), uint32(magnitude>>32), negativeBigSalt)
	default:
		h.words(uint32(magnitude), uint32(magnitude>>32), positiveBigSalt)
	}
}

// Float adds a floating point number.
func (h *Hash) Float(f float64) {
	if f == 0 {
		f = 0 // and not -0
	}
	bits := math.Float64bits(f)
	h.words(uint32(bits>>32), uint32(bits), floatSalt)
}

// Binary adds a byte string.
func (h *Hash) Binary(s string) {
	if s == "" {
		h.state += binarySalt
		return
	}
	a, b, c := uint32(golden), uint32(golden), h.state+binarySalt
	rest := s
	for ; len(rest) >= 12; rest = rest[12:] {
		a, b, c = mix(a+word(rest), b+word(rest[4:]), c+word(rest[8:]))
	}
	c += uint32(len(s))
	var tail [12]byte
	copy(tail[:8], rest)
	if len(rest) > 8 {
		copy(tail[9:], rest[8:]) // the first byte of the last word is the length's
	}
	_, _, h.state = mix(a+word(string(tail[:4])), b+word(string(tail[4:8])), c+word(string(tail[8:])))
}

// Value adds a table value, without its type.
func (h *Hash) Value(value any) {
	switch v := value.(type) {
	case nil:
		h.Atom("undefined")
	case bool:
		if v {
			h.Atom("true")
		} else {
			h.Atom("false")
		}
	case int8:
		h.Integer(int64(v))
	case uint8:
		h.Integer(int64(v))
	case int16:
		h.Integer(int64(v))
	case uint16:
		h.Integer(int64(v))
	case int32:
		h.Integer(int64(v))
	case uint32:
		h.Integer(int64(v))
	case int64:
		h.Integer(v)
	case wire.Timestamp:
		h.whole(false, uint64(v))
	case float32:
		h.Float(float64(v))
	case float64:
		h.Float(v)
	case wire.Decimal:
		h.Tuple(2)
		h.Integer(int64(v.Scale))
		h.Integer(int64(uint32(v.Value)))
	case string:
		h.Binary(v)
	case []byte:
		h.Binary(string(v))
	case wire.Array:
		for _, element := range v {
			h.Typed(element)
		}
		h.Nil()
	case wire.Table:
		for _, field := range v {
			h.Field(field)
		}
		h.Nil()
	default:
		panic(fmt.Sprintf("erlang: a field table cannot hold a %T", value))
	}
}

// Typed adds a table value as RabbitMQ keeps it in an array: {longstr, <<"a">>}.
func (h *Hash) Typed(value any) {
	h.Tuple(2)
	h.Atom(TypeName(value))
	h.Value(value)
}

// Field adds a field as RabbitMQ keeps it in a table: {<<"key">>, longstr, <<"a">>}.
func (h *Hash) Field(field wire.Field) {
	h.Tuple(3)
	h.Binary(field.Key)
	h.Atom(TypeName(field.Value))
	h.Value(field.Value)
}

func (h *Hash) word(v, salt uint32) { h.words(v, 0, salt) }

func (h *Hash) words(v, w, salt uint32) {
	_, _, h.state = mix(salt+v, salt+w, h.state)
}

// word reads four bytes, the lowest first.
func word(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// mix is the mixing step of Bob Jenkins's hash of 1996.
func mix(a, b, c uint32) (uint32, uint32, uint32) {
	a = (a - b - c) ^ c>>13
	b = (b - c - a) ^ a<<8
	c = (c - a - b) ^ b>>13
	a = (a - b - c) ^ c>>12
	b = (b - c - a) ^ a<<16
	c = (c - a - b) ^ b>>5
	a = (a - b - c) ^ c>>3
	b = (b - c - a) ^ a<<10
	c = (c - a - b) ^ b>>15
	return a, b, c
}
