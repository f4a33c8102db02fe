package conformance

import "github.com/minirabbit/minirabbit/wire"

var quorumCountCases = []Case{
	{
		ID:     "quorum.count/nack",
		Title:  "what a client gives back with basic.nack is counted in x-delivery-count, and on 4.3 in x-acquired-count",
		Why:    "A consumer can tell a poison message by it.",
		Source: pageQuorum + "#poison-message-handling",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(deliveryLimit(10))...)
			c.Consume(q, "c")
			t.Publish("", q, "a")
			t.Check("first", c.withHeaders(1), []string{`deliver c 1 "a"`})
			c.Send(&wire.BasicNack{DeliveryTag: 1, Requeue: true})
			t.Check("second", c.withHeaders(1), ByRelease(t,
				On(UpTo("4.2"), []string{`deliver c 2 redelivered "a" {x-delivery-count=1}`}),
				On(Since("4.3"), []string{`deliver c 2 redelivered "a" {x-acquired-count=1}`})))
			c.Send(&wire.BasicNack{DeliveryTag: 2, Requeue: true})
			t.Check("third", c.withHeaders(1), ByRelease(t,
				On(UpTo("4.2"), []string{`deliver c 3 redelivered "a" {x-delivery-count=2}`}),
				On(Since("4.3"), []string{`deliver c 3 redelivered "a" {x-acquired-count=2}`})))
		},
	},
	{
		ID:     "quorum.count/reject",
		Title:  "a rejection with requeue counts as a failed delivery",
		Why:    "4.3 tells giving back from failing.",
		Source: pageQuorum + "#poison-message-handling",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(deliveryLimit(10))...)
			c.Consume(q, "c")
			t.Publish("", q, "a")
			t.Check("first", c.withHeaders(1), []string{`deliver c 1 "a"`})
			c.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
			t.Check("second", c.withHeaders(1), ByRelease(t,
				On(UpTo("4.2"), []string{`deliver c 2 redelivered "a" {x-delivery-count=1}`}),
				On(Since("4.3"), []string{`deliver c 2 redelivered "a" {x-acquired-count=1, x-delivery-count=1}`})))
			c.Send(&wire.BasicNack{DeliveryTag: 2, Requeue: true})
			t.Check("third", c.withHeaders(1), ByRelease(t,
				On(UpTo("4.2"), []string{`deliver c 3 redelivered "a" {x-delivery-count=2}`}),
				On(Since("4.3"), []string{`deliver c 3 redelivered "a" {x-acquired-count=2, x-delivery-count=1}`})))
			c.Send(&wire.BasicReject{DeliveryTag: 3, Requeue: true})
			t.Check("fourth", c.withHeaders(1), ByRelease(t,
				On(UpTo("4.2"), []string{`deliver c 4 redelivered "a" {x-delivery-count=3}`}),
				On(Since("4.3"), []string{`deliver c 4 redelivered "a" {x-acquired-count=3, x-delivery-count=2}`})))
		},
	},
	{
		ID:     "quorum.count/channel-closes",
		Title:  "a consumer that goes away counts as a failed delivery",
		Why:    "A message that crashes its consumers is told by it.",
		Source: pageQuorum + "#poison-message-handling",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			r.Channel().Queue(q, quorum(deliveryLimit(10))...)
			t.Publish("", q, "a", "b")
			c := r.Channel()
			c.Consume(q, "c")
			t.Check("first", c.withHeaders(2), []string{`deliver c 1 "a"`, `deliver c 2 "b"`})
			c.Close()
			c = r.Channel()
			c.Consume(q, "c")
			t.Check("second", c.withHeaders(2), ByRelease(t,
				On(UpTo("4.2"), []string{`deliver c 1 redelivered "a" {x-delivery-count=1}`, `deliver c 2 redelivered "b" {x-delivery-count=1}`}),
				On(Since("4.3"), []string{
					`deliver c 1 redelivered "a" {x-acquired-count=1, x-delivery-count=1}`,
					`deliver c 2 redelivered "b" {x-acquired-count=1, x-delivery-count=1}`,
				})))
		},
	},
	{
		ID:     "quorum.count/recover",
		Title:  "basic.recover gives messages back as a nack does",
		Why:    "The same count has to grow.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(deliveryLimit(10))...)
			c.Consume(q, "c")
			t.Publish("", q, "a")
			t.Check("first", c.withHeaders(1), []string{`deliver c 1 "a"`})
			c.Send(&wire.BasicRecover{Requeue: true})
			t.Check("reply and second", c.withHeaders(2), ByRelease(t,
				On(UpTo("4.2"), []string{"basic.recover-ok{}", `deliver c 2 redelivered "a" {x-delivery-count=1}`}),
				On(Since("4.3"), []string{"basic.recover-ok{}", `deliver c 2 redelivered "a" {x-acquired-count=1}`})))
		},
	},
	{
		ID:     "quorum.count/get",
		Title:  "basic.get counts as a delivery, and in 3.10 a message that it gets for the first time carries a count of 0",
		Why:    "The limit holds for it, too.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(deliveryLimit(10))...)
			t.Publish("", q, "a")
			t.Check("first", c.getWithHeaders(q), ByRelease(t,
				On(Only("3.10"), `get-ok 1 left 0 "a" {x-delivery-count=0}`),
				On(Since("3.12"), `get-ok 1 left 0 "a"`)))
			c.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
			c.CheckCounts("came back", q, Counts{Ready: 1})
			t.Check("second", c.getWithHeaders(q), ByRelease(t,
				On(UpTo("4.2"), `get-ok 2 left 0 redelivered "a" {x-delivery-count=1}`),
				On(Since("4.3"), `get-ok 2 left 0 redelivered "a" {x-acquired-count=1, x-delivery-count=1}`)))
		},
	},
	{
		ID:     "quorum.count/header-of-publisher",
		Title:  "an x-delivery-count that a publisher wrote is overwritten, or delivered until there is one",
		Why:    "Republished messages carry the old header.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(deliveryLimit(10))...)
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, headers(wire.Field{Key: "a", Value: "1"}, wire.Field{Key: "x-delivery-count", Value: int64(7)}, wire.Field{Key: "z", Value: "2"}), "m")
			c.Consume(q, "c")
			t.Check("first", c.withHeaders(1), []string{`deliver c 1 "m" {a="1", x-delivery-count=7, z="2"}`})
			c.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
			t.Check("second", c.withHeaders(1), ByRelease(t,
				On(UpTo("4.2"), []string{`deliver c 2 redelivered "m" {a="1", x-delivery-count=1, z="2"}`}),
				On(Since("4.3"), []string{`deliver c 2 redelivered "m" {a="1", x-acquired-count=1, x-delivery-count=1, z="2"}`})))
		},
	},
}
