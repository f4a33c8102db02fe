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
		// RabbitMQ tells where the message is meant to go, queue or not.
		vh.routed = append(append(vh.routed, m.RoutingKey), m.Copies...)
		return
	}
	for _, q := range queues {
		vh.routed = append(vh.routed, q.Name())
	}
}

// tracePublished copies a publishing, which has been routed, to the firehose.
func (ch *Channel) tracePublished(m *queue.Message) {
	if !ch.vh.tracing.Load() {
		return
	}
	headers := ch.traceHeaders(m)
	headers.Set("routed_queues", stringArray(slices.Clone(ch.vh.routed)))
	ch.vh.trace("publish."+m.Exchange, headers, m.Body)
}

// traceDelivered copies a delivery to the firehose, once the present command is
// done.
func (ch *Channel) traceDelivered(q *queue.Queue, m *queue.Message, redelivered bool) {
	if !ch.vh.tracing.Load() || m.Exchange == traceExchange {
		return
	}
	headers := ch.traceHeaders(m)
	again := int32(0)
	if redelivered {
		again = 1
	}
	headers.Set("redelivered", again)
	ch.vh.Later(func() { ch.vh.trace("deliver."+q.Name(), headers, m.Body) })
}

func (vh *VHost) trace(key string, headers wire.Table, body []byte) {
	p := wire.Properties{Flags: wire.HasHeaders, Headers: headers}
	m := &queue.Message{Envelope: &queue.Envelope{Exchange: traceExchange, RoutingKey: key, Properties: p.Append(nil)}, Body: body}
	// That there is no queue for it, or no room, is nobody's concern.
	_, _, _ = vh.deliver(vh.exchanges[traceExchange], m, &p)
}

// traceHeaders describes a message and the channel that it passes.
func (ch *Channel) traceHeaders(m *queue.Message) wire.Table {
	number, name := int32(ch.Number), ch.conn.Name
	if name == "" {
		number, name = 1, "<"+nodeName+">" // RabbitMQ has a process here
	}
	properties := m.Header()
	headers := wire.Table{
		{Key: "exchange_name", Value: m.Exchange},
		{Key: "routing_keys", Value: stringArray(append([]string{m.RoutingKey}, m.Copies...))},
		{Key: "properties", Value: traceProperties(&properties)},
		{Key: "node", Value: nodeName},
		{Key: "vhost", Value: ch.vh.name},
		{Key: "connection", Value: name},
		{Key: "channel", Value: number},
		{Key: "user", Value: ch.conn.User.name},
	}
	slices.SortFunc(headers, func(a, b wire.Field) int { return strings.Compare(a.Key, b.Key) })
	return headers
}

// nodeName is what the node is called in Erlang's manner.
const nodeName = "rabbit@minirabbit"

// traceProperties writes a message's properties as a table.
func traceProperties(p *wire.Properties) wire.Table {
	t := wire.Table{}
	for _, f := range []struct {
		flag  wire.PropertyFlags
		name  string
		value any
	}{
		{wire.HasContentType, "content_type", p.ContentType}, {wire.HasContentEncoding, "content_encoding", p.ContentEncoding},
		{wire.HasHeaders, "headers", p.Headers}, {wire.HasDeliveryMode, "delivery_mode", int32(p.DeliveryMode)},
		{wire.HasPriority, "priority", int32(p.Priority)}, {wire.HasCorrelationID, "correlation_id", p.CorrelationID},
		{wire.HasReplyTo, "reply_to", p.ReplyTo}, {wire.HasExpiration, "expiration", p.Expiration},
		{wire.HasMessageID, "message_id", p.MessageID}, {wire.HasTimestamp, "timestamp", p.Timestamp},
		{wire.HasType, "type", p.Type}, {wire.HasUserID, "user_id", p.UserID},
		{wire.HasAppID, "app_id", p.AppID}, {wire.HasClusterID, "cluster_id", p.ClusterID},
	} {
		if p.Flags&f.flag != 0 {
			t = append(t, wire.Field{Key: f.name, Value: f.value})
		}
	}
	return t
}
