package exchange

import (
	"math"
	"slices"

	"github.com/minirabbit/minirabbit/wire"
)

// A delayedTable holds messages back by their header x-delay, in milliseconds, and finds bindings for the others by
// the kind that x-delayed-type names. The broker does the holding: see [Router.Delays].
//
// What it does was measured on RabbitMQ 3.10 and 4.0 with the plug-in.
type delayedTable struct {
	table
	kind  Kind // of the table
	rules Rules
}

// A Delay is a message held back by an exchange.
type Delay struct {
	Exchange     *Exchange
	Alternate    string // that of the exchange, as it is now
	Milliseconds int64
}

const (
	headerDelay = "x-delay"
	maxDelay    = math.MaxUint32 // milliseconds; a message with a longer delay is not held back
)

func newDelayedTable(arguments wire.Table, rules Rules) (*delayedTable, error) {
	var kind Kind
	switch v, _ := arguments.Get("x-delayed-type"); v := v.(type) {
	case string:
		kind = Kind(v)
	case []byte:
		kind = Kind(v)
	default:
		return nil, preconditionFailed("Invalid argument, 'x-delayed-type' must be an existing exchange type")
	}
	if kind == DelayedMessage {
		return nil, preconditionFailed("Invalid argument, 'x-delayed-message' can't be used for 'x-delayed-type'")
	}
	inner, err := newTable(kind, arguments, rules)
	if err != nil {
		return nil, err
	}
	return &delayedTable{table: inner, kind: kind, rules: rules}, nil
}

func (t *delayedTable) match(m *Message, r *Router) {
	milliseconds, err := t.delay(m.Headers)
	switch {
	case err != nil:
		r.err = err
	case milliseconds > 0 && milliseconds <= maxDelay:
		r.delays = append(r.delays, Delay{
			Exchange:     r.visiting,
			Alternate:    r.visiting.Alternate(),
			Milliseconds: milliseconds,
		})
	default:
		t.table.match(m, r)
	}
}

// delay returns the milliseconds that the headers ask for, 0 if they do not or in a type that the plug-in does not
// read. It fails where the plug-in does, which breaks the publisher's connection.
func (t *delayedTable) delay(headers wire.Table) (int64, error) {
	value, given := headers.Get(headerDelay)
	switch v := value.(type) {
	case nil:
		if given && !t.rules.ShortDelay {
			return 0, internalError()
		}
		return 0, nil
	case int8:
		if !t.rules.ShortDelay {
			return 0, nil
		}
		return int64(v), nil
	case wire.Timestamp:
		return 0, nil
	case wire.Decimal:
		return 0, internalError()
	case string:
		return parseDelay(v)
	case []byte:
		if t.rules.ShortDelay { // 3.10 reads strings alone
			return 0, nil
		}
		return parseDelay(string(v))
	}
	switch n, ok := numberOf(value); {
	case !ok:
		return 0, nil
	case n.float:
		return int64(max(-1, min(n.value, maxDelay+1))), nil
	case n.negative || n.magnitude > maxDelay:
		return 0, nil
	default:
		return int64(n.magnitude), nil
	}
}

func parseDelay(s string) (int64, error) {
	milliseconds, err := parseInteger(s)
	if err != nil {
		return 0, internalError()
	}
	return milliseconds, nil
}

// Due returns the headers that a message has when its delay by this exchange is over: those it came with, and in
// x-delay the negative of the delay. Routed from the exchange once more with these, it is held back no longer.
func (x *Exchange) Due(headers wire.Table) wire.Table {
	delayed, ok := x.table.(*delayedTable)
	if !ok {
		return headers
	}
	milliseconds, err := delayed.delay(headers)
	if err != nil || milliseconds == 0 {
		return headers
	}
	if !delayed.rules.ShortDelay {
		due := slices.Clone(headers)
		due.Set(headerDelay, -milliseconds)
		return due
	}
	due := sortedByKey(headers)
	if milliseconds > math.MaxInt32 {
		due.Set(headerDelay, -milliseconds) // the plug-in's int32 would overflow
	} else {
		due.Set(headerDelay, int32(-milliseconds))
	}
	return due
}

// successor returns the exchange that routes a message which x held back, when it is due, where now is the exchange of
// x's name that there is then, or nil. It is now, if that is of x's type. Otherwise RabbitMQ routes by x's type and
// finds the bindings from now; those of a topic exchange it keeps elsewhere, and does not find.
func (x *Exchange) successor(now *Exchange) (*Exchange, error) {
	if now != nil && now.delayedType() == x.delayedType() {
		return now, nil
	}
	s, err := New(x.name, x.kind, WithArguments(x.Arguments), WithRules(x.table.(*delayedTable).rules))
	if err != nil || now == nil || x.delayedType() == Topic {
		return s, err
	}
	for b := range now.All() {
		if _, err := s.Bind(b.Destination, b.RoutingKey, b.Arguments); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// delayedType returns the kind by whose rules the exchange routes.
func (x *Exchange) delayedType() Kind {
	if delayed, ok := x.table.(*delayedTable); ok {
		return delayed.kind
	}
	return x.kind
}
