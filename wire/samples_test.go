package wire_test

import (
	"reflect"

	"github.com/minirabbit/minirabbit/wire"
)

// allMethods holds the id of each method, in the table's order.
var allMethods = func() []wire.MethodID {
	var ids []wire.MethodID
	for _, class := range []int{10, 20, 30, 40, 50, 60, 85, 90} {
		for method := range 200 {
			if id := wire.MethodID(class<<16 | method); wire.NewMethod(id) != nil {
				ids = append(ids, id)
			}
		}
	}
	return ids
}()

// sample returns the method with all fields set, each to another value.
func sample(id wire.MethodID) wire.Method {
	m := wire.NewMethod(id)
	v := reflect.ValueOf(m).Elem()
	for i := range v.NumField() {
		f := v.Field(i)
		switch f.Interface().(type) {
		case bool:
			f.SetBool(true)
		case uint8, uint16, uint32, uint64, wire.ReplyCode, wire.MethodID:
			f.SetUint(uint64(i + 100))
		case string:
			f.SetString(v.Type().Field(i).Name)
		case []byte:
			f.SetBytes([]byte(v.Type().Field(i).Name + "\x00"))
		case wire.Table:
			f.Set(reflect.ValueOf(wire.Table{{Key: "a", Value: int32(i)}, {Key: "b", Value: wire.Table{{Key: "c"}}}}))
		default:
			panic("no sample for fields of type " + f.Type().String())
		}
	}
	return m
}

// everyType is a table with a value of each type, the numbers at their limits.
func everyType() wire.Table {
	return wire.Table{
		{Key: "t", Value: true},
		{Key: "b", Value: int8(-128)},
		{Key: "B", Value: uint8(255)},
		{Key: "s", Value: int16(-32768)},
		{Key: "u", Value: uint16(65535)},
		{Key: "I", Value: int32(-2147483648)},
		{Key: "i", Value: uint32(4294967295)},
		{Key: "l", Value: int64(-9223372036854775808)},
		{Key: "f", Value: float32(1.5)},
		{Key: "d", Value: 2.5},
		{Key: "D", Value: wire.Decimal{Scale: 2, Value: -314}},
		{Key: "S", Value: "string"},
		{Key: "A", Value: wire.Array{true, nil, "x", wire.Array{}, wire.Table{{Key: "k", Value: int8(1)}}}},
		{Key: "T", Value: wire.Timestamp(18446744073709551615)},
		{Key: "F", Value: wire.Table{{Key: "inner", Value: "table"}}},
		{Key: "V", Value: nil},
		{Key: "x", Value: []byte{0, 206, 255}},
	}
}

// everyProperty has all properties set.
func everyProperty() wire.Properties {
	return wire.Properties{
		Flags:           0xFFFC,
		ContentType:     "text/plain",
		ContentEncoding: "gzip",
		Headers:         everyType(),
		DeliveryMode:    2,
		Priority:        9,
		CorrelationID:   "correlation",
		ReplyTo:         "reply",
		Expiration:      "1000",
		MessageID:       "message",
		Timestamp:       1700000000,
		Type:            "type",
		UserID:          "guest",
		AppID:           "app",
		ClusterID:       "cluster",
	}
}
