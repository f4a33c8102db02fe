package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

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
				On(UpTo("3.13"), []string{"c", "d", "b", "a"}),
				On(Since("4.0"), []string{"b", "a", "c", "d"})))
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
				On(UpTo("3.13"), []string{"a-", "b4", "c5", "d9", "e0", "f6", "g5", "h255", "i3", "j40"}),
				On(Between("4.0", "4.2"), []string{"c5", "d9", "a-", "f6", "g5", "b4", "h255", "j40", "e0", "i3"}),
				On(Since("4.3"), []string{"h255", "j40", "d9", "f6", "c5", "g5", "a-", "b4", "i3", "e0"})))
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
				On(UpTo("3.13"), []string{`deliver one 2 "b"`}),
				On(Since("4.0"), []string{`deliver high 2 "b"`})))
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "one"})
			c.Send(&wire.BasicAck{DeliveryTag: 2})
			t.Check("after the first is cancelled", c.Lines(1), ByRelease(t,
				On(UpTo("3.13"), []string{`deliver two 3 "c"`}),
				On(Since("4.0"), []string{`deliver high 3 "c"`})))
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
				On(UpTo("4.1"), `channel error 405 "RESOURCE_LOCKED - cannot obtain access to locked queue '<q>' in vhost '/'. basic.get operations are not supported by quorum queues with single active consumer" by basic.get`),
				On(Since("4.2"), `channel error 405 "RESOURCE_LOCKED - cannot obtain access to locked queue '<q>' in vhost '/'. basic.get operations are not supported by <<\"quorum\">> queues with single active consumer" by basic.get`)))
		},
	},
	{
		ID:     "quorum.order/same-tag-again",
		Title:  "a channel that consumes again under a tag of which it still holds messages has one consumer, not two",
		Why:    "A quorum queue counts a cancelled consumer as long as it holds messages.",
		Source: pageQuorum,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum()...)
			c.Consume(q, "again")
			c.Publish("", q, "m")
			t.Check("delivered", c.Lines(1), []string{`deliver again 1 "m"`})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "again"})
			c.CheckCounts("cancelled", q, Counts{Consumers: 1})
			c.Consume(q, "again")
			c.CheckCounts("again", q, Counts{Consumers: 1})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			c.CheckCounts("settled", q, Counts{Consumers: 1})
		},
	},
	{
		ID:     "quorum.order/got-comes-back",
		Title:  "what basic.get got comes back in the order of the letters of its delivery tags when the channel ends",
		Why:    "Each basic.get is a consumer of its own, and its tag is text: 10 before 9.",
		Source: pageQuorum,
		Run: func(t *T) {
			r := t.Raw()
			c, q := r.Channel(), t.QueueName("q")
			c.Queue(q, quorum()...)
			for i := range 11 {
				c.Publish("", q, fmt.Sprint(i+1))
			}
			c.CheckCounts("published", q, Counts{Ready: 11})
			got := r.Channel()
			for range 11 {
				Call[*wire.BasicGetOk](got, &wire.BasicGet{Queue: q})
			}
			got.Close()
			t.Check("order", c.DrainRequeued(q, 11), []string{"1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9"})
		},
	},
	{
		ID:     "quorum.order/older-third",
		Title:  "of three messages that 4.0 takes from a quorum queue, the third is the older one of the first high and the first normal",
		Why:    "A normal message must not wait forever behind high ones.",
		Source: pageQuorum + "#priorities",
		Run: func(t *T) {
			c := t.Raw().Channel()
			for _, each := range []struct {
				label             string
				bodies            []string
				priorities        []int
				in310, in40, in43 []string
			}{
				{"normal-first", []string{"x", "y", "n", "h", "n2", "h2"}, []int{4, 4, 4, 9, 4, 9},
					[]string{"n", "h", "n2", "h2"}, []string{"n", "h", "h2", "n2"}, []string{"h", "h2", "n", "n2"}},
				{"high-first", []string{"x", "y", "h", "n", "h2", "n2"}, []int{4, 4, 9, 4, 9, 4},
					[]string{"h", "n", "h2", "n2"}, []string{"h", "h2", "n", "n2"}, []string{"h", "h2", "n", "n2"}},
			} {
				q := t.QueueName(each.label)
				c.Queue(q, quorum()...)
				c.publishPriorities(q, each.bodies[:2], each.priorities[:2])
				c.CheckCounts(each.label+" two", q, Counts{Ready: 2})
				t.Check(each.label+" two", c.Drain(q), []string{"x", "y"})
				c.publishPriorities(q, each.bodies[2:], each.priorities[2:])
				c.CheckCounts(each.label+" four", q, Counts{Ready: 4})
				t.Check(each.label+" order", c.Drain(q), ByRelease(t, On(UpTo("3.13"), each.in310), On(Between("4.0", "4.2"), each.in40), On(Since("4.3"), each.in43)))
			}
		},
	},
	{
		ID:     "quorum.order/returned-one-by-one",
		Title:  "where what is returned goes to the end of the queue, as in 3.10, it comes back one by one, otherwise consumer by consumer",
		Why:    "The tags of deliveries to several consumers of one channel show it.",
		Source: pageQuorum,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum()...)
			c.Consume(q, "first")
			for i := range 3 {
				c.Publish("", q, fmt.Sprint(i+1))
				c.Next()
			}
			c.Consume(q, "second")
			c.Send(&wire.BasicNack{DeliveryTag: 3, Multiple: true, Requeue: true})
			var got []string
			for range 3 {
				d := c.Next()
				got = append(got, d.Method.(*wire.BasicDeliver).ConsumerTag+" "+string(d.Body))
			}
			t.Check("order", got, ByRelease(t,
				On(UpTo("3.13"), []string{"first 1", "second 2", "first 3"}),
				On(Since("4.0"), []string{"first 1", "first 3", "second 2"})))
		},
	},
	{
		ID:     "quorum.order/failed-channel-first",
		Title:  "when a connection ends over an error of a channel, what that channel holds comes back first",
		Why:    "The other channels end in any order.",
		Source: pageQuorum,
		Run: func(t *T) {
			for _, failing := range []string{"first", "last"} {
				q, c := t.QueueName(failing), t.Raw().Channel()
				c.Queue(q, quorum()...)
				c.Publish("", q, "a", "b")
				c.CheckCounts(failing+" published", q, Counts{Ready: 2})
				a, b := t.getOnTwoChannels(q)
				want := map[string][]string{"first": {"a", "b"}, "last": {"b", "a"}}[failing]
				if failing == "last" {
					a = b
				}
				t.Check(failing+" error", a.Refused(&wire.BasicQos{PrefetchSize: 1}).Code, wire.NotImplemented)
				t.Check(failing+" order", c.DrainRequeued(q, 2), want)
			}
		},
	},
	{
		ID: "quorum.order/single-active-busy", Title: "since 4.0 a consumer of a higher priority becomes the single active one when the active one has settled all; until then nobody gets anything",
		Why: "A worker that is slow to acknowledge holds up the queue.", Source: pageQuorum,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			low, high, other := r.Channel(), r.Channel(), t.Raw().Channel()
			low.Queue(q, quorum(singleActive)...)
			for _, c := range []*RawChannel{low, high} {
				c.Qos(2, false)
			}
			low.ConsumeWith(priorityConsumer(q, "low", int32(1)))
			t.Publish("", q, "a", "b", "c", "d")
			t.Check("low", low.Lines(2), []string{`deliver low 1 "a"`, `deliver low 2 "b"`})
			high.ConsumeWith(priorityConsumer(q, "high", int32(5)))
			low.Send(&wire.BasicAck{DeliveryTag: 1})
			other.CheckCounts("one is settled", q, Counts{Ready: ByRelease(t, On(UpTo("3.13"), uint32(1)), On(Since("4.0"), uint32(2))), Consumers: 1})
			low.Send(&wire.BasicAck{DeliveryTag: 2})
			if t.In(UpTo("3.13")) {
				t.Check("low goes on", low.Lines(2), []string{`deliver low 3 "c"`, `deliver low 4 "d"`})
			} else {
				t.Check("high takes over", high.Lines(2), []string{`deliver high 1 "c"`, `deliver high 2 "d"`})
			}
		},
	},
}
