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
				On(UpTo("3.13"), "consumer prefetch count is not set for 'queue '<q>' in vhost '/''"),
				On(Since("4.0"), "consumer prefetch count is not set for stream queue '<q>' in vhost '/'")), wire.IDBasicConsume)
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
				On(UpTo("3.13"), "automatic acknowledgement not supported by stream queues"),
				On(Since("4.0"), "automatic acknowledgement not supported by stream")), wire.IDBasicConsume))
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
			if t.In(UpTo("4.2")) {
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
			if t.In(UpTo("3.12")) {
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
		ID: "stream.consume/tag-again", Title: "a consumer of a stream that is started again under its tag has credit of its own, and what the first one held gives it more",
		Why: "Workers restart their consumer with the same tag.", Source: pageStreams,
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := c.Stream()
			t.Publish("", q, "a", "b", "c", "d")
			c.Qos(2, false)
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", Arguments: argument(streamOffset, fromFirst)})
			t.Check("first", c.Messages(2), []string{`c 1 @0 "a"`, `c 2 @1 "b"`})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "c"})
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", Arguments: argument(streamOffset, int64(1))})
			t.Check("again", c.Messages(2), []string{`c 3 @1 "b"`, `c 4 @2 "c"`})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("for an older one", c.Messages(1), []string{`c 5 @3 "d"`})
		},
	},
}
