package conformance

import (
	"fmt"
	"net/http"
	"net/url"

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

// stored are properties as they come back from a stream: with headers, since the offset is one, and from 4.0 with a
// delivery mode.
func (t *T) stored(p wire.Properties) wire.Properties {
	p.Flags |= wire.HasHeaders
	if t.In(Since40) {
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
			check("bytes", argument("k", []byte{0, 255}), ByRelease(t, From(Only310, argument("k", []byte{0, 255})), From(Since40, argument("k", "\x00\xff"))))
			nested := wire.Table{{Key: "b", Value: wire.Array{int8(1), uint8(1), true, 0.5}}, {Key: "a", Value: wire.Timestamp(5)}}
			for _, v := range []any{wire.Array{int32(1), "two"}, wire.Array{}, nested, wire.Table{}} {
				check("plain "+render(v), argument("k", v), nil)
				check("x- "+render(v), argument("x-k", v), ByRelease(t, From(Only310, wire.Table(nil)), From(Since40, argument("x-k", v))))
			}
			check("CC", argument("CC", wire.Array{"k"}), ByRelease(t, From(Only310, wire.Table(nil)), From(Since40, argument("CC", wire.Array{"k"}))))
			check("order", wire.Table{{Key: "z", Value: "1"}, {Key: "a", Value: "2"}, {Key: "M", Value: "3"}},
				wire.Table{{Key: "M", Value: "3"}, {Key: "a", Value: "2"}, {Key: "z", Value: "1"}})
			routing := wire.Table{{Key: "x-exchange", Value: "v"}, {Key: "x-routing-key", Value: "v"}}
			check("names that RabbitMQ uses itself", routing, ByRelease(t, From(Only310, routing), From(Since40, wire.Table(nil))))
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
			if t.In(Since40) {
				t.Check("in a table", c.Error(), internalError())
				return
			}
			Expect[*wire.BasicAck](c)
			t.CheckRead("in a table, which is dropped", q, fromFirst, `c 1 @0 "b"`)
		},
	},
	{
		ID:     "stream.publish/confirmed",
		Title:  "publishing to a stream is confirmed, and a mandatory message is not returned",
		Why:    "Publishers need not know what kind of queue is there.",
		Source: pageConfirms,
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := c.Stream()
			c.Confirm()
			c.PublishWith(&wire.BasicPublish{RoutingKey: q, Mandatory: true}, wire.Properties{}, "a")
			t.Check("confirm", c.Lines(1), []string{"ack 1"})
			t.CheckRead("there", q, fromFirst, `c 1 @0 "a"`)
		},
	},
	{
		ID:     "stream.publish/to-consumers",
		Title:  "a message reaches all consumers of a stream, and the other queues it is routed to",
		Why:    "One stream replaces a fanout exchange with a queue for each reader.",
		Source: pageStreams,
		Run: func(t *T) {
			c, x, other := t.Raw().Channel(), t.ExchangeName("x"), t.QueueName("other")
			q := c.Stream()
			c.Queue(other)
			c.Exchange(x, "fanout")
			c.Bind(q, x, "")
			c.Bind(other, x, "")
			readers := []*RawChannel{t.Read(q, "next", 10), t.Read(q, "next", 10), t.Read(q, "next", 10)}
			t.Publish(x, "", "a", "b")
			for _, reader := range readers {
				t.Check("reader", reader.Messages(2), []string{`c 1 @0 "a"`, `c 2 @1 "b"`})
			}
			t.Check("the queue", c.Drain(other), []string{"a", "b"})
		},
	},
	{
		ID:     "stream.publish/dead-letters",
		Title:  "dead letters can go to a stream from 4.0 on; in 3.10 they are lost",
		Why:    "A stream is a natural place to keep them.",
		Source: measured,
		Run: func(t *T) {
			c, source := t.Raw().Channel(), t.QueueName("source")
			q := c.Stream()
			c.Queue(source, wire.Table{{Key: "x-dead-letter-exchange", Value: ""}, {Key: "x-dead-letter-routing-key", Value: q}}...)
			t.Publish("", source, "dead")
			c.Send(&wire.BasicGet{Queue: source})
			Expect[*wire.BasicGetOk](c)
			c.Send(&wire.BasicReject{DeliveryTag: 1})
			reader := t.Read(q, fromFirst, 10)
			if t.In(Only310) {
				c.CheckCounts("it has left", source, Counts{})
				t.Publish("", q, "after")
				t.Check("lost", reader.Messages(1), []string{`c 1 @0 "after"`})
				return
			}
			t.Check("arrived", reader.Messages(1), []string{`c 1 @0 "dead"`})
		},
	},
	{
		ID:       "stream.filter/values",
		Title:    "x-stream-filter lets through what has one of the values in x-stream-filter-value, and with x-stream-match-unfiltered what has none",
		Why:      "A consumer of a small part of a stream need not read all of it.",
		Source:   pageStreams + "#filtering",
		Releases: Since40,
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
		Releases: Since40,
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
				if t.In(Since40) {
					t.Check(render(v), c.Error(), internalError())
				} else {
					t.Check(render(v), c.Lines(1), []string{"ack 1"})
				}
			}
		},
	},
	{
		ID:         "stream.management/entry",
		Title:      "the management API counts a stream's messages as ready, and refuses to take or purge them",
		Why:        "Dashboards and scripts meet streams, too.",
		Source:     measured,
		Management: true,
		Waits:      true,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a", "b")
			reader := t.Read(q, fromFirst, 1)
			t.Check("read", reader.Messages(1), []string{`c 1 @0 "a"`})
			path := "/api/queues/" + url.PathEscape(t.uri.Vhost) + "/" + url.PathEscape(q)
			t.CheckLater("entry", func() any {
				entry, _ := t.Manage(http.MethodGet, path, nil).(map[string]any)
				picked := map[string]any{}
				for _, key := range []string{"type", "durable", "messages", "messages_ready", "messages_unacknowledged", "consumers"} {
					picked[key] = entry[key]
				}
				_, picked["has message_bytes"] = entry["message_bytes"]
				return picked
			}, map[string]any{"type": "stream", "durable": true, "messages": 2.0, "messages_ready": 2.0, "messages_unacknowledged": 0.0,
				"consumers": 1.0, "has message_bytes": false})
			// The connection that RabbitMQ opens for this ends with the error, and 4.3 sometimes answers 500 instead.
			refused := func(label, method, path string, body any, reason string) {
				t.Helper()
				t.CheckLater(label, func() any {
					status, answer := t.manage(method, path, body)
					return []any{status, answer}
				}, []any{http.StatusBadRequest, map[string]any{"error": "bad_request", "reason": reason}})
			}
			refused("get", http.MethodPost, path+"/get", map[string]any{"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"},
				"540 basic.get not supported by stream queues queue '<q>' in vhost '/'")
			refused("purge", http.MethodDelete, path+"/contents", nil, "queue.purge not supported by stream queues queue '<q>' in vhost '/'")
			status, _ := t.manage(http.MethodDelete, path+"?if-empty=true", nil)
			t.Check("delete if empty", status, http.StatusNoContent)
		},
	},
}
