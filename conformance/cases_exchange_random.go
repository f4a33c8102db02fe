package conformance

import (
	"slices"

	"github.com/minirabbit/minirabbit/wire"
)

var exchangeRandomCases = []Case{
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
}
