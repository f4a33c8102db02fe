package conformance

import (
	"slices"

	"github.com/minirabbit/minirabbit/wire"
)

// localRandom declares an x-local-random exchange.
func (t *T) localRandom(c *RawChannel) (name string) {
	t.Helper()
	name = t.ExchangeName("empty")
	c.Exchange(name, "x-local-random")
	return name
}

var exchangeLocalRandomCases = []Case{
	{
		ID:       "exchange.local-random/unknown",
		Title:    "3.10 does not know the exchange type x-local-random",
		Why:      "It came with 4.0.",
		Source:   pageLocalRandom,
		Releases: UpTo("3.12"),
		Run: func(t *T) {
			t.Check("refusal", t.Raw().Channel().Refused(&wire.ExchangeDeclare{Exchange: t.ExchangeName("x"), Type: "x-local-random"}),
				ConnectionError(wire.CommandInvalid, "unknown exchange type 'x-local-random'", wire.IDExchangeDeclare))
		},
	},
	{
		ID:       "exchange.local-random/one-queue",
		Title:    "an x-local-random exchange sends each message to one of the queues on the publisher's node",
		Why:      "Requests need not travel between nodes.",
		Source:   pageLocalRandom,
		Releases: Since("4.0"),
		Racy:     undetermined,
		Run: func(t *T) {
			c, x := t.Raw().Channel(), t.ExchangeName("x")
			c.Exchange(x, "x-local-random")
			t.Check("a queue got none", slices.Contains(c.scatter(x, 3), 0), false)
			t.Check("unrouted", c.mandatory(t.localRandom(c), "k", "lost"), []string{`return 312 NO_ROUTE <empty> k "lost"`})
		},
	},
	{
		ID:       "exchange.local-random/bindings",
		Title:    "to x-local-random only classic queues can be bound, and only without a key",
		Why:      "Queues with replicas have no one node, and a key would mean nothing.",
		Source:   pageLocalRandom,
		Releases: Since("4.0"),
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			x, y := t.localRandom(c), t.ExchangeName("y")
			c.Exchange(y, "fanout")
			for _, kind := range []string{"classic", "quorum", "stream"} {
				q := t.QueueName(kind)
				c.Queue(q, queueType(kind))
				t.Observe(kind, t.answer(r.Channel(), &wire.QueueBind{Queue: q, Exchange: x}))
				t.Observe(kind+" with a key", t.answer(r.Channel(), &wire.QueueBind{Queue: q, Exchange: x, RoutingKey: "k"}))
				t.Observe(kind+" unbound with a key", t.answer(r.Channel(), &wire.QueueUnbind{Queue: q, Exchange: x, RoutingKey: "k"}))
			}
			t.Observe("missing", t.answer(r.Channel(), &wire.QueueBind{Queue: t.UniqueName("missing"), Exchange: x}))
			t.Observe("exchange", t.answer(r.Channel(), &wire.ExchangeBind{Destination: y, Source: x}))
			t.Observe("exchange with a key", t.answer(r.Channel(), &wire.ExchangeBind{Destination: y, Source: x, RoutingKey: "k"}))
		},
	},
	{
		ID:       "exchange.local-random/exclusive",
		Title:    "exclusive queues can be bound to x-local-random, and it routes on when they go",
		Why:      "It was made for replies and requests of one node.",
		Source:   pageLocalRandom,
		Releases: Since("4.0"),
		Run: func(t *T) {
			c := t.Raw().Channel()
			x, q := t.localRandom(c), t.QueueName("q")
			Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: q, Exclusive: true})
			c.Bind(q, x, "")
			c.Publish(x, "k", "m")
			t.Check("routed", c.Drain(q), []string{"m"})
			Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q})
			t.Check("gone", c.mandatory(x, "k", "lost"), []string{`return 312 NO_ROUTE <empty> k "lost"`})
		},
	},
}
