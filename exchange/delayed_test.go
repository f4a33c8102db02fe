package exchange_test

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/wire"
)

func newDelayed(t *testing.T, rules exchange.Rules, arguments ...any) *exchange.Exchange {
	t.Helper()
	return newExchange(t, "x", exchange.DelayedMessage, exchange.WithRules(rules), exchange.WithArguments(table(arguments...)))
}

func TestDelayedMessage(t *testing.T) {
	tests := []struct {
		name           string
		delay          any
		want310, want4 int64 // milliseconds
	}{
		{"int32", int32(5000), 5000, 5000},
		{"int64", int64(5000), 5000, 5000},
		{"uint16", uint16(5000), 5000, 5000},
		{"uint8", uint8(200), 200, 200},
		{"int8", int8(100), 100, 0},
		{"string", "100", 100, 100},
		{"binary", []byte("100"), 0, 100},
		{"float64", 99.9, 99, 99},
		{"float32", float32(1.5), 1, 1},
		{"longest", int64(math.MaxUint32), math.MaxUint32, math.MaxUint32},
		{"too long", int64(math.MaxUint32 + 1), 0, 0},
		{"too long as a string", "99999999999999999999", 0, 0},
		{"too long as a float", 1e300, 0, 0},
		{"zero", int32(0), 0, 0},
		{"negative", int32(-5000), 0, 0},
		{"negative float", -1e300, 0, 0},
		{"bool", true, 0, 0},
		{"timestamp", wire.Timestamp(5000), 0, 0},
		{"array", wire.Array{int32(5000)}, 0, 0},
	}
	for release, rules := range map[string]exchange.Rules{"3.10": release310, "4.3": {}} {
		x := newDelayed(t, rules, "x-delayed-type", "direct")
		bind(t, x, newQueue("q"), "", nil)
		router := exchange.NewRouter(nil)
		for _, test := range tests {
			t.Run(release+"/"+test.name, func(t *testing.T) {
				m := headers("b", "1", "x-delay", test.delay, "a", "2")
				want := test.want4
				if release == "3.10" {
					want = test.want310
				}
				queues := names(router.Route(x, m, nil))
				if router.Err() != nil {
					t.Fatalf("Err = %v, want nil", router.Err())
				}
				if want == 0 {
					if diff := cmp.Diff([]string{"q"}, queues); diff != "" || len(router.Delays()) > 0 {
						t.Errorf("queues %v and delays %v, want q and none", queues, router.Delays())
					}
					return
				}
				delays := router.Delays()
				if len(queues) > 0 || len(delays) != 1 || delays[0] != (exchange.Delay{Exchange: x, Milliseconds: want}) {
					t.Fatalf("queues %v and delays %v, want none and %v", queues, delays, want)
				}
				due := &exchange.Message{RoutingKeys: m.RoutingKeys, Headers: x.Due(m.Headers)}
				if diff := cmp.Diff([]string{"q"}, names(router.Route(x, due, nil))); diff != "" || len(router.Delays()) > 0 {
					t.Errorf("after the delay: queues (-want +got):\n%s; delays %v", diff, router.Delays())
				}
			})
		}
	}
}

func TestDue(t *testing.T) {
	tests := []struct {
		name    string
		rules   exchange.Rules
		headers wire.Table
		want    wire.Table
	}{
		{"4.3", exchange.Rules{}, table("x-delay", int32(50), "a", "1"), table("x-delay", int64(-50), "a", "1")},
		{"4.3, string", exchange.Rules{}, table("x-delay", "50"), table("x-delay", int64(-50))},
		{"3.10", release310, table("x-delay", int64(50), "a", "1"), table("a", "1", "x-delay", int32(-50))},
		{"3.10, long", release310, table("x-delay", int64(math.MaxUint32)), table("x-delay", int64(-math.MaxUint32))},
		{"no delay", exchange.Rules{}, table("a", "1"), table("a", "1")},
		{"no number", exchange.Rules{}, table("x-delay", "soon"), table("x-delay", "soon")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := append(wire.Table(nil), test.headers...)
			x := newDelayed(t, test.rules, "x-delayed-type", "fanout")
			if diff := cmp.Diff(test.want, x.Due(test.headers)); diff != "" {
				t.Errorf("Due (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, test.headers); diff != "" {
				t.Errorf("Due changed its argument (-before +after):\n%s", diff)
			}
		})
	}
	if diff := cmp.Diff(table("x-delay", int32(5)), newExchange(t, "f", exchange.Fanout).Due(table("x-delay", int32(5)))); diff != "" {
		t.Errorf("Due of a fanout exchange (-want +got):\n%s", diff)
	}
}

func TestDelayedMessageFails(t *testing.T) {
	x := newDelayed(t, exchange.Rules{}, "x-delayed-type", "fanout")
	bind(t, x, newQueue("q"), "", nil)
	router := exchange.NewRouter(nil)
	for _, delay := range []any{"soon", "", "1.5", wire.Decimal{Value: 5}, nil} {
		queues := router.Route(x, headers("x-delay", delay), nil)
		checkRefusal(t, router.Err(), wire.InternalError, "INTERNAL_ERROR")
		if len(queues) > 0 || len(router.Delays()) > 0 {
			t.Errorf("x-delay %v: queues %v and delays %v, want none", delay, names(queues), router.Delays())
		}
	}
	router.Route(x, key("k"), nil)
	if err := router.Err(); err != nil {
		t.Errorf("Err after the next message = %v, want nil", err)
	}
}

