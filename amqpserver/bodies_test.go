package amqpserver

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What bodies reserve beyond the bytes received is bounded for the connection,
// however many channels claim however much.
func TestReservedForBodies(t *testing.T) {
	const claimed, channels = 16 << 20, 2047
	var b bodies
	whole := make([]byte, claimed)
	b.done(whole)
	reserved := 0
	for range channels {
		body := b.first(claimed, 1)
		body = append(b.next(body, claimed, 1), 0)
		reserved += cap(body) - len(body)
	}
	require.LessOrEqual(t, reserved, maxBodyCredit+2*channels)
}

// Room grows with what has arrived, and ends with exactly what was claimed.
func TestRoomForBody(t *testing.T) {
	const size, frame = 16<<20 + 5, 128 << 10
	var b bodies
	for _, begin := range []int{frame, maxBodyCredit} { // without credit, and with as much as there can be
		body := b.first(size, frame)
		require.Equal(t, begin, cap(body))
		for left := size; left > 0; {
			n := min(frame, left)
			body = b.next(body, size, uint32(n))
			require.GreaterOrEqual(t, cap(body)-len(body), n, "room for the frame")
			require.LessOrEqual(t, cap(body), max(begin, 2*len(body)+n))
			body = body[:len(body)+n]
			left -= n
		}
		require.Equal(t, size, cap(body))
		b.done(body)
	}
}

// Small bodies that come in one frame share memory and never overlap.
func TestSmallBodiesShareMemory(t *testing.T) {
	var b bodies
	one := b.first(100, 100)
	two := b.first(100, 100)
	require.Equal(t, 100, cap(one))
	require.Equal(t, 100, cap(two))
	require.Equal(t, pieceSize-200, len(b.piece))
}
