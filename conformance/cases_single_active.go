package conformance

import "github.com/minirabbit/minirabbit/wire"

var singleActiveCases = []Case{
	{
		ID:     "single-active/first-only",
		Title:  "of the consumers of such a queue only the first gets messages",
		Why:    "It keeps the order of processing while others stand by.",
		Source: pageConsumers + "#single-active-consumer",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, singleActive)
			c.Consume(q, "one")
			c.Consume(q, "two")
			c.Publish("", q, "a", "b", "c")
			t.Check("deliveries", c.Fence(q), []string{`deliver one 1 "a"`, `deliver one 2 "b"`, `deliver one 3 "c"`})
		},
	},
	{
		ID:     "single-active/fail-over",
		Title:  "when the active consumer is cancelled, the one that came next takes over",
		Why:    "Somebody goes on without an operator.",
		Source: pageConsumers + "#single-active-consumer",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, singleActive)
			for _, tag := range []string{"one", "two", "three"} {
				c.Consume(q, tag)
			}
			t.Publish("", q, "a")
			t.Check("first", c.Fence(q), []string{`deliver one 1 "a"`})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "one"})
			t.Publish("", q, "b")
			t.Check("second", c.Fence(q), []string{`deliver two 2 "b"`})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "three"})
			c.Consume(q, "four")
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "two"})
			t.Publish("", q, "c")
			t.Check("fourth", c.Fence(q), []string{`deliver four 3 "c"`})
		},
	},
	{
		ID:     "single-active/channel-closes",
		Title:  "when the active consumer's channel closes, its messages go to the next one, redelivered and in order",
		Why:    "Nothing is lost or overtaken when a worker goes.",
		Source: pageConsumers + "#single-active-consumer",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			first, second := r.Channel(), r.Channel()
			first.Queue(q, singleActive)
			first.Consume(q, "one")
			second.Consume(q, "two")
			t.Publish("", q, "a", "b")
			t.Check("first", first.Fence(q), []string{`deliver one 1 "a"`, `deliver one 2 "b"`})
			first.Close()
			t.Check("second", second.Lines(2), []string{`deliver two 1 redelivered "a"`, `deliver two 2 redelivered "b"`})
		},
	},
	{
		ID:     "single-active/connection-drops",
		Title:  "when the active consumer's connection breaks, the next one takes over",
		Why:    "A crash is the usual reason to fail over.",
		Source: pageConsumers + "#single-active-consumer",
		Run: func(t *T) {
			first, r, q := t.Raw(), t.Raw(), t.QueueName("q")
			c, second := first.Channel(), r.Channel()
			c.Queue(q, singleActive)
			c.Consume(q, "one")
			second.Consume(q, "two")
			t.Publish("", q, "a")
			c.Lines(1)
			first.Drop()
			t.Check("second", second.Lines(1), []string{`deliver two 1 redelivered "a"`})
		},
	},
	{
		ID:     "single-active/prefetch",
		Title:  "an active consumer that has its prefetch is waited for",
		Why:    "Giving the rest to another would break the order.",
		Source: pageConsumers + "#single-active-consumer",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c, other := r.Channel(), r.Channel()
			c.Queue(q, singleActive)
			c.Qos(1, false)
			c.Consume(q, "one")
			other.Consume(q, "two")
			t.Publish("", q, "a", "b")
			t.Check("first", c.Fence(q), []string{`deliver one 1 "a"`})
			t.Check("nothing for the second", other.Fence(q), []string{})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("first again", c.Fence(q), []string{`deliver one 2 "b"`})
		},
	},
	{
		ID:     "single-active/unacked-stay",
		Title:  "a consumer that is cancelled keeps what it has not acknowledged while another one is active",
		Why:    "Only closing the channel gives it back.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, singleActive)
			c.Consume(q, "one")
			c.Consume(q, "two")
			t.Publish("", q, "a")
			t.Check("first", c.Fence(q), []string{`deliver one 1 "a"`})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "one"})
			t.Publish("", q, "b")
			t.Check("second", c.Fence(q), []string{`deliver two 2 "b"`})
			c.Send(&wire.BasicNack{DeliveryTag: 1, Requeue: true})
			t.Check("given back", c.Fence(q), []string{`deliver two 3 redelivered "a"`})
		},
	},
	{
		ID:     "single-active/exclusive",
		Title:  "an exclusive consumer is refused on such a queue",
		Why:    "The two ways to be alone do not go together.",
		Source: pageConsumers + "#single-active-consumer",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, singleActive)
			t.Check("refusal", t.answer(c, &wire.BasicConsume{Queue: q, ConsumerTag: "c", Exclusive: true}), `channel error 403 "ACCESS_REFUSED - queue '<q>' in vhost '/' in exclusive use" by basic.consume`)
		},
	},
	{
		ID:     "single-active/get",
		Title:  "basic.get takes from such a queue beside the active consumer",
		Why:    "It is no consumer.",
		Source: measured,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c, other := r.Channel(), r.Channel()
			c.Queue(q, singleActive)
			c.Qos(1, false)
			c.Consume(q, "one")
			t.Publish("", q, "a", "b")
			c.Fence(q)
			t.Check("got", t.answer(other, &wire.BasicGet{Queue: q}), `get-ok 1 left 0 "b"`)
		},
	},
	{
		ID:     "single-active/priority",
		Title:  "a consumer of a higher priority does not take over from the active one, but comes first when it goes",
		Why:    "Classic queues change the active consumer only when they must.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, singleActive)
			c.ConsumeWith(priorityConsumer(q, "low", int32(1)))
			c.ConsumeWith(priorityConsumer(q, "other", int32(1)))
			c.ConsumeWith(priorityConsumer(q, "high", int32(5)))
			t.Publish("", q, "a")
			t.Check("active", c.Fence(q), []string{`deliver low 1 "a"`})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "low"})
			t.Publish("", q, "b")
			t.Check("next", c.Fence(q), []string{`deliver high 2 "b"`})
		},
	},
	{
		ID:     "single-active/inequivalent",
		Title:  "x-single-active-consumer false is not the same as none",
		Why:    "Equivalence compares values, not meanings.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			t.Check("answer", t.answer(c, &wire.QueueDeclare{Queue: q, Durable: true, Arguments: argument("x-single-active-consumer", false)}), `channel error 406 "PRECONDITION_FAILED - inequivalent arg 'x-single-active-consumer' for queue '<q>' in vhost '/': received the value 'false' of type 'bool' but current is none" by queue.declare`)
		},
	},
}
