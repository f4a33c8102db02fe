package conformance

import "github.com/minirabbit/minirabbit/wire"

// argument is one entry of a table.
func argument(key string, value any) wire.Table { return wire.Table{{Key: key, Value: value}} }

func queueType(kind string) wire.Field { return wire.Field{Key: "x-queue-type", Value: kind} }

// quorum is the argument that makes a quorum queue, with further arguments.
func quorum(arguments ...wire.Field) wire.Table {
	return append(argument("x-queue-type", "quorum"), arguments...)
}

func messageTTL(ms int32) wire.Field { return wire.Field{Key: "x-message-ttl", Value: ms} }

func expires(ms int32) wire.Field { return wire.Field{Key: "x-expires", Value: ms} }

func maxLength(n int32) wire.Field { return wire.Field{Key: "x-max-length", Value: n} }

func overflow(how string) wire.Field { return wire.Field{Key: "x-overflow", Value: how} }

// alternate is the argument that names an exchange's alternate exchange.
func alternate(exchange string) wire.Field {
	return wire.Field{Key: "alternate-exchange", Value: exchange}
}

// deadLetterTo are the arguments of a queue whose dead letters go straight to another.
func deadLetterTo(queue string) wire.Table {
	return wire.Table{{Key: "x-dead-letter-exchange", Value: ""}, {Key: "x-dead-letter-routing-key", Value: queue}}
}

var singleActive = wire.Field{Key: "x-single-active-consumer", Value: true}

// deliveryLimit is an argument of queue.declare.
func deliveryLimit(n int32) wire.Field { return wire.Field{Key: "x-delivery-limit", Value: n} }

func consumerTimeout(ms any) wire.Field { return wire.Field{Key: "x-consumer-timeout", Value: ms} }

// priorityConsumer is a consumer with x-priority.
func priorityConsumer(queue, tag string, value any) *wire.BasicConsume {
	return &wire.BasicConsume{Queue: queue, ConsumerTag: tag, Arguments: argument("x-priority", value)}
}

// keys is a header value that lists routing keys.
func keys(name string, list ...any) wire.Field { return wire.Field{Key: name, Value: wire.Array(list)} }

// notNames are values of the wrong type where an argument or a header wants a name or a list of names, with what
// Erlang calls their types.
var notNames = []struct {
	kind  string
	value any
}{
	{"longstr", "text"}, {"signedint", int32(1)}, {"bool", true}, {"void", nil}, {"table", wire.Table{}},
}
