package random

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"github.com/minirabbit/minirabbit/wire"
)

// String is the step on one readable line.
func (s Step) String() string {
	switch {
	case s.Wait:
		return "wait until what expires soon has expired"
	case s.Policy != nil && s.Policy.Definition == nil:
		return "remove policy " + s.Policy.Name
	case s.Policy != nil:
		text, _ := json.Marshal(s.Policy) // strings and numbers
		return "policy " + s.Policy.Name + " " + string(text)
	}
	text := s.At.String() + " " + describe(s.Method)
	if s.Method.ID().HasContent() {
		text += " " + describeProperties(s.Properties) + strconv.Quote(s.Body)
	}
	if s.Times > 1 {
		text += fmt.Sprintf(" (%d times)", s.Times)
	}
	return text
}

// describe gives a method with those fields that are not zero.
func describe(m wire.Method) string {
	var text strings.Builder
	text.WriteString(m.ID().String())
	describeFields(&text, reflect.ValueOf(m).Elem())
	return text.String()
}

// describeProperties gives the properties that are there, followed by a space.
func describeProperties(p wire.Properties) string {
	var text strings.Builder
	v := reflect.ValueOf(p)
	for i := 1; i < v.NumField(); i++ { // the first are the flags
		if p.Flags&(1<<(16-i)) != 0 {
			fmt.Fprintf(&text, "%s=%s ", fieldName(v.Type().Field(i).Name), describeValue(v.Field(i).Interface()))
		}
	}
	return text.String()
}

func describeFields(text *strings.Builder, v reflect.Value) {
	for i := range v.NumField() {
		field := v.Field(i)
		if field.IsZero() {
			continue
		}
		text.WriteString(" " + fieldName(v.Type().Field(i).Name))
		if field.Kind() != reflect.Bool {
			text.WriteString("=" + describeValue(field.Interface()))
		}
	}
}

// fieldName turns ConsumerTag into consumer-tag, as the specification writes it.
func fieldName(name string) string {
	var text strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 && !unicode.IsUpper(rune(name[i-1])) {
			text.WriteByte('-')
		}
		text.WriteRune(unicode.ToLower(r))
	}
	return text.String()
}

// describeValue gives a value with the type that it has on the wire, unless it is text or a truth value.
func describeValue(value any) string {
	switch v := value.(type) {
	case nil:
		return "void"
	case string:
		return strconv.Quote(v)
	case []byte:
		return fmt.Sprintf("bytes(%q)", v)
	case bool:
		return strconv.FormatBool(v)
	case wire.Table:
		fields := make([]string, len(v))
		for i, f := range v {
			fields[i] = f.Key + "=" + describeValue(f.Value)
		}
		return "{" + strings.Join(fields, " ") + "}"
	case wire.Array:
		elements := make([]string, len(v))
		for i, element := range v {
			elements[i] = describeValue(element)
		}
		return "[" + strings.Join(elements, " ") + "]"
	case uint16, uint64, uint32, uint8: // fields of methods and properties; in tables rare
		return fmt.Sprint(v)
	case wire.ReplyCode:
		return strconv.Itoa(int(v))
	case wire.MethodID:
		return v.String()
	default:
		return fmt.Sprintf("%s(%v)", reflect.TypeOf(v).Name(), v)
	}
}
