package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

// unknownTag is the error of settling a tag that is not unacknowledged.
func unknownTag(tag uint64, method wire.MethodID) Error {
	return ChannelError(wire.PreconditionFailed, fmt.Sprint("unknown delivery tag ", tag), method)
}

// taken declares a queue with messages and gets each of them: their tags count from 1.
func taken(t *T, c *RawChannel, bodies ...string) (queue string) {
	t.Helper()
	queue = t.QueueName("q")
	c.Queue(queue)
	c.Publish("", queue, bodies...)
	for range bodies {
		c.Send(&wire.BasicGet{Queue: queue})
		Expect[*wire.BasicGetOk](c)
	}
	return queue
}

var settlementCases = []Case{
	{
		ID:     "basic.ack/unknown-tag",
		Title:  "settling a tag that was never given out is a 406",
		Why:    "It shows a fault in the client, often an acknowledgement on the wrong channel.",
		Source: pageConfirms + "#consumer-acks-double-acking",
		Run: func(t *T) {
			r := t.Raw()
			for tag := range uint64(2) {
				for _, m := range []wire.Method{
					&wire.BasicAck{DeliveryTag: tag},
					&wire.BasicNack{DeliveryTag: tag, Requeue: true},
					&wire.BasicReject{DeliveryTag: tag, Requeue: true},
				} {
					t.Check(describe(m), r.Channel().Refused(m), unknownTag(tag, m.ID()))
				}
			}
			for _, m := range []wire.Method{
				&wire.BasicAck{DeliveryTag: 1, Multiple: true},
				&wire.BasicNack{DeliveryTag: 1, Multiple: true},
			} {
				t.Check(describe(m), r.Channel().Refused(m), unknownTag(1, m.ID()))
			}
		},
	},
	{
		ID:     "basic.ack/twice",
		Title:  "settling a message twice is a 406, and the channel's other messages come back",
		Why:    "This is the most common fault of workers.",
		Source: pageConfirms + "#consumer-acks-double-acking",
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := taken(t, c, "a", "b")
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("refusal", c.Refused(&wire.BasicAck{DeliveryTag: 1}), unknownTag(1, wire.IDBasicAck))
			t.Check("came back", r.Channel().DrainRequeued(q, 1), []string{"b"})
		},
	},
	{
		ID:     "basic.ack/other-channel",
		Title:  "a message can be settled only on the channel that it was delivered on",
		Why:    "Tags are the channel's own.",
		Source: pageConfirms,
		Run: func(t *T) {
			r := t.Raw()
			c, other := r.Channel(), r.Channel()
			q := taken(t, c, "a")
			t.Check("refusal", other.Refused(&wire.BasicAck{DeliveryTag: 1}), unknownTag(1, wire.IDBasicAck))
			t.Check("still unacknowledged", c.Get(q), "get-empty")
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			c.RoundTrip()
		},
	},
	{
		ID:     "basic.ack/multiple",
		Title:  "multiple settles everything up to the tag, and that tag must be unacknowledged or in the past",
		Why:    "Batching consumers settle this way.",
		Source: reference + "basic.ack.multiple",
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := taken(t, c, "a", "b", "c", "d")
			c.Send(&wire.BasicAck{DeliveryTag: 2}, &wire.BasicAck{DeliveryTag: 3, Multiple: true})
			c.Close()
			t.Check("left", r.Channel().DrainRequeued(q, 1), []string{"d"})
		},
	},
	{
		ID:     "basic.ack/multiple-already-settled",
		Title:  "multiple up to a tag that is settled already",
		Why:    "Batches may overlap with single acknowledgements.",
		Source: measured,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := taken(t, c, "a", "b", "c")
			c.Send(&wire.BasicAck{DeliveryTag: 2})
			t.Check("refusal", c.Refused(&wire.BasicAck{DeliveryTag: 2, Multiple: true}), unknownTag(2, wire.IDBasicAck))
			t.Check("left", r.Channel().DrainRequeued(q, 2), []string{"a", "c"})
		},
	},
	{
		ID:     "basic.ack/multiple-beyond",
		Title:  "multiple beyond the last tag is a 406 and settles nothing",
		Why:    "A wrong count must not acknowledge what was not received.",
		Source: measured,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := taken(t, c, "a", "b")
			t.Check("refusal", c.Refused(&wire.BasicAck{DeliveryTag: 3, Multiple: true}), unknownTag(3, wire.IDBasicAck))
			t.Check("left", r.Channel().DrainRequeued(q, 2), []string{"a", "b"})
		},
	},
	{
		ID:     "basic.ack/zero-multiple",
		Title:  "tag 0 with multiple settles everything that is unacknowledged",
		Why:    "The specification gives 0 this meaning.",
		Source: reference + "basic.ack.delivery-tag",
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := taken(t, c, "a", "b", "c")
			c.Send(&wire.BasicAck{DeliveryTag: 0, Multiple: true})
			c.Publish("", q, "d")
			t.Check("one more", c.Get(q), `get-ok 4 left 0 "d"`)
			c.Close()
			t.Check("left", r.Channel().DrainRequeued(q, 1), []string{"d"})
		},
	},
	{
		ID:     "basic.ack/zero-multiple-nothing",
		Title:  "tag 0 with multiple where nothing is unacknowledged",
		Why:    "A batching consumer may flush an empty batch.",
		Source: measured,
		Run: func(t *T) {
			r := t.Raw()
			for _, m := range []wire.Method{
				&wire.BasicAck{DeliveryTag: 0, Multiple: true},
				&wire.BasicNack{DeliveryTag: 0, Multiple: true, Requeue: true},
			} {
				c := r.Channel()
				c.Send(m)
				t.Check(describe(m), c.RoundTrip(), []string{})
			}
		},
	},
	{
		ID:     "basic.nack/multiple",
		Title:  "nack with multiple returns everything up to the tag, in the original order",
		Why:    "RabbitMQ's extension of reject, used to give a batch back.",
		Source: pageNack,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := taken(t, c, "a", "b", "c", "d")
			c.Publish("", q, "e")
			c.Send(&wire.BasicNack{DeliveryTag: 3, Multiple: true, Requeue: true})
			t.Check("order", c.Drain(q), []string{"a", "b", "c", "e"})
			c.Send(&wire.BasicNack{Multiple: true})
			c.Publish("", q, "f")
			c.Send(&wire.BasicGet{Queue: q})
			t.Check("one more", string(c.Next().Body), "f")
			c.Close()
			t.Check("tag 0 dropped the rest", r.Channel().DrainRequeued(q, 1), []string{"f"})
		},
	},
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
