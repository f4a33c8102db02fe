package conformance

import "github.com/minirabbit/minirabbit/wire"

var basicCancelCases = []Case{
	{
		ID:     "basic.cancel/reply",
		Title:  "cancel-ok names the tag, also when there is no such consumer",
		Why:    "Clients cancel consumers that the broker has cancelled meanwhile.",
		Source: reference + "basic.cancel",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Consume(q, "c")
			for _, tag := range []string{"c", "c", "unknown", ""} {
				t.Check("tag "+render(tag), Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: tag}),
					&wire.BasicCancelOk{ConsumerTag: tag})
			}
		},
	},
	{
		ID:     "basic.cancel/keeps-unacknowledged",
		Title:  "cancelling leaves what was delivered unacknowledged, and it can still be settled",
		Why:    "A worker that stops finishes what it has.",
		Source: reference + "basic.cancel",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Publish("", q, "a", "b")
			c.Consume(q, "c")
			t.Check("deliveries", c.Lines(2), []string{`deliver c 1 "a"`, `deliver c 2 "b"`})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "c"})
			t.Check("nothing came back", c.Get(q), "get-empty")
			c.Send(&wire.BasicAck{DeliveryTag: 1}, &wire.BasicNack{DeliveryTag: 2, Requeue: true})
			t.Check("the nack came back", c.Get(q), `get-ok 3 left 0 redelivered "b"`)
		},
	},
	{
		ID:     "basic.cancel/prefetch-starts-afresh",
		Title:  "what a cancelled consumer holds does not count against the next one",
		Why:    "The limit is each consumer's own.",
		Source: pagePrefetch,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			t.Publish("", q, "a", "b", "c")
			c.Qos(1, false)
			c.Consume(q, "c")
			t.Check("first", c.Fence(q), []string{`deliver c 1 "a"`})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "c"})
			c.Consume(q, "d")
			t.Check("second", c.Fence(q), []string{`deliver d 2 "b"`})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("settling the first one's gives no credit", c.Fence(q), []string{})
		},
	},
	{
		ID:     "basic.cancel/prefetch-by-tag",
		Title:  "a consumer started again under its tag gets credit too for what it held before",
		Why:    "Credit is counted by tag, so a worker that restarts its consumer may get more than its limit.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			t.Publish("", q, "a", "b", "c", "d")
			c.Qos(1, false)
			c.Consume(q, "c")
			t.Check("first", c.Fence(q), []string{`deliver c 1 "a"`})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "c"})
			c.Consume(q, "c")
			t.Check("second", c.Fence(q), []string{`deliver c 2 "b"`})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("credit", c.Fence(q), []string{`deliver c 3 "c"`})
		},
	},
	{
		ID:     "basic.cancel/no-delivery-after",
		Title:  "nothing is delivered after cancel-ok",
		Why:    "A client drops its handler on the reply.",
		Source: reference + "basic.cancel",
		Racy:   "how much is delivered before the cancellation depends on speed",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Consume(q, "c")
			publisher := t.Raw().Channel()
			publisher.Publish("", q, numbered("", 200)...)
			c.Send(&wire.BasicCancel{ConsumerTag: "c"})
			before := len(c.until(wire.IDBasicCancelOk))
			rest := len(publisher.Drain(q))
			t.Check("delivered or left", before+rest, 200)
			t.Check("after cancel-ok", c.RoundTrip(), []string{})
		},
	},
	{
		ID:     "basic.cancel/nowait",
		Title:  "with no-wait the consumer is cancelled without a reply",
		Why:    "A reply that nobody waits for would be taken for the next method's.",
		Source: reference + "basic.cancel.no-wait",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Consume(q, "c")
			c.Send(&wire.BasicCancel{ConsumerTag: "c", NoWait: true})
			c.Publish("", q, "a")
			t.Check("not delivered", c.Get(q), `get-ok 1 left 0 "a"`)
		},
	},
	{
		ID:     "basic.cancel/other-channel",
		Title:  "a consumer of another channel is not cancelled",
		Why:    "Tags are the channel's own.",
		Source: reference + "basic.consume.consumer-tag",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c, other := r.Channel(), r.Channel()
			c.Queue(q)
			c.Consume(q, "c")
			Call[*wire.BasicCancelOk](other, &wire.BasicCancel{ConsumerTag: "c"})
			other.Publish("", q, "a")
			t.Check("delivered", c.Lines(1), []string{`deliver c 1 "a"`})
		},
	},
	{
		ID:     "basic.cancel/notify",
		Title:  "deleting a queue cancels its consumers, for clients that declare consumer_cancel_notify",
		Why:    "Otherwise a worker waits for ever on a queue that is gone.",
		Source: pageCancel,
		Run: func(t *T) {
			q := t.QueueName("q")
			c, other := t.Raw().Channel(), t.Raw().Channel()
			c.Queue(q)
			c.Consume(q, "one")
			c.Consume(q, "two")
			Call[*wire.QueueDeleteOk](other, &wire.QueueDelete{Queue: q})
			t.Check("notices", c.LinesInAnyOrder(2), []string{"cancel one nowait", "cancel two nowait"})
			c.Queue(q)
			c.Consume(q, "one") // the tag is free
			other.Publish("", q, "a")
			t.Check("delivered", c.Lines(1), []string{`deliver one 1 "a"`})
		},
	},
	{
		ID:     "basic.cancel/no-notify-without-capability",
		Title:  "a client that does not declare consumer_cancel_notify is not told",
		Why:    "Old clients take an unexpected basic.cancel for an error.",
		Source: pageCancel,
		Run: func(t *T) {
			q := t.QueueName("q")
			r := t.Socket()
			r.Handshake(Handshake{Properties: wire.Table{{Key: "product", Value: "old"}}})
			c, other := r.Channel(), t.Raw().Channel()
			c.Queue(q)
			c.Consume(q, "c")
			Call[*wire.QueueDeleteOk](other, &wire.QueueDelete{Queue: q})
			t.Check("nothing comes", append(c.RoundTrip(), c.RoundTrip()...), []string{})
		},
	},
}
