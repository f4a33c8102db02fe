package amqpserver

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/wire"
)

// twoMessages returns two deliveries with bodies of two frames each, and a heartbeat
// behind, and where each of the five parts ends: frames of the first, and commands.
func twoMessages() (batch []byte, frames, commands []int) {
	part := func(b []byte) {
		batch = b
		frames = append(frames, len(b))
	}
	for range 2 {
		part(wire.AppendMethodFrame(batch, 1, &wire.BasicDeliver{ConsumerTag: "worker"}))
		part(wire.AppendHeaderFrame(batch, 1, wire.IDBasicDeliver.Class(), 5000, []byte{0, 0}))
		part(append(batch, wire.AppendBodyFrames(nil, 1, make([]byte, 4088), 4096)...))
		part(append(batch, wire.AppendBodyFrames(nil, 1, make([]byte, 912), 4096)...))
		commands = append(commands, len(batch))
	}
	batch = wire.AppendHeartbeat(batch)
	return batch, append(frames, len(batch)), append(commands, len(batch))
}

// next returns the first of the offsets that is greater than n.
func next(offsets []int, n int) int {
	for _, at := range offsets {
		if at > n {
			return at
		}
	}
	return offsets[len(offsets)-1]
}

func TestEndOfCommand(t *testing.T) {
	batch, frames, commands := twoMessages()
	for n := range batch {
		require.Equal(t, next(commands, n), endOfCommand(batch, 0, n), "after %d bytes", n)
	}
	for begun := range frames[1] { // the batch may begin within a frame
		at := next(frames, begun) - begun
		require.Equal(t, commands[0]-begun, endOfCommand(batch[begun:], at, 0), "without the first %d bytes", begun)
	}
}

func TestRestOfFrame(t *testing.T) {
	batch, frames, _ := twoMessages()
	for n := 1; n < len(batch); n++ {
		rest := 0
		if end := next(append([]int{0}, frames...), n-1); end != n {
			rest = end - n
		}
		require.Equal(t, rest, restOfFrame(batch, 0, n), "after %d bytes", n)
	}
}

// Whatever part of a batch is written at a time, all of it leaves in order, and it is
// known how much of a frame is left.
func TestOutboxWritesInPart(t *testing.T) {
	message, _, _ := twoMessages()
	for _, step := range []int{1, 100, 5000, len(message) - 1} {
		o := newOutbox()
		var want, got []byte
		for range 3 {
			o.end(append(o.begin(), message...))
			want = append(want, message...)
			batch, _ := o.takeSmall()
			n := min(step, len(batch))
			got = append(got, batch[:n]...)
			o.done(batch, n)
			require.Equal(t, restOfFrame(want, 0, len(got)), o.begun)
		}
		for {
			batch, _, _ := o.take()
			if len(batch) == 0 {
				break
			}
			got = append(got, batch...)
			o.done(batch, len(batch))
		}
		require.True(t, bytes.Equal(want, got))
		require.Zero(t, o.size)
	}
}

// Large messages are not copied again and again, and the writer gets them one by one.
func TestOutboxSegments(t *testing.T) {
	o := newOutbox()
	message := make([]byte, segmentSize)
	for i := range 5 {
		message[0] = byte(i)
		first, hopeless := o.end(append(o.begin(), message...))
		require.Equal(t, i == 0, first)
		require.False(t, hopeless)
	}
	require.False(t, o.writable())
	for i := range 5 {
		batch, resumed, _ := o.take()
		require.Equal(t, byte(i), batch[0])
		require.Len(t, batch, segmentSize)
		require.Equal(t, i == 4, resumed)
		require.Equal(t, i < 4, o.done(batch, len(batch)))
	}
}

// The mark for reading counts what is being written, too.
func TestOutboxReadMark(t *testing.T) {
	o := newOutbox()
	message := make([]byte, segmentSize)
	sent := 0
	for ; !o.over.Load(); sent += len(message) {
		o.end(append(o.begin(), message...))
	}
	require.Equal(t, readMark+segmentSize, sent)
	for sent > readMark/2 {
		require.True(t, o.over.Load())
		batch, _, _ := o.take()
		sent -= len(batch)
		o.done(batch, len(batch))
	}
	require.False(t, o.over.Load())
	require.Len(t, o.room, 1)
}
