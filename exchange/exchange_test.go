package exchange_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/wire"
)

func TestNewUnknownKind(t *testing.T) {
	tests := []struct {
		kind exchange.Kind
		want string
	}{
		{"foobarbaz", "unknown exchange type 'foobarbaz'"},
		{"foo", "invalid exchange type 'foo'"},
		{"header", "invalid exchange type 'header'"},
		{"", "invalid exchange type ''"},
		{"Topic", "unknown exchange type 'Topic'"},
	}
	for _, test := range tests {
		t.Run(string(test.kind), func(t *testing.T) {
			x, err := exchange.New("x", test.kind)
			var unknown *exchange.UnknownKindError
			if x != nil || !errors.As(err, &unknown) || unknown.Kind != test.kind || err.Error() != test.want {
				t.Errorf("New with kind %q = %v, %v; want an error %s", test.kind, x, err, test.want)
			}
		})
	}
}

func TestAlternate(t *testing.T) {
	tests := []struct {
		name      string
		arguments wire.Table
		policy    string
		want      string
	}{
		{"none", nil, "", ""},
		{"argument", table("alternate-exchange", "a"), "", "a"},
		{"policy", nil, "p", "p"},
		{"argument before policy", table("alternate-exchange", "a"), "p", "a"},
		{"empty argument before policy", table("alternate-exchange", ""), "p", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x := newExchange(t, "x", exchange.Direct, exchange.WithArguments(test.arguments))
			x.SetAlternate(test.policy)
			if got := x.Alternate(); got != test.want {
				t.Errorf("Alternate = %q, want %q", got, test.want)
			}
		})
	}
}

// TestSameBinding holds answers of RabbitMQ 3.10.8, 4.0.5 and 4.3.6: each pair was bound and then bound, or unbound,
// once more.
func TestSameBinding(t *testing.T) {
	tests := []struct {
		name string
		a, b wire.Table
		same bool
	}{
		{"no arguments", nil, wire.Table{}, true},
		{"one is without", nil, table("a", "1"), false},
		{"order", table("a", "1", "b", "2"), table("b", "2", "a", "1"), true},
		{"value", table("a", "1"), table("a", "2"), false},
		{"int32 and int64", table("a", int32(1)), table("a", int64(1)), false},
		{"string and binary", table("a", "1"), table("a", []byte("1")), false},
		{"order of the same key", table("a", "1", "a", "2"), table("a", "2", "a", "1"), false},
		{"repetition", table("a", "1", "a", "1"), table("a", "1"), false},
		{"order in a table", table("a", table("x", "1", "y", "2")), table("a", table("y", "2", "x", "1")), false},
		{"type in a table", table("a", table("x", int32(1))), table("a", table("x", int64(1))), false},
		{"empty array and table", table("a", wire.Array{}), table("a", wire.Table{}), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x, q := newExchange(t, "x", exchange.Direct), newQueue("q")
			bind(t, x, q, "k", test.a)
			if added, err := x.Bind(q, "k", test.b); err != nil || added == test.same {
				t.Errorf("Bind with %v after %v = %v, %v; want %v, nil", test.b, test.a, added, err, !test.same)
			}
			if !x.Unbind(q, "k", test.b) {
				t.Errorf("Unbind with %v after Bind with it = false, want true", test.b)
			}
			want := 1
			if test.same {
				want = 0
			}
			if got := x.BindingCount(); got != want {
				t.Errorf("bindings left = %d, want %d", got, want)
			}
		})
	}
}

// describe lists bindings as "destination key".
func describe(bindings []*exchange.Binding) []string {
	list := []string{}
	for _, b := range bindings {
		list = append(list, b.Destination.Name()+" "+b.RoutingKey)
	}
	return list
}

