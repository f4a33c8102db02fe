package exchange_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/exchange"
)

func TestFanout(t *testing.T) {
	x := newExchange(t, "x", exchange.Fanout)
	one, two := newQueue("one"), newQueue("two")
	bind(t, x, two, "k", nil)
	bind(t, x, one, "", nil)
	bind(t, x, two, "other", nil)
	var router exchange.Router
	tests := []struct {
		name string
		m    *exchange.Message
	}{
		{"its key", key("k")}, {"no key", key("")}, {"another key", key("n")}, {"CC", key("k", "other", "x")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff([]string{"two", "one"}, names(router.Route(x, test.m, nil))); diff != "" {
				t.Errorf("queues (-want +got):\n%s", diff)
			}
		})
	}
	x.Unbind(two, "k", nil)
	if diff := cmp.Diff([]string{"one", "two"}, names(router.Route(x, key(""), nil))); diff != "" {
		t.Errorf("queues after the first binding went (-want +got):\n%s", diff)
	}
}
