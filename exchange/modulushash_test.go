package exchange_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/minirabbit/minirabbit/exchange"
)

// TestModulusHash holds where RabbitMQ 4.3.6 sent the keys k0 to k19, and k0 to k9 with the CC a and the BCC b.
func TestModulusHash(t *testing.T) {
	tests := []struct {
		name       string
		queues     []string
		want       string
		wantCopies string
	}{
		{"none", nil, "", ""},
		{"one", []string{"a"}, "aaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaa"},
		{"three", []string{"c", "a", "b"}, "caaabacccaabcbbccbcc", "cccbbbbccc"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x := newExchange(t, "x", exchange.ModulusHash)
			for _, name := range test.queues {
				bind(t, x, newQueue(name), "k1", nil)
			}
			var router exchange.Router
			var got, gotCopies strings.Builder
			for i := range 20 {
				k := fmt.Sprint("k", i)
				got.WriteString(strings.Join(names(router.Route(x, key(k), nil)), "+"))
				if i < 10 {
					gotCopies.WriteString(strings.Join(names(router.Route(x, key(k, "a", "b"), nil)), "+"))
				}
			}
			if got.String() != test.want || gotCopies.String() != test.wantCopies {
				t.Errorf("queues = %s and %s, want %s and %s", &got, &gotCopies, test.want, test.wantCopies)
			}
		})
	}
}
