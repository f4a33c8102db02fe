package conformance

import "github.com/minirabbit/minirabbit/wire"

var streamFilterCases = []Case{
	{
		ID:       "stream.filter/values",
		Title:    "x-stream-filter lets through what has one of the values in x-stream-filter-value, and with x-stream-match-unfiltered what has none",
		Why:      "A consumer of a small part of a stream need not read all of it.",
		Source:   pageStreams + "#filtering",
		Releases: Since("3.13"),
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := c.Stream()
			c.Confirm()
			for _, m := range []struct{ body, value string }{{"a1", "a"}, {"b1", "b"}, {"none", ""}, {"a2", "a"}, {"empty", "empty"}} {
				p := headers(wire.Field{Key: "x-stream-filter-value", Value: m.value})
				switch m.value {
				case "":
					p = wire.Properties{}
				case "empty":
					p.Headers[0].Value = ""
				}
				c.PublishWith(&wire.BasicPublish{RoutingKey: q}, p, m.body)
				Expect[*wire.BasicAck](c)
			}
			check := func(label string, filter any, unfiltered any, want ...string) {
				t.Helper()
				arguments := wire.Table{{Key: streamOffset, Value: fromFirst}, {Key: "x-stream-filter", Value: filter}, {Key: "x-stream-match-unfiltered", Value: unfiltered}}
				t.CheckReadWith(label, q, arguments, want...)
			}
			check("a", "a", false, `c 1 @0 "a1"`, `c 2 @3 "a2"`)
			check("a and what has none", "a", true, `c 1 @0 "a1"`, `c 2 @2 "none"`, `c 3 @3 "a2"`, `c 4 @4 "empty"`)
			check("unfiltered in words", "a", "true", `c 1 @0 "a1"`, `c 2 @3 "a2"`)
			check("a or b", wire.Array{"a", "b", int32(1)}, false, `c 1 @0 "a1"`, `c 2 @1 "b1"`, `c 3 @3 "a2"`)
			check("another", "c", false)
			check("the empty one", "", false, `c 1 @2 "none"`, `c 2 @4 "empty"`)
			all := []string{`c 1 @0 "a1"`, `c 2 @1 "b1"`, `c 3 @2 "none"`, `c 4 @3 "a2"`, `c 5 @4 "empty"`}
			for _, ignored := range []any{int32(1), []byte("a"), true, wire.Table{}} {
				check("ignored: "+render(ignored), ignored, false, all...)
			}
			bad := t.Raw().Channel()
			bad.Qos(10, false)
			t.Check("no value", bad.Refused(&wire.BasicConsume{Queue: q, Arguments: wire.Table{{Key: "x-stream-filter", Value: wire.Array{}}}}), internalError())
		},
	},
	{
		ID:       "stream.filter/chunks",
		Title:    "a filter lets through whole chunks; the client has to filter again",
		Why:      "A consumer that trusts the filter handles what is not its own.",
		Source:   pageStreams + "#filtering",
		Releases: Since("3.12"),
		Run: func(t *T) {
			q := t.StreamOfOneChunk(func(tx *RawChannel, q string) {
				for _, value := range []string{"a", "b"} {
					tx.PublishWith(&wire.BasicPublish{RoutingKey: q}, headers(wire.Field{Key: "x-stream-filter-value", Value: value}), value)
				}
				tx.Publish("", q, "none")
			})
			filter := wire.Field{Key: "x-stream-filter", Value: "a"}
			t.CheckReadWith("all of the chunk", q, wire.Table{{Key: streamOffset, Value: fromFirst}, filter}, `c 1 @0 "a"`, `c 2 @1 "b"`, `c 3 @2 "none"`)
		},
	},
	{
		ID:     "stream.filter/bad-value",
		Title:  "a filter value that is no text is an internal error from 4.0 on; 3.10 has no filters",
		Why:    "A header that every other queue takes ends the publisher's connection.",
		Source: measured,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			for _, v := range []any{int32(1), nil, true, []byte("a"), wire.Array{"a"}} {
				c := t.Raw().Channel()
				c.Confirm()
				c.PublishWith(&wire.BasicPublish{RoutingKey: q}, headers(wire.Field{Key: "x-stream-filter-value", Value: v}), "a")
				if t.In(Since("3.13")) {
					t.Check(render(v), c.Error(), internalError())
				} else {
					t.Check(render(v), c.Lines(1), []string{"ack 1"})
				}
			}
		},
	},
}
