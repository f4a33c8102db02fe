package conformance

import "github.com/minirabbit/minirabbit/wire"

// priority are properties with a priority only.
func priority(p uint8) wire.Properties { return wire.Properties{Flags: wire.HasPriority, Priority: p} }

var priorityCases = []Case{
	{
		ID:     "priority/higher-first",
		Title:  "messages of a higher priority come first, in the order of their publishing within one priority; none is 0",
		Why:    "It is what x-max-priority is for.",
		Source: pagePriority,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.queueOfPriorities(q, 10)
			c.publishPriorities(q, []string{"a1", "b5", "c-", "d5", "e10", "f0", "g1"}, []int{1, 5, -1, 5, 10, 0, 1})
			t.Check("order", c.Drain(q), []string{"e10", "b5", "d5", "a1", "g1", "c-", "f0"})
		},
	},
	{
		ID:     "priority/above-the-highest",
		Title:  "a priority above x-max-priority counts as the highest, and is delivered as it was published",
		Why:    "Publishers need not know the limit of the queue.",
		Source: pagePriority,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.queueOfPriorities(q, 3)
			c.publishPriorities(q, []string{"a3", "b255", "c3", "d2"}, []int{3, 255, 3, 2})
			c.Send(&wire.BasicGet{Queue: q, NoAck: true})
			t.Check("first", c.Next().String(), `get-ok 1 left 3 "a3"`)
			c.Send(&wire.BasicGet{Queue: q, NoAck: true})
			got := c.Next()
			t.Check("second", got.String(), `get-ok 2 left 2 "b255"`)
			t.Check("its priority", got.Header.Properties, priority(255))
			t.Check("the rest", c.Drain(q), []string{"c3", "d2"})
		},
	},
	{
		ID:     "priority/not-asked-for",
		Title:  "a queue without x-max-priority ignores priorities",
		Why:    "Queues are first in, first out unless told otherwise.",
		Source: pagePriority,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.publishPriorities(q, []string{"a0", "b9", "c5"}, []int{0, 9, 5})
			t.Check("order", c.Drain(q), []string{"a0", "b9", "c5"})
		},
	},
	{
		ID:     "priority/zero",
		Title:  "with x-max-priority 0 there is one priority in 3.10, and two since 4.0, as with 1",
		Why:    "0 is taken, and means something else.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.queueOfPriorities(q, 0)
			c.publishPriorities(q, []string{"a0", "b9", "c5"}, []int{0, 9, 5})
			t.Check("order", c.Drain(q), ByRelease(t,
				On(UpTo("3.12"), []string{"a0", "b9", "c5"}),
				On(Since("3.13"), []string{"b9", "c5", "a0"})))
		},
	},
	{
		ID:     "priority/255",
		Title:  "x-max-priority may be 255",
		Why:    "It is the highest that a message can have.",
		Source: pagePriority,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.queueOfPriorities(q, 255)
			c.publishPriorities(q, []string{"a254", "b255", "c0"}, []int{254, 255, 0})
			t.Check("order", c.Drain(q), []string{"b255", "a254", "c0"})
		},
	},
	{
		ID:     "priority/requeued",
		Title:  "a message that is requeued goes back to its place within its priority",
		Why:    "Requeueing must not reorder.",
		Source: pagePriority,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.queueOfPriorities(q, 5)
			c.publishPriorities(q, []string{"a5", "b5", "c1", "d1"}, []int{5, 5, 1, 1})
			for range 3 {
				c.Get(q)
			}
			c.Send(&wire.BasicNack{DeliveryTag: 3, Requeue: true}, &wire.BasicNack{DeliveryTag: 1, Requeue: true}, &wire.BasicNack{DeliveryTag: 2, Requeue: true})
			t.Check("order", c.DrainRequeued(q, 4), []string{"a5", "b5", "c1", "d1"})
		},
	},
	{
		ID:     "priority/consumer-has-it-already",
		Title:  "what a consumer has already does not go back for a message of a higher priority",
		Why:    "A prefetch limit is what makes priorities work for consumers.",
		Source: pagePriority,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.queueOfPriorities(q, 5)
			c.Qos(1, false)
			c.Consume(q, "c")
			c.publishPriorities(q, []string{"a0", "b1", "c5"}, []int{0, 1, 5})
			t.Check("before", c.Fence(q), []string{`deliver c 1 "a0"`})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("after", c.Fence(q), []string{`deliver c 2 "c5"`})
		},
	},
	{
		ID:     "priority/maxlen",
		Title:  "a full priority queue drops the message that would be delivered next, of the highest priority",
		Why:    "A limit on a priority queue is a trap: the important messages go first.",
		Source: pagePriority + "#interaction-with-other-features",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.queueOfPriorities(q, 5, wire.Field{Key: "x-max-length", Value: int32(2)})
			c.publishPriorities(q, []string{"a5", "b1", "c0", "d3"}, []int{5, 1, 0, 3})
			t.Check("left", c.Drain(q), []string{"b1", "c0"})
		},
	},
	{
		ID:     "priority/expired-behind",
		Title:  "a message that is not due holds up those behind it, of a lower priority too",
		Why:    "Messages expire at the head of the queue only, and the head is of the highest priority.",
		Source: pagePriority + "#interaction-with-other-features",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.queueOfPriorities(q, 5)
			expiring := priority(1)
			expiring.Flags |= wire.HasExpiration
			expiring.Expiration = "1"
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, priority(5), "high")
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, priority(1), "low")
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, expiring, "behind")
			expiring.Priority = 0
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, expiring, "lowest")
			c.passes("1")
			c.CheckCounts("all there", q, Counts{Ready: 4})
			t.Check("first", c.Get(q), `get-ok 1 left 3 "high"`)
			t.Check("second", c.Get(q), `get-ok 2 left 0 "low"`)
		},
	},
	{
		ID:     "priority/dead-letters",
		Title:  "a dead letter keeps its priority",
		Why:    "Priorities go on behind a dead letter exchange.",
		Source: pagePriority,
		Run: func(t *T) {
			c, q, dlq := t.Raw().Channel(), t.QueueName("q"), t.QueueName("dlq")
			c.queueOfPriorities(dlq, 5)
			c.queueOfPriorities(q, 5, append(deadLetterTo(dlq), wire.Field{Key: "x-message-ttl", Value: int32(1)})...)
			c.publishPriorities(q, []string{"a1", "b5"}, []int{1, 5})
			c.CheckCounts("dead letters", dlq, Counts{Ready: 2})
			t.Check("order", c.Drain(dlq), []string{"b5", "a1"})
		},
	},
	{
		ID:     "priority/purge-and-counts",
		Title:  "counts and purging go over all priorities",
		Why:    "It is one queue to its users.",
		Source: pagePriority,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.queueOfPriorities(q, 5)
			c.publishPriorities(q, []string{"a1", "b5", "c0"}, []int{1, 5, 0})
			c.CheckCounts("ready", q, Counts{Ready: 3})
			t.Check("purged", Call[*wire.QueuePurgeOk](c, &wire.QueuePurge{Queue: q}), &wire.QueuePurgeOk{MessageCount: 3})
		},
	},
}
