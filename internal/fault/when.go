package fault

import (
	"fmt"
	"strings"
)

// Moment is a side of a method: before or after it.
type Moment uint8

const (
	// Before a client's method: it has arrived whole and has had no effect. Before one
	// of the broker's: it has had its effect, and has not left.
	Before Moment = iota + 1
	// After a client's method: it has had its effect, and its answer, if it has one, has
	// not left. After one of the broker's: it has left.
	After
)

// String is "before" or "after".
func (m Moment) String() string {
	switch m {
	case Before:
		return "before"
	case After:
		return "after"
	}
	return fmt.Sprintf("Moment(%d)", uint8(m))
}

// When says where a fault strikes: before or after a method, if all that is set is true as well.
type When struct {
	Moment Moment
	Method Method

	Queue      *string // that the method names, or that the delivery came from
	Exchange   *string // that the message was published to, or that the method names
	RoutingKey *string
	Consumer   *string // its tag
	Connection *string // the client's name for it, or both addresses
	VHost      *string // the virtual host of the connection
	Mandatory  bool    // the message was published as mandatory

	// If is called for what fulfils all else, possibly with locks of the broker's held: it
	// must be quick, and must not call the broker.
	If func(*Command) bool

	// Nth is the first match that strikes, counted from 1. Zero stands for Every, or 1.
	Nth int
	// Every says that from then on every n-th match strikes. Zero stands for 1.
	Every int
}

// Text returns a pointer to s, for the fields of [When].
func Text(s string) *string { return &s }

// String describes the place, as in `before basic.ack from "tasks"`.
func (w When) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s %s", w.Moment, w.Method)
	for _, part := range []struct {
		word  string
		value *string
	}{{"from", w.Queue}, {"to", w.Exchange}, {"key", w.RoutingKey}, {"consumer", w.Consumer}, {"by", w.Connection}, {"in virtual host", w.VHost}} {
		if part.value != nil {
			fmt.Fprintf(&s, " %s %q", part.word, *part.value)
		}
	}
	if w.Mandatory {
		s.WriteString(", mandatory")
	}
	if w.If != nil {
		s.WriteString(" if a predicate holds")
	}
	if w.Nth > 0 {
		fmt.Fprintf(&s, ", number %d", w.Nth)
	}
	if w.Every > 0 {
		fmt.Fprintf(&s, ", one in %d", w.Every)
	}
	return s.String()
}

// matches says whether a command is one that w waits for; the method is known to be right.
func (w *When) matches(c *Command) bool {
	return (w.Queue == nil || *w.Queue == c.Queue) &&
		(w.Exchange == nil || *w.Exchange == c.Exchange) &&
		(w.RoutingKey == nil || *w.RoutingKey == c.RoutingKey) &&
		(w.Consumer == nil || *w.Consumer == c.Consumer) &&
		(w.Connection == nil || *w.Connection == c.Connection || *w.Connection == c.Address) &&
		(w.VHost == nil || *w.VHost == c.VHost) &&
		(!w.Mandatory || c.Mandatory) &&
		(w.If == nil || w.If(c))
}

// strikesAt says whether the n-th match strikes.
func (w *When) strikesAt(n int) bool {
	every := max(w.Every, 1)
	first := w.Nth
	if first == 0 {
		first = every
	}
	return n >= first && (n-first)%every == 0
}

// check refuses a place that is none, or where nothing can match.
func (w *When) check() error {
	switch {
	case w.Method == "":
		return fmt.Errorf("fault without a method: begin When with Before or After")
	case w.Moment != Before && w.Moment != After:
		return fmt.Errorf("fault at %s: say whether before or after it", w.Method)
	case w.Nth < 0 || w.Every < 0:
		return fmt.Errorf("fault %s: negative number", w)
	}
	t, known := methods[w.Method]
	if !known {
		return fmt.Errorf("fault %s: there is no method %q", w, w.Method)
	}
	if w.Method == Dial && w.Moment == After {
		return fmt.Errorf("fault %s: a dial can be struck only before it", w)
	}
	if w.Mandatory && t.tells&tellsMandatory == 0 {
		return fmt.Errorf("fault %s: only a publishing is mandatory", w)
	}
	for _, wanted := range []struct {
		value *string
		part  part
		what  string
	}{{w.Queue, tellsQueue, "queue"}, {w.Exchange, tellsExchange, "exchange"}, {w.RoutingKey, tellsKey, "routing key"},
		{w.Consumer, tellsConsumer, "consumer"}} {
		if wanted.value != nil && t.tells&wanted.part == 0 {
			return fmt.Errorf("fault %s: it can never strike, as %s has no %s", w, w.Method, wanted.what)
		}
	}
	if w.VHost != nil && t.control && !inVHost[w.Method] {
		return fmt.Errorf("fault %s: it can never strike, as the virtual host is chosen later, with connection.open", w)
	}
	return nil
}

// inVHost has the methods of class connection for which the virtual host is known.
var inVHost = map[Method]bool{
	ConnectionOpen: true, "connection.open-ok": true, "connection.close": true, "connection.blocked": true,
	"connection.unblocked": true, "connection.update-secret": true, "connection.update-secret-ok": true,
}
