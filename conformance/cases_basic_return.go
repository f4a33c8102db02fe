package conformance

import "github.com/minirabbit/minirabbit/wire"

var basicReturnCases = []Case{
	{
		ID: "basic.return/content", Title: "what comes back has its copies but the blind ones, and the requester's name instead of the pseudo-queue's",
		Why: "A publisher that sends again what came back must know what became of it.", Source: reference + "basic.return",
		Run: func(t *T) {
			c := t.Raw().Channel()
			c.Confirm()
			c.ConsumeWith(&wire.BasicConsume{Queue: "amq.rabbitmq.reply-to", ConsumerTag: "r", NoAck: true})
			p := headers(wire.Field{Key: "z", Value: int32(1)}, keys("CC", "nowhere-2"), keys("BCC", "nowhere-3"), wire.Field{Key: "a", Value: int32(1)})
			p.Flags |= wire.HasReplyTo | wire.HasExpiration | wire.HasPriority
			p.ReplyTo, p.Expiration, p.Priority = "amq.rabbitmq.reply-to", "1000", 3
			c.PublishWith(&wire.BasicPublish{Exchange: "amq.direct", RoutingKey: "nowhere", Mandatory: true}, p, "m")
			t.Observe("returned and confirmed", c.Lines(2))
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
