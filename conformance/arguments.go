package conformance

import (
	"fmt"
	"math"
	"slices"

	"github.com/minirabbit/minirabbit/wire"
)

// attempts sends methods of which the broker may refuse any, each on a channel that is open.
type attempts struct {
	t *T
	r *Raw        // nil when the broker has closed the connection
	c *RawChannel // nil when the broker has closed the channel
}

// try sends a method and observes the answer, on one line.
func (a *attempts) try(label string, m wire.Method) Command {
	a.t.Helper()
	var command Command
	a.t.unrecorded(func() { command = a.send(m) })
	a.t.Observe(label, plain(command.String()))
	return command
}

// plain is text that is recorded as it is.
type plain string

func (p plain) String() string { return string(p) }

func (a *attempts) send(m wire.Method) Command {
	a.t.Helper()
	if a.r == nil {
		a.r = a.t.Raw()
	}
	if a.c == nil {
		a.c = a.r.Channel()
	}
	a.c.Send(m)
	command := a.c.Next()
	switch m := command.Method.(type) {
	case *wire.QueueDeclareOk:
		m.MessageCount = 0 // nobody publishes here, yet RabbitMQ says at times that a new stream holds a message
	case *wire.ChannelClose:
		a.c.Send(&wire.ChannelCloseOk{})
		a.c = nil
	case *wire.ConnectionClose:
		a.r.closeOk()
		a.r, a.c = nil, nil
	}
	return command
}

// declare tries to declare a queue with arguments. If it is there then, it is deleted.
func (a *attempts) declare(label, queue string, arguments ...wire.Field) {
	a.t.Helper()
	command := a.try(label, &wire.QueueDeclare{Queue: queue, Durable: true, Arguments: arguments})
	if _, ok := command.Method.(*wire.QueueDeclareOk); ok {
		a.t.unrecorded(func() { Call[*wire.QueueDeleteOk](a.c, &wire.QueueDelete{Queue: queue}) })
	}
}

// otherTypes are values of types that few arguments are of.
var otherTypes = []any{nil, true, float32(1), float64(1.5), wire.Decimal{Scale: 1, Value: 15}, wire.Timestamp(1), wire.Table{}, wire.Array{int32(1)}, []byte("1")}

var (
	// numbers are values for arguments that want one.
	numbers = append([]any{int32(-1), int8(0), uint8(1), uint16(255), int16(256), uint32(math.MaxUint32), int64(315_360_000_000),
		int64(315_360_000_001), int64(math.MaxInt64), int64(math.MinInt64), "", "1", "soon"}, otherTypes...)
	// texts are values for arguments that want one.
	texts = append([]any{"", "text", "é\"\n", int32(1), int64(-1)}, otherTypes...)
	// booleans are values for arguments that want one.
	booleans = append([]any{false, "true", int32(1)}, otherTypes...)
)

// words are values for arguments that want one of some words.
func words(known ...any) []any { return append(known, texts...) }

// queueArgument is an argument of queue.declare with values, good and bad, to try.
type queueArgument struct {
	key    string
	values []any
	// types are the types of queue that take it, in some release.
	types []string
	with  wire.Table // what has to stand beside it
	// first and second are values that are not the same, and third what is the same as the first.
	first, second, third any
}

var (
	queueTypes  = []string{"classic", "quorum", "stream"}
	onlyClassic = []string{"classic"}
	onlyQuorum  = []string{"quorum"}
	onlyStream  = []string{"stream"}
	notStream   = []string{"classic", "quorum"}
)

