package erlang

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/minirabbit/minirabbit/wire"
)

// Atom prints an atom as Erlang does: in quotes unless it is a word in small letters. RabbitMQ's names for types of
// exchanges are atoms: direct, but 'x-consistent-hash'.
func Atom(name string) string {
	plain := name != "" && name[0] >= 'a' && name[0] <= 'z'
	for _, r := range name {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '@') {
			plain = false
		}
	}
	if plain {
		return name
	}
	return "'" + name + "'"
}

// TypeName returns RabbitMQ's name for the type of a table value: "longstr" for a string, "signedint" for an int32,
// "void" for nil. Its error texts contain these names.
func TypeName(value any) string {
	switch value.(type) {
	case nil:
		return "void"
	case bool:
		return "bool"
	case int8:
		return "byte"
	case uint8:
		return "unsignedbyte"
	case int16:
		return "short"
	case uint16:
		return "unsignedshort"
	case int32:
		return "signedint"
	case uint32:
		return "unsignedint"
	case int64:
		return "long"
	case float32:
		return "float"
	case float64:
		return "double"
	case wire.Decimal:
		return "decimal"
	case string:
		return "longstr"
	case []byte:
		return "binary"
	case wire.Timestamp:
		return "timestamp"
	case wire.Array:
		return "array"
	case wire.Table:
		return "table"
	default:
		panic(fmt.Sprintf("erlang: a field table cannot hold a %T", value))
	}
}

// Format returns a table value as RabbitMQ prints it in an error text: with the format ~p as releases up to 3.10 do,
// or with ~tp, which shows UTF-8, as those after it do. Where Erlang would break a line of more than 80 columns,
// Format does not.
func Format(value any, unicode bool) string {
	var out strings.Builder
	appendTerm(&out, value, unicode)
	return out.String()
}

// Text returns a table value as RabbitMQ prints it in the midst of a text: what is text as it is, anything else as a term.
func Text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return Format(value, true)
}

// Quote returns a text as Erlang prints a string, which is a list of characters: in quotes if all of them are printable
// Latin-1, and as numbers otherwise. Releases up to 3.10 take each byte for a character; the others, with unicode, do not.
func Quote(text string, unicode bool) string {
	quoted, numbers, latin1 := []byte{'"'}, []string{}, true
	add := func(r rune, as string) {
		numbers = append(numbers, strconv.Itoa(int(r)))
		latin1 = latin1 && r <= 0xff && printable(r)
		if escape := strings.IndexRune("\n\t\v\b\f\r\x1b\"\\", r); escape >= 0 {
			as = `\` + `ntvbfre"\`[escape:escape+1]
		}
		quoted = append(quoted, as...)
	}
	if unicode {
		for _, r := range text {
			add(r, string(r))
		}
	} else {
		for i := range len(text) {
			add(rune(text[i]), text[i:i+1])
		}
	}
	if !latin1 {
		return "[" + strings.Join(numbers, ",") + "]"
	}
	return string(quoted) + `"`
}

func appendTerm(out *strings.Builder, value any, unicode bool) {
	switch v := value.(type) {
	case nil:
		out.WriteString("undefined")
	case string:
		appendBinary(out, v, unicode)
	case []byte:
		appendBinary(out, string(v), unicode)
	case float32:
		out.WriteString(formatFloat(float64(v)))
	case float64:
		out.WriteString(formatFloat(v))
	case wire.Decimal:
		fmt.Fprintf(out, "{%d,%d}", v.Scale, uint32(v.Value))
	case wire.Array:
		out.WriteByte('[')
		for i, element := range v {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString("{" + TypeName(element) + ",")
			appendTerm(out, element, unicode)
			out.WriteByte('}')
		}
		out.WriteByte(']')
	case wire.Table:
		out.WriteByte('[')
		for i, field := range v {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteByte('{')
			appendBinary(out, field.Key, unicode)
			out.WriteString("," + TypeName(field.Value) + ",")
			appendTerm(out, field.Value, unicode)
			out.WriteByte('}')
		}
		out.WriteByte(']')
	default: // booleans and whole numbers
		fmt.Fprint(out, v)
	}
}

// appendBinary writes <<"text">> when all bytes are printable Latin-1, <<"text"/utf8>> when unicode is asked for and
// the text is printable beyond ASCII, and <<1,2,3>> otherwise.
func appendBinary(out *strings.Builder, s string, unicode bool) {
	if s == "" {
		out.WriteString("<<>>")
		return
	}
	suffix := ""
	switch {
	case unicode && !ascii(s) && printableUTF8(s):
		suffix = "/utf8"
	case !printableLatin1(s):
		out.WriteString("<<")
		for i := range len(s) {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(strconv.Itoa(int(s[i])))
		}
		out.WriteString(">>")
		return
	}
	out.WriteString(`<<"`)
	for i := range len(s) {
		if escape := strings.IndexByte("\n\t\v\b\f\r\x1b\"\\", s[i]); escape >= 0 {
			out.WriteByte('\\')
			out.WriteByte(`ntvbfre"\`[escape])
		} else {
			out.WriteByte(s[i])
		}
	}
	out.WriteString(`"` + suffix + ">>")
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func printableLatin1(s string) bool {
	for i := range len(s) {
		if !printable(rune(s[i])) {
			return false
		}
	}
	return true
}

func printableUTF8(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || !printable(r) {
			return false
		}
	}
	return true
}

// printable follows io_lib:printable_list/1.
func printable(r rune) bool {
	return r >= ' ' && r <= '~' || r >= 0xA0 || r >= '\b' && r <= '\r' || r == 0x1B
}

// formatFloat writes the shortest digits that read back as f, in the notation that takes fewer characters; a float
// always has a point. From 2^53 on, Erlang always uses the exponent.
func formatFloat(f float64) string {
	if f == 0 {
		if math.Signbit(f) {
			return "-0.0"
		}
		return "0.0"
	}
	sign := ""
	if f < 0 {
		sign, f = "-", -f
	}
	text := strconv.FormatFloat(f, 'e', -1, 64) // d.ddde±xx
	mantissa, exponentText, _ := strings.Cut(text, "e")
	exponent, _ := strconv.Atoi(exponentText)
	digits := strings.Replace(mantissa, ".", "", 1)
	scientific := mantissa + "e" + strconv.Itoa(exponent)
	if len(digits) == 1 {
		scientific = mantissa + ".0e" + strconv.Itoa(exponent)
	}
	decimal := decimalNotation(digits, exponent)
	if f >= 1<<53 || len(decimal) > len(scientific) {
		return sign + scientific
	}
	return sign + decimal
}

// decimalNotation places the point of digits·10^(exponent-len+1).
func decimalNotation(digits string, exponent int) string {
	switch {
	case exponent < 0:
		return "0." + strings.Repeat("0", -exponent-1) + digits
	case exponent >= len(digits)-1:
		return digits + strings.Repeat("0", exponent-len(digits)+1) + ".0"
	default:
		return digits[:exponent+1] + "." + digits[exponent+1:]
	}
}
