package conformance

import "github.com/minirabbit/minirabbit/wire"

// history declares an x-recent-history exchange.
func (t *T) history(c *RawChannel, arguments ...wire.Field) (name string) {
	t.Helper()
	name = t.ExchangeName("x")
	c.Exchange(name, "x-recent-history", arguments...)
	return name
}

var exchangeRecentHistoryCases = []Case{
	{
		ID:     "exchange.recent-history/replay",
		Title:  "an x-recent-history exchange gives a queue that is bound what was published before, oldest first, and then routes as fanout",
		Why:    "Who enters a chat room late reads what was said.",
		Source: pageHistory,
		Run: func(t *T) {
			c := t.Raw().Channel()
			x, early := t.history(c), t.QueueName("early")
			c.Queue(early)
			c.Bind(early, x, "any")
			c.Publish(x, "k", "1", "2", "3")
			t.Check("replayed", c.lateBinding(x, "late", 3), []string{"1", "2", "3"})
			c.Publish(x, "other", "4")
			t.Check("early", c.Drain(early), []string{"1", "2", "3", "4"})
			t.Check("later", c.lateBinding(x, "later", 4), []string{"1", "2", "3", "4"})
		},
	},
	{
		ID:     "exchange.recent-history/default-length",
		Title:  "twenty messages are kept without x-recent-history-length",
		Why:    "Somebody relies on the default.",
		Source: pageHistory,
		Run: func(t *T) {
			c := t.Raw().Channel()
			x := t.history(c)
			c.Publish(x, "", numbered("m", 25)...)
			t.Check("replayed", c.lateBinding(x, "q", 20), numbered("m", 25)[5:])
		},
	},
	{
		ID:     "exchange.recent-history/length",
		Title:  "as many messages are kept as x-recent-history-length says",
		Why:    "Some need only the last value.",
		Source: pageHistory,
		Run: func(t *T) {
			for _, length := range []int{1, 3} {
				c := t.Raw().Channel()
				x := t.history(c, wire.Field{Key: "x-recent-history-length", Value: int32(length)})
				c.Publish(x, "", "1", "2", "3", "4", "5")
				t.Check(numbered("length ", 4)[length], c.lateBinding(x, numbered("q", 4)[length], length), []string{"1", "2", "3", "4", "5"}[5-length:])
			}
		},
	},
	{
		ID:     "exchange.recent-history/bad-length",
		Title:  "an x-recent-history-length that is no positive integer is a 406",
		Why:    "The text shows the value.",
		Source: pageHistory,
		Run: func(t *T) {
			for _, value := range []any{int32(0), int32(-1), "3", "", 1.0, true, nil, []byte("3"), wire.Array{int32(1)}, wire.Table{{Key: "k", Value: "v"}},
				wire.Timestamp(3), wire.Decimal{Scale: 0, Value: 3}, uint8(3), uint16(3), uint32(3)} {
				t.Observe(t.value(value), t.answer(t.Raw().Channel(), &wire.ExchangeDeclare{Exchange: t.ExchangeName("x"), Type: "x-recent-history",
					Arguments: argument("x-recent-history-length", value)}))
			}
			for _, value := range []any{int8(3), int16(3), int64(3), int64(1 << 40)} {
				t.Observe(t.value(value), t.answer(t.Raw().Channel(), &wire.ExchangeDeclare{Exchange: t.ExchangeName("x"), Type: "x-recent-history",
					Arguments: argument("x-recent-history-length", value)}))
			}
		},
	},
	{
		ID:     "exchange.recent-history/properties",
		Title:  "a message is replayed with its exchange, key, properties and headers",
		Why:    "It must be the message that was missed.",
		Source: pageHistory,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			x, q := t.history(c), t.QueueName("q")
			properties := allProperties(t)
			c.PublishWith(&wire.BasicPublish{Exchange: x, RoutingKey: "k"}, properties, "m")
			c.Queue(q)
			box := r.letterbox(q)
			c.Bind(q, x, "")
			got := box.Next()
			t.Check("method", got.Method.(*wire.BasicDeliver).RoutingKey, "k")
			t.Check("properties", got.Header.Properties, t.delivered(properties))
		},
	},
	{
		ID:     "exchange.recent-history/copies",
		Title:  "CC and BCC are replayed as they are routed: BCC is gone",
		Why:    "Blind recipients stay blind to those who come late.",
		Source: measured,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			x, q := t.history(c), t.QueueName("q")
			c.PublishWith(&wire.BasicPublish{Exchange: x, RoutingKey: "k"}, headers(keys("CC", "a"), keys("BCC", "b")), "m")
			c.Queue(q)
			box := r.letterbox(q)
			c.Bind(q, x, "")
			t.Observe("headers", box.Next().Header.Properties.Headers.String())
		},
	},
	{
		ID:     "exchange.recent-history/no-store",
		Title:  "a message whose header x-recent-history-no-store is true is routed, and not kept",
		Why:    "Notices that make no sense later.",
		Source: pageHistory,
		Run: func(t *T) {
			c := t.Raw().Channel()
			x, early := t.history(c), t.QueueName("early")
			c.Queue(early)
			c.Bind(early, x, "")
			kept := 0
			for _, value := range []any{true, false, "true", int32(1), nil} {
				c.PublishWith(&wire.BasicPublish{Exchange: x}, headers(wire.Field{Key: "x-recent-history-no-store", Value: value}), t.value(value))
				if value != true {
					kept++
				}
			}
			t.Check("routed", c.Drain(early), []string{"true", "false", `"true"`, "int32(1)", "void"})
			t.Check("kept", c.lateBinding(x, "late", kept), []string{"false", `"true"`, "int32(1)", "void"})
		},
	},
	{
		ID:     "exchange.recent-history/bound-again",
		Title:  "a queue gets the history with each new binding, and none with one that is there already",
		Why:    "Programs bind again whenever they connect.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			x := t.history(c)
			c.Publish(x, "", "1", "2")
			c.Queue(q)
			c.Bind(q, x, "a")
			t.arrives(c, q, 2)
			c.Bind(q, x, "a")
			c.Bind(q, x, "b")
			t.arrives(c, q, 4)
			Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Queue: q, Exchange: x, RoutingKey: "b"})
			c.Bind(q, x, "b")
			t.arrives(c, q, 6)
			t.Check("messages", c.Drain(q), []string{"1", "2", "1", "2", "1", "2"})
		},
	},
	{
		ID:     "exchange.recent-history/exchange",
		Title:  "an exchange that is bound gets the history too, newest first, and it has to reach a queue",
		Why:    "Otherwise binding fails as if the broker did.",
		Source: measured,
		Run: func(t *T) {
			c, q, y, empty := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("y"), t.ExchangeName("empty")
			x := t.history(c)
			c.Publish(x, "k", "1", "2", "3")
			c.Exchange(y, "fanout")
			c.Exchange(empty, "fanout")
			c.Queue(q)
			c.Bind(q, y, "")
			c.bindExchange(x, y, "")
			t.Check("messages", c.Drain(q), []string{"3", "2", "1"})
			t.Observe("without a queue", t.answer(t.Raw().Channel(), &wire.ExchangeBind{Source: x, Destination: empty}))
			t.Observe("bound all the same", t.answer(t.Raw().Channel(), &wire.ExchangeDelete{Exchange: empty, IfUnused: true}))
		},
	},
	{
		ID:     "exchange.recent-history/unroutable",
		Title:  "a message that comes to an exchange without bindings is unroutable, and kept",
		Why:    "It may be returned to its publisher and replayed later.",
		Source: measured,
		Run: func(t *T) {
			c := t.Raw().Channel()
			x := t.history(c)
			t.Check("returned", c.mandatory(x, "k", "m"), []string{`return 312 NO_ROUTE <x> k "m"`})
			t.Check("replayed", c.lateBinding(x, "q", 1), []string{"m"})
		},
	},
	{
		ID:     "exchange.recent-history/forgotten",
		Title:  "the history goes with the exchange, and stays when its last queue does",
		Why:    "A new exchange of the name starts afresh.",
		Source: measured,
		Run: func(t *T) {
			c := t.Raw().Channel()
			x, q := t.history(c), t.QueueName("q")
			c.Queue(q)
			c.Bind(q, x, "")
			c.Publish(x, "", "1")
			Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q})
			t.Check("after its queue", c.lateBinding(x, "second", 1), []string{"1"})
			Call[*wire.ExchangeDeleteOk](c, &wire.ExchangeDelete{Exchange: x})
			c.Exchange(x, "x-recent-history")
			c.Publish(x, "", "2")
			t.Check("after the exchange", c.lateBinding(x, "third", 1), []string{"2"})
		},
	},
	{
		ID:     "exchange.recent-history/redeclare",
		Title:  "an exchange that is declared again with another length is the one that is there",
		Why:    "Only the first length counts.",
		Source: measured,
		Run: func(t *T) {
			c := t.Raw().Channel()
			length := func(n int32) wire.Field { return wire.Field{Key: "x-recent-history-length", Value: n} }
			x := t.history(c, length(1))
			for _, other := range []wire.Field{length(2), length(-1)} {
				t.Observe(wire.Table{other}.String(), t.answer(t.Raw().Channel(), &wire.ExchangeDeclare{Exchange: x, Type: "x-recent-history", Durable: true, Arguments: wire.Table{other}}))
			}
			c.Publish(x, "", "1", "2")
			t.Check("kept", c.lateBinding(x, "q", 1), []string{"2"})
		},
	},
}
