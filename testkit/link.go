package testkit

import (
	"fmt"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/wire"
)

// link is the testkit's own connection to a real RabbitMQ, which it opens when it
// needs one. It is consumed by one caller at a time.
type link struct {
	mu   sync.Mutex
	conn *amqp.Connection // guarded by mu
}

// linkName is the name of the testkit's own connection.
const linkName = "minirabbit testkit"

func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.conn.Close()
	}
}

// with calls f with a channel of its own, as an error closes it.
func (l *link) with(url string, f func(ch *amqp.Channel) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil || l.conn.IsClosed() {
		config := amqp.Config{Properties: amqp.NewConnectionProperties()}
		config.Properties.SetClientConnectionName(linkName)
		conn, err := amqp.DialConfig(url, config)
		if err != nil {
			return err
		}
		l.conn = conn
	}
	ch, err := l.conn.Channel()
	if err != nil {
		return err
	}
	defer ch.Close()
	return f(ch)
}

func (l *link) inspect(url, name string) (q amqp.Queue, ok bool) {
	err := l.with(url, func(ch *amqp.Channel) (err error) {
		q, err = ch.QueueDeclarePassive(name, false, false, false, false, nil)
		return err
	})
	return q, err == nil
}

// take waits for n ready messages and takes them.
func (r *real) take(t T, name string, n int) (taken []Message) {
	t.Helper()
	r.await(t, fmt.Sprintf("queue %q to hold %d ready messages", name, n), func() bool {
		q, ok := r.link.inspect(r.amqp.String(), name)
		return ok && q.Messages >= n || n == 0
	})
	err := r.link.with(r.amqp.String(), func(ch *amqp.Channel) error {
		for range n {
			d, ok, err := ch.Get(name, true)
			if err != nil {
				return err
			}
			if !ok {
				return fmt.Errorf("somebody else took a message of queue %q", name)
			}
			taken = append(taken, Message{Exchange: d.Exchange, RoutingKey: d.RoutingKey, Properties: fromDelivery(&d), Body: d.Body, Redelivered: d.Redelivered})
		}
		return nil
	})
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	return taken
}

// publish publishes and waits for the confirm.
func (r *real) publish(t T, exchange, routingKey string, m Message) {
	t.Helper()
	err := r.link.with(r.amqp.String(), func(ch *amqp.Channel) error {
		if err := ch.Confirm(false); err != nil {
			return err
		}
		confirm, err := ch.PublishWithDeferredConfirm(exchange, routingKey, false, false, toPublishing(m))
		if err != nil {
			return err
		}
		acked, err := confirm.WaitContext(t.Context())
		if err == nil && !acked {
			err = fmt.Errorf("refused, or no such exchange")
		}
		return err
	})
	if err != nil {
		t.Fatalf("testkit: publish to exchange %q with routing key %q: %v", exchange, routingKey, err)
	}
}

