package conformance

import "github.com/minirabbit/minirabbit/wire"

// Each method is wrong in two ways: the label tells them, and the want which one is reported.
var precedenceCases = []Case{
	{
		ID:     "precedence/declare",
		Title:  "of two faults in a declaration one is reported",
		Why:    "Programs match on the code that they get.",
		Source: measured,
		Run: func(t *T) {
			q, x := t.QueueName("q"), t.ExchangeName("x")
			owner := t.Raw().Channel()
			Call[*wire.QueueDeclareOk](owner, &wire.QueueDeclare{Queue: q, Exclusive: true})
			owner.Exchange(x, "direct")
			check := func(label string, m wire.Method, want Error) {
				t.Check(label, t.Raw().Channel().Refused(m), want)
			}
			unknown := "x-minirabbit-unknown"
			check("locked and inequivalent", &wire.QueueDeclare{Queue: q, AutoDelete: true},
				ChannelError(wire.ResourceLocked, lockedQueue, wire.IDQueueDeclare))
			check("default exchange and unknown type", &wire.ExchangeDeclare{Type: unknown}, unknownType(t, unknown))
			check("reserved exchange and unknown type", &wire.ExchangeDeclare{Exchange: "amq.minirabbit", Type: unknown}, unknownType(t, unknown))
			check("exchange exists and unknown type", &wire.ExchangeDeclare{Exchange: x, Type: unknown, Durable: true}, unknownType(t, unknown))
			check("predeclared exchange and other durability", &wire.ExchangeDeclare{Exchange: "amq.direct", Type: "fanout"}, ChannelError(wire.PreconditionFailed,
				"inequivalent arg 'type' for exchange 'amq.direct' in vhost '/': received 'fanout' but current is 'direct'", wire.IDExchangeDeclare))
		},
	},
	{
		ID:     "precedence/bind-and-delete",
		Title:  "of two faults in a bind, unbind or delete one is reported",
		Why:    "Programs match on the code that they get.",
		Source: measured,
		Run: func(t *T) {
			q, missing, x := t.QueueName("q"), t.QueueName("missing"), t.ExchangeName("x")
			owner := t.Raw().Channel()
			Call[*wire.QueueDeclareOk](owner, &wire.QueueDeclare{Queue: q, Exclusive: true})
			owner.Consume(q, "c")
			const defaultExchange = "operation not permitted on the default exchange"
			check := func(label string, m wire.Method, want Error) {
				t.Check(label, t.Raw().Channel().Refused(m), want)
			}
			check("bind: default exchange and missing queue", &wire.QueueBind{Queue: missing, RoutingKey: "k"}, ChannelError(wire.AccessRefused, defaultExchange, wire.IDQueueBind))
			check("bind: missing exchange and locked queue", &wire.QueueBind{Queue: q, Exchange: x, RoutingKey: "k"}, ChannelError(wire.NotFound, "no exchange '<x>' in vhost '/'", wire.IDQueueBind))
			check("bind: default exchange and locked queue", &wire.QueueBind{Queue: q, RoutingKey: "k"}, ChannelError(wire.AccessRefused, defaultExchange, wire.IDQueueBind))
			check("bind: bad x-match and missing queue", &wire.QueueBind{Queue: missing, Exchange: "amq.headers", Arguments: argument("x-match", "no")}, ChannelError(wire.NotFound, "no queue '<missing>' in vhost '/'", wire.IDQueueBind))
			check("bind: nothing declared, default exchange", &wire.QueueBind{RoutingKey: "k"}, ChannelError(wire.NotFound, "no previously declared queue", wire.IDQueueBind))
			check("unbind: default exchange and missing queue", &wire.QueueUnbind{Queue: missing, RoutingKey: "k"}, ChannelError(wire.AccessRefused, defaultExchange, wire.IDQueueUnbind))
			check("exchange.bind: default and missing", &wire.ExchangeBind{Destination: x}, ChannelError(wire.AccessRefused, defaultExchange, wire.IDExchangeBind))
			check("exchange.bind: missing and default", &wire.ExchangeBind{Source: x}, ChannelError(wire.AccessRefused, defaultExchange, wire.IDExchangeBind))
			check("delete: locked and in use", &wire.QueueDelete{Queue: q, IfUnused: true}, ChannelError(wire.ResourceLocked, lockedQueue, wire.IDQueueDelete))
			check("delete: reserved and in use", &wire.ExchangeDelete{Exchange: "amq.direct", IfUnused: true}, ChannelError(wire.AccessRefused, "deletion of system exchange 'amq.direct' in vhost '/' not allowed", wire.IDExchangeDelete))
		},
	},
	{
		ID:     "precedence/consume-and-publish",
		Title:  "of two faults in a consume, get or publish one is reported",
		Why:    "Programs match on the code that they get.",
		Source: measured,
		Run: func(t *T) {
			q, missing, x := t.QueueName("q"), t.QueueName("missing"), t.ExchangeName("x")
			owner := t.Raw().Channel()
			Call[*wire.QueueDeclareOk](owner, &wire.QueueDeclare{Queue: q, Exclusive: true})
			owner.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", Exclusive: true})
			t.Check("consume: locked and in exclusive use", t.Raw().Channel().Refused(&wire.BasicConsume{Queue: q}),
				ChannelError(wire.ResourceLocked, lockedQueue, wire.IDBasicConsume))
			t.Check("consume: tag in use and missing queue", owner.Refused(&wire.BasicConsume{Queue: missing, ConsumerTag: "c"}),
				ConnectionError(wire.NotAllowed, "attempt to reuse consumer tag 'c'", wire.IDBasicConsume))
			publish := func(label string, m *wire.BasicPublish, properties wire.Properties, want Error) {
				c := t.Raw().Channel()
				c.PublishWith(m, properties, "m")
				t.Check("publish: "+label, c.Error(), want)
			}
			immediate := ConnectionError(wire.NotImplemented, "immediate=true", wire.IDBasicPublish)
			noExchange := ChannelError(wire.NotFound, "no exchange '<x>' in vhost '/'", wire.IDBasicPublish)
			wrongUser := ChannelError(wire.PreconditionFailed, "user_id property set to 'somebody' but authenticated user was 'guest'", wire.IDBasicPublish)
			wrongExpiration := ChannelError(wire.PreconditionFailed, "invalid expiration 'soon': no_integer", wire.IDBasicPublish)
			user := wire.Properties{Flags: wire.HasUserID, UserID: "somebody"}
			expiration := wire.Properties{Flags: wire.HasExpiration, Expiration: "soon"}
			both := wire.Properties{Flags: wire.HasUserID | wire.HasExpiration, UserID: "somebody", Expiration: "soon"}
			publish("immediate and missing exchange", &wire.BasicPublish{Exchange: x, Immediate: true}, wire.Properties{},
				immediate)
			publish("missing exchange and wrong user", &wire.BasicPublish{Exchange: x}, user,
				noExchange)
			publish("missing exchange and wrong expiration", &wire.BasicPublish{Exchange: x}, expiration,
				noExchange)
			publish("immediate and wrong user", &wire.BasicPublish{Immediate: true}, user,
				immediate)
			publish("immediate and wrong expiration", &wire.BasicPublish{Immediate: true}, expiration,
				immediate)
			publish("wrong user and wrong expiration", &wire.BasicPublish{}, both,
				ByRelease(t, On(UpTo("3.13"), wrongUser), On(Since("4.0"), wrongExpiration)))
			publish("internal exchange and wrong user", &wire.BasicPublish{Exchange: "amq.rabbitmq.trace"}, user,
				ChannelError(wire.AccessRefused, "cannot publish to internal exchange 'amq.rabbitmq.trace' in vhost '/'", wire.IDBasicPublish))
		},
	},
}
