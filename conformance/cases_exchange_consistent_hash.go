package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

var exchangeConsistentHashCases = []Case{
	{
		ID:     "exchange.consistent-hash/routing-key",
		Title:  "an x-consistent-hash exchange sends each message to one queue, which its routing key decides",
		Why:    "Messages of one key stay in order, and the work is shared out.",
		Source: pageHash,
		Run: func(t *T) {
			x := newHash(t, nil, "1", "1", "1")
			x.publishKeys()
			first := x.drained(40)
			t.Observe("queues", first)
			x.publishKeys()
			t.Check("the same again", x.drained(40), first)
		},
	},
	{
		ID:     "exchange.consistent-hash/weights",
		Title:  "a queue gets messages in proportion to its weight, which is the key of its binding",
		Why:    "A stronger worker may take more.",
		Source: pageHash,
		Run: func(t *T) {
			x := newHash(t, nil, "1", "20", "3")
			x.publishKeys()
			t.Observe("queues", x.drained(40))
		},
	},
	{
		ID:     "exchange.consistent-hash/header",
		Title:  "with hash-header, it is the value of that header that decides, whatever its type, and nothing stands for none",
		Why:    "The routing key may be needed for something else.",
		Source: pageHash,
		Run: func(t *T) {
			x := newHash(t, argument("hash-header", "h"), "1", "1", "1", "1")
			values := []any{"a", "b", "c", "1", int32(1), int64(1), int8(1), int32(-1), 1.5, true, false, nil, wire.Timestamp(1), []byte("a"),
				wire.Array{"a"}, wire.Array{"a", "b"}, wire.Table{{Key: "k", Value: "v"}}, wire.Decimal{Scale: 1, Value: 1}}
			for _, value := range values {
				x.c.PublishWith(&wire.BasicPublish{Exchange: x.exchange, RoutingKey: "k"}, headers(wire.Field{Key: "h", Value: value}), "m")
				t.Observe(fmt.Sprintf("%T %v", value, value), x.where())
			}
			for _, key := range []string{"k", "l"} {
				x.c.PublishWith(&wire.BasicPublish{Exchange: x.exchange, RoutingKey: key}, headers(wire.Field{Key: "other", Value: "a"}), "m")
				t.Observe("without the header, key "+key, x.where())
				x.c.Publish(x.exchange, key, "m")
				t.Observe("without headers, key "+key, x.where())
			}
		},
	},
	{
		ID:     "exchange.consistent-hash/empty-header",
		Title:  "an empty array or table in the header that is hashed is a 541 on 4.0, and a value like others before and since",
		Why:    "4.0 looks at the first element.",
		Source: measured,
		Run: func(t *T) {
			for _, value := range []any{wire.Array{}, wire.Table{}} {
				x := newHash(t, argument("hash-header", "h"), "1", "1", "1", "1")
				x.c.PublishWith(&wire.BasicPublish{Exchange: x.exchange, RoutingKey: "k"}, headers(wire.Field{Key: "h", Value: value}), "m")
				t.Observe(fmt.Sprintf("%T", value), t.answer(x.c, &wire.ExchangeDeclare{Exchange: x.exchange, Passive: true}))
				x.c = t.Raw().Channel()
				t.Observe(fmt.Sprintf("%T goes to", value), x.where())
			}
		},
	},
	{
		ID:     "exchange.consistent-hash/property",
		Title:  "with hash-property, it is message_id, correlation_id or timestamp that decides",
		Why:    "Publishers that set no headers can still choose.",
		Source: pageHash,
		Run: func(t *T) {
			for _, property := range []string{"message_id", "correlation_id", "timestamp"} {
				x := newHash(t, argument("hash-property", property), "1", "1", "1", "1")
				for i := range 12 {
					x.c.PublishWith(&wire.BasicPublish{Exchange: x.exchange, RoutingKey: "k"}, wire.Properties{
						Flags:     wire.HasMessageID | wire.HasCorrelationID | wire.HasTimestamp,
						MessageID: fmt.Sprint("m", i), CorrelationID: fmt.Sprint("c", i), Timestamp: wire.Timestamp(i * 1000)}, fmt.Sprint(i))
				}
				t.Observe(property, x.drained(12))
				for _, key := range []string{"k", "l", "m"} {
					x.c.Publish(x.exchange, key, "m")
					t.Observe(property+" missing, key "+key, x.where())
				}
				x.c.Close()
			}
		},
	},
	{
		ID:     "exchange.consistent-hash/arguments",
		Title:  "hash-header and hash-property exclude each other, and a property has to be one of the three",
		Why:    "A typing error would send everything to one queue.",
		Source: pageHash,
		Run: func(t *T) {
			for _, arguments := range []wire.Table{
				{{Key: "hash-header", Value: "h"}, {Key: "hash-property", Value: "message_id"}},
				argument("hash-property", "user_id"), argument("hash-property", ""), argument("hash-property", int32(1)),
				argument("hash-header", int32(1)), argument("hash-header", true), argument("hash-header", ""), argument("hash-header", nil),
			} {
				t.Observe(arguments.String(), t.answer(t.Raw().Channel(),
					&wire.ExchangeDeclare{Exchange: t.ExchangeName("x"), Type: "x-consistent-hash", Arguments: arguments}))
			}
		},
	},
	{
		ID:     "exchange.consistent-hash/redeclare",
		Title:  "an exchange that is declared again with another hash-header, or none, is the one that is there",
		Why:    "The first declaration decides what is hashed.",
		Source: measured,
		Run: func(t *T) {
			x := newHash(t, argument("hash-header", "h"), "1", "1")
			for _, arguments := range []wire.Table{argument("hash-header", "other"), argument("hash-property", "message_id"), argument("hash-property", "nonsense"), nil} {
				t.Observe(arguments.String(), t.answer(t.Raw().Channel(),
					&wire.ExchangeDeclare{Exchange: x.exchange, Type: "x-consistent-hash", Durable: true, Arguments: arguments}))
			}
		},
	},
	{
		ID:     "exchange.consistent-hash/bad-weights",
		Title:  "the key of a binding has to be a positive integer, and on 4.3 one of at most 10000",
		Why:    "Programs bind by mistake with the key that they route by.",
		Source: pageHash,
		Run: func(t *T) {
			x, q := newHash(t, nil), t.QueueName("q")
			x.c.Queue(q)
			for _, weight := range []string{"", "a", "1.5", "1 ", " 1", "0", "-1", "-0", "ü", "a'b", "99999999999999999999999999a"} {
				t.Observe(render(weight), t.answer(t.Raw().Channel(), &wire.QueueBind{Queue: q, Exchange: x.exchange, RoutingKey: weight}))
			}
			if t.In(Since("4.2")) {
				for _, weight := range []string{"10001", "99999999999999999999999999"} {
					t.Observe(weight, t.answer(t.Raw().Channel(), &wire.QueueBind{Queue: q, Exchange: x.exchange, RoutingKey: weight}))
				}
			}
			y := t.ExchangeName("y")
			x.c.Exchange(y, "fanout")
			t.Observe("exchange", t.answer(t.Raw().Channel(), &wire.ExchangeBind{Source: x.exchange, Destination: y, RoutingKey: "a"}))
		},
	},
	{
		ID:     "exchange.consistent-hash/good-weights",
		Title:  "a weight may have a sign and zeros in front, and be 10000",
		Why:    "It is read as a number.",
		Source: measured,
		Run: func(t *T) {
			x := newHash(t, nil, "+1", "01", "10000")
			x.publishKeys()
			t.Observe("queues", x.drained(40))
		},
	},
	{
		ID:     "exchange.consistent-hash/unbind",
		Title:  "the messages of a queue that is unbound or deleted go to the others, and only some of theirs move",
		Why:    "Workers come and go.",
		Source: pageHash,
		Run: func(t *T) {
			x := newHash(t, nil, "1", "1", "1", "1")
			x.publishKeys()
			t.Observe("all four", x.drained(40))
			Call[*wire.QueueUnbindOk](x.c, &wire.QueueUnbind{Queue: x.queues[1], Exchange: x.exchange, RoutingKey: "1"})
			x.publishKeys()
			t.Observe("without the second", x.drained(40))
			Call[*wire.QueueDeleteOk](x.c, &wire.QueueDelete{Queue: x.queues[3]})
			x.queues = x.queues[:3]
			x.publishKeys()
			t.Observe("without the fourth", x.drained(40))
			x.c.Bind(x.queues[1], x.exchange, "1")
			x.publishKeys()
			t.Observe("with the second again", x.drained(40))
		},
	},
	{
		ID:     "exchange.consistent-hash/two-bindings",
		Title:  "of two bindings of a queue only the first has a weight, and to unbind either takes the queue off the ring",
		Why:    "To change a weight, the queue has to be unbound first.",
		Source: measured,
		Run: func(t *T) {
			x := newHash(t, nil, "1", "1")
			x.c.Bind(x.queues[0], x.exchange, "50")
			x.publishKeys()
			t.Observe("bound twice", x.drained(40))
			Call[*wire.QueueUnbindOk](x.c, &wire.QueueUnbind{Queue: x.queues[0], Exchange: x.exchange, RoutingKey: "50"})
			x.publishKeys()
			t.Observe("unbound once", x.drained(40))
			Call[*wire.QueueUnbindOk](x.c, &wire.QueueUnbind{Queue: x.queues[0], Exchange: x.exchange, RoutingKey: "1"})
			x.publishKeys()
			t.Observe("unbound", x.drained(40))
		},
	},
	{
		ID:     "exchange.consistent-hash/unroutable",
		Title:  "without a binding every message is unroutable, and goes to the alternate exchange",
		Why:    "A ring without queues is like any exchange without bindings.",
		Source: pageHash,
		Run: func(t *T) {
			c, q, x, spare := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x"), t.ExchangeName("spare")
			c.Exchange(x, "x-consistent-hash", alternate(spare))
			t.Check("returned", c.mandatory(x, "k", "first"), []string{`return 312 NO_ROUTE <x> k "first"`})
			c.Exchange(spare, "fanout")
			c.Queue(q)
			c.Bind(q, spare, "")
			t.Check("routed", c.mandatory(x, "k", "second"), []string{})
			t.Check("alternate", c.Drain(q), []string{"second"})
		},
	},
	{
		ID:     "exchange.consistent-hash/cc",
		Title:  "a message with CC is routed once, by its routing key",
		Why:    "Copies are not hashed.",
		Source: measured,
		Run: func(t *T) {
			x := newHash(t, nil, "1", "1", "1")
			for _, key := range numbered("k", 12) {
				x.c.PublishWith(&wire.BasicPublish{Exchange: x.exchange, RoutingKey: key}, headers(keys("CC", "a", "b", "c", "d")), key)
			}
			t.Observe("queues", x.drained(12))
		},
	},
	{
		ID:     "exchange.consistent-hash/exchanges",
		Title:  "exchanges have weights as queues do, and stand on one ring with them",
		Why:    "A ring of exchanges shards a topic.",
		Source: pageHash,
		Run: func(t *T) {
			x := newHash(t, nil, "1")
			y := t.ExchangeName("y")
			x.c.Exchange(y, "fanout")
			x.c.bindExchange(x.exchange, y, "2")
			q := t.QueueName("behind")
			x.c.Queue(q)
			x.c.Bind(q, y, "")
			x.queues = append(x.queues, q)
			x.publishKeys()
			t.Observe("queues", x.drained(40))
		},
	},
}
