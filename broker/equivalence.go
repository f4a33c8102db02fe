package broker

import (
	"fmt"
	"slices"

	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// equivalentArguments are the queue arguments that a redeclaration must repeat:
// those that the type of the queue knows, in the order in which RabbitMQ compares
// them.
var equivalentArguments = map[queue.Kind][]string{
	queue.Classic: {
		"x-expires", "x-message-ttl", argDeadLetter, argDeadLetterKey, "x-max-length", "x-max-length-bytes", "x-max-priority",
		"x-overflow", "x-queue-mode", "x-queue-version", "x-single-active-consumer", argQueueType, "x-queue-master-locator",
		"x-queue-leader-locator",
	},
	queue.Quorum: {
		argDeadLetter, argDeadLetterKey, "x-dead-letter-strategy", "x-expires", "x-max-length", "x-max-length-bytes",
		"x-max-in-memory-length", "x-max-in-memory-bytes", "x-overflow", "x-single-active-consumer", argQueueType,
		"x-quorum-initial-group-size", "x-delivery-limit", "x-message-ttl", "x-queue-leader-locator",
	},
	queue.Stream: {
		"x-max-length-bytes", argQueueType, "x-max-age", "x-stream-max-segment-size-bytes", "x-initial-cluster-size",
		"x-queue-leader-locator",
	},
}

// equivalentArguments returns what a redeclaration must repeat in a release: what
// it refuses for a type of queue, it does not compare either.
func argumentsToRepeat(r *release.Release, kind queue.Kind) (keys []string) {
	for _, key := range slices.Concat(equivalentArguments[kind], r.ComparedArguments.Of(string(kind))) {
		if !slices.Contains(r.RefusedArguments.Of(string(kind)), key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// inequivalent is the refusal of a declaration that differs from what is there.
func inequivalent(what, resource, received, current string) error {
	return Errorf(wire.PreconditionFailed, "inequivalent arg '%s' for %s: received %s but current is %s", what, resource, received, current)
}

func checkSameField(what, resource string, received, current bool) error {
	if received == current {
		return nil
	}
	return inequivalent(what, resource, fmt.Sprintf("'%t'", received), fmt.Sprintf("'%t'", current))
}

// checkSameArgument compares one argument. As in RabbitMQ, integers of
// different widths are the same if their values are.
func checkSameArgument(key, resource string, received, current wire.Table) error {
	r, inReceived := received.Get(key)
	c, inCurrent := current.Get(key)
	if inReceived == inCurrent && sameValue(r, c) {
		return nil
	}
	if inReceived && inCurrent {
		return inequivalentValues(key, resource, r, c)
	}
	return inequivalent(key, resource, valueText(r, inReceived), valueText(c, inCurrent))
}

// inequivalentValues is the refusal where both have the argument. RabbitMQ takes
// void for no argument here, and a decimal for a value with a type, and fails.
func inequivalentValues(key, resource string, values ...any) error {
	var texts [2]string
	for i, v := range values {
		switch v.(type) {
		case nil:
			texts[i] = "none"
		case wire.Decimal:
			return Errorf(wire.InternalError, "")
		default:
			texts[i] = "'" + erlang.Text(v) + "'"
		}
	}
	return inequivalent(key, resource, texts[0], texts[1])
}

func sameValue(a, b any) bool {
	x, aIsInt := integer(a)
	y, bIsInt := integer(b)
	if aIsInt && bIsInt {
		return x == y
	}
	return wire.Table{{Value: a}}.Identity() == wire.Table{{Value: b}}.Identity()
}

// integer returns the value of any of AMQP's integer types.
func integer(v any) (int64, bool) {
	switch n := v.(type) {
	case int8:
		return int64(n), true
	case uint8:
		return int64(n), true
	case int16:
		return int64(n), true
	case uint16:
		return int64(n), true
	case int32:
		return int64(n), true
	case uint32:
		return int64(n), true
	case int64:
		return n, true
	}
	return 0, false
}

// valueText describes an argument as RabbitMQ does in its refusals.
func valueText(v any, set bool) string {
	if !set {
		return "none"
	}
	return fmt.Sprintf("the value '%s' of type '%s'", erlang.Text(v), erlang.TypeName(v))
}

// nameArgument reads an argument that names an exchange.
func nameArgument(args wire.Table, key, resource string) (name string, set bool, err error) {
	v, set := args.Get(key)
	if !set {
		return "", false, nil
	}
	name, ok := v.(string)
	if !ok {
		return "", true, Errorf(wire.PreconditionFailed, "invalid type '%s' for arg '%s' in %s", erlang.TypeName(v), key, resource)
	}
	return name, true, nil
}
