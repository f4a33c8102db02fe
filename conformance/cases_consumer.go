package conformance

import "github.com/minirabbit/minirabbit/wire"

var consumerCases = []Case{
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
				On(UpTo("3.13"), `channel error 406 "PRECONDITION_FAILED - invalid arg 'x-cancel-on-ha-failover' for queue '<q>' in vhost '/': {unacceptable_type,longstr}" by basic.consume`),
				On(Since("4.0"), `basic.consume-ok{ConsumerTag: "c"}`)))
		},
	},
}
