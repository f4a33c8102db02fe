package conformance

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// normalise gives a copy of value in which the names made for this run are replaced by their placeholders, and the
// target's user and vhost by guest and /.
func (t *T) normalise(value any) any {
	if value == nil {
		return nil
	}
	return t.normalised(reflect.ValueOf(value)).Interface()
}

// normalised copies v deeply as far as strings can be reached through exported fields.
func (t *T) normalised(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.String:
		return reflect.ValueOf(t.placeholders(v.String())).Convert(v.Type())
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return reflect.ValueOf([]byte(t.placeholders(string(v.Bytes())))).Convert(v.Type())
		}
		to := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			to.Index(i).Set(t.normalised(v.Index(i)))
		}
		return to
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		to := reflect.MakeMapWithSize(v.Type(), v.Len())
		for each := v.MapRange(); each.Next(); {
			to.SetMapIndex(t.normalised(each.Key()), t.normalised(each.Value()))
		}
		return to
	case reflect.Struct:
		to := reflect.New(v.Type()).Elem()
		to.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				to.Field(i).Set(t.normalised(v.Field(i)))
			}
		}
		return to
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return v
		}
		to := reflect.New(v.Type()).Elem()
		if v.Kind() == reflect.Interface {
			to.Set(t.normalised(v.Elem()))
		} else {
			to.Set(reflect.New(v.Type().Elem()))
			to.Elem().Set(t.normalised(v.Elem()))
		}
		return to
	default:
		return v
	}
}

// placeholders replaces what differs from run to run in one string.
func (t *T) placeholders(s string) string {
	for _, name := range t.names {
		s = strings.ReplaceAll(s, name.name, name.placeholder)
	}
	if t.uri.Vhost != "/" {
		s = strings.ReplaceAll(s, "vhost '"+t.uri.Vhost+"'", "vhost '/'")
		s = strings.ReplaceAll(s, "vhost "+t.uri.Vhost, "vhost /")
	}
	if user := t.uri.Username; user != "guest" {
		s = strings.ReplaceAll(s, "user '"+user+"'", "user 'guest'")
		s = strings.ReplaceAll(s, "user was '"+user+"'", "user was 'guest'")
		if s == user {
			s = "guest"
		}
	}
	return s
}

// render writes a value on one line, with the types of numbers whose type is not given by a field, and without the
// fields that are zero. What has a String method is written by it.
func render(value any) string {
	var text strings.Builder
	renderTo(&text, reflect.ValueOf(value), true)
	return text.String()
}

func renderTo(text *strings.Builder, v reflect.Value, showType bool) {
	if !v.IsValid() {
		text.WriteString("nil")
		return
	}
	if v.CanInterface() && v.Kind() != reflect.Interface {
		if stringer, ok := v.Interface().(fmt.Stringer); ok {
			text.WriteString(stringer.String())
			return
		}
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		renderTo(text, v.Elem(), true)
	case reflect.String:
		text.WriteString(strconv.Quote(v.String()))
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
			text.WriteString(strconv.Quote(string(v.Bytes())))
			return
		}
		elements := make([]string, v.Len())
		for i := range elements {
			elements[i] = renderElement(v.Index(i))
		}
		text.WriteString("[" + strings.Join(elements, ", ") + "]")
	case reflect.Map:
		entries := make([]string, 0, v.Len())
		for each := v.MapRange(); each.Next(); {
			entries = append(entries, renderElement(each.Key())+": "+renderElement(each.Value()))
		}
		sort.Strings(entries)
		text.WriteString("{" + strings.Join(entries, ", ") + "}")
	case reflect.Struct:
		var fields []string
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() && !v.Field(i).IsZero() {
				fields = append(fields, field.Name+": "+renderElement(v.Field(i)))
			}
		}
		text.WriteString(v.Type().Name() + "{" + strings.Join(fields, ", ") + "}")
	case reflect.Bool:
		text.WriteString(strconv.FormatBool(v.Bool()))
	default:
		if showType {
			fmt.Fprintf(text, "%s(%v)", v.Type().Name(), v)
		} else {
			fmt.Fprint(text, v)
		}
	}
}

func renderElement(v reflect.Value) string {
	var text strings.Builder
	renderTo(&text, v, false)
	return text.String()
}
