package main

import (
	"fmt"
	"slices"
	"strings"
)

// generateClass writes the ids, structs and codecs of a class's methods.
func generateClass(class Class) []byte {
	w := newWriter()
	if class.appendsNumbers() {
		w.line(`import "encoding/binary"`)
		w.line("")
	}
	w.line("// The methods of class %s.", class.Name)
	w.line("const (")
	for _, m := range class.Methods {
		w.line("ID%s MethodID = %d<<16 | %d", typeName(class, m), class.ID, m.ID)
	}
	w.line(")")
	for _, m := range class.Methods {
		w.line("")
		generateStruct(w, class, m)
		generateAppend(w, class, m)
		generateDecode(w, class, m)
		generateFormat(w, class, m)
	}
	return w.Bytes()
}

// appendsNumbers reports whether any method's Append writes a number of more than an octet.
func (class Class) appendsNumbers() bool {
	for _, m := range class.Methods {
		for _, f := range m.Fields {
			switch f.Type {
			case "short", "long", "longlong", "code":
				if f.Name != Reserved {
					return true
				}
			}
		}
	}
	return false
}

func generateStruct(w *writer, class Class, m Method) {
	name := typeName(class, m)
	w.line("// %s is %s.%s%s.", name, class.Name, m.Name, description(m))
	if visible := visible(m); len(visible) == 0 {
		w.line("type %s struct{}", name)
	} else {
		w.line("type %s struct {", name)
		for _, f := range visible {
			w.line("%s %s", goName(f.Name), goType(f))
		}
		w.line("}")
	}
	w.line("")
	w.line("var _ Method = (*%s)(nil)", name)
	w.line("")
	w.line("// ID returns ID%s.", name)
	w.line("func (*%s) ID() MethodID { return ID%s }", name, name)
	w.line("")
}

// description says who sends the method and what follows.
func description(m Method) string {
	sender := "server"
	switch {
	case m.FromClient && m.FromServer:
		sender = "client or server"
	case m.FromClient:
		sender = "client"
	}
	text := ", sent by the " + strings.Replace(sender, "or server", "or the server", 1)
	if len(m.Replies) > 0 {
		text += " and answered by " + strings.Join(m.Replies, " or ")
	}
	if m.Content {
		text += "; content follows"
	}
	return text
}

func goType(f Field) string {
	switch f.Type {
	case "bit":
		return "bool"
	case "octet":
		return "uint8"
	case "short":
		return "uint16"
	case "long":
		return "uint32"
	case "longlong":
		return "uint64"
	case "shortstr":
		return "string"
	case "longstr":
		return "[]byte"
	case "table":
		return "Table"
	case "code":
		return "ReplyCode"
	case "method":
		return "MethodID"
	default:
		panic("wiregen: field type " + f.Type + " passed the parser and has no Go type")
	}
}

// groups splits fields into those that share an octet, all bits, and the others, each by itself.
func groups(fields []Field) [][]Field {
	var out [][]Field
	for _, f := range fields {
		last := len(out) - 1
		if f.Type == "bit" && last >= 0 && out[last][0].Type == "bit" && len(out[last]) < 8 {
			out[last] = append(out[last], f)
			continue
		}
		out = append(out, []Field{f})
	}
	return out
}

func generateAppend(w *writer, class Class, m Method) {
	w.line("// Append appends the ids and the arguments.")
	w.line("func (m *%s) Append(dst []byte) []byte {", typeName(class, m))
	if len(m.Fields) == 0 {
		w.line("return appendMethodID(dst, ID%s)", typeName(class, m))
		w.line("}")
		w.line("")
		return
	}
	w.line("dst = appendMethodID(dst, ID%s)", typeName(class, m))
	for _, group := range groups(m.Fields) {
		f := group[0]
		value := "m." + goName(f.Name)
		switch {
		case f.Type == "bit":
			w.line("dst = append(dst, %s)", packBits(group))
		case f.Name == Reserved:
			w.line("dst = append(dst, %s) // reserved", zero(f))
		case f.Type == "octet":
			w.line("dst = append(dst, %s)", value)
		case f.Type == "short":
			w.line("dst = binary.BigEndian.AppendUint16(dst, %s)", value)
		case f.Type == "code":
			w.line("dst = binary.BigEndian.AppendUint16(dst, uint16(%s))", value)
		case f.Type == "long":
			w.line("dst = binary.BigEndian.AppendUint32(dst, %s)", value)
		case f.Type == "method":
			w.line("dst = appendMethodID(dst, %s)", value)
		case f.Type == "longlong":
			w.line("dst = binary.BigEndian.AppendUint64(dst, %s)", value)
		case f.Type == "shortstr":
			w.line("dst = appendShortString(dst, %s)", value)
		case f.Type == "longstr":
			w.line("dst = appendLongString(dst, %s)", value)
		case f.Type == "table":
			w.line("dst = %s.Append(dst)", value)
		}
	}
	w.line("return dst")
	w.line("}")
	w.line("")
}

