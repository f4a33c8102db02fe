package conformance

import (
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

// argumentCases try the values of arguments one by one. They observe: the answers are in the recordings.
var argumentCases = append(queueArgumentValues(), []Case{
	{
		ID:     "argument.values/x-queue-type",
		Title:  "what x-queue-type may be, with a name and without one",
		Why:    "A misspelt type must not make a queue of another type.",
		Source: pageQueues,
		Run: func(t *T) {
			try, q := attempts{t: t}, t.QueueName("q")
			for _, v := range words("classic", "quorum", "stream", "Quorum", "rabbit_quorum_queue", "lazy", "日本") {
				try.declare(render(v), q, argument("x-queue-type", v)...)
			}
			for _, v := range []any{"", "lazy", int32(1)} {
				command := try.try("unnamed, "+render(v), &wire.QueueDeclare{Exclusive: true, Arguments: argument("x-queue-type", v)})
				if ok, is := command.Method.(*wire.QueueDeclareOk); is {
					t.OwnQueue("unnamed", ok.Queue)
				}
			}
		},
	},
	{
		ID:     "argument.values/two-wrong",
		Title:  "of several wrong arguments one is reported, and always the same",
		Why:    "Programs match on the text that they get.",
		Source: measured,
		Run: func(t *T) {
			try, q := attempts{t: t}, t.QueueName("q")
			for _, kind := range queueTypes {
				var all wire.Table
				for _, a := range queueArguments {
					if a.key != "x-foo" {
						all = append(all, wire.Field{Key: a.key, Value: wire.Table{}})
					}
				}
				// What was reported is left out of the next declaration.
				for range len(all) {
					command := try.try(kind, &wire.QueueDeclare{Queue: q, Durable: true, Arguments: append(wire.Table{queueType(kind)}, all...)})
					e, refused := asError(command.Method)
					if !refused {
						break
					}
					if all = leaveOut(all, e.Text); len(all) == 0 {
						break
					}
				}
				t.unrecorded(func() { try.send(&wire.QueueDelete{Queue: q}) })
			}
		},
	},
	{
		ID:     "argument.values/alternate-exchange",
		Title:  "what alternate-exchange may be, and what else stands in an exchange's arguments",
		Why:    "An alternate exchange that is none loses what it should have caught.",
		Source: pageAlternate,
		Run: func(t *T) {
			try := attempts{t: t}
			for _, kind := range []string{"direct", "headers"} {
				for _, key := range []string{"alternate-exchange", "x-foo"} {
					for _, v := range texts {
						x := t.ExchangeName("x")
						try.try(kind+" "+key+" "+render(v), &wire.ExchangeDeclare{Exchange: x, Type: kind, Arguments: argument(key, v)})
					}
				}
			}
		},
	},
	{
		ID:     "argument.redeclared/alternate-exchange",
		Title:  "an exchange is declared again with another alternate-exchange, without it, or for the first time with it",
		Why:    "Two programs that disagree about an exchange must hear of it, and no others.",
		Source: pageAlternate,
		Run: func(t *T) {
			try, with, without := attempts{t: t}, t.ExchangeName("with"), t.ExchangeName("without")
			declare := func(label, exchange string, more wire.Table) {
				try.try(label, &wire.ExchangeDeclare{Exchange: exchange, Type: "fanout", Arguments: more})
			}
			declare("with", with, argument("alternate-exchange", "a"))
			for _, v := range texts {
				declare("as "+render(v), with, argument("alternate-exchange", v))
			}
			declare("not at all", with, nil)
			declare("with another argument", with, append(argument("alternate-exchange", "a"), argument("x-foo", int32(1))...))
			declare("without", without, nil)
			for _, v := range texts {
				declare("now with "+render(v), without, argument("alternate-exchange", v))
			}
		},
	},
	{
		ID:     "argument.values/x-match",
		Title:  "what x-match may be, of bindings to a headers exchange and to others",
		Why:    "A typing error must not match everything.",
		Source: pageConcepts + "#exchange-headers",
		Run: func(t *T) {
			try, q := attempts{t: t}, t.QueueName("q")
			t.Raw().Channel().Queue(q)
			for _, x := range []string{"amq.headers", "amq.direct"} {
				for _, v := range words("all", "any", "all-with-x", "any-with-x", "ALL", "none") {
					try.try(x+" "+render(v), &wire.QueueBind{Queue: q, Exchange: x, RoutingKey: "k", Arguments: argument("x-match", v)})
				}
			}
			other := t.ExchangeName("x")
			t.Raw().Channel().Exchange(other, "fanout")
			try.try("exchange", &wire.ExchangeBind{Source: "amq.headers", Destination: other, Arguments: argument("x-match", "none")})
			try.try("unbound", &wire.QueueUnbind{Queue: q, Exchange: "amq.headers", RoutingKey: "k", Arguments: argument("x-match", "none")})
		},
	},
	consumeArgument("x-priority", numbers),
	consumeArgument("x-stream-offset", append([]any{"first", "last", "next", "1h", "60m", "0s", "h", "1.5h", "-1h", "1 h", []byte("first"), []byte("middle"), "First"}, numbers...)),
	consumeArgument("x-stream-filter", append([]any{"text", "", wire.Array{"a", "b"}, wire.Array{}}, otherTypes...)),
	consumeArgument("x-stream-match-unfiltered", booleans),
	consumeArgument("x-cancel-on-ha-failover", booleans),
	consumeArgument("x-consumer-timeout", numbers),
	consumeArgument("x-foo", texts),
}...)

// queueArgumentValues are the cases of all arguments of queue.declare.
func queueArgumentValues() (cases []Case) {
	for _, a := range queueArguments {
		cases = append(cases, a.valuesCase(), a.redeclaredCase())
	}
	return cases
}

// consumeArgument is a case that tries the values of an argument of basic.consume.
func consumeArgument(key string, values []any) Case {
	return Case{
		ID:     "argument.values/consume-" + key,
		Title:  "what " + key + " of basic.consume may be, for queues of each type",
		Why:    "A consumer whose wish is taken and ignored gets what it did not ask for.",
		Source: measured,
		Run: func(t *T) {
			try := attempts{t: t}
			for _, kind := range queueTypes {
				q := t.QueueName(kind)
				t.Raw().Channel().Queue(q, queueType(kind))
				for _, v := range values {
					t.unrecorded(func() { try.send(&wire.BasicQos{PrefetchCount: 1}) }) // which streams want
					command := try.try(kind+" "+render(v), &wire.BasicConsume{Queue: q, ConsumerTag: "c", Arguments: argument(key, v)})
					if _, ok := command.Method.(*wire.BasicConsumeOk); ok {
						t.unrecorded(func() { try.send(&wire.BasicCancel{ConsumerTag: "c"}) })
					}
				}
			}
		},
	}
}

// leaveOut removes the argument that a refusal names, or else the first.
func leaveOut(arguments wire.Table, text string) wire.Table {
	at := slices.IndexFunc(arguments, func(f wire.Field) bool {
		return strings.Contains(text, "'"+f.Key+"'") || strings.HasSuffix(text, f.Key)
	})
	return slices.Delete(arguments, max(at, 0), max(at, 0)+1)
}
