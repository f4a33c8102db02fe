package conformance

import "github.com/minirabbit/minirabbit/wire"

// priority are properties with a priority only.
func priority(p uint8) wire.Properties { return wire.Properties{Flags: wire.HasPriority, Priority: p} }

// publishPriorities publishes bodies with priorities; below 0 means none.
func (c *RawChannel) publishPriorities(queue string, bodies []string, priorities []int) {
	c.raw.t.Helper()
	for i, body := range bodies {
		properties := wire.Properties{}
		if priorities[i] >= 0 {
			properties = priority(uint8(priorities[i]))
		}
		c.PublishWith(&wire.BasicPublish{RoutingKey: queue}, properties, body)
	}
}

// passes waits until what was published on the channel before with that expiration is due.
func (c *RawChannel) passes(expiration string) {
	c.raw.t.Helper()
	clock, end := c.raw.t.QueueName("clock"), c.raw.t.QueueName("clock-end")
	c.Queue(end)
	c.Queue(clock, deadLetterTo(end)...)
	c.PublishWith(&wire.BasicPublish{RoutingKey: clock}, wire.Properties{Flags: wire.HasExpiration, Expiration: expiration}, "tick")
	c.raw.letterboxOnceFull(end).Next()
}

// queueOfPriorities declares a queue with x-max-priority.
func (c *RawChannel) queueOfPriorities(queue string, highest int, arguments ...wire.Field) {
	c.raw.t.Helper()
	c.Queue(queue, append(argument("x-max-priority", int32(highest)), arguments...)...)
}

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
				From(Only310, []string{"a0", "b9", "c5"}),
				From(Since40, []string{"b9", "c5", "a0"})))
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

// priorityConsumer is a consumer with x-priority.
func priorityConsumer(queue, tag string, value any) *wire.BasicConsume {
	return &wire.BasicConsume{Queue: queue, ConsumerTag: tag, Arguments: argument("x-priority", value)}
}

