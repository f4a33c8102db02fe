package conformance

import "github.com/minirabbit/minirabbit/wire"

// inequivalentExchange is a case in which an exchange is declared twice, and the second declaration is refused with 406.
func inequivalentExchange(what string, first, second wire.ExchangeDeclare, explanation string) Case {
	return Case{
		ID:     "exchange.declare/inequivalent-" + what,
		Title:  "a redeclaration that differs in " + what + " is a 406",
		Why:    "Two programs that disagree about an exchange must hear of it at once; libraries match on the text.",
		Source: reference + "exchange.declare",
		Run: func(t *T) {
			c, x := t.Raw().Channel(), t.ExchangeName("x")
			first, second := first, second // runs may be parallel
			first.Exchange, second.Exchange = x, x
			Call[*wire.ExchangeDeclareOk](c, &first)
			Call[*wire.ExchangeDeclareOk](c, &first)
			t.Check("refusal", c.Refused(&second),
				ChannelError(wire.PreconditionFailed, explanation, wire.IDExchangeDeclare))
		},
	}
}

var exchangeDeclareCases = []Case{
	{
		ID:     "exchange.declare/idempotent",
		Title:  "an exchange may be declared again with the same attributes",
		Why:    "Every start of a program declares again.",
		Source: reference + "exchange.declare",
		Run: func(t *T) {
			c := t.Raw().Channel()
			for _, kind := range []string{"direct", "fanout", "topic", "headers"} {
				x := t.ExchangeName(kind)
				c.Exchange(x, kind)
				c.Exchange(x, kind)
				c.Send(&wire.ExchangeDeclare{Exchange: x, Type: kind, Durable: true, NoWait: true})
				t.Check(kind, describe(Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: x, Passive: true})),
					"exchange.declare-ok{}")
			}
		},
	},
	inequivalentExchange("type", wire.ExchangeDeclare{Type: "direct", Durable: true}, wire.ExchangeDeclare{Type: "fanout", Durable: true},
		"inequivalent arg 'type' for exchange '<x>' in vhost '/': received 'fanout' but current is 'direct'"),
	inequivalentExchange("durable", wire.ExchangeDeclare{Type: "direct"}, wire.ExchangeDeclare{Type: "direct", Durable: true},
		"inequivalent arg 'durable' for exchange '<x>' in vhost '/': received 'true' but current is 'false'"),
	inequivalentExchange("auto-delete", wire.ExchangeDeclare{Type: "topic", AutoDelete: true}, wire.ExchangeDeclare{Type: "topic"},
		"inequivalent arg 'auto_delete' for exchange '<x>' in vhost '/': received 'false' but current is 'true'"),
	inequivalentExchange("internal", wire.ExchangeDeclare{Type: "headers", Internal: true}, wire.ExchangeDeclare{Type: "headers"},
		"inequivalent arg 'internal' for exchange '<x>' in vhost '/': received 'false' but current is 'true'"),
	inequivalentExchange("alternate", wire.ExchangeDeclare{Type: "direct", Arguments: argument("alternate-exchange", "one")},
		wire.ExchangeDeclare{Type: "direct", Arguments: argument("alternate-exchange", "two")},
		"inequivalent arg 'alternate-exchange' for exchange '<x>' in vhost '/': received 'two' but current is 'one'"),
	inequivalentExchange("alternate-missing", wire.ExchangeDeclare{Type: "direct", Arguments: argument("alternate-exchange", "one")},
		wire.ExchangeDeclare{Type: "direct"},
		"inequivalent arg 'alternate-exchange' for exchange '<x>' in vhost '/': received none but current is the value 'one' of type 'longstr'"),
	inequivalentExchange("several", wire.ExchangeDeclare{Type: "direct", Durable: true}, wire.ExchangeDeclare{Type: "topic", Internal: true},
		"inequivalent arg 'type' for exchange '<x>' in vhost '/': received 'topic' but current is 'direct'"),
	{
		ID:     "exchange.declare/unknown-argument",
		Title:  "an argument that RabbitMQ does not know is taken, and not compared",
		Why:    "Programs mark their exchanges with arguments of their own.",
		Source: measured,
		Run: func(t *T) {
			c, x := t.Raw().Channel(), t.ExchangeName("x")
			c.Exchange(x, "direct", argument("x-minirabbit-unknown", "a")...)
			c.Exchange(x, "direct", argument("x-minirabbit-unknown", "b")...)
			c.Exchange(x, "direct")
		},
	},
	{
		ID:     "exchange.declare/unknown-type",
		Title:  "an exchange type that the broker does not know is refused",
		Why:    "3.10 closes the connection and 4.0 the channel, which decides what a client loses.",
		Source: reference + "exchange.declare.type",
		Run: func(t *T) {
			x := t.ExchangeName("x")
			t.Check("unknown", t.Raw().Channel().Refused(&wire.ExchangeDeclare{Exchange: x, Type: "x-minirabbit-unknown"}),
				unknownType(t, "x-minirabbit-unknown"))
			t.Check("empty", t.Raw().Channel().Refused(&wire.ExchangeDeclare{Exchange: x}),
				ByRelease(t,
					On(UpTo("3.12"), ConnectionError(wire.CommandInvalid, "invalid exchange type ''", wire.IDExchangeDeclare)),
					On(Since("3.13"), ChannelError(wire.PreconditionFailed, "invalid exchange type ''", wire.IDExchangeDeclare))))
			t.Check("a word that the broker knows", t.Raw().Channel().Refused(&wire.ExchangeDeclare{Exchange: x, Type: "queue"}),
				ByRelease(t,
					On(UpTo("3.12"), ConnectionError(wire.CommandInvalid, "invalid exchange type 'queue'", wire.IDExchangeDeclare)),
					On(Since("3.13"), ChannelError(wire.PreconditionFailed, "invalid exchange type 'queue'", wire.IDExchangeDeclare))))
		},
	},
	{
		ID:     "exchange.declare/passive-missing",
		Title:  "a passive declaration of an exchange that does not exist is a 404",
		Why:    "This is how code asks whether an exchange exists.",
		Source: reference + "exchange.declare.passive",
		Run: func(t *T) {
			t.Check("refusal", t.Raw().Channel().Refused(&wire.ExchangeDeclare{Exchange: t.ExchangeName("x"), Type: "direct", Passive: true}),
				ChannelError(wire.NotFound, "no exchange '<x>' in vhost '/'", wire.IDExchangeDeclare))
		},
	},
	{
		ID:     "exchange.declare/passive-ignores-attributes",
		Title:  "a passive declaration compares nothing but the name, not even an unknown type",
		Why:    "The specification says so, and clients send an empty type here.",
		Source: reference + "exchange.declare.passive",
		Run: func(t *T) {
			c, x := t.Raw().Channel(), t.ExchangeName("x")
			c.Exchange(x, "direct")
			for _, m := range []*wire.ExchangeDeclare{
				{Exchange: x, Passive: true, Type: "fanout", Internal: true, AutoDelete: true},
				{Exchange: x, Passive: true, Type: "x-minirabbit-unknown"},
				{Exchange: x, Passive: true},
			} {
				t.Check(describe(m), describe(Call[*wire.ExchangeDeclareOk](c, m)), "exchange.declare-ok{}")
			}
		},
	},
	{
		ID:     "exchange.declare/default-exchange",
		Title:  "the default exchange cannot be declared, not even passively",
		Why:    "It exists always, and it belongs to the broker.",
		Source: pageExchanges + "#default-exchange",
		Run: func(t *T) {
			r := t.Raw()
			for _, m := range []*wire.ExchangeDeclare{
				{Type: "direct", Durable: true},
				{Type: "direct", Passive: true},
			} {
				t.Check(describe(m), r.Channel().Refused(m),
					ChannelError(wire.AccessRefused, "operation not permitted on the default exchange", wire.IDExchangeDeclare))
			}
		},
	},
	{
		ID:     "exchange.declare/reserved-name",
		Title:  "names that start with amq. are refused unless the exchange exists",
		Why:    "The prefix is the broker's own.",
		Source: reference + "exchange.declare.exchange",
		Run: func(t *T) {
			r, x := t.Raw(), "amq."+t.ExchangeName("x")
			t.Check("declare", r.Channel().Refused(&wire.ExchangeDeclare{Exchange: x, Type: "direct"}),
				ChannelError(wire.AccessRefused, "exchange name 'amq.<x>' contains reserved prefix 'amq.*'", wire.IDExchangeDeclare))
			t.Check("passive", r.Channel().Refused(&wire.ExchangeDeclare{Exchange: x, Type: "direct", Passive: true}),
				ChannelError(wire.NotFound, "no exchange 'amq.<x>' in vhost '/'", wire.IDExchangeDeclare))
		},
	},
	{
		ID:     "exchange.declare/predeclared",
		Title:  "the amq.* exchanges exist in every vhost, durable, and may be declared as they are",
		Why:    "Programs use them without declaring anything.",
		Source: pageExchanges,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			for _, x := range []struct {
				name, kind string
				internal   bool
			}{
				{"amq.direct", "direct", false},
				{"amq.fanout", "fanout", false},
				{"amq.topic", "topic", false},
				{"amq.headers", "headers", false},
				{"amq.match", "headers", false},
				{"amq.rabbitmq.trace", "topic", true},
			} {
				t.Check(x.name, describe(Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{
					Exchange: x.name, Type: x.kind, Durable: true, Internal: x.internal})), "exchange.declare-ok{}")
			}
			t.Check("amq.direct as a fanout", r.Channel().Refused(&wire.ExchangeDeclare{Exchange: "amq.direct", Type: "fanout", Durable: true}),
				ChannelError(wire.PreconditionFailed,
					"inequivalent arg 'type' for exchange 'amq.direct' in vhost '/': received 'fanout' but current is 'direct'", wire.IDExchangeDeclare))
		},
	},
	{
		ID:     "exchange.declare/alternate-not-a-name",
		Title:  "an alternate-exchange argument that is no string is refused",
		Why:    "A mistyped argument must not lose messages silently.",
		Source: pageAlternate,
		Run: func(t *T) {
			r, x := t.Raw(), t.ExchangeName("x")
			for _, not := range notNames[1:] {
				t.Check(not.kind, r.Channel().Refused(&wire.ExchangeDeclare{Exchange: x, Type: "direct", Arguments: argument("alternate-exchange", not.value)}),
					ChannelError(wire.PreconditionFailed, "invalid type '"+not.kind+"' for arg 'alternate-exchange' in exchange '<x>' in vhost '/'", wire.IDExchangeDeclare))
			}
			r.Channel().Exchange(x, "direct", argument("alternate-exchange", "")...)
		},
	},
	{
		ID:     "exchange.declare/auto-delete",
		Title:  "an auto-delete exchange goes when its last binding goes, and not before it has had one",
		Why:    "Temporary exchanges are cleaned up this way.",
		Source: reference + "exchange.declare.auto-delete",
		Run: func(t *T) {
			r := t.Raw()
			c, q, x := r.Channel(), t.QueueName("q"), t.ExchangeName("x")
			declare := func() {
				Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: x, Type: "direct", AutoDelete: true})
			}
			passive := &wire.ExchangeDeclare{Exchange: x, Type: "direct", Passive: true}
			gone := ChannelError(wire.NotFound, "no exchange '<x>' in vhost '/'", wire.IDExchangeDeclare)
			declare()
			c.Queue(q)
			Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Queue: q, Exchange: x, RoutingKey: "never bound"})
			Call[*wire.ExchangeDeclareOk](c, passive)
			c.Bind(q, x, "1")
			c.Bind(q, x, "2")
			Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Queue: q, Exchange: x, RoutingKey: "1"})
			Call[*wire.ExchangeDeclareOk](c, passive)
			Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Queue: q, Exchange: x, RoutingKey: "2"})
			t.Check("last unbind", r.Channel().Refused(passive), gone)

			declare()
			c.Bind(q, x, "1")
			Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q})
			t.Check("its only queue deleted", r.Channel().Refused(passive), gone)
		},
	},
	{
		ID: "exchange.declare/other-types", Title: "types in other letters, of other plug-ins and of other protocols are unknown",
		Why: "A misspelt type must not make another exchange.", Source: reference + "exchange.declare.type",
		Run: func(t *T) {
			x := t.ExchangeName("x")
			for _, kind := range []string{"DIRECT", "Fanout", "topic ", "rtopic", "x-jms-topic", "x-lvc", "x-federation-upstream", "x-super-stream"} {
				try := attempts{t: t}
				try.try(kind, &wire.ExchangeDeclare{Exchange: x, Type: kind})
			}
		},
	},
}
