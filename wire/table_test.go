package wire_test

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/minirabbit/minirabbit/wire"
)

// decodeTable decodes a table with nothing behind it.
func decodeTable(b []byte) (wire.Table, error) {
	c := wire.NewCursor(b)
	table := c.Table()
	c.Finish()
	return table, c.Err()
}

// The bytes are what RabbitMQ's own rabbit_binary_generator makes of these values.
func TestTableGoldenBytes(t *testing.T) {
	tests := []struct {
		value any
		bytes string
	}{
		{true, "74 01"},
		{int8(-1), "62 ff"},
		{uint8(200), "42 c8"},
		{int16(-2), "73 fffe"},
		{uint16(60000), "75 ea60"},
		{int32(-3), "49 fffffffd"},
		{uint32(3), "69 00000003"},
		{int64(-4), "6c fffffffffffffffc"},
		{float32(1.5), "66 3fc00000"},
		{2.5, "64 4004000000000000"},
		{wire.Decimal{Scale: 2, Value: 314}, "44 02 0000013a"},
		{"s", "53 00000001 73"},
		{wire.Array{true}, "41 00000002 7401"},
		{wire.Timestamp(7), "54 0000000000000007"},
		{wire.Table(nil), "46 00000000"},
		{nil, "56"},
		{[]byte("b"), "78 00000001 62"},
	}
	var whole wire.Table
	var wholeBytes []byte
	for _, test := range tests {
		table := wire.Table{{Key: "a", Value: test.value}}
		fields := unhex(t, "01 61", test.bytes)
		b := append(binary.BigEndian.AppendUint32(nil, uint32(len(fields))), fields...)
		checkTable(t, table, b)
		whole = append(whole, table...)
		wholeBytes = append(wholeBytes, fields...)
	}
	checkTable(t, whole, append(binary.BigEndian.AppendUint32(nil, uint32(len(wholeBytes))), wholeBytes...))
}

