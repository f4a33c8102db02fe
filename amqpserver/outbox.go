package amqpserver

import (
	"sync"
)

const (
	// highWater is how many bytes may wait for a client before its consumers
	// are passed over.
	highWater = 256 << 10
	// hardCap is how many bytes may wait for a client that never reads before
	// it is cut off.
	hardCap = 256 << 20
	// keepBuffer is the largest buffer that is kept for reuse.
	keepBuffer = 1 << 20
)

// outbox gathers what a connection's writer sends next. Whoever appends never
// waits: the writer swaps the buffer for an empty one and writes it at once.
type outbox struct {
	wake chan struct{} // has a token when buf is not empty

	mu sync.Mutex
	// guarded by mu
	buf     []byte
	stalled bool // somebody was told that the client does not keep up
	closed  bool
	stops   []stop // where the writer stops on the way, nil unless a fault wants it
}

func newOutbox() outbox { return outbox{wake: make(chan struct{}, 1)} }

// begin locks the outbox and returns the buffer to append whole frames to.
func (o *outbox) begin() []byte {
	o.mu.Lock()
	return o.buf
}

// end takes the buffer back and has it sent. It says whether the client is so
// far behind that the connection must be cut.
func (o *outbox) end(buf []byte) (hopeless bool) {
	wasEmpty := len(o.buf) == 0
	if o.closed {
		buf = o.buf // what was appended before is still sent
	}
	o.buf = buf
	hopeless = len(buf) > hardCap
	o.mu.Unlock()
	if wasEmpty && len(buf) > 0 {
		select {
		case o.wake <- struct{}{}:
		default:
		}
	}
	return hopeless
}

// writable says whether the client keeps up. After a no, take reports a stall
// once there is room again.
func (o *outbox) writable() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.buf) < highWater {
		return true
	}
	o.stalled = true
	return false
}

// take swaps the gathered bytes for an empty buffer. resumed says that there is
// room again for somebody who was told that there is none.
func (o *outbox) take(spare []byte) (batch []byte, resumed bool, act func() bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if cap(spare) > keepBuffer {
		spare = nil
	}
	if len(o.stops) > 0 {
		return o.takeToStopLocked(spare)
	}
	batch, o.buf = o.buf, spare[:0]
	resumed, o.stalled = o.stalled, false
	return batch, resumed, nil
}

// close drops what is appended from now on.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
}
