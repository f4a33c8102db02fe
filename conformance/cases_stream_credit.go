package conformance

import "github.com/minirabbit/minirabbit/wire"

var streamCreditCases = []Case{
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
}
