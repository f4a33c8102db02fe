package conformance

import "github.com/minirabbit/minirabbit/wire"

var quorumLimitCases = []Case{
	{
		ID:     "quorum.limit/dead-letter",
		Title:  "a message that fails more often than x-delivery-limit goes to the dead letter exchange",
		Why:    "Poison messages are put aside by themselves.",
		Source: pageQuorum + "#poison-message-handling",
		Run: func(t *T) {
			d := newDeadLetters(t, quorum(deliveryLimit(2))...)
			t.Publish("", d.q, "a")
			d.c.Consume(d.q, "c")
			for range 3 {
				ok := Expect[*wire.BasicDeliver](d.c)
				d.c.Send(&wire.BasicReject{DeliveryTag: ok.DeliveryTag, Requeue: true})
			}
			t.Check("dead letter", d.box.letters(1), ByRelease(t,
				On(UpTo("3.12"), []string{`a to <dlx> <q>; delivery_limit 1 in <q> from "" [<q>]; first delivery_limit in <q> from ""`}),
				On(Since("3.13"), []string{`a to <dlx> <q>; delivery_limit 1 in <q> from "" [<q>]; first delivery_limit in <q> from ""; last delivery_limit in <q> from ""`})))
		},
	},
	{
		ID:     "quorum.limit/dropped",
		Title:  "without a dead letter exchange such a message is dropped",
		Why:    "It is lost with no word to anybody.",
		Source: pageQuorum + "#poison-message-handling",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(deliveryLimit(1))...)
			t.Publish("", q, "a", "b")
			c.Qos(1, false)
			c.Consume(q, "c")
			for tag := range uint64(2) {
				c.Lines(1)
				c.Send(&wire.BasicReject{DeliveryTag: tag + 1, Requeue: true})
			}
			t.Check("the next", c.Lines(1), []string{`deliver c 3 "b"`})
			c.CheckCounts("nothing else", q, Counts{Consumers: 1})
		},
	},
	{
		ID:     "quorum.limit/zero",
		Title:  "with a limit of 0 the first failure is the last",
		Why:    "0 is a limit.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(deliveryLimit(0))...)
			t.Publish("", q, "a", "b")
			c.Qos(1, false)
			c.Consume(q, "c")
			c.Lines(1)
			c.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
			t.Check("the next", c.Lines(1), []string{`deliver c 2 "b"`})
		},
	},
	{
		ID:     "quorum.limit/default",
		Title:  "without x-delivery-limit there is none in 3.10, and one of 20 since 4.0",
		Why:    "A consumer that gives messages back for ever loses them since 4.0.",
		Source: pageQuorum + "#poison-message-handling",
		Run: func(t *T) {
			d := newDeadLetters(t, quorum()...)
			t.Publish("", d.q, "a")
			d.c.Consume(d.q, "c")
			for range 20 {
				d.c.Send(&wire.BasicReject{DeliveryTag: Expect[*wire.BasicDeliver](d.c).DeliveryTag, Requeue: true})
			}
			last := d.c.Next()
			t.Check("the 21st", last.String(), `deliver c 21 redelivered "a"`)
			d.c.Send(&wire.BasicReject{DeliveryTag: 21, Requeue: true})
			if t.In(UpTo("3.13")) {
				t.Check("the 22nd", d.c.Lines(1), []string{`deliver c 22 redelivered "a"`})
				return
			}
			t.CheckLetters("dead letter", d.box, `a to <dlx> <q>; delivery_limit 1 in <q> from "" [<q>]; first delivery_limit in <q> from ""; last delivery_limit in <q> from ""`)
		},
	},
	{
		ID:     "quorum.limit/negative",
		Title:  "a negative limit is none since 4.0, and allows no failure in 3.10",
		Why:    "It switches the default off.",
		Source: pageQuorum + "#poison-message-handling",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(deliveryLimit(-1))...)
			t.Publish("", q, "a", "b")
			c.Qos(1, false)
			c.Consume(q, "c")
			if t.In(UpTo("3.13")) {
				c.Lines(1)
				c.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
				t.Check("the next", c.Lines(1), []string{`deliver c 2 "b"`})
				return
			}
			for range 24 {
				c.Send(&wire.BasicReject{DeliveryTag: Expect[*wire.BasicDeliver](c).DeliveryTag, Requeue: true})
			}
			t.Check("the 25th", c.Lines(1), []string{`deliver c 25 redelivered "a"`})
		},
	},
}
