package conformance

import "github.com/minirabbit/minirabbit/wire"

var basicGetCases = []Case{
	{
		ID:     "basic.get/reply",
		Title:  "get gives the oldest message with its envelope, and how many are left",
		Why:    "Polling consumers and tests read queues this way.",
		Source: reference + "basic.get-ok",
		Run: func(t *T) {
			c, q, x := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x")
			c.Exchange(x, "fanout")
			c.Queue(q)
			c.Bind(q, x, "")
			c.Publish(x, "key", "a", "b")
			c.Send(&wire.BasicGet{Queue: q})
			got := c.Next()
			t.Check("method", got.Method, wire.Method(&wire.BasicGetOk{DeliveryTag: 1, Exchange: "<x>", RoutingKey: "key", MessageCount: 1}))
			t.Check("body", string(got.Body), "a")
		},
	},
	{
		ID:     "basic.get/empty",
		Title:  "get from an empty queue is answered with get-empty",
		Why:    "A poll that finds nothing is no error.",
		Source: reference + "basic.get-empty",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Send(&wire.BasicGet{Queue: q})
			t.Check("reply", c.Next().Method, wire.Method(&wire.BasicGetEmpty{}))
		},
	},
	{
		ID:     "basic.get/missing-queue",
		Title:  "get from a queue that does not exist is a 404",
		Why:    "It is not the same as an empty one.",
		Source: reference + "basic.get.queue",
		Run: func(t *T) {
			t.Check("refusal", t.Raw().Channel().Refused(&wire.BasicGet{Queue: t.QueueName("q")}),
				ChannelError(wire.NotFound, "no queue '<q>' in vhost '/'", wire.IDBasicGet))
		},
	},
	{
		ID:     "basic.get/no-ack",
		Title:  "with no-ack the message is settled, its tag is counted, and cannot be acknowledged",
		Why:    "It never comes back.",
		Source: reference + "basic.get.no-ack",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q)
			c.Publish("", q, "a", "b")
			c.Send(&wire.BasicGet{Queue: q, NoAck: true})
			t.Check("first", c.Lines(1), []string{`get-ok 1 left 1 "a"`})
			t.Check("second", c.Get(q), `get-ok 2 left 0 "b"`)
			t.Check("ack", c.Refused(&wire.BasicAck{DeliveryTag: 1}),
				ChannelError(wire.PreconditionFailed, "unknown delivery tag 1", wire.IDBasicAck))
			t.Check("only the second came back", r.Channel().DrainRequeued(q, 1), []string{"b"})
		},
	},
	{
		ID:     "basic.get/beside-consumers",
		Title:  "get takes a message that consumers have no credit for, and their tags go on counting",
		Why:    "Tags are the channel's, whoever receives.",
		Source: reference + "basic.get",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			t.Publish("", q, "a", "b", "c")
			c.Qos(1, false)
			c.Consume(q, "c")
			t.Check("consumer", c.Fence(q), []string{`deliver c 1 "a"`})
			t.Check("get", c.Get(q), `get-ok 2 left 1 "b"`)
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("consumer again", c.Fence(q), []string{`deliver c 3 "c"`})
		},
	},
}
