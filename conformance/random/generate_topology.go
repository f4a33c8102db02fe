package random

import (
	"slices"
	"strconv"

	"github.com/minirabbit/minirabbit/wire"
)

// integer gives a number one of the types that numbers have in tables.
func (g *generator) integer(n int) any {
	switch g.number("type", 0, 5) {
	case 1:
		return int64(n)
	case 2:
		return int16(n)
	case 3:
		return int8(n)
	case 4:
		return uint32(max(n, 0))
	default:
		return int32(n)
	}
}

// A choice is an argument with the values that it may be drawn to have, and in how many of a hundred cases it is there.
type choice struct {
	key     string
	percent int
	values  []any // an int takes some type of number
}

// arguments draws a table.
func (g *generator) arguments(choices []choice) wire.Table {
	var table wire.Table
	for _, c := range choices {
		if !g.chance(c.key, c.percent) {
			continue
		}
		value := pick(g, c.key+" value", c.values)
		if n, ok := value.(int); ok {
			if n <= 100 {
				value = g.integer(n)
			} else {
				value = int32(n)
			}
		}
		table = append(table, wire.Field{Key: c.key, Value: value})
	}
	return table
}

var queueArguments = []choice{
	{"x-max-length", 18, []any{0, 1, 2, 3}},
	{"x-max-length-bytes", 6, []any{0, 3, 14, 30}},
	{"x-overflow", 14, []any{"drop-head", "reject-publish", "reject-publish-dlx"}},
	{"x-dead-letter-exchange", 30, []any{"", "x1", "x2", "x3"}},
	{"x-message-ttl", 12, []any{0, soon, 1000000}},
	{"x-expires", 3, []any{1000000}},
	{"x-single-active-consumer", 10, []any{true, false}},
	{"x-max-priority", 10, []any{1, 3, 10}},
}

var (
	deadLetterKey   = choice{"x-dead-letter-routing-key", 40, []any{"q1", "q2", "q3", quorumName, "k"}}
	classicModes    = choice{"x-queue-mode", 4, []any{"lazy", "default"}}
	classicVersions = choice{"x-queue-version", 4, []any{1, 2}}
	deliveryLimit   = choice{"x-delivery-limit", 40, []any{0, 1, 2}}
	// wrongArguments are refused, most of them.
	wrongArguments = choice{"", 3, []any{
		wire.Field{Key: "x-message-ttl", Value: "1"}, wire.Field{Key: "x-max-length", Value: int32(-1)},
		wire.Field{Key: "x-overflow", Value: "no"}, wire.Field{Key: "x-expires", Value: int32(0)},
		wire.Field{Key: "x-queue-type", Value: "no"}, wire.Field{Key: "x-max-priority", Value: int32(256)},
		wire.Field{Key: "x-dead-letter-exchange", Value: int32(1)}, wire.Field{Key: "x-single-active-consumer", Value: "yes"},
		wire.Field{Key: "x-unknown", Value: int32(1)}, wire.Field{Key: "x-dead-letter-routing-key", Value: "q1"},
	}}
)

func (g *generator) declareQueue() Step {
	m := &wire.QueueDeclare{Queue: pick(g, "name", queueNames[:3]), Durable: !g.chance("transient", 20)}
	if g.chance("quorum", 14) {
		m.Queue = quorumName
	}
	switch g.number("kind of declaration", 0, 19) {
	case 19:
		m.Queue = "" // the broker makes up a name
	case 18:
		m.Passive = true
		return Step{At: g.place(), Method: m}
	}
	m.Exclusive, m.AutoDelete = g.chance("exclusive", 8), g.chance("auto-delete", 10)
	quorum := m.Queue == quorumName
	if quorum {
		m.Durable, m.Exclusive, m.AutoDelete = true, false, false
	}
	m.Arguments = g.arguments(queueArguments)
	if _, set := m.Arguments.Get("x-dead-letter-exchange"); set {
		m.Arguments = append(m.Arguments, g.arguments([]choice{deadLetterKey})...)
	}
	if quorum {
		m.Arguments.Delete("x-max-priority")
		if v, _ := m.Arguments.Get("x-overflow"); v == "reject-publish-dlx" {
			m.Arguments.Delete("x-overflow")
		}
		m.Arguments = append(m.Arguments, g.arguments([]choice{deliveryLimit})...)
		m.Arguments = append(m.Arguments, wire.Field{Key: "x-queue-type", Value: "quorum"})
	} else {
		m.Arguments = append(m.Arguments, g.arguments([]choice{classicModes, classicVersions})...)
	}
	if g.w.declared[m.Queue] && !slices.Contains(g.w.queues, m.Queue) {
		for _, key := range []string{"x-max-priority", "x-dead-letter-exchange", deadLetterKey.key} {
			m.Arguments.Delete(key) // see generator
		}
	}
	if len(m.Arguments) == 0 {
		m.Arguments = nil // as it is read from a script
	}
	if g.chance("wrong argument", wrongArguments.percent) {
		wrong := pick(g, "wrong argument", wrongArguments.values).(wire.Field)
		m.Arguments.Delete(wrong.Key)
		m.Arguments = append(m.Arguments, wrong)
	}
	if v, _ := m.Arguments.Get("x-message-ttl"); v == int32(soon) {
		g.w.waitable = true
	}
	return Step{At: g.place(), Method: m}
}

