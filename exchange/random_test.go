package exchange_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/wire"
)

// draw routes n messages and counts where they go; each must go to one queue.
func draw(t *testing.T, router *exchange.Router, x *exchange.Exchange, n int) (sequence []string, counts map[string]int) {
	t.Helper()
	counts = map[string]int{}
	for range n {
		queues := names(router.Route(x, key("any"), nil))
		if len(queues) != 1 {
			t.Fatalf("a message goes to %v, want one queue", queues)
		}
		sequence = append(sequence, queues[0])
		counts[queues[0]]++
	}
	return sequence, counts
}

func TestRandom(t *testing.T) {
	for _, kind := range []exchange.Kind{exchange.Random, exchange.LocalRandom} {
		t.Run(string(kind), func(t *testing.T) {
			x := newExchange(t, "x", kind)
			router := exchange.NewRouter(rand.NewPCG(1, 2))
			if queues := router.Route(x, key("any"), nil); len(queues) != 0 {
				t.Errorf("without bindings a message goes to %v", names(queues))
			}
			a, b := newQueue("a"), newQueue("b")
			bind(t, x, a, "", nil)
			if _, counts := draw(t, router, x, 10); counts["a"] != 10 {
				t.Errorf("draws of one queue = %v, want a 10 times", counts)
			}
			bind(t, x, b, "", nil)
			bind(t, x, b, "", table("n", int32(1)))
			first, counts := draw(t, exchange.NewRouter(rand.NewPCG(3, 4)), x, 3000)
			if counts["a"] < 850 || counts["a"] > 1150 || counts["b"] != 3000-counts["a"] {
				t.Errorf("draws = %v, want a about 1000 times and b, bound twice, the others", counts)
			}
			second, _ := draw(t, exchange.NewRouter(rand.NewPCG(3, 4)), x, 3000)
			if diff := cmp.Diff(first, second); diff != "" {
				t.Errorf("the same seed draws differently (-first +second):\n%s", diff)
			}
			var zero exchange.Router
			third, _ := draw(t, &zero, x, 100)
			fourth, _ := draw(t, exchange.NewRouter(nil), x, 100)
			if diff := cmp.Diff(third, fourth); diff != "" {
				t.Errorf("the zero router draws differently from NewRouter(nil) (-zero +nil):\n%s", diff)
			}
		})
	}
}

type typedQueue struct {
	*queue
	kind string
}

func (q typedQueue) QueueType() string { return q.kind }

// TestLocalRandomRefuses holds texts of RabbitMQ 4.0.5.
func TestLocalRandomRefuses(t *testing.T) {
	fanout := newExchange(t, "f", exchange.Fanout)
	tests := []struct {
		name        string
		destination exchange.Destination
		key         string
		want        string
	}{
		{"untyped queue", newQueue("q"), "", ""},
		{"classic queue", typedQueue{newQueue("q"), "classic"}, "", ""},
		{"quorum queue", typedQueue{newQueue("q"), "quorum"}, "", "Queue type rabbit_quorum_queue not valid for this exchange type"},
		{"stream", typedQueue{newQueue("q"), "stream"}, "", "Queue type rabbit_stream_queue not valid for this exchange type"},
		{"routing key", newQueue("q"), "k", "Non empty binding 'k' key not permitted"},
		{"exchange", fanout, "", "Destination not found"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := newExchange(t, "x", exchange.LocalRandom).Bind(test.destination, test.key, nil)
			checkRefusal(t, err, wire.PreconditionFailed, test.want)
		})
	}
}

func TestKindsThat310Lacks(t *testing.T) {
	for _, kind := range []exchange.Kind{exchange.LocalRandom, exchange.ModulusHash} {
		_, err := exchange.New("x", kind, exchange.WithRules(release310))
		var unknown *exchange.UnknownKindError
		if !errors.As(err, &unknown) || unknown.Kind != kind {
			t.Errorf("New with kind %s = %v, want an UnknownKindError", kind, err)
		}
	}
}
