package conformance

import (
	"slices"

	"github.com/minirabbit/minirabbit/wire"
)

// undetermined says why the cases of this file are racy.
const undetermined = "which queue gets a message is a matter of chance"

// modulusHash tells the releases that know x-modulus-hash without a plug-in.
var modulusHash = Only43

// scatter binds n queues to an exchange, publishes 60 messages, and gives how many each queue got.
func (c *RawChannel) scatter(exchange string, n int) (counts []int) {
	t := c.raw.t
	t.Helper()
	var queues []string
	for i := range n {
		queues = append(queues, t.QueueName(numbered("q", i+1)[i]))
		c.Queue(queues[i])
		c.Bind(queues[i], exchange, "")
	}
	for _, body := range numbered("m", 60) {
		c.Publish(exchange, "k", body)
	}
	all := c.drainAll(queues...)
	for _, bodies := range all {
		counts = append(counts, len(bodies))
	}
	got := slices.Concat(all...)
	slices.Sort(got)
	t.Check("each message is in one queue", len(slices.Compact(got)) == 60 && len(got) == 60, true)
	return counts
}

var randomCases = []Case{
	{
		ID:     "exchange.random/one-queue",
		Title:  "an x-random exchange sends each message to one of its queues, and in the long run to each of them",
		Why:    "The work is shared out, whatever the keys.",
		Source: pageRandom,
		Racy:   undetermined,
		Run: func(t *T) {
			c, x := t.Raw().Channel(), t.ExchangeName("x")
			c.Exchange(x, "x-random")
			t.Check("a queue got none", slices.Contains(c.scatter(x, 3), 0), false)
		},
	},
	{
		ID:     "exchange.random/keys",
		Title:  "neither the routing key nor the binding's key or arguments matter to x-random",
		Why:    "Any binding will do.",
		Source: pageRandom,
		Run: func(t *T) {
			c, x, q := t.Raw().Channel(), t.ExchangeName("x"), t.QueueName("q")
			c.Exchange(x, "x-random", argument("hash-header", "h")...)
			t.Check("unbound", c.mandatory(x, "k", "lost"), []string{`return 312 NO_ROUTE <x> k "lost"`})
			c.Queue(q)
			c.Bind(q, x, "some key", argument("x-match", "nonsense")...)
			c.PublishWith(&wire.BasicPublish{Exchange: x, RoutingKey: "other"}, headers(keys("CC", "a", "b")), "m")
			t.Check("routed once", c.Drain(q), []string{"m"})
		},
	},
	{
		ID:     "exchange.random/exchanges",
		Title:  "x-random draws exchanges as well as queues",
		Why:    "A share may be broadcast.",
		Source: pageRandom,
		Racy:   undetermined,
		Run: func(t *T) {
			c, x, y := t.Raw().Channel(), t.ExchangeName("x"), t.ExchangeName("y")
			c.Exchange(x, "x-random")
			c.Exchange(y, "fanout")
			c.bindExchange(x, y, "")
			direct, first, second := t.QueueName("direct"), t.QueueName("first"), t.QueueName("second")
			for _, each := range [][2]string{{direct, x}, {first, y}, {second, y}} {
				c.Queue(each[0])
				c.Bind(each[0], each[1], "")
			}
			for _, body := range numbered("m", 60) {
				c.Publish(x, "", body)
			}
			all := c.drainAll(direct, first, second)
			t.Check("both behind the exchange have the same", slices.Equal(all[1], all[2]), true)
			t.Check("sum", len(all[0])+len(all[1]), 60)
			t.Check("one of them got none", len(all[0]) == 0 || len(all[1]) == 0, false)
		},
	},
	{
		ID:       "exchange.local-random/unknown",
		Title:    "3.10 does not know the exchange type x-local-random",
		Why:      "It came with 4.0.",
		Source:   pageLocalRandom,
		Releases: Only310,
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
		Releases: Since40,
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
		Releases: Since40,
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
		Releases: Since40,
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
	{
		ID:       "exchange.modulus-hash/unknown",
		Title:    "x-modulus-hash is a type of a plug-in up to 4.0, and unknown without it",
		Why:      "It came with rabbitmq_sharding.",
		Source:   measured,
		Releases: Before43,
		Run: func(t *T) {
			t.Check("refusal", t.Raw().Channel().Refused(&wire.ExchangeDeclare{Exchange: t.ExchangeName("x"), Type: "x-modulus-hash"}),
				unknownType(t, "x-modulus-hash"))
		},
	},
	{
		ID:       "exchange.modulus-hash/routing-key",
		Title:    "an x-modulus-hash exchange sends each message to one queue, which the routing key and the number of bindings decide",
		Why:      "Shards keep the order of one key.",
		Source:   measured,
		Releases: modulusHash,
		Run: func(t *T) {
			c := t.Raw().Channel()
			x := &hashExchange{t: t, c: c, exchange: t.ExchangeName("x")}
			c.Exchange(x.exchange, "x-modulus-hash")
			t.Check("unbound", c.mandatory(x.exchange, "k", "lost"), []string{`return 312 NO_ROUTE <x> k "lost"`})
			for range 3 {
				x.bind("any key")
			}
			x.publishKeys()
			sizes := func() (all []int) {
				for _, bodies := range x.drained(40) {
					all = append(all, len(bodies))
				}
				slices.Sort(all)
				return all
			}
			// The queues stand in the order of their names, which the case makes up.
			t.Observe("messages of each queue, sorted", sizes())
			c.Bind(x.queues[0], x.exchange, "another")
			x.publishKeys()
			t.Check("bound twice", len(sizes()), 3)
		},
	},
}

// localRandom declares an x-local-random exchange.
func (t *T) localRandom(c *RawChannel) (name string) {
	t.Helper()
	name = t.ExchangeName("empty")
	c.Exchange(name, "x-local-random")
	return name
}
