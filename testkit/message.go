package testkit

import (
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// Message is a message as a queue holds it: what was published, in the client
// library's words, and where to.
type Message struct {
	amqp.Publishing
	Exchange    string
	RoutingKey  string
	Redelivered bool // it was delivered before
}

func toMessage(m *queue.Message, redelivered bool) Message {
	properties := m.Header()
	return Message{Publishing: toPublishing(&properties, m.Body), Exchange: m.Exchange, RoutingKey: m.RoutingKey, Redelivered: redelivered}
}

// fromDelivery describes a message that a real RabbitMQ delivered.
func fromDelivery(d *amqp.Delivery) Message {
	return Message{
		Publishing: amqp.Publishing{
			Headers: d.Headers, ContentType: d.ContentType, ContentEncoding: d.ContentEncoding, DeliveryMode: d.DeliveryMode,
			Priority: d.Priority, CorrelationId: d.CorrelationId, ReplyTo: d.ReplyTo, Expiration: d.Expiration, MessageId: d.MessageId,
			Timestamp: d.Timestamp, Type: d.Type, UserId: d.UserId, AppId: d.AppId, Body: d.Body,
		},
		Exchange: d.Exchange, RoutingKey: d.RoutingKey, Redelivered: d.Redelivered,
	}
}

// toPublishing puts properties and body into the client library's form.
func toPublishing(p *wire.Properties, body []byte) amqp.Publishing {
	m := amqp.Publishing{
		Headers: toTable(p.Headers), ContentType: p.ContentType, ContentEncoding: p.ContentEncoding, DeliveryMode: p.DeliveryMode,
		Priority: p.Priority, CorrelationId: p.CorrelationID, ReplyTo: p.ReplyTo, Expiration: p.Expiration, MessageId: p.MessageID,
		Type: p.Type, UserId: p.UserID, AppId: p.AppID, Body: body,
	}
	if p.Flags&wire.HasTimestamp != 0 {
		m.Timestamp = time.Unix(int64(p.Timestamp), 0)
	}
	return m
}

// toProperties returns the properties that the client library would send: those
// that are not zero.
func toProperties(m *amqp.Publishing) wire.Properties {
	p := wire.Properties{
		Headers: fromTable(m.Headers), ContentType: m.ContentType, ContentEncoding: m.ContentEncoding, DeliveryMode: m.DeliveryMode,
		Priority: m.Priority, CorrelationID: m.CorrelationId, ReplyTo: m.ReplyTo, Expiration: m.Expiration, MessageID: m.MessageId,
		Type: m.Type, UserID: m.UserId, AppID: m.AppId,
	}
	for _, f := range []struct {
		set  bool
		flag wire.PropertyFlags
	}{
		{len(p.Headers) > 0, wire.HasHeaders}, {p.ContentType != "", wire.HasContentType}, {p.ContentEncoding != "", wire.HasContentEncoding},
		{p.DeliveryMode != 0, wire.HasDeliveryMode}, {p.Priority != 0, wire.HasPriority}, {p.CorrelationID != "", wire.HasCorrelationID},
		{p.ReplyTo != "", wire.HasReplyTo}, {p.Expiration != "", wire.HasExpiration}, {p.MessageID != "", wire.HasMessageID},
		{p.Type != "", wire.HasType}, {p.UserID != "", wire.HasUserID}, {p.AppID != "", wire.HasAppID},
	} {
		if f.set {
			p.Flags |= f.flag
		}
	}
	if !m.Timestamp.IsZero() {
		p.Timestamp, p.Flags = wire.Timestamp(m.Timestamp.Unix()), p.Flags|wire.HasTimestamp
	}
	return p
}
