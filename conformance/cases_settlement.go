package conformance

import "github.com/minirabbit/minirabbit/wire"

var settlementCases = []Case{
	{
		ID:     "settlement/requeue-on-channel-close",
		Title:  "closing a channel requeues what is unacknowledged, in the original order, as redelivered",
		Why:    "This is what makes acknowledgements worth having.",
		Source: pageConfirms + "#automatic-requeueing",
		Run: func(t *T) {
			r := t.Raw()
			c, other := r.Channel(), r.Channel()
			q := taken(t, c, "a", "b", "c")
			c.Publish("", q, "d")
			c.Send(&wire.BasicAck{DeliveryTag: 2})
			c.Close()
			other.CheckCounts("came back", q, Counts{Ready: 3})
			t.Check("order", []string{other.Get(q), other.Get(q), other.Get(q), other.Get(q)}, []string{
				`get-ok 1 left 2 redelivered "a"`, `get-ok 2 left 1 redelivered "c"`, `get-ok 3 left 0 "d"`, "get-empty"})
		},
	},
	{
		ID:     "settlement/multiple-over-queues",
		Title:  "multiple settles messages of all queues, each in its own",
		Why:    "Tags are the channel's, and the queues are told apart by the broker.",
		Source: reference + "basic.ack.multiple",
		Run: func(t *T) {
			c, q, p := t.Raw().Channel(), t.QueueName("q"), t.QueueName("p")
			c.Queue(q)
			c.Queue(p)
			c.Publish("", q, "q1", "q2")
			c.Publish("", p, "p1", "p2")
			t.Check("gets", []string{c.Get(q), c.Get(p), c.Get(q), c.Get(p)}, []string{
				`get-ok 1 left 1 "q1"`, `get-ok 2 left 1 "p1"`, `get-ok 3 left 0 "q2"`, `get-ok 4 left 0 "p2"`})
			c.Send(&wire.BasicNack{DeliveryTag: 3, Multiple: true, Requeue: true})
			t.Check("came back", [][]string{c.Drain(q), c.Drain(p)}, [][]string{{"q1", "q2"}, {"p1"}})
		},
	},
	{
		ID:     "settlement/requeue-on-connection-close",
		Title:  "an orderly close of the connection requeues what is unacknowledged on all its channels",
		Why:    "A worker that was stopped in order has given back its work.",
		Source: pageConfirms + "#automatic-requeueing",
		Run: func(t *T) {
			r, other := t.Raw(), t.Raw().Channel()
			q := taken(t, r.Channel(), "a", "b")
			p := taken(t, r.Channel(), "c")
			r.Close()
			other.CheckCounts("came back", q, Counts{Ready: 2})
			other.CheckCounts("came back", p, Counts{Ready: 1})
			t.Check("order", []string{other.Get(q), other.Get(q), other.Get(p)}, []string{
				`get-ok 1 left 1 redelivered "a"`, `get-ok 2 left 0 redelivered "b"`, `get-ok 3 left 0 redelivered "c"`})
		},
	},
	{
		ID:     "settlement/requeue-on-crash",
		Title:  "a lost connection requeues what is unacknowledged, to another consumer in the original order",
		Why:    "This is what makes acknowledgements worth having.",
		Source: pageConfirms + "#automatic-requeueing",
		Run: func(t *T) {
			r, other := t.Raw(), t.Raw().Channel()
			c := r.Channel()
			q := taken(t, c, "a", "b", "c")
			other.Consume(q, "other")
			r.Drop()
			t.Check("order", other.Lines(3), []string{`deliver other 1 redelivered "a"`, `deliver other 2 redelivered "b"`, `deliver other 3 redelivered "c"`})
		},
	},
	{
		ID:     "settlement/redelivered-only-then",
		Title:  "a message that was not delivered before is not marked as redelivered",
		Why:    "Consumers skip their duplicate check where the mark is missing.",
		Source: reference + "basic.deliver.redelivered",
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := taken(t, c, "a")
			c.Publish("", q, "b")
			c.Close()
			c = r.Channel()
			c.CheckCounts("came back", q, Counts{Ready: 2})
			c.Consume(q, "c")
			t.Check("marks", c.Lines(2), []string{`deliver c 1 redelivered "a"`, `deliver c 2 "b"`})
		},
	},
}
