package wire

import (
	"fmt"
	"slices"
)

// A Table is a field table: named values in the order in which they were sent, which RabbitMQ keeps. A name that
// occurs twice stays twice, and the first counts.
type Table []Field

// A Field is one name and value of a Table. The value has one of the types below and no other; the letter is its tag
// on the wire, in the dialect that RabbitMQ and its clients speak.
//
//	bool      t      uint8   B      float32    f      string        S
//	int8      b      uint16  u      float64    d      []byte        x
//	int16     s      uint32  i      Decimal    D      Array         A
//	int32     I      int64   l      Timestamp  T      Table         F
//	nil       V
//
// A table's longstr is a string here: RabbitMQ's own strings, such as an exchange type, travel so.
type Field struct {
	Key   string // 255 bytes at most
	Value any
}

// An Array is a field array, with values as in a Field.
type Array []any

// A Decimal is the number Value / 10^Scale. RabbitMQ reads the same bits as an unsigned value.
type Decimal struct {
	Scale uint8
	Value int32
}

// A Timestamp counts seconds since the beginning of 1970, UTC.
type Timestamp uint64

// MaxNesting is how deep tables and arrays in tables may nest; what nests deeper does not decode. The outermost table
// counts as the first level. (RabbitMQ is limited by the frame only.)
const MaxNesting = 128

// Get returns the value of the first field with the key, and whether there is one.
func (t Table) Get(key string) (any, bool) {
	for i := range t {
		if t[i].Key == key {
			return t[i].Value, true
		}
	}
	return nil, false
}

// Set gives the first field with the key the value, or appends a field.
func (t *Table) Set(key string, value any) {
	for i := range *t {
		if (*t)[i].Key == key {
			(*t)[i].Value = value
			return
		}
	}
	*t = append(*t, Field{Key: key, Value: value})
}

// Delete removes all fields with the key.
func (t *Table) Delete(key string) {
	*t = slices.DeleteFunc(*t, func(f Field) bool { return f.Key == key })
}

// Validate returns an error that names the first field which cannot be encoded: its type is none of a Field's, its
// key exceeds 255 bytes, a number is not finite, or it nests too deep. For tables whose values come from elsewhere.
func (t Table) Validate() error { return t.validate("", 1) }

func (t Table) validate(path string, depth int) error {
	if depth > MaxNesting {
		return fmt.Errorf("wire: table field %s nests deeper than %d levels", path, MaxNesting)
	}
	for _, f := range t {
		at := f.Key
		if path != "" {
			at = path + "." + f.Key
		}
		if len(f.Key) > MaxShortString {
			return fmt.Errorf("wire: table key %.20q... has %d bytes, expected at most %d", f.Key, len(f.Key), MaxShortString)
		}
		if err := validateValue(f.Value, at, depth); err != nil {
			return err
		}
	}
	return nil
}

func validateValue(value any, path string, depth int) error {
	switch v := value.(type) {
	case nil, bool, int8, uint8, int16, uint16, int32, uint32, int64, Decimal, string, []byte, Timestamp:
		return nil
	case float32:
		return validateFloat(float64(v), path)
	case float64:
		return validateFloat(v, path)
	case Table:
		return v.validate(path, depth+1)
	case Array:
		if depth+1 > MaxNesting {
			return fmt.Errorf("wire: table field %s nests deeper than %d levels", path, MaxNesting)
		}
		for i, element := range v {
			if err := validateValue(element, fmt.Sprintf("%s[%d]", path, i), depth+1); err != nil {
				return err
			}
		}
		return nil
	default:
		return fmt.Errorf("wire: table field %s has type %T, which a field table cannot hold", path, value)
	}
}

// Identity returns a text that two tables share only if they are equal: keys, types, values and their order. Unlike
// with the bytes that Append writes, that holds for keys of any length.
func (t Table) Identity() string {
	encoded := t.Append(nil)
	if t.Validate() != nil {
		encoded = fmt.Appendf(encoded, "%#v", t)
	}
	return string(encoded)
}

func validateFloat(f float64, path string) error {
	if !finite(f) {
		return fmt.Errorf("wire: table field %s is %v, expected a finite number", path, f)
	}
	return nil
}
