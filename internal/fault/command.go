package fault

import (
	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/wire"
)

// Command is a method on its way, as a [When] sees it. What does not apply is empty.
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
	Mandatory   bool
	Nack        bool // a confirm is negative

	// Properties and Body are those of the message, as they are on the wire. They are not
	// to be changed.
	Properties []byte
	Body       []byte
}

// describe gathers what is known of a command.
func describe(cmd *amqpserver.Command, method Method) *Command {
	c := &Command{Method: method, Address: cmd.Peer.Name, Connection: ConnectionName(cmd.Peer.ClientProperties()), VHost: cmd.Peer.VHost(),
		Channel: cmd.Channel, Queue: cmd.Queue(), Consumer: cmd.ConsumerTag(), Properties: cmd.Properties, Body: cmd.Body}
	switch m := cmd.Method.(type) {
	case *wire.ConnectionOpen:
		c.VHost = m.VirtualHost
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
		c.DeliveryTag, c.Nack = m.DeliveryTag, method == Confirm
	case *wire.BasicReject:
		c.DeliveryTag = m.DeliveryTag
	case *wire.ExchangeDeclare:
		c.Exchange = m.Exchange
	case *wire.ExchangeDelete:
		c.Exchange = m.Exchange
	case *wire.QueueBind:
		c.Exchange, c.RoutingKey = m.Exchange, m.RoutingKey
	case *wire.QueueUnbind:
		c.Exchange, c.RoutingKey = m.Exchange, m.RoutingKey
	}
	if p := cmd.Publishing; p != nil {
		c.Exchange, c.RoutingKey, c.Mandatory = p.Exchange, p.RoutingKey, p.Mandatory
	}
	return c
}

// ConnectionName returns the name that a client has given its connection, empty if it gave none.
func ConnectionName(properties wire.Table) string {
	v, _ := properties.Get("connection_name")
	name, _ := v.(string)
	return name
}
