package conformance

import (
	"slices"

	"github.com/minirabbit/minirabbit/wire"
)

// modulusHash tells the releases that know x-modulus-hash without a plug-in.
var modulusHash = Since("4.3")

var exchangeModulusHashCases = []Case{
	{
		ID:       "exchange.modulus-hash/unknown",
		Title:    "x-modulus-hash is a type of a plug-in up to 4.0, and unknown without it",
		Why:      "It came with rabbitmq_sharding.",
		Source:   measured,
		Releases: UpTo("4.2"),
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
