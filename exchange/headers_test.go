package exchange_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/wire"
)

// TestHeadersMatch holds answers of RabbitMQ 3.10.8, 4.0.5 and 4.3.6, which agree.
func TestHeadersMatch(t *testing.T) {
	bindings := []struct {
		name      string
		arguments wire.Table
	}{
		{"no arguments", nil},
		{"no x-match", table("a", "1", "b", "2")},
		{"all", table("x-match", "all", "a", "1", "b", "2")},
		{"any", table("b", "2", "a", "1", "x-match", "any")},
		{"all of nothing", table("x-match", "all")},
		{"any of nothing", table("x-match", "any")},
		{"all of x-a", table("x-match", "all", "x-a", "1")},
		{"any of x-a", table("x-match", "any", "x-a", "1")},
		{"all with x", table("x-match", "all-with-x", "x-a", "1", "a", "1")},
		{"any with x", table("x-match", "any-with-x", "x-a", "1", "a", "1")},
		{"all with x of nothing", table("x-match", "all-with-x")},
		{"any with x of nothing", table("x-match", "any-with-x")},
		{"presence", table("a", nil)},
		{"any presence", table("x-match", "any", "a", nil, "b", "3")},
		{"X-a", table("X-a", "1")},
		{"x-", table("x-", "1")},
		{"x", table("x", "1")},
	}
	always := []string{"no arguments", "all of nothing", "all of x-a", "all with x of nothing", "x-"}
	tests := []struct {
		name string
		m    *exchange.Message
		want []string // besides always
	}{
		{"no headers", headers(), nil},
		{"a", headers("a", "1"), []string{"any", "any with x", "presence", "any presence"}},
		{"a and b", headers("b", "2", "a", "1"), []string{"no x-match", "all", "any", "any with x", "presence", "any presence"}},
		{"b", headers("b", "2"), []string{"any"}},
		{"a and x-a", headers("a", "1", "x-a", "1"), []string{"any", "all with x", "any with x", "presence", "any presence"}},
		{"x-a", headers("x-a", "1"), []string{"any with x"}},
		{"a with another value", headers("a", "2"), []string{"presence", "any presence"}},
		{"a void", headers("a", nil), []string{"presence", "any presence"}},
		{"another header", headers("z", "1"), nil},
		{"X-a", headers("X-a", "1"), []string{"X-a"}},
		{"x", headers("x", "1"), []string{"x"}},
		{"x-match", headers("x-match", "all"), nil},
		{"between others", headers("A", "1", "a", "1", "aa", int32(1), "b", "2", "z", nil),
			[]string{"no x-match", "all", "any", "any with x", "presence", "any presence"}},
	}
	for release, rules := range map[string]exchange.Rules{"3.10": release310, "4.3": {}} {
		x := newExchange(t, "x", exchange.Headers, exchange.WithRules(rules))
		for _, b := range bindings {
			bind(t, x, newQueue(b.name), "ignored", b.arguments)
		}
		var router exchange.Router
		for _, test := range tests {
			t.Run(release+"/"+test.name, func(t *testing.T) {
				reached := map[string]bool{}
				for _, name := range append(test.want, always...) {
					reached[name] = true
				}
				var want []string
				for _, b := range bindings { // in the order of bindings
					if reached[b.name] {
						want = append(want, b.name)
					}
				}
				if diff := cmp.Diff(want, names(router.Route(x, test.m, nil))); diff != "" {
					t.Errorf("bindings that match %v (-want +got):\n%s", test.m.Headers, diff)
				}
			})
		}
	}
}

