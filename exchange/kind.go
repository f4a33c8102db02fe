package exchange

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

// A Kind is an exchange type.
type Kind string

// The exchange types. Those that start with x- are RabbitMQ's own; of these, x-local-random is part of RabbitMQ from
// 4.0 on, and each of the others a plug-in.
const (
	Direct         Kind = "direct"
	Fanout         Kind = "fanout"
	Topic          Kind = "topic"
	Headers        Kind = "headers"
	ConsistentHash Kind = "x-consistent-hash"
	Random         Kind = "x-random"
	LocalRandom    Kind = "x-local-random"
	RecentHistory  Kind = "x-recent-history"
	DelayedMessage Kind = "x-delayed-message"
)

// A table finds the bindings of one exchange that match a message: one implementation for each kind.
type table interface {
	// check returns RabbitMQ's objection to a binding, or nil.
	check(b *Binding) error
	add(b *Binding)
	remove(b *Binding)
	// match calls r.reach for each binding that matches.
	match(m *Message, r *Router)
}

// newTable checks the arguments and returns an empty table.
func newTable(kind Kind, arguments wire.Table, rules Rules) (table, error) {
	switch kind {
	case Direct:
		return newDirectTable(), nil
	case Fanout:
		return &fanoutTable{}, nil
	case Topic:
		return newTopicTable(rules), nil
	case Headers:
		return newHeadersTable(rules), nil
	default:
		return nil, &UnknownKindError{Kind: kind}
	}
}

// An UnknownKindError refuses to make an exchange of a kind that does not exist. RabbitMQ 3.10 answers 503
// COMMAND_INVALID, which closes the connection; from 4.0 on 406 PRECONDITION_FAILED, which closes the channel.
type UnknownKindError struct{ Kind Kind }

var _ error = (*UnknownKindError)(nil)

// Error returns RabbitMQ's text.
func (e *UnknownKindError) Error() string {
	if e.Kind == "" {
		return "invalid exchange type ''"
	}
	return fmt.Sprintf("unknown exchange type '%s'", string(e.Kind))
}

// An Error refuses an exchange's arguments, a binding or a message, with RabbitMQ's reply code and text. The text lacks
// the code's name: "The binding key must be greater than 0". It is empty where RabbitMQ explains nothing, as after an
// internal error of its own.
type Error struct {
	Code wire.ReplyCode
	Text string
}

var _ error = (*Error)(nil)

// Error returns the reply text.
func (e *Error) Error() string { return e.Text }

func preconditionFailed(format string, arguments ...any) *Error {
	return &Error{Code: wire.PreconditionFailed, Text: fmt.Sprintf(format, arguments...)}
}
