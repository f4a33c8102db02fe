package conformance

import "github.com/minirabbit/minirabbit/wire"

var basicNackCases = []Case{
	{
		ID:     "basic.nack/multiple",
		Title:  "nack with multiple returns everything up to the tag, in the original order",
		Why:    "RabbitMQ's extension of reject, used to give a batch back.",
		Source: pageNack,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := taken(t, c, "a", "b", "c", "d")
			c.Publish("", q, "e")
			c.Send(&wire.BasicNack{DeliveryTag: 3, Multiple: true, Requeue: true})
			t.Check("order", c.Drain(q), []string{"a", "b", "c", "e"})
			c.Send(&wire.BasicNack{Multiple: true})
			c.Publish("", q, "f")
			c.Send(&wire.BasicGet{Queue: q})
			t.Check("one more", string(c.Next().Body), "f")
			c.Close()
			t.Check("tag 0 dropped the rest", r.Channel().DrainRequeued(q, 1), []string{"f"})
		},
	},
}
