package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

var quorumCases = []Case{
	{
		ID:     "quorum/refusals",
		Title:  "a quorum queue is durable, shared and stays: other properties are a 406",
		Why:    "It is replicated, and lives longer than any connection.",
		Source: pageQuorum + "#feature-comparison",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			for _, declare := range []wire.QueueDeclare{
				{}, {Durable: true, Exclusive: true}, {Exclusive: true}, {Durable: true, AutoDelete: true}, {AutoDelete: true},
			} {
				declare.Queue, declare.Arguments = q, quorum()
				label := fmt.Sprintf("durable %v exclusive %v auto-delete %v", declare.Durable, declare.Exclusive, declare.AutoDelete)
				t.Check(label, r.Channel().Refused(&declare), ChannelError(wire.PreconditionFailed, "invalid property '"+map[string]string{
					"durable false exclusive false auto-delete false": "non-durable",
					"durable false exclusive true auto-delete false":  "exclusive-owner",
					"durable true exclusive true auto-delete false":   "exclusive-owner",
					"durable true exclusive false auto-delete true":   "auto-delete",
					"durable false exclusive false auto-delete true":  "auto-delete",
				}[label]+"' for queue '<q>' in vhost '/'", wire.IDQueueDeclare))
			}
			t.Check("server-named", r.Channel().Refused(&wire.QueueDeclare{Durable: true, Arguments: quorum()}),
				ChannelError(wire.PreconditionFailed, "Cannot declare a server-named queue for type rabbit_quorum_queue", wire.IDQueueDeclare))
		},
	},
	{
		ID:     "quorum/type-is-an-argument",
		Title:  "a queue cannot be declared again as another type",
		Why:    "Moving to quorum queues needs new queues.",
		Source: pageQuorum + "#declaring",
		Run: func(t *T) {
			r, q, classic := t.Raw(), t.QueueName("q"), t.QueueName("classic")
			r.Channel().Queue(q, quorum()...)
			r.Channel().Queue(q, quorum()...)
			r.Channel().Queue(classic)
			t.Check("quorum as none", t.answer(r.Channel(), &wire.QueueDeclare{Queue: q, Durable: true}), ByRelease(t,
				On(UpTo("3.13"), `channel error 406 "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue '<q>' in vhost '/': received none but current is the value 'quorum' of type 'longstr'" by queue.declare`),
				On(Since("4.0"), `channel error 406 "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue '<q>' in vhost '/': received 'classic' but current is 'quorum'" by queue.declare`)))
			t.Check("quorum as classic", t.answer(r.Channel(), &wire.QueueDeclare{Queue: q, Durable: true, Arguments: argument("x-queue-type", "classic")}), `channel error 406 "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue '<q>' in vhost '/': received 'classic' but current is 'quorum'" by queue.declare`)
			t.Check("classic as quorum", t.answer(r.Channel(), &wire.QueueDeclare{Queue: classic, Durable: true, Arguments: quorum()}), ByRelease(t,
				On(UpTo("3.13"), `channel error 406 "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue '<classic>' in vhost '/': received the value 'quorum' of type 'longstr' but current is none" by queue.declare`),
				On(Since("4.0"), `channel error 406 "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue '<classic>' in vhost '/': received 'quorum' but current is 'classic'" by queue.declare`)))
			named := t.QueueName("named")
			r.Channel().Queue(named, argument("x-queue-type", "classic")...)
			t.Check("classic as none", t.answer(r.Channel(), &wire.QueueDeclare{Queue: named, Durable: true}), `queue.declare-ok{Queue: "<named>"}`)
			t.Check("none as classic", t.answer(r.Channel(), &wire.QueueDeclare{Queue: classic, Durable: true, Arguments: argument("x-queue-type", "classic")}), `queue.declare-ok{Queue: "<classic>"}`)
		},
	},
	{
		ID:     "quorum/global-qos",
		Title:  "a limit of the channel is a 540 of the connection up to 4.0; 4.3 takes it for each consumer",
		Why:    "Celery sets it unless told otherwise.",
		Source: pageQuorum + "#global-qos",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum()...)
			c.Qos(1, true)
			if t.In(UpTo("4.2")) {
				t.Check("refusal", c.Refused(&wire.BasicConsume{Queue: q, ConsumerTag: "c"}),
					ConnectionError(wire.NotImplemented, "queue '<q>' in vhost '/' does not support global qos", wire.IDBasicConsume))
				return
			}
			c.Consume(q, "one")
			c.Consume(q, "two")
			c.Publish("", q, "a", "b")
			t.Check("one each", c.LinesInAnyOrder(2), []string{`deliver one 1 "a"`, `deliver two 2 "b"`})
		},
	},
	{
		ID:     "quorum/delete-conditions",
		Title:  "deleting with if-unused or if-empty is a 540 of the connection",
		Why:    "Cleaning scripts use them.",
		Source: pageQuorum,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum()...)
			t.Check("if-unused", c.Refused(&wire.QueueDelete{Queue: q, IfUnused: true}), ConnectionError(wire.NotImplemented,
				"cannot delete queue '<q>' in vhost '/'. queue.delete operations with if-unused flag set are not supported by quorum queues", wire.IDQueueDelete))
			c = t.Raw().Channel()
			t.Check("if-empty", c.Refused(&wire.QueueDelete{Queue: q, IfEmpty: true}), ConnectionError(wire.NotImplemented,
				"cannot delete queue '<q>' in vhost '/'. queue.delete operations with if-empty flag set are not supported by quorum queues", wire.IDQueueDelete))
			c = t.Raw().Channel()
			t.Publish("", q, "a", "b")
			c.CheckCounts("published", q, Counts{Ready: 2})
			t.Check("without", Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q}), &wire.QueueDeleteOk{MessageCount: 2})
		},
	},
	{
		ID:     "quorum/consume",
		Title:  "publishing, confirms, consuming and acknowledging work as for other queues",
		Why:    "Programs need not know the type of their queue.",
		Source: pageQuorum,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum()...)
			t.Publish("", q, "a", "b", "c")
			c.CheckCounts("published", q, Counts{Ready: 3})
			c.Qos(2, false)
			c.Consume(q, "c")
			t.Check("up to the limit", c.Lines(2), []string{`deliver c 1 "a"`, `deliver c 2 "b"`})
			t.Check("and no more", c.RoundTrip(), []string{})
			c.Send(&wire.BasicAck{DeliveryTag: 2, Multiple: true})
			t.Check("the rest", c.Lines(1), []string{`deliver c 3 "c"`})
			c.Send(&wire.BasicAck{DeliveryTag: 3})
			c.CheckCounts("all done", q, Counts{Consumers: 1})
		},
	},
	{
		ID:     "quorum/get-and-purge",
		Title:  "basic.get and queue.purge work, and tell how many messages there are",
		Why:    "Tests and scripts use them.",
		Source: pageQuorum,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum()...)
			t.Check("empty", c.Get(q), "get-empty")
			t.Publish("", q, "a", "b", "c", "d")
			c.CheckCounts("published", q, Counts{Ready: 4})
			t.Check("first", c.Get(q), `get-ok 1 left 3 "a"`)
			c.Send(&wire.BasicGet{Queue: q, NoAck: true})
			t.Check("without acknowledgement", c.Next().String(), `get-ok 2 left 2 "b"`)
			t.Check("purged", Call[*wire.QueuePurgeOk](c, &wire.QueuePurge{Queue: q}), &wire.QueuePurgeOk{MessageCount: 2})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("empty again", c.Get(q), "get-empty")
		},
	},
	{
		ID:     "quorum/no-ack",
		Title:  "a consumer without acknowledgement gets everything",
		Why:    "It is the fastest way to read.",
		Source: pageQuorum,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum()...)
			t.Publish("", q, "a", "b", "c")
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", NoAck: true})
			t.Check("deliveries", c.Lines(3), []string{`deliver c 1 "a"`, `deliver c 2 "b"`, `deliver c 3 "c"`})
			c.CheckCounts("nothing left", q, Counts{Consumers: 1})
		},
	},
	{
		ID:     "quorum/round-robin",
		Title:  "consumers take turns, and those of a higher priority come first",
		Why:    "Work is spread over workers.",
		Source: pageQuorum,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum()...)
			c.Qos(10, false)
			c.Consume(q, "one")
			c.Consume(q, "two")
			t.Publish("", q, "a", "b", "c")
			t.Check("in turns", c.Lines(3), []string{`deliver one 1 "a"`, `deliver two 2 "b"`, `deliver one 3 "c"`})
			c.ConsumeWith(priorityConsumer(q, "high", int32(1)))
			t.Publish("", q, "d", "e")
			t.Check("high", c.Lines(2), []string{`deliver high 4 "d"`, `deliver high 5 "e"`})
		},
	},
	{
		ID:     "quorum/exclusive-consumer",
		Title:  "the flag exclusive of a consumer means nothing on a quorum queue",
		Why:    "Only a single active consumer is alone there.",
		Source: measured,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q, quorum()...)
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", Exclusive: true})
			t.Check("second", t.answer(r.Channel(), &wire.BasicConsume{Queue: q, ConsumerTag: "d"}), `basic.consume-ok{ConsumerTag: "d"}`)
			t.Check("exclusive beside another", t.answer(r.Channel(), &wire.BasicConsume{Queue: q, ConsumerTag: "e", Exclusive: true}), `basic.consume-ok{ConsumerTag: "e"}`)
			c.CheckCounts("consumers", q, Counts{Consumers: 3})
			single := t.QueueName("single")
			c.Queue(single, quorum(wire.Field{Key: "x-single-active-consumer", Value: true})...)
			t.Check("on a queue with a single active consumer", t.answer(r.Channel(), &wire.BasicConsume{Queue: single, ConsumerTag: "c", Exclusive: true}), `basic.consume-ok{ConsumerTag: "c"}`)
		},
	},
	{
		ID:     "quorum/notified-of-deletion",
		Title:  "consumers hear of the deletion of their queue",
		Why:    "They subscribe again elsewhere.",
		Source: pageCancel,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q, quorum()...)
			c.Consume(q, "c")
			Call[*wire.QueueDeleteOk](r.Channel(), &wire.QueueDelete{Queue: q})
			t.Check("cancel", c.Lines(1), []string{"cancel c nowait"})
		},
	},
	{
		ID:     "quorum/reject-publish-dlx",
		Title:  "reject-publish-dlx is taken, and does what drop-head does",
		Why:    "Quorum queues do not support it, and nothing refuses it.",
		Source: pageQuorum + "#feature-comparison",
		Run: func(t *T) {
			d := newDeadLetters(t, quorum(wire.Field{Key: "x-max-length", Value: int32(1)}, wire.Field{Key: "x-overflow", Value: "reject-publish-dlx"})...)
			t.Publish("", d.q, "a", "b")
			t.CheckLetters("dead letter", d.box, ByRelease(t,
				On(UpTo("3.12"), `a to <dlx> <q>; maxlen 1 in <q> from "" [<q>]; first maxlen in <q> from ""`),
				On(Since("3.13"), `a to <dlx> <q>; maxlen 1 in <q> from "" [<q>]; first maxlen in <q> from ""; last maxlen in <q> from ""`)))
			d.c.CheckCounts("one left", d.q, Counts{Ready: 1})
			t.Check("it is", d.c.Drain(d.q), []string{"b"})
		},
	},
}
