package exchange

import (
	"slices"

	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/wire"
)

// A historyTable finds all bindings, and keeps the last messages for those to come.
type historyTable struct {
	fanoutTable
	limit  int
	kept   []Message // in a ring once there are limit of them
	oldest int       // its index
}

// defaultHistory is how many messages are kept without x-recent-history-length.
const defaultHistory = 20

func newHistoryTable(arguments wire.Table, rules Rules) (*historyTable, error) {
	value, ok := arguments.Get("x-recent-history-length")
	if !ok {
		return &historyTable{limit: defaultHistory}, nil
	}
	length := int64(0)
	switch v := value.(type) { // RabbitMQ refuses the unsigned types
	case int8:
		length = int64(v)
	case int16:
		length = int64(v)
	case int32:
		length = int64(v)
	case int64:
		length = v
	}
	if length <= 0 {
		return nil, preconditionFailed("Invalid argument %s, 'x-recent-history-length' must be a positive integer",
			erlang.Format(value, !rules.PlainTexts))
	}
	return &historyTable{limit: int(length)}, nil
}

func (t *historyTable) match(m *Message, r *Router) {
	if noStore, _ := m.Headers.Get("x-recent-history-no-store"); noStore != true {
		t.keep(m)
	}
	t.fanoutTable.match(m, r)
}

func (t *historyTable) keep(m *Message) {
	kept := *m
	kept.RoutingKeys = slices.Clone(m.RoutingKeys)
	if len(t.kept) < t.limit {
		t.kept = append(t.kept, kept)
		return
	}
	t.kept[t.oldest] = kept
	t.oldest = (t.oldest + 1) % t.limit
}

// Replay returns the messages that a new binding to a destination brings it, in their order: a queue gets them oldest
// first, and an exchange, to be routed from there, newest first. There are none but from an exchange of the kind
// x-recent-history, or of x-delayed-message with that kind inside.
//
// The broker asks when Bind has added a binding. When one of the messages reaches no queue from an exchange, RabbitMQ
// stops there with 541 INTERNAL_ERROR, whose explanation is "could not find queue/exchange ”" from 4.0 on and missing
// in 3.10. The binding remains from 4.0 on; in 3.10 it does not come to be.
func (x *Exchange) Replay(d Destination) []Message {
	history := x.history()
	if history == nil {
		return nil
	}
	messages := slices.Concat(history.kept[history.oldest:], history.kept[:history.oldest])
	if !d.IsQueue() {
		slices.Reverse(messages)
	}
	return messages
}

// history is nil unless the exchange keeps messages.
func (x *Exchange) history() *historyTable {
	history, ok := x.table.(*historyTable)
	if delayed, isDelayed := x.table.(*delayedTable); isDelayed && !ok {
		history, _ = delayed.table.(*historyTable)
	}
	return history
}

// A History is what an exchange of the kind x-recent-history keeps at some moment.
type History struct {
	kept   []Message
	oldest int
}

// History returns what the exchange keeps now, and false if it is of a kind that keeps nothing.
func (x *Exchange) History() (h History, ok bool) {
	history := x.history()
	if history == nil {
		return h, false
	}
	return History{slices.Clone(history.kept), history.oldest}, true
}

// SetHistory has the exchange keep what it kept when History was called. RabbitMQ 3.10 takes back what was kept while a
// binding was made that it then does not make; see Replay.
func (x *Exchange) SetHistory(h History) {
	if history := x.history(); history != nil {
		history.kept, history.oldest = slices.Clone(h.kept), h.oldest
	}
}