func (g *generator) declareExchange() Step {
	m := &wire.ExchangeDeclare{Exchange: pick(g, "name", exchangeNames), Type: pick(g, "type", []string{
		"direct", "fanout", "topic", "headers", "direct", "fanout", "topic", "x-consistent-hash", "x-recent-history"}),
		Durable: g.chance("durable", 70), AutoDelete: g.chance("auto-delete", 10), Internal: g.chance("internal", 4),
		Passive: g.chance("passive", 3)}
	m.Arguments = g.arguments([]choice{{"alternate-exchange", 20, []any{"x1", "x2", "x3", "amq.fanout"}}})
	if m.Type == "x-recent-history" {
		m.Arguments = append(m.Arguments, g.arguments([]choice{{"x-recent-history-length", 50, []any{1, 2}}})...)
	}
	if g.chance("unknown type", 2) {
		m.Type = "x-minirabbit-unknown"
	}
	return Step{At: g.place(), Method: m}
}

// bindingArguments are for all types of exchange; only some look at them.
var bindingArguments = []choice{
	{"x-match", 30, []any{"all", "any", "all-with-x", "any-with-x"}},
	{"h1", 30, []any{1, "a", true, nil}},
	{"h2", 20, []any{2, "b"}},
	{"x-h3", 10, []any{"c"}},
}

func (g *generator) bind() Step {
	source := g.exchange()
	key := pick(g, "key", patterns)
	if g.chance("weight", 10) {
		key = strconv.Itoa(g.number("weight", 0, 3))
	}
	var arguments wire.Table
	if g.chance("arguments", 30) {
		arguments = g.arguments(bindingArguments)
	}
	if g.chance("exchange", 20) {
		return Step{At: g.place(), Method: &wire.ExchangeBind{Destination: g.exchange(), Source: source, RoutingKey: key, Arguments: arguments}}
	}
	return Step{At: g.place(), Method: &wire.QueueBind{Queue: g.queue(), Exchange: source, RoutingKey: key, Arguments: arguments}}
}

func (g *generator) unbind() Step {
	if len(g.w.bindings) > 0 && !g.chance("any binding", 10) {
		switch m := pick(g, "binding", g.w.bindings).(type) {
		case *wire.QueueBind:
			return Step{At: g.place(), Method: &wire.QueueUnbind{Queue: m.Queue, Exchange: m.Exchange, RoutingKey: m.RoutingKey, Arguments: m.Arguments}}
		case *wire.ExchangeBind:
			return Step{At: g.place(), Method: &wire.ExchangeUnbind{Destination: m.Destination, Source: m.Source, RoutingKey: m.RoutingKey, Arguments: m.Arguments}}
		}
	}
	return Step{At: g.place(), Method: &wire.QueueUnbind{Queue: g.queue(), Exchange: g.exchange(), RoutingKey: pick(g, "key", patterns)}}
}

func (g *generator) deleteQueue() Step {
	return Step{At: g.place(), Method: &wire.QueueDelete{Queue: g.queue(), IfUnused: g.chance("if-unused", 35), IfEmpty: g.chance("if-empty", 35)}}
}

func (g *generator) deleteExchange() Step {
	return Step{At: g.place(), Method: &wire.ExchangeDelete{Exchange: g.exchange(), IfUnused: g.chance("if-unused", 40)}}
}
