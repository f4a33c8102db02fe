package exchange_test

import (
	"errors"
	"testing"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// release310 holds the rules of RabbitMQ 3.10, those of 4.3 being the zero value.
var release310 = rulesOf("3.10")

func rulesOf(name string) exchange.Rules {
	r, err := release.Find(name)
	if err != nil {
		panic(err)
	}
	return exchange.Rules{Routing: r.Routing}
}

// A queue is a destination that is no exchange.
type queue string

func newQueue(name string) *queue {
	q := queue(name)
	return &q
}

func (q *queue) Name() string  { return string(*q) }
func (q *queue) IsQueue() bool { return true }

func newExchange(t testing.TB, name string, kind exchange.Kind, options ...exchange.Option) *exchange.Exchange {
	t.Helper()
	x, err := exchange.New(name, kind, options...)
	if err != nil {
		t.Fatalf("New(%q, %q): %v", name, kind, err)
	}
	return x
}

func bind(t testing.TB, x *exchange.Exchange, d exchange.Destination, key string, arguments wire.Table) {
	t.Helper()
	added, err := x.Bind(d, key, arguments)
	if err != nil || !added {
		t.Fatalf("Bind(%s, %q, %v) = %v, %v; want true, nil", d.Name(), key, arguments, added, err)
	}
}

// table makes a field table of keys and values in turn.
func table(pairs ...any) wire.Table {
	var t wire.Table
	for i := 0; i < len(pairs); i += 2 {
		t = append(t, wire.Field{Key: pairs[i].(string), Value: pairs[i+1]})
	}
	return t
}

func key(keys ...string) *exchange.Message { return &exchange.Message{RoutingKeys: keys} }

func headers(pairs ...any) *exchange.Message {
	return &exchange.Message{RoutingKeys: []string{""}, Headers: table(pairs...)}
}

// names lists destinations by name, never nil.
func names(destinations []exchange.Destination) []string {
	list := []string{}
	for _, d := range destinations {
		list = append(list, d.Name())
	}
	return list
}

// namedExchanges finds exchanges by name, as a broker does.
func namedExchanges(exchanges ...*exchange.Exchange) func(string) *exchange.Exchange {
	return func(name string) *exchange.Exchange {
		for _, x := range exchanges {
			if x.Name() == name {
				return x
			}
		}
		return nil
	}
}

// checkRefusal wants an *exchange.Error with a code and text, or no error for an empty text.
func checkRefusal(t *testing.T, err error, code wire.ReplyCode, text string) {
	t.Helper()
	if text == "" {
		if err != nil {
			t.Errorf("error = %v, want none", err)
		}
		return
	}
	var refused *exchange.Error
	if !errors.As(err, &refused) || refused.Code != code || refused.Error() != text {
		t.Errorf("error = %#v, want %d %s", err, code, text)
	}
}
