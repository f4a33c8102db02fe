package conformance

import "github.com/minirabbit/minirabbit/wire"

var queuePurgeCases = []Case{
	{
		ID:     "queue.purge/reply",
		Title:  "purging removes the messages that are ready and counts them; unacknowledged ones stay",
		Why:    "Tests and operators purge live queues.",
		Source: reference + "queue.purge",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Publish("", q, "a", "b", "c")
			t.Check("get", c.Get(q), `get-ok 1 left 2 "a"`)
			t.Check("reply", Call[*wire.QueuePurgeOk](c, &wire.QueuePurge{Queue: q}), &wire.QueuePurgeOk{MessageCount: 2})
			t.Check("again", Call[*wire.QueuePurgeOk](c, &wire.QueuePurge{Queue: q}), &wire.QueuePurgeOk{})
			c.Send(&wire.BasicNack{DeliveryTag: 1, Requeue: true})
			t.Check("came back", c.Get(q), `get-ok 2 left 0 redelivered "a"`)
		},
	},
	{
		ID:     "queue.purge/missing",
		Title:  "purging a queue that does not exist is a 404",
		Why:    "Unlike deletion, this is an error.",
		Source: reference + "queue.purge",
		Run: func(t *T) {
			t.Check("refusal", t.Raw().Channel().Refused(&wire.QueuePurge{Queue: t.QueueName("q")}),
				ChannelError(wire.NotFound, "no queue '<q>' in vhost '/'", wire.IDQueuePurge))
		},
	},
	{
		ID:     "queue.purge/nowait",
		Title:  "with no-wait the queue is purged without a reply",
		Why:    "A reply that nobody waits for would be taken for the next method's.",
		Source: reference + "queue.purge.no-wait",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Publish("", q, "a")
			c.Send(&wire.QueuePurge{Queue: q, NoWait: true})
			c.CheckCounts("counts", q, Counts{})
		},
	},
}
