package testkit_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/wire"
)

// TestClaimedBodySizes opens 300 channels, publishes one body of 16 MiB, and then
// begins a body on each channel that claims as much, of which 100 bytes arrive. Heap
// must follow the bytes received, not the claims, which come to 4.7 GiB.
func TestClaimedBodySizes(t *testing.T) {
	const channels, claimed, arrived = 300, 16 << 20, 100
	c := dialRaw(t, testkit.Start(t, testkit.InMemory()))
	for number := uint16(2); number <= channels; number++ {
		c.call(number, &wire.ChannelOpen{})
	}
	c.call(1, &wire.QueueDeclare{Queue: "tasks"})
	c.write(wire.AppendMethodFrame(nil, 1, &wire.BasicPublish{RoutingKey: "tasks"}))
	c.write(wire.AppendHeaderFrame(nil, 1, wire.IDBasicPublish.Class(), claimed, []byte{0, 0}))
	c.write(wire.AppendBodyFrames(nil, 1, make([]byte, claimed), 131072))
	c.call(1, &wire.QueuePurge{Queue: "tasks"})

	before := heap()
	for number := uint16(1); number < channels; number++ {
		c.write(wire.AppendMethodFrame(nil, number, &wire.BasicPublish{RoutingKey: "tasks"}))
		c.write(wire.AppendHeaderFrame(nil, number, wire.IDBasicPublish.Class(), claimed, []byte{0, 0}))
		c.write(wire.AppendBodyFrames(nil, number, make([]byte, arrived), 131072))
	}
	c.call(channels, &wire.QueueDeclare{Queue: "tasks"}) // so that all of it has been handled
	grown := heap() - before
	t.Logf("%d claims of %d MiB took %d KiB of heap", channels-1, claimed>>20, grown>>10)
	require.Less(t, grown, int64(4<<20))
}

// heap returns how many bytes of heap are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