// TestVoidDelay holds that 3.10 takes an x-delay of no type for none.
func TestVoidDelay(t *testing.T) {
	x := newDelayed(t, release310, "x-delayed-type", "fanout")
	bind(t, x, newQueue("q"), "", nil)
	router := exchange.NewRouter(nil)
	if diff := cmp.Diff([]string{"q"}, names(router.Route(x, headers("x-delay", nil), nil))); diff != "" || router.Err() != nil {
		t.Errorf("queues (-want +got):\n%s; Err = %v", diff, router.Err())
	}
}

// TestRouteDue holds that of the exchange that has the name when a message is due the bindings count, and of the one that
// held it back the type and the alternate exchange; but a topic exchange finds no bindings from one of another type.
func TestRouteDue(t *testing.T) {
	exchanges := namedExchanges(newExchange(t, "then", exchange.Fanout), newExchange(t, "since", exchange.Fanout))
	for _, name := range []string{"then", "since"} {
		bind(t, exchanges(name), newQueue(name), "", nil)
	}
	of := func(kind exchange.Kind, key string) *exchange.Exchange {
		x := newExchange(t, "x", kind)
		bind(t, x, newQueue("q"), key, nil)
		return x
	}
	for _, test := range []struct {
		name string
		held string
		now  *exchange.Exchange
		want string
	}{
		{"gone", "fanout", nil, "then"},
		{"same type", "direct", of(exchange.Direct, "k"), "q"},
		{"same type, other key", "direct", of(exchange.Direct, "other"), "then"},
		{"rules of then", "direct", of(exchange.Fanout, "other"), "then"},
		{"bindings of now", "fanout", of(exchange.Direct, "other"), "q"},
		{"topic then topic", "topic", of(exchange.Topic, "#"), "q"},
		{"topic then direct", "topic", of(exchange.Direct, "k"), "then"},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := newDelayed(t, exchange.Rules{}, "x-delayed-type", test.held)
			x.SetAlternate("then")
			router := exchange.NewRouter(nil)
			m := headers("x-delay", int32(5))
			m.RoutingKeys = []string{"k"}
			router.Route(x, m, nil)
			delay := router.Delays()[0]
			x.SetAlternate("since")
			due := &exchange.Message{RoutingKeys: m.RoutingKeys, Headers: x.Due(m.Headers)}
			queues, err := router.RouteDue(delay, test.now, due, exchanges)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{test.want}, names(queues)); diff != "" {
				t.Errorf("queues (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDelayedMessageOnTheWay holds that a delay counts as no destination.
func TestDelayedMessageOnTheWay(t *testing.T) {
	x := newExchange(t, "x", exchange.Fanout)
	held := newDelayed(t, exchange.Rules{}, "x-delayed-type", "fanout", "alternate-exchange", "alt")
	alternate := newExchange(t, "alt", exchange.Fanout)
	bind(t, x, newQueue("now"), "", nil)
	bind(t, x, held, "", nil)
	bind(t, held, newQueue("later"), "", nil)
	bind(t, alternate, newQueue("alternate"), "", nil)
	router := exchange.NewRouter(nil)
	got := names(router.Route(x, headers("x-delay", int32(1)), namedExchanges(alternate)))
	if diff := cmp.Diff([]string{"now", "alternate"}, got); diff != "" {
		t.Errorf("queues (-want +got):\n%s", diff)
	}
	if delays := router.Delays(); len(delays) != 1 || delays[0].Exchange != held {
		t.Errorf("delays = %v, want one by the exchange on the way", delays)
	}
}

func TestDelayedMessageRefuses(t *testing.T) {
	tests := []struct {
		name      string
		arguments wire.Table
		want      string
	}{
		{"string", table("x-delayed-type", "topic"), ""},
		{"binary", table("x-delayed-type", []byte("topic")), ""},
		{"missing", nil, "Invalid argument, 'x-delayed-type' must be an existing exchange type"},
		{"number", table("x-delayed-type", int32(1)), "Invalid argument, 'x-delayed-type' must be an existing exchange type"},
		{"itself", table("x-delayed-type", "x-delayed-message"), "Invalid argument, 'x-delayed-message' can't be used for 'x-delayed-type'"},
		{"argument of the inner kind", table("x-delayed-type", "x-consistent-hash", "hash-property", "p"), "Unsupported property: p"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := exchange.New("x", exchange.DelayedMessage, exchange.WithArguments(test.arguments))
			checkRefusal(t, err, wire.PreconditionFailed, test.want)
		})
	}
	_, err := exchange.New("x", exchange.DelayedMessage, exchange.WithArguments(table("x-delayed-type", "foo")))
	var unknown *exchange.UnknownKindError
	if !errors.As(err, &unknown) || unknown.Kind != "foo" {
		t.Errorf("New with an unknown inner type = %v, want an UnknownKindError", err)
	}
	inner := newDelayed(t, exchange.Rules{}, "x-delayed-type", "headers")
	_, err = inner.Bind(newQueue("q"), "", table("x-match", "some"))
	checkRefusal(t, err, wire.PreconditionFailed, `Invalid x-match field value <<"some">>; expected all, any, all-with-x, or any-with-x`)
}
