package exchange_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/exchange"
)

func TestDirect(t *testing.T) {
	x := newExchange(t, "x", exchange.Direct)
	one, two, empty := newQueue("one"), newQueue("two"), newQueue("empty")
	bind(t, x, one, "a", nil)
	bind(t, x, two, "b", nil)
	bind(t, x, two, "a", nil)
	bind(t, x, one, "b", nil)
	bind(t, x, one, "a", table("n", int32(1)))
	bind(t, x, empty, "", nil)
	tests := []struct {
		name string
		m    *exchange.Message
		want []string
	}{
		{"in the order of bindings", key("a"), []string{"one", "two"}},
		{"each key in its own order", key("b"), []string{"two", "one"}},
		{"no binding", key("c"), []string{}},
		{"a key is not a pattern", key("*"), []string{}},
		{"empty key", key(""), []string{"empty"}},
		{"CC without its own key", key("none", "b"), []string{"two", "one"}},
		{"CC reaches a queue twice", key("a", "b", "a"), []string{"one", "two"}},
		{"CC reaches others", key("", "a"), []string{"empty", "one", "two"}},
	}
	var router exchange.Router
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, names(router.Route(x, test.m, nil))); diff != "" {
				t.Errorf("queues of %q (-want +got):\n%s", test.m.RoutingKeys, diff)
			}
		})
	}
}
