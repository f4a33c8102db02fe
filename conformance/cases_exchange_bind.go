package conformance

import "github.com/minirabbit/minirabbit/wire"

var exchangeBindCases = []Case{
	{
		ID:     "exchange.bind/route",
		Title:  "a message goes from exchange to exchange by its own routing key, and reaches a queue once",
		Why:    "Topologies are layered this way; a queue reached over two paths must not get two copies.",
		Source: pageE2E,
		Run: func(t *T) {
			c, q, p := t.Raw().Channel(), t.QueueName("q"), t.QueueName("p")
			x, y := t.ExchangeName("x"), t.ExchangeName("y")
			c.Exchange(x, "direct")
			c.Exchange(y, "topic")
			c.Queue(q)
			c.Queue(p)
			c.bindExchange(x, y, "a.b")
			c.Bind(q, y, "a.*")
			c.Bind(q, x, "a.b")
			c.Bind(p, y, "c.#")
			c.Publish(x, "a.b", "m")
			t.Check("over two paths", c.Drain(q), []string{"m"})
			t.Check("key does not match", c.Drain(p), []string{})
			c.Publish(x, "a.b", "m")
			c.Send(&wire.BasicGet{Queue: q, NoAck: true})
			t.Check("the exchange is the one published to", c.Next().Method,
				wire.Method(&wire.BasicGetOk{DeliveryTag: 2, Exchange: x, RoutingKey: "a.b"}))
		},
	},
	{
		ID:     "exchange.bind/missing",
		Title:  "binding exchanges that do not exist is a 404",
		Why:    "The text tells which of the two is missing.",
		Source: pageE2E,
		Run: func(t *T) {
			r, x, y := t.Raw(), t.ExchangeName("x"), t.ExchangeName("y")
			c := r.Channel()
			c.Exchange(x, "direct")
			t.Check("destination", r.Channel().Refused(&wire.ExchangeBind{Source: x, Destination: y, RoutingKey: "k"}),
				ChannelError(wire.NotFound, "no exchange '<y>' in vhost '/'", wire.IDExchangeBind))
			t.Check("source", r.Channel().Refused(&wire.ExchangeBind{Source: y, Destination: x, RoutingKey: "k"}),
				ChannelError(wire.NotFound, "no exchange '<y>' in vhost '/'", wire.IDExchangeBind))
			t.Check("both", r.Channel().Refused(&wire.ExchangeBind{Source: t.ExchangeName("z"), Destination: y, RoutingKey: "k"}),
				ChannelError(wire.NotFound, "no exchange '<z>' in vhost '/'", wire.IDExchangeBind))
		},
	},
	{
		ID:     "exchange.bind/default-exchange",
		Title:  "the default exchange can be neither source nor destination",
		Why:    "Its bindings are the queues' names, and only those.",
		Source: pageE2E,
		Run: func(t *T) {
			r, x := t.Raw(), t.ExchangeName("x")
			c := r.Channel()
			c.Exchange(x, "direct")
			for _, m := range []wire.Method{
				&wire.ExchangeBind{Destination: x, RoutingKey: "k"},
				&wire.ExchangeBind{Source: x, RoutingKey: "k"},
				&wire.ExchangeUnbind{Destination: x, RoutingKey: "k"},
				&wire.ExchangeUnbind{Source: x, RoutingKey: "k"},
			} {
				t.Check(describe(m), r.Channel().Refused(m),
					ChannelError(wire.AccessRefused, "operation not permitted on the default exchange", m.ID()))
			}
		},
	},
	{
		ID:     "exchange.bind/idempotent",
		Title:  "the same binding made twice is one binding, and unbinding what is not bound succeeds",
		Why:    "Every start of a program binds again.",
		Source: pageE2E,
		Run: func(t *T) {
			c, q, x, y := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x"), t.ExchangeName("y")
			c.Exchange(x, "direct")
			c.Exchange(y, "fanout")
			c.Queue(q)
			c.Bind(q, y, "")
			c.bindExchange(x, y, "k")
			c.bindExchange(x, y, "k")
			c.Send(&wire.ExchangeBind{Source: x, Destination: y, RoutingKey: "k", NoWait: true})
			c.Publish(x, "k", "once")
			t.Check("bound", c.Drain(q), []string{"once"})
			for range 2 {
				Call[*wire.ExchangeUnbindOk](c, &wire.ExchangeUnbind{Source: x, Destination: y, RoutingKey: "k"})
				c.Publish(x, "k", "unbound")
				t.Check("unbound", c.Drain(q), []string{})
			}
			Call[*wire.ExchangeUnbindOk](c, &wire.ExchangeUnbind{Source: t.ExchangeName("missing"), Destination: y, RoutingKey: "k"})
			c.bindExchange(x, y, "k")
			c.Send(&wire.ExchangeUnbind{Source: x, Destination: y, RoutingKey: "k", NoWait: true})
			c.Publish(x, "k", "unbound without a reply")
			t.Check("unbound without a reply", c.Drain(q), []string{})
		},
	},
	{
		ID:     "exchange.bind/cycle",
		Title:  "exchanges bound in a circle, or to themselves, route a message once",
		Why:    "A cycle must end, and every queue on it get its one copy.",
		Source: pageE2E,
		Run: func(t *T) {
			c := t.Raw().Channel()
			queues, exchanges := []string{}, []string{}
			for _, name := range numbered("n", 3) {
				q, x := t.QueueName("q"+name), t.ExchangeName("x"+name)
				c.Exchange(x, "fanout")
				c.Queue(q)
				c.Bind(q, x, "")
				queues, exchanges = append(queues, q), append(exchanges, x)
			}
			for i := range exchanges {
				c.bindExchange(exchanges[i], exchanges[(i+1)%len(exchanges)], "")
			}
			c.bindExchange(exchanges[0], exchanges[0], "")
			c.Publish(exchanges[1], "", "m")
			for _, q := range queues {
				t.Check(q, c.Drain(q), []string{"m"})
			}
		},
	},
	{
		ID:     "exchange.bind/auto-delete-chain",
		Title:  "deleting a queue deletes the auto-delete exchanges whose last bindings went with it, one after the other",
		Why:    "Temporary topologies must vanish as a whole.",
		Source: pageE2E,
		Run: func(t *T) {
			r := t.Raw()
			c, q, x, y := r.Channel(), t.QueueName("q"), t.ExchangeName("x"), t.ExchangeName("y")
			for _, name := range []string{x, y} {
				Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: name, Type: "fanout", AutoDelete: true})
			}
			c.Queue(q)
			c.bindExchange(x, y, "")
			c.Bind(q, y, "")
			Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q})
			t.Check("y", r.Channel().Refused(&wire.ExchangeDeclare{Exchange: y, Passive: true}),
				ChannelError(wire.NotFound, "no exchange '<y>' in vhost '/'", wire.IDExchangeDeclare))
			t.Check("x", r.Channel().Refused(&wire.ExchangeDeclare{Exchange: x, Passive: true}),
				ChannelError(wire.NotFound, "no exchange '<x>' in vhost '/'", wire.IDExchangeDeclare))
		},
	},
	{
		ID:     "exchange.bind/auto-delete-source",
		Title:  "an auto-delete exchange goes when the last exchange bound to it is unbound or deleted",
		Why:    "Bindings of exchanges count as those of queues do.",
		Source: pageE2E,
		Run: func(t *T) {
			r := t.Raw()
			c, x, y := r.Channel(), t.ExchangeName("x"), t.ExchangeName("y")
			gone := ChannelError(wire.NotFound, "no exchange '<x>' in vhost '/'", wire.IDExchangeDeclare)
			for _, end := range []struct {
				label string
				do    func()
			}{
				{"unbound", func() {
					Call[*wire.ExchangeUnbindOk](c, &wire.ExchangeUnbind{Source: x, Destination: y})
				}},
				{"deleted", func() {
					Call[*wire.ExchangeDeleteOk](c, &wire.ExchangeDelete{Exchange: y})
				}},
			} {
				Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: x, Type: "fanout", AutoDelete: true})
				c.Exchange(y, "fanout")
				c.bindExchange(x, y, "")
				end.do()
				t.Check(end.label, r.Channel().Refused(&wire.ExchangeDeclare{Exchange: x, Passive: true}), gone)
			}
			Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: y, Type: "fanout", AutoDelete: true})
			c.Exchange(x, "fanout")
			c.bindExchange(x, y, "")
			Call[*wire.ExchangeUnbindOk](c, &wire.ExchangeUnbind{Source: x, Destination: y})
			Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: y, Passive: true}) // losing a source does not count
		},
	},
}
