package conformance

import (
	"slices"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/wire"
)

// headers are properties with these headers only.
func headers(fields ...wire.Field) wire.Properties {
	return wire.Properties{Flags: wire.HasHeaders, Headers: fields}
}

// persistent are properties with delivery mode 2 only.
func persistent() wire.Properties {
	return wire.Properties{Flags: wire.HasDeliveryMode, DeliveryMode: amqp.Persistent}
}

// expiring are properties with an expiration only.
func expiring(ms string) wire.Properties {
	return wire.Properties{Flags: wire.HasExpiration, Expiration: ms}
}

// allProperties has all 14 properties and a header of every type.
func allProperties(t *T) wire.Properties {
	return wire.Properties{
		Flags: wire.HasContentType | wire.HasContentEncoding | wire.HasHeaders | wire.HasDeliveryMode | wire.HasPriority |
			wire.HasCorrelationID | wire.HasReplyTo | wire.HasExpiration | wire.HasMessageID | wire.HasTimestamp |
			wire.HasType | wire.HasUserID | wire.HasAppID | wire.HasClusterID,
		ContentType: "text/plain", ContentEncoding: "utf-8", DeliveryMode: 2, Priority: 9,
		CorrelationID: "correlation", ReplyTo: "reply", Expiration: "3600000", MessageID: "message",
		Timestamp: 1700000000, Type: "type", UserID: t.uri.Username, AppID: "app", ClusterID: "cluster",
		Headers: wire.Table{
			{Key: "t", Value: true}, {Key: "b", Value: int8(-1)}, {Key: "B", Value: uint8(255)},
			{Key: "s", Value: int16(-2)}, {Key: "u", Value: uint16(65535)}, {Key: "I", Value: int32(-3)},
			{Key: "i", Value: uint32(4294967295)}, {Key: "l", Value: int64(-4)}, {Key: "f", Value: float32(0.5)},
			{Key: "d", Value: float64(0.25)}, {Key: "D", Value: wire.Decimal{Scale: 2, Value: 314}},
			{Key: "S", Value: "text"}, {Key: "A", Value: wire.Array{int32(1), "two", wire.Table{}}},
			{Key: "T", Value: wire.Timestamp(1700000000)}, {Key: "F", Value: wire.Table{{Key: "k", Value: nil}}},
			{Key: "V", Value: nil}, {Key: "x", Value: []byte{0, 255}},
		},
	}
}

// delivered gives the properties as the broker passes them on: since 3.13 it puts the headers in order.
func (t *T) delivered(p wire.Properties) wire.Properties {
	if t.In(Since("3.13")) {
		p.Headers = slices.Clone(p.Headers)
		slices.SortStableFunc(p.Headers, func(a, b wire.Field) int { return strings.Compare(a.Key, b.Key) })
	}
	return p
}

// published publishes with properties, and waits for the confirm.
func (c *RawChannel) published(queue string, properties wire.Properties, bodies ...string) {
	c.raw.t.Helper()
	for _, body := range bodies {
		c.PublishWith(&wire.BasicPublish{RoutingKey: queue}, properties, body)
		Expect[*wire.BasicAck](c)
	}
}

// publishExpiring publishes a message with a priority, none if it is below 0, and an expiration, none if it is empty.
func (c *RawChannel) publishExpiring(queue, body string, priority int, expiration string) {
	c.raw.t.Helper()
	var p wire.Properties
	if priority >= 0 {
		p.Flags, p.Priority = wire.HasPriority, uint8(priority)
	}
	if expiration != "" {
		p.Flags, p.Expiration = p.Flags|wire.HasExpiration, expiration
	}
	c.PublishWith(&wire.BasicPublish{RoutingKey: queue}, p, body)
}

// publishPriorities publishes bodies with priorities; below 0 means none.
func (c *RawChannel) publishPriorities(queue string, bodies []string, priorities []int) {
	c.raw.t.Helper()
	for i, body := range bodies {
		properties := wire.Properties{}
		if priorities[i] >= 0 {
			properties = priority(uint8(priorities[i]))
		}
		c.PublishWith(&wire.BasicPublish{RoutingKey: queue}, properties, body)
	}
}

// mandatory publishes a mandatory message without properties, and gives what comes back until the broker has routed it.
func (c *RawChannel) mandatory(exchange, key, body string) []string {
	c.raw.t.Helper()
	c.PublishWith(&wire.BasicPublish{Exchange: exchange, RoutingKey: key, Mandatory: true}, wire.Properties{}, body)
	return c.RoundTrip()
}
