package wire_test

import (
	"reflect"
	"testing"

	"github.com/minirabbit/minirabbit/wire"
)

// expectAllocs fails if f allocates more or less often than n times on average.
func expectAllocs(t *testing.T, what string, n float64, f func()) {
	t.Helper()
	if got := testing.AllocsPerRun(100, f); got != n {
		t.Errorf("%s: %v allocations, expected %v", what, got, n)
	}
}

// Encoding into a slice with room allocates nothing, whatever the method holds.
func TestAppendAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 4096)
	for _, id := range allMethods {
		m := sample(id)
		expectAllocs(t, "append "+id.String(), 0, func() { buf = wire.AppendMethodFrame(buf[:0], 1, m) })
	}
	properties := everyProperty()
	encoded := properties.Append(nil)
	body := make([]byte, 3000)
	expectAllocs(t, "append properties", 0, func() { buf = properties.Append(buf[:0]) })
	expectAllocs(t, "append header frame", 0, func() { buf = wire.AppendHeaderFrame(buf[:0], 1, 60, 5, encoded) })
	expectAllocs(t, "append body frames", 0, func() { buf = wire.AppendBodyFrames(buf[:0], 1, body, 1000) })
	expectAllocs(t, "append heartbeat", 0, func() { buf = wire.AppendHeartbeat(buf[:0]) })
}

// Decoding into a struct of the caller's allocates nothing for a method without strings or tables, and nothing for one
// whose short strings are known to the Interner.
func TestDecodeAllocatesNothing(t *testing.T) {
	plain := wire.NewCursor(nil)
	interning := wire.NewCursor(nil)
	interning.Strings = wire.NewInterner()
	for _, id := range allMethods {
		text, other := fieldKinds(id)
		if other {
			continue
		}
		c := plain
		if text {
			c = interning
		}
		payload := sample(id).Append(nil)
		m := wire.NewMethod(id)
		expectAllocs(t, "decode "+id.String(), 0, func() {
			c.Reset(payload)
			c.MethodID()
			m.Decode(c)
			if c.Finish(); c.Err() != nil {
				t.Fatal(c.Err())
			}
		})
	}
}

// fieldKinds reports whether a method has short strings, and whether it has long strings or tables.
func fieldKinds(id wire.MethodID) (text, other bool) {
	v := reflect.TypeOf(wire.NewMethod(id)).Elem()
	for i := range v.NumField() {
		switch v.Field(i).Type.Kind() {
		case reflect.String:
			text = true
		case reflect.Slice:
			other = true
		}
	}
	return text, other
}

// DecodeMethod allocates the struct and nothing else.
func TestDecodeMethodAllocatesTheStruct(t *testing.T) {
	ack := (&wire.BasicAck{DeliveryTag: 1}).Append(nil)
	expectAllocs(t, "DecodeMethod(basic.ack)", 1, func() {
		if _, err := wire.DecodeMethod(ack); err != nil {
			t.Fatal(err)
		}
	})
}

// Neither reading frames nor appending their payloads to a slice with room allocates.
func TestReaderAllocatesNothing(t *testing.T) {
	var stream []byte
	for range 10 {
		stream = wire.AppendMethodFrame(stream, 1, &wire.BasicPublish{Exchange: "x"})
		stream = wire.AppendHeaderFrame(stream, 1, 60, 20000, nil)
		stream = wire.AppendBodyFrames(stream, 1, make([]byte, 20000), 0)
	}
	body := make([]byte, 0, 20000)
	r := wire.NewReader(&endless{stream: stream}, 0)
	expectAllocs(t, "read a message", 0, func() {
		for range 2 {
			if _, err := r.ReadFrame(); err != nil {
				t.Fatal(err)
			}
		}
		head, err := r.ReadHead()
		if err == nil {
			body, err = r.AppendPayload(body[:0], head)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

// endless repeats a stream for ever.
type endless struct {
	stream []byte
	off    int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.stream[e.off:])
	e.off = (e.off + n) % len(e.stream)
	return n, nil
}
