package conformance

import "github.com/minirabbit/minirabbit/wire"

// chain declares direct exchanges x0, x1, … of which each is the alternate of the one before, and binds a queue to each
// of them by the keys given for it.
func (c *RawChannel) chain(keys ...string) (exchanges, queues []string) {
	t := c.raw.t
	t.Helper()
	for i := range keys {
		exchanges, queues = append(exchanges, t.ExchangeName(numbered("x", i+1)[i])), append(queues, t.QueueName(numbered("q", i+1)[i]))
	}
	for i, key := range keys {
		var arguments []wire.Field
		if i+1 < len(keys) {
			arguments = append(arguments, alternate(exchanges[i+1]))
		}
		c.Exchange(exchanges[i], "direct", arguments...)
		c.Queue(queues[i])
		c.Bind(queues[i], exchanges[i], key)
	}
	return exchanges, queues
}

var exchangeAlternateCases = []Case{
	{
		ID:     "exchange.alternate/unroutable",
		Title:  "what an exchange cannot route goes to its alternate exchange, with its exchange and routing key kept",
		Why:    "This is where unroutable messages are collected.",
		Source: pageAlternate,
		Run: func(t *T) {
			c := t.Raw().Channel()
			q, other, x, spare := t.QueueName("q"), t.QueueName("other"), t.ExchangeName("x"), t.ExchangeName("spare")
			c.Exchange(spare, "fanout")
			c.Exchange(x, "direct", argument("alternate-exchange", spare)...)
			c.Queue(q)
			c.Queue(other)
			c.Bind(q, spare, "")
			c.Bind(other, x, "known")
			c.Publish(x, "known", "routed")
			t.Check("routed", c.Drain(other), []string{"routed"})
			t.Check("not to the alternate too", c.Drain(q), []string{})
			c.PublishWith(&wire.BasicPublish{Exchange: x, RoutingKey: "unknown", Mandatory: true}, wire.Properties{}, "m")
			c.Send(&wire.BasicGet{Queue: q, NoAck: true})
			t.Check("in the alternate's queue, and not returned", c.Next().Method,
				wire.Method(&wire.BasicGetOk{DeliveryTag: 2, Exchange: x, RoutingKey: "unknown"}))
		},
	},
	{
		ID:     "exchange.alternate/missing-or-circular",
		Title:  "an alternate exchange that is missing, or alternates in a circle, leave a message unroutable",
		Why:    "The publisher still learns of it, and the broker does not loop.",
		Source: pageAlternate,
		Run: func(t *T) {
			c, x, y := t.Raw().Channel(), t.ExchangeName("x"), t.ExchangeName("y")
			c.Exchange(x, "direct", argument("alternate-exchange", y)...)
			mandatory := &wire.BasicPublish{Exchange: x, RoutingKey: "k", Mandatory: true}
			c.PublishWith(mandatory, wire.Properties{}, "missing")
			t.Check("missing", c.Lines(1), []string{`return 312 NO_ROUTE <x> k "missing"`})
			c.Exchange(y, "direct", argument("alternate-exchange", x)...)
			c.PublishWith(mandatory, wire.Properties{}, "circle")
			t.Check("circle", c.Lines(1), []string{`return 312 NO_ROUTE <x> k "circle"`})
		},
	},
	{
		ID:     "exchange.alternate/chain",
		Title:  "a message goes along a chain of alternates up to the first exchange that routes it, and no further",
		Why:    "Each exchange of a chain serves what those before it did not.",
		Source: pageAlternate,
		Run: func(t *T) {
			c := t.Raw().Channel()
			x, q := c.chain("a", "b", "c")
			c.Publish(x[0], "a", "for a")
			c.Publish(x[0], "b", "for b")
			c.Publish(x[0], "c", "for c")
			t.Check("returned", c.mandatory(x[0], "d", "for nobody"), []string{`return 312 NO_ROUTE <x0> d "for nobody"`})
			t.Check("queues", c.drainAll(q...), [][]string{{"for a"}, {"for b"}, {"for c"}})
		},
	},
	{
		ID:     "exchange.alternate/circle",
		Title:  "a circle of alternates, even of one exchange, is declared without complaint, and each of it is tried once",
		Why:    "The others in the circle may still know the key.",
		Source: pageAlternate,
		Run: func(t *T) {
			c, q, x, y, z := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x"), t.ExchangeName("y"), t.ExchangeName("z")
			c.Exchange(x, "direct", alternate(y))
			c.Exchange(y, "direct", alternate(z))
			c.Exchange(z, "direct", alternate(x))
			c.Queue(q)
			c.Bind(q, y, "k")
			for _, from := range []string{x, y, z} {
				c.Publish(from, "k", "from "+from)
			}
			t.Check("routed", c.Drain(q), []string{"from <x>", "from <y>", "from <z>"})
			self := t.ExchangeName("self")
			c.Exchange(self, "direct", alternate(self))
			t.Check("its own alternate", c.mandatory(self, "k", "m"), []string{`return 312 NO_ROUTE <self> k "m"`})
		},
	},
	{
		ID:     "exchange.alternate/declared-later",
		Title:  "an alternate may be declared after the exchange that names it, be deleted, and be declared again",
		Why:    "Programs declare their exchanges in any order.",
		Source: pageAlternate,
		Run: func(t *T) {
			c, q, x, spare := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x"), t.ExchangeName("spare")
			c.Exchange(x, "direct", alternate(spare))
			c.Queue(q)
			for _, body := range []string{"first", "second"} {
				t.Check("without it", c.mandatory(x, "k", body), []string{`return 312 NO_ROUTE <x> k "` + body + `"`})
				c.Exchange(spare, "fanout")
				t.Check("before it is bound", c.mandatory(x, "k", body), []string{`return 312 NO_ROUTE <x> k "` + body + `"`})
				c.Bind(q, spare, "")
				t.Check("with it", c.mandatory(x, "k", body), []string{})
				t.Check("routed", c.Drain(q), []string{body})
				Call[*wire.ExchangeDeleteOk](c, &wire.ExchangeDelete{Exchange: spare, IfUnused: false})
			}
		},
	},
	{
		ID:     "exchange.alternate/deleted-if-unused",
		Title:  "being an alternate is no use of an exchange: it is deleted with if-unused, and unlike by a binding not auto-deleted",
		Why:    "The argument is but a name.",
		Source: measured,
		Run: func(t *T) {
			r := t.Raw()
			c, x, spare := r.Channel(), t.ExchangeName("x"), t.ExchangeName("spare")
			Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: spare, Type: "fanout", AutoDelete: true})
			c.Exchange(x, "direct", alternate(spare))
			Call[*wire.ExchangeDeleteOk](c, &wire.ExchangeDelete{Exchange: x})
			Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: spare, Passive: true})
			c.Exchange(x, "direct", alternate(spare))
			Call[*wire.ExchangeDeleteOk](c, &wire.ExchangeDelete{Exchange: spare, IfUnused: true})
			t.Check("gone", t.answer(c, &wire.ExchangeDeclare{Exchange: spare, Passive: true}),
				`channel error 404 "NOT_FOUND - no exchange '<spare>' in vhost '/'" by exchange.declare`)
		},
	},
	{
		ID:     "exchange.alternate/by-binding",
		Title:  "an alternate serves what reaches its exchange by a binding, too, and an exchange with a matching binding has routed",
		Why:    "Whether anything came of a binding to an exchange is not the source's matter.",
		Source: pageAlternate,
		Run: func(t *T) {
			c := t.Raw().Channel()
			x, y, spareX, spareY := t.ExchangeName("x"), t.ExchangeName("y"), t.ExchangeName("spare-x"), t.ExchangeName("spare-y")
			qx, qy := t.QueueName("qx"), t.QueueName("qy")
			c.Exchange(spareX, "fanout")
			c.Exchange(spareY, "fanout")
			c.Exchange(x, "fanout", alternate(spareX))
			c.Exchange(y, "direct", alternate(spareY))
			c.Queue(qx)
			c.Queue(qy)
			c.Bind(qx, spareX, "")
			c.Bind(qy, spareY, "")
			c.Publish(x, "k", "unbound")
			c.bindExchange(x, y, "")
			c.Publish(x, "k", "bound")
			Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Queue: qy, Exchange: spareY})
			t.Check("nowhere at last", c.mandatory(x, "k", "lost"), []string{`return 312 NO_ROUTE <x> k "lost"`})
			t.Check("queues", c.drainAll(qx, qy), [][]string{{"unbound"}, {"bound"}})
		},
	},
	{
		ID:     "exchange.alternate/types",
		Title:  "exchanges of every type hand on what they cannot route, by the rules of the alternate's own type",
		Why:    "The alternate sees the key and the headers that the message was published with.",
		Source: pageAlternate,
		Run: func(t *T) {
			for _, kind := range []string{"direct", "fanout", "topic", "headers"} {
				r := t.Raw()
				c, x := r.Channel(), t.ExchangeName("from-"+kind)
				spare, q := t.ExchangeName("topic-for-"+kind), t.QueueName("q-"+kind)
				c.Exchange(spare, "topic")
				c.Exchange(x, kind, alternate(spare))
				c.Queue(q)
				c.Bind(q, spare, "*.lost")
				c.Publish(x, "is.lost", "matches")
				t.Check(kind+" returned", c.mandatory(x, "lost", "matches not"), []string{`return 312 NO_ROUTE <from-` + kind + `> lost "matches not"`})
				t.Check(kind+" routed", c.Drain(q), []string{"matches"})
			}
		},
	},
	{
		ID:     "exchange.alternate/default",
		Title:  "predeclared and internal exchanges can be alternates; the default exchange is accepted, and routes nothing as one",
		Why:    "An alternate \"\" does not find the queue that is called like the routing key.",
		Source: measured,
		Run: func(t *T) {
			c, q, x, y, z := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x"), t.ExchangeName("y"), t.ExchangeName("z")
			inner := t.ExchangeName("inner")
			c.Queue(q)
			c.Exchange(x, "direct", alternate(""))
			t.Check("to the default exchange", c.mandatory(x, q, "default"), []string{`return 312 NO_ROUTE <x> <q> "default"`})
			c.Exchange(y, "direct", alternate("amq.direct"))
			c.Bind(q, "amq.direct", q+"-key")
			t.Check("to amq.direct", c.mandatory(y, q+"-key", "amq.direct"), []string{})
			Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: inner, Type: "fanout", Internal: true})
			c.Exchange(z, "direct", alternate(inner))
			c.Bind(q, inner, "")
			t.Check("to an internal exchange", c.mandatory(z, "any", "internal"), []string{})
			t.Check("routed", c.Drain(q), []string{"amq.direct", "internal"})
		},
	},
	{
		ID:     "exchange.alternate/confirm",
		Title:  "a message is confirmed that an alternate routed, or none; it is a nack if the alternate's queue refuses it",
		Why:    "To a publisher it makes no difference by which exchange a queue is reached.",
		Source: pageConfirms,
		Run: func(t *T) {
			c, q, x, spare := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x"), t.ExchangeName("spare")
			c.Exchange(spare, "fanout")
			c.Exchange(x, "direct", alternate(spare))
			c.Queue(q, maxLength(1), overflow("reject-publish"))
			c.Confirm()
			mandatory := &wire.BasicPublish{Exchange: x, RoutingKey: "k", Mandatory: true}
			c.PublishWith(mandatory, wire.Properties{}, "nowhere")
			t.Check("nowhere", c.Lines(2), []string{`return 312 NO_ROUTE <x> k "nowhere"`, "ack 1"})
			c.Bind(q, spare, "")
			c.PublishWith(mandatory, wire.Properties{}, "first")
			t.Check("taken", c.Lines(1), []string{"ack 2"})
			c.PublishWith(mandatory, wire.Properties{}, "second")
			t.Check("refused", c.Lines(1), []string{"nack 3 multiple"})
			t.Check("routed", c.Drain(q), []string{"first"})
		},
	},
	{
		ID:     "exchange.alternate/cc",
		Title:  "the alternate is used if none of a message's keys is routed, and then routes by all of them",
		Why:    "CC and BCC keys count as much as the routing key.",
		Source: pageAlternate,
		Run: func(t *T) {
			c := t.Raw().Channel()
			x, q := c.chain("a", "b")
			publish := func(body, key string, header wire.Field) {
				c.PublishWith(&wire.BasicPublish{Exchange: x[0], RoutingKey: key}, headers(header), body)
			}
			publish("key and CC", "a", keys("CC", "b"))
			publish("CC routed", "b", keys("CC", "a"))
			publish("CC to the alternate", "none", keys("CC", "b"))
			publish("BCC to the alternate", "none", keys("BCC", "none", "b"))
			t.Check("queues", c.drainAll(q...), [][]string{{"key and CC", "CC routed"}, {"CC to the alternate", "BCC to the alternate"}})
		},
	},
	{
		ID:     "exchange.alternate/dead-letters",
		Title:  "a dead letter that reached its queue by an alternate came from the exchange that it was published to",
		Why:    "x-death tells what the publisher did, not what the broker made of it.",
		Source: pageDLX,
		Run: func(t *T) {
			d := newDeadLetters(t)
			x, spare := t.ExchangeName("x"), t.ExchangeName("spare")
			d.c.Exchange(spare, "fanout")
			d.c.Exchange(x, "direct", alternate(spare))
			d.c.Bind(d.q, spare, "")
			d.c.Publish(x, "k", "m")
			d.c.reject(d.q)
			t.CheckLetters("letter", d.box, "m to <dlx> k; rejected 1 in <q> from <x> [k]; first rejected in <q> from <x>; last rejected in <q> from <x>")
		},
	},
	{
		ID:         "exchange.alternate/policy",
		Title:      "a policy gives an exchange an alternate while it lasts, and none to one that names its own",
		Why:        "Operators collect what is lost without touching programs.",
		Source:     pageAlternate + "#define-using-policies",
		Management: true,
		Run: func(t *T) {
			c := t.Raw().Channel()
			x, named, mine, theirs := t.ExchangeName("x"), t.ExchangeName("named"), t.ExchangeName("mine"), t.ExchangeName("theirs")
			qMine, qTheirs := t.QueueName("q-mine"), t.QueueName("q-theirs")
			for _, each := range [][2]string{{mine, qMine}, {theirs, qTheirs}} {
				c.Exchange(each[0], "fanout")
				c.Queue(each[1])
				c.Bind(each[1], each[0], "")
			}
			c.Exchange(x, "direct")
			c.Exchange(named, "direct", alternate(mine))
			t.ExchangePolicy(named, map[string]any{"alternate-exchange": theirs})
			t.Check("without a policy", c.mandatory(x, "k", "before"), []string{`return 312 NO_ROUTE <x> k "before"`})
			remove := t.ExchangePolicy(x, map[string]any{"alternate-exchange": theirs})
			t.Check("with the policy", c.mandatory(x, "k", "with"), []string{})
			t.Check("argument and policy", c.mandatory(named, "k", "both"), []string{})
			remove()
			t.Check("after the policy", c.mandatory(x, "k", "after"), []string{`return 312 NO_ROUTE <x> k "after"`})
			t.Check("queues", c.drainAll(qMine, qTheirs), [][]string{{"both"}, {"with"}})
		},
	},
	{
		ID:         "exchange.alternate/policy-unequal",
		Title:      "an exchange whose alternate is a policy's is not equivalent to one declared with that alternate",
		Why:        "Redeclarations are held against arguments, never against policies.",
		Source:     pageAlternate + "#define-using-policies",
		Management: true,
		Run: func(t *T) {
			c, x, spare := t.Raw().Channel(), t.ExchangeName("x"), t.ExchangeName("spare")
			c.Exchange(x, "direct")
			t.ExchangePolicy(x, map[string]any{"alternate-exchange": spare})
			c.Exchange(x, "direct")
			t.Check("refusal", t.answer(c, &wire.ExchangeDeclare{Exchange: x, Type: "direct", Durable: true, Arguments: wire.Table{alternate(spare)}}),
				`channel error 406 "PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for exchange '<x>' in vhost '/': received the value '<spare>' of type 'longstr' but current is none" by exchange.declare`)
		},
	},
	{
		ID:         "exchange.alternate/permission",
		Title:      "to name an alternate takes read permission on the exchange and write permission on the alternate",
		Why:        "An alternate is a way to write to an exchange, and must not go around permissions.",
		Source:     pageAlternate,
		Management: true,
		Run: func(t *T) {
			user := t.User("user")
			x, spare := t.ExchangeName("x"), t.ExchangeName("spare")
			declare := &wire.ExchangeDeclare{Exchange: x, Type: "direct", Durable: true, Arguments: wire.Table{alternate(spare)}}
			t.Check("no read", t.RawAsPermitted(user, ".*", ".*", "").Channel().Refused(declare), t.accessRefused("read", "exchange '<x>'", wire.IDExchangeDeclare))
			t.Check("no write", t.RawAsPermitted(user, ".*", "x$", ".*").Channel().Refused(declare), t.accessRefused("write", "exchange '<spare>'", wire.IDExchangeDeclare))
			t.Check("both", t.answer(t.RawAsPermitted(user, "x$", "spare$", "x$").Channel(), declare), "exchange.declare-ok{}")
			r, q := t.Raw(), t.QueueName("q")
			owner := r.Channel()
			owner.Exchange(spare, "fanout")
			owner.Queue(q)
			owner.Bind(q, spare, "")
			t.RawAsPermitted(user, "", "x$", "").Channel().Publish(x, "k", "m")
			t.Check("publishing takes no permission on the alternate", r.letterbox(q).bodies(1), []string{"m"})
		},
	},
}
