package broker

import (
	"strings"

	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// ReplyTo is the pseudo-queue of direct reply-to: a client consumes from it and
// names it in reply-to, and answers reach it without a queue in between.
const ReplyTo = "amq.rabbitmq.reply-to"

// replyConsumer is a channel's consumer of direct replies.
type replyConsumer struct {
	tag  string
	name string // what stands for the queue in reply-to
}

// IsReplyTo says whether a name is that of the pseudo-queue, or what stands for
// it in a message.
func IsReplyTo(name string) bool { return strings.HasPrefix(name, ReplyTo) }

// ConsumeReplies subscribes the channel to direct replies.
func (ch *Channel) ConsumeReplies(m *wire.BasicConsume) (tag string, err error) {
	switch {
	case ch.reply.tag != "":
		return "", Errorf(wire.PreconditionFailed, "reply consumer already set")
	case !m.NoAck:
		return "", Errorf(wire.PreconditionFailed, "reply consumer cannot acknowledge")
	}
	tag = m.ConsumerTag
	if tag == "" {
		tag = generatedName("amq.ctag")
	}
	ch.reply = replyConsumer{tag: tag, name: generatedName(ReplyTo + ".g1h")}
	ch.vh.replies[ch.reply.name] = ch
	return tag, nil
}

// cancelReplies ends the channel's consumer of direct replies.
func (ch *Channel) cancelReplies() {
	delete(ch.vh.replies, ch.reply.name)
	ch.reply = replyConsumer{}
}

// ReplyToExists says whether somebody consumes from a pseudo-queue.
func (vh *VHost) ReplyToExists(name string) bool {
	return name == ReplyTo || vh.replies[name] != nil
}

// fillReplyTo replaces the pseudo-queue in reply-to by what stands for the
// publisher's own.
func (ch *Channel) fillReplyTo(p *Publishing) error {
	if p.header.Flags&wire.HasReplyTo == 0 || p.header.ReplyTo != ReplyTo {
		return nil
	}
	if ch.reply.tag == "" {
		return Errorf(wire.PreconditionFailed, "fast reply consumer does not exist")
	}
	p.header.ReplyTo = ch.reply.name
	p.Properties = p.header.Append(nil)
	return nil
}

// reply delivers m to the consumers of direct replies that its routing keys
// name, and returns how many there are.
func (vh *VHost) reply(m *queue.Message) (delivered int) {
	for _, key := range vh.message.RoutingKeys {
		if ch := vh.replies[key]; ch != nil {
			ch.lastTag++
			ch.sink.Deliver(ch.reply.tag, ch.lastTag, false, m)
			delivered++
		}
	}
	return delivered
}
