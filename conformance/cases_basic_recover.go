package conformance

import "github.com/minirabbit/minirabbit/wire"

var basicRecoverCases = []Case{
	{
		ID:     "basic.recover/requeue",
		Title:  "recover with requeue returns everything unacknowledged on the channel, in the original order",
		Why:    "A worker that lost track starts over.",
		Source: reference + "basic.recover.requeue",
		Run: func(t *T) {
			r := t.Raw()
			c, other := r.Channel(), r.Channel()
			q := taken(t, c, "a", "b", "c")
			c.Send(&wire.BasicAck{DeliveryTag: 2})
			t.Check("reply", describe(Call[*wire.BasicRecoverOk](c, &wire.BasicRecover{Requeue: true})), "basic.recover-ok{}")
			t.Check("order", []string{other.Get(q), other.Get(q), other.Get(q)}, []string{
				`get-ok 1 left 1 redelivered "a"`, `get-ok 2 left 0 redelivered "c"`, "get-empty"})
			t.Check("the old tags are unknown", c.Refused(&wire.BasicAck{DeliveryTag: 1}), unknownTag(1, wire.IDBasicAck))
		},
	},
	{
		ID:     "basic.recover/consumer",
		Title:  "recovered messages are delivered again to the consumers, with new tags",
		Why:    "Credit and order have to hold after a recover.",
		Source: reference + "basic.recover",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			t.Publish("", q, "a", "b", "c")
			c.Qos(2, false)
			c.Consume(q, "c")
			t.Check("first", c.Fence(q), []string{`deliver c 1 "a"`, `deliver c 2 "b"`})
			c.Send(&wire.BasicRecover{Requeue: true})
			t.Check("again", c.Fence(q), []string{"basic.recover-ok{}", `deliver c 3 redelivered "a"`, `deliver c 4 redelivered "b"`})
		},
	},
	{
		ID:     "basic.recover/no-requeue",
		Title:  "recover without requeue is not implemented, and closes the connection with 540",
		Why:    "It must not be taken for the other.",
		Source: pageErrata,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			taken(t, c, "a")
			t.Check("refusal", c.Refused(&wire.BasicRecover{}),
				ConnectionError(wire.NotImplemented, "requeue=false", wire.IDBasicRecover))
		},
	},
	{
		ID:     "basic.recover-async/requeue",
		Title:  "recover-async requeues without a reply",
		Why:    "Deprecated, and still there.",
		Source: reference + "basic.recover-async",
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := taken(t, c, "a")
			c.Send(&wire.BasicRecoverAsync{Requeue: true})
			t.Check("no reply", c.RoundTrip(), []string{})
			t.Check("requeued", c.Get(q), `get-ok 2 left 0 redelivered "a"`)
			t.Check("without requeue", c.Refused(&wire.BasicRecoverAsync{}),
				ConnectionError(wire.NotImplemented, "requeue=false", wire.IDBasicRecoverAsync))
		},
	},
}
