package conformance

import "github.com/minirabbit/minirabbit/wire"

var exchangeCases = []Case{
	{
		ID:     "exchange.internal/publish-refused",
		Title:  "publishing to an internal exchange is a 403, and it still routes what other exchanges pass on",
		Why:    "Internal exchanges are wiring that publishers must not touch.",
		Source: pageE2E,
		Run: func(t *T) {
			r := t.Raw()
			c, q, x, inner := r.Channel(), t.QueueName("q"), t.ExchangeName("x"), t.ExchangeName("inner")
			c.Exchange(x, "fanout")
			Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: inner, Type: "fanout", Internal: true})
			c.Queue(q)
			c.Bind(q, inner, "")
			c.bindExchange(x, inner, "")
			c.Publish(x, "", "m")
			t.Check("passed on", c.Drain(q), []string{"m"})
			c.Publish(inner, "", "m")
			t.Check("refusal", c.Error(),
				ChannelError(wire.AccessRefused, "cannot publish to internal exchange '<inner>' in vhost '/'", wire.IDBasicPublish))
		},
	},
	{
		ID:     "exchange.history/nobody-to-tell",
		Title:  "a binding is an internal error if the exchange that it leads to has no queue for what was kept; in 3.10 it does not come to be",
		Why:    "3.10 makes bindings in a transaction, which takes back also what exchanges have kept on the way.",
		Source: "https://github.com/rabbitmq/rabbitmq-server/tree/main/deps/rabbitmq_recent_history_exchange",
		Run: func(t *T) {
			r := t.Raw()
			c, source, to, q := r.Channel(), t.ExchangeName("source"), t.ExchangeName("to"), t.QueueName("q")
			for _, x := range []string{source, to} {
				Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: x, Type: "x-recent-history"})
			}
			c.Publish(source, "", "kept")
			c.RoundTrip()
			t.Check("error", t.Raw().Channel().Refused(&wire.ExchangeBind{Source: source, Destination: to}),
				ByRelease(t,
					On(Only("3.10"), Error{OnConnection, wire.InternalError, "INTERNAL_ERROR", 0}),
					On(Since("3.12"), Error{OnConnection, wire.InternalError, "INTERNAL_ERROR - could not find queue/exchange ''", wire.IDExchangeBind})))
			c.Queue(q)
			c.Bind(q, to, "")
			c.CheckCounts("kept on the way", q, Counts{Ready: ByRelease(t, On(Only("3.10"), uint32(0)), On(Since("3.12"), uint32(1)))})
			c.Publish(source, "", "through the binding")
			c.RoundTrip()
			c.CheckCounts("bound", q, Counts{Ready: ByRelease(t, On(Only("3.10"), uint32(0)), On(Since("3.12"), uint32(2)))})
		},
	},
}
