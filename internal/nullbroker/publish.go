package nullbroker

import (
	"io"

	"github.com/minirabbit/minirabbit/wire"
)

// frame handles a frame that has arrived whole.
func (c *conn) frame(frame []byte) {
	switch typeOf(frame) {
	case wire.FrameMethod:
		switch wire.MethodID(uint32At(frame[frameHead:])) {
		case wire.IDBasicPublish:
			c.publish(frame)
			return
		case wire.IDBasicAck:
			c.lastAck, c.ackChannel = uint64At(frame[frameHead+4:]), channelOf(frame)
			return
		}
		c.enqueue()
		c.acknowledge()
		c.method(frame)
	case wire.FrameHeader:
		c.header(frame)
	case wire.FrameBody:
		ch := c.channel(channelOf(frame))
		ch.content = append(ch.content, frame...)
		c.body(ch.number, uint64(sizeOf(frame)))
	}
}

// publish finds the queue that the routing key names.
func (c *conn) publish(frame []byte) {
	ch := c.channel(channelOf(frame))
	args := frame[frameHead+4+2:]
	args = args[1+int(args[0]):]
	key := args[1 : 1+int(args[0])]
	if ch.queue == nil || string(ch.key) != string(key) {
		ch.key = append(ch.key[:0], key...)
		ch.queue = c.s.queue(string(key))
	}
}

// header begins a body. The first message for a queue is remembered whole.
func (c *conn) header(frame []byte) {
	ch := c.channel(channelOf(frame))
	ch.queue.mu.Lock()
	ch.learn = ch.queue.content == nil
	ch.queue.mu.Unlock()
	if ch.learn {
		ch.content = append(ch.content[:0], frame...)
	}
	ch.left = uint64At(frame[frameHead+4:])
	if c.s.KeepBodies {
		ch.kept = make([]byte, 0, ch.left)
	}
	if ch.left == 0 {
		c.published(ch)
	}
}

// body counts off the bytes of a body.
func (c *conn) body(number uint16, n uint64) {
	ch := c.channel(number)
	ch.left -= n
	if ch.left == 0 {
		c.published(ch)
	}
}

// keep reads the payload of a body frame, of which the beginning has arrived, into
// the message's own slice. It returns how many bytes of the buffer that took.
func (c *conn) keep(frame []byte) (used int, err error) {
	ch := c.channel(channelOf(frame))
	begun := len(ch.kept)
	ch.kept = append(ch.kept, frame[frameHead:min(len(frame), frameHead+sizeOf(frame))]...)
	used = frameHead + len(ch.kept) - begun
	rest := ch.kept[len(ch.kept) : begun+sizeOf(frame)]
	_, err = io.ReadFull(c.nc, rest)
	ch.kept = ch.kept[:begun+sizeOf(frame)]
	return used, err
}

// published counts a message.
func (c *conn) published(ch *channel) {
	c.s.published.Add(1)
	if c.s.KeepBodies {
		ch.queue.keep(ch.kept)
		ch.kept = nil
	}
	if ch.confirms {
		if ch.published == ch.told {
			c.confirmed = append(c.confirmed, ch)
		}
		ch.published++
	}
	if c.pending != ch.queue {
		c.enqueue()
		c.pending = ch.queue
	}
	if ch.learn {
		ch.learn = false
		ch.queue.add(1, ch.content)
		ch.content = nil
		return
	}
	c.count++
}