// TestHeadersEquality holds which values of a binding match which values of a message: by classes in 3.10, and some
// other way from 4.0 on. RabbitMQ 3.10.8, 4.0.5 and 4.3.6 answered so.
func TestHeadersEquality(t *testing.T) {
	const seconds = 1700000000
	values := []struct {
		name  string
		value any
		loose string // values with the same class match in 3.10
		exact string // and in 4.x
	}{
		{"int8 1", int8(1), "1", "1"},
		{"uint8 1", uint8(1), "1", "1"},
		{"int16 1", int16(1), "1", "1"},
		{"uint16 1", uint16(1), "1", "1"},
		{"int32 1", int32(1), "1", "1"},
		{"uint32 1", uint32(1), "1", "1"},
		{"int64 1", int64(1), "1", "1"},
		{"float32 1", float32(1), "1", "1.0"},
		{"float64 1", float64(1), "1", "1.0"},
		{"int32 -1", int32(-1), "-1", "-1"},
		{"float64 -1", float64(-1), "-1", "-1.0"},
		{"int32 0", int32(0), "0", "0"},
		{"float64 0", float64(0), "0", "0.0"},
		{"float32 0.1", float32(0.1), "0.1f", "0.1f"},
		{"float64 0.1", float64(0.1), "0.1", "0.1"},
		{"float64 2^53", float64(1 << 53), "2^53", "2^53f"},
		{"int64 2^53", int64(1 << 53), "2^53", "2^53"},
		{"int64 2^53+1", int64(1<<53 + 1), "2^53+1", "2^53+1"},
		{"float64 1e300", 1e300, "1e300", "1e300"},
		{"string 1", "1", "one", "one"},
		{"binary 1", []byte("1"), "one", "one"},
		{"true", true, "true", "true"},
		{"false", false, "false", "false"},
		{"string true", "true", "string true", "string true"},
		{"string undefined", "undefined", "string undefined", "string undefined"},
		{"empty string", "", "empty string", "empty string"},
		{"empty binary", []byte{}, "empty string", "empty string"},
		{"decimal", wire.Decimal{Scale: 2, Value: 314}, "decimal", "decimal"},
		{"float64 3.14", 3.14, "3.14", "3.14"},
		{"array of int32", wire.Array{int32(1)}, "array I", "array I"},
		{"array of int64", wire.Array{int64(1)}, "array l", "array l"},
		{"array of string", wire.Array{"1"}, "array S", "array S"},
		{"array of binary", wire.Array{[]byte("1")}, "array x", "array x"},
		{"array of nil", wire.Array{nil}, "array V", "array V"},
		{"table of int32", table("k", int32(1)), "table I", "table I"},
		{"table of int64", table("k", int64(1)), "table l", "table l"},
		{"table of another key", table("l", int64(1)), "table l2", "table l2"},
		{"table in one order", table("a", "1", "b", "2"), "ab", "ab"},
		{"table in another order", table("b", "2", "a", "1"), "ba", "ba"},
		{"empty array", wire.Array{}, "[]", "[]"},
		{"empty table", wire.Table{}, "[]", "[]"},
		{"timestamp", wire.Timestamp(seconds), "ts", "ts000"},
		{"int64 timestamp", int64(seconds), "ts", "ts"},
		{"int64 timestamp in ms", int64(seconds * 1000), "ts000", "ts000"},
	}
	for release, rules := range map[string]exchange.Rules{"3.10": release310, "4.3": {}} {
		x := newExchange(t, "x", exchange.Headers, exchange.WithRules(rules))
		for _, v := range values {
			bind(t, x, newQueue(v.name), "", table("h", v.value))
		}
		var router exchange.Router
		for _, sent := range values {
			t.Run(release+"/"+sent.name, func(t *testing.T) {
				var want []string
				for _, bound := range values {
					same := bound.loose == sent.loose
					if release != "3.10" {
						same = bound.exact == sent.exact
						if bound.name == "timestamp" { // counts as seconds in a binding
							same = sent.exact == "ts"
						}
					}
					if same {
						want = append(want, bound.name)
					}
				}
				if diff := cmp.Diff(want, names(router.Route(x, headers("h", sent.value), nil)), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("bindings that match (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestHeadersTwice sends and binds names that occur twice.
func TestHeadersTwice(t *testing.T) {
	tests := []struct {
		name         string
		bound        wire.Table
		sent         wire.Table
		loose, exact bool
	}{
		{"both the same", table("a", "1", "a", "2"), table("a", "1", "a", "2"), true, false},
		{"bound twice, sent once", table("a", "1", "a", "1"), table("a", "1"), false, true},
		{"first of two", table("a", "1"), table("a", "1", "a", "2"), true, false},
		{"last of two", table("a", "2"), table("a", "1", "a", "2"), false, true},
		{"any, last of two", table("a", "2", "x-match", "any"), table("a", "1", "a", "2"), false, true},
		{"any, second with second", table("a", "0", "a", "2", "x-match", "any"), table("a", "1", "a", "2"), true, true},
	}
	for _, test := range tests {
		for release, rules := range map[string]exchange.Rules{"3.10": release310, "4.3": {}} {
			t.Run(release+"/"+test.name, func(t *testing.T) {
				x := newExchange(t, "x", exchange.Headers, exchange.WithRules(rules))
				bind(t, x, newQueue("q"), "", test.bound)
				want := test.exact
				if rules.LooseHeaders {
					want = test.loose
				}
				m := &exchange.Message{RoutingKeys: []string{""}, Headers: test.sent}
				if got := len(exchange.NewRouter(nil).Route(x, m, nil)) == 1; got != want {
					t.Errorf("binding %v matches %v: %v, want %v", test.bound, test.sent, got, want)
				}
			})
		}
	}
}

// TestHeadersRefused holds texts of RabbitMQ 3.10.8 and 4.3.6.
func TestHeadersRefused(t *testing.T) {
	const value, expected = "Invalid x-match field value ", "; expected all, any, all-with-x, or any-with-x"
	tests := []struct {
		name   string
		xMatch any
		rules  exchange.Rules
		want   string
	}{
		{"another word", "some", exchange.Rules{}, value + `<<"some">>` + expected},
		{"empty", "", exchange.Rules{}, value + `<<>>` + expected},
		{"UTF-8", "日本", exchange.Rules{}, value + `<<"日本"/utf8>>` + expected},
		{"UTF-8 in 3.10", "日本", release310, value + `<<230,151,165,230,156,172>>` + expected},
		{"int32", int32(1), exchange.Rules{}, "Invalid x-match field type signedint (value 1); expected longstr"},
		{"void", nil, exchange.Rules{}, "Invalid x-match field type void (value undefined); expected longstr"},
		{"binary", []byte("all"), exchange.Rules{}, `Invalid x-match field type binary (value <<"all">>); expected longstr`},
		{"array", wire.Array{"a"}, exchange.Rules{}, `Invalid x-match field type array (value [{longstr,<<"a">>}]); expected longstr`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x := newExchange(t, "x", exchange.Headers, exchange.WithRules(test.rules))
			_, err := x.Bind(newQueue("q"), "", table("x-match", test.xMatch))
			var refused *exchange.Error
			if !errors.As(err, &refused) || refused.Code != wire.PreconditionFailed || refused.Text != test.want {
				t.Errorf("Bind with x-match %v: %v, want 406 %s", test.xMatch, err, test.want)
			}
			if n := x.BindingCount(); n != 0 {
				t.Errorf("BindingCount after a refusal = %d, want 0", n)
			}
		})
	}
}

// Bindings that are found by their texts must come out in the order of binding among those that are not, and go when
// they are removed.
func TestHeadersOrder(t *testing.T) {
	x := newExchange(t, "headers", exchange.Headers)
	var queues []exchange.Destination
	for i, arguments := range []wire.Table{
		table("a", "1"),
		table("n", int32(1)),
		table("x-match", "any", "a", "1", "b", "2"),
		table("x-match", "any", "a", "1", "n", int32(1)),
		table("n", int32(1), "b", "2"),
		{},
		table("b", "3"),
	} {
		queues = append(queues, newQueue(fmt.Sprint("q", i)))
		bind(t, x, queues[i], "", arguments)
	}
	m := &exchange.Message{RoutingKeys: []string{""}, Headers: table("b", []byte("2"), "a", "1", "n", int64(1))}
	var router exchange.Router
	if diff := cmp.Diff("q0 q1 q2 q3 q4 q5", queueNames(router.Route(x, m, nil))); diff != "" {
		t.Errorf("queues (-want +got):\n%s", diff)
	}
	for _, q := range queues[:3] {
		x.RemoveDestination(q)
	}
	if diff := cmp.Diff("q3 q4 q5", queueNames(router.Route(x, m, nil))); diff != "" {
		t.Errorf("queues (-want +got):\n%s", diff)
	}
}

func queueNames(queues []exchange.Destination) string {
	var names []string
	for _, q := range queues {
		names = append(names, q.Name())
	}
	return strings.Join(names, " ")
}