func TestBindings(t *testing.T) {
	for _, kind := range []exchange.Kind{exchange.Direct, exchange.Fanout, exchange.Topic, exchange.Headers,
		exchange.ConsistentHash, exchange.ModulusHash, exchange.Random, exchange.RecentHistory, exchange.DelayedMessage} {
		t.Run(string(kind), func(t *testing.T) {
			x, other := newExchange(t, "x", kind, exchange.WithArguments(table("x-delayed-type", "topic"))), newExchange(t, "other", exchange.Fanout)
			q, p := newQueue("q"), newQueue("p")
			arguments := table("b", "2", "a", "1")
			bind(t, x, q, "2", nil)
			bind(t, x, p, "1", arguments)
			bind(t, x, other, "1", nil)
			bind(t, x, q, "1", nil)
			bind(t, x, x, "1", nil)
			check := func(when string, want ...string) {
				t.Helper()
				if diff := cmp.Diff(want, describe(x.Bindings()), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("bindings %s (-want +got):\n%s", when, diff)
				}
				if got := x.BindingCount(); got != len(want) {
					t.Errorf("BindingCount %s = %d, want %d", when, got, len(want))
				}
			}
			check("in order", "q 2", "p 1", "other 1", "q 1", "x 1")
			if added, err := x.Bind(q, "2", nil); added || err != nil {
				t.Errorf("Bind again = %v, %v; want false, nil", added, err)
			}
			check("after a repetition", "q 2", "p 1", "other 1", "q 1", "x 1")
			if b := x.BindingsTo(p)[0]; b.Source != x || cmp.Diff(table("a", "1", "b", "2"), b.Arguments) != "" {
				t.Errorf("binding = %+v, want source x and arguments sorted by key", b)
			}
			if arguments[0].Key != "b" {
				t.Error("Bind sorted its caller's arguments")
			}
			if diff := cmp.Diff([]string{"q 2", "q 1"}, describe(x.BindingsTo(q))); diff != "" {
				t.Errorf("BindingsTo (-want +got):\n%s", diff)
			}
			for _, d := range []struct {
				destination exchange.Destination
				key         string
				arguments   wire.Table
			}{{q, "3", nil}, {p, "1", nil}, {newQueue("q"), "1", nil}, {other, "1", arguments}} {
				if x.Unbind(d.destination, d.key, d.arguments) {
					t.Errorf("Unbind(%s, %q, %v) = true, want false", d.destination.Name(), d.key, d.arguments)
				}
			}
			check("after void unbinding", "q 2", "p 1", "other 1", "q 1", "x 1")
			if !x.Unbind(p, "1", arguments) {
				t.Error("Unbind = false, want true")
			}
			check("after Unbind", "q 2", "other 1", "q 1", "x 1")
			if diff := cmp.Diff([]string{"q 2", "q 1"}, describe(x.RemoveDestination(q))); diff != "" {
				t.Errorf("RemoveDestination (-want +got):\n%s", diff)
			}
			check("after RemoveDestination", "other 1", "x 1")
			if removed := x.RemoveDestination(q); len(removed) != 0 {
				t.Errorf("RemoveDestination again = %v, want none", describe(removed))
			}
			bind(t, x, q, "2", nil)
			check("after binding again", "other 1", "x 1", "q 2")
			x.RemoveDestination(other)
			x.RemoveDestination(x)
			x.Unbind(q, "2", nil)
			check("at the end")
			if diff := cmp.Diff([]string{}, names(exchange.NewRouter(nil).Route(x, key("1"), nil))); diff != "" {
				t.Errorf("queues without bindings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBindingsOrder holds that no map shows through: everything comes in the order of binding.
func TestBindingsOrder(t *testing.T) {
	for _, kind := range []exchange.Kind{exchange.Direct, exchange.Fanout, exchange.Topic, exchange.Headers} {
		t.Run(string(kind), func(t *testing.T) {
			x := newExchange(t, "x", kind)
			want := []string{}
			for i := range 1000 {
				name := fmt.Sprintf("q%d", i*7919%1000)
				want = append(want, name)
				bind(t, x, newQueue(name), "k", nil)
			}
			if diff := cmp.Diff(want, names(exchange.NewRouter(nil).Route(x, key("k"), nil))); diff != "" {
				t.Errorf("queues (-want +got):\n%s", diff)
			}
			bound := slices.Collect(func(yield func(string) bool) {
				for _, b := range x.Bindings() {
					if !yield(b.Destination.Name()) {
						return
					}
				}
			})
			if diff := cmp.Diff(want, bound); diff != "" {
				t.Errorf("bindings (-want +got):\n%s", diff)
			}
		})
	}
}
