package conformance

import (
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

var publishCases = []Case{
	{
		ID:     "basic.publish/default-exchange",
		Title:  "the default exchange routes to the queue named by the routing key",
		Why:    "Sending to a queue by its name is the first thing that everybody does.",
		Source: pageExchanges + "#default-exchange",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Publish("", q, "m")
			c.Publish("", q+"x", "elsewhere")
			c.Publish("", "", "nowhere")
			c.Send(&wire.BasicGet{Queue: q})
			got := c.Next()
			t.Check("method", got.Method, wire.Method(&wire.BasicGetOk{DeliveryTag: 1, RoutingKey: "<q>"}))
			t.Check("body", string(got.Body), "m")
			t.Check("nothing more", c.Drain(q), []string{})
		},
	},
	{
		ID:     "basic.publish/missing-exchange",
		Title:  "publishing to an exchange that does not exist is a 404 of the channel",
		Why:    "A publisher learns of it one publish late, and loses its channel.",
		Source: reference + "basic.publish.exchange",
		Run: func(t *T) {
			r, x := t.Raw(), t.ExchangeName("x")
			c := r.Channel()
			c.Publish(x, "k", "m")
			t.Check("refusal", c.Error(), ChannelError(wire.NotFound, "no exchange '<x>' in vhost '/'", wire.IDBasicPublish))
			c = r.Channel()
			c.Confirm()
			c.PublishWith(&wire.BasicPublish{Exchange: x, RoutingKey: "k", Mandatory: true}, wire.Properties{}, "m")
			t.Check("with confirms and mandatory", c.Error(),
				ChannelError(wire.NotFound, "no exchange '<x>' in vhost '/'", wire.IDBasicPublish))
		},
	},
	{
		ID:     "basic.publish/immediate",
		Title:  "immediate is not implemented, and closes the connection with 540",
		Why:    "RabbitMQ dropped the flag in 3.0; old programs must see it fail and not be ignored.",
		Source: pageErrata,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.PublishWith(&wire.BasicPublish{RoutingKey: q, Immediate: true}, wire.Properties{}, "m")
			t.Check("refusal", c.Error(), ConnectionError(wire.NotImplemented, "immediate=true", wire.IDBasicPublish))
			t.Check("not routed", t.Raw().Channel().Drain(q), []string{})
		},
	},
	{
		ID:     "basic.publish/properties",
		Title:  "all properties and headers arrive as they were published",
		Why:    "The broker is a carrier; frameworks keep their protocol in these fields.",
		Source: reference + "class basic",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			published := allProperties(t)
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, published, "body")
			c.Send(&wire.BasicGet{Queue: q, NoAck: true})
			got := c.Next()
			t.Check("header", got.Header, &wire.ContentHeader{ClassID: 60, BodySize: 4, Properties: t.delivered(published)})
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, wire.Properties{}, "")
			c.Send(&wire.BasicGet{Queue: q, NoAck: true})
			t.Check("none", c.Next().Header, &wire.ContentHeader{ClassID: 60})
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, wire.Properties{Flags: wire.HasHeaders | wire.HasAppID}, "")
			c.Send(&wire.BasicGet{Queue: q, NoAck: true})
			t.Check("present and empty", c.Next().Header, &wire.ContentHeader{ClassID: 60,
				Properties: wire.Properties{Flags: wire.HasHeaders | wire.HasAppID}})
		},
	},
	{
		ID:     "basic.publish/header-order",
		Title:  "3.10 passes headers on as they came; 4.0 orders them by name and keeps the first of equal names",
		Why:    "Programs that sign their headers, or send a name twice, see the difference.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			first, again := wire.Field{Key: "b", Value: "first"}, wire.Field{Key: "b", Value: "again"}
			nested := wire.Field{Key: "a", Value: wire.Table{{Key: "z", Value: true}, {Key: "y", Value: true}}}
			capital, empty := wire.Field{Key: "B", Value: "capital"}, wire.Field{Key: "", Value: "empty"}
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, headers(first, nested, again, capital, empty), "m")
			c.Send(&wire.BasicGet{Queue: q, NoAck: true})
			t.Check("headers", c.Next().Header.Properties.Headers, ByRelease(t,
				From(Only310, wire.Table{first, nested, again, capital, empty}),
				From(Since40, wire.Table{empty, capital, nested, first})))
		},
	},
	{
		ID:     "basic.publish/delivered-properties",
		Title:  "a delivery carries exchange, routing key, properties and body as they were published",
		Why:    "Consumers dispatch on them.",
		Source: reference + "basic.deliver",
		Run: func(t *T) {
			c, q, x := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x")
			c.Exchange(x, "topic")
			c.Queue(q)
			c.Bind(q, x, "#")
			c.Consume(q, "c")
			c.PublishWith(&wire.BasicPublish{Exchange: x, RoutingKey: "some.key"}, allProperties(t), "body")
			got := c.Next()
			t.Check("method", got.Method, wire.Method(&wire.BasicDeliver{ConsumerTag: "c", DeliveryTag: 1, Exchange: "<x>", RoutingKey: "some.key"}))
			t.Check("header", got.Header, &wire.ContentHeader{ClassID: 60, BodySize: 4, Properties: t.delivered(allProperties(t))})
			t.Check("body", string(got.Body), "body")
		},
	},
	{
		ID:     "basic.publish/user-id",
		Title:  "a user-id property that is not the connection's user is a 406",
		Why:    "Consumers may trust the property.",
		Source: "rabbitmq.com/docs/validated-user-id",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, wire.Properties{Flags: wire.HasUserID, UserID: "somebody"}, "m")
			t.Check("refusal", c.Error(), ChannelError(wire.PreconditionFailed,
				"user_id property set to 'somebody' but authenticated user was 'guest'", wire.IDBasicPublish))
		},
	},
	{
		ID:     "basic.publish/bodies",
		Title:  "bodies of every size arrive whole, cut to the frame size that was negotiated",
		Why:    "The edges are at an empty body, at one full frame and one byte more.",
		Source: specification + "4.2.6.2 The Content Body",
		Run: func(t *T) {
			q := t.QueueName("q")
			r := t.Socket()
			r.Handshake(Handshake{FrameMax: 8192})
			c := r.Channel()
			c.Queue(q)
			c.Consume(q, "c")
			for _, size := range []int{0, 1, 8183, 8184, 8185, 2 * 8184, 1 << 20} {
				body := strings.Repeat("x", size)
				c.Publish("", q, body)
				t.Check(render(size)+" bytes", string(c.Next().Body) == body, true)
			}
			t.Check("largest frame", r.largest, uint32(8192))
		},
	},
	{
		ID:     "basic.publish/frames-of-the-consumer",
		Title:  "a body is cut to the frame size of the connection that it is delivered on, not of the publisher's",
		Why:    "A client closes its connection over a frame that is too large.",
		Source: specification + "4.2.6.2 The Content Body",
		Run: func(t *T) {
			r, q := t.Socket(), t.QueueName("q")
			r.Handshake(Handshake{FrameMax: 8192})
			c := r.Channel()
			c.Queue(q)
			body := strings.Repeat("0123456789", 10000)
			t.Publish("", q, body)
			c.Consume(q, "c")
			t.Check("whole", string(c.Next().Body) == body, true)
			t.Check("largest frame", r.largest, uint32(8192))
		},
	},
	{
		ID:     "basic.return/mandatory",
		Title:  "a mandatory message that reaches no queue comes back with 312, its properties and its body",
		Why:    "Publishers detect missing bindings with it.",
		Source: reference + "basic.return",
		Run: func(t *T) {
			c, x := t.Raw().Channel(), t.ExchangeName("x")
			c.Exchange(x, "direct")
			c.PublishWith(&wire.BasicPublish{Exchange: x, RoutingKey: "k", Mandatory: true}, allProperties(t), "body")
			got := c.Next()
			t.Check("method", got.Method, wire.Method(&wire.BasicReturn{ReplyCode: wire.NoRoute, ReplyText: "NO_ROUTE", Exchange: "<x>", RoutingKey: "k"}))
			t.Check("header", got.Header, &wire.ContentHeader{ClassID: 60, BodySize: 4, Properties: t.delivered(allProperties(t))})
			t.Check("body", string(got.Body), "body")
			c.PublishWith(&wire.BasicPublish{RoutingKey: t.QueueName("missing"), Mandatory: true}, wire.Properties{}, "")
			t.Check("default exchange", c.Lines(1), []string{`return 312 NO_ROUTE "" <missing> ""`})
		},
	},
	{
		ID:     "basic.return/routable",
		Title:  "a mandatory message that reaches a queue does not come back, and without mandatory nothing does",
		Why:    "A stray return is taken for a failure.",
		Source: reference + "basic.publish.mandatory",
		Run: func(t *T) {
			c, q, x := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x")
			c.Exchange(x, "direct")
			c.Queue(q)
			c.PublishWith(&wire.BasicPublish{RoutingKey: q, Mandatory: true}, wire.Properties{}, "m")
			c.Publish(x, "nowhere", "dropped")
			t.Check("nothing comes", c.RoundTrip(), []string{})
		},
	},
}

// delivered gives the properties as the broker passes them on: 4.0 puts the headers in order.
func (t *T) delivered(p wire.Properties) wire.Properties {
	if t.In(Since40) {
		p.Headers = slices.Clone(p.Headers)
		slices.SortStableFunc(p.Headers, func(a, b wire.Field) int { return strings.Compare(a.Key, b.Key) })
	}
	return p
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

// headers are properties with these headers only.
func headers(fields ...wire.Field) wire.Properties {
	return wire.Properties{Flags: wire.HasHeaders, Headers: fields}
}
