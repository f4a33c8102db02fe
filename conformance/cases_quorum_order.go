package conformance

import "github.com/minirabbit/minirabbit/wire"

var quorumOrderCases = []Case{
	{
		ID:     "quorum.order/returned",
		Title:  "messages that come back go in front of the others, in the order in which they came back",
		Why:    "Their old places are not kept, as in classic queues.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(deliveryLimit(10))...)
			t.Publish("", q, "a", "b", "c", "d")
			for range 3 {
				c.Get(q)
			}
			c.Send(&wire.BasicReject{DeliveryTag: 3, Requeue: true}, &wire.BasicReject{DeliveryTag: 1, Requeue: true}, &wire.BasicReject{DeliveryTag: 2, Requeue: true})
			t.Check("order", c.DrainRequeued(q, 4), []string{"c", "a", "b", "d"})
		},
	},
	{
		ID:     "quorum.order/returned-together",
		Title:  "what one nack gives back comes in the order of the deliveries",
		Why:    "The usual case keeps its order.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(deliveryLimit(10))...)
			t.Publish("", q, "a", "b", "c", "d")
			for range 3 {
				c.Get(q)
			}
			c.Send(&wire.BasicNack{DeliveryTag: 3, Multiple: true, Requeue: true})
			t.Check("order", c.DrainRequeued(q, 4), []string{"a", "b", "c", "d"})
		},
	},
	{
		ID:     "quorum.order/returned-without-limit",
		Title:  "without a delivery limit 3.10 puts what a client gives back at the end of the queue",
		Why:    "A poison message then does not hold up the others.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum()...)
			t.Publish("", q, "a", "b", "c", "d")
			for range 2 {
				c.Get(q)
			}
			c.Send(&wire.BasicNack{DeliveryTag: 2, Requeue: true}, &wire.BasicReject{DeliveryTag: 1, Requeue: true})
			t.Check("order", c.DrainRequeued(q, 4), ByRelease(t,
				From(Only310, []string{"c", "d", "b", "a"}),
				From(Since40, []string{"b", "a", "c", "d"})))
		},
	},
	{
		ID:         "quorum.order/returned-limit-of-policy",
		Title:      "a delivery limit that a policy sets, or takes away with itself, decides where what comes back goes",
		Why:        "Operators set the limit for all queues, while messages wait in them.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum()...)
			returned := func(label string) {
				t.Publish("", q, "a", "b")
				ok := Call[*wire.BasicGetOk](c, &wire.BasicGet{Queue: q})
				c.Send(&wire.BasicNack{DeliveryTag: ok.DeliveryTag, Requeue: true})
				t.Observe(label, c.DrainRequeued(q, 2))
			}
			returned("no policy")
			t.Policy(q, map[string]any{"delivery-limit": 2})
			returned("a policy")
			t.Unpolicy(q)
			returned("no policy any more")
		},
	},
	{
		ID:     "quorum.order/returned-by-closing",
		Title:  "what a channel that closes had goes in front, in order",
		Why:    "A worker that restarts goes on where it was.",
		Source: measured,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q, quorum()...)
			t.Publish("", q, "a", "b", "c", "d")
			for range 3 {
				c.Get(q)
			}
			c.Close()
			t.Check("order", r.Channel().DrainRequeued(q, 4), []string{"a", "b", "c", "d"})
		},
	},
	{
		ID:     "quorum.order/priorities",
		Title:  "priorities count for nothing in 3.10, are high or normal in 4.0, where two high ones go before a normal one, and strict on 4.3",
		Why:    "Quorum queues have no x-max-priority.",
		Source: pageQuorum + "#priorities",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum()...)
			c.publishPriorities(q, []string{"a-", "b4", "c5", "d9", "e0", "f6", "g5", "h255", "i3", "j40"}, []int{-1, 4, 5, 9, 0, 6, 5, 255, 3, 40})
			c.CheckCounts("published", q, Counts{Ready: 10})
			t.Check("order", c.Drain(q), ByRelease(t,
				From(Only310, []string{"a-", "b4", "c5", "d9", "e0", "f6", "g5", "h255", "i3", "j40"}),
				From(Only40, []string{"c5", "d9", "a-", "f6", "g5", "b4", "h255", "j40", "e0", "i3"}),
				From(Only43, []string{"h255", "j40", "d9", "f6", "c5", "g5", "a-", "b4", "i3", "e0"})))
		},
	},
	{
		ID:     "quorum.order/single-active",
		Title:  "of several consumers one is active; since 4.0 one of a higher priority takes over",
		Why:    "It differs from classic queues.",
		Source: pageConsumers + "#single-active-consumer",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(wire.Field{Key: "x-single-active-consumer", Value: true})...)
			c.Qos(1, false)
			c.Consume(q, "one")
			c.Consume(q, "two")
			t.Publish("", q, "a", "b", "c", "d")
			t.Check("active", c.Lines(1), []string{`deliver one 1 "a"`})
			c.ConsumeWith(priorityConsumer(q, "high", int32(5)))
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("after a high one joined", c.Lines(1), ByRelease(t,
				From(Only310, []string{`deliver one 2 "b"`}),
				From(Since40, []string{`deliver high 2 "b"`})))
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "one"})
			c.Send(&wire.BasicAck{DeliveryTag: 2})
			t.Check("after the first is cancelled", c.Lines(1), ByRelease(t,
				From(Only310, []string{`deliver two 3 "c"`}),
				From(Since40, []string{`deliver high 3 "c"`})))
		},
	},
	{
		ID:     "quorum.order/single-active-get",
		Title:  "basic.get is refused on a queue with a single active consumer",
		Why:    "It would break the order.",
		Source: measured,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q, quorum(wire.Field{Key: "x-single-active-consumer", Value: true})...)
			t.Publish("", q, "a", "b")
			t.Check("without a consumer", t.answer(r.Channel(), &wire.BasicGet{Queue: q}), ByRelease(t,
				From(Before43, `channel error 405 "RESOURCE_LOCKED - cannot obtain access to locked queue '<q>' in vhost '/'. basic.get operations are not supported by quorum queues with single active consumer" by basic.get`),
				From(Only43, `channel error 405 "RESOURCE_LOCKED - cannot obtain access to locked queue '<q>' in vhost '/'. basic.get operations are not supported by <<\"quorum\">> queues with single active consumer" by basic.get`)))
		},
	},
	{
		ID:     "quorum.dead/expired",
		Title:  "messages of a quorum queue expire by the queue's and their own time to live",
		Why:    "Delays are built on it.",
		Source: pageTTL,
		Run: func(t *T) {
			d := newDeadLetters(t, quorum(wire.Field{Key: "x-message-ttl", Value: int32(10)})...)
			d.c.Publish("", d.q, "a")
			t.CheckLetters("by the queue", d.box, ByRelease(t,
				From(Only310, `a to <dlx> <q>; expired 1 in <q> from "" [<q>]; first expired in <q> from ""`),
				From(Since40, `a to <dlx> <q>; expired 1 in <q> from "" [<q>]; first expired in <q> from ""; last expired in <q> from ""`)))
			d.publish(wire.Properties{Flags: wire.HasExpiration, Expiration: "1"}, "b")
			t.CheckLetters("by the message", d.box, ByRelease(t,
				From(Only310, `b to <dlx> <q>; expired 1 in <q> from "" [<q>] expiration 1; first expired in <q> from ""`),
				From(Since40, `b to <dlx> <q>; expired 1 in <q> from "" [<q>] expiration 1; first expired in <q> from ""; last expired in <q> from ""`)))
		},
	},
	{
		ID:     "quorum.dead/maxlen",
		Title:  "a full quorum queue drops from its head",
		Why:    "As classic queues do.",
		Source: pageMaxLength,
		Run: func(t *T) {
			d := newDeadLetters(t, quorum(wire.Field{Key: "x-max-length", Value: int32(2)})...)
			d.c.Publish("", d.q, "a", "b", "c")
			t.CheckLetters("dead letter", d.box, ByRelease(t,
				From(Only310, `a to <dlx> <q>; maxlen 1 in <q> from "" [<q>]; first maxlen in <q> from ""`),
				From(Since40, `a to <dlx> <q>; maxlen 1 in <q> from "" [<q>]; first maxlen in <q> from ""; last maxlen in <q> from ""`)))
			t.Check("left", d.c.Drain(d.q), []string{"b", "c"})
		},
	},
	{
		ID:     "quorum.dead/rejected",
		Title:  "a rejection without requeue makes a dead letter; x-delivery-count does not go along",
		Why:    "The count belongs to the queue.",
		Source: pageDLX,
		Run: func(t *T) {
			d := newDeadLetters(t, quorum(deliveryLimit(10))...)
			t.Publish("", d.q, "a")
			d.c.Consume(d.q, "c")
			d.c.Lines(1)
			d.c.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
			d.c.Lines(1)
			d.c.Send(&wire.BasicReject{DeliveryTag: 2})
			t.CheckLetters("dead letter", d.box, ByRelease(t,
				From(Only310, `a to <dlx> <q>; rejected 1 in <q> from "" [<q>]; first rejected in <q> from ""`),
				From(Since40, `a to <dlx> <q>; rejected 1 in <q> from "" [<q>]; first rejected in <q> from ""; last rejected in <q> from ""`)))
		},
	},
	{
		ID:     "quorum.dead/cycle",
		Title:  "a cycle of quorum queues without a rejection ends, too",
		Why:    "The history is the same for all types.",
		Source: pageDLX,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(append(deadLetterTo(q), wire.Field{Key: "x-message-ttl", Value: int32(1)})...)...)
			c.Publish("", q, "a")
			c.CheckCounts("gone", q, Counts{})
		},
	},
	{
		ID:     "quorum.dead/into-quorum",
		Title:  "a dead letter goes from one quorum queue to another and on",
		Why:    "Retry queues are quorum queues, too.",
		Source: pageDLX,
		Run: func(t *T) {
			r := t.Raw()
			c, work, wait := r.Channel(), t.QueueName("work"), t.QueueName("wait")
			c.Queue(work, quorum(deadLetterTo(wait)...)...)
			c.Queue(wait, quorum(append(deadLetterTo(work), wire.Field{Key: "x-message-ttl", Value: int32(1)})...)...)
			t.Publish("", work, "m")
			c.Consume(work, "c")
			for range 2 {
				c.Send(&wire.BasicReject{DeliveryTag: Expect[*wire.BasicDeliver](c).DeliveryTag})
			}
			t.CheckLetters("twice around", c, ByRelease(t,
				From(Only310, `m to "" <work>; expired 2 in <wait> from "" [<wait>]; rejected 2 in <work> from "" [<work>]; first rejected in <work> from ""`),
				From(Only40, `m to "" <work>; expired 2 in <wait> from "" [<wait>]; rejected 2 in <work> from "" [<work>]; first rejected in <work> from ""; last expired in <wait> from ""; {x-delivery-count=2}`),
				From(Only43, `m to "" <work>; expired 2 in <wait> from "" [<wait>]; rejected 2 in <work> from "" [<work>]; first rejected in <work> from ""; last expired in <wait> from ""; {x-acquired-count=2, x-delivery-count=2}`)))
		},
	},
	{
		ID:     "quorum.dead/reject-publish",
		Title:  "with reject-publish a full quorum queue nacks, after it took one more or so",
		Why:    "The limit is soft: publishers learn of it late.",
		Source: pageQuorum + "#queue-length-limit",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(wire.Field{Key: "x-max-length", Value: int32(2)}, wire.Field{Key: "x-overflow", Value: "reject-publish"})...)
			c.Confirm()
			var confirms []string
			for range 6 {
				c.Publish("", q, "m")
				confirms = append(confirms, c.Lines(1)...)
			}
			t.Observe("confirms", confirms)
			nacked := 0
			for _, confirm := range confirms {
				if confirm[0] == 'n' {
					nacked++
				}
			}
			t.Check("all but two or three are nacked", nacked == 3 || nacked == 4, true)
			t.Observe("left", c.Drain(q))
		},
	},
}
