package exchange_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/wire"
)

// newRing makes an x-consistent-hash exchange by steps "+ queue weight" and "- queue weight".
func newRing(t testing.TB, rules exchange.Rules, arguments wire.Table, steps ...string) *exchange.Exchange {
	t.Helper()
	x := newExchange(t, "x", exchange.ConsistentHash, exchange.WithArguments(arguments), exchange.WithRules(rules))
	queues := map[string]*queue{}
	for _, step := range steps {
		var op, name, weight string
		fmt.Sscan(step, &op, &name, &weight)
		if queues[name] == nil {
			queues[name] = newQueue(name)
		}
		if op == "+" {
			bind(t, x, queues[name], weight, nil)
		} else if !x.Unbind(queues[name], weight, nil) {
			t.Fatalf("step %q found nothing", step)
		}
	}
	return x
}

// TestConsistentHashByRoutingKey holds where RabbitMQ 3.10.8, 4.0.5 and 4.3.6 sent the keys k0 to k19.
func TestConsistentHashByRoutingKey(t *testing.T) {
	tests := []struct {
		name  string
		steps []string
		want  string
	}{
		{"three weights", []string{"+ a 1", "+ b 1", "+ c 3"}, "bcbbccbcccccccbaaaab"},
		{"after one in the middle went", []string{"+ a 1", "+ b 2", "+ c 3", "- b 2"}, "cccccccccccccccaaaac"},
		{"the first binding's weight counts", []string{"+ a 1", "+ b 2", "+ b 7", "+ c 3"}, "bccbbcbccbccbbbaacab"},
		{"one of two bindings went, and all buckets", []string{"+ a 1", "+ b 2", "+ b 7", "+ c 3", "- b 7"}, "cccccccccccccccaaaac"},
		{"added again at the end", []string{"+ a 1", "+ b 2", "+ c 3", "- a 1", "+ a 5"}, "aaaaccbaaaacccbbaabb"},
		{"signs and zeros", []string{"+ a +2", "+ b 003"}, "abaabbabbbbbbbaaaaaa"},
		{"one bucket", []string{"+ a 1"}, "aaaaaaaaaaaaaaaaaaaa"},
		{"one queue", []string{"+ a 7"}, "aaaaaaaaaaaaaaaaaaaa"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x := newRing(t, exchange.Rules{}, nil, test.steps...)
			var router exchange.Router
			var got strings.Builder
			for i := range 20 {
				got.WriteString(strings.Join(names(router.Route(x, key(fmt.Sprint("k", i), "CC"), nil)), "+"))
			}
			if got.String() != test.want {
				t.Errorf("queues = %s, want %s", got.String(), test.want)
			}
		})
	}
}

func TestConsistentHashWithoutBuckets(t *testing.T) {
	for name, steps := range map[string][]string{
		"no bindings":                      nil,
		"all unbound":                      {"+ a 1", "- a 1"},
		"bound by two, one of them undone": {"+ a 1", "+ a 7", "- a 1"},
	} {
		t.Run(name, func(t *testing.T) {
			x := newRing(t, exchange.Rules{}, nil, steps...)
			if got := names(exchange.NewRouter(nil).Route(x, key("k"), nil)); len(got) != 0 {
				t.Errorf("queues = %v, want none", got)
			}
		})
	}
}

