package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

var streamConsumeCases = []Case{
	{
		ID:     "stream.consume/needs-prefetch",
		Title:  "a consumer of a stream needs a prefetch, or gets 406",
		Why:    "A client that never sets one cannot read streams at all.",
		Source: pageStreams + "#consuming",
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			want := ChannelError(wire.PreconditionFailed, ByRelease(t,
				From(Only310, "consumer prefetch count is not set for 'queue '<q>' in vhost '/''"),
				From(Since40, "consumer prefetch count is not set for stream queue '<q>' in vhost '/'")), wire.IDBasicConsume)
			t.Check("no prefetch", t.Raw().Channel().Refused(&wire.BasicConsume{Queue: q}), want)
			t.Check("nor acknowledgement", t.Raw().Channel().Refused(&wire.BasicConsume{Queue: q, NoAck: true}), want)
		},
	},
	{
		ID:     "stream.consume/needs-acknowledgement",
		Title:  "a consumer without acknowledgement is refused with 540",
		Why:    "Acknowledgements give the credit with which a stream is read.",
		Source: pageStreams + "#consuming",
		Run: func(t *T) {
			q, c := t.Raw().Channel().Stream(), t.Raw().Channel()
			c.Qos(1, false)
			t.Check("refusal", c.Refused(&wire.BasicConsume{Queue: q, NoAck: true}), unsupported(ByRelease(t,
				From(Only310, "automatic acknowledgement not supported by stream queues"),
				From(Since40, "automatic acknowledgement not supported by stream")), wire.IDBasicConsume))
		},
	},
	{
		ID:     "stream.consume/global-prefetch",
		Title:  "the channel's global prefetch does not go with streams before 4.3, where it is each consumer's",
		Why:    "A framework that sets the prefetch globally cannot read streams of those releases.",
		Source: measured,
		Run: func(t *T) {
			q, c := t.Raw().Channel().Stream(), t.Raw().Channel()
			t.Publish("", q, "a", "b")
			c.Qos(10, false)
			c.Qos(1, true)
			consume := &wire.BasicConsume{Queue: q, ConsumerTag: "c", Arguments: argument(streamOffset, fromFirst)}
			if t.In(Before43) {
				t.Check("refusal", c.Refused(consume),
					ConnectionError(wire.NotImplemented, "queue '<q>' in vhost '/' does not support global qos", wire.IDBasicConsume))
				return
			}
			c.ConsumeWith(consume)
			t.Check("one", c.Messages(1), []string{`c 1 @0 "a"`})
			t.Check("no more", c.RoundTrip(), []string{})
		},
	},
	{
		ID:     "stream.consume/refused-arguments",
		Title:  "consumers of streams have no priority",
		Why:    "Each gets everything; there is nothing to be first at.",
		Source: pageStreams + "#feature-comparison",
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			refusal := func(key string) Error {
				return ChannelError(wire.PreconditionFailed, "invalid arg '"+key+"' for queue '<q>' in vhost '/' of queue type rabbit_stream_queue", wire.IDBasicConsume)
			}
			keys := []string{"x-priority"}
			if t.In(Only310) {
				keys = append(keys, "x-cancel-on-ha-failover")
			}
			for _, key := range keys {
				c := t.Raw().Channel()
				c.Qos(1, false)
				t.Check(key, c.Refused(&wire.BasicConsume{Queue: q, Arguments: argument(key, int32(1))}), refusal(key))
			}
		},
	},
	{
		ID:     "stream.consume/exclusive",
		Title:  "an exclusive consumer of a stream is one among others",
		Why:    "Leader election by exclusive consumer does not work with streams.",
		Source: measured,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a")
			for _, exclusive := range []bool{true, true, false} {
				c := t.Raw().Channel()
				c.Qos(1, false)
				c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", Exclusive: exclusive, Arguments: argument(streamOffset, fromFirst)})
				t.Check(fmt.Sprint("exclusive: ", exclusive), c.Messages(1), []string{`c 1 @0 "a"`})
			}
		},
	},
	{
		ID:     "stream.read/non-destructive",
		Title:  "consumers read independently, and what is acknowledged stays",
		Why:    "This is what sets a stream apart from a queue.",
		Source: pageStreams,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a", "b")
			one, two := t.Read(q, fromFirst, 10), t.Read(q, int32(1), 10)
			all := []string{`c 1 @0 "a"`, `c 2 @1 "b"`}
			t.Check("one", one.Messages(2), all)
			t.Check("two", two.Messages(1), []string{`c 1 @1 "b"`})
			one.Send(&wire.BasicAck{DeliveryTag: 2, Multiple: true})
			t.Publish("", q, "c")
			t.Check("one goes on", one.Messages(1), []string{`c 3 @2 "c"`})
			t.Check("two goes on", two.Messages(1), []string{`c 2 @2 "c"`})
			t.CheckRead("all of it", q, fromFirst, append(all, `c 3 @2 "c"`)...)
		},
	},
	{
		ID:     "stream.read/not-redelivered",
		Title:  "what was not acknowledged is read again by the next consumer, and not marked as redelivered",
		Why:    "A consumer of a stream has to tell repetitions by the offset.",
		Source: measured,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a", "b")
			for range 2 {
				c := t.Read(q, fromFirst, 10)
				t.Check("read", c.Messages(2), []string{`c 1 @0 "a"`, `c 2 @1 "b"`})
				c.Close()
			}
		},
	},
	{
		ID:     "stream.credit/ack",
		Title:  "each acknowledged message gives credit for one more, in any order and with multiple",
		Why:    "The prefetch bounds what a slow consumer has in its hands.",
		Source: pageStreams + "#consuming",
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a", "b", "c", "d", "e", "f")
			c := t.Read(q, fromFirst, 2)
			t.Check("prefetch", c.Messages(2), []string{`c 1 @0 "a"`, `c 2 @1 "b"`})
			t.Check("no more", c.RoundTrip(), []string{})
			c.Send(&wire.BasicAck{DeliveryTag: 2})
			t.Check("one", c.Messages(1), []string{`c 3 @2 "c"`})
			t.Check("one only", c.RoundTrip(), []string{})
			c.Send(&wire.BasicAck{DeliveryTag: 3, Multiple: true})
			t.Check("two", c.Messages(2), []string{`c 4 @3 "d"`, `c 5 @4 "e"`})
			c.Send(&wire.BasicAck{Multiple: true})
			t.Check("the last", c.Messages(1), []string{`c 6 @5 "f"`})
			t.Check("unknown tag", c.Refused(&wire.BasicAck{DeliveryTag: 9}), unknownTag(9, wire.IDBasicAck))
		},
	},
	{
		ID:     "stream.credit/two-consumers",
		Title:  "two consumers of a channel have their own place and credit, and share its delivery tags",
		Why:    "One connection often reads a stream from several offsets.",
		Source: measured,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a", "b", "c", "d")
			c := t.Raw().Channel()
			c.Qos(2, false)
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "1", Arguments: argument(streamOffset, fromFirst)})
			t.Check("first", c.Messages(2), []string{`1 1 @0 "a"`, `1 2 @1 "b"`})
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "2", Arguments: argument(streamOffset, int32(1))})
			t.Check("second", c.Messages(2), []string{`2 3 @1 "b"`, `2 4 @2 "c"`})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("credit for the first", c.Messages(1), []string{`1 5 @2 "c"`})
			c.Send(&wire.BasicAck{DeliveryTag: 4})
			t.Check("credit for the second", c.Messages(1), []string{`2 6 @3 "d"`})
		},
	},
	{
		ID:     "stream.credit/later-prefetch",
		Title:  "a prefetch that is set later is for consumers that start later",
		Why:    "Setting it after consuming has no effect.",
		Source: pagePrefetch,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a", "b", "c")
			c := t.Read(q, fromFirst, 1)
			t.Check("one", c.Messages(1), []string{`c 1 @0 "a"`})
			c.Qos(3, false)
			t.Check("still one", c.RoundTrip(), []string{})
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "d", Arguments: argument(streamOffset, fromFirst)})
			t.Check("three", c.Messages(3), []string{`d 2 @0 "a"`, `d 3 @1 "b"`, `d 4 @2 "c"`})
		},
	},
	{
		ID:     "stream.nack/no-redelivery",
		Title:  "nack, reject and recover are errors in 3.10; later they do what ack does, and bring nothing back",
		Why:    "A worker that rejects what it cannot do loses it without a trace.",
		Source: measured,
		Run: func(t *T) {
			for _, m := range []wire.Method{
				&wire.BasicNack{DeliveryTag: 1, Requeue: true}, &wire.BasicNack{DeliveryTag: 1},
				&wire.BasicReject{DeliveryTag: 1, Requeue: true}, &wire.BasicReject{DeliveryTag: 1},
			} {
				q := t.Raw().Channel().Stream()
				t.Publish("", q, "a", "b", "c", "d")
				c := t.Read(q, fromFirst, 2)
				t.Check("read", c.Messages(2), []string{`c 1 @0 "a"`, `c 2 @1 "b"`})
				if t.In(Only310) {
					t.Check(describe(m), c.Refused(m), unsupported("basic.nack and basic.reject not supported by stream queues", m.ID()))
					continue
				}
				c.Send(m)
				t.Check(describe(m), c.Messages(1), []string{`c 3 @2 "c"`})
			}
		},
	},
	{
		ID:     "stream.nack/multiple-and-recover",
		Title:  "basic.nack with multiple and basic.recover give credit for all, and are errors in 3.10",
		Why:    "Some frameworks recover a channel after each failure.",
		Source: measured,
		Run: func(t *T) {
			for _, m := range []wire.Method{&wire.BasicNack{DeliveryTag: 2, Multiple: true}, &wire.BasicRecoverAsync{Requeue: true}} {
				q := t.Raw().Channel().Stream()
				t.Publish("", q, "a", "b", "c", "d")
				c := t.Read(q, fromFirst, 2)
				t.Check("read", c.Messages(2), []string{`c 1 @0 "a"`, `c 2 @1 "b"`})
				if t.In(Only310) {
					want := unsupported("basic.nack and basic.reject not supported by stream queues", wire.IDBasicNack)
					if m.ID() == wire.IDBasicRecoverAsync {
						want = internalError()
					}
					t.Check(describe(m), c.Refused(m), want)
					continue
				}
				c.Send(m)
				t.Check(describe(m), c.Messages(2), []string{`c 3 @2 "c"`, `c 4 @3 "d"`})
			}
		},
	},
	{
		ID:     "stream.cancel/keeps-unacked",
		Title:  "nothing comes after basic.cancel, and what the consumer held can be acknowledged",
		Why:    "A consumer that stops in good order finishes what it has.",
		Source: pageConsumers,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a", "b", "c")
			c := t.Read(q, fromFirst, 1)
			t.Check("read", c.Messages(1), []string{`c 1 @0 "a"`})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "c"})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("nothing more", c.RoundTrip(), []string{})
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", Arguments: argument(streamOffset, int32(1))})
			t.Check("again", c.Messages(1), []string{`c 2 @1 "b"`})
		},
	},
	{
		ID:     "stream.tx/settle",
		Title:  "in a transaction, an acknowledgement gives credit when it commits",
		Why:    "Transactions hold back all that they contain.",
		Source: pageTx,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a", "b", "c", "d")
			c := t.Raw().Channel()
			Call[*wire.TxSelectOk](c, &wire.TxSelect{})
			c.Qos(2, false)
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", Arguments: argument(streamOffset, fromFirst)})
			t.Check("read", c.Messages(2), []string{`c 1 @0 "a"`, `c 2 @1 "b"`})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("not yet", c.RoundTrip(), []string{})
			Call[*wire.TxRollbackOk](c, &wire.TxRollback{})
			t.Check("rolled back", c.RoundTrip(), []string{})
			c.Send(&wire.BasicAck{DeliveryTag: 2, Multiple: true}, &wire.TxCommit{})
			t.Check("committed", c.LinesInAnyOrder(3), []string{`deliver c 3 "c"`, `deliver c 4 "d"`, "tx.commit-ok{}"})
		},
	},
	{
		ID:     "stream.tx/nack",
		Title:  "in a transaction, 3.10 refuses to give a stream's message back when it commits",
		Why:    "The error comes later than its cause.",
		Source: measured,
		Run: func(t *T) {
			for _, m := range []wire.Method{&wire.BasicNack{DeliveryTag: 1, Requeue: true}, &wire.BasicReject{DeliveryTag: 1}} {
				q := t.Raw().Channel().Stream()
				t.Publish("", q, "a", "b")
				c := t.Raw().Channel()
				Call[*wire.TxSelectOk](c, &wire.TxSelect{})
				c.Qos(1, false)
				c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", Arguments: argument(streamOffset, fromFirst)})
				t.Check("read", c.Messages(1), []string{`c 1 @0 "a"`})
				c.Send(m)
				t.Check("not yet", c.RoundTrip(), []string{})
				c.Send(&wire.TxCommit{})
				if t.In(Only310) {
					t.Check(describe(m), c.Error(), unsupported("basic.nack and basic.reject not supported by stream queues", wire.IDTxCommit))
				} else {
					t.Check(describe(m), c.LinesInAnyOrder(2), []string{`deliver c 2 "b"`, "tx.commit-ok{}"})
				}
			}
		},
	},
}
