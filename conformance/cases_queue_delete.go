package conformance

import "github.com/minirabbit/minirabbit/wire"

var queueDeleteCases = []Case{
	{
		ID:     "queue.delete/reply",
		Title:  "deleting a queue counts the messages that were ready in it",
		Why:    "The count tells the user what was thrown away.",
		Source: reference + "queue.delete-ok",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Publish("", q, "a", "b", "c")
			t.Check("one unacknowledged", c.Get(q), `get-ok 1 left 2 "a"`)
			t.Check("reply", Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q}), &wire.QueueDeleteOk{MessageCount: 2})
			t.Check("gone", c.Refused(&wire.QueueDeclare{Queue: q, Passive: true}),
				ChannelError(wire.NotFound, "no queue '<q>' in vhost '/'", wire.IDQueueDeclare))
		},
	},
	{
		ID:     "queue.delete/missing",
		Title:  "deleting a queue that does not exist succeeds",
		Why:    "RabbitMQ made deletion idempotent where the specification wants a 404.",
		Source: pageErrata,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			t.Check("plain", Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q}), &wire.QueueDeleteOk{})
			t.Check("conditions", Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q, IfUnused: true, IfEmpty: true}),
				&wire.QueueDeleteOk{})
		},
	},
	{
		ID:     "queue.delete/if-unused",
		Title:  "if-unused refuses to delete a queue with consumers",
		Why:    "This protects the consumers of a shared queue.",
		Source: reference + "queue.delete.if-unused",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			consumer := r.Channel()
			consumer.Queue(q)
			consumer.Consume(q, "c")
			t.Check("refusal", r.Channel().Refused(&wire.QueueDelete{Queue: q, IfUnused: true}),
				ChannelError(wire.PreconditionFailed, "queue '<q>' in vhost '/' in use", wire.IDQueueDelete))
			Call[*wire.BasicCancelOk](consumer, &wire.BasicCancel{ConsumerTag: "c"})
			consumer.Publish("", q, "m")
			t.Check("not empty, but unused", Call[*wire.QueueDeleteOk](consumer, &wire.QueueDelete{Queue: q, IfUnused: true}),
				&wire.QueueDeleteOk{MessageCount: 1})
		},
	},
	{
		ID:     "queue.delete/if-empty",
		Title:  "if-empty refuses to delete a queue with messages that are ready; unacknowledged ones do not count",
		Why:    "This protects messages that nobody has seen.",
		Source: reference + "queue.delete.if-empty",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q)
			c.Publish("", q, "m")
			c.CheckCounts("still there", q, Counts{Ready: 1})
			t.Check("refusal", r.Channel().Refused(&wire.QueueDelete{Queue: q, IfEmpty: true}),
				ChannelError(wire.PreconditionFailed, "queue '<q>' in vhost '/' not empty", wire.IDQueueDelete))
			t.Check("get", c.Get(q), `get-ok 1 left 0 "m"`)
			t.Check("only an unacknowledged message", Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q, IfEmpty: true}),
				&wire.QueueDeleteOk{})
		},
	},
	{
		ID:     "queue.delete/both-conditions",
		Title:  "with both conditions broken, the error is about the messages",
		Why:    "One of the two has to come first, and programs match on the text.",
		Source: measured,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q)
			c.Qos(1, false)
			c.Consume(q, "c")
			c.Publish("", q, "a", "b")
			t.Check("delivered", c.Lines(1), []string{`deliver c 1 "a"`})
			t.Check("refusal", r.Channel().Refused(&wire.QueueDelete{Queue: q, IfUnused: true, IfEmpty: true}),
				ChannelError(wire.PreconditionFailed, "queue '<q>' in vhost '/' not empty", wire.IDQueueDelete))
		},
	},
	{
		ID:     "queue.delete/nowait",
		Title:  "with no-wait the queue is deleted without a reply",
		Why:    "A reply that nobody waits for would be taken for the next method's.",
		Source: reference + "queue.delete.no-wait",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Send(&wire.QueueDelete{Queue: q, NoWait: true})
			t.Check("next", c.Refused(&wire.QueueDeclare{Queue: q, Passive: true}),
				ChannelError(wire.NotFound, "no queue '<q>' in vhost '/'", wire.IDQueueDeclare))
		},
	},
	{
		ID:     "queue.delete/removes-bindings",
		Title:  "a queue takes its bindings along",
		Why:    "A queue declared again under the same name must not inherit them.",
		Source: pageQueues,
		Run: func(t *T) {
			c, q, x := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x")
			c.Exchange(x, "fanout")
			c.Queue(q)
			c.Bind(q, x, "")
			Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q})
			c.Queue(q)
			c.Publish(x, "", "m")
			c.CheckCounts("nothing routed", q, Counts{})
			Call[*wire.ExchangeDeleteOk](c, &wire.ExchangeDelete{Exchange: x, IfUnused: true})
		},
	},
	{
		ID:     "queue.delete/unacknowledged",
		Title:  "settling messages of a queue that was deleted meanwhile is no error",
		Why:    "A consumer cannot know in time that the queue is gone.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Publish("", q, "a", "b", "c")
			t.Check("get", []string{c.Get(q), c.Get(q), c.Get(q)},
				[]string{`get-ok 1 left 2 "a"`, `get-ok 2 left 1 "b"`, `get-ok 3 left 0 "c"`})
			Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q})
			c.Send(&wire.BasicAck{DeliveryTag: 1}, &wire.BasicNack{DeliveryTag: 2, Requeue: true}, &wire.BasicReject{DeliveryTag: 3})
			c.Queue(q)
			c.CheckCounts("the new queue has none of them", q, Counts{})
		},
	},
}
