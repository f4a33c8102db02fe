package conformance

import (
	"fmt"
	"time"

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
		ID:     "stream.offset/default",
		Title:  "without x-stream-offset a consumer gets what is published from then on",
		Why:    "A worker that is switched to a stream does not see what was there.",
		Source: pageStreams + "#consuming",
		Run: func(t *T) {
			q, c := t.Raw().Channel().Stream(), t.Raw().Channel()
			t.Publish("", q, "a", "b")
			c.Qos(10, false)
			c.Consume(q, "c")
			t.Publish("", q, "c")
			t.Check("the new one", c.Messages(1), []string{`c 1 @2 "c"`})
			t.CheckRead("next", q, "next")
		},
	},
	{
		ID:     "stream.offset/first-and-last",
		Title:  "first is the oldest message, last the last chunk: here one message, since each was confirmed before the next",
		Why:    "Last is not always the last message alone.",
		Source: pageStreams + "#consuming",
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.CheckRead("first of none", q, fromFirst)
			t.CheckRead("last of none", q, "last")
			t.Publish("", q, "a", "b", "c")
			t.CheckRead("first", q, fromFirst, `c 1 @0 "a"`, `c 2 @1 "b"`, `c 3 @2 "c"`)
			t.CheckRead("last", q, "last", `c 1 @2 "c"`)
			t.CheckRead("first in bytes", q, []byte(fromFirst), `c 1 @0 "a"`, `c 2 @1 "b"`, `c 3 @2 "c"`)
		},
	},
	{
		ID:       "stream.offset/last-chunk",
		Title:    "last is the beginning of a chunk, which may hold several messages: most often, all that a transaction committed",
		Why:      "A consumer that resumes at last gets messages again that it has had.",
		Source:   pageStreams + "#consuming",
		Releases: Since40,
		Run: func(t *T) {
			q := t.StreamOfOneChunk(func(tx *RawChannel, q string) { tx.Publish("", q, "a", "b", "c") })
			t.CheckRead("last", q, "last", `c 1 @0 "a"`, `c 2 @1 "b"`, `c 3 @2 "c"`)
			t.CheckRead("in a chunk", q, int64(1), `c 1 @1 "b"`, `c 2 @2 "c"`)
			t.Publish("", q, "d")
			t.CheckRead("the next chunk", q, "last", `c 1 @3 "d"`)
		},
	},
	{
		ID:     "stream.offset/number",
		Title:  "an offset is exact, whatever the type of its number; a negative one is the oldest message",
		Why:    "Consumers that store their offset go on where they were.",
		Source: pageStreams + "#consuming",
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a", "b", "c")
			for _, one := range []any{int8(1), uint8(1), int16(1), uint16(1), int32(1), uint32(1), int64(1)} {
				t.CheckRead(render(one), q, one, `c 1 @1 "b"`, `c 2 @2 "c"`)
			}
			t.CheckRead("zero", q, int32(0), `c 1 @0 "a"`, `c 2 @1 "b"`, `c 3 @2 "c"`)
			t.CheckRead("negative", q, int32(-1), `c 1 @0 "a"`, `c 2 @1 "b"`, `c 3 @2 "c"`)
		},
	},
	{
		ID:     "stream.offset/to-come",
		Title:  "a consumer at an offset that is yet to come waits for it",
		Why:    "A consumer that stored the offset after its last message must not get messages twice.",
		Source: measured,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a", "b")
			next, later := t.Read(q, int64(2), 10), t.Read(q, int64(4), 10)
			t.Publish("", q, "c", "d", "e", "f")
			t.Check("next", next.Messages(4), []string{`c 1 @2 "c"`, `c 2 @3 "d"`, `c 3 @4 "e"`, `c 4 @5 "f"`})
			t.Check("later", later.Messages(2), []string{`c 1 @4 "e"`, `c 2 @5 "f"`})
		},
	},
	{
		ID:     "stream.offset/time",
		Title:  "a timestamp or an interval begins with the first chunk since then, or with the next one",
		Why:    "Replaying the last hour is what streams are for.",
		Source: pageStreams + "#consuming",
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a", "b")
			all := []string{`c 1 @0 "a"`, `c 2 @1 "b"`}
			t.CheckRead("in the past", q, wire.Timestamp(946_684_800), all...)
			t.CheckRead("at the beginning of time", q, wire.Timestamp(0), all...)
			for _, interval := range []string{"1Y", "1M", "1D", "1h", "5m", "30s", "01h"} {
				t.CheckRead(interval, q, interval, all...)
			}
			t.CheckRead("at the end of time", q, wire.Timestamp(1<<64-1))
			future := wire.Timestamp(time.Now().Unix() + 86_400)
			c := t.Raw().Channel()
			c.Qos(10, false)
			t.unrecorded(func() {
				c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", Arguments: argument(streamOffset, future)})
			})
			t.Publish("", q, "c")
			t.Check("in the future", c.Messages(1), []string{`c 1 @2 "c"`})
		},
	},
	{
		ID:     "stream.offset/between",
		Title:  "a timestamp between two messages begins with the second",
		Why:    "Off by one is off by an hour in a replay.",
		Source: pageStreams + "#consuming",
		Waits:  true,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a")
			// The clocks of test and broker are taken to be the same; timestamps have whole seconds.
			between := time.Now().Unix() + 2
			<-time.After(time.Until(time.Unix(between, int64(200*time.Millisecond))))
			t.Publish("", q, "b")
			c := t.Raw().Channel()
			c.Qos(10, false)
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", Arguments: argument(streamOffset, wire.Timestamp(between))})
			t.Check("from then on", c.Messages(1), []string{`c 1 @1 "b"`})
			t.CheckRead("since a second ago", q, "1s", `c 1 @1 "b"`)
		},
	},
	{
		ID:     "stream.offset/bad",
		Title:  "a bad x-stream-offset is a 406 in 4.3, and an internal error in 3.10 and 4.0 unless it begins with a digit",
		Why:    "The offset often comes from a configuration file.",
		Source: measured,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			refused := func(label string, offset any, want Error) {
				t.Helper()
				c := t.Raw().Channel()
				c.Qos(1, false)
				t.Check(label, c.Refused(&wire.BasicConsume{Queue: q, Arguments: argument(streamOffset, offset)}), want)
			}
			invalid := func(term string) Error {
				return ChannelError(wire.PreconditionFailed,
					"invalid arg 'x-stream-offset' for queue '<q>' in vhost '/': {invalid_stream_offset_arg,{longstr,"+term+"}}", wire.IDBasicConsume)
			}
			for _, s := range []string{"3", "0s", "1x", "1H", "1.5h"} {
				refused(s, s, invalid(`<<"`+s+`">>`))
			}
			refused("with a line break", "1\n", invalid(`<<"1\n">>`))
			for _, s := range []string{"First", "h", "-1h", " 1h"} {
				refused(s, s, ByRelease(t, From(Before43, internalError()), From(Only43, invalid(`<<"`+s+`">>`))))
			}
			refused("empty", "", ByRelease(t, From(Before43, internalError()), From(Only43, invalid(`<<>>`))))
			refused("no ASCII", "ü", ByRelease(t, From(Before43, internalError()), From(Only43, invalid(`<<"Ã¼">>`))))
			for _, v := range []any{true, float32(1), float64(1), wire.Decimal{Value: 1}, []byte("1h"), nil, wire.Table{}, wire.Array{int32(1)}} {
				refused(render(v), v, internalError())
			}
		},
	},
	{
		ID:     "stream.offset/bad-first",
		Title:  "a bad x-stream-offset is reported before a missing prefetch or acknowledgement",
		Why:    "One mistake at a time, and always the same one.",
		Source: measured,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Check("refusal", t.Raw().Channel().Refused(&wire.BasicConsume{Queue: q, NoAck: true, Arguments: argument(streamOffset, "bogus")}),
				ByRelease(t, From(Before43, internalError()), From(Only43, ChannelError(wire.PreconditionFailed,
					"invalid arg 'x-stream-offset' for queue '<q>' in vhost '/': {invalid_stream_offset_arg,{longstr,<<\"bogus\">>}}", wire.IDBasicConsume))))
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
