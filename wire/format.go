package wire

import (
	"fmt"
	"strconv"
)

// Format returns a method as one readable line for traces: its name, then its fields by their names in the
// specification. Of bits only those that are set appear, by name alone.
//
//	basic.publish exchange="x" routing-key="k" mandatory
func Format(m Method) string {
	dst := make([]byte, 0, 128)
	dst = append(dst, m.ID().String()...)
	if f, ok := m.(interface{ format(dst []byte) []byte }); ok {
		dst = f.format(dst)
	}
	return string(dst)
}

// String returns the table as Format writes it: {x-max-length=10, x-overflow="reject-publish"}. Numbers carry no
// types; a byte array is in hexadecimal.
func (t Table) String() string { return string(t.format(nil)) }

func (t Table) format(dst []byte) []byte {
	dst = append(dst, '{')
	for i, f := range t {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, f.Key...)
		dst = append(dst, '=')
		dst = formatValue(dst, f.Value)
	}
	return append(dst, '}')
}

func formatValue(dst []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(dst, "void"...)
	case string:
		return strconv.AppendQuote(dst, v)
	case []byte:
		return fmt.Appendf(dst, "0x%x", v)
	case Table:
		return v.format(dst)
	case Array:
		dst = append(dst, '[')
		for i, element := range v {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = formatValue(dst, element)
		}
		return append(dst, ']')
	case Decimal:
		return fmt.Appendf(dst, "%de-%d", v.Value, v.Scale)
	default:
		return fmt.Append(dst, v)
	}
}

func formatUint(dst []byte, name string, value uint64) []byte {
	dst = formatName(dst, name)
	dst = append(dst, '=')
	return strconv.AppendUint(dst, value, 10)
}

func formatString[T string | []byte](dst []byte, name string, value T) []byte {
	dst = formatName(dst, name)
	dst = append(dst, '=')
	return strconv.AppendQuote(dst, string(value))
}

func formatBit(dst []byte, name string, value bool) []byte {
	if !value {
		return dst
	}
	return formatName(dst, name)
}

func formatTable(dst []byte, name string, value Table) []byte {
	dst = formatName(dst, name)
	dst = append(dst, '=')
	return value.format(dst)
}

func formatMethod(dst []byte, name string, value MethodID) []byte {
	dst = formatName(dst, name)
	dst = append(dst, '=')
	return append(dst, value.String()...)
}

func formatName(dst []byte, name string) []byte {
	dst = append(dst, ' ')
	return append(dst, name...)
}