var consumerPriorityCases = []Case{
	{
		ID:     "consumer.priority/higher-first",
		Title:  "while a consumer of a higher priority can take messages, others get none; equal ones take turns",
		Why:    "A standby consumer must stay idle.",
		Source: pageConsumerPriority,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Consume(q, "none")
			c.ConsumeWith(priorityConsumer(q, "low", int32(-1)))
			c.ConsumeWith(priorityConsumer(q, "high", int32(10)))
			c.ConsumeWith(priorityConsumer(q, "too", int64(10)))
			c.Publish("", q, "a", "b", "c", "d")
			t.Check("deliveries", c.Fence(q), []string{`deliver high 1 "a"`, `deliver too 2 "b"`, `deliver high 3 "c"`, `deliver too 4 "d"`})
		},
	},
	{
		ID:     "consumer.priority/blocked",
		Title:  "when those of a higher priority have their prefetch, the next lower get the rest",
		Why:    "The standby helps under load.",
		Source: pageConsumerPriority,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Qos(1, false)
			c.ConsumeWith(priorityConsumer(q, "high", int32(1)))
			c.Consume(q, "none")
			c.ConsumeWith(priorityConsumer(q, "low", int32(-5)))
			t.Publish("", q, "a", "b", "c", "d", "e")
			t.Check("each has one", c.Fence(q), []string{`deliver high 1 "a"`, `deliver none 2 "b"`, `deliver low 3 "c"`})
			c.Send(&wire.BasicAck{DeliveryTag: 3})
			t.Check("low has credit", c.Fence(q), []string{`deliver low 4 "d"`})
			c.Send(&wire.BasicAck{DeliveryTag: 4, Multiple: true})
			t.Check("all have credit", c.Fence(q), []string{`deliver high 5 "e"`})
		},
	},
	{
		ID:     "consumer.priority/joins",
		Title:  "a consumer of a higher priority takes over from when it starts",
		Why:    "Deliveries made before stay where they are.",
		Source: pageConsumerPriority,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Consume(q, "none")
			t.Publish("", q, "a")
			t.Check("before", c.Fence(q), []string{`deliver none 1 "a"`})
			c.ConsumeWith(priorityConsumer(q, "high", int32(5)))
			t.Publish("", q, "b")
			t.Check("after", c.Fence(q), []string{`deliver high 2 "b"`})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "high"})
			t.Publish("", q, "c")
			t.Check("alone again", c.Fence(q), []string{`deliver none 3 "c"`})
		},
	},
	{
		ID:     "consumer.priority/values",
		Title:  "x-priority is any integer; something else is a 406",
		Why:    "A typing error must be heard of.",
		Source: pageConsumerPriority,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			r.Channel().Queue(q)
			for _, value := range []any{int8(-1), uint8(255), int16(-3), int32(1 << 30), int64(1 << 40), int64(-1 << 40)} {
				t.Check(render(value), t.answer(r.Channel(), priorityConsumer(q, "c", value)), `basic.consume-ok{ConsumerTag: "c"}`)
			}
			t.Check("string", t.answer(r.Channel(), priorityConsumer(q, "c", "5")), `channel error 406 "PRECONDITION_FAILED - invalid arg 'x-priority' for queue '<q>' in vhost '/': \"expected integer, got longstr\"" by basic.consume`)
			t.Check("bool", t.answer(r.Channel(), priorityConsumer(q, "c", true)), `channel error 406 "PRECONDITION_FAILED - invalid arg 'x-priority' for queue '<q>' in vhost '/': \"expected integer, got bool\"" by basic.consume`)
			t.Check("float", t.answer(r.Channel(), priorityConsumer(q, "c", 1.5)), `channel error 406 "PRECONDITION_FAILED - invalid arg 'x-priority' for queue '<q>' in vhost '/': \"expected integer, got double\"" by basic.consume`)
			t.Check("void", t.answer(r.Channel(), priorityConsumer(q, "c", nil)), `channel error 406 "PRECONDITION_FAILED - invalid arg 'x-priority' for queue '<q>' in vhost '/': \"expected integer, got void\"" by basic.consume`)
			t.Check("table", t.answer(r.Channel(), priorityConsumer(q, "c", wire.Table{})), `channel error 406 "PRECONDITION_FAILED - invalid arg 'x-priority' for queue '<q>' in vhost '/': \"expected integer, got table\"" by basic.consume`)
		},
	},
	{
		ID:     "consumer.argument/unknown",
		Title:  "basic.consume takes arguments that it does not know, and refuses some that the queue's type does not know",
		Why:    "Clients set arguments for any queue.",
		Source: measured,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			r.Channel().Queue(q)
			consume := func(key string) string {
				return t.answer(r.Channel(), &wire.BasicConsume{Queue: q, ConsumerTag: "c", Arguments: argument(key, "first")})
			}
			t.Check("unknown", consume("x-unknown"), `basic.consume-ok{ConsumerTag: "c"}`)
			t.Check("without x-", consume("no-prefix"), `basic.consume-ok{ConsumerTag: "c"}`)
			t.Check("of streams", consume("x-stream-offset"),
				`channel error 406 "PRECONDITION_FAILED - invalid arg 'x-stream-offset' for queue '<q>' in vhost '/' of queue type rabbit_classic_queue" by basic.consume`)
			t.Check("of mirrored queues, not a bool", consume("x-cancel-on-ha-failover"), ByRelease(t,
				From(Only310, `channel error 406 "PRECONDITION_FAILED - invalid arg 'x-cancel-on-ha-failover' for queue '<q>' in vhost '/': {unacceptable_type,longstr}" by basic.consume`),
				From(Since40, `basic.consume-ok{ConsumerTag: "c"}`)))
		},
	},
}

var singleActiveCases = []Case{
	{
		ID:     "single-active/first-only",
		Title:  "of the consumers of such a queue only the first gets messages",
		Why:    "It keeps the order of processing while others stand by.",
		Source: pageConsumers + "#single-active-consumer",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, argument("x-single-active-consumer", true)...)
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
			c.Queue(q, argument("x-single-active-consumer", true)...)
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
			first.Queue(q, argument("x-single-active-consumer", true)...)
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
			c.Queue(q, argument("x-single-active-consumer", true)...)
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
			c.Queue(q, argument("x-single-active-consumer", true)...)
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
			c.Queue(q, argument("x-single-active-consumer", true)...)
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
			c.Queue(q, argument("x-single-active-consumer", true)...)
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
			c.Queue(q, argument("x-single-active-consumer", true)...)
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
			c.Queue(q, argument("x-single-active-consumer", true)...)
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
