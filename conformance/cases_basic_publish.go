package conformance

import (
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

var basicPublishCases = []Case{
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
				On(UpTo("3.12"), wire.Table{first, nested, again, capital, empty}),
				On(Since("3.13"), wire.Table{empty, capital, nested, first})))
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
}
