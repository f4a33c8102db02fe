package exchange

import (
	"fmt"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

// A Kind is an exchange type.
type Kind string

// The exchange types. Those that start with x- are RabbitMQ's own: x-local-random is part of it from 4.0 on,
// x-modulus-hash from 4.3 on and a plug-in before, and each of the others is a plug-in.
const (
	Direct         Kind = "direct"
	Fanout         Kind = "fanout"
	Topic          Kind = "topic"
	Headers        Kind = "headers"
	ConsistentHash Kind = "x-consistent-hash"
	Random         Kind = "x-random"
	LocalRandom    Kind = "x-local-random"
	ModulusHash    Kind = "x-modulus-hash"
	RecentHistory  Kind = "x-recent-history"
	DelayedMessage Kind = "x-delayed-message"
)

// isPlugin says whether it takes a plug-in to have exchanges of a kind, in the releases that have it at all here.
func (k Kind) isPlugin() bool {
	switch k {
	case ConsistentHash, Random, RecentHistory, DelayedMessage:
		return true
	}
	return false
}

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
	if rules.NoPlugins && kind.isPlugin() {
		return nil, unknownKind(kind, rules)
	}
	switch kind {
	case Direct:
		return newDirectTable(), nil
	case Fanout:
		return &fanoutTable{}, nil
	case Topic:
		return newTopicTable(rules), nil
	case Headers:
		return newHeadersTable(rules), nil
	case ConsistentHash:
		return newHashTable(arguments, rules)
	case Random:
		return &randomTable{}, nil
	case LocalRandom:
		if !rules.NoLocalRandom {
			return &localRandomTable{}, nil
		}
	case ModulusHash:
		if !rules.NoModulusHash {
			return &modulusTable{}, nil
		}
	case RecentHistory:
		return newHistoryTable(arguments, rules)
	case DelayedMessage:
		return newDelayedTable(arguments, rules)
	}
	return nil, unknownKind(kind, rules)
}

func unknownKind(kind Kind, rules Rules) error {
	return &UnknownKindError{Kind: kind, isWord: slices.Contains(strings.Fields(rules.Words), string(kind))}
}

// An UnknownKindError refuses to make an exchange of a kind that does not exist. RabbitMQ 3.10 answers 503
// COMMAND_INVALID, which closes the connection; from 4.0 on 406 PRECONDITION_FAILED, which closes the channel.
type UnknownKindError struct {
	Kind   Kind
	isWord bool // it is a word of Erlang code
}

var _ error = (*UnknownKindError)(nil)

// Error returns RabbitMQ's text. That calls a type invalid instead of unknown when it is a word that Erlang code
// somewhere in RabbitMQ uses as an atom; the likelier ones of these are known here.
func (e *UnknownKindError) Error() string {
	if e.isWord || e.Kind == "" || slices.Contains(strings.Fields(someAtoms), string(e.Kind)) {
		return fmt.Sprintf("invalid exchange type '%s'", string(e.Kind))
	}
	return fmt.Sprintf("unknown exchange type '%s'", string(e.Kind))
}

// someAtoms are words that RabbitMQ 3.10.8, 4.0.5 and 4.3.6 all know.
const someAtoms = `a bar broadcast classic default error event exchange foo hash header invalid key local log match name
	none ok queue quorum random rpc stream system test true type undefined unknown x`

// An Error refuses an exchange's arguments, a binding or a message, with RabbitMQ's reply code and text. The text lacks
// the code's name: "The binding key must be greater than 0". It is empty where RabbitMQ explains nothing, as after an
// internal error of its own.
type Error struct {
	Code wire.ReplyCode
	Text string
}

var _ error = (*Error)(nil)

// Error returns the reply text, or the code's name when that is empty.
func (e *Error) Error() string {
	if e.Text == "" {
		return e.Code.String()
	}
	return e.Text
}

// internalError is what a failure inside RabbitMQ looks like to a client. It closes the connection.
func internalError() *Error { return &Error{Code: wire.InternalError} }

func preconditionFailed(format string, arguments ...any) *Error {
	return &Error{Code: wire.PreconditionFailed, Text: fmt.Sprintf(format, arguments...)}
}
