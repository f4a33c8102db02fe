package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

// declareStream is the declaration of a stream with arguments.
func declareStream(queue string, arguments ...wire.Field) *wire.QueueDeclare {
	return &wire.QueueDeclare{Queue: queue, Durable: true, Arguments: append(argument("x-queue-type", "stream"), arguments...)}
}

// wrongArgument is the refusal of an argument's value.
func wrongArgument(key, reason string) Error {
	return ChannelError(wire.PreconditionFailed, "invalid arg '"+key+"' for queue '<q>' in vhost '/': "+reason, wire.IDQueueDeclare)
}

var streamDeclareCases = []Case{
	{
		ID:     "stream.declare/properties",
		Title:  "a stream has to be durable and may not be exclusive, auto-delete or server-named",
		Why:    "A program that makes an ordinary queue a stream by its type alone has to hear what else to change.",
		Source: pageStreams + "#feature-comparison",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			refusal := func(property string) Error {
				return ChannelError(wire.PreconditionFailed, "invalid property '"+property+"' for queue '<q>' in vhost '/'", wire.IDQueueDeclare)
			}
			for _, test := range []struct {
				durable, exclusive, autoDelete bool
				property                       string
			}{
				{false, false, false, "non-durable"},
				{true, true, false, "exclusive-owner"},
				{true, false, true, "auto-delete"},
				{false, true, false, "exclusive-owner"},
				{false, true, true, "auto-delete"},
			} {
				m := declareStream(q)
				m.Durable, m.Exclusive, m.AutoDelete = test.durable, test.exclusive, test.autoDelete
				t.Check(describe(m), r.Channel().Refused(m), refusal(test.property))
			}
			t.Check("server-named", r.Channel().Refused(declareStream("")),
				ChannelError(wire.PreconditionFailed, "Cannot declare a server-named queue for type rabbit_stream_queue", wire.IDQueueDeclare))
		},
	},
	{
		ID:     "stream.declare/arguments",
		Title:  "a stream takes the arguments that are made for it",
		Why:    "Retention is set when a stream is declared.",
		Source: pageStreams + "#retention",
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := c.Stream(wire.Table{
				{Key: "x-max-age", Value: "7D"}, {Key: "x-max-length-bytes", Value: int64(20_000_000_000)},
				{Key: "x-stream-max-segment-size-bytes", Value: int64(100_000_000)}, {Key: "x-initial-cluster-size", Value: int32(1)},
				{Key: "x-queue-leader-locator", Value: "client-local"}, {Key: "x-stream-filter-size-bytes", Value: int32(32)},
			}...)
			t.Check("declared again", Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: q, Passive: true}), &wire.QueueDeclareOk{Queue: "<q>"})
		},
	},
	{
		ID:     "stream.declare/refused-arguments",
		Title:  "arguments of other types of queue are refused with 406",
		Why:    "A limit that is not heeded has to be refused.",
		Source: pageStreams + "#feature-comparison",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			for _, f := range []wire.Field{
				{Key: "x-message-ttl", Value: int32(1000)}, {Key: "x-expires", Value: int32(1000)}, {Key: "x-max-length", Value: int32(1)},
				{Key: "x-max-priority", Value: int32(5)}, {Key: "x-overflow", Value: "drop-head"}, {Key: "x-dead-letter-exchange", Value: "x"},
				{Key: "x-dead-letter-routing-key", Value: "k"}, {Key: "x-dead-letter-strategy", Value: "at-most-once"},
				{Key: "x-single-active-consumer", Value: true}, {Key: "x-queue-mode", Value: "lazy"}, {Key: "x-queue-version", Value: int32(2)},
				{Key: "x-delivery-limit", Value: int32(1)}, {Key: "x-quorum-initial-group-size", Value: int32(1)},
				{Key: "x-queue-master-locator", Value: "min-masters"}, {Key: "x-max-in-memory-length", Value: int32(1)},
			} {
				t.Check(f.Key, r.Channel().Refused(declareStream(q, f)), ChannelError(wire.PreconditionFailed,
					"invalid arg '"+f.Key+"' for queue '<q>' in vhost '/' of queue type rabbit_stream_queue", wire.IDQueueDeclare))
			}
		},
	},
	{
		ID:     "stream.declare/max-age",
		Title:  "x-max-age is a number with one of the units Y, M, D, h, m and s",
		Why:    "A stream with a misspelt age would keep everything for ever.",
		Source: pageStreams + "#retention",
		Run: func(t *T) {
			c := t.Raw().Channel()
			for _, age := range []string{"1Y", "10M", "7D", "24h", "5m", "30s", "01s", "99999999999999999999Y"} {
				c.Stream(argument("x-max-age", age)...)
			}
			q, invalid := t.QueueName("q"), wrongArgument("x-max-age", "invalid_max_age")
			for _, age := range []string{"0s", "0h", "1", "1H", "1 h", "1.5h", "1hh", "1d", "1w"} {
				t.Check(age, t.Raw().Channel().Refused(declareStream(q, argument("x-max-age", age)...)), invalid)
			}
			for _, age := range []string{"", "h", "-1h", " 1h", "soon"} {
				t.Check("no digit: "+age, t.Raw().Channel().Refused(declareStream(q, argument("x-max-age", age)...)),
					ByRelease(t, On(UpTo("4.1"), internalError()), On(Since("4.2"), invalid)))
			}
			t.Check("a number", t.Raw().Channel().Refused(declareStream(q, argument("x-max-age", int32(1))...)),
				wrongArgument("x-max-age", "{unacceptable_type,signedint}"))
		},
	},
	{
		ID:     "stream.declare/sizes",
		Title:  "lengths and sizes have to be natural numbers, a segment of 3 GB at most",
		Why:    "Mistakes in an argument show when the stream is declared, not when the disk is full.",
		Source: pageStreams + "#retention",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Stream(argument("x-stream-max-segment-size-bytes", int64(3_000_000_000))...)
			refused := func(key string, value any, want Error) {
				t.Helper()
				t.Check(fmt.Sprint(key, " ", render(value)), t.Raw().Channel().Refused(declareStream(q, argument(key, value)...)), want)
			}
			refused("x-stream-max-segment-size-bytes", int64(3_000_000_001),
				ChannelError(wire.PreconditionFailed, "Exceeded max value for x-stream-max-segment-size-bytes", wire.IDQueueDeclare))
			for _, key := range []string{"x-max-length-bytes", "x-stream-max-segment-size-bytes", "x-initial-cluster-size"} {
				refused(key, int32(-1), wrongArgument(key, "{value_negative,-1}"))
				refused(key, "1", wrongArgument(key, `"expected integer, got longstr"`))
			}
			refused("x-initial-cluster-size", int32(0), wrongArgument("x-initial-cluster-size", "{value_zero,0}"))
			refused("x-queue-leader-locator", "bogus", wrongArgument("x-queue-leader-locator", "invalid_queue_locator_arg"))
		},
	},
	{
		ID:       "stream.declare/filter-size",
		Title:    "x-stream-filter-size-bytes is between 16 and 255",
		Why:      "The argument came with filters; releases without them do not look at it.",
		Source:   "rabbitmq.com/docs/streams#filtering",
		Releases: Since("3.13"),
		Run: func(t *T) {
			c, q, key := t.Raw().Channel(), t.QueueName("q"), "x-stream-filter-size-bytes"
			c.Stream(argument(key, int32(16))...)
			c.Stream(argument(key, int32(255))...)
			range40 := ChannelError(wire.PreconditionFailed, "Invalid value for  "+key, wire.IDQueueDeclare)
			range43 := ChannelError(wire.PreconditionFailed, "Invalid value for "+key, wire.IDQueueDeclare)
			for _, test := range []struct {
				value any
				in43  Error
			}{
				{int32(15), range43}, {int32(256), range43}, {int32(0), range43},
				{int32(-1), wrongArgument(key, "{value_negative,-1}")},
				{"a", wrongArgument(key, `"expected integer, got longstr"`)},
			} {
				t.Check(render(test.value), t.Raw().Channel().Refused(declareStream(q, argument(key, test.value)...)),
					ByRelease(t, On(Between("3.12", "4.1"), range40), On(Since("4.2"), test.in43)))
			}
		},
	},
	{
		ID:     "stream.declare/equivalent",
		Title:  "a redeclaration has to repeat a stream's arguments; 4.3 compares ages by their length",
		Why:    "Two programs that share a stream have to agree on its retention.",
		Source: pageQueues + "#property-equivalence",
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := c.Stream(wire.Table{{Key: "x-max-age", Value: "1h"}, {Key: "x-max-length-bytes", Value: int32(5)},
				{Key: "x-stream-max-segment-size-bytes", Value: int32(500)}}...)
			size, segment := wire.Field{Key: "x-max-length-bytes", Value: int32(5)}, wire.Field{Key: "x-stream-max-segment-size-bytes", Value: int32(500)}
			age := func(s string) wire.Field { return wire.Field{Key: "x-max-age", Value: s} }
			same := Call[*wire.QueueDeclareOk](c, declareStream(q, age("1h"), size, segment))
			t.Check("the same", same, &wire.QueueDeclareOk{Queue: "<q>"})
			differs := func(label, key, values string, fields ...wire.Field) {
				t.Helper()
				t.Check(label, t.Raw().Channel().Refused(declareStream(q, fields...)), ChannelError(wire.PreconditionFailed,
					"inequivalent arg '"+key+"' for queue '<q>' in vhost '/': "+values, wire.IDQueueDeclare))
			}
			differs("age", "x-max-age", ByRelease(t, On(UpTo("4.2"), "received '2h' but current is '1h'"),
				On(Since("4.3"), "received '7200000' but current is '3600000'")), age("2h"), size, segment)
			differs("no age", "x-max-age", ByRelease(t, On(UpTo("4.2"), "received none but current is the value '1h' of type 'longstr'"),
				On(Since("4.3"), "received none but current is the value '3600000' of type 'longstr'")), size, segment)
			if t.In(Since("4.3")) {
				t.Check("60m is 1h", Call[*wire.QueueDeclareOk](c, declareStream(q, age("60m"), size, segment)), same)
			} else {
				differs("60m", "x-max-age", "received '60m' but current is '1h'", age("60m"), size, segment)
			}
			differs("size", "x-max-length-bytes", "received '6' but current is '5'", age("1h"),
				wire.Field{Key: "x-max-length-bytes", Value: int32(6)}, segment)
			differs("segment", "x-stream-max-segment-size-bytes", "received '501' but current is '500'", age("1h"), size,
				wire.Field{Key: "x-stream-max-segment-size-bytes", Value: int32(501)})
			t.Check("an argument that streams do not take",
				Call[*wire.QueueDeclareOk](c, declareStream(q, age("1h"), size, segment, wire.Field{Key: "x-message-ttl", Value: int32(1)})), same)
		},
	},
	{
		ID:     "stream.declare/equivalent-type",
		Title:  "a stream redeclared without its type is a 406",
		Why:    "A program that was not told of the change must not take a stream for a queue.",
		Source: pageQueues + "#property-equivalence",
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := c.Stream()
			refusal := func(values string) Error {
				return ChannelError(wire.PreconditionFailed, "inequivalent arg 'x-queue-type' for queue '<q>' in vhost '/': "+values, wire.IDQueueDeclare)
			}
			t.Check("no type", t.Raw().Channel().Refused(&wire.QueueDeclare{Queue: q, Durable: true}), refusal(ByRelease(t,
				On(UpTo("3.13"), "received none but current is the value 'stream' of type 'longstr'"),
				On(Since("4.0"), "received 'classic' but current is 'stream'"))))
			t.Check("classic", t.Raw().Channel().Refused(&wire.QueueDeclare{Queue: q, Durable: true, Arguments: argument("x-queue-type", "classic")}),
				refusal("received 'classic' but current is 'stream'"))
		},
	},
	{
		ID:     "stream.declare/counts",
		Title:  "declare-ok counts a stream's messages, some seconds late, and none of its consumers",
		Why:    "A program that waits for a consumer by asking waits for ever.",
		Source: measured,
		Waits:  true,
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := c.Stream()
			t.Publish("", q, "a", "b", "c")
			reader := t.Read(q, fromFirst, 1)
			t.Check("read", reader.Messages(1), []string{`c 1 @0 "a"`})
			c.CheckLateCounts("counts", q, Counts{Ready: 3})
		},
	},
}
