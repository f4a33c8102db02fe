package testkit

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/wire"
)

// Topology is a set of exchanges, queues and bindings.
type Topology struct {
	Exchanges []Exchange
	Queues    []Queue
	Bindings  []Binding
}

// Exchange describes an exchange. Its Type is "direct" if empty.
type Exchange struct {
	Name       string
	Type       string
	Transient  bool // not durable
	AutoDelete bool
	Internal   bool
	Arguments  amqp.Table
}

// Queue describes a queue.
type Queue struct {
	Name       string
	Transient  bool // not durable
	AutoDelete bool
	Arguments  amqp.Table
}

// Binding describes a binding: the exchange Source routes to Queue, or to the
// exchange Exchange if Queue is empty.
type Binding struct {
	Source     string
	Queue      string
	Exchange   string
	RoutingKey string
	Arguments  amqp.Table
}

// Declare creates what the topology describes, as a client with all permissions
// would. It fails the test for what RabbitMQ refuses.
func (b *Broker) Declare(topology Topology) {
	b.t.Helper()
	if err := topology.validate(); err != nil {
		b.t.Fatalf("testkit: %v", err)
	}
	if b.real != nil {
		b.real.declare(b.t, topology)
		return
	}
	if err := b.declare(topology); err != nil {
		b.t.Fatalf("testkit: %v", err)
	}
}

// validate looks for arguments of types that AMQP has not.
func (t Topology) validate() error {
	for _, x := range t.Exchanges {
		if err := x.Arguments.Validate(); err != nil {
			return fmt.Errorf("arguments of exchange %q: %w", x.Name, err)
		}
	}
	for _, q := range t.Queues {
		if err := q.Arguments.Validate(); err != nil {
			return fmt.Errorf("arguments of queue %q: %w", q.Name, err)
		}
	}
	for _, b := range t.Bindings {
		if err := b.Arguments.Validate(); err != nil {
			return fmt.Errorf("arguments of a binding of exchange %q: %w", b.Source, err)
		}
	}
	return nil
}

func (b *Broker) declare(topology Topology) error {
	b.vhost.Lock()
	defer b.vhost.Unlock()
	for _, x := range topology.Exchanges {
		if err := b.declareExchange(x); err != nil {
			return fmt.Errorf("declare exchange %q: %w", x.Name, err)
		}
	}
	for _, q := range topology.Queues {
		_, err := b.vhost.DeclareQueue(nil, &wire.QueueDeclare{
			Queue: q.Name, Durable: !q.Transient, AutoDelete: q.AutoDelete, Arguments: fromTable(q.Arguments),
		})
		if err != nil {
			return fmt.Errorf("declare queue %q: %w", q.Name, err)
		}
	}
	for _, binding := range topology.Bindings {
		if err := b.bind(binding); err != nil {
			return fmt.Errorf("bind exchange %q: %w", binding.Source, err)
		}
	}
	return nil
}

func (b *Broker) declareExchange(x Exchange) error {
	if x.Type == "" {
		x.Type = "direct"
	}
	if err := b.vhost.CheckExchangeType(x.Type); err != nil {
		return err
	}
	return b.vhost.DeclareExchange(nil, &wire.ExchangeDeclare{
		Exchange: x.Name, Type: x.Type, Durable: !x.Transient, AutoDelete: x.AutoDelete, Internal: x.Internal, Arguments: fromTable(x.Arguments),
	})
}

func (b *Broker) bind(binding Binding) error {
	source, err := b.vhost.UseExchange(binding.Source)
	if err != nil {
		return err
	}
	if binding.Queue == "" {
		to, err := b.vhost.UseExchange(binding.Exchange)
		if err != nil {
			return err
		}
		return b.vhost.Bind(source, to, binding.RoutingKey, fromTable(binding.Arguments))
	}
	q := b.vhost.Queue(binding.Queue)
	if q == nil {
		return fmt.Errorf("no queue %q", binding.Queue)
	}
	return b.vhost.Bind(source, q, binding.RoutingKey, fromTable(binding.Arguments))
}
