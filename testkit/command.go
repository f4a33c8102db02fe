package testkit

import (
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/wire"
)

// Command is a method on its way, as predicates of faults see it. What does not
// apply is empty.
type Command struct {
	Method     Method
	Connection string // the client's own name for it
	Address    string // both addresses, which always tell connections apart
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

// methodOf names a method as faults do.
func methodOf(m wire.Method, sent bool) Method {
	id := m.ID()
	if !sent {
		return Method(id.String())
	}
	switch id {
	case wire.IDBasicAck, wire.IDBasicNack:
		return Confirm
	case wire.IDChannelClose, wire.IDConnectionClose, wire.IDBasicCancel, wire.IDChannelFlow,
		wire.IDChannelCloseOk, wire.IDConnectionCloseOk, wire.IDChannelFlowOk, wire.IDBasicCancelOk:
		if id.FromClient() {
			return "the broker's " + Method(id.String())
		}
	}
	return Method(id.String())
}

// describe gathers what is known of a command.
func describe(cmd *amqpserver.Command, method Method) *Command {
	c := &Command{Method: method, Address: cmd.Peer.Name, Connection: connectionName(cmd.Peer.ClientProperties()), Channel: cmd.Channel,
		Queue: cmd.Queue(), Consumer: cmd.ConsumerTag()}
	if cmd.Properties != nil {
		var p wire.Properties
		p.Decode(wire.NewCursor(cmd.Properties))
		c.Publishing = toPublishing(&p, cmd.Body)
	}
	switch m := cmd.Method.(type) {
	case *wire.BasicPublish:
		c.Exchange, c.RoutingKey, c.Mandatory = m.Exchange, m.RoutingKey, m.Mandatory
	case *wire.BasicDeliver:
		c.Exchange, c.RoutingKey, c.DeliveryTag, c.Redelivered = m.Exchange, m.RoutingKey, m.DeliveryTag, m.Redelivered
	case *wire.BasicGetOk:
		c.Exchange, c.RoutingKey, c.DeliveryTag, c.Redelivered = m.Exchange, m.RoutingKey, m.DeliveryTag, m.Redelivered
	case *wire.BasicReturn:
		c.Exchange, c.RoutingKey, c.Mandatory = m.Exchange, m.RoutingKey, true
	case *wire.BasicAck:
		c.DeliveryTag = m.DeliveryTag
	case *wire.BasicNack:
		c.DeliveryTag = m.DeliveryTag
	case *wire.BasicReject:
		c.DeliveryTag = m.DeliveryTag
	case *wire.ExchangeDeclare:
		c.Exchange = m.Exchange
	case *wire.QueueBind:
		c.Exchange, c.RoutingKey = m.Exchange, m.RoutingKey
	}
	if p := cmd.Publishing; p != nil {
		c.Exchange, c.RoutingKey, c.Mandatory = p.Exchange, p.RoutingKey, p.Mandatory
	}
	return c
}

func connectionName(properties wire.Table) string {
	v, _ := properties.Get("connection_name")
	name, _ := v.(string)
	return name
}
