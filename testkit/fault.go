package testkit

import (
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/internal/fault"
	"github.com/minirabbit/minirabbit/wire"
)

// Fault makes the broker misbehave, once unless Times says otherwise. See
// [Broker.Inject] for the contract.
type Fault struct {
	When When
	Do   Action
	// Times is how often the fault strikes; zero means once, [Always] every
	// time until it is removed.
	Times int
}

// Always is for [Fault].Times.
const Always = fault.Always

// Method names what a fault waits for: a method of AMQP 0-9-1, by the name that
// the specification gives it, or one of Dial, Login and Confirm. There are
// constants for the usual ones; any other works as well.
//
// basic.ack and basic.nack, which both sides send, mean those of clients; those
// of the broker are [Confirm]. Likewise, channel.close and connection.close mean
// those of clients.
type Method = fault.Method

// What clients do.
const (
	Dial            = fault.Dial  // a client connects
	Login           = fault.Login // a client sends its credentials
	ConnectionOpen  = fault.ConnectionOpen
	ChannelOpen     = fault.ChannelOpen
	ExchangeDeclare = fault.ExchangeDeclare
	QueueDeclare    = fault.QueueDeclare
	QueueBind       = fault.QueueBind
	BasicQos        = fault.BasicQos
	BasicConsume    = fault.BasicConsume
	BasicCancel     = fault.BasicCancel
	BasicPublish    = fault.BasicPublish
	BasicGet        = fault.BasicGet
	BasicAck        = fault.BasicAck
	BasicNack       = fault.BasicNack
	BasicReject     = fault.BasicReject
	ConfirmSelect   = fault.ConfirmSelect
)

// What the broker sends.
const (
	BasicDeliver   = fault.BasicDeliver
	BasicReturn    = fault.BasicReturn
	BasicGetOk     = fault.BasicGetOk
	BasicConsumeOk = fault.BasicConsumeOk
	QueueDeclareOk = fault.QueueDeclareOk
	Confirm        = fault.Confirm // basic.ack or basic.nack for a publishing
)

// When says where a fault strikes: [Before] or [After] a method, if all that its
// methods add is true as well. It is immutable: its methods return another.
type When struct{ where fault.When }

// Before strikes when a client's method has arrived and has had no effect, or
// when a method of the broker's has had its effect and has not left.
func Before(m Method) When { return When{fault.When{Moment: fault.Before, Method: m}} }

// After strikes when a client's method has had its effect and its answer, if it
// has one, has not left; or when a method of the broker's has left.
func After(m Method) When { return When{fault.When{Moment: fault.After, Method: m}} }

// From wants the method to concern a queue: the one that it names or, for a
// delivery and its settlement, the one that the message came from.
func (w When) From(queue string) When { w.where.Queue = &queue; return w }

// To wants the message to have been published to an exchange. For a confirm,
// that is the message that it answers.
func (w When) To(exchange string) When { w.where.Exchange = &exchange; return w }

// Key wants the message to have a routing key.
func (w When) Key(routingKey string) When { w.where.RoutingKey = &routingKey; return w }

// Mandatory wants the message to have been published as mandatory: it is for
// basic.publish, basic.return and confirms.
func (w When) Mandatory() When { w.where.Mandatory = true; return w }

// Consumer wants the method to concern a consumer, by its tag.
func (w When) Consumer(tag string) When { w.where.Consumer = &tag; return w }

// By wants the method to be on a connection of this name: the client's own for
// it, in the property connection_name, or the one with both addresses.
func (w When) By(connection string) When { w.where.Connection = &connection; return w }

// InVHost wants the method to be on a connection to a virtual host. Without it, a
// fault strikes in all of them.
func (w When) InVHost(name string) When { w.where.VHost = &name; return w }

// If wants a predicate to hold. It is called for what fulfils all else, possibly
// with locks of the broker's held: it must be quick, and must not call the
// broker.
func (w When) If(holds func(Command) bool) When {
	w.where.If = func(c *fault.Command) bool { return holds(toCommand(c)) }
	return w
}

// Nth waits for the nth time that everything else is true, counted from 1. If
// the fault strikes more often, it does so from then on.
func (w When) Nth(n int) When { w.where.Nth = n; return w }

// Every has the fault strike every nth time only: the nth, the 2nth and so on or,
// with Nth, that one and every nth after it. See Times for how often.
func (w When) Every(n int) When { w.where.Every = n; return w }

// String describes the place, as in `before basic.ack from "tasks"`.
func (w When) String() string { return w.where.String() }

// Command is a method on its way, as predicates of faults see it. What does not
// apply is empty.
type Command struct {
	Method     Method
	Connection string // the client's own name for it
	Address    string // both addresses, which always tell connections apart
	VHost      string
	Channel    uint16
	Queue      string
	Consumer   string // tag
	Exchange   string
	RoutingKey string
	// DeliveryTag is that of a delivery, a settlement or a confirm.
	DeliveryTag uint64
	Redelivered bool
	Mandatory   bool // the message is to be returned if no queue takes it
	// Publishing is the message that the method carries, not to be changed.
	amqp.Publishing
}

func toCommand(c *fault.Command) Command {
	all := Command{Method: c.Method, Connection: c.Connection, Address: c.Address, VHost: c.VHost, Channel: c.Channel, Queue: c.Queue,
		Consumer: c.Consumer, Exchange: c.Exchange, RoutingKey: c.RoutingKey, DeliveryTag: c.DeliveryTag, Redelivered: c.Redelivered,
		Mandatory: c.Mandatory}
	if c.Properties != nil {
		var p wire.Properties
		p.Decode(wire.NewCursor(c.Properties))
		all.Publishing = toPublishing(&p, c.Body)
	}
	return all
}
