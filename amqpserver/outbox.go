package amqpserver

import (
	"sync"
	"sync/atomic"
)

const (
	// highWater is how many bytes may wait for a client before its consumers
	// are passed over.
	highWater = 256 << 10
	// hardCap is how many bytes may wait for a client that never reads before
	// it is cut off.
	hardCap = 256 << 20
	// keepBuffer is the largest buffer that is kept for reuse: some messages
	// of 1 MiB.
	keepBuffer = 4 << 20
)

// outbox gathers what a connection sends next. Whoever appends never waits. One
// at a time writes: it takes the buffer in exchange for an empty one, and calls
// done when it has written.
type outbox struct {
	wake chan struct{} // has a token when the writer has something to do
	// full says that there is no room for deliveries.
	full atomic.Bool

	mu sync.Mutex
	// guarded by mu
	buf     []byte
	spare   []byte
	writing bool // somebody has taken
	stalled bool // somebody was told that the client does not keep up
	closed  bool
	stops   []stop // where the writer stops on the way, nil unless a fault or the server's end wants it
}

// firstBuffer is room for what most connections are sent at a time.
const firstBuffer = 1 << 10

func newOutbox() outbox {
	return outbox{wake: make(chan struct{}, 1), buf: make([]byte, 0, firstBuffer)}
}

// begin locks the outbox and returns the buffer to append whole frames to.
func (o *outbox) begin() []byte {
	o.mu.Lock()
	return o.buf
}

// end takes the buffer back. It says whether somebody must see to it that the
// buffer is written, and whether the client is so far behind that the connection
// must be cut.
func (o *outbox) end(buf []byte) (first, hopeless bool) {
	if o.closed {
		buf = o.buf // what was appended before is still sent
	}
	first = len(o.buf) == 0 && len(buf) > 0 && !o.writing
	o.buf = buf
	if len(buf) >= highWater {
		o.full.Store(true)
	}
	hopeless = len(buf) > hardCap
	o.mu.Unlock()
	return first, hopeless
}

// signal wakes the writer up.
func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// writable says whether the client keeps up. After a no, done reports that there
// is room again.
func (o *outbox) writable() bool {
	if !o.full.Load() {
		return true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.buf) < highWater {
		return true
	}
	o.stalled = true
	return false
}

// take swaps the gathered bytes for an empty buffer, unless somebody else is
// writing. If it returns a batch or something to do, done must be called. resumed
// says that there is room again for somebody who was told that there is none.
func (o *outbox) take() (batch []byte, resumed bool, act func() bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.writing {
		return nil, false, nil
	}
	if len(o.stops) > 0 {
		return o.takeToStopLocked()
	}
	if len(o.buf) == 0 {
		return nil, false, nil
	}
	return o.swapLocked()
}

func (o *outbox) swapLocked() (batch []byte, resumed bool, act func() bool) {
	batch, o.buf, o.spare = o.buf, o.spare[:0], nil
	o.writing = true
	resumed, o.stalled = o.stalled, false
	o.full.Store(false)
	return batch, resumed, nil
}

// takeSmall is take for whoever must not wait: only if there is little to write,
// nothing to do besides, and nobody who waits for room.
// If it returns nothing, it says whether that is for the writer.
func (o *outbox) takeSmall() (batch []byte, forWriter bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.writing || len(o.buf) == 0 {
		return nil, false
	}
	if len(o.buf) > smallBatch || len(o.stops) > 0 || o.stalled {
		return nil, true
	}
	batch, _, _ = o.swapLocked()
	return batch, false
}

// smallBatch is how many bytes are written by whoever appended them, if the
// network takes them at once.
const smallBatch = 64 << 10

// done gives a buffer back of which n bytes were written. It says whether there is
// more to write.
func (o *outbox) done(batch []byte, n int) (more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writing = false
	if n < len(batch) {
		o.buf = append(append(make([]byte, 0, len(batch)-n+len(o.buf)), batch[n:]...), o.buf...)
		for i := range o.stops {
			o.stops[i].at += len(batch) - n
		}
	}
	switch {
	case cap(batch) > keepBuffer:
	case len(o.buf) == 0:
		o.buf, o.spare = batch[:0], o.buf // it is in the processor's cache
	default:
		o.spare = batch[:0]
	}
	return len(o.buf) > 0 || len(o.stops) > 0
}

// close drops what is appended from now on.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
}
