package exchange

import (
	"math"
	"slices"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// A delayedTable holds messages back by their header x-delay, in milliseconds, and finds bindings for the others by
// the kind that x-delayed-type names. The broker does the holding: see [Router.Delays].
//
// What it does is what the plug-in's sources for RabbitMQ 3.10 and 4.x say.
type delayedTable struct {
	table
	rules Rules
}

// A Delay is a message held back by an exchange.
type Delay struct {
	Exchange *Exchange
	Duration time.Duration
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
	return &delayedTable{table: inner, rules: rules}, nil
}

func (t *delayedTable) match(m *Message, r *Router) {
	milliseconds, err := t.delay(m.Headers)
	switch {
	case err != nil:
		r.err = err
	case milliseconds > 0 && milliseconds <= maxDelay:
		r.delays = append(r.delays, Delay{
			Exchange: r.visiting,
			Duration: time.Duration(milliseconds) * time.Millisecond,
		})
	default:
		t.table.match(m, r)
	}
}

// delay returns the milliseconds that the headers ask for, 0 if they do not or in a type that the plug-in does not
// read. It fails where the plug-in does, which breaks the publisher's connection.
func (t *delayedTable) delay(headers wire.Table) (int64, error) {
	value, _ := headers.Get(headerDelay)
	switch v := value.(type) {
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
