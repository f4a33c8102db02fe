package conformance

import "github.com/minirabbit/minirabbit/wire"

var streamPublishCases = []Case{
	{
		ID:     "stream.publish/confirmed",
		Title:  "publishing to a stream is confirmed, and a mandatory message is not returned",
		Why:    "Publishers need not know what kind of queue is there.",
		Source: pageConfirms,
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := c.Stream()
			c.Confirm()
			c.PublishWith(&wire.BasicPublish{RoutingKey: q, Mandatory: true}, wire.Properties{}, "a")
			t.Check("confirm", c.Lines(1), []string{"ack 1"})
			t.CheckRead("there", q, fromFirst, `c 1 @0 "a"`)
		},
	},
	{
		ID:     "stream.publish/to-consumers",
		Title:  "a message reaches all consumers of a stream, and the other queues it is routed to",
		Why:    "One stream replaces a fanout exchange with a queue for each reader.",
		Source: pageStreams,
		Run: func(t *T) {
			c, x, other := t.Raw().Channel(), t.ExchangeName("x"), t.QueueName("other")
			q := c.Stream()
			c.Queue(other)
			c.Exchange(x, "fanout")
			c.Bind(q, x, "")
			c.Bind(other, x, "")
			readers := []*RawChannel{t.Read(q, "next", 10), t.Read(q, "next", 10), t.Read(q, "next", 10)}
			t.Publish(x, "", "a", "b")
			for _, reader := range readers {
				t.Check("reader", reader.Messages(2), []string{`c 1 @0 "a"`, `c 2 @1 "b"`})
			}
			t.Check("the queue", c.Drain(other), []string{"a", "b"})
		},
	},
	{
		ID:     "stream.publish/dead-letters",
		Title:  "dead letters can go to a stream from 4.0 on; in 3.10 they are lost",
		Why:    "A stream is a natural place to keep them.",
		Source: measured,
		Run: func(t *T) {
			c, source := t.Raw().Channel(), t.QueueName("source")
			q := c.Stream()
			c.Queue(source, wire.Table{{Key: "x-dead-letter-exchange", Value: ""}, {Key: "x-dead-letter-routing-key", Value: q}}...)
			t.Publish("", source, "dead")
			c.Send(&wire.BasicGet{Queue: source})
			Expect[*wire.BasicGetOk](c)
			c.Send(&wire.BasicReject{DeliveryTag: 1})
			reader := t.Read(q, fromFirst, 10)
			if t.In(Only("3.10")) {
				c.CheckCounts("it has left", source, Counts{})
				t.Publish("", q, "after")
				t.Check("lost", reader.Messages(1), []string{`c 1 @0 "after"`})
				return
			}
			t.Check("arrived", reader.Messages(1), []string{`c 1 @0 "dead"`})
		},
	},
}
