package conformance

import "github.com/minirabbit/minirabbit/wire"

var exchangeDeleteCases = []Case{
	{
		ID:     "exchange.delete/reply",
		Title:  "an exchange is deleted with its bindings",
		Why:    "An exchange declared again under the same name must not inherit them.",
		Source: reference + "exchange.delete",
		Run: func(t *T) {
			c, q, x := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x")
			c.Exchange(x, "fanout")
			c.Queue(q)
			c.Bind(q, x, "")
			t.Check("reply", describe(Call[*wire.ExchangeDeleteOk](c, &wire.ExchangeDelete{Exchange: x})), "exchange.delete-ok{}")
			c.Exchange(x, "fanout")
			c.Publish(x, "", "m")
			t.Check("nothing routed", c.Drain(q), []string{})
		},
	},
	{
		ID:     "exchange.delete/missing",
		Title:  "deleting an exchange that does not exist succeeds",
		Why:    "RabbitMQ made deletion idempotent where the specification wants a 404.",
		Source: pageErrata,
		Run: func(t *T) {
			c, x := t.Raw().Channel(), t.ExchangeName("x")
			Call[*wire.ExchangeDeleteOk](c, &wire.ExchangeDelete{Exchange: x})
			Call[*wire.ExchangeDeleteOk](c, &wire.ExchangeDelete{Exchange: x, IfUnused: true})
		},
	},
	{
		ID:     "exchange.delete/if-unused",
		Title:  "if-unused refuses to delete an exchange that something is bound to",
		Why:    "This protects the subscribers of a shared exchange.",
		Source: reference + "exchange.delete.if-unused",
		Run: func(t *T) {
			r, q, x, y := t.Raw(), t.QueueName("q"), t.ExchangeName("x"), t.ExchangeName("y")
			c := r.Channel()
			c.Exchange(x, "direct")
			c.Exchange(y, "direct")
			c.Queue(q)
			c.Bind(q, x, "k")
			used := ChannelError(wire.PreconditionFailed, "exchange '<x>' in vhost '/' in use", wire.IDExchangeDelete)
			t.Check("a queue is bound", r.Channel().Refused(&wire.ExchangeDelete{Exchange: x, IfUnused: true}), used)
			Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Queue: q, Exchange: x, RoutingKey: "k"})
			Call[*wire.ExchangeBindOk](c, &wire.ExchangeBind{Source: x, Destination: y, RoutingKey: "k"})
			t.Check("an exchange is bound", r.Channel().Refused(&wire.ExchangeDelete{Exchange: x, IfUnused: true}), used)
			t.Check("only as a destination", describe(Call[*wire.ExchangeDeleteOk](c, &wire.ExchangeDelete{Exchange: y, IfUnused: true})),
				"exchange.delete-ok{}")
			t.Check("nothing is bound any more", describe(Call[*wire.ExchangeDeleteOk](c, &wire.ExchangeDelete{Exchange: x, IfUnused: true})),
				"exchange.delete-ok{}")
		},
	},
	{
		ID:     "exchange.delete/reserved",
		Title:  "the default exchange and the amq.* exchanges cannot be deleted",
		Why:    "Others depend on them.",
		Source: reference + "exchange.delete",
		Run: func(t *T) {
			r := t.Raw()
			t.Check("default", r.Channel().Refused(&wire.ExchangeDelete{}),
				ChannelError(wire.AccessRefused, "operation not permitted on the default exchange", wire.IDExchangeDelete))
			for _, x := range []string{"amq.direct", "amq.rabbitmq.trace", "amq.minirabbit-conformance-missing"} {
				t.Check(x, r.Channel().Refused(&wire.ExchangeDelete{Exchange: x}),
					ChannelError(wire.AccessRefused, "deletion of system exchange '"+x+"' in vhost '/' not allowed", wire.IDExchangeDelete))
			}
		},
	},
	{
		ID:     "exchange.delete/nowait",
		Title:  "with no-wait the exchange is deleted without a reply",
		Why:    "A reply that nobody waits for would be taken for the next method's.",
		Source: reference + "exchange.delete.no-wait",
		Run: func(t *T) {
			c, x := t.Raw().Channel(), t.ExchangeName("x")
			c.Exchange(x, "direct")
			c.Send(&wire.ExchangeDelete{Exchange: x, NoWait: true})
			t.Check("next", c.Refused(&wire.ExchangeDeclare{Exchange: x, Passive: true}),
				ChannelError(wire.NotFound, "no exchange '<x>' in vhost '/'", wire.IDExchangeDeclare))
		},
	},
}