func packBits(group []Field) string {
	var terms []string
	for i, f := range group {
		if f.Name != Reserved {
			terms = append(terms, fmt.Sprintf("flag(m.%s, %d)", goName(f.Name), i))
		}
	}
	if len(terms) == 0 {
		return "0"
	}
	return strings.Join(terms, "|")
}

// zero returns the octets of an empty value.
func zero(f Field) string {
	switch f.Type {
	case "short":
		return "0, 0"
	case "shortstr":
		return "0"
	case "longstr":
		return "0, 0, 0, 0"
	default:
		panic("wiregen: reserved fields of type " + f.Type + " are not implemented")
	}
}

func generateDecode(w *writer, class Class, m Method) {
	name := typeName(class, m)
	w.line("// Decode reads the arguments.")
	if len(m.Fields) == 0 {
		w.line("func (m *%s) Decode(c *Cursor) {}", name)
		w.line("")
		return
	}
	w.line("func (m *%s) Decode(c *Cursor) {", name)
	for _, group := range groups(m.Fields) {
		f := group[0]
		switch {
		case f.Type == "bit":
			unpackBits(w, group)
		case f.Name == Reserved:
			w.line("c.%s() // reserved", skipper(f))
		case f.Type == "method":
			w.line("m.%s = MethodID(c.Uint32())", goName(f.Name))
		case f.Type == "code":
			w.line("m.%s = ReplyCode(c.Uint16())", goName(f.Name))
		default:
			w.line("m.%s = c.%s()", goName(f.Name), reader(f))
		}
	}
	w.line("}")
	w.line("")
}

func unpackBits(w *writer, group []Field) {
	if len(group) == 1 {
		if group[0].Name == Reserved {
			w.line("c.skipBits() // reserved")
			return
		}
		w.line("m.%s = c.Bit()", goName(group[0].Name))
		return
	}
	w.line("bits := c.Uint8()")
	for i, f := range group {
		if f.Name != Reserved {
			w.line("m.%s = bits&(1<<%d) != 0", goName(f.Name), i)
		}
	}
}

func reader(f Field) string {
	switch f.Type {
	case "octet":
		return "Uint8"
	case "short":
		return "Uint16"
	case "long":
		return "Uint32"
	case "longlong":
		return "Uint64"
	case "shortstr":
		return "ShortString"
	case "longstr":
		return "LongString"
	case "table":
		return "Table"
	default:
		panic("wiregen: field type " + f.Type + " has no reader")
	}
}

func skipper(f Field) string {
	switch f.Type {
	case "short":
		return "skipShort"
	case "shortstr":
		return "skipShortString"
	case "longstr":
		return "skipLongString"
	default:
		panic("wiregen: reserved fields of type " + f.Type + " are not implemented")
	}
}

func generateFormat(w *writer, class Class, m Method) {
	visible := visible(m)
	if len(visible) == 0 {
		return
	}
	w.line("func (m *%s) format(dst []byte) []byte {", typeName(class, m))
	for _, f := range visible {
		value := "m." + goName(f.Name)
		switch f.Type {
		case "bit":
			w.line("dst = formatBit(dst, %q, %s)", f.Name, value)
		case "shortstr", "longstr":
			w.line("dst = formatString(dst, %q, %s)", f.Name, value)
		case "table":
			w.line("dst = formatTable(dst, %q, %s)", f.Name, value)
		case "method":
			w.line("dst = formatMethod(dst, %q, %s)", f.Name, value)
		default:
			w.line("dst = formatUint(dst, %q, uint64(%s))", f.Name, value)
		}
	}
	w.line("return dst")
	w.line("}")
	w.line("")
}

// visible returns the fields that the struct has.
func visible(m Method) []Field {
	return slices.DeleteFunc(slices.Clone(m.Fields), func(f Field) bool { return f.Name == Reserved })
}