// declare declares a topology as a client does.
func (r *real) declare(t T, topology Topology) {
	t.Helper()
	err := r.link.with(r.amqp.String(), func(ch *amqp.Channel) error {
		for _, x := range topology.Exchanges {
			kind := x.Type
			if kind == "" {
				kind = "direct"
			}
			if err := ch.ExchangeDeclare(x.Name, kind, !x.Transient, x.AutoDelete, x.Internal, false, toTable(x.Arguments)); err != nil {
				return fmt.Errorf("declare exchange %q: %w", x.Name, err)
			}
		}
		for _, q := range topology.Queues {
			if _, err := ch.QueueDeclare(q.Name, !q.Transient, q.AutoDelete, false, false, toTable(q.Arguments)); err != nil {
				return fmt.Errorf("declare queue %q: %w", q.Name, err)
			}
		}
		for _, b := range topology.Bindings {
			var err error
			if b.Queue != "" {
				err = ch.QueueBind(b.Queue, b.RoutingKey, b.Source, false, toTable(b.Arguments))
			} else {
				err = ch.ExchangeBind(b.Exchange, b.RoutingKey, b.Source, false, toTable(b.Arguments))
			}
			if err != nil {
				return fmt.Errorf("bind exchange %q: %w", b.Source, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
}

// toTable turns a table into the client library's.
func toTable(t wire.Table) amqp.Table {
	if t == nil {
		return nil
	}
	converted := make(amqp.Table, len(t))
	for _, f := range t {
		converted[f.Key] = toValue(f.Value)
	}
	return converted
}

func toValue(v any) any {
	switch v := v.(type) {
	case wire.Table:
		return toTable(v)
	case wire.Array:
		values := make([]any, len(v))
		for i := range v {
			values[i] = toValue(v[i])
		}
		return values
	case wire.Timestamp:
		return time.Unix(int64(v), 0)
	case wire.Decimal:
		return amqp.Decimal{Scale: v.Scale, Value: v.Value}
	case uint16:
		return int32(v)
	case uint32:
		return int64(v)
	case int:
		return int64(v)
	}
	return v
}

// fromTable is the inverse of toTable.
func fromTable(t amqp.Table) wire.Table {
	if t == nil {
		return nil
	}
	converted := make(wire.Table, 0, len(t))
	for key, value := range t {
		converted.Set(key, fromValue(value))
	}
	return converted
}

func fromValue(v any) any {
	switch v := v.(type) {
	case amqp.Table:
		return fromTable(v)
	case []any:
		values := make(wire.Array, len(v))
		for i := range v {
			values[i] = fromValue(v[i])
		}
		return values
	case time.Time:
		return wire.Timestamp(v.Unix())
	case amqp.Decimal:
		return wire.Decimal{Scale: v.Scale, Value: v.Value}
	}
	return v
}

func toPublishing(m Message) amqp.Publishing {
	p := m.Properties
	publishing := amqp.Publishing{
		Headers: toTable(p.Headers), ContentType: p.ContentType, ContentEncoding: p.ContentEncoding, DeliveryMode: p.DeliveryMode,
		Priority: p.Priority, CorrelationId: p.CorrelationID, ReplyTo: p.ReplyTo, Expiration: p.Expiration, MessageId: p.MessageID,
		Type: p.Type, UserId: p.UserID, AppId: p.AppID, Body: m.Body,
	}
	if p.Flags&wire.HasTimestamp != 0 {
		publishing.Timestamp = time.Unix(int64(p.Timestamp), 0)
	}
	return publishing
}

func fromDelivery(d *amqp.Delivery) wire.Properties {
	p := wire.Properties{
		Headers: fromTable(d.Headers), ContentType: d.ContentType, ContentEncoding: d.ContentEncoding, DeliveryMode: d.DeliveryMode,
		Priority: d.Priority, CorrelationID: d.CorrelationId, ReplyTo: d.ReplyTo, Expiration: d.Expiration, MessageID: d.MessageId,
		Type: d.Type, UserID: d.UserId, AppID: d.AppId,
	}
	for _, f := range []struct {
		set  bool
		flag wire.PropertyFlags
	}{
		{p.Headers != nil, wire.HasHeaders}, {p.ContentType != "", wire.HasContentType}, {p.ContentEncoding != "", wire.HasContentEncoding},
		{p.DeliveryMode != 0, wire.HasDeliveryMode}, {p.Priority != 0, wire.HasPriority}, {p.CorrelationID != "", wire.HasCorrelationID},
		{p.ReplyTo != "", wire.HasReplyTo}, {p.Expiration != "", wire.HasExpiration}, {p.MessageID != "", wire.HasMessageID},
		{p.Type != "", wire.HasType}, {p.UserID != "", wire.HasUserID}, {p.AppID != "", wire.HasAppID},
	} {
		if f.set {
			p.Flags |= f.flag
		}
	}
	if !d.Timestamp.IsZero() {
		p.Timestamp, p.Flags = wire.Timestamp(d.Timestamp.Unix()), p.Flags|wire.HasTimestamp
	}
	return p
}
