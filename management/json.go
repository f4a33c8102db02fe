package management

import (
	"bytes"
	"encoding/json"
	"iter"
	"slices"
	"strconv"
	"unicode/utf8"
)

// object is a JSON object on its way out. Its keys are written in order.
type object = map[string]any

// objects is a list on its way out. Each object is written before the next is
// asked for, which may reuse its memory.
type objects = iter.Seq[object]

// rate is a number that is written with a fraction even if it has none, as
// Erlang does.
type rate float64

// MarshalJSON implements json.Marshaler.
func (r rate) MarshalJSON() ([]byte, error) { return appendRate(nil, r), nil }

func appendRate(dst []byte, r rate) []byte {
	dst = strconv.AppendFloat(dst, float64(r), 'f', -1, 64)
	if float64(r) == float64(int64(r)) {
		dst = append(dst, ".0"...)
	}
	return dst
}

// encoder writes values as JSON. It is much faster than encoding/json, which it
// leaves rare types to, and it writes long lists piece by piece.
type encoder struct {
	buf []byte
	// full is called between the objects of a list when buf holds more than
	// encoderFull bytes. It empties buf.
	full func() error
	keys []string // scratch: the keys of the objects that are being written
}

const encoderFull = 32 << 10

func (e *encoder) value(v any) (err error) {
	switch v := v.(type) {
	case nil:
		e.buf = append(e.buf, "null"...)
	case bool:
		e.buf = strconv.AppendBool(e.buf, v)
	case string:
		e.text(v)
	case int:
		e.buf = strconv.AppendInt(e.buf, int64(v), 10)
	case int64:
		e.buf = strconv.AppendInt(e.buf, v, 10)
	case uint64:
		e.buf = strconv.AppendUint(e.buf, v, 10)
	case rate:
		e.buf = appendRate(e.buf, v)
	case object:
		return e.object(v)
	case objects:
		return e.list(v)
	case []object:
		return e.list(slices.Values(v))
	case []any:
		return encodeAll(e, v)
	case []string:
		return encodeAll(e, v)
	default:
		return e.other(v)
	}
	return nil
}

func (e *encoder) object(o object) error {
	base := len(e.keys)
	for key := range o {
		e.keys = append(e.keys, key)
	}
	slices.Sort(e.keys[base:])
	e.buf = append(e.buf, '{')
	for i, n := base, len(e.keys); i < n; i++ {
		if i > base {
			e.buf = append(e.buf, ',')
		}
		e.text(e.keys[i])
		e.buf = append(e.buf, ':')
		if err := e.value(o[e.keys[i]]); err != nil {
			return err
		}
	}
	e.keys = e.keys[:base]
	e.buf = append(e.buf, '}')
	return nil
}

func (e *encoder) list(all objects) error {
	e.buf = append(e.buf, '[')
	first := true
	for o := range all {
		if !first {
			e.buf = append(e.buf, ',')
		}
		first = false
		if err := e.element(o); err != nil {
			return err
		}
		if len(e.buf) > encoderFull && e.full != nil {
			if err := e.full(); err != nil {
				return err
			}
		}
	}
	e.buf = append(e.buf, ']')
	return nil
}

// element writes an object of a list. One without any fields, of which there are
// none but where columns were asked for, is an empty array, as in RabbitMQ.
func (e *encoder) element(o object) error {
	if len(o) == 0 {
		e.buf = append(e.buf, "[]"...)
		return nil
	}
	return e.object(o)
}

func encodeAll[T any](e *encoder, all []T) error {
	e.buf = append(e.buf, '[')
	for i, v := range all {
		if i > 0 {
			e.buf = append(e.buf, ',')
		}
		if err := e.value(v); err != nil {
			return err
		}
	}
	e.buf = append(e.buf, ']')
	return nil
}

// other leaves a value to encoding/json.
func (e *encoder) other(v any) error {
	b := bytes.NewBuffer(e.buf)
	standard := json.NewEncoder(b)
	standard.SetEscapeHTML(false)
	if err := standard.Encode(v); err != nil {
		return err
	}
	e.buf = bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return nil
}

func (e *encoder) text(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			e.other(s) // a string has no error
			return
		}
	}
	e.buf = append(e.buf, '"')
	e.buf = append(e.buf, s...)
	e.buf = append(e.buf, '"')
}