var queueArguments = []queueArgument{
	{"x-message-ttl", numbers, notStream, nil, int32(60000), int32(60001), int64(60000)},
	{"x-expires", numbers, notStream, nil, int32(600000), int32(600001), uint32(600000)},
	{"x-max-length", numbers, notStream, nil, int32(5), int32(6), int8(5)},
	{"x-max-length-bytes", numbers, queueTypes, nil, int32(5000), int32(6000), uint16(5000)},
	{"x-overflow", words("drop-head", "reject-publish", "reject-publish-dlx", "drop-tail", "Drop-Head"),
		notStream, nil, "drop-head", "reject-publish", "drop-head"},
	{"x-dead-letter-exchange", texts, notStream, nil, "x", "y", "x"},
	{"x-dead-letter-routing-key", texts, notStream, argument("x-dead-letter-exchange", "x"), "k", "l", "k"},
	{"x-dead-letter-strategy", words("at-most-once", "at-least-once", "exactly-once"), onlyQuorum, nil, "at-most-once", "at-least-once", "at-most-once"},
	{"x-max-priority", numbers, notStream, nil, uint8(5), int8(6), int64(5)},
	{"x-single-active-consumer", booleans, queueTypes, nil, true, false, true},
	{"x-queue-mode", words("default", "lazy", "eager", "日本"), onlyClassic, nil, "lazy", "default", "lazy"},
	{"x-queue-version", append([]any{int32(2), int64(3), int8(100)}, numbers...), onlyClassic, nil, int32(2), int32(1), int64(2)},
	{"x-queue-leader-locator", words("client-local", "balanced", "least-leaders", "random", "min-masters"),
		queueTypes, nil, "balanced", "client-local", "balanced"},
	// RabbitMQ up to 4.0 never answers a declaration in which the locator is no string.
	{"x-queue-master-locator", []any{"client-local", "min-masters", "random", "balanced", "", "text"},
		onlyClassic, nil, "client-local", "random", "client-local"},
	{"x-quorum-initial-group-size", numbers, onlyQuorum, nil, int32(1), int32(2), int8(1)},
	{"x-quorum-target-group-size", numbers, onlyQuorum, nil, int32(1), int32(2), int8(1)},
	{"x-delivery-limit", numbers, onlyQuorum, nil, int32(5), int32(6), uint8(5)},
	{"x-consumer-timeout", numbers, queueTypes, nil, int32(600000), int32(600001), int64(600000)},
	{"x-consumer-disconnected-timeout", numbers, onlyQuorum, nil, int32(600000), int32(600001), int64(600000)},
	{"x-delayed-retry-type", words("all", "failed", "returned", "disabled"), onlyQuorum, nil, "all", "failed", "all"},
	{"x-delayed-retry-min", numbers, onlyQuorum, nil, int32(1000), int32(2000), int64(1000)},
	{"x-delayed-retry-max", numbers, onlyQuorum, nil, int32(1000), int32(2000), int64(1000)},
	{"x-max-in-memory-length", numbers, onlyQuorum, nil, int32(5), int32(6), int16(5)},
	{"x-max-in-memory-bytes", numbers, onlyQuorum, nil, int32(5), int32(6), int16(5)},
	{"x-max-age", words("1h", "60m", "3600s", "1Y", "1.5h", "-1h", "h", "1", "1 h", "1w"), onlyStream, nil, "1h", "2h", "60m"},
	{"x-stream-max-segment-size-bytes", append([]any{uint32(3_000_000_000), uint32(3_000_000_001)}, numbers...),
		onlyStream, nil, int32(100000), int32(200000), int64(100000)},
	{"x-stream-filter-size-bytes", append([]any{int32(15), int32(16)}, numbers...), onlyStream, nil, int32(16), int32(17), int8(16)},
	{"x-initial-cluster-size", numbers, onlyStream, nil, int32(1), int32(2), int8(1)},
	{"x-foo", append([]any{int32(-1), "text"}, otherTypes...), queueTypes, nil, "a", "b", "a"},
}

// valuesCase is the case that tries an argument's values.
func (a queueArgument) valuesCase() Case {
	return Case{
		ID:     "argument.values/" + a.key,
		Title:  fmt.Sprintf("what %s may be: numbers, words and values of every type, for queues of each type", a.key),
		Why:    "A value that is none is refused when the queue is declared, with a text that says why; one that is taken and ignored is found in production.",
		Source: measured,
		Run: func(t *T) {
			try, q := attempts{t: t}, t.QueueName("q")
			for _, kind := range queueTypes {
				values := a.values
				if !a.isFor(kind) {
					values = []any{a.first, nil}
				}
				for _, v := range values {
					try.declare(kind+" "+render(v), q, slices.Concat(a.with, wire.Table{queueType(kind), {Key: a.key, Value: v}})...)
				}
			}
		},
	}
}

// redeclaredCase is the case that declares queues again with another value.
func (a queueArgument) redeclaredCase() Case {
	return Case{
		ID:     "argument.redeclared/" + a.key,
		Title:  fmt.Sprintf("a queue is declared again with %s otherwise, not at all, or for the first time", a.key),
		Why:    "Two programs that disagree about a queue must hear of it, and no others.",
		Source: pageQueues + "#property-equivalence",
		Run: func(t *T) {
			try := attempts{t: t}
			for _, kind := range a.types {
				with, without := t.QueueName(kind+"-with"), t.QueueName(kind+"-without")
				declare := func(label, queue string, more ...wire.Field) {
					try.try(kind+": "+label, &wire.QueueDeclare{Queue: queue, Durable: true, Arguments: slices.Concat(wire.Table{queueType(kind)}, a.with, more)})
				}
				value := func(v any) wire.Field { return wire.Field{Key: a.key, Value: v} }
				declare("with "+render(a.first), with, value(a.first))
				declare("the same", with, value(a.first))
				declare("as "+render(a.third), with, value(a.third))
				declare("as "+render(a.second), with, value(a.second))
				declare("as a string or number", with, value(otherKind(a.first)))
				declare("not at all", with)
				declare("without", without)
				declare("still without", without)
				declare("now with "+render(a.first), without, value(a.first))
				declare("now with void", without, value(nil))
			}
		},
	}
}

// otherKind is a string for a number, and a number for anything else.
func otherKind(v any) any {
	switch v.(type) {
	case string, bool:
		return int32(5)
	}
	return fmt.Sprint(v)
}

func (a queueArgument) isFor(kind string) bool { return slices.Contains(a.types, kind) }
