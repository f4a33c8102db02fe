package nullbroker

import (
	"encoding/binary"
	"io"
	"net"
	"sync"

	"github.com/minirabbit/minirabbit/wire"
)

const (
	frameHead   = 7
	startBuffer = 1 << 10
	maxBuffer   = 64 << 10
)

func uint32At(b []byte) uint32       { return binary.BigEndian.Uint32(b) }
func uint64At(b []byte) uint64       { return binary.BigEndian.Uint64(b) }
func putUint16(b []byte, v uint16)   { binary.BigEndian.PutUint16(b, v) }
func putUint64(b []byte, v uint64)   { binary.BigEndian.PutUint64(b, v) }
func channelOf(frame []byte) uint16  { return binary.BigEndian.Uint16(frame[1:]) }
func sizeOf(frame []byte) int        { return int(uint32At(frame[3:])) }
func typeOf(b []byte) wire.FrameType { return wire.FrameType(b[0]) }

// conn is one connection, owned by its goroutine but for what outMu guards.
type conn struct {
	s  *Server
	nc net.Conn

	channels  []*channel // by number, nil where none was opened
	consumers []subscription
	confirmed []*channel // that have confirms to send after this read
	pending   *queue     // that messages of this read went to
	count     int        // how many they are
	// lastAck is the tag of the last acknowledgement of this read, which is
	// taken to speak for all before it.
	lastAck    uint64
	ackChannel uint16

	outMu sync.Mutex
	// guarded by outMu
	out []byte
}

type subscription struct {
	q *queue
	*consumer
}

// channel is a channel, in the midst of a publishing if left is not zero.
type channel struct {
	number    uint16
	key       []byte // the last routing key
	queue     *queue // that it names
	left      uint64 // of a body
	content   []byte // the first message for a new queue, as long as it is needed
	learn     bool   // content is being gathered
	kept      []byte // the body so far, if bodies are kept
	prefetch  int
	confirms  bool
	published uint64
	told      uint64 // confirmed so far
}

func newConn(s *Server, nc net.Conn) *conn { return &conn{s: s, nc: nc} }

// run reads until the connection ends.
func (c *conn) run() {
	defer c.end()
	var header [8]byte
	if _, err := io.ReadFull(c.nc, header[:]); err != nil || header != wire.ProtocolHeader {
		return
	}
	c.reply(0, &wire.ConnectionStart{VersionMinor: 9, ServerProperties: properties, Mechanisms: []byte("PLAIN"), Locales: []byte("en_US")})
	c.flush()
	buf := make([]byte, startBuffer)
	have, skip := 0, 0
	for {
		n, err := c.nc.Read(buf[have:])
		if err != nil {
			return
		}
		have += n
		full := have == len(buf)
		used := 0
		if skip > 0 {
			used = min(skip, have)
			skip -= used
		}
		for skip == 0 && have-used >= frameHead {
			frame := buf[used:have]
			size := frameHead + sizeOf(frame) + 1
			if typeOf(frame) == wire.FrameBody && !c.learns(channelOf(frame)) {
				if c.s.KeepBodies {
					n, err := c.keep(frame)
					if err != nil {
						return
					}
					used += n
					c.body(channelOf(frame), uint64(sizeOf(frame)))
					skip = 1 // the frame's end
					if used < have {
						used, skip = used+1, 0
					}
					continue
				}
				c.body(channelOf(frame), uint64(sizeOf(frame)))
				skipped := min(size, len(frame))
				used += skipped
				skip = size - skipped
				continue
			}
			if size > len(frame) {
				if size > len(buf) {
					buf = append(make([]byte, 0, size), buf...)[:size]
				}
				break
			}
			c.frame(frame[:size])
			used += size
		}
		have = copy(buf, buf[used:have])
		c.endRead()
		if full && len(buf) < maxBuffer {
			buf = append(make([]byte, 0, 2*len(buf)), buf...)[:2*len(buf)]
		}
	}
}

func (c *conn) end() {
	for _, s := range c.consumers {
		s.q.unsubscribe(s.consumer)
	}
	c.nc.Close()
}

// endRead sends what a read has led to.
func (c *conn) endRead() {
	c.enqueue()
	c.acknowledge()
	for _, ch := range c.confirmed {
		c.reply(ch.number, &wire.BasicAck{DeliveryTag: ch.published, Multiple: ch.published-ch.told > 1})
		ch.told = ch.published
	}
	c.confirmed = c.confirmed[:0]
	c.flush()
}

// enqueue puts the messages of this read into their queue.
func (c *conn) enqueue() {
	if c.count > 0 {
		c.pending.add(c.count, nil)
		c.count = 0
	}
}

// acknowledge gives the consumer its credit back.
func (c *conn) acknowledge() {
	if c.lastAck == 0 {
		return
	}
	for _, s := range c.consumers {
		if s.channel == c.ackChannel && s.prefetch > 0 {
			s.q.acked(s.consumer, c.lastAck)
		}
	}
	c.lastAck = 0
}

func (c *conn) flush() {
	c.outMu.Lock()
	c.flushLocked()
	c.outMu.Unlock()
}

func (c *conn) flushLocked() {
	if len(c.out) > 0 {
		c.nc.Write(c.out) // an error ends the reads, too
		c.out = c.out[:0]
	}
}

func (c *conn) reply(channel uint16, m wire.Method) {
	c.outMu.Lock()
	c.out = wire.AppendMethodFrame(c.out, channel, m)
	c.outMu.Unlock()
}

// channel returns a channel, which there is as soon as it is asked for.
func (c *conn) channel(number uint16) *channel {
	for len(c.channels) <= int(number) {
		c.channels = append(c.channels, nil)
	}
	if c.channels[number] == nil {
		c.channels[number] = &channel{number: number}
	}
	return c.channels[number]
}

// learns says whether a channel wants to see the bytes of a body.
func (c *conn) learns(number uint16) bool { return c.channel(number).learn }
