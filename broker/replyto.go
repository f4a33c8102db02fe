package broker

import (
	"crypto/rand"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/exchange"
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

// replyProcess is what the first part of every name of a requester encodes
// first: an Erlang process and its node.
const replyProcess = "\x83Xv\x00\x0dreply@3810612"

// newReplyName makes a name as RabbitMQ does, of the process that serves the
// channel and a secret.
func newReplyName() string {
	var process [12]byte
	var secret [16]byte
	rand.Read(process[:])
	rand.Read(secret[:])
	encode := base64.StdEncoding.EncodeToString
	return ReplyTo + "." + encode(append([]byte(replyProcess), process[:]...)) + "." + encode(secret[:])
}

// isReplyName says whether name stands for a requester, there or gone, as read
// from the name alone. malformed says that it has two parts but does not.
func isReplyName(name string) (ok, malformed bool) {
	parts, _ := strings.CutPrefix(name, ReplyTo+".")
	process, _, two := strings.Cut(parts, ".")
	if parts == name || !two {
		return false, false
	}
	decoded, err := base64.StdEncoding.DecodeString(process)
	ok = err == nil && strings.HasPrefix(string(decoded), replyProcess)
	return ok, !ok
}

// IsReplyTo says whether a name is that of the pseudo-queue, or what stands for
// it in a message.
func IsReplyTo(name string) bool { return strings.HasPrefix(name, ReplyTo) }

// IsVolatileQueue says whether what is done to a queue of this name is done to a
// requester: since 4.3 that is a queue of a type of its own, which holds nothing.
func (vh *VHost) IsVolatileQueue(name string) bool {
	ok, _ := isReplyName(name)
	return ok && vh.node.release.VolatileQueues
}

// CheckReplyBinding returns 4.3's refusal to bind a requester.
func (vh *VHost) CheckReplyBinding(queue string) error {
	if vh.node.release.VolatileQueues && strings.HasPrefix(queue, ReplyTo+".") {
		return Errorf(wire.AccessRefused, "cannot bind or unbind to a volatile (direct reply-to) queue")
	}
	return nil
}

// VolatileGetError refuses basic.get from a requester.
func (vh *VHost) VolatileGetError(name string) error {
	return Errorf(wire.NotImplemented, "basic.get not supported by volatile %s", vh.queueText(name))
}

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
	ch.reply = replyConsumer{tag: tag, name: newReplyName()}
	ch.vh.replies[ch.reply.name] = ch
	return tag, nil
}

// ConsumeVolatileError refuses a consumer by the name of a requester.
func (ch *Channel) ConsumeVolatileError(name string) error {
	if name == ch.reply.name {
		return Errorf(wire.PreconditionFailed, "multiple consumers are unsupported for %s", ch.vh.queueText(name))
	}
	return Errorf(wire.PreconditionFailed, "only creator channel may consume from %s", ch.vh.queueText(name))
}

// cancelReplies ends the channel's consumer of direct replies.
func (ch *Channel) cancelReplies() {
	delete(ch.vh.replies, ch.reply.name)
	ch.reply = replyConsumer{}
}

// ReplyToExists says whether somebody consumes from a pseudo-queue. RabbitMQ
// fails over names that it cannot read.
func (vh *VHost) ReplyToExists(name string) (bool, error) {
	if name == ReplyTo || vh.replies[name] != nil {
		return true, nil
	}
	if ok, malformed := isReplyName(name); malformed && vh.node.release.MalformedReplyFails || !ok && vh.node.release.VolatileQueues {
		return false, Errorf(wire.InternalError, "")
	}
	return false, nil
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

// reply delivers m, published to x, to the requesters that its routing keys name.
// It returns how many of them count as destinations. Since 4.3 all do, those that
// are gone, too. Up to 4.0 none does, and RabbitMQ fails over a name that it cannot
// read.
func (vh *VHost) reply(x *exchange.Exchange, m *queue.Message) (routed int, err error) {
	if x.Name() != "" || len(m.Copies) == 0 && !IsReplyTo(m.RoutingKey) {
		return 0, nil
	}
	keys := append([]string{m.RoutingKey}, m.Copies...)
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		ok, malformed := isReplyName(key)
		switch {
		case malformed && vh.node.release.MalformedReplyFails && !vh.node.release.VolatileQueues:
			return 0, Errorf(wire.InternalError, "")
		case !ok:
			continue
		case vh.node.release.VolatileQueues:
			routed++
		}
		if ch := vh.replies[key]; ch != nil {
			ch.deliverReply(m)
		}
	}
	return routed, nil
}

// deliverReply delivers a reply. Up to 4.0, its delivery tag is that of the next
// delivery, too.
func (ch *Channel) deliverReply(m *queue.Message) {
	ch.sink.Deliver(ch.reply.tag, ch.lastTag+1, false, m)
	if ch.vh.node.release.VolatileQueues {
		ch.lastTag++
		ch.traceReply(m)
	}
}