func checkTable(t *testing.T, table wire.Table, b []byte) {
	t.Helper()
	if diff := cmp.Diff(b, table.Append(nil)); diff != "" {
		t.Errorf("%s encoded (-want +got):\n%s", table, diff)
	}
	got, err := decodeTable(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(table, got); diff != "" {
		t.Errorf("%s decoded (-want +got):\n%s", table, diff)
	}
}

func TestTableReadsWhatRabbitMQReads(t *testing.T) {
	tests := []struct {
		name, bytes string
		want        wire.Table
	}{
		{"L is l", "0000000b 01 61 4c 0000000000000005", wire.Table{{Key: "a", Value: int64(5)}}},
		{"any octet but 0 is true", "00000004 01 61 74 02", wire.Table{{Key: "a", Value: true}}},
		{"a key twice", "00000006 01 61 56 01 61 56", wire.Table{{Key: "a"}, {Key: "a"}}},
		{"an empty key", "00000002 00 56", wire.Table{{}}},
		{"no field", "00000000", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := decodeTable(unhex(t, test.bytes))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("decoded (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTableErrors(t *testing.T) {
	tests := []struct{ name, bytes, want string }{
		{"no length", "000000", "byte 0: 3 bytes left, expected a long integer of 4"},
		{"unknown type", "00000003 01 61 5a", `byte 6: table value has type 'Z', expected one of tbBsuIilfdDSATFVx`},
		{"key past the end", "00000003 05 61 56", "byte 4: a short string of 5 bytes, but only 2 left"},
		{"value past the table's end", "00000004 01 61 49 00 000000", "byte 7: 1 bytes left, expected a long integer of 4"},
		{"string past the end", "00000008 01 61 53 00000009 61",
			"byte 7: a long string of 9 bytes, but only 1 left"},
		{"inner table past the end", "00000007 01 61 46 00000001 00",
			"byte 7: a table of 1 bytes, but only 0 left"},
		{"array past the end", "00000007 01 61 41 7fffffff 00",
			"byte 7: an array of 2147483647 bytes, but only 0 left"},
		{"NaN", "0000000b 01 61 64 7ff8000000000001", "byte 7: double is NaN, expected a finite number"},
		{"infinity", "00000007 01 61 66 7f800000", "byte 7: float is +Inf, expected a finite number"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			table, err := decodeTable(unhex(t, test.bytes))
			if err == nil || err.Error() != "wire: "+test.want {
				t.Errorf("got %v and error %v, expected wire: %s", table, err, test.want)
			}
		})
	}
}

func TestTableTruncatedAtEveryByte(t *testing.T) {
	whole := everyType().Append(nil)
	for n := range whole {
		if table, err := decodeTable(whole[:n:n]); err == nil || table != nil {
			t.Fatalf("cut to %d of %d bytes: got %s and error %v", n, len(whole), table, err)
		}
		if n < 4 {
			continue
		}
		// With a length that agrees, a cut between two fields is a table, and any other an error.
		shorter := binary.BigEndian.AppendUint32(nil, uint32(n-4))
		shorter = append(shorter, whole[4:n]...)
		table, err := decodeTable(shorter)
		if err == nil {
			if diff := cmp.Diff(everyType()[:len(table)], table, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("cut to %d bytes (-want +got):\n%s", n, diff)
			}
		}
	}
}

func TestTableNesting(t *testing.T) {
	for _, nest := range []struct {
		name string
		wrap func(any) any
	}{
		{"tables", func(v any) any { return wire.Table{{Key: "k", Value: v}} }},
		{"arrays", func(v any) any { return wire.Array{v} }},
	} {
		t.Run(nest.name, func(t *testing.T) {
			var value any = int8(1)
			for range wire.MaxNesting - 1 {
				value = nest.wrap(value)
			}
			deepest := wire.Table{{Key: "k", Value: value}}
			tooDeep := wire.Table{{Key: "k", Value: nest.wrap(value)}}
			if err := deepest.Validate(); err != nil {
				t.Errorf("%d levels: %v", wire.MaxNesting, err)
			}
			if err := tooDeep.Validate(); err == nil {
				t.Errorf("%d levels are valid", wire.MaxNesting+1)
			}
			if _, err := decodeTable(deepest.Append(nil)); err != nil {
				t.Errorf("%d levels: %v", wire.MaxNesting, err)
			}
			_, err := decodeTable(tooDeep.Append(nil))
			var syntax *wire.DecodeError
			if !errors.As(err, &syntax) || !strings.HasSuffix(syntax.Problem, "nested deeper than 128 levels") {
				t.Errorf("%d levels give error %v", wire.MaxNesting+1, err)
			}
		})
	}
}

// A bomb of a frame's size is refused.
func TestTableNestingBomb(t *testing.T) {
	var b []byte
	const levels = 20000
	for i := range levels {
		b = binary.BigEndian.AppendUint32(b, uint32(6*(levels-i-1)))
		b = append(b, 0, 'F')
	}
	if _, err := decodeTable(b); err == nil {
		t.Error("a bomb decodes")
	}
}

func TestTableEdits(t *testing.T) {
	var table wire.Table
	table.Set("a", int32(1))
	table.Set("b", "two")
	table.Set("a", int32(3))
	want := wire.Table{{Key: "a", Value: int32(3)}, {Key: "b", Value: "two"}}
	if diff := cmp.Diff(want, table); diff != "" {
		t.Errorf("after Set (-want +got):\n%s", diff)
	}
	if v, ok := table.Get("b"); v != "two" || !ok {
		t.Errorf("Get(b) is %v, %t", v, ok)
	}
	if v, ok := table.Get("c"); v != nil || ok {
		t.Errorf("Get(c) is %v, %t", v, ok)
	}
	table = append(table, wire.Field{Key: "a"})
	table.Delete("a")
	if diff := cmp.Diff(want[1:], table); diff != "" {
		t.Errorf("after Delete (-want +got):\n%s", diff)
	}
}

func TestTableValidate(t *testing.T) {
	tests := []struct {
		name  string
		table wire.Table
		want  string // "" if valid
	}{
		{"every type", everyType(), ""},
		{"int", wire.Table{{Key: "n", Value: 1}}, "wire: table field n has type int, which a field table cannot hold"},
		{"inside", wire.Table{{Key: "t", Value: wire.Table{{Key: "a", Value: wire.Array{true, []string{}}}}}},
			"wire: table field t.a[1] has type []string, which a field table cannot hold"},
		{"long key", wire.Table{{Key: strings.Repeat("k", 256)}},
			`wire: table key "kkkkkkkkkkkkkkkkkkkk"... has 256 bytes, expected at most 255`},
		{"NaN", wire.Table{{Key: "f", Value: math.NaN()}}, "wire: table field f is NaN, expected a finite number"},
		{"infinity", wire.Table{{Key: "f", Value: float32(math.Inf(-1))}},
			"wire: table field f is -Inf, expected a finite number"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if err := test.table.Validate(); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, expected %q", got, test.want)
			}
		})
	}
}

func TestTableAppendPanicsOnForeignType(t *testing.T) {
	defer func() {
		want := "wire: a field table cannot hold a value of type int"
		if diff := cmp.Diff(any(want), recover()); diff != "" {
			t.Errorf("panic (-want +got):\n%s", diff)
		}
	}()
	wire.Table{{Key: "n", Value: 1}}.Append(nil)
}
