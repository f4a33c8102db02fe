package conformance

import "github.com/minirabbit/minirabbit/wire"

var queueBindCases = []Case{
	{
		ID:     "queue.bind/missing-queue",
		Title:  "binding a queue that does not exist is a 404",
		Why:    "Programs that start in the wrong order must hear of it.",
		Source: reference + "queue.bind.queue",
		Run: func(t *T) {
			t.Check("refusal", t.Raw().Channel().Refused(&wire.QueueBind{Queue: t.QueueName("q"), Exchange: "amq.direct", RoutingKey: "k"}),
				ChannelError(wire.NotFound, "no queue '<q>' in vhost '/'", wire.IDQueueBind))
		},
	},
	{
		ID:     "queue.bind/missing-exchange",
		Title:  "binding to an exchange that does not exist is a 404",
		Why:    "Programs that start in the wrong order must hear of it.",
		Source: reference + "queue.bind.exchange",
		Run: func(t *T) {
			r, q, x := t.Raw(), t.QueueName("q"), t.ExchangeName("x")
			c := r.Channel()
			c.Queue(q)
			t.Check("refusal", c.Refused(&wire.QueueBind{Queue: q, Exchange: x, RoutingKey: "k"}),
				ChannelError(wire.NotFound, "no exchange '<x>' in vhost '/'", wire.IDQueueBind))
			t.Check("both missing", r.Channel().Refused(&wire.QueueBind{Queue: t.QueueName("p"), Exchange: x, RoutingKey: "k"}),
				ChannelError(wire.NotFound, "no exchange '<x>' in vhost '/'", wire.IDQueueBind))
		},
	},
	{
		ID:     "queue.bind/default-exchange",
		Title:  "nothing can be bound to or unbound from the default exchange",
		Why:    "Its bindings are the queues' names, and only those.",
		Source: pageExchanges + "#default-exchange",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q)
			for _, m := range []wire.Method{
				&wire.QueueBind{Queue: q, RoutingKey: "k"},
				&wire.QueueBind{Queue: q, RoutingKey: q},
				&wire.QueueUnbind{Queue: q, RoutingKey: "k"},
				&wire.QueueUnbind{Queue: q, RoutingKey: q},
			} {
				t.Check(describe(m), r.Channel().Refused(m),
					ChannelError(wire.AccessRefused, "operation not permitted on the default exchange", m.ID()))
			}
		},
	},
	{
		ID:     "queue.bind/idempotent",
		Title:  "the same binding made twice is one binding",
		Why:    "Every start of a program binds again; a message must still arrive once, and one unbind must undo it.",
		Source: reference + "queue.bind",
		Run: func(t *T) {
			c, q, x := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x")
			c.Exchange(x, "direct")
			c.Queue(q)
			c.Bind(q, x, "k")
			c.Bind(q, x, "k")
			c.Publish(x, "k", "once")
			t.Check("routed", c.Drain(q), []string{"once"})
			Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Queue: q, Exchange: x, RoutingKey: "k"})
			c.Publish(x, "k", "unbound")
			t.Check("unbound", c.Drain(q), []string{})
		},
	},
	{
		ID:     "queue.bind/arguments-distinguish",
		Title:  "bindings with different arguments are different bindings",
		Why:    "Headers bindings share their routing key; unbinding one must leave the other.",
		Source: reference + "queue.unbind.arguments",
		Run: func(t *T) {
			c, q, x := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x")
			c.Exchange(x, "direct")
			c.Queue(q)
			c.Bind(q, x, "k")
			c.Bind(q, x, "k", argument("a", "1")...)
			c.Publish(x, "k", "both")
			t.Check("one copy all the same", c.Drain(q), []string{"both"})
			Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Queue: q, Exchange: x, RoutingKey: "k"})
			c.Publish(x, "k", "second binding")
			t.Check("the second binding", c.Drain(q), []string{"second binding"})
			Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Queue: q, Exchange: x, RoutingKey: "k", Arguments: argument("a", "2")})
			c.Publish(x, "k", "other arguments")
			t.Check("unbinding with other arguments", c.Drain(q), []string{"other arguments"})
			Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Queue: q, Exchange: x, RoutingKey: "k", Arguments: argument("a", "1")})
			c.Publish(x, "k", "none")
			t.Check("none", c.Drain(q), []string{})
		},
	},
	{
		ID:     "queue.bind/arguments-order-and-types",
		Title:  "bindings whose arguments differ in order are one binding; in number type, two",
		Why:    "Clients with unordered maps must be able to unbind what they bound.",
		Source: measured,
		Run: func(t *T) {
			c, q, x := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x")
			c.Exchange(x, "fanout")
			c.Queue(q)
			unbind := func(arguments wire.Table) []string {
				Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Queue: q, Exchange: x, Arguments: arguments})
				c.Publish(x, "", "bound")
				return c.Drain(q)
			}
			c.Bind(q, x, "", wire.Table{{Key: "a", Value: int32(1)}, {Key: "b", Value: "2"}}...)
			t.Check("another order", unbind(wire.Table{{Key: "b", Value: "2"}, {Key: "a", Value: int32(1)}}), []string{})
			c.Bind(q, x, "", argument("a", int32(1))...)
			t.Check("another type", unbind(argument("a", int64(1))), []string{"bound"})
			t.Check("the same", unbind(argument("a", int32(1))), []string{})
		},
	},
	{
		ID:     "queue.bind/one-copy",
		Title:  "a message that matches several bindings of a queue arrives in it once",
		Why:    "Overlapping bindings must not duplicate work.",
		Source: pageConcepts,
		Run: func(t *T) {
			c, q, x := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x")
			c.Exchange(x, "topic")
			c.Queue(q)
			c.Bind(q, x, "a.*")
			c.Bind(q, x, "*.b")
			c.Bind(q, x, "#")
			c.Publish(x, "a.b", "m")
			t.Check("copies", c.Drain(q), []string{"m"})
		},
	},
	{
		ID:     "queue.bind/nowait",
		Title:  "with no-wait the binding is made without a reply",
		Why:    "A reply that nobody waits for would be taken for the next method's.",
		Source: reference + "queue.bind.no-wait",
		Run: func(t *T) {
			c, q, x := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x")
			c.Exchange(x, "direct")
			c.Queue(q)
			c.Send(&wire.QueueBind{Queue: q, Exchange: x, RoutingKey: "k", NoWait: true})
			c.Publish(x, "k", "m")
			t.Check("routed", c.Drain(q), []string{"m"})
		},
	},
	{
		ID: "queue.bind/no-names", Title: "without a queue and a key, a binding is of the queue declared last by its own name; with a queue, the key is empty",
		Why: "The name of a queue that the broker named need not be known to bind it.", Source: reference + "queue.bind.queue",
		Run: func(t *T) {
			c, x := t.Raw().Channel(), t.ExchangeName("x")
			c.Exchange(x, "direct")
			first := Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Exclusive: true}).Queue
			second := Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Exclusive: true}).Queue
			Call[*wire.QueueBindOk](c, &wire.QueueBind{Exchange: x})
			t.Publish(x, second, "by its name")
			t.Publish(x, "", "by nothing")
			t.Check("the last", c.Drain(second), []string{"by its name"})
			Call[*wire.QueueBindOk](c, &wire.QueueBind{Queue: first, Exchange: x})
			t.Publish(x, first, "by its name")
			t.Publish(x, "", "by nothing")
			t.Check("the first", c.Drain(first), []string{"by nothing"})
			Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Exchange: x})
			t.Publish(x, second, "unbound")
			t.Check("unbound", c.Drain(second), []string{})
			Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{})
			t.Check("deleted", c.Refused(&wire.BasicGet{}).Code, wire.NotFound)
		},
	},
}
