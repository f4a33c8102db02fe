package conformance

import (
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

var streamOffsetCases = []Case{
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
		Releases: Since("3.12"),
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
			t.CheckRead("since a second ago", q, "1s", `c 1 @1 "b"`)
			t.CheckRead("from then on", q, wire.Timestamp(between), `c 1 @1 "b"`)
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
				refused(s, s, ByRelease(t, On(UpTo("4.1"), internalError()), On(Since("4.2"), invalid(`<<"`+s+`">>`))))
			}
			refused("empty", "", ByRelease(t, On(UpTo("4.1"), internalError()), On(Since("4.2"), invalid(`<<>>`))))
			refused("no ASCII", "ü", ByRelease(t, On(UpTo("4.1"), internalError()), On(Since("4.2"), invalid(`<<"Ã¼">>`))))
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
				ByRelease(t, On(UpTo("4.1"), internalError()), On(Since("4.2"), ChannelError(wire.PreconditionFailed,
					"invalid arg 'x-stream-offset' for queue '<q>' in vhost '/': {invalid_stream_offset_arg,{longstr,<<\"bogus\">>}}", wire.IDBasicConsume))))
		},
	},
}
