package exchange_test

import (
	"fmt"
	"testing"

	"github.com/minirabbit/minirabbit/exchange"
)

// A load is an exchange with bindings, and messages for it.
type load struct {
	name     string
	x        *exchange.Exchange
	messages []*exchange.Message
}

func loads(t testing.TB) []load {
	direct := func(n int) load {
		l := load{name: fmt.Sprintf("direct %d", n), x: newExchange(t, "direct", exchange.Direct)}
		for i := range n {
			k := fmt.Sprintf("region-%d.service-%d.error", i%100, i/100)
			bind(t, l.x, newQueue(k), k, nil)
			if i%97 == 0 {
				l.messages = append(l.messages, key(k))
			}
		}
		return l
	}
	fanout := load{name: "fanout 100", x: newExchange(t, "fanout", exchange.Fanout), messages: []*exchange.Message{key("")}}
	for i := range 100 {
		bind(t, fanout.x, newQueue(fmt.Sprint("q", i)), "", nil)
	}

	topic := load{name: "topic 10000 mixed", x: newExchange(t, "topic", exchange.Topic)}
	for i := range 100 {
		bind(t, topic.x, newQueue(fmt.Sprint("all of ", i)), fmt.Sprintf("region-%d.#", i), nil)
	}
	for i := range 9_900 {
		region, service := i%100, i/100
		pattern := [...]string{
			fmt.Sprintf("region-%d.service-%d.error", region, service),
			fmt.Sprintf("region-%d.service-%d.*", region, service),
			fmt.Sprintf("region-%d.service-%d.#", region, service),
			fmt.Sprintf("*.service-%d-%d.error", region, service),
			fmt.Sprintf("#.tail-%d-%d", region, service),
			fmt.Sprintf("region-%d.#.tail-%d", region, service),
			fmt.Sprintf("region-%d.*.level-%d.#", region, service),
		}[(region+service)%7]
		bind(t, topic.x, newQueue(pattern), pattern, nil)
		if i%97 == 0 {
			topic.messages = append(topic.messages, key(fmt.Sprintf("region-%d.service-%d.error", region, service)))
		}
	}

	headersLoad := load{name: "headers 1000", x: newExchange(t, "headers", exchange.Headers)}
	for i := range 1000 {
		match := [...]string{"all", "any"}[i%2]
		bind(t, headersLoad.x, newQueue(fmt.Sprint("q", i)), "",
			table("x-match", match, "tenant", fmt.Sprint("tenant-", i), "kind", fmt.Sprint("kind-", i)))
		if i%97 == 0 {
			headersLoad.messages = append(headersLoad.messages, headers("tenant", fmt.Sprint("tenant-", i),
				"kind", fmt.Sprint("kind-", i), "attempt", int32(1), "trace", "0123456789abcdef"))
		}
	}

	chain := load{name: "5 exchanges 50 queues", x: newExchange(t, "x0", exchange.Fanout), messages: []*exchange.Message{key("")}}
	for last, i := chain.x, 1; i <= 5; i++ {
		for j := range 10 {
			bind(t, last, newQueue(fmt.Sprint("q", i, "-", j)), "", nil)
		}
		following := newExchange(t, fmt.Sprint("x", i), exchange.Fanout)
		bind(t, last, following, "", nil)
		last = following
	}

	hash := load{name: "x-consistent-hash 10", x: newRing(t, exchange.Rules{}, nil), messages: []*exchange.Message{key("k")}}
	modulus := load{name: "x-modulus-hash 10", x: newExchange(t, "m", exchange.ModulusHash), messages: hash.messages}
	random := load{name: "x-random 10", x: newExchange(t, "r", exchange.Random), messages: hash.messages}
	for i := range 10 {
		for _, x := range []*exchange.Exchange{hash.x, modulus.x, random.x} {
			bind(t, x, newQueue(fmt.Sprint("q", i)), "100", nil)
		}
	}
	return []load{direct(1), direct(10_000), fanout, topic, headersLoad, chain, hash, modulus, random}
}

func BenchmarkRoute(b *testing.B) {
	for _, l := range loads(b) {
		b.Run(l.name, func(b *testing.B) {
			b.ReportAllocs()
			router := exchange.NewRouter(nil)
			queues := 0
			for i := 0; b.Loop(); i++ {
				queues += len(router.Route(l.x, l.messages[i%len(l.messages)], nil))
			}
			b.ReportMetric(float64(queues)/float64(b.N), "queues/op")
		})
	}
}

func BenchmarkBind(b *testing.B) {
	for _, kind := range []exchange.Kind{exchange.Direct, exchange.Topic} {
		b.Run(string(kind), func(b *testing.B) {
			b.ReportAllocs()
			x := newExchange(b, "x", kind)
			for i := 0; b.Loop(); i++ {
				q := newQueue("q")
				bind(b, x, q, fmt.Sprintf("a.%d.b", i%1000), nil)
				if i%4 != 0 {
					x.RemoveDestination(q)
				}
			}
		})
	}
}

func TestRouteAllocatesNothing(t *testing.T) {
	for _, l := range loads(t) {
		t.Run(l.name, func(t *testing.T) {
			router := exchange.NewRouter(nil)
			allocations := testing.AllocsPerRun(10, func() {
				for _, m := range l.messages {
					if len(router.Route(l.x, m, nil)) == 0 {
						t.Fatalf("message %v reaches no queue", m)
					}
				}
			})
			if allocations != 0 {
				t.Errorf("routing %d messages allocates %v times, want 0", len(l.messages), allocations)
			}
		})
	}
}
