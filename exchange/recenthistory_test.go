package exchange_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/wire"
)

// contents lists what Replay hands back.
func contents(messages []exchange.Message) []string {
	var list []string
	for _, m := range messages {
		list = append(list, m.Content.(string)+" "+m.RoutingKeys[0])
	}
	return list
}

func TestRecentHistory(t *testing.T) {
	tests := []struct {
		name      string
		arguments wire.Table
		published int
		want      []string
	}{
		{"nothing yet", nil, 0, nil},
		{"fewer than the limit", table("x-recent-history-length", int32(3)), 2, []string{"m0 k0", "m1 k1"}},
		{"as many", table("x-recent-history-length", int64(3)), 3, []string{"m0 k0", "m1 k1", "m2 k2"}},
		{"more", table("x-recent-history-length", int8(3)), 5, []string{"m2 k2", "m3 k3", "m4 k4"}},
		{"many more", table("x-recent-history-length", int16(2)), 99, []string{"m97 k97", "m98 k98"}},
		{"20 by default", nil, 21, []string{"m1 k1", "m2 k2", "m3 k3", "m4 k4", "m5 k5", "m6 k6", "m7 k7", "m8 k8", "m9 k9",
			"m10 k10", "m11 k11", "m12 k12", "m13 k13", "m14 k14", "m15 k15", "m16 k16", "m17 k17", "m18 k18", "m19 k19", "m20 k20"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x := newExchange(t, "x", exchange.RecentHistory, exchange.WithArguments(test.arguments))
			bind(t, x, newQueue("q"), "", nil)
			router := exchange.NewRouter(nil)
			keys := []string{""}
			for i := range test.published {
				keys[0] = fmt.Sprint("k", i) // the broker's to change once Route is back
				got := names(router.Route(x, &exchange.Message{RoutingKeys: keys, Content: fmt.Sprint("m", i)}, nil))
				if diff := cmp.Diff([]string{"q"}, got); diff != "" {
					t.Fatalf("queues of message %d (-want +got):\n%s", i, diff)
				}
			}
			if diff := cmp.Diff(test.want, contents(x.Replay(newQueue("new")))); diff != "" {
				t.Errorf("Replay to a queue (-want +got):\n%s", diff)
			}
			var reversed []string
			for i := range test.want {
				reversed = append(reversed, test.want[len(test.want)-1-i])
			}
			if diff := cmp.Diff(reversed, contents(x.Replay(newExchange(t, "y", exchange.Fanout)))); diff != "" {
				t.Errorf("Replay to an exchange (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRecentHistoryNoStore(t *testing.T) {
	x := newExchange(t, "x", exchange.RecentHistory)
	for i, value := range []any{true, false, "true", nil, int32(1)} {
		m := headers("x-recent-history-no-store", value)
		m.Content = fmt.Sprint("m", i)
		exchange.NewRouter(nil).Route(x, m, nil)
	}
	want := []string{"m1 ", "m2 ", "m3 ", "m4 "}
	if diff := cmp.Diff(want, contents(x.Replay(newQueue("q")))); diff != "" {
		t.Errorf("Replay (-want +got):\n%s", diff)
	}
}

func TestReplayOfOtherKinds(t *testing.T) {
	x := newExchange(t, "x", exchange.Fanout)
	exchange.NewRouter(nil).Route(x, key("k"), nil)
	if got := x.Replay(newQueue("q")); len(got) != 0 {
		t.Errorf("Replay from a fanout exchange = %v, want none", got)
	}
	inner := newExchange(t, "x", exchange.DelayedMessage, exchange.WithArguments(table("x-delayed-type", "x-recent-history")))
	m := key("k")
	m.Content = "m"
	exchange.NewRouter(nil).Route(inner, m, nil)
	if diff := cmp.Diff([]string{"m k"}, contents(inner.Replay(newQueue("q"))), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("Replay from x-delayed-message of x-recent-history (-want +got):\n%s", diff)
	}
}

// TestRecentHistoryRefuses holds texts of RabbitMQ 3.10.8, 4.0.5 and 4.3.6.
func TestRecentHistoryRefuses(t *testing.T) {
	const rest = ", 'x-recent-history-length' must be a positive integer"
	tests := []struct {
		name   string
		length any
		want   string
	}{
		{"0", int32(0), "Invalid argument 0" + rest},
		{"-1", int64(-1), "Invalid argument -1" + rest},
		{"unsigned", uint8(3), "Invalid argument 3" + rest},
		{"string", "5", `Invalid argument <<"5">>` + rest},
		{"float", 2.0, "Invalid argument 2.0" + rest},
		{"void", nil, "Invalid argument undefined" + rest},
		{"bool", true, "Invalid argument true" + rest},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			arguments := table("x-recent-history-length", test.length)
			_, err := exchange.New("x", exchange.RecentHistory, exchange.WithArguments(arguments))
			checkRefusal(t, err, wire.PreconditionFailed, test.want)
		})
	}
}
