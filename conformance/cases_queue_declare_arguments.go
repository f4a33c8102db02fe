package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

// inequivalentArgument is a case in which a queue is redeclared with other arguments.
func inequivalentArgument(what string, first, second wire.Table, explanation string) Case {
	return inequivalentQueue("argument-"+what, wire.QueueDeclare{Durable: true, Arguments: first},
		wire.QueueDeclare{Durable: true, Arguments: second}, explanation)
}

var queueDeclareArgumentsCases = []Case{
	inequivalentArgument("value", argument("x-max-length", int32(1)), argument("x-max-length", int32(2)),
		"inequivalent arg 'x-max-length' for queue '<q>' in vhost '/': received '2' but current is '1'"),
	inequivalentArgument("missing", argument("x-message-ttl", int32(100000)), nil,
		"inequivalent arg 'x-message-ttl' for queue '<q>' in vhost '/': received none but current is the value '100000' of type 'signedint'"),
	inequivalentArgument("added", nil, argument("x-dead-letter-exchange", "x"),
		"inequivalent arg 'x-dead-letter-exchange' for queue '<q>' in vhost '/': received the value 'x' of type 'longstr' but current is none"),
	inequivalentArgument("expires", argument("x-expires", int64(600000)), argument("x-expires", int64(500000)),
		"inequivalent arg 'x-expires' for queue '<q>' in vhost '/': received '500000' but current is '600000'"),
	inequivalentArgument("bytes", argument("x-max-length-bytes", int16(7)), argument("x-max-length-bytes", uint8(8)),
		"inequivalent arg 'x-max-length-bytes' for queue '<q>' in vhost '/': received '8' but current is '7'"),
	inequivalentArgument("priority", argument("x-max-priority", int8(3)), nil,
		"inequivalent arg 'x-max-priority' for queue '<q>' in vhost '/': received none but current is the value '3' of type 'byte'"),
	inequivalentArgument("overflow", argument("x-overflow", "reject-publish"), argument("x-overflow", "drop-head"),
		"inequivalent arg 'x-overflow' for queue '<q>' in vhost '/': received 'drop-head' but current is 'reject-publish'"),
	inequivalentArgument("single-active-consumer", nil, argument("x-single-active-consumer", true),
		"inequivalent arg 'x-single-active-consumer' for queue '<q>' in vhost '/': received the value 'true' of type 'bool' but current is none"),
	{
		ID:     "queue.declare/argument-number-types",
		Title:  "the integer types are equivalent where the number is the same",
		Why:    "Clients in different languages encode the same number differently.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, argument("x-max-length", int32(5))...)
			for _, five := range []any{int8(5), uint8(5), int16(5), uint16(5), uint32(5), int64(5)} {
				ok := Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: q, Durable: true, Arguments: argument("x-max-length", five)})
				t.Check("5 as "+render(five), ok, &wire.QueueDeclareOk{Queue: "<q>"})
			}
			t.Check("5 as a string", c.Refused(&wire.QueueDeclare{Queue: q, Durable: true, Arguments: argument("x-max-length", "5")}),
				ChannelError(wire.PreconditionFailed, "inequivalent arg 'x-max-length' for queue '<q>' in vhost '/': received '5' but current is '5'", wire.IDQueueDeclare))
		},
	},
	{
		ID:     "queue.declare/unknown-argument",
		Title:  "an argument that RabbitMQ does not know is taken, and not compared",
		Why:    "Programs mark their queues with arguments of their own.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, argument("x-minirabbit-unknown", "a")...)
			c.Queue(q, argument("x-minirabbit-unknown", "b")...)
			c.Queue(q, argument("no-prefix", int32(1))...)
			c.Queue(q)
		},
	},
	{
		ID:     "queue.declare/unread-argument-types",
		Title:  "an unknown argument may be of any type",
		Why:    "Nothing that a table can hold may upset the broker.",
		Source: reference + "queue.declare.arguments",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, wire.Table{
				{Key: "t", Value: true}, {Key: "b", Value: int8(-1)}, {Key: "B", Value: uint8(255)},
				{Key: "s", Value: int16(-2)}, {Key: "u", Value: uint16(65535)}, {Key: "I", Value: int32(-3)},
				{Key: "i", Value: uint32(4294967295)}, {Key: "l", Value: int64(-4)}, {Key: "f", Value: float32(0.5)},
				{Key: "d", Value: float64(0.25)}, {Key: "D", Value: wire.Decimal{Scale: 2, Value: 314}},
				{Key: "S", Value: "text"}, {Key: "A", Value: wire.Array{int32(1), "two", wire.Array{}}},
				{Key: "T", Value: wire.Timestamp(1700000000)}, {Key: "F", Value: wire.Table{{Key: "k", Value: nil}}},
				{Key: "V", Value: nil}, {Key: "x", Value: []byte{0, 255}},
			}...)
			c.CheckCounts("declared", q, Counts{})
		},
	},
	{
		ID:     "queue.declare/storage-arguments",
		Title:  "arguments that say how and where messages are stored change nothing that a client sees",
		Why:    "Queues are declared with them, and tests of them must run.",
		Source: pageQueues,
		Run: func(t *T) {
			r := t.Raw()
			for _, kind := range []string{"classic", "quorum"} {
				arguments := []wire.Field{{Key: "x-queue-mode", Value: "lazy"}, {Key: "x-queue-version", Value: int32(2)}}
				if t.In(UpTo("4.1")) {
					arguments = append(arguments, wire.Field{Key: "x-queue-master-locator", Value: "client-local"})
				}
				if kind == "quorum" {
					arguments = []wire.Field{{Key: "x-max-in-memory-length", Value: int32(1)}, {Key: "x-max-in-memory-bytes", Value: int32(1)},
						{Key: "x-quorum-initial-group-size", Value: int32(1)}, {Key: "x-queue-leader-locator", Value: "balanced"}}
				}
				if kind == "quorum" && t.In(Since("4.2")) {
					arguments = append(arguments, wire.Field{Key: "x-consumer-disconnected-timeout", Value: int32(1)})
				}
				c, q := r.Channel(), t.QueueName(kind)
				c.Queue(q, append(arguments, queueType(kind))...)
				t.Publish("", q, "a", "b", "c")
				c.Qos(2, false)
				c.Consume(q, "c")
				t.Check(kind+" first", c.Lines(2), []string{`deliver c 1 "a"`, `deliver c 2 "b"`})
				c.Send(&wire.BasicAck{DeliveryTag: 2, Multiple: true})
				t.Check(kind+" next", c.Lines(1), []string{`deliver c 3 "c"`})
				c.Close()
			}
		},
	},
	{
		ID:     "queue.declare/later-arguments",
		Title:  "the arguments of quorum queues that came with 4.3 mean nothing before, and are refused for other types since",
		Why:    "A program that is written for 4.3 must see on which release it runs.",
		Source: measured,
		Run: func(t *T) {
			r := t.Raw()
			for _, kind := range []string{"classic", "quorum"} {
				for _, key := range []string{"x-consumer-disconnected-timeout", "x-delayed-retry-type", "x-delayed-retry-min", "x-delayed-retry-max"} {
					q := t.QueueName(kind + "-" + key)
					m := &wire.QueueDeclare{Queue: q, Durable: true, Arguments: wire.Table{queueType(kind), {Key: key, Value: "x"}}}
					explanation := ""
					switch {
					case !t.In(Since("4.3")):
					case kind == "classic":
						explanation = fmt.Sprintf("invalid arg '%s' for queue '%s' in vhost '/' of queue type rabbit_classic_queue", key, q)
					case key == "x-consumer-disconnected-timeout":
						explanation = fmt.Sprintf(`invalid arg '%s' for queue '%s' in vhost '/': "expected integer, got longstr"`, key, q)
					}
					if explanation == "" {
						t.Check(kind+" "+key, Call[*wire.QueueDeclareOk](r.Channel(), m).Queue, q)
					} else {
						t.Check(kind+" "+key, r.Channel().Refused(m), ChannelError(wire.PreconditionFailed, explanation, wire.IDQueueDeclare))
					}
				}
			}
		},
	},
}
