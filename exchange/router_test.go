package exchange_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/exchange"
)

// TestRoute holds answers of RabbitMQ 3.10.8, 4.0.5 and 4.3.6, but for the order.
func TestRoute(t *testing.T) {
	tests := []struct {
		name      string
		exchanges []string // "name kind" or "name kind alternate"
		bindings  []string // "source key destination"; what is no exchange is a queue
		publish   string   // "exchange key"
		want      []string
	}{
		{"to an exchange", []string{"a direct", "b fanout"}, []string{"a k b", "b - q"}, "a k", []string{"q"}},
		{"to an exchange by another key", []string{"a direct", "b fanout"}, []string{"a k b", "b - q"}, "a n", []string{}},
		{"the key stays on the way", []string{"a fanout", "b direct"}, []string{"a - b", "b k q", "b n p"}, "a k", []string{"q"}},
		{"near queues first", []string{"a fanout", "b fanout", "c fanout"},
			[]string{"a - b", "b - c", "c - q3", "b - q2", "a - q1"}, "a k", []string{"q1", "q2", "q3"}},
		{"once by several ways", []string{"a fanout", "b fanout", "c fanout"},
			[]string{"a - b", "a - c", "a - q", "b - q", "b - p", "c - p", "c - q"}, "a k", []string{"q", "p"}},
		{"to itself", []string{"a fanout"}, []string{"a - a", "a - q"}, "a k", []string{"q"}},
		{"in a cycle", []string{"a fanout", "b fanout", "c fanout"},
			[]string{"a - b", "b - c", "c - a", "a - q1", "b - q2", "c - q3", "c - q1"}, "b k", []string{"q2", "q3", "q1"}},
		{"alternate is not asked", []string{"a direct alt", "alt fanout"}, []string{"a k q", "alt - p"}, "a k", []string{"q"}},
		{"alternate", []string{"a direct alt", "alt fanout"}, []string{"a k q", "alt - p"}, "a n", []string{"p"}},
		{"alternate without bindings at all", []string{"a fanout alt", "alt fanout"}, []string{"alt - p"}, "a n", []string{"p"}},
		{"an exchange that routes to nothing is something", []string{"a direct alt", "dead direct", "alt fanout"},
			[]string{"a k dead", "alt - p"}, "a k", []string{}},
		{"alternate of an exchange that was bound", []string{"a direct", "b direct alt", "alt fanout"},
			[]string{"a k b", "alt - p"}, "a k", []string{"p"}},
		{"alternate of one besides others", []string{"a fanout", "b direct alt", "alt fanout"},
			[]string{"a - q", "a - b", "alt - p", "alt - q"}, "a k", []string{"q", "p"}},
		{"alternate of the alternate", []string{"a direct b", "b direct c", "c fanout"}, []string{"c - q"}, "a k", []string{"q"}},
		{"alternates in a loop", []string{"a direct b", "b direct a"}, []string{"a k q"}, "b n", []string{}},
		{"alternates in a loop with a way out", []string{"a direct b", "b direct a"}, []string{"a k q"}, "b k", []string{"q"}},
		{"own alternate", []string{"a direct a"}, []string{"a k q"}, "a n", []string{}},
		{"missing alternate", []string{"a direct nowhere"}, []string{"a k q"}, "a n", []string{}},
		{"alternate that was visited", []string{"a fanout", "b direct a"}, []string{"a - b"}, "a k", []string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			exchanges, destinations := build(t, test.exchanges, test.bindings)
			var from, routingKey string
			fmt.Sscan(test.publish, &from, &routingKey)
			x := destinations[from].(*exchange.Exchange)
			var router exchange.Router
			for range 2 { // the second time over used scratch space
				got := names(router.Route(x, key(routingKey), namedExchanges(exchanges...)))
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Fatalf("queues (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// build makes the exchanges and bindings of TestRoute.
func build(t *testing.T, kinds, bindings []string) ([]*exchange.Exchange, map[string]exchange.Destination) {
	t.Helper()
	var exchanges []*exchange.Exchange
	destinations := map[string]exchange.Destination{}
	for _, line := range kinds {
		var name, kind, alternate string
		fmt.Sscan(line, &name, &kind, &alternate)
		x := newExchange(t, name, exchange.Kind(kind))
		x.SetAlternate(alternate)
		exchanges = append(exchanges, x)
		destinations[name] = x
	}
	for _, line := range bindings {
		var source, routingKey, destination string
		fmt.Sscan(line, &source, &routingKey, &destination)
		if destinations[destination] == nil {
			destinations[destination] = newQueue(destination)
		}
		bind(t, destinations[source].(*exchange.Exchange), destinations[destination], routingKey, nil)
	}
	return exchanges, destinations
}

func TestRouteDefaultExchangeAsAlternate(t *testing.T) {
	byName := newExchange(t, "", exchange.Direct)
	q := newQueue("q")
	bind(t, byName, q, "q", nil)
	x := newExchange(t, "x", exchange.Direct, exchange.WithArguments(table("alternate-exchange", "")))
	router := exchange.NewRouter(nil)
	if diff := cmp.Diff([]string{"q"}, names(router.Route(byName, key("q"), namedExchanges(byName)))); diff != "" {
		t.Errorf("queues of the default exchange (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{}, names(router.Route(x, key("q"), namedExchanges(byName)))); diff != "" {
		t.Errorf("queues by way of an alternate exchange named \"\" (-want +got):\n%s", diff)
	}
}

// TestRouteAgainstModel compares random graphs of fanout exchanges with a plain search for reachable queues.
func TestRouteAgainstModel(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 2))
			exchanges := make([]*exchange.Exchange, 1+r.IntN(12))
			for i := range exchanges {
				exchanges[i] = newExchange(t, fmt.Sprintf("x%d", i), exchange.Fanout)
			}
			queues := make([]*queue, 1+r.IntN(60))
			for i := range queues {
				queues[i] = newQueue(fmt.Sprintf("q%d", i))
			}
			next := map[exchange.Destination][]exchange.Destination{}
			for range r.IntN(120) {
				source := exchanges[r.IntN(len(exchanges))]
				var d exchange.Destination = queues[r.IntN(len(queues))]
				if r.IntN(5) == 0 {
					d = exchanges[r.IntN(len(exchanges))]
				}
				if added, _ := source.Bind(d, "", nil); added {
					next[source] = append(next[source], d)
				}
			}
			routers := []*exchange.Router{exchange.NewRouter(nil), exchange.NewRouter(nil)}
			for i, x := range exchanges {
				reachable := map[exchange.Destination]bool{x: true}
				for todo := []exchange.Destination{x}; len(todo) > 0; todo = todo[1:] {
					for _, d := range next[todo[0]] {
						if !reachable[d] {
							reachable[d] = true
							todo = append(todo, d)
						}
					}
				}
				want := []string{}
				for d := range reachable {
					if d.IsQueue() {
						want = append(want, d.Name())
					}
				}
				got := names(routers[i%2].Route(x, key(""), nil))
				slices.Sort(want)
				slices.Sort(got)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("queues reached from %s (-want +got):\n%s", x.Name(), diff)
				}
			}
		})
	}
}
