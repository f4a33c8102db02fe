package testkit

import (
	"fmt"
	"strings"
)

// Fault makes the broker misbehave, once unless Times says otherwise. See
// [Broker.Inject] for the contract.
type Fault struct {
	When When
	Do   Action
	// Times is how often the fault strikes; zero means once, [Always] every
	// time until it is removed.
	Times int

	chaos bool // it is part of chaos, where a seed is to mean the same run always
}

// Always is for [Fault].Times.
const Always = -1

// Method names what a fault waits for: a method of AMQP 0-9-1, by the name that
// the specification gives it, or one of Dial, Login and Confirm. There are
// constants for the usual ones; any other works as well.
//
// basic.ack and basic.nack, which both sides send, mean those of clients; those
// of the broker are [Confirm]. Likewise, channel.close and connection.close mean
// those of clients.
type Method string

// What clients do.
const (
	Dial            Method = "dial"                // a client connects
	Login           Method = "connection.start-ok" // a client sends its credentials
	ConnectionOpen  Method = "connection.open"
	ChannelOpen     Method = "channel.open"
	ExchangeDeclare Method = "exchange.declare"
	QueueDeclare    Method = "queue.declare"
	QueueBind       Method = "queue.bind"
	BasicQos        Method = "basic.qos"
	BasicConsume    Method = "basic.consume"
	BasicCancel     Method = "basic.cancel"
	BasicPublish    Method = "basic.publish"
	BasicGet        Method = "basic.get"
	BasicAck        Method = "basic.ack"
	BasicNack       Method = "basic.nack"
	BasicReject     Method = "basic.reject"
	ConfirmSelect   Method = "confirm.select"
)

// What the broker sends.
const (
	BasicDeliver   Method = "basic.deliver"
	BasicReturn    Method = "basic.return"
	BasicGetOk     Method = "basic.get-ok"
	BasicConsumeOk Method = "basic.consume-ok"
	QueueDeclareOk Method = "queue.declare-ok"
	Confirm        Method = "confirm" // basic.ack or basic.nack for a publishing
)

// When says where a fault strikes: [Before] or [After] a method, if all that its
// methods add is true as well. It is immutable: its methods return another.
type When struct {
	method Method
	after  bool

	from, to, key, tag, by *string
	mandatory              bool
	nth                    int
	pred                   func(Command) bool
}

// Before strikes when a client's method has arrived and has had no effect, or
// when a method of the broker's has had its effect and has not left.
func Before(m Method) When { return When{method: m} }

// After strikes when a client's method has had its effect and its answer, if it
// has one, has not left; or when a method of the broker's has left.
func After(m Method) When { return When{method: m, after: true} }

// From wants the method to concern a queue: the one that it names or, for a
// delivery and its settlement, the one that the message came from.
func (w When) From(queue string) When { w.from = &queue; return w }

// To wants the message to have been published to an exchange. For a confirm,
// that is the message that it answers.
func (w When) To(exchange string) When { w.to = &exchange; return w }

// Key wants the message to have a routing key.
func (w When) Key(routingKey string) When { w.key = &routingKey; return w }

// Mandatory wants the message to have been published as mandatory: it is for
// basic.publish, basic.return and confirms.
func (w When) Mandatory() When { w.mandatory = true; return w }

// Consumer wants the method to concern a consumer, by its tag.
func (w When) Consumer(tag string) When { w.tag = &tag; return w }

// By wants the method to be on a connection of this name: the client's own for
// it, in the property connection_name, or the one with both addresses.
func (w When) By(connection string) When { w.by = &connection; return w }

// If wants a predicate to hold. It is called for what fulfils all else, possibly
// with locks of the broker's held: it must be quick, and must not call the
// broker.
func (w When) If(holds func(Command) bool) When { w.pred = holds; return w }

// Nth waits for the nth time that everything else is true, counted from 1. If
// the fault strikes more often, it does so from then on.
func (w When) Nth(n int) When { w.nth = n; return w }

// String describes the place, as in `before basic.ack from "tasks"`.
func (w When) String() string {
	var s strings.Builder
	when := "before"
	if w.after {
		when = "after"
	}
	fmt.Fprintf(&s, "%s %s", when, w.method)
	for _, part := range []struct {
		word  string
		value *string
	}{{"from", w.from}, {"to", w.to}, {"key", w.key}, {"consumer", w.tag}, {"by", w.by}} {
		if part.value != nil {
			fmt.Fprintf(&s, " %s %q", part.word, *part.value)
		}
	}
	if w.mandatory {
		s.WriteString(", mandatory")
	}
	if w.pred != nil {
		s.WriteString(" if a predicate holds")
	}
	if w.nth > 0 {
		fmt.Fprintf(&s, ", number %d", w.nth)
	}
	return s.String()
}

// matches says whether a command is one that w waits for; the method is known
// to be right.
func (w *When) matches(c *Command) bool {
	return (w.from == nil || *w.from == c.Queue) &&
		(w.to == nil || *w.to == c.Exchange) &&
		(w.key == nil || *w.key == c.RoutingKey) &&
		(w.tag == nil || *w.tag == c.Consumer) &&
		(w.by == nil || *w.by == c.Connection || *w.by == c.Address) &&
		(!w.mandatory || c.Mandatory) &&
		(w.pred == nil || w.pred(*c))
}
