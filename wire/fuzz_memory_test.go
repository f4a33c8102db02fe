package wire_test

import (
	"runtime/metrics"
	"testing"
)

// proportionate fails the test if f allocates out of proportion to the bytes that it reads: the most expensive are voids
// in an array, of which each is one byte and becomes an interface, in a slice that grows.
func proportionate(t *testing.T, bytes int, f func()) {
	t.Helper()
	const always, forByte = 1 << 20, 200 // the runtime counts allocations late, by spans
	before := allocated()
	f()
	if got, most := allocated()-before, always+forByte*uint64(bytes); got > most {
		t.Errorf("%d bytes allocated %d, at most %d are in proportion", bytes, got, most)
	}
}

// allocated is how many bytes the process has allocated, ever.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// TestProportionate: what is out of proportion is told.
func TestProportionate(t *testing.T) {
	var kept []byte
	inner := &testing.T{}
	proportionate(inner, 100, func() { kept = make([]byte, 4<<20) })
	if len(kept) == 0 || !inner.Failed() {
		t.Error("100 bytes that allocate 4 MiB are not told")
	}
}
