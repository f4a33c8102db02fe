package conformance

import "github.com/minirabbit/minirabbit/wire"

var quorumDeadCases = []Case{
	{
		ID:     "quorum.dead/dropped-together",
		Title:  "what a new limit drops from a quorum queue at once dies last to first up to 4.0, first to last in 4.3",
		Why:    "Who reads dead letters sees their order.",
		Source: pageMaxLength,
		Run: func(t *T) {
			for _, kind := range []string{"classic", "quorum"} {
				c, q, dlq := t.Raw().Channel(), t.QueueName(kind), t.QueueName(kind+"-dlq")
				c.Queue(dlq)
				c.Queue(q, append(deadLetterTo(dlq), queueType(kind))...)
				c.Publish("", q, "a", "b", "c", "d")
				c.CheckCounts(kind+" before", q, Counts{Ready: 4})
				t.Policy(q, map[string]any{"max-length": 1})
				c.CheckCounts(kind+" dead", dlq, Counts{Ready: 3})
				want := []string{"a", "b", "c"}
				if kind == "quorum" && t.In(UpTo("4.1")) {
					want = []string{"c", "b", "a"}
				}
				t.Check(kind+" order", c.Drain(dlq), want)
				t.Check(kind+" left", c.Drain(q), []string{"d"})
			}
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
				On(UpTo("3.12"), `a to <dlx> <q>; expired 1 in <q> from "" [<q>]; first expired in <q> from ""`),
				On(Since("3.13"), `a to <dlx> <q>; expired 1 in <q> from "" [<q>]; first expired in <q> from ""; last expired in <q> from ""`)))
			d.publish(wire.Properties{Flags: wire.HasExpiration, Expiration: "1"}, "b")
			t.CheckLetters("by the message", d.box, ByRelease(t,
				On(UpTo("3.12"), `b to <dlx> <q>; expired 1 in <q> from "" [<q>] expiration 1; first expired in <q> from ""`),
				On(Since("3.13"), `b to <dlx> <q>; expired 1 in <q> from "" [<q>] expiration 1; first expired in <q> from ""; last expired in <q> from ""`)))
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
				On(UpTo("3.12"), `a to <dlx> <q>; maxlen 1 in <q> from "" [<q>]; first maxlen in <q> from ""`),
				On(Since("3.13"), `a to <dlx> <q>; maxlen 1 in <q> from "" [<q>]; first maxlen in <q> from ""; last maxlen in <q> from ""`)))
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
				On(UpTo("3.12"), `a to <dlx> <q>; rejected 1 in <q> from "" [<q>]; first rejected in <q> from ""`),
				On(Since("3.13"), `a to <dlx> <q>; rejected 1 in <q> from "" [<q>]; first rejected in <q> from ""; last rejected in <q> from ""`)))
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
				On(UpTo("3.13"), `m to "" <work>; expired 2 in <wait> from "" [<wait>]; rejected 2 in <work> from "" [<work>]; first rejected in <work> from ""; last expired in <wait> from ""`),
				On(Between("4.0", "4.2"), `m to "" <work>; expired 2 in <wait> from "" [<wait>]; rejected 2 in <work> from "" [<work>]; first rejected in <work> from ""; last expired in <wait> from ""; {x-delivery-count=2}`),
				On(Since("4.3"), `m to "" <work>; expired 2 in <wait> from "" [<wait>]; rejected 2 in <work> from "" [<work>]; first rejected in <work> from ""; last expired in <wait> from ""; {x-acquired-count=2, x-delivery-count=2}`)))
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
