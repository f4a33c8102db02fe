package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

// fromStream publishes a message to a stream and gives what a consumer gets, without the offset.
func (t *T) fromStream(publisher, reader *RawChannel, queue string, p wire.Properties) wire.Properties {
	t.Helper()
	publisher.PublishWith(&wire.BasicPublish{RoutingKey: queue}, p, "a")
	Expect[*wire.BasicAck](publisher)
	command := reader.Next()
	if command.Header == nil {
		t.Fatalf("got %v, want a delivery", command)
	}
	reader.Send(&wire.BasicAck{Multiple: true})
	got := command.Header.Properties
	if _, set := got.Headers.Get(streamOffset); !set {
		t.Errorf("the delivery has no %s", streamOffset)
	}
	got.Headers.Delete(streamOffset)
	return got
}

// stored are properties as they come back from a stream: with headers, since the offset is one, and since 3.13 with a
// delivery mode.
func (t *T) stored(p wire.Properties) wire.Properties {
	p.Flags |= wire.HasHeaders
	if t.In(Since("3.13")) {
		p.Flags |= wire.HasDeliveryMode
		p.DeliveryMode = max(1, p.DeliveryMode)
	}
	return p
}

var streamMessageCases = []Case{
	{
		ID:     "stream.message/routing",
		Title:  "a delivery names the exchange and the routing key, and its header x-stream-offset is a 64-bit number",
		Why:    "The offset is what a consumer stores.",
		Source: pageStreams + "#consuming",
		Run: func(t *T) {
			c, x := t.Raw().Channel(), t.ExchangeName("x")
			q := c.Stream()
			c.Exchange(x, "topic")
			c.Bind(q, x, "a.#")
			reader := t.Read(q, fromFirst, 10)
			t.Publish(x, "a.b", "body", "")
			for i, body := range []string{"body", ""} {
				command := reader.Next()
				t.Check("deliver", command.Method, &wire.BasicDeliver{ConsumerTag: "c", DeliveryTag: uint64(i + 1), Exchange: x, RoutingKey: "a.b"})
				t.Check("properties", command.Header.Properties, t.stored(headers(wire.Field{Key: streamOffset, Value: int64(i)})))
				t.Check("body", string(command.Body), body)
			}
		},
	},
	{
		ID:     "stream.message/properties",
		Title:  "properties come back, but for the cluster-id; from 4.0 there is always a delivery mode",
		Why:    "RabbitMQ stores messages of streams in the format of AMQP 1.0, which has no place for all.",
		Source: measured,
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := c.Stream()
			c.Confirm()
			reader := t.Read(q, fromFirst, 10)
			for _, p := range []wire.Properties{
				{},
				{Flags: wire.HasDeliveryMode, DeliveryMode: 1},
				{Flags: wire.HasDeliveryMode, DeliveryMode: 2},
				{Flags: wire.HasContentType},
				{Flags: wire.HasPriority},
				{Flags: wire.HasCorrelationID, CorrelationID: "urn:uuid:550e8400-e29b-41d4-a716-446655440000"},
				{Flags: 0xFFFC &^ wire.HasHeaders &^ wire.HasClusterID, ContentType: "a/b", ContentEncoding: "c", DeliveryMode: 2, Priority: 9,
					CorrelationID: "d", ReplyTo: "e", Expiration: "60000", MessageID: "f", Timestamp: 1_700_000_000, Type: "g", UserID: "guest", AppID: "h"},
			} {
				if p.Flags&wire.HasUserID != 0 {
					p.UserID = t.uri.Username
				}
				t.Check(fmt.Sprintf("flags %04x", uint16(p.Flags)), t.fromStream(c, reader, q, p), t.stored(p))
			}
			t.Check("cluster-id", t.fromStream(c, reader, q, wire.Properties{Flags: wire.HasClusterID, ClusterID: "x"}), t.stored(wire.Properties{}))
		},
	},
	{
		ID:     "stream.message/expiration",
		Title:  "the expiration and the priority of a message have no effect in a stream",
		Why:    "Messages that expire in a queue are there for ever in a stream, or as long as it is retained.",
		Source: pageStreams + "#feature-comparison",
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := c.Stream()
			c.Confirm()
			for i, body := range []string{"a", "b", "c"} {
				p := wire.Properties{Flags: wire.HasExpiration | wire.HasPriority, Expiration: "0", Priority: uint8(i)}
				c.PublishWith(&wire.BasicPublish{RoutingKey: q}, p, body)
				Expect[*wire.BasicAck](c)
			}
			t.CheckRead("all", q, fromFirst, `c 1 @0 "a"`, `c 2 @1 "b"`, `c 3 @2 "c"`)
		},
	},
	{
		ID:     "stream.message/headers",
		Title:  "headers with plain values come back sorted; with tables and arrays only from 4.0, as x- headers and CC",
		Why:    "A header that a stream loses is found out about in production.",
		Source: measured,
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := c.Stream()
			c.Confirm()
			reader := t.Read(q, fromFirst, 10)
			check := func(label string, sent wire.Table, want wire.Table) {
				t.Helper()
				t.Check(label, t.fromStream(c, reader, q, headers(sent...)), t.stored(headers(want...)))
			}
			for _, v := range []any{true, int8(-1), uint8(200), int16(-3), uint16(60000), int32(-5), uint32(4_000_000_000), int64(-1 << 40),
				float32(0.5), 0.25, "text", "", "\xff\xfe", wire.Timestamp(1_700_000_000), nil} {
				check(render(v), wire.Table{{Key: "k", Value: v}, {Key: "x-k", Value: v}}, wire.Table{{Key: "k", Value: v}, {Key: "x-k", Value: v}})
			}
			check("bytes", argument("k", []byte{0, 255}), ByRelease(t, On(UpTo("3.12"), argument("k", []byte{0, 255})), On(Since("3.13"), argument("k", "\x00\xff"))))
			nested := wire.Table{{Key: "b", Value: wire.Array{int8(1), uint8(1), true, 0.5}}, {Key: "a", Value: wire.Timestamp(5)}}
			for _, v := range []any{wire.Array{int32(1), "two"}, wire.Array{}, nested, wire.Table{}} {
				check("plain "+render(v), argument("k", v), nil)
				check("x- "+render(v), argument("x-k", v), ByRelease(t, On(UpTo("3.12"), wire.Table(nil)), On(Since("3.13"), argument("x-k", v))))
			}
			check("CC", argument("CC", wire.Array{"k"}), ByRelease(t, On(UpTo("3.12"), wire.Table(nil)), On(Since("3.13"), argument("CC", wire.Array{"k"}))))
			check("order", wire.Table{{Key: "z", Value: "1"}, {Key: "a", Value: "2"}, {Key: "M", Value: "3"}},
				wire.Table{{Key: "M", Value: "3"}, {Key: "a", Value: "2"}, {Key: "z", Value: "1"}})
			routing := wire.Table{{Key: "x-exchange", Value: "v"}, {Key: "x-routing-key", Value: "v"}}
			check("names that RabbitMQ uses itself", routing, ByRelease(t, On(UpTo("3.12"), routing), On(Since("3.13"), wire.Table(nil))))
		},
	},
	{
		ID:     "stream.message/timestamps",
		Title:  "timestamps beyond the year 292,000,000 do not come back as they went in",
		Why:    "They are stored in milliseconds; a client that sends nanoseconds finds out here.",
		Source: measured,
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := c.Stream()
			c.Confirm()
			reader := t.Read(q, fromFirst, 10)
			for _, test := range []struct{ sent, want wire.Timestamp }{
				{9_223_372_036_854_775, 9_223_372_036_854_775},
				{9_223_372_036_854_776, 18_437_520_701_672_696_841},
				{1<<55 + 7, 18_445_879_382_581_096_488},
				{1<<63 + 5, 5},
				{1 << 62, 0},
			} {
				p := wire.Properties{Flags: wire.HasTimestamp | wire.HasHeaders, Timestamp: test.sent, Headers: argument("t", test.sent)}
				want := t.stored(wire.Properties{Flags: wire.HasTimestamp | wire.HasHeaders, Timestamp: test.want, Headers: argument("t", test.want)})
				t.Check(render(test.sent), t.fromStream(c, reader, q, p), want)
			}
		},
	},
	{
		ID:     "stream.message/decimal",
		Title:  "a decimal number in a header ends the publisher's connection with an internal error",
		Why:    "The message cannot be written to a stream, and is taken by every other queue.",
		Source: measured,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			decimal := wire.Decimal{Scale: 2, Value: 314}
			for _, key := range []string{"k", "x-k"} {
				c := t.Raw().Channel()
				c.PublishWith(&wire.BasicPublish{RoutingKey: q}, headers(wire.Field{Key: key, Value: decimal}), "a")
				t.Check(key, c.Error(), internalError())
			}
			c := t.Raw().Channel()
			c.Confirm()
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, headers(wire.Field{Key: "x-k", Value: argument("in", decimal)}), "b")
			if t.In(Since("3.13")) {
				t.Check("in a table", c.Error(), internalError())
				return
			}
			Expect[*wire.BasicAck](c)
			t.CheckRead("in a table, which is dropped", q, fromFirst, `c 1 @0 "b"`)
		},
	},
}
