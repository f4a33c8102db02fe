package amqpserver

import (
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/wire"
)

// content gathers a publishing: its method, its header and its body, which
// other channels' frames may come between.
type content struct {
	publish    wire.BasicPublish
	properties []byte
	body       []byte
	size, left uint64
	tooLarge   bool // the body is dropped as it comes
}

func (p *content) begin(m *wire.BasicPublish) { *p = content{publish: *m} }

// header takes the content header of a publishing.
func (ch *channel) header(payload []byte) error {
	p := &ch.content
	var h wire.ContentHeader
	c := &ch.c.cursor
	c.Reset(payload)
	h.DecodeHead(c)
	properties := c.Rest()
	if err := c.Err(); err != nil {
		return err
	}
	if h.ClassID != p.publish.ID().Class() {
		return broker.WithMethod(broker.Errorf(wire.UnexpectedFrame,
			"expected content header for class %d, got one for class %d instead", p.publish.ID().Class(), h.ClassID), p.publish.ID())
	}
	p.properties = append([]byte(nil), properties...)
	p.size, p.left = h.BodySize, h.BodySize
	p.tooLarge = h.BodySize > uint64(ch.c.node.MaxMessageSize())
	ch.state = channelBody
	if p.left == 0 {
		return ch.published()
	}
	return nil
}

// body takes a body frame. The bytes go straight into the message's own slice,
// which grows as they arrive, whatever size the header declared.
func (ch *channel) body(head wire.FrameHead) error {
	p := &ch.content
	var err error
	p.body, err = ch.c.in.AppendPayload(p.body, head)
	if err != nil {
		return err
	}
	if p.tooLarge {
		p.body = p.body[:0]
	}
	if uint64(head.Size) > p.left {
		return broker.WithMethod(broker.Errorf(wire.UnexpectedFrame, "content body is %d bytes longer than its header declared",
			uint64(head.Size)-p.left), p.publish.ID())
	}
	p.left -= uint64(head.Size)
	if p.left == 0 {
		return ch.published()
	}
	return nil
}

// published carries out a complete publishing.
func (ch *channel) published() error {
	p := ch.content
	ch.content = content{}
	ch.state = channelOpen
	ch.c.publishes.Store(true)
	var err error
	if ch.c.server.interceptor != nil {
		cmd := Command{Channel: ch.number, Method: &p.publish, Properties: p.properties, Body: p.body, ch: ch}
		err = ch.c.receive(cmd, func() error { return ch.publish(&p) })
	} else {
		err = ch.publish(&p)
	}
	if err == nil && !ch.c.gate() {
		return errAborted
	}
	return err
}

func (ch *channel) publish(p *content) error {
	ch.vh.Lock()
	defer ch.vh.Unlock()
	if ch.shutting.Load() {
		return nil
	}
	if ch.c.server.interceptor != nil {
		ch.answers = &p.publish
		defer func() { ch.answers = nil }()
	}
	if err := ch.basicPublish(p); err != nil {
		return ch.fail(broker.WithMethod(err, p.publish.ID()))
	}
	return nil
}
