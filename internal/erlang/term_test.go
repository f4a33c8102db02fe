package erlang_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/wire"
)

// The expected texts are what RabbitMQ 3.10.8, 4.0.5 and 4.3.6 answered with in the error of a headers binding whose
// x-match has the value, and for floats what OTP 25 prints.
func TestFormat(t *testing.T) {
	tests := []struct {
		name  string
		value any
		plain string
		utf8  string // when it differs
	}{
		{"empty string", "", `<<>>`, ""},
		{"text", "some", `<<"some">>`, ""},
		{"escapes", "a\"b\\c\nd", `<<"a\"b\\c\nd">>`, ""},
		{"Latin-1 as UTF-8", "é", "<<\"\xc3\xa9\">>", `<<"é"/utf8>>`},
		{"beyond Latin-1", "日本", `<<230,151,165,230,156,172>>`, `<<"日本"/utf8>>`},
		{"bytes", []byte{255, 1}, `<<255,1>>`, ""},
		{"binary text", []byte("all"), `<<"all">>`, ""},
		{"nil", nil, "undefined", ""},
		{"bool", true, "true", ""},
		{"int", int32(-3), "-3", ""},
		{"timestamp", wire.Timestamp(1700000000), "1700000000", ""},
		{"decimal", wire.Decimal{Scale: 2, Value: 314}, "{2,314}", ""},
		{"array", wire.Array{"a", int32(1)}, `[{longstr,<<"a">>},{signedint,1}]`, ""},
		{"table", wire.Table{{Key: "k", Value: "v"}, {Key: "n", Value: nil}}, `[{<<"k">>,longstr,<<"v">>},{<<"n">>,void,undefined}]`, ""},
		{"float32", float32(0.1), "0.10000000149011612", ""},
		{"0.0", 0.0, "0.0", ""},
		{"-0.0", math.Copysign(0, -1), "-0.0", ""},
		{"1.0", 1.0, "1.0", ""},
		{"-2.5", -2.5, "-2.5", ""},
		{"100.0", 100.0, "100.0", ""},
		{"1.0e3", 1000.0, "1.0e3", ""},
		{"1.23e5", 123000.0, "1.23e5", ""},
		{"1.0e10", 1e10, "1.0e10", ""},
		{"1.23456e15", 1.23456e15, "1.23456e15", ""},
		{"2^53-1", 9007199254740991.0, "9007199254740991.0", ""},
		{"2^53", 9007199254740992.0, "9.007199254740992e15", ""},
		{"1.0e22", 1e22, "1.0e22", ""},
		{"123456789.125", 123456789.125, "123456789.125", ""},
		{"0.01", 0.01, "0.01", ""},
		{"0.0001", 0.0001, "0.0001", ""},
		{"1.0e-5", 1e-5, "1.0e-5", ""},
		{"1.25e-7", 1.25e-7, "1.25e-7", ""},
		{"1.23456e-4", 0.000123456, "1.23456e-4", ""},
		{"5.0e-324", 5e-324, "5.0e-324", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := erlang.Format(test.value, false); got != test.plain {
				t.Errorf("Format(%v, false) = %s, want %s", test.value, got, test.plain)
			}
			want := test.utf8
			if want == "" {
				want = test.plain
			}
			if got := erlang.Format(test.value, true); got != want {
				t.Errorf("Format(%v, true) = %s, want %s", test.value, got, want)
			}
		})
	}
}

func TestTypeName(t *testing.T) {
	values := []any{nil, true, int8(1), uint8(1), int16(1), uint16(1), int32(1), uint32(1), int64(1), float32(1), 1.0,
		wire.Decimal{}, "", []byte{}, wire.Timestamp(1), wire.Array{}, wire.Table{}}
	want := []string{"void", "bool", "byte", "unsignedbyte", "short", "unsignedshort", "signedint", "unsignedint", "long",
		"float", "double", "decimal", "longstr", "binary", "timestamp", "array", "table"}
	for i, value := range values {
		if got := erlang.TypeName(value); got != want[i] {
			t.Errorf("TypeName(%T) = %s, want %s", value, got, want[i])
		}
	}
}

func ExampleFormat() {
	fmt.Println(erlang.TypeName("a"), erlang.Format("a", false))
	// Output: longstr <<"a">>
}

func TestQuote(t *testing.T) {
	for _, test := range []struct{ text, want, plain string }{
		{"", `""`, `""`}, {"a 'b'", `"a 'b'"`, `"a 'b'"`}, {"é\"\n\\", `"é\"\n\\"`, `"é\"\n\\"`}, {"tab\t", `"tab\t"`, `"tab\t"`},
		{"日a", "[26085,97]", "[230,151,165,97]"}, {"a\x00", "[97,0]", "[97,0]"},
	} {
		if got := erlang.Quote(test.text, true); got != test.want {
			t.Errorf("Quote(%q) = %s, want %s", test.text, got, test.want)
		}
		if got := erlang.Quote(test.text, false); got != test.plain {
			t.Errorf("Quote(%q) of bytes = %s, want %s", test.text, got, test.plain)
		}
	}
}

func TestText(t *testing.T) {
	for _, test := range []struct {
		value any
		want  string
	}{
		{"té\"xt", "té\"xt"}, {[]byte("1"), "1"}, {int32(-1), "-1"}, {float32(1), "1.0"}, {true, "true"}, {nil, "undefined"},
		{wire.Array{int32(1)}, "[{signedint,1}]"}, {wire.Table{}, "[]"}, {wire.Decimal{Scale: 1, Value: 15}, "{1,15}"},
	} {
		if got := erlang.Text(test.value); got != test.want {
			t.Errorf("Text(%v) = %s, want %s", test.value, got, test.want)
		}
	}
}