// TestConsistentHashByHeader holds where RabbitMQ 3.10.8 and 4.3.6 sent messages with the header.
func TestConsistentHashByHeader(t *testing.T) {
	tests := []struct {
		name          string
		headers       wire.Table
		want310, want string
	}{
		{"no headers", nil, "a", "a"},
		{"no such header", table("x", "a"), "a", "a"},
		{"string", table("h", "a"), "d", "b"},
		{"binary", table("h", []byte("a")), "a", "b"},
		{"int32", table("h", int32(77)), "a", "c"},
		{"int64", table("h", int64(77)), "d", "c"},
		{"negative", table("h", int32(-3000)), "b", "a"},
		{"float64", table("h", 1.5), "c", "d"},
		{"bool", table("h", true), "d", "a"},
		{"void", table("h", nil), "b", "a"},
		{"timestamp", table("h", wire.Timestamp(1700000000)), "b", "b"},
		{"decimal", table("h", wire.Decimal{Scale: 2, Value: 314}), "d", "a"},
		{"array", table("h", wire.Array{"a", int32(2)}), "a", "d"},
		{"array with the same first element", table("h", wire.Array{"a"}), "c", "d"},
		{"table", table("h", table("k", "v", "l", nil)), "c", "c"},
		{"empty array", table("h", wire.Array{}), "a", "a"},
		{"twice", table("h", "a", "h", "e"), "d", "a"},
		{"the second alone", table("h", "e"), "c", "a"},
	}
	for release, rules := range map[string]exchange.Rules{"3.10": release310, "4.3": {}} {
		x := newRing(t, rules, table("hash-header", "h"), "+ a 40", "+ b 40", "+ c 33", "+ d 31")
		for _, test := range tests {
			t.Run(release+"/"+test.name, func(t *testing.T) {
				want := test.want
				if release == "3.10" {
					want = test.want310
				}
				m := &exchange.Message{RoutingKeys: []string{"ignored"}, Headers: test.headers}
				if diff := cmp.Diff([]string{want}, names(exchange.NewRouter(nil).Route(x, m, nil))); diff != "" {
					t.Errorf("queues (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestConsistentHashByProperty holds where RabbitMQ 3.10.8, 4.0.5 and 4.3.6 sent messages with the properties.
func TestConsistentHashByProperty(t *testing.T) {
	tests := []struct {
		name, property string
		properties     *wire.Properties
		want           string
	}{
		{"no properties", "correlation_id", nil, "a"},
		{"none", "correlation_id", &wire.Properties{CorrelationID: "not set"}, "a"},
		{"empty", "correlation_id", &wire.Properties{Flags: wire.HasCorrelationID}, "b"},
		{"a", "correlation_id", &wire.Properties{Flags: wire.HasCorrelationID, CorrelationID: "a"}, "b"},
		{"UUID", "correlation_id", &wire.Properties{Flags: wire.HasCorrelationID, CorrelationID: "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"}, "d"},
		{"x1", "message_id", &wire.Properties{Flags: wire.HasMessageID, MessageID: "x1"}, "a"},
		{"x3", "message_id", &wire.Properties{Flags: wire.HasMessageID, MessageID: "x3"}, "a"},
		{"another property", "message_id", &wire.Properties{Flags: wire.HasCorrelationID, CorrelationID: "x1"}, "a"},
		{"time", "timestamp", &wire.Properties{Flags: wire.HasTimestamp, Timestamp: 1700000000}, "d"},
		{"zero", "timestamp", &wire.Properties{Flags: wire.HasTimestamp}, "b"},
	}
	for _, test := range tests {
		t.Run(test.property+"/"+test.name, func(t *testing.T) {
			x := newRing(t, exchange.Rules{}, table("hash-property", test.property), "+ a 40", "+ b 40", "+ c 33", "+ d 31")
			m := &exchange.Message{RoutingKeys: []string{"ignored"}, Properties: test.properties}
			if diff := cmp.Diff([]string{test.want}, names(exchange.NewRouter(nil).Route(x, m, nil))); diff != "" {
				t.Errorf("queues (-want +got):\n%s", diff)
			}
		})
	}
}

// TestConsistentHashRefusesArguments holds answers of RabbitMQ 3.10.8 and 4.3.6.
func TestConsistentHashRefusesArguments(t *testing.T) {
	tests := []struct {
		name      string
		arguments wire.Table
		code      wire.ReplyCode
		want      string
	}{
		{"none", nil, 0, ""},
		{"empty header", table("hash-header", ""), 0, ""},
		{"property", table("hash-property", "timestamp"), 0, ""},
		{"unknown property", table("hash-property", "app_id"), wire.PreconditionFailed, "Unsupported property: app_id"},
		{"both", table("hash-header", "h", "hash-property", "bad"), wire.PreconditionFailed,
			"hash-header and hash-property are mutually exclusive"},
		{"header of another type", table("hash-header", int32(1)), wire.InternalError, "INTERNAL_ERROR"},
		{"property of another type", table("hash-property", nil), wire.InternalError, "INTERNAL_ERROR"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := exchange.New("x", exchange.ConsistentHash, exchange.WithArguments(test.arguments))
			checkRefusal(t, err, test.code, test.want)
		})
	}
}

// TestConsistentHashRefusesWeights holds texts of RabbitMQ 3.10.8 and 4.3.6, but for the largest weight in 3.10, which
// is where this package stops.
func TestConsistentHashRefusesWeights(t *testing.T) {
	const integer = "The binding key must be an integer: "
	const positive = "The binding key must be greater than 0"
	tests := []struct{ key, want, want310 string }{
		{"1", "", ""},
		{"+2", "", ""},
		{"0", positive, positive},
		{"-1", positive, positive},
		{"-0", positive, positive},
		{"", integer + `<<>>`, integer + `<<>>`},
		{" 1", integer + `<<" 1">>`, integer + `<<" 1">>`},
		{"1.5", integer + `<<"1.5">>`, integer + `<<"1.5">>`},
		{"1_000", integer + `<<"1_000">>`, integer + `<<"1_000">>`},
		{"+", integer + `<<"+">>`, integer + `<<"+">>`},
		{"日", integer + `<<"日"/utf8>>`, integer + `<<230,151,165>>`},
		{"10000", "", ""},
		{"10001", "The binding key must not exceed 10000", ""},
		{"99999999999999999999", "The binding key must not exceed 10000", "The binding key must not exceed 2147483647"},
	}
	for _, test := range tests {
		t.Run(test.key, func(t *testing.T) {
			_, err := newRing(t, exchange.Rules{}, nil).Bind(newQueue("q"), test.key, nil)
			checkRefusal(t, err, wire.PreconditionFailed, test.want)
			_, err = newRing(t, release310, nil).Bind(newQueue("q"), test.key, nil)
			checkRefusal(t, err, wire.PreconditionFailed, test.want310)
		})
	}
}
