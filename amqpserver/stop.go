package amqpserver

import (
	"encoding/binary"
	"slices"
	"time"
)

// stop is a place in the outbox at which the writer calls act before it goes on:
// to wait, or to end the connection. It goes on if act returns true.
type stop struct {
	at  int // so many bytes come before
	act func() bool
}

// halt has the writer call act when it has sent what is in the outbox now.
func (o *outbox) halt(act func() bool) {
	o.mu.Lock()
	o.stops = append(o.stops, stop{o.size, act})
	o.mu.Unlock()
	o.signal()
}

// takeToStopLocked is take while there are stops: it returns what comes before
// the first one or, if that is nothing, what to do there.
func (o *outbox) takeToStopLocked() (batch []byte, resumed bool, act func() bool) {
	n := min(o.stops[0].at, o.size) // an outbox that is closed drops what was in it
	if n == 0 {
		act = o.stops[0].act
		o.stops = o.stops[1:]
		o.writing = true
		return nil, false, act
	}
	batch, resumed = o.takeFrontLocked()
	if n < len(batch) {
		o.segments = slices.Insert(o.segments, 0, batch[n:])
		o.size += len(batch) - n
		batch, o.sending = batch[:n:n], n
	}
	for i := range o.stops {
		o.stops[i].at -= len(batch)
	}
	return batch, resumed, nil
}

// transmit writes a batch: when the server is not paused, and at the rate that
// the connection is limited to.
func (c *conn) transmit(batch []byte) error {
	if p := c.server.gates.paused.Load(); p != nil && !c.through(p) {
		return errAborted
	}
	if rate := c.rate.Load(); rate > 0 {
		return c.writeSlowly(batch, rate)
	}
	return c.writeAll(batch, c.out.begun)
}

// limit sets the rate of what comes behind what is in the outbox now.
func (c *conn) limit(bytesPerSecond int) {
	c.out.halt(func() bool {
		c.rate.Store(int64(bytesPerSecond))
		return true
	})
}

// writeSlowly writes at the connection's rate: bytes arrive when the time for them
// has passed. It goes from frame to frame, so that it makes no difference what
// comes in one batch, and in large ones in steps of a tenth of a second.
func (c *conn) writeSlowly(batch []byte, rate int64) error {
	step := int(max(1, rate/10))
	frame := 0 // bytes of it that are left
	for len(batch) > 0 {
		if frame == 0 {
			frame = frameSize(batch)
		}
		n := min(step, frame)
		if !c.hold(time.Duration(n) * time.Second / time.Duration(rate)) {
			return errAborted
		}
		if err := c.writeAll(batch[:n], unaligned); err != nil {
			return err
		}
		batch, frame = batch[n:], frame-n
	}
	return nil
}

// frameSize returns how many bytes the first frame of a batch takes, which may be
// cut short.
func frameSize(batch []byte) int {
	if len(batch) < frameHead {
		return len(batch)
	}
	return int(min(uint64(len(batch)), frameHead+uint64(binary.BigEndian.Uint32(batch[3:]))+1))
}

// frameHead is the size of a frame's type, channel and size; an octet follows the
// payload.
const frameHead = 7
