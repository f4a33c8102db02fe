package amqpserver

import (
	"slices"
	"sync"
	"sync/atomic"
)

const (
	// highWater is how many bytes may wait for a client before its consumers
	// are passed over.
	highWater = 256 << 10
	// readMark is how many bytes may wait for a client before nothing more is read
	// from it. RabbitMQ has no such mark: it reads on until its memory alarm blocks
	// publishers, or the client is cut off after sendTimeout.
	readMark = 32 << 20
	// hardCap is how many bytes one command may have sent to a client before the
	// connection is cut off: the returns of a transaction, for example.
	hardCap = 256 << 20
	// segmentSize is from which size on a buffer is not appended to any more.
	segmentSize = 512 << 10
	// keepBuffer is the largest buffer that is kept for reuse: some messages
	// of 1 MiB.
	keepBuffer = 4 << 20
)

// outbox gathers what a connection sends next. Whoever appends never waits. One
// at a time writes: it takes a buffer and calls done when it has written.
type outbox struct {
	wake chan struct{} // has a token when the writer has something to do
	room chan struct{} // has a token when there are no more bytes than readMark any more
	// full says that there is no room for deliveries, over that there are more bytes
	// than readMark.
	full, over atomic.Bool

	mu sync.Mutex
	// guarded by mu
	segments [][]byte // what is in front of buf
	buf      []byte   // what is appended to
	spare    []byte
	size     int // bytes in segments and buf
	sending  int // bytes that were taken and are being written
	// begun is how many bytes at the front, or of what was taken, are the rest of a
	// frame that was sent in part.
	begun   int
	writing bool // somebody has taken
	stalled bool // somebody was told that the client does not keep up
	closed  bool
	stops   []stop // where the writer stops on the way, nil unless a fault or the server's end wants it
}

// firstBuffer is room for what most connections are sent at a time.
const firstBuffer = 1 << 10

func newOutbox() outbox {
	return outbox{wake: make(chan struct{}, 1), room: make(chan struct{}, 1), buf: make([]byte, 0, firstBuffer)}
}

// begin locks the outbox and returns the buffer to append whole frames to.
func (o *outbox) begin() []byte {
	o.mu.Lock()
	if o.buf == nil {
		o.buf, o.spare = o.spare, nil
	}
	return o.buf
}

// end takes the buffer back. It says whether somebody must see to it that the
// buffer is written, and whether the client is so far behind that the connection
// must be cut.
func (o *outbox) end(buf []byte) (first, hopeless bool) {
	if o.closed {
		buf = o.buf // what was appended before is still sent
	}
	first = o.size == 0 && len(buf) > 0 && !o.writing
	o.size += len(buf) - len(o.buf)
	o.buf = buf
	if len(buf) >= segmentSize {
		o.segments = append(o.segments, buf)
		o.buf = nil
	}
	if o.size >= highWater {
		o.full.Store(true)
		if o.size+o.sending > readMark {
			o.over.Store(true)
		}
	}
	hopeless = o.size > hardCap
	o.mu.Unlock()
	return first, hopeless
}

// signal wakes the writer up.
func (o *outbox) signal() { notify(o.wake) }

// notify leaves a token in a channel that has room for one.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// writable says whether the client keeps up. After a no, take reports that there
// is room again.
func (o *outbox) writable() bool {
	if !o.full.Load() {
		return true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.size < highWater {
		return true
	}
	o.stalled = true
	return false
}

// take returns the next bytes to write, unless somebody else is writing. If it
// returns a batch or something to do, done must be called. resumed says that there is
// room again for somebody who was told that there is none.
func (o *outbox) take() (batch []byte, resumed bool, act func() bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.writing {
		return nil, false, nil
	}
	if len(o.stops) > 0 {
		return o.takeToStopLocked()
	}
	if o.size == 0 {
		return nil, false, nil
	}
	batch, resumed = o.takeFrontLocked()
	return batch, resumed, nil
}

// takeFrontLocked takes the first segment, or else the buffer in exchange for an empty
// one.
func (o *outbox) takeFrontLocked() (batch []byte, resumed bool) {
	if len(o.segments) > 0 {
		batch = o.segments[0]
		if o.segments = slices.Delete(o.segments, 0, 1); len(o.segments) == 0 && cap(o.segments) > keepSegments {
			o.segments = nil
		}
	} else {
		batch, o.buf, o.spare = o.buf, o.spare[:0], nil
	}
	o.writing = true
	o.sending = len(batch)
	o.size -= len(batch)
	if o.size < highWater {
		resumed, o.stalled = o.stalled, false
		o.full.Store(false)
	}
	return batch, resumed
}

// keepSegments is for how many segments a list is kept.
const keepSegments = 16

// takeSmall is take for whoever must not wait: only if there is little to write,
// nothing to do besides, and nobody who waits for room.
// If it returns nothing, it says whether that is for the writer.
func (o *outbox) takeSmall() (batch []byte, forWriter bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.writing || o.size == 0 {
		return nil, false
	}
	if o.size > smallBatch || len(o.stops) > 0 || o.stalled {
		return nil, true
	}
	batch, _ = o.takeFrontLocked()
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
	o.writing, o.sending = false, 0
	if n < len(batch) {
		o.begun = restOfFrame(batch, o.begun, n)
		o.giveBackLocked(batch[n:])
	} else {
		if len(batch) > 0 {
			o.begun = 0
		}
		o.keepLocked(batch)
	}
	if o.over.Load() && o.size <= readMark/2 {
		o.over.Store(false)
		notify(o.room)
	}
	return o.size > 0 || len(o.stops) > 0
}

// giveBackLocked puts back what was taken and not written.
func (o *outbox) giveBackLocked(rest []byte) {
	o.segments = slices.Insert(o.segments, 0, rest)
	o.size += len(rest)
	for i := range o.stops {
		o.stops[i].at += len(rest)
	}
}

// keepLocked keeps a buffer for reuse.
func (o *outbox) keepLocked(batch []byte) {
	switch {
	case cap(batch) > keepBuffer || cap(batch) == 0:
	case len(o.buf) == 0:
		o.buf, o.spare = batch[:0], o.buf // it is in the processor's cache
	default:
		o.spare = batch[:0]
	}
}

// close drops what is appended from now on.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
}
