package broker

import (
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// traceExchange takes, while tracing is on, a copy of every message that is
// published or delivered in the virtual host.
const traceExchange = "amq.rabbitmq.trace"

// noteRouted remembers where a message went, for the firehose.
func (vh *VHost) noteRouted(x *exchange.Exchange, m *queue.Message, queues []exchange.Destination) {
	vh.routed = vh.routed[:0]
	if x.Name() == "" {
		// RabbitMQ tells where the message is meant to go, queue or not, in order
		// and each once.
		for _, key := range append([]string{m.RoutingKey}, m.Copies...) {
			if !vh.node.release.RepliesAreUntraced || !strings.HasPrefix(key, ReplyTo+".") {
				vh.routed = append(vh.routed, key)
			}
		}
		slices.Sort(vh.routed)
		vh.routed = slices.Compact(vh.routed)
		return
	}
	for _, q := range queues {
		vh.routed = append(vh.routed, q.Name())
	}
}

// tracePublished copies a publishing, which has been routed, to the firehose.
// What a transaction publishes is copied at once, whatever becomes of it.
func (ch *Channel) tracePublished(m *queue.Message) {
	if !ch.vh.tracing.Load() {
		return
	}
	routed := wire.Field{Key: "routed_queues", Value: stringArray(slices.Clone(ch.vh.routed))}
	ch.vh.trace("publish."+m.Exchange, append(ch.traceHeaders(m), routed), m.Body)
}

// traceDelivered copies a delivery to the firehose, once the present command is
// done. The copy has the headers that the client sees.
func (ch *Channel) traceDelivered(q *queue.Queue, e *queue.Entry, countFirst bool) {
	if !ch.vh.tracing.Load() || e.Message.Exchange == traceExchange {
		return
	}
	m := ch.vh.outgoing(q, e, countFirst)
	again := int32(0)
	if e.Redelivered() {
		again = 1
	}
	headers := ch.traceHeaders(m, wire.Field{Key: "redelivered", Value: again})
	ch.vh.Later(func() { ch.vh.trace("deliver."+q.Name(), headers, m.Body) })
}

// traceReply copies a direct reply to the firehose, as the delivery that it is
// where the requester counts as a queue.
func (ch *Channel) traceReply(m *queue.Message) {
	if !ch.vh.tracing.Load() {
		return
	}
	name, headers := ch.reply.name, ch.traceHeaders(m, wire.Field{Key: "redelivered", Value: int32(0)})
	ch.vh.Later(func() { ch.vh.trace("deliver."+name, headers, m.Body) })
}

func (vh *VHost) trace(key string, headers wire.Table, body []byte) {
	if vh.node.release.SortsHeaders {
		slices.SortFunc(headers, func(a, b wire.Field) int { return strings.Compare(a.Key, b.Key) })
	}
	p := wire.Properties{Flags: wire.HasHeaders, Headers: headers}
	m := &queue.Message{Envelope: &queue.Envelope{Exchange: traceExchange, RoutingKey: key, Properties: p.Append(nil)}, Body: body}
	// That there is no queue for it, or no room, is nobody's concern.
	_, _, _ = vh.deliver(vh.exchanges[traceExchange], m, &p)
}

// traceHeaders describes a message, with more of its own, and the channel that it
// passes.
func (ch *Channel) traceHeaders(m *queue.Message, more ...wire.Field) wire.Table {
	number, name := int32(ch.Number), ch.conn.Name
	if name == "" {
		number, name = 1, "<"+nodeName+">" // RabbitMQ has a process here
	}
	properties := m.Reading()
	return slices.Concat(wire.Table{
		{Key: "exchange_name", Value: m.Exchange},
		{Key: "routing_keys", Value: stringArray(append([]string{m.RoutingKey}, m.Copies...))},
		{Key: "properties", Value: traceProperties(&properties)},
		{Key: "node", Value: nodeName},
	}, more, wire.Table{
		{Key: "vhost", Value: ch.vh.name},
		{Key: "connection", Value: name},
		{Key: "channel", Value: number},
		{Key: "user", Value: ch.conn.User.name},
	})
}

// nodeName is what the node is called in Erlang's manner.
const nodeName = "rabbit@minirabbit"

// traceProperties writes a message's properties as a table, the last one first.
// RabbitMQ takes every number for one of 32 bits.
func traceProperties(p *wire.Properties) wire.Table {
	t := wire.Table{}
	for _, f := range []struct {
		flag  wire.PropertyFlags
		name  string
		value any
	}{
		{wire.HasClusterID, "cluster_id", p.ClusterID}, {wire.HasAppID, "app_id", p.AppID},
		{wire.HasUserID, "user_id", p.UserID}, {wire.HasType, "type", p.Type},
		{wire.HasTimestamp, "timestamp", int32(p.Timestamp)}, {wire.HasMessageID, "message_id", p.MessageID},
		{wire.HasExpiration, "expiration", p.Expiration}, {wire.HasReplyTo, "reply_to", p.ReplyTo},
		{wire.HasCorrelationID, "correlation_id", p.CorrelationID}, {wire.HasPriority, "priority", int32(p.Priority)},
		{wire.HasDeliveryMode, "delivery_mode", int32(p.DeliveryMode)}, {wire.HasHeaders, "headers", p.Headers},
		{wire.HasContentEncoding, "content_encoding", p.ContentEncoding}, {wire.HasContentType, "content_type", p.ContentType},
	} {
		if p.Flags&f.flag != 0 {
			t = append(t, wire.Field{Key: f.name, Value: f.value})
		}
	}
	return t
}
