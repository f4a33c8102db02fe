package history

import (
	"encoding/binary"
	"net"
	"sync"

	"github.com/minirabbit/minirabbit/wire"
)

// Recorder writes the history of connections.
type Recorder struct {
	mu sync.Mutex
	// guarded by mu
	history     History
	connections int
}

// NewRecorder returns a recorder without a history.
func NewRecorder() *Recorder { return &Recorder{} }

// History returns what has happened so far.
func (r *Recorder) History() History {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append(History(nil), r.history...)
}

// Conn returns a connection of a client that is listened in on. It must not have been used yet.
func (r *Recorder) Conn(nc net.Conn) net.Conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.connections++
	c := &conn{Conn: nc, recorder: r, number: r.connections}
	c.sent.skip = len(wire.ProtocolHeader)
	return c
}

// conn is a connection that is listened in on. The client reads it in one goroutine, and writes it in one at a time.
type conn struct {
	net.Conn
	recorder *Recorder
	number   int

	// guarded by recorder.mu
	sent, received direction
	ended          bool // nothing of it counts any more: what a Read was about to return as the client hung up
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.note(&c.received, p[:n], false)
	if err != nil {
		c.end()
	}
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	c.note(&c.sent, p, true)
	return c.Conn.Write(p)
}

func (c *conn) Close() error {
	c.end()
	return c.Conn.Close()
}

func (c *conn) end() {
	c.recorder.mu.Lock()
	defer c.recorder.mu.Unlock()
	if !c.ended {
		c.ended = true
		c.recorder.history = append(c.recorder.history, Event{Connection: c.number})
	}
}

func (c *conn) note(d *direction, p []byte, sent bool) {
	c.recorder.mu.Lock()
	defer c.recorder.mu.Unlock()
	if c.ended {
		return
	}
	d.feed(p, func(channel uint16, m wire.Method, body string) {
		c.recorder.history = append(c.recorder.history, Event{Connection: c.number, Channel: channel, Sent: sent, Method: m, Body: body})
	})
}

// direction reads the methods in a stream.
type direction struct {
	skip    int
	rest    []byte
	content map[uint16]*content
}

// content is a message whose frames are still coming.
type content struct {
	method wire.Method
	left   uint64
	headed bool
	body   []byte
}

func (d *direction) feed(p []byte, tell func(channel uint16, m wire.Method, body string)) {
	skipped := min(d.skip, len(p))
	d.skip -= skipped
	d.rest = append(d.rest, p[skipped:]...)
	for len(d.rest) >= 7 {
		size := 7 + int(binary.BigEndian.Uint32(d.rest[3:])) + 1
		if len(d.rest) < size {
			return
		}
		d.frame(wire.FrameType(d.rest[0]), binary.BigEndian.Uint16(d.rest[1:]), d.rest[7:size-1], tell)
		d.rest = d.rest[size:]
	}
}

func (d *direction) frame(kind wire.FrameType, channel uint16, payload []byte, tell func(channel uint16, m wire.Method, body string)) {
	switch c := d.content[channel]; {
	case kind == wire.FrameMethod:
		m, err := wire.DecodeMethod(payload)
		if err != nil {
			return
		}
		switch m.(type) {
		case *wire.BasicPublish, *wire.BasicDeliver, *wire.BasicGetOk, *wire.BasicReturn:
			if d.content == nil {
				d.content = make(map[uint16]*content)
			}
			d.content[channel] = &content{method: m}
			return
		}
		delete(d.content, channel)
		tell(channel, m, "")
	case c == nil:
	case kind == wire.FrameHeader && len(payload) >= 12:
		c.left, c.headed = binary.BigEndian.Uint64(payload[4:]), true
	case kind == wire.FrameBody:
		c.body = append(c.body, payload...)
		c.left -= uint64(len(payload))
	}
	if c := d.content[channel]; c != nil && c.headed && c.left == 0 {
		delete(d.content, channel)
		tell(channel, c.method, string(c.body))
	}
}
