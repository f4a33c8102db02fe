package conformance

import "github.com/minirabbit/minirabbit/wire"

var expiresCases = []Case{
	{
		ID:     "expires/unused",
		Title:  "a queue with x-expires is deleted when it is not used for so long, with its messages, which are not dead-lettered",
		Why:    "Reply queues go this way; what was in them is nobody's.",
		Source: pageTTL + "#queue-ttl",
		Run: func(t *T) {
			r := t.Raw()
			c, q, dlq := r.Channel(), t.QueueName("q"), t.QueueName("dlq") // classic: a quorum queue looks every few seconds only
			c.Queue(dlq)
			c.Queue(q, append(deadLetterTo(dlq), expires(300))...)
			t.Publish("", q, "publishing is no use")
			c.passes("1000")
			t.Check("unused", r.Channel().Refused(&wire.QueueDeclare{Queue: q, Passive: true}), gone(q))
			c.CheckCounts("dead letters", dlq, Counts{})
		},
	},
	{
		ID:     "expires/use",
		Title:  "a consumer, a declaration and basic.get are use of a queue",
		Why:    "A queue must not go from under who uses it.",
		Source: pageTTL + "#queue-ttl",
		Waits:  true,
		Run: func(t *T) {
			r := t.Raw()
			c, q := r.Channel(), t.QueueName("q")
			c.Queue(q, expires(3000))
			c.Consume(q, "c")
			c.passes("3500")
			t.Check("consumed", c.Counts(q), Counts{Consumers: 1})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "c"})
			c.passes("1500")
			t.Check("cancelled a while ago", c.Get(q), "get-empty")
			c.passes("1500")
			t.Check("got a while ago", c.Counts(q), Counts{})
			c.passes("1500")
			t.Check("declared a while ago", c.Get(q), "get-empty")
			c.passes("5000")
			t.Check("unused", r.Channel().Refused(&wire.QueueDeclare{Queue: q, Passive: true}), gone(q))
		},
	},
	{
		ID: "expires/held", Title: "a queue expires though a client holds a message that it got, and settling that is no error",
		Why: "Only consumers and declarations keep a queue; polling does while it goes on.", Source: pageTTL + "#queue-ttl", Waits: true,
		Run: func(t *T) {
			r := t.Raw()
			c, q := r.Channel(), t.QueueName("q")
			c.Queue(q, expires(1500))
			t.Publish("", q, "m")
			t.Check("held", c.Get(q), `get-ok 1 left 0 "m"`)
			r.Channel().passes("3000")
			t.Check("gone", r.Channel().Refused(&wire.QueueDeclare{Queue: q, Passive: true}), gone(q))
			c.Send(&wire.BasicNack{DeliveryTag: 1, Requeue: true})
			t.Check("given back to nobody", c.RoundTrip(), []string{})
		},
	},
}
