package amqpserver

import (
	"sync/atomic"
	"time"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// sendTimeout is how long a client may take to make room for one command that the
// network does not take at once. RabbitMQ has it from its listeners' option
// send_timeout. To read a part of the command in time does not help.
const sendTimeout = 30 * time.Second

// sendWatch resets a connection whose writer is stuck for longer than sendTimeout, by
// the broker's clock.
type sendWatch struct {
	c *conn
	// since is the instant from which on the command has waited that is being
	// written, zero if none does.
	since atomic.Int64
	set   atomic.Bool // the timer is set

	// guarded by the vhost's lock
	timer *broker.Timer
}

// begin notes that the network does not take a command, or has taken the one before.
func (w *sendWatch) begin() {
	if w.c.session == nil {
		return // the handshake has a time-out of its own
	}
	w.since.Store(int64(w.c.node.Now()))
	if w.set.CompareAndSwap(false, true) {
		vh := w.c.session.VHost
		vh.Lock()
		defer vh.Unlock()
		if w.timer == nil {
			w.timer = vh.NewTimer(w.check)
		}
		w.timer.Set(vh.Now() + queue.Instant(sendTimeout))
	}
}

// end notes that everything is written.
func (w *sendWatch) end() { w.since.Store(0) }

// check is called when the timer is due.
func (w *sendWatch) check(now queue.Instant) {
	w.set.Store(false)
	since := w.since.Load()
	if since == 0 || !w.set.CompareAndSwap(false, true) {
		return
	}
	if due := queue.Instant(since) + queue.Instant(sendTimeout); due > now {
		w.timer.Set(due)
		return
	}
	w.c.log.Error("client does not read what it is sent", "connection", w.c.name, "timeout", sendTimeout)
	w.c.reset()
	w.c.release()
}

// stop is called when both goroutines of the connection have ended.
func (w *sendWatch) stop() {
	if w.c.session == nil || !w.set.Load() {
		return
	}
	vh := w.c.session.VHost
	vh.Lock()
	defer vh.Unlock()
	w.timer.Stop()
}

// unaligned says that a batch is one piece, which need not begin with a frame.
const unaligned = -1

// writeAll writes a batch and waits for the client to make room. begun is how many of
// its bytes are the rest of a frame, or unaligned.
func (c *conn) writeAll(batch []byte, begun int) error {
	n, err := c.direct.TryWrite(batch)
	if err != nil || n == len(batch) {
		return err
	}
	end := len(batch) // of the command that is being written
	if begun != unaligned {
		end = endOfCommand(batch, begun, n)
	}
	c.sending.begin()
	for {
		m, err := c.direct.WriteSome(batch[n:], end-n)
		n += m
		switch {
		case err != nil:
			return err
		case n == len(batch):
			c.sending.end()
			return nil
		case n >= end:
			end = endOfCommand(batch, end, n)
			c.sending.begin()
		}
	}
}

// endOfCommand returns the offset in a batch at which the command ends that is under
// way when n bytes are sent. A frame begins at the offset at, or the batch ends.
func endOfCommand(batch []byte, at, n int) int {
	for at < len(batch) && (at <= n || !beginsCommand(batch[at:])) {
		at += frameSize(batch[at:])
	}
	return at
}

// beginsCommand says whether a frame is not the content of the command before it.
func beginsCommand(frame []byte) bool {
	t := wire.FrameType(frame[0])
	return t != wire.FrameHeader && t != wire.FrameBody
}

// restOfFrame returns how many bytes are left of the frame of which a part is in the
// first n bytes of a batch. A frame begins at the offset at.
func restOfFrame(batch []byte, at, n int) int {
	for at < n {
		at += frameSize(batch[at:])
	}
	return at - n
}

// awaitRoom has the reader wait until there is not too much left to be sent to the
// client, or the connection ends. A client that writes and does not read, and whose
// commands have long replies, would otherwise take any amount of memory.
func (c *conn) awaitRoom() {
	c.endBatch()
	c.resting.Store(true)
	defer c.resting.Store(false)
	for c.out.over.Load() {
		select {
		case <-c.out.room:
		case <-c.gone:
			return
		}
	}
}
