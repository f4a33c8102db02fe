package conformance

import "github.com/minirabbit/minirabbit/wire"

var basicRejectCases = []Case{
	{
		ID:     "basic.reject/drop",
		Title:  "reject and nack without requeue drop the message",
		Why:    "Without a dead-letter exchange it is gone.",
		Source: reference + "basic.reject.requeue",
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := taken(t, c, "a", "b", "c")
			c.Send(&wire.BasicReject{DeliveryTag: 2}, &wire.BasicNack{DeliveryTag: 1})
			c.Close()
			t.Check("left", r.Channel().DrainRequeued(q, 1), []string{"c"})
		},
	},
	{
		ID:     "basic.reject/original-position",
		Title:  "a requeued message goes back to its original position",
		Why:    "Order survives a worker that gives back.",
		Source: pageQueues + "#message-ordering",
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := taken(t, c, "a", "b", "c", "d")
			c.Publish("", q, "e")
			c.Send(&wire.BasicReject{DeliveryTag: 3, Requeue: true})
			t.Check("c before e", c.Get(q), `get-ok 5 left 1 redelivered "c"`)
			c.Send(&wire.BasicReject{DeliveryTag: 4, Requeue: true}, &wire.BasicReject{DeliveryTag: 1, Requeue: true}, &wire.BasicReject{DeliveryTag: 5, Requeue: true})
			t.Check("a, c, d, e", []string{c.Get(q), c.Get(q), c.Get(q), c.Get(q)}, []string{
				`get-ok 6 left 3 redelivered "a"`, `get-ok 7 left 2 redelivered "c"`,
				`get-ok 8 left 1 redelivered "d"`, `get-ok 9 left 0 "e"`})
		},
	},
	{
		ID:     "basic.reject/to-another-consumer",
		Title:  "a rejected message that is requeued goes to the next consumer in turn",
		Why:    "A worker that cannot do a job hands it on.",
		Source: reference + "basic.reject",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			first, second := r.Channel(), r.Channel()
			first.Queue(q)
			first.Qos(1, false)
			first.Consume(q, "1")
			second.Consume(q, "2")
			t.Publish("", q, "a")
			t.Check("first", first.Lines(1), []string{`deliver 1 1 "a"`})
			first.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
			t.Check("second", second.Lines(1), []string{`deliver 2 1 redelivered "a"`})
		},
	},
}
