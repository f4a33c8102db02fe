package amqpserver

import (
	"math"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/wire"
)

// content gathers a publishing: its method, its header and its body, which
// other channels' frames may come between.
type content struct {
	publish    wire.BasicPublish
	encoded    []byte // publish as it came, empty before the first
	properties []byte
	body       []byte
	size, left uint64
	tooLarge   bool // the body is dropped as it comes
	opened     bool // the channel was open when the publishing began
}

// header takes the content header of a publishing.
func (ch *channel) header(head wire.FrameHead, payload []byte) error {
	var h wire.ContentHeader
	c := &ch.c.cursor
	c.Reset(payload)
	h.DecodeHead(c)
	properties := c.Rest()
	if c.Err() != nil {
		return frameError(head, payload, "unknown_frame")
	}
	if ch.state != channelHeader || h.Weight != 0 {
		return ch.unexpected()
	}
	if h.ClassID != wire.IDBasicPublish.Class() {
		return ch.badContent(wire.UnexpectedFrame, "expected content header for class %d, got one for class %d instead", wire.IDBasicPublish.Class(), h.ClassID)
	}
	if limit := ch.c.node.Release().MaxBodySize; h.BodySize > limit {
		return ch.badContent(wire.FrameError, "content body size %d exceeds maximum allowed size %d", h.BodySize, limit)
	}
	p := &ch.content
	p.properties = append(p.properties[:0], properties...)
	p.body = nil
	p.size, p.left = h.BodySize, h.BodySize
	p.tooLarge = h.BodySize > uint64(ch.c.node.MaxMessageSize())
	ch.state = channelBody
	if p.left == 0 {
		return ch.published()
	}
	return nil
}

// badContent refuses the content of a publishing.
func (ch *channel) badContent(code wire.ReplyCode, format string, args ...any) error {
	return broker.WithMethod(broker.Errorf(code, format, args...), wire.IDBasicPublish)
}

// body takes a body frame. The bytes go straight into the message's own slice,
// which grows as they arrive, whatever size the header declared.
// See bodies for the room that is made.
func (ch *channel) body(head wire.FrameHead) error {
	p := &ch.content
	switch {
	case p.tooLarge:
	case p.body == nil:
		p.body = ch.c.bodies.first(p.size, head.Size)
	default:
		p.body = ch.c.bodies.next(p.body, p.size, head.Size)
	}
	var err error
	p.body, err = ch.c.in.AppendPayload(p.body, head)
	if err != nil {
		return err
	}
	if p.tooLarge {
		p.body = p.body[:0]
	}
	if uint64(head.Size) >= p.left {
		if uint64(head.Size) > p.left {
			return ch.excessBody()
		}
		return ch.published()
	}
	p.left -= uint64(head.Size)
	return nil
}

// excessBody handles a body that is longer than its header declared. Up to
// RabbitMQ 4.0 such a body never ends.
func (ch *channel) excessBody() error {
	if ch.c.node.Release().RefusesExcessBody {
		return ch.badContent(wire.FrameError, "content body frame exceeds remaining content size")
	}
	ch.content.left, ch.content.tooLarge = math.MaxUint64, true
	return nil
}

// published carries out a complete publishing.
func (ch *channel) published() error {
	c, p := ch.c, &ch.content
	ch.state = channelOpen
	c.bodies.done(p.body)
	var err error
	if c.armed() {
		c.leave()
		cmd := Command{Channel: ch.number, Method: &p.publish, Properties: p.properties, Body: p.body, ch: ch}
		err = c.receive(cmd, func() error { return ch.publish(p) })
	} else {
		err = ch.publish(p)
	}
	p.body, p.tooLarge = nil, false
	return err
}

func (ch *channel) publish(p *content) error {
	ch.c.enter(ch.vh)
	err := ch.carryOutPublish(p)
	ch.c.next()
	return err
}

func (ch *channel) carryOutPublish(p *content) error {
	if why := ch.vh.Broken(); why != nil {
		return why
	}
	ch.received(&p.publish, p.body)
	if ch.ended() {
		return nil
	}
	if ch.c.armed() {
		ch.struck.answers = &p.publish
		defer func() { ch.struck.answers = nil }()
	}
	if !p.opened {
		return broker.WithMethod(errNotOpen(), p.publish.ID())
	}
	if err := ch.basicPublish(p); err != nil {
		return ch.fail(broker.WithMethod(err, p.publish.ID()))
	}
	return nil
}
