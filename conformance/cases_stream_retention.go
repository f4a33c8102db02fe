package conformance

import (
	"strings"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// The retention of RabbitMQ runs beside the publisher, so that what is dropped is not there any more a moment after a
// confirm. The sizes in these cases are far from where a few bytes would make a difference.

// kilobyte is a body that, with what is around it, makes a segment of 1,500 bytes full together with another.
var kilobyte = strings.Repeat("k", 1000)

var streamRetentionCases = []Case{
	{
		ID:     "stream.retention/segments",
		Title:  "a segment that is full is followed by another, whose first offset RabbitMQ uses itself",
		Why:    "Offsets have gaps; a program that computes them misses messages.",
		Source: measured,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream(argument("x-stream-max-segment-size-bytes", int32(1500))...)
			t.Publish("", q, kilobyte, kilobyte, kilobyte, kilobyte, kilobyte)
			c := t.Read(q, fromFirst, 10)
			var offsets []any
			for range 5 {
				offset, _ := c.Next().Header.Properties.Headers.Get(streamOffset)
				offsets = append(offsets, offset)
			}
			t.Check("offsets", offsets, []any{int64(0), int64(1), int64(3), int64(4), int64(6)})
		},
	},
	{
		ID:     "stream.retention/length",
		Title:  "x-max-length-bytes drops whole segments, and never the last",
		Why:    "A stream keeps more than its limit says, half a gigabyte more by default.",
		Source: pageStreams + "#retention",
		Waits:  true,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			small := wire.Field{Key: "x-stream-max-segment-size-bytes", Value: int32(1500)}
			limit := wire.Field{Key: "x-max-length-bytes", Value: int32(4000)}
			q, whole := c.Stream(small, limit), c.Stream(limit)
			for range 11 {
				t.Publish("", q, kilobyte)
				t.Publish("", whole, kilobyte)
			}
			// Segments of two, 0 and 1, 3 and 4, 6 and 7, 9 and 10, 12 and 13; 15 is alone, and one segment fits beside it.
			t.CheckLater("in segments", func() any { return r.FirstOffset(q, fromFirst) }, "12")
			t.CheckLater("in one segment", func() any { return r.FirstOffset(whole, fromFirst) }, "0")
		},
	},
	{
		ID:     "stream.retention/age",
		Title:  "x-max-age drops segments whose last message is too old, when the next segment begins",
		Why:    "Messages of an idle stream stay, however old they are.",
		Source: pageStreams + "#retention",
		Waits:  true,
		Run: func(t *T) {
			r := t.Raw()
			q := r.Channel().Stream(wire.Field{Key: "x-stream-max-segment-size-bytes", Value: int32(1500)}, wire.Field{Key: "x-max-age", Value: "1s"})
			t.Publish("", q, kilobyte, kilobyte)
			<-time.After(1500 * time.Millisecond)
			t.Publish("", q, kilobyte)
			t.CheckLater("dropped", func() any { return r.FirstOffset(q, fromFirst) }, "3")
		},
	},
	{
		ID:         "stream.retention/policy",
		Title:      "a policy limits a stream at once",
		Why:        "Operators limit what has grown.",
		Source:     pageStreams + "#retention",
		Management: true,
		Waits:      true,
		Releases:   Since("3.12"), // under load, 3.10 sometimes misses the policy or stops to confirm
		Run: func(t *T) {
			r := t.Raw()
			q := r.Channel().Stream(argument("x-stream-max-segment-size-bytes", int32(1500))...)
			for range 9 {
				t.Publish("", q, kilobyte)
			}
			t.CheckLater("before", func() any { return r.FirstOffset(q, fromFirst) }, "0")
			t.Policy(q, map[string]any{"max-length-bytes": 4000})
			t.CheckLater("after", func() any { return r.FirstOffset(q, fromFirst) }, "9")
		},
	},
	{
		ID:         "stream.retention/policy-first",
		Title:      "a policy goes before a stream's arguments, and sets the size of segments only when the stream is declared",
		Why:        "With other queues the lower of two numbers counts.",
		Source:     measured,
		Management: true,
		Waits:      true,
		Releases:   Since("3.12"), // under load, 3.10 sometimes misses the policy or stops to confirm
		Run: func(t *T) {
			r := t.Raw()
			fill := func(q string) {
				for range 11 {
					t.Publish("", q, kilobyte)
				}
			}
			for _, test := range []struct {
				label  string
				policy map[string]any
				args   wire.Table
				oldest string
			}{
				{"length in the policy", map[string]any{"max-length-bytes": 4000}, argument("x-max-length-bytes", int32(1_000_000)), "12"},
				{"more in the policy", map[string]any{"max-length-bytes": 1_000_000}, argument("x-max-length-bytes", int32(4000)), "0"},
				{"segments", map[string]any{"max-length-bytes": 4000, "stream-max-segment-size-bytes": 500_000}, nil, "0"},
			} {
				q := t.QueueName("q")
				t.Policy(q, test.policy)
				r.Channel().Queue(q, append(append(argument("x-queue-type", "stream"), argument("x-stream-max-segment-size-bytes", int32(1500))...), test.args...)...)
				fill(q)
				t.CheckLater(test.label, func() any { return r.FirstOffset(q, fromFirst) }, test.oldest)
			}
			q := r.Channel().Stream()
			t.Policy(q, map[string]any{"max-length-bytes": 4000, "stream-max-segment-size-bytes": 1500})
			fill(q)
			t.CheckLater("segments, too late", func() any { return r.FirstOffset(q, fromFirst) }, "0")
		},
	},
}
