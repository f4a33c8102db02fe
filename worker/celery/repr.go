package celery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// maxRepr is how long representations are: Celery's argsrepr_maxsize, in characters.
const maxRepr = 1024

// ReprArgs writes positional arguments as Python would: "(15, 'a')".
func ReprArgs(args []json.RawMessage) string {
	var b strings.Builder
	b.WriteByte('(')
	for i, arg := range args {
		if i > 0 {
			b.WriteString(", ")
		}
		if b.Len() > maxRepr {
			return b.String() + "...)"
		}
		repr(&b, arg)
	}
	if len(args) == 1 {
		b.WriteByte(',')
	}
	b.WriteByte(')')
	return shorten(b.String())
}

// ReprKwargs writes keyword arguments as Python would: "{'y': 2}", sorted by name.
func ReprKwargs(kwargs map[string]json.RawMessage) string {
	raw, err := json.Marshal(orEmpty(kwargs))
	if err != nil {
		return "{...}"
	}
	return Repr(raw)
}

// Repr writes a JSON value as Python would: None, True, 'text', {'a': [1, 2]}.
func Repr(value json.RawMessage) string {
	var b strings.Builder
	repr(&b, value)
	return shorten(b.String())
}

func shorten(s string) string {
	if runes := []rune(s); len(runes) > maxRepr {
		return string(runes[:maxRepr]) + "..."
	}
	return s
}

func repr(b *strings.Builder, value json.RawMessage) {
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		b.WriteString("...")
		return
	}
	reprValue(b, v)
}

func reprValue(b *strings.Builder, value any) {
	switch v := value.(type) {
	case nil:
		b.WriteString("None")
	case bool:
		b.WriteString(map[bool]string{true: "True", false: "False"}[v])
	case string:
		reprText(b, v)
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteString(", ")
			}
			reprValue(b, item)
		}
		b.WriteByte(']')
	case map[string]any:
		b.WriteByte('{')
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for i, name := range names {
			if i > 0 {
				b.WriteString(", ")
			}
			reprText(b, name)
			b.WriteString(": ")
			reprValue(b, v[name])
		}
		b.WriteByte('}')
	default:
		fmt.Fprint(b, v)
	}
}

// reprText quotes as Python does: with ' unless that would need escaping and " would not.
func reprText(b *strings.Builder, text string) {
	quote := '\''
	if strings.ContainsRune(text, '\'') && !strings.ContainsRune(text, '"') {
		quote = '"'
	}
	b.WriteRune(quote)
	for _, r := range text {
		switch {
		case r == '\\' || r == quote:
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteRune(quote)
}
