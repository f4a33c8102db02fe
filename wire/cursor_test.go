package wire_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/wire"
)

func TestCursorReadsValuesInOrder(t *testing.T) {
	c := wire.NewCursor(unhex(t, "01", "0203", "04050607", "08090a0b0c0d0e0f", "fe", "01", "02 6869", "00000001 78", "7a"))
	type values struct {
		Octet    uint8
		Short    uint16
		Long     uint32
		LongLong uint64
		Off, On  bool
		Name     string
		Text     []byte
		Offset   int
		Rest     []byte
	}
	want := values{1, 0x0203, 0x04050607, 0x08090a0b0c0d0e0f, false, true, "hi", []byte("x"), 25, []byte("z")}
	got := values{c.Uint8(), c.Uint16(), c.Uint32(), c.Uint64(), c.Bit(), c.Bit(), c.ShortString(), c.LongString(),
		c.Offset(), c.Rest()}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if c.Finish(); c.Err() != nil {
		t.Error(c.Err())
	}
}

func TestCursorKeepsFirstError(t *testing.T) {
	c := wire.NewCursor([]byte{1, 2, 3})
	c.Uint32()
	first := c.Err()
	var syntax *wire.DecodeError
	if !errors.As(first, &syntax) {
		t.Fatalf("error is %v", first)
	}
	if v := c.Uint8(); v != 0 {
		t.Errorf("octet %d read after the error", v)
	}
	if v := c.Uint16(); v != 0 {
		t.Errorf("short %d read after the error", v)
	}
	if v := c.ShortString(); v != "" {
		t.Errorf("short string %q read after the error", v)
	}
	if v := c.LongString(); v != nil {
		t.Errorf("long string %q read after the error", v)
	}
	if v := c.Table(); v != nil {
		t.Errorf("table %v read after the error", v)
	}
	if v := c.Rest(); v != nil {
		t.Errorf("rest %q read after the error", v)
	}
	if v := c.Method(); v != nil {
		t.Errorf("method %v read after the error", v)
	}
	c.Finish()
	if c.Err() != first {
		t.Errorf("error became %v, was %v", c.Err(), first)
	}
	c.Reset([]byte{7})
	if v := c.Uint8(); v != 7 || c.Err() != nil {
		t.Errorf("after Reset: octet %d, error %v", v, c.Err())
	}
}

func TestInternerReturnsTheSameString(t *testing.T) {
	i := wire.NewInterner()
	b := []byte("routing.key")
	first := i.Intern(b)
	clear(b)
	if first != "routing.key" {
		t.Fatalf("interned string changed with the bytes to %q", first)
	}
	if allocs := testing.AllocsPerRun(100, func() { i.Intern([]byte("routing.key")) }); allocs != 0 {
		t.Errorf("%v allocations for a known string, expected none", allocs)
	}
	var none *wire.Interner
	if got := none.Intern([]byte("x")); got != "x" {
		t.Errorf("nil Interner gives %q", got)
	}
}

// However many strings come by, each is right.
func TestInternerReplaces(t *testing.T) {
	i := wire.NewInterner()
	for round := range 3 {
		for n := range 5000 {
			b := []byte{byte(n), byte(n >> 8), byte(round)}
			if got := i.Intern(b); got != string(b) {
				t.Fatalf("Intern(%q) is %q", b, got)
			}
		}
	}
}

// The names of one message are allocated once each, whatever they hash to.
func TestInternerKeepsTheNamesOfAMessage(t *testing.T) {
	names := [][]byte{[]byte("exchange"), []byte("routing.key"), []byte("consumer-tag"), []byte("header")}
	for range 500 { // each with a hash of its own
		i := wire.NewInterner()
		allocs := testing.AllocsPerRun(5, func() {
			for _, name := range names {
				i.Intern(name)
			}
		})
		if allocs != 0 {
			t.Fatalf("%v allocations for %d known names, expected none", allocs, len(names))
		}
	}
}
