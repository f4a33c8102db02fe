package wire_test

import (
	"encoding/binary"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/internal/amqpspec"
	"github.com/minirabbit/minirabbit/wire"
)

// TestMethodsMatchReference encodes each method of the specification a second way, from the XML and by reflection, and
// expects the generated code to write the same bytes: with all fields set, and with each of them set alone.
func TestMethodsMatchReference(t *testing.T) {
	spec, err := amqpspec.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, class := range spec.Classes {
		for _, method := range class.Methods {
			t.Run(class.Name+"."+method.Name, func(t *testing.T) {
				id := wire.MethodID(class.Index<<16 | method.Index)
				full := sample(id)
				compareToReference(t, spec, method, full)
				all := reflect.ValueOf(full).Elem()
				for i := range all.NumField() {
					single := wire.NewMethod(id)
					reflect.ValueOf(single).Elem().Field(i).Set(all.Field(i))
					compareToReference(t, spec, method, single)
				}
			})
		}
	}
}

func compareToReference(t *testing.T, spec *amqpspec.Spec, method amqpspec.Method, m wire.Method) {
	t.Helper()
	want := reference(spec, method, m)
	if diff := cmp.Diff(want, m.Append(nil)); diff != "" {
		t.Errorf("%s (-reference +generated):\n%s", wire.Format(m), diff)
	}
	decoded, err := wire.DecodeMethod(want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, decoded); diff != "" {
		t.Errorf("%s (-encoded +decoded):\n%s", wire.Format(m), diff)
	}
}

// reference encodes a method. It takes the struct's fields one by one: names are compared by another test.
func reference(spec *amqpspec.Spec, method amqpspec.Method, m wire.Method) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(m.ID()))
	values := reflect.ValueOf(m).Elem()
	next := 0
	bit := -1 // the position of the latest bit in the last octet, if it is one of bits
	for _, field := range method.Fields {
		kind := spec.FieldType(field)
		if kind != "bit" {
			bit = -1
		}
		var value any
		switch {
		case field.Reserved:
			value = map[string]any{"bit": false, "short": uint16(0), "shortstr": "", "longstr": []byte{}}[kind]
		case field.Name == "method-id": // written with the class id
			continue
		default:
			value = values.Field(next).Interface()
			next++
		}
		switch v := value.(type) {
		case bool:
			if bit++; bit%8 == 0 {
				out = append(out, 0)
			}
			if v {
				out[len(out)-1] |= 1 << (bit % 8)
			}
		case uint8:
			out = append(out, v)
		case uint16:
			out = binary.BigEndian.AppendUint16(out, v)
		case wire.ReplyCode:
			out = binary.BigEndian.AppendUint16(out, uint16(v))
		case wire.MethodID:
			out = binary.BigEndian.AppendUint32(out, uint32(v))
		case uint32:
			out = binary.BigEndian.AppendUint32(out, v)
		case uint64:
			out = binary.BigEndian.AppendUint64(out, v)
		case string:
			out = append(append(out, byte(len(v))), v...)
		case []byte:
			out = append(binary.BigEndian.AppendUint32(out, uint32(len(v))), v...)
		case wire.Table:
			out = v.Append(out)
		}
	}
	return out
}

// Each field of a struct has the name of its field in the specification, in the same order.
func TestFieldNamesMatchSpecification(t *testing.T) {
	spec, err := amqpspec.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, class := range spec.Classes {
		for _, method := range class.Methods {
			var want, got []string
			for _, field := range method.Fields {
				switch {
				case field.Reserved, field.Name == "method-id":
				case field.Name == "class-id": // the two are one field
					want = append(want, "FailingMethod")
				case field.Name == "nowait": // of confirm.select; no-wait elsewhere
					want = append(want, "NoWait")
				default:
					want = append(want, camelCase(field.Name))
				}
			}
			v := reflect.TypeOf(wire.NewMethod(wire.MethodID(class.Index<<16 | method.Index))).Elem()
			if wantType := camelCase(class.Name) + camelCase(method.Name); v.Name() != wantType {
				t.Errorf("%s.%s is called %s, expected %s", class.Name, method.Name, v.Name(), wantType)
			}
			for i := range v.NumField() {
				got = append(got, v.Field(i).Name)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("fields of %s (-specification +struct):\n%s", v.Name(), diff)
			}
		}
	}
}

func camelCase(name string) string {
	var out []byte
	upper := true
	for i := range len(name) {
		switch {
		case name[i] == '-':
			upper = true
		case upper:
			out = append(out, name[i]-'a'+'A')
			upper = false
		default:
			out = append(out, name[i])
		}
	}
	return string(out)
}
