package testkit

import (
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/record"
)

// Connection is a client's connection.
type Connection struct {
	// Name is the client's own name for it, from its properties; empty if it
	// gave none.
	Name string
	// Address tells connections apart: those of client and broker.
	Address          string
	User             string
	ClientProperties amqp.Table
	Channels         []Channel
}

// Channel is an open channel of a connection.
type Channel struct {
	Number    int
	Consumers []Consumer
	Unacked   int
}

// Consumer is a subscription to a queue.
type Consumer struct {
	Tag        string
	Queue      string
	Connection string // the client's own name for it or, if it gave none, the address
	Channel    int
	NoAck      bool
	Exclusive  bool
	// Active is false for one that waits for its turn at a queue with a single
	// active consumer.
	Active bool
}

// Connections returns the connections to the broker, in the order of their
// opening. A real RabbitMQ lists them with a delay of some seconds: wait with
// AwaitConnections or AwaitDisconnected.
func (b *Broker) Connections() []Connection {
	b.t.Helper()
	if b.real != nil {
		return b.real.look(b.t)
	}
	b.vhost.Lock()
	defer b.vhost.Unlock()
	return describeConnections(b.vhost.Connections())
}

// Exchanges returns the exchanges, by name, without those that every broker has.
func (b *Broker) Exchanges() (all []Exchange) {
	b.t.Helper()
	if b.real != nil {
		return b.real.exchanges(b.t)
	}
	b.vhost.Lock()
	defer b.vhost.Unlock()
	for _, x := range b.vhost.Exchanges() {
		if predeclared(x.Name()) {
			continue
		}
		all = append(all, Exchange{Name: x.Name(), Type: string(x.Kind()), Transient: !x.Durable, AutoDelete: x.AutoDelete,
			Internal: x.Internal, Arguments: toTable(x.Arguments)})
	}
	return all
}

// Queues returns the queues as they were declared, by name.
func (b *Broker) Queues() (all []Queue) {
	b.t.Helper()
	if b.real != nil {
		return b.real.declaredQueues(b.t)
	}
	b.vhost.Lock()
	defer b.vhost.Unlock()
	for _, q := range b.vhost.Queues() {
		all = append(all, Queue{Name: q.Name(), Transient: !q.Durable, AutoDelete: q.AutoDelete, Arguments: toTable(q.Arguments)})
	}
	return all
}

// Bindings returns the bindings of all exchanges but the default one, by exchange
// and then in the order of their making.
func (b *Broker) Bindings() (all []Binding) {
	b.t.Helper()
	if b.real != nil {
		return b.real.bindings(b.t)
	}
	b.vhost.Lock()
	defer b.vhost.Unlock()
	for _, x := range b.vhost.Exchanges() {
		for _, binding := range x.Bindings() {
			d := Binding{Source: x.Name(), RoutingKey: binding.RoutingKey, Arguments: toTable(binding.Arguments)}
			if binding.Destination.IsQueue() {
				d.Queue = binding.Destination.Name()
			} else {
				d.Exchange = binding.Destination.Name()
			}
			all = append(all, d)
		}
	}
	return all
}

// predeclared says whether RabbitMQ declares an exchange by itself.
func predeclared(exchange string) bool {
	return exchange == "" || strings.HasPrefix(exchange, "amq.")
}

func describeConnection(c *broker.Connection) Connection {
	d := Connection{Name: connectionName(c.ClientProperties), Address: c.Name, ClientProperties: toTable(c.ClientProperties)}
	if c.User != nil {
		d.User = c.User.Name()
	}
	for _, ch := range c.Channels() {
		channel := Channel{Number: int(ch.Number), Unacked: ch.Unacked()}
		for _, consumer := range ch.Consumers() {
			channel.Consumers = append(channel.Consumers, describeConsumer(consumer))
		}
		d.Channels = append(d.Channels, channel)
	}
	return d
}

func describeConsumer(c *broker.Consumer) Consumer {
	ch := c.Channel()
	return Consumer{Tag: c.Tag(), Queue: c.Queue().Name(), Connection: record.ClientName(ch.Connection()), Channel: int(ch.Number),
		NoAck: c.NoAck(), Exclusive: c.Exclusive(), Active: c.Active()}
}
